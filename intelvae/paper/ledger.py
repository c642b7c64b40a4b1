"""All claims of the paper: judged on results, counted in one way for every report, and shown."""

from __future__ import annotations

import dataclasses
import html
import math
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from intelvae.data import places
from intelvae.metrics import features
from intelvae.paper import kinds, prose, statistics, studies
from intelvae.paper.kinds import Claim
from intelvae.paper.results import Results
from intelvae.paper.statistics import rounded
from intelvae.paper.store import store_of
from intelvae.paper.studies import beyond, digits, faces, hierarchy, sparsity, toys
from intelvae.paper.studies.toys.grid import TOYS

CLAIMS: tuple[Claim, ...] = (
    *toys.claims.CLAIMS,
    *digits.claims.CLAIMS,
    *sparsity.claims.CLAIMS,
    *sparsity.detail.CLAIMS,
    *faces.claims.TABLE_4,
    *hierarchy.claims.CLAIMS,
    *faces.claims.TABLE_B1,
    *beyond.claims.CLAIMS,
)

COLUMNS = ("claim", "in the paper", "here", "compared with")  # of a table of claims
EARLIER: dict[str, tuple[str, ...]] = {  # the rules that a claim's rule has replaced, which are variants now
    **{
        f"table1-clean-{rest}": (f"table1-{rest}",)
        for method in ("gm", "mog", "vamp", "vae-sylvester")
        for rest in (method, f"{method}-than-vae")
    },
    "table1-clean-vae": ("table1-vae",),
    "fig2-bridge": ("fig2-bridge-intel", "fig2-bridge-data"),
    **{f"figC2-vamp-as-vae-{data}": (f"figC2-vamp-as-vae-{data}-0.02",) for data in TOYS},
    "fig7-dd-drops": ("fig7-dd-drops-3",),
    **{
        f"{figure}-clean-{rest}": (f"{figure}-{rest}",)
        for figure in ("fig7", "figC3")
        for rest in (
            *(f"distance-gamma-{gamma:g}" for gamma in sparsity.grid.BELOW_3),
            *(f"sparser-and-closer-{gamma}" for gamma in ("0.3", "1")),
            "distance-dd",
        )
    },
    **{
        f"{figure}-clean-distance-vsc-0.01": (f"{figure}-distance-vsc-0.01", f"{figure}-distance-vsc-0.01-dd")
        for figure in ("fig7", "figC3")
    },
    "ablation-clean-30": ("ablation-30",),
    "ablation-clean-100": ("ablation-100", "ablation-sparsity", "ablation-distance"),
    "table4-quality-8059-faces": ("table4-quality-alone-8059-faces",),
    "stability-20": ("stability-20-partly",),
    "table4-sparser-vae-8059-faces": ("table4-sparser-vae-at-all-8059-faces",),
    "figB2-category": ("figB2-category-off",),
    "figB2-details": ("figB2-details-off",),
}


def rows(profile: str, *found: Results, page: str | None = None) -> list[dict[str, Any]]:
    """One row for each claim (of `page`, if given) on the experiments of `found`: what `intelvae claims --json` has.

    A claim whose experiment is not among them is "not tested"; one about no experiment needs none. "earlier" has the
    verdicts by the rules that the claim's own has replaced (`EARLIER`).
    """
    of = {results.experiment: results for results in found}
    nothing = Results("", profile, [], [])
    judged = [
        {"id": claim.id, "where": claim.where, "claim": _words(claim, results), "paper": claim.paper}
        | dataclasses.asdict(claim.judge(results))
        | {"profile": profile, "page": claim.page, "variant": claim.variant}
        for claim in CLAIMS
        if page in (None, claim.page)
        for results in [of.get(claim.experiment or "", nothing)]
    ]
    verdict = {row["id"]: row["verdict"] for row in judged}
    return [row | {"earlier": [verdict[id] for id in EARLIER.get(row["id"], ())]} for row in judged]


def _words(claim: Claim, results: Results) -> str:
    """What the claim says, of the FID or another distance where that is what the results have."""
    on = {r.run.features for r in results} - {""}
    name = features.distance_name(*on) if len(on) == 1 and on != {features.STAND_IN} else kinds.DISTANCE
    return claim.claim.replace(kinds.DISTANCE, name) + " [the rule was written after the runs]" * claim.post_hoc


