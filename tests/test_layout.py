"""The map of the library in its docstring: it is complete, and a module imports only from those above it."""

import ast
import re
from pathlib import Path

import intelvae

ROOT = Path(intelvae.__file__).parent
MAP = re.findall(r"^    (\w+) ", intelvae.__doc__, re.MULTILINE)


def module_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path):
    """The modules and packages of the library that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "intelvae":
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("intelvae."):
            yield node.module.split(".")[1]


def test_every_module_is_on_the_map_once():
    files = {module_of(path) for path in ROOT.rglob("*.py")} - {"__init__"}
    assert sorted(MAP) == sorted(files)


def test_a_module_imports_only_from_those_above_it():
    found = [
        (str(path.relative_to(ROOT)), other)
        for path in ROOT.rglob("*.py")
        if path != ROOT / "__init__.py"
        for other in imported(path)
        if other != module_of(path) and MAP.index(other) > MAP.index(module_of(path))
    ]
    assert found == []
