"""Many runs on one device: while a GPU computes for one run, Python hands it the work of the others.

A step of one small network leaves most of a GPU idle. Here every run has a stream of its own, so that kernels of
several run at the same time, and a random generator of its own, so that no run depends on its neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from intelvae.models import VAE
from intelvae.training.history import History
from intelvae.training.surroundings import default_dtype, numbers_of, torch_threads

SPARE = 1.5  # of the memory that the largest run takes has to be free before another one starts


@dataclass
class Member:
    """A run: its model, its `stages` (`fitting.in_stages`), and its random numbers, a generator on the model's device.

    `noise` takes the place of the device's global generator, and ends where that one would after `training.fit`.
    """

    model: VAE
    stages: Generator[None, None, History]
    noise: torch.Generator
    stream: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stream = None
        if self.noise.device.type == "cuda":
            self.stream = torch.cuda.Stream(self.noise.device)
            self.stream.wait_stream(torch.cuda.current_stream(self.noise.device))  # which the weights came on

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Its random numbers, dtype and stream are torch's inside."""
        dtype = next(self.model.parameters()).dtype
        with numbers_of(self.noise), default_dtype(dtype), torch.cuda.stream(self.stream):
            yield


def fit(makers: Iterable[Callable[[], Member]], at_once: int) -> Iterator[tuple[int, History | Exception]]:
    """Trains all members, and gives each one's number and what it saw, or why it could not go on, as soon as it ends.

    `makers` are asked for one when its turn has come: `at_once` are in training at a time, or as many as the memory of
    the GPU holds. Each gets the numbers that it gets alone.
    """
    waiting = enumerate(makers)
    going: deque[tuple[int, Member]] = deque()
    more = True
    with torch_threads(None):
        while more or going:
            if more and len(going) < at_once and _has_room(going):
                number, make = next(waiting, (0, None))
                if make is None:
                    more = False
                    continue
                try:
                    going.append((number, make()))
                except Exception as error:  # of this run: the others go on
                    yield number, error
                continue
            number, member = going.popleft()
            try:
                with member.turn():
                    next(member.stages)
                going.append((number, member))
            except StopIteration as end:
                yield number, end.value
            except Exception as error:
                yield number, error


def _has_room(going: Iterable[tuple[int, Member]]) -> bool:
    """Whether the GPU has memory for one run more than there are, if these are on one."""
    members = [member for _, member in going]
    if not members or members[0].stream is None:
        return True
    device = members[0].noise.device
    free, _ = torch.cuda.mem_get_info(device)
    idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return free + idle > SPARE * torch.cuda.max_memory_allocated(device) / len(members)
