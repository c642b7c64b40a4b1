"""`fit`: what it refuses, when an epoch ends, and that an example is evaluated as if it were alone."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.distributions import Categorical, Dirichlet, Independent, MixtureSameFamily, Normal, OneHotCategorical
from torch.utils.data import DataLoader, TensorDataset

from intelvae import bounds, likelihoods, networks, priors, training
from intelvae.flows import SylvesterEncoder
from intelvae.models import VAE
from intelvae.paper import bench, builder, datasets, runs
from intelvae.paper.config import Training
from intelvae.training import Objective, Schedule, checks, side_by_side

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")


def test_the_kl_is_weighed_with_a_warm_up_and_without():
    assert [Objective(0.5).weight_of_kl(epoch) for epoch in (0, 9)] == [0.5, 0.5]
    assert [Objective(0.5, 2).weight_of_kl(epoch) for epoch in (0, 1, 2, 9)] == [0.0, 0.25, 0.5, 0.5]


def test_whole_floats_are_as_good_as_whole_numbers(unchecked):
    assert Schedule(2.0, 50.0, 3.0, 1.0) == Schedule(2, 50, 3, 1)
    assert all(isinstance(value, int) for value in vars(Schedule(2.0, 50.0, 3.0, 1.0)).values())


def test_a_penalty_that_is_none_is_refused_in_one_line(unchecked):
    for wrong in ("l7", 3, None):
        with pytest.raises(ValueError, match=f"penalty.*{wrong!r}") as caught:
            Objective(penalty=wrong)  # also where gamma is 0
        assert "\n" not in str(caught.value)
    model, x = builder.build(CONFIG, (2,), torch.zeros(1, 2)), torch.randn(20, 2)
    with pytest.raises(ValueError, match=r"a penalty is one number for a batch, not a tensor of shape \(10,\)"):
        training.fit(model, x, x, Schedule(1, 10), objective=Objective(gamma=1.0, penalty=lambda g, y: y.sum(1)))


def test_an_example_is_evaluated_as_if_it_were_alone():
    """In training, batch normalisation lets the examples of a batch depend on one another."""
    images = Training("mnist", "mathieu", 2, "gaussian", 1)
    model = builder.build(images, (1, 32, 32), torch.zeros(1, 1, 32, 32))
    x = torch.rand(10, 1, 32, 32)
    together, apart = (training.evaluate(model, x, batch_size=size).kl for size in (10, 3))
    torch.testing.assert_close(together, apart)  # rounding: the KL divergence of Gaussians has no noise in it
    assert model.training


def test_fit_refuses_settings_that_do_not_fit():
    model = builder.build(CONFIG, (2,), torch.zeros(1, 2))
    x = torch.zeros(10, 2)
    with pytest.raises(ValueError, match="needs steps_per_epoch"):
        training.fit(model, lambda n, generator: x, x, Schedule(1, 5))
    with pytest.raises(ValueError, match=r"an epoch of 15 examples \(3 x 5\) exceeds the 10"):
        training.fit(model, x, x, Schedule(1, 5, 3))
    with pytest.raises(ValueError, match="an epoch of 50"):
        training.fit(model, x, x, Schedule(1, 50))


def toy(latent_dim=2, encoder=None, likelihood=None, prior=None):
    made, network = networks.mlp((2,), latent_dim)
    decoder = nn.Sequential(network, likelihood or likelihoods.Gaussian())
    return VAE(encoder or made, decoder, prior or priors.StandardNormal(latent_dim))


class Part(nn.Module):
    """A part of a model from a function, with a parameter."""

    def __init__(self, of, size=2):
        super().__init__()
        self.of, self.layer = of, nn.Linear(size, size)

    def forward(self, *args):
        return self.of(self.layer(*args)) if args else self.of()


POINTS = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
ONE_HOT = torch.eye(2)[torch.arange(20) % 2]
SHARES = torch.softmax(POINTS, 1)


@pytest.mark.parametrize(
    ("likelihood", "good", "bad"),
    [
        (lambda h: OneHotCategorical(logits=h), ONE_HOT, ONE_HOT / 2),
        (lambda h: Dirichlet(h.exp()), SHARES, SHARES / 2),
        (
            lambda h: MixtureSameFamily(
                Categorical(torch.ones(len(h), 2)), Independent(Normal(torch.stack([h, -h], 1), 1.0), 1)
            ),
            POINTS,
            torch.full_like(POINTS, torch.nan),
        ),
    ],
    ids=["one-hot", "Dirichlet", "mixture"],
)
def test_likelihoods_of_whole_vectors_train_and_data_outside_their_support_are_refused(likelihood, good, bad):
    model = toy(likelihood=Part(likelihood))
    assert len(training.fit(model, good, good, Schedule(2, 10)).valid_elbo) == 2
    with pytest.raises(ValueError, match=r"the training data have .* 20 of 20 examples, the first of them example 0"):
        training.fit(model, bad, good, Schedule(1, 10))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            lambda: toy(1, encoder=Part(lambda h: Normal(h[:, :1], 1.0))),
            r"the encoder .* batch shape \(1, 1\) and .*Indep",
        ),
        (
            lambda: toy(2, encoder=Part(lambda h: Normal(h, 1.0))),
            r"the encoder gives a distribution of batch shape \(1, 2\)",
        ),
        (lambda: toy(2, prior=Part(lambda: Normal(torch.zeros(2), 1.0))), r"the prior is .* of batch shape \(2,\)"),
        (
            lambda: toy(2, encoder=Part(lambda h: h)),
            r"the encoder gives a Tensor: a torch\.distributions\.Distribution is",
        ),
        (lambda: toy(2, prior=priors.StandardNormal(1)), r"latents of shape \(2,\) and the prior is over \(1,\)"),
        (lambda: toy(2, prior=priors.StandardNormal(3)), r"latents of shape \(2,\) and the prior is over \(3,\)"),
        (lambda: toy(2, prior=priors.Mixture(torch.tensor([[-2.0], [2.0]]))), r"the prior is over \(1,\): give both"),
    ],
)
def test_fit_refuses_a_model_whose_parts_are_not_made_for_each_other(model, message, unchecked):
    with pytest.raises(ValueError, match=message) as caught:
        training.fit(model(), POINTS, POINTS, Schedule(1, 10))
    assert "\n" not in str(caught.value)


def test_fit_refuses_a_model_without_parameters_which_may_be_evaluated():
    class Encoder(nn.Module):
        def forward(self, x):
            return Independent(Normal(x, 1.0), 1)

    model = VAE(Encoder(), Encoder(), priors.StandardNormal(2))
    with pytest.raises(ValueError, match="no parameters: there is nothing to train"):
        training.fit(model, POINTS, POINTS, Schedule(1, 10))
    assert training.evaluate(model, POINTS).kl.shape == (20,)


def test_what_evaluates_leaves_every_layer_in_its_own_mode():
    """What a user froze, or left on, does not follow the mode of the whole."""
    model = toy()
    frozen, on = nn.BatchNorm1d(2).eval(), nn.Dropout()
    model.encoder.features = nn.Sequential(frozen, on, model.encoder.features)
    model.prior = priors.Vamp(model.encoder, POINTS[:3], None)
    for whole in (True, False):
        model.encoder.training = model.training = whole
        training.evaluate(model, POINTS)
        bounds.elbo(model, POINTS)
        checks.check_data(model, POINTS, POINTS)
        SylvesterEncoder(model.encoder, (2,), vectors=2)
        assert (frozen.training, on.training, model.encoder.training, model.training) == (False, True, whole, whole)


def test_a_model_that_cannot_be_evaluated_stays_in_training_mode():
    model = toy()
    with pytest.raises(RuntimeError):
        training.evaluate(model, torch.zeros(3, 7))
    assert model.training


@pytest.mark.parametrize(
    ("train", "valid", "message"),
    [
        (DataLoader(TensorDataset(POINTS)), POINTS, r"training data are a DataLoader: give .*, or a function"),
        (POINTS.numpy(), POINTS, r"training data are a ndarray: give a tensor \(N, \*data_shape\), or a function"),
        (POINTS.tolist(), POINTS, "training data are a list"),
        (TensorDataset(POINTS), POINTS, "training data are a TensorDataset"),
        (POINTS, lambda n, generator: POINTS, r"validation data are a function: give a tensor \(N, \*data_shape\)$"),
        (POINTS[:, 0], POINTS[:, 0], r"validation data have shape \(20,\): give a tensor \(N, \*data_shape\)"),
        (lambda n, generator: POINTS[:3], POINTS, r"gave \(3, 2\) of torch.float32, where a tensor \(20, 2\)"),
        (lambda n, generator: POINTS.double(), POINTS, r"gave \(20, 2\) of torch.float64, where .* torch.float32"),
        (lambda n, generator: POINTS[:, :, None], POINTS, r"gave \(20, 2, 1\)"),
        (lambda n, generator: (POINTS, POINTS), POINTS, "gave a tuple, where a tensor"),
        (lambda n, generator: POINTS.numpy(), POINTS, "gave a ndarray, where a tensor"),
    ],
)
def test_fit_says_what_it_takes_of_data_of_another_kind(train, valid, message, unchecked):
    with pytest.raises(ValueError, match=message) as caught:
        training.fit(toy(), train, valid, Schedule(1, 10, 2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bound", ["iwae", 3, bounds.elbo])
def test_a_bound_that_is_none_is_refused(bound, unchecked):
    with pytest.raises(ValueError, match=r"bound must be a bounds\.Weighted"):
        Objective(bound=bound)


def test_an_epoch_of_a_tensor_may_end_early():
    def batches(steps):
        model, x, seen = builder.build(CONFIG, (2,), torch.zeros(1, 2)), torch.arange(20.0).view(10, 2), []
        model.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]) if module.training else None)
        training.fit(model, x, x, Schedule(1, 3, steps))
        return seen

    seen, whole = batches(2), batches(None)
    assert [len(batch) for batch in seen] == [3, 3] and [len(batch) for batch in whole] == [3, 3, 3]
    assert torch.equal(torch.cat(seen), torch.cat(whole)[:6])
    assert len(torch.cat(whole).unique(dim=0)) == 9


@pytest.mark.parametrize(
    ("train", "valid", "message"),
    [
        (torch.zeros(10, 1, 2), torch.zeros(10, 1, 2), r"makes examples of shape \(2,\), the data have \(1, 2\)"),
        (torch.zeros(10, 3), torch.zeros(10, 3), r"does not take examples of shape \(3,\)"),
        (torch.zeros(10, 2), torch.zeros(10, 1, 2), r"training data have shape \(10, 2\), the validation"),
        (torch.zeros(10, 2), torch.zeros(0, 2), "validation data have shape .* there must be some"),
        (torch.zeros(10, 2).double(), torch.zeros(10, 2), "training data are torch.float64: make them torch.float32"),
    ],
)
def test_fit_refuses_data_that_the_model_is_not_made_for(train, valid, message):
    model = builder.build(CONFIG, (2,), torch.zeros(1, 2))
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(ValueError, match=message):
        training.fit(model, train, valid, Schedule(1, 5))
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


BAD = {
    "a table of N(0, 1)": (torch.randn(5000, 2, generator=torch.Generator().manual_seed(0)), "from 0 to 1"),
    "bytes as floats": (torch.full((5000, 2), 255.0), "from 0 to 1"),
    "NaN": (torch.full((5000, 2), torch.nan), "NaN or infinity"),
    "infinity": (torch.full((5000, 2), torch.inf), "NaN or infinity"),
}


@pytest.mark.parametrize("side", [False, True])
@pytest.mark.parametrize("where", ["training", "drawn", "validation"])
@pytest.mark.parametrize("kind", BAD)
def test_data_that_are_not_finite_or_outside_the_support_are_refused(kind, where, side):
    likelihood = "gaussian" if kind in ("NaN", "infinity") else "bernoulli"
    model = builder.build(dataclasses.replace(CONFIG, likelihood=likelihood), (2,), torch.zeros(1, 2))
    (bad, message), good = BAD[kind], torch.full((5000, 2), 0.5)
    spoilt = good.clone()
    spoilt[4321], spoilt[4700:4702] = bad.abs()[0] + 1, bad.abs()[0] + 1  # in the second chunk
    train, valid = (good, spoilt) if where == "validation" else (spoilt, good)
    before = [p.clone() for p in model.parameters()]

    def draw(n, generator):
        return train[-n:]

    line = f"the {'validation' if where == 'validation' else 'training'} data have .*{message}.* in 3 of 5000 examples"
    with pytest.raises(ValueError, match=f"{line}, the first of them example 4321$"):
        if side:
            order, noise = torch.Generator(), torch.Generator()
            member = side_by_side.Member(model, draw, valid, order, noise)
            side_by_side.fit([member], Schedule(1, 2500, 2))
        elif where == "drawn":
            training.fit(model, draw, valid, Schedule(1, 2500, 2))
        else:
            training.fit(model, train, valid, Schedule(1, 2500))
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


class Boolean(torch.nn.Module):
    """Torch's own Bernoulli, which has no grey."""

    def forward(self, h):
        return torch.distributions.Independent(torch.distributions.Bernoulli(logits=h), h.ndim - 1)


