"""Faces: Tables 4 and B.1, Figure B.3."""

from intelvae.paper.studies.faces import analysis, attributes, claims, figures, grid, hierarchies, kinds, why_dense

__all__ = ["analysis", "attributes", "claims", "figures", "grid", "hierarchies", "kinds", "why_dense"]
