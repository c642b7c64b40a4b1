"""Bad input of all kinds, by the hundred: what a user may get wrong ends in one line, and never in a traceback.

What hypothesis found once is a case of its own below, or beside the other cases of its kind.
"""

import ast
import dataclasses
import inspect
import json
import sys
from pathlib import Path
from unittest import mock

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intelvae import mappings
from intelvae.numbers import check_number
from intelvae.paper import builder, cli, datasets, studies
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.results import Measured, Trained

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.usefixtures("unchecked")
# The same examples every time; whoever looks for more raises their number.
few = settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
# What papermill, JSON and Python may hand over.
WORDS = ["", "cpu", "meta", "cuda", "smoke", "circle", "0-3", "1e3", "<script>", "\n", "--", "²"]
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 6), st.integers(), st.floats(), st.floats(-2, 4), st.just(10**400),
    st.text(max_size=5), st.sampled_from(WORDS), st.binary(max_size=3),
)  # fmt: skip


def nested(leaves):
    """Leaves, and lists and mappings of them."""
    lists = st.lists(leaves | st.lists(leaves, max_size=2), max_size=3)
    return leaves | lists | st.dictionaries(st.text(max_size=4), leaves | lists, max_size=2)


VALUES = nested(LEAVES)
CIRCLE = Training("circle", "mlp", 2, "gaussian", epochs=1)


def refused(call):
    """What `call` gives, or None where it raises `ValueError` of one line."""
    try:
        return call()
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
        return None


@few
@given(VALUES, st.sampled_from(["profile", "seeds", "device", "jobs"]))
def test_parameters_of_a_page_are_right_or_refused_in_one_line(value, name):
    refused(lambda: studies.check_parameters(**({"profile": "smoke"} | {name: value})))
    refused(lambda: studies.runs(value, "smoke"))
    refused(lambda: studies.runs("framework", "smoke", features=value))


@few
@given(st.dictionaries(st.sampled_from([f.name for f in dataclasses.fields(Training)]), VALUES, min_size=1, max_size=2))
def test_a_config_is_right_or_refused_in_one_line(changed):
    config = refused(lambda: dataclasses.replace(CIRCLE, **changed))
    if config is None:
        return
    assert Training(**json.loads(json.dumps(config.chosen))) == config and hash(config) is not None and str(config)
    if config.latent_dim < 50 and refused(lambda: datasets.of(config)) is not None:
        refused(lambda: builder.build(config, (2,), torch.zeros(5, 2)))


OPTIONS = {name: [*inspect.signature(mappings._KINDS[name]).parameters, "nosuch"] for name in mappings.NAMES}
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool)


@pytest.mark.filterwarnings("ignore")  # of torch: half precision on the CPU
@few
@given(st.data())
def test_a_mapping_and_its_latents_are_right_or_refused_in_one_line(data):
    name, dim = data.draw(st.sampled_from(mappings.NAMES)), data.draw(st.integers(-1, 6) | st.just("two"))
    options = data.draw(st.dictionaries(st.sampled_from(OPTIONS[name]), VALUES, max_size=2))
    options.pop("latent_dim", None)
    g = refused(lambda: mappings.create(name, dim, **options))
    if g is not None:
        y = torch.zeros(data.draw(st.lists(st.integers(0, 4), max_size=3)), dtype=data.draw(st.sampled_from(DTYPES)))
        try:
            z = refused(lambda: g(y))
        except RuntimeError as error:  # torch's own, of latents that are not what its weights are
            assert y.dtype != torch.float32 and "\n" not in str(error)
        else:
            assert z is None or z.shape[:-1] == y.shape[:-1]


RECORD = Trained(CIRCLE, {"valid_elbo": [1.0]}, 0, 1.0, "cpu", {"torch": "2"}, "abc", "2026-11-29")
MEASURED = Measured(CIRCLE.key, Evaluation("points"), {"a": 1.0}, 0.5, "abc", "2026-11-28")
JSON = nested(
    st.none() | st.booleans() | st.integers(-3, 6) | st.floats() | st.text(max_size=4) | st.sampled_from(WORDS)
)


@few
@given(st.data())
def test_a_record_is_whole_or_refused_in_one_line(data):
    for text, read in (
        (RECORD.to_json(), Trained.from_json),
        (MEASURED.to_json(), lambda text: Measured.from_json(text, Path("nowhere"))),
    ):
        fields = json.loads(text)
        changed = json.dumps(fields | {data.draw(st.sampled_from([*fields, "nosuch"])): data.draw(JSON)})
        at, more = (
            data.draw(st.integers(0, len(text))),
            data.draw(st.sampled_from(["", "{", "[", "\\", "\0", "9" * 5000])),
        )
        for each in (changed, text[:at] + more, text[:at] + more + text[at:]):
            record = refused(lambda read=read, each=each: read(each))
            if record is not None:
                assert read(record.to_json()).to_json() == record.to_json() and record.seconds + 1 is not None
                assert "<" not in record.commit + record.date


