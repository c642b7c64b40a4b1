"""The sparse mapping, its penalty, the sparse prior and the Hoyer score, against values that can be worked out."""

import dataclasses
import math

import pytest
import torch
from scipy import integrate

from intelvae import priors, regularizers, runs
from intelvae.mappings import Sparse
from intelvae.metrics.hoyer import hoyer
from intelvae.records import RunConfig

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


def test_value_of_the_penalty_for_gaussian_codes():
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


def test_gates_lie_in_their_range():
    for floor in (0.0, 0.2):
        g = Sparse(4, floor=floor)
        gates = g.gates(100 * gaussian(200, 4).float())
        assert floor <= gates.min() and gates.max() <= 1


@pytest.mark.parametrize("floor", [-0.1, 1.0])
def test_a_floor_out_of_range_gets_one_clear_line(floor):
    with pytest.raises(ValueError, match="floor"):
        Sparse(3, floor=floor)


CONFIG = RunConfig("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=200, mapping="sparse")


def test_without_gamma_the_objective_is_the_elbo_to_the_bit():
    plain, zero = runs.run(CONFIG)[0], runs.run(dataclasses.replace(CONFIG, gamma=0.0))[0]
    assert plain.curves == zero.curves and plain.metrics == zero.metrics


def test_gamma_lowers_the_penalty():
    y = gaussian(1000, 2, seed=1).float()
    for seed in range(3):
        of = [
            regularizers.sparsity(runs.run(dataclasses.replace(CONFIG, gamma=gamma, seed=seed))[1].mapping.gates(y))
            for gamma in (0.0, 10.0)
        ]
        assert of[1] < of[0]


def test_gamma_needs_gates():
    with pytest.raises(ValueError, match=r"gamma = 1.0 .* Identity has none"):
        runs.run(dataclasses.replace(CONFIG, mapping="identity", gamma=1.0))


def test_the_sparse_prior_is_a_density_with_the_right_share_of_narrow_draws():
    p = priors.Sparse(1, weight=0.8, scale=0.05)()
    total, error = integrate.quad(
        lambda y: p.log_prob(torch.tensor([y])).exp().item(), -10, 10, points=[-0.2, 0, 0.2], limit=200
    )
    assert total == pytest.approx(1, abs=max(1e-5, error))  # the density is in float32
    with torch.random.fork_rng():
        torch.manual_seed(0)
        y = priors.Sparse(3, weight=0.8, scale=0.05)().sample((100_000,))
    # beyond 0.2, four deviations of the narrow part, lie 20 % of P(|N(0, 1)| > 0.2) = 0.8415; s.e. 0.0007
    assert ((y.abs() > 0.2).float().mean(0) - 0.2 * 0.8415).abs().max() < 0.003


@pytest.mark.parametrize("options", [{"weight": 0.0}, {"weight": 1.0}, {"scale": 0.0}])
def test_a_sparse_prior_out_of_range_gets_one_clear_line(options):
    with pytest.raises(ValueError, match="sparse prior needs"):
        priors.Sparse(2, **options)


@pytest.mark.parametrize(("dim", "expected"), [(50, 0.2308), (64, 0.2268), (128, 0.2197)])
def test_gaussian_codes_have_the_hoyer_score_of_chance(dim, expected):
    scores = hoyer(gaussian(20_000, dim))
    # the standard error is 0.0005 at most; 0.001 is the three decimals that the literature gives
    assert scores.mean().item() == pytest.approx(expected, abs=1e-3)


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
