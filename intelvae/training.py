"""`fit`: stochastic gradient ascent on the ELBO, with validation, early stopping and a watch for NaN."""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial

import joblib
import torch
from torch import Tensor, nn
from torch.distributions import constraints
from torch.nn.utils import clip_grad_norm_

from intelvae import bounds, regularizers
from intelvae.checks import Sampler, check_data, check_examples, with_settings_checked
from intelvae.dtypes import as_float
from intelvae.models import VAE

PRECISIONS = ("float32", "bfloat16", "float64")
VALID_BATCH = 500  # examples a validation batch
PARALLEL = 2**17  # numbers: torch adds up fewer than 2^15 with one thread


# Torch has one generator for each device, one number of threads, one default dtype and one flag for deterministic
# algorithms, which all threads of a process share. What sets one of them holds this lock, so that threads take turns.
_TURN = threading.RLock()


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Torch's global generators of the CPU and of `device` start from `seed` inside, and are as they were outside.

    Other devices are not touched. Of several threads of a process one is inside at a time, and the others wait: so the
    numbers inside do not depend on them.
    """
    generators = {torch.default_generator, _generator(torch.device(device))}
    with _TURN:
        before = {generator: generator.get_state() for generator in generators}
        for generator in generators:
            generator.manual_seed(seed)
        try:
            yield
        finally:
            for generator, state in before.items():
                generator.set_state(state)


def _generator(device: torch.device) -> torch.Generator:
    """Torch's global generator of `device`."""
    if device.type == "cpu":
        return torch.default_generator
    if device.type == "mps":
        return torch.mps._get_default_mps_generator()
    module = torch.get_device_module(device)
    module.init()
    return module.default_generators[module.current_device() if device.index is None else device.index]


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """New floating-point tensors, weights and random numbers among them, are of `dtype` inside; as `seeded`."""
    with _TURN:
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Torch takes `count` threads inside (None: as many as outside), but no more than this process may use.

    Those that wait for others sleep. Outside all is as it was. Threads of Python take turns, as in `seeded`.
    """
    with _TURN:
        before = torch.get_num_threads()
        torch.set_num_threads(min(before if count is None else count, joblib.cpu_count()))
        try:
            with _waiting_asleep():
                yield
        finally:
            torch.set_num_threads(before)


@contextmanager
def _waiting_asleep() -> Iterator[None]:
    """Threads of torch that wait for one another sleep inside, where they would spin for milliseconds.

    Spinning makes training ten times slower as soon as the processor has other work. GNU's OpenMP spins for a moment
    only while it has more threads than there are processors (its manual, `GOMP_SPINCOUNT`), so we let it have more:
    teams that do nothing. The variable itself only works in a process that has not loaded torch yet. No number that is
    computed depends on it.
    """
    size = torch.get_num_threads()
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0  # none: no GNU OpenMP either
    teams = math.ceil((processors + 1 - size) / (size - 1)) if size > 1 else 0  # with torch's own, one thread too many
    formed, over = threading.Semaphore(0), threading.Event()

    def idle() -> None:
        torch.zeros(PARALLEL).add_(1)  # a thread that computes in parallel has a team of its own until it ends
        formed.release()
        over.wait()

    threads = [threading.Thread(target=idle, daemon=True) for _ in range(teams)]
    for thread in threads:
        thread.start()
        formed.acquire()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


class TrainingError(RuntimeError):
    """Training cannot go on; the message names the step and what to try."""


@dataclass
class History:
    """What `fit` saw, one entry an epoch: means over examples in nats, and the epoch whose weights the model keeps.

    Of a GM-VAE with free nats the training curves have what it is trained for, those of the validation data the ELBO.
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


