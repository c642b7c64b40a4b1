"""Each metric pinned by cases whose value is known."""

import itertools
import math

import pytest
import torch
from scipy.stats import norm, wasserstein_distance

from intelvae.data import images, toys
from intelvae.metrics import neighbours
from intelvae.metrics.clusters import fit_digit_classifier, uncertainty_and_proportion
from intelvae.metrics.slopes import slopes
from intelvae.metrics.toy import bridge, inside_hole, off_support, sliced_wasserstein

CURVES = ("circle", "square", "star", "infinity")
FLOAT32 = 1e-5  # sums of some thousand float32 numbers of size 1


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


# sliced Wasserstein distance


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 75), (30, 7), (1, 5), (4, 8)])
def test_on_the_line_it_is_scipys_wasserstein_distance(n, m):
    a, b = torch.randn(n, 1, generator=rng(1)), 1 + 2 * torch.randn(m, 1, generator=rng(2))
    expected = wasserstein_distance(a[:, 0].numpy(), b[:, 0].numpy())  # every direction of the line is +1 or -1
    assert sliced_wasserstein(a, b, generator=rng()) == pytest.approx(expected, rel=FLOAT32)


def test_unequal_sizes_agree_with_equal_ones_after_repetition():
    a, b = torch.randn(40, 2, generator=rng(1)), torch.randn(60, 2, generator=rng(2))
    unequal = sliced_wasserstein(a, b, generator=rng())
    equal = sliced_wasserstein(a.repeat(3, 1), b.repeat(2, 1), generator=rng())
    assert unequal == pytest.approx(equal, rel=FLOAT32)


def test_zero_for_equal_samples_in_any_order_and_with_repeats():
    a = torch.randn(100, 2, generator=rng(1))
    assert sliced_wasserstein(a, a[torch.randperm(100, generator=rng(2))]) == 0
    assert sliced_wasserstein(a, a.repeat(2, 1)) == 0


def test_a_shift_costs_its_mean_projection():
    a = torch.randn(500, 2, generator=rng(1))
    shifted = sliced_wasserstein(a, a + torch.tensor([3.0, 0.0]), projections=20_000, generator=rng())
    # |cos| of a uniform angle has mean 2/pi and standard deviation 0.31: 4 standard errors of 20,000 directions
    assert shifted == pytest.approx(3 * 2 / math.pi, abs=3 * 4 * 0.31 / math.sqrt(20_000))


def test_symmetry_scale_and_triangle_inequality_under_one_set_of_directions():
    a, b, c = (torch.randn(n, 2, generator=rng(n)) for n in (50, 50, 80))
    distance = {
        (i, j): sliced_wasserstein(x, y, generator=rng())
        for (i, x), (j, y) in itertools.permutations(enumerate((a, b, c)), 2)
    }
    assert distance[0, 2] == pytest.approx(distance[2, 0], rel=FLOAT32)
    assert distance[0, 2] <= distance[0, 1] + distance[1, 2] + FLOAT32
    assert sliced_wasserstein(5 * a, 5 * b, generator=rng()) == pytest.approx(5 * distance[0, 1], rel=FLOAT32)


def test_a_generator_decides_the_directions_and_the_global_one_is_left_alone():
    a, b = torch.randn(50, 2, generator=rng(1)), torch.randn(50, 2, generator=rng(2))
    state = torch.get_rng_state()
    assert sliced_wasserstein(a, b, generator=rng()) == sliced_wasserstein(a, b, generator=rng())
    assert sliced_wasserstein(a, b, generator=rng()) != sliced_wasserstein(a, b, generator=rng(1))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("shapes", [((3, 2), (3, 1)), ((3,), (3,))])
def test_samples_that_cannot_be_compared(shapes):
    with pytest.raises(ValueError, match=r"\(n, d\) and \(m, d\)"):
        sliced_wasserstein(*map(torch.zeros, shapes))


HALF = (torch.float16, torch.bfloat16)


@pytest.mark.parametrize("dtype", [*HALF, torch.float64, torch.int64, torch.uint8])
def test_samples_of_every_precision_and_of_two_are_compared(dtype):
    a, b = torch.randint(0, 100, (40, 2), generator=rng(1)), torch.randint(50, 99, (30, 2), generator=rng(2))
    exact = sliced_wasserstein(a.float(), b.float(), generator=rng())
    for one, other in ((a.to(dtype), b.to(dtype)), (a.to(dtype), b.float()), (a, b.to(dtype))):
        assert sliced_wasserstein(one, other, generator=rng()) == pytest.approx(exact, rel=FLOAT32)
    far = 1e4 * torch.tensor([[1.0, 0.0]]).to(dtype=torch.float16)  # beyond whose largest number, 65504, a sum may lie
    assert sliced_wasserstein(5 * far, -5 * far, generator=rng()) == pytest.approx(
        1e5 * sliced_wasserstein(far.sign(), 0 * far, generator=rng()), rel=1e-3
    )


