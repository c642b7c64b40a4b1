"""Charts of discrepancies, filled with results: bars, the paper's effect and ours, and what the page says of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from intelvae.paper.prose import Folded, Table
from intelvae.paper.results import Results
from intelvae.paper.statistics import Change, Metric, changed
from intelvae.paper.studies.digits.analysis.shares import NOT_RUN
from intelvae.paper.studies.discrepancies import curves, tables
from intelvae.paper.studies.discrepancies.parts import Chart, Discrepancy, Found, Source


def label_of(change: Discrepancy) -> str:
    """Whose number a discrepancy changes, and what is done in another way."""
    return f"{change.method.name}: {change.name}"


@dataclass(frozen=True)
class Bar:
    """A discrepancy and how it changes its chart's number; `favours` whether that is for the InteL-VAE.

    The change is in the chart's unit: `times` the metric.
    """

    discrepancy: Discrepancy
    change: Change
    favours: bool
    times: float = 1.0

    @property
    def label(self) -> str:
        """Whose number it changes, and what is done in another way."""
        return label_of(self.discrepancy)


@dataclass(frozen=True)
class Filled:
    """A chart with its bars, the largest first, and by how much our InteL-VAE differs from the VAE (None: no runs).

    `times` the metric is that difference's unit, as of a `Bar`.
    """

    chart: Chart
    bars: Sequence[Bar]
    effect: Change | None
    times: float = 1.0

    @property
    def lacking(self) -> int:
        """How many of the chart's discrepancies have no run."""
        return len(self.chart.discrepancies) - len(self.bars)


def charts(profile: str) -> tuple[Chart, ...]:
    """All charts, in the order of the page."""
    return *tables.charts(profile), *curves.charts()


def experiments(profile: str) -> list[str]:
    """The names of the experiments that the charts are made from."""
    sources = [source for chart in charts(profile) for source in chart.sources]
    return list(dict.fromkeys(name for source in sources for name in source.experiments))


def scale(chart: Chart, found: Found, metric: Metric) -> float:
    """What a change of a metric is multiplied by to be in the chart's unit; NaN where that needs runs and has none."""
    if not chart.relative:
        return chart.scale
    values = chart.other.by_seed(found, metric) if chart.other else {}
    return 100 / statistics.fmean(values.values()) if values else math.nan


def _change(
    chart: Chart, found: Found, sources: tuple[Source, Source], metrics: tuple[Metric, Metric]
) -> Change | None:
    times = scale(chart, found, metrics[0])
    if math.isnan(times):
        return None
    before, after = (
        {seed: times * value for seed, value in source.by_seed(found, metric).items()}
        for source, metric in zip(sources, metrics, strict=True)
    )
    return changed(before, after)


def fill(chart: Chart, found: Found) -> Filled:
    """The chart with those of its discrepancies that have been run, sorted by the size of their change."""
    same = (chart.metric, chart.metric)
    bars = []
    for each in chart.discrepancies:
        metrics = each.metrics or same
        if change := _change(chart, found, (each.before, each.after), metrics):
            times = scale(chart, found, metrics[0])
            bars.append(Bar(each, change, chart.favours(each.method, _told(chart, change)), times))
    ordered = sorted(bars, key=lambda bar: abs(_told(chart, bar.change)), reverse=True)
    effect = _change(chart, found, (chart.other, chart.ours), same) if chart.other and chart.ours else None
    return Filled(chart, ordered, effect, scale(chart, found, chart.metric))


def _told(chart: Chart, change: Change) -> float:
    """The change to one digit more than is shown: below that, processors that round in another way disagree."""
    return round(change.difference, chart.digits + 1)


def every(found: Found, profile: str) -> dict[str, Filled]:
    """All charts, filled, by their key."""
    return {chart.key: fill(chart, found) for chart in charts(profile)}


