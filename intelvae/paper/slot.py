"""A short slot on a GPU, used well: `python -m intelvae.paper.slot --out FOLDER` measures, checks, and then trains.

For machines that are lent for minutes, without a network. Stages, the most informative first, each within its share of
the time, each written to FOLDER as soon as it is done, so that the same command goes on where it was: what the machine
can do; steps a second of every way to train; whether all of these train the same models; and a sweep of what is missing.
Without a GPU, and with `--tiny`, it shows that every stage runs.
"""

from __future__ import annotations

import argparse
import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from intelvae import bounds, training
from intelvae.dtypes import as_float
from intelvae.paper import bench
from intelvae.training import Objective, Optimiser
from intelvae.training.steps import Steps
from intelvae.whole import whole

SHARES = {"machine": 0.04, "speed": 0.46, "equality": 0.1}  # of the time; the sweep has the rest
AT_ONCE = (2, 4, 8, 16, 32)
STEPS = 2000  # in an epoch that is only measured

Said = Iterator[dict[str, Any]]


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


def machine(seconds: float, device: torch.device, tiny: bool) -> Said:
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
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = Steps(
        model,
        data,
        Objective(),
        Optimiser(),
        precision=precision,
        steps=STEPS,
        batch_size=case.batch_size,
        graphs=graphs,
    )
    order = torch.randint(len(data), (STEPS * case.batch_size,), generator=torch.Generator().manual_seed(seed))
    steps.begin(order, 1.0)
    return steps


