"""The GM-VAE against brute force, quadrature and the plain VAE."""

import dataclasses
import math

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from intelvae import bounds, likelihoods, networks, priors, training
from intelvae.models import GMVAE, VAE
from intelvae.models.gmvae import Components, log_responsibilities
from intelvae.paper import runs
from intelvae.paper.config import Evaluation, Training

OPTIONS = {"components": 3, "context_dim": 2, "free_nats": 0.5}
CONFIG = Training("mixture", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=5, model="gm-vae", model_options=OPTIONS)


@pytest.fixture(autouse=True)
def _seed():
    with training.seeded(0):
        yield


def gmvae(dim=2, context=2, components=3):
    encoder, _ = networks.create("mlp", (2,), dim + context)
    decoder = nn.Sequential(networks.create("mlp", (2,), dim)[1], likelihoods.Gaussian())
    return GMVAE(encoder, decoder, Components(context, dim, components), priors.StandardNormal(context))


def fixed(components):
    """Makes `Components` those of the given means and standard deviations, (K, D) each, whatever w is."""

    def use(means, sigmas):
        for head, values in ((components.mu, means), (components.log_variance, 2 * sigmas.log())):
            nn.init.zeros_(head.weight)
            head.bias = nn.Parameter(values.flatten().to(head.weight.dtype))

    return use


def test_the_bound_is_that_of_enumerating_every_category():
    model = gmvae(dim=1, context=1, components=2).double()
    x = torch.randn(4, 2, dtype=torch.float64)
    torch.manual_seed(1)
    parts = model.parts(x)
    q_z, q_w = model.posteriors(x)
    torch.manual_seed(1)
    z, w = q_z.rsample(), q_w.rsample()
    p = model.components(w)
    for b in range(4):
        density = [Normal(p.mean[b, c, 0], p.stddev[b, c, 0]) for c in (0, 1)]
        joint = [0.5 * d.log_prob(z[b, 0]).exp() for d in density]
        posterior = [j / sum(joint) for j in joint]
        grid = q_z.mean[b] + q_z.stddev[b] * torch.linspace(-10, 10, 4001, dtype=torch.float64)
        q = Normal(q_z.mean[b], q_z.stddev[b]).log_prob(grid)
        divergences = [torch.trapezoid(q.exp() * (q - d.log_prob(grid)), grid) for d in density]
        # 1e-8: of the trapezoidal rule, which is nearly exact for such integrands
        expected = sum(r * d for r, d in zip(posterior, divergences, strict=True))
        torch.testing.assert_close(parts.z[b], expected, atol=1e-8, rtol=0)
        torch.testing.assert_close(parts.c[b], sum(r * (r / 0.5).log() for r in posterior))
    torch.testing.assert_close(parts.w, kl_divergence(q_w, Independent(Normal(0 * w, 0 * w + 1), 1)))
    torch.manual_seed(1)
    terms = bounds.terms(model, x)
    torch.testing.assert_close(terms.elbo, parts.reconstruction - parts.z - parts.w - parts.c)


def test_the_bound_is_below_the_one_with_the_category_summed_out():
    # both at 20,000 samples of z and w for each of four x; the second is a mean of log importance weights
    model = gmvae(dim=1, context=1, components=2)
    fixed(model.components)(torch.tensor([[-1.0], [1.0]]), torch.tensor([[0.3], [0.5]]))
    x = torch.randn(4, 2).repeat_interleave(20_000, 0)
    with torch.no_grad():
        theirs = bounds.elbo(model, x).view(4, -1).mean(1)
        tight = bounds.log_weights(model, x, 1)[0].view(4, -1)
        iwae = bounds.iwae(model, x[::20], 20).view(4, -1).mean(1)
    error = 4 * tight.std(1) / math.sqrt(20_000)
    assert (theirs < tight.mean(1) + error).all() and (tight.mean(1) - theirs).max() > 0.05
    assert (iwae > tight.mean(1) - error).all()


def test_responsibilities_sum_to_one_and_survive_extremes():
    p = Components(2, 3, 4)(torch.randn(5, 6, 2))
    log_r = log_responsibilities(p, torch.randn(5, 6, 3))
    torch.testing.assert_close(log_r.exp().sum(-1), torch.ones(5, 6))
    model = gmvae()
    fixed(model.components)(torch.tensor([[-1e4, 0.0], [0.0, 1e4], [3.0, 3.0]]), torch.full((3, 2), 1e-3))
    terms = bounds.terms(model, torch.randn(8, 2))  # log-densities down to -1e13, clamped sigma included
    terms.elbo.mean().backward()
    assert terms.elbo.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_with_one_standard_normal_component_it_is_the_plain_vae():
    model = gmvae(dim=2, context=1, components=1)
    fixed(model.components)(torch.zeros(1, 2), torch.ones(1, 2))
    x = torch.randn(6, 2)

    class First(nn.Module):
        def forward(self, x):
            return model.encode(x)

    plain = VAE(First(), model.decoder, priors.StandardNormal(2))
    torch.manual_seed(1)
    expected = bounds.terms(plain, x)
    torch.manual_seed(1)
    parts = model.parts(x)
    torch.testing.assert_close(parts.reconstruction, expected.reconstruction)
    torch.testing.assert_close(parts.z, expected.kl)
    assert torch.equal(parts.c, torch.zeros(6))  # one category is no choice
    torch.testing.assert_close(model.represent(x), plain.represent(x))


