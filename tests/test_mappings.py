"""Mappings against closed forms, and one contract for all of them."""

import contextlib
import math
from functools import partial

import pytest
import torch
from scipy import optimize, stats
from torch import nn

from intelvae import mappings, training
from intelvae.testing import (
    CHECKS,
    check_continuous,
    check_deterministic,
    check_device,
    check_finite,
    check_mapping,
    check_shape_and_dtype,
    check_state_dict,
    check_vmap,
    singular_points,
)


def made_without_options():
    """The named mappings that need no option, in two dimensions."""
    for name in mappings.NAMES:
        with contextlib.suppress(ValueError):
            mappings.create(name, 2)
            yield name, 2, {}


CASES = [
    *made_without_options(),
    ("circle", 3, {}),
    ("glue", 2, {"holes": 4}),
    ("glue", 2, {"holes": 3, "scale": 2.0}),
    ("sparse", 5, {"hidden": (4,), "floor": 0.2}),
    ("hierarchy", 2, {"levels": 2}),
    ("hierarchy", 6, {"levels": (1, 3, 2)}),
    ("hierarchy", 6, {"levels": 3, "residual": True, "hidden": 5}),
    ("coupling", 5, {"layers": 3, "hidden": 4}),
    ("clusters", 1, {"k": 2}),
    ("clusters", 1, {"k": 2, "learnable": True}),
    ("clusters", 3, {"k": 2, "learnable": True}),
    ("clusters", 4, {"factors": (2, 3), "learnable": True}),
    ("clusters", 2, {"k": 3}),
    ("clusters", 5, {"k": 10}),
    ("clusters", 6, {"factors": (2, 5)}),
]
SECTORS = [2, 3, 5, 10]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "dim", "options"), CASES)
def test_contract(name, dim, options, check):
    def make():
        with training.seeded(0):  # the weights of a learned mapping
            return mappings.create(name, dim, **options)

    check(make, dim)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize(("name", "dim", "options"), CASES)
def test_every_precision_of_latents_is_finite_keeps_its_dtype_and_is_as_right_as_it_can_be(name, dim, options, dtype):
    def make():
        with training.seeded(0):
            return mappings.create(name, dim, **options)

    check_precision(make, dim, dtype, exact=name != "sparse")


@pytest.mark.parametrize(("name", "dim", "options"), CASES)
def test_whole_numbers_as_latents_are_as_good_as_floats(name, dim, options, unchecked):
    """But for a mapping with layers: torch multiplies numbers of one dtype alone, and says so."""
    g = mappings.create(name, dim, **options)
    for dtype in (torch.int64, torch.int8, torch.uint8):
        y = torch.arange(12 * dim).reshape(12, dim).sub(0 if dtype == torch.uint8 else 5).to(dtype)
        if any(isinstance(layer, nn.Linear) for layer in g.modules()):
            with pytest.raises(RuntimeError, match="dtype"):
                g(y)
            continue
        torch.testing.assert_close(g(y), g(y.float()), rtol=0, atol=0, check_dtype=name != "identity")
        if hasattr(g, "labels"):
            assert torch.equal(g.labels(y), g.labels(y.float()))


def check_precision(fresh, dim, dtype, exact=True):
    """Of the mapping that `fresh()` makes, for latents of that dtype; `exact`: values up to the rounding of z."""

    def make():  # `training.fit` takes no weights of half precision
        return fresh() if dtype == torch.float32 else fresh().requires_grad_(False)

    points = singular_points(dim)
    beside = points + 1e-3 * normal(len(points), dim)  # of each border, and where float16 is coarser than delta
    for y in (points, beside, 50 * points):  # up to 50,000: float16 ends at 65,504, and its squares at 256
        check_finite(make, dim, y, dtype)
        y, g = y.to(dtype), make().to(dtype)
        z = g(y)
        assert z.dtype == dtype
        if not exact or dtype == torch.float32:  # logits in the weights' own precision; slopes of 1e4 at borders
            continue
        right = g.double()(y.double())
        size = right.abs().amax(-1, keepdim=True).clamp_min(1.0)
        assert ((z - right).abs() / size).max() < torch.finfo(dtype).eps  # what rounding z alone may cost, twice


