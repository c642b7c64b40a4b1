"""Lines of the book do not end between a number and what it belongs to, as in 40 %, ± 2 or Table 1: for Sphinx."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

from docutils import nodes

NAMED = r"(?:Tables?|Figures?|[Ss]ections?|[Aa]ppendix|[Ee]quations?|[Pp]age|[Tt]heorem)"
TOGETHER = re.compile(rf"(?<=\d) (?=[%±])|(?<=[±<>=]) (?=\d)|(?<=\b\w) (?=[<>=] )|(\b{NAMED}) (?=\d|[ABC]\b)")


def joined(text: str) -> str:
    """The text with spaces at which no line ends.

    >>> joined("a share of 40 % in Table 2 and Figure C.3, at γ = 70").split(" ")
    ['a', 'share', 'of', '40\\xa0%', 'in', 'Table\\xa02', 'and', 'Figure\\xa0C.3,', 'at', 'γ\\xa0=\\xa070']
    """
    return TOGETHER.sub(lambda found: (found[1] or "") + "\N{NO-BREAK SPACE}", text)


def process(app: Any, doctree: Any) -> None:
    """Sphinx's doctree-read."""
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.literal | nodes.FixedTextElement | nodes.raw | nodes.math):
            text.parent.replace(text, nodes.Text(joined(text)))
    for formula in list(doctree.findall(nodes.math)):
        _keep_signs(formula)


def _keep_signs(formula: Any) -> None:
    """Puts a formula and the brackets, quotation marks and stops that touch it into an inline of class "together"."""
    line = formula.parent
    at = line.index(formula)
    before, after = (
        line[i].astext() if 0 <= i < len(line) and isinstance(line[i], nodes.Text) else "" for i in (at - 1, at + 1)
    )
    opening, closing = _signs(before[::-1])[::-1], _signs(after)
    if not opening and not closing:
        return
    together = nodes.inline("", opening, classes=["together"])
    together += [formula.deepcopy(), nodes.Text(closing)]
    first, last = at - bool(before), at + 1 + bool(after)
    parts = [nodes.Text(before.removesuffix(opening)), together, nodes.Text(after.removeprefix(closing))]
    line[first:last] = [part for part in parts if part.astext()]


def _signs(text: str) -> str:
    """What a text begins with that is neither a space nor of a word.

    >>> _signs("), and"), _signs(" (and")
    ('),', '')
    """
    return "".join(takewhile(lambda sign: not sign.isalnum() and not sign.isspace(), text))


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension."""
    app.connect("doctree-read", process)
    return {"parallel_read_safe": True}
