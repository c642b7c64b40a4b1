"""Points in the plane: Figures 1 to 4 and C.2."""

from intelvae.paper.studies.toys import claims, figures, grid

__all__ = ["claims", "figures", "grid"]
