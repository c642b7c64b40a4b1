"""Where the time of a training step goes, and what would make it faster: by kind of operation, layer, and as a whole.

All steps are of one network, with one thread, in the precision in which it trains on this machine. Book: "Speed".
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from intelvae import bounds, training
from intelvae.dtypes import as_float
from intelvae.paper import bench
from intelvae.paper.bench import Case, Row

STEPS = 10  # in a round: a step takes a few milliseconds
FEWEST = 2  # rounds, so that there is a range

KINDS = {  # parts of the names that torch gives to operations; the first kind that fits counts
    "convolutions, backward": ("convolution_backward", "conv2d_backward", "conv_transpose2d_backward"),
    "convolutions, forward": ("conv",),
    "batch norm": ("batch_norm",),
    "matrix products, folds": ("aten::mm", "aten::addmm", "im2col", "col2im"),
    "activations": ("relu", "threshold", "clamp_min"),
    "copies and casts": ("copy", "aten::to", "contiguous", "clone"),
    "Adam": ("Adam", "lerp", "addcdiv", "addcmul", "sqrt", "aten::mul_", "aten::add_"),
}
REST = "the rest"
KERNELS = tuple(KINDS)[:4]  # kinds that a plain loop spends as much time on: torch's own code for the same arithmetic


def kind(operation: str) -> str:
    """The one of `KINDS` that an operation of torch is of, or `REST`.

    >>> kind("aten::convolution_backward"), kind("aten::mkldnn_convolution"), kind("aten::exp")
    ('convolutions, backward', 'convolutions, forward', 'the rest')
    """
    return next((name for name, parts in KINDS.items() if any(part in operation for part in parts)), REST)


def _autocast(precision: str) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")


class Stepping:
    """A network and a batch of images, with which variants of a training step can be tried.

    `step` takes a bound, a function of a model and images, and an optimiser; `adam` makes the usual one.
    """

    def __init__(self, case: Case) -> None:
        self.model, self.images = case.model(), as_float(case.images()[: case.batch_size])
        self.precision = training.fastest(self.model)
        if self.precision == "bfloat16":
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as `training.fit` does

    def adam(self, **options: Any) -> torch.optim.Adam:
        """Adam on the weights of the network."""
        return torch.optim.Adam(self.model.parameters(), **options)

    def step(self, bound: Callable[..., Tensor], optimiser: torch.optim.Optimizer) -> None:
        """One step of training."""
        with _autocast(self.precision):
            loss = -bound(self.model, self.images).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def shares(case: Case = bench.MATHIEU, steps: int = STEPS) -> dict[str, float]:
    """Shares of training steps' time by `kind` of operation, in per cent, the largest first; the first step apart."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler's library writes to the page otherwise
    tried = Stepping(case)
    optimiser = tried.adam()
    with training.torch_threads(1):
        tried.step(bounds.elbo, optimiser)
        with torch.profiler.profile() as profiler:
            for _ in range(steps):
                tried.step(bounds.elbo, optimiser)
    times = pd.Series({event.key: event.self_cpu_time_total for event in profiler.key_averages()})
    by_kind = times.groupby(kind).sum().sort_values(ascending=False)
    return (100 * by_kind / by_kind.sum()).to_dict()


class Unfolded(nn.Conv2d):
    """A convolution, 4x4 of stride 2 without bias, as one matrix product of the map's overlapping patches."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(a, b, 4, 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        patches = pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1).unfold(1, 4, 2).unfold(2, 4, 2)  # (B, H/2, W/2, C, 4, 4)
        return linear(patches.flatten(3), self.weight.flatten(1)).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Rewriting:
    """A layer of torch whose `forward` is written in another way, and the shape of the maps that it takes."""

    layer: nn.Conv2d | nn.ConvTranspose2d
    shape: tuple[int, int, int, int]

    @property
    def original(self) -> Callable[[Tensor], Tensor]:
        """Torch's own `forward` of the same layer, with the same weights."""
        return super(type(self.layer), self.layer).forward  # type: ignore[arg-type]


