"""The figures on faces and hierarchies: what is drawn where."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawn import bars, colour, dots, legend, levels, line_of, lines, record, tiles
from matplotlib.colors import to_hex
from matplotlib.text import Annotation

from intelvae.metrics import levels as of_levels
from intelvae.paper import experiments, plots, sheets, tasks

matplotlib.use("agg")
BLACK = "#000000"
BLUE, ORANGE, GREEN = (to_hex(shade) for shade in plots.SHADES[:3])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def faces(first, count=3):
    """Colour images (count, 3, 2, 4) with other pixels each."""
    return first + torch.arange(count * 24, dtype=torch.uint8).reshape(count, 3, 2, 4)


POINTS = {"VAE": [(0.2, 300.0), (0.3, 400.0)], "InteL-VAE": [(0.9, 100.0)], "Sparse-VAE": [(0.8, 9000.0)]}
CURVES = {
    "VAE, D = 8": {50: [0.7, 0.7, 1.0], 1000: [0.8, 0.8]},
    "InteL-VAE, D = 64": {50: [0.6, 0.6], 1000: [0.85, 0.95]},
    "VAE, D = 64": {50: [0.5, 0.5], 1000: [0.9, 0.9]},
}
ATTRIBUTES = ("Bald", "No_Beard")
VAE = {128: {"Bald": 0.9, "No_Beard": float("nan")}, 8: dict.fromkeys(ATTRIBUTES, 0.6)}
LINES = {
    "50 labelled": plots.faces.Line(VAE, {"Bald": 0.8, "No_Beard": 0.7}, {"Bald": 0.97, "No_Beard": 0.5}),
    "balanced": plots.faces.Line(VAE, dict.fromkeys(ATTRIBUTES, 0.55), dict.fromkeys(ATTRIBUTES, 0.5)),
}


def of_levels_records():
    """Two mappings with three levels; "accuracy_50" is not a level's."""
    values = {"VAE": [(1.0, 2.0, 5.0), (4.0, 2.0, 11.0), (1.0, 2.0, 5.0)], "InteL-VAE": [(4.0, 0.5, 0.0)]}
    return {
        name: [
            record(
                name,
                metrics={f"{m}_{i}": v + more for m, more in (("kl", 0), ("change", 20)) for i, v in enumerate(of)}
                | {"kl_50": 99.0},
                artifacts={"dimensions": [0, 7, 4]},
            )
            for of in runs
        ]
        for name, runs in values.items()
    }


def leveled(depth=3, bases=2):
    images = torch.arange(depth * bases * 9 * 6, dtype=torch.uint8).reshape(depth, bases, 9, 1, 2, 3)
    return record(artifacts={"traversals": tasks.pack(images), "dimensions": [5, 0, 9]}), images


EXAMPLES = {
    "rows_of_faces": lambda: plots.faces.rows_of_faces({"drawn": faces(0), "faces": faces(100)}),
    "quality_and_sparsity": lambda: plots.faces.quality_and_sparsity(POINTS, 50.0, "FD"),
    "graphical_model": plots.faces.graphical_model,
    "level_numbers": lambda: plots.faces.level_numbers(of_levels_records(), {"kl": "KL (nats)", "change": "changed"}),
    "level_traversals": lambda: plots.faces.level_traversals(leveled()[0]),
    "accuracies": lambda: plots.faces.accuracies(CURVES, 0.4, "accuracy"),
    "by_attribute": lambda: plots.faces.by_attribute(LINES, ATTRIBUTES),
}

EXPLORERS = {"level_explorer": lambda: plots.faces.level_explorer(leveled()[0])}


def test_faces_are_in_labelled_rows_in_their_order_and_colours():
    rows = {"drawn": faces(0), "faces": faces(100)}
    axes = plots.faces.rows_of_faces(rows).axes
    assert [axis.get_ylabel() for axis in axes] == ["drawn", "faces"]
    for axis, images in zip(axes, rows.values(), strict=True):
        assert np.array_equal(tiles(axis, 1, 3)[0], images.permute(0, 2, 3, 1))


