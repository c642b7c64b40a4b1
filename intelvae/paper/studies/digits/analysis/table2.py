"""Table 2: zeros and ones in one latent dimension."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import pandas as pd
import torch

from intelvae import mappings
from intelvae.paper.evaluation.digits import AT_SMOKE, GENERATED
from intelvae.paper.prose import badges, listed
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import FEWEST, Metric, change, mean_and_sd, measured
from intelvae.paper.studies.digits import grid, slips
from intelvae.paper.studies.digits.analysis import shares

AMBIGUOUS, ONES, STRAYS, OWN_SIDE = "ambiguous, %", "ones, %", "strays, %", "own side, %"
WITHIN = 0.99  # the share of test images that are no strays (`intelvae.metrics.neighbours.stray`)
SHARES: dict[str, Metric] = {
    AMBIGUOUS: measured("uncertain"),
    ONES: measured("ones"),
    STRAYS: measured("stray"),
    OWN_SIDE: measured("separation"),
}


def lines(results: Results) -> pd.DataFrame:
    """A line for each row: means and deviations over its seeds, their number, and the paper's two numbers, if any."""
    found = []
    for row in results.rows:
        of = results.of(row.name, row.group)
        found.append(
            {"network, likelihood": row.group, "method": row.name}
            | {title: mean_and_sd([metric(r) for r in of], scale=100.0) for title, metric in SHARES.items()}
            | {"test ELBO": mean_and_sd([r.metrics["test_elbo"] for r in of]), "seeds": len(of)}
            | {"paper: ambiguous / ones": " / ".join(row.paper[name] for name in ("ambiguous", "ones") if row.paper)}
        )
    return pd.DataFrame(found)


def run_by_run(results: Sequence[Result]) -> pd.DataFrame:
    """A line for each run."""
    return pd.DataFrame(
        {"network, likelihood": r.row.group, "seed": r.seed}
        | {title: f"{100 * metric(r):.1f}" for title, metric in SHARES.items()}
        | {"test ELBO": f"{r.metrics['test_elbo']:.1f}"}
        for r in results
    )


def by_decoder(results: Results) -> pd.DataFrame:
    """The VAE and the InteL-VAE with squared error: mean shares by method and network."""
    return pd.DataFrame(
        {"method": row.name, "network": network}
        | {title: shares.mean(of, SHARES[title]) for title in (AMBIGUOUS, STRAYS, OWN_SIDE)}
        for name in ("VAE", "InteL-VAE")
        for row in results.rows
        for network in [row.settings["network"]]
        if row.name == name and row.group == grid.of_reading(network)
        for of in [results.of(name, row.group)]
    )


def still_rising(results: Sequence[Result]) -> dict[str, Any]:
    """By how much the validation ELBO rises from one third of the epochs to the next, and how far methods are apart.

    "gain_early" and "gain_late" compare medians, and are means over runs; "elbo_range" is that of mean test ELBOs.
    """
    thirds = [torch.tensor(r.curves["valid_elbo"]).tensor_split(3) for r in results if len(r.curves["valid_elbo"]) > 2]
    gains = [[(b.median() - a.median()).item() for a, b in pairwise(parts)] for parts in thirds]
    early, late = map(fmean, zip(*gains, strict=True)) if gains else (math.nan, math.nan)
    means = [
        fmean(r.metrics["test_elbo"] for r in results if r.row == row) for row in dict.fromkeys(r.row for r in results)
    ]
    epochs = results[0].training.epochs
    return {"gain_early": early, "gain_late": late, "epochs": epochs, "elbo_range": max(means) - min(means)}


def real_digits(results: Sequence[Result]) -> dict[str, float]:
    """What the classifier makes of the test images, and the standard error of a share of 2 % of the generated, in %."""
    generated = AT_SMOKE if results[0].training.smoke_data else GENERATED
    return {
        "real_uncertain": max(100 * r.metrics["real_uncertain"] for r in results),
        "real_ones": 100 * results[0].metrics["real_ones"],
        "binomial": 100 * (0.02 * 0.98 / generated) ** 0.5,
    }


