"""The dashboard of verdicts: a table of claims, of which the book's script makes tiles by table and figure."""

from __future__ import annotations

import html
from collections.abc import Sequence

from intelvae.paper import kinds, ledger, prose, report, statements
from intelvae.paper.report import Row


class Dashboard:
    """The claims among `found` (`ledger.rows`), variants left out, in the order of the paper's tables and figures.

    Where no script runs it is a plain table; `book/_static/dashboard.js` makes a tile of every row.
    """

    def __init__(self, found: Sequence[Row]) -> None:
        order = [*(item.name for item in statements.ITEMS), statements.TEXT]
        counted = [dict(row) for row in found if not row["variant"]]
        self.found = sorted(counted, key=lambda row: (order.index(report.item_of(row)), _rank(row)))

    def __repr__(self) -> str:
        return ledger.summary(self.found)

    def _repr_html_(self) -> str:
        holm = ledger.corrected(self.found)
        lines = []
        for row in self.found:
            data = {"item": report.item_of(row), "verdict": row["verdict"], "page": row["page"]}
            attributes = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in data.items())
            inner = "".join(f"<td>{cell}</td>" for cell in ledger.cells(row, holm).values())
            lines.append(f"<tr {attributes}>{inner}</tr>")
        heads = "".join(f"<th>{name}</th>" for name in ledger.COLUMNS)
        rows = "\n".join(lines)
        table = f'<table class="dataframe claims"><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>'
        counts = prose.badges(row["verdict"] for row in self.found)
        return f'<div class="dashboard"><p class="counts">{counts}</p>{table}</div>'


def _rank(row: Row) -> int:
    return kinds.VERDICTS.index(row["verdict"])
