"""Parameters of pages and of the command are parsed in one place, and what is wrong with one is said before a run."""

import ast
from collections import Counter
from functools import partial
from pathlib import Path

import jupytext
import numpy as np
import pytest

from intelvae import devices
from intelvae.paper import ledger, pages, studies, sweeps
from intelvae.paper.rows import SECOND
from intelvae.paper.store import store_of
from intelvae.paper.studies import digits

NOT_ALL = {"k", "extractor"}  # every page has the other parameters
GOOD_SEEDS = {
    None: None,
    0: [0],
    7: [7],
    "0": [0],
    "0-3": [0, 1, 2, 3],
    " 0, 2-3 ": [0, 2, 3],
    (3, 1): [3, 1],
    range(2): [0, 1],
    np.int64(4): [4],
}
# What papermill makes of `-p` and `-y`: words, whole numbers, floats, true and false, None, lists, mappings.
WRONG = {
    "seeds": ("a", "", "5-2", "0,0", "0-2,1", "²", "1-", "-1", "4294967296", [], [[0]], [0, 0], ["0"], [True]),
    "profile": ("huge", "", 3, None, ["smoke"]),
    "device": ("tpu9", "", "meta", 3, None, ["cpu"]),
    "jobs": ("two", "2", -1, 1.5, None, True, float("nan"), [1]),
    "extractor": ("nosuch", "", 3, ["inception"], {}),
    "k": ("five", "3", 0, 1, 2.5, True, [3]),
}
WRONG["seeds"] += (-1, 1.5, True, {}, {"0": 1}, 2**32, "0-1000", "0-4294967295", "0-499,500-1000", range(2**32))
# What refuses a wrong parameter.
CHECKED = {
    "studies.results", "studies.runs", "studies.check_parameters", "studies.check_profile", "studies.seeds_or_own",
    "studies.stored", "ledger.stored", "figures.sectors",
}  # fmt: skip
HARMLESS = {"store_of"}  # names a folder
CALLED = {"extractor": "features"}  # in the library
LOOKING = (  # at what other pages train, of all seeds
    "14_paper_and_code", "15_what_we_learned", "90_hyperparameters", "91_status",
)  # fmt: skip
UNUSED = {  # pages have all parameters, so that one command will do for all of them
    *((page, name) for page in ("02_theorem1", *LOOKING) for name in ("device", "jobs")),
    *((page, "seeds") for page in LOOKING),
    ("70_your_own", "jobs"),
}
LEFT_BEHIND = {"96a1f12ceddc933f", "f0c8e8b65005929e"}  # seeds 3 and 4 of "precision", which takes three seeds now
# what was measured before trainings and evaluations were told apart: attributes of the faces of Table 4, latents of one
# of "borders-longer", and the shares of the two above
LEFT_MEASURED = {"attributes": 21, "latents": 1, "zeros-and-ones": 2}
pytestmark = pytest.mark.usefixtures("unchecked")


def parts(page):
    """A page's parameters with their values, and the rest of its code."""
    cells = [cell for cell in jupytext.read(page, fmt="py:percent").cells if cell.cell_type == "code"]
    (given,) = (cell for cell in cells if "parameters" in cell.metadata.get("tags", []))
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(given.source).body}
    return values, ast.parse("\n".join(cell.source for cell in cells if cell is not given))


def first_use(code, parameter):
    """The call that a page hands a parameter to before it does anything else with it; None where it does nothing."""
    call_of = {
        id(given): call
        for call in ast.walk(code)
        if isinstance(call, ast.Call)
        for given in [*call.args, *(keyword.value for keyword in call.keywords)]
    }
    names = [node for node in ast.walk(code) if isinstance(node, ast.Name) and node.id == parameter]
    uses = [name for name in names if isinstance(name.ctx, ast.Load)]
    for use in sorted(uses, key=lambda node: (node.lineno, node.col_offset)):
        call = call_of.get(id(use))
        name = ast.unparse(call.func) if call else ""
        if name == "partial" and ast.unparse(call.args[0]) in CHECKED:
            return ast.copy_location(ast.Call(call, [ast.Constant(studies.NAMES[0])], []), call)
        if name not in CHECKED:
            assert name in HARMLESS, f"{parameter} is used, unchecked: {ast.unparse(call or use)}"
            continue
        return call
    return None


