"""The chapter on what the paper says in passing: its rows, rules, figures and what its page says of them."""

import math
from dataclasses import replace

import matplotlib
import pytest
import torch
from drawn import legend, lines, result, results
from matplotlib.colors import to_hex
from torch.distributions import kl_divergence

from intelvae.paper import kinds, ledger, prose, studies
from intelvae.paper.config import Evaluation
from intelvae.paper.results import Results
from intelvae.paper.rows import FLOW, INTEL, VAE, VAMP
from intelvae.paper.studies.beyond import analysis, claims, figures, grid, theorem

matplotlib.use("agg")
LIKELIHOODS = {"ELBO": (-2.0, -3.0), "IWAE": (-1.5, -2.9), "Renyi": (-2.2, -3.1)}  # of seeds 0 and 1


def of_bounds():
    """On the mixture the InteL-VAE has a nat more than on the circle, and the VAE ten."""
    return [
        result(f"{method.name}, {bound}", data, seed=seed, method=method, metrics={"log_likelihood": value + more})
        for data, more in (("circle", 0.0), ("mixture", 1.0))
        for method in (VAE, INTEL)
        for bound, values in LIKELIHOODS.items()
        for seed, value in enumerate(values)
    ]


def test_slopes_are_scaled_by_the_size_of_z():
    assert analysis.scaled_slope(result("VAE", metrics={"slope_z": 3.0, "size_z": 0.5})) == 1.5


def test_data_sets_are_counted_on_which_the_vae_is_steeper_in_units_of_the_size_of_z():
    def runs(name, data, size, *slopes):
        return [result(name, data, seed=s, metrics={"slope_z": v, "size_z": size}) for s, v in enumerate(slopes)]

    circle = [*runs("VAE", "circle", 1.0, 2.0, 2.1, 2.2), *runs("InteL-VAE", "circle", 0.5, 3.0, 3.1, 3.3)]
    star = [*runs("VAE", "star", 1.0, 2.0, 2.0, 2.0), *runs("InteL-VAE", "star", 1.0, 3.0, 3.1, 3.3)]
    square = [*runs("VAE", "square", 1.0, 2.0, 3.0, 4.0), *runs("InteL-VAE", "square", 1.0, 1.0, 4.0, 3.5)]
    both = analysis.steeper_scaled(results(*circle, *square))
    assert both == "on 2 of 2 data sets, on 1 of them significantly (p < 0.05)"
    less = analysis.steeper_scaled(results(*circle, *star))
    assert less == ("on 1 of 2 data sets, on 1 of them significantly (p < 0.05) (and significantly less steep on 1)")
    assert analysis.steeper_scaled(results(*circle[:1], circle[3])) == "on 1 of 1 data sets"


def steep():
    return [
        result(method.name, data, seed=seed, data=data, metrics=metrics)
        for data in ("circle", "star")
        for k, method in enumerate((VAE, VAMP, INTEL))
        for seed in (10, 11)
        for metrics in [
            {
                "slope_z": 2.0 + k + seed,
                "slope_y": 30.0 + k + seed,
                "slope_z_max": 99.0,
                "slope_y_max": 999.0,
                "size_z": 1.0,
            }
        ]
    ]


def loose():
    return [
        result(
            method.name,
            data,
            data=data,
            metrics={"loose_elbo": 3.0 + at, "loose_renyi": 2.0 + at, "loose_iwae": 1.0 + at},
        )
        for data, more in (("circle", 0.0), ("star", 10.0))
        for k, method in enumerate((VAE, INTEL))
        for at in [k + more]
    ]


def ended(*kls, name="VAE", data="circle"):
    return [result(name, data, seed=s, data=data, curves={"valid_kl": [9.0, kl]}) for s, kl in enumerate(kls)]


EXAMPLES = {
    "looseness": lambda: figures.looseness(loose()),
    "steepness": lambda: figures.steepness(steep()),
    "endings": lambda: figures.endings([*ended(3.0, 0.05), *ended(2.0, 1.0, name="InteL-VAE", data="star")]),
}


def test_bounds_are_below_the_evidence_with_and_without_a_mapping():
    figure = figures.looseness(loose())
    assert [axis.get_title() for axis in figure.axes] == ["VAE", "InteL-VAE"]
    assert legend(figure) == {name: to_hex(color) for name, (color, _) in figures.OF_BOUNDS.items()}
    for k, axis in enumerate(figure.axes):
        marks = {line.get_label(): list(line.get_ydata()) for line in axis.lines}
        for bound, value in (("ELBO", 3.0), ("Renyi", 2.0), ("IWAE", 1.0)):
            assert marks[bound] == [value + k, value + k + 10]  # on the circle, and on the star
        assert axis.get_ylim()[0] == 0
    assert analysis.looseness(results(*loose())).loc[("star", "InteL-VAE")].tolist() == ["14.000", "13.000", "12.000"]


