"""The paper's claims about sparsity (section 6.3, Figures 7, 8 and C.3, appendix C.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

from intelvae.metrics import downstream
from intelvae.paper.kinds import DISTANCE, AtMost, Claim, Comparison, Excess, Jointly, Steady, Trend
from intelvae.paper.measures import clean_frechet, few_shot, frechet, ungated
from intelvae.paper.results import Result
from intelvae.paper.rows import DD, INTEL, SPARSE_VAE, VAE_L1, VAE_L_SP, row
from intelvae.paper.statistics import Metric, measured
from intelvae.paper.studies.sparsity.grid import DD_ALPHA, DD_MOST, METHODS, SHOWN, STRONG, VARIED, VSC_ALPHA, at

FOREST = downstream.NAMES[0]
DD_SPARSEST = 10.0  # of the grid, by the first seed
PRIOR_OF_DD = 0.65  # Hoyer score of codes drawn from DD's prior itself, D = 50
AS_THE_CODE = "sparsity-as-coded"
FIVE = "5 %"  # more than the VAE's: what counts as no worse, as in Table 4
MANY = (500, 1000, 2000, 5000)  # labels
BELOW_3 = (0.0, 0.1, 0.3, 1.0)  # the gammas of which the paper says that samples are better

SAMPLE, MEAN, USED = measured("hoyer_sample"), measured("hoyer_mean"), measured("hoyer_used")
LEFT_OFF = measured("left_off")  # no dimension that is off for all images counts in it; it depends on their sizes
SPARSITIES: dict[Metric, str] = {
    SAMPLE: "Hoyer score of g(y)",
    MEAN: "Hoyer score of g(mu)",
    USED: "Hoyer score of g(y) in the dimensions in use",
    LEFT_OFF: "share of the dimensions in use that are off in an image",
    ungated: "Hoyer score of g(y), for the Sparse-VAE without its gates",
}


class _Kind(NamedTuple):
    """What is done to samples before their distance is taken: in ids, in words, the metric, and its name."""

    id: str
    words: str
    metric: Metric
    name: str


AS_THEY_ARE = _Kind("", "", frechet, f"{DISTANCE}, 10,000 images")
CLEAN = _Kind("clean-", ", without faint pixels", clean_frechet, "the same distance, 2,000 images")


class _Figure(NamedTuple):
    """A figure: how ids of its claims begin, where it is, our page and experiment, and how its claims begin."""

    id: str
    where: str
    page: str
    experiment: str
    on: str


FASHION = _Figure("fig7", "Fig 7", "08_sparsity", "sparsity", "")
MNIST = _Figure("figC3", "Fig C.3", "09_sparsity_in_detail", "sparsity-mnist", "On MNIST: ")
ABLATION = MNIST._replace(id="ablation", on="On MNIST, ")


def _active(result: Result) -> float:
    return 100 * result.metrics["active_per_class"] / result.training.latent_dim


def _called(ours: str, theirs: str) -> tuple[str, str]:
    """What a rule calls two rows: their methods, and where these are one also what it varies."""
    a, b = row(METHODS, ours), row(METHODS, theirs)
    if a.method != b.method:
        return a.method.name, b.method.name
    varied = VARIED[a.method]
    return f"{a.method.name} ({varied} = {a.value:g})", f"{b.method.name} ({varied} = {b.value:g})"


def _compared(
    figure: _Figure,
    id: str,
    where: str,
    words: str,
    metric: Metric,
    ours: str,
    theirs: str,
    *,
    paper: str = "by eye",
    **more: Any,
) -> Claim:
    """A comparison of two rows of `METHODS`."""
    of, called = (figure.page, figure.experiment), _called(ours, theirs)
    return Comparison(
        f"{figure.id}-{id}", where, figure.on + words, paper, *of, metric, ours, theirs, called=called, **more
    )


def _grows(figure: _Figure, name: str, metric: Metric, words: str) -> Claim:
    return Trend(
        f"{figure.id}-sparsity-grows{name}", f"{figure.where}, left", figure.on + words, "by eye",
        figure.page, figure.experiment, metric, "InteL-VAE", "gamma", variant=metric is not SAMPLE,
    )  # fmt: skip


def _less_sparse(
    figure: _Figure, name: str, theirs: str, *, of: Metric = SAMPLE, gamma: float = STRONG, variant: bool = False
) -> Claim:
    """That codes of the row `theirs` are less sparse than the InteL-VAE's; the Sparse-VAE's by 0.1 at least."""
    margin = 0.1 if row(METHODS, theirs).method == SPARSE_VAE else 0.0
    words = theirs.replace(", ", " with ")
    return _compared(
        figure,
        f"less-sparse-{name}",
        f"{figure.where}, left",
        f"Codes of the {words} are {'much ' if margin else ''}less sparse than the InteL-VAE's with gamma = {gamma:g} "
        f"({SPARSITIES[of]})",
        of,
        at(INTEL, gamma),
        theirs,
        larger=True,
        margin=margin,
        variant=variant,
    )


def _closer(figure: _Figure, gamma: float, kind: _Kind = AS_THEY_ARE) -> Claim:
    return _compared(
        figure,
        f"{kind.id}distance-gamma-{gamma:g}",
        f"{figure.where}, left",
        f"With gamma = {gamma:g} (below 3) samples of the InteL-VAE{kind.words} are closer to the test images than the "
        f"VAE's ({kind.name})",
        kind.metric,
        at(INTEL, gamma),
        "VAE",
        paper="by eye (FID)",
        variant=bool(kind.id),
    )


def _degrades(figure: _Figure, alpha: float = DD_ALPHA, kind: _Kind = AS_THEY_ARE) -> Claim:
    other = "" if alpha == DD_ALPHA else f"-{alpha:g}"
    return _compared(
        figure,
        f"{kind.id}distance-dd{other}",
        f"{figure.where}, left",
        f"DD with alpha = {alpha:g} degrades samples: they are{kind.words} farther from the test images than the VAE's "
        f"({kind.name})",
        kind.metric,
        at(DD, alpha),
        "VAE",
        paper="by eye (FID)",
        larger=True,
        variant=bool(kind.id or other),
    )


def _vsc_is_good(figure: _Figure, alpha: float = VSC_ALPHA) -> list[Claim]:
    good = AtMost(
        f"{figure.id}-distance-vsc-{alpha:g}",
        "Appendix C.3",
        f"{figure.on}Samples of the Sparse-VAE are good: with alpha = {alpha:g} their distance from the test images is "
        f"not {FIVE} above the VAE's ({AS_THEY_ARE.name})",
        "by eye (FID)",
        figure.page,
        figure.experiment,
        frechet,
        at(SPARSE_VAE, alpha),
        "VAE",
        1.05,
        variant=alpha != VSC_ALPHA,
        post_hoc=True,
    )
    before = _compared(
        figure,
        f"distance-vsc-{alpha:g}-dd",
        "Appendix C.3",
        f"Samples of the Sparse-VAE are good: with alpha = {alpha:g} closer to the test images than those of DD with "
        f"alpha = {DD_ALPHA:g}, which are said to be degraded ({AS_THEY_ARE.name})",
        frechet,
        at(SPARSE_VAE, alpha),
        at(DD, DD_ALPHA),
        paper="by eye (FID)",
        variant=True,  # the rule before: better than what is said to be degraded need not be good
    )
    return [good, before]


def _few_labels(
    figure: _Figure, theirs: str = "VAE", classifier: str = FOREST, *, ours_alone: str = "", post_hoc: bool = False
) -> Claim:
    """That few labels go farther with the InteL-VAE's codes than with those of the row `theirs`.

    `ours_alone` has the words for codes that the paper does not compare with: a variant.
    """
    other = "" if classifier == FOREST else f"-{classifier.split()[0]}"
    method = row(METHODS, theirs).method.name
    whose = ours_alone or f"the {method}'s"
    name = method.removeprefix("VAE + ").replace("_", "").lower()
    return _compared(
        figure,
        f"few-shot-{name}{other}",
        f"{figure.where}, right",
        f"A {classifier} does better on few labels with codes of the InteL-VAE (gamma = {SHOWN:g}) than with {whose} "
        "(accuracy in %, mean over 10 to 100 labels)",
        few_shot(classifier),
        at(INTEL, SHOWN),
        theirs,
        paper="-" if ours_alone else "by eye",
        larger=True,
        variant=bool(other or ours_alone),
        post_hoc=post_hoc,
    )


def _sparsity() -> list[Claim]:
    """Figure 7, left: how sparse the codes are; of samples g(y), as in the authors' code, unless it says otherwise."""
    dd, vsc = at(DD, DD_ALPHA), at(SPARSE_VAE, VSC_ALPHA)
    return [
        _grows(FASHION, "", SAMPLE, "The codes' Hoyer score grows with gamma"),
        _grows(FASHION, "-in-use", USED, "The same for the Hoyer score in the dimensions that are in use"),
        _grows(
            FASHION, "-unused", LEFT_OFF, "The same for the share of the dimensions in use that are off in an image"
        ),
        Excess(
            "fig7-extremely-sparse",
            "Section 6.3",
            f"Sparsity reaches extremely high levels: with gamma = {STRONG:g} a Hoyer score above that of codes drawn "
            "from DD's sparse prior",
            "by eye",
            FASHION.page,
            FASHION.experiment,
            SAMPLE,
            at(INTEL, STRONG),
            PRIOR_OF_DD,
        ),
        _less_sparse(FASHION, "dd", dd),
        _less_sparse(FASHION, "dd-100", at(DD, DD_MOST), variant=True),
        _less_sparse(FASHION, "vsc-0.01", vsc),
        _less_sparse(FASHION, "vsc-0.01-mean", vsc, of=MEAN, variant=True),
        _less_sparse(FASHION, "vsc-0.01-slab", vsc, of=ungated, variant=True),
        _less_sparse(FASHION, "vsc-0.2", at(SPARSE_VAE, 0.2), variant=True),
        _less_sparse(FASHION, "vsc-0.2-mean", at(SPARSE_VAE, 0.2), of=MEAN, variant=True),
        _less_sparse(FASHION, "dd-10", at(DD, DD_SPARSEST), variant=True),
        _less_sparse(FASHION, "dd-unused", dd, of=LEFT_OFF, variant=True),
        *(
            _less_sparse(FASHION, f"vae-{gamma:g}-{name}", "VAE", of=of, gamma=gamma, variant=True)
            for gamma in (1.0, SHOWN)
            for of, name in ((USED, "in-use"), (LEFT_OFF, "unused"))
        ),
    ]


