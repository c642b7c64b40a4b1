"""Networks, likelihoods, priors, the VAE and its bounds against closed forms."""

import math
import re
from functools import partial

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from intelvae import bounds, likelihoods, mappings, networks, priors, training
from intelvae.models import GMVAE, VAE
from intelvae.models.gmvae import Components
from intelvae.paper import builder
from intelvae.paper.config import Training


def vae(dim=2, shape=(2,), likelihood="gaussian", prior=None, mapping=None, network="mlp"):
    encoder, net = networks.create(network, shape, dim)
    decoder = nn.Sequential(net, likelihoods.create(likelihood, shape))
    return VAE(encoder, decoder, prior or priors.StandardNormal(dim), mapping)


@pytest.fixture(autouse=True)
def _seed():
    with training.seeded(0):
        yield


SHAPES = {"mlp": (2,), "mathieu": (1, 32, 32), "mathieu-offset": (1, 32, 32), "authors": (1, 28, 28),
          "faces": (3, 64, 64), "faces-narrow": (3, 64, 64)}  # fmt: skip


@pytest.mark.parametrize(("name", "shape"), list(SHAPES.items()))
def test_networks_give_distributions_of_the_right_shape_and_train(name, shape):
    encoder, net = networks.create(name, shape, 3)
    x = torch.rand(4, *shape)
    q = encoder(x)
    assert q.batch_shape == (4,) and q.event_shape == (3,)
    h = net(q.rsample())
    assert h.shape == x.shape
    h.square().sum().backward()
    parameters = [*encoder.parameters(), *net.parameters()]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in parameters)


def test_parameter_counts_are_those_of_the_published_networks():
    # Mathieu et al.: 4x4 kernels without biases, (32, 64, 128) channels, batch norm but for the first layer; heads have
    # biases. Counted by hand: 16 (32 + 32 * 64 + 64 * 128) + 2 (64 + 128) + 2 (16 * 128 + 1) for one latent dimension.
    encoder, _ = networks.create("mathieu", (1, 32, 32), 1)
    assert sum(p.numel() for p in encoder.parameters()) == 16 * (32 + 2048 + 8192) + 2 * 192 + 2 * 2049


@pytest.mark.parametrize(
    ("fast", "plain", "x"),
    [
        (networks._ToOne(8, 3, 4), nn.Conv2d(8, 3, 4), torch.ones(2, 8, 4, 4)),
        (networks._FromOne(3, 8, 4, bias=False), nn.ConvTranspose2d(3, 8, 4, bias=False), torch.ones(2, 3)),
        (networks._Doubling(8, 3), nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False), torch.ones(2, 8, 5, 4)),
    ],
    ids=["to one", "from one", "doubling"],
)
def test_the_fast_layers_are_the_plain_ones(fast, plain, x):
    plain.load_state_dict(fast.state_dict())
    fast, plain = fast.double(), plain.double()
    x = torch.randn_like(x, dtype=torch.float64).requires_grad_()
    one, other = fast(x), plain(x if x.ndim == 4 else x[..., None, None]).reshape(fast(x).shape)
    inputs = [x, *fast.parameters()], [x, *plain.parameters()]
    for a, b in zip(
        (one, *torch.autograd.grad(one.square().sum(), inputs[0])),
        (other, *torch.autograd.grad(other.square().sum(), inputs[1])),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)  # rounding: sums of 128 products in another order


def test_a_perceptron_without_hidden_layers_is_linear():
    encoder, network = networks.mlp((2, 3), 4, hidden=())
    for f, shape in ((lambda x: encoder(x).mean, (2, 3)), (lambda x: encoder(x).stddev.log(), (2, 3)), (network, (4,))):
        a, b = torch.randn(2, 5, *shape)
        torch.testing.assert_close(
            f(a + b) + f(0 * a), f(a) + f(b), atol=1e-5, rtol=0
        )  # float32 and numbers of about 1
    assert network(torch.zeros(5, 4)).shape == (5, 2, 3)


