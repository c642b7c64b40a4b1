"""The kinds of claims: what decides one from results, over seeds.

Rules are written before the runs that they judge; a page says of which that is not so. Most compare a metric of two
rows over seeds, paired by seed (the same seed draws the same data and order for every method), by a paired t-test.
"""

from __future__ import annotations

import math
import statistics
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from intelvae.paper.results import Results
from intelvae.paper.statistics import (
    FEWEST,
    LEVEL,
    Metric,
    Paired,
    by_seed,
    half_width,
    paired,
    rank_correlation,
    rounded,
    summary,
)

REPRODUCED, PARTLY, NO_DIFFERENCE = "reproduced", "partly", "no difference found"
OPPOSITE, NOT_TESTED = "opposite", "not tested"
VERDICTS = (REPRODUCED, PARTLY, NO_DIFFERENCE, OPPOSITE, NOT_TESTED)
# in a claim's words; `ledger.rows` names the FID where it is one
DISTANCE = "Frechet distance on the stand-in features"


def tally(verdicts: Iterable[str]) -> str:
    """How many there are of each verdict, in words; of one verdict only its name.

    >>> tally([OPPOSITE, REPRODUCED, REPRODUCED]), tally([PARTLY])
    ('2 reproduced, 1 opposite', 'partly')
    """
    of = Counter(verdicts)
    if of.total() == 1:
        return next(iter(of))
    return ", ".join(f"{of[verdict]} {verdict}" for verdict in VERDICTS if of[verdict])


@dataclass(frozen=True)
class Finding:
    """What a rule found: mean and standard deviation over n seeds, the test and its p-value, and the verdict.

    `other` is the number that ours was compared with, if it was with one; `detectable` is the smallest difference, from
    it or from what the rule names, that the seeds could have found (`statistics.detectable`).
    """

    ours: float | None = None
    sd: float | None = None
    n: int = 0
    test: str = ""
    p: float | None = None
    verdict: str = NOT_TESTED
    detectable: float | None = None
    other: float | None = None


# how rules that end in a test end
FARTHER = f"opposite: significantly farther away than that (p < {LEVEL}); no difference found: otherwise."
OR_ELSE = f"opposite: the other way round, with p < {LEVEL}; no difference found: otherwise."


def found(test: Paired | None, larger: bool, words: str = "paired t against {other}") -> Finding:
    """The finding of a test that ought to show that ours is `larger`, or smaller: "not tested" with too few seeds."""
    if test is None:
        return Finding()
    if test.p is None:
        return Finding(test.mean, test.sd, test.n, other=test.other)
    better = test.difference > 0 if larger else test.difference < 0
    significant = test.p < LEVEL
    verdict = (REPRODUCED if significant else PARTLY) if better else (OPPOSITE if significant else NO_DIFFERENCE)
    said = words.format(other=rounded(test.other, 3))
    return Finding(test.mean, test.sd, test.n, said, test.p, verdict, test.detectable, test.other)


def near(
    values: Sequence[float], target: float, tolerance: float, words: str, of: str = "mean", spread: float = math.inf
) -> Finding:
    """That values, one a seed, are within `tolerance` of a target and deviate by at most `spread`; `words` say how far.

    The 95 % interval `of` their mean stands beside these words: a mean can be near a target that its interval leaves
    out. A test against the border, with its p-value, decides only where they are not near, on average. `detectable` is
    the smallest deviation from the target that a test against it would find.
    """
    half = half_width(values)
    if half is None:
        return Finding(*summary(values), len(values), words) if values else Finding()
    mean, sd = summary(values)
    words += f" (95 % interval of the {of}: {mean - half:.3f} to {mean + half:.3f})"
    away, p = abs(mean - target), None
    within = [away <= k * tolerance and sd <= k * spread for k in (1, 2)]
    verdict = REPRODUCED if within[0] else PARTLY if within[1] else NO_DIFFERENCE
    border = target + math.copysign(tolerance, mean - target)  # the scatter about it is that about the target
    test = paired(dict(enumerate(values)), dict.fromkeys(range(len(values)), border))
    assert test is not None and test.p is not None  # as many as it takes
    if not any(within) and away > tolerance:
        verdict, p = OPPOSITE if test.p < LEVEL else NO_DIFFERENCE, test.p
        words += f", t against {rounded(tolerance, 2)}"
    return Finding(mean, sd, len(values), words, p, verdict, test.detectable)


