"""Table 1: samples of all ten digits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from intelvae.paper.measures import beside_faint_pixels, by_classifier, clean_frechet, frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.statistics import Metric, change, measured, summary, with_deviation
from intelvae.paper.studies.digits import slips
from intelvae.paper.studies.digits.analysis.moved import Move


def smallest(result: Result) -> float:
    """The distance at the smaller number of images, the paper's."""
    return frechet(result, number=min)


def by_row(results: Sequence[Result], metric: Metric) -> dict[str, list[float]]:
    """A metric of the results of each row, by its name."""
    found: dict[str, list[float]] = {}
    for r in results:
        found.setdefault(r.row.name, []).append(metric(r))
    return found


def numbers(results: Sequence[Result]) -> list[int]:
    """The numbers of images at which samples are judged, the smallest first."""
    return sorted(int(name.split("_")[1]) for name in results[0].metrics if name.startswith("frechet_"))


def to_second_digit(values: Sequence[float], scale: float = 1.0) -> str:
    """Mean and standard deviation of `scale` times the values, to the second digit of the deviation, on one line.

    >>> to_second_digit([100.0, 120.0, 140.0]), to_second_digit([0.5])
    ('120\\xa0±\\xa020', '0.5')
    """
    return with_deviation(*summary([scale * value for value in values])).replace(" ", "\xa0")


def ranks(results: Sequence[Result], metric: Metric) -> list[str]:
    """The rank of each row's mean, 1 being the smallest, and its 95 % range as seeds are drawn again.

    Of the seeds that all rows have, drawn with replacement 2,000 times, for all rows the same.
    """
    data = pd.DataFrame([(r.row.name, r.seed, metric(r)) for r in results], columns=["row", "seed", "value"])
    wide = data.pivot(index="seed", columns="row", values="value")[list(dict.fromkeys(data["row"]))].dropna()
    draws = np.random.default_rng(0).integers(len(wide), size=(2000, len(wide)))
    drawn = wide.to_numpy()[draws].mean(1).argsort(1).argsort(1) + 1
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [f"{r:.0f} ({a:.0f} to {b:.0f})" for r, a, b in zip(wide.mean().rank(), low, high, strict=True)]


def lines(results: Results) -> pd.DataFrame:
    """A line for each row: the distance at every number of images, over its seeds, its rank, and the paper's FID."""
    low = min(numbers(results))
    columns = {f"N = {n:,}": f"frechet_{n}" for n in numbers(results)}
    columns |= {f"min-max, N = {low:,}": f"minmax_frechet_{low}"}
    found = []
    for row, rank in zip(results.rows, ranks(results, frechet), strict=True):
        of = results.of(row.name)
        paper = row.paper.get("FID", "") + " (K not given)" * (row.method == INTEL and bool(row.paper))
        shown = {title: to_second_digit([r.metrics[metric] for r in of]) for title, metric in columns.items()}
        found.append({"method": row.name, **shown, "rank": rank, "seeds": len(of), "paper's FID": paper})
    return pd.DataFrame(found)


def more(results: Results) -> pd.DataFrame:
    """A line for each row: what else tells of samples, at the largest number of images, over its seeds."""
    high = max(numbers(results))
    columns = {"KID": f"kid_{high}"}
    columns |= {title: f"{title}_{high}" for title in ("precision", "recall", "density", "coverage")}
    columns |= {"test ELBO": "test_elbo"}
    return pd.DataFrame(
        {"method": row.name}
        | {title: to_second_digit([r.metrics[name] for r in results.of(row.name)]) for title, name in columns.items()}
        for row in results.rows
    )


def without_faint_pixels(results: Results) -> pd.DataFrame:
    """A line for each row: the distance at the smaller number of images, clean and clipped."""
    title = f"clean, N = {min(numbers(results)):,}"
    found = []
    for row, rank in zip(results.rows, ranks(results, clean_frechet), strict=True):
        clean, clipped, faint = (
            to_second_digit([metric(r) for r in results.of(row.name)], scale)
            for metric, scale in ((clean_frechet, 1.0), (smallest, 1.0), (measured("faint"), 100.0))
        )
        found.append({"method": row.name, title: clean, "rank": rank, "clipped": clipped, "faint, %": faint})
    return pd.DataFrame(found)


