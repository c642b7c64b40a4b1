"""What a chart of discrepancies is made of: rows with one difference between them, and what it is measured by."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL, Method, Row
from intelvae.paper.statistics import Metric, by_seed

Found = Mapping[str, Results]  # by the name of the experiment


def known(metric: Metric) -> Metric:
    """The same metric, NaN for a result that does not have it."""

    def of(result: Result) -> float:
        try:
            return metric(result)
        except (KeyError, ValueError):  # ValueError: of a distance that the result has at no number of images
            return math.nan

    return of


@dataclass(frozen=True)
class Source:
    """Rows of one method, in whichever of these experiments they are; a number of several rows is their mean."""

    experiments: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def method(self) -> Method:
        """The method of its rows."""
        return self.rows[0].method

    def by_seed(self, found: Found, metric: Metric) -> dict[int, float]:
        """The metric by seed, of the seeds that all rows have."""
        there = [found[name] for name in self.experiments if name in found]
        of = [by_seed([r for each in there for r in each.of(row.name, row.group)], known(metric)) for row in self.rows]
        shared = set.intersection(*(set(each) for each in of))
        return {seed: statistics.fmean(each[seed] for each in of) for seed in sorted(shared)}


@dataclass(frozen=True)
class Discrepancy:
    """One difference between text, code and this book, as a change from the rows `before` to those `after`.

    `topic` is the one of `topics.TOPICS` that tells what it is. `metrics` are those of `before` and `after` where the
    difference is in how the same models are measured; else both have the chart's.
    """

    topic: str
    name: str
    before: Source
    after: Source
    metrics: tuple[Metric, Metric] | None = None

    @property
    def method(self) -> Method:
        """The method that it changes."""
        return self.before.method


@dataclass(frozen=True)
class Chart:
    """The discrepancies of a table or figure of the paper, all measured by one number.

    `measure` says what that is, in `unit`; `digits` is how many a page shows. With `relative` a change is in % of the
    mean of `other` in the metric that is changed, else it is `scale` times the metric's. `ours` and `other` are
    the two sources of the paper's main comparison, if it is one of two methods, `paper` their difference there, if it
    gives one that compares.
    `smaller`: the smaller number is the better one.
    """

    key: str
    where: str
    measure: str
    unit: str
    metric: Metric
    discrepancies: tuple[Discrepancy, ...]
    ours: Source | None = None
    other: Source | None = None
    relative: bool = True
    scale: float = 1.0
    digits: int = 0
    smaller: bool = True
    paper: float | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that it is made from."""
        compared = [source for source in (self.ours, self.other) if source is not None]
        return *compared, *(source for each in self.discrepancies for source in (each.before, each.after))

    def favours(self, method: Method, change: float) -> bool:
        """Whether a change of that method's number is for the InteL-VAE: its own is better, or another's worse."""
        return (change < 0) == (self.smaller == (method == INTEL))