def stored(profile: str, extractor: str | None = None) -> list[dict[str, Any]]:
    """`rows` for all claims on the results that the profile's store holds, without running anything.

    Samples are judged on the features of `extractor` (`studies.runs`). Raises `ValueError` if INTELVAE_RUNS names a
    folder that is not there.
    """
    store = store_of(profile)
    if places.of_variable("INTELVAE_RUNS") and not store.root.is_dir():
        raise ValueError(f"there is no folder {store.root}, which INTELVAE_RUNS names: correct or unset it")
    names = dict.fromkeys(claim.experiment for claim in CLAIMS if claim.experiment)
    return rows(profile, *(studies.stored(name, profile, features=extractor) for name in names))


def corrected(found: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The p-values of those of `rows` that have one, by id, corrected for their number (`statistics.holm`).

    Claims that count are corrected among the claims that count, variants among the variants: a page's for that page,
    all rows for the book. Two claims whose `Jointly` is decided by one part have one test, which counts twice.
    """
    values: dict[str, float] = {}
    for variant in (False, True):
        tested = [row for row in found if row["p"] is not None and row["variant"] == variant]
        values |= zip((row["id"] for row in tested), statistics.holm([row["p"] for row in tested]), strict=True)
    return values


def kept(found: Sequence[dict[str, Any]]) -> set[str]:
    """The ids of those of `rows` that are reproduced with a p-value below `statistics.LEVEL` also when `corrected`."""
    p = corrected(found)
    reproduced = (row["id"] for row in found if row["verdict"] == kinds.REPRODUCED)
    return {id for id in reproduced if p.get(id, 1.0) < statistics.LEVEL}


def count(found: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many of the paper's claims, `rows` without variants, have each verdict: what every report counts.

    "tested" is how many of the reproduced ones have a test, "kept" how many of these are `kept`.
    """
    counted = [row for row in found if not row["variant"]]
    of = {verdict: sum(row["verdict"] == verdict for row in counted) for verdict in kinds.VERDICTS}
    tested = sum(row["verdict"] == kinds.REPRODUCED and row["p"] is not None for row in counted)
    return of | {"tested": tested, "kept": len(kept(counted))}


def summary(found: Sequence[dict[str, Any]]) -> str:
    """What `count` finds, in two sentences."""
    of = count(found)
    total = sum(of[verdict] for verdict in kinds.VERDICTS)
    words = ", ".join(f"{of[verdict]} {verdict}" for verdict in kinds.VERDICTS)
    return (
        f"{total} claims (variants not counted): {words}. Of the claims reproduced {of['tested']} have a test, and "
        f"{of['kept']} of these keep p < {statistics.LEVEL:g} when p is corrected for all tests of claims that count."
    )


class Table:
    """The rows of `rows` for readers, claims in full: what a page shows under "Paper beside ours".

    With a p-value stands the one `corrected` for the number of tests in the table, those of claims that count or those
    of variants, and as "detectable" the smallest difference that the seeds could have found (`statistics.detectable`).
    """

    def __init__(self, found: Sequence[dict[str, Any]]) -> None:
        self.found = found

    def __repr__(self) -> str:
        return verdicts(self.found)

    def _repr_html_(self) -> str:
        holm = corrected(self.found)
        counted = [row for row in self.found if not row["variant"]]
        variants = [row for row in self.found if row["variant"]]
        shown = _as_html(counted, holm) if counted or not variants else ""
        if variants:
            shown += prose.fold(f"{len(variants)} variants", _as_html(variants, holm))
        return shown


class Rules:
    """The rules that a page's claims are judged by, and which claims, for readers."""

    def __init__(self, page: str) -> None:
        self.ids: dict[str, list[str]] = {}
        for claim in CLAIMS:
            if claim.page == page:
                self.ids.setdefault(claim.rule, []).append(claim.id)

    def __repr__(self) -> str:
        return "\n".join(f"{', '.join(ids)}\n    {rule}" for rule, ids in self.ids.items())

    def _repr_html_(self) -> str:
        of = "".join(f"<dt>{', '.join(ids)}</dt><dd>{html.escape(rule)}</dd>" for rule, ids in self.ids.items())
        return f"<dl>{of}</dl>"


def _as_html(found: Sequence[dict[str, Any]], holm: dict[str, float]) -> str:
    found, shared = _apart(found)
    with pd.option_context("display.max_colwidth", None):
        lines = pd.DataFrame([cells(row, holm) for row in found])
        table = lines.to_html(index=False, escape=False, border=0, classes="claims")
    return f"<p>{html.escape(shared)}</p>\n{table}" if shared else table


def _apart(found: Sequence[dict[str, Any]]) -> tuple[Sequence[dict[str, Any]], str]:
    """The rows without the words, up to a colon, that all claims begin with, and these words."""
    claims = [row["claim"] for row in found]
    first, last = min(claims, default=""), max(claims, default="")  # of all in order: what these share, all share
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    shared, colon, _ = first[:same].rpartition(": ")
    if not colon:
        return found, ""
    rest = [claim.removeprefix(shared + colon) for claim in claims]
    return [row | {"claim": of[:1].upper() + of[1:]} for row, of in zip(found, rest, strict=True)], shared + colon


def cells(row: dict[str, Any], holm: dict[str, float]) -> dict[str, str]:
    """One of `rows` for readers, as HTML by column; `holm` is what they were all `corrected` to."""
    claim = f"{prose.badge(row['verdict'])} {html.escape(_unbroken(row['where'] + '. ' + row['claim']))}"
    claim += f" {_id(row['id'])}"
    if row["earlier"]:
        named = (f"{prose.badge(of)} {_id(id)}" for id, of in zip(EARLIER[row["id"]], row["earlier"], strict=True))
        claim += f" <span>By the rule{'s' * (len(row['earlier']) > 1)} before: {', '.join(named)}</span>"
    of = (claim, html.escape(row["paper"]), _in_one_piece(ours(row)), _in_one_piece(_tested(row, holm)))
    return dict(zip(COLUMNS, of, strict=True))


def _id(id: str) -> str:
    """A claim's id, by which the rules of a page and `intelvae claims` name it."""
    return f'<code class="id">{html.escape(id)}</code>'


def _in_one_piece(text: str) -> str:
    """As HTML, where no line ends inside a number such as 5.3e-09 either."""
    return re.sub(r"[\d.]+e-\d+", r'<span class="number">\g<0></span>', html.escape(_unbroken(text)))


def _unbroken(text: str) -> str:
    """The same with spaces at which no line ends: in an equation, before a sign, after one and a word of numbers."""
    return re.sub(r"(?<=\d) (?=%)|(?<=[=<±]) | (?=[=<])|(?<=Holm) |(?<=detectable) ", "\N{NO-BREAK SPACE}", text)


def _tested(row: dict[str, Any], holm: dict[str, float]) -> str:
    p = _p(row) + (f" (Holm {holm[row['id']]:.2g})" if row["id"] in holm else "")
    words = ", ".join(filter(None, [row["test"], f"n = {row['n']}", p]))
    return words + ("" if row["detectable"] is None else f"; detectable {rounded(row['detectable'], 2)}")


def ours(row: dict[str, Any]) -> str:
    """What one of `rows` found: the mean and, of more than one run, the standard deviation."""
    if row["ours"] is None:
        return "no runs"
    return statistics.with_deviation(row["ours"], _deviation(row))


def _deviation(row: dict[str, Any]) -> float:
    return math.nan if row["sd"] is None or row["n"] < 2 else row["sd"]


def _p(row: dict[str, Any]) -> str:
    if row["p"] is None:
        return ""
    return f"p = {row['p']:.4f}" if row["p"] >= 1e-4 else "p < 0.0001"


def verdicts(judged: Sequence[dict[str, Any]]) -> str:
    """The rows of `rows` as text, a line each: verdict, id, ours, n and p; what a page's last cell prints."""
    lines = []
    for row in judged:
        found = "no runs" if row["ours"] is None else f"{row['ours'] + 0.0:.4f}"
        found += "" if math.isnan(_deviation(row)) else f" ± {row['sd']:.4f}"
        numbers = ", ".join(filter(None, [found, f"n = {row['n']}", _p(row)]))
        lines.append(f"{row['verdict']:<19} | {row['id']:<42} | {numbers}")
    return "\n".join(lines)
