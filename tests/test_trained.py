"""Models that were trained: they come back from their weights, and are measured anew."""

import dataclasses

import pytest
import torch

from intelvae.models import VAE
from intelvae.paper import runs, trained
from intelvae.paper.records import Record, RunConfig, Store

CONFIG = RunConfig("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")


@pytest.fixture(scope="module")
def done() -> tuple[Record, VAE]:
    return runs.run(CONFIG)


def test_a_record_and_its_model_survive_the_store(done, tmp_path):
    store, (record, model) = Store(tmp_path / "runs"), done
    store.put(record, model)
    assert store.get(CONFIG) == record
    assert {p.name for p in store.root.iterdir()} == {f"{CONFIG.key}.json", f"{CONFIG.key}.safetensors"}
    again, x = trained.load(CONFIG, store), runs.task(CONFIG).test
    assert torch.equal(again.represent(x), model.represent(x))


def test_a_vamp_prior_survives_the_store(tmp_path):
    config = dataclasses.replace(CONFIG, mapping="identity", prior="vamp", prior_options={"components": 5})
    record, model = runs.run(config)
    Store(tmp_path).put(record, model)
    again = trained.load(config, Store(tmp_path))
    y = torch.zeros(1, 2)
    assert torch.equal(again.prior().log_prob(y), model.prior().log_prob(y))


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"no weights of InteL-VAE on circle.*runs\.run"):
        trained.load(CONFIG, Store(tmp_path))


def test_a_model_is_measured_again_from_its_weights(done, tmp_path):
    first, model = done
    config, store = first.config, Store(tmp_path)
    with pytest.raises(ValueError, match="no weights of these runs"):
        trained.remeasure([config], store)
    old = dataclasses.replace(first, metrics={"best_epoch": first.metrics["best_epoch"], "gone": 1.0})
    store.put(old, model)
    with pytest.raises(ValueError, match="jobs must be a whole number >= 1, not 0"):
        trained.remeasure([config], store, jobs=0)
    other = dataclasses.replace(config, seed=1)
    (again,) = trained.remeasure([config, other], store)
    assert again == store.get(config)
    assert again.metrics == pytest.approx(first.metrics, rel=1e-4)  # the same draws, in another order of sums
    assert again.measured_at and not first.measured_at
    assert (again.curves, again.commit, again.seconds) == (first.curves, first.commit, first.seconds)
    assert trained.remeasure([config], store) == [again]


def test_damaged_weights_do_not_stop_the_measurement_of_the_others(done, tmp_path):
    first, model = done
    store, damaged = Store(tmp_path), dataclasses.replace(first, config=dataclasses.replace(first.config, seed=1))
    for record in (damaged, first):
        store.put(record, model)
    weights = store.path(damaged.config).with_suffix(".safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(RuntimeError, match=f"1 of 2 models could .*{weights.name} are not weights.*stays good"):
        trained.remeasure([damaged.config, first.config], store)
    assert store.get(first.config).measured_at and not store.get(damaged.config).measured_at


def test_other_features_are_measured_on_the_same_weights(done, tmp_path):
    first, model = done
    store = Store(tmp_path)
    store.put(first, model)
    config = dataclasses.replace(first.config, features="inception")
    (record,) = trained.remeasure([config], store)
    assert record == store.get(config) and record.commit == first.commit and record.measured_at
    again = trained.load(config, store)
    assert all(torch.equal(p, q) for p, q in zip(again.parameters(), model.parameters(), strict=True))
    assert store.get(first.config) == first