def test_only_an_offset_lets_the_origin_be_a_picture():
    (_, plain), (_, offset) = (networks.create(name, (1, 32, 32), 1) for name in ("mathieu", "mathieu-offset"))
    for network in (plain, offset):
        for p in network.parameters():
            nn.init.normal_(p)  # whatever has been learned
    at_zero = [network.eval()[:3](torch.zeros(1, 1)) for network in (plain, offset)]  # (1, 128, 4, 4)
    # one value per channel, up to rounding: nothing in it says where in the picture it is
    assert at_zero[0].std((2, 3)).max() < 1e-6 < 0.1 < at_zero[1].std((2, 3)).mean()


@pytest.mark.parametrize("make", [lambda: networks.create("cnn", (2,), 2), lambda: likelihoods.create("poisson", (2,))])
def test_unknown_names_are_told_the_known_ones(make):
    with pytest.raises(ValueError, match="choose one of"):
        make()


def test_image_networks_say_which_size_they_take():
    with pytest.raises(ValueError, match="32x32"):
        networks.create("mathieu", (1, 28, 28), 2)


@pytest.mark.parametrize("name", likelihoods.NAMES)
def test_every_likelihood_sums_over_the_data_and_has_finite_gradients(name):
    h = torch.randn(3, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    p = likelihoods.create(name, (1, 4, 4))(h)
    assert p.batch_shape == (3,) and p.event_shape == (1, 4, 4) and p.mean.shape == h.shape
    p.log_prob(torch.rand(3, 1, 4, 4, dtype=torch.float64)).sum().backward()
    assert h.grad.isfinite().all()


def test_gaussian_of_variance_one_half_is_the_squared_error():
    x, h = torch.rand(2, 5, 7, dtype=torch.float64)
    constant = 7 / 2 * math.log(math.pi)
    squared = (x - h).square().flatten(1).sum(1)
    torch.testing.assert_close(-likelihoods.Gaussian()(h).log_prob(x), squared + constant)


def test_learned_variance_stops_at_its_floor():
    p = likelihoods.LearnedGaussian((2,), floor=-6.0)
    with torch.no_grad():
        p.log_variance.fill_(-100.0)
    torch.testing.assert_close(p(torch.zeros(1, 2)).stddev, torch.full((1, 2), math.exp(-3.0)))


def test_mixture_of_one_component_is_that_gaussian():
    y = torch.randn(6, 3, dtype=torch.float64)
    prior = priors.Mixture(torch.zeros(1, 3, dtype=torch.float64), 1.0)
    expected = Independent(Normal(torch.zeros(3).double(), torch.ones(3).double()), 1).log_prob(y)
    torch.testing.assert_close(prior().log_prob(y), expected)


def test_mixture_integrates_to_one_and_samples_its_components_equally():
    prior = priors.ring(1, components=2, radius=2.0)
    grid = torch.linspace(-12, 12, 4001)[:, None]
    assert torch.trapezoid(prior().log_prob(grid).exp(), grid[:, 0]).item() == pytest.approx(1, abs=1e-5)  # float32
    share = (prior().sample((20_000,)) > 0).float().mean().item()
    assert share == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(20_000))  # four standard errors


def test_a_mixture_without_components_or_dimensions_is_refused_in_one_line():
    encoder, _ = networks.mlp((2,), 2)
    for shape in ((0, 2), (2, 0), (2,)):
        with pytest.raises(ValueError, match=rf"^means must have shape .* not {re.escape(str(shape))}$"):
            priors.Mixture(torch.zeros(shape))
    for shape in ((0, 2), (2,)):
        with pytest.raises(ValueError, match=rf"^start must have shape .* not {re.escape(str(shape))}$"):
            priors.Vamp(encoder, torch.zeros(shape))
    assert priors.Vamp(encoder, torch.ones(3, 2, dtype=torch.long)).inputs.requires_grad  # whole numbers will do


