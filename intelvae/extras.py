"""Packages that do not come with `pip install intelvae` but with one of its extras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around imports of what comes with the extra `name`: where it is missing, the error says what to install.

    Such imports are in the functions that need them, so that every module can be imported without any extra. Raises
    `ModuleNotFoundError`, one line.

    >>> with extra("paper"):
    ...     import no_such_package
    Traceback (most recent call last):
    ...
    ModuleNotFoundError: this needs no_such_package: pip install 'intelvae[paper]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"this needs {error.name}: pip install 'intelvae[{name}]'"
        raise ModuleNotFoundError(message, name=error.name) from error
