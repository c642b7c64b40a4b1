"""What trainings cost: seconds from their records, and for those that were never run from their steps."""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from intelvae.paper import bench_gpu, studies
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.results import Measured, Trained
from intelvae.paper.runs import alike
from intelvae.paper.store import Store
from intelvae.paper.works import Work, missing

PUBLISHED = ("laptop", "paper")  # the profiles that have a cost worth a plan

Known = tuple[Trained, Sequence[Measured]]  # the records of one training, and of what was measured of it


@dataclass(frozen=True)
class Cost:
    """What a work costs: the experiment that is the first to ask for it, and the seconds that one worker takes.

    Of a training side by side these are its share. `recorded`: from its record, not an estimate.
    """

    experiment: str
    work: Work
    seconds: float
    recorded: bool


@cache
def asked(profile: str) -> dict[Training, tuple[str, Work]]:
    """A sweep of `profile` with an empty store, in its order: each work, and the experiment that first asks for it."""
    runs = [(name, run) for name in studies.BY_PRIORITY for run in studies.runs(name, profile)]
    first: dict[Training, str] = {}
    for name, run in runs:
        first.setdefault(run.training, name)
    with tempfile.TemporaryDirectory() as empty:
        return {work.training: (first[work.training], work) for work in missing((run for _, run in runs), Store(empty))}


def known(store: Store) -> list[Known]:
    """The records in `store` of all that the published profiles ask for."""
    wanted: dict[Training, dict[Evaluation, None]] = defaultdict(dict)
    for profile in PUBLISHED:
        for training, (_, work) in asked(profile).items():
            wanted[training].update(dict.fromkeys(work.wanted))
    found = ((store.trained(training), training, evaluations) for training, evaluations in wanted.items())
    return [
        (trained, [each for wanted in evaluations if (each := store.measured(training, wanted)) is not None])
        for trained, training, evaluations in found
        if trained is not None
    ]


def _kinds(config: Training) -> Iterator[Hashable]:
    """What trainings share whose steps take about as long, from the most alike to the least."""
    beside = alike(config) is not None
    yield config.network, beside, config.precision, config.model, config.posterior, config.mapping, config.bound
    yield config.network, beside, config.precision
    yield config.network, beside
    yield config.network


class Rates:
    """Seconds a step and seconds an evaluation, medians over the records of trainings alike.

    A record from before evaluations were timed (one that does not say its threads) counts them with its training.
    """

    def __init__(self, found: Iterable[Known]) -> None:
        steps, evaluations = defaultdict(list), defaultdict(list)
        for trained, measured in found:
            for kind in _kinds(trained.training):
                steps[kind].append(trained.seconds / steps_taken(trained))
            for each in measured:
                if trained.threads:
                    evaluations[each.evaluation.key].append(each.seconds)
        self._step = {kind: statistics.median(of) for kind, of in steps.items()}
        self._evaluation = {key: statistics.median(of) for key, of in evaluations.items()}

    def __contains__(self, network: str) -> bool:
        """Whether there is a record of a training with that network."""
        return network in self._step

    def training(self, config: Training) -> float:
        """Seconds that a training should take. Raises `ValueError`, one line, if none with its network has a record."""
        for kind in _kinds(config):
            if kind in self._step:
                return bench_gpu.steps_of(config) * self._step[kind]
        raise ValueError(
            f"no training with the network {config.network!r} has a record, so nothing is known of what one costs: run "
            "one first, or unset INTELVAE_RUNS"
        )

    def evaluation(self, wanted: Evaluation) -> float:
        """Seconds that an evaluation should take, 0 for one that no record has timed."""
        return self._evaluation.get(wanted.key, 0.0)


def steps_taken(trained: Trained) -> float:
    """The steps of a training that has a record, which may have stopped early."""
    epochs = max(map(len, trained.curves.values()))
    return bench_gpu.steps_of(trained.training) * epochs / trained.training.epochs


def of(profile: str, found: Sequence[Known]) -> list[Cost]:
    """What all trainings of `profile` cost, from the records `found` and by what these teach of the others."""
    rates, recorded = Rates(found), {trained.training: (trained, measured) for trained, measured in found}
    costs = []
    for training, (experiment, work) in asked(profile).items():
        if training in recorded:
            trained, measured = recorded[training]
            costs.append(Cost(experiment, work, trained.seconds + sum(each.seconds for each in measured), True))
        else:
            seconds = rates.training(training) + sum(map(rates.evaluation, work.wanted))
            costs.append(Cost(experiment, work, seconds, False))
    return costs


def by_experiment(costs: Iterable[Cost]) -> pd.DataFrame:
    """A row for each experiment: "trainings", and hours of one worker, "recorded" and "estimated"."""
    rows = [
        {
            "experiment": cost.experiment,
            "trainings": 1,
            "recorded" if cost.recorded else "estimated": cost.seconds / 3600,
        }
        for cost in costs
    ]
    frame = pd.DataFrame(rows, columns=["experiment", "trainings", "recorded", "estimated"])
    return frame.fillna(0.0).groupby("experiment", sort=False).sum()


def foretold(found: Sequence[Known]) -> pd.DataFrame:
    """How well steps tell seconds: each record on images beside what others tell of it.

    Those are the ones with other numbers of epochs; of a network that has been trained for one number only, all others.
    Columns "network", "told" and "seconds", of training alone; nothing of a network with a single record.
    """
    of_images = [each for each in found if each[0].training.steps_per_epoch is None]
    by_epochs = {
        epochs: Rates(each for each in of_images if each[0].training.epochs != epochs)
        for epochs in {trained.training.epochs for trained, _ in of_images}
    }
    rows = []
    for each in of_images:
        config = each[0].training
        rates = by_epochs[config.epochs]
        if config.network not in rates:
            rates = Rates(other for other in of_images if other is not each)
        with suppress(ValueError):
            told = rates.training(config) * steps_taken(each[0]) / bench_gpu.steps_of(config)
            rows.append((config.network, told, each[0].seconds))
    return pd.DataFrame(rows, columns=["network", "told", "seconds"])


def factors(frame: pd.DataFrame, shares: Sequence[float] = (0.5, 0.9)) -> list[float]:
    """The factors within which these shares of the records of `foretold` are.

    >>> factors(pd.DataFrame({"told": [1.0, 1.0, 1.0], "seconds": [1.0, 2.0, 0.25]}), [0.0, 0.5, 1.0])
    [1.0, 2.0, 4.0]
    """
    logs = np.log(frame["seconds"] / frame["told"]).abs()
    return [float(np.exp(logs.quantile(share))) for share in shares]
