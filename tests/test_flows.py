"""Sylvester posteriors against automatic differentiation, closed forms and quadrature."""

import dataclasses
import math

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from intelvae import bounds, flows, likelihoods, networks, priors, training
from intelvae.flows import Step, Sylvester, SylvesterEncoder, householder, orthonormal
from intelvae.models import VAE
from intelvae.paper import runs
from intelvae.paper.config import Evaluation, Training

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=1, steps_per_epoch=5, posterior="sylvester")
TWO = {"vectors": 2}  # the default, eight, does not fit into two dimensions


@pytest.fixture(autouse=True)
def _seed():
    with training.seeded(0):
        yield


def encoder(variant="orthogonal", dim=5, vectors=3, far=True, **options):
    """A Sylvester encoder of points in the plane; `far` from the identity, as after training."""
    made = SylvesterEncoder(networks.create("mlp", (2,), dim)[0], (2,), variant=variant, vectors=vectors, **options)
    if far:
        nn.init.normal_(made.head.weight)
        nn.init.normal_(made.head.bias)
    return made


@pytest.mark.parametrize("variant", flows.VARIANTS)
def test_the_density_is_that_of_the_jacobian(variant):
    q = encoder(variant).double()(torch.randn(3, 2, dtype=torch.float64))
    for step in q.steps:
        for b in range(3):
            of_b = Step(step.q if variant == "triangular" else step.q[b], *(p[b] for p in step[1:]))
            start = torch.randn(5, dtype=torch.float64)
            jacobian = torch.autograd.functional.jacobian(lambda v, of_b=of_b: of_b(v)[0], start)
            # 1e-7: rounding of float64, and Q^T Q = I to 1e-9
            torch.testing.assert_close(of_b(start)[1], torch.linalg.slogdet(jacobian)[1], atol=1e-7, rtol=0)
    assert len(q.steps) == 4


@pytest.mark.parametrize("variant", flows.VARIANTS)
def test_the_density_of_a_sample_is_the_base_density_over_the_whole_jacobian(variant):
    made = encoder(variant).double()
    q = made(torch.randn(3, 2, dtype=torch.float64))
    torch.manual_seed(1)
    z = q.rsample()
    torch.manual_seed(1)
    start = q.base.rsample()
    torch.testing.assert_close(q._flow(start), z)
    jacobian = torch.autograd.functional.jacobian(lambda s: q._flow(s).sum(0), start).transpose(0, 1)  # (B, D, D)
    expected = q.base.log_prob(start) - torch.linalg.slogdet(jacobian)[1]
    torch.testing.assert_close(q.log_prob(z), expected, atol=1e-7, rtol=0)  # as above


def test_the_density_integrates_to_one():
    # in one dimension the density at z(s) is known along a grid of starting points s, and dz = z(s') - z(s)
    q = encoder(dim=1, vectors=1).double()(torch.zeros(1, 2).double())
    start = torch.linspace(-12, 12, 20001, dtype=torch.float64)[:, None, None] * q.base.stddev + q.base.mean
    q.base.rsample = lambda shape: start
    z = q.rsample((len(start),))
    total = torch.trapezoid(q.log_prob(z).exp()[:, 0], z[:, 0, 0]).item()
    assert total == pytest.approx(1, abs=1e-5)  # of the trapezoidal rule


@pytest.mark.parametrize(("d", "m"), [(50, 8), (5, 5), (1, 1)])
@pytest.mark.parametrize("count", [None, 40])
def test_the_iteration_ends_with_orthonormal_columns(d, m, count, monkeypatch):
    monkeypatch.setattr(flows, "ITERATIONS", {"cpu": count} if count else {})
    for dtype in (torch.float32, torch.float64):
        q = orthonormal(torch.randn(200, 4, d, m, dtype=dtype))
        assert (q.mT @ q - torch.eye(m, dtype=dtype)).abs().max() < 1e-6  # float32's rounding is some 5e-7 of it


