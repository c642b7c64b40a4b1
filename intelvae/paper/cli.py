"""The command `intelvae`: data, runs, sweeps, claims and the book.

Each command imports what it needs itself: torch and the studies take seconds, which `--help` and a slip need not wait.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import intelvae

if TYPE_CHECKING:
    from intelvae.paper.results import Result
    from intelvae.paper.rows import Run
    from intelvae.paper.store import Store

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(no_args_is_help=True, help="The data sets: what is there, and how to get it.")
app.add_typer(data_app, name="data")
results_app = typer.Typer(no_args_is_help=True, help="The results: how to bring them from another machine.")
app.add_typer(results_app, name="results")

Experiment = Annotated[str, typer.Argument(help="One such as connectivity; the answer to an unknown one lists all.")]
ProfileOption = Annotated[str, typer.Option(help="How much to run: smoke (minutes), laptop (days), paper (a GPU).")]
SeedsOption = Annotated[str | None, typer.Option(help="Seeds, as 0,1,2 or 0-9; the profile's own if not given.")]
DeviceOption = Annotated[str, typer.Option(help="A device of torch: cpu, cuda, cuda:1, mps.")]
JobsOption = Annotated[
    int, typer.Option(min=1, help="Runs side by side; each gets its share of the processor's threads.")
]
DaskOption = Annotated[
    str | None, typer.Option(help="Address of a dask scheduler (tcp://...) whose workers do the runs.")
]
CheckpointOption = Annotated[
    int | None, typer.Option(min=1, help="Epochs after which a training is kept, to go on from there if stopped.")
]
FeaturesOption = Annotated[
    str | None,
    typer.Option(help="Whose features samples are judged on: inception (FID), efficientnet-lite0 or classifier."),
]


def _show_version(asked: bool) -> bool:
    if asked:
        typer.echo(f"intelvae {intelvae.__version__}")
        raise typer.Exit
    return asked


@app.callback()
def any_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """InteL-VAE, reproduced: data, runs, sweeps, claims and the book."""


def _sweep(
    runs: list[Run], store: Store, jobs: int, device: str, dask: str | None, budget: float | None = None
) -> list[Result]:
    from intelvae.devices import check_device
    from intelvae.paper import cluster, sweeps

    if dask is not None:
        if jobs != 1:
            raise ValueError("--jobs goes without --dask: a cluster does as many runs at a time as it has workers")
        return cluster.sweep(runs, store, dask, device=device, budget=budget)
    check_device(device)
    return sweeps.sweep(runs, store, jobs=jobs, device=device, budget=budget)


RootOption = Annotated[str | None, typer.Option(help="The only folder to look in; else INTELVAE_DATA, then data/.")]


@data_app.command()
def status(root: RootOption = None) -> None:
    """Say which data sets are found, and where."""
    from intelvae import data

    for row in data.status(root):
        typer.echo(f"{row.dataset:<14} {'found' if row.found else 'missing':<8} {row.counts:<24} {row.where}")


@data_app.command()
def fetch(name: Annotated[str, typer.Argument(help="mnist or fashion-mnist.")], root: RootOption = None) -> None:
    """Download a data set, verify its checksums and unpack it."""
    from intelvae import data

    typer.echo(f"{name} is in {data.fetch(name, root)}")


@app.command()
def run(
    experiment: Experiment,
    profile: ProfileOption = "smoke",
    seeds: SeedsOption = None,
    device: DeviceOption = "cpu",
    jobs: JobsOption = 1,
    dask: DaskOption = None,
    features: FeaturesOption = None,
    checkpoint_every: CheckpointOption = None,
) -> None:
    """Run what is missing of one experiment, and print its metrics: mean and standard deviation over seeds."""
    from intelvae.paper import studies
    from intelvae.paper.results import Results
    from intelvae.paper.statistics import summary, with_deviation
    from intelvae.paper.store import store_of

    asked = studies.runs(experiment, profile, seeds, features=features)
    found = Results(experiment, profile, asked, _sweep(asked, store_of(profile, checkpoint_every), jobs, device, dask))
    for row in found.rows:
        members = found.of(row.name, row.group)
        cells = []
        for metric in (name for name in members[0].metrics if all(name in r.metrics for r in members)):
            cells.append(f"{metric} {with_deviation(*summary([r.metrics[metric] for r in members]))}")
        name = " · ".join(filter(None, (members[0].training.data, row.group, row.name)))
        typer.echo(f"{name} ({len(members)} seed{'s' * (len(members) > 1)}): " + ", ".join(cells))


@app.command()
def sweep(
    profile: ProfileOption = "smoke",
    seeds: SeedsOption = None,
    device: DeviceOption = "cpu",
    jobs: JobsOption = 1,
    dask: DaskOption = None,
    features: FeaturesOption = None,
    checkpoint_every: CheckpointOption = None,
    time: Annotated[
        str | None,
        typer.Option("--budget", help="Begin nothing that would not be done after this time, such as 90s, 12m or 2h."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Pack the results of this sweep, to be merged by: intelvae results import.")
    ] = None,
) -> None:
    """Run what is missing of all experiments, the most telling first; kill it at any time and call it again."""
    from intelvae.paper import bundle, studies
    from intelvae.paper.budget import seconds_of
    from intelvae.paper.store import store_of
    from intelvae.whole import check_writable

    budget = seconds_of(time) if time is not None else None
    asked = [run for name in studies.BY_PRIORITY for run in studies.runs(name, profile, seeds, features=features)]
    store = store_of(profile, checkpoint_every)
    if out is not None:
        check_writable(out)
    missing = [run for run in asked if store.result(run) is None or store.lacking(run)]
    try:
        found = _sweep(asked, store, jobs, device, dask, budget)
    finally:
        for path in bundle.export(missing, store, out) if out is not None else ():
            typer.echo(f"packed: {path}")
    trainings = {run.training for run in asked}
    done = {result.training for result in found}
    typer.echo(f"{len(done)} of {len(trainings)} trainings in {store.root}")


@results_app.command(name="import")
def import_results(
    archives: Annotated[list[Path], typer.Argument(help="Archives that a sweep left with --out.")],
    profile: ProfileOption = "laptop",
) -> None:
    """Merge archives into the results that are there; what is there already stays."""
    from intelvae.paper import bundle, studies
    from intelvae.paper.store import store_of

    studies.check_profile(profile)
    store = store_of(profile)
    conflicts = []
    for path in archives:
        merged = bundle.merge(path, store)
        typer.echo(f"{path}: {merged.trainings} trainings and {merged.evaluations} evaluations are new")
        conflicts += merged.conflicts
    if conflicts:
        told = "\n".join(conflicts)
        raise RuntimeError(f"{len(conflicts)} results are others than those in {store.root}, which stay:\n{told}")


@app.command()
def remeasure(
    experiment: Experiment,
    profile: ProfileOption = "laptop",
    seeds: SeedsOption = None,
    jobs: JobsOption = 1,
    features: FeaturesOption = None,
) -> None:
    """Measure the models of one experiment anew, from their weights: for a measure that has changed."""
    from intelvae.paper import studies, sweeps
    from intelvae.paper.store import store_of

    asked = studies.runs(experiment, profile, seeds, features=features)
    found = sweeps.remeasure(asked, store_of(profile), jobs=jobs)
    typer.echo(f"{found} of {len({run.training for run in asked})} models measured anew")


@app.command(name="claims")
def show_claims(
    profile: ProfileOption = "laptop",
    as_json: Annotated[bool, typer.Option("--json", help="An array of objects instead of a table.")] = False,
    features: FeaturesOption = None,
) -> None:
    """Judge the paper's claims on the results that are there."""
    from intelvae.paper import ledger

    rows = ledger.stored(profile, features)
    if as_json:
        finite = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]
        typer.echo(json.dumps(finite, indent=1, allow_nan=False))
        return
    holm, width = ledger.corrected(rows), max(len(row["id"]) for row in rows)
    for row in rows:
        p = "-" if row["p"] is None else f"{row['p']:.2g} ({holm[row['id']]:.2g})"
        claim = f"{row['where']}. {row['claim']}" + " (a variant)" * row["variant"]
        if row["earlier"]:
            claim += f" (by the rule before: {', '.join(row['earlier'])})"
        numbers = f"ours {ledger.ours(row):<16} n {row['n']:<3} p {p:<19}"
        typer.echo(f"{row['verdict']:<19} {row['id']:<{width}} {numbers} {claim}")
    typer.echo(f"In brackets, p corrected (Holm) for all that count, or for all variants. {ledger.summary(rows)}")


