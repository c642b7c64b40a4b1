"""How long a sweep takes on so many workers: closed forms, bounds, and parts as a sweep hands them out."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelvae.paper import bench_gpu, scheduling
from intelvae.paper.config import Training
from intelvae.paper.costs import Cost
from intelvae.paper.scheduling import bounds, enough, time_on
from intelvae.paper.works import MOST_TOGETHER, Work

SECONDS = st.lists(st.integers(0, 1000).map(float), max_size=40)


def cost(seconds=1.0, data="mnist", network="mathieu", epochs=1, **more):
    return Cost("an experiment", Work(Training(data, network, 2, "gaussian", epochs, **more), ()), seconds, False)


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("count", [0, 1, 6, 20])
def test_equal_runs_take_as_many_rounds_as_there_are_for_each_worker(count, workers):
    assert time_on([3.0] * count, workers) == 3.0 * math.ceil(count / workers)


def test_one_long_run_beside_many_short_ones_takes_as_long_as_itself_or_comes_last():
    assert time_on([9.0] + [1.0] * 9, 2) == 9.0
    assert time_on([1.0] * 9 + [9.0], 2) == 13.0  # four rounds for nine of them, then the long one beside the ninth


def test_empty_runs_take_what_handing_them_out_does():
    assert time_on([0.0] * 50, 8, apart=0.5) == 25.0
    assert time_on([1.0] * 50, 1000, apart=0.5) == 26.0  # the last is handed out at 25 s


@given(SECONDS, st.integers(1, 12), st.integers(0, 5).map(float))
def test_no_bound_is_ever_beaten_and_no_order_is_worse_than_known(seconds, workers, apart):
    """Graham: list scheduling takes at most the work shared out and, once, the longest run."""
    taken, bound = time_on(seconds, workers, apart), bounds(seconds, workers, apart)
    assert taken >= max(bound.values()) or (not seconds and taken == 0)
    assert taken <= sum(bound.values()) + 1e-9


@given(SECONDS.filter(any))
def test_enough_workers_are_the_fewest_for_which_the_longest_run_is_the_bound(seconds):
    found = enough(seconds)
    assert sum(seconds) <= found * max(seconds) and (found == 1 or sum(seconds) > (found - 1) * max(seconds))
    assert enough([]) == enough([0.0]) == 1


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], 0), "workers must be a whole number >= 1, not 0"),
        (([1.0], 1.5), "workers must be a whole number >= 1, not 1.5"),
        (([1.0], 1, -1.0), "apart, seconds between two tasks, must be a number >= 0, not -1.0"),
        (([-1.0], 1), "seconds of a part must be a number >= 0, not -1.0"),
        (([math.nan], 1), "seconds of a part must be a number >= 0, not nan"),
    ],
)
def test_nonsense_is_refused_in_one_line(arguments, message):
    with pytest.raises(ValueError) as error:
        time_on(*arguments)
    assert str(error.value).replace("finite ", "") == message


def test_parts_are_those_of_a_sweep():
    """Small models side by side, at most so many, and images alone; on a GPU many at once."""
    toys = [cost(2.0, "circle", "mlp", steps_per_epoch=10, seed=seed) for seed in range(2 * MOST_TOGETHER)]
    images = [cost(5.0, seed=seed) for seed in range(32)]
    assert scheduling.parts([*toys, *images], "cpu", 4) == [5.0] * 32 + [2.0 * MOST_TOGETHER] * 2
    assert scheduling.parts(images, "cuda", 1) == [16 * 5.0] * 2
    assert scheduling.parts(images, "cuda", 8) == [4 * 5.0] * 8  # so that each has some


def stage(*rows, name="speed"):
    """What `slot` leaves of a stage."""
    told = [{"what": what, "unit": "steps/s", "value": value} for what, value in rows]
    return {"stage": name, "card": "A GPU", "cores": 16, "torch": "2", "commit": "abc", "tiny": False, "rows": told}


SLOT = stage(
    ("mathieu: graph, bfloat16", 100.0),
    ("mathieu: 16 graphs at once, bfloat16", 550.0),
    ("mathieu: eager, bfloat16", 30.0),
    ("faces: graph, bfloat16", None),
)


def slots_of(folder, *stages):
    """The stages as `bench_gpu.slots` finds them."""
    (folder / "1").mkdir()
    for each in stages:
        (folder / "1" / f"{each['stage']}.json").write_text(json.dumps(each), encoding="utf-8")
    return bench_gpu.slots(folder)


def test_the_times_of_a_gpu_are_those_of_networks_that_it_has_measured(tmp_path):
    found = slots_of(tmp_path, SLOT, stage(("bfloat16 product", 9e9), name="machine"))
    of = [cost(seed=seed) for seed in range(32)]  # 550 steps each: a second at the best rate
    of += [cost(data="celeba", network="faces"), cost(data="circle", network="mlp", steps_per_epoch=5)]
    frame = scheduling.on_gpus(of, found)
    assert frame["GPUs"].tolist() == list(scheduling.WORKERS)
    assert set(frame["trainings"]) == {32} and set(frame["of"]) == {33}
    assert frame["hours"].tolist() == [round(32 / 3600, 2), round(4 / 3600, 2), round(1 / 3600, 2)]
    assert scheduling.on_gpus(of, []).empty


def test_more_runs_at_once_are_a_column_each():
    frame = scheduling.at_once([SLOT, stage(("copy", 1.0), name="machine")])
    assert frame.index.tolist() == [("A GPU", "mathieu")]
    assert frame.columns.tolist() == [1, 16] and frame.iloc[0].tolist() == [100, 550]
    assert scheduling.at_once([]).empty
