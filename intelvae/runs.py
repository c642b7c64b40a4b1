"""Config -> run -> record: every training behind the book, alone, side by side, and in sweeps over many of them."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any

import joblib
import torch
from tqdm import tqdm

import intelvae
from intelvae import builder, networks, side_by_side, tasks, training
from intelvae.data import DataError, toys
from intelvae.models import VAE
from intelvae.records import CHECKOUT, Record, RunConfig, Store

EXAMPLES = 1000  # of the training data, which pseudo-inputs may start from
MOST_TOGETHER = 25  # runs side by side: more lose more when a sweep is killed, and gain little (the arithmetic grows)


def task(config: RunConfig, device: str = "cpu") -> tasks.Task:
    """The task of `config`, with images of the size that its network takes; features are computed on `device`."""
    size = networks.IMAGE_SIZE.get(config.network, 28)
    return tasks.create(
        config.data,
        size=size,
        binary=config.binary,
        split=config.split,
        smoke=config.smoke_data,
        whole=config.whole,
        repeats=config.repeats,
        features=config.features,
        measures=config.measures,
        device=device,
    )


def run(config: RunConfig, device: str = "cpu", threads: int | None = None) -> tuple[Record, VAE]:
    """Trains and measures the model of `config`: its record, and the model with the weights that were measured.

    `device` is torch's name of one; `threads` bounds torch's threads. On a CPU one config gives the same bits on the
    same machine, versions and number of threads; elsewhere, and on a GPU, close numbers. Raises `ValueError` for a
    config that does not fit, `training.TrainingError` for a run that diverges, `data.DataError` for data that are not
    there.
    """
    start = time.perf_counter()
    seeded, default = training.seeded(config.seed, device), training.default_dtype(dtype(config, device))
    with seeded, default, training.torch_threads(threads):
        work, model, order = prepare(config, device)
        model.to(device)
        wanted = config.precision if config.precision != "float64" else None  # the model has it, where there is one
        precision = wanted or training.fastest(model)
        masses: list[list[float]] = []

        def watch(epoch: int, history: training.History) -> None:
            if tasks.learns_proportions(model):
                masses.append(tasks.rounded(model.mapping.proportions(), 4))  # type: ignore[operator]

        try:
            history = training.fit(
                model,
                work.train,
                work.valid,
                steps_per_epoch=config.steps_per_epoch,
                precision=precision,
                generator=order,
                gamma=config.gamma,
                penalty=config.penalty,
                alpha=config.alpha,
                on_epoch=watch,
                **_settings(config),
            )
        except training.TrainingError as error:
            raise training.TrainingError(f"{config}: {error}") from error
        metrics, artifacts = work.evaluate(model.cpu())
    if masses:
        artifacts["masses"] = masses  # of the clusters, after every epoch
    seconds = time.perf_counter() - start
    return _record(config, history, metrics, artifacts, seconds, device, precision, together=1), model


@training.torch_threads(1)  # small layers lose by two
def run_together(configs: Sequence[RunConfig]) -> list[tuple[Record, VAE] | training.TrainingError]:
    """`run` for configs that are `alike`, trained side by side with one thread.

    Each gives what `run` gives, or the error that `run` raises for one that diverges: with the same random numbers, and
    the same weights up to the rounding of float32, whose effect grows as training goes on. The records of the two
    agree as those of two machines do. Raises `ValueError` for configs that are not alike, and as `run` does for ones
    that do not fit.
    """
    if len({alike(config) for config in configs}) != 1 or alike(configs[0]) is None:
        raise ValueError("runs side by side may differ in their seed and their toy data only")
    with training.default_dtype(dtype(configs[0])):
        return _together(configs)


def _together(configs: Sequence[RunConfig]) -> list[tuple[Record, VAE] | training.TrainingError]:
    start = time.perf_counter()
    works, members = [], []
    for config in configs:
        with training.seeded(config.seed):
            work, model, order = prepare(config)
            noise = torch.Generator()
            noise.set_state(torch.random.get_rng_state())
        assert isinstance(work, tasks.ToyTask)
        works.append(work)
        members.append(side_by_side.Member(model, work.train, work.valid, order, noise))
    steps = configs[0].steps_per_epoch
    assert steps is not None
    histories = side_by_side.fit(members, steps_per_epoch=steps, **_settings(configs[0]))
    measured: list[tuple[tasks.Metrics, tasks.Artifacts]] = []
    for config, work, member, history in zip(configs, works, members, histories, strict=True):
        with training.seeded(config.seed):
            torch.random.set_rng_state(member.noise.get_state())
            diverged = isinstance(history, training.TrainingError)
            measured.append(({}, {}) if diverged else work.evaluate(member.model))
    seconds, precision = (time.perf_counter() - start) / len(configs), training.fastest(members[0].model)
    return [
        training.TrainingError(f"{config}: {history}")
        if isinstance(history, training.TrainingError)
        else (_record(config, history, *measures, seconds, "cpu", precision, len(configs)), member.model)
        for config, member, history, measures in zip(configs, members, histories, measured, strict=True)
    ]


def alike(config: RunConfig) -> RunConfig | None:
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


def dtype(config: RunConfig, device: str = "cpu") -> torch.dtype:
    """What the weights and data of `config` are in on `device`: float64 if it asks for that and the device has it.

    Whoever calls `prepare` makes it the default (`training.default_dtype`).
    """
    wide = config.precision == "float64" and torch.device(device).type != "mps"
    return torch.float64 if wide else torch.float32


def prepare(config: RunConfig, device: str = "cpu") -> tuple[tasks.Task, VAE, torch.Generator]:
    """The `task`, the untrained model and the generator that goes on to order the data, under torch's global seed.

    Raises `ValueError` for a config that does not fit, `data.DataError` for data that are not there.
    """
    work = task(config, device)
    order = torch.Generator().manual_seed(config.seed)
    examples = (
        work.train(EXAMPLES, order)
        if callable(work.train)
        else work.train[torch.randperm(len(work.train), generator=order)[:EXAMPLES]]  # not all: they may fill memory
    )
    return work, builder.build(config, work.shape, examples), order


def _settings(config: RunConfig) -> dict[str, Any]:
    """The settings of training that `training.fit` and `side_by_side.fit` share."""
    names = ("epochs", "batch_size", "lr", "beta", "warmup", "clip", "patience")
    return {name: getattr(config, name) for name in names}


def _record(
    config: RunConfig,
    history: training.History,
    metrics: tasks.Metrics,
    artifacts: tasks.Artifacts,
    seconds: float,
    device: str,
    precision: str,
    together: int,
) -> Record:
    curves = dataclasses.asdict(history)
    metrics["best_epoch"] = curves.pop("best_epoch")
    return Record(
        config=config,
        metrics={name: float(value) for name, value in metrics.items()},
        curves={name: [round(v, 4) for v in values] for name, values in curves.items()},
        artifacts=artifacts,
        seconds=round(seconds, 1),
        device=device,
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "intelvae": intelvae.__version__,
        },
        commit=commit(),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        precision=precision,
        together=together,
    )


def commit() -> str:
    """The commit of the checkout, with "+" where the library has changed since; "unknown" outside one."""
    git = ["git", "-C", str(CHECKOUT)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, encoding="utf-8", check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "intelvae"], capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


@cache
def _end_with(parent: int) -> None:
    """From now on, this process ends within a second of its parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _which_data(config: RunConfig) -> tuple[Any, ...]:
    """The settings that name the data. Which images they stand for depends on INTELVAE_DATA too."""
    return config.data, networks.IMAGE_SIZE.get(config.network), config.smoke_data, config.whole


