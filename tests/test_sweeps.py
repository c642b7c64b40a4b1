"""Sweeps: they do what is missing and only that; what fails, or is killed, takes nothing else with it."""

import dataclasses
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future

import jaxtyping
import joblib
import psutil
import pytest
import torch
from joblib.externals.loky import reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from intelvae import training
from intelvae.data import files, places
from intelvae.paper import datasets, evaluation, processes, runs, sweeps, works
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import VAE, Row, Run
from intelvae.paper.store import Store

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=1, steps_per_epoch=2, mapping="circle")
ALONE = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse", gamma=1.0)
POINTS, SCATTER = Evaluation("points"), Evaluation("scatter")
FACES = Training("celeba", "faces", 2, "gaussian", epochs=1)


def run(config, *wanted):
    return Run(Row("any", VAE), config, wanted or (POINTS,))


def toys(count):
    return [run(dataclasses.replace(CONFIG, seed=seed)) for seed in range(count)]


def test_a_sweep_does_what_is_missing_and_only_that(tmp_path):
    store, asked = Store(tmp_path), toys(3)
    assert [r.run for r in sweeps.sweep(asked, store)] == asked
    times = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.json")}
    assert len(times) == 6
    (gone := store.folder(asked[1].training) / "points.json").unlink()
    sweeps.sweep(asked, store)
    again = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.json")}
    assert {p for p in times if times[p] != again[p]} == {gone}


def test_a_new_evaluation_trains_nothing_and_changes_no_other(tmp_path, monkeypatch):
    store = Store(tmp_path)
    (before,) = sweeps.sweep([run(ALONE)], store)
    monkeypatch.setattr(training, "fit", lambda *_, **__: pytest.fail("it trains"))
    (after,) = sweeps.sweep([run(ALONE, POINTS, SCATTER)], store)
    assert after.metrics == before.metrics and after.trained == before.trained
    assert after.kept["samples"].shape == (200, 2) and not before.kept


def test_an_extra_is_measured_where_it_can_be_and_no_result_waits_for_it(tmp_path):
    """A page that runs nothing, in a checkout where models were trained before there was that extra."""
    store, more = Store(tmp_path), dataclasses.replace(run(ALONE), extras=(SCATTER,))
    sweeps.sweep([run(ALONE)], store)
    (found,) = sweeps.sweep([more], store, jobs=0)
    assert found.run == more and not found.kept
    (found,) = sweeps.sweep([more], store)
    assert found.kept["samples"].shape == (200, 2)
    (store.folder(ALONE) / "scatter.json").unlink()
    store.weights(ALONE).unlink()  # published
    assert sweeps.missing([more], store) == [] and len(sweeps.sweep([more], store)) == 1


def test_two_rows_of_one_training_train_once(tmp_path):
    asked = [run(ALONE), Run(Row("other", VAE), ALONE, (SCATTER,))]
    assert [work.wanted for work in sweeps.missing(asked, Store(tmp_path))] == [(POINTS, SCATTER)]
    found = sweeps.sweep(asked, Store(tmp_path))
    assert [r.row.name for r in found] == ["any", "other"] and found[0].trained == found[1].trained


def test_a_model_without_weights_is_not_measured_and_its_results_stay(tmp_path):
    store = Store(tmp_path)
    sweeps.sweep([run(ALONE)], store)
    store.weights(ALONE).unlink()  # as in a checkout
    with pytest.raises(
        training.TrainingError, match=r"1 of 2 runs failed: .*no weights of .* only results .*INTELVAE_RUNS"
    ):
        sweeps.sweep([run(ALONE, POINTS, SCATTER), run(CONFIG)], store)
    assert store.result(run(ALONE)) is not None and store.result(run(CONFIG)) is not None


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:500])])
def test_a_model_that_was_lost_before_it_was_measured_is_trained_again(damage, tmp_path):
    """As where a sweep was killed, and the disk was full."""
    store = Store(tmp_path)
    (whole,) = sweeps.sweep([run(ALONE)], store)
    (store.folder(ALONE) / "points.json").unlink()
    damage(store.weights(ALONE))
    (again,) = sweeps.sweep([run(ALONE)], store)
    assert again.metrics == whole.metrics
    assert runs.load(ALONE, store).represent(torch.ones(1, 2)).shape == (1, 2)


