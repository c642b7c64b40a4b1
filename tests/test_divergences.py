"""Theorem 1 in numbers: closed forms, the reference's values, equality, inequality, and what must be refused."""

import itertools
import math
from functools import partial

import pytest
import torch
from scipy import integrate, special
from torch.distributions import Normal, kl_divergence

from intelvae import divergences
from intelvae.divergences import after, before, closed_form, direction_kl, divergence, histogram_kl, ratio
from intelvae.mappings import Circle, Glue, Sectors, Threshold

# 16 Gauss-Legendre nodes on 2,000 panels are exact to rounding where the integrand is smooth. The worst cases are the
# kink of total variation (1e-7) and a turning mapping's integrable singularity (3e-8): 1e-6 leaves room for both.
QUADRATURE = 1e-6
PRIOR = Normal(0.0, 1.0)
ENCODERS = [(0.0, 0.5), (0.5, 0.5), (1.0, 0.5), (2.0, 0.3), (0.3, 1.3)]
MONOTONE = {
    "affine": (lambda y: 1 - 3 * y, ()),
    "sinh": (torch.sinh, ()),
    "cubic": (lambda y: y**3 + y, ()),
    "clusters": (Threshold(), (0.0,)),
}
MERGING = {
    "abs": (torch.abs, (0.0,)),
    "square": (torch.square, (0.0,)),
    "turning cubic": (lambda y: y**3 - 3 * y, (-1.0, 1.0)),
    "sine": (torch.sin, [math.pi * (k + 0.5) for k in range(-10, 10)]),
}


@pytest.fixture(params=ENCODERS, ids=str)
def q(request):
    return Normal(*request.param)


@pytest.mark.parametrize("name", divergences.NAMES)
def test_quadrature_agrees_with_the_closed_form(name, q):
    for p in (PRIOR, Normal(-0.4, 1.2)):
        assert divergence(name, before(q, p)) == pytest.approx(closed_form(name, q, p), abs=QUADRATURE)


def test_closed_forms_agree_with_torch_and_with_special_cases(q):
    # float32 in torch
    assert closed_form("KL", q, PRIOR) == pytest.approx(kl_divergence(q, PRIOR).item(), rel=1e-6)
    assert all(closed_form(name, q, q) == pytest.approx(0, abs=1e-12) for name in divergences.NAMES)
    # equal variances: the densities cross once, half-way
    shifted = Normal(q.mean + 1, q.stddev)
    expected = math.erf(1 / (2 * math.sqrt(2) * q.stddev.item()))
    assert closed_form("total variation", q, shifted) == pytest.approx(expected, abs=1e-6)  # float32 parameters


@pytest.mark.parametrize(
    ("mean", "scale", "kl_y", "kl_z"),
    [(0.0, 0.5, 0.3181, 0.3181), (0.5, 0.5, 0.4431, 0.1063), (1.0, 0.5, 0.8181, 0.1854), (2.0, 0.3, 2.7490, 2.0558)],
)
def test_absolute_value_against_the_reference(mean, scale, kl_y, kl_z):
    q = Normal(mean, scale)
    assert closed_form("KL", q, PRIOR) == pytest.approx(kl_y, abs=5e-5)  # four digits are given
    assert divergence("KL", after(q, PRIOR, *MERGING["abs"])) == pytest.approx(kl_z, abs=5e-5)


@pytest.mark.parametrize("mapping", MONOTONE)
def test_equality_for_strictly_monotone_mappings(mapping, q):
    pair = after(q, PRIOR, *MONOTONE[mapping])
    for name in divergences.NAMES:
        assert divergence(name, pair) == pytest.approx(closed_form(name, q, PRIOR), abs=QUADRATURE)


@pytest.mark.parametrize("mapping", MERGING)
def test_never_larger_for_mappings_that_merge_points(mapping, q):
    pair = after(q, PRIOR, *MERGING[mapping])
    for name in divergences.NAMES:
        assert 0 < divergence(name, pair) <= closed_form(name, q, PRIOR) + QUADRATURE


def test_strictly_smaller_unless_the_ratio_is_a_function_of_z():
    lopsided, centred = (divergence("KL", after(Normal(m, 0.5), PRIOR, *MERGING["square"])) for m in (0.5, 0.0))
    assert lopsided < closed_form("KL", Normal(0.5, 0.5), PRIOR) - 0.3
    assert centred == pytest.approx(closed_form("KL", Normal(0.0, 0.5), PRIOR), abs=QUADRATURE)


