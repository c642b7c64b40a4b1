"""The command line: what it prints, and exit code 2 with one line for what it cannot take."""

import dataclasses
import json
import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
import typer

import intelvae
from intelvae.paper import cli, ledger, studies


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["intelvae", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["book", "--publish", "--page", "99"], "no page begins with '99'"),
        (["book", "--page", "04"], "--page goes with --publish"),
        (["run", "table9"], "unknown experiment 'table9'"),
        (["run", "connectivity", "--profile", "huge"], "unknown profile 'huge'"),
        *((["run", "connectivity", "--seeds", text], "seeds are numbers") for text in ("a", "5-2", "0,0", "²", "1-")),
        (["run", "connectivity", "--jobs", "0"], "value for '--jobs'"),
        (["run", "connectivity", "--device", "tpu9"], "device 'tpu9'"),
        (["run", "--nonsense"], "nonsense"),
        (["data", "fetch", "cifar"], "unknown dataset 'cifar'"),
        (["book", "--site", "--publish"], "choose one"),
        (["sweep", "--budget", "12"], "a budget is a time above 0"),
        (["results", "import", __file__], "no archive of results"),
        (["claims", "--features", "nosuch"], "unknown features 'nosuch'"),
        (["book", "--check", "--jobs", "2"], "--profile, --device and --jobs go without --site"),
        (["book", "--site", "--profile", "laptop"], "--profile, --device and --jobs go without --site"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(arguments, message, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, *arguments)
    assert code == 2 and out == ""
    assert message in err and err.startswith("intelvae: ") and err.count("\n") == 1


def of_commands(group, *before):
    for name, command in group.commands.items():
        yield from of_commands(command, *before, name) if hasattr(command, "commands") else [([*before, name], command)]


COMMANDS = dict(map(lambda pair: (" ".join(pair[0]), pair[1]), of_commands(typer.main.get_command(cli.app))))


@pytest.mark.parametrize("name", [n for n, c in COMMANDS.items() if any(p.name == "profile" for p in c.params)])
def test_every_command_with_a_profile_refuses_an_unknown_one(name, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    arguments = [p for p in COMMANDS[name].params if p.param_type_name == "argument"]
    given = [__file__ if p.nargs == -1 else "framework" for p in arguments]  # files, or an experiment
    code, out, err = call(monkeypatch, capsys, *name.split(), *given, "--profile", "smok")
    assert (code, out, err) == (2, "", "intelvae: unknown profile 'smok': choose one of smoke, laptop, paper\n")


@pytest.mark.parametrize("place", [".", "", "/proc/none/out.zip"])
def test_a_place_for_results_that_cannot_be_written_is_refused_before_training(place, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    monkeypatch.setattr("intelvae.paper.sweeps.sweep", lambda *_, **__: pytest.fail("it trains"))
    code, out, err = call(monkeypatch, capsys, "sweep", "--budget", "1s", "--out", place)
    assert code == 1 and out == "" and err.count("\n") == 1
    assert err.startswith(f"intelvae: {Path(place)} cannot be written (") and "name another file" in err


def test_run_prints_metrics_from_the_store_the_second_time(monkeypatch, capsys, tmp_path):
    def times():
        return {p.name: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}

    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    first = call(monkeypatch, capsys, "run", "framework", "--seeds", "3")
    before = times()
    assert first[0] == 0 and "sliced_wasserstein" in first[1] and "InteL-VAE" in first[1]
    assert call(monkeypatch, capsys, "run", "framework", "--seeds", "3") == first
    assert times() == before
    code, out, _ = call(monkeypatch, capsys, "remeasure", "framework", "--profile", "smoke", "--seeds", "3")
    assert code == 0 and out == "1 of 1 models measured anew\n"
    changed = {name for name, time in times().items() if time != before[name]}
    assert changed == {f"{name}.{end}" for name in ("scatter", "encoded") for end in ("json", "arrays.gz")} | {
        "points.json"
    }


@pytest.mark.parametrize("experiment", studies.NAMES)
def test_every_row_of_an_experiment_has_a_name_of_its_own(experiment):
    runs = studies.runs(experiment, "laptop")
    names = {(run.row.group, run.row.name) for run in runs}
    assert len(names) == len({dataclasses.replace(run.training, seed=0) for run in runs})


def test_dask_that_is_not_installed_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = call(monkeypatch, capsys, "run", "framework", "--dask", "tcp://127.0.0.1:1")
    assert code == 2 and err.count("\n") == 1 and "pip install -e '.[dask]'" in err


def test_tools_of_the_book_that_are_not_installed_are_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "papermill", None)
    for name in ("intelvae.paper.book", "intelvae.paper.pages", "intelvae.paper.references"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr(name, raising=False)
    code, _, err = call(monkeypatch, capsys, "book")
    assert code == 2 and err.count("\n") == 1 and "needs the package papermill" in err


@pytest.mark.parametrize("options", [[], ["--site"]])
def test_a_book_without_its_tools_is_refused_before_any_page_is_executed(monkeypatch, capsys, options):
    monkeypatch.setattr(
        "intelvae.paper.book.distributions", lambda name: [] if name == "jupyter-book" else distributions(name=name)
    )
    monkeypatch.setattr("intelvae.paper.pages.execute", lambda *_: pytest.fail("a page was executed"))
    code, _, err = call(monkeypatch, capsys, "book", *options)
    assert code == 2 and err.count("\n") == 1 and "needs jupyter-book<2,>=1.0.4" in err and "pip install" in err


def test_claims_as_json_have_the_documented_keys(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    code, out, _ = call(monkeypatch, capsys, "claims", "--json")
    rows = json.loads(out)
    keys = {"id", "where", "claim", "paper", "ours", "sd", "n", "test", "p", "profile", "verdict", "page", "variant"}
    keys |= {"detectable", "other", "earlier"}
    assert code == 0 and rows and all(set(row) == keys for row in rows)
    empirical = {claim.id for claim in ledger.CLAIMS if claim.experiment}
    assert {row["verdict"] for row in rows if row["id"] in empirical} == {"not tested"}  # an empty store
    assert {row["verdict"] for row in rows if row["id"] not in empirical} == {"reproduced"}  # mathematics
    code, out, _ = call(monkeypatch, capsys, "claims")
    *lines, last = out.splitlines()
    assert code == 0 and len(lines) == len(rows)
    assert [line.endswith("(a variant)") for line in lines] == [row["variant"] for row in rows]
    assert ledger.summary(rows) in last
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path / "mistyped"))
    code, _, err = call(monkeypatch, capsys, "claims")
    assert code == 2 and f"no folder {tmp_path / 'mistyped'}, which INTELVAE_RUNS names" in err


INSTALLED = (str(Path(sys.executable).with_name("intelvae")),)
MODULE = (sys.executable, "-m", "intelvae")


def ask(*command, **variables):
    return subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, **variables})


