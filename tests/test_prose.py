"""Prose that cells display says the same with and without the look that the book gives it."""

import ast
import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
from drawn import result, results

from intelvae.paper import kinds, prose

CSS = Path(__file__).resolve().parent.parent / "book" / "_static" / "book.css"


def displayed(monkeypatch, call, text):
    found = []
    monkeypatch.setattr(prose, "display", lambda shown: found.append(shown.data))
    call(text)
    return found


def test_the_box_holds_every_line_that_it_is_given(monkeypatch):
    (box,) = displayed(monkeypatch, prose.in_short, "\nThe claim.\n\n- one\n- two\n")
    assert box.splitlines() == ["> **In short.** The claim.", "> ", "> - one", "> - two"]


def test_every_verdict_has_a_symbol_of_its_own_and_a_look():
    assert len(set(prose.SYMBOLS.values())) == len(kinds.VERDICTS) == len(prose.SYMBOLS)
    looks = re.findall(r"\.verdict\.([\w-]+)", CSS.read_text(encoding="utf-8"))
    shown = prose.badges(kinds.VERDICTS)
    assert [name for name in re.findall(r'class="verdict ([\w-]+)"', shown)] == looks


def test_where_numbers_come_from_is_folded_and_whole_without_markup():
    found = results(result("VAE", "<b>"), experiment="x")
    where = prose.Provenance(found, found)
    assert repr(where).splitlines() == 2 * found.provenance().splitlines()
    assert "<details" in where._repr_html_() and "<b>" not in where._repr_html_()


def test_a_table_has_one_row_of_headings_and_writes_every_cell_out():
    frame = pd.DataFrame({"gamma": [1, 2], "what": ["a" * 80, "<b>"], "share": [0.25, math.nan]}).set_index("gamma")
    shown = prose.Table(frame)._repr_html_()
    assert shown.count("<tr") == 1 + len(frame) and re.findall(r"<th\b.*?>(.*?)</th>", shown) == [
        "gamma",
        "what",
        "share",
    ]
    assert "a" * 80 in shown and "<b>" not in shown
    assert re.findall(r"<td\b.*?>(.*?)</td>", shown)[3:] == ["2", "&lt;b&gt;", ""]
    assert re.findall('<t[hd] class="number">(.*?)</t', shown) == ["gamma", "share", "1", "0.25", "2", ""]


def test_what_is_folded_has_a_title_and_all_that_it_holds():
    tables = [prose.Table(pd.DataFrame({"gamma": [value]})) for value in ("one", "two")]
    folded = prose.Folded("a < b", *tables)
    shown = folded._repr_html_()
    assert shown.startswith('<details class="folded"><summary>a &lt; b</summary>') and shown.endswith("</details>")
    assert all(table._repr_html_() in shown and repr(table) in repr(folded) for table in tables)
    assert repr(folded).startswith("a < b")


def test_an_empty_table_says_that_it_is_one():
    empty = prose.Table(pd.DataFrame())
    assert repr(empty) in empty._repr_html_() and "<table" not in empty._repr_html_()


def test_what_is_glued_is_what_the_tools_of_the_book_would_write():
    """In a process of its own: only where IPython runs is anything displayed."""
    code = """
import myst_nb, pandas
from IPython import InteractiveShell
from IPython.utils.capture import capture_output
from intelvae.paper import prose

InteractiveShell.instance()
for glue in (myst_nb.glue, prose.glue):
    with capture_output() as told:
        for shown in (0.25, "text", pandas.DataFrame({"a": [1]})):
            glue("name", shown)
            glue("name", shown, display=False)
    print([(each.data, each.metadata) for each in told.outputs])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    theirs, ours = map(ast.literal_eval, done.stdout.splitlines()[-2:])
    assert ours == theirs and len(ours) == 6
