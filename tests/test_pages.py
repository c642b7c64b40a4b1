"""Pages are executed once, in surroundings that are ours, and what goes wrong in one is said in one line."""

import importlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from intelvae.paper import kernels, pages
from intelvae.paper.store import Store

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.filterwarnings("ignore")  # papermill's and the kernel's own
HEADER = """# ---
# jupyter:
#   kernelspec:
#     name: python3
#     display_name: Python 3
#     language: python
# ---
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "07_example.py"
    path.write_text(
        HEADER + '# %% tags=["parameters"]\nprofile = "smoke"\n\n# %%\nprint(profile, 6 * 7)\n', encoding="utf-8"
    )
    return path


def test_a_page_is_executed_with_its_parameters_and_reused_until_something_changes(page, tmp_path):
    out = tmp_path / "out" / "07_example.ipynb"
    assert pages.execute(page, out, {"profile": "laptop"})
    notebook = nbformat.read(out, as_version=4)
    assert notebook.cells[-1].outputs[0].text == "laptop 42\n"
    assert all(not {"execution", "papermill"} & cell.metadata.keys() for cell in notebook.cells)
    assert [p.name for p in out.parent.iterdir()] == [out.name]
    assert not pages.execute(page, out, {"profile": "laptop"})
    assert pages.execute(page, out, {"profile": "paper"})


def test_a_record_that_changes_changes_the_fingerprint(page, tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    stamps = [pages.fingerprint(page, {})]
    for text in ("{}", "{ }"):
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        stamps.append(pages.fingerprint(page, {}))
    assert len(set(stamps)) == 3


def test_a_cell_that_fails_is_named(page, tmp_path):
    page.write_text(page.read_text(encoding="utf-8") + "\n# %%\n1 / 0\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"07_example.py, cell \d+: ZeroDivisionError"):
        pages.execute(page, tmp_path / "out.ipynb", {"profile": "smoke"})


@pytest.mark.parametrize("kernel", [kernels.PageKernelManager, kernels.OneThreadKernelManager])
def test_a_cell_whose_kernel_dies_is_named(page, tmp_path, kernel):
    code = "\n# %%\nimport os\n\nos._exit(1)\n\n# %%\nprint(3)\n"
    page.write_text(page.read_text(encoding="utf-8") + code, encoding="utf-8")
    with pytest.raises(RuntimeError) as error:
        pages.execute(page, tmp_path / "out.ipynb", {"profile": "smoke"}, kernel)
    found = pages.read(tmp_path / "out.failed.ipynb")
    (cell,) = (i for i, cell in enumerate(found.cells) if "os._exit" in cell.source)
    assert str(error.value) == f"07_example.py, cell {cell}: the kernel died, perhaps for want of memory"


@pytest.mark.parametrize(
    "error", [OSError(28, "No space\nleft"), ValueError("a\nb"), KeyError("c"), RuntimeError("died")]
)
def test_whatever_goes_wrong_in_a_page_is_one_line_with_its_name(page, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(pages.papermill, "execute_notebook", fail)
    with pytest.raises(RuntimeError, match=rf"^07_example.py: {type(error).__name__}: \S") as caught:
        pages.execute(page, tmp_path / "out.ipynb", {})
    assert "\n" not in str(caught.value)


def output_of(page, folder, **options):
    pages.execute(page, folder / "out.ipynb", {"profile": "smoke"}, **options)
    return nbformat.read(folder / "out.ipynb", as_version=4).cells[-1].outputs


FIGURE = """
# %% mystnb={"figure": {"caption": "A line.", "name": "fig-line"}}
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
"""


def test_a_figure_has_its_picture_whatever_the_user_has_set(page, tmp_path, monkeypatch):
    rc = tmp_path / "matplotlibrc"
    rc.write_text("figure.dpi: 7\nbackend: Agg\n", encoding="utf-8")
    (tmp_path / "profile_default" / "startup").mkdir(parents=True)
    (tmp_path / "profile_default" / "startup" / "00.py").write_text("1 / 0", encoding="utf-8")
    for name, value in {
        "MPLBACKEND": "Agg",
        "MATPLOTLIBRC": str(rc),
        "IPYTHONDIR": str(tmp_path),
        "PYTHONOPTIMIZE": "2",
        "LC_ALL": "C",
    }.items():
        monkeypatch.setenv(name, value)
    check = 'assert plt.rcParams["figure.dpi"] != 7 and __debug__ and open(__file__, "w").encoding == "utf-8"\n'
    page.write_text(
        page.read_text(encoding="utf-8") + FIGURE + check.replace("__file__", repr(str(tmp_path / "x"))),
        encoding="utf-8",
    )
    assert any("image/png" in output.get("data", {}) for output in output_of(page, tmp_path))


def test_a_caption_without_a_picture_is_an_error(page, tmp_path):
    page.write_text(page.read_text(encoding="utf-8") + FIGURE + "plt.close(figure)\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="fig-line has a caption and no picture"):
        pages.execute(page, tmp_path / "out.ipynb", {"profile": "smoke"})
    assert not (tmp_path / "out.ipynb").exists()


def test_the_kernel_is_the_running_interpreter_with_the_library_that_runs(page, tmp_path, monkeypatch):
    foreign = tmp_path / "share" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(
        '{"argv": ["false"], "display_name": "another", "language": "python"}', encoding="utf-8"
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    cell = (
        "\n# %%\nimport sys, os, torch, intelvae\nprint(sys.executable, intelvae.__file__, torch.get_num_threads())\n"
    )
    page.write_text(page.read_text(encoding="utf-8") + cell, encoding="utf-8")
    (printed,) = output_of(page, tmp_path, kernel=kernels.OneThreadKernelManager)
    assert printed.text.split() == [sys.executable, str(ROOT / "intelvae" / "__init__.py"), "1"]


@pytest.mark.parametrize("name", kernels.IMPORTS)
def test_what_a_kernel_has_imported_is_there(name):
    assert importlib.import_module(name)  # the process that does it passes over what is not there


def test_pages_are_executed_side_by_side_and_one_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    sources = {"01_a": "print(1)", "02_b": "1 / 0", "03_c": "print(3)", "04_d": "import os; os._exit(1)", "05_e": ""}
    for name, code in sources.items():
        source = HEADER + '# %% tags=["parameters"]\nprofile = "smoke"\n\n# %%\n' + code + "\n"
        (tmp_path / "book" / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "out" / "05_e.ipynb").mkdir(parents=True)  # where no notebook can be put
    with pytest.raises(RuntimeError) as error:
        pages.execute_all(tmp_path / "out", {"profile": "smoke", "jobs": 0})
    said = ["02_b.py, cell .: ZeroDivisionError", "04_d.py, cell .: the kernel died", "05_e.py: IsADirectoryError"]
    lines = sorted(str(error.value).splitlines())
    assert len(lines) == len(said) and all(map(re.match, said, lines)), lines
    done = {p.name for p in (tmp_path / "out").glob("*.ipynb") if p.is_file() and ".failed" not in p.suffixes}
    assert done == {"01_a.ipynb", "03_c.ipynb"}


FOR_LONG = """
import os, time
from pathlib import Path
Path({mark!r}).write_text(str(os.getpid()))
time.sleep(300)
"""
BOOK = """
import sys
from pathlib import Path
from intelvae.paper import pages
pages.ROOT = Path(sys.argv[1])
if __name__ == "__main__":
    pages.execute_all(pages.ROOT / "out", {"profile": "laptop"})
