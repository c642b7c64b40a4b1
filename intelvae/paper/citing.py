"""How to cite a page of the book, and what search engines show of it: an extension of Sphinx."""

from __future__ import annotations

import html
from importlib.metadata import version
from typing import Any

from docutils import nodes

from intelvae.paper import prose

LONGEST = 160  # characters of a description: search engines cut what is longer


def description(doctree: nodes.document) -> str:
    """The first words of the text, as far as there is room, and up to a formula that is more than a letter."""
    for paragraph in doctree.findall(nodes.paragraph):
        if not isinstance(paragraph.parent, nodes.section | nodes.document):  # but a cell, a table or a list
            continue
        formulas = [each.astext() for each in paragraph.findall(nodes.math) if len(each.astext()) > 1]
        whole = " ".join(paragraph.astext().split())
        text = whole.partition(" ".join(formulas[0].split()))[0].rstrip() if formulas else whole
        if len(text) > LONGEST - 2:
            text = text[: LONGEST - 2].rsplit(" ", 1)[0]
        return text if text == whole else f"{text} …"
    return ""


def bibtex(page: str, title: str, config: Any) -> str:
    """The page as an entry of BibTeX, with its address where the book has one (`html_baseurl`)."""
    fields = {
        "title": title,
        "author": f"{{{config.author}}}",
        "year": config.copyright,
        "howpublished": f"{config.project}, version {version('intelvae')}",
    }
    if config.html_baseurl:
        fields["url"] = f"{config.html_baseurl.rstrip('/')}/{page}.html"
    key = f"intelvae_{page.rpartition('/')[2]}"
    return f"@misc{{{key},\n" + "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items()) + "}"


def add(app: Any, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Sphinx's html-page-context."""
    if doctree is None:  # the index and the search
        return
    title = app.env.titles[page].astext()
    if words := description(doctree):
        context["metatags"] += f'<meta name="description" content="{html.escape(words)}">'
    context["body"] += prose.fold("Cite this page", f"<pre>{html.escape(bibtex(page, title, app.config))}</pre>")


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension."""
    app.connect("html-page-context", add)
    return {"parallel_read_safe": True}
