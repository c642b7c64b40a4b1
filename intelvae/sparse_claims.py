"""The paper's claims about sparsity (section 6.3, Figures 7, 8 and C.3, appendix C.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intelvae.metrics import downstream
from intelvae.records import Record, RunConfig
from intelvae.rules import Claim, Comparison, Excess, Steady, Trend, clean_frechet, frechet, measured
from intelvae.sparse_experiments import DD_ALPHA, DD_MOST, SHOWN, STRONG, VSC_ALPHA, vsc

FASHION, DETAIL = "08_sparsity", "09_sparsity_in_detail"
FEW = (10, 20, 50, 100)  # labels: "especially in few-shot scenarios"
FOREST = downstream.NAMES[0]
DD_SPARSEST = 10.0  # of the grid, by the first seed
PRIOR_OF_DD = 0.65  # Hoyer score of codes drawn from DD's prior itself, D = 50

SAMPLE, MEAN, USED = measured("hoyer_sample"), measured("hoyer_mean"), measured("hoyer_used")
LEFT_OFF = measured("left_off")  # sparsity that no dimension which is off for all images counts in


def ungated(record: Record) -> float:
    """The Hoyer score of g(y), for a Sparse-VAE without its gates."""
    return record.metrics.get("hoyer_slab", record.metrics["hoyer_sample"])


def few_shot(classifier: str) -> Callable[[Record], float]:
    """Accuracy of a classifier of `downstream.NAMES` in per cent, mean over 10, 20, 50 and 100 labels."""
    prefix = classifier.replace(" ", "_")
    return lambda record: 100 * sum(record.metrics[f"{prefix}_{n}"] for n in FEW) / len(FEW)


def _active(record: Record) -> float:
    return 100 * record.metrics["active_per_class"] / record.config.latent_dim


def _vsc(alpha: float) -> dict[str, Any]:
    model = vsc(alpha)
    return {"model_options": RunConfig("mnist", "mathieu", 50, "gaussian", 1, **model).model_options}


def _sparsity() -> list[Claim]:
    """Figure 7, left: how sparse the codes are; of samples g(y), as in the authors' code, unless it says otherwise."""
    strong = {"gamma": STRONG}
    how = {
        SAMPLE: "Hoyer score of g(y)",
        MEAN: "Hoyer score of g(mu)",
        USED: "Hoyer score of g(y) in the dimensions in use",
        LEFT_OFF: "share of the dimensions in use that are off in an image",
        ungated: "Hoyer score of g(y), for the Sparse-VAE without its gates",
    }

    def less(
        against: str,
        theirs: dict[str, Any],
        name: str,
        words: str,
        *,
        of: Callable[[Record], float] = SAMPLE,
        gamma: float = STRONG,
        variant: bool = False,
    ) -> Claim:
        margin = 0.1 if against == "Sparse-VAE" else 0.0
        return Comparison(
            f"fig7-less-sparse-{name}",
            "Fig 7, left",
            f"Codes of the {words} are {'much ' if margin else ''}less sparse than the InteL-VAE's with gamma = "
            f"{gamma:g} ({how[of]})",
            "by eye",
            FASHION,
            "sparsity",
            of,
            against=against,
            ours={"gamma": gamma},
            theirs=theirs,
            larger=True,
            margin=margin,
            variant=variant,
        )

    def grows(name: str, metric: Callable[[Record], float], words: str) -> Claim:
        return Trend(
            name, "Fig 7, left", words, "by eye", FASHION, "sparsity", metric, "InteL-VAE", "gamma",
            variant=metric is not SAMPLE,
        )  # fmt: skip

    return [
        grows("fig7-sparsity-grows", SAMPLE, "The codes' Hoyer score grows with gamma"),
        grows(
            "fig7-sparsity-grows-in-use",
            USED,
            "The same for the Hoyer score in the dimensions that are in use",
        ),
        grows(
            "fig7-sparsity-grows-unused",
            LEFT_OFF,
            "The same for the share of the dimensions in use that are off in an image",
        ),
        Excess(
            "fig7-extremely-sparse",
            "Section 6.3",
            f"Sparsity reaches extremely high levels: with gamma = {STRONG:g} a Hoyer score above that of codes drawn "
            "from DD's sparse prior",
            "by eye",
            FASHION,
            "sparsity",
            SAMPLE,
            "InteL-VAE",
            PRIOR_OF_DD,
            strong,
        ),
        less("DD", {"alpha": DD_ALPHA}, "dd", f"DD with alpha = {DD_ALPHA:g}"),
        less("DD", {"alpha": DD_MOST}, f"dd-{DD_MOST:g}", f"DD with alpha = {DD_MOST:g}", variant=True),
        less("Sparse-VAE", _vsc(VSC_ALPHA), f"vsc-{VSC_ALPHA:g}", f"Sparse-VAE with alpha = {VSC_ALPHA:g}"),
        *(
            less(
                "Sparse-VAE",
                _vsc(alpha),
                f"vsc-{alpha:g}{name}",
                f"Sparse-VAE with alpha = {alpha:g}",
                of=of,
                variant=True,
            )
            for alpha, of, name in (
                (VSC_ALPHA, MEAN, "-mean"),
                (VSC_ALPHA, ungated, "-slab"),
                (0.2, SAMPLE, ""),
                (0.2, MEAN, "-mean"),
            )
        ),
        less("DD", {"alpha": DD_SPARSEST}, f"dd-{DD_SPARSEST:g}", f"DD with alpha = {DD_SPARSEST:g}", variant=True),
        less("DD", {"alpha": DD_ALPHA}, "dd-unused", f"DD with alpha = {DD_ALPHA:g}", of=LEFT_OFF, variant=True),
        *(
            less("VAE", {}, f"vae-{gamma:g}-{name}", "VAE", of=of, gamma=gamma, variant=True)
            for gamma in (1.0, SHOWN)
            for of, name in ((USED, "in-use"), (LEFT_OFF, "unused"))
        ),
        Comparison(
            "fig7-vsc-less-sparse-than-dd",
            "Section 6.3",
            f"Codes of the Sparse-VAE with alpha = {VSC_ALPHA:g} are less sparse even than those of DD with alpha = "
            f"{DD_ALPHA:g} (Hoyer score of g(y))",
            "by eye",
            FASHION,
            "sparsity",
            SAMPLE,
            method="DD",
            against="Sparse-VAE",
            ours={"alpha": DD_ALPHA},
            theirs=_vsc(VSC_ALPHA),
            larger=True,
        ),
        *(
            Comparison(
                f"fig7-dd-drops{name}",
                "Section 6.3",
                f"DD's sparsity drops if its coefficient is too high: with alpha = {DD_MOST:g} it is below that with "
                f"{alpha:g} (Hoyer score of g(y))",
                "by eye",
                FASHION,
                "sparsity",
                SAMPLE,
                method="DD",
                against="DD",
                ours={"alpha": DD_MOST},
                theirs={"alpha": alpha},
                variant=bool(name),
            )
            for alpha, name in ((DD_ALPHA, ""), (DD_SPARSEST, f"-{DD_SPARSEST:g}"))
        ),
    ]


