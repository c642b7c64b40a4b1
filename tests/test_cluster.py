"""Sweeps on a cluster: a real scheduler, real workers and what befalls them, which the tests share, in their order."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import torch

import intelvae
from intelvae.data import files, places, standin
from intelvae.paper import cluster, sweeps, workers
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import VAE, Row, Run
from intelvae.paper.store import Store
from intelvae.training import TrainingError

distributed = pytest.importorskip("distributed", reason="needs the package distributed: pip install -e '.[dask]'")

ALONE = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse", gamma=1.0)
BESIDE = Training("circle", "mlp", 2, "learned-gaussian", epochs=1, steps_per_epoch=2, mapping="circle")
MNIST = Training("mnist", "mathieu", 2, "gaussian", epochs=1)
FACES = Training("celeba", "faces", 2, "gaussian", epochs=1)
POINTS, SCATTER = Evaluation("points"), Evaluation("scatter")
ANSWER = cluster.ANSWER  # which tests change


def runs_of(config, count, *wanted):
    return [Run(Row("", VAE), dataclasses.replace(config, seed=seed), wanted or (SCATTER,)) for seed in range(count)]


def until(holds, seconds=120):
    """Waits until it holds. A process needs seconds to start, on a busy machine many."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)


class Cluster:
    """A scheduler and the workers that are started for it, whose library is outside of any checkout."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        until(lambda: self.address)

    @property
    def _file(self):
        return self.folder / "scheduler.json"

    @property
    def address(self):
        """Once the scheduler has said it. Its file is there before all of its text."""
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(self._file.read_text(encoding="utf-8"))["address"]

    def _start(self, kind, *options, **variables):
        told = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", str(self._file), *options]
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            process = subprocess.Popen(told, env=os.environ | variables, stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def worker(self, library, *options, **variables):
        path = os.pathsep.join(filter(None, (str(library), os.environ.get("PYTHONPATH"))))
        variables = {files.VARIABLE: str(self.folder / "nothing"), "PYTHONPATH": path} | variables
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", *options, **variables)

    def wait_for(self, count):
        with distributed.Client(self.address) as client:
            until(lambda: len(client.nthreads()) == count)

    @contextmanager
    def joined_by(self, library):
        """One worker more, for a while."""
        before = self.count()
        process = self.worker(library)
        try:
            self.wait_for(before + 1)
            yield
        finally:
            self.stop(process)
            self.wait_for(before)

    def count(self):
        with distributed.Client(self.address) as client:
            return len(client.nthreads())

    def stop(self, process):
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A copy of the library, as it would be where it is installed."""
    root = tmp_path_factory.mktemp("installed")
    ignore = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(Path(intelvae.__file__).parent, root / "intelvae", ignore=ignore)
    return root


@pytest.fixture(scope="module")
def other_library(library, tmp_path_factory):
    """A copy of another version."""
    root = tmp_path_factory.mktemp("other")
    shutil.copytree(library / "intelvae", root / "intelvae")
    path = root / "intelvae" / "paper" / "config.py"
    text = path.read_text(encoding="utf-8").replace("\nSEMANTICS = ", "\nSEMANTICS = 1 + ")
    path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A few drawn faces, most of them for tests."""
    root = standin.write(tmp_path_factory.mktemp("faces"), 120)
    path = root / files.CELEBA / files.CELEBA_LISTS[1]
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    told = "".join(f"{name} {0 if i < 10 else 1 if i < 20 else 2}\n" for i, (name, _) in enumerate(lines))
    path.write_text(told, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The cluster of all these tests."""
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    for process in started.processes:
        started.stop(process)


@pytest.fixture(autouse=True)
def times(monkeypatch):
    """What is waited for in vain ends at once; what comes, may come late: a busy machine starves the scheduler."""
    monkeypatch.setattr(workers, "PAUSE", 0.1)
    monkeypatch.setattr(workers, "PATIENCE", 0.3)
    monkeypatch.setattr(cluster, "ANSWER", 120.0)


