"""What the page beyond the ELBO says of its results: numbers and tables."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from intelvae.paper.kinds import PARTLY, REPRODUCED
from intelvae.paper.prose import badges
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import change, measured
from intelvae.paper.studies.beyond.claims import collapsed
from intelvae.paper.studies.beyond.grid import BOUNDS
from intelvae.paper.studies.toys.analysis import by_data, cell


def verdicts(found: Sequence[Mapping[str, Any]], prefix: str, *, variant: bool = False) -> str:
    """Badges of the verdicts on the claims, or their variants, whose ids begin so (lines of `ledger.rows`)."""
    return badges(line["verdict"] for line in found if line["id"].startswith(prefix) and line["variant"] == variant)


def passed_without(found: Sequence[Mapping[str, Any]]) -> str:
    """In how many cases, of how many, a VAE without a mapping passes the test of other bounds (lines of `ledger.rows`).

    >>> line = {"id": "bounds-iwae-star-vae", "verdict": "reproduced"}
    >>> passed_without([line, line | {"id": "digits-iwae-vae", "verdict": "partly"}, line | {"id": "flow-star-vae"}])
    '1 of 2'
    """
    ids = [line for line in found if line["id"].startswith(("bounds-", "digits-")) and line["id"].endswith("-vae")]
    return f"{sum(line['verdict'] == REPRODUCED for line in ids)} of {len(ids)}"


def more_fail(found: Sequence[Mapping[str, Any]]) -> str:
    """What stands behind the verdict on stability: what "partly" means there, and nothing where it is another one.

    >>> line = {"id": "stability-20", "verdict": "partly", "variant": False}
    >>> more_fail([line]), more_fail([line | {"verdict": "reproduced"}, line | {"variant": True}])
    (' (more do, but not significantly)', '')
    """
    (verdict,) = {line["verdict"] for line in found if line["id"].startswith("stability-") and not line["variant"]}
    return " (more do, but not significantly)" * (verdict == PARTLY)


def scaled_slope(result: Result) -> float:
    """The slope of the decoder as a function of z, with z in units of its size."""
    return result.metrics["slope_z"] * result.metrics["size_z"]


def gains(results: Results) -> pd.DataFrame:
    """log p(x) of the training on the ELBO and what another bound adds, with its 95 % interval, in nats."""
    lines = []
    for data in dict.fromkeys(row.group for row in results.rows):
        for method in ("VAE", "InteL-VAE"):
            of = {bound: results.of(f"{method}, {bound}", data) for bound in BOUNDS}
            line = {"data": data, "method": method, "log p(x), ELBO": cell(of["ELBO"], "log_likelihood")}
            for bound in [name for name in BOUNDS if name != "ELBO"]:
                line[f"{bound} adds (95 % interval)"] = change(of["ELBO"], of[bound], measured("log_likelihood")).get(
                    "change", ""
                )
            lines.append(line)
    columns = [
        "data",
        "method",
        "log p(x), ELBO",
        *(f"{bound} adds (95 % interval)" for bound in BOUNDS if bound != "ELBO"),
    ]
    return pd.DataFrame(lines, columns=columns).set_index(["data", "method"])  # also where nothing has been run


def digits(results: Results) -> pd.DataFrame:
    """What training on each bound gives on zeros and ones: means and deviations over seeds, a line a row."""
    columns = {"log p(x), nats": "log_likelihood", "KL, nats": "test_kl", "ambiguous samples, share": "uncertain"}
    lines = {row.name: {title: cell(results.of(row.name), of) for title, of in columns.items()} for row in results.rows}
    return pd.DataFrame.from_dict(lines, orient="index", columns=[*columns]).rename_axis("method, bound of training")


def looseness(results: Results) -> pd.DataFrame:
    """How far bounds with eight samples are below log p(x), in nats: means and deviations over seeds."""
    return by_data(results, {"ELBO": "loose_elbo", "Renyi": "loose_renyi", "IWAE": "loose_iwae"})


def flows(results: Results) -> pd.DataFrame:
    """What a flow as mapping gives beside no mapping and one made by hand: means and deviations over seeds."""
    lines = [
        {
            "data": row.group,
            "method": row.name,
            "samples in a hole or on the bridge, %": cell(
                of, "bridge" if row.group == "mixture" else "inside_hole", 1, 100.0
            ),
            "sliced Wasserstein": cell(of, "sliced_wasserstein"),
            "log p(x), nats": cell(of, "log_likelihood"),
        }
        for row in results.rows
        for of in [results.of(row.name, row.group)]
    ]
    return pd.DataFrame(lines).set_index(["data", "method"])


def slopes(results: Results) -> pd.DataFrame:
    """How steep decoders are, alone and with the mapping inside: quantile and maximum, and the size of z."""
    columns = {
        "slope in z, 99 % quantile": "slope_z",
        "slope in z, largest": "slope_z_max",
        "slope in y, 99 % quantile": "slope_y",
        "slope in y, largest": "slope_y_max",
        "size of z": "size_z",
    }
    return by_data(results, columns, digits=1)


def stability(results: Results, fails: Callable[[Result], bool] = collapsed) -> pd.DataFrame:
    """How many runs failed, of how many, by method and data, and how many have no record: diverged or never run."""
    asked: dict[tuple[str, str], int] = {}
    for run in results.asked:
        asked[run.row.name, run.row.group] = asked.get((run.row.name, run.row.group), 0) + 1
    lines: dict[str, dict[str, str]] = {}
    for (name, data), count in asked.items():
        of = results.of(name, data)
        lacking = f", {count - len(of)} without a record" if len(of) < count else ""
        lines.setdefault(name, {})[data] = f"{sum(map(fails, of))} of {len(of)}{lacking}"
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("failed runs")


def means(results: Results, data: str, metric: str, digits: int = 1, scale: float = 1.0) -> dict[str, str]:
    """The mean of a metric over the seeds on one data set, by the names of its rows."""
    names = [row.name for row in results.rows if row.group == data]
    values = {name: [scale * r.metrics[metric] for r in results.of(name, data)] for name in names}
    return {name: f"{statistics.fmean(of):.{digits}f}" for name, of in values.items()}


def shown(results: Results, wanted: str) -> str:
    """The data set that a sentence is about: the one `wanted` if it is there, else the first (`smoke` has few)."""
    there = [row.group for row in results.rows]
    return wanted if wanted in there else there[0]


def failed(results: Results, method: str, fails: Callable[[Result], bool] = collapsed) -> str:
    """How many runs of a method failed, of how many there are, over all data sets."""
    of = results.of(method)
    return f"{sum(map(fails, of))} of {len(of)}"
