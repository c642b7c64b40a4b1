"""What every mapping keeps to, as checks that a mapping of your own can be run through::

    from intelvae.testing import check_mapping

    def test_mine():
        check_mapping(lambda: Mine(), dim=2)

`make` is a function without arguments that returns the mapping; `dim` is the number of latent dimensions. Each check
raises `AssertionError` with one line that says what is wrong. All of them compute in float64; `check_finite` in float32
too, in which models are trained.
"""

import inspect
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from intelvae.numbers import whole_of

Make = Callable[[], nn.Module]
STEP = 1e-6  # of finite differences
LEADING = ((50,), (), (1,), (12,), (4, 3), (2, 3, 2), (0,))  # shapes of batches


def _normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def singular_points(dim: int) -> Tensor:
    """Where mappings tend to break, (N, dim): the origin, the axes, 60 directions at three radii, the far away.

    60 is a multiple of 2, 3, 4, 5, 6, 10 and 12, so the directions hold all borders of as many equal sectors, and the
    angle 0 from both sides. The directions lie in the plane of the first two dimensions.
    """
    axes = torch.cat([torch.eye(dim), -torch.eye(dim)]).double()
    angles = torch.arange(-1, 60, dtype=torch.float64) * 2 * math.pi / 60
    angles = torch.cat([angles, torch.tensor([1e-12, -1e-12, 2 * math.pi - 1e-12], dtype=torch.float64)])
    plane = torch.zeros(len(angles), max(dim, 2), dtype=torch.float64)
    plane[:, 0], plane[:, 1] = angles.cos(), angles.sin()
    plane = plane[:, :dim]
    return torch.cat([torch.zeros(1, dim), axes, 1e-9 * axes, 1e-9 * plane, plane, 1e3 * plane])


def _check_call(make: Make, dim: int) -> None:
    """What the other checks take for granted: `make()` is a module, takes latents (..., D), and gives a tensor."""
    g = make()
    assert isinstance(g, nn.Module), f"what is made is a {type(g).__name__}: a mapping is an nn.Module"
    g = g.double()
    for leading in LEADING:
        try:
            z = g(_normal(*leading, dim))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise AssertionError(f"latents of shape {(*leading, dim)} are not taken ({reason})") from error
        assert isinstance(z, Tensor), f"latents become a {type(z).__name__}: a mapping gives a tensor"


def check_shape_and_dtype(make: Make, dim: int) -> None:
    """`(..., D) -> (..., D')` for any leading shape, with the same values, in the precision of the latents."""
    g = make().double()
    y = _normal(4, 3, dim)
    z = g(y)
    out = z.shape[-1] if z.ndim else None  # D', which need not be D: an angle may become a point in the plane
    for leading in LEADING[1:]:
        n = math.prod(leading)
        part = g(y.reshape(12, dim)[:n].reshape(*leading, dim))
        assert part.shape == (*leading, out), f"{(*leading, dim)} became {tuple(part.shape)}"
        # 1e-12 is rounding: a reduction may add up in another order for another shape
        same = part.allclose(z.reshape(12, out)[:n].reshape(part.shape), atol=1e-12, rtol=1e-12, equal_nan=True)
        assert same, f"latents of shape {(*leading, dim)} have other values than one by one: a row must not see others"
    for dtype in (torch.float32, torch.float64):
        z = make().to(dtype)(y.to(dtype))
        assert z.dtype == dtype, f"{dtype} became {z.dtype}"


def check_deterministic(make: Make, dim: int) -> None:
    """The same latents give the same representations to the bit, and are left as they were."""
    g, y = make().double(), _normal(50, dim)
    before = y.clone()
    first = g(y)
    assert torch.equal(y, before), "the mapping writes into its argument"
    same = _same(first, g(y))
    assert same, "two calls differ: a mapping is a function, its randomness belongs in q(y|x)"


def _same(a: Tensor, b: Tensor) -> bool:
    """To the bit; NaN is like NaN, which is for `check_finite` to say."""
    return a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())


