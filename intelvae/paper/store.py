"""The folder that keeps what runs leave: a folder a training, with a file for each of its evaluations."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from safetensors.torch import save_model
from torch import nn

import intelvae
from intelvae.data import places
from intelvae.paper import pictures
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.results import Measured, Result, Trained, arrays_of, is_picture, picture_of
from intelvae.paper.rows import Run
from intelvae.whole import whole

CHECKOUT = Path(intelvae.__file__).resolve().parents[1]
VARIABLE = "INTELVAE_RUNS"


class Store:
    """A folder of results: a folder a training, named by its key, with a file for each evaluation beside its own.

    The weights are there too (and not in git), and while a model is in training its checkpoint: written every
    `checkpoint_every` epochs (None: never), and gone with the training's record.

    >>> import tempfile
    >>> Store(tempfile.mkdtemp()).trained(Training("circle", "mlp", 2, "gaussian", 1)) is None
    True
    """

    def __init__(self, root: Path | str, checkpoint_every: int | None = None) -> None:
        self.root, self.checkpoint_every = Path(root), checkpoint_every

    def folder(self, training: Training) -> Path:
        """Where all that there is of a training is or would be."""
        return self.root / training.key

    def weights(self, training: Training) -> Path:
        """Where the trained weights are or would be."""
        return self.folder(training) / "weights.safetensors"

    def checkpoint(self, training: Training) -> Path:
        """Where a training that is under way is or would be kept."""
        return self.folder(training) / "checkpoint.safetensors"

    def trained(self, training: Training) -> Trained | None:
        """What that training left, or None. Raises `ValueError`, one line, for a file that is not its record."""
        path = self.folder(training) / "training.json"
        if (found := _from(path, Trained.from_json)) and found.training != training:
            raise ValueError(f"{path} is the record of another training, {found.training}: give it its own name again")
        return found

    def measured(self, training: Training, evaluation: Evaluation) -> Measured | None:
        """What that evaluation gave; None unless it is there, with all that it kept. Raises as `trained` does."""
        folder = self.folder(training)
        path = folder / f"{evaluation.key}.json"
        found = _from(path, lambda text: Measured.from_json(text, folder))
        if found and (found.of, found.evaluation) != (training.key, evaluation):
            raise ValueError(
                f"{path} is the record of {found.evaluation.key} of {found.of}: give it its own place again"
            )
        return found if found and found.whole else None

    def evaluated(self, training: Training) -> bool:
        """Whether there is an evaluation of the model."""
        return any(path.name != "training.json" for path in self.folder(training).glob("*.json"))

    def result(self, run: Run) -> Result | None:
        """The result of a run, with those extras that are there; None unless its training and evaluations are."""
        trained = self.trained(run.training)
        if trained is None:
            return None
        found = {each: self.measured(run.training, each) for each in (*run.evaluations, *run.extras)}
        if any(found[each] is None for each in run.evaluations):
            return None
        return Result(run, trained, [each for each in found.values() if each is not None])

    def lacking(self, run: Run) -> list[Evaluation]:
        """The evaluations of a run that are not there, and of its extras those that can be measured here."""
        wanted = dict.fromkeys((*run.evaluations, *(run.extras if self.weights(run.training).is_file() else ())))
        return [each for each in wanted if self.measured(run.training, each) is None]

    def put_trained(self, trained: Trained, model: nn.Module) -> None:
        """Writes the weights of `model` and then its record, each so that a reader sees all of it or none.

        Raises `OSError`, one line, where the folder cannot be written.
        """
        self._write(self.weights(trained.training), lambda part: save_model(model, str(part)))
        self._put(trained.training, "training", trained)

    def adopt(self, trained: Trained, weights: Path | None) -> None:
        """`put_trained` for a training of another store, with the file of its weights if that is there."""
        if weights is not None:
            self._write(self.weights(trained.training), lambda part: part.write_bytes(weights.read_bytes()))
        self._put(trained.training, "training", trained)

    def put_measured(self, training: Training, measured: Measured) -> None:
        """Writes what an evaluation kept and then its metrics, as `put_trained` does."""
        folder, key = self.folder(training), measured.evaluation.key
        arrays = {name: x.contiguous() for name, x in measured.kept.items() if not is_picture(x)}
        if arrays:
            packed = gzip.compress(safetensors.torch.save(arrays), mtime=0)
            self._write(arrays_of(folder, key), lambda part: part.write_bytes(packed))
        for name, x in measured.kept.items():
            if is_picture(x):
                path = picture_of(folder, key, name, x.shape)
                self._write(path, lambda part, x=x: pictures.save(x, part))  # type: ignore[misc]
        self._put(training, key, measured)

    def check_writable(self) -> None:
        """Raises `OSError`, one line, if nothing can be written here: better before a sweep than at its end."""
        self._write(self.root / "writable", lambda part: part.write_text("yes", encoding="utf-8"))
        (self.root / "writable").unlink(missing_ok=True)  # another process may have been here too

    def _put(self, training: Training, name: str, record: Trained | Measured) -> None:
        """Writes a record; the training is done, so its checkpoint goes, whole or in parts."""
        self._write(
            self.folder(training) / f"{name}.json", lambda part: part.write_text(record.to_json(), encoding="utf-8")
        )
        with suppress(OSError):
            for path in self.folder(training).glob("*checkpoint.safetensors*"):
                path.unlink()

    def _write(self, path: Path, write: Callable[[Path], object]) -> None:
        try:
            with whole(path) as part:
                write(part)
        except (OSError, SafetensorError) as error:
            raise OSError(f"{path} cannot be written ({error}): make room, or set INTELVAE_RUNS") from error


def _from(path: Path, read: Callable[[str], Any]) -> Any:
    """What is in a file; None where there is none. Raises `ValueError`, one line that names it, if it is damaged."""
    if not path.exists():
        return None
    try:
        return read(path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, IsADirectoryError) as error:
        raise ValueError(f"{path}: {error}") from error


# Variables that tell torch's own code, oneDNN, MKL and OpenBLAS which of a processor's instructions to use.
ROUNDING = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "OPENBLAS_CORETYPE")


@cache
def source() -> str:
    """Ten digits that name the library's source."""
    digest = hashlib.sha256()
    for path in sorted(Path(intelvae.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


@cache
def edition() -> str:
    """Ten digits that name the library's source, Python, torch, and the way this processor is told to round."""
    told = [os.environ.get(name) for name in ROUNDING]
    text = json.dumps([source(), platform.python_version(), torch.__version__, *told])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def store_of(profile: str, checkpoint_every: int | None = None) -> Store:
    """Where a profile's results live: `data/results` of the checkout, for smoke `_build/results/EDITION`.

    Smoke results are for tests of the code that there is, and so are of its `edition`. Outside a checkout that is
    ~/.local/share/intelvae/results. The variable INTELVAE_RUNS names another folder for all (`places.of_variable`).
    Raises `DataError`, one line, where a home directory is needed and not known.
    """
    if chosen := places.of_variable(VARIABLE):
        return Store(chosen, checkpoint_every)
    smoke, root = profile == "smoke", places.checkout()
    if root:
        own = root / ("_build" if smoke else "data") / "results"
    else:
        own = places.expanded("~/.local/share/intelvae/results", VARIABLE)
    return Store(own / edition() if smoke else own, checkpoint_every)
