"""Settings that are numbers: checked where they come in, with one line that names the value and what would be right."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np

_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def check_number(name: str, value: object, condition: str = "", *, whole: bool = False) -> None:
    """Raises `ValueError`, one line, unless `value` is a finite number for which `condition` holds.

    `condition` is one such as "> 0", or two such as ">= 0 and < 1"; `whole` asks for a whole number. True and False are
    no numbers here, NaN and infinity neither.

    >>> check_number("clip", -1.0, "> 0")
    Traceback (most recent call last):
    ...
    ValueError: clip must be a number > 0, not -1.0
    """
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    fits = math.isfinite(number) and not (whole and number % 1)
    for part in condition.split(" and ") if condition else ():
        sign, bound = part.split()
        fits = fits and _HOLDS[sign](number, float(bound))
    if not fits:
        raise ValueError(f"{name} must be a {'whole ' * whole}number {condition}".rstrip() + f", not {value!r}")
