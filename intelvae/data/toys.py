"""The paper's two-dimensional data: samplers, exact distance to the support, and the holes it encloses.

The first five follow the authors' notebooks (the paper shows them only in Figures 2, 4 and C.2); `sparse` and the
rows of diamonds are ours. The curves carry no noise, so the data have no density in the plane: a decoder that
learns its variance needs a floor on it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Real
from torch import Generator, Tensor

from intelvae.dtypes import at_least_float32

RADIUS = 2.0  # the zoom of every shape
STAR_INNER = 1 / 3  # inner radius of the star over its outer radius
MIXTURE_SCALE = 0.3  # standard deviation around each centre (±2, 0)
SPARSE_SCALE = 1.0  # standard deviation of the active coordinate (ours)
SPARSE_NOISE = 0.05  # standard deviation of the other one (ours)
HOLE_MARGIN = 0.2  # a tenth of the radius: how far from the curve a point must be to count as in a hole
_CHORDS = 512  # per quadrant of the infinity sign; the chords stay within 5e-6 of the curve
_ROWS = 4096  # points whose distances to all segments are in memory at once


@dataclass(frozen=True)
class Toy:
    """A data set in the plane: how to sample it, the distance to its support, and what lies inside it."""

    sample: Callable[[int, Generator], Tensor]
    distance: Callable[[Tensor], Tensor]
    inside: Callable[[Tensor], Tensor]


def sample(name: str, n: int, generator: Generator) -> Float[Tensor, "n 2"]:
    """Draw `n` points of a toy data set.

    With u uniform on [0, 1) and t = 2πu:
    circle 2(cos t, sin t); infinity 2(cos t, sin t cos t); square: uniform on the sides of |x|_∞ = √2; star:
    uniform on the ten sides of the five-pointed star with radii 2 and 2/3; mixture: ⌊n/2⌋ points of N((2, 0),
    0.3² I) and the rest of N((-2, 0), 0.3² I), shuffled; sparse (ours, for Figure 3, whose data the paper does not
    give): one coordinate, chosen with probability 1/2, from N(0, 1) and the other from N(0, 0.05²); diamonds-3 and
    diamonds-4 (ours, for more than two holes): uniform on the sides of that many diamonds in a row, 4 wide and 2
    high together, each touching the next with a corner.
    The order of the points is random, so that any part of them is a sample too.
    Returns torch's default dtype on the generator's device; the same generator state gives the same points.
    Raises ValueError for an unknown name. Explained in data/README.md.

    >>> sample("circle", 3, torch.Generator().manual_seed(0)).norm(dim=1)
    tensor([2., 2., 2.])
    """
    return _toy(name).sample(n, generator)


def distance(name: str, x: Real[Tensor, "n 2"]) -> Float[Tensor, " n"]:
    """Return the Euclidean distance of each point to the support of a toy data set.

    d(x) = min over s in the support of |x - s|: closed form for the circle, minimum over the sides for square,
    star and diamonds, over chords within 5e-6 of the curve for infinity. The mixture and sparse data fill the plane:
    there it is the distance to the nearer centre and to the nearer axis. In the precision of x, float32 at least.
    Raises ValueError for an unknown name and for points of another shape. Explained in data/README.md.

    >>> distance("circle", torch.tensor([[0.0, 0.0], [5.0, 0.0]]))
    tensor([2., 3.])
    """
    return _toy(name).distance(_points(x))


def holes(name: str, x: Real[Tensor, "n 2"], margin: float = HOLE_MARGIN) -> Bool[Tensor, " n"]:
    """Return whether each point lies in a hole: enclosed by the curve and farther than `margin` from it.

    `margin` is in data units (every shape has radius 2). The mixture and sparse data enclose nothing: all
    False.
    Raises ValueError for an unknown name and for points of another shape. Explained in data/README.md.

    >>> holes("circle", torch.tensor([[0.0, 0.0], [1.9, 0.0], [5.0, 0.0]]))
    tensor([ True, False, False])
    """
    toy, x = _toy(name), _points(x)
    return toy.inside(x) & (toy.distance(x) > margin)


def _toy(name: str) -> Toy:
    if name not in _TOYS:
        raise ValueError(f"unknown toy {name!r}; choose one of {', '.join(NAMES)}")
    return _TOYS[name]


def _points(x: Tensor) -> Tensor:
    """The points x (N, 2) as floats: in whole numbers the corners of a shape would lose their fractions."""
    if x.shape[1:] != (2,):
        raise ValueError(f"points in the plane are (n, 2), not {tuple(x.shape)}")
    return at_least_float32(x)


def _uniform(n: int, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator, device=generator.device)


def _normal(n: int, generator: Generator) -> Tensor:
    return torch.randn(n, 2, generator=generator, device=generator.device)


def _infinity(t: Tensor) -> Tensor:
    return RADIUS * torch.stack([t.cos(), t.sin() * t.cos()], dim=-1)


def _vertices(degrees: list[float], radii: list[float]) -> Tensor:
    """Corners of a closed polygon in polar coordinates, (corners, 2) in float64."""
    angle = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    radius = torch.tensor(radii, dtype=torch.float64)
    return RADIUS * radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=-1)


def _diamonds(count: int) -> Tensor:
    """Corners of a row of diamonds as one closed polygon, (4 count, 2) in float64: above to the left, below back."""
    corner = torch.arange(4 * count, dtype=torch.float64)
    across = RADIUS * ((corner / count - 2).abs() - 1)
    up = torch.tensor([0.0, RADIUS / 2], dtype=torch.float64).repeat(2 * count)
    return torch.stack([across, up.where(corner < 2 * count, -up)], dim=-1)


SQUARE = _vertices([45.0 + 90.0 * k for k in range(4)], [1.0] * 4)
STAR = _vertices([36.0 * k - 18.0 for k in range(10)], [STAR_INNER, 1.0] * 5)
_QUADRANT = _infinity(torch.linspace(0, math.pi / 2, _CHORDS + 1, dtype=torch.float64))


def _sample_circle(n: int, generator: Generator) -> Tensor:
    t = 2 * math.pi * _uniform(n, generator)
    return RADIUS * torch.stack([t.cos(), t.sin()], dim=-1)


def _sample_infinity(n: int, generator: Generator) -> Tensor:
    return _infinity(2 * math.pi * _uniform(n, generator))


def _sample_polygon(corners: Tensor) -> Callable[[int, Generator], Tensor]:
    """Uniform on a polygon whose sides all have the same length."""

    def draw(n: int, generator: Generator) -> Tensor:
        start = corners.to(generator.device, torch.get_default_dtype())
        end = start.roll(-1, dims=0)
        side = torch.randint(len(corners), (n,), generator=generator, device=generator.device)
        u = _uniform(n, generator)[:, None]
        return (1 - u) * start[side] + u * end[side]

    return draw


def _sample_mixture(n: int, generator: Generator) -> Tensor:
    x = MIXTURE_SCALE * _normal(n, generator)
    x[: n // 2, 0] += RADIUS
    x[n // 2 :, 0] -= RADIUS
    return x[torch.randperm(n, generator=generator, device=generator.device)]


def _sample_sparse(n: int, generator: Generator) -> Tensor:
    active = torch.randint(2, (n, 1), generator=generator, device=generator.device)
    scale = torch.where(active == torch.arange(2, device=generator.device), SPARSE_SCALE, SPARSE_NOISE)
    return scale * _normal(n, generator)


def _to_segments(x: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Distance of each point (n, 2) to the nearest of the segments from start to end (s, 2); returns (n,)."""
    start, step = start.to(x), (end - start).to(x)
    nearest = []
    for points in x.split(_ROWS):
        offset = points[:, None] - start  # (rows, s, 2)
        along = ((offset * step).sum(-1) / (step * step).sum(-1)).clamp(0, 1)
        nearest.append((offset - along[..., None] * step).norm(dim=-1).amin(dim=1))
    return torch.cat(nearest)


