"""NaN and infinity, found where they come in: a comparison with NaN is False, and the score made of it a good one.

And no numbers at all, of which every mean is NaN.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def check_finite(name: str, value: object) -> None:
    """Raises `ValueError`, one line, where a floating Tensor in `value` has numbers that are not finite.

    `value` may be a Tensor, a tuple, list, dict or dataclass with such in it, or anything else, which is let through.
    """
    floating = [x for x in _tensors(value) if x.is_floating_point()]
    wrong = sum(x.numel() - int(x.isfinite().sum()) for x in floating if not x.isfinite().all())
    if wrong:
        raise ValueError(f"{wrong} numbers of {name} are not finite: has the model diverged?")


def of_finite(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, which raises `ValueError` for the first of its arguments that is not finite, or has no numbers.

    The former as `check_finite` does, the latter for tensors of whole numbers and flags too; in one line.

    >>> import torch
    >>> of_finite(lambda x: x)(torch.tensor([1.0, torch.nan]))
    Traceback (most recent call last):
    ...
    ValueError: 1 numbers of x are not finite: has the model diverged?
    """
    signature = inspect.signature(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            check_finite(name, value)
            for x in _tensors(value):
                if not x.numel():
                    raise ValueError(f"{name} of shape {tuple(x.shape)} has no numbers: there is nothing to measure")
        return function(*args, **kwargs)

    return checked


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
        return
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = vars(value)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)
