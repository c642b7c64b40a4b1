"""Penalties that are added to the negative ELBO."""

from jaxtyping import Float
from torch import Tensor

SMALLEST = 1e-8  # a row of zeros is divided by this, and no logarithm is taken of less: its slope times 0 is NaN


def entropy(v: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch"]:
    """`H(v)`, the entropy in nats of the shares `v / |v|_1` of v (..., D) >= 0: 0 for one active dimension.

    >>> import torch
    >>> entropy(torch.tensor([1.0, 1.0, 0.0, 0.0])).exp()
    tensor(2.)
    """
    shares = _shares(v)
    return -(shares * shares.clamp_min(SMALLEST).log()).sum(-1)


def sparsity(v: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`L_sp = mean_i H(v_i) - H(mean_i v_i / |v_i|_1)` for a batch v (B, D) >= 0: equation 7 of the paper, in nats.

    Small where every example uses few dimensions and different examples different ones: between -log D and 0. Rows are
    normalised before their mean, as in the authors' code, which makes it minus a Jensen-Shannon divergence; the paper
    writes the mean of the rows as they are. The paper maximises "ELBO + gamma L_sp"; it has to be *minimised*, so here
    it is a penalty. Book: "Why a mapping and not a prior".

    >>> import torch
    >>> round(sparsity(torch.eye(50)).item(), 3), sparsity(torch.ones(4, 50)).item()
    (-3.912, 0.0)
    """
    return entropy(v).mean() - entropy(_shares(v).mean(0))


def _shares(v: Tensor) -> Tensor:
    return v / v.sum(-1, keepdim=True).clamp_min(SMALLEST)