def means_by_network(results: Results) -> dict[str, str]:
    """Mean shares: "NETWORK-METHOD-COLUMN" with squared error, and some with the Bernoulli likelihood."""
    found = {
        f"{network}-{row.name.replace(' + ', '-')}-{key}": shares.mean(results.of(row.name, row.group), SHARES[title])
        for network, likelihood in grid.READINGS
        if likelihood == "gaussian"
        for row in grid.table2(network)
        for key, title in (("ambiguous", AMBIGUOUS), ("strays", STRAYS))
    }
    authors, mathieu = (grid.of_reading(network, "bernoulli") for network in ("authors", "mathieu"))
    for method in ("VAE", "InteL-VAE"):
        found[f"bernoulli-{method}"] = shares.mean(results.of(method, authors), SHARES[AMBIGUOUS])
    ones = shares.run_by_run(results.of("InteL-VAE", mathieu), SHARES[ONES], none=shares.NOT_RUN)
    return found | {"bernoulli-ones": listed(ones.split(", "))}


def told_strays(results: Results) -> str:
    """What the ambiguous share does not see of the VAE's samples on the text's network.

    More than half of the strays are not ambiguous if the share of strays is more than twice the ambiguous one. Methods
    without a mapping are named whose share is below that of test images, which is 1 % by definition.
    """
    vae, intel = (results.of(name, grid.MAIN) for name in ("VAE", "InteL-VAE"))
    theirs, ours = (shares.mean(of, SHARES[STRAYS]) for of in (vae, intel))
    sure = all(SHARES[STRAYS](r) > 2 * SHARES[AMBIGUOUS](r) for r in vae)
    seen = " The classifier is sure of most of them, so the ambiguous share misses them." if sure else ""
    others = [row for row in grid.table2("mathieu") if row.paper and row.name not in ("VAE", "InteL-VAE")]
    of_row = {row.name: results.of(row.name, grid.MAIN) for row in others}
    few = [name for name, of in of_row.items() if of and fmean(map(SHARES[STRAYS], of)) < 1 - WITHIN]
    also = f" Without a mapping, {listed(few)} {'have' if len(few) > 1 else 'has'} less than 1 %, too." if few else ""
    return (
        f"On the text's network {theirs} % of the VAE's samples are *strays*, unlike any digit (of test images 1 % "
        f"are, by definition).{seen} Of the InteL-VAE's samples {ours} % are.{also}"
    )


def gaps(results: Results) -> pd.DataFrame:
    """A line for each mapping: how much of the prior it leaves near 0, and what its runs give, seed by seed."""
    y = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = []
    for row in grid.gaps(results.profile):
        g = mappings.create("clusters", 1, **row.settings["mapping_options"])
        inside = round(100 * (g(y).abs() < 1).double().mean().item(), 2)
        found.append(
            {"mapping": row.name, "prior within |z| < 1, %": inside}
            | {title: shares.run_by_run(results.of(row.name), SHARES[title]) for title in (AMBIGUOUS, ONES, OWN_SIDE)}
        )
    return pd.DataFrame(found)


def verdicts(found: Sequence[Mapping[str, Any]], kind: str) -> str:
    """Badges of the claims that count on one kind of number, "uncertain" or "balance" (lines of `ledger.rows`)."""
    return badges(line["verdict"] for line in found if not line["variant"] and f"-{kind}-" in line["id"])


def told_gaps(gaps: Results) -> str:
    """What the seeds say of how empty a gap is: a sentence where the ambiguous shares of all three mappings overlap."""
    of_mappings = [[SHARES[AMBIGUOUS](r) for r in gaps.of(row.name)] for row in gaps.rows]
    if len(of_mappings) < 3 or max(map(min, of_mappings)) > min(map(max, of_mappings)):
        return ""
    return (
        "The ambiguous shares of the three mappings overlap: on these seeds, how empty the gap is makes no visible "
        "difference."
    )


