"""Types and shapes in the signatures of `intelvae` are checked at run time, in the tests only; and shared fixtures."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jaxtyping import config, install_import_hook

install_import_hook("intelvae", "beartype.beartype")
torch.set_num_threads(1)  # the tensors here are small: two threads wait for each other most of the time

from intelvae.data import files, idx, images, places  # noqa: E402  # after the hook
from intelvae.metrics import feature_cache, features  # noqa: E402


@pytest.fixture
def unchecked():
    """Without those checks: what a caller sees who passes a wrong type."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def _figures_closed():
    """What a test has drawn is gone after it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def published():
    """The files of results that are part of the project, without what runs on this machine have added."""
    root = Path(__file__).resolve().parent.parent
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "data/results"], capture_output=True, encoding="utf-8")
    if listed.returncode:  # no checkout, and so nobody's runs
        return [path for path in (root / "data" / "results").rglob("*") if path.is_file()]
    return [root / name for name in listed.stdout.splitlines()]


@pytest.fixture(scope="session")
def laptop_claims():
    """All claims on the results of the published book (`ledger.stored`); some are proved, which takes seconds."""
    from intelvae.paper import ledger

    return ledger.stored("laptop")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache and a memory of networks of each test's own."""
    monkeypatch.setenv(feature_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(features.VARIABLE, raising=False)
    yield tmp_path / "cache"
    features._network.cache_clear()


@pytest.fixture
def projection(folder, monkeypatch):
    """In place of the stand-in a fixed random projection of the pixels; the list counts the images it saw."""
    seen, dimension = [], 150  # more than there are images, as in the paper
    matrix = torch.randn(3 * 28 * 28, dimension, generator=torch.Generator().manual_seed(0)) / 28

    def network(x):
        seen.append(len(x))
        return x.flatten(1) @ matrix

    monkeypatch.setattr(features, "_network", lambda *_: network)
    small = dataclasses.replace(features.get(features.STAND_IN), dimension=dimension, find=lambda: Path("none"))
    monkeypatch.setitem(features.EXTRACTORS, features.STAND_IN, small)
    yield seen
    monkeypatch.undo()  # before `folder` empties the memory of networks


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A world with no data: neither variable, nor checkout, nor system package."""
    monkeypatch.delenv(files.VARIABLE, raising=False)
    monkeypatch.setattr(places, "checkout", lambda: None)
    monkeypatch.setattr(files, "SYSTEM", {"fashion-mnist": tmp_path / "system"})
    return tmp_path


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that nobody may look into: root neither, which no permission of a real one would stop."""
    folder = tmp_path / "unreadable"
    folder.mkdir()

    def guard(name: str) -> None:
        real = getattr(os, name)

        def guarded(path, *args, **options):
            if not isinstance(path, int) and f"{os.fspath(path)}{os.sep * (name != 'stat')}".startswith(f"{folder}/"):
                if name == "access":
                    return False
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *args, **options)

        monkeypatch.setattr(os, name, guarded)

    for name in ("stat", "scandir", "access"):
        guard(name)
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets of 60 + 20 images of 28 x 28, so that whole ones can be written in a test."""
    sizes: dict[str, idx.Shape] = {
        "train-images-idx3-ubyte": (60, 28, 28),
        "train-labels-idx1-ubyte": (60,),
        "t10k-images-idx3-ubyte": (20, 28, 28),
        "t10k-labels-idx1-ubyte": (20,),
    }
    monkeypatch.setattr(files, "FILES", sizes)
    monkeypatch.setattr(files, "SUMS", {name: {} for name in files.FOLDERS})  # of what `write_dataset` wrote last
    monkeypatch.setattr(images, "VALID", 10)
    monkeypatch.setattr(images, "TRAIN_01", 4)
    monkeypatch.setattr(images, "VALID_01", 2)
    monkeypatch.setattr(images, "TEST_01", 1)
