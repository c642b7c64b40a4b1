"""The figures on sparsity: what is drawn where, which records go where, and what the sliders start from."""

import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawn import bars, colour, legend, levels, line_of, record, tiles, words
from intelvae.paper.plots.sparsity import Column
from intelvae.paper.records import Record
from matplotlib.colors import to_hex

from intelvae.metrics import codes, downstream
from intelvae.paper import experiments, plots, rules, tasks

matplotlib.use("agg")


LOOKS = {"VAE": {}, "InteL-VAE": {"mapping": "sparse", "gamma": 1.0}, "DD": {"prior": "sparse", "alpha": 3.0}}
# Hoyer scores and distances by seed, by method and what it varies; the distance of fewer images is not shown
MEASURED = {
    ("VAE", 0.0): ((0.2, 0.4), (300.0, 500.0)),
    ("InteL-VAE", 30.0): ((0.7, 0.7, 1.0), (900.0, 900.0, 1050.0)),
    ("InteL-VAE", 1.0): ((0.5, 0.5, 0.5), (600.0, 600.0, 900.0)),
    ("DD", 3.0): ((0.6, 0.6), (2000.0, 2000.0)),
}


def run(method, seed, value=None, **more):
    varied = {"InteL-VAE": "gamma", "DD": "alpha"}.get(method)
    settings = LOOKS[method] | ({varied: value} if varied and value is not None else {})
    return record(**settings, data="fashion-mnist", network="mathieu", latent_dim=50, seed=seed, **more)


def measured():
    return [
        run(method, seed, value, metrics={"hoyer_sample": x, "frechet_2000": 1e9, "frechet_10000": y, "other": 7 - x})
        for (method, value), of in MEASURED.items()
        for seed, (x, y) in enumerate(zip(*of, strict=True))
    ]


def labelled():
    """Accuracies that rise with the number of labels, other ones for each method and classifier."""
    return [
        run(
            method,
            seed,
            metrics={
                f"{name.replace(' ', '_')}_{n}": 0.3 * i + 0.1 * j + n / 1e4 + (0, 0, 3)[seed] / 100
                for j, name in enumerate(downstream.NAMES)
                for n in (10, 50, 200)
            },
        )
        for i, method in enumerate(LOOKS)
        for seed in ((0, 1, 2) if method != "DD" else (0,))
    ]


def profiled():
    """Mean sizes of ten classes in four dimensions: of class c, c times these."""
    sizes = {"VAE": [1.0, 0.11, 0.5, 0.09], "InteL-VAE": [0.01, 3.0, 0.02, 0.4]}
    return [run(m, 0, artifacts={"by_class": [[c * v for v in of] for c in range(10)]}) for m, of in sizes.items()]


def traversed():
    images = torch.arange(3 * 2 * 4 * 6, dtype=torch.uint8).reshape(3, 2, 4, 1, 2, 3)
    return run("InteL-VAE", 0, artifacts={
        "traversals": tasks.pack(images),
        "traversal_dimensions": [[4, 9], [9, 4], [0, 1]],
        "traversal_start": [[0.4, -1.0]] * 3,
        "traversal_values": [[[g - 5.0, -1.0, 0.5, k + 1.5] for k in range(2)] for g in range(3)],
    })  # fmt: skip


EXAMPLES = {
    "trade_off": lambda: plots.sparsity.trade_off(measured(), "FD"),
    "few_shot": lambda: plots.sparsity.few_shot(labelled()),
    "class_profiles": lambda: plots.sparsity.class_profiles(profiled()),
    "traversals": lambda: plots.sparsity.traversals(traversed()),
}

EXPLORERS = {"explorer": lambda: plots.sparsity.explorer(traversed())}


def color(method):
    return to_hex(plots.STYLE[method]["color"])


def accuracy(method, classifier, n):
    """One that no other method, classifier and number of labels has."""
    return list(plots.STYLE).index(method) / 50 + classifier / 3 + n / 1e6


@pytest.fixture
def records():
    """One for every run of the grid, with metrics that tell what the run is."""
    found = []
    for c in experiments.grid("sparsity", "laptop"):
        value = (experiments.sparsity.setting(c) or ("", 0.0))[1]
        metrics = {"hoyer_sample": 0.2 + value / 2000, "frechet_2000": 1e9, "frechet_10000": 100.0 + value + c.seed}
        metrics |= {
            f"{name.replace(' ', '_')}_{n}": accuracy(c.method, i, n) + c.seed / 100
            for i, name in enumerate(downstream.NAMES)
            for n in downstream.SIZES
        }
        found.append(Record(c, metrics, {}, {"by_class": torch.eye(10, 50).tolist()}, 1.0, "cpu", {}, "", ""))
    yield found
    plt.close("all")


