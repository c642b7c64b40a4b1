"""Bounds on the log-evidence, all evaluated at `y` and per example, in nats.

The mapping g only enters through `model.decode`: "the calculation, and optimization, of L_Y is equivalent to the
standard ELBO" (paper, section 4). Every function takes a model with `encode`, `decode` and `prior`. A model of another
structure is `Structured`: it has the two functions that all others are made of as methods, and they are used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from intelvae.models.vae import VAE, log_prob
from intelvae.numbers import check_number, whole_of

NEAR_ONE = 0.01  # from alphas that are nearer to 1 the usual formula keeps too few digits in float32


class Terms(NamedTuple):
    """The two terms of the ELBO, each (B,) in nats: `log p(x|g(y))` at one sample y (B, D), and the KL divergence."""

    reconstruction: Tensor
    kl: Tensor
    y: Tensor

    @property
    def elbo(self) -> Tensor:
        """`reconstruction - kl`, (B,)."""
        return self.reconstruction - self.kl


@runtime_checkable
class Structured(Protocol):
    """A model with more latents than one y, such as `GMVAE`, which knows its own bounds."""

    def terms(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `Terms` holds, for x (B, *data_shape)."""
        ...

    def log_weights(self, x: Tensor, samples: int) -> Tensor:
        """The log of K importance weights of all latents together: (K, B)."""
        ...


def check_latents(q: Distribution, prior: Distribution) -> None:
    """Raises `ValueError`, one line, unless q(y|x) and the prior are over latents of one shape, (D,)."""
    if q.event_shape != prior.event_shape:
        raise ValueError(
            f"the encoder gives latents of shape {tuple(q.event_shape)} and the prior is over "
            f"{tuple(prior.event_shape)}: give both the same latent_dim"
        )


def kl(q: Distribution, p: Distribution, y: Tensor) -> Tensor:
    """`KL(q || p)`, (B,): analytic where torch knows it, else the one-sample estimate `log q(y) - log p(y)`.

    Raises `ValueError` where they are over latents of two shapes, which would broadcast.

    >>> from torch.distributions import Independent, Normal
    >>> q = Independent(Normal(torch.ones(1, 2), torch.ones(1, 2)), 1)
    >>> kl(q, Independent(Normal(torch.zeros(2), torch.ones(2)), 1), q.sample())
    tensor([1.])
    """
    check_latents(q, p)
    try:
        return kl_divergence(q, p.expand(q.batch_shape))
    except NotImplementedError:
        return q.log_prob(y) - p.log_prob(y)


def terms(model: VAE, x: Tensor, noise: Tensor | None = None) -> Terms:
    """The ELBO's terms for x (B, *data_shape), at one reparameterised sample of `q(y|x)`.

    `noise` (B, D), standard normal, takes the place of numbers from torch's global generator; q is Gaussian then.
    Raises `ValueError` for an empty batch, for examples of another shape than the model's, and where encoder and prior
    have latents of two shapes, as all bounds do.
    """
    _check_examples(x)
    if isinstance(model, Structured):
        return Terms(*model.terms(x))
    q = model.encode(x)
    y = q.rsample() if noise is None else q.mean + q.stddev * noise
    return Terms(log_prob(model.decode(y), x), kl(q, model.prior(), y), y)


def _check_examples(x: Tensor) -> None:
    if not len(x):
        raise ValueError(f"a batch of shape {tuple(x.shape)} has no examples: there is nothing to bound")


def elbo(model: VAE, x: Tensor) -> Tensor:
    """Equation 2, `L_Y = E_q(y|x) log p(x|g(y)) - KL(q(y|x) || p(y))`, (B,), by one sample of y."""
    return terms(model, x).elbo


def log_weights(model: VAE, x: Tensor, samples: int) -> Tensor:
    """`log w_k = log p(x|g(y_k)) + log p(y_k) - log q(y_k|x)` for K samples y_k of `q(y|x)`: (K, B).

    Raises `ValueError` for K < 1 and as `terms` does, as do the bounds that are made of them.
    """
    samples = whole_of("samples", samples, ">= 1")
    _check_examples(x)
    if isinstance(model, Structured):
        return model.log_weights(x, samples)
    q = model.encode(x)
    return _log_weights(model, x, q, q.rsample((samples,)))


