"""The Fréchet distance of two sets of features, each described by a Gaussian; on Inception's features it is the FID."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Float64
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Mean (d,) and unbiased covariance (d, d) of `n` feature vectors; `fit` makes one."""

    mean: Float64[Tensor, " d"]
    covariance: Float64[Tensor, "d d"]
    n: int

    @cached_property
    def root(self) -> Float64[Tensor, "d d"]:
        """The symmetric square root of the covariance, whose rank may be less than d; computed once."""
        values, vectors = torch.linalg.eigh(self.covariance)
        return (vectors * values.clamp(min=0).sqrt()) @ vectors.T  # rounding leaves some zeros slightly negative


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
    centred = x - mean
    return Gaussian(mean, centred.T @ centred / (n - 1), n)


def distance(p: Gaussian, q: Gaussian) -> float:
    """The squared 2-Wasserstein distance of two Gaussians (Fréchet, 1957; Dowson and Landau, 1982).

    |mu_p - mu_q|^2 + tr(S_p + S_q - 2 (S_p S_q)^(1/2)), in squared units of the features. The product S_p S_q is not
    symmetric, but it has the eigenvalues of S_p^(1/2) S_q S_p^(1/2), which is: real and non-negative, also where both
    covariances are singular. Biased upwards by about a constant over n, so compare only numbers of one n. Rounding of
    the many zero eigenvalues for n < d leaves an error of about 1e-6 of the traces, which can make it negative.
    Source: Heusel et al. 2017, eq. 6. Raises `ValueError` for features of different dimensions.

    >>> a = torch.tensor([[0.0], [2.0]])
    >>> round(distance(fit(a), fit(a + 3)), 6)
    9.0
    """
    if p.mean.shape != q.mean.shape:
        raise ValueError(f"features of different dimensions, {len(p.mean)} and {len(q.mean)}")
    values = torch.linalg.eigvalsh(p.root @ q.covariance @ p.root)
    overlap = values.clamp(min=0).sqrt().sum()
    return ((p.mean - q.mean).square().sum() + p.covariance.trace() + q.covariance.trace() - 2 * overlap).item()
