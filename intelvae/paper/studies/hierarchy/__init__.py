"""Hierarchies on Fashion-MNIST: Figures B.1 and B.2."""

from intelvae.paper.studies.hierarchy import analysis, claims, figures, grid

__all__ = ["analysis", "claims", "figures", "grid"]
