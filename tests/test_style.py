"""The figures of more than one chapter, and what stands under all of them."""

import dataclasses

import matplotlib
import numpy as np
import pytest
import torch
from drawn import dots, legend, lines, result, results, tiles
from matplotlib.colors import to_hex

from intelvae.paper import style
from intelvae.paper.config import Evaluation
from intelvae.paper.results import Results
from intelvae.paper.rows import INTEL, VAE, Run

matplotlib.use("agg")
BLACK = "#000000"


def by_seed_results():
    values = {("VAE", "circle"): (0.3, 0.3, 0.6), ("VAE", "star"): (0.2, 0.4), ("InteL-VAE", "circle"): (0.1, 0.6)}
    found = [
        result(name, group, seed=seed, metrics={"mean_sliced": 9.0, "sliced": value})
        for (name, group), of in values.items()
        for seed, value in enumerate(of)
    ]
    return [*found, result("InteL-VAE", "star", metrics={"mean_sliced": 9.0})]


def digits(first, count=6):
    """Images (count, 1, 2, 3) with other pixels each."""
    return first + torch.arange(count * 6, dtype=torch.uint8).reshape(count, 1, 2, 3)


def image_results():
    return [result(m, kept={"images": digits(100 * i)}) for i, m in enumerate(("VAE", "MoG-VAE"))]


def curve_results():
    shown = {"VAE": ([-9.0, -5.0, -4.0], [-8.0, -6.0]), "InteL-VAE": ([-7.0, -3.0],)}
    return [
        result(m, curves={"valid_elbo": c, "train_elbo": [-100.0]}, seed=i)
        for m, of in shown.items()
        for i, c in enumerate(of)
    ]


EXAMPLES = {
    "by_seed": lambda: style.by_seed(by_seed_results(), "sliced", "distance"),
    "image_rows": lambda: style.image_rows(image_results(), columns=3),
    "curves": lambda: style.curves(curve_results()),
    "strips": lambda: style.strips({"grey": digits(0), "others": digits(100)}),
}


def test_provenance_names_the_code_that_measured_and_the_runs_that_an_unfinished_sweep_lacks():
    done = result("VAE", "small")
    asked = [Run(done.row, dataclasses.replace(done.training, seed=seed), done.run.evaluations) for seed in range(3)]
    asked.append(result("InteL-VAE", "small", mapping="circle").run)
    assert "\n" not in results(done).provenance()
    again = dataclasses.replace(done.measured[0], commit="0123456789ab")
    line = results(dataclasses.replace(done, measured=[again])).provenance()
    assert f"; commit {done.trained.commit} (measured at 0123456789ab); " in line
    found = Results("any", "laptop", asked, [done])
    assert found.provenance().splitlines()[1] == "not run yet: 2 of VAE (small); 1 of InteL-VAE (small)"
    many = [result("VAE", f"size {size}").run for size in range(9)]
    found = Results("any", "laptop", [*asked, *many], [done])
    assert found.provenance().splitlines()[1] == "not run yet: 12 of 13 runs, of 11 rows"
    none = Results("any", "laptop", asked, []).provenance()
    assert none == "experiment any; profile laptop; none of 4 runs has been run yet"


def test_provenance_begins_with_the_experiment_and_ends_with_a_digest_of_what_a_reader_sees_of_its_runs():
    one, other = result("VAE", metrics={"a": 0.5}, curves={"train_elbo": [-2.0, -1.0]}), result("VAE", seed=1)

    def told(*of):
        found = results(*of, experiment="any").provenance()
        assert found.startswith("experiment any; profile ")
        return found.rpartition("; records ")[2]

    def trained(**changes):
        return dataclasses.replace(one, trained=dataclasses.replace(one.trained, **changes))

    def measured(**changes):
        return dataclasses.replace(one, measured=[dataclasses.replace(one.measured[0], **changes)])

    same = told(one, other)
    assert same == told(other, one) == "79e13c2a"  # on every machine
    on_another_day = {"seconds": 9.0, "commit": "def", "date": "2027-01-01"}
    for unseen in (trained(**on_another_day, device="cuda", threads=2), measured(**on_another_day)):
        assert told(unseen, other) == same
    seen = (
        measured(metrics={"a": 0.5000001}),
        measured(metrics={"b": 0.5}),
        measured(evaluation=Evaluation("codes")),
        trained(curves={"train_elbo": [-2.0, -1.1]}),
        trained(best_epoch=1),
        result("VAE", seed=2, metrics={"a": 0.5}, curves=one.curves),
    )
    assert len({same, told(one), *(told(each, other) for each in seen)}) == 2 + len(seen)


