"""Trained decoders at work: a point of the plane y that the reader drags, g(y), and what is decoded there."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from itertools import count, takewhile

import torch
from jaxtyping import Float
from torch import Tensor

from intelvae import mappings
from intelvae.paper.datasets import Points
from intelvae.paper.explorers.mapping import MAPPINGS
from intelvae.paper.explorers.plane import MAPS, REACH, SCRIPT, STYLE, cloud, dots, plane, reach_of
from intelvae.paper.explorers.widget import widget
from intelvae.paper.results import Result

SHOWN = 400  # points of the data


class DecoderExplorer:
    """Three planes: `n` points of the prior, z = g(y), and the decoder's means, colours by the angle of y, on the data.

    Menus choose the data and the method. On the left y can be dragged, or moved by arrow keys; the others show g(y) and
    p(x|g(y)), its mean and an ellipse of two standard deviations. The script computes what the decoder would. Where
    scripts do not run, the planes are there for the first result.

    Parameter: `results` of models of points in the plane, which keep their "decoder". Raises `ValueError` for none, and
    for a mapping that the script does not have. Book: "Multiple connectivity".
    """

    def __init__(self, results: Sequence[Result], n: int = 400) -> None:
        if not results:
            raise ValueError("there is no decoder to show: run the experiment first")
        if unknown := {r.training.mapping for r in results} - {"identity", "circle", "glue", "clusters"}:
            raise ValueError(f"the script has no mapping {unknown.pop()!r}")
        self.results, self.y = list(results), cloud(n)

    def __repr__(self) -> str:
        return "decoders of " + ", ".join(f"{r.row.method.name} ({r.training.data})" for r in self.results)

    def _repr_html_(self) -> str:
        first = self.results[0]
        data = {r.training.data: Points(r.training.data).test[:SHOWN] for r in self.results}
        z, x = self.images(first)
        reach = {name: self._reach(name, points) for name, points in data.items()}
        models = list(dict.fromkeys(r.row.method.name for r in self.results))
        of_data = f'<path class="data" d="{dots(data[first.training.data])}"/>'
        return widget(
            style=STYLE + _STYLE,
            body=f"""<div class="controls" hidden>
<label for="@NAME@-data">data</label>{_menu("data", list(data))}<span></span>
<label for="@NAME@-model">model</label>{_menu("model", models)}
</div>
<div class="planes">
{plane("y", "y from N(0, I)", self.y, self.y, reach=REACH, above='<circle class="centre"/>')}
{plane("z", "z = g(y)", z, self.y, reach=reach_of(z), above=_MARK)}
{plane("x", "x: means on data", x, self.y, reach=reach[first.training.data], below=of_data, above=_SPREAD + _MARK)}
</div>
<output class="reading"></output>""",
            script=MAPS + SCRIPT + _SCRIPT,
            data={
                "points": {name: dots(points) for name, points in data.items()},
                "reach": reach,
                "models": [_numbers(r) for r in self.results],
            },
        )

    def images(self, result: Result) -> tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"]]:
        """z = g(y) and the decoder's means of the points y."""
        with torch.no_grad():
            g = mappings.create(result.training.mapping, 2, **dict(result.training.mapping_options))
            x = z = g.double()(self.y)
        *hidden, last = (of.double() for of in layers(result.kept))
        for layer in hidden:
            x = _affine(layer, x).relu()
        return z, _affine(last, x)

    def _reach(self, name: str, points: Float[Tensor, "m 2"]) -> float:
        """Of the axes of x, for all models of these data."""
        means = [self.images(r)[1] for r in self.results if r.training.data == name]
        return reach_of(torch.cat([points.double(), *means]))


def layers(kept: Mapping[str, Tensor]) -> list[Tensor]:
    """A decoder's layers in their order, (out, in + 1) each."""
    return [kept[name] for name in takewhile(kept.__contains__, (f"layer_{i}" for i in count()))]


def _affine(layer: Tensor, x: Tensor) -> Tensor:
    return x @ layer[:, :-1].T + layer[:, -1]


def _numbers(result: Result) -> dict[str, object]:
    """A model for the script: the constants of its mapping, and its decoder's numbers to six digits."""
    name, options = result.training.mapping, dict(result.training.mapping_options)
    constants = MAPPINGS[name].constants if name in MAPPINGS else ()
    return {
        "data": result.training.data,
        "model": result.row.method.name,
        "map": name,
        "constants": {c.name: options.get(c.name, c.start) for c in constants},
        "layers": [[[float(f"{w:.6g}") for w in row] for row in of.tolist()] for of in layers(result.kept)],
        "stddev": [float(f"{s:.6g}") for s in result.kept["stddev"].tolist()],
    }


def _menu(name: str, choices: Sequence[str]) -> str:
    options = "".join(f"<option>{html.escape(choice)}</option>" for choice in choices)
    return f'<select id="@NAME@-{name}" name="{name}">{options}</select>'


_MARK, _SPREAD = '<path class="centre" d=""/>', '<ellipse class="spread"/>'

_STYLE = """
& .planes { grid-template-columns: repeat(3, minmax(0, 1fr)); }
& path.data { stroke: currentColor; stroke-width: 3px; stroke-opacity: 0.35; }
@media (max-width: 600px) {  /* z and x below y */
  & .planes { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.5rem; }
  & figure:first-child { grid-column: 1 / -1; }
}
"""

_SCRIPT = """const kind = find("[name=data]"), method = find("[name=model]");
let y = [0.05, 0.95], model, g;  // arrow keys pass by the origin, which the circle keeps

const decode = z => model.layers.reduce((h, rows, i) => rows.map(row => {
  const sum = h.reduce((sum, x, j) => sum + row[j] * x, row.at(-1));
  return i < model.layers.length - 1 ? Math.max(0, sum) : sum;
}), z);
const drag = () => {
  const z = g(y), x = decode(z), [rx, ry] = model.stddev.map(s => 2 * s);
  find(".z .centre").setAttribute("d", dots([z]));
  find(".x .centre").setAttribute("d", dots([x]));
  set(find(".spread"), { cx: x[0], cy: x[1], rx, ry });
  say(`y = ${text(y)}, g(y) = ${text(z)}, x = ${text(x)} ± ${text(model.stddev)}`);
};
const say = movable(find("circle.centre"), y, to => { y = to; drag(); }, "y; arrow keys move it");
const draw = () => {
  const there = data.models.filter(of => of.data === kind.value);
  model = there.find(of => of.model === method.value) ?? there[0];  // a run may be missing
  method.value = model.model;
  g = maps[model.map](model.constants);
  const z = cloud.map(points => points.map(g));
  put(".z", z);
  put(".x", z.map(points => points.map(decode)), data.reach[model.data]);
  find(".data").setAttribute("d", data.points[model.data]);
  drag();
};

root.addEventListener("input", draw);
find(".controls").hidden = false;
draw();"""
