"""Sparse mapping, penalties on codes, sparse prior, MMD and Hoyer score, against values that can be worked out."""

import dataclasses
import itertools
import math
from functools import partial

import pytest
import torch
from scipy import integrate, stats

from intelvae import bounds, likelihoods, networks, priors, regularizers, training
from intelvae.mappings import Identity, Sparse
from intelvae.metrics.hoyer import hoyer
from intelvae.models import VAE
from intelvae.paper import builder, datasets, runs
from intelvae.paper.config import Training
from intelvae.training import Objective, Schedule

D = 50


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def exactly_active(n, k, floor):
    """n rows (n, D) with k ones at random places and the floor elsewhere."""
    rank = random(n, D).argsort(1).argsort(1)
    return torch.where(rank < k, 1.0, floor).double()


@pytest.mark.parametrize(
    ("gates", "value"),
    [
        (torch.ones(100, D), 0.0),
        (torch.eye(D)[:1].repeat(100, 1), 0.0),  # all alike: the two terms cancel
        (torch.eye(D), -math.log(D)),  # its smallest value, -3.912
        (torch.eye(D).clamp_min(0.2), -0.072),  # a floor takes nearly all of it away
    ],
)
def test_values_of_the_penalty(gates, value):
    assert regularizers.sparsity(gates).item() == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("floor", [0.2, 0.001])
def test_value_of_the_penalty_for_random_patterns(floor):
    # one row in ten dimensions active: its entropy is a sum of two kinds of shares, that of the mean is log D
    total = 5 + 45 * floor
    row = sum(n * v / total * math.log(total / v) for n, v in ((5, 1.0), (45, floor)))
    # 20,000 random patterns leave the mean's entropy below log D by about D / (2 * 5 * 20,000), well under 1e-3
    assert regularizers.sparsity(exactly_active(20_000, 5, floor)).item() == pytest.approx(row - math.log(D), abs=1e-3)


@pytest.mark.parametrize(("floor", "value"), [(0.2, -0.225), (0.001, -2.297)])
def test_value_of_the_penalty_for_gates_that_open_by_chance(floor, value):
    # as above, for a binomial number of open gates in each row
    totals = [(k, k + (D - k) * floor) for k in range(D + 1)]
    rows = [k / total * math.log(total) + (D - k) * floor / total * math.log(total / floor) for k, total in totals]
    expected = sum(stats.binom.pmf(k, D, 0.1) * row for k, row in enumerate(rows)) - math.log(D)
    assert expected == pytest.approx(value, abs=5e-4)
    gates = torch.where(random(20_000, D) < 0.1, 1.0, floor).double()
    # a row's entropy has a deviation below 0.5 (at the floor 0.001): four standard errors of 20,000 rows
    assert regularizers.sparsity(gates).item() == pytest.approx(expected, abs=4 * 0.5 / math.sqrt(20_000))


def test_value_of_the_penalty_for_gaussian_codes():
    # (reference values of one batch of 100 lie nearer to 0, since the entropy of a mean of 100 rows is below its limit)
    # for many dimensions the entropy of |y| is log(D E|y|) - E[|y| log|y|] / E|y|, up to 1/D = 0.02;
    # E|y|^s = 2^(s/2) Gamma((s+1)/2) / sqrt(pi) has the logarithmic slope (log 2 + psi(1)) / 2 = 0.058 at s = 1
    expected = math.log(math.sqrt(2 / math.pi)) - 0.058
    assert regularizers.sparsity(gaussian(20_000, D).abs()).item() == pytest.approx(expected, abs=0.02)


