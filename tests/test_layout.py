"""The maps in the docstrings of the library and of the reproduction: complete, and imports go one way."""

import ast
import re
from pathlib import Path

import pytest

import intelvae
from intelvae import paper

PACKAGES = [intelvae, paper]


def map_of(package):
    return re.findall(r"^    (\w+) ", package.__doc__, re.MULTILINE)


def files_of(package):
    """Its files, without those of a package of its own, by the module or package on the map that they belong to."""
    root = Path(package.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path != root / "__init__.py":
            yield path, path.relative_to(root).parts[0].removesuffix(".py")


def imported(path, package):
    """The modules and packages of `package` that a file imports from."""
    name = package.__name__
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == name:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{name}."):
            yield node.module.removeprefix(f"{name}.").split(".")[0]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_module_is_on_the_map_once(package):
    assert sorted(map_of(package)) == sorted({module for _, module in files_of(package)})


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_module_imports_only_from_those_above_it(package):
    above = map_of(package)
    found = [
        (str(path), other)
        for path, module in files_of(package)
        for other in imported(path, package)
        if other != module and above.index(other) > above.index(module)
    ]
    assert found == []


def test_the_reproduction_is_above_all_of_the_library():
    assert map_of(intelvae)[-2:] == ["paper", "__main__"]
