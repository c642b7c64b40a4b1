"""What the pages on points in the plane say of their results: numbers and tables."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import torch
from scipy.optimize import brentq

from intelvae import mappings
from intelvae.data import toys
from intelvae.metrics.toy import sliced_wasserstein
from intelvae.paper.datasets import Points
from intelvae.paper.kinds import OPPOSITE, REPRODUCED
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL, VAE, VAMP
from intelvae.paper.statistics import Metric, mean_and_sd, measured
from intelvae.paper.studies.toys import grid

NO_RUN = "(no run)"
AS_VAE = "figC2-vamp-as-vae-"  # how ids of the rules on the Vamp-VAE itself begin


def on_the_circle(results: Results) -> dict[str, Any]:
    """How many codes z are kept, how far the farthest of them is from the circle of radius 1, and where they "lie".

    Three decimals of a code are stored, which may put it up to 0.0007 beside the circle.
    """
    radius = torch.cat([r.kept["z"] for r in results]).norm(dim=1)
    farthest = round((radius - 1).abs().max().item(), 3)
    lie = "lie on it, up to the three decimals that are stored" if farthest <= 0.001 else f"are within {farthest} of it"
    return {"codes": len(radius), "farthest": farthest, "lie": lie}


def cell(results: Sequence[Result], metric: str, digits: int = 3, scale: float = 1.0) -> str:
    """The mean and deviation of a metric over the results that have it, nothing without any."""
    return mean_and_sd([r.metrics[metric] for r in results if metric in r.metrics], digits, scale)


def by_data(results: Results, columns: Mapping[str, str], digits: int = 3) -> pd.DataFrame:
    """Metrics, by the titles of their columns: means and deviations over seeds, a line a data set and method."""
    lines = [
        {"data": row.group, "method": row.name}
        | {title: cell(results.of(row.name, row.group), metric, digits) for title, metric in columns.items()}
        for row in results.rows
    ]
    return pd.DataFrame(lines).set_index(["data", "method"])


def floor(data: str) -> float:
    """The mean sliced Wasserstein distance of ten fresh sets of 2,000 points from the held-out ones."""
    generator = torch.Generator().manual_seed(0)
    test = Points(data).test
    sets = [toys.sample(data, len(test), generator) for _ in range(10)]
    return statistics.fmean(sliced_wasserstein(fresh, test, generator=generator) for fresh in sets)


def astray(result: Result) -> float:
    """The share of samples, in %, where the data have none: inside a hole or, of the mixture, on the bridge."""
    return 100 * result.metrics.get("inside_hole", result.metrics.get("bridge", math.nan))


def connectivity(results: Results) -> pd.DataFrame:
    """Figures 4 and C.2 in numbers: means and deviations over seeds by data set and method, beside fresh data's."""
    floors = {data: f"{floor(data):.3f}" for data in dict.fromkeys(row.group for row in results.rows)}
    return pd.DataFrame(
        {
            "data": row.group,
            "method": row.name,
            "sliced W.": cell(of, "sliced_wasserstein"),
            "of fresh data": floors[row.group],
            "off support, %": cell(of, "off_support", 1, 100.0),
            "astray, %": mean_and_sd([astray(r) for r in of]),
            "log p(x), nats": cell(of, "log_likelihood", 2),
        }
        for row in results.rows
        for of in [results.of(row.name, row.group)]
    )


def worst_hole(results: Results, data: str) -> dict[str, str]:
    """The InteL-VAE's samples inside a hole of that data set, in %: the worst run, and the median over runs."""
    shares = [r.metrics["inside_hole"] for r in results.of("InteL-VAE", data)]
    if not shares:
        return {"worst": NO_RUN, "median": NO_RUN}
    return {"worst": f"{100 * max(shares):.1f}", "median": f"{100 * statistics.median(shares):.1f}"}


EMPTY = 2.0  # % of the samples, up to which we call a hole empty; drawn after the runs, and no verdict rests on it


def emptied(results: Sequence[Result], data: str, method: str = "InteL-VAE") -> dict[str, str]:
    """How many runs of a method on a data set leave its holes empty, and what the others have.

    "of" is both counts in words, "kl" and "kl-others" are median KL divergences in nats, "others" says which share of
    the samples the others have inside, the least and the most of them, and "first" what the first seed has, in %.
    """
    runs = sorted((r for r in results if (r.row.name, r.training.data) == (method, data)), key=lambda r: r.seed)
    if not runs:
        return dict.fromkeys(("of", "kl", "kl-others", "others", "first"), NO_RUN)
    empty, others = ([r for r in runs if (astray(r) <= EMPTY) == which] for which in (True, False))
    span = dict.fromkeys(f"{of(map(astray, others)):.1f}" for of in (min, max)) if others else ()
    median = ["none" if not of else f"{statistics.median(map(kl, of)):.1f}" for of in (empty, others)]
    return {
        "of": f"{len(empty) or 'none'} of {len(runs)}",
        "kl": median[0],
        "kl-others": median[1],
        "others": f"{_subject(len(empty), len(others))} {' to '.join(span)} %" if others else "",
        "first": f"{astray(runs[0]):.1f}",
    }


