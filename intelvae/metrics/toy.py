"""Numbers in place of the paper's pictures of points in the plane (ours: the paper reports none)."""

from __future__ import annotations

import torch
from torch import Tensor

from intelvae.data import toys


def sliced_wasserstein(
    a: Tensor, b: Tensor, *, projections: int = 200, generator: torch.Generator | None = None
) -> float:
    """The sliced 1-Wasserstein distance between two samples of one size, a and b (N, D) (Bonneel et al., 2015).

    The mean over random directions of the 1-D distance, which is the mean gap between sorted projections; in units of
    the data. Zero for equal samples. Raises `ValueError` for unequal shapes.

    >>> a = torch.rand(100, 2)
    >>> sliced_wasserstein(a, a.flip(0))
    0.0
    """
    if a.shape != b.shape:
        raise ValueError(f"the samples must have one shape, not {tuple(a.shape)} and {tuple(b.shape)}")
    directions = torch.randn(a.shape[1], projections, generator=generator)
    directions /= directions.norm(dim=0)
    gaps = (a @ directions).sort(0).values - (b @ directions).sort(0).values
    return gaps.abs().mean().item()


def off_support(name: str, x: Tensor, tolerance: float = 0.3) -> float:
    """The share of points x (N, 2) farther than `tolerance` from the support of the toy `name`.

    For the mixture, farther than `tolerance` plus three of its standard deviations from the nearer centre.
    """
    spread = 3 * toys.MIXTURE_SCALE if name == "mixture" else 0.0
    return (toys.distance(name, x) > tolerance + spread).double().mean().item()


def inside_hole(name: str, x: Tensor) -> float:
    """The share of points x (N, 2) enclosed by the curve of the toy `name` and clear of it (`toys.holes`)."""
    return toys.holes(name, x).double().mean().item()


def bridge(x: Tensor) -> float:
    """The share of points x (N, 2) with |x_1| < 1, between the mixture's clusters; 4.3e-4 for the data themselves.

    >>> bridge(torch.tensor([[0.5, 0.0], [2.0, 0.0]]))
    0.5
    """
    return (x[:, 0].abs() < 1).double().mean().item()
