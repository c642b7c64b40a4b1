"""Files that are written whole: what fails in the middle leaves what was there, and the same call completes later."""

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_model

from intelvae.data import standin
from intelvae.paper import book, pages
from intelvae.whole import check_writable, whole

ROOT = Path(__file__).resolve().parent.parent
# Calls that write a file or move one into its place, by the last word of their name.
WRITERS = {
    "write_text", "write_bytes", "savez", "savez_compressed", "save_file", "savefig", "copy", "copyfile", "copy2",
    "copytree", "move", "rename", "replace", "dump", "to_csv", "download_url_to_file", "urlretrieve",
}  # fmt: skip
MODULES = {"shutil", "os", "nbformat", "np", "torch", "json", "pickle", "joblib", "Path"}
# Where a file is written in another way, and why that will do.
OTHERWISE = {
    "whole.py": "is what the others use",
    "paper/locks.py": "an empty file, which is only locked",
    "paper/store.py": "hands what writes to its own `_write`, which is whole",
    "paper/bundle.py": "makes bytes of weights, for an archive that is written whole",
    "metrics/classifier.py": "makes bytes of weights, for a file that is written whole",
    "paper/pictures.py": "writes into the part that the store hands it",
    "data/decoded.py": "gigabytes that grow in place: a chunk counts once the journal has its checksum, and no sooner",
    "data/standin.py": "a folder is drawn elsewhere and renamed as one",
    "paper/explorers/widget.py": "a picture goes into memory",
    "metrics/features.py": "torch.hub checks the sum of what it has downloaded and renames it then",
}


def writes(tree):
    """The lines with a call that writes a file, outside `with whole(...)`."""
    parts = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.With)
        and any(
            isinstance(i.context_expr, ast.Call) and ast.unparse(i.context_expr.func) == "whole" for i in block.items
        )
        for node in ast.walk(block)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in parts):
        name = ast.unparse(call.func)
        owner, _, last = name.rpartition(".")
        modes = [word.value for word in call.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        modes += [keyword.value.value for keyword in call.keywords if keyword.arg == "mode"]
        opens = last in ("open", "fdopen") and any(
            set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes
        )
        ambiguous = last in ("replace", "copy", "dump", "move")  # of text, tensors, records too
        of_a_table = any(keyword.arg == "columns" for keyword in call.keywords)  # `rename` of pandas
        places = last in WRITERS and not of_a_table and (not ambiguous or owner in MODULES)
        if opens or places or name in ("nbformat.write", "np.save", "torch.save") or last == "save":
            yield call.lineno


def test_every_file_is_written_whole():
    bad = [
        "p.write_text(x)", "open(p, 'w')", "open(p, mode='ab')", "p.open('w')", "shutil.copy(a, b)", "np.savez(p)",
        "nbformat.write(n, p)", "image.save(p)", "os.replace(a, b)", "with other(p) as q:\n    q.write_bytes(x)",
    ]  # fmt: skip
    good = [
        "open(p)",
        "open(p, 'rb')",
        "text.replace('a', 'w')",
        "table.rename(columns={})",
        "with whole(p) as q, open(q, 'w') as f:\n    f.write(x)",
    ]
    assert [len(list(writes(ast.parse(line)))) for line in bad + good] == [1] * len(bad) + [0] * len(good)
    library = [path for folder in ("intelvae", "data") for path in (ROOT / folder).rglob("*.py")]
    assert len(library) > 60
    found = {}
    for path in library:
        if lines := list(writes(ast.parse(path.read_text(encoding="utf-8")))):
            found[path.relative_to(ROOT / "intelvae").as_posix()] = lines
    assert found.keys() == OTHERWISE.keys(), found


def test_who_may_read_a_record_may_read_the_weights_beside_it(tmp_path):
    """Safetensors itself writes for the owner only."""
    with whole(tmp_path / "training.json") as part:
        part.write_text("{}", encoding="utf-8")
    with whole(tmp_path / "weights.safetensors") as part:
        save_model(torch.nn.Linear(2, 2), str(part))
    record, weights = (path.stat().st_mode for path in sorted(tmp_path.iterdir()))
    assert weights == record


def test_what_a_killed_process_has_left_is_removed_and_what_another_is_writing_is_not(tmp_path):
    path, now = tmp_path / "[1].txt", time.time()
    of_others = [tmp_path / f".{name}.part" for name in ("[1].txt.7-7", "[1].txt.8-8", "1.txt.7-7")]
    for left, hours in zip(of_others, (2, 0.5, 2), strict=True):
        left.touch()
        os.utime(left, (now, now - 3600 * hours))
    with whole(path) as part:
        part.write_text("new", encoding="utf-8")
    assert sorted(tmp_path.iterdir()) == sorted([path, *of_others[1:]])  # the last is of another file


def test_faces_that_a_killed_process_was_drawing_are_removed(tmp_path):
    (left := tmp_path / "tmp123.part" / "celeba").mkdir(parents=True)
    hours_ago = time.time() - 7200
    os.utime(left.parent, (hours_ago, hours_ago))
    standin.write(tmp_path, count=10)
    assert [path.name for path in tmp_path.iterdir()] == ["celeba"]


def test_a_file_is_there_as_a_whole_or_as_it_was(tmp_path):
    path = tmp_path / "new" / "file"
    for text in ("first", "second"):
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        with pytest.raises(type(error)), whole(path) as part:
            part.write_text("thi", encoding="utf-8")
            raise error
    assert path.read_text(encoding="utf-8") == "second" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("place", ["", ".", "{}", "{}/file/new", "/proc/none/new", "{}/" + 300 * "x"])
def test_what_cannot_be_written_is_refused_beforehand_and_names_the_file(place, tmp_path):
    (tmp_path / "file").touch()
    path = Path(place.format(tmp_path))
    with pytest.raises(OSError, match=r"cannot be written \(.*\): name another file, or make room") as caught:
        check_writable(path)
    assert str(caught.value).startswith(f"{path} ") and "\n" not in str(caught.value)
    with pytest.raises(OSError) as caught, whole(path):
        pytest.fail("it was written")
    assert str(path) in str(caught.value) or str(path.parent) in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_what_can_be_written_is_left_as_it_was(tmp_path):
    (path := tmp_path / "file").write_text("before", encoding="utf-8")
    check_writable(path)
    check_writable(tmp_path / "new" / "file")
    assert path.read_text(encoding="utf-8") == "before" and not any((tmp_path / "new").iterdir())


def test_an_error_that_names_another_file_is_left_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"elsewhere'$"), whole(tmp_path / "file") as part:
        part.write_bytes((tmp_path / "elsewhere").read_bytes())


