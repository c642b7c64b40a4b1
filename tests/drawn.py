"""Results made by hand, and what a figure of them shows, read back from its artists."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation

from intelvae import training
from intelvae.models import VAE
from intelvae.paper import rows, runs
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.datasets import Points
from intelvae.paper.evaluation.points import decoder
from intelvae.paper.results import Measured, Result, Results, Trained
from intelvae.paper.rows import Method, Row, Run

METHODS = [value for value in vars(rows).values() if isinstance(value, Method)]


def result(name="VAE", group="", *, seed=0, method=None, value=None, metrics=None, curves=None, kept=None, **settings):
    """A result of a row of that name that has these metrics and curves, and has kept these tensors."""
    of = method or next((m for m in METHODS if m.name == name), None) or Method(name, "black", "o")
    settings = {"data": "circle", "network": "mlp", "latent_dim": 2, "likelihood": "gaussian", "epochs": 1} | settings
    evaluation = Evaluation("elbo")
    row = Row(name, of, settings, group, value)
    run = Run(row, Training(seed=seed, **settings), (evaluation,))
    trained = Trained(run.training, curves or {}, 0, 1.0, "cpu", {"torch": "2"}, "abc", "2026-11-28")
    measured = Measured(run.training.key, evaluation, metrics or {}, 1.0, "abc", "2026-11-28", kept or {})
    return Result(run, trained, [measured])


def with_decoder(method, data, *, seed=0, **settings) -> tuple[Result, VAE]:
    """A result of an untrained model of points in the plane, which keeps its decoder, and the model."""
    of = result(method.name, method=method, data=data, seed=seed, likelihood="learned-gaussian", **settings)
    with training.seeded(seed):
        _, model, _ = runs.prepare(of.training)
    with torch.no_grad():
        for weights in model.decoder[0].parameters():
            weights *= 3  # untrained it is nearly constant
    kept = decoder(model.eval(), Points(data))
    return result(of.row.name, method=method, seed=seed, kept=kept, **of.row.settings), model


def untrained() -> list[tuple[Result, VAE]]:
    """Such models with all mappings that a reader moves them with."""
    return [
        with_decoder(rows.VAE, "circle"),
        with_decoder(rows.INTEL, "circle", mapping="circle", seed=1),
        with_decoder(rows.VAE, "infinity", network="mlp-2", seed=2),
        with_decoder(rows.INTEL, "infinity", mapping="glue", seed=3),
        with_decoder(rows.INTEL, "mixture", mapping="clusters", mapping_options={"k": 2}, seed=4),
    ]


def along(*methods: Method, networks=("mathieu", "authors")) -> list[Result]:
    """Results that keep images along y, each of one grey of its own; smaller ones of the network "authors"."""
    greys = 2 * torch.arange(len(networks) * len(methods) * 13, dtype=torch.uint8).reshape(-1, 13, 1, 1, 1)
    of = {rows.VAE: {}, rows.INTEL: {"mapping": "clusters", "mapping_options": {"k": 2}}}
    sizes = [(network, 8 if network == "authors" else 12, method) for network in networks for method in methods]
    return [
        result(
            method.name, method=method, data="mnist-01", latent_dim=1, network=network,
            kept={"traversal": grey.expand(-1, 1, size, size)}, **of[method],
        )
        for (network, size, method), grey in zip(sizes, greys, strict=True)
    ]  # fmt: skip


def results(*found: Result, experiment="", profile="smoke") -> Results:
    """These results, as those of an experiment that asked for them."""
    return Results(experiment, profile, [r.run for r in found], found)


def colour(artist: Line2D | Patch | Collection) -> str:
    """The one by which a reader tells it from others; of marks that are filled with white it is the edge's."""
    match artist:
        case Line2D() if artist.get_linestyle() == "None":
            inside = to_hex(artist.get_markerfacecolor())
            return to_hex(artist.get_markeredgecolor()) if inside == "#ffffff" else inside
        case Line2D():
            return to_hex(artist.get_color())
        case Patch():
            return to_hex(artist.get_facecolor() if artist.get_fill() else artist.get_edgecolor())
    (one,) = set(_colours(artist))
    return one


def _colours(marks: Collection) -> list[str]:
    of = marks.get_facecolor()
    return [to_hex(each) for each in (of if len(of) else marks.get_edgecolor())]


def without_colour(artist: Line2D | Patch | Collection) -> tuple:
    """What is left of its look in black and white."""
    match artist:
        case Line2D():
            shown = (
                artist.get_linestyle() != "None" and artist._unscaled_dash_pattern
            )  # matplotlib tells it no other way
            return artist.get_marker(), str(shown), to_hex(artist.get_markerfacecolor()) == "#ffffff"
        case Patch():
            return artist.get_fill(), artist.get_hatch(), to_hex(artist.get_facecolor()) == "#ffffff"
    return len(artist.get_paths()[0].vertices), *artist.get_sizes()


def dots(axis: Axes) -> dict[str, list[list[float]]]:
    """The places of a scatter plot's marks, by colour."""
    found: dict[str, list[list[float]]] = {}
    for marks in axis.collections:
        if isinstance(marks, PathCollection) and len(marks.get_offsets()):
            places, of = np.asarray(marks.get_offsets()).tolist(), _colours(marks)
            for place, each in zip(places, of * len(places) if len(of) == 1 else of, strict=True):
                found.setdefault(each, []).append(place)
    return found


