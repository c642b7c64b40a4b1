"""The figures of the page beyond the ELBO: one mark a run, by data and method, bars at the means."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from intelvae.paper.results import Result
from intelvae.paper.rows import AMBER, GREY, INTEL, SKY, VAE
from intelvae.paper.statistics import Metric, measured
from intelvae.paper.studies.beyond.claims import COLLAPSED
from intelvae.paper.style import legend_outside

Look = tuple[str, str]  # colour and marker
OF_BOUNDS: dict[str, Look] = {"ELBO": (GREY, "s"), "Renyi": (SKY, "^"), "IWAE": (AMBER, "o")}


def looseness(results: Sequence[Result]) -> Figure:
    """How far the ELBO, a Renyi bound and IWAE are below log p(x), by data: without a mapping and with one, in nats."""
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3), sharey=True, layout="constrained")
    for axis, method in zip(axes, (VAE, INTEL), strict=True):
        values: dict[str, dict[str, list[float]]] = {}
        for r in results:
            of = values.setdefault(r.row.group, {bound: [] for bound in OF_BOUNDS})
            for bound in OF_BOUNDS if r.row.method == method else ():
                of[bound].append(r.metrics[f"loose_{bound.lower()}"])
        _marks(axis, values, OF_BOUNDS)
        axis.set(title=method.name, xlabel="data")
    axes[0].set(ylabel="below log p(x), nats", ylim=(0, None))  # of both, when both have their marks
    legend_outside(figure, axes[0], ncols=3)
    return figure


def steepness(results: Sequence[Result]) -> Figure:
    """The decoder's slope (99 % quantile over the prior) by data and method: alone, and with the mapping inside it."""
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3), sharey=True, layout="constrained")
    for axis, of, words in zip(axes, "zy", ("decoder, from z", "decoder and mapping, from y"), strict=True):
        _marks(axis, _by_method(results, measured(f"slope_{of}")), _looks(results))
        axis.set(title=words, xlabel="data", yscale="log")
    axes[0].set_ylabel("slope, 99 % quantile")
    legend_outside(figure, axes[0], ncols=3)
    return figure


def endings(results: Sequence[Result]) -> Figure:
    """The KL divergence of every run after its last epoch, in nats, by data and method, and where a run has failed."""
    figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
    _marks(axis, _by_method(results, lambda r: r.curves["valid_kl"][-1]), _looks(results), mean=False)
    axis.axhline(COLLAPSED, color="black", lw=0.8, ls=":", label=f"collapsed: below {COLLAPSED:g}")
    axis.set(xlabel="data", ylabel="KL divergence (nats)")
    legend_outside(figure, axis, ncols=4)
    return figure


def _looks(results: Sequence[Result]) -> dict[str, Look]:
    return {r.row.method.name: (r.row.method.color, r.row.method.marker) for r in results}


def _by_method(results: Sequence[Result], metric: Metric) -> dict[str, dict[str, list[float]]]:
    """A metric of the results by data and method."""
    found: dict[str, dict[str, list[float]]] = {}
    for r in results:
        found.setdefault(r.row.group, {}).setdefault(r.row.method.name, []).append(metric(r))
    return found


def _marks(
    axis: plt.Axes, values: Mapping[str, Mapping[str, Sequence[float]]], looks: Mapping[str, Look], mean: bool = True
) -> None:
    """A mark for each value, by data and kind, side by side, and a bar at the mean of each kind."""
    apart = 0.8 / len(looks)
    for k, (kind, (color, marker)) in enumerate(looks.items()):
        shift = apart * (k - (len(looks) - 1) / 2)
        places = [(i + shift, list(of.get(kind, []))) for i, of in enumerate(values.values())]
        x = [at for at, of in places for _ in of]
        y = [value for _, of in places for value in of]
        axis.plot(x, y, ls="", marker=marker, ms=4.5, alpha=0.7, color=color, mew=0, label=kind)
        means = [(at, statistics.fmean(of)) for at, of in places if of]
        if mean and means:
            axis.plot(*zip(*means, strict=True), ls="", marker="_", ms=14, mew=1.2, color="black", zorder=3)
    axis.set_xticks(range(len(values)), list(values))
    axis.spines[["top", "right"]].set_visible(False)
