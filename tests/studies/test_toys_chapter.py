"""The chapter on points in the plane: its rows, figures and what its pages say of them."""

import matplotlib
import numpy as np
import pytest
import torch
from drawn import dots, legend, result, results
from matplotlib.colors import to_hex

from intelvae.paper.datasets import Points
from intelvae.paper.rows import BLUE, GREY, INTEL, ORANGE, VAE
from intelvae.paper.studies import toys
from intelvae.paper.studies.toys import analysis, figures

matplotlib.use("agg")
BLACK = "#000000"
COLOR = {"VAE": VAE.color, "InteL-VAE": INTEL.color}


def samples(k):
    """Three points that no other k has, high ones to the left and low ones to the right."""
    return torch.tensor([[-1.5, 2.8 - 0.1 * k], [4.2, -0.1 * k], [0.1 * k, 1.0]], dtype=torch.float64)


def grid():
    """Two data sets and two methods, by columns first."""
    return [
        result(method, data, data=data, kept={"samples": samples(k)})
        for k, (method, data) in enumerate(
            [("VAE", "circle"), ("VAE", "mixture"), ("InteL-VAE", "circle"), ("InteL-VAE", "mixture")]
        )
    ]


def tensors(**lists):
    return {name: torch.tensor(values, dtype=torch.float64) for name, values in lists.items()}


def mismatches():
    """The farthest point is a prior's in the first, an example's in the second."""
    first = {"prior_z": [[0.5, 4.0], [0.0, 1.0]], "z": [[2.0, 0.1], [3.0, 0.2], [1.0, 0.3]]}
    second = {"prior_z": [[0.25, 1.0]], "z": [[0.75, 0.5]]}
    return [
        result("VAE", kept=tensors(**first, exemplars=[[[1.0, -1.0], [1.5, -1.5]], [[-2.0, 0.5], [-2.5, 0.5]]])),
        result("InteL-VAE", kept=tensors(**second, exemplars=[[[1.0, -6.0], [1.5, -1.5]]])),
    ]


PIPELINE = {
    "mu": [[1.0, -2.0], [-0.5, 0.25], [0.0, 0.0]],
    "sigma": [[0.5, 1.25], [0.1, 0.2], [1.0, 1.0]],
    "y": [[1.1, -2.2], [-0.6, 0.3], [3.0, 0.5]],
    "z": [[0.4, -0.9], [-0.9, 0.4], [2.0, 0.1]],
    "samples": [[0.1, 2.4], [2.0, -1.0], [-2.2, 0.3]],
}


def followed():
    return result("InteL-VAE", data="star", kept=tensors(**PIPELINE))


EXAMPLES = {
    "sample_grid": lambda: figures.sample_grid(grid()),
    "samples_by_seed": lambda: figures.samples_by_seed(grid()[::2]),
    "mismatch": lambda: figures.mismatch(mismatches()),
    "pipeline": lambda: figures.pipeline(followed()),
}


def test_the_sample_grid_has_a_row_for_each_data_set_and_a_column_for_each_method():
    axes = np.reshape(figures.sample_grid(grid(), shown=2).axes, (2, 3))
    assert [[axis.get_title() for axis in row] for row in axes] == [["data", "VAE", "InteL-VAE"], [""] * 3]
    assert [[axis.get_ylabel() for axis in row] for row in axes] == [["circle", "", ""], ["mixture", "", ""]]
    for row, data in zip(axes, ("circle", "mixture"), strict=True):
        assert dots(row[0]) == {BLACK: Points(data).test[:2].tolist()}
    for k, (row, column) in enumerate([(0, 1), (1, 1), (0, 2), (1, 2)]):  # as in `grid`
        method = ("VAE", "InteL-VAE")[column - 1]
        assert dots(axes[row, column]) == {COLOR[method]: samples(k)[:2].tolist()}


