"""The workers of a cluster: which there are, which code and data they have, and so what they can do."""

from __future__ import annotations

import pickle
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import intelvae
from intelvae.data import DataError
from intelvae.devices import check_device
from intelvae.metrics import features
from intelvae.paper import datasets, sweeps
from intelvae.paper.config import SEMANTICS, Training
from intelvae.paper.store import source
from intelvae.paper.works import Work

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 60.0  # seconds that a cluster may be without workers
PAUSE = 2.0  # seconds between two looks at which workers there are
SAME = ("python", "distributed", "torch")  # in one version everywhere, but for torch, which the scheduler lacks

Known = dict[tuple[Any, ...], str]  # what is known of data, by `sweeps.which_data`
Need = tuple[Any, ...]  # `sweeps.which_data`, and a network of features or ""


class OtherCode(ValueError):
    """A worker has other code than the client."""


def resources(device: str) -> dict[str, int]:
    """What a worker has to announce to be given a run on that device."""
    return {} if device == "cpu" else {"GPU": 1}


def _there(client: Client) -> tuple[str, dict[str, dict[str, Any]]]:
    """The scheduler's address, and what it knows of its workers, by theirs."""
    scheduler: Any = client.scheduler
    try:  # client.scheduler_info() would not do: another thread of the client overwrites what it gives
        found = client.sync(scheduler.identity)
    except (OSError, AttributeError) as error:  # the latter when the client has closed
        raise CancelledError from error
    return found["address"], found["workers"]


def fit(client: Client, device: str) -> list[str]:
    """The addresses of workers for runs on `device`. Raises `ValueError` if there are none for `PATIENCE` seconds."""
    end, told = time.monotonic() + PATIENCE, False
    while not (found := _there(client))[1]:
        if time.monotonic() > end:
            raise ValueError(
                f"no workers at {found[0]}: start some with `dask worker {found[0]} --nthreads 1`, and call this again"
            )
        if not told:
            print(f"intelvae: no workers at {found[0]}, waiting {PATIENCE:.0f} s for one", file=sys.stderr)
            told = True
        time.sleep(PAUSE)
    at, there = found
    fit = [name for name, each in there.items() if resources(device).items() <= each["resources"].items()]
    if not fit:
        raise ValueError(
            f"none of the {len(there)} workers at {at} announces a GPU, as --device {device} needs: start them with "
            "`dask worker --resources GPU=1`"
        )
    return fit


def submit(client: Client, call: Callable[[], Any], **where: Any) -> Future:
    """The future of a call on a worker. The scheduler sees bytes only, and so does without this library."""
    key = f"intelvae-{uuid.uuid4().hex}"
    return client.submit(lambda task: pickle.loads(task)(), pickle.dumps(call), key=key, pure=False, **where)


def _on_each(client: Client, workers: Iterable[str], call: Callable[[], Any]) -> dict[str, Any]:
    """What a call gives, or the error that it raises, on each of these workers, without those that are lost."""
    futures = {name: submit(client, call, workers=[name], priority=1) for name in workers}
    while pending := [future for future in futures.values() if not future.done()]:
        wait_for(pending)
        there = _there(client)[1]
        futures = {name: future for name, future in futures.items() if name in there or future.done()}
    return {name: future.exception() or future.result() for name, future in futures.items()}


def wait_for(futures: Iterable[Future]) -> None:
    """Until one of the futures is done, or for a moment."""
    from distributed import wait

    with suppress(TimeoutError):
        wait(list(futures), timeout=PAUSE, return_when="FIRST_COMPLETED")


def code() -> str:
    """What the code of this process is, in words."""
    return f"intelvae {intelvae.__version__}, semantics {SEMANTICS}, source {source()}"


def same_code(wanted: str) -> None:
    """On a worker. Raises `OtherCode`, one line, if its code is not the one that is wanted."""
    if code() != wanted:
        raise OtherCode(f"other code on {socket.gethostname()} ({code()}) than here ({wanted}): install the same there")


