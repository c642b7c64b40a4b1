"""The Gaussian-mixture VAE: a VAE whose prior on z is a mixture that a second latent w bends (GM-VAE)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, Normal, kl_divergence

from intelvae.dtypes import at_least_float32
from intelvae.models.vae import VAE, log_prob
from intelvae.networks import LOG_VARIANCE_RANGE
from intelvae.numbers import check_number, whole_of


def _gaussian(mu: Tensor, sigma: Tensor) -> Distribution:
    return Independent(Normal(mu, sigma, validate_args=False), 1)


class Components(nn.Module):
    """`p(z|w, c) = N(mu_c(w), diag sigma_c^2(w))` for all K categories c: w (..., W) -> batch (..., K), event (D,).

    One tanh layer of `hidden` units, then linear heads. Log-variances are clamped as an encoder's.

    >>> Components(2, 3, 4)(torch.zeros(5, 2)).mean.shape
    torch.Size([5, 4, 3])
    """

    def __init__(self, context_dim: int, latent_dim: int, components: int, hidden: int = 64) -> None:
        super().__init__()
        context_dim, hidden = whole_of("context_dim", context_dim, ">= 1"), whole_of("hidden", hidden, ">= 1")
        components = whole_of("components", components, ">= 1")
        latent_dim = whole_of("latent_dim", latent_dim, ">= 1")
        self.context_dim, self.shape = context_dim, (components, latent_dim)
        self.features = nn.Sequential(nn.Linear(context_dim, hidden), nn.Tanh())
        self.mu = nn.Linear(hidden, components * latent_dim)
        self.log_variance = nn.Linear(hidden, components * latent_dim)

    def forward(self, w: Tensor) -> Distribution:
        h = self.features(w)
        mu, log_variance = at_least_float32(self.mu(h)), at_least_float32(self.log_variance(h))
        sigma = (0.5 * log_variance.clamp(*LOG_VARIANCE_RANGE)).exp()
        return _gaussian(mu.unflatten(-1, self.shape), sigma.unflatten(-1, self.shape))


def log_responsibilities(p: Distribution, z: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch K"]:
    """`log p(c|z, w)` in nats, by Bayes' rule, where p is `p(z|w, c)` with batch shape (*batch, K) and all c are alike.

    >>> log_r = log_responsibilities(Components(2, 3, 4)(torch.zeros(5, 2)), torch.zeros(5, 3))
    >>> log_r.exp().sum(-1).allclose(torch.ones(5))
    True
    """
    return p.log_prob(z.unsqueeze(-2)).log_softmax(-1)


class Parts(NamedTuple):
    """The four terms of the GM-VAE's bound `reconstruction - z - w - c`, (B,) in nats, and the `sample` z (B, D)."""

    reconstruction: Tensor
    z: Tensor
    w: Tensor
    c: Tensor
    sample: Tensor