def test_slopes_are_those_of_z_and_of_y_on_one_scale():
    figure = figures.steepness(steep())
    for axis, first in zip(figure.axes, (12.0, 40.0), strict=True):
        assert axis.get_yscale() == "log"
        marks = {line.get_label(): list(line.get_ydata()) for line in axis.lines}
        for k, method in enumerate((VAE, VAMP, INTEL)):
            assert marks[method.name] == [first + k, first + k + 1] * 2
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_endings_are_the_last_kl_of_every_run_beside_the_border():
    axis = figures.endings([*ended(3.0, 0.05), *ended(2.0, name="InteL-VAE", data="star")]).axes[0]
    marks = {color: sorted(y) for color, _, y in lines(axis)}
    assert {color: marks[color] for color in (to_hex(VAE.color), to_hex(INTEL.color))} == {
        to_hex(VAE.color): [0.05, 3.0],
        to_hex(INTEL.color): [2.0],
    }
    assert claims.COLLAPSED in {line.get_ydata()[0] for line in axis.lines if line.get_linestyle() == ":"}


def test_the_rows_of_a_bound_differ_in_the_bound_alone():
    one = {run.row.name: run.training for run in grid.bounds("laptop", 3) if run.training.data == "star"}
    assert sorted(one) == sorted(f"{m}, {b}" for m in ("VAE", "InteL-VAE") for b in grid.BOUNDS)
    for method in ("VAE", "InteL-VAE"):
        elbo = one[f"{method}, ELBO"].chosen
        for bound in ("IWAE", "Renyi"):
            settings = one[f"{method}, {bound}"].chosen
            assert {k: v for k, v in settings.items() if not k.startswith("bound")} == elbo
            assert dict(settings["bound_options"])["samples"] == 8
    there = {run.training for run in studies.runs("readings", "laptop", 3)}
    longer = {replace(run.training, epochs=20) for run in grid.bounds("laptop", 3)}
    assert len(longer & there) == 6  # on the ELBO they are one of page 04's readings, but for the number of epochs


def test_on_digits_the_rows_of_table_2_differ_in_the_bound_and_the_mapping_alone():
    runs = grid.bounds_01("laptop")
    assert len(runs) == 18 and all(Evaluation("likelihood") in run.evaluations for run in runs)
    one = {run.row.name: run.training.chosen for run in runs if run.training.seed == 1}
    there = {run.training for run in studies.runs("multi-modality", "laptop")}
    assert {replace(run.training, epochs=30) for run in runs if run.row.name.endswith("ELBO")} < there
    for method in ("VAE", "InteL-VAE"):
        for bound, settings in grid.BOUNDS.items():
            same = {k: v for k, v in one[f"{method}, {bound}"].items() if not k.startswith("bound")}
            assert same == one[f"{method}, ELBO"]
            assert one[f"{method}, {bound}"].get("bound") == settings.get("bound")
    assert [run.row.name for run in grid.bounds_01("smoke")] == ["InteL-VAE, ELBO", "InteL-VAE, IWAE"]


def of_digits(*likelihoods):
    """An ambiguous sample less for the InteL-VAE; on the ELBO log p(x) is -900."""
    return [
        result(f"{method.name}, {bound}", "mnist-01", seed=seed, method=method, metrics={
            "log_likelihood": value + seed / 10, "uncertain": share + seed / 1000, "test_kl": 2.0
        })
        for method, share in ((VAE, 0.03), (INTEL, 0.01))
        for bound, value in (("ELBO", -900.0), *likelihoods)
        for seed in range(3)
    ]  # fmt: skip


def test_on_digits_a_bound_is_judged_by_likelihood_and_the_mapping_by_ambiguous_samples():
    by = {claim.id: claim for claim in claims.CLAIMS}
    found = results(*of_digits(("IWAE", -890.0), ("Renyi", -910.0)))
    verdicts = {id: by[f"digits-{id}"].judge(found).verdict for id in ("iwae", "renyi", "iwae-vae", "iwae-ambiguous")}
    assert verdicts == {
        "iwae": kinds.REPRODUCED, "renyi": kinds.OPPOSITE,
        "iwae-vae": kinds.REPRODUCED, "iwae-ambiguous": kinds.REPRODUCED,
    }  # fmt: skip
    assert not by["digits-iwae"].variant and by["digits-iwae-vae"].variant and not by["digits-iwae"].post_hoc
    assert by["digits-elbo-ambiguous"].variant
    table = analysis.digits(found)
    assert table.loc["InteL-VAE, IWAE"].tolist() == ["-889.900 ± 0.100", "2.000 ± 0.000", "0.011 ± 0.001"]
    assert list(analysis.digits(results())) == list(table)


