"""Table 1: samples of all ten digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from intelvae.paper.measures import beside_faint_pixels, by_classifier, clean_frechet, frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.statistics import (
    FEWEST,
    LEVEL,
    Metric,
    by_seed,
    change,
    measured,
    paired,
    rounded,
    summary,
    with_deviation,
)
from intelvae.paper.studies.digits import slips
from intelvae.paper.studies.digits.analysis.moved import Move

WITH_ALL, WITHOUT_FAINT = "with all pixels", "without faint pixels"
OURS = "InteL-VAE, 2 x 5"  # the row that Table 1's claims are about
OTHERS = ("KID", "precision", "recall", "density", "coverage")
COUNTED = ("none", "one", "two", "three", "four", "five")


def smallest(result: Result) -> float:
    """The distance at the smaller number of images, that of the authors' code."""
    return frechet(result, number=min)


def by_row(results: Sequence[Result], metric: Metric) -> dict[str, list[float]]:
    """A metric of the results of each row, by its name."""
    found: dict[str, list[float]] = {}
    for r in results:
        found.setdefault(r.row.name, []).append(metric(r))
    return found


def numbers(results: Sequence[Result]) -> list[int]:
    """The numbers of images at which samples are judged, the smallest first."""
    return sorted(int(name.split("_")[1]) for name in results[0].metrics if name.startswith("frechet_"))


def to_second_digit(values: Sequence[float], scale: float = 1.0) -> str:
    """Mean and standard deviation of `scale` times the values, to the second digit of the deviation, on one line.

    >>> to_second_digit([100.0, 120.0, 140.0]), to_second_digit([0.5])
    ('120\\xa0±\\xa020', '0.5')
    """
    return with_deviation(*summary([scale * value for value in values])).replace(" ", "\xa0")


def ranks(results: Sequence[Result], metric: Metric) -> list[str]:
    """The rank of each row's mean, 1 being the smallest, and its 95 % range as seeds are drawn again.

    Of the seeds that all rows have, drawn with replacement 2,000 times, for all rows the same.
    """
    data = pd.DataFrame([(r.row.name, r.seed, metric(r)) for r in results], columns=["row", "seed", "value"])
    wide = data.pivot(index="seed", columns="row", values="value")[list(dict.fromkeys(data["row"]))].dropna()
    draws = np.random.default_rng(0).integers(len(wide), size=(2000, len(wide)))
    drawn = wide.to_numpy()[draws].mean(1).argsort(1).argsort(1) + 1
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [f"{r:.0f} ({a:.0f} to {b:.0f})" for r, a, b in zip(wide.mean().rank(), low, high, strict=True)]


def lines(results: Results) -> pd.DataFrame:
    """A line for each row: the distance at every number of images, over its seeds, its rank, and the paper's FID."""
    low = min(numbers(results))
    high = max(numbers(results))
    columns = {f"with all pixels, N = {n:,}": f"frechet_{n}" for n in numbers(results)}
    columns |= {f"min-max, N = {low:,}": f"minmax_frechet_{low}"}
    found = []
    for row, rank in zip(results.rows, ranks(results, frechet), strict=True):
        of = results.of(row.name)
        paper = row.paper.get("FID", "") + " (K not given)" * (row.method == INTEL and bool(row.paper))
        shown = {title: to_second_digit([r.metrics[metric] for r in of]) for title, metric in columns.items()}
        found.append({"method": row.name, **shown, f"rank, N = {high:,}": rank, "seeds": len(of), "paper's FID": paper})
    return pd.DataFrame(found)


def more(results: Results) -> pd.DataFrame:
    """A line for each row: what else tells of samples, at the largest number of images, over its seeds."""
    high = max(numbers(results))
    columns = {title: f"{title.lower()}_{high}" for title in OTHERS} | {"test ELBO": "test_elbo"}
    return pd.DataFrame(
        {"method": row.name}
        | {title: to_second_digit([r.metrics[name] for r in results.of(row.name)]) for title, name in columns.items()}
        for row in results.rows
    )


