"""Theorem 1 in numbers: divergences from the prior before and after mappings, on the line and in the plane.

On the line they are integrals (`intelvae.divergences`), and a value before the mapping is one in closed form. In the
plane they are simulated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.distributions import Normal

from intelvae import divergences
from intelvae.divergences import Pair, after, before, closed_form, divergence
from intelvae.mappings import Circle, Glue, Sectors, Threshold
from intelvae.paper.rows import BLUE, GREEN, GREY, ORANGE
from intelvae.paper.statistics import mean_and_sd, summary
from intelvae.paper.studies.toys.claims import ENCODERS, PRIOR
from intelvae.paper.style import MARKERS, SHADES, legend_outside

OnTheLine = tuple[Callable[[Tensor], Tensor], Sequence[float]]  # a mapping and where it turns

MERGING: dict[str, OnTheLine] = {
    "|y|": (torch.abs, [0.0]),
    "y²": (torch.square, [0.0]),
    "y³ - 3y": (lambda y: y**3 - 3 * y, [-1.0, 1.0]),
    "sin y": (torch.sin, [math.pi * (k + 0.5) for k in range(-10, 10)]),
}
INVERTIBLE: dict[str, OnTheLine] = {
    "affine": (lambda y: 1 - 3 * y, ()),
    "sinh y": (torch.sinh, ()),
    "y³ + y": (lambda y: y**3 + y, ()),
    "clusters": (Threshold(), [0.0]),
}


def label(q: Normal) -> str:
    """A Gaussian by its parameters.

    >>> label(Normal(1.0, 0.5))
    'N(1, 0.5²)'
    """
    return f"N({q.mean:g}, {q.stddev:g}²)"


@dataclass(frozen=True)
class Case:
    """A divergence of an encoder from the prior: in closed form `before` a mapping, integrated `after` it."""

    mapping: str
    divergence: str
    encoder: Normal
    before: float
    after: float


def on_the_line(family: Mapping[str, OnTheLine], encoders: Sequence[Normal] = ENCODERS) -> list[Case]:
    """Every divergence of every encoder from the prior, before and after each mapping."""
    cases = []
    for mapping, (g, breakpoints) in family.items():
        for q in encoders:
            pair = after(q, PRIOR, g, breakpoints)
            cases += [
                Case(mapping, name, q, closed_form(name, q, PRIOR), divergence(name, pair))
                for name in divergences.NAMES
            ]
    return cases


def error_of_quadrature() -> float:
    """How far a divergence between two Gaussians is from its closed form, at most, over `ENCODERS`."""
    pairs = [(q, before(q, PRIOR)) for q in ENCODERS]
    return max(
        abs(divergence(name, pair) - closed_form(name, q, PRIOR)) for name in divergences.NAMES for q, pair in pairs
    )


def kl_by_encoder(cases: Sequence[Case]) -> pd.DataFrame:
    """KL divergences: a line an encoder, first before and then after each mapping."""
    lines: dict[str, dict[str, str]] = {}
    for case in cases:
        if case.divergence == "KL":
            line = lines.setdefault(label(case.encoder), {"before g": f"{case.before:.4f}"})
            line[case.mapping] = f"{case.after:.4f}"
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("encoder q")


APART = 0.18  # marks of one encoder


def what_is_left(cases: Sequence[Case]) -> Figure:
    """Each divergence after a mapping as a share of the one before: a panel a divergence, marks by mapping."""
    names = list(dict.fromkeys(case.divergence for case in cases))
    mappings = list(dict.fromkeys(case.mapping for case in cases))
    encoders = list(dict.fromkeys(label(case.encoder) for case in cases))
    figure, axes = plt.subplots(1, len(names), figsize=(8, 3.3), sharey=True, squeeze=False, layout="constrained")
    for axis, name in zip(axes[0], names, strict=True):
        axis.axhline(1, color="black", ls="--", lw=1)
        for i, (mapping, marker, shade) in enumerate(zip(mappings, MARKERS, SHADES, strict=False)):
            of = [case for case in cases if (case.divergence, case.mapping) == (name, mapping)]
            places = [encoders.index(label(case.encoder)) + APART * (i - (len(mappings) - 1) / 2) for case in of]
            left = [case.after / case.before for case in of]
            axis.plot(places, left, marker, color=shade, ms=5, alpha=0.8, label=mapping)
        axis.set_xticks(range(len(encoders)), encoders, rotation=90, fontsize=8)
        axis.set_title(name, fontsize=10)
    axes[0, 0].set(ylabel="share left after the mapping", ylim=(0, 1.05))  # of all
    figure.supxlabel("encoder", fontsize=10)
    legend_outside(figure, axes[0, 0], ncols=len(mappings))
    sns.despine(figure)
    return figure


MEANS = np.linspace(-2.2, 2.2, 45)


@cache
def _folded() -> tuple[np.ndarray, np.ndarray]:
    """KL divergences, in nats, of N(mean, 0.5²) for each of `MEANS`: in closed form before |y|, integrated after."""
    moving = [Normal(float(mean), 0.5) for mean in MEANS]
    first = [closed_form("KL", q, PRIOR) for q in moving]
    last = [divergence("KL", after(q, PRIOR, *MERGING["|y|"])) for q in moving]
    return np.array(first), np.array(last)


def lost_in_the_fold() -> dict[str, str]:
    """What |y| takes from the KL divergence of N(mean, 0.5²), in nats: at the mean 0, at 2.2, and ln 2, the limit."""
    first, last = _folded()
    lost = first - last
    found = {"centre": abs(lost[len(lost) // 2]), "far": lost[-1], "limit": math.log(2)}
    return {name: f"{value:.4f}" for name, value in found.items()}


def fold() -> Figure:
    """An encoder and the prior before and after |y|, and their KL divergence as the encoder's mean moves."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.7), layout="constrained")
    q = Normal(1.0, 0.5)
    pairs: tuple[tuple[Pair, str, str], ...] = (
        (before(q, PRIOR), "$y$", "before: $y$"),
        (after(q, PRIOR, *MERGING["|y|"]), "$z$", "after: $z = |y|$"),
    )
    for axis, (pair, name, title) in zip(axes[:2], pairs, strict=True):
        shown = pair.at.abs() < 3.2
        for log_density, dashes, color in ((pair.log_p, "--", BLUE), (pair.log_q, "-", ORANGE)):
            axis.plot(pair.at[shown], log_density[shown].exp(), dashes, color=color)
        axis.set(title=title, xlim=(-3.2, 3.2), ylim=(0, 1), xlabel=name)
    axes[0].set_ylabel("density")
    axes[0].text(-1.1, 0.3, "prior $p$", color=BLUE, ha="right")
    axes[0].text(1.0, 0.84, "encoder $q$", color=ORANGE, ha="center")
    first, last = _folded()
    axes[2].plot(MEANS, first, "--", color="black")
    axes[2].plot(MEANS, last, "-", color=GREEN)
    axes[2].fill_between(MEANS, last, first, color=GREY, alpha=0.3, lw=0)
    axes[2].text(-1.5, 1.75, "before", ha="left")
    axes[2].text(-1.5, 0.3, "after", color=GREEN, ha="right")
    line = {"arrowstyle": "-", "lw": 0.8}
    at = (1.9, (first[-4] + last[-4]) / 2)
    axes[2].annotate("at most ln 2", at, (0.5, 2.5), va="center", ha="center", arrowprops=line)
    axes[2].set(title="KL divergence, nats", xlabel="mean of $q$", ylabel="nats", ylim=(0, 3))
    sns.despine(figure)
    return figure


