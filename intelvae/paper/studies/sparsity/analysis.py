"""What the pages on sparsity say of their results: texts by the names that the pages cite them by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from intelvae.metrics import downstream
from intelvae.paper.kinds import NOT_TESTED, PARTLY, REPRODUCED
from intelvae.paper.measures import clean_frechet, few_shot, frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import DD, INTEL, SPARSE_VAE, VAE, VAE_L1, VAE_L_SP, Method, Row
from intelvae.paper.statistics import by_seed, changed, rounded
from intelvae.paper.studies.sparsity import grid
from intelvae.paper.studies.sparsity.comparisons import MANY
from intelvae.paper.studies.sparsity.grid import DD_ALPHA, SHOWN, STRONG, VARIED, VSC_ALPHA, at
from intelvae.paper.studies.sparsity.tables import (
    CHANCE,
    IN_USE,
    LEFT_OFF,
    PER_CLASS,
    SCORE,
    Column,
    by_gamma,
    by_row,
    gates_per_image,
    shared,
)

DISTANCE, ALL_PIXELS = Column(clean_frechet, 0), Column(frechet, 0)
SMALL = ("VAE", *(at(INTEL, gamma) for gamma in grid.BELOW_3))  # models whose samples the paper compares
FOREST = Column("random_forest_100", 0, 100.0)

OF_A_PLACE = {
    "distance": DISTANCE,
    "hoyer": SCORE,
    "used": IN_USE,
    "chance": CHANCE,
    "left-off": LEFT_OFF,
    "in-use": Column("active_overall", 0),
    "zero": Column("zero_codes", 0, 100.0),
    "overlap": Column("class_overlap"),
}
CITED = {
    "score": SCORE,
    "of-mean": Column("hoyer_mean", 3),
    "used": IN_USE,
    "chance": CHANCE,
    "off": LEFT_OFF,
    "use": Column("active_overall", 1),
    "zero": Column("zero_codes", 0, 100.0),
    "kl": Column("test_kl", 1),
    "distance": DISTANCE,
    "all-pixels": ALL_PIXELS,
    "forest": FOREST,
}


def in_words(row: Row) -> str:
    """A row's method and the value of what it varies.

    >>> in_words(grid.METHODS[1])
    'InteL-VAE, γ = 0'
    """
    if row.value is None:
        return row.method.name
    return f"{row.method.name}, {'γ' if VARIED[row.method] == 'gamma' else 'α'} = {row.value:g}"


def is_sparse(results: Sequence[Result]) -> bool:
    """Whether codes are sparse image by image: their score in use at least twice the score by chance (our line)."""
    return IN_USE.mean(results) >= 2 * CHANCE.mean(results) > 0


def break_even(results: Results) -> dict[str, str]:
    """Places on the curve of Figure 7, "NAME" for the place and "NAME-WHAT" for `OF_A_PLACE` there.

    Names of gammas are "even", the break-even gamma (the sparsest, by the score, whose mean distance is not above the
    VAE's), "next", the one after it, "sparse", the smallest that `is_sparse`, and "last"; "zero" is gamma = 0,
    "no-worse" all gammas whose mean distance is not above the VAE's, "all-sparse" all that are sparse image by image,
    and "not-sparse" all others. "nearest" is the row with the nearest samples of all that are sparse, "other" the same
    of other methods; and "vae".
    """
    vae, intel, distance = results.of("VAE"), by_gamma(results), DISTANCE
    no_worse = {gamma: of for gamma, of in intel.items() if distance.mean(of) <= distance.mean(vae)}
    even = max(no_worse, key=lambda gamma: SCORE.mean(no_worse[gamma]), default=None)
    following = min((gamma for gamma in intel if even is not None and gamma > even), default=None)
    sparse = {row: of for row, of in by_row(results).items() if is_sparse(of)}
    first = min((row.value for row in sparse if row.method == INTEL and row.value is not None), default=None)
    rows = {
        name: min(chosen, key=lambda row: distance.mean(sparse[row]), default=None)
        for name, chosen in (("nearest", [*sparse]), ("other", [row for row in sparse if row.method != INTEL]))
    }
    gammas = {"even": even, "next": following, "sparse": first, "last": max(intel)}
    found = {"no-worse": ", ".join(f"{gamma:g}" for gamma in no_worse) or "none"}
    for name, chosen in (("all-sparse", True), ("not-sparse", False)):
        found[name] = listed(f"{gamma:g}" for gamma, of in intel.items() if is_sparse(of) == chosen)
    found |= {name: "none" if gamma is None else f"{gamma:g}" for name, gamma in gammas.items()}
    found |= {name: "none" if row is None else in_words(row) for name, row in rows.items()}
    places = {"vae": vae, "zero": intel.get(0.0, [])}
    places |= {name: [] if gamma is None else intel[gamma] for name, gamma in gammas.items()}
    places |= {name: [] if row is None else sparse[row] for name, row in rows.items()}
    for name, of in places.items():
        found |= {f"{name}-{what}": column.text(of, "(none)") for what, column in OF_A_PLACE.items()}
    return found


def without_penalty(results: Results) -> dict[str, str]:
    """How close samples are without any penalty, and whether at a small gamma they are closer than that.

    "zero" is the distance at gamma = 0, "others" the range of those at the other gammas below 3, "vae" the VAE's.
    "answer" says whether closer samples than the VAE's need the penalty: only where some gamma's are closer than those
    at gamma = 0, by more than the 95 % interval of the mean difference over seeds. "closest" is the row with the
    closest samples of all, "closest-WHAT" are `OF_A_PLACE` there.
    """
    vae, intel, rows = results.of("VAE"), by_gamma(results), by_row(results)
    zero, others = intel.get(0.0, []), {gamma: intel[gamma] for gamma in grid.BELOW_3 if gamma and gamma in intel}
    first = min(rows, key=lambda row: DISTANCE.mean(rows[row]))
    found = {"zero": DISTANCE.text(zero), "vae": DISTANCE.text(vae), "others": "(no run)", "closest": in_words(first)}
    found |= {f"closest-{what}": column.text(rows[first]) for what, column in OF_A_PLACE.items()}
    if not (vae and zero and others):
        return found | {"answer": "No run shows yet whether that needs the penalty"}
    means = [DISTANCE.mean(of) for of in others.values()]
    closer = [
        gamma
        for gamma, of in others.items()
        if (change := changed(by_seed(zero, clean_frechet), by_seed(of, clean_frechet)))
        and change.half is not None
        and change.difference + change.half < 0
    ]
    without = ", and without sparse codes" * (not is_sparse(zero))
    answer = f"So at $\\gamma < 3$ samples are about as close without the penalty{without}"
    if closer:
        which = listed(f"{gamma:g}" for gamma in closer)
        answer = f"At $\\gamma =$ {which} the penalty brings samples closer than that"
    elif DISTANCE.mean(zero) >= DISTANCE.mean(vae):
        answer = "So without a penalty samples are no closer than the VAE's"
    return found | {"others": f"{min(means):,.0f} to {max(means):,.0f}", "answer": answer}


def few_active(results: Results) -> dict[str, str]:
    """How many dimensions are active in a class: at the gamma of Figure 8, of the VAE, and the fewest of all gammas."""
    intel = by_gamma(results)
    fewest = min(intel, key=lambda gamma: PER_CLASS.mean(intel[gamma]))
    of = {"shown": intel[SHOWN], "vae": results.of("VAE"), "fewest": intel[fewest]}
    return {f"active-{name}": PER_CLASS.text(chosen) for name, chosen in of.items()} | {"fewest": f"{fewest:g}"}


LABELLED = (VAE, INTEL, DD, SPARSE_VAE, VAE_L_SP, VAE_L1)  # whose codes classifiers learn from


def compared_on_labels(results: Results, methods: Sequence[Method] = LABELLED) -> list[Result]:
    """The results that Figure 7, right, compares: of each method one row (`weight_on_labels`)."""
    rows = (method.name if method == VAE else at(method, weight_on_labels(results, method)) for method in methods)
    return [r for name in rows for r in results.of(name)]


def weight_on_labels(results: Results, method: Method) -> float:
    """The gamma or alpha at which a method is compared on few labels.

    Of the VAEs with a penalty and no mapping it is the largest that there is, 0 without any.
    """
    chosen = {INTEL: SHOWN, DD: DD_ALPHA, SPARSE_VAE: VSC_ALPHA}
    of = [row.value or 0.0 for row in results.rows if row.method == method]
    return chosen[method] if method in chosen else max(of, default=0.0)


def in_short(results: Results) -> dict[str, str]:
    """What page 08 sums up: score and accuracies of the VAE and at the gamma of Figure 8, and what others pay.

    Accuracies are from few labels, as in the claims: means over 10 to 100 of them; "many" has the forest's from 500 to
    5,000.
    """
    found = {}
    for key, method in (("vae", VAE), ("shown", INTEL)):
        of = compared_on_labels(results, [method])
        found[f"{key}-score"] = SCORE.text(of)
        for classifier in downstream.NAMES:
            found[f"{key}-{classifier.split()[0]}"] = Column(few_shot(classifier), 1).text(of)
        found[f"{key}-many"] = Column(few_shot(downstream.NAMES[0], MANY), 1).text(of)
    for key, method in (("lsp", VAE_L_SP), ("l1", VAE_L1), ("vsc", SPARSE_VAE), ("dd", DD)):
        of = compared_on_labels(results, [method])
        found[f"{key}-forest"] = Column(few_shot(downstream.NAMES[0]), 1).text(of)
        found[f"{key}-distance"] = DISTANCE.text(of)
        found[f"{key}-gamma"] = f"{weight_on_labels(results, method):g}"
    return found


def cited(prefix: str, rows: Mapping[str, Sequence[Result]]) -> dict[str, str]:
    """The `CITED` means of each row over the seeds that all of them have, so that they compare, and these seeds.

    "PREFIX-seeds" has the seeds, and "PREFIX-over" how a sentence about the means names them (`over_seeds`).
    """
    common = shared(rows.values())
    found = {f"{prefix}-seeds": ", ".join(map(str, sorted(common))) or "none", f"{prefix}-over": over_seeds(common)}
    for key, of in rows.items():
        same = [r for r in of if r.seed in common]
        found |= {f"{prefix}-{key}-{title}": column.text(same) for title, column in CITED.items()}
    return found


def over_seeds(seeds: Collection[int]) -> str:
    """From which seeds numbers of several rows are, given those that all have: for a sentence to begin with.

    >>> over_seeds({0})
    'From one seed (seed 0), the only one that all have'
    >>> over_seeds({2, 0}), over_seeds([])
    ('Means over the seeds that all have (0 and 2)', 'No seed is common to all')
    """
    if not seeds:
        return "No seed is common to all"
    if len(seeds) == 1:
        return f"From one seed (seed {min(seeds)}), the only one that all have"
    return f"Means over the seeds that all have ({listed(map(str, sorted(seeds)))})"


def as_in_tables(prefix: str, rows: Mapping[str, Sequence[Result]]) -> dict[str, str]:
    """The `CITED` means of each row over all seeds that it has, as tables show them, and "PREFIX-NAME-n", how many.

    Rows with other numbers of seeds do not compare as well as in `cited`.
    """
    return {
        f"{prefix}-{key}-{title}": text
        for key, of in rows.items()
        for title, text in {**{title: column.text(of) for title, column in CITED.items()}, "n": f"{len(of)}"}.items()
    }


def of_mnist(results: Results) -> dict[str, str]:
    """What page 09 cites of MNIST, over the seeds that claims on these rows have, and at which gammas."""
    intel, ablation = by_gamma(results), sorted(row.value or 0.0 for row in by_row(results) if row.method == VAE_L_SP)
    strongest, following = ablation[-1], ablation[-2] if len(ablation) > 1 else ablation[-1]
    rows = {
        "vae": results.of("VAE"),
        "three": intel.get(3.0, []),
        "shown": intel[SHOWN],
        "strong": intel.get(STRONG, []),
        "most": intel[max(intel)],
        "vsc": results.of(at(SPARSE_VAE, VSC_ALPHA)),
        "ablation": results.of(at(VAE_L_SP, strongest)),
        "next": results.of(at(VAE_L_SP, following)),
    }
    gammas = {"shown": SHOWN, "strong": STRONG, "most": max(intel), "strongest": strongest, "next": following}
    return cited("mnist", rows) | {f"gamma-{key}": f"{gamma:g}" for key, gamma in gammas.items()}


def apart(results: Results) -> dict[str, str]:
    """How far seeds of one row are apart where that is farthest, by the distance without faint pixels and with all.

    "apart" and "apart-all-pixels" say how far, "apart-of" and "apart-all-pixels-of" of which row.
    """
    found: dict[str, str] = {}
    for key, column in (("apart", DISTANCE), ("apart-all-pixels", ALL_PIXELS)):
        row, of = max(by_row(results).items(), key=lambda line: span(column, line[1]))
        found |= {key: f"{span(column, of):,.0f}", f"{key}-of": in_words(row)}
    return found


def span(column: Column, results: Sequence[Result]) -> float:
    """How far the largest of a column's values is from the smallest, over the results of a row."""
    values = column.values(results)
    return max(values) - min(values)


def told_gates(results: Results) -> str:
    """How many gates an image and a batch open at the largest gamma without sparse codes (our line): "" without any.

    It also says that gates look at the image, where a batch opens half as many again as an image.
    """
    dense = {gamma: of for gamma, of in by_gamma(results).items() if not is_sparse(of)}
    if not dense:
        return ""
    gamma = max(dense)
    image, batch = Column(gates_per_image, 1), Column("gates_per_batch", 1)
    look = batch.mean(dense[gamma]) >= 1.5 * image.mean(dense[gamma])
    return (
        f"With $\\gamma = {gamma:g}$ an image opens {image.text(dense[gamma])} gates, and a batch "
        f"{batch.text(dense[gamma])}" + ": gates look at the image before codes are sparse by our line" * look + "."
    )


def which_part(row: Mapping[str, Any]) -> str:
    """Why the claim that the penalty alone fails has its verdict, one of `ledger.rows`: for a sentence to go on with.

    Its first part is that codes hardly get sparser, its second that samples get worse.
    """
    if row["verdict"] in (REPRODUCED, NOT_TESTED):
        return ""
    numbers = f"({rounded(row['ours'], 3)}, VAE: {rounded(row['other'], 3)})"
    if row["test"].startswith("part 1"):
        return f", since codes {'do get sparser' if row['ours'] > row['other'] else 'get less sparse'} {numbers}"
    if row["verdict"] == PARTLY:
        return f", since samples are worse, but not significantly {numbers}"
    return f", since samples are no worse {numbers}"