def taken(runs: Iterable[Steps], streams: Iterable[Any], count: int) -> int:
    """Takes `count` steps of every run, each on its stream, a few at a time; how many these are."""
    done = 0
    for _ in range(count // 10):
        for steps, stream in zip(runs, streams, strict=True):
            with torch.cuda.stream(stream):
                steps.at.remainder_(STEPS - 10)
                steps.take(10)
            done += 10
    return done


def plain(case: bench.Case, data: Tensor) -> int:
    """What most people write: a DataLoader on the CPU, float32, and one look at the loss every step."""
    model = case.model().to(data.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = torch.utils.data.TensorDataset(data[:1000].cpu() / 255)
    steps = 0
    for (x,) in torch.utils.data.DataLoader(images, case.batch_size, shuffle=True):
        loss = -bounds.elbo(model, x.to(data.device)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()
        steps += 1
    return steps


def compiled(case: bench.Case, data: Tensor) -> Callable[[], int]:
    """Ours in bfloat16 with `torch.compile` in the place of a graph."""
    steps = begun(case, data, 0, "bfloat16", graphs=False)
    terms = torch.compile(lambda x: bounds.elbo(steps.model, x).mean())

    def do() -> int:
        for part in steps.order[:10]:
            with torch.autocast(data.device.type, torch.bfloat16):
                loss = -terms(as_float(data[part]))
            steps.adam.zero_grad(set_to_none=True)
            loss.backward()
            steps.adam.step()
        return 10

    return do


def speed(seconds: float, device: torch.device, tiny: bool, peak: float) -> Said:
    """Steps a second of each network, one way after the other, and what share of the product's speed that is."""
    sizes = {"mathieu": (1, 32, 32), "authors": (1, 28, 28), "faces": (3, 64, 64)}
    batch, counts = (4, (2,)) if tiny else (100, AT_ONCE)
    each = seconds / (len(sizes) * (6 + len(counts)))
    for network, shape in sizes.items():
        case = bench.Case(network, shape, 50, 10, batch)
        data = torch.randint(256, (200 if tiny else 10_000, *shape), dtype=torch.uint8).to(device)
        flops = bench.flops(case)

        def of(count: int, precision: str, graphs: bool, case=case, data=data) -> Callable[[], int]:
            runs = [begun(case, data, seed, precision, graphs) for seed in range(count)]
            streams = [torch.cuda.Stream(device) if device.type == "cuda" else None for _ in runs]
            return partial(taken, runs, streams, 10 if tiny else 50)

        ways: dict[str, Callable[[], Callable[[], int]]] = {
            "plain loop, float32": lambda case=case, data=data: partial(plain, case, data),
            "eager, float32": partial(of, 1, "float32", False),
            "eager, bfloat16": partial(of, 1, "bfloat16", False),
            "graph, float32": partial(of, 1, "float32", True),
            "graph, bfloat16": partial(of, 1, "bfloat16", True),
            **{f"{n} graphs at once, bfloat16": partial(of, n, "bfloat16", True) for n in counts},
        }
        if device.type == "cuda":
            ways["torch.compile, bfloat16"] = partial(compiled, case, data)
        for way, make in ways.items():
            said: dict[str, Any] = {"what": f"{network}: {way}", "unit": "steps/s"}
            try:
                start = time.perf_counter()
                do = make()
                do()
                ready = time.perf_counter() - start
                value = rate(do, each, device)
                yield {**said, "value": value, "share": value * flops / peak, "ready_s": round(ready, 2)}
            except Exception as error:  # of this way: the others go on
                yield {**said, "value": None, "error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
            if device.type == "cuda":
                torch.cuda.empty_cache()


def equality(seconds: float, device: torch.device, tiny: bool) -> Said:
    """Whether a run has the same weights eager, in a graph, and in a graph beside others: the largest difference."""
    batch, count = (4, 20) if tiny else (100, 100)
    for network, shape in {"mathieu": (1, 32, 32), "authors": (1, 28, 28)}.items():
        case = bench.Case(network, shape, 50, 10, batch)
        data = torch.randint(256, (1000, *shape), dtype=torch.uint8).to(device)

        def weights(graphs: bool, beside: int, case=case, data=data) -> Tensor:
            members = []
            for seed in range(1 + beside):
                noise = torch.Generator(device).manual_seed(seed)
                steps = begun(case, data, seed, "float32", graphs)

                def stages(steps=steps) -> Any:
                    for _ in range(count // 10):
                        steps.take(10)
                        yield

                members.append((steps, training.concurrent.Member(steps.model, stages(), noise)))
            for _ in training.concurrent.fit([lambda m=m: m for _, m in members], len(members)):
                pass
            wait(device)
            return torch.cat([p.detach().flatten() for p in members[0][0].model.parameters()])

        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            alone = weights(False, 0)
            for way, other in {
                "eager again": partial(weights, False, 0),
                "graph": partial(weights, True, 0),
                "graph beside 3": partial(weights, True, 3),
            }.items():
                difference = (other() - alone).norm() / alone.norm()
                yield {"what": f"{network}: {way} against eager, {count} steps", "value": difference.item(), "unit": ""}


def stages(seconds: float, device: torch.device, tiny: bool, out: Path) -> None:
    """All stages but the sweep: each into its file in `out`, unless it is there."""
    peak = 1.0
    for name, share in SHARES.items():
        path = out / f"{name}.json"
        if path.is_file():
            rows = json.loads(path.read_text(encoding="utf-8"))
        else:
            rows = []
            limit, more = share * seconds, ({"peak": peak} if name == "speed" else {})
            for row in {"machine": machine, "speed": speed, "equality": equality}[name](limit, device, tiny, **more):
                rows.append(row)
                told = " ".join(
                    f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items() if k != "what"
                )
                print(f"{row['what']:<60} {told}", flush=True)
            with whole(path) as part:
                part.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        if name == "machine":
            peak = rows[0]["value"] * 1e12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="Folder for all that comes of it.")
    parser.add_argument("--seconds", type=float, default=660, help="How long all of it may take.")
    parser.add_argument("--tiny", action="store_true", help="As small as can be, to see that it runs.")
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    given.out.mkdir(parents=True, exist_ok=True)
    print(
        f"{torch.cuda.get_device_name() if device.type == 'cuda' else 'no GPU'}; torch {torch.__version__}", flush=True
    )
    try:
        stages(given.seconds, device, given.tiny, given.out)
    except Exception:
        traceback.print_exc()


if __name__ == "__main__":
    main()
