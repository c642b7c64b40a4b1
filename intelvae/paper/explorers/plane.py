"""Planes of points, one of them with a dot that a reader drags, and mappings of the plane for scripts."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

HUES = 24  # shades of the cloud, by the angle of y
REACH = 4.0  # of the axes of y


def cloud(n: int) -> Float[Tensor, "n 2"]:
    """The first `n` of a fixed sequence of points from N(0, I), to three digits and within the axes of y."""
    draws = torch.randn(n, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return draws.clamp(-0.95 * REACH, 0.95 * REACH).round(decimals=3)


def plane(
    name: str,
    caption: str,
    points: Float[Tensor, "n 2"],
    y: Float[Tensor, "n 2"],
    *,
    reach: float,
    below: str = "",
    above: str = "",
) -> str:
    """A figure of the class `name`: the images of `y` as `points`, with axes to ±`reach`, in the shades of the y.

    Elements `below` and `above` the points are given as SVG; y up.
    """
    shades = (torch.atan2(y[:, 1], y[:, 0]) / (2 * math.pi) * HUES).floor().long() % HUES
    paths = "".join(
        f'<path stroke="hsl({360 * i // HUES} 70% 50%)" d="{dots(points[shades == i])}"/>'
        for i in range(HUES)
        if (shades == i).any()
    )
    axes = '<path class="axes" d="M-99 0H99M0-99V99"/>'
    return f"""<figure><svg class="{name}" viewBox="{-reach:g} {-reach:g} {2 * reach:g} {2 * reach:g}" role="group"
 aria-label="{len(points)} points {name}"><g transform="scale(1 -1)">{axes}{below}<g class="cloud">{paths}</g>
{above}</g></svg>
<figcaption>{caption}, axes to ±<span>{reach:g}</span></figcaption></figure>"""


def dots(points: Float[Tensor, "n 2"]) -> str:
    """A path with a dot at each of the points, to three digits.

    >>> dots(torch.tensor([[1.0, 0.0], [-0.5, 2.0]]))
    'M1 0h0M-0.5 2h0'
    """
    return "".join(f"M{a:g} {b:g}h0" for a, b in points.double().round(decimals=3).tolist())


def reach_of(points: Float[Tensor, "n 2"]) -> float:
    """The least of 1.25, 2.5, 5, ... that axes have to reach to show these points: it seldom jumps, and so sizes show.

    >>> reach_of(torch.tensor([[1.0, 0.0]])), reach_of(torch.tensor([[0.0, -6.0]]))
    (1.25, 10.0)
    """
    return 1.25 * 2.0 ** max(0, math.ceil(math.log2(1.02 * float(points.abs().max()) / 1.25)))


STYLE = """
& .planes { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; max-width: 45rem; }
& figure { margin: 0; }
& figcaption { font-size: 0.85em; }
& svg { display: block; width: 100%; border: 1px solid currentColor; }
& svg path { fill: none; stroke-linecap: round; vector-effect: non-scaling-stroke; }
& .cloud path { stroke-width: 4px; stroke-opacity: 0.7; }
& .axes { stroke: currentColor; stroke-width: 1px; stroke-opacity: 0.3; }
& circle, & ellipse { fill: none; stroke: currentColor; vector-effect: non-scaling-stroke; }
& circle.centre { fill: currentColor; stroke: var(--pst-color-background, Canvas); stroke-width: 3px; cursor: grab; }
& circle.centre:focus-visible { outline: none; stroke: var(--pst-color-primary, Highlight); }  /* units of y */
& path.centre { stroke: currentColor; stroke-width: 12px; }
& .reading { display: block; min-height: 1.5em; font-variant-numeric: tabular-nums; }
@media (max-width: 600px) { & figure { max-width: 17rem; } }  /* planes that are next to each other are both in sight */
"""

# mappings of the plane by name: constants -> y -> z
MAPS = """const { sin, cos, atan2, hypot, abs, sqrt, exp, floor, PI } = Math;
const maps = {
  identity: () => y => y,
  circle: ({ log_eps }) => ([a, b]) => { const r = hypot(a, b, 10 ** log_eps); return [a / r, b / r]; },
  glue: ({ h }) => y => {
    const eps = 1e-4, [a, b] = maps.circle({ log_eps: -4 })(y), t = atan2(a, hypot(b, eps));
    return [a, b * (h === 2 ? sqrt(4 / 3 - (1 - abs(a)) ** 2) - 1 / sqrt(3) : abs(sin(h * (t + PI / 2))))];
  },
  clusters: ({ k, c1, c2 }) => ([a, b]) => {
    const delta = 1e-3, wide = 2 * PI / k, start = floor((atan2(b, a) + 2 * PI) % (2 * PI) / wide) * wide;
    const to = t => a * cos(t) + b * sin(t) > 0 ? abs(b * cos(t) - a * sin(t)) : hypot(a, b);
    const dis = Math.min(to(start), to(start + wide)), middle = start + wide / 2;
    const push = c1 * dis * (dis ** 2 + delta ** 2) ** ((c2 - 1) / 2);
    return [a + push * cos(middle), b + push * sin(middle)];
  },
  sparse: ({ s, floor: f }) => ([a, b]) => {
    const gate = x => f + (1 - f) / (1 + exp(-s * x));
    return [a * gate(abs(a) - abs(b)), b * gate(abs(b) - abs(a))];
  },
  hierarchy: ({ w, b }) => ([above, own]) => [above, Math.max(0, w * above + own + b)],
};
"""

# `cloud`: the points of the plane y by shade; `put` shows images of them; `movable` makes of a circle what is dragged
SCRIPT = """const find = what => root.querySelector(what), all = what => [...root.querySelectorAll(what)];
const dots = points => points.map(([a, b]) => `M${a} ${b}h0`).join("");
const text = point => `(${point.map(x => (Math.round(100 * x) / 100 + 0).toFixed(2)).join(", ")})`;
const set = (element, attributes) => Object.entries(attributes).forEach(pair => element.setAttribute(...pair));
const cloud = all(".y .cloud path").map(path =>
  path.getAttribute("d").match(/-?[\\d.]+ -?[\\d.]+/g).map(pair => pair.split(" ").map(Number)));
