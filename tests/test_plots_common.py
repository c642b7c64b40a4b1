"""What stands under the figures, and what the figures of points in the plane and of digits show."""

import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawn import colour, dots, legend, lines, record, tiles
from intelvae.paper.plots import STYLE
from intelvae.paper.records import RunConfig
from matplotlib.colors import to_hex

from intelvae.paper import plots, runs, tasks

matplotlib.use("agg")
BLACK = "#000000"


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def color(method):
    return to_hex(STYLE[method]["color"])


def samples(k):
    """Three points that no other k has, high ones to the left and low ones to the right."""
    return [[-1.5, 2.8 - 0.1 * k], [4.2, -0.1 * k], [0.1 * k, 1.0]]


def grid():
    """Two data sets and two methods, by columns first, with two seeds."""
    return [
        record(method, data, seed=seed, artifacts={"samples": samples(k + 4 * seed)})
        for seed in (0, 1)
        for k, (method, data) in enumerate(
            [("VAE", "circle"), ("VAE", "mixture"), ("InteL-VAE", "circle"), ("InteL-VAE", "mixture")]
        )
    ]


def by_seed_records():
    values = {("VAE", "circle"): (0.3, 0.3, 0.6), ("VAE", "star"): (0.2, 0.4), ("InteL-VAE", "circle"): (0.1, 0.6)}
    found = [
        record(method, data, seed=seed, metrics={"mean_sliced": 9.0, "sliced": value})
        for (method, data), of in values.items()
        for seed, value in enumerate(of)
    ]
    return [*found, record("InteL-VAE", "star", metrics={"mean_sliced": 9.0})]


def mismatch_records():
    """The farthest point is a prior's in the first, an example's in the second."""
    first = {"prior_z": [[0.5, 4.0], [0.0, 1.0]], "z": [[2.0, 0.1], [3.0, 0.2], [1.0, 0.3]]}
    second = {"prior_z": [[0.25, 1.0]], "z": [[0.75, 0.5]]}
    return [
        record("VAE", artifacts={**first, "exemplars": [[[1.0, -1.0], [1.5, -1.5]], [[-2.0, 0.5], [-2.5, 0.5]]]}),
        record("InteL-VAE", artifacts={**second, "exemplars": [[[1.0, -6.0], [1.5, -1.5]]]}),
    ]


def pipeline_record():
    return record(
        "InteL-VAE",
        "star",
        artifacts={
            "mu": [[1.0, -2.0], [-0.5, 0.25], [0.0, 0.0]],
            "sigma": [[0.5, 1.25], [0.1, 0.2], [1.0, 1.0]],
            "y": [[1.1, -2.2], [-0.6, 0.3], [3.0, 0.5]],
            "z": [[0.4, -0.9], [-0.9, 0.4], [2.0, 0.1]],
            "samples": [[0.1, 2.4], [2.0, -1.0], [-2.2, 0.3]],
        },
    )


def digits(first, count=6):
    """Images (count, 1, 2, 3) with other pixels each."""
    return first + torch.arange(count * 6, dtype=torch.uint8).reshape(count, 1, 2, 3)


def image_records():
    return [record(m, artifacts={"images": tasks.pack(digits(100 * i))}) for i, m in enumerate(("VAE", "MoG-VAE"))]


def traversal_records():
    return [
        record(m, network=n, artifacts={"traversal": tasks.pack(digits(i))})
        for m, n, i in (("VAE", "mlp", 0), ("InteL-VAE", "mathieu", 50))
    ]


def latent_records():
    of = [("VAE", 3, 0.0), ("InteL-VAE", 5, 10.0)]
    return [
        record(m, seed=s, artifacts={"z": [[x + 0.0, x + 0.0, x + 1.0], [x + 3.0, x + 4.0]], "mu": [[-x, 9.0], [8.0]]})
        for m, s, x in of
    ]


def curve_records():
    shown = {"VAE": ([-9.0, -5.0, -4.0], [-8.0, -6.0]), "InteL-VAE": ([-7.0, -3.0],)}
    return [
        record(m, curves={"valid_elbo": c, "train_elbo": [-100.0]}, seed=i)
        for m, of in shown.items()
        for i, c in enumerate(of)
    ]


