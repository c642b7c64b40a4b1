"""Runs trained side by side are the runs that they are alone."""

import dataclasses

import pytest
import torch

from intelvae import bounds, training
from intelvae.paper import builder, datasets, runs, studies, sweeps
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import VAE as VAE_ROW
from intelvae.paper.rows import Row, Run
from intelvae.paper.store import Store
from intelvae.training import Schedule, side_by_side
from intelvae.training.side_by_side import Member

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=50, mapping="circle")
VAE = dataclasses.replace(CONFIG, mapping="identity")
VAMP = dataclasses.replace(VAE, prior="vamp", prior_options={"components": 30})
WARMUP = dataclasses.replace(VAE, warmup=2)
WIDE = dataclasses.replace(VAE, prior="wide")
FLOW = dataclasses.replace(CONFIG, mapping="coupling")
RENYI = dataclasses.replace(CONFIG, bound="renyi", bound_options={"samples": 5, "alpha": 0.5})
VAMP_IWAE = dataclasses.replace(VAMP, bound="iwae", bound_options={"samples": 3})
CLUSTERS = dataclasses.replace(CONFIG, data="mixture", mapping="clusters", mapping_options={"k": 2})

# 100 steps move a weight by 0.1. Two orders of adding up differ by some 1e-7, and for the smooth mappings still do
# after 100 steps. The slope of the clusters at their border is 1256: a run whose initial weights change by their last
# bit has been seen 5e-4 away after 100 steps, and one side by side 1e-3.
SMOOTH, STEEP = 1e-5, 1e-2


def metrics(config: Training, model) -> dict[str, float]:
    return runs.measure(config, Evaluation("points"), model).metrics


def vector(model) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach()


def member(config: Training) -> Member:
    """The member that `runs.train_together` makes of a config."""
    with training.seeded(config.seed):
        order = torch.Generator().manual_seed(config.seed)
        work = datasets.of(config)
        model = builder.build(config, (2,), work.train(1000, order))
        noise = torch.Generator()
        noise.set_state(torch.random.get_rng_state())
    return Member(model, work.train, work.valid, order, noise)


@pytest.mark.parametrize(
    ("config", "tolerance"),
    [
        (VAE, SMOOTH),
        (VAMP, SMOOTH),
        (CONFIG, SMOOTH),
        (CLUSTERS, STEEP),
        (WARMUP, SMOOTH),
        (WIDE, SMOOTH),
        (FLOW, SMOOTH),
        (RENYI, SMOOTH),
        (VAMP_IWAE, SMOOTH),
    ],
    ids=["VAE", "Vamp", "circle", "clusters", "warm-up", "wide", "flow", "Renyi", "Vamp on IWAE"],
)
def test_a_member_has_the_weights_and_the_record_of_the_run_alone(config, tolerance):
    configs = [dataclasses.replace(config, seed=1), dataclasses.replace(config, seed=2, data="star")]
    for own, (record, model) in zip(configs, runs.train_together(configs), strict=True):
        alone, expected = runs.train(own)
        torch.testing.assert_close(vector(model), vector(expected), atol=tolerance, rtol=0)
        assert record.training == own and record.together == 2 and alone.together == 1
        # one of the 2,000 points that a share is of may fall on the other side; steep weights reach the decoder's mean
        assert metrics(own, model) == pytest.approx(metrics(own, expected), abs=1e-3 if tolerance == SMOOTH else 0.1)
        for name, curve in alone.curves.items():
            assert record.curves[name] == pytest.approx(curve, abs=2e-4 if tolerance == SMOOTH else 0.1)


RINGS = [{"components": 4, "radius": radius} for radius in (2.0, 5.0)]
OTHER = {
    "other constants": ("mapping", dataclasses.replace(CLUSTERS, mapping_options={"k": 2, "c1": 0.1}), CLUSTERS),
    "another mapping": ("mapping", CONFIG, VAE),
    "another prior": ("prior", VAE, WIDE),
    "another buffer": ("prior.means", *(dataclasses.replace(VAE, prior="mog", prior_options=of) for of in RINGS)),
    "other layers": ("encoder.features.1", VAE, dataclasses.replace(VAE, network="mlp-50")),
}


@pytest.mark.parametrize("what", OTHER)
def test_members_that_differ_in_more_than_weights_are_refused(what):
    name, *configs = OTHER[what]
    with pytest.raises(ValueError, match=rf"may differ in trained weights only, and {name} of member 1 is not that"):
        side_by_side.fit([member(config) for config in configs], CONFIG.schedule)


@pytest.mark.parametrize("layer", [torch.nn.BatchNorm1d(10), torch.nn.Dropout(0.5)], ids=["batch norm", "dropout"])
def test_members_that_are_others_in_training_are_refused(layer):
    one = member(VAE)
    one.model.encoder.features.append(layer)
    with pytest.raises(ValueError, match=f"is a {type(layer).__name__}, which is another one in training"):
        side_by_side.fit([one], VAE.schedule)