def test_damaged_weights_of_a_model_that_was_measured_are_named_and_stay(tmp_path):
    store = Store(tmp_path)
    sweeps.sweep([run(ALONE)], store)
    store.weights(ALONE).write_bytes(b"something else")
    with pytest.raises(
        training.TrainingError, match=r"are not weights of .*: the results beside them stay good; to train"
    ):
        sweeps.sweep([run(ALONE, POINTS, SCATTER)], store)
    assert store.weights(ALONE).read_bytes() == b"something else" and store.result(run(ALONE)) is not None


def test_what_an_evaluation_kept_and_has_lost_is_made_again(tmp_path, unchecked):
    store, asked = Store(tmp_path), [run(ALONE, SCATTER)]
    (before,) = sweeps.sweep(asked, store)
    samples = before.kept["samples"]
    (store.folder(ALONE) / "scatter.arrays.gz").unlink()
    (after,) = sweeps.sweep(asked, store)
    assert torch.equal(after.kept["samples"], samples)


def test_no_jobs_take_what_is_there_and_run_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users have no run-time types
    store, both = Store(tmp_path), toys(2)
    with pytest.raises(ValueError, match="none of the 2 runs"):
        sweeps.sweep(both, store, jobs=0)
    sweeps.sweep(both[:1], store)
    assert [r.run for r in sweeps.sweep(both, store, jobs=0)] == both[:1]
    for jobs in (-1, 0.5, "2"):
        with pytest.raises(ValueError, match=f"jobs must be a whole number >= 0, not {jobs!r}"):
            sweeps.sweep(both, store, jobs=jobs)


def test_a_store_that_cannot_be_written_stops_a_sweep_before_it_trains(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written"):
        sweeps.sweep([run(dataclasses.replace(CONFIG, epochs=10**9))], Store(tmp_path / "file"))


@pytest.mark.parametrize("moment", [0.5, 2.0, 6.0])
def test_workers_end_with_the_sweep_that_started_them(moment, tmp_path):
    """Killed without a chance to clean up, as by the system when memory runs out: also while workers are starting."""
    code = (
        "import sys; from intelvae.paper import sweeps; from intelvae.paper.config import Training;"
        "from intelvae.paper.store import Store; from intelvae.paper.rows import VAE, Row, Run;"
        "c = [Training('mnist', 'mathieu', 50, 'gaussian', 1000, seed=s, smoke_data=True) for s in (0, 1)];"
        "runs = [Run(Row('', VAE), t, ()) for t in c]; print('ready', flush=True);"
        f"sweeps.sweep(runs, Store({str(tmp_path)!r}), jobs=2)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as sweep:
        sweep.stdout.readline()
        time.sleep(moment)
        started = psutil.Process(sweep.pid).children(recursive=True)
        sweep.kill()
    assert moment < 2 or started
    assert _wait_for(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in started), 60)


def _wait_for(condition, seconds):
    for _ in range(10 * seconds):
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_data_that_are_not_there_do_not_stop_the_others(tmp_path, monkeypatch):
    monkeypatch.setenv(files.VARIABLE, str(tmp_path))
    monkeypatch.setattr(places, "checkout", lambda: None)
    datasets._faces.cache_clear()
    store = Store(tmp_path / "results")
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed: vae on celeba .* not found in .*mmlab"):
        sweeps.sweep([run(FACES, Evaluation("elbo")), run(CONFIG)], store)
    assert store.result(run(CONFIG)) is not None


def test_a_cache_that_cannot_be_written_does_not_stop_the_others(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "file"))
    datasets._faces.cache_clear()
    store, faces = Store(tmp_path / "results"), dataclasses.replace(FACES, smoke_data=True)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed: .*set INTELVAE_CACHE to another"):
        sweeps.sweep([run(faces, Evaluation("elbo")), run(CONFIG)], store)
    assert store.result(run(CONFIG)) is not None


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied", "some file")

    monkeypatch.setattr(datasets, "_faces", denied)
    faces = dataclasses.replace(FACES, smoke_data=True)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed: .*Permission denied"):
        sweeps.sweep([run(faces, Evaluation("elbo")), run(CONFIG)], Store(tmp_path))
    assert Store(tmp_path).result(run(CONFIG)) is not None


def test_a_diverging_run_is_reported_and_the_others_are_kept(tmp_path):
    bad = dataclasses.replace(CONFIG, lr=1e30, steps_per_epoch=50)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed.*mapping circle on circle.*step \d+"):
        sweeps.sweep([run(bad), run(CONFIG)], Store(tmp_path))
    assert Store(tmp_path).result(run(CONFIG)) is not None


