"""Devices of torch by name: whether there is such a one here."""

from __future__ import annotations

import torch


def check_device(name: str) -> None:
    """Raises `ValueError`, one line, unless `name` is a device that torch can compute on here.

    >>> check_device("meta")
    Traceback (most recent call last):
    ...
    ValueError: device 'meta' cannot be used here: Tensor.item() cannot be called on meta tensors
    """
    if not isinstance(name, str):
        raise ValueError(f"device must be the name of one, such as 'cpu' or 'cuda', not {name!r}")
    try:
        torch.ones(1, device=name).item()
    except (RuntimeError, AssertionError, ImportError) as error:
        raise ValueError(f"device {name!r} cannot be used here: {str(error).splitlines()[0]}") from error
