"""A normalizing flow: an invertible mapping that knows nothing of topology and learns all that it does."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.numbers import whole_of


class Coupling(nn.Module):
    """Affine coupling layers: y (..., D) to z (..., D), invertible, with the inverse in closed form.

    A layer leaves one half `a` of the dimensions as it is and moves the other, `b`, by what a perceptron makes of `a`:
    `b exp(s(a)) + t(a)` (equation 4 of Dinh et al., 2017). The halves take turns. The paper calls a flow "a valid
    choice" of g (section 5); with one, theorem 1 holds with equality. The perceptrons have one hidden layer of `hidden`
    tanh units and begin at `s = t = 0`, so that g begins as the identity; s ends in a tanh, so that no layer stretches
    or shrinks by more than e.

    Parameters: `latent_dim` D; `layers`, their number. Raises `ValueError` for D < 2, since a layer needs two halves,
    and for latents of another D. Book: "Beyond the ELBO".

    >>> g = Coupling(2)
    >>> y = torch.ones(5, 2)
    >>> bool((g.inverse(g(y)) == y).all())
    True
    """

    def __init__(self, latent_dim: int, layers: int = 4, hidden: int = 16) -> None:
        super().__init__()
        latent_dim = whole_of("latent_dim, of which a coupling needs two,", latent_dim, ">= 2")
        layers = whole_of("layers", layers, ">= 1")
        hidden = whole_of("hidden", hidden, ">= 1")
        self.widths = (latent_dim // 2, latent_dim - latent_dim // 2)
        self.networks = nn.ModuleList()
        for i in range(layers):
            kept, moved = self.widths[i % 2], self.widths[1 - i % 2]
            head = nn.Linear(hidden, 2 * moved)
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
            self.networks.append(nn.Sequential(nn.Linear(kept, hidden), nn.Tanh(), head))

    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        halves = self._halves(y)
        for i, network in enumerate(self.networks):
            log_scale, shift = self._of(network, halves[i % 2])
            halves[1 - i % 2] = halves[1 - i % 2] * log_scale.exp() + shift
        return torch.cat(halves, -1)

    def inverse(self, z: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """The y (..., D) with `g(y) = z`."""
        halves = self._halves(z)
        for i, network in reversed(list(enumerate(self.networks))):
            log_scale, shift = self._of(network, halves[i % 2])
            halves[1 - i % 2] = (halves[1 - i % 2] - shift) * (-log_scale).exp()
        return torch.cat(halves, -1)

    def _halves(self, y: Tensor) -> list[Tensor]:
        if y.shape[-1:] != (sum(self.widths),):
            raise ValueError(f"this mapping has {sum(self.widths)} dimensions and takes no y of shape {tuple(y.shape)}")
        return list(y.split(self.widths, -1))

    def _of(self, network: nn.Module, half: Tensor) -> list[Tensor]:
        """The log-scale and the shift that a layer makes of the half that it leaves as it is."""
        raw, shift = network(half).chunk(2, -1)
        return [raw.tanh(), shift]
