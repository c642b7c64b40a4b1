"""Cluster mappings of the authors' code: the options `forgets` and `bounded` of "clusters" and "threshold"."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.mappings import SectorProduct, Sectors, Threshold


class BoundedThreshold(Threshold):
    """A threshold `b = 8 sigmoid(beta) - 4`, between -4 and 4, with a parameter beta that starts at 0 (clustered.py).

    The parameter b of the library's mapping has no bounds. A step of beta moves b twice as far at 0, and less the
    farther out it is. Parameters as in `Threshold`.

    >>> BoundedThreshold(learnable=True).proportions()[0].item()
    0.5
    """

    def border(self) -> Float[Tensor, ""]:
        """The threshold b, ()."""
        return 8 * self.threshold.sigmoid() - 4


def bounded(mapping: nn.Module) -> nn.Module:
    """The `Threshold` as a `BoundedThreshold` with the same constants. Raises `ValueError` for any other mapping."""
    if type(mapping) is not Threshold:
        raise ValueError(f"only the border of a threshold can be bounded, and {type(mapping).__name__} is none")
    return BoundedThreshold(mapping.c1, mapping.c2, mapping.delta, mapping.threshold.requires_grad)


class ForgetfulThreshold(Threshold):
    """A threshold that is 0 in evaluation mode, whatever has been learned (clustered.py).

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
