"""How fast training is: paired measurements against a plain loop, another library and the machine's own peak.

Contenders take turns within one process, round after round, so that a machine that slows down slows all of them; a
ratio is that of one round. What is timed is training from building the model to its last weights. Book: "Speed".
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import multiprocessing
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from intelvae import bounds, likelihoods, networks, priors, training
from intelvae.data import toys
from intelvae.dtypes import as_float
from intelvae.models import VAE
from intelvae.training import Schedule, side_by_side

REPEATS = 5
FASTER, SHARE, SLOPE, MEMORY = "times as fast", "share of its speed", "slope in logs", "times as much"  # units
PEAK_SIZE = 2048  # side of the square matrices whose product is the machine's peak


@dataclass(frozen=True)
class Row:
    """One result: the median over rounds of `ratio`, its range, and what it is a ratio of (`unit`)."""

    case: str
    peer: str
    ratio: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Case:
    """A network at a batch size, with as many steps as take about a second."""

    network: str
    data_shape: tuple[int, ...]
    latent_dim: int
    steps: int
    batch_size: int = 100

    def model(self, seed: int = 0) -> VAE:
        """An untrained VAE with this network and a Gaussian likelihood."""
        with training.seeded(seed):
            encoder, network = networks.create(self.network, self.data_shape, self.latent_dim)
        decoder = nn.Sequential(network, likelihoods.create("gaussian", self.data_shape))
        return VAE(encoder, decoder, priors.StandardNormal(self.latent_dim))

    def images(self) -> Tensor:
        """Random images for one epoch, bytes."""
        n = self.steps * self.batch_size
        return torch.randint(256, (n, *self.data_shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


MATHIEU = Case("mathieu", (1, 32, 32), 50, 20)
CASES = {
    "32x32 network of Mathieu et al.": MATHIEU,
    "28x28 network of the authors' code": Case("authors", (1, 28, 28), 50, 12),
    "64x64 network for faces, batches of 25": Case("faces", (3, 64, 64), 64, 2, batch_size=25),
}


def ours(case: Case, threads: int, seed: int = 0) -> None:
    """One epoch of `training.fit` as it is by default."""
    with training.torch_threads(threads):
        images = case.images()
        training.fit(case.model(seed), images, images[:1], Schedule(1, case.batch_size))


def plain(case: Case, threads: int, seed: int = 0, device: str = "cpu") -> None:
    """One epoch of what most people write: a DataLoader, float32, one look at the loss every step."""
    with training.torch_threads(threads):
        model = case.model(seed).to(device)
        data = TensorDataset(case.images() / 255)
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
        total = 0.0
        for (x,) in DataLoader(data, case.batch_size, shuffle=True):
            loss = -bounds.elbo(model, x.to(device)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()


def pythae(case: Case, threads: int, seed: int = 0) -> None:
    """One epoch of pythae's own trainer with its VAE on the same network."""
    with _silence():
        from pythae.data.datasets import BaseDataset
        from pythae.models import VAE as PythaeVAE
        from pythae.models import VAEConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
        from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self, network: Any) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Tensor) -> ModelOutput:
            h = self.network.features(x)
            return ModelOutput(embedding=self.network.mu(h), log_covariance=self.network.log_variance(h))

    class Decoder(BaseDecoder):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.network(z))

    with training.torch_threads(threads), tempfile.TemporaryDirectory() as folder, _silence():
        encoder, network = networks.create(case.network, case.data_shape, case.latent_dim)
        config = VAEConfig(input_dim=case.data_shape, latent_dim=case.latent_dim, reconstruction_loss="mse")
        images = case.images() / 255
        settings = BaseTrainerConfig(
            output_dir=folder, num_epochs=1, learning_rate=1e-3, per_device_train_batch_size=case.batch_size, seed=seed
        )
        data = BaseDataset(images, torch.zeros(len(images)))
        trainer = BaseTrainer(PythaeVAE(config, Encoder(encoder), Decoder(network)), data, training_config=settings)
        trainer.prepare_training()
        trainer.train_step(1)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    logging.disable(logging.INFO)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def matrix_product(precision: str, threads: int) -> None:
    """The product of two square matrices, the most arithmetic that the machine does in a second."""
    with training.torch_threads(threads):
        a = torch.ones(PEAK_SIZE, PEAK_SIZE, dtype=getattr(torch, precision))
        for _ in range(5):
            a @ a


PEERS: dict[str, Callable[[Case, int, int], None]] = {"plain loop": plain}
if importlib.util.find_spec("pythae") is not None:
    PEERS["pythae"] = pythae


