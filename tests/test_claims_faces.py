"""The grids of Tables 4 and B.1 and of Figure B.2, and the rules of their claims."""

import dataclasses
import math
import shutil

import pytest
from intelvae.paper.records import Record, RunConfig, Store, store_of
from scipy import stats

from intelvae import training
from intelvae.data import files, standin
from intelvae.mappings import Hierarchy
from intelvae.metrics.hoyer import by_chance
from intelvae.paper import builder, claims, experiments, rules, runs, tasks, trained


def test_the_grids_have_the_rows_of_the_tables():
    grid = experiments.grid("table4", "laptop")
    rows = {row: experiments.faces.face("laptop", 0, model) for row, model in experiments.faces.TABLE4.items()}
    assert {dataclasses.replace(c, seed=0) for c in grid} == set(rows.values()) and len(set(rows.values())) == 14
    assert len(set(grid)) == len(grid) == 9 * 3 + 5
    dims = [(c.method, c.latent_dim) for c in experiments.grid("table-b1", "laptop")]
    assert dims == [("VAE", d) for d in (8, 16, 32, 64, 128)] + [("InteL-VAE", 64)] * 2
    assert set(experiments.grid("table-b1", "laptop")) & set(grid)  # the VAE of 128 dimensions is trained once
    for name in ("table4", "table-b1", "hierarchy"):
        for profile in experiments.PROFILES:
            grid = experiments.grid(name, profile)
            assert all(c.smoke_data == (profile == "smoke") for c in grid)
            assert all(c.whole == (profile == "paper") for c in grid if c.data == "celeba")


