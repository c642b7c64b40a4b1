"""What the page "What it costs, and how far it scales" says of `costs`, `bench_sweeps` and `scheduling`."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, StrMethodFormatter

from intelvae.paper import bench_gpu, bench_sweeps, costs, speed
from intelvae.paper.bench import REPEATS, Row
from intelvae.paper.bench_sweeps import HAS_DASK, INSTALL, PerTask
from intelvae.paper.costs import Cost
from intelvae.paper.rows import AMBER, BLUE, GREEN, ORANGE
from intelvae.paper.scheduling import HOUR, WORKERS, bounds, enough, on_gpus, parts, time_on
from intelvae.paper.store import store_of
from intelvae.paper.style import legend_outside

GRID = tuple(2**i for i in range(11))
LOOKS = {"paper": (BLUE, "o", "-"), "laptop": (ORANGE, "s", "--")}
NETWORKS = {"mathieu": (BLUE, "o"), "mathieu-offset": (ORANGE, "s"), "authors": (GREEN, "^"), "faces": (AMBER, "D")}
TICKS = tuple(digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5))
SMALL = 0.02  # of all hours: experiments below are drawn as one


@dataclass(frozen=True)
class Measured:
    """What the page rests on: costs by profile, what steps tell of them, times on workers here, and dask's per task.

    `stages` are those of `bench_gpu.slots`.
    """

    profile: str
    costs: Mapping[str, Sequence[Cost]]
    foretold: pd.DataFrame
    rounds: int
    workers: Sequence[Row]
    per_task: PerTask | None
    stages: Sequence[Mapping[str, Any]] = ()

    def seconds(self, profile: str) -> list[float]:
        """The seconds of each part that a sweep of `profile` hands to a worker on a CPU, in its order."""
        return parts(self.costs[profile], "cpu", 1)

    @property
    def apart(self) -> float:
        """Seconds between two tasks of a scheduler, 0 where dask is not there to measure them."""
        return self.per_task.seconds if self.per_task else 0.0

    def provenance(self) -> str:
        """The line under a figure or table: which records, and on what the rest was measured."""
        recorded = {profile: sum(cost.recorded for cost in of) for profile, of in self.costs.items()}
        told = [f"{name}: {n:,} of {len(self.costs[name]):,} trainings have a record" for name, n in recorded.items()]
        where = f"{platform.machine()}, {joblib.cpu_count()} cores; torch {torch.__version__}"
        return "\n".join([*told, f"workers and scheduler: profile {self.profile}; {self.rounds} rounds; {where}"])


def measured(profile: str) -> Measured:
    """All of it, which takes some minutes; at `smoke` with one round and few tasks, the records being the same."""
    found = costs.known(store_of("paper"))
    of = {each: costs.of(each, found) for each in LOOKS}
    rounds, tasks, size = (1, 200, (2, 1)) if profile == "smoke" else (REPEATS, 10_000, (8, 5))
    per_task = bench_sweeps.per_task(tasks) if HAS_DASK else None
    scaling = bench_sweeps.two_workers(rounds, *size, with_dask=HAS_DASK and profile != "smoke")
    return Measured(profile, of, costs.foretold(found), rounds, scaling, per_task, bench_gpu.slots())


def duration(seconds: int | float) -> str:
    """A time in words, to two or three digits.

    >>> duration(0.0071), duration(95), duration(7200), duration(15_849_000)
    ('7.1 ms', '95 s', '2.0 hours', '183 days')
    """
    below = {"ms": (0.001, 1), "s": (1, 120), "minutes": (60, 7200), "hours": (HOUR, 7 * 24 * HOUR)}
    unit = next((unit for unit, (_, end) in below.items() if seconds < end), "days")
    size = below[unit][0] if unit in below else 24 * HOUR
    return f"{seconds / size:.{1 if seconds / size < 10 else 0}f} {unit}"


def about(number: int | float) -> str:
    """A number to two digits.

    >>> about(101), about(1_269_000), about(6)
    ('100', '1,300,000', '6')
    """
    return f"{float(f'{number:.2g}'):,.0f}"


def answer(found: Measured) -> str:
    """What the box at the top of the page says, as Markdown."""
    seconds = found.seconds("paper")
    one, *_, many = (time_on(seconds, workers, found.apart) for workers in WORKERS)
    recorded, most = sum(cost.recorded for cost in found.costs["paper"]), about(enough(seconds))
    lines = [
        f"All of `paper` takes one processor core {duration(one)}, and {WORKERS[-1]} cores {duration(many)}. "
        f"From about {most} cores on, the limit is the longest training, {duration(max(seconds))}.",
        "",
        f"- **Where the time goes:** {of_faces(found.costs['paper'])}.",
        f"- **How far to trust it:** {recorded:,} of {len(found.costs['paper']):,} trainings have been run. The others "
        f"are estimated from steps, half of them within a factor of {costs.factors(found.foretold)[0]:.1f}.",
    ]
    if found.per_task:
        lines.append(f"- **Handing out** a task takes {duration(found.apart)}, far less than a training.")
    on_gpu = on_gpus(found.costs["paper"], found.stages)
    if on_gpu.empty:
        lines.append("- **On a GPU** nothing has been measured so far: all times here are of processors.")
    else:
        trainings, of, hours = on_gpu.iloc[0][["trainings", "of", "hours"]]
        lines.append(
            f"- **On one GPU** the trainings on images take {hours:.3g} hours ({trainings:,.0f} of {of:,.0f}; the "
            "networks of the others have not been measured there)."
            if trainings < of
            else f"- **On one GPU** the trainings on images take {hours:.3g} hours."
        )
    return "\n".join(lines)


def of_faces(of: Sequence[Cost]) -> str:
    """The share of all time that goes to faces, and what the rest takes, in words."""
    faces = sum(cost.seconds for cost in of if cost.work.training.data == "celeba")
    every = sum(cost.seconds for cost in of)
    return f"faces take {100 * faces / every:.0f} % of it, and all the rest {duration(every - faces)} of one core"


def faces(found: Measured) -> str:
    """Why `paper` spends so long on faces, in a sentence."""
    told = {}
    for profile, every in found.costs.items():
        of = [cost.work.training for cost in every if cost.work.training.data == "celeba"]
        epochs = " or ".join(map(str, sorted({run.epochs for run in of})))
        told[profile] = f"{bench_gpu.examples(of[0]):,} for {epochs} epochs"
    return (
        f"Faces take long because of their number. The profile `laptop` learns from {told['laptop']}, and `paper` from "
        f"all {told['paper']}."
    )


def times(found: Measured) -> Figure:
    """Time against the number of workers, by profile, with what bounds it: the longest run, and the scheduler."""
    figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for profile, (color, marker, dashes) in LOOKS.items():
        seconds = found.seconds(profile)
        hours = [time_on(seconds, workers, found.apart) / HOUR for workers in GRID]
        shown = [GRID.index(workers) for workers in WORKERS]
        axis.plot(GRID, hours, color=color, ls=dashes, marker=marker, ms=5, markevery=shown, label=profile)
        bound = bounds(seconds, 1, found.apart)
        for what, height in list(bound.items())[1:]:
            if height:
                axis.axhline(height / HOUR, color=color, lw=0.8, ls=":")
                label = f"{profile}: {what}, {duration(height)}"
                look: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8, "ha": "right", "va": "top"}
                axis.annotate(label, (GRID[-1], height / HOUR), (0, -3), **look)
    axis.set(xscale="log", yscale="log", xlabel="workers, one core each", ylabel="hours")
    axis.margins(y=0.1)
    axis.set(xticks=GRID[::2], xlim=(GRID[0] * 0.9, GRID[-1] * 1.1))
    for each in (axis.xaxis, axis.yaxis):
        each.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    legend_outside(figure, axis, ncols=2)
    sns.despine(figure)
    return figure


def experiments(found: Measured) -> Figure:
    """Hours of one core for each experiment, by profile, recorded and estimated; those that take little are one bar."""
    hours = {profile: gathered(costs.by_experiment(of)) for profile, of in found.costs.items()}
    heights = [len(frame) for frame in hours.values()]
    figure, axes = plt.subplots(
        len(hours), 1, figsize=(7, 1.6 + 0.24 * sum(heights)), layout="constrained", height_ratios=heights
    )
    for axis, (profile, frame) in zip(axes, hours.items(), strict=True):
        color = LOOKS[profile][0]
        names = [textwrap.fill(name, 26) for name in frame.index]
        axis.barh(names, frame["recorded"], color=color, label="recorded")
        bar: dict[str, Any] = {"color": "white", "edgecolor": color, "hatch": "////", "label": "estimated"}
        axis.barh(names, frame["estimated"], left=frame["recorded"], **bar)
        axis.invert_yaxis()
        axis.set(title=profile, xlabel="hours of one core", ylabel="experiment")
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axis.tick_params(axis="y", labelsize=8)
    legend_outside(figure, axes[0], ncols=2)
    sns.despine(figure)
    return figure


def gathered(frame: pd.DataFrame) -> pd.DataFrame:
    """`costs.by_experiment`, the longest first, with all that take less than `SMALL` as one row."""
    total = frame[["recorded", "estimated"]].sum(axis=1)
    large = total >= SMALL * total.sum()
    few = frame[large].loc[total[large].sort_values(ascending=False).index]
    if large.all():
        return few
    return pd.concat([few, frame[~large].sum().to_frame(f"all others ({(~large).sum()})").T])


def told(found: Measured) -> Figure:
    """Seconds of each record on images against what its steps tell, with lines at twice and half."""
    figure, axis = plt.subplots(figsize=(5, 4.2), layout="constrained")
    frame = found.foretold
    for network, (color, marker) in NETWORKS.items():
        of = frame[frame["network"] == network]
        look: dict[str, Any] = {"ls": "", "ms": 4, "alpha": 0.5, "mew": 0}
        axis.plot(of["told"] / HOUR, of["seconds"] / HOUR, marker=marker, color=color, label=network, **look)
    ends = [frame["told"].min() / HOUR, frame["told"].max() / HOUR]
    for factor, dashes, name in ((1, "-", "as estimated"), (2, ":", "twice and half"), (0.5, ":", None)):
        axis.plot(ends, [factor * end for end in ends], color="black", lw=0.8, ls=dashes, label=name)
    axis.set(xscale="log", yscale="log", xlabel="hours estimated from others", ylabel="hours that it took")
    for each, reach in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim())):
        each.set_ticks([tick for tick in TICKS if reach[0] <= tick <= reach[1]])
        each.set_major_formatter(StrMethodFormatter("{x:g}"))
        each.set_minor_locator(NullLocator())
    legend_outside(figure, axis, ncols=3, fontsize=8)
    sns.despine(figure)
    return figure


def table(found: Measured) -> pd.DataFrame:
    """All experiments: trainings and hours of one core at each profile, a plus where some of them are estimated."""
    columns: dict[str, Any] = {}
    for profile, of in found.costs.items():
        frame = costs.by_experiment(of)
        columns[f"trainings, {profile}"] = frame["trainings"]
        columns[f"hours, {profile}"] = frame["recorded"] + frame["estimated"]
        columns[f"of these hours estimated, {profile}"] = frame["estimated"]
    frame = pd.DataFrame(columns).fillna(0.0)
    whole = [name for name in columns if name.startswith("trainings")]
    return frame.astype(dict.fromkeys(whole, int)).round(1).rename_axis("experiment")


def on_workers(found: Measured) -> pd.DataFrame:
    """The time of each profile on 1, 8 and 64 workers, and in the best order."""
    lines = []
    for profile in LOOKS:
        seconds = found.seconds(profile)
        for workers in WORKERS:
            best = time_on(sorted(seconds, reverse=True), workers, found.apart)
            lines.append(
                {
                    "profile": profile,
                    "workers": workers,
                    "time": duration(time := time_on(seconds, workers, found.apart)),
                    "longest first": duration(best),
                    "times as fast": f"{sum(seconds) / time:.1f}",
                }
            )
    return pd.DataFrame(lines)


def scaling(found: Measured) -> pd.DataFrame:
    """How many times as fast two workers are as one, a line for each library that hands out."""
    return pd.DataFrame(
        {"two workers of": row.case, "times as fast as one": speed.spread(row)} for row in found.workers
    )


def handing_out(found: Measured) -> str:
    """What the scheduler adds to a task, in sentences."""
    task = found.per_task
    if task is None:
        return f"Dask is not installed here, so this is not measured: `{INSTALL}`."
    return f"""
