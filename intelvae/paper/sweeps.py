"""Sweeps: what is missing of many runs, on many workers, so that a run that fails, or a kill, loses nothing else."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import Any

import joblib
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import LokyBackend, get_active_backend
from tqdm import tqdm

from intelvae import networks
from intelvae.data import DataError
from intelvae.models import VAE
from intelvae.numbers import whole_of
from intelvae.paper import datasets, evaluation, lifeline
from intelvae.paper.budget import Budget
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.locks import Locks
from intelvae.paper.processes import Processes
from intelvae.paper.results import Measured, Result, Trained
from intelvae.paper.rows import Run
from intelvae.paper.runs import load, measure, train, train_concurrently, train_together
from intelvae.paper.store import Store
from intelvae.paper.works import Queue, Work, missing, parts
from intelvae.training import TrainingError

LESS = "fewer jobs leave more memory for each, and a smaller batch needs less"
KILLED = TrainingError(f"its worker was killed, perhaps for want of memory: {LESS}")
OUR_ERRORS = (TrainingError, DataError, OSError, ValueError)  # whose text says what to do


@dataclass
class Outcome:
    """What became of a `Work`: what came of it before it failed, if it did, and why."""

    work: Work
    trained: Trained | None = None
    model: VAE | None = None
    measured: list[Measured] = field(default_factory=list)
    failure: str = ""
    again: bool = False  # trained again, since its weights were lost before anything was measured

    @property
    def seconds(self) -> float:
        """The time that it took, of a training side by side its share."""
        return (self.trained.seconds if self.trained else 0.0) + sum(each.seconds for each in self.measured)

    def load(self, store: Store) -> None:
        """Takes the model from the store. One that is lost is trained again, unless something was measured of it."""
        try:
            self.model = load(self.work.training, store)
        except ValueError:
            if store.evaluated(self.work.training):  # of these weights: others would not be the ones that were measured
                raise
            self.again = True

    def put(self, store: Store) -> None:
        """Writes all that there is and is not written yet, the weights first."""
        if self.trained is not None and self.model is not None:
            if self.again or store.trained(self.trained.training) is None:
                store.put_trained(self.trained, self.model)
                self.again = False
        for each in self.measured:
            if self.work.anew or store.measured(self.work.training, each.evaluation) is None:
                store.put_measured(self.work.training, each)


def attempt(
    outcomes: Sequence[Outcome], device: str, threads: int | None, store: Store | None, known: str
) -> list[Outcome]:
    """Does the works of one part, and gives the outcomes, which may come with the models of works that train none.

    Several are trained side by side on a CPU, many at once on a GPU. What is trained is written to `store` before it is
    measured; None is for a machine that has no store. `known` is what is known of their data (`source`): they are
    compared with none that learned from others.
    """
    to_train = [outcome for outcome in outcomes if outcome.work.train]
    if len(to_train) > 1:
        configs = [outcome.work.training for outcome in to_train]
        try:
            if device == "cpu":
                trained = train_together(configs)
            else:
                by_config = dict(train_concurrently(configs, device, threads, store=store))
                trained = [by_config[config] for config in configs]
        except Exception:  # of all of them: one may be to blame, so each is tried alone
            return [o for outcome in outcomes for o in attempt([outcome], device, threads, store, known)]
        for outcome, found in zip(to_train, trained, strict=True):
            if isinstance(found, Exception):
                outcome.failure = reason(outcome.work.training, found)
            else:
                outcome.trained, outcome.model = found
    for outcome in outcomes:
        if not outcome.failure:
            _finish(outcome, device, threads, store, known)
    return list(outcomes)


def _finish(outcome: Outcome, device: str, threads: int | None, store: Store | None, known: str) -> None:
    """Gives an outcome its model, trained or loaded, unless it has one, and measures it; or says why it cannot be."""
    config = outcome.work.training
    threads = 1 if config.network in networks.SMALL else threads  # small layers lose by two
    try:
        _check(outcome.work, device, known)
        if outcome.model is None and not outcome.work.train and store is not None:
            outcome.load(store)
        if outcome.model is None:
            outcome.trained, outcome.model = train(config, device, threads, store)
        if store is not None:
            outcome.put(store)
        for wanted in outcome.work.wanted:
            outcome.measured.append(measure(config, wanted, outcome.model, device, threads))
            if store is not None:
                outcome.put(store)
    except Exception as error:  # of this run: the others go on
        outcome.failure = reason(config, error)


def _check(work: Work, device: str, known: str) -> None:
    """Raises `ValueError` or `DataError`, one line, for what cannot be measured, and for other faces than `known`."""
    for wanted in work.wanted:
        evaluation.ready(wanted, work.training, device)
    if work.training.data in datasets.TAKEN_BY["whole"]:
        datasets.check_source(datasets.of(work.training), known)


def reason(config: Training, error: Exception) -> str:
    """Why a run failed: one line that names it."""
    told = " ".join(str(error).split())
    if not isinstance(error, OUR_ERRORS):
        told = f"{type(error).__name__}: {told}"
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in told:
        told += f" ({LESS})"
    return told if told.startswith(str(config)) else f"{config}: {told}"


def sweep(
    runs: Iterable[Run], store: Store, *, jobs: int = 1, device: str = "cpu", budget: float | None = None
) -> list[Result]:
    """The results of all runs, in order: from the store, or by doing what is `missing` on `jobs` workers.

    `jobs=0` does nothing and gives the results that are there, so that an unfinished sweep can be looked at. A model
    that is there is only measured. Small ones are trained side by side (`train_together`). All is stored as soon as it
    is there, so a sweep that is killed goes on where it was, and workers end with it. A training that was under way
    goes on from its checkpoint, where the store has one (`Store`); small models, which take seconds, have none. What a
    worker did that is killed is tried again, and several sweeps on one store share the runs (`Locks`); `cluster.sweep`
    has workers on other machines. This process's CUDA GPU trains many models at once (`train_concurrently`), and the
    workers measure them meanwhile.

    With a `budget` of seconds nothing is begun that would not be done by then, in the order of the runs; what is left
    out is no error, and its results are not among those given.

    A run that fails, for whatever reason, does not stop the others. Raises `TrainingError` at the end if any did, a
    line for each; `ValueError` for jobs < 0, and for jobs = 0 and not one result.
    """
    jobs = whole_of("jobs", jobs, ">= 0")
    runs = list(runs)
    found = [result for run in runs if (result := store.result(run)) is not None]
    if jobs == 0:
        if runs and not found:
            raise ValueError(f"none of the {len(runs)} runs is in {store.root}: run them with jobs >= 1")
        return found
    time_left = Budget(math.inf if budget is None else budget)
    at_once = device.startswith("cuda") and isinstance(get_active_backend()[0], LokyBackend)
    failures = (_do_at_once if at_once else _do)(missing(runs, store), store, found, jobs, device, time_left)
    return ended(runs, store, failures)


def ended(runs: Sequence[Run], store: Store, failures: Sequence[str]) -> list[Result]:
    """The results of a sweep that is done. Raises `TrainingError`, a line each, if any run failed."""
    if failures:
        told = "\n".join(failures)
        raise TrainingError(
            f"{len(failures)} of {len({run.training for run in runs})} runs failed: {told}\nThe others are kept, and "
            "the same command tries these again."
        )
    return [result for run in runs if (result := store.result(run)) is not None]


def remeasure(runs: Iterable[Run], store: Store, *, jobs: int = 1) -> int:
    """Measures anew all runs whose weights are here, and gives their number: for measures that have changed.

    Nothing is trained. Raises `RuntimeError` at the end if any could not be measured, `ValueError` for jobs < 1 and if
    there are no weights of any.
    """
    jobs = whole_of("jobs", jobs, ">= 1")
    wanted: dict[Training, dict[Evaluation, None]] = {}
    for run in runs:
        if store.trained(run.training) is not None and store.weights(run.training).is_file():
            wanted.setdefault(run.training, {}).update(dict.fromkeys((*run.evaluations, *run.extras)))
    if not wanted:
        raise ValueError(
            f"no weights of these runs in {store.root}: only models that were trained here can be measured"
        )
    works = [Work(config, tuple(evaluations), train=False, anew=True) for config, evaluations in wanted.items()]
    if failures := _do(works, store, [], jobs, "cpu", Budget(math.inf)):
        raise RuntimeError(f"{len(failures)} of {len(works)} models could not be measured: " + "\n".join(failures))
    return len(works)


def which_data(config: Training) -> tuple[Any, ...]:
    """The settings that name the data. Which images they stand for depends on INTELVAE_DATA too."""
    return config.data, networks.IMAGE_SIZE.get(config.network), config.smoke_data, config.whole


def known_data(found: Iterable[Result]) -> dict[tuple[Any, ...], str]:
    """What the results say of their data, by the settings that name them."""
    return {which_data(r.training): r.trained.source for r in found}


def source(work: Work, store: Store, known: dict[tuple[Any, ...], str]) -> str:
    """The data that this work has to be of: its model's, if that is trained, else what is `known_data`."""
    there = None if work.train else store.trained(work.training)
    return there.source if there else known.get(which_data(work.training), "")


