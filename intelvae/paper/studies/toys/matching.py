"""What the page on Figures 2 and 3 says: bridges between clusters, and whether codes match their prior."""

from __future__ import annotations

import statistics
from collections import defaultdict

import pandas as pd

from intelvae.paper.kinds import NO_DIFFERENCE, NOT_TESTED, OPPOSITE, PARTLY, REPRODUCED
from intelvae.paper.results import Results
from intelvae.paper.statistics import measured
from intelvae.paper.studies.toys.analysis import NO_RUN, by_data, how_many
from intelvae.paper.studies.toys.claims import BRIDGE_OF_DATA, hoyer_gap


def bridges(results: Results) -> dict[str, str]:
    """The shares of samples between the two clusters, in %, by method, and the share of the data."""
    shares = {row.name: [100 * r.metrics["bridge"] for r in results.of(row.name)] for row in results.rows}
    means = {name: statistics.fmean(of) for name, of in shares.items()} | {"data": 100 * BRIDGE_OF_DATA}
    return {name: f"{mean:.{1 if mean >= 1 else 2}f}" for name, mean in means.items()}


def compared(verdict: str, better: str, worse: str) -> str:
    """What a verdict on a comparison says, in words: of what is claimed to be `better`.

    >>> [compared(verdict, "smaller", "larger") for verdict in (REPRODUCED, NO_DIFFERENCE, OPPOSITE)]
    ['smaller', 'no smaller', 'larger']
    """
    return {
        REPRODUCED: better,
        PARTLY: f"{better}, though not significantly",
        NO_DIFFERENCE: f"no {better}",
        OPPOSITE: worse,
        NOT_TESTED: f"{better} or {worse} (not tested)",
    }[verdict]


def matches(results: Results) -> dict[str, str]:
    """What page 03 says of codes and prior, means over seeds by method: "mismatch-METHOD", "prior-...", "codes-...".

    "prior" and "codes" are Hoyer scores, "gap" is how far apart the two are, mean over runs, and "sparser" says which
    is the higher. "samples" are distances from the data, "nats" estimates of log p(x). "best" is the method with the
    smallest mismatch.
    """
    metrics = {
        "mismatch": (measured("aggregate_mismatch"), 3),
        "prior": (measured("prior_hoyer"), 3),
        "codes": (measured("posterior_hoyer"), 3),
        "gap": (hoyer_gap, 2),
        "samples": (measured("sliced_wasserstein"), 3),
        "nats": (measured("log_likelihood"), 3),
    }
    found = {row.name: of for row in results.rows if (of := results.of(row.name))}
    mean = {(key, name): statistics.fmean(map(metrics[key][0], of)) for key in metrics for name, of in found.items()}
    told = {f"{key}-{name}": f"{value:.{metrics[key][1]}f}" for (key, name), value in mean.items()}
    told |= {
        f"sparser-{name}": "sparser" if mean["codes", name] > mean["prior", name] else "less sparse" for name in found
    }
    if found:
        told["best"] = min(found, key=lambda name: mean["mismatch", name])
    return defaultdict(lambda: NO_RUN, told)


def one_far_off(results: Results, name: str) -> str:
    """Two sentences on a VAE one of whose runs has more than twice the mismatch of any other, else nothing."""
    *others, largest = sorted(map(measured("aggregate_mismatch"), results.of(name))) or [0.0]
    if len(others) < 2 or largest <= 2 * others[-1]:
        return ""
    mean = statistics.fmean([*others, largest])
    return (
        f" One of this VAE's {len(others) + 1} runs has {largest:.2f}, the others at most {others[-1]:.2f}. Without it "
        f"the VAE's mean would be {statistics.fmean(others):.3f} instead of {mean:.3f}."
    )


def answer(results: Results, verdict: str) -> str:
    """The answer of page 03: what the verdict on sparsity says, and whether it shows in samples or likelihood.

    The latter is how many of the other models have closer samples than the plain VAE, and a higher log p(x), by their
    means; nothing without a plain VAE.
    """
    told = (
        f"On our sparse data, an InteL-VAE's codes match its prior in sparsity {compared(verdict, 'better', 'worse')} "
        f"than a VAE's codes match a sparse prior{', as the paper says' * (verdict == REPRODUCED)}."
    )
    means = {
        row.name: {
            key: statistics.fmean(r.metrics[key] for r in of) for key in ("sliced_wasserstein", "log_likelihood")
        }
        for row in results.rows
        if (of := results.of(row.name))
    }
    plain = means.pop("VAE", None)
    if plain is None or not means:
        return told
    closer = [of["sliced_wasserstein"] < plain["sliced_wasserstein"] for of in means.values()]
    likelier = [of["log_likelihood"] > plain["log_likelihood"] for of in means.values()]
    return (
        f"{told} By their means, which no rule tests, {how_many(closer)} models with another prior or a mapping have "
        f"closer samples than a plain VAE, and {how_many(likelier)} a higher $\\log p(x)$."
    )


def mismatches(results: Results) -> pd.DataFrame:
    """Figure 3 in numbers: means and deviations over seeds, a row a model."""
    columns = {
        "aggregate mismatch": "aggregate_mismatch",
        "Hoyer, p(z)": "prior_hoyer",
        "Hoyer, codes": "posterior_hoyer",
        "samples to data": "sliced_wasserstein",
        "log p(x), nats": "log_likelihood",
    }
    return by_data(results, columns).droplevel("data")
