"""The API reference has every public module of the library once, and docstrings name pages that there are."""

import ast
import re
from pathlib import Path

import intelvae
from intelvae.paper import docstrings

ROOT = Path(intelvae.__file__).parent
BOOK = ROOT.parent / "book"
# what a user of the library does not call by its module: helpers, and files that their package re-exports
INTERNAL = {"whole", "numbers", "dtypes", "devices", "finite", "modes"}
INTERNAL |= {"data.files", "data.places", "data.errors", "data.decoded", "data.idx"}
INTERNAL |= {"data.standin", "metrics.feature_cache", "extras", "__main__"}


def reexported(module):
    package = module.rpartition(".")[0]
    return package in {"mappings", "models", "training"} and module not in {
        "models.vsc", "training.side_by_side", "training.concurrent"
    }  # fmt: skip


def test_every_public_module_is_on_a_page_once():
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(BOOK.glob("api_*.md")))
    shown = re.findall(r"automodule:: intelvae\.([\w.]+)", text)
    there = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in ROOT.rglob("*.py")
        if "paper" not in path.parts
    }
    wanted = {m for m in there - INTERNAL if not reexported(m)} - {"__init__", "metrics"}
    assert sorted(shown) == sorted(wanted)


def test_docstrings_name_pages_that_there_are():
    named = set()
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                for cited in docstrings.CITED.findall(text):
                    named.update(" ".join(title.split()) for title in re.findall('"([^"]+)"', cited))
    assert named and named <= set(docstrings.titles())


def test_a_title_that_two_lines_hold_is_one_link():
    assert docstrings.as_markup('Book: "Hierarchies of\nfaces", "Speed".') == (
        "Book: :doc:`Hierarchies of faces </book/12_face_hierarchies>`, :doc:`Speed </book/80_speed>`."
    )
