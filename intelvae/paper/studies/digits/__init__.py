"""Clusters of digits: Tables 1 to 3 and Figure 6."""

from intelvae.paper.studies.digits import claims, grid

__all__ = ["claims", "grid"]
