"""The grids of the pages on points in the plane: Figures 1 to 4 and C.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from intelvae.paper.experiments.profiles import PRECISION
from intelvae.paper.experiments.seeds import Seeds, seeds_or_own
from intelvae.paper.records import RunConfig

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
    precision: str | None = None


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
            precision=scale.precision,
            batch_size=100,
            seed=seed,
            **settings,
            **extra,
        )

    return [config(name, method, seed) for name in data for method in methods for seed in seeds]


def framework(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure 1: an InteL-VAE with the circle mapping on the star."""
    scale = TOY_SCALE[profile]
    return _toys(("star",), ("intel",), scale, seeds_or_own(seeds, 1))


def bridge(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure 2: the VAE on the mixture, beside the InteL-VAE."""
    scale = TOY_SCALE[profile]
    return _toys(("mixture",), ("vae", "intel"), scale, seeds_or_own(seeds, scale.seeds))


MISMATCH: dict[str, dict] = {
    "vae": {},
    "sparse prior": {"prior": "sparse"},
    "sparse prior as sparse as the data": {"prior": "sparse", "prior_options": {"weight": 0.5}},
    "intel": {"mapping": "sparse", "gamma": 1.0},
}


def mismatch(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure 3: sparse data with a VAE, VAEs with two sparse priors, and an InteL-VAE with a sparse mapping."""
    scale = TOY_SCALE[profile]
    return [
        c
        for model in MISMATCH.values()
        for c in _toys(("sparse",), ("vae",), scale, seeds_or_own(seeds, scale.seeds), **model)
    ]


def connectivity(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figures 4 and C.2: five data sets, three methods."""
    scale = TOY_SCALE[profile]
    return _toys(TOYS, ("vae", "vamp", "intel"), scale, seeds_or_own(seeds, scale.seeds))


READINGS: dict[str, dict] = {
    "small variance first, KL warm-up": {},
    "small variance first": {"warmup": 0},
    "neither": {"warmup": 0, "likelihood_options": {}},
    "neither, beta = 1/2": {"warmup": 0, "likelihood_options": {}, "beta": 0.5},
}


def reading(name: str, profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure C.2 under one of the `READINGS`, three seeds."""
    scale = TOY_SCALE[profile]
    return _toys(TOYS, ("vae", "vamp", "intel"), scale, seeds_or_own(seeds, min(3, scale.seeds)), **READINGS[name])


def readings(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure C.2 under all `READINGS` of the likelihood, which the paper does not state."""
    return [config for name in READINGS for config in reading(name, profile, seeds)]


def capacity(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure C.2 with layers of 50 units in the place of the paper's 10 (ours): three seeds."""
    scale = TOY_SCALE[profile]
    return _toys(TOYS, ("vae", "vamp", "intel"), scale, seeds_or_own(seeds, min(3, scale.seeds)), network="mlp-50")


TOY_SCALE = {
    "smoke": Scale(1, 3, 40, PRECISION["smoke"]),
    "laptop": Scale(10, 20, 1000, PRECISION["laptop"]),
    "paper": Scale(10, 20, 1000, PRECISION["paper"]),
}
