"""What decides a model's weights, `Training`, and what is measured of it, `Evaluation`: each with its own key."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from intelvae import bounds, priors, regularizers
from intelvae.metrics import features as extractors
from intelvae.numbers import check_number
from intelvae.paper import authors
from intelvae.training import Objective, Optimiser, Schedule

# Part of every key, so that results of older code are not found any more: raised with the first release after a change
# that alters weights. Between releases the commit that makes such a change removes the results that it touches.
SEMANTICS = 1
# What can be measured (`evaluation.KINDS`), and the semantics of each: raised with a change that alters what it gives,
# so that what is there already is not taken for it, and `intelvae remeasure` is asked for.
MEASURES = {
    "points": 1, "scatter": 1, "encoded": 1, "decoder": 1, "smoothness": 1, "looseness": 1, "zeros-and-ones": 1,
    "likelihood": 1, "traversal": 1, "latents": 1, "elbo": 1, "samples": 1, "gallery": 1, "codes": 1, "classes": 1,
    "traversals": 1, "levels": 1, "level-traversals": 1, "attributes": 1,
}  # fmt: skip

POSTERIORS = ("gaussian", "sylvester")
MODELS = ("vae", "gm-vae", "vsc")
BLOCKS = 5  # into which "levels" cuts a code without levels, to set it beside the five of Figure B.2

Options = Mapping[str, Any] | tuple | list  # a dict, or its items as pairs, which is what JSON gives back


def frozen(value: Any) -> Any:
    """Mappings become sorted tuples of pairs, lists tuples and NumPy's numbers Python's: to be hashed, and be JSON.

    >>> frozen({"factors": [2, 5]})
    (('factors', (2, 5)),)
    """
    if isinstance(value, Mapping):
        return tuple(sorted((k, frozen(v)) for k, v in value.items()))
    if isinstance(value, np.generic):
        return value.item()
    return tuple(frozen(v) for v in value) if isinstance(value, list | tuple) else value


def _alike(value: Any) -> Any:
    """What is equal becomes the same text: 1, 1.0 and True are 1.

    >>> _alike((("radius", 2.0), ("learnable", True)))
    (('radius', 2), ('learnable', 1))
    """
    if isinstance(value, tuple):
        return tuple(map(_alike, value))
    return int(value) if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()) else value


@dataclass(frozen=True)
class Training:
    """All that decides the weights: one training of one model on one data set under one seed.

    `data` is a name of `datasets.of`; `mapping` one of `mappings.NAMES`, `prior` one of `priors.NAMES`, with options of
    what they name there; `posterior` "gaussian" or "sylvester" (options of `flows.SylvesterEncoder`); `network` and
    `likelihood` names of their modules. `model` is "vae", with all of these, "gm-vae" (options of `gmvae.Components`,
    and `free_nats`) or "vsc" (options of `vsc.create`, with `pseudo_inputs`, their number, instead of `start`);
    the last two have their own prior and posterior and no mapping. Options may be given as dicts.

    What repeats the authors' code is in `authors`, and off unless asked for: the `prior` "wide"; of cluster
    mappings the option `forgets`, of "threshold" also `bounded`; of "mog" and "vamp" `legacy`, names of options of
    `authors.Legacy`; of "vamp" `free`; of "sylvester" the names of `authors.FLOWS`; of "vsc" `dense_samples`; the
    `penalty` "gates-raw" and the `split` "code".

    `bound` is one of `bounds.NAMES`, with its options: "iwae" has `samples`, "renyi" `samples` and `alpha` (the field
    `alpha` is the weight of a penalty). The other numbers are those of `training.Schedule`, `training.Objective` and
    `training.Optimiser`. `smoke_data` uses the embedded samples only; `whole` (celeba), `binary`, `split` and `repeats`
    (mnist-01) are those of `datasets.of`. `precision` is None but where precisions are compared and where results must
    not depend on the machine's rounding: then a run takes the fastest that the machine has (`training.fastest`), and
    its record says which.

    Equal numbers give equal configs, be they 1, 1.0 or NumPy's. Raises `ValueError` for numbers out of their range, for
    an unknown prior, posterior, model, penalty or split, for ones that do not go together, and for options of one that
    takes none; the other names are checked before training starts.
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
    bound: str = "elbo"
    bound_options: Options = ()
    clip: float | None = None
    patience: int | None = None
    steps_per_epoch: int | None = None
    precision: str | None = None
    binary: bool = False
    split: str = "paper"
    smoke_data: bool = False
    whole: bool = False
    repeats: Sequence[int] = (1, 1)

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if f.name.endswith("_options"):
                object.__setattr__(self, f.name, _options(f.name, value))
            elif str(f.type).startswith("str") and not isinstance(value, str) and value is not f.default:
                raise ValueError(f"{f.name} must be a name, not {value!r}")
        if isinstance(self.repeats, str) or not isinstance(self.repeats, Sequence):
            raise ValueError(f"repeats are how often zeros and ones are there, such as (1, 3), not {self.repeats!r}")
        object.__setattr__(self, "repeats", tuple(map(_whole, self.repeats)))
        choices = {
            "prior": (*priors.NAMES, *authors.PRIORS),
            "posterior": POSTERIORS,
            "model": MODELS,
            "split": tuple(authors.SPLITS),
        }
        choices["penalty"] = (*regularizers.PENALTIES, *authors.PENALTIES)
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        check_number("seed", self.seed, ">= 0", whole=True)
        check_number("latent_dim", self.latent_dim, ">= 1", whole=True)
        _ = self.schedule, self.objective, self.optimiser  # which check their own
        for f in dataclasses.fields(self):
            if (kind := _KINDS.get(str(f.type))) and (value := getattr(self, f.name)) is not None:
                if kind is bool and value not in (0, 1):
                    raise ValueError(f"{f.name} must be True or False, not {value!r}")
                object.__setattr__(self, f.name, kind(value))
        for name, plain in (("prior", "normal"), ("prior", "wide"), ("posterior", "gaussian"), ("model", "vae")):
            if getattr(self, name) == plain and getattr(self, f"{name}_options"):
                raise ValueError(f"the {name} {plain!r} takes no options: {dict(getattr(self, f'{name}_options'))}")
        if self.posterior == "sylvester" and self.prior == "vamp":
            raise ValueError(
                "a Vamp prior needs the posterior's density everywhere, a Sylvester flow knows it at samples"
            )
        if self.model != "vae" and (self.mapping, self.prior, self.posterior) != ("identity", "normal", "gaussian"):
            raise ValueError(f"the model {self.model!r} takes no mapping, and no other prior or posterior than its own")
        if self.model != "vae" and self.bound != "elbo":
            raise ValueError(f"the model {self.model!r} has bounds of its own, and takes no bound {self.bound!r}")

    @property
    def schedule(self) -> Schedule:
        """How long, in what batches, and when to stop early."""
        return Schedule(self.epochs, self.batch_size, self.steps_per_epoch, self.patience)

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        penalty = authors.PENALTIES.get(self.penalty, self.penalty)
        bound = bounds.create(self.bound, **dict(self.bound_options))
        return Objective(self.beta, self.warmup, self.gamma, penalty, self.alpha, bound)

    @property
    def optimiser(self) -> Optimiser:
        """What maximises it."""
        return Optimiser(self.lr, self.clip)

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that are not at their default."""
        return {f.name: value for f in dataclasses.fields(self) if (value := getattr(self, f.name)) != f.default}

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits that name the config and the semantics of training.

        Settings at their default stay out of it, so a setting that is added later leaves older results findable.
        """
        settings = {k: _alike(v) if k.endswith("_options") else v for k, v in self.chosen.items()}
        text = json.dumps({"semantics": SEMANTICS, **settings}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        parts = ("mapping", "prior", "posterior", "bound")
        of = [f"{name} {getattr(self, name)}" for name in parts if name in self.chosen]
        of += [f"{name} {getattr(self, name):g}" for name in ("beta", "gamma", "alpha") if name in self.chosen]
        model = f"{self.model} with {', '.join(of)}" if of else self.model
        return f"{model} on {self.data} ({self.network}, {self.likelihood}, seed {self.seed})"


_KINDS = {"int": int, "int | None": int, "float": float, "float | None": float, "bool": bool}


def _options(name: str, given: Any) -> Any:
    """Options of that name, `frozen`. Raises `ValueError`, one line, for what are none, and for what is no JSON."""
    wrong = ValueError(f"{name} are names with values, such as {{'k': 5}}, not {given!r}")
    try:
        options = frozen(dict(given))
        json.dumps(options)
    except (TypeError, ValueError) as error:
        raise wrong from error
    if not all(isinstance(key, str) for key, _ in options):
        raise wrong
    return options


def _whole(value: Any) -> Any:
    """A whole number as int; anything else as it is, to be refused where it is used (`datasets.of`)."""
    return int(value) if isinstance(value, float | np.number) and float(value).is_integer() else value


@dataclass(frozen=True)
class Evaluation:
    """One thing that is measured of a trained model, or shown of it: a name of `evaluation.KINDS`.

    `features`, one of `metrics.features.CHOICES`, is for the ones that judge samples on a network's features. Raises
    `ValueError` for an unknown name.
    """

    name: str
    features: str = ""

    def __post_init__(self) -> None:
        if self.name not in MEASURES:
            raise ValueError(f"no evaluation {self.name!r}: choose one of {', '.join(MEASURES)}")
        if self.features:
            extractors.check_choice(self.features)

    @property
    def key(self) -> str:
        """The name of its file beside the training's.

        >>> Evaluation("samples", "inception").key
        'samples-inception'
        """
        return "-".join(filter(None, (self.name, self.features)))