def test_samples_are_in_the_papers_axes_and_in_wider_ones_where_one_is_outside():
    first, *others = grid()
    for axis in figures.sample_grid([first, *others]).axes:
        assert (axis.get_xlim(), axis.get_ylim(), axis.get_aspect()) == ((-4.5, 4.5), (-3, 3), 1)
    first.kept["samples"] = torch.cat([first.kept["samples"], torch.tensor([[1.0, -6.0]])])
    for axis in figures.sample_grid([first, *others]).axes:  # all alike, so that they compare
        assert axis.get_xlim() == pytest.approx((-9.45, 9.45)) and axis.get_ylim() == pytest.approx((-6.3, 6.3))


def test_samples_by_seed_have_a_row_for_each_method_and_a_panel_for_each_run_that_keeps_some():
    vae = [result("VAE", seed=s, kept={"samples": samples(s)} if s != 6 else {}) for s in (7, 2, 5, 4, 6)]
    intel = result("InteL-VAE", seed=3, kept={"samples": samples(9)})
    axes = figures.samples_by_seed([*vae, intel], shown=2).axes
    assert [axis.get_title() for axis in axes] == ["data", "seed 7", "seed 2", "seed 5", "seed 4", "data", "seed 3"]
    assert [axis.get_ylabel() for axis in axes] == ["VAE", "", "", "", "", "InteL-VAE", ""]
    shown = [dots(axis) for axis in axes]
    assert shown[0] == shown[5] == {BLACK: Points("circle").test[:2].tolist()}
    assert shown[1:5] == [{VAE.color: samples(s)[:2].tolist()} for s in (7, 2, 5, 4)]
    assert shown[6] == {INTEL.color: samples(9)[:2].tolist()}
    assert {(axis.get_xlim(), axis.get_ylim()) for axis in axes} == {((-4.5, 4.5), (-3, 3))}


def test_the_mismatch_tells_draws_of_the_prior_codes_and_codes_of_examples_apart():
    found = mismatches()
    figure = figures.mismatch(found)
    words = legend(figure)
    assert words == {"$p(z)$": to_hex(BLUE), "$q(z)$": to_hex(ORANGE), "$q(z|x)$": BLACK}
    for axis, of in zip(figure.axes, found, strict=True):
        assert dots(axis) == {
            words["$p(z)$"]: of.kept["prior_z"].tolist(),
            words["$q(z)$"]: of.kept["z"].tolist(),
            words["$q(z|x)$"]: of.kept["exemplars"].flatten(0, 1).tolist(),
        }
        assert (axis.get_title(), axis.get_xlabel(), axis.get_ylabel()) == (of.row.name, "$z_1$", "$z_2$")
    limits = [axis.get_xlim() + axis.get_ylim() for axis in figure.axes]
    assert limits == [pytest.approx((-m, m, -m, m)) for m in (4.2, 6.3)]  # the farthest and a twentieth


def test_the_pipeline_follows_two_examples_from_data_to_codes():
    data = Points("star").test[:3].tolist()
    axes = figures.pipeline(followed()).axes
    assert [axis.get_title() for axis in axes] == [
        "data $x$", "codes $y \\sim q(y|x)$", "codes $z = g(y)$", "samples from $p(x|g(y))$",
    ]  # fmt: skip
    grey, orange, a = to_hex(GREY), to_hex(ORANGE), PIPELINE
    assert [dots(axis) for axis in axes] == [{grey: data}, {grey: a["y"]}, {grey: a["z"]}, {orange: a["samples"]}]
    for axis, of in zip(axes, (data, a["mu"], a["z"], []), strict=True):
        assert [(m.get_marker(), list(m.get_xydata()[0])) for m in axis.lines] == list(zip("sD", of, strict=False))
    ellipses = [(tuple(e.center), e.width, e.height, e.angle) for e in axes[1].patches]
    assert ellipses == [((1.0, -2.0), 2.0, 5.0, 0.0), ((-0.5, 0.25), 0.4, 0.8, 0.0)]  # two deviations to each side
    sides = [axis.get_xlim()[1] for axis in axes]
    assert sides == pytest.approx([2.6, 4.725, 2.1, 2.6])  # the ellipse ends at -4.5, a code is at 2


