"""References: what the pages show at `smoke`, with how far each number drifts where processors round differently.

`make` writes them, nbval compares (`tests/notebooks/conftest.py`), with the rules that are here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path

import nbformat
import pandas as pd
from nbformat import NotebookNode

from intelvae.paper import pages
from intelvae.paper.pages import ROOT
from intelvae.whole import whole

FOLDER = ROOT / "tests" / "notebooks"
PARAMETERS = {"profile": "smoke"}
# One processor rounds like others: torch's own code, oneDNN's, MKL's, and the OpenBLAS of NumPy and SciPy.
ROUNDINGS: dict[str, dict[str, str]] = {
    "this": {},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "sse41": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}
RELATIVE = 1e-5  # of a number with a decimal point: distances rest on features, which are in float32 at any profile
LARGE = 1000  # from here on a whole number may be measured, and is no count of runs or seeds
MARGIN = 4.0  # times the largest drift that was seen: a processor that was not may drift farther
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")  # which the tests of the figures compare
CODE = r"(?:[0-9a-f]{12}\+?|unknown)"  # a commit; unknown outside a checkout
# What is true of one run of a page only.
PASSING = (
    (re.compile(rf"\bcommit {CODE}(?: \(measured at {CODE}\))?(?:, {CODE})*"), "commit ..."),
    (re.compile(r"\btorch \d+\.\d+\.\d+(\+\w+)?"), "torch ..."),
    (re.compile(r"\brecords [0-9a-f]{8}\b"), "records ..."),
)
MARKUP = re.compile(r"\s*<[a-z]+[\s>]")
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")


class Text(str):
    """An output's text, equal to another if the words agree exactly and the numbers as far as they may.

    A whole number below `LARGE` has to be the same. One with a decimal point may differ by one in its last digit, since
    what lies between two digits is rounded to either, and by a share of `RELATIVE`; so may a large one, which may be a
    distance whose decimals are not shown. A number whose `drift` was measured may differ by `MARGIN` times that as
    well. Spaces count once.

    >>> Text("a loss of  9.99 in 1,000 steps") == "a loss of 10.00 in 1,000 steps"
    True
    >>> Text("100 runs") == "104 runs"
    False
    """

    drift: Mapping[int, float]

    def __new__(cls, text: str, drift: Mapping[int, float] | None = None) -> Text:
        self = super().__new__(cls, text)
        self.drift = drift or {}
        return self

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        return words(self) == words(other) and not any(
            abs(a - b) > allowed * (1 + 1e-9)
            for a, b, allowed in zip(values(self), values(other), self._allowed(other), strict=True)
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def _allowed(self, other: str) -> Iterator[float]:
        for i, (a, b) in enumerate(zip(NUMBER.findall(self), NUMBER.findall(other), strict=True)):
            yield max(_slack(a), _slack(b)) + MARGIN * self.drift.get(i, 0.0)


def words(text: str) -> str:
    """The text with its numbers left out, and with single spaces."""
    return " ".join(NUMBER.sub("#", text).split())


def values(text: str) -> list[float]:
    """The numbers in a text."""
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def _slack(number: str) -> float:
    """By how much any number may differ for being rounded: nothing for a whole one that is not large."""
    digits, _, exponent = number.lower().partition("e")
    _, point, decimals = digits.partition(".")
    unit, size = 10.0 ** (int(exponent or 0) - len(decimals)), abs(float(number.replace(",", "")))
    return unit + RELATIVE * size if point or exponent or size >= LARGE else 0.0


class _Cells(HTMLParser):
    """The text in HTML, what scripts and styles say left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")
        if tag == "tr":
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden and data.strip():
            self.found.append(data.strip() + " ")


def plain(text: str) -> str:
    """What is compared of an output: HTML without its tags, and no commit, version of torch or digest of records.

    >>> plain("<table><tr><td>a</td><td>0.5</td></tr></table>")
    'a 0.5'
    """
    if MARKUP.match(text):
        parser = _Cells()
        parser.feed(text)
        text = "".join(parser.found)
    for pattern, name in PASSING:
        text = pattern.sub(name, text)
    return text.strip()