def test_the_cases_hold_every_mapping():
    lacking = set(mappings.NAMES) - {name for name, _, _ in CASES}
    assert not lacking, f"add a case with the options that {lacking} need to CASES in tests/test_mappings.py"
    made = {type(mappings.create(name, dim, **options)).__name__ for name, dim, options in CASES}
    assert made == set(mappings.__all__) - {"NAMES", "create"}


class Function(nn.Module):
    """A module from a function, to break one clause of the contract at a time."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, y):
        return self.function(y)


class Forgetful(nn.Module):
    """Learns a scale that its state does not hold."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(()))
        self.register_load_state_dict_post_hook(lambda module, _: nn.init.zeros_(module.shift))

    def forward(self, y):
        return y + self.shift


class Masked(nn.Module):
    """Learns a scale whose gradient is cut."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, y):
        return y * self.scale.detach()


class Backwards(torch.autograd.Function):
    """y, and a gradient with the wrong sign."""

    generate_vmap_rule = True

    @staticmethod
    def forward(y):
        return y.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (lambda: Function(lambda y: torch.tanh(y.detach())), r"the gradient of y\[..., 0\] is cut"),
        (lambda: Function(lambda y: torch.cat([y[..., :1], y[..., 1:].detach()], -1)), r"y\[..., 1\] is cut"),
        (lambda: Function(Backwards.apply), r"the gradient of y\[..., 0\] is wrong"),
        (lambda: Function(lambda y: torch.where(y > 0, y.detach(), y)), r"the gradient of y\[..., 0\] is wrong"),
        (Masked, "the gradient of scale is cut"),
        (lambda: Function(torch.rand_like), "two calls differ: a mapping is a function"),
        (lambda: Function(lambda y: y + 1e-6 * torch.randn_like(y)), "two calls differ: a mapping is a function"),
        (nn.Dropout, "two calls differ: a mapping is a function"),
        (lambda: Function(lambda y: y * (y**2 + 1e-60).log()), "not finite in float32"),
        (lambda: Function(lambda y: (y**2 + 1e-60).sqrt()), "gradient .* is not finite in float32"),
        (lambda: Function(lambda y: y.log()), "not finite in float64"),
        (lambda: Function(lambda y: y - y.mean(0, keepdim=True) if y.ndim > 1 else y), "a row must not see others"),
    ],
)
def test_what_breaks_the_contract_gets_its_own_line(broken, line):
    with pytest.raises(AssertionError, match=line) as caught:
        check_mapping(broken, 2)
    assert "\n" not in str(caught.value).split("\nassert ")[0]  # pytest adds to what it has rewritten


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (check_shape_and_dtype, lambda: Function(lambda y: y[:1])),
        (check_shape_and_dtype, lambda: Function(lambda y: y.sum(-1))),
        (check_shape_and_dtype, lambda: Function(lambda y: y - y.mean(0, keepdim=True) if y.ndim > 1 else y)),
        (check_shape_and_dtype, lambda: Function(lambda y: y.double())),
        (check_deterministic, lambda: Function(torch.rand_like)),
        (check_deterministic, lambda: Function(lambda y: y.mul_(2).clone())),
        (check_finite, lambda: Function(lambda y: y / y.norm(dim=-1, keepdim=True))),
        (check_finite, lambda: Function(lambda y: y + 5 * y.sign() * y.abs() ** 0.2)),  # equation 6 as printed
        (check_continuous, lambda: Function(lambda y: y + 1e-3 * y.sign())),
        (check_continuous, lambda: Function(lambda y: y + 0.5 * (y.sum(-1, keepdim=True) > 0.321))),
        (check_vmap, lambda: Function(lambda y: y if y.sum() > 0 else -y)),
        (check_state_dict, Forgetful),
        (check_device, lambda: Function(lambda y: y * torch.ones(2))),
    ],
)
def test_the_contract_catches_what_it_is_for(check, broken):
    with pytest.raises((AssertionError, RuntimeError)):  # RuntimeError: torch's own, for control flow under vmap
        check(broken, 2)


def test_a_mapping_to_more_dimensions_keeps_the_contract():
    check_mapping(lambda: Function(lambda y: torch.cat([y.cos(), y.sin()], -1)), 2)  # a torus


class OfRows(nn.Module):
    """Takes latents (B, 2) alone."""

    def forward(self, y):
        return torch.stack([y[:, 0], y[:, 1]], 1)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (lambda: nn.BatchNorm1d(2), r"latents of shape \(2,\) are not taken \(ValueError: "),
        (OfRows, r"latents of shape \(2,\) are not taken \(IndexError: too many indices"),
        (lambda: torch.tanh, "what is made is a builtin_function_or_method: a mapping is an nn.Module"),
        (lambda: None, "what is made is a NoneType"),
        (lambda: Function(lambda y: (y, y)), "latents become a tuple: a mapping gives a tensor"),
        (
            lambda: mappings.Hierarchy(4, levels=2),
            r"latents of shape \(50, 2\) are not taken \(ValueError: these levels",
        ),
    ],
)
def test_what_is_no_mapping_gets_one_clear_line(broken, line):
    with pytest.raises(AssertionError, match=line) as caught:
        check_mapping(broken, 2)
    assert "\n" not in str(caught.value).split("\nassert ")[0]  # pytest adds to what it has rewritten


@pytest.mark.parametrize("make", [torch.tanh, lambda y: 2 * y, mappings.Sparse, 3])
def test_what_makes_no_mapping_without_arguments_gets_one_clear_line(make, unchecked):
    with pytest.raises(TypeError, match=r"^give a function without arguments that makes the mapping, not ") as caught:
        check_mapping(make, 2)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dim", [0, -1, 1.5, "2", None, True])
def test_a_number_of_dimensions_is_one(dim, unchecked):
    with pytest.raises(ValueError, match=f"^dim must be a whole number >= 1, not {dim!r}$"):
        check_mapping(mappings.Circle, dim)


def test_a_made_mapping_is_not_taken_for_a_function_that_makes_one():
    with pytest.raises(TypeError, match="such as Circle, not a made one"):
        check_mapping(mappings.Circle(), 2)


@pytest.mark.parametrize(("name", "dim", "options"), CASES)
def test_mappings_of_the_library_keep_the_number_of_dimensions(name, dim, options):
    assert mappings.create(name, dim, **options)(torch.zeros(3, dim)).shape == (3, dim)


def test_circle_is_uniform_and_of_length_one():
    y = normal(5000, 2)
    z = mappings.Circle()(y)
    assert ((1 - z.norm(dim=1)) <= 1e-8 / (2 * y.square().sum(1)) + 1e-12).all()  # 1 - |z| < eps^2 / (2 r^2)
    angle = torch.atan2(z[:, 1], z[:, 0]) / (2 * math.pi) + 0.5
    assert stats.kstest(angle.numpy(), "uniform").pvalue > 1e-3  # one seed in a thousand would fail; this one is fixed


def test_glue_has_the_values_of_equation_5():
    c1 = torch.tensor([0.0, 0.5, 1.0, -0.5], dtype=torch.float64)
    c2 = (1 - c1**2).sqrt()
    z = mappings.Glue(eps=1e-9)(torch.stack([c1, c2], -1))
    factor = torch.tensor([0.0, 0.4635, 0.5774, 0.4635], dtype=torch.float64)
    torch.testing.assert_close(z, torch.stack([c1, c2 * factor], -1), atol=5e-5, rtol=0)  # four digits are given
    y = normal(200_000, 2)
    z = mappings.Glue()(y)
    top = z[:, 1].abs().argmax()
    assert z[top, 1].abs().item() == pytest.approx(0.406, abs=1e-3)  # three digits are given
    assert z[top, 0].abs().item() == pytest.approx(0.564, abs=5e-3)  # flat at its top: 1e-5 in z_2 is 4e-3 in c_1
    torch.testing.assert_close(mappings.Glue(scale=2.0)(y), 2 * z)


@pytest.mark.parametrize("t", [1e-2, 0.5, 3.0])
def test_glue_sends_both_ends_of_the_vertical_to_the_origin(t):
    ends = torch.tensor([[0.0, t], [0.0, -t]], dtype=torch.float64)
    assert mappings.Glue()(ends).abs().max() < 1e-12  # sqrt(4/3 - 1) - 1/sqrt(3) is 0 to rounding


@pytest.mark.parametrize("holes", [2, 3, 5])
def test_lobes_have_equal_mass_and_meet_in_points(holes):
    z = mappings.Glue(holes=holes)(normal(100_000, 2))
    angle = torch.asin(z[:, 0].clamp(-1, 1))  # uniform on [-pi/2, pi/2]
    lobe = ((angle / math.pi + 0.5) * holes).long().clamp(max=holes - 1)
    shares = torch.bincount(lobe, minlength=holes) / len(z)
    assert ((shares - 1 / holes).abs() < 4 * math.sqrt(0.25 / len(z))).all()  # four standard errors
    joints = torch.sin(-math.pi / 2 + math.pi * torch.arange(1, holes) / holes).double()
    for sign in (1, -1):
        ends = mappings.Glue(holes=holes)(torch.stack([joints, sign * (1 - joints**2).sqrt()], -1))
        assert ends[:, 1].abs().max() < 1e-3


@pytest.mark.parametrize("k", SECTORS)
def test_sectors_keep_points_in_their_sector_and_borders_in_place(k):
    g = mappings.Sectors(k).double()
    y = normal(20_000, 2)
    assert torch.equal(g.labels(g(y)), g.labels(y))
    angles = 2 * math.pi * torch.arange(k, dtype=torch.float64) / k
    border = 1.3 * torch.stack([angles.cos(), angles.sin()], -1)
    torch.testing.assert_close(g(border), border, atol=1e-12, rtol=0)  # dis ~ 1e-16, slope 251


@pytest.mark.parametrize("k", SECTORS)
def test_sectors_have_equal_masses_and_turn_with_the_plane(k):
    g = mappings.Sectors(k)
    y = normal(50_000, 2)
    shares = torch.bincount(g.labels(y), minlength=k) / len(y)
    assert ((shares - 1 / k).abs() < 4 * math.sqrt(0.25 / len(y))).all()  # four standard errors
    torch.testing.assert_close(g.proportions(), torch.full((k,), 1 / k))
    a = 2 * math.pi / k
    turn = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=torch.float64)
    # rounding of 1e-15, times a slope of 251 at the borders; the parameters are float32, the latents decide
    torch.testing.assert_close(g(y @ turn.T), g(y) @ turn.T, atol=1e-11, rtol=0)


@pytest.mark.parametrize("k", SECTORS)
def test_sectors_merge_no_points(k):
    g = mappings.Sectors(k)
    y = normal(200_000, 2)
    size = 10.0 ** (-6 * torch.rand(len(y), 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64))
    near = y + size * normal(len(y), 2, seed=2)  # pairs at distances from 1e-6 to 1, within and across sectors
    # In a sector the Jacobian is I + p r n', with p >= 0 the slope of the push, n the normal of the border and
    # r.n = sin(pi/k): its determinant is 1 + p sin(pi/k), its norm at most 1 + p, so it shrinks by sin(pi/k) at most.
    ratio = (g(y) - g(near)).norm(dim=1) / (y - near).norm(dim=1)
    assert ratio.min() > math.sin(math.pi / k) * (1 - 1e-6)  # rounding: slope 251 * 1e-15 over distances of 1e-6


@pytest.mark.parametrize("k", SECTORS)
def test_sectors_are_increasing_along_lines_parallel_to_the_bisector(k):
    g = mappings.Sectors(k)
    t = torch.linspace(-6, 6, 2001, dtype=torch.float64)
    for sector in range(k):
        a = 2 * math.pi / k * (sector + 0.5)
        along = torch.tensor([math.cos(a), math.sin(a)], dtype=torch.float64)
        across = torch.tensor([-math.sin(a), math.cos(a)], dtype=torch.float64)
        for offset in (-1.7, -0.3, 0.0, 0.3, 1.7):
            y = t[:, None] * along + offset * across
            y = y[g.labels(y) == sector]
            z = g(y)
            torch.testing.assert_close(z @ across, y @ across, atol=1e-12, rtol=0)  # each line stays: rounding only
            assert ((z @ along).diff() > (y @ along).diff()).all()  # and is stretched


def test_sectors_fix_the_apex_and_leave_other_dimensions():
    g = mappings.Sectors(3)
    y = normal(100, 5)
    y[0, :2] = 0
    assert torch.equal(g(y)[0], y[0]) and torch.equal(g(y)[:, 2:], y[:, 2:])


def test_bisectors_follow_the_convention():
    for k in (2, 3, 10):
        g = mappings.Sectors(k, delta=1e-12)
        a = 2 * math.pi / k * (torch.arange(k, dtype=torch.float64) + 0.5)
        r = torch.stack([a.cos(), a.sin()], -1)
        assert g.labels(r).tolist() == list(range(k))
        push = 5 * math.sin(math.pi / k) ** 0.2  # dis of a unit vector on the bisector is sin(pi/k)
        torch.testing.assert_close(g(r), (1 + push) * r, atol=1e-5, rtol=0)


def test_a_sector_wider_than_half_a_turn_measures_to_its_apex():
    g = mappings.Sectors(2, delta=1e-12)
    with torch.no_grad():
        g.u.copy_(torch.tensor([math.log(3.0), 0.0]))  # widths 3/2 pi and 1/2 pi
    a = torch.tensor([0.6, 0.75, 0.9], dtype=torch.float64) * math.pi  # more than pi/2 from both rays
    y = 2 * torch.stack([a.cos(), a.sin()], -1)
    moved = (g(y) - y).norm(dim=1)
    torch.testing.assert_close(moved, torch.full_like(moved, 5 * 2**0.2), atol=1e-5, rtol=0)  # dis = |y|
    a = torch.tensor([0.25, 1.25], dtype=torch.float64) * math.pi  # nearer to the inside of a ray
    y = 2 * torch.stack([a.cos(), a.sin()], -1)
    moved = (g(y) - y).norm(dim=1)
    expected = torch.full_like(moved, 5 * (2 * math.sin(math.pi / 4)) ** 0.2)
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=0)
    wide = normal(20_000, 2)
    assert torch.equal(g.labels(g(wide)), g.labels(wide))  # the bisector leads inwards, however wide the sector


@pytest.mark.parametrize(("k", "mean"), [(2, 4.50), (3, 4.23), (10, 3.36)])
def test_sectors_move_points_as_far_as_the_formula_says(k, mean):
    g = mappings.Sectors(k, delta=1e-12).double()  # so small that the paper's formula is what remains
    y = normal(100_000, 2)
    assert (g(y) - y).norm(dim=1).mean().item() == pytest.approx(mean, abs=0.02)


@pytest.mark.parametrize(("c1", "c2"), [(5.0, 0.2), (5.0, 0.5), (1.0, 0.2)])
def test_threshold_leaves_the_gap_that_the_constants_imply(c1, c2):
    edge = optimize.brentq(lambda y: y + c1 * y**c2 - 1, 0, 1)  # where the paper's formula gives z = 1
    share = stats.norm.cdf(edge) - stats.norm.cdf(-edge)
    gap = (mappings.Threshold(c1, c2, delta=1e-12)(normal(1_000_000, 1)).abs() < 1).double().mean().item()
    assert gap == pytest.approx(share, abs=4 * math.sqrt(share / 1_000_000))


def test_delta_leaves_the_gap_nearly_as_the_paper_has_it():
    # the whole point of the form with delta: 2.7e-4 of the prior within |z| < 1 may not become a per cent
    y = normal(1_000_000, 1)
    assert (mappings.Threshold()(y).abs() < 1).double().mean().item() < 1e-3  # exactly 8.9e-4
    far = y.abs() > 0.1  # a hundred deltas away the two differ by 0.4 * 1e-4 of the push
    torch.testing.assert_close(mappings.Threshold()(y)[far], mappings.Threshold(delta=1e-12)(y)[far], rtol=5e-5, atol=0)


def test_threshold_is_strictly_increasing():
    y = torch.linspace(-5, 5, 10_001, dtype=torch.float64)[:, None]
    assert (mappings.Threshold()(y).diff(dim=0) > 0).all()


def test_learned_proportions_are_the_masses_and_receive_gradients():
    sectors = mappings.Sectors(3, learnable=True)
    with torch.no_grad():
        sectors.u.copy_(torch.tensor([0.5, 0.0, -0.3]))
    y = normal(200_000, 2).float()
    shares = torch.bincount(sectors.labels(y), minlength=3) / len(y)
    error = 4 * math.sqrt(0.25 / len(y))
    assert ((shares - sectors.u.softmax(0)).abs() < error).all()
    threshold = mappings.Threshold(learnable=True)
    with torch.no_grad():
        threshold.threshold.fill_(0.7)
    assert abs((threshold.labels(y) == 0).float().mean().item() - stats.norm.cdf(0.7)) < error
    for g, weight in ((sectors, sectors.u), (threshold, threshold.threshold)):
        g(y[:500]).square().sum().backward()
        assert weight.grad.isfinite().all() and weight.grad.abs().sum() > 0


def test_gradients_of_the_proportions_match_finite_differences():
    sectors, threshold = mappings.Sectors(3, learnable=True).double(), mappings.Threshold(learnable=True).double()
    angles = 2 * math.pi * torch.tensor([0.02, 0.15, 0.30, 0.36, 0.6, 0.97], dtype=torch.float64)  # clear of borders
    y = 1.3 * torch.stack([angles.cos(), angles.sin()], -1)
    for g, name in ((sectors, "u"), (threshold, "threshold")):
        value = getattr(g, name).detach().clone().requires_grad_()
        assert torch.autograd.gradcheck(lambda v, g=g, n=name: torch.func.functional_call(g, {n: v}, (y,)), value)
    # on a bisector the nearest ray changes nothing across it, so what is left there is the turn of the bisector
    bisector = torch.tensor([[math.cos(math.pi / 3), math.sin(math.pi / 3)]], dtype=torch.float64)
    across = torch.tensor([-math.sin(math.pi / 3), math.cos(math.pi / 3)], dtype=torch.float64)
    (grad,) = torch.autograd.grad((sectors(bisector) @ across).sum(), sectors.u)
    push = (sectors(bisector) - bisector).norm().item()
    # d(bisector angle)/du_0 = 1/2 * 2 pi * p_0 (1 - p_0) = 2 pi / 9, times the length of the push; rounding only
    assert grad[0].item() == pytest.approx(2 * math.pi / 9 * push, rel=1e-9)


def test_a_threshold_recovers_a_planted_split():
    """Samples of g_b for b = 0.6, Phi(b) = 0.73, fitted from b = 0 by the squared distance of quantiles."""
    planted, fitted = mappings.Threshold(), mappings.Threshold(learnable=True)
    with torch.no_grad():
        planted.threshold.fill_(0.6)
    target = planted(normal(4000, 1)).sort(dim=0).values
    y = normal(4000, 1, seed=1)
    adam = torch.optim.Adam(fitted.parameters(), lr=0.02)
    for _ in range(150):
        adam.zero_grad()
        (fitted(y).sort(dim=0).values - target).square().mean().backward()
        adam.step()
    # two samples of 4000 differ in their shares by 0.01 (one standard error); four of them
    assert fitted.proportions()[0].item() == pytest.approx(stats.norm.cdf(0.6), abs=0.04)


def test_sectors_recover_planted_widths():
    planted, fitted = mappings.Sectors(3), mappings.Sectors(3, learnable=True)
    with torch.no_grad():
        planted.u.copy_(torch.tensor([0.5, -0.4, 0.1]))
    y = normal(4000, 2)
    adam = torch.optim.Adam(fitted.parameters(), lr=0.02)
    for _ in range(150):
        adam.zero_grad()
        (fitted(y) - planted(y)).square().sum(-1).mean().backward()
        adam.step()
    # the same y on both sides, so no sampling error: what is left is Adam's step on a loss that is not smooth
    torch.testing.assert_close(fitted.proportions(), planted.proportions(), atol=0.02, rtol=0)


def test_fixed_proportions_are_not_trained():
    assert not [p for g in (mappings.Sectors(3), mappings.Threshold()) for p in g.parameters() if p.requires_grad]


def test_product_has_the_product_of_the_masses():
    g = mappings.SectorProduct((2, 5))
    y = normal(100_000, 6)
    shares = torch.bincount(g.labels(y), minlength=10) / len(y)
    assert ((shares - 0.1).abs() < 4 * math.sqrt(0.09 / len(y))).all()  # four standard errors
    assert torch.equal(g(y)[:, 4:], y[:, 4:])
    torch.testing.assert_close(g.proportions(), torch.full((10,), 0.1))
    with torch.no_grad():
        for plane in g.planes:
            plane.u.normal_(generator=torch.Generator().manual_seed(4))
    shares = torch.bincount(g.labels(y), minlength=10) / len(y)
    assert ((shares - g.proportions()).abs() < 4 * math.sqrt(0.25 / len(y))).all()  # unequal masses, same order


def flow(dim, seed=0):
    """Couplings that have learned something, in float64."""
    with training.seeded(seed), training.default_dtype(torch.float64):
        g = mappings.Coupling(dim)
        for p in g.parameters():
            nn.init.normal_(p, 0.0, 0.5)
    return g


@pytest.mark.parametrize("dim", [2, 5])
def test_a_coupling_begins_as_the_identity_and_its_inverse_undoes_it(dim):
    y = normal(200, dim)
    assert torch.equal(mappings.Coupling(dim).double()(y), y)
    g = flow(dim)
    assert (g(y) - y).abs().max() > 1  # it is not the identity any more
    torch.testing.assert_close(g.inverse(g(y)), y)
    torch.testing.assert_close(g(g.inverse(y)), y)


def test_the_volume_that_a_coupling_makes_is_that_of_its_scales():
    """A layer's Jacobian is triangular: its determinant is the product of the scales, and the shifts are not in it."""
    g = flow(3)
    y = normal(3, seed=1)
    halves, log_det = list(y.split(g.widths)), 0.0
    for i, network in enumerate(g.networks):
        raw, shift = network(halves[i % 2]).chunk(2, -1)
        halves[1 - i % 2] = halves[1 - i % 2] * raw.tanh().exp() + shift
        log_det = log_det + raw.tanh().sum()
    jacobian = torch.autograd.functional.jacobian(g, y)
    torch.testing.assert_close(jacobian.det(), log_det.exp())


