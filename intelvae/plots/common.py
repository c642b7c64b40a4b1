"""The colours, the line under a figure, and the figures of more than one page or of points in the plane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from intelvae import tasks
from intelvae.records import Record, RunConfig

BLUE, ORANGE, GREEN, GREY = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#888888",
)  # Okabe and Ito's colour-blind-safe palette
SHADES = (BLUE, ORANGE, GREEN, "#cc79a7", "#e69f00", "#56b4e9", GREY, "black")
MARKERS = "os^DvXP*<>"
STYLE: dict[str, dict[str, Any]] = {
    "VAE": {"color": BLUE, "marker": "o", "ls": "-"},
    "Vamp-VAE": {"color": GREEN, "marker": "^", "ls": "--"},
    "GM-VAE": {"color": "#e69f00", "marker": "P", "ls": (0, (3, 1, 1, 1))},
    "MoG-VAE": {"color": "#cc79a7", "marker": "D", "ls": ":"},
    "VAE + Sylvester": {"color": "#56b4e9", "marker": "X", "ls": (0, (1, 1))},
    "InteL-VAE": {"color": ORANGE, "marker": "s", "ls": "-."},
    "VAE, sparse prior": {"color": "#56b4e9", "marker": "v", "ls": (0, (5, 1))},
    "VAE, sparse prior, w = 0.5": {"color": GREEN, "marker": "^", "ls": (0, (5, 5))},
    "DD": {"color": GREEN, "marker": "^", "ls": "--"},
    "Sparse-VAE": {"color": "#cc79a7", "marker": "D", "ls": ":"},
    "VAE + L_sp": {"color": "#56b4e9", "marker": "v", "ls": (0, (5, 1))},
    "VAE + L1": {"color": GREY, "marker": "x", "ls": (0, (1, 1))},
}


def provenance(records: Sequence[Record], profile: str, grid: Sequence[RunConfig] = ()) -> str:
    """The line under a figure or table: profile, seeds, data, versions and commits that it comes from.

    A second line names the runs of `grid`, those that were asked for, that have no record yet.
    """
    if not records:
        return f"profile {profile}; none of {len(grid)} runs has been run yet"
    seeds = sorted({r.config.seed for r in records})
    commits = sorted({r.code for r in records})
    data = ", ".join(dict.fromkeys(r.config.data for r in records))
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
    torches = ", ".join(sorted({r.versions["torch"] for r in records}))
    line = (
        f"profile {profile}; {which}; {len(records)} runs; data: {data}; torch {torches}; commit {', '.join(commits)}"
    )
    done = {r.config for r in records}
    missing = Counter(f"{c.method} ({c.network}, {c.likelihood})" for c in grid if c not in done)
    if not missing:
        return line
    return f"{line}\nnot run yet: " + ", ".join(f"{count} of {name}" for name, count in missing.items())


def _points(axis: plt.Axes, points: Sequence | Tensor, limit: tuple[float, float], **style) -> None:
    x = np.asarray(points)
    axis.scatter(x[:, 0], x[:, 1], s=5, linewidths=0, **style)
    axis.set(xlim=(-limit[0], limit[0]), ylim=(-limit[1], limit[1]), xticks=[], yticks=[], aspect="equal")


def sample_grid(records: Sequence[Record], *, seed: int, shown: int = 200) -> Figure:
    """Figures 4 and C.2: one row a data set, one column a method, 200 samples each in the paper's axes."""
    chosen = [r for r in records if r.config.seed == seed]
    data = list(dict.fromkeys(r.config.data for r in chosen))
    methods = list(dict.fromkeys(r.config.method for r in chosen))
    figure, axes = plt.subplots(
        len(data),
        1 + len(methods),
        figsize=(2.1 * (1 + len(methods)), 1.45 * len(data)),
        squeeze=False,
        layout="constrained",
    )
    for row, name in zip(axes, data, strict=True):
        of = {r.config.method: r for r in chosen if r.config.data == name}
        _points(row[0], tasks.ToyTask(name).test[:shown], (4.5, 3), color="black")
        row[0].set_ylabel(name)
        for axis, method in zip(row[1:], methods, strict=True):
            _points(axis, of[method].artifacts["samples"][:shown], (4.5, 3), color=STYLE[method]["color"])
    for axis, title in zip(axes[0], ["data", *methods], strict=True):
        axis.set_title(title)
    return figure


