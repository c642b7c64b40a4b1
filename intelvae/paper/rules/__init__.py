"""Rules that decide a claim of the paper from records, and the statistics behind them.

Rules are written before the runs that they judge; a page says of which that is not so. Most compare a metric of the
InteL-VAE with that of another method over seeds, paired by seed (the same seed draws the same data and order for every
method), by a paired t-test.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from scipy import stats

from intelvae.metrics.hoyer import by_chance
from intelvae.paper.records import Record, RunConfig

LEVEL = 0.05  # a difference counts below this p-value
REPRODUCED, PARTLY, NOT_REPRODUCED, NOT_TESTED = "reproduced", "partly", "not reproduced", "not tested"
VERDICTS = (REPRODUCED, PARTLY, NOT_REPRODUCED, NOT_TESTED)
# in a claim's words; `claims.rows` names the FID where it is one
DISTANCE = "Frechet distance on the stand-in features"


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
class Claim(ABC):
    """A claim of the paper: where it stands, its content in our words, its number, and the book page that shows it.

    `experiment` is the grid whose records decide it, or None. A `variant` asks the same of a setting that is not the
    paper's, or not the one its text names; counts of the paper's claims leave variants out.
    """

    id: str
    where: str
    claim: str
    paper: str
    page: str
    experiment: str | None
    variant: bool = field(default=False, kw_only=True)

    @property
    @abstractmethod
    def rule(self) -> str:
        """The rule in words, as the page prints it before the result."""

    @abstractmethod
    def judge(self, records: Sequence[Record]) -> Finding:
        """Applies the rule to those of the records that it is about; "not tested" where they are too few."""


@dataclass(frozen=True)
class Comparison(Claim):
    """That a metric of a `method` is smaller, or `larger`, than that of the method `against`, over seeds.

    `select` are the values that the configs of its records have, `ours` and `theirs` further ones of the two methods';
    `margin` is by how much it has to differ at least.
    """

    metric: Callable[[Record], float]
    select: dict[str, Any] = field(default_factory=dict)
    against: str = "VAE"
    ours: dict[str, Any] = field(default_factory=dict)
    method: str = "InteL-VAE"
    theirs: dict[str, Any] = field(default_factory=dict)
    larger: bool = False
    margin: float = 0.0

    @property
    def rule(self) -> str:
        how = "larger" if self.larger else "smaller"
        by = f", by more than {self.margin:g}," if self.margin else ""
        ours, theirs = self.method, self.against
        if ours == theirs:  # only their settings tell them apart
            ours, theirs = (f"{name} ({_words(of)})" for name, of in ((ours, self.ours), (theirs, self.theirs)))
        return (
            f"reproduced: the mean for {ours} is {how}{by} than for {theirs}, and a paired t-test over at "
            f"least 3 seeds gives p < {LEVEL}; partly: {how}{by} but not significantly; not reproduced: otherwise."
        )

    def judge(self, records: Sequence[Record]) -> Finding:
        ours = self._by_seed(records, self.method, self.ours)
        theirs = self._by_seed(records, self.against, self.theirs)
        return (larger if self.larger else smaller)(ours, theirs, self.margin)

    def _by_seed(self, records: Sequence[Record], method: str, more: dict[str, Any]) -> dict[int, float]:
        wanted = self.select | more
        return {r.config.seed: self.metric(r) for r in records if r.config.method == method and _has(r, wanted)}


@dataclass(frozen=True)
class Nearness(Claim):
    """That a metric is near a `target`: its mean over seeds within `tolerance`, their deviation at most `spread`."""

    metric: Callable[[Record], float]
    select: dict[str, Any]
    target: float
    tolerance: float
    spread: float

    @property
    def rule(self) -> str:
        return (
            f"reproduced: over at least 3 seeds the mean is at most {self.tolerance:g} from {self.target:g} and the "
            f"standard deviation at most {self.spread:g}; partly: at most twice these; not reproduced: otherwise."
        )

    def judge(self, records: Sequence[Record]) -> Finding:
        found = {r.config.seed: self.metric(r) for r in records if _has(r, self.select)}
        if not found:
            return Finding()
        mean, sd = summary(list(found.values()))
        away = abs(mean - self.target)
        size = max(away / self.tolerance, sd / self.spread)
        verdict = REPRODUCED if size <= 1 else PARTLY if size <= 2 else NOT_REPRODUCED
        return Finding(
            mean, sd, len(found), f"{away:.3f} from {self.target:g}", None, verdict if len(found) > 2 else NOT_TESTED
        )


@dataclass(frozen=True)
class Steady(Claim):
    """That a metric of one `method` is within `tolerance` of that of the method `against`, on average over seeds.

    `select` are values that the configs of both methods' records have, `ours` further ones of the first.
    """

    metric: Callable[[Record], float]
    method: str
    against: str
    tolerance: float
    select: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        return (
            f"reproduced: over at least 3 seeds the mean difference from the {self.against} is at most "
            f"{self.tolerance:g} in size; partly: at most twice that; not reproduced: otherwise."
        )

    def judge(self, records: Sequence[Record]) -> Finding:
        ours, theirs = (
            {r.config.seed: self.metric(r) for r in records if r.config.method == method and _has(r, wanted)}
            for method, wanted in ((self.method, self.select | self.ours), (self.against, self.select))
        )
        seeds = sorted(ours.keys() & theirs.keys())
        if not seeds:
            return Finding()
        moved = statistics.fmean(ours[s] - theirs[s] for s in seeds)
        size = abs(moved) / self.tolerance
        verdict = REPRODUCED if size <= 1 else PARTLY if size <= 2 else NOT_REPRODUCED
        mean, sd = summary([ours[s] for s in seeds])
        test = f"{moved:+.3f} from the {self.against}'s"
        return Finding(mean, sd, len(seeds), test, None, verdict if len(seeds) > 2 else NOT_TESTED)


@dataclass(frozen=True)
class Excess(Claim):
    """That a metric of one `method` is larger than `limit`, or with `below` smaller, over seeds.

    `select` are the values that the configs of its records have.
    """

    metric: Callable[[Record], float]
    method: str
    limit: float
    select: dict[str, Any] = field(default_factory=dict)
    below: bool = False

    @property
    def rule(self) -> str:
        how = "below" if self.below else "above"
        return (
            f"reproduced: the mean is {how} {self.limit:.2g} and a t-test over at least 3 seeds gives p < {LEVEL}; "
            f"partly: {how} but not significantly; not reproduced: otherwise."
        )

    def judge(self, records: Sequence[Record]) -> Finding:
        chosen = [r for r in records if r.config.method == self.method and _has(r, self.select)]
        found = {r.config.seed: self.metric(r) for r in chosen}
        finding = (smaller if self.below else larger)(found, dict.fromkeys(found, self.limit))
        test = f"one-sample t against {self.limit:.3g}" if finding.test else ""
        return dataclasses.replace(finding, test=test)


@dataclass(frozen=True)
class Trend(Claim):
    """That a metric of one `method` grows with a `setting`, a field of its config: a rank correlation for each seed."""

    metric: Callable[[Record], float]
    method: str
    setting: str
    select: dict[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        return (
            f"reproduced: over at least 3 seeds the mean rank correlation (Spearman) of the metric with {self.setting} "
            "is at least 0.9; partly: at least 0.5; not reproduced: otherwise."
        )

    def judge(self, records: Sequence[Record]) -> Finding:
        by_seed: dict[int, list[tuple[float, float]]] = {}
        for r in records:
            if r.config.method == self.method and _has(r, self.select):
                by_seed.setdefault(r.config.seed, []).append((getattr(r.config, self.setting), self.metric(r)))
        found = [_rank_correlation(points) for points in by_seed.values() if len(points) > 2]
        if not found:
            return Finding()
        mean, sd = summary(found)
        verdict = REPRODUCED if mean >= 0.9 else PARTLY if mean >= 0.5 else NOT_REPRODUCED
        return Finding(mean, sd, len(found), "rank correlation", None, verdict if len(found) > 2 else NOT_TESTED)


@dataclass(frozen=True)
class Statement(Claim):
    """A mathematical statement, `check`ed in some number of cases; each gives how far it is from holding."""

    check: Callable[[], Sequence[float]]
    tolerance: float

    @property
    def rule(self) -> str:
        return f"reproduced: it holds to {self.tolerance:.0e} in every case; not reproduced: otherwise."

    def judge(self, records: Sequence[Record]) -> Finding:
        violations = self.check()
        worst = max(violations)
        return Finding(
            worst,
            None,
            len(violations),
            "largest violation",
            None,
            REPRODUCED if worst <= self.tolerance else NOT_REPRODUCED,
        )


def measured(name: str) -> Callable[[Record], float]:
    """A record's metric of that name, as the rules take it."""
    return lambda record: record.metrics[name]


