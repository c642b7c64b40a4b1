"""What a data set asks of a model: its training data, and what a trained model is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from intelvae.data import DataError, celeba, images
from intelvae.data import toys as points
from intelvae.metrics import attributes, samples
from intelvae.metrics.features import STAND_IN
from intelvae.paper import authors
from intelvae.paper.tasks.artifacts import Artifacts, Metrics, pack, rounded, unpack
from intelvae.paper.tasks.digits import AllDigitsTask, DigitsTask, learns_proportions
from intelvae.paper.tasks.faces import FacesTask
from intelvae.paper.tasks.measures import BY_NAME as MEASURES
from intelvae.paper.tasks.toys import ToyTask

__all__ = [
    "FEATURED", "AllDigitsTask", "Artifacts", "DigitsTask", "FacesTask", "Metrics", "Task", "ToyTask", "check_source",
    "create", "learns_proportions", "pack", "rounded", "unpack",
]  # fmt: skip

FEATURED = ("mnist", "fashion-mnist", celeba.NAME)  # data on which samples are judged on the features of a network
# settings, and the data that take them
TAKEN_BY = {"binary": images.NAMES, "split": images.NAMES, "whole": (celeba.NAME,), "repeats": ("mnist-01",)}


@cache  # whatever INTELVAE_DATA is: these files have known contents
def _load(name: str, size: int, binary: bool, split: str, smoke: bool) -> images.ImageData:
    return authors.SPLITS[split](name, size=size, binary=binary, smoke=smoke)


@cache
def _faces(size: int, smoke: bool, whole: bool, state: str) -> celeba.FaceData:
    """The faces in that `celeba.state`."""
    return celeba.load(size=size, smoke=smoke, whole=whole)


def create(
    name: str,
    *,
    size: int,
    binary: bool = False,
    split: str = "paper",
    smoke: bool = False,
    whole: bool = False,
    repeats: Sequence[int] = (1, 1),
    features: str = STAND_IN,
    measures: Sequence[str] = (),
    device: str = "cpu",
) -> Task:
    """The task called `name`: a toy of `data.toys.NAMES`, "mnist-01", "mnist", "fashion-mnist" or "celeba".

    `binary` (`images.load`) and `split`, a name of `authors.SPLITS`, are for grey images, `repeats` is for mnist-01,
    `whole` for celeba (`celeba.load`); `measures`, names of `MEASURES`, for mnist and fashion-mnist; `features`, a name
    of `metrics.features`, for these two and celeba, which compute them on `device`. Raises `ValueError` for another
    name, and for a setting that is unknown or not for these data; `data.DataError` for data that are not there and for
    too few faces.
    """
    known = MEASURES if name in images.NAMES and name != "mnist-01" else ()
    if unknown := set(measures) - set(known):
        raise ValueError(f"no measure {min(unknown)!r} for {name}: there are {', '.join(known) or 'none'}")
    own = {"binary": binary, "split": split != "paper", "whole": whole, "repeats": tuple(repeats) != (1, 1)}
    if foreign := [setting for setting, given in own.items() if given and name not in TAKEN_BY[setting]]:
        raise ValueError(f"{foreign[0]} is not for {name}: it is for {', '.join(TAKEN_BY[foreign[0]])}")
    if split not in authors.SPLITS:
        raise ValueError(f"unknown split {split!r}: choose one of {', '.join(authors.SPLITS)}")
    if len(repeats) != 2 or min(repeats) < 0 or not sum(repeats):
        raise ValueError(f"repeats are how often zeros and ones are there, such as (1, 3), not {tuple(repeats)}")
    if name in points.NAMES:
        return ToyTask(name)
    if name in images.NAMES:
        data, yardstick = (_load(name, size, *kind, smoke) for kind in ((binary, split), (False, "paper")))
    if name == "mnist-01":
        return DigitsTask(data, 500 if smoke else 10_000, yardstick, repeats)
    if name in images.NAMES:
        sizes = (100,) if smoke else (samples.PAPER_N, samples.FULL_N)
        shown, draws = 12 if measures else 50, 1 if smoke else 10
        return AllDigitsTask(data, sizes[-1], yardstick, features, sizes, shown, tuple(measures), draws, device)
    if name == celeba.NAME:
        return FacesTask(
            _faces(size, smoke, whole, celeba.state(smoke=smoke)), features, 1 if smoke else attributes.DRAWS, device
        )
    raise ValueError(f"unknown data {name!r}: choose one of {', '.join((*points.NAMES, *images.NAMES, celeba.NAME))}")


def check_source(work: Task, known: str | None) -> None:
    """Raises `data.DataError`, one line, if the faces here are not those that records are `known` to be of.

    Other data are the same everywhere, and None is known of them.
    """
    if known is not None and isinstance(work, FacesTask) and work.data.source != known:
        raise DataError(
            f"the faces here ({work.data.source}) are not those of the records that are there ({known}), and nothing "
            "compares the two: set INTELVAE_RUNS to another folder, or INTELVAE_DATA to those faces"
        )


Task = ToyTask | DigitsTask | AllDigitsTask | FacesTask
