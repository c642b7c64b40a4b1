"""The toy data against the geometry of part B.9: what is sampled, how far points are, what is enclosed."""

import math

import pytest
import torch

from intelvae.data import toys

N = 4000
CURVES = ("circle", "square", "star", "infinity", "diamonds-3", "diamonds-4")
ROUNDING = 1e-5  # float32 coordinates of size 2 (2e-7 each), plus 5e-6 for the chords of the infinity sign


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_names() -> None:
    assert toys.NAMES == ("circle", "square", "star", "infinity", "mixture", "sparse", "diamonds-3", "diamonds-4")


@pytest.mark.parametrize("name", toys.NAMES)
def test_samples_are_seeded_float32_pairs(name: str) -> None:
    x = toys.sample(name, N, rng())
    assert x.shape == (N, 2) and x.dtype == torch.float32 and x.isfinite().all()
    assert torch.equal(x, toys.sample(name, N, rng()))
    assert not torch.equal(x, toys.sample(name, N, rng(1)))


@pytest.mark.parametrize("name", toys.NAMES)
def test_sampling_leaves_the_global_generator_alone(name: str) -> None:
    before = torch.get_rng_state()
    toys.sample(name, 10, rng())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", toys.NAMES)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_small_numbers_of_points(name: str, n: int) -> None:
    x = toys.sample(name, n, rng())
    assert x.shape == (n, 2)
    if n:
        assert toys.distance(name, x).shape == toys.holes(name, x).shape == (n,)


@pytest.mark.parametrize("name", CURVES)
def test_samples_lie_on_the_support_and_in_no_hole(name: str) -> None:
    x = toys.sample(name, N, rng())
    assert toys.distance(name, x).max() < ROUNDING
    assert not toys.holes(name, x).any()


def test_circle_has_radius_two_and_a_uniform_angle() -> None:
    x = toys.sample("circle", N, rng()).double()
    assert (x.norm(dim=1) - 2).abs().max() < 1e-6
    # the resultant of N uniform directions has length about 1/sqrt(N); four times that is a 1e-7 event
    assert (x / 2).mean(0).norm() < 4 / math.sqrt(N)


def test_square_has_half_side_root_two_and_equal_sides() -> None:
    x = toys.sample("square", N, rng())
    assert (x.abs().amax(dim=1) - math.sqrt(2)).abs().max() < 1e-6
    side = (x[:, 0].abs() < x[:, 1].abs()).long() * 2 + (x.sum(1) > 0).long()
    # counts are binomial(N, 1/4): four standard deviations
    assert (side.bincount(minlength=4) - N / 4).abs().max() < 4 * math.sqrt(N * 3 / 16)


def test_star_has_the_two_radii_and_points_up() -> None:
    radius = toys.STAR.norm(dim=1)
    assert torch.allclose(radius, torch.tensor([2 / 3, 2.0] * 5, dtype=torch.float64))
    assert torch.allclose(toys.STAR[3], torch.tensor([0.0, 2.0], dtype=torch.float64))
    lengths = (toys.STAR.roll(-1, dims=0) - toys.STAR).norm(dim=1)
    assert torch.allclose(lengths, lengths[:1].expand(10)), "uniform on sides needs equal sides"
    x = toys.sample("star", N, rng())
    assert x.norm(dim=1).max() <= 2 + 1e-6
    # the nearest point of a side to the origin is its inner corner: the angle there is obtuse
    assert x.norm(dim=1).min() >= 2 / 3 - 1e-6
    turned = x @ torch.tensor([[math.cos(t := 2 * math.pi / 5), math.sin(t)], [-math.sin(t), math.cos(t)]])
    assert toys.distance("star", turned).max() < ROUNDING, "five-fold symmetry"


def test_infinity_satisfies_its_equation_and_fills_its_box() -> None:
    x = toys.sample("infinity", N, rng()).double()
    residual = x[:, 1] ** 2 - x[:, 0] ** 2 * (1 - x[:, 0] ** 2 / 4)
    assert residual.abs().max() < 1e-5  # polynomial of degree 4 in float32 coordinates up to 2
    half = x.abs().amax(0)
    assert abs(half[0] - 2) < 1e-3 and abs(half[1] - 1) < 1e-3  # extremes of 4,000 draws


