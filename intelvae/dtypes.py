"""Half precision (float16, bfloat16), where squares overflow and small numbers are 0, and whole numbers, which have no
fractions: what float32 computes anyway."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor

# The least eps of a root (|y|^2 + eps^2)^(1/2) below a fraction: the gradient has 1/eps^3, which float32 has to hold.
LEAST_EPS = 1e-12


def at_least_float32(x: Tensor) -> Tensor:
    """x in float32 if it is in half precision or whole, so that densities and norms lose no digits; else x itself.

    >>> at_least_float32(torch.ones(2, dtype=torch.float16)).dtype
    torch.float32
    """
    return x.to(torch.promote_types(x.dtype, torch.float32))


def computed_in_float32(method: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Tensor], Tensor]:
    """`method(self, y)`, for y of any dtype: computed `at_least_float32`, and given back in y's own precision.

    What is whole has none: labels stay whole, and what comes of whole numbers y is float32, as a quotient of theirs is.
    """

    @wraps(method)
    def wide(self: Any, y: Tensor) -> Tensor:
        result = method(self, at_least_float32(y))
        return result.to(y.dtype) if y.is_floating_point() and result.is_floating_point() else result

    return wide


def as_float(x: Tensor) -> Tensor:
    """Images as bytes become floats in [0, 1], of torch's default dtype; floats stay as they are."""
    return x.to(torch.get_default_dtype()) / 255 if x.dtype == torch.uint8 else x