def bounds_of_equation_4() -> list[tuple[Normal, float, float]]:
    """The bounds over y and over z for two clusters, a Gaussian decoder N(x; z, 1/2) and x = 4, by encoder."""
    g, breakpoints = INVERTIBLE["clusters"]
    found = []
    for q in ENCODERS:
        in_y, in_z = before(q, PRIOR, breakpoints), after(q, PRIOR, g, breakpoints)
        found.append((q, _bound(in_y, g(in_y.at[:, None])[:, 0]), _bound(in_z, in_z.at)))
    return found


def _bound(pair: Pair, z: Tensor) -> float:
    likelihood = Normal(z, math.sqrt(0.5)).log_prob(torch.tensor(4.0))
    return pair.integral(pair.log_q.exp() * likelihood) - divergence("KL", pair)


CUTS = (-12.0, -3.0, -2.0, -1.0, 0.0, 0.7, 2.0, 5.0)  # between two of these is a set of values of y³ - 3y


def gap_in_equation_a1() -> float:
    """How far both sides of equation A.1 are apart at most, for y³ - 3y: means under the prior over sets of values."""
    g, breakpoints = MERGING["y³ - 3y"]
    roots = [root for cut in CUTS for root in np.roots([1, 0, -3, -cut])]
    ends = sorted(root.real for root in roots if abs(root.imag) < 1e-6)  # where a set begins or ends, in y
    gap = 0.0
    for q in ENCODERS:
        pair = before(q, PRIOR, ends)  # the indicator of a set jumps there, so these are breakpoints of the quadrature
        z, p = g(pair.at), pair.log_p.exp()
        left = (pair.log_q - pair.log_p).exp() * p
        right = divergences.ratio(q, PRIOR, g, z, breakpoints) * p
        for low, high in itertools.pairwise(CUTS):
            inside = ((z > low) & (z < high)).double()
            gap = max(gap, abs(pair.integral(inside * left) - pair.integral(inside * right)))
    return gap