@app.command(name="bench")
def run_bench(
    repeats: Annotated[int, typer.Option(min=1, help="Rounds in which the contenders take turns.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="An array of objects instead of a table.")] = False,
) -> None:
    """Measure training against a plain loop, pythae (where installed) and the machine's own speed."""
    from intelvae.paper import bench

    rows = []
    for row in bench.run(repeats):
        rows.append(dataclasses.asdict(row))
        if not as_json:
            typer.echo(f"{row.case:<50} {row.peer:<30} {row.ratio:6.2f} ({row.low:.2f}-{row.high:.2f}) {row.unit}")
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    if "pythae" not in bench.PEERS:
        typer.echo("pythae is not installed and was left out: pip install -e '.[bench]'", err=True)


@app.command()
def book(
    profile: ProfileOption = "smoke",
    device: DeviceOption = "cpu",
    jobs: Annotated[int, typer.Option(min=0, help="Runs side by side; 0 runs nothing and takes what is there.")] = 1,
    site: Annotated[bool, typer.Option("--site", help="Render the published pages; run nothing.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Execute the pages and write book/*.ipynb.")] = False,
    make_references: Annotated[
        bool, typer.Option("--references", help="Refresh the smoke references of the tests.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare the pages at smoke with the references.")] = False,
    rounding: Annotated[
        str,
        typer.Option(help="With --check: as processors without AVX-512 (avx2) or without AVX (sse41) round."),
    ] = "this",
    page: Annotated[
        str, typer.Option(help="With --publish, --references or --check: only pages whose name begins so, such as 04.")
    ] = "",
) -> None:
    """Execute the pages at a profile and build the book."""
    try:
        from intelvae.paper import book as books
        from intelvae.paper import references
    except ImportError as error:
        raise ValueError(f"the book needs the package {error.name}: pip install -e '.[dev]'") from error

    if site + publish + make_references + check > 1:
        raise ValueError("choose one of --site, --publish, --references and --check")
    if page and not (publish or make_references or check):
        raise ValueError("--page goes with --publish, --references or --check")
    if rounding != "this" and not check:
        raise ValueError("--rounding goes with --check")
    parameters = {k: v for k, v, usual in (("device", device, "cpu"), ("jobs", jobs, 1)) if v != usual}
    if (site or make_references or check) and (parameters or profile != "smoke"):
        raise ValueError("--profile, --device and --jobs go without --site, --references and --check")
    if site:
        typer.echo(books.site())
    elif publish:
        books.publish(profile, parameters, page)
    elif make_references:
        typer.echo(references.make(page).to_string())
    elif check:
        references.check(rounding, page)
    else:
        typer.echo(books.make(profile, parameters))


@app.command()
def doctor() -> None:
    """Say what there is on this machine: versions, packages, devices and their precision, data, room on disks."""
    from intelvae.paper.doctor import findings

    for topic, line in findings():
        typer.echo(f"{topic:<9} {line}")


def main(commands: typer.Typer = app) -> None:
    """The entry point: exit code 2 and one line for bad input, 1 for a run that failed, 130 or 143 when stopped.

    Batch systems and containers stop it by SIGTERM, which is as good as Ctrl-C. A letter that the terminal's or file's
    encoding lacks is written as its number.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # or a notebook's, or none at all
            stream.reconfigure(errors="backslashreplace")
    signals: list[int] = []

    def stop(number: int, _frame: object) -> None:
        signals.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        if (code := commands(standalone_mode=False)) == 128 + signal.SIGINT:
            raise KeyboardInterrupt  # which typer has made an exit code of
    except ValueError as error:
        typer.echo(f"intelvae: {error}", err=True)
        sys.exit(2)
    except (OSError, RuntimeError) as error:
        typer.echo(f"intelvae: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("intelvae: stopped; finished runs are kept, the same command goes on from there", err=True)
        sys.exit(128 + (signals or [signal.SIGINT])[0])
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's own errors of usage have it, in whichever class they come
            told = error.format_message() or "see intelvae --help"
            typer.echo(told if told.startswith("Usage: ") else f"intelvae: {' '.join(told.split())}", err=True)
            sys.exit(2)
        from intelvae.data import DataError  # takes seconds, unless it is one

        if not isinstance(error, DataError):
            raise
        typer.echo(f"intelvae: {error}", err=True)
        sys.exit(2)
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
