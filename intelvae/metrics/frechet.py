"""The Fréchet distance of two sets of features, each described by a Gaussian; on Inception's features it is the FID."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from intelvae.finite import of_finite


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Mean (d,) of `n` feature vectors, and a factor F (m, d) of their unbiased covariance F^T F; `fit` makes one."""

    mean: Float64[Tensor, " d"]
    factor: Float64[Tensor, "m d"]
    n: int

    @property
    def covariance(self) -> Float64[Tensor, "d d"]:
        """F^T F, whose rank may be less than d."""
        return self.factor.T @ self.factor


@of_finite
def fit(features: Float[Tensor, "n d"]) -> Gaussian:
    """The Gaussian of features (n, d), in float64; n may be smaller than d. Raises `ValueError` for n < 2.

    >>> fit(torch.tensor([[0.0, 2.0], [2.0, 2.0]])).covariance
    tensor([[2., 0.],
            [0., 0.]], dtype=torch.float64)
    """
    n = len(features)
    if n < 2:
        raise ValueError(f"a covariance needs at least two feature vectors, not {n}")
    x = features.double()
    mean = x.mean(0)
    factor = (x - mean) / (n - 1) ** 0.5
    if n > x.shape[1]:
        factor = torch.linalg.qr(factor, mode="r").R
    return Gaussian(mean, factor, n)


@of_finite
def distance(p: Gaussian, q: Gaussian) -> float:
    """The squared 2-Wasserstein distance of two Gaussians (Fréchet, 1957; Dowson and Landau, 1982).

    |mu_p - mu_q|^2 + tr(S_p + S_q - 2 (S_p S_q)^(1/2)), in squared units of the features. With factors F of the
    covariances, S_p S_q has the eigenvalues of (F_p F_q^T)(F_p F_q^T)^T, so that the trace of its root is the sum of
    the singular values of F_p F_q^T: no square root of rounding, also where both covariances are singular. Biased
    upwards by about a constant over n, so compare only numbers of one n.
    Source: Heusel et al. 2017, eq. 6. Raises `ValueError` for features of different dimensions.

    >>> a = torch.tensor([[0.0], [2.0]])
    >>> round(distance(fit(a), fit(a + 3)), 6)
    9.0
    """
    if p.mean.shape != q.mean.shape:
        raise ValueError(f"features of different dimensions, {len(p.mean)} and {len(q.mean)}")
    traces = p.factor.square().sum() + q.factor.square().sum()
    overlap = torch.linalg.svdvals(p.factor @ q.factor.T).sum()
    return ((p.mean - q.mean).square().sum() + traces - 2 * overlap).item()
