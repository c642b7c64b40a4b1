"""The kinds of claims about labelled faces: a comparison by draws of labels, one by attributes, a moving optimum."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from intelvae.paper.kinds import (
    NO_DIFFERENCE,
    NOT_TESTED,
    OPPOSITE,
    OR_ELSE,
    PARTLY,
    REPRODUCED,
    Claim,
    Finding,
    found,
)
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import Row
from intelvae.paper.statistics import FEWEST, LEVEL, Metric, paired, unpaired
from intelvae.paper.studies.faces.attributes import MARGIN, as_good

T = TypeVar("T", bound=Sequence[float] | Mapping[str, float])


def _by_row(results: Sequence[Result], read: Callable[[Result], T]) -> dict[Row, dict[int, T]]:
    """For each row what is read of each seed that has some."""
    by_row: dict[Row, dict[int, T]] = {}
    for r in results:
        if found := read(r):
            by_row.setdefault(r.row, {})[r.seed] = found
    return by_row


@dataclass(frozen=True)
class ByDraw(Claim):
    """That codes of the row `model` do better than those of every row called `others`, over draws of labelled examples.

    `metric` gives one number a draw, or none where a result has none; `other`, if given, is the group of the only row
    of the others that counts. What is compared are the seeds that all models share: from three on the means over
    draws, by training. Unless `significant`, only the mean has to be larger: what the paper claims of more than 1,000
    labelled faces. Unless `same_draws`, a draw of one model is not one of another.
    """

    metric: Callable[[Result], Sequence[float]]
    model: str = "InteL-VAE"
    others: str = "VAE"
    other: str | None = None
    significant: bool = True
    same_draws: bool = True

    @property
    def rule(self) -> str:
        which = f" with {self.other}" if self.other else ""
        draws = f"at least {FEWEST} draws of the labelled faces"
        over = (
            f"paired over {draws} (over the trainings, where there are {FEWEST})"
            if self.same_draws
            else f"Welch's over {draws}, which may be of other faces for each model (paired over the trainings, where "
            f"there are {FEWEST})"
        )
        verdicts = (
            f"a t-test against the best of them, {over}, gives p < {LEVEL}; partly: larger but not significantly; "
            f"{OR_ELSE}"
            if self.significant
            else f"it can be {over}; {OR_ELSE} How significant that is decides nothing, since the "
            "paper claims significance for up to 1,000 labelled faces only."
        )
        return (
            f"reproduced: over the trainings (seeds) that all models have, the {self.model}'s mean is larger than that "
            f"of every {self.others}{which}, and {verdicts} With fewer than {FEWEST} trainings, draws of all faces "
            "there are, the last number at laptop, are one and the same and count as one: not tested; and draws of one "
            "trained model say nothing about another training. Draws share labelled faces, and all have the same test "
            "faces: p by draw speaks of these alone, and is smaller than one over faces at large would be."
        )

    def judge(self, results: Results) -> Finding:
        ours = _by_row(results.of(self.model), self.metric)
        theirs = _by_row(results.of(self.others, self.other), self.metric)
        models = [*ours.values(), *theirs.values()]
        seeds = sorted(set.intersection(*map(set, models))) if len(ours) == 1 and theirs else []
        if not seeds:
            return Finding()
        best = max(theirs, key=lambda row: statistics.fmean(statistics.fmean(theirs[row][s]) for s in seeds))
        by_training = len(seeds) >= FEWEST
        over = _by_training if by_training else _by_draw
        mine, other = (over({s: of[s] for s in seeds}) for of in (models[0], theirs[best]))
        if by_training or self.same_draws:
            finding = found(paired(mine, other), larger=True)
        else:
            test = unpaired([*mine.values()], [*other.values()])
            finding = found(test, larger=True, words="Welch's t against {other}")
        if finding.verdict == PARTLY and not self.significant:
            finding = dataclasses.replace(finding, verdict=REPRODUCED)
        unit = "training" if by_training else "draw"
        return dataclasses.replace(finding, test=finding.test and f"{finding.test} ({best.group}), by {unit}")


def _by_training(of: Mapping[int, Sequence[float]]) -> dict[int, float]:
    return {seed: statistics.fmean(draws) for seed, draws in of.items()}


def _by_draw(of: Mapping[int, Sequence[float]]) -> dict[int, float]:
    """The mean over seeds of each draw."""
    return {i: statistics.fmean(values) for i, values in enumerate(zip(*of.values(), strict=True))}


@dataclass(frozen=True)
class MovingOptimum(Claim):
    """That the `value` of the row of that name that does best grows along `metrics`: with the number of labels."""

    metrics: Sequence[Metric]
    name: str = "VAE"

    @property
    def rule(self) -> str:
        return (
            f"reproduced: the best of at least 3 latent dimensions, by the mean over at least {FEWEST} trainings "
            "(seeds) that all have, never falls from one number of labelled faces to the next larger, and rises from "
            "the first to the last; partly: rises from the first to the last; opposite: falls from the first to the "
            "last; no difference found: otherwise."
        )

    def judge(self, results: Results) -> Finding:
        by_value: dict[float, dict[int, Result]] = {}
        for r in results.of(self.name):
            if r.row.value is not None:
                by_value.setdefault(r.row.value, {})[r.seed] = r
        seeds = sorted(set.intersection(*map(set, by_value.values()))) if len(by_value) >= 3 else []
        if not seeds:
            return Finding()
        best = [max(by_value, key=lambda v: statistics.fmean(m(by_value[v][s]) for s in seeds)) for m in self.metrics]
        if best[-1] > best[0]:
            verdict = REPRODUCED if best == sorted(best) else PARTLY
        else:
            verdict = OPPOSITE if best[-1] < best[0] else NO_DIFFERENCE
        if len(seeds) < FEWEST:
            verdict = NOT_TESTED
        words = f"best D: {', '.join(f'{value:g}' for value in best)}"
        return Finding(best[-1], None, len(seeds), words, None, verdict)


@dataclass(frozen=True)
class ForMost(Claim):
    """That codes of the row `model` predict nearly every attribute as well as those of the best row called `others`.

    `scores` gives a result's score of each attribute, by name, or nothing where it has none. What is tested is the
    share of attributes that are predicted `as_good`, training by training, over the seeds that all models share. The
    best is another one for each attribute and training, or with `single` the one row whose scores are best on average.
    """

    scores: Callable[[Result], Mapping[str, float]]
    model: str = "InteL-VAE"
    others: str = "VAE"
    single: bool = False
    most: float = 0.9

    @property
    def rule(self) -> str:
        best = (
            f"the {self.others} that is best on average over attributes and trainings"
            if self.single
            else f"the {self.others} that is best for the attribute in this training"
        )
        return (
            f"reproduced: over at least {FEWEST} trainings (seeds) that all models have, the {self.model} is at most "
            f"{MARGIN:g} below {best} for {100 * self.most:g} % of the attributes on average, a score being the mean "
            "over draws of the labelled faces; partly: for more than half of them; opposite: for fewer than half, and "
            f"a t-test of each training's share against one half gives p < {LEVEL}; no difference found: otherwise."
        )

    def judge(self, results: Results) -> Finding:
        ours, theirs = (_by_row(results.of(name), self.scores) for name in (self.model, self.others))
        models = [*ours.values(), *theirs.values()]
        seeds = sorted(set.intersection(*map(set, models))) if len(ours) == 1 and theirs else []
        if not seeds:
            return Finding()
        words = "one-sample t of shares against 0.5"
        if self.single:
            best = max(theirs, key=lambda row: statistics.fmean(v for s in seeds for v in theirs[row][s].values()))
            theirs, words = {best: theirs[best]}, f"{words} ({best.group})"
        shares = {s: as_good(models[0][s], [of[s] for of in theirs.values()]) for s in seeds}
        test = paired(shares, dict.fromkeys(shares, 0.5))
        assert test is not None  # there are seeds
        if test.p is None:
            return Finding(test.mean, test.sd, test.n, other=test.other)
        if test.difference > 0:
            verdict = REPRODUCED if test.mean >= self.most - 1e-9 else PARTLY
        else:
            verdict = OPPOSITE if test.difference < 0 and test.p < LEVEL else NO_DIFFERENCE
        return Finding(test.mean, test.sd, test.n, words, test.p, verdict, test.detectable, test.other)
