"""The kernel that executes a page: the running interpreter, in surroundings of its own, with its imports done.

A page's imports take longer than most pages. On Linux a process that has done them once is kept, and a kernel is a fork
of it (`multiprocessing`'s forkserver); elsewhere each kernel starts from nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock
from weakref import WeakSet

import matplotlib
import torch
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from threadpoolctl import threadpool_limits

import intelvae
from intelvae.data import places

# What a user may have set for other programs, and what would change a page's output.
NOT_OURS = ("PYTHON", "MPL", "MATPLOTLIB", "IPYTHON", "JUPYTER", "LC_", "LANG")
IMPORTS = [
    "intelvae",  # first: it sets what torch's threads read when they are loaded
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "pandas",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.linear_model",
    "intelvae.paper.ledger",
    "intelvae.paper.speed",
    "intelvae.paper.studies",
]


def surroundings() -> dict[str, str]:
    """The environment of a page's kernel: the user's, without what changes a page's output, and with what it needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    profile = places.cache("ipython")
    profile.mkdir(parents=True, exist_ok=True)
    return kept | {
        "IPYTHONDIR": str(profile),
        "LC_ALL": "C.UTF-8",
        "MATPLOTLIBRC": str(Path(matplotlib.get_data_path(), "matplotlibrc")),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(
            Path(intelvae.__file__).resolve().parents[1]
        ),  # the library that runs, not another that is installed
        "PYTHONUTF8": "1",
    }


@cache
def prepare() -> ForkServerContext:
    """Starts the process that has the `IMPORTS` and that kernels are forks of, once: before any thread asks for one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTS)
    environment = surroundings() | {"JPY_PARENT_PID": str(os.getpid())}  # without it kernels write to the terminal
    with mock.patch.dict(os.environ, environment, clear=True):
        context.Process(target=int).start()
    return context


class PageKernelManager(AsyncKernelManager):
    """Starts kernels of the running interpreter in `surroundings`, in the folder `cwd` (the checkout's)."""

    cwd = str(places.checkout() or Path.cwd())
    more: Mapping[str, str] = {}  # of the environment
    _started: ClassVar[WeakSet[PageKernelManager]] = WeakSet()

    @classmethod
    def stop_all(cls) -> None:
        """Ends all kernels that run, whatever they do: the pages that they execute fail."""
        for manager in list(cls._started):
            process = getattr(manager.provisioner, "process", None)  # none of a kernel that has ended
            if process is not None:
                with suppress(ProcessLookupError):
                    process.terminate()

    @property
    def kernel_spec(self) -> KernelSpec:
        """The running interpreter's, whatever kernels the user has installed under the name "python3"."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3")

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]  # async, as in the class above
        """As for any kernel manager, with the environment and the folder that are ours."""
        if sys.platform == "linux":
            self.provisioner = _Forked(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        await super().start_kernel(**options, env={**surroundings(), **self.more}, cwd=self.cwd)
        self._started.add(self)


class OneThreadKernelManager(PageKernelManager):
    """The same for pages side by side: each has one thread, and knows of one processor."""

    more = {"OMP_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"}  # noqa: RUF012


class _Forked(LocalProvisioner):
    """Launches a kernel as a fork of the process that has done the `IMPORTS`."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        process = prepare().Process(target=_kernel, args=(cmd[3:], options["env"], options["cwd"]))
        process.start()
        self.process = _Process(process)  # type: ignore[assignment]  # what it needs of a Popen
        self.pid, self.cwd = process.pid, options["cwd"]
        return self.connection_info


class _Process:
    """A process of `multiprocessing` with the methods of `subprocess.Popen` that a provisioner needs."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        self.process = process

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _kernel(arguments: list[str], environment: dict[str, str], cwd: str) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    if count := environment.get("OMP_NUM_THREADS"):  # which the libraries that are loaded do not read any more
        threadpool_limits(int(count))
        torch.set_num_threads(int(count))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = ["ipykernel_launcher", *arguments]
    IPKernelApp.launch_instance(argv=arguments)


def _end_with_parent() -> None:
    """Ends this process when the one dies that asked for it, which is not the one that it is a fork of."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