def test_bytes_and_grey_pixels_are_in_the_support_and_what_has_none_is_let_through():
    model = builder.build(dataclasses.replace(CONFIG, likelihood="bernoulli"), (2,), torch.zeros(1, 2))
    grey = torch.arange(256, dtype=torch.uint8).reshape(128, 2)
    support = checks.check_data(model, grey, grey)
    assert checks.check_data(model, grey / 255, grey / 255) is not None
    checks.check_examples(support, "training", grey)
    model.decoder[1] = Boolean()
    black = (grey > 99).to(torch.uint8) * 255
    checks.check_data(model, black, black.float() / 255)
    with pytest.raises(ValueError, match=r"support, .*, in 128 of 128 examples, the first of them example 0"):
        checks.check_data(model, grey, black)

    class Silent(torch.distributions.Distribution):
        pass

    assert checks.support_of(Silent(validate_args=False)) is None
    assert checks.support_of(torch.distributions.Normal(0.0, 1.0)) is not None
    assert model.training  # as it was


def test_deterministic_training_ends_with_the_algorithms_that_were_there_before():
    def algorithms(epoch, history):
        seen.append(torch.are_deterministic_algorithms_enabled())

    seen = []
    for deterministic in (True, False):
        model = bench.Case("mlp", (2,), 2, steps=1).model()
        x = torch.zeros(10, 2)
        training.fit(model, x, x, Schedule(1, 5), deterministic=deterministic, on_epoch=algorithms)
        seen.append(torch.are_deterministic_algorithms_enabled())
    assert seen == [True, False, False, False]


