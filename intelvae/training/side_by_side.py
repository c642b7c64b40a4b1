"""`fit` for several small models at once: one batched model whose members differ in weights, data and noise.

A step of the paper's perceptron on 100 points takes about a millisecond, nearly all of it the overhead of a few hundred
small operations. `torch.func.vmap` runs each of them for many models at once, and the step, forward and backward, is
traced into a plain list of operations, so that the modules' Python and vmap's bookkeeping run once and not every step.

A member sees the data and the noise that it would see alone in `training.fit`, so that it is the same run up to the
rounding of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import constraints
from torch.func import functional_call, vmap
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode

from intelvae import bounds
from intelvae.models import VAE
from intelvae.training import fingerprint
from intelvae.training.checks import Sampler, check_data, check_drawn
from intelvae.training.fitting import VALID_BATCH
from intelvae.training.history import History, TrainingError
from intelvae.training.settings import Objective, Optimiser, Schedule


@dataclass(frozen=True)
class Member:
    """One of the runs: its model, what it learns from, and its two streams of random numbers, all on the CPU.

    `model`, changed in place; `train`, a function `(n, generator) -> data` (n, F); `valid` (N, F); `order`, the
    generator of the data; `noise`, the generator of the latents' noise, instead of torch's global generator, which
    ends where that one would after `training.fit`.
    """

    model: VAE
    train: Sampler
    valid: Tensor
    order: torch.Generator
    noise: torch.Generator


def fit(
    members: Sequence[Member],
    schedule: Schedule,
    *,
    objective: Objective = Objective(),
    optimiser: Optimiser = Optimiser(),
) -> list[History | TrainingError]:
    """`training.fit` for M members with the same settings: what each saw, or the error it would have raised alone.

    The models must have the same architecture and buffers, a Gaussian posterior, and only layers that do the same in
    training as in evaluation mode (no batch norm). A member that stops early has its best weights. One that diverges
    has meaningless weights. Neither affects the others. Raises `ValueError` for settings and data as `training.fit`
    does, for penalties, which no member may have, and for models that are not alike.
    """
    if objective.gamma or objective.alpha:
        raise ValueError("runs side by side have no penalties: leave gamma and alpha at 0, or train them one by one")
    if schedule.steps_per_epoch is None:
        raise ValueError("a function that draws data needs steps_per_epoch")
    if not members:
        return []
    supports = [check_data(m.model, m.train, m.valid) for m in members]
    _check_alike([m.model for m in members])
    shared = _Terms(members[0].model)
    theta = nn.Parameter(torch.stack([torch.cat([p.flatten() for p in _trained(m.model).values()]) for m in members]))
    best = theta.detach().clone()  # (M, P)
    adam = torch.optim.Adam([theta], lr=optimiser.lr, fused=True)
    valid = torch.stack([m.valid for m in members])  # (M, N, F)
    histories = [History() for _ in members]
    outcomes: dict[int, History | TrainingError] = {}
    shape = (*(() if objective.bound is None else (objective.bound.samples,)), schedule.batch_size)
    step: GraphModule | None = None
    for epoch in range(schedule.epochs):
        going = [i for i in range(len(members)) if i not in outcomes]
        x = _batches(members, schedule, supports)
        noise = _by_column(torch.stack([_noise(members, going, *shape) for _ in x]))  # (S, M, B, D) or (S, M, K, B, D)
        weight = torch.tensor(objective.weight_of_kl(epoch))
        if step is None:
            step = _trace(shared, objective, optimiser.clip, theta.detach(), x[0], noise[0], weight)
        seen = []
        for s in range(len(x)):
            theta.grad, values = step(theta.detach(), x[s], noise[s], weight)
            adam.step()
            seen.append(values)
        steps, on_valid = torch.stack(seen, 1), _evaluate(shared, theta, valid, members, going)  # (M, S, 3)
        for i in going:
            try:
                terms = bounds.Terms(*(term[i] for term in on_valid))
                if histories[i].add(steps[i], terms, beta=weight.item(), lr=optimiser.lr, patience=schedule.patience):
                    best[i] = theta.detach()[i]
                if histories[i].stalled(schedule.patience) or epoch == schedule.epochs - 1:
                    outcomes[i] = histories[i]
            except TrainingError as error:
                outcomes[i] = error
        if len(outcomes) == len(members):
            break
    for member, weights in zip(members, best, strict=True):
        with torch.no_grad():
            for name, value in _unflatten(member.model, weights).items():
                member.model.get_parameter(name).copy_(value)
        member.model.eval()
    return [outcomes[i] for i in range(len(members))]


def _check_alike(models: Sequence[VAE]) -> None:
    """Raises `ValueError`, one line, unless all models are the first but for weights, and do the same in training."""
    for name, module in models[0].named_modules():
        if isinstance(module, nn.modules.batchnorm._NormBase | nn.modules.dropout._DropoutNd):
            raise ValueError(
                f"{name} is a {type(module).__name__}, which is another one in training: train such models one by one"
            )
    first, *others = map(_told, models)
    for i, other in enumerate(others, start=1):
        for name in first | other:
            if first.get(name) != other.get(name):
                raise ValueError(
                    f"models side by side may differ in trained weights only, and {name} of member {i} is not that of "
                    "member 0: train them one by one"
                )


def _told(model: VAE) -> dict[str, Any]:
    """What models side by side have in common: parts, fixed tensors, and the shapes of trained weights."""
    return {**fingerprint.parts(model), **fingerprint.fixed(model), **{n: p.shape for n, p in _trained(model).items()}}


def _batches(
    members: Sequence[Member], schedule: Schedule, supports: Sequence[constraints.Constraint | None]
) -> Tensor:
    """An epoch of each member's data, (S, M, B, F)."""
    assert schedule.steps_per_epoch is not None
    count = schedule.steps_per_epoch * schedule.batch_size
    drawn = [m.train(count, m.order) for m in members]
    for support, of_one, member in zip(supports, drawn, members, strict=True):
        check_drawn(support, of_one, count, member.valid)
    x = torch.stack(drawn).unflatten(1, (schedule.steps_per_epoch, schedule.batch_size))
    return _by_column(x.transpose(0, 1))


