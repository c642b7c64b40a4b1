"""The idx format of MNIST and Fashion-MNIST, plain or gzipped, read with every field checked.

An idx file is a big-endian header (two zero bytes, a type code, the number of dimensions, one 32-bit size
per dimension) followed by the values. Only unsigned bytes (type code 8) occur here.
"""

import gzip
import hashlib
import math
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from intelvae.data.errors import DataError
from intelvae.whole import whole

Shape = tuple[int | None, ...]
UNSIGNED_BYTE = 8
_DAMAGED_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


def read(path: Path, shape: Shape, remedy: str, known: str | None = None) -> NDArray[np.uint8]:
    """Read an idx file of unsigned bytes.

    `shape` is what the file must hold; None stands for any size. `remedy` is the command that replaces the
    file and ends the error message. `known` is the sha256 of the right file's content, unpacked, if there is
    one right file. Returns a writable array of that shape.
    Raises DataError when the magic number, a size, the length or the content differs, or the gzip stream is damaged.
    Reference: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
    Explained in data/README.md.

    >>> from intelvae.data.files import samples
    >>> read(samples() / "mnist-labels-idx1-ubyte.gz", (None,), "").shape
    (1800,)
    """
    try:
        with _open(path) as stream:
            sizes = _sizes(stream, path, shape, remedy)
            values = bytearray(stream.read())  # a bytearray, because torch wants memory it may write to
    except _DAMAGED_GZIP as error:
        raise _damaged(path, "a whole gzip stream", str(error), remedy) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    _check_length(path, sizes, len(values), remedy)
    if known is not None and (found := _sha256(sizes, values)) != known:
        raise DataError(
            f"{path}: this is another file than the known one: its sha256, unpacked, begins with {found[:8]}, not "
            f"{known[:8]}; replace the file with `{remedy}`"
        )
    return np.frombuffer(values, dtype=np.uint8).reshape(sizes)


def write(path: Path, values: NDArray[np.uint8]) -> None:
    """Write an idx file, gzipped if the name ends in .gz; the bytes depend on the values and on zlib alone.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "x", np.eye(2, dtype=np.uint8))
    ...     read(Path(folder) / "x", (2, 2), "").tolist()
    [[1, 0], [0, 1]]
    """
    data = _header(values.shape) + values.tobytes()
    with whole(path) as part, open(part, "wb") as stream:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=stream, mtime=0) as packed:
                packed.write(data)
        else:
            stream.write(data)


def sha256(values: NDArray[np.uint8]) -> str:
    """The sha256 of the content of a file of these values, unpacked: of its header and the values.

    >>> sha256(np.zeros(3, np.uint8))[:8]
    'c51ace58'
    """
    return _sha256(values.shape, values.tobytes())


def _sha256(sizes: tuple[int, ...], values: bytes | bytearray) -> str:
    digest = hashlib.sha256(_header(sizes))
    digest.update(values)
    return digest.hexdigest()


def _header(sizes: tuple[int, ...]) -> bytes:
    return bytes([0, 0, UNSIGNED_BYTE, len(sizes)]) + np.array(sizes, dtype=">u4").tobytes()


def _open(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def _header_length(sizes: Shape) -> int:
    return 4 + 4 * len(sizes)


def _sizes(stream: BufferedIOBase, path: Path, shape: Shape, remedy: str) -> tuple[int, ...]:
    length = _header_length(shape)
    data = stream.read(length)
    magic = bytes([0, 0, UNSIGNED_BYTE, len(shape)])
    if data[:4] != magic:
        raise _damaged(path, f"magic number 0x{magic.hex()}", f"0x{data[:4].hex()}", remedy)
    if len(data) < length:
        raise _damaged(path, f"a header of {length} bytes", f"{len(data)} bytes", remedy)
    sizes = tuple(np.frombuffer(data[4:], dtype=">u4").tolist())
    if any(want is not None and want != have for want, have in zip(shape, sizes, strict=True)):
        raise _damaged(path, f"size {_text(shape)}", _text(sizes), remedy)
    return sizes


def _check_length(path: Path, sizes: tuple[int, ...], length: int, remedy: str) -> None:
    want = math.prod(sizes)
    if length != want:
        raise _damaged(path, f"{want:,} values after the header", f"{length:,}", remedy)


def _text(sizes: Shape) -> str:
    return "x".join("any" if size is None else str(size) for size in sizes)


def _damaged(path: Path, expected: str, found: str, remedy: str) -> DataError:
    return DataError(f"{path}: expected {expected}, found {found}; replace the file with `{remedy}`")


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read ({error.strerror or error}); check that it exists and its permissions")
