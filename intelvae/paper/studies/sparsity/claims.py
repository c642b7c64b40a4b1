"""The paper's claims about sparse codes of Fashion-MNIST (section 6.3, Figures 7 and 8)."""

from __future__ import annotations

from intelvae.metrics import downstream
from intelvae.paper.kinds import AtMost, Claim, Excess, Jointly
from intelvae.paper.measures import ungated
from intelvae.paper.results import Result
from intelvae.paper.rows import DD, INTEL, SPARSE_VAE, VAE_L1, VAE_L_SP
from intelvae.paper.statistics import measured
from intelvae.paper.studies.sparsity.comparisons import (
    FASHION,
    KINDS,
    LEFT_OFF,
    MEAN,
    MNIST,
    SAMPLE,
    USED,
    Figure,
    active,
    closer,
    compared,
    degrades,
    few_labels,
    grows,
    less_sparse,
    many_labels,
    sparser_and_closer,
    vsc_as_vae,
    vsc_is_good,
    vsc_less_sparse_than_dd,
)  # fmt: skip
from intelvae.paper.studies.sparsity.grid import BELOW_3, DD_ALPHA, DD_MOST, SHOWN, STRONG, VSC_ALPHA, at

DD_SPARSEST = 10.0  # of the grid, by the first seed
PRIOR_OF_DD = 0.65  # Hoyer score of codes drawn from DD's prior itself, D = 50


def _active(result: Result) -> float:
    return 100 * result.metrics["active_per_class"] / result.training.latent_dim


def _sparsity() -> list[Claim]:
    """Figure 7, left: how sparse the codes are; of samples g(y), as in the authors' code, unless it says otherwise."""
    dd, vsc = at(DD, DD_ALPHA), at(SPARSE_VAE, VSC_ALPHA)
    return [
        grows(FASHION, "", SAMPLE, "The codes' Hoyer score grows with gamma"),
        grows(FASHION, "-in-use", USED, "The Hoyer score in the dimensions in use grows with gamma"),
        grows(
            FASHION, "-unused", LEFT_OFF, "The share of the dimensions in use that are off in an image grows with gamma"
        ),
        extremely_sparse(FASHION),
        less_sparse(FASHION, "dd", dd),
        less_sparse(FASHION, "dd-100", at(DD, DD_MOST), variant=True),
        less_sparse(FASHION, "vsc-0.01", vsc),
        less_sparse(FASHION, "vsc-0.01-mean", vsc, of=MEAN, variant=True),
        less_sparse(FASHION, "vsc-0.01-slab", vsc, of=ungated, variant=True),
        less_sparse(FASHION, "vsc-0.2", at(SPARSE_VAE, 0.2), variant=True),
        less_sparse(FASHION, "vsc-0.2-mean", at(SPARSE_VAE, 0.2), of=MEAN, variant=True),
        less_sparse(FASHION, "dd-10", at(DD, DD_SPARSEST), variant=True),
        less_sparse(FASHION, "dd-unused", dd, of=LEFT_OFF, variant=True),
        *(
            less_sparse(FASHION, f"vae-{gamma:g}-{name}", "VAE", of=of, gamma=gamma, variant=True)
            for gamma in (1.0, SHOWN)
            for of, name in ((USED, "in-use"), (LEFT_OFF, "unused"))
        ),
    ]


def extremely_sparse(figure: Figure) -> Claim:
    """Section 6.3: sparsity reaches "extremely high levels"."""
    return Excess(
        f"{figure.id}-extremely-sparse",
        "Section 6.3",
        f"{figure.on}Sparsity reaches extremely high levels: with gamma = {STRONG:g} a Hoyer score above that of codes "
        "drawn from DD's sparse prior",
        "figure only",
        figure.page,
        figure.experiment,
        SAMPLE,
        at(INTEL, STRONG),
        PRIOR_OF_DD,
        post_hoc=figure == MNIST,
    )


def _sparsity_of_others() -> list[Claim]:
    """Figure 7, left: the Sparse-VAE beside DD and the VAE, and DD by its coefficient."""
    return [
        vsc_less_sparse_than_dd(FASHION),
        vsc_as_vae(FASHION),
        *(
            compared(
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
    """Figure 7, left: how good the samples are, without faint pixels and, variants, with all pixels."""
    return [
        claim
        for kind in KINDS
        for claim in (
            *(closer(FASHION, gamma, kind) for gamma in BELOW_3),
            *(degrades(FASHION, alpha, kind) for alpha in (DD_ALPHA, DD_MOST)),
        )
    ] + [*vsc_is_good(FASHION), *vsc_is_good(FASHION, 0.2)]


def _kl() -> Claim:
    """Section 4, after Theorem 1: the KL divergence stays comparable to a VAE's; with another prior it may explode."""
    said = (f"{FASHION.where}, left", FASHION.page, FASHION.experiment)
    kl = measured("test_kl")
    return Jointly(
        "fig7-kl",
        "Section 4",
        f"The KL divergence of the InteL-VAE stays that of a VAE (gamma = {SHOWN:g}: at most 1.1 times as large), and "
        f"a sparse prior's is larger (DD with alpha = {DD_ALPHA:g}; nats, on test images)",
        "in words",
        *said[1:],
        (
            AtMost(
                "fig7-kl-intel", said[0], "The InteL-VAE's KL is at most 1.1 times the VAE's", "-", *said[1:],
                kl, at(INTEL, SHOWN), "VAE", 1.1,
            ),
            compared(FASHION, "kl-dd", said[0], "DD's KL is larger", kl, at(DD, DD_ALPHA), "VAE", larger=True),
        ),
        post_hoc=True,
    )  # fmt: skip


def _overlap() -> Claim:
    """Figure 8: classes use different dimensions."""
    return compared(
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
            few_labels(FASHION, theirs, classifier)
            for classifier in downstream.NAMES
            for theirs in ("VAE", at(DD, DD_ALPHA), at(SPARSE_VAE, VSC_ALPHA))
        ),
        *(
            few_labels(
                FASHION,
                at(method, gamma),
                ours_alone=f"those of a VAE without a mapping that has {penalty} with gamma = {gamma:g}",
            )
            for method, penalty, gamma in (
                (VAE_L_SP, "the same penalty on |y|", 100.0),
                (VAE_L1, "L1 on y", 1.0),
            )
        ),
        *(
            Excess(
                f"fig8-active{name}",
                "Fig 8",
                f"Less than 10 % of the dimensions are active for each class (gamma = {SHOWN:g}; mean |z| of the class "
                f"at least a {line} of its largest, in %)",
                "< 10",
                FASHION.page,
                FASHION.experiment,
                metric,
                at(INTEL, SHOWN),
                10.0,
                below=True,
                variant=bool(name),
                post_hoc=bool(name),
            )
            for name, line, metric in (("", "tenth", _active), ("-fifth", "fifth", active(0.2)))
        ),
        *many_labels(FASHION),
        _overlap(),
    ]


CLAIMS: tuple[Claim, ...] = (
    *_sparsity(),
    *_sparsity_of_others(),
    *_quality(),
    *sparser_and_closer(FASHION),
    _kl(),
    *_use(),
)