def test_the_iteration_finds_the_nearest_orthonormal_columns():
    a = torch.randn(7, 6, 3, dtype=torch.float64)
    u, _, vh = torch.linalg.svd(a, full_matrices=False)
    torch.testing.assert_close(orthonormal(a), u @ vh, atol=1e-8, rtol=0)  # the iteration's own tolerance, squared


def test_triangular_steps_turn_the_dimensions_round_in_turn():
    q = encoder("triangular")(torch.zeros(1, 2))
    z = torch.arange(5.0)
    turned = [step.q @ z for step in q.steps]
    assert torch.equal(torch.stack(turned), torch.stack([z, z.flip(0)] * 2))


def test_the_encoder_it_is_made_from_keeps_its_batch_statistics():
    plain, _ = networks.create("mathieu", (1, 32, 32), 2)
    before = {name: value.clone() for name, value in plain.state_dict().items()}
    made = SylvesterEncoder(plain, (1, 32, 32), vectors=2)
    assert all(torch.equal(value, before[name]) for name, value in plain.state_dict().items())
    assert made.training and made(torch.rand(4, 1, 32, 32)).rsample().shape == (4, 2)


def test_dependent_columns_give_nan_rather_than_a_wrong_density(monkeypatch):
    a = torch.cat([torch.ones(1, 4, 2), torch.eye(4)[None, :, :2]])
    for iterations in ({}, {"cpu": 40}):  # until they are orthonormal, as here; as many whatever comes, as on a GPU
        monkeypatch.setattr(flows, "ITERATIONS", iterations)
        assert orthonormal(a).isnan().flatten(1).all(1).tolist() == [True, False]


def test_reflections_are_orthogonal_and_reflect():
    v = torch.randn(2, 3, 6, dtype=torch.float64)
    q = householder(v)
    torch.testing.assert_close(q.mT @ q, torch.eye(6, dtype=torch.float64).expand(2, 6, 6))
    one = householder(v[:, :1])
    torch.testing.assert_close((one @ v[:, 0, :, None])[..., 0], -v[:, 0])
    torch.testing.assert_close(torch.linalg.det(q), -torch.ones(2, dtype=torch.float64))  # three reflections


@pytest.mark.parametrize("variant", flows.VARIANTS)
def test_without_r_the_posterior_is_the_gaussian(variant):
    made = encoder(variant, far=False)
    nn.init.zeros_(made.head.weight)
    x = torch.randn(4, 2)
    q, base = made(x), networks.GaussianEncoder.forward(made, x)
    torch.testing.assert_close(q.mean, base.mean)
    torch.testing.assert_close(q.stddev, base.stddev)
    z = q.rsample((3,))
    torch.testing.assert_close(q.log_prob(z), base.log_prob(z))
    expected = kl_divergence(base, Independent(Normal(torch.zeros(4, 5), torch.ones(4, 5)), 1))
    z = q.rsample((20_000,))
    estimate = bounds.kl(q, priors.StandardNormal(5)(), z)
    error = estimate.std(0) / math.sqrt(20_000)
    assert ((estimate.mean(0) - expected).abs() < 4 * error).all()


@pytest.mark.parametrize("variant", flows.VARIANTS)
def test_the_flow_starts_near_the_identity_and_all_of_it_trains(variant):
    made = encoder(variant, far=False)
    x = torch.randn(200, 2)
    q = made(x)
    start = q.base.rsample()
    moved = (q._flow(start) - start).square().mean().sqrt().item()
    assert 0 < moved < 0.05  # posterior scales are near 1 at the start
    model = VAE(
        made, nn.Sequential(networks.create("mlp", (2,), 5)[1], likelihoods.Gaussian()), priors.StandardNormal(5)
    )
    bounds.elbo(model, x).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    by_step = made.head.weight.grad.unflatten(0, (4, -1))
    assert (by_step.abs().amax((1, 2)) > 0).all()


def test_gradients_are_finite_far_out():
    made = encoder("householder")
    with torch.no_grad():
        made.head.weight.mul_(1e3)  # every tanh saturates
    q = made(torch.randn(50, 2))
    (bounds.kl(q, priors.StandardNormal(5)(), q.rsample()).sum()).backward()
    assert all(p.grad.isfinite().all() for p in made.parameters() if p.grad is not None)


