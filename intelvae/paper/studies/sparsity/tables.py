"""The tables of the pages on sparsity: rows by columns, each cell a mean over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch

from intelvae.paper.measures import chance_in_use, clean_frechet, frechet
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL, Row
from intelvae.paper.statistics import Metric, change, mean_and_sd
from intelvae.paper.studies.sparsity import grid


@dataclass(frozen=True)
class Column:
    """A column of a `table`: a metric, by its name or as a function of a result, and how its mean is written.

    `spread`: with the standard deviation over seeds.
    """

    metric: str | Metric
    digits: int = 2
    scale: float = 1.0
    spread: bool = False

    def values(self, results: Iterable[Result]) -> list[float]:
        """The metric of each result, scaled."""
        return [self.scale * (self.metric(r) if callable(self.metric) else r.metrics[self.metric]) for r in results]

    def mean(self, results: Iterable[Result]) -> float:
        """The mean over the results of one row."""
        return statistics.fmean(self.values(results))

    def text(self, results: Sequence[Result], nothing: str = "(no run)") -> str:
        """The cell of the results of one row; `nothing` where there are none."""
        if not results:
            return nothing
        values = self.values(results) if self.spread else [self.mean(results)]
        return mean_and_sd(values, self.digits).replace(" ", "\xa0")


Lines = Iterable[tuple[Mapping[str, str], Sequence[Result]]]


def table(lines: Lines, columns: Mapping[str, Column]) -> pd.DataFrame:
    """A line for each row, given as what names it and its results over seeds; none for a row without results.

    Names break at their commas only: a narrow page would otherwise have a line for each word.
    """
    filled = [
        {
            **{k: v.replace(" ", "\xa0").replace(",\xa0", ", ") for k, v in names.items()},
            **{title: column.text(of) for title, column in columns.items()},
            "seeds": len(of),
        }
        for names, of in lines
        if of
    ]
    frame = pd.DataFrame(filled)
    return frame.set_index([name for name in frame if name not in (*columns, "seeds")]) if filled else frame


def by_row(results: Iterable[Result]) -> dict[Row, list[Result]]:
    """Results by row: the methods in their order, and of each what it varies from small to large."""
    found: dict[Row, list[Result]] = {}
    for result in results:
        found.setdefault(result.row, []).append(result)
    methods = list(dict.fromkeys(row.method for row in found))
    return dict(sorted(found.items(), key=lambda of: (methods.index(of[0].method), of[0].value or 0.0)))


def by_gamma(results: Iterable[Result]) -> dict[float, list[Result]]:
    """The InteL-VAE's results by gamma."""
    return {row.value or 0.0: of for row, of in by_row(results).items() if row.method == INTEL}


def settings(results: Iterable[Result]) -> list[tuple[dict[str, str], list[Result]]]:
    """The lines of a `table` with one for each row: its method, and the value of what that varies."""
    return [
        ({"method": row.method.name, "γ or α": "" if row.value is None else f"{row.value:g}"}, of)
        for row, of in by_row(results).items()
    ]


def shared(rows: Iterable[Sequence[Result]]) -> set[int]:
    """The seeds that all rows with a result have: means over others do not compare, as seeds are far apart."""
    seeds = [{r.seed for r in of} for of in rows if of]
    return set.intersection(*seeds) if seeds else set()


def comparable(results: Results) -> Results:
    """The results of the seeds that all rows among them have."""
    seeds = shared(by_row(results).values())
    of_them = [r for r in results if r.seed in seeds]
    return Results(results.experiment, results.profile, results.asked, of_them)


IN_USE, CHANCE = Column("hoyer_used", 3), Column(chance_in_use, 3)
LEFT_OFF, PER_CLASS = Column("left_off", 0, 100.0), Column("active_per_class", 1)
ALL_ZERO = Column("zero_codes", 1, 100.0)
DETAIL = {
    "Hoyer, g(y)": Column("hoyer_sample", 3, spread=True),
    "g(mu)": Column("hoyer_mean", 3),
    "g(y), in use": IN_USE,
    "by chance": CHANCE,
    "in use": Column("active_overall", 1),
    "left off, %": LEFT_OFF,
    "all zero, %": ALL_ZERO,
    "active per image": Column("active_per_image", 1),
    "per class": PER_CLASS,
    "distance": Column(frechet, 1, spread=True),
    "clean": Column(clean_frechet, 1, spread=True),
    "forest, 100, %": Column("random_forest_100", 1, 100.0),
}
OF_GATES = {
    "L_sp of the gates": Column("l_sp_gates", 2),
    "of |z|": Column("l_sp_codes", 2),
    "open gates, %": Column("open_gates", 1, 100.0),
}
KL = {"KL, nats": Column("test_kl", 1)}


def quality(results: Results) -> pd.DataFrame:
    """Figure 7, left, in numbers: distances by number of images and what is done to them, and what is beside them."""
    sizes = sorted({int(name.split("_")[1]) for name in results[0].metrics if name.startswith("frechet_")})
    columns = {f"N = {n:,}": Column(f"frechet_{n}", 1, spread=n == sizes[-1]) for n in reversed(sizes)}
    columns |= {
        "min-max": Column(f"minmax_frechet_{sizes[0]}", 1),
        "clean": Column(f"clean_frechet_{sizes[0]}", 1, spread=True),
        "precision": Column(f"precision_{sizes[-1]}"),
        "recall": Column(f"recall_{sizes[-1]}"),
        "test ELBO": Column("test_elbo", 1),
        "test KL": Column("test_kl", 1),
    }
    return table(settings(results), columns)