def test_importance_sampling_finds_the_evidence():
    # z is one of N(-+1, 1/4), x|z ~ N(z, 1/2), so x is one of N(-+1, 3/4), whatever w is
    model = gmvae(dim=1, context=1, components=2)
    fixed(model.components)(torch.tensor([[-1.0], [1.0]]), torch.tensor([[0.5], [0.5]]))
    model.decoder = nn.Sequential(nn.Identity(), likelihoods.Gaussian())
    features = nn.Linear(1, 2)
    model.encoder = networks.GaussianEncoder(features, nn.Linear(2, 2), nn.Linear(2, 2))
    x = torch.tensor([[0.7]]).repeat(200, 1)
    both = torch.stack([Normal(m, math.sqrt(0.75)).log_prob(x[0, 0]) for m in (-1.0, 1.0)])
    exact = (both.logsumexp(0) - math.log(2)).item()
    estimate = bounds.log_likelihood(model, x, 2000)
    # four standard errors of 200 estimates, and a bias of half their variance
    error = 4 * estimate.std().item() / math.sqrt(200) + 0.5 * estimate.var().item()
    assert error < 0.02 and estimate.mean().item() == pytest.approx(exact, abs=error)
    with torch.no_grad():
        assert bounds.elbo(model, x.repeat(50, 1)).mean().item() < exact


def test_categories_are_generated_equally_often():
    model = gmvae(components=4)
    fixed(model.components)(10 * torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]), torch.ones(4, 2))
    model.decoder = nn.Sequential(nn.Identity(), likelihoods.Gaussian())
    z = model.generate(20_000).mean
    quadrant = 2 * (z[:, 0] < 0) + (z[:, 1] < 0)
    shares = torch.bincount(quadrant.long(), minlength=4) / 20_000
    # four standard errors of a share of a quarter
    torch.testing.assert_close(shares, torch.full((4,), 0.25), atol=4 * math.sqrt(0.1875 / 20_000), rtol=0)


def test_free_nats_hold_in_training_only():
    model, x = gmvae(), torch.randn(6, 2)
    model.free_nats = 10.0  # more than a choice among three can cost
    kl = {}
    for mode in (True, False):
        model.train(mode)
        torch.manual_seed(1)
        kl[mode] = bounds.terms(model, x).kl
    torch.manual_seed(1)
    parts = model.parts(x)
    torch.testing.assert_close(kl[True], parts.z + parts.w + 10)
    torch.testing.assert_close(kl[False], parts.z + parts.w + parts.c)


def test_with_free_nats_two_clusters_become_two_categories_and_without_both_are_one():
    x = torch.cat([torch.randn(200, 2) * 0.2 + 3, torch.randn(200, 2) * 0.2 - 3])
    cost = {}
    for free_nats in (0.5, 0.0):
        torch.manual_seed(0)
        model = gmvae(dim=1, context=1, components=2)
        model.free_nats = free_nats
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
        for _ in range(300):
            optimiser.zero_grad()
            (-bounds.elbo(model, x).mean()).backward()
            optimiser.step()
        with torch.no_grad():
            cost[free_nats] = model.parts(x).c.mean().item()
            q_z, q_w = model.posteriors(x)
            category = log_responsibilities(model.components(q_w.mean), q_z.mean).argmax(-1)
        right = (category == torch.arange(400) // 200).float().mean().item()
        if free_nats:
            assert max(right, 1 - right) > 0.95
    # of at most log 2 = 0.69 nats
    assert cost[0.5] > 0.5 > 0.1 > cost[0.0]


def test_a_config_trains_and_measures_a_gmvae():
    _, model = runs.train(CONFIG)
    assert isinstance(model, GMVAE) and model.free_nats == 0.5 and runs.alike(CONFIG) is None
    assert math.isfinite(runs.measure(CONFIG, Evaluation("points"), model).metrics["log_likelihood"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "gan"}, "unknown model"),
        ({"prior": "mog"}, "takes no mapping"),
        ({"mapping": "circle"}, "takes no mapping"),
        ({"model_options": {"components": 3}}, "missing a required argument: 'context_dim'"),
        ({"model_options": {**OPTIONS, "depth": 2}}, "depth"),
    ],
)
def test_a_config_that_does_not_fit_gets_one_clear_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        runs.train(dataclasses.replace(CONFIG, **change))
    assert "\n" not in str(caught.value)
