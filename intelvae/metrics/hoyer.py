"""The Hoyer score: how few dimensions a code uses (paper, equation C.3)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from intelvae.dtypes import at_least_float32
from intelvae.finite import of_finite
from intelvae.numbers import whole_of


@of_finite
def hoyer(z: Float[Tensor, "batch dim"]) -> Float[Tensor, " batch"]:
    """`(sqrt(D) - |z|_1 / |z|_2) / (sqrt(D) - 1)` of each code (N, D), every dimension divided by its deviation: (N,).

    1 for one active dimension, 0 for equal magnitudes, and by chance 0.23 for Gaussian codes with D = 50. Deviations
    are those of the N codes, with N in the denominator and nothing subtracted from the codes. A dimension that never
    changes counts as off, and a code without any active dimension as 1. Raises `ValueError` for D < 2.
    Book: "What the Hoyer score measures".

    >>> hoyer(torch.tensor([[3.0, 0.0], [0.0, -1.0]])).round(decimals=4)
    tensor([1., 1.])
    """
    if z.shape[1] < 2:
        raise ValueError(f"the Hoyer score compares dimensions: it needs at least 2, not {z.shape[1]}")
    z = at_least_float32(z)
    deviation = z.std(0, correction=0)
    scaled = torch.where(deviation > 0, z / deviation.where(deviation > 0, 1.0), 0.0).abs()
    largest = scaled.amax(1, keepdim=True)
    scaled = scaled / largest.where(largest > 0, 1.0)  # the square of a tiny number would be 0
    ratio = torch.where(largest.squeeze(1) > 0, scaled.sum(1) / scaled.norm(dim=1).clamp_min(1.0), 1.0)
    return (math.sqrt(z.shape[1]) - ratio) / (math.sqrt(z.shape[1]) - 1)


def by_chance(dim: int) -> float:
    """The mean score of independent Gaussian codes with `dim` dimensions of equal size: what is no sparsity at all.

    A Gaussian's direction u is uniform on the sphere, where `E|u_d| = Gamma(D/2) / (sqrt(pi) Gamma((D+1)/2))`. Raises
    `ValueError` for dim < 2.

    >>> round(by_chance(50), 4), round(by_chance(128), 4)
    (0.2307, 0.22)
    """
    dim = whole_of("dim", dim, ">= 2")
    ratio = dim / math.sqrt(math.pi) * math.exp(math.lgamma(dim / 2) - math.lgamma((dim + 1) / 2))
    return (math.sqrt(dim) - ratio) / (math.sqrt(dim) - 1)