@pytest.mark.parametrize("seeds", [None, (4, 7, 5)])
def test_runs_of_faces_come_in_an_order_that_may_be_cut_off(seeds):
    grid = experiments.grid("table4", "laptop", seeds)
    rows = {experiments.faces.face("laptop", 0, model): row for row, model in experiments.faces.TABLE4.items()}
    order = [(c.seed, rows[dataclasses.replace(c, seed=0)]) for c in grid]
    one, two, three = seeds or range(3)
    assert {row for _, row in order[:14]} == set(rows.values()) and order[13][0] == one
    assert order[:4] == [(one, row) for row in experiments.faces.FIRST]
    assert order[14:22] == [(seed, row) for seed in (two, three) for row in experiments.faces.FIRST]
    assert [seed for seed, _ in order[22:]] == sorted((seed for seed, _ in order[22:]), key=(one, two, three).index)
    for name, profile, models in (("hierarchy", "laptop", 3), ("table-b1", "paper", 7)):
        grid = experiments.grid(name, profile)
        assert [c.seed for c in grid] == [seed for seed in range(len(grid) // models) for _ in range(models)]


def test_the_profile_paper_gives_one_line_where_faces_are_a_part(tmp_path, monkeypatch):
    monkeypatch.setenv(files.VARIABLE, str(standin.write(tmp_path / "part", 40)))
    (config,) = experiments.grid("table4", "paper", [0])[:1]
    with pytest.raises(training.TrainingError, match=r"1 of 1 runs failed: .*expected all 202,599 faces.*found 40"):
        runs.sweep([config], Store(tmp_path / "runs"))


def test_no_run_is_trained_on_other_faces_than_the_records_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv(files.VARIABLE, str(standin.write()))  # "any part" of CelebA, as far as a config can tell
    published = experiments.grid("table4", "laptop")[0]
    shutil.copy(store_of("laptop").path(published), tmp_path)
    endless = dataclasses.replace(published, seed=1, epochs=10**9)
    tasks._faces.cache_clear()
    expected = r"1 of 1 runs failed: .*the faces here \(celeba, a part of it, 800 / 100 / 100 .* 8,059 .*INTELVAE_RUNS"
    with pytest.raises(training.TrainingError, match=expected):
        runs.sweep([published, endless], Store(tmp_path))
    assert [r.config for r in runs.sweep([published], Store(tmp_path))] == [published]  # nothing to be run


def test_no_model_is_measured_on_other_faces_than_it_has_learned_from(tmp_path):
    config, store = RunConfig("celeba", "mathieu", 2, "gaussian", 1, smoke_data=True), Store(tmp_path)
    record = Record(config, {}, {}, {"data": "others"}, 1.0, "cpu", {}, "none", "2022-04-25")
    store.put(record, builder.build(config, (3, 32, 32), runs.task(config).train[:10]))
    with pytest.raises(
        RuntimeError,
        match=r"1 of 1 models could not .*: the faces here \(drawn faces, .*\) are not those .* \(others\)",
    ):
        trained.remeasure([config], store)
    assert store.get(config) == record


@pytest.mark.parametrize(
    "other", [{"artifacts": {"data": "celeba, 162,770 images"}}, {"metrics": {"train_faces": 162_770.0}}]
)
def test_records_of_different_faces_are_not_set_beside_each_other(other, tmp_path, monkeypatch):
    one, two = (store_of("laptop").get(config) for config in experiments.grid("table4", "laptop")[:2])
    two = dataclasses.replace(two, **{name: getattr(two, name) | value for name, value in other.items()})
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    for record in (one, two):
        Store(tmp_path).path(record.config).write_text(record.to_json(), encoding="utf-8")
    with pytest.raises(ValueError, match=r"these records are of different faces .* by INTELVAE_RUNS"):
        experiments.records("table4", "laptop", jobs=0)
    with pytest.raises(ValueError, match="these records are of different faces"):
        claims.rows([one, two], "laptop", page="10_faces")
    with pytest.raises(ValueError, match="these records are of different faces"):
        claims.stored("laptop")


def test_a_page_says_where_its_faces_are_not_the_published_ones():
    record = store_of("laptop").get(experiments.grid("table4", "laptop")[0])
    other = dataclasses.replace(record, metrics=record.metrics | {"train_faces": 800.0})
    assert claims.faces.faces(record) == record.artifacts["data"]
    assert claims.faces.faces(other).endswith("claims name the 8,059 of the published runs in their place")
    for settings in ({"smoke_data": True}, {"whole": True}):  # of which captions and claims speak too
        config = dataclasses.replace(record.config, **settings)
        assert claims.faces.faces(dataclasses.replace(other, config=config)) == record.artifacts["data"]


def test_no_pseudo_input_of_the_tables_is_a_photograph():
    settings = dict(experiments.faces.TABLE4["Vamp-VAE"]["prior_options"])
    assert settings["blend"] >= 10 and settings["components"] * settings["blend"] <= runs.EXAMPLES
    for name in ("table4", "table-b1"):
        for config in experiments.grid(name, "laptop"):
            assert "pseudo_inputs" not in dict(config.model_options)
            assert config.prior != "vamp" or dict(config.prior_options) == settings


def test_every_claim_about_faces_says_at_how_many():
    about = [c for c in claims.faces.CLAIMS if c.experiment in ("table4", "table-b1")]
    assert about and all(
        "8059-faces" in c.id and c.claim.startswith("At 8,059 faces and after 800 steps at laptop") for c in about
    )


def of(row, seed, **metrics):
    config = experiments.faces.face("laptop", seed, experiments.faces.TABLE4[row])
    return Record(config, metrics, {}, {}, 1.0, "cpu", {"torch": "0"}, "none", "2022-04-25")


def judge(name, records):
    (claim,) = [c for c in claims.faces.CLAIMS if c.id == f"{name}-8059-faces"]
    return claim.judge(records)


@pytest.mark.parametrize(
    ("sparse", "verdict"), [(100.0, rules.REPRODUCED), (104.0, rules.PARTLY), (106.0, rules.NOT_REPRODUCED)]
)
def test_quality_is_kept_within_five_per_cent(sparse, verdict):
    noise = (0.0, 1.0, -0.7)
    records = [of("VAE", s, frechet_1900=100.0) for s in range(3)]
    records += [of("InteL-VAE, γ = 70", s, frechet_1900=sparse + noise[s]) for s in range(3)]
    records += [of("InteL-VAE, γ = 70, as the code", s, frechet_1900=1.0) for s in range(3)]  # not the one in question
    finding = judge("table4-quality", records)
    assert finding.verdict == verdict and finding.ours == pytest.approx(sparse + 0.1) and finding.n == 3


@pytest.mark.parametrize(("name", "row"), [("vae", "VAE"), ("vamp", "Vamp-VAE"), ("sylvester", "VAE + Sylvester")])
@pytest.mark.parametrize(
    ("theirs", "verdict"), [(110.0, rules.REPRODUCED), (101.0, rules.PARTLY), (90.0, rules.NOT_REPRODUCED)]
)
def test_samples_are_judged_against_every_baseline_and_its_own_row(name, row, theirs, verdict):
    noise = (0.0, 2.0, -1.4)
    records = [of("InteL-VAE, γ = 30", s, frechet_1900=100.0) for s in range(3)]
    records += [
        of(other, s, frechet_1900=1.0) for other in ("InteL-VAE, γ = 50", "InteL-VAE, γ = 70") for s in range(3)
    ]
    for other in ("VAE", "Vamp-VAE", "VAE + Sylvester", experiments.faces.LINEAR_HEAD):
        # those that are not in question would turn the verdict round
        far = theirs if other == row else 1000.0 if verdict == rules.NOT_REPRODUCED else 10.0
        records += [of(other, s, frechet_1900=far + noise[s]) for s in range(3)]
    finding = judge(f"table4-{name}", records)
    assert finding.verdict == verdict and (finding.ours, finding.n) == (100.0, 3)
    assert f"against {theirs + 0.2:.3g}" in finding.test


def test_a_sparse_vae_is_judged_by_both_kinds_of_samples():
    records = [of("InteL-VAE, γ = 70", s, frechet_1900=100.0 + s) for s in range(3)]
    records += [
        of("Sparse-VAE, α = 0.2", s, frechet_1900=150.0 - s, dense_frechet_1900=300.0 + 2 * s) for s in range(3)
    ]
    assert judge("table4-vsc-0.2-dense", records).verdict == rules.REPRODUCED
    assert judge("table4-vsc-0.2-prior", records).verdict == rules.NOT_REPRODUCED
    assert judge("table4-vsc-0.01-dense", records).verdict == rules.NOT_TESTED


def test_images_from_a_standard_normal_are_held_against_as_many_of_the_other_model():
    # of 10,000 images the InteL-VAE's distance would be below half of the other's
    records = [of("InteL-VAE, γ = 70", s, frechet_2000=200.0 + s, frechet_10000=100.0 + s) for s in range(3)]
    records += [
        of("Sparse-VAE, α = 0.2", s, frechet_2000=320.0, frechet_10000=220.0 + 3 * s, dense_frechet_2000=320.0)
        for s in range(3)
    ]
    finding = judge("table4-vsc-0.2-dense", records)
    assert finding.verdict == rules.NOT_REPRODUCED and finding.ours == 201
    assert judge("table4-vsc-0.2-prior", records).ours == 101


def test_a_sparse_vae_with_less_weight_on_the_kl_is_not_the_one_that_is_judged():
    records = [of("InteL-VAE, γ = 70", s, frechet_1900=100.0 + s, hoyer_sample=0.5 + s / 100) for s in range(3)]
    low = [
        of("Sparse-VAE, α = 0.2, β = 0.1", s, frechet_1900=900.0, dense_frechet_1900=900.0, hoyer_sample=0.1)
        for s in range(3)
    ]
    assert low[0].config.beta == 0.1
    for name in ("table4-vsc-0.2-dense", "table4-vsc-0.2-prior", "table4-sparser-vsc-0.2"):
        assert judge(name, records + low).verdict == rules.NOT_TESTED


def test_a_sparse_vaes_codes_are_judged_with_their_gates_and_as_a_variant_without():
    records = [of("InteL-VAE, γ = 70", s, hoyer_sample=0.5 + s / 100) for s in range(3)]
    records += [of("Sparse-VAE, α = 0.2", s, hoyer_sample=0.7, hoyer_slab=0.2) for s in range(3)]
    assert judge("table4-sparser-vsc-0.2", records).verdict == rules.NOT_REPRODUCED
    assert judge("table4-sparser-vsc-0.2-slab", records).verdict == rules.REPRODUCED
    variants = [c.id for c in claims.faces.CLAIMS if c.variant and "slab" in c.id]
    assert variants == [f"table4-sparser-vsc-{alpha}-slab-8059-faces" for alpha in ("0.01", "0.05", "0.2")]


def test_codes_are_sparser_in_the_dimensions_in_use_where_they_are_above_chance():
    """As Sparse-VAEs are whose few dimensions in use are dense, whatever all dimensions say."""

    def in_use(row, seed, sparse, dim, used):
        return of(row, seed, hoyer_sample=sparse, hoyer_used=used + seed / 1000, active_overall=float(dim))

    chance = {dim: by_chance(dim) for dim in (8, 50, 128)}
    vae = [in_use("VAE", s, 0.22, 128, chance[128]) for s in range(3)]
    intel = [in_use("InteL-VAE, γ = 70", s, 0.24, 50, chance[50] + 0.01 * (s + 4)) for s in range(3)]
    low = [in_use("Sparse-VAE, α = 0.01", s, 0.9, 8, chance[8] + 0.01) for s in range(3)]
    assert chance[8] + 0.01 > chance[50] + 0.02  # the score in use itself says nothing
    assert judge("table4-sparser-vsc-0.01", intel + low).verdict == rules.NOT_REPRODUCED
    found = judge("table4-sparser-vsc-0.01-used", intel + low)
    assert found.verdict == rules.REPRODUCED and found.ours == pytest.approx(0.051)
    assert judge("table4-sparser-vae-used", intel + vae).verdict == rules.REPRODUCED
    dense = [in_use("InteL-VAE, γ = 70", s, 0.9, 8, chance[8] - 0.001 * s) for s in range(3)]
    assert judge("table4-sparser-vae-used", dense + vae).verdict == rules.NOT_REPRODUCED
    used = [c for c in claims.faces.CLAIMS if "sparser" in c.id and "-used-" in c.id]
    assert len(used) == 4 and all(c.variant and "in the dimensions in use" in c.claim for c in used)


def labelled(config, by_n, protocol="linear"):
    kept = {protocol: {str(n): {"accuracy": values} for n, values in by_n.items()}}
    metrics = {"train_faces": 8059.0}
    return Record(config, metrics, {}, {"attributes": kept}, 1.0, "cpu", {"torch": "0"}, "none", "2022-04-25")


def table_b1(intel, vaes, residual=(0.9, 0.9, 0.9), protocol="linear"):
    """Records of Table B.1 with these accuracies by draw: {n: values} for each dimension."""
    found = []
    for config in experiments.grid("table-b1", "laptop"):
        if config.method == "VAE":
            found.append(labelled(config, vaes[config.latent_dim], protocol))
        else:
            ours = dict(config.mapping_options).get("residual")
            found.append(labelled(config, dict.fromkeys(intel, residual) if ours else intel, protocol))
    return found


def seeded(records, seed):
    return [dataclasses.replace(r, config=dataclasses.replace(r.config, seed=seed)) for r in records]


DIMS = (8, 16, 32, 64, 128)


def test_codes_are_compared_with_the_best_vae_by_draw():
    vaes = {d: {50: [0.70, 0.75, 0.80], 8059: [0.8] * 3} for d in DIMS}
    vaes[16] = {50: [0.72, 0.77, 0.82], 8059: [0.8] * 3}
    better = {50: [0.73, 0.785, 0.83], 8059: [0.9, 0.9001, 0.9]}  # repeats of one draw, rounded
    finding = judge("tableB1-50", table_b1(better, vaes))
    assert finding.verdict == rules.REPRODUCED and finding.n == 3 and "(D = 16), by draw" in finding.test
    worse = {50: [0.71, 0.765, 0.81], 8059: [0.9] * 3}  # better than all but one
    assert judge("tableB1-50", table_b1(worse, vaes)).verdict == rules.NOT_REPRODUCED
    # all faces can be drawn in one way only: no draws to compare
    assert judge("tableB1-10000", table_b1(better, vaes)).n == 1
    assert judge("tableB1-10000", table_b1(better, vaes)).verdict == rules.NOT_TESTED


def test_with_three_trainings_codes_are_compared_by_training():
    vaes = {d: {50: [0.70, 0.75, 0.80]} for d in DIMS}
    by_seed = [table_b1({50: [0.71 + shift, 0.76, 0.81]}, vaes) for shift in (0.0, 0.06, -0.06)]
    records = [r for seed, of in enumerate(by_seed) for r in seeded(of, seed)]
    # 0.01 better in each draw on average, but by -0.01, 0.01 and 0.03 in the trainings
    finding = judge("tableB1-50", records)
    assert finding.test.endswith("by training") and finding.n == 3
    p = 1 - math.sqrt(3 / 11)  # t = sqrt(3) / 2, with 2 degrees of freedom
    assert finding.verdict == rules.PARTLY and finding.p == pytest.approx(p)
    assert judge("tableB1-50", by_seed[0]).test.endswith("by draw")


def test_codes_are_compared_over_the_trainings_that_all_models_have():
    def draws(mean):
        return {50: [mean - 0.01, mean, mean + 0.01]}

    vaes = {8: (0.81, 0.83, 0.76), 16: (0.60, 0.60, 0.99), 32: (0.6,) * 3, 64: (0.6,) * 3, 128: (0.6,) * 3}
    records = []
    for seed, intel in enumerate((0.80, 0.82, 0.99)):
        records += seeded(table_b1(draws(intel), {d: draws(of[seed]) for d, of in vaes.items()}), seed)
    late = [r for r in records if r.config.method == "InteL-VAE" and r.config.seed == 2]
    two = [r for r in records if r not in late]
    # 0.81 against 0.82 over the seeds that both have; the VAE's third would take its mean down to 0.80
    finding = judge("tableB1-50", two)
    assert finding.verdict == rules.NOT_REPRODUCED and finding.ours == pytest.approx(0.81)
    assert finding.test == "paired t against 0.82 (D = 8), by draw"
    assert judge("tableB1-50", records).test.endswith("by training")
    lacking = [r for r in records if r.config.latent_dim != 128 or r.config.seed == 0]  # a VAE that is not the best
    assert judge("tableB1-50", lacking).ours == pytest.approx(0.80) and judge("tableB1-50", lacking).n == 3
    assert judge("tableB1-50", [r for r in lacking if r.config.latent_dim == 128 or r.config.seed]).n == 0


def test_draws_of_the_authors_protocol_are_not_paired():
    def code(n, records):
        return judge(f"tableB1-{n}-code", records)

    vaes = {d: {50: [0.70, 0.75, 0.80], 100: [0.70, 0.71, 0.72]} for d in DIMS}
    better = table_b1({50: [0.71, 0.761, 0.809], 100: [0.80, 0.81, 0.82]}, vaes, protocol="authors")
    assert judge("tableB1-50", table_b1({50: [0.71, 0.761, 0.809]}, vaes)).verdict == rules.REPRODUCED  # in each draw
    finding = code(50, better)
    assert finding.verdict == rules.PARTLY and finding.test == "Welch's t against 0.75 (D = 8), by draw"
    shuffled = table_b1({50: [0.809, 0.71, 0.761]}, vaes, protocol="authors")
    assert code(50, shuffled).p == pytest.approx(finding.p)
    # 0.1 with a deviation of 0.01 in both: t = 0.1 / (0.01 sqrt(2 / 3)), with 4 degrees of freedom
    assert code(100, better).verdict == rules.REPRODUCED
    assert code(100, better).p == pytest.approx(2 * stats.t.sf(10 * math.sqrt(1.5), 4))
    assert code(100, table_b1({100: [0.6, 0.61, 0.62]}, vaes, protocol="authors")).verdict == rules.NOT_REPRODUCED
    assert code(500, better).verdict == rules.NOT_TESTED and code(500, better).n == 0  # no scores
    assert code(50, [r for seed in range(3) for r in seeded(better, seed)]).test.endswith("by training")
    claims_of_code = [c for c in claims.faces.CLAIMS if "-code-" in c.id]
    assert all(c.variant and "Welch's" in c.rule for c in claims_of_code) and len(claims_of_code) == 3


def test_what_few_labels_cost_is_held_against_the_vae_of_equal_dimension():
    vaes = {d: {50: [0.80] * 3, 8059: [0.81] * 10} for d in DIMS}  # they lose 0.01, but for the one in question
    vaes[64] = {50: [0.70, 0.72, 0.74], 8059: [0.85] * 10}
    for few, verdict in (
        ([0.76, 0.781, 0.80], rules.REPRODUCED),
        ([0.70, 0.76, 0.76], rules.PARTLY),
        ([0.65, 0.65, 0.65], rules.NOT_REPRODUCED),
    ):
        finding = judge("tableB1-robust", table_b1({50: few, 8059: [0.86] * 10}, vaes))
        assert finding.verdict == verdict and finding.n == 3
        assert finding.ours == pytest.approx(sum(few) / 3 - 0.86)
        assert finding.test == "paired t against -0.13 (D = 64), by draw"
    (claim,) = [c for c in claims.faces.CLAIMS if c.id == "tableB1-robust-8059-faces"]
    assert not claim.variant and "every VAE with latent_dim = 64" in claim.rule


@pytest.mark.parametrize(("n", "verdict"), [(1000, rules.PARTLY), (5000, rules.REPRODUCED)])
def test_beyond_a_thousand_labels_codes_need_not_be_significantly_better(n, verdict):
    vaes = {d: {n: [0.80, 0.81, 0.82], 8059: [0.8] * 3} for d in DIMS}
    better = {n: [0.81, 0.81, 0.815], 8059: [0.9] * 3}  # on average, not in every draw
    finding = judge(f"tableB1-{n}", table_b1(better, vaes))
    assert finding.verdict == verdict and finding.p > rules.LEVEL
    worse = {n: [0.79, 0.81, 0.82], 8059: [0.9] * 3}
    assert judge(f"tableB1-{n}", table_b1(worse, vaes)).verdict == rules.NOT_REPRODUCED
    (claim,) = [c for c in claims.faces.CLAIMS if c.id == f"tableB1-{n}-8059-faces"]
    assert "p by draw speaks of these alone" in claim.rule
    assert ("How significant that is decides nothing" in claim.rule) is (n > 1000)


@pytest.mark.parametrize(
    ("best", "verdict"),
    [
        ((8, 16, 16, 64, 128, 128), rules.REPRODUCED),
        ((8, 32, 16, 64, 64, 64), rules.PARTLY),
        ((64, 64, 64, 64, 64, 64), rules.NOT_REPRODUCED),
    ],
)
def test_the_best_dimension_is_followed_over_the_numbers_of_labels(best, verdict):
    sizes = (50, 100, 500, 1000, 5000, 8059)
    vaes = {d: {n: [0.8 if d == b else 0.7] * 3 for n, b in zip(sizes, best, strict=True)} for d in DIMS}
    records = table_b1({n: [0.5] * 3 for n in sizes}, vaes)
    finding = judge("tableB1-optimum", records)
    assert finding.verdict == rules.NOT_TESTED and finding.n == 1  # one training of each
    assert finding.test == "best D: " + ", ".join(map(str, best))
    seeds = [r for seed in range(3) for r in seeded(records, seed)]
    assert judge("tableB1-optimum", seeds).verdict == verdict
    # a seed that not all VAEs have decides nothing
    (more,) = [r for r in table_b1({}, {d: dict.fromkeys(sizes, [1.0] * 3) for d in DIMS}) if r.config.latent_dim == 8]
    assert judge("tableB1-optimum", seeds + seeded([more], 3)).verdict == verdict


def test_levels_are_compared_within_a_run():
    (claim,) = [c for c in claims.faces.CLAIMS if c.id == "figB2-details"]
    assert isinstance(claim, rules.faces.Within)
    for last, nats, verdict in (
        (0.1, 0.2, rules.REPRODUCED),
        (0.1, 0.05, rules.PARTLY),  # a level that is off changes nothing, whatever the one above it does
        (0.9, 0.2, rules.NOT_REPRODUCED),
        (0.9, 0.05, rules.NOT_REPRODUCED),
    ):
        records = one_layer(lambda c, x=last, y=nats: {"change_0": 0.5 + c.seed / 100, "change_4": x, "kl_4": y})
        finding = claim.judge(records)
        assert finding.verdict == verdict and ("level that is off" in finding.test) is (verdict == rules.PARTLY)
    (category,) = [c for c in claims.faces.CLAIMS if c.id == "figB2-category"]
    codes = one_layer(lambda c: {"accuracy_0": 0.7 + c.seed / 100, "accuracy_4": 0.3, "kl_4": 1.0})
    assert category.judge(codes).verdict == rules.REPRODUCED
    assert category.judge(codes[:2]).verdict == rules.NOT_TESTED


def one_layer(metrics):
    """Records of the authors' mapping in Figure B.2, a seed each, with the `metrics` of their configs."""
    return [
        Record(c, metrics(c), {}, {}, 1.0, "cpu", {}, "none", "2022-04-25")
        for c in experiments.grid("hierarchy", "laptop")
        if c.mapping == "hierarchy" and not dict(c.mapping_options).get("residual")
    ]


@pytest.mark.parametrize(
    ("third", "verdict"), [(0.3, rules.REPRODUCED), (0.103, rules.PARTLY), (0.01, rules.NOT_REPRODUCED)]
)
def test_every_level_must_hold_something(third, verdict):
    (claim,) = [c for c in claims.faces.CLAIMS if c.id == "figB2-held"]
    assert not claim.variant
    nats = (9.0, 1.0, third, 2.0, 1.0)
    records = one_layer(lambda c: {f"kl_{i}": v + 0.01 * (c.seed - 1) for i, v in enumerate(nats)})
    assert claim.judge(records).verdict == verdict
    assert claim.judge(records).ours == pytest.approx(third)


def test_rules_of_faces_are_said_in_words():
    for claim in claims.faces.CLAIMS:
        assert claim in claims.CLAIMS and claim.rule.startswith("reproduced: ")
        assert claim.judge([]).verdict == rules.NOT_TESTED


def test_the_levels_of_every_model_of_figure_b2_are_measured_and_of_no_other_vae():
    grid = experiments.grid("hierarchy", "laptop")
    assert {c.method for c in grid} == {"VAE", "InteL-VAE"} and all(c.measures == ("levels",) for c in grid)
    assert not any("levels" in c.measures for name in ("sparsity", "table1") for c in experiments.grid(name, "laptop"))


def test_mappings_of_the_grids_fit_their_dimensions():
    for name in ("table-b1", "hierarchy"):
        for profile in experiments.PROFILES:
            for c in experiments.grid(name, profile):
                if c.mapping == "hierarchy":
                    assert sum(Hierarchy(c.latent_dim, **dict(c.mapping_options)).widths) == c.latent_dim
