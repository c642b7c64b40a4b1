"""The tables of the pages on sparsity: rows by columns, each cell a mean over seeds."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from IPython.display import display

from intelvae.paper.measures import chance_in_use, clean_frechet, frechet
from intelvae.paper.prose import Folded, Table
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL, VAE, VAE_L1, VAE_L_SP, Row
from intelvae.paper.statistics import Metric, change, mean_and_sd
from intelvae.paper.studies.sparsity import grid
from intelvae.paper.studies.sparsity.comparisons import active


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


@dataclass(frozen=True)
class Against:
    """A column of a `table` with two means, the second in brackets: what the first is held against."""

    first: Column
    second: Column

    def text(self, results: Sequence[Result], nothing: str = "(no run)") -> str:
        """As `Column.text`."""
        return f"{self.first.text(results)}\xa0({self.second.text(results)})" if results else nothing


Columns = Mapping[str, Column | Against]
Lines = Iterable[tuple[Mapping[str, str], Sequence[Result]]]
LONG = 16  # letters: longer names are broken, where they have a space


def breakable(name: str) -> str:
    """A name that breaks where a line of `LONG` letters ends: in a narrow column it would break after each word.

    >>> breakable("absolute errors, as in the authors' code").replace("\xa0", "_")
    "absolute_errors, as_in_the authors'_code"
    """
    return " ".join(line.replace(" ", "\xa0") for line in textwrap.wrap(name, LONG, break_on_hyphens=False))


def table(lines: Lines, columns: Columns) -> pd.DataFrame:
    """A line for each row, given as what names it and its results over seeds; none for a row without results."""
    filled = [
        {
            **{k: breakable(v) for k, v in names.items()},
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


SCORE = Column("hoyer_sample", 3)
IN_USE, CHANCE = Column("hoyer_used", 3), Column(chance_in_use, 3)
LEFT_OFF, PER_CLASS = Column("left_off", 0, 100.0), Column("active_per_class", 1)
ALL_ZERO = Column("zero_codes", 1, 100.0)
MAIN: Columns = {
    "Hoyer score": Column("hoyer_sample", 3, spread=True),
    "score in use (by chance)": Against(IN_USE, CHANCE),
    "left off, %": LEFT_OFF,
    "distance": Column(clean_frechet, 0, spread=True),
    "with all pixels": Column(frechet, 0, spread=True),
    "forest, %": Column("random_forest_100", 0, 100.0),
}
MORE: dict[str, Column | Against] = {
    "score of g(mu)": Column("hoyer_mean", 3),
    "dimensions in use": Column("active_overall", 1),
    "active per image": Column("active_per_image", 1),
    "active per class": PER_CLASS,
    "all zero, %": ALL_ZERO,
    "KL, nats": Column("test_kl", 1),
}
OF_GATES: dict[str, Column | Against] = {
    "L_sp of the gates": Column("l_sp_gates", 2),
    "L_sp of |z|": Column("l_sp_codes", 2),
    "open gates, %": Column("open_gates", 1, 100.0),
}
Two = tuple[pd.DataFrame, pd.DataFrame]


def gates_per_image(result: Result) -> float:
    """How many gates of the InteL-VAE an image opens, exp H, of batches; "gates_per_batch" are those of all of it."""
    return result.metrics["gates_per_batch"] * math.exp(result.metrics["l_sp_gates"])


def quality(results: Results) -> Two:
    """Figure 7, left, in numbers: distances by number of images and what is done to them, and what is beside them."""
    sizes = sorted({int(name.split("_")[1]) for name in results[0].metrics if name.startswith("frechet_")})
    distances = {
        "distance": Column(clean_frechet, 0, spread=True),
        **{f"with all pixels, N = {n:,}": Column(f"frechet_{n}", 0, spread=True) for n in sizes},
        "min-max": Column(f"minmax_frechet_{sizes[0]}", 0),
    }
    beside = {
        "precision": Column(f"precision_{sizes[-1]}"),
        "recall": Column(f"recall_{sizes[-1]}"),
        "test ELBO": Column("test_elbo", 1),
        "test KL": Column("test_kl", 1),
    }
    return _two(settings(results), distances, beside)


def changes(results: Results) -> pd.DataFrame:
    """What every gamma changes in the distance without faint pixels, against the VAE, over the seeds that both have."""
    found = {f"{gamma:g}": change(results.of("VAE"), of, clean_frechet) for gamma, of in by_gamma(results).items()}
    return pd.DataFrame(found).T.rename_axis("γ").rename(columns={"before": "VAE", "after": "InteL-VAE"})


def sparsity(results: Results) -> Two:
    """How sparse the codes of each row are: by scores, and by numbers of dimensions."""
    scores: Columns = {
        "score of g(y)": Column("hoyer_sample", 3, spread=True),
        "score of g(mu)": Column("hoyer_mean", 3, spread=True),
        "in use (by chance)": Against(IN_USE, CHANCE),
        "all zero, %": ALL_ZERO,
        "score of the others": Column("hoyer_nonzero", 3),
    }
    dimensions: Columns = {
        "in use": Column("active_overall", 1),
        "left off, %": LEFT_OFF,
        "active per image": Column("active_per_image", 1),
        "active per class": PER_CLASS,
        "exp H": Column("effective_per_class", 1),
        "overlap": Column("class_overlap"),
    }
    return _two(settings(results), scores, dimensions)


def gates(results: Results) -> pd.DataFrame:
    """How many gates of the InteL-VAE are open in one image and in a batch, by gamma."""
    columns = {
        "L_sp": Column("l_sp_gates", 2),
        "gates per image": Column(gates_per_image, 1),
        "gates per batch": Column("gates_per_batch", 1),
        "left off, %": LEFT_OFF,
        "all zero, %": ALL_ZERO,
        "distance": Column(clean_frechet, 0),
    }
    return table([({"γ": f"{gamma:g}"}, of) for gamma, of in by_gamma(results).items()], columns)


def accuracies(results: Results) -> Two:
    """Figure 7, right, in numbers: accuracy in % by number of labels, of forests and of the other classifiers."""
    pairs = (
        {"forest": "random_forest", "authors' forest": "authors_random_forest"},
        {"logistic": "logistic_regression", "neighbours": "nearest_neighbours"},
    )
    return _two(
        settings(results),
        *(
            {
                f"{title}, {n:,}": Column(f"{name}_{n}", 1, 100.0, spread=title == "forest")
                for title, name in pair.items()
                for n in (10, 100, 1000)
                if f"{name}_{n}" in results[0].metrics
            }
            for pair in pairs
        ),
    )


def by_line(results: Results) -> pd.DataFrame:
    """The share of dimensions that are active in a class, in %, by what "active" asks for.

    That is a mean |z| of at least some share of the class's largest. The rows are those of `grid.PROFILED`.
    """
    lines = (0.05, 0.1, 0.2, 0.3, 0.5)
    found = {}
    for row, of in by_row(r for r in results if r.row.name in grid.PROFILED).items():
        found[row.name if row.value is None else f"γ = {row.value:g}"] = {
            f"{line:g} of the largest": f"{statistics.fmean(map(active(line), of)):.1f}" for line in lines
        }
    return pd.DataFrame(found).T.rename_axis("model")


def detail(results: Results) -> Two:
    """Figure C.3 in numbers: sparsity, distances, and what a forest learns from 100 labels."""
    return _two(settings(results))


def curve(results: Results) -> pd.DataFrame:
    """The VAE and the InteL-VAE with the larger gammas: how far the score is one of sparse images."""
    return table([({"γ": _gamma(row)}, of) for row, of in by_row(results).items() if _is_on_curve(row)], MAIN)


def _is_on_curve(row: Row) -> bool:
    return row.method == VAE or (row.method == INTEL and (row.value or 0.0) >= 3)


def ablation(results: Results) -> pd.DataFrame:
    """The penalties without the mapping, the VAE, and the InteL-VAE at the gamma of Figure 8."""
    lines = [
        (names, of)
        for (names, of), row in zip(settings(results), by_row(results), strict=True)
        if row.method in (VAE, VAE_L_SP, VAE_L1) or row.name == grid.FIGURE_8
    ]
    return table(lines, {**MAIN, "KL, nats": MORE["KL, nats"]})


def mapping(results: Results) -> Two:
    """How the mapping and its penalty are built, at two gammas."""
    lines = [({"γ": f"{row.value:g}", "choice": row.name}, _of(results, row)) for row in grid.MAPPING]
    return _two(lines, beside=MORE | OF_GATES)


def as_coded(results: Results) -> Two:
    """The mapping and the penalty of the authors' code, by data set and gamma, beside the VAE."""
    lines = [
        ({"data": grid.DATA[data], "γ": _gamma(row)}, _of(results, row))
        for data, rows in grid.AS_CODED.items()
        for row in rows
    ]
    return _two(lines)


