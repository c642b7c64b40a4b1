"""Penalties that are added to the negative ELBO."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.dtypes import at_least_float32

PENALTIES = ("gates", "codes", "l1")
SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # of Mathieu et al.'s kernels
SMALLEST = 1e-8  # no logarithm is taken of less: its slope times 0 is NaN
ZERO = 1e-30  # a row with a smaller sum fades out: float32 ends near, and so does what has a share of it


def shares(v: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
    """`v / |v|_1` along the last dimension of v (..., D) >= 0, or `v / 1e-30` where the sum is below 1e-30.

    Zeros give zeros, and a row of exact zeros has no gradient.
    """
    return _shares(v)[0]


def presence(v: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch"]:
    """How much each row of v (..., D) >= 0 counts in `sparsity`, (...): 1, or less where its sum is below 1e-30."""
    return _shares(v)[1]


def _shares(v: Tensor) -> tuple[Tensor, Tensor]:
    """The `shares` (..., D) and their sum (...), the `presence`."""
    v = at_least_float32(v)
    total = v.sum(-1, keepdim=True)
    none = total == 0
    v, total = torch.where(none, 0.0, v), torch.where(none, 0.0, total)  # without a gradient
    # 1 itself where nothing fades, and not a quotient with a gradient that only rounding makes 0
    counts = torch.where(total < ZERO, total / ZERO, 1.0)
    return v / total.clamp_min(ZERO), counts.squeeze(-1)


def entropy(v: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch"]:
    """`H(v)`, the entropy in nats of the `shares` of v (..., D) >= 0: 0 for one active dimension, and for none.

    Below a sum of 1e-30 it goes to 0 together with the shares.

    >>> import torch
    >>> entropy(torch.tensor([1.0, 1.0, 0.0, 0.0])).exp()
    tensor(2.)
    """
    part, counts = _shares(v)
    return _x_log_x(counts) - _x_log_x(part).sum(-1)


def _x_log_x(x: Tensor) -> Tensor:
    return x * x.clamp_min(SMALLEST).log()


def sparsity(v: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`L_sp = mean_i H(v_i) - H(mean_i v_i / |v_i|_1)` for a batch v (B, D) >= 0: equation 7 of the paper, in nats.

    Small where every example uses few dimensions and different examples different ones: between -log D and 0. Rows are
    normalised before their mean, as in the authors' code, which makes it minus a Jensen-Shannon divergence; the paper
    prints the mean of the rows as they are. So the scale of a row has no part in it, and a row of zeros, which has no
    shares, is left out. Rows with a sum below 1e-30 are on their way there: they count less and less, and a batch of
    such rows goes to 0 without a jump. The paper maximises "ELBO + gamma L_sp"; it has to be *minimised*, so here it is
    a penalty. Book: "Sparse codes".

    >>> import torch
    >>> round(sparsity(torch.eye(50)).item(), 3), sparsity(torch.ones(4, 50)).item()
    (-3.912, 0.0)
    """
    v = at_least_float32(v)
    of_each = entropy(v).sum()
    part, counts = _shares(v)
    alive = counts.sum()
    of_all = entropy(part.mean(0))  # zeros do not change the shares of a mean
    return of_each / alive.clamp_min(1) - alive.clamp_max(1) * of_all


def penalty(name: str, mapping: nn.Module, y: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """What the weight gamma of a training run multiplies, for latents y (B, D) and the `mapping` g.

    "gates": `sparsity(DS(y))`, the paper's, for a mapping with `gates`. "codes": `sparsity(|g(y)|)`, what the authors'
    code computes in its place; with the identity it is the paper's ablation of a VAE with L_sp (appendix C.3). "l1":
    the mean over the batch of `|g(y)|_1`, a plain reference. Raises `ValueError` for another name.

    >>> import torch
    >>> penalty("l1", nn.Identity(), torch.tensor([[1.0, -2.0], [0.0, 1.0]]))
    tensor(2.)
    """
    if name not in PENALTIES:
        raise ValueError(f"unknown penalty {name!r}: choose one of {', '.join(PENALTIES)}")
    if name == "gates":
        return sparsity(mapping.gates(y))  # type: ignore[operator]  # a mapping's own method
    size = at_least_float32(mapping(y)).abs()
    return sparsity(size) if name == "codes" else size.sum(-1).mean()


def mmd(x: Float[Tensor, "n dim"], y: Float[Tensor, "m dim"]) -> Float[Tensor, ""]:
    """The squared maximum mean discrepancy of x (N, D) and y (M, D), one dimension at a time and added up.

    `sum_d E k(x_d, x'_d) + E k(y_d, y'_d) - 2 E k(x_d, y_d)` with the inverse multi-quadratic kernels
    `k(a, b) = sum_s 2s / (2s + (a - b)^2)`, s of `SCALES`. Pairs within a set are of two different rows, so that it is
    unbiased: 0 on average for two sets from one distribution, and as often negative as not. It compares the margins
    only, not how dimensions go together. Raises `ValueError` for sets of less than two rows, or of different D.
    Reference: Mathieu et al., "Disentangling Disentanglement in Variational Autoencoders", ICML 2019, and its code.

    >>> import torch
    >>> mmd(torch.zeros(5, 3), torch.zeros(5, 3)), mmd(torch.zeros(5, 1), torch.full((5, 1), 1e9))
    (tensor(0.), tensor(12.))
    """
    if min(len(x), len(y)) < 2 or x.shape[1:] != y.shape[1:]:
        raise ValueError(f"two sets of at least two rows are compared, not {tuple(x.shape)} and {tuple(y.shape)}")
    x, y = at_least_float32(x), at_least_float32(y)
    return _within(x) + _within(y) - 2 * _kernel(x, y).mean((0, 1)).sum()


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """(N, M, D) for x (N, D) and y (M, D)."""
    squares = (x.unsqueeze(1) - y).square()
    return sum((2 * s / (2 * s + squares) for s in SCALES), start=squares.new_zeros(()))


def _within(x: Tensor) -> Tensor:
    """The mean kernel of two different rows, summed over dimensions; a row and itself have 1 at each scale."""
    n, dim = x.shape
    return (_kernel(x, x).sum() - n * dim * len(SCALES)) / (n * (n - 1))
