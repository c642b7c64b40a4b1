"""Workers of a sweep end with it, whenever and however it dies."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "INTELVAE_SWEEP"  # in the environment of a sweep's workers: the process that they end with
PAUSE = 0.25  # seconds between two looks


@contextmanager
def held() -> Iterator[None]:
    """Worker processes that are started inside end with this process, within a second."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(os.getpid())
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def follow() -> None:
    """In a worker process that was started inside `held`: from now on it ends with the process that held it.

    Importing the library calls it, before torch is loaded: a worker whose sweep is killed while it starts would wait
    for work for minutes, and one that had been given work would do it and throw it away. Elsewhere it does nothing.
    """
    holder = os.environ.pop(VARIABLE, "")  # a worker's own workers, and what it starts, follow the worker
    if not holder or not multiprocessing.current_process().name.startswith("LokyProcess"):
        return

    def watch() -> None:
        while os.getppid() == int(holder):
            time.sleep(PAUSE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
