"""Config -> weights -> measurements: one training, alone or beside others, and one evaluation of what it gave."""

from __future__ import annotations

import dataclasses
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model

import intelvae
from intelvae import networks, training
from intelvae.data import places, toys
from intelvae.models import VAE
from intelvae.paper import builder, datasets, evaluation, resuming
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.evaluation.digits import learns_proportions
from intelvae.paper.results import Measured, Trained
from intelvae.paper.store import Store
from intelvae.training import concurrent, side_by_side

AT_ONCE = 16  # runs on one GPU
EXAMPLES = 1000  # of the training data, which pseudo-inputs may start from


def train(
    config: Training, device: str = "cpu", threads: int | None = None, store: Store | None = None
) -> tuple[Trained, VAE]:
    """Trains the model of `config`: what that left, and the model with the weights that were kept.

    `device` is torch's name of one; `threads` bounds torch's threads. With a `store` training goes on from the
    checkpoint that is there, and is kept there as often as the store says (`resuming`). On a CPU one config gives the
    same bits on the same machine, versions and number of threads, whatever other threads of the process do; elsewhere,
    and on a GPU, close numbers. Raises `ValueError` for a config that does not fit, `training.TrainingError` for a run
    that diverges, `data.DataError` for data that are not there, before training.
    """
    ((_, found),) = train_concurrently([config], device, threads, at_once=1, store=store)
    if isinstance(found, Exception):
        raise found
    return found


def train_concurrently(
    configs: Iterable[Training],
    device: str,
    threads: int | None = None,
    at_once: int = AT_ONCE,
    store: Store | None = None,
) -> Iterator[tuple[Training, tuple[Trained, VAE] | Exception]]:
    """`train` for many configs on one device, `at_once` of them in training at a time, or as many as its memory holds.

    Gives each as soon as it is there, or the error that `train` raises for it. Each gets the numbers it gets alone.
    A config is asked for when its turn has come.
    """
    begun: dict[int, _Begun] = {}
    asked: list[Training] = []

    def makers() -> Iterator[Callable[[], concurrent.Member]]:
        for number, config in enumerate(configs):
            asked.append(config)
            yield partial(begin, number, config)

    def begin(number: int, config: Training) -> concurrent.Member:
        begun[number] = started = _begin(config, device, store)
        for each in begun.values():
            each.together = max(each.together, len(begun))
        return started.member

    with training.torch_threads(threads):
        for number, history in concurrent.fit(makers(), at_once):
            config, started = asked[number], begun.pop(number, None)
            if isinstance(history, training.TrainingError):
                yield config, training.TrainingError(f"{config}: {history}")
            elif isinstance(history, Exception):
                yield config, history
            elif started is not None:
                yield config, (_ended(config, history, started, device), started.member.model)


@dataclass
class _Begun:
    """A run that has begun, with its data and precision.

    `notes` are what a checkpoint keeps along: the seconds `until` now, the largest number of runs that were in training
    `together` with it, and what has been seen of its clusters' masses.
    """

    member: concurrent.Member
    data: datasets.Data
    precision: str
    notes: dict[str, Any]
    until: float
    together: int = 1

    def note(self) -> None:
        """Brings the notes of time up to now."""
        now = time.perf_counter()
        self.notes["seconds"] += now - self.until
        self.notes["together"] = max(self.notes["together"], self.together)
        self.until = now


def _ended(config: Training, history: training.History, begun: _Begun, device: str) -> Trained:
    """What a run that has begun left, now that it has ended."""
    begun.note()
    together, masses, threads = begun.notes["together"], begun.notes["masses"], torch.get_num_threads()
    seconds = begun.notes["seconds"] / together
    left = _trained(config, history, seconds, begun.data, device, begun.precision, threads, together)
    return dataclasses.replace(left, curves=left.curves | ({"masses": masses} if masses else {}))


def _begin(config: Training, device: str, store: Store | None = None) -> _Begun:
    """The run of `config`, ready for its first stage. Errors as in `train`."""
    start = time.perf_counter()
    with training.seeded(config.seed, device), training.default_dtype(dtype(config, device)):
        data, model, order = prepare(config)
        model.to(device)
        on_cpu = torch.device(device).type == "cpu"  # where the numbers of training follow those of `prepare`
        noise = torch.Generator(device)
        noise.set_state(torch.random.get_rng_state()) if on_cpu else noise.manual_seed(config.seed)
        wanted = config.precision if config.precision != "float64" else None  # the model has it, where there is one
        precision = wanted or training.fastest(model)
        notes: dict[str, Any] = {"seconds": 0.0, "together": 1, "masses": []}

        def watch(epoch: int, history: training.History) -> None:
            if learns_proportions(model):
                masses = model.mapping.proportions().tolist()  # type: ignore[operator]
                notes["masses"].append([round(mass, 4) for mass in masses])
            begun.note()

        def stages(kept: training.Checkpoint | None = None) -> resuming.Stages:
            return training.in_stages(
                model, data.train, data.valid, config.schedule, config.objective, config.optimiser, precision, order,
                watch, checkpoint=kept,
            )  # fmt: skip

        if store is None:
            going = stages()
        else:
            going = resuming.stages(config, resuming.checkpoint(config, data, device, store, notes), stages)
    begun = _Begun(concurrent.Member(model, going, noise), data, precision, notes, start)
    return begun