def _attempt(
    configs: Sequence[RunConfig], device: str, threads: int, sweeper: int, known: str | None
) -> Sequence[tuple[Record, VAE] | str]:
    """Runs one config or several side by side: each one's record and model, or what became of it.

    `sweeper` is the process of the sweep. Workers of one that was killed would go on with what they had been given.
    `known` is what the sweep's records say of their data: they are compared with none that learned from others.
    """
    if os.getppid() == sweeper:
        _end_with(sweeper)
    if len(configs) > 1:
        return [str(o) if isinstance(o, training.TrainingError) else o for o in run_together(configs)]
    small = configs[0].network in networks.SMALL
    try:
        if known is not None:
            tasks.check_source(task(configs[0]), known)
        return [run(configs[0], device, 1 if small else threads)]  # small layers lose by two
    except (training.TrainingError, DataError, OSError) as error:  # of this run: the others go on
        return [str(error)]


def parts(configs: Iterable[RunConfig], device: str) -> list[list[RunConfig]]:
    """The configs in parts that are run as one, the longest first: those for images alone, in their order, then toys.

    On a CPU, runs that are `alike` go side by side, at most `MOST_TOGETHER` and in parts of nearly equal size.
    """
    alone, groups = [], defaultdict(list)
    for config in configs:
        shared = alike(config) if device == "cpu" else None
        if shared is None:
            alone.append([config])
        else:
            groups[shared].append(config)
    together = []
    for shared, group in groups.items():
        size = math.ceil(len(group) / math.ceil(len(group) / MOST_TOGETHER))
        steps = shared.epochs * (shared.steps_per_epoch or 0)
        together += [(steps * size, group[i : i + size]) for i in range(0, len(group), size)]
    return alone + [part for _, part in sorted(together, key=itemgetter(0), reverse=True)]


