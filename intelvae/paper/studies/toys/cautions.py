"""Sentences of page 04 on what to know before verdicts are counted: runs that hardly test the mapping, and others."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from scipy.stats import fisher_exact

from intelvae.paper.kinds import REPRODUCED
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL, VAMP
from intelvae.paper.studies.toys.analysis import EMPTY, astray, kl

MOSTLY_EMPTY = ("circle", "square")  # on which most InteL-VAEs leave the hole empty
LITTLE = 1.0  # nats, below which we say that codes say little: on any curve here a VAE's have several


def hardly_tested(results: Results) -> str:
    """A sentence on the InteL-VAEs on the infinity sign, if their codes say little."""
    nats = [kl(r) for r in results.of(INTEL.name, "infinity")]
    if not nats or statistics.fmean(nats) >= LITTLE:
        return ""
    return (
        f" Its codes say little there: their KL divergence is {statistics.fmean(nats):.1f} nats, so these runs hardly "
        "test the mapping."
    )


def fail_with_least(results: Results) -> str:
    """A sentence on those of `MOSTLY_EMPTY` on which every InteL-VAE that fails has a smaller KL than any other."""
    of = {data: results.of(INTEL.name, data) for data in MOSTLY_EMPTY}
    nats = {
        data: [[kl(r) for r in runs if (astray(r) <= EMPTY) == is_empty] for is_empty in (False, True)]
        for data, runs in of.items()
    }
    holds = [data for data, (failed, others) in nats.items() if failed and others and max(failed) < min(others)]
    if not holds:
        return ""
    where = listed(f"the {data}" for data in holds)
    return f" On {where}, the InteL-VAEs that fail are those with the smallest KL divergence."


def two_priors(both: Sequence[Result], one: Sequence[Result]) -> str:
    """A sentence on the InteL-VAE's holes on the circle with the notebooks' priors, if fewer are empty than with one.

    And whether that may be chance, by Fisher's exact test at 5 %.
    """
    empty = [
        [astray(r) <= EMPTY for r in of if (r.row.name, r.row.group) == (INTEL.name, "circle")] for of in (one, both)
    ]
    with_one, with_both = map(sum, empty)
    if with_one <= with_both or not all(empty):
        return ""
    p = fisher_exact([[sum(of), len(of) - sum(of)] for of in empty]).pvalue
    counts = [f"{sum(of) or 'none'} of {len(of)}" for of in empty]
    chance = " These are too few runs to exclude chance." * bool(p >= 0.05)
    return (
        f"The InteL-VAE may be affected, too: on the circle, {counts[0]} holes are empty with one prior, and "
        f"{counts[1]} with two.{chance}"
    )


def reproduced_over_vamp(found: Sequence[Mapping[str, Any]], notebooks: Sequence[Result]) -> dict[str, str]:
    """Remarks on the reproduced comparisons with the Vamp-VAE of the notebooks, if any: its loss has an error.

    "box" is short; "text" says what its loss counts as the KL divergence on the circle, where that is negative.
    """
    won = sum(line["verdict"] == REPRODUCED for line in found if line["id"].startswith("notebooks-figC2-vamp-"))
    nats = [kl(r) for r in notebooks if (r.row.name, r.row.group) == (VAMP.name, "circle")]
    mean = statistics.fmean(nats) if nats else math.nan
    if not won or not mean < 0:
        return {"box": "", "text": ""}
    return {
        "box": f" ({won} of them against a Vamp-VAE whose loss has an error)",
        "text": f" Of the reproduced ones, {won} are against the Vamp-VAE, whose loss is wrong here: what it counts as "
        f"the KL divergence is {mean:.1f} nats on the circle, and no KL divergence is negative.",
    }
