"""Files that are written whole: whoever reads one sees all of it or what was there before."""

from __future__ import annotations

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
    same file is removed (`remove_left`). Raises `OSError` where the folder cannot be written or is full.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "new" / "hello.txt"
    >>> with whole(place) as part:
    ...     _ = part.write_text("hello", encoding="utf-8")
    >>> place.read_text(encoding="utf-8"), len(list(place.parent.iterdir()))
    ('hello', 1)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left(path.parent, f".{glob.escape(path.name)}.*.part")
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.touch()
        mode = part.stat().st_mode
        yield part
        os.chmod(part, mode)  # safetensors writes for the owner only
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def remove_left(folder: Path, pattern: str) -> None:
    """Removes the files and folders in `folder` that match `pattern` and that nobody has touched for an hour."""
    for left in folder.glob(pattern):
        with suppress(OSError):  # another process was faster
            if time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