def test_the_penalty_lies_between_minus_log_d_and_zero_and_survives_dead_rows():
    for seed in range(20):
        gates = random(30, 7, seed=seed) ** 5
        gates[0] = 0  # a dead row
        gates[1:9, :3] = 0  # closed gates, as a sigmoid underflows to
        gates.requires_grad_()
        value = regularizers.sparsity(gates)
        assert -math.log(7) <= value.item() <= 1e-12
        (gradient,) = torch.autograd.grad(value, gates)
        assert gradient.isfinite().all()


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_penalty_sees_no_scale_of_a_row_and_no_row_of_zeros(kind):
    # else closing all gates of an image, which makes nothing sparse, would be paid for
    gates = random(30, 7).to(kind) ** 5
    value = regularizers.sparsity(gates)
    for scale in (1e-3, 1e-12, 1e-20):
        assert regularizers.sparsity(gates * scale).item() == pytest.approx(value.item(), abs=1e-5)  # rounding
    dead = torch.cat([gates, torch.zeros(60, 7, dtype=kind)])
    assert regularizers.sparsity(dead).item() == pytest.approx(value.item(), abs=1e-5)
    for nothing in (0.0, 1e-38, 1e-31, 1e-29):  # about where float32 has nothing left to share out
        assert abs(regularizers.sparsity(torch.full((8, 4), nothing, dtype=kind))) < 1e-6  # rounding
    assert not regularizers.shares(torch.zeros(8, 4, dtype=kind)).any()


def before(v, raw=False):
    """The penalty of commit f17c784, which jumped where the sum of a row passes 1e-30."""

    def shares(v):
        total = v.sum(-1, keepdim=True)
        return torch.where(total > 1e-30, v, 0.0) / torch.where(total > 1e-30, total, 1.0)

    def entropy(v):
        part = shares(v)
        return -(part * part.clamp_min(1e-8).log()).sum(-1)

    alive = (v.sum(-1) > 1e-30).to(v.dtype)
    of_each = (alive * entropy(v)).sum() / alive.sum().clamp_min(1)
    return of_each - entropy((v if raw else shares(v)).mean(0))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_where_nothing_fades_the_penalty_and_its_gradient_are_what_they_were_to_the_bit(kind):
    check_same_bits(regularizers.sparsity, before, kind)


def check_same_bits(penalty, other, kind):
    """Two penalties on gates of that dtype and their gradients, where the sum of no row is near 1e-30."""
    for scale in (1.0, 1e-6, 1e-20):
        gates = (random(30, 7) + 0.1).to(kind) * scale
        gates[3, :5] = 0
        gates.requires_grad_()
        new, old = penalty(gates), other(gates)
        assert torch.equal(new, old)
        assert torch.equal(torch.autograd.grad(new, gates)[0], torch.autograd.grad(old, gates)[0])


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_penalty_fades_without_a_jump_as_gates_close_and_its_gradient_is_finite(kind):
    check_fading(regularizers.sparsity, kind)


def check_fading(penalty, kind):
    """Of a penalty on gates of that dtype."""
    logits = 4 * gaussian(20, 6).to(kind)
    shifts = torch.arange(0, -120, -0.5).tolist()
    values = []
    for shift in shifts:
        at = (logits + shift).requires_grad_()
        value = penalty(at.sigmoid())
        (gradient,) = torch.autograd.grad(value, at)
        assert value.isfinite() and gradient.isfinite().all()
        assert gradient.abs().max() < 0.5  # log 6 nats divided among 20 rows, and more where few are left
        values.append(value.item())
    assert max(abs(a - b) for a, b in itertools.pairwise(values)) < 0.5  # as e^-0.5 of a row's share goes
    assert abs(values[-1]) < 1e-6
    for shift in range(-75, -55):  # where rows reach 1e-30, a step of 1e-4 moves nothing by more than 1e-4
        low, high = (penalty((logits + shift + e).double().sigmoid()) for e in (0, 1e-4))
        assert abs(high - low) < 1e-4


def test_rows_of_zeros_have_no_gradient_and_nan_stays_nan():
    gates = torch.cat([random(5, 4), torch.zeros(3, 4)]).requires_grad_()
    for v in (gates, gates * 0):
        (gradient,) = torch.autograd.grad(regularizers.sparsity(v), gates)
        assert not gradient[5:].any() and gradient.isfinite().all()
    zeros = torch.zeros(8, 4, requires_grad=True)
    assert not torch.autograd.grad(regularizers.sparsity(zeros), zeros)[0].any()
    for bad in (torch.full((8, 4), torch.nan), torch.cat([torch.full((1, 4), torch.nan), torch.ones(3, 4)])):
        assert regularizers.sparsity(bad).isnan() and regularizers.entropy(bad).isnan().any()


