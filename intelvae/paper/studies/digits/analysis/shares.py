"""Shares in %, as texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from intelvae.paper.results import Result
from intelvae.paper.statistics import Metric

NOT_RUN = "(not run at this profile)"


def run_by_run(results: Iterable[Result], metric: Metric, digits: int = 1, none: str = "") -> str:
    """A share of each result, by commas, or `none` without any."""
    return ", ".join(f"{100 * metric(r):.{digits}f}" for r in results) or none


def mean(results: Sequence[Result], metric: Metric, digits: int = 1, none: str = NOT_RUN) -> str:
    """The mean share of all results, or `none` without any."""
    return f"{fmean(100 * metric(r) for r in results):.{digits}f}" if results else none
