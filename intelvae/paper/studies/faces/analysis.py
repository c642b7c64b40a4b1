"""What the page on faces tables and cites: Table 4."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from intelvae.metrics import features
from intelvae.paper.kinds import VERDICTS
from intelvae.paper.measures import above_chance, chance_in_use, features_of, frechet
from intelvae.paper.results import Result
from intelvae.paper.rows import SPARSE_VAE
from intelvae.paper.statistics import Metric, mean_and_sd
from intelvae.paper.studies.faces.grid import FID, HOYER, LINEAR_HEAD, LOW_BETA, PUBLISHED, TABLE_4

Column = str | Metric
NO_RUN = "(no run)"
CITED_ROWS = {
    "vae": "VAE",
    "vamp": "Vamp-VAE",
    "sylvester": "VAE + Sylvester",
    "linear": LINEAR_HEAD,
    "vsc": "Sparse-VAE, α = 0.01",
    "gamma30": "InteL-VAE, γ = 30",
    "gamma70": "InteL-VAE, γ = 70",
}
# of which the Sparse-VAEs have the full weight on the KL divergence
FULL_BETA = tuple(row.name for row in TABLE_4 if row.method is SPARSE_VAE and not row.name.endswith(LOW_BETA))


def source(result: Result) -> str:
    """Which faces these are, and a word of warning where a part of CelebA is not the published one."""
    config, trained = result.training, result.trained
    if config.smoke_data or config.whole or trained.examples == PUBLISHED:
        return trained.source
    return f"{trained.source}; captions and claims name the {PUBLISHED:,} of the published runs in their place"


class Yardstick(NamedTuple):
    """What samples are judged by: the distance's name, the largest number of images and the smallest, and the floor.

    That is the distance of the largest number of training faces from as many others: what a perfect model would get.
    """

    name: str
    most: int
    fewest: int
    floor: float

    def __str__(self) -> str:
        return f"{self.name}, {self.most:,} training faces against {self.most:,} held-out ones: {self.floor:.0f}"


def yardstick(results: Sequence[Result]) -> Yardstick:
    """What the samples of these results are judged by."""
    metrics = results[0].metrics
    most, fewest = (
        choose(int(name.removeprefix(prefix)) for name in metrics if name.startswith(prefix))
        for choose, prefix in ((max, "frechet_"), (min, "wrap_frechet_"))
    )
    name = features.distance_name(features_of(results))
    return Yardstick(name, most, fewest, metrics[f"real_frechet_{most}"])


def by_row(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results of each row that has some, by its name, in the order of Table 4."""
    found = {row.name: [r for r in results if r.row.name == row.name] for row in TABLE_4}
    return {name: of for name, of in found.items() if of}


def shown(results: Sequence[Result], column: Column) -> str:
    """Mean and deviation of a metric, by name or a function, over the results that have it; "" where none has."""
    found = [column(r) if callable(column) else r.metrics.get(column) for r in results]
    values = [value for value in found if value is not None and not math.isnan(value)]
    coarse = max(map(abs, values), default=0.0) > 100 or all(value % 1 == 0 for value in values)
    return mean_and_sd(values, 0 if coarse else 2, thousands=",")


def _table(of: Mapping[str, Sequence[Result]], columns: Mapping[str, Column]) -> list[dict[str, Any]]:
    return [{"method": name, **{title: shown(of[name], c) for title, c in columns.items()}} for name in of]