def by_both(results: Results) -> pd.DataFrame:
    """A line for each row: the distance clean, by the classifier where that was measured, and clipped."""
    low, high = min(numbers(results)), max(numbers(results))
    found = []
    for row in results.rows:
        of = results.of(row.name)
        second = [value for value in map(by_classifier, of) if not math.isnan(value)]
        found.append(
            {
                "method": row.name,
                f"without faint pixels, N = {low:,}": to_second_digit([clean_frechet(r) for r in of]),
                "seeds": len(of),
                f"FD (classifier), N = {high:,}": to_second_digit(second) if second else "(not measured)",
                "seeds it judges": len(second),
                f"with all pixels, N = {low:,}": to_second_digit([smallest(r) for r in of]),
            }
        )
    return pd.DataFrame(found)


def second_opinion(results: Results) -> dict[str, Any]:
    """How the classifier orders the methods, by the means of the seeds that it judges, and how the clean distance does.

    "seeds" is their number, "order" and "clean-order" have the closest first, and "correlation" is Spearman's of the
    two over these runs. Empty where the classifier judges none.
    """
    both = [r for r in results if not math.isnan(by_classifier(r))]
    if not both:
        return {}
    second, clean = by_row(both, by_classifier), by_row(both, clean_frechet)
    order, clean_order = ("; ".join(sorted(of, key=lambda name: fmean(of[name]))) for of in (second, clean))
    return {
        "seeds": len({r.seed for r in both}),
        "order": order,
        "clean-order": clean_order,
        "correlation": float(spearmanr(list(map(by_classifier, both)), list(map(clean_frechet, both))).statistic),
    }


def told_on_binary_images(results: Results) -> str:
    """Which method's samples are the closest to real digits after training on binary images, in words."""
    clean = by_row(results, clean_frechet)
    if not {"VAE", "InteL-VAE, 2 x 5"} <= clean.keys():
        return "Not run yet at this profile."
    closest = min(clean, key=lambda name: fmean(clean[name]))
    shown = {name: f"{name} ({to_second_digit(clean[name])})" for name in (closest, "InteL-VAE, 2 x 5", "VAE")}
    others = listed(text for name, text in shown.items() if name != closest)
    text = f"Without faint pixels, the closest of {len(clean)} methods is {shown[closest]}; beside it: {others}."
    lacking = {run.row.name for run in results.asked} - clean.keys()
    return text + (f" Not run yet: {listed(sorted(lacking))}." if lacking else "")


