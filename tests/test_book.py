"""The published notebooks and the references are of the pages that there are."""

import json
import re
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest

from intelvae.paper import ledger, pages, report, studies

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


def last_text(page):
    """What the last cell of a published page prints."""
    cells = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4).cells
    return "".join(output.get("text", "") for output in cells[-1].outputs)


@pytest.mark.parametrize("page", sorted({claim.page for claim in ledger.CLAIMS}))
def test_verdicts_on_a_published_page_are_those_of_the_results(page, laptop_claims):
    """A result that has changed, or has been added, breaks this until the page is published anew."""
    now = ledger.verdicts([row for row in laptop_claims if row["page"] == page]).splitlines()
    assert now and [line for line in last_text(page).splitlines() if line in now] == now


def test_numbers_that_the_first_page_cites_are_those_of_the_results(laptop_claims):
    cells = nbformat.read(ROOT / "book" / "91_status.ipynb", as_version=4).cells
    outputs = [
        output for cell in cells for output in cell.get("outputs", []) if "scrapbook" in output.get("metadata", {})
    ]
    told = {of.metadata["scrapbook"]["name"]: of.data["application/papermill.record/text/plain"] for of in outputs}
    now = ledger.count(laptop_claims) | report.answers(laptop_claims)
    assert {name: told.get(name.replace(" ", "-")) for name in now} == {
        name: repr(value) for name, value in now.items()
    }


def test_a_result_that_changes_changes_what_a_page_says(tmp_path, monkeypatch, published):
    """By one distance of one run, of which the page of Table 1 has the mean."""
    keys = {(run.row.name, run.training.seed): run.training.key for run in studies.runs("table1", "laptop")}
    for path in published:
        if path.parent.name in keys.values():
            (tmp_path / path.parent.name).mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / path.parent.name)
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))

    def told():
        return ledger.verdicts(ledger.rows("laptop", studies.stored("table1", "laptop"), page="06_all_digits"))

    before = told()
    (line,) = [line for line in before.splitlines() if "| table1-clean-vae " in line]
    assert line in last_text("06_all_digits")
    path = tmp_path / keys["InteL-VAE, 2 x 5", 0] / "samples-efficientnet-lite0.json"
    changed = json.loads(path.read_text(encoding="utf-8"))
    changed["metrics"]["clean_frechet_2000"] *= 2
    path.write_text(json.dumps(changed), encoding="utf-8")
    assert line not in told()


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
