"""Which seeds an experiment has: its own, or those that are asked for as a number, a list or a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Seeds = int | str | Sequence[int] | None
MOST = 2**32  # NumPy takes no seed from here on
AT_ONCE = 1_000  # seeds; no study comes near, and the runs of "0-99999999" would fill the memory
TO_MOVE = (50,)  # of models that a reader moves: no other experiment has it, and so no claim rests on them


def seeds_of(value: Seeds) -> list[int] | None:
    """Seeds from 7, [0, 1, 2], "0,1,2" or "0-9", each once; None for None, which stands for an experiment's own.

    Pages and the command give what their user gave. Raises `ValueError`, one line, for anything else, and for more than
    `AT_ONCE` seeds.

    >>> seeds_of("0-2,7"), seeds_of(0)
    ([0, 1, 2, 7], [0])
    """
    if value is None:
        return None
    if isinstance(value, str):
        parts = [_range(part) for part in value.split(",")]
    elif isinstance(value, Sequence) and len(value) <= AT_ONCE:
        parts = [_range(str(each)) if _is_whole(each) else range(0) for each in value]
    else:
        parts = [_range(str(value)) if _is_whole(value) else range(0)]
    seeds: dict[int, None] = {}  # in their order
    for part in parts:
        if not part or len(seeds) + len(part) > AT_ONCE or any(seed in seeds for seed in part):
            break
        seeds |= dict.fromkeys(part)
    else:
        if seeds:
            return list(seeds)
    raise ValueError(
        f"seeds are numbers such as 0,1,2 or 0-9, each once, below 2^32 and at most {AT_ONCE:,}, not {value!r}"
    )


def seeds_or_own(seeds: Seeds, own: int) -> list[int]:
    """The `seeds` that are asked for, or an experiment's own: 0 to `own` - 1. Raises as `seeds_of` does.

    >>> seeds_or_own(None, 2), seeds_or_own(0, 2)
    ([0, 1], [0])
    """
    found = seeds_of(seeds)
    return list(range(own)) if found is None else found


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _range(text: str) -> range:
    """What "3" or "3-5" stands for; nothing for what is neither."""
    first, dash, last = text.strip().partition("-")
    if not (first.isdecimal() and (last.isdecimal() or not dash)) or max(len(first), len(last)) > len(str(MOST)):
        return range(0)
    return range(int(first), int(last or first) + 1) if int(last or first) < MOST else range(0)
