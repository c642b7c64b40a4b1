"""What the page "Speed" says of what `bench` and `bench_steps` measure: aims, a figure, tables and sentences."""

from __future__ import annotations

import importlib.metadata
import platform
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, StrMethodFormatter

from intelvae.paper import bench, bench_steps
from intelvae.paper.bench import Row
from intelvae.paper.kinds import NO_DIFFERENCE
from intelvae.paper.rows import BLUE, GREEN, ORANGE, PINK
from intelvae.paper.style import legend_outside

FIRST = next(iter(bench.CASES))
ONE, FOUR, SEEDS = f"{FIRST}, one run", f"{FIRST}, four runs", "2-D perceptron, 10 seeds"
# How many times as fast ours should be, by case and contender: set before anything was measured.
AIMS = {(case, peer): aim for case, aim in ((ONE, 2.0), (FOUR, 3.0)) for peer in ("plain loop", "pythae")}
AIMS[SEEDS, "one after the other"] = 8.0
LINEAR = 1.0  # the aim for how time grows with the number of images and of seeds, at most
GROWING = ("number of images", "seeds of the 2-D perceptron")
ARTICLES = {"plain loop": "a plain loop"}
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
LOOKS = {
    "plain loop": (BLUE, "o"),
    "pythae": (ORANGE, "s"),
    "ours, in turn on all cores": (GREEN, "^"),
    "one after the other": (PINK, "D"),
}


@dataclass(frozen=True)
class Measured:
    """What `bench` has measured at a profile, in so many rounds."""

    profile: str
    rounds: int
    rows: Sequence[Row]

    def of(self, unit: str) -> list[Row]:
        """The rows in this unit, one of those of `bench`."""
        return [row for row in self.rows if row.unit == unit]

    def provenance(self) -> str:
        """The line under a figure or table: profile, rounds, machine and versions."""
        pythae = f"pythae {importlib.metadata.version('pythae')}" if "pythae" in bench.PEERS else "pythae not installed"
        where = f"{platform.machine()}, {joblib.cpu_count()} cores"
        return f"profile {self.profile}; {self.rounds} rounds; {where}; torch {torch.__version__}; {pythae}"


def measured(profile: str) -> Measured:
    """All of `bench`, which takes a quarter of an hour; at `smoke` one comparison of some seconds, in one round."""
    if profile == "smoke":
        return Measured(profile, 1, bench.seeds_side_by_side(1, seeds=5, steps=50))
    return Measured(profile, bench.REPEATS, list(bench.run(bench.REPEATS)))


def spread(row: Row) -> str:
    """The median over rounds and its range.

    >>> spread(Row("a case", "plain loop", 1.514, 1.3, 1.6, bench.FASTER))
    '1.51 (1.30 to 1.60)'
    """
    return f"{row.ratio:.2f} ({row.low:.2f} to {row.high:.2f})"


def outcome(row: Row) -> str:
    """Whether ours is "faster" in every round, "slower" in every round, or there is "no difference found"."""
    return "faster" if row.low > 1 else "slower" if row.high < 1 else NO_DIFFERENCE


def _met(rows: Iterable[Row]) -> dict[Row, bool]:
    """Of the rows that have an aim, whether the median meets it."""
    return {row: row.ratio >= AIMS[row.case, row.peer] for row in rows if (row.case, row.peer) in AIMS}


def answer(found: Measured) -> str:
    """What the box at the top of the page says: how many aims are met, and the ratios behind them, as Markdown."""
    rows = found.of(bench.FASTER)
    met = _met(rows)
    lines = [f"On this machine the library meets {sum(met.values())} of its {len(met)} speed aims."]
    if not met:
        lines = [f"At the profile `{found.profile}` no aim is judged: one comparison is timed, too short to tell."]
    said = {
        "One training on all cores": [row for row in met if row.case == ONE],
        "Four trainings at once, one thread each": [row for row in met if row.case == FOUR],
        "Seeds as one batched model": [row for row in rows if row.peer == "one after the other"],
    }
    for name, of in said.items():
        if of:
            times = ", ".join(f"{row.ratio:.3g} times as fast as {ARTICLES.get(row.peer, row.peer)}" for row in of)
            lines.append(f"- **{name}:** {times}.")
    if "pythae" not in bench.PEERS:
        lines.append("- The library pythae is not installed here, so it is left out.")
    return "\n".join([lines[0], "", *lines[1:]])


