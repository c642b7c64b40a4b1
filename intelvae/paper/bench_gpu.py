"""What a device does for training: its ceilings, steps a second of every way to train, and whether all train the same.

Written for a GPU and for minutes: each function gives its rows as soon as they are there, the most informative first,
and ends in the seconds that it is given. On a CPU everything runs too, and shows only that it does.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from intelvae import bounds, training
from intelvae.data import images, toys
from intelvae.dtypes import as_float
from intelvae.paper import bench, runs, studies
from intelvae.paper.config import Training
from intelvae.paper.rows import Run
from intelvae.paper.store import CHECKOUT, Store
from intelvae.training import Objective, Optimiser, Schedule, concurrent
from intelvae.training.steps import Steps

AT_ONCE = (16, 2, 4, 8, 32)  # the most informative first
EPOCH = 2000  # steps of an epoch that is only measured
SHAPES = {"mathieu": (1, 32, 32), "authors": (1, 28, 28), "faces": (3, 64, 64)}

Row = dict[str, Any]  # "what", "value", "unit", and more


def wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def rate(do: Callable[[], int], seconds: float, device: torch.device) -> float:
    """How much `do` does a second, by its return values, after one call to warm up."""
    do()
    wait(device)
    start, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds or not done:
        done += do()
        wait(device)
    return done / passed


def machine(seconds: float, device: torch.device, tiny: bool = False) -> Iterator[Row]:
    """The two ceilings: a bfloat16 product of random matrices, and a copy, bytes read and written."""
    size = 256 if tiny else 8192
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    product = rate(lambda: (a @ b, 2 * size**3)[1], seconds / 2, device)
    yield {"what": f"bfloat16 product of {size} x {size}", "value": product / 1e12, "unit": "TFLOP/s"}
    x = torch.randn(size * size, device=device)
    y = torch.empty_like(x)
    copied = rate(lambda: (y.copy_(x), 2 * x.numel() * x.element_size())[1], seconds / 2, device)
    yield {"what": "copy", "value": copied / 1e9, "unit": "GB/s"}


def begun(case: bench.Case, data: Tensor, seed: int, precision: str, graphs: bool) -> Steps:
    """The steps of a run of that network on these images, its epoch begun."""
    model = case.model(seed).to(data.device).train()
    if precision == "bfloat16":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as `training.fit` does
    size = case.batch_size
    steps = Steps(
        model, data, Objective(), Optimiser(), precision=precision, steps=EPOCH, batch_size=size, graphs=graphs
    )  # fmt: skip
    order = torch.randint(len(data), (EPOCH * size,), generator=torch.Generator().manual_seed(seed))
    steps.begin(order, 1.0)
    return steps


def taken(going: Iterable[Steps], streams: Iterable[Any], count: int) -> int:
    """Takes `count` steps of every run, each on its stream, at most ten at a time; how many these are."""
    done = 0
    for first in range(0, count, 10):
        some = min(10, count - first)
        for steps, stream in zip(going, streams, strict=True):
            with torch.cuda.stream(stream):
                steps.at.remainder_(EPOCH - 10)
                steps.take(some)
            done += some
    return done


def epoch(of: Callable[[], object], case: bench.Case) -> int:
    """An epoch of another's training; how many steps these are."""
    of()
    return case.steps


def compiled(case: bench.Case, data: Tensor, precision: str) -> Callable[[], int]:
    """Ours with `torch.compile` instead of a graph."""
    steps = begun(case, data, 0, precision, graphs=False)
    bound = torch.compile(lambda x: bounds.elbo(steps.model, x).mean())

    def do() -> int:
        for part in steps.order[:10]:
            with steps.autocast:
                loss = -bound(as_float(data[part]))
            steps.adam.zero_grad(set_to_none=True)
            loss.backward()
            steps.adam.step()
        return 10

    return do