def test_a_step_is_invertible_whatever_the_head_says():
    made = encoder("triangular", dim=3, far=False)
    nn.init.zeros_(made.head.weight)
    bias = torch.zeros(4, sum(made.sizes))
    _, _, d1, d2, _ = bias.split(made.sizes, -1)  # views
    d1.fill_(100.0)
    d2.fill_(-100.0)
    made.head.bias = nn.Parameter(bias.flatten())
    step = made(torch.zeros(1, 2)).steps[0]
    at_origin = step(torch.zeros(1, 3))[1]  # where tanh is steepest, and the product of the diagonals -1 but for a bit
    assert (step.r1 * step.r2).min() > -1 and at_origin.isfinite().all() and at_origin < -10


def test_mean_and_variance_are_those_of_samples_to_first_order():
    # a base so narrow that the flow is linear over it; 2 % is four standard errors of the spread of 20,000 samples
    made = encoder("orthogonal")
    made.log_variance = nn.Linear(10, 5)
    nn.init.constant_(made.log_variance.bias, -9.0)
    nn.init.zeros_(made.log_variance.weight)
    q = made(torch.randn(2, 2))
    z = q.sample((20_000,))
    torch.testing.assert_close(q.stddev, z.std(0), rtol=0.02, atol=0)
    assert ((z.mean(0) - q.mean).abs() < 0.05 * q.stddev).all()  # 0.05: curvature, and four standard errors of 0.007


def test_only_its_own_last_sample_has_a_density():
    q = encoder()(torch.zeros(4, 2))
    with pytest.raises(NotImplementedError, match="own last sample"):
        q.log_prob(torch.zeros(4, 5))
    first, second = q.sample(), q.sample()
    assert q.log_prob(second).isfinite().all()
    with pytest.raises(NotImplementedError, match="own last sample"):
        q.log_prob(first)


