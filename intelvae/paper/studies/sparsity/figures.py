"""The figures of the pages on sparsity: Figures 7, 8 and C.3, the ablation, and what the paper leaves open."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, NullFormatter

from intelvae.data.images import CLASSES
from intelvae.metrics import downstream
from intelvae.paper.evaluation.codes import FIGURE_8
from intelvae.paper.explorers import Explorer
from intelvae.paper.measures import clean_frechet
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import AMBER, BLUE, INTEL, ORANGE, VAE, VAE_L1, VAE_L_SP, Method
from intelvae.paper.statistics import Metric, measured, summary
from intelvae.paper.studies.sparsity import grid
from intelvae.paper.studies.sparsity.tables import by_gamma, by_row, gates_per_image
from intelvae.paper.style import MEAN_AND_SD, by_method, image_rows, legend_outside

HOYER, USED = measured("hoyer_sample"), measured("hoyer_used")
AS_THE_CODE = Method("InteL-VAE, as in the authors' code", AMBER, "P", (3, 1, 1, 1))
GREEK = {"gamma": "γ", "alpha": "α"}
NEAR = 24  # pixels that a text may be away from its point without a line to it
PLACES = [  # of a text beside its point, in pixels, nearest first
    (radius * math.cos(angle), 0.75 * radius * math.sin(angle))
    for radius in (18, 22, 34, 48, 64)
    for angle in (math.radians(degrees) for degrees in (45, 315, 135, 225, 90, 270, 0, 180, 20, 70, 110, 160, 200, 290))
]


def trade_off(results: Sequence[Result], distance: str, score: Metric = HOYER, label: str = "Hoyer score") -> Figure:
    """Figures 7 and C.3, left: the distance of samples against the sparsity of codes, means and deviations over seeds.

    One line a method, along what it varies, with its values beside the points; dashed lines show where the VAE is.
    `score` is that of a result; `distance` and `label` are the names of the two axes.
    """
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    rows, points = by_row(results), []
    for method in dict.fromkeys(row.method for row in rows):
        values = [row.value for row in rows if row.method == method]
        of = [found for row, found in rows.items() if row.method == method]
        varied = grid.VARIED.get(method)
        title = f"{method.name} ({GREEK[varied]})" if varied else method.name
        x, y = _line(axis, of, score, title, method)
        if varied:
            points += [(*at, f"{value:g}", method.color) for *at, value in zip(x, y, values, strict=True)]
        else:
            axis.axhline(y[0], color=BLUE, ls="--", lw=0.7)
            axis.axvline(x[0], color=BLUE, ls="--", lw=0.7)
    axis.set(xlabel=f"{label} (right: sparser)", ylabel=_wrapped(f"{distance} (down: better)"), yscale="log")
    _plain_numbers(axis)
    sns.despine(figure)
    legend_outside(figure, axis, ncols=3, fontsize=9)
    _annotate(axis, points)
    return figure


def as_coded(coded: Results, as_printed: Mapping[str, Sequence[Result]], distance: str) -> Figure:
    """The mapping of the text and of the authors' code, a panel a data set: distance against the score in use.

    `as_printed` has the results of the text's by data set; dashed lines show where the VAE of `coded` is. The values of
    gamma that the code has are written beside the points.
    """
    figure, axes = plt.subplots(1, len(as_printed), figsize=(8, 3.6), squeeze=False, layout="constrained")
    for axis, (data, printed) in zip(axes[0], as_printed.items(), strict=True):
        points = []
        for method, found in ((INTEL, printed), (AS_THE_CODE, coded.of(group=data))):
            rows = by_gamma(found)
            if rows:
                x, y = _line(axis, [*rows.values()], USED, method.name, method)
                shown = [f"{gamma:g}" if gamma in grid.GAMMAS_CODED else "" for gamma in rows]
                points += [(*at, text, method.color) for *at, text in zip(x, y, shown, strict=True)]
        if vae := coded.of("VAE", data):
            axis.axhline(np.mean([clean_frechet(r) for r in vae]), color=BLUE, ls="--", lw=0.7, label="VAE")
            axis.axvline(np.mean([USED(r) for r in vae]), color=BLUE, ls="--", lw=0.7)
        axis.set(title=grid.DATA[data], xlabel="Hoyer score in use (right: sparser)", yscale="log")
        axis.set_ylabel(_wrapped(distance))
        _plain_numbers(axis)
        _annotate(axis, points)
    sns.despine(figure)
    legend_outside(figure, axes[0][0], ncols=3, fontsize=9)
    return figure


def _line(
    axis: plt.Axes, of: Sequence[Sequence[Result]], score: Metric, label: str, look: Method
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the distance of some rows against their score, with deviations; gives the means of both."""
    x, y = (np.array([_bar([f(r) for r in found]) for found in of]).T for f in (score, clean_frechet))
    style: dict[str, Any] = {"color": look.color, "marker": look.marker, "ls": (0, look.dashes or None)}
    axis.errorbar(x[0], y[0], y[1], x[1], label=label, ms=5, lw=1, capsize=2, **style)
    return x[0], y[0]


