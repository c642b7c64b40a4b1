"""The rows of the page on hierarchies: Figure B.2."""

from __future__ import annotations

from intelvae.metrics.features import STAND_IN
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import INTEL, VAE, Row, Run
from intelvae.paper.studies.profiles import of_images
from intelvae.paper.studies.seeds import Seeds, seeds_or_own

EPOCHS = {"smoke": 1, "laptop": 10, "paper": 60}
SEEDS = {"smoke": 1, "laptop": 3, "paper": 10}
LEVEL_COUNT = 5

MEASURED = (Evaluation("elbo"), Evaluation("samples", STAND_IN), Evaluation("levels"))
TRAVERSALS = Evaluation("level-traversals")

ONE_LAYER, RESIDUAL = "InteL-VAE, one layer", "InteL-VAE, residual"
FIGURE_B2 = (
    Row("VAE", VAE),
    Row(ONE_LAYER, INTEL, {"mapping": "hierarchy", "mapping_options": {"levels": LEVEL_COUNT}}),
    Row(RESIDUAL, INTEL, {"mapping": "hierarchy", "mapping_options": {"levels": LEVEL_COUNT, "residual": True}}),
)


def hierarchy(profile: str, seeds: Seeds = None) -> list[Run]:
    """Figure B.2: Fashion-MNIST with five levels of ten dimensions, both mappings, and the VAE in five blocks.

    Of both mappings the first seed has traversals.
    """
    chosen = seeds_or_own(seeds, SEEDS[profile])

    def training(row: Row, seed: int) -> Training:
        return Training(
            data="fashion-mnist",
            network="mathieu",
            latent_dim=50,
            likelihood="gaussian",
            epochs=EPOCHS[profile],
            seed=seed,
            **of_images(profile),
            **row.settings,
        )

    def extras(row: Row, seed: int) -> tuple[Evaluation, ...]:
        return (TRAVERSALS,) if row.name != "VAE" and seed == chosen[0] else ()

    return [Run(row, training(row, seed), MEASURED, extras(row, seed)) for seed in chosen for row in FIGURE_B2]


EXPERIMENTS = {"hierarchy": hierarchy}
