"""The paper's claims about sparsity (section 6.3, Figures 7, 8 and C.3, appendix C.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from intelvae.metrics import downstream
from intelvae.paper.experiments.sparsity import DD_ALPHA, DD_MOST, SHOWN, STRONG, VSC_ALPHA, vsc
from intelvae.paper.records import Record, RunConfig
from intelvae.paper.rules import (
    DISTANCE,
    Claim,
    Comparison,
    Excess,
    Steady,
    Trend,
    clean_frechet,
    frechet,
    measured,
    ungated,
)

FEW = (10, 20, 50, 100)  # labels: "especially in few-shot scenarios"
FOREST = downstream.NAMES[0]
DD_SPARSEST = 10.0  # of the grid, by the first seed
PRIOR_OF_DD = 0.65  # Hoyer score of codes drawn from DD's prior itself, D = 50
BELOW_3 = (0.0, 0.1, 0.3, 1.0)  # the gammas of which the paper says that samples are better

Metric = Callable[[Record], float]
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


def few_shot(classifier: str) -> Metric:
    """Accuracy of a classifier of `downstream.NAMES` in per cent, mean over 10, 20, 50 and 100 labels."""
    prefix = classifier.replace(" ", "_")
    return lambda record: 100 * sum(record.metrics[f"{prefix}_{n}"] for n in FEW) / len(FEW)


def _active(record: Record) -> float:
    return 100 * record.metrics["active_per_class"] / record.config.latent_dim


def _settings(method: str, alpha: float | None) -> dict[str, Any]:
    """What the configs of the VAE (alpha None), of DD and of the Sparse-VAE with this alpha have."""
    if method != "Sparse-VAE":
        return {} if alpha is None else {"alpha": alpha}
    assert alpha is not None
    return {"model_options": RunConfig("mnist", "mathieu", 50, "gaussian", 1, **vsc(alpha)).model_options}


def _grows(figure: _Figure, name: str, metric: Metric, words: str) -> Claim:
    return Trend(
        f"{figure.id}-sparsity-grows{name}", f"{figure.where}, left", figure.on + words, "by eye",
        figure.page, figure.experiment, metric, "InteL-VAE", "gamma", variant=metric is not SAMPLE,
    )  # fmt: skip


def _less_sparse(
    figure: _Figure,
    name: str,
    against: str,
    alpha: float | None = None,
    *,
    of: Metric = SAMPLE,
    gamma: float = STRONG,
    variant: bool = False,
) -> Claim:
    """That codes of the method `against` are less sparse than the InteL-VAE's; the Sparse-VAE's by 0.1 at least."""
    margin = 0.1 if against == "Sparse-VAE" else 0.0
    words = against if alpha is None else f"{against} with alpha = {alpha:g}"
    return Comparison(
        f"{figure.id}-less-sparse-{name}",
        f"{figure.where}, left",
        f"{figure.on}Codes of the {words} are {'much ' if margin else ''}less sparse than the InteL-VAE's with gamma = "
        f"{gamma:g} ({SPARSITIES[of]})",
        "by eye",
        figure.page,
        figure.experiment,
        of,
        against=against,
        ours={"gamma": gamma},
        theirs=_settings(against, alpha),
        larger=True,
        margin=margin,
        variant=variant,
    )


def _closer(figure: _Figure, gamma: float, kind: _Kind = AS_THEY_ARE) -> Claim:
    return Comparison(
        f"{figure.id}-{kind.id}distance-gamma-{gamma:g}",
        f"{figure.where}, left",
        f"{figure.on}With gamma = {gamma:g} (below 3) samples of the InteL-VAE{kind.words} are closer to the test "
        f"images than the VAE's ({kind.name})",
        "by eye (FID)",
        figure.page,
        figure.experiment,
        kind.metric,
        ours={"gamma": gamma},
        variant=bool(kind.id),
    )


def _degrades(figure: _Figure, alpha: float = DD_ALPHA, kind: _Kind = AS_THEY_ARE) -> Claim:
    other = "" if alpha == DD_ALPHA else f"-{alpha:g}"
    return Comparison(
        f"{figure.id}-{kind.id}distance-dd{other}",
        f"{figure.where}, left",
        f"{figure.on}DD with alpha = {alpha:g} degrades samples: they are{kind.words} farther from the test images "
        f"than the VAE's ({kind.name})",
        "by eye (FID)",
        figure.page,
        figure.experiment,
        kind.metric,
        method="DD",
        ours={"alpha": alpha},
        larger=True,
        variant=bool(kind.id or other),
    )


def _vsc_is_good(figure: _Figure, alpha: float = VSC_ALPHA, variant: bool = False) -> Claim:
    return Comparison(
        f"{figure.id}-distance-vsc-{alpha:g}",
        "Appendix C.3",
        f"{figure.on}Samples of the Sparse-VAE are good: with alpha = {alpha:g} closer to the test images than those "
        f"of DD with alpha = {DD_ALPHA:g}, which are said to be degraded ({AS_THEY_ARE.name})",
        "by eye (FID)",
        figure.page,
        figure.experiment,
        frechet,
        method="Sparse-VAE",
        against="DD",
        ours=_settings("Sparse-VAE", alpha),
        theirs={"alpha": DD_ALPHA},
        variant=variant,
    )


def _few_labels(
    figure: _Figure,
    against: str = "VAE",
    theirs: dict[str, Any] | None = None,
    classifier: str = FOREST,
    *,
    ours_alone: str = "",
) -> Claim:
    """That few labels go farther with the InteL-VAE's codes than with those of the method `against`.

    `ours_alone` has the words for codes that the paper does not compare with: a variant.
    """
    other = "" if classifier == FOREST else f"-{classifier.split()[0]}"
    whose = ours_alone or f"the {against}'s"
    name = against.removeprefix("VAE + ").replace("_", "").lower()
    return Comparison(
        f"{figure.id}-few-shot-{name}{other}",
        f"{figure.where}, right",
        f"{figure.on}A {classifier} does better on few labels with codes of the InteL-VAE (gamma = {SHOWN:g}) than "
        f"with {whose} (accuracy in %, mean over 10 to 100 labels)",
        "-" if ours_alone else "by eye",
        figure.page,
        figure.experiment,
        few_shot(classifier),
        against=against,
        ours={"gamma": SHOWN},
        theirs=theirs or {},
        larger=True,
        variant=bool(other or ours_alone),
    )


def _sparsity() -> list[Claim]:
    """Figure 7, left: how sparse the codes are; of samples g(y), as in the authors' code, unless it says otherwise."""
    return [
        _grows(FASHION, "", SAMPLE, "The codes' Hoyer score grows with gamma"),
        _grows(FASHION, "-in-use", USED, "The same for the Hoyer score in the dimensions that are in use"),
        _grows(
            FASHION,
            "-unused",
            LEFT_OFF,
            "The same for the share of the dimensions in use that are off in an image",
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
            "InteL-VAE",
            PRIOR_OF_DD,
            {"gamma": STRONG},
        ),
        _less_sparse(FASHION, "dd", "DD", DD_ALPHA),
        _less_sparse(FASHION, "dd-100", "DD", DD_MOST, variant=True),
        _less_sparse(FASHION, "vsc-0.01", "Sparse-VAE", VSC_ALPHA),
        _less_sparse(FASHION, "vsc-0.01-mean", "Sparse-VAE", VSC_ALPHA, of=MEAN, variant=True),
        _less_sparse(FASHION, "vsc-0.01-slab", "Sparse-VAE", VSC_ALPHA, of=ungated, variant=True),
        _less_sparse(FASHION, "vsc-0.2", "Sparse-VAE", 0.2, variant=True),
        _less_sparse(FASHION, "vsc-0.2-mean", "Sparse-VAE", 0.2, of=MEAN, variant=True),
        _less_sparse(FASHION, "dd-10", "DD", DD_SPARSEST, variant=True),
        _less_sparse(FASHION, "dd-unused", "DD", DD_ALPHA, of=LEFT_OFF, variant=True),
        *(
            _less_sparse(FASHION, f"vae-{gamma:g}-{name}", "VAE", of=of, gamma=gamma, variant=True)
            for gamma in (1.0, SHOWN)
            for of, name in ((USED, "in-use"), (LEFT_OFF, "unused"))
        ),
        Comparison(
            "fig7-vsc-less-sparse-than-dd",
            "Section 6.3",
            f"Codes of the Sparse-VAE with alpha = {VSC_ALPHA:g} are less sparse even than those of DD with alpha = "
            f"{DD_ALPHA:g} (Hoyer score of g(y))",
            "by eye",
            FASHION.page,
            FASHION.experiment,
            SAMPLE,
            method="DD",
            against="Sparse-VAE",
            ours={"alpha": DD_ALPHA},
            theirs=_settings("Sparse-VAE", VSC_ALPHA),
            larger=True,
        ),
        *(
            Comparison(
                f"fig7-dd-drops{name}",
                "Section 6.3",
                f"DD's sparsity drops if its coefficient is too high: with alpha = {DD_MOST:g} it is below that with "
                f"{alpha:g} (Hoyer score of g(y))",
                "by eye",
                FASHION.page,
                FASHION.experiment,
                SAMPLE,
                method="DD",
                against="DD",
                ours={"alpha": DD_MOST},
                theirs={"alpha": alpha},
                variant=bool(name),
            )
            for alpha, name in ((DD_ALPHA, ""), (DD_SPARSEST, "-10"))
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
    ] + [_vsc_is_good(FASHION), _vsc_is_good(FASHION, 0.2, variant=True)]


def _use() -> list[Claim]:
    """Figure 7, right, and Figure 8: what sparse codes are good for."""
    others = {"VAE": None, "DD": DD_ALPHA, "Sparse-VAE": VSC_ALPHA}
    return [
        *(
            _few_labels(FASHION, against, _settings(against, alpha), classifier)
            for classifier in downstream.NAMES
            for against, alpha in others.items()
        ),
        *(
            _few_labels(
                FASHION,
                against,
                {"gamma": gamma},
                ours_alone=f"those of a VAE without a mapping that has {penalty} with gamma = {gamma:g}",
            )
            for against, penalty, gamma in (
                ("VAE + L_sp", "the same penalty on |y|", 100.0),
                ("VAE + L1", "L1 on y", 1.0),
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
            "InteL-VAE",
            10.0,
            {"gamma": SHOWN},
            below=True,
        ),
    ]


def _mnist() -> list[Claim]:
    """Figure C.3, and the ablation of appendix C.3."""
    penalised = {"gamma": 100.0}
    return [
        *(_closer(MNIST, gamma, kind) for kind in (AS_THEY_ARE, CLEAN) for gamma in BELOW_3),
        _less_sparse(MNIST, "dd", "DD", DD_ALPHA),
        _less_sparse(MNIST, "vsc-0.01", "Sparse-VAE", VSC_ALPHA),
        *(_degrades(MNIST, kind=kind) for kind in (AS_THEY_ARE, CLEAN)),
        _vsc_is_good(MNIST),
        _few_labels(MNIST),
        _grows(MNIST, "", SAMPLE, "The codes' Hoyer score grows with gamma"),
        Steady(
            "ablation-sparsity",
            "Appendix C.3",
            "On MNIST, L_sp on a VAE, with gamma = 100, hardly makes its codes sparser (Hoyer score)",
            "0.230 to 0.235",
            MNIST.page,
            MNIST.experiment,
            SAMPLE,
            "VAE + L_sp",
            "VAE",
            tolerance=0.01,
            ours=penalised,
        ),
        *(
            Comparison(
                f"ablation-{kind.id}distance",
                "Appendix C.3",
                "On MNIST, L_sp on a VAE, with gamma = 100, takes its samples farther from the test images"
                f"{kind.words} ({kind.name})",
                "> 80 (FID)",
                MNIST.page,
                MNIST.experiment,
                kind.metric,
                method="VAE + L_sp",
                ours=penalised,
                larger=True,
                variant=bool(kind.id),
            )
            for kind in (AS_THEY_ARE, CLEAN)
        ),
    ]


CLAIMS: tuple[Claim, ...] = (*_sparsity(), *_quality(), *_use(), *_mnist())