EXAMPLES = {
    "sample_grid": lambda: plots.sample_grid(grid(), seed=1),
    "samples_by_seed": lambda: plots.samples_by_seed(grid()[::2]),
    "mismatch": lambda: plots.mismatch(mismatch_records()),
    "by_seed": lambda: plots.by_seed(by_seed_records(), "sliced", "distance"),
    "pipeline": lambda: plots.pipeline(pipeline_record()),
    "image_rows": lambda: plots.image_rows(image_records(), columns=3),
    "traversals": lambda: plots.traversals(traversal_records()),
    "latent_histograms": lambda: plots.latent_histograms(latent_records()),
    "curves": lambda: plots.curves(curve_records()),
}


def test_provenance_names_the_code_that_measured_and_the_runs_that_an_unfinished_sweep_lacks():
    done = RunConfig("circle", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=1)
    record, _ = runs.run(done)
    grid = [dataclasses.replace(done, seed=seed) for seed in range(3)]
    grid.append(dataclasses.replace(done, mapping="circle"))
    assert "\n" not in plots.provenance([record], "laptop", [done])
    again = dataclasses.replace(record, measured_at="0123456789ab")
    assert plots.provenance([again], "laptop").endswith(f"commit {record.commit} (measured at 0123456789ab)")
    assert plots.provenance([record], "laptop", grid).splitlines()[1] == (
        "not run yet: 2 of VAE (mlp, gaussian), 1 of InteL-VAE (mlp, gaussian)"
    )


def test_the_sample_grid_has_a_row_for_each_data_set_and_a_column_for_each_method():
    axes = np.reshape(plots.sample_grid(grid(), seed=1, shown=2).axes, (2, 3))
    assert [[axis.get_title() for axis in row] for row in axes] == [["data", "VAE", "InteL-VAE"], [""] * 3]
    assert [[axis.get_ylabel() for axis in row] for row in axes] == [["circle", "", ""], ["mixture", "", ""]]
    for row, data in zip(axes, ("circle", "mixture"), strict=True):
        assert dots(row[0]) == {BLACK: tasks.ToyTask(data).test[:2].tolist()}
    for k, (row, column) in enumerate([(0, 1), (1, 1), (0, 2), (1, 2)]):  # as in `grid`, of the second seed
        method = ("VAE", "InteL-VAE")[column - 1]
        assert dots(axes[row, column]) == {color(method): samples(k + 4)[:2]}


def test_samples_are_in_the_papers_axes_and_in_wider_ones_where_one_is_outside():
    (record, *others) = grid()
    for axis in plots.sample_grid([record, *others], seed=0).axes:
        assert (axis.get_xlim(), axis.get_ylim(), axis.get_aspect()) == ((-4.5, 4.5), (-3, 3), 1)
    record.artifacts["samples"].append([1.0, -6.0])
    for axis in plots.sample_grid([record, *others], seed=0).axes:  # all alike, so that they compare
        assert axis.get_xlim() == pytest.approx((-9.45, 9.45)) and axis.get_ylim() == pytest.approx((-6.3, 6.3))


def test_samples_by_seed_have_a_row_for_each_method_and_a_panel_for_each_of_at_most_four_runs():
    more = [record("VAE", seed=s, artifacts={"samples": samples(s)}) for s in (7, 2, 5, 4, 6)]
    intel = record("InteL-VAE", seed=3, artifacts={"samples": samples(9)})
    axes = plots.samples_by_seed([*more, intel], shown=2).axes
    assert [axis.get_title() for axis in axes] == ["data", "seed 7", "seed 2", "seed 5", "seed 4", "data", "seed 3"]
    assert [axis.get_ylabel() for axis in axes] == ["VAE", "", "", "", "", "InteL-VAE", ""]
    shown = [dots(axis) for axis in axes]
    assert shown[0] == shown[5] == {BLACK: tasks.ToyTask("circle").test[:2].tolist()}
    assert shown[1:5] == [{color("VAE"): samples(s)[:2]} for s in (7, 2, 5, 4)]
    assert shown[6] == {color("InteL-VAE"): samples(9)[:2]}
    assert {(axis.get_xlim(), axis.get_ylim()) for axis in axes} == {((-4.5, 4.5), (-3, 3))}


