"""Config -> run -> record: every training behind the book, alone, side by side, and in sweeps over many of them."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import joblib
import torch
from joblib.parallel import LokyBackend, get_active_backend
from safetensors import SafetensorError
from safetensors.torch import load_model
from tqdm import tqdm

import intelvae
from intelvae import networks, side_by_side, training
from intelvae.data import DataError, toys
from intelvae.metrics import features
from intelvae.models import VAE
from intelvae.numbers import check_number
from intelvae.paper import authors, builder, lifeline, tasks
from intelvae.paper.records import CHECKOUT, Record, RunConfig, Store

EXAMPLES = 1000  # of the training data, which pseudo-inputs may start from
OUR_ERRORS = (training.TrainingError, DataError, OSError, ValueError)  # whose text says what to do
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


def run(
    config: RunConfig, device: str = "cpu", threads: int | None = None, store: Store | None = None
) -> tuple[Record, VAE]:
    """Trains and measures the model of `config`: its record, and the model with the weights that were measured.

    `device` is torch's name of one; `threads` bounds torch's threads. On a CPU one config gives the same bits on the
    same machine, versions and number of threads, whatever other threads of the process do; elsewhere, and on a GPU,
    close numbers. `store` keeps the weights as soon as they are trained, and a model that it keeps so is not trained
    again: a measurement that fails loses nothing. Raises `ValueError` for a config that does not fit,
    `training.TrainingError` for a run that diverges, `data.DataError` for data or weights of features that are not
    there, before training.
    """
    if store is not None and (kept := _kept(config, store, device)) is not None:
        record, model, work = kept
        now = commit()
        record = dataclasses.replace(record, measured_at="" if now == record.commit else now)
    else:
        record, model, work = train(config, device, threads)
        if store is not None:
            store.put_trained(record, model)
    return measure(record, model, work, threads), model


def _kept(config: RunConfig, store: Store, device: str) -> tuple[Record, VAE, tasks.Task] | None:
    """What `train` gave, from a store that keeps it; None where there is nothing, or only something damaged."""
    record = store.trained(config)
    try:
        return None if record is None else (record, *load(config, store.weights(config), device))
    except ValueError:
        return None


def train(config: RunConfig, device: str = "cpu", threads: int | None = None) -> tuple[Record, VAE, tasks.Task]:
    """The first half of `run`: a record that has no measurements yet, the model, and the task that measures it."""
    start = time.perf_counter()
    seeded, default = training.seeded(config.seed, device), training.default_dtype(dtype(config, device))
    with seeded, default, training.torch_threads(threads):
        work, model, order = prepare(config, device)
        if config.data in tasks.FEATURED:
            features.ready(config.features, device)
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
                penalty=authors.PENALTIES.get(config.penalty, config.penalty),
                alpha=config.alpha,
                on_epoch=watch,
                **_settings(config),
            )
        except training.TrainingError as error:
            raise training.TrainingError(f"{config}: {error}") from error
        used = torch.get_num_threads()
    seconds = time.perf_counter() - start
    record = _record(config, history, seconds, device, precision, used, together=1)
    return dataclasses.replace(record, artifacts={"masses": masses} if masses else {}), model, work


def measure(record: Record, model: VAE, work: tasks.Task, threads: int | None = None) -> Record:
    """The second half of `run`: `record` with what `work` measures of the `model`, which moves to the CPU.

    What is drawn for that is drawn anew from the config's seed: the same measurements at any time.
    """
    start = time.perf_counter()
    config = record.config
    seeded, default = training.seeded(config.seed), training.default_dtype(dtype(config))
    with seeded, default, training.torch_threads(threads):
        metrics, artifacts = work.evaluate(model.cpu())
    return dataclasses.replace(
        record,
        metrics={name: float(value) for name, value in metrics.items()} | {"best_epoch": record.metrics["best_epoch"]},
        artifacts=record.artifacts | artifacts,  # the masses of clusters are from training
        seconds=round(record.seconds + time.perf_counter() - start, 1),
    )


def load(config: RunConfig, weights: Path, device: str = "cpu") -> tuple[VAE, tasks.Task]:
    """The trained model of `config` with the `weights` of that file, in evaluation mode, and its task.

    Raises `ValueError` if they are damaged, or of another model than this version builds.
    """
    with training.seeded(config.seed), training.default_dtype(dtype(config)):
        work, model, _ = prepare(config, device)
    try:
        load_model(model, weights)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ValueError(
            f"{weights} are not weights of {config} ({' '.join(str(error).split())}): move the file away (a record "
            "beside it stays good), and train the model anew with intelvae.paper.runs.run if you need it"
        ) from error
    return model.eval(), work


@training.torch_threads(1)  # small layers lose by two
def run_together(configs: Sequence[RunConfig], store: Store | None = None) -> list[tuple[Record, VAE] | Exception]:
    """`run` for configs that are `alike`, trained side by side with one thread.

    Each gives what `run` gives, or the error that `run` raises for one that diverges or cannot be measured: with the
    same random numbers, and the same weights up to the rounding of float32, whose effect grows as training goes on. The
    records of the two agree as those of two machines do. Raises `ValueError` for configs that are not alike, and as
    `run` does for ones that do not fit.
    """
    if len({alike(config) for config in configs}) != 1 or alike(configs[0]) is None:
        raise ValueError("runs side by side may differ in their seed and their toy data only")
    with training.default_dtype(dtype(configs[0])):
        return _together(configs, store)


def _together(configs: Sequence[RunConfig], store: Store | None) -> list[tuple[Record, VAE] | Exception]:
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
    seconds, precision = (time.perf_counter() - start) / len(configs), training.fastest(members[0].model)
    outcomes: list[tuple[Record, VAE] | Exception] = []
    for config, work, member, history in zip(configs, works, members, histories, strict=True):
        if isinstance(history, training.TrainingError):
            outcomes.append(training.TrainingError(f"{config}: {history}"))
            continue
        record = _record(config, history, seconds, "cpu", precision, 1, len(configs))
        try:
            if store is not None:
                store.put_trained(record, member.model)
            outcomes.append((measure(record, member.model, work), member.model))
        except Exception as error:  # of this one: the others are measured all the same
            outcomes.append(error)
    return outcomes


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
    seconds: float,
    device: str,
    precision: str,
    threads: int,
    together: int,
) -> Record:
    """What training leaves, with nothing measured yet."""
    curves = dataclasses.asdict(history)
    return Record(
        config=config,
        metrics={"best_epoch": float(curves.pop("best_epoch"))},
        curves={name: [round(v, 4) for v in values] for name, values in curves.items()},
        artifacts={},
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
        threads=threads,
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


def _which_data(config: RunConfig) -> tuple[Any, ...]:
    """The settings that name the data. Which images they stand for depends on INTELVAE_DATA too."""
    return config.data, networks.IMAGE_SIZE.get(config.network), config.smoke_data, config.whole


def _attempt(
    configs: Sequence[RunConfig], device: str, threads: int, store: Store, sweeper: int, known: str | None
) -> list[tuple[Record, VAE] | str]:
    """Runs one config or several side by side: each one's record and model, or what became of it.

    `store` is that of the process `sweeper`, and is written to if this one is a worker of it: trained weights, before
    they are measured. Elsewhere (on a cluster) the folder may be another. `known` is what the sweep's records say of
    their data: they are compared with none that learned from others.
    """
    here = store if sweeper in (os.getpid(), os.getppid()) else None
    if len(configs) > 1:
        try:
            found = zip(configs, run_together(configs, here), strict=True)
            return [reason(config, of) if isinstance(of, Exception) else of for config, of in found]
        except Exception:  # of all of them: one may be to blame, so each is tried alone
            return [o for c in configs for o in _attempt([c], device, threads, store, sweeper, known)]
    (config,) = configs
    small = config.network in networks.SMALL
    try:
        if known is not None:
            tasks.check_source(task(config), known)
        return [run(config, device, 1 if small else threads, here)]  # small layers lose by two
    except Exception as error:  # of this run: the others go on
        return [reason(config, error)]


def reason(config: RunConfig, error: Exception) -> str:
    """Why a run failed: one line that names it."""
    told = " ".join(str(error).split())
    if not isinstance(error, OUR_ERRORS):
        told = f"{type(error).__name__}: {told}"
    return told if told.startswith(str(config)) else f"{config}: {told}"


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
    ends, so a sweep that is killed goes on where it was, and workers end with it. Work is handed out through joblib:
    inside `joblib.parallel_config("dask")` it goes to a cluster, and the records come back here. A run that fails, for
    whatever reason, does not stop the others. Raises `training.TrainingError` at the end if any did, a line for each;
    `ValueError` for jobs < 0, and for jobs = 0 and not one record.
    """
    check_number("jobs", jobs, ">= 0", whole=True)
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
    halfway = [c for c in missing if store.has_trained(c)]
    together = parts([c for c in missing if c not in halfway], device)
    local = isinstance(get_active_backend()[0], LokyBackend)
    at_start = {"initializer": lifeline.follow} if local else {}
    failures = []
    shown = bool(missing) and sys.stderr.isatty()
    with lifeline.held(), tqdm(total=len(missing), unit="run", disable=not shown) as progress:
        outcomes = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", **at_start)(
            joblib.delayed(_attempt)(part, device, threads, store, os.getpid(), known.get(_which_data(part[0])))
            for part in [[c] for c in halfway] + together
        )
        for part in outcomes:
            for outcome in part:
                if isinstance(outcome, str):
                    failures.append(outcome)
                else:
                    store.put(*outcome)
            progress.update(len(part))
    if failures:
        told = "\n".join(failures)
        raise training.TrainingError(
            f"{len(failures)} of {len(missing)} runs failed: {told}\nThe others are kept, and the same command "
            "tries these again."
        )
    return _all(configs, store)


def _all(configs: Sequence[RunConfig], store: Store) -> list[Record]:
    records = [store.get(config) for config in configs]
    return [record for record in records if record is not None]