def test_distance_is_shown_against_sparsity_one_mark_a_run():
    figure = plots.faces.quality_and_sparsity(POINTS, 50.0, "FD")
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("Hoyer score of g(y)", "FD")
    assert legend(figure) == {"VAE": BLUE, "InteL-VAE": ORANGE, "Sparse-VAE": GREEN}
    assert lines(axis) == [
        (BLUE, [0.2, 0.3], [300, 400]), (ORANGE, [0.9], [100]), (GREEN, [0.8], [9000]),
    ]  # fmt: skip
    assert [line.get_linestyle() for line in axis.lines] == ["None"] * 3 + ["--"]
    assert levels(axis) == [(BLACK, "y", 50)]


def test_levels_have_a_panel_for_each_metric_with_runs_and_their_mean():
    figure = plots.faces.level_numbers(of_levels_records(), {"kl": "KL (nats)", "change": "changed"})
    assert [(axis.get_xlabel(), axis.get_ylabel()) for axis in figure.axes] == [
        ("level", "KL (nats)"), ("level", "changed"),
    ]  # fmt: skip
    assert legend(figure) == {"VAE": BLUE, "InteL-VAE": ORANGE}
    for axis, more in zip(figure.axes, (0, 20), strict=True):
        assert lines(axis) == [
            (BLUE, [0, 1, 2], [2 + more, 2 + more, 7 + more]), (ORANGE, [0, 1, 2], [4 + more, 0.5 + more, more]),
        ]  # fmt: skip
        runs = {BLUE: [(1, 2, 5), (4, 2, 11), (1, 2, 5)], ORANGE: [(4, 0.5, 0)]}
        assert dots(axis) == {
            name: [[i, v + more] for of in all_ for i, v in enumerate(of)] for name, all_ in runs.items()
        }
        assert axis.get_xticks().tolist() == [0, 1, 2] and axis.get_ylim()[0] == 0


def test_levels_are_traversed_highest_first_from_one_image():
    record, images = leveled()
    for base in (0, 1):
        axes = plots.faces.level_traversals(record, base).axes
        assert [axis.get_ylabel() for axis in axes] == [
            "level 0\n(dimension 5)", "level 1\n(dimension 0)", "level 2\n(dimension 9)",
        ]  # fmt: skip
        for axis, of in zip(axes, images[:, base, :, 0], strict=True):
            assert np.array_equal(tiles(axis, 1, 9)[0], of)


