"""What one measure costs in another: rows of an experiment in the plane of two measures that the reader picks."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from operator import attrgetter

import pandas as pd
import torch
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from intelvae.paper.explorers.widget import png, sheet, widget
from intelvae.paper.prose import Table
from intelvae.paper.results import Result
from intelvae.paper.rows import Method, Row
from intelvae.paper.statistics import Metric, by_seed, mean_and_sd, summary

SAMPLES = 8  # shown of a row
VIEW = 320  # pixels of their strip, or the next smaller multiple of the images' own
_LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}


class TradeOffExplorer:
    """A point a row: means over seeds, bars of one standard deviation, colours and marks of the methods.

    Two menus choose a measure for each axis, at first the first two; an axis whose means span a factor of ten is
    logarithmic. The pointer, the focus or the arrow keys choose a point, which then has its name, all its measures and,
    if a result of the row keeps "images", the first of its samples. Where scripts do not run, there is a table.

    Parameters: `results`; `measures`, pairs of a label and a metric, which is NaN for results that lack it; `name`,
    what a row is called. Raises `ValueError` for fewer than two measures. Book: "Sparse codes".
    """

    def __init__(
        self,
        results: Sequence[Result],
        measures: Sequence[tuple[str, Metric]],
        name: Callable[[Row], str] = attrgetter("name"),
    ) -> None:
        if len(measures) < 2:
            raise ValueError(f"a trade-off is between two measures or more, not {len(measures)}")
        methods = list(dict.fromkeys(r.row.method for r in results))
        rows = sorted(dict.fromkeys(r.row for r in results), key=lambda r: (methods.index(r.method), r.value or 0.0))
        self.methods, self.labels, self.names = methods, [label for label, _ in measures], [name(row) for row in rows]
        self.of = [[r for r in results if r.row == row] for row in rows]
        self.values = [[list(by_seed(of, metric).values()) for _, metric in measures] for of in self.of]
        self.kept = [next((r.kept["images"][:SAMPLES] for r in of if "images" in r.kept), None) for of in self.of]

    def texts(self) -> list[list[str]]:
        """Mean and deviation of every row and measure, with about three digits; "" where there is no value."""
        largest = [max((abs(x) for of in column for x in of), default=1.0) for column in zip(*self.values, strict=True)]
        digits = [min(3, max(0, 2 - math.floor(math.log10(size or 1.0)))) for size in largest]
        return [[mean_and_sd(of, n) for of, n in zip(row, digits, strict=True)] for row in self.values]

    def table(self) -> pd.DataFrame:
        """The rows by measures, as `texts`."""
        columns = [dict(zip(self.labels, row, strict=True)) for row in self.texts()]
        return pd.DataFrame(
            {"row": name, **of, "seeds": len(found)}
            for name, of, found in zip(self.names, columns, self.of, strict=True)
        )

    def __repr__(self) -> str:
        return self.table().to_string(index=False)

    def _repr_html_(self) -> str:
        options = [f'<option value="{i}">{html.escape(label)}</option>' for i, label in enumerate(self.labels)]
        up = "".join(options).replace('value="1"', 'value="1" selected')
        kept = [images for images in self.kept if images is not None]
        tiles = iter(range(len(kept)))
        points = [
            {
                "name": name,
                "method": self.methods.index(found[0].row.method),
                "bars": [_bar(values) for values in row],
                "texts": texts,
                "tile": None if images is None else next(tiles),
            }
            for name, found, row, texts, images in zip(
                self.names, self.of, self.values, self.texts(), self.kept, strict=True
            )
        ]
        methods = [{"color": m.color, "mark": _mark(m), "dashes": " ".join(map(str, m.dashes))} for m in self.methods]
        style, height = _STYLE, 0
        if kept:
            h, w = kept[0].shape[-2:]
            scale = max(1, VIEW // (SAMPLES * w))
            height = h * scale
            style += f"""& .samples {{ width: {SAMPLES * w * scale}px; height: {height}px; }}
& .samples {{ background: url({png(sheet(torch.stack(kept)))}) 0 0 / 100% auto; image-rendering: pixelated; }}"""
        return widget(
            style=style,
            body=f"""<div class="controls" hidden>
