"""What is compared of a page: words and whole numbers exactly, other numbers as far as rounding moves them."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from intelvae.paper import references
from intelvae.paper.references import Text

LINE = "reproduced | fig4-circle | 0.2961 ± 0.0110, n = 10, p = 0.0013"


@pytest.mark.parametrize(
    ("reference", "other", "equal"),
    [
        (LINE, LINE, True),
        (LINE, LINE.replace("0.2961", "0.2962"), True),  # what lies between the two is rounded to either
        (LINE, LINE.replace("0.2961", "0.2963"), False),
        (LINE, LINE.replace("n = 10", "n = 11"), False),
        (LINE, LINE.replace("reproduced", "not reproduced"), False),
        (LINE, LINE.replace("circle", "square"), False),
        (LINE, LINE + " 1", False),
        ("a  9.99 b", "a 10.00 b", True),  # a column is as wide as its widest number
        ("1,999.5", "2,000.4", False),
        ("1,999.5", "1,999.6", True),
        ("1,999 runs", "2,001 runs", False),
        ("a distance of 1984", "a distance of 1985", True),  # 1984.5, as two processors round it
        ("a distance of 1984", "a distance of 1986", False),
        ("998 runs", "999 runs", False),
        ("100 runs", "104 runs", False),
        ("100 runs", "100 runs", True),
        ("-0.00", "0.00", True),
        ("1.0e-05", "1.1e-05", True),
        ("1.0e-05", "1.2e-05", False),
        ("1945.2906", "1945.3000", True),  # a distance, whose features are in float32
        ("1945.2906", "1945.4906", False),
        ("3.1765970990256847", "3.1765970990256839", True),
        ("nan", "0.5", False),
        ("True", "False", False),
        ("gamma = 3: 0.5", "gamma = 30: 0.5", False),
    ],
)
def test_words_and_counts_agree_exactly_and_digits_up_to_their_rounding(reference, other, equal):
    assert (Text(reference) == other) is equal
    assert (Text(reference) != other) is not equal


def test_a_number_may_move_by_its_own_measured_drift_and_no_other_may():
    drift = references.drift("a 0.500 b 0.500 c 7", ["a 0.510 b 0.501 c 7", "a 0.480 b 0.500 c 7"])
    assert drift == pytest.approx({0: 0.02})
    text = Text("a 0.500 b 0.500 c 7", drift)
    assert text == f"a {0.5 + 0.02 * references.MARGIN:.3f} b 0.500 c 7"
    assert text != f"a {0.502 + 0.02 * references.MARGIN:.3f} b 0.500 c 7"
    assert text != "a 0.500 b 0.510 c 7"
    assert text != "a 0.500 b 0.500 c 8"


def test_words_that_depend_on_rounding_have_no_drift():
    with pytest.raises(ValueError, match=r"'partly 0\.5' and 'not 0\.5'"):
        references.drift("same\npartly 0.5", ["same\nnot 0.5"])


def test_all_that_states_a_fact_is_compared():
    table = {
        "text/html": "<style>td {color: red}</style><table><tr><td>VAE</td><td>0.5</td></tr></table>",
        "text/plain": "...",
    }
    glued = {"application/papermill.record/text/plain": "'0.25'"}
    outputs = [
        new_output("stream", name="stdout", text="as in the library: True\n"),
        new_output("stream", name="stderr", text="a warning"),
        new_output("display_data", data=table),
        new_output("display_data", data=glued),
        new_output("display_data", data={"image/png": "...", "text/plain": "<Figure size 640x480 with 4 Axes>"}),
    ]
    found = list(references.outputs(new_code_cell(outputs=outputs)))
    assert found == [
        ("stdout", "as in the library: True"),
        ("text/html", "VAE 0.5"),
        ("application/papermill.record/text/plain", "'0.25'"),
        ("text/plain", "<Figure size 640x480 with 4 Axes>"),
    ]


def test_a_commit_a_version_and_a_digest_of_records_are_no_facts():
    line = "experiment any; profile smoke; 3 seeds; torch {}; commit {}; records {}"
    one = line.format("2.14.1+cu130", "0123456789ab+, 89ab01234567", "00000000")
    other = line.format("2.9.1", "fedcba987654 (measured at 0123456789ab)", "0e123456")
    unpacked = line.format("2.9.1", "unknown", "abcdef01")  # what runs in a folder that git does not know
    assert references.plain(one) == references.plain(other) == references.plain(unpacked)
    assert references.plain(one) != references.plain(one.replace("3 seeds", "4 seeds"))


@pytest.mark.parametrize("path", sorted(references.FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_reference_compares_something_and_knows_its_drift(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if references.is_compared(cell)]
    texts = {(i, k): text for i, cell in enumerate(cells) for k, (_, text) in enumerate(references.outputs(cell))}
    assert sum(len(references.values(text)) for text in texts.values()) > 0
    for i, cell in enumerate(cells):
        for place, by in cell.metadata.get("drift", {}).items():
            k, number = map(int, place.split("/"))
            assert by > 0 and number < len(references.values(texts[i, k]))


def test_markup_and_pictures_are_left_out_of_references():
    cell = new_code_cell(outputs=[new_output("display_data", data={"image/png": "x", "text/html": "<p>0.5</p>"})])
    notebook = references._text_only(new_notebook(cells=[cell]))
    assert dict(notebook.cells[0].outputs[0].data) == {"text/html": "0.5"}


def test_nbval_rounds_as_the_pages_did():
    conftest = references.FOLDER / "conftest.py"
    code = (
        f"import os, runpy; runpy.run_path({str(conftest)!r})['pytest_configure'](None);"
        "print(os.environ['ATEN_CPU_CAPABILITY'], os.environ['PATH'] != '', 'PYTHONWARNINGS' in os.environ)"
    )
    environment = os.environ | {"ATEN_CPU_CAPABILITY": "default", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8")
    assert done.stdout.split() == ["default", "True", "False"], done.stderr
