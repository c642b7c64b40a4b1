"""Pages -> executed notebooks: jupytext reads a page, papermill executes it, several side by side."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import Any

import joblib
import jupytext
import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from intelvae.devices import check_device
from intelvae.paper import kernels, pictures, studies, sweeps
from intelvae.paper.store import CHECKOUT, edition, store_of
from intelvae.whole import whole

ROOT = CHECKOUT
EDITIONS = 6  # of the library whose smoke results are kept, 200 MB each with weights: two for each rounding
SOON = 0.2  # seconds between two attempts to stop pages
QUIET = ["--log-level=CRITICAL"]  # a kernel says that it talks to itself over plain TCP, and that it is stopped


def sources(only: str = "") -> list[Path]:
    """The sources of the pages, `book/NN_topic.py`, in order: all, or those whose name begins with `only`.

    Raises `ValueError` outside a checkout, and where no page begins so.
    """
    found = sorted((ROOT / "book").glob("[0-9][0-9]_*.py"))
    if not found:
        raise ValueError("there is no book here: the pages are in a checkout of the project, not in the package")
    chosen = [page for page in found if page.stem.startswith(only)]
    if not chosen:
        raise ValueError(f"no page begins with {only!r}: choose one of {', '.join(page.stem for page in found)}")
    return chosen


def fingerprint(page: Path, parameters: Mapping[str, Any]) -> str:
    """A hash of all that decides a page's output: its source, the library's, the parameters, the published results."""
    digest = hashlib.sha256(json.dumps([edition(), dict(parameters)], sort_keys=True).encode())
    digest.update(page.read_bytes())
    for path in sorted(store_of("laptop").root.rglob("*.json")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def is_current(notebook: Path, page: Path, parameters: Mapping[str, Any]) -> bool:
    """Whether `notebook` holds what executing `page` would give: it has the same `fingerprint`."""
    there = read(notebook)
    return there is not None and there.metadata.get("intelvae") == fingerprint(page, parameters)


def read(notebook: Path) -> NotebookNode | None:
    """A notebook, or None where there is none, or one that is empty or damaged."""
    try:
        found = nbformat.read(notebook, as_version=4)
        nbformat.validate(found)
    except PermissionError:
        raise
    except Exception:  # nbformat meets what is no notebook with errors of all kinds
        return None
    return found


def execute(
    page: Path,
    out: Path,
    parameters: Mapping[str, Any],
    kernel: type[kernels.PageKernelManager] = kernels.PageKernelManager,
) -> bool:
    """Executes one page into the notebook `out`; False if what is there `is_current` already.

    A script that calls this needs `if __name__ == "__main__":`, since the process from which kernels fork imports it.
    The notebook keeps outputs and execution counts, and loses time stamps. Raises `RuntimeError`, one line with page
    and cell, if a cell fails, ends the kernel or has a caption and no picture (the notebook is then left in `out` with
    the suffix .failed.ipynb), and one line with the page for whatever else goes wrong.
    """
    try:
        return _execute(page, out, parameters, kernel)
    except Exception as error:
        what = str(error) if isinstance(error, _PageError) else f"{page.name}: {type(error).__name__}: {error}"
        raise RuntimeError(" ".join(what.split())) from error


class _PageError(Exception):
    """What went wrong in a page, in words that name page and cell."""


def _execute(page: Path, out: Path, parameters: Mapping[str, Any], kernel: type[kernels.PageKernelManager]) -> bool:
    if is_current(out, page, parameters):
        return False
    out.parent.mkdir(parents=True, exist_ok=True)
    failed, stamp = out.with_suffix(".failed.ipynb"), fingerprint(page, parameters)
    failed.unlink(missing_ok=True)
    try:
        with closing(ensure_event_loop()):  # the thread's, which Jupyter makes and leaves open
            done = papermill.execute_notebook(
                jupytext.read(page, fmt="py:percent"),
                str(failed),
                parameters=dict(parameters),
                kernel_name="python3",
                kernel_manager_class=kernel,
                progress_bar=False,
                extra_arguments=QUIET,
                coalesce_streams=True,  # what a cell prints is one block, however it comes
            )
    except PapermillExecutionError as error:
        raise _PageError(f"{page.name}, cell {error.cell_index}: {error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        raise _PageError(f"{page.name}, {_last_cell(failed)}: the kernel died, perhaps for want of memory") from error
    if lacking := [figure for figure, pictures in figures(done) if not pictures]:
        raise _PageError(f"{page.name}: {', '.join(lacking)} has a caption and no picture")
    with whole(out) as part:
        nbformat.write(_clean(done, stamp), part)
    failed.unlink(missing_ok=True)
    return True


def _last_cell(failed: Path) -> str:
    """The cell that papermill started last, of a notebook that it left."""
    found = read(failed)
    times = [cell.metadata.get("papermill", {}).get("start_time") for cell in found.cells] if found else []
    return f"cell {max(i for i, time in enumerate(times) if time)}" if any(times) else "before its first cell"


def figures(notebook: NotebookNode) -> Iterator[tuple[str, list[str]]]:
    """The figures of an executed notebook, cells with a caption: name and pictures, PNG as text in base64."""
    for cell in notebook.cells:
        if "figure" in cell.metadata.get("mystnb", {}):
            data = [output.get("data", {}) for output in cell.get("outputs", [])]
            yield cell.metadata["mystnb"]["figure"]["name"], [of["image/png"] for of in data if "image/png" in of]


def _clean(notebook: NotebookNode, stamp: str) -> NotebookNode:
    """Drops what papermill and the kernel stamp on a notebook and numbers its cells, so that diffs show results.

    Figures become `pictures.smaller`. The book does not show the cells with the parameters.
    """
    for i, cell in enumerate(notebook.cells):
        for data in (output["data"] for output in cell.get("outputs", []) if "data" in output):
            if "image/png" in data:
                data["image/png"] = base64.b64encode(pictures.smaller(base64.b64decode(data["image/png"]))).decode()
        tags = cell.metadata.get("tags", [])
        if {"parameters", "injected-parameters"} & set(tags):
            cell.metadata["tags"] = [*tags, "remove-cell"]
        cell.metadata.pop("execution", None)
        cell.metadata.pop("papermill", None)
        cell.id = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel, "intelvae": stamp})
    return notebook


def execute_all(folder: Path, parameters: Mapping[str, Any], only: str = "") -> list[Path]:
    """Executes the pages that begin with `only` into `folder`, unless they are current; their notebooks' paths.

    At `smoke` the runs of all pages are trained first (`sweeps.sweep`), unless `only` names pages that need no other's
    runs; then pages are executed side by side, one a core, with one thread each. At other profiles, where a page may
    train for days or measure times, they are executed one by one.
    Raises `RuntimeError` at the end, one line for each page that failed. What is interrupted stops at once.
    """
    profile, chosen = parameters["profile"], sources(only)
    studies.check_profile(profile)
    found = {page: folder / f"{page.stem}.ipynb" for page in chosen}
    waiting = [page for page in chosen if not is_current(found[page], page, parameters)]
    at_once, kernel, failures = 1, kernels.PageKernelManager, []
    if profile == "smoke":
        at_once, kernel = joblib.cpu_count(), kernels.OneThreadKernelManager
        if waiting and parameters.get("jobs", 1) and (not only or any(map(_reads_all_results, waiting))):
            every = [run for name in studies.NAMES for run in studies.runs(name, profile)]
            check_device(device := parameters.get("device", "cpu"))
            sweeps.sweep(every, store_of(profile), jobs=at_once, device=device)
            _forget_older(store_of(profile).root)

    def timed(page: Path) -> float:
        start = time.perf_counter()
        execute(page, found[page], parameters, kernel)
        return time.perf_counter() - start

    kernels.prepare()
    on_terminal = sys.stderr.isatty()
    with ThreadPoolExecutor(at_once) as pool, tqdm(total=len(waiting), unit="page", disable=not on_terminal) as bar:
        started = {pool.submit(timed, page): page for page in waiting}
        try:
            for done in as_completed(started):
                name = started[done].stem
                try:
                    bar.write(f"{name}: {done.result():.0f} s", file=sys.stderr)
                except Exception as error:  # of this page: the others go on
                    failures.append(str(error))
                    bar.write(f"{name}: failed", file=sys.stderr)
                bar.update()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(page.done() for page in started):
                kernel.stop_all()
                time.sleep(SOON)  # a kernel may be just starting
            raise
    if failures:
        raise RuntimeError("\n".join(failures))
    return list(found.values())


def _reads_all_results(page: Path) -> bool:
    """Whether a page looks into the store and trains nothing: alone, it would find the store empty."""
    return "stored(" in page.read_text(encoding="utf-8")


def _forget_older(store: Path) -> None:
    """Removes the results of all but the last `EDITIONS` editions of the library beside `store`, if it is of one."""
    if store.name == edition():
        for old in sorted(store.parent.iterdir(), key=lambda folder: folder.stat().st_mtime)[:-EDITIONS]:
            shutil.rmtree(old, ignore_errors=True)
