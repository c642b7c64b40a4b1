"""Trainings that go on from where they were: their checkpoints in the store, and what has to be the same for that."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import sys
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from typing import Any

import torch

from intelvae.paper.config import Training
from intelvae.paper.datasets import Data
from intelvae.paper.store import Store, edition
from intelvae.training import Checkpoint, CheckpointError, History

Stages = Generator[None, None, History]


def checkpoint(config: Training, data: Data, device: str, store: Store, notes: dict[str, Any]) -> Checkpoint:
    """Where the training of `config` is kept in the store on its way, as often as that says, with `notes`.

    It is only gone on from where it would give the same bits: by the same code, of the same data, on a machine that
    rounds alike, with as many threads. So a record need not say that its training was interrupted.
    """
    of = {
        "config": config.key,
        "code": edition(),
        "source": data.source,
        "examples": data.examples,
        "processor": processor(),
        "threads": torch.get_num_threads(),
    }
    if torch.device(device).type == "cuda":
        of["gpu"] = torch.cuda.get_device_name(device)
    return Checkpoint(store.checkpoint(config), store.checkpoint_every, of=of, notes=notes)


def stages(config: Training, kept: Checkpoint, begin: Callable[[Checkpoint], Stages]) -> Stages:
    """The stages of a training that goes on from its checkpoint, or says in a line why it begins anew instead."""
    try:
        return (yield from begin(kept))
    except CheckpointError as error:
        print(f"intelvae: {config} begins anew: {error.why}", file=sys.stderr)
    return (yield from begin(dataclasses.replace(kept, resume=False)))


@cache
def processor() -> str:
    """Ten digits that name what this machine's processor is and can do, as far as its system tells."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        told = []
    names = ("vendor_id", "model name", "flags", "CPU implementer", "CPU part", "Features")
    lines = sorted({line for line in told if line.startswith(names)})
    text = "\n".join([platform.machine(), platform.processor(), torch.backends.cpu.get_cpu_capability(), *lines])
    return hashlib.sha256(text.encode()).hexdigest()[:10]
