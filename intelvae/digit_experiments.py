"""The grids of the pages on clusters of digits: Tables 1 to 3, and what the authors' code does in another way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from intelvae.records import RunConfig

SEEDS_01, EPOCHS_01 = {"smoke": 1, "laptop": 5, "paper": 10}, {"smoke": 6, "laptop": 30, "paper": 60}  # Table 2
SEEDS, EPOCHS = {"smoke": 1, "laptop": 3, "paper": 10}, {"smoke": 2, "laptop": 10, "paper": 60}  # Table 1
SEEDS_SLIPS = {"smoke": 1, "laptop": 2, "paper": 10}  # of Table 1's `SLIPS`
SEEDS_SHARES, EPOCHS_SHARES = {"smoke": 1, "laptop": 5, "paper": 10}, {"smoke": 3, "laptop": 20, "paper": 200}

TABLE2: dict[str, dict[str, Any]] = {
    "vae": {},
    "gm-vae": {"model": "gm-vae", "model_options": {"components": 2, "context_dim": 2}},
    "mog": {"prior": "mog", "prior_options": {"components": 2, "radius": 2.0, "scale": 1.0}},
    "vamp": {"prior": "vamp", "prior_options": {"components": 50}},
    "sylvester": {"posterior": "sylvester", "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 1}},
    "intel": {"mapping": "clusters", "mapping_options": {"k": 2}},
}


def zeros_and_ones(profile: str, network: str, likelihood: str, seed: int, model: dict[str, Any]) -> RunConfig:
    """A run of Table 2 with this network and likelihood and these settings of the model."""
    smoke = profile == "smoke"
    settings = {
        "data": "mnist-01",
        "network": network,
        "latent_dim": 1,
        "likelihood": likelihood,
        "epochs": EPOCHS_01[profile],
        "precision": "float32" if smoke else "bfloat16",
        "smoke_data": smoke,
    }
    return RunConfig(seed=seed, **{**settings, **model})


def multi_modality(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 2 and Figure 6: MNIST-01 with one latent dimension, by network, squared error and Bernoulli.

    The Bernoulli reading has two seeds at `laptop`, and none at `smoke` or for our own network "mathieu-offset", an
    ablation. At `smoke` only the network "mathieu" runs.
    """
    chosen = list(seeds or range(SEEDS_01[profile]))
    readings = [("mathieu", "gaussian", chosen)]
    if profile != "smoke":
        few = chosen[:2] if profile == "laptop" else chosen
        readings += [(network, "gaussian", chosen) for network in ("authors", "mathieu-offset")]
        readings += [(network, "bernoulli", few) for network in ("mathieu", "authors")]
    return [
        zeros_and_ones(profile, network, likelihood, seed, model)
        for network, likelihood, of in readings
        for seed in of
        for model in TABLE2.values()
    ]


GAPS: dict[str, dict[str, Any]] = {
    "the paper's text": {},
    "the code of October 2021": {"c2": 0.5, "learnable": True},
    "the code of June 2021": {"c1": 1.0},
}


def own_network(profile: str) -> str:
    """The network on which a page varies one thing of Table 2 at a time: the authors' own, at `smoke` Mathieu's."""
    return "mathieu" if profile == "smoke" else "authors"