def test_mixture_is_split_exactly_in_half() -> None:
    x = toys.sample("mixture", 2 * N, rng())
    left, right = x[x[:, 0] < 0], x[x[:, 0] > 0]
    assert len(left) == len(right) == N  # a point crosses 0 with probability Phi(-6.7), 1e-11
    for part, centre in ((left, -2.0), (right, 2.0)):
        # standard errors are 0.3/sqrt(N) of a mean and 0.3/sqrt(2N) of a deviation; five of the first
        assert torch.allclose(part.mean(0), torch.tensor([centre, 0.0]), atol=1.5 / math.sqrt(N))
        assert torch.allclose(part.std(0), torch.full((2,), 0.3), atol=1.5 / math.sqrt(N))
    assert len(toys.sample("mixture", 5, rng())) == 5


@pytest.mark.parametrize("count", [3, 4])
def test_diamonds_in_a_row_have_as_many_holes_and_as_many_points_each(count: int) -> None:
    name, half = f"diamonds-{count}", 2 / count
    x = toys.sample(name, N, rng())
    which = ((x[:, 0] + 2) / (2 * half)).long().clamp(0, count - 1)
    # counts are binomial(N, 1/count): four standard deviations
    expected, error = N / count, math.sqrt(N * (count - 1)) / count
    assert (which.bincount(minlength=count) - expected).abs().max() < 4 * error
    centre = (2 * which + 1) * half - 2
    assert torch.allclose((x[:, 0] - centre).abs() / half + x[:, 1].abs(), torch.ones(N), atol=1e-5)
    along = torch.linspace(-2.5, 2.5, 5001, dtype=torch.float64)
    inside = toys.holes(name, torch.stack([along, torch.zeros_like(along)], 1)).long()
    assert (inside.diff() == 1).sum() == (inside.diff() == -1).sum() == count


@pytest.mark.parametrize("name", toys.NAMES)
def test_the_order_of_the_points_is_random(name: str) -> None:
    x = toys.sample(name, 2 * N, rng())  # training cuts it into batches
    for moment in (x, x.square(), x.prod(1, keepdim=True)):
        error = moment.std(0) * math.sqrt(2 / N)  # of the difference of two means of N points
        assert ((moment[:N].mean(0) - moment[N:].mean(0)).abs() < 4 * error).all()
    sides = (x[1:, 0] > 0) == (x[:-1, 0] > 0)
    assert abs(sides.float().mean() - 0.5) < 4 * 0.5 / math.sqrt(2 * N)  # neighbours know nothing of each other


def test_sparse_has_one_active_coordinate() -> None:
    x = toys.sample("sparse", N, rng())
    small, large = x.abs().sort(dim=1).values.unbind(1)
    assert small.max() < 5 * toys.SPARSE_NOISE  # the larger of a point's two values exceeds this rarely
    assert large.median() > 0.5
    first = (x[:, 0].abs() > x[:, 1].abs()).float().mean()
    assert abs(first - 0.5) < 4 * 0.5 / math.sqrt(N)
    # each coordinate has variance (1 + 0.05²)/2; the standard error is about 1.6/sqrt(N)
    assert torch.allclose(x.var(0), torch.full((2,), 0.50125), atol=4 * 1.6 / math.sqrt(N))


@pytest.mark.parametrize(
    ("name", "point", "expected"),
    [
        ("circle", (3.0, 4.0), 3.0),
        ("square", (0.0, 0.0), math.sqrt(2)),
        ("square", (5.0, 0.0), 5 - math.sqrt(2)),
        ("square", (math.sqrt(2) + 3, math.sqrt(2) + 4), 5.0),
        ("star", (0.0, 0.0), 2 / 3),
        ("star", (0.0, 3.0), 1.0),
        ("infinity", (0.0, 0.0), 0.0),
        ("infinity", (-3.0, 0.0), 1.0),
        ("infinity", (math.sqrt(2), 4.0), 3.0),
        ("mixture", (-2.0, 1.0), 1.0),
        ("mixture", (0.0, 0.0), 2.0),
        ("sparse", (0.3, -7.0), 0.3),
        ("diamonds-3", (0.0, 0.0), 2 / math.sqrt(13)),  # sides from (0, 1) to (2/3, 0): 1 / sqrt(1 + 9/4)
        ("diamonds-3", (3.0, 0.0), 1.0),
        ("diamonds-4", (0.0, 0.0), 0.0),  # two of them touch there
        ("diamonds-4", (-1.5, 3.0), 2.0),
    ],
)
def test_distances_known_by_hand(name: str, point: tuple[float, float], expected: float) -> None:
    assert toys.distance(name, torch.tensor([point])).item() == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("name", CURVES)
