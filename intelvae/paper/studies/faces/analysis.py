"""What the page on faces tables and cites: Table 4."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from intelvae.metrics import features
from intelvae.metrics.hoyer import by_chance, hoyer
from intelvae.paper.measures import above_chance, chance_in_use, features_of, frechet
from intelvae.paper.results import Result
from intelvae.paper.rows import SPARSE_VAE, VAMP
from intelvae.paper.statistics import Metric, by_seed, mean_and_sd
from intelvae.paper.studies.faces.grid import DIM, FID, HALF, HOYER, LINEAR_HEAD, LOW_BETA, ONE_SEED, PUBLISHED, TABLE_4

Column = str | Metric
NO_RUN = "(no run)"
CITED_ROWS = {
    "vae": "VAE",
    "sylvester": "VAE + Sylvester",
    "linear": LINEAR_HEAD,
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
        faces = f"{self.most:,} training faces and {self.most:,} held-out ones"
        return f"{faces} have an {self.name} of {self.floor:,.0f}"


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
    return mean_and_sd(values, 0 if coarse else 2)


def table(of: Mapping[str, Sequence[Result]], columns: Mapping[str, Column]) -> list[dict[str, Any]]:
    return [{"method": name, **{title: shown(of[name], c) for title, c in columns.items()}} for name in of]


def table_4(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Table 4, a line a row of the paper or its submission: quality and sparsity, ours and the paper's; the seeds."""
    by = yardstick(results)
    of = {name: runs for name, runs in by_row(results).items() if name not in ONE_SEED}
    lines = table(of, {f"{by.name}, N = {by.most:,}": frechet, "Hoyer score of g(y)": "hoyer_sample"})
    for line, runs in zip(lines, of.values(), strict=True):
        paper = runs[0].row.paper
        line |= {"FID in the paper": paper[FID], "Hoyer score in the paper": paper[HOYER], "seeds": len(runs)}
    return lines


def samples(results: Sequence[Result]) -> list[dict[str, Any]]:
    """How every row's samples do, and its bound, a line a row. Pixels not clipped are as the authors' code has them."""
    by, of = yardstick(results), by_row(results)
    columns: dict[str, Column] = {
        f"{by.name}, N = {by.most:,}": frechet,
        f"same, pixels not clipped, N = {by.fewest:,}": f"wrap_frechet_{by.fewest}",
        "recall": f"recall_{by.most}",
        "test ELBO": "test_elbo",
    }
    lines = table(of, columns)
    return [line | {"seeds": len(runs)} for line, runs in zip(lines, of.values(), strict=True)]


def codes(results: Sequence[Result]) -> list[dict[str, Any]]:
    """How sparse every row's codes are: all dimensions, those in use, and as many Gaussian ones; a line a row."""
    columns: dict[str, Column] = {
        "Hoyer score of g(y)": "hoyer_sample",
        "score of g(μ)": "hoyer_mean",
        "score before the flow": "hoyer_base",
        "dimensions in use": "active_overall",
        "score of g(y) in these": "hoyer_used",
        "chance in these": chance_in_use,
    }
    return table(by_row(results), columns)


def cited(results: Sequence[Result]) -> dict[str, str]:
    """What the text cites of the tables: of each of `CITED_ROWS` its numbers, and of the Sparse-VAEs as `FULL_BETA`."""
    of = by_row(results)
    columns: dict[str, Column] = {
        "distance": frechet,
        "score": "hoyer_sample",
        "mean": "hoyer_mean",
        "above": above_chance,
        "elbo": "test_elbo",
    }
    found = {
        f"{key}_{what}": shown(of.get(name, []), column) or NO_RUN
        for key, name in CITED_ROWS.items()
        for what, column in columns.items()
    }
    full = [of[name] for name in FULL_BETA if name in of]
    of_full: dict[str, Column] = {
        "slabs": "hoyer_slab",
        "vsc_means": "hoyer_mean",
        "vsc_above": above_chance,
        "vsc_in_use": "active_overall",
    }
    for key, column in of_full.items():
        found[key] = ", ".join(shown(each, column) for each in full) or NO_RUN
    layer, head = (by_seed(of.get(CITED_ROWS[key], []), frechet) for key in ("sylvester", "linear"))
    for key, values in (("sylvester", layer), ("linear", head)):
        same = [values[seed] for seed in layer.keys() & head.keys()]
        found[f"{key}_same_seeds"] = f"{statistics.fmean(same):,.0f}" if same else NO_RUN
    distances = [frechet(r) for r in of.get("VAE", [])]
    return found | {"vae_span": f"{max(distances) - min(distances):,.0f}" if distances else NO_RUN}


