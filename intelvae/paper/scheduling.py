"""How long a sweep takes on so many workers: list scheduling of the parts that it hands out, and what bounds it."""

from __future__ import annotations

import dataclasses
import heapq
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from intelvae.data import toys
from intelvae.numbers import check_number, whole_of
from intelvae.paper import bench_gpu, cluster
from intelvae.paper.costs import Cost

WORKERS = (1, 8, 64)  # what is told of
AT_ONCE = re.compile(r"(?:(\d+) graphs at once|graph), bfloat16")  # ways to train of `bench_gpu.speed`
HOUR = 3600.0


def parts(of: Sequence[Cost], device: str, workers: int) -> list[float]:
    """The seconds of each part that a sweep hands to one of so many workers, in its order."""
    by_training = {cost.work.training: cost.seconds for cost in of}
    handed_out = cluster.parts_for([cost.work for cost in of], device, workers)
    return [sum(by_training[work.training] for work in part) for part in handed_out]


def time_on(seconds: Iterable[float], workers: int, apart: float = 0.0) -> float:
    """When the last part is done, if whoever is free takes the next, and parts are handed out `apart` seconds apart.

    Raises `ValueError`, one line, for no workers and for times below 0.

    >>> time_on([3.0, 1.0, 1.0, 1.0], workers=2)
    3.0
    """
    workers = whole_of("workers", workers, ">= 1")
    check_number("apart, seconds between two tasks,", apart, ">= 0")
    free = [0.0] * workers
    for number, each in enumerate(seconds, 1):
        check_number("seconds of a part", each, ">= 0")
        start = max(free[0], number * apart)
        heapq.heapreplace(free, start + each)
    return max(free)


def bounds(seconds: Sequence[float], workers: int, apart: float = 0.0) -> dict[str, float]:
    """What no order of the parts can beat: all "work" shared out, the "longest run", and what the "scheduler" takes.

    >>> bounds([3.0, 1.0, 1.0, 1.0], workers=2, apart=0.1)
    {'work': 3.0, 'longest run': 3.0, 'scheduler': 0.4}
    """
    workers = whole_of("workers", workers, ">= 1")
    return {
        "work": sum(seconds) / workers,
        "longest run": max(seconds, default=0.0),
        "scheduler": apart * len(seconds),
    }


def enough(seconds: Sequence[float]) -> int:
    """The least number of workers at which the longest part takes at least as long as all work shared out.

    >>> enough([3.0, 1.0, 1.0, 1.0])
    2
    """
    longest = max(seconds, default=0.0)
    return math.ceil(sum(seconds) / longest) if longest else 1


def on_gpus(of: Sequence[Cost], stages: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Hours of training on images on 1, 8 and 64 GPUs, by the best rates of `bench_gpu.slots`.

    Trainings whose network has no rate are left out. A GPU trains many runs at once, and a part is what it is given at
    a time.
    """
    rates = bench_gpu.best(stages)
    images = [cost for cost in of if cost.work.training.data not in toys.NAMES]
    fit = [cost for cost in images if _network(cost) in rates]
    timed = [dataclasses.replace(cost, seconds=_steps(cost) / rates[_network(cost)]) for cost in fit]
    rows = [
        {"GPUs": count, "trainings": len(timed), "of": len(images), "hours": round(time_on(seconds, count) / HOUR, 2)}
        | {"longest part, hours": round(max(seconds) / HOUR, 2)}
        for count in WORKERS
        if timed and (seconds := parts(timed, "cuda", count))
    ]
    return pd.DataFrame(rows)


def _steps(cost: Cost) -> int:
    return bench_gpu.steps_of(cost.work.training)


def _network(cost: Cost) -> str:
    return bench_gpu.like(cost.work.training.network)


def at_once(stages: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Steps a second of all runs that a GPU trains at once, a row for each GPU and network: the stages "speed"."""
    rows = []
    for stage in stages:
        for row in stage["rows"] if stage["stage"] == "speed" else []:
            network, _, way = row["what"].partition(": ")
            if row["value"] is not None and (found := AT_ONCE.fullmatch(way)):
                rows.append((stage["card"], network, int(found[1] or 1), row["value"]))
    frame = pd.DataFrame(rows, columns=["GPU", "network", "runs at once", "steps/s"])
    return frame.pivot_table("steps/s", ["GPU", "network"], "runs at once", "max").round()
