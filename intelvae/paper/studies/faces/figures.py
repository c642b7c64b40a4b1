"""The figures of the pages on faces and hierarchies, readable in black and white."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from torch import Tensor

from intelvae.metrics import levels
from intelvae.paper import sheets, tasks
from intelvae.paper.plots.common import BLUE, MARKERS, MEAN_AND_SD, ORANGE, SHADES, legend_outside
from intelvae.paper.plots.interactive import Explorer
from intelvae.paper.records import Record


def rows_of_faces(rows: Mapping[str, Tensor]) -> Figure:
    """Colour images, bytes (N, 3, H, W), a labelled line of N each."""
    return _lines(
        {label: np.concatenate(list(images.permute(0, 2, 3, 1).numpy()), axis=1) for label, images in rows.items()}
    )


def _lines(rows: Mapping[str, np.ndarray]) -> Figure:
    shape = next(iter(rows.values())).shape
    height = 6.2 * shape[0] / shape[1] + 0.06
    figure, axes = plt.subplots(len(rows), 1, figsize=(8, height * len(rows)), squeeze=False, layout="constrained")
    for axis, (label, pixels) in zip(axes[:, 0], rows.items(), strict=True):
        axis.imshow(pixels, cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return figure


def quality_and_sparsity(points: Mapping[str, Sequence[tuple[float, float]]], floor: float, name: str) -> Figure:
    """Table 4 as a picture: the distance (up, logarithmic) against the Hoyer score, one mark a run, a marker a row.

    Markers repeat from the eleventh row on, open instead of filled.
    """
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for i, (label, runs) in enumerate(points.items()):
        x, y = zip(*runs, strict=True)
        shade, marker = SHADES[i % len(SHADES)], MARKERS[i % len(MARKERS)]
        look = {"mfc": shade, "mec": "black", "mew": 0.4} if i < len(MARKERS) else {"mfc": "white", "mec": shade}
        axis.plot(x, y, marker, ls="", ms=6, label=label, **look)
    axis.axhline(floor, color="black", ls="--", lw=1)
    axis.set(xlabel="Hoyer score of g(y)", ylabel=name, yscale="log")
    sns.despine(figure)
    legend_outside(figure, axis, loc="outside right upper", fontsize=8)
    return figure


def graphical_model() -> Figure:
    """Figure B.1: the latents of a hierarchical InteL-VAE, what computes what (solid) and the encoder (dashed)."""
    figure, axis = plt.subplots(figsize=(4.6, 2.9), layout="constrained")
    columns = {"0": 0.0, "1": 1.2, "\\ldots": 2.4, "N": 3.6}
    nodes = {f"{row}{i}": (x, y) for row, y in (("y", 2.0), ("z", 1.0)) for i, x in columns.items()}
    nodes["x"] = (1.8, 0.0)

    def arrow(tail: str, head: str, **style: object) -> None:
        style = {"arrowstyle": "-|>", "color": "black", "shrinkA": 14, "shrinkB": 14, **style}
        axis.annotate("", nodes[head], nodes[tail], arrowprops=style)

    for i in columns:
        arrow(f"y{i}", f"z{i}")
        arrow(f"z{i}", "x")
    for above, below in pairwise(columns):
        arrow(f"z{above}", f"z{below}")
    arrow("x", "y0", linestyle="--", connectionstyle="arc3,rad=-0.75")
    for name, place in nodes.items():
        label = "$x$" if name == "x" else r"$\ldots$" if "ldots" in name else f"${name[0]}_{name[1:]}$"
        axis.text(*place, label, ha="center", va="center", fontsize=12)
        if "ldots" not in name:
            axis.plot(*place, "o", ms=24, mfc="0.85" if name == "x" else "white", mec="black", zorder=-1)
    axis.set(xlim=(-1.6, 4.1), ylim=(-0.4, 2.4))
    axis.axis("off")
    return figure


def level_numbers(records: Mapping[str, Sequence[Record]], panels: Mapping[str, str]) -> Figure:
    """What each level does, by mapping: a panel a metric ("change" stands for change_0, change_1, ...), a dot a run."""
    figure, axes = plt.subplots(1, len(panels), figsize=(2.3 * len(panels), 2.6), squeeze=False, layout="constrained")
    for axis, (metric, label) in zip(axes[0], panels.items(), strict=True):
        rows = [
            {"mapping": name, "level": level, label: value}
            for name, runs in records.items()
            for r in runs
            for level, value in enumerate(_by_level(r, metric))
        ]
        frame, names = pd.DataFrame(rows), list(records)
        look = {"x": "level", "y": label, "hue": "mapping", "style": "mapping", "ax": axis}
        look["palette"] = dict(zip(names, SHADES, strict=False))
        sns.lineplot(frame, **look, errorbar=None)
        markers = dict(zip(names, MARKERS, strict=False))
        sns.scatterplot(frame, **look, markers=markers, s=18, linewidth=0, alpha=0.7, legend=False)
        axis.set(xticks=sorted(set(frame["level"])), ylim=(0, None))
    legend_outside(figure, axes[0, 0], ncols=len(records), fontsize=8)
    sns.despine(figure)
    return figure


def _by_level(record: Record, metric: str) -> list[float]:
    """The metric of level 0, 1, ...; those of attributes ("accuracy_50") are not of a level."""
    widths = len(record.artifacts["dimensions"])
    return [record.metrics[f"{metric}_{i}"] for i in range(widths)]


def level_traversals(record: Record, base: int = 0) -> Figure:
    """Figure B.2: what is decoded along one dimension of each level, highest first, all else of y as it is."""
    dimensions = record.artifacts["dimensions"]
    rows = {}
    for i, (of, dimension) in enumerate(zip(_traversed(record)[:, base], dimensions, strict=True)):
        pixels = np.concatenate(list(of.permute(0, 2, 3, 1).numpy()), axis=1)
        rows[f"level {i}\n(dimension {dimension})"] = pixels if pixels.shape[-1] == 3 else pixels[..., 0]
    return _lines(rows)


def level_explorer(record: Record) -> Explorer:
    """Figure B.2 to be moved through: a test image to start from, a level, and the value of its dimension."""
    images = _traversed(record).transpose(0, 1)  # (images, levels, values, C, H, W)
    count, depth, steps = images.shape[:3]
    return Explorer(
        images,
        [str(i + 1) for i in range(count)],
        [[f"level {i}" for i in range(depth)]] * count,
        [[levels.VALUES] * depth] * count,
        [[steps // 2] * depth] * count,
        kind="image",
        alt=f"Images that the decoder draws, for {count} test images in turn: a row for each of the {depth} levels, "
        "highest first, the value of one of its dimensions growing from left to right.",
    )


def _traversed(record: Record) -> Tensor:
    """The record's traversals, bytes (levels, images, values, C, H, W)."""
    packed = record.artifacts["traversals"]
    images = sheets.unpack(packed) if "jpeg" in packed else tasks.unpack(packed)
    return images.reshape(len(record.artifacts["dimensions"]), -1, len(levels.VALUES), *images.shape[-3:])


