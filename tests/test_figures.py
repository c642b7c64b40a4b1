"""What holds for every figure: it is tested, shows all its data, says what its axes are, and can do without colours."""

import importlib
import inspect
import itertools

import matplotlib
import matplotlib.pyplot as plt
import pytest
import test_beyond_chapter
import test_digits
import test_discrepancies
import test_faces_chapter
import test_hierarchy_chapter
import test_plan
import test_report
import test_sparsity_chapter
import test_speed
import test_style
import test_theorem
import test_toys_chapter
import test_wines
from drawn import colour, dots, hidden, legend_of, without_colour, words
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from intelvae.paper.explorers import Explorer

matplotlib.use("agg")

# by name, a figure of data made by hand; the tests of each one's own contents are beside it
TESTED = {
    "style": test_style,
    "studies.toys.figures": test_toys_chapter,
    "studies.toys.theorem": test_theorem,
    "studies.digits.figures": test_digits,
    "studies.sparsity.figures": test_sparsity_chapter,
    "studies.faces.figures": test_faces_chapter,
    "studies.hierarchy.figures": test_hierarchy_chapter,
    "studies.beyond.figures": test_beyond_chapter,
    "studies.discrepancies.figures": test_discrepancies,
    "studies.wines": test_wines,
    "report": test_report,
    "speed": test_speed,
    "plan": test_plan,
}
EXAMPLES = {f"{module}.{name}": of for module, tests in TESTED.items() for name, of in tests.EXAMPLES.items()}
EXPLORERS = {
    f"{module}.{name}": of for module, tests in TESTED.items() for name, of in getattr(tests, "EXPLORERS", {}).items()
}

LOGARITHMIC = {
    "plan.times": {("log", "log")},
    "plan.told": {("log", "log")},
    "speed.ratios": {("log", "linear")},
    "studies.beyond.figures.steepness": {("linear", "log")},
    "studies.sparsity.figures.ablation": {("symlog", "linear"), ("symlog", "log")},
    "studies.toys.theorem.by_cells": {("log", "linear")},
    "studies.faces.figures.accuracies": {("log", "linear")},
    "studies.faces.figures.quality_and_sparsity": {("linear", "log")},
    "studies.sparsity.figures.as_coded": {("linear", "log")},
    "studies.sparsity.figures.few_shot": {("log", "linear")},
    "studies.sparsity.figures.gates": {("symlog", "linear")},
    "studies.sparsity.figures.trade_off": {("linear", "log")},
}


def returning(kind):
    """The public functions of the modules of figures that give one of this kind."""
    for name in TESTED:
        module = importlib.import_module(f"intelvae.paper.{name}")
        for function in [of for _, of in inspect.getmembers(module, inspect.isfunction)]:
            given = inspect.signature(function).return_annotation
            own = function.__module__ == module.__name__ and not function.__name__.startswith("_")
            if own and given in (kind, kind.__name__):
                yield f"{name}.{function.__name__}"


@pytest.fixture(params=EXAMPLES, scope="module")
def figure(request):
    found = EXAMPLES[request.param]()
    found.set_label(request.param)
    yield found
    plt.close("all")


def shared(axis, name):
    """A label of an axis: its own, or that of its column (x) or row (y) of axes, or of the figure."""
    span = {"x": "colspan", "y": "rowspan"}[name]
    place = getattr(axis.get_subplotspec(), span)
    own = [words(a)["xy".index(name)] for a in axis.figure.axes if getattr(a.get_subplotspec(), span) == place]
    return [label for label in (*own, getattr(axis.figure, f"get_sup{name}label")()) if label]


def test_every_function_that_gives_a_figure_has_an_example():
    assert sorted(EXAMPLES) == sorted(returning(Figure)) and len(EXAMPLES) > 15
    assert sorted(EXPLORERS) == sorted(returning(Explorer))


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_starts_at_a_picture_and_has_words_for_all(name):
    shown = EXPLORERS[name]()
    groups, dimensions, values = shown.images.shape[:3]
    assert len(set(shown.groups)) == groups and shown.kind and shown.alt
    assert all(len(set(of)) == dimensions for of in shown.dimensions)
    assert all(0 <= at < values for of in shown.start for at in of)
    assert all(of == sorted(of) for row in shown.values for of in map(list, row))  # to the right is more


def test_no_axis_cuts_its_data(figure):
    assert [of for axis in figure.axes for of in hidden(axis)] == []


def test_an_axis_is_logarithmic_where_it_should_be_and_nowhere_else(figure):
    expected = LOGARITHMIC.get(figure.get_label(), {("linear", "linear")})
    assert {(axis.get_xscale(), axis.get_yscale()) for axis in figure.axes} == expected


def test_every_axis_with_numbers_says_what_they_are(figure):
    for axis in figure.axes:
        if axis.axison and not axis.images:
            for name in "xy":
                assert shared(axis, name) or not len(getattr(axis, f"get_{name}ticks")())
        assert not axis.axison or axis.get_title() or shared(axis, "x") or shared(axis, "y")


def test_a_legend_is_about_what_is_drawn_has_room_and_is_readable_without_colours(figure):
    if not figure.legends and not any(axis.get_legend() for axis in figure.axes):
        return
    found = legend_of(figure)
    handles = found.legend_handles
    drawn = {colour(a) for axis in figure.axes for a in (*axis.lines, *axis.patches)}
    assert {colour(handle) for handle in handles} <= drawn.union(*map(dots, figure.axes))
    assert len({text.get_text() for text in found.texts}) == len(handles)
    alone = [handle for handle in handles if not isinstance(handle, LineCollection)]  # not a bar through a marker
    assert len({without_colour(handle) for handle in alone}) == len(alone)
    figure.canvas.draw()
    place = found.get_window_extent()
    assert place.x0 >= 0 and place.y0 >= 0 and place.x1 <= figure.bbox.x1 and place.y1 <= figure.bbox.y1


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_label_or_title_lies_over_another_or_over_a_legend(name):
    figure = EXAMPLES[name]()  # its own: what other tests do to theirs moves labels
    figure.canvas.draw()
    of_axes = [text for axis in figure.axes for text in (axis.xaxis.label, axis.yaxis.label, axis.title)]
    shown = [text for text in of_axes if text.get_text() and text.get_visible()]
    places = [(artist, artist.get_window_extent()) for artist in (*shown, *figure.legends)]
    for (one, at), (other, there) in itertools.combinations(places, 2):
        assert not at.overlaps(there), (one, other)
    plt.close("all")


def test_an_axis_that_cuts_is_noticed():
    axis = plt.figure().add_subplot()
    axis.plot([0, 1], [0, 5])
    axis.scatter([2], [1])
    axis.errorbar([0], [1], yerr=[3])
    axis.bar([1], [4])
    axis.axhline(2)
    assert hidden(axis) == []
    for limits, lost in (
        ({"xlim": (-1, 1.9)}, 1),
        ({"ylim": (-2.5, 4.5)}, 1),
        ({"ylim": (-1.9, 5)}, 1),
        ({"ylim": (-3, 3)}, 3),
    ):
        plt.setp(axis, xlim=(-1, 3), ylim=(-3, 6))
        axis.set(**limits)
        assert len(hidden(axis)) >= lost
    plt.close("all")