def _sparsity_of_others() -> list[Claim]:
    """Figure 7, left: the Sparse-VAE and DD beside each other, and DD by its coefficient."""
    dd = at(DD, DD_ALPHA)
    return [
        _compared(
            FASHION,
            "vsc-less-sparse-than-dd",
            "Section 6.3",
            f"Codes of the Sparse-VAE with alpha = {VSC_ALPHA:g} are less sparse even than those of DD with alpha = "
            f"{DD_ALPHA:g} (Hoyer score of g(y))",
            SAMPLE,
            dd,
            at(SPARSE_VAE, VSC_ALPHA),
            larger=True,
        ),
        *(
            _compared(
                FASHION,
                f"dd-drops{name}",
                "Section 6.3",
                f"DD's sparsity drops if its coefficient is too high: with alpha = {DD_MOST:g} it is below that with "
                f"{alpha:g} (Hoyer score of g(y))",
                SAMPLE,
                at(DD, DD_MOST),
                at(DD, alpha),
                variant=alpha != DD_SPARSEST,  # the rule before took a value beside the peak
                post_hoc=alpha == DD_SPARSEST,
            )
            for alpha, name in ((DD_SPARSEST, ""), (DD_ALPHA, "-3"))
        ),
    ]


def _quality() -> list[Claim]:
    """Figure 7, left: how good the samples are, as they are and, variants, without faint pixels."""
    return [
        claim
        for kind in (AS_THEY_ARE, CLEAN)
        for claim in (
            *(_closer(FASHION, gamma, kind) for gamma in BELOW_3),
            *(_degrades(FASHION, alpha, kind) for alpha in (DD_ALPHA, DD_MOST)),
        )
    ] + [*_vsc_is_good(FASHION), *_vsc_is_good(FASHION, 0.2)]


