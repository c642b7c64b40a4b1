"""The grid of runs behind each figure and table, for every profile."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from intelvae import face_experiments, runs, sparse_experiments, training
from intelvae.records import Record, RunConfig, store_of

PROFILES = ("smoke", "laptop", "paper")

TOYS = ("circle", "square", "star", "infinity", "mixture")
TOY_MAPPING: dict[str, dict] = {
    "circle": {"mapping": "circle"},
    "square": {"mapping": "circle"},
    "star": {"mapping": "circle"},
    "infinity": {"mapping": "glue"},
    "mixture": {"mapping": "clusters", "mapping_options": {"k": 2}},
}


@dataclass(frozen=True)
class Scale:
    """How much of an experiment a profile runs."""

    seeds: int
    epochs: int
    steps_per_epoch: int | None = None


# The decoder's noise starts small and the KL's weight rises over the first quarter of training. With a variance as
# large as the data's, training stays where q(y|x) is the prior. Chosen for the validation ELBO, on seeds other than the
# published ones (100 to 102); `READINGS` are the alternatives.
START = {"start": -4.0}


def _toys(
    data: Sequence[str], methods: Sequence[str], scale: Scale, seeds: Sequence[int], **settings: Any
) -> list[RunConfig]:
    settings = {"network": "mlp", "likelihood_options": START, "warmup": max(1, scale.epochs // 4), **settings}

    def config(name: str, method: str, seed: int) -> RunConfig:
        extra = {
            "vae": {},
            "vamp": {"prior": "vamp", "prior_options": {"components": 30}},
            "intel": TOY_MAPPING.get(name, {}),
        }[method]
        return RunConfig(
            data=name,
            latent_dim=2,
            likelihood="learned-gaussian",
            epochs=scale.epochs,
            steps_per_epoch=scale.steps_per_epoch,
            batch_size=100,
            seed=seed,
            **settings,
            **extra,
        )

    return [config(name, method, seed) for name in data for method in methods for seed in seeds]


def framework(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure 1: an InteL-VAE with the circle mapping on the star."""
    scale = TOY_SCALE[profile]
    return _toys(("star",), ("intel",), scale, seeds or range(1))