def samples_by_seed(records: Sequence[Record], *, shown: int = 200) -> Figure:
    """Figure 2, one panel a run: samples of models of one data set, a row a method, beside the data."""
    methods = list(dict.fromkeys(r.config.method for r in records))
    rows = [[r for r in records if r.config.method == method][:4] for method in methods]
    columns = 1 + max(map(len, rows))
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(1.9 * columns, 1.45 * len(rows)), squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.set_visible(False)
    for row, runs in zip(axes, rows, strict=True):
        _points(row[0], tasks.ToyTask(runs[0].config.data).test[:shown], (4.5, 3), color="black")
        row[0].set(title="data", visible=True, ylabel=runs[0].config.method)
        for axis, run in zip(row[1:], runs, strict=False):
            _points(axis, run.artifacts["samples"][:shown], (4.5, 3), color=STYLE[run.config.method]["color"])
            axis.set(title=f"seed {run.config.seed}", visible=True)
    return figure


def mismatch(records: Sequence[Record]) -> Figure:
    """Figure 3, a panel a run: p(z) (blue crosses), all codes (red dots) and the codes of a few examples (black)."""
    figure, axes = plt.subplots(1, len(records), figsize=(2.9 * len(records), 3.2), squeeze=False, layout="constrained")
    for axis, record in zip(axes[0], records, strict=True):
        a = record.artifacts
        prior, codes = np.asarray(a["prior_z"]), np.asarray(a["z"])
        axis.scatter(*prior.T, s=14, marker="x", color=BLUE, linewidths=0.7, label="$p(z)$")
        axis.scatter(*codes.T, s=7, color=ORANGE, linewidths=0, alpha=0.7, label="$q(z)$")
        for i, example in enumerate(np.asarray(a["exemplars"])):
            axis.scatter(*example.T, s=4, color="black", linewidths=0, label="$q(z|x)$" if i == 0 else None)
        limit = 1.05 * max(np.abs(prior).max(), np.abs(codes).max())
        axis.set(title=record.config.method, xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axis.set(xlabel="$z_1$", ylabel="$z_2$")
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper left", markerscale=1.5)
    return figure


def by_seed(records: Sequence[Record], metric: str, label: str, *, group: str = "data") -> Figure:
    """One dot a seed and a bar for the mean: `metric` by `group` (a field of the config) and method."""
    groups = list(dict.fromkeys(getattr(r.config, group) for r in records if metric in r.metrics))
    methods = list(dict.fromkeys(r.config.method for r in records))
    figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
    step = min(0.22, 0.8 / len(methods))
    for j, method in enumerate(methods):
        for i, name in enumerate(groups):
            values = [
                r.metrics[metric]
                for r in records
                if r.config.method == method and getattr(r.config, group) == name and metric in r.metrics
            ]
            if not values:
                continue  # not run yet
            x = i + (j - (len(methods) - 1) / 2) * step
            style = STYLE[method]
            axis.plot(np.full(len(values), x), values, style["marker"], color=style["color"], ms=4, alpha=0.6,
                      label=method if i == 0 else None, mew=0)  # fmt: skip
            axis.plot([x - 0.36 * step, x + 0.36 * step], [np.mean(values)] * 2, color="black", lw=1.2)
    axis.set_xticks(range(len(groups)), groups)
    axis.set_ylabel(label)
    axis.set_ylim(bottom=0)
    figure.legend(loc="outside upper center", frameon=False, ncols=len(methods))
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def pipeline(record: Record, *, examples: int = 2) -> Figure:
    """Figure 1 from a trained model: data and two examples in X, their codes in Y, their codes in Z, samples in X."""
    a = record.artifacts
    figure, axes = plt.subplots(1, 4, figsize=(9, 2.5), layout="constrained")
    data = tasks.ToyTask(record.config.data).test[: len(a["y"])]
    _points(axes[0], data, (2.6, 2.6), color=GREY)
    _points(axes[1], a["y"], (4, 4), color=GREY)
    _points(axes[2], a["z"], (1.5, 1.5), color=GREY)
    _points(axes[3], a["samples"], (2.6, 2.6), color=ORANGE)
    for i, marker in zip(range(examples), "sD", strict=False):
        axes[0].plot(*data[i], marker, color=GREEN, ms=7, mec="black")
        ellipse = plt.matplotlib.patches.Ellipse(
            a["mu"][i], *(4 * np.asarray(a["sigma"][i])), fc="none", ec=GREEN, lw=1.5
        )
        axes[1].add_patch(ellipse)
        axes[1].plot(*a["mu"][i], marker, color=GREEN, ms=7, mec="black")
        axes[2].plot(*a["z"][i], marker, color=GREEN, ms=7, mec="black")
    titles = ("data $x$", "codes $y \\sim q(y|x)$", "codes $z = g(y)$", "samples from $p(x|g(y))$")
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, fontsize=10)
    return figure


