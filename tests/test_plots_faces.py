"""The figures on faces and hierarchies: what is drawn where."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from intelvae import experiments, plots, tasks
from intelvae.metrics import levels
from intelvae.records import Record, RunConfig

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_curves_have_the_deviation_that_the_tables_have():
    figure = plots.faces.accuracies({"VAE": {50: [0.7, 0.8], 100: [0.8, 0.8]}}, 0.75, "accuracy")
    (_, _, (bars,)) = figure.axes[0].containers[0]
    low, high = bars.get_segments()[0][:, 1]
    assert (low + high) / 2 == pytest.approx(0.75)
    assert (high - low) / 2 == pytest.approx(0.1 / 2**0.5)  # of two numbers, with n - 1 in the denominator


def test_single_attributes_are_shown_beside_their_baseline():
    names = ("Bald", "Smiling")
    vae = {8: dict.fromkeys(names, 0.6), 128: {"Bald": 0.9, "Smiling": float("nan")}}
    lines = {
        "50 labelled": plots.faces.Line(vae, {"Bald": 0.8, "Smiling": 0.7}, {"Bald": 0.97, "Smiling": 0.5}),
        "balanced": plots.faces.Line(vae, dict.fromkeys(names, 0.55), dict.fromkeys(names, 0.5)),
    }
    axes = plots.faces.by_attribute(lines, names).axes
    shown = [[list(line.get_ydata()) for line in axis.lines] for axis in axes]
    assert shown[0] == [[0.6, 0.9], [0.8, 0.8], [0.97, 0.97]]
    assert shown[3][1:] == [[0.55, 0.55], [0.5, 0.5]]
    assert [axis.get_ylabel() for axis in axes] == ["50 labelled", "", "balanced", ""]


def test_the_explorer_of_levels_has_the_picture_that_its_labels_say():
    depth, count, steps = 5, 3, len(levels.VALUES)
    images = torch.arange(depth * count * steps, dtype=torch.uint8).reshape(depth, count, steps, 1, 1, 1)
    artifacts = {"traversals": tasks.pack(images), "dimensions": list(range(depth))}
    record = Record(RunConfig("fashion-mnist", "mathieu", 50, "gaussian", 1), {}, {}, artifacts, 0.0, "cpu", {}, "", "")
    shown = plots.faces.level_explorer(record)
    assert len(shown.groups) == count and shown.dimensions[0][4] == "level 4"
    assert torch.equal(shown.images[2, 4], images[4, 2])  # of image 2 and level 4
    assert shown.values[2][4][shown.start[2][4]] == 0.0  # the middle


def test_every_row_of_table_4_has_a_mark_of_its_own_without_colours():
    points = {row: [(0.2, 300.0 + i)] for i, row in enumerate(experiments.faces.TABLE4)}
    (axis,) = plots.faces.quality_and_sparsity(points, 100.0, "distance").axes
    marks = [line for line in axis.lines if line.get_label() in points]
    assert len(marks) == 14
    assert len({(line.get_marker(), line.get_markerfacecolor() == "white") for line in marks}) == 14


def test_the_graphical_model_has_every_arrow_of_the_recursion():
    figure = plots.faces.graphical_model()
    (axis,) = figure.axes
    arrows = [a for a in axis.texts if getattr(a, "arrow_patch", None) is not None]
    # four columns, "..." among them: y_i to z_i, z_i to x, z_(i-1) to z_i; and one arrow back from x
    assert len(arrows) == 4 + 4 + 3 + 1
    assert {"$x$", "$y_0$", "$z_0$", "$y_N$", "$z_N$"} <= {text.get_text() for text in axis.texts}


@pytest.mark.parametrize("features", [None, "inception"])
def test_every_run_of_table_4_has_its_row(features):
    for profile in ("smoke", "laptop"):
        grid = experiments.grid("table4", profile, features=features)
        rows = {experiments.faces.row(profile, c) for c in grid}
        assert rows == set(experiments.faces.AT_SMOKE if profile == "smoke" else experiments.faces.TABLE4)