def accuracies(curves: Mapping[str, Mapping[int, Sequence[float]]], baseline: float, label: str) -> Figure:
    """Table B.1 as curves: mean and standard deviation over draws by the number of labelled faces, a line a model.

    The dashed line is the `baseline`, which knows no codes.
    """
    figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
    rows = [
        {"model": name, "labelled faces": n, label: float(value)}
        for name, by_n in curves.items()
        for n, values in by_n.items()
        for value in values
    ]
    look: dict[str, Any] = {"hue": "model", "style": "model", "size": "model", "ms": 6, "mew": 0, **MEAN_AND_SD}
    look["palette"], look["markers"] = (dict(zip(curves, of, strict=False)) for of in (SHADES, MARKERS))
    look["sizes"] = {name: 2 if "InteL" in name else 1 for name in curves}
    look["dashes"] = {name: "" if "InteL" in name else (1, 1.5) for name in curves}
    sns.lineplot(pd.DataFrame(rows), x="labelled faces", y=label, ax=axis, **look)
    axis.axhline(baseline, color="black", ls="--", lw=1)
    sizes = list(next(iter(curves.values())))
    axis.set_xscale("log")
    axis.set_xticks(sizes, [f"{n:,}" for n in sizes], rotation=45)  # the last two are close
    axis.set_xticks([], minor=True)
    legend_outside(figure, axis, loc="outside right upper", fontsize=8)
    sns.despine(figure)
    return figure


class Line(NamedTuple):
    """A line of Figure B.3: scores of every attribute, by name, for VAEs by latent dimension and for the InteL-VAE.

    `baseline` is what one gets without looking at the face.
    """

    vae: Mapping[int, Mapping[str, float]]
    intel: Mapping[str, float]
    baseline: Mapping[str, float]


def by_attribute(lines: Mapping[str, Line], names: Sequence[str]) -> Figure:
    """Figure B.3: scores by the VAE's latent dimension, a column an attribute, a line of plots for each of `lines`.

    The dashed horizontal line is the InteL-VAE, the thin dotted one the baseline.
    """
    figure, axes = plt.subplots(
        len(lines), len(names), figsize=(1.55 * len(names), 1.15 * len(lines)), squeeze=False, sharex=True,
        layout="constrained",
    )  # fmt: skip
    for row, (label, line) in zip(axes, lines.items(), strict=True):
        dims = sorted(line.vae)
        for axis, name in zip(row, names, strict=True):
            axis.plot(range(len(dims)), [line.vae[dim][name] for dim in dims], "o-", color=BLUE, ms=3, lw=1)
            axis.axhline(line.intel[name], color=ORANGE, ls="--", lw=1.4)
            axis.axhline(line.baseline[name], color="black", ls=":", lw=0.8)
            axis.tick_params(labelsize=6)
            axis.set_xticks(range(len(dims)), [str(dim) for dim in dims], fontsize=6)
        row[0].set_ylabel(label, fontsize=7)
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(name.replace("_", " "), fontsize=8)
    figure.supxlabel("latent dimensions of the VAE", fontsize=8)
    return figure
