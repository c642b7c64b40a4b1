"""The library's docstrings as the book's API reference shows them: an extension of Sphinx."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from intelvae.paper import pages

CODE = re.compile(r"(`+[^`]+`+)")
SIGNS = re.compile(r"([*|]|_\b)")  # that reStructuredText would take for markup
ENTRY = re.compile(r"^(\w+) {2,}(?=\S)", re.MULTILINE)  # of a list of modules, in two columns
ALIAS = "Alias for field number"  # what Python says of a named tuple's fields
CITED = re.compile(r'\bBook: ("[^"]+"(?:,\s+"[^"]+")*)')


@cache
def titles() -> dict[str, str]:
    """The pages of the book by their titles."""
    found = {}
    for page in pages.sources():
        if title := re.search(r"^# # (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            found[title[1]] = page.stem
    return found


def as_markup(docstring: str) -> str:
    """A docstring as reStructuredText: signs outside of code are signs, titles of pages are links, columns a list.

    >>> as_markup("x (B, *data_shape), the mean of |z|, `a * b`")
    'x (B, \\\\*data_shape), the mean of \\\\|z\\\\|, `a * b`'
    """
    lines = ENTRY.sub(r"- `\1`: ", CITED.sub(_linked, docstring)).split("\n")
    return "\n".join(line if line.lstrip().startswith((">>>", "...")) else _escaped(line) for line in lines)


def _linked(found: re.Match[str]) -> str:
    named = [" ".join(title.split()) for title in re.findall('"([^"]+)"', found[1])]
    return "Book: " + ", ".join(f":doc:`{title} </book/{titles()[title]}>`" for title in named)


def _escaped(line: str) -> str:
    parts = CODE.split(line)
    parts[::2] = [SIGNS.sub(r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Sphinx's autodoc-process-docstring."""
    lines[:] = as_markup("\n".join(line for line in lines if not line.startswith(ALIAS))).split("\n")


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension."""
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}
