"""The kinds of claims and the statistics behind them: each rule on results whose verdict is known."""

import dataclasses
import math

import numpy as np
import pytest
from drawn import result, results
from scipy import stats

from intelvae.paper import rows, statistics
from intelvae.paper.kinds import (
    NO_DIFFERENCE,
    NOT_TESTED,
    OPPOSITE,
    PARTLY,
    REPRODUCED,
    AtMost,
    Comparison,
    Excess,
    Jointly,
    Nearness,
    Statement,
    Steady,
    Trend,
)
from intelvae.paper.statistics import measured

SAID = ("id", "where", "claim", "paper", "page", "experiment")
X = measured("x")


def of(name, *values, group="", **more):
    """Results of a row with these values of "x", by seed."""
    return [result(name, group, seed=seed, metrics={"x": value}, **more) for seed, value in enumerate(values)]


def judge(claim, *found):
    return claim.judge(results(*(r for members in found for r in members)))


@pytest.mark.parametrize(
    ("ours", "other", "verdict"),
    [
        ((1.0, 1.1, 0.9, 1.0), (2.0, 2.2, 2.1, 1.9), REPRODUCED),
        ((1.0, 3.0, 0.5, 2.0), (2.0, 1.0, 2.5, 1.6), PARTLY),
        ((2.0, 2.2, 2.1), (1.0, 1.1, 0.9), OPPOSITE),
        ((2.0, 1.0, 2.5, 1.6), (1.0, 3.0, 0.5, 2.0), NO_DIFFERENCE),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), NO_DIFFERENCE),
        ((1.0, 1.0), (2.0, 2.1), NOT_TESTED),
        ((), (1.0, 2.0, 3.0), NOT_TESTED),
    ],
)
def test_a_comparison(ours, other, verdict):
    claim = Comparison(*SAID, X)
    assert judge(claim, of("InteL-VAE", *ours), of("VAE", *other)).verdict == verdict


@pytest.mark.parametrize(
    ("ours", "margin", "verdict"),
    [
        ((2.0, 2.1, 2.2), 0.0, REPRODUCED),
        ((2.0, 2.1, 2.2), 0.9, REPRODUCED),
        ((2.0, 2.1, 2.2), 1.2, PARTLY),  # larger, but not by that much
        ((1.0, 3.0, 1.1), 2.0, NO_DIFFERENCE),  # perhaps larger, and not by that much
        ((1.0, 3.0, 1.1), 0.0, PARTLY),
        ((0.0, 0.1, 0.2), 0.0, OPPOSITE),
        ((0.0, 0.1, 0.2), 0.1, OPPOSITE),
    ],
)
def test_a_comparison_the_other_way_round(ours, margin, verdict):
    other = (1.0, 1.11, 1.21)
    finding = judge(Comparison(*SAID, X, larger=True, margin=margin), of("InteL-VAE", *ours), of("VAE", *other))
    negative = [of(name, *(-v for v in values)) for name, values in (("InteL-VAE", ours), ("VAE", other))]
    mirrored = judge(Comparison(*SAID, X, margin=margin), *negative)
    assert finding.verdict == mirrored.verdict == verdict
    assert finding.p == pytest.approx(mirrored.p) and finding.ours == pytest.approx(-mirrored.ours)


@pytest.mark.parametrize("ours", [(2.0, 2.1, 2.2), (1.0, 3.0, 1.1), (0.9, 1.0, 1.2), (0.0, 0.1, 0.2), (1.5, 1.6, 1.8)])
@pytest.mark.parametrize("margin", [0.0, 0.1, 0.5, 2.0])
def test_the_p_value_beside_a_verdict_is_that_of_the_test_that_decides(ours, margin):
    other = (1.0, 1.11, 1.21)
    finding = judge(Comparison(*SAID, X, larger=True, margin=margin), of("InteL-VAE", *ours), of("VAE", *other))
    if finding.verdict in (REPRODUCED, OPPOSITE):
        assert finding.p < statistics.LEVEL
    if finding.verdict == NO_DIFFERENCE:
        assert finding.p >= statistics.LEVEL


def test_a_comparison_is_of_the_rows_and_the_group_that_it_names():
    here = [of("InteL-VAE", 1.0, 1.1, 1.2, group="a"), of("VAE", 2.0, 2.1, 2.3, group="a")]
    elsewhere = [of("InteL-VAE", 9.0, 9.0, 9.1, group="b"), of("InteL-VAE, other", 9.0, 9.0, 9.0, group="a")]
    finding = judge(Comparison(*SAID, X, group="a"), *here, *elsewhere)
    assert finding.verdict == REPRODUCED and finding.ours == pytest.approx(1.1) and finding.n == 3