def test_no_members_have_no_outcomes():
    assert side_by_side.fit([], CONFIG.schedule) == []


def test_members_stop_early_and_clip_their_own_gradient_as_alone():
    config = dataclasses.replace(CONFIG, lr=0.3, epochs=12, steps_per_epoch=5, patience=2, clip=0.5)
    configs = [dataclasses.replace(config, seed=s) for s in range(4)]
    lengths = set()
    for own, (record, model) in zip(configs, runs.train_together(configs), strict=True):
        alone, expected = runs.train(own)
        lengths.add(len(record.curves["valid_elbo"]))
        assert len(record.curves["valid_elbo"]) == len(alone.curves["valid_elbo"])
        assert metrics(own, model) == pytest.approx(metrics(own, expected), abs=1e-2)  # lr is 300 times as large
        torch.testing.assert_close(vector(model), vector(expected), atol=1e-3, rtol=0)
    assert len(lengths) > 1  # they did stop at different epochs


def test_one_that_diverges_gets_the_error_it_has_alone_and_the_others_do_not_notice():
    schedule = Schedule(2, steps_per_epoch=10)
    configs = [dataclasses.replace(CONFIG, seed=s) for s in range(3)]

    def broken(n: int, generator: torch.Generator) -> torch.Tensor:
        x = torch.randn(n, 2, generator=generator)
        x[730:] = 1e30  # finite, and its square is not
        return x

    members = [member(c) for c in configs]
    members[1] = dataclasses.replace(members[1], train=broken)
    first, error, third = side_by_side.fit(members, schedule)
    alone = member(configs[1])
    with pytest.raises(training.TrainingError, match="at step 7 ") as caught:
        training.fit(alone.model, broken, alone.valid, schedule, generator=alone.order)
    assert isinstance(error, training.TrainingError) and str(error) == str(caught.value)
    healthy = [member(c) for c in configs]
    assert side_by_side.fit(healthy, schedule)[0] == first and isinstance(third, training.History)
    for a, b in ((members[0], healthy[0]), (members[2], healthy[2])):
        assert torch.equal(vector(a.model), vector(b.model))


def test_a_sweep_stores_members_under_their_keys_and_names_those_that_diverge(tmp_path):
    good = [dataclasses.replace(CONFIG, seed=s, epochs=1, steps_per_epoch=2) for s in range(2)]
    bad = [dataclasses.replace(c, lr=1e30, steps_per_epoch=5) for c in good]
    good, bad = ([Run(Row("any", VAE_ROW), c, ()) for c in of] for of in (good, bad))
    with pytest.raises(training.TrainingError, match=r"2 of 4 runs failed.*on circle.*seed 0.*step \d+"):
        sweeps.sweep([*bad, *good], Store(tmp_path))
    found = [Store(tmp_path).trained(each.training) for each in good]
    assert [trained is not None and trained.together for trained in found] == [2, 2]
    assert [r.trained for r in sweeps.sweep(good, Store(tmp_path))] == found


def test_noise_takes_the_place_of_the_global_generators():
    model = member(CONFIG).model
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(1))
    with training.seeded(3):
        expected = bounds.terms(model, x)
    noise = torch.randn(100, 2, generator=torch.Generator().manual_seed(3))
    # the rounding of float32, in sums of a few nats
    torch.testing.assert_close(bounds.terms(model, x, noise), expected, atol=1e-5, rtol=0)


def test_the_work_of_a_sweep_holds_every_run_once_the_longest_part_first():
    asked = [run.training for name in ("connectivity", "multi-modality") for run in studies.runs(name, "laptop")]
    parts = [[w.training for w in part] for part in sweeps.parts([sweeps.Work(c, ()) for c in asked], "cpu")]
    assert sorted(c.key for part in parts for c in part) == sorted(c.key for c in asked)
    images = [c for c in asked if c.data == "mnist-01"]
    assert parts[: len(images)] == [[c] for c in images]
    toys = parts[len(images) :]
    assert [len(part) for part in toys] == [25, 25, 25, 25, 15, 15, 10, 10]
    assert all(len({runs.alike(c) for c in part}) == 1 for part in toys)


def test_what_does_not_go_together_is_run_alone():
    works = [sweeps.Work(c, ()) for c in (CONFIG, dataclasses.replace(CONFIG, seed=1))]
    assert all(len(part) == 1 for part in sweeps.parts(works, "cuda"))
    for change in ({"precision": "bfloat16"}, {"data": "mnist-01"}, {"network": "mathieu"}, {"steps_per_epoch": None}):
        assert runs.alike(dataclasses.replace(CONFIG, **change)) is None
    with pytest.raises(ValueError, match="side by side"):
        runs.train_together([CONFIG, VAE])