<label for="@NAME@-x">across</label><select id="@NAME@-x">{"".join(options)}</select>
<label for="@NAME@-y">up</label><select id="@NAME@-y">{up}</select>
</div>
<div class="plot" hidden>
<p class="legend">{"".join(_entry(m) for m in self.methods)}</p>
<svg role="listbox" aria-label="rows of the experiment; arrow keys go to the next"></svg>
<output class="reading"></output>
<div class="samples" role="img" aria-label="samples of the chosen row"></div>
</div>
<details open><summary>As a table</summary>{Table(self.table())._repr_html_()}</details>""",
            script=_SCRIPT,
            data={"labels": self.labels, "points": points, "methods": methods, "height": height},
        )


def _bar(values: Sequence[float]) -> list[float] | None:
    """Mean and deviation, 0 of a single value; None without any."""
    if not values:
        return None
    mean, sd = summary(values)
    return [mean, sd if len(values) > 1 else 0.0]


def _mark(method: Method) -> str:
    """Matplotlib's marker of a method as a path of SVG, one unit high and, as there, with y growing upwards."""
    style = MarkerStyle(method.marker)
    pieces = style.get_path().transformed(style.get_transform()).iter_segments(simplify=False)
    return "".join(
        "Z" if code == Path.CLOSEPOLY else _LETTERS[code] + " ".join(f"{x:.3g}" for x in at) for at, code in pieces
    )


def _entry(method: Method) -> str:
    """A method in the legend."""
    line = f'<path d="M-16 0H16" stroke="{method.color}" stroke-dasharray="{" ".join(map(str, method.dashes))}"/>'
    mark = f'<path d="{_mark(method)}" transform="scale(8 -8)" fill="{method.color}"/>'
    return f'<span><svg viewBox="-16 -6 32 12" aria-hidden="true">{line}{mark}</svg> {html.escape(method.name)}</span> '


_STYLE = """
& select { grid-column: 2 / -1; max-width: min(100%, 36rem); }
& .legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; font-size: 0.85em; }
& .legend svg { display: inline; width: 32px; height: 12px; }
& .plot > svg { display: block; width: 100%; height: 360px; overflow: visible; }
& .plot text { fill: currentColor; font-size: 12px; text-anchor: middle; }
& .plot text.of-y { text-anchor: end; dominant-baseline: middle; }
& .plot text.title { font-size: 13px; }
& .axes { fill: none; stroke: currentColor; stroke-opacity: 0.5; }
& .line { fill: none; }
& [role=option] { cursor: pointer; outline: none; }
& [role=option] .ring { fill: none; stroke: none; }
& [role=option][aria-selected=true] .ring { stroke: currentColor; stroke-width: 2px; }
& .reading { display: block; min-height: 3em; }
& .reading b { display: block; }
& details { overflow-x: auto; }
"""