def test_closing_all_gates_together_is_not_paid_for():
    logits = 4 * gaussian(100, D).float()
    for shift in (-20.0, -24.0, -28.0, -60.0, -75.0, -80.0):
        by = torch.tensor(shift, requires_grad=True)
        (slope,) = torch.autograd.grad(regularizers.sparsity((logits + by).sigmoid()), by)
        assert abs(slope) < (1e-4 if shift > -70 else 0.1)  # the sigmoid is an exponential up to e^-20 e^16 of it
    # from -75 on rows fade one by one, and those that are left are a little sparser; in the end the penalty is 0
    values = [regularizers.sparsity((logits + shift).sigmoid()).item() for shift in (-60.0, -80.0, -84.0, -90.0, -98.0)]
    assert values[1] > values[0] - 0.3 and values[0] < values[2] < values[3] < values[4] and abs(values[4]) < 1e-4


def test_gates_lie_in_their_range():
    for floor in (0.0, 0.2):
        g = Sparse(4, floor=floor)
        gates = g.gates(100 * gaussian(200, 4).float())
        assert floor <= gates.min() and gates.max() <= 1


@pytest.mark.parametrize("floor", [-0.1, 1.0])
def test_a_floor_out_of_range_gets_one_clear_line(floor):
    with pytest.raises(ValueError, match="floor"):
        Sparse(3, floor=floor)


def test_each_penalty_is_what_it_is_called():
    g, y = Sparse(3).double(), gaussian(20, 3)
    assert torch.equal(regularizers.penalty("gates", g, y), regularizers.sparsity(g.gates(y)))
    assert torch.equal(regularizers.penalty("codes", g, y), regularizers.sparsity(g(y).abs()))
    # the ablation: with the identity it is the penalty on |y|
    assert torch.equal(regularizers.penalty("codes", Identity(), y), regularizers.sparsity(y.abs()))
    expected = sum(abs(v) for row in g(y).tolist() for v in row) / 20
    assert regularizers.penalty("l1", g, y).item() == pytest.approx(expected, rel=1e-12)  # rounding
    with pytest.raises(ValueError, match="unknown penalty 'l0': choose one of gates, codes, l1"):
        regularizers.penalty("l0", g, y)


@pytest.mark.parametrize("name", regularizers.PENALTIES)
def test_penalties_have_finite_gradients_where_codes_are_zero(name):
    check_gradients_at_zero(partial(regularizers.penalty, name))


def check_gradients_at_zero(penalty):
    """Of a penalty on a mapping and latents."""
    y = gaussian(6, 3)
    y[0], y[1, :2], y[2] = 0, 0, 1e-300  # no code, one active dimension, a code that underflows when it is squared
    y.requires_grad_()
    g = Sparse(3).double()
    value = penalty(g, y)
    found = torch.autograd.grad(value, [y, *g.parameters()])
    assert value.isfinite() and all(gradient.isfinite().all() for gradient in found)


CONFIG = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=200, mapping="sparse")


@pytest.mark.parametrize("objective", [Objective(), Objective(penalty="codes"), Objective(alpha=0.0)])
def test_without_a_weight_training_is_adam_on_the_elbo_to_the_bit(objective):
    trained, expected = (builder.build(CONFIG, (2,), torch.zeros(1, 2)) for _ in range(2))
    expected.load_state_dict(trained.state_dict())
    x = gaussian(100, 2).float()
    with training.seeded(0):
        training.fit(trained, x, x, Schedule(1, 50), objective=objective)
    optimiser = torch.optim.Adam(expected.parameters(), lr=1e-3)
    order = torch.randperm(100, generator=torch.Generator().manual_seed(0))  # that of `fit`
    with training.seeded(0):
        for batch in x[order].split(50):
            optimiser.zero_grad()
            (-bounds.elbo(expected, batch).mean()).backward()
            optimiser.step()
    weights = trained.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in expected.state_dict().items())