@pytest.mark.parametrize("page", pages.sources(), ids=lambda page: page.stem)
def test_a_wrong_parameter_of_a_page_is_one_line_before_anything_is_trained(page, tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    monkeypatch.setattr(sweeps, "sweep", lambda *_, **__: pytest.fail("something was trained"))
    values, code = parts(page)
    assert values.keys() | NOT_ALL == WRONG.keys()
    names = {
        "studies": studies,
        "ledger": ledger,
        "partial": partial,
        "figures": digits.figures,
        **dict.fromkeys(("name", "experiment"), studies.NAMES[0]),
    }
    for parameter in values:
        call = first_use(code, parameter)
        assert (call is None) == ((page.stem, parameter) in UNUSED), parameter
        for wrong in WRONG[parameter] if call else ():
            expression = compile(ast.fix_missing_locations(ast.Expression(call)), page.name, "eval")
            with pytest.raises(ValueError) as error:
                eval(expression, names | values | {parameter: wrong})
            message = str(error.value)
            assert "\n" not in message, (parameter, wrong)
            assert CALLED.get(parameter, parameter) in message and repr(wrong) in message, (parameter, wrong, message)


@pytest.mark.filterwarnings("ignore")  # papermill's and the kernel's own
@pytest.mark.parametrize(("parameter", "wrong"), [("seeds", "5-2"), ("jobs", "two"), ("device", "tpu9")])
def test_a_page_that_is_executed_says_the_same(parameter, wrong, tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path / "runs"))
    (page,) = pages.sources("01")
    with pytest.raises(
        RuntimeError, match=rf"^01_framework.py, cell \d+: ValueError: {parameter} .*'{wrong}'"
    ) as error:
        pages.execute(page, tmp_path / "out.ipynb", {parameter: wrong})
    assert "\n" not in str(error.value) and not (tmp_path / "runs").exists()


def test_seeds_are_a_number_a_list_or_a_text():
    assert len(studies.seeds_of("0-998,5000")) == len(studies.seeds_of(range(1000))) == 1000  # no more, see WRONG
    for value, seeds in GOOD_SEEDS.items():
        assert studies.seeds_of(value) == seeds
        assert studies.seeds_or_own(value, 3) == ([0, 1, 2] if seeds is None else seeds)
    for wrong in WRONG["seeds"]:
        with pytest.raises(ValueError, match="seeds are numbers such as"):
            studies.seeds_of(wrong)


def test_a_sweep_of_all_experiments_is_one_of_each():
    assert sorted(studies.BY_PRIORITY) == sorted(studies.NAMES)


@pytest.mark.parametrize("name", studies.NAMES)
def test_every_grid_takes_all_kinds_of_seeds_and_zero_is_one(name):
    for value, seeds in GOOD_SEEDS.items():
        if seeds is not None:
            assert studies.runs(name, "smoke", value) == studies.runs(name, "smoke", seeds)
            assert {run.training.seed for run in studies.runs(name, "laptop", value)} == set(seeds)


def test_models_that_a_reader_moves_are_in_no_claim():
    """Their seed is no other experiment's own, at any profile."""
    to_move = {name for name in studies.NAMES if name.endswith("-to-move")}
    for profile in studies.PROFILES:
        of = {name: {run.training for run in studies.runs(name, profile)} for name in studies.NAMES}
        moved = set().union(*(of[name] for name in to_move))
        assert moved and not any(moved & of[name] for name in of.keys() - to_move)


def test_published_results_are_those_that_grids_ask_for(published):
    """A key that changes leaves its results behind; what is added has none yet."""
    asked = {key: set() for key in LEFT_BEHIND}
    for run in [run for name in studies.NAMES for run in studies.runs(name, "laptop")]:
        asked.setdefault(run.training.key, set()).update(e.key for e in (*run.evaluations, *run.extras))
    assert {path.parent.name for path in published} <= set(asked)
    there = {(path.parent.name, path.name.partition(".")[0]) for path in published}
    left = [name for key, name in there if name not in asked[key] | {"training"}]
    assert Counter(left) == LEFT_MEASURED


def test_a_second_opinion_asks_for_no_run_of_what_is_published(published):
    """It is newer than these models, whose weights are not here."""
    store, there = store_of("laptop"), {path.parent.name for path in published}
    asked = [run for name in ("table1", "slips", "sparsity", "sparsity-mnist") for run in studies.runs(name, "laptop")]
    asked = [run for run in asked if run.training.key in there and not store.weights(run.training).is_file()]
    assert asked and all(SECOND in run.extras for run in asked)
    assert sweeps.missing(asked, store) == []


def test_an_empty_value_is_nowhere_taken_for_none():
    """`seeds or range(3)` takes 0 and [] for None: the study modules have a helper, and so have the pages."""
    root = Path(studies.__file__).parent
    for path in [*root.rglob("*.py"), *pages.sources()]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
                first = node.values[0]
                assert not (isinstance(first, ast.Name) and first.id in WRONG), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("kind", ["cuda", "mps", "xpu", "xla", "hpu", "vulkan", "ipu", "privateuseone", "cuda:99", "²"])
def test_a_device_that_is_not_there_is_one_line(kind):
    import torch

    if getattr(getattr(torch, kind, None), "is_available", bool)():
        pytest.skip("this one is there")
    with pytest.raises(ValueError, match=f"device '{kind}' cannot be used here: .") as error:
        devices.check_device(kind)
    assert "\n" not in str(error.value)


def test_devices_that_are_there_will_do():
    for name in ("cpu", "cpu:0"):
        devices.check_device(name)


def test_a_device_is_not_looked_at_where_nothing_is_to_be_run(tmp_path, monkeypatch):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    first = studies.results("framework", "smoke", 0)
    again = studies.results("framework", "smoke", "0", device="tpu9")
    assert [r.run for r in again] == [r.run for r in first]
    with pytest.raises(ValueError, match="device 'tpu9'"):
        studies.results("framework", "smoke", 1, device="tpu9")
    with pytest.raises(ValueError, match="none of the 1 runs"):
        studies.results("framework", "smoke", 1, device="tpu9", jobs=0)