def _log_weights(model: VAE, x: Tensor, q: Distribution, y: Tensor) -> Tensor:
    """`log_weights` for q = `q(y|x)` and samples y (K, B, D) of it."""
    samples, prior = len(y), model.prior()
    check_latents(q, prior)
    likelihood = log_prob(model.decode(y.flatten(0, 1)), x.repeat(samples, *[1] * (x.ndim - 1)))
    return likelihood.unflatten(0, (samples, len(x))) + prior.log_prob(y) - q.log_prob(y)


def iwae(model: VAE, x: Tensor, samples: int) -> Tensor:
    """The importance-weighted bound `log 1/K sum_k p(x, y_k) / q(y_k|x)` of Burda et al. (2016), (B,)."""
    return log_weights(model, x, samples).logsumexp(0) - math.log(samples)


def renyi(model: VAE, x: Tensor, samples: int, alpha: float) -> Tensor:
    """The variational Renyi bound of Li and Turner (2016), `1/(1 - alpha) log 1/K sum_k w_k^(1 - alpha)`, (B,).

    `iwae` for alpha = 0. It falls as alpha grows, to the mean of log w_k, an estimate of the ELBO, for alpha = 1.
    Raises `ValueError` for alpha < 0, where it is no lower bound. Book: "Beyond the ELBO".
    """
    check_number("alpha", alpha, ">= 0")
    return renyi_of(log_weights(model, x, samples), alpha)


def renyi_of(log_w: Tensor, alpha: float) -> Tensor:
    """`renyi` of log-weights (K, ...), over the first of their dimensions."""
    e = 1 - alpha
    if e == 0:
        return log_w.mean(0)
    if abs(e) < NEAR_ONE:  # the quotient below would divide the rounding of its numerator by e
        end = (log_w.amax(0) if e > 0 else log_w.amin(0)).detach().nan_to_num(neginf=0.0)  # no power overflows
        return end + (e * (log_w - end)).expm1().mean(0).log1p() / e
    return ((e * log_w).logsumexp(0) - math.log(len(log_w))) / e  # to the bit what published models were trained on


@dataclass(frozen=True)
class Weighted:
    """A bound that training may maximise instead of the ELBO: `renyi` with K `samples`, `iwae` for alpha = 0.

    Raises `ValueError`, one line, for a number out of its range.

    >>> Weighted(samples=8)
    Weighted(samples=8, alpha=0.0)
    """

    samples: int
    alpha: float = 0.0

    def __post_init__(self) -> None:
        check_number("alpha", self.alpha, ">= 0")
        object.__setattr__(self, "samples", whole_of("samples", self.samples, ">= 1"))
        object.__setattr__(self, "alpha", float(self.alpha))

    def __call__(self, model: VAE, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """The bound and the KL divergence for x (B, *data_shape), each (B,), and the first of the samples y (B, D).

        `noise` (K, B, D) as in `terms`. The model is not `Structured`. Raises `ValueError` as `terms` does.
        """
        _check_examples(x)
        q = model.encode(x)
        y = q.rsample((self.samples,)) if noise is None else q.mean + q.stddev * noise
        return renyi_of(_log_weights(model, x, q, y), self.alpha), kl(q, model.prior(), y[0]), y[0]


_OPTIONS = {"elbo": (), "iwae": ("samples",), "renyi": ("samples", "alpha")}
NAMES = tuple(_OPTIONS)


def create(name: str, **options: Any) -> Weighted | None:
    """What training maximises, by name: None for "elbo", else `Weighted` with its `samples` and, of "renyi", alpha.

    Raises `ValueError`, one line, for a name or option that is unknown or missing.

    >>> create("renyi", samples=8, alpha=0.5)
    Weighted(samples=8, alpha=0.5)
    """
    if name not in _OPTIONS:
        raise ValueError(f"unknown bound {name!r}: choose one of {', '.join(NAMES)}")
    if options.keys() != set(_OPTIONS[name]):
        needs = " and ".join(_OPTIONS[name]) or "none"
        raise ValueError(f"the bound {name!r} takes the options {needs}, and was given {', '.join(options) or 'none'}")
    return Weighted(**options) if options else None


@torch.no_grad()
def log_likelihood(model: VAE, x: Tensor, samples: int = 500, chunk: int = 50) -> Tensor:
    """Importance-sampling estimate of `log p(x)`, (B,): `iwae` with many samples, `chunk` at a time to bound memory."""
    samples, chunk = whole_of("samples", samples, ">= 1"), whole_of("chunk", chunk, ">= 1")
    sizes = [min(chunk, samples - start) for start in range(0, samples, chunk)]
    parts = [log_weights(model, x, size).logsumexp(0) for size in sizes]
    return torch.stack(parts).logsumexp(0) - math.log(samples)
