"""Results that travel: a store's folders in a zip archive, from a machine that is lent to the one that keeps them.

Weights travel in half precision, and only of models that are not measured to the end. A float16 keeps eleven bits of a
weight, and the record of such a model says that it has been rounded (`Trained.halved`).
"""

from __future__ import annotations

import dataclasses
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from intelvae.paper.config import Training
from intelvae.paper.results import Measured, Trained
from intelvae.paper.rows import Run
from intelvae.paper.store import Store
from intelvae.whole import whole

PART = 14 * 10**6  # bytes of an archive, at the most
_NAME = re.compile(r"[0-9a-f]{16}/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")  # a training's key and a file


def export(runs: Iterable[Run], store: Store, out: Path, part: int = PART) -> list[Path]:
    """Packs what `store` has of these runs into `out`, and into more parts beside it where that is over `part` bytes.

    Gives the archives, none where there is nothing. Weights go along for a run that lacks an evaluation. Raises
    `OSError` where an archive cannot be written.
    """
    found: dict[Training, Trained] = {}
    lacking: set[Training] = set()
    for run in runs:
        if (trained := store.trained(run.training)) is not None:
            found[run.training] = trained
            if store.lacking(run):
                lacking.add(run.training)
    parts: list[list[tuple[str, bytes]]] = [[]]
    size = 0
    for trained in found.values():
        folder = list(_files(store, trained, trained.training in lacking))
        more = sum(len(content) for _, content in folder)
        if size + more > part and parts[-1]:
            parts.append([])
            size = 0
        parts[-1] += folder
        size += more
    made = []
    for number, files in enumerate(parts if found else [], 1):
        path = out if number == 1 else out.with_stem(f"{out.stem}-{number}")
        with whole(path) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        made.append(path)
    return made


def _files(store: Store, trained: Trained, weights: bool) -> Iterator[tuple[str, bytes]]:
    """What is in a training's folder, the weights in half precision and only if they are wanted."""
    training = trained.training
    at, on_its_way = store.weights(training), store.checkpoint(training)
    for path in sorted(store.folder(training).iterdir()):
        if path == at:
            content = _halved(path) if weights else None
        elif path.name == "training.json":
            content = (
                dataclasses.replace(trained, halved=trained.halved or (weights and at.is_file()))
                .to_json()
                .encode("utf-8")
            )
        else:
            content = None if path == on_its_way or path.name.startswith(".") else path.read_bytes()
        if content is not None:
            yield f"{training.key}/{path.name}", content


def _halved(path: Path) -> bytes:
    def half(x: Tensor) -> Tensor:
        small = x.is_floating_point() and bool((x.abs() < torch.finfo(torch.float16).max).all())
        return x.half() if small else x

    return safetensors.torch.save({name: half(x) for name, x in safetensors.torch.load_file(path).items()})


@dataclass
class Merged:
    """What came of an archive: the number of trainings and evaluations that are new here, and the conflicts.

    A conflict is a training or an evaluation that is here already, and is another: what is here stays.
    """

    trainings: int = 0
    evaluations: int = 0
    conflicts: list[str] = field(default_factory=list)


def merge(path: Path, store: Store) -> Merged:
    """Puts the results of an archive of `export` into the store, each checked before it is; twice does nothing more.

    Raises `ValueError`, one line, for a file that is no such archive, and for a record that is damaged or of another
    version; `OSError` where the file cannot be read or the store cannot be written.
    """
    merged = Merged()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if not names or not all(_NAME.fullmatch(name) for name in names):
                    raise ValueError(f"{path} is no archive of results")
                archive.extractall(folder)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise ValueError(f"{path} is no archive of results, or is damaged: {error}") from error
        there = Store(folder)
        for key in dict.fromkeys(name.partition("/")[0] for name in names):
            try:
                record = (there.root / key / "training.json").read_text(encoding="utf-8")
                trained = Trained.from_json(record)
                if trained.training.key != key:
                    raise ValueError(f"it is the record of {trained.training.key}")
                _merge(there, trained, store, merged)
            except (ValueError, FileNotFoundError) as error:
                raise ValueError(f"{path}, {key}: {error}") from error
    return merged


def _merge(there: Store, trained: Trained, store: Store, merged: Merged) -> None:
    """Puts the results of one training into `store`."""
    training, weights = trained.training, there.weights(trained.training)
    own = store.trained(training)
    if own is not None and dataclasses.replace(own, halved=False) != dataclasses.replace(trained, halved=False):
        merged.conflicts.append(f"{training.key} ({training}): trained on {own.date} here, on {trained.date} there")
        return
    if own is None or (weights.is_file() and not store.weights(training).is_file()):
        store.adopt(trained, weights if weights.is_file() and _loads(weights) else None)
        merged.trainings += own is None
    for path in sorted(there.folder(training).glob("*.json")):
        if path.name == "training.json":
            continue
        measured = Measured.from_json(path.read_text(encoding="utf-8"), path.parent)
        if measured.of != training.key or f"{measured.evaluation.key}.json" != path.name or not measured.whole:
            raise ValueError(f"{path.name} is not whole, or not in its place")
        ours = store.measured(training, measured.evaluation)
        if ours is None:
            store.put_measured(training, measured)
            merged.evaluations += 1
        elif repr(ours.metrics) != repr(measured.metrics):  # a NaN is itself
            merged.conflicts.append(f"{training.key} ({training}): another {measured.evaluation.key} is here")


def _loads(weights: Path) -> bool:
    """True; raises `ValueError`, one line, for weights that cannot be read."""
    try:
        safetensors.torch.load_file(weights)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"its weights are damaged: {error}") from error
    return True