def test_records_are_sorted_by_method_and_by_what_it_varies(records):
    found = plots.sparsity.by_setting(records)
    assert list(found) == ["VAE", "InteL-VAE", "DD", "Sparse-VAE", "VAE + L_sp", "VAE + L1"]
    assert list(found["InteL-VAE"]) == list(experiments.sparsity.GAMMAS)
    assert list(found["Sparse-VAE"]) == [0.01, 0.05, 0.2]
    assert all([r.config.seed for r in of] == [0, 1, 2] for by in found.values() for of in by.values())


def test_the_trade_off_shows_means_and_deviations_over_seeds_and_names_every_setting():
    figure = plots.sparsity.trade_off(measured(), "FD")
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("Hoyer score (right: sparser)", "FD (down: better)")
    named = {"VAE": "VAE", "InteL-VAE (γ)": "InteL-VAE", "DD (α)": "DD"}
    assert legend(figure) == {word: color(method) for word, method in named.items()}
    expected = {"VAE": [(0.3, 400)], "InteL-VAE": [(0.5, 700), (0.8, 950)], "DD": [(0.6, 2000)]}  # gamma 1 before 30
    for method, places in expected.items():
        line = line_of(axis, color(method))
        assert line.get_marker() == plots.STYLE[method]["marker"]
        assert line.get_xydata().tolist() == [pytest.approx(place) for place in places]
    root = 3**0.5  # the deviation of 0, 0 and 3, with n - 1 in the denominator
    assert bars(axis, color("InteL-VAE")) == [
        pytest.approx((700 - 100 * root, 700 + 100 * root)), pytest.approx((950 - 50 * root, 950 + 50 * root)),
    ]  # fmt: skip
    assert bars(axis, color("InteL-VAE"), "x") == [
        pytest.approx((0.5, 0.5)), pytest.approx((0.8 - 0.1 * root, 0.8 + 0.1 * root)),
    ]  # fmt: skip
    assert levels(axis) == [(color("VAE"), "y", 400), (color("VAE"), "x", pytest.approx(0.3))]
    texts = [(text.get_text(), *text.xy) for text in axis.texts]
    assert texts == [("1", 0.5, 700), ("30", pytest.approx(0.8), 950), ("3", 0.6, 2000)]


def test_the_trade_off_of_all_runs_has_every_method_and_setting(records):
    figure = plots.sparsity.trade_off(records, "FD")
    assert list(legend(figure)) == [
        "VAE",
        "InteL-VAE (γ)",
        "DD (α)",
        "Sparse-VAE (α)",
        "VAE + L_sp (γ)",
        "VAE + L1 (γ)",
    ]
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert texts[:8] == ["0", "0.1", "0.3", "1", "3", "10", "30", "100"] and len(texts) == 8 + 4 + 3 + 3 + 3


def test_the_trade_off_can_be_against_another_number():
    (axis,) = plots.sparsity.trade_off(measured(), "FD", lambda r: r.metrics["other"], "Other").axes
    assert axis.get_xlabel() == "Other (right: sparser)"
    assert line_of(axis, color("InteL-VAE")).get_xdata().tolist() == pytest.approx([6.5, 6.2])


def test_only_seeds_that_all_settings_have_are_comparable(records):
    without = [r for r in records if (r.config.method, r.config.seed) != ("DD", 1)]
    assert plots.sparsity.comparable(records) == records
    assert {r.config.seed for r in plots.sparsity.comparable(without)} == {0, 2}
    assert plots.sparsity.shared([[], records[:1], records]) == {0} and plots.sparsity.shared([[]]) == set()


def test_gaussian_codes_are_at_chance_whatever_the_number_in_use(records):
    z = torch.randn(5000, 50, generator=torch.Generator().manual_seed(0))
    z[:, 20:] *= 1e-3
    record = dataclasses.replace(records[0], metrics=codes.sparsity(z, z, torch.arange(5000) % 10))
    assert record.metrics["active_overall"] == 20
    assert rules.above_chance(record) == pytest.approx(0, abs=0.01)  # standard error 0.001
    assert rules.chance_in_use(dataclasses.replace(record, metrics={"active_overall": 1.0})) == 0


def test_a_table_has_a_row_for_every_setting_that_was_run(records):
    columns = {
        "score": Column("hoyer_sample", 3),
        "x": Column("frechet_10000", 1, 2.0, True),
    }
    table = plots.sparsity.table(plots.sparsity.settings(records), columns)
    assert len(table) == len(experiments.sparsity.METHODS) and list(table) == ["score", "x", "seeds"]
    assert table.loc[("InteL-VAE", "30")].tolist() == ["0.215", "262.0\xa0±\xa02.0", 3]
    assert table.loc[("VAE", ""), "x"] == "202.0\xa0±\xa02.0"
    one = plots.sparsity.table([({"a": "run"}, records[:1]), ({"a": "not run"}, [])], columns)
    assert one.to_dict("index") == {"run": {"score": "0.200", "x": "200.0", "seeds": 1}}
    assert plots.sparsity.table([({"a": "not run"}, [])], columns).empty


