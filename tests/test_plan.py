"""What the page on costs says follows from costs and measurements made by hand: sentences, tables and figures."""

import dataclasses

import matplotlib
import pandas as pd
import pytest
from drawn import legend, levels, line_of, lines
from test_scheduling import SLOT, cost

from intelvae.paper import bench, plan
from intelvae.paper.bench import Row
from intelvae.paper.bench_sweeps import PerTask
from intelvae.paper.plan import HOUR, Measured
from intelvae.paper.rows import BLUE, ORANGE

matplotlib.use("agg")

TASK = PerTask(10_000, seconds=0.036, client=0.004, scheduler=0.002)
PAPER = [
    *(dataclasses.replace(cost(HOUR, seed=seed), experiment="table1", recorded=seed < 4) for seed in range(60)),
    *(dataclasses.replace(cost(20 * HOUR, "celeba", "faces", seed=s), experiment="table4") for s in range(2)),
    dataclasses.replace(cost(36.0, "circle", "mlp", steps_per_epoch=5), experiment="bridge", recorded=True),
]
LAPTOP = [dataclasses.replace(each, seconds=each.seconds / 4, recorded=True) for each in PAPER[:30]]
TOLD = pd.DataFrame(
    {"network": ["mathieu", "faces", "faces"], "told": [HOUR, HOUR, 2 * HOUR], "seconds": [2 * HOUR, HOUR, 2 * HOUR]}
)
WORKERS = [
    Row("joblib", "one worker", 1.9, 1.8, 2.0, bench.FASTER),
    Row("dask", "one worker", 1.7, 1.6, 1.8, bench.FASTER),
]
FOUND = Measured("laptop", {"paper": PAPER, "laptop": LAPTOP}, TOLD, 5, WORKERS, TASK)
WITHOUT = dataclasses.replace(FOUND, profile="smoke", per_task=None)
EXAMPLES = {
    "times": lambda: plan.times(FOUND),
    "experiments": lambda: plan.experiments(FOUND),
    "told": lambda: plan.told(FOUND),
}


def test_the_box_has_the_time_the_limit_and_where_it_goes():
    first, _, *said = plan.answer(FOUND).splitlines()
    assert "one processor core 100 hours, and 64 cores 20 hours" in first  # 60 of one, 2 of 20, and 36 s
    assert "From about 6 cores on, the limit is the longest training, 20 hours" in first
    assert said[0] == "- **Where the time goes:** faces take 40 % of it, and all the rest 60 hours of one core."
    assert "5 of 63 trainings have been run" in said[1] and "half of them within a factor of 1.0" in said[1]
    assert "takes 36 ms" in said[2] and "nothing has been measured" in said[3]


def test_faces_are_told_by_number_and_epochs_of_each_profile():
    of = {name: [cost(1.0, "celeba", "faces", whole=whole)] for name, whole in (("paper", True), ("laptop", False))}
    of["laptop"].append(cost(1.0, "celeba", "faces", epochs=125))
    said = plan.faces(dataclasses.replace(FOUND, costs=of))
    assert "learns from 8,059 for 1 or 125 epochs" in said and "from all 162,770 for 1 epochs." in said


def test_without_dask_the_page_says_how_to_install_it():
    assert "Handing out" not in plan.answer(WITHOUT) and "scheduler" not in plan.limit(WITHOUT)
    assert "pip install -e '.[dask]'" in plan.handing_out(WITHOUT) and WITHOUT.apart == 0


def test_with_a_gpu_the_box_has_its_hours_of_the_networks_that_it_has_measured():
    said = plan.answer(dataclasses.replace(FOUND, stages=[SLOT])).splitlines()[-1]
    assert "On one GPU" in said and "0.02 hours (60 of 62;" in said  # 60 s
    few = {"paper": PAPER[:60], "laptop": LAPTOP}
    assert plan.answer(dataclasses.replace(FOUND, costs=few, stages=[SLOT])).endswith("images take 0.02 hours.")