def frechet(record: Record, kind: str = "", number: Callable[[list[int]], int] = max) -> float:
    """The Frechet distance of a record at the largest (or other) `number` of images that it has one at.

    `kind`: "" for the distance of samples as they are, or what stands before "_frechet" in the name of the metric.
    """
    prefix = f"{kind}_frechet_" if kind else "frechet_"
    sizes = [int(name.removeprefix(prefix)) for name in record.metrics if name.startswith(prefix)]
    return record.metrics[f"{prefix}{number(sizes)}"]


clean_frechet = partial(frechet, kind="clean")


def ungated(record: Record) -> float:
    """The Hoyer score of g(y), for a Sparse-VAE that of samples without their gates."""
    return record.metrics.get("hoyer_slab", record.metrics["hoyer_sample"])


def chance_in_use(record: Record) -> float:
    """The Hoyer score of as many Gaussian dimensions as the record's codes use: what its "hoyer_used" is by chance."""
    dim = round(record.metrics["active_overall"])
    return by_chance(dim) if dim > 1 else 0.0


def above_chance(record: Record) -> float:
    """By how much the Hoyer score in the dimensions in use is above that of as many Gaussians: sparsity by image."""
    return record.metrics["hoyer_used"] - chance_in_use(record)


def _has(record: Record, wanted: dict[str, Any]) -> bool:
    return all(getattr(record.config, name) == value for name, value in wanted.items())


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in settings.items())