def weight_of_kl(epoch: int, beta: float, warmup: int) -> float:
    """The weight of the KL term in an epoch (from 0): beta, after a linear rise over the first `warmup` epochs.

    >>> [weight_of_kl(epoch, 1.0, 4) for epoch in range(6)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    return beta * min(1.0, epoch / warmup) if warmup else beta


def fastest(model: nn.Module) -> str:
    """The one of `PRECISIONS` in which `model` trains fastest on its device.

    That is bfloat16 for convolutions in float32 where products in bfloat16 are faster than in float32, and what the
    weights are in otherwise: the conversions cost small layers more than the products save.

    >>> fastest(nn.Linear(2, 2)), fastest(nn.Linear(2, 2).double())
    ('float32', 'float64')
    """
    first = next(model.parameters())
    if first.dtype == torch.float64:
        return "float64"
    convolutions = any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in model.modules())
    return "bfloat16" if convolutions and _bfloat16_pays(first.device) else "float32"


@cache
def _bfloat16_pays(device: torch.device) -> bool:
    """Whether a convolution in bfloat16 is faster than one in float32 on this device.

    A processor is asked by trying: its name does not say what oneDNN may use of it (ONEDNN_MAX_CPU_ISA, a virtual
    machine). Without units for such products one in bfloat16 takes several times as long, with them half or less.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    weight, seconds = torch.ones(32, 32, 4, 4), {torch.float32: math.inf, torch.bfloat16: math.inf}
    with torch.no_grad():
        for _ in range(5):  # in turns, and the best of each: other work slows both down
            for dtype in seconds:
                x, w = (t.to(dtype, memory_format=torch.channels_last) for t in (torch.ones(32, 32, 16, 16), weight))
                start = time.perf_counter()
                nn.functional.conv2d(x, w)
                seconds[dtype] = min(seconds[dtype], time.perf_counter() - start)
    return seconds[torch.bfloat16] < seconds[torch.float32]


@torch.no_grad()
def evaluate(model: VAE, x: Tensor, batch_size: int = VALID_BATCH) -> bounds.Terms:
    """The ELBO's two terms for all of x (N, *data_shape), each (N,), in evaluation mode and in batches."""
    training, device = model.training, next(model.parameters()).device
    model.eval()
    parts = [bounds.terms(model, as_float(batch.to(device))) for batch in x.split(batch_size)]
    model.train(training)
    return bounds.Terms(*(torch.cat(term) for term in zip(*parts, strict=True)))


