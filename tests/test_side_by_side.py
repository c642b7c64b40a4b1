"""Runs trained side by side are the runs that they are alone."""

import dataclasses

import pytest
import torch

from intelvae import bounds, side_by_side, training
from intelvae.paper import builder, experiments, runs
from intelvae.paper.records import RunConfig, Store
from intelvae.side_by_side import Member

CONFIG = RunConfig("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=50, mapping="circle")
VAE = dataclasses.replace(CONFIG, mapping="identity")
VAMP = dataclasses.replace(VAE, prior="vamp", prior_options={"components": 30})
WARMUP = dataclasses.replace(VAE, warmup=2)
CLUSTERS = dataclasses.replace(CONFIG, data="mixture", mapping="clusters", mapping_options={"k": 2})

# 100 steps move a weight by 0.1. Two orders of adding up differ by some 1e-7, and for the smooth mappings still do
# after 100 steps. The slope of the clusters at their border is 1256: a run whose initial weights change by their last
# bit has been seen 5e-4 away after 100 steps, and one side by side 1e-3.
SMOOTH, STEEP = 1e-5, 1e-2


def vector(model) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach()


def member(config: RunConfig) -> Member:
    """The member that `runs.run_together` makes of a config."""
    with training.seeded(config.seed):
        order = torch.Generator().manual_seed(config.seed)
        work = runs.task(config)
        model = builder.build(config, (2,), work.train(1000, order))
        noise = torch.Generator()
        noise.set_state(torch.random.get_rng_state())
    return Member(model, work.train, work.valid, order, noise)


@pytest.mark.parametrize(
    ("config", "tolerance"),
    [(VAE, SMOOTH), (VAMP, SMOOTH), (CONFIG, SMOOTH), (CLUSTERS, STEEP), (WARMUP, SMOOTH)],
    ids=["VAE", "Vamp", "circle", "clusters", "warm-up"],
)
def test_a_member_has_the_weights_and_the_record_of_the_run_alone(config, tolerance):
    configs = [dataclasses.replace(config, seed=1), dataclasses.replace(config, seed=2, data="star")]
    for own, (record, model) in zip(configs, runs.run_together(configs), strict=True):
        alone, expected = runs.run(own)
        torch.testing.assert_close(vector(model), vector(expected), atol=tolerance, rtol=0)
        assert record.config == own and record.together == 2 and alone.together == 1
        # one of the 2,000 points that a share is of may fall on the other side; steep weights reach the decoder's mean
        assert record.metrics == pytest.approx(alone.metrics, abs=1e-3 if tolerance == SMOOTH else 0.1)
        for name, curve in alone.curves.items():
            assert record.curves[name] == pytest.approx(curve, abs=2e-4 if tolerance == SMOOTH else 0.1)


def test_members_stop_early_and_clip_their_own_gradient_as_alone():
    config = dataclasses.replace(CONFIG, lr=0.3, epochs=12, steps_per_epoch=5, patience=2, clip=0.5)
    configs = [dataclasses.replace(config, seed=s) for s in range(4)]
    lengths = set()
    for own, (record, model) in zip(configs, runs.run_together(configs), strict=True):
        alone, expected = runs.run(own)
        lengths.add(len(record.curves["valid_elbo"]))
        assert len(record.curves["valid_elbo"]) == len(alone.curves["valid_elbo"])
        assert record.metrics == pytest.approx(alone.metrics, abs=1e-2)  # of a learning rate 300 times as large
        torch.testing.assert_close(vector(model), vector(expected), atol=1e-3, rtol=0)
    assert len(lengths) > 1  # they did stop at different epochs


def test_one_that_diverges_gets_the_error_it_has_alone_and_the_others_do_not_notice():
    settings = {"epochs": 2, "batch_size": 100, "steps_per_epoch": 10}
    configs = [dataclasses.replace(CONFIG, seed=s) for s in range(3)]

    def broken(n: int, generator: torch.Generator) -> torch.Tensor:
        x = torch.randn(n, 2, generator=generator)
        x[730:] = 1e30  # finite, and its square is not
        return x

    members = [member(c) for c in configs]
    members[1] = dataclasses.replace(members[1], train=broken)
    first, error, third = side_by_side.fit(members, **settings)
    alone = member(configs[1])
    with pytest.raises(training.TrainingError, match="at step 7 ") as caught:
        training.fit(alone.model, broken, alone.valid, **settings, generator=alone.order)
    assert isinstance(error, training.TrainingError) and str(error) == str(caught.value)
    healthy = [member(c) for c in configs]
    assert side_by_side.fit(healthy, **settings)[0] == first and isinstance(third, training.History)
    for a, b in ((members[0], healthy[0]), (members[2], healthy[2])):
        assert torch.equal(vector(a.model), vector(b.model))


def test_a_sweep_stores_members_under_their_keys_and_names_those_that_diverge(tmp_path):
    good = [dataclasses.replace(CONFIG, seed=s, epochs=1, steps_per_epoch=2) for s in range(2)]
    bad = [dataclasses.replace(c, lr=1e30, steps_per_epoch=5) for c in good]
    with pytest.raises(training.TrainingError, match=r"2 of 4 runs failed.*InteL-VAE on circle.*seed 0.*step \d+"):
        runs.sweep([*bad, *good], Store(tmp_path))
    records = [Store(tmp_path).get(c) for c in good]
    assert [r is not None and r.together for r in records] == [2, 2]
    assert runs.sweep(good, Store(tmp_path)) == records


def test_noise_takes_the_place_of_the_global_generators():
    model = member(CONFIG).model
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(1))
    with training.seeded(3):
        expected = bounds.terms(model, x)
    noise = torch.randn(100, 2, generator=torch.Generator().manual_seed(3))
    # the rounding of float32, in sums of a few nats
    torch.testing.assert_close(bounds.terms(model, x, noise), expected, atol=1e-5, rtol=0)


def test_the_work_of_a_sweep_holds_every_run_once_the_longest_part_first():
    configs = [c for name in ("connectivity", "multi-modality") for c in experiments.grid(name, "laptop")]
    work = runs.parts(configs, "cpu")
    assert sorted(c.key for part in work for c in part) == sorted(c.key for c in configs)
    images = [c for c in configs if c.data == "mnist-01"]
    assert work[: len(images)] == [[c] for c in images]
    toys = work[len(images) :]
    assert [len(part) for part in toys] == [25, 25, 25, 25, 15, 15, 10, 10]
    assert all(len({runs.alike(c) for c in part}) == 1 for part in toys)


def test_what_does_not_go_together_is_run_alone():
    assert all(len(part) == 1 for part in runs.parts([CONFIG, dataclasses.replace(CONFIG, seed=1)], "cuda"))
    for change in ({"precision": "bfloat16"}, {"data": "mnist-01"}, {"network": "mathieu"}, {"steps_per_epoch": None}):
        assert runs.alike(dataclasses.replace(CONFIG, **change)) is None
    with pytest.raises(ValueError, match="side by side"):
        runs.run_together([CONFIG, VAE])
