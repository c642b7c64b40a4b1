"""Sylvester flows of the authors' code: the options `on_mean`, `mispaired` and `unchecked` of "sylvester"."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Distribution

from intelvae.flows import Step, Sylvester, SylvesterEncoder


class OnMean(SylvesterEncoder):
    """Sylvester steps whose parameters are computed from the mean of the Gaussian (experiment_flow.py).

    The head sees D numbers instead of the encoder's features, and what they do not tell of x the flow cannot know.
    """

    def _seen(self, h: Tensor, base: Distribution) -> Tensor:
        return base.mean


class MispairedStep(Step):
    """A `Step`, of parameters with one batch dimension B, with another determinant (experiment_flow.py).

    A missing squeeze meets every example's `tanh'` with the diagonals of all B examples, and the mean over those
    counts.
    """

    def log_det(self, slope: Tensor, diagonals: Tensor) -> Tensor:
        """The log-determinants (..., B) of slopes (..., B, M) and diagonals (B, M)."""
        return torch.log1p(slope.unsqueeze(-2) * diagonals).sum(-1).mean(-1)


class Mispaired(SylvesterEncoder):
    """Sylvester steps that are `MispairedStep`s: the density is wrong, and so are all bounds.

    It is right only for a batch whose examples all have the same diagonals.
    """

    def forward(self, x: Tensor) -> Sylvester:
        q = super().forward(x)
        return Sylvester(q.base, [MispairedStep(*step) for step in q.steps])


class Unchecked(SylvesterEncoder):
    """Sylvester steps with 30 iterations for Q, whatever they give (experiment_flow.py).

    It is of the variant "orthogonal", and takes more vectors than dimensions, eight in the code also where D = 1. They
    cannot be orthonormal, and then the determinant is wrong, too.
    """

    def _check_fit(self, vectors: int, dim: int) -> None:
        """More vectors than dimensions will do."""

    def _basis(self, raw: Tensor) -> Tensor:
        if self.variant != "orthogonal":
            return super()._basis(raw)
        a = raw.unflatten(-1, self.basis_shape)
        q = a / torch.linalg.matrix_norm(a, keepdim=True)
        identity = torch.eye(a.shape[-1], dtype=a.dtype, device=a.device)
        for _ in range(30):
            error = identity - q.mT @ q  # first, as in `orthonormal`: the order tells in the last bit of a gradient
            q = q + 0.5 * q @ error
        return q


FLOWS: dict[str, type[SylvesterEncoder]] = {"on_mean": OnMean, "mispaired": Mispaired, "unchecked": Unchecked}


def sylvester(*names: str) -> type[SylvesterEncoder]:
    """The `SylvesterEncoder` that is all of these `FLOWS` at once; the library's own for none.

    >>> sylvester(), sylvester("on_mean")
    (<class 'intelvae.flows.SylvesterEncoder'>, <class 'intelvae.paper.authors.flows.OnMean'>)
    """
    first, *others = [FLOWS[name] for name in names] or [SylvesterEncoder]
    return type("SylvesterEncoder", (first, *others), {}) if others else first