HEAD = """
import resource, signal, sys, warnings
from pathlib import Path
import numpy as np
warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

def full(size=2_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

def twice(write, target):
    "Fails where there is no room, and leaves what was there; completes where there is."
    before = target.read_bytes() if target.exists() else None
    full()
    try:
        write()
        failed = False
    except Exception as error:
        failed = "\\n" not in str(error) and any(name in str(error) for name in (str(folder), target.stem))
    room()
    assert failed, "nothing failed, or not in one line that names the file, its folder or its page"
    assert (target.read_bytes() if target.exists() else None) == before, "what was there is gone"
    parts = [p for p in target.parent.rglob("*") if p.name.endswith(".part")]
    assert not parts, parts
    write()
    assert target.stat().st_size > 2_000 and target.read_bytes() != before
"""
NOISE = "np.random.default_rng(0).integers(256, size=(100, 28, 28)).astype(np.uint8)"
PAGE = """
source = folder / "07_example.py"
source.write_text('# %% tags=["parameters"]\\nprofile = "smoke"\\n\\n# %%\\nprint("x" * 10_000)\\n', encoding="utf-8")
"""
WRITES = {  # each a writer, and what was in the file before
    "idx": f"""
from intelvae.data import idx
for name in ("x", "x.gz"):
    (folder / name).write_bytes(b"before")
    twice(lambda: idx.write(folder / name, {NOISE}), folder / name)
""",
    "fetch": f"""
import torchvision.datasets
from types import SimpleNamespace
from intelvae.data import files, idx
files.FILES = dict(zip(files.FILES, [(100, 28, 28), (100,)] * 2))

def download(root, download):
    room()
    for file in files.FILES:
        values = {NOISE}
        place = Path(root) / "MNIST" / "raw" / file
        idx.write(place, values if "images" in file else values[:, 0, 0] % 10)
        files.SUMS["mnist"][file] = idx.sha256(values if "images" in file else values[:, 0, 0] % 10)
    shutil.move = shutil.copyfile  # as onto another disk
    next(turns)()

import shutil
torchvision.datasets = SimpleNamespace(MNIST=download)
target = folder / "MNIST" / "raw" / "train-images-idx3-ubyte"
target.parent.mkdir(parents=True)
target.write_bytes(b"before")
turns = iter([full, lambda: None])  # what the disk is like once the download is over
twice(lambda: files.fetch("mnist", folder), target)
""",
    "standin": """
from intelvae.data import decoded, files, standin

def draw():  # as `celeba.load` does
    with decoded.keeping(folder):
        standin.write(folder, 40)

twice(draw, folder / "celeba" / files.CELEBA_LISTS[0])
""",
    "features": """
import torch
from intelvae.metrics import feature_cache, features
features.extract = lambda *_, **__: torch.rand(50, 1280)
images = torch.zeros(50, 1, 28, 28, dtype=torch.uint8)
warnings.simplefilter("error", RuntimeWarning)
twice(lambda: feature_cache.real(features.STAND_IN, images), feature_cache.path(features.STAND_IN, images))
""",
    "page": PAGE
    + """
from intelvae.paper import pages
out = folder / "out" / "07_example.ipynb"
pages.kernels.prepare()  # what forks the kernels has no limit, and so have they
out.parent.mkdir()
out.write_bytes(b"before")
twice(lambda: pages.execute(source, out, {}), out)
assert [p.name for p in out.parent.iterdir()] == [out.name]
out.write_bytes(out.read_bytes()[:500])
assert pages.execute(source, out, {}) and not pages.execute(source, out, {})
""",
    "references": PAGE
    + """
import nbformat
from intelvae.paper import pages, references
made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("x" * 10_000)])
nbformat.write(made, folder / "07_example.ipynb")
references.FOLDER = folder / "references"
references.FOLDER.mkdir()
(references.FOLDER / "07_example.ipynb").write_bytes(b"before")
references.executed = lambda *_: folder
pages.sources = lambda only="": [source]
twice(references.make, references.FOLDER / "07_example.ipynb")
""",
    "picture": """
import base64, nbformat
from intelvae.paper import book, pages
output = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(b"x" * 10_000).decode()})
cell = nbformat.v4.new_code_cell("", outputs=[output])
cell.metadata["mystnb"] = {"figure": {"name": "fig-connectivity"}}
(folder / "book").mkdir()
nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "book" / "04_multiple_connectivity.ipynb")
(folder / "book" / "samples.png").write_bytes(b"before")
book.ROOT, pages.execute_all = folder, lambda *_: []
twice(lambda: book.publish("smoke"), folder / "book" / "samples.png")
""",
    "results": """
from intelvae.paper import bundle
from intelvae.paper.store import Store
from test_bundle import sweeps, toys
asked, store = toys(2), Store(folder / "store")
sweeps.sweep(asked, store)
(folder / "out.zip").write_bytes(b"before")
twice(lambda: bundle.export(asked, store, folder / "out.zip"), folder / "out.zip")
""",
    "tree": """
from intelvae.paper import book
(folder / "source.md").write_bytes(b"x" * 10_000)
(folder / "tree").mkdir()
(folder / "tree" / "source.md").write_bytes(b"before")
twice(lambda: book._copy(folder / "source.md", folder / "tree"), folder / "tree" / "source.md")
""",
}