def gap(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """The InteL-VAE of Table 2 with the paper's mapping and the two in the authors' code, three seeds."""
    models = ({"mapping": "clusters", "mapping_options": {"k": 2, **options}} for options in GAPS.values())
    return [
        zeros_and_ones(profile, own_network(profile), "gaussian", seed, model)
        for model in models
        for seed in seeds or range(min(3, SEEDS_01[profile]))
    ]


# Components of the fixed mixture lie on a ring, four standard deviations from their neighbours, as the authors' two do.
TABLE1: dict[str, dict[str, Any]] = {
    "vae": {},
    "gm-vae": {"model": "gm-vae", "model_options": {"components": 10, "context_dim": 10, "free_nats": 0.5}},
    "mog": {"prior": "mog", "prior_options": {"components": 10, "radius": 6.47, "scale": 1.0}},
    "vamp": {"prior": "vamp", "prior_options": {"components": 100}},
    "sylvester": {"posterior": "sylvester", "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 8}},
    "intel": {"mapping": "clusters", "mapping_options": {"factors": (2, 5)}},
    "intel, 2 sectors": {"mapping": "clusters", "mapping_options": {"k": 2}},
    "intel, 10 sectors": {"mapping": "clusters", "mapping_options": {"k": 10}},
}


def table1(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 1: all digits of MNIST with 50 latent dimensions; the paper does not give the number of clusters."""
    return [all_digits(profile, seed, model) for seed in seeds or range(SEEDS[profile]) for model in TABLE1.values()]


def all_digits(profile: str, seed: int, model: dict[str, Any]) -> RunConfig:
    """A run of Table 1 with these settings of the model."""
    smoke = profile == "smoke"
    settings = {
        "data": "mnist",
        "network": "mathieu",
        "latent_dim": 50,
        "likelihood": "gaussian",
        "epochs": EPOCHS[profile],
        "precision": "float32" if smoke else "bfloat16",
        "smoke_data": smoke,
    }
    return RunConfig(seed=seed, **{**settings, **model})


def _slip(model: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The settings of a `model` with some of its options, or other settings, changed."""
    settings = dict(model)
    for name, value in changes.items():
        settings[name] = {**settings.get(name, {}), **value} if isinstance(value, dict) else value
    return settings


# What the authors' code, or a text, does in another way, one at a time: the method it changes, and how.
Slips = dict[tuple[str, str], dict[str, Any]]
_TEST_SET = {"split": "code", "patience": 5}
_LEARNED = {"c2": 0.5, "learnable": True}


def _of_the_baselines(table: dict[str, dict[str, Any]]) -> Slips:
    """Those of MoG, Vamp and Sylvester, on the models of a table."""
    mog, vamp, sylvester = table["mog"], table["vamp"], table["sylvester"]
    return {
        ("mog", "images from N(0, I)"): _slip(mog, prior_options={"legacy": ["samples"]}),
        ("vamp", "images from N(0, I)"): _slip(vamp, prior_options={"legacy": ["samples"]}),
        ("mog", "components of variance e"): _slip(mog, prior_options={"scale": math.exp(0.5)}),
        ("vamp", "pseudo-inputs not images, from N(0, I)"): _slip(vamp, prior_options={"free": True}),
        ("sylvester", "flow amortised on the mean"): _slip(sylvester, posterior_options={"on_mean": True}),
        ("sylvester", "determinant mispaired"): _slip(sylvester, posterior_options={"mispaired": True}),
    }


SLIPS: Slips = {
    ("intel", "c2 = 0.5, borders learned"): _slip(TABLE1["intel"], mapping_options=_LEARNED),
    ("mog", "entropy of q counted D times"): _slip(TABLE1["mog"], prior_options={"legacy": ["entropy"]}),
    **_of_the_baselines(TABLE1),
    ("vamp", "entropy of q counted D times"): _slip(TABLE1["vamp"], prior_options={"legacy": ["entropy"]}),
    ("mog", "two components at ±2, of variance e"): _slip(
        TABLE1["mog"], prior_options={"components": 2, "radius": 2.0, "scale": math.exp(0.5)}
    ),
    ("intel", "the same, borders forgotten when loaded"): _slip(
        TABLE1["intel"], mapping_options={**_LEARNED, "forgets": True}
    ),
    ("intel", "c1 = 1"): _slip(TABLE1["intel"], mapping_options={"c1": 1.0}),
    ("intel", "2 x 2 in the place of 2 x 5"): _slip(TABLE1["intel"], mapping_options={"factors": (2, 2)}),
    ("vae", "cross-entropy, sigmoid"): {"likelihood": "bernoulli"},
    ("vae", "60,000 images, stopped by the test set"): _TEST_SET,
    ("vae", "binary images (the text)"): {"binary": True},
    ("vae", "the code's network"): {"network": "authors"},
    ("intel", "the code's network"): _slip(TABLE1["intel"], network="authors"),
}


def slips(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 1's methods with one of the `SLIPS` each; at `smoke` the first three."""
    chosen = list(SLIPS.values())[: 3 if profile == "smoke" else None]
    return [all_digits(profile, seed, model) for seed in seeds or range(SEEDS_SLIPS[profile]) for model in chosen]


SLIPS_01: Slips = {
    **_of_the_baselines(TABLE2),
    ("intel", "c2 = 0.5, border learned, forgotten when loaded"): _slip(
        TABLE2["intel"], mapping_options={**_LEARNED, "forgets": True}
    ),
    **{
        (method, name): _slip(TABLE2[method], **changes)
        for name, changes in (
            ("all zeros and ones, stopped by the test set", _TEST_SET),
            ("binary images (the text)", {"binary": True}),
        )
        for method in ("vae", "intel")
    },
}


def slips_01(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 2's methods on the authors' network with one of the `SLIPS_01` each, three seeds; at `smoke` two slips."""
    chosen = list(SLIPS_01.values())[: 2 if profile == "smoke" else None]
    return [
        zeros_and_ones(profile, own_network(profile), "gaussian", seed, model)
        for seed in seeds or range(min(3, SEEDS_01[profile]))
        for model in chosen
    ]


PROPORTIONS = {0.5: (1, 1), 0.4: (2, 3), 0.25: (1, 3), 0.2: (1, 4), 0.0: (0, 1)}


def shares(profile: str, seed: int, repeats: tuple[int, int], epochs: int, **options: Any) -> RunConfig:
    """A run of Table 3 on zeros and ones that occur so often, with these options of the mapping."""
    smoke = profile == "smoke"
    return RunConfig(
        data="mnist-01",
        network="mathieu",
        latent_dim=50,
        likelihood="gaussian",
        epochs=epochs,
        seed=seed,
        mapping="threshold",
        mapping_options={"learnable": True, **options},
        repeats=repeats,
        precision="float32" if smoke else "bfloat16",
        smoke_data=smoke,
    )


def proportions(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 3: the share of zeros in MNIST-01, by repeating its images, and a mapping that learns its threshold."""
    return [
        shares(profile, seed, repeats, EPOCHS_SHARES[profile])
        for seed in seeds or range(SEEDS_SHARES[profile])
        for repeats in PROPORTIONS.values()
    ]


LONGER = {"smoke": 6, "laptop": 100, "paper": 200}  # epochs
POWERS: dict[str, dict[str, float]] = {"c2 = 0.2, the text": {}, "c2 = 0.5, the code": {"c2": 0.5}}


def longer(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 3 with more epochs, one seed (ten at `paper`), and with the power c2 of the paper's text and of the code.

    At `smoke` a quarter of zeros only.
    """
    chosen = [PROPORTIONS[0.25]] if profile == "smoke" else list(PROPORTIONS.values())
    return [
        shares(profile, seed, repeats, LONGER[profile], **power)
        for seed in seeds or range(SEEDS_SHARES[profile] if profile == "paper" else 1)
        for repeats in chosen
        for power in POWERS.values()
    ]