def test_gamma_lowers_the_penalty():
    y = gaussian(1000, 2, seed=1).float()
    without, with_it = (runs.train(dataclasses.replace(CONFIG, gamma=gamma))[1].mapping for gamma in (0.0, 10.0))
    assert regularizers.sparsity(with_it.gates(y)) < regularizers.sparsity(without.gates(y))


def test_a_penalty_may_be_a_function():
    models, x = [builder.build(CONFIG, (2,), torch.zeros(1, 2)) for _ in range(2)], gaussian(100, 2).float()
    models[1].load_state_dict(models[0].state_dict())
    for model, penalty in zip(models, ("codes", partial(regularizers.penalty, "codes")), strict=True):
        with training.seeded(0):
            schedule, objective = training.Schedule(1, batch_size=50), training.Objective(gamma=3.0, penalty=penalty)
            training.fit(model, x, x, schedule, objective=objective)
    assert all(map(torch.equal, *(model.state_dict().values() for model in models)))


def test_gamma_needs_gates():
    with pytest.raises(ValueError, match=r"gamma = 1.0 .* Identity has none"):
        runs.train(dataclasses.replace(CONFIG, mapping="identity", gamma=1.0))


@pytest.mark.parametrize(
    ("penalty", "gamma", "mapping"), [("codes", 10.0, "sparse"), ("l1", 3.0, "sparse"), ("l1", 3.0, "identity")]
)
def test_gamma_lowers_each_penalty_on_codes(penalty, gamma, mapping):
    config = dataclasses.replace(CONFIG, mapping=mapping, penalty=penalty)
    points = datasets.of(config).test
    of = []
    for weight in (0.0, gamma):
        model = runs.train(dataclasses.replace(config, gamma=weight))[1]
        with training.seeded(0), torch.no_grad():
            of.append(regularizers.penalty(penalty, model.mapping, model.encode(points).sample()).item())
    assert of[1] < of[0] - 0.1  # nats, or units of |z|; another draw of the 2,000 codes changes them by some 0.02


def test_the_ablation_trains_a_plain_vae_with_the_penalty_and_hardly_moves_it():
    config = dataclasses.replace(CONFIG, mapping="identity", penalty="codes", gamma=10.0)
    (record, model), (plain, plain_model) = runs.train(config), runs.train(dataclasses.replace(config, gamma=0.0))
    assert record.curves != plain.curves
    points, of = datasets.of(config).test, []
    for m in (model, plain_model):
        with training.seeded(0), torch.no_grad():
            of.append(regularizers.penalty("codes", m.mapping, m.encode(points).sample()).item())
    # what the paper reports (appendix C.3); with a sparse mapping the same weight takes off more than 0.1
    assert abs(of[0] - of[1]) < 0.03


def test_penalties_at_their_defaults_stay_out_of_the_key():
    assert CONFIG.key == dataclasses.replace(CONFIG, penalty="gates", alpha=0.0).key
    # that of commit b5559b9, which had neither setting
    assert CONFIG.key == "207e3c571903a6ec"
    others = {dataclasses.replace(CONFIG, **change).key for change in ({"penalty": "codes"}, {"alpha": 1.0})}
    assert len(others | {CONFIG.key}) == 3
    with pytest.raises(ValueError, match="unknown penalty 'l0'"):
        dataclasses.replace(CONFIG, penalty="l0")


