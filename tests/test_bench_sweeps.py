"""How sweeps scale is measured by what a sweep does; that it is measured, not how long it takes."""

from contextlib import contextmanager

import joblib
import pytest

from intelvae.paper import bench, bench_sweeps
from intelvae.paper.store import Store
from intelvae.paper.works import missing, parts


def test_each_training_is_a_task_of_its_own(tmp_path):
    asked = bench_sweeps.trainings(3, epochs=2)
    assert len({run.training for run in asked}) == 3 and not any(run.evaluations for run in asked)
    assert list(map(len, parts(missing(asked, Store(tmp_path)), "cpu"))) == [1, 1, 1]


def test_two_workers_are_compared_with_one():
    with joblib.parallel_config("threading"):  # processes would take half a minute to start
        rows = bench_sweeps.two_workers(1, 2, 1, with_dask=False)
    assert [(row.case, row.peer, row.unit) for row in rows] == [("joblib", "one worker", bench.FASTER)]


def test_without_dask_what_it_adds_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(bench_sweeps, "HAS_DASK", False)
    with pytest.raises(ValueError, match=r"dask has to be there: pip install -e '.\[dask\]'"):
        bench_sweeps.per_task(10)


@pytest.mark.filterwarnings("ignore")  # dask's own
def test_empty_runs_are_handed_out_and_all_who_take_part_are_busy(monkeypatch):
    distributed = pytest.importorskip("distributed", reason="needs the package distributed: pip install -e '.[dask]'")

    @contextmanager
    def in_this_process(count):
        with distributed.LocalCluster(count, threads_per_worker=1, processes=False, dashboard_address=":0") as local:
            yield local.scheduler_address

    monkeypatch.setattr(bench_sweeps, "workers_of", in_this_process)
    found = bench_sweeps.per_task(10)
    assert found.tasks == 10 and min(found.seconds, found.client, found.scheduler) > 0


@pytest.mark.filterwarnings("ignore")  # dask's own
def test_a_scheduler_without_work_ends_by_itself_since_what_started_it_may_have_been_killed():
    distributed = pytest.importorskip("distributed", reason="needs the package distributed: pip install -e '.[dask]'")
    with bench_sweeps.workers_of(1) as address, distributed.Client(address) as client:
        alone = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.idle_timeout)
        assert bench_sweeps.START < alone <= 600  # not while workers start, and not much later
