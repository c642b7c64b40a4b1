"""`fit`: stochastic gradient ascent on the ELBO, with validation, early stopping and a watch for NaN."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.distributions import constraints
from torch.nn.utils import clip_grad_norm_

from intelvae import bounds
from intelvae.dtypes import as_float
from intelvae.models import VAE
from intelvae.training.checks import Sampler, check_data, check_examples
from intelvae.training.history import History
from intelvae.training.precision import PRECISIONS, fastest
from intelvae.training.settings import Objective, Optimiser, Schedule
from intelvae.training.surroundings import deterministic_algorithms, torch_threads

VALID_BATCH = 500  # examples a validation batch


@torch.no_grad()
def evaluate(model: VAE, x: Tensor, batch_size: int = VALID_BATCH) -> bounds.Terms:
    """The ELBO's two terms for all of x (N, *data_shape), each (N,), in evaluation mode and in batches."""
    training, device = model.training, next(model.parameters()).device
    model.eval()
    parts = [bounds.terms(model, as_float(batch.to(device))) for batch in x.split(batch_size)]
    model.train(training)
    return bounds.Terms(*(torch.cat(term) for term in zip(*parts, strict=True)))


def fit(
    model: VAE,
    train: Tensor | Sampler,
    valid: Tensor,
    schedule: Schedule,
    *,
    objective: Objective = Objective(),
    optimiser: Optimiser = Optimiser(),
    precision: str | None = None,
    deterministic: bool = False,
    generator: torch.Generator | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
) -> History:
    """Maximise the `objective` with Adam; the model is changed in place.

    Parameters: `train`, a tensor (N, *data_shape), shuffled anew each epoch, or a function `(n, generator) -> data`
    that draws fresh data in random order, an epoch at a time, which needs the schedule's `steps_per_epoch`; `valid`
    (M, *data_shape), only ever evaluated; `precision`, "float32" or "bfloat16", which runs the networks under torch's
    autocast and sums all densities in float32 (validation is always float32), by default the `fastest`, or "float64"
    for a model and data that are (`default_dtype` makes them so); `deterministic`, only algorithms that give the same
    bits every time, which a CPU has anyway and which are slower on a GPU (torch raises `RuntimeError` where there is
    none). `generator` orders the data; the noise of the latents and the draws of the prior come from torch's global
    generator, which the caller seeds. `on_epoch` is called with each epoch's number and the history so far.

    Data are of the model's dtype, or images of bytes (uint8), which become floats in [0, 1]. Raises `ValueError` for
    data and settings that do not fit the model, are not finite, or lie outside the likelihood's support,
    `TrainingError` when the objective is not a number.
    """
    _check_length(train, schedule)
    objective.check(model)
    support = check_data(model, train, valid)
    precision = _checked(precision, model)
    generator = generator if generator is not None else torch.Generator().manual_seed(0)
    device = next(model.parameters()).device
    if precision == "bfloat16":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # pays together with bfloat16 only
    if not callable(train):
        train = train.to(device)  # all of it, once, in the bytes it comes in
    adam = torch.optim.Adam(model.parameters(), lr=optimiser.lr)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
    history, patience = History(), schedule.patience
    best_weights = None
    with torch_threads(None), deterministic_algorithms(deterministic):
        for epoch in range(schedule.epochs):
            model.train()
            beta = objective.weight_of_kl(epoch)
            seen = []  # looked at once an epoch, since a look at a number on a GPU waits for it
            for batch in _batches(train, schedule, generator, device, support):
                seen.append(_step(model, batch, objective, beta, adam, optimiser.clip, autocast))
            best = history.add(torch.stack(seen), evaluate(model, valid), beta=beta, lr=optimiser.lr, patience=patience)
            if best and patience is not None:
                best_weights = copy.deepcopy(model.state_dict())
            if on_epoch is not None:
                on_epoch(epoch, history)
            if history.stalled(patience):
                break
    if best_weights is not None:
        model.load_state_dict(best_weights)
    model.eval()
    return history


def _check_length(train: Tensor | Sampler, schedule: Schedule) -> None:
    """Raises `ValueError`, one line, for an epoch whose length is not known, or that is longer than the data."""
    if callable(train):
        if schedule.steps_per_epoch is None:
            raise ValueError("a function that draws data needs steps_per_epoch")
        return
    steps, size = schedule.steps_per_epoch or 1, schedule.batch_size
    if len(train) < steps * size:
        raise ValueError(f"an epoch of {steps * size} examples ({steps} x {size}) exceeds the {len(train)} there are")


def _checked(precision: str | None, model: VAE) -> str:
    """The precision to train in. Raises `ValueError`, one line, for one that is unknown or not for the model."""
    precision = precision or fastest(model)
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}: choose one of {', '.join(PRECISIONS)}")
    if (precision == "float64") != ((dtype := next(model.parameters()).dtype) == torch.float64):
        raise ValueError(f"a model in {str(dtype).removeprefix('torch.')} cannot be trained in {precision}")
    return precision


def _step(
    model: VAE,
    batch: Tensor,
    objective: Objective,
    weight: float,
    adam: torch.optim.Optimizer,
    clip: float | None,
    autocast: torch.autocast,
) -> Tensor:
    """One step of `adam` on a batch, the KL of this `weight`: the objective, that without penalties, and the KL."""
    with autocast:
        terms = bounds.terms(model, as_float(batch))
    bound = (terms.reconstruction - weight * terms.kl).mean()
    value = bound - objective.penalties(model, terms.y)
    adam.zero_grad(set_to_none=True)
    (-value).backward()
    if clip is not None:
        clip_grad_norm_(model.parameters(), clip)
    adam.step()
    return torch.stack([value, bound, terms.kl.mean()]).detach()


def _batches(
    train: Tensor | Sampler,
    schedule: Schedule,
    generator: torch.Generator,
    device: torch.device,
    support: constraints.Constraint | None = None,
) -> Iterator[Tensor]:
    """One epoch of batches; an incomplete last batch of a tensor is dropped (it changes with the shuffle)."""
    size, steps = schedule.batch_size, schedule.steps_per_epoch
    if callable(train):
        assert steps is not None
        drawn = train(steps * size, generator)
        check_examples(support, "training", drawn)
        yield from drawn.to(device).split(size)
    else:
        order = torch.randperm(len(train), generator=generator).to(device)
        for part in order.split(size)[: steps or len(train) // size]:
            yield train[part]
