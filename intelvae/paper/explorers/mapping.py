"""Mappings of the plane at work: where g takes points of N(0, I), and a Gaussian that the reader drags."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.mappings import Circle, Glue, Hierarchy, Sectors, Sparse
from intelvae.paper.explorers.widget import widget

HUES = 24  # shades of the cloud, by the angle of y
REACH = 4.0  # of the axes of y
SAMPLES = 200  # of the Gaussian


@dataclass(frozen=True)
class Constant:
    """A constant of a mapping, as a slider: what the script and the library's maker call it, and what a reader does."""

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float


@dataclass(frozen=True)
class Shown:
    """A mapping of the menu; `made` gives the library's for given constants, which the script's has to agree with."""

    title: str
    formula: str
    constants: tuple[Constant, ...]
    made: Callable[..., nn.Module]


def _circle(log_eps: float) -> nn.Module:
    return Circle(10**log_eps)


def _glue(h: float) -> nn.Module:
    return Glue(int(h))


def _clusters(k: float, c1: float, c2: float) -> nn.Module:
    return Sectors(int(k), c1, c2)


def _sparse(s: float, floor: float) -> nn.Module:
    """The library's mapping with a selector of one hidden layer that opens the gate of the larger dimension."""
    g = Sparse(2, hidden=(4,), floor=floor)
    sizes, _, gates = g.selector
    _set(sizes, [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])  # their ReLUs add up to |y_1| and |y_2|
    _set(gates, [[s, s, -s, -s], [-s, -s, s, s]])
    return g


def _hierarchy(w: float, b: float) -> nn.Module:
    g = Hierarchy(2, levels=2)
    _set(g.networks[0][0], [[w, 1.0]], b)  # type: ignore[index]
    return g


def _set(linear: nn.Module, weight: list[list[float]], bias: float = 0.0) -> None:
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(weight))  # type: ignore[operator]
        linear.bias.fill_(bias)  # type: ignore[operator]


MAPPINGS = {
    "circle": Shown(
        "circle",
        "z = y / √(|y|² + ε²)",
        (Constant("log_eps", "log₁₀ ε", -4.0, 0.0, 0.5, -4.0),),
        _circle,
    ),
    "glue": Shown(
        "circle, points glued",
        "c = y / |y|. Two holes: z = (c₁, c₂ (√(4/3 − (1 − |c₁|)²) − 1/√3)). "
        "More, ours: z = (c₁, c₂ |sin(h (arcsin c₁ + π/2))|)",
        (Constant("h", "holes h", 2.0, 5.0, 1.0, 2.0),),
        _glue,
    ),
    "clusters": Shown(
        "clusters",
        "z = y + c₁ dis(y)^c₂ r(y); dis: distance to the border (dashed) of y’s sector, r: the sector’s direction",
        (
            Constant("k", "clusters K", 2.0, 10.0, 1.0, 5.0),
            Constant("c1", "c₁", 0.0, 8.0, 0.5, 5.0),
            Constant("c2", "c₂", 0.1, 1.0, 0.1, 0.2),
        ),
        _clusters,
    ),
    "sparse": Shown(
        "sparse",
        "z = y ⊙ DS(y), DS(y)₁ = f + (1 − f) σ(s (|y₁| − |y₂|)), DS(y)₂ likewise. "
        "Here the selector DS is fixed; a model learns it",
        (Constant("s", "steepness s", 0.0, 20.0, 1.0, 5.0), Constant("floor", "floor f", 0.0, 0.9, 0.1, 0.0)),
        _sparse,
    ),
    "hierarchy": Shown(
        "hierarchy of two levels",
        "z₁ = y₁ (across, the higher level), z₂ = max(0, w z₁ + y₂ + b) (up). "
        "Here the weights are fixed; a model learns them",
        (Constant("w", "weight w", -2.0, 2.0, 0.25, 1.0), Constant("b", "offset b", -2.0, 2.0, 0.25, 0.0)),
        _hierarchy,
    ),
}