def summary(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1 in the denominator; NaN for a single value).

    >>> summary([1.0, 3.0])
    (2.0, 1.4142135623730951)
    """
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else math.nan


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number (Holm, 1979): reject those below a level to err once in all at that level.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


def change(
    records: Sequence[Record],
    before: RunConfig,
    after: RunConfig,
    metric: Callable[[Record], float],
    scale: float = 1.0,
) -> dict[str, Any]:
    """How `scale` times a metric changes from one config to another, both with any seed, over the seeds they share.

    "before" and "after" are means, "change" is the mean difference and, from three seeds on, its 95 % interval by
    Student's t, "seeds" their number. Empty where no seed has both.
    """
    a, b = (
        {r.config.seed: scale * metric(r) for r in records if dataclasses.replace(r.config, seed=c.seed) == c}
        for c in (before, after)
    )
    seeds = sorted(a.keys() & b.keys())
    if not seeds:
        return {}
    differences = [b[s] - a[s] for s in seeds]
    mean, sd = summary(differences)
    interval = ""
    if len(seeds) > 2:
        half = float(stats.t.ppf(0.975, len(seeds) - 1)) * sd / math.sqrt(len(seeds))
        interval = f" ({mean - half:+.4g} to {mean + half:+.4g})"
    means = {name: f"{statistics.fmean(v[s] for s in seeds):.4g}" for name, v in (("before", a), ("after", b))}
    return means | {"change": f"{mean:+.4g}{interval}", "seeds": len(seeds)}


def smaller(ours: dict[int, float], other: dict[int, float], margin: float = 0.0) -> Finding:
    """Whether `ours` is smaller than `other`, both by seed, over the seeds they share (the rule of `Comparison`).

    >>> smaller({0: 1.0, 1: 1.1, 2: 0.9}, {0: 2.0, 1: 2.2, 2: 2.1}).verdict
    'reproduced'
    """
    return _paired(ours, other, -margin, -1)


def larger(ours: dict[int, float], other: dict[int, float], margin: float = 0.0) -> Finding:
    """Whether `ours` is larger than `other`: `smaller` the other way round."""
    return _paired(ours, other, margin, 1)


def _paired(ours: dict[int, float], other: dict[int, float], shift: float, sign: int) -> Finding:
    seeds = sorted(ours.keys() & other.keys())
    if not seeds:
        return Finding()
    a, b = [ours[s] for s in seeds], [other[s] for s in seeds]
    mean, sd = summary(a)
    if len(seeds) < 3:
        return Finding(mean, sd, len(seeds))
    border = [y + shift for y in b]
    differences = [x - y for x, y in zip(a, border, strict=True)]
    if len(set(differences)) == 1:  # a t-test of a constant is undefined
        p = 1.0 if differences[0] == 0 else 0.0
    else:
        p = float(stats.ttest_rel(a, border).pvalue)
    better = sign * statistics.fmean(differences) > 0
    verdict = (REPRODUCED if p < LEVEL else PARTLY) if better else NOT_REPRODUCED
    return Finding(mean, sd, len(seeds), f"paired t against {statistics.fmean(b):.3g}", p, verdict)


def _rank_correlation(points: Sequence[tuple[float, float]]) -> float:
    """Spearman's, of pairs; 0 where the second numbers are all alike."""
    x, y = zip(*points, strict=True)
    return float(stats.spearmanr(x, y).statistic) if len(set(y)) > 1 else 0.0
