"""Hyperparameters: the paper's Tables C.1 and C.2, and what every profile of this book trains with."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from intelvae import networks
from intelvae.data import celeba
from intelvae.paper import studies
from intelvae.paper.config import Training

_NOT_GIVEN = dict.fromkeys(("epochs", "repeats", "likelihood"), "not given")
_OF_ALL = {"optimiser": "Adam", "learning rate": "1e-3"} | _NOT_GIVEN
_MNIST = {
    "training examples": "55k",
    "input": "binary 28x28",
    "latent dimensions": "50",
    "batch size": "100",
    **_OF_ALL,
}
TABLE_C1 = {  # by the experiment that stands for a column of it
    "connectivity": {
        "training examples": "unlimited",
        "input": "R²",
        "latent dimensions": "2-10",
        "batch size": "10-500",
        **_OF_ALL,
    },
    "multi-modality": {
        "training examples": "10k",
        "input": "binary 28x28",
        "latent dimensions": "1-10",
        "batch size": "100",
        **_OF_ALL,
    },
    "table1": _MNIST | {"repeats": "10 (Table 1)"},
    "sparsity": _MNIST,  # Fashion-MNIST, with the same settings in the paper
    "table4": {
        "training examples": "163k",
        "input": "RGB 64x64",
        "latent dimensions": "1-128",
        "batch size": "100",
        **_OF_ALL,
    },
}
COLUMNS_OF_C1 = {  # what they are about
    "connectivity": "Points in the plane",
    "multi-modality": "Zeros and ones",
    "table1": "MNIST: all ten digits",
    "sparsity": "Fashion-MNIST: sparsity",
    "table4": "Faces",
}
EXAMPLES = {  # images that a model learns from, by profile
    "multi-modality": {"smoke": "800 embedded", "laptop": "10,000", "paper": "10,000"},
    "table1": {"smoke": "800 embedded", "laptop": "55,000", "paper": "55,000"},
    "sparsity": {"smoke": "800 embedded", "laptop": "55,000", "paper": "55,000"},
    "table4": {"smoke": "800 drawn", "laptop": "8,059", "paper": "162,770"},
}


def table_c1() -> pd.DataFrame:
    """Table C.1 of the paper, with a column for every profile beside it."""
    return pd.concat(
        {
            experiment: pd.DataFrame({"in the paper": paper} | {p: used(experiment, p) for p in studies.PROFILES})
            for experiment, paper in TABLE_C1.items()
        }
    )


def used(experiment: str, profile: str) -> dict[str, str]:
    """What an experiment of `TABLE_C1` trains with at a profile, by the names of that table's rows."""
    trainings = _trainings(experiment, profile)
    first, image = trainings[0], experiment in EXAMPLES
    repeats = Counter(dataclasses.replace(training, seed=0) for training in trainings).values()
    return {
        "training examples": EXAMPLES[experiment][profile] if image else "unlimited",
        "input": _pixels(trainings) if image else "R²",
        "latent dimensions": str(first.latent_dim),
        "batch size": str(first.batch_size),
        "optimiser": "Adam",
        "learning rate": f"{first.lr:g}",
        "epochs": f"{first.epochs}" + (f" of {first.steps_per_epoch} steps" if first.steps_per_epoch else ""),
        "repeats": str(max(repeats)) if min(repeats) == max(repeats) else f"{min(repeats)} to {max(repeats)}",
        "likelihood": ", ".join(dict.fromkeys(training.likelihood for training in trainings)),
    }


def number_of_runs(experiment: str, profile: str) -> int:
    """How many models an experiment trains at a profile."""
    return len(_trainings(experiment, profile))


def table_of_runs() -> pd.DataFrame:
    """`number_of_runs` of every experiment, a line each, at every profile."""
    counts = {name: {p: number_of_runs(name, p) for p in studies.PROFILES} for name in studies.NAMES}
    return pd.DataFrame.from_dict(counts, orient="index").rename_axis("experiment")


def _trainings(experiment: str, profile: str) -> list[Training]:
    """Each once, also where two rows share one."""
    return list(dict.fromkeys(run.training for run in studies.runs(experiment, profile)))


def _pixels(trainings: Sequence[Training]) -> str:
    sizes = dict.fromkeys(networks.IMAGE_SIZE[training.network] for training in trainings)
    colours = "RGB" if trainings[0].data == celeba.NAME else "grey"
    return f"{colours} " + " and ".join(f"{size}x{size}" for size in sizes)


def table_c2() -> pd.DataFrame:
    """How many parameters the networks have, with two latent dimensions."""
    shapes = {"mlp": (2,), **{name: (3 if size == 64 else 1, size, size) for name, size in networks.IMAGE_SIZE.items()}}
    lines = []
    for name, shape in shapes.items():
        parts = zip(("encoder", "decoder"), networks.create(name, shape, 2), strict=True)
        counts = {part: f"{sum(p.numel() for p in of.parameters()):,}" for part, of in parts}
        lines.append({"network": name, "data": "x".join(map(str, shape)), **counts})
    return pd.DataFrame(lines).set_index("network")
