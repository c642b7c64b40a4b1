"""Equation 7 to the letter: the penalty "gates-raw"."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from intelvae.dtypes import at_least_float32
from intelvae.regularizers import entropy, presence


def sparsity_as_printed(v: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`mean_i H(v_i) - H(mean_i v_i)` for a batch v (B, D) >= 0: equation 7 to the letter, in nats (sparse.py).

    It is the paper's, where the code, and `regularizers.sparsity` with it, divides each row by its sum before the mean.
    As printed large rows count more in the second term, and the difference may be above 0. Rows of zeros, and rows that
    fade out, are as there.

    >>> import torch
    >>> round(sparsity_as_printed(torch.eye(50)).item(), 3)  # rows of one size: no difference
    -3.912
    """
    v = at_least_float32(v)
    of_each, alive = entropy(v).sum(), presence(v).sum()
    return of_each / alive.clamp_min(1) - alive.clamp_max(1) * entropy(v.mean(0))


def gates_as_printed(mapping: nn.Module, y: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`sparsity_as_printed` of the gates of a `mapping` at y (B, D), a penalty for `training.Objective`.

    Raises `ValueError` for a mapping without gates.
    """
    if not hasattr(mapping, "gates"):
        raise ValueError(f"'gates-raw' penalises the gates of a mapping, and {type(mapping).__name__} has none")
    return sparsity_as_printed(mapping.gates(y))  # type: ignore[operator]  # a mapping's own method


PENALTIES: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {"gates-raw": gates_as_printed}
