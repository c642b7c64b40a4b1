"""What slips move, in numbers for figures."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from intelvae.paper.results import Results
from intelvae.paper.statistics import Metric, by_seed
from intelvae.paper.studies.digits.slips import Slip


class Move(NamedTuple):
    """A metric without a slip and with it, of the seeds that both have, in their order."""

    without: list[float]
    with_it: list[float]

    @property
    def means(self) -> tuple[float, float]:
        """Without the slip and with it."""
        return fmean(self.without), fmean(self.with_it)


def moved(slips: Sequence[Slip], metric: Metric, *found: Results, scale: float = 1.0) -> dict[str, Move]:
    """By the names of those slips that have been run: `scale` times a metric without them and with them."""
    moves = {}
    for slip in slips:
        before, after = (by_seed(results, metric) for results in slip.among(*found))
        if seeds := sorted(before.keys() & after.keys()):
            moves[slip.after.name] = Move(*([scale * values[seed] for seed in seeds] for values in (before, after)))
    return moves