def check_code(client: Client, workers: Sequence[str]) -> None:
    """Raises `ValueError`, one line, for a worker that has other versions or other code than this process."""
    found: Any = client.get_versions(packages=["torch"])
    here = _versions(found["client"])
    asked = {"the scheduler": found["scheduler"]} | {
        f"the worker {name}": found["workers"].get(name) for name in workers
    }
    for name, there in asked.items():
        versions = _versions(there) if there else here  # or the worker has just been lost
        for package in SAME[:2] if name == "the scheduler" else SAME:
            if versions[package] != here[package]:
                raise ValueError(
                    f"{name} has {package} {versions[package]}, and here it is {here[package]}: install the same there"
                )
    for name, error in _on_each(client, workers, partial(same_code, code())).items():
        if isinstance(error, ImportError | AttributeError):
            raise ValueError(f"the worker {name} has no intelvae, or an older one ({error}): install the same there")
        if error is not None:
            raise ValueError(f"the worker {name}: {error}")


def _versions(of: dict[str, Any]) -> dict[str, str | None]:
    """Those that have to be the same: of Python two numbers, of torch not what it was built for."""
    found = {package: of["packages"].get(package) for package in SAME}
    found["python"] = ".".join((found["python"] or "").split(".")[:2])
    found["torch"] = found["torch"] and found["torch"].partition("+")[0]
    return found


def _needs(work: Work) -> dict[Need, Training]:
    """What has to be on a worker: data, and networks of features for some; each with a training that names the data."""
    data = sweeps.which_data(work.training)
    return {(*data, name): work.training for name in ("", *(each.features for each in work.wanted))}


def _has(needs: dict[Need, Training], device: str) -> dict[Need, str | DataError]:
    """On a worker: which data are here of all that is needed, or the error that says what to do about it."""
    check_device(device)
    found: dict[Need, str | DataError] = {}
    for need, training in needs.items():
        try:
            found[need] = datasets.of(training).source
            if need[-1]:
                features.ready(features.of_data(need[-1], training.data), device)
        except DataError as error:
            found[need] = DataError(f"on {socket.gethostname()}: {error}")
        except ValueError:  # of that run, which will say so
            found[need] = ""
    return found


def able(
    client: Client, workers: Sequence[str], works: Sequence[Work], device: str, known: Known
) -> tuple[list[Work], list[str]]:
    """The works for which there are data, and why others cannot be done; `known` learns which data there are.

    Raises `ValueError`, one line, if some workers lack what others have, have others, or all lack all; or the device.
    """
    needs: dict[Need, Training] = {}
    for work in works:
        needs = _needs(work) | needs
    has = _on_each(client, workers, partial(_has, needs, device))
    for name, error in has.items():
        if isinstance(error, Exception):
            raise ValueError(f"the worker {name}: {error}")
    lacking: dict[Need, DataError] = {}
    for need in needs:
        found = {name: there[need] for name, there in has.items()}
        errors = {name: error for name, error in found.items() if isinstance(error, DataError)}
        if errors and len(errors) < len(found):
            name, error = next(iter(errors.items()))
            raise ValueError(f"the worker {name} lacks data that others have: {error}")
        if errors:
            lacking[need] = next(iter(errors.values()))
        elif len(set(found.values())) > 1:
            told = ", ".join(f"{name} has {data}" for name, data in found.items())
            raise ValueError(f"workers have different data, and nothing compares what they give: {told}")
        elif found:
            known.setdefault(need[:-1], str(next(iter(found.values()))))
    doable, failures = [], []
    for work in works:
        if lacks := [lacking[need] for need in _needs(work) if need in lacking]:
            failures.append(sweeps.reason(work.training, lacks[0]))
        else:
            doable.append(work)
    if not doable and lacking:
        raise ValueError(next(iter(lacking.values())))
    return doable, failures