def _ways(case: bench.Case, data: Tensor, counts: Iterable[int]) -> dict[str, Callable[[], Callable[[], int]]]:
    """The ways to train: what makes, of each, a function that takes some steps and gives their number."""
    device = data.device

    def of(count: int, precision: str, graphs: bool) -> Callable[[], int]:
        going = [begun(case, data, seed, precision, graphs) for seed in range(count)]
        streams = [torch.cuda.Stream(device) if device.type == "cuda" else None for _ in going]
        return partial(taken, going, streams, case.steps)

    ways: dict[str, Callable[[], Callable[[], int]]] = {
        "plain loop, float32": lambda: partial(epoch, partial(bench.plain, case, 1, device=str(device)), case),
        "graph, bfloat16": partial(of, 1, "bfloat16", True),
        **{f"{n} graphs at once, bfloat16": partial(of, n, "bfloat16", True) for n in counts},
        "graph, float32": partial(of, 1, "float32", True),
        "eager, bfloat16": partial(of, 1, "bfloat16", False),
        "eager, float32": partial(of, 1, "float32", False),
    }
    if "pythae" in bench.PEERS:  # which takes a GPU wherever there is one
        ways["pythae 0.1.2, float32"] = lambda: partial(epoch, partial(bench.pythae, case, 1), case)
    if case.network == "mathieu" and device.type == "cuda":
        ways["torch.compile, bfloat16"] = partial(compiled, case, data, "bfloat16")
    return ways


