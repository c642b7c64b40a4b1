"""How the InteL-VAE's means over seeds compare with the VAE's on points in the plane, in a setting and between two."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from intelvae.paper.results import Result
from intelvae.paper.rows import INTEL, VAE
from intelvae.paper.statistics import Metric, measured
from intelvae.paper.studies.toys import grid
from intelvae.paper.studies.toys.analysis import EMPTY, NO_RUN, astray, elbo, how_many, kl

LIKELIHOOD, DISTANCES = measured("log_likelihood"), measured("sliced_wasserstein")
Means = dict[str, dict[str, float]]  # over seeds, by data set and method


def _means(results: Sequence[Result], metric: Metric) -> Means:
    """Means of a metric on the data sets of Figures 4 and C.2."""
    found: dict[str, dict[str, list[float]]] = {data: {} for data in grid.TOYS}
    for r in results:
        if r.row.group in found:
            found[r.row.group].setdefault(r.row.name, []).append(metric(r))
    return {data: {name: statistics.fmean(v) for name, v in of.items()} for data, of in found.items()}


def _shared(methods: Sequence[str], *means: Means) -> list[str]:
    """The data sets on which all of these means have all of these methods."""
    return [data for data in grid.TOYS if all(set(methods) <= of[data].keys() for of in means)]


def below_vae(results: Sequence[Result], metric: Metric) -> str:
    """On how many data sets the InteL-VAE's mean is below the VAE's."""
    of = _means(results, metric)
    return how_many([of[data][INTEL.name] < of[data][VAE.name] for data in _shared((VAE.name, INTEL.name), of)])


def comes_below_vae(before: Sequence[Result], after: Sequence[Result], metric: Metric) -> str:
    """On how many data sets the InteL-VAE's mean is below the VAE's in the second results only."""
    means = [_means(of, metric) for of in (before, after)]
    below = [
        [of[data][INTEL.name] < of[data][VAE.name] for of in means] for data in _shared((VAE.name, INTEL.name), *means)
    ]
    return how_many([now and not then for then, now in below])


def not_the_whole_reason(before: Sequence[Result], after: Sequence[Result], metric: Metric) -> str:
    """Words on whether what the second results have explains where the InteL-VAE is behind the VAE (a larger mean).

    Nothing if it is so nowhere, or comes ahead everywhere. Also says how far it is behind on the infinity sign, where
    that shrinks.
    """
    means = [_means(of, metric) for of in (before, after)]
    gaps = {
        data: [of[data][INTEL.name] - of[data][VAE.name] for of in means]
        for data in _shared((VAE.name, INTEL.name), *means)
    }
    if not any(then > 0 and now > 0 for then, now in gaps.values()):
        return ""
    then, now = gaps.get("infinity", (0.0, 0.0))
    shrinks = f": on the infinity sign the gap to the VAE shrinks from {then:.1f} to {now:.1f} points, but it stays"
    return f"So small layers are not the whole reason{shrinks * (then > now > 0)}."


def raised(before: Sequence[Result], after: Sequence[Result], metric: Metric, method: str) -> str:
    """On how many data sets a method's mean is larger in the second results than in the first."""
    first, last = (_means(of, metric) for of in (before, after))
    return how_many([last[data][method] > first[data][method] for data in _shared((method,), first, last)])


def harmed_more(before: Sequence[Result], after: Sequence[Result], metric: Metric) -> str:
    """On how many data sets the VAE's mean is larger in the second results, and grew by more than the InteL-VAE's."""
    first, last = (_means(of, metric) for of in (before, after))
    grown = [
        [last[data][name] - first[data][name] for name in (VAE.name, INTEL.name)]
        for data in _shared((VAE.name, INTEL.name), first, last)
    ]
    return how_many([theirs > max(0.0, ours) for theirs, ours in grown])


def reconstruction(result: Result) -> float:
    """The first term of the ELBO on validation data at the end of training, in nats."""
    return elbo(result) + kl(result)


def _with_empty_hole(results: Sequence[Result], data: str) -> list[Result]:
    """The InteL-VAEs on a data set that leave its holes empty."""
    return [r for r in results if (r.row.name, r.row.group) == (INTEL.name, data) and astray(r) <= EMPTY]


def likelihoods(results: Sequence[Result], data: str) -> dict[str, str]:
    """Estimates of log p(x) on a data set, in nats: means by method, and "empty", a median over InteL-VAEs.

    These are the ones that leave the holes empty. "cost" is what the VAE's log p(x) would gain if its samples astray
    were on the curve, spread as the others are.
    """
    of, runs = _means(results, LIKELIHOOD)[data], _with_empty_hole(results, data)
    share = _means(results, astray)[data].get(VAE.name)
    return {name: f"{of[name]:.2f}" if name in of else NO_RUN for name in (VAE.name, INTEL.name)} | {
        "empty": f"{statistics.median(map(LIKELIHOOD, runs)):.2f}" if runs else NO_RUN,
        "cost": NO_RUN if share is None else f"{-math.log1p(-share / 100) if share < 100 else math.inf:.2f}",
    }


def farthest_with_empty_hole(results: Sequence[Result], data: str) -> dict[str, str]:
    """Of the InteL-VAEs on a data set whose holes are empty, the one with the largest distance.

    "distance" is that, and "off" the share of its samples off the support, in %. Empty without such a run.
    """
    runs = _with_empty_hole(results, data)
    if not runs:
        return {}
    farthest = max(runs, key=DISTANCES)
    return {"distance": f"{DISTANCES(farthest):.2f}", "off": f"{100 * farthest.metrics['off_support']:.1f}"}
