"""CelebA, or any part of it, as uint8 tensors that stay on disk; and a drawn stand-in that may be passed on."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from numpy.typing import NDArray
from torch import Tensor

from intelvae.data import decoded, files, places, standin
from intelvae.data.errors import DataError
from intelvae.extras import extra
from intelvae.numbers import check_flag, whole_of

NAME = files.CELEBA
SIDE = 64
RATIO = 178 / 218  # width by height of an aligned face
CROP = 148 / 178  # the side of the square around the centre that is kept, in widths
PARTS = ("train", "valid", "test")
FORMATS = ("JPEG", "PNG")  # Pillow would take a damaged or foreign file for any of forty, and run a program for one
FACES = 202_599  # of the whole of CelebA
_RECIPE = 1  # raised when `decode` changes


@dataclass(frozen=True)
class FaceData:
    """Three disjoint parts: images (N, 3, size, size) with levels 0..255, and which attributes each face has, (N, K).

    The images are mapped from a file, so that only what is looked at is in memory.
    """

    train: UInt8[Tensor, "train 3 size size"]
    valid: UInt8[Tensor, "valid 3 size size"]
    test: UInt8[Tensor, "test 3 size size"]
    train_attributes: Bool[Tensor, "train k"]
    valid_attributes: Bool[Tensor, "valid k"]
    test_attributes: Bool[Tensor, "test k"]
    attributes: tuple[str, ...]
    source: str
    name: str = NAME


def load(*, root: str | Path | None = None, size: int = SIDE, smoke: bool = False, whole: bool = False) -> FaceData:
    """Load CelebA from its own layout: `img_align_celeba/` and the lists of attributes and of parts.

    Any number of faces will do, at full size (178 x 218) or reduced: the list of attributes says which images there
    are, the other one which part each belongs to. The square around the centre is kept, 148/178 of the width, and
    resized with an antialiased bilinear filter to `size` (the paper: "64x64 following Hou et al."). All of that is done
    once, and kept in `places.cache("celeba")` under a name that depends on both lists and on every image's name, size
    and time of change.
    `smoke`: the drawn faces of `standin`, in the same layout; `root` is then ignored.
    `root`: where to look for `celeba/`, and nowhere else; else INTELVAE_DATA, then data/ of the checkout.
    `whole`: any number will not do, all 202,599 faces have to be there.
    Returns FaceData; its `source` names the data, without paths. Raises DataError, one line, for lists or images that
    are missing, damaged or do not go together, for a part where the whole is asked for, and for a cache that cannot be
    written; ValueError for a size below 1 and a flag that is none. Explained in data/README.md.

    >>> load(smoke=True, size=8).train.shape
    torch.Size([800, 3, 8, 8])
    """
    size = whole_of("size, the side of the images in pixels,", size, ">= 1")
    check_flag("whole", whole)
    folder, attributes, parts = _locate(root, smoke)
    names, faces, values = _read_attributes(attributes)
    if whole and len(faces) != FACES:
        raise DataError(
            f"{attributes}: expected all {FACES:,} faces of CelebA (the profile paper needs them, laptop takes any "
            f"number), found {len(faces):,}; {files.CELEBA_REMEDY}"
        )
    part = _read_parts(parts, faces)
    order = np.argsort(part, kind="stable")  # the parts one after the other: each is one piece of the file
    digest = hashlib.sha256(repr((_RECIPE, size, _state(folder, attributes, parts, faces))).encode())
    images = decoded.load(
        places.cache(NAME) / f"{NAME}-{len(faces)}-{size}-{digest.hexdigest()[:16]}",
        len(faces),
        (3, size, size),
        lambda i: decode(folder / faces[order[i]], size, attributes),
        "decoding CelebA once",
    )
    cuts = np.searchsorted(part[order], (1, 2))
    train, valid, test = (torch.from_numpy(piece) for piece in np.split(np.asarray(images), cuts))
    of_train, of_valid, of_test = (torch.from_numpy(piece) for piece in np.split(values[order], cuts))
    counts = " / ".join(f"{len(piece):,}" for piece in (train, valid, test))
    title = "drawn faces" if smoke else NAME if len(faces) == FACES else f"{NAME}, a part of it"
    source = f"{title}, {counts} images (train / valid / test), {size}x{size}"
    return FaceData(train, valid, test, of_train, of_valid, of_test, names, source)


def state(*, root: str | Path | None = None, smoke: bool = False) -> str:
    """Sixteen hexadecimal digits that change when a list or an image does that `load` would read with these arguments.

    Takes a second for all of CelebA. Raises DataError for what is missing or damaged.
    """
    folder, attributes, parts = _locate(root, smoke)
    return _state(folder, attributes, parts, _read_attributes(attributes)[1])


def _locate(root: str | Path | None, smoke: bool) -> tuple[Path, Path, Path]:
    """The folder of images and both lists, which are drawn first if need be."""
    check_flag("smoke", smoke)
    if smoke:
        with decoded.keeping(places.cache(NAME)):
            root = standin.write()
    return files.locate_celeba(root)


def _state(folder: Path, attributes: Path, parts: Path, faces: Sequence[str]) -> str:
    digest = hashlib.sha256(_bytes(attributes, attributes) + _bytes(parts, attributes))
    for face in faces:
        try:
            found = os.stat(f"{folder}/{face}")  # no Path: 200,000 of them would take longer than asking
        except OSError as error:
            raise _unread(folder / face, attributes, error) from error
        digest.update(f"{face} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def decode(path: Path, size: int, listed_in: Path) -> NDArray[np.uint8]:
    """Return an aligned face as (3, size, size): the square around its centre, resized.

    The edges of the square may lie between two pixels, so that an image of half the size gives the same up to what its
    own reduction has lost. Raises DataError for an image that is missing, damaged or has another shape.
    """
    with extra("paper"):
        from PIL import Image
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if abs(width / height / RATIO - 1) > 0.02:  # 2 %: rounding of a reduced image's sides, down to 45 x 55
                raise DataError(
                    f"{path}: expected an aligned face, 178x218 or in proportion, found {width}x{height}; "
                    f"{files.CELEBA_REMEDY}"
                )
            side = CROP * width
            left, top = (width - side) / 2, (height - side) / 2
            box = (left, top, left + side, top + side)
            square = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR, box=box)
    except (FileNotFoundError, PermissionError) as error:
        raise _unread(path, listed_in, error) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow's decoders raise
        raise DataError(f"{path}: this image is damaged ({error}); {files.CELEBA_REMEDY}") from error
    return np.asarray(square).transpose(2, 0, 1)


def _read_attributes(path: Path) -> tuple[tuple[str, ...], list[str], NDArray[np.bool_]]:
    """The names (K), the images' files (N), and which face has which attribute (N, K)."""
    first, *lines = _lines(path)
    if not first.isdecimal() or not lines:
        raise _wrong(path, "the number of faces in the first line and the attributes' names in the second", first[:40])
    names, count = tuple(lines[0].split()), len(lines) - 1
    if first != str(count):
        raise _wrong(path, f"{first[:40]} faces, as its first line says", f"{count}")
    faces, has = [], np.empty((count, len(names)), dtype=bool)
    for i, line in enumerate(lines[1:]):  # one at a time: all words of the whole of CelebA would take 0.5 GB
        face, *words = line.split()
        if len(words) != len(names):
            raise _wrong(path, f"{len(names)} attributes in line {i + 3}", f"{len(words)}")
        if others := set(words) - {"1", "-1"}:
            raise _wrong(path, "attributes 1 or -1", min(others))
        faces.append(face)
        has[i] = [word == "1" for word in words]
    _check_once(path, faces)
    return names, faces, has


