"""The paper's claims as data: where each stands, what it says, its number, and the rule that decides it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd

from intelvae.data import files
from intelvae.metrics import features
from intelvae.paper import experiments, rules
from intelvae.paper.claims import digits, faces, sparsity, toys
from intelvae.paper.records import Record, check_same_faces, store_of
from intelvae.paper.rules import Claim

CLAIMS: tuple[Claim, ...] = (*toys.CLAIMS, *digits.CLAIMS, *sparsity.CLAIMS, *faces.CLAIMS)


def rows(records: Sequence[Record], profile: str, *, page: str | None = None) -> list[dict[str, Any]]:
    """One row for each claim (of `page`, if given), judged on `records`: the columns of `intelvae claims --json`.

    Raises `ValueError`, one line, where the records of an experiment are of different faces.
    """
    judged = [c for c in CLAIMS if page is None or c.page == page]
    of = {experiment: _of(experiment, records, profile) for experiment in {c.experiment for c in judged}}
    return [
        {"id": c.id, "where": c.where, "claim": _words(c, of[c.experiment]), "paper": c.paper}
        | dataclasses.asdict(c.judge(of[c.experiment]))
        | {"profile": profile, "page": c.page, "variant": c.variant}
        for c in judged
    ]


def _words(claim: Claim, records: Sequence[Record]) -> str:
    """What the claim says, of the FID where that is what `records` have."""
    on_inception = {r.config.features for r in records} == {"inception"}
    return claim.claim.replace(rules.DISTANCE, features.distance_name("inception")) if on_inception else claim.claim


def _of(experiment: str | None, records: Sequence[Record], profile: str) -> list[Record]:
    """The records of an experiment, with any seed and features: others may share a method and differ else."""
    if experiment is None:
        return []
    grid = {dataclasses.replace(config, seed=0) for config in experiments.grid(experiment, profile)}
    found = [r for r in records if dataclasses.replace(r.config, seed=0, features=features.STAND_IN) in grid]
    check_same_faces(found)
    return found


def stored(profile: str, extractor: str | None = None) -> list[dict[str, Any]]:
    """`rows` for all claims on the records that the profile's store holds, without running anything.

    Samples are judged on the features of `extractor` (`experiments.grid`). Raises `ValueError` if INTELVAE_RUNS names a
    folder that is not there.
    """
    store = store_of(profile)
    if files.of_variable("INTELVAE_RUNS") and not store.root.is_dir():
        raise ValueError(f"there is no folder {store.root}, which INTELVAE_RUNS names: correct or unset it")
    grids = (experiments.grid(name, profile, features=extractor) for name in experiments.NAMES)
    configs = dict.fromkeys(c for grid in grids for c in grid)
    records = [record for config in configs if (record := store.get(config)) is not None]
    return rows(records, profile)


def corrected(found: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The p-values of those of `rows` that have one, by id, corrected for their number (`rules.holm`)."""
    tested = [row for row in found if row["p"] is not None]
    values = rules.holm([row["p"] for row in tested])
    return {row["id"]: p for row, p in zip(tested, values, strict=True)}


def kept(found: Sequence[dict[str, Any]]) -> int:
    """How many of `rows` are reproduced with a p-value that is below `rules.LEVEL` also when `corrected` for all."""
    p = corrected(found)
    return sum(row["verdict"] == rules.REPRODUCED and p.get(row["id"], 1.0) < rules.LEVEL for row in found)


def count(found: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many of the paper's claims, `rows` without variants, have each verdict: what every report counts.

    "tested" is how many of the reproduced ones have a test, "kept" how many of these are `kept`.
    """
    counted = [row for row in found if not row["variant"]]
    of = {verdict: sum(row["verdict"] == verdict for row in counted) for verdict in rules.VERDICTS}
    tested = sum(row["verdict"] == rules.REPRODUCED and row["p"] is not None for row in counted)
    return of | {"tested": tested, "kept": kept(counted)}


def summary(found: Sequence[dict[str, Any]]) -> str:
    """What `count` finds, in two sentences."""
    of = count(found)
    total = sum(of[verdict] for verdict in rules.VERDICTS)
    words = ", ".join(f"{of[verdict]} {verdict}" for verdict in rules.VERDICTS)
    return (
        f"{total} claims (variants not counted): {words}. Of the claims reproduced {of['tested']} have a test, and "
        f"{of['kept']} of these keep p < {rules.LEVEL:g} when p is corrected for all tests of claims that count."
    )


class Table:
    """The rows of `rows` for readers, claims in full: what a page shows under "Paper beside ours".

    The last column has p-values `corrected` for the number of tests in the table.
    """

    def __init__(self, found: Sequence[dict[str, Any]]) -> None:
        self.found = found

    def __repr__(self) -> str:
        return verdicts(self.found)

    def _repr_html_(self) -> str:
        holm = {id: f"{p:.2g}" for id, p in corrected(self.found).items()}
        shown = [
            {
                "verdict": row["verdict"],
                "claim": f"{row['where']}. {row['claim']}" + " (a variant)" * row["variant"],
                "paper": row["paper"],
                "ours": _ours(row, ".4g", ".2g" if (row["sd"] or 0) < 99.5 else ".0f"),
                "test": ", ".join(filter(None, [row["test"], f"n = {row['n']}", _p(row)])),
                "p, Holm": holm.get(row["id"], ""),
            }
            for row in self.found
        ]
        with pd.option_context("display.max_colwidth", None):
            return pd.DataFrame(shown).to_html(index=False)


def _ours(row: dict[str, Any], digits: str, digits_of_sd: str) -> str:
    if row["ours"] is None:
        return "no runs"
    spread = f" ± {row['sd']:{digits_of_sd}}" if row["n"] > 1 and row["sd"] is not None else ""
    return f"{row['ours'] + 0.0:{digits}}{spread}"


def _p(row: dict[str, Any]) -> str:
    if row["p"] is None:
        return ""
    return f"p = {row['p']:.4f}" if row["p"] >= 1e-4 else "p < 0.0001"


def verdicts(found: Sequence[dict[str, Any]]) -> str:
    """The rows of `rows` as text, a line each: verdict, id, ours, n and p; what a page's last cell prints."""
    lines = []
    for row in found:
        numbers = ", ".join(filter(None, [_ours(row, ".4f", ".4f"), f"n = {row['n']}", _p(row)]))
        lines.append(f"{row['verdict']:<14} | {row['id']:<42} | {numbers}")
    return "\n".join(lines)
