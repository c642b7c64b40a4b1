"""What the claims about sparsity are made of: the figures, the measures, and what is compared again and again."""

from __future__ import annotations

from typing import Any, NamedTuple

from intelvae.metrics import downstream
from intelvae.paper.kinds import DISTANCE, AtMost, Claim, Comparison, Jointly, Steady, Trend
from intelvae.paper.measures import clean_frechet, few_shot, frechet, ungated
from intelvae.paper.results import Result
from intelvae.paper.rows import DD, INTEL, SPARSE_VAE, row
from intelvae.paper.statistics import Metric, measured
from intelvae.paper.studies.sparsity.grid import DD_ALPHA, METHODS, SHOWN, STRONG, VARIED, VSC_ALPHA, at

FOREST = downstream.NAMES[0]
NO_WORSE = 1.05  # times the VAE's distance: what counts as no worse, as in Table 4
MANY = (500, 1000, 2000, 5000)  # labels
FIVE = f"{100 * NO_WORSE - 100:.0f} %"
BETTER = {  # how a claim says that a classifier does better
    "random forest": "A random forest does better",
    "logistic regression": "Logistic regression does better",
    "nearest neighbours": "Nearest neighbours do better",
}

SAMPLE, MEAN, USED = measured("hoyer_sample"), measured("hoyer_mean"), measured("hoyer_used")
LEFT_OFF = measured("left_off")  # no dimension that is off for all images counts in it; it depends on their sizes
SPARSITIES: dict[Metric, str] = {
    SAMPLE: "Hoyer score of g(y)",
    MEAN: "Hoyer score of g(mu)",
    USED: "Hoyer score of g(y) in the dimensions in use",
    LEFT_OFF: "share of the dimensions in use that are off in an image",
    ungated: "Hoyer score of g(y), for the Sparse-VAE without its gates",
}


def active(line: float) -> Metric:
    """The share of dimensions, in %, whose mean |z| over a class is at least `line` times its largest."""

    def share(result: Result) -> float:
        sizes = result.kept["by_class"]  # (classes, D)
        return 100 * (sizes >= line * sizes.amax(-1, keepdim=True)).double().mean().item()

    return share


class Samples(NamedTuple):
    """What is done to samples before their distance is taken: in ids, in words, the metric, and its name."""

    id: str
    words: str
    metric: Metric
    name: str


AS_THEY_ARE = Samples("", ", with all pixels", frechet, f"{DISTANCE}, 10,000 images")
CLEAN = Samples("clean-", ", without faint pixels", clean_frechet, f"{DISTANCE}, 2,000 images")
# What claims that count are judged by: the measure that `digits.spread` chose. It became so after the runs.
DECIDES = CLEAN
KINDS = (CLEAN, AS_THEY_ARE)


class Figure(NamedTuple):
    """A figure: how ids of its claims begin, where it is, our page and experiment, and how its claims begin."""

    id: str
    where: str
    page: str
    experiment: str
    on: str


FASHION = Figure("fig7", "Fig 7", "08_sparsity", "sparsity", "")
MNIST = Figure("figC3", "Fig C.3", "09_sparsity_in_detail", "sparsity-mnist", "On MNIST: ")
ABLATION = MNIST._replace(id="ablation", on="On MNIST, ")


def _called(ours: str, theirs: str) -> tuple[str, str]:
    """What a rule calls two rows: their methods, and where these are one also what it varies."""
    a, b = row(METHODS, ours), row(METHODS, theirs)
    if a.method != b.method:
        return a.method.name, b.method.name
    varied = VARIED[a.method]
    return f"{a.method.name} ({varied} = {a.value:g})", f"{b.method.name} ({varied} = {b.value:g})"


def _the(name: str) -> str:
    """What names a method, or a row, within a sentence.

    >>> _the("Sparse-VAE"), _the("DD with alpha = 3")
    ('the Sparse-VAE', 'DD with alpha = 3')
    """
    return name if name.startswith(DD.name) else f"the {name}"


def compared(
    figure: Figure,
    id: str,
    where: str,
    words: str,
    metric: Metric,
    ours: str,
    theirs: str,
    *,
    paper: str = "figure only",
    **more: Any,
) -> Claim:
    """A comparison of two rows of `METHODS`."""
    of, called = (figure.page, figure.experiment), _called(ours, theirs)
    return Comparison(
        f"{figure.id}-{id}", where, figure.on + words, paper, *of, metric, ours, theirs, called=called, **more
    )


