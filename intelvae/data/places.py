"""Where the project's folders are: the checkout, the one that a variable names, and the cache.

Nothing depends on the current directory, but for a relative path in a variable outside a checkout.
"""

import os
from pathlib import Path

from intelvae.data.errors import DataError

CACHE_VARIABLE = "INTELVAE_CACHE"


def checkout() -> Path | None:
    """Return the root of the checkout this package runs from, or None when it is installed elsewhere."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "data" / "make_samples.py").is_file() else None


def of_variable(name: str) -> Path | None:
    """Return the path that the environment variable `name` holds, or None where it holds none.

    A relative one is taken from the checkout, so that a notebook run in its own folder finds the same files; outside
    a checkout from the current folder. Raises DataError as `expanded` does.
    """
    text = os.environ.get(name)
    return (checkout() or Path.cwd()) / expanded(text, name) if text else None


def expanded(path: str | Path, name: str) -> Path:
    """Return a path with the home directory that it may begin with, ~ or ~user, written out.

    Raises DataError where that directory is not known; `name` is the variable or parameter to set then.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{path}: this home directory is not known; set {name} to a full path") from error


def cache(name: str) -> Path:
    """Return the folder of what can be computed again: INTELVAE_CACHE, else `_build/NAME` of the checkout.

    Outside a checkout that is ~/.cache/intelvae. See `of_variable`; raises as it does.
    """
    if chosen := of_variable(CACHE_VARIABLE):
        return chosen
    root = checkout()
    return root / "_build" / name if root else expanded("~/.cache/intelvae", CACHE_VARIABLE)
