"""Sylvester normalising flows: posteriors `q(y|x)` that need not be Gaussian (van den Berg et al., 2018).

A sample of a Gaussian goes through a few steps `z' = z + Q R1 tanh(R2 Q^T z + b)`, whose parameters the encoder gives
for every x. The columns of Q (D, M) are orthonormal and R1, R2 (M, M) upper triangular, so that by Sylvester's
determinant identity the Jacobian costs no more than the diagonals. The three variants differ in where Q comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Distribution
from torch.types import _size

from intelvae.dtypes import at_least_float32
from intelvae.modes import evaluating
from intelvae.networks import GaussianEncoder, Steady
from intelvae.numbers import whole_of

VARIANTS = ("orthogonal", "householder", "triangular")
DIAGONAL = 1 - 1e-3  # the largest |R_ii|: tanh alone is exactly 1 from 9 on, and 1 + tanh' R1_ii R2_ii then 0
ITERATIONS = {"cuda": 40}  # of `orthonormal`, where a look at the error would wait, and could not be part of a graph
START = 0.05  # of the heads' weights: R1 and R2 begin near 0, and so a step near the identity


def _times(a: Tensor, v: Tensor) -> Tensor:
    """Matrices a (..., M, N) times vectors v (..., N), without copying a for each of several samples v."""
    return torch.einsum("...mn,...n->...m", a, v)


class Step(NamedTuple):
    """One step and its parameters: `q` (*batch, D, M), `r1` and `r2` (*batch, M, M), `b` (*batch, M).

    `step(z)` for z (..., *batch, D) is the pair of `z' = z + Q R1 tanh(R2 Q^T z + b)` and
    `log|det dz'/dz| = sum_i log(1 + tanh'(.)_i R1_ii R2_ii)`, (..., *batch) in nats (van den Berg et al., section 3).

    >>> step = Step(torch.eye(2)[:, :1], torch.tensor([[0.5]]), torch.tensor([[1.0]]), torch.zeros(1))
    >>> step(torch.zeros(2))  # at the origin the first dimension is stretched by 1 + 0.5
    (tensor([0., 0.]), tensor(0.4055))
    """

    q: Tensor
    r1: Tensor
    r2: Tensor
    b: Tensor

    def __call__(self, z: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(z.device.type, enabled=False):  # the determinant is that of a Q without rounding
            h = torch.tanh(_times(self.r2, _times(self.q.mT, z)) + self.b)
            moved = z + _times(self.q, _times(self.r1, h))
            diagonals = self.r1.diagonal(dim1=-2, dim2=-1) * self.r2.diagonal(dim1=-2, dim2=-1)
            return moved, self.log_det(1 - h.square(), diagonals)

    def log_det(self, slope: Tensor, diagonals: Tensor) -> Tensor:
        """The second of the pair, from tanh' (..., *batch, M) and the products R1_ii R2_ii (*batch, M)."""
        return torch.log1p(slope * diagonals).sum(-1)


class Sylvester(Distribution):
    """The distribution of `z_K`: `z_0` from a Gaussian `base`, moved by each of the `steps` in turn.

    `log q(z_K) = log q_0(z_0) - sum_k log|det dz_k/dz_(k-1)|`. A Sylvester flow has no cheap inverse, so `log_prob`
    knows only the very tensor that the last `rsample` or `sample` returned, and raises `NotImplementedError` for
    another; a one-sample KL and importance weights need no more. `mean` is the flow applied to the mean of the base,
    and `variance` that of the flow linearised there: both exact for the identity, and to first order else.
    """

    arg_constraints: ClassVar[dict] = {}
    has_rsample = True

    def __init__(self, base: Distribution, steps: Sequence[Step]) -> None:
        super().__init__(base.batch_shape, base.event_shape, validate_args=False)
        self.base, self.steps = base, steps
        self._last: tuple[Tensor, Tensor] | None = None

    def rsample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008  # torch's own default, immutable
        z = self.base.rsample(sample_shape)
        log_q = self.base.log_prob(z)
        for step in self.steps:
            z, log_det = step(z)
            log_q = log_q - log_det
        self._last = z, log_q
        return z

    def log_prob(self, value: Tensor) -> Tensor:
        if self._last is None or value is not self._last[0]:
            raise NotImplementedError("a Sylvester posterior knows the density of its own last sample only")
        return self._last[1]

    def _flow(self, z: Tensor) -> Tensor:
        for step in self.steps:
            z, _ = step(z)
        return z

    @property
    def mean(self) -> Tensor:
        return self._flow(self.base.mean)

    @property
    def variance(self) -> Tensor:
        mu, sigma = self.base.mean, self.base.stddev
        pull = torch.func.vjp(self._flow, mu)[1]
        identity = torch.eye(mu.shape[-1], dtype=mu.dtype, device=mu.device)
        jacobian = torch.func.vmap(lambda e: pull(e.expand_as(mu))[0])(identity)  # (D, *batch, D)
        return (jacobian * sigma).square().sum(-1).movedim(0, -1)


