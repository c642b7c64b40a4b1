"""Where the image files are: the lookup order, the state of each dataset, and the download on request.

A data root has torchvision's layout, ROOT/MNIST/raw/... and ROOT/FashionMNIST/raw/..., four idx files each,
plain or gzipped, and ROOT/celeba/... with CelebA's own lists and a folder of images. Nothing is downloaded unless
`fetch` is called. Nothing depends on the current directory.
"""

import contextlib
import io
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from intelvae.data import idx, places
from intelvae.data.errors import DataError
from intelvae.extras import extra
from intelvae.whole import whole

VARIABLE = "INTELVAE_DATA"
SYSTEM = {"fashion-mnist": Path("/usr/share/datasets/fashion-mnist")}  # Debian's dataset-fashion-mnist
FOLDERS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
FILES: dict[str, idx.Shape] = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
# The sha256 of each file's content, unpacked: the data of the results, and no other in the same shape.
SUMS: dict[str, dict[str, str]] = {
    "mnist": {
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion-mnist": {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}
SAMPLE_SUMS = {
    "fashion-mnist-images-idx3-ubyte.gz": "c305f1d09f0c06e7a36057b95ea3ed62c2fdb8c47f08acd286a5ef310b84f295",
    "fashion-mnist-labels-idx1-ubyte.gz": "66e4c6deb5f2a061f7d8cd5ec53025fdb9dabb08265e449acb8cf64b8cd36cac",
    "mnist-images-idx3-ubyte.gz": "43fbd9ae2aa4c986b4c42918eddf88c8fd8add69f3f3e6184a63e2c19e2f170f",
    "mnist-labels-idx1-ubyte.gz": "e8c1c00ce701f4dc22b67d644542407062d270c2704fa6d277672e184b8c92cb",
}
NAMES = ("mnist", "fashion-mnist", "mnist-01")
CELEBA, CELEBA_IMAGES = "celeba", ("img_align_celeba", "img_celeba")  # the folder, and what its images' may be called
CELEBA_LISTS = ("list_attr_celeba.txt", "list_eval_partition.txt")
CELEBA_REMEDY = (
    "get the aligned images and both lists from the authors of CelebA (mmlab.ie.cuhk.edu.hk/projects/CelebA.html), who "
    "allow non-commercial research only and no copies"
)
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Status:
    """The state of one dataset: its name, whether it is complete, where it is, and how many images it has."""

    dataset: str
    found: bool
    where: str
    counts: str


def files_of(name: str) -> str:
    """Return the dataset whose files `name` is read from: MNIST-01 is a part of MNIST.

    Raises ValueError for an unknown name.

    >>> files_of("mnist-01")
    'mnist'
    """
    if name not in NAMES:
        raise ValueError(f"unknown dataset {name!r}; choose one of {', '.join(NAMES)}")
    return "mnist" if name == "mnist-01" else name


def samples() -> Path:
    """Return the folder of the embedded samples, which is in the package. Raises DataError when it is not there."""
    place = _PACKAGE / "samples"
    if place.is_dir():
        return place
    raise DataError(f"no embedded samples in {place}; put them back with `{_sample_remedy()}`")


def _sample_remedy() -> str:
    again = "pip install --force-reinstall --no-deps intelvae"
    return "git checkout intelvae/data/samples" if places.checkout() else again


def default_root() -> Path:
    """Return the root that `fetch` fills: INTELVAE_DATA (see `of_variable`), else data/ of the checkout.

    Raises DataError when there is neither, and as `of_variable` does.
    """
    roots = _roots(None)
    if not roots:
        raise DataError(f"no data folder: this is not a checkout and {VARIABLE} is not set; set it or give --root")
    return roots[0]


def locate(name: str, root: str | Path | None = None) -> dict[str, Path]:
    """Return the path of each of the four idx files of a dataset.

    `root`, when given, is the only place looked at; else INTELVAE_DATA, data/ of the checkout, then the
    system package. The first folder that has all four files wins.
    Raises DataError (nothing found, or nothing that can be read; lists the folders and the command), ValueError
    (unknown name).
    Explained in data/README.md.

    >>> locate("mnist", root="/nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    intelvae.data.errors.DataError: mnist not found in ...; run `intelvae data fetch mnist --root ...
    """
    name = files_of(name)
    folders = _folders(name, root)
    for folder in folders:
        found = _present(folder)
        if len(found) == len(FILES):
            return found
    looked = [f"{folder}{_missing(folder)}" for folder in folders]
    raise DataError(
        f"{name} not found in {_list(looked)}; run `{command(name, root)}` {_elsewhere(root)} that has "
        f"{FOLDERS[name]}/raw"
    )


def locate_celeba(root: str | Path | None = None) -> tuple[Path, Path, Path]:
    """Return CelebA's folder of images, its list of attributes and its list of parts.

    `root` as in `locate`; the first ROOT/celeba that has all three wins. Raises DataError (nothing found, or nothing
    that can be read).
    """
    looked = []
    for base in _roots(root):
        place = base / CELEBA
        images = [place / folder for folder in CELEBA_IMAGES if os.path.isdir(place / folder)]
        attributes, parts = (place / file for file in CELEBA_LISTS)
        missing = [file.name for file in (attributes, parts) if not os.path.isfile(file)]
        if images and not missing:
            return images[0], attributes, parts
        missing += [] if images else [CELEBA_IMAGES[0]]
        looked.append(f"{place} ({', '.join(missing)} missing)" if len(missing) < 3 else f"{place}{_unseen(place)}")
    raise DataError(f"celeba not found in {_list(looked)}; {CELEBA_REMEDY}, {_elsewhere(root)} that has {CELEBA}")


def read(name: str, root: str | Path | None = None) -> dict[str, NDArray[np.uint8]]:
    """Return the arrays in the four idx files of a dataset, those that `SUMS` has and no others.

    `root` and errors as in `locate`; DataError also for a file that is damaged or another one.
    """
    name = files_of(name)
    remedy = command(name, root)
    return {file: idx.read(path, FILES[file], remedy, SUMS[name][file]) for file, path in locate(name, root).items()}


def read_samples(name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the embedded images (N, 28, 28) of a dataset and their labels (N,); errors as in `read`."""
    stem, folder = files_of(name), samples()
    shapes: dict[str, idx.Shape] = {"images-idx3-ubyte": (None, 28, 28), "labels-idx1-ubyte": (None,)}
    images, labels = (
        idx.read(folder / file, shape, _sample_remedy(), SAMPLE_SUMS[file])
        for file, shape in ((f"{stem}-{kind}.gz", shape) for kind, shape in shapes.items())
    )
    return images, labels


def command(name: str, root: str | Path | None = None) -> str:
    """Return the command that fetches a dataset, as error messages quote it: ready for a shell.

    Where `fetch` has no root of its own (`default_root`), the command has one to fill in.

    >>> command("mnist-01", "my data")
    "intelvae data fetch mnist --root 'my data'"
    """
    place = "FOLDER" if root is None and not _roots(None) else root
    return f"intelvae data fetch {files_of(name)}" + (f" --root {shlex.quote(str(place))}" if place is not None else "")


def status(root: str | Path | None = None) -> list[Status]:
    """Return one row per dataset, then one for the embedded samples.

    Every file is read; one that is damaged or another one makes the dataset not found, and its row says which.

    >>> [row.dataset for row in status()]
    ['mnist', 'fashion-mnist', 'mnist-01', 'celeba', 'samples']
    """
    return [*(_status(name, root) for name in NAMES), _celeba_status(root), _sample_status()]


def fetch(name: str, root: str | Path | None = None) -> Path:
    """Make a dataset complete and return the folder of its files.

    Files that `locate` finds and that are undamaged are left alone. Otherwise torchvision downloads the
    originals, checks their md5 and unpacks them in a temporary folder; only then do they replace what is
    under `root` (default: `default_root()`). Progress shows on a terminal only.
    Raises DataError when the download or the writing fails, and for CelebA, which nobody may pass on;
    ValueError for an unknown name. Explained in data/README.md.
    """
    if name == CELEBA:
        raise DataError(f"celeba cannot be fetched: {CELEBA_REMEDY}, and put them into ROOT/{CELEBA}/")
    name = files_of(name)
    with contextlib.suppress(DataError):
        read(name, root)
        return locate(name, root)["train-images-idx3-ubyte"].parent
    base = default_root() if root is None else _roots(root)[0]
    folder = base / FOLDERS[name] / "raw"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=base, prefix=".fetch-") as scratch, _quiet():
            with extra("paper"):
                from torchvision import datasets

            getattr(datasets, FOLDERS[name])(scratch, download=True)
            for file in FILES:
                with whole(folder / file) as part:  # a folder that is a link may lie on another disk
                    shutil.move(Path(scratch) / FOLDERS[name] / "raw" / file, part)
    except (OSError, RuntimeError, HTTPException) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{name} could not be fetched into {folder} ({reason}); check the network and the "
            f"folder's permissions, or copy {', '.join(FILES)} there"
        ) from error
    return folder


def _roots(given: str | Path | None) -> list[Path]:
    """The roots to look in: the one that is given and no other, or INTELVAE_DATA, then data/ of the checkout."""
    if given is not None:
        return [places.expanded(given, "root").absolute()]
    chosen, root = places.of_variable(VARIABLE), places.checkout()
    return ([chosen] if chosen else []) + ([root / "data"] if root else [])


def _folders(name: str, root: str | Path | None) -> list[Path]:
    folders = [base / FOLDERS[name] / "raw" for base in _roots(root)]
    return folders + ([SYSTEM[name]] if root is None and name in SYSTEM else [])


def _present(folder: Path) -> dict[str, Path]:
    """Map each idx file name to its path in `folder`; a plain file is preferred to a gzipped one."""
    choices = {file: (folder / file, folder / f"{file}.gz") for file in FILES}
    return {file: path for file, pair in choices.items() for path in reversed(pair) if os.path.isfile(path)}


def _missing(folder: Path) -> str:
    found = _present(folder)
    return f" ({', '.join(file for file in FILES if file not in found)} missing)" if found else _unseen(folder)


def _unseen(folder: Path) -> str:
    """Why nobody can say what is in a folder; nothing where it is only not there."""
    try:
        os.stat(os.path.join(folder, "."))  # without the point it would be enough that its parent can be read
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        return f" ({getattr(error, 'strerror', error)})"
    return ""


def _elsewhere(root: str | Path | None) -> str:
    """What else to do, or what more, where `root` does not have the data."""
    if root is not None:
        return "or give a root"
    return f"{'or' if _roots(None) else 'and'} set {VARIABLE} to a folder"


def _status(name: str, root: str | Path | None) -> Status:
    try:
        train, _, test, _ = (len(array) for array in read(name, root).values())
        folder = locate(name, root)["train-images-idx3-ubyte"].parent
    except DataError as error:
        return Status(name, False, "", str(error))
    counts = f"{train:,} + {test:,} images"
    if name == "mnist-01":
        counts = f"the digits 0 and 1 of {counts}"
    return Status(name, True, str(folder), counts)


def _celeba_status(root: str | Path | None) -> Status:
    try:
        images, attributes, _ = locate_celeba(root)
        with open(attributes, errors="replace", encoding="utf-8") as lines:
            count = lines.readline().strip()
    except (DataError, OSError) as error:
        return Status(CELEBA, False, "", str(error))
    return Status(CELEBA, True, str(images.parent), f"{count} faces")


def _sample_status() -> Status:
    try:
        count = {name: len(read_samples(name)[1]) for name in FOLDERS}
    except DataError as error:
        return Status("samples", False, "", str(error))
    return Status("samples", True, str(samples()), ", ".join(f"{n:,} of {name}" for name, n in count.items()))


def _list(places: list[Path] | list[str]) -> str:
    return ", ".join(map(str, places)) or "any folder"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torchvision's messages off stdout, and its progress bar off a stderr that is no terminal."""
    with contextlib.redirect_stdout(io.StringIO()):
        if sys.stderr.isatty():
            yield
        else:
            with contextlib.redirect_stderr(io.StringIO()):
                yield
