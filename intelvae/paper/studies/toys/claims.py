"""The paper's claims about the framework, Theorem 1 and points in the plane (sections 3 to 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

import torch
from scipy import stats
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from intelvae import bounds, divergences, likelihoods, networks, priors, training
from intelvae.divergences import after, before, divergence
from intelvae.mappings import Circle, Identity, Threshold
from intelvae.models import VAE
from intelvae.paper.kinds import Claim, Comparison, Excess, Statement, Steady
from intelvae.paper.results import Result
from intelvae.paper.rows import VAMP
from intelvae.paper.statistics import measured
from intelvae.paper.studies.toys.grid import MORE_HOLES

BRIDGE_OF_DATA = float(stats.norm.cdf(-1 / 0.3) - stats.norm.cdf(-10))  # the mixture's own share within |x_1| < 1


FRAMEWORK, THEOREM, WHY = "01_framework", "02_theorem1", "03_why"
CONNECTIVITY = "04_multiple_connectivity"
WORDS = "in words"

ENCODERS = [Normal(m, s) for m, s in ((0.0, 0.5), (0.5, 0.5), (1.0, 0.5), (2.0, 0.3), (0.3, 1.3))]
PRIOR = Normal(0.0, 1.0)


def _growth(g: Callable[[Tensor], Tensor], breakpoints: Sequence[float]) -> list[float]:
    """How much every divergence of every encoder from the prior grows under g."""
    pairs = [(before(q, PRIOR), after(q, PRIOR, g, breakpoints)) for q in ENCODERS]
    return [divergence(name, z) - divergence(name, y) for name in divergences.NAMES for y, z in pairs]


@cache
def _merging() -> list[float]:
    return [*_growth(torch.abs, [0.0]), *_growth(torch.square, [0.0]), *_growth(lambda y: y**3 - 3 * y, [-1.0, 1.0])]


@cache
def _invertible() -> list[float]:
    return [abs(v) for g, points in ((torch.sinh, ()), (Threshold(), [0.0])) for v in _growth(g, points)]


def _identity() -> list[float]:
    """How far the bound with `Identity()` is from equation 1, which has no g, and from that with g in the decoder."""
    with training.seeded(0):
        encoder, network = networks.create("mlp", (2,), 2)
        decoder = nn.Sequential(network, likelihoods.Gaussian())
        x, prior = torch.randn(100, 2), priors.StandardNormal(2)

    def equation_1(out: nn.Module) -> Tensor:
        q = encoder(x)
        return out(q.rsample()).log_prob(x) - kl_divergence(q, prior().expand(q.batch_shape))

    gaps = []
    for mapping, out in ((Identity(), decoder), (Circle(), nn.Sequential(Circle(), decoder))):
        with training.seeded(1):
            bound = bounds.elbo(VAE(encoder, decoder, prior, mapping), x)
        with training.seeded(1):
            gaps.append((bound - equation_1(out)).abs().max().item())
    return gaps


def _theory() -> list[Claim]:
    return [
        Statement(
            "fig1-identity",
            "Section 4",
            "With g = identity an InteL-VAE is a VAE; with any g it is a VAE whose decoder begins with g",
            "exact",
            FRAMEWORK,
            None,
            _identity,
            0.0,
        ),
        Statement(
            "thm1-inequality",
            "Theorem 1, equation 3",
            "No f-divergence of q from the prior, such as the KL divergence, grows under g",
            "proof",
            THEOREM,
            None,
            _merging,
            1e-6,
        ),
        Statement(
            "thm1-equality",
            "Theorem 1, equation 4",
            "The KL divergence of q from the prior stays the same under an invertible g",
            "proof",
            THEOREM,
            None,
            _invertible,
            1e-6,
        ),
    ]


def hoyer_gap(result: Result) -> float:
    """How far the mean Hoyer score of codes is from that of draws of p(z)."""
    return abs(result.metrics["posterior_hoyer"] - result.metrics["prior_hoyer"])


def _why() -> list[Claim]:
    return [
        Comparison(
            "fig2-bridge",
            "Fig 2",
            "A VAE bridges two clusters: a larger share of the VAE's samples than of the Vamp-VAE's lies between the "
            "clusters (|x_1| < 1)",
            "figure only",
            WHY,
            "bridge",
            measured("bridge"),
            "VAE",
            VAMP.name,
            larger=True,
            group="mixture",
            post_hoc=True,
        ),
        Comparison(  # the rule before, whose reference has a bridge of its own
            "fig2-bridge-intel",
            "Fig 2",
            "A VAE bridges two clusters: a larger share of the VAE's samples than of the InteL-VAE's lies between the "
            "clusters (|x_1| < 1)",
            "figure only",
            WHY,
            "bridge",
            measured("bridge"),
            "VAE",
            "InteL-VAE",
            larger=True,
            group="mixture",
            variant=True,
            post_hoc=True,
        ),
        Excess(  # the first rule, which the InteL-VAE's samples pass, too
            "fig2-bridge-data",
            "Fig 2",
            "A VAE bridges two clusters: a larger share of the VAE's samples than of the data lies between the "
            "clusters (|x_1| < 1)",
            "figure only",
            WHY,
            "bridge",
            measured("bridge"),
            "VAE",
            BRIDGE_OF_DATA,
            group="mixture",
            variant=True,
        ),
        *(
            Comparison(
                id,
                "Fig 3",
                claim,
                "figure only",
                WHY,
                experiment="mismatch",
                metric=metric,
                theirs=theirs,
                group="sparse",
                variant=variant,
            )
            for id, claim, metric, theirs, variant in _MISMATCHES
        ),
    ]


_AGGREGATE = (
    "On sparse data, the InteL-VAE's codes as a whole are closer to its p(z) than a VAE's codes are to its sparse "
    "prior with w = {} (sliced Wasserstein distance, divided by the size of p(z))"
)
_SPARSITY = (
    "On sparse data, the mean Hoyer score of the InteL-VAE's codes is closer to that of its p(z) than the score of a "
    "VAE's codes is to that of its sparse prior with w = {}"
)
_MATCHED = "VAE, sparse prior, w = 0.5"
_MISMATCHES = (
    (
        "fig3-aggregate",
        _AGGREGATE.format("0.5, the data's share of near-zeros"),
        measured("aggregate_mismatch"),
        _MATCHED,
        False,
    ),
    ("fig3-sparsity", _SPARSITY.format("0.5"), hoyer_gap, _MATCHED, False),
    ("fig3-aggregate-0.8", _AGGREGATE.format(0.8), measured("aggregate_mismatch"), "VAE, sparse prior", True),
    ("fig3-sparsity-0.8", _SPARSITY.format(0.8), hoyer_gap, "VAE, sparse prior", True),
)


_FIGURE = {"circle": "Fig C.2", "square": "Fig 4", "star": "Fig 4", "infinity": "Fig 4", "mixture": "Fig 4"}
IN_WORDS = {data: data for data in _FIGURE} | {"infinity": "infinity sign", "mixture": "mixture of two Gaussians"}


def _connectivity(
    experiment: str, id: str = "", settings: str = "", variant: bool = False, vamp: bool = True
) -> list[Claim]:
    """The claims of Figures 4 and C.2 on the rows of an experiment; `id` begins their ids, `settings` their words.

    `vamp`: also those against the Vamp-VAE.
    """
    comparison = partial(Comparison, paper="figure only", page=CONNECTIVITY, experiment=experiment, variant=variant)
    on = f"{settings}, on" if settings else "On"
    closer = [
        comparison(
            id=f"{id}fig4-{data}",
            where=where,
            claim=f"{on} the {IN_WORDS[data]}, samples of the InteL-VAE are closer to the data than the VAE's "
            "(sliced Wasserstein distance)",
            metric=measured("sliced_wasserstein"),
            group=data,
        )
        for data, where in _FIGURE.items()
    ]
    emptier = [
        comparison(
            id=f"{id}fig4-{data}-{'bridge' if data == 'mixture' else 'hole'}",
            where=where,
            claim=f"{on} the {IN_WORDS[data]}, fewer samples of the InteL-VAE than of the VAE lie "
            + ("between the clusters" if data == "mixture" else "inside a hole"),
            metric=measured("bridge" if data == "mixture" else "inside_hole"),
            group=data,
        )
        for data, where in _FIGURE.items()
    ]
    than_vamp = [
        comparison(
            id=f"{id}figC2-vamp-{data}",
            where="Fig C.2",
            claim=f"{on} the {IN_WORDS[data]}, samples of the InteL-VAE are closer to the data than the Vamp-VAE's "
            "(sliced Wasserstein distance)",
            metric=measured("sliced_wasserstein"),
            group=data,
            theirs="Vamp-VAE",
        )
        for data in _FIGURE
        if vamp
    ]
    return [*closer, *emptier, *than_vamp]


def _vamp_as_the_vae() -> list[Claim]:
    """Figure C.2's caption and section 6.1: the Vamp-VAE behaves like a VAE.

    Before, 0.02 was allowed for every data set: of the mixture, where the VAE has 0.035, nothing smaller was opposite.
    """
    return [
        Steady(
            f"figC2-vamp-as-vae-{data}{id}",
            "Fig C.2",
            f"On the {IN_WORDS[data]}, the Vamp-VAE behaves like a VAE: about as many of its samples as of the "
            f"VAE's lie {'between the clusters' if data == 'mixture' else 'inside a hole'}",
            "figure only",
            CONNECTIVITY,
            "connectivity",
            measured("bridge" if data == "mixture" else "inside_hole"),
            VAMP.name,
            "VAE",
            tolerance=tolerance,
            relative=relative,
            group=data,
            variant=not relative,
            post_hoc=True,
        )
        for id, tolerance, relative in (("", 0.25, True), ("-0.02", 0.02, False))
        for data in _FIGURE
    ]


def _more_holes(experiment: str, on: str, end: str = "") -> list[Claim]:
    """The rules of Figure 4 on three and four holes, where the paper says that one can go on gluing and shows none.

    `on` begins their words, `end` ends their ids.
    """
    return [
        Comparison(
            f"holes-{data}{id}{end}",
            "Section 6.1, equation 5",
            f"{on} {words} diamonds in a row, {claim}",
            WORDS,
            CONNECTIVITY,
            experiment,
            measured(metric),
            group=data,
            variant=True,
        )
        for data, words in zip(MORE_HOLES, ("three", "four"), strict=True)
        for id, claim, metric in (
            (
                "",
                "samples of the InteL-VAE are closer to the data than the VAE's (sliced Wasserstein distance)",
                "sliced_wasserstein",
            ),
            ("-hole", "fewer samples of the InteL-VAE than of the VAE lie inside a hole", "inside_hole"),
        )
    ]


# The rule of the notebooks' settings is that of Figures 4 and C.2, and was written before their runs. That of "one
# prior" was written when the notebooks' own were known: if the two priors explain them, nothing is left here.
CLAIMS: tuple[Claim, ...] = (
    *_theory(),
    *_why(),
    *_connectivity("connectivity"),
    *_vamp_as_the_vae(),
    *_connectivity("notebooks", "notebooks-", "With the settings of the authors' notebooks", variant=True),
    *_connectivity(
        "notebooks-one-prior",
        "notebooks-one-prior-",
        "With the settings of the authors' notebooks, but one prior for training and samples",
        variant=True,
        vamp=False,
    ),
    *_more_holes("holes", "On"),
    *_more_holes("holes-capacity", "With layers of 50 units, on", "-50"),
)