# off the support, inside a hole, on the bridge


@pytest.mark.parametrize("name", CURVES)
def test_data_lie_on_their_support_and_in_no_hole(name):
    x = toys.sample(name, 2000, rng())
    assert off_support(name, x, 1e-4) == 0  # float32, and chords within 5e-6 of the infinity sign
    assert inside_hole(name, x) == 0


@pytest.mark.parametrize("name", CURVES)
def test_data_blown_up_to_twice_their_size_are_off_the_support(name):
    x = 2 * toys.sample(name, 2000, rng())
    assert off_support(name, x) > 0.7  # all of them, but for the infinity sign, whose crossing stays


def test_shares_are_counts():
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [9.0, 0.0]])
    assert off_support("circle", x, 0.3) == 0.75
    assert off_support("circle", x, 1.5) == 0.5
    assert inside_hole("circle", x) == 0.5
    assert inside_hole("infinity", x) == 0.25  # only (1, 0): the origin is the crossing
    assert bridge(x) == 0.25  # |x_1| = 1 does not count


def test_the_mixture_is_off_support_beyond_three_deviations_and_the_tolerance():
    x = toys.sample("mixture", 200_000, rng())
    exact = math.exp(-((0.3 + 3 * 0.3) ** 2) / (2 * 0.3**2))  # Rayleigh
    assert off_support("mixture", x, 0.3) == pytest.approx(exact, abs=4 * math.sqrt(exact / len(x)))
    assert off_support("mixture", torch.zeros(1, 2), 0.3) == 1
    assert inside_hole("mixture", x) == 0


def test_bridge_of_the_mixture():
    n = 1_000_000
    exact = norm.cdf(-1 / 0.3) - norm.cdf(-3 / 0.3)
    assert exact == pytest.approx(4.3e-4, abs=5e-6)  # the number the documentation gives
    assert bridge(toys.sample("mixture", n, rng())) == pytest.approx(exact, abs=4 * math.sqrt(exact / n))
    assert bridge(torch.tensor([[2.0, 0.0], [-2.0, 0.0]])) == 0
    assert bridge(torch.zeros(3, 2)) == 1


@pytest.mark.parametrize("metric", [off_support, inside_hole])
def test_unknown_toys(metric):
    with pytest.raises(ValueError, match="unknown toy 'ring'"):
        metric("ring", torch.zeros(1, 2))


@pytest.mark.parametrize("dtype", [*HALF, torch.int64])
def test_points_of_every_precision_are_on_the_support_or_off_it(dtype):
    for name in toys.NAMES:
        x = torch.cartesian_prod(torch.arange(-3, 4), torch.arange(-3, 4))
        for share in (off_support, inside_hole):
            assert share(name, x.to(dtype)) == share(name, x.float())
    # (1, 1) is sqrt(2) - 1 from the sides of the square, (0, 1) too
    assert off_support("square", torch.tensor([[1, 1], [0, 1]]).to(dtype)) == 1
    assert inside_hole("star", torch.tensor([[0, 0]]).to(dtype)) == 1
    assert bridge(torch.tensor([[0, 5], [2, 0]]).to(dtype)) == 0.5


# ambiguous digits and the share of ones


@pytest.fixture(scope="module")
def digits():
    return images.load("mnist-01", smoke=True)


@pytest.fixture(scope="module")
def classifier(digits):
    return fit_digit_classifier(digits.train / 255, digits.train_labels)


def test_real_digits_are_neither_ambiguous_nor_unbalanced(digits, classifier):
    """The paper's "Data" column: 0.2 % ambiguous. Of the 100 embedded test images one may be misread."""
    judged = uncertainty_and_proportion(classifier, digits.test / 255)
    assert judged["uncertain"] <= 0.01
    assert abs(judged["ones"] - digits.test_labels.double().mean().item()) < 0.015


def test_digits_of_one_kind(digits, classifier):
    for label in (0, 1):
        judged = uncertainty_and_proportion(classifier, digits.test[digits.test_labels == label] / 255)
        assert abs(judged["ones"] - label) < 0.03  # one of 50


def test_overlays_of_a_zero_and_a_one_are_more_often_ambiguous(digits, classifier):
    zeros, ones = (digits.test[digits.test_labels == label] / 255 for label in (0, 1))
    n = min(len(zeros), len(ones))
    overlay = uncertainty_and_proportion(classifier, (zeros[:n] + ones[:n]) / 2)
    real = uncertainty_and_proportion(classifier, digits.test / 255)
    assert overlay["uncertain"] > 10 * max(real["uncertain"], 1 / len(digits.test))


def pixels(values):
    return torch.tensor(values).reshape(-1, 1, 1, 1)