def slipped(results: Results, gaps: Results, found: Results) -> pd.DataFrame:
    """A line for each of `slips.of_table2` that has been run: how it changes the shares."""
    changed = []
    for slip in slips.of_table2(results.profile):
        both = slip.among(results, gaps, found)
        moved = {title: change(*both, SHARES[title], scale=100.0) for title in (AMBIGUOUS, ONES, STRAYS)}
        if moved[AMBIGUOUS]:
            changed.append(
                {"deviation": slip.after.name, "change of ambiguous": moved[AMBIGUOUS]["change"]}
                | {title: f"{of['before']} → {of['after']}" for title, of in moved.items()}
                | {"seeds": moved[AMBIGUOUS]["seeds"]}
            )
    return pd.DataFrame(changed)


def images_from_normal(results: Results, found: Results) -> pd.DataFrame:
    """Ambiguous samples, seed by seed, of methods from their own prior and from N(0, I), which is the VAE's own."""
    vae = results.of("VAE", grid.of_reading(grid.own_network(results.profile)))
    rows = {row.name: row for row in grid.table2(grid.own_network(results.profile))}
    return pd.DataFrame(
        {
            "method": name,
            "ambiguous, own prior, %": shares.run_by_run(own, SHARES[AMBIGUOUS], none=shares.NOT_RUN),
            "ambiguous, N(0, I), %": shares.run_by_run(normal, SHARES[AMBIGUOUS], none=shares.NOT_RUN),
            "paper: ambiguous, %": rows[name].paper["ambiguous"],
        }
        for name, (own, normal) in ({"VAE": (vae, vae)} | _from_normal(results, found)).items()
    )


def _from_normal(results: Results, found: Results) -> dict[str, tuple[list[Result], list[Result]]]:
    """The runs of methods with a prior of their own, with images from it and with images from N(0, I)."""
    of_name = {slip.after.name: slip for slip in slips.of_table2(results.profile)}
    return {f"{name}-VAE": of_name[f"{name}: images from N(0, I)"].among(results, found) for name in ("MoG", "Vamp")}


def told_images_from_normal(results: Results, found: Results) -> str:
    """Whether samples from the wrong prior could explain the paper's ambiguous shares, method by method."""
    ambiguous = SHARES[AMBIGUOUS]
    rows = {row.name: row for row in grid.table2(grid.own_network(results.profile))}
    texts = []
    for name, (own, normal) in _from_normal(results, found).items():
        if not (own and normal):
            texts.append(f"For the {name} this has not been run.")
            continue
        paper, usual = float(rows[name].paper["ambiguous"]), 100 * fmean(map(ambiguous, own))
        most = max(100 * ambiguous(r) for r in own)
        risen = sorted(value for r in normal if (value := 100 * ambiguous(r)) > most)
        runs = f"{len(risen)} of {len(normal)} runs"
        to = f" to {_range(risen)} %" if risen else ""
        text = (
            f"Drawn from N(0, I), the {name}'s share rises from {usual:.1f} %{to} in {runs}; the paper has {paper} %."
        )
        if len(risen) == len(normal):
            part = "" if max(risen) >= paper else "a part of "
            text += f" So the wrong prior could explain {part}the paper's share."
        elif risen or len(normal) < FEWEST:
            text += " So these runs cannot tell whether the wrong prior explains the paper's share."
        else:
            text += " So the wrong prior does not explain the paper's share."
        texts.append(text)
    return "\n\n".join(texts)


def _range(values: Sequence[float]) -> str:
    """Sorted values: "between 2.2 and 2.9", or the only one."""
    low, high = (f"{value:.1f}" for value in (values[0], values[-1]))
    return low if len(values) == 1 else f"between {low} and {high}"