def test_the_test_is_paired_by_seed():
    test = statistics.paired({0: 1.0, 1: 5.0, 2: 9.0, 7: 0.0}, {2: 10.0, 1: 6.1, 0: 2.0})
    assert test.n == 3 and test.p < 0.05  # unpaired, the spread would hide it


def test_the_test_has_two_sides():
    test = statistics.paired(dict(enumerate([1.0, 1.0, 1.0])), dict(enumerate([2.0, 3.0, 4.0])))
    assert test.p == pytest.approx(0.0742, abs=1e-4)  # differences 1, 2, 3: t = 2 sqrt(3), two degrees of freedom


def test_welchs_test_is_of_values_that_have_nothing_to_do_with_each_other():
    test = statistics.unpaired([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    assert test.difference == -2.0 and test.p == pytest.approx(0.2209, abs=1e-4)  # t = -1.549, df = 2.94
    assert statistics.unpaired([1.0, 2.0], [1.0, 2.0, 3.0]).p is None


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ((1.0, 1.02, 0.99), REPRODUCED),
        ((1.0, 1.3, 0.9), PARTLY),
        ((1.2, 1.3, 1.25), OPPOSITE),
        ((1.2, 0.9, 1.5), NO_DIFFERENCE),
        ((1.0,), NOT_TESTED),
    ],
)
def test_at_most_a_factor(ours, verdict):
    finding = judge(AtMost(*SAID, X, "InteL-VAE", "VAE", 1.1), of("InteL-VAE", *ours), of("VAE", 1.0, 1.0, 1.01))
    assert finding.verdict == verdict and finding.ours == pytest.approx(sum(ours) / len(ours))


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.03, 0.04, 0.05, 0.04], REPRODUCED),
        ([0.001, 0.0, 0.2, 0.0], PARTLY),
        ([0.0, 0.0001, 0.0002, 0.0001], OPPOSITE),
        ([0.0001, 0.0006, 0.0002, 0.0002], NO_DIFFERENCE),
        ([0.5, 0.6], NOT_TESTED),
        ([], NOT_TESTED),
    ],
)
def test_an_excess(values, verdict):
    claim = Excess(*SAID, X, "VAE", 0.0004)
    finding = judge(claim, of("VAE", *values))
    assert finding.verdict == verdict
    opposite = judge(dataclasses.replace(claim, below=True), of("VAE", *values))
    assert opposite.p == finding.p and (opposite.verdict == NOT_TESTED) == (verdict == NOT_TESTED)
    assert verdict != REPRODUCED or opposite.verdict == OPPOSITE


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.26, 0.24, 0.30], REPRODUCED),
        ([0.05, 0.45, 0.25], PARTLY),  # right on average, and wrong in every run but one
        ([0.0, 0.5, 0.25], NO_DIFFERENCE),  # far too scattered to tell
        ([0.16, 0.17, 0.18], PARTLY),
        ([0.36, 0.37, 0.38], OPPOSITE),
        ([0.32, 0.37, 0.42], NO_DIFFERENCE),  # 0.07 beyond what is allowed, and p = 0.14
        ([0.25, 0.25], NOT_TESTED),
        ([], NOT_TESTED),
    ],
)
def test_nearness_is_of_the_mean_and_of_the_spread(values, verdict):
    finding = judge(Nearness(*SAID, X, "VAE", 0.25, 0.05, 0.11), of("VAE", *values), of("other", 0.9))
    assert finding.verdict == verdict and finding.n == len(values)


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([0.26, 0.24, 0.30], None),
        ([0.16, 0.17, 0.18], None),
        ([0.0, 0.5, 0.25], None),  # too scattered, but not too far away
        ([0.36, 0.37, 0.38], 0.0067),  # 0.07 beyond 0.3, with an error of 0.01 / sqrt(3): t = 12.1
        ([0.14, 0.13, 0.12], 0.0067),  # as far below 0.2
        ([0.32, 0.37, 0.42], 0.1362),
    ],
)
def test_where_a_test_decides_that_a_mean_is_not_near_its_p_value_is_told(values, p):
    near = judge(Nearness(*SAID, X, "VAE", 0.25, 0.05, 0.11), of("VAE", *values))
    plain = [0.25, 1.25, 2.25]
    moved = [value - 0.25 + other for value, other in zip(values, plain, strict=True)]
    steady = judge(Steady(*SAID, X, "InteL-VAE", "VAE", 0.05), of("VAE", *plain), of("InteL-VAE", *moved))
    assert near.p == (p and pytest.approx(p, abs=1e-4)) and near.test.endswith("t against 0.05") == (p is not None)
    assert p is None or steady.p == pytest.approx(near.p)  # a difference of 0 is near, as 0.25 is


