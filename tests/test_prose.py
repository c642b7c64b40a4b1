"""Prose that cells display says the same with and without the look that the book gives it."""

import re
from pathlib import Path

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