def speed(seconds: float, device: torch.device, peak: float, tiny: bool = False) -> Iterator[Row]:
    """Steps a second of each network, one way after the other, and what share of `peak`, the product's speed, that is.

    A way that fails says why, and so does one for which there is no time any more. `tiny` leaves out the faces, whose
    bfloat16 takes half a minute on a processor without units for it.
    """
    end = time.perf_counter() + seconds
    batch, counts, count = (1, (2,), 2) if tiny else (100, AT_ONCE, 50)
    share = 0.0 if tiny else 0.4  # of the time; the rest is for making models and graphs
    each = share * seconds / (len(SHAPES) * (7 + len(counts)))
    for network, shape in SHAPES.items():
        if tiny and network == "faces":
            continue
        case = bench.Case(network, shape, 50, count, batch)
        data = torch.randint(256, (200 if tiny else 10_000, *shape), dtype=torch.uint8).to(device)
        flops = bench.flops(case)
        for way, make in _ways(case, data, counts).items():
            said = {"what": f"{network}: {way}", "unit": "steps/s"}
            if time.perf_counter() > end:
                yield said | {"value": None, "error": "no time left"}
                continue
            try:
                value = rate(make(), each, device)
                yield said | {"value": value, "share": value * flops / peak}
            except Exception as error:  # of this way: the others go on
                yield said | {"value": None, "error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
            if device.type == "cuda":
                torch.cuda.empty_cache()


def equality(seconds: float, device: torch.device, tiny: bool = False) -> Iterator[Row]:
    """Whether a run has the same weights eager, in a graph, and beside others: the relative difference after 100 steps.

    Last, whether `deterministic` training gives the same bits twice.
    """
    batch, count = (2, 10) if tiny else (100, 100)
    for network, shape in list(SHAPES.items())[:2]:
        case = bench.Case(network, shape, 50, 10, batch)
        data = torch.randint(256, (1000, *shape), dtype=torch.uint8).to(device)
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            alone = _weights(case, data, count, graphs=False)
            for way, graphs, beside in (
                ("eager again", False, 0),
                ("in a graph", True, 0),
                ("in a graph, beside 3", True, 3),
            ):
                difference = (_weights(case, data, count, graphs=graphs, beside=beside) - alone).norm() / alone.norm()
                yield {
                    "what": f"{network}: {way} against eager, {count} steps",
                    "value": difference.item(),
                    "unit": "relative difference of weights",
                }
    case, shown = bench.Case("authors", SHAPES["authors"], 50, 10, batch), data[: 10 * batch].cpu()

    def twice() -> Tensor:
        model = case.model().to(device)
        with training.seeded(0, device):
            training.fit(model, shown, shown[:batch], Schedule(1, batch), deterministic=True)
        return _flat(model)

    yield {"what": "deterministic training, twice", "value": float(torch.equal(twice(), twice())), "unit": "same bits"}


def _flat(model: torch.nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def _weights(case: bench.Case, data: Tensor, count: int, *, graphs: bool, beside: int = 0) -> Tensor:
    """The weights of the run of seed 0 after `count` steps, among `beside` others."""
    members = []
    for seed in range(1 + beside):
        steps = begun(case, data, seed, "float32", graphs)

        def stages(steps: Steps = steps) -> Iterator[None]:
            for _ in range(count // 10):
                steps.take(10)
                yield

        noise = torch.Generator(data.device).manual_seed(seed)
        members.append((steps.model, concurrent.Member(steps.model, stages(), noise)))  # type: ignore[arg-type]
    for _, error in concurrent.fit([partial(_itself, member) for _, member in members], len(members)):
        if isinstance(error, Exception):
            raise error
    wait(data.device)
    return _flat(members[0][0])


def _itself(member: concurrent.Member) -> concurrent.Member:
    return member


def agreement(asked: Iterable[Run], published: Store, device: str) -> Iterator[Row]:
    """The bound on held-out images of runs that are trained anew on `device`, beside that of their published results.

    Nothing of a run that is not published.
    """
    there = {run.training: found for run in asked if (found := published.result(run)) is not None}
    for config, outcome in runs.train_concurrently(there, device):
        if isinstance(outcome, Exception):
            raise outcome
        trained, _ = outcome
        yield {
            "what": f"{config}: last validation ELBO",
            "value": trained.curves["valid_elbo"][-1],
            "published": there[config].curves["valid_elbo"][-1],
            "unit": "nats",
        }


# training examples of a data set in its "paper" split; of CelebA those that the published runs had, and all of them
EXAMPLES = {"mnist": 55_000, "fashion-mnist": 55_000, "mnist-01": 2 * images.TRAIN_01, "celeba": 8059}
ALL_FACES = 162_770


def examples(config: Training) -> int:
    """How many images a training learns from, those that are `repeats` counted as often as they occur."""
    if config.data == "mnist-01":
        return images.TRAIN_01 * sum(config.repeats)
    return ALL_FACES if config.whole else EXAMPLES[config.data]


def steps_of(config: Training) -> int:
    """The steps that a training takes, unless it stops early."""
    return config.epochs * (config.steps_per_epoch or examples(config) // config.batch_size)


def plan(rates: Mapping[str, float] | None = None) -> pd.DataFrame:
    """What `paper` costs, a row for each experiment on images: trainings that no other has, steps, and arithmetic.

    The arithmetic is that of the plain VAE with the same network. `rates`, steps a second by network, add hours, NaN
    where a network has none.
    """
    seen: set[Training] = set()
    rows = []
    for name in studies.BY_PRIORITY:
        new = {run.training for run in studies.runs(name, "paper")} - seen
        seen |= new
        of_images = [config for config in new if config.data not in toys.NAMES]
        if not of_images:
            continue
        row: dict[str, Any] = {
            "experiment": name,
            "trainings": len(of_images),
            "million steps": sum(map(steps_of, of_images)) / 1e6,
            "PFLOP": sum(steps_of(config) * _flops(config) for config in of_images) / 1e15,
        }
        if rates:
            seconds = [steps_of(config) / rates.get(like(config.network), math.nan) for config in of_images]
            row["hours"] = sum(seconds) / 3600
        rows.append(row)
    return pd.DataFrame(rows).set_index("experiment")


def like(network: str) -> str:
    """The network of `SHAPES` that one is a variant of."""
    return network.partition("-")[0]


def _flops(config: Training) -> int:
    return config.batch_size * _flops_of_one(like(config.network), config.latent_dim)


@cache
def _flops_of_one(network: str, latent_dim: int) -> int:
    """Of a step on one image; those of a batch are as many times as much."""
    return bench.flops(bench.Case(network, SHAPES[network], latent_dim, 1, batch_size=1))


def slots(root: Path | None = None) -> list[dict[str, Any]]:
    """What slots on a GPU have measured: the stages in `data/slots`, a folder a slot, with "slot", its name, added."""
    folder = root or CHECKOUT / "data" / "slots"
    paths = sorted(folder.glob("*/*.json"))
    return [{"slot": path.parent.name} | json.loads(path.read_text(encoding="utf-8")) for path in paths]


def best(found: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The most steps a second of each network that a stage "speed" of `slots` has."""
    rates: dict[str, float] = {}
    for row in (row for stage in found if stage["stage"] == "speed" for row in stage["rows"]):
        if row["value"] is not None:
            network = row["what"].partition(":")[0]
            rates[network] = max(rates.get(network, 0.0), row["value"])
    return rates


def told(found: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """What the stages of `slots` measured, for readers: a line for each row, with the reason where nothing was."""

    def shown(row: Mapping[str, Any]) -> str:
        return row.get("error", "") if row["value"] is None else f"{row['value']:.4g} {row['unit']}"

    lines = [(stage["card"], row["what"], shown(row)) for stage in found for row in stage["rows"]]
    return pd.DataFrame(lines, columns=["GPU", "what", "measured"])