def without_faint_pixels(results: Results) -> pd.DataFrame:
    """A line for each row: the distance at the smaller number of images, without faint pixels and with all."""
    without, with_all = (f"{pixels}, N = {min(numbers(results)):,}" for pixels in (WITHOUT_FAINT, WITH_ALL))
    found = []
    for row, rank in zip(results.rows, ranks(results, clean_frechet), strict=True):
        clean, every, faint = (
            to_second_digit([metric(r) for r in results.of(row.name)], scale)
            for metric, scale in ((clean_frechet, 1.0), (smallest, 1.0), (measured("faint"), 100.0))
        )
        found.append({"method": row.name, without: clean, "rank": rank, with_all: every, "faint, %": faint})
    return pd.DataFrame(found)


def by_both(results: Results) -> pd.DataFrame:
    """A line for each row: the distance without faint pixels, by the classifier if that was measured, and with all."""
    low, high = min(numbers(results)), max(numbers(results))
    found = []
    for row in results.rows:
        of = results.of(row.name)
        second = [value for value in map(by_classifier, of) if not math.isnan(value)]
        found.append(
            {
                "method": row.name,
                f"{WITHOUT_FAINT}, N = {low:,}": to_second_digit([clean_frechet(r) for r in of]),
                "seeds": len(of),
                f"FD (classifier), N = {high:,}": to_second_digit(second) if second else "(not measured)",
                "seeds it judges": len(second),
                f"{WITH_ALL}, N = {low:,}": to_second_digit([smallest(r) for r in of]),
            }
        )
    return pd.DataFrame(found)


def second_opinion(results: Results) -> dict[str, Any]:
    """How the classifier orders the methods, by the means of the seeds that it judges, and how the clean distance does.

    "seeds" is their number, "order" and "clean-order" have the closest first, and "correlation" is Spearman's of the
    two over these runs. Empty where the classifier judges none.
    """
    both = [r for r in results if not math.isnan(by_classifier(r))]
    if not both:
        return {}
    second, clean = by_row(both, by_classifier), by_row(both, clean_frechet)
    order, clean_order = ("; ".join(sorted(of, key=lambda name: fmean(of[name]))) for of in (second, clean))
    return {
        "seeds": len({r.seed for r in both}),
        "order": order,
        "clean-order": clean_order,
        "correlation": float(spearmanr(list(map(by_classifier, both)), list(map(clean_frechet, both))).statistic),
    }


def _verdict(verdicts: tuple[str, str]) -> str:
    return "from *{}* to *{}*".format(*verdicts)


def told_power(found: Iterable[Mapping[str, Any]]) -> str:
    """Which differences from the VAE the test of the claim that counts detects (lines of `ledger.rows`): a sentence.

    >>> told_power([{"id": "table1-clean-vae", "n": 6, "detectable": 20.4}])
    'With 6 seeds the test detects only differences of 20 or more from the VAE, in four cases of five.'
    """
    (row,) = (row for row in found if row["id"] == "table1-clean-vae")
    if row["detectable"] is None:
        return "With so few seeds there is no test."
    return (
        f"With {row['n']} seeds the test detects only differences of {rounded(row['detectable'], 2)} or more from the "
        "VAE, in four cases of five."
    )


def told_changes(differing: Mapping[str, tuple[str, str]]) -> str:
    """How many verdicts on the InteL-VAE differ, and how, of `claims.differing`.

    >>> told_changes({}), told_changes({"VAE": ("partly", "opposite")})
    ('none of them', 'one of them: against VAE, from *partly* to *opposite*')
    """
    those = "; ".join(f"against {name}, {_verdict(verdicts)}" for name, verdicts in differing.items())
    return f"{COUNTED[len(differing)]} of them" + f": {those}" * bool(those)


def told_agreement(differing: Mapping[str, tuple[str, str]], seeds: int, second: int) -> str:
    """Where verdicts without faint pixels, over so many seeds, and by the classifier, over others, differ: a sentence.

    >>> told_agreement({}, 6, 3)
    'The verdicts on the InteL-VAE agree.'
    """
    those = "; ".join(
        f"{name}: *{one}* {WITHOUT_FAINT} ({seeds} seeds), *{other}* by the classifier ({second} seeds)"
        for name, (one, other) in differing.items()
    )
    return "The verdicts on the InteL-VAE agree" + f" except against {those}" * bool(those) + "."