def grows(figure: Figure, name: str, metric: Metric, words: str) -> Claim:
    """That a metric of the InteL-VAE grows with gamma."""
    return Trend(
        f"{figure.id}-sparsity-grows{name}", f"{figure.where}, left", figure.on + words, "figure only",
        figure.page, figure.experiment, metric, "InteL-VAE", "gamma", variant=metric is not SAMPLE,
    )  # fmt: skip


def less_sparse(
    figure: Figure, name: str, theirs: str, *, of: Metric = SAMPLE, gamma: float = STRONG, variant: bool = False
) -> Claim:
    """That codes of the row `theirs` are less sparse than the InteL-VAE's; the Sparse-VAE's by 0.1 at least."""
    margin = 0.1 if row(METHODS, theirs).method == SPARSE_VAE else 0.0
    whose = _the(theirs.replace(", ", " with "))
    return compared(
        figure,
        f"less-sparse-{name}",
        f"{figure.where}, left",
        f"Codes of {whose} are {'much ' if margin else ''}less sparse than the InteL-VAE's with gamma = {gamma:g} "
        f"({SPARSITIES[of]})",
        of,
        at(INTEL, gamma),
        theirs,
        larger=True,
        margin=margin,
        variant=variant,
    )


def closer(figure: Figure, gamma: float, kind: Samples = DECIDES) -> Claim:
    """That samples of the InteL-VAE with that gamma are closer to the test images than the VAE's."""
    return compared(
        figure,
        f"{kind.id}distance-gamma-{gamma:g}",
        f"{figure.where}, left",
        f"With gamma = {gamma:g} (below 3) samples of the InteL-VAE are closer to the test images than the VAE's "
        f"({kind.name}{kind.words})",
        kind.metric,
        at(INTEL, gamma),
        "VAE",
        paper="figure only (FID)",
        variant=kind != DECIDES,
        post_hoc=kind == DECIDES,
    )


def degrades(figure: Figure, alpha: float = DD_ALPHA, kind: Samples = DECIDES) -> Claim:
    """That DD with that alpha takes samples farther from the test images than the VAE's."""
    other = "" if alpha == DD_ALPHA else f"-{alpha:g}"
    return compared(
        figure,
        f"{kind.id}distance-dd{other}",
        f"{figure.where}, left",
        f"DD with alpha = {alpha:g} degrades samples: they are farther from the test images than the VAE's "
        f"({kind.name}{kind.words})",
        kind.metric,
        at(DD, alpha),
        "VAE",
        paper="figure only (FID)",
        larger=True,
        variant=kind != DECIDES or bool(other),
        post_hoc=kind == DECIDES,
    )


def vsc_is_good(figure: Figure, alpha: float = VSC_ALPHA) -> list[Claim]:
    """That the Sparse-VAE's samples are good: against the VAE's, by each measure, and by the first rule."""
    good = [
        AtMost(
            f"{figure.id}-{kind.id}distance-vsc-{alpha:g}",
            "Appendix C.3",
            f"{figure.on}Samples of the Sparse-VAE are good: with alpha = {alpha:g} their distance from the test "
            f"images is at most {FIVE} above the VAE's ({kind.name}{kind.words})",
            "figure only (FID)",
            figure.page,
            figure.experiment,
            kind.metric,
            at(SPARSE_VAE, alpha),
            "VAE",
            NO_WORSE,
            variant=kind != DECIDES or alpha != VSC_ALPHA,
            post_hoc=True,
        )
        for kind in KINDS
    ]
    first = compared(
        figure,
        f"distance-vsc-{alpha:g}-dd",
        "Appendix C.3",
        f"Samples of the Sparse-VAE are good: with alpha = {alpha:g} they are closer to the test images "
        f"than DD's with alpha = {DD_ALPHA:g}, which are said to be degraded ({AS_THEY_ARE.name}{AS_THEY_ARE.words})",
        frechet,
        at(SPARSE_VAE, alpha),
        at(DD, DD_ALPHA),
        paper="figure only (FID)",
        variant=True,  # better than what is said to be degraded need not be good
    )
    return [*good, first]