def test_the_mismatch_tells_draws_of_the_prior_codes_and_codes_of_examples_apart():
    records = mismatch_records()
    figure = plots.mismatch(records)
    words = legend(figure)
    assert words == {"$p(z)$": to_hex(plots.BLUE), "$q(z)$": to_hex(plots.ORANGE), "$q(z|x)$": BLACK}
    for axis, of in zip(figure.axes, records, strict=True):
        a = of.artifacts
        assert dots(axis) == {
            words["$p(z)$"]: a["prior_z"],
            words["$q(z)$"]: a["z"],
            words["$q(z|x)$"]: [point for example in a["exemplars"] for point in example],
        }
        assert (axis.get_title(), axis.get_xlabel(), axis.get_ylabel()) == (of.config.method, "$z_1$", "$z_2$")
    limits = [axis.get_xlim() + axis.get_ylim() for axis in figure.axes]
    assert limits == [pytest.approx((-m, m, -m, m)) for m in (4.2, 6.3)]  # the farthest and a twentieth


def test_runs_are_beside_their_mean_in_the_colour_and_marker_of_their_method():
    figure = plots.by_seed(by_seed_records(), "sliced", "distance")
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("data", "distance")
    assert [text.get_text() for text in axis.get_xticklabels()] == ["circle", "star"]
    assert legend(figure) == {"VAE": color("VAE"), "InteL-VAE": color("InteL-VAE")}
    assert axis.get_ylim()[0] == 0
    shown = {name: np.array(of) for name, of in dots(axis).items()}
    assert shown[color("VAE")][:, 1].tolist() == [0.3, 0.3, 0.6, 0.2, 0.4]
    assert shown[color("VAE")][:, 0] == pytest.approx([-0.2, -0.2, -0.2, 0.8, 0.8])
    assert shown[color("InteL-VAE")][:, 1].tolist() == [0.1, 0.6]  # on the star it was not measured
    assert shown[color("InteL-VAE")][:, 0] == pytest.approx([0.2, 0.2])
    means = sorted((x, y) for c, xs, ys in lines(axis) if c == BLACK for x, y in zip(xs, ys, strict=True) if y == y)
    assert means == [pytest.approx(at) for at in [(-0.2, 0.4), (0.2, 0.35), (0.8, 0.3)]]
    square = [len(marks.get_paths()[0].vertices) for marks in axis.collections if len(marks.get_offsets())][-1]
    assert square == 5  # the corners of the InteL-VAE's marker


def test_runs_can_be_by_another_setting_and_below_zero():
    below = [record(network=n, metrics={"m": v}) for n, v in (("mlp", -2.0), ("mathieu", 1.0))]
    (axis,) = plots.by_seed(below, "m", "m", group="network").axes
    assert axis.get_xlabel() == "network" and axis.get_ylim()[0] == -2
    assert [text.get_text() for text in axis.get_xticklabels()] == ["mlp", "mathieu"]
    assert dots(axis) == {color("VAE"): [[0, -2], [1, 1]]}


def test_runs_that_were_not_measured_leave_the_figure_empty():
    figure = plots.by_seed([record(metrics={"other": 1.0})], "m", "m")
    assert dots(figure.axes[0]) == {} and legend(figure) == {}


def test_the_pipeline_follows_two_examples_from_data_to_codes():
    a = pipeline_record().artifacts
    data = tasks.ToyTask("star").test[:3].tolist()
    axes = plots.pipeline(pipeline_record()).axes
    assert [axis.get_title() for axis in axes] == [
        "data $x$", "codes $y \\sim q(y|x)$", "codes $z = g(y)$", "samples from $p(x|g(y))$",
    ]  # fmt: skip
    grey, orange = to_hex(plots.GREY), to_hex(plots.ORANGE)
    assert [dots(axis) for axis in axes] == [{grey: data}, {grey: a["y"]}, {grey: a["z"]}, {orange: a["samples"]}]
    for axis, of in zip(axes, (data, a["mu"], a["z"], []), strict=True):
        assert [(m.get_marker(), list(m.get_xydata()[0])) for m in axis.lines] == list(zip("sD", of, strict=False))
    ellipses = [(tuple(e.center), e.width, e.height, e.angle) for e in axes[1].patches]
    assert ellipses == [((1.0, -2.0), 2.0, 5.0, 0.0), ((-0.5, 0.25), 0.4, 0.8, 0.0)]  # two deviations to each side
    sides = [axis.get_xlim()[1] for axis in axes]
    assert sides == pytest.approx([2.6, 4.725, 2.1, 2.6])  # the ellipse ends at -4.5, a code is at 2