@dataclass(frozen=True)
class Claim(ABC):
    """A claim of the paper: where it stands, its content in our words, its number, and the book page that shows it.

    `experiment` names the grid whose results decide it, or is None. A `variant` asks the same of a setting that is not
    the paper's, or not the one its text names, or by a rule that a better one has replaced; counts of the paper's
    claims leave variants out. The rule of a `post_hoc` claim was written after its runs. `group` is that of the rows it
    is about.
    """

    id: str
    where: str
    claim: str
    paper: str
    page: str
    experiment: str | None
    variant: bool = field(default=False, kw_only=True)
    post_hoc: bool = field(default=False, kw_only=True)
    group: str = field(default="", kw_only=True)

    @property
    @abstractmethod
    def rule(self) -> str:
        """The rule in words, as the page prints it before the result."""

    @abstractmethod
    def judge(self, results: Results) -> Finding:
        """Applies the rule to the results of its experiment; "not tested" where they are too few."""


@dataclass(frozen=True)
class Comparison(Claim):
    """That a metric of one row is smaller, or `larger`, than that of another, over seeds; by `margin` at least.

    `called` is what the rule calls the two, where that is not their names.
    """

    metric: Metric
    ours: str = "InteL-VAE"
    theirs: str = "VAE"
    larger: bool = False
    margin: float = 0.0
    called: tuple[str, str] | None = None

    @property
    def rule(self) -> str:
        how = "larger" if self.larger else "smaller"
        by = f", by more than {self.margin:g}," if self.margin else ""
        less = f", or significantly {how} by less" if self.margin else ""
        ours, theirs = self.called or (self.ours, self.theirs)
        return (
            f"reproduced: the mean for {ours} is {how}{by} than for {theirs}, and a paired t-test over at "
            f"least {FEWEST} seeds gives p < {LEVEL}; partly: {how}{by} but not significantly{less}; {OR_ELSE}"
        )

    def judge(self, results: Results) -> Finding:
        ours, theirs = (by_seed(results.of(name, self.group), self.metric) for name in (self.ours, self.theirs))
        by = self.margin if self.larger else -self.margin
        _, theirs_called = self.called or (self.ours, self.theirs)
        words = f"paired t against {{other}} ({theirs_called})"
        beyond = f" {'+' if self.larger else '-'} {self.margin:g}" if by else ""
        finding = found(paired(ours, theirs, by), self.larger, words + beyond)
        if self.margin and finding.verdict in (OPPOSITE, NO_DIFFERENCE):
            finding = found(paired(ours, theirs), self.larger, words)  # what decides then, with its p-value
            lower = {REPRODUCED: PARTLY, PARTLY: NO_DIFFERENCE}
            finding = replace(finding, verdict=lower.get(finding.verdict, finding.verdict))
        return finding


@dataclass(frozen=True)
class AtMost(Claim):
    """That a metric of one row is below `factor` times that of another, over seeds.

    `their_metric`, if given, is the metric of the other row.
    """

    metric: Metric
    ours: str
    theirs: str
    factor: float
    their_metric: Metric | None = None

    @property
    def rule(self) -> str:
        return (
            f"reproduced: the geometric mean for {self.ours} is below {self.factor:g} times that for {self.theirs} and "
            f"a t-test of the logarithms, paired over at least {FEWEST} seeds, gives p < {LEVEL}; partly: below but "
            f"not significantly; {OR_ELSE}"
        )

    def judge(self, results: Results) -> Finding:
        ours = by_seed(results.of(self.ours, self.group), self.metric)
        theirs = by_seed(results.of(self.theirs, self.group), self.their_metric or self.metric)
        seeds = sorted(ours.keys() & theirs.keys())
        if not seeds:
            return Finding()
        logs = paired({s: math.log(ours[s]) for s in seeds}, {s: math.log(self.factor * theirs[s]) for s in seeds})
        other = statistics.fmean(theirs[s] for s in seeds)
        finding = found(logs, False, f"paired t of logs against {self.factor:g} x {rounded(other, 3)} ({self.theirs})")
        mean, sd = summary([ours[s] for s in seeds])
        smallest = None if finding.detectable is None else self.factor * other * -math.expm1(-finding.detectable)
        return replace(finding, ours=mean, sd=sd, detectable=smallest, other=other)


@dataclass(frozen=True)
class Nearness(Claim):
    """That a metric of a row is near a `target`: its mean within `tolerance`, its deviation at most `spread`."""

    metric: Metric
    ours: str
    target: float
    tolerance: float
    spread: float

    @property
    def rule(self) -> str:
        return (
            f"reproduced: over at least {FEWEST} seeds the mean is at most {self.tolerance:g} from {self.target:g} and "
            f"the standard deviation at most {self.spread:g}; partly: at most twice these; {FARTHER}"
        )

    def judge(self, results: Results) -> Finding:
        values = list(by_seed(results.of(self.ours, self.group), self.metric).values())
        words = f"{abs(statistics.fmean(values or [0.0]) - self.target):.3f} from {self.target:g}"
        return replace(near(values, self.target, self.tolerance, words, spread=self.spread), other=self.target)


