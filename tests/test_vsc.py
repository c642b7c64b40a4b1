"""The Sparse-VAE: spike-and-slab distributions, their divergences and the two priors, against closed forms."""

import dataclasses
import math

import pytest
import torch
from scipy import integrate
from torch import nn
from torch.distributions import Normal, kl_divergence

from intelvae import bounds, likelihoods, networks, training
from intelvae.models import VAE, vsc
from intelvae.models.vsc import PseudoInputPrior, SpikeAndSlab, SpikeAndSlabEncoder, SpikeAndSlabPrior
from intelvae.paper import builder, datasets, runs
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.store import Store

CONFIG = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=5, model="vsc")
PSEUDO = dataclasses.replace(CONFIG, model_options={"pseudo_inputs": 4, "alpha": 0.5})
SAMPLES = 50_000


@pytest.fixture(autouse=True)
def _seed():
    with training.seeded(0):
        yield


def random(*shape, slope=None):
    gates = 0.05 + 0.9 * torch.rand(shape, dtype=torch.float64)
    sigma = 0.3 + torch.rand(shape, dtype=torch.float64)
    return SpikeAndSlab(gates, torch.randn(shape, dtype=torch.float64), sigma, slope)


def assert_equal_in_mean(values, expected):
    """The mean of independent values (N, ...) is `expected`, by four of its standard errors."""
    error = 4 * values.std(0) / math.sqrt(len(values))
    assert ((values.mean(0) - expected).abs() <= error).all()


def test_samples_have_the_moments_and_the_zeros_that_they_should():
    q = random(6)
    y = q.sample((SAMPLES,))
    assert_equal_in_mean(y, q.mean)
    assert_equal_in_mean((y - q.mean).square(), q.variance)
    assert_equal_in_mean((y != 0).double(), q.gates)
    # gates of exactly 0 and 1 are never open and always open
    certain = SpikeAndSlab(torch.tensor([0.0, 1.0]), torch.ones(2), torch.ones(2)).sample((SAMPLES,))
    assert (certain == 0).sum(0).tolist() == [SAMPLES, 0]


def test_the_density_has_total_mass_one():
    q = random(1)
    continuous, error = integrate.quad(
        lambda y: q.log_prob(torch.tensor([y], dtype=torch.float64)).exp().item(), -15, 15
    )
    at_zero = q.log_prob(torch.zeros(1).double()).exp().item()
    assert at_zero == pytest.approx(1 - q.gates.item(), rel=1e-12)  # rounding
    assert at_zero + continuous == pytest.approx(1, abs=max(1e-8, error))


def test_the_divergence_is_that_of_monte_carlo():
    q, p = random(7), random(7)
    y = q.sample((SAMPLES,))
    assert_equal_in_mean(q.log_prob(y) - p.log_prob(y), kl_divergence(q, p))


def test_the_divergence_in_its_limits():
    q, p = random(5, 7), random(5, 7)
    one, zero = torch.ones_like(q.gates), torch.zeros_like(q.gates)
    open_q, open_p = SpikeAndSlab(one, q.mu, q.sigma), SpikeAndSlab(one, p.mu, p.sigma)
    # all of these are exact up to the rounding of float64
    torch.testing.assert_close(kl_divergence(open_q, open_p), kl_divergence(q.slab, p.slab).sum(-1))
    torch.testing.assert_close(kl_divergence(open_q, p), (kl_divergence(q.slab, p.slab) - p.gates.log()).sum(-1))
    closed = SpikeAndSlab(zero, q.mu, q.sigma)
    torch.testing.assert_close(kl_divergence(closed, p), -torch.log1p(-p.gates).sum(-1))
    assert kl_divergence(q, q).abs().max() < 1e-12
    assert (kl_divergence(q, closed) == torch.inf).all()  # what can be on cannot come from what never is
    # with gates of 0.5 against a rate of 0.5 half of the Gaussian divergence is left
    half = SpikeAndSlab(0.5 * one, q.mu, q.sigma), SpikeAndSlab(0.5 * one, p.mu, p.sigma)
    torch.testing.assert_close(kl_divergence(*half), 0.5 * kl_divergence(q.slab, p.slab).sum(-1))


