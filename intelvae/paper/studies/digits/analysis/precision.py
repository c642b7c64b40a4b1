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