"""


@pytest.fixture
def long(tmp_path):
    """A book in `tmp_path` whose first page takes five minutes; a function that waits for its kernel, and names it."""
    (tmp_path / "book").mkdir()
    mark = tmp_path / "pid"
    for name, code in (("01_a", FOR_LONG.format(mark=str(mark))), ("02_b", "print(2)")):
        (tmp_path / "book" / f"{name}.py").write_text(HEADER + "\n# %%" + code + "\n", encoding="utf-8")

    def kernel():
        while not (mark.exists() and mark.read_text(encoding="utf-8")):
            time.sleep(0.05)
        return int(mark.read_text(encoding="utf-8"))

    return kernel


def runs(pid):
    """Whether a process runs. One that has ended may still be listed, if what started it has not noticed yet."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def ends_within_a_minute(pid):
    end = time.monotonic() + 60
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not runs(pid)


def test_a_book_that_is_stopped_ends_its_kernels_and_begins_no_other_page(long, tmp_path, monkeypatch):
    """By SIGTERM, of which the command makes an interruption; that of Ctrl-C goes to the kernels, too."""

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pages, "ROOT", tmp_path)
    before = signal.signal(signal.SIGTERM, stop)
    try:
        threading.Thread(target=lambda: long() and os.kill(os.getpid(), signal.SIGTERM)).start()
        with pytest.raises(KeyboardInterrupt):
            pages.execute_all(tmp_path / "out", {"profile": "laptop"})
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ends_within_a_minute(long())
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {"01_a.failed.ipynb"}


def test_kernels_end_with_a_book_that_is_killed(long, tmp_path):
    (script := tmp_path / "script.py").write_text(BOOK, encoding="utf-8")
    with subprocess.Popen([sys.executable, script, tmp_path], stderr=subprocess.DEVNULL) as book:
        kernel = long()
        assert runs(kernel)
        book.kill()
    assert ends_within_a_minute(kernel)


def test_a_page_that_reads_all_results_has_them_also_where_it_is_executed_alone(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    for name, code in {"01_own": "print(1)", "02_status": "stored = print\nstored(profile)"}.items():
        source = HEADER + '# %% tags=["parameters"]\nprofile = "smoke"\n\n# %%\n' + code + "\n"
        (tmp_path / "book" / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "store_of", lambda _: Store(tmp_path / "store"))
    swept = []
    monkeypatch.setattr(pages.sweeps, "sweep", lambda runs, *_, **__: swept.append(len(runs)))
    pages.execute_all(tmp_path / "out", {"profile": "smoke"}, "01")
    assert not swept
    pages.execute_all(tmp_path / "out", {"profile": "smoke"}, "02")
    assert len(swept) == 1 and swept[0] > 100