def test_traversals_of_faces_are_in_colour():
    generated = torch.rand(9, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    kept = record(artifacts={"traversals": sheets.pack(generated, "generated"), "dimensions": [5]})
    (axis,) = plots.faces.level_traversals(kept).axes
    shown = sheets.unpack(kept.artifacts["traversals"])
    assert np.array_equal(tiles(axis, 1, 9)[0], shown.permute(0, 2, 3, 1))


def test_accuracies_are_means_and_deviations_and_a_hierarchy_stands_out():
    figure = plots.faces.accuracies(CURVES, 0.4, "accuracy")
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("labelled faces", "accuracy")
    assert [text.get_text() for text in axis.get_xticklabels()] == ["50", "1,000"]
    assert axis.get_xticks().tolist() == [50, 1000]
    assert legend(figure) == dict(zip(CURVES, (BLUE, ORANGE, GREEN), strict=True))
    assert levels(axis) == [(BLACK, "y", 0.4)]
    means = {BLUE: [0.8, 0.8], ORANGE: [0.6, 0.9], GREEN: [0.5, 0.9]}
    deviations = {BLUE: [0.1 * 3**0.5, 0], ORANGE: [0, 0.1 / 2**0.5], GREEN: [0, 0]}  # with n - 1 in the denominator
    for name, mean in means.items():
        line = line_of(axis, name)
        assert (list(line.get_xdata()), line.get_ydata().tolist()) == ([50, 1000], pytest.approx(mean))
        assert (line.get_linewidth(), line.is_dashed()) == ((2, False) if name == ORANGE else (1, True))
        expected = [(m - sd, m + sd) for m, sd in zip(mean, deviations[name], strict=True)]
        assert bars(axis, name) == [pytest.approx(of) for of in expected]
    assert [line_of(axis, name).get_marker() for name in means] == list("os^")


def test_single_attributes_are_shown_beside_their_baseline():
    figure = plots.faces.by_attribute(LINES, ATTRIBUTES)
    axes = np.reshape(figure.axes, (2, 2))
    assert [axis.get_title() for axis in figure.axes] == ["Bald", "No Beard", "", ""]
    assert [axis.get_ylabel() for axis in figure.axes] == ["50 labelled", "", "balanced", ""]
    assert figure.get_supxlabel() == "latent dimensions of the VAE"
    for row, line in zip(axes, LINES.values(), strict=True):
        for axis, name in zip(row, ATTRIBUTES, strict=True):
            (shown,) = lines(axis)
            assert shown == (BLUE, [0, 1], pytest.approx([0.6, VAE[128][name]], nan_ok=True))  # by dimension
            assert levels(axis) == [(ORANGE, "y", line.intel[name]), (BLACK, "y", line.baseline[name])]
            assert [of.get_linestyle() for of in axis.lines] == ["-", "--", ":"]
    assert [text.get_text() for text in axes[1, 0].get_xticklabels()] == ["8", "128"]


def test_the_explorer_of_levels_has_the_picture_that_its_labels_say():
    depth, count, steps = 5, 3, len(of_levels.VALUES)
    images = torch.arange(depth * count * steps, dtype=torch.uint8).reshape(depth, count, steps, 1, 1, 1)
    artifacts = {"traversals": tasks.pack(images), "dimensions": list(range(depth))}
    shown = plots.faces.level_explorer(record(artifacts=artifacts))
    assert shown.groups == ["1", "2", "3"] and shown.kind == "image"
    assert shown.dimensions == [["level 0", "level 1", "level 2", "level 3", "level 4"]] * count
    assert torch.equal(shown.images, images.transpose(0, 1))
    assert shown.values == [[of_levels.VALUES] * depth] * count
    assert shown.values[2][4][shown.start[2][4]] == 0.0  # the middle


def test_every_row_of_table_4_has_a_mark_of_its_own_without_colours():
    points = {row: [(0.2, 300.0 + i)] for i, row in enumerate(experiments.faces.TABLE4)}
    figure = plots.faces.quality_and_sparsity(points, 100.0, "distance")
    marks = [line for line in figure.axes[0].lines if line.get_label() in points]
    assert len(marks) == 14
    assert len({(line.get_marker(), line.get_markerfacecolor() == "white") for line in marks}) == 14
    assert legend(figure) == {line.get_label(): colour(line) for line in marks}


def test_the_graphical_model_has_every_arrow_of_the_recursion():
    (axis,) = plots.faces.graphical_model().axes
    named = {tuple(t.get_position()): t.get_text().strip("$") for t in axis.texts if t.get_text()}
    at = {place: f"{'yz'[place[1] == 1]}_." if name == "\\ldots" else name for place, name in named.items()}
    arrows = [a for a in axis.texts if isinstance(a, Annotation)]
    drawn = {(at[tuple(a.xyann)], at[tuple(a.xy)], a.arrowprops.get("linestyle", "-")) for a in arrows}
    columns = ("0", "1", ".", "N")  # "." are those between
    solid = {(f"y_{i}", f"z_{i}") for i in columns} | {(f"z_{i}", "x") for i in columns}
    solid |= {("z_0", "z_1"), ("z_1", "z_."), ("z_.", "z_N")}
    assert drawn == {(*of, "-") for of in solid} | {("x", "y_0", "--")} and len(arrows) == len(drawn)
    assert [tuple(node.get_xydata()[0]) for node in axis.lines] == [p for p, name in named.items() if name != "\\ldots"]


@pytest.mark.parametrize("features", [None, "inception"])
def test_every_run_of_table_4_has_its_row(features):
    for profile in ("smoke", "laptop"):
        grid = experiments.grid("table4", profile, features=features)
        rows = {experiments.faces.row(profile, c) for c in grid}
        assert rows == set(experiments.faces.AT_SMOKE if profile == "smoke" else experiments.faces.TABLE4)
