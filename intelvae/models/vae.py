"""The variational auto-encoder with an intermediary latent, by composition of its parts."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from intelvae.mappings import Identity
from intelvae.numbers import whole_of


def check_data_shape(p: Distribution, shape: tuple[int, ...]) -> None:
    """Raises `ValueError`, one line, unless p(x|z) is over examples of that shape."""
    if p.event_shape != shape:
        raise ValueError(
            f"the model makes examples of shape {tuple(p.event_shape)}, the data have {tuple(shape)}: "
            "give both the same data_shape"
        )


def log_prob(p: Distribution, x: Tensor) -> Tensor:
    """`log p(x|z)`, (B,), of x (B, *data_shape). Raises `ValueError` for another shape, which would broadcast."""
    check_data_shape(p, x.shape[1:])
    return p.log_prob(x)


class VAE(nn.Module):
    """An InteL-VAE: `x -> q(y|x)`, `z = g(y)`, `z -> p(x|z)`, with a prior on `y` (paper, section 4).

    With `mapping=Identity()`, the default, it is the ordinary VAE to the bit. A MoG-VAE or Vamp-VAE is one with
    another `prior`. Objectives are functions of the model: see `intelvae.bounds`.

    Parameters: `encoder`, a module x (B, *data_shape) -> distribution over y with event shape (D,); `decoder`, a
    module z (B, D') -> distribution over x with event shape `data_shape`, such as
    `nn.Sequential(network, likelihood)`; `prior`, a module () -> distribution over y; `mapping`, a module
    y (..., D) -> z (..., D'). Book: "The framework".

    >>> from intelvae import likelihoods, mappings, networks, priors
    >>> encoder, network = networks.create("mlp", (2,), 2)
    >>> decoder = nn.Sequential(network, likelihoods.Gaussian())
    >>> VAE(encoder, decoder, priors.StandardNormal(2), mappings.Circle()).generate(5).sample().shape
    torch.Size([5, 2])
    """

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, prior: nn.Module, mapping: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.prior = encoder, decoder, prior
        self.mapping = Identity() if mapping is None else mapping

    def encode(self, x: Tensor) -> Distribution:
        """`q(y|x)` for x (B, *data_shape), with batch shape (B,) and event shape (D,)."""
        return self.encoder(x)

    def decode(self, y: Tensor) -> Distribution:
        """`p(x|g(y))` for y (B, D): the mapping may be read as the decoder's first layer."""
        return self.decoder(self.mapping(y))

    def represent(self, x: Tensor) -> Tensor:
        """The representation `g(mu(x))` of x (B, *data_shape): (B, D')."""
        return self.mapping(self.encode(x).mean)

    @torch.no_grad()
    def generate(self, n: int) -> Distribution:
        """`p(x|g(y))` for n latents y drawn from the model's own prior; its `mean` or `sample()` are the images.

        Raises `ValueError` for n < 1: torch draws no empty batch of a mixture.
        """
        return self.decode(self.prior().sample((whole_of("n", n, ">= 1"),)))
