"""The figures of the pages on clusters of digits: Figures 5 and 6, and what lies behind Tables 1 to 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from intelvae import mappings
from intelvae.paper import style
from intelvae.paper.explorers import LineExplorer
from intelvae.paper.measures import clean_frechet, frechet
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import BLUE, GREY, INTEL, ORANGE, VAE
from intelvae.paper.studies.digits import grid
from intelvae.paper.studies.digits.analysis.moved import Move
from intelvae.paper.studies.digits.analysis.table1 import smallest
from intelvae.paper.studies.digits.analysis.table3 import path, zeros
from intelvae.paper.studies.digits.claims import learned

# Table 2


def sectors(k: int) -> Figure:
    """Figure 5: a Gaussian before and after the mapping with K sectors, and a circle carried along."""
    cloud = torch.randn(3000, 2, generator=torch.Generator().manual_seed(1))
    angle = torch.linspace(0, 2 * torch.pi, 2001)
    ring = 1.5 * torch.stack([angle.cos(), angle.sin()], -1)
    g: Any = mappings.create("clusters", 2, k=k)
    figure, axes = plt.subplots(1, 2, figsize=(6.5, 3.2), layout="constrained")
    for axis, points, curve, title in (
        (axes[0], cloud, ring, "$y$"),
        (axes[1], g(cloud), g(ring), "$z = g(y)$"),
    ):
        axis.scatter(*points.T, c=g.labels(cloud), s=3, cmap="cividis", linewidths=0)
        axis.plot(*curve.T, color=ORANGE, lw=1.2)
        axis.set(title=title, aspect="equal", xticks=[], yticks=[])
    return figure


def by_network(results: Sequence[Result], metric: str, label: str) -> Figure:
    """`style.by_seed` of results with one likelihood, by network."""
    figure = style.by_seed(results, metric, label)
    (axis,) = figure.axes
    names = {r.row.group: r.training.network for r in results}
    axis.set_xticks(axis.get_xticks(), [names[text.get_text()] for text in axis.get_xticklabels()])
    axis.set_xlabel("network")
    return figure


def latent_histograms(results: Sequence[Result], titles: Sequence[str] = ()) -> Figure:
    """Where each test digit is encoded: histograms of z by digit, a panel a result; by default it has row and seed."""
    columns = min(len(results), 3)
    lines = -(-len(results) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(2.6 * columns, 1.7 * lines), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(results) :]:
        axis.set_visible(False)
    titles = titles or [f"{r.row.name}, seed {r.seed}" for r in results]
    for axis, result, title in zip(axes.flat, results, titles, strict=False):
        of_zeros, of_ones = (result.kept[digit].numpy() for digit in ("zeros", "ones"))
        bins = np.linspace(min(of_zeros.min(), of_ones.min()), max(of_zeros.max(), of_ones.max()), 41)
        axis.hist(of_zeros, bins, color=BLUE, alpha=0.7, label="0")
        axis.hist(of_ones, bins, color=ORANGE, histtype="step", lw=1.5, label="1")
        axis.set_title(title, fontsize=9)
        axis.set(yticks=[], xlabel="$z$")
    for axis in axes[:, 0]:
        axis.set_ylabel("test digits")
    style.legend_outside(figure, axes[0, 0], ncols=2, title="digit", fontsize=8, title_fontsize=8)
    return figure


def traversals(results: Sequence[Result]) -> Figure:
    """What decoders draw along the first latent dimension: a line a result, labelled with its network and row."""
    figure, axes = plt.subplots(len(results), 1, figsize=(7, 0.62 * len(results)), squeeze=False, layout="constrained")
    for axis, result in zip(axes[:, 0], results, strict=True):
        images = result.kept["traversal"][:, 0].numpy()
        axis.imshow(np.concatenate(list(images), axis=1), cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        label = f"{result.training.network}\n{result.row.name}"
        axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return figure


def explorer(results: Sequence[Result]) -> LineExplorer:
    """The `traversals` of VAE and InteL-VAE, to be moved through."""
    return LineExplorer([r for r in results if r.row.method in (VAE, INTEL)])


def changes(moves: Mapping[str, Move], label: str, *, log: bool = False) -> Figure:
    """A line for each move, from the mean without what is named (hollow) to the mean with it (filled).

    Small marks are its runs; `log`: on a logarithmic axis.
    """
    figure, axis = plt.subplots(figsize=(7.5, 0.8 + 0.24 * max(1, len(moves))), layout="constrained")
    for i, of in enumerate(moves.values()):
        axis.plot(of.means, [i, i], color=GREY, lw=1.2)
        axis.plot(of.with_it, [i] * len(of.with_it), "|", color="black", ms=7)
    means, places = [of.means for of in moves.values()], range(len(moves))
    axis.plot([a for a, _ in means], places, "o", ms=6, mfc="white", mec=BLUE, label="mean without")
    axis.plot([b for _, b in means], places, "o", ms=6, color=ORANGE, label="mean with it")
    axis.set_yticks(places, list(moves), fontsize=8)
    axis.set(xlabel=label, ylabel="deviation", xscale="log" if log else "linear")
    if log:
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter("{x:,g}")
        axis.xaxis.set_minor_formatter(NullFormatter())
    axis.invert_yaxis()
    sns.despine(figure)
    style.legend_outside(figure, axis, ncols=2)
    return figure


# Table 1


def distances(results: Results, floor: float, label: str) -> Figure:
    """The distance by row at the largest number of images, one mark a run, and that of training images (dashed)."""
    figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
    for i, row in enumerate(results.rows):
        of = [frechet(r) for r in results.of(row.name)]
        axis.plot([i] * len(of), of, "o", color=BLUE, alpha=0.7)
    axis.axhline(floor, color="black", ls="--", lw=1)
    names = [row.name.replace(", ", "\n").replace(" + ", "\n+ ") for row in results.rows]
    axis.set_xticks(range(len(names)), names, fontsize=8)
    axis.set(xlabel="method", ylabel=label, ylim=(-0.04 * axis.get_ylim()[1], None))  # the line off the axis
    axis.yaxis.set_major_formatter("{x:,g}")
    sns.despine(figure)
    return figure


def faint_pixels(results: Results, label: str) -> Figure:
    """The distance with all pixels and without faint ones, against the share of these: one mark a run, a look a row.

    At the smaller number of images.
    """
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
    for axis, metric, title in (
        (axes[0], smallest, "with all pixels"),
        (axes[1], clean_frechet, "without faint pixels"),
    ):
        for i, row in enumerate(results.rows):
            of, before = results.of(row.name), [other.method for other in results.rows[:i]].count(row.method)
            look = {"marker": (row.method.marker, *"<>")[before], "color": row.method.color, "mec": "black", "mew": 0.4}
            faint = [100 * r.metrics["faint"] for r in of]
            axis.plot(faint, [metric(r) for r in of], ls="", ms=6, label=row.name, **look)
        axis.set(xlabel="faint pixels, %", title=title, xlim=(0, None))
    axes[0].set(ylabel=label, ylim=(0, None))  # of both
    axes[0].yaxis.set_major_formatter("{x:,g}")
    sns.despine(figure)
    style.legend_outside(figure, axes[0], loc="outside right upper", fontsize=8)
    return figure


def masses(results: Sequence[Result]) -> Figure:
    """The prior's mass of ten clusters after every epoch, stacked, a panel a run; dashed what each starts with."""
    figure, axes = plt.subplots(1, len(results), figsize=(3.2 * len(results), 2.4), squeeze=False, layout="constrained")
    for axis, result in zip(axes[0], results, strict=True):
        of = np.vstack([np.full(10, 0.1), result.curves["masses"]])
        axis.stackplot(range(len(of)), of.T, colors=[BLUE, "white"], edgecolor="black", linewidth=0.5)
        for share in np.arange(0.1, 1, 0.1):
            axis.axhline(share, color=ORANGE, ls="--", lw=0.7)
        axis.set(title=f"seed {result.seed}", xlabel="epoch", xlim=(0, len(of) - 1), ylim=(0, 1))
    axes[0, 0].set_ylabel("mass, stacked")
    return figure


