"""The look of every figure: marks of methods, means with their spread, legends, frames. Readable in black and white."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from torch import Tensor

from intelvae.paper.results import Result
from intelvae.paper.rows import AMBER, BLUE, GREEN, GREY, ORANGE, PINK, SKY, Method

SHADES = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY, GREY, "black")
MARKERS = "os^DvXP*<>"
# a line through means over runs with bars of one standard deviation (n - 1 in the denominator) up and down
MEAN_AND_SD: dict[str, Any] = {"errorbar": "sd", "err_style": "bars", "err_kws": {"capsize": 2}}


def by_method(methods: Iterable[Method]) -> dict[str, Any]:
    """How these methods look, as keywords of seaborn for a frame with a column "method" that has their names."""
    of = {method.name: method for method in methods}
    return {
        "hue": "method",
        "style": "method",
        "palette": {name: method.color for name, method in of.items()},
        "markers": {name: method.marker for name, method in of.items()},
        "dashes": {name: method.dashes or "" for name, method in of.items()},
    }


def legend_outside(figure: Figure, axis: plt.Axes, **look: Any) -> None:
    """The legend of `axis` in the margin of the figure, instead of those that seaborn has put into the axes."""
    handles, labels = axis.get_legend_handles_labels()
    for each in figure.axes:
        if (inside := each.get_legend()) is not None:
            inside.remove()
    outside: dict[str, Any] = {"loc": "outside upper center", "frameon": False, **look}
    figure.legend(handles, labels, **outside)


def points(axis: plt.Axes, places: Sequence | Tensor, **style: Any) -> None:
    """Points (N, 2) as small dots, without ticks."""
    x = np.asarray(places)
    axis.scatter(x[:, 0], x[:, 1], s=5, linewidths=0, **style)
    axis.set(xticks=[], yticks=[])


def frame(axes: Sequence[plt.Axes], width: float, height: float) -> None:
    """Gives all of `axes` the limits ±width and ±height, or as many times these as it takes to show every point."""
    reach = max(float(np.abs(axis.dataLim.get_points() / (width, height)).max()) for axis in axes)
    wider = max(1.0, 1.05 * reach)
    for axis in axes:
        axis.set(xlim=(-wider * width, wider * width), ylim=(-wider * height, wider * height), aspect="equal")


def marks_by_seed(
    axis: plt.Axes,
    results: Sequence[Result],
    metric: Callable[[Result], float],
    label: str,
    group: Callable[[Result], str] = lambda result: result.row.group,
) -> None:
    """One mark a run and a bar for the mean, into `axis`: a metric by groups, unless told otherwise rows', and methods.

    The marks have legend labels, the axis has no legend, and its limits are free.
    """
    data = pd.DataFrame([(group(r), r.row.method.name, metric(r)) for r in results], columns=["group", "method", label])
    methods = list(dict.fromkeys(r.row.method for r in results))
    names = [method.name for method in methods]
    order = list(dict.fromkeys(data["group"]))
    place = {"x": "group", "y": label, "hue": "method", "hue_order": names, "order": order, "ax": axis}
    for method in methods:
        look = {"marker": method.marker, "palette": by_method(methods)["palette"], "size": 4.5, "alpha": 0.7}
        sns.stripplot(data[data["method"] == method.name], **place, **look, dodge=True, jitter=False, legend=False)
        axis.plot([], [], ls="", ms=4.5, color=method.color, marker=method.marker, label=method.name)
    bar = {"linestyle": "none", "marker": "_", "markersize": 14, "markeredgewidth": 1.2, "errorbar": None}
    black, apart = dict.fromkeys(names, "black"), 0.8 - 0.8 / max(1, len(methods))
    sns.pointplot(data, **place, **bar, palette=black, dodge=apart, legend=False)
    axis.set_xlabel("data")


def by_seed(results: Sequence[Result], metric: str, label: str) -> Figure:
    """`marks_by_seed` of a metric by the rows' groups and methods.

    Runs without the metric, or not run yet, are left out.
    """
    found = [r for r in results if metric in r.metrics]
    figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
    marks_by_seed(axis, found, lambda r: r.metrics[metric], label)
    axis.set_ylim(min([0.0, *(r.metrics[metric] for r in found)]), None)
    legend_outside(figure, axis, ncols=min(len({r.row.method for r in found}), 4) or 1)
    sns.despine(figure)
    return figure


def curves(results: Sequence[Result], curve: str = "valid_elbo") -> Figure:
    """Validation ELBO (nats an example) by epoch, one line a run: has training flattened?"""
    label = "validation ELBO (nats)" if curve == "valid_elbo" else curve
    lines = [
        {"run": i, "method": r.row.method.name, "epoch": epoch, label: value}
        for i, r in enumerate(results)
        for epoch, value in enumerate(r.curves[curve], 1)
    ]
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    look = by_method(r.row.method for r in results) | {"markers": False, "lw": 1}
    sns.lineplot(pd.DataFrame(lines), x="epoch", y=label, units="run", estimator=None, **look)
    sns.move_legend(axis, "best", frameon=False, title=None)
    sns.despine(figure)
    return figure


def image_rows(
    results: Sequence[Result], *, columns: int = 12, lines: int = 2, labels: Sequence[str] | None = None
) -> Figure:
    """Generated images, a block of `lines` for each result, labelled with the name of its row or `labels`."""
    figure, axes = plt.subplots(
        len(results), 1, figsize=(7, 0.62 * lines * len(results) + 0.2), squeeze=False, layout="constrained"
    )
    for axis, result, label in zip(axes[:, 0], results, labels or [r.row.name for r in results], strict=True):
        images = result.kept["images"][: lines * columns, 0].numpy()
        h, w = images.shape[-2:]
        tiles = images.reshape(lines, columns, h, w).swapaxes(1, 2).reshape(lines * h, columns * w)
        axis.imshow(tiles, cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(label, rotation=0, ha="right", va="center")
    return figure


def strips(lines: Mapping[str, Tensor]) -> Figure:
    """Images side by side, grey or in colour, bytes (N, C, H, W): a labelled line of N each."""
    pixels = {
        label: np.concatenate(list(images.permute(0, 2, 3, 1).numpy()), axis=1) for label, images in lines.items()
    }
    h, w = next(iter(pixels.values())).shape[:2]
    size = (8, (6.2 * h / w + 0.06) * len(lines))
    figure, axes = plt.subplots(len(lines), 1, figsize=size, squeeze=False, layout="constrained")
    for axis, (label, line) in zip(axes[:, 0], pixels.items(), strict=True):
        axis.imshow(line if line.shape[-1] == 3 else line[..., 0], cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return figure
