"""The figures and tables of the sparsity pages: Figures 7, 8 and C.3 of the paper, from records."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from intelvae.data.images import CLASSES
from intelvae.metrics import downstream
from intelvae.paper import tasks
from intelvae.paper.experiments.sparsity import setting
from intelvae.paper.plots.common import BLUE, BY_METHOD, MEAN_AND_SD, ORANGE, STYLE, legend_outside
from intelvae.paper.plots.interactive import Explorer
from intelvae.paper.records import Record, RunConfig
from intelvae.paper.rules import frechet, measured, summary
from intelvae.paper.tasks.measures import FIGURE_8

HOYER = measured("hoyer_sample")


def by_setting(records: Sequence[Record]) -> dict[str, dict[float, list[Record]]]:
    """Records by method and then by the value of what the method varies (0 for the VAE), both in order."""
    found: dict[str, dict[float, list[Record]]] = {}
    for record in records:
        varied = setting(record.config)
        found.setdefault(record.config.method, {}).setdefault(varied[1] if varied else 0.0, []).append(record)
    return {method: dict(sorted(of.items())) for method, of in found.items()}


def shared(settings: Iterable[Sequence[Record]]) -> set[int]:
    """The seeds that all settings with a record have: means over others do not compare, as seeds are far apart."""
    seeds = [{r.config.seed for r in of} for of in settings if of]
    return set.intersection(*seeds) if seeds else set()


def comparable(records: Sequence[Record]) -> list[Record]:
    """The records of the seeds that all settings among them have."""
    settings: dict[RunConfig, list[Record]] = {}
    for r in records:
        settings.setdefault(dataclasses.replace(r.config, seed=0), []).append(r)
    seeds = shared(settings.values())
    return [r for r in records if r.config.seed in seeds]


def _bar(values: Sequence[float]) -> tuple[float, float]:
    """Mean and deviation; no deviation for a single value."""
    mean, sd = summary(values)
    return mean, sd if len(values) > 1 else 0.0


@dataclass(frozen=True)
class Column:
    """A column of a `table`: a metric by its name or a function of a record, and how its mean over seeds is written."""

    metric: str | Callable[[Record], float]
    digits: int = 2
    scale: float = 1.0
    spread: bool = False  # the standard deviation over seeds as well

    def values(self, records: Sequence[Record]) -> list[float]:
        """The metric of each record, scaled."""
        return [self.scale * (self.metric(r) if callable(self.metric) else r.metrics[self.metric]) for r in records]

    def text(self, records: Sequence[Record]) -> str:
        """The cell of these records, the seeds of one setting."""
        mean, sd = summary(self.values(records))
        after = f"\xa0±\xa0{sd:.{self.digits}f}" if self.spread and len(records) > 1 else ""
        return f"{mean:.{self.digits}f}{after}"


def table(rows: Iterable[tuple[Mapping[str, str], Sequence[Record]]], columns: Mapping[str, Column]) -> pd.DataFrame:
    """A row for each setting, given as what names it and its records over seeds; empty where there is none.

    Names break at their commas only: a narrow page would otherwise have a line for each word.
    """
    filled = [
        {
            **{k: v.replace(" ", "\xa0").replace(",\xa0", ", ") for k, v in names.items()},
            **{title: column.text(of) for title, column in columns.items()},
            "seeds": len(of),
        }
        for names, of in rows
        if of
    ]
    frame = pd.DataFrame(filled)
    return frame.set_index([name for name in frame if name not in (*columns, "seeds")]) if filled else frame


def settings(records: Sequence[Record]) -> list[tuple[Mapping[str, str], Sequence[Record]]]:
    """The rows of a `table` with one for each setting of each method."""
    return [
        ({"method": method, "γ or α": f"{value:g}" if method != "VAE" else ""}, of)
        for method, by_value in by_setting(records).items()
        for value, of in by_value.items()
    ]


def trade_off(
    records: Sequence[Record],
    distance: str,
    score: Callable[[Record], float] = HOYER,
    label: str = "Hoyer score",
) -> Figure:
    """Figures 7 and C.3, left: the distance of samples against the sparsity of codes, means and deviations over seeds.

    One line a method, along what it varies, with its values beside the points; dashed lines show where the VAE is.
    `score` is that of a record; `distance` and `label` are the names of the two axes.
    """
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    points = []
    for method, of in by_setting(records).items():
        x, y = (np.array([_bar([f(r) for r in runs]) for runs in of.values()]).T
                for f in (score, frechet))  # fmt: skip
        varied = setting(next(iter(of.values()))[0].config)
        title = f"{method} ({ {'gamma': 'γ', 'alpha': 'α'}[varied[0]] })" if varied else method
        axis.errorbar(x[0], y[0], y[1], x[1], label=title, ms=5, lw=1, capsize=2, **STYLE[method])
        if varied:
            points += [(*at, f"{value:g}") for *at, value in zip(x[0], y[0], of, strict=True)]
        else:
            axis.axhline(y[0][0], color=BLUE, ls="--", lw=0.7)
            axis.axvline(x[0][0], color=BLUE, ls="--", lw=0.7)
    axis.set(xlabel=f"{label} (right: sparser)", ylabel=f"{distance} (down: better)", yscale="log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    axis.tick_params(axis="y", which="minor", labelsize=8)
    sns.despine(figure)
    legend_outside(figure, axis, ncols=3, fontsize=9)
    _annotate(axis, points)
    return figure


def _annotate(axis: plt.Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Writes each point's text beside it, where no other point or text is near, if there is such a place."""
    axis.figure.draw_without_rendering()  # type: ignore[union-attr]  # so that places on the page are known
    places = axis.transData.transform([point[:2] for point in points])
    taken = list(places)
    for place, (x, y, text) in zip(places, points, strict=True):
        free = [
            (min(np.hypot(*((place + offset - other) / (20, 10))) for other in taken), offset)
            for offset in [(12, 8), (12, -10), (-16, 8), (-16, -10), (0, 14), (0, -16), (22, 0), (-26, 0)]
        ]
        offset = next((o for room, o in free if room > 1), max(free)[1])
        taken.append(place + offset)
        axis.annotate(text, (x, y), offset, textcoords="offset pixels", fontsize=7, ha="center", va="center")


