"""The grids of the pages on faces and on hierarchies: Tables 4 and B.1, Figures B.2 and B.3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from intelvae.records import RunConfig

EPOCHS = {"smoke": 3, "laptop": 10, "paper": 50}  # of 32 steps, of 80, of 1,627
SMOKE_DIM, DIM = 32, 128  # a VAE's Hoyer score of 0.22 in Table 4 is that of Gaussian codes with 128 dimensions

SEEDS = {"smoke": 1, "laptop": 3, "paper": 10}
NOT_IN_THE_PAPER = "InteL-VAE, γ = 70, as the code"  # one seed

TABLE4: dict[str, dict] = {
    "VAE": {},
    # a pseudo-input that starts as one photograph would stay near it, and the model's samples near a reconstruction
    "Vamp-VAE": {"prior": "vamp", "prior_options": {"components": 100, "blend": 10}},
    "VAE + Sylvester": {
        "posterior": "sylvester",
        "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 8},
    },
    **{f"Sparse-VAE, α = {rate:g}": {"model": "vsc", "model_options": {"alpha": rate}} for rate in (0.01, 0.05, 0.2)},
    **{f"InteL-VAE, γ = {gamma:g}": {"mapping": "sparse", "gamma": gamma} for gamma in (30.0, 50.0, 70.0)},
    NOT_IN_THE_PAPER: {
        "mapping": "sparse",
        "mapping_options": {"floor": 0.2},
        "penalty": "codes",
        "gamma": 70.0,
    },
}
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
        "batch_size": 25 if smoke else 100,  # 800 faces: more steps
        "precision": "float32" if smoke else "bfloat16",
        "smoke_data": smoke,
    }
    return RunConfig(seed=seed, **{**settings, **model})


def table4(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table 4: seven rows of the paper, two that only its submission has, and the code's reading of the last."""
    rows = AT_SMOKE if profile == "smoke" else tuple(TABLE4)
    return [
        face(profile, seed, TABLE4[row])
        for row in rows
        for seed in seeds or range(1 if row == NOT_IN_THE_PAPER else SEEDS[profile])
    ]


def table_b1(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Table B.1: VAEs of several latent dimensions, the hierarchical InteL-VAE, and one with our invertible mapping."""
    smoke = profile == "smoke"
    dims, own = ((8, 32), 16) if smoke else ((8, 16, 32, 64, 128), 64)
    models: list[dict] = [{"latent_dim": dim} for dim in dims]
    models += [{"latent_dim": own, "mapping": "hierarchy", "mapping_options": o} for o in _hierarchies(4)]
    return [face(profile, seed, m) for m in models for seed in seeds or range(10 if profile == "paper" else 1)]


def hierarchy(profile: str, seeds: Sequence[int] | None = None) -> list[RunConfig]:
    """Figure B.2: Fashion-MNIST with five levels of ten dimensions, both mappings, beside the VAE."""
    smoke = profile == "smoke"
    models: list[dict] = [{}, *({"mapping": "hierarchy", "mapping_options": o} for o in _hierarchies(5))]
    return [
        RunConfig(
            data="fashion-mnist",
            network="mathieu",
            latent_dim=50,
            likelihood="gaussian",
            epochs={"smoke": 3, "laptop": 10, "paper": 60}[profile],
            batch_size=25 if smoke else 100,
            seed=seed,
            precision="float32" if smoke else "bfloat16",
            smoke_data=smoke,
            **model,
        )
        for model in models
        for seed in seeds or range(SEEDS[profile])
    ]


def _hierarchies(levels: int) -> tuple[dict, dict]:
    """Options of the mapping: the authors' layers, and our residual networks."""
    return {"levels": levels}, {"levels": levels, "residual": True}
