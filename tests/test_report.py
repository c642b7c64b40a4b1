"""The report: every claim is in one bar, every statement has claims, and sides follow from verdicts."""

import re

import matplotlib
import pytest
from drawn import result, results

from intelvae.paper import kinds, ledger, pages, prose, report, statements
from intelvae.paper.kinds import NO_DIFFERENCE, NOT_TESTED, OPPOSITE, PARTLY, REPRODUCED

matplotlib.use("agg")


def row(id="a", verdict=REPRODUCED, where="Table 1", page="06_all_digits", **more):
    """A line as `ledger.rows` has them."""
    given = {"paper": "1", "claim": "c", "ours": 1.0, "sd": 0.1, "n": 3, "test": "t against 2", "p": 0.01, "other": 2.0}
    return (
        given | {"id": id, "verdict": verdict, "where": where, "page": page, "variant": False, "detectable": 0.5} | more
    )


@pytest.fixture(scope="module")
def declared():
    """All claims, with the verdict "not tested"."""
    return [
        row(
            c.id,
            NOT_TESTED,
            c.where,
            c.page,
            variant=c.variant,
            ours=None,
            test="",
            n=0,
            p=None,
            detectable=None,
            other=None,
        )
        for c in ledger.CLAIMS
    ]


def test_every_claim_that_counts_is_in_one_bar_and_every_bar_has_some(declared):
    counted = report.by_item(declared)
    assert sum(sum(of.values()) for of in counted.values()) == sum(not row["variant"] for row in declared)
    assert all(counted.values()) and list(counted) == ["The text", *(item.name for item in statements.ITEMS)]


def test_an_item_has_one_main_claim_that_is_about_it(declared):
    book = {page.stem for page in pages.sources()}
    for item in statements.ITEMS:
        (main,) = report.of_ids(declared, [item.main])
        assert report.item_of(main) == item.name and item.page in book and item.why.endswith(".")


def test_every_claim_that_counts_is_in_one_statement(declared):
    book, seen = {page.stem for page in pages.sources()}, []
    for statement in statements.STATEMENTS:
        assert statement.page in book
        assert all(report.of_ids(declared, [pattern]) for pattern in statement.ids), statement.text
        seen += [row["id"] for row in report.of_ids(declared, statement.ids)]
    assert sorted(seen) == sorted(row["id"] for row in declared if not row["variant"])


@pytest.mark.parametrize(
    ("verdicts", "side"),
    [
        ([REPRODUCED], "for"),
        ([REPRODUCED, REPRODUCED, OPPOSITE], "for"),
        ([REPRODUCED, REPRODUCED, PARTLY, OPPOSITE], "open"),  # half is not more than half
        ([REPRODUCED, PARTLY], "open"),
        ([PARTLY, PARTLY], "open"),
        ([REPRODUCED, OPPOSITE], "open"),
        ([OPPOSITE, OPPOSITE, REPRODUCED], "against"),
        ([NO_DIFFERENCE], "open"),
        ([NOT_TESTED], "open"),
        ([], "open"),
    ],
)
def test_the_side_of_a_statement_follows_from_most_of_its_verdicts(verdicts, side):
    assert report.side([row(verdict=verdict) for verdict in verdicts]) == side


def test_findings_tell_each_statement_once_with_its_verdicts(declared):
    told = [report.findings(declared, side) for side in report.SIDES]
    assert told[:2] == ["- None at this profile."] * 2
    lines = told[2].splitlines()
    assert len(lines) == len(statements.STATEMENTS) and report.count_by_side(declared) == {"open": len(lines)}
    shown = prose.badges([NOT_TESTED] * 3)
    assert (
        f"- [An InteL-VAE is a VAE, and the KL divergence never grows under $g$.](02_theorem1.ipynb) {shown}" in lines
    )


def test_a_question_has_the_verdicts_of_all_claims_of_its_statements(declared):
    lines = report.questions(declared).splitlines()
    assert len(lines) == len(statements.QUESTIONS) and all("not tested" in line for line in lines)
    counts = [int(re.findall(r"(\d+) not tested", line)[0]) for line in lines]
    assert sum(counts) == sum(not row["variant"] for row in declared)
    first = statements.QUESTIONS[0]
    assert lines[0].startswith(f"- **{first.text}** {first.answer} ")


def test_the_table_has_our_number_beside_what_it_is_compared_with(declared):
    found = [each if each["id"] != "table1-clean-vae" else row("table1-clean-vae", PARTLY) for each in declared]
    lines = report.table(found).splitlines()
    assert len(lines) == 2 + len(statements.ITEMS) and {line.count("|") for line in lines} == {9}
    compared = "distance of samples: InteL-VAE, VAE (lower)"
    first = f"| [Table\xa01](06_all_digits.ipynb) | {prose.badge(PARTLY)} |"
    assert lines[2] == f"{first} {compared} | 1 | 1 against 2 | 3 | 0.01 | 0.5 |"
    assert lines[3].endswith("| no run | 0 | – | – |")
    assert report.claims_of(found)["claim of"].tolist() == [item.name for item in statements.ITEMS]


