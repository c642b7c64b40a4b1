"""Numbers in place of the paper's pictures of points in the plane (ours: the paper reports none)."""

from __future__ import annotations

import torch
from torch import Tensor

from intelvae.data import toys
from intelvae.finite import of_finite
from intelvae.numbers import check_number, whole_of


@of_finite
def sliced_wasserstein(
    a: Tensor, b: Tensor, *, projections: int = 200, generator: torch.Generator | None = None
) -> float:
    """The sliced 1-Wasserstein distance of two samples, a (N, D) and b (M, D) (Bonneel et al., 2015).

    The mean over random directions of the distance W_1 in one dimension, the area between the quantile functions; for
    samples of one size that is the mean gap between sorted projections. In units of the data; zero for equal samples,
    and for a shift by t the mean of |t . direction|, 2 |t| / pi in the plane. `generator` draws the directions; it is
    on the samples' device. Samples of two precisions are compared in the finer one, and in float32 at least. Raises
    `ValueError` for samples without points or of different dimensions. Book: "Multiple connectivity".

    >>> a = torch.rand(100, 2)
    >>> sliced_wasserstein(a, a.flip(0))
    0.0
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"the samples must be (n, d) and (m, d), not {tuple(a.shape)} and {tuple(b.shape)}")
    projections = whole_of("projections", projections, ">= 1")
    dtype = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    a, b = a.to(dtype), b.to(dtype)
    directions = torch.randn(a.shape[1], projections, generator=generator, device=a.device).to(dtype)
    directions /= directions.norm(dim=0)
    sorted_a, sorted_b = (a @ directions).sort(0).values, (b @ directions).sort(0).values
    if len(a) == len(b):
        return (sorted_a - sorted_b).abs().mean().item()
    n, m = len(a), len(b)
    # both quantile functions are constant between the levels i/n and j/m, in units of 1/(n m): exact integers
    levels = torch.cat([torch.arange(n + 1) * m, torch.arange(m + 1) * n]).unique().to(a.device)
    left, weight = levels[:-1], levels.diff().double() / (n * m)
    gaps = (sorted_a[left // m] - sorted_b[left // n]).abs().mean(1)
    return (gaps * weight).sum().item()


@of_finite
def off_support(name: str, x: Tensor, tolerance: float = 0.3) -> float:
    """The share of points x (N, 2) farther than `tolerance` from the support of the toy `name`.

    For the mixture, farther than `tolerance` plus three of its standard deviations from the nearer centre; for the
    sparse data, from the nearer axis. Raises `ValueError` for an unknown name and for no points.
    Book: "Multiple connectivity".

    >>> off_support("circle", torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    0.5
    """
    check_number("tolerance", tolerance, ">= 0")
    spread = 3 * toys.MIXTURE_SCALE if name == "mixture" else 0.0
    return (toys.distance(name, x) > tolerance + spread).double().mean().item()


@of_finite
def inside_hole(name: str, x: Tensor) -> float:
    """The share of points x (N, 2) enclosed by the curve of the toy `name` and clear of it (`toys.holes`).

    Zero for the mixture and the sparse data, which enclose nothing. Raises `ValueError` for an unknown name and for no
    points. Book: "Multiple connectivity".

    >>> inside_hole("circle", torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    0.5
    """
    return toys.holes(name, x).double().mean().item()


@of_finite
def bridge(x: Tensor) -> float:
    """The share of points x (N, 2) with |x_1| < 1, between the mixture's clusters; 4.3e-4 for the data themselves.

    Exactly Phi(-1/0.3) - Phi(-10). Raises `ValueError` for no points. Book: "Multiple connectivity".

    >>> bridge(torch.tensor([[0.5, 0.0], [2.0, 0.0]]))
    0.5
    """
    return (x[:, 0].abs() < 1).double().mean().item()