def test_ring_needs_a_plane_for_three_components_and_a_positive_scale():
    with pytest.raises(ValueError, match="at least 2 latent dimensions"):
        priors.ring(1, components=3)
    with pytest.raises(ValueError, match="scale"):
        priors.ring(1, scale=0.0)


def test_vamp_with_one_pseudo_input_is_the_posterior_of_that_input():
    encoder, _ = networks.create("mlp", (2,), 3)
    u = torch.randn(1, 2)
    prior = priors.Vamp(encoder, u, data_range=None)
    y = torch.randn(5, 3)
    torch.testing.assert_close(prior().log_prob(y), encoder(u).log_prob(y[:, None])[:, 0])


def test_the_elbo_under_a_vamp_prior_of_one_fixed_pseudo_input_is_that_under_its_gaussian():
    model = vae(dim=3)
    vamp = priors.Vamp(model.encoder, torch.tensor([[0.3, 0.7]])).requires_grad_(False)
    x, q = torch.randn(50, 2), model.encode(torch.tensor([[0.3, 0.7]]))
    found = []
    for prior in (vamp, lambda: Independent(Normal(q.mean[0], q.stddev[0]), 1)):
        torch.manual_seed(1)
        found.append(bounds.terms(VAE(model.encoder, model.decoder, vamp), x))
        y = found[-1].y
        kl = model.encode(x).log_prob(y) - prior().log_prob(y)
        torch.testing.assert_close(found[-1].elbo, model.decode(y).log_prob(x) - kl)  # rounding of float32


def test_vamp_is_finite_far_from_its_components():
    encoder, _ = networks.create("mlp", (2,), 3)
    prior = priors.Vamp(encoder, torch.randn(10, 2), data_range=None)
    assert prior().log_prob(torch.full((1, 3), 50.0)).isfinite().all()


def test_vamp_leaves_batch_statistics_alone_and_trains_its_pseudo_inputs():
    encoder, _ = networks.create("mathieu", (1, 32, 32), 2)
    prior = priors.Vamp(encoder, torch.rand(4, 1, 32, 32) * 2 - 0.5)
    before = {k: v.clone() for k, v in encoder.named_buffers()}
    prior().log_prob(torch.zeros(1, 2)).sum().backward()
    assert all(torch.equal(v, before[k]) for k, v in encoder.named_buffers())
    assert encoder.training
    u = prior.pseudo_inputs()
    assert u.min() >= 0 and u.max() <= 1
    assert prior.inputs.grad.abs().sum() > 0
    assert {name for name, _ in prior.named_parameters()} == {"inputs"}


def test_pseudo_inputs_on_the_border_of_the_datas_range_can_leave_it_inwards_only():
    encoder, _ = networks.create("mlp", (4,), 2)
    start = torch.tensor([[0.0, 1.0, 0.5, 0.0]])
    prior = priors.Vamp(encoder, start)
    for slope in (torch.tensor([-1.0, 1.0, 1.0, 1.0]), torch.tensor([1.0, -1.0, -1.0, -1.0])):
        prior.inputs.grad = None
        (prior.pseudo_inputs() * slope).sum().backward()  # descent moves against the slope
        inwards = torch.where(start == 0, slope < 0, torch.where(start == 1, slope > 0, True))
        assert torch.equal(prior.inputs.grad, torch.where(inwards, slope, 0.0))
    adam = torch.optim.Adam([prior.inputs], lr=0.01)
    for _ in range(50):
        adam.zero_grad()
        (prior.pseudo_inputs() - torch.tensor([0.3, 0.9, 2.0, -1.0])).square().sum().backward()
        adam.step()
    # the last two aims are outside; Adam's momentum carries a number past the border by a step or two at most
    torch.testing.assert_close(prior.inputs.detach(), torch.tensor([[0.3, 0.9, 1.0, 0.0]]), atol=0.05, rtol=0)
    assert prior.pseudo_inputs().min() >= 0 and prior.pseudo_inputs().max() <= 1


