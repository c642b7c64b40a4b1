"""The grids of the pages on clusters of digits: Tables 1 to 3, and what the authors' code does in another way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from intelvae.paper.experiments.profiles import of_images
from intelvae.paper.experiments.seeds import Seeds, seeds_or_own
from intelvae.paper.records import RunConfig

SEEDS_01, EPOCHS_01 = {"smoke": 1, "laptop": 5, "paper": 10}, {"smoke": 1, "laptop": 30, "paper": 60}  # Table 2
SEEDS, EPOCHS = {"smoke": 1, "laptop": 3, "paper": 10}, {"smoke": 1, "laptop": 10, "paper": 60}  # Table 1

TABLE2: dict[str, dict[str, Any]] = {
    "vae": {},
    "gm-vae": {"model": "gm-vae", "model_options": {"components": 2, "context_dim": 2, "free_nats": 0.5}},
    "mog": {"prior": "mog", "prior_options": {"components": 2, "radius": 2.0, "scale": 1.0}},
    "vamp": {"prior": "vamp", "prior_options": {"components": 50}},
    "sylvester": {"posterior": "sylvester", "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 1}},
    "intel": {"mapping": "clusters", "mapping_options": {"k": 2}},
}


def zeros_and_ones(profile: str, network: str, likelihood: str, seed: int, model: dict[str, Any]) -> RunConfig:
    """A run of Table 2 with this network and likelihood and these settings of the model."""
    settings = {
        "data": "mnist-01",
        "network": network,
        "latent_dim": 1,
        "likelihood": likelihood,
        "epochs": EPOCHS_01[profile],
        **of_images(profile),
    }
    return RunConfig(seed=seed, **{**settings, **model})


def multi_modality(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 2 and Figure 6: MNIST-01 with one latent dimension, by network, squared error and Bernoulli.

    The Bernoulli reading has two seeds at `laptop`, and none at `smoke` or for our own network "mathieu-offset", an
    ablation. At `smoke` only the network "mathieu" runs.
    """
    chosen = seeds_or_own(seeds, SEEDS_01[profile])
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