def _do(
    works: Sequence[Work], store: Store, found: Sequence[Result], jobs: int, device: str, budget: Budget
) -> list[str]:
    """Does all works for which there is time and stores what comes of them; why some failed, a line each."""
    known = known_data(found)
    if works:
        store.check_writable()
    threads = max(1, joblib.cpu_count() // jobs)
    local = isinstance(get_active_backend()[0], LokyBackend)
    at_start = {"initializer": lifeline.follow} if local else {}
    # what waits for a worker has been begun, so that with a budget none waits
    waiting = "2 * n_jobs" if math.isinf(budget.left()) else "n_jobs"
    failures = []
    with lifeline.held(), progress_of(works) as progress, Locks(store.root) as locks, warnings.catch_warnings():
        # joblib replaces a worker that has grown, as one does that reads a network of features, and warns of it
        warnings.filterwarnings("ignore", "A worker stopped while", UserWarning)
        queue = Queue(parts(works, device), store, locks, budget)
        while queue.more():
            outcomes = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch=waiting, **at_start)(
                joblib.delayed(attempt)(list(map(Outcome, part)), device, threads, store, source(part[0], store, known))
                for part in queue.begin()
            )
            try:
                for part in outcomes:
                    failures += kept(part, store, budget)
                    queue.ended([outcome.work for outcome in part])
                    progress.update(len(part))
            except TerminatedWorkerError:
                failures += [reason(work.training, KILLED) for work in queue.killed()]
    return failures