def separating(results: Results) -> str:
    """Which other measures of samples separate the InteL-VAE from the VAE, by paired t-tests: a sentence."""
    high = max(numbers(results))
    others = {title: measured(f"{title.lower()}_{high}") for title in OTHERS}
    ours, vae = results.of(OURS), results.of("VAE")
    tests = {title: paired(by_seed(ours, of), by_seed(vae, of)) for title, of in others.items()}
    if any(test is None or test.p is None for test in tests.values()):
        return f"A test takes {COUNTED[FEWEST]} seeds of the InteL-VAE and of the VAE."
    apart = [title for title, test in tests.items() if test and test.p is not None and test.p < LEVEL]
    return (
        f"Of {listed(OTHERS)} (with all pixels, N = {high:,}; see the [glossary](glossary.md)), "
        f"{listed(apart)} separate{'' if len(apart) > 1 else 's'} the InteL-VAE from the VAE "
        f"(paired t-tests, p < {LEVEL})."
    )


def told_of_clusters(results: Results) -> str:
    """Whether another number of clusters than 2 x 5 brings samples closer, without faint pixels: an answer."""
    of = {row.name: by_seed(results.of(row.name), clean_frechet) for row in results.rows}
    two, ten = "InteL-VAE, 2 sectors", "InteL-VAE, 10 sectors"
    shown = {name: to_second_digit([*of[name].values()]) for name in (OURS, two, ten, "VAE")}
    tests = {words: paired(of[name], of[OURS]) for name, words in ((two, "two sectors"), (ten, "ten sectors"))}
    known = {words: test for words, test in tests.items() if test and test.p is not None}
    closer = [words for words, test in known.items() if test.p is not None and test.p < LEVEL and test.difference < 0]
    if len(known) < len(tests):
        answer = "These seeds are too few to tell"
    else:
        none = f"Not significantly: neither brings samples closer with $p < {LEVEL}$"
        answer = f"Yes, {listed(closer)}" if closer else none
    return (
        f"{answer}. The distance is {shown[two]} with two sectors, {shown[ten]} with ten in one plane, and "
        f"{shown[OURS]} with $2 \\cdot 5$; the VAE has {shown['VAE']}."
    )