def test_relaxed_samples_are_exact_ones_in_the_limit_and_have_the_mean_of_their_gate():
    q = random(6)
    torch.manual_seed(1)
    steep = SpikeAndSlab(q.gates, q.mu, q.sigma, slope=1e9).rsample((1000,))
    torch.manual_seed(1)
    # 1e-6: a gate is neither 0 nor 1 to that where u is within 1e-8 of 1 - gamma, which none of 6,000 is here
    torch.testing.assert_close(steep, q.sample((1000,)), atol=1e-6, rtol=0)
    c = 20.0
    relaxed = SpikeAndSlab(q.gates, q.mu, q.sigma, slope=c)
    # the integral of sigmoid(c (u - 1 + gamma)) over u from 0 to 1
    gate = (nn.functional.softplus(c * q.gates) - nn.functional.softplus(c * (q.gates - 1))) / c
    assert_equal_in_mean(relaxed.rsample((SAMPLES,)), gate * q.mu)
    assert (relaxed.sample((1000,)) == 0).any()  # `sample` is exact whatever the slope


def test_gradients_reach_the_gates_through_relaxed_samples_only():
    for slope, reached in ((100.0, True), (None, False)):
        gates = torch.full((3,), 0.5, requires_grad=True)
        mu = torch.ones(3, requires_grad=True)
        y = SpikeAndSlab(gates, mu, torch.ones(3), slope).rsample((200,))
        found = torch.autograd.grad(y.sum(), [gates, mu], allow_unused=True)
        assert found[1].abs().min() > 0 and (found[0] is not None and bool((found[0] != 0).all())) is reached


def test_relaxed_samples_have_no_density():
    with pytest.raises(NotImplementedError, match="evaluation mode"):
        random(2, slope=100.0).log_prob(torch.zeros(2))


class Fixed(nn.Module):
    """An encoder that gives the same q for every x."""

    def __init__(self, q):
        super().__init__()
        self.q = q

    def forward(self, x):
        return self.q.expand(x.shape[:1])


def test_with_the_true_posterior_the_bound_is_the_evidence_at_every_sample():
    # y is 0 or N(0, 1), x|y ~ N(y, 1/2): x is N(0, 1/2) or N(0, 3/2), and y|x is 0 or N(2x/3, 1/3)
    alpha, x = 0.3, 0.9
    on = alpha * Normal(0.0, math.sqrt(1.5)).log_prob(torch.tensor(x)).exp().item()
    off = (1 - alpha) * Normal(0.0, math.sqrt(0.5)).log_prob(torch.tensor(x)).exp().item()
    posterior = [torch.tensor([v]) for v in (on / (on + off), 2 * x / 3, math.sqrt(1 / 3))]
    model = VAE(Fixed(SpikeAndSlab(*posterior)), likelihoods.Gaussian(), SpikeAndSlabPrior(1, alpha))
    data = torch.full((SAMPLES, 1), x)
    weights = bounds.log_weights(model, data[:100], 3)
    # 1e-5: float32's rounding of densities of size 1
    torch.testing.assert_close(weights, torch.full((3, 100), math.log(on + off)), atol=1e-5, rtol=0)
    assert_equal_in_mean(bounds.elbo(model, data), math.log(on + off))
    worse = VAE(Fixed(SpikeAndSlab(torch.tensor([0.5]), *posterior[1:])), model.decoder, model.prior)
    assert bounds.elbo(worse, data).mean().item() < math.log(on + off) - 0.05
    estimate = bounds.log_likelihood(worse, data[:200], 2000)
    # four standard errors of 200 estimates, and a bias of half their variance
    error = 4 * estimate.std().item() / math.sqrt(200) + 0.5 * estimate.var().item()
    assert error < 0.02 and estimate.mean().item() == pytest.approx(math.log(on + off), abs=error)


def sparse_vae(dim=3, **options):
    network = networks.create("mlp", (2,), dim)[1]
    return vsc.create("mlp", (2,), dim, nn.Sequential(network, likelihoods.Gaussian()), **options)


@pytest.mark.parametrize("start", [None, torch.zeros(4, 2)], ids=["fixed", "pseudo-inputs"])
@pytest.mark.parametrize("h", [-1e4, -14.0, 0.0, 1e4])
def test_values_and_gradients_are_finite_where_gates_are_certain(start, h):
    model = sparse_vae(start=start)
    nn.init.constant_(model.encoder.gate[-1].bias, h)
    nn.init.zeros_(model.encoder.gate[-1].weight)
    for mode in (True, False):
        model.train(mode).zero_grad()
        x = torch.randn(8, 2)
        gates = model.encode(x).gates
        assert gates.min() >= vsc.SMALLEST and gates.max() < 1
        terms = bounds.terms(model, x)
        terms.elbo.mean().backward()
        assert terms.elbo.isfinite().all()
        assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    assert bounds.log_weights(model, x, 5).isfinite().all()