def near_and_steady(*values):
    """The findings that values are near 0.25, and that as many differ from another row's by at most as much."""
    plain = [0.25, 1.25, 2.25][: len(values)]
    moved = [value - 0.25 + other for value, other in zip(values, plain, strict=True)]
    return (
        judge(Nearness(*SAID, X, "VAE", 0.25, 0.05, 0.11), of("VAE", *values)),
        judge(Steady(*SAID, X, "InteL-VAE", "VAE", 0.05), of("VAE", *plain), of("InteL-VAE", *moved)),
    )


def test_what_is_near_has_an_interval_that_may_leave_the_target_out_and_says_what_it_could_have_found():
    near, steady = near_and_steady(0.27, 0.28, 0.29)  # a standard error of 0.01 / sqrt(3); t of 2 degrees is 4.303
    assert near.verdict == steady.verdict == REPRODUCED
    assert near.test == "0.030 from 0.25 (95 % interval of the mean: 0.255 to 0.305)"
    assert steady.test == "+0.030 from the VAE's (95 % interval of the difference: 0.005 to 0.055)"
    assert near.detectable == pytest.approx(5.6535 * 0.01 / math.sqrt(3), rel=1e-3)
    assert steady.detectable == pytest.approx(near.detectable)


def test_what_does_not_scatter_could_have_been_found_however_small_and_two_seeds_find_nothing():
    means = {"mean": 0.25, "difference": 0.0}
    for finding, (of, target) in zip(near_and_steady(0.26, 0.26, 0.26), means.items(), strict=True):
        where = f"{target + 0.01:.3f}"
        assert finding.detectable == 0 and finding.test.endswith(f"(95 % interval of the {of}: {where} to {where})")
    for finding in near_and_steady(0.26, 0.27):
        assert finding.verdict == NOT_TESTED and finding.detectable is None and "interval" not in finding.test


@pytest.mark.parametrize(("moved", "verdict"), [(0.008, REPRODUCED), (-0.015, PARTLY), (0.05, OPPOSITE)])
def test_hardly_another_is_judged_by_the_paired_difference(moved, verdict):
    claim = Steady(*SAID, X, "VAE + L_sp", "VAE", 0.01)
    plain = [0.23, 0.33, 0.43]  # seeds scatter by 0.1
    found = [of("VAE", *plain), of("VAE + L_sp", *(v + moved for v in plain))]
    finding = judge(claim, *found)
    assert finding.verdict == verdict and finding.ours == pytest.approx(0.33 + moved)
    assert judge(claim, *(members[:2] for members in found)).verdict == NOT_TESTED
    assert judge(claim).verdict == NOT_TESTED
    share = dataclasses.replace(claim, tolerance=0.1, relative=True)  # of a mean of 0.33
    assert judge(share, *found).verdict == (PARTLY if moved == 0.05 else REPRODUCED)


GAMMAS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (lambda gamma, seed: 0.2 + 0.01 * gamma + seed, REPRODUCED),
        (lambda gamma, seed: gamma if gamma < 100 else 0.2, PARTLY),  # falls at the end: 1 - 6 (25 + 5) / 504
        (lambda gamma, seed: -gamma, OPPOSITE),
        (lambda gamma, seed: 1.0, NO_DIFFERENCE),
        (lambda gamma, seed: gamma if seed else -gamma, NO_DIFFERENCE),  # a third
    ],
)
def test_a_trend_is_that_of_every_seed(score, verdict):
    claim = Trend(*SAID, X, "InteL-VAE", "gamma")
    found = [
        of(f"InteL-VAE, {gamma:g}", *(score(gamma, seed) for seed in range(3)), method=rows.INTEL, value=gamma)
        for gamma in GAMMAS
    ]
    others = of("VAE", 9.0, 9.0, 9.0)  # of another method
    assert judge(claim, *found, others).verdict == verdict
    assert judge(claim, *(members[:2] for members in found)).verdict == NOT_TESTED
    assert judge(claim).verdict == NOT_TESTED


