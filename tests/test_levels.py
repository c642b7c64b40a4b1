"""What the levels of a hierarchical model change, hold and tell, and its traversals."""

import dataclasses

import pytest
import torch
from torch import nn

from intelvae import likelihoods, training
from intelvae.flows import SylvesterEncoder
from intelvae.metrics import levels
from intelvae.models import VAE
from intelvae.networks import GaussianEncoder
from intelvae.paper import builder, datasets, evaluation
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.evaluation import codes
from intelvae.priors import Mixture, StandardNormal


class _Levels(nn.Module):
    """Decodes the first of four latents to a picture's left half and the others to single pixels of the right one."""

    def forward(self, z):
        image = torch.zeros(len(z), 1, 4, 4)
        image[:, 0, :, :2] = (z[:, :1, None] > 0).float()
        for i in (1, 2, 3):
            image[:, 0, i, 3] = torch.sigmoid(z[:, i])
        return image


def known():
    """A model whose first level decides the class, with test images of which the code is the class."""
    encoder = GaussianEncoder(nn.Flatten(), nn.Linear(16, 4), nn.Linear(16, 4))
    with torch.no_grad():
        for p in encoder.parameters():
            p.zero_()
        encoder.mu.weight[0, 0] = 4.0  # the top left pixel, which is 0 or 1
        encoder.mu.bias[0] = -2.0
    decoder = nn.Sequential(_Levels(), likelihoods.Gaussian())
    return VAE(encoder, decoder, StandardNormal(4)).eval()


def test_levels_are_told_apart_by_what_they_change_hold_and_tell():
    model = known()
    y = torch.randn(400, 4, generator=torch.Generator().manual_seed(1))
    pictures, labels = _Levels()(y), (y[:, 0] > 0).long()
    classifier = levels.fit_classifier(pictures[:200], labels[:200])
    train, test = (pictures[:200], labels[:200]), (pictures[200:], labels[200:])
    found = levels.judge(model, (1, 3), classifier, train, test, torch.Generator().manual_seed(0))
    # a new sign with probability one half; four standard errors of 1,000 draws
    assert found["change_0"] == pytest.approx(0.5, abs=4 * 0.0158) and found["change_1"] == 0
    assert found["kl_0"] == pytest.approx(2.0) and found["kl_1"] == pytest.approx(0)  # mu^2 / 2 with mu = +-2
    assert found["accuracy_0"] == 1 and found["accuracy_1"] < 0.65  # nothing but the more frequent class
    assert found["pixels_0"] > 4 * found["pixels_1"] > 0
    assert found["classifier_accuracy"] == 1
    # the parts of an image more than once: 1,000 and 400 in turn
    assert levels.held(model, (1, 3), pictures[200:].repeat(7, 1, 1, 1))["kl_0"] == pytest.approx(found["kl_0"])
    wrong = levels.judge(model, (1, 3), classifier, train, (pictures[200:], 1 - labels[200:]), torch.Generator())
    assert wrong["classifier_accuracy"] == 0 and wrong["change_1"] == 0


def test_what_levels_hold_is_told_where_it_is_a_sum_over_dimensions():
    model = known()
    mixture = VAE(model.encoder, model.decoder, Mixture(torch.full((1, 4), 9.0))).eval()
    flow = VAE(SylvesterEncoder(known().encoder, (1, 4, 4), vectors=2), model.decoder, StandardNormal(4)).eval()
    x = torch.zeros(3, 1, 4, 4)
    assert [len(levels.held(m, (2, 2), x)) for m in (model, mixture, flow)] == [2, 0, 0]


