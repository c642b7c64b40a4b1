"""Files that are written whole: whoever reads one sees all of it or what was there before."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT = 3600  # seconds after which nobody writes a part any more: nothing here takes as long


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` at the end in one step; if anything fails, nothing of it is left.

    The folder is made where there is none. Two writers at once do not meet: the last one's file stays. Whoever may read
    a new file of this process may read it, whatever the writer thinks. What a process that was killed has left of the
    same file is removed (`remove_left`). Raises `OSError`, which names the file, where it cannot be written, as in a
    folder that is full.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "new" / "hello.txt"
    >>> with whole(place) as part:
    ...     _ = part.write_text("hello", encoding="utf-8")
    >>> place.read_text(encoding="utf-8"), len(list(place.parent.iterdir()))
    ('hello', 1)
    """
    with _part(path) as part:
        mode = part.stat().st_mode
        yield part
        os.chmod(part, mode)  # safetensors writes for the owner only
        os.replace(part, path)


def check_writable(path: Path) -> None:
    """Raises `OSError`, one line, where `whole` could not write `path`: better before hours of work than after them.

    What is there stays as it is; the folder is made where there is none.

    >>> check_writable(Path("."))
    Traceback (most recent call last):
    ...
    OSError: . cannot be written (Is a directory): name another file, or make room for this one
    """
    try:
        with _part(path) as part:
            part.write_bytes(b"x")  # a full disk still has room for an empty file
    except OSError as error:
        remedy = "name another file, or make room for this one"
        raise OSError(f"{path} cannot be written ({error.strerror}): {remedy}") from error


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, which is gone afterwards. An `OSError` names `path`, if no other file."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left(path.parent, f".{glob.escape(path.name)}.*.part")
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.touch()
        yield part
    except OSError as error:
        if error.errno is None or str(error.filename) not in ("None", str(part)):  # a full disk names none
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):  # of a name that is too long, say: it is told already
            part.unlink()


def remove_left(folder: Path, pattern: str) -> None:
    """Removes the files and folders in `folder` that match `pattern` and that nobody has touched for an hour."""
    for left in folder.glob(pattern):
        with suppress(OSError):  # another process was faster
            if time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
