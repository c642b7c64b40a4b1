"""The authors' gates and penalty: how sparse their codes can get, and whether that costs more or less in samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from intelvae import training
from intelvae.metrics.hoyer import hoyer
from intelvae.paper.kinds import REPRODUCED
from intelvae.paper.measures import clean_frechet
from intelvae.paper.prose import badge
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.studies.sparsity import grid
from intelvae.paper.studies.sparsity.analysis import CITED, cited, is_sparse
from intelvae.paper.studies.sparsity.comparisons import USED
from intelvae.paper.studies.sparsity.grid import at
from intelvae.paper.studies.sparsity.tables import SCORE, by_gamma

KL = CITED["kl"]
ALIKE = 1.15  # times: how far apart two distances are at most that page 09 calls nearly the same


def at_no_cost(coded: Results, verdicts: Mapping[str, str], data: str) -> str:
    """With which gamma the authors' gates and penalty make codes sparser at no cost in samples: a clause on a data set.

    It is the largest at which `verdicts`, by the ids of claims, have "reproduced"; with the scores in use, and those by
    chance.
    """
    gamma = _largest(verdicts, data)
    if gamma is None:
        return f"on {grid.DATA[data]} with no $\\gamma$"
    of = cited("at", {"ours": coded.of(at(INTEL, gamma), data), "vae": coded.of("VAE", data)})
    ours, vae = (f"{of[f'at-{key}-used']}, by chance {of[f'at-{key}-chance']}" for key in ("ours", "vae"))
    return f"{badge(REPRODUCED)} on {grid.DATA[data]} with $\\gamma = {gamma:g}$ ({ours}; VAE: {vae})"


def _largest(verdicts: Mapping[str, str], data: str) -> float | None:
    """The largest gamma of `at_no_cost`, None where there is none."""
    figure = {"fashion-mnist": "fig7", "mnist": "figC3"}[data]
    free = [g for g in grid.GAMMAS_CODED if verdicts[f"{figure}-as-coded-clean-gamma-{g:g}"] == REPRODUCED]
    return max(free, default=None)


def how_sparse(coded: Results, verdicts: Mapping[str, str]) -> str:
    """How much sparser codes are with the gammas of `at_no_cost`: slightly, where they are sparse on neither data set.

    Sparse is image by image, by our line.
    """
    gammas = {data: gamma for data in grid.DATA if (gamma := _largest(verdicts, data)) is not None}
    if not gammas or any(is_sparse(coded.of(at(INTEL, gamma), data)) for data, gamma in gammas.items()):
        return "sparser"
    return "slightly sparser (not sparse image by image)"


class Past(NamedTuple):
    """Codes with a mean score past that of the best Gaussian codes: of what data and gamma, beside the VAE's."""

    data: str
    gamma: float
    score: str
    kl: float
    kl_of_vae: float


def past(coded: Results, cap: float) -> list[Past]:
    """Where the codes of `coded` score more than `cap`, the best score of Gaussian codes with these gates."""
    return [
        Past(name, gamma, SCORE.text(of), KL.mean(of), KL.mean(vae))
        for data, name in sorted(grid.DATA.items(), reverse=True)  # MNIST first
        for gamma, of in by_gamma(coded.of(group=data)).items()
        if SCORE.mean(of) > cap and (vae := coded.of("VAE", data))
    ]


def told_scores(found: Sequence[Past]) -> str:
    """Where that is, with scores and KL divergences, as a sentence of page 09; "" where it is nowhere."""
    each = [
        f"on {of.data} with $\\gamma = {of.gamma:g}$ the score is {of.score}, at a KL divergence of {of.kl:.1f} nats "
        f"(VAE: {of.kl_of_vae:.1f})"
        for of in found
    ]
    return f" Our runs pass the higher cap: {'; '.join(each)}." if found else ""


def same_trade_off(ratios: Iterable[float]) -> str:
    """Whether the authors' gates and penalty have another trade-off than the text's, from ratios `beside_the_curve`.

    >>> same_trade_off([0.9, 1.1])
    "The text's mapping with a smaller $\\\\gamma$ has nearly the same trade-off"
    """
    of = list(ratios)
    if not of:
        return "No run shows yet whether the text's mapping has the same trade-off"
    if max(max(of), 1 / min(of)) < ALIKE:
        return "The text's mapping with a smaller $\\gamma$ has nearly the same trade-off"
    return "The text's mapping has another trade-off"


def beside_the_curve(coded: Sequence[Result], printed: Sequence[Result]) -> dict[float, float]:
    """How far samples of `coded` are, by gamma, in units of how far those of `printed` are at the same score in use.

    The distance of `printed` at a score is read off the straight lines between its means, along gamma, on a logarithmic
    axis of distances. A score that those lines do not reach has no entry.
    """
    curve = [_place(found) for found in by_gamma(printed).values()]
    ratios = {}
    for gamma, found in by_gamma(coded).items():
        score, far = _place(found)
        around = (sorted(ends) for ends in pairwise(curve) if min(ends)[0] <= score <= max(ends)[0])
        if ends := next(around, None):
            scores, distances = zip(*ends, strict=True)
            ratios[gamma] = math.exp(far - float(np.interp(score, scores, distances)))
    return ratios


def _place(results: Sequence[Result]) -> tuple[float, float]:
    """Where results are in the figure: means of their score in use and of their logarithmic distance."""
    return float(np.mean([USED(r) for r in results])), float(np.mean([math.log(clean_frechet(r)) for r in results]))


def best_scores(floor: float, dim: int = 50, n: int = 5_000) -> dict[str, tuple[float, str]]:
    """The best Hoyer scores of n Gaussian codes whose gates are open (1) or at the floor, and how many are open.

    "blind": each gate is open with one probability, whatever y is; "seeing": those of the largest |y| are open, the
    best that a selector could do.
    """
    with training.seeded(0):
        y, u = torch.randn(n, dim), torch.rand(n, dim)
    rank = y.abs().argsort(descending=True).argsort()
    opened = {
        "blind": {f"{p:.0%} open": u < p for p in (0.05, 0.1, 0.2, 0.3, 0.5)},
        "seeing": {f"{k} open": rank < k for k in (1, 2, 3, 5, 10)},
    }
    return {
        kind: max((hoyer(torch.where(is_open, y, floor * y)).mean().item(), how) for how, is_open in of.items())
        for kind, of in opened.items()
    }
