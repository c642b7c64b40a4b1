"""All claims: each has a rule and rows to judge; they are counted in one way, and shown whole."""

import dataclasses
import html
import re
import shutil

import pytest
from drawn import result, results

from intelvae.paper import kinds, ledger, prose, statistics, studies
from intelvae.paper.results import Results
from intelvae.paper.store import Store, store_of


def named(claim):
    """The names of the rows that a claim of a general kind is about; those of a chapter's own are tested there."""
    general = type(claim).__module__ == kinds.__name__
    return [name for field in ("ours", "theirs") if general and (name := getattr(claim, field, ""))]


def test_every_claim_has_its_own_name_a_rule_and_rows_to_judge():
    assert len({c.id for c in ledger.CLAIMS}) == len(ledger.CLAIMS)
    of = {name: studies.runs(name, "paper") for name in studies.NAMES}
    parts = [part for claim in ledger.CLAIMS for part in getattr(claim, "parts", ())]
    assert parts and all(isinstance(claim, kinds.Claim) for claim in parts)
    for claim in [*ledger.CLAIMS, *parts]:
        assert claim.rule.startswith("reproduced: ")
        for name in named(claim):
            chosen = [run for run in of[claim.experiment] if (run.row.name, run.row.group) == (name, claim.group)]
            seeds = {run.training.seed for run in chosen}
            assert len(chosen) == len(seeds) > 0, claim.id  # one a seed, else one would hide the other


def test_a_rule_tells_what_it_compares_apart():
    of_two = [c for c in ledger.CLAIMS if isinstance(c, kinds.Comparison)]
    assert of_two
    for claim in of_two:
        ours, theirs = claim.called or (claim.ours, claim.theirs)
        assert ours != theirs and ours in claim.rule and theirs in claim.rule


def test_results_of_another_experiment_do_not_decide_a_claim():
    def found(experiment, value):
        metrics = {"sliced_wasserstein": value, "inside_hole": value}
        members = [result(name, "circle", seed=s, metrics=metrics) for name in ("VAE", "InteL-VAE") for s in range(3)]
        return results(*members, experiment=experiment)

    page = studies.toys.claims.CONNECTIVITY
    rows = {r["id"]: r for r in ledger.rows("laptop", found("connectivity", 1.0), found("capacity", 9.0), page=page)}
    assert rows["fig4-circle"]["ours"] == 1.0 and rows["fig4-circle"]["n"] == 3


def test_reproduced_claims_are_counted_again_with_p_corrected_for_all_tests():
    def row(id, p, verdict=kinds.REPRODUCED, variant=False):
        return {"id": id, "p": p, "verdict": verdict, "variant": variant}

    found = [row("a", 0.01), row("b", 0.03), row("c", None), row("d", 0.001, kinds.OPPOSITE)]
    assert ledger.corrected(found) == pytest.approx({"a": 0.02, "b": 0.03, "d": 0.003})  # 2 p, 1 p and 3 p
    assert ledger.kept(found) == {"a", "b"}  # neither the one without a test nor the one that is not reproduced
    assert ledger.kept([*found, row("e", 0.04), row("f", 0.2)]) == {"a"}  # 4 p of "a" is below 0.05, 3 p of "b" is not
    variants = [row("e", 0.04, variant=True), row("f", 0.2, variant=True)]  # which count in nothing
    among_themselves = pytest.approx({"a": 0.02, "b": 0.03, "d": 0.003, "e": 0.08, "f": 0.2})
    assert ledger.corrected([*variants[:1], *found, *variants[1:]]) == among_themselves
    expected = dict.fromkeys(kinds.VERDICTS, 0) | {kinds.REPRODUCED: 3, kinds.OPPOSITE: 1}
    assert ledger.count([*found, *variants]) == expected | {"tested": 2, "kept": 2}
    assert ledger.summary(found).startswith("4 claims (variants not counted): 3 reproduced, 0 partly, 0 no ")


def test_the_table_and_the_count_say_of_as_many_claims_that_they_stay_significant(laptop_claims):
    pages = {row["page"] for row in laptop_claims}
    for found in (laptop_claims, *([row for row in laptop_claims if row["page"] == page] for page in pages)):
        counted = ledger.Table(found)._repr_html_().split("<details")[0]
        lines = [line for line in counted.split("<tr>") if 'class="verdict reproduced"' in line.split("By the rule")[0]]
        holm = [float(p) for line in lines for p in re.findall(r"\(Holm\s(?:<span[^>]*>)?([\d.e-]+)", line)]
        of = ledger.count(found)
        assert (len(lines), len(holm)) == (of[kinds.REPRODUCED], of["tested"])
        assert sum(p < statistics.LEVEL for p in holm) == of["kept"]
    assert 0 < ledger.count(laptop_claims)["kept"] < ledger.count(laptop_claims)["tested"]


PAGE = "05_multi_modality"


