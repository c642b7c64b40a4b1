"""What is measured of codes, on codes and models whose answer is known; and what an evaluation of them keeps."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal

from intelvae import likelihoods, priors, training
from intelvae.data import images
from intelvae.mappings import Sparse
from intelvae.metrics import codes, downstream
from intelvae.metrics.hoyer import hoyer
from intelvae.models import VAE, vsc
from intelvae.models.vsc import SpikeAndSlab
from intelvae.networks import GaussianEncoder
from intelvae.paper import runs
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.datasets import Grey
from intelvae.paper.evaluation import codes as evaluated

D = 20


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_active_dimensions_are_counted_against_the_largest_whatever_the_scale():
    size = torch.tensor([[1.0, 0.5, 0.11, 0.09], [3.0, 3.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]])
    for scale in (1e-6, 1.0, 1e6):
        assert codes.active(scale * size).tolist() == [3, 4, 0]


def test_sparsity_of_one_hot_codes_whose_class_is_their_dimension():
    labels = torch.arange(10).repeat(20)
    z = torch.zeros(200, D).scatter(1, labels[:, None], 1 + gaussian(200, 1).abs())
    z[:20] = 0
    found = codes.sparsity(z, z, labels)
    assert found["zero_codes"] == pytest.approx(0.1)
    assert found["hoyer_sample"] == found["hoyer_mean"] == found["hoyer_nonzero"] == pytest.approx(1.0)
    assert found["active_per_image"] == pytest.approx(0.9)  # one of each code that is not zero
    assert found["active_per_class"] == 1 and found["active_overall"] == 10
    assert found["left_off"] == pytest.approx(0.9 * 0.9 + 0.1)  # nine of ten, and all ten by the zeros
    assert codes.overlap(codes.mean_size(z, labels)) == 0
    assert found["effective_per_class"] == pytest.approx(1.0)


def test_scores_are_of_the_codes_that_they_name():
    found = codes.sparsity(torch.eye(D), gaussian(D, D), torch.arange(D))
    assert found["hoyer_mean"] == pytest.approx(1.0)
    assert found["hoyer_sample"] == found["hoyer_nonzero"] == pytest.approx(hoyer(gaussian(D, D)).mean().item())


def test_sparsity_of_gaussian_codes_is_that_of_chance():
    z = gaussian(20_000, 50)
    found = codes.sparsity(z, z, torch.arange(10).repeat(2000))
    assert found["hoyer_sample"] == pytest.approx(0.2308, abs=1e-3)  # standard error 0.0005
    assert found["zero_codes"] == 0 and found["hoyer_nonzero"] == found["hoyer_sample"]
    assert found["active_per_class"] == found["active_overall"] == 50
    assert found["left_off"] == pytest.approx(1 - found["active_per_image"] / 50)
    assert codes.overlap(codes.mean_size(z, torch.arange(10).repeat(2000))) == 1  # every class uses all
    assert found["effective_per_class"] == pytest.approx(50, abs=0.05)  # means of 2,000 differ by 2 %: half its square


def test_dimensions_that_say_nothing_raise_the_score_but_not_that_of_the_used_ones():
    labels, z = torch.arange(10).repeat(500), gaussian(5000, D)
    z[:, 5:] *= 1e-3 * (gaussian(5000, D - 5, seed=1) > 1.5)  # nearly always off, and without weight when on
    found = codes.sparsity(z, z, labels)
    assert found["active_overall"] == 5
    assert found["hoyer_used"] == pytest.approx(hoyer(z[:, :5]).mean().item())
    assert found["hoyer_sample"] > hoyer(gaussian(5000, D)).mean() + 0.1
    assert codes.sparsity(z[:, 4:], z[:, 4:], labels)["hoyer_used"] == 0  # one dimension is left
    nothing = torch.zeros(5000, D)
    assert codes.sparsity(nothing, nothing, labels)["left_off"] == 0


def test_what_an_image_leaves_off_counts_the_dimensions_in_use_only():
    # the first two are in use; every other image has hardly any of them, and then others seem large beside them
    z = torch.full((100, D), 0.05)
    z[::2, 0] = z[1::4, 1] = 1.0
    z[3::4, :2] = torch.tensor([0.06, 0.001])
    found = codes.sparsity(z, z, torch.zeros(100, dtype=torch.long))
    assert found["active_overall"] == 2 and found["left_off"] == 0.5
    assert found["active_per_image"] > 2  # which is more than are in use


class _Known(nn.Module):
    """q(y|x): the first D pixels are its means, and its deviation is 0.1."""

    def forward(self, x):
        return Independent(Normal(x.flatten(1)[:, :D], torch.tensor(0.1).expand(len(x), D)), 1)


class _Show(nn.Module):
    """Paints every z_d, from 0 at -1 to white at 1, into the pixel d."""

    def forward(self, z):
        x = torch.zeros(len(z), 784)
        x[:, :D] = (z + 1) / 2
        return x.reshape(-1, 1, 28, 28)


def known_model() -> VAE:
    return VAE(_Known(), nn.Sequential(_Show(), likelihoods.Gaussian()), priors.StandardNormal(D), Sparse(D)).eval()


def test_both_kinds_of_codes_pass_through_the_mapping():
    model, x = known_model(), torch.rand(700, 1, 28, 28)
    y = x.flatten(1)[:, :D]
    found = codes.encode(model, x)
    means, samples = found["mean"], found["sample"]
    assert len(found) == 2 and codes.behind(found) == {}
    torch.testing.assert_close(means, model.mapping(y).detach())
    # samples: z is between half and all of a tenth of a standard normal away, as gates start near 1/2
    assert 0.02 < (samples - means).std() < 0.1
    same = codes.encode(model, (255 * x).round().byte(), batch_size=64)["mean"]
    assert (same - means).abs().max() < 0.01  # bytes are images too


def test_samples_of_a_sparse_vae_are_exact():
    with training.seeded(0):
        model = vsc.create("mlp", (2,), 4, nn.Linear(4, 2), alpha=0.1).eval()
        samples = codes.encode(model, torch.randn(500, 2))["sample"]
    off = (samples == 0).double().mean().item()
    assert off == pytest.approx(0.5, abs=0.1)  # gates start at 1/2


class _Gated(nn.Module):
    """Gates that are the data, and slabs N(0, 1)."""

    def forward(self, x):
        return SpikeAndSlab(x, torch.zeros_like(x), torch.ones_like(x))


def test_gates_are_told_from_what_is_behind_them():
    gates = torch.tensor([0.0, 0.2, 0.9, 1.0]).repeat(2000, 1)
    gates[0, 1] = 0.6
    torch.manual_seed(0)
    found = codes.behind(codes.encode(VAE(_Gated(), nn.Identity(), priors.StandardNormal(4)), gates))
    assert found["open_for_some"] == 3 and found["open_for_all"] == 2
    assert found["mean_gate"] == pytest.approx((2000 * 2.1 + 0.4) / 8000)
    # the score of Gaussian codes, of which a single one's deviates by 0.2; 0.02 are four standard errors of 2,000
    assert found["hoyer_slab"] == pytest.approx(hoyer(torch.randn(50_000, 4)).mean().item(), abs=0.02)


def test_traversals_change_one_dimension_and_nothing_else():
    model = known_model()
    model.mapping = nn.Identity()
    x, labels = torch.rand(200, 1, 28, 28) / 10, torch.arange(2).repeat(100)
    x[labels == 0, 0, 0, 7], x[labels == 1, 0, 0, 3] = 0.9, 0.8  # the dimensions of the two classes
    found = codes.traversals(model, x, labels, (1, 0), dimensions=2, steps=5)
    assert found.images.shape == (2, 2, 5, 1, 28, 28) and found.values.shape == (2, 2, 5)
    assert found.dimensions[:, 0].tolist() == [3, 7]
    torch.testing.assert_close(found.values[0, 0], torch.linspace(-0.8, 0.8, 5))  # the size of nearly all codes there
    assert found.start[0, 0] == pytest.approx(0.8) and found.start[1, 0] == pytest.approx(0.9)
    for group, first in ((0, 1), (1, 0)):
        at_rest = (x[first].flatten()[:D] + 1) / 2
        for k in range(2):
            d = int(found.dimensions[group, k])
            pixels = found.images[group, k].flatten(1)[:, :D]
            others = torch.arange(D) != d
            torch.testing.assert_close(pixels[:, others], at_rest[others].expand(5, -1))
            torch.testing.assert_close(pixels[:, d], (found.values[group, k] + 1) / 2)


def test_traversals_of_a_class_that_no_image_has():
    x, labels = torch.rand(20, 1, 28, 28), torch.arange(2).repeat(10)
    with pytest.raises(ValueError, match=r"^no image is of the class 7: choose from 0, 1$"):
        codes.traversals(known_model(), x, labels, (1, 7))


def test_one_class_overlaps_with_no_other():
    with pytest.raises(ValueError, match="needs at least 2, not 1"):
        codes.overlap(torch.ones(1, 4))


def smoke(data):
    """These images as the data of a training at `smoke`: classifiers learn from one draw of labels."""
    return Grey(data, data, smoke=True)


def test_few_shot_accuracies_of_codes_that_give_the_class_away():
    data = images.load("mnist", smoke=True)
    labelled = {
        "train": data.train.float() / 255,
        "test": data.test.float() / 255,
    }
    for name, x in labelled.items():
        x.flatten(1)[:, :D] = torch.eye(D)[getattr(data, f"{name}_labels")]
    known = images.ImageData(
        *((255 * x).byte() for x in (labelled["train"], data.valid / 255, labelled["test"])),
        *(data.train_labels, data.valid_labels, data.test_labels, data.source, data.name),
    )
    metrics = evaluated.codes(known_model(), smoke(known))
    sizes = [n for n in downstream.SIZES if n <= 800]
    assert all(metrics[f"nearest_neighbours_{n}"] == 1 for n in sizes) and "nearest_neighbours_1000" not in metrics
    assert all(0.5 < metrics[f"random_forest_{n}"] <= 1 for n in sizes)
    assert not any(name.startswith("authors_") for name in metrics)  # their protocol holds 2,000 test images back
    kept = evaluated.classes(known_model(), smoke(known))
    assert kept["by_class"].shape == (10, D) and kept["by_class"].argmax(1).tolist() == list(range(10))
    others = dataclasses.replace(known, test_labels=(known.test_labels + 1) % 10)  # these are judged, and no other
    metrics = evaluated.codes(known_model(), smoke(others))
    assert all(metrics[f"nearest_neighbours_{n}"] == 0 for n in sizes)


def test_the_protocol_of_the_authors_code_is_measured_where_there_are_enough_test_images():
    data = images.load("mnist", smoke=True)
    many = dataclasses.replace(
        data, test=data.test.repeat(21, 1, 1, 1), test_labels=data.test_labels.repeat(21)
    )  # 2,100, of which it holds 2,000 back
    metrics = evaluated.codes(known_model(), smoke(many))
    assert [n for n in downstream.SIZES if f"authors_random_forest_{n}" in metrics] == [10, 20, 50, 100]


def test_more_draws_of_labels_are_taken_of_real_data():
    data = images.load("mnist", smoke=True)
    assert evaluated.draws(smoke(data)) == 1 and evaluated.draws(Grey(data, data, smoke=False)) == 10


def test_the_penalty_of_a_model_is_that_of_its_gates_in_batches():
    images = torch.zeros(200, 1, 2, 2, dtype=torch.uint8)
    encoder = GaussianEncoder(nn.Flatten(), nn.Linear(4, 50), nn.Linear(4, 50))
    model = VAE(encoder, nn.Identity(), priors.StandardNormal(50), Sparse(50))
    last = model.mapping.selector[-1]
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.copy_(torch.where(torch.arange(50) < 5, 40.0, -40.0))  # the same five gates for every image
    found = evaluated.of_penalty(model, images)
    assert found["l_sp_gates"] == pytest.approx(0, abs=1e-5)
    assert found["gates_per_batch"] == pytest.approx(5)
    assert found["open_gates"] == pytest.approx(0.1)
    # five Gaussian sizes an image, in batches of 100: every batch's L_sp is below 0, and that of |y| for 50 is -0.28
    assert -0.4 < found["l_sp_codes"] < -0.1
    model.mapping = nn.Identity()
    assert evaluated.of_penalty(model, images).keys() == {"l_sp_codes"}


def test_what_evaluations_of_codes_measure_and_what_they_keep_are_apart_and_small():
    config = Training("fashion-mnist", "mathieu", 50, "gaussian", 1, steps_per_epoch=1, smoke_data=True)
    _, model = runs.train(config)
    of = {name: runs.measure(config, Evaluation(name), model) for name in ("codes", "classes", "traversals")}
    assert {"hoyer_mean", "hoyer_sample", "random_forest_10", "l_sp_codes", "class_overlap"} <= of[
        "codes"
    ].metrics.keys()
    assert not of["codes"].kept and not of["classes"].metrics and not of["traversals"].metrics
    assert of["classes"].kept["by_class"].shape == (10, 50)
    kept = of["traversals"].kept
    assert kept["traversals"].shape == (3, 5, 9, 1, 32, 32) and bool((kept["traversals"] % 17 == 0).all())  # 16 greys
    assert kept["values"].shape == (3, 5, 9) and kept["start"].shape == kept["dimensions"].shape == (3, 5)
    assert all(len(each.to_json()) < 5_000 for each in of.values())
    torch.testing.assert_close(kept["values"][..., -1], -kept["values"][..., 0])  # from -a to a