def test_gates_start_at_one_half_and_can_move_both_ways():
    model, x = sparse_vae(start=torch.randn(4, 2)), torch.randn(100, 2)
    # 0.2: what the random weights of the head add to it
    assert (model.encode(x).gates.mean(0) - 0.5).abs().max() < 0.2
    (-bounds.elbo(model, x).mean()).backward()
    assert (model.encoder.gate[-1].bias.grad != 0).all()


@pytest.mark.parametrize("network", ["mlp", "mathieu", "faces"])
def test_a_step_of_adam_moves_no_gate_far(network):
    size = networks.IMAGE_SIZE.get(network)
    shape = (3, size, size) if size else (2,)
    decoder = nn.Sequential(networks.create(network, shape, 4)[1], likelihoods.create("gaussian", shape))
    model, x = vsc.create(network, shape, 4, decoder), torch.rand(20, *shape)
    adam, features = torch.optim.Adam(model.encoder.gate.parameters(), lr=1e-3), model.encoder.features(x)
    before = model.encoder.gate(features).detach()
    (-bounds.elbo(model, x).mean()).backward()
    adam.step()
    # every weight moves by 0.001, and features are of order 1: by 0.26 at most for 256 of them, and by 16 for 16,384
    assert (model.encoder.gate(features) - before).abs().max() < 0.5


def test_the_gate_is_the_exponential_of_a_negative_number():
    model = sparse_vae()
    nn.init.zeros_(model.encoder.gate[-1].weight)
    model.encoder.gate[-1].bias = nn.Parameter(torch.tensor([-2.0, -0.1, 3.0]))
    expected = torch.tensor([math.exp(-2.0), math.exp(-0.1), 1 - vsc.SMALLEST])
    torch.testing.assert_close(model.encode(torch.randn(5, 2)).gates, expected.expand(5, 3))


def test_samples_are_relaxed_in_training_and_exact_in_evaluation():
    model, x = sparse_vae(), torch.randn(500, 2)
    share = {}
    for mode in (True, False):
        y = bounds.terms(model.train(mode), x).y
        share[mode] = (y == 0).float().mean().item()
    # in training a gate is 0 to float32 only where it underflows; in evaluation gates near one half close about half
    assert share[True] < 0.05 and share[False] > 0.1
    q = model.eval().encode(x)
    torch.testing.assert_close(model.represent(x), q.gates * q.mu)


def test_samples_of_the_fixed_prior_are_as_sparse_as_stated():
    for alpha in (0.01, 0.2):
        prior = SpikeAndSlabPrior(4, alpha)()
        y = prior.sample((SAMPLES,))
        assert_equal_in_mean((y != 0).float(), alpha)
        assert_equal_in_mean(y[y != 0].square(), 1.0)
        # all four dimensions are off together with probability (1 - alpha)^4
        assert_equal_in_mean((y == 0).all(1).float(), (1 - alpha) ** 4)


def assigned_vae(shares):
    """A model in float64 with pseudo-inputs and the given shares of the components for every x."""
    model = sparse_vae(start=torch.randn(len(shares), 2), alpha=0.3).double()
    linear = model.encoder.assign[1]
    nn.init.zeros_(linear.weight)
    linear.bias = nn.Parameter((shares / (1 - shares)).log())  # sigmoids are the shares, and add up to 1
    return model


def test_terms_of_the_pseudo_input_prior_are_those_of_a_loop_over_its_components():
    shares = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    model, x = assigned_vae(shares), torch.randn(4, 2, dtype=torch.float64)
    components = model.eval().encode(model.prior.pseudo_inputs())
    gates = torch.sigmoid(10.0 * (components.gates - 0.5))
    p = [SpikeAndSlab(gates[c], components.mu[c], components.sigma[c]) for c in range(3)]
    for mode in (True, False):
        kl = bounds.terms(model.train(mode), x).kl
        q = model.encode(x)
        for b in range(4):
            own = SpikeAndSlab(q.gates[b], q.mu[b], q.sigma[b])
            expected = sum(s * kl_divergence(own, of_u) for s, of_u in zip(shares, p, strict=True))
            if mode:
                rate = sum(s * of_u.gates for s, of_u in zip(shares, p, strict=True)).mean()
                expected += 3 * ((rate / 0.3).log() * rate + ((1 - rate) / 0.7).log() * (1 - rate))
            else:
                expected += (shares * (3 * shares).log()).sum()
            torch.testing.assert_close(kl[b], expected)  # up to rounding