def still_rising(results: Results) -> dict[str, Any]:
    """What longer training could change, and the row whose distance differs most from seed to seed.

    "late-gain" is by how much the validation ELBO rises in the second half of the epochs, "elbo-vae-intel" how far the
    VAE's mean test ELBO is from the InteL-VAE's. "worst-method" has distances from "worst-low" to "worst-high" at the
    smaller number of images, while its test ELBOs are within "worst-elbo".
    """
    elbos, distances = by_row(results, measured("test_elbo")), by_row(results, smallest)
    worst = max(distances, key=lambda name: max(distances[name]) / min(distances[name]))
    curves = [r.curves["valid_elbo"] for r in results]
    return {
        "late-gain": fmean(curve[-1] - curve[len(curve) // 2 - 1] for curve in curves),
        "epochs": results[0].training.epochs,
        "elbo-vae-intel": abs(fmean(elbos["VAE"]) - fmean(elbos["InteL-VAE, 2 x 5"])),
        "worst-method": worst,
        "worst-elbo": max(elbos[worst]) - min(elbos[worst]),
        "worst-low": min(distances[worst]),
        "worst-high": max(distances[worst]),
    }


def faint_pixels(results: Sequence[Result]) -> dict[str, float]:
    """How the distance hangs together with the share of faint pixels, "clipped" and "clean".

    "-correlation" is Spearman's over all runs, "-within" that within rows; "-spread" the deviation within rows, in % of
    the mean.
    """
    found: dict[str, float] = {}
    for key, metric in (("clipped", smallest), ("clean", clean_frechet)):
        of_row = by_row(results, metric).values()
        squares = sum((value - fmean(values)) ** 2 for values in of_row for value in values)
        deviation = (squares / max(1, len(results) - len(of_row))) ** 0.5  # a mean was taken off for each row
        found[f"{key}-spread"] = deviation / fmean(map(metric, results)) * 100
        found[f"{key}-correlation"], found[f"{key}-within"] = beside_faint_pixels(results, metric)
    return found


def in_short(results: Results) -> dict[str, str]:
    """What the table comes to.

    "best", "vae", "product", "two" and "ten" are clean distances of methods, with "-elbo" their test ELBOs; "order" has
    all, the closest first, and "best-name" is the best baseline's. As it is, the distance of the claims' InteL-VAE
    is "below" those of some baselines and "above" others'.
    """
    clean, elbos, distances = (by_row(results, m) for m in (clean_frechet, measured("test_elbo"), frechet))
    order = sorted(clean, key=lambda name: fmean(clean[name]))
    baselines = [row.name for row in results.rows if row.method != INTEL]
    best = next(name for name in order if name in baselines)
    texts = {"best-name": best, "order": "; ".join(order)}
    for key, name in (
        ("best", best),
        ("vae", "VAE"),
        ("product", "InteL-VAE, 2 x 5"),
        ("two", "InteL-VAE, 2 sectors"),
        ("ten", "InteL-VAE, 10 sectors"),
    ):
        texts |= {key: to_second_digit(clean[name]), f"{key}-elbo": f"{fmean(elbos[name]):.1f}"}
    ours, of = fmean(distances["InteL-VAE, 2 x 5"]), {name: fmean(distances[name]) for name in baselines}
    texts["below"] = listed(name for name in baselines if of[name] > ours)
    texts["above"] = listed(name for name in baselines if of[name] < ours)
    return texts


def slipped(results: Results, found: Results) -> pd.DataFrame:
    """A line for each of `slips.of_table1` that has been run: how it changes the distance, clean and clipped."""
    changed = []
    for slip in slips.of_table1(results.profile):
        clean, clipped = (change(*slip.among(results, found), metric) for metric in (clean_frechet, frechet))
        if clean:
            line = {"what the code does": slip.after.name, "without": clean["before"], "with": clean["after"]}
            line |= {"change": clean["change"], "seeds": clean["seeds"]}
            changed.append(line | {"clipped: without": clipped["before"], "clipped: with": clipped["after"]})
    return pd.DataFrame(changed)


TOLD = {
    "MoG: entropy of q counted D times": "mog-entropy",
    "Vamp: entropy of q counted D times": "vamp-entropy",
    "MoG: images from N(0, I)": "mog-images",
    "Vamp: images from N(0, I)": "vamp-images",
    "VAE: cross-entropy, sigmoid": "vae-likelihood",
    "InteL-VAE: cross-entropy, sigmoid": "intel-likelihood",
}


def told(moves: Mapping[str, Move]) -> dict[str, str]:
    """From where to where the slips go that the page tells of, by `TOLD`, and over how many seeds."""
    texts = {name: "{:.0f} to {:.0f} (n = {})".format(*of.means, len(of.without)) for name, of in moves.items()}
    return {key: texts.get(name, "(not run)") for name, key in TOLD.items()}


def before_the_sigmoid(found: Results) -> str:
    """Distances of the slips with cross-entropy, a line for each thing that can be shown of their decoder."""
    runs = [r for r in found if r.training.likelihood == "bernoulli"]
    if not runs:
        return "not run at this profile"
    texts = []
    for title, kind in (("means", ""), ("means, stretched", "minmax"), ("logits, stretched", "logits")):
        values = [frechet(r, kind, min) for r in runs]
        texts.append(f"{title:<18} {fmean(values):7.1f}  ({', '.join(f'{v:.1f}' for v in values)} by run)")
    return "\n".join(texts)
