"""What a decoder's output means: modules that turn it into a distribution over `x`.

Every likelihood maps the decoder's output `h` (B, *shape) to a `Distribution` with batch shape (B,) and event shape
`shape`, whose `mean` is the decoded image. Log-densities are in nats, summed over the data dimensions.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Distribution, Independent, Normal, constraints
from torch.distributions import Laplace as TorchLaplace

from intelvae.dtypes import at_least_float32
from intelvae.numbers import check_number


def _over_events(distribution: Distribution) -> Distribution:
    """All dimensions but the first (the batch) become the event."""
    return Independent(distribution, len(distribution.batch_shape) - 1)


class Gaussian(nn.Module):
    """`p(x|z) = N(h, s^2 I)` with a fixed s; `s^2 = 1/2` makes `-log p` the squared error plus a constant.

    The default is the reading of the paper's image experiments that its tables suggest (a linear decoder output and a
    summed squared error of unit weight); the paper itself does not name its likelihood. Raises `ValueError` for s <= 0.

    >>> x = torch.ones(2, 1, 4, 4)
    >>> Gaussian()(torch.zeros_like(x)).log_prob(x) + 16 + 8 * math.log(math.pi)
    tensor([0., 0.])
    """

    def __init__(self, scale: float = math.sqrt(0.5)) -> None:
        super().__init__()
        check_number("the scale of a Gaussian likelihood", scale, "> 0")
        self.scale = float(scale)

    def forward(self, h: Tensor) -> Distribution:
        h = at_least_float32(h)
        return _over_events(Normal(h, torch.full_like(h, self.scale), validate_args=False))


class LearnedGaussian(nn.Module):
    """`p(x|z) = N(h, diag exp(v))` with one learned log-variance `v` for each data dimension, floored.

    The floor matters: data on a curve give an unbounded likelihood as the variance goes to zero. So does the start: at
    a variance as large as the data's, the decoder has nothing to gain from the first bit that the encoder spends, and
    training may stay where q(y|x) is the prior. Parameters: `shape` of one x; `floor`, the smallest log-variance
    (nats), -6 by default, a standard deviation of 0.05 (one that falls below it has no gradient, and stays there);
    `start`, the first. Raises `ValueError` for a start below the floor. Book: "Multiple connectivity".

    >>> LearnedGaussian((2,))(torch.zeros(3, 2)).stddev.shape
    torch.Size([3, 2])
    """

    def __init__(self, shape: tuple[int, ...], floor: float = -6.0, start: float = 0.0) -> None:
        super().__init__()
        check_number("floor, a log-variance,", floor)
        check_number("start, a log-variance,", start)
        if start < floor:
            raise ValueError(f"the log-variance cannot start at {start}, below its floor of {floor}")
        self.floor = floor
        self.log_variance = nn.Parameter(torch.full(shape, float(start)))  # a whole one would have no gradient

    def forward(self, h: Tensor) -> Distribution:
        h = at_least_float32(h)
        scale = (0.5 * at_least_float32(self.log_variance).clamp_min(self.floor)).exp()
        return _over_events(Normal(h, scale.expand_as(h), validate_args=False))


class _CrossEntropy(TorchBernoulli):
    """Torch's Bernoulli, but for pixels in half precision, in which torch would add up the density.

    Its support holds grey pixels too.
    """

    support = constraints.unit_interval  # type: ignore[assignment]  # torch has 0 and 1 alone

    def log_prob(self, value: Tensor) -> Tensor:
        return super().log_prob(at_least_float32(value))


class Bernoulli(nn.Module):
    """`p(x|z) = Bernoulli(sigmoid(h))`, pixel by pixel; grey pixels in [0, 1] give the usual cross-entropy.

    On grey data this is not a normalised density, so its ELBO must not be compared with that of another likelihood.

    >>> round(Bernoulli()(torch.zeros(1, 2)).log_prob(torch.tensor([[0.0, 1.0]])).item() / math.log(2), 6)
    -2.0
    """

    def forward(self, h: Tensor) -> Distribution:
        h = at_least_float32(h)
        return _over_events(_CrossEntropy(logits=h, validate_args=False))


class Laplace(nn.Module):
    """`p(x|z) = Laplace(h, b)` with a fixed scale b, 0.1 as in Mathieu et al. (2019). Raises `ValueError` for b <= 0.

    >>> round(Laplace(1.0)(torch.zeros(1, 2)).log_prob(torch.zeros(1, 2)).item() / math.log(2), 6)
    -2.0
    """

    def __init__(self, scale: float = 0.1) -> None:
        super().__init__()
        check_number("the scale of a Laplace likelihood", scale, "> 0")
        self.scale = float(scale)

    def forward(self, h: Tensor) -> Distribution:
        h = at_least_float32(h)
        return _over_events(TorchLaplace(h, torch.full_like(h, self.scale), validate_args=False))


_KINDS: dict[str, Callable[..., nn.Module]] = {
    "gaussian": Gaussian,
    "learned-gaussian": LearnedGaussian,
    "bernoulli": Bernoulli,
    "laplace": Laplace,
}
NAMES = tuple(_KINDS)


def create(name: str, shape: tuple[int, ...], **options: Any) -> nn.Module:
    """The likelihood called `name` (one of `NAMES`) for data of `shape`.

    Raises `ValueError`, one line, for an unknown name or option.
    """
    if name not in _KINDS:
        raise ValueError(f"unknown likelihood {name!r}: choose one of {', '.join(NAMES)}")
    kind = _KINDS[name]
    known = () if name == "bernoulli" else tuple(p for p in inspect.signature(kind).parameters if p != "shape")
    if unknown := options.keys() - set(known):
        allowed = ", ".join(known) if known else "none"
        raise ValueError(f"the likelihood {name!r} has no option {sorted(unknown)[0]!r}: it takes {allowed}")
    return kind(shape, **options) if kind is LearnedGaussian else kind(**options)