def still_rising(results: Results) -> dict[str, Any]:
    """What longer training could change, and the row whose distance differs most from seed to seed.

    "late-gain" is by how much the validation ELBO rises in the second half of the epochs, "elbo-vae-intel" how far the
    VAE's mean test ELBO is from the InteL-VAE's. "worst-method" has distances from "worst-low" to "worst-high" at the
    smaller number of images, while its test ELBOs are within "worst-elbo".
    """
    elbos, distances = by_row(results, measured("test_elbo")), by_row(results, smallest)
    worst = max(distances, key=lambda name: max(distances[name]) / min(distances[name]))
    curves = [r.curves["valid_elbo"] for r in results]
    return {
        "late-gain": fmean(curve[-1] - curve[len(curve) // 2 - 1] for curve in curves),
        "epochs": results[0].training.epochs,
        "elbo-vae-intel": abs(fmean(elbos["VAE"]) - fmean(elbos[OURS])),
        "worst-method": worst,
        "worst-elbo": max(elbos[worst]) - min(elbos[worst]),
        "worst-low": min(distances[worst]),
        "worst-high": max(distances[worst]),
    }


def faint_pixels(results: Sequence[Result]) -> dict[str, float]:
    """How the distance hangs together with the share of faint pixels: "clipped" with all, "clean" without faint ones.

    "-correlation" is Spearman's over all runs, "-within" that within rows; "-spread" the deviation within rows, in % of
    the mean.
    """
    found: dict[str, float] = {}
    for key, metric in (("clipped", smallest), ("clean", clean_frechet)):
        of_row = by_row(results, metric).values()
        squares = sum((value - fmean(values)) ** 2 for values in of_row for value in values)
        deviation = (squares / max(1, len(results) - len(of_row))) ** 0.5  # a mean was taken off for each row
        found[f"{key}-spread"] = deviation / fmean(map(metric, results)) * 100
        found[f"{key}-correlation"], found[f"{key}-within"] = beside_faint_pixels(results, metric)
    return found


def in_short(results: Results) -> dict[str, str]:
    """What the table comes to.

    "closest", "best", "vae" and "product" are distances of methods without faint pixels, with "-elbo" their test ELBOs;
    "order" has all, the closest first, and "best" is the best baseline. "fits" says whether the closest has the highest
    ELBO, too. With all pixels, as many images, the claims' InteL-VAE is "below" some baselines and "above" others.
    """
    clean, elbos, distances = (by_row(results, m) for m in (clean_frechet, measured("test_elbo"), smallest))
    order = sorted(clean, key=lambda name: fmean(clean[name]))
    baselines = [row.name for row in results.rows if row.method != INTEL]
    best = next(name for name in order if name in baselines)
    fits = order[0] == max(elbos, key=lambda name: fmean(elbos[name]))
    texts = {"best-name": best, "order": "; ".join(order), "closest-name": order[0], "fits": "Yes" if fits else "No"}
    for key, name in (
        ("closest", order[0]),
        ("best", best),
        ("vae", "VAE"),
        ("product", OURS),
    ):
        texts |= {key: to_second_digit(clean[name]), f"{key}-elbo": f"{fmean(elbos[name]):.1f}"}
    ours, of = fmean(distances[OURS]), {name: fmean(distances[name]) for name in baselines}
    texts["below"] = listed(name for name in baselines if of[name] > ours)
    texts["above"] = listed(name for name in baselines if of[name] < ours)
    return texts


def slipped(results: Results, found: Results) -> pd.DataFrame:
    """A line for each of `slips.of_table1` that has been run: how it changes the distance, at the smaller number.

    Without faint pixels, with the change, and with all pixels.
    """
    without, with_all = (f"{pixels}, N = {min(numbers(results)):,}" for pixels in (WITHOUT_FAINT, WITH_ALL))
    changed = []
    for slip in slips.of_table1(results.profile):
        clean, every = (change(*slip.among(results, found), metric) for metric in (clean_frechet, smallest))
        if clean:
            line = {"deviation": slip.after.name, without: f"{clean['before']} → {clean['after']}"}
            line |= {"change": clean["change"], "seeds": clean["seeds"]}
            changed.append(line | {with_all: f"{every['before']} → {every['after']}"})
    return pd.DataFrame(changed)


TOLD = {
    "MoG: entropy of q counted D times": "mog-entropy",
    "Vamp: entropy of q counted D times": "vamp-entropy",
    "MoG: images from N(0, I)": "mog-images",
    "Vamp: images from N(0, I)": "vamp-images",
    "VAE: cross-entropy, sigmoid": "vae-likelihood",
    "InteL-VAE: cross-entropy, sigmoid": "intel-likelihood",
}


def told(moves: Mapping[str, Move]) -> dict[str, str]:
    """From where to where the slips go that the page tells of, by `TOLD`, and over how many seeds."""
    texts = {name: "{:,.0f} to {:,.0f} (n = {})".format(*of.means, len(of.without)) for name, of in moves.items()}
    return {key: texts.get(name, "(not run)") for name, key in TOLD.items()}


def before_the_sigmoid(found: Results) -> pd.DataFrame:
    """Distances of the slips with cross-entropy, a line for each thing that can be shown of their decoder."""
    slipped = [slip.after for slip in slips.of_table1(found.profile) if slip.after.settings.get("likelihood")]
    of = {row.method.name: results for row in slipped if (results := found.of(row.name))}
    if not of:
        return pd.DataFrame()
    low = min(numbers([r for results in of.values() for r in results]))
    return pd.DataFrame(
        {f"{WITH_ALL}, N = {low:,}": title}
        | {name: f"{fmean(frechet(r, kind, min) for r in results):,.1f}" for name, results in of.items()}
        for title, kind in (("means", ""), ("means, stretched", "minmax"), ("logits, stretched", "logits"))
    )
