"""Sentences with numbers, for pages: they read the same in the book, in Jupyter and on GitHub."""

from __future__ import annotations

from IPython.display import Markdown, display


def say(text: str) -> None:
    """Displays Markdown."""
    display(Markdown(text))
