"""How sweeps scale on this machine: the same trainings on one worker and on two, and what dask adds to each task.

As in `bench`, contenders take turns, round after round, and a ratio belongs to one round.
"""

from __future__ import annotations

import importlib.util
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib

from intelvae.paper import bench, cluster, sweeps
from intelvae.paper.bench import Row
from intelvae.paper.config import Training
from intelvae.paper.rows import VAE, Run
from intelvae.paper.rows import Row as Asked
from intelvae.paper.store import Store
from intelvae.paper.works import missing
from intelvae.training import TrainingError

HAS_DASK = importlib.util.find_spec("distributed") is not None
INSTALL = "pip install -e '.[dask]'"
START = 120  # seconds that workers may take to start
ALONE = "5 minutes"  # after which a scheduler without work ends, with its workers: what started it may be dead


def trainings(count: int, epochs: int) -> list[Run]:
    """So many trainings on the embedded images, of which each is a task of its own."""
    config = partial(Training, "mnist", "mathieu", 10, "gaussian", epochs=epochs, smoke_data=True)
    return [Run(Asked("", VAE), config(seed=seed), ()) for seed in range(count)]


def _with_joblib(asked: Sequence[Run], workers: int) -> None:
    """What `sweeps.sweep` does of trainings, with one thread each."""
    with tempfile.TemporaryDirectory() as folder:
        works = missing(asked, Store(folder))
        joblib.Parallel(n_jobs=workers)(
            joblib.delayed(sweeps.attempt)([sweeps.Outcome(work)], "cpu", 1, None, "") for work in works
        )


def _with_dask(asked: Sequence[Run], address: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cluster.sweep(asked, Store(folder), address)


@contextmanager
def workers_of(count: int) -> Iterator[str]:
    """The address of a dask scheduler, a process of its own, with so many workers of one thread on this machine."""
    from distributed import Client  # an optional extra, and slow to import
    from distributed.deploy.subprocess import SubprocessCluster

    quiet: dict[str, Any] = {"dashboard_address": ":0", "silence_logs": logging.CRITICAL}
    quiet["scheduler_kwargs"] = {"idle_timeout": ALONE}
    with SubprocessCluster(n_workers=count, threads_per_worker=1, **quiet) as started:
        with Client(started.scheduler_address) as client:
            client.wait_for_workers(count, timeout=START)
        yield started.scheduler_address


def two_workers(repeats: int, count: int, epochs: int, *, with_dask: bool) -> list[Row]:
    """How many times as fast two workers do so many trainings as one, each with one thread.

    With joblib, and with dask if asked for, whose workers are there beforehand.
    """
    asked = trainings(count, epochs)
    rows = _against_one("joblib", repeats, partial(_with_joblib, asked, 1), partial(_with_joblib, asked, 2))
    if with_dask:
        with workers_of(1) as one, workers_of(2) as two:
            rows += _against_one("dask", repeats, partial(_with_dask, asked, one), partial(_with_dask, asked, two))
    return rows


def _against_one(name: str, repeats: int, one: Callable[[], object], two: Callable[[], object]) -> list[Row]:
    return bench.against(name, bench.measure({"ours": two, "one worker": one}, repeats))


@dataclass(frozen=True)
class PerTask:
    """What handing out a task takes, in seconds: from one to the next, and of the processors of two processes."""

    tasks: int
    seconds: float
    client: float
    scheduler: float


def per_task(tasks: int) -> PerTask:
    """What dask takes for a task, measured with so many empty runs: of data that do not exist, so that each is refused.

    All else is done with them that a sweep does with runs: they are looked up and locked, sent to one of two workers,
    tried there, sent back, and counted. Raises `ValueError`, one line, without dask.
    """
    if not HAS_DASK:
        raise ValueError(f"to measure what a scheduler adds, dask has to be there: {INSTALL}")
    empty = [Run(Asked("", VAE), Training("none", "mathieu", 1, "gaussian", 1, seed=seed), ()) for seed in range(tasks)]
    with workers_of(2) as address:
        _refused(empty[:4], address)  # after which all has been imported
        before, start = _spent(address), time.perf_counter()
        _refused(empty, address)
        seconds, after = time.perf_counter() - start, _spent(address)
    spent = [(end - begin) / tasks for begin, end in zip(before, after, strict=True)]
    return PerTask(tasks, seconds / tasks, *spent)


def _refused(empty: Sequence[Run], address: str) -> None:
    with suppress(TrainingError):
        _with_dask(empty, address)
        raise AssertionError("no run was refused")


def _spent(address: str) -> tuple[float, float]:
    """The processor's time of client and scheduler so far, in seconds."""
    from distributed import Client

    with Client(address) as client:
        scheduler: Any = client.run_on_scheduler(time.process_time)
        return time.process_time(), scheduler