def few_shot(records: Sequence[Record]) -> Figure:
    """Figures 7 and C.3, right: accuracy by number of labels, a panel a classifier, means and deviations over seeds.

    The first panel is the paper's forest. A line for each method; give records of one setting each.
    """
    for method, of in by_setting(records).items():
        if len(of) > 1:
            raise ValueError(f"few_shot takes one setting of each method, not {len(of)} of {method}")
    figure, axes = plt.subplots(1, len(downstream.NAMES), figsize=(9, 3.2), sharey=True, layout="constrained")
    for axis, name in zip(axes, downstream.NAMES, strict=True):
        accuracy = {n: f"{name.replace(' ', '_')}_{n}" for n in downstream.SIZES}
        rows = [
            {"method": r.config.method, "labels": n, "accuracy, %": 100 * r.metrics[metric]}
            for r in records
            for n, metric in accuracy.items()
            if metric in r.metrics
        ]
        look = BY_METHOD | MEAN_AND_SD | {"ms": 5, "mew": 0, "lw": 1}
        sns.lineplot(pd.DataFrame(rows), x="labels", y="accuracy, %", ax=axis, **look)
        axis.set(title=name, xscale="log")
    legend_outside(figure, axes[0], ncols=4)
    sns.despine(figure)
    return figure


def class_profiles(records: Sequence[Record], classes: Sequence[int] = FIGURE_8) -> Figure:
    """Figure 8, top: mean |z| of a class by dimension, a row a class and a column a record (its method)."""
    figure, axes = plt.subplots(
        len(classes), len(records), figsize=(4.5 * len(records), 1.2 * len(classes) + 0.5),
        sharex=True, sharey="col", squeeze=False, layout="constrained",
    )  # fmt: skip
    for column, record in zip(axes.T, records, strict=True):
        for axis, c in zip(column, classes, strict=True):
            size = np.asarray(record.artifacts["by_class"][c])
            on = size >= size.max() / 10
            axis.bar(np.arange(len(size)), size, color=np.where(on, ORANGE, BLUE), width=0.8)
            axis.set_title(f"{CLASSES[record.config.data][c]}: {on.sum()} active", fontsize=9)
        column[-1].set_xlabel(f"dimension ({record.config.method})")
    for axis in axes[:, 0]:
        axis.set_ylabel("mean |z|")
    sns.despine(figure)
    return figure


def traversals(record: Record, *, rows: int = 2) -> Figure:
    """Figure 8, bottom: decoded images along the `rows` largest dimensions of each of its classes."""
    images = tasks.unpack(record.artifacts["traversals"])[:, :rows, :, 0].numpy()  # (G, K, V, H, W)
    groups, k, v, h, w = images.shape
    dimensions, values = record.artifacts["traversal_dimensions"], record.artifacts["traversal_values"]
    figure, axes = plt.subplots(groups * k, 1, figsize=(6.5, 0.75 * groups * k), layout="constrained")
    for i, axis in enumerate(np.atleast_1d(axes)):
        g, j = divmod(i, k)
        axis.imshow(images[g, j].swapaxes(0, 1).reshape(h, v * w), cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[0, v * w - 1], yticks=[])
        axis.set_xticklabels([f"{values[g][j][0]:.2g}", f"{values[g][j][-1]:.2g}"], fontsize=7)
        axis.tick_params(length=0, pad=1)
        name = CLASSES[record.config.data][FIGURE_8[g]]
        axis.set_ylabel(f"{name}\ndim {dimensions[g][j]}", rotation=0, ha="right", va="center", fontsize=8)
    return figure


def explorer(record: Record) -> Explorer:
    """Figure 8, bottom, to be moved through: all dimensions and values that the record keeps."""
    a = record.artifacts
    images = tasks.unpack(a["traversals"])
    start = [
        [int(np.abs(np.asarray(values) - at).argmin()) for values, at in zip(of, starts, strict=True)]
        for of, starts in zip(a["traversal_values"], a["traversal_start"], strict=True)
    ]
    names = [CLASSES[record.config.data][c] for c in FIGURE_8]
    return Explorer(
        images,
        names,
        [[str(d) for d in of] for of in a["traversal_dimensions"]],
        a["traversal_values"],
        start,
        kind="class",
        alt=f"Images that the decoder draws, for {', '.join(names)} in turn: a row for each of their "
        f"{images.shape[1]} largest dimensions, the dimension's value growing from left to right.",
    )