@pytest.mark.parametrize("command", [INSTALLED, MODULE])
def test_the_command_tells_its_version_and_its_commands(command):
    assert ask(*command, "--version").stdout == f"intelvae {intelvae.__version__}\n"
    for helped in (ask(*command, "-h"), ask(*command, "--help")):
        assert helped.returncode == 0 and {"Usage:", "sweep"} <= set(helped.stdout.split())
    assert "--rounding" in ask(*command, "book", "-h").stdout


@pytest.mark.parametrize("command", [INSTALLED, MODULE, (*MODULE[:2], "intelvae.paper.cli")])
def test_however_it_is_called_bad_usage_has_exit_code_2(command):
    done = ask(*command, "run", "--nonsense")
    assert done.returncode == 2 and done.stderr.startswith("intelvae: ") and "nonsense" in done.stderr


def test_a_shell_completes_commands_and_options():
    for words, completed in (
        ("intelvae da", "data"),
        ("intelvae data f", "fetch"),
        ("intelvae run --pro", "--profile"),
    ):
        last = str(len(words.split()) - 1)
        done = ask(*INSTALLED, _INTELVAE_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=last)
        assert done.returncode == 0 and done.stdout.split() == [completed]


@pytest.mark.parametrize("arguments", [["-h"], ["--version"], ["run", "-h"], ["book", "-h"], ["run", "--nonsense"]])
def test_help_and_slips_do_not_wait_for_torch(arguments):
    """Which takes seconds to import, as do the studies."""
    code = f"""
import sys
from intelvae.paper import cli
sys.argv[1:] = {arguments}
try:
    cli.main()
except SystemExit:
    assert not {{"torch", "matplotlib", "intelvae.paper.studies"}} & set(sys.modules)
    print("told")
"""
    assert ask(sys.executable, "-c", code).stdout.endswith("told\n")


@pytest.mark.parametrize("missing", ["typer", "pandas"])
def test_a_command_without_its_packages_says_what_to_install(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = ['claims']"
    done = ask(sys.executable, "-c", f"{code}; from intelvae.__main__ import main; main()")
    assert (done.returncode, done.stderr) == (
        2,
        f"intelvae: the command needs {missing}: pip install 'intelvae[paper]'\n",
    )


def test_a_sweep_within_a_budget_travels_and_arrives_once(monkeypatch, capsys, tmp_path):
    (one,) = studies.runs("framework", "smoke", 0)
    monkeypatch.setattr(studies, "runs", lambda name, *_, **__: [one] if name == "framework" else [])
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path / "there"))
    archive = str(tmp_path / "out.zip")
    assert call(monkeypatch, capsys, "sweep", "--budget", "2h", "--out", archive)[:2] == (
        0,
        f"packed: {archive}\n1 of 1 trainings in {tmp_path / 'there'}\n",
    )
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path / "here"))
    for new in ("1 trainings and 3 evaluations", "0 trainings and 0 evaluations"):
        code, out, _ = call(monkeypatch, capsys, "results", "import", archive)
        assert code == 0 and out == f"{archive}: {new} are new\n"
    (tmp_path / "here" / one.training.key / "training.json").unlink()
    call(monkeypatch, capsys, "sweep", "--profile", "smoke")  # trained here, at another time
    record = tmp_path / "here" / one.training.key / "training.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"date": "', '"date": "x'), encoding="utf-8")
    code, _, err = call(monkeypatch, capsys, "results", "import", archive)
    assert code == 1 and "1 results are others than those in" in err and one.training.key in err