@pytest.fixture(scope="module")
def first(one, library, faces, tmp_path_factory):
    """A worker with all that is needed."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return one.worker(library, "--resources", "GPU=1", **{files.VARIABLE: str(faces), places.CACHE_VARIABLE: cache})


def refused(asked, store, address, error=ValueError, **options):
    """The one line that a sweep ends with, which has trained nothing."""
    with pytest.raises(error) as caught:
        cluster.sweep(asked, store, address, **options)
    assert "\n" not in str(caught.value) and not list(store.root.glob("*/training.json"))
    return str(caught.value)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1", "nonsense://127.0.0.1:8786"])
def test_an_address_where_no_scheduler_is_is_named_within_ten_seconds(address, tmp_path, monkeypatch):
    assert ANSWER < 10
    monkeypatch.setattr(cluster, "ANSWER", 0.2)
    assert f"no dask scheduler answers at {address}: start one" in refused(runs_of(ALONE, 1), Store(tmp_path), address)


def test_a_cluster_without_workers_is_waited_for_a_while(one, tmp_path, capfd):
    assert f"no workers at {one.address}: start" in refused(runs_of(ALONE, 1), Store(tmp_path), one.address)
    assert capfd.readouterr().err.count("\n") == 1  # that it waits


def test_a_worker_without_the_library_is_named(one, tmp_path):
    """Of an older version, which has another layout: as for one without any, an import fails there."""
    (tmp_path / "intelvae.py").write_text("raise ModuleNotFoundError(\"No module named 'intelvae'\")", encoding="utf-8")
    asked, store = runs_of(ALONE, 1), Store(tmp_path / "store")
    with one.joined_by(tmp_path):
        told = refused(asked, store, one.address)
        assert told.startswith("the worker tcp://127.0.0.1:") and "has no intelvae, or an older one (No module" in told
        told = refused(asked, store, one.address, device="cuda")
        assert "none of the 1 workers" in told and "--resources GPU=1" in told


def test_a_worker_of_another_version_is_named_and_one_without_a_gpu_is_given_no_work_for_it(
    one, first, other_library, tmp_path
):
    one.wait_for(1)
    asked = [*runs_of(ALONE, 3), *runs_of(BESIDE, 1)]
    with one.joined_by(other_library):
        told = refused(runs_of(ALONE, 1), Store(tmp_path), one.address)
        assert "other code on" in told and "semantics 2, source" in told and "install the same there" in told
        found = cluster.sweep(
            asked, Store(tmp_path / "gpu"), one.address, device="cpu:0"
        )  # as a GPU: the first's alone
    assert [result.run for result in found] == asked and {result.trained.together for result in found} == {1, 3}


@pytest.fixture(scope="module")
def second(one, first, library):
    """A worker without data, beside the first."""
    started = one.worker(library)
    one.wait_for(2)
    return started


def test_data_that_some_workers_or_all_lack_are_named_before_anything_is_trained(one, second, tmp_path):
    told = refused([*runs_of(ALONE, 1), *runs_of(FACES, 1)], Store(tmp_path), one.address)
    assert "lacks data that others have: on " in told and "celeba not found in" in told
    told = refused(runs_of(MNIST, 1, Evaluation("elbo")), Store(tmp_path), one.address)
    assert "mnist not found in" in told and "intelvae data fetch mnist" in told
    with pytest.raises(TrainingError, match=r"1 of 2 runs failed: vae on mnist .*data fetch mnist"):
        cluster.sweep([*runs_of(MNIST, 1), *runs_of(ALONE, 1)], Store(tmp_path), one.address)
    assert Store(tmp_path).result(runs_of(ALONE, 1)[0]) is not None


def test_a_device_that_a_worker_lacks_is_named(one, second, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "resources", lambda device: {})
    told = refused(runs_of(ALONE, 1), Store(tmp_path), one.address, device="nonsense")
    assert told.startswith("the worker tcp://") and "device 'nonsense' cannot be used" in told


def test_results_are_to_the_bit_those_of_a_local_sweep(one, second, tmp_path):
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    asked = [*runs_of(ALONE, 2), *runs_of(BESIDE, 2, POINTS)]
    expected = sweeps.sweep(asked, here)
    assert_equal(cluster.sweep(asked, there, one.address), expected, there, here)
    (there.folder(ALONE) / "scatter.json").unlink()  # measured by a worker, which does not have the weights
    before = there.weights(ALONE).stat().st_mtime_ns
    assert_equal(cluster.sweep(asked, there, one.address), expected, there, here)
    assert there.weights(ALONE).stat().st_mtime_ns == before


def assert_equal(found, expected, store, other):
    assert [result.run for result in found] == [result.run for result in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.metrics, ours.curves, ours.code) == (theirs.metrics, theirs.curves, theirs.code)
        assert all(torch.equal(ours.kept[name], theirs.kept[name]) for name in theirs.kept)
        config = ours.training
        assert store.weights(config).read_bytes() == other.weights(config).read_bytes()


def test_a_run_that_fails_is_named_and_the_others_are_kept(one, second, tmp_path):
    asked = [*runs_of(dataclasses.replace(ALONE, lr=1e30, steps_per_epoch=50), 1), *runs_of(ALONE, 2)]
    with pytest.raises(TrainingError, match=r"1 of 3 runs failed.*step \d+"):
        cluster.sweep(asked, Store(tmp_path), one.address)
    assert [Store(tmp_path).result(each) is None for each in asked] == [True, False, False]


def test_with_a_budget_that_is_over_nothing_is_begun(one, second, tmp_path):
    assert cluster.sweep(runs_of(ALONE, 2), Store(tmp_path), one.address, budget=1e-9) == []


def kill_in_the_middle(process, store):
    """Kills the process as soon as the store has a result."""

    def kill():
        until(lambda: list(store.root.glob("*/scatter.json")))
        process.kill()

    threading.Thread(target=kill, daemon=True).start()


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(one, second, tmp_path):
    long, store = dataclasses.replace(ALONE, steps_per_epoch=50), Store(tmp_path)
    kill_in_the_middle(second, store)
    asked = runs_of(long, 6)
    assert [result.run for result in cluster.sweep(asked, store, one.address)] == asked
    assert second.wait() != 0


def test_a_scheduler_that_is_killed_ends_the_sweep_in_one_line_and_results_are_kept(
    one, first, tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr(cluster, "ANSWER", 10.0)  # for as long a client may try to reach it again
    store = Store(tmp_path)
    kill_in_the_middle(one.scheduler, store)
    with pytest.raises(RuntimeError) as caught:
        cluster.sweep(runs_of(dataclasses.replace(ALONE, steps_per_epoch=50), 50), store, one.address)
    assert str(caught.value).startswith(f"the scheduler at {one.address} is lost: finished runs are kept, and the same")
    assert 1 <= len(list(store.root.glob("*/scatter.json"))) < 50
    assert capfd.readouterr() == ("", "")