def _to_polygon(corners: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: _to_segments(x, corners, corners.roll(-1, dims=0))


def _to_infinity(x: Tensor) -> Tensor:
    """The curve is symmetric in both axes: its nearest point lies in the quadrant of x, so fold x there."""
    return _to_segments(x.abs(), _QUADRANT[:-1], _QUADRANT[1:])


def _to_centres(x: Tensor) -> Tensor:
    return (x.abs() - x.new_tensor([RADIUS, 0.0])).norm(dim=-1)


def _in_polygon(corners: Tensor) -> Callable[[Tensor], Tensor]:
    """Even-odd rule: a point is inside if a ray to the right of it crosses an odd number of sides."""

    def inside(x: Tensor) -> Tensor:
        start = corners.to(x)
        end = start.roll(-1, dims=0)
        a, b = x[:, None].unbind(-1)  # (n, 1) each
        spans = (start[:, 1] > b) != (end[:, 1] > b)  # (n, sides)
        slope = (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
        # a horizontal side has an infinite slope but spans nothing, and False & anything is False
        crosses = spans & (a < start[:, 0] + (b - start[:, 1]) * slope)
        return crosses.sum(dim=1) % 2 == 1

    return inside


def _in_infinity(x: Tensor) -> Tensor:
    """On the curve x2² = x1² (1 - x1²/4), hence inside wherever the left side is smaller."""
    a, b = (x * x).unbind(-1)
    return b < a * (1 - a / RADIUS**2)


def _in_nothing(x: Tensor) -> Tensor:
    return torch.zeros(len(x), dtype=torch.bool, device=x.device)


def _of_polygon(corners: Tensor) -> Toy:
    return Toy(_sample_polygon(corners), _to_polygon(corners), _in_polygon(corners))


_TOYS = {
    "circle": Toy(_sample_circle, lambda x: (x.norm(dim=-1) - RADIUS).abs(), lambda x: x.norm(dim=-1) < RADIUS),
    "square": _of_polygon(SQUARE),
    "star": _of_polygon(STAR),
    "infinity": Toy(_sample_infinity, _to_infinity, _in_infinity),
    "mixture": Toy(_sample_mixture, _to_centres, _in_nothing),
    "sparse": Toy(_sample_sparse, lambda x: x.abs().amin(dim=-1), _in_nothing),
    **{f"diamonds-{h}": _of_polygon(_diamonds(h)) for h in (3, 4)},
}
NAMES = tuple(_TOYS)