def test_pseudo_inputs_start_as_examples_or_as_means_of_several():
    images = torch.randint(0, 256, (60, 1, 32, 32), dtype=torch.uint8)
    for options, expected in (({}, images[:6]), ({"blend": 10}, images.float().unflatten(0, (6, 10)).mean(1))):
        options = {"components": 6, **options}
        config = Training("mnist", "mathieu", 3, "gaussian", 1, prior="vamp", prior_options=options)
        start = builder.build(config, (1, 32, 32), images).prior.pseudo_inputs()
        torch.testing.assert_close(start, expected / 255, rtol=0, atol=1e-6 if "blend" in options else 0)  # rounding


def test_log_variance_1_is_an_option_of_the_ring():
    y = torch.tensor([[0.0], [2.0]]).double()
    published = priors.ring(1, scale=math.exp(0.5)).double()()
    expected = torch.stack([Normal(m, math.exp(0.5)).log_prob(y[:, 0]) for m in (-2.0, 2.0)]).logsumexp(0) - math.log(2)
    torch.testing.assert_close(published.log_prob(y), expected, atol=1e-6, rtol=0)  # the ring's numbers are float32
    assert (published.log_prob(y) - priors.ring(1).double()().log_prob(y)).abs().min() > 0.4


def test_identity_is_the_ordinary_vae_to_the_bit():
    plain, mapped = vae(), vae(mapping=mappings.Identity())
    mapped.load_state_dict(plain.state_dict())
    x = torch.randn(8, 2)

    def ordinary(model):  # Equation 1, written out without the library's bounds
        q = model.encoder(x)
        z = q.rsample()
        return model.decoder(z).log_prob(x) - kl_divergence(
            q, Independent(Normal(torch.zeros(8, 2), torch.ones(8, 2)), 1)
        )

    results = []
    for function in (lambda: ordinary(plain), lambda: bounds.elbo(mapped, x)):
        torch.manual_seed(1)
        results.append(function())
    assert torch.equal(*results)


def test_the_mapping_is_the_decoders_first_layer():
    inside = vae(mapping=mappings.Circle())
    outside = VAE(inside.encoder, nn.Sequential(mappings.Circle(), inside.decoder), inside.prior)
    x = torch.randn(8, 2)
    results = []
    for model in (inside, outside):
        torch.manual_seed(1)
        results.append(bounds.elbo(model, x))
    assert torch.equal(*results)


def test_representation_is_the_mapped_mean():
    model = vae(mapping=mappings.Circle())
    x = torch.randn(8, 2)
    assert torch.equal(model.represent(x), model.mapping(model.encode(x).mean))


def test_analytic_kl_agrees_with_samples():
    q = Independent(Normal(torch.tensor([[0.5, -1.0]]), torch.tensor([[0.3, 2.0]])), 1)
    p = priors.StandardNormal(2)()
    y = q.sample((40_000,))[:, 0]
    estimate = q.log_prob(y) - p.log_prob(y)
    error = estimate.std().item() / math.sqrt(len(y))
    assert bounds.kl(q, p, y[:1]).item() == pytest.approx(estimate.mean().item(), abs=4 * error)


def test_one_component_mixture_prior_gives_the_analytic_elbo_on_average():
    model = vae(prior=priors.Mixture(torch.zeros(1, 2)))
    q = model.encode(torch.randn(1, 2))
    y = q.rsample((20_000,))[:, 0]
    estimate = bounds.kl(q.expand((20_000,)), model.prior(), y)
    exact = kl_divergence(q, Independent(Normal(torch.zeros(1, 2), torch.ones(1, 2)), 1)).item()
    assert estimate.mean().item() == pytest.approx(exact, abs=4 * estimate.std().item() / math.sqrt(20_000))


