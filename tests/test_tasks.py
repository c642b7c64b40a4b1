"""What a trained model is measured by, on models whose answer is known."""

import dataclasses

import pytest
import torch
from intelvae.paper.experiments import grid
from intelvae.paper.experiments.digits import PROPORTIONS
from intelvae.paper.records import RunConfig
from torch import nn

from intelvae import likelihoods, priors, training
from intelvae.data import celeba, images
from intelvae.mappings import Circle, Threshold
from intelvae.metrics import samples
from intelvae.metrics.features import STAND_IN
from intelvae.models import VAE
from intelvae.networks import GaussianEncoder
from intelvae.paper import builder, experiments, runs, tasks


@pytest.mark.parametrize("share", PROPORTIONS)
def test_repeats_give_the_share_of_zeros(share):
    plain, work = (tasks.create("mnist-01", size=28, smoke=True, repeats=r) for r in ((1, 1), PROPORTIONS[share]))
    zeros = plain.train[plain.data.train_labels == 0]
    count = sum(int((work.train == image).all((1, 2, 3)).sum()) for image in zeros.unique(dim=0))
    assert count / len(work.train) == pytest.approx(
        share, abs=0.01
    )  # the sample has as many zeros as ones, up to a few
    assert torch.equal(work.valid, plain.valid) and torch.equal(work.data.test, plain.data.test)


class _Copy(nn.Module):
    """Decodes z > 0 to one picture and z < 0 to another."""

    def __init__(self, below, above):
        super().__init__()
        self.below, self.above = below, above

    def forward(self, z):
        return torch.where(z[:, :1, None, None] > 0, self.above, self.below)


@pytest.mark.parametrize("zeros_below", [True, False])
def test_learned_zeros_are_the_mass_of_the_side_that_decodes_to_zeros(zeros_below):
    work = tasks.create("mnist-01", size=28, smoke=True)
    zero, one = ((work.data.test[work.data.test_labels == c][0] / 255).unsqueeze(0) for c in (0, 1))
    decoder = nn.Sequential(_Copy(zero, one) if zeros_below else _Copy(one, zero), likelihoods.Gaussian())
    mapping = Threshold(learnable=True)
    nn.init.constant_(mapping.threshold, -1.0)
    encoder = GaussianEncoder(nn.Flatten(), nn.Linear(784, 1), nn.Linear(784, 1))
    metrics, _ = work.evaluate(VAE(encoder, decoder, priors.StandardNormal(1), mapping).eval())
    below = torch.special.ndtr(torch.tensor(-1.0)).item()
    assert metrics["learned_zeros"] == pytest.approx(below if zeros_below else 1 - below, abs=1e-6)
    assert metrics["smallest_mass"] == pytest.approx(below, abs=1e-6)
    assert metrics["uncertain"] == 0  # two real digits
    # 1,000 draws whose z is above the threshold -1 or not: standard deviation 0.0116. z = 0 is where y is about 0
    assert metrics["ones"] == pytest.approx(1 - below if zeros_below else below, abs=5 * 0.0116)


def test_the_halves_of_a_learned_threshold_are_its_own():
    y = torch.tensor([[-2.0], [-0.5], [0.5]])
    mapping = Threshold(learnable=True)
    nn.init.constant_(mapping.threshold, -1.0)
    parts = nn.Identity(), nn.Identity(), priors.StandardNormal(1)
    assert tasks.digits._halves(VAE(*parts, mapping), y).tolist() == [0, 1, 1]
    assert tasks.digits._halves(VAE(*parts), y).tolist() == [0, 0, 1]


def test_a_threshold_that_is_not_learned_has_no_learned_share():
    record, _ = runs.run(RunConfig("mnist-01", "mathieu", 1, "gaussian", 1, mapping="threshold", smoke_data=True))
    assert "learned_zeros" not in record.metrics and "masses" not in record.artifacts


def test_learned_masses_are_recorded_after_every_epoch():
    config = RunConfig("mnist-01", "mathieu", 2, "gaussian", 2, mapping="clusters", smoke_data=True)
    record, _ = runs.run(dataclasses.replace(config, mapping_options={"k": 3, "learnable": True}))
    masses = torch.tensor(record.artifacts["masses"])
    assert masses.shape == (2, 3)
    torch.testing.assert_close(masses.sum(1), torch.ones(2), atol=2e-4, rtol=0)  # of four digits each
    assert (masses[0] - 1 / 3).abs().max() > 0 and not masses[0].equal(masses[1])


@pytest.mark.parametrize("name", images.NAMES)
def test_models_learn_from_training_images_and_stop_by_those_of_validation(name):
    work = tasks.create(name, size=28, smoke=True)
    assert torch.equal(work.train, work.data.train) and torch.equal(work.valid, work.data.valid)


def test_no_point_of_a_toy_is_for_both_validation_and_test():
    work = tasks.ToyTask("circle")
    assert not (work.valid[:, None] == work.test).all(-1).any()


def test_points_are_judged_with_the_decoders_noise_and_without():
    twice = nn.Linear(2, 2, bias=False)
    twice.weight = nn.Parameter(2 * torch.eye(2))  # from the unit circle to that of the data
    encoder = GaussianEncoder(nn.Identity(), nn.Linear(2, 2), nn.Linear(2, 2))
    model = VAE(encoder, nn.Sequential(twice, likelihoods.Gaussian(0.3)), priors.StandardNormal(2), Circle()).eval()
    with training.seeded(0):
        metrics, _ = tasks.ToyTask("circle").evaluate(model)
    assert metrics["mean_off_support"] == 0
    # 0.3, as far as points may be off, is one standard deviation: 2 Phi(-1). Four standard errors of 2,000 points
    assert metrics["off_support"] == pytest.approx(0.317, abs=4 * (0.317 * 0.683 / 2000) ** 0.5)


