"""A hierarchy: latents in levels, where a level takes in what the one above it says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.numbers import check_flag, whole_of


class Hierarchy(nn.Module):
    """`z_0 = y_0`, `z_i = NN_i(z_(i-1), y_i)`: y (..., D) in levels, the highest first (paper, appendix B).

    A change of `y_i` reaches `z_i` and all levels below it, and none above: the Jacobian is block-triangular. The paper
    says neither what `NN_i` is nor what `z_0` is. This is the authors' code: one linear layer and a ReLU on both
    vectors, as wide as the level, and `y_0` as it is. All levels but the first are then at least 0, a unit may be off
    for every input, and g is not invertible. With `residual` (ours) `z_i = y_i + MLP_i(z_(i-1))`, with one hidden layer
    of `hidden` ReLU units: nothing of y is lost, g is invertible and keeps volumes, so theorem 1 holds with equality.

    Parameters: `latent_dim` D; `levels`, how many of equal width, or the width of each. Raises `ValueError` for fewer
    than two levels, and for widths that do not add up to D. Book: "Hierarchies".

    >>> Hierarchy(50, levels=5).widths, Hierarchy(10, levels=(2, 8)).widths
    ((10, 10, 10, 10, 10), (2, 8))
    """

    def __init__(
        self, latent_dim: int, levels: int | Sequence[int] = 4, residual: bool = False, hidden: int = 64
    ) -> None:
        super().__init__()
        latent_dim = whole_of("latent_dim", latent_dim, ">= 1")
        hidden = whole_of("hidden", hidden, ">= 1")
        check_flag("residual", residual)
        each = levels if isinstance(levels, Sequence) else [levels]
        widths = [whole_of("levels, their number or each of their widths,", width, ">= 1") for width in each]
        if not isinstance(levels, Sequence):
            widths = [latent_dim // widths[0]] * widths[0]
        if len(widths) < 2 or sum(widths) != latent_dim:
            raise ValueError(
                f"a hierarchy needs two levels or more that add up to its {latent_dim} dimensions, not {levels}"
            )
        self.widths, self.residual = tuple(widths), residual
        self.networks = nn.ModuleList(
            nn.Sequential(nn.Linear(above, hidden), nn.ReLU(), nn.Linear(hidden, own))
            if residual
            else nn.Sequential(nn.Linear(above + own, own), nn.ReLU())
            for above, own in pairwise(self.widths)
        )

    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        if y.shape[-1:] != (sum(self.widths),):
            raise ValueError(f"these levels have {sum(self.widths)} dimensions, and y has the shape {tuple(y.shape)}")
        first, *rest = y.split(self.widths, -1)
        z = [first]
        for own, network in zip(rest, self.networks, strict=True):
            z.append(own + network(z[-1]) if self.residual else network(torch.cat([z[-1], own], -1)))
        return torch.cat(z, -1)