def test_what_the_absolute_value_loses_is_the_sign(q):
    """KL(y) - KL(z) = E[ln 2 - H(sign | |y|)], the chain rule, as an integral over y that needs no push-forward."""
    pair = before(q, PRIOR, (0.0,))
    q64 = Normal(q.mean.double(), q.stddev.double())
    right = torch.sigmoid(pair.log_q - q64.log_prob(-pair.at))  # probability of the sign that y has, given |y|
    loss = pair.integral(pair.log_q.exp() * (math.log(2) + right.clamp(min=1e-300).log()))
    gap = closed_form("KL", q, PRIOR) - divergence("KL", after(q, PRIOR, *MERGING["abs"]))
    assert gap == pytest.approx(loss, abs=QUADRATURE)
    assert gap <= math.log(2) + QUADRATURE


def test_push_forward_has_the_log_normal_density(q):
    pair = after(q, PRIOR, torch.exp)
    expected = torch.distributions.LogNormal(q.mean.double(), q.stddev.double()).log_prob(pair.at)
    likely = expected > -50
    # bisection leaves the last bit of y, which a density 10 deviations out multiplies by some hundred
    assert torch.allclose(pair.log_q[likely], expected[likely], atol=1e-9)


def test_equation_a1(q):
    """E_p[q/p | g(y)] and the ratio of the push-forwards have equal means over preimages of sets."""
    g, turns = MERGING["turning cubic"]
    cuts = (-3.0, -2.0, 0.0, 2.0, 5.0)
    ends = [-2.1038034, -2.0, -(3**0.5), 0.0, 1.0, 3**0.5, 2.0, 2.2790188, -1.0]  # g(y) = one of the cuts
    assert all(min(abs(g(y) - c) for c in cuts) < 1e-6 for y in ends)
    pair = before(q, PRIOR, sorted(ends))
    z = g(pair.at)
    left = pair.log_q.exp()
    right = ratio(q, PRIOR, g, z, turns) * pair.log_p.exp()
    for low, high in itertools.pairwise(cuts):
        in_a = ((z > low) & (z < high)).double()
        assert pair.integral(in_a * left) == pytest.approx(pair.integral(in_a * right), abs=QUADRATURE)


def test_the_reconstruction_term_of_equation_4(q):
    g, breakpoints = MONOTONE["clusters"]
    in_y, in_z = before(q, PRIOR, breakpoints), after(q, PRIOR, g, breakpoints)
    over_y = in_y.integral(in_y.log_q.exp() * g(in_y.at[:, None])[:, 0].square())
    assert over_y == pytest.approx(in_z.integral(in_z.log_q.exp() * in_z.at.square()), rel=QUADRATURE)


@pytest.mark.parametrize(
    ("g", "breakpoints", "message"),
    [
        (torch.abs, (), "not strictly monotone"),
        (torch.relu, (0.0,), "mass"),
        (torch.square, (0.5,), "not strictly monotone"),
    ],
)
def test_mappings_that_do_not_fit_the_breakpoints_are_refused(g, breakpoints, message):
    with pytest.raises(ValueError, match=message):
        after(Normal(0.5, 0.5), PRIOR, g, breakpoints)


@pytest.mark.parametrize(
    ("g", "line"),
    [
        (lambda y: y.float(), r"in torch.float64, and gives .*torch.float32"),
        (lambda y: y.flatten(), "g must map .*, 1. to the same"),
        (lambda y: torch.cat([y, y], 1), "g must map .*, 1. to the same.* 2., torch.float64"),
    ],
)
def test_a_mapping_to_something_else_is_refused(g, line):
    for call in (after, lambda q, p, g: ratio(q, p, g, torch.zeros(3))):
        with pytest.raises(ValueError, match=line) as caught:
            call(Normal(0.5, 0.5), PRIOR, g)
        assert "\n" not in str(caught.value)


def test_a_breakpoint_counts_once_and_is_a_number(unchecked):
    q, (g, breakpoints) = Normal(0.5, 0.5), MERGING["abs"]
    twice = after(q, PRIOR, g, [*breakpoints, *breakpoints, 1e9])  # the last is outside
    assert divergence("KL", twice) == divergence("KL", after(q, PRIOR, g, breakpoints))
    for wrong in (math.nan, math.inf, "0"):
        with pytest.raises(ValueError, match=r"^each of breakpoints must be a number, not"):
            after(q, PRIOR, g, [0.0, wrong])


@pytest.mark.parametrize("name", divergences.NAMES)
def test_a_narrow_gaussian_is_measured_or_refused(name):
    p = Normal(0.0, 1.0)
    for scale in (3e-2, 3e-3, 1.3e-3, 1e-3, 1e-4, 1e-6):
        q = Normal(0.3, scale)
        if scale > 1.2e-3:  # a tenth of a panel: 24 deviations of p are cut into 2,000
            # where the densities cross, the kink lies in panels as wide as q: a thousandth is left of it
            assert divergence(name, before(q, p)) == pytest.approx(closed_form(name, q, p), rel=1e-3)
        else:
            for a, b in ((q, p), (p, q)):
                with pytest.raises(ValueError, match=r"^a standard deviation of .* is lost in a grid over 24: bring q"):
                    before(a, b)


