"""Faults: whatever ends a sweep, what is done is kept, and the same command then gives what it gives undisturbed.

The table in `book/faults.md` names these tests, and those of other files.
"""

import dataclasses
import gzip
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
import torch

from intelvae import training
from intelvae.data import DataError, files
from intelvae.paper import lifeline, runs, sweeps
from intelvae.paper.budget import Budget
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.locks import Locks
from intelvae.paper.rows import VAE, Row, Run
from intelvae.paper.store import Store
from intelvae.paper.works import Queue, Work

ROOT = Path(__file__).resolve().parent.parent
CONFIG = Training("sparse", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=5, mapping="sparse", gamma=1.0)


def runs_of(count):
    """Runs that are trained one by one."""
    return [Run(Row("any", VAE), dataclasses.replace(CONFIG, seed=s), (Evaluation("scatter"),)) for s in range(count)]


def left_in(store, asked):
    """What is in the store of each run."""
    found = [store.result(run) for run in asked]
    return [result and [result.metrics, result.curves, result.kept["samples"].sum().item()] for result in found]


# Each command is a fork of one process, whose imports take longer than all of them.
STOPPED = """
import json, os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import torch._dynamo  # which the first optimiser of a process imports
from test_faults import *
from intelvae.paper import cli, studies

folder, asked = Path(sys.argv[1]), runs_of(9)
studies.runs = lambda name, *_, **__: asked if name == studies.NAMES[0] else []
train, said = sweeps.train, {}

def slowly(config, *rest):
    with open(store / "trained", "a") as log:
        log.write(f"{config.seed}\\n")
    time.sleep(0.2)
    return train(config, *rest)

sweeps.train = slowly

def command():
    "The process of a sweep of these runs."
    if pid := os.fork():
        return pid
    out = os.open(store / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1), os.dup2(out, 2)
    os.environ["INTELVAE_RUNS"] = str(store)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs behind a shell script has it ignored
    sys.argv[1:] = ["sweep"]
    try:
        cli.main()
    except SystemExit as end:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(end.code)

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def done():
    return len(list(store.glob("*/scatter.json")))

def until(count):
    while done() < count:
        time.sleep(0.005)

def tell(**more):
    said[store.name] = more | {
        "said": (store / "said").read_text(),
        "left": left_in(Store(store), asked),
        "trained": (store / "trained").read_text().split(),
        "parts": [p.name for p in store.rglob("*") if p.name.endswith((".part", ".lock"))],
    }

for name in ("undisturbed", "SIGINT", "SIGTERM", "SIGKILL"):
    store = folder / name
    store.mkdir()
    pid, before = command(), None
    if name != "undisturbed":
        until(2)
        os.kill(pid, getattr(signal, name))
        code, before = ended(pid), left_in(Store(store), asked)
        first = (store / "said").read_text()
        pid = command()
        tell(code=code, first=first, before=before, again=ended(pid))
    else:
        tell(code=ended(pid))

store = folder / "two at once"
store.mkdir()
one, other = command(), command()
tell(codes=[ended(one), ended(other)])

store = folder / "one of two is killed"
store.mkdir()
one, other = command(), command()
until(2)
os.kill(one, signal.SIGKILL)
tell(codes=[ended(one), ended(other)])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What became of each sweep."""
    command = [sys.executable, "-c", STOPPED, str(tmp_path_factory.mktemp("sweeps")), str(ROOT / "tests")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", timeout=900)
    assert done.returncode == 0
    return json.loads(done.stdout)


SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGKILL": -9}


@pytest.mark.parametrize("name", SIGNALS)
def test_a_sweep_that_is_stopped_has_lost_nothing_and_the_same_command_completes_it(name, said):
    stopped, undisturbed = said[name], said["undisturbed"]["left"]
    assert stopped["code"] == SIGNALS[name]
    if name != "SIGKILL":
        assert stopped["first"] == "intelvae: stopped; finished runs are kept, the same command goes on from there\n"
    kept = [number for number, result in enumerate(stopped["before"]) if result]
    assert 2 <= len(kept) < 9 and all(stopped["before"][n] == undisturbed[n] for n in kept)
    assert stopped["again"] == 0 and stopped["left"] == undisturbed
    assert max(Counter(stopped["trained"]).values()) <= 2 and len(stopped["trained"]) <= 10
    parts = [file for file in stopped["parts"] if name != "SIGKILL" or file.endswith(".lock")]
    assert not parts  # whoever is killed while it writes leaves a part, which `whole` removes after an hour


def test_two_sweeps_on_one_store_share_the_runs_and_train_none_twice(said):
    both = said["two at once"]
    assert both["codes"] == [0, 0] and both["said"].count("9 of 9 trainings in") == 2
    assert sorted(map(int, both["trained"])) == list(range(9))
    assert both["left"] == said["undisturbed"]["left"] and not both["parts"]


def test_what_a_sweep_was_doing_that_is_killed_the_other_one_does(said):
    both = said["one of two is killed"]
    assert both["codes"] == [-9, 0] and both["said"].count("9 of 9 trainings in") == 1
    assert len(both["trained"]) <= 10 and both["left"] == said["undisturbed"]["left"]
    assert not [file for file in both["parts"] if file.endswith(".lock")]


def test_forty_runs_whose_workers_are_killed_are_all_there_and_as_undisturbed(tmp_path, monkeypatch):
    """Killed in the middle of a training, and between a model and its record."""
    marks, asked = tmp_path / "marks", runs_of(40)
    marks.mkdir()

    def deadly():  # in each worker, as it starts
        import os
        import signal
        from pathlib import Path

        from intelvae.paper import sweeps
        from intelvae.paper.store import Store
        from intelvae.training import steps

        def kill_once(moment):
            if not (mark := Path(marks, moment)).exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        train, step, write = sweeps.train, steps.Steps._step, Store._write
        seed = [0]

        def noted(config, *rest):
            seed[0] = config.seed
            return train(config, *rest)

        def stepping(self):
            step(self)
            if seed[0] == 7 and self.at == 3:
                kill_once("training")

        def writing(self, path, *rest):
            if seed[0] == 23 and path.name == "training.json":
                kill_once("writing")
            return write(self, path, *rest)

        sweeps.train, steps.Steps._step, Store._write = noted, stepping, writing

    monkeypatch.setattr(lifeline, "follow", deadly)
    found = sweeps.sweep(asked, Store(tmp_path / "store"), jobs=2)
    assert {mark.name for mark in marks.iterdir()} == {"training", "writing"}
    monkeypatch.undo()
    undisturbed = sweeps.sweep(asked, Store(tmp_path / "twins"))
    assert [r.run for r in found] == asked
    assert left_in(Store(tmp_path / "store"), asked) == left_in(Store(tmp_path / "twins"), asked)
    assert [r.metrics for r in found] == [r.metrics for r in undisturbed]


def test_a_run_that_kills_its_worker_every_time_takes_no_other_along(tmp_path):
    """As one that needs more memory than there is, whose worker the system kills."""
    works = [Work(run.training, run.evaluations) for run in runs_of(6)]
    deadly, done, given_up = works[2], [], []
    with Locks(tmp_path) as locks:
        queue = Queue([works[:2], works[2:4], works[4:5], works[5:]], Store(tmp_path), locks, Budget(100.0))
        for _ in range(20):
            if not queue.more():
                break
            parts = queue.begin()
            begun = [part for part in (next(parts, None), next(parts, None)) if part]  # on two workers
            if any(deadly in part for part in begun):
                given_up += queue.killed()
            else:
                for part in begun:
                    queue.ended(part)
                    done += part
    assert given_up == [deadly] and {work.training.seed for work in done} == {0, 1, 3, 4, 5} and len(done) == 5
    assert not list(tmp_path.iterdir())


def test_whatever_asks_for_more_memory_than_there_is_says_what_needs_less():
    config = runs_of(1)[0].training
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(2**60)
    for error in (of_torch.value, MemoryError(), torch.OutOfMemoryError("CUDA out of memory")):
        told = sweeps.reason(config, error)
        assert told.startswith(f"{config}: ") and told.endswith(f"({sweeps.LESS})") and "\n" not in told
    assert sweeps.LESS not in sweeps.reason(config, RuntimeError("something else"))


def test_wherever_the_disk_is_full_in_a_sweep_it_is_said_and_the_next_one_completes(tmp_path, monkeypatch):
    asked = runs_of(2)
    twins = Store(tmp_path / "twins")
    sweeps.sweep(asked, twins)
    expected, replace = left_in(twins, asked), os.replace
    files = sum(path.is_file() for path in twins.root.rglob("*"))
    assert files == 8  # weights, arrays and two records each
    for room in range(files + 1):  # the first file only shows that the store can be written
        left = iter(range(room))

        def full(part, path, left=left):
            if next(left, None) is None:
                raise OSError(28, "No space left on device")
            replace(part, path)

        store = Store(tmp_path / str(room))
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", full)
            with pytest.raises(OSError, match=r"cannot be written .*No space left.*: make room, or set INTELVAE_RUNS"):
                sweeps.sweep(asked, store)
        assert len([path for path in store.root.rglob("*") if path.is_file()]) == max(0, room - 1)
        sweeps.sweep(asked, store)
        assert left_in(store, asked) == expected


def test_a_store_that_cannot_be_written_is_refused_before_training_and_can_be_read(tmp_path, monkeypatch):
    store, asked = Store(tmp_path), runs_of(2)
    found = sweeps.sweep(asked[:1], store)

    def read_only(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", read_only)
    monkeypatch.setattr(sweeps, "train", lambda *_: pytest.fail("it trains"))
    with pytest.raises(OSError, match=r"Read-only file system.*set INTELVAE_RUNS"):
        sweeps.sweep(asked, store)
    assert [r.metrics for r in sweeps.sweep(asked[:1], store)] == [r.metrics for r in found]
    assert len(sweeps.sweep(asked, store, jobs=0)) == 1


def test_memory_stays_flat_over_two_hundred_epochs():
    """Retained graphs would be seen: each step's is over a megabyte."""
    process, seen = psutil.Process(), []
    config = Training("circle", "mlp", 2, "gaussian", epochs=200, batch_size=2000, steps_per_epoch=1)
    with training.seeded(0):
        data, model, _ = runs.prepare(config)
        training.fit(
            model, data.train, data.valid, config.schedule, on_epoch=lambda *_: seen.append(process.memory_info().rss)
        )
    assert len(seen) == 200 and max(seen[50:]) - seen[50] < 20e6  # bytes; the allocator keeps some


class _Damaged(BaseHTTPRequestHandler):
    """A server whose downloads are cut in the middle, or are another file."""

    cut = True

    def do_GET(self):
        content = gzip.compress(bytes(range(256)) * 40)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.cut else content)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("cut", [True, False])
def test_a_download_that_is_cut_or_is_another_file_leaves_nothing(cut, nowhere, monkeypatch):
    """Torchvision's own download, from a server on this machine."""
    from torchvision.datasets import MNIST

    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Damaged,), {"cut": cut})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        with pytest.raises(DataError, match=r"mnist could not be fetched into .*check the network.*or copy ") as error:
            files.fetch("mnist", nowhere)
        server.shutdown()
    assert "\n" not in str(error.value)
    assert [path for path in nowhere.rglob("*") if path.is_file()] == []


def test_every_fault_of_the_book_has_its_test():
    rows = [line.split("|")[1:-1] for line in (ROOT / "book" / "faults.md").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if len(row) == 3 and row[0].strip() not in ("fault", "---")]
    assert len(rows) > 30
    for fault, seen, test in rows:
        assert fault.strip() and seen.strip()
        file, name = re.fullmatch(r" `(\w+\.py)::(test_\w+)` ", test).groups()
        assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE), name
