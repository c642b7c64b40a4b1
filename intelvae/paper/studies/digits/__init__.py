"""Clusters of digits: Tables 1 to 3 and Figure 6."""

from intelvae.paper.studies.digits import analysis, claims, figures, grid, slips, spread

__all__ = ["analysis", "claims", "figures", "grid", "slips", "spread"]
