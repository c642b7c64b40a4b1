"""Charts of discrepancies: what is declared can be run, changes come out right, and the longest bar is on top."""

import dataclasses

import matplotlib
import pytest
from drawn import levels, lines, result, results
from matplotlib.colors import to_hex

from intelvae.paper import pages, studies
from intelvae.paper.rows import INTEL, MOG, VAE, VAMP
from intelvae.paper.statistics import changed, measured
from intelvae.paper.studies.discrepancies import analysis, figures, tables, told, topics
from intelvae.paper.studies.discrepancies.parts import Chart, Discrepancy, Source
from intelvae.paper.studies.toys.analysis import NO_RUN

matplotlib.use("agg")


def source(name, *groups, experiment="a", method=None):
    """Rows of that name in an experiment, one a group."""
    return Source((experiment,), tuple(result(name, group, method=method).row for group in groups or ("",)))


def chart(*discrepancies, **more):
    """A chart of them by the metric "m", in % of the VAE's unless told otherwise."""
    given = {"key": "k", "where": "Table 0", "measure": "number", "unit": "% of the VAE's", "metric": measured("m")}
    compared = {"ours": source("InteL-VAE"), "other": source("VAE")}
    return Chart(**given | compared | more, discrepancies=discrepancies)


def found(experiment="a", **values):
    """Results of an experiment by the names of their rows: values of "m" by seed."""
    of = [
        result(name.replace("_", "-"), seed=seed, metrics={"m": value, "n": 10 * value})
        for name, each in values.items()
        for seed, value in enumerate(each)
    ]
    return {experiment: results(*of, experiment=experiment)}


def known():
    """A chart with four bars of known size: +200 % of one seed, -100 %, +50 % and -10 % of three."""
    changes = [
        Discrepancy("t", "little", source("VAE"), source("VAE, little", method=VAE)),
        Discrepancy("t", "most", source("MoG-VAE"), source("MoG-VAE, most", method=MOG)),
        Discrepancy("u", "better", source("InteL-VAE"), source("InteL-VAE, better", method=INTEL)),
        Discrepancy("u", "worse", source("Vamp-VAE"), source("Vamp-VAE, worse", method=VAMP)),
        Discrepancy("v", "never run", source("VAE"), source("nothing", method=VAE)),
    ]
    values = {
        "VAE": (1.0, 2.0, 3.0),
        "VAE, little": (0.8, 1.8, 2.8),
        "MoG_VAE": (5.0, 6.0),
        "MoG_VAE, most": (9.0,),
        "InteL_VAE": (4.0, 4.0, 4.0),
        "InteL_VAE, better": (1.0, 2.0, 3.0),
        "Vamp_VAE": (4.0, 4.0, 4.0),
        "Vamp_VAE, worse": (5.0, 5.0, 5.0),
    }
    return analysis.fill(chart(*changes, paper=-20.0), found(**values))


@pytest.mark.parametrize("profile", ["laptop", "paper"])
def test_every_declared_pair_names_rows_of_its_experiments(profile):
    runs = {name: studies.runs(name, profile) for name in analysis.experiments(profile)}
    rows = {name: {(run.row.name, run.row.group) for run in of} for name, of in runs.items()}  # what results go by
    for each in analysis.charts(profile):
        for of in each.sources:
            there = set().union(*(rows[name] for name in of.experiments))
            assert {(row.name, row.group) for row in of.rows} <= there, of
            assert len({row.method for row in of.rows}) == 1


def test_the_two_sides_of_a_pair_have_one_method_and_differ():
    for each in analysis.charts("laptop"):
        for change in each.discrepancies:
            assert change.before.method == change.after.method
            assert (change.before == change.after) == (change.metrics is not None)


def test_labels_of_a_chart_and_keys_of_charts_are_different():
    charts = analysis.charts("laptop")
    assert len({each.key for each in charts}) == len(charts) == 11
    for each in charts:
        labels = [analysis.label_of(change) for change in each.discrepancies]
        assert len(set(labels)) == len(labels), sorted(labels)


def test_every_bar_has_a_topic_and_every_topic_a_page():
    used = {change.topic for each in analysis.charts("laptop") for change in each.discrepancies}
    assert used <= topics.TOPICS.keys()
    book = {path.stem for path in pages.sources()}
    assert all(topic.pages and set(topic.pages) <= book for topic in topics.TOPICS.values())


def test_a_change_is_the_mean_over_seeds_that_both_have():
    change = changed({0: 1.0, 1: 2.0, 5: 100.0}, {0: 2.0, 1: 5.0, 7: 0.0})
    assert (change.before, change.after, change.difference) == (1.5, 3.5, 2.0)
    assert change.half is None and change.by_seed == (1.0, 3.0)
    assert changed({0: 1.0}, {1: 1.0}) is None


