"""Distances between sets of features, each pinned by sets whose distance is known."""

import itertools
import math
import warnings

import pytest
import scipy
import torch
from packaging.version import Version

from intelvae.metrics import frechet, kid, neighbours
from intelvae.metrics.distances import Distances
from intelvae.metrics.fidelity import fidelity_and_diversity

ROUNDING = 1e-10  # relative: sums of some thousand float64 numbers


def draw(n, d, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def total(p):
    return p.covariance.trace().item()


# Fréchet


def test_the_fit_is_the_mean_and_the_unbiased_covariance():
    x = draw(30, 4)
    p = frechet.fit(x)
    torch.testing.assert_close(p.mean, x.mean(0), rtol=ROUNDING, atol=ROUNDING)
    torch.testing.assert_close(p.covariance, torch.cov(x.T), rtol=ROUNDING, atol=ROUNDING)
    assert p.n == 30 and p.factor.shape == (4, 4)


def test_identical_sets_in_any_order_are_at_distance_zero():
    x = draw(100, 6)
    p, q = frechet.fit(x), frechet.fit(x[torch.randperm(100, generator=torch.Generator().manual_seed(1))])
    assert frechet.distance(p, q) == pytest.approx(0, abs=ROUNDING * total(p))


def test_diagonal_gaussians():
    a, b = torch.tensor([1.0, 4.0, 0.0]).double(), torch.tensor([9.0, 1.0, 4.0]).double()  # variances, one of them zero
    mu = torch.tensor([1.0, -2.0, 0.5]).double()
    p, q = frechet.Gaussian(0 * mu, a.sqrt().diag(), 2), frechet.Gaussian(mu, b.sqrt().diag(), 2)
    exact = mu.square().sum() + (a.sqrt() - b.sqrt()).square().sum()  # 5.25 + 4 + 1 + 4
    assert frechet.distance(p, q) == pytest.approx(exact.item(), rel=ROUNDING) == 14.25


def test_a_scaled_and_shifted_copy():
    x = draw(50, 5) @ draw(5, 5, seed=1)  # correlated
    p, q = frechet.fit(x), frechet.fit(3 * x + 2)
    mean = (2 + 2 * x.mean(0)).square().sum().item()
    assert frechet.distance(p, q) == pytest.approx(mean + 4 * total(p), rel=ROUNDING)


def test_fewer_points_than_dimensions():
    x, shift = draw(10, 40), 3.0
    x[:, 20:] = 0
    p, q = frechet.fit(x), frechet.fit(x.flip(1))  # in orthogonal subspaces: the product of the covariances is zero
    means = 2 * x.mean(0).square().sum().item()
    assert frechet.distance(p, q) == pytest.approx(means + 2 * total(p), rel=ROUNDING)
    assert frechet.distance(p, p) == pytest.approx(0, abs=ROUNDING * total(p))
    assert frechet.distance(p, frechet.fit(x + shift)) == pytest.approx(40 * shift**2, rel=ROUNDING)


def test_covariances_that_do_not_commute():
    """The eigenvalues of the product itself, which is not symmetric, give the same trace; so does the other order."""
    p, q = (frechet.fit(draw(60, 8, s) @ draw(8, 8, 10 + s) + s) for s in (1, 2))
    overlap = torch.linalg.eigvals(p.covariance @ q.covariance).real.sqrt().sum()
    exact = (p.mean - q.mean).square().sum().item() + total(p) + total(q) - 2 * overlap.item()
    assert frechet.distance(p, q) == pytest.approx(exact, rel=1e-8)  # a nonsymmetric problem loses more digits
    assert frechet.distance(q, p) == pytest.approx(frechet.distance(p, q), rel=1e-8)


@pytest.mark.skipif(Version(scipy.__version__) >= Version("1.18"), reason="pytorch-fid 0.3.0 breaks on SciPy 1.18+")
def test_it_agrees_with_pytorch_fid():
    theirs = pytest.importorskip("pytorch_fid.fid_score").calculate_frechet_distance
    p, q = (frechet.fit(draw(200, 32, s) @ draw(32, 32, 10 + s) + s) for s in (1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it calls SciPy's sqrtm with an argument on its way out
        expected = theirs(p.mean.numpy(), p.covariance.numpy(), q.mean.numpy(), q.covariance.numpy())
    assert frechet.distance(p, q) == pytest.approx(float(expected), rel=1e-7)  # the accuracy of SciPy's square root


def test_the_bias_falls_as_one_over_n():
    def average(n):
        sets = [frechet.fit(draw(n, 5, seed)) for seed in range(40)]
        return sum(map(frechet.distance, sets[::2], sets[1::2])) / 20

    # 20 distances whose standard deviation is about a third of their mean: the ratio is known to 4 x 10 %
    assert average(50) / average(200) == pytest.approx(4, rel=0.4)


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="at least two feature vectors, not 1"):
        frechet.fit(torch.zeros(1, 3))
    with pytest.raises(ValueError, match="different dimensions, 3 and 4"):
        frechet.distance(frechet.fit(torch.zeros(2, 3)), frechet.fit(torch.zeros(2, 4)))


# KID


def test_the_kernel_distance_of_two_gaussians_on_the_line():
    """In one dimension (x y + 1)^3 compares the moments: sum_j C(3, j) (E x^j - E y^j)^2."""
    mu, n = 0.5, 20_000
    moments = [0, mu, mu**2, mu**3 + 3 * mu]  # of N(mu, 1) minus those of N(0, 1)
    exact = sum(math.comb(3, j) * m**2 for j, m in enumerate(moments))
    value, error = kid.distance(draw(n, 1, 1), mu + draw(n, 1, 2), blocks=20)
    assert value == pytest.approx(exact, abs=4 * error)
    assert error < 0.1 * exact  # so that the line above says something


def test_the_kernel_distance_is_unbiased_and_its_error_is_honest():
    z = [value / error for value, error in (kid.distance(draw(60, 3, s), draw(40, 3, 1000 + s)) for s in range(200))]
    z = torch.tensor(z)
    assert abs(z.mean()) < 4 / math.sqrt(200)
    # Student's t with 9 degrees of freedom has standard deviation sqrt(9/7); skew and 200 draws move it by under 20 %
    assert z.std() == pytest.approx(math.sqrt(9 / 7), rel=0.2)


def test_the_kernel_distance_by_hand():
    x, y = draw(4, 2, 1), draw(6, 2, 2)

    def k(a, b):
        return (a @ b / 2 + 1).item() ** 3

    def pairs(s):
        values = [k(a, b) for a, b in itertools.permutations(s, 2)]
        return sum(values) / len(values)

    blocks = [
        pairs(u) + pairs(v) - 2 * sum(k(a, b) for a in u for b in v) / (len(u) * len(v))
        for u, v in ((x[0::2], y[0::2]), (x[1::2], y[1::2]))
    ]
    value, error = kid.distance(x, y, blocks=2)
    assert value == pytest.approx(sum(blocks) / 2, rel=ROUNDING)
    assert error == pytest.approx(abs(blocks[0] - blocks[1]) / 2, rel=ROUNDING)


@pytest.mark.parametrize(("n", "blocks"), [(19, 10), (100, 1)])
def test_blocks_that_cannot_be_filled(n, blocks):
    with pytest.raises(ValueError, match="blocks"):
        kid.distance(draw(n, 2), draw(100, 2), blocks=blocks)


# precision, recall, density, coverage


def test_identical_sets_have_all_of_each():
    x = draw(80, 4)
    # the balls of k neighbours hold k + 1 points, so n (k + 1) pairs over k n
    expected = {"precision": 1.0, "recall": 1.0, "density": pytest.approx(5 / 4), "coverage": 1.0}
    assert fidelity_and_diversity(x, x, k=4) == expected
    shuffled = fidelity_and_diversity(x, x[torch.randperm(80, generator=torch.Generator().manual_seed(1))], k=4)
    # products in another order, so that a border point falls on either side of its border: k or k + 1 points a ball
    assert 1 <= shuffled.pop("density") <= 5 / 4 + 1e-6
    assert set(shuffled.values()) == {1.0}


def test_disjoint_sets_have_nothing():
    found = fidelity_and_diversity(draw(80, 4), 100 + draw(50, 4, 1))
    assert set(found.values()) == {0.0}


def test_one_of_two_modes_is_precise_and_covers_half():
    near, far = draw(50, 3), 100 + draw(50, 3)
    found = fidelity_and_diversity(torch.cat([near, far]), near)
    assert found == {"precision": 1.0, "recall": 0.5, "density": pytest.approx(6 / 5), "coverage": 0.5}


def test_two_samples_of_one_distribution():
    """Density is 1 and coverage 1 - prod_i (n - i) / (m + n - i), i = 1..k, on average (Naeem et al., Lemma 2)."""
    n, m, k = 40, 60, 3
    found = [fidelity_and_diversity(draw(n, 3, s), draw(m, 3, 1000 + s), k) for s in range(100)]
    expected = {"density": 1.0, "coverage": 1 - math.prod((n - i) / (m + n - i) for i in range(1, k + 1))}
    for name, exact in expected.items():
        values = torch.tensor([f[name] for f in found])
        assert values.mean().item() == pytest.approx(exact, abs=4 * values.std().item() / math.sqrt(100))


def test_balls_by_hand(monkeypatch):
    monkeypatch.setattr("intelvae.metrics.fidelity._ROWS", 7)  # so that several pieces are put together
    x, y, k = draw(20, 2, 1), 0.7 + draw(15, 2, 2), 3

    def balls(centres, points):
        radius = [sorted(math.dist(a, b) for b in centres)[k] for a in centres]
        return [[math.dist(a, p) <= r for p in points] for a, r in zip(centres, radius, strict=True)]

    of_real, of_generated = balls(x.tolist(), y.tolist()), balls(y.tolist(), x.tolist())
    assert fidelity_and_diversity(x, y, k) == pytest.approx(
        {
            "precision": sum(map(any, zip(*of_real, strict=True))) / 15,
            "recall": sum(map(any, zip(*of_generated, strict=True))) / 20,
            "density": sum(map(sum, of_real)) / (k * 15),
            "coverage": sum(map(any, of_real)) / 20,
        }
    )


def test_sets_without_enough_neighbours():
    with pytest.raises(ValueError, match="5 neighbours"):
        fidelity_and_diversity(draw(5, 2), draw(50, 2))


def brute_force(real, generated, k):
    """The four shares from all distances at once, in float64, for points around 0."""
    radius, other = (torch.cdist(x, x).sort(1).values[:, k] for x in (real, generated))
    d = torch.cdist(real, generated)
    inside = d <= radius[:, None]
    return {
        "precision": inside.any(0).double().mean().item(),
        "recall": (d <= other).any(1).double().mean().item(),
        "density": inside.sum(0).double().mean().item() / k,
        "coverage": inside.any(1).double().mean().item(),
    }


@pytest.mark.parametrize("n", [20, 600])
@pytest.mark.parametrize("mean", [0.0, 1000.0])
def test_distances_depend_neither_on_the_number_of_rows_nor_on_the_origin(n, mean):
    a, b = ((mean + draw(n, 300, seed)).float() for seed in range(2))
    # torch.cdist, which multiplies matrices above 25 rows, gives a density of 1.2 in the place of 0.9 at 1000
    around_0 = a.double() - mean, b.double() - mean
    assert fidelity_and_diversity(a, b) == pytest.approx(brute_force(*around_0, 5), rel=1e-6)  # shares in float32
    nearest = torch.cdist(*around_0).amin(1)
    torch.testing.assert_close(neighbours.nearest(a, b).double(), nearest, rtol=1e-6, atol=0)  # given back in float32


@pytest.mark.parametrize("n", [10, 60])
@pytest.mark.parametrize("offset", [0.0, 1000.0, 1e6])
def test_equal_rows_have_the_distance_zero_and_lie_in_a_ball_of_radius_zero(n, offset):
    x = (offset + draw(n, 40)).float()
    assert not neighbours.nearest(x, x).any()
    assert not Distances(x)(x).diagonal().any()
    twice = x.repeat(2, 1)  # each point's nearest neighbour is itself once more: all balls have the radius 0
    found = fidelity_and_diversity(twice, twice, k=1)
    assert found == {"precision": 1.0, "recall": 1.0, "density": 2.0, "coverage": 1.0}
    assert fidelity_and_diversity(twice, twice + 1, k=1)["density"] == 0
    close = x.double() + 1e-3 * draw(n, 40, 1)  # nearer than the product of matrices can tell at 1e6
    exact = torch.stack([(row - close).norm(dim=1) for row in x.double()])
    torch.testing.assert_close(Distances(close)(x), exact, rtol=1e-8, atol=0)


@pytest.mark.parametrize("measure", [kid.distance, fidelity_and_diversity])
def test_features_of_two_networks_are_not_compared(measure, unchecked):
    with pytest.raises(ValueError, match=r"^(features|rows) of different dimensions, 3 and 5$"):
        measure(draw(40, 3), draw(40, 5))


def test_a_distance_beside_a_far_row_is_as_right_as_the_mean_lets_it_be():
    x = torch.tensor([[1e-6], [2e-6], [1e6]], dtype=torch.float64)
    exact = (x - x.T).abs()
    reach = (x - x.mean(0)).abs()
    assert ((Distances(x)(x) - exact).abs() <= torch.maximum(1e-9 * exact, 1e-15 * (reach + reach.T))).all()
