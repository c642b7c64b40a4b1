"""Processes that do what this one does not do itself, and are replaced when one is killed."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from intelvae.paper import lifeline


class Processes:
    """So many processes, begun when they are needed, which end with the `with` block, or with this process.

    They are not joblib's: it keeps its own from call to call, and would go on with ours, of another number.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._renew()

    def _renew(self) -> None:
        self._pool = ProcessPoolExecutor(self._jobs, initializer=lifeline.follow)

    def submit(self, *call: Any) -> Future[Any]:
        """The future of a function and its arguments. Its result raises `TerminatedWorkerError` if one is killed."""
        try:
            return self._pool.submit(*call)
        except TerminatedWorkerError:
            self._renew()
            return self._pool.submit(*call)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, kill_workers=True)