class GMVAE(VAE):
    """`w ~ N(0, I)`, c uniform over K categories, `z ~ p(z|w, c)`, `x ~ p(x|z)` (Dilokthanakul et al., 2016).

    The posteriors of z and w are Gaussians; that of c follows by Bayes' rule, as in the later version of their paper.
    (Their letters: y for the data, x for our z, z for our c.) To those who generate, represent or bound it is a `VAE`:
    `encode`, `decode` and `represent` are about z, `prior` is about w, and `bounds` asks the model itself for its
    `terms` and `log_weights`.

    Parameters: `encoder`, a module x (B, *data_shape) -> Gaussian over both (z, w), event shape (D + W,); `decoder`, a
    module z (B, D) -> distribution over x; `components`, a module such as `Components`; `prior`, a module () ->
    distribution over w; `free_nats`, what the choice of a category may cost before it counts in training, their remedy
    against categories that become all alike (0, the default, is the plain bound).
    Reference: "Deep Unsupervised Clustering with Gaussian Mixture Variational Autoencoders", arXiv 1611.02648.

    >>> from intelvae import bounds, likelihoods, networks, priors
    >>> encoder, _ = networks.create("mlp", (2,), 3 + 2)
    >>> _, network = networks.create("mlp", (2,), 3)
    >>> decoder = nn.Sequential(network, likelihoods.Gaussian())
    >>> model = GMVAE(encoder, decoder, Components(2, 3, components=4), priors.StandardNormal(2))
    >>> bounds.elbo(model, torch.zeros(5, 2)).shape, model.represent(torch.zeros(5, 2)).shape
    (torch.Size([5]), torch.Size([5, 3]))
    """

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, components: nn.Module, prior: nn.Module, free_nats: float = 0.0
    ) -> None:
        super().__init__(encoder, decoder, prior)
        check_number("free_nats", free_nats, ">= 0")
        self.components, self.free_nats = components, free_nats

    def posteriors(self, x: Tensor) -> tuple[Distribution, Distribution]:
        """`q(z|x)` and `q(w|x)` for x (B, *data_shape), with event shapes (D,) and (W,)."""
        q = self.encoder(x)
        (both,), (of_w,) = q.event_shape, self.prior().event_shape
        sizes = (both - of_w, of_w)
        (mu_z, mu_w), (sigma_z, sigma_w) = q.mean.split(sizes, -1), q.stddev.split(sizes, -1)
        return _gaussian(mu_z, sigma_z), _gaussian(mu_w, sigma_w)

    def encode(self, x: Tensor) -> Distribution:
        """`q(z|x)` for x (B, *data_shape), with batch shape (B,) and event shape (D,)."""
        return self.posteriors(x)[0]

    def mixture(self, w: Tensor) -> Distribution:
        """`p(z|w) = 1/K sum_c p(z|w, c)` for w (..., W)."""
        p = self.components(w)
        equal = Categorical(logits=w.new_zeros(p.batch_shape), validate_args=False)
        return MixtureSameFamily(equal, p, validate_args=False)

    def parts(self, x: Tensor) -> Parts:
        """The terms of their bound for x (B, *data_shape), by one sample of z and w and the exact sum over c.

        `E log p(x|z) - E sum_c p(c|z, w) KL(q(z|x) || p(z|w, c)) - KL(q(w|x) || p(w)) - E KL(p(c|z, w) || 1/K)`. In the
        second term the weights and the divergences are two separate expectations over z. With one for both, the second
        and the fourth add up to `KL(q(z|x) || p(z|w))`, which is never larger: theirs is a bound too, and a looser one.
        To warm up the fourth term, give it a weight of your own.
        """
        q_z, q_w = self.posteriors(x)
        z, w = q_z.rsample(), q_w.rsample()
        p = self.components(w)
        log_r = log_responsibilities(p, z)  # (B, K)
        divergences = kl_divergence(_gaussian(q_z.mean.unsqueeze(1), q_z.stddev.unsqueeze(1)), p)  # (B, K)
        return Parts(
            log_prob(self.decode(z), x),
            (log_r.exp() * divergences).sum(-1),
            kl_divergence(q_w, self.prior().expand(q_w.batch_shape)),
            (log_r.exp() * (log_r + math.log(log_r.shape[-1]))).sum(-1),
            z,
        )

    def terms(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """For `bounds.terms`: the reconstruction and the sum of the three divergences, each (B,), and z (B, D).

        In training mode, that of the category is at least `free_nats`; in evaluation mode it is what it is.
        """
        reconstruction, z, w, c, sample = self.parts(x)
        return reconstruction, z + w + (c.clamp_min(self.free_nats) if self.training else c), sample

    def log_weights(self, x: Tensor, samples: int) -> Tensor:
        """For `bounds.log_weights`: `log p(x|z) p(z|w) p(w) / q(z|x) q(w|x)` at K samples of z and w, (K, B)."""
        samples = whole_of("samples", samples, ">= 1")
        q_z, q_w = self.posteriors(x)
        z, w = q_z.rsample((samples,)), q_w.rsample((samples,))  # (K, B, D), (K, B, W)
        likelihood = log_prob(self.decode(z.flatten(0, 1)), x.repeat(samples, *[1] * (x.ndim - 1)))
        prior = self.mixture(w).log_prob(z) + self.prior().log_prob(w)
        return likelihood.unflatten(0, (samples, len(x))) + prior - q_z.log_prob(z) - q_w.log_prob(w)

    @torch.no_grad()
    def generate(self, n: int) -> Distribution:
        """`p(x|z)` for n draws of w, then c, then z. Raises `ValueError` for n < 1."""
        return self.decode(self.mixture(self.prior().sample((whole_of("n", n, ">= 1"),))).sample())
