"""What bfloat16 changes, which the page on speed shows."""

from __future__ import annotations

import math

import pandas as pd

from intelvae.paper.results import Results


def by_precision(results: Results) -> pd.DataFrame:
    """The last validation ELBO of every run, and shares of samples of zeros and ones: a line a seed, by precision."""
    lines = [
        {
            "data": r.training.data,
            "seed": r.seed,
            "precision": r.trained.precision,
            "validation ELBO": r.curves["valid_elbo"][-1],
            "ambiguous, %": 100 * r.metrics.get("uncertain", math.nan),
            "ones, %": 100 * r.metrics.get("ones", math.nan),
        }
        for r in results
    ]
    return pd.DataFrame(lines).pivot(index=["data", "seed"], columns="precision").round(2)


def precision_table(results: Results, other: str) -> pd.DataFrame:
    """`by_precision` with float32 and the other precision in one cell, "" where nothing is measured."""
    wide = by_precision(results)
    lines = [
        {"data": data, "seed": seed}
        | {f"{what}: float32, {other}": _both(line[what], other) for what in wide.columns.unique(0)}
        for (data, seed), line in wide.iterrows()
    ]
    return pd.DataFrame(lines)


def _both(of: pd.Series, other: str) -> str:
    return "" if of.isna().any() else f"{of['float32']:.2f}, {of[other]:.2f}"


def cost_of_precision(results: Results, other: str) -> dict[str, str]:
    """What the other precision changes, beside float32.

    "worst", the largest difference of the ELBO of all digits for one seed, and "seeds", that of one precision, in nats;
    by precision, the share of samples of zeros and ones that are ambiguous, mean over seeds, in %.
    """
    wide = by_precision(results)
    elbo, ambiguous = wide["validation ELBO"].loc["mnist"], wide["ambiguous, %"].loc["mnist-01"]
    found = {
        "worst": (elbo[other] - elbo["float32"]).abs().max(),
        "seeds": (elbo.max() - elbo.min()).max(),
        "other": ambiguous[other].mean(),
        "float32": ambiguous["float32"].mean(),
    }
    return {name: f"{value:.2f}" for name, value in found.items()}