def _jointly() -> list[Claim]:
    """Figure 7, left: what the text claims of sparsity, samples and the KL divergence at the same time."""
    said = (f"{FASHION.where}, left", FASHION.page, FASHION.experiment)
    sparser_and_better = [
        Jointly(
            f"fig7-sparser-and-closer-{gamma:g}",
            said[0],
            f"With gamma = {gamma:g} (below 3) the InteL-VAE's codes are sparser than the VAE's, and its samples "
            "closer to the test images",
            "by eye (FID)",
            *said[1:],
            (
                _less_sparse(FASHION, f"vae-{gamma:g}", "VAE", gamma=gamma),
                _closer(FASHION, gamma),
            ),
            post_hoc=True,
        )
        for gamma in (0.3, 1.0)
    ]
    kl = measured("test_kl")
    stays = Jointly(
        "fig7-kl",
        "Section 6.3",
        f"The KL divergence of the InteL-VAE stays that of a VAE (gamma = {SHOWN:g}: at most 1.1 times as large), and "
        f"a sparse prior's is larger (DD with alpha = {DD_ALPHA:g}; nats, on test images)",
        "in words",
        *said[1:],
        (
            AtMost(
                "fig7-kl-intel", said[0], "The InteL-VAE's KL is at most 1.1 times the VAE's", "-", *said[1:],
                kl, at(INTEL, SHOWN), "VAE", 1.1,
            ),
            _compared(FASHION, "kl-dd", said[0], "DD's KL is larger", kl, at(DD, DD_ALPHA), "VAE", larger=True),
        ),
        post_hoc=True,
    )  # fmt: skip
    return [*sparser_and_better, stays]