def test_images_are_in_rows_of_their_record_in_its_order():
    figure = plots.image_rows(image_records(), columns=3)
    assert [axis.get_ylabel() for axis in figure.axes] == ["VAE", "MoG-VAE"]
    for i, axis in enumerate(figure.axes):
        assert np.array_equal(tiles(axis, 2, 3).reshape(6, 2, 3), digits(100 * i)[:, 0])
    figure = plots.image_rows(image_records(), columns=4, rows=1, labels=["a", "b"])  # not all there are
    assert [axis.get_ylabel() for axis in figure.axes] == ["a", "b"]
    assert np.array_equal(tiles(figure.axes[1], 1, 4)[0], digits(100, 4)[:, 0])


def test_traversals_go_from_left_to_right():
    figure = plots.traversals(traversal_records())
    assert [axis.get_ylabel() for axis in figure.axes] == ["mlp\nVAE", "mathieu\nInteL-VAE"]
    for axis, first in zip(figure.axes, (0, 50), strict=True):
        assert np.array_equal(tiles(axis, 1, 6)[0], digits(first)[:, 0])


def counted(axis):
    """By colour, the centres of bins and how many are in each, of a filled histogram and of one with steps."""
    found = {}
    for patch in axis.patches:
        if patch.get_fill():
            found.setdefault(colour(patch), []).append((patch.get_x() + patch.get_width() / 2, patch.get_height()))
        else:  # an outline: up, right, down
            x, y = patch.get_xy()[1:-1].T
            found[colour(patch)] = list(zip((x[::2] + x[1::2]) / 2, y[::2], strict=True))
    return {name: [(at, n) for at, n in of if n] for name, of in found.items()}


@pytest.mark.parametrize(
    ("space", "label", "zeros", "ones"),
    [("z", "$z$", [(0, 2), (1, 1)], [(3, 1), (4, 1)]), ("mu", "$y$", [(0, 1), (9, 1)], [(8, 1)])],
)
def test_digits_are_counted_where_they_are_encoded(space, label, zeros, ones):
    figure = plots.latent_histograms(latent_records(), space=space)
    assert [axis.get_title() for axis in figure.axes] == ["VAE, seed 3", "InteL-VAE, seed 5"]
    words = legend(figure)
    assert words == {"0": to_hex(plots.BLUE), "1": to_hex(plots.ORANGE)}
    for axis, shift in zip(figure.axes, (0.0, {"z": 10.0, "mu": 0.0}[space]), strict=True):
        if space == "mu" and axis is figure.axes[1]:
            zeros = [(-10, 1), (9, 1)]
        shown, width = counted(axis), axis.patches[0].get_width()
        for word, expected in (("0", zeros), ("1", ones)):
            assert [n for _, n in shown[words[word]]] == [n for _, n in expected]
            at = [x + shift for x, _ in expected]
            assert [x for x, _ in shown[words[word]]] == pytest.approx(at, abs=0.51 * width)  # within their bins
        assert axis.get_xlabel() == label
    assert figure.axes[0].get_ylabel() == "test digits"


def test_histograms_of_more_than_four_runs_go_on_in_a_second_line():
    figure = plots.latent_histograms([*latent_records()] * 3)
    assert len([axis for axis in figure.axes if axis.get_visible()]) == 6
    assert [axis.get_ylabel() for axis in figure.axes][::4] == ["test digits"] * 2


def test_curves_begin_at_the_first_epoch_and_look_like_their_method():
    figure = plots.curves(curve_records())
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "validation ELBO (nats)")
    assert legend(figure) == {"VAE": color("VAE"), "InteL-VAE": color("InteL-VAE")}
    assert lines(axis) == [
        (color("VAE"), [1, 2, 3], [-9, -5, -4]),
        (color("VAE"), [1, 2], [-8, -6]),
        (color("InteL-VAE"), [1, 2], [-7, -3]),
    ]
    assert plots.curves(curve_records(), "train_elbo").axes[0].get_ylabel() == "train_elbo"
