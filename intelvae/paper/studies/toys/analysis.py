"""What the pages on points in the plane say of their results: numbers and tables."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import torch

from intelvae.data import toys
from intelvae.metrics.toy import sliced_wasserstein
from intelvae.paper.datasets import Points
from intelvae.paper.kinds import REPRODUCED
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import VAMP
from intelvae.paper.statistics import mean_and_sd
from intelvae.paper.studies.toys import grid
from intelvae.paper.studies.toys.claims import BRIDGE_OF_DATA


def on_the_circle(results: Results) -> dict[str, Any]:
    """How many codes z are kept, and how far the farthest of them is from the circle of radius 1."""
    radius = torch.cat([r.kept["z"] for r in results]).norm(dim=1)
    return {"codes": len(radius), "farthest": round((radius - 1).abs().max().item(), 3)}


def bridges(results: Results) -> dict[str, str]:
    """The shares of samples between the two clusters, in %, by method, and the share of the data."""
    shares = {row.name: [100 * r.metrics["bridge"] for r in results.of(row.name)] for row in results.rows}
    return {name: f"{statistics.fmean(of):.1f}" for name, of in shares.items()} | {
        "data": f"{100 * BRIDGE_OF_DATA:.2f}"
    }


def mismatches(results: Results) -> pd.DataFrame:
    """Figure 3 in numbers: means and deviations over seeds, a row a model."""
    columns = {
        "aggregate mismatch": "aggregate_mismatch",
        "Hoyer, p(z)": "prior_hoyer",
        "Hoyer, codes": "posterior_hoyer",
        "samples to data": "sliced_wasserstein",
        "log p(x), nats": "log_likelihood",
    }
    lines = [
        {"method": row.name} | {title: cell(results.of(row.name), metric) for title, metric in columns.items()}
        for row in results.rows
    ]
    return pd.DataFrame(lines).set_index("method")


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


def connectivity(results: Results) -> pd.DataFrame:
    """Figures 4 and C.2 in numbers: means and deviations over seeds by data set and method, beside fresh data's."""
    columns = {
        "sliced Wasserstein": "sliced_wasserstein",
        "off support": "off_support",
        "inside a hole": "inside_hole",
        "bridge": "bridge",
        "log p(x), nats": "log_likelihood",
    }
    found = by_data(results, columns)
    floors = {data: f"{floor(data):.3f}" for data in found.index.unique("data")}
    return found.assign(**{"sliced W., fresh data": found.index.get_level_values("data").map(floors)})


def worst_hole(results: Results, data: str) -> dict[str, str]:
    """The InteL-VAE's samples inside a hole of that data set, in %: the worst run, and the median over runs."""
    shares = [r.metrics["inside_hole"] for r in results.of("InteL-VAE", data)]
    return {"worst": f"{100 * max(shares):.0f}", "median": f"{100 * statistics.median(shares):.1f}"}


def readings(results: Results) -> pd.DataFrame:
    """What each reading of the likelihood gives: means over data sets and seeds, by reading and method."""
    lines = []
    for name in grid.READINGS:
        of = [r for r in results if r.row.group in {grid.of_reading(name, data) for data in grid.TOYS}]
        for method in dict.fromkeys(r.row.name for r in of):
            chosen = [r for r in of if r.row.name == method]
            values = {
                "KL, nats": [r.curves["valid_kl"][-1] for r in chosen],
                "ELBO, nats": [r.curves["valid_elbo"][-1] for r in chosen],
                "log p(x), nats": [r.metrics["log_likelihood"] for r in chosen],
                "sliced Wasserstein": [r.metrics["sliced_wasserstein"] for r in chosen],
                "off support, %": [100 * r.metrics["off_support"] for r in chosen],
            }
            lines.append(
                {"reading": name, "method": method, "runs": len(chosen)}
                | {title: f"{sum(v) / len(v):.2f}" for title, v in values.items()}
            )
    return pd.DataFrame(lines).set_index(["reading", "method"])


CAPACITY = {
    "KL, nats": lambda r: r.curves["valid_kl"][-1],
    "sliced Wasserstein": lambda r: r.metrics["sliced_wasserstein"],
    "in a hole or on the bridge, %": lambda r: 100 * r.metrics.get("inside_hole", r.metrics.get("bridge")),
}


def seeds_of_both(results: Results, wide: Results) -> list[int]:
    """The seeds that both networks have."""
    return sorted({r.seed for r in results} & {r.seed for r in wide})


def capacity(results: Results, wide: Results) -> pd.DataFrame:
    """Layers of ten and of 50 units side by side, over the seeds that both have: means and deviations."""
    lines = {
        (row.group, row.name): {
            (title, units): mean_and_sd([metric(r) for r in of], 2)
            for title, metric in CAPACITY.items()
            for units, of in _by_units(results, wide, row.name, row.group).items()
            if units != "all"
        }
        for row in results.rows
    }
    found = pd.DataFrame.from_dict(lines, orient="index")
    found.index.names, found.columns.names = ["data", "method"], [None, "units"]
    return found


def _by_units(results: Results, wide: Results, name: str, data: str) -> dict[str, list[Result]]:
    """The results of a row with ten units, "all" of its seeds or those that are shared, and with 50."""
    every, seeds = results.of(name, data), seeds_of_both(results, wide)
    return {"all": every, "10": [r for r in every if r.seed in seeds], "50": wide.of(name, data)}


def cited(results: Results, wide: Results) -> dict[str, str]:
    """What page 04 cites of `CAPACITY`: "kl-DATA-METHOD-UNITS", "hole-..." and "sw-...", means over seeds."""
    found = {}
    for row in results.rows:
        for units, of in _by_units(results, wide, row.name, row.group).items():
            for key, digits, metric in zip(("kl", "sw", "hole"), (1, 3, 1), CAPACITY.values(), strict=True):
                mean = statistics.fmean(map(metric, of))
                found[f"{key}-{row.group}-{row.name}-{units}"] = f"{mean:.{digits}f}"
    return found


def priors(results: Results, notebooks: Results, one_prior: Results) -> pd.DataFrame:
    """The text's settings, the notebooks', and these with one prior, side by side: means and deviations over seeds."""
    by_setting = {"the text": results, "the notebooks": notebooks, "the notebooks, one prior": one_prior}
    metrics = {title: CAPACITY[title] for title in ("sliced Wasserstein", "in a hole or on the bridge, %")}
    lines = {
        (row.group, row.name): {
            (title, setting): mean_and_sd([metric(r) for r in of.of(row.name, row.group)], digits)
            for (title, metric), digits in zip(metrics.items(), (2, 0), strict=True)
            for setting, of in by_setting.items()
        }
        for row in results.rows
        if row.method != VAMP
    }
    found = pd.DataFrame.from_dict(lines, orient="index")
    found.index.names, found.columns.names = ["data", "method"], [None, "settings"]
    return found


def closer(found: Sequence[Mapping[str, Any]], prefix: str) -> dict[str, str | int]:
    """Of the rules on distances whose ids begin so (lines of `ledger.rows`): how many there are, and are reproduced."""
    lines = [
        line
        for line in found
        if line["id"].startswith(f"{prefix}fig4-") and line["id"].count("-") == prefix.count("-") + 1
    ]
    return {"of": len(lines), "reproduced": sum(line["verdict"] == REPRODUCED for line in lines)}
