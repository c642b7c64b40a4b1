"""What text, authors' code and this book do in different ways, and how much each difference moves a result."""

from intelvae.paper.studies.discrepancies import analysis, figures, told, topics

__all__ = ["analysis", "figures", "told", "topics"]
