"""Clusters: continuous mappings that tear a Gaussian into K pieces and push them apart (paper, equation 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from intelvae.dtypes import LEAST_EPS, computed_in_float32
from intelvae.finite import check_finite
from intelvae.numbers import check_flag, check_number, whole_of


def _push(distance: Tensor, c1: float, c2: float, delta: float) -> Tensor:
    """`c_1 dis (dis^2 + delta^2)^((c_2 - 1)/2)`: the paper's `c_1 dis^c_2` but for distances of about delta and less.

    Odd in the distance, increasing, with the slope `c_1 delta^(c_2 - 1)` at the border, where the paper's is infinite.
    """
    return c1 * distance * (distance.square() + delta**2) ** ((c2 - 1) / 2)


def _need_dims(y: Tensor, n: int, name: str) -> None:
    """Raises `ValueError` unless y is (..., D) with D >= n."""
    if y.ndim == 0 or y.shape[-1] < n:
        raise ValueError(f"{name} needs y of shape (..., D) with D >= {n}, not {tuple(y.shape)}")


def _check_constants(c1: float, c2: float, delta: float) -> None:
    check_number("c1", c1, ">= 0")
    check_number("c2", c2, "> 0 and <= 1")
    check_number("delta", delta, f">= {LEAST_EPS}")


class Threshold(nn.Module):
    """Two clusters along the first dimension, `z_1 = y_1 + c_1 sign(y_1 - b) |y_1 - b|^c_2`, for y (..., D >= 1).

    The other dimensions stay. The threshold b is 0, or learned (appendix C.2, "Learnable proportions"); the first
    cluster has prior mass Phi(b). The power is taken as `|.| (|.|^2 + delta^2)^((c_2 - 1)/2)`, the same but within
    about delta of the threshold: without delta the slope there is infinite, its variance under the prior too, and the
    gradient NaN, as it is in float32 for delta < 1e-12. Strictly increasing, so theorem 1 holds with equality. Raises
    `ValueError` for constants out of range or y without a last dimension. Book: "Multi-modality on zeros and ones".

    >>> import torch
    >>> Threshold()(torch.tensor([[0.0], [1.0]])).round(decimals=2)
    tensor([[0.],
            [6.]])
    """

    num_clusters = 2

    def __init__(self, c1: float = 5.0, c2: float = 0.2, delta: float = 1e-3, learnable: bool = False) -> None:
        super().__init__()
        _check_constants(c1, c2, delta)
        check_flag("learnable", learnable)
        self.c1, self.c2, self.delta = c1, c2, delta
        self.threshold = nn.Parameter(torch.zeros(()), requires_grad=bool(learnable))

    def border(self) -> Float[Tensor, ""]:
        """The threshold b, ()."""
        return self.threshold

    @computed_in_float32
    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        _need_dims(y, 1, "a threshold")
        side = y[..., :1] - self.border()
        return torch.cat([y[..., :1] + _push(side, self.c1, self.c2, self.delta), y[..., 1:]], -1)

    @computed_in_float32
    def labels(self, y: Float[Tensor, "*batch dim"]) -> Int[Tensor, "*batch"]:
        """The cluster of y (..., D): 0 below the threshold, 1 above; (...), long."""
        _need_dims(y, 1, "a threshold")
        check_finite("y", y)
        return (y[..., 0] > self.border()).long()

    def proportions(self) -> Float[Tensor, " 2"]:
        """The prior mass of the two clusters, (2,): Phi(b) and 1 - Phi(b)."""
        below = torch.special.ndtr(self.border())
        return torch.stack([below, 1 - below])


class Sectors(nn.Module):
    """K clusters from K sectors of the plane of the first two dimensions (equations 6, C.1 and C.2), y (..., D >= 2).

    `g(y) = y + c_1 dis(y)^c_2 r(y)`, where dis is the distance to the border of y's sector and r the unit vector along
    the sector's bisector; points on a border stay. Sector k = 0..K-1 starts at angle 0 and its bisector lies at
    `2 pi/K (k + 1/2)` (the paper's numbering from 1 is one sector off). For K = 2 this moves the second coordinate,
    where the paper's text says the first: a rotation of the prior, which changes nothing that can be measured.

    `learnable` widths are `2 pi softmax(u)`; a sector's prior mass is its width over 2 pi. The gradient reaches u
    through the borders and the direction of the bisector. delta as in `Threshold`. With widths of at most pi, g is a
    homeomorphism of the plane, so theorem 1 holds with equality; in a wider sector, where the nearest point of the
    border may be its apex, g stays continuous and keeps the sector, but may merge points. Raises `ValueError` for
    K < 2, constants out of range, or fewer than 2 latent dimensions. Book: "Multi-modality on zeros and ones".

    >>> import torch
    >>> Sectors(4)(torch.tensor([1.0, 0.0]))
    tensor([1., 0.])
    """

    def __init__(
        self,
        k: int,
        c1: float = 5.0,
        c2: float = 0.2,
        delta: float = 1e-3,
        learnable: bool = False,
    ) -> None:
        super().__init__()
        k = whole_of("k, the number of clusters,", k, ">= 2")
        _check_constants(c1, c2, delta)
        check_flag("learnable", learnable)
        self.num_clusters = k
        self.c1, self.c2, self.delta = c1, c2, delta
        self.u = nn.Parameter(torch.zeros(k), requires_grad=bool(learnable))

    def proportions(self) -> Float[Tensor, " k"]:
        """The prior mass of each cluster, (K,): softmax(u)."""
        return self.logits().softmax(0)

    def logits(self) -> Float[Tensor, " k"]:
        """The u of the widths, (K,)."""
        return self.u

    def _borders(self, dtype: torch.dtype) -> Tensor:
        """Angles (K + 1,) at which the sectors start, from 0 to 2 pi, as precise as the latents are."""
        widths = 2 * math.pi * self.logits().to(dtype).softmax(0)
        return torch.cat([widths.new_zeros(1), widths.cumsum(0)])

    def _angle(self, y: Tensor) -> Tensor:
        """The angle of the first two coordinates in [0, 2 pi), (...)."""
        angle = torch.atan2(y[..., 1], y[..., 0])
        return torch.where(angle < 0, angle + 2 * math.pi, angle)

    @computed_in_float32
    def labels(self, y: Float[Tensor, "*batch dim"]) -> Int[Tensor, "*batch"]:
        """The sector of y (..., D): 0 to K - 1; (...), long."""
        check_finite("y", y)
        return self._sector(y)

    def _sector(self, y: Tensor) -> Tensor:
        """`labels` without a look at the numbers, which `torch.func.vmap` does not allow."""
        _need_dims(y, 2, "a mapping of sectors")
        inner = self._borders(y.dtype)[1:-1].detach()
        return (self._angle(y.detach())[..., None] >= inner).sum(-1)

    @computed_in_float32
    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        borders, sector = self._borders(y.dtype), self._sector(y)  # the label carries no gradient, the borders do
        own = sector[..., None] == torch.arange(self.num_clusters, device=y.device)  # (..., K)
        # a masked sum, because the derivative of borders[sector] has no batching rule under torch.func.vmap
        start, end = (own * borders[:-1]).sum(-1), (own * borders[1:]).sum(-1)  # (...)
        y1, y2 = y[..., 0], y[..., 1]
        square = y1.square() + y2.square()
        apex = square == 0  # there the root is 0 and its gradient 0/0, also where `torch.where` discards it
        radius = torch.where(apex, 0.0, torch.where(apex, 1.0, square).sqrt())

        def to_ray(angle: Tensor) -> Tensor:  # distance to the half-line at this angle; its apex if that is nearest
            along, across = y1 * angle.cos() + y2 * angle.sin(), y2 * angle.cos() - y1 * angle.sin()
            return torch.where(along > 0, across.abs(), radius)

        distance = torch.minimum(to_ray(start), to_ray(end))
        bisector = (start + end) / 2
        push = _push(distance, self.c1, self.c2, self.delta)
        moved = y[..., :2] + push[..., None] * torch.stack([bisector.cos(), bisector.sin()], -1)
        return torch.cat([moved, y[..., 2:]], -1)


class SectorProduct(nn.Module):
    """K = prod K_i clusters: the plane of dimensions (2i, 2i+1) is cut into K_i sectors (appendix C.2), y (..., D).

    Needs D >= 2 * number of factors; the other dimensions stay. Every cluster has the product of its sectors' masses.
    Parameters: `factors`, the K_i; the others as in `Sectors`. Raises `ValueError` for no factors, a factor below 2,
    or too few latent dimensions. Book: "Multi-modality on zeros and ones".

    >>> SectorProduct((2, 5)).num_clusters
    10
    """

    def __init__(
        self,
        factors: Sequence[int],
        c1: float = 5.0,
        c2: float = 0.2,
        delta: float = 1e-3,
        learnable: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(factors, Sequence) or not factors:
            raise ValueError("a product of clusters needs at least one factor, such as factors=(2, 5)")
        self.planes = nn.ModuleList(Sectors(k, c1, c2, delta, learnable) for k in factors)
        self.factors = tuple(int(k) for k in factors)
        self.num_clusters = math.prod(self.factors)

    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        n = 2 * len(self.factors)
        _need_dims(y, n, f"a product of {len(self.factors)} planes")
        moved = [plane(y[..., 2 * i : 2 * i + 2]) for i, plane in enumerate(self.planes)]
        return torch.cat([*moved, y[..., n:]], -1)

    def labels(self, y: Float[Tensor, "*batch dim"]) -> Int[Tensor, "*batch"]:
        """The cluster of y (..., D), the sectors read as digits, the first factor first; (...), long."""
        _need_dims(y, 2 * len(self.factors), f"a product of {len(self.factors)} planes")
        label = torch.zeros(y.shape[:-1], dtype=torch.long, device=y.device)
        for i, (k, plane) in enumerate(zip(self.factors, self.planes, strict=True)):
            label = label * k + plane.labels(y[..., 2 * i : 2 * i + 2])  # type: ignore[operator]
        return label

    def proportions(self) -> Float[Tensor, " k"]:
        """The prior mass of each cluster, (K,), in the order of `labels`."""
        masses = torch.ones(1)
        for plane in self.planes:
            share = plane.proportions()  # type: ignore[operator]
            masses = (masses.to(share)[:, None] * share).flatten()
        return masses


def clusters(
    latent_dim: int, k: int | None = None, factors: Sequence[int] | None = None, **constants: Any
) -> nn.Module:
    """The cluster mapping for `latent_dim` dimensions: `Threshold` for one, else `Sectors(k)` or `SectorProduct`.

    Raises `ValueError` where K does not fit the latent dimension, or not exactly one of `k` and `factors` is given.

    >>> type(clusters(1, k=2)).__name__, type(clusters(4, factors=(2, 5))).__name__
    ('Threshold', 'SectorProduct')
    """
    latent_dim = whole_of("latent_dim", latent_dim, ">= 1")
    if (k is None) == (factors is None):
        raise ValueError("clusters need either k, such as k=2, or factors, such as factors=(2, 5)")
    if factors is not None:
        if isinstance(factors, Sequence) and latent_dim < 2 * len(factors):
            raise ValueError(
                f"factors={tuple(factors)} need at least {2 * len(factors)} latent dimensions, not {latent_dim}"
            )
        return SectorProduct(factors, **constants)
    assert k is not None
    if latent_dim == 1:
        if k != 2:
            raise ValueError(f"one latent dimension can be cut into 2 clusters, not k={k}: use latent_dim >= 2")
        return Threshold(**constants)
    return Sectors(k, **constants)
