"""nbval by our rules of comparison, on pages that it executes or that have been executed and have not changed since."""

import os
from collections import deque
from pathlib import Path

import nbformat
from nbval.plugin import IPyNbCell, IPyNbFile

from intelvae.paper import kernels, pages, references

compare, setup = IPyNbCell.compare_outputs, IPyNbFile.setup


def pytest_addoption(parser):
    parser.addoption("--executed", default="", help="A folder of executed pages, which are not executed again.")


def pytest_configure(config):
    ours = kernels.surroundings()  # of what there is now
    os.environ.clear()
    os.environ.update(ours)
    IPyNbFile.setup, IPyNbCell.sanitize, IPyNbCell.compare_outputs = start, text, compare_facts


class Replay:
    """In a kernel's place: gives the outputs of a notebook that has been executed, cell by cell."""

    def __init__(self, notebook):
        self.cells = deque(cell for cell in notebook.cells if cell.cell_type == "code")
        self.messages = deque()

    def execute_cell_input(self, source, allow_stdin=None):
        cell = self.cells.popleft()
        assert cell.source == source, "the page has changed since its reference was made: make references"
        for output in cell.outputs:
            content = {key: value for key, value in output.items() if key != "output_type"}
            self.messages.append((output.output_type, content))
        self.messages.append(("status", {"execution_state": "idle"}))
        return "replayed"

    def get_message(self, stream, timeout=None):
        kind, content = self.messages.popleft()
        return {"msg_type": kind, "content": content, "parent_header": {"msg_id": "replayed"}}

    def await_reply(self, *_, **__):
        pass

    def is_alive(self):
        return True

    stop = interrupt = await_idle = await_reply


def start(file):
    """Starts a kernel for a notebook, or a `Replay` where `--executed` has what the kernel would give."""
    folder = file.config.getoption("--executed")
    done = Path(folder, file.path.name)
    page = pages.ROOT / "book" / file.path.with_suffix(".py").name
    if folder and pages.is_current(done, page, references.PARAMETERS):
        file.kernel = Replay(nbformat.read(done, as_version=4))
        file.setup_sanitize_files()
    else:
        setup(file)


def text(cell, output):
    """An output as it is compared, with the drift that its reference has been found to have."""
    plain = references.plain(output)
    return references.Text(plain, cell.drifts.get(plain))


def compare_facts(cell, test, reference, skip_compare=None):
    """Compares all that `references.outputs` gives, numbers within what they were seen to drift."""
    cell.drifts = {}
    drifts = cell.cell.metadata.get("drift", {})
    for i, (_, plain) in enumerate(references.outputs(cell.cell)):
        cell.drifts[plain] = {int(k.split("/")[1]): v for k, v in drifts.items() if k.split("/")[0] == str(i)}
    return compare(cell, [facts(output) for output in test], [facts(output) for output in reference], SKIPPED)


SKIPPED = ("metadata", "output_type", "name", "execution_count", "traceback", "stderr", *references.PICTURES)


def facts(output):
    """The output without the text beside a table."""
    data = output.get("data", {})
    if "text/html" not in data:
        return output
    kept = {kind: value for kind, value in data.items() if kind != "text/plain"}
    return nbformat.from_dict({**output, "data": kept})