def _quality() -> list[Claim]:
    """Figure 7, left: how good the samples are, as they are and, variants, without faint pixels."""
    kinds = (
        ("", "", frechet, "Frechet distance on the stand-in features, 10,000 images"),
        ("clean-", ", without faint pixels", clean_frechet, "the same distance, 2,000 images"),
    )
    return [
        claim
        for kind, cleaned, distance, words in kinds
        for claim in (
            *(
                Comparison(
                    f"fig7-{kind}distance-gamma-{gamma:g}",
                    "Fig 7, left",
                    f"With gamma = {gamma:g} (below 3) samples of the InteL-VAE{cleaned} are closer to the test images "
                    f"than the VAE's ({words})",
                    "by eye (FID)",
                    FASHION,
                    "sparsity",
                    distance,
                    ours={"gamma": gamma},
                    variant=bool(kind),
                )
                for gamma in (0.0, 0.1, 0.3, 1.0)
            ),
            *(
                Comparison(
                    f"fig7-{kind}distance-dd{name}",
                    "Fig 7, left",
                    f"DD with alpha = {alpha:g} degrades samples: they are{cleaned} farther from the test images than "
                    f"the VAE's ({words})",
                    "by eye (FID)",
                    FASHION,
                    "sparsity",
                    distance,
                    method="DD",
                    ours={"alpha": alpha},
                    larger=True,
                    variant=bool(kind or name),
                )
                for alpha, name in ((DD_ALPHA, ""), (DD_MOST, f"-{DD_MOST:g}"))
            ),
        )
    ]


