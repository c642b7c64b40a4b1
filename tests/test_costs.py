"""What trainings cost: what a record says, and what steps tell of those that have none."""

import dataclasses

import pandas as pd
import pytest

from intelvae.paper import bench_gpu, costs, studies
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.results import Measured, Trained
from intelvae.paper.store import Store

CONFIG = Training("mnist", "mathieu", 2, "gaussian", epochs=10)  # 5,500 steps
ELBO = Evaluation("elbo")


def record(config=CONFIG, seconds=55.0, measured=(), **more):
    """The records of a training that took so long, and of evaluations that did."""
    told = {"threads": 1, "curves": {"valid_elbo": [-1.0] * config.epochs}} | more
    trained = Trained(
        training=config, best_epoch=0, seconds=seconds, device="cpu", versions={"torch": "2"}, commit="abc",
        date="2026-11-29", **told,
    )  # fmt: skip
    return trained, [Measured(config.key, e, {}, s, "abc", "2026-11-29") for e, s in measured]


def one_of_each_network(seconds_a_step=0.01):
    """A record for each network of the published profiles."""
    of = {config.network: config for profile in costs.PUBLISHED for config in costs.asked(profile)}
    return [record(config, bench_gpu.steps_of(config) * seconds_a_step) for config in of.values()]


def test_what_is_asked_is_each_training_once_with_the_first_experiment_and_all_that_any_measures():
    first, wanted = {}, {}
    for name in studies.BY_PRIORITY:
        for run in studies.runs(name, "laptop"):
            first.setdefault(run.training, name)
            wanted.setdefault(run.training, set()).update((*run.evaluations, *run.extras))
    asked = costs.asked("laptop")
    assert {config: experiment for config, (experiment, _) in asked.items()} == first
    assert {config: set(work.wanted) for config, (_, work) in asked.items()} == wanted
    assert all(work.train for _, work in asked.values())


def test_records_of_published_profiles_are_found_with_what_was_measured_of_them(tmp_path):
    config, (_, work) = next(iter(costs.asked("paper").items()))
    trained, (measured, _) = record(config, 5.0, [(work.wanted[0], 7.0), (work.wanted[1], 1.0)])
    other, _ = record(dataclasses.replace(CONFIG, seed=12345))  # nobody asks for it
    store = Store(tmp_path)
    store.adopt(trained, None)
    store.adopt(other, None)
    store.put_measured(config, measured)
    ((found, [its]),) = costs.known(store)
    assert found == trained and (its.evaluation, its.seconds) == (work.wanted[0], 7.0)


def test_a_cost_is_what_the_record_says_or_steps_times_the_time_of_one():
    found = one_of_each_network()
    known = next(config for config in costs.asked("paper") if config.network == "mathieu")
    found.append(record(known, 100.0, [(ELBO, 20.0)]))
    for cost in costs.of("paper", found):
        config = cost.work.training
        if cost.recorded:
            assert cost.seconds in (120.0, bench_gpu.steps_of(config) * 0.01)
        elif config.network == "faces":
            elbo = 20.0 * (ELBO in cost.work.wanted)
            assert cost.seconds == pytest.approx(bench_gpu.steps_of(config) * 0.01 + elbo)


def test_a_network_without_a_record_is_refused_in_one_line():
    with pytest.raises(ValueError, match="no training with the network 'mathieu' has a record") as error:
        costs.of("laptop", [])
    assert "\n" not in str(error.value)


def test_the_rate_is_the_median_of_those_most_alike():
    vsc = dataclasses.replace(CONFIG, model="vsc")
    rates = costs.Rates([record(seconds=s) for s in (11.0, 55.0, 5500.0)] + [record(vsc, 550.0)])
    longer = {"epochs": 20, "seed": 1}
    assert rates.training(dataclasses.replace(CONFIG, **longer)) == pytest.approx(110)
    assert rates.training(dataclasses.replace(vsc, **longer)) == pytest.approx(1100)
    clusters = dataclasses.replace(CONFIG, mapping="sparse", **longer)  # none like it, so all of the network
    assert rates.training(clusters) == pytest.approx(2 * (55 + 550) / 2)


def test_only_records_that_say_their_threads_tell_what_an_evaluation_takes():
    """In older ones it is part of the training."""
    old, new = record(measured=[(ELBO, 0.0)], threads=0), record(measured=[(ELBO, 8.0)])
    assert costs.Rates([old, old, new]).evaluation(ELBO) == 8.0
    assert costs.Rates([old]).evaluation(ELBO) == 0.0


def test_a_training_that_stopped_early_took_fewer_steps():
    trained, _ = record(curves={"valid_elbo": [-1.0] * 5})
    assert costs.steps_taken(trained) == bench_gpu.steps_of(CONFIG) / 2


def test_hours_of_an_experiment_are_those_of_its_trainings():
    known = costs.of("laptop", one_of_each_network())
    frame = costs.by_experiment(known)
    assert frame["trainings"].sum() == len(known) and set(frame.index) <= set(studies.NAMES)
    assert frame[["recorded", "estimated"]].sum().sum() * 3600 == pytest.approx(sum(cost.seconds for cost in known))


def test_each_record_is_told_from_others():
    longer = dataclasses.replace(CONFIG, epochs=20)
    faces = [Training("celeba", "faces", 2, "gaussian", 10, seed=seed) for seed in range(2)]
    toy = Training("circle", "mlp", 2, "gaussian", 1, steps_per_epoch=10)
    found = [record(seconds=55.0), record(longer, 220.0), record(faces[0], 10.0), record(faces[1], 30.0), record(toy)]
    told = costs.foretold(found)
    assert told["network"].tolist() == ["mathieu", "mathieu", "faces", "faces"]
    assert told["told"].tolist() == pytest.approx([110, 110, 30, 10])  # of faces from each other: 10 epochs have both
    assert told["seconds"].tolist() == [55, 220, 10, 30]
    assert costs.foretold([record()]).empty


def test_factors_do_not_know_which_is_larger():
    frame = pd.DataFrame({"told": [1.0, 2.0, 1.0], "seconds": [2.0, 1.0, 1.0]})
    assert costs.factors(frame, [0.9, 0.1]) == pytest.approx([2.0, 1.148698], abs=1e-6)
