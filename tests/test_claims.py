"""The paper's claims and the rules that decide them: each rule on records whose verdict is known."""

import dataclasses
import html

import pytest
from intelvae.paper.records import Record, RunConfig

from intelvae.paper import claims, experiments, rules, runs


@pytest.fixture(scope="module")
def record() -> Record:
    """Some record, whose config and metrics the tests replace."""
    return runs.run(RunConfig("circle", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=1, mapping="circle"))[0]


def by_seed(*values):
    return dict(enumerate(values))


@pytest.mark.parametrize(
    ("ours", "other", "verdict"),
    [
        (by_seed(1.0, 1.1, 0.9, 1.0), by_seed(2.0, 2.2, 2.1, 1.9), rules.REPRODUCED),
        (by_seed(1.0, 3.0, 0.5, 2.0), by_seed(2.0, 1.0, 2.5, 1.6), rules.PARTLY),
        (by_seed(2.0, 2.2, 2.1), by_seed(1.0, 1.1, 0.9), rules.NOT_REPRODUCED),
        (by_seed(1.0, 1.0, 1.0), by_seed(1.0, 1.0, 1.0), rules.NOT_REPRODUCED),
        (by_seed(1.0, 1.0), by_seed(2.0, 2.1), rules.NOT_TESTED),
        ({}, by_seed(1.0, 2.0, 3.0), rules.NOT_TESTED),
    ],
)
def test_the_rule(ours, other, verdict):
    assert rules.smaller(ours, other).verdict == verdict


@pytest.mark.parametrize(
    ("ours", "margin", "verdict"),
    [
        (by_seed(2.0, 2.1, 2.2), 0.0, rules.REPRODUCED),
        (by_seed(2.0, 2.1, 2.2), 0.9, rules.REPRODUCED),
        (by_seed(2.0, 2.1, 2.2), 1.2, rules.NOT_REPRODUCED),  # larger, but not by that much
        (by_seed(1.0, 3.0, 1.1), 0.0, rules.PARTLY),
        (by_seed(0.0, 0.1, 0.2), 0.0, rules.NOT_REPRODUCED),
    ],
)
def test_the_rule_the_other_way_round(ours, margin, verdict):
    other = by_seed(1.0, 1.11, 1.21)
    finding, mirrored = (
        rules.larger(ours, other, margin),
        rules.smaller({s: -v for s, v in ours.items()}, {s: -v for s, v in other.items()}, margin),
    )
    assert finding.verdict == mirrored.verdict == verdict
    assert finding.p == pytest.approx(mirrored.p) and finding.ours == pytest.approx(-mirrored.ours)


def test_the_test_is_paired_by_seed():
    finding = rules.smaller({0: 1.0, 1: 5.0, 2: 9.0, 7: 0.0}, {2: 10.0, 1: 6.1, 0: 2.0})
    assert finding.n == 3 and finding.verdict == rules.REPRODUCED  # unpaired, the spread would hide it


def test_the_test_has_two_sides():
    finding = rules.smaller(by_seed(1.0, 1.0, 1.0), by_seed(2.0, 3.0, 4.0))
    assert finding.p == pytest.approx(0.0742, abs=1e-4)  # differences 1, 2, 3: t = 2 sqrt(3), two degrees of freedom


def has(config, wanted):
    return all(getattr(config, name) == value for name, value in wanted.items())


