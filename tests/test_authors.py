"""What the authors' code does in another way: that it does that, and nothing else."""

import copy
import dataclasses
import math
from functools import partial

import pytest
import torch
from scipy import stats
from test_data import full, write_dataset
from test_dtypes import HALF, check_densities, check_measure
from test_mappings import check_precision, normal
from test_models import vae
from test_sparsity import D, before, check_fading, check_gradients_at_zero, check_same_bits, exactly_active, random
from test_vsc import SAMPLES, assert_equal_in_mean, sparse_vae
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from intelvae import bounds, likelihoods, mappings, networks, priors, regularizers, training
from intelvae.data import images
from intelvae.flows import Step, SylvesterEncoder
from intelvae.mappings import Sectors, Sparse, Threshold
from intelvae.metrics import features, frechet, samples
from intelvae.models.vsc import SpikeAndSlab, SpikeAndSlabPrior
from intelvae.paper import authors, builder, runs
from intelvae.paper.config import Training
from intelvae.testing import CHECKS

LITE = features.STAND_IN
TOY = Training("circle", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2)


@pytest.fixture(autouse=True)
def _seed():
    with training.seeded(0):
        yield


def built(**settings):
    """The untrained model of `TOY` with these settings."""
    return builder.build(dataclasses.replace(TOY, **settings), (2,), torch.zeros(20, 2))


