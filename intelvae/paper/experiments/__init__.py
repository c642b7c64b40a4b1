"""The grid of runs behind each figure and table, for every profile."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from intelvae.devices import check_device
from intelvae.metrics import features as extractors
from intelvae.numbers import check_number
from intelvae.paper import runs, tasks
from intelvae.paper.experiments import digits, faces, sparsity, toys
from intelvae.paper.experiments.profiles import PROFILES, check_profile
from intelvae.paper.experiments.seeds import Seeds, seeds_of, seeds_or_own
from intelvae.paper.records import Record, RunConfig, check_same_faces, store_of

__all__ = [
    "NAMES", "PROFILES", "Seeds", "check_parameters", "check_profile", "digits", "faces", "grid", "records", "seeds_of",
    "seeds_or_own", "sparsity", "toys",
]  # fmt: skip

_GRIDS: dict[str, Callable[..., list[RunConfig]]] = {
    "framework": toys.framework,
    "bridge": toys.bridge,
    "mismatch": toys.mismatch,
    "connectivity": toys.connectivity,
    "readings": toys.readings,
    "capacity": toys.capacity,
    "multi-modality": digits.multi_modality,
    "gap": digits.gap,
    "table1": digits.table1,
    "slips": digits.slips,
    "slips-01": digits.slips_01,
    "proportions": digits.proportions,
    "borders": digits.borders,
    "borders-longer": digits.borders_longer,
    "sparsity": sparsity.fashion,
    "sparsity-mnist": sparsity.mnist,
    "sparsity-choices": sparsity.choices,
    "precision": digits.precision,
    "table4": faces.table4,
    "table-b1": faces.table_b1,
    "hierarchy": faces.hierarchy,
}
NAMES = tuple(_GRIDS)


def grid(experiment: str, profile: str, seeds: Seeds = None, *, features: str | None = None) -> list[RunConfig]:
    """The configs of `experiment` (one of `NAMES`) at `profile`, with these seeds (`seeds_of`) or the profile's own.

    `features`, a name of `metrics.features` such as "inception", is for runs that are judged on any (`tasks.FEATURED`).
    Raises `ValueError`, one line, for an unknown experiment, profile or network of features, and for what is no seeds.

    >>> len(grid("connectivity", "laptop"))
    150
    """
    check_profile(profile)
    if experiment not in _GRIDS:
        raise ValueError(f"unknown experiment {experiment!r}: choose one of {', '.join(NAMES)}")
    configs = _GRIDS[experiment](profile, seeds_of(seeds))
    if features is None:
        return configs
    extractors.get(features)  # raises for an unknown one
    return [dataclasses.replace(c, features=features) if c.data in tasks.FEATURED else c for c in configs]


def check_parameters(*, profile: str, seeds: Seeds = None, device: str = "cpu", jobs: int = 1) -> None:
    """Raises `ValueError`, one line, for the first parameter that is wrong: for pages that train or measure themselves.

    >>> check_parameters(profile="smoke", seeds="0-2", jobs=-1)
    Traceback (most recent call last):
    ...
    ValueError: jobs must be a whole number >= 0, not -1
    """
    check_profile(profile)
    seeds_of(seeds)
    check_number("jobs", jobs, ">= 0", whole=True)
    check_device(device)


def records(
    experiment: str,
    profile: str,
    seeds: Seeds = None,
    *,
    features: str | None = None,
    jobs: int = 1,
    device: str = "cpu",
    beside: bool = False,
    every: bool = False,
) -> list[Record]:
    """The records of `grid(...)`, from the profile's store or by running what is missing (`runs.sweep`).

    For an experiment `beside` a page's own, having none of them is no error where nothing is to be run (`jobs` = 0).
    For one of which `every` setting is needed, with one seed at least, lacking one raises `ValueError`, one line;
    and so do records of different faces, jobs that are no number of runs, and, where something is missing, a device
    that is not there.
    """
    configs, store = grid(experiment, profile, seeds, features=features), store_of(profile)
    check_number("jobs", jobs, ">= 0", whole=True)
    there = [store.path(c).is_file() for c in configs]
    if beside and not jobs and not any(there):
        return []
    if jobs and not all(there):
        check_device(device)
    found = runs.sweep(configs, store, jobs=int(jobs), device=device)
    check_same_faces(found)
    settings = {dataclasses.replace(c, seed=0) for c in configs}
    if every and (lacking := settings - {dataclasses.replace(r.config, seed=0) for r in found}):
        raise ValueError(
            f"{len(lacking)} of the {len(settings)} settings of {experiment} have no run yet, and this page compares "
            "all of them: run the rest with jobs >= 1"
        )
    return found
