"""Tornado charts: what each discrepancy between text, code and this book moves, the largest first."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator

from intelvae.paper.studies.discrepancies.analysis import Bar, Filled

WIDEST = 10.0  # times the bar that a quarter of all are longer than: beyond that an axis is logarithmic
AT_MOST = 50  # letters of a label's line


def tornado(charts: Sequence[Filled]) -> Figure:
    """A panel a chart: a bar a discrepancy, as long as the change it makes, in the colour of the method it changes.

    Full bars are for the InteL-VAE (its own number gets better, or another's worse), empty ones against it. A bar of
    three seeds and more has its 95 % interval, one of fewer a mark a seed. Lines: the difference between InteL-VAE and
    VAE, dotted ours and, where the paper's compares, dashed the paper's.
    """
    heights = [max(3, len(each.bars)) for each in charts]
    figure, axes = plt.subplots(
        len(charts),
        1,
        figsize=(7.5, 0.25 * sum(heights) + 0.9 * len(charts)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for axis, filled in zip(axes[:, 0], charts, strict=True):
        _panel(axis, filled)
    figure.supylabel("whose number, and what is changed", fontsize=8)
    if any(each.bars for each in charts):
        _legend(figure, charts)
    sns.despine(figure)
    return figure


def _panel(axis: plt.Axes, filled: Filled) -> None:
    chart, bars = filled.chart, filled.bars
    for place, bar in enumerate(reversed(bars)):
        _bar(axis, place, bar)
    axis.set_yticks(range(len(bars)), [fill(bar.label, AT_MOST) for bar in reversed(bars)], fontsize=7)
    axis.set_ylim(-0.7, max(len(bars), 1) - 0.3)
    axis.axvline(0, color="black", lw=0.8)
    if filled.effect is not None:
        axis.axvline(filled.effect.difference, color="black", ls=":", lw=1.2)
    if chart.paper is not None:
        axis.axvline(chart.paper, color="black", ls="--", lw=1.2)
    unit = f", {chart.unit}" * bool(chart.unit)
    limits = [end for bar in bars for end in _ends(bar)]
    sizes = [abs(bar.change.difference) for bar in bars]  # the largest first
    label = f"change of the {chart.measure}{unit}"
    if sizes and 0 < WIDEST * (quarter := sizes[len(sizes) // 4]) < sizes[0]:
        border = float(f"{quarter:.1g}")
        axis.set_xscale("symlog", linthresh=border, linscale=1.5)
        label += f"\n(logarithmic beyond ±{border:g})"
        above = [m * 10.0**k for k in range(-3, 6) for m in (1, 2, 5) if m * 10.0**k > 1.5 * border]
        axis.xaxis.set_major_locator(
            FixedLocator([0.0, *(sign * x for x in (border / 2, border, *above) for sign in (1, -1))])
        )
        axis.xaxis.set_major_formatter("{x:g}")
    else:
        of = [*limits, chart.paper or 0.0, filled.effect.difference if filled.effect else 0.0, 0.0]
        room = 0.04 * (max(of) - min(of) or 1.0)
        axis.set_xlim(min(of) - room, max(of) + room)
    axis.set_xlabel(label, fontsize=8)
    axis.set_title(chart.where if bars else f"{chart.where}: none of it has been run at this profile", fontsize=9)
    axis.tick_params(axis="x", labelsize=8)


def _ends(bar: Bar) -> tuple[float, ...]:
    """How far a bar reaches, with all that is drawn of it."""
    change = bar.change
    if change.half is None:
        return 0.0, change.difference, *change.by_seed
    return 0.0, change.difference, change.difference - change.half, change.difference + change.half


def _bar(axis: plt.Axes, place: int, bar: Bar) -> None:
    change, color = bar.change, bar.discrepancy.method.color
    axis.barh(place, change.difference, height=0.62, fill=bar.favours, facecolor=color, edgecolor=color, lw=1.2)
    if change.half is None:
        of = change.by_seed
        axis.plot(of, [place] * len(of), "o", ms=3.5, color="black", mfc="white", mew=0.8, ls="none")
    else:
        axis.errorbar(change.difference, place, xerr=change.half, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)


def _legend(figure: Figure, charts: Sequence[Filled]) -> None:
    """What full and empty bars, marks and lines mean, as far as they are there."""
    bars = [bar for filled in charts for bar in filled.bars]
    handles: list = []
    for full, title in ((True, "helps the InteL-VAE"), (False, "harms it")):
        if any(bar.favours is full for bar in bars):
            handles.append(Patch(fill=full, facecolor="black", edgecolor="black", label=title))
    if any(bar.change.half is None for bar in bars):
        handles += plt.plot([], [], "o", ms=3.5, color="black", mfc="white", mew=0.8, label="one seed")
    if any(filled.effect is not None for filled in charts):
        handles += plt.plot([], [], ":", color="black", lw=1.2, label="InteL-VAE minus VAE, here")
    if any(filled.chart.paper is not None for filled in charts):
        handles += plt.plot([], [], "--", color="black", lw=1.2, label="in the paper")
    figure.legend(handles=handles, loc="outside upper center", frameon=False, ncols=5, fontsize=8)