With {task.tasks:,} empty runs on two workers a task takes {duration(task.seconds)}. The client's processor is busy for
{duration(task.client)} of it, and the scheduler's for {duration(task.scheduler)}. Each is one process, so they can hand
out about {about(1 / max(task.client, task.scheduler))} tasks a second at most.
"""


def spread(found: Measured) -> str:
    """How well steps tell seconds, of all records and of faces, in sentences."""
    half, most = costs.factors(found.foretold)
    faces = found.foretold[found.foretold["network"] == "faces"]
    _, most_of_faces = costs.factors(faces)
    return f"""
Of {len(found.foretold)} records half are within a factor of {half:.1f}, and nine of ten within {most:.1f}. Faces take
most of the time; for the {len(faces)} on faces, nine of ten are within {most_of_faces:.1f}.
"""


def limit(found: Measured) -> str:
    """Where `paper` stops scaling and why, and what its order costs on the most workers, in sentences."""
    seconds, workers = found.seconds("paper"), WORKERS[-1]
    here, best = (time_on(order, workers, found.apart) for order in (seconds, sorted(seconds, reverse=True)))
    most = about(enough(seconds))
    told = f"""
From about {most} workers on, the limit of `paper` is the longest run, {duration(max(seconds))}, in whatever order. On
{workers} workers the sweep's order takes {duration(here)}. Longest first, it would take {duration(best)}.
"""
    if not found.apart:
        return told
    longer = about(sum(seconds) / len(seconds) / found.apart)
    return f"""{told}
The scheduler is no limit. Handing out all of `paper` takes {duration(found.apart * len(seconds))}. The mean task takes
some {longer} times as long as handing it out does.
"""