def test_one_pixel_whose_probability_is_known():
    """With one pixel x the classifier is a logistic curve: its threshold can be placed by hand."""
    classifier = fit_digit_classifier(pixels([0.0] * 50 + [1.0] * 50), torch.tensor([0] * 50 + [1] * 50))
    slope = float(classifier.coef_[0, 0])
    centre = -float(classifier.intercept_[0]) / slope
    half = math.log(0.8 / 0.2) / slope  # confidence 80 % this far from the centre
    assert 0 < centre - 1.1 * half and centre + 1.1 * half < 1  # so that clipping changes nothing below
    x = pixels([centre - 1.1 * half, centre - 0.9 * half, centre + 0.5 * half, centre + 0.9 * half])
    assert uncertainty_and_proportion(classifier, x) == {"uncertain": 0.75, "ones": 0.5}
    assert uncertainty_and_proportion(classifier, x, threshold=0.5) == {"uncertain": 0.0, "ones": 0.5}
    clipped = uncertainty_and_proportion(classifier, pixels([-5.0, 7.0]), threshold=0.9999)
    assert clipped == uncertainty_and_proportion(classifier, pixels([0.0, 1.0]), threshold=0.9999)


@pytest.mark.parametrize("dtype", HALF)
def test_digits_in_half_precision_and_straight_from_a_model(dtype):
    x, labels = pixels([0.0, 0.25, 0.75, 1.0]), torch.tensor([0, 0, 1, 1])
    classifier = fit_digit_classifier(x, labels)
    other = fit_digit_classifier(x.to(dtype).requires_grad_(), labels)
    assert (other.coef_ == classifier.coef_).all()
    found = uncertainty_and_proportion(classifier, x.to(dtype).requires_grad_())
    assert found == uncertainty_and_proportion(classifier, x)


def test_the_classifier_is_for_zeros_and_ones():
    with pytest.raises(ValueError, match="labels 0 and 1"):
        fit_digit_classifier(pixels([0.0, 1.0]), torch.tensor([3, 7]))
    with pytest.raises(ValueError, match="labels 0 and 1"):
        fit_digit_classifier(pixels([0.0, 1.0]), torch.tensor([1, 1]))


def test_stray_images_are_those_unlike_any_real_one():
    real = torch.randn(3000, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    train, test, fresh = real.split(1000)
    # a share of 1000 with mean 1 % and a threshold from 1000 others: standard error 0.45 %, so 2.5 % is over 3 of them
    assert neighbours.stray(fresh, train, test) < 0.025
    assert neighbours.stray(torch.cat([train, train + 20]), train, test) == 0.5


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, *HALF])
def test_distances_of_bytes_whole_numbers_and_half_precision_are_floats(dtype):
    black = torch.zeros(1, 1, 28, 28).to(dtype)
    white = black + 255
    assert neighbours.nearest(white, black).tolist() == [28 * 255]
    assert neighbours.nearest(black, white).dtype == torch.float32
    real = torch.randint(0, 128, (90, 1, 4, 4), generator=rng())  # whole numbers that bfloat16 holds
    train, test, fresh = real.split(30)
    generated = torch.cat([fresh, fresh + 128])
    expected = neighbours.stray(generated.double(), train.double(), test.double(), 0.9)
    assert neighbours.stray(generated.to(dtype), train.to(dtype), test.to(dtype), 0.9) == expected >= 0.5


def test_images_of_two_sizes_have_no_distance():
    with pytest.raises(ValueError, match=r"^rows of different dimensions, 4 and 9$"):
        neighbours.nearest(torch.zeros(3, 1, 2, 2), torch.zeros(3, 1, 3, 3))


# slopes


def test_a_slope_is_the_largest_singular_value_of_the_jacobian_at_each_point():
    matrix = torch.randn(3, 2, generator=rng(), dtype=torch.float64)
    x = torch.randn(50, 2, generator=rng(1), dtype=torch.float64)
    largest = torch.linalg.matrix_norm(matrix, 2)
    torch.testing.assert_close(slopes(lambda v: v @ matrix.T, x), largest.expand(50))
    bent = slopes(lambda v: torch.stack([v[:, 0] ** 2, v.sum(1)], 1), x)
    jacobians = torch.autograd.functional.jacobian(lambda v: torch.stack([v[0] ** 2, v.sum()]), x[7])
    assert bent[7].item() == pytest.approx(
        torch.linalg.matrix_norm(jacobians, 2).item()
    )  # by rows: no point sees another


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, *HALF])
def test_slopes_without_gradients_around_and_of_what_is_constant(dtype):
    x = torch.randn(4, 2, generator=rng()).to(dtype)
    with torch.no_grad():
        assert slopes(lambda v: torch.stack([3 * v[:, 0], v[:, 1]], 1), x).tolist() == [3.0] * 4
    weight = torch.ones(2, requires_grad=True)
    for constant in (lambda v: torch.ones(4, 3), lambda v: v.detach(), lambda v: weight.expand(4, 2)):
        assert slopes(constant, x).tolist() == [0.0] * 4
