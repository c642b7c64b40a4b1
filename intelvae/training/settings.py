"""The settings of training: what is maximised, what maximises it, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from intelvae import bounds, regularizers
from intelvae.models import VAE
from intelvae.numbers import check_number, whole_of


@dataclass(frozen=True)
class Schedule:
    """How long training goes on: `epochs` of batches of `batch_size` examples.

    `steps_per_epoch` ends an epoch of a tensor early, and says how long an epoch of drawn data is; `patience` is the
    number of epochs without a better validation ELBO after which training stops and the best weights come back (None:
    train to the end, keep the last). Raises `ValueError`, one line, for a number out of its range.

    >>> Schedule(0)
    Traceback (most recent call last):
    ...
    ValueError: epochs must be a whole number >= 1, not 0
    """

    epochs: int
    batch_size: int = 100
    steps_per_epoch: int | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None or name in ("epochs", "batch_size"):
                object.__setattr__(self, name, whole_of(name, value, ">= 1"))


@dataclass(frozen=True)
class Objective:
    """What is maximised: the mean over a batch of `reconstruction - beta KL`, less penalties.

    `warmup` is the number of epochs over which the weight of the KL rises to beta. `gamma` weighs the penalty of that
    name (`regularizers.penalty`) at the batch's y, by default L_sp on the gates of a sparse mapping: the paper's
    `ELBO - gamma L_sp`; `penalty` may also be a function of the mapping and y. `alpha` weighs `regularizers.mmd`
    between the batch's y and as many draws of the prior, which together with `priors.Sparse` is the DD of Mathieu et
    al. A `bound` (`bounds.Weighted`) takes the place of the ELBO, as it is: with neither beta, warm-up nor penalties,
    and not for a model that is `bounds.Structured`. Raises `ValueError`, one line, for a number out of its range and
    for what does not go together.

    >>> Objective(gamma=-1.0)
    Traceback (most recent call last):
    ...
    ValueError: gamma must be a number >= 0, not -1.0
    """

    beta: float = 1.0
    warmup: int = 0
    gamma: float = 0.0
    penalty: str | Callable[[nn.Module, Tensor], Tensor] = "gates"
    alpha: float = 0.0
    bound: bounds.Weighted | None = None

    def __post_init__(self) -> None:
        for name in ("beta", "gamma", "alpha"):
            check_number(name, getattr(self, name), ">= 0")
        check_number("warmup", self.warmup, ">= 0", whole=True)
        if isinstance(self.penalty, str) and self.penalty not in regularizers.PENALTIES:
            known = ", ".join(regularizers.PENALTIES)
            raise ValueError(f"unknown penalty {self.penalty!r}: choose one of {known}, or give a function")
        if not isinstance(self.penalty, str) and not callable(self.penalty):
            raise ValueError(f"penalty must be a name or a function of the mapping and y, not {self.penalty!r}")
        if self.bound is not None and not isinstance(self.bound, bounds.Weighted):
            raise ValueError(
                f"bound must be a bounds.Weighted, such as bounds.Weighted(8), or None, not {self.bound!r}"
            )
        plain = {"beta": 1, "warmup": 0, "gamma": 0, "alpha": 0}
        if self.bound is not None and (
            given := [name for name, value in plain.items() if getattr(self, name) != value]
        ):
            raise ValueError(
                f"a bound instead of the ELBO is maximised as it is: leave {given[0]} at {plain[given[0]]}"
            )

    def weight_of_kl(self, epoch: int) -> float:
        """The weight of the KL term in an epoch (from 0): beta, after a linear rise over the first `warmup` epochs.

        >>> [Objective(warmup=4).weight_of_kl(epoch) for epoch in range(6)]
        [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
        """
        return self.beta * min(1.0, epoch / self.warmup) if self.warmup else self.beta

    def before_penalties(
        self, model: VAE, x: Tensor, weight: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What is maximised but for penalties, and the KL divergence, each (B,), and latents y (B, D), for x.

        `weight` is that of the KL; `noise` as in `bounds.terms`, (K, B, D) for a bound with K samples.
        """
        if self.bound is not None:
            return self.bound(model, x, noise)
        terms = bounds.terms(model, x, noise)
        return terms.reconstruction - weight * terms.kl, terms.kl, terms.y

    def penalties(self, model: VAE, y: Tensor) -> Tensor | float:
        """What the penalties take away from the objective, for a batch's latents y (B, D); 0 without any."""
        total: Tensor | float = 0.0
        if self.gamma:
            of = partial(regularizers.penalty, self.penalty) if isinstance(self.penalty, str) else self.penalty
            value = of(model.mapping, y)
            if value.ndim:
                raise ValueError(f"a penalty is one number for a batch, not a tensor of shape {tuple(value.shape)}")
            total = total + self.gamma * value
        if self.alpha:
            total = total + self.alpha * regularizers.mmd(model.prior().sample(y.shape[:1]), y)
        return total

    def check(self, model: VAE) -> None:
        """Raises `ValueError`, one line, for a model that has not what the penalties or the bound are about."""
        if self.bound is not None and isinstance(model, bounds.Structured):
            raise ValueError(f"a {type(model).__name__} has bounds of its own: train it on its ELBO, without `bound`")
        if self.gamma and self.penalty == "gates" and not hasattr(model.mapping, "gates"):
            raise ValueError(
                f"gamma = {self.gamma} penalises the gates of a mapping, and {type(model.mapping).__name__} has none"
            )
        if self.alpha and isinstance(model, bounds.Structured):
            raise ValueError(
                f"alpha = {self.alpha} needs a prior over the codes alone, and {type(model).__name__} has none"
            )


@dataclass(frozen=True)
class Optimiser:
    """Adam with learning rate `lr` (0 leaves the weights as they begin); `clip` is the largest norm of the gradient.

    Raises `ValueError`, one line, for a number out of its range.

    >>> Optimiser(clip=-1.0)
    Traceback (most recent call last):
    ...
    ValueError: clip must be a number > 0, not -1.0
    """

    lr: float = 1e-3
    clip: float | None = None

    def __post_init__(self) -> None:
        check_number("lr", self.lr, ">= 0")
        if self.clip is not None:
            check_number("clip", self.clip, "> 0")
