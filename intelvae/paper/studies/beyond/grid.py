"""The rows of the page on what the paper says in passing: bounds, a flow as mapping, slopes, stability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from intelvae.paper.config import Evaluation
from intelvae.paper.rows import FLOW, INTEL, VAE, VAMP, Row, Run
from intelvae.paper.studies.digits.grid import table2, zeros_and_ones
from intelvae.paper.studies.seeds import Seeds, seeds_or_own
from intelvae.paper.studies.toys.grid import TOYS, connectivity, one_prior, runs_of, three

SMOOTHNESS, LOOSENESS, LIKELIHOOD = map(Evaluation, ("smoothness", "looseness", "likelihood"))

# Eight samples, and an alpha half way from IWAE to the ELBO. A bound is maximised as it is, so the weight of the KL
# divergence does not rise first, for the ELBO neither: "small variance first" of page 04's readings.
BOUNDS: dict[str, dict[str, Any]] = {
    "ELBO": {},
    "IWAE": {"bound": "iwae", "bound_options": {"samples": 8}},
    "Renyi": {"bound": "renyi", "bound_options": {"samples": 8, "alpha": 0.5}},
}
OF_BOUNDS = ("circle", "star", "mixture")
SEEDS_BOUNDS = {"smoke": 1, "laptop": 5, "paper": 10}
EPOCHS_BOUNDS = {"laptop": 5}  # a quarter of page 04's: eight samples take twice the time
ON_DIGITS = "mnist-01"
SEEDS_DIGITS = {"smoke": 1, "laptop": 3, "paper": 10}
EPOCHS_DIGITS = {"smoke": 1, "laptop": 10, "paper": 60}  # a third of page 05's at `laptop`: eight images take longer
SEEDS_FLOW = {"smoke": 1, "laptop": 5, "paper": 10}
SEEDS_STABILITY = {"smoke": 1, "laptop": 20, "paper": 20}
THERE = 10  # seeds that page 04 has
SMOKE = ("circle",)  # the toy that `smoke` has


def _toys(profile: str, toys: Sequence[str] = TOYS) -> list[str]:
    return [data for data in toys if profile != "smoke" or data in SMOKE]


def of_bounds(data: str) -> Iterator[Row]:
    """The VAE and the InteL-VAE on one data set, trained on each of `BOUNDS`: rows such as "VAE, IWAE"."""
    for name, settings in BOUNDS.items():
        for row in three(data, warmup=0, **settings):
            if row.method != VAMP:
                yield replace(row, name=f"{row.name}, {name}")


def bounds(profile: str, seeds: Seeds = None) -> list[Run]:
    """Section 4: with and without a mapping, training on the ELBO, on IWAE and on a Renyi bound."""
    rows = [row for data in _toys(profile, OF_BOUNDS) for row in of_bounds(data)]
    runs = runs_of(rows, profile, seeds_or_own(seeds, SEEDS_BOUNDS[profile]))
    return [
        replace(r, training=replace(r.training, epochs=EPOCHS_BOUNDS.get(profile, r.training.epochs))) for r in runs
    ]


def bounds_01(profile: str, seeds: Seeds = None) -> list[Run]:
    """Section 4 on images: Table 2's VAE and InteL-VAE on each of `BOUNDS`; at `smoke` the InteL-VAE on two of them."""
    rows = [
        replace(
            row,
            name=f"{row.name}, {name}",
            group=ON_DIGITS,
            settings={**row.settings, **settings, "epochs": EPOCHS_DIGITS[profile]},
            paper={},
        )
        for name, settings in BOUNDS.items()
        for row in table2("mathieu")
        if row.method in (VAE, INTEL)
        if profile != "smoke" or (row.method == INTEL and name != "Renyi")
    ]
    chosen = seeds_or_own(seeds, SEEDS_DIGITS[profile])
    runs = [zeros_and_ones(row, profile, seed) for seed in chosen for row in rows]
    return [replace(run, evaluations=(*run.evaluations, LIKELIHOOD)) for run in runs]


def flow(profile: str, seeds: Seeds = None) -> list[Run]:
    """Section 5: the VAE, an InteL-VAE whose mapping is a flow, and one whose mapping knows the topology."""
    rows = []
    for data in _toys(profile):
        vae, _, intel = three(data)
        rows += [vae, Row(FLOW.name, FLOW, {"data": data, "mapping": "coupling"}, data), intel]
    return runs_of(rows, profile, seeds_or_own(seeds, SEEDS_FLOW[profile]), shown=1)


def _without_pictures(runs: Sequence[Run], profile: str) -> list[Run]:
    """These runs on the profile's toys, without what only page 04 shows of them."""
    chosen = _toys(profile)
    return [replace(run, extras=()) for run in runs if run.training.data in chosen]


def smoothness(profile: str, seeds: Seeds = None) -> list[Run]:
    """Section 2: how steep the models of the authors' notebooks are, with one prior N(0, I), and how loose bounds are.

    Of page 04's models these are the ones whose weights were kept, so that they can be measured without training.
    """
    runs = _without_pictures(one_prior(profile, seeds), profile)
    return [replace(run, evaluations=(*run.evaluations, SMOOTHNESS, LOOSENESS)) for run in runs]


def stability(profile: str, seeds: Seeds = None) -> list[Run]:
    """Conclusion: Figures 4 and C.2 on twenty seeds, of which page 04 has ten."""
    return _without_pictures(connectivity(profile, seeds_or_own(seeds, SEEDS_STABILITY[profile])), profile)


EXPERIMENTS = {"bounds": bounds, "bounds-01": bounds_01, "flow": flow, "smoothness": smoothness, "stability": stability}