def test_every_claim_has_its_own_name_a_rule_and_runs_to_judge():
    assert len({c.id for c in claims.CLAIMS}) == len(claims.CLAIMS)
    of = {name: experiments.grid(name, "paper") for name in experiments.NAMES}
    for claim in claims.CLAIMS:
        assert claim.rule.startswith("reproduced: ")
        configs = of[claim.experiment] if claim.experiment else []
        if isinstance(claim, rules.Comparison):
            for method, more in ((claim.method, claim.ours), (claim.against, claim.theirs)):
                chosen = [c for c in configs if c.method == method and has(c, claim.select | more)]
                assert len(chosen) == len({c.seed for c in chosen}) > 0  # one a seed, else one would hide the other
        elif isinstance(claim, rules.Nearness):
            chosen = [c for c in configs if has(c, claim.select)]
            assert len(chosen) == len({c.seed for c in chosen}) > 0
        elif isinstance(claim, rules.Steady):
            for method, wanted in ((claim.method, claim.select | claim.ours), (claim.against, claim.select)):
                chosen = [c for c in configs if c.method == method and has(c, wanted)]
                assert len(chosen) == len({c.seed for c in chosen}) > 0
        elif isinstance(claim, rules.Excess):
            chosen = [c for c in configs if c.method == claim.method and has(c, claim.select)]
            assert len(chosen) == len({c.seed for c in chosen}) > 0
        elif isinstance(claim, rules.Trend):
            chosen = [c for c in configs if c.method == claim.method and has(c, claim.select)]
            chosen = [(c.seed, getattr(c, claim.setting)) for c in chosen]
            assert len(chosen) == len(set(chosen)) > 0


def test_a_record_of_another_experiment_does_not_decide_a_claim(record):
    grid = experiments.grid("connectivity", "laptop")
    of = [c for c in grid if c.data == "circle" and c.method != "Vamp-VAE" and c.seed < 3]
    records = [
        dataclasses.replace(record, config=c, metrics={"sliced_wasserstein": 1.0, "inside_hole": 0.0}) for c in of
    ]
    other = [c for c in experiments.grid("readings", "laptop") if c.data == "circle" and c not in grid]
    more = [dataclasses.replace(r, config=c, metrics={"sliced_wasserstein": 0.0, "inside_hole": 9.0})
            for r, c in zip(records * 9, other, strict=False)]  # fmt: skip
    found = {row["id"]: row for row in claims.rows([*records, *more], "laptop", page=claims.toys.CONNECTIVITY)}
    assert found["fig4-circle"]["ours"] == 1.0 and found["fig4-circle"]["n"] == 3


def test_statements_hold_and_one_that_does_not_is_found_out():
    statements = [c for c in claims.CLAIMS if isinstance(c, rules.Statement)]
    assert [c.judge([]).verdict for c in statements] == [rules.REPRODUCED] * len(statements) != []
    wrong = dataclasses.replace(statements[1], check=lambda: [0.0, 0.1])
    assert wrong.judge([]).verdict == rules.NOT_REPRODUCED


def test_reproduced_claims_are_counted_again_with_p_corrected_for_all_tests():
    def row(id, p, verdict=rules.REPRODUCED, variant=False):
        return {"id": id, "p": p, "verdict": verdict, "variant": variant}

    found = [row("a", 0.01), row("b", 0.03), row("c", None), row("d", 0.001, rules.NOT_REPRODUCED)]
    assert claims.corrected(found) == pytest.approx({"a": 0.02, "b": 0.03, "d": 0.003})  # 2 p, 1 p and 3 p
    assert claims.kept(found) == 2  # neither the one without a test nor the one that is not reproduced
    assert claims.kept([*found, row("e", 0.04), row("f", 0.2)]) == 1  # 4 p of "a" is below 0.05, 3 p of "b" is not
    variants = [row("e", 0.04, variant=True), row("f", 0.2, variant=True)]  # which count in nothing
    expected = {rules.REPRODUCED: 3, rules.PARTLY: 0, rules.NOT_REPRODUCED: 1, rules.NOT_TESTED: 0}
    assert claims.count([*found, *variants]) == expected | {"tested": 2, "kept": 2}
    assert claims.summary(found).startswith("4 claims (variants not counted): 3 reproduced, 0 partly, 1 not reproduced")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.03, 0.04, 0.05, 0.04], rules.REPRODUCED),
        ([0.001, 0.0, 0.2, 0.0], rules.PARTLY),
        ([0.0, 0.0001, 0.0002, 0.0001], rules.NOT_REPRODUCED),
        ([0.5, 0.6], rules.NOT_TESTED),
        ([], rules.NOT_TESTED),
    ],
)
def test_the_rule_against_a_constant(values, verdict, record):
    (claim,) = [c for c in claims.CLAIMS if c.id == "fig2-bridge"]
    config = dataclasses.replace(record.config, data="mixture", mapping="identity")
    records = [
        dataclasses.replace(record, config=dataclasses.replace(config, seed=i), metrics={"bridge": v})
        for i, v in enumerate(values)
    ]
    assert claim.judge(records).verdict == verdict


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.26, 0.24, 0.30], rules.REPRODUCED),
        ([0.05, 0.45, 0.25], rules.PARTLY),  # right on average, and wrong in every run but one
        ([0.0, 0.5, 0.25], rules.NOT_REPRODUCED),
        ([0.16, 0.17, 0.18], rules.PARTLY),
        ([0.36, 0.37, 0.38], rules.NOT_REPRODUCED),
        ([0.25, 0.25], rules.NOT_TESTED),
        ([], rules.NOT_TESTED),
    ],
)
def test_nearness_is_of_the_mean_and_of_the_spread(values, verdict, record):
    (claim,) = [c for c in claims.CLAIMS if c.id == "table3-0.25"]
    config = dataclasses.replace(record.config, repeats=claim.select["repeats"])
    other = dataclasses.replace(record, metrics={"learned_zeros": 0.9})  # the share of zeros is another
    records = [
        dataclasses.replace(record, config=dataclasses.replace(config, seed=i), metrics={"learned_zeros": v})
        for i, v in enumerate(values)
    ]
    finding = claim.judge([other, *records])
    assert finding.verdict == verdict and finding.n == len(values)


