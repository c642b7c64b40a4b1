"""Every figure of the book: functions from records to matplotlib figures, readable in black and white."""

from intelvae.paper.plots import faces, sparsity
from intelvae.paper.plots.common import (
    BLUE,
    GREEN,
    GREY,
    MARKERS,
    ORANGE,
    SHADES,
    STYLE,
    by_seed,
    curves,
    image_rows,
    latent_histograms,
    mismatch,
    pipeline,
    provenance,
    sample_grid,
    samples_by_seed,
    traversals,
)

__all__ = [
    "BLUE", "GREEN", "GREY", "MARKERS", "ORANGE", "SHADES", "STYLE", "by_seed", "curves", "faces", "image_rows",
    "latent_histograms", "mismatch", "pipeline", "provenance", "sample_grid", "samples_by_seed", "sparsity",
    "traversals",
]  # fmt: skip
