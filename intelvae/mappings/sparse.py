"""Sparse codes: a learned selector that turns dimensions off, one input at a time."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.numbers import check_number, whole_of, widths_of


class Sparse(nn.Module):
    """`g(y) = y * DS(y)` with a dimension selector DS: R^D -> [floor, 1]^D (paper, section 6.3).

    DS is a perceptron with ReLU layers of the sizes `hidden` and a sigmoid at its end. Nothing in it asks for sparsity:
    the penalty `regularizers.sparsity` on its `gates` does. The paper's range is [0, 1]; the authors' code has a floor
    of 0.2, below which no dimension can be turned off. Raises `ValueError` unless 0 <= floor < 1.
    Book: "Sparse codes".

    >>> g = Sparse(3)
    >>> y = torch.ones(5, 3)
    >>> bool((g(y) == y * g.gates(y)).all())
    True
    """

    def __init__(self, latent_dim: int, hidden: Sequence[int] = (10, 10), floor: float = 0.0) -> None:
        super().__init__()
        latent_dim = whole_of("latent_dim", latent_dim, ">= 1")
        hidden = widths_of("hidden", hidden)
        check_number("floor", floor, ">= 0 and < 1")  # gates lie between it and 1
        body = [layer for a, b in pairwise((latent_dim, *hidden)) for layer in (nn.Linear(a, b), nn.ReLU())]
        self.selector = nn.Sequential(*body, nn.Linear((latent_dim, *hidden)[-1], latent_dim))
        self.latent_dim, self.floor = latent_dim, floor

    def gates(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """`DS(y)`, how much of each dimension is let through: (..., D), between `floor` and 1."""
        if y.shape[-1:] != (self.latent_dim,):
            raise ValueError(f"this mapping has {self.latent_dim} dimensions and takes no y of shape {tuple(y.shape)}")
        return self.floor + (1 - self.floor) * torch.sigmoid(self.selector(y))

    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        return y * self.gates(y)