def test_known_changes_come_out_right_the_largest_first():
    filled = known()
    names = [(bar.discrepancy.name, round(bar.change.difference, 6)) for bar in filled.bars]
    # in % of the VAE's mean, which is 2
    assert names == [("most", 200.0), ("better", -100.0), ("worse", 50.0), ("little", -10.0)]
    assert [bar.favours for bar in filled.bars] == [True, True, True, False]
    assert [len(bar.change.by_seed) for bar in filled.bars] == [1, 3, 3, 3]
    assert filled.lacking == 1 and filled.effect.difference == 100.0
    better = next(bar for bar in filled.bars if bar.discrepancy.name == "better").change
    assert round(better.half, 2) == round(4.3027 * 50 / 3**0.5, 2)  # Student's t for three seeds


def test_more_is_better_turns_what_favours_the_mapping_around():
    of = chart(smaller=False)
    assert of.favours(INTEL, 1.0) and of.favours(VAE, -1.0) and not of.favours(VAE, 1.0)


def test_several_rows_are_averaged_over_the_seeds_that_all_have():
    of = [
        result("VAE", group, seed=s, metrics={"m": v}) for group, s, v in (("x", 0, 1.0), ("y", 0, 3.0), ("x", 1, 9.0))
    ]
    values = source("VAE", "x", "y").by_seed({"a": results(*of)}, measured("m"))
    assert values == {0: 2.0}


def test_models_that_are_measured_twice_are_relative_to_the_first_measure():
    vae = source("VAE")
    of = chart(Discrepancy("t", "otherwise", vae, vae, (measured("n"), measured("m"))))
    (bar,) = analysis.fill(of, found(VAE=(1.0, 3.0), InteL_VAE=(1.0, 1.0))).bars
    assert bar.change.difference == pytest.approx(-90.0)  # from ten times as much, in % of that


def test_without_runs_a_chart_is_empty_and_says_so():
    empty = analysis.fill(known().chart, {})
    assert (empty.bars, empty.effect, empty.lacking) == ([], None, 5)
    assert analysis.said(empty, "VAE: little") == analysis.NOT_RUN == analysis.effect(empty)[0]
    figure = figures.tornado([empty])
    assert "has been run" in figure.axes[0].get_title()


def test_the_page_cites_only_bars_that_are_declared():
    with pytest.raises(ValueError, match="no bar 'VAE: nothing'"):
        analysis.said(known(), "VAE: nothing")


def test_changes_are_written_with_their_sign_unit_and_interval():
    filled = known()
    assert analysis.said(filled, "MoG-VAE: most") == "+200 %"
    line = {line["what is changed"]: line["change"] for line in analysis.lines(filled)}
    assert line["Vamp-VAE: worse"] == "+50 (+50 to +50) %"
    points = dataclasses.replace(filled.chart, relative=False, unit="points", digits=1)
    assert analysis.text(points, -0.04) == "+0.0 points" and analysis.text(points, -0.06) == "\N{MINUS SIGN}0.1 points"


def test_the_papers_numbers_are_those_of_its_tables():
    one, two, shares, distance, score, attributes = tables.charts("laptop")
    assert round(one.paper, 1) == round(100 * (32.2 - 42.0) / 42.0, 1)
    assert round(two.paper, 1) == -1.6
    assert round(distance.paper, 1) == round(100 * (64.9 - 68.6) / 68.6, 1)
    assert round(score.paper, 2) == 0.24
    assert shares.paper is None  # it compares no two methods
    assert round(attributes.paper, 1) == 2.6


def test_a_topic_is_told_by_the_largest_bar_of_each_chart():
    assert analysis.moved({"k": known()}, "u") == ["Table 0: \N{MINUS SIGN}100 %"]
    assert analysis.moved({"k": known()}, "v") == []


def test_the_tables_of_topics_have_each_once_and_as_many_cells_in_every_line():
    charts = {each.key: analysis.fill(each, {}) for each in analysis.charts("laptop")}
    tried, untried = topics.tried(charts).splitlines(), topics.untried(charts).splitlines()
    assert len(tried) + len(untried) - 4 == len(topics.TOPICS) and len(untried) > 5
    for lines_of, columns in ((tried, 5), (untried, 5)):
        assert {line.replace("\\|", "").count("|") for line in lines_of} == {columns + 1}


def test_differences_in_no_chart_say_where_they_are_shown_or_that_none_was_tried():
    charts = {each.key: analysis.fill(each, {}) for each in analysis.charts("laptop")}
    last = {line.split(" | ")[-1].removesuffix(" |") for line in topics.untried(charts).splitlines()[2:]}
    assert "not tried" in last and any(words.startswith("page 06") for words in last)


