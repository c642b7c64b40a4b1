"""Fidelity and diversity apart: precision, recall, density and coverage of generated features."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from intelvae.finite import of_finite
from intelvae.metrics.distances import Distances
from intelvae.numbers import whole_of

_ROWS = 500  # rows of a distance matrix held at once
_BORDER = 1e-8  # of a radius: as far off a distance may be, so that a point on a border is inside


@of_finite
def fidelity_and_diversity(real: Float[Tensor, "n d"], generated: Float[Tensor, "m d"], k: int = 5) -> dict[str, float]:
    """Shares between 0 and 1 (density may exceed 1), from balls that reach to each point's k-th neighbour in its set.

    `precision`: generated points inside any real ball. `recall`: real points inside any generated ball (Kynkäänniemi
    et al. 2019, eqs. 1-2). `density`: real balls a generated point lies in, on average, over k. `coverage`: real balls
    with a generated point inside (Naeem et al. 2020, eqs. 4-5; k = 5 is theirs, the former use 3 for 50,000 points).
    For two samples of n points of one distribution density is 1 and coverage 1 - 2^-k on average. Distances are
    Euclidean, and a border belongs to its ball. Raises `ValueError` where a set has no k neighbours, and for points of
    different dimensions.

    >>> real = torch.tensor([[0.0], [1.0], [9.0], [10.0]])
    >>> fidelity_and_diversity(real, real[:2], k=1)
    {'precision': 1.0, 'recall': 0.5, 'density': 2.0, 'coverage': 0.5}
    """
    k = whole_of("k", k, ">= 1")
    if min(len(real), len(generated)) <= k:
        raise ValueError(f"{len(real)} real and {len(generated)} generated points do not all have {k} neighbours")
    real_radius, generated_radius = _radii(real, k), _radii(generated, k)
    balls = torch.zeros(len(generated))  # how many real balls each generated point lies in
    covered, recalled = [], []
    to_generated = Distances(generated)
    for points, radius in zip(real.split(_ROWS), real_radius.split(_ROWS), strict=True):
        d = to_generated(points)
        inside = d <= radius[:, None]
        balls += inside.sum(0)
        covered.append(inside.any(1))
        recalled.append((d <= generated_radius).any(1))
    return {
        "precision": (balls > 0).float().mean().item(),
        "recall": torch.cat(recalled).float().mean().item(),
        "density": balls.mean().item() / k,
        "coverage": torch.cat(covered).float().mean().item(),
    }


def _radii(x: Float[Tensor, "n d"], k: int) -> Float[Tensor, " n"]:
    """Distance (n,) of each point to its k-th neighbour, rounded up; the nearest of all is the point itself."""
    to = Distances(x)
    # topk gives what kthvalue does, and ten times faster
    radii = torch.cat([to(rows).topk(k + 1, largest=False).values[:, k] for rows in x.split(_ROWS)])
    return radii * (1 + _BORDER)
