"""How well codes predict the attributes of a face, as results have it: what Table B.1 and Figure B.3 are made of."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from intelvae.metrics.attributes import SIZES
from intelvae.paper.evaluation.faces import MAJORITY, PROTOCOLS
from intelvae.paper.results import Result
from intelvae.paper.statistics import Metric

LINEAR, PLAIN, AUTHORS = PROTOCOLS
DIGITS = 4  # of a share of the 1,010 test faces that there are where numbers are published
MARGIN = 0.01  # of a score: what is no farther below another is as good


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


def of_each(n: int, name: str = "by_attribute") -> Callable[[Result], dict[str, float]]:
    """`by_attribute` of a result from n labelled faces, or all there are; empty where it has no such scores."""

    def scores(result: Result) -> dict[str, float]:
        count = min(n, result.trained.examples)
        return by_attribute([result], count, name) if f"{LINEAR}/{count}/{name}" in result.kept else {}

    return scores


def as_good(ours: Mapping[str, float], theirs: Sequence[Mapping[str, float]]) -> float:
    """The share of attributes whose score of ours is at most `MARGIN` below the best of theirs.

    >>> as_good({"Bald": 0.9, "Smiling": 0.6}, [{"Bald": 0.8, "Smiling": 0.605}, {"Bald": 0.7, "Smiling": 0.7}])
    0.5
    """
    good = sum(score >= max(of[name] for of in theirs) - MARGIN - 1e-9 for name, score in ours.items())
    return good / len(ours)


def _rounded(scores: Tensor) -> list[float]:
    """Shares without what float32 adds to them, so that equal ones compare as equal."""
    return [round(score, DIGITS) for score in scores.tolist()]