def test_distance_agrees_with_the_nearest_of_many_samples(name: str) -> None:
    x = 2 * torch.randn(200, 2, generator=rng(), dtype=torch.float64)
    support = toys.sample(name, 40_000, rng(1)).double()
    nearest = torch.cdist(x, support).amin(1)
    d = toys.distance(name, x)
    assert d.dtype == torch.float64
    assert (nearest - d).min() > -ROUNDING
    # gaps between n uniform points on a curve of length L are at most about L log(n) / n: 0.005 for L = 18
    assert (nearest - d).max() < 5e-3


def test_distance_does_not_depend_on_the_batch() -> None:
    x = torch.randn(10_000, 2, generator=rng())
    d = toys.distance("infinity", x)
    assert torch.allclose(d[9_000:9_010], toys.distance("infinity", x[9_000:9_010]), atol=1e-6)


def test_holes_by_hand() -> None:
    centre = torch.tensor([[0.0, 0.0]])
    with_one = {name for name in toys.NAMES if toys.holes(name, centre).item()}
    assert with_one == {"circle", "square", "star", "diamonds-3"}
    lobes = torch.tensor([[1.2, 0.0], [-1.2, 0.0], [0.0, 0.8], [0.0, -0.8], [3.0, 0.0]])
    assert toys.holes("infinity", lobes).tolist() == [True, True, False, False, False]
    notch = 1.2 * toys.STAR[0]  # outside an inner corner, inside the star's convex hull
    assert not toys.holes("star", notch[None], margin=0.0).item()
    assert toys.holes("star", 0.8 * toys.STAR[:1], margin=0.0).item()
    assert toys.holes("circle", torch.tensor([[1.5, 0.0]]), margin=0.4).item()
    assert not toys.holes("circle", torch.tensor([[1.5, 0.0]]), margin=0.6).item()


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("circle", 4 * math.pi),
        ("square", 8.0),
        ("star", 5 * 2 * (2 / 3) * math.sin(math.pi / 5)),  # ten triangles with sides 2 and 2/3
        ("diamonds-3", 4.0),  # half of the box around each
        ("diamonds-4", 4.0),
        ("infinity", 16 / 3),  # twice the integral of 2 sin t cos t d(2 cos t) over a lobe
    ],
)
def test_area_of_the_holes(name: str, area: float) -> None:
    axis = torch.linspace(-2.5, 2.5, 301, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    inside = toys.holes(name, grid, margin=0.0)
    # only cells on the curve are misjudged, about L / step of them; errors on its two sides
    # mostly cancel
    step = 5.0 / 300
    assert inside.sum().item() * step**2 == pytest.approx(area, rel=0.01)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    for call in (toys.distance, toys.holes):
        with pytest.raises(ValueError, match="unknown toy 'torus'; choose one of circle, square, star, infinity"):
            call("torus", torch.zeros(1, 2))
    with pytest.raises(ValueError, match="unknown toy 'torus'; choose one of circle, square, star, infinity"):
        toys.sample("torus", 1, rng())


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", toys.NAMES)
def test_points_of_every_precision_are_as_far_as_the_same_in_float32(name: str, dtype: torch.dtype) -> None:
    x = torch.cartesian_prod(torch.arange(-4, 5), torch.arange(-4, 5))
    assert torch.equal(toys.distance(name, x.to(dtype)), toys.distance(name, x.float()))
    assert torch.equal(toys.holes(name, x.to(dtype)), toys.holes(name, x.float()))


@pytest.mark.parametrize("shape", [(2,), (4, 1), (4, 3), (4, 2, 1)])
def test_points_are_in_the_plane(shape: tuple[int, ...], unchecked: None) -> None:
    for call in (toys.distance, toys.holes):
        with pytest.raises(ValueError, match="points in the plane are"):
            call("circle", torch.zeros(shape))
