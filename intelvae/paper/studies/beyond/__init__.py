"""What the paper says in passing, tested on points in the plane: other bounds, flows, slopes, stability."""

from intelvae.paper.studies.beyond import analysis, claims, figures, grid, theorem

__all__ = ["analysis", "claims", "figures", "grid", "theorem"]
