"""Config and record: what names a run, what it leaves behind, and the folder of records."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save_model
from torch import nn

import intelvae
from intelvae import checks, regularizers
from intelvae.data import files
from intelvae.metrics.features import STAND_IN
from intelvae.paper import authors
from intelvae.whole import whole

# Part of every key, so that records of older code are not found any more: raised with the first release after a change
# that alters results. Between releases the commit that makes such a change removes the records that it touches.
SEMANTICS = 1
CHECKOUT = Path(intelvae.__file__).resolve().parents[1]

AGAIN = "move the file away, and the same command trains that run anew"

BLOCKS = 5  # into which the measure "levels" cuts a code without levels, to set it beside the five of Figure B.2

Options = Mapping[str, Any] | tuple | list  # a dict, or its items as pairs, which is what JSON gives back


def _frozen(value: Any) -> Any:
    """Mappings become sorted tuples of pairs, lists tuples and NumPy's numbers Python's: to be hashed, and be JSON."""
    if isinstance(value, Mapping):
        return tuple(sorted((k, _frozen(v)) for k, v in value.items()))
    if isinstance(value, np.generic):
        return value.item()
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class RunConfig:
    """All that decides a run's result, one training of one model on one data set under one seed.

    `data` is a name of `tasks.create`; `mapping` one of `mappings.NAMES`; `prior` one of "normal", "mog" (options
    `components`, `radius`, `scale`), "vamp" (`components`; `blend`, of how many examples a pseudo-input starts as the
    mean, 1 by default) and "sparse" (`weight`, `scale`); `posterior` "gaussian" or "sylvester" (options of
    `flows.SylvesterEncoder`); `network` and `likelihood` names of their modules. `model` is "vae", with all of these,
    "gm-vae" (options of `gmvae.Components`, and `free_nats`) or "vsc" (options of `vsc.create`, with `pseudo_inputs`,
    their number, in the place of `start`); the last two have their own prior and posterior and no mapping.
    Options may be given as dicts. Everything else is a setting of `training.fit`. `smoke_data` uses the embedded
    samples only; `whole` (celeba), `binary`, `split`, `repeats` (mnist-01), `features` and `measures` (mnist,
    fashion-mnist) are those of `tasks.create`.

    What repeats the authors' code is in `authors`, and off unless asked for: of cluster mappings the option `forgets`;
    of "mog" and "vamp" `legacy`, names of options of `authors.Legacy`; of "vamp" `free`; of "sylvester" the names of
    `authors.FLOWS`; of "vsc" `dense_samples`; the `penalty` "gates-raw" and the `split` "code".

    Equal numbers give equal configs, be they 1, 1.0 or NumPy's. Raises `ValueError` for numbers out of their range
    (`checks.RANGES`), for an unknown prior, posterior, model, penalty or split, for ones that do not go together, for
    options of one that takes none, and for the measure "levels" of a model that has none; the other names are checked
    before training starts. `precision` is None but where precisions are compared and where results must not depend on
    the machine's rounding: then a run takes the fastest that the machine has (`training.fastest`), and the record says
    which.
    """

    data: str
    network: str
    latent_dim: int
    likelihood: str
    epochs: int
    seed: int = 0
    mapping: str = "identity"
    mapping_options: Options = ()
    prior: str = "normal"
    prior_options: Options = ()
    likelihood_options: Options = ()
    posterior: str = "gaussian"
    posterior_options: Options = ()
    model: str = "vae"
    model_options: Options = ()
    batch_size: int = 100
    lr: float = 1e-3
    beta: float = 1.0
    warmup: int = 0
    gamma: float = 0.0
    penalty: str = "gates"
    alpha: float = 0.0
    clip: float | None = None
    patience: int | None = None
    steps_per_epoch: int | None = None
    precision: str | None = None
    binary: bool = False
    split: str = "paper"
    smoke_data: bool = False
    whole: bool = False
    repeats: Sequence[int] = (1, 1)
    features: str = STAND_IN
    measures: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in [f.name for f in dataclasses.fields(self) if f.name.endswith("_options")]:
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        for name in ("repeats", "measures"):
            object.__setattr__(self, name, _frozen(tuple(getattr(self, name))))
        for f in dataclasses.fields(self):
            value, kind = getattr(self, f.name), _NUMBERS.get(str(f.type))
            if kind and (value is not None or f.name not in checks.OPTIONAL):
                checks.check_settings(**{f.name: value})
                object.__setattr__(self, f.name, kind(value))
        choices = {"prior": PRIORS, "posterior": POSTERIORS, "model": MODELS, "split": tuple(authors.SPLITS)}
        choices["penalty"] = (*regularizers.PENALTIES, *authors.PENALTIES)
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        for name, plain in (("prior", "normal"), ("posterior", "gaussian"), ("model", "vae")):
            if getattr(self, name) == plain and getattr(self, f"{name}_options"):
                raise ValueError(f"the {name} {plain!r} takes no options: {dict(getattr(self, f'{name}_options'))}")
        if self.posterior == "sylvester" and self.prior == "vamp":
            raise ValueError(
                "a Vamp prior needs the posterior's density everywhere, a Sylvester flow knows it at samples"
            )
        if self.model != "vae" and (self.mapping, self.prior, self.posterior) != ("identity", "normal", "gaussian"):
            raise ValueError(f"the model {self.model!r} takes no mapping, and no other prior or posterior than its own")
        if "levels" in self.measures:
            if (self.prior, self.posterior, self.model) != ("normal", "gaussian", "vae"):
                raise ValueError("the measure 'levels' needs the prior N(0, I) and a Gaussian posterior")
            if self.mapping != "hierarchy" and self.latent_dim % BLOCKS:
                raise ValueError(
                    f"the measure 'levels': {self.latent_dim} latent dimensions without a hierarchy cannot be cut into "
                    f"{BLOCKS} blocks of equal width"
                )

    @property
    def method(self) -> str:
        """The name the paper's tables use for this model."""
        if self.model != "vae":
            return {"gm-vae": "GM-VAE", "vsc": "Sparse-VAE"}[self.model]
        by_prior = {"normal": "VAE", "mog": "MoG-VAE", "vamp": "Vamp-VAE", "sparse": "VAE, sparse prior"}
        if self.prior == "sparse" and self.alpha:
            by_prior["sparse"] = "DD"
        elif "weight" in dict(self.prior_options):
            by_prior["sparse"] += f", w = {dict(self.prior_options)['weight']:g}"
        name = by_prior[self.prior] if self.mapping == "identity" else "InteL-VAE"
        if self.gamma and self.mapping == "identity":
            name += {"codes": " + L_sp", "l1": " + L1"}.get(self.penalty, "")
        return f"{name} + Sylvester" if self.posterior == "sylvester" else name

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits that name the config and the semantics of training.

        Settings at their default stay out of it, so a setting that is added later leaves older records findable.
        """
        defaults = {f.name: f.default for f in dataclasses.fields(self)}
        chosen = {name: value for name, value in dataclasses.asdict(self).items() if value != defaults[name]}
        text = json.dumps({"semantics": SEMANTICS, **chosen}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.method} on {self.data} ({self.network}, {self.likelihood}, seed {self.seed})"


_NUMBERS = {"int": int, "int | None": int, "float": float, "float | None": float}
PRIORS = ("normal", "mog", "vamp", "sparse")
POSTERIORS = ("gaussian", "sylvester")
MODELS = ("vae", "gm-vae", "vsc")


@dataclass(frozen=True)
class Record:
    """What one run gave, and what it ran on. Written by `runs` and, anew, by `trained.remeasure` alone.

    `commit` is that of the training, `measured_at` that of a later measurement of the trained model, "" without one.
    `precision` is the one of `training.PRECISIONS` that the networks were trained in, `threads` the number of torch's
    threads meanwhile (0 where an older version did not say): with another number sums are added up in another order,
    and results differ as those of two machines do. `together` is the number of runs that were trained side by side as
    one, this one included; `seconds` the wall time, divided by that number.
    """

    config: RunConfig
    metrics: dict[str, float]
    curves: dict[str, list[float]]
    artifacts: dict[str, Any] = field(repr=False)
    seconds: float
    device: str
    versions: dict[str, str]
    commit: str
    date: str
    precision: str = "float32"
    threads: int = 0
    together: int = 1
    measured_at: str = ""

    @property
    def code(self) -> str:
        """The commit that trained the model, and the one that measured it if that was later."""
        return self.commit + (f" (measured at {self.measured_at})" if self.measured_at else "")

    def to_json(self) -> str:
        """The record as JSON text, one line for each field."""
        fields = {"key": self.config.key, "semantics": SEMANTICS}
        fields |= {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields["config"] = dataclasses.asdict(self.config)
        return "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in fields.items()) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The inverse of `to_json`.

        Raises `ValueError`, one line, for text that is no record, is of another version of the library, or whose key is
        not that of its config.
        """
        try:
            fields = json.loads(text)
            key, semantics, config = fields.pop("key"), fields.pop("semantics"), fields["config"]
            unknown = fields.keys() - {f.name for f in dataclasses.fields(cls)}
            unknown |= config.keys() - {f.name for f in dataclasses.fields(RunConfig)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is no whole record ({type(error).__name__}: {error}), so {AGAIN}") from error
        if unknown or semantics != SEMANTICS:
            what = f"the field {min(unknown)!r}" if unknown else f"semantics {semantics}, here they are {SEMANTICS}"
            raise ValueError(f"it is of another version of intelvae ({what}): use that one, or another INTELVAE_RUNS")
        try:
            record = cls(**(fields | {"config": RunConfig(**config)}))
        except (ValueError, TypeError) as error:
            raise ValueError(f"it is no whole record ({error}), so {AGAIN}") from error
        if record.config.key != key:
            raise ValueError(f"its config has the key {record.config.key}, and it says {key}: somebody edited it")
        return record


def check_same_faces(records: Sequence[Record]) -> None:
    """Raises `ValueError`, one line, if those of the records that are of "celeba" have learned from different faces.

    A config says "celeba", and not which part of it was there, so that its key cannot tell.
    """
    of = {(r.artifacts.get("data"), r.metrics.get("train_faces")) for r in records if r.config.data == files.CELEBA}
    if len(of) > 1:
        found = " and ".join(sorted(f"{data}, train_faces = {faces}" for data, faces in of))
        raise ValueError(
            f"these records are of different faces ({found}), which nothing compares: keep the runs on each in a "
            "folder of their own, by INTELVAE_RUNS, and delete the records that are in the wrong one"
        )


class Store:
    """A folder of records, one JSON file a run, named by its key, and the weights beside them (not in git).

    >>> import tempfile
    >>> Store(tempfile.mkdtemp()).get(RunConfig("circle", "mlp", 2, "gaussian", 1)) is None
    True
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    def path(self, config: RunConfig) -> Path:
        """Where the record of `config` is or would be."""
        return self.root / f"{config.key}.json"

    def get(self, config: RunConfig) -> Record | None:
        """The record of `config`, or None. Raises `ValueError` for a file that is not that record."""
        path = self.path(config)
        if not path.is_file():
            return None
        try:
            record = Record.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        if record.config != config:
            raise ValueError(f"{path} is the record of another config, {record.config}: give it its own name again")
        return record

    def put(self, record: Record, model: nn.Module) -> Path:
        """Writes the weights of `model` and then its record, each so that a reader sees all of it or none.

        Raises `OSError`, one line, where the folder cannot be written.
        """
        path = self.path(record.config)
        self._write(self.weights(record.config), lambda part: save_model(model, str(part)))
        self._write(path, lambda part: part.write_text(record.to_json(), encoding="utf-8"))
        self._halfway(record.config).unlink(missing_ok=True)
        return path

    def weights(self, config: RunConfig) -> Path:
        """Where the trained weights of `config` are or would be."""
        return self.path(config).with_suffix(".safetensors")

    def put_trained(self, record: Record, model: nn.Module) -> None:
        """Keeps a model that is trained and not measured yet, until `put` has its record. Raises what `put` raises."""
        self._write(self.weights(record.config), lambda part: save_model(model, str(part)))
        self._write(self._halfway(record.config), lambda part: part.write_text(record.to_json(), encoding="utf-8"))

    def has_trained(self, config: RunConfig) -> bool:
        """Whether `put_trained` keeps a model of `config`."""
        return self._halfway(config).is_file() and self.weights(config).is_file()

    def trained(self, config: RunConfig) -> Record | None:
        """The record, without measurements, of a model that `put_trained` keeps; None where there is none to use."""
        if not self.has_trained(config):
            return None
        try:
            record = Record.from_json(self._halfway(config).read_text(encoding="utf-8"))
        except ValueError:  # of another version, or damaged: training gives it anew
            return None
        return record if record.config == config else None

    def _halfway(self, config: RunConfig) -> Path:
        return self.path(config).with_suffix(".trained")

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
    """Where a profile's records live: `data/runs` of the checkout for published ones, `_build/runs/EDITION` for smoke.

    Smoke records are for tests of the code that there is, and so are of its `edition`. Outside a checkout that is
    ~/.local/share/intelvae/paper/runs. The variable INTELVAE_RUNS names another folder for all (`files.of_variable`).
    """
    root = files.checkout()
    own = Path.home() / ".local" / "share" / "intelvae"
    default = (root / ("_build" if profile == "smoke" else "data") if root else own) / "runs"
    if profile == "smoke":
        default /= edition()
    return Store(files.of_variable("INTELVAE_RUNS") or default)
