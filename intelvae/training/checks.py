"""What training takes: data that the model is made for, finite, and inside the support of its likelihood."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from intelvae import bounds
from intelvae.dtypes import as_float, at_least_float32
from intelvae.models import VAE
from intelvae.models.vae import check_data_shape
from intelvae.modes import evaluating

Sampler = Callable[[int, torch.Generator], Tensor]
CHUNK = 4096  # examples whose numbers are looked at together


@torch.no_grad()
def check_data(model: VAE, train: Tensor | Sampler, valid: Tensor) -> constraints.Constraint | None:
    """What the model's likelihood can give (`support_of`), after a look at the data: what `check_examples` is for.

    Raises `ValueError` for data that `model` is not made for, and for a model whose parts are not made for each other:
    torch would spread some over other shapes in silence, and a "density" outside its support has no bound. Draws no
    random numbers.
    """
    first = next(model.parameters(), None)
    if first is None:
        raise ValueError("the model has no parameters: there is nothing to train")
    if first.dtype != at_least_float32(first).dtype:
        raise ValueError(
            f"the weights are {first.dtype}, in which Adam's steps are lost: make the model float32, and let precision "
            "say what the networks compute in"
        )
    for name, x in (("validation", valid), ("training", train)):
        if callable(x) and name == "training":
            continue
        if not isinstance(x, Tensor):
            or_drawn = ", or a function (n, generator) -> data" if name == "training" else ""
            raise ValueError(f"the {name} data are a {type(x).__name__}: give a tensor (N, *data_shape){or_drawn}")
        if x.ndim < 2:
            raise ValueError(f"the {name} data have shape {tuple(x.shape)}: give a tensor (N, *data_shape)")
        if x.dtype not in (torch.uint8, first.dtype):
            raise ValueError(f"the {name} data are {x.dtype}: make them {first.dtype}, or bytes if they are images")
        if not len(x) or x.shape[1:] != valid.shape[1:]:
            raise ValueError(
                f"the {name} data have shape {tuple(x.shape)}, the validation data {tuple(valid.shape)}: examples of "
                "both must be alike, and of both there must be some"
            )
    try:
        with evaluating(model):
            q = model.encode(as_float(valid[:1]).to(first.device))
            if not isinstance(model, bounds.Structured):
                _check_latents(q, model.prior())
            made = model.decode(q.mean)
    except RuntimeError as error:
        raise ValueError(f"the model does not take examples of shape {tuple(valid.shape[1:])}: {error}") from error
    check_data_shape(made, valid.shape[1:])
    support = support_of(made)
    for name, x in (("training", train), ("validation", valid)):
        if not callable(x):
            check_examples(support, name, x)
    return support


def _check_latents(q: Distribution, prior: Distribution) -> None:
    """Raises `ValueError`, one line, unless q(y|x) of one example and the prior are each one distribution over (D,)."""
    for name, of, batch in (("encoder gives", q, (1,)), ("prior is", prior, ())):
        if not isinstance(of, Distribution):
            raise ValueError(f"the {name} a {type(of).__name__}: a torch.distributions.Distribution is needed")
        if tuple(of.batch_shape) != batch or len(of.event_shape) != 1:
            raise ValueError(
                f"the {name} a distribution of batch shape {tuple(of.batch_shape)} and event shape "
                f"{tuple(of.event_shape)}, where {batch} and (D,) are needed: Independent(p, 1) makes a batch's last "
                "dimension one of the event"
            )
    bounds.check_latents(q, prior)


def check_drawn(support: constraints.Constraint | None, drawn: Tensor, count: int, valid: Tensor) -> None:
    """Raises `ValueError`, one line, unless a function drew `count` training examples like the validation data."""
    given = f"{tuple(drawn.shape)} of {drawn.dtype}" if isinstance(drawn, Tensor) else f"a {type(drawn).__name__}"
    if not isinstance(drawn, Tensor) or drawn.shape != (count, *valid.shape[1:]) or drawn.dtype != valid.dtype:
        wanted = f"{(count, *valid.shape[1:])} of {valid.dtype}"
        raise ValueError(f"the function that draws training data gave {given}, where a tensor {wanted} is needed")
    check_examples(support, "training", drawn)


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
        good = torch.cat([look(as_float(part)).reshape(len(part), -1).all(1) for part in x.split(CHUNK)])
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
