"""Half precision: densities, penalties and scores are finite, and as right as the numbers that come in."""

import copy

import pytest
import torch

from intelvae import likelihoods, mappings, networks, priors, regularizers, training
from intelvae.metrics.hoyer import hoyer
from intelvae.models import VAE

HALF = [torch.float16, torch.bfloat16]
PRIORS = {name: priors.create(name, 4) for name in priors.NAMES if name != "vamp"}  # which needs an encoder


def random(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_densities_of_latents(prior, dtype):
    check_densities(prior, dtype)


def check_densities(prior, dtype):
    for scale in (1.0, 1e3):  # whose square float16 does not hold
        y = (scale * (2 * random(20, 4) - 1)).to(dtype).requires_grad_()
        density = prior().log_prob(y)
        # the constants of a prior are float32, and so is the sum: eight digits, fewer where y cancels against a mean
        torch.testing.assert_close(density, prior().log_prob(y.double()), rtol=1e-5, atol=1e-5, check_dtype=False)
        moved = copy.deepcopy(prior).to(dtype)()
        assert moved.log_prob(y).isfinite().all() and moved.sample((5,)).isfinite().all()
        for p in (density, moved.log_prob(y)):
            (gradient,) = torch.autograd.grad(p.sum(), y)
            assert gradient.isfinite().all()


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("name", likelihoods.NAMES)
def test_densities_of_data(name, dtype):
    h, x = (100 * (2 * random(20, 3000) - 1)).to(dtype), random(20, 3000, seed=1).to(dtype)
    likelihood = likelihoods.create(name, (3000,))
    exact = copy.deepcopy(likelihood).double()(h.double()).log_prob(x.double())
    # 3,000 numbers of up to 10^4 are added in float32; float16 ends at 65,504, and so would the sum
    torch.testing.assert_close(likelihood(h).log_prob(x), exact, rtol=1e-5, atol=0, check_dtype=False)
    torch.testing.assert_close(likelihood.to(dtype)(h).log_prob(x), exact, rtol=1e-5, atol=0, check_dtype=False)


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize(
    "measure",
    [
        regularizers.sparsity,
        regularizers.entropy,
        lambda v: regularizers.penalty("l1", mappings.Identity(), v),
        lambda v: regularizers.mmd(v[:50], v[50:]),
        hoyer,
    ],
    ids=["sparsity", "entropy", "l1", "mmd", "hoyer"],
)
def test_penalties_and_scores_of_codes(measure, dtype):
    check_measure(measure, dtype)


def check_measure(measure, dtype):
    for scale in (1.0, 1e3):
        codes = (scale * random(100, 5) ** 3).to(dtype)
        codes[:10] = 0
        codes.requires_grad_()
        exact = measure(codes.double())
        # float32's rounding of sums of up to 100 x 100 kernels; of L_sp, a difference of two entropies of about 1
        torch.testing.assert_close(measure(codes), exact, rtol=1e-5, atol=1e-5, check_dtype=False)
        (gradient,) = torch.autograd.grad(measure(codes).sum(), codes)
        assert gradient[10:].isfinite().all()
        assert measure is hoyer or gradient[:10].isfinite().all()  # a score, never trained: at 0 it jumps


@pytest.mark.parametrize("name", likelihoods.NAMES)
def test_whole_numbers_that_a_decoder_gives_are_as_good_as_floats(name):
    h, x = torch.arange(-3, 5).reshape(4, 2), random(4, 2).float()
    p, q = (likelihoods.create(name, (2,))(each) for each in (h, h.float()))
    assert torch.equal(p.mean, q.mean) and torch.equal(p.log_prob(x), q.log_prob(x))


def test_whole_numbers_are_as_good_as_floats_elsewhere(unchecked):
    means, y = torch.tensor([[-2, 0], [2, 1]]), random(5, 2).float()
    assert torch.equal(priors.Mixture(means, 0.5)().log_prob(y), priors.Mixture(means.float(), 0.5)().log_prob(y))
    codes = torch.arange(12).reshape(4, 3)
    for measure in (regularizers.sparsity, regularizers.entropy, lambda v: regularizers.mmd(v[:2], v[2:]), hoyer):
        torch.testing.assert_close(measure(codes), measure(codes.float()), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", HALF)
def test_a_model_in_half_precision_is_refused_in_one_line(dtype):
    encoder, network = networks.create("mlp", (2,), 2)
    model = VAE(encoder, torch.nn.Sequential(network, likelihoods.Gaussian()), priors.StandardNormal(2)).to(dtype)
    x = torch.zeros(4, 2, dtype=dtype)
    with pytest.raises(ValueError, match="make the model float32") as caught:
        training.fit(model, x, x, training.Schedule(1, 2))
    assert "\n" not in str(caught.value)
