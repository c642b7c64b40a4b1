"""Training, records, the store and sweeps: what happens, and what happens when it goes wrong."""

import copy
import dataclasses
import json
import math
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jaxtyping
import joblib
import numpy as np
import psutil
import pytest
import torch

from intelvae import checks, side_by_side, training
from intelvae.data import DataError, files
from intelvae.models import VAE
from intelvae.paper import bench, builder, experiments, runs, tasks
from intelvae.paper.records import CHECKOUT, Record, RunConfig, Store, edition, store_of

CONFIG = RunConfig("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")
ALONE = RunConfig("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse", gamma=1.0)


@pytest.fixture(scope="module")
def trained() -> tuple[Record, VAE]:
    return runs.run(CONFIG)


@pytest.fixture
def record(trained) -> Record:
    return trained[0]


def test_one_config_gives_the_same_record_twice_and_leaves_the_global_generator_alone(record):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    again, _ = runs.run(CONFIG)
    assert torch.equal(before, torch.random.get_rng_state())
    assert again.metrics == record.metrics and again.curves == record.curves and again.artifacts == record.artifacts


def test_another_seed_gives_another_result(record):
    assert runs.run(dataclasses.replace(CONFIG, seed=1))[0].metrics != record.metrics


def test_a_seed_is_that_of_the_weights_and_of_the_data():
    for seed in (0, 1):
        config = dataclasses.replace(CONFIG, seed=seed, epochs=1, steps_per_epoch=1, lr=0.0)
        with training.seeded(seed):
            _, expected, order = runs.prepare(config)
        assert order.initial_seed() == seed
        _, model = runs.run(config)  # a learning rate of 0 leaves the weights as they begin
        assert all(torch.equal(p, q) for p, q in zip(model.parameters(), expected.parameters(), strict=True))


def test_beta_weighs_the_kl_with_a_warm_up_and_without():
    assert [training.weight_of_kl(epoch, 0.5, 0) for epoch in (0, 9)] == [0.5, 0.5]
    assert [training.weight_of_kl(epoch, 0.5, 2) for epoch in (0, 1, 2, 9)] == [0.0, 0.25, 0.5, 0.5]
    light, heavy = (runs.run(dataclasses.replace(CONFIG, lr=0.01, beta=beta))[0] for beta in (0.01, 100.0))
    assert heavy.curves["valid_kl"][-1] < light.curves["valid_kl"][-1]


def test_training_raises_the_elbo(record):
    longer, _ = runs.run(dataclasses.replace(CONFIG, epochs=6, steps_per_epoch=100))
    assert longer.curves["valid_elbo"][-1] > record.curves["valid_elbo"][0]


def test_records_have_a_place_outside_a_checkout_too(monkeypatch, tmp_path):
    monkeypatch.delenv("INTELVAE_RUNS", raising=False)
    assert store_of("laptop").root == CHECKOUT / "data" / "runs"
    monkeypatch.setattr("intelvae.data.files.checkout", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_of("laptop").root == tmp_path / ".local" / "share" / "intelvae" / "runs"


def test_the_key_sees_every_field():
    keys = {CONFIG.key}
    fields = dataclasses.fields(RunConfig)
    for field in fields:
        other = copy.copy(CONFIG)
        object.__setattr__(other, field.name, "another value")  # past the checks, which allow no value for all fields
        keys.add(other.key)
    assert len(keys) == len(fields) + 1


def test_every_published_record_is_found_under_its_key():
    published = Store(CHECKOUT / "data" / "runs")
    paths = sorted(published.root.glob("*.json"))
    assert paths
    for path in paths:
        assert published.path(Record.from_json(path.read_text(encoding="utf-8")).config) == path


def test_options_may_be_given_as_a_dict_in_any_order():
    one = dataclasses.replace(CONFIG, mapping_options={"a": [1, 2], "b": 3})
    other = dataclasses.replace(CONFIG, mapping_options={"b": 3, "a": (1, 2)})
    assert one == other and hash(one) == hash(other) and one.key == other.key


def test_where_the_records_are(monkeypatch, tmp_path):
    monkeypatch.delenv("INTELVAE_RUNS", raising=False)
    assert store_of("laptop").root == CHECKOUT / "data" / "runs"
    assert store_of("smoke").root == CHECKOUT / "_build" / "runs" / edition()  # of the code that there is
    monkeypatch.chdir(tmp_path)  # as a notebook's kernel, which runs in the notebook's folder
    for text, folder in (("mine", CHECKOUT / "mine"), ("~/mine", Path.home() / "mine"), (str(tmp_path), tmp_path)):
        monkeypatch.setenv("INTELVAE_RUNS", text)
        assert store_of("smoke").root == store_of("laptop").root == folder


def edited(record, **changes):
    """The text of `record` with other fields, None for one that is left out."""
    fields = json.loads(record.to_json()) | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None})


