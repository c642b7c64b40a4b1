"""Config -> run -> record: every training behind the book, its key, its store, and sweeps over many of them."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import joblib
import torch
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from tqdm import tqdm

import intelvae
from intelvae import flows, likelihoods, mappings, networks, priors, side_by_side, tasks, training
from intelvae.data import toys
from intelvae.models import GMVAE, VAE, gmvae

SEMANTICS = 1  # raised when a change to the code alters results: records of older semantics are not found any more
MOST_TOGETHER = 25  # runs side by side: more lose more when a sweep is killed, and gain little (the arithmetic grows)
CHECKOUT = Path(__file__).resolve().parent.parent

Options = Mapping[str, Any] | tuple | list  # a dict, or its items as pairs, which is what JSON gives back


def _frozen(value: Any) -> Any:
    """Mappings become sorted tuples of pairs and lists tuples, so that a config can be hashed."""
    if isinstance(value, Mapping):
        return tuple(sorted((k, _frozen(v)) for k, v in value.items()))
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class RunConfig:
    """All that decides a run's result, one training of one model on one data set under one seed.

    `data` is a name of `tasks.create`; `mapping` one of `mappings.NAMES`; `prior` one of "normal", "mog" (options
    `components`, `radius`, `scale`), "vamp" (`components`) and "sparse" (`weight`, `scale`), "mog" and "vamp" also with
    `legacy`, names of options of `priors.Legacy`; `posterior` "gaussian" or "sylvester" (options of
    `flows.SylvesterEncoder`); `network` and `likelihood` names of their modules. `model` is "vae", with all of these,
    or "gm-vae" (options of `gmvae.Components`, and `free_nats`), which has its own prior and posterior and no mapping.
    Options may be given as dicts. Everything else is a setting of `training.fit`; `epochs` of `steps_per_epoch` steps
    for data that never ends. `smoke_data` uses the embedded samples only. Raises `ValueError` for an unknown prior,
    posterior or model and for ones that do not go together; the other names are checked before training starts.
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
    clip: float | None = None
    patience: int | None = None
    steps_per_epoch: int | None = None
    precision: str = "float32"
    binary: bool = False
    smoke_data: bool = False

    def __post_init__(self) -> None:
        for name in [f.name for f in dataclasses.fields(self) if f.name.endswith("_options")]:
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        for name, known in (("prior", PRIORS), ("posterior", POSTERIORS), ("model", MODELS)):
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        if self.posterior == "sylvester" and self.prior == "vamp":
            raise ValueError(
                "a Vamp prior needs the posterior's density everywhere, a Sylvester flow knows it at samples"
            )
        if self.model != "vae" and (self.mapping, self.prior, self.posterior) != ("identity", "normal", "gaussian"):
            raise ValueError(f"the model {self.model!r} takes no mapping, and no other prior or posterior than its own")

    @property
    def method(self) -> str:
        """The name the paper's tables use for this model."""
        if self.model == "gm-vae":
            return "GM-VAE"
        by_prior = {"normal": "VAE", "mog": "MoG-VAE", "vamp": "Vamp-VAE", "sparse": "VAE, sparse prior"}
        name = by_prior[self.prior] if self.mapping == "identity" else "InteL-VAE"
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


PRIORS = ("normal", "mog", "vamp", "sparse")
POSTERIORS = ("gaussian", "sylvester")
MODELS = ("vae", "gm-vae")


@dataclass(frozen=True)
class Record:
    """What one run gave, and what it ran on. Written by `run` and `run_together` alone.

    `together` is the number of runs that were trained side by side as one, this one included; `seconds` the wall time,
    divided by that number.
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
    together: int = 1

    def to_json(self) -> str:
        """The record as JSON text, one line for each field."""
        fields = {"key": self.config.key, "semantics": SEMANTICS}
        fields |= {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields["config"] = dataclasses.asdict(self.config)
        return "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in fields.items()) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        del fields["key"], fields["semantics"]
        return cls(**(fields | {"config": RunConfig(**fields["config"])}))


class Store:
    """A folder of records, one JSON file a run, named by its key, and the weights beside them (not in git).

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
            record = Record.from_json(path.read_text())
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is not a record ({error}): delete it and run again") from error
        if record.config != config:
            raise ValueError(f"{path} holds another config than its name says: delete it and run again")
        return record

    def put(self, record: Record, model: VAE) -> Path:
        """Writes the weights of `model` and then its record, each so that a reader sees all of it or none.

        Raises `OSError`, one line, where the folder cannot be written.
        """
        path = self.path(record.config)
        self._write(path.with_suffix(".safetensors"), lambda part: save_model(model, str(part)))
        self._write(path, lambda part: part.write_text(record.to_json()))
        return path

    def check_writable(self) -> None:
        """Raises `OSError`, one line, if nothing can be written here: better before a sweep than at its end."""
        self._write(self.root / "writable", lambda part: part.write_text("yes"))
        (self.root / "writable").unlink()

    def _write(self, path: Path, write: Callable[[Path], object]) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.root, suffix=".part") as folder:
                part = Path(folder) / path.name
                write(part)
                os.replace(part, path)
        except (OSError, SafetensorError) as error:
            raise OSError(f"{path} cannot be written ({error}): make room, or set INTELVAE_RUNS") from error


