"""What a run leaves: of its training, of each evaluation, and of all runs of an experiment."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from intelvae.paper import pictures, records
from intelvae.paper.config import MEASURES, SEMANTICS, Evaluation, Training
from intelvae.paper.rows import Row, Run

NAME = re.compile(r"[A-Za-z0-9_-]+")  # of a picture that is kept, which is part of its file's
NAMED = 4  # rows at most whose missing runs a line of provenance names


@dataclass(frozen=True)
class Trained(records.Record):
    """What one training left, and what it ran on. Written by `runs` alone.

    `curves` have an entry an epoch; `best_epoch` is the one whose weights were kept. `precision` is the one of
    `training.PRECISIONS` that the networks were trained in, `threads` the number of torch's threads meanwhile (0 where
    an older version did not say): with another number sums are added up in another order, and results differ as those
    of two machines do. `together` is the number of runs that were trained side by side as one, this one included;
    `seconds` the wall time, divided by that number, and of one that went on from a checkpoint the sum of what led to
    its weights. `source` says which data were there, where a config cannot tell (of CelebA, which part), and `examples`
    how many the model learned from. `halved`: its weights have travelled in half precision (`bundle`), and what was
    measured here was measured of these.
    """

    REMEDY: ClassVar[str] = "move its folder away, and the same command trains that run anew"

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
    halved: bool = False

    def to_json(self) -> str:
        """As JSON text, one line for each field, without what is at its default."""
        more = {"key": self.training.key, "semantics": SEMANTICS}
        return records.lines({**more, **records.fields(self), "training": self.training.chosen})

    @classmethod
    def from_json(cls, text: str) -> Trained:
        """The inverse of `to_json`.

        Raises `ValueError`, one line, for text that is no such record, is of another version of the library, or whose
        key is not that of its config.
        """
        fields = records.read(cls, text, "key", "semantics")
        key, semantics = fields.pop("key"), fields.pop("semantics")
        if semantics != SEMANTICS:
            raise ValueError(records.of_another_version(f"semantics {semantics}, here they are {SEMANTICS}"))
        records.check(cls, "curves", fields["curves"], list)
        records.check(cls, "versions", fields["versions"], str)
        if "torch" not in fields["versions"]:
            raise records.not_whole(cls, "no version of torch")
        trained = records.made(cls, cls, fields | {"training": records.made(cls, Training, fields["training"])})
        if trained.training.key != key:
            raise ValueError(f"its config has the key {trained.training.key}, and it says {key}: somebody edited it")
        return trained


@dataclass(frozen=True)
class Measured(records.Record):
    """What one evaluation of a trained model gave: metrics, and what is `kept` to be shown, images as bytes.

    `of` is the key of the model's training; `commit` that of the code that measured, "unknown" outside a checkout.
    """

    REMEDY: ClassVar[str] = "move it away, and the same command measures the model anew, where its weights are here"

    of: str
    evaluation: Evaluation
    metrics: dict[str, float]
    seconds: float
    commit: str
    date: str
    kept: Mapping[str, Tensor] = field(default_factory=dict, repr=False)

    def to_json(self) -> str:
        """As JSON text, as of `Trained`; of what is kept only the shapes of pictures and the names."""
        kept = {name: list(x.shape) if is_picture(x) else "array" for name, x in self.kept.items()}
        evaluation = records.fields(self.evaluation)
        if (semantics := MEASURES[self.evaluation.name]) > 1:  # the first semantics stay out
            evaluation["semantics"] = semantics
        return records.lines(records.fields(self) | {"evaluation": evaluation} | ({"kept": kept} if kept else {}))

    @classmethod
    def from_json(cls, text: str, folder: Path) -> Measured:
        """The inverse of `to_json`; what is kept is read from `folder` when it is looked at.

        Raises `ValueError`, one line, for text that is no such record, or of other semantics.
        """
        fields = records.read(cls, text)
        records.check(cls, "metrics", fields["metrics"], int | float)
        records.check(cls, "kept", fields.setdefault("kept", {}), str | list)
        if strange := [n for n, kind in fields["kept"].items() if kind != "array" and not NAME.fullmatch(n)]:
            raise records.not_whole(cls, f"{strange[0]!r} is no name of a file")
        records.check(cls, "evaluation", fields["evaluation"], str | int)
        semantics = fields["evaluation"].pop("semantics", 1)
        evaluation = records.made(cls, Evaluation, fields["evaluation"])
        if semantics != MEASURES[evaluation.name]:
            here = f"semantics {semantics} of {evaluation.name!r}, here they are {MEASURES[evaluation.name]}"
            raise ValueError(f"it is of another version of intelvae ({here}): measure it anew with intelvae remeasure")
        kept = _Kept(folder, evaluation.key, fields["kept"])
        return records.made(cls, cls, fields | {"evaluation": evaluation, "kept": kept})

    @property
    def whole(self) -> bool:
        """Whether all that was kept is there."""
        return not isinstance(self.kept, _Kept) or all(self.kept.file(name).is_file() for name in self.kept)


class _Kept(Mapping[str, Tensor]):
    """What an evaluation kept, in files: images as pictures, all arrays in one file; read when they are looked at."""

    def __init__(self, folder: Path, key: str, kinds: Mapping[str, Any]) -> None:
        self.folder, self.key, self.kinds = folder, key, kinds

    def __len__(self) -> int:
        return len(self.kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def file(self, name: str) -> Path:
        """Where what has that name is."""
        kind = self.kinds[name]
        return arrays_of(self.folder, self.key) if kind == "array" else picture_of(self.folder, self.key, name, kind)

    def __getitem__(self, name: str) -> Tensor:
        path, kind = self.file(name), self.kinds[name]
        try:
            if kind == "array":
                return safetensors.torch.load(gzip.decompress(path.read_bytes()))[name]
            return pictures.load(path, kind)
        except (OSError, EOFError, zlib.error, SafetensorError, KeyError, ValueError) as error:
            what = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise ValueError(
                f"{path} is damaged ({what}): move {self.key}.json beside it away, and the same command measures the "
                "model anew, where its weights are here"
            ) from error


def arrays_of(folder: Path, key: str) -> Path:
    """The file of all arrays that an evaluation kept."""
    return folder / f"{key}.arrays.gz"


def picture_of(folder: Path, key: str, name: str, shape: Sequence[int]) -> Path:
    """The file of images (*shape) that an evaluation kept under that name."""
    return folder / f"{key}.{name}{pictures.suffix(shape)}"


def is_picture(x: Tensor) -> bool:
    """Whether what is kept are images, which are bytes."""
    return x.dtype == torch.uint8


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
        """The metrics of all its evaluations; those of a second opinion on samples begin with its features' name."""
        found: dict[str, float] = {}
        for each in self.measured:
            second = each.evaluation.features not in ("", self.run.features)
            found |= {f"{each.evaluation.features}_" * second + name: value for name, value in each.metrics.items()}
        return found

    @cached_property
    def kept(self) -> dict[str, Tensor]:
        """What its evaluations kept to be shown. Asked for what they did not, it raises `ValueError`, one line."""
        found = {name: value for each in self.measured for name, value in each.kept.items()}
        return _Shown(self.training, found)

    @property
    def seen(self) -> dict[str, Any]:
        """What a reader sees of it: the key of its training, its curves and best epoch, and all metrics."""
        return {
            "key": self.training.key,
            "curves": self.curves,
            "best_epoch": self.trained.best_epoch,
            "metrics": {each.evaluation.key: each.metrics for each in self.measured},
        }

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

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that name what a reader sees of the runs, in whatever order: the same anywhere.

        These are each training's key, its curves and best epoch, and the metrics of its evaluations; not when, on what
        and how long it ran, nor the pictures that were kept.
        """
        seen = sorted(json.dumps(r.seen, sort_keys=True) for r in self)
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:8]

    def provenance(self) -> str:
        """The line under a figure or table: experiment, profile, seeds, data, versions, commits and records (`digest`).

        A second line says which runs were asked for and are not there yet, by row where these are few.
        """
        where = f"experiment {self.experiment}; profile {self.profile}"
        if not self._found:
            return f"{where}; none of {len(self.asked)} runs has been run yet"
        seeds = sorted({r.seed for r in self})
        which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
        data = ", ".join(dict.fromkeys(r.training.data for r in self))
        torches = ", ".join(sorted({r.trained.versions["torch"] for r in self}))
        commits = ", ".join(sorted({r.code for r in self}))
        code = f"torch {torches}; commit {commits}; records {self.digest}"
        line = f"{where}; {which}; {len(self)} runs; data: {data}; {code}"
        there = {r.run for r in self}
        missing = Counter(r.row for r in self.asked if r not in there)
        if not missing:
            return line
        if len(missing) > NAMED:
            return f"{line}\nnot run yet: {missing.total()} of {len(self.asked)} runs, of {len(missing)} rows"
        names = {row: f"{row.name} ({row.group})" if row.group else row.name for row in missing}
        return f"{line}\nnot run yet: " + "; ".join(f"{count} of {names[row]}" for row, count in missing.items())