class Linear(nn.Module):
    """q(y|x) = N(a x, s^2), to build a linear-Gaussian model whose evidence is known."""

    def __init__(self, slope, scale):
        super().__init__()
        self.slope, self.scale = slope, scale

    def forward(self, x):
        mean = self.slope * x
        return Independent(Normal(mean, torch.full_like(mean, self.scale)), 1)


def linear_gaussian(slope=0.5, scale=0.7):
    """y ~ N(0, 1), x|y ~ N(y, 1/2), so x ~ N(0, 3/2); the exact posterior is N(2x/3, 1/3)."""
    return VAE(Linear(slope, scale), nn.Sequential(nn.Identity(), likelihoods.Gaussian()), priors.StandardNormal(1))


def test_a_model_generates_from_its_own_prior():
    model = linear_gaussian()
    model.prior = priors.Mixture(torch.tensor([[5.0]]), 0.1)
    y = model.generate(1000).mean  # the decoder's mean is y itself
    assert y.mean().item() == pytest.approx(5, abs=4 * 0.1 / math.sqrt(1000))  # four standard errors
    assert y.std().item() == pytest.approx(0.1, abs=4 * 0.1 / math.sqrt(2000))


PRIORS = {
    "normal": lambda encoder: priors.StandardNormal(2),
    "mog": lambda encoder: priors.ring(2),
    "sparse": lambda encoder: priors.Sparse(2),
    "vamp": lambda encoder: priors.Vamp(encoder, torch.zeros(3, 2), None),
}


@pytest.mark.parametrize("name", PRIORS)
def test_no_examples_and_no_draws_are_refused_in_one_line_whatever_the_prior(name, unchecked):
    assert PRIORS.keys() == set(priors.NAMES)
    model, x = vae(), torch.zeros(0, 2)
    model.prior = PRIORS[name](model.encoder)
    gmvae = GMVAE(networks.create("mlp", (2,), 4)[0], model.decoder, Components(2, 2, 3), model.prior)
    for each in (model, gmvae):
        for bound in (bounds.elbo, *(partial(of, samples=3) for of in (bounds.iwae, bounds.log_likelihood))):
            with pytest.raises(ValueError, match=r"^a batch of shape \(0, 2\) has no examples: there is nothing"):
                bound(each, x)
        assert each.generate(1).sample().shape == (1, 2)
        for n in (0, -1, 1.5):
            with pytest.raises(ValueError, match=f"^n must be a whole number >= 1, not {n}$"):
                each.generate(n)
    with pytest.raises(ValueError, match="has no examples"):
        bounds.Weighted(3)(model, x)


BOUNDS = {
    "elbo": bounds.elbo,
    "iwae": partial(bounds.iwae, samples=3),
    "renyi": partial(bounds.renyi, samples=3, alpha=0.5),
    "log_likelihood": partial(bounds.log_likelihood, samples=3),
    "Weighted": bounds.Weighted(3),
    "evaluate": training.evaluate,
}


@pytest.mark.parametrize("name", BOUNDS)
def test_shapes_that_would_broadcast_are_refused(name):
    """Images without their channel, for one: their density would be that of a whole batch, a number like any other."""
    bound, x = BOUNDS[name], torch.rand(5, 28, 28)
    encoder, net = networks.create("mlp", (1, 28, 28), 4)
    decoder = nn.Sequential(net, likelihoods.Bernoulli())
    mixed = GMVAE(encoder, nn.Sequential(networks.create("mlp", (1, 28, 28), 2)[1], likelihoods.Bernoulli()),
                  Components(2, 2, 3), priors.StandardNormal(2))  # fmt: skip
    plain = VAE(encoder, decoder, priors.StandardNormal(4))
    for model in (plain, mixed)[: 1 if name == "Weighted" else 2]:
        with pytest.raises(
            ValueError, match=r"^the model makes examples of shape \(1, 28, 28\), the data have \(28, 28"
        ):
            bound(model, x)
        bound(model, x[:, None])
    for prior in (priors.StandardNormal(1), priors.Mixture(torch.zeros(3, 1)), priors.Sparse(1)):
        with pytest.raises(
            ValueError, match=r"latents of shape \(4,\) and the prior is over \(1,\): give both the same"
        ):
            bound(VAE(encoder, decoder, prior), x[:, None])


