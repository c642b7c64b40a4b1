"""The figures of the pages on faces, readable in black and white."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from intelvae.paper.measures import frechet
from intelvae.paper.results import Results
from intelvae.paper.rows import BLUE, GREEN, INTEL, ORANGE, SPARSE_VAE, Method
from intelvae.paper.rows import row as row_of
from intelvae.paper.studies.faces.analysis import CITED_ROWS, by_row, yardstick
from intelvae.paper.studies.faces.grid import HOYER, ONE_SEED, TABLE_4
from intelvae.paper.studies.faces.hierarchies import Line
from intelvae.paper.style import MARKERS, MEAN_AND_SD, legend_outside, strips

ACROSS = 12  # images in a row
# where rows of one method differ in a value, such as alpha or gamma, their marks do
MARKS: Mapping[Method, Mapping[float | None, str]] = {
    SPARSE_VAE: {0.01: SPARSE_VAE.marker, 0.05: "P", 0.2: "*"},
    INTEL: {30.0: "<", 50.0: ">", 70.0: INTEL.marker},
}


def samples(results: Results) -> Figure:
    """Generated faces of the first seed, a line a row of Table 4, each from its own prior."""
    of = {name: runs[0].kept for name, runs in by_row([r for r in results if "images" in r.kept]).items()}
    return strips({name: kept["images"][:ACROSS] for name, kept in of.items()})


def quality_and_sparsity(results: Results) -> Figure:
    """Table 4 as a picture: the distance (up, logarithmic) against the Hoyer score, one mark a run, a marker a row.

    Colours are those of methods. The dashed line is real against real, the dotted one the paper's score of the sparsest
    InteL-VAE. Open marks are the rows that we added.
    """
    by = yardstick(results)
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for name, of in by_row(results).items():
        x, y = [r.metrics["hoyer_sample"] for r in of], [frechet(r) for r in of]
        row = of[0].row
        marks = MARKS.get(row.method, {})
        look: dict[str, Any] = (
            {"mfc": "white", "mec": row.method.color} if name in ONE_SEED else {"mfc": row.method.color, "mec": "black"}
        )
        axis.plot(x, y, marks.get(row.value, row.method.marker), ls="", ms=6, mew=0.8, label=name, **look)
    axis.axhline(by.floor, color="black", ls="--", lw=1)
    axis.axvline(float(row_of(TABLE_4, CITED_ROWS["gamma70"]).paper[HOYER]), color=INTEL.color, ls=":", lw=1)
    axis.set(xlabel="Hoyer score of g(y)", ylabel=by.name, yscale="log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:,.0f}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    sns.despine(figure)
    legend_outside(figure, axis, loc="outside right upper", fontsize=8)
    return figure


def accuracies(curves: Mapping[str, Mapping[int, Sequence[float]]], baseline: float, label: str) -> Figure:
    """Table B.1 as curves: mean and standard deviation over draws by the number of labelled faces, a line a model.

    VAEs are the darker, the more dimensions they have. The dashed line is the `baseline`, which knows no codes.
    """
    figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
    rows = [
        {"model": name, "labelled faces": n, label: float(value)}
        for name, by_n in curves.items()
        for n, values in by_n.items()
        for value in values
    ]
    look: dict[str, Any] = {"hue": "model", "style": "model", "size": "model", "ms": 6, "mew": 0, **MEAN_AND_SD}
    hierarchies = [name for name in curves if "InteL" in name]
    vaes = [name for name in curves if name not in hierarchies]
    shades = [*sns.color_palette("Blues", len(vaes) + 2)[2:], ORANGE, GREEN]
    look["palette"] = dict(zip([*vaes, *hierarchies], shades, strict=False))
    look["markers"] = dict(zip(curves, MARKERS, strict=False))
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


def by_attribute(lines: Mapping[str, Line], names: Sequence[str]) -> Figure:
    """Figure B.3: scores by the VAE's latent dimension, a column an attribute, a line of plots for each of `lines`.

    The dashed horizontal line is the InteL-VAE, the thin dotted one the baseline.
    """
    figure, grid = plt.subplots(
        len(lines), len(names), figsize=(1.35 * len(names), 1.15 * len(lines)), squeeze=False, sharex=True,
        layout="constrained",
    )  # fmt: skip
    axes = np.asarray(grid)
    for row, (label, line) in zip(axes, lines.items(), strict=True):
        dims = sorted(line.vae)
        for axis, name in zip(row, names, strict=True):
            axis.plot(range(len(dims)), [line.vae[dim][name] for dim in dims], "o-", color=BLUE, ms=3, lw=1)
            axis.axhline(line.intel[name], color=ORANGE, ls="--", lw=1.4)
            axis.axhline(line.baseline[name], color="black", ls=":", lw=0.8)
            axis.locator_params(axis="y", nbins=3)
            axis.tick_params(labelsize=8)
            axis.set_xticks(
                range(len(dims)), ["" if i % 2 and len(dims) > 4 else str(dim) for i, dim in enumerate(dims)]
            )
        row[0].set_ylabel(label, fontsize=9)
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(name.replace("_", " "), fontsize=9)
    figure.supxlabel("latent dimensions of the VAE", fontsize=10)
    return figure