NAMES = st.sampled_from(["framework", "connectivity", "nosuch", "mnist", "smoke", "celeba"]) | st.text(max_size=4)
WORD = NAMES | st.sampled_from(
    [*WORDS, "-1", "1", "2h", "0,1", "nan", "tests/test_bad_input.py", "a\nb", "/", "x" * 300]
)
COMMANDS = (
    ["run"], ["sweep"], ["remeasure"], ["claims"], ["book"], ["bench"], ["data"], ["data", "fetch"], ["data", "status"],
    ["results"], ["results", "import"], ["nosuch"], [],
)  # fmt: skip
FLAGS = (
    "--profile", "--seeds", "--device", "--jobs", "--dask", "--features", "--checkpoint-every", "--budget", "--out",
    "--root", "--json", "--repeats", "--site", "--publish", "--references", "--check", "--rounding", "--page",
    "--nosuch", "-h", "-",
)  # fmt: skip
WORK = (  # what the commands do with arguments that are right
    "intelvae.paper.sweeps.sweep", "intelvae.paper.sweeps.remeasure", "intelvae.paper.bundle.export",
    "intelvae.paper.bench.run", "intelvae.paper.pages.execute_all", "intelvae.paper.book.render",
    "intelvae.paper.references.make", "intelvae.paper.references.check", "intelvae.data.fetch", "intelvae.data.status",
    "intelvae.paper.ledger.stored",
)  # fmt: skip


def command(arguments, capsys):
    """The exit code of the command, its output, and its errors, without what it would do for long."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        for name in WORK:
            patch.setattr(name, mock.Mock(return_value=[]))
        patch.setattr(sys, "argv", ["intelvae", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
    return stop.value.code, *capsys.readouterr()


@few
@given(st.sampled_from(COMMANDS), st.lists(WORD | st.sampled_from(FLAGS), max_size=4))
def test_a_command_is_done_or_refused_in_one_line(capsys, tmp_path_factory, name, arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTELVAE_RUNS", str(tmp_path_factory.getbasetemp()))
        code, _, err = command([*name, *arguments], capsys)
    assert code in (0, 1, 2)
    if arguments or name not in ([], ["data"], ["results"]):  # which say how they are used
        assert not code or (err.startswith("intelvae: ") and err.count("\n") == 1)
    else:
        assert err.startswith("Usage: intelvae")


def test_a_whole_number_of_four_hundred_digits_is_out_of_range():
    with pytest.raises(ValueError, match=r"^gamma must be a number, not 1000"):
        check_number("gamma", 10**400)
    check_number("gamma", 10**300, "> 0")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bound_options": None}, "bound_options are names with values, such as {'k': 5}, not None"),
        ({"mapping_options": {"k": b"5"}}, "mapping_options are names with values"),
        ({"mapping_options": [[None, None]]}, "mapping_options are names with values"),
        ({"repeats": None}, "repeats are how often zeros and ones are there, such as .1, 3., not None"),
        ({"mapping": [{}]}, "mapping must be a name, not "),
        ({"bound": ["iwae"]}, "bound must be a name, not "),
    ],
)
def test_a_setting_of_another_kind_is_refused(changed, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        dataclasses.replace(CIRCLE, **changed)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("threshold", {"learnable": [0]}, "learnable must be True or False, not .0."),
        ("sparse", {"hidden": 10}, "hidden are widths of layers such as .10, 10., not 10"),
        ("hierarchy", {"residual": "no"}, "residual must be True or False, not 'no'"),
    ],
)
def test_an_option_of_another_kind_is_refused(name, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        mappings.create(name, 8, **options)


LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
# calls to the workers of one's own cluster, which dask pickles anyway
CALLS = {"intelvae/paper/workers.py"}
RISKY = {"eval", "exec", "os.system", "os.popen", "yaml.load", "joblib.load", "pd.read_pickle"}


def risks(tree):
    """The lines that may run what a file or a parameter says."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "")]
            if LOADERS & {str(name).partition(".")[0] for name in names}:
                yield node.lineno
        elif isinstance(node, ast.Call):
            name, given = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
            wanted = {"torch.load": ("weights_only", "True"), "np.load": ("allow_pickle", "False")}.get(name)
            if (
                name in RISKY
                or given.get("shell", "False") != "False"
                or (wanted and given.get(wanted[0]) != wanted[1])
            ):
                yield node.lineno


def test_nothing_that_is_read_is_run():
    bad = ["import pickle", "from pickle import load", "torch.load(p)", "np.load(p)", "eval(x)", "run(x, shell=True)"]
    good = ["torch.load(p, weights_only=True)", "np.load(p, allow_pickle=False)", "model.eval()", "run(x, shell=False)"]
    assert [len(list(risks(ast.parse(line)))) for line in bad + good] == [1] * len(bad) + [0] * len(good)
    library = [path for folder in ("intelvae", "data") for path in (ROOT / folder).rglob("*.py")]
    assert len(library) > 100
    risky = [path for path in library if list(risks(ast.parse(path.read_text(encoding="utf-8"))))]
    assert {path.relative_to(ROOT).as_posix() for path in risky} == CALLS
