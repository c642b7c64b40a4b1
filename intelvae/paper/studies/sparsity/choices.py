"""What page 09 cites of choices that the paper leaves open: of the mapping, of any VAE, and of the baselines."""

from __future__ import annotations

from intelvae.paper.results import Result, Results
from intelvae.paper.rows import DD, INTEL, SPARSE_VAE, VAE
from intelvae.paper.studies.sparsity import grid
from intelvae.paper.studies.sparsity.analysis import DISTANCE, as_in_tables, cited, span
from intelvae.paper.studies.sparsity.grid import SHOWN, STRONG, at
from intelvae.paper.studies.sparsity.tables import SCORE, shared

VERSIONS = {"own": grid.OWN_PRIOR, "dense": grid.FROM_NORMAL}  # where samples of the Sparse-VAE come from
# choices that concern every VAE: the names of rows, and how a sentence names them
OF_ANY_VAE = {
    "shown": (grid.AS_IN_FIGURE_7, "as in Figure 7"),
    "light": (grid.LIGHT, "$\\beta = 0.3$"),
    "heavy": ("beta = 3", "$\\beta = 3$"),
    "absolute": ("absolute errors, as in the authors' code", "absolute errors"),
    "binary": ("binary images, as in Table C.1", "binary images"),
}


def of_sparse_vae(others: Results) -> dict[str, str]:
    """What page 09 cites of the Sparse-VAE with its own samples and with those of the replication.

    "vsc-answer" says whether the replication's way to sample may explain poor samples: only if it makes them worse.
    """
    rows = {name: others.of(title, SPARSE_VAE.name) for name, title in VERSIONS.items()}
    common = shared(rows.values())
    own, dense = ([r for r in of if r.seed in common] for of in rows.values())
    answer = "No run shows yet whether it does"
    if own and dense:
        worse = DISTANCE.mean(dense) > DISTANCE.mean(own)
        may, order = ("It may", "farther from") if worse else ("It does not, here", "nearer to")
        answer = f"{may}: images from $\\mathcal N(0, I)$ are {order} the test images than the model's own"
    return cited("vsc", rows) | {"vsc-answer": answer}


def of_dd(others: Results) -> dict[str, str]:
    """What page 09 cites of DD with our weight ("ours") and its authors' ("theirs"), and of the VAE.

    Means are those of the table (`as_in_tables`); "dd-answer" says how codes and samples with the authors' weight
    compare with ours.
    """
    names = {"ours": grid.OF_DD[0].name, "theirs": grid.OF_DD[2].name, "same-errors": grid.OF_DD[3].name}
    rows = {key: others.of(name, DD.name) for key, name in names.items()}
    rows["vae"] = others.of(grid.AS_IN_FIGURE_7, VAE.name)
    ours, theirs, answer = rows["ours"], rows["theirs"], "No run shows it yet"
    if ours and theirs:
        higher = "higher" if SCORE.mean(theirs) > SCORE.mean(ours) else "lower"
        closer = "closer to" if DISTANCE.mean(theirs) < DISTANCE.mean(ours) else "farther from"
        answer = (
            f"With its authors' weight DD's codes have a {higher} score, and its samples are {closer} the test images"
        )
    return as_in_tables("dd", rows) | {"dd-answer": answer}


def of_pixels(weighted: Results) -> dict[str, str]:
    """What page 09 cites of the weights of 32 x 32 pixels ("as-is") and of 28 x 28 ("small"), at `SHOWN`.

    "-times" is the distance in units of the VAE's with the same weights.
    """
    names = {"as-is": grid.AS_IN_FIGURE_7, "small": grid.AS_WITH_28}
    found = cited("pixels", {key: weighted.of(name, at(INTEL, SHOWN)) for key, name in names.items()})
    for key, name in names.items():
        ours, vae = (weighted.of(name, group) for group in (at(INTEL, SHOWN), "VAE"))
        times = f"{DISTANCE.mean(ours) / DISTANCE.mean(vae):.2f}" if ours and vae else "(no run)"
        found[f"pixels-{key}-times"] = times
    return found


def of_choices(others: Results) -> dict[str, str | int]:
    """What page 09 cites of what the paper leaves open, and how far the seeds of its first row are apart.

    "open-" are choices of the mapping, over the seeds that all have (`cited`); "any-" are those that concern every
    VAE, as in the table (`as_in_tables`).
    """
    strong, shown = at(INTEL, STRONG), at(INTEL, SHOWN)
    mapping = {
        "default": grid.AS_IN_FIGURE_7,
        "floor": grid.FLOOR_OF_THE_CODE,
        "codes": "penalty on |z|, as in the authors' code",
        "code": "floor 0.2 and penalty on |z|, the authors' code",
        "printed": "second term as printed",
    }
    rows = {key: others.of(title, strong) for key, title in mapping.items()}
    of_both: dict[str, list[Result]] = {}
    for key, (title, _) in OF_ANY_VAE.items():
        of_both |= {f"{key}-vae": others.of(title, "VAE"), key: others.of(title, shown)}
    first = rows["default"]
    found: dict[str, str | int] = {**cited("open", rows), **as_in_tables("any", of_both), "apart-seeds": len(first)}
    for name, column, digits in (("score", SCORE, 2), ("distance", DISTANCE, 0)):
        found[f"apart-{name}"] = f"{span(column, first):.{digits}f}" if first else "(no run)"
    return found
