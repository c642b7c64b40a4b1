"""Mappings against closed forms, and one contract for all of them."""

import math

import pytest
import torch
from scipy import stats

from intelvae import mappings

CASES = [
    ("identity", 2, {}),
    ("circle", 2, {}),
    ("circle", 3, {}),
    ("glue", 2, {}),
    ("glue", 2, {"holes": 4}),
    ("clusters", 1, {"k": 2}),
    ("clusters", 3, {"k": 2, "learnable": True}),
    ("clusters", 2, {"k": 3}),
    ("clusters", 5, {"k": 10}),
    ("clusters", 6, {"factors": (2, 5)}),
]
SECTORS = [2, 3, 5, 10]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("name", "dim", "options"), CASES)
def test_contract(name, dim, options):
    g = mappings.create(name, dim, **options)
    y = normal(7, 4, dim)
    z = g(y)
    assert z.shape == y.shape and z.dtype == y.dtype and z.isfinite().all()
    torch.testing.assert_close(g(y[2, 1]), z[2, 1])  # any leading shape, the same values
    assert g(y.float()).dtype == torch.float32
    # continuity: along a short segment the image moves by little (the steepest slope is 5 * 0.2 * 1e-3**-0.8 = 251,
    # or 1/eps = 1e4 for the circle, so a step of 1e-9 moves z by less than 1e-4)
    torch.testing.assert_close(g(y + 1e-9), z, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("name", "dim", "options"), CASES)
def test_gradients_are_finite_at_the_singular_points(name, dim, options):
    angles = torch.arange(0, 60, dtype=torch.float64) * 2 * math.pi / 60  # all borders of 2, 3, 5 and 10 sectors
    plane = torch.stack([angles.cos(), angles.sin()], -1)
    points = torch.cat([torch.zeros(1, 2), plane, 1e-9 * plane, torch.eye(2), -torch.eye(2)]).double()
    y = torch.zeros(len(points), dim, dtype=torch.float64)
    y[:, : min(2, dim)] = points[:, : min(2, dim)]
    g = mappings.create(name, dim, **options)
    g.double()
    y.requires_grad_()
    z = g(y)
    z.sum().backward()
    assert z.isfinite().all() and y.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in g.parameters() if p.grad is not None)


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
    assert mappings.Glue()(normal(200_000, 2))[:, 1].abs().max().item() == pytest.approx(0.406, abs=1e-3)


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
    torch.testing.assert_close(g(y @ turn.T), g(y) @ turn.T, atol=1e-3, rtol=0)  # float32 borders near the steep edge


@pytest.mark.parametrize(("k", "mean"), [(2, 4.50), (3, 4.23), (10, 3.36)])
def test_sectors_move_points_as_far_as_the_formula_says(k, mean):
    g = mappings.Sectors(k, delta=1e-30).double()  # so small that the paper's formula is what remains
    y = normal(100_000, 2)
    assert (g(y) - y).norm(dim=1).mean().item() == pytest.approx(mean, abs=0.02)


@pytest.mark.parametrize(("c1", "c2", "share"), [(5.0, 0.2, 2.7e-4), (5.0, 0.5, 3.0e-2), (1.0, 0.2, 0.19)])
def test_threshold_leaves_the_gap_that_the_constants_imply(c1, c2, share):
    y = normal(1_000_000, 1)
    gap = (mappings.Threshold(c1, c2, delta=1e-12)(y).abs() < 1).double().mean().item()
    assert gap == pytest.approx(share, rel=0.1)  # the reference has two digits; 270 points of a million: 6 %


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


def test_fixed_proportions_are_not_trained():
    assert not [p for g in (mappings.Sectors(3), mappings.Threshold()) for p in g.parameters() if p.requires_grad]


def test_product_has_the_product_of_the_masses():
    g = mappings.SectorProduct((2, 5))
    y = normal(100_000, 6)
    shares = torch.bincount(g.labels(y), minlength=10) / len(y)
    assert ((shares - 0.1).abs() < 4 * math.sqrt(0.09 / len(y))).all()  # four standard errors
    assert torch.equal(g(y)[:, 4:], y[:, 4:])
    torch.testing.assert_close(g.proportions(), torch.full((10,), 0.1))


@pytest.mark.parametrize(
    ("name", "dim", "options", "message"),
    [
        ("torus", 2, {}, "choose one of"),
        ("circle", 2, {"radius": 1}, "no option 'radius'"),
        ("identity", 2, {"eps": 1}, "it takes none"),
        ("circle", 1, {}, "1 latent"),
        ("glue", 3, {}, "3 latent"),
        ("glue", 2, {"holes": 1}, "use the mapping 'circle'"),
        ("clusters", 2, {}, "either k"),
        ("clusters", 1, {"k": 3}, "not k=3"),
        ("clusters", 2, {"k": 1}, "k >= 2"),
        ("clusters", 3, {"factors": (2, 5)}, "at least 4"),
        ("clusters", 2, {"k": 2, "delta": 0.0}, "delta > 0"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(name, dim, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        mappings.create(name, dim, **options)
    assert "\n" not in str(caught.value)
