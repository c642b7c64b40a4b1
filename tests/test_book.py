"""The published notebooks and the references are of the pages that there are."""

import re
from pathlib import Path

import jupytext
import nbformat
import pytest

from intelvae.paper import pages

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("folder", ["book", "tests/notebooks"])
@pytest.mark.parametrize("source", pages.sources(), ids=lambda p: p.stem)
def test_every_page_has_a_notebook_of_the_same_source(source, folder):
    notebook = nbformat.read(ROOT / folder / f"{source.stem}.ipynb", as_version=4)
    cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    wanted = jupytext.read(source, fmt="py:percent").cells
    assert [(c.cell_type, c.source) for c in cells] == [(c.cell_type, c.source) for c in wanted]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert outputs and not any(o.output_type == "error" or o.get("name") == "stderr" for o in outputs)
    assert any("nbval-check-output" in c.metadata.get("tags", []) for c in cells)
    assert not re.search(r"/(home|root|tmp|work)/", nbformat.writes(notebook))


CITED = re.compile(r"{glue:text}`(\w+\.ipynb)::([\w-]+):[sdf.\d]+`")


def test_numbers_that_other_pages_cite_are_there_and_have_a_format():
    """Without a format such a number is left out, in silence."""
    for path in [*(ROOT / "book").glob("*.md"), *pages.sources()]:
        text = path.read_text(encoding="utf-8")
        cited = CITED.findall(text)
        assert len(cited) == text.count(".ipynb::")
        for notebook, name in cited:
            cells = nbformat.read(ROOT / "book" / notebook, as_version=4).cells
            outputs = [output.get("metadata", {}) for cell in cells for output in cell.get("outputs", [])]
            assert name in {of["scrapbook"]["name"] for of in outputs if "scrapbook" in of}, (notebook, name)