def test_the_code_has_no_ten_sectors():
    of_k = {change.name for change in tables.charts("laptop")[0].discrepancies if change.topic == "clusters"}
    assert of_k == {"2 x 2 instead of 2 x 5", "2 sectors in one plane"}


# What the page says beside the charts


def share(name, value, **metrics):
    """A result of Table 3 with that share of zeros in the data."""
    return result(name, method=INTEL, value=value, metrics=metrics)


def test_a_share_is_judged_by_how_far_it_is_from_the_true_one():
    away = tables.from_the_true_share
    assert away(share("20 % zeros", 0.2, learned_zeros=0.15, smallest_mass=0.4)) == pytest.approx(0.05)
    assert away(share("20 % zeros", 0.2, learned_zeros=0.25, smallest_mass=0.4)) == pytest.approx(0.05)
    assert away(share("0 % zeros", 0.0, learned_zeros=0.0, smallest_mass=0.4)) == pytest.approx(0.4)


def test_a_chart_that_compares_no_two_methods_has_bars_and_no_lines():
    change = Discrepancy("t", "better", source("InteL-VAE"), source("InteL-VAE, better", method=INTEL))
    of = chart(change, ours=None, other=None, relative=False, scale=100.0, unit="points")
    filled = analysis.fill(of, found(InteL_VAE=(0.4,), **{"InteL_VAE, better": (0.1,)}))
    assert filled.effect is None and analysis.said(filled, "InteL-VAE: better") == "\N{MINUS SIGN}30 points"
    assert [place for _, way, place in levels(figures.tornado([filled]).axes[0]) if way == "x"] == [0]


def on_points(data, *shares, first=0):
    """InteL-VAEs with these shares of samples in the hole, from a first seed on, and a VAE that fills it."""
    made = [
        result(
            "InteL-VAE", data, data=data, seed=seed, mapping="circle", metrics={"inside_hole": value},
            curves={"valid_kl": [1.0]},
        )
        for seed, value in enumerate(shares, first)
    ]  # fmt: skip
    return results(*made, result("VAE", data, data=data, metrics={"inside_hole": 0.0}))


def test_empty_holes_are_counted_over_all_settings_of_a_data_set():
    both = [on_points("circle", 0.0, 0.019, 0.5), on_points("square", 0.0)]
    assert told.empty(both, "circle") == told.empty([*both, both[0]], "circle") == "2 of 3"  # which two of them share
    assert told.empty([*both, on_points("circle", 0.3, first=3)], "circle") == "2 of 4"
    assert told.empty(both, "star") == NO_RUN


def test_means_of_a_relative_chart_are_told_as_the_metric_has_them():
    filled = known()
    assert filled.chart.relative and filled.bars[0].label == "MoG-VAE: most"
    assert analysis.ends(filled, "MoG-VAE: most") == "5 to 9"  # of the seed that both have
    assert (analysis.of_the_vae(filled), analysis.of_the_intel_vae(filled)) == ("2", "4")
    points = analysis.fill(
        dataclasses.replace(filled.chart, relative=False, scale=100.0), found(VAE=(1.0,), InteL_VAE=(4.0,))
    )
    assert (analysis.of_the_vae(points), analysis.of_the_intel_vae(points)) == ("100", "400")  # in the chart's unit
    empty = analysis.fill(known().chart, {})
    assert analysis.of_the_vae(empty) == analysis.of_the_intel_vae(empty) == analysis.NOT_RUN


def test_the_mapping_is_ahead_of_whom_it_beats_by_more_than_the_interval():
    names = ("worse", "better", "scattered", "once")
    changes = [Discrepancy("t", name, source("VAE"), source(f"VAE, {name}", method=VAE)) for name in names]
    of = found(
        VAE=(1.0, 1.0, 1.0), InteL_VAE=(1.0, 1.0, 1.0),
        **{"VAE, worse": (2.0, 2.1, 2.2), "VAE, better": (0.5, 0.6, 0.5), "VAE, scattered": (1.0, 7.0, 1.0)},
        **{"VAE, once": (9.0,)},
    )  # fmt: skip
    filled = analysis.fill(chart(*changes), of)
    assert told.ahead(filled, of, {f"the {name}": f"VAE: {name}" for name in names}) == (
        "The InteL-VAE is then ahead of the worse (by more than the 95 % interval). It is behind the better. "
        "Against the scattered and the once these runs cannot tell."
    )
    turned = dataclasses.replace(filled, chart=dataclasses.replace(filled.chart, smaller=False))
    assert "ahead of the better (" in told.ahead(turned, of, {"the better": "VAE: better"})
    assert told.ahead(filled, {}, {"one": "VAE: once"}) == "Against one these runs cannot tell."