def check_finite(make: Make, dim: int, points: Tensor | None = None, dtype: torch.dtype | None = None) -> None:
    """Values and gradients, of the latents and of the parameters, are finite at each of `points` (N, D), tested singly.

    A NaN gradient at one point stays in the moments of Adam for ever. By default the points are `singular_points`.
    `dtype` is that of the latents and of the mapping: float64 and then float32, where 1e-60 is 0, if there is none.
    """
    if dtype is None:
        check_finite(make, dim, points, torch.float64)
        check_finite(make, dim, points, torch.float32)
        return
    kind = str(dtype).removeprefix("torch.")
    points = (singular_points(dim) if points is None else points).to(dtype)
    g = make().to(dtype)
    y = points.clone().requires_grad_()
    z = g(y)
    assert z.isfinite().all(), f"not finite in {kind} at {points[~z.isfinite().all(-1)][0].tolist()}"
    if not z.requires_grad:
        return
    for i in range(z.shape[-1]):  # one coordinate at a time, so that infinities of two cannot cancel
        wanted = [y, *(p for p in g.parameters() if p.requires_grad)]
        grads = torch.autograd.grad(z[:, i].sum(), wanted, retain_graph=True, allow_unused=True)
        for grad in grads:
            assert grad is None or grad.isfinite().all(), f"the gradient of z[..., {i}] is not finite in {kind}"


def check_gradient(make: Make, dim: int) -> None:
    """Autograd's gradients are those of finite differences, so that training goes where the objective leads.

    Of the latents at 300 random points, of which one in twenty may differ, since a difference across a kink or close to
    a steep border is no derivative; and of each parameter, along a random direction.
    """
    g = make().double()
    y = torch.cat([scale * _normal(100, dim, seed=i) for i, scale in enumerate((0.3, 1.0, 3.0))]).requires_grad_()
    z = g(y)
    parameters = {name: p for name, p in g.named_parameters() if p.requires_grad}
    weight = _normal(*z.shape, seed=3)
    for j in range(dim):
        step = STEP * torch.eye(dim, dtype=torch.float64)[j]
        with torch.no_grad():
            expected = ((g(y + step) - g(y - step)) / (2 * STEP) * weight).sum(-1)  # (300,)
        _check_gradient(f"y[..., {j}]", _gradient(z, weight, y)[:, j], expected)
    for seed, (name, p) in enumerate(parameters.items()):
        direction, moved = _normal(*p.shape, seed=seed), []
        for sign in (1, -1):
            state = {name: p.detach() + sign * STEP * direction}
            with torch.no_grad():
                moved.append(torch.func.functional_call(g, state, (y.detach(),)))
        expected = ((moved[0] - moved[1]) / (2 * STEP) * weight).sum()[None]
        _check_gradient(name, (_gradient(z, weight, p) * direction).sum()[None], expected)


def _gradient(z: Tensor, weight: Tensor, of: Tensor) -> Tensor:
    """The gradient of the weighted sum of z: zeros where none arrives."""
    if not z.requires_grad:
        return torch.zeros_like(of)
    (gradient,) = torch.autograd.grad((z * weight).sum(), of, retain_graph=True, allow_unused=True)
    return torch.zeros_like(of) if gradient is None else gradient


def _check_gradient(name: str, found: Tensor, expected: Tensor) -> None:
    # a step of 1e-6 leaves ten digits of a sum of some 1, and of slopes up to 1e4 six
    wrong = (found - expected).abs() > 1e-4 * (1 + expected.abs())
    cut = "is cut" if not found.any() else "is wrong"
    assert wrong.double().mean() <= 0.05, (
        f"the gradient of {name} {cut}: {found[wrong][0].item():.3g} by autograd, and {expected[wrong][0].item():.3g} "
        "by finite differences"
    )


def check_continuous(make: Make, dim: int, points: Tensor | None = None, jump: float = 1e-4) -> None:
    """No jumps larger than `jump`: at `points` (by default `singular_points`), and along 200 random segments.

    A step of 1e-10 moves z by 1e-6 at a slope of 1e4, the steepest of ours (1/eps for the circle). On a segment the
    step that moves z most is divided by 64, six times over; what still moves is a jump.
    """
    points = singular_points(dim) if points is None else points
    g = make().double()
    for seed in range(8):
        step = nn.functional.normalize(_normal(len(points), dim, seed=seed), dim=-1)
        moved = (g(points + 1e-10 * step) - g(points)).norm(dim=-1)
        assert (moved < jump).all(), f"jumps by {moved.max():.1e} at {points[moved.argmax()].tolist()}"
    start, end = 2 * _normal(200, dim, seed=1), 2 * _normal(200, dim, seed=2)
    t = torch.linspace(0, 1, 65, dtype=torch.float64)[:, None, None]
    for _ in range(6):
        y = start + t * (end - start)  # (65, 200, D)
        moved = g(y).diff(dim=0).norm(dim=-1)  # (64, 200)
        worst, segment = moved.argmax(0), torch.arange(200)
        start, end = y[worst, segment], y[worst + 1, segment]
    moved = moved.max(0).values
    assert (moved < jump).all(), f"jumps by {moved.max():.1e} at {start[moved.argmax()].tolist()}"


