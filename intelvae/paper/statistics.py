"""The statistics behind verdicts and tables: means and their spread, paired tests, intervals, many tests at once."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy import integrate, optimize, stats

from intelvae.paper.results import Result

LEVEL = 0.05  # a difference counts below this p-value
FEWEST = 3  # seeds that a test needs
Metric = Callable[[Result], float]


def measured(name: str) -> Metric:
    """A result's metric of that name, as rules and tables take it."""
    return lambda result: result.metrics[name]


def by_seed(results: Sequence[Result], metric: Metric) -> dict[int, float]:
    """A metric of the results of one row, by their seed; of those that have it, where it is NaN for others."""
    return {r.seed: value for r in results if not math.isnan(value := metric(r))}


def summary(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1 in the denominator; NaN for a single value).

    >>> summary([1.0, 3.0])
    (2.0, 1.4142135623730951)
    """
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else math.nan


def mean_and_sd(values: Sequence[float], digits: int = 1, scale: float = 1.0) -> str:
    """`summary` of `scale` times the values, as tables have it: no deviation of one value, nothing of none.

    >>> mean_and_sd([0.5, 0.7], scale=100.0), mean_and_sd([2.0]), mean_and_sd([]), mean_and_sd([-8200.0])
    ('60.0 ± 14.1', '2.0', '', '-8,200.0')
    """
    if not values:
        return ""
    mean, sd = summary([scale * value for value in values])
    return f"{mean + 0.0:,.{digits}f}" + (f" ± {sd:,.{digits}f}" if len(values) > 1 else "")


class Paired(NamedTuple):
    """A paired t-test over the seeds that two rows share: mean and deviation of ours, the other's mean, their number.

    `difference` is ours less the other's, mean over seeds; `p` is two-sided, and `detectable` the smallest difference
    that so many seeds, scattered as these are, find in four cases of five. Both are None with fewer than three seeds.
    """

    mean: float
    sd: float
    other: float
    n: int
    difference: float
    p: float | None
    detectable: float | None = None


POWER = 0.8  # the share of such differences that are found


@cache
def _effect(df: float) -> float:
    """The difference, in standard errors, that a two-sided t-test with `df` degrees of freedom finds with `POWER`."""
    border = float(stats.t.ppf(1 - LEVEL / 2, df))

    def lacking(effect: float) -> float:
        def found(share: np.ndarray) -> np.ndarray:  # where the estimated variance is at these quantiles
            error = np.sqrt(stats.chi2.ppf(share, df) / df)
            return np.asarray(stats.norm.sf(border * error - effect) + stats.norm.cdf(-border * error - effect))

        return float(integrate.fixed_quad(found, 0.0, 1.0, n=200)[0]) - POWER  # six digits

    return float(optimize.brentq(lacking, 0.0, 50.0))


def detectable(error: float, df: float) -> float:
    """The smallest difference that a t-test at `LEVEL` finds with `POWER`, for a standard `error` of the difference.

    >>> round(detectable(1.0, 1000.0), 3), round(detectable(1.0, 2.0), 2)  # 1.960 + 0.842 for many, far more for few
    (2.804, 5.65)
    """
    return error * _effect(df)


def paired(ours: Mapping[int, float], other: Mapping[int, float], margin: float = 0.0) -> Paired | None:
    """Whether `ours` differs from `other` plus `margin`, both by seed, over the seeds they share; None without any.

    >>> test = paired({0: 1.0, 1: 2.0, 2: 3.0}, {0: 0.0, 1: 0.0, 2: 0.0})
    >>> round(test.difference, 4), round(test.p, 4)
    (2.0, 0.0742)
    """
    seeds = sorted(ours.keys() & other.keys())
    if not seeds:
        return None
    a, b = [ours[s] for s in seeds], [other[s] for s in seeds]
    border = [y + margin for y in b]
    differences = [x - y for x, y in zip(a, border, strict=True)]
    p = smallest = None
    if len(seeds) >= FEWEST:
        largest = max(map(abs, (*a, *border)))
        if max(differences) - min(differences) <= 1e-9 * largest:  # a t-test of a constant is undefined
            p, smallest = 1.0 if abs(differences[0]) <= 1e-9 * largest else 0.0, 0.0
        else:
            p = float(stats.ttest_rel(a, border).pvalue)
            smallest = detectable(statistics.stdev(differences) / math.sqrt(len(seeds)), float(len(seeds) - 1))
    return Paired(*summary(a), statistics.fmean(b), len(seeds), statistics.fmean(differences), p, smallest)


def unpaired(ours: Sequence[float], other: Sequence[float]) -> Paired:
    """Whether `ours` differ from `other`, values that have nothing to do with each other, by Welch's t-test."""
    enough = min(len(ours), len(other)) >= FEWEST
    mean, theirs = statistics.fmean(ours), statistics.fmean(other)
    if not enough:
        return Paired(*summary(ours), theirs, len(ours), mean - theirs, None)
    test = stats.ttest_ind(ours, other, equal_var=False)
    error = math.sqrt(statistics.variance(ours) / len(ours) + statistics.variance(other) / len(other))
    smallest = detectable(error, float(test.df)) if error else 0.0
    return Paired(*summary(ours), theirs, len(ours), mean - theirs, float(test.pvalue), smallest)


