"""What the page on speed says of measurements: rows made by hand, and steps and layers that are small."""

import time

import matplotlib
import pytest
import torch
from drawn import bars, legend, levels, lines
from torch import nn

from intelvae.paper import bench, bench_steps
from intelvae.paper.bench import Row

matplotlib.use("agg")
TINY = bench.Case("mathieu", (1, 32, 32), 2, steps=1, batch_size=4)
ROWS = [
    Row(bench_steps.ONE, "plain loop", 1.95, 1.5, 2.5, "times as fast"),
    Row(bench_steps.ONE, "matrix product, float32", 0.4, 0.3, 0.5, "share of its speed"),
    Row(bench_steps.FOUR, "plain loop", 3.25, 3.0, 3.5, "times as fast"),
    Row(bench_steps.FOUR, "ours, in turn on all cores", 1.25, 1.0, 1.5, "times as fast"),
    Row("time", "number of images", 0.95, 0.9, 1.1, "slope in logs"),
]
EXAMPLES = {"ratios": lambda: bench_steps.ratios(ROWS)}


def test_an_aim_is_met_if_the_median_is_at_least_as_good():
    judged = bench_steps.judged(ROWS)
    assert judged[["aim", "measured", "met"]].to_numpy().tolist() == [[2, "1.95", "no"], [3, "3.25", "yes"]]
    assert bench_steps.judged([]).empty and "met" in bench_steps.judged([])


def test_every_aim_is_of_a_case_that_is_measured():
    cases = {f"{case}, {runs}" for case in bench.CASES for runs in ("one run", "four runs")}
    assert {case for case, _ in bench_steps.AIMS} <= cases | {bench_steps.SEEDS}
    assert {peer for _, peer in bench_steps.AIMS} == {"plain loop", "pythae", "one after the other"}


def test_slopes_have_a_table_of_their_own():
    assert bench_steps.slopes(ROWS).to_numpy().tolist() == [["number of images", "0.95", "0.90 to 1.10"]]
    assert bench_steps.slopes([]).empty
    table = bench_steps.table(ROWS)
    assert table["ratio"].tolist() == ["1.95", "0.40", "3.25", "1.25"]
    assert table.iloc[1].tolist()[1:] == ["matrix product, float32", "0.40", "0.30 to 0.50", "share of its speed"]


def test_a_median_is_cited_where_it_is_measured():
    assert bench_steps.words(ROWS, bench_steps.FOUR, "plain loop") == "3.2"
    assert bench_steps.words(ROWS, bench_steps.FOUR, "pythae") == "(not measured)"


def test_ratios_are_drawn_by_case_and_peer_with_their_range_and_aims():
    (axis,) = EXAMPLES["ratios"]().axes
    of = legend(axis.figure)
    assert list(of) == ["against plain loop", "against ours, in turn on all cores"]
    shown = {colour: (x, y) for colour, x, y in lines(axis)}
    assert shown[of["against plain loop"]] == ([1.95, 3.25], [-0.09, 0.91])
    assert shown[of["against ours, in turn on all cores"]] == ([1.25], [1.09])
    assert shown["#000000"] == ([2, 3], [-0.09, 0.91])
    assert bars(axis, of["against plain loop"], "x") == [pytest.approx((1.5, 2.5)), pytest.approx((3.0, 3.5))]
    assert levels(axis) == [("#000000", "x", 1)]


@pytest.mark.parametrize("options", [{}, {"fused": True}])
def test_a_step_trains(options, monkeypatch):
    made, model = [], bench.Case.model
    monkeypatch.setattr(bench.Case, "model", lambda case, seed=0: made.append(model(case, seed)) or made[-1])
    step = bench_steps.step_of(TINY, **options)
    before = [p.detach().clone() for p in made[0].parameters()]
    step()
    assert not any(torch.equal(a, b) for a, b in zip(before, made[0].parameters(), strict=True))


def test_shares_of_a_step_are_of_every_kind_and_add_up():
    conv = nn.Conv2d(3, 8, 3)
    x = torch.randn(2, 3, 16, 16)
    shares = bench_steps.by_operation(lambda: conv(x).sum().backward(), 2)
    found = dict(shares.to_numpy().tolist())
    assert {"convolutions, forward", "convolutions, backward"} <= set(found)
    assert sum(found.values()) == pytest.approx(100, abs=len(found)) and shares.iloc[:, 1].is_monotonic_decreasing


class Slow(nn.Linear):
    def forward(self, x):
        time.sleep(0.002)
        return super().forward(x)


def test_a_rewriting_is_compared_with_a_layer_of_the_same_weights():
    layers = {"slow": (Slow(3 * 16, 4), nn.Linear(3 * 16, 4), (1, 2, 3, 48))}
    (line,) = bench_steps.rewritten(layers, "float32", 2).to_dict("records")
    assert line["rewriting"] == "slow" and float(line["times as fast"]) < 1 and " to " in line["range"]


def test_a_rewriting_with_other_results_is_refused():
    class Other(nn.Linear):
        def forward(self, x):
            return super().forward(x) + 1

    with pytest.raises(ValueError, match="another: other results"):
        bench_steps.rewritten({"another": (Other(48, 4), nn.Linear(48, 4), (1, 2, 3, 48))}, "float32", 2)


def test_a_step_is_compared_with_the_plain_one():
    found = bench_steps.changed({"quick": lambda: None}, lambda: time.sleep(0.001), 2).to_dict("records")
    assert [line["step"] for line in found] == ["quick"] and float(found[0]["times as fast"]) > 10
