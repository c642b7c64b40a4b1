"""`fit`: stochastic gradient ascent on the ELBO, with validation, early stopping and a watch for NaN."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor
from torch.distributions import constraints

from intelvae import bounds
from intelvae.dtypes import as_float
from intelvae.models import VAE
from intelvae.modes import evaluating
from intelvae.numbers import check_flag
from intelvae.training.checkpoint import Checkpoint, State, settings_of
from intelvae.training.checks import Sampler, check_data, check_drawn
from intelvae.training.history import History
from intelvae.training.precision import PRECISIONS, fastest
from intelvae.training.settings import Objective, Optimiser, Schedule
from intelvae.training.steps import Steps
from intelvae.training.surroundings import deterministic_algorithms, torch_threads

VALID_BATCH = 500  # examples a validation batch
AT_ONCE = 25  # steps that are handed to a GPU before another run has its turn


@torch.no_grad()
def evaluate(model: VAE, x: Tensor, batch_size: int = VALID_BATCH) -> bounds.Terms:
    """The ELBO's two terms for all of x (N, *data_shape), each (N,), in evaluation mode and in batches.

    Raises `ValueError` as `bounds.terms` does.
    """
    device = next(model.parameters(), x).device
    with evaluating(model):
        parts = [bounds.terms(model, as_float(batch.to(device))) for batch in x.split(batch_size)]
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
    checkpoint: Checkpoint | None = None,
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
    `checkpoint`, where the training is kept on its way; the same call with the same data then goes on from there, and
    ends with the bits of one that was never stopped (on a CPU; it has not been tried on a GPU).

    Data are of the model's dtype, or images of bytes (uint8), which become floats in [0, 1]. Raises `ValueError` for
    data and settings that do not fit the model, are not finite, or lie outside the likelihood's support,
    `TrainingError` when the objective is not a number, `CheckpointError` for a checkpoint that is not this training's.
    """
    check_flag("deterministic", deterministic)
    stages = in_stages(
        model, train, valid, schedule, objective, optimiser, precision, generator, on_epoch,
        graphs=not deterministic, checkpoint=checkpoint,
    )  # fmt: skip
    with torch_threads(None), deterministic_algorithms(deterministic):
        while True:
            try:
                next(stages)
            except StopIteration as end:
                return end.value


def in_stages(
    model: VAE,
    train: Tensor | Sampler,
    valid: Tensor,
    schedule: Schedule,
    objective: Objective,
    optimiser: Optimiser,
    precision: str | None = None,
    generator: torch.Generator | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
    graphs: bool = True,
    checkpoint: Checkpoint | None = None,
) -> Generator[None, None, History]:
    """`fit`, which pauses whenever a GPU has been given work that need not be waited for: others may give it theirs.

    Parameters and errors as in `fit`; `graphs`, whether a GPU may replay a graph (`steps`).
    """
    objective.check(model)
    support = check_data(model, train, valid)
    length = _length(train, schedule)
    precision = _ready(model, precision)
    generator = generator if generator is not None else torch.Generator().manual_seed(0)
    device = next(model.parameters()).device
    resident = None if callable(train) else train.to(device)  # all of it, once, in the bytes it comes in
    valid = valid.to(device)
    steps: Steps | None = None
    history, best_weights, patience = History(), None, schedule.patience
    settings = settings_of(model, (train, valid), precision, schedule, objective, optimiser) if checkpoint else {}
    if left := checkpoint and State.load(checkpoint, settings):
        left.put_back(model, generator)
        history, best_weights = left.history, left.tensors.get("best")
    while len(history.valid_elbo) < schedule.epochs and not history.stalled(patience):
        epoch = len(history.valid_elbo)
        model.train()
        beta = objective.weight_of_kl(epoch)
        drawn, order = _epoch(train, length * schedule.batch_size, generator, support, valid)
        if steps is None:
            data = resident if drawn is None else drawn.to(device, copy=True)
            assert data is not None
            size = schedule.batch_size
            steps = Steps(
                model, data, objective, optimiser, precision=precision, steps=length, batch_size=size, graphs=graphs
            )
            if left:
                left.put_back_moments(steps.adam)
                left = None  # it is larger than the model
        steps.begin(order, beta, drawn)
        yield from _in_turns(steps, length)
        best = history.add(steps.seen, evaluate(model, valid), beta=beta, lr=optimiser.lr, patience=patience)
        if best and patience is not None:
            best_weights = copy.deepcopy(model.state_dict())
        if on_epoch is not None:
            on_epoch(epoch, history)
        if checkpoint and checkpoint.every and (epoch + 1) % checkpoint.every == 0:
            State.of(model, steps.adam, history, best_weights, generator).keep(checkpoint, settings)
    if best_weights is not None:
        model.load_state_dict(best_weights)
    model.eval()
    return history


def _length(train: Tensor | Sampler, schedule: Schedule) -> int:
    """The steps of an epoch. Raises `ValueError`, one line, where that is not known, or more than the data allow."""
    if callable(train):
        if schedule.steps_per_epoch is None:
            raise ValueError("a function that draws data needs steps_per_epoch")
        return schedule.steps_per_epoch
    steps, size = schedule.steps_per_epoch or 1, schedule.batch_size
    if len(train) < steps * size:
        raise ValueError(f"an epoch of {steps * size} examples ({steps} x {size}) exceeds the {len(train)} there are")
    return schedule.steps_per_epoch or len(train) // size


def _ready(model: VAE, precision: str | None) -> str:
    """The precision to train in, for which the model is laid out in memory.

    Raises `ValueError`, one line, for one that is unknown or not for the model.
    """
    precision = precision or fastest(model)
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}: choose one of {', '.join(PRECISIONS)}")
    if (precision == "float64") != ((dtype := next(model.parameters()).dtype) == torch.float64):
        raise ValueError(f"a model in {str(dtype).removeprefix('torch.')} cannot be trained in {precision}")
    if precision == "bfloat16":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # pays together with bfloat16 only
    return precision


def _in_turns(steps: Steps, count: int) -> Iterator[None]:
    """The next `count` steps, with a pause after each `AT_ONCE`."""
    for first in range(0, count, AT_ONCE):
        steps.take(min(AT_ONCE, count - first))
        yield


def _epoch(
    train: Tensor | Sampler,
    count: int,
    generator: torch.Generator,
    support: constraints.Constraint | None,
    valid: Tensor,
) -> tuple[Tensor | None, Tensor]:
    """The examples of an epoch, where they are drawn, and the order (count) in which it takes those that there are.

    An incomplete last batch of a tensor is dropped (it changes with the shuffle).
    """
    if not callable(train):
        return None, torch.randperm(len(train), generator=generator)[:count]
    drawn = train(count, generator)
    check_drawn(support, drawn, count, valid)
    return drawn, torch.arange(count)
