"""Of several sweeps on one store, one at a time does a run: it holds the run's lock until what came of it is stored."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from intelvae.paper.config import Training


class Locks:
    """The locks of trainings that this process holds in the folder `root`; all are given back at the end of `with`.

    The system gives them back when the process dies, however it does, so a lock never outlives its sweep. They hold
    among the processes of one machine, and among machines where the shared file system passes `flock` on. Where it does
    not, both train, and what is stored first stays.

    >>> import tempfile
    >>> folder, config = Path(tempfile.mkdtemp()), Training("circle", "mlp", 2, "gaussian", 1)
    >>> with Locks(folder) as ours, Locks(folder) as theirs:
    ...     ours.take(config), theirs.take(config), ours.give_back(config), theirs.take(config)
    (True, False, None, True)
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._held: dict[Path, IO[bytes]] = {}

    def __enter__(self) -> Locks:
        return self

    def __exit__(self, *_: object) -> None:
        for path in {*self._held, *self.root.glob(".*.lock")}:  # also those that a process which was killed has left
            with suppress(OSError):
                if self._take(path):
                    self._give_back(path)

    def take(self, training: Training) -> bool:
        """Takes the lock of `training`, or keeps it; False if another sweep has it. Raises `OSError` as `open` does."""
        return self._take(self._path(training))

    def give_back(self, training: Training) -> None:
        """Gives the lock of `training` back, if it is held."""
        self._give_back(self._path(training))

    def _path(self, training: Training) -> Path:
        return self.root / f".{training.key}.lock"

    def _take(self, path: Path) -> bool:
        while path not in self._held:
            file = open(path, "ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            except OSError:  # a file system without locks
                pass
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                    self._held[path] = file
                    break
            file.close()  # whoever had it has just removed it
        return True

    def _give_back(self, path: Path) -> None:
        if file := self._held.pop(path, None):
            with file:
                path.unlink(missing_ok=True)