def test_page_04s_models_are_half_of_those_whose_stability_is_counted():
    own, ten = ({run.training for run in studies.runs(name, "laptop")} for name in ("stability", "connectivity"))
    assert len(own) == 2 * len(ten) == 300 and ten < own
    seeds = {of: {r.training.seed for r in grid.stability("laptop") if r.row.method == of} for of in (VAE, VAMP, INTEL)}
    assert all(of == set(range(20)) for of in seeds.values())


def test_slopes_are_of_models_that_page_04_has():
    steep, there = (studies.runs(name, "laptop") for name in ("smoothness", "notebooks-one-prior"))
    assert [run.training for run in steep] == [run.training for run in there]
    assert all(Evaluation("smoothness") in run.evaluations and not run.extras for run in steep)


def test_the_flow_is_set_beside_no_mapping_and_page_04s():
    runs = [run for run in grid.flow("laptop", 0) if run.training.data == "star"]
    assert {run.row.name: run.training.mapping for run in runs} == {
        "VAE": "identity", FLOW.name: "coupling", "InteL-VAE": "circle"
    }  # fmt: skip
    stored = {run.training for run in studies.runs("connectivity", "laptop")}
    assert [run.row.name for run in runs if run.training not in stored] == [FLOW.name]


def failures(ours, theirs, asked=(), seeds=10):
    found = [*ended(*ours, name="InteL-VAE"), *ended(*theirs)]
    claim = claims.Failures("id", "where", "what", "in words", "page", "stability", "InteL-VAE", "VAE", seeds)
    assert claim.rule.startswith("reproduced: ")
    return claim.judge(Results("stability", "smoke", [r.run for r in [*found, *asked]], found))


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ([0.0] * 1 + [1.0] * 9, [0.05] * 1 + [2.0] * 9, kinds.REPRODUCED),
        ([0.0] * 1 + [1.0] * 9, [0.0] * 7 + [2.0] * 3, kinds.REPRODUCED),
        ([0.0] * 2 + [1.0] * 8, [0.0] * 1 + [2.0] * 9, kinds.NO_DIFFERENCE),
        ([0.0] * 7 + [1.0] * 3, [0.0] * 1 + [2.0] * 9, kinds.OPPOSITE),  # Fisher's p is 0.02
    ],
)
def test_failures_are_counted_and_tested(ours, theirs, verdict):
    found = failures(ours, theirs)
    assert (found.verdict, found.n, found.ours) == (verdict, 10, sum(kl < 0.1 for kl in ours))
    assert failures([*ours[:1], *[0.0] * 9], [*theirs[:1], *[1.0] * 9], seeds=1).n == 1  # the others do not count


def test_a_run_without_a_record_leaves_stability_untested():
    """One that diverged leaves none, and must not pass for one that is stable."""
    more = ended(*[1.0] * 10)[9:]
    assert failures([1.0] * 9, [1.0] * 9, more).verdict == kinds.NOT_TESTED
    assert failures([1.0] * 9, [1.0] * 9).verdict == kinds.NOT_TESTED  # ten seeds are asked for
    assert failures([1.0] * 9, [1.0] * 9, seeds=9).verdict == kinds.REPRODUCED
    table = analysis.stability(Results("stability", "smoke", [r.run for r in ended(1, 0, 1, 1)], ended(1.0, 0.0, 1.0)))
    assert table.loc["VAE", "circle"] == "1 of 3, 1 without a record"


def likely(name, *values, data="circle"):
    return [
        result(name, data, seed=s, data=data, metrics={"log_likelihood": v}, curves={"valid_kl": [9.0, 1.0]})
        for s, v in enumerate(values)
    ]


def test_the_trivial_model_is_the_gaussian_that_fits_best():
    """Of a circle with radius 2 and a little noise each coordinate has a variance of 2: -log(2 pi e 2)."""
    assert claims.trivial("circle") == pytest.approx(-math.log(4 * math.pi * math.e), abs=0.05)


