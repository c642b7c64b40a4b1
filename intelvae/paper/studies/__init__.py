"""The chapters of the reproduction: the rows behind each figure and table, for every profile, and their results."""

from __future__ import annotations

from collections.abc import Callable

from intelvae.devices import check_device
from intelvae.metrics import features as extractors
from intelvae.numbers import check_number, whole_of
from intelvae.paper import sweeps
from intelvae.paper.results import Results
from intelvae.paper.rows import Run
from intelvae.paper.store import store_of
from intelvae.paper.studies import beyond, digits, discrepancies, faces, hierarchy, sparsity, toys
from intelvae.paper.studies.profiles import PROFILES, check_profile
from intelvae.paper.studies.seeds import Seeds, seeds_of, seeds_or_own

__all__ = [
    "BY_PRIORITY", "NAMES", "PROFILES", "Seeds", "accounts", "beyond", "check_parameters", "check_profile", "digits",
    "discrepancies", "faces", "hierarchy", "results", "runs", "seeds_of", "seeds_or_own", "sparsity", "stored", "toys",
]  # fmt: skip

_GRIDS: dict[str, Callable[..., list[Run]]] = {  # each study declares its own; in the order in which pages list them
    **toys.grid.EXPERIMENTS,
    **digits.grid.EXPERIMENTS,
    **digits.slips.EXPERIMENTS,
    **digits.spread.EXPERIMENTS,
    **digits.grid.OF_SHARES,
    **sparsity.grid.EXPERIMENTS,
    **digits.grid.OF_PRECISION,
    **faces.grid.EXPERIMENTS,
    **hierarchy.grid.EXPERIMENTS,
    **beyond.grid.EXPERIMENTS,
}
NAMES = tuple(_GRIDS)
# In a sweep of all of them these come first, since its time may end before the rest: what decides most.
_FIRST = (
    "sparsity-as-coded", "sparsity-as-authors", "sparsity-small-beta", "sparsity", "sparsity-mnist", "table1",
    "multi-modality", "slips", "slips-01", "proportions", "borders", "hierarchy", "table4", "table-b1",
)  # fmt: skip
BY_PRIORITY = (*_FIRST, *(name for name in NAMES if name not in _FIRST))


def runs(experiment: str, profile: str, seeds: Seeds = None, *, features: str | None = None) -> list[Run]:
    """The runs of `experiment` (one of `NAMES`) at `profile`, with these seeds (`seeds_of`) or the profile's own.

    `features`, one of `metrics.features.CHOICES` such as "inception", is for samples that are judged on some. Raises
    `ValueError`, one line, for an unknown experiment, profile or network of features, and for what is no seeds.

    >>> len(runs("connectivity", "laptop"))
    150
    """
    check_profile(profile)
    if experiment not in NAMES:
        raise ValueError(f"unknown experiment {experiment!r}: choose one of {', '.join(NAMES)}")
    found = _GRIDS[experiment](profile, seeds_of(seeds))
    if features is None:
        return found
    extractors.check_choice(features)
    return [run.judged_on(features) for run in found]


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


def results(
    experiment: str,
    profile: str,
    seeds: Seeds = None,
    *,
    features: str | None = None,
    jobs: int = 1,
    device: str = "cpu",
    beside: bool = False,
    every: bool = False,
) -> Results:
    """The results of `runs(...)`, from the profile's store or by running what is missing (`sweeps.sweep`).

    For an experiment `beside` a page's own, having none of them is no error where nothing is to be run (`jobs` = 0).
    For one of which `every` row is needed, with one seed at least, lacking one raises `ValueError`, one line; and so do
    results of different faces, jobs that are no number of runs, and, where something is missing, a device that is not
    there.
    """
    asked, store = runs(experiment, profile, seeds, features=features), store_of(profile)
    jobs = whole_of("jobs", jobs, ">= 0")
    there = [store.trained(run.training) is not None for run in asked]
    if beside and not jobs and not any(there):
        return Results(experiment, profile, asked, [])
    if jobs and not all(there):
        check_device(device)
    found = Results(experiment, profile, asked, sweeps.sweep(asked, store, jobs=jobs, device=device))
    faces.grid.check_same_faces(found)
    rows = dict.fromkeys(run.row for run in asked)
    if every and (lacking := rows.keys() - set(found.rows)):
        raise ValueError(
            f"{len(lacking)} of the {len(rows)} rows of {experiment} have no run yet, and this page compares all of "
            "them: run the rest with jobs >= 1"
        )
    return found


def stored(experiment: str, profile: str, *, features: str | None = None) -> Results:
    """The results of an experiment that the profile's store holds, whatever their number, without running anything.

    Raises `ValueError`, one line, for results of different faces.
    """
    asked, store = runs(experiment, profile, features=features), store_of(profile)
    found = [result for run in asked if (result := store.result(run)) is not None]
    faces.grid.check_same_faces(found)
    return Results(experiment, profile, asked, found)


def accounts(results: Results) -> dict[str, str | float]:
    """What an experiment's results ran on and how long they took, the runs' own times added up."""
    return {
        "experiment": results.experiment,
        "runs": f"{len(results)} of {len(results.asked)}",
        "hours": round(sum(r.seconds for r in results) / 3600, 2),
        "device": ", ".join(sorted({r.trained.device for r in results})),
        "torch": ", ".join(sorted({r.trained.versions["torch"] for r in results})),
        "commits": ", ".join(sorted({r.code for r in results})),
    }