ERRORS = (RuntimeError, torch.OutOfMemoryError, MemoryError, KeyError, ZeroDivisionError)


@pytest.mark.parametrize(("half", "error"), [*(("train", error) for error in ERRORS), ("measure", RuntimeError)])
def test_whatever_a_run_raises_the_others_go_on_and_it_is_tried_again(half, error, tmp_path, monkeypatch):
    store, asked = Store(tmp_path), [run(ALONE), *toys(2)]
    bad, whole = {ALONE, asked[2].training}, getattr(sweeps, half)

    def fails(config, *rest):
        if config in bad:
            raise error("out of\nwhatever it was")
        return whole(config, *rest)

    def one_by_one(*_):
        raise error("the group")

    monkeypatch.setattr(sweeps, half, fails)
    if half == "train":
        monkeypatch.setattr(sweeps, "train_together", one_by_one)
    with pytest.raises(training.TrainingError) as caught:
        sweeps.sweep(asked, store)
    told = str(caught.value).splitlines()
    assert "2 of 3 runs failed" in told[0] and len(told) == 3
    assert all(f"{error.__name__}: " in line and "out of" in line for line in told[:2])
    assert [store.result(each) is None for each in asked] == [True, False, True]
    monkeypatch.setattr(sweeps, half, whole)
    assert len(sweeps.sweep(asked, store)) == 3


def test_a_model_that_cannot_be_measured_is_kept_and_not_trained_again(tmp_path, monkeypatch):
    store, asked = Store(tmp_path), [run(CONFIG), run(ALONE)]
    undisturbed = sweeps.sweep(asked, Store(tmp_path / "twins"))

    def broken(*_):
        raise ValueError("no such classifier")

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "measure", broken)
        with pytest.raises(training.TrainingError, match="2 of 2 runs failed"):
            sweeps.sweep(asked, store)
    assert all(store.result(each) is None for each in asked)
    monkeypatch.setattr(training, "fit", broken)
    for result, twin in zip(sweeps.sweep(asked, store), undisturbed, strict=True):
        assert result.metrics == twin.metrics and result.curves == twin.curves


def test_a_model_that_another_version_trained_is_measured_and_the_result_says_so(tmp_path):
    store = Store(tmp_path)
    trained, model = runs.train(CONFIG)
    store.put_trained(dataclasses.replace(trained, commit="0123456789ab"), model)
    (result,) = sweeps.sweep([run(CONFIG)], store)
    assert result.code == f"0123456789ab (measured at {runs.commit()})"


def test_threads_of_joblib_get_the_numbers_of_a_run_alone(tmp_path):
    """As on a worker of dask with several threads."""
    asked = [run(dataclasses.replace(CONFIG, seed=seed, precision="bfloat16")) for seed in (0, 1)]  # each one alone
    alone = sweeps.sweep(asked, Store(tmp_path / "alone"))
    with joblib.parallel_config("threading"):
        beside = sweeps.sweep(asked, Store(tmp_path / "beside"), jobs=2)
    assert [(r.metrics, r.curves) for r in alone] == [(r.metrics, r.curves) for r in beside]


def test_models_are_measured_anew_from_their_weights(tmp_path):
    store, asked = Store(tmp_path), [run(ALONE)]
    with pytest.raises(ValueError, match="no weights of these runs"):
        sweeps.remeasure(asked, store)
    (first,) = sweeps.sweep(asked, store)
    old = dataclasses.replace(first.measured[0], metrics={"gone": 1.0})
    store.put_measured(ALONE, old)
    with pytest.raises(ValueError, match="jobs must be a whole number >= 1, not 0"):
        sweeps.remeasure(asked, store, jobs=0)
    assert sweeps.remeasure([*asked, *toys(1)], store) == 1
    again = store.result(asked[0])
    assert again.metrics == first.metrics and again.trained == first.trained


def test_damaged_weights_do_not_stop_the_measurement_of_the_others_and_results_stay(tmp_path):
    store, asked = Store(tmp_path), [run(ALONE), run(dataclasses.replace(ALONE, seed=1))]
    before = sweeps.sweep(asked, store)
    weights = store.weights(ALONE)
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(RuntimeError, match=r"1 of 2 models could .*safetensors are not weights.*stay good"):
        sweeps.remeasure(asked, store)
    assert [store.result(each).metrics for each in asked] == [r.metrics for r in before]