def _bar(values: Sequence[float]) -> tuple[float, float]:
    """Mean and deviation; no deviation for a single value."""
    mean, sd = summary(values)
    return mean, sd if len(values) > 1 else 0.0


def _plain_numbers(axis: plt.Axes) -> None:
    """Few numbers, and no powers of ten, on a logarithmic axis that has about one of them."""
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axis.yaxis.set_major_formatter("{x:,g}")
    axis.yaxis.set_minor_formatter(NullFormatter())


def _wrapped(label: str) -> str:
    """The label in lines that are no longer than a low axis is high."""
    return textwrap.fill(label, 26)


def _annotate(axis: plt.Axes, points: Sequence[tuple[float, float, str, str]]) -> None:
    """Writes each point's text, if any, in its colour, as near as no other point or text is, and inside the axes.

    A thin line leads to a text that is not near.
    """
    axis.margins(0.1)
    axis.figure.draw_without_rendering()  # type: ignore[union-attr]  # so that places on the page are known
    places = axis.transData.transform([point[:2] for point in points])
    inside = axis.get_window_extent().padded(-7)
    taken = [(place, 5.0) for place in places]  # with half their widths
    for place, (x, y, text, color) in zip(places, points, strict=True):
        if not text:
            continue
        half = 3.2 * len(text)
        offsets = [offset for offset in PLACES if inside.contains(*(place + offset))] or PLACES
        rooms = [_room(place + offset, half, taken) for offset in offsets]
        offset = next((o for o, room in zip(offsets, rooms, strict=True) if room > 1), offsets[int(np.argmax(rooms))])
        taken.append((place + offset, half))
        shade = tuple(0.75 * np.array(to_rgb(color)))  # small letters need more contrast than marks
        line = {"arrowstyle": "-", "lw": 0.4, "shrinkA": 0, "shrinkB": 1, "color": shade}
        axis.annotate(
            text,
            (x, y),
            offset,
            textcoords="offset pixels",
            fontsize=8,
            color=shade,
            ha="center",
            va="center",
            arrowprops=line if np.hypot(*offset) > NEAR else None,
            path_effects=[withStroke(linewidth=2, foreground="white")],  # legible on bars and lines
        )


def _room(place: np.ndarray, half: float, taken: Sequence[tuple[np.ndarray, float]]) -> float:
    """How far a text of that half width is from the nearest of those that are taken; below 1 they overlap."""
    return min(max(*np.abs(place - other) / (half + width, 11)) for other, width in taken)


def gates(results: Sequence[Result]) -> Figure:
    """How many gates an image opens, and how many all images of a batch: by gamma, means and deviations over seeds."""
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    rows = by_gamma(results)
    drawn: list[tuple[str, Metric, dict[str, Any]]] = [
        ("of a batch", measured("gates_per_batch"), {"color": BLUE, "marker": "o", "ls": "--"}),
        ("of an image", gates_per_image, {"color": ORANGE, "marker": "s", "ls": "-"}),
    ]
    for title, metric, look in drawn:
        mean, sd = np.array([_bar([metric(r) for r in of]) for of in rows.values()]).T
        axis.errorbar([*rows], mean, sd, label=title, ms=5, lw=1, capsize=2, **look)
    axis.set(xlabel="γ", ylabel="open gates", xlim=(-0.02, 200), ylim=(0, None))
    axis.set_xscale("symlog", linthresh=0.1)
    legend_outside(figure, axis, ncols=2)
    sns.despine(figure)
    return figure


