"""Sweeps whose trainings are kept on their way: what was stopped goes on, to the bits of what never was."""

import dataclasses
import itertools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import joblib
import pytest
import torch

from intelvae.paper import bundle, cluster, resuming, runs, sweeps
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import VAE, Row, Run
from intelvae.paper.store import CHECKOUT, Store
from intelvae.training import steps

ROOT = Path(__file__).resolve().parent.parent
EPOCHS, STOP = 6, 3
# a penalty, so that it is trained alone
CONFIG = Training("sparse", "mlp", 2, "gaussian", epochs=EPOCHS, steps_per_epoch=4, mapping="sparse", gamma=1.0)
MASSES = Training(
    "mnist-01", "mathieu", 1, "gaussian", epochs=EPOCHS, steps_per_epoch=2, batch_size=10, smoke_data=True,
    mapping="clusters", mapping_options={"k": 2, "learnable": True}, patience=5, warmup=4,
)  # fmt: skip


def run_of(config):
    return Run(Row("any", VAE), config, () if config is MASSES else (Evaluation("scatter"),))


def left_in(store, asked):
    """What is in the store of a run, and all that its record says of its training but when, and how long."""
    found = store.result(asked)
    told = dataclasses.replace(found.trained, seconds=0.0, date="")
    return found.metrics, told, store.weights(asked.training).read_bytes()


@pytest.fixture
def epochs(monkeypatch):
    """How many epochs have been begun; with `stop` set, a stop comes instead of that many and one more."""
    seen, begin = SimpleNamespace(count=0, stop=None), steps.Steps.begin

    def counted(self, *rest):
        if seen.count == seen.stop:
            raise KeyboardInterrupt
        seen.count += 1
        begin(self, *rest)

    monkeypatch.setattr(joblib, "cpu_count", lambda: 1)  # two threads wait for each other most of the time
    monkeypatch.setattr(steps.Steps, "begin", counted)
    return seen


def stopped(asked, store, epochs):
    """Leaves what a sweep leaves that is stopped after three epochs."""
    epochs.count, epochs.stop = 0, STOP
    with pytest.raises(KeyboardInterrupt):
        sweeps.sweep([asked], store)
    epochs.count, epochs.stop = 0, None
    return store.checkpoint(asked.training)


@pytest.mark.parametrize(
    ("config", "every"),
    [(CONFIG, 1), (CONFIG, 2), (CONFIG, None), (MASSES, 1)],
    ids=["points", "points, every other", "points, never", "images"],
)
def test_a_sweep_that_is_stopped_in_a_training_goes_on_from_there(config, every, tmp_path, epochs):
    store, twin, asked = Store(tmp_path / "store", every), Store(tmp_path / "twin"), run_of(config)
    path = stopped(asked, store, epochs)
    assert path.exists() == (every is not None)
    sweeps.sweep([asked], Store(store.root))  # also without being told to
    assert epochs.count == {1: 3, 2: 4, None: 6}[every]
    sweeps.sweep([asked], twin)
    assert left_in(store, asked) == left_in(twin, asked) and not path.exists()
    masses = store.trained(config).curves.get("masses", [])
    assert len(masses) == (EPOCHS if config is MASSES else 0)