def _read_parts(path: Path, faces: Sequence[str]) -> NDArray[np.int64]:
    """The part of each face, 0 to 2 for `PARTS`; the list may hold other faces too."""
    known = {str(i): i for i in range(len(PARTS))}
    pairs = [line.split() for line in _lines(path)]
    _check_once(path, (words[0] for words in pairs if words))
    part = {words[0]: known[words[1]] for words in pairs if len(words) == 2 and words[1] in known}
    unknown = next((face for face in faces if face not in part), None)
    if unknown is not None:
        raise _wrong(path, f"0, 1 or 2 (train, valid, test) for {unknown}", "no such line")
    found = np.array([part[face] for face in faces])
    for i, name in enumerate(PARTS):
        if i not in found:
            raise _wrong(path, f"faces of all three parts, 0, 1 and 2, among the {len(faces):,} listed", f"no {name}")
    return found


def _check_once(path: Path, faces: Iterable[str]) -> None:
    for face, times in Counter(faces).most_common(1):
        if times > 1:
            raise _wrong(path, f"one line for {face}", f"{times}")


def _lines(path: Path) -> list[str]:
    lines = [line.strip() for line in _bytes(path, path).decode(errors="replace").splitlines() if line.strip()]
    return lines or [""]


def _bytes(path: Path, listed_in: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unread(path, listed_in, error) from error


def _unread(path: Path, listed_in: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: this image is not there, but {listed_in.name} lists it; {files.CELEBA_REMEDY}")
    return DataError(f"{path}: cannot be read ({error.strerror}); check its permissions")


def _wrong(path: Path, expected: str, found: str) -> DataError:
    return DataError(f"{path}: expected {expected}, found {found!r}; {files.CELEBA_REMEDY}")