def few_shot(results: Sequence[Result]) -> Figure:
    """Figures 7 and C.3, right: accuracy by number of labels, a panel a classifier, means and deviations over seeds.

    The first panel is the paper's forest. A line for each method; give results of one row each.
    """
    methods = [row.method for row in by_row(results)]
    for method in methods:
        if methods.count(method) > 1:
            raise ValueError(f"few_shot takes one row of each method, not {methods.count(method)} of {method.name}")
    figure, axes = plt.subplots(1, len(downstream.NAMES), figsize=(9, 3.2), sharey=True, layout="constrained")
    for axis, name in zip(axes, downstream.NAMES, strict=True):
        accuracy = {n: f"{name.replace(' ', '_')}_{n}" for n in downstream.SIZES}
        found = [
            {"method": r.row.method.name, "labels": n, "accuracy, %": 100 * r.metrics[metric]}
            for r in results
            for n, metric in accuracy.items()
            if metric in r.metrics
        ]
        look = by_method(methods) | MEAN_AND_SD | {"ms": 5, "mew": 0, "lw": 1}
        sns.lineplot(pd.DataFrame(found), x="labels", y="accuracy, %", ax=axis, **look)
        axis.set(title=name, xscale="log")
    legend_outside(figure, axes[0], ncols=6)
    sns.despine(figure)
    return figure


def samples(results: Results) -> Figure:
    """Samples of the first seed's models, a line a row."""
    shown = [r for r in results.first() if "images" in r.kept]
    labels = [r.row.method.name + ("" if r.row.value is None else f", {r.row.value:g}") for r in shown]
    return image_rows(shown, lines=1, labels=labels)


def class_profiles(results: Sequence[Result], classes: Sequence[int] = FIGURE_8) -> Figure:
    """Figure 8, top: mean |z| of a class by dimension, a row a class and a column a result (its method)."""
    figure, axes = plt.subplots(
        len(classes), len(results), figsize=(4.5 * len(results), 1.2 * len(classes) + 0.5),
        sharex=True, sharey="col", squeeze=False, layout="constrained",
    )  # fmt: skip
    for column, result in zip(axes.T, results, strict=True):
        for axis, c in zip(column, classes, strict=True):
            size = np.asarray(result.kept["by_class"][c])
            on = size >= size.max() / 10
            axis.bar(np.arange(len(size)), size, color=np.where(on, ORANGE, BLUE), width=0.8)
            axis.set_title(f"{CLASSES[result.training.data][c]}: {on.sum()} active", fontsize=9)
        column[-1].set_xlabel(f"dimension ({result.row.method.name})")
    for axis in axes[:, 0]:
        axis.set_ylabel("mean |z|")
    sns.despine(figure)
    return figure


def traversals(result: Result, *, lines: int = 2) -> Figure:
    """Figure 8, bottom: decoded images along the largest dimensions of each of its classes, `lines` of them."""
    kept = result.kept
    images = kept["traversals"][:, :lines, :, 0].numpy()  # (G, K, V, H, W)
    groups, k, v, h, w = images.shape
    figure, axes = plt.subplots(groups * k, 1, figsize=(6.5, 0.75 * groups * k), layout="constrained")
    for i, axis in enumerate(np.atleast_1d(axes)):
        g, j = divmod(i, k)
        axis.imshow(images[g, j].swapaxes(0, 1).reshape(h, v * w), cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[0, v * w - 1], yticks=[])
        axis.set_xticklabels([f"{kept['values'][g, j, end]:.2g}" for end in (0, -1)], fontsize=7)
        axis.tick_params(length=0, pad=1)
        name = CLASSES[result.training.data][FIGURE_8[g]]
        axis.set_ylabel(f"{name}\ndim {kept['dimensions'][g, j]}", rotation=0, ha="right", va="center", fontsize=8)
    return figure


