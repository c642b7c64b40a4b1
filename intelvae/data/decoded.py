"""Images decoded once into one file of bytes, which is then mapped into memory and never read as a whole."""

import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

CHUNK = 1_000  # images with one checksum

Bytes = NDArray[np.uint8]


def load(folder: Path, count: int, shape: tuple[int, ...], decode: Callable[[int], Bytes], what: str) -> Bytes:
    """Return `decode(i)` of i = 0..count-1, each of `shape`, as a memory-mapped array (count, *shape) of bytes.

    `folder` keeps them in the file `images.u8`, and a checksum for every 1,000 in `checksums.txt`. What is there and
    agrees with its checksum is used, and all else is decoded: at first everything, after an interruption the rest,
    later whatever has been damaged. Two processes at once do the same work twice and write the same bytes. Writing into
    the array changes neither the file nor what others see. `what` stands beside the progress bar, which shows on a
    terminal only. Raises what `decode` raises, and OSError where the folder cannot be written.
    Explained in data/README.md.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> load(folder, 3, (2,), lambda i: np.full(2, i, np.uint8), "rows").tolist()
    [[0, 0], [1, 1], [2, 2]]
    """
    path, journal = folder / "images.u8", folder / "checksums.txt"
    size = int(np.prod(shape))
    missing = _missing(path, journal, count, size)
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with open(path, "ab") as file:
            file.truncate(count * size)
        left = sum(min(CHUNK, count - start) for start in missing)
        progress = tqdm(total=count, initial=count - left, desc=what, unit="image", disable=not sys.stderr.isatty())
        with progress, open(path, "r+b") as file, open(journal, "a") as log:
            for start in missing:
                part = []
                for i in range(start, min(start + CHUNK, count)):
                    part.append(decode(i))
                    progress.update()
                data = np.stack(part).tobytes()
                file.seek(start * size)
                file.write(data)
                file.flush()
                log.write(f"{start} {zlib.crc32(data)}\n")  # after the bytes: what it vouches for is there
                log.flush()
    return np.memmap(path, np.uint8, "c", shape=(count, *shape))


def _missing(path: Path, journal: Path, count: int, size: int) -> list[int]:
    """Where the chunks start that are not in the file, or not as their checksums say."""
    if not path.is_file() or not journal.is_file() or path.stat().st_size != count * size:
        return list(range(0, count, CHUNK))
    lines = [line.split() for line in journal.read_text().splitlines()]
    sums = {int(words[0]): words[1] for words in lines if len(words) == 2 and words[0].isdigit()}
    missing = []
    with open(path, "rb") as file:
        for start in range(0, count, CHUNK):
            data = file.read(min(CHUNK, count - start) * size)
            if str(zlib.crc32(data)) != sums.get(start):
                missing.append(start)
    return missing
