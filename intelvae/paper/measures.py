"""Metrics computed from those of a result: distances of samples, sparsity against chance, accuracy on few labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from intelvae.metrics.features import CLASSIFIER
from intelvae.metrics.hoyer import by_chance
from intelvae.paper.results import Result
from intelvae.paper.statistics import Metric, centred, rank_correlation

FEW = (10, 20, 50, 100)  # labels: "especially in few-shot scenarios"


def frechet(result: Result, kind: str = "", number: Callable[[Sequence[int]], int] = max) -> float:
    """The Frechet distance of a result's samples at the largest (or other) `number` of images that it has one at.

    `kind`: "" for samples as they are, or what stands before "_frechet" in the name of the metric (`samples.judge`).
    """
    prefix = f"{kind}_frechet_" if kind else "frechet_"
    sizes = [int(name.removeprefix(prefix)) for name in result.metrics if name.startswith(prefix)]
    return result.metrics[f"{prefix}{number(sizes)}"]


clean_frechet = partial(frechet, kind="clean")


def by_classifier(result: Result) -> float:
    """The Fréchet distance on the classifier's features at the largest number of images; NaN where it is not measured.

    Of a second opinion (`rows.SECOND`), or of samples that are judged on the classifier.
    """
    kind = "" if result.run.features == CLASSIFIER else CLASSIFIER
    prefix = f"{kind}_frechet_" if kind else "frechet_"
    return frechet(result, kind) if any(name.startswith(prefix) for name in result.metrics) else math.nan


def beside_faint_pixels(results: Sequence[Result], metric: Metric) -> tuple[float, float]:
    """Spearman's correlation of a metric with the share of faint pixels: over all runs, and within rows.

    Within rows each value is less its row's mean, so that differences between rows have no part in it.
    """
    faint, values = [r.metrics["faint"] for r in results], [metric(r) for r in results]
    rows = [r.row for r in results]
    return rank_correlation([*zip(faint, values, strict=True)]), rank_correlation(
        [*zip(centred(faint, rows), centred(values, rows), strict=True)]
    )


def features_of(results: Iterable[Result]) -> str:
    """What the samples of all results were judged on, second opinions apart. Raises `ValueError` unless it is one."""
    found = {result.run.features for result in results} - {""}
    if len(found) != 1:
        raise ValueError(f"samples of these results are judged on {' and '.join(sorted(found)) or 'no'} features")
    return found.pop()


def ungated(result: Result) -> float:
    """The Hoyer score of g(y), for a Sparse-VAE that of samples without their gates."""
    return result.metrics.get("hoyer_slab", result.metrics["hoyer_sample"])


def chance_in_use(result: Result) -> float:
    """The Hoyer score of as many Gaussian dimensions as the codes use: what their "hoyer_used" is by chance."""
    dim = round(result.metrics["active_overall"])
    return by_chance(dim) if dim > 1 else 0.0


def above_chance(result: Result) -> float:
    """By how much the Hoyer score in the dimensions in use is above that of as many Gaussians: sparsity by image."""
    return result.metrics["hoyer_used"] - chance_in_use(result)


def few_shot(classifier: str, labels: Sequence[int] = FEW) -> Callable[[Result], float]:
    """Accuracy of a classifier of `downstream.NAMES` in per cent, mean over these numbers of labels.

    NaN for a result that has not all of them: `smoke` has too few images.
    """
    names = [f"{classifier.replace(' ', '_')}_{n}" for n in labels]
    return lambda result: 100 * sum(result.metrics.get(name, math.nan) for name in names) / len(names)
