"""The tool chain of the book: numeric tolerance, failing pages, published notebooks that match their sources."""

import importlib.util
import re
from pathlib import Path

import jupytext
import nbformat
import pytest

from intelvae import book

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("tolerance", ROOT / "tests" / "notebooks" / "tolerance.py")
tolerance = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tolerance)
LINE = "reproduced | fig4-circle | 0.2961 ± 0.0110, n = 10, p = 0.0013"


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (LINE, True),
        (LINE.replace("0.2961", "0.2975"), True),
        (LINE.replace("0.2961", "0.3961"), False),
        (LINE.replace("± 0.0110", "± 0.0200"), True),
        (LINE.replace("± 0.0110", "± 0.0300"), False),
        (LINE.replace("n = 10", "n = 11"), False),
        (LINE.replace("reproduced", "not reproduced"), False),
        (LINE.replace("circle", "square"), False),
        (LINE + "\n", False),
        (LINE + " 1", False),
    ],
)
def test_numbers_may_drift_and_words_may_not(other, equal):
    assert (tolerance.Tolerant(LINE) == other) is equal
    assert (tolerance.Tolerant(LINE) != other) is not equal


HEADER = """# ---
# jupyter:
#   kernelspec:
#     name: python3
#     display_name: Python 3
#     language: python
# ---
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "07_example.py"
    path.write_text(HEADER + '# %% tags=["parameters"]\nprofile = "smoke"\n\n# %%\nprint(profile, 6 * 7)\n')
    return path


@pytest.mark.filterwarnings("ignore")  # papermill's and the kernel's own
def test_a_page_is_executed_with_its_parameters_and_reused_until_something_changes(page, tmp_path):
    out = tmp_path / "out" / "07_example.ipynb"
    assert book.execute(page, out, {"profile": "laptop"})
    notebook = nbformat.read(out, as_version=4)
    assert notebook.cells[-1].outputs[0].text == "laptop 42\n"
    assert all(not {"execution", "papermill"} & cell.metadata.keys() for cell in notebook.cells)
    assert [p.name for p in out.parent.iterdir()] == [out.name]
    assert not book.execute(page, out, {"profile": "laptop"})
    assert book.execute(page, out, {"profile": "paper"})


def test_a_record_that_changes_changes_the_fingerprint(page, tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    stamps = [book.fingerprint(page, {})]
    for text in ("{}", "{ }"):
        (tmp_path / "a.json").write_text(text)
        stamps.append(book.fingerprint(page, {}))
    assert len(set(stamps)) == 3


@pytest.mark.filterwarnings("ignore")  # papermill's and the kernel's own
def test_a_cell_that_fails_is_named(page, tmp_path):
    page.write_text(page.read_text() + "\n# %%\n1 / 0\n")
    with pytest.raises(RuntimeError, match=r"07_example.py, cell \d+: ZeroDivisionError"):
        book.execute(page, tmp_path / "out.ipynb", {"profile": "smoke"})


@pytest.mark.parametrize("folder", ["book", "tests/notebooks"])
@pytest.mark.parametrize("source", book.pages(), ids=lambda p: p.stem)
def test_every_page_has_a_notebook_of_the_same_source(source, folder):
    notebook = nbformat.read(ROOT / folder / f"{source.stem}.ipynb", as_version=4)
    cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    wanted = jupytext.read(source, fmt="py:percent").cells
    assert [(c.cell_type, c.source) for c in cells] == [(c.cell_type, c.source) for c in wanted]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert outputs and not any(o.output_type == "error" or o.get("name") == "stderr" for o in outputs)
    assert any("nbval-check-output" in c.metadata.get("tags", []) for c in cells)
    assert not re.search(r"/(home|root|tmp|work)/", nbformat.writes(notebook))