def test_in_evaluation_the_divergence_is_above_that_to_the_mixture():
    model, x = assigned_vae(torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)).eval(), torch.randn(4, 2).double()
    with torch.no_grad():
        q, p = model.encode(x), model.prior()
        y = q.sample((SAMPLES,))  # (N, 4, 3)
        excess = bounds.kl(q, p, y) - (q.log_prob(y) - p.log_prob(y))
        error = 4 * excess.std(0) / math.sqrt(SAMPLES)
    assert (excess.mean(0) > -error).all() and (excess.mean(0) > error).any()


def test_the_density_and_the_samples_of_the_pseudo_input_prior_are_those_of_its_components():
    model = assigned_vae(torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)).eval()
    p = model.prior()
    y = p.sample((SAMPLES,))
    parts = [SpikeAndSlab(p.components.gates[c], p.components.mu[c], p.components.sigma[c]) for c in range(3)]
    expected = torch.stack([part.log_prob(y) for part in parts]).exp().mean(0).log()
    torch.testing.assert_close(p.log_prob(y), expected)
    assert_equal_in_mean((y != 0).double(), p.components.gates.mean(0))
    assert_equal_in_mean(y, p.components.mean.mean(0))


def test_one_pseudo_input_leaves_nothing_to_assign():
    model, x = sparse_vae(start=torch.randn(1, 2)), torch.randn(6, 2)
    q = model.eval().encode(x)
    assert torch.equal(q.log_shares, torch.zeros(6, 1))
    expected = kl_divergence(SpikeAndSlab(q.gates, q.mu, q.sigma), model.prior().components.expand((6,)))
    torch.testing.assert_close(bounds.terms(model, x).kl, expected)


def test_a_lower_rate_opens_fewer_gates():
    # after 300 steps: at the rate 0.5 a half open gate costs nothing, at 0.01 an open one costs 4.6 nats
    shares = []
    for alpha in (0.01, 0.5):
        config = dataclasses.replace(CONFIG, steps_per_epoch=300, model_options={"alpha": alpha})
        model = runs.train(config)[1]
        shares.append(model.encode(datasets.of(config).test).gates.mean().item())
    assert shares[0] < shares[1]


@pytest.mark.parametrize("config", [CONFIG, PSEUDO], ids=["fixed", "pseudo-inputs"])
def test_a_config_trains_measures_and_survives_the_store(config, tmp_path):
    trained, model = runs.train(config)
    assert math.isfinite(runs.measure(config, Evaluation("points"), model).metrics["log_likelihood"])
    assert runs.alike(config) is None
    Store(tmp_path).put_trained(trained, model)
    again, x = runs.load(config, Store(tmp_path)), datasets.of(config).test
    assert torch.equal(again.represent(x), model.represent(x))
    y = torch.zeros(1, 2)
    assert torch.equal(again.prior().log_prob(y), model.prior().log_prob(y))


@pytest.mark.parametrize("network", ["mathieu", "authors"])
def test_image_networks_get_a_head_for_the_gates(network):
    size = networks.IMAGE_SIZE[network]
    config = Training("mnist", network, 5, "gaussian", 1, model="vsc", model_options={"pseudo_inputs": 3})
    model = builder.build(config, (1, size, size), torch.randint(0, 256, (9, 1, size, size), dtype=torch.uint8))
    x = torch.rand(4, 1, size, size)
    with torch.autocast("cpu", torch.bfloat16):
        terms = bounds.terms(model, x)
    assert terms.kl.dtype == torch.float32 and terms.y.shape == (4, 5)
    terms.elbo.mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert model.eval().generate(2).mean.shape == (2, 1, size, size)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.0}, "alpha of open gates"),
        ({"alpha": 1.0, "pseudo_inputs": 2}, "alpha of open gates"),
        ({"pseudo_inputs": 10**6}, "pseudo-inputs from"),
        ({"rate": 0.1}, "rate"),
    ],
)
def test_options_that_do_not_fit_get_one_clear_line(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        runs.train(dataclasses.replace(CONFIG, model_options=options))
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="takes no mapping"):
        dataclasses.replace(CONFIG, mapping="sparse")


def test_the_encoder_and_the_priors_can_be_used_apart_from_create():
    gaussian, _ = networks.create("mlp", (2,), 3)
    encoder = SpikeAndSlabEncoder(gaussian, nn.Linear(10, 3), assign=nn.Linear(2, 4))
    prior = PseudoInputPrior(encoder, torch.randn(4, 2), None)
    model = VAE(encoder, nn.Sequential(nn.Linear(3, 2), likelihoods.Gaussian()), prior)
    assert bounds.elbo(model, torch.randn(5, 2)).shape == (5,)
    assert encoder.training  # looking at the pseudo-inputs leaves the encoder's mode alone