def test_points_are_kept_for_the_runs_that_figures_show():
    def seeds(experiment, of):
        return sorted({r.training.seed for r in getattr(toys.grid, experiment)("laptop") if of in r.extras})

    samples, codes = toys.grid.SAMPLES, toys.grid.CODES
    assert [seeds("framework", of) for of in (samples, codes)] == [[0], [0]]
    assert [seeds("bridge", of) for of in (samples, codes)] == [[0, 1, 2, 3], []]
    assert [seeds("mismatch", of) for of in (samples, codes)] == [[], [0]]
    assert [seeds("connectivity", of) for of in (samples, codes)] == [[0], []]
    assert [seeds("readings", of) for of in (samples, codes)] == [[], []]


def test_on_the_circle_is_the_farthest_of_all_codes():
    codes = torch.tensor([[0.6, 0.8], [0.0, -1.25]])
    assert analysis.on_the_circle(results(result(kept={"z": codes}), result(kept={"z": codes[:1]}))) == {
        "codes": 3,
        "farthest": 0.25,
    }


def of(name, group, values, **more):
    return [
        result(name, group, seed=seed, metrics={key: value for key in more.get("metrics", ["sliced_wasserstein"])})
        for seed, value in enumerate(values)
    ]


def test_bridges_are_shares_in_per_cent_beside_that_of_the_data():
    found = [
        *of("VAE", "mixture", [0.02, 0.04], metrics=["bridge"]),
        *of("InteL-VAE", "mixture", [0.1], metrics=["bridge"]),
    ]
    assert analysis.bridges(results(*found)) == {"VAE": "3.0", "InteL-VAE": "10.0", "data": "0.04"}


def test_holes_are_told_by_the_worst_run_and_the_median():
    found = of("InteL-VAE", "circle", [0.01, 0.02, 0.5], metrics=["inside_hole"])
    assert analysis.worst_hole(results(*found, *of("VAE", "circle", [0.9])), "circle") == {
        "worst": "50",
        "median": "2.0",
    }


def test_the_table_of_connectivity_has_what_was_measured_and_what_fresh_data_have():
    found = of("VAE", "mixture", [0.1, 0.2], metrics=["sliced_wasserstein", "off_support", "bridge", "log_likelihood"])
    table = analysis.connectivity(results(*found))
    (line,) = table.to_dict("records")
    assert table.index.tolist() == [("mixture", "VAE")]
    assert line["bridge"] == "0.150 ± 0.071" and line["inside a hole"] == ""
    assert float(line["sliced W., fresh data"]) == pytest.approx(0.05, abs=0.04)


def test_layers_of_ten_and_fifty_units_are_compared_over_the_seeds_of_both():
    def runs(values, seeds):
        return [
            result("VAE", "star", seed=s, metrics={"sliced_wasserstein": v, "inside_hole": v}, curves={"valid_kl": [v]})
            for s, v in zip(seeds, values, strict=True)
        ]

    ten, fifty = results(*runs([1.0, 2.0, 6.0], range(3))), results(*runs([3.0, 5.0], (0, 1)))
    assert analysis.seeds_of_both(ten, fifty) == [0, 1]
    table = analysis.capacity(ten, fifty)
    assert table.loc[("star", "VAE"), ("KL, nats", "10")] == "1.50 ± 0.71"
    assert table.loc[("star", "VAE"), ("sliced Wasserstein", "50")] == "4.00 ± 1.41"
    cited = analysis.cited(ten, fifty)
    assert (cited["kl-star-VAE-all"], cited["kl-star-VAE-10"], cited["hole-star-VAE-50"]) == ("3.0", "1.5", "400.0")


def test_readings_are_means_over_data_sets_and_seeds():
    metrics = {"log_likelihood": -1.0, "sliced_wasserstein": 0.5, "off_support": 0.25}
    first, *_ = toys.grid.READINGS
    found = [
        result("VAE", toys.grid.of_reading(first, data), metrics=metrics, curves={"valid_kl": [kl], "valid_elbo": [kl]})
        for data, kl in (("circle", 1.0), ("star", 2.0))
    ]
    (line,) = analysis.readings(results(*found)).to_dict("records")
    assert line == {
        "runs": 2, "KL, nats": "1.50", "ELBO, nats": "1.50", "log p(x), nats": "-1.00", "sliced Wasserstein": "0.50",
        "off support, %": "25.00",
    }  # fmt: skip
