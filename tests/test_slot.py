"""The script for a short slot on a GPU, at a tiny size without one: a slot must not be lost to a typo."""

import json
import math
import tarfile

import pytest
import torch

from intelvae.data import files, images
from intelvae.paper import bench_gpu, bundle, runs, settings, slot, studies
from intelvae.paper.store import Store
from intelvae.paper.studies.digits import grid

CPU = torch.device("cpu")


def test_every_stage_runs_and_a_second_call_measures_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path / "runs"))
    slot.run(tmp_path / "out", 150.0, None, tiny=True)
    told = {name: json.loads((tmp_path / "out" / f"{name}.json").read_text(encoding="utf-8")) for name in slot.SHARES}
    for stage in told.values():
        assert stage["card"] == "no GPU" and stage["commit"] == runs.commit() and stage["tiny"]
        assert all(row["value"] is not None for row in stage["rows"]), [r for r in stage["rows"] if r["value"] is None]
    rates = {row["what"]: row["value"] for row in told["speed"]["rows"]}
    ways = {what.partition(": ")[2] for what in rates}
    assert len(rates) == 2 * len(ways) and {"plain loop, float32", "2 graphs at once, bfloat16"} <= ways
    # on a CPU there is no graph, so that all ways are the same to the bit
    assert [row["value"] for row in told["equality"]["rows"]] == [0.0] * 6 + [1.0]
    assert capsys.readouterr().out.count("steps/s") == len(rates)

    (one,) = studies.runs("framework", "smoke")
    assert bundle.merge(tmp_path / "out" / "results.zip", store := Store(tmp_path / "here")).trainings == 1
    assert store.result(one) is not None

    monkeypatch.setattr(slot, "measured", lambda *_: pytest.fail("it measures again"))
    slot.run(tmp_path / "out", 150.0, None, tiny=True)


def test_a_stage_that_fails_says_so_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    def fails(name, *_):
        if name == "speed":
            raise RuntimeError("no such\nkernel")
        return iter([{"what": name, "value": 1.0, "unit": ""}])

    monkeypatch.setattr(slot, "measured", fails)
    monkeypatch.setattr(slot, "train", lambda *_: None)
    slot.run(tmp_path, 1.0, None, tiny=True)
    assert {path.stem for path in tmp_path.iterdir()} == slot.SHARES.keys() - {"speed"}
    assert "speed: RuntimeError: no such kernel" in capsys.readouterr().out


def test_ways_for_which_there_is_no_time_say_so():
    rows = list(bench_gpu.speed(0.0, CPU, 1e12, tiny=True))
    assert {row["value"] for row in rows} == {None} and {row["error"] for row in rows} == {"no time left"}


def test_a_way_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(bench_gpu, "_ways", lambda case, *_: {"broken": lambda: 1 / 0, "fine": lambda: lambda: 5})
    broken, fine = list(bench_gpu.speed(60.0, CPU, 1e12, tiny=True))[:2]
    assert broken["error"] == "ZeroDivisionError: division by zero" and fine["value"] > 0


def test_runs_whose_data_are_not_here_are_left_out(monkeypatch):
    asked = studies.runs("sparsity", "paper", 0)[:1] + studies.runs("sparsity-mnist", "paper", 0)[:1]
    asked += studies.runs("framework", "paper")
    there = files.Status("mnist", True, "somewhere", "all")
    monkeypatch.setattr(files, "status", lambda: [there, files.Status("fashion-mnist", False, "", "")])
    assert [run.training.data for run in slot.can_be_run(asked)] == ["mnist", "star"]


def test_what_is_packed_is_unpacked_as_it_was(tmp_path, monkeypatch):
    given = tmp_path / "data" / files.FOLDERS["mnist"] / "raw"
    given.mkdir(parents=True)
    for name in files.FILES:
        (given / name).write_bytes(name.encode())
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "data"))
    called = []

    def pip(command, **_):
        called.append(command)
        return type("Done", (), {"stdout": "README.md\0"})

    monkeypatch.setattr(slot.subprocess, "run", pip)
    monkeypatch.setattr(runs, "commit", lambda: "abc")
    slot.pack(tmp_path / "packed", "mnist")
    assert "download" in called[0] and set(slot.WHEELS) < set(called[0])
    with tarfile.open(tmp_path / "packed" / "mnist.tar.xz") as archive:
        archive.extractall(tmp_path / "there", filter="data")
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "there"))
    assert {path.read_text(encoding="utf-8") for path in files.locate("mnist").values()} == set(files.FILES)
    monkeypatch.setattr(slot, "LARGEST", 100)
    with pytest.raises(ValueError, match="MiB would travel"):
        slot.pack(tmp_path / "packed", "mnist")


