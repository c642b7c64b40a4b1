"""Sweeps on a cluster: what is missing goes to the workers of a dask scheduler, and what comes of it comes back.

No shared file system is needed. Before anything is trained, each worker is asked which code and which data it has. A
worker that is lost loses what it was doing, and the scheduler gives that to another one.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING

from intelvae.paper import sweeps, workers
from intelvae.paper.budget import Budget
from intelvae.paper.locks import Locks
from intelvae.paper.results import Result
from intelvae.paper.rows import Run
from intelvae.paper.runs import AT_ONCE, commit
from intelvae.paper.store import Store
from intelvae.paper.sweeps import Outcome
from intelvae.paper.works import Queue, Work, missing, parts

if TYPE_CHECKING:
    from distributed import Client, Future

ANSWER = 8.0  # seconds that a scheduler may take to answer
AHEAD = 2  # parts that a worker is given: the one that it does, and the next


def sweep(
    runs: Iterable[Run], store: Store, address: str, *, device: str = "cpu", budget: float | None = None
) -> list[Result]:
    """`sweeps.sweep` on the workers of the dask scheduler at `address`, whose results this process stores.

    For another `device` than "cpu" only workers that announce a resource GPU are given runs, many at once. A run takes
    as many threads as torch has in its worker, a small model one. Raises `ValueError`, one line, for a store that keeps
    checkpoints, where no scheduler answers or no workers come, and before anything is trained where one of them has
    other code, other data, or lacks what others have; `RuntimeError` where the scheduler is lost; `TrainingError` as
    `sweeps.sweep`.
    """
    if store.checkpoint_every is not None:
        raise ValueError("no checkpoints on a cluster, whose workers share no folder: leave --checkpoint-every out")
    runs = list(runs)
    failures: list[str] = []
    if works := missing(runs, store):
        store.check_writable()
        known = sweeps.known_data(result for run in runs if (result := store.result(run)) is not None)
        with _connected(address) as client:
            names = workers.fit(client, device)
            workers.check_code(client, names)
            able, failures = workers.able(client, names, works, device, known)
            failures += _do(client, able, store, known, device, Budget(math.inf if budget is None else budget))
    return sweeps.ended(runs, store, failures)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of the scheduler at `address`. Raises `ValueError` if none answers, `RuntimeError` if it is lost."""
    try:
        from distributed import Client  # an optional extra, and slow to import
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise ValueError("--dask needs the package distributed: pip install -e '.[dask]'") from error
    with _quiet():
        try:
            client = Client(address, timeout=ANSWER)
        except Exception as error:  # what something else answers there may be taken for anything
            raise ValueError(
                f"no dask scheduler answers at {address}: start one with `dask scheduler`, and take the address that "
                "it prints"
            ) from error
        try:
            yield client
        except (CancelledError, asyncio.CancelledError, CommClosedError) as error:
            raise RuntimeError(
                f"the scheduler at {address} is lost: finished runs are kept, and the same command goes on from there"
            ) from error
        finally:
            client.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without dask's messages, which are 83 lines for a lost scheduler: what matters is raised, in one."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _attempt(outcomes: list[Outcome], device: str, known: str, wanted: str, commit: str) -> list[Outcome]:
    """On a worker: `sweeps.attempt`, by the code that is wanted, which is that of `commit`."""
    workers.same_code(wanted)  # the worker may have joined later
    os.environ["INTELVAE_COMMIT"] = commit  # for `runs.commit`, where there is no checkout
    done = sweeps.attempt(outcomes, device, None, None, known)
    for outcome in done:
        if outcome.trained is None:
            outcome.model = None  # the client has it
        elif outcome.model is not None:
            outcome.model.cpu()  # the client may have no GPU
    return done


def _do(
    client: Client, works: Sequence[Work], store: Store, known: workers.Known, device: str, budget: Budget
) -> list[str]:
    """Does all works for which there is time, and stores what comes of them; why some failed, a line each."""
    failures: list[str] = []
    ahead = AHEAD if math.isinf(budget.left()) else 1
    at_work: dict[Future, list[Work]] = {}
    with sweeps.progress_of(works) as progress, Locks(store.root) as locks:
        queue = Queue(parts_for(works, device, len(workers.fit(client, device))), store, locks, budget)
        code, at = workers.code(), commit()  # once: git, which is asked for the latter, takes longer than all the rest
        stopped = False
        while at_work or (not stopped and queue.more()):
            room = 0 if stopped else ahead * len(workers.fit(client, device)) - len(at_work)
            for part in islice(queue.begin(), max(0, room)):
                try:
                    outcomes = _loaded(part, store)
                except Exception as error:  # of this part: the others go on
                    failures += [sweeps.reason(work.training, error) for work in part]
                    queue.ended(part)
                    continue
                call = partial(_attempt, outcomes, device, sweeps.source(part[0], store, known), code, at)
                at_work[workers.submit(client, call, resources=workers.resources(device))] = part
            if at_work:
                workers.wait_for(at_work)
            for future in [future for future in at_work if future.done()]:
                part = at_work.pop(future)
                if failure := future.exception():
                    failures += [sweeps.reason(work.training, failure) for work in part]
                    # of a worker that has joined later, which would fail all that is left
                    stopped |= isinstance(failure, workers.OtherCode | ImportError | AttributeError)
                else:
                    failures += sweeps.kept(future.result(), store, budget)
                queue.ended(part)
                progress.update(len(part))
    return failures


def parts_for(works: Sequence[Work], device: str, count: int) -> list[list[Work]]:
    """The works in parts for `count` workers, as `works.parts` makes them for a CPU.

    A GPU trains `AT_ONCE` runs of the same data at a time, or fewer, so that every one has some.
    """
    if device == "cpu":
        return parts(works, device)
    size = max(1, min(AT_ONCE, len(works) // count))
    found = []
    for (_, to_train), group in groupby(works, lambda work: (sweeps.which_data(work.training), work.train)):
        while part := list(islice(group, size if to_train else 1)):
            found.append(part)
    return found


def _loaded(part: Sequence[Work], store: Store) -> list[Outcome]:
    """What a worker is given for a part, with models that are trained already. Raises what `Outcome.load` does."""
    outcomes = list(map(Outcome, part))
    for outcome in outcomes:
        if not outcome.work.train:
            outcome.load(store)
    return outcomes
