"""A sweep with a budget begins nothing that would not be done in time."""

import dataclasses
import math

import pytest

from intelvae.paper.budget import Budget, seconds_of
from intelvae.paper.config import Training

RUN = Training("circle", "mlp", 2, "learned-gaussian", epochs=10, steps_per_epoch=2)


def test_a_run_is_begun_if_one_like_it_would_be_done():
    budget = Budget(1000.0)
    assert budget.allows(RUN)  # the first of its kind
    budget.learn(RUN, 400.0)
    budget.learn(dataclasses.replace(RUN, seed=1), 300.0)  # the slowest counts
    longer, other = dataclasses.replace(RUN, epochs=30), dataclasses.replace(RUN, network="mlp-50", epochs=30)
    assert budget.allows(RUN) and budget.allows(RUN, RUN) and not budget.allows(RUN, RUN, RUN)
    assert not budget.allows(longer) and budget.allows(other)


def test_without_time_nothing_is_begun_and_with_all_of_it_everything():
    assert not Budget(0.0).allows(RUN) and Budget(0.0).left() == 0
    forever = Budget(math.inf)
    forever.learn(RUN, 1e9)
    assert forever.allows(RUN) and forever.left() == math.inf


@pytest.mark.parametrize("text", ["", "12", "m", "0s", "-3m", "12 m", "1d", "1m30s", "infh", "nan", "1e3s"])
def test_what_is_no_time_is_refused_in_one_line(text):
    with pytest.raises(ValueError, match="a budget is a time above 0 such as 90s, 12m or 2h"):
        seconds_of(text)


def test_times_have_units():
    assert [seconds_of(text) for text in ("90s", "1.5m", " 2h ")] == [90, 90, 7200]
