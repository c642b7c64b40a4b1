"""Theorem 1 in numbers: cases whose divergences are known, and figures of cases made by hand."""

import math

import matplotlib
import numpy as np
import pytest
import torch
from drawn import bars, legend, levels, line_of, lines
from matplotlib.colors import to_hex
from torch.distributions import Normal

from intelvae.divergences import closed_form, direction_kl
from intelvae.paper.rows import BLUE, GREEN, ORANGE
from intelvae.paper.studies.toys import theorem
from intelvae.paper.studies.toys.theorem import Case, Simulated

matplotlib.use("agg")
CENTRED, MOVED = Normal(0.0, 0.5), Normal(1.0, 0.5)
DRAWS = 400


def cases():
    """Two mappings, two encoders, and two divergences, with a part left that no other has."""
    names = [(g, name, q) for g in ("|y|", "y²") for name in ("KL", "chi-squared") for q in (CENTRED, MOVED)]
    return [Case(g, name, q, 2.0, 2.0 * (1 - 0.1 * k)) for k, (g, name, q) in enumerate(names)]


EXAMPLES = {
    "fold": theorem.fold,
    "what_is_left": lambda: theorem.what_is_left(cases()),
    "by_cells": lambda: theorem.by_cells([0, 1], DRAWS),
}


@pytest.mark.parametrize(
    ("family", "q", "left"), [("|y|", CENTRED, 1.0), ("y²", CENTRED, 1.0), ("clusters", MOVED, 1.0)]
)
def test_a_mapping_that_does_not_merge_what_q_and_p_tell_apart_loses_nothing(family, q, left):
    g = {**theorem.MERGING, **theorem.INVERTIBLE}[family]
    found = theorem.on_the_line({family: g}, [q])
    assert [(case.mapping, case.encoder) for case in found] == [(family, q)] * 5
    for case in found:
        assert case.before == closed_form(case.divergence, q, Normal(0.0, 1.0))
        assert case.after == pytest.approx(left * case.before, abs=1e-6)


def test_what_merges_points_loses():
    for name in ("|y|", "y³ - 3y"):
        for case in theorem.on_the_line({name: theorem.MERGING[name]}, [MOVED]):
            assert 0 < case.after < 0.9 * case.before


def test_the_families_are_what_they_are_called():
    y = torch.linspace(-3, 3, 1001, dtype=torch.float64)[:, None]
    for g, breakpoints in theorem.INVERTIBLE.values():
        steps = g(y)[:, 0].diff()
        assert ((steps > 0).all() or (steps < 0).all()) and set(breakpoints) <= {0.0}
    for g, breakpoints in theorem.MERGING.values():
        turns = g(y)[:, 0].diff().sign().diff().nonzero()[:, 0] + 1
        assert y[turns, 0].tolist() == pytest.approx([b for b in breakpoints if abs(b) < 3], abs=0.01)


def test_the_table_has_the_kl_divergences_alone():
    table = theorem.kl_by_encoder(cases())
    assert list(table) == ["before g", "|y|", "y²"] and list(table.index) == ["N(0, 0.5²)", "N(1, 0.5²)"]
    assert table.loc["N(1, 0.5²)"].tolist() == ["2.0000", "1.8000", "1.0000"]


def test_what_is_left_is_a_share_by_encoder_mapping_and_divergence():
    figure = theorem.what_is_left(cases())
    assert [axis.get_title() for axis in figure.axes] == ["KL", "chi-squared"]
    of = legend(figure)
    assert list(of) == ["|y|", "y²"]
    first, second = [-theorem.APART / 2, 1 - theorem.APART / 2], [theorem.APART / 2, 1 + theorem.APART / 2]
    shown = [{colour: (x, pytest.approx(y)) for colour, x, y in lines(axis)} for axis in figure.axes]
    assert shown == [
        {of["|y|"]: (first, [1.0, 0.9]), of["y²"]: (second, [0.6, 0.5])},
        {of["|y|"]: (first, [0.8, 0.7]), of["y²"]: (second, [0.4, 0.3])},
    ]
    for axis in figure.axes:
        assert levels(axis) == [("#000000", "y", 1)]
        assert [text.get_text() for text in axis.get_xticklabels()] == ["N(0, 0.5²)", "N(1, 0.5²)"]


def test_the_quadrature_is_as_good_as_the_rules_need():
    assert 0 < theorem.error_of_quadrature() < 5e-7


def test_the_fold_loses_nothing_at_zero_and_one_bit_far_out():
    assert theorem.lost_in_the_fold() == {"centre": "0.0000", "far": "0.6931", "limit": "0.6931"}


