"""Decoded images that a reader moves through with sliders."""

from __future__ import annotations

import html
from collections.abc import Sequence

from jaxtyping import UInt8
from torch import Tensor

from intelvae.paper.explorers.widget import png, sheet, widget

VIEW = 224  # pixels a side, or the next smaller multiple of the image's own: fits a telephone


class Explorer:
    """Decoded images along dimensions of codes: a menu for the group, a slider for the dimension, one for its value.

    All images are tiles of one PNG, of which the script shows one at a time. Where scripts do not run (GitHub, a
    printed page) the whole PNG is there instead, a row a group and dimension and a column a value. Colours of text and
    controls are those of the page around it.

    Parameters: `images` (G, K, V, C, H, W), bytes, grey ones drawn dark on light; `groups`, G names; `dimensions`, K
    names for each of them; `values`, V numbers for each of these; `start`, the column that is shown first, for each
    group and dimension; `kind`, what a group is; `alt`, the picture in words. Raises `ValueError` where these do not go
    together, and for a single value. Book: "Sparse codes".

    >>> import torch
    >>> images = torch.zeros(1, 2, 3, 1, 8, 8, dtype=torch.uint8)
    >>> Explorer(images, ["coat"], [["4", "7"]], [[[-1.0, 0.0, 1.0]] * 2], [[1, 1]], kind="class", alt="Coats.")
    coat: dimensions 4, 7; 3 values each
    """

    def __init__(
        self,
        images: UInt8[Tensor, "groups dims values channels height width"],
        groups: Sequence[str],
        dimensions: Sequence[Sequence[str]],
        values: Sequence[Sequence[Sequence[float]]],
        start: Sequence[Sequence[int]],
        *,
        kind: str,
        alt: str,
    ) -> None:
        g, k, v = images.shape[:3]
        rows = [*dimensions, *start, *values]
        if v < 2 or any(len(given) != g for given in (groups, dimensions, values, start)):
            raise ValueError(f"images {tuple(images.shape)} need {g} groups and at least 2 values")
        if any(len(row) != k for row in rows) or any(len(numbers) != v for of in values for numbers in of):
            raise ValueError(f"images {tuple(images.shape)} need {k} dimensions a group and {v} values of each")
        self.images, self.groups, self.dimensions, self.values, self.start = images, groups, dimensions, values, start
        self.kind, self.alt = kind, alt

    def __repr__(self) -> str:
        lines = [f"{group}: dimensions {', '.join(of)}" for group, of in zip(self.groups, self.dimensions, strict=True)]
        return f"{'; '.join(lines)}; {self.images.shape[2]} values each"

    def sheet(self) -> UInt8[Tensor, "channels rows columns"]:
        """All images as one: groups and dimensions down, values across."""
        return sheet(self.images.flatten(0, 1))

    def _repr_html_(self) -> str:
        g, k, v, _, h, w = self.images.shape
        scale = max(1, VIEW // w)
        width, height = w * scale, h * scale
        options = "".join(f'<option value="{i}">{html.escape(group)}</option>' for i, group in enumerate(self.groups))
        return widget(
            style=f"""& .view {{ width: {width}px; height: {height}px; border: 1px solid currentColor; }}
& .view {{ background-size: {width * v}px {height * g * k}px; image-rendering: pixelated; }}
& img {{ max-width: 100%; }}""",
            body=f"""<div class="controls" hidden>
<label for="@NAME@-group">{html.escape(self.kind)}</label><select id="@NAME@-group">{options}</select><span></span>
<label for="@NAME@-dimension">dimension</label>
<input type="range" id="@NAME@-dimension" min="0" max="{k - 1}" step="1" value="0">
<output for="@NAME@-dimension"></output>
<label for="@NAME@-value">value</label>
<input type="range" id="@NAME@-value" min="0" max="{v - 1}" step="1" value="0">
<output for="@NAME@-value"></output>
</div>
<div class="view" role="img" hidden></div>
<img alt="{html.escape(self.alt)}" src="{png(self.sheet())}">""",
            script=_SCRIPT,
            data={
                "groups": list(self.groups),
                "dimensions": [list(of) for of in self.dimensions],
                "values": [[[round(x, 2) for x in row] for row in of] for of in self.values],
                "start": [list(of) for of in self.start],
                "size": [width, height],
            },
        )


_SCRIPT = """const [group, dimension, value] = root.querySelectorAll("select, input");
const [named, number] = root.querySelectorAll("output");
const view = root.querySelector(".view"), sheet = root.querySelector("img");
const draw = () => {
  const g = +group.value, d = +dimension.value, v = +value.value;
  const label = data.dimensions[g][d], at = data.values[g][d][v].toFixed(2);
  const row = g * data.dimensions[g].length + d;
  view.style.backgroundPosition = `${-v * data.size[0]}px ${-row * data.size[1]}px`;
  view.setAttribute("aria-label", `${data.groups[g]}, dimension ${label} at ${at}`);
  dimension.setAttribute("aria-valuetext", named.textContent = label);
  value.setAttribute("aria-valuetext", number.textContent = at);
};
const restart = () => { value.value = data.start[+group.value][+dimension.value]; draw(); };
group.addEventListener("input", restart);
dimension.addEventListener("input", restart);
value.addEventListener("input", draw);
view.style.backgroundImage = `url(${sheet.src})`;
sheet.hidden = true;
root.querySelector(".controls").hidden = view.hidden = false;
restart();"""