def test_other_refusals(unchecked):
    wide = Normal(0.0, 1.5)
    assert closed_form("chi-squared", wide, PRIOR) == math.inf
    with pytest.raises(ValueError, match="infinite"):
        divergence("chi-squared", before(wide, PRIOR))
    with pytest.raises(ValueError, match="choose one of KL"):
        closed_form("Wasserstein", PRIOR, PRIOR)
    for measure in (before, *(partial(closed_form, name) for name in divergences.NAMES)):
        for q, p in ((Normal(torch.zeros(2), 1.0), PRIOR), (PRIOR, Normal(torch.zeros(2), 1.0))):
            with pytest.raises(ValueError, match="not a batch"):
                measure(q, p)
    with pytest.raises(ValueError, match=r"\(n, d\)"):
        histogram_kl(torch.zeros(3, 1), torch.zeros(3, 2), bins=2)
    for a, b in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="there is nothing to measure"):
            histogram_kl(torch.zeros(a, 1), torch.zeros(b, 1), bins=2)
    with pytest.raises(ValueError, match="25 scale"):
        direction_kl((3.0, 0.0), 0.1)
    for mean in ((), (1.0,), (1.0, 1.0, 1.0)):
        with pytest.raises(ValueError, match=f"two numbers, not {len(mean)}$"):
            direction_kl(mean, 1.0)


def test_histogram_of_two_cells_by_hand():
    a, b = torch.tensor([[0.0], [0.0], [1.0]]), torch.tensor([[0.0], [1.0], [1.0]])
    q, p = (2.5 / 4, 1.5 / 4), (1.5 / 4, 2.5 / 4)  # half a count more in each of the two cells
    expected = sum(x * math.log(x / y) for x, y in zip(q, p, strict=True))
    assert histogram_kl(a, b, bins=2)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("q", "p", "n"),
    [
        ([0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], 2000),
        ([0.1] * 10, [0.1] * 10, 2000),  # the estimate is all bias
        ([0.1] * 10, [0.1] * 10, 20_000),  # of which the smaller sample decides
        ([0.02] * 5 + [0.18] * 5, [0.1] * 10, 2000),  # what the half counts do is a fifth of it
    ],
)
def test_bias_and_standard_error_of_the_histogram_estimate(q, p, n):
    """400 repeats of cells with known probabilities, n draws of the first and 2000 of the second."""
    generator, repeats = torch.Generator().manual_seed(0), 400
    q, p = torch.tensor(q), torch.tensor(p)
    exact = (q * (q / p).log()).sum().item()

    def draw(probabilities, n):  # the extremes are always there, so that the grid is the same in every repeat
        return torch.multinomial(probabilities, n, True, generator=generator)[:, None].float()

    runs = torch.tensor([histogram_kl(draw(q, n), draw(p, 2000), bins=len(q)) for _ in range(repeats)])
    scatter = runs[:, 0].std().item()
    if exact:  # where q and p are equal the first-order error is zero
        assert scatter == pytest.approx(runs[:, 1].mean().item(), rel=0.2)  # known to 4 % from 400 repeats
    assert abs(runs[:, 0].mean().item() - exact - runs[:, 2].mean().item()) < 4 * scatter / math.sqrt(repeats)


PLANE = [((1.0, 0.0), 0.5), ((2.0, 1.0), 0.3), ((0.5, 0.5), 0.8)]


@pytest.mark.parametrize(("mean", "scale"), PLANE)
def test_in_the_plane_no_histogram_exceeds_the_divergence_before(mean, scale):
    generator = torch.Generator().manual_seed(1)
    y_q = torch.tensor(mean) + scale * torch.randn(50_000, 2, generator=generator)
    y_p = torch.randn(50_000, 2, generator=generator)
    before_g = sum(closed_form("KL", Normal(m, scale), PRIOR) for m in mean)
    direction = direction_kl(mean, scale)
    for g in (Circle(), Glue(holes=2), Glue(holes=3), Sectors(3)):
        for bins in (4, 16, 64):
            estimate, error, bias = histogram_kl(g(y_q), g(y_p), bins)
            assert estimate <= before_g + bias + 4 * error
            if not isinstance(g, Sectors):  # gluing merges single points, so it keeps the direction, and no more
                assert estimate <= direction + bias + 4 * error
    circle, error, bias = histogram_kl(Circle()(y_q), Circle()(y_p), 32)
    assert circle == pytest.approx(direction, abs=4 * error + bias + 0.01)  # 0.01 for the 32 cells


