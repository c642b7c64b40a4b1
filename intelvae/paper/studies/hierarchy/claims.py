"""The paper's claims about hierarchies (appendix B, Figure B.2)."""

from __future__ import annotations

import dataclasses
import statistics
from dataclasses import dataclass

from intelvae.paper.kinds import OR_ELSE, PARTLY, REPRODUCED, Claim, Excess, Finding, found
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import FEWEST, LEVEL, Metric, by_seed, measured, paired
from intelvae.paper.studies.hierarchy.grid import LEVEL_COUNT, ONE_LAYER

HIERARCHIES = "11_hierarchies"
HELD = 0.1  # nats: a level with less is off; our line, drawn after the runs (the VAE's blocks hold 0.03 to 0.05 or 0.8)


@dataclass(frozen=True)
class Within(Claim):
    """That one metric of a row is larger than another of the same run, over seeds.

    The other is of the lowest level, and says something of it only where the level is on: `held` are its nats. Without
    them that is not asked, as before the runs.
    """

    metric: Metric
    than: Metric
    held: Metric | None
    ours: str

    @property
    def rule(self) -> str:
        rule = (
            f"reproduced: the first mean is larger, and a paired t-test over at least {FEWEST} seeds gives p < {LEVEL}"
        )
        if self.held is None:
            return f"{rule}; partly: larger but not significantly; {OR_ELSE}"
        return (
            f"{rule}, and the lowest level holds at least {HELD:g} nats, mean over seeds; partly: larger but not "
            f"significantly, or larger than that of a level that is off; {OR_ELSE}"
        )

    def judge(self, results: Results) -> Finding:
        runs = results.of(self.ours, self.group)
        finding = found(paired(by_seed(runs, self.metric), by_seed(runs, self.than)), larger=True)
        if self.held is None or finding.verdict != REPRODUCED:
            return finding
        nats = statistics.fmean(map(self.held, runs))
        if nats >= HELD:
            return finding
        words = f"{finding.test} of a level that is off, {nats:.2g} nats"
        return dataclasses.replace(finding, verdict=PARTLY, test=words)


def least(result: Result) -> float:
    """The nats of the level that holds the fewest."""
    return min(result.metrics[f"kl_{i}"] for i in range(LEVEL_COUNT))


def _levels(name: str, text: str, metric: str) -> list[Claim]:
    """The claim, and its rule as it was before the runs as a variant."""
    lowest = LEVEL_COUNT - 1
    first, last, held = (measured(each) for each in (f"{metric}_0", f"{metric}_{lowest}", f"kl_{lowest}"))
    metrics, off = (first, last, held), ", also where the lowest level is off"
    claim = Within(
        f"figB2-{name}", "Fig B.2", text, "figure only", HIERARCHIES, "hierarchy", *metrics, ONE_LAYER, post_hoc=True
    )
    earlier = dataclasses.replace(
        claim, id=f"{claim.id}-off", claim=text + off, held=None, variant=True, post_hoc=False
    )
    return [claim, earlier]


CLAIMS: tuple[Claim, ...] = (
    *_levels(
        "category",
        "High levels hold categories: the highest of five predicts the class better than the lowest "
        "(accuracy of a classifier of its codes)",
        "accuracy",
    ),
    *_levels(
        "details",
        "High levels decide the class, low ones details: another draw of the highest changes the class of "
        "the decoded image more often than one of the lowest",
        "change",
    ),
    Excess(
        "figB2-held",
        "Fig B.2",
        "Every one of the five levels holds features: the level with the fewest nats of the code is on",
        "figure only",
        HIERARCHIES,
        "hierarchy",
        least,
        ONE_LAYER,
        HELD,
        post_hoc=True,
    ),
)
