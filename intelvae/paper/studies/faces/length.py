"""Whether faces were trained for long enough: validation ELBOs by epoch."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from intelvae.paper.results import Result
from intelvae.paper.studies.faces.analysis import CITED_ROWS, NO_RUN, by_row

FLAT = 10.0  # nats in two epochs: what changes by less does not rise or fall; the seeds of most rows are farther apart


def table(results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """The validation ELBO of each row, in nats: means over seeds, but for the lowest of any run."""
    lines = {}
    for name, of in by_row(results).items():
        curve = _mean_curve(of)
        lines[name] = {
            "first epoch": f"{curve[0]:,.0f}",
            "lowest of any run": f"{min(min(r.curves['valid_elbo']) for r in of):,.0f}",
            "last epoch": f"{curve[-1]:,.0f}",
            "gain over the last two epochs": f"{_gain(curve):+,.0f}",
        }
    return lines


def _mean_curve(of: Sequence[Result]) -> list[float]:
    return [statistics.fmean(at) for at in zip(*(r.curves["valid_elbo"] for r in of), strict=True)]


def _gain(curve: Sequence[float]) -> float:
    return curve[-1] - curve[-3:][0]


def _gains(results: Sequence[Result]) -> tuple[float, float]:
    """The least and the most gain of a row over the last two epochs, in nats."""
    gains = [_gain(_mean_curve(of)) for of in by_row(results).values()]
    return min(gains), max(gains)


def cited(results: Sequence[Result]) -> dict[str, Any]:
    """What the text cites of `table`: its length, the least and the most gain of a row, and the flows."""
    lines, first = table(results), results[0]
    epochs = first.training.epochs
    found: dict[str, Any] = {"epochs": epochs, "steps": epochs * (first.trained.examples // first.training.batch_size)}
    found |= {name: f"{gain:+,.0f}" for name, gain in zip(("least", "rise"), _gains(results), strict=True)}
    for key in ("sylvester", "linear"):
        line = lines.get(CITED_ROWS[key], {})
        found |= {
            f"{key}_{what.split()[0]}": line.get(what, NO_RUN)
            for what in ("lowest of any run", "gain over the last two epochs")
        }
    return found


def told(results: Sequence[Result]) -> str:
    """Whether training was long enough: by how much the validation ELBO still changed, of all rows, in its last epochs.

    Training is too short where a row changed by `FLAT` or more.
    """
    epochs = results[0].training.epochs
    if epochs < 3:
        return "So short a training cannot tell."
    least, most = _gains(results)
    answer = "No. In" if max(-least, most) >= FLAT else "Yes. In"
    return (
        f"{answer} the last two of {epochs} epochs the validation ELBO still changed, by {least:+,.0f} to "
        f"{most:+,.0f} nats, depending on the model."
    )