NOT_RECORDS = {
    "empty": (lambda r: "", "no whole record .* move the file away"),
    "cut": (lambda r: r.to_json()[:-50], "no whole record .* move the file away"),
    "a list": (lambda r: "[]", "no whole record .* move the file away"),
    "a field less": (lambda r: edited(r, metrics=None), "no whole record .* move the file away"),
    "a field more": (lambda r: edited(r, cost=1), "another version of intelvae .the field 'cost'.: use that one"),
    "a setting more": (
        lambda r: edited(r, config=dataclasses.asdict(r.config) | {"flow": 1}),
        "another version of intelvae .the field 'flow'.: use that one",
    ),
    "other semantics": (lambda r: edited(r, semantics=2), "another version of intelvae .semantics 2, here they are 1"),
    "another key": (lambda r: edited(r, key="0" * 16), "its config has the key .*, and it says 0000"),
    "another config": (lambda r: dataclasses.replace(r, config=OTHER).to_json(), "the record of another config"),
}
OTHER = dataclasses.replace(CONFIG, seed=5)


@pytest.mark.parametrize("case", NOT_RECORDS)
def test_a_file_that_is_not_the_record_is_named_and_nobody_is_told_to_delete_it(case, record, tmp_path):
    store, (make, message) = Store(tmp_path), NOT_RECORDS[case]
    store.path(CONFIG).write_text(make(record), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        store.get(CONFIG)
    assert str(caught.value).startswith(str(store.path(CONFIG)))
    assert "delete" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_write_that_fails_leaves_nothing_and_says_what_to_do(trained, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match=r"No space.*make room, or set INTELVAE_RUNS"):
        Store(tmp_path).put(*trained)
    assert not list(tmp_path.iterdir())


def test_a_store_that_cannot_be_written_stops_a_sweep_before_it_trains(tmp_path):
    (tmp_path / "file").touch()
    endless = dataclasses.replace(CONFIG, epochs=10**9)
    with pytest.raises(OSError, match="cannot be written"):
        runs.sweep([endless], Store(tmp_path / "file"))


def test_a_sweep_runs_what_is_missing_and_only_that(tmp_path):
    store = Store(tmp_path)
    configs = [dataclasses.replace(CONFIG, seed=s, epochs=1, steps_per_epoch=2) for s in range(3)]
    first = runs.sweep(configs, store)
    assert [r.config for r in first] == configs
    times = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.json")}
    store.path(configs[1]).unlink()
    runs.sweep(configs, store)
    again = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.json")}
    assert {p for p in times if times[p] != again[p]} == {store.path(configs[1])}


@pytest.mark.parametrize("moment", [0.5, 2.0, 6.0])
def test_workers_end_with_the_sweep_that_started_them(moment, tmp_path):
    """Killed without a chance to clean up, as by the system when memory runs out: also while workers are starting."""
    code = (
        "import sys; from intelvae import runs; from intelvae.paper.records import RunConfig, Store;"
        "c = [RunConfig('mnist', 'mathieu', 50, 'gaussian', 1000, seed=s, smoke_data=True) for s in (0, 1)];"
        f"print('ready', flush=True); runs.sweep(c, Store({str(tmp_path)!r}), jobs=2)"
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
    monkeypatch.setattr(files, "checkout", lambda: None)
    tasks._faces.cache_clear()
    store, short = Store(tmp_path / "runs"), dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    faces = RunConfig("celeba", "faces", 2, "gaussian", epochs=1)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed: VAE on celeba .* not found in .*mmlab"):
        runs.sweep([faces, short], store)
    assert store.get(short) is not None


def test_a_cache_that_cannot_be_written_does_not_stop_the_others(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(files.CACHE_VARIABLE, str(tmp_path / "file"))
    tasks._faces.cache_clear()
    store, short = Store(tmp_path / "runs"), dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    faces = RunConfig("celeba", "faces", 2, "gaussian", epochs=1, smoke_data=True)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed: .*set INTELVAE_CACHE to another"):
        runs.sweep([faces, short], store)
    assert store.get(short) is not None


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied", "some file")

    monkeypatch.setattr(tasks, "_faces", denied)
    store, short = Store(tmp_path), dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    faces = RunConfig("celeba", "faces", 2, "gaussian", epochs=1)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed: .*Permission denied"):
        runs.sweep([faces, short], store)
    assert store.get(short) is not None


@pytest.mark.parametrize(
    ("prior", "options", "message"),
    [
        ("vamp", {}, "missing a required argument: 'components'"),
        ("vamp", {"components": 0}, "cannot start 0 pseudo-inputs"),
        ("vamp", {"components": 1001}, "cannot start 1001 pseudo-inputs from 1000 examples"),
        ("vamp", {"components": 101, "blend": 10}, "101 pseudo-inputs, each the mean of 10, from 1000 examples"),
        ("vamp", {"components": 5, "blend": 0}, "5 pseudo-inputs, each the mean of 0, from 1000 examples"),
        ("vamp", {"components": 5, "radius": 2.0}, "unexpected keyword argument 'radius'"),
        ("mog", {"weight": 0.5}, "unexpected keyword argument 'weight'"),
        ("sparse", {"components": 2}, "unexpected keyword argument 'components'"),
    ],
)
def test_a_prior_with_options_that_do_not_fit_is_refused(prior, options, message):
    with pytest.raises(ValueError, match=message):
        runs.run(dataclasses.replace(CONFIG, mapping="identity", prior=prior, prior_options=options))


@pytest.mark.parametrize("part", ["prior", "posterior", "model"])
def test_options_of_a_part_that_takes_none_are_refused(part):
    with pytest.raises(ValueError, match=f"the {part} '.*' takes no options: .'components': 5"):
        dataclasses.replace(CONFIG, **{f"{part}_options": {"components": 5}})


def test_equal_numbers_give_equal_configs(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users have no run-time types
    config = dataclasses.replace(CONFIG, seed=2, gamma=1.0, mapping_options={"eps": 0.5, "k": [3]})
    numpys = {"eps": np.float64(0.5), "k": [np.int64(3)]}
    same = dataclasses.replace(CONFIG, seed=np.int64(2), gamma=1, mapping_options=numpys)
    assert same == config and same.key == config.key
    for name, value in (("beta", math.nan), ("lr", "fast"), ("epochs", "3"), ("seed", 0.5)):
        with pytest.raises(ValueError, match=f"{name} must be a .*number .*not {value!r}"):
            dataclasses.replace(CONFIG, **{name: value})
    for name in ("latent_dim", "epochs", "batch_size", "steps_per_epoch"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number >= 1, not 0"):
            dataclasses.replace(CONFIG, **{name: 0})


def test_a_run_leaves_the_number_of_threads_as_it_was():
    before = torch.get_num_threads()
    runs.run(dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=1), threads=before + 1)
    assert torch.get_num_threads() == before


def test_no_jobs_take_what_is_there_and_run_nothing(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users have no run-time types
    store = Store(tmp_path)
    both = [CONFIG, dataclasses.replace(CONFIG, seed=1)]
    with pytest.raises(ValueError, match="none of the 2 runs"):
        runs.sweep(both, store, jobs=0)
    store.put(*trained)
    assert [r.config for r in runs.sweep(both, store, jobs=0)] == [CONFIG]
    for jobs in (-1, 0.5, "2"):
        with pytest.raises(ValueError, match=f"jobs must be a whole number >= 0, not {jobs!r}"):
            runs.sweep(both, store, jobs=jobs)


def test_a_diverging_run_is_reported_and_the_others_are_kept(tmp_path):
    good = dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    bad = dataclasses.replace(good, lr=1e30, steps_per_epoch=50)
    with pytest.raises(training.TrainingError, match=r"1 of 2 runs failed.*InteL-VAE on circle.*step \d+"):
        runs.sweep([bad, good], Store(tmp_path))
    assert Store(tmp_path).get(good) is not None


ERRORS = (RuntimeError, torch.OutOfMemoryError, MemoryError, KeyError, ZeroDivisionError)


@pytest.mark.parametrize(("half", "error"), [*(("train", error) for error in ERRORS), ("measure", RuntimeError)])
def test_whatever_a_run_raises_the_others_go_on_and_it_is_tried_again(half, error, tmp_path, monkeypatch):
    store = Store(tmp_path)
    toys = [dataclasses.replace(CONFIG, seed=seed, epochs=1, steps_per_epoch=2) for seed in (0, 1)]
    bad, whole = {ALONE, toys[1]}, getattr(runs, half)

    def fails(first, *rest):
        if (first if half == "train" else first.config) in bad:
            raise error("out of\nwhatever it was")
        return whole(first, *rest)

    def one_by_one(*_):
        raise error("the group")

    monkeypatch.setattr(runs, half, fails)
    if half == "train":
        monkeypatch.setattr(runs, "_together", one_by_one)
    with pytest.raises(training.TrainingError) as caught:
        runs.sweep([ALONE, *toys], store)
    told = str(caught.value).splitlines()
    assert "2 of 3 runs failed" in told[0] and len(told) == 3
    assert all(f"{error.__name__}: " in line and "out of" in line for line in told[:2])
    assert [store.get(config) is None for config in (ALONE, *toys)] == [True, False, True]
    monkeypatch.setattr(runs, half, whole)
    assert len(runs.sweep([ALONE, *toys], store)) == 3


def test_a_model_that_cannot_be_measured_is_kept_and_not_trained_again(tmp_path, monkeypatch):
    store, short = Store(tmp_path), dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    undisturbed = {record.config: record for record in runs.sweep([short, ALONE], Store(tmp_path / "twins"))}

    def broken(*_):
        raise ValueError("no such classifier")

    with monkeypatch.context() as patch:
        patch.setattr(tasks.ToyTask, "evaluate", broken)
        with pytest.raises(training.TrainingError, match="2 of 2 runs failed"):
            runs.sweep([short, ALONE], store)
    assert not list(tmp_path.glob("*.json"))  # nothing that looks like a record
    monkeypatch.setattr(training, "fit", broken)
    for record in runs.sweep([short, ALONE], store):
        twin = undisturbed[record.config]
        assert record.metrics == twin.metrics and record.curves == twin.curves
    assert not list(tmp_path.glob("*.trained"))


def test_a_half_finished_run_that_is_damaged_is_trained_again(tmp_path):
    store, short = Store(tmp_path), dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    record, model, _ = runs.train(short)
    store.put_trained(record, model)
    twin = runs.run(short)[0]
    assert store.trained(short) == record
    for damaged in (store.path(short).with_suffix(".trained"), store.weights(short)):
        damaged.write_text("{", encoding="utf-8")
        assert runs.run(short, store=store)[0].metrics == twin.metrics  # and keeps the model anew
        assert store.trained(short).curves == record.curves


def test_a_model_that_another_version_trained_is_measured_and_the_record_says_so(tmp_path):
    store, short = Store(tmp_path), dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=2)
    record, model, _ = runs.train(short)
    store.put_trained(dataclasses.replace(record, commit="0123456789ab"), model)
    measured, _ = runs.run(short, store=store)
    assert measured.code == f"0123456789ab (measured at {runs.commit()})"


def test_threads_of_a_process_take_turns_and_get_the_numbers_of_a_run_alone(tmp_path):
    configs = [dataclasses.replace(CONFIG, seed=seed) for seed in range(4)]
    configs += [dataclasses.replace(c, precision="float64") for c in configs[:2]]
    alone = [runs.run(config)[0] for config in configs]
    with ThreadPoolExecutor(4) as pool:
        beside = [record for record, _ in pool.map(runs.run, configs)]
    with joblib.parallel_config("threading"):  # as on a worker of dask with several threads
        swept = runs.sweep([dataclasses.replace(c, precision="float64") for c in configs[:2]], Store(tmp_path), jobs=2)
    for a, b in zip([*alone, *alone[4:]], [*beside, *swept], strict=True):
        assert (a.metrics, a.curves, a.threads) == (b.metrics, b.curves, b.threads) or b.together > 1
    assert torch.get_default_dtype() == torch.float32


def test_a_record_says_how_many_threads_it_took():
    short = dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=1)
    assert runs.run(short, threads=1)[0].threads == 1
    record, _ = runs.run_together([short, dataclasses.replace(short, seed=1)])[0]
    assert record.threads == 1 and Record.from_json(record.to_json()) == record


def test_weights_of_features_that_are_missing_stop_a_run_before_it_trains(tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_INCEPTION", str(tmp_path / "not.pth"))
    monkeypatch.setattr(training, "fit", lambda *_, **__: pytest.fail("it trains"))
    for data, network in (("mnist", "mathieu"), ("celeba", "mathieu")):
        config = RunConfig(data, network, 2, "gaussian", 1, smoke_data=True, features="inception")
        with pytest.raises(DataError, match=r"not.pth: weights cannot be read"):
            runs.run(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": "moons"}, "unknown data 'moons'"),
        ({"mapping": "torus"}, "torus"),
        ({"mapping_options": {"radius": 1}}, "radius"),
        ({"network": "resnet"}, "unknown network"),
        ({"likelihood": "poisson"}, "unknown likelihood"),
        ({"mapping": "clusters", "mapping_options": {"k": 3}, "latent_dim": 1}, "3"),
    ],
)
def test_a_config_that_does_not_fit_gets_one_clear_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        runs.run(dataclasses.replace(CONFIG, **change))
    assert "\n" not in str(caught.value)


def test_unknown_prior_profile_and_experiment():
    with pytest.raises(ValueError, match="unknown prior"):
        dataclasses.replace(CONFIG, prior="flow")
    with pytest.raises(ValueError, match="unknown profile"):
        experiments.grid("connectivity", "huge")
    with pytest.raises(ValueError, match="unknown experiment"):
        experiments.grid("table9", "smoke")


@pytest.mark.parametrize("name", experiments.NAMES)
@pytest.mark.parametrize("profile", experiments.PROFILES)
def test_every_grid_has_distinct_runs_whose_seeds_can_be_chosen(name, profile):
    configs = experiments.grid(name, profile)
    assert len({c.key for c in configs}) == len(configs)
    assert {c.seed for c in experiments.grid(name, profile, [41, 42])} == {41, 42}


def test_an_experiment_beside_a_page_may_have_no_records(tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    assert experiments.records("gap", "laptop", jobs=0, beside=True) == []
    with pytest.raises(ValueError, match="none of the 9 runs"):
        experiments.records("gap", "laptop", jobs=0)


def test_a_page_that_compares_every_setting_says_how_many_have_no_run(tmp_path, monkeypatch):
    published = store_of("laptop")
    *some, last = experiments.grid("hierarchy", "laptop", [1])
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    for config in some:
        shutil.copy(published.path(config), tmp_path)
    assert len(experiments.records("hierarchy", "laptop", jobs=0)) == 2
    with pytest.raises(ValueError, match="1 of the 3 settings of hierarchy have no run yet"):
        experiments.records("hierarchy", "laptop", jobs=0, every=True)
    shutil.copy(published.path(last), tmp_path)
    assert len(experiments.records("hierarchy", "laptop", jobs=0, every=True)) == 3  # one seed of each is enough


def test_other_features_are_those_of_runs_that_are_judged_on_any():
    for experiment in experiments.NAMES:
        plain, other = (experiments.grid(experiment, "laptop", features=f) for f in (None, "inception"))
        featured = {c.data for c in plain} & {"mnist", "fashion-mnist", "celeba"}
        assert {c.data for c, d in zip(plain, other, strict=True) if c != d} == featured
        assert all(dataclasses.replace(d, features=c.features) == c for c, d in zip(plain, other, strict=True))
    with pytest.raises(ValueError, match="unknown features 'vgg'"):
        experiments.grid("table1", "laptop", features="vgg")


def test_fit_stops_early_on_validation_and_gives_the_best_weights_back():
    config = dataclasses.replace(CONFIG, lr=0.3, epochs=30, steps_per_epoch=5, patience=2)
    record, model = runs.run(config)
    curve = record.curves["valid_elbo"]
    best = int(record.metrics["best_epoch"])
    assert len(curve) < 30 and best == curve.index(max(curve)) == len(curve) - 3
    with training.seeded(0):
        again = training.evaluate(model, runs.task(config).valid).elbo.mean().item()
    assert again == pytest.approx(curve[best], abs=0.3)  # one sample of y each, over 2,000 points


def test_an_example_is_evaluated_as_if_it_were_alone():
    """In training, batch normalisation lets the examples of a batch depend on one another."""
    images = RunConfig("mnist", "mathieu", 2, "gaussian", 1)
    model = builder.build(images, (1, 32, 32), torch.zeros(1, 1, 32, 32))
    x = torch.rand(10, 1, 32, 32)
    together, apart = (training.evaluate(model, x, batch_size=size).kl for size in (10, 3))
    torch.testing.assert_close(together, apart)  # rounding: the KL divergence of Gaussians has no noise in it
    assert model.training


def test_fit_refuses_settings_that_do_not_fit():
    model = builder.build(CONFIG, (2,), torch.zeros(1, 2))
    x = torch.zeros(10, 2)
    with pytest.raises(ValueError, match="needs steps_per_epoch"):
        training.fit(model, lambda n, generator: x, x, epochs=1, batch_size=5)
    with pytest.raises(ValueError, match=r"an epoch of 15 examples \(3 x 5\) exceeds the 10"):
        training.fit(model, x, x, epochs=1, batch_size=5, steps_per_epoch=3)
    with pytest.raises(ValueError, match="an epoch of 50"):
        training.fit(model, x, x, epochs=1, batch_size=50)


def test_an_epoch_of_a_tensor_may_end_early():
    seen = list(training._batches(torch.arange(10.0), 3, 2, torch.Generator().manual_seed(0), torch.device("cpu")))
    whole = list(training._batches(torch.arange(10.0), 3, None, torch.Generator().manual_seed(0), torch.device("cpu")))
    assert [len(batch) for batch in seen] == [3, 3] and [len(batch) for batch in whole] == [3, 3, 3]
    assert torch.equal(torch.cat(seen), torch.cat(whole)[:6])


@pytest.mark.parametrize(
    ("train", "valid", "message"),
    [
        (torch.zeros(10, 1, 2), torch.zeros(10, 1, 2), r"makes examples of shape \(2,\), the data have \(1, 2\)"),
        (torch.zeros(10, 3), torch.zeros(10, 3), r"does not take examples of shape \(3,\)"),
        (torch.zeros(10, 2), torch.zeros(10, 1, 2), r"training data have shape \(10, 2\), the validation"),
        (torch.zeros(10, 2), torch.zeros(0, 2), "validation data have shape .* there must be some"),
        (torch.zeros(10, 2).double(), torch.zeros(10, 2), "training data are torch.float64: make them torch.float32"),
    ],
)
def test_fit_refuses_data_that_the_model_is_not_made_for(train, valid, message):
    model = builder.build(CONFIG, (2,), torch.zeros(1, 2))
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(ValueError, match=message):
        training.fit(model, train, valid, epochs=1, batch_size=5)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


BAD = {
    "a table of N(0, 1)": (torch.randn(5000, 2, generator=torch.Generator().manual_seed(0)), "from 0 to 1"),
    "bytes as floats": (torch.full((5000, 2), 255.0), "from 0 to 1"),
    "NaN": (torch.full((5000, 2), torch.nan), "NaN or infinity"),
    "infinity": (torch.full((5000, 2), torch.inf), "NaN or infinity"),
}


@pytest.mark.parametrize("side", [False, True])
@pytest.mark.parametrize("where", ["training", "drawn", "validation"])
@pytest.mark.parametrize("kind", BAD)
def test_data_that_are_not_finite_or_outside_the_support_are_refused(kind, where, side):
    likelihood = "gaussian" if kind in ("NaN", "infinity") else "bernoulli"
    model = builder.build(dataclasses.replace(CONFIG, likelihood=likelihood), (2,), torch.zeros(1, 2))
    (bad, message), good = BAD[kind], torch.full((5000, 2), 0.5)
    spoilt = good.clone()
    spoilt[4321], spoilt[4700:4702] = bad.abs()[0] + 1, bad.abs()[0] + 1  # in the second chunk
    train, valid = (good, spoilt) if where == "validation" else (spoilt, good)
    before = [p.clone() for p in model.parameters()]

    def draw(n, generator):
        return train[-n:]

    line = f"the {'validation' if where == 'validation' else 'training'} data have .*{message}.* in 3 of 5000 examples"
    with pytest.raises(ValueError, match=f"{line}, the first of them example 4321$"):
        if side:
            order, noise = torch.Generator(), torch.Generator()
            member = side_by_side.Member(model, draw, valid, order, noise)
            side_by_side.fit([member], epochs=1, batch_size=2500, steps_per_epoch=2)
        elif where == "drawn":
            training.fit(model, draw, valid, epochs=1, batch_size=2500, steps_per_epoch=2)
        else:
            training.fit(model, train, valid, epochs=1, batch_size=2500)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


class Boolean(torch.nn.Module):
    """Torch's own Bernoulli, which has no grey."""

    def forward(self, h):
        return torch.distributions.Independent(torch.distributions.Bernoulli(logits=h), h.ndim - 1)


def test_bytes_and_grey_pixels_are_in_the_support_and_what_has_none_is_let_through():
    model = builder.build(dataclasses.replace(CONFIG, likelihood="bernoulli"), (2,), torch.zeros(1, 2))
    grey = torch.arange(256, dtype=torch.uint8).reshape(128, 2)
    support = checks.check_data(model, grey, grey)
    assert checks.check_data(model, grey / 255, grey / 255) is not None
    checks.check_examples(support, "training", grey)
    model.decoder[1] = Boolean()
    black = (grey > 99).to(torch.uint8) * 255
    checks.check_data(model, black, black.float() / 255)
    with pytest.raises(ValueError, match=r"support, .*, in 128 of 128 examples, the first of them example 0"):
        checks.check_data(model, grey, black)

    class Silent(torch.distributions.Distribution):
        pass

    assert checks.support_of(Silent(validate_args=False)) is None
    assert checks.support_of(torch.distributions.Normal(0.0, 1.0)) is not None
    assert model.training  # as it was


def test_packed_images_survive():
    pixels = torch.randint(0, 256, (3, 1, 5, 5), dtype=torch.uint8)
    assert torch.equal(tasks.unpack(json.loads(json.dumps(tasks.pack(pixels)))), pixels)


def test_deterministic_training_ends_with_the_algorithms_that_were_there_before():
    def algorithms(epoch, history):
        seen.append(torch.are_deterministic_algorithms_enabled())

    seen = []
    for deterministic in (True, False):
        model = bench.Case("mlp", (2,), 2, steps=1).model()
        x = torch.zeros(10, 2)
        training.fit(model, x, x, epochs=1, batch_size=5, deterministic=deterministic, on_epoch=algorithms)
        seen.append(torch.are_deterministic_algorithms_enabled())
    assert seen == [True, False, False, False]


def test_the_training_curve_is_the_elbo_without_penalties():
    config = RunConfig("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse", lr=0.0)
    with_penalty = dataclasses.replace(config, gamma=1000.0)
    curves = [runs.run(c)[0].curves["train_elbo"] for c in (config, with_penalty)]
    assert curves[0] == curves[1]
