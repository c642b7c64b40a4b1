"""The paper's claims about faces (Tables 4 and B.1), named after the 8,059 faces of `laptop`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from intelvae.metrics.attributes import SIZES
from intelvae.paper.kinds import DISTANCE, AtMost, Claim, Comparison, Jointly
from intelvae.paper.measures import above_chance, frechet, ungated
from intelvae.paper.rows import Row, row
from intelvae.paper.statistics import Metric, measured
from intelvae.paper.studies.faces import attributes
from intelvae.paper.studies.faces.grid import (
    FID,
    HALF,
    HEAVIEST,
    HEAVY,
    HOYER,
    INTEL_VAE,
    PUBLISHED,
    SUBMITTED,
    best_in_paper,
)
from intelvae.paper.studies.faces.grid import TABLE_4 as ROWS
from intelvae.paper.studies.faces.grid import TABLE_B1 as ROWS_B1
from intelvae.paper.studies.faces.kinds import ByDraw, ForMost, MovingOptimum

FACES, FACE_HIERARCHIES = "10_faces", "12_face_hierarchies"
AT = "At 8,059 faces and after 800 steps at laptop: "
AT_LONGER = "At 8,059 faces and after 10,000 steps at laptop: "
SPARSITY = measured("hoyer_sample")
LEAST_SPARSE, SPARSEST = "InteL-VAE, γ = 30", "InteL-VAE, γ = 70"

# Of images that a Sparse-VAE decodes from N(0, I), and at the same number, the fewest: distances fall with the number.
dense, frechet_of_fewest = partial(frechet, kind="dense"), partial(frechet, number=min)


def _id(name: str) -> str:
    return f"{name}-{PUBLISHED}-faces"


def _paper(ours: str, theirs: str, column: str) -> str:
    """What the paper, or its submission, has for two rows of Table 4, without deviations."""
    numbers = " against ".join(row(ROWS, name).paper[column].split(" ± ")[0] for name in (ours, theirs))
    return numbers + " (a row of the submission)" * (theirs in SUBMITTED)


def _nearer() -> list[Claim]:
    """Table 4: samples of the InteL-VAE are nearer to real faces than others', or as near."""
    fd = f"({DISTANCE}, the largest N of the page's table)"
    claims: list[Claim] = [
        Comparison(
            _id(f"table4-{name}"),
            "Table 4",
            f"{AT}samples of the InteL-VAE with gamma = 30 are closer to real faces than the {theirs}'s {fd}",
            f"{_paper(LEAST_SPARSE, theirs, FID)} (FID)",
            FACES,
            "table4",
            frechet,
            LEAST_SPARSE,
            theirs,
        )
        for name, theirs in (("vae", "VAE"), ("vamp", "Vamp-VAE"), ("sylvester", "VAE + Sylvester"))
    ]
    baselines = [
        Comparison(
            _id(f"table4-{name}-than-vae"),
            "Table 4",
            f"{AT}samples of the {ours} are closer to real faces than the VAE's {fd}",
            f"{_paper(ours, 'VAE', FID)} (FID)",
            FACES,
            "table4",
            frechet,
            ours,
            "VAE",
            post_hoc=True,
        )
        for name, ours in (("vamp", "Vamp-VAE"), ("sylvester", "VAE + Sylvester"))
    ]
    quality = AtMost(
        _id("table4-quality-alone"),
        "Table 4",
        f"{AT}with gamma = 70 the quality of samples is not sacrificed: the distance from real faces is not "
        "5 % above the VAE's",
        f"{_paper(SPARSEST, 'VAE', FID)} (FID)",
        FACES,
        "table4",
        frechet,
        SPARSEST,
        "VAE",
        1.05,
        variant=True,  # a model without sparsity passes
    )
    both = Jointly(
        _id("table4-quality"),
        "Table 4",
        f"{AT}with gamma = 70 codes are sparser than the VAE's, by half of what the paper has at the least, and the "
        "quality of samples is not sacrificed: the distance from real faces is not 5 % above the VAE's",
        f"{_paper(SPARSEST, 'VAE', HOYER)} (score), {_paper(SPARSEST, 'VAE', FID)} (FID)",
        FACES,
        "table4",
        (_sparser("vae", "VAE", "VAE", margin=HALF), quality),
        post_hoc=True,
    )
    return [*claims, *baselines, both, quality]