def explorer(result: Result) -> Explorer:
    """Figure 8, bottom, to be moved through: all dimensions and values that the result keeps."""
    images, dimensions, values, at = (result.kept[name] for name in ("traversals", "dimensions", "values", "start"))
    start = (values - at[..., None]).abs().numpy().argmin(-1)
    names = [CLASSES[result.training.data][c] for c in FIGURE_8]
    return Explorer(
        images,
        names,
        [[str(d) for d in of] for of in dimensions.tolist()],
        values.tolist(),
        start.tolist(),
        kind="class",
        alt=f"Images that the decoder draws, for {', '.join(names)} in turn: a row for each of their "
        f"{images.shape[1]} largest dimensions, the dimension's value growing from left to right.",
    )


def ablation(results: Sequence[Result], distance: str) -> Figure:
    """The penalty with and without the mapping, and L1: score (left) and distance by gamma, means and deviations.

    The dashed lines are the VAE's means.
    """
    methods = (INTEL, VAE_L_SP, VAE_L1)
    found = pd.DataFrame(
        {"method": r.row.method.name, "γ": r.row.value, "Hoyer score, g(y)": HOYER(r), distance: clean_frechet(r)}
        for r in results
        if r.row.method in (VAE, *methods)
    )
    is_vae = found["method"] == VAE.name
    look = by_method(methods) | MEAN_AND_SD | {"ms": 4, "mew": 0, "lw": 1}
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axis, label in zip(axes, ("Hoyer score, g(y)", distance), strict=True):
        sns.lineplot(found[~is_vae], x="γ", y=label, ax=axis, **look)
        axis.set_ylabel(_wrapped(label))
        axis.axhline(found[is_vae][label].mean(), color=BLUE, ls="--", lw=0.8)
        axis.set(xlim=(-0.02, 200))
        axis.set_xscale("symlog", linthresh=0.1)
    legend_outside(figure, axes[0], ncols=3)
    axes[1].set_yscale("log")
    _plain_numbers(axes[1])
    sns.despine(figure)
    return figure


def choices(others: Results, distance: str, limits: Sequence[float]) -> Figure:
    """The rows of `grid.MAPPING`: distance against score, a number a choice, filled at the larger gamma.

    Dashed: `limits` of the score.
    """
    titles = list(grid.OF_THE_MAPPING)
    figure, axis = _numbered(titles, distance)
    points = []
    for row in grid.MAPPING:
        if of := others.of(row.name, row.group):
            place = _place(of)
            axis.plot(
                *place, INTEL.marker, color=INTEL.color, ms=6, mfc=ORANGE if row.value == grid.STRONG else "white"
            )
            points.append((*place, str(titles.index(row.name) + 1), "black"))
    for limit in limits:
        axis.axvline(limit, color="black", ls="--", lw=0.8)
    _annotate(axis, points)
    return figure


def any_vae(others: Results, distance: str) -> Figure:
    """The rows of `grid.ANY_VAE`: distance against score, a line a choice from the VAE to the number of the choice."""
    figure, axis = _numbered(list(grid.OF_ANY_VAE), distance)
    points = []
    for i, title in enumerate(grid.OF_ANY_VAE, 1):
        vae, intel = (others.of(title, group) for group in (VAE.name, grid.at(INTEL, grid.SHOWN)))
        if vae and intel:
            x, y = zip(*(_place(of) for of in (vae, intel)), strict=True)
            axis.plot(x, y, color="black", lw=0.6, zorder=1)
            axis.plot(x[0], y[0], VAE.marker, color=VAE.color, ms=5)
            axis.plot(x[1], y[1], INTEL.marker, color=INTEL.color, ms=6)
            points.append((x[1], y[1], str(i), "black"))
    _annotate(axis, points)
    return figure


def _numbered(titles: Sequence[str], distance: str) -> tuple[Figure, plt.Axes]:
    """An empty figure of distance against score, and beside it the titles with their numbers."""
    figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for i, title in enumerate(titles, 1):
        axis.plot([], [], ls="", marker=f"${i}$", ms=5, mew=0, color="black", label=title)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8, handlelength=1)
    axis.set(xlabel="Hoyer score, g(y)", ylabel=_wrapped(distance))
    axis.yaxis.set_major_formatter("{x:,g}")
    sns.despine(figure)
    return figure, axis


def _place(of: Sequence[Result]) -> tuple[float, float]:
    """Score and distance, means over seeds."""
    return float(np.mean([HOYER(r) for r in of])), float(np.mean([clean_frechet(r) for r in of]))