def test_the_plan_counts_each_training_once_and_hours_are_steps_over_rates():
    plan = bench_gpu.plan({"mathieu": 100.0, "authors": 50.0, "faces": 10.0})
    asked = {r.training for name in studies.NAMES for r in studies.runs(name, "paper")}
    asked = {config for config in asked if config.data not in slot.toys.NAMES}
    assert plan["trainings"].sum() == len(asked)
    steps = sum(c.epochs * (c.steps_per_epoch or bench_gpu.examples(c) // c.batch_size) for c in asked)
    assert plan["million steps"].sum() == pytest.approx(steps / 1e6)
    of_faces = plan.loc[["table4", "table-b1"]]
    assert (of_faces["hours"] == of_faces["million steps"] * 1e6 / 10 / 3600).all()
    assert "hours" not in bench_gpu.plan()
    partly = bench_gpu.plan({"mathieu": 100.0})["hours"]  # a slot may end before the faces
    assert partly["sparsity"] == plan["hours"]["sparsity"] and math.isnan(partly["table4"])
    one = bench_gpu.bench.flops(bench_gpu.bench.Case("mathieu", (1, 32, 32), 50, 1))
    of_figure_7 = plan.loc["sparsity"]
    assert of_figure_7["PFLOP"] == pytest.approx(of_figure_7["million steps"] * 1e6 * one / 1e15)


def test_examples_are_as_many_as_the_data_sets_have(tmp_path):
    """Those of the paper's split: 60,000 images less those for validation, and 5,000 of each of two digits."""
    whole = {"mnist": 60_000 - images.VALID, "fashion-mnist": 60_000 - images.VALID, "mnist-01": 2 * 5_000}
    assert {name: bench_gpu.EXAMPLES[name] for name in whole} == whole
    published = {r.trained.examples for r in studies.stored("table4", "laptop")}
    assert published == {bench_gpu.EXAMPLES["celeba"]}


def test_the_paper_learns_from_all_faces_and_repeated_digits_count_as_often_as_they_occur():
    faces = {profile: studies.runs("table4", profile)[0].training for profile in ("laptop", "paper")}
    assert {profile: bench_gpu.examples(config) for profile, config in faces.items()} == {
        "laptop": 8059,
        "paper": 162_770,
    }
    assert settings.EXAMPLES["table4"]["paper"] == "162,770"
    for run in studies.runs("proportions", "paper"):
        config = run.training
        assert bench_gpu.steps_of(config) == config.epochs * grid.steps_of("paper", config.repeats)


def test_slots_that_were_measured_are_found_with_their_best_rates(tmp_path):
    assert bench_gpu.slots(tmp_path) == [] and bench_gpu.best([]) == {}
    rows = [("mathieu: plain", 10.0), ("mathieu: graph", 90.0), ("faces: graph", None), ("authors: graph", 7.0)]
    told = {"stage": "speed", "card": "A", "rows": [{"what": what, "value": value} for what, value in rows]}
    for folder, stage in (
        ("1-A", told),
        ("2-A", told | {"stage": "machine", "rows": [{"what": "mathieu: x", "value": 1e9}]}),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{stage['stage']}.json").write_text(json.dumps(stage), encoding="utf-8")
    found = bench_gpu.slots(tmp_path)
    assert [stage["slot"] for stage in found] == ["1-A", "2-A"]
    assert bench_gpu.best(found) == {"mathieu": 90.0, "authors": 7.0}


def test_what_slots_measured_is_told_row_by_row_with_reasons_where_nothing_was():
    rows = [
        {"what": "mathieu: graph", "value": 1234.56, "unit": "steps/s", "share": 0.1},
        {"what": "faces: graph", "value": None, "unit": "steps/s", "error": "no time left"},
    ]
    told = bench_gpu.told([{"slot": "1", "stage": "speed", "card": "A", "rows": rows}])
    assert told.to_numpy().tolist() == [
        ["A", "mathieu: graph", "1235 steps/s"],
        ["A", "faces: graph", "no time left"],
    ]
    assert bench_gpu.told([]).empty