def loop(x, y):
    """The MMD of Mathieu et al. as sums over pairs, for x (N, D) and y (M, D)."""

    def k(a, b):
        return sum(2 * s / (2 * s + (a - b) ** 2) for s in (0.1, 0.2, 0.5, 1, 2, 5))

    def within(v):
        n = len(v)
        return sum(k(v[i], v[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))

    total = 0
    for a, b in zip(x.T.tolist(), y.T.tolist(), strict=True):
        total += within(a) + within(b) - 2 * sum(k(u, v) for u in a for v in b) / (len(a) * len(b))
    return total


def test_mmd_is_the_sum_over_pairs_in_every_dimension():
    for n, m in ((2, 2), (7, 7), (5, 9)):
        x, y = gaussian(n, 3, seed=n), 1 + gaussian(m, 3, seed=m + 100)
        assert regularizers.mmd(x, y).item() == pytest.approx(loop(x, y), abs=1e-12)  # rounding


def test_mmd_is_zero_on_average_for_sets_from_one_distribution_and_only_then():
    sets = [gaussian(20, 2, seed=seed) for seed in range(2000)]
    pairs = list(zip(sets[::2], sets[1::2], strict=True))
    values = torch.stack([regularizers.mmd(x, y) for x, y in pairs])
    error = 4 * values.std().item() / math.sqrt(len(values))  # four standard errors
    assert abs(values.mean().item()) < error < 0.04 and (values < 0).any()
    for other in (lambda y: y + 1, lambda y: 0.2 * y):
        assert torch.stack([regularizers.mmd(x, other(y)) for x, y in pairs]).mean().item() > 10 * error
    # margins only: a correlation of 1 leaves it at zero
    together = [regularizers.mmd(x, y[:, :1].expand(-1, 2)) for x, y in pairs]
    assert abs(torch.stack(together).mean().item()) < 2 * error  # with it the deviation grows by up to a half


def test_mmd_has_finite_gradients_where_points_coincide_and_needs_two_of_each(unchecked):
    y = torch.zeros(4, 2, requires_grad=True)
    regularizers.mmd(torch.zeros(4, 2), y).backward()
    assert torch.equal(y.grad, torch.zeros(4, 2))
    for n, m, dim in ((1, 4, 2), (4, 1, 2), (4, 4, 3)):
        with pytest.raises(ValueError, match="at least two rows"):
            regularizers.mmd(torch.zeros(n, 2), torch.zeros(m, dim))


DD = dataclasses.replace(CONFIG, mapping="identity", prior="sparse", likelihood="laplace", alpha=100.0)


def test_alpha_brings_the_codes_to_the_prior():
    points = datasets.of(DD).test
    of = []
    for alpha in (0.0, DD.alpha):
        model = runs.train(dataclasses.replace(DD, alpha=alpha))[1]
        with training.seeded(0):
            of.append(regularizers.mmd(model.prior().sample((2000,)), model.encode(points).sample()).item())
    assert of[1] < of[0] / 2


def test_dd_trains_alone():
    assert runs.alike(DD) is None and runs.alike(dataclasses.replace(DD, alpha=0.0)) is not None
    options = {"components": 3, "context_dim": 2}
    with pytest.raises(ValueError, match=r"alpha = 100.0 .* GMVAE has none"):
        runs.train(dataclasses.replace(DD, prior="normal", model="gm-vae", model_options=options))


def test_the_sparse_prior_is_a_density_with_the_right_share_of_narrow_draws():
    p = priors.Sparse(1, weight=0.8, scale=0.05)()
    total, error = integrate.quad(
        lambda y: p.log_prob(torch.tensor([y])).exp().item(), -10, 10, points=[-0.2, 0, 0.2], limit=200
    )
    assert total == pytest.approx(1, abs=max(1e-5, error))  # the density is in float32
    with training.seeded(0):
        y = priors.Sparse(3, weight=0.8, scale=0.05)().sample((100_000,))
    # beyond 0.2, four deviations of the narrow part, lie 20 % of P(|N(0, 1)| > 0.2) = 0.8415; s.e. 0.0007
    assert ((y.abs() > 0.2).float().mean(0) - 0.2 * 0.8415).abs().max() < 0.003


def test_dd_without_its_penalty_and_with_a_standard_normal_as_prior_is_the_vae():
    with training.seeded(0):
        encoder, network = networks.create("mlp", (2,), 3)
        vae, dd = (
            VAE(encoder, torch.nn.Sequential(network, likelihoods.Gaussian()), prior)
            for prior in (priors.StandardNormal(3), priors.Sparse(3, scale=1.0))
        )  # both parts of the mixture are N(0, 1)
        x = torch.randn(5, 2).repeat(20_000, 1)
        with torch.no_grad():
            exact, sampled = bounds.terms(vae, x), bounds.terms(dd, x)
    error = sampled.kl.std() / len(x) ** 0.5  # of the KL term, which a mixture has by one sample for each x
    assert 0 < error < 0.01 and abs(sampled.kl.mean() - exact.kl.mean()) < 4 * error


@pytest.mark.parametrize("options", [{"weight": 0.0}, {"weight": 1.0}, {"scale": 0.0}])
def test_a_sparse_prior_out_of_range_gets_one_clear_line(options):
    with pytest.raises(ValueError, match="of a sparse prior must be a number > 0"):
        priors.Sparse(2, **options)


@pytest.mark.parametrize(("dim", "three_decimals"), [(50, 0.231), (64, 0.227), (128, 0.220)])
def test_gaussian_codes_have_the_hoyer_score_of_chance(dim, three_decimals):
    # z / |z| is uniform on the sphere, where E |u_1| = Gamma(D / 2) / (sqrt(pi) Gamma((D + 1) / 2))
    ratio = dim * math.exp(math.lgamma(dim / 2) - math.lgamma((dim + 1) / 2)) / math.sqrt(math.pi)
    expected = (math.sqrt(dim) - ratio) / (math.sqrt(dim) - 1)
    assert round(expected, 3) == three_decimals
    # the standard error is 0.00016 at most
    assert hoyer(gaussian(200_000, dim)).mean().item() == pytest.approx(expected, abs=5e-4)


def test_codes_from_the_sparse_prior_have_the_score_that_dd_can_reach():
    with training.seeded(0):
        score = hoyer(priors.Sparse(50)().sample((20_000,))).mean().item()
    assert score == pytest.approx(0.65, abs=5e-3)  # the reference has two decimals; the standard error is 0.0005


@pytest.mark.parametrize(
    ("dim", "floor", "active", "score"),
    # the last two with their all-zero rows, 0.5 and 7.7 % of them, which count as 1
    [(50, 0.2, 0.2, 0.44), (128, 0.2, 0.2, 0.43), (50, 0.05, 0.1, 0.69), (50, 0, 0.1, 0.86), (50, 0, 0.05, 0.94)],
)
def test_a_floor_of_the_gates_caps_the_hoyer_score(dim, floor, active, score):
    z = gaussian(20_000, dim) * torch.where(random(20_000, dim, seed=1) < active, 1.0, floor)
    # two decimals; the standard error is 0.0007 at most
    assert hoyer(z).mean().item() == pytest.approx(score, abs=5e-3)


def test_hoyer_does_not_depend_on_how_small_a_code_is():
    z = gaussian(2000, 10)
    z[::2] *= 1e-25  # as gates that have nearly all closed make it; its square is 0 in float32
    scores = hoyer(z)
    assert 0 <= scores.min() and scores.max() <= 1
    z[::2] *= 1e20  # still small beside the others, whose deviations it is divided by
    torch.testing.assert_close(scores[::2], hoyer(z)[::2], atol=1e-3, rtol=0)


def test_hoyer_of_one_hot_codes_is_one_whatever_the_scales():
    codes = torch.eye(8, dtype=torch.float64).repeat(5, 1) * torch.logspace(-3, 3, 8, dtype=torch.float64)
    torch.testing.assert_close(hoyer(codes), torch.ones(40, dtype=torch.float64))
    z = gaussian(100, 8)
    torch.testing.assert_close(hoyer(z * torch.logspace(-3, 3, 8, dtype=torch.float64)), hoyer(z))


def test_dead_dimensions_and_dead_codes_count_as_off():
    z = torch.cat([gaussian(100, 3), torch.full((100, 1), 7.0, dtype=torch.float64)], 1)
    only = torch.cat([gaussian(100, 3), torch.zeros(100, 1, dtype=torch.float64)], 1)
    torch.testing.assert_close(hoyer(z), hoyer(only))
    assert torch.equal(hoyer(torch.zeros(3, 4)), torch.ones(3))
    with pytest.raises(ValueError, match="at least 2"):
        hoyer(torch.ones(3, 1))
