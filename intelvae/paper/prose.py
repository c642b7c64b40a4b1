"""Prose that cells display: sentences with numbers, the box at the top of a page, badges of verdicts, and tables.

It reads the same in the book, in Jupyter and on GitHub; the book gives it its look (`book/_static/book.css`).
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import dedent, indent
from typing import Any, Protocol, runtime_checkable

import pandas as pd
from IPython.core.formatters import format_display_data
from IPython.display import Markdown, display, publish_display_data

from intelvae.paper.kinds import NO_DIFFERENCE, NOT_TESTED, OPPOSITE, PARTLY, REPRODUCED, VERDICTS

SYMBOLS = {REPRODUCED: "●", PARTLY: "◐", NO_DIFFERENCE: "○", OPPOSITE: "✕", NOT_TESTED: "·"}

NOTHING = "(No run of this table is there yet.)"
# in a number: a remark, a range, a share, a choice, an exponent
ASIDE = re.compile(r"\([^)]*\)|\b(?:to|of|or)\b|e[-+]\d")
LETTER = re.compile(r"[^\W\d_]")


def say(text: str) -> None:
    """Displays Markdown."""
    display(Markdown(text))


def in_short(text: str) -> None:
    """Displays Markdown as the box that a page begins with: the claim, its verdict, and our answer."""
    say(indent("**In short.** " + dedent(text).strip(), "> ", lambda line: True))


def listed(names: Iterable[str], none: str = "none") -> str:
    """Names as a sentence lists them, or `none` without any.

    >>> listed(["VAE", "GM-VAE", "flow"]), listed(["VAE"]), listed([])
    ('VAE, GM-VAE and flow', 'VAE', 'none')
    """
    *first, last = list(names) or [none]
    return f"{', '.join(first)} and {last}" if first else last


def badge(verdict: str, words: str = "") -> str:
    """A verdict as HTML within Markdown: its symbol and its name, or other `words`.

    >>> badge("partly")
    '<span class="verdict partly">◐ partly</span>'
    """
    name = verdict.replace(" ", "-")
    return f'<span class="verdict {name}">{SYMBOLS[verdict]} {html.escape(words or verdict)}</span>'


def badges(verdicts: Iterable[str]) -> str:
    """How many there are of each verdict, a `badge` each.

    >>> badges(["opposite", "partly", "partly"])
    '<span class="verdict partly">◐ 2 partly</span> <span class="verdict opposite">✕ 1 opposite</span>'
    """
    of = Counter(verdicts)
    return " ".join(badge(verdict, f"{of[verdict]} {verdict}") for verdict in VERDICTS if of[verdict])


def fold(title: str, inside: str) -> str:
    """HTML that a reader opens by its title.

    >>> fold("a < b", "<p>why</p>")
    '<details class="folded"><summary>a &lt; b</summary><p>why</p></details>'
    """
    return f'<details class="folded"><summary>{html.escape(title)}</summary>{inside}</details>'


def glue(name: str, shown: Any, display: bool = True) -> None:
    """Displays an object under a name by which the text of any page shows it again, as `myst_nb.glue` does.

    Without `display` it is in the notebook and not to be seen. MyST-NB, one of the book's tools, is needed to build the
    book; a page that is run alone does without.
    """
    prefix = "" if display else "application/papermill.record/"
    data, metadata = format_display_data(shown)
    told = {"scrapbook": {"name": name, "mime_prefix": prefix}}
    publish_display_data({prefix + kind: of for kind, of in data.items()}, metadata | told)


class Table:
    """A frame for readers: its index is its first column, and every heading stands in one row. An empty one says so.

    Cells of columns of numbers have the class "number", by which the book aligns them.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        named = any(name is not None for name in frame.index.names)
        self.frame = frame.reset_index() if named else frame

    def __repr__(self) -> str:
        return NOTHING if self.frame.empty else self.frame.to_string(index=False)

    def _repr_html_(self) -> str:
        if self.frame.empty:
            return f"<p>{NOTHING}</p>"
        lines = [[_written(value) for value in line] for line in self.frame.itertuples(index=False)]
        numbers = [_of_numbers(column) for column in zip(*lines, strict=True)]

        def row(tag: str, cells: Iterable[str]) -> str:
            kinds = [' class="number"' if number else "" for number in numbers]
            return "".join(f"<{tag}{kind}>{html.escape(cell)}</{tag}>" for cell, kind in zip(cells, kinds, strict=True))

        head = row("th", map(str, self.frame.columns))
        body = "\n".join(f"<tr>{row('td', line)}</tr>" for line in lines)
        return f'<table class="dataframe"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>'


def _of_numbers(cells: Sequence[str]) -> bool:
    """Whether a column is of numbers, with what may stand for or beside one.

    >>> _of_numbers(["1,000", "0.36 ± 0.10", "1 to 5", "3 or 4", "(none)", "-"]), _of_numbers(["10 units", "50 units"])
    (True, False)
    """
    bare = [ASIDE.sub("", cell) for cell in cells]
    return any(map(str.isdigit, "".join(bare))) and not any(map(LETTER.search, bare))


def _written(value: Any) -> str:
    """A cell: a float to six digits, as pandas writes one, and nothing for one that is missing.

    >>> _written("VAE, D = 8")
    'VAE, D\xa0=\xa08'
    """
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}"
    return str(value).replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


class Folded:
    """What is long and secondary: its `title`, which opens it, and all that is `shown`."""

    def __init__(self, title: str, *shown: Any) -> None:
        self.title, self.shown = title, shown

    def __repr__(self) -> str:
        return "\n\n".join([self.title, *map(repr, self.shown)])

    def _repr_html_(self) -> str:
        return fold(self.title, "\n".join(each._repr_html_() for each in self.shown))


@runtime_checkable
class Sourced(Protocol):
    """What says where its numbers come from: `Results`, or measured times."""

    def provenance(self) -> str: ...


class Provenance:
    """What the numbers on a page come from, the `provenance` of each of `results`, folded."""

    def __init__(self, *results: Sourced) -> None:
        self.lines = "\n".join(each.provenance() for each in results)

    def __repr__(self) -> str:
        return self.lines

    def _repr_html_(self) -> str:
        return fold("Where these numbers come from", f"<pre>{html.escape(self.lines)}</pre>")