def image_rows(
    records: Sequence[Record], *, columns: int = 12, rows: int = 2, labels: Sequence[str] | None = None
) -> Figure:
    """Figure 6: generated images, a block of `rows` lines for each record, labelled with its method or `labels`."""
    figure, axes = plt.subplots(
        len(records), 1, figsize=(7, 0.62 * rows * len(records) + 0.2), squeeze=False, layout="constrained"
    )
    for axis, record, label in zip(axes[:, 0], records, labels or [r.config.method for r in records], strict=True):
        images = tasks.unpack(record.artifacts["images"])[: rows * columns, 0].numpy()
        size = images.shape[-1]
        tiles = images.reshape(rows, columns, size, size).swapaxes(1, 2).reshape(rows * size, columns * size)
        axis.imshow(tiles, cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(label, rotation=0, ha="right", va="center")
    return figure


def traversals(records: Sequence[Record]) -> Figure:
    """What decoders draw along the first latent dimension: a row a record, labelled with its network and method."""
    figure, axes = plt.subplots(len(records), 1, figsize=(7, 0.62 * len(records)), squeeze=False, layout="constrained")
    for axis, record in zip(axes[:, 0], records, strict=True):
        images = tasks.unpack(record.artifacts["traversal"])[:, 0].numpy()
        axis.imshow(np.concatenate(list(images), axis=1), cmap="gray_r", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        label = f"{record.config.network}\n{record.config.method}"
        axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return figure


def latent_histograms(records: Sequence[Record], *, space: str = "z") -> Figure:
    """Where each test digit is encoded: histograms of `z` (or `mu`) by digit, one panel a record (method and seed)."""
    columns = min(len(records), 4)
    lines = -(-len(records) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(2.3 * columns, 1.6 * lines), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(records) :]:
        axis.set_visible(False)
    for axis, record in zip(axes.flat, records, strict=False):
        zeros, ones = (np.asarray(v) for v in record.artifacts[space])
        bins = np.linspace(min(zeros.min(), ones.min()), max(zeros.max(), ones.max()), 41)
        axis.hist(zeros, bins, color=BLUE, alpha=0.7, label="0")
        axis.hist(ones, bins, color=ORANGE, histtype="step", lw=1.5, label="1")
        axis.set_title(f"{record.config.method}, seed {record.config.seed}", fontsize=9)
        axis.set_yticks([])
    axes[0, 0].legend(frameon=False, title="digit", fontsize=8, title_fontsize=8)
    return figure


def curves(records: Sequence[Record], curve: str = "valid_elbo") -> Figure:
    """Validation ELBO (nats an image) by epoch, one line a run: has training flattened?"""
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    named: set[str] = set()
    for record in records:
        method = record.config.method
        values = record.curves[curve]
        axis.plot(range(1, len(values) + 1), values, ls=STYLE[method]["ls"], color=STYLE[method]["color"], lw=1,
                  label=None if method in named else method)  # fmt: skip
        named.add(method)
    axis.set(xlabel="epoch", ylabel="validation ELBO (nats)")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    return figure
