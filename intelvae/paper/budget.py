"""Time that a sweep may take: what would not be done by its end is not begun."""

from __future__ import annotations

import re
import time
from collections.abc import Hashable

from intelvae.paper.config import Training

UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> float:
    """A time such as 90s, 12m or 2h in seconds. Raises `ValueError`, one line, for anything else.

    >>> seconds_of("12m")
    720.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if found is None or not float(found[1]):
        raise ValueError(f"a budget is a time above 0 such as 90s, 12m or 2h, not {text!r}")
    return float(found[1]) * UNITS[found[2]]


class Budget:
    """Seconds from now on, and what has been learned meanwhile of how long an epoch takes.

    A run is thought to take as long an epoch as the slowest so far of its network, data and batch size. The first of
    its kind is begun as long as there is time.
    """

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self._epoch: dict[Hashable, float] = {}

    def left(self) -> float:
        """The seconds that are left, 0 at the least."""
        return max(0.0, self.end - time.monotonic())

    def allows(self, *runs: Training) -> bool:
        """Whether these runs, one after the other, would be done in time."""
        needed = sum(run.epochs * self._epoch.get(_kind(run), 0.0) for run in runs)
        return needed < self.left()

    def learn(self, run: Training, seconds: float) -> None:
        """That `run` took so long."""
        kind = _kind(run)
        self._epoch[kind] = max(self._epoch.get(kind, 0.0), seconds / run.epochs)


def _kind(run: Training) -> Hashable:
    return run.network, run.data, run.model, run.posterior, run.batch_size, run.steps_per_epoch
