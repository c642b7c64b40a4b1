"""The paper's claims as data, the rules that decide them, and the statistics that apply the rules.

Every rule was written before the run it judges. A claim compares a metric of the InteL-VAE with that of another
method over seeds, paired by seed (the same seed draws the same data and order for every method), by a paired t-test.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy import stats

from intelvae import experiments, runs
from intelvae.runs import Record

LEVEL = 0.05  # a difference counts from this p-value on
REPRODUCED, PARTLY, NOT_REPRODUCED, NOT_TESTED = "reproduced", "partly", "not reproduced", "not tested"


@dataclass(frozen=True)
class Finding:
    """What a rule found: mean and standard deviation over n seeds, the test and its p-value, and the verdict."""

    ours: float | None = None
    sd: float | None = None
    n: int = 0
    test: str = ""
    p: float | None = None
    verdict: str = NOT_TESTED


@dataclass(frozen=True)
class Claim:
    """A claim of the paper: where it stands, its content in our words, its number, and how it is decided.

    `values` gives, from the records of `experiment`, the claim's metric by seed for the InteL-VAE and for the
    method it is compared with; smaller is better. `page` is the book page that shows it.
    """

    id: str
    where: str
    claim: str
    paper: str
    page: str
    experiment: str
    metric: Callable[[Record], float]
    select: dict[str, Any] = field(default_factory=dict)
    against: str = "VAE"

    @property
    def rule(self) -> str:
        """The rule in words, as the page prints it before the result."""
        return (
            f"reproduced: the InteL-VAE's mean is smaller than the {self.against}'s and a paired t-test over at least "
            f"3 seeds gives p < {LEVEL}; partly: smaller but not significantly; not reproduced: otherwise."
        )

    def by_seed(self, records: Sequence[Record], method: str) -> dict[int, float]:
        """The metric of `method` for each seed, from the records that this claim is about."""
        chosen = [r for r in records if all(getattr(r.config, k) == v for k, v in self.select.items())]
        return {r.config.seed: self.metric(r) for r in chosen if r.config.method == method}


def summary(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1 in the denominator; NaN for a single value).

    >>> summary([1.0, 3.0])
    (2.0, 1.4142135623730951)
    """
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else math.nan


def smaller(ours: dict[int, float], other: dict[int, float]) -> Finding:
    """Whether `ours` is smaller than `other`, both by seed, over the seeds they share (the rule of `Claim.rule`).

    >>> smaller({0: 1.0, 1: 1.1, 2: 0.9}, {0: 2.0, 1: 2.2, 2: 2.1}).verdict
    'reproduced'
    """
    seeds = sorted(ours.keys() & other.keys())
    if not seeds:
        return Finding()
    a, b = [ours[s] for s in seeds], [other[s] for s in seeds]
    mean, sd = summary(a)
    if len(seeds) < 3:
        return Finding(mean, sd, len(seeds))
    differences = [x - y for x, y in zip(a, b, strict=True)]
    if len(set(differences)) == 1:  # a t-test of a constant is undefined
        p = 1.0 if differences[0] == 0 else 0.0
    else:
        p = float(stats.ttest_rel(a, b).pvalue)
    better = statistics.fmean(differences) < 0
    verdict = (REPRODUCED if p < LEVEL else PARTLY) if better else NOT_REPRODUCED
    return Finding(mean, sd, len(seeds), "paired t", p, verdict)


def _metric(name: str) -> Callable[[Record], float]:
    return lambda record: record.metrics[name]


def _imbalance(record: Record) -> float:
    return abs(record.metrics["ones"] - 0.5)


CONNECTIVITY, MULTI_MODALITY = "04_multiple_connectivity", "05_multi_modality"