@pytest.mark.parametrize("k", range(26))
def test_direction_kl_against_an_independent_integral(k):
    """The density of the angle as an integral over the radius, both by SciPy's quadrature."""

    def ratio(angle):  # 2 pi times the density: the integral of r e^(-((r - u)^2 + k^2 - u^2) / 2)
        u = k * math.cos(angle)
        of_radius = math.exp(-(u**2) / 2) + u * math.sqrt(math.pi / 2) * special.erfc(-u / math.sqrt(2))
        if u < 0:  # about 1 / u^2 e^(-u^2 / 2) is left: the integral itself has its digits
            of_radius = integrate.quad(lambda r: r * math.exp(u * r - r * r / 2), 0, 60 / max(1, -u))[0]
            return of_radius * math.exp(-k * k / 2)
        return of_radius * math.exp((u * u - k * k) / 2)

    points = [min(math.pi, 4 / max(k, 1))]
    value, _ = integrate.quad(lambda a: special.xlogy(ratio(a), ratio(a)), 0, math.pi, points=points, epsabs=1e-10)
    assert direction_kl([float(k), 0.0], 1.0) == pytest.approx(value / math.pi, abs=1e-8)
    assert direction_kl([0.0, -0.5 * k], 0.5) == pytest.approx(value / math.pi, abs=1e-8)


def test_direction_kl_of_a_far_mean():
    assert direction_kl([8.0, 0.0], 1.0) == pytest.approx(2.490374, abs=1e-6)
    for k in (8.0, 16.0, 25.0):  # nearly a Gaussian of deviation 1 / k around the circle
        assert direction_kl([k, 0.0], 1.0) == pytest.approx(math.log(k * math.sqrt(2 * math.pi / math.e)), abs=0.02)


@pytest.mark.parametrize(("mean", "scale"), [([0.0, 0.0], 0.0), ([0.0, 0.0], math.nan), ([math.nan, 0.0], 1.0)])
def test_direction_kl_of_no_distribution(mean, scale):
    with pytest.raises(ValueError, match="must be a number"):
        direction_kl(mean, scale)


@pytest.mark.parametrize("name", divergences.NAMES)
def test_closed_forms_do_not_depend_on_where_the_origin_is(name):
    for s, t in ((0.5, 0.7), (1.0, 1.0), (1.0, 1.0 + 2**-20), (2.0, 0.3)):
        near = closed_form(name, Normal(0.0, s), Normal(1.0, t))
        assert closed_form(name, Normal(2.0**20, s), Normal(2.0**20 + 1, t)) == pytest.approx(near, rel=1e-9)
        assert closed_form(name, Normal(0.0, s), Normal(1.0, t)) == pytest.approx(near, rel=1e-9)
    far = closed_form(name, Normal(0.0, 1.0), Normal(1e6, 1.0))  # finite, but for what float64 does not hold
    expected = {"KL": 5e11, "reverse KL": 5e11, "chi-squared": math.inf, "total variation": 1, "squared Hellinger": 1}
    assert far == pytest.approx(expected[name])


@pytest.mark.parametrize("t", [1.0, 1.0 + 2**-20, 1.0 + 2**-23, 1.0 - 2**-24])
def test_total_variation_of_nearly_equal_variances(t):
    expected = math.erf(1 / (2 * math.sqrt(2)))  # of equal ones
    assert closed_form("total variation", Normal(0.0, 1.0), Normal(1.0, t)) == pytest.approx(expected, abs=1e-6)


def test_histograms_with_more_cells_than_a_whole_number_counts():
    a, b = (torch.randn(50, 30, generator=torch.Generator().manual_seed(s)) for s in range(2))
    # no two points share a cell of 32^30, so the histogram is that of the 100 points
    q = torch.tensor([1.5] * 50 + [0.5] * 50, dtype=torch.float64) / 100
    expected = (q * (q / q.flip(0)).log()).sum().item()
    assert histogram_kl(a, b, bins=32)[0] == pytest.approx(expected, rel=1e-12)


def test_direction_kl_against_the_angles_of_samples():
    mean, scale = (1.0, 0.5), 0.7
    y = torch.tensor(mean) + scale * torch.randn(400_000, 2, generator=torch.Generator().manual_seed(2))
    q = torch.histc(torch.atan2(y[:, 1], y[:, 0]).double(), 100, -math.pi, math.pi) / len(y)
    # 100 cells of a smooth density lose 1e-3 at most, the plug-in bias is 1e-4, the standard error 1e-3
    assert torch.special.xlogy(q, 100 * q).sum().item() == pytest.approx(direction_kl(mean, scale), abs=5e-3)
