"""Settings that are numbers, flags or widths: checked where they come in, in one line that says what would be right."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

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
    try:
        number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:  # a whole number of more than 308 digits
        number = math.inf
    fits = math.isfinite(number) and not (whole and number % 1)
    for part in condition.split(" and ") if condition else ():
        sign, bound = part.split()
        fits = fits and _HOLDS[sign](number, float(bound))
    if not fits:
        raise ValueError(f"{name} must be a {'whole ' * whole}number {condition}".rstrip() + f", not {value!r}")


def whole_of(name: str, value: Any, condition: str = "") -> int:
    """The whole number that `value` is, 2 for 2.0, since torch takes no float for it. Raises as `check_number` does.

    >>> whole_of("layers", 2.0, ">= 1")
    2
    """
    check_number(name, value, condition, whole=True)
    return int(value)


def check_flag(name: str, value: object) -> None:
    """Raises `ValueError`, one line, unless `value` is True or False, or a number that is as good.

    >>> check_flag("learnable", "no")
    Traceback (most recent call last):
    ...
    ValueError: learnable must be True or False, not 'no'
    """
    if not isinstance(value, bool | int | np.bool_ | np.integer) or value not in (0, 1):
        raise ValueError(f"{name} must be True or False, not {value!r}")


def widths_of(name: str, value: object) -> tuple[int, ...]:
    """The widths of layers, in their order. Raises `ValueError`, one line, unless all are whole numbers above 0."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"{name} are widths of layers such as (10, 10), not {value!r}")
    return tuple(whole_of(f"each width of {name}", width, ">= 1") for width in value)