def _lines(axis: Axes) -> Iterator[Line2D]:
    """Those that are seen: no caps of bars, no lines without data, no lines from side to side."""
    caps = {cap for bars in axis.containers if hasattr(bars, "lines") for cap in bars.lines[1]}
    for line in axis.lines:
        seen = line.get_linestyle() != "None" or line.get_marker() not in ("None", "", None)
        if seen and line not in caps and len(line.get_xdata()) and line.get_transform() == axis.transData:
            yield line


def lines(axis: Axes) -> list[tuple[str, list[float], list[float]]]:
    """Colour, x and y of every line or row of marks."""
    return [(colour(line), *map(list, (line.get_xdata(), line.get_ydata()))) for line in _lines(axis)]


def line_of(axis: Axes, wanted: str) -> Line2D:
    """The one line of a colour."""
    (line,) = [line for line in _lines(axis) if colour(line) == wanted]
    return line


def levels(axis: Axes) -> list[tuple[str, str, float]]:
    """Colour, direction and place of the lines that go from side to side ("y") or from bottom to top ("x")."""
    found = []
    for line in axis.lines:
        in_x, in_y = line.get_transform().contains_branch_seperately(axis.transData)
        if in_x != in_y:
            at = line.get_xdata() if in_x else line.get_ydata()
            assert at[0] == at[1]
            found.append((colour(line), "x" if in_x else "y", at[0]))
    return found


def _segments(of: LineCollection) -> list[np.ndarray]:
    """Those that are seen: the bar of an unknown deviation has no ends."""
    return [segment for segment in of.get_segments() if len(segment)]


def bars(axis: Axes, wanted: str, direction: str = "y") -> list[tuple[float, float]]:
    """Low and high ends of the bars of one colour for deviations."""
    found = []
    for container in axis.containers:
        directions = ["x"] * container.has_xerr + ["y"] * container.has_yerr
        for of, name in zip(container.lines[2], directions, strict=True):
            if name == direction and colour(of) == wanted:
                found += [tuple(segment[:, "xy".index(name)]) for segment in _segments(of)]
    return found


def legend_of(figure: Figure) -> Legend:
    """The one legend of a figure, in a margin or in an axis."""
    (found,) = [*figure.legends, *(axis.get_legend() for axis in figure.axes if axis.get_legend())]
    return found


def legend(figure: Figure) -> dict[str, str]:
    """The colour that the legend gives each of its words."""
    found = legend_of(figure)
    assert len(found.texts) == len(found.legend_handles)
    return {text.get_text(): colour(h) for text, h in zip(found.texts, found.legend_handles, strict=True)}


def pixels(axis: Axes) -> np.ndarray:
    """The one image of an axis, which is drawn as it is: bytes, dark on light where it is grey."""
    (image,) = axis.images
    assert image.get_clim() == (0, 255) and image.get_cmap().name == "gray_r" and image.origin == "upper"
    return np.asarray(image.get_array())


def tiles(axis: Axes, rows: int, columns: int) -> np.ndarray:
    """The images (rows, columns, H, W, ...) that the one of an axis is made of."""
    whole = pixels(axis)
    h, w = whole.shape[0] // rows, whole.shape[1] // columns
    return whole.reshape(rows, h, columns, w, *whole.shape[2:]).swapaxes(1, 2)


def _places(axis: Axes) -> Iterator[tuple[object, np.ndarray]]:
    """Every artist that shows data, and the places (N, 2) that it needs; NaN where one is free."""
    for line in axis.lines:
        known = line.get_transform().contains_branch_seperately(axis.transData)
        yield line, np.where(known, np.asarray(line.get_xydata(), dtype=float), np.nan)
    for of in axis.collections:
        if isinstance(of, LineCollection):
            yield of, np.concatenate([np.empty((0, 2)), *_segments(of)])
        else:
            yield of, np.asarray(of.get_offsets(), dtype=float)
    for patch in axis.patches:
        yield patch, patch.get_path().get_extents(patch.get_patch_transform()).get_points()
    for image in axis.images:
        yield image, np.array(image.get_extent()).reshape(2, 2).T
    for text in axis.texts:
        if isinstance(text, Annotation):
            yield text, np.array([text.xy], dtype=float)
        elif text.get_transform() == axis.transData:
            yield text, np.array([text.get_position()])


def words(axis: Axes) -> tuple[str, str]:
    """The labels of x and y, as far as they are shown."""
    x, y = (each.label for each in (axis.xaxis, axis.yaxis))
    return x.get_text() * x.get_visible(), y.get_text() * y.get_visible()


def hidden(axis: Axes) -> list[str]:
    """The artists that the limits of an axis cut, and the first place that is lost."""
    low, high = np.sort([axis.get_xlim(), axis.get_ylim()]).T
    slack = 1e-9 * (high - low)
    return [
        f"{artist} at {places[out.argmax()].tolist()}"
        for artist, places in _places(axis)
        if (out := ((places < low - slack) | (places > high + slack)).any(1)).any()
    ]