def _sparser_than_all() -> list[Claim]:
    """Table 4: the InteL-VAE is sparser than all others."""
    in_use: dict[str, Any] = {
        "metric": above_chance,
        "measure": "Hoyer score of g(y) in the dimensions in use, less that of as many Gaussians",
        "variant": True,  # the paper's score is over all dimensions
    }
    claims = [
        _sparser("vae", "VAE", "VAE", margin=HALF),
        _sparser("vae-at-all", "VAE", "VAE", variant=True),  # the rule before
        _sparser("vae-used", "VAE", "VAE", **in_use),
    ]
    for alpha in ("0.01", "0.05", "0.2"):
        name, theirs, words = f"vsc-{alpha}", f"Sparse-VAE, α = {alpha}", f"Sparse-VAE with alpha = {alpha}"
        claims += [
            _sparser(name, theirs, words),
            _sparser(f"{name}-slab", theirs, f"{words} without its gates", metric=ungated, variant=True),
            _sparser(f"{name}-used", theirs, words, **in_use),
        ]
    return claims


def _unacceptable() -> list[Claim]:
    """Table 4: samples of the Sparse-VAE are much farther from real faces."""
    claims: list[Claim] = []
    for alpha in ("0.01", "0.2"):
        theirs = f"Sparse-VAE, α = {alpha}"
        for kind, where, metric in (
            ("prior", "its own prior", frechet),
            ("dense", "N(0, I), as in the replication's code", dense),
        ):
            claims.append(
                AtMost(
                    _id(f"table4-vsc-{alpha}-{kind}"),
                    "Table 4",
                    f"{AT}samples of the Sparse-VAE with alpha = {alpha}, drawn from {where}, are unacceptable: "
                    "at least twice as far from real faces as the InteL-VAE's with gamma = 70",
                    f"{_paper(SPARSEST, theirs, FID)} (FID)",
                    FACES,
                    "table4",
                    frechet if kind == "prior" else frechet_of_fewest,
                    SPARSEST,
                    theirs,
                    0.5,
                    their_metric=metric,
                    variant=kind == "prior",  # the paper's numbers are of the replication's code
                )
            )
    return claims


def _sparser(
    name: str,
    theirs: str,
    words: str,
    metric: Metric = SPARSITY,
    measure: str = "Hoyer score of g(y)",
    variant: bool = False,
    margin: float = 0.0,
) -> Claim:
    by = f", by more than {margin:g}, half of the paper's difference" if margin else ""
    return Comparison(
        _id(f"table4-sparser-{name}"),
        "Table 4, submission" if theirs in SUBMITTED else "Table 4",
        f"{AT}codes of the InteL-VAE with gamma = 70 are sparser than those of the {words}{by} ({measure})",
        _paper(SPARSEST, theirs, HOYER),
        FACES,
        "table4",
        metric,
        SPARSEST,
        theirs,
        larger=True,
        margin=margin,
        variant=variant,
        post_hoc=bool(margin),
    )


def _heavier(claim: Claim, heavy: Row, post_hoc: bool) -> Claim:
    """The rule of a claim on the paper's largest gamma, for a larger one."""
    changes: dict[str, Any] = {
        "id": _id(f"{claim.id.removesuffix(_id(''))}-gamma-{heavy.value:g}"),
        "claim": claim.claim.replace("gamma = 70", f"gamma = {heavy.value:g}"),
    }
    if isinstance(claim, Jointly):
        changes["parts"] = [_heavier(part, heavy, post_hoc) for part in claim.parts]
    else:
        changes["ours"] = heavy.name
    return replace(claim, **changes, experiment="table4-heavier", variant=True, post_hoc=post_hoc)


def _longer(claim: Claim) -> Claim:
    """The rule of a claim on Table 4, for the models that are trained longer."""
    changes: dict[str, Any] = {"id": f"{claim.id}-longer", "claim": claim.claim.replace(AT, AT_LONGER)}
    if isinstance(claim, Jointly):
        changes["parts"] = [_longer(part) for part in claim.parts]
    return replace(claim, **changes, experiment="table4-longer", variant=True, post_hoc=False)


(_INTEL,) = (each for each in ROWS_B1 if each.name == INTEL_VAE)
_SAME_SIZE = row(ROWS_B1, "VAE", _INTEL.group)


IN_TEXT, VAES_IN_TEXT = "table-b1-in-text", "1 to 128 dimensions"


def _scores_of_paper(n: int) -> str:
    best, column = best_in_paper(n), f"{n:,}"
    dims = ", ".join(f"{each.value:g}" for each in best)
    return f"{_INTEL.paper[column]} against {best[0].paper[column]} (D = {dims})"


def _fall_of_paper(of: Row) -> str:
    first, *_, last = map(float, of.paper.values())
    return f"{first - last:.3f}"


