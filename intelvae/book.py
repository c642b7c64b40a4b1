"""Pages -> executed notebooks -> HTML: papermill executes, jupytext converts, Jupyter Book renders."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from intelvae import experiments
from intelvae.records import CHECKOUT, store_of

ROOT = CHECKOUT
PROSE = ("*.md", "*.bib")
QUIET = ["--log-level=ERROR"]  # the kernel warns of plain TCP to itself, once a page


def pages() -> list[Path]:
    """The sources of the pages, `book/NN_topic.py`, in order. Raises `ValueError` outside a checkout."""
    found = sorted((ROOT / "book").glob("[0-9][0-9]_*.py"))
    if not found:
        raise ValueError("there is no book here: the pages are in a checkout of the project, not in the package")
    return found


def fingerprint(page: Path, parameters: Mapping[str, Any]) -> str:
    """A hash of all that decides a page's output: its source, the library's, the parameters, the published records."""
    digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode())
    for path in (page, *sorted((ROOT / "intelvae").rglob("*.py"))):
        digest.update(path.read_bytes())
    published = store_of("laptop").root
    for path in sorted(published.glob("*.json")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def execute(page: Path, out: Path, parameters: Mapping[str, Any]) -> bool:
    """Executes one page into the notebook `out`; False if what is there is of the same `fingerprint` already.

    The notebook keeps outputs and execution counts, and loses time stamps. Raises `RuntimeError`, one line with page
    and cell, if a cell fails (the notebook up to there is left in `out` with the suffix .failed.ipynb).
    """
    stamp = fingerprint(page, parameters)
    if out.is_file() and nbformat.read(out, as_version=4).metadata.get("intelvae") == stamp:
        return False
    out.parent.mkdir(parents=True, exist_ok=True)
    failed = out.with_suffix(".failed.ipynb")
    notebook = jupytext.read(page, fmt="py:percent")
    try:
        done = papermill.execute_notebook(
            notebook,
            str(failed),
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            cwd=str(ROOT),
            extra_arguments=QUIET,
        )
    except PapermillExecutionError as error:
        raise RuntimeError(f"{page.name}, cell {error.cell_index}: {error.ename}: {error.evalue}") from error
    nbformat.write(_clean(done, stamp), out)
    failed.unlink()
    return True


def _clean(notebook: nbformat.NotebookNode, stamp: str) -> nbformat.NotebookNode:
    """Drops what papermill and the kernel stamp on a notebook and numbers its cells, so that diffs show results."""
    for i, cell in enumerate(notebook.cells):
        cell.metadata.pop("execution", None)
        cell.metadata.pop("papermill", None)
        cell.id = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel, "intelvae": stamp})
    return notebook


def _execute_all(folder: Path, parameters: Mapping[str, Any], only: str = "") -> None:
    experiments.check_profile(parameters["profile"])
    chosen = [page for page in pages() if page.stem.startswith(only)]
    if not chosen:
        raise ValueError(f"no page begins with {only!r}: choose one of {', '.join(page.stem for page in pages())}")
    for page in tqdm(chosen, unit="page", disable=not sys.stderr.isatty()):
        execute(page, folder / f"{page.stem}.ipynb", parameters)


def render(notebooks: Path, tree: Path, out: Path) -> Path:
    """Builds the HTML of the book from executed `notebooks`, warnings being errors; the path of its index.

    `tree` receives the sources side by side as Jupyter Book wants them; the HTML goes to `out/_build/html`. Raises
    `RuntimeError` if a page has no notebook or Sphinx is not content.
    """
    missing = [page.stem for page in pages() if not (notebooks / f"{page.stem}.ipynb").is_file()]
    if missing:
        raise RuntimeError(f"no executed notebook of {', '.join(missing)} in {notebooks.name}/: run `make publish`")
    (tree / "book").mkdir(parents=True, exist_ok=True)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tree)
    for source in [p for pattern in PROSE for p in (ROOT / "book").glob(pattern)]:
        shutil.copy(source, tree / "book")
    if notebooks != tree / "book":
        for page in pages():
            shutil.copy(notebooks / f"{page.stem}.ipynb", tree / "book")
    command = Path(sys.executable).with_name("jupyter-book")
    jupyter_book = [str(command), "build", str(tree), "--path-output", str(out)]
    build = subprocess.run([*jupyter_book, "-W", "-n", "--keep-going", "-q"], capture_output=True, text=True)
    index = out / "_build" / "html" / "index.html"
    if build.returncode or not index.is_file():
        lines = [line for line in (build.stdout + build.stderr).splitlines() if "WARNING" in line or "rror" in line]
        raise RuntimeError("Sphinx is not content:\n" + "\n".join(lines[:20] or [build.stderr[-2000:]]))
    return index


def make(profile: str, parameters: Mapping[str, Any] | None = None) -> Path:
    """Executes every page at `profile` into `_build/<profile>` and builds the HTML there; the path of its index."""
    tree = ROOT / "_build" / profile
    _execute_all(tree / "book", {"profile": profile, **(parameters or {})})
    return render(tree / "book", tree, tree)


def publish(profile: str, parameters: Mapping[str, Any] | None = None, only: str = "") -> None:
    """Executes every page at `profile` and writes the published book, `book/*.ipynb`, and the README's picture.

    `only` is what the names of the pages begin with. Raises `ValueError` if none does.
    """
    _execute_all(ROOT / "book", {"profile": profile, **(parameters or {})}, only)
    notebook = nbformat.read(ROOT / "book" / "04_multiple_connectivity.ipynb", as_version=4)
    picture = next(o.data["image/png"] for c in notebook.cells if _figure(c) == "fig-connectivity" for o in c.outputs)
    (ROOT / "book" / "samples.png").write_bytes(base64.b64decode(picture))


def _figure(cell: nbformat.NotebookNode) -> str | None:
    return cell.metadata.get("mystnb", {}).get("figure", {}).get("name")


def site() -> Path:
    """Renders the published notebooks to `_build/html`, running nothing; the path of its index."""
    return render(ROOT / "book", ROOT / "_build" / "published", ROOT)


def references(only: str = "") -> None:
    """Writes the smoke references of the tests, `tests/notebooks/*.ipynb`: the pages' text outputs without pictures.

    `only` is what the names of the pages begin with. Raises `ValueError` if none does.
    """
    folder = ROOT / "tests" / "notebooks"
    _execute_all(folder, {"profile": "smoke"}, only)
    for path in folder.glob(f"{only}*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                for kind in ("image/png", "text/html"):
                    output.get("data", {}).pop(kind, None)
        nbformat.write(notebook, path)
