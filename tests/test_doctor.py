"""What `intelvae doctor` tells: what is there, and what to do about what is not."""

import importlib.metadata
from importlib.metadata import PackageNotFoundError

import pytest
import torch

import intelvae
from intelvae.paper import doctor
from intelvae.training import PRECISIONS


def told(topic):
    return [line for of, line in doctor.findings() if of == topic]


def test_versions_devices_and_samples_are_told():
    (versions,) = told("versions")
    assert f"intelvae {intelvae.__version__}" in versions and f"torch {torch.__version__}" in versions
    cpu, *_ = told("device")
    assert cpu.startswith("cpu (") and any(f"convolutions train in {name}," in cpu for name in PRECISIONS)
    assert told("data")[-1].startswith("samples: 1,800 of mnist")


def test_what_is_missing_comes_with_what_to_do(nowhere, monkeypatch):
    mnist, *_, celeba, _ = told("data")
    assert "intelvae data fetch mnist" in mnist and "get the aligned images" in celeba
    monkeypatch.setenv("INTELVAE_RUNS", str(nowhere / "new"))
    assert all(f"0 trainings in {nowhere / 'new'}, " in line and line.endswith(" GB free") for line in told("results"))
    (nowhere / "file").touch()
    monkeypatch.setenv("INTELVAE_RUNS", str(nowhere / "file" / "results"))
    assert all(line.endswith("cannot be written: set INTELVAE_RUNS to another folder") for line in told("results"))
    assert not (nowhere / "new").exists()  # looking changes nothing


def test_folders_that_cannot_be_read_and_homes_that_are_unknown_are_lines_like_others(unreadable, monkeypatch):
    for name in ("INTELVAE_DATA", "INTELVAE_RUNS", "INTELVAE_CACHE"):
        monkeypatch.setenv(name, str(unreadable / "mine"))
    assert [line.endswith("cannot be written: set INTELVAE_RUNS to another folder") for line in told("results")] == [
        True
    ] * 2
    assert told("cache") == [f"{unreadable / 'mine'}, which cannot be written: set INTELVAE_CACHE to another folder"]
    monkeypatch.setenv("INTELVAE_RUNS", "~nosuchuser/x")
    monkeypatch.setenv("INTELVAE_CACHE", "~nosuchuser/x")
    assert all("set INTELVAE_RUNS to a full path" in line for line in told("results"))
    assert "set INTELVAE_CACHE to a full path" in told("cache")[0]


LACKING = "book: lacks tool<2,>=1: pip install 'intelvae[book]'"


@pytest.mark.parametrize(("version", "line"), [(None, LACKING), ("0.1", LACKING), ("1.0.4", "book: all there")])
def test_packages_of_an_extra_that_are_missing_or_old_are_named(version, line, tmp_path, monkeypatch):
    """On a path of its own: an intelvae whose extra `book` is one package, and that package."""
    its = "Provides-Extra: book\nProvides-Extra: dev\nRequires-Dist: tool<2,>=1; extra == 'book'"
    package(tmp_path, "intelvae", its)
    if version:
        package(tmp_path, "tool", "", version)
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert list(doctor._packages()) == [line]


def package(folder, name, more, version="1"):
    (place := folder / f"{name}-{version}.dist-info").mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\n"
    (place / "METADATA").write_text(text, encoding="utf-8")


def test_a_checkout_that_is_not_installed_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(PackageNotFoundError):
        importlib.metadata.metadata("intelvae")
    (line,) = doctor._packages()
    assert "without being installed" in line