def test_the_numbers_of_charts_are_folded_under_one_name():
    one, two = analysis.numbers(known()), analysis.numbers(known(), known())
    assert (one.title, two.title) == ("All numbers of this chart", "All numbers of these charts")
    assert repr(two).count("InteL-VAE: better") == 2 * repr(one).count("InteL-VAE: better") > 0


def test_bullets_tell_of_bars_that_have_been_run_and_name_the_rest():
    filled = known()
    bar = filled.bars[0]
    told_of = told.bullets(filled, {bar.label: "Changed by {}."})
    assert told_of == f"- Changed by {analysis.said(filled, bar.label)}."
    ends = told.bullets(filled, {bar.label: "From {}."}, analysis.ends)
    assert ends == f"- From {analysis.ends(filled, bar.label)}."
    lacking = next(
        label for each in filled.chart.discrepancies if not analysis.bar_of(filled, label := analysis.label_of(each))
    )
    both = told.bullets(filled, {lacking: "never {}", bar.label: "Changed by {}."})
    assert both == f"{told_of}\n- **Planned, not run yet:** {lacking}."


def test_the_small_beta_is_told_over_the_seeds_that_both_models_have():
    def made(name, seed, distance, score=0.23):
        metrics = {"hoyer_sample": score, "hoyer_used": score - 0.1, "active_overall": 50.0}
        metrics |= {"frechet_10000": 7.0, "clean_frechet_2000": distance}
        return result(name, method=INTEL if "gamma" in name else VAE, seed=seed, metrics=metrics)

    ours = "InteL-VAE, gamma = 10"
    of = told.small_beta(results(made("VAE", 0, 100.0), made(ours, 0, 104.0, 0.7), made(ours, 1, 900.0, 0.1)))
    assert of == {
        "score": "0.70", "used": "0.60", "chance": "0.23", "farther": "+4.0 %", "seeds": "one seed",
    }  # fmt: skip
    assert set(told.small_beta(results(made("VAE", 0, 100.0))).values()) == {told.NOT_RUN}


def test_numbers_that_the_page_gives_seed_by_seed_are_those_after_the_change():
    filled = known()
    of = found(**{"InteL_VAE, better": (1.0, 2.0, 3.0)})
    assert told.after_by_seed(filled, of, "InteL-VAE: better") == "1, 2, 3"
    assert told.after_by_seed(filled, {}, "InteL-VAE: better") == told.NOT_RUN


def test_without_runs_the_page_says_so():
    nothing = results()
    assert set(told.distances(nothing).values()) == {told.NOT_RUN}
    assert told.leads(nothing) == (told.NOT_RUN, told.NOT_RUN)
    assert told.forests(nothing, "VAE") == told.NOT_RUN and told.at_once(nothing) == "0 of 0"


def test_a_forest_is_told_by_both_protocols():
    of = results(result(metrics={"random_forest_100": 0.5, "authors_random_forest_100": 0.625}))
    assert told.forests(of, "VAE") == "50.0 to 62.5"
    assert told.forests(results(result(metrics={"random_forest_100": 0.5})), "VAE") == told.NOT_RUN


def example():
    return figures.tornado([known(), known()])


EXAMPLES = {"tornado": example}


def test_a_tornado_has_the_longest_bar_on_top_full_where_it_helps_the_mapping():
    figure = figures.tornado([known()])
    (axis,) = figure.axes
    bars = sorted(axis.patches, key=lambda bar: -bar.get_y())
    assert [round(bar.get_width(), 6) for bar in bars] == [200.0, -100.0, 50.0, -10.0]
    assert [to_hex(bar.get_edgecolor()) for bar in bars] == [m.color for m in (MOG, INTEL, VAMP, VAE)]
    assert [bar.get_fill() for bar in bars] == [True, True, True, False]
    labels = [text.get_text() for text in axis.get_yticklabels()]
    assert labels == ["VAE: little", "Vamp-VAE: worse", "InteL-VAE: better", "MoG-VAE: most"]
    (marks,) = [(x, y) for _, x, y in lines(axis) if len(x) == 1]
    assert marks == ([200.0], [3])  # the one bar with fewer than three seeds
    assert [(c, place) for c, way, place in levels(axis) if way == "x"] == [
        ("#000000", 0), ("#000000", 100.0), ("#000000", -20.0),
    ]  # fmt: skip


def test_an_axis_becomes_logarithmic_where_one_bar_would_hide_the_others():
    vae = source("VAE")
    sizes = {f"VAE, {i}": (1.0 + i / 100,) for i in range(1, 8)} | {"VAE, 8": (100.0,)}
    changes = [Discrepancy("t", name, vae, source(name, method=VAE)) for name in sizes]
    filled = analysis.fill(chart(*changes), found(VAE=(1.0,), **sizes))
    (axis,) = figures.tornado([filled]).axes
    assert axis.get_xscale() == "symlog" and "logarithmic beyond ±6" in axis.get_xlabel()
