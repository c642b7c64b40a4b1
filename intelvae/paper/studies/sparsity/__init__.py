"""Sparse codes on Fashion-MNIST and MNIST: Figures 7, 8 and C.3, and the ablation."""

from intelvae.paper.studies.sparsity import analysis, claims, detail, figures, grid, tables

__all__ = ["analysis", "claims", "detail", "figures", "grid", "tables"]