def ways_to_draw(results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """Of each row whose prior is not N(0, I), how near samples from both are to real faces, at the same number.

    The last column is how often the prior turns off all the dimensions that are in use.
    """
    fewest = yardstick(results).fewest
    lines = {}
    for name, of in by_row(results).items():
        if f"dense_frechet_{fewest}" in of[0].metrics:
            rate = dict(of[0].training.model_options).get("alpha", 1)  # the Vamp-VAE's dimensions are always on
            own, dense = (_mean(of, f"{kind}frechet_{fewest}") for kind in ("", "dense_"))
            off = statistics.fmean((1 - rate) ** r.metrics["active_overall"] for r in of)
            lines[name] = {
                "distance, its own prior": f"{own:,.0f}",
                "distance, N(0, I)": f"{dense:,.0f}",
                "nearer": "N(0, I)" if dense < own else "its own prior",
                "draws with all dimensions in use off": f"{100 * off:.0f} %",
            }
    return lines


def nearer_from_a_normal(ways: Mapping[str, Mapping[str, str]]) -> str:
    """Of how many Sparse-VAEs of `ways_to_draw` samples from N(0, I) are the nearer ones."""
    of = [line["nearer"] for name, line in ways.items() if name.startswith("Sparse-VAE")]
    return f"{of.count('N(0, I)')} of {len(of)}"


def told_of_the_vamp(results: Sequence[Result]) -> str:
    """How dark the Vamp-VAE's images from N(0, I) are, of the first seed that kept any; empty if none did."""
    for result in results:
        if result.row.method is VAMP and "dense_images" in result.kept:
            dark = (result.kept["dense_images"] < 0.1 * 255).double().mean().item()
            return (
                f"Of the Vamp-VAE's images from $\\mathcal N(0, I)$, {100 * dark:.0f} % of the values are nearly "
                "black. Training draws its codes towards its own prior, which need not be near $\\mathcal N(0, I)$."
            )
    return ""


def gates(results: Sequence[Result]) -> list[dict[str, Any]]:
    """In what way a Sparse-VAE is sparse, a line a row."""
    of = {name: each for name, each in by_row(results).items() if each[0].row.method is SPARSE_VAE}
    columns: dict[str, Column] = {
        "Hoyer score of g(y)": "hoyer_sample",
        "score without all-zero codes": "hoyer_nonzero",
        "score before the gates": "hoyer_slab",
        "share of all-zero codes": "zero_codes",
        "mean gate": "mean_gate",
        "dimensions open for some faces": "open_for_some",
        "dimensions open for all faces": "open_for_all",
    }
    return table(of, columns)


def longer(results: Sequence[Result], later: Sequence[Result]) -> list[dict[str, Any]]:
    """What more steps change in Table 4, over the seeds that both have: a line for each row that was trained longer."""
    by, before, after = yardstick(results), by_row(results), by_row(later)
    columns: dict[str, Column] = {
        f"{by.name}, N = {by.most:,}": frechet,
        "Hoyer score of g(y)": "hoyer_sample",
        "score in use, above chance": above_chance,
    }
    lines = []
    for name in after:
        seeds = {r.seed for r in before.get(name, [])} & {r.seed for r in after[name]}
        if seeds:
            both = [[r for r in of[name] if r.seed in seeds] for of in (before, after)]
            changes = {title: " to ".join(shown(of, column) for of in both) for title, column in columns.items()}
            lines.append({"method": name, **changes, "seeds": len(seeds)})
    return lines


def in_short(results: Sequence[Result], judged: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the box cites: of the results, and the verdict of the page that says whether sparse codes cost quality."""
    fewest, of = yardstick(results).fewest, by_row(results)
    distances = {name: _mean(each, frechet) for name, each in of.items()}
    sparsest = of[CITED_ROWS["gamma70"]]
    times, own = (
        [
            _mean(of[name], f"{kind}frechet_{fewest}") / _mean(sparsest, f"frechet_{fewest}")
            for name in FULL_BETA
            if name in of
        ]
        for kind in ("dense_", "")
    )
    (quality,) = (row["verdict"] for row in judged if row["id"].startswith("table4-quality-") and not row["variant"])
    sparser = _mean(sparsest, "hoyer_sample") - _mean(of["VAE"], "hoyer_sample")
    dense = "With $\\gamma = 70$ codes stayed about as dense as a VAE's." * (sparser < HALF)
    behind = [sparsest, *(of[name] for name in FULL_BETA if name in of)]
    return {
        "quality": quality,
        "trainings": trainings(*map(len, behind)),
        "faces": f"{results[0].trained.examples:,}",
        "nearest": min(distances, key=distances.__getitem__),
        "times": span(times),
        "times-own": span(own),
        "sparser": f"{sparser:+.3f}",
        "dense": dense,
    }


def trainings(*counts: int) -> str:
    """How many trainings there are of each of some models, in words.

    >>> trainings(1, 1), trainings(3), trainings(1, 3)
    ('one training each', '3 trainings each', '1 to 3 trainings each')
    """
    if set(counts) == {1}:
        return "one training each"
    return " to ".join(dict.fromkeys(f"{of(counts)}" for of in (min, max))) + " trainings each"


def span(values: Sequence[float]) -> str:
    """The least and the largest of some numbers as text, one number where they are alike.

    >>> span([0.921, 0.987, 0.95]), span([1.5, 1.501]), span([])
    ('0.92 to 0.99', '1.50', '(no run)')
    """
    return " to ".join(dict.fromkeys(f"{of(values):.2f}" for of in (min, max))) if values else NO_RUN


# What a Hoyer score can say, without any model


def dimensions_of(score: float, largest: int = 1000) -> tuple[int, int, list[int]]:
    """From how many to how many standard normal coordinates have that Hoyer score to two digits, and powers of two.

    >>> dimensions_of(0.22)
    (79, 246, [128])
    """
    fits = [dim for dim in range(2, largest) if round(by_chance(dim), 2) == score]
    return fits[0], fits[-1], [dim for dim in fits if dim.bit_count() == 1]


def of_sparse_prior(rate: float, dim: int = DIM, n: int = 5000) -> float:
    """The Hoyer score of draws from a Sparse-VAE's prior, each dimension on with probability `rate`; all zero is 1."""
    generator = torch.Generator().manual_seed(0)
    y, on = torch.randn(n, dim, generator=generator), torch.rand(n, dim, generator=generator) < rate
    return hoyer(y * on).mean().item()


def limits() -> dict[str, str]:
    """What the text cites of both: which dimensions score 0.22, and what codes from a sparse prior score."""
    first, last, powers = dimensions_of(0.22)
    rates = [row.value or 0.0 for row in TABLE_4 if row.name in FULL_BETA]
    return {
        "fits": f"{first} to {last}",
        "powers": ", ".join(map(str, powers)),
        "priors": ", ".join(f"{of_sparse_prior(rate):.2f}" for rate in rates),
    }


def _mean(results: Sequence[Result], column: Column) -> float:
    return statistics.fmean(column(r) if callable(column) else r.metrics[column] for r in results)
