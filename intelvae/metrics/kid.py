"""The kernel distance of two sets of features: unlike the Fréchet distance it is unbiased at every size."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from intelvae.finite import of_finite
from intelvae.numbers import whole_of


@of_finite
def distance(real: Float[Tensor, "n d"], generated: Float[Tensor, "m d"], blocks: int = 10) -> tuple[float, float]:
    """The kernel inception distance and its standard error: squared MMD with the kernel (x.y / d + 1)^3.

    E k(x, x') + E k(y, y') - 2 E k(x, y), x and x' two different real features (n, d), y and y' two different
    generated ones (m, d). The sum runs within `blocks` disjoint blocks (the i-th takes every `blocks`-th row from row i
    on, so that the order of a file does not matter); the result is the blocks' mean and their standard deviation over
    sqrt(blocks). Disjoint blocks are independent, so that this error is honest; the usual overlapping subsets' is not.
    About zero, and as often negative as not, for samples of one distribution. Source: Bińkowski et al. 2018, section 4.
    Raises `ValueError` for blocks < 2, fewer than two rows a block, or features of different dimensions.

    >>> distance(torch.ones(20, 3), torch.zeros(20, 3))
    (7.0, 0.0)
    """
    blocks = whole_of("blocks", blocks, ">= 2")
    if real.shape[1] != generated.shape[1]:
        raise ValueError(f"features of different dimensions, {real.shape[1]} and {generated.shape[1]}")
    if min(len(real), len(generated)) < 2 * blocks:
        raise ValueError(f"{len(real)} and {len(generated)} features do not fill {blocks} blocks of two")
    parts = torch.stack([_mmd2(real[i::blocks].double(), generated[i::blocks].double()) for i in range(blocks)])
    return parts.mean().item(), (parts.std() / blocks**0.5).item()


def _mmd2(x: Float64[Tensor, "n d"], y: Float64[Tensor, "m d"]) -> Float64[Tensor, ""]:
    return _off_diagonal_mean(_kernel(x, x)) + _off_diagonal_mean(_kernel(y, y)) - 2 * _kernel(x, y).mean()


def _kernel(x: Float64[Tensor, "n d"], y: Float64[Tensor, "m d"]) -> Float64[Tensor, "n m"]:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _off_diagonal_mean(k: Float64[Tensor, "n n"]) -> Float64[Tensor, ""]:
    return (k.sum() - k.trace()) / (len(k) * (len(k) - 1))
