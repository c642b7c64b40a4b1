"""Penalties that are added to the negative ELBO."""

import torch
from jaxtyping import Float
from torch import Tensor

SMALLEST = 1e-8  # of a row's sum: a row of zeros has no shares


def entropy(v: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch"]:
    """`H(v)`, the entropy in nats of the shares `v / |v|_1` of v (..., D) >= 0: 0 for one active dimension.

    >>> entropy(torch.tensor([1.0, 1.0, 0.0, 0.0])).exp()
    tensor(2.)
    """
    shares = v / v.sum(-1, keepdim=True).clamp_min(SMALLEST)
    return -torch.xlogy(shares, shares).sum(-1)


def sparsity(v: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`L_sp = mean_i H(v_i) - H(mean_i v_i / |v_i|_1)` for a batch v (B, D) >= 0: equation 7 of the paper, in nats.

    Small where every example uses few dimensions and different examples different ones: between -log D and 0. Rows are
    normalised before their mean, as in the authors' code, which makes it minus a Jensen-Shannon divergence; the paper
    writes the mean of the rows as they are. The paper maximises "ELBO + gamma L_sp"; it has to be *minimised*, so here
    it is a penalty. Book: "Why a mapping and not a prior".

    >>> round(sparsity(torch.eye(50)).item(), 3), sparsity(torch.ones(4, 50)).item()
    (-3.912, 0.0)
    """
    shares = v / v.sum(-1, keepdim=True).clamp_min(SMALLEST)
    return entropy(v).mean() - entropy(shares.mean(0))
