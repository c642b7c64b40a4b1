"""Variational sparse coding: a VAE whose codes are exactly 0 where a spike-and-slab posterior says so (Sparse-VAE).

It is a `VAE` like any other, with another posterior and another prior: both are distributions with exact zeros, and
their KL divergence has a closed form.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.distributions import (
    Categorical,
    Distribution,
    MixtureSameFamily,
    Normal,
    kl_divergence,
    register_kl,
)
from torch.nn.functional import logsigmoid
from torch.special import xlogy
from torch.types import _size

from intelvae import networks
from intelvae.dtypes import at_least_float32
from intelvae.models.vae import VAE
from intelvae.networks import GaussianEncoder
from intelvae.numbers import check_number, whole_of
from intelvae.priors import Vamp

SMALLEST = 1e-6  # a gate of the posterior is this far from 0 and from 1, where the KL's slope is infinite
SLOPE = 100.0  # of relaxed gates in training: Tonolini et al. name 50 to 200, and their code has 100
SHARPNESS = 10.0  # nu, of the gates of a pseudo-input's component, as in their code
START = 0.5  # gates of an untrained model (ours): small weights alone start them near 1, where they have no gradient


class SpikeAndSlab(Distribution):
    """`prod_d gamma_d N(mu_d, sigma_d^2) + (1 - gamma_d) delta_0`: each dimension is on with probability gamma_d.

    A density here is one with respect to the sum of Lebesgue measure and a unit mass at 0, dimension by dimension, so
    that ratios of two of them are importance weights. With a `slope` c, `rsample` is differentiable in gamma too: the
    gate is `sigmoid(c (u - 1 + gamma))`, u uniform, instead of `u > 1 - gamma`, its limit for a large c. Such
    relaxed samples have no density that is known, and `log_prob` raises `NotImplementedError`. `sample` is exact.

    Parameters: `gates` gamma, `mu` and `sigma`, each (*batch, D); `slope`, or None for exact samples.
    Reference: Tonolini, Jensen and Murray-Smith, "Variational Sparse Coding", UAI 2019.

    >>> q = SpikeAndSlab(torch.tensor([0.0, 1.0]), torch.ones(2), torch.ones(2))
    >>> q.mean, q.sample((100,)).eq(0).sum(0)
    (tensor([0., 1.]), tensor([100,   0]))
    """

    arg_constraints: ClassVar[dict] = {}
    has_rsample = True

    def __init__(self, gates: Tensor, mu: Tensor, sigma: Tensor, slope: float | None = None) -> None:
        super().__init__(gates.shape[:-1], gates.shape[-1:], validate_args=False)
        self.gates, self.mu, self.sigma, self.slope = gates, mu, sigma, slope

    def expand(self, batch_shape: _size, _instance: Distribution | None = None) -> SpikeAndSlab:
        gates, mu, sigma = (t.expand(*batch_shape, *self.event_shape) for t in (self.gates, self.mu, self.sigma))
        return SpikeAndSlab(gates, mu, sigma, self.slope)

    @property
    def slab(self) -> Normal:
        """`N(mu, sigma^2)` in every dimension, batch shape (*batch, D)."""
        return Normal(self.mu, self.sigma, validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.gates * self.mu

    @property
    def variance(self) -> Tensor:
        return self.gates * (self.sigma.square() + (1 - self.gates) * self.mu.square())

    def rsample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008  # torch's own default, immutable
        if self.slope is None:
            return self._exact(sample_shape)
        value = self.slab.rsample(sample_shape)
        return value * torch.sigmoid(self.slope * self._lead(value))

    @torch.no_grad()
    def sample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008
        return self._exact(sample_shape)

    def _exact(self, sample_shape: _size) -> Tensor:
        value = self.slab.rsample(sample_shape)
        return value * (self._lead(value) >= 0)

    def _lead(self, value: Tensor) -> Tensor:
        """`u - 1 + gamma`, at least 0 with probability gamma, since u is in [0, 1)."""
        return torch.rand_like(value) - 1 + self.gates

    def log_prob(self, value: Tensor) -> Tensor:
        if self.slope is not None:
            raise NotImplementedError("relaxed samples have no known density: put the model in evaluation mode")
        on = self.gates.log() + self.slab.log_prob(value)
        return torch.where(value == 0, torch.log1p(-self.gates), on).sum(-1)


def bernoulli_kl(a: Tensor, b: Tensor) -> Tensor:
    """`a log(a / b) + (1 - a) log((1 - a) / (1 - b))` in nats, elementwise, with its limits at 0 and 1.

    >>> bernoulli_kl(torch.tensor([0.0, 0.5, 1.0]), torch.tensor(0.5))
    tensor([0.6931, 0.0000, 0.6931])
    """
    return xlogy(a, a) - xlogy(a, b) + xlogy(1 - a, 1 - a) - xlogy(1 - a, 1 - b)


@register_kl(SpikeAndSlab, SpikeAndSlab)
def _kl(q: SpikeAndSlab, p: SpikeAndSlab) -> Tensor:
    """`sum_d gamma_d KL(slab_q || slab_p) + KL(Bernoulli(gamma_d) || Bernoulli(alpha_d))`: exact, relaxed or not."""
    return (q.gates * kl_divergence(q.slab, p.slab) + bernoulli_kl(q.gates, p.gates)).sum(-1)


class Assigned(SpikeAndSlab):
    """A spike-and-slab `q(y|x)` together with `q(u|x)`, which of the C components of a `PseudoInputPrior` x is from.

    `log_shares` (*batch, C): log q(u|x) in nats. Samples, moments and densities are those of y alone.
    """

    def __init__(self, q: SpikeAndSlab, log_shares: Tensor) -> None:
        super().__init__(q.gates, q.mu, q.sigma, q.slope)
        self.log_shares = log_shares


class SlabMixture(MixtureSameFamily):
    """An even mixture of C spike-and-slab distributions, with the rate `alpha` that is asked of them in training.

    `alpha` is None where nothing is asked. Parameters: `components`, with batch shape (*batch, C).
    """

    def __init__(self, components: SpikeAndSlab, alpha: float | None) -> None:
        even = Categorical(logits=components.gates.new_zeros(components.batch_shape), validate_args=False)
        super().__init__(even, components, validate_args=False)
        self.components, self.alpha = components, alpha

    def expand(self, batch_shape: _size, _instance: Distribution | None = None) -> SlabMixture:
        return SlabMixture(self.components.expand(torch.Size((*batch_shape, self._num_component))), self.alpha)


@register_kl(Assigned, SlabMixture)
def _kl_to_mixture(q: Assigned, p: SlabMixture) -> Tensor:
    """The cost of u and y together; see `PseudoInputPrior`."""
    shares, (dim,) = q.log_shares.exp(), q.event_shape
    of_y = SpikeAndSlab(q.gates.unsqueeze(-2), q.mu.unsqueeze(-2), q.sigma.unsqueeze(-2))
    each = _kl(of_y, p.components)  # (B, C)
    if p.alpha is None:
        return (shares * (each + q.log_shares + math.log(shares.shape[-1]))).sum(-1)
    rate = (shares.unsqueeze(-1) * p.components.gates).sum(-2).mean(-1)  # (B,)
    return (shares * each).sum(-1) + dim * bernoulli_kl(rate, rate.new_tensor(p.alpha))


class SpikeAndSlabEncoder(GaussianEncoder):
    """x (B, *data_shape) -> `SpikeAndSlab` over (B, D), relaxed in training and exact in evaluation mode.

    Exact samples have no gradient in the gates, and bounds and importance weights need them.

    A third head h on the encoder's features gives `log gamma = -relu(-h)`, kept where gamma is in [1e-6, 1 - 1e-6].

    Parameters: `encoder`, whose features and heads it takes over; `gate`, a module features -> h (B, D); `assign`, a
    module x -> (B, C) or None, whose sigmoids, divided by their sum, are the shares of an `Assigned` result.

    >>> from intelvae import networks
    >>> encoder, _ = networks.create("mlp", (2,), 3)
    >>> SpikeAndSlabEncoder(encoder, nn.Linear(10, 3))(torch.zeros(5, 2)).rsample().shape
    torch.Size([5, 3])
    """

    def __init__(self, encoder: GaussianEncoder, gate: nn.Module, assign: nn.Module | None = None) -> None:
        super().__init__(encoder.features, encoder.mu, encoder.log_variance)
        self.gate, self.assign = gate, assign

    def forward(self, x: Tensor) -> SpikeAndSlab:
        h = self.features(x)
        slab = self.posterior(h)
        gates = at_least_float32(self.gate(h)).clamp(max=0).exp().clamp(SMALLEST, 1 - SMALLEST)
        q = SpikeAndSlab(gates, slab.mean, slab.stddev, SLOPE if self.training else None)
        if self.assign is None:
            return q
        return Assigned(q, logsigmoid(at_least_float32(self.assign(x))).log_softmax(-1))


class SpikeAndSlabPrior(nn.Module):
    """The fixed prior of the first version (2018): each dimension is N(0, 1) with probability alpha, else exactly 0.

    Parameters: `dim`, the number D of latent dimensions; `alpha`. Raises `ValueError` unless 0 < alpha < 1.

    >>> SpikeAndSlabPrior(2, alpha=0.5)().log_prob(torch.zeros(2)) / math.log(2)
    tensor(-2.)
    """

    gates: Tensor

    def __init__(self, dim: int, alpha: float = 0.01) -> None:
        super().__init__()
        dim = whole_of("dim", dim, ">= 1")
        _check_rate(alpha)
        self.register_buffer("gates", torch.full((dim,), alpha))

    def forward(self) -> SpikeAndSlab:
        return SpikeAndSlab(self.gates, torch.zeros_like(self.gates), torch.ones_like(self.gates))


class PseudoInputPrior(Vamp):
    """The published prior (UAI 2019): an even mixture of the posteriors `q(y|u)` of C learned pseudo-inputs u.

    A component's gates are sharpened, `sigmoid(nu (gamma - 1/2))`. With the shares `w_u(x)` of an `Assigned` posterior
    the KL term is, in training, what the authors' code minimises, `sum_u w_u KL(q(y|x) || q(y|u))
    + D KL(Bernoulli(r) || Bernoulli(alpha))`, r the share of gates that the components of x have open. In evaluation
    mode it is `sum_u w_u KL(q(y|x) || q(y|u)) + KL(w || 1/C)`, which makes the ELBO a bound on the evidence of the
    mixture that `sample` draws from; the training objective is none, by up to log C nats and that last penalty.

    Parameters: `encoder`, the model's own, and `start` and `data_range` as in `priors.Vamp`; `alpha`, the rate.
    Raises `ValueError` unless 0 < alpha < 1.

    >>> from intelvae import networks
    >>> encoder, _ = networks.create("mlp", (2,), 3)
    >>> PseudoInputPrior(SpikeAndSlabEncoder(encoder, nn.Linear(10, 3)), torch.zeros(4, 2), None)().sample((5,)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        encoder: SpikeAndSlabEncoder,
        start: Tensor,
        data_range: tuple[float, float] | None = (0.0, 1.0),
        alpha: float = 0.01,
    ) -> None:
        super().__init__(encoder, start, data_range)
        _check_rate(alpha)
        self.alpha = alpha

    def forward(self) -> SlabMixture:
        q = self.components()
        assert isinstance(q, SpikeAndSlab)
        gates = torch.sigmoid(SHARPNESS * (q.gates - 0.5))
        return SlabMixture(SpikeAndSlab(gates, q.mu, q.sigma), self.alpha if self.training else None)


def _check_rate(alpha: float) -> None:
    check_number("the rate alpha of open gates", alpha, "> 0 and < 1")


def create(
    network: str,
    shape: tuple[int, ...],
    latent_dim: int,
    decoder: nn.Module,
    *,
    alpha: float = 0.01,
    start: Tensor | None = None,
) -> VAE:
    """The Sparse-VAE with the encoder called `network` (`networks.create`), and the given `decoder` z (B, D) -> p(x|z).

    Its prior is the fixed `SpikeAndSlabPrior`, or with `start` (C, *shape), images in [0, 1] or points, a
    `PseudoInputPrior` that starts from them; data are then assigned to its components by one linear layer, as in the
    authors' code. Left out of that code: images of unit norm, a learned variance for every pixel, and 45,000 steps of
    its 100,000 in which open dimensions are N(0, 1) whatever x is.

    Ours is that all gates start at 1/2, and that a wide head moves them no faster than a narrow one
    (`networks.Steady`): the gates of 16,384 features would cross their whole range in a few steps, and be shut before
    the decoder has learned anything.

    Raises `ValueError` for values out of range.

    >>> create("mlp", (2,), 3, nn.Linear(3, 2), alpha=0.1).represent(torch.zeros(5, 2)).shape
    torch.Size([5, 3])
    """
    gaussian, spare = (networks.create(network, shape, latent_dim)[0] for _ in range(2))
    assert isinstance(gaussian, GaussianEncoder) and isinstance(spare, GaussianEncoder)
    head = spare.mu  # one of the network's kind, with weights of its own
    nn.init.constant_(head.bias, math.log(START))  # type: ignore[arg-type]
    gate = nn.Sequential(networks.Steady(head.weight[0].numel()), head)  # type: ignore[index,union-attr]
    if start is None:
        return VAE(SpikeAndSlabEncoder(gaussian, gate), decoder, SpikeAndSlabPrior(latent_dim, alpha))
    assign = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), len(start)))
    encoder = SpikeAndSlabEncoder(gaussian, gate, assign)
    data_range = (0.0, 1.0) if len(shape) == 3 else None
    return VAE(encoder, decoder, PseudoInputPrior(encoder, start, data_range, alpha))
