"""What a run leaves: of its training, of each evaluation, and the folder that keeps both."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from safetensors.torch import save_model
from torch import Tensor, nn

import intelvae
from intelvae.data import files
from intelvae.paper import pictures
from intelvae.paper.config import SEMANTICS, Evaluation, Training
from intelvae.paper.rows import Row, Run
from intelvae.whole import whole

CHECKOUT = Path(intelvae.__file__).resolve().parents[1]
AGAIN = "move the folder away, and the same command trains that run anew"


@dataclass(frozen=True)
class Trained:
    """What one training left, and what it ran on. Written by `runs` alone.

    `curves` have an entry an epoch; `best_epoch` is the one whose weights were kept. `precision` is the one of
    `training.PRECISIONS` that the networks were trained in, `threads` the number of torch's threads meanwhile (0 where
    an older version did not say): with another number sums are added up in another order, and results differ as those
    of two machines do. `together` is the number of runs that were trained side by side as one, this one included;
    `seconds` the wall time, divided by that number. `source` says which data were there, where a config cannot tell
    (of CelebA, which part), and `examples` how many the model learned from.
    """

    training: Training
    curves: dict[str, list]
    best_epoch: int
    seconds: float
    device: str
    versions: dict[str, str]
    commit: str
    date: str
    precision: str = "float32"
    threads: int = 0
    together: int = 1
    source: str = ""
    examples: int = 0

    def to_json(self) -> str:
        """As JSON text, one line for each field; of the config only what is not at its default."""
        fields = {"key": self.training.key, "semantics": SEMANTICS, **_fields(self), "training": self.training.chosen}
        return _lines(fields)

    @classmethod
    def from_json(cls, text: str) -> Trained:
        """The inverse of `to_json`.

        Raises `ValueError`, one line, for text that is no such record, is of another version of the library, or whose
        key is not that of its config.
        """
        fields = _read(cls, text, "key", "semantics")
        key, semantics = fields.pop("key"), fields.pop("semantics")
        if semantics != SEMANTICS:
            raise ValueError(_of_another_version(f"semantics {semantics}, here they are {SEMANTICS}"))
        trained = _made(cls, fields | {"training": _made(Training, fields["training"])})
        if trained.training.key != key:
            raise ValueError(f"its config has the key {trained.training.key}, and it says {key}: somebody edited it")
        return trained


@dataclass(frozen=True)
class Measured:
    """What one evaluation of a trained model gave: metrics, and what is `kept` to be shown, images as bytes.

    `commit` is that of the code that measured, "unknown" outside a checkout.
    """

    evaluation: Evaluation
    metrics: dict[str, float]
    seconds: float
    commit: str
    date: str
    kept: Mapping[str, Tensor] = field(default_factory=dict, repr=False)

    def to_json(self) -> str:
        """As JSON text, one line for each field; of what is kept only the shapes of pictures and the names."""
        kept = {name: list(x.shape) if _is_picture(x) else "array" for name, x in self.kept.items()}
        return _lines(_fields(self) | {"evaluation": dataclasses.asdict(self.evaluation), "kept": kept})

    @classmethod
    def from_json(cls, text: str, folder: Path) -> Measured:
        """The inverse of `to_json`; what is kept is read from `folder` when it is looked at. Raises `ValueError`."""
        fields = _read(cls, text)
        evaluation = _made(Evaluation, fields["evaluation"])
        kept = _Kept(folder, evaluation.key, fields["kept"])
        return _made(cls, fields | {"evaluation": evaluation, "kept": kept})


class _Kept(Mapping[str, Tensor]):
    """What an evaluation kept, in files: images as pictures, all arrays in one file; read when they are looked at."""

    def __init__(self, folder: Path, key: str, kinds: Mapping[str, Any]) -> None:
        self.folder, self.key, self.kinds = folder, key, kinds

    def __len__(self) -> int:
        return len(self.kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __getitem__(self, name: str) -> Tensor:
        if (kind := self.kinds[name]) == "array":
            return safetensors.torch.load(gzip.decompress(_arrays(self.folder, self.key).read_bytes()))[name]
        (path,) = self.folder.glob(f"{self.key}.{name}.*g")  # png or jpg
        return pictures.load(path, kind)


def _arrays(folder: Path, key: str) -> Path:
    return folder / f"{key}.arrays.gz"


def _is_picture(x: Tensor) -> bool:
    return x.dtype == torch.uint8


def _fields(record: Any) -> dict[str, Any]:
    return {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}


def _lines(fields: dict[str, Any]) -> str:
    lines = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in fields.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _of_another_version(what: str) -> str:
    return f"it is of another version of intelvae ({what}): use that one, or another INTELVAE_RUNS"


def _read(kind: type, text: str, *more: str) -> dict[str, Any]:
    """The fields of a record of that kind; raises `ValueError`, one line, if these are not they."""
    names = {f.name for f in dataclasses.fields(kind)} | set(more)
    try:
        fields = json.loads(text)
        if unknown := fields.keys() - names:
            raise ValueError(_of_another_version(f"the field {min(unknown)!r}"))
        if missing := names - fields.keys():
            raise ValueError(f"it is no whole record (no {min(missing)!r}), so {AGAIN}")
    except (json.JSONDecodeError, AttributeError) as error:
        raise ValueError(f"it is no whole record ({type(error).__name__}: {error}), so {AGAIN}") from error
    return fields


def _made(kind: type, fields: Any) -> Any:
    """`kind(**fields)`, with one line for fields that do not make one."""
    try:
        if unknown := fields.keys() - {f.name for f in dataclasses.fields(kind)}:
            raise ValueError(_of_another_version(f"the field {min(unknown)!r}"))
        return kind(**fields)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"it is no whole record ({error}), so {AGAIN}") from error


class _Shown(dict[str, Tensor]):
    def __init__(self, training: Training, found: dict[str, Tensor]) -> None:
        super().__init__(found)
        self.training = training

    def __missing__(self, name: str) -> Tensor:
        raise ValueError(
            f"the results of {self.training} have no {name!r}: pictures are kept of the first seed that is asked for, "
            "and cannot be made of published results, whose weights are not here"
        )


@dataclass(frozen=True)
class Result:
    """What is there of a run: its training, and each evaluation that it asks for."""

    run: Run
    trained: Trained
    measured: Sequence[Measured]

    @property
    def row(self) -> Row:
        """The row that asks for it."""
        return self.run.row

    @property
    def training(self) -> Training:
        """The config of its training."""
        return self.run.training

    @property
    def seed(self) -> int:
        """The seed of its training."""
        return self.run.training.seed

    @property
    def curves(self) -> dict[str, list]:
        """What training saw, an entry an epoch."""
        return self.trained.curves

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics of all its evaluations."""
        return {name: value for each in self.measured for name, value in each.metrics.items()}

    @cached_property
    def kept(self) -> dict[str, Tensor]:
        """What its evaluations kept to be shown. Asked for what they did not, it raises `ValueError`, one line."""
        found = {name: value for each in self.measured for name, value in each.kept.items()}
        return _Shown(self.training, found)

    @property
    def seconds(self) -> float:
        """The wall time of its training and its evaluations."""
        return self.trained.seconds + sum(each.seconds for each in self.measured)

    @property
    def code(self) -> str:
        """The commit that trained the model, and the ones that measured it where they are others."""
        others = sorted({each.commit for each in self.measured} - {self.trained.commit})
        return self.trained.commit + (f" (measured at {', '.join(others)})" if others else "")


