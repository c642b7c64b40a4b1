"""The colours, the line under a figure, and the figures of more than one page or of points in the plane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from torch import Tensor

from intelvae.paper import tasks
from intelvae.paper.records import Record, RunConfig

# seaborn's colour-blind-safe palette, which is close to that of Okabe and Ito
BLUE, AMBER, GREEN, ORANGE, PINK, _, _, GREY, _, SKY = sns.color_palette("colorblind").as_hex()
SHADES = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY, GREY, "black")
MARKERS = "os^DvXP*<>"
# how each method looks, as keywords of matplotlib; ls is (0, lengths of dashes and gaps)
STYLE: dict[str, dict[str, Any]] = {
    "VAE": {"color": BLUE, "marker": "o", "ls": (0, None)},
    "Vamp-VAE": {"color": GREEN, "marker": "^", "ls": (0, (4, 2))},
    "GM-VAE": {"color": AMBER, "marker": "P", "ls": (0, (3, 1, 1, 1))},
    "MoG-VAE": {"color": PINK, "marker": "D", "ls": (0, (1, 2))},
    "VAE + Sylvester": {"color": SKY, "marker": "X", "ls": (0, (1, 1))},
    "InteL-VAE": {"color": ORANGE, "marker": "s", "ls": (0, (6, 2, 1, 2))},
    "VAE, sparse prior": {"color": SKY, "marker": "v", "ls": (0, (5, 1))},
    "VAE, sparse prior, w = 0.5": {"color": GREEN, "marker": "^", "ls": (0, (5, 5))},
    "DD": {"color": GREEN, "marker": "^", "ls": (0, (4, 2))},
    "Sparse-VAE": {"color": PINK, "marker": "D", "ls": (0, (1, 2))},
    "VAE + L_sp": {"color": SKY, "marker": "v", "ls": (0, (5, 1))},
    "VAE + L1": {"color": GREY, "marker": "*", "ls": (0, (1, 1))},
}
# the same as keywords of seaborn, for a frame with a column "method"
BY_METHOD: dict[str, Any] = {
    "hue": "method",
    "style": "method",
    "palette": {method: look["color"] for method, look in STYLE.items()},
    "markers": {method: look["marker"] for method, look in STYLE.items()},
    "dashes": {method: look["ls"][1] or "" for method, look in STYLE.items()},
}
# a line through means over runs with bars of one standard deviation (n - 1 in the denominator) up and down
MEAN_AND_SD: dict[str, Any] = {"errorbar": "sd", "err_style": "bars", "err_kws": {"capsize": 2}}


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


PAPERS_AXES = (4.5, 3.0)  # from the middle to the side and to the top, in Figures 2, 4 and C.2


def legend_outside(figure: Figure, axis: plt.Axes, **look: Any) -> None:
    """The legend of `axis` in the margin of the figure, in the place of those that seaborn has put into the axes."""
    handles, labels = axis.get_legend_handles_labels()
    for each in figure.axes:
        if (inside := each.get_legend()) is not None:
            inside.remove()
    outside: dict[str, Any] = {"loc": "outside upper center", "frameon": False, **look}
    figure.legend(handles, labels, **outside)


def _points(axis: plt.Axes, points: Sequence | Tensor, **style: Any) -> None:
    x = np.asarray(points)
    axis.scatter(x[:, 0], x[:, 1], s=5, linewidths=0, **style)
    axis.set(xticks=[], yticks=[])


def _frame(axes: Sequence[plt.Axes], width: float, height: float) -> None:
    """Gives all of `axes` the limits ±width and ±height, or as many times these as it takes to show every point."""
    reach = max(float(np.abs(axis.dataLim.get_points() / (width, height)).max()) for axis in axes)
    wider = max(1.0, 1.05 * reach)
    for axis in axes:
        axis.set(xlim=(-wider * width, wider * width), ylim=(-wider * height, wider * height), aspect="equal")


def sample_grid(records: Sequence[Record], *, seed: int, shown: int = 200) -> Figure:
    """Figures 4 and C.2: one row a data set, one column a method, 200 samples each.

    The axes are the paper's, all of them wider where a sample would be outside.
    """
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
        _points(row[0], tasks.ToyTask(name).test[:shown], color="black")
        row[0].set_ylabel(name)
        for axis, method in zip(row[1:], methods, strict=True):
            _points(axis, of[method].artifacts["samples"][:shown], color=STYLE[method]["color"])
    for axis, title in zip(axes[0], ["data", *methods], strict=True):
        axis.set_title(title)
    _frame(figure.axes, *PAPERS_AXES)
    return figure


def samples_by_seed(records: Sequence[Record], *, shown: int = 200) -> Figure:
    """Figure 2, one panel a run: samples of models of one data set, a row a method, beside the data."""
    methods = list(dict.fromkeys(r.config.method for r in records))
    rows = [[r for r in records if r.config.method == method][:4] for method in methods]
    columns = 1 + max(map(len, rows))
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(1.9 * columns, 1.45 * len(rows)), squeeze=False, layout="constrained"
    )
    for row, runs in zip(axes, rows, strict=True):
        _points(row[0], tasks.ToyTask(runs[0].config.data).test[:shown], color="black")
        row[0].set(title="data", ylabel=runs[0].config.method)
        for axis, run in zip(row[1:], runs, strict=False):
            _points(axis, run.artifacts["samples"][:shown], color=STYLE[run.config.method]["color"])
            axis.set_title(f"seed {run.config.seed}")
        for axis in row[1 + len(runs) :]:
            axis.remove()
    _frame(figure.axes, *PAPERS_AXES)
    return figure


def mismatch(records: Sequence[Record]) -> Figure:
    """Figure 3, a panel a run: p(z) (blue crosses), all codes (red dots) and the codes of a few examples (black)."""
    figure, axes = plt.subplots(1, len(records), figsize=(2.9 * len(records), 3.2), squeeze=False, layout="constrained")
    for axis, record in zip(axes[0], records, strict=True):
        prior, codes, examples = (np.asarray(record.artifacts[name]) for name in ("prior_z", "z", "exemplars"))
        axis.scatter(*prior.T, s=14, marker="x", color=BLUE, linewidths=0.7, label="$p(z)$")
        axis.scatter(*codes.T, s=7, color=ORANGE, linewidths=0, alpha=0.7, label="$q(z)$")
        axis.scatter(*examples.reshape(-1, 2).T, s=4, color="black", linewidths=0, label="$q(z|x)$")
        axis.set(title=record.config.method, xlabel="$z_1$", ylabel="$z_2$")
        _frame([axis], 1.0, 1.0)
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper left", markerscale=1.5)
    return figure


def by_seed(records: Sequence[Record], metric: str, label: str, *, group: str = "data") -> Figure:
    """One mark a seed and a bar for the mean: `metric` by `group` (a field of the config) and method.

    Runs without the metric, or not run yet, are left out.
    """
    rows = [
        {group: getattr(r.config, group), "method": r.config.method, label: r.metrics[metric]}
        for r in records
        if metric in r.metrics
    ]
    frame = pd.DataFrame(rows, columns=[group, "method", label])
    methods = list(dict.fromkeys(frame["method"]))
    place = {"x": group, "y": label, "hue": "method", "hue_order": methods, "order": list(dict.fromkeys(frame[group]))}
    figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
    for method in methods:
        look = {"marker": STYLE[method]["marker"], "palette": BY_METHOD["palette"], "size": 4.5, "alpha": 0.7}
        sns.stripplot(frame[frame["method"] == method], **place, **look, dodge=True, jitter=False, legend=False)
        axis.plot([], [], ls="", ms=4.5, color=STYLE[method]["color"], marker=STYLE[method]["marker"], label=method)
    bar = {"linestyle": "none", "marker": "_", "markersize": 14, "markeredgewidth": 1.2, "errorbar": None}
    black, apart = dict.fromkeys(methods, "black"), 0.8 - 0.8 / max(1, len(methods))
    sns.pointplot(frame, **place, **bar, palette=black, dodge=apart, legend=False)
    axis.set_ylim(bottom=min(0, frame[label].min()))
    legend_outside(figure, axis, ncols=min(len(methods), 4) or 1)
    sns.despine(figure)
    return figure


def pipeline(record: Record, *, examples: int = 2) -> Figure:
    """Figure 1 from a trained model: data and two examples in X, their codes in Y, their codes in Z, samples in X."""
    a = record.artifacts
    figure, axes = plt.subplots(1, 4, figsize=(9, 2.5), layout="constrained")
    data = tasks.ToyTask(record.config.data).test[: len(a["y"])]
    shown = ((data, GREY, 2.6), (a["y"], GREY, 4.0), (a["z"], GREY, 1.5), (a["samples"], ORANGE, 2.6))
    for axis, (points, color, _) in zip(axes, shown, strict=True):
        _points(axis, points, color=color)
    for i, marker in zip(range(examples), "sD", strict=False):
        axes[0].plot(*data[i], marker, color=GREEN, ms=7, mec="black")
        ellipse = plt.matplotlib.patches.Ellipse(
            a["mu"][i], *(4 * np.asarray(a["sigma"][i])), fc="none", ec=GREEN, lw=1.5
        )
        axes[1].add_patch(ellipse)
        axes[1].plot(*a["mu"][i], marker, color=GREEN, ms=7, mec="black")
        axes[2].plot(*a["z"][i], marker, color=GREEN, ms=7, mec="black")
    titles = ("data $x$", "codes $y \\sim q(y|x)$", "codes $z = g(y)$", "samples from $p(x|g(y))$")
    for axis, title, (_, _, side) in zip(axes, titles, shown, strict=True):
        axis.set_title(title, fontsize=10)
        _frame([axis], side, side)
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
        h, w = images.shape[-2:]
        tiles = images.reshape(rows, columns, h, w).swapaxes(1, 2).reshape(rows * h, columns * w)
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
        axis.set(yticks=[], xlabel=f"${'y' if space == 'mu' else space}$")
    for axis in axes[:, 0]:
        axis.set_ylabel("test digits")
    axes[0, 0].legend(frameon=False, title="digit", fontsize=8, title_fontsize=8)
    return figure


def curves(records: Sequence[Record], curve: str = "valid_elbo") -> Figure:
    """Validation ELBO (nats an image) by epoch, one line a run: has training flattened?"""
    label = "validation ELBO (nats)" if curve == "valid_elbo" else curve
    rows = [
        {"run": i, "method": record.config.method, "epoch": epoch, label: value}
        for i, record in enumerate(records)
        for epoch, value in enumerate(record.curves[curve], 1)
    ]
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    look = BY_METHOD | {"markers": False, "lw": 1}
    sns.lineplot(pd.DataFrame(rows), x="epoch", y=label, units="run", estimator=None, **look)
    sns.move_legend(axis, "best", frameon=False, title=None)
    sns.despine(figure)
    return figure
