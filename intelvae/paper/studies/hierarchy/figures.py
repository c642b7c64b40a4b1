"""The figures of the page on hierarchies, and of levels on that of faces, readable in black and white."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, pairwise, takewhile

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from intelvae.metrics import levels
from intelvae.paper.explorers import Explorer
from intelvae.paper.results import Result, Results
from intelvae.paper.studies.hierarchy.analysis import Jacobian
from intelvae.paper.style import MARKERS, SHADES, legend_outside, strips

PANELS = {  # of `level_numbers`, by metric
    "change": "class changed (share)",
    "pixels": "pixels changed",
    "kl": "KL (nats)",
    "accuracy": "class predicted (accuracy)",
}
FAINTEST, DARK = 1e-4, 0.01  # of an entry of a Jacobian: zeros are white as the first; on darker ones text is white


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


def level_numbers(results: Results, panels: Mapping[str, str]) -> Figure:
    """What each level does, by mapping: a panel a metric ("change" stands for change_0, change_1, ...), a dot a run."""
    names = [row.name for row in results.rows]
    look = {"hue": "mapping", "style": "mapping", "palette": dict(zip(names, SHADES, strict=False))}
    markers = dict(zip(names, MARKERS, strict=False))
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    size = (3.4 * columns, 2.3 * lines + 0.3)
    figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False, layout="constrained")
    for axis, (metric, label) in zip(axes.flat, panels.items(), strict=True):
        rows = [
            {"mapping": name, "level": level, label: value}
            for name in names
            for r in results.of(name)
            for level, value in enumerate(_by_level(r, metric))
        ]
        frame, place = pd.DataFrame(rows), {"x": "level", "y": label, "ax": axis}
        sns.lineplot(frame, **place, **look, errorbar=None)
        sns.scatterplot(frame, **place, **look, markers=markers, s=18, linewidth=0, alpha=0.7, legend=False)
        axis.set(xticks=sorted(set(frame["level"])), ylim=(0, None))
    legend_outside(figure, axes[0, 0], ncols=len(names), fontsize=8)
    sns.despine(figure)
    return figure


def jacobians(checked: Mapping[str, Jacobian]) -> Figure:
    """The mean sizes of the blocks of Jacobians, a panel a mapping: dark where a level of z depends on one of y."""
    figure, axes = plt.subplots(1, len(checked), figsize=(6.4, 3.1), squeeze=False, layout="constrained")
    for axis, (title, of) in zip(axes[0], checked.items(), strict=True):
        axis.imshow(of.blocks.clamp(min=FAINTEST).numpy(), cmap="Greys", norm=LogNorm(FAINTEST, 0.2))
        axis.set(title=title, xlabel="level of y", ylabel="level of z")
        for (z, y), size in np.ndenumerate(of.blocks.numpy()):
            shade = "white" if size > DARK else "black"
            axis.text(y, z, f"{size:.1g}", ha="center", va="center", fontsize=7, color=shade)
    return figure


def _by_level(result: Result, metric: str) -> list[float]:
    """The metric of level 0, 1, ...; those of attributes ("accuracy_50") are not of a level."""
    names = (f"{metric}_{i}" for i in count())
    return [result.metrics[name] for name in takewhile(result.metrics.__contains__, names)]


def level_traversals(result: Result, base: int = 0) -> Figure:
    """Figure B.2: what is decoded along one dimension of each level, highest first, all else of y as it is."""
    of_levels, dimensions = result.kept["traversals"][:, base], result.kept["dimensions"].tolist()
    return strips(
        {f"level {i}\n(dimension {d})": of for i, (of, d) in enumerate(zip(of_levels, dimensions, strict=True))}
    )


def level_explorer(result: Result) -> Explorer:
    """Figure B.2 to be moved through: a test image to start from, a level, and the value of its dimension."""
    images = result.kept["traversals"].transpose(0, 1)  # (images, levels, values, C, H, W)
    bases, depth, steps = images.shape[:3]
    return Explorer(
        images,
        [str(i + 1) for i in range(bases)],
        [[f"level {i}" for i in range(depth)]] * bases,
        [[levels.VALUES] * depth] * bases,
        [[steps // 2] * depth] * bases,
        kind="image",
        alt=f"Images that the decoder draws, for {bases} test images in turn: a row for each of the {depth} levels, "
        "highest first, the value of one of its dimensions growing from left to right.",
    )
