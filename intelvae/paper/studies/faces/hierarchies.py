"""What the page on hierarchies of faces tables and cites: Table B.1 and Figure B.3."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from intelvae.metrics.attributes import SIZES
from intelvae.paper.evaluation.faces import POOL
from intelvae.paper.results import Result, Results
from intelvae.paper.studies.faces import attributes
from intelvae.paper.studies.faces.attributes import LINEAR
from intelvae.paper.studies.faces.grid import (
    INTEL_VAE,
    LEVEL_COUNT,
    TABLE_B1,
    TABLE_B1_AT_SMOKE,
    label,
)
from intelvae.paper.studies.faces.length import FLAT

STEPS_OF_PAPER = 162_770 // 100  # of an epoch
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
    everyone = f"The last column, all {pool:,} faces, can be drawn in one way only and has no deviation"
    gained = {name: statistics.fmean(_gain(r) for r in each) for name, each in of.items()}
    at_fewest = [100 * float(each.paper[f"{min(SIZES)}"]) for each in TABLE_B1 if each.name == "VAE" and each.paper]
    found = {
        "seeds": len(next(iter(of.values()))),
        "draws": len(draws[sizes[0]]),
        "pool": f"{pool:,}",
        "largest": f"{largest:,}",
        "overlap": f"{100 * largest / pool:.0f}",
        "last-column": everyone if sizes[-1] == pool else f"The last column, {sizes[-1]:,} faces, has a deviation, too",
        "epochs": config.epochs,
        "steps": config.epochs * (examples // config.batch_size),
        "steps-of-paper": f"{STEPS_OF_PAPER:,}",
        "gained-intel": " and ".join(f"{gain:.1f}" for name, gain in gained.items() if name.startswith("InteL")),
        "majority": f"{100 * majority_of(results):.1f}",
        "paper-worst": f"{min(at_fewest):.1f}",
        "paper-best": f"{max(at_fewest):.1f}",
    }
    for key, choose in (("least", min), ("most", max)):
        name = choose(gained, key=gained.__getitem__)
        found[f"gained-{key}"] = f"{gained[name]:.1f} nats ({name})"
    still = max(map(abs, gained.values())) >= FLAT
    return found | {"enough": "So few epochs cannot tell." if config.epochs < 3 else "No." if still else "Yes."}


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
            f"From {title} faces, the InteL-VAE is at least as good as every VAE for {good} of {len(best)} attributes, "
            f"and better than the majority for {better}."
        )
    return told


def passing(results: Sequence[Result], n: int) -> dict[str, float]:
    """For how many attributes, from n labelled faces, each of `models` is `attributes.as_good` as the best VAE.

    The mean over trainings, by the line of the claims on Figure B.3. A VAE may be the best one itself.
    """
    scores, of = attributes.of_each(n), models(results)
    by_training = {name: [scores(r) for r in sorted(each, key=lambda r: r.seed)] for name, each in of.items()}
    best = [*zip(*(by_training[label(each[0].row)] for each in vaes(results).values()), strict=True)]
    shares = {name: statistics.fmean(map(attributes.as_good, each, best)) for name, each in by_training.items()}
    return {name: len(best[0][0]) * share for name, share in shares.items()}


def passing_table(results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """`passing` from the fewest labelled faces and from the most, a line a model."""
    sizes = attributes.sizes(results[0])
    columns = {f"{n:,} labelled": passing(results, n) for n in (sizes[0], sizes[-1])}
    return {name: {title: f"{of[name]:.1f}" for title, of in columns.items()} for name in models(results)}


def told_passing(results: Sequence[Result]) -> str:
    """What `passing` says of the fewest labelled faces, in a sentence."""
    n = attributes.sizes(results[0])[0]
    of, (mine, *_) = passing(results, n), ours(results)
    alone = {dim: of[label(each[0].row)] for dim, each in vaes(results).items()}
    return (
        f"From {n:,} labelled faces, the InteL-VAE meets it for {of[label(mine.row)]:.0f} of "
        f"{len(attributes.majorities(mine))} attributes. The VAEs themselves, with D = {', '.join(map(str, alone))}, "
        f"meet it for {', '.join(f'{number:.0f}' for number in alone.values())}."
    )


def of_vaes(results: Sequence[Result], measure: str = "accuracy", protocol: str = LINEAR) -> dict[int, ByNumber]:
    """`by_number` of each VAE, by its latent dimension."""
    return {dim: by_number(of, measure, protocol) for dim, of in vaes(results).items()}


def best(of: Mapping[int, ByNumber], n: int) -> int:
    """The key, a latent dimension, of the best mean score from n labelled faces."""
    return max(of, key=lambda dim: statistics.fmean(of[dim][n]))


def leads(results: Sequence[Result], measure: str = "accuracy", protocol: str = LINEAR) -> dict[int, float]:
    """By how many points the InteL-VAE is ahead of the best VAE, by number of labelled faces."""
    mine, theirs = by_number(ours(results), measure, protocol), of_vaes(results, measure, protocol)
    return {n: 100 * (statistics.fmean(of) - statistics.fmean(theirs[best(theirs, n)][n])) for n, of in mine.items()}


def of_text_alone(in_text: Results) -> bool:
    """Whether there are results with the dimensions of the text that Table B.1 lacks."""
    return any(r.row not in TABLE_B1 and r.row not in TABLE_B1_AT_SMOKE for r in in_text)


def planned(in_text: Results) -> str:
    """Which models with the dimensions of the text have not been run, in a sentence; "" where all have."""
    missing = [label(row) for row in dict.fromkeys(run.row for run in in_text.asked) if row not in in_text.rows]
    return f"Planned, not run: models with dimensions of the paper's text ({'; '.join(missing)})." if missing else ""


def falls(results: Sequence[Result]) -> list[dict[str, str]]:
    """A line a model: what it loses from the most labelled faces to the fewest, in points, here and in the paper."""
    lines: list[dict[str, str]] = []
    for name, members in models(results).items():
        paper = members[0].row.paper.values()
        in_paper = _fall({i: [float(score)] for i, score in enumerate(paper)}) if paper else ""
        lines.append({"model": name, "points lost": _fall(by_number(members)), "points lost in the paper": in_paper})
    return lines


def _fall(of: ByNumber) -> str:
    """By how many points the accuracy falls from the last number of labelled faces to the first."""
    first, last = (statistics.fmean(of[choose(of)]) for choose in (min, max))
    return f"{100 * (last - first):.1f}"


def untold(line: Line) -> list[str]:
    """The attributes that no model of a line of Figure B.3 predicts better than its baseline does."""
    best = {name: max(of[name] for of in (*line.vae.values(), line.intel)) for name in line.baseline}
    return [name for name, score in line.baseline.items() if best[name] <= score]


def held(results: Sequence[Result]) -> str:
    """The nats of each level of the InteL-VAE, highest first, means over its runs."""
    of = [[r.metrics[f"kl_{i}"] for i in range(LEVEL_COUNT)] for r in ours(results) if "kl_0" in r.metrics]
    if not of:
        return "not known, as these results are older than its measurement"
    nats = ", ".join(f"{statistics.fmean(level):.2f}" for level in zip(*of, strict=True))
    return f"{nats} nats (means over the trainings in which this was measured, {len(of)} of {len(ours(results))})"


def in_short(results: Sequence[Result]) -> dict[str, str]:
    """What the box and the text cite of both ends of Table B.1, in per cent, and where the InteL-VAE is behind."""
    found: dict[str, str] = {}
    for more, measure in (("", "accuracy"), ("-balanced", "balanced")):
        mine, theirs = by_number(ours(results), measure), of_vaes(results, measure)
        for key, choose in (("few", min), ("all", max)):
            n = choose(mine)
            found[f"{key}-n"] = f"all {n:,}" if n == min(POOL, results[0].trained.examples) else f"{n:,}"
            found[f"{key}-ours{more}"] = _percent(mine[n])
            found[f"{key}-theirs{more}"] = _percent(theirs[best(theirs, n)][n])
    behind = [lead < 0 for lead in leads(results).values()]
    return found | {"behind": f"{sum(behind)} of {len(behind)}"}


def _percent(scores: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(scores):.1f}"
