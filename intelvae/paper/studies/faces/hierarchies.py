"""What the page on hierarchies of faces tables and cites: Table B.1 and Figure B.3."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from intelvae.metrics.attributes import SIZES
from intelvae.paper.evaluation.faces import POOL
from intelvae.paper.results import Result
from intelvae.paper.rows import row
from intelvae.paper.statistics import summary
from intelvae.paper.studies.faces import attributes
from intelvae.paper.studies.faces.attributes import AUTHORS, LINEAR, PLAIN
from intelvae.paper.studies.faces.grid import INTEL_VAE, LEVEL_COUNT, TABLE_B1, best_in_paper, label

STEPS_OF_PAPER = 162_770 // 100  # of an epoch
PROTOCOLS = {
    "linear, standardised": ("accuracy", LINEAR),
    "linear, as they are": ("accuracy", PLAIN),
    "the code's": ("accuracy", AUTHORS),
    "the code's, balanced": ("balanced", AUTHORS),
}
SHOWN = ("5_o_Clock_Shadow", "Attractive", "Bald", "Bangs", "Black_Hair", "Blond_Hair", "Eyeglasses", "Smiling")
ByNumber = dict[int, list[float]]


def models(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results of each model, by its label, of the seeds that all models have."""
    found: dict[str, list[Result]] = {}
    for r in results:
        found.setdefault(label(r.row), []).append(r)
    shared = set.intersection(*({r.seed for r in of} for of in found.values()))
    return {name: [r for r in of if r.seed in shared] for name, of in found.items()}


def ours(results: Sequence[Result]) -> list[Result]:
    """The results of the hierarchical InteL-VAE among `models`."""
    (found,) = (of for of in models(results).values() if of and of[0].row.name == INTEL_VAE)
    return found


def vaes(results: Sequence[Result]) -> dict[int, list[Result]]:
    """The results of the VAEs among `models`, by latent dimension."""
    return {of[0].training.latent_dim: of for of in models(results).values() if of and of[0].row.name == "VAE"}


def by_number(of: Sequence[Result], measure: str = "accuracy", protocol: str = LINEAR) -> ByNumber:
    """Scores by draw, averaged over the seeds of a model, for each number of labelled faces."""
    found = {}
    for n in attributes.sizes(of[0], protocol):
        scores = attributes.labelled(n, measure, protocol)
        found[n] = [statistics.fmean(draw) for draw in zip(*(scores(r) for r in of), strict=True)]
    return found


def curves(results: Sequence[Result], measure: str = "accuracy") -> dict[str, ByNumber]:
    """Scores by draw of each model, for each number of labelled faces."""
    return {name: by_number(of, measure) for name, of in models(results).items()}


def shown(scores: Sequence[float]) -> str:
    """Mean and standard deviation over draws, the mean alone where there is one draw only.

    >>> shown([0.8]), shown([0.81, 0.83]), shown([0.8, 0.8001])
    ('0.800', '0.820\\xa0±\\xa00.014', '0.800\\xa0±\\xa0<0.001')
    """
    mean = f"{np.mean(scores):.3f}"
    if len(scores) == 1:
        return mean
    sd = np.std(scores, ddof=1)
    return f"{mean}\xa0±\xa0" + (f"{sd:.3f}" if sd >= 0.0005 else "<0.001")


def table(results: Sequence[Result], measure: str = "accuracy") -> dict[str, dict[str, str]]:
    """Table B.1, a line a model and a column a number of labelled faces."""
    of = curves(results, measure)
    return {name: {f"{n:,}": shown(scores) for n, scores in by_n.items()} for name, by_n in of.items()}