def _toy_claims() -> list[Claim]:
    figure = {
        "circle": "Fig C.2",
        "square": "Fig 4",
        "star": "Fig 4",
        "infinity": "Fig 4",
        "mixture": "Fig 4",
    }
    claims = [
        Claim(
            id=f"fig4-{data}",
            where=where,
            claim=f"On the {data}, samples of the InteL-VAE are closer to the data than the VAE's "
            "(sliced Wasserstein distance)",
            paper="by eye",
            page=CONNECTIVITY,
            experiment="connectivity",
            metric=_metric("sliced_wasserstein"),
            select={"data": data},
        )
        for data, where in figure.items()
    ]
    claims += [
        Claim(
            id=f"fig4-{data}-{'bridge' if data == 'mixture' else 'hole'}",
            where=where,
            claim=f"On the {data}, fewer samples of the InteL-VAE than of the VAE lie "
            + ("between the clusters" if data == "mixture" else "inside a hole"),
            paper="by eye",
            page=CONNECTIVITY,
            experiment="connectivity",
            metric=_metric("bridge" if data == "mixture" else "inside_hole"),
            select={"data": data},
        )
        for data, where in figure.items()
    ]
    claims += [
        Claim(
            id=f"figC2-vamp-{data}",
            where="Fig C.2",
            claim=f"On the {data}, samples of the InteL-VAE are closer to the data than the Vamp-VAE's "
            "(sliced Wasserstein distance)",
            paper="by eye",
            page=CONNECTIVITY,
            experiment="connectivity",
            metric=_metric("sliced_wasserstein"),
            select={"data": data},
            against="Vamp-VAE",
        )
        for data in figure
    ]
    return claims


def _digit_claims() -> list[Claim]:
    paper = {
        "VAE": ("0.9 against 2.5 %", "49.5 against 48.8 %"),
        "MoG-VAE": ("0.9 against 4.5 %", "49.5 against 47.7 %"),
        "Vamp-VAE": ("0.9 against 2.4 %", "49.5 against 48.8 %"),
    }
    claims = []
    for network, likelihood in (
        ("mathieu", "gaussian"),
        ("authors", "gaussian"),
        ("mathieu-offset", "gaussian"),
        ("mathieu", "bernoulli"),
        ("authors", "bernoulli"),
    ):
        for against, (uncertain, ones) in paper.items():
            for name, number, metric, words in (
                (
                    "uncertain",
                    uncertain,
                    _metric("uncertain"),
                    "fewer of its samples are ambiguous (confidence < 80 %)",
                ),
                ("balance", ones, _imbalance, "the share of ones among its samples is closer to one half"),
            ):
                claims.append(
                    Claim(
                        id=f"table2-{name}-{against.split('-')[0].lower()}-{network}-{likelihood}",
                        where="Table 2",
                        claim=f"MNIST-01, D = 1, {network} network, {likelihood} likelihood, InteL-VAE against "
                        f"{against}: {words}",
                        paper=number,
                        page=MULTI_MODALITY,
                        experiment="multi-modality",
                        metric=metric,
                        select={"network": network, "likelihood": likelihood},
                        against=against,
                    )
                )
    return claims


CLAIMS: tuple[Claim, ...] = (*_toy_claims(), *_digit_claims())


def judge(claim: Claim, records: Sequence[Record]) -> Finding:
    """Applies the claim's rule to the records of its experiment; "not tested" where they are fewer than 3 seeds."""
    return smaller(claim.by_seed(records, "InteL-VAE"), claim.by_seed(records, claim.against))


def rows(records: Sequence[Record], profile: str, *, page: str | None = None) -> list[dict[str, Any]]:
    """One row for each claim (of `page`, if given), judged on `records`: the columns of `intelvae claims --json`."""
    return [
        {"id": c.id, "where": c.where, "claim": c.claim, "paper": c.paper}
        | dataclasses.asdict(judge(c, [r for r in records if _concerns(c, r)]))
        | {"profile": profile, "page": c.page}
        for c in CLAIMS
        if page is None or c.page == page
    ]


def _concerns(claim: Claim, record: Record) -> bool:
    return all(getattr(record.config, name) == value for name, value in claim.select.items())


def stored(profile: str) -> list[dict[str, Any]]:
    """`rows` for all claims on the records that the profile's store holds, without running anything."""
    store = runs.store(profile)
    configs = dict.fromkeys(c for name in experiments.NAMES for c in experiments.grid(name, profile))
    records = [record for config in configs if (record := store.get(config)) is not None]
    return rows(records, profile)


def verdicts(found: Sequence[dict[str, Any]]) -> str:
    """The rows of `rows` as text, a line each: verdict, id, ours, n and p; what a page's last cell prints."""
    lines = []
    for row in found:
        ours = "no runs" if row["ours"] is None else f"{row['ours']:.4f}"
        if row["n"] > 1:
            ours += f" ± {row['sd']:.4f}"
        p = "" if row["p"] is None else f", p = {row['p']:.4f}"
        lines.append(f"{row['verdict']:<14} | {row['id']:<42} | {ours}, n = {row['n']}{p}")
    return "\n".join(lines)
