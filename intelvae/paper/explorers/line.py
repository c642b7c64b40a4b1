"""Decoded images along one latent dimension: models side by side, a slider for y, and what the prior says of it."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from intelvae import mappings
from intelvae.paper.evaluation.digits import FINE
from intelvae.paper.explorers.widget import png, sheet, widget
from intelvae.paper.results import Result

EVERY = 5  # of the images that are shown where scripts do not run
WIDTH, HEIGHT = 480, 90  # of the curve of p(y)


class LineExplorer:
    """What the models decode at y: a slider, with the curve of p(y) above it, and the images of all models below.

    A dashed line is at y = 0, where the mapping of the digits tears the latent. Where scripts do not run, every fifth
    image is there, a row a model.

    Parameter: `results` of models with one latent dimension, which keep their images "along" y. Raises `ValueError` for
    none. Book: "Multi-modality on zeros and ones".
    """

    def __init__(self, results: Sequence[Result]) -> None:
        if not results:
            raise ValueError("there are no images to show: run the experiment first")
        self.results, self.images = list(results), torch.stack([r.kept["along"] for r in results])

    def __repr__(self) -> str:
        names = ", ".join(r.row.method.name for r in self.results)
        return f"{names}: {len(FINE)} images each, y from {FINE[0]:g} to {FINE[-1]:g}"

    def _repr_html_(self) -> str:
        _, n, _, h, w = self.images.shape
        scale = max(1, 160 // w)
        width, height = w * scale, h * scale
        names = [r.row.method.name for r in self.results]
        alt = f"Images decoded at y from {FINE[0]:g} to {FINE[-1]:g}, a row for each of {', '.join(names)}."
        views = "".join(
            f'<figure><div class="view" role="img" style="background-position-y: {-i * height}px"></div>'
            f"<figcaption>{html.escape(name)}<br><span></span></figcaption></figure>"
            for i, name in enumerate(names)
        )
        return widget(
            style=f"""{_STYLE}
& .view {{ width: {width}px; height: {height}px; background-image: url({png(sheet(self.images))}); }}
& .view {{ background-size: {width * n}px {height * len(names)}px; image-rendering: pixelated; }}""",
            body=f"""<div class="controls" hidden>
<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="p(y), a Gaussian around 0; dashed: y = 0">
<path class="prior" d="{_curve()}"/><path class="tear" d="M{WIDTH / 2:g} 0V{HEIGHT}"/><path class="at" d=""/></svg>
<label for="@NAME@-y">y</label>
<input type="range" id="@NAME@-y" min="0" max="{n - 1}" step="1" value="{n // 2 + n // 6}">
<output for="@NAME@-y"></output>
</div>
<div class="views" hidden>{views}</div>
<img alt="{html.escape(alt)}" src="{png(sheet(self.images[:, ::EVERY]))}">""",
            script=_SCRIPT,
            data={
                "y": FINE.double().round(decimals=2).tolist(),
                "z": [_z(r).round(decimals=2).tolist() for r in self.results],
                "names": names,
                "size": [width, WIDTH, HEIGHT],
            },
        )


def _z(result: Result) -> Tensor:
    """Where the mapping of a model takes the y, (61,)."""
    with torch.no_grad():
        g = mappings.create(result.training.mapping, 1, **dict(result.training.mapping_options))
        return g.double()(FINE.double()[:, None])[:, 0]


def _curve() -> str:
    """The density of N(0, 1) over the y, as a path that is closed at the bottom."""
    tops = [
        f"{i * WIDTH / (len(FINE) - 1):g} {HEIGHT - 0.95 * HEIGHT * math.exp(-0.5 * y**2):.4g}"
        for i, y in enumerate(FINE.tolist())
    ]
    return f"M0 {HEIGHT}L{'L'.join(tops)}L{WIDTH} {HEIGHT}Z"


_STYLE = """
& .controls { grid-template-columns: min-content minmax(0, 30rem) 8rem; }
& .controls svg { grid-column: 2; display: block; width: calc(100% - 16px); margin: 0 8px; overflow: visible; }
& .prior { fill: currentColor; fill-opacity: 0.15; stroke: currentColor; }
& .tear { stroke: currentColor; stroke-dasharray: 4 4; }
& .at { stroke: var(--pst-color-primary, Highlight); stroke-width: 3px; }
& svg + label { grid-column: 1; }
& input { margin: 0; }
& .views { display: flex; flex-wrap: wrap; gap: 1rem; }
& figure { margin: 0; }
& .view { border: 1px solid currentColor; }
& .view + figcaption { font-variant-numeric: tabular-nums; text-align: left; }
& img { max-width: 100%; }
& output { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 600px) {
  & .controls { grid-template-columns: min-content minmax(0, 1fr); }
  & output { grid-column: 2; }
}
"""

_SCRIPT = """const slider = root.querySelector("input"), views = root.querySelectorAll(".view");
const text = x => (x + 0).toFixed(2).replace("-", "−");
const draw = () => {
  const i = +slider.value, y = data.y[i], [size, width, height] = data.size, density = Math.exp(-y * y / 2) / 2.5066;
  const at = i * width / (data.y.length - 1);
  root.querySelector(".at").setAttribute("d", `M${at} 0V${height}`);
  root.querySelector("output").textContent = `${text(y)}, p(y) = ${density.toFixed(2)}`;
  slider.setAttribute("aria-valuetext", text(y));
  views.forEach((view, k) => {
    view.style.backgroundPositionX = `${-i * size}px`;
    view.nextElementSibling.querySelector("span").textContent = `z = ${text(data.z[k][i])}`;
    view.setAttribute("aria-label", `${data.names[k]} at y = ${text(y)}`);
  });
};
slider.addEventListener("input", draw);
root.querySelector("img").hidden = true;
root.querySelector(".controls").hidden = root.querySelector(".views").hidden = false;
draw();"""