def as_authors(results: Results) -> Two:
    """Figure 7 with all settings of the authors' script."""
    return _two(settings(results))


def weighted(results: Results) -> Two:
    """The weight of errors in 32 x 32 pixels and in 28 x 28, with and without the mapping."""
    pixels = {grid.AS_IN_FIGURE_7: "32 x 32", grid.AS_WITH_28: "28 x 28"}
    return _two([({"pixels": pixels[row.name], "γ": _gamma(row)}, _of(results, row)) for row in grid.WEIGHTED])


def by_steps(results: Results) -> pd.DataFrame:
    """What training for fewer steps leaves of sparsity: the rows of `grid.BY_STEPS`."""
    lines = [({"trained for": row.group, "γ": _gamma(row)}, _of(results, row)) for row in grid.BY_STEPS]
    columns: Columns = {
        "Hoyer score": Column("hoyer_sample", 3, spread=True),
        "score in use (by chance)": Against(IN_USE, CHANCE),
        "left off, %": LEFT_OFF,
        "distance": Column(clean_frechet, 0, spread=True),
    }
    return table(lines, columns)


def any_vae(results: Results) -> Two:
    """What concerns every VAE, with and without the mapping."""
    return _two([({"choice": row.name, "method": row.method.name}, _of(results, row)) for row in grid.ANY_VAE])


def sparse_vae(results: Results) -> Two:
    """Versions of the Sparse-VAE."""
    return _two([({"version": row.name}, _of(results, row)) for row in grid.OF_VSC])


def dd(results: Results) -> Two:
    """DD in units of ours and of its authors."""
    return _two([({"DD": row.name}, _of(results, row)) for row in grid.OF_DD])


def show(two: Two) -> None:
    """Displays what is looked at first, and the rest folded; nothing where there are no runs."""
    main, beside = two
    if len(main):
        display(Table(main), Folded("More measures of the same runs", Table(beside)))


def _two(lines: Lines, main: Columns = MAIN, beside: Columns = MORE) -> Two:
    """A table of what is looked at first, and one of what is beside it: one of both would be wider than a page."""
    lines = list(lines)
    return table(lines, main), table(lines, beside)


def _gamma(row: Row) -> str:
    return "(VAE)" if row.value is None else f"{row.value:g}"


def _of(results: Results, row: Row) -> list[Result]:
    return results.of(row.name, row.group)
