"""f-divergences before and after a mapping: theorem 1 in numbers (equations 3, 4 and A.1)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Normal

from intelvae.finite import of_finite
from intelvae.numbers import check_number, whole_of

Mapping = Callable[[Tensor], Tensor]

ORDER = 16  # Gauss-Legendre nodes in a panel
PANELS = 2000  # of equal width in y; narrow enough for the kink of |q - p| (error about 1e-7)
GRADED = 15  # panels that halve towards each breakpoint, for the 1/sqrt singularity where a mapping turns
REACH = 12.0  # standard deviations kept; the mass beyond is 4e-33
LARGEST_EXPONENT = 700.0  # e^709 is the largest number that float64 holds
NARROWEST = 0.1  # panels, the smallest standard deviation: of a smaller one the nodes may miss a millionth of the mass
MASS_TOLERANCE = 1e-6  # how far a density on a grid may be from a total of 1


@dataclass(frozen=True)
class Pair:
    """Two densities q and p on the nodes of one quadrature rule, all (N,), float64, logarithms in nats."""

    at: Float[Tensor, " n"]
    weight: Float[Tensor, " n"]
    log_q: Float[Tensor, " n"]
    log_p: Float[Tensor, " n"]
    light_tails: bool  # q^2 / p is integrable over y, and the rule wide enough for it

    def integral(self, values: Float[Tensor, " n"]) -> float:
        """The integral over the line of a function given by its `values` at the nodes."""
        return float((self.weight * values).sum())


# The integrand p f(q/p) of each f-divergence, from the log densities of q and p.
_INTEGRANDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "KL": lambda q, p: q.exp() * (q - p),
    "reverse KL": lambda q, p: p.exp() * (p - q),
    "chi-squared": lambda q, p: (2 * q - p).exp() - 2 * q.exp() + p.exp(),
    "total variation": lambda q, p: (q.exp() - p.exp()).abs() / 2,
    "squared Hellinger": lambda q, p: ((q / 2).exp() - (p / 2).exp()).square() / 2,
}
NAMES = tuple(_INTEGRANDS)


def divergence(name: str, pair: Pair) -> float:
    """`D_f(q || p) = integral of p f(q/p)`, `name` being one of `NAMES`; KL and reverse KL in nats.

    With r = q/p, f(r) is r log r (KL), -log r (reverse KL), (r - 1)^2 (chi-squared), |r - 1| / 2 (total variation)
    or (sqrt r - 1)^2 / 2 (squared Hellinger); all are convex with f(1) = 0 (Csiszar, 1967). Raises `ValueError` for
    another name, and for chi-squared where it is infinite in y. Book: "Theorem 1".

    >>> q, p = Normal(1.0, 1.0), Normal(0.0, 1.0)
    >>> round(divergence("KL", before(q, p)), 6)
    0.5
    """
    _check(name)
    if name == "chi-squared" and not pair.light_tails:
        raise ValueError("chi-squared is infinite before the mapping: q has at least twice the variance of p")
    return pair.integral(_INTEGRANDS[name](pair.log_q, pair.log_p))


def closed_form(name: str, q: Normal, p: Normal) -> float:
    """The divergence called `name` of two Gaussians on the line, exactly; what `divergence` is tested against.

    Chi-squared is infinite where the variance of q is twice that of p or more, or where float64 ends. Raises
    `ValueError` for a name that is not one of `NAMES`, and for a batch of Gaussians.

    >>> round(closed_form("KL", Normal(1.0, 1.0), Normal(0.0, 1.0)), 6)
    0.5
    """
    _check(name)
    (m, s), (n, t) = ((float(d.mean), float(d.stddev)) for d in (_double(q), _double(p)))
    if name == "reverse KL":
        return closed_form("KL", p, q)
    if name == "KL":
        return math.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5
    if name == "chi-squared":
        rest = 2 * t**2 - s**2
        if rest <= 0 or (m - n) ** 2 / rest > LARGEST_EXPONENT:
            return math.inf
        return t**2 / (s * math.sqrt(rest)) * math.exp((m - n) ** 2 / rest) - 1
    if name == "squared Hellinger":
        overlap = math.sqrt(2 * s * t / (s**2 + t**2)) * math.exp(-((m - n) ** 2) / (4 * (s**2 + t**2)))
        return 1 - overlap
    return _total_variation(m, s, n, t)


def _total_variation(m: float, s: float, n: float, t: float) -> float:
    """The mass by which N(m, s^2) exceeds N(n, t^2): the densities cross where a quadratic is zero."""
    n, m = n - m, 0.0  # far from the origin all digits of the quadratic's last term would cancel
    a, b = 1 / t**2 - 1 / s**2, -2 * n / t**2
    c = (n / t) ** 2 + 2 * math.log(t / s)
    # of the two roots (-b +- root) / 2a one cancels where a is small; the other's product with it is c / a
    large = -(b + math.copysign(math.sqrt(max(b * b - 4 * a * c, 0.0)), b)) / 2
    roots = sorted(top / bottom for top, bottom in ((large, a), (c, large)) if bottom)
    cdf = [(_phi((x - m) / s), _phi((x - n) / t)) for x in roots]
    ends = [(0.0, 0.0), *cdf, (1.0, 1.0)]
    pieces = [abs((q1 - q0) - (p1 - p0)) for (q0, p0), (q1, p1) in itertools.pairwise(ends)]
    return sum(pieces) / 2


def _phi(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def before(q: Normal, p: Normal, breakpoints: Sequence[float] = ()) -> Pair:
    """The Gaussians q and p on a quadrature rule in y. Errors as in `after`.

    >>> pair = before(Normal(0.5, 0.5), Normal(0.0, 1.0))
    >>> abs(pair.integral(pair.log_q.exp()) - 1) < 1e-12
    True
    """
    q, p = _double(q), _double(p)
    y, weight = _panels(torch.cat(_edges(q, p, breakpoints)))
    return _checked(Pair(y, weight, q.log_prob(y), p.log_prob(y), _light_tails(q, p)))


def after(q: Normal, p: Normal, g: Mapping, breakpoints: Sequence[float] = ()) -> Pair:
    """The push-forwards g#q and g#p on a quadrature rule in z, by the sum over the preimages of z.

    `(g#q)(z) = sum over g(y) = z of q(y) / |g'(y)|`. g maps (N, 1) to (N, 1), float64, is differentiable by autograd,
    and strictly monotone between the `breakpoints`: where it turns or has a kink. It is inverted by bisection, and
    the integral is one over z: nothing is carried over from y, so equality before and after is a finding. Raises
    `ValueError` where g is not monotone between the breakpoints, loses mass to a point (a constant piece), or gives
    another shape or dtype; for a breakpoint that is no number; and for q and p of scales that no grid can hold.
    Book: "Theorem 1".

    >>> q, p = Normal(0.5, 0.5), Normal(0.0, 1.0)
    >>> round(divergence("KL", after(q, p, torch.abs, breakpoints=(0.0,))), 4)
    0.1063
    """
    q, p = _double(q), _double(p)
    pieces = _edges(q, p, breakpoints)
    z, weight = _panels(torch.cat(_images(g, pieces)))
    log_q, log_p = _pushed((q, p), g, pieces, z)
    return _checked(Pair(z, weight, log_q, log_p, _light_tails(q, p)))


def ratio(
    q: Normal, p: Normal, g: Mapping, z: Float[Tensor, " n"], breakpoints: Sequence[float] = ()
) -> Float[Tensor, " n"]:
    """`(g#q / g#p)(z)`, the right-hand side of equation A.1, at points z (N,) that g reaches; arguments as in `after`.

    >>> z = torch.tensor([0.5], dtype=torch.float64)
    >>> ratio(Normal(0.0, 0.5), Normal(0.0, 1.0), torch.abs, z, (0.0,))  # 2 exp(-3/8): q/p is a function of |y|
    tensor([1.3746], dtype=torch.float64)
    """
    q, p = _double(q), _double(p)
    log_q, log_p = _pushed((q, p), g, _edges(q, p, breakpoints), z.double())
    return (log_q - log_p).exp()


def _images(g: Mapping, pieces: Sequence[Tensor]) -> list[Tensor]:
    images = [_apply(g, piece) for piece in pieces]
    for image in images:
        steps, rounding = image.diff(), 1e-14 * image.abs().max()  # near a turning point g changes by less than that
        if steps.min() < -rounding and steps.max() > rounding:
            raise ValueError("g is not strictly monotone between the breakpoints: name every point where it turns")
    return images


def _pushed(densities: Sequence[Normal], g: Mapping, pieces: Sequence[Tensor], z: Tensor) -> list[Tensor]:
    """The log density at z (N,) of each push-forward: a sum over the pieces, on each of which g is monotone."""
    terms: list[list[Tensor]] = [[] for _ in densities]
    for piece, image in zip(pieces, _images(g, pieces), strict=True):
        y = _invert(g, z, piece[0], piece[-1], rising=bool(image[-1] > image[0]))
        y.requires_grad_(True)
        (slope,) = torch.autograd.grad(_apply(g, y).sum(), y)
        y = y.detach()
        reached = (z >= image.min()) & (z <= image.max())
        for term, density in zip(terms, densities, strict=True):
            term.append(torch.where(reached, density.log_prob(y) - slope.abs().clamp(min=1e-300).log(), -math.inf))
    return [torch.stack(term).logsumexp(0) for term in terms]


def _check(name: str) -> None:
    if name not in _INTEGRANDS:
        raise ValueError(f"unknown divergence {name!r}: choose one of {', '.join(NAMES)}")


def _double(density: Normal) -> Normal:
    if density.mean.ndim:
        raise ValueError(f"q and p are Gaussians on the line, not a batch of shape {tuple(density.mean.shape)}")
    return Normal(density.mean.detach().double(), density.stddev.detach().double())


def _light_tails(q: Normal, p: Normal) -> bool:
    return bool(q.variance < 2 * p.variance)


def _apply(g: Mapping, y: Tensor) -> Tensor:
    z = g(y[:, None])
    if z.shape != (len(y), 1) or z.dtype != y.dtype:
        raise ValueError(f"g must map {(len(y), 1)} to the same, in {y.dtype}, and gives {tuple(z.shape)}, {z.dtype}")
    return z[:, 0]


def _edges(q: Normal, p: Normal, breakpoints: Sequence[float]) -> list[Tensor]:
    """Edges in y of the panels, a rising tensor for each piece between two breakpoints, finer towards them."""
    (m, s), (n, t) = ((float(d.mean), float(d.stddev)) for d in (q, p))
    bumps = [(m, s), (n, t)]
    if _light_tails(q, p):  # q^2 / p, the integrand of chi-squared, is a Gaussian too, and may be wider than both
        rest = 2 / s**2 - 1 / t**2
        bumps.append(((2 * m / s**2 - n / t**2) / rest, rest**-0.5))
    low = min(mean - REACH * sd for mean, sd in bumps)
    high = max(mean + REACH * sd for mean, sd in bumps)
    for b in breakpoints:
        check_number("each of breakpoints", b)
    inner = sorted({float(b) for b in breakpoints if low < b < high})
    width = (high - low) / PANELS
    if min(s, t) < NARROWEST * width:
        raise ValueError(
            f"a standard deviation of {min(s, t):.3g} is lost in a grid over {high - low:.3g}: bring q and p closer"
        )
    steps = width * 0.5 ** torch.arange(1, GRADED + 1, dtype=torch.float64)
    pieces = []
    for a, b in zip([low, *inner], [*inner, high], strict=True):
        uniform = torch.linspace(a, b, max(2, math.ceil((b - a) / width) + 1), dtype=torch.float64)
        near = torch.cat([a + steps, b - steps])
        pieces.append(torch.cat([uniform, near[(near > a) & (near < b)]]).unique())
    return pieces


def _panels(edges: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes and weights (N,) of the Gauss-Legendre rule on every panel between neighbouring edges."""
    node, weight = (torch.from_numpy(v) for v in np.polynomial.legendre.leggauss(ORDER))
    edges = edges.unique()
    half, middle = edges.diff() / 2, (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * node).flatten(), (half[:, None] * weight).flatten()