def test_runs_side_by_side_have_no_penalties():
    with pytest.raises(ValueError, match="have no penalties"):
        side_by_side.fit([], Schedule(1, steps_per_epoch=1), objective=Objective(gamma=1.0))


def test_a_model_with_bounds_of_its_own_takes_no_other():
    options = {"components": 2, "context_dim": 2}
    config = dataclasses.replace(CONFIG, mapping="identity", model="gm-vae", model_options=options)
    model, x = builder.build(config, (2,), torch.zeros(1, 2)), torch.zeros(9, 2)
    with pytest.raises(ValueError, match="a GMVAE has bounds of its own"):
        training.fit(model, x, x, Schedule(1, 3), objective=Objective(bound=bounds.Weighted(2)))


def test_training_on_a_bound_raises_it_and_validation_tells_the_elbo():
    config = dataclasses.replace(CONFIG, bound="iwae", bound_options={"samples": 20}, lr=0.01)
    record, model = runs.train(config)
    assert record.curves["train_elbo"][-1] > record.curves["train_elbo"][0] + 0.1
    x = datasets.of(config).valid
    with training.seeded(0):
        gap = bounds.iwae(model, x, 20).mean() - bounds.elbo(model, x).mean()
    assert gap > 0
    assert record.curves["valid_elbo"][-1] == pytest.approx(
        bounds.elbo(model, x).mean().item(), abs=0.1
    )  # not the bound