def test_bounds_are_exact_with_the_exact_posterior():
    model = linear_gaussian(2 / 3, math.sqrt(1 / 3))
    x = torch.tensor([[-1.0], [0.0], [2.0]])
    exact = Normal(0, math.sqrt(1.5)).log_prob(x[:, 0])
    torch.testing.assert_close(bounds.iwae(model, x, 3), exact, atol=1e-5, rtol=0)  # every weight equals p(x)
    torch.testing.assert_close(bounds.log_likelihood(model, x, 7, chunk=3), exact, atol=1e-5, rtol=0)


def test_importance_sampling_finds_the_evidence_and_the_bounds_are_ordered():
    model = linear_gaussian()
    x = torch.full((2000, 1), 1.0)
    exact = Normal(0, math.sqrt(1.5)).log_prob(torch.tensor(1.0)).item()
    means = [bounds.iwae(model, x, k).mean().item() for k in (1, 5, 50)]
    assert means[0] < means[1] < means[2] < exact + 0.01  # 0.01: four standard errors at K = 50
    torch.manual_seed(3)
    one = bounds.iwae(model, x, 1).mean().item()
    assert one == pytest.approx(bounds.elbo(model, x).mean().item(), abs=0.1)  # four standard errors of 2,000 samples
    assert bounds.log_likelihood(model, x[:200], 5000).mean().item() == pytest.approx(exact, abs=5e-3)


def renyi_bounds(alphas, samples=5):
    """Renyi bounds of one and the same draw of y, by alpha."""
    model, x, found = linear_gaussian(), torch.linspace(-2, 2, 40)[:, None], {}
    for alpha in alphas:
        torch.manual_seed(1)
        found[alpha] = bounds.renyi(model, x, samples, alpha)
    torch.manual_seed(1)
    return found, bounds.log_weights(model, x, samples)


def test_renyi_bounds_are_ordered_between_iwae_and_the_elbo():
    found, log_w = renyi_bounds((0.0, 0.25, 0.5, 0.9, 1.0, 2.0))
    assert torch.equal(found[0.0], log_w.logsumexp(0) - math.log(5))  # IWAE, to the bit
    assert torch.equal(found[1.0], log_w.mean(0))
    values = torch.stack(list(found.values()))
    assert (values.diff(dim=0) < 0).all()  # a power mean grows with its power; no two weights are alike
    # half, by hand: the square of the mean of roots
    torch.testing.assert_close(found[0.5], (0.5 * log_w).exp().mean(0).square().log())


def test_renyi_goes_to_the_mean_of_the_log_weights_as_alpha_goes_to_one():
    found, log_w = renyi_bounds((0.99, 1.0))
    # the first order of the difference is (1 - alpha) / 2 times the variance of log w
    expected = found[1.0] + 0.01 / 2 * log_w.var(0, correction=0)
    torch.testing.assert_close(found[0.99], expected, atol=1e-3, rtol=0)  # float32 divided by 0.01, and the next order


