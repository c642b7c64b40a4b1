"""What the page on hierarchies tables and cites: Figure B.2 in numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from intelvae.metrics import features
from intelvae.paper.measures import features_of
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import mean_and_sd
from intelvae.paper.studies.hierarchy.claims import HELD
from intelvae.paper.studies.hierarchy.grid import LEVEL_COUNT, ONE_LAYER


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
        numbers = {
            title: mean_and_sd([r.metrics[metric] for r in of], thousands=",")
            for metric, title in _columns(results).items()
        }
        lines.append({"model": row.name, **numbers, "seeds": len(of)})
    return lines


def cited(results: Results) -> dict[str, str]:
    """What the text cites of the table: bound and distance of both mappings."""
    bound, _, distance = _columns(results)
    return {
        f"{_short(row.name)}-{key}": f"{_mean(results.of(row.name), metric):,.1f}"
        for row in results.rows
        if row.name != "VAE"
        for key, metric in (("elbo", bound), ("distance", distance))
    }


def levels(results: Results) -> dict[str, Any]:
    """What the text cites of the levels of each model: what they change, tell and hold."""
    found: dict[str, Any] = {}
    for row in results.rows:
        of, short = results.of(row.name), _short(row.name)
        for metric in ("change", "accuracy"):
            for level in (0, LEVEL_COUNT - 1):
                found[f"{short}-{metric}-{level}"] = 100 * _mean(of, f"{metric}_{level}")
        changes = [_mean(of, f"change_{i}") for i in range(LEVEL_COUNT)]
        told = sum(r.metrics["accuracy_0"] > r.metrics[f"accuracy_{LEVEL_COUNT - 1}"] for r in of)
        found |= {
            f"{short}-changes-most": changes.index(max(changes)) + 1,
            f"{short}-told": f"{told} of {len(of)}",
            f"{short}-off": sum(r.metrics[f"kl_{i}"] < HELD for r in of for i in range(LEVEL_COUNT)),
            f"{short}-levels": LEVEL_COUNT * len(of),
        }
    for metric, digits in (("kl", 2), ("pixels", 3)):
        first, *rest = (_mean(results.of(ONE_LAYER), f"{metric}_{i}") for i in range(LEVEL_COUNT))
        found |= {f"{metric}-first": f"{first:.{digits}f}", f"{metric}-rest": f"{max(rest):.{digits}f}"}
    return found | {
        "held": HELD,
        "whole": _mean(results.of("VAE"), "test_kl"),
        "named": 100 * results[0].metrics["classifier_accuracy"],
    }


def _mean(results: Sequence[Result], metric: str) -> float:
    return statistics.fmean(r.metrics[metric] for r in results)


def _short(name: str) -> str:
    """Of the name of a row what tells it apart: VAE, one-layer, residual."""
    return name.split(", ")[-1].replace(" ", "-")