# Each in a fork of one process, whose imports take longer than all of them.
ALL = """
import json, os, traceback
import intelvae.paper.book, intelvae.paper.references
for name, code in json.load(sys.stdin).items():
    if not os.fork():
        folder = folder / name
        folder.mkdir()
        os.environ["INTELVAE_CACHE"] = str(folder / "cache")
        try:
            exec(code)
            (folder / "said").write_text("done", encoding="utf-8")
        except BaseException:
            (folder / "said").write_text(traceback.format_exc(), encoding="utf-8")
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What became of each of the `WRITES`."""
    folder = tmp_path_factory.mktemp("writes")
    command = [sys.executable, "-c", HEAD + ALL, str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    done = subprocess.run(command, env=environment, input=json.dumps(WRITES), stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return {name: (folder / name / "said").read_text(encoding="utf-8") for name in WRITES}


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files stands for a full disk")
@pytest.mark.parametrize("writer", WRITES)
def test_a_write_that_fails_leaves_what_was_there_and_completes_later(writer, said):
    assert said[writer] == "done"


DAMAGED = {
    "empty": b"",
    "half": b'{"cells": [{"cell_type": "co',
    "no notebook": b"[]",
    "no cells": b"{}",
    "binary": b"\xff\0",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_notebook_is_as_good_as_none(kind, tmp_path, monkeypatch):
    page, notebook = tmp_path / "book" / "07_example.py", tmp_path / "book" / "07_example.ipynb"
    page.parent.mkdir()
    page.write_text("", encoding="utf-8")
    notebook.write_bytes(DAMAGED[kind])
    assert pages.read(notebook) is None and not pages.is_current(notebook, page, {})
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    with pytest.raises(RuntimeError, match=r"07_example.ipynb.* `git checkout`") as error:
        book.render(page.parent, tmp_path / "tree", tmp_path / "out")
    assert "\n" not in str(error.value) and not (tmp_path / "tree").exists()
    (page.parent / "04_multiple_connectivity.ipynb").write_bytes(DAMAGED[kind])
    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "execute_all", lambda *_: [])
    with pytest.raises(RuntimeError, match=r"04_multiple_connectivity.ipynb is damaged or missing.*make publish"):
        book.publish("smoke")
