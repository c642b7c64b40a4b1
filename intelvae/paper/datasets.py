"""The data of a training: what the model learns from, what it is tested on, and what its samples are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor

from intelvae import networks
from intelvae.data import DataError, celeba, images, toys
from intelvae.metrics import attributes, samples
from intelvae.paper import authors
from intelvae.paper.config import Training

HELD_OUT = 2000
HELD_OUT_SEED = 20220401  # of the points a model is judged by: the same for every run, and never trained on
FEWEST = 100  # test faces: samples are compared by the hundred; the code's protocol learns from 50, holds back 50
# settings, and the data that take them
TAKEN_BY = {"binary": images.NAMES, "split": images.NAMES, "whole": (celeba.NAME,), "repeats": ("mnist-01",)}


@dataclass(frozen=True)
class Points:
    """Points in the plane, fresh in every batch (`intelvae.data.toys`)."""

    name: str

    shape = (2,)
    source, examples = "", 0  # drawn anew each time

    def train(self, n: int, generator: torch.Generator) -> Tensor:
        """A fresh batch (n, 2)."""
        return toys.sample(self.name, n, generator)

    @property
    def valid(self) -> Tensor:
        """Held-out points (2000, 2), others than `test`."""
        return toys.sample(self.name, HELD_OUT, torch.Generator().manual_seed(HELD_OUT_SEED + 1))

    @property
    def test(self) -> Tensor:
        """The points (2000, 2) that every model is judged by."""
        return toys.sample(self.name, HELD_OUT, torch.Generator().manual_seed(HELD_OUT_SEED))


@dataclass(frozen=True)
class _Images:
    """Images (N, C, size, size), bytes, as they are loaded."""

    data: images.ImageData | celeba.FaceData

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, (C, size, size)."""
        return tuple(self.data.train.shape[1:])

    @property
    def train(self) -> Tensor:
        """Training images (N, C, size, size)."""
        return self.data.train

    @property
    def valid(self) -> Tensor:
        """Validation images (M, C, size, size)."""
        return self.data.valid

    @property
    def test(self) -> Tensor:
        """Test images (M, C, size, size)."""
        return self.data.test

    @property
    def examples(self) -> int:
        """How many images a model learns from."""
        return len(self.train)


def _sizes(n: int) -> tuple[int, ...]:
    """The numbers of images that are compared: 2,000 and 10,000, or as many hundreds as there are."""
    return tuple(size for size in (samples.AUTHORS_N, samples.FULL_N) if size <= n) or (n - n % 100,)


@dataclass(frozen=True)
class Grey(_Images):
    """Grey images of MNIST, of its zeros and ones, or of Fashion-MNIST.

    The `yardstick` is what samples are held against, the same for all models of a table: grey images in the paper's
    split. `repeats`: how often every zero and every one occurs in the training data. `smoke`: they are the few embedded
    ones, and little is measured.
    """

    data: images.ImageData
    yardstick: images.ImageData
    smoke: bool
    repeats: Sequence[int] = (1, 1)

    source = ""  # these files have known contents

    @property
    def train(self) -> Tensor:
        """Training images (N, 1, size, size)."""
        if tuple(self.repeats) == (1, 1):
            return self.data.train
        by_class = [self.data.train[self.data.train_labels == c].repeat(n, 1, 1, 1) for c, n in enumerate(self.repeats)]
        return torch.cat(by_class)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of samples that are compared with the yardstick's test images."""
        return _sizes(len(self.yardstick.test))


@dataclass(frozen=True)
class Faces(_Images):
    """Faces of CelebA, mapped from a file, or drawn ones.

    `draws`: of the labelled faces that classifiers of attributes learn from.

    Raises `data.DataError` for fewer than 100 test faces, with which the protocols of Table B.1 are not possible.
    """

    data: celeba.FaceData
    draws: int = attributes.DRAWS

    def __post_init__(self) -> None:
        if len(self.data.test) < FEWEST:
            raise DataError(
                f"models of faces need at least {FEWEST} faces for tests (list_eval_partition.txt), and the data here "
                f"({self.data.source}) have {len(self.data.test)}"
            )

    @property
    def source(self) -> str:
        """Which faces these are."""
        return self.data.source

    @cached_property
    def real(self) -> Tensor:
        """The faces that samples are judged by, (N, 3, size, size): those for tests.

        Where they are fewer than the 2,000 of the authors' code, also those for validation: no run on faces stops early
        by them.
        """
        return self.test if len(self.test) >= samples.AUTHORS_N else torch.cat([self.test, self.valid])

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of samples that are compared with the real faces."""
        return _sizes(len(self.real))


Data = Points | Grey | Faces


@cache  # whatever INTELVAE_DATA is: these files have known contents
def _grey(name: str, size: int, binary: bool, split: str, smoke: bool) -> images.ImageData:
    return authors.SPLITS[split](name, size=size, binary=binary, smoke=smoke)


@cache
def _faces(size: int, smoke: bool, whole: bool, state: str) -> celeba.FaceData:
    """The faces in that `celeba.state`."""
    return celeba.load(size=size, smoke=smoke, whole=whole)


def of(training: Training) -> Data:
    """The data that `training` names, images in the size that its network takes.

    Raises `ValueError` for an unknown name, and for a setting that is not for these data; `data.DataError` for data
    that are not there and for too few faces.
    """
    name, smoke = training.data, training.smoke_data
    own = {"binary": training.binary, "split": training.split != "paper", "whole": training.whole}
    own["repeats"] = tuple(training.repeats) != (1, 1)
    if foreign := [setting for setting, given in own.items() if given and name not in TAKEN_BY[setting]]:
        raise ValueError(f"{foreign[0]} is not for {name}: it is for {', '.join(TAKEN_BY[foreign[0]])}")
    if len(training.repeats) != 2 or min(training.repeats) < 0 or not sum(training.repeats):
        raise ValueError(f"repeats are how often zeros and ones are there, such as (1, 3), not {training.repeats}")
    if name in toys.NAMES:
        return Points(name)
    size = networks.IMAGE_SIZE.get(training.network, 28)
    if name in images.NAMES:
        data = _grey(name, size, training.binary, training.split, smoke)
        return Grey(data, _grey(name, size, False, "paper", smoke), smoke, training.repeats)
    if name == celeba.NAME:
        state = celeba.state(smoke=smoke)
        return Faces(_faces(size, smoke, training.whole, state), 1 if smoke else attributes.DRAWS)
    raise ValueError(f"unknown data {name!r}: choose one of {', '.join((*toys.NAMES, *images.NAMES, celeba.NAME))}")


def check_source(data: Data, known: str | None) -> None:
    """Raises `data.DataError`, one line, if the faces here are not those that results are `known` to be of.

    Other data are the same everywhere, and None is known of them.
    """
    if known and data.source != known:
        raise DataError(
            f"the faces here ({data.source}) are not those of the results that are there ({known}), and nothing "
            "compares the two: set INTELVAE_RUNS to another folder, or INTELVAE_DATA to those faces"
        )
