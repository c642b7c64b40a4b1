"""The rows of the page on what the paper says in passing: bounds, a flow as mapping, slopes, stability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from intelvae.paper.config import Evaluation
from intelvae.paper.rows import FLOW, VAMP, Row, Run
from intelvae.paper.studies.seeds import Seeds, seeds_of, seeds_or_own
from intelvae.paper.studies.toys.grid import TOYS, connectivity, runs_of, three

SMOOTHNESS = Evaluation("smoothness")

# Eight samples, and an alpha half way from IWAE to the ELBO. A bound is maximised as it is, so the weight of the KL
# divergence does not rise first, for the ELBO neither: "small variance first" of page 04's readings, whose three seeds
# were there before the rules.
BOUNDS: dict[str, dict[str, Any]] = {
    "ELBO": {},
    "IWAE": {"bound": "iwae", "bound_options": {"samples": 8}},
    "Renyi": {"bound": "renyi", "bound_options": {"samples": 8, "alpha": 0.5}},
}
OF_BOUNDS = ("circle", "star", "mixture")
SEEDS_BOUNDS = {"smoke": 1, "laptop": 5, "paper": 10}
SEEDS_FLOW = {"smoke": 1, "laptop": 5, "paper": 10}
SEEDS_STABILITY = {"smoke": 1, "laptop": 20, "paper": 20}
# The seeds that page 04 does not have: their models are here to be measured, and no rule has seen them. They have no
# Vamp-VAE, whose runs take as long as those of the other two together.
FRESH = {"smoke": (0,), "laptop": tuple(range(10, 20)), "paper": tuple(range(10, 20))}
SMOKE = ("circle", "mixture")  # the toys that `smoke` has


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
    return runs_of(rows, profile, seeds_or_own(seeds, SEEDS_BOUNDS[profile]))


def flow(profile: str, seeds: Seeds = None) -> list[Run]:
    """Section 5: the VAE, an InteL-VAE whose mapping is a flow, and one whose mapping knows the topology."""
    rows = []
    for data in _toys(profile):
        vae, _, intel = three(data)
        rows += [vae, Row(FLOW.name, FLOW, {"data": data, "mapping": "coupling"}, data), intel]
    return runs_of(rows, profile, seeds_or_own(seeds, SEEDS_FLOW[profile]), shown=1)


def _connectivity(profile: str, seeds: Sequence[int]) -> list[Run]:
    """The runs of Figures 4 and C.2, without what only page 04 shows of them."""
    toys = _toys(profile)
    return [replace(run, extras=()) for run in connectivity(profile, seeds) if run.training.data in toys]


def smoothness(profile: str, seeds: Seeds = None) -> list[Run]:
    """Section 2: the models of Figures 4 and C.2 on ten seeds that page 04 has not, and how steep they are."""
    chosen = seeds_of(seeds) or list(FRESH[profile])
    runs = _connectivity(profile, chosen)
    return [replace(run, evaluations=(*run.evaluations, SMOOTHNESS)) for run in runs if run.row.method != VAMP]


def stability(profile: str, seeds: Seeds = None) -> list[Run]:
    """Conclusion: the models of Figures 4 and C.2 on twenty seeds, page 04's ten and the ten of `smoothness`."""
    runs = _connectivity(profile, seeds_or_own(seeds, SEEDS_STABILITY[profile]))
    return [run for run in runs if run.row.method != VAMP or run.training.seed not in FRESH["laptop"]]


EXPERIMENTS = {"bounds": bounds, "flow": flow, "smoothness": smoothness, "stability": stability}
