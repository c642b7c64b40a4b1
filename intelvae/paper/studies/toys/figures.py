"""The figures of the pages on points in the plane: Figures 1 to 4 and C.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import seaborn as sns
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from intelvae.mappings import Circle, Glue
from intelvae.paper.datasets import Points
from intelvae.paper.results import Result
from intelvae.paper.rows import BLUE, GREEN, GREY, ORANGE
from intelvae.paper.statistics import Metric
from intelvae.paper.studies.toys import grid
from intelvae.paper.studies.toys.analysis import elbo, kl
from intelvae.paper.style import frame, legend_outside, marks_by_seed, points

AUTHORS_AXES = (4.5, 3.0)  # from the middle to the side and to the top, in the authors' notebooks


def sample_grid(results: Sequence[Result], *, shown: int = 200) -> Figure:
    """Figures 4 and C.2: one row a data set, one column a method, 200 samples each; results of one seed.

    The axes are those of the authors' notebooks, all of them wider where a sample would be outside.
    """
    data = list(dict.fromkeys(r.training.data for r in results))
    methods = list(dict.fromkeys(r.row.method for r in results))
    figure, axes = plt.subplots(
        len(data),
        1 + len(methods),
        figsize=(2.1 * (1 + len(methods)), 1.45 * len(data)),
        squeeze=False,
        layout="constrained",
    )
    for line, name in zip(axes, data, strict=True):
        of = {r.row.method: r for r in results if r.training.data == name}
        points(line[0], Points(name).test[:shown], color="black")
        line[0].set_ylabel(name)
        for axis, method in zip(line[1:], methods, strict=True):
            points(axis, of[method].kept["samples"][:shown], color=method.color)
    for axis, title in zip(axes[0], ["data", *(method.name for method in methods)], strict=True):
        axis.set_title(title)
    frame(figure.axes, *AUTHORS_AXES)
    return figure


def gluing() -> Figure:
    """Figure C.1: the circle with the points that are to be glued, half way, two holes, and the chain of four."""
    angle = torch.linspace(0, 2 * torch.pi, 400)
    ring = torch.stack([angle.cos(), angle.sin()], -1)
    one, two, four = Circle()(ring), Glue(holes=2)(ring), Glue(holes=4)(ring)
    panels = {"h = 1": one, "half way": (one + two) / 2, "h = 2": two, "h = 4 (ours)": four}
    figure, axes = plt.subplots(1, 4, figsize=(8, 2.3), layout="constrained")
    for axis, (title, z) in zip(axes, panels.items(), strict=True):
        axis.scatter(*z.T, c=ring[:, 1], s=6, cmap="cividis", linewidths=0)
        if z is not four:
            axis.plot(*z[[100, 300]].T, "s", color=ORANGE, mec="black")
        axis.set(title=title, xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal", xticks=[], yticks=[])
    return figure


def side_by_side(found: Mapping[str, Sequence[Result]], metric: Metric, label: str) -> Figure:
    """A metric by data set and method, one mark a run and a bar for the mean: a panel for each of some settings."""
    figure, axes = plt.subplots(1, len(found), figsize=(8, 2.8), sharey=True, squeeze=False, layout="constrained")
    for axis, (title, results) in zip(axes[0], found.items(), strict=True):
        marks_by_seed(axis, results, metric, label)
        axis.set(title=title)
        if len(found) > 1:
            axis.tick_params("x", labelrotation=30, labelsize=8)
    axes[0, 0].set(ylim=(0, None))  # of all
    legend_outside(figure, axes[0, 0], ncols=3)
    sns.despine(figure)
    return figure


def readings(results: Sequence[Result]) -> Figure:
    """The KL divergence and the ELBO by reading of the likelihood, one mark a run and a bar for the mean of all."""
    name_of = {grid.of_reading(name, data): name for name in grid.READINGS for data in grid.TOYS}
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axis, metric, label in zip(axes, (kl, elbo), ("KL (nats)", "ELBO (nats)"), strict=True):
        marks_by_seed(axis, results, metric, label, lambda r: name_of[r.row.group].replace(", ", ",\n"))
        axis.set(xlabel="reading of the likelihood")
        axis.tick_params("x", labelrotation=30, labelsize=8)
    legend_outside(figure, axes[0], ncols=3)
    sns.despine(figure)
    return figure


def samples_by_seed(results: Sequence[Result], *, shown: int = 200) -> Figure:
    """Figure 2, one panel a run whose points are kept: samples of models of one data set, a row a method."""
    kept = [r for r in results if "samples" in r.kept]
    methods = list(dict.fromkeys(r.row.method for r in kept))
    lines = [[r for r in kept if r.row.method == method] for method in methods]
    columns = 1 + max(map(len, lines))
    figure, axes = plt.subplots(
        len(lines), columns, figsize=(1.9 * columns, 1.45 * len(lines)), squeeze=False, layout="constrained"
    )
    for line, runs in zip(axes, lines, strict=True):
        points(line[0], Points(runs[0].training.data).test[:shown], color="black")
        line[0].set(title="data", ylabel=runs[0].row.method.name)
        for axis, run in zip(line[1:], runs, strict=False):
            points(axis, run.kept["samples"][:shown], color=run.row.method.color)
            axis.set_title(f"seed {run.seed}")
        for axis in line[1 + len(runs) :]:
            axis.remove()
    frame(figure.axes, *AUTHORS_AXES)
    return figure


def mismatch(results: Sequence[Result]) -> Figure:
    """Figure 3, a panel a run: p(z) (blue crosses), all codes (red dots) and the codes of a few examples (black)."""
    figure, axes = plt.subplots(1, len(results), figsize=(2.1 * len(results), 2.7), squeeze=False, layout="constrained")
    for axis, result in zip(axes[0], results, strict=True):
        prior, codes, examples = (result.kept[name].numpy() for name in ("prior_z", "z", "exemplars"))
        axis.scatter(*prior.T, s=14, marker="x", color=BLUE, linewidths=0.7, label="$p(z)$")
        axis.scatter(*codes.T, s=7, color=ORANGE, linewidths=0, alpha=0.7, label="$q(z)$")
        axis.scatter(*examples.reshape(-1, 2).T, s=4, color="black", linewidths=0, label="$q(z|x)$")
        axis.set_title(result.row.name.replace("prior, ", "prior,\n"), fontsize=10)
        axis.set(xlabel="$z_1$")
        frame([axis], 1.0, 1.0)
    axes[0, 0].set_ylabel("$z_2$")
    legend_outside(figure, axes[0, 0], ncols=3, markerscale=2)
    return figure


def pipeline(result: Result, *, examples: int = 2) -> Figure:
    """Figure 1 from a trained model: data and two examples in X, their codes in Y, their codes in Z, samples in X."""
    kept = result.kept
    figure, axes = plt.subplots(1, 4, figsize=(9, 2.5), layout="constrained")
    data = Points(result.training.data).test[: len(kept["y"])]
    shown = ((data, GREY, 2.6), (kept["y"], GREY, 4.0), (kept["z"], GREY, 1.5), (kept["samples"], ORANGE, 2.6))
    for axis, (places, color, _) in zip(axes, shown, strict=True):
        points(axis, places, color=color)
    for i, marker in zip(range(examples), "sD", strict=False):
        axes[0].plot(*data[i], marker, color=GREEN, ms=7, mec="black")
        mu, sigma = (tuple(kept[name][i].tolist()) for name in ("mu", "sigma"))
        axes[1].add_patch(Ellipse(mu, 4 * sigma[0], 4 * sigma[1], fc="none", ec=GREEN, lw=1.5))
        axes[1].plot(*mu, marker, color=GREEN, ms=7, mec="black")
        axes[2].plot(*kept["z"][i], marker, color=GREEN, ms=7, mec="black")
    titles = ("data $x$", "codes $y \\sim q(y|x)$", "codes $z = g(y)$", "samples from $p(x|g(y))$")
    for axis, title, (_, _, side) in zip(axes, titles, shown, strict=True):
        axis.set_title(title, fontsize=10)
        frame([axis], side, side)
    return figure