def test_a_statement_that_does_not_hold_is_found_out():
    claim = Statement(*SAID, check=lambda: [0.0, 1e-9], tolerance=1e-6)
    assert judge(claim).verdict == REPRODUCED and judge(claim).n == 2
    assert judge(dataclasses.replace(claim, check=lambda: [0.0, 0.1])).verdict == OPPOSITE


LOWER = Comparison(*SAID, X, ours="a")
BETTER, WORSE, UNSURE, FEW = (
    of("a", *values) for values in ((1.0, 1.1, 0.9), (3.0, 3.1, 2.9), (1.0, 3.0, 1.9), (1.0,))
)
TWO = of("VAE", 2.0, 2.11, 1.9)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [(BETTER, REPRODUCED), (UNSURE, PARTLY), (WORSE, OPPOSITE), (FEW, NOT_TESTED)],
)
def test_several_things_at_once_hold_if_each_does(found, verdict):
    second = dataclasses.replace(LOWER, ours="b")
    claim = Jointly(*SAID, (LOWER, second))
    sure = [
        dataclasses.replace(r, run=dataclasses.replace(r.run, row=dataclasses.replace(r.row, name="b"))) for r in BETTER
    ]
    for parts in (claim, dataclasses.replace(claim, parts=(second, LOWER))):
        finding = judge(parts, found, sure, TWO)
        alone = judge(LOWER, found, TWO)
        place, _, test = finding.test.rpartition(": ")
        first = parts.parts[0] == LOWER or found is BETTER  # both parts have the same numbers then
        assert place == (f"part {1 if first else 2} of 2" if alone.test else "")
        # as text: a deviation that is not a number is from Python 3.13 on no equal of itself
        assert finding.verdict == verdict and str(dataclasses.replace(finding, test=test)) == str(alone)
    assert all(part.rule[1:] in claim.rule for part in claim.parts)


def test_of_two_that_hold_the_less_certain_one_is_told():
    one, other = of("a", 1.0, 1.1, 0.9), of("b", 1.0, 1.5, 0.6)
    claim = Jointly(*SAID, (LOWER, dataclasses.replace(LOWER, ours="b")))
    finding = judge(claim, one, other, TWO)
    assert finding.verdict == REPRODUCED and finding.p == judge(claim.parts[1], other, TWO).p > judge(LOWER, one, TWO).p


@pytest.mark.parametrize("n", [3, 10])
def test_a_difference_that_can_be_found_is_found_in_four_cases_of_five(n):
    draws = np.random.default_rng(0).normal(size=(4000, n))
    smallest = statistics.detectable(1 / math.sqrt(n), n - 1.0)
    t, border = draws.mean(1) + smallest, stats.t.ppf(0.975, n - 1)
    found = np.abs(t) > border * draws.std(1, ddof=1) / math.sqrt(n)
    assert found.mean() == pytest.approx(0.8, abs=0.02)  # three standard errors of 4,000 draws


def test_findings_say_what_they_could_have_found():
    ours, other = (1.0, 1.2, 1.5), (1.0, 1.0, 1.0)  # differences 0, 0.2, 0.5: standard error 0.1453
    finding = judge(LOWER, of("a", *ours), of("VAE", *other))
    assert finding.verdict == NO_DIFFERENCE and finding.detectable == pytest.approx(0.1453 * 5.6535, rel=1e-3)
    within = judge(AtMost(*SAID, X, "a", "VAE", 2.0), of("a", *ours), of("VAE", *other))
    logs = [math.log(value / 2) for value in ours]  # the border is at 2
    error = np.std(logs, ddof=1) / math.sqrt(3)
    assert within.detectable == pytest.approx(2 * (1 - math.exp(-5.6535 * error)), rel=1e-3)
    assert judge(LOWER, of("a", 1.0), of("VAE", 2.0)).detectable is None


def test_a_change_is_paired_by_seed_and_has_an_interval_from_three_seeds_on():
    before, after = of("VAE", *(10.0 * s for s in range(4))), of("InteL-VAE", *(10.0 * s + s for s in range(3)))
    found = statistics.change(before, after, X)
    # differences 0, 1, 2: mean 1, standard error 1 / sqrt(3), t of 2 degrees of freedom 4.303
    assert found == {"before": "10", "after": "11", "change": "+1.0 (-1.5 to +3.5)", "seeds": 3}
    assert statistics.change(before, after[:1], X, scale=100.0)["change"] == "+0"
    assert statistics.change(before, [], X) == {}


def test_of_one_seed_there_is_no_deviation():
    mean, sd = statistics.summary([2.0])
    assert mean == 2.0 and math.isnan(sd)