def orthonormal(a: Float[Tensor, "*batch D M"]) -> Float[Tensor, "*batch D M"]:
    """The orthonormal columns nearest to those of a, by Björck's iteration `Q <- Q (I + (I - Q^T Q) / 2)`.

    It starts from `a / |a|`, whose singular values are at most 1, and goes on until `Q^T Q` is the identity to 1e-6 for
    every matrix, on a GPU for 40 iterations whatever comes. It takes about 10 for M well below D and some 30 for square
    ones. Matrices with linearly dependent columns, which have no answer, become NaN. How long it takes on a CPU depends
    on the values, so there it cannot run under `vmap`.

    >>> orthonormal(torch.tensor([[3.0], [4.0]])).flatten()
    tensor([0.6000, 0.8000])
    """
    q = a / torch.linalg.matrix_norm(a, keepdim=True)
    identity = torch.eye(a.shape[-1], dtype=a.dtype, device=a.device)
    count = ITERATIONS.get(a.device.type)
    for _ in range(count or 100):
        error = identity - q.mT @ q
        q = q + 0.5 * q @ error
        if not count and error.detach().abs().max() < 1e-5:  # above float32's rounding; this step squares what is left
            return q
    near = (identity - q.mT @ q).detach().abs().amax((-2, -1), keepdim=True) < 1e-5
    return torch.where(near, q, torch.nan)


def householder(v: Float[Tensor, "*batch H D"]) -> Float[Tensor, "*batch D D"]:
    """The orthogonal matrix of H reflections in a row, `Q = prod_h (I - 2 v_h v_h^T / |v_h|^2)`.

    >>> householder(torch.tensor([[2.0, 0.0]]))
    tensor([[-1.,  0.],
            [ 0.,  1.]])
    """
    q = torch.eye(v.shape[-1], dtype=v.dtype, device=v.device)
    for u in nn.functional.normalize(v, dim=-1).unbind(-2):
        q = q - 2 * (q @ u[..., None]) * u[..., None, :]
    return q