def test_runs_are_beside_their_mean_in_the_colour_and_marker_of_their_method():
    figure = style.by_seed(by_seed_results(), "sliced", "distance")
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("data", "distance")
    assert [text.get_text() for text in axis.get_xticklabels()] == ["circle", "star"]
    assert legend(figure) == {"VAE": VAE.color, "InteL-VAE": INTEL.color}
    assert axis.get_ylim()[0] == 0
    shown = {name: np.array(of) for name, of in dots(axis).items()}
    assert shown[VAE.color][:, 1].tolist() == [0.3, 0.3, 0.6, 0.2, 0.4]
    assert shown[VAE.color][:, 0] == pytest.approx([-0.2, -0.2, -0.2, 0.8, 0.8])
    assert shown[INTEL.color][:, 1].tolist() == [0.1, 0.6]  # on the star it was not measured
    assert shown[INTEL.color][:, 0] == pytest.approx([0.2, 0.2])
    means = sorted((x, y) for c, xs, ys in lines(axis) if c == BLACK for x, y in zip(xs, ys, strict=True) if y == y)
    assert means == [pytest.approx(at) for at in [(-0.2, 0.4), (0.2, 0.35), (0.8, 0.3)]]
    square = [len(marks.get_paths()[0].vertices) for marks in axis.collections if len(marks.get_offsets())][-1]
    assert square == 5  # the corners of the InteL-VAE's marker


def test_runs_may_be_below_zero():
    below = [result(group=n, metrics={"m": v}) for n, v in (("mlp", -2.0), ("mathieu", 1.0))]
    (axis,) = style.by_seed(below, "m", "m").axes
    assert axis.get_ylim()[0] == -2
    assert [text.get_text() for text in axis.get_xticklabels()] == ["mlp", "mathieu"]
    assert dots(axis) == {VAE.color: [[0, -2], [1, 1]]}


def test_runs_that_were_not_measured_leave_the_figure_empty():
    figure = style.by_seed([result(metrics={"other": 1.0})], "m", "m")
    assert dots(figure.axes[0]) == {} and legend(figure) == {}


def test_images_are_in_rows_of_their_result_in_its_order():
    figure = style.image_rows(image_results(), columns=3)
    assert [axis.get_ylabel() for axis in figure.axes] == ["VAE", "MoG-VAE"]
    for i, axis in enumerate(figure.axes):
        assert np.array_equal(tiles(axis, 2, 3).reshape(6, 2, 3), digits(100 * i)[:, 0])
    figure = style.image_rows(image_results(), columns=4, lines=1)  # not all there are
    assert np.array_equal(tiles(figure.axes[1], 1, 4)[0], digits(100, 4)[:, 0])


@pytest.mark.parametrize("channels", [1, 3])
def test_strips_have_a_labelled_line_of_images_in_their_order_and_colours(channels):
    images = torch.arange(2 * 3 * channels * 8, dtype=torch.uint8).reshape(2, 3, channels, 2, 4)
    axes = style.strips({"drawn": images[0], "others": images[1]}).axes
    assert [axis.get_ylabel() for axis in axes] == ["drawn", "others"]
    for axis, line in zip(axes, images, strict=True):
        assert np.array_equal(tiles(axis, 1, 3)[0], line.permute(0, 2, 3, 1).squeeze(-1))


def test_curves_begin_at_the_first_epoch_and_look_like_their_method():
    figure = style.curves(curve_results())
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "validation ELBO (nats)")
    assert legend(figure) == {"VAE": VAE.color, "InteL-VAE": INTEL.color}
    assert lines(axis) == [
        (VAE.color, [1, 2, 3], [-9, -5, -4]),
        (VAE.color, [1, 2], [-8, -6]),
        (INTEL.color, [1, 2], [-7, -3]),
    ]
    assert style.curves(curve_results(), "train_elbo").axes[0].get_ylabel() == "train_elbo"


def test_the_palette_is_seaborns_for_the_colour_blind():
    import seaborn as sns

    from intelvae.paper import rows

    names = "BLUE", "AMBER", "GREEN", "ORANGE", "PINK", "GREY", "SKY"
    assert {to_hex(getattr(rows, name)) for name in names} <= set(sns.color_palette("colorblind").as_hex())