def outputs(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """The outputs of a cell that nbval compares, in its order: their kind, such as "text/html", and `plain` text.

    A table's text is left out beside its HTML, since pandas leaves out columns there.
    """
    found = cell.get("outputs", [])
    if printed := "".join(output.text for output in found if output.get("name") == "stdout"):
        yield "stdout", plain(printed)
    for output in found:
        data = output.get("data", {})
        for kind in data:
            if kind not in PICTURES and not (kind == "text/plain" and "text/html" in data):
                yield kind, plain(data[kind])


def is_compared(cell: NotebookNode) -> bool:
    """Whether a cell's outputs are facts: all are, but for cells tagged nbval-ignore-output, such as measured times."""
    return cell.cell_type == "code" and "nbval-ignore-output" not in cell.metadata.get("tags", [])


def drift(reference: str, others: list[str]) -> dict[int, float]:
    """How far each number of a text is from those of the `others`, by its position; only of those that are not equal.

    Raises `ValueError` if words differ.
    """
    found: dict[int, float] = {}
    for other in others:
        if words(reference) != words(other):
            raise ValueError(f"words depend on rounding: {_first_difference(reference, other)}")
        numbers = zip(NUMBER.findall(reference), values(reference), values(other), strict=True)
        for i, (number, a, b) in enumerate(numbers):
            if abs(a - b) > _slack(number) * (1 + 1e-9):
                found[i] = max(found.get(i, 0.0), abs(a - b))
    return found


def _first_difference(a: str, b: str) -> str:
    lines = zip_longest(a.splitlines(), b.splitlines(), fillvalue="")
    one, other = next((pair for pair in lines if words(pair[0]) != words(pair[1])), (a, b))
    return f"{one.strip()!r} and {other.strip()!r}"


def executed(name: str, only: str = "") -> Path:
    """Executes the pages that begin with `only` under the rounding `name` of `ROUNDINGS`; the notebooks' folder.

    Raises `ValueError` for another name, `RuntimeError` if a page fails.
    """
    if name not in ROUNDINGS:
        raise ValueError(f"unknown rounding {name!r}: choose one of {', '.join(ROUNDINGS)}")
    folder = ROOT / "_build" / ("smoke" if name == "this" else f"smoke-{name}") / "book"
    command = [sys.executable, "-m", "intelvae.paper.references", str(folder), only]
    done = subprocess.run(command, env={**os.environ, **ROUNDINGS[name]}, cwd=ROOT, stdout=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError(f"under the rounding {name!r} pages failed")
    return folder


def make(only: str = "") -> pd.DataFrame:
    """Writes the references, `tests/notebooks/*.ipynb`, of the pages that begin with `only`, by all `ROUNDINGS`.

    They hold the text of the first one, and in a cell's metadata, as "drift", how far a number was from it elsewhere:
    `{"output/number": drift}`. Returns how many cells and numbers of each page are compared, how many of these drift,
    and the largest drift, as a share of the number. Raises `ValueError` if no page begins so, and `RuntimeError`, with
    nothing written, if words depend on rounding.
    """
    folders = [executed(name, only) for name in ROUNDINGS]
    made, rows, failures = {}, [], []
    for page in pages.sources(only):
        notebooks = [nbformat.read(folder / f"{page.stem}.ipynb", as_version=4) for folder in folders]
        row: dict[str, float] = dict.fromkeys(("cells", "numbers", "drift", "largest"), 0)
        for i, cell in enumerate(notebooks[0].cells):
            if not is_compared(cell):
                continue
            try:
                found, relative = _drifts([[text for _, text in outputs(of.cells[i])] for of in notebooks])
            except ValueError as error:
                failures.append(f"{page.stem}, cell {i}: {error}")
                continue
            if found:
                cell.metadata["drift"] = found
            row["cells"] += 1
            row["numbers"] += sum(len(values(text)) for _, text in outputs(cell))
            row["drift"] += len(found)
            row["largest"] = max(row["largest"], relative)
        made[page.stem] = _text_only(notebooks[0])
        rows.append({"page": page.stem, **row})
    if failures:
        raise RuntimeError("calm these down, or let them show less:\n" + "\n".join(failures))
    for name, notebook in made.items():
        with whole(FOLDER / f"{name}.ipynb") as part:
            nbformat.write(notebook, part)
    return pd.DataFrame(rows).set_index("page")


def _drifts(texts: list[list[str]]) -> tuple[dict[str, float], float]:
    """The `drift` of a cell's outputs under the first rounding from those under the others, and the largest share."""
    if len({len(of) for of in texts}) > 1:
        raise ValueError("the number of outputs depends on rounding")
    found, largest = {}, 0.0
    for k, (text, *rest) in enumerate(zip(*texts, strict=True)):
        numbers = values(text)
        for i, by in drift(text, rest).items():
            found[f"{k}/{i}"] = float(f"{by:.2g}")
            largest = max(largest, by / max(abs(numbers[i]), by))
    return found, largest


def _text_only(notebook: NotebookNode) -> NotebookNode:
    """The notebook without pictures, markup and fingerprint, which nothing compares."""
    notebook.metadata.pop("intelvae", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in list(data):
                if kind in PICTURES or (kind == "text/plain" and "text/html" in data):
                    del data[kind]
                else:
                    data[kind] = plain(data[kind])
    return notebook


def check(rounding: str = "this", only: str = "") -> None:
    """Executes the pages that begin with `only` under a rounding, and has nbval compare them with the references.

    Raises `RuntimeError` if a reference is missing or damaged, if a page fails or does not agree; nbval has printed
    which cell, and how, by then.
    """
    notebooks = [str(FOLDER / f"{page.stem}.ipynb") for page in pages.sources(only)]
    if damaged := [path for path in notebooks if pages.read(Path(path)) is None]:
        raise RuntimeError(f"missing or damaged: {', '.join(damaged)}: run `make references`")
    folder = executed(rounding, only)
    options = ["-c", str(FOLDER / "pytest.ini"), "--rootdir", str(FOLDER), "--nbval", "--nbval-current-env"]
    command = [sys.executable, "-m", "pytest", *options, "--executed", str(folder), *notebooks]
    if subprocess.run(command, env={**os.environ, **ROUNDINGS[rounding]}, cwd=FOLDER).returncode:
        raise RuntimeError(f"pages do not agree with their references under the rounding {rounding!r}")


if __name__ == "__main__":
    pages.execute_all(Path(sys.argv[1]), PARAMETERS, sys.argv[2])