class MappingExplorer:
    """Two planes: a fixed cloud of `n` points from N(0, I), and where a mapping takes it; colours are angles of y.

    A menu has `MAPPINGS`, sliders their constants. On the left a Gaussian q(y|x) can be dragged, or moved by arrow
    keys, and its image is on the right; with the width 0 it is a point. Where scripts do not run, the two planes are
    there for the first mapping. Book: "The framework".

    >>> MappingExplorer()
    600 points of N(0, I) and their images under: circle; circle, points glued; clusters; ...
    """

    def __init__(self, n: int = 600) -> None:
        draws = torch.randn(n + SAMPLES, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        self.y, self.noise = draws.clamp(-0.95 * REACH, 0.95 * REACH).round(decimals=3).split([n, SAMPLES])

    def __repr__(self) -> str:
        return (
            f"{len(self.y)} points of N(0, I) and their images under: {'; '.join(m.title for m in MAPPINGS.values())}"
        )

    def _repr_html_(self) -> str:
        first = next(iter(MAPPINGS.values()))
        with torch.no_grad():
            z = first.made(**{c.name: c.start for c in first.constants}).double()(self.y)
        options = "".join(f'<option value="{name}">{html.escape(m.title)}</option>' for name, m in MAPPINGS.items())
        return widget(
            style=_STYLE,
            body=f"""<div class="controls" hidden>
<label for="@NAME@-g">mapping g</label><select id="@NAME@-g">{options}</select>
{"".join(f'<p class="formula" data-of="{name}">{html.escape(m.formula)}</p>' for name, m in MAPPINGS.items())}
{"".join(_slider(c, name) for name, m in MAPPINGS.items() for c in m.constants)}
{_slider(Constant("width", "width σ", 0.0, 1.5, 0.05, 0.3))}
</div>
<div class="planes">
{_plane("y", self.y, self.y, '<circle class="spread"/><circle class="centre"/>')}
{_plane("z", z, self.y, '<path class="centre" d=""/>')}
</div>
<output class="reading"></output>""",
            script=_SCRIPT,
            data={"noise": self.noise.tolist(), "reach": REACH},
        )


def _slider(constant: Constant, of: str = "") -> str:
    """A row of the controls; those of a mapping are there for this mapping only."""
    name, for_one = f"@NAME@-{of}-{constant.name}", f' data-of="{of}"' if of else ""
    limits = f'min="{constant.low:g}" max="{constant.high:g}" step="{constant.step:g}" value="{constant.start:g}"'
    return f"""<div class="row"{for_one}><label for="{name}">{constant.label}</label>
<input type="range" id="{name}" name="{constant.name}" {limits}><output for="{name}"></output></div>"""


def _plane(title: str, points: Float[Tensor, "n 2"], y: Float[Tensor, "n 2"], probe: str) -> str:
    """Points in the plane, a path of dots for each hue, and the elements of the Gaussian, which the script fills."""
    shades = (torch.atan2(y[:, 1], y[:, 0]) / (2 * math.pi) * HUES).floor().long() % HUES
    paths = "".join(
        f'<path stroke="hsl({360 * i // HUES} 70% 50%)" d="{"".join(f"M{a:g} {b:g}h0" for a, b in dots)}"/>'
        for i in range(HUES)
        if (dots := points[shades == i].round(decimals=3).tolist())
    )
    reach = reach_of(points) if title == "z" else REACH
    axes = '<path class="axes" d="M-99 0H99M0-99V99"/><path class="border" d=""/>'
    return f"""<figure><svg class="{title}" viewBox="{-reach:g} {-reach:g} {2 * reach:g} {2 * reach:g}" role="group"
 aria-label="{len(points)} points {title}"><g transform="scale(1 -1)">{axes}<g class="cloud">{paths}</g>
<path class="samples" d=""/>{probe}</g></svg>
<figcaption>{"y from N(0, I)" if title == "y" else "z = g(y)"}, axes to ±<span>{reach:g}</span></figcaption></figure>"""


def reach_of(points: Float[Tensor, "n 2"]) -> float:
    """The least of 1.25, 2.5, 5, ... that axes have to reach to show these points: it seldom jumps, and so sizes show.

    >>> reach_of(torch.tensor([[1.0, 0.0]])), reach_of(torch.tensor([[0.0, -6.0]]))
    (1.25, 10.0)
    """
    return 1.25 * 2.0 ** max(0, math.ceil(math.log2(1.02 * float(points.abs().max()) / 1.25)))


_STYLE = """
& .row { display: contents; }
& .formula { margin: 0; font-style: italic; }
& .planes { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; max-width: 45rem; }
& figure { margin: 0; }
& figcaption { font-size: 0.85em; }
& svg { display: block; width: 100%; border: 1px solid currentColor; }
& svg path { fill: none; stroke-linecap: round; vector-effect: non-scaling-stroke; }
& .cloud path { stroke-width: 4px; stroke-opacity: 0.7; }
& .axes, & .border { stroke: currentColor; stroke-width: 1px; stroke-opacity: 0.3; }
& .border { stroke-opacity: 1; stroke-dasharray: 4 4; }
& path.samples { stroke: currentColor; stroke-width: 3px; stroke-opacity: 0.8; }
& circle { fill: none; stroke: currentColor; vector-effect: non-scaling-stroke; }
& circle.centre { fill: currentColor; stroke: var(--pst-color-background, Canvas); stroke-width: 3px; cursor: grab; }
& path.centre { stroke: currentColor; stroke-width: 12px; }
& .reading { display: block; min-height: 1.5em; font-variant-numeric: tabular-nums; }
@media (max-width: 600px) { & .formula { grid-column: 1 / -1; } & figure { max-width: 17rem; } }  /* both in sight */
"""

_SCRIPT = """const { sin, cos, atan2, hypot, abs, sqrt, exp, floor, PI } = Math;
const maps = {
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
const find = what => root.querySelector(what), all = what => [...root.querySelectorAll(what)];
const menu = find("select"), width = find("[name=width]"), left = find(".y"), centre = find("circle.centre");
const dots = points => points.map(([a, b]) => `M${a} ${b}h0`).join("");
const text = point => `(${point.map(x => (Math.round(100 * x) / 100 + 0).toFixed(2)).join(", ")})`;
const cloud = all(".y .cloud path").map(path =>
  path.getAttribute("d").match(/-?[\\d.]+ -?[\\d.]+/g).map(pair => pair.split(" ").map(Number)));
let g, mu = [0.8, 0.1];

const drag = () => {
  const samples = data.noise.map(e => e.map((x, i) => mu[i] + width.value * x)), z = g(mu);
  find(".y .samples").setAttribute("d", dots(samples));
  find(".z .samples").setAttribute("d", dots(samples.map(g)));
  find("path.centre").setAttribute("d", dots([z]));
  for (const [what, r] of [[".spread", 2 * width.value], ["circle.centre", 0.2]])
    Object.entries({ cx: mu[0], cy: mu[1], r }).forEach(pair => find(what).setAttribute(...pair));
  const reading = `μ = ${text(mu)}, g(μ) = ${text(z)}`;
  centre.setAttribute("aria-valuenow", mu[0].toFixed(2));
  centre.setAttribute("aria-valuetext", find(".reading").textContent = reading);
};
const move = to => { mu = to.map(x => Math.max(-3.5, Math.min(3.5, x))); drag(); };
const draw = () => {
  all("[data-of]").forEach(row => row.hidden = row.dataset.of !== menu.value);
  all("input").forEach(input => input.nextElementSibling.textContent = input.value.replace("-", "−"));
  const constants = Object.fromEntries(all(`[data-of=${menu.value}] input`).map(input => [input.name, +input.value]));
  g = maps[menu.value](constants);
  const images = cloud.map(points => points.map(g));
  all(".z .cloud path").forEach((path, i) => path.setAttribute("d", dots(images[i])));
  const far = Math.max(...images.flat(2).map(abs));
  const reach = 1.25 * 2 ** Math.max(0, Math.ceil(Math.log2(1.02 * far / 1.25)));
  find(".z").setAttribute("viewBox", `${-reach} ${-reach} ${2 * reach} ${2 * reach}`);
  find(".z + figcaption span").textContent = reach;
  const rays = menu.value === "clusters" ? [...Array(constants.k).keys()].map(i => 2 * PI * i / constants.k) : [];
  all(".border").forEach(path => path.setAttribute("d", rays.map(t => `M0 0L${99 * cos(t)} ${99 * sin(t)}`).join("")));
  drag();
};

const place = event => {
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(left.getScreenCTM().inverse());
  move([x, -y]);
};
const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
const attributes = { tabindex: 0, role: "slider", "aria-valuemin": -3.5, "aria-valuemax": 3.5 };
Object.entries({ ...attributes, "aria-label": "mean of q(y|x); arrow keys move it" })
  .forEach(pair => centre.setAttribute(...pair));
left.addEventListener("click", place);
centre.addEventListener("touchstart", event => event.preventDefault(), { passive: false });  // the page stays
centre.addEventListener("pointerdown", event => { centre.setPointerCapture(event.pointerId); centre.focus(); });
centre.addEventListener("pointermove", event => centre.hasPointerCapture(event.pointerId) && place(event));
centre.addEventListener("keydown", event => {
  const step = steps[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  move(mu.map((x, i) => x + step[i]));
});
root.addEventListener("input", draw);
find(".controls").hidden = false;
draw();"""