def _many_labels() -> Claim:
    """Figure 7, right: "typically outperforms", where labels are many."""
    return _compared(
        FASHION,
        "many-labels",
        f"{FASHION.where}, right",
        f"A {FOREST} does better on many labels, too, with codes of the InteL-VAE (gamma = {SHOWN:g}) than with the "
        "VAE's (accuracy in %, mean over 500 to 5,000 labels)",
        few_shot(FOREST, MANY),
        at(INTEL, SHOWN),
        "VAE",
        larger=True,
        post_hoc=True,
    )


def _overlap() -> Claim:
    """Figure 8: classes use different dimensions."""
    return _compared(
        FASHION,
        "overlap",
        "Fig 8",
        f"Classes use different dimensions: those of the InteL-VAE (gamma = {SHOWN:g}) share fewer active ones than "
        "the VAE's (mean overlap of two classes)",
        measured("class_overlap"),
        at(INTEL, SHOWN),
        "VAE",
        post_hoc=True,
    )


def _use() -> list[Claim]:
    """Figure 7, right, and Figure 8: what sparse codes are good for."""
    return [
        *(
            _few_labels(FASHION, theirs, classifier)
            for classifier in downstream.NAMES
            for theirs in ("VAE", at(DD, DD_ALPHA), at(SPARSE_VAE, VSC_ALPHA))
        ),
        *(
            _few_labels(
                FASHION,
                at(method, gamma),
                ours_alone=f"those of a VAE without a mapping that has {penalty} with gamma = {gamma:g}",
            )
            for method, penalty, gamma in (
                (VAE_L_SP, "the same penalty on |y|", 100.0),
                (VAE_L1, "L1 on y", 1.0),
            )
        ),
        Excess(
            "fig8-active",
            "Fig 8",
            f"Less than 10 % of the dimensions are active for each class (gamma = {SHOWN:g}; mean |z| of the class at "
            "least a tenth of its largest, in %)",
            "< 10",
            FASHION.page,
            FASHION.experiment,
            _active,
            at(INTEL, SHOWN),
            10.0,
            below=True,
        ),
        _many_labels(),
        _overlap(),
    ]