def _table_b1() -> list[Claim]:
    protocols = (
        ("", "", attributes.LINEAR, SIZES),
        ("-plain", ", as they are,", attributes.PLAIN, SIZES),
        # for as many there are test faces
        ("-code", ", by the protocol of the authors' code,", attributes.AUTHORS, SIZES[:3]),
    )
    return [
        *(
            ByDraw(
                _id(f"tableB1-{n}{kind}"),
                "Table B.1",
                f"{AT}from {n:,} labelled faces{', or all if they are fewer' * (n == max(SIZES))}, codes of the "
                f"hierarchical InteL-VAE with 64 dimensions{words} predict the attributes better than those of any VAE "
                "(accuracy)",
                _scores_of_paper(n),
                FACE_HIERARCHIES,
                "table-b1",
                attributes.labelled(n, protocol=protocol),
                significant=n <= 1000,
                same_draws=protocol != attributes.AUTHORS,  # early results have other draws of it for each model
                variant=bool(kind),
            )
            for kind, words, protocol, sizes in protocols
            for n in sizes
        ),
        *(
            ByDraw(
                _id(f"tableB1-{n}-text"),
                "Table B.1",
                f"{AT}from {n:,} labelled faces{', or all if they are fewer' * (n == max(SIZES))}, codes of the "
                f"hierarchical InteL-VAE with 128 dimensions predict the attributes better than those of any VAE with "
                f"{VAES_IN_TEXT}: the dimensions of the text (accuracy)",
                "the VAEs are always worse",
                FACE_HIERARCHIES,
                IN_TEXT,
                attributes.labelled(n),
                significant=n <= 1000,
                variant=True,  # the table has other dimensions
            )
            for n in SIZES
        ),
        ByDraw(
            _id("tableB1-robust"),
            "Table B.1",
            f"{AT}from {max(SIZES):,} labelled faces, or all if they are fewer, down to {min(SIZES)}, codes of the "
            "hierarchical InteL-VAE with 64 dimensions lose less than those of the VAE with as many (accuracy from "
            f"{min(SIZES)} minus accuracy from the most)",
            f"{_fall_of_paper(_INTEL)} against {_fall_of_paper(_SAME_SIZE)}",
            FACE_HIERARCHIES,
            "table-b1",
            attributes.fall,
            other=_SAME_SIZE.group,
            post_hoc=True,
        ),
        *(
            MovingOptimum(
                _id(f"tableB1-optimum{kind}"),
                "Table B.1",
                f"{AT}the best latent dimension of a VAE{words} grows with the number of labelled faces",
                ", ".join(f"{best_in_paper(n)[-1].value:g}" for n in SIZES),
                FACE_HIERARCHIES,
                experiment,
                [attributes.mean(n) for n in SIZES],
                variant=bool(kind),
            )
            for kind, words, experiment in (("", "", "table-b1"), ("-text", f", of {VAES_IN_TEXT},", IN_TEXT))
        ),
        *(
            ForMost(
                _id(f"figB3-{n}{kind}"),
                "Fig B.3",
                f"{AT}from {n:,} labelled faces{', or all if they are fewer' * (n == max(SIZES))}, codes of the "
                f"hierarchical InteL-VAE predict nearly every attribute as well as those of the {best} ({measure})",
                "comparable or even better",
                FACE_HIERARCHIES,
                "table-b1",
                attributes.of_each(n, name),
                single=kind == "-single",
                variant=bool(kind),
                post_hoc=True,
            )
            for kind, best, measure, name in (
                ("", "best VAE", "accuracy", "by_attribute"),
                ("-balanced", "best VAE", "balanced accuracy", "balanced_by_attribute"),
                # the best of five for each attribute is more than any of the five is
                ("-single", "one VAE that is best on average", "accuracy", "by_attribute"),
            )
            for n in (min(SIZES), max(SIZES))
        ),
    ]


_NOT_LONGER = _id("table4-sparser-vsc-0.05")  # a row that only the paper's submission has
_OF_SAMPLES_AND_CODES = (*_nearer(), *_sparser_than_all())
TABLE_4: tuple[Claim, ...] = (
    *_OF_SAMPLES_AND_CODES,
    *_unacceptable(),
    *(_longer(claim) for claim in _OF_SAMPLES_AND_CODES if not claim.variant and claim.id != _NOT_LONGER),
    *(
        _heavier(claim, heavy, post_hoc=heavy is HEAVIEST)
        for heavy in (HEAVY, HEAVIEST)
        for claim in _OF_SAMPLES_AND_CODES
        if claim.id == _id("table4-quality")
    ),
)
TABLE_B1: tuple[Claim, ...] = tuple(_table_b1())
