"""What a profile means to every grid of runs."""

from __future__ import annotations

PROFILES = ("smoke", "laptop", "paper")

# A short training amplifies the rounding of its first steps a million times: in float32 two processors agree to a few
# per cent then, in float64 to all digits that a page shows. So what tests compare is trained in float64; what is
# published is in the precision that the machine is fastest in.
PRECISION = {"smoke": "float64", "laptop": None, "paper": None}


def check_profile(profile: str) -> None:
    """Raises `ValueError`, one line, for a profile that is not one of `PROFILES`."""
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}")
