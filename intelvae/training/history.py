"""What training saw, epoch by epoch, and when it cannot go on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from torch import Tensor

from intelvae import bounds


class TrainingError(RuntimeError):
    """Training cannot go on; the message names the step and what to try."""


@dataclass
class History:
    """What `fit` saw, one entry an epoch: means over examples in nats, and the epoch whose weights the model keeps.

    For a GM-VAE with free nats, and for training on another bound, the training curves hold what is maximised, and the
    validation curves the ELBO.
    """

    train_elbo: list[float] = field(default_factory=list)
    train_kl: list[float] = field(default_factory=list)
    valid_elbo: list[float] = field(default_factory=list)
    valid_kl: list[float] = field(default_factory=list)
    best_epoch: int = 0

    def add(self, steps: Tensor, valid: bounds.Terms, *, beta: float, lr: float, patience: int | None) -> bool:
        """Enters an epoch: what its steps saw (S, 3) and the ELBO's terms of the validation data.

        A step sees the objective, the same without penalties, and the KL.

        True if it is the best so far; without `patience` every epoch is. Raises `TrainingError` for a number that is
        not finite.
        """
        epoch, count = len(self.valid_elbo), len(steps)
        if not steps[:, 0].isfinite().all():
            first = int(steps[:, 0].isfinite().logical_not().nonzero()[0])
            raise TrainingError(
                f"the objective became {steps[first, 0].item()} at step {epoch * count + first} (epoch {epoch}): try a "
                f"smaller learning rate than {lr}, gradient clipping (clip), or a larger delta in the mapping"
            )
        elbo = valid.elbo.mean().item()
        if not math.isfinite(elbo):
            raise TrainingError(f"the validation ELBO became {elbo} after epoch {epoch}")
        _, bound, kl = steps.cpu().double().mean(0).tolist()  # MPS has no float64
        best = patience is None or not self.valid_elbo or elbo > max(self.valid_elbo)
        self.train_elbo.append(bound + (beta - 1) * kl)
        self.train_kl.append(kl)
        self.valid_elbo.append(elbo)
        self.valid_kl.append(valid.kl.mean().item())
        if best:
            self.best_epoch = epoch
        return best

    def stalled(self, patience: int | None) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        return patience is not None and len(self.valid_elbo) - 1 - self.best_epoch >= patience