def test_all_digits_are_judged_on_features_at_every_size():
    pytest.importorskip("efficientnet_lite_pytorch")
    config = RunConfig("mnist", "mathieu", 2, "gaussian", epochs=1, smoke_data=True)
    record, _ = runs.run(config)
    names = {"frechet", "kid", "kid_error", "precision", "recall", "density", "coverage"}
    names |= {"minmax_frechet", "clean_frechet"}
    assert {f"{name}_100" for name in names} | {"faint", "test_elbo", "test_kl", "best_epoch"} == record.metrics.keys()
    assert 0 < record.metrics["faint"] < 1
    assert config.features == STAND_IN
    assert tasks.unpack(record.artifacts["images"]).shape == (50, 1, 32, 32)


def test_logits_of_a_bernoulli_decoder_are_judged_too():
    """As the authors' code does, which stretches what comes before the sigmoid."""
    pytest.importorskip("efficientnet_lite_pytorch")
    work = tasks.create("mnist", size=32, smoke=True)
    dark = torch.where(work.data.test[:100] > 128, 2.0, -30.0)  # its means are black and nearly white, not its logits
    dark[:, :, :4] = -2.0  # 0.12 in the means, 224 of 255 when stretched

    class Drawn(VAE):
        def __init__(self):
            nn.Module.__init__(self)

        def generate(self, n):
            return likelihoods.Bernoulli()(dark)

    means, logits = work.means(Drawn())
    assert torch.equal(logits, dark) and torch.equal(means, dark.sigmoid())
    shown = samples.as_shown(logits, "minmax")
    assert shown[0, 0, 0, 0] * 255 == round(28 / 32 * 255) and samples.as_shown(means)[0, 0, 0, 0] * 255 == 30
    metrics = runs.run(RunConfig("mnist", "mathieu", 2, "bernoulli", epochs=1, smoke_data=True))[0].metrics
    assert metrics["logits_frechet_100"] != metrics["minmax_frechet_100"]


@pytest.mark.parametrize("changed", [{"binary": True}, {"split": "code"}])
def test_models_of_other_images_are_held_against_the_same_ones(changed):
    config = RunConfig("mnist-01", "mathieu", 2, "gaussian", epochs=1, smoke_data=True)
    plain, other = (runs.task(dataclasses.replace(config, **c)) for c in ({}, changed))
    assert not torch.equal(plain.train, other.train) and other.yardstick is plain.yardstick is plain.data


@pytest.mark.parametrize("table", ["slips", "slips-01"])
def test_every_slip_changes_a_model_that_can_be_built(table):
    of = {"slips": experiments.digits.slips_of_table1, "slips-01": experiments.digits.slips_of_table2}[table]
    shape = {"mathieu": (1, 32, 32), "authors": (1, 28, 28)}
    for config, slip in zip(grid(table, "laptop", [0]), of("laptop").values(), strict=True):
        assert slip.before != slip.after
        size = shape[config.network]
        builder.build(config, size, torch.rand(200, *size))  # refuses options that do not fit
    assert len({str(slip.after) for slip in of("laptop").values()}) == len(of("laptop"))


def test_every_share_is_trained_for_as_many_steps():
    for profile, steps in experiments.digits.STEPS_SHARES.items():
        for config in grid("proportions", profile, [0]):
            an_epoch = config.steps_per_epoch or 5000 * sum(config.repeats) // config.batch_size
            assert config.epochs * an_epoch == pytest.approx(steps, rel=0.2)


def test_the_grids_of_the_digits_have_every_method_once():
    methods = [c.method for c in grid("table1", "laptop", [0])]
    baselines = ["VAE", "GM-VAE", "MoG-VAE", "Vamp-VAE", "VAE + Sylvester"]
    assert methods == [*baselines, *["InteL-VAE"] * 3]


def test_unknown_data_are_told_the_known_ones():
    with pytest.raises(ValueError, match="unknown data 'svhn': choose one of circle"):
        tasks.create("svhn", size=28)


GIVEN = {"binary": True, "split": "code", "whole": True, "repeats": (1, 3)}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (d, name)
        for d in ("circle", "mnist-01", "mnist", celeba.NAME)
        for name in GIVEN
        if d not in tasks.TAKEN_BY[name]
    ],
)
def test_a_setting_of_other_data_is_refused(data, name):
    """Before any data are read: a record would say of it that it was done."""
    with pytest.raises(ValueError, match=f"^{name} is not for {data}: it is for "):
        tasks.create(data, size=28, **{name: GIVEN[name]})


def test_every_setting_of_some_data_only_is_tried():
    assert GIVEN.keys() == tasks.TAKEN_BY.keys()


@pytest.mark.parametrize("repeats", [(3,), (1, 1, 5), (0, 0), (-1, 2)])
def test_repeats_are_one_for_each_digit(repeats):
    with pytest.raises(ValueError, match="repeats are how often zeros and ones"):
        tasks.create("mnist-01", size=28, repeats=repeats)


@pytest.mark.parametrize("data", ["mnist", celeba.NAME])
def test_features_are_computed_on_the_device_of_the_run(data):
    """The device "meta" has no numbers to give back."""
    config = RunConfig(data, "mathieu", 4, "gaussian", 1, smoke_data=True)
    work = runs.task(config, "meta")
    model = builder.build(config, work.shape, work.train[:10]).eval()
    with pytest.raises(NotImplementedError, match="meta"):
        work.evaluate(model)