def ratios(found: Measured) -> Figure:
    """How many times as fast ours is as each contender: medians over rounds, their range, and the aims, by case."""
    rows = found.of(bench.FASTER)
    cases = list(dict.fromkeys(row.case for row in rows))
    peers = [peer for peer in LOOKS if any(row.peer == peer for row in rows)]
    figure, axis = plt.subplots(figsize=(7, 1.3 + 0.55 * len(cases)), layout="constrained")
    axis.axvline(1, color="black", lw=0.8, ls=":")
    for peer in peers:
        of = [row for row in rows if row.peer == peer]
        at = [cases.index(row.case) + _beside(row, rows) for row in of]
        color, marker = LOOKS[peer]
        ends = [[row.ratio - row.low for row in of], [row.high - row.ratio for row in of]]
        look: dict[str, Any] = {"fmt": marker, "color": color, "ms": 5, "capsize": 2}
        axis.errorbar([row.ratio for row in of], at, xerr=ends, label=f"against {peer}", **look)
    aims = sorted({(AIMS[row.case, row.peer], cases.index(row.case)) for row in _met(rows)})
    if aims:
        stroke: dict[str, Any] = {"ls": "", "marker": "|", "mew": 2, "color": "black"}
        axis.plot(*zip(*aims, strict=True), ms=22, **stroke)
        axis.plot([], [], ms=8, label="aim", **stroke)
    axis.set(xscale="log", xlabel="times as fast (median and range over rounds)", ylabel="what is trained")
    axis.set(yticks=range(len(cases)), yticklabels=[textwrap.fill(case, 26) for case in cases])
    axis.set_ylim(len(cases) - 0.4, -0.6)
    low = min([0.5, *(0.9 * row.low for row in rows)])
    high = max([2.2, *(1.1 * row.high for row in rows), *(1.1 * aim for aim, _ in aims)])
    axis.set(xlim=(low, high), xticks=[tick for tick in TICKS if low <= tick <= high])
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    legend_outside(figure, axis, ncols=3, fontsize=8)
    sns.despine(figure)
    return figure


def _beside(row: Row, rows: Sequence[Row]) -> float:
    """How far below the middle of its case a row is drawn, so that the contenders of one case are apart."""
    peers = [peer for peer in LOOKS if any((other.case, other.peer) == (row.case, peer) for other in rows)]
    return 0.22 * (peers.index(row.peer) - (len(peers) - 1) / 2)


def table(found: Measured) -> pd.DataFrame:
    """All ratios but the slopes: a line for each case and contender."""
    return pd.DataFrame(
        {"case": row.case, "against": row.peer, "median (range)": spread(row), "unit": row.unit}
        for row in found.rows
        if row.unit != bench.SLOPE
    )


def judged(found: Measured) -> pd.DataFrame:
    """The aims that were measured: a line each, with what was aimed at and what came of it."""
    return pd.DataFrame(
        {
            "case": row.case,
            "against": row.peer,
            "aim": f"{AIMS[row.case, row.peer]:.0f}",
            "times as fast": spread(row),
            "met": "yes" if met else "no",
        }
        for row, met in _met(found.of(bench.FASTER)).items()
    )


def slopes(found: Measured) -> pd.DataFrame:
    """How time grows: the slope of its logarithm against that of a size, a line for each size."""
    return pd.DataFrame(
        {"time grows with the": row.peer, "slope (range)": spread(row)} for row in found.of(bench.SLOPE)
    )


def growth(found: Measured) -> str:
    """Whether time grows no faster than the number of images and of seeds, in a sentence."""
    of = [row for row in found.of(bench.SLOPE) if row.peer in GROWING]
    if not of:
        return f"How cost grows is not measured at the profile `{found.profile}`."
    said = " and ".join(f"{row.ratio:.2f} for the {row.peer}" for row in of)
    aim = "met by both" if all(row.ratio <= LINEAR for row in of) else "not met by both"
    return f"The slope is {said}. The aim, no more than 1, is {aim}."


def ceiling(found: Measured) -> str:
    """What share of a matrix product's speed whole trainings reach, in a sentence."""
    of = found.of(bench.SHARE)
    if not of:
        return f"How near they come to it is not measured at the profile `{found.profile}`."
    low, high = (100 * end(row.ratio for row in of) for end in (min, max))
    return f"Whole trainings of the three networks reach between {low:.0f} and {high:.0f} % of that speed."


def gains(rows: Iterable[Row]) -> pd.DataFrame:
    """What rewritings and variants bring: a line each."""
    return pd.DataFrame({"what": row.case, "times as fast": spread(row), "in all rounds": outcome(row)} for row in rows)


def parts(shares: Mapping[str, float]) -> pd.DataFrame:
    """The shares of a step, `bench_steps.shares`, as a table in whole per cent."""
    return pd.DataFrame({"kind of operation": name, "share, %": f"{share:.0f}"} for name, share in shares.items())


def left(shares: Mapping[str, float]) -> str:
    """What of a step is torch's own code, so that only the rest could be saved, in a sentence."""
    own = sum(shares.get(name, 0.0) for name in bench_steps.KERNELS)
    return (
        f"Convolutions, matrix products and batch norm take {own:.0f} % of a step. In the same precision a "
        "plain loop spends as much on them, since its code for them is the same."
    )


def of_units(rows: Sequence[Row]) -> str:
    """How much faster products in bfloat16 are, `bench_steps.products`, in a sentence."""
    if not rows:
        return "On this machine training is in float32, since bfloat16 would not make it faster."
    return f"On this machine a product in bfloat16 is {rows[0].ratio:.1f} times as fast as one in float32."
