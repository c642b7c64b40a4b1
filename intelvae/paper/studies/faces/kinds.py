"""The kinds of claims about labelled faces: a comparison by draws of labels, one by attributes, a moving optimum."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

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
        ours, theirs = self._of(results.of(self.model)), self._of(results.of(self.others, self.other))
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

    def _of(self, results: Sequence[Result]) -> dict[Row, dict[int, Sequence[float]]]:
        """For each row the draws of each seed that has some."""
        by_row: dict[Row, dict[int, Sequence[float]]] = {}
        for r in results:
            if draws := self.metric(r):
                by_row.setdefault(r.row, {})[r.seed] = draws
        return by_row


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
    """That codes of the row `model` tell nearly every attribute as well as those of the best row called `others`.

    `scores` gives, for results of one row, its score of each attribute, by name, or nothing where they have none. As
    well is at most `margin` below. What is compared are the seeds that all models share.
    """

    scores: Callable[[Sequence[Result]], Mapping[str, float]]
    model: str = "InteL-VAE"
    others: str = "VAE"
    margin: float = 0.01
    most: float = 0.9

    @property
    def rule(self) -> str:
        return (
            f"reproduced: over draws of the labelled faces, and the trainings (seeds) that all models have, the "
            f"{self.model}'s mean is at most {self.margin:g} below that of the best {self.others} for "
            f"{100 * self.most:g} % of the attributes; partly: for more than half of them; opposite: for fewer than "
            f"half, and a sign test over attributes gives p < {LEVEL}; no difference found: otherwise. Attributes have "
            "to do with each other, and all with the same trainings, so that p is too small."
        )

    def judge(self, results: Results) -> Finding:
        by_row = {row: results.of(row.name, row.group) for row in results.rows if row.name in (self.model, self.others)}
        seeds = set.intersection(*({r.seed for r in of} for of in by_row.values())) if by_row else set()
        if not seeds:
            return Finding()
        scores = {row: self.scores([r for r in of if r.seed in seeds]) for row, of in by_row.items()}
        ours = [of for row, of in scores.items() if of and row.name == self.model]
        theirs = [of for row, of in scores.items() if of and row.name == self.others]
        if not ours or not theirs:
            return Finding()
        (mine,) = ours
        good = sum(score >= max(of[name] for of in theirs) - self.margin - 1e-9 for name, score in mine.items())
        share, p = good / len(mine), float(stats.binomtest(good, len(mine)).pvalue)
        if share > 0.5:
            verdict = REPRODUCED if share >= self.most else PARTLY
        else:
            verdict = OPPOSITE if p < LEVEL else NO_DIFFERENCE
        return Finding(share, None, len(seeds), f"sign test, {good} of {len(mine)} attributes", p, verdict)
