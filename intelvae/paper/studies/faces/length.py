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
        runs = [r.curves["valid_elbo"] for r in of]
        curve = [statistics.fmean(at) for at in zip(*runs, strict=True)]
        lines[name] = {
            "first epoch": f"{curve[0]:.0f}",
            "lowest of any run": f"{min(map(min, runs)):.0f}",
            "last epoch": f"{curve[-1]:.0f}",
            "gain over the last two epochs": f"{curve[-1] - curve[-3:][0]:+.0f}",
        }
    return lines


def cited(results: Sequence[Result]) -> dict[str, Any]:
    """What the text cites of `table`: its length, the least and the most gain of a row, and the flows."""
    lines, first = table(results), results[0]
    gains = [float(line["gain over the last two epochs"]) for line in lines.values()]
    epochs = first.training.epochs
    found: dict[str, Any] = {"epochs": epochs, "steps": epochs * (first.trained.examples // first.training.batch_size)}
    found |= {"least": f"{min(gains):+.0f}", "rise": f"{max(gains):+.0f}"}
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
    found = cited(results)
    if found["epochs"] < 3:
        return "So short a training cannot tell."
    least, most = float(found["least"]), float(found["rise"])
    answer = "No. In" if max(-least, most) >= FLAT else "Yes. In"
    return (
        f"{answer} the last two of {found['epochs']} epochs the validation ELBO still changed, by {found['least']} to "
        f"{found['rise']} nats, depending on the model."
    )