def test_a_table_for_readers_cuts_no_claim_short():
    found = ledger.rows("smoke", page="08_sparsity")
    shown = html.unescape(ledger.Table(found)._repr_html_()).replace("\N{NO-BREAK SPACE}", " ")
    assert found and all(row["claim"] in shown for row in found)


def test_a_table_for_readers_says_once_what_all_claims_begin_with():
    (row,) = ledger.rows("smoke", page=PAGE)[:1]
    shown = ledger.Table([row | {"claim": f"On x: {claim}"} for claim in ("a: b", "a: c", "d")])._repr_html_()
    assert shown.startswith("<p>On x: </p>") and shown.count("On x") == 1
    assert all(f"Table 2. {claim} <" in shown for claim in ("A: b", "A: c", "D"))


@pytest.mark.parametrize(
    ("sd", "written"),
    [(0.0123, "1,588.832 ± 0.012"), (9.87, "1,588.8 ± 9.9"), (9.97, "1,589 ± 10"), (2120.3, "1,589 ± 2,120")],
)
def test_a_table_for_readers_writes_as_many_decimals_as_the_deviation_has(sd, written):
    row = ledger.rows("smoke", page=PAGE)[0] | {"ours": 1588.8321, "sd": sd, "n": 3}
    assert f">{written}<" in ledger.Table([row])._repr_html_().replace("±\N{NO-BREAK SPACE}", "± ")


def test_a_table_for_readers_folds_variants_and_lets_no_markup_through():
    found = ledger.rows("smoke", page=PAGE)
    shown = ledger.Table([found[0] | {"claim": "<script>"}])._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "<details" not in shown
    counted, folded = ledger.Table(found)._repr_html_().split("<details")
    number = sum(row["variant"] for row in found)
    assert number and f"{number} variants" in folded
    assert (counted.count("<td>") // 4, folded.count("<td>") // 4) == (len(found) - number, number)


def test_the_rules_of_a_page_stand_there_once_with_all_claims_that_they_decide():
    of_page = [claim for claim in ledger.CLAIMS if claim.page == PAGE]
    rules = ledger.Rules(PAGE)
    assert sum(map(len, rules.ids.values())) == len(of_page) > len(rules.ids)
    assert all(claim.id in rules.ids[claim.rule] for claim in of_page)
    shown = html.unescape(rules._repr_html_())
    assert all(repr(rules).count(rule) == shown.count(f"<dd>{rule}</dd>") == 1 for rule in rules.ids)
    assert all(claim.id in shown and claim.id in repr(rules) for claim in of_page)


def test_claims_of_samples_judged_on_inception_speak_of_the_fid(tmp_path, monkeypatch):
    published, judged = store_of("laptop"), Store(tmp_path)
    for run in studies.runs("sparsity", "laptop"):
        if run.row.method.name in ("VAE", "InteL-VAE"):
            shutil.copytree(published.folder(run.training), judged.folder(run.training))
            (samples,) = judged.folder(run.training).glob("samples-*.json")
            text = samples.read_text(encoding="utf-8").replace(studies.digits.grid.STAND_IN, "inception")
            samples.with_name("samples-inception.json").write_text(text, encoding="utf-8")
            samples.unlink()
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    rows = {extractor: {r["id"]: r for r in ledger.stored("laptop", extractor)} for extractor in (None, "inception")}
    name = "fig7-distance-gamma-1"
    assert rows[None][name]["verdict"] == kinds.NOT_TESTED and kinds.DISTANCE in rows[None][name]["claim"]
    assert rows["inception"][name]["n"] == 3
    assert "(FID, 10,000 images, with all pixels)" in rows["inception"][name]["claim"]


def test_claims_of_samples_judged_on_the_classifier_speak_of_its_distance():
    asked = [run.judged_on("classifier") for run in studies.runs("table1", "smoke")]
    made = result(metrics={"frechet_100": 1.0, "clean_frechet_100": 1.0})
    found = Results("table1", "smoke", asked, [dataclasses.replace(made, run=run) for run in asked])
    words = {row["id"]: row["claim"] for row in ledger.rows("smoke", found)}
    assert "(FD (classifier), with all pixels, N = 10,000)" in words["table1-vae"]


def test_a_rule_that_another_has_replaced_is_a_variant_and_its_verdict_stands_beside_the_new_one(laptop_claims):
    by_id, found = {claim.id: claim for claim in ledger.CLAIMS}, {row["id"]: row for row in laptop_claims}
    assert {row["id"] for row in laptop_claims if row["earlier"]} == set(ledger.EARLIER)
    for new, before in ledger.EARLIER.items():
        assert by_id[new].post_hoc and not by_id[new].variant
        assert before and all(by_id[id].variant and by_id[id].page == by_id[new].page for id in before)
        assert found[new]["earlier"] == [found[id]["verdict"] for id in before]
        named = (f'{prose.badge(found[id]["verdict"])} <code class="id">{id}</code>' for id in before)
        text = f"By the rule{'s' if len(before) > 1 else ''} before: {', '.join(named)}"
        assert text in ledger.Table([found[new]])._repr_html_()