def _subject(empty: int, others: int) -> str:
    """What a sentence on the others begins with, after one on the empty ones."""
    return ("the others have" if others > 1 else "the other has") if empty else "they have" if others > 1 else "it has"


def kinds_of_runs(found: Mapping[str, Sequence[Result]]) -> pd.DataFrame:
    """In how many of the InteL-VAEs holes are empty, by data set and settings, and the share inside of the others."""
    holes = [data for data in grid.TOYS if data != "mixture"]
    of = {title: {data: _kinds(emptied(results, data)) for data in holes} for title, results in found.items()}
    return pd.DataFrame(of).rename_axis("data set")


def _kinds(counted: Mapping[str, str]) -> str:
    others = "" if counted["others"] in ("", NO_RUN) else f" ({counted['others']})"
    return counted["of"] + others


def kl(result: Result) -> float:
    """The KL divergence on validation data at the end of training, in nats; of a collapsed model it is 0."""
    return result.curves["valid_kl"][-1]


def elbo(result: Result) -> float:
    """The ELBO on validation data at the end of training, in nats."""
    return result.curves["valid_elbo"][-1]


def how_many(holds: Sequence[bool]) -> str:
    """In how many cases something holds, in words.

    >>> how_many([True, True]), how_many([True, False]), how_many([False, False])
    ('all 2', '1 of the 2', 'none of the 2')
    """
    return f"all {len(holds)}" if holds and all(holds) else f"{sum(holds) or 'none'} of the {len(holds)}"


def _of_readings(results: Results) -> dict[str, list[Result]]:
    """The results of each reading of the likelihood."""
    groups = {name: {grid.of_reading(name, data) for data in grid.TOYS} for name in grid.READINGS}
    return {name: [r for r in results if r.row.group in groups[name]] for name in groups}


def in_how_many_readings(results: Results) -> str:
    """In how many readings of the likelihood the InteL-VAE has a lower ELBO than the VAE, mean over their runs."""
    means = [
        [statistics.fmean(elbo(r) for r in of if r.row.method == method) for method in (INTEL, VAE)]
        for of in _of_readings(results).values()
        if {INTEL, VAE} <= {r.row.method for r in of}
    ]
    return how_many([ours < theirs for ours, theirs in means])


def readings(results: Results) -> pd.DataFrame:
    """What each reading of the likelihood gives: means over data sets and seeds, by reading and method.

    The share in a hole is that of the data sets that have one.
    """
    lines = []
    for name, of in _of_readings(results).items():
        for method in dict.fromkeys(r.row.name for r in of):
            chosen = [r for r in of if r.row.name == method]
            values = {
                "KL, nats": list(map(kl, chosen)),
                "ELBO, nats": list(map(elbo, chosen)),
                "log p(x), nats": [r.metrics["log_likelihood"] for r in chosen],
                "sliced W.": [r.metrics["sliced_wasserstein"] for r in chosen],
            }
            shares = {
                "off support, %": [100 * r.metrics["off_support"] for r in chosen],
                "in a hole, %": _in_holes(chosen),
            }
            lines.append(
                {"reading": name, "method": method, "runs": len(chosen)}
                | {title: f"{statistics.fmean(v):.2f}" for title, v in values.items()}
                | {title: f"{statistics.fmean(v):.1f}" if v else "" for title, v in shares.items()}
            )
    return pd.DataFrame(lines)


def _in_holes(results: Sequence[Result]) -> list[float]:
    """The share of samples in a hole, in %, of results on data that have one."""
    return [astray(r) for r in results if "inside_hole" in r.metrics]


def in_holes(results: Results, reading: str) -> dict[str, str]:
    """The share of samples in a hole with a reading, in %, by method: means over data sets that have one and seeds."""
    of = _of_readings(results)[reading]
    shares = {method.name: _in_holes([r for r in of if r.row.method == method]) for method in (VAE, VAMP, INTEL)}
    return {name: f"{statistics.fmean(v):.1f}" if v else NO_RUN for name, v in shares.items()}


def seeds_of_both(results: Sequence[Result], wide: Sequence[Result]) -> list[int]:
    """The seeds that both networks have."""
    return sorted({r.seed for r in results} & {r.seed for r in wide})


def by_units(results: Sequence[Result], wide: Sequence[Result]) -> dict[str, list[Result]]:
    """The results with layers of ten and of 50 units, of the seeds that both have."""
    seeds = seeds_of_both(results, wide)
    return {"10 units": [r for r in results if r.seed in seeds], "50 units": [r for r in wide if r.seed in seeds]}


def by_setting(results: Results, notebooks: Results, one_prior: Results) -> dict[str, list[Result]]:
    """The results with the main settings, the notebooks', and these with one prior; without Vamp-VAEs."""
    every = {"main settings": results, "notebooks": notebooks, "notebooks, one prior": one_prior}
    return {title: [r for r in of if r.row.method != VAMP] for title, of in every.items()}


