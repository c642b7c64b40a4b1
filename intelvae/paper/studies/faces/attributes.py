"""How well codes tell the attributes of a face, as results have it: what Table B.1 and Figure B.3 are made of."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from torch import Tensor

from intelvae.metrics.attributes import SIZES
from intelvae.paper.evaluation.faces import MAJORITY, PROTOCOLS
from intelvae.paper.results import Result
from intelvae.paper.statistics import Metric

LINEAR, PLAIN, AUTHORS = PROTOCOLS
DIGITS = 4  # of a share of the 1,010 test faces that there are where numbers are published


def labelled(n: int, name: str = "accuracy", protocol: str = LINEAR) -> Callable[[Result], list[float]]:
    """The score of each draw of n labelled faces; or of all there are, one draw, whose repeats differ by rounding.

    Empty where the protocol was not followed for so many.
    """

    def by_draw(result: Result) -> list[float]:
        everyone = result.trained.examples
        scores = result.kept.get(f"{protocol}/{min(n, everyone)}/{name}")
        found = [] if scores is None else _rounded(scores)
        return found[:1] if n >= everyone else found

    return by_draw


def mean(n: int) -> Metric:
    """The mean accuracy over draws of n labelled faces."""
    scores = labelled(n)
    return lambda result: statistics.fmean(scores(result))


def fall(result: Result) -> list[float]:
    """What is lost with the fewest labels: for each draw of them the accuracy minus that from the most, on average."""
    most = mean(max(SIZES))(result)
    return [few - most for few in labelled(min(SIZES))(result)]


def sizes(result: Result, protocol: str = LINEAR) -> list[int]:
    """The numbers of labelled faces for which the protocol was followed."""
    of = [name.split("/") for name in result.kept]
    return [int(name[1]) for name in of if name[0] == protocol and name[-1] == "accuracy"]


def majorities(result: Result) -> dict[str, float]:
    """The accuracy for each attribute, by name, of a classifier that ignores the codes."""
    of = {name: value for name, value in result.metrics.items() if name.startswith(MAJORITY)}
    return {name.removeprefix(MAJORITY): round(value, DIGITS) for name, value in of.items()}


def by_attribute(results: Sequence[Result], n: int, name: str = "by_attribute") -> dict[str, float]:
    """The score of each attribute, by name, from n labelled faces: mean over draws, and over the results of a model."""
    found = [_rounded(result.kept[f"{LINEAR}/{n}/{name}"]) for result in results]
    names = majorities(results[0])
    return {each: statistics.fmean(of) for each, of in zip(names, zip(*found, strict=True), strict=True)}


def of_each(n: int, name: str = "by_attribute") -> Callable[[Sequence[Result]], dict[str, float]]:
    """`by_attribute` from n labelled faces, or all there are; empty where they have no such scores."""

    def scores(results: Sequence[Result]) -> dict[str, float]:
        count = min(n, results[0].trained.examples)
        there = all(f"{LINEAR}/{count}/{name}" in r.kept for r in results)
        return by_attribute(results, count, name) if there else {}

    return scores


def _rounded(scores: Tensor) -> list[float]:
    """Shares without what float32 adds to them, so that equal ones compare as equal."""
    return [round(score, DIGITS) for score in scores.tolist()]