_SCRIPT = """const [across, up] = root.querySelectorAll("select");
const chart = root.querySelector(".plot > svg"), reading = root.querySelector(".reading");
const strip = root.querySelector(".samples"), details = root.querySelector("details");
const HEIGHT = 360, escape = text => Object.assign(document.createElement("i"), { textContent: text }).innerHTML;
let places = [], chosen = 0;

// an axis from pixel `from` to `to` for these means and deviations: where a value is, the ends of a bar, and the ticks
const axis = (bars, from, to) => {
  const means = bars.map(bar => bar[0]), log = Math.min(...means) > 0 && Math.max(...means) > 10 * Math.min(...means);
  const ends = ([mean, sd]) => [log ? Math.max(mean - sd, mean / 2) : mean - sd, mean + sd];
  const scale = log ? Math.log10 : x => x, all = bars.flatMap(ends).map(scale);
  let low = Math.min(...all), high = Math.max(...all);
  const room = 0.06 * (high - low) || Math.abs(high) / 10 || 1;
  [low, high] = [low - room, high + room];
  const place = x => from + (to - from) * (scale(x) - low) / (high - low), ticks = [];
  const unit = 10 ** Math.floor(Math.log10((high - low) / 4));
  const step = unit * [1, 2, 5, 10].find(m => (high - low) / (m * unit) <= 6);
  if (log) for (let k = Math.floor(low); k <= high; k++) ticks.push(...[1, 2, 5].map(m => m * 10 ** k));
  else for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(k * step);
  const inside = ticks.filter(x => scale(x) >= low && scale(x) <= high);
  const text = x => x.toLocaleString("en", { maximumSignificantDigits: 6 }).replace("-", "−");
  return { place, ends, ticks: inside.map(x => [place(x), text(x)]) };
};

const draw = () => {
  const width = chart.clientWidth, right = width - 12, bottom = HEIGHT - 44, [left, top] = [64, 12];
  if (!width) return;
  const [i, j] = [+across.value, +up.value], focused = chart.contains(document.activeElement);
  const shown = [...data.points.keys()].filter(k => data.points[k].bars[i] && data.points[k].bars[j]);
  const x = axis(shown.map(k => data.points[k].bars[i]), left, right);
  const y = axis(shown.map(k => data.points[k].bars[j]), bottom, top);
  places = shown.map(k => ({ k, x: x.place(data.points[k].bars[i][0]), y: y.place(data.points[k].bars[j][0]) }));
  const lines = data.methods.map((method, m) => {
    const of = places.filter(({ k }) => data.points[k].method === m).map(({ x, y }) => `${x} ${y}`).join("L");
    return of && `<path class="line" d="M${of}" stroke="${method.color}" stroke-dasharray="${method.dashes}"/>`;
  });
  const points = places.map(({ k, x: a, y: b }) => {
    const { bars, method } = data.points[k], { color, mark } = data.methods[method];
    const [x1, x2] = x.ends(bars[i]).map(x.place), [y1, y2] = y.ends(bars[j]).map(y.place);
    return `<g role="option" tabindex="-1" data-k="${k}">
      <path d="M${x1} ${b}H${x2}M${a} ${y1}V${y2}" stroke="${color}"/>
      <path d="${mark}" fill="${color}" transform="translate(${a} ${b}) scale(11 -11)"/>
      <circle class="ring" cx="${a}" cy="${b}" r="10"/><circle cx="${a}" cy="${b}" r="12" fill-opacity="0"/></g>`;
  });
  chart.innerHTML = `<path class="axes" d="M${left} ${top}V${bottom}H${right}`
    + x.ticks.map(([at]) => `M${at} ${bottom}v5`).join("") + y.ticks.map(([at]) => `M${left} ${at}h-5`).join("") + `"/>`
    + x.ticks.map(([at, text]) => `<text x="${at}" y="${bottom + 18}">${text}</text>`).join("")
    + y.ticks.map(([at, text]) => `<text class="of-y" x="${left - 8}" y="${at}">${text}</text>`).join("")
    + `<text class="title" x="${(left + right) / 2}" y="${HEIGHT - 8}">${escape(data.labels[i])}</text>`
    + `<text class="title" transform="translate(10 ${(top + bottom) / 2}) rotate(-90)">${escape(data.labels[j])}</text>`
    + lines.join("") + points.join("");
  for (const g of options()) g.setAttribute("aria-label", `${data.points[g.dataset.k].name}: ${measures(g.dataset.k)}`);
  if (shown.length) choose(shown.includes(chosen) ? chosen : shown[0]);
  else reading.textContent = "no row has both measures";
  if (focused) chart.querySelector("[aria-selected=true]")?.focus();
};
const options = () => chart.querySelectorAll("[role=option]");
const measures = k =>
  data.points[k].texts.map((text, i) => text && `${data.labels[i]} ${text}`).filter(Boolean).join("; ");
const choose = k => {
  chosen = k;
  for (const g of options()) {
    g.setAttribute("aria-selected", +g.dataset.k === k);
    g.setAttribute("tabindex", +g.dataset.k === k ? 0 : -1);
  }
  const { name, tile } = data.points[k], bold = Object.assign(document.createElement("b"), { textContent: name });
  reading.replaceChildren(bold, measures(k));
  strip.style.visibility = tile === null ? "hidden" : "visible";
  strip.style.backgroundPositionY = `${-tile * data.height}px`;
};
const pointed = event => {
  const g = event.target.closest("[role=option]");
  if (g && +g.dataset.k !== chosen) choose(+g.dataset.k);
};
const ways = { ArrowRight: ["x", 1], ArrowLeft: ["x", -1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };
chart.addEventListener("keydown", event => {
  if (!ways[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  const [way, by] = ways[event.key], order = [...places].sort((a, b) => a[way] - b[way]);
  const next = order[order.findIndex(({ k }) => k === chosen) + by];
  if (next) chart.querySelector(`[data-k="${next.k}"]`).focus();
});
for (const what of ["pointermove", "click", "focusin"]) chart.addEventListener(what, pointed);  // not at rest
root.querySelector(".controls").addEventListener("input", draw);
root.querySelector(".controls").hidden = root.querySelector(".plot").hidden = details.open = false;
new ResizeObserver(draw).observe(chart);"""