@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_renyi_in_float32_is_that_in_float64_however_near_alpha_is_to_one(spread):
    log_w = spread * torch.randn(50, 4) - 100
    for e in [sign * 10.0**-k for k in (0, 1, 1.9, 2, 2.1, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20) for sign in (1, -1)]:
        found, right = log_w.clone().requires_grad_(), log_w.double().requires_grad_()
        value, expected = bounds.renyi_of(found, 1 - e), power_mean(right, 1 - (1 - e))
        # float32 has 7 digits of 100, and the usual formula, from |e| = 0.01 on, divides them by e
        torch.testing.assert_close(value.double(), expected, rtol=1e-6, atol=1e-6 / max(abs(e), 0.01))
        (gradient,), (slope,) = (torch.autograd.grad(v.sum(), x) for v, x in ((value, found), (expected, right)))
        torch.testing.assert_close(gradient.double(), slope, rtol=1e-4, atol=1e-6)


def test_renyi_of_samples_that_the_model_rules_out():
    log_w = torch.tensor([[-2.0, -math.inf], [-math.inf, -math.inf]])
    for e in (0.5, 0.0099, 1e-3):
        expected = torch.tensor([-2 - math.log(2) / e, -math.inf])
        torch.testing.assert_close(bounds.renyi_of(log_w, 1 - e), expected)
        assert bounds.renyi_of(log_w, 1 + e).isneginf().all()


def power_mean(log_w, e):
    """`log(mean w^e) / e` in float64, by its series where e log w is small."""
    if abs(e) < 1e-9:
        centred = log_w - log_w.mean(0)
        return log_w.mean(0) + e / 2 * centred.square().mean(0)
    return ((e * log_w).logsumexp(0) - math.log(len(log_w))) / e


def test_every_renyi_bound_is_exact_with_the_exact_posterior():
    model, x = linear_gaussian(2 / 3, math.sqrt(1 / 3)), torch.tensor([[-1.0], [0.0], [2.0]])
    exact = Normal(0, math.sqrt(1.5)).log_prob(x[:, 0])
    for alpha in (0.0, 0.5, 1.0, 3.0):
        torch.testing.assert_close(bounds.renyi(model, x, 3, alpha), exact, atol=1e-5, rtol=0)


def test_what_training_maximises_is_the_bound_its_kl_and_a_sample():
    model, x = linear_gaussian(), torch.linspace(-2, 2, 10)[:, None]
    noise = torch.randn(4, 10, 1)
    value, kl, y = bounds.Weighted(4, 0.5)(model, x, noise)
    q = model.encode(x)
    log_w = model.decode(q.mean + q.stddev * noise[1]).log_prob(x)  # of the second sample, by hand
    log_w = log_w + Normal(0, 1).log_prob(q.mean + q.stddev * noise[1])[:, 0] - q.log_prob(q.mean + q.stddev * noise[1])
    single = bounds.Weighted(1, 0.5)(model, x, noise[1:2])[0]
    torch.testing.assert_close(single, log_w)  # with one sample every bound is log w
    torch.testing.assert_close(y, q.mean + q.stddev * noise[0])
    torch.testing.assert_close(
        kl, kl_divergence(q, Independent(Normal(torch.zeros(1), torch.ones(1)), 1).expand((10,)))
    )
    torch.manual_seed(2)
    expected = bounds.renyi(model, x, 4, 0.5)
    torch.manual_seed(2)
    torch.testing.assert_close(bounds.Weighted(4, 0.5)(model, x)[0], expected)
    assert value.shape == (10,)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("jackknife", {}, "unknown bound 'jackknife': choose one of elbo, iwae, renyi"),
        ("iwae", {}, "takes the options samples, and was given none"),
        ("elbo", {"samples": 8}, "takes the options none, and was given samples"),
        ("iwae", {"samples": 8, "alpha": 0.5}, "was given samples, alpha"),
        ("renyi", {"samples": 0, "alpha": 0.5}, "samples must be a whole number >= 1, not 0"),
        ("renyi", {"samples": 8, "alpha": -1.0}, "alpha must be a number >= 0, not -1.0"),
    ],
)
def test_a_bound_that_is_none_gets_one_clear_line(name, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        bounds.create(name, **options)
    assert "\n" not in str(caught.value)
