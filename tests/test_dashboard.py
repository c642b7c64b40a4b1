"""The dashboard: every claim that counts, in the order of the paper's tables and figures, and nothing as markup."""

from html.parser import HTMLParser

from intelvae.paper import ledger, report, statements
from intelvae.paper.dashboard import Dashboard


class Rows(HTMLParser):
    """The rows of a table that have data, and the tags that are there."""

    def __init__(self, text):
        super().__init__()
        self.found, self.tags = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "tr" and attributes:
            self.found.append({name.removeprefix("data-"): value for name, value in attributes})


def test_the_dashboard_has_every_claim_that_counts_once_by_item(laptop_claims):
    rows = Rows(Dashboard(laptop_claims)._repr_html_()).found
    counted = [row for row in laptop_claims if not row["variant"]]
    of = [(report.item_of(row), row["verdict"], row["page"]) for row in counted]
    assert sorted(of) == sorted((row["item"], row["verdict"], row["page"]) for row in rows)
    order = [*(item.name for item in statements.ITEMS), statements.TEXT]
    places = [order.index(row["item"]) for row in rows]
    assert places == sorted(places) and len(rows) == sum(ledger.count(laptop_claims)[v] for v in ledger.kinds.VERDICTS)


def test_what_a_record_says_is_no_markup(laptop_claims):
    evil = laptop_claims[0] | {"variant": False, "claim": "<script>", "test": "<img>", "page": '"><b>'}
    assert not {"script", "img", "b"} & Rows(Dashboard([evil])._repr_html_()).tags
