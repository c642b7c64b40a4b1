"""What there is for the command on this machine: versions, packages, devices and their precision, data, and room."""

from __future__ import annotations

import glob
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distributions, metadata, requires
from pathlib import Path

import joblib
import numpy as np
import torch
from packaging.requirements import Requirement

import intelvae
from intelvae import data, networks, training
from intelvae.data import DataError, places
from intelvae.devices import check_device
from intelvae.paper.store import store_of

NAME = "intelvae"


def findings() -> Iterator[tuple[str, str]]:
    """What is found, line by line: the topic, and one sentence that says what to do where something is missing.

    >>> [line for topic, line in findings() if topic == "versions"][0].split()[0]
    'intelvae'
    """
    versions = {"intelvae": intelvae.__version__, "Python": platform.python_version()}
    versions |= {"torch": torch.__version__, "numpy": np.__version__}
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    yield from (("packages", line) for line in _packages())
    for device in ("cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count())), *_mps()):
        yield "device", _of_device(device)
    for row in data.status():
        yield "data", f"{row.dataset}: {row.counts} in {row.where}" if row.found else row.counts
    for profile in ("smoke", "laptop"):
        yield "results", f"{profile}: {_said(_results, profile)}"
    yield "cache", _said(lambda: _room(places.cache("features"), places.CACHE_VARIABLE))


def _packages() -> Iterator[str]:
    try:
        extras = metadata(NAME).get_all("Provides-Extra") or []
    except PackageNotFoundError:
        yield f"{NAME} runs without being installed, and does not know what it needs"
    else:
        yield from (_of_extra(extra) for extra in extras if extra != "dev")  # which is all of the others


def _of_extra(extra: str) -> str:
    """Which packages of an extra are missing, or of another version than it needs; those of one within it left out."""
    wanted = [Requirement(line) for line in requires(NAME) or ()]
    its = [r for r in wanted if r.name != NAME and r.marker and r.marker.evaluate({"extra": extra})]
    missing = [
        f"{r.name}{r.specifier}" for r in its if not any(d.version in r.specifier for d in distributions(name=r.name))
    ]
    return f"{extra}: " + (f"lacks {', '.join(missing)}: pip install '{NAME}[{extra}]'" if missing else "all there")


def _mps() -> list[str]:
    return ["mps"] if torch.backends.mps.is_available() else []


def _of_device(device: str) -> str:
    """Its name, and the precision that the networks of the book train in there."""
    try:
        check_device(device)
    except ValueError as error:
        return str(error)
    cuda = device.startswith("cuda")
    name = torch.cuda.get_device_name(device) if cuda else f"{platform.machine()}, {joblib.cpu_count()} cores"
    of = {
        name: networks.create(name, shape, 2)[0].to(device) for name, shape in (("mlp", (2,)), ("mathieu", (1, 32, 32)))
    }
    small, large = (training.fastest(network) for network in of.values())
    return f"{device} ({name}): convolutions train in {large}, perceptrons in {small}; at smoke all in float64"


def _said(line: Callable[..., str], *of: str) -> str:
    """The line, or why there is no folder to tell of."""
    try:
        return line(*of)
    except DataError as error:
        return str(error)


def _results(profile: str) -> str:
    root = store_of(profile).root
    records = glob.glob("*/training.json", root_dir=root)  # none where nobody may look; `Path.glob` raises there
    return f"{len(records)} trainings in {_room(root, 'INTELVAE_RUNS')}"


def _room(folder: Path, variable: str) -> str:
    """A folder, or where it would be made, with the room on its disk."""
    there = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return f"{folder}, which cannot be written: set {variable} to another folder"
    return f"{folder}, {shutil.disk_usage(there).free / 1e9:,.0f} GB free"
