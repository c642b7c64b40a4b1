"""What the page on discrepancies says beside its charts: sentences and numbers that follow the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from intelvae.paper.measures import chance_in_use, clean_frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.statistics import Metric, by_seed, changed, measured
from intelvae.paper.studies.digits.analysis.shares import NOT_RUN
from intelvae.paper.studies.digits.grid import TABLE1
from intelvae.paper.studies.discrepancies.analysis import Filled, bar_of, label_of, said, with_minus
from intelvae.paper.studies.discrepancies.parts import Found
from intelvae.paper.studies.faces import protocols
from intelvae.paper.studies.faces.grid import INTEL_VAE
from intelvae.paper.studies.sparsity.grid import SHOWN, at
from intelvae.paper.studies.toys import analysis as toys


def runs(count: int) -> str:
    """A number of seeds, in words.

    >>> runs(1), runs(3)
    ('one seed', '3 seeds')
    """
    return "one seed" if count == 1 else f"{count} seeds"


def after_by_seed(filled: Filled, found: Found, label: str) -> str:
    """The numbers that the bar with that label leads to, seed by seed."""
    chart = filled.chart
    after = next(each for each in chart.discrepancies if label_of(each) == label).after
    values = after.by_seed(found, chart.metric).values()
    return ", ".join(f"{chart.scale * value:.{chart.digits}f}" for value in values) or NOT_RUN


def bullets(filled: Filled, lines: Mapping[str, str], how: Callable[[Filled, str], str] = said) -> str:
    """Lines of Markdown about bars by their labels, "{}" in them for the change; those not run in a last line.

    `how` says the change: `analysis.ends` gives the means before and after.
    """
    of = {label: bar_of(filled, label) for label in lines}
    told = [f"- {line.format(how(filled, label))}" for label, line in lines.items() if of[label]]
    lacking = [label for label, bar in of.items() if bar is None]
    return "\n".join(told + [f"- **Planned, not run yet:** {listed(lacking)}."] * bool(lacking))


def distances(results: Results) -> dict[str, str]:
    """The distance without faint pixels of every row of Table 1, mean over its seeds, by its name."""
    found = {row.name: [clean_frechet(r) for r in results.of(row.name)] for row in TABLE1}
    return {name: f"{fmean(of):,.0f}" if of else NOT_RUN for name, of in found.items()}


def ahead(filled: Filled, found: Found, labels: Mapping[str, str]) -> str:
    """Whom the InteL-VAE is ahead of once the changes with these `labels`, by name, are made to its rivals: sentences.

    It is ahead of those whose number is worse than its own by more than the 95 % interval of the mean difference over
    seeds, and behind those whose number is better by more; against all others these runs cannot tell.
    """
    chart = filled.chart
    ours = chart.ours.by_seed(found, chart.metric) if chart.ours else {}
    places: dict[str, list[str]] = {"ahead": [], "behind": [], "unclear": []}
    for name, label in labels.items():
        after = next(each for each in chart.discrepancies if label_of(each) == label).after
        change = changed(ours, after.by_seed(found, chart.metric))
        if change is None or change.half is None or abs(change.difference) <= change.half:
            places["unclear"].append(name)
        else:
            places["ahead" if (change.difference > 0) == chart.smaller else "behind"].append(name)
    sentences = {
        "ahead": "The InteL-VAE is then ahead of {} (by more than the 95 % interval).",
        "behind": "It is behind {}.",
        "unclear": "Against {} these runs cannot tell.",
    }
    return " ".join(sentences[place].format(listed(names)) for place, names in places.items() if names)


def empty(found: Sequence[Results], data: str) -> str:
    """In how many runs of several experiments the InteL-VAE leaves the holes of a data set empty (`toys.emptied`).

    A run that two of them share counts once.
    """
    return toys.emptied([*{r.run.training: r for each in found for r in each}.values()], data)["of"]


def small_beta(results: Results) -> dict[str, str]:
    """How near the smallest beta comes to very sparse codes with good samples, over the seeds of both models.

    "score", "used" (in the dimensions in use), "chance", and by how much samples are farther away than the VAE's with
    this beta, without faint pixels, "farther", in %; "seeds".
    """
    ours, theirs = results.of(at(INTEL, SHOWN)), results.of("VAE")
    shared = {r.seed for r in ours} & {r.seed for r in theirs}
    if not shared:
        return dict.fromkeys(("score", "used", "chance", "farther", "seeds"), NOT_RUN)

    def mean(of: Sequence[Result], metric: Metric) -> float:
        return fmean(value for seed, value in by_seed(of, metric).items() if seed in shared)

    return {
        "score": f"{mean(ours, measured('hoyer_sample')):.2f}",
        "used": f"{mean(ours, measured('hoyer_used')):.2f}",
        "chance": f"{mean(ours, chance_in_use):.2f}",
        "farther": _percent(100 * (mean(ours, clean_frechet) / mean(theirs, clean_frechet) - 1)),
        "seeds": runs(len(shared)),
    }


def _percent(value: float) -> str:
    return with_minus(f"{value:+.1f} %")


def judged(row: Mapping[str, Any]) -> str:
    """The verdict of one of `ledger.rows`, with its p-value.

    >>> judged({"verdict": "partly", "p": 0.142})
    '*partly* (p = 0.14)'
    """
    return f"*{row['verdict']}*" + ("" if row["p"] is None else f" (p = {row['p']:.2f})")


def forests(results: Results, name: str, labels: int = 100) -> str:
    """A forest's accuracy in %, from so many labels, on codes of a row: by our protocol, and by the authors' code's."""
    metrics = [measured(f"{who}random_forest_{labels}") for who in ("", "authors_")]
    of = [r for r in results.of(name) if f"authors_random_forest_{labels}" in r.metrics]
    return " to ".join(f"{100 * fmean(map(metric, of)):.1f}" for metric in metrics) if of else NOT_RUN


def leads(results: Results) -> tuple[str, str]:
    """By how many points the InteL-VAE leads the best VAE from the fewest labels, by our protocol and theirs."""
    if not {INTEL_VAE, "VAE"} <= {row.name for row in results.rows}:
        return NOT_RUN, NOT_RUN
    line = protocols.by_labels(results)[0]
    ours, code = (with_minus(line[title]) for title in ("lead", "lead, the authors' protocol"))
    return ours, code or NOT_RUN


def at_once(results: Results) -> str:
    """How many runs there are of an experiment that changes many things at once, of how many."""
    return f"{len(results)} of {len(results.asked)}"