def bridge(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure 2: the VAE on the mixture, beside the InteL-VAE."""
    scale = TOY_SCALE[profile]
    return _toys(("mixture",), ("vae", "intel"), scale, seeds or range(scale.seeds))


MISMATCH: dict[str, dict] = {
    "vae": {},
    "sparse prior": {"prior": "sparse"},
    "sparse prior as sparse as the data": {"prior": "sparse", "prior_options": {"weight": 0.5}},
    "intel": {"mapping": "sparse", "gamma": 1.0},
}


def mismatch(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure 3: sparse data with a VAE, VAEs with two sparse priors, and an InteL-VAE with a sparse mapping."""
    scale = TOY_SCALE[profile]
    return [
        c
        for model in MISMATCH.values()
        for c in _toys(("sparse",), ("vae",), scale, seeds or range(scale.seeds), **model)
    ]


def connectivity(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figures 4 and C.2: five data sets, three methods."""
    scale = TOY_SCALE[profile]
    return _toys(TOYS, ("vae", "vamp", "intel"), scale, seeds or range(scale.seeds))


READINGS: dict[str, dict] = {
    "small variance first, KL warm-up": {},
    "small variance first": {"warmup": 0},
    "neither": {"warmup": 0, "likelihood_options": {}},
    "neither, beta = 1/2": {"warmup": 0, "likelihood_options": {}, "beta": 0.5},
}


def reading(name: str, profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure C.2 under one of the `READINGS`, three seeds."""
    scale = TOY_SCALE[profile]
    return _toys(TOYS, ("vae", "vamp", "intel"), scale, seeds or range(min(3, scale.seeds)), **READINGS[name])


def readings(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure C.2 under all `READINGS` of the likelihood, which the paper does not state."""
    return [config for name in READINGS for config in reading(name, profile, seeds)]


def capacity(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure C.2 with layers of 50 units in the place of the paper's 10 (ours): three seeds."""
    scale = TOY_SCALE[profile]
    return _toys(TOYS, ("vae", "vamp", "intel"), scale, seeds or range(min(3, scale.seeds)), network="mlp-50")


TOY_SCALE = {"smoke": Scale(1, 3, 100), "laptop": Scale(10, 20, 1000), "paper": Scale(10, 20, 1000)}

DIGIT_METHODS: dict[str, dict] = {
    "vae": {},
    "gm-vae": {"model": "gm-vae", "model_options": {"components": 2, "context_dim": 2}},
    "mog": {"prior": "mog", "prior_options": {"components": 2, "radius": 2.0, "scale": 1.0}},
    "vamp": {"prior": "vamp", "prior_options": {"components": 50}},
    "sylvester": {"posterior": "sylvester", "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 1}},
    "intel": {"mapping": "clusters", "mapping_options": {"k": 2}},
}
DIGIT_SCALE = {"smoke": Scale(1, 6), "laptop": Scale(5, 30), "paper": Scale(10, 60)}


def _digits(profile: str, network: str, likelihood: str, seed: int, model: dict) -> RunConfig:
    smoke = profile == "smoke"
    return RunConfig(
        data="mnist-01",
        network=network,
        latent_dim=1,
        likelihood=likelihood,
        epochs=DIGIT_SCALE[profile].epochs,
        seed=seed,
        precision="float32" if smoke else "bfloat16",
        smoke_data=smoke,
        **model,
    )


def multi_modality(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 2 and Figure 6: MNIST-01 with one latent dimension, by network, squared error and Bernoulli.

    The Bernoulli reading has two seeds at `laptop`, and none at `smoke` or for our own network "mathieu-offset", an
    ablation. At `smoke` only the network "mathieu" runs.
    """
    scale = DIGIT_SCALE[profile]
    chosen = list(seeds or range(scale.seeds))
    smoke = profile == "smoke"

    readings = [("mathieu", "gaussian", chosen)]
    if not smoke:
        few = chosen[:2] if profile == "laptop" else chosen
        readings += [(network, "gaussian", chosen) for network in ("authors", "mathieu-offset")]
        readings += [(network, "bernoulli", few) for network in ("mathieu", "authors")]
    return [
        _digits(profile, network, likelihood, seed, model)
        for network, likelihood, of in readings
        for seed in of
        for model in DIGIT_METHODS.values()
    ]


GAPS: dict[str, dict] = {
    "the paper's text": {},
    "the code of October 2021": {"c2": 0.5, "learnable": True},
    "the code of June 2021": {"c1": 1.0},
}


def gap(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """The InteL-VAE of Table 2 with the paper's mapping and the two in the authors' code, three seeds."""
    network = "mathieu" if profile == "smoke" else "authors"
    return [
        _digits(profile, network, "gaussian", seed, {"mapping": "clusters", "mapping_options": {"k": 2, **options}})
        for options in GAPS.values()
        for seed in seeds or range(min(3, DIGIT_SCALE[profile].seeds))
    ]


# Components of the fixed mixture lie on a ring, four standard deviations from their neighbours, as the authors' two do.
IMAGE_METHODS: dict[str, dict] = {
    "vae": {},
    "gm-vae": {"model": "gm-vae", "model_options": {"components": 10, "context_dim": 10, "free_nats": 0.5}},
    "mog": {"prior": "mog", "prior_options": {"components": 10, "radius": 6.47, "scale": 1.0}},
    "vamp": {"prior": "vamp", "prior_options": {"components": 100}},
    "sylvester": {"posterior": "sylvester", "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 8}},
    "intel": {"mapping": "clusters", "mapping_options": {"factors": (2, 5)}},
    "intel, 2 sectors": {"mapping": "clusters", "mapping_options": {"k": 2}},
    "intel, 10 sectors": {"mapping": "clusters", "mapping_options": {"k": 10}},
}
IMAGE_SCALE = {"smoke": Scale(1, 2), "laptop": Scale(3, 10), "paper": Scale(10, 60)}


def table1(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 1: all digits of MNIST with 50 latent dimensions; the paper does not give the number of clusters."""
    return [
        all_digits(profile, seed, model)
        for seed in seeds or range(IMAGE_SCALE[profile].seeds)
        for model in IMAGE_METHODS.values()
    ]


def all_digits(profile: str, seed: int, model: dict) -> RunConfig:
    """A run of Table 1 with these settings of the model."""
    smoke = profile == "smoke"
    settings = {
        "data": "mnist",
        "network": "mathieu",
        "latent_dim": 50,
        "likelihood": "gaussian",
        "epochs": IMAGE_SCALE[profile].epochs,
        "precision": "float32" if smoke else "bfloat16",
        "smoke_data": smoke,
    }
    return RunConfig(seed=seed, **{**settings, **model})


def _slip(method: str, **changes: Any) -> dict:
    """The settings of a method of `IMAGE_METHODS` with some of its options, or other settings, changed."""
    settings = dict(IMAGE_METHODS[method])
    for name, value in changes.items():
        settings[name] = {**settings.get(name, {}), **value} if isinstance(value, dict) else value
    return settings


# What the authors' code does in another way than the paper says, one at a time: the method it changes, and how.
SLIPS: dict[str, tuple[str, dict]] = {
    "images from N(0, I), not from the mixture": ("mog", _slip("mog", prior_options={"legacy": ["samples"]})),
    "entropy of q counted D times": ("mog", _slip("mog", prior_options={"legacy": ["entropy"]})),
    "components of variance e": ("mog", _slip("mog", prior_options={"scale": math.exp(0.5)})),
    "images from N(0, I), not from the prior": ("vamp", _slip("vamp", prior_options={"legacy": ["samples"]})),
    "entropy of q counted D times (Vamp)": ("vamp", _slip("vamp", prior_options={"legacy": ["entropy"]})),
    "flow amortised on the mean": ("sylvester", _slip("sylvester", posterior_options={"on_mean": True})),
    "determinant of the flow mispaired": ("sylvester", _slip("sylvester", posterior_options={"mispaired": True})),
    "c2 = 0.5, learned borders": ("intel", _slip("intel", mapping_options={"c2": 0.5, "learnable": True})),
    "Bernoulli likelihood": ("vae", _slip("vae", likelihood="bernoulli")),
}


def slips(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 1's methods with one of the `SLIPS` each; at `smoke` the first three."""
    chosen = list(SLIPS.values())[: 3 if profile == "smoke" else None]
    return [
        all_digits(profile, seed, model) for seed in seeds or range(IMAGE_SCALE[profile].seeds) for _, model in chosen
    ]


PROPORTIONS = {0.5: (1, 1), 0.4: (2, 3), 0.25: (1, 3), 0.2: (1, 4), 0.0: (0, 1)}
PROPORTION_SCALE = {"smoke": Scale(1, 3), "laptop": Scale(5, 20), "paper": Scale(10, 200)}


def proportions(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 3: the share of zeros in MNIST-01, by repeating its images, and a mapping that learns its threshold."""
    scale, smoke = PROPORTION_SCALE[profile], profile == "smoke"
    return [
        RunConfig(
            data="mnist-01",
            network="mathieu",
            latent_dim=50,
            likelihood="gaussian",
            epochs=scale.epochs,
            seed=seed,
            mapping="threshold",
            mapping_options={"learnable": True},
            repeats=repeats,
            precision="float32" if smoke else "bfloat16",
            smoke_data=smoke,
        )
        for seed in seeds or range(scale.seeds)
        for repeats in PROPORTIONS.values()
    ]


def precision(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """What bfloat16 changes (ours): the VAE of Table 1 and the InteL-VAE of Table 2 in both precisions, three seeds."""
    chosen = seeds or range(min(3, IMAGE_SCALE[profile].seeds))
    epochs = 1 if profile == "smoke" else 5
    pairs = [
        (dataclasses.replace(table1(profile, [seed])[0], epochs=epochs),
         _digits(profile, "mathieu-offset", "gaussian", seed, DIGIT_METHODS["intel"]))
        for seed in chosen
    ]  # fmt: skip
    return [dataclasses.replace(c, precision=p) for p in training.PRECISIONS for pair in pairs for c in pair]


_GRIDS: dict[str, Callable[..., list[RunConfig]]] = {
    "framework": framework,
    "bridge": bridge,
    "mismatch": mismatch,
    "connectivity": connectivity,
    "readings": readings,
    "capacity": capacity,
    "multi-modality": multi_modality,
    "gap": gap,
    "table1": table1,
    "slips": slips,
    "proportions": proportions,
    "sparsity": sparse_experiments.fashion,
    "sparsity-mnist": sparse_experiments.mnist,
    "sparsity-choices": sparse_experiments.choices,
    "precision": precision,
    "table4": face_experiments.table4,
    "table-b1": face_experiments.table_b1,
    "hierarchy": face_experiments.hierarchy,
}
NAMES = tuple(_GRIDS)


def check_profile(profile: str) -> None:
    """Raises `ValueError`, one line, for a profile that is not one of `PROFILES`."""
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}")


def grid(experiment: str, profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """The configs of `experiment` (one of `NAMES`) at `profile`, with these seeds or the profile's own.

    Raises `ValueError`, one line, for an unknown experiment or profile.

    >>> len(grid("connectivity", "laptop"))
    150
    """
    check_profile(profile)
    if experiment not in _GRIDS:
        raise ValueError(f"unknown experiment {experiment!r}: choose one of {', '.join(NAMES)}")
    return _GRIDS[experiment](profile, seeds)


def records(
    experiment: str, profile: str, seeds: Sequence[int] | None = None, *, jobs: int = 1, device: str = "cpu"
) -> list[Record]:
    """The records of `grid(...)`, from the profile's store or by running what is missing (`runs.sweep`)."""
    return runs.sweep(grid(experiment, profile, seeds), store_of(profile), jobs=jobs, device=device)