def test_the_seconds_of_a_training_are_the_sum_of_what_led_to_its_weights(tmp_path, epochs, monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr(runs, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    store, asked = Store(tmp_path / "store", 1), run_of(CONFIG)
    trained, _ = runs.train(CONFIG)
    assert trained.seconds == EPOCHS + 1  # the clock is asked at the beginning, after each epoch, and at the end
    stopped(asked, store, epochs)
    sweeps.sweep([asked], store)
    assert store.trained(CONFIG).seconds == STOP + (EPOCHS - STOP) + 1


def test_trainings_that_take_turns_go_on_each_from_its_own(tmp_path, epochs):
    configs = [dataclasses.replace(CONFIG, seed=0), dataclasses.replace(MASSES, seed=1)]
    store, alone = Store(tmp_path, 1), [runs.train(config) for config in configs]
    epochs.count, epochs.stop = 0, 4
    with pytest.raises(KeyboardInterrupt):
        dict(runs.train_concurrently(configs, "cpu", at_once=2, store=store))
    epochs.count, epochs.stop = 0, None
    found = dict(runs.train_concurrently(configs, "cpu", at_once=2, store=store))
    assert epochs.count < 2 * EPOCHS
    for config, (trained, model) in zip(configs, alone, strict=True):
        other, its_model = found[config]
        assert all(map(torch.equal, model.state_dict().values(), its_model.state_dict().values()))
        assert (trained.curves, trained.best_epoch) == (other.curves, other.best_epoch)
        assert other.together == 2


OTHERS = {
    "cut": ("no whole checkpoint", lambda path, _: path.write_bytes(path.read_bytes()[:-999])),
    "changed": ("no whole checkpoint", lambda path, _: path.write_bytes(path.read_bytes().replace(b"0", b"1"))),
    "of another run": ("of another training .config: ", lambda path, other: shutil.copy(other, path)),
    "of other code": ("of another training .code: ", lambda *_: "edition"),
    "of another machine": ("of another training .processor: ", lambda *_: "processor"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_one_that_is_damaged_or_of_something_else_is_said_and_the_training_begins_anew(
    kind, tmp_path, epochs, monkeypatch, capfd
):
    store, twin, asked = Store(tmp_path / "store", 1), Store(tmp_path / "twin"), run_of(CONFIG)
    sweeps.sweep([asked], twin)
    path = stopped(asked, store, epochs)
    message, change = OTHERS[kind]
    renamed = change(path, stopped(run_of(dataclasses.replace(CONFIG, seed=1)), store, epochs))
    if isinstance(renamed, str):
        monkeypatch.setattr(resuming, renamed, lambda: "another")
    sweeps.sweep([asked], store)
    assert epochs.count == EPOCHS and left_in(store, asked) == left_in(twin, asked) and not path.exists()
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and said.startswith(f"intelvae: {CONFIG} begins anew: {path} is ")
    assert message in said.replace("(", ".") and "resume=" not in said


def test_another_number_of_threads_is_another_training(tmp_path, epochs, monkeypatch, capfd):
    """Since sums are added up in another order. The file stays until the new training is kept there."""
    monkeypatch.setattr(joblib, "cpu_count", lambda: 2)
    store = Store(tmp_path, 1)
    epochs.stop = STOP
    with pytest.raises(KeyboardInterrupt):
        runs.train(CONFIG, threads=2, store=store)
    epochs.count = epochs.stop = 0
    with pytest.raises(KeyboardInterrupt):
        runs.train(CONFIG, threads=1, store=store)
    assert "another training (threads: 2 there, 1 here)" in capfd.readouterr().err
    epochs.stop = None
    runs.train(CONFIG, threads=2, store=store)
    assert epochs.count == EPOCHS - STOP and not capfd.readouterr().err


def test_a_disk_that_is_full_for_a_checkpoint_is_said_once_and_stops_nothing(tmp_path, monkeypatch):
    store, twin, asked, replace = Store(tmp_path / "store", 1), Store(tmp_path / "twin"), run_of(CONFIG), os.replace
    sweeps.sweep([asked], twin)

    def full(part, path):
        if Path(path).name == "checkpoint.safetensors":
            raise OSError(28, "No space left on device")
        replace(part, path)

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(
        UserWarning, match=r"goes on, but .*checkpoint.safetensors cannot be written .*: make room"
    ) as told:
        sweeps.sweep([asked], store)
    assert len(told) == 1 and left_in(store, asked) == left_in(twin, asked)


def test_a_checkpoint_is_no_result(tmp_path, epochs):
    """Neither in an archive nor in git; and whatever is left of one goes as soon as the model is measured."""
    store, here, asked = Store(tmp_path / "store", 1), Store(tmp_path / "here"), run_of(CONFIG)
    path = stopped(asked, store, epochs)
    assert bundle.export([asked], store, tmp_path / "none.zip") == []  # it has no result
    kept, part = path.read_bytes(), path.with_name(f".{path.name}.1-2.part")
    trained, model = runs.train(CONFIG)
    store.put_trained(trained, model)
    assert not path.exists()
    path.write_bytes(kept), part.write_bytes(kept)  # killed between the record and this, and while it wrote
    (archive,) = bundle.export([asked], store, tmp_path / "out.zip")
    with zipfile.ZipFile(archive) as packed:
        assert not [name for name in packed.namelist() if "checkpoint" in name]
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr(f"{CONFIG.key}/{path.name}", kept)
    assert bundle.merge(archive, here).trainings == 1 and not here.checkpoint(CONFIG).exists()
    sweeps.sweep([asked], store)
    assert not path.exists() and not part.exists()
    inside = [str(Store("data/results").checkpoint(CONFIG)), f"data/results/{CONFIG.key}/{part.name}"]
    ignored = subprocess.run(
        ["git", "-C", str(CHECKOUT), "check-ignore", *inside], capture_output=True, encoding="utf-8"
    )
    assert ignored.returncode == 128 or ignored.stdout.split() == inside


def test_a_cluster_has_none(tmp_path):
    with pytest.raises(ValueError, match="leave --checkpoint-every out"):
        cluster.sweep([run_of(CONFIG)], Store(tmp_path, 1), "tcp://127.0.0.1:1")


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_resuming import *
from intelvae.paper import cli, studies

folder, asked = Path(sys.argv[1]), [run_of(dataclasses.replace(CONFIG, seed=seed)) for seed in range(2)]
studies.runs = lambda name, *_, **__: asked if name == studies.NAMES[0] else []

def command(name, kill, *more):
    "The exit code of a sweep, which is killed as its epoch of that number begins; how many it has begun; what is left."
    log, begin = folder / f"{name}.log", steps.Steps.begin
    before = log.read_text() if log.exists() else ""
    if not (pid := os.fork()):
        def counted(*args):
            with open(log, "a") as file:
                file.write(".")
            if log.stat().st_size == kill:
                os.kill(os.getpid(), signal.SIGKILL)
            begin(*args)

        steps.Steps.begin = counted
        os.environ["INTELVAE_RUNS"] = str(folder / name)
        sys.argv[1:] = ["sweep", *more]
        try:
            cli.main()
        except SystemExit as end:
            os._exit(end.code)
    code, store = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), Store(folder / name)
    left = [store.result(run) and [store.result(run).metrics, store.result(run).curves] for run in asked]
    return [code, len(log.read_text()) - len(before), left, [path.name for path in store.root.glob("*/checkpoint*")]]

every = ("--checkpoint-every", "1")
with open(os.devnull, "w") as nothing:
    out = os.dup(1)
    os.dup2(nothing.fileno(), 1)
    said = [command("twin", None), command("store", EPOCHS + STOP + 1, *every), command("store", None, *every)]
os.write(out, json.dumps(said).encode())
"""


def test_a_training_of_a_sweep_that_is_killed_is_completed_by_the_same_command(tmp_path):
    """In the second of two runs, as its fourth epoch begins."""
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(ROOT / "tests")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", timeout=900)
    assert done.returncode == 0
    twin, killed, again = json.loads(done.stdout)
    assert twin == [0, 2 * EPOCHS, again[2], []]
    assert killed == [-9, EPOCHS + STOP + 1, [twin[2][0], None], ["checkpoint.safetensors"]]
    assert again[:2] == [0, EPOCHS - STOP] and not again[3]