def test_of_several_mappings_the_one_that_the_claim_names_is_compared(record):
    (claim,) = [c for c in claims.CLAIMS if c.id == "table1-vae"]
    values = {(): 2.0, claim.ours["mapping_options"]: 1.0}  # any other mapping: 9
    records = [
        dataclasses.replace(
            record, config=c, metrics={"frechet_2000": 5.0, "frechet_10000": value * (1 + 0.1 * c.seed)}
        )
        for c in experiments.grid("table1", "laptop")
        if (value := values.get(c.mapping_options, 9.0))
    ]
    finding = claim.judge(records)
    assert finding.verdict == rules.REPRODUCED and finding.ours == pytest.approx(1.1)  # the mean of 1, 1.1, 1.2


def test_a_table_for_readers_cuts_no_claim_short():
    found = claims.rows([], "smoke", page=claims.digits.MULTI_MODALITY)
    shown = html.unescape(claims.Table(found)._repr_html_())
    assert all(row["claim"] in shown for row in found)


@pytest.mark.parametrize(("sd", "written"), [(0.0123, "0.012"), (9.87, "9.9"), (99.7, "100"), (212.3, "212")])
def test_a_table_for_readers_writes_deviations_out(sd, written):
    row = claims.rows([], "smoke", page=claims.digits.MULTI_MODALITY)[0] | {"ours": 588.8, "sd": sd, "n": 3}
    assert f"588.8 ± {written}<" in claims.Table([row])._repr_html_()


def test_a_change_is_paired_by_seed_and_has_an_interval_from_three_seeds_on(record):
    def run(seed, beta, value):
        config = dataclasses.replace(record.config, seed=seed, beta=beta)
        return dataclasses.replace(record, config=config, metrics={"x": value})

    records = [run(s, 1.0, 10.0 * s) for s in range(4)] + [run(s, 2.0, 10.0 * s + s) for s in range(3)]
    one, other = (dataclasses.replace(record.config, beta=b) for b in (1.0, 2.0))
    found = rules.change(records, one, other, rules.measured("x"))
    # differences 0, 1, 2: mean 1, standard error 1 / sqrt(3), t of 2 degrees of freedom 4.303
    assert found == {"before": "10", "after": "11", "change": "+1 (-1.484 to +3.484)", "seeds": 3}
    assert rules.change(records[:5], one, other, rules.measured("x"), scale=100.0)["change"] == "+0"  # seed 0 alone
    assert rules.change(records, one, dataclasses.replace(one, beta=3.0), rules.measured("x")) == {}