def test_a_run_is_stuck_that_is_nearer_to_one_gaussian_than_to_the_better_median():
    on_star = [*likely("VAE", -1.0, -1.8, -1.0, data="star"), *likely("Vamp-VAE", -0.1, data="star")]
    found = [*likely("VAE", -1.5, -1.5, -1.5), *likely("InteL-VAE", -2.0, -2.4, -2.6), *on_star]
    stuck = claims.stuck(found)  # of the circle the line is at -2.5
    assert [stuck(r) for r in found[:6]] == [False] * 5 + [True]
    assert not stuck(on_star[1])  # there it is at -1.9, or would be at -1.4 if all methods counted
    assert stuck(likely("Vamp-VAE", -3.0)[0])  # by the line of the others


def test_failures_by_likelihood_are_a_variant_that_sees_runs_with_a_code():
    by = {c.id: c for c in claims.CLAIMS if isinstance(c, claims.Failures)}
    assert by["stability-20-likelihood"].variant and by["stability-20-likelihood"].post_hoc
    assert not by["stability-20"].variant and by["stability-20"].post_hoc
    found = [*likely("VAE", *[-1.5] * 10), *likely("InteL-VAE", *[-3.0] * 7, *[-1.6] * 3)]
    asked = Results("stability", "smoke", [r.run for r in found], found)
    old, new = (replace(by["stability-10"], by_likelihood=which).judge(asked) for which in (False, True))
    assert (old.verdict, old.ours) == (kinds.REPRODUCED, 0.0)
    assert (new.verdict, new.ours) == (kinds.OPPOSITE, 7.0)
    table = analysis.stability(asked, claims.stuck(found))
    assert table["circle"].tolist() == ["0 of 10", "7 of 10"]
    assert analysis.failed(asked, "InteL-VAE", claims.stuck(found)) == "7 of 10"


def test_more_failures_that_are_not_significant_were_partly_by_the_rule_before():
    by = {c.id: c for c in claims.CLAIMS if c.id.startswith("stability-20")}
    found = [*ended(*[0.0] * 2, *[1.0] * 18, name="InteL-VAE"), *ended(*[1.0] * 20)]
    asked = Results("stability", "smoke", [r.run for r in found], found)
    now, before = by["stability-20"], by["stability-20-partly"]
    assert now.judge(asked).verdict == kinds.NO_DIFFERENCE and before.judge(asked).verdict == kinds.PARTLY
    assert before.variant and not before.post_hoc and "partly: more, but not significantly" in before.rule
    assert ledger.EARLIER[now.id] == (before.id,)


def test_failures_than_a_vamp_vaes_are_variants_and_judged_against_its_runs():
    by = {c.id: c for c in claims.CLAIMS if c.id.startswith("stability-20-vamp")}
    assert set(by) == {"stability-20-vamp", "stability-20-vamp-likelihood"}
    assert all(c.variant and c.post_hoc for c in by.values())
    more = [*ended(*[0.0] * 7, *[1.0] * 13, name="InteL-VAE"), *ended(*[0.0] * 20)]
    found = [*more, *ended(*[1.0] * 20, name="Vamp-VAE")]
    judged = by["stability-20-vamp"].judge(Results("stability", "smoke", [r.run for r in found], found))
    assert (judged.verdict, judged.ours, judged.n) == (kinds.OPPOSITE, 7.0, 20)
    asked = Results("stability", "smoke", [r.run for r in found], found[:-1])
    assert by["stability-20-vamp"].judge(asked).verdict == kinds.NOT_TESTED


def test_equation_4_holds_for_flows_and_not_for_the_circle():
    assert max(theorem.violations()) < 1e-6
    table = theorem.table().astype(float)
    assert (table["KL in Z, circle"] < table["KL in Y"] - 0.3).all()
    # a Gaussian around the origin has a uniform angle, as the prior
    assert table["KL in Z, circle"].iloc[0] == pytest.approx(0.0, abs=1e-6)


def test_a_density_of_z_is_that_of_a_linear_map_where_the_mapping_is_one():
    """With `s` and `t` constant a coupling is `z = e^s y + t`."""
    g = theorem.Coupling(2, layers=2).double().requires_grad_(False)
    for network, (raw, shift) in zip(g.networks, ((0.3, 1.0), (-0.5, 2.0)), strict=True):
        network[2].bias.copy_(torch.tensor([raw, shift]))
    scale = torch.tensor([math.tanh(-0.5), math.tanh(0.3)]).double().exp()  # the first layer moves the second half
    q = theorem.gaussian((0.5, -1.0), (0.7, 0.4))
    in_z = theorem.gaussian(
        tuple((scale * q.mean + torch.tensor([2.0, 1.0])).tolist()), tuple((scale * q.stddev).tolist())
    )
    z = in_z.sample((20,))
    torch.testing.assert_close(theorem.log_densities(g, z.clone(), q)[0], in_z.log_prob(z))
    assert theorem.kl_in_z(g, q) == pytest.approx((float(kl_divergence(q, theorem.PRIOR)), 1.0), abs=1e-9)