def measure(
    config: Training, wanted: Evaluation, model: VAE, device: str = "cpu", threads: int | None = None
) -> Measured:
    """What that evaluation gives of the trained `model`, which moves to the CPU.

    What is drawn for it is drawn anew from the config's seed: the same numbers at any time.
    """
    start = time.perf_counter()
    seeded, default = training.seeded(config.seed), training.default_dtype(dtype(config))
    with seeded, default, training.torch_threads(threads):
        metrics, kept = evaluation.measure(wanted, model.cpu(), config, datasets.of(config), device)
    return Measured(config.key, wanted, metrics, round(time.perf_counter() - start, 1), commit(), _today(), kept)


def load(config: Training, store: Store) -> VAE:
    """The trained model of `config`, in evaluation mode, with the weights in the store.

    Raises `ValueError` if they are not there (they are not published, only results are), damaged, or of another model
    than this version builds.
    """
    weights = store.weights(config)
    if not weights.is_file():
        raise ValueError(
            f"no weights of {config} in {store.root}, and only results are published: set INTELVAE_RUNS to another "
            "folder, and the same command trains it there"
        )
    with training.seeded(config.seed), training.default_dtype(dtype(config)):
        _, model, _ = prepare(config)
    try:
        load_model(model, weights)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ValueError(
            f"{weights} are not weights of {config} ({' '.join(str(error).split())}): the results beside them stay "
            "good; to train the model anew, move the folder away, and use the same command"
        ) from error
    return model.eval()


@training.torch_threads(1)  # small layers lose by two
def train_together(configs: Sequence[Training]) -> list[tuple[Trained, VAE] | Exception]:
    """`train` for configs that are `alike`, side by side with one thread.

    Each gives what `train` gives, or the error that it raises for one that diverges: with the same random numbers, and
    the same weights up to the rounding of float32, whose effect grows as training goes on. The results of the two agree
    as those of two machines do. Raises `ValueError` for configs that are not alike, and as `train` does for ones that
    do not fit.
    """
    if len({alike(config) for config in configs}) != 1 or alike(configs[0]) is None:
        raise ValueError("runs side by side may differ in their seed and their toy data only")
    start = time.perf_counter()
    sets, members = [], []
    with training.default_dtype(dtype(configs[0])):
        for config in configs:
            with training.seeded(config.seed):
                data, model, order = prepare(config)
                noise = torch.Generator()
                noise.set_state(torch.random.get_rng_state())
            assert isinstance(data, datasets.Points)
            sets.append(data)
            members.append(side_by_side.Member(model, data.train, data.valid, order, noise))
        one = configs[0]
        histories = side_by_side.fit(members, one.schedule, objective=one.objective, optimiser=one.optimiser)
        precision = training.fastest(members[0].model)
    seconds = (time.perf_counter() - start) / len(configs)
    return [
        training.TrainingError(f"{config}: {history}")
        if isinstance(history, training.TrainingError)
        else (_trained(config, history, seconds, data, "cpu", precision, 1, len(configs)), member.model)
        for config, data, member, history in zip(configs, sets, members, histories, strict=True)
    ]


def alike(config: Training) -> Training | None:
    """What a run shares with those it can be trained side by side with; None if it can only be trained alone.

    That is its config without the seed and the name of the toy data, for the perceptron without penalties, not in
    bfloat16, and for a model whose only noise in training is that of a Gaussian posterior.
    """
    fits = (
        config.network in networks.SMALL
        and config.data in toys.NAMES
        and config.precision != "bfloat16"
        and not config.gamma
        and not config.alpha
    )
    fits &= config.model == "vae" and config.posterior == "gaussian" and "legacy" not in dict(config.prior_options)
    return dataclasses.replace(config, seed=0, data="") if fits and config.steps_per_epoch is not None else None


def dtype(config: Training, device: str = "cpu") -> torch.dtype:
    """What the weights and data of `config` are in on `device`: float64 if it asks for that and the device has it.

    Whoever calls `prepare` makes it the default (`training.default_dtype`).
    """
    wide = config.precision == "float64" and torch.device(device).type != "mps"
    return torch.float64 if wide else torch.float32


def prepare(config: Training) -> tuple[datasets.Data, VAE, torch.Generator]:
    """The data, the untrained model and the generator that goes on to order the data, under torch's global seed.

    Raises `ValueError` for a config that does not fit, `data.DataError` for data that are not there.
    """
    data = datasets.of(config)
    order = torch.Generator().manual_seed(config.seed)
    examples = (
        data.train(EXAMPLES, order)
        if callable(data.train)
        else data.train[torch.randperm(len(data.train), generator=order)[:EXAMPLES]]  # not all: they may fill memory
    )
    return data, builder.build(config, data.shape, examples), order


def _trained(
    config: Training,
    history: training.History,
    seconds: float,
    data: datasets.Data,
    device: str,
    precision: str,
    threads: int,
    together: int = 1,
) -> Trained:
    curves = dataclasses.asdict(history)
    return Trained(
        training=config,
        best_epoch=curves.pop("best_epoch"),
        curves={name: [round(v, 4) for v in values] for name, values in curves.items()},
        seconds=round(seconds, 1),
        device=device,
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "intelvae": intelvae.__version__,
        },
        commit=commit(),
        date=_today(),
        precision=precision,
        threads=threads,
        together=together,
        source=data.source,
        examples=data.examples,
    )


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def commit() -> str:
    """The commit of the checkout, with "+" where the library has changed since.

    Outside one, what the variable INTELVAE_COMMIT says, for a copy of a checkout, or "unknown".
    """
    root, told = places.checkout(), os.environ.get("INTELVAE_COMMIT") or "unknown"
    if root is None:  # though there may be a commit: an environment may lie in a checkout of another project
        return told
    git = ["git", "-C", str(root)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, encoding="utf-8", check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "intelvae"], capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return told
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")