def table_4(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Table 4, a line a row: quality and sparsity, the number of seeds, and the paper's numbers."""
    by, of = yardstick(results), by_row(results)
    columns: dict[str, Column] = {
        f"{by.name}, N = {by.most:,}": frechet,
        f"images from N(0, I), N = {by.fewest:,}": f"dense_frechet_{by.fewest}",
        "Hoyer of g(y)": "hoyer_sample",
        "Hoyer of g(μ)": "hoyer_mean",
        "in use": "active_overall",
        "g(y), in use": "hoyer_used",
        "by chance": chance_in_use,
        "recall": f"recall_{by.most}",
        "test ELBO": "test_elbo",
    }
    lines = _table(of, columns)
    for line, runs in zip(lines, of.values(), strict=True):
        paper = runs[0].row.paper
        line |= {"seeds": len(runs), "paper: FID": paper.get(FID, ""), "paper: Hoyer": paper.get(HOYER, "")}
    return lines


def cited(results: Sequence[Result]) -> dict[str, Any]:
    """What the text cites of Table 4: of each of `CITED_ROWS` its numbers, and how much stands behind them."""
    of = by_row(results)
    columns: dict[str, Column] = {
        "distance": frechet,
        "score": "hoyer_sample",
        "mean": "hoyer_mean",
        "in_use": "active_overall",
        "used": "hoyer_used",
        "chance": chance_in_use,
        "above": above_chance,
        "elbo": "test_elbo",
    }
    found: dict[str, Any] = {
        f"{key}_{what}": shown(of.get(name, []), column) or NO_RUN
        for key, name in CITED_ROWS.items()
        for what, column in columns.items()
    }
    full = [of[name] for name in FULL_BETA if name in of]
    triples: dict[str, Column] = {"slabs": "hoyer_slab", "vsc_means": "hoyer_mean", "three_above": above_chance}
    for key, column in triples.items():
        found[key] = ", ".join(shown(each, column) for each in full)
    most = max(map(len, of.values()))
    distances = [frechet(r) for r in of.get("VAE", [])]
    return found | {
        "most_seeds": most,
        "with_most": "; ".join(name for name, each in of.items() if len(each) == most),
        "vae_span": f"{max(distances) - min(distances):,.0f}" if distances else NO_RUN,
    }


def ways_to_draw(results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """Of each row whose prior is not N(0, I), how near samples from both are to real faces, at the same number.

    "all in use off" is how often the prior turns off all the dimensions that are in use.
    """
    fewest = yardstick(results).fewest
    lines = {}
    for name, of in by_row(results).items():
        if f"dense_frechet_{fewest}" in of[0].metrics:
            rate = dict(of[0].training.model_options).get("alpha", 1)  # the Vamp-VAE's dimensions are always on
            own, dense = (_mean(of, f"{kind}frechet_{fewest}") for kind in ("", "dense_"))
            off = statistics.fmean((1 - rate) ** r.metrics["active_overall"] for r in of)
            lines[name] = {
                "its own prior": f"{own:,.0f}",
                "N(0, I)": f"{dense:,.0f}",
                "nearer": "N(0, I)" if dense < own else "its own prior",
                "all in use off": f"{100 * off:.0f} %",
            }
    return lines


def cited_of_ways(ways: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the text cites of `ways_to_draw`: where the prior of Sparse-VAEs turns off all dimensions least and most."""
    of = {name: line for name, line in ways.items() if name.startswith("Sparse-VAE")}
    nearer = sum(line["nearer"] == "N(0, I)" for line in of.values())
    found = {"nearer": f"{nearer} of {len(of)}"}
    by_share = sorted(of, key=lambda name: float(of[name]["all in use off"].removesuffix(" %")))
    for key, name in (("least", by_share[0]), ("most", by_share[-1])):
        line = of[name]
        found |= {f"{key}_off_row": name, f"{key}_off": line["all in use off"]}
        found |= {f"{key}_own": line["its own prior"], f"{key}_dense": line["N(0, I)"]}
    return found


def gates(results: Sequence[Result]) -> list[dict[str, Any]]:
    """In what way a Sparse-VAE is sparse, a line a row."""
    of = {name: each for name, each in by_row(results).items() if each[0].row.method is SPARSE_VAE}
    columns: dict[str, Column] = {
        "Hoyer of g(y)": "hoyer_sample",
        "not all zero": "hoyer_nonzero",
        "before the gates": "hoyer_slab",
        "share of zero codes": "zero_codes",
        "mean gate": "mean_gate",
        "open for some": "open_for_some",
        "open for all": "open_for_all",
    }
    return _table(of, columns)


def clipping_and_flow(results: Sequence[Result]) -> list[dict[str, Any]]:
    """What clipping and the flow change, a line a row."""
    by = yardstick(results)
    columns: dict[str, Column] = {
        f"{by.name}, N = {by.fewest:,}": f"frechet_{by.fewest}",
        "not clipped": f"wrap_frechet_{by.fewest}",
        "Hoyer of g(y)": "hoyer_sample",
        "before the flow": "hoyer_base",
    }
    return _table(by_row(results), columns)


def training(results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """The validation ELBO of each row, in nats: means over seeds, but for the lowest of any run."""
    lines = {}
    for name, of in by_row(results).items():
        runs = [r.curves["valid_elbo"] for r in of]
        curve = [statistics.fmean(at) for at in zip(*runs, strict=True)]
        lines[name] = {
            "first epoch": f"{curve[0]:.0f}",
            "lowest": f"{min(map(min, runs)):.0f}",
            "last": f"{curve[-1]:.0f}",
            "gain of the last two": f"{curve[-1] - curve[-3:][0]:+.0f}",
        }
    return lines


def cited_of_training(results: Sequence[Result]) -> dict[str, Any]:
    """What the text cites of `training`: its length, the rows that gained most and least, and the flows."""
    lines, first = training(results), results[0]
    gains = {name: float(line["gain of the last two"]) for name, line in lines.items()}
    epochs = first.training.epochs
    found: dict[str, Any] = {"epochs": epochs, "steps": epochs * (first.trained.examples // first.training.batch_size)}
    for key, choose in (("rise", max), ("least", min)):
        name = choose(gains, key=gains.__getitem__)
        found |= {f"{key}_row": name, key: f"{gains[name]:+.0f}"}
    for key in ("sylvester", "linear"):
        line = lines.get(CITED_ROWS[key], {})
        found |= {f"{key}_{what.split()[0]}": line.get(what, NO_RUN) for what in ("lowest", "gain of the last two")}
    return found


def in_short(results: Sequence[Result], judged: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the summary cites: of the results, and of the page's claims as they are `judged`."""
    by, of = yardstick(results), by_row(results)
    distances = {name: _mean(each, frechet) for name, each in of.items()}
    nearest = min(distances, key=distances.__getitem__)
    full = [of[name] for name in FULL_BETA if name in of]
    sparsest = of[CITED_ROWS["gamma70"]]
    scores = [_mean(each, "hoyer_sample") for each in full]
    times = [_mean(each, f"dense_frechet_{by.fewest}") / _mean(sparsest, f"frechet_{by.fewest}") for each in full]
    counted = [row["verdict"] for row in judged if not row["variant"]]
    return {
        "nearest": f"{nearest} ({distances[nearest]:,.0f})",
        "vsc_scores": f"{min(scores):.2f} to {max(scores):.2f}",
        "times": f"{min(times):.2f} to {max(times):.2f}",
        "sparser": f"{_mean(sparsest, 'hoyer_sample') - _mean(of['VAE'], 'hoyer_sample'):+.3f}",
        "counted": len(counted),
        "verdicts": ", ".join(f"{counted.count(verdict)} {verdict}" for verdict in VERDICTS),
        "floor": f"{by.floor:,.0f}",
    }


def _mean(results: Sequence[Result], column: Column) -> float:
    return statistics.fmean(column(r) if callable(column) else r.metrics[column] for r in results)