def store(profile: str) -> Store:
    """Where a profile's records live: `data/runs` for published ones, `_build/runs` for smoke.

    The variable INTELVAE_RUNS names another folder for both.
    """
    default = CHECKOUT / ("_build" if profile == "smoke" else "data") / "runs"
    return Store(os.environ.get("INTELVAE_RUNS", default))


@contextmanager
def seeded(seed: int):
    """Torch's global generator starts from `seed` inside, and is as it was outside."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def task(config: RunConfig) -> tasks.ToyTask | tasks.DigitsTask:
    """The task of `config`, with images of the size that its network takes."""
    size = networks.IMAGE_SIZE.get(config.network, 28)
    return tasks.create(config.data, size=size, binary=config.binary, smoke=config.smoke_data)


def build(config: RunConfig, shape: tuple[int, ...], examples: torch.Tensor) -> VAE:
    """The untrained model of `config` for data of `shape`; `examples` start the pseudo-inputs of a Vamp prior.

    Weights come from torch's global generator. Raises `ValueError`, one line, for a name or option that is unknown.
    """
    mapping = mappings.create(config.mapping, config.latent_dim, **dict(config.mapping_options))
    encoder, network = networks.create(config.network, shape, config.latent_dim)
    likelihood = likelihoods.create(config.likelihood, shape, **dict(config.likelihood_options))
    decoder = torch.nn.Sequential(network, likelihood)
    if config.model == "gm-vae":
        options = {"latent_dim": config.latent_dim, **dict(config.model_options)}
        free_nats = options.pop("free_nats", 0.0)
        components = _make("the model 'gm-vae'", gmvae.Components, **options)
        encoder, _ = networks.create(config.network, shape, config.latent_dim + components.context_dim)
        return GMVAE(encoder, decoder, components, priors.StandardNormal(components.context_dim), free_nats)
    if config.posterior == "sylvester":
        options = dict(config.posterior_options)
        encoder = _make("the posterior 'sylvester'", flows.SylvesterEncoder, encoder, shape, **options)
    return VAE(encoder, decoder, _prior(config, encoder, examples), mapping)


def _make(what: str, kind: Callable[..., Any], *parts: Any, **options: Any) -> Any:
    """`kind(*parts, **options)`, with one clear line for an option that is unknown or missing."""
    try:
        inspect.signature(kind).bind(*parts, **options)
    except TypeError as error:
        raise ValueError(f"{what}: {error}") from error
    return kind(*parts, **options)


def _prior(config: RunConfig, encoder: torch.nn.Module, examples: torch.Tensor) -> torch.nn.Module:
    if config.prior == "normal":
        return priors.StandardNormal(config.latent_dim)
    options = dict(config.prior_options)
    legacy = dict.fromkeys(options.pop("legacy", ()), True)
    prior: torch.nn.Module
    if config.prior == "vamp":
        start = training.as_float(examples[: options["components"]])
        prior = priors.Vamp(encoder, start, (0.0, 1.0) if len(start.shape) == 4 else None)
    elif config.prior == "sparse":
        prior = priors.Sparse(config.latent_dim, **options)
    else:
        prior = priors.ring(config.latent_dim, **options)
    return _make("the prior's option 'legacy'", priors.Legacy, prior, **legacy) if legacy else prior


def load(config: RunConfig, store: Store) -> VAE:
    """The trained model of `config`, in evaluation mode, with the weights that lie beside its record.

    Raises `ValueError` if they are not there: weights are not published, only records are.
    """
    weights = store.path(config).with_suffix(".safetensors")
    if not weights.is_file():
        raise ValueError(f"no weights of {config} in {store.root}: train it anew with intelvae.runs.run")
    with seeded(config.seed):
        _, model, _ = _prepare(config)
    load_model(model, weights)
    return model.eval()


def run(config: RunConfig, device: str = "cpu", threads: int | None = None) -> tuple[Record, VAE]:
    """Trains and measures the model of `config`: its record, and the model with the weights that were measured.

    `device` is torch's name of one; `threads` bounds torch's threads. One config gives the same bits on the same
    machine, versions and number of threads, and close numbers elsewhere. Raises `ValueError` for a config that
    does not fit, `training.TrainingError` for a run that diverges, `data.DataError` for data that are not there.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    start = time.perf_counter()
    with seeded(config.seed):
        work, model, order = _prepare(config)
        model.to(device)
        try:
            history = training.fit(
                model,
                work.train,
                work.valid,
                steps_per_epoch=config.steps_per_epoch,
                precision=config.precision,
                generator=order,
                gamma=config.gamma,
                **_settings(config),
            )
        except training.TrainingError as error:
            raise training.TrainingError(f"{config}: {error}") from error
        metrics, artifacts = work.evaluate(model.cpu())
    return _record(config, history, metrics, artifacts, time.perf_counter() - start, device, together=1), model