class SylvesterEncoder(GaussianEncoder):
    """A Gaussian encoder followed by Sylvester steps: x (B, *data_shape) -> a `Sylvester` over (B, D).

    A linear head on the encoder's features gives the parameters of all steps for every x. One matrix supplies the
    strict upper triangles of R1 and, transposed, R2; their diagonals pass through a tanh, so that `R1_ii R2_ii > -1`
    and each step is invertible. The head starts small: the flow begins near the identity.

    Parameters: `encoder`, whose features and heads it takes over; `data_shape` of one x; `variant`, "orthogonal" (M =
    `vectors` columns), "householder" (M = D, H = `vectors` reflections) or "triangular" (M = D, the identity and the
    reversal of the dimensions in turn); the number of `steps`. The defaults are van den Berg et al.'s. `hidden` is for
    encoders with many more features than theirs, which has 256: a layer of so many ReLU units between features and
    head, which moves no faster for being wide (`networks.Steady`).

    Raises `ValueError` for an unknown variant, fewer than one step, vector or hidden unit, or more orthonormal
    vectors than latent dimensions. Reference: van den Berg et al., "Sylvester Normalizing Flows for Variational
    Inference", UAI 2018.

    >>> from intelvae import networks
    >>> encoder, _ = networks.create("mlp", (2,), 3)
    >>> SylvesterEncoder(encoder, (2,), vectors=2)(torch.zeros(5, 2)).rsample().shape
    torch.Size([5, 3])
    """

    permutations: Tensor

    def __init__(
        self,
        encoder: GaussianEncoder,
        data_shape: tuple[int, ...],
        *,
        variant: str = "orthogonal",
        steps: int = 4,
        vectors: int = 8,
        hidden: int | None = None,
    ) -> None:
        super().__init__(encoder.features, encoder.mu, encoder.log_variance)
        with torch.no_grad(), evaluating(self):  # one example has no batch statistics
            h = self.features(torch.zeros(1, *data_shape))
            base = self.posterior(h)
            inputs = self._seen(h, base).shape[1]
        d = base.event_shape[0]
        if variant not in VARIANTS:
            raise ValueError(f"unknown Sylvester variant {variant!r}: choose one of {', '.join(VARIANTS)}")
        steps, vectors = whole_of("steps", steps, ">= 1"), whole_of("vectors", vectors, ">= 1")
        if hidden is not None:
            hidden = whole_of("hidden", hidden, ">= 1")
        if variant == "orthogonal":
            self._check_fit(vectors, d)
        self.variant = variant
        self.basis_shape = {"orthogonal": (d, vectors), "householder": (vectors, d), "triangular": (0, d)}[variant]
        self.m = m = vectors if variant == "orthogonal" else d
        self.sizes = (self.basis_shape[0] * self.basis_shape[1], m * m, m, m, m)
        self.steps = steps
        identity = torch.eye(d)
        permutations = torch.stack([identity.flip(0) if k % 2 else identity for k in range(steps)])
        self.register_buffer("permutations", permutations, persistent=False)
        self.body: nn.Module = nn.Identity()
        if hidden is not None:
            self.body = nn.Sequential(Steady(inputs), nn.Linear(inputs, hidden), nn.ReLU())
            inputs = hidden
        self.head = nn.Linear(inputs, steps * sum(self.sizes))
        nn.init.normal_(self.head.weight, 0, START / inputs**0.5)
        bias = torch.zeros(steps, sum(self.sizes))
        bias[:, : self.sizes[0]].normal_()  # each step its own basis, also where all features are 0
        self.head.bias = nn.Parameter(bias.flatten())

    def forward(self, x: Tensor) -> Sylvester:
        h = self.features(x)
        base = self.posterior(h)
        raw = at_least_float32(self.head(self.body(self._seen(h, base))))
        with torch.autocast(x.device.type, enabled=False):
            raw = raw.unflatten(1, (self.steps, -1))  # (B, K, all parameters of a step)
            basis, r, d1, d2, b = raw.split(self.sizes, -1)
            q = self._basis(basis)
            r = r.unflatten(-1, (self.m, self.m))
            r1 = r.triu(1) + torch.diag_embed(DIAGONAL * d1.tanh())
            r2 = r.mT.triu(1) + torch.diag_embed(DIAGONAL * d2.tanh())
        parameters = zip(q.unbind(-3), r1.unbind(1), r2.unbind(1), b.unbind(1), strict=True)
        return Sylvester(base, [Step(*of_step) for of_step in parameters])

    def _seen(self, h: Tensor, base: Distribution) -> Tensor:
        """What the parameters of all steps are computed from: the features h of every x, (B, inputs)."""
        return h.flatten(1)

    def _check_fit(self, vectors: int, dim: int) -> None:
        """Raises `ValueError` for more vectors than can be orthonormal in `dim` dimensions."""
        if vectors > dim:
            raise ValueError(
                f"{vectors} orthonormal vectors do not fit into {dim} latent dimensions: give fewer vectors"
            )

    def _basis(self, raw: Tensor) -> Tensor:
        """Q for every step, (B, K, D, M), or (K, D, D) where it is the same for every x."""
        if self.variant == "triangular":
            return self.permutations
        raw = raw.unflatten(-1, self.basis_shape)
        return orthonormal(raw) if self.variant == "orthogonal" else householder(raw)