def sweep(configs: Iterable[RunConfig], store: Store, *, jobs: int = 1, device: str = "cpu") -> list[Record]:
    """The records of all configs, in order: from the store, or by running what is missing on `jobs` workers.

    `jobs=0` runs nothing and gives the records that are there, so that an unfinished sweep can be looked at. Small
    models are trained side by side (`run_together`). Every record is stored as soon as its run, or its group of runs,
    ends, so a sweep that is killed goes on where it was. Work is handed out through joblib: inside
    `joblib.parallel_config("dask")` it goes to a cluster, and the records come back here. A run that diverges, or
    whose data are not there or are other faces than those of the records, does not stop the others. Raises
    `training.TrainingError` at the end if any did, `ValueError` for jobs < 0, or for jobs = 0 and not one record.
    """
    if jobs < 0:
        raise ValueError(f"jobs must not be negative, but is {jobs}")
    configs = list(configs)
    found = _all(configs, store)
    if jobs == 0:
        if configs and not found:
            raise ValueError(f"none of the {len(configs)} runs is in {store.root}: run them with jobs >= 1")
        return found
    there = {r.config for r in found}
    missing = [c for c in dict.fromkeys(configs) if c not in there]
    known = {_which_data(r.config): r.artifacts["data"] for r in found if "data" in r.artifacts}
    if missing:
        store.check_writable()
    threads = max(1, joblib.cpu_count() // jobs)
    outcomes = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(
        joblib.delayed(_attempt)(part, device, threads, os.getpid(), known.get(_which_data(part[0])))
        for part in parts(missing, device)
    )
    failures = []
    with tqdm(total=len(missing), unit="run", disable=not (missing and sys.stderr.isatty())) as progress:
        for part in outcomes:
            for outcome in part:
                if isinstance(outcome, str):
                    failures.append(outcome)
                else:
                    store.put(*outcome)
            progress.update(len(part))
    if failures:
        raise training.TrainingError(f"{len(failures)} of {len(missing)} runs failed: " + "\n".join(failures))
    return _all(configs, store)


def _all(configs: Sequence[RunConfig], store: Store) -> list[Record]:
    records = [store.get(config) for config in configs]
    return [record for record in records if record is not None]