def run_together(configs: Sequence[RunConfig]) -> list[tuple[Record, VAE] | training.TrainingError]:
    """`run` for configs that are `alike`, trained side by side with one thread.

    Each gives what `run` gives, or the error that `run` raises for one that diverges: with the same random numbers, and
    the same weights up to the rounding of float32, whose effect grows as training goes on. The records of the two
    agree as those of two machines do. Raises `ValueError` for configs that are not alike, and as `run` does for ones
    that do not fit.
    """
    if len({alike(config) for config in configs}) != 1 or alike(configs[0]) is None:
        raise ValueError("runs side by side may differ in their seed and their toy data only")
    torch.set_num_threads(1)  # small layers lose by two
    start = time.perf_counter()
    works, members = [], []
    for config in configs:
        with seeded(config.seed):
            work, model, order = _prepare(config)
            noise = torch.Generator()
            noise.set_state(torch.random.get_rng_state())
        assert isinstance(work, tasks.ToyTask)
        works.append(work)
        members.append(side_by_side.Member(model, work.train, work.valid, order, noise))
    steps = configs[0].steps_per_epoch
    assert steps is not None
    histories = side_by_side.fit(members, steps_per_epoch=steps, **_settings(configs[0]))
    measured: list[tuple[tasks.Metrics, tasks.Artifacts]] = []
    for config, work, member, history in zip(configs, works, members, histories, strict=True):
        with seeded(config.seed):
            torch.random.set_rng_state(member.noise.get_state())
            diverged = isinstance(history, training.TrainingError)
            measured.append(({}, {}) if diverged else work.evaluate(member.model))
    seconds = (time.perf_counter() - start) / len(configs)
    return [
        training.TrainingError(f"{config}: {history}")
        if isinstance(history, training.TrainingError)
        else (_record(config, history, *measures, seconds, "cpu", len(configs)), member.model)
        for config, member, history, measures in zip(configs, members, histories, measured, strict=True)
    ]


def alike(config: RunConfig) -> RunConfig | None:
    """What a run shares with those it can be trained side by side with; None if it can only be trained alone.

    That is its config without the seed and the name of the toy data, for the perceptron in float32 without a penalty,
    and for a model whose only noise in training is that of a Gaussian posterior.
    """
    fits = config.network == "mlp" and config.data in toys.NAMES and config.precision == "float32" and not config.gamma
    fits &= config.model == "vae" and config.posterior == "gaussian" and "legacy" not in dict(config.prior_options)
    return dataclasses.replace(config, seed=0, data="") if fits and config.steps_per_epoch is not None else None


def _prepare(config: RunConfig) -> tuple[tasks.ToyTask | tasks.DigitsTask, VAE, torch.Generator]:
    """The task, the untrained model and the generator that goes on to order the data, under torch's global seed."""
    work = task(config)
    order = torch.Generator().manual_seed(config.seed)
    examples = (
        work.train(1000, order)
        if callable(work.train)
        else work.train[torch.randperm(len(work.train), generator=order)]
    )
    return work, build(config, work.shape, examples), order