def measure(contenders: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds that each of the contenders takes, in `repeats` rounds in which they take turns, after one to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(repeats + 1):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            if round_:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def _row(case: str, peer: str, values: Sequence[float], unit: str) -> Row:
    return Row(case, peer, statistics.median(values), min(values), max(values), unit)


def against(case: str, seconds: Mapping[str, Sequence[float]]) -> list[Row]:
    """How many times as fast "ours" is as each of the others, whose seconds are those of `measure`.

    >>> against("a case", {"ours": [1.0, 2.0], "peer": [3.0, 8.0]})
    [Row(case='a case', peer='peer', ratio=3.5, low=3.0, high=4.0, unit='times as fast')]
    """
    mine = seconds["ours"]
    ratios = {peer: [t / m for t, m in zip(of, mine, strict=True)] for peer, of in seconds.items() if peer != "ours"}
    return [_row(case, peer, of, FASTER) for peer, of in ratios.items()]


def one_run(name: str, repeats: int) -> list[Row]:
    """One training on all cores, against the peers and the machine's peak in the same precision."""
    case, cores = CASES[name], joblib.cpu_count()
    precision = training.fastest(case.model())
    contenders: dict[str, Callable[[], object]] = {"ours": partial(ours, case, cores)}
    contenders |= {peer: partial(run, case, cores) for peer, run in PEERS.items()}
    seconds = measure(contenders | {"peak": partial(matrix_product, precision, cores)}, repeats)
    peak = [5 * 2 * PEAK_SIZE**3 / s for s in seconds.pop("peak")]
    reached = [case.steps * flops(case) / s for s in seconds["ours"]]
    share = [r / p for r, p in zip(reached, peak, strict=True)]
    title = f"{name}, one run"
    return [*against(title, seconds), _row(title, f"matrix product, {precision}", share, SHARE)]


def four_runs(name: str, repeats: int) -> list[Row]:
    """Four trainings on the whole machine: ours one thread each, as many at once as there are cores; theirs in turn."""
    case, cores = CASES[name], joblib.cpu_count()

    def in_turn(run: Callable[[Case, int, int], None]) -> None:
        for seed in range(4):
            run(case, cores, seed)

    def at_once() -> None:
        joblib.Parallel(n_jobs=cores)(joblib.delayed(ours)(case, 1, seed) for seed in range(4))

    contenders: dict[str, Callable[[], object]] = {"ours": at_once}
    contenders |= {peer: partial(in_turn, run) for peer, run in PEERS.items()}
    contenders["ours, in turn on all cores"] = partial(in_turn, ours)
    return against(f"{name}, four runs", measure(contenders, repeats))


def _members(count: int) -> list[side_by_side.Member]:
    def member(seed: int) -> side_by_side.Member:
        model = Case("mlp", (2,), 2, 1).model(seed)
        order, noise = (torch.Generator().manual_seed(seed) for _ in range(2))
        return side_by_side.Member(model, partial(toys.sample, "star"), torch.zeros(1, 2), order, noise)

    return [member(seed) for seed in range(count)]


def _together(count: int, steps: int) -> None:
    with training.torch_threads(1):
        side_by_side.fit(_members(count), Schedule(1, steps_per_epoch=steps))


def _sequential(count: int, steps: int) -> None:
    with training.torch_threads(1):
        for m in _members(count):
            training.fit(m.model, m.train, m.valid, Schedule(1, steps_per_epoch=steps))


def seeds_side_by_side(repeats: int, seeds: int = 10, steps: int = 1000) -> list[Row]:
    """The 2-D experiment with ten seeds as one batched model, against one after the other."""
    contenders: dict[str, Callable[[], object]] = {
        "ours": partial(_together, seeds, steps),
        "one after the other": partial(_sequential, seeds, steps),
    }
    return against(f"2-D perceptron, {seeds} seeds", measure(contenders, repeats))


def scaling(repeats: int, case: Case = MATHIEU, seeds: Sequence[int] = (2, 5, 10, 20), steps: int = 300) -> list[Row]:
    """The slope of log time against log size: 1 is linear. `seeds` and `steps` are those of the perceptron."""

    def sized(images: int = 1000, batch: int = 100, latent_dim: int = 50) -> Callable[[], object]:
        return partial(ours, replace(case, latent_dim=latent_dim, steps=images // batch, batch_size=batch), 1)

    sizes: dict[str, dict[int, Callable[[], object]]] = {
        "images": {n: sized(images=n) for n in (500, 1000, 2000)},
        "batch size, at 1,000 images": {n: sized(batch=n) for n in (25, 50, 100, 200)},
        "latent dimension": {n: sized(latent_dim=n) for n in (1, 10, 50, 200)},
        "seeds of the 2-D perceptron": {n: partial(_together, n, steps) for n in seeds},
    }
    rows = []
    for name, contenders in sizes.items():
        seconds = measure({str(n): run for n, run in contenders.items()}, repeats)
        logs = np.log(list(contenders))
        slopes = [float(np.polyfit(logs, np.log(of), 1)[0]) for of in zip(*seconds.values(), strict=True)]
        rows.append(_row("time", f"number of {name}" if name == "images" else name, slopes, SLOPE))
    return rows


def memory(case: Case = MATHIEU) -> list[Row]:
    """The largest memory of a process that does nothing else, the plain loop's over ours."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1, maxtasksperchild=1) as pool:
        mine, theirs = (pool.apply(_peak_memory, (run, case)) for run in (ours, plain))
    return [_row("32x32 network of Mathieu et al., peak memory", "plain loop", [theirs / mine], MEMORY)]


def _peak_memory(run: Callable[[Case, int], None], case: Case) -> int:
    run(case, 1)
    status = Path("/proc/self/status")
    # on Linux `ru_maxrss` begins at what the process that started this one had
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text(encoding="utf-8")) if status.exists() else None
    return int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def flops(case: Case) -> int:
    """Floating-point operations of one training step, as torch counts them: those of products and convolutions.

    >>> flops(Case("mlp", (2,), 2, steps=1, batch_size=1))  # 6 for each of 500 weights, 2 less for the first layer's 20
    2960
    """
    model, x = case.model(), as_float(case.images()[: case.batch_size])
    with FlopCounterMode(display=False) as counter:
        bounds.elbo(model, x).mean().backward()
    return counter.get_total_flops()


def run(repeats: int = REPEATS) -> Iterator[Row]:
    """All measurements, each as soon as it is there."""
    for name in CASES:
        yield from one_run(name, repeats)
        yield from four_runs(name, repeats)
    yield from seeds_side_by_side(repeats)
    yield from scaling(repeats)
    yield from memory()
