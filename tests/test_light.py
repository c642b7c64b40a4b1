"""`pip install intelvae` alone: every module of the library can be imported, and the README's example runs."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def name(text):
    return re.sub(r"[-_.]+", "-", text).lower()


def comes_with(wanted):
    """The packages that are installed with these requirements, theirs among them; their optional ones are not."""
    found, waiting = set(), [Requirement(line) for line in wanted]
    while waiting:
        requirement = waiting.pop()
        if name(requirement.name) in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name(requirement.name))
        try:
            waiting += [Requirement(line) for line in requires(requirement.name) or ()]
        except PackageNotFoundError:  # one for another platform
            continue
    return found


def run_light(code):
    """Runs code in an interpreter that has what `pip install intelvae` brings, and no other package."""
    light = comes_with(PROJECT["dependencies"]) | {"intelvae", "setuptools"}  # torch asks for it from Python 3.12 on
    others = {module for module, of in packages_distributions().items() if not light & set(map(name, of))}
    others = sorted(others - sys.stdlib_module_names)  # old copies of its modules are never imported
    assert {"sklearn", "scipy", "PIL", "safetensors", "typer", "pandas", "torchvision"} <= set(others)
    blocked = f"import sys; sys.modules.update(dict.fromkeys({others}))\n"
    return subprocess.run([sys.executable, "-c", blocked + code], cwd=ROOT, capture_output=True, encoding="utf-8")


def test_every_module_of_the_library_can_be_imported_and_the_example_of_the_readme_runs():
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    done = run_light(f"""
import importlib, pkgutil, intelvae
names = [m.name for m in pkgutil.walk_packages(intelvae.__path__, "intelvae.")]
for name in names:
    if not name.startswith(("intelvae.paper", "intelvae.__main__")):
        importlib.import_module(name)
{example}
loss.backward()
from intelvae.testing import check_mapping
check_mapping(Ellipse, dim=2)
from intelvae import training
training.fit(model, torch.randn(80, 2), torch.randn(20, 2), training.Schedule(epochs=1, batch_size=20))
print(len(names), "modules")
""")
    assert done.returncode == 0 and done.stdout.endswith(" modules\n"), done.stderr


NEEDS_MORE = {
    "data.celeba.load(smoke=True)": "paper",
    "metrics.clusters.fit_digit_classifier(torch.zeros(2, 1, 1, 2), torch.tensor([0, 1]))": "paper",
    "metrics.levels.fit_classifier(torch.zeros(2, 1, 1, 2), torch.tensor([0, 1]))": "paper",
    "metrics.downstream.few_shot(x, (x[:, 0] > 9).long(), (x, x[:, 0].long()), generator=g, sizes=[10])": "paper",
    "metrics.attributes.linear((x, x > 9), (x, x > 9), generator=g, sizes=[20])": "paper",
    "metrics.features.extract('mnist-classifier', torch.zeros(1, 1, 28, 28))": "features",
    "metrics.classifier.told('mnist')": "features",
    "metrics.classifier.from_bytes(b'')": "features",
    "metrics.classifier.to_bytes(metrics.classifier.Classifier())": "features",
}


def test_what_needs_more_says_in_one_line_what_to_install(tmp_path):
    """In one process, since an import of torch takes seconds."""
    done = run_light(f"""
import os, torch
os.environ["INTELVAE_CACHE"] = {str(tmp_path)!r}
from intelvae import data, metrics
from intelvae.data import celeba
from intelvae.metrics import attributes, classifier, clusters, downstream, features, levels
x, g = torch.arange(20.0)[:, None], torch.Generator()
for call in {list(NEEDS_MORE)}:
    try:
        eval(call)
        print("did it")
    except ModuleNotFoundError as error:
        print(error)
""")
    lines = done.stdout.splitlines()
    assert len(lines) == len(NEEDS_MORE), done.stderr
    for (call, extra), line in zip(NEEDS_MORE.items(), lines, strict=True):
        assert re.fullmatch(rf"this needs [\w.]+: pip install 'intelvae\[{extra}\]'", line), call


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_an_extra_whose_code_is_the_reproduction_brings_its_packages(extra):
    def brought(extra):
        for r in map(Requirement, PROJECT["optional-dependencies"][extra]):
            yield from ((inner for e in r.extras for inner in (e, *brought(e))) if r.name == "intelvae" else ())

    assert extra in ("features", "paper") or {"paper", "features"} <= set(brought(extra))