# Mappings


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_mapping_that_forgets_keeps_the_contract(check):
    check(lambda: authors.forgetful(mappings.create("clusters", 4, factors=(2, 3), learnable=True)), 4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_mapping_that_forgets_takes_latents_of_every_precision(dtype):
    check_precision(lambda: authors.forgetful(mappings.create("clusters", 4, factors=(2, 3), learnable=True)), 4, dtype)


@pytest.mark.parametrize(
    ("g", "name"),
    [
        (authors.ForgetfulThreshold(learnable=True), "threshold"),
        (authors.ForgetfulSectors(3, learnable=True), "u"),
    ],
)
def test_borders_that_are_forgotten_are_the_first_ones_again_in_evaluation(g, name):
    y, first = normal(1000, 2), copy.deepcopy(g)
    with torch.no_grad():
        getattr(g, name).copy_(torch.tensor([0.5, 0.0, -0.3]) if name == "u" else torch.tensor(0.7))
    learned = g.train()(y)
    assert (learned - first(y)).abs().max() > 1
    assert not torch.equal(g.proportions(), first.proportions())
    g.eval()
    assert torch.equal(g(y), first(y)) and torch.equal(g.labels(y), first.labels(y))
    assert torch.equal(g.proportions(), first.proportions())
    remembers = (Sectors(3, learnable=True) if name == "u" else Threshold(learnable=True)).eval()
    remembers.load_state_dict(g.state_dict())
    assert torch.equal(remembers(y), learned)


CLUSTERS = {"k": 3, "c1": 1.0, "c2": 0.5, "delta": 0.1, "learnable": True}


@pytest.mark.parametrize(
    ("dim", "options"), [(1, {**CLUSTERS, "k": 2}), (2, CLUSTERS), (4, {**CLUSTERS, "k": None, "factors": (2, 3)})]
)
def test_a_mapping_that_forgets_is_in_training_the_one_it_is_made_of(dim, options):
    g = mappings.create("clusters", dim, **options)
    with torch.no_grad():
        for p in g.parameters():
            p.copy_(torch.linspace(0.3, -0.4, p.numel()).view_as(p))
    y, state = normal(1000, dim), copy.deepcopy(g.state_dict())
    moved = g(y)
    made = authors.forgetful(g)
    assert torch.equal(made(y), moved) and all(p.requires_grad for p in made.parameters())
    assert made.state_dict().keys() == state.keys()
    assert (made.eval()(y) - moved).abs().max() > 0.1
    model = built(mapping="clusters", latent_dim=dim, mapping_options={**options, "forgets": True})
    assert type(model.mapping) is type(made) and model.mapping.state_dict().keys() == state.keys()


def test_what_has_no_borders_cannot_forget_them():
    with pytest.raises(ValueError, match="forgets the borders of its clusters, and Circle has none"):
        built(mapping="circle", mapping_options={"forgets": True})


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_bounded_threshold_keeps_the_contract(check):
    check(lambda: authors.bounded(Threshold(learnable=True)), 3)


def test_a_bounded_threshold_starts_as_the_other_moves_twice_as_far_and_stays_within_4():
    made = built(mapping="threshold", latent_dim=1, mapping_options={"learnable": True, "bounded": True}).mapping
    assert type(made) is authors.BoundedThreshold and made.threshold.requires_grad
    y = normal(100, 1)
    assert torch.equal(made(y), Threshold()(y))
    assert torch.autograd.grad(made.border(), made.threshold)[0].item() == 2.0  # 8 sigmoid'(0)
    for beta, b in ((math.log(3), 2.0), (-math.log(3), -2.0), (100.0, 4.0)):  # sigmoid(log 3) = 3/4
        with torch.no_grad():
            made.threshold.fill_(beta)
        assert made.border().item() == pytest.approx(b, abs=1e-6)
        assert made.proportions()[0].item() == pytest.approx(stats.norm.cdf(b), abs=1e-6)
        assert torch.equal(made.labels(torch.tensor([[b - 0.1], [b + 0.1]])), torch.tensor([0, 1]))


def test_only_a_threshold_can_be_bounded_and_not_a_forgetful_one():
    with pytest.raises(ValueError, match="only the border of a threshold can be bounded, and Sectors is none"):
        built(mapping="clusters", mapping_options={"k": 3, "learnable": True, "bounded": True})
    with pytest.raises(ValueError, match="'forgets' and 'bounded' do not go together"):
        built(mapping="threshold", mapping_options={"forgets": True, "bounded": True})


# Priors


def vamp(encoder):
    return priors.Vamp(encoder, torch.randn(10, 2), data_range=None)


@pytest.mark.parametrize("make", [lambda _: priors.ring(3), vamp], ids=["MoG", "Vamp"])
def test_legacy_priors_count_the_entropy_once_a_dimension_and_sample_a_standard_normal(make):
    model = vae(dim=3)
    prior = make(model.encoder)
    legacy = {name: authors.Legacy(prior, **{name: True}) for name in ("entropy", "samples")}
    q = model.encode(torch.zeros(1, 2)).expand((20_000,))
    y = q.sample()
    right = bounds.kl(q, prior(), y)
    assert torch.equal(bounds.kl(q, legacy["samples"](), y), right)
    wrong = bounds.kl(q, legacy["entropy"](), y)
    # twice too many of D = 3 entropies, on average; four standard errors of the difference of two such estimates
    excess = -2 * q.stddev[0].log().sum().item()
    error = 4 * math.sqrt(2 / 20_000) * right.std().item()
    assert abs(excess) > 0.1 and wrong.mean().item() - right.mean().item() == pytest.approx(excess, abs=error)
    torch.testing.assert_close(legacy["entropy"]().log_prob(y), prior().log_prob(y))
    spread = legacy["samples"]().sample((20_000,)).square().mean(0)
    torch.testing.assert_close(spread, torch.ones(3), atol=0.04, rtol=0)  # four standard errors, sqrt(2 / 20,000)
    own = prior().sample((20_000,)).square().mean(0)
    assert (own - 1).abs().max() > 0.4


def test_in_one_dimension_the_legacy_entropy_is_the_entropy():
    model = vae(dim=1, prior=authors.Legacy(priors.ring(1), entropy=True))
    q = model.encode(torch.zeros(1, 2)).expand((20_000,))
    wrong, right = (bounds.kl(q, p(), q.sample()) for p in (model.prior, priors.ring(1)))
    error = 4 * math.sqrt(2 / 20_000) * right.std().item()
    assert wrong.mean().item() == pytest.approx(right.mean().item(), abs=error)


@pytest.mark.parametrize("dtype", HALF)
def test_densities_of_a_legacy_prior_in_half_precision(dtype):
    check_densities(authors.Legacy(priors.ring(4), entropy=True), dtype)


@pytest.mark.parametrize(
    ("prior", "options", "message"),
    [
        ("mog", {"legacy": ["samples", "both"]}, "unexpected keyword argument 'both'"),
        ("sparse", {"legacy": ["samples"]}, "unexpected keyword argument 'legacy'"),
        ("vamp", {"components": 0, "free": True}, "number of pseudo-inputs must be a whole number >= 1, not 0"),
    ],
)
def test_a_prior_with_options_that_do_not_fit_is_refused(prior, options, message):
    with pytest.raises(ValueError, match=message):
        runs.train(dataclasses.replace(TOY, prior=prior, prior_options=options))


def test_free_pseudo_inputs_are_noise_that_nothing_bounds():
    digits = {"data": "mnist", "network": "mathieu", "likelihood": "gaussian", "epochs": 1, "smoke_data": True}
    made = []
    for free in ({}, {"free": True}):
        config = Training(latent_dim=3, prior="vamp", prior_options={"components": 50, **free}, **digits)
        with training.seeded(0):
            made.append(builder.build(config, (1, 32, 32), torch.rand(60, 1, 32, 32)).prior)
    bounded, free = (prior.pseudo_inputs() for prior in made)
    assert bounded.min() >= 0 and bounded.max() <= 1
    # 51,200 numbers: four standard errors of the mean 0 and of the standard deviation 1
    assert free.mean().abs() < 4 / 51_200**0.5 and (free.std() - 1).abs() < 4 / (2 * 51_200) ** 0.5
    assert (made[0]().mean - made[1]().mean).abs().max() > 1e-3


def test_dense_samples_are_those_of_a_gaussian_and_change_no_bound():
    sparse, dense = SpikeAndSlabPrior(3, 0.1)(), authors.DensePrior(3, 0.1)()
    y = dense.sample((SAMPLES,))
    assert (y != 0).all() and dense.sample((2, 5)).shape == (2, 5, 3)
    assert_equal_in_mean(y.square(), 1.0)
    q = SpikeAndSlab(torch.full((2, 3), 0.4), torch.ones(2, 3), torch.ones(2, 3))
    assert torch.equal(kl_divergence(q, dense.expand((2,))), kl_divergence(q, sparse.expand((2,))))
    model = sparse_vae()
    model.decoder = nn.Sequential(nn.Identity(), likelihoods.Gaussian())
    assert (model.generate(1000).mean == 0).float().mean() > 0.95  # of which 0.99 are off on average
    replicated = built(model="vsc", model_options={"dense_samples": True})
    replicated.decoder = model.decoder
    assert (replicated.generate(1000).mean != 0).all()


def test_a_wide_prior_is_wide_in_the_kl_and_not_in_its_samples():
    p, q = authors.WidePrior(3)(), Independent(Normal(torch.full((2, 3), 0.7), torch.full((2, 3), 0.4)), 1)
    by_hand = 0.5 * ((0.4**2 + 0.7**2) / math.e - 1 + 1 - math.log(0.4**2)) * 3  # log e is 1
    for of in (p, p.expand((2,))):
        torch.testing.assert_close(kl_divergence(q, of).flatten()[0], torch.tensor(by_hand))
    assert p.sample((2, 5)).shape == (2, 5, 3)
    assert_equal_in_mean(p.sample((SAMPLES,)).square(), 1.0)
    assert type(built(prior="wide").prior) is authors.WidePrior
    with pytest.raises(ValueError, match="the prior 'wide' takes no options"):
        dataclasses.replace(TOY, prior="wide", prior_options={"radius": 1})


def test_a_dense_prior_has_the_rate_of_its_config():
    plain, dense = (built(model="vsc", model_options={"alpha": 0.2, "dense_samples": d}) for d in (False, True))
    assert type(plain.prior) is SpikeAndSlabPrior and type(dense.prior) is authors.DensePrior
    assert torch.equal(plain.prior.gates, dense.prior.gates) and plain.state_dict().keys() == dense.state_dict().keys()


def test_dense_samples_do_not_go_with_pseudo_inputs():
    with pytest.raises(ValueError, match="does not go with pseudo-inputs") as caught:
        runs.train(dataclasses.replace(TOY, model="vsc", model_options={"pseudo_inputs": 2, "dense_samples": True}))
    assert "\n" not in str(caught.value)


# Posteriors


def encoder(*names, vectors=3):
    """A Sylvester encoder of points in the plane into five dimensions, far from the identity, as after training."""
    made = authors.sylvester(*names)(networks.create("mlp", (2,), 5)[0], (2,), vectors=vectors)
    nn.init.normal_(made.head.weight)
    nn.init.normal_(made.head.bias)
    return made


def test_conditioned_on_the_mean_the_flow_is_blind_to_all_else():
    made, legacy = encoder(), encoder("on_mean")
    for m in (made, legacy):
        nn.init.zeros_(m.mu.weight)  # every x has the same mean
    x = torch.randn(2, 2)
    r1 = [m(x).steps[0].r1 for m in (made, legacy)]
    assert legacy.head.in_features == 5
    # equal but for the last bit: a processor takes the numbers eight at a time, and rounds the odd ones another way
    torch.testing.assert_close(r1[1][0], r1[1][1], rtol=1e-6, atol=1e-6)
    assert (r1[0][0] - r1[0][1]).abs().max() > 0.01


def test_more_vectors_than_dimensions_give_a_wrong_determinant():
    with pytest.raises(ValueError, match="do not fit into"):
        encoder(vectors=8)
    for vectors, wrong in ((3, False), (8, True)):
        made = encoder("unchecked", vectors=vectors).double()
        step = made(torch.randn(1, 2).double()).steps[0]
        step = Step(*(p[0] for p in step))
        z = torch.randn(5).double()
        exact = torch.linalg.slogdet(torch.func.jacrev(lambda z, s=step: s(z)[0])(z)).logabsdet
        # 30 iterations converge for 3 of 5 columns: rounding. Eight columns in five dimensions are far from orthonormal
        error = (step(z)[1] - exact).abs().item()
        assert error > 1e-3 if wrong else error < 1e-9


def test_mispaired_determinants_are_right_only_where_all_examples_share_their_diagonals():
    made, legacy = encoder(), encoder("mispaired")
    legacy.load_state_dict(made.state_dict())

    def both(x):
        densities = []
        for m in (made, legacy):
            torch.manual_seed(1)
            q = m(x)
            densities.append(q.log_prob(q.rsample()))
        return densities

    right, wrong = both(torch.randn(30, 2))
    assert (right - wrong).abs().mean() > 0.03  # nats, where rounding is 1e-5
    torch.testing.assert_close(*both(torch.ones(30, 2)), atol=1e-5, rtol=1e-5)  # rounding of float32
    step, z = made(torch.randn(2, 2)).steps[0], torch.zeros(2, 5)
    slope = 1 - (step.r2 @ (step.q.mT @ z[..., None]) + step.b[..., None]).tanh()[..., 0].square()
    diagonals = torch.einsum("bii->bi", step.r1) * torch.einsum("bii->bi", step.r2)
    expected = [sum((1 + slope[b] * diagonals[c]).log().sum() for c in (0, 1)) / 2 for b in (0, 1)]
    torch.testing.assert_close(authors.MispairedStep(*step)(z)[1], torch.stack(expected))


@pytest.mark.parametrize(
    "names", [(), ("on_mean",), ("mispaired", "unchecked"), tuple(authors.FLOWS)], ids=lambda names: "-".join(names)
)
def test_a_config_asks_for_some_of_them_at_once(names):
    options = {"vectors": 8 if "unchecked" in names else 2, **dict.fromkeys(names, True)}
    made = built(posterior="sylvester", posterior_options=options).encoder
    kinds = {name for name, kind in authors.FLOWS.items() if isinstance(made, kind)}
    assert isinstance(made, SylvesterEncoder) and kinds == set(names)
    q = made(torch.randn(7, 2))
    assert made.head.in_features == (2 if "on_mean" in names else 10)
    assert all(isinstance(step, authors.MispairedStep) == ("mispaired" in names) for step in q.steps)
    assert q.log_prob(q.rsample((3,))).shape == (3, 7) and q.mean.shape == q.variance.shape == (7, 2)


@pytest.mark.parametrize("name", authors.FLOWS)
def test_flow_options_that_do_not_fit_get_one_clear_line(name):
    with pytest.raises(ValueError, match=r"the posterior 'sylvester': .*radius"):
        built(posterior="sylvester", posterior_options={name: True, "radius": 1})


# Penalties


def test_the_second_term_as_printed_weighs_rows_by_their_size():
    gates = exactly_active(200, 5, 0.0)
    whole = regularizers.sparsity(gates)
    assert torch.equal(authors.sparsity_as_printed(gates), whole)  # rows of one size: no difference
    # 0.001 for all of one row, one 1 in the other: H is log D and 0, that of the mean nearly 0, and the sum positive
    uneven = torch.stack([torch.full((D,), 0.001), torch.eye(D)[0]]).double()
    shares = torch.full((D,), 0.001 / 1.05, dtype=torch.float64)
    shares[0] = 1.001 / 1.05
    expected = math.log(D) / 2 + (shares * shares.log()).sum().item()
    assert authors.sparsity_as_printed(uneven).item() == pytest.approx(expected, abs=1e-6) and expected > 1
    assert regularizers.sparsity(uneven).item() < 0
    # a row's scale matters to it, and not to the form of the code
    scaled = gates * torch.linspace(0.1, 1, 200, dtype=torch.float64)[:, None]
    assert regularizers.sparsity(scaled).item() == pytest.approx(whole.item(), abs=1e-12)
    assert abs(authors.sparsity_as_printed(scaled) - whole) > 1e-3


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_penalty_as_printed_sees_no_row_of_zeros(kind):
    gates = random(30, 7).to(kind) ** 5
    dead = torch.cat([gates, torch.zeros(60, 7, dtype=kind)])
    assert authors.sparsity_as_printed(dead).item() == pytest.approx(
        authors.sparsity_as_printed(gates).item(), abs=1e-5
    )


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_where_nothing_fades_the_penalty_as_printed_and_its_gradient_are_what_they_were_to_the_bit(kind):
    check_same_bits(authors.sparsity_as_printed, partial(before, raw=True), kind)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_penalty_as_printed_fades_without_a_jump_as_gates_close_and_its_gradient_is_finite(kind):
    check_fading(authors.sparsity_as_printed, kind)


@pytest.mark.parametrize("dtype", HALF)
def test_the_penalty_as_printed_in_half_precision(dtype):
    check_measure(authors.sparsity_as_printed, dtype)


@pytest.mark.parametrize("name", authors.PENALTIES)
def test_penalties_have_finite_gradients_where_codes_are_zero(name):
    check_gradients_at_zero(authors.PENALTIES[name])


def test_a_run_is_trained_for_the_penalty_as_printed():
    g, y = Sparse(3).double(), normal(20, 3)
    assert torch.equal(authors.PENALTIES["gates-raw"](g, y), authors.sparsity_as_printed(g.gates(y)))
    config = dataclasses.replace(TOY, data="sparse", mapping="sparse", penalty="gates-raw", steps_per_epoch=200)
    y = normal(1000, 2).float()
    without, with_it = (runs.train(dataclasses.replace(config, gamma=gamma))[1].mapping for gamma in (0.0, 10.0))
    assert authors.sparsity_as_printed(with_it.gates(y)) < authors.sparsity_as_printed(without.gates(y))


def test_a_penalty_on_gates_needs_gates_and_a_config_knows_its_name():
    with pytest.raises(ValueError, match=r"'gates-raw' .* Identity has none"):
        runs.train(dataclasses.replace(TOY, penalty="gates-raw", gamma=1.0))
    with pytest.raises(ValueError, match="unknown penalty 'l0': choose one of gates, codes, l1, gates-raw"):
        dataclasses.replace(TOY, penalty="l0")


# Data


@pytest.mark.usefixtures("small")
def test_the_split_of_the_authors_code_has_no_validation(nowhere):
    folder = nowhere / "MNIST" / "raw"
    write_dataset(folder)
    paper, code = (load("mnist", root=nowhere) for load in authors.SPLITS.values())
    assert torch.equal(code.train, torch.cat([paper.train, paper.valid])) and torch.equal(code.valid, paper.test)
    assert torch.equal(code.train_labels, torch.cat([paper.train_labels, paper.valid_labels]))
    assert torch.equal(code.test, paper.test) and "test again" in code.source
    ones = authors.load("mnist-01", root=nowhere)
    assert torch.equal(ones.train, code.train[code.train_labels < 2])  # all of them, balanced or not
    assert torch.equal(ones.test, code.test[code.test_labels < 2]) and torch.equal(ones.valid, ones.test)
    assert ones.name == "mnist-01" and str(nowhere) not in ones.source
    with pytest.raises(ValueError, match="unknown split 'mine': choose one of paper, code"):
        dataclasses.replace(TOY, data="mnist", split="mine")


def test_the_split_of_the_authors_code_on_the_samples():
    paper, code = (load("mnist-01", smoke=True) for load in authors.SPLITS.values())
    assert torch.equal(code.train, torch.cat([paper.train, paper.valid])) and torch.equal(code.valid, paper.test)


def test_full_split_of_the_authors_code():
    ones = full("mnist-01", authors.load)
    assert ones.train_labels.bincount().tolist() == [5_923, 6_742]  # MNIST's own counts
    assert ones.test_labels.bincount().tolist() == ones.valid_labels.bincount().tolist() == [980, 1_135]
    assert len(full("mnist", authors.load).train) == 60_000


# Generated images


def test_what_the_authors_code_does_to_pixels():
    # without a clip -0.1 and 1.1 come round from the other end: -25 is 231 of 256, and 280 is 24; 0.5 is cut to 127
    x = torch.tensor([[-0.1, 0.5, 1.1, 1.0]]).reshape(1, 1, 1, 4)
    expected = torch.tensor([[231, 127, 24, 255]]).reshape(1, 1, 1, 4) / 255
    torch.testing.assert_close(authors.wrapped(x), expected)


def test_pixels_that_came_round_are_judged_as_they_are():
    x = torch.linspace(-1, 2, 3 * 256 * 7).reshape(1, 1, 1, -1)
    assert authors.wrapped(x).unique().numel() == 256
    assert torch.equal(samples.as_shown(authors.wrapped(x)), authors.wrapped(x))


def test_a_surplus_of_generated_images(projection):
    """The code's 2,100 generated against 2,000 real images, at a smaller size."""
    digits = images.load("mnist", smoke=True).test
    real, generated = digits[:40], digits[40:] / 255
    found = authors.frechet_with_surplus(generated, real, LITE, size=40, surplus=10)
    a, b = (features.extract(LITE, x) for x in (real / 255, samples.as_shown(generated[:50])))
    expected = frechet.distance(frechet.fit(a), frechet.fit(b))
    assert found == pytest.approx(expected, rel=1e-4)  # float32 products in batches of another size
    without = samples.judge(generated, real, LITE, sizes=(40,))["frechet_40"]
    assert found != pytest.approx(without, rel=1e-3)
    assert authors.frechet_with_surplus(generated, real, LITE, size=40, surplus=0) == without
    with pytest.raises(ValueError, match="fewer than the 40 asked for and 30 more"):
        authors.frechet_with_surplus(generated, real, LITE, size=40, surplus=30)


@pytest.mark.parametrize("name", ["size", "surplus"])
def test_numbers_of_images_have_a_range(name, unchecked):
    generated, real = torch.rand(40, 1, 1, 2), torch.zeros(40, 1, 1, 2, dtype=torch.uint8)
    for value in (math.nan, math.inf, -1):
        with pytest.raises(ValueError, match=rf"{name}.* must be a (whole )?number .*, not {value}"):
            authors.frechet_with_surplus(generated, real, LITE, **{"size": 10, name: value})


@pytest.mark.parametrize(
    "call",
    [
        authors.wrapped,
        lambda x: authors.frechet_with_surplus(x, torch.zeros(9, 1, 1, 2, dtype=torch.uint8), LITE, size=2, surplus=1),
    ],
)
def test_images_of_a_model_that_has_diverged_are_refused(call):
    x = torch.rand(4, 1, 1, 2)
    x[2, 0, 0, 1] = math.nan
    with pytest.raises(ValueError, match="1 numbers of generated are not finite"):
        call(x)