def changes(results: Results) -> pd.DataFrame:
    """What every gamma changes in the distance, against the VAE, over the seeds that both have."""
    found = {f"{gamma:g}": change(results.of("VAE"), of, frechet) for gamma, of in by_gamma(results).items()}
    return pd.DataFrame(found).T.rename_axis("γ").rename(columns={"before": "VAE", "after": "InteL-VAE"})


def sparsity(results: Results) -> pd.DataFrame:
    """How sparse the codes of each row are: the scores, and what lies behind them."""
    columns = {
        "Hoyer, g(y)": Column("hoyer_sample", 3, spread=True),
        "g(mu)": Column("hoyer_mean", 3, spread=True),
        "g(y), in use": IN_USE,
        "by chance": CHANCE,
        "in use": Column("active_overall", 1),
        "active per image": Column("active_per_image", 1),
        "left off, %": LEFT_OFF,
        "per class": PER_CLASS,
        "exp H": Column("effective_per_class", 1),
        "overlap": Column("class_overlap"),
        "all zero, %": ALL_ZERO,
        "Hoyer of the others": Column("hoyer_nonzero", 3),
    }
    return table(settings(results), columns)


def gates(results: Results) -> pd.DataFrame:
    """How many gates of the InteL-VAE are open in one image and in a batch, by gamma."""
    columns = {
        "L_sp": Column("l_sp_gates", 2),
        "gates per image": Column(lambda r: r.metrics["gates_per_batch"] * math.exp(r.metrics["l_sp_gates"]), 1),
        "gates per batch": Column("gates_per_batch", 1),
        "all zero, %": ALL_ZERO,
        "left off, %": LEFT_OFF,
        "distance": Column(frechet, 1),
    }
    return table([({"γ": f"{gamma:g}"}, of) for gamma, of in by_gamma(results).items()], columns)


def accuracies(results: Results) -> pd.DataFrame:
    """Figure 7, right, in numbers: accuracy in % by classifier and number of labels."""
    classifiers = {
        "forest": "random_forest",
        "the code's": "authors_random_forest",
        "logistic": "logistic_regression",
        "neighbours": "nearest_neighbours",
    }
    columns = {
        f"{title}, {n}": Column(f"{name}_{n}", 1, 100.0, spread=title == "forest")
        for title, name in classifiers.items()
        for n in (10, 100, 1000)
        if f"{name}_{n}" in results[0].metrics
    }
    return table(settings(results), columns)


def active(results: Results) -> pd.DataFrame:
    """The share of dimensions that are active in a class, in %, by what "active" asks for.

    That is a mean |z| of at least some share of the class's largest. The rows are those of `grid.PROFILED`.
    """
    thresholds = (0.05, 0.1, 0.2, 0.3, 0.5)
    found = {}
    for row, of in by_row(r for r in results if r.row.name in grid.PROFILED).items():
        sizes = torch.stack([r.kept["by_class"] for r in of])  # (seeds, classes, D)
        largest = sizes.amax(-1, keepdim=True)
        found[row.name if row.value is None else f"γ = {row.value:g}"] = {
            f"{t:g} of the largest": f"{100 * (sizes >= t * largest).double().mean().item():.1f}" for t in thresholds
        }
    return pd.DataFrame(found).T


def detail(results: Results) -> pd.DataFrame:
    """Figure C.3 in numbers: sparsity, distances, and what a forest learns from 100 labels."""
    return table(settings(results), DETAIL)


def mapping(results: Results) -> pd.DataFrame:
    """How the mapping and its penalty are built, at two gammas."""
    lines = [({"γ": f"{row.value:g}", "choice": row.name}, _of(results, row)) for row in grid.MAPPING]
    return table(lines, DETAIL | OF_GATES)


def as_coded(results: Results) -> pd.DataFrame:
    """The mapping and the penalty of the code, by data set and gamma, beside the VAE."""
    lines = [
        (
            {"data": data, "method": row.method.name, "γ": "" if row.value is None else f"{row.value:g}"},
            _of(results, row),
        )
        for data, rows in grid.AS_CODED.items()
        for row in rows
    ]
    return table(lines, DETAIL)


def as_authors(results: Results) -> pd.DataFrame:
    """Figure 7 with all settings of the authors' script."""
    return table(settings(results), KL | DETAIL)


def weighted(results: Results) -> pd.DataFrame:
    """The weight of errors in 32 x 32 pixels and in 28 x 28, with and without the mapping."""
    lines = [({"weight of errors": row.name, "model": row.group}, _of(results, row)) for row in grid.WEIGHTED]
    return table(lines, KL | DETAIL)


def any_vae(results: Results) -> pd.DataFrame:
    """What concerns every VAE, with and without the mapping."""
    lines = [({"choice": row.name, "method": row.method.name}, _of(results, row)) for row in grid.ANY_VAE]
    return table(lines, KL | DETAIL)


def sparse_vae(results: Results) -> pd.DataFrame:
    """Versions of the Sparse-VAE."""
    return table([({"version": row.name}, _of(results, row)) for row in grid.OF_VSC], DETAIL)


def dd(results: Results) -> pd.DataFrame:
    """DD in units of ours and of its authors."""
    return table([({"DD": row.name}, _of(results, row)) for row in grid.OF_DD], KL | DETAIL)


def _of(results: Results, row: Row) -> list[Result]:
    return results.of(row.name, row.group)