def text(chart: Chart, change: Change | float | None) -> str:
    """A change as the page says it, with its unit, and from three seeds on its interval.

    >>> text(charts("laptop")[0], 12.34)
    '+12 %'
    """
    if change is None:
        return NOT_RUN
    mean, half = (change, None) if isinstance(change, float) else (change.difference, change.half)
    form = f"+.{chart.digits}f"
    mean, *ends = (
        round(value, chart.digits) + 0.0 for value in (mean, *(() if half is None else (mean - half, mean + half)))
    )
    unit = " %" if chart.relative else f" {chart.unit}" * bool(chart.unit)
    interval = f" ({ends[0]:{form}} to {ends[1]:{form}})" if ends else ""
    return with_minus(f"{mean:{form}}{interval}{unit}")


def with_minus(number: str) -> str:
    """The same with a minus sign instead of each hyphen."""
    return number.replace("-", "\N{MINUS SIGN}")


def said(filled: Filled, label: str) -> str:
    """The change of the bar with that label (`Bar.label`), without its interval, or that it has not been run.

    Raises `ValueError` for another label.
    """
    bar = bar_of(filled, label)
    return text(filled.chart, bar.change.difference if bar else None)


def ends(filled: Filled, label: str) -> str:
    """The means before and after, of a chart that is relative as the metric has them. Raises as `said` does."""
    bar = bar_of(filled, label)
    if bar is None:
        return NOT_RUN
    return " to ".join(_mean(filled.chart, value, bar.times) for value in (bar.change.before, bar.change.after))


def _mean(chart: Chart, value: float, times: float) -> str:
    return f"{value / times if chart.relative else value:,.{chart.digits}f}"


def effect(filled: Filled) -> tuple[str, str]:
    """By how much the InteL-VAE differs from the VAE here and in the paper, which may have no number that compares."""
    ours = None if filled.effect is None else filled.effect.difference
    return text(filled.chart, ours), "" if filled.chart.paper is None else text(filled.chart, filled.chart.paper)


def of_the_vae(filled: Filled) -> str:
    """The VAE's own mean, of a chart that is relative as the metric has it."""
    return NOT_RUN if filled.effect is None else _mean(filled.chart, filled.effect.before, filled.times)


def of_the_intel_vae(filled: Filled) -> str:
    """The InteL-VAE's own mean, as `of_the_vae`."""
    return NOT_RUN if filled.effect is None else _mean(filled.chart, filled.effect.after, filled.times)


def bar_of(filled: Filled, label: str) -> Bar | None:
    """The bar with that label (`Bar.label`), None if it has not been run. Raises `ValueError` for another label."""
    labels = {label_of(each) for each in filled.chart.discrepancies}
    if label not in labels:
        raise ValueError(f"{filled.chart.where} has no bar {label!r}: there are {', '.join(sorted(labels))}")
    return next((bar for bar in filled.bars if bar.label == label), None)


def lines(filled: Filled) -> list[dict[str, Any]]:
    """The bars as a table's lines."""
    return [
        {
            "what is changed": bar.label,
            "change": text(filled.chart, bar.change),
            "helps the InteL-VAE": "yes" if bar.favours else "no",
            "seeds": len(bar.change.by_seed),
        }
        for bar in filled.bars
    ]


def numbers(*charts: Filled) -> Folded:
    """The lines of charts that stand above one another, folded."""
    title = "All numbers of this chart" if len(charts) == 1 else "All numbers of these charts"
    return Folded(title, Table(pd.concat(pd.DataFrame(lines(filled)) for filled in charts)))


def moved(found: dict[str, Filled], topic: str) -> list[str]:
    """What a topic moves: of each chart that has bars of it the largest, in words."""
    texts = []
    for filled in found.values():
        if bar := next((bar for bar in filled.bars if bar.discrepancy.topic == topic), None):
            texts.append(f"{filled.chart.where}: {text(filled.chart, bar.change.difference)}")
    return texts


def load(found: Sequence[Results]) -> Found:
    """Results by the name of their experiment."""
    return {results.experiment: results for results in found}
