"""What there is to do of many runs: once for each training, in parts, each of which a worker does as one."""

from __future__ import annotations

import dataclasses
import math
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from intelvae.paper.budget import Budget
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.locks import Locks
from intelvae.paper.rows import Run
from intelvae.paper.runs import alike
from intelvae.paper.store import Store

MOST_TOGETHER = 25  # runs side by side: more lose more when a sweep is killed, and gain little (the arithmetic grows)
KILLS = 2  # of its worker, after which a training is not tried again
PAUSE = 1.0  # seconds between two looks at what another sweep is doing


@dataclass(frozen=True)
class Work:
    """What is to be done for one training: `train` it unless it has been, and measure what is `wanted`.

    `anew`: also what has been measured before.
    """

    training: Training
    wanted: tuple[Evaluation, ...]
    train: bool = True
    anew: bool = False


def parts(works: Iterable[Work], device: str) -> list[list[Work]]:
    """The works in parts that are done as one, the longest first: those on images alone, in their order, then toys.

    On a CPU, trainings that are `alike` go side by side, at most `MOST_TOGETHER` and in parts of nearly equal size.
    """
    alone, groups = [], defaultdict(list)
    for work in works:
        shared = alike(work.training) if device == "cpu" and work.train else None
        if shared is None:
            alone.append([work])
        else:
            groups[shared].append(work)
    together = []
    for shared, group in groups.items():
        size = math.ceil(len(group) / math.ceil(len(group) / MOST_TOGETHER))
        steps = shared.epochs * (shared.steps_per_epoch or 0)
        together += [(steps * size, group[i : i + size]) for i in range(0, len(group), size)]
    return alone + [part for _, part in sorted(together, key=itemgetter(0), reverse=True)]


def missing(runs: Iterable[Run], store: Store) -> list[Work]:
    """What has to be done for the results of all `runs` to be there: once for each training."""
    wanted: dict[Training, dict[Evaluation, None]] = {}
    for run in runs:
        there = store.trained(run.training) is not None
        lacking = store.lacking(run) if there else [*run.evaluations, *run.extras]
        if lacking or not there:
            wanted.setdefault(run.training, {}).update(dict.fromkeys(lacking))
    return [Work(t, tuple(evaluations), store.trained(t) is None) for t, evaluations in wanted.items()]


def unfinished(work: Work, store: Store) -> Work | None:
    """What is still to be done of a work, None if nothing is: another sweep may have done it since."""
    if work.anew:
        return work
    train = work.train and store.trained(work.training) is None
    wanted = tuple(each for each in work.wanted if train or store.measured(work.training, each) is None)
    return dataclasses.replace(work, train=train, wanted=wanted) if train or wanted else None


class Queue:
    """Parts that wait for a worker; each is begun once its `locks` are taken, as long as the `budget` allows it.

    A worker that is killed takes all others with it. What had been begun is then tried again, one training at a time,
    so that the one that needs more memory than there is loses no other.
    """

    def __init__(self, parts: Iterable[Sequence[Work]], store: Store, locks: Locks, budget: Budget) -> None:
        self.store, self.locks, self.budget = store, locks, budget
        self._waiting = deque(parts)
        self._begun: list[list[Work]] = []
        self._alone: deque[Work] = deque()
        self._elsewhere: list[Work] = []
        self._kills: Counter[Training] = Counter()

    def more(self) -> bool:
        """Whether there is more to begin, once nobody waits for a worker; waits for what another sweep is doing."""
        if self._elsewhere and not self._waiting and not self._alone:
            while self.budget.left() and not any(self.locks.take(work.training) for work in self._elsewhere):
                time.sleep(PAUSE)
            self._waiting.extend([work] for work in self._elsewhere)
            self._elsewhere.clear()
        return bool(self._waiting or self._alone)

    def begin(self) -> Iterator[list[Work]]:
        """The parts, as workers ask for them, without what another sweep has done, or is doing."""
        if not self._waiting and self._alone:
            self._waiting.append([self._alone.popleft()])
        while self._waiting:
            part = self._waiting.popleft()
            if self.budget.allows(*(work.training for work in part)):
                mine = [left for work in part if (left := self._taken(work)) is not None]
                if mine:
                    self._begun.append(mine)
                    yield mine

    def _taken(self, work: Work) -> Work | None:
        if not self.locks.take(work.training):
            self._elsewhere.append(work)
            return None
        left = unfinished(work, self.store)
        if left is None:
            self.locks.give_back(work.training)
        return left

    def ended(self, part: Sequence[Work]) -> None:
        """That what came of a part is stored."""
        self._begun.remove(list(part))
        for work in part:
            self.locks.give_back(work.training)

    def killed(self) -> list[Work]:
        """That a worker was killed; the works that are given up, since it was theirs each time."""
        given_up = []
        for work in [work for part in self._begun for work in part]:
            self._kills[work.training] += 1
            if self._kills[work.training] > KILLS:
                given_up.append(work)
                self.locks.give_back(work.training)
            else:
                self._alone.append(work)
        self._begun.clear()
        return given_up
