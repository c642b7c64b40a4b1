"""The same on every machine: several GPUs, fewer processors than there are, other work beside, another locale."""

import ast
import dataclasses
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from intelvae import training
from intelvae.models import VAE
from intelvae.paper import bench, cli, rows, runs, sweeps
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import Row, Run
from intelvae.paper.store import Store
from intelvae.paper.studies import toys

ROOT = Path(__file__).resolve().parent.parent
TOY = Training("circle", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2)


def python(code, **environment):
    """The words that `code` prints in a Python of its own, with these variables and without those of OpenMP."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=inherited | environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def two_gpus(monkeypatch):
    """Torch is shown two GPUs; what has read or seeded their generators is in the list."""
    touched = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name in ("get_rng_state", "set_rng_state", "manual_seed", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, lambda *_, name=name: touched.append(name))
    return touched


def _stored(folder):
    """Everything that a store of results is for: trained, loaded, measured anew."""
    store, asked = Store(folder), [Run(Row("toy", rows.VAE), TOY, (Evaluation("points"),))]
    sweeps.sweep(asked, store)
    assert isinstance(runs.load(TOY, store), VAE)
    sweeps.remeasure(asked, store)


@pytest.mark.parametrize(
    "work",
    [
        _stored,
        lambda _: runs.train(TOY),
        lambda _: runs.train_together([TOY, dataclasses.replace(TOY, seed=1)]),
        lambda _: bench.Case("mlp", (2,), 2, 1).model(),
        lambda _: toys.claims._identity(),
    ],
    ids=["store", "train", "train_together", "bench", "claims"],
)
def test_work_on_the_cpu_touches_no_gpu(work, two_gpus, tmp_path):
    work(tmp_path)
    assert not two_gpus


def test_seeding_a_gpu_leaves_the_others_alone(monkeypatch):
    gpus = tuple(torch.Generator().manual_seed(seed) for seed in (5, 6))  # stand-ins for the generators of two GPUs
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "default_generators", gpus)
    for device, used in (("cuda", 0), ("cuda:1", 1)):
        before = [g.get_state() for g in (*gpus, torch.default_generator)]
        with training.seeded(3, device):
            assert [g.initial_seed() == 3 for g in gpus] == [used == 0, used == 1]
            assert torch.equal(torch.rand(1), torch.rand(1, generator=torch.Generator().manual_seed(3)))
            torch.rand(1, generator=gpus[used])
        assert all(map(torch.equal, before, [g.get_state() for g in (*gpus, torch.default_generator)]))


affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system ties no process to processors")


@affinity
def test_no_more_threads_than_this_process_may_use(tmp_path):
    code = f"""
import os
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])  # as taskset does
import torch
from intelvae import training
from intelvae.paper import bench, rows, sweeps
from intelvae.paper.config import Training
from intelvae.paper.store import Store
from intelvae.paper.rows import Row, Run

torch.set_num_threads(4)  # of another's making: a container's torch sees all processors of its host
for count in (None, 64):
    with training.torch_threads(count):
        print(torch.get_num_threads())
x = torch.zeros(10, 1, 32, 32)
training.fit(bench.MATHIEU.model(), x, x, training.Schedule(1, 10), on_epoch=lambda *_: print(torch.get_num_threads()))

def train(config, device, threads, store):
    print(threads)
    raise training.TrainingError("seen")

sweeps.train = train
try:
    config = Training("zeros-ones", "mathieu", 2, "gaussian", epochs=1)
    sweeps.sweep([Run(Row("any", rows.VAE), config, ())], Store({str(tmp_path)!r}))
except training.TrainingError:
    print(torch.get_num_threads())
"""
    assert python(code) == ["1", "1", "1", "1", "4"]  # and in the end what there was


@affinity
@pytest.mark.parametrize("first", ["torch", "intelvae"])
def test_waiting_threads_sleep_whatever_is_imported_first(first):
    # After each product a thread waits for the next. One that spins burns 300,000 turns, some milliseconds of the
    # processor's time; one that sleeps, 100. This counts processor time, which other programs do not change.
    code = f"""
import {first}, time
import torch
from intelvae import training

x = torch.ones(2**17)

def burnt():
    start = time.process_time()
    for _ in range(50):
        x.add_(1)
        time.sleep(0.01)
    return time.process_time() - start

torch.set_num_threads(2)
spinning = burnt()
with training.torch_threads(2):
    print(burnt() < spinning / 2)
"""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor has nothing to wait for")
    assert python(code) == ["True"]


def test_threads_that_do_nothing_are_gone_afterwards():
    before = threading.active_count()
    with training.torch_threads(2):
        pass
    assert threading.active_count() == before


def test_no_encoding_of_the_terminal_stops_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["intelvae", "run", "framework", "--seeds", "0"])
    words = {}
    for encoding, written in (
        ("utf-8", "utf-8"),
        ("cp932", "cp932"),
        ("latin-1", "latin-1"),
        ("ascii", "utf-8"),  # which typer takes for no setting at all
    ):
        terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", terminal)
        with pytest.raises(SystemExit, match="0"):
            cli.main()
        terminal.flush()
        words[encoding] = terminal.buffer.getvalue().decode(written).split()
    assert "·" in words["utf-8"] and words["latin-1"] == words["ascii"] == words["utf-8"]
    assert words["cp932"] == [r"\xb7" if word == "·" else word for word in words["utf-8"]]


def by_locale(tree):
    """The lines with a call that reads or writes text in whatever encoding the machine has."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = {keyword.arg for keyword in call.keywords}
        path = isinstance(call.func, ast.Attribute) and not call.args  # Path().open(), and not Image.open(path)
        mode = [word.value for word in call.args[1:2] if isinstance(word, ast.Constant)]
        text = (
            name in ("read_text", "write_text", "TextIOWrapper")
            or (name in ("run", "Popen", "check_output") and given & {"text", "universal_newlines"})
            or (name == "open" and (path or isinstance(call.func, ast.Name)) and not any("b" in word for word in mode))
        )
        if text and "encoding" not in given:
            yield call.lineno


def test_the_encoding_of_text_is_never_the_locales():
    bad = ["p.read_text()", "p.write_text(x)", "open(p)", "open(p, 'a')", "p.open()", "run(c, text=True)"]
    good = ["p.read_text(encoding='utf-8')", "open(p, 'rb')", "Image.open(p)", "gzip.open(p, 'rb')", "run(c)"]
    assert [len(list(by_locale(ast.parse(line)))) for line in bad + good] == [1] * len(bad) + [0] * len(good)
    files = [path for folder in ("intelvae", "tests", "book") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    assert [f"{path.relative_to(ROOT)}:{line}" for path, tree in trees.items() for line in by_locale(tree)] == []
