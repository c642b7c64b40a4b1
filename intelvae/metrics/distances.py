"""Euclidean distances that depend neither on how many rows there are nor on how far from the origin they lie."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64
from torch import Tensor

_NEAR = 1e-6  # of two rows' squared sizes: a smaller squared distance has lost ten of its sixteen digits, and more
_PAIRS = 2**23  # numbers: as many of the pairs that are near are in memory at once


class Distances:
    """Distances of rows to those of a `reference` (M, D): `Distances(reference)(x)` is (N, M) for x (N, D), float64.

    `torch.cdist` multiplies matrices above 25 rows, |a|^2 + |b|^2 - 2 ab, which in float32 and far from the origin has
    no digits left; its exact form takes 50 times as long. This is the product, in float64 and about the mean of the
    reference, and differences for the pairs that are too near for it: right to 1e-9 of each distance, or to 1e-15 of
    how far the two rows lie from that mean where this is more, and equal rows have the distance 0. Raises `ValueError`
    for rows of different dimensions.

    >>> Distances(torch.tensor([[1000.0, 0.0], [1000.0, 1e-3]]))(torch.tensor([[1000.0, 0.0]]))
    tensor([[0.0000, 0.0010]], dtype=torch.float64)
    """

    def __init__(self, reference: Float[Tensor, "m d"]) -> None:
        self._centre = reference.double().mean(0)
        self._rows = reference.double() - self._centre
        self._sizes = self._rows.square().sum(1)

    def __call__(self, x: Float[Tensor, "n d"]) -> Float64[Tensor, "n m"]:
        if x.shape[1] != len(self._centre):
            raise ValueError(f"rows of different dimensions, {x.shape[1]} and {len(self._centre)}")
        rows = x.double() - self._centre
        sizes = rows.square().sum(1, keepdim=True) + self._sizes
        squares = torch.addmm(sizes, rows, self._rows.T, alpha=-2)
        near = (squares <= _NEAR * sizes).nonzero()
        for pairs in near.split(max(1, _PAIRS // max(1, rows.shape[1]))):
            i, j = pairs.unbind(1)
            squares[i, j] = (rows[i] - self._rows[j]).square().sum(1)
        return squares.sqrt()
