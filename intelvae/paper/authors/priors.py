"""Priors of the authors' code: "wide", and options of others.

These are `legacy` of "mog" and "vamp", `free` of "vamp", and `dense_samples` of the Sparse-VAE.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal, register_kl
from torch.types import _size

from intelvae.models.vsc import SpikeAndSlab, SpikeAndSlabPrior
from intelvae.numbers import check_flag, whole_of
from intelvae.priors import StandardNormal, Vamp


class Legacy(nn.Module):
    """A mixture `prior`, MoG or Vamp, with one or both of what the code does to it.

    `entropy` (experiment.py): in the KL divergence, by one sample of its own, the term `-sum_i log sigma_i` of
    `log q(y|x)` counts D times, so that a wide posterior is rewarded D times. It changes nothing for D = 1. It is not
    in importance weights. `samples` (experiment.py): the images that are judged are decoded from y ~ N(0, I) in
    the place of samples of the prior.

    >>> from intelvae.priors import ring
    >>> Legacy(ring(1, radius=50.0), samples=True)().sample((100,)).abs().max() < 10
    tensor(True)
    """

    def __init__(self, prior: nn.Module, *, entropy: bool = False, samples: bool = False) -> None:
        super().__init__()
        check_flag("entropy", entropy)
        check_flag("samples", samples)
        self.prior, self.entropy, self.samples = prior, entropy, samples

    def forward(self) -> Distribution:
        return _LegacyMixture(self.prior(), self.entropy, self.samples)


class _LegacyMixture(Distribution):
    """The mixture p of a `Legacy` prior: its density, and its samples unless those come from N(0, I)."""

    def __init__(self, p: Distribution, miscounted: bool, missampled: bool) -> None:
        super().__init__(p.batch_shape, p.event_shape, validate_args=False)
        self.p, self.miscounted, self.missampled = p, miscounted, missampled

    def expand(self, batch_shape: _size, _instance: Distribution | None = None) -> Distribution:
        return _LegacyMixture(self.p.expand(batch_shape), self.miscounted, self.missampled)

    def log_prob(self, value: Tensor) -> Tensor:
        return self.p.log_prob(value)

    def sample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008  # torch's own default, immutable
        y = self.p.sample(sample_shape)
        return torch.randn_like(y) if self.missampled else y


@register_kl(Independent, _LegacyMixture)
def _legacy_kl(q: Independent, p: _LegacyMixture) -> Tensor:
    if not p.miscounted:
        raise NotImplementedError("as for any mixture, there is no closed form")
    y = q.rsample()
    excess = (q.event_shape[0] - 1) * q.stddev.log().sum(-1)
    return q.log_prob(y) - excess - p.log_prob(y)


def free_vamp(encoder: nn.Module, data_shape: Sequence[int], components: int) -> Vamp:
    """A VampPrior whose pseudo-inputs start from N(0, I) and are not held to the data's range (experiment.py).

    Those of the textbook look like data, and stay within its range. Parameters: the model's `encoder`; `data_shape` of
    one x; the number of `components`. Draws from torch's global generator. Raises `ValueError` for components < 1.

    >>> from intelvae import networks
    >>> free_vamp(networks.create("mlp", (2,), 3)[0], (2,), 5)().sample().shape
    torch.Size([3])
    """
    components = whole_of("the number of pseudo-inputs", components, ">= 1")
    return Vamp(encoder, torch.randn(components, *data_shape), None)


class WidePrior(StandardNormal):
    """A prior that is N(0, e I) in the KL divergence, and N(0, I) where samples are drawn (the notebooks on points).

    The notebooks give a Gaussian of log-variance 1, which may be a slip for variance 1. Parameters and errors as in
    `StandardNormal`.

    >>> round(WidePrior(2)().log_prob(torch.zeros(2)).item(), 4)  # -log(2 pi e)
    -2.8379
    """

    def forward(self) -> Distribution:
        return _Wide(Normal(self.loc, self.scale * math.exp(0.5), validate_args=False), 1, validate_args=False)


class _FromNormal(Distribution):
    """A distribution whose samples are those of N(0, I)."""

    def sample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008  # torch's own default, immutable
        return torch.randn(self._extended_shape(sample_shape), dtype=self.mean.dtype, device=self.mean.device)


class _Wide(_FromNormal, Independent):
    """A Gaussian like that."""


PRIORS: dict[str, Callable[[int], nn.Module]] = {"wide": WidePrior}


class DensePrior(SpikeAndSlabPrior):
    """A spike-and-slab prior whose samples are those of N(0, I); its density and its KL divergence stay as they are.

    The public replication of the Sparse-VAE (Alfo5123/Variational-Sparse-Coding) draws its images so, not the
    InteL-VAE code, which has no Sparse-VAE. The decoder has then hardly seen such codes. Parameters and errors as
    in `SpikeAndSlabPrior`.

    >>> DensePrior(3, alpha=0.01)().sample((100,)).eq(0).sum()
    tensor(0)
    """

    def forward(self) -> SpikeAndSlab:
        p = super().forward()
        return _Dense(p.gates, p.mu, p.sigma)


class _Dense(_FromNormal, SpikeAndSlab):
    """A spike-and-slab distribution like that."""