def test_handing_out_names_the_most_tasks_of_whichever_process_is_busier():
    said = " ".join(plan.handing_out(FOUND).split())
    assert "With 10,000 empty runs" in said and "takes 36 ms" in said
    assert "busy for 4.0 ms of it, and the scheduler's for 2.0 ms" in said and "about 250 tasks a second" in said


def test_the_limit_is_the_longest_run_and_the_order_is_compared_with_the_best():
    said = " ".join(plan.limit(FOUND).split())
    assert "From about 6 workers on, the limit of `paper` is the longest run, 20 hours" in said
    assert "takes 2.3 s. The mean task takes some 160,000 times" in said  # 63 parts, 100 hours


def test_the_table_of_workers_has_the_sweeps_order_and_the_longest_first():
    frame = plan.on_workers(WITHOUT)
    paper = frame[frame["profile"] == "paper"].set_index("workers")
    assert paper["time"].tolist() == ["100 hours", "27 hours", "20 hours"]  # seven rounds first; or from the start
    assert paper["longest first"].tolist() == ["100 hours", "20 hours", "20 hours"]
    assert paper["times as fast"].tolist() == ["1.0", "3.7", "5.0"]


def test_the_spread_is_told_of_all_and_of_faces():
    said = " ".join(plan.spread(FOUND).split())
    assert said.startswith("Of 3 records half are within a factor of 1.0, and nine of ten within 1.7.")
    assert "the 2 on faces" in said and said.endswith("nine of ten are within 1.0.")


def test_tables_have_every_experiment_and_comparison():
    frame = plan.table(FOUND)
    assert frame.loc["table1"].tolist() == [60, 60.0, 56.0, 30, 7.5, 0.0]
    assert frame.loc["table4"].tolist() == [2, 40.0, 40.0, 0, 0.0, 0.0]
    assert plan.scaling(FOUND)["times as fast as one"].tolist() == ["1.90 (1.80 to 2.00)", "1.70 (1.60 to 1.80)"]
    assert "laptop: 30 of 30 trainings have a record" in FOUND.provenance()


def test_the_figure_has_a_line_a_profile_and_its_bounds_named():
    (axis,) = plan.times(FOUND).axes
    of = legend(axis.figure)
    assert of == {"paper": BLUE, "laptop": ORANGE}
    at = dict(zip(plan.GRID, line_of(axis, BLUE).get_ydata(), strict=True))
    assert at[1] == pytest.approx(100.01, abs=0.01) and at[64] == at[1024] == pytest.approx(20, abs=0.01)
    assert sorted(place for color, _, place in levels(axis) if color == BLUE) == pytest.approx([63 * 1e-5, 20])
    assert [text.get_text() for text in axis.texts] == [
        "paper: longest run, 20 hours",
        "paper: scheduler, 2.3 s",
        "laptop: longest run, 15 minutes",
        "laptop: scheduler, 1.1 s",
    ]
    (axis,) = plan.times(WITHOUT).axes
    assert len(levels(axis)) == 2  # no scheduler


def test_the_figure_of_experiments_has_recorded_and_estimated_hours_and_the_small_ones_as_one():
    paper, laptop = plan.experiments(FOUND).axes
    recorded, estimated = paper.containers
    assert [text.get_text() for text in paper.get_yticklabels()] == ["table1", "table4", "all others (1)"]
    assert [bar.get_width() for bar in recorded] == pytest.approx([4, 0, 0.01])
    assert [(bar.get_x(), bar.get_width()) for bar in estimated] == [(4, 56), (0, 40), (0.01, 0)]
    assert paper.get_ylim()[0] > paper.get_ylim()[1]  # the longest is on top
    assert [bar.get_width() for bar in laptop.containers[0]] == [7.5]


def test_the_figure_of_what_steps_tell_has_a_mark_a_record():
    (axis,) = plan.told(FOUND).axes
    of = legend(axis.figure)
    marks = {color: (x, y) for color, x, y in lines(axis) if x}
    assert marks[of["mathieu"]] == ([1], [2]) and marks[of["faces"]] == ([1, 2], [1, 2])