def _mnist() -> list[Claim]:
    """Figure C.3, and the ablation of appendix C.3."""
    return [
        *(_closer(MNIST, gamma, kind) for kind in (AS_THEY_ARE, CLEAN) for gamma in BELOW_3),
        _less_sparse(MNIST, "dd", at(DD, DD_ALPHA)),
        _less_sparse(MNIST, "vsc-0.01", at(SPARSE_VAE, VSC_ALPHA)),
        *(_degrades(MNIST, kind=kind) for kind in (AS_THEY_ARE, CLEAN)),
        *_vsc_is_good(MNIST),
        _few_labels(MNIST),
        *(_few_labels(MNIST, theirs, post_hoc=True) for theirs in (at(DD, DD_ALPHA), at(SPARSE_VAE, VSC_ALPHA))),
        _grows(MNIST, "", SAMPLE, "The codes' Hoyer score grows with gamma"),
        *_ablation(),
    ]


def _ablation() -> list[Claim]:
    """Appendix C.3: L_sp on a VAE, "gamma > 30", does no good: both halves at once, and each as the rules before."""
    said = ("Appendix C.3", MNIST.page, MNIST.experiment)

    def hardly(id: str, gamma: float, variant: bool) -> Claim:
        return Steady(
            id,
            said[0],
            f"On MNIST, L_sp on a VAE, with gamma = {gamma:g}, hardly makes its codes sparser (Hoyer score)",
            "0.230 to 0.235",
            *said[1:],
            SAMPLE,
            at(VAE_L_SP, gamma),
            "VAE",
            tolerance=0.01,
            variant=variant,
        )

    def farther(gamma: float, kind: _Kind = AS_THEY_ARE) -> Claim:
        return _compared(
            ABLATION,
            f"{kind.id}distance{'' if gamma > STRONG else f'-{gamma:g}'}",
            said[0],
            f"L_sp on a VAE, with gamma = {gamma:g}, takes its samples farther from the test images"
            f"{kind.words} ({kind.name})",
            kind.metric,
            at(VAE_L_SP, gamma),
            "VAE",
            paper="> 80 (FID)",
            larger=True,
            variant=True,
        )

    joint = [
        Jointly(
            f"ablation-{gamma:g}",
            said[0],
            f"On MNIST, L_sp on a VAE, with gamma = {gamma:g}, hardly makes its codes sparser, and takes its samples "
            "farther from the test images",
            "0.230 to 0.235, > 80 (FID)",
            *said[1:],
            (hardly(f"ablation-sparsity-{gamma:g}", gamma, True), farther(gamma)),
            post_hoc=True,
        )
        for gamma in (STRONG, 100.0)
    ]
    before = [hardly("ablation-sparsity", 100.0, True), *(farther(100.0, kind) for kind in (AS_THEY_ARE, CLEAN))]
    return [*joint, *before]


def _as_coded() -> list[Claim]:
    """The code's reading of the mapping; rules written before its runs but those of gamma = 10 and 30 on Fashion-MNIST.

    Two seeds of these, in a table of page 09, are why it was asked for.
    """
    return [
        Jointly(
            f"{figure.id}-as-coded-{kind.id}gamma-{gamma:g}",
            f"{figure.where}, left",
            f"{figure.on}With gates of at least 0.2 and L_sp of |z|, as in the code, and gamma = {gamma:g} the "
            f"InteL-VAE's codes are sparser than the VAE's, and its samples{kind.words} not {FIVE} farther from the "
            f"test images ({kind.name})",
            "by eye",
            figure.page,
            AS_THE_CODE,
            (
                Comparison(
                    "sparser", figure.where, f"Codes are sparser ({SPARSITIES[USED]})", "-", figure.page, AS_THE_CODE,
                    USED, at(INTEL, gamma), "VAE", larger=True, group=data,
                ),
                AtMost(
                    "no-farther", figure.where, "Samples are no farther", "-", figure.page, AS_THE_CODE,
                    kind.metric, at(INTEL, gamma), "VAE", 1.05, group=data,
                ),
            ),
            variant=True,
        )
        for figure, data in ((FASHION, "fashion-mnist"), (MNIST, "mnist"))
        for gamma in (SHOWN, STRONG)
        for kind in (AS_THEY_ARE, CLEAN)
    ]  # fmt: skip


CLAIMS: tuple[Claim, ...] = (
    *_sparsity(),
    *_sparsity_of_others(),
    *_quality(),
    *_jointly(),
    *_use(),
    *_mnist(),
    *_as_coded(),
)