def test_a_code_without_levels_is_cut_into_five_blocks():
    config = Training("fashion-mnist", "mathieu", 10, "gaussian", 1, smoke_data=True)
    data = datasets.of(config)
    sooner = {"train": data.data.train[:100], "train_labels": data.data.train_labels[:100]}
    data = dataclasses.replace(data, data=dataclasses.replace(data.data, **sooner, source="sooner to fit"))
    found = {}
    for name, mapping in (("vae", {}), ("intel", {"mapping": "hierarchy", "mapping_options": {"levels": (4, 6)}})):
        with training.seeded(0):
            model = builder.build(dataclasses.replace(config, **mapping), data.shape, data.train).eval()
        found[name] = codes.levels(model, data), codes.level_traversals(model, data)
    judged = ("change", "pixels", "kl", "accuracy")
    for (metrics, kept), count in zip(found.values(), (5, 2), strict=True):
        assert metrics.keys() == {"classifier_accuracy", *(f"{name}_{i}" for name in judged for i in range(count))}
        assert kept["traversals"].shape == (count, 3, len(levels.VALUES), 1, 32, 32)
        assert kept["traversals"].dtype == torch.uint8 and (kept["traversals"] % 17 == 0).all()  # 16 grey levels
    assert [d // 2 for d in found["vae"][1]["dimensions"].tolist()] == [0, 1, 2, 3, 4]
    # ten classes, ten images of each: far more than one in ten
    assert 0.4 < found["vae"][0]["classifier_accuracy"] == found["intel"][0]["classifier_accuracy"] < 1


@pytest.mark.parametrize("name", ["levels", "level-traversals"])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"latent_dim": 12}, "12 latent dimensions without a hierarchy cannot be cut into 5 blocks"),
        ({"posterior": "sylvester"}, "needs the prior N.0, I. and a Gaussian posterior"),
        ({"model": "vsc", "model_options": {"alpha": 0.01}}, "needs the prior N.0, I. and a Gaussian posterior"),
        ({"prior": "vamp", "prior_options": {"components": 5}}, "needs the prior N.0, I. and a Gaussian posterior"),
    ],
)
def test_levels_of_a_model_that_has_none_are_refused_before_it_is_trained(settings, message, name):
    config, wanted = Training("fashion-mnist", "mathieu", 10, "gaussian", 1), Evaluation(name)
    evaluation.check(wanted, config)
    with pytest.raises(ValueError, match=message):
        evaluation.check(wanted, dataclasses.replace(config, **settings))
    options = {"mapping": "hierarchy", "mapping_options": {"levels": 2}}
    evaluation.check(wanted, dataclasses.replace(config, latent_dim=12, **options))


def test_traversals_move_the_dimension_that_matters_and_no_other():
    model, y = known(), torch.full((2, 4), 0.3)
    images, dimensions = levels.traverse(model, y, (2, 2))
    assert dimensions[0] == 0 and dimensions[1] in (2, 3)
    by_level = images.unflatten(0, (2, 2, -1))
    assert by_level.shape == (2, 2, 9, 1, 4, 4)
    assert torch.equal(by_level[0, 0, :, 0, 0, 0], (torch.tensor(levels.VALUES) > 0).float())
    assert (by_level[1, :, :, 0, :, :2] == 1).all()  # the first level keeps what it was


@pytest.mark.parametrize("widths", [(2, 3), (1, 2), (4, 0), (1.5, 2.5)])
def test_levels_add_up_to_the_code(widths, unchecked):
    model, x, y = known(), torch.rand(4, 1, 4, 4), torch.zeros(2, 4)
    pairs = (x, torch.arange(4) % 2), (x, torch.arange(4) % 2)
    classifier = levels.fit_classifier(*pairs[0])
    for call in (
        lambda: levels.held(model, widths, x),
        lambda: levels.traverse(model, y, widths),
        lambda: levels.judge(model, widths, classifier, *pairs, torch.Generator()),
    ):
        with pytest.raises(ValueError, match=r"^the widths .* add up to \d, not to 4|^each width of widths must be"):
            call()


def test_pixels_in_half_precision_and_straight_from_a_model_are_learned_from():
    x, labels = (torch.rand(20, 1, 4, 4) > 0.5).float(), torch.arange(20) % 2
    one, other = (levels.fit_classifier(images, labels) for images in (x, x.bfloat16().requires_grad_()))
    assert (one.coef_ == other.coef_).all()
