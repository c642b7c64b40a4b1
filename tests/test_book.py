"""The published notebooks and the references are of the pages that there are."""

import ast
import functools
import json
import re
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest

from intelvae.paper import ledger, pages, report, studies

ROOT = Path(__file__).resolve().parent.parent
HELD_BY_VERDICTS = {"15_what_we_learned", "91_status"}  # which read every experiment


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


@pytest.mark.parametrize("page", pages.sources(), ids=lambda p: p.stem)
def test_the_box_that_a_page_begins_with_is_short(page):
    """What a reader can do without at first is with the verdicts, below."""
    cells = nbformat.read(ROOT / "book" / f"{page.stem}.ipynb", as_version=4).cells
    shown = [of.get("data", {}).get("text/markdown", "") for cell in cells for of in cell.get("outputs", [])]
    (box,) = [text for text in shown if text.startswith("> **In short.**")]
    assert len(re.sub(r"<[^>]*>|\]\([^)]*\)|^> ?-?", " ", box, flags=re.MULTILINE).split()) <= 200


def last_text(page):
    """What the last cell of a published page prints."""
    cells = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4).cells
    return "".join(output.get("text", "") for output in cells[-1].outputs)


def texts(path):
    """What the outputs of a notebook say: what it prints, and the plain text of what it displays."""
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
    return [of["text"].strip() if "text" in of else of.get("data", {}).get("text/plain", "") for of in outputs]


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


@pytest.mark.parametrize("page", sorted(HELD_BY_VERDICTS))
def test_pages_that_read_all_claims_show_the_verdicts_of_the_results(page, laptop_claims):
    now = {"15_what_we_learned": report.tallies, "91_status": ledger.verdicts}[page](laptop_claims)
    assert now in texts(ROOT / "book" / f"{page}.ipynb")


def loaded(page):
    """The names by which a page calls the results that it loads, and those whose provenance it shows."""
    code = ast.parse("\n".join(c.source for c in jupytext.read(page, fmt="py:percent").cells if c.cell_type == "code"))
    loads, bound, shown = {"studies.results", "studies.stored"}, set(), set()
    for node in ast.walk(code):
        calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
        if isinstance(node, ast.Assign):
            names = {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
            if any(ast.unparse(call.func) == "partial" and ast.unparse(call.args[0]) in loads for call in calls):
                loads |= names
            elif any(ast.unparse(call.func) in loads for call in calls):
                bound |= names
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Provenance":
            shown |= {each.id for given in node.args for each in ast.walk(given) if isinstance(each, ast.Name)}
    return bound, shown


LOADING = [path for path in pages.sources() if loaded(path)[0] and path.stem not in HELD_BY_VERDICTS]
SHOWN = re.compile(r"^experiment ([\w-]+); .*?(?:; records (\w+))?$", re.MULTILINE)


@pytest.mark.parametrize("page", LOADING, ids=lambda p: p.stem)
def test_a_page_says_where_all_of_its_results_come_from(page):
    bound, shown = loaded(page)
    assert bound <= shown


@functools.cache
def of_store(experiment):
    """An experiment, and the digest of its records as a page at `laptop` would show it."""
    return SHOWN.search(studies.stored(experiment, "laptop").provenance()).groups()


@pytest.mark.parametrize("page", LOADING, ids=lambda p: p.stem)
def test_records_behind_a_published_page_are_those_of_the_store(page):
    """A record that has changed, or has been added, breaks this until the page is published anew."""
    shown = {of.groups() for text in texts(ROOT / "book" / f"{page.stem}.ipynb") for of in SHOWN.finditer(text)}
    assert shown and shown == {of_store(experiment) for experiment, _ in shown}


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