class Results(Sequence[Result]):
    """The results of an experiment at a profile, in the order of its runs; `asked` are these, also those not there."""

    def __init__(self, experiment: str, profile: str, asked: Sequence[Run], found: Sequence[Result]) -> None:
        self.experiment, self.profile, self.asked, self._found = experiment, profile, asked, list(found)

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, i: Any) -> Any:
        return self._found[i]

    def of(self, name: str | None = None, group: str | None = None, *, seed: int | None = None) -> list[Result]:
        """The results of the rows of that name and group (None: of any), and of that seed if one is given."""
        return [
            r for r in self._found
            if name in (None, r.row.name) and group in (None, r.row.group) and seed in (None, r.seed)
        ]  # fmt: skip

    def first(self, name: str | None = None, group: str | None = None) -> list[Result]:
        """As `of`, of the first seed that was asked for: the runs whose pictures are shown."""
        return self.of(name, group, seed=self.asked[0].training.seed if self.asked else None)

    @property
    def rows(self) -> list[Row]:
        """The rows that have a result, in their order."""
        return list(dict.fromkeys(r.row for r in self._found))

    def provenance(self) -> str:
        """The line under a figure or table: profile, seeds, data, versions and commits that it comes from.

        A second line names the runs that were asked for and are not there yet.
        """
        if not self._found:
            return f"profile {self.profile}; none of {len(self.asked)} runs has been run yet"
        seeds = sorted({r.seed for r in self})
        which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
        data = ", ".join(dict.fromkeys(r.training.data for r in self))
        torches = ", ".join(sorted({r.trained.versions["torch"] for r in self}))
        commits = ", ".join(sorted({r.code for r in self}))
        line = f"profile {self.profile}; {which}; {len(self)} runs; data: {data}; torch {torches}; commit {commits}"
        there = {r.run for r in self}
        missing = Counter(" ".join(filter(None, (r.row.name, r.row.group))) for r in self.asked if r not in there)
        if not missing:
            return line
        return f"{line}\nnot run yet: " + ", ".join(f"{count} of {name}" for name, count in missing.items())