IN_THE_PLANE = (((1.0, 0.0), 0.5), ((2.0, 1.0), 0.3), ((0.5, 0.5), 0.8))  # means and deviations of encoders


def mappings_of_the_plane() -> dict[str, Callable[[Tensor], Tensor]]:
    """The mappings of the other pages."""
    return {"circle": Circle(), "two holes": Glue(holes=2), "3 clusters": Sectors(3)}


@dataclass(frozen=True)
class Simulated:
    """KL divergences of N(mean, scale² I) from the prior, in nats: before a mapping, of the direction alone, and after.

    `after` has, for each mapping and seed, an estimate from histograms, its standard error and its bias
    (`divergences.histogram_kl`).
    """

    mean: tuple[float, float]
    scale: float
    before: float
    direction: float
    after: dict[str, list[tuple[float, float, float]]]

    @property
    def holds(self) -> list[bool]:
        """Whether an estimate is at most the value before, within its bias and three standard errors: one a sample."""
        every = itertools.chain.from_iterable(self.after.values())
        return [estimate <= self.before + bias + 3 * error for estimate, error, bias in every]


def in_the_plane(
    seeds: Sequence[int],
    draws: int,
    bins: int = 32,
    encoders: Sequence[tuple[tuple[float, float], float]] = IN_THE_PLANE,
) -> list[Simulated]:
    """Draws from each encoder and the prior, maps them, and compares histograms of `bins` x `bins` cells."""
    found = []
    for mean, scale in encoders:
        estimates: dict[str, list[tuple[float, float, float]]] = {name: [] for name in mappings_of_the_plane()}
        for seed in seeds:
            generator = torch.Generator().manual_seed(seed)
            from_q = torch.tensor(mean) + scale * torch.randn(draws, 2, generator=generator)
            from_p = torch.randn(draws, 2, generator=generator)
            for name, g in mappings_of_the_plane().items():
                estimates[name].append(divergences.histogram_kl(g(from_q), g(from_p), bins))
        exact = sum(closed_form("KL", Normal(m, scale), PRIOR) for m in mean)
        found.append(Simulated(mean, scale, exact, divergences.direction_kl(mean, scale), estimates))
    return found


def plane_table(found: Sequence[Simulated]) -> pd.DataFrame:
    """KL divergences: a line an encoder; after each mapping means and deviations over seeds."""
    lines = [
        {
            "encoder q": f"N(({each.mean[0]:g}, {each.mean[1]:g}), {each.scale:g}² I)",
            "before g": f"{each.before:.3f}",
            "direction": f"{each.direction:.3f}",
        }
        | {name: mean_and_sd([estimate for estimate, *_ in of], 3) for name, of in each.after.items()}
        for each in found
    ]
    return pd.DataFrame(lines).set_index("encoder q")


CELLS = (2, 4, 8, 16, 32)  # on an axis


def by_cells(seeds: Sequence[int], draws: int) -> Figure:
    """The KL divergence after each mapping by the number of cells, first encoder: means and deviations over seeds."""
    found = [in_the_plane(seeds, draws, bins, IN_THE_PLANE[:1])[0] for bins in CELLS]
    figure, axis = plt.subplots(figsize=(5.5, 3), layout="constrained")
    for name, marker, colour in zip(found[0].after, "os^", (BLUE, ORANGE, GREEN), strict=True):
        means, deviations = zip(*(summary([e for e, *_ in each.after[name]]) for each in found), strict=True)
        inside = "white" if marker == "s" else colour
        axis.errorbar(CELLS, means, deviations, marker=marker, color=colour, mfc=inside, capsize=2, label=name)
    for value, dashes, words in (
        (found[0].before, "--", "before the mapping"),
        (found[0].direction, ":", "direction alone"),
    ):
        axis.axhline(value, ls=dashes, color="black", lw=1)
        axis.text(2, value + 0.015, words, va="bottom", fontsize=9)
    axis.set_xscale("log", base=2)
    axis.set_xticks(CELLS, [str(n) for n in CELLS])
    axis.set(xlabel="cells along each axis", ylabel="KL divergence, nats", ylim=(0, 1.3))
    axis.legend(frameon=False, loc="lower right")
    sns.despine(figure)
    return figure
