"""Decoded images along one latent dimension: models side by side, a slider for y, and how probable y is."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import pad

from intelvae import mappings
from intelvae.paper.evaluation.digits import ALONG
from intelvae.paper.explorers.widget import png, sheet, widget
from intelvae.paper.results import Result

VIEW = 160  # pixels a side, or the next smaller multiple of the image's own: two fit a telephone
WIDTH, HEIGHT = 480, 90  # of the curve of p(y)


class LineExplorer:
    """What models with the prior N(0, 1) decode at y: the images of one network's models, side by side.

    A menu chooses the network, a slider y, below the curve of p(y). A dashed line is at y = 0, where the mapping of two
    clusters tears the latent. Where scripts do not run, all images are there, a row a model.

    Parameter: `results` of models with one latent dimension, which keep their "traversal"; a network that lacks one of
    the rows is left out. Raises `ValueError` if none is left. Book: "Multi-modality on zeros and ones".
    """

    def __init__(self, results: Sequence[Result]) -> None:
        self.names = list(dict.fromkeys(r.row.name for r in results))
        of = {(r.training.network, r.row.name): r for r in results}
        networks = dict.fromkeys(r.training.network for r in results)
        self.networks = [network for network in networks if all((network, name) in of for name in self.names)]
        if not self.networks:
            raise ValueError("there is no network with all models to show: run the experiment first")
        self.results = [of[network, name] for network in self.networks for name in self.names]

    def __repr__(self) -> str:
        y = f"{len(ALONG)} images each, y from {ALONG[0]:g} to {ALONG[-1]:g}"
        return f"{', '.join(self.names)}, by network: {', '.join(self.networks)}; {y}"

    def images(self) -> UInt8[Tensor, "models values 1 side side"]:
        """All images, the smaller ones with a margin, in the order of networks and names."""
        found = [r.kept["traversal"] for r in self.results]
        side = max(of.shape[-1] for of in found)
        margins = [(side - of.shape[-1]) // 2 for of in found]
        return torch.stack([pad(of, (margin,) * 4) for of, margin in zip(found, margins, strict=True)])

    def _repr_html_(self) -> str:
        images = self.images()
        m, n, *_, w = images.shape
        side = w * max(1, VIEW // w)
        options = "".join(f'<option value="{i}">{html.escape(name)}</option>' for i, name in enumerate(self.networks))
        view = '<figure><div class="view" role="img"></div><figcaption>{}<br><span></span></figcaption></figure>'
        alt = f"Images decoded at y from {ALONG[0]:g} to {ALONG[-1]:g}, for the networks {', '.join(self.networks)} in "
        alt += f"turn a row for each of {', '.join(self.names)}."
        return widget(
            style=f"""{_STYLE}
& .view {{ width: {side}px; height: {side}px; border: 1px solid currentColor; }}
& .view {{ background-size: {side * n}px {side * m}px; image-rendering: pixelated; }}""",
            body=f"""<div class="controls" hidden>
<label for="@NAME@-network">network</label><select id="@NAME@-network">{options}</select>
<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="p(y), a Gaussian around 0; dashed: y = 0">
<path class="prior" d="{_curve()}"/><path class="tear" d="M{WIDTH / 2:g} 0V{HEIGHT}"/><path class="at" d=""/></svg>
<label for="@NAME@-y">y</label>
<input type="range" id="@NAME@-y" min="0" max="{n - 1}" step="1" value="{n // 2 - 1}"><output for="@NAME@-y"></output>
</div>
<div class="views" hidden>{"".join(view.format(html.escape(name)) for name in self.names)}</div>
<img alt="{html.escape(alt)}" src="{png(sheet(images))}">""",
            script=_SCRIPT,
            data={
                "y": ALONG.tolist(),
                "density": [round(p, 3) for p in _density()],
                "z": [_z(r).round(decimals=2).tolist() for r in self.results],
                "names": self.names,
                "size": [side, WIDTH, HEIGHT],
            },
        )


def _z(result: Result) -> Tensor:
    """Where the mapping of a model takes the y, (13,)."""
    with torch.no_grad():
        g = mappings.create(result.training.mapping, 1, **dict(result.training.mapping_options))
        return g.double()(ALONG.double()[:, None])[:, 0]


def _density(steps: int = 1) -> list[float]:
    """p(y) at the y, and at `steps` - 1 places between two of them."""
    y = torch.linspace(ALONG[0], ALONG[-1], steps * (len(ALONG) - 1) + 1).double()
    return torch.distributions.Normal(0.0, 1.0).log_prob(y).exp().tolist()


def _curve() -> str:
    """p(y) as a path that is closed at the bottom."""
    p = _density(steps=5)
    high = 0.95 * HEIGHT * math.sqrt(2 * math.pi)
    tops = "".join(f"L{i * WIDTH / (len(p) - 1):g} {HEIGHT - high * of:.4g}" for i, of in enumerate(p))
    return f"M0 {HEIGHT}{tops}L{WIDTH} {HEIGHT}Z"


_STYLE = """
& .controls { grid-template-columns: min-content minmax(0, 28rem) minmax(8.5rem, 1fr); }
& select { max-width: 12rem; }
& .controls svg { grid-column: 2; display: block; width: calc(100% - 16px); margin: 0 8px; overflow: visible; }
& .prior { fill: currentColor; fill-opacity: 0.15; stroke: currentColor; }
& .tear { stroke: currentColor; stroke-dasharray: 4 4; }
& .at { stroke: var(--pst-color-primary, Highlight); stroke-width: 3px; }
& svg + label { grid-column: 1; }
& input { margin: 0; }
& .views { display: flex; flex-wrap: wrap; gap: 1rem; }
& figure { margin: 0; }
& img { max-width: 100%; }
& output, & figcaption { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 600px) {
  & .controls { grid-template-columns: min-content minmax(0, 1fr); }
  & output { grid-column: 2; }
}
"""

_SCRIPT = """const network = root.querySelector("select"), slider = root.querySelector("input");
const views = root.querySelectorAll(".view"), all = root.querySelector("img");
const text = (x, digits = 2) => x.toFixed(digits).replace("-", "−");
const draw = () => {
  const i = +slider.value, [side, width, height] = data.size, at = i * width / (data.y.length - 1);
  const y = text(data.y[i], 1);
  root.querySelector(".at").setAttribute("d", `M${at} 0V${height}`);
  root.querySelector("output").textContent = `${y}, p(y) = ${text(data.density[i])}`;
  slider.setAttribute("aria-valuetext", y);
  views.forEach((view, k) => {
    const row = network.value * data.names.length + k;
    view.style.backgroundPosition = `${-i * side}px ${-row * side}px`;
    view.nextElementSibling.querySelector("span").textContent = `z = ${text(data.z[row][i])}`;
    view.setAttribute("aria-label", `${data.names[k]} at y = ${y}`);
  });
};
root.addEventListener("input", draw);
views.forEach(view => view.style.backgroundImage = `url(${all.src})`);
all.hidden = true;
root.querySelector(".controls").hidden = root.querySelector(".views").hidden = false;
draw();"""
