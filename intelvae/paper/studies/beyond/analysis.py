"""What the page beyond the ELBO says of its results: numbers and tables."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from intelvae.paper.kinds import REPRODUCED
from intelvae.paper.prose import badges, listed
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import LEVEL, by_seed, change, measured, paired
from intelvae.paper.studies.beyond.claims import collapsed
from intelvae.paper.studies.beyond.grid import BOUNDS
from intelvae.paper.studies.toys.analysis import by_data, cell
from intelvae.paper.studies.toys.claims import IN_WORDS


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


def scaled_slope(result: Result) -> float:
    """The slope of the decoder as a function of z, with z in units of its size."""
    return result.metrics["slope_z"] * result.metrics["size_z"]


def steeper_scaled(results: Results) -> str:
    """On how many data sets the VAE's decoder is steeper than the InteL-VAE's by `scaled_slope`: words, with a test."""
    tests = []
    for data in dict.fromkeys(row.group for row in results.rows):
        vae, ours = (by_seed(results.of(name, data), scaled_slope) for name in ("VAE", "InteL-VAE"))
        test = paired(vae, ours)
        if test is not None:
            tests.append((test.difference, test.p))
    significant = [difference for difference, p in tests if p is not None and p < LEVEL]
    steeper, less = sum(d > 0 for d, _ in tests), sum(d < 0 for d in significant)
    text = f"on {steeper} of {len(tests)} data sets"
    if any(p is not None for _, p in tests):
        text += f", on {sum(d > 0 for d in significant)} of them significantly (p < {LEVEL})"
    return text + f" (and significantly less steep on {less})" * bool(less)


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


def less_likely_by_hand(results: Results) -> str:
    """On how many data sets the mapping made by hand has a lower mean log p(x) than the flow, of how many."""
    nats = [
        [[r.metrics["log_likelihood"] for r in results.of(name, data)] for name in ("InteL-VAE", "InteL-VAE, flow")]
        for data in dict.fromkeys(row.group for row in results.rows)
    ]
    lower = [statistics.fmean(by_hand) < statistics.fmean(flow) for by_hand, flow in nats if by_hand and flow]
    return f"{sum(lower)} of {len(lower)}"


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


def failed(
    results: Results, method: str, fails: Callable[[Result], bool] = collapsed, data: Iterable[str] | None = None
) -> str:
    """How many runs of a method failed, of how many there are, over all data sets or those in `data`."""
    of = [r for name in data for r in results.of(method, name)] if data is not None else results.of(method)
    return f"{sum(map(fails, of))} of {len(of)}"


def hopeless(results: Results, fails: Callable[[Result], bool]) -> list[str]:
    """The data sets on which every run of the InteL-VAE fails; none if that holds for all."""
    groups = list(dict.fromkeys(row.group for row in results.rows))
    every = [data for data in groups if (of := results.of("InteL-VAE", data)) and all(map(fails, of))]
    return every if len(every) < len(groups) else []


def told_failed(results: Results, fails: Callable[[Result], bool]) -> str:
    """How many InteL-VAEs and VAEs fail, apart from where every InteL-VAE does, and how many there: words."""
    never = hopeless(results, fails)
    rest = [data for data in dict.fromkeys(row.group for row in results.rows) if data not in never]
    ours, vae = (failed(results, name, fails, rest) for name in ("InteL-VAE", "VAE"))
    text = f"{ours} InteL-VAEs and {vae} VAEs fail"
    if not never:
        return text
    ours, vae = (failed(results, name, fails, never) for name in ("InteL-VAE", "VAE"))
    where = listed(f"the {IN_WORDS[data]}" for data in never)
    sets = f"{len(rest)} data set" + "s" * (len(rest) > 1)
    return f"{text} on {sets}. On {where}, where no InteL-VAE fits, {ours} and {vae} do"


def ending(results: Results, data: str) -> str:
    """The InteL-VAE's log p(x) on a data set, and the VAE's: means and deviations over seeds."""
    ours, vae = (cell(results.of(name, data), "log_likelihood", 2) for name in ("InteL-VAE", "VAE"))
    return f"{ours} nats (the VAE: {vae})"