@pytest.mark.parametrize(("unit", "runs"), [("draw", "10 draws"), ("training", "10")])
def test_the_table_says_where_a_test_is_over_draws(declared, unit, runs):
    found = [each | {"n": 10, "test": f"paired t against 0.789 (D = 8), by {unit}"} for each in declared]
    assert all(f"| {runs} |" in line for line in report.table(found).splitlines()[2:])


def test_reasons_of_a_page_are_of_its_items():
    assert sum(line.startswith("- ") for line in report.reasons().splitlines()) == len(statements.ITEMS)
    _, _, *lines = report.reasons("08_sparsity").splitlines()
    assert [line.split("]")[0] for line in lines] == ["- **[Figure 7", "- **[Figure 8"]


@pytest.mark.parametrize(
    ("ours", "other", "told"),
    [
        (1806.6, 1036.9, "1,807 against 1,037"),
        (0.768, 0.789, "0.768 against 0.789"),
        (0.275, None, "0.275, 0.075 from 0.2"),
    ],
)
def test_our_number_is_beside_what_it_is_compared_with_if_it_is_else_beside_the_test(ours, other, told):
    more = {"ours": ours, "other": other, "test": "0.075 from 0.2"}
    found = [row(c.id, PARTLY, c.where, c.page, **more) for c in ledger.CLAIMS if not c.variant]
    assert f"| {told} |" in report.table(found).splitlines()[2]


def test_the_answers_tell_numbers_and_verdicts_as_they_are(declared):
    told = report.answers(declared)
    assert (
        told["theory"] == "3 not tested"
        and told["points"] == "0 of 5 data sets (none with Holm's correction)"
        and told["ten-digits"] == NOT_TESTED
    )
    found = {each["id"]: each for each in declared}
    # of five tests of claims that count; the fourth smallest p, times two, is not significant
    found["fig4-circle"], found["fig4-star"] = row("fig4-circle", p=0.005), row("fig4-star", p=0.04)
    found["notebooks-fig4-circle"] = row("notebooks-fig4-circle", p=0.04, variant=True)  # the only one of a variant
    found["fig4-square"] = row("fig4-square", p=0.3, verdict=NO_DIFFERENCE)
    zeros = "table2-uncertain-vae-mathieu-gaussian"
    found[zeros] = row(zeros, ours=0.0161, other=0.0144)
    found["table1-clean-vae"] = row("table1-clean-vae", ours=589.0, other=1036.9, verdict=PARTLY, detectable=399.6)
    told = report.answers(list(found.values()))
    assert told["points"] == "2 of 5 data sets (1 with Holm's correction)"
    assert told["points-notebooks"] == "1 of 5 data sets (1 with Holm's correction)"
    assert told["zeros-and-ones"] == "1.61 against 1.44 (reproduced)"
    assert told["zeros-and-ones-authors"] == NOT_TESTED
    assert told["ten-digits"] == "589 against 1,037 (partly)" and told["ten-digits-found"] == "400"


def test_the_answers_name_the_points_whose_samples_are_significantly_farther(declared):
    opposite = {id: row(id, OPPOSITE) for id in ("fig4-infinity", "fig4-mixture")}
    told = report.answers([opposite.get(each["id"], each) for each in declared])
    assert told["points"].endswith(
        "), but on the infinity sign and the mixture of two Gaussians they are significantly farther"
    )
    assert told["points-notebooks"].endswith("correction)")


def test_work_counts_a_training_once():
    one = result("VAE", seed=0)
    assert report.work([results(one), results(one, result("VAE", seed=1))])["trainings"] == 2
    assert report.work([])["hours"] == 0


def example():
    return report.verdicts([row(verdict=verdict) for verdict in kinds.VERDICTS for _ in range(2)])


EXAMPLES = {"verdicts": example}


def test_a_bar_has_a_part_for_each_verdict_in_the_order_of_verdicts():
    figure = report.verdicts([row(verdict=REPRODUCED)] * 3 + [row(verdict=OPPOSITE)] + [row(variant=True)])
    (axis,) = figure.axes
    of = [text.get_text() for text in axis.get_yticklabels()].index("Table 1")
    parts = [bars.patches[of] for bars in axis.containers]
    assert [(bar.get_x(), bar.get_width()) for bar in parts] == [(0, 3), (3, 0), (3, 0), (3, 1), (4, 0)]
    assert list(report.LOOK) == list(kinds.VERDICTS)
    assert len({look for look in report.LOOK.values()}) == len(report.LOOK)