def test_parts_are_of_like_runs_and_the_longest_come_first():
    long = dataclasses.replace(CONFIG, epochs=5)
    wanted = [works.Work(dataclasses.replace(c, seed=s), ()) for c in (CONFIG, long) for s in range(30)]
    wanted.append(works.Work(ALONE, ()))
    parts = works.parts(wanted, "cpu")
    assert [len(part) for part in parts] == [1, 15, 15, 15, 15] and parts[0][0].training == ALONE
    assert [part[0].training.epochs for part in parts[1:]] == [5, 5, 1, 1]
    assert all(len(part) == 1 for part in works.parts(wanted, "cuda"))
    assert math.ceil(30 / works.MOST_TOGETHER) == 2


def test_with_a_budget_the_first_runs_are_done_and_the_rest_is_no_error(tmp_path, monkeypatch):
    store, asked = Store(tmp_path), [run(dataclasses.replace(ALONE, seed=seed)) for seed in range(4)]
    assert sweeps.sweep(asked, store, budget=1e-9) == [] and not list(tmp_path.iterdir())
    learned = []

    class Two(sweeps.Budget):
        def allows(self, *runs):
            return runs[0].seed < 2

        def learn(self, run, seconds):
            learned.append((run, seconds > 0))

    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "Budget", Two)
        assert [r.run for r in sweeps.sweep(asked, store, budget=1.0)] == asked[:2]
    assert learned == [(each.training, True) for each in asked[:2]]
    assert [r.run for r in sweeps.sweep(asked, store, budget=1000.0)] == asked


MANY = [run(ALONE, POINTS, SCATTER), run(dataclasses.replace(ALONE, lr=1e30)), run(CONFIG), run(FACES)]


def test_a_device_that_trains_many_at_once_gives_the_results_of_one_after_the_other(tmp_path):
    """What a GPU does, here on the CPU: this process trains, and workers measure."""
    alone, at_once = Store(tmp_path / "alone"), Store(tmp_path / "at once")
    asked = [MANY[0], MANY[2]]
    expected = sweeps.sweep(asked, alone)
    budget = sweeps.Budget(math.inf)
    failures = sweeps._do_at_once(sweeps.missing(MANY, at_once), at_once, [], 2, "cpu", budget)
    assert len(failures) == 2 and any("no evaluation 'points'" in failure for failure in failures)
    for ours, theirs in zip([at_once.result(each) for each in asked], expected, strict=True):
        assert (ours.metrics, ours.curves) == (theirs.metrics, theirs.curves)
        assert ours.trained.together > 1 == theirs.trained.together
    (path := at_once.folder(ALONE) / "points.json").unlink()
    assert sweeps._do_at_once(sweeps.missing(asked, at_once), at_once, [], 1, "cpu", budget) == []
    assert path.is_file() and at_once.result(MANY[0]).metrics == expected[0].metrics


def test_workers_are_replaced_when_one_is_killed_and_no_sweep_after_them_gets_them():
    """joblib keeps one set of workers for its calls; ours have another beginning, and are gone."""
    joblibs = reusable_executor._executor
    with processes.Processes(1) as workers:
        first = workers.submit(os.getpid).result()
        killed = workers.submit(os.kill, first, signal.SIGKILL)
        with pytest.raises(TerminatedWorkerError):
            killed.result()
        second = workers.submit(os.getpid).result()
    assert second != first and reusable_executor._executor is joblibs
    while psutil.pid_exists(second):
        time.sleep(0.01)


def test_what_is_trained_when_the_time_is_over_stays_to_be_measured(tmp_path, monkeypatch):
    class Over(sweeps.Budget):
        def left(self):
            return 0.0

        def allows(self, *runs):
            return True

    store, asked = Store(tmp_path), [run(dataclasses.replace(ALONE, seed=seed)) for seed in range(9)]
    # workers that have not begun when the time is over
    monkeypatch.setattr(processes.Processes, "submit", lambda *_: Future())
    assert sweeps._do_at_once(sweeps.missing(asked, store), store, [], 1, "cpu", Over(1.0)) == []
    assert all(store.trained(each.training) and store.weights(each.training).is_file() for each in asked)
    assert all(store.lacking(each) for each in asked)
    monkeypatch.setattr(sweeps, "train", lambda *_: pytest.fail("it trains"))
    assert len(sweeps.sweep(asked, store)) == 9
