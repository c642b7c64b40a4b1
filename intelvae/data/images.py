"""MNIST, Fashion-MNIST and MNIST-01 as uint8 tensors, split as Table C.1 of the paper says."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from intelvae.data import files
from intelvae.numbers import check_flag, whole_of

NAMES = files.NAMES
CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion-mnist": ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"),
}
SIDE = 28
VALID = 5_000  # the last 5,000 training images
TRAIN_01, VALID_01, TEST_01 = 5_000, 500, 1_000  # MNIST-01, per class; the test file has only 980 zeros
SAMPLE_CLASSES = 1_000  # the first 1,000 sample images have all ten classes
_ROWS = 4096  # images resized at once


@dataclass(frozen=True)
class ImageData:
    """Three parts, which `load` makes disjoint: images (N, 1, size, size), bytes, and labels."""

    train: UInt8[Tensor, "train 1 size size"]
    valid: UInt8[Tensor, "valid 1 size size"]
    test: UInt8[Tensor, "test 1 size size"]
    train_labels: Int64[Tensor, " train"]
    valid_labels: Int64[Tensor, " valid"]
    test_labels: Int64[Tensor, " test"]
    source: str
    name: str


Part = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images (N, 28, 28), labels (N,)


def load(
    name: str,
    *,
    root: str | Path | None = None,
    size: int = SIDE,
    binary: bool = False,
    smoke: bool = False,
) -> ImageData:
    """Load "mnist", "fashion-mnist" or "mnist-01" (the digits 0 and 1 only).

    mnist, fashion-mnist: the first 55,000 and the last 5,000 training images, and the 10,000 test images.
    mnist-01: the first 5,000 of each class of the training file, its next 500 of each, and up to 1,000 of
    each class of the test file, in file order: 10,000 / 1,000 / 1,980 images, because the test file has only
    980 zeros (Table C.1 says 2k).
    `size`: side in pixels, resized bilinearly with antialiasing (32 for the networks of Mathieu et al.).
    `binary`: 255 where the grey level is at least 128 (half of white, after resizing), else 0; not sampled.
    `smoke`: the embedded samples only, split 8:1:1 with balanced classes; `root` is then ignored.
    `root`: where to look, and nowhere else; else the order of `files.locate`.
    Returns ImageData; its `source` names the data, without paths. Raises DataError (missing or damaged
    files, or others), ValueError (unknown name, size below 1, a flag that is none).
    Reference: Table C.1; Mathieu et al. 2019, "Disentangling disentanglement". Explained in data/README.md.

    >>> load("mnist-01", smoke=True, size=32).train.shape
    torch.Size([800, 1, 32, 32])
    """
    files.files_of(name)  # raises for an unknown name
    size = whole_of("size, the side of the images in pixels,", size, ">= 1")
    check_flag("binary", binary)
    check_flag("smoke", smoke)
    parts = _smoke(name) if smoke else _full(name, root)
    counts = " / ".join(f"{len(part[1]):,}" for part in parts)
    source = f"{name}, embedded sample of {counts} images" if smoke else f"{name}, {counts} images"
    source += " (train / valid / test)"
    if smoke:
        source += ", 16 grey levels"
    train, valid, test = (_prepare(part[0], size, binary) for part in parts)
    labels = (torch.from_numpy(part[1].astype(np.int64)) for part in parts)
    train_labels, valid_labels, test_labels = labels
    if size != SIDE:
        source += f", resized to {size}x{size}"
    if binary:
        source += ", binary (threshold 0.5)"
    return ImageData(train, valid, test, train_labels, valid_labels, test_labels, source, name)


def _full(name: str, root: str | Path | None) -> list[Part]:
    arrays = files.read(name, root)
    training = arrays["train-images-idx3-ubyte"], arrays["train-labels-idx1-ubyte"]
    test = arrays["t10k-images-idx3-ubyte"], arrays["t10k-labels-idx1-ubyte"]
    if name == "mnist-01":
        ranks = _ranks(training[1])
        return [
            _take(training, ranks < TRAIN_01),
            _take(training, (ranks >= TRAIN_01) & (ranks < TRAIN_01 + VALID_01)),
            _take(test, _ranks(test[1]) < TEST_01),
        ]
    cut = len(training[1]) - VALID
    return [_take(training, slice(cut)), _take(training, slice(cut, None)), test]


def _smoke(name: str) -> list[Part]:
    """The sample files interleave the classes, so that consecutive pieces of them are balanced."""
    everything = files.read_samples(name)
    chosen = _take(everything, everything[1] < 2) if name == "mnist-01" else _take(everything, slice(SAMPLE_CLASSES))
    tenth = len(chosen[1]) // 10
    return [_take(chosen, piece) for piece in (slice(8 * tenth), slice(8 * tenth, 9 * tenth), slice(9 * tenth, None))]


def _take(part: Part, where: slice | NDArray[np.bool_]) -> Part:
    return part[0][where], part[1][where]


def _ranks(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """For each 0 or 1 its place in its own class, in file order; for other digits a number above any."""
    ranks = np.full(len(labels), len(labels), dtype=np.int64)
    for digit in (0, 1):
        (where,) = np.nonzero(labels == digit)
        ranks[where] = np.arange(len(where))
    return ranks


def _prepare(images: NDArray[np.uint8], size: int, binary: bool) -> Tensor:
    x = torch.from_numpy(images)[:, None]  # (N, 28, 28) -> (N, 1, 28, 28)
    if size != SIDE:
        x = torch.cat([_resize(part, size) for part in x.split(_ROWS)])
    return torch.where(x >= 128, 255, 0).to(torch.uint8) if binary else x.contiguous()


def _resize(x: Tensor, size: int) -> Tensor:
    y = interpolate(x.float(), size=(size, size), mode="bilinear", align_corners=False, antialias=True)
    return y.round().clamp(0, 255).to(torch.uint8)