class Store:
    """A folder of results: a folder a training, named by its key, with a file for each evaluation beside its own.

    The weights are there too (and not in git).

    >>> import tempfile
    >>> Store(tempfile.mkdtemp()).trained(Training("circle", "mlp", 2, "gaussian", 1)) is None
    True
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    def folder(self, training: Training) -> Path:
        """Where all that there is of a training is or would be."""
        return self.root / training.key

    def weights(self, training: Training) -> Path:
        """Where the trained weights are or would be."""
        return self.folder(training) / "weights.safetensors"

    def trained(self, training: Training) -> Trained | None:
        """What that training left, or None. Raises `ValueError`, one line, for a file that is not its record."""
        path = self.folder(training) / "training.json"
        if (found := _from(path, Trained.from_json)) and found.training != training:
            raise ValueError(f"{path} is the record of another training, {found.training}: give it its own name again")
        return found

    def measured(self, training: Training, evaluation: Evaluation) -> Measured | None:
        """What that evaluation of the model gave, or None. Raises as `trained` does."""
        folder = self.folder(training)
        return _from(folder / f"{evaluation.key}.json", lambda text: Measured.from_json(text, folder))

    def result(self, run: Run) -> Result | None:
        """The result of a run; None unless its training and all its evaluations are there, and such extras as can be."""
        trained = self.trained(run.training)
        if trained is None or self.lacking(run):
            return None
        found = [self.measured(run.training, each) for each in (*run.evaluations, *run.extras)]
        return Result(run, trained, [each for each in found if each is not None])

    def lacking(self, run: Run) -> list[Evaluation]:
        """The evaluations of a run that are not there, and of its extras those that can be measured here."""
        wanted = (*run.evaluations, *(run.extras if self.weights(run.training).is_file() else ()))
        return [each for each in wanted if self.measured(run.training, each) is None]

    def put_trained(self, trained: Trained, model: nn.Module) -> None:
        """Writes the weights of `model` and then its record, each so that a reader sees all of it or none.

        Raises `OSError`, one line, where the folder cannot be written.
        """
        self._write(self.weights(trained.training), lambda part: save_model(model, str(part)))
        path = self.folder(trained.training) / "training.json"
        self._write(path, lambda part: part.write_text(trained.to_json(), encoding="utf-8"))

    def put_measured(self, training: Training, measured: Measured) -> None:
        """Writes what an evaluation kept and then its metrics, as `put_trained` does."""
        folder, key = self.folder(training), measured.evaluation.key
        arrays = {name: x.contiguous() for name, x in measured.kept.items() if not _is_picture(x)}
        if arrays:
            packed = gzip.compress(safetensors.torch.save(arrays), mtime=0)
            self._write(_arrays(folder, key), lambda part: part.write_bytes(packed))
        for name, x in measured.kept.items():
            if _is_picture(x):
                self._write(
                    folder / f"{key}.{name}{pictures.suffix(x)}",
                    lambda part, x=x: pictures.save(x, part),  # type: ignore[misc]
                )
        path = folder / f"{key}.json"
        self._write(path, lambda part: part.write_text(measured.to_json(), encoding="utf-8"))

    def check_writable(self) -> None:
        """Raises `OSError`, one line, if nothing can be written here: better before a sweep than at its end."""
        self._write(self.root / "writable", lambda part: part.write_text("yes", encoding="utf-8"))
        (self.root / "writable").unlink(missing_ok=True)  # another process may have been here too

    def _write(self, path: Path, write: Callable[[Path], object]) -> None:
        try:
            with whole(path) as part:
                write(part)
        except (OSError, SafetensorError) as error:
            raise OSError(f"{path} cannot be written ({error}): make room, or set INTELVAE_RUNS") from error


def _from(path: Path, read: Callable[[str], Any]) -> Any:
    """What is in a file; None where there is none. Raises `ValueError`, one line that names it, if it is damaged."""
    if not path.is_file():
        return None
    try:
        return read(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


# Variables that tell torch's own code, oneDNN, MKL and OpenBLAS which of a processor's instructions to use.
ROUNDING = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "OPENBLAS_CORETYPE")


@cache
def edition() -> str:
    """Ten digits that name the library's source, Python, torch, and the way this processor is told to round."""
    told = [os.environ.get(name) for name in ROUNDING]
    digest = hashlib.sha256(json.dumps([platform.python_version(), torch.__version__, *told]).encode())
    for path in sorted(Path(intelvae.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def store_of(profile: str) -> Store:
    """Where a profile's results live: `data/results` of the checkout, for smoke `_build/results/EDITION`.

    Smoke results are for tests of the code that there is, and so are of its `edition`. Outside a checkout that is
    ~/.local/share/intelvae/results. The variable INTELVAE_RUNS names another folder for all (`files.of_variable`).
    """
    root = files.checkout()
    own = Path.home() / ".local" / "share" / "intelvae"
    default = (root / ("_build" if profile == "smoke" else "data") if root else own) / "results"
    if profile == "smoke":
        default /= edition()
    return Store(files.of_variable("INTELVAE_RUNS") or default)
