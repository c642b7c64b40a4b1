"""What a trained model is measured by, on models whose answer is known."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from intelvae import likelihoods, priors, training
from intelvae.data import celeba
from intelvae.mappings import Circle, Threshold
from intelvae.metrics import samples
from intelvae.metrics.features import STAND_IN
from intelvae.models import VAE
from intelvae.networks import GaussianEncoder
from intelvae.paper import builder, datasets, evaluation, runs
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.datasets import Points
from intelvae.paper.evaluation import digits, images, points
from intelvae.paper.rows import SECOND
from intelvae.paper.studies.digits import grid

DIGITS = Training("mnist-01", "authors", 1, "gaussian", epochs=1, smoke_data=True)
GREY = Training("mnist", "mathieu", 2, "gaussian", epochs=1, smoke_data=True)


class _Copy(nn.Module):
    """Decodes z > 0 to one picture and z < 0 to another."""

    def __init__(self, below, above):
        super().__init__()
        self.below, self.above = below, above

    def forward(self, z):
        return torch.where(z[:, :1, None, None] > 0, self.above, self.below)


@pytest.mark.parametrize("zeros_below", [True, False])
def test_learned_zeros_are_the_mass_of_the_side_that_decodes_to_zeros(zeros_below):
    work = datasets.of(DIGITS)
    zero, one = ((work.data.test[work.data.test_labels == c][0] / 255).unsqueeze(0) for c in (0, 1))
    decoder = nn.Sequential(_Copy(zero, one) if zeros_below else _Copy(one, zero), likelihoods.Gaussian())
    mapping = Threshold(learnable=True)
    nn.init.constant_(mapping.threshold, -1.0)
    encoder = GaussianEncoder(nn.Flatten(), nn.Linear(784, 1), nn.Linear(784, 1))
    model = VAE(encoder, decoder, priors.StandardNormal(1), mapping).eval()
    metrics = digits.zeros_and_ones(model, work)
    below = torch.special.ndtr(torch.tensor(-1.0)).item()
    assert metrics["learned_zeros"] == pytest.approx(below if zeros_below else 1 - below, abs=1e-6)
    assert metrics["smallest_mass"] == pytest.approx(below, abs=1e-6)
    assert metrics["uncertain"] == 0  # two real digits
    # 500 draws whose z is above the threshold -1 or not: standard deviation 0.0164. z = 0 is where y is about 0
    assert metrics["ones"] == pytest.approx(1 - below if zeros_below else below, abs=5 * 0.0164)


@pytest.mark.parametrize("row", grid.table2("mathieu"), ids=lambda row: row.name)
def test_traversals_are_of_the_first_latent_of_every_model(row):
    training = grid.zeros_and_ones(row, "smoke", 0).training
    work = datasets.of(training)
    model = builder.build(training, work.shape, work.train).eval()
    pictures = digits.traversal(model, work)["traversal"]
    assert pictures.shape == (13, 1, 32, 32) and pictures.dtype == torch.uint8
    y = torch.zeros(1, model.encode(work.test[:1] / 255).mean.shape[1])
    y[0, 0] = 3.0
    with torch.no_grad():
        assert torch.equal(pictures[-1:], images.as_bytes(model.decode(y).mean))


def test_the_halves_of_a_learned_threshold_are_its_own():
    y = torch.tensor([[-2.0], [-0.5], [0.5]])
    mapping = Threshold(learnable=True)
    nn.init.constant_(mapping.threshold, -1.0)
    parts = nn.Identity(), nn.Identity(), priors.StandardNormal(1)
    assert digits._halves(VAE(*parts, mapping), y).tolist() == [0, 1, 1]
    assert digits._halves(VAE(*parts), y).tolist() == [0, 0, 1]


def test_a_threshold_that_is_not_learned_has_no_learned_share():
    config = dataclasses.replace(DIGITS, mapping="threshold")
    trained, model = runs.train(config)
    assert "learned_zeros" not in runs.measure(config, Evaluation("zeros-and-ones"), model).metrics
    assert "masses" not in trained.curves
    latents, traversal = (runs.measure(config, Evaluation(name), model).kept for name in ("latents", "traversal"))
    assert {name: z.ndim for name, z in latents.items()} == {"zeros": 1, "ones": 1}
    assert traversal["traversal"].shape == (13, 1, 28, 28)


def test_a_decoder_is_kept_as_its_weights_with_the_bias_last():
    config = Training("circle", "mlp", 2, "learned-gaussian", epochs=1, likelihood_options={"start": -4.0})
    _, model, _ = runs.prepare(config)
    kept = points.decoder(model, Points("circle"))
    assert [list(kept[f"layer_{i}"].shape) for i in range(4)] == [[10, 3], [10, 11], [10, 11], [2, 11]]
    assert len(kept) == 5 and kept["stddev"].tolist() == pytest.approx([math.exp(-2)] * 2)
    last = model.decoder[0][6]
    assert torch.equal(kept["layer_3"], torch.cat([last.weight, last.bias[:, None]], 1))


def test_points_are_judged_with_the_decoders_noise_and_without():
    twice = nn.Linear(2, 2, bias=False)
    twice.weight = nn.Parameter(2 * torch.eye(2))  # from the unit circle to that of the data
    encoder = GaussianEncoder(nn.Identity(), nn.Linear(2, 2), nn.Linear(2, 2))
    model = VAE(encoder, nn.Sequential(twice, likelihoods.Gaussian(0.3)), priors.StandardNormal(2), Circle()).eval()
    with training.seeded(0):
        metrics = points.points(model, Points("circle"))
    assert metrics["mean_off_support"] == 0
    # 0.3, as far as points may be off, is one standard deviation: 2 Phi(-1). Four standard errors of 2,000 points
    assert metrics["off_support"] == pytest.approx(0.317, abs=4 * (0.317 * 0.683 / 2000) ** 0.5)


def test_the_slope_of_a_decoder_is_told_without_and_with_the_mapping_inside():
    stretched = nn.Linear(2, 2, bias=False)
    stretched.weight = nn.Parameter(torch.diag(torch.tensor([3.0, 0.5])))
    encoder = GaussianEncoder(nn.Identity(), nn.Linear(2, 2), nn.Linear(2, 2))
    parts = encoder, nn.Sequential(stretched, likelihoods.Gaussian()), priors.StandardNormal(2)
    with training.seeded(0):
        found = points.smoothness(VAE(*parts), Points("circle"))
        on_circle = points.smoothness(VAE(*parts, Circle()), Points("circle"))
    assert [found[name] for name in ("slope_z", "slope_z_max", "slope_y", "slope_y_max")] == pytest.approx([3.0] * 4)
    assert found["size_z"] == pytest.approx(1.0, abs=0.05)  # three standard errors of 4,000 numbers
    # the circle's slope is 1 / |y|: below 0.142 lies one y in a hundred
    assert on_circle["slope_z"] == pytest.approx(3.0) and on_circle["size_z"] == pytest.approx(0.5**0.5, abs=1e-3)
    assert 3 / 0.25 < on_circle["slope_y"] < 3 / 0.09 and on_circle["slope_y_max"] > on_circle["slope_y"]


def test_bounds_are_loose_in_their_order_and_tight_where_the_encoder_is_exact():
    def model(mean, log_variance):
        """z ~ N(0, I) and x|z ~ N(z, I / 2): the posterior has the mean 2x/3 and the variance 1/3."""
        heads = nn.Linear(2, 2), nn.Linear(2, 2)
        with torch.no_grad():
            heads[0].weight.copy_(mean * torch.eye(2)), heads[0].bias.zero_()
            heads[1].weight.zero_(), heads[1].bias.fill_(log_variance)
        decoder = nn.Sequential(nn.Identity(), likelihoods.Gaussian())
        return VAE(GaussianEncoder(nn.Identity(), *heads), decoder, priors.StandardNormal(2))

    with training.seeded(0):
        exact = points.looseness(model(2 / 3, -math.log(3)), Points("circle"))
        wrong = points.looseness(model(0.4, 0.0), Points("circle"))
    assert [exact[f"loose_{name}"] for name in ("elbo", "renyi", "iwae")] == pytest.approx([0.0] * 3, abs=1e-5)
    assert wrong["loose_elbo"] > wrong["loose_renyi"] > wrong["loose_iwae"] > 0.05


def test_points_that_figures_show():
    config = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse")
    _, model = runs.train(config)
    kept = {name: runs.measure(config, Evaluation(name), model).kept for name in ("scatter", "encoded")}
    assert {name: tuple(x.shape) for name, x in kept["scatter"].items()} == {"samples": (200, 2)}
    shapes = {name: (200, 2) for name in ("mu", "sigma", "y", "z", "prior_z")} | {"exemplars": (6, 40, 2)}
    assert {name: tuple(x.shape) for name, x in kept["encoded"].items()} == shapes


def test_images_are_judged_on_features_at_every_size():
    pytest.importorskip("efficientnet_lite_pytorch")
    _, model = runs.train(GREY)
    judged = runs.measure(GREY, Evaluation("samples", STAND_IN), model)
    names = {"frechet", "kid", "kid_error", "precision", "recall", "density", "coverage"}
    names |= {"minmax_frechet", "clean_frechet"}
    assert {f"{name}_100" for name in names} | {"faint"} == judged.metrics.keys()
    assert 0 < judged.metrics["faint"] < 1
    second = runs.measure(GREY, SECOND, model)  # of the same samples, by other features
    assert second.metrics.keys() == judged.metrics.keys() and second.metrics["faint"] == judged.metrics["faint"]
    assert second.metrics["frechet_100"] != judged.metrics["frechet_100"] and second.evaluation.key == SECOND.key
    assert runs.measure(GREY, Evaluation("elbo"), model).metrics.keys() == {"test_elbo", "test_kl"}
    assert runs.measure(GREY, Evaluation("gallery"), model).kept["images"].shape == (24, 1, 32, 32)


def test_logits_of_a_bernoulli_decoder_are_judged_too():
    """As the authors' code does, which stretches what comes before the sigmoid."""
    pytest.importorskip("efficientnet_lite_pytorch")
    work = datasets.of(GREY)
    dark = torch.where(work.test[:100] > 128, 2.0, -30.0)  # its means are black and nearly white, not its logits
    dark[:, :, :4] = -2.0  # 0.12 in the means, 224 of 255 when stretched

    class Drawn(VAE):
        def __init__(self):
            nn.Module.__init__(self)

        def generate(self, n):
            return likelihoods.Bernoulli()(dark)

    means, logits = images.means(Drawn(), 100)
    assert torch.equal(logits, dark) and torch.equal(means, dark.sigmoid())
    shown = samples.as_shown(logits, "minmax")
    assert shown[0, 0, 0, 0] * 255 == round(28 / 32 * 255) and samples.as_shown(means)[0, 0, 0, 0] * 255 == 30
    metrics = images.samples(Drawn(), work, STAND_IN, "cpu")
    assert metrics["logits_frechet_100"] != metrics["minmax_frechet_100"]


@pytest.mark.parametrize("data", ["mnist", celeba.NAME])
def test_features_are_computed_on_the_device_of_the_run(data):
    """The device "meta" has no numbers to give back."""
    config = dataclasses.replace(GREY, data=data)
    work, model, _ = runs.prepare(config)
    with pytest.raises(NotImplementedError, match="meta"):
        evaluation.measure(Evaluation("samples", STAND_IN), model.eval(), config, work, "meta")