def _use() -> list[Claim]:
    """Figure 7, right, and Figure 8: what sparse codes are good for."""
    others: dict[str, dict[str, Any]] = {"VAE": {}, "DD": {"alpha": DD_ALPHA}, "Sparse-VAE": _vsc(VSC_ALPHA)}
    return [
        *(
            Comparison(
                f"fig7-few-shot-{against.lower()}" + (f"-{classifier.split()[0]}" if classifier != FOREST else ""),
                "Fig 7, right",
                f"A {classifier} does better on few labels with codes of the InteL-VAE (gamma = {SHOWN:g}) than with "
                f"the {against}'s (accuracy in %, mean over 10 to 100 labels)",
                "by eye",
                FASHION,
                "sparsity",
                few_shot(classifier),
                against=against,
                ours={"gamma": SHOWN},
                theirs=theirs,
                larger=True,
                variant=classifier != FOREST,
            )
            for classifier in downstream.NAMES
            for against, theirs in others.items()
        ),
        Excess(
            "fig8-active",
            "Fig 8",
            f"Less than 10 % of the dimensions are active for each class (gamma = {SHOWN:g}; mean |z| of the class at "
            "least a tenth of its largest, in %)",
            "< 10",
            FASHION,
            "sparsity",
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
    fd = "(Frechet distance on the stand-in features, 10,000 images)"
    baselines = (("DD", {"alpha": DD_ALPHA}, DD_ALPHA, 0.0), ("Sparse-VAE", _vsc(VSC_ALPHA), VSC_ALPHA, 0.1))
    return [
        *(
            Comparison(
                f"figC3-distance-gamma-{gamma:g}",
                "Fig C.3, left",
                f"On MNIST, with gamma = {gamma:g}, samples of the InteL-VAE are closer to the test images than the "
                f"VAE's {fd}",
                "by eye (FID)",
                DETAIL,
                "sparsity-mnist",
                frechet,
                ours={"gamma": gamma},
            )
            for gamma in (0.0, 0.1, 0.3, 1.0)
        ),
        *(
            Comparison(
                f"figC3-less-sparse-{against.lower()}",
                "Fig C.3, left",
                f"On MNIST, codes of the {against} with alpha = {alpha:g} are {'much ' if margin else ''}less sparse "
                f"than the InteL-VAE's with gamma = {STRONG:g} (Hoyer score of g(y))",
                "by eye",
                DETAIL,
                "sparsity-mnist",
                SAMPLE,
                against=against,
                ours={"gamma": STRONG},
                theirs=theirs,
                larger=True,
                margin=margin,
            )
            for against, theirs, alpha, margin in baselines
        ),
        Comparison(
            "figC3-distance-dd",
            "Fig C.3, left",
            f"On MNIST, DD with alpha = {DD_ALPHA:g} degrades samples: they are farther from the test images than the "
            f"VAE's {fd}",
            "by eye (FID)",
            DETAIL,
            "sparsity-mnist",
            frechet,
            method="DD",
            ours={"alpha": DD_ALPHA},
            larger=True,
        ),
        Comparison(
            "figC3-few-shot-vae",
            "Fig C.3, right",
            f"On MNIST, a {FOREST} does better on few labels with codes of the InteL-VAE (gamma = {SHOWN:g}) than with "
            "the VAE's (accuracy in %, mean over 10 to 100 labels)",
            "by eye",
            DETAIL,
            "sparsity-mnist",
            few_shot(FOREST),
            ours={"gamma": SHOWN},
            larger=True,
        ),
        Trend(
            "figC3-sparsity-grows",
            "Fig C.3, left",
            "On MNIST, the codes' Hoyer score grows with gamma",
            "by eye",
            DETAIL,
            "sparsity-mnist",
            SAMPLE,
            "InteL-VAE",
            "gamma",
        ),
        Steady(
            "ablation-sparsity",
            "Appendix C.3",
            "On MNIST, L_sp on a VAE, with gamma = 100, hardly makes its codes sparser (Hoyer score)",
            "0.230 to 0.235",
            DETAIL,
            "sparsity-mnist",
            SAMPLE,
            "VAE + L_sp",
            "VAE",
            tolerance=0.01,
            ours=penalised,
        ),
        *(
            Comparison(
                f"ablation-{kind}distance",
                "Appendix C.3",
                f"On MNIST, L_sp on a VAE, with gamma = 100, takes its samples{cleaned} farther from the test images "
                f"({words})",
                "> 80 (FID)",
                DETAIL,
                "sparsity-mnist",
                distance,
                method="VAE + L_sp",
                ours=penalised,
                larger=True,
                variant=bool(kind),
            )
            for kind, cleaned, distance, words in (
                ("", "", frechet, "Frechet distance on the stand-in features, 10,000 images"),
                ("clean-", ", without faint pixels,", clean_frechet, "the same distance, 2,000 images"),
            )
        ),
    ]


CLAIMS: tuple[Claim, ...] = (*_sparsity(), *_quality(), *_use(), *_mnist())
