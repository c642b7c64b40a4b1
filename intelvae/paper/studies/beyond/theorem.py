"""Equation 4 in the plane: the KL divergence in Z of an invertible mapping, from densities of z alone."""

from __future__ import annotations

import math
from functools import cache

import pandas as pd
import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal, kl_divergence

from intelvae import training
from intelvae.mappings import Coupling

REACH = 7.0  # standard deviations of q(y|x) around its mean, beyond which less than 1e-11 of it lies
LINES = 200  # of the grid each way
ENCODERS = (  # means and standard deviations of q(y|x)
    ((0.0, 0.0), (0.5, 0.5)),
    ((1.0, -0.5), (0.3, 0.8)),
    ((-1.5, 2.0), (0.6, 0.4)),
)
FLOWS = (1, 2)  # seeds of the weights of two flows
SPREAD = 0.3  # of these weights


def gaussian(mean: tuple[float, ...], scale: tuple[float, ...]) -> Independent:
    """A Gaussian with independent dimensions, in float64."""
    return Independent(Normal(torch.tensor(mean).double(), torch.tensor(scale).double()), 1)


PRIOR = gaussian((0.0, 0.0), (1.0, 1.0))


def flow(seed: int) -> Coupling:
    """A flow in the plane that is not the identity: weights from N(0, SPREAD^2), in float64."""
    with training.seeded(seed), training.default_dtype(torch.float64):
        g = Coupling(2)
        for p in g.parameters():
            nn.init.normal_(p, 0.0, SPREAD)
    return g.requires_grad_(False)


def log_densities(g: Coupling, z: Tensor, *of: Distribution) -> list[Tensor]:
    """`log p_Z(z) = log p(g^-1(z)) + log |det d g^-1 / dz|` of each p, for z (N, 2): (N,).

    The Jacobian is one of automatic differentiation, through the inverse.
    """
    z = z.requires_grad_()
    y = g.inverse(z)
    jacobian = torch.stack([torch.autograd.grad(each.sum(), z, retain_graph=True)[0] for each in y.unbind(1)], 1)
    log_volume = torch.linalg.slogdet(jacobian).logabsdet
    return [(p.log_prob(y) + log_volume).detach() for p in of]


def kl_in_z(g: Coupling, q: Independent) -> tuple[float, float]:
    """`KL(q_Z || p_Z)` by quadrature over z for a flow g, and the mass of q_Z that the grid has: 1 if it is right.

    No two terms are cancelled beforehand: both densities are those of z (`log_densities`).
    """
    mean, scale = q.mean, q.stddev
    steps = torch.linspace(-REACH, REACH, 200, dtype=torch.float64)
    image = g(mean + scale * torch.cartesian_prod(steps, steps))
    corners = zip(image.amin(0).tolist(), image.amax(0).tolist(), strict=True)
    axes = [torch.linspace(low, high, LINES, dtype=torch.float64) for low, high in corners]
    area = math.prod(float(axis[1] - axis[0]) for axis in axes)
    z = torch.cartesian_prod(*axes)
    log_q, log_p = log_densities(g, z, q, PRIOR)
    mass = log_q.exp() * area
    return float((mass * (log_q - log_p)).sum()), float(mass.sum())


def kl_of_angle(q: Independent) -> float:
    """`KL(q_Z || p_Z)` for the mapping "circle", which keeps the angle of y alone: by quadrature over radius and angle.

    The angle is uniform under the prior.
    """
    root = torch.linspace(0, 3.5, 701, dtype=torch.float64)  # of the radius: the sum is then as good as smooth at 0
    angle = torch.linspace(-math.pi, math.pi, 721, dtype=torch.float64)[1:]
    around = torch.stack([angle.cos(), angle.sin()], -1)
    density = (2 * root**3 * q.log_prob(root[:, None] ** 2 * around[:, None]).exp()).sum(1) * float(root[1])
    return float((torch.xlogy(density, 2 * math.pi * density)).sum() * 2 * math.pi / len(angle))


@cache
def _kl_in_z(encoder: int, seed: int) -> tuple[float, float]:
    """`kl_in_z` of one of `ENCODERS` and one of `FLOWS`."""
    return kl_in_z(flow(seed), gaussian(*ENCODERS[encoder]))


def violations() -> list[float]:
    """How far equation 4 is from holding for every flow and encoder, and the mass of q_Z from 1."""
    found = []
    for i, encoder in enumerate(ENCODERS):
        before = float(kl_divergence(gaussian(*encoder), PRIOR))
        for seed in FLOWS:
            after, mass = _kl_in_z(i, seed)
            found += [abs(after - before), abs(mass - 1)]
    return found


def table() -> pd.DataFrame:
    """The KL divergence before and after three mappings, in nats, a line an encoder: flows keep it."""
    lines = []
    for i, (mean, scale) in enumerate(ENCODERS):
        q = gaussian(mean, scale)
        line = {"q(y|x)": f"mean {mean}, deviation {scale}", "KL in Y": float(kl_divergence(q, PRIOR))}
        line |= {f"KL in Z, flow {seed}": _kl_in_z(i, seed)[0] for seed in FLOWS}
        lines.append(line | {"KL in Z, circle": abs(kl_of_angle(q))})
    return pd.DataFrame(lines).set_index("q(y|x)").map("{:.6f}".format)
