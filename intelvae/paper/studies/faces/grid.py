"""The grids of the pages on faces and on hierarchies: Tables 4 and B.1, Figures B.2 and B.3."""

from __future__ import annotations

import dataclasses
from operator import itemgetter
from typing import Any

from intelvae.metrics.features import STAND_IN
from intelvae.paper.experiments.profiles import of_images
from intelvae.paper.experiments.seeds import Seeds, seeds_or_own
from intelvae.paper.records import RunConfig

EPOCHS = {"smoke": 1, "laptop": 10, "paper": 50}  # of 32 steps, of 80, of 1,627
SMOKE_DIM, DIM = 32, 128  # a VAE's Hoyer score of 0.22 in Table 4 is that of Gaussian codes with 128 dimensions

SEEDS = {"smoke": 1, "laptop": 3, "paper": 10}
ALPHAS, GAMMAS = (0.01, 0.05, 0.2), (30.0, 50.0, 70.0)
LOW_BETA = ", β = 0.1"  # the weight of the KL divergence in the replication's code for faces
AS_THE_CODE = "InteL-VAE, γ = 70, as the code"

LINEAR_HEAD = "VAE + Sylvester, linear head"
FLOW = {"variant": "orthogonal", "steps": 4, "vectors": 8}

TABLE4: dict[str, dict] = {
    "VAE": {},
    # a pseudo-input that starts as one photograph would stay near it, and the model's samples near a reconstruction
    "Vamp-VAE": {"prior": "vamp", "prior_options": {"components": 100, "blend": 10}},
    "VAE + Sylvester": {
        "posterior": "sylvester",
        "posterior_options": {**FLOW, "hidden": 256},  # the network has 16,384 features, that of the flow's authors 256
    },
    **{f"Sparse-VAE, α = {rate:g}": {"model": "vsc", "model_options": {"alpha": rate}} for rate in ALPHAS},
    **{
        f"Sparse-VAE, α = {rate:g}{LOW_BETA}": {"model": "vsc", "model_options": {"alpha": rate}, "beta": 0.1}
        for rate in ALPHAS
    },
    **{f"InteL-VAE, γ = {gamma:g}": {"mapping": "sparse", "gamma": gamma} for gamma in GAMMAS},
    AS_THE_CODE: {
        "mapping": "sparse",
        "mapping_options": {"floor": 0.2},
        "penalty": "codes",
        "gamma": 70.0,
    },
    LINEAR_HEAD: {"posterior": "sylvester", "posterior_options": FLOW},
}
ONE_SEED = (AS_THE_CODE, LINEAR_HEAD, *(row for row in TABLE4 if row.endswith(LOW_BETA)))
FIRST = ("VAE", *(f"InteL-VAE, γ = {gamma:g}" for gamma in GAMMAS))  # the rows that matter most
AT_SMOKE = ("VAE", "Sparse-VAE, α = 0.2", "InteL-VAE, γ = 30", "InteL-VAE, γ = 70")


def face(profile: str, seed: int, model: dict) -> RunConfig:
    """A run on faces with these settings of the model: Table C.2's network, or at `smoke` a smaller one on 32x32."""
    smoke = profile == "smoke"
    settings: dict[str, Any] = {
        "data": "celeba",
        "network": "mathieu" if smoke else "faces",
        "latent_dim": SMOKE_DIM if smoke else DIM,
        "likelihood": "gaussian",
        "epochs": EPOCHS[profile],
        **of_images(profile),
        "whole": profile == "paper",
    }
    return RunConfig(seed=seed, **{**settings, **model})


def row(profile: str, config: RunConfig) -> str:
    """The row of `TABLE4` that a config of its grid at `profile` belongs to, whatever its seed and its features.

    Raises `KeyError` for a config of another grid.

    >>> row("paper", face("paper", 7, TABLE4["InteL-VAE, γ = 50"]))
    'InteL-VAE, γ = 50'
    """
    of_config = {face(profile, 0, model): row for row, model in TABLE4.items()}
    return of_config[dataclasses.replace(config, seed=0, features=STAND_IN)]


def table4(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table 4: seven rows of the paper, two that only its submission has, and five more.

    These are the Sparse-VAE with the replication's weight of the KL divergence, the code's reading of the last row, and
    the flow with a linear head on all features.
    The order is one in which the runs may end at any time: the first seed of every row, then the other seeds of the
    rows that are `FIRST`, then the rest; the `FIRST` ones lead within a seed.
    """
    rows = AT_SMOKE if profile == "smoke" else tuple(TABLE4)
    order = []
    for row in rows:
        late = row not in FIRST
        for turn, seed in enumerate(seeds_or_own(seeds, 1 if row in ONE_SEED else SEEDS[profile])):
            order.append(((late and turn > 0, turn, late), face(profile, seed, TABLE4[row])))
    return [config for _, config in sorted(order, key=itemgetter(0))]


def table_b1(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Table B.1: VAEs of several latent dimensions, the hierarchical InteL-VAE, and one with our invertible mapping."""
    smoke = profile == "smoke"
    dims, own = ((8, 32), 16) if smoke else ((8, 16, 32, 64, 128), 64)
    models: list[dict] = [{"latent_dim": dim} for dim in dims]
    models += [{"latent_dim": own, "mapping": "hierarchy", "mapping_options": o} for o in _hierarchies(4)]
    return [face(profile, seed, m) for seed in seeds_or_own(seeds, 10 if profile == "paper" else 1) for m in models]


def hierarchy(profile: str, seeds: Seeds = None) -> list[RunConfig]:
    """Figure B.2: Fashion-MNIST with five levels of ten dimensions, both mappings, and the VAE in five blocks."""
    models: list[dict] = [{}, *({"mapping": "hierarchy", "mapping_options": o} for o in _hierarchies(5))]
    return [
        RunConfig(
            data="fashion-mnist",
            network="mathieu",
            latent_dim=50,
            likelihood="gaussian",
            epochs={"smoke": 1, "laptop": 10, "paper": 60}[profile],
            seed=seed,
            **of_images(profile),
            measures=["levels"],
            **model,
        )
        for seed in seeds_or_own(seeds, SEEDS[profile])
        for model in models
    ]


def _hierarchies(levels: int) -> tuple[dict, dict]:
    """Options of the mapping: the authors' layers, and our residual networks."""
    return {"levels": levels}, {"levels": levels, "residual": True}