const put = (plane, images, reach) => {
  all(`${plane} .cloud path`).forEach((path, i) => path.setAttribute("d", dots(images[i])));
  const far = Math.max(...images.flat(2).map(Math.abs));
  reach ??= 1.25 * 2 ** Math.max(0, Math.ceil(Math.log2(1.02 * far / 1.25)));
  find(plane).setAttribute("viewBox", `${-reach} ${-reach} ${2 * reach} ${2 * reach}`);
  find(`${plane} + figcaption span`).textContent = reach;
};
const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const movable = (centre, at, moved, label) => {  // tells `moved` every place; gives a function that shows its reading
  const plane = centre.ownerSVGElement;
  const move = to => moved(at = to.map(x => Math.max(-3.5, Math.min(3.5, x))));
  const place = event => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(plane.getScreenCTM().inverse());
    move([x, -y]);
  };
  set(centre, { tabindex: 0, role: "slider", "aria-valuemin": -3.5, "aria-valuemax": 3.5, "aria-label": label });
  plane.addEventListener("click", place);
  centre.addEventListener("touchstart", event => event.preventDefault(), { passive: false });  // the page stays
  centre.addEventListener("pointerdown", event => { centre.setPointerCapture(event.pointerId); centre.focus(); });
  centre.addEventListener("pointermove", event => centre.hasPointerCapture(event.pointerId) && place(event));
  centre.addEventListener("keydown", event => {
    const step = steps[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    move(at.map((x, i) => x + step[i] / 10));
  });
  return reading => {
    set(centre, { cx: at[0], cy: at[1], r: 0.2, "aria-valuenow": at[0].toFixed(2), "aria-valuetext": reading });
    find(".reading").textContent = reading;
  };
};
"""
