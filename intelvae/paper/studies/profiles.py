"""What a profile means to every grid of runs."""

from __future__ import annotations

from typing import Any

from intelvae.paper.config import Evaluation
from intelvae.paper.rows import SECOND

PROFILES = ("smoke", "laptop", "paper")

# A short training amplifies the rounding of its first steps a million times: in float32 two processors agree to a few
# per cent then, in float64 to all digits that a page shows. So what tests compare is trained in float64; what is
# published is in the precision that the machine is fastest in.
PRECISION = {"smoke": "float64", "laptop": None, "paper": None}


def of_images(profile: str) -> dict[str, Any]:
    """The settings of a run on images that the profile alone decides: at `smoke` ten steps of 25 embedded images."""
    settings = {"precision": PRECISION[profile]}
    return settings | ({"smoke_data": True, "batch_size": 25, "steps_per_epoch": 10} if profile == "smoke" else {})


def second_opinion(profile: str) -> tuple[Evaluation, ...]:
    """What judges samples of grey images beside the stand-in (`rows.SECOND`): nothing at `smoke`, to save its time."""
    return () if profile == "smoke" else (SECOND,)


def check_profile(profile: str) -> None:
    """Raises `ValueError`, one line, for a profile that is not one of `PROFILES`."""
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}")