def kept(outcomes: Iterable[Outcome], store: Store, budget: Budget) -> list[str]:
    """Stores what came of one part, which the budget learns from; why some of it failed, a line each."""
    failures = []
    for outcome in outcomes:
        outcome.put(store)
        if outcome.failure:
            failures.append(outcome.failure)
        if outcome.trained is not None:
            budget.learn(outcome.work.training, outcome.seconds)
    return failures


def _do_at_once(
    works: Sequence[Work], store: Store, found: Sequence[Result], jobs: int, device: str, budget: Budget
) -> list[str]:
    """As `_do`, but this process trains, many models at once, and the workers measure them while it trains on."""
    known, failures = known_data(found), []
    if works:
        store.check_writable()
    threads = max(1, joblib.cpu_count() // jobs)
    measuring: dict[Future[list[Outcome]], Work] = {}

    def measure_meanwhile(work: Work) -> None:
        measuring[workers.submit(attempt, [Outcome(work)], device, threads, store, source(work, store, known))] = work

    with lifeline.held(), progress_of(works) as progress, Locks(store.root) as locks, Processes(jobs) as workers:
        queue = Queue([[work] for work in works if work.train], store, locks, budget)
        begun: dict[Training, Work] = {}

        def ready() -> Iterator[Training]:
            for (work,) in queue.begin():
                if not work.train:  # another sweep has meanwhile
                    measure_meanwhile(work)
                    queue.ended([work])
                    continue
                begun[work.training] = work
                try:
                    _check(work, device, source(work, store, known))
                except Exception as error:  # of this run: the others go on
                    failures.append(reason(work.training, error))
                    queue.ended([work])
                else:
                    yield work.training

        for work in works:
            if not work.train:
                measure_meanwhile(work)
        while queue.more():
            for config, found_ in train_concurrently(ready(), device, store=store):
                if isinstance(found_, Exception):
                    failures.append(reason(config, found_))
                else:
                    trained, model = found_
                    store.put_trained(trained, model)
                    budget.learn(config, trained.seconds * trained.together)
                    measure_meanwhile(Work(config, begun[config].wanted, train=False))
                queue.ended([begun[config]])
        for future in measuring:
            future.add_done_callback(lambda _: progress.update())
        wait(measuring, None if math.isinf(left := budget.left()) else left)
        again = []
        for future, work in measuring.items():
            future.cancel()  # what has not begun by now; it can be measured later
            try:
                outcomes = future.result()
            except CancelledError:
                continue
            except TerminatedWorkerError:
                again.append(work)
                continue
            for outcome in outcomes:
                outcome.put(store)
                if outcome.failure:
                    failures.append(outcome.failure)
    return failures + _do(again, store, found, jobs, device, budget)


def progress_of(works: Sequence[Work]) -> tqdm:
    """A bar on a terminal, nothing elsewhere."""
    return tqdm(total=len(works), unit="run", disable=not (works and sys.stderr.isatty()))
