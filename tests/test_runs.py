"""One training and what is measured of it: the same every time, and what is missing is said before it starts."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from intelvae import training
from intelvae.data import DataError, places
from intelvae.metrics import features
from intelvae.models import VAE
from intelvae.paper import evaluation, runs
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.results import Trained
from intelvae.paper.rows import SECOND
from intelvae.paper.store import Store

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")
POINTS = Evaluation("points")


@pytest.fixture(scope="module")
def done() -> tuple[Trained, VAE]:
    return runs.train(CONFIG)


def test_one_config_gives_the_same_twice_and_leaves_the_global_generator_alone(done):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    trained, model = runs.train(CONFIG)
    numbers = [runs.measure(CONFIG, POINTS, of).metrics for of in (model, done[1])]
    assert torch.equal(before, torch.random.get_rng_state())
    assert trained.curves == done[0].curves and numbers[0] == numbers[1]


def test_another_seed_gives_another_result(done):
    assert runs.train(dataclasses.replace(CONFIG, seed=1))[0].curves != done[0].curves


def test_a_seed_is_that_of_the_weights_and_of_the_data():
    for seed in (0, 1):
        config = dataclasses.replace(CONFIG, seed=seed, epochs=1, steps_per_epoch=1, lr=0.0)
        with training.seeded(seed):
            _, expected, order = runs.prepare(config)
        assert order.initial_seed() == seed
        _, model = runs.train(config)  # a learning rate of 0 leaves the weights as they begin
        assert all(torch.equal(p, q) for p, q in zip(model.parameters(), expected.parameters(), strict=True))


def test_beta_weighs_the_kl():
    light, heavy = (runs.train(dataclasses.replace(CONFIG, lr=0.01, beta=beta))[0] for beta in (0.01, 100.0))
    assert heavy.curves["valid_kl"][-1] < light.curves["valid_kl"][-1]


def test_training_raises_the_elbo(done):
    longer, _ = runs.train(dataclasses.replace(CONFIG, epochs=6, steps_per_epoch=100))
    assert longer.curves["valid_elbo"][-1] > done[0].curves["valid_elbo"][0]


def test_a_run_leaves_the_number_of_threads_as_it_was():
    before = torch.get_num_threads()
    runs.train(dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=1), threads=before + 1)
    assert torch.get_num_threads() == before


def test_a_record_says_how_many_threads_it_took():
    short = dataclasses.replace(CONFIG, epochs=1, steps_per_epoch=1)
    assert runs.train(short, threads=1)[0].threads == 1
    trained, _ = runs.train_together([short, dataclasses.replace(short, seed=1)])[0]
    assert trained.threads == 1 and Trained.from_json(trained.to_json()) == trained


def test_threads_of_a_process_take_turns_and_get_the_numbers_of_a_run_alone():
    configs = [dataclasses.replace(CONFIG, seed=seed) for seed in range(4)]
    configs += [dataclasses.replace(c, precision="float64") for c in configs[:2]]

    def all_of(config):
        trained, model = runs.train(config)
        return trained.curves, trained.threads, runs.measure(config, POINTS, model).metrics

    alone = [all_of(config) for config in configs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(all_of, configs)) == alone
    assert torch.get_default_dtype() == torch.float32


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"no weights of vae with mapping circle.* only results .*: set INTELVAE_RUNS"):
        runs.load(CONFIG, Store(tmp_path))


def test_weights_of_features_that_are_missing_are_named_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_INCEPTION", str(tmp_path / "not.pth"))
    for data in ("mnist", "celeba"):
        config = Training(data, "mathieu", 2, "gaussian", 1, smoke_data=True)
        with pytest.raises(DataError, match=r"not.pth: weights cannot be read"):
            evaluation.ready(Evaluation("samples", "inception"), config, "cpu")


def test_a_second_opinion_is_looked_for_before_anything_is_trained(tmp_path, monkeypatch):
    config = Training("mnist-01", "mathieu", 2, "gaussian", 1, smoke_data=True)
    with pytest.raises(ValueError, match="there is no classifier of celeba"):
        evaluation.ready(SECOND, dataclasses.replace(config, data="celeba"), "cpu")
    fashion = dataclasses.replace(config, data="fashion-mnist")
    evaluation.ready(SECOND, fashion, "cpu")
    lost = dataclasses.replace(features.get("mnist-classifier"), find=lambda: tmp_path / "lost.safetensors")
    monkeypatch.setitem(features.EXTRACTORS, "mnist-classifier", lost)
    with pytest.raises(DataError, match=r"weights cannot be read .*; run `git checkout intelvae/metrics/weights`"):
        evaluation.ready(SECOND, dataclasses.replace(config, data="mnist"), "cpu")
    evaluation.ready(SECOND, fashion, "cpu")


def test_a_run_stops_early_on_validation_and_gives_the_best_weights_back():
    config = dataclasses.replace(CONFIG, lr=0.3, epochs=30, steps_per_epoch=5, patience=2)
    trained, model = runs.train(config)
    curve = trained.curves["valid_elbo"]
    assert len(curve) < 30 and trained.best_epoch == curve.index(max(curve)) == len(curve) - 3
    with training.seeded(0):
        again = training.evaluate(model, runs.prepare(config)[0].valid).elbo.mean().item()
    assert again == pytest.approx(curve[trained.best_epoch], abs=0.3)  # one sample of y each, over 2,000 points


def test_the_training_curve_is_the_elbo_without_penalties():
    config = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse", lr=0.0)
    with_penalty = dataclasses.replace(config, gamma=1000.0)
    curves = [runs.train(c)[0].curves["train_elbo"] for c in (config, with_penalty)]
    assert curves[0] == curves[1]


def test_learned_masses_are_a_curve():
    mapping = {"mapping": "clusters", "mapping_options": {"k": 2, "learnable": True}}
    masses = runs.train(dataclasses.replace(CONFIG, data="mixture", **mapping))[0].curves["masses"]
    assert len(masses) == 2 and all(len(of) == 2 and sum(of) == pytest.approx(1, abs=1e-3) for of in masses)


def test_the_commit_is_a_checkouts_and_no_other_projects(monkeypatch):
    """An installed copy may lie in an environment that is within a checkout of anything."""
    monkeypatch.setattr(places, "checkout", lambda: None)
    monkeypatch.delenv("INTELVAE_COMMIT", raising=False)
    assert runs.commit() == "unknown"
    monkeypatch.setenv("INTELVAE_COMMIT", "0123456789ab")
    assert runs.commit() == "0123456789ab"