SMOOTHED = [("circle", "eps", {}), ("glue", "eps", {}), ("glue", "eps", {"holes": 3}), ("clusters", "delta", {"k": 3})]
SMOOTHED += [("threshold", "delta", {}), ("threshold", "delta", {"c2": 1e-3, "c1": 1e3})]


@pytest.mark.parametrize(("name", "constant", "options"), SMOOTHED)
def test_the_smallest_constant_is_one_with_which_float32_is_finite(name, constant, options):
    """At the origin and at borders, and as near to them as float32 can be."""
    make = partial(mappings.create, name, 1 if name == "threshold" else 2, **options)
    with pytest.raises(ValueError, match=f"^{constant} must be a number >= 1e-12, not 1e-13$"):
        make(**{constant: 1e-13})
    near = torch.tensor([0.0, *(sign * 10.0**-k for k in range(1, 46) for sign in (-1, 1))])
    y = (near[:, None] if name == "threshold" else torch.cartesian_prod(near, near)).requires_grad_()
    z = make(**{constant: 1e-12})(y)
    (gradient,) = torch.autograd.grad(z.sum(), y)
    assert z.dtype == torch.float32 and z.isfinite().all() and gradient.isfinite().all()


@pytest.mark.parametrize(
    ("name", "dim", "options", "message"),
    [
        ("torus", 2, {}, "choose one of"),
        ("circle", 2, {"radius": 1}, "no option 'radius'"),
        ("identity", 2, {"eps": 1}, "it takes none"),
        ("circle", 1, {}, "1 latent"),
        ("glue", 3, {}, "3 latent"),
        ("glue", 2, {"holes": 1}, "holes must be a whole number >= 2"),
        ("clusters", 2, {}, "either k"),
        ("clusters", 1, {"k": 3}, "not k=3"),
        ("clusters", 2, {"k": 1}, "k, .* >= 2"),
        ("clusters", 2, {"k": 2.5}, "whole number"),
        ("clusters", 4, {"factors": 2}, r"factors=\(2, 5\)"),
        ("clusters", 4, {"factors": (2, 1)}, "k, .* >= 2"),
        ("clusters", 0, {"k": 2}, "latent_dim must be a whole number >= 1"),
        ("circle", 2, {"eps": 0.0}, "eps must be a number >= 1e-12, not 0.0"),
        ("glue", 2, {"scale": 0.0}, "scale must be a number > 0"),
        ("clusters", 3, {"factors": (2, 5)}, "at least 4"),
        ("clusters", 2, {"k": 2, "delta": 0.0}, "delta must be a number >= 1e-12, not 0.0"),
        ("coupling", 1, {}, "needs two, must be a whole number >= 2"),
        ("hierarchy", 50, {"levels": 4}, "add up to its 50 dimensions, not 4"),
        ("hierarchy", 50, {"levels": 2.5}, "not 2.5"),
        ("hierarchy", 4, {"levels": 1}, "two levels or more"),
        ("hierarchy", 4, {"levels": (1, 2)}, "add up"),
        ("hierarchy", 4, {"levels": (4, 0)}, "each of their widths, must be a whole number >= 1"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(name, dim, options, message, unchecked):
    with pytest.raises(ValueError, match=message) as caught:
        mappings.create(name, dim, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("g", "shape"),
    [
        (mappings.Circle(), (5, 1)),
        (mappings.Glue(), (5, 3)),
        (mappings.Glue(), ()),
        (mappings.Threshold(), (5, 0)),
        (mappings.Sectors(2), (5, 1)),
        (mappings.SectorProduct((2, 5)), (5, 3)),
        (mappings.Hierarchy(6, levels=3), (5, 7)),
        (mappings.Coupling(6), (5, 7)),
    ],
)
def test_latents_of_a_wrong_shape_get_one_clear_line(g, shape, unchecked):
    for call in (g, getattr(g, "labels", g)):
        with pytest.raises(ValueError, match="shape") as caught:
            call(torch.zeros(shape))
        assert "\n" not in str(caught.value)
