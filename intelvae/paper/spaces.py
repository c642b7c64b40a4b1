"""Lines of the book do not end between a number and what it belongs to, as in 40 %, ± 2 or Table 1: for Sphinx."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

NAMED = r"(?:Tables?|Figures?|[Ss]ections?|[Aa]ppendix|[Ee]quations?|[Pp]age|[Tt]heorem)"
TOGETHER = re.compile(rf"(?<=\d) (?=%)|(?<=±) (?=\d)|(\b{NAMED}) (?=\d|[ABC]\b)")


def joined(text: str) -> str:
    """The text with spaces at which no line ends.

    >>> joined("a share of 40 % in Table 2 and Figure C.3").split(" ")
    ['a', 'share', 'of', '40\\xa0%', 'in', 'Table\\xa02', 'and', 'Figure\\xa0C.3']
    """
    return TOGETHER.sub(lambda found: (found[1] or "") + "\N{NO-BREAK SPACE}", text)


def process(app: Any, doctree: Any) -> None:
    """Sphinx's doctree-read."""
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.literal | nodes.FixedTextElement | nodes.raw | nodes.math):
            text.parent.replace(text, nodes.Text(joined(text)))


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension."""
    app.connect("doctree-read", process)
    return {"parallel_read_safe": True}
