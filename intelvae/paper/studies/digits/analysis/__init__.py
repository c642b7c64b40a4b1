"""What the pages on clusters of digits say in numbers: results in, lines of tables or texts by name out."""

from intelvae.paper.studies.digits.analysis import binary_images, moved, real, table1, table2, table3
from intelvae.paper.studies.digits.analysis.precision import by_precision, told_by_precision

__all__ = ["binary_images", "by_precision", "moved", "real", "table1", "table2", "table3", "told_by_precision"]