def test_the_fold_is_drawn_before_and_after_and_as_its_mean_moves():
    first, second, third = theorem.fold().axes
    for axis, times, middle in ((first, 1, 1.0), (second, 2, 1.0)):
        q, p = (line_of(axis, to_hex(color)).get_xydata() for color in (ORANGE, BLUE))
        assert q[q[:, 1].argmax(), 0] == pytest.approx(middle, abs=0.1)
        near = p[np.abs(p[:, 0] - 0.5).argmin(), 1]
        assert near == pytest.approx(times * math.exp(-1 / 8) / math.sqrt(2 * math.pi), abs=0.01)
    assert (line_of(second, to_hex(BLUE)).get_xdata() > 0).all()
    before, after = (line_of(third, color).get_ydata() for color in ("#000000", to_hex(GREEN)))
    assert before[[0, 22]].tolist() == pytest.approx(
        [closed_form("KL", Normal(m, 0.5), Normal(0.0, 1.0)) for m in (2.2, 0)]
    )
    assert after[22] == pytest.approx(before[22]) and before[0] - after[0] == pytest.approx(math.log(2), abs=1e-3)


def test_both_bounds_of_equation_4_are_those_of_the_formula():
    """The mean under q is one over its quantiles here, and an integral there."""
    share = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    for q, over_y, over_z in theorem.bounds_of_equation_4():
        z = theorem.INVERTIBLE["clusters"][0](q.icdf(share)[:, None])[:, 0]
        likelihood = -(4 - z).square() - 0.5 * math.log(math.pi)
        expected = likelihood.mean().item() - closed_form("KL", q, Normal(0.0, 1.0))
        assert over_y == pytest.approx(expected, rel=1e-3) and over_z == pytest.approx(over_y, abs=1e-6)


def test_equation_a1_holds_and_another_ratio_would_not(monkeypatch):
    monkeypatch.setattr(theorem, "ENCODERS", [MOVED])
    assert theorem.gap_in_equation_a1() < 1e-6
    right = theorem.divergences.ratio
    monkeypatch.setattr(theorem.divergences, "ratio", lambda *of: 1.01 * right(*of))
    assert theorem.gap_in_equation_a1() > 1e-3


def test_the_simulation_has_every_seed_of_every_mapping_and_what_is_exact():
    first, second, third = theorem.in_the_plane([3, 5], DRAWS, bins=8)
    assert [(each.mean, each.scale) for each in (first, second, third)] == list(theorem.IN_THE_PLANE)
    assert {name: len(of) for name, of in first.after.items()} == {"circle": 2, "two holes": 2, "3 clusters": 2}
    assert first.before == pytest.approx(0.5 + 2 * closed_form("KL", Normal(0.0, 0.5), Normal(0.0, 1.0)))
    assert first.direction == direction_kl((1.0, 0.0), 0.5)
    assert first.after["circle"][0] != first.after["circle"][1] and len(first.holds) == 6
    (again,) = theorem.in_the_plane([5], DRAWS, bins=8, encoders=theorem.IN_THE_PLANE[:1])
    assert again.after["circle"] == first.after["circle"][1:]


def test_an_estimate_may_be_larger_by_its_bias_and_three_standard_errors():
    of = [(1.0, 0.0, 0.0), (1.2, 0.05, 0.06), (1.2, 0.05, 0.04)]
    assert Simulated((0.0, 0.0), 1.0, 1.0, 0.5, {"circle": of[:2], "glue": of[2:]}).holds == [True, True, False]


def test_the_table_of_the_plane_has_means_over_seeds():
    found = [Simulated((1.0, 0.0), 0.5, 1.25, 0.5, {"circle": [(1.0, 9.0, 9.0), (1.2, 9.0, 9.0)]})]
    (line,) = theorem.plane_table(found).reset_index().to_dict("records")
    assert line == {
        "encoder q": "N((1, 0), 0.5² I)",
        "before g": "1.250",
        "direction": "0.500",
        "circle": "1.100 ± 0.141",
    }


def test_the_curves_by_cells_are_means_over_seeds_with_their_deviations():
    (axis,) = theorem.by_cells([0, 1], DRAWS).axes
    exact = theorem.in_the_plane([0, 1], DRAWS, 2, theorem.IN_THE_PLANE[:1])[0]
    for name, colour in legend(axis.figure).items():
        values = [estimate for estimate, *_ in exact.after[name]]
        line = line_of(axis, colour)
        assert list(line.get_xdata()) == [2, 4, 8, 16, 32] and line.get_ydata()[0] == pytest.approx(np.mean(values))
        low, high = bars(axis, colour)[0]
        assert high - low == pytest.approx(2 * np.std(values, ddof=1))
    assert levels(axis) == [("#000000", "y", exact.before), ("#000000", "y", exact.direction)]
