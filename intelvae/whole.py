"""Files that are written whole: whoever reads one sees all of it or what was there before."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` at the end in one step; if anything fails, nothing of it is left.

    The folder is made where there is none. Two writers at once do not meet: the last one's file stays. Raises `OSError`
    where the folder cannot be written or is full.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "new" / "hello.txt"
    >>> with whole(place) as part:
    ...     _ = part.write_text("hello", encoding="utf-8")
    >>> place.read_text(encoding="utf-8"), len(list(place.parent.iterdir()))
    ('hello', 1)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