def test_one_dimension_is_the_scalar_flow():
    q = encoder(dim=1, vectors=1).double()(torch.zeros(1, 2).double())
    step, z = q.steps[0], torch.randn(6, 1, 1, dtype=torch.float64)
    q_, r1, r2, b = (p.flatten() for p in step)
    u = r2 * q_ * z[..., 0] + b
    moved, log_det = step(z)
    torch.testing.assert_close(moved[..., 0], z[..., 0] + q_ * r1 * u.tanh())
    torch.testing.assert_close(log_det, (1 + r1 * r2 * (1 - u.tanh().square())).log())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 1, "vectors": 8}, "8 orthonormal vectors do not fit into 1 latent dimensions"),
        ({"dim": 5, "vectors": 6}, "6 orthonormal vectors"),
        ({"variant": "planar"}, "choose one of orthogonal, householder, triangular"),
        ({"steps": 0}, "steps must be a whole number >= 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(options, message):
    with pytest.raises(ValueError, match=message):
        encoder(far=False, **options)


class Affine(nn.Module):
    """A `GaussianEncoder`'s head: a constant times x."""

    def __init__(self, slope, offset=0.0):
        super().__init__()
        self.slope, self.offset = slope, offset

    def forward(self, x):
        return self.slope * x + self.offset


def test_bounds_of_a_linear_gaussian_model_stay_below_the_evidence_and_rise_with_k():
    # y ~ N(0, 1), x|y ~ N(y, 1/2), so x ~ N(0, 3/2); a base of half the exact posterior's slope, and a random flow
    base = networks.GaussianEncoder(nn.Identity(), Affine(1 / 3), Affine(0.0, math.log(0.5)))
    made = SylvesterEncoder(base, (1,), vectors=1)
    nn.init.normal_(made.head.weight, 0, 0.3)
    model = VAE(made, nn.Sequential(nn.Identity(), likelihoods.Gaussian()), priors.StandardNormal(1))
    x = torch.full((4000, 1), 1.0)
    exact = Normal(0, math.sqrt(1.5)).log_prob(torch.tensor(1.0)).item()
    with torch.no_grad():
        means = [bounds.iwae(model, x, k).mean().item() for k in (1, 5, 50)]
    assert means[0] < means[1] < means[2] < exact + 0.01  # 0.01: four standard errors at K = 50
    assert bounds.elbo(model, x).mean().item() == pytest.approx(means[0], abs=0.08)  # four standard errors of 4,000
    # were the density off, this would miss: 5e-3 is four standard errors of 200 x 5,000 weights
    assert bounds.log_likelihood(model, x[:200], 5000).mean().item() == pytest.approx(exact, abs=5e-3)


@pytest.mark.parametrize("variant", ["householder", "triangular"])
def test_vmap_gives_the_same_terms(variant):
    made = encoder(variant)
    x = torch.randn(2, 6, 2)

    def density(x):
        q = made(x)
        q.base.rsample = lambda shape: q.base.mean + 0.5
        return q.log_prob(q.rsample())

    # 1e-4: float32, where products are added up in another order
    torch.testing.assert_close(torch.func.vmap(density)(x), density(x.flatten(0, 1)).view(2, 6), atol=1e-4, rtol=1e-4)


def test_autocast_leaves_the_flow_in_float32():
    made = encoder("orthogonal", dim=20, vectors=8)
    x = torch.randn(3, 2)
    with torch.autocast("cpu", torch.bfloat16):
        q = made(x)
        z = q.rsample()
    assert z.dtype == q.log_prob(z).dtype == torch.float32
    assert (q.steps[0].q.mT @ q.steps[0].q - torch.eye(8)).abs().max() < 1e-6


# As a run


def test_a_config_trains_and_measures_a_sylvester_vae():
    config = dataclasses.replace(CONFIG, posterior_options=TWO)
    _, model = runs.train(config)
    assert isinstance(model.encode(torch.zeros(1, 2)), Sylvester) and runs.alike(config) is None
    assert math.isfinite(runs.measure(config, Evaluation("points"), model).metrics["log_likelihood"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"posterior_options": {}}, "8 orthonormal vectors"),
        ({"posterior_options": {"radius": 1}}, "the posterior 'sylvester': .*radius"),
    ],
)
def test_a_config_that_does_not_fit_gets_one_clear_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        runs.train(dataclasses.replace(CONFIG, **change))
    assert "\n" not in str(caught.value)


def test_a_vamp_prior_or_an_unknown_posterior_is_refused():
    with pytest.raises(ValueError, match="Vamp"):
        dataclasses.replace(CONFIG, prior="vamp")
    with pytest.raises(ValueError, match="unknown posterior"):
        dataclasses.replace(CONFIG, posterior="planar")


def test_a_hidden_layer_keeps_the_start_near_the_identity_and_many_features_from_moving_fast():
    made = SylvesterEncoder(networks.create("mlp", (2,), 5)[0], (2,), vectors=3, hidden=7)
    assert made.head.in_features == 7 and made.body[1].in_features == 10  # the features of the perceptron
    x = torch.randn(50, 2)
    torch.testing.assert_close(made(x).mean, made(x).base.mean, atol=0.2, rtol=0)  # four steps of R1 near START
    with pytest.raises(ValueError, match="hidden must be a whole number >= 1, not 0"):
        SylvesterEncoder(networks.create("mlp", (2,), 5)[0], (2,), vectors=3, hidden=0)

    def moved(features):
        """How far a step of Adam moves the hidden units of a layer on so many features of size 1."""
        body = nn.Sequential(networks.Steady(features), nn.Linear(features, 4))
        h, optimiser = torch.ones(1, features), torch.optim.Adam(body.parameters(), lr=1e-3)
        before = body(h)
        before.sum().backward()
        optimiser.step()
        return (body(h) - before).abs().max().item()

    # 256 weights and a bias move by 1e-3 each; beyond 256 features the first sum stays
    assert moved(4096) == pytest.approx(moved(256), rel=1e-2) and moved(256) == pytest.approx(0.257, rel=1e-2)
