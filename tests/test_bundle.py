"""Results that travel in an archive: whole, checked, and put in once."""

import dataclasses
import zipfile

import pytest
import safetensors.torch
import torch

from intelvae.paper import bundle, runs, sweeps
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import VAE, Row, Run
from intelvae.paper.store import Store

CONFIG = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2, mapping="sparse", gamma=1.0)
POINTS, SCATTER = Evaluation("points"), Evaluation("scatter")


def toys(count, *wanted):
    return [
        Run(Row("any", VAE), dataclasses.replace(CONFIG, seed=s), wanted or (POINTS, SCATTER)) for s in range(count)
    ]


def files(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_results_arrive_as_they_left_and_a_second_time_changes_nothing(tmp_path):
    there, here, asked = Store(tmp_path / "there"), Store(tmp_path / "here"), toys(2)
    left = sweeps.sweep(asked, there)
    (archive,) = bundle.export(asked, there, tmp_path / "out.zip")
    assert bundle.merge(archive, here) == bundle.Merged(2, 4)
    arrived = [here.result(run) for run in asked]
    assert [r.trained for r in arrived] == [r.trained for r in left]
    assert [r.metrics for r in arrived] == [r.metrics for r in left]
    assert all(torch.equal(a.kept["samples"], b.kept["samples"]) for a, b in zip(arrived, left, strict=True))
    assert not here.weights(asked[0].training).exists()  # all that was asked for is measured
    before = files(here.root)
    assert bundle.merge(archive, here) == bundle.Merged() and files(here.root) == before


def test_a_model_that_is_not_measured_yet_takes_its_weights_along_in_half_precision(tmp_path):
    there, here, (asked,) = Store(tmp_path / "there"), Store(tmp_path / "here"), toys(1)
    trained, model = runs.train(CONFIG)
    there.put_trained(trained, model)
    (archive,) = bundle.export([asked], there, tmp_path / "out.zip")
    assert bundle.merge(archive, here) == bundle.Merged(1, 0)
    assert here.trained(CONFIG) == dataclasses.replace(trained, halved=True)
    rounded = runs.load(CONFIG, here).state_dict()
    for name, weight in model.state_dict().items():
        assert rounded[name].dtype == weight.dtype
        assert torch.equal(rounded[name], weight.half().to(weight.dtype))
    (result,) = sweeps.sweep([asked], here)
    assert result.metrics.keys() == runs.measure(CONFIG, POINTS, model).metrics.keys()


def test_a_weight_too_large_for_half_precision_keeps_its_own(tmp_path):
    store = Store(tmp_path)
    trained, model = runs.train(CONFIG)
    with torch.no_grad():
        next(model.parameters()).fill_(1e6)
    store.put_trained(trained, model)
    kept = safetensors.torch.load(bundle._halved(store.weights(CONFIG)))
    assert {x.dtype for x in kept.values()} == {torch.float16, torch.float32}
    assert all(x.isfinite().all() for x in kept.values())


def test_parts_are_no_larger_than_they_may_be_and_each_arrives_alone(tmp_path):
    there, here, asked = Store(tmp_path / "there"), Store(tmp_path / "here"), toys(3)
    sweeps.sweep(asked, there)
    parts = bundle.export(asked, there, tmp_path / "out.zip", part=4000)  # a folder of these is some 2.5 kB
    assert [path.name for path in parts] == ["out.zip", "out-2.zip", "out-3.zip"]
    for count, part in enumerate(reversed(parts), 1):
        assert part.stat().st_size < 4000
        assert bundle.merge(part, here).trainings == 1
        assert sum(here.result(run) is not None for run in asked) == count
    assert bundle.export(asked, Store(tmp_path / "nothing"), tmp_path / "none.zip") == []


def test_what_is_here_stays_and_the_conflict_is_named(tmp_path):
    there, here, (asked,) = Store(tmp_path / "there"), Store(tmp_path / "here"), toys(1)
    (theirs,), (ours,) = sweeps.sweep([asked], there), sweeps.sweep([asked], here)
    there.put_trained(dataclasses.replace(theirs.trained, best_epoch=7), runs.load(CONFIG, there))
    before = files(here.root)
    merged = bundle.merge(bundle.export([asked], there, tmp_path / "out.zip")[0], here)
    assert (merged.trainings, merged.evaluations) == (0, 0) and files(here.root) == before
    assert len(merged.conflicts) == 1 and CONFIG.key in merged.conflicts[0]

    there.put_trained(ours.trained, runs.load(CONFIG, here))  # the same training, and another evaluation of it
    there.put_measured(CONFIG, dataclasses.replace(theirs.measured[0], metrics={"off_support": 2.0}))
    merged = bundle.merge(bundle.export([asked], there, tmp_path / "out.zip")[0], here)
    assert merged.conflicts == [f"{CONFIG.key} ({CONFIG}): another points is here"] and files(here.root) == before


def damaged(archive, change):
    """The archive with the contents of its files changed: `change` gets and gives a dict."""
    with zipfile.ZipFile(archive) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(archive, "w") as new:
        for name, content in change(contents).items():
            new.writestr(name, content)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: {},
        lambda c: c | {"../outside": b"x"},
        lambda c: c | {"/etc/outside": b"x"},
        lambda c: {name.replace("/", "0/"): x for name, x in c.items()},
        lambda c: {name.replace(CONFIG.key, "0" * 16): x for name, x in c.items()},
        lambda c: {name: x for name, x in c.items() if "training" not in name},
        lambda c: {name: x[: len(x) // 2] for name, x in c.items()},
        lambda c: {name: x.replace(b'"gamma"', b'"alpha"') for name, x in c.items()},
        lambda c: {name: x for name, x in c.items() if "arrays" not in name},
        lambda c: {name.replace("points", "scatter2"): x for name, x in c.items()},
    ],
)
def test_an_archive_that_is_not_what_it_should_be_is_refused_in_one_line_and_nothing_arrives(
    change, tmp_path, unchecked
):
    there, here, asked = Store(tmp_path / "there"), Store(tmp_path / "here"), toys(1)
    sweeps.sweep(asked, there)
    (archive,) = bundle.export(asked, there, tmp_path / "out.zip")
    damaged(archive, change)
    with pytest.raises(ValueError) as error:
        bundle.merge(archive, here)
    assert "\n" not in str(error.value) and str(archive) in str(error.value)
    assert here.result(asked[0]) is None and not (tmp_path / "outside").exists()


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "out.zip").write_bytes(b"PK no archive")
    with pytest.raises(ValueError, match="no archive of results"):
        bundle.merge(tmp_path / "out.zip", Store(tmp_path / "here"))
