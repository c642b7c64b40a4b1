"""Images decoded once into one file of bytes, which is then mapped into memory and never read as a whole."""

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from intelvae.data.errors import DataError
from intelvae.data.places import CACHE_VARIABLE

CHUNK = 1_000  # images with one checksum

Bytes = NDArray[np.uint8]


def load(folder: Path, count: int, shape: tuple[int, ...], decode: Callable[[int], Bytes], what: str) -> Bytes:
    """Return `decode(i)` of i = 0..count-1, each of `shape`, as a memory-mapped array (count, *shape) of bytes.

    `folder` keeps them in the file `images.u8`, and a checksum for every 1,000 in `checksums.txt`. What is there and
    agrees with its checksum is used, and all else is decoded: at first everything, after an interruption the rest,
    later whatever has been damaged. Two processes at once do the same work twice and write the same bytes. Writing into
    the array changes neither the file nor what others see. `what` stands beside the progress bar, which shows on a
    terminal only. Raises what `decode` raises, and DataError, one line, where the folder cannot be written.
    Explained in data/README.md.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> load(folder, 3, (2,), lambda i: np.full(2, i, np.uint8), "rows").tolist()
    [[0, 0], [1, 1], [2, 2]]
    """
    path, journal = folder / "images.u8", folder / "checksums.txt"
    size = int(np.prod(shape))
    with keeping(folder):
        missing = _missing(path, journal, count, size)
        if missing:
            folder.mkdir(parents=True, exist_ok=True)
            with open(path, "ab") as file:
                file.truncate(count * size)
    left = sum(min(CHUNK, count - start) for start in missing)
    shown = bool(missing) and sys.stderr.isatty()
    with tqdm(total=count, initial=count - left, desc=what, unit="image", disable=not shown) as progress:
        for start in missing:
            part = []
            for i in range(start, min(start + CHUNK, count)):
                part.append(decode(i))
                progress.update()
            with keeping(folder):
                _write(path, journal, start, size, np.stack(part).tobytes())
    with keeping(folder):
        return np.memmap(path, np.uint8, "c", shape=(count, *shape))


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Inside, an OSError (no permission, a full disk, no folder) becomes a DataError that names `folder`."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror or error}): make room there, or set {CACHE_VARIABLE} to "
            "another folder"
        ) from error


def _write(path: Path, journal: Path, start: int, size: int, data: bytes) -> None:
    # not through the map: where the disk is full, that would end the process instead of raising an error
    with open(path, "r+b") as file:
        file.seek(start * size)
        file.write(data)
    with open(journal, "a", encoding="utf-8") as log:
        log.write(f"{start} {zlib.crc32(data)}\n")  # after the bytes: what it vouches for is there


def _missing(path: Path, journal: Path, count: int, size: int) -> list[int]:
    """Where the chunks start that are not in the file, or not as their checksums say."""
    if not path.is_file() or not journal.is_file() or path.stat().st_size != count * size:
        return list(range(0, count, CHUNK))
    lines = [line.split() for line in journal.read_text(errors="replace", encoding="utf-8").splitlines()]
    sums = {words[0]: words[1] for words in lines if len(words) == 2}
    missing = []
    with open(path, "rb") as file:
        for start in range(0, count, CHUNK):
            data = file.read(min(CHUNK, count - start) * size)
            if str(zlib.crc32(data)) != sums.get(str(start)):
                missing.append(start)
    return missing