@with_settings_checked
def fit(
    model: VAE,
    train: Tensor | Sampler,
    valid: Tensor,
    *,
    epochs: int,
    batch_size: int,
    lr: float = 1e-3,
    steps_per_epoch: int | None = None,
    beta: float = 1.0,
    warmup: int = 0,
    gamma: float = 0.0,
    penalty: str | Callable[[nn.Module, Tensor], Tensor] = "gates",
    alpha: float = 0.0,
    clip: float | None = None,
    patience: int | None = None,
    precision: str | None = None,
    deterministic: bool = False,
    generator: torch.Generator | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
) -> History:
    """Maximise the mean of `reconstruction - beta KL`, less penalties, with Adam; the model is changed in place.

    Parameters: `train`, a tensor (N, *data_shape), shuffled anew each epoch, or a function `(n, generator) -> data`
    that draws fresh data in random order, an epoch at a time; `steps_per_epoch`, which that function needs, and which
    ends an epoch of a tensor early; `valid` (M, *data_shape), only ever evaluated; `warmup`, the epochs over which the
    weight of the KL rises to beta (`weight_of_kl`); `gamma`, the weight of `regularizers.penalty` at the batch's y, by
    default L_sp on the gates of a sparse mapping, and `penalty`, the name of another, or a function of the mapping and
    y that is one; `alpha`, the weight of `regularizers.mmd` between the batch's y and as many draws of the prior, which
    together with `priors.Sparse` is the DD of Mathieu et al.; `clip`, the largest norm of the gradient; `patience`, the
    number of epochs without a better validation ELBO after which training stops and the best weights come back (None:
    train to the end, keep the last); `precision`, "float32" or "bfloat16", which runs the networks under torch's
    autocast and sums all densities in float32 (validation is always float32), by default the `fastest`, or "float64"
    for a model and data that are (`default_dtype` makes them so); `deterministic`, only algorithms that give the same
    bits every time, which a CPU has anyway and which are slower on a GPU (torch raises `RuntimeError` where there is
    none). `generator` orders the data; the noise of the latents and the draws of the prior come from torch's global
    generator, which the caller seeds.

    Data are of the model's dtype, or images of bytes (uint8), which become floats in [0, 1]. Raises `ValueError` for
    settings out of their range (`checks.RANGES`) and data that do not fit, are not finite, or lie outside the
    likelihood's support, `TrainingError` when the objective is not a number.
    """
    if callable(train) and steps_per_epoch is None:
        raise ValueError("a function that draws data needs steps_per_epoch")
    if not callable(train) and len(train) < (needed := batch_size * (steps_per_epoch or 1)):
        raise ValueError(
            f"an epoch of {needed} examples ({steps_per_epoch or 1} x {batch_size}) exceeds the {len(train)} there are"
        )
    if gamma and penalty == "gates" and not hasattr(model.mapping, "gates"):
        raise ValueError(
            f"gamma = {gamma} penalises the gates of a mapping, and {type(model.mapping).__name__} has none"
        )
    if alpha and isinstance(model, bounds.Structured):
        raise ValueError(f"alpha = {alpha} needs a prior over the codes alone, and {type(model).__name__} has none")
    penalised = partial(regularizers.penalty, penalty) if isinstance(penalty, str) else penalty
    support = check_data(model, train, valid)
    device = next(model.parameters()).device
    precision = precision or fastest(model)
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}: choose one of {', '.join(PRECISIONS)}")
    if (precision == "float64") != ((dtype := next(model.parameters()).dtype) == torch.float64):
        raise ValueError(f"a model in {str(dtype).removeprefix('torch.')} cannot be trained in {precision}")
    generator = generator if generator is not None else torch.Generator().manual_seed(0)
    if precision == "bfloat16":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # pays together with bfloat16 only
    if not callable(train):
        train = train.to(device)  # all of it, once, in the bytes it comes in
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    history = History()
    best_weights: dict | None = None
    with torch_threads(None), _algorithms(deterministic):
        for epoch in range(epochs):
            model.train()
            weight = weight_of_kl(epoch, beta, warmup)
            steps = []  # looked at once an epoch, since a look at a number on a GPU waits for it
            for batch in _batches(train, batch_size, steps_per_epoch, generator, device, support):
                with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                    terms = bounds.terms(model, as_float(batch))
                bound = objective = (terms.reconstruction - weight * terms.kl).mean()
                if gamma:
                    objective = objective - gamma * penalised(model.mapping, terms.y)
                if alpha:
                    objective = objective - alpha * regularizers.mmd(model.prior().sample(terms.y.shape[:1]), terms.y)
                optimiser.zero_grad(set_to_none=True)
                (-objective).backward()
                if clip is not None:
                    clip_grad_norm_(model.parameters(), clip)
                optimiser.step()
                steps.append(torch.stack([objective, bound, terms.kl.mean()]).detach())
            best = history.add(torch.stack(steps), evaluate(model, valid), beta=weight, lr=lr, patience=patience)
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


@contextmanager
def _algorithms(deterministic: bool) -> Iterator[None]:
    """Torch's deterministic algorithms inside, if asked for, and outside what there was before."""
    before, warn = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(deterministic or before, warn_only=warn and not deterministic)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn)


def _batches(
    train: Tensor | Sampler,
    size: int,
    steps: int | None,
    generator: torch.Generator,
    device: torch.device,
    support: constraints.Constraint | None = None,
) -> Iterator[Tensor]:
    """One epoch of batches; an incomplete last batch of a tensor is dropped (it changes with the shuffle)."""
    if callable(train):
        assert steps is not None
        drawn = train(steps * size, generator)
        check_examples(support, "training", drawn)
        yield from drawn.to(device).split(size)
    else:
        order = torch.randperm(len(train), generator=generator).to(device)
        for part in order.split(size)[: steps or len(train) // size]:
            yield train[part]