def half_width(values: Sequence[float]) -> float | None:
    """Half the width of the mean's 95 % interval by Student's t, None with fewer than three values.

    >>> round(half_width([1.0, 2.0, 3.0]), 3)  # 4.303 / sqrt(3)
    2.484
    """
    if len(values) < FEWEST:
        return None
    return float(stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))


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


def rank_correlation(points: Sequence[tuple[float, float]]) -> float:
    """Spearman's, of pairs; 0 where the second numbers are all alike."""
    x, y = zip(*points, strict=True)
    return float(stats.spearmanr(x, y).statistic) if len(set(y)) > 1 else 0.0


def centred(values: Sequence[float], groups: Sequence[Hashable]) -> list[float]:
    """Each value less the mean of those in its group.

    >>> centred([1.0, 3.0, 5.0], ["a", "a", "b"])
    [-1.0, 1.0, 0.0]
    """
    of: dict[Hashable, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        of.setdefault(group, []).append(value)
    return [value - statistics.fmean(of[group]) for value, group in zip(values, groups, strict=True)]


class Change(NamedTuple):
    """How a number changes over the seeds that two rows share: both means, the mean difference, and that of each seed.

    `half` is the `half_width` of the difference's interval.
    """

    before: float
    after: float
    difference: float
    half: float | None
    by_seed: tuple[float, ...]


def changed(before: Mapping[int, float], after: Mapping[int, float]) -> Change | None:
    """The change from `before` to `after`, both by seed, over the seeds they share; None without any.

    >>> found = changed({0: 1.0, 1: 2.0, 2: 3.0}, {0: 2.0, 1: 4.0, 2: 6.0, 7: 0.0})
    >>> found.difference, round(found.half, 3), found.by_seed
    (2.0, 2.484, (1.0, 2.0, 3.0))
    """
    seeds = sorted(before.keys() & after.keys())
    if not seeds:
        return None
    of = tuple(after[s] - before[s] for s in seeds)
    first, last = (statistics.fmean(values[s] for s in seeds) for values in (before, after))
    return Change(first, last, statistics.fmean(of), half_width(of), of)


def change(before: Sequence[Result], after: Sequence[Result], metric: Metric, scale: float = 1.0) -> dict[str, Any]:
    """`changed` as text: how `scale` times a metric changes from one row's results to another's.

    "before" and "after" are means, "change" is the mean difference and, from three seeds on, its 95 % interval, with as
    many decimals as half its width needs for two digits; "seeds" is their number. Empty where no seed has both.
    """
    a, b = ({s: scale * v for s, v in by_seed(results, metric).items()} for results in (before, after))
    if (of := changed(a, b)) is None:
        return {}
    mean, half = of.difference, of.half
    means = {"before": f"{of.before:,.4g}", "after": f"{of.after:,.4g}"}
    difference = f"{mean:+,.4g}"
    if half is not None:
        places = decimals(half)
        difference = f"{mean:+,.{places}f} ({mean - half:+,.{places}f} to {mean + half:+,.{places}f})"
    return means | {"change": difference, "seeds": len(of.by_seed)}


def decimals(deviation: float) -> int:
    """How many decimals a deviation needs for two digits, and with it the number that it belongs to.

    >>> decimals(0.0204), decimals(1.0), decimals(99.7), decimals(0.0)
    (3, 1, 0, 0)
    """
    return max(0, 1 - math.floor(math.log10(float(f"{deviation:.1e}")))) if deviation else 0


def rounded(value: float, digits: int) -> str:
    """A number to so many digits without a power of ten: whole from 100 on.

    >>> rounded(3662.9, 3), rounded(0.12345, 3)
    ('3,663', '0.123')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"


def with_deviation(mean: float, deviation: float) -> str:
    """A mean and its standard deviation of two digits; the mean alone where there is none (NaN), as of one value.

    >>> with_deviation(153.0, 108.2), with_deviation(0.8, 0.02), with_deviation(2.0, 0.0), with_deviation(2e4, math.nan)
    ('153 ± 108', '0.800 ± 0.020', '2 ± 0', '20,000')
    """
    if math.isnan(deviation) or not deviation:
        return rounded(mean + 0.0, 4) + ("" if math.isnan(deviation) else " ± 0")
    digits = decimals(deviation)
    return f"{mean + 0.0:,.{digits}f} ± {deviation:,.{digits}f}"