@dataclass(frozen=True)
class Steady(Claim):
    """That a metric of one row is within `tolerance` of that of another, on average over seeds.

    With `relative` it is that share of the other's mean, which is taken as known: no test counts its own error. From a
    half on, what falls to 0 could not be opposite.
    """

    metric: Metric
    ours: str
    theirs: str
    tolerance: float
    relative: bool = False

    @property
    def rule(self) -> str:
        within = f"{self.tolerance:g}" + f" times the {self.theirs}'s mean" * self.relative
        return (
            f"reproduced: over at least {FEWEST} seeds the mean difference from the {self.theirs} is at most "
            f"{within} in size; partly: at most twice that; {FARTHER}"
        )

    def judge(self, results: Results) -> Finding:
        ours, theirs = (by_seed(results.of(name, self.group), self.metric) for name in (self.ours, self.theirs))
        seeds = sorted(ours.keys() & theirs.keys())
        if not seeds:
            return Finding()
        moved, others = [ours[s] - theirs[s] for s in seeds], [theirs[s] for s in seeds]
        tolerance = self.tolerance * (statistics.fmean(others) if self.relative else 1.0)
        words = f"{statistics.fmean(moved):+.3f} from the {self.theirs}'s"
        mean, sd = summary([ours[s] for s in seeds])
        finding = near(moved, 0.0, tolerance, words, "difference")
        return replace(finding, ours=mean, sd=sd, other=statistics.fmean(others))


@dataclass(frozen=True)
class Excess(Claim):
    """That a metric of a row is larger than `limit`, or with `below` smaller, over seeds."""

    metric: Metric
    ours: str
    limit: float
    below: bool = False

    @property
    def rule(self) -> str:
        how = "below" if self.below else "above"
        return (
            f"reproduced: the mean is {how} {self.limit:.2g} and a t-test over at least {FEWEST} seeds gives p < "
            f"{LEVEL}; partly: {how} but not significantly; {OR_ELSE}"
        )

    def judge(self, results: Results) -> Finding:
        values = by_seed(results.of(self.ours, self.group), self.metric)
        test = paired(values, dict.fromkeys(values, self.limit))
        return found(test, not self.below, f"one-sample t against {rounded(self.limit, 3)}")


@dataclass(frozen=True)
class Jointly(Claim):
    """That several things hold at once: the verdict is the worst of theirs, with its numbers and its p-value.

    The parts are in the order of the claim's words, and the test says which of them decides. Of equal verdicts the one
    with the larger p decides: all have to be significant (an intersection-union test).
    """

    parts: Sequence[Claim]

    @property
    def rule(self) -> str:
        rules = " And: ".join(f"{part.claim}. {part.rule[0].upper()}{part.rule[1:]}" for part in self.parts)
        return f"reproduced: each of the following; else the worst of them. {rules}"

    def judge(self, results: Results) -> Finding:
        found = [part.judge(results) for part in self.parts]
        place = max(range(len(found)), key=lambda i: (VERDICTS.index(found[i].verdict), found[i].p or 0.0))
        words = f"part {place + 1} of {len(found)}: {found[place].test}" if found[place].test else ""
        return replace(found[place], test=words)


@dataclass(frozen=True)
class Trend(Claim):
    """That a metric grows with the `value` of the rows of one method: a rank correlation for each seed."""

    metric: Metric
    method: str
    setting: str

    @property
    def rule(self) -> str:
        return (
            f"reproduced: over at least {FEWEST} seeds the mean rank correlation (Spearman) of the metric with "
            f"{self.setting} is at least 0.9; partly: at least 0.5; opposite: at most -0.5; no difference found: "
            "otherwise."
        )

    def judge(self, results: Results) -> Finding:
        of_seed: dict[int, list[tuple[float, float]]] = {}
        for r in results.of(group=self.group):
            if r.row.method.name == self.method and r.row.value is not None:
                of_seed.setdefault(r.seed, []).append((r.row.value, self.metric(r)))
        values = [rank_correlation(points) for points in of_seed.values() if len(points) > 2]
        if not values:
            return Finding()
        mean, sd = summary(values)
        verdict = OPPOSITE if mean <= -0.5 else NO_DIFFERENCE if mean < 0.5 else PARTLY if mean < 0.9 else REPRODUCED
        verdict = verdict if len(values) >= FEWEST else NOT_TESTED
        return Finding(mean, sd, len(values), "rank correlation", None, verdict)


@dataclass(frozen=True)
class Statement(Claim):
    """A mathematical statement, `check`ed in some number of cases; each gives how far it is from holding."""

    check: Callable[[], Sequence[float]]
    tolerance: float

    @property
    def rule(self) -> str:
        return f"reproduced: it holds to {self.tolerance:.0e} in every case; opposite: otherwise."

    def judge(self, results: Results) -> Finding:
        violations = self.check()
        worst = max(violations)
        verdict = REPRODUCED if worst <= self.tolerance else OPPOSITE
        return Finding(worst, None, len(violations), "largest violation", None, verdict)
