"""The figures on sparsity: which records go where, and what the sliders start from."""

import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from intelvae import experiments, plots, rules, tasks
from intelvae.metrics import codes, downstream
from intelvae.plots.sparsity import Column
from intelvae.records import Record

matplotlib.use("agg")


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


def test_the_trade_off_shows_means_and_deviations_over_seeds_and_names_every_setting(records):
    figure = plots.sparsity.trade_off(records, "FD")
    (axis,) = figure.axes
    lines = {c.get_label(): c for c in axis.containers}
    assert list(lines) == ["VAE", "InteL-VAE (γ)", "DD (α)", "Sparse-VAE (α)", "VAE + L_sp (γ)", "VAE + L1 (γ)"]
    data, _, bars = lines["InteL-VAE (γ)"].lines
    assert data.get_ydata().tolist() == pytest.approx(
        [101 + gamma for gamma in experiments.sparsity.GAMMAS]
    )  # N = 10,000
    low, high = bars[1].get_segments()[0][:, 1]  # the deviation of three seeds, 1 apart, is 1
    assert (low, high) == pytest.approx((100.0, 102.0))
    texts = [t.get_text() for t in axis.texts]
    assert texts[:8] == ["0", "0.1", "0.3", "1", "3", "10", "30", "100"] and len(texts) == 8 + 4 + 3 + 3 + 3


def test_the_trade_off_can_be_against_another_number(records):
    (axis,) = plots.sparsity.trade_off(records, "FD", lambda record: float(record.config.seed), "Seed").axes
    assert axis.get_xlabel().startswith("Seed")
    assert {x for container in axis.containers for x in container.lines[0].get_xdata()} == {1.0}  # of seeds 0, 1, 2


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


def test_one_setting_a_method_is_compared_on_few_labels(records):
    one = [r for r in records if experiments.sparsity.setting(r.config) in (None, ("gamma", 10.0), ("alpha", 100.0))]
    figure = plots.sparsity.few_shot(one)
    assert [axis.get_title() for axis in figure.axes] == list(downstream.NAMES)
    for i, axis in enumerate(figure.axes):
        lines = {c.get_label(): c.lines[0] for c in axis.containers}
        assert set(lines) == {r.config.method for r in one}
        for method, line in lines.items():
            means = [100 * (accuracy(method, i, n) + 0.01) for n in downstream.SIZES]  # of seeds 0, 1, 2
            assert line.get_xdata().tolist() == list(downstream.SIZES)
            assert line.get_ydata().tolist() == pytest.approx(means)
    with pytest.raises(ValueError, match="too many values"):
        plots.sparsity.few_shot(records)


def test_profiles_count_the_dimensions_that_are_active_in_a_class(records):
    figure = plots.sparsity.class_profiles(records[:2])
    assert {axis.get_title() for axis in figure.axes} == {"trouser: 1 active", "coat: 1 active", "sneaker: 1 active"}


def test_sliders_start_where_the_image_is(records):
    record = records[0]
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).expand(3, 2, 5)
    record.artifacts.update(
        traversals=tasks.pack(torch.zeros(3, 2, 5, 1, 8, 8)),
        traversal_dimensions=[[4, 9], [9, 4], [0, 1]],
        traversal_values=values.tolist(),
        traversal_start=[[-1.9, 0.2], [0.9, 5.0], [-5.0, 0.0]],
    )
    explorer = plots.sparsity.explorer(record)
    assert explorer.start == [[0, 2], [3, 4], [0, 2]]
    assert repr(explorer) == "trouser: dimensions 4, 9; coat: dimensions 9, 4; sneaker: dimensions 0, 1; 5 values each"
    labels = [axis.get_ylabel() for axis in plots.sparsity.traversals(record, rows=1).axes]
    assert labels == ["trouser\ndim 4", "coat\ndim 9", "sneaker\ndim 0"]
