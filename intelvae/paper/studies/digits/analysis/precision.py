"""What bfloat16 changes, which the page on speed shows: the same runs in both precisions, seed by seed."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from intelvae.paper.kinds import NO_DIFFERENCE
from intelvae.paper.results import Results
from intelvae.paper.statistics import LEVEL, Metric, Paired, by_seed, mean_and_sd, paired
from intelvae.paper.studies.digits import grid

NAMES = {"mnist": "all of MNIST", "mnist-01": "zeros and ones"}


class Measure(NamedTuple):
    """What is compared: its name and unit, a metric, and the data of the runs that have it."""

    name: str
    unit: str
    metric: Metric
    data: str


ELBO = Measure("validation ELBO", "nats", lambda result: result.curves["valid_elbo"][-1], "mnist")
AMBIGUOUS = Measure("ambiguous share", "%", lambda result: 100 * result.metrics.get("uncertain", math.nan), "mnist-01")
ONES = Measure("share of ones", "%", lambda result: 100 * result.metrics.get("ones", math.nan), "mnist-01")
MEASURES = (ELBO, ELBO._replace(data="mnist-01"), AMBIGUOUS, ONES)


def _values(results: Results, measure: Measure, precision: str) -> dict[int, float]:
    """A measure of the runs in one precision, by seed; empty where there are none."""
    runs = [r for r in results.of(group=precision) if r.training.data == measure.data]
    return by_seed(runs, measure.metric)


def _pair(results: Results, measure: Measure) -> Paired | None:
    """The other precision against float32, over the seeds that both have."""
    first, other = (_values(results, measure, precision) for precision in grid.COMPARED[results.profile])
    return paired(other, first)


def by_precision(results: Results) -> pd.DataFrame:
    """Each measure in both precisions, mean ± sd over their runs, and the mean change of a seed's run with its p-value.

    A measure of which no run is there has no line.
    """
    lines = []
    for measure in MEASURES:
        of = {precision: _values(results, measure, precision) for precision in grid.COMPARED[results.profile]}
        if any(of.values()):
            test = _pair(results, measure)
            line = {"data": NAMES[measure.data], "measure": f"{measure.name}, {measure.unit}"}
            line |= {precision: mean_and_sd([*values.values()], 2) for precision, values in of.items()}
            change = "" if test is None else f"{test.difference + 0.0:+.2f}"
            p = "" if test is None or test.p is None else f"{test.p:.2g}"
            lines.append(line | {"change": change, "p": p})
    return pd.DataFrame(lines)


def told_by_precision(results: Results) -> str:
    """Whether the precision changes the bound on MNIST, and the ambiguous share of zeros and ones: a paragraph each."""
    told = [_told(results, measure) for measure in (ELBO, AMBIGUOUS)]
    if results.profile == "smoke":
        told.append("At `smoke` float64 stands in for bfloat16, for which many processors have no units.")
    return "\n\n".join(told)


def _told(results: Results, measure: Measure) -> str:
    first, other = grid.COMPARED[results.profile]
    test, where = _pair(results, measure), f"On {NAMES[measure.data]}"
    if test is None:
        return f"{where} no seed has been run in both precisions yet."
    unit = measure.unit
    means = f"{test.other:.2f} {unit} in {first} and {test.mean:.2f} {unit} in {other}"
    if test.p is None or test.detectable is None:
        return f"{where} the {measure.name} is {means}. So few seeds cannot be tested."
    if test.p < LEVEL:
        return f"{where} the precision changes the {measure.name}: it is {means} (p = {test.p:.2g})."
    return (
        f"{where} there is {NO_DIFFERENCE} in the {measure.name}: {means}. So few seeds would mostly miss a change "
        f"of less than {test.detectable:.2g} {'percentage points' if unit == '%' else unit}."
    )
