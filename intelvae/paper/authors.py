"""What the authors' code does in another way than the paper or the textbooks, each to take the place of a part.

The library reads like the papers that it comes from, and knows nothing of these. Options of a config ask for them by
name (`records.RunConfig`), and what builds, trains and measures a run puts them in; all are off unless asked for. A
number such as C3 is that of a line in the project's list of differences between paper and code (reference.md, part C),
with the file of the code of October 2021 (github.com/NingMiao/InteL-VAE). Two are not of that code, and say so:
`DensePrior` and `sparsity_as_printed`.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Distribution

from intelvae.flows import Step, Sylvester, SylvesterEncoder
from intelvae.mappings import SectorProduct, Sectors, Threshold

# Mappings: the option `forgets` of "clusters" and "threshold"


class ForgetfulThreshold(Threshold):
    """A threshold that is 0 in evaluation mode, whatever has been learned (C3: clustered.py).

    In the code a learned threshold is not among the weights that are saved, so that a model which is loaded to be
    judged has the first one again. Here the weights keep it. Parameters as in `Threshold`.
    """

    def border(self) -> Float[Tensor, ""]:
        """The threshold b in training, and 0 in evaluation mode, ()."""
        return super().border() if self.training else torch.zeros_like(self.threshold)


class ForgetfulSectors(Sectors):
    """Sectors that are of equal width in evaluation mode: `ForgetfulThreshold` for more clusters than the code has."""

    def logits(self) -> Float[Tensor, " k"]:
        """The u of the widths in training, and 0 in evaluation mode, (K,)."""
        return super().logits() if self.training else torch.zeros_like(self.u)


def forgetful(mapping: nn.Module) -> nn.Module:
    """The cluster `mapping` with the same weights, and with borders that are the first ones again in evaluation mode.

    A `SectorProduct` is changed in place. Raises `ValueError` for a mapping without borders.

    >>> forgetful(Threshold(learnable=True)).eval().proportions()
    tensor([0.5000, 0.5000])
    """
    if isinstance(mapping, SectorProduct):
        mapping.planes = nn.ModuleList(forgetful(plane) for plane in mapping.planes)
        return mapping
    made: nn.Module
    if isinstance(mapping, Threshold):
        made = ForgetfulThreshold(mapping.c1, mapping.c2, mapping.delta, mapping.threshold.requires_grad)
    elif isinstance(mapping, Sectors):
        constants = mapping.c1, mapping.c2, mapping.delta
        made = ForgetfulSectors(mapping.num_clusters, *constants, mapping.u.requires_grad)
    else:
        raise ValueError(f"a mapping forgets the borders of its clusters, and {type(mapping).__name__} has none")
    made.load_state_dict(mapping.state_dict())
    return made


# Posteriors: the options `on_mean`, `mispaired` and `unchecked` of "sylvester"


class OnMean(SylvesterEncoder):
    """Sylvester steps whose parameters are computed from the mean of the Gaussian (C30: experiment_flow.py).

    The head sees D numbers in the place of the encoder's features, and what they do not tell of x the flow cannot know.
    """

    def _seen(self, h: Tensor, base: Distribution) -> Tensor:
        return base.mean


class MispairedStep(Step):
    """A `Step`, of parameters with one batch dimension B, with another determinant (C31: experiment_flow.py).

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
    """Sylvester steps with 30 iterations for Q, whatever they give (C32: experiment_flow.py).

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
    (<class 'intelvae.flows.SylvesterEncoder'>, <class 'intelvae.paper.authors.OnMean'>)
    """
    first, *others = [FLOWS[name] for name in names] or [SylvesterEncoder]
    return type("SylvesterEncoder", (first, *others), {}) if others else first