def _settings(config: RunConfig) -> dict[str, Any]:
    """The settings of training that `training.fit` and `side_by_side.fit` share."""
    names = ("epochs", "batch_size", "lr", "beta", "warmup", "clip", "patience")
    return {name: getattr(config, name) for name in names}


def _record(
    config: RunConfig,
    history: training.History,
    metrics: tasks.Metrics,
    artifacts: tasks.Artifacts,
    seconds: float,
    device: str,
    together: int,
) -> Record:
    curves = dataclasses.asdict(history)
    metrics["best_epoch"] = curves.pop("best_epoch")
    return Record(
        config=config,
        metrics={name: float(value) for name, value in metrics.items()},
        curves={name: [round(v, 4) for v in values] for name, values in curves.items()},
        artifacts=artifacts,
        seconds=round(seconds, 1),
        device=device,
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "intelvae": intelvae.__version__,
        },
        commit=_commit(),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        together=together,
    )


def _commit() -> str:
    """The commit of the checkout, with "+" where the library has changed since; "unknown" outside one."""
    git = ["git", "-C", str(CHECKOUT)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run(
            [*git, "status", "--porcelain", "intelvae"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def _attempt(configs: Sequence[RunConfig], device: str, threads: int) -> Sequence[tuple[Record, VAE] | str]:
    """Runs one config or several side by side: each one's record and model, or what became of it."""
    if len(configs) > 1:
        return [str(o) if isinstance(o, training.TrainingError) else o for o in run_together(configs)]
    small = configs[0].network == "mlp"
    try:
        return [run(configs[0], device, 1 if small else threads)]  # small layers lose by two
    except training.TrainingError as error:
        return [str(error)]


def parts(configs: Iterable[RunConfig], device: str) -> list[list[RunConfig]]:
    """The configs in parts that are run as one, the longest first: those for images alone, in their order, then toys.

    On a CPU, runs that are `alike` go side by side, at most `MOST_TOGETHER` and in parts of nearly equal size.
    """
    alone, groups = [], defaultdict(list)
    for config in configs:
        shared = alike(config) if device == "cpu" else None
        if shared is None:
            alone.append([config])
        else:
            groups[shared].append(config)
    together = []
    for shared, group in groups.items():
        size = math.ceil(len(group) / math.ceil(len(group) / MOST_TOGETHER))
        steps = shared.epochs * (shared.steps_per_epoch or 0)
        together += [(steps * size, group[i : i + size]) for i in range(0, len(group), size)]
    return alone + [part for _, part in sorted(together, key=itemgetter(0), reverse=True)]


def sweep(configs: Iterable[RunConfig], store: Store, *, jobs: int = 1, device: str = "cpu") -> list[Record]:
    """The records of all configs, in order: from the store, or by running what is missing on `jobs` workers.

    `jobs=0` runs nothing and gives the records that are there, so that an unfinished sweep can be looked at. Small
    models are trained side by side (`run_together`). Every record is stored as soon as its run, or its group of runs,
    ends, so a sweep that is killed goes on where it was. Work is handed out through joblib: inside
    `joblib.parallel_config("dask")` it goes to a cluster, and the records come back here. A run that diverges does not
    stop the others. Raises `training.TrainingError` at the end if any did, `ValueError` for jobs < 0, or for jobs = 0
    and not one record.
    """
    if jobs < 0:
        raise ValueError(f"jobs must not be negative, but is {jobs}")
    configs = list(configs)
    if jobs == 0:
        found = _all(configs, store)
        if configs and not found:
            raise ValueError(f"none of the {len(configs)} runs is in {store.root}: run them with jobs >= 1")
        return found
    missing = [c for c in dict.fromkeys(configs) if store.get(c) is None]
    if missing:
        store.check_writable()
    threads = max(1, (os.cpu_count() or 1) // jobs)
    outcomes = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(
        joblib.delayed(_attempt)(part, device, threads) for part in parts(missing, device)
    )
    failures = []
    with tqdm(total=len(missing), unit="run", disable=not (missing and sys.stderr.isatty())) as progress:
        for part in outcomes:
            for outcome in part:
                if isinstance(outcome, str):
                    failures.append(outcome)
                else:
                    store.put(*outcome)
            progress.update(len(part))
    if failures:
        raise training.TrainingError(f"{len(failures)} of {len(missing)} runs diverged; the first: {failures[0]}")
    return _all(configs, store)


def _all(configs: Sequence[RunConfig], store: Store) -> list[Record]:
    records = [store.get(config) for config in configs]
    return [record for record in records if record is not None]
