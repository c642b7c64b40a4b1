"""The book: executed pages -> HTML, by Jupyter Book."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from intelvae.paper import pages
from intelvae.paper.pages import ROOT
from intelvae.whole import whole

PROSE = ("*.md", "*.bib")


def check_tools() -> None:
    """Raises `ValueError` if a package of the extra `book` is missing or of another version, or outside a checkout.

    It is called before any page is executed: Sphinx would find out after the last.
    """
    pages.sources()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    tools = [Requirement(line) for line in extras["book"]]
    missing = [str(t) for t in tools if not any(d.version in t.specifier for d in distributions(name=t.name))]
    if missing:
        raise ValueError(f"the book needs {', '.join(missing)}: pip install -c constraints.txt -e '.[dev]'")


def render(notebooks: Path, tree: Path, out: Path) -> Path:
    """Builds the HTML of the book from executed `notebooks`, warnings being errors; the path of its index.

    `tree` receives the sources side by side as Jupyter Book wants them; the HTML goes to `out/_build/html`. Raises
    `RuntimeError` if a page has no notebook or a damaged one, or Sphinx is not content.
    """
    executed = [notebooks / f"{page.stem}.ipynb" for page in pages.sources()]
    if missing := [path.stem for path in executed if not path.is_file()]:
        raise RuntimeError(f"no executed notebook of {', '.join(missing)} in {notebooks.name}/: run `make publish`")
    if damaged := [str(path) for path in executed if pages.read(path) is None]:
        raise RuntimeError(f"damaged: {', '.join(damaged)}: run `make publish`, or put it back with `git checkout`")
    for name in ("_config.yml", "_toc.yml"):
        _copy(ROOT / name, tree)
    for source in [p for pattern in PROSE for p in (ROOT / "book").glob(pattern)]:
        _copy(source, tree / "book")
    for source in (ROOT / "book" / "_static").iterdir():
        _copy(source, tree / "book" / "_static")
    if notebooks != tree / "book":
        for path in executed:
            _copy(path, tree / "book")
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*jupyter_book, "build", str(tree), "--path-output", str(out)]
    build = subprocess.run([*command, "-W", "-n", "--keep-going", "-q"], capture_output=True, encoding="utf-8")
    index = out / "_build" / "html" / "index.html"
    if build.returncode or not index.is_file():
        lines = [line for line in (build.stdout + build.stderr).splitlines() if "WARNING" in line or "rror" in line]
        raise RuntimeError("Sphinx is not content:\n" + "\n".join(lines[:20] or [build.stderr[-2000:]]))
    return index


def _copy(source: Path, folder: Path) -> None:
    with whole(folder / source.name) as part:
        shutil.copy(source, part)


def make(profile: str, parameters: Mapping[str, Any] | None = None) -> Path:
    """Executes every page at `profile` into `_build/<profile>` and builds the HTML there; the path of its index."""
    check_tools()
    tree = ROOT / "_build" / profile
    pages.execute_all(tree / "book", {"profile": profile, **(parameters or {})})
    return render(tree / "book", tree, tree)


def publish(profile: str, parameters: Mapping[str, Any] | None = None, only: str = "") -> None:
    """Executes every page at `profile` and writes the published book, `book/*.ipynb`, and the README's picture.

    `only` is what the names of the pages begin with. Raises `ValueError` if none does, and `RuntimeError` if pages fail
    or the picture's page has no whole notebook.
    """
    pages.execute_all(ROOT / "book", {"profile": profile, **(parameters or {})}, only)
    shown = ROOT / "book" / "04_multiple_connectivity.ipynb"
    notebook = pages.read(shown)
    if notebook is None:
        raise RuntimeError(f"{shown} is damaged or missing, and the README shows a picture of it: run `make publish`")
    (picture,) = dict(pages.figures(notebook))["fig-connectivity"]
    with whole(ROOT / "book" / "samples.png") as part:
        part.write_bytes(base64.b64decode(picture))


def site() -> Path:
    """Renders the published notebooks to `_build/html`, running nothing; the path of its index."""
    check_tools()
    return render(ROOT / "book", ROOT / "_build" / "published", ROOT)