# Table 3


def proportions(results: Sequence[Result]) -> Figure:
    """Learned against true share of zeros, a mark a run; dashed where they are equal, dotted where training starts."""
    figure, axis = plt.subplots(figsize=(4.5, 3.6), layout="constrained")
    axis.plot([0, 55], [0, 55], "k--", lw=1)
    axis.axhline(50, color="black", ls=":", lw=1)
    axis.plot([zeros(r) for r in results], [100 * learned(r) for r in results], "s", color=ORANGE, alpha=0.7)
    axis.set(xlabel="zeros in the data, %", ylabel="learned, %", xlim=(-3, 55), ylim=(-3, 103))
    sns.despine(figure)
    return figure


def _steps(results: Results, result: Result) -> np.ndarray:
    """How many steps have been taken at the end of every epoch."""
    per_epoch = grid.steps_of(results.profile, result.training.repeats)
    return per_epoch * np.arange(1, len(result.curves["masses"]) + 1)


def paths(results: Results) -> Figure:
    """The learned share of zeros by steps of training, a panel a share in the data (dashed), a line a run.

    The first seed is the darkest. A run has no line unless exactly one cluster decodes to zeros.
    """
    rows = grid.table3()
    figure, axes = plt.subplots(1, len(rows), figsize=(9, 2.2), sharey=True, layout="constrained")
    for axis, row in zip(axes, rows, strict=True):
        for result in results.of(row.name):
            if (of := path(result)) is not None:
                axis.plot(_steps(results, result), of, color=ORANGE, alpha=max(0.2, 1 - 0.15 * result.seed))
        axis.axhline(100 * (row.value or 0.0), color="black", ls="--", lw=1)
        axis.set(title=row.name, xlabel="steps", ylim=(-3, 103))
        axis.xaxis.set_major_formatter("{x:,g}")
    axes[0].set_ylabel("learned, %")
    figure.align_ylabels()
    sns.despine(figure)
    return figure


def longer(results: Results) -> Figure:
    """A quarter of zeros for longer, first seed: the share learned with the text's exponent, and with the authors'."""
    figure, axis = plt.subplots(figsize=(5, 2.6), layout="constrained")
    for power, color, dashes in ((grid.TEXT, ORANGE, "-"), (grid.CODE, BLUE, ":")):
        for result in results.first(group=grid.of_power(power, longer=True)):
            if (of := path(result)) is not None:
                axis.plot(_steps(results, result), of, color=color, ls=dashes, label=f"c2 = {power}")
    axis.axhline(25, color="black", ls="--", lw=1, label="in the data")
    axis.set(xlabel="steps", ylabel="learned, %", ylim=(0, 60))
    axis.xaxis.set_major_formatter("{x:,g}")
    sns.despine(figure)
    axis.legend(frameon=False)
    return figure