def gap(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """The InteL-VAE of Table 2 with the paper's mapping and the two in the authors' code, three seeds."""
    models = ({"mapping": "clusters", "mapping_options": {"k": 2, **options}} for options in GAPS.values())
    return [
        zeros_and_ones(profile, own_network(profile), "gaussian", seed, model)
        for model in models
        for seed in seeds_or_own(seeds, min(3, SEEDS_01[profile]))
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


def table1(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 1: all digits of MNIST with 50 latent dimensions; the paper does not give the number of clusters."""
    return [
        all_digits(profile, seed, model) for seed in seeds_or_own(seeds, SEEDS[profile]) for model in TABLE1.values()
    ]


def all_digits(profile: str, seed: int, model: dict[str, Any]) -> RunConfig:
    """A run of Table 1 with these settings of the model."""
    settings = {
        "data": "mnist",
        "network": "mathieu",
        "latent_dim": 50,
        "likelihood": "gaussian",
        "epochs": EPOCHS[profile],
        **of_images(profile),
    }
    return RunConfig(seed=seed, **{**settings, **model})


class Slip(NamedTuple):
    """What the authors' code, or the text, does in another way: a model's settings `before` and `after` it."""

    before: dict[str, Any]
    after: dict[str, Any]


def _slip(model: dict[str, Any], **changes: Any) -> Slip:
    """That some options, or other settings, of a `model` change."""
    settings = dict(model)
    for name, value in changes.items():
        settings[name] = {**settings.get(name, {}), **value} if isinstance(value, dict) else value
    return Slip(model, settings)


def _of_the_baselines(table: dict[str, dict[str, Any]]) -> dict[str, Slip]:
    """Those of MoG, Vamp and Sylvester, on the models of a table."""
    mog, vamp, sylvester = table["mog"], table["vamp"], table["sylvester"]
    return {
        "MoG: images from N(0, I)": _slip(mog, prior_options={"legacy": ["samples"]}),
        "Vamp: images from N(0, I)": _slip(vamp, prior_options={"legacy": ["samples"]}),
        "MoG: components of variance e": _slip(mog, prior_options={"scale": math.exp(0.5)}),
        "Vamp: pseudo-inputs from N(0, I), not held to grey levels": _slip(vamp, prior_options={"free": True}),
        "Sylvester: flow amortised on the mean": _slip(sylvester, posterior_options={"on_mean": True}),
        "Sylvester: determinant mispaired": _slip(sylvester, posterior_options={"mispaired": True}),
    }


def _of_all(table: dict[str, dict[str, Any]], epochs: dict[str, int], profile: str) -> dict[str, Slip]:
    """Those of the VAE and the InteL-VAE."""
    changes: dict[str, dict[str, Any]] = {
        "all training images, best epoch by the test set": {"split": "code", "patience": epochs[profile]},
        "binary images, as the text says": {"binary": True},
    }
    return {
        f"{name}: {what}": _slip(table[method], **change)
        for what, change in changes.items()
        for method, name in (("vae", "VAE"), ("intel", "InteL-VAE"))
    }


_LEARNED = {"c2": 0.5, "learnable": True}


def slips_of_table1(profile: str) -> dict[str, Slip]:
    """What the authors' code does in another way than Table 1's methods are meant, one at a time, by name."""
    mog, vamp, intel = TABLE1["mog"], TABLE1["vamp"], TABLE1["intel"]
    learned = _slip(intel, mapping_options=_LEARNED)
    return {
        "InteL-VAE: c2 = 0.5, borders learned": learned,
        "InteL-VAE: learned borders forgotten when loaded": _slip(learned.after, mapping_options={"forgets": True}),
        "MoG: entropy of q counted D times": _slip(mog, prior_options={"legacy": ["entropy"]}),
        "Vamp: entropy of q counted D times": _slip(vamp, prior_options={"legacy": ["entropy"]}),
        **_of_the_baselines(TABLE1),
        "MoG: two components at ±2, of variance e": _slip(
            mog, prior_options={"components": 2, "radius": 2.0, "scale": math.exp(0.5)}
        ),
        "InteL-VAE: c1 = 1": _slip(intel, mapping_options={"c1": 1.0}),
        "InteL-VAE: 2 x 2 in the place of 2 x 5": _slip(intel, mapping_options={"factors": (2, 2)}),
        "VAE: cross-entropy, sigmoid": _slip({}, likelihood="bernoulli"),
        "InteL-VAE: cross-entropy, sigmoid": _slip(intel, likelihood="bernoulli"),
        "VAE: the code's network": _slip({}, network="authors"),
        "InteL-VAE: the code's network": _slip(intel, network="authors"),
        **_of_all(TABLE1, EPOCHS, profile),
    }


def slips(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 1's methods with one of the `slips_of_table1` each; at `smoke` the first three."""
    chosen = list(slips_of_table1(profile).values())[: 3 if profile == "smoke" else None]
    return [all_digits(profile, seed, slip.after) for seed in seeds_or_own(seeds, SEEDS[profile]) for slip in chosen]


def slips_of_table2(profile: str) -> dict[str, Slip]:
    """What the authors' code does in another way than Table 2's methods are meant, one at a time, by name."""
    learned = _slip(TABLE2["intel"], mapping_options=_LEARNED)  # the grid `gap` has it
    return {
        **_of_the_baselines(TABLE2),
        "Sylvester: eight vectors in one dimension": _slip(
            TABLE2["sylvester"], posterior_options={"vectors": 8, "unchecked": True}
        ),
        "InteL-VAE: learned border forgotten when loaded": _slip(learned.after, mapping_options={"forgets": True}),
        **_of_all(TABLE2, EPOCHS_01, profile),
    }


def slips_01(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 2's methods on the authors' network with one of the `slips_of_table2` each, three seeds.

    At `smoke` the first two.
    """
    chosen = list(slips_of_table2(profile).values())[: 2 if profile == "smoke" else None]
    return [
        zeros_and_ones(profile, own_network(profile), "gaussian", seed, slip.after)
        for seed in seeds_or_own(seeds, min(3, SEEDS_01[profile]))
        for slip in chosen
    ]


PROPORTIONS = {0.5: (1, 1), 0.4: (2, 3), 0.25: (1, 3), 0.2: (1, 4), 0.0: (0, 1)}
SEEDS_SHARES = {"smoke": 1, "laptop": 5, "paper": 10}
# Steps, and not epochs, are the same for all shares: an epoch of 25,000 repeated images has five times those of 5,000.
# At `paper` the 200 epochs of the authors' script.
STEPS_SHARES = {"smoke": 10, "laptop": 10_000}
LONGER = {"smoke": 20, "laptop": 40_000}
POWER_OF_CODE = {"c2": 0.5}  # the text, and the mapping unless told otherwise, has 0.2


def steps_of(profile: str, repeats: Sequence[int]) -> int:
    """The steps that an epoch has if each class is repeated so often: of 100 images, at `smoke` what is set."""
    return of_images(profile).get("steps_per_epoch", 50 * sum(repeats))


def epochs_of(profile: str, repeats: Sequence[int], steps: dict[str, int]) -> int:
    """The epochs that take so many steps at a profile, if each class is repeated so often."""
    return steps[profile] // steps_of(profile, repeats) if profile in steps else 200


def shares(profile: str, seed: int, repeats: Sequence[int], epochs: int, **options: Any) -> RunConfig:
    """A run of Table 3 on zeros and ones that occur so often, with these options of the mapping."""
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
        **of_images(profile),
    )


def proportions(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 3: the share of zeros in MNIST-01, by repeating its images, and a mapping that learns its threshold."""
    return [
        shares(profile, seed, repeats, epochs_of(profile, repeats, STEPS_SHARES))
        for seed in seeds_or_own(seeds, SEEDS_SHARES[profile])
        for repeats in PROPORTIONS.values()
    ]


def borders(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 3 with the power c2 of the authors' code, three seeds (ten at `paper`); at `smoke` a quarter of zeros."""
    return [
        shares(profile, seed, PROPORTIONS[share], epochs_of(profile, PROPORTIONS[share], STEPS_SHARES), **POWER_OF_CODE)
        for seed in seeds_or_own(seeds, {"smoke": 1, "laptop": 3, "paper": 10}[profile])
        for share in ([0.25] if profile == "smoke" else PROPORTIONS)
    ]


def borders_longer(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 3's quarter of zeros for longer with the power of the text and that of the code, one seed.

    At `paper` no longer than all others are, as long as the authors'.
    """
    quarter = PROPORTIONS[0.25]
    return [
        shares(profile, seed, quarter, epochs_of(profile, quarter, LONGER), **power)
        for seed in seeds_or_own(seeds, 1)
        for power in ({}, POWER_OF_CODE)
    ]


# Many processors have no units for bfloat16 and take minutes for what is a second in others.
COMPARED = {
    "smoke": ("float32", "float64"),
    "laptop": ("float32", "bfloat16"),
    "paper": ("float32", "bfloat16"),
}


def precision(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """What bfloat16 changes (ours): the VAE of Table 1 and the InteL-VAE of Table 2 in `COMPARED`, three seeds."""
    chosen = seeds_or_own(seeds, min(3, SEEDS[profile]))
    epochs = 1 if profile == "smoke" else 5
    intel = TABLE2["intel"]
    pairs = [
        (all_digits(profile, seed, {"epochs": epochs}),
         zeros_and_ones(profile, "mathieu-offset", "gaussian", seed, intel))
        for seed in chosen
    ]  # fmt: skip
    return [dataclasses.replace(c, precision=p) for p in COMPARED[profile] for pair in pairs for c in pair]
