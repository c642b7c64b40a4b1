"""Mappings of the plane at work: where g takes points of N(0, I), and a Gaussian that the reader drags."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from intelvae.mappings import Circle, Glue, Hierarchy, Sectors, Sparse
from intelvae.paper.explorers.plane import MAPS, REACH, SCRIPT, STYLE, cloud, plane, reach_of
from intelvae.paper.explorers.widget import widget

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
        self.y, self.noise = cloud(n + SAMPLES).split([n, SAMPLES])

    def __repr__(self) -> str:
        return (
            f"{len(self.y)} points of N(0, I) and their images under: {'; '.join(m.title for m in MAPPINGS.values())}"
        )

    def _repr_html_(self) -> str:
        first = next(iter(MAPPINGS.values()))
        with torch.no_grad():
            z = first.made(**{c.name: c.start for c in first.constants}).double()(self.y)
        options = "".join(f'<option value="{name}">{html.escape(m.title)}</option>' for name, m in MAPPINGS.items())
        border, samples = '<path class="border" d=""/>', '<path class="samples" d=""/>'
        gaussian = samples + '<circle class="spread"/><circle class="centre"/>'
        image = samples + '<path class="centre" d=""/>'
        return widget(
            style=STYLE + _STYLE,
            body=f"""<div class="controls" hidden>
<label for="@NAME@-g">mapping g</label><select id="@NAME@-g">{options}</select>
{"".join(f'<p class="formula" data-of="{name}">{html.escape(m.formula)}</p>' for name, m in MAPPINGS.items())}
{"".join(_slider(c, name) for name, m in MAPPINGS.items() for c in m.constants)}
{_slider(Constant("width", "width σ", 0.0, 1.5, 0.05, 0.3))}
</div>
<div class="planes">
{plane("y", "y from N(0, I)", self.y, self.y, reach=REACH, below=border, above=gaussian)}
{plane("z", "z = g(y)", z, self.y, reach=reach_of(z), below=border, above=image)}
</div>
<output class="reading"></output>""",
            script=MAPS + SCRIPT + _SCRIPT,
            data={"noise": self.noise.tolist()},
        )


def _slider(constant: Constant, of: str = "") -> str:
    """A row of the controls; those of a mapping are there for this mapping only."""
    name, for_one = f"@NAME@-{of}-{constant.name}", f' data-of="{of}"' if of else ""
    limits = f'min="{constant.low:g}" max="{constant.high:g}" step="{constant.step:g}" value="{constant.start:g}"'
    return f"""<div class="row"{for_one}><label for="{name}">{constant.label}</label>
<input type="range" id="{name}" name="{constant.name}" {limits}><output for="{name}"></output></div>"""


_STYLE = """
& .row { display: contents; }
& .formula { margin: 0; font-style: italic; }
& .border { stroke: currentColor; stroke-width: 1px; stroke-dasharray: 4 4; }
& path.samples { stroke: currentColor; stroke-width: 3px; stroke-opacity: 0.8; }
@media (max-width: 600px) { & .formula { grid-column: 1 / -1; } }
"""

_SCRIPT = """const menu = find("select"), width = find("[name=width]");
let g, mu = [0.8, 0.1];

const drag = () => {
  const samples = data.noise.map(e => e.map((x, i) => mu[i] + width.value * x)), z = g(mu);
  find(".y .samples").setAttribute("d", dots(samples));
  find(".z .samples").setAttribute("d", dots(samples.map(g)));
  find("path.centre").setAttribute("d", dots([z]));
  set(find(".spread"), { cx: mu[0], cy: mu[1], r: 2 * width.value });
  say(`μ = ${text(mu)}, g(μ) = ${text(z)}`);
};
const say = movable(find("circle.centre"), mu, to => { mu = to; drag(); }, "mean of q(y|x); arrow keys move it");
const draw = () => {
  all("[data-of]").forEach(row => row.hidden = row.dataset.of !== menu.value);
  all("input").forEach(input => input.nextElementSibling.textContent = input.value.replace("-", "−"));
  const constants = Object.fromEntries(all(`[data-of=${menu.value}] input`).map(input => [input.name, +input.value]));
  g = maps[menu.value](constants);
  put(".z", cloud.map(points => points.map(g)));
  const rays = menu.value === "clusters" ? [...Array(constants.k).keys()].map(i => 2 * PI * i / constants.k) : [];
  all(".border").forEach(path => path.setAttribute("d", rays.map(t => `M0 0L${99 * cos(t)} ${99 * sin(t)}`).join("")));
  drag();
};

root.addEventListener("input", draw);
find(".controls").hidden = false;
draw();"""
