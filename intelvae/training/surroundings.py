"""Torch's global state, set inside a block and put back: generators, threads, dtype, deterministic algorithms."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import joblib
import torch

PARALLEL = 2**17  # numbers: torch adds up fewer than 2^15 with one thread

# Torch has one generator for each device, one number of threads, one default dtype and one flag for deterministic
# algorithms, which all threads of a process share. What sets one of them holds this lock, so that threads take turns.
_TURN = threading.RLock()


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Torch's global generators of the CPU and of `device` start from `seed` inside, and are as they were outside.

    Other devices are not touched. Of several threads of a process one is inside at a time, and the others wait: so the
    numbers inside do not depend on them.
    """
    generators = {torch.default_generator, global_generator(torch.device(device))}
    with _TURN:
        before = {generator: generator.get_state() for generator in generators}
        for generator in generators:
            generator.manual_seed(seed)
        try:
            yield
        finally:
            for generator, state in before.items():
                generator.set_state(state)


def global_generator(device: torch.device) -> torch.Generator:
    """Torch's global generator of `device`."""
    if device.type == "cpu":
        return torch.default_generator
    if device.type == "mps":
        return torch.mps._get_default_mps_generator()
    module = torch.get_device_module(device)
    module.init()
    return module.default_generators[module.current_device() if device.index is None else device.index]


@contextmanager
def numbers_of(generator: torch.Generator) -> Iterator[None]:
    """Torch's global generator of that `generator`'s device gives its numbers inside, and goes on where it was outside.

    On a CUDA GPU a graph that is captured inside goes on with the generator's numbers whenever it is replayed.
    """
    ours = global_generator(generator.device)
    with _TURN:
        if generator.device.type == "cuda":
            shared = ours.graphsafe_get_state()
            ours.graphsafe_set_state(generator)
            try:
                yield
            finally:
                ours.graphsafe_set_state(shared)
        else:
            before = ours.get_state()
            ours.set_state(generator.get_state())
            try:
                yield
            finally:
                generator.set_state(ours.get_state())
                ours.set_state(before)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """New floating-point tensors, weights and random numbers among them, are of `dtype` inside; as `seeded`."""
    with _TURN:
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Torch takes `count` threads inside (None: as many as outside), but no more than this process may use.

    Those that wait for others sleep. Outside all is as it was. Threads of Python take turns, as in `seeded`.
    """
    with _TURN:
        before = torch.get_num_threads()
        torch.set_num_threads(min(before if count is None else count, joblib.cpu_count()))
        try:
            with _waiting_asleep():
                yield
        finally:
            torch.set_num_threads(before)


@contextmanager
def _waiting_asleep() -> Iterator[None]:
    """Threads of torch that wait for one another sleep inside, where they would spin for milliseconds.

    Spinning makes training ten times slower as soon as the processor has other work. GNU's OpenMP spins for a moment
    only while it has more threads than there are processors (its manual, `GOMP_SPINCOUNT`), so we let it have more:
    teams that do nothing. The variable itself only works in a process that has not loaded torch yet. No number that is
    computed depends on it.
    """
    size = torch.get_num_threads()
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0  # none: no GNU OpenMP either
    teams = math.ceil((processors + 1 - size) / (size - 1)) if size > 1 else 0  # with torch's own, one thread too many
    formed, over = threading.Semaphore(0), threading.Event()

    def idle() -> None:
        torch.zeros(PARALLEL).add_(1)  # a thread that computes in parallel has a team of its own until it ends
        formed.release()
        over.wait()

    threads = [threading.Thread(target=idle, daemon=True) for _ in range(teams)]
    for thread in threads:
        thread.start()
        formed.acquire()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextmanager
def deterministic_algorithms(deterministic: bool) -> Iterator[None]:
    """Torch's deterministic algorithms inside, if asked for, and outside what there was before."""
    before, warn = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(deterministic or before, warn_only=warn and not deterministic)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn)
