"""The mapping that turns an InteL-VAE into the ordinary VAE."""

from jaxtyping import Float
from torch import Tensor, nn


class Identity(nn.Module):
    """`g(y) = y`, for y (..., D): "setting g to the identity mapping recovers a conventional VAE" (paper, section 4).

    >>> import torch
    >>> Identity()(torch.ones(2))
    tensor([1., 1.])
    """

    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        return y
