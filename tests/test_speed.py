"""What the page on speed says follows from the rows: aims, sentences, tables and the figure."""

import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import pytest
from drawn import bars, legend, lines

from intelvae.paper import bench, bench_steps, speed
from intelvae.paper.bench import Row
from intelvae.paper.speed import FOUR, ONE, SEEDS, Measured

matplotlib.use("agg")

IN_TURN = "ours, in turn on all cores"
SIDE = Row(SEEDS, "one after the other", 8.0, 7.0, 9.0, bench.FASTER)
SMOKE = Measured("smoke", 1, [Row("2-D perceptron, 5 seeds", "one after the other", 1.5, 1.5, 1.5, bench.FASTER)])
FOUND = Measured(
    "laptop",
    5,
    [
        Row(ONE, "plain loop", 0.98, 0.87, 1.06, bench.FASTER),
        Row(ONE, "pythae", 2.5, 2.2, 2.6, bench.FASTER),
        Row(ONE, "matrix product, float32", 0.41, 0.38, 0.54, bench.SHARE),
        Row(FOUR, "plain loop", 3.5, 1.25, 3.75, bench.FASTER),
        Row(FOUR, IN_TURN, 1.25, 1.0, 1.5, bench.FASTER),
        Row("another network, one run", "plain loop", 9.0, 8.0, 10.0, bench.FASTER),
        Row("another network, one run", "matrix product, float32", 0.69, 0.6, 0.7, bench.SHARE),
        SIDE,
        Row("time", "number of images", 0.96, 0.9, 1.1, bench.SLOPE),
        Row("time", "latent dimension", 1.7, 0.0, 0.1, bench.SLOPE),
        Row("time", "seeds of the 2-D perceptron", -0.02, -0.1, 0.2, bench.SLOPE),
        Row("peak", "plain loop", 1.5, 1.5, 1.5, bench.MEMORY),
    ],
)
EXAMPLES = {"ratios": lambda: speed.ratios(FOUND)}


@pytest.fixture
def with_pythae(monkeypatch):
    monkeypatch.setitem(bench.PEERS, "pythae", bench.plain)


def test_an_aim_is_met_by_a_median_that_is_as_good():
    judged = speed.judged(FOUND)
    assert judged[["case", "against", "aim", "met"]].to_numpy().tolist() == [
        [ONE, "plain loop", "2", "no"],
        [ONE, "pythae", "2", "yes"],
        [FOUR, "plain loop", "3", "yes"],
        [SEEDS, "one after the other", "8", "yes"],
    ]
    assert speed.judged(SMOKE).empty


def test_every_aim_is_for_something_that_is_measured():
    cases = {f"{name}, {runs}" for name in bench.CASES for runs in ("one run", "four runs")}
    assert {case for case, _ in speed.AIMS} <= {*cases, SEEDS}
    assert {peer for _, peer in speed.AIMS} <= speed.LOOKS.keys()


def test_the_box_has_the_aims_and_their_ratios(with_pythae):
    first, _, *said = speed.answer(FOUND).splitlines()
    assert first == "On this machine the library meets 3 of its 4 speed aims."
    assert said == [
        "- **One training on all cores:** 0.98 times as fast as a plain loop, 2.5 times as fast as pythae.",
        "- **Four trainings at once, one thread each:** 3.5 times as fast as a plain loop.",
        "- **Seeds as one batched model:** 8 times as fast as one after the other.",
    ]


def test_the_box_says_what_is_not_there(monkeypatch):
    monkeypatch.delitem(bench.PEERS, "pythae", raising=False)
    said = speed.answer(SMOKE)
    assert "`smoke` no aim is judged" in said and "pythae is not installed" in said
    assert "1.5 times as fast as one after the other" in said
    assert "pythae not installed" in SMOKE.provenance()


@pytest.mark.parametrize(
    ("low", "high", "outcome"), [(1.01, 2.0, "faster"), (0.5, 0.9, "slower"), (0.9, 1.1, "no difference found")]
)
def test_faster_is_what_is_so_in_every_round(low, high, outcome):
    row = dataclasses.replace(SIDE, ratio=1.0, low=low, high=high)
    assert speed.gains([row])["in all rounds"].tolist() == [outcome]


def test_tables_have_every_row_once():
    shown = [*speed.table(FOUND)["median (range)"], *speed.slopes(FOUND)["slope (range)"]]
    assert sorted(shown) == sorted(map(speed.spread, FOUND.rows))
    assert speed.slopes(SMOKE).empty


def test_growth_is_judged_by_images_and_seeds_alone():
    said = speed.growth(FOUND)
    assert "0.96 for the number of images" in said and "-0.02 for the seeds" in said and "1.7" not in said
    assert "met by both" in said and "not met" not in said
    steep = dataclasses.replace(FOUND, rows=[Row("time", "number of images", 1.01, 1.0, 1.1, bench.SLOPE)])
    assert "not met" in speed.growth(steep)
    assert "not measured" in speed.growth(SMOKE)


def test_the_ceiling_is_that_of_all_networks():
    assert "between 41 and 69 %" in speed.ceiling(FOUND) and "not measured" in speed.ceiling(SMOKE)


def test_what_is_left_of_a_step_counts_torchs_own_kernels():
    shares = dict(zip([*bench_steps.KINDS, bench_steps.REST], (40.4, 20.0, 6.0, 5.0, 10.0, 8.0, 4.6, 6.0), strict=True))
    assert "71 % of a step" in speed.left(shares)
    assert speed.parts(shares)["share, %"].tolist() == ["40", "20", "6", "5", "10", "8", "5", "6"]


def test_units_for_bfloat16_are_told():
    assert "in float32" in speed.of_units([])
    assert "4.0 times as fast" in speed.of_units([Row("product", "float32", 4.0, 4.0, 4.0, bench.FASTER)])


def test_the_figure_has_a_mark_and_a_range_for_each_contender_and_the_aims():
    figure = speed.ratios(FOUND)
    (axis,) = figure.axes
    of = legend(figure)
    assert set(of) == {
        "against plain loop",
        "against pythae",
        f"against {IN_TURN}",
        "against one after the other",
        "aim",
    }
    marks = {color: (x, y) for color, x, y in lines(axis)}
    x, y = marks[of["against plain loop"]]
    assert x == [0.98, 3.5, 9.0] and y == pytest.approx([-0.11, 0.89, 2])  # alone in its case it is in the middle
    assert bars(axis, of["against plain loop"], "x") == [
        pytest.approx(ends) for ends in ((0.87, 1.06), (1.25, 3.75), (8, 10))
    ]
    assert marks[of["aim"]] == ([2.0, 3.0, 8.0], [0, 1, 3])
    assert [text.get_text().replace("\n", " ") for text in axis.get_yticklabels()] == [
        ONE, FOUR, "another network, one run", SEEDS
    ]  # fmt: skip
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first is on top


def test_the_figure_of_one_comparison_without_an_aim_has_no_aim():
    figure = speed.ratios(SMOKE)
    assert set(legend(figure)) == {"against one after the other"}
    plt.close("all")
