"""Half precision (float16, bfloat16), where squares overflow and small numbers are 0: what float32 computes anyway."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """x in float32 if it is in half precision, so that densities and norms lose no digits; else x itself.

    >>> at_least_float32(torch.ones(2, dtype=torch.float16)).dtype
    torch.float32
    """
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def computed_in_float32(method: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Tensor], Tensor]:
    """`method(self, y)`, for y in any precision: computed `at_least_float32`, given back in y's own unless whole."""

    @wraps(method)
    def wide(self: Any, y: Tensor) -> Tensor:
        result = method(self, at_least_float32(y))
        return result.to(y.dtype) if result.is_floating_point() else result

    return wide


def as_float(x: Tensor) -> Tensor:
    """Images as bytes become floats in [0, 1], of torch's default dtype; floats stay as they are."""
    return x.to(torch.get_default_dtype()) / 255 if x.dtype == torch.uint8 else x