def check_vmap(make: Make, dim: int) -> None:
    """`torch.func.vmap` gives the same values and Jacobians, also with one set of parameters a seed.

    That is what training several seeds side by side, and change-of-variables formulas, need.
    """
    g = make().double()
    y = _normal(6, dim)
    assert torch.func.vmap(g)(y).allclose(g(y), atol=1e-12, rtol=1e-12), "other values under vmap"  # rounding only
    jacobian = torch.func.vmap(torch.func.jacrev(g))(y)
    one_by_one = torch.stack([torch.autograd.functional.jacobian(g, row) for row in y])  # type: ignore[arg-type]
    # rounding, times slopes up to 1e4
    assert jacobian.allclose(one_by_one, atol=1e-9, rtol=1e-9), "another Jacobian under vmap than by autograd"
    state = {name: value.detach() for name, value in (*g.named_parameters(), *g.named_buffers())}
    if state:
        stacked = {name: torch.stack([value, value + 0.1]) for name, value in state.items()}
        both = torch.func.vmap(lambda p: torch.func.functional_call(g, p, (y,)))(stacked)
        for i in range(2):
            alone = torch.func.functional_call(g, {name: value[i] for name, value in stacked.items()}, (y,))
            assert both[i].allclose(alone, atol=1e-12, rtol=1e-12), "other values under vmap over the parameters"


def check_state_dict(make: Make, dim: int) -> None:
    """All that was learned is in `state_dict`: loaded into a fresh mapping, it gives the same values to the bit."""
    g, y = make().double(), _normal(50, dim)
    with torch.no_grad():
        for i, p in enumerate(g.parameters()):
            p.add_(0.3 * _normal(*p.shape, seed=i).to(p.dtype))
    fresh = make().double()
    fresh.load_state_dict(g.state_dict())
    assert torch.equal(fresh(y), g(y)), "a restored mapping differs: keep what it learns in parameters or buffers"


def check_device(make: Make, dim: int) -> None:
    """The mapping moves to another device as a whole: constants are parameters or buffers, not made in `forward`."""
    try:
        make().to("meta")(torch.zeros(3, dim, device="meta"))  # a device that every machine has
    except (RuntimeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise AssertionError(f"it cannot move to a GPU: keep tensors with register_buffer ({reason})") from error


CHECKS = (
    check_deterministic,  # first: to the others randomness looks like a fault of theirs
    check_shape_and_dtype,
    check_finite,
    check_continuous,
    check_gradient,
    check_vmap,
    check_state_dict,
    check_device,
)


def check_mapping(make: Make, dim: int) -> None:
    """All `CHECKS` of the mapping that `make()` returns, for latents (..., dim).

    Raises `AssertionError`, one line that says what is wrong, at the first that fails. Raises `TypeError` for a mapping
    in the place of a function that makes one, or a function of latents, and `ValueError` for a dim that is no number of
    dimensions. Ours, not the paper's. Book: "Your own mapping, your own data".

    >>> from intelvae.mappings import Circle
    >>> check_mapping(Circle, dim=2)
    """
    if isinstance(make, nn.Module):
        raise TypeError(f"give a function that makes the mapping, such as {type(make).__name__}, not a made one")
    try:
        inspect.signature(make).bind()
    except (TypeError, ValueError) as error:  # not callable, needs arguments, or is torch's own, which has no signature
        raise TypeError(f"give a function without arguments that makes the mapping, not {make!r}") from error
    dim = whole_of("dim", dim, ">= 1")
    _check_call(make, dim)
    for check in CHECKS:
        check(make, dim)