def test_verdicts_are_counted_by_the_beginning_of_their_ids():
    lines = [
        {"id": id, "verdict": verdict, "variant": variant}
        for id, verdict, variant in (
            ("bounds-a", kinds.REPRODUCED, False), ("bounds-b", kinds.OPPOSITE, False), 
            ("bounds-c", kinds.PARTLY, True),
            ("flow-a", kinds.PARTLY, False), ("bounds-d", kinds.REPRODUCED, False),
        )
    ]  # fmt: skip
    assert analysis.verdicts(lines, "bounds-") == prose.badges([kinds.REPRODUCED, kinds.OPPOSITE, kinds.REPRODUCED])
    assert analysis.verdicts(lines, "bounds-", variant=True) == prose.badges([kinds.PARTLY])


def test_tables_have_a_line_for_each_data_set_and_method():
    gains = analysis.gains(results(*of_bounds()))
    assert gains.loc[("circle", "VAE"), "log p(x), ELBO"] == "-2.500 ± 0.707"
    assert gains.loc[("mixture", "InteL-VAE"), "IWAE adds (95 % interval)"] == "+0.3"
    assert gains["Renyi adds (95 % interval)"].iloc[0] == "-0.15"
    assert analysis.gains(results()).empty and list(analysis.gains(results())) == list(gains)
    slopes = analysis.slopes(results(*steep()))
    assert slopes.loc[("star", "InteL-VAE")].tolist() == [
        "14.5 ± 0.7", "99.0 ± 0.0", "42.5 ± 0.7", "999.0 ± 0.0", "1.0 ± 0.0"
    ]  # fmt: skip
    assert analysis.means(results(*steep()), "star", "slope_z") == {
        "VAE": "12.5",
        "Vamp-VAE": "13.5",
        "InteL-VAE": "14.5",
    }
    assert [analysis.shown(results(*steep()), data) for data in ("star", "mixture")] == ["star", "circle"]
    flows = [
        result(
            name, data, metrics={"bridge": 0.25, "inside_hole": 0.5, "sliced_wasserstein": 0.1, "log_likelihood": -1.0}
        )
        for data in ("circle", "mixture")
        for name in ("VAE", FLOW.name)
    ]
    table = analysis.flows(results(*flows))
    assert table["samples in a hole or on the bridge, %"].tolist() == ["50.0", "50.0", "25.0", "25.0"]
    by_hand = [
        result("InteL-VAE", data, metrics={"log_likelihood": nats})
        for data, nats in (("circle", -2.0), ("mixture", 0.0))
    ]
    assert analysis.less_likely_by_hand(results(*flows, *by_hand)) == "1 of 2"
    assert analysis.less_likely_by_hand(results(*flows)) == "0 of 0"


def test_what_failed_is_told_of_all_data_sets():
    of = results(*ended(0.0, 1.0), *ended(0.05, 3.0, data="star"))
    assert analysis.failed(of, "VAE") == "2 of 4"
    assert analysis.failed(of, "VAE", data=["star"]) == "1 of 2"


def test_data_sets_on_which_every_intel_vae_fails_are_told_apart():
    kls = {"infinity": ([0.0, 0.0], [0.0, 1.0]), "circle": ([0.0, 1.0], [1.0, 1.0]), "star": ([1.0], [1.0])}
    runs = [
        run
        for data, of in kls.items()
        for name, ends in zip(("InteL-VAE", "VAE"), of, strict=True)
        for run in ended(*ends, name=name, data=data)
    ]
    assert analysis.hopeless(results(*runs), claims.collapsed) == ["infinity"]
    assert analysis.told_failed(results(*runs), claims.collapsed) == (
        "1 of 3 InteL-VAEs and 0 of 3 VAEs fail on 2 data sets. On the infinity sign, where no InteL-VAE fits, 2 of 2 "
        "and 1 of 2 do"
    )
    alone = results(*runs[:4])  # all data sets are hopeless
    assert analysis.hopeless(alone, claims.collapsed) == []
    assert analysis.told_failed(alone, claims.collapsed) == "2 of 2 InteL-VAEs and 1 of 2 VAEs fail"


def test_log_p_of_x_at_the_end_is_told_of_both_methods():
    of = results(*likely("InteL-VAE", -2.7, -2.7), *likely("VAE", -1.0, -1.2))
    assert analysis.ending(of, "circle") == "-2.70 ± 0.00 nats (the VAE: -1.10 ± 0.14)"