def rewritings(batch_size: int = 100) -> dict[str, Rewriting]:
    """The rewritings that were tried, at sizes of the network of Mathieu et al., which has the first two of them."""
    model = bench.MATHIEU.model()
    head, last = model.encoder.mu, model.decoder[0][-1]  # type: ignore[index, union-attr]
    return {
        "head as a matrix product": Rewriting(head, (batch_size, 128, 4, 4)),  # type: ignore[arg-type]
        "last layer as product and fold": Rewriting(last, (batch_size, 32, 16, 16)),  # type: ignore[arg-type]
        "stride 2 as a product of patches": Rewriting(Unfolded(32, 64), (batch_size, 32, 16, 16)),
    }


def _passes(forward: Callable[[Tensor], Tensor], x: Tensor, precision: str) -> None:
    """A layer's passes, forward and backward, `STEPS` times."""
    for _ in range(STEPS):
        with _autocast(precision):
            out = forward(x)
        out.backward(torch.ones_like(out))


def rewritten(repeats: int, batch_size: int = 100) -> list[Row]:
    """How much faster each of the `rewritings` is than torch's own layer, forward and backward."""
    precision = training.fastest(bench.MATHIEU.model())
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    rows = []
    for name, rewriting in rewritings(batch_size).items():
        x = torch.randn(rewriting.shape).to(dtype, memory_format=torch.channels_last).requires_grad_()
        contenders = {"ours": rewriting.layer, "torch's own": rewriting.original}
        with training.torch_threads(1):
            passes = {key: partial(_passes, forward, x, precision) for key, forward in contenders.items()}
            rows += bench.against(name, bench.measure(passes, max(FEWEST, repeats)))
    return rows


AS_IT_IS = "as it is"
VARIANTS = FUSED, COMPILED = "fused Adam", "torch.compile"


def variants(repeats: int, case: Case = bench.MATHIEU, *, names: Iterable[str] = VARIANTS) -> list[Row]:
    """How much faster a step is with Adam's update as one operation, and compiled, than as it is.

    A variant's first step is not counted. `torch.compile` is left out where there is nothing to compile with.
    """
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it says that there is no GPU
    tried = Stepping(case)
    made = {FUSED: lambda: (bounds.elbo, tried.adam(fused=True)), COMPILED: lambda: (_compiled(tried), tried.adam())}
    contenders: dict[str, Callable[[], object]] = {AS_IT_IS: partial(_take, tried, bounds.elbo, tried.adam())}
    with training.torch_threads(1):
        for name in names:
            bound, optimiser = made[name]()
            if bound is not None:
                contenders[name] = partial(_take, tried, bound, optimiser)
        seconds = bench.measure(contenders, max(FEWEST, repeats))
    plain = seconds.pop(AS_IT_IS)
    return [row for name, of in seconds.items() for row in bench.against(name, {"ours": of, AS_IT_IS: plain})]


def _take(tried: Stepping, bound: Callable[..., Tensor], optimiser: torch.optim.Optimizer) -> None:
    for _ in range(STEPS):
        tried.step(bound, optimiser)


def _compiled(tried: Stepping) -> Callable[..., Tensor] | None:
    """The compiled bound after a first step, or None where that fails, mostly for want of a compiler for C++."""
    bound = torch.compile(bounds.elbo)
    try:
        tried.step(bound, tried.adam(lr=0.0))
    except RuntimeError:  # what torch.compile raises is one
        return None
    return bound


def products(repeats: int) -> list[Row]:
    """How much faster a product of matrices in bfloat16 is than one in float32, on all cores.

    Nothing where the processor has no units for it, and where it would take minutes.
    """
    if training.fastest(bench.MATHIEU.model()) != "bfloat16":
        return []
    of = {"ours": "bfloat16", "float32": "float32"}
    contenders = {name: partial(bench.matrix_product, precision, joblib.cpu_count()) for name, precision in of.items()}
    return bench.against("product in bfloat16", bench.measure(contenders, max(FEWEST, repeats)))