def with_majority(results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """`table`, with a last line for a classifier that ignores the codes."""
    lines, majority = table(results), f"{majority_of(results):.3f}"
    return lines | {"majority, without the face": dict.fromkeys(next(iter(lines.values())), majority)}


def majority_of(results: Sequence[Result]) -> float:
    """The accuracy of a classifier that ignores the codes, mean over attributes."""
    return results[0].metrics["majority"]


def paper() -> dict[str, Mapping[str, str]]:
    """The paper's Table B.1, as `table` has ours."""
    return {label(each): each.paper for each in TABLE_B1 if each.paper}


def setting(results: Sequence[Result]) -> dict[str, Any]:
    """What the text cites of the experiment: faces, draws, and how far training went."""
    of, config, examples = models(results), results[0].training, results[0].trained.examples
    draws = by_number(results[:1])
    sizes, pool = list(draws), min(POOL, examples)
    largest = max(n for n in sizes if n < pool)
    everyone = f"all {pool:,} of them, can be drawn in one way only, and has no deviation"
    gained = {name: statistics.fmean(_gain(r) for r in each) for name, each in of.items()}
    at_fewest = [100 * float(each.paper[f"{min(SIZES)}"]) for each in TABLE_B1 if each.name == "VAE" and each.paper]
    found = {
        "seeds": len(next(iter(of.values()))),
        "draws": len(draws[sizes[0]]),
        "pool": f"{pool:,}",
        "largest": f"{largest:,}",
        "overlap": 100 * largest / pool,
        "last-column": everyone if sizes[-1] == pool else f"{sizes[-1]:,} of them, has one, too",
        "epochs": config.epochs,
        "steps": config.epochs * (examples // config.batch_size),
        "steps-of-paper": STEPS_OF_PAPER,
        "gained-intel": " and ".join(f"{gain:.1f}" for name, gain in gained.items() if name.startswith("InteL")),
        "total": statistics.fmean(r.curves["valid_elbo"][-1] - r.curves["valid_elbo"][0] for r in results),
        "majority": 100 * majority_of(results),
        "paper-worst": min(at_fewest),
        "paper-best": max(at_fewest),
    }
    for key, choose in (("least", min), ("most", max)):
        name = choose(gained, key=gained.__getitem__)
        found[f"gained-{key}"] = f"{gained[name]:.1f} nats ({name})"
    return found


def _gain(result: Result) -> float:
    """What the validation ELBO gained over the last two epochs."""
    curve = result.curves["valid_elbo"]
    return curve[-1] - curve[-3:][0]


class Line(NamedTuple):
    """A line of Figure B.3: scores of every attribute, by name, for VAEs by latent dimension and for the InteL-VAE.

    `baseline` is what one gets without looking at the face.
    """

    vae: Mapping[int, Mapping[str, float]]
    intel: Mapping[str, float]
    baseline: Mapping[str, float]


def figure_b3(results: Sequence[Result]) -> dict[str, Line]:
    """The lines of Figure B.3: accuracies for each number of labelled faces, and for the last one also balanced."""
    known = attributes.majorities(results[0])

    def line(n: int, measure: str, baseline: Mapping[str, float]) -> Line:
        of_vaes = {dim: attributes.by_attribute(of, n, measure) for dim, of in vaes(results).items()}
        return Line(of_vaes, attributes.by_attribute(ours(results), n, measure), baseline)

    sizes = attributes.sizes(results[0])
    found = {f"{n:,} labelled": line(n, "by_attribute", known) for n in sizes}
    half = dict.fromkeys(known, 0.5)
    return found | {f"{sizes[-1]:,}, balanced": line(sizes[-1], "balanced_by_attribute", half)}


def names_shown(results: Sequence[Result]) -> list[str]:
    """The attributes of Figure B.3 that these faces have, six at most."""
    return [name for name in SHOWN if name in attributes.majorities(results[0])][:6]


def counts(lines: Mapping[str, Line]) -> list[str]:
    """For how many attributes the InteL-VAE is as good as every VAE: a sentence for the fewest faces, and the most."""
    told = []
    accuracies = [title for title in lines if title.endswith(" labelled")]
    for title in (accuracies[0], accuracies[-1]):
        of = lines[title]
        best = {name: max(by_name[name] for by_name in of.vae.values()) for name in of.intel}
        good = sum(score >= best[name] for name, score in of.intel.items())
        better = sum(score > of.baseline[name] for name, score in of.intel.items())
        told.append(
            f"{title}: at least as good as every VAE for {good} of {len(best)} attributes, and better than the "
            f"majority for {better}"
        )
    return told


def protocols(results: Sequence[Result]) -> dict[tuple[str, str], dict[str, str]]:
    """What each of `PROTOCOLS` gives each model, for the numbers of labelled faces that the authors' code has."""
    return {
        (f"{n:,} labelled", name.replace(" ", "\xa0").replace(",\xa0", ", ")): {
            title: shown(by_number(of, *how)[n]) for title, how in PROTOCOLS.items()
        }
        for n in attributes.sizes(results[0], AUTHORS)
        for name, of in models(results).items()
    }


def leads(results: Sequence[Result]) -> dict[str, Any]:
    """By how many points of accuracy the InteL-VAE is ahead of the best VAE, by protocol, as the text cites it."""
    common = by_number(results[:1], protocol=AUTHORS)
    of: dict[str, list[float]] = {}
    for key, title in (("linear", "linear, standardised"), ("code", "the code's"), ("fair", "the code's, balanced")):
        mine, *theirs = (by_number(each, *PROTOCOLS[title]) for each in (ours(results), *vaes(results).values()))
        best = {n: max(statistics.fmean(by_n[n]) for by_n in theirs) for n in common}
        of[key] = [100 * (statistics.fmean(mine[n]) - best[n]) for n in common]
    return {f"lead-{key}": ", ".join(f"{lead:+.1f}" for lead in each) for key, each in of.items()} | {
        "code-draws": len(next(iter(common.values()))),
        "common": ", ".join(f"{n:,}" for n in common),
        "flips": sum(a * b < 0 for a, b in zip(of["linear"], of["code"], strict=True)),
        "of-common": len(common),
    }


def held(results: Sequence[Result]) -> str:
    """The nats of each level of the InteL-VAE, highest first, means over its runs."""
    of = [[r.metrics[f"kl_{i}"] for i in range(LEVEL_COUNT)] for r in ours(results) if "kl_0" in r.metrics]
    if not of:
        return "not known, as these results are older than its measurement"
    return ", ".join(f"{statistics.fmean(level):.2f}" for level in zip(*of, strict=True)) + " nats"


def in_short(results: Sequence[Result], judged: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the summary cites: of the results, and of the page's claims as they are `judged`."""
    mine, mine_balanced = (by_number(ours(results), measure) for measure in ("accuracy", "balanced"))
    theirs, theirs_balanced = (
        {dim: by_number(of, measure) for dim, of in vaes(results).items()} for measure in ("accuracy", "balanced")
    )
    sizes, pool = list(mine), min(POOL, results[0].trained.examples)
    best = {n: max(theirs, key=lambda dim, n=n: statistics.fmean(theirs[dim][n])) for n in sizes}  # type: ignore[misc]
    fewest, most = sizes[0], sizes[-1]
    found: dict[str, Any] = {}
    for key, n in (("few", fewest), ("all", most)):
        percent = {
            "ours": mine[n],
            "ours-balanced": mine_balanced[n],
            "theirs": theirs[best[n]][n],
            "theirs-balanced": theirs_balanced[best[n]][n],
        }
        found |= {f"{key}-{who}": 100 * statistics.fmean(scores) for who, scores in percent.items()}
        found[f"{key}-n"] = f"all {n:,}" if n == pool else f"{n:,}"
        found[f"{key}-best"] = best[n]
        found[f"{key}-most-balanced"] = 100 * max(statistics.fmean(of[n]) for of in theirs_balanced.values())
        if n == fewest:
            found |= {f"{key}-{who}-sd": 100 * summary(percent[who])[1] for who in ("ours", "theirs")}
    p_values = [each["p"] for each in judged if "-code-" in each["id"] and each["ours"] is not None]
    behind = sum(statistics.fmean(mine[n]) < statistics.fmean(theirs[best[n]][n]) for n in sizes)
    papers = [each for each in TABLE_B1 if each.name == "VAE" and each.paper]
    return found | {
        "fall": _falls(mine),
        "falls": _falls(*theirs.values()),
        "dims": ", ".join(map(str, theirs)),
        "paper-fall": _falls(_in_paper(INTEL_VAE, "D = 64")),
        "paper-falls": _falls(*(_in_paper(each.name, each.group) for each in papers)),
        "code-p": ", ".join("none" if p is None else f"{p:.2f}" for p in p_values),
        "behind": f"{behind} of {len(sizes)}",
        "best-dims": ", ".join(map(str, best.values())),
        "best-dims-paper": ", ".join(" or ".join(f"{each.value:g}" for each in best_in_paper(n)) for n in SIZES),
    }


def _in_paper(name: str, group: str) -> ByNumber:
    return {n: [float(row(TABLE_B1, name, group).paper[f"{n:,}"])] for n in SIZES}


def _falls(*of: ByNumber) -> str:
    """By how many points accuracies fall from the last number of labelled faces to the first, as text."""
    ends = [[statistics.fmean(by_n[n]) for n in (min(by_n), max(by_n))] for by_n in of]
    return ", ".join(f"{100 * (last - first):.1f}" for first, last in ends)
