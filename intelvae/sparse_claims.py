"""The paper's claims about sparsity (section 6.3, Figures 7, 8 and C.3, appendix C.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intelvae.records import Record, RunConfig
from intelvae.rules import Claim, Comparison, Excess, Nearness, Trend, clean_frechet, frechet, measured
from intelvae.sparse_experiments import DD_ALPHA, SHOWN, STRONG, VSC_ALPHA, vsc

FASHION, DETAIL = "08_sparsity", "09_sparsity_in_detail"
FEW = (10, 20, 50, 100)  # labels: "especially in few-shot scenarios"
PRIOR_OF_DD = 0.65  # Hoyer score of codes drawn from DD's prior itself, D = 50

SAMPLE, MEAN = measured("hoyer_sample"), measured("hoyer_mean")


def few_shot(record: Record) -> float:
    """Accuracy of the paper's random forest in per cent, mean over 10, 20, 50 and 100 labels."""
    return 100 * sum(record.metrics[f"random_forest_{n}"] for n in FEW) / len(FEW)


def _active(record: Record) -> float:
    return 100 * record.metrics["active_per_class"] / record.config.latent_dim


def _vsc(alpha: float) -> dict[str, Any]:
    model = vsc(alpha)
    return {"model_options": RunConfig("mnist", "mathieu", 50, "gaussian", 1, **model).model_options}


def _sparsity() -> list[Claim]:
    """Figure 7, left: how sparse the codes are; of samples g(y), as in the authors' code, unless it says otherwise."""
    strong = {"gamma": STRONG}

    def less(against: str, theirs: dict[str, Any], name: str, kind: str, words: str, of: Callable[[Record], float]):
        margin = 0.1 if against == "Sparse-VAE" else 0.0
        return Comparison(
            f"fig7-less-sparse-{name}-{kind}",
            "Fig 7, left",
            f"Codes of the {words} are {'much ' if margin else ''}less sparse than the InteL-VAE's with gamma = "
            f"{STRONG:g} (Hoyer score of g({'y' if kind == 'sample' else 'mu'}))",
            "by eye",
            FASHION,
            "sparsity",
            of,
            against=against,
            ours=strong,
            theirs=theirs,
            larger=True,
            margin=margin,
        )

    return [
        Trend(
            "fig7-sparsity-grows",
            "Fig 7, left",
            "The codes' Hoyer score grows with gamma",
            "by eye",
            FASHION,
            "sparsity",
            SAMPLE,
            "InteL-VAE",
            "gamma",
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
        less("DD", {"alpha": DD_ALPHA}, "dd", "sample", f"DD with alpha = {DD_ALPHA:g}", SAMPLE),
        *(
            less("Sparse-VAE", _vsc(alpha), f"vsc-{alpha:g}", kind, f"Sparse-VAE with alpha = {alpha:g}", of)
            for alpha in (VSC_ALPHA, 0.2)
            for kind, of in (("sample", SAMPLE), ("mean", MEAN))
        ),
    ]


def _quality() -> list[Claim]:
    """Figure 7, left: how good the samples are."""
    return [
        *(
            Comparison(
                f"fig7-distance-gamma-{gamma:g}",
                "Fig 7, left",
                f"With gamma = {gamma:g} (below 3) samples of the InteL-VAE are closer to the test images than the "
                "VAE's (Frechet distance on the stand-in features, 10,000 images)",
                "by eye (FID)",
                FASHION,
                "sparsity",
                frechet,
                ours={"gamma": gamma},
            )
            for gamma in (0.0, 0.1, 0.3, 1.0)
        ),
        *(
            Comparison(
                f"fig7-clean-distance-gamma-{gamma:g}",
                "Fig 7, left",
                f"The same with gamma = {gamma:g} for samples without faint pixels (2,000 images)",
                "by eye (FID)",
                FASHION,
                "sparsity",
                clean_frechet,
                ours={"gamma": gamma},
                variant=True,
            )
            for gamma in (0.0, 0.1, 0.3, 1.0)
        ),
        Comparison(
            "fig7-distance-dd",
            "Fig 7, left",
            f"DD with alpha = {DD_ALPHA:g} degrades samples: farther from the test images than the VAE's (Frechet "
            "distance on the stand-in features, 10,000 images)",
            "by eye (FID)",
            FASHION,
            "sparsity",
            frechet,
            method="DD",
            ours={"alpha": DD_ALPHA},
            larger=True,
        ),
    ]


def _use() -> list[Claim]:
    """Figure 7, right, and Figure 8: what sparse codes are good for."""
    others: dict[str, dict[str, Any]] = {"VAE": {}, "DD": {"alpha": DD_ALPHA}, "Sparse-VAE": _vsc(VSC_ALPHA)}
    return [
        *(
            Comparison(
                f"fig7-few-shot-{against.lower()}",
                "Fig 7, right",
                f"A random forest does better on few labels with codes of the InteL-VAE (gamma = {SHOWN:g}) than with "
                f"the {against}'s (accuracy in %, mean over 10 to 100 labels)",
                "by eye",
                FASHION,
                "sparsity",
                few_shot,
                against=against,
                ours={"gamma": SHOWN},
                theirs=theirs,
                larger=True,
            )
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
    return [
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
        Nearness(
            "ablation-sparsity",
            "Appendix C.3",
            "On MNIST, L_sp on a VAE, with gamma = 100, hardly makes its codes sparse (Hoyer score)",
            "0.230 to 0.235",
            DETAIL,
            "sparsity-mnist",
            SAMPLE,
            {"mapping": "identity", "penalty": "codes", "gamma": 100.0},
            0.235,
            tolerance=0.01,
            spread=0.01,
        ),
        Comparison(
            "ablation-distance",
            "Appendix C.3",
            "On MNIST, L_sp on a VAE, with gamma = 100, takes its samples farther from the test images (Frechet "
            "distance on the stand-in features, 10,000 images)",
            "> 80 (FID)",
            DETAIL,
            "sparsity-mnist",
            frechet,
            method="VAE + L_sp",
            ours={"gamma": 100.0},
            larger=True,
        ),
    ]


CLAIMS: tuple[Claim, ...] = (*_sparsity(), *_quality(), *_use(), *_mnist())
