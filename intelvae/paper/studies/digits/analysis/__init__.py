"""What the pages on clusters of digits say in numbers: results in, lines of tables or texts by name out."""

from intelvae.paper.studies.digits.analysis import table1, table2, table3
from intelvae.paper.studies.digits.analysis.precision import by_precision, cost_of_precision, precision_table

__all__ = ["by_precision", "cost_of_precision", "precision_table", "table1", "table2", "table3"]
