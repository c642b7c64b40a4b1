"""Steps that a GPU can replay, and many runs that take turns: what can be told of both without a GPU."""

import dataclasses
import itertools

import pytest
import torch

from intelvae import flows, training
from intelvae.paper import builder, datasets, runs, studies
from intelvae.paper.config import Training
from intelvae.training.steps import Steps, asks_the_host

TOY = Training("circle", "mlp", 2, "learned-gaussian", epochs=3, steps_per_epoch=60, mapping="circle")
DIGITS = Training("mnist-01", "mathieu", 1, "gaussian", epochs=2, steps_per_epoch=3, batch_size=10, smoke_data=True)
MIXED = [
    TOY,
    dataclasses.replace(DIGITS, mapping="clusters", mapping_options={"k": 2, "learnable": True}, patience=1),
    dataclasses.replace(DIGITS, precision="float64", warmup=2, clip=1.0),
    dataclasses.replace(DIGITS, model="vsc", seed=3),
    dataclasses.replace(DIGITS, prior="vamp", prior_options={"components": 5}),
]


def kinds():
    """A run of each kind that is in a grid: what differs in numbers, seeds and data only is one kind."""
    asked = [run.training for name in studies.NAMES for run in studies.runs(name, "smoke")]

    def kind(config):
        parts = (config.network, config.likelihood, config.model, config.prior, config.posterior, config.mapping)
        options = (config.model_options, config.prior_options, config.posterior_options, config.mapping_options)
        told = [sorted((k, type(v), v if isinstance(v, str) else None) for k, v in dict(o).items()) for o in options]
        return repr(
            (
                parts,
                told,
                config.penalty,
                config.bound,
                bool(config.gamma),
                bool(config.alpha),
                config.clip,
                config.precision,
            )
        )

    first = {kind(config): config for config in reversed(asked)}
    return sorted(first.values(), key=str)


@pytest.mark.parametrize("config", kinds(), ids=str)
def test_a_step_of_every_kind_of_run_asks_the_host_for_nothing(config, monkeypatch):
    monkeypatch.setattr(flows, "ITERATIONS", {"cpu": flows.ITERATIONS["cuda"]})
    with training.default_dtype(runs.dtype(config)), training.seeded(0):
        data, model, order = runs.prepare(config)
        x = data.train(20, order) if callable(data.train) else data.train[:20]
        steps = Steps(model, x, config.objective, config.optimiser, precision="float32", steps=3, batch_size=5)
        model.train()
        steps.begin(torch.arange(15), 1.0)
        steps.take(2)
        steps.adam.step = lambda: None  # on a CPU it reads its own count of steps, on a GPU (`capturable`) it does not
        assert asks_the_host(lambda: steps.take(1)) == []
        assert steps.seen.isfinite().all() and steps.seen.all()


def test_what_a_graph_cannot_hold_is_told():
    x, mask = torch.ones(3), torch.tensor([True, False, True])
    for step in (lambda: x.sum().item(), lambda: x[mask], lambda: x * torch.tensor(2.0), lambda: bool(x.any())):
        assert asks_the_host(step)
    assert not asks_the_host(lambda: (x[torch.arange(2)], x.double(), torch.zeros_like(x), x.clamp(max=2)))


@pytest.mark.parametrize("at_once", [1, 2, 9])
def test_runs_that_take_turns_are_those_alone_to_the_bit(at_once):
    alone = [runs.train(config) for config in MIXED]
    state = torch.random.get_rng_state()
    found = dict(runs.train_concurrently(MIXED, "cpu", at_once=at_once))
    assert torch.equal(torch.random.get_rng_state(), state) and torch.get_default_dtype() == torch.float32
    assert found.keys() == set(MIXED)
    for config, (trained, model) in zip(MIXED, alone, strict=True):
        other, its_model = found[config]
        assert all(map(torch.equal, model.state_dict().values(), its_model.state_dict().values()))
        assert (trained.curves, trained.best_epoch) == (other.curves, other.best_epoch)
        assert other.together == min(at_once, len(MIXED))


def test_a_run_that_fails_does_not_stop_those_beside_it():
    diverges, not_there = dataclasses.replace(TOY, lr=1e30), dataclasses.replace(TOY, data="nowhere")
    found = dict(runs.train_concurrently([diverges, not_there, TOY], "cpu", at_once=3))
    assert isinstance(found[diverges], training.TrainingError) and "step" in str(found[diverges])
    assert isinstance(found[not_there], ValueError)
    assert found[TOY][0].curves == runs.train(TOY)[0].curves


def test_runs_are_made_when_their_turn_has_come():
    made = []

    def maker(config):
        def make():
            made.append(config)
            return runs._begin(config, "cpu").member

        return make

    ends = training.concurrent.fit([maker(dataclasses.replace(TOY, seed=seed)) for seed in range(3)], at_once=1)
    for count, (number, _) in enumerate(ends):
        assert number == count and len(made) == count + 1


def test_drawn_data_are_not_written_to():
    x = torch.randn(20, 2)
    before, model = x.clone(), builder.build(TOY, (2,), torch.zeros(1, 2))
    fresh = itertools.count()
    training.fit(model, lambda n, generator: x + 0 * next(fresh) if next(fresh) else x, x, training.Schedule(3, 10, 2))
    assert torch.equal(x, before)
    assert datasets.of(TOY).shape == (2,)
