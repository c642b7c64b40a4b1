"""What training takes: settings in their range, and data that the model is made for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from intelvae.dtypes import as_float, at_least_float32
from intelvae.models import VAE
from intelvae.numbers import check_number

P = ParamSpec("P")
R = TypeVar("R")
Sampler = Callable[[int, torch.Generator], Tensor]
CHUNK = 4096  # examples whose numbers are looked at together
# of settings that are numbers: what must hold, and whether they are whole
RANGES = {
    "epochs": (">= 1", True),
    "batch_size": (">= 1", True),
    "steps_per_epoch": (">= 1", True),
    "lr": (">= 0", False),  # 0 leaves the weights as they begin
    "beta": (">= 0", False),
    "warmup": (">= 0", True),
    "gamma": (">= 0", False),
    "alpha": (">= 0", False),
    "clip": ("> 0", False),
    "patience": (">= 1", True),
    "seed": (">= 0", True),
    "latent_dim": (">= 1", True),
}
OPTIONAL = ("steps_per_epoch", "clip", "patience")  # None: without


def check_settings(**settings: object) -> None:
    """Raises `ValueError`, one line, for the first of these settings that is outside its range (`RANGES`).

    >>> check_settings(lr=0.1, clip=-1.0)
    Traceback (most recent call last):
    ...
    ValueError: clip must be a number > 0, not -1.0
    """
    for name, value in settings.items():
        condition, whole = RANGES[name]
        if value is not None or name not in OPTIONAL:
            check_number(name, value, condition, whole=whole)


def with_settings_checked(fit: Callable[P, R]) -> Callable[P, R]:
    """`fit`, which raises the `ValueError` of `check_settings` for the first of its arguments that is out of range.

    >>> with_settings_checked(lambda lr: lr)(lr=-1.0)
    Traceback (most recent call last):
    ...
    ValueError: lr must be a number >= 0, not -1.0
    """
    signature = inspect.signature(fit)

    @wraps(fit)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs).arguments
        check_settings(**{name: value for name, value in given.items() if name in RANGES})
        return fit(*args, **kwargs)

    return checked


@torch.no_grad()
def check_data(model: VAE, train: Tensor | Sampler, valid: Tensor) -> constraints.Constraint | None:
    """What the model's likelihood can give (`support_of`), after a look at the data: what `check_examples` is for.

    Raises `ValueError` for data that `model` is not made for: torch would spread some over other shapes in silence, and
    a "density" outside its support has no bound. Draws no random numbers.
    """
    first = next(model.parameters())
    if first.dtype != at_least_float32(first).dtype:
        raise ValueError(
            f"the weights are {first.dtype}, in which Adam's steps are lost: make the model float32, and let precision "
            "say what the networks compute in"
        )
    for name, x in (("training", train), ("validation", valid)):
        if callable(x):
            continue
        if x.dtype not in (torch.uint8, first.dtype):
            raise ValueError(f"the {name} data are {x.dtype}: make them {first.dtype}, or bytes if they are images")
        if not len(x) or x.shape[1:] != valid.shape[1:]:
            raise ValueError(
                f"the {name} data have shape {tuple(x.shape)}, the validation data {tuple(valid.shape)}: examples of "
                "both must be alike, and of both there must be some"
            )
    training = model.training
    model.eval()
    try:
        made = model.decode(model.encode(as_float(valid[:1]).to(first.device)).mean)
    except RuntimeError as error:
        raise ValueError(f"the model does not take examples of shape {tuple(valid.shape[1:])}: {error}") from error
    finally:
        model.train(training)
    if made.event_shape != valid.shape[1:]:
        raise ValueError(
            f"the model makes examples of shape {tuple(made.event_shape)}, the data have {tuple(valid.shape[1:])}: "
            "give both the same data_shape"
        )
    support = support_of(made)
    for name, x in (("training", train), ("validation", valid)):
        if not callable(x):
            check_examples(support, name, x)
    return support


def support_of(p: Distribution) -> constraints.Constraint | None:
    """Where p has its mass; None for a distribution that does not say so."""
    try:
        support = p.support
    except NotImplementedError:
        return None
    return None if support is None or constraints.is_dependent(support) else support


def check_examples(support: constraints.Constraint | None, name: str, x: Tensor) -> None:
    """Raises `ValueError`, one line, for `name` data x (N, *data_shape) that are not finite, or outside the `support`.

    Of bytes, 256 levels are looked at, and the images themselves only where some of these are not allowed.
    """
    while isinstance(support, constraints.independent):  # what holds for each number holds for all together
        support = support.base_constraint
    if support is not None and x.dtype == torch.uint8:
        levels = as_float(torch.arange(256, dtype=torch.uint8, device=x.device)).reshape(-1, *[1] * (x.ndim - 1))
        if not support.event_dim and bool(support.check(levels).all()):
            return
    looks = {"NaN or infinity in": Tensor.isfinite}
    if support is not None:
        looks[f"numbers outside the likelihood's support, {_words(support)}, in"] = support.check
    for what, look in looks.items():
        good = torch.cat([look(as_float(part)).flatten(1).all(1) for part in x.split(CHUNK)]) if x.ndim > 1 else look(x)
        if not good.all():
            wrong = good.logical_not().nonzero()
            raise ValueError(
                f"the {name} data have {what} {len(wrong)} of {len(x)} examples, the first of them example "
                f"{int(wrong[0])}"
            )


def _words(support: constraints.Constraint) -> str:
    low, high = getattr(support, "lower_bound", None), getattr(support, "upper_bound", None)
    if isinstance(low, int | float) and isinstance(high, int | float):
        return f"from {low:g} to {high:g}"
    return " ".join(str(support).split())[:100]