def test_accuracies_by_number_of_labels_are_means_and_deviations_a_line_for_each_method():
    figure = plots.sparsity.few_shot(labelled())
    assert [axis.get_title() for axis in figure.axes] == list(downstream.NAMES)
    assert [words(axis) for axis in figure.axes] == [("labels", "accuracy, %"), ("labels", ""), ("labels", "")]
    assert legend(figure) == {method: color(method) for method in LOOKS}
    root = 3**0.5  # the deviation of 0, 0 and 3, with n - 1 in the denominator
    for j, axis in enumerate(figure.axes):
        for i, method in enumerate(LOOKS):
            line = line_of(axis, color(method))
            means = [30 * i + 10 * j + n / 100 + (1 if method != "DD" else 0) for n in (10, 50, 200)]
            assert line.get_marker() == plots.STYLE[method]["marker"]
            assert line.get_xdata().tolist() == [10, 50, 200]
            assert line.get_ydata().tolist() == pytest.approx(means)
            expected = [pytest.approx((mean - root, mean + root)) for mean in means]
            assert bars(axis, color(method)) == (expected if method != "DD" else [])  # one run has no deviation


def test_few_labels_are_compared_for_one_setting_of_each_method(records):
    with pytest.raises(ValueError, match="one setting of each method, not 8 of InteL-VAE"):
        plots.sparsity.few_shot(records)


def test_profiles_have_a_row_for_each_class_and_count_the_dimensions_that_are_active_in_it():
    records = profiled()
    axes = np.reshape(plots.sparsity.class_profiles(records, (1, 7)).axes, (2, 2))
    assert [[axis.get_title() for axis in row] for row in axes] == [
        ["trouser: 3 active", "trouser: 2 active"], ["sneaker: 3 active", "sneaker: 2 active"],
    ]  # fmt: skip
    assert [axis.get_xlabel() for axis in axes[1]] == ["dimension (VAE)", "dimension (InteL-VAE)"]
    assert [axis.get_ylabel() for axis in axes[:, 0]] == ["mean |z|"] * 2
    active, other = to_hex(plots.ORANGE), to_hex(plots.BLUE)
    colours = [[active, active, active, other], [other, active, other, active]]
    for row, c in zip(axes, (1, 7), strict=True):
        for axis, r, expected in zip(row, records, colours, strict=True):
            assert [bar.get_height() for bar in axis.patches] == r.artifacts["by_class"][c]
            assert [bar.get_x() + bar.get_width() / 2 for bar in axis.patches] == pytest.approx([0, 1, 2, 3])
            assert [colour(bar) for bar in axis.patches] == expected
            assert axis.get_ylim()[0] == 0


@pytest.mark.parametrize("rows", [1, 2])
def test_traversals_are_labelled_with_their_class_dimension_and_values(rows):
    record = traversed()
    axes = plots.sparsity.traversals(record, rows=rows).axes
    images, a = tasks.unpack(record.artifacts["traversals"])[..., 0, :, :], record.artifacts
    names = ("trouser", "coat", "sneaker")
    for axis, (g, k) in zip(axes, [(g, k) for g in range(3) for k in range(rows)], strict=True):
        assert axis.get_ylabel() == f"{names[g]}\ndim {a['traversal_dimensions'][g][k]}"
        assert np.array_equal(tiles(axis, 1, 4)[0], images[g, k])
        ends = a["traversal_values"][g][k][::3]
        assert [text.get_text() for text in axis.get_xticklabels()] == [f"{end:.2g}" for end in ends]
        assert axis.get_xticks().tolist() == [0, 4 * 3 - 1]


def test_sliders_start_where_the_image_is(records):
    record = records[0]
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).expand(3, 2, 5)
    images = torch.arange(3 * 2 * 5 * 8, dtype=torch.uint8).reshape(3, 2, 5, 1, 2, 4)
    record.artifacts.update(
        traversals=tasks.pack(images),
        traversal_dimensions=[[4, 9], [9, 4], [0, 1]],
        traversal_values=values.tolist(),
        traversal_start=[[-1.9, 0.2], [0.9, 5.0], [-5.0, 0.0]],
    )
    explorer = plots.sparsity.explorer(record)
    assert explorer.start == [[0, 2], [3, 4], [0, 2]]
    assert repr(explorer) == "trouser: dimensions 4, 9; coat: dimensions 9, 4; sneaker: dimensions 0, 1; 5 values each"
    assert explorer.groups == ["trouser", "coat", "sneaker"] and explorer.kind == "class"
    assert explorer.dimensions == [["4", "9"], ["9", "4"], ["0", "1"]] and explorer.values == values.tolist()
    assert torch.equal(explorer.images, images)