def _invert(g: Mapping, z: Tensor, low: Tensor, high: Tensor, *, rising: bool) -> Tensor:
    """The y in (low, high) with g(y) = z, by bisection to the last bit; an end where there is none."""
    a, b = low.expand_as(z).clone(), high.expand_as(z).clone()
    with torch.no_grad():
        for _ in range(64):
            y = (a + b) / 2
            right = (_apply(g, y) < z) == rising  # the solution lies to the right of y
            a, b = torch.where(right, y, a), torch.where(right, b, y)
    return (a + b) / 2


def _checked(pair: Pair) -> Pair:
    for name, log_density in (("q", pair.log_q), ("p", pair.log_p)):
        mass = pair.integral(log_density.exp())
        if not abs(mass - 1) < MASS_TOLERANCE:
            raise ValueError(f"the density of {name} has mass {mass:.6f} on the grid, not 1: check the breakpoints")
    return pair


@of_finite
def histogram_kl(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"], bins: int) -> tuple[float, float, float]:
    """The KL divergence, in nats, of two samples' histograms; its standard error; and its first-order bias.

    `sum_j q_j log(q_j / p_j)` over the cells j of a grid, `bins` cells on each axis between the extremes of both
    samples; half a count is added to every occupied cell, so that it is finite. Binning is a mapping too, so theorem 1
    applies to it: the KL of the *binned distributions* is at most KL(q || p), however coarse the grid. The *estimate*
    scatters around that with the standard error, and for K occupied cells lies above it by about
    `((K - 1) (1/n + 1/m) + (sum_j log(q_j / p_j) - K KL) / n) / 2` (returned, and not subtracted). The second part
    comes from the half counts in q, and is negative where q leaves many cells to p. In a grid so fine that many cells
    hold few points, first order is not enough. Raises `ValueError` for samples of different dimensions, and for
    none. Book: "Theorem 1".

    >>> a = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> histogram_kl(a, a, bins=10)[0]
    0.0
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"the samples must be (n, d) and (m, d), not {tuple(a.shape)} and {tuple(b.shape)}")
    bins = whole_of("bins", bins, ">= 1")
    both = torch.cat([a, b]).double()
    low, high = both.amin(0), both.amax(0)
    cell = ((both - low) / (high - low).clamp(min=1e-300) * bins).long().clamp(max=bins - 1)  # (n + m, d)
    occupied, index = cell.flip(1).unique(dim=0, return_inverse=True)
    k = len(occupied)
    q, p = (torch.bincount(i, minlength=k).double() + 0.5 for i in (index[: len(a)], index[len(a) :]))
    q, p = q / q.sum(), p / p.sum()
    ratio = q / p
    chi_squared = (p * (ratio - 1).square()).sum()
    estimate = (q * ratio.log()).sum()
    variance = (q * (ratio.log() - estimate).square()).sum() / len(a) + chi_squared / len(b)
    bias = ((k - 1) * (1 / len(a) + 1 / len(b)) + (ratio.log().sum() - k * estimate) / len(a)) / 2
    return float(estimate), float(variance.sqrt()), float(bias)


def direction_kl(mean: Sequence[float], scale: float) -> float:
    """The KL divergence, in nats, of the direction y/|y| of `N(mean, scale^2 I)` in the plane from the uniform one.

    The exact value for the circle mapping: the direction has the density `(1 + u Phi(u)/phi(u)) e^(-k^2/2) / 2 pi`
    with k = |mean| / scale and u = k cos(angle to the mean), and the integral of a smooth periodic function
    converges geometrically on equidistant nodes. Raises `ValueError` for a mean of other than two numbers, and for
    k > 25, where that form overflows.

    >>> direction_kl([0.0, 0.0], 0.5)
    0.0
    """
    check_number("scale", scale, "> 0")
    if len(mean) != 2:
        raise ValueError(f"mean is a point in the plane, two numbers, not {len(mean)}")
    for value in mean:
        check_number("mean", value)
    k = math.hypot(*mean) / scale
    if k > 25:
        raise ValueError(f"the direction's density needs |mean| <= 25 scale, not {k:.1f} scale")
    u = k * torch.linspace(0, 2 * math.pi, 4097, dtype=torch.float64)[:-1].cos()
    # two forms of one number: the first loses all digits where u is far below 0, the second overflows far above
    above = math.exp(-k * k / 2) + u * torch.special.ndtr(u) * math.sqrt(2 * math.pi) * ((u * u - k * k) / 2).exp()
    behind = u.clamp_max(0)
    below = (1 + behind * math.sqrt(math.pi / 2) * torch.special.erfcx(-behind / math.sqrt(2))) * math.exp(-k * k / 2)
    ratio = torch.where(u < 0, below, above)
    return float(torch.special.xlogy(ratio, ratio).mean())