def side_by_side(found: Mapping[str, Sequence[Result]], shown: Mapping[str, tuple[Metric, int]]) -> pd.DataFrame:
    """Means and deviations of metrics, which have decimals, by settings: a line a data set and method."""
    rows = dict.fromkeys((r.row.group, r.row.name) for of in found.values() for r in of)
    return pd.DataFrame(
        {"data": data, "method": name}
        | {
            f"{title}, {setting}": mean_and_sd(
                [metric(r) for r in of if (r.row.group, r.row.name) == (data, name)], digits
            )
            for title, (metric, digits) in shown.items()
            for setting, of in found.items()
        }
        for data, name in rows
    )


DISTANCE, ASTRAY, KL = (
    ("sliced W.", (measured("sliced_wasserstein"), 2)),
    ("astray, %", (astray, 1)),
    ("KL", (kl, 1)),
)


def cited(results: Sequence[Result], wide: Sequence[Result]) -> dict[str, str]:
    """What page 04 says of data, methods and units, means over seeds: "kl-DATA-METHOD-UNITS", "astray-...", "sw-...".

    UNITS are 10 or 50, of the seeds that both have, or "all": ten units, all seeds.
    """
    found: dict[str, list[Result]] = {}
    for units, of in {"all": list(results), **by_units(results, wide)}.items():
        for r in of:
            found.setdefault(f"{r.row.group}-{r.row.name}-{units.removesuffix(' units')}", []).append(r)
    metrics = {"kl": (kl, 1), "sw": (measured("sliced_wasserstein"), 2), "astray": (astray, 1)}
    return defaultdict(
        lambda: NO_RUN,
        {
            f"{key}-{name}": f"{statistics.fmean(map(metric, of)):.{digits}f}"
            for name, of in found.items()
            for key, (metric, digits) in metrics.items()
        },
    )


def farthest_nats(results: Sequence[Result], wide: Sequence[Result]) -> dict[str, str]:
    """The InteL-VAE's largest and the VAE's smallest KL divergence on data sets and numbers of units, means over seeds.

    "settings" is how many of these the InteL-VAE has.
    """
    found: dict[str, dict[tuple[str, str], list[float]]] = {VAE.name: {}, INTEL.name: {}}
    for units, of in by_units(results, wide).items():
        for r in of:
            found[r.row.name].setdefault((r.row.group, units), []).append(kl(r))
    means = {name: [statistics.fmean(v) for v in of.values()] for name, of in found.items()}
    ours, theirs = means[INTEL.name], means[VAE.name]
    return {
        "settings": f"{len(ours)}",
        INTEL.name: f"{max(ours):.1f}" if ours else NO_RUN,
        VAE.name: f"{min(theirs):.1f}" if theirs else NO_RUN,
    }


def tear(c2: float = 0.2) -> dict[str, float]:
    """What a decoder that is linear makes of the mixture's mapping with that power, by a million draws of the prior.

    "half": below which |y| a point comes out less than half as far as the mean; "bridge": the share of samples in
    |x_1| < 1, in %, where the means of the two halves are at the data's, -2 and 2.
    """
    y = torch.randn(1_000_000, 2, generator=torch.Generator().manual_seed(0))
    torn = mappings.create("clusters", 2, k=2, c2=c2)(y)[:, 1].abs()
    mean = torn.mean().item()
    return {
        "half": float(brentq(lambda y: y + 5 * y**c2 - mean / 2, 0, 1)),
        "bridge": 100 * (2 * torn / mean < 1).double().mean().item(),
    }


def comparisons(found: Sequence[Mapping[str, Any]], prefix: str) -> list[str]:
    """The verdicts of the rules that compare the InteL-VAE with VAE and Vamp-VAE, and whose ids begin so."""
    of = tuple(f"{prefix}fig{figure}-" for figure in ("4", "C2-vamp"))
    return [line["verdict"] for line in found if line["id"].startswith(of) and not line["id"].startswith(AS_VAE)]


def opposite_about_vamp(found: Sequence[Mapping[str, Any]]) -> str:
    """A sentence on how many of a page's opposite verdicts say that the Vamp-VAE does not behave like a VAE, if any."""
    opposite = [line["id"] for line in found if line["verdict"] == OPPOSITE and not line["variant"]]
    about = sum(id.startswith(AS_VAE) for id in opposite)
    return f" {about} of the {len(opposite)} *opposite* verdicts are about this." if about else ""


def closer(found: Sequence[Mapping[str, Any]], prefix: str) -> dict[str, str | int]:
    """Of the rules on distances whose ids begin so (lines of `ledger.rows`): how many there are, and are reproduced."""
    lines = [
        line
        for line in found
        if line["id"].startswith(f"{prefix}fig4-") and line["id"].count("-") == prefix.count("-") + 1
    ]
    return {"of": len(lines), "reproduced": sum(line["verdict"] == REPRODUCED for line in lines)}