def sparser_and_closer(figure: Figure) -> list[Claim]:
    """Section 6.3: sparser codes *and* better samples, at weights below 3."""
    said = (f"{figure.where}, left", figure.page, figure.experiment)
    return [
        Jointly(
            f"{figure.id}-{kind.id}sparser-and-closer-{gamma:g}",
            said[0],
            f"{figure.on}With gamma = {gamma:g} (below 3) the InteL-VAE's codes are sparser than the VAE's, and its "
            f"samples closer to the test images{kind.words}",
            "figure only (FID)",
            *said[1:],
            (
                less_sparse(figure, f"vae-{gamma:g}", "VAE", gamma=gamma),
                closer(figure, gamma, kind),
            ),
            variant=kind != DECIDES,
            post_hoc=True,
        )
        for kind in KINDS
        for gamma in (0.3, 1.0)
    ]


def vsc_less_sparse_than_dd(figure: Figure) -> Claim:
    """Section 6.3: the Sparse-VAE is "substantially less" sparse than DD."""
    return compared(
        figure,
        "vsc-less-sparse-than-dd",
        "Section 6.3",
        f"Codes of the Sparse-VAE with alpha = {VSC_ALPHA:g} are less sparse even than those of DD with alpha = "
        f"{DD_ALPHA:g} (Hoyer score of g(y))",
        SAMPLE,
        at(DD, DD_ALPHA),
        at(SPARSE_VAE, VSC_ALPHA),
        larger=True,
        post_hoc=figure == MNIST,
    )


def vsc_as_vae(figure: Figure) -> Claim:
    """Appendix C.3: the Sparse-VAE "fails to achieve a sparse score significantly higher than vanilla-VAE"."""
    return Steady(
        f"{figure.id}-vsc-as-vae",
        "Appendix C.3",
        f"{figure.on}Codes of the Sparse-VAE with alpha = {VSC_ALPHA:g} are hardly sparser than the VAE's (Hoyer score "
        "of g(y))",
        "in words",
        figure.page,
        figure.experiment,
        SAMPLE,
        at(SPARSE_VAE, VSC_ALPHA),
        "VAE",
        tolerance=0.05,
        post_hoc=True,
    )


def many_labels(figure: Figure) -> list[Claim]:
    """Figures 7 and C.3, right: "typically outperforms", where labels are many."""
    rows = {"": "VAE", "-dd": at(DD, DD_ALPHA), "-sparse-vae": at(SPARSE_VAE, VSC_ALPHA)}
    return [
        compared(
            figure,
            f"many-labels{name}",
            f"{figure.where}, right",
            f"{BETTER[FOREST]} on many labels, too, with codes of the InteL-VAE (gamma = {SHOWN:g}) than with "
            f"{_the(row(METHODS, theirs).method.name)}'s (accuracy in %, mean over 500 to 5,000 labels)",
            few_shot(FOREST, MANY),
            at(INTEL, SHOWN),
            theirs,
            larger=True,
            post_hoc=True,
        )
        for name, theirs in rows.items()
    ]


def few_labels(
    figure: Figure, theirs: str = "VAE", classifier: str = FOREST, *, ours_alone: str = "", post_hoc: bool = False
) -> Claim:
    """That few labels go farther with the InteL-VAE's codes than with those of the row `theirs`.

    `ours_alone` has the words for codes that the paper does not compare with: a variant.
    """
    other = "" if classifier == FOREST else f"-{classifier.split()[0]}"
    method = row(METHODS, theirs).method.name
    whose = ours_alone or f"{_the(method)}'s"
    name = method.removeprefix("VAE + ").replace("_", "").lower()
    return compared(
        figure,
        f"few-shot-{name}{other}",
        f"{figure.where}, right",
        f"{BETTER[classifier]} on few labels with codes of the InteL-VAE (gamma = {SHOWN:g}) than with {whose} "
        "(accuracy in %, mean over 10 to 100 labels)",
        few_shot(classifier),
        at(INTEL, SHOWN),
        theirs,
        paper="-" if ours_alone else "figure only",
        larger=True,
        variant=bool(other or ours_alone),
        post_hoc=post_hoc,
    )
