"""What the page on hierarchies tables and cites: Figure B.2 in numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from intelvae.metrics import features
from intelvae.paper.measures import features_of
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import mean_and_sd
from intelvae.paper.studies.hierarchy.claims import HELD
from intelvae.paper.studies.hierarchy.grid import LEVEL_COUNT, ONE_LAYER, RESIDUAL


def _columns(results: Sequence[Result]) -> dict[str, str]:
    """The title of each metric of the table."""
    most = max(int(name.removeprefix("frechet_")) for name in results[0].metrics if name.startswith("frechet_"))
    distance = features.distance_name(features_of(results))
    return {"test_elbo": "test ELBO", "test_kl": "test KL", f"frechet_{most}": f"{distance}, N = {most:,}"}


def table(results: Results) -> list[dict[str, Any]]:
    """A line a model: bound and distance, mean and deviation over seeds, and the number of these."""
    lines = []
    for row in results.rows:
        of = results.of(row.name)
        numbers = {title: mean_and_sd([r.metrics[metric] for r in of]) for metric, title in _columns(results).items()}
        lines.append({"model": row.name, **numbers, "seeds": len(of)})
    return lines


def ends(results: Results) -> list[dict[str, Any]]:
    """A line a model: what its highest and its lowest level change and predict, and how many levels are off."""
    lines = []
    for row in results.rows:
        of = results.of(row.name)
        line: dict[str, Any] = {"model": row.name}
        for metric, title in (("change", "class changed"), ("accuracy", "class predicted")):
            for place, level in (("highest", 0), ("lowest", LEVEL_COUNT - 1)):
                line[f"{title}, {place} level, %"] = f"{100 * _mean(of, f'{metric}_{level}'):.0f}"
        changes = [_mean(of, f"change_{i}") for i in range(LEVEL_COUNT)]
        lines.append(line | {"level that changes the class most": changes.index(max(changes)), "levels off": _off(of)})
    return lines


def cited(results: Results) -> dict[str, str]:
    """What the text cites: bounds, what levels hold and change, and in how many runs the highest predicts more."""
    found: dict[str, str] = {}
    for row in results.rows:
        of, short = results.of(row.name), row.name.split(", ")[-1].replace(" ", "-")  # VAE, one-layer, residual
        told = sum(r.metrics["accuracy_0"] > r.metrics[f"accuracy_{LEVEL_COUNT - 1}"] for r in of)
        found |= {
            f"{short}-elbo": f"{_mean(of, 'test_elbo'):,.1f}",
            f"{short}-told": f"{told} of {len(of)}",
            f"{short}-off": _off(of),
        }
    for metric, digits in (("kl", 2), ("pixels", 3)):
        first, *rest = (_mean(results.of(ONE_LAYER), f"{metric}_{i}") for i in range(LEVEL_COUNT))
        found |= {f"{metric}-first": f"{first:.{digits}f}", f"{metric}-rest": f"{max(rest):.{digits}f}"}
    one_layer, residual = (_mean(results.of(name), "test_elbo") for name in (ONE_LAYER, RESIDUAL))
    return found | {
        "loses": "does not lower the bound" if one_layer >= residual else "may lower the bound",
        "held": f"{HELD:g}",
        "whole": f"{_mean(results.of('VAE'), 'test_kl'):.2f}",
        "named": f"{100 * results[0].metrics['classifier_accuracy']:.0f}",
    }


class Jacobian(NamedTuple):
    """Of a hierarchical mapping's Jacobian: the largest entry above the diagonal of blocks, and their mean sizes.

    `blocks` are these sizes by level of z and of y; `zeros` is the share of zeros in z below the first level, and
    `volume_kept` whether the determinant is 1.
    """

    above: float
    zeros: float
    volume_kept: bool
    blocks: Tensor


def jacobian(g: nn.Module, y: Tensor, levels: int = LEVEL_COUNT) -> Jacobian:
    """What there is to see of the Jacobian of g, levels of equal width, over the draws y (N, D)."""
    full = torch.func.vmap(torch.func.jacrev(g))(y).detach()
    by_level = full.unflatten(2, (levels, -1)).unflatten(1, (levels, -1))  # (N, levels, width, levels, width)
    above = max(by_level[:, i, :, i + 1 :].abs().max().item() for i in range(levels - 1))
    zeros = (g(y)[:, y.shape[1] // levels :] == 0).float().mean().item()
    kept = torch.linalg.slogdet(full).logabsdet.abs().max().item() < 1e-4  # of single precision
    return Jacobian(above, zeros, kept, by_level.abs().mean((0, 2, 4)))


def _off(results: Sequence[Result]) -> str:
    """How many levels of these results are off, of how many."""
    off = sum(r.metrics[f"kl_{i}"] < HELD for r in results for i in range(LEVEL_COUNT))
    return f"{off} of {LEVEL_COUNT * len(results)}"


def _mean(results: Sequence[Result], metric: str) -> float:
    return statistics.fmean(r.metrics[metric] for r in results)