def _noise(members: Sequence[Member], going: Sequence[int], *shape: int) -> Tensor:
    """Noise for that many examples, or samples of each, (M, *shape, D); members that are done draw no more."""
    (latent_dim,) = members[0].model.prior().event_shape
    noise = torch.zeros(len(members), *shape, latent_dim)
    for i in going:
        noise[i].normal_(generator=members[i].noise)
    return noise


@torch.no_grad()
def _evaluate(
    shared: _Terms, theta: Tensor, valid: Tensor, members: Sequence[Member], going: Sequence[int]
) -> list[Tensor]:
    """The ELBO's terms of the validation data, (M, N) two times, and y (M, N, D)."""
    parts = [_terms(shared, theta, part, _noise(members, going, part.shape[1])) for part in valid.split(VALID_BATCH, 1)]
    return [torch.cat(term, 1) for term in zip(*parts, strict=True)]


class _Terms(nn.Module):
    """`bounds.terms`, or what an objective maximises, as a module: `functional_call` gives it other parameters."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, x: Tensor, noise: Tensor, objective: Objective | None = None, weight: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        if objective is None or weight is None:
            return bounds.terms(self.model, x, noise)
        return objective.before_penalties(self.model, x, weight, noise)


class _ByColumn(TorchFunctionMode):
    """Linear layers compute `(W x^T)^T + b`: a batch of small such products takes a fifth of the time of `x W^T`.

    The result's memory then runs along the examples, as the next layer wants it; see `_by_column`.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is nn.functional.linear:
            x, weight, bias = args
            return (weight @ x.mT).mT + bias
        return func(*args, **(kwargs or {}))


def _by_column(x: Tensor) -> Tensor:
    """The same x (..., B, F), with its memory running along the B examples."""
    return x.mT.contiguous().mT


def _trained(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}


def _unflatten(module: nn.Module, theta: Tensor) -> dict[str, Tensor]:
    """The trained parameters of `module` as views of one vector (P,)."""
    like = _trained(module)
    parts = theta.split([p.numel() for p in like.values()])
    return {name: part.view(p.shape) for (name, p), part in zip(like.items(), parts, strict=True)}


def _terms(
    shared: _Terms,
    theta: Tensor,
    x: Tensor,
    noise: Tensor,
    objective: Objective | None = None,
    weight: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """The ELBO's terms, or what the objective `before_penalties` gives: (M, B) twice, and y (M, B, D).

    For weights theta (M, P), x (M, B, F) and noise (M, B, D), or (M, K, B, D).
    """

    def one(theta: Tensor, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return functional_call(shared, _unflatten(shared, theta), (x, noise, objective, weight))

    with _ByColumn():
        return vmap(one)(theta, x, noise)


def _trace(
    shared: _Terms,
    objective: Objective,
    clip: float | None,
    theta: Tensor,
    x: Tensor,
    noise: Tensor,
    weight: Tensor,
) -> GraphModule:
    """A step as a function `(theta, x, noise, weight of the KL) -> (gradient (M, P), objective, bound and KL (M, 3))`.

    It is for arguments of these shapes.
    """

    def step(theta: Tensor, x: Tensor, noise: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        theta = theta.detach().requires_grad_()
        each, kl, _ = _terms(shared, theta, x, noise, objective, weight)
        value = each.mean(1)
        (gradient,) = torch.autograd.grad(-value.sum(), theta)  # of the sum: no member knows of another
        if clip is not None:  # as torch.nn.utils.clip_grad_norm_ does
            gradient = gradient * (clip / (gradient.norm(dim=1, keepdim=True) + 1e-6)).clamp(max=1)
        return gradient, torch.stack([value, value, kl.mean(1)], 1).detach()

    traced = make_fx(step)(theta, x, noise, weight)
    aten = torch.ops.aten
    reshapes = (aten.view.default, aten._unsafe_view.default, aten.expand.default, aten.alias.default)
    for node in traced.graph.nodes:  # a third of them return what they are given, in as much time as those that work
        source = node.args[0] if node.target in reshapes else None
        if isinstance(source, Node) and "val" in source.meta and source.meta["val"].shape == node.meta["val"].shape:
            node.replace_all_uses_with(source)  # safe, since no step writes to what it is given
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return traced
