"""What the paper says in passing, as claims: sections 2, 4 and 5, and the conclusion."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from scipy import stats
from torch.distributions import Normal

from intelvae.paper.datasets import Points
from intelvae.paper.evaluation.points import JUDGED
from intelvae.paper.kinds import (
    LEVEL,
    NO_DIFFERENCE,
    OPPOSITE,
    PARTLY,
    REPRODUCED,
    Claim,
    Comparison,
    Finding,
    Statement,
)
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import FLOW, VAMP
from intelvae.paper.statistics import measured
from intelvae.paper.studies.beyond import theorem
from intelvae.paper.studies.beyond.grid import BOUNDS, OF_BOUNDS, ON_DIGITS, SEEDS_STABILITY, THERE, TOYS
from intelvae.paper.studies.toys.claims import IN_WORDS

BEYOND = "13_beyond_the_elbo"
_METHODS = ("InteL-VAE", "VAE")
COLLAPSED = 0.1  # nats of KL divergence on the validation data, below which a code says nothing
WORDS = "in words"


def collapsed(result: Result) -> bool:
    """Whether the posterior of a run is the prior: a KL divergence below `COLLAPSED` nats after its last epoch."""
    return result.curves["valid_kl"][-1] < COLLAPSED


@cache
def trivial(data: str) -> float:
    """The mean log p(x), in nats, of the Gaussian with independent coordinates that fits a data set best.

    This is what a decoder says that ignores its code, on the points that log p(x) of a run is estimated on.
    """
    test = Points(data).test.double()
    return Normal(test.mean(0), test.std(0)).log_prob(test[:JUDGED]).sum(1).mean().item()


def stuck(results: Sequence[Result], names: Sequence[str] = _METHODS) -> Callable[[Result], bool]:
    """Whether the log p(x) of a run is nearer to that of the `trivial` model than to the median run of the best method.

    The best on a data set is that of `names` with the higher median there.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for r in results:
        if r.row.name in names:
            found.setdefault(r.training.data, {}).setdefault(r.row.name, []).append(r.metrics["log_likelihood"])
    lines = {data: (max(map(statistics.median, of.values())) + trivial(data)) / 2 for data, of in found.items()}
    return lambda result: result.metrics["log_likelihood"] < lines[result.training.data]


@dataclass(frozen=True)
class Failures(Claim):
    """That no more runs of one row name fail than of another, over all data sets.

    A run fails that is `collapsed` or, `by_likelihood`, that is `stuck`. `more` is the verdict if more fail, but not
    significantly. The first `seeds` count, and all of them are needed.

    A run that diverged has no record, and neither has one that never ran: where any is missing the claim is not
    tested.
    """

    ours: str
    theirs: str
    seeds: int
    by_likelihood: bool = False
    more: str = NO_DIFFERENCE

    @property
    def rule(self) -> str:
        failing = (
            "log p(x) is nearer to that of one Gaussian with independent coordinates, fitted to the data, than to the "
            "median of the better of the two"
            if self.by_likelihood
            else f"KL divergence ends below {COLLAPSED:g} nats"
        )
        return (
            f"reproduced: no more runs of the {self.ours} fail than of the {self.theirs}, over all data and seeds; "
            f"{self.more}: more, but not significantly; opposite: more, and Fisher's exact test gives p < {LEVEL}. A "
            f"run fails whose {failing}. Not tested where a run has no record, which is how one that diverges looks."
        )

    def judge(self, results: Results) -> Finding:
        names, there = (self.ours, self.theirs), [r for r in results if r.seed < self.seeds]
        counted = [run for run in results.asked if run.training.seed < self.seeds]
        asked = [sum(run.row.name == name for run in counted) for name in names]
        found = [[r for r in there if r.row.name == name] for name in names]
        enough = len({run.training.seed for run in counted}) == self.seeds
        if not (enough and all(asked)) or asked != [len(of) for of in found]:
            return Finding()
        fails = stuck(there, names) if self.by_likelihood else collapsed
        ours, theirs = (sum(map(fails, of)) for of in found)
        p = float(stats.fisher_exact([[ours, asked[0] - ours], [theirs, asked[1] - theirs]])[1])
        verdict = REPRODUCED if ours <= theirs else OPPOSITE if p < LEVEL else self.more
        return Finding(float(ours), None, asked[0], f"Fisher's exact against {theirs} of {asked[1]}", p, verdict)


_NAMES = {"IWAE": "IWAE with 8 samples", "Renyi": "the Renyi bound with 8 samples and alpha = 0.5"}


def _higher(method: str, bound: str, on: str, id: str, experiment: str, group: str) -> Comparison:
    """That training on another bound than the ELBO gives a higher log p(x); without g a variant, the yardstick."""
    mapped = method == "InteL-VAE"
    return Comparison(
        id if mapped else f"{id}-vae",
        "Section 4",
        f"On {on}, {'with' if mapped else 'without'} a mapping, training on {_NAMES[bound]} gives a higher log p(x) "
        "than training on the ELBO",
        WORDS,
        BEYOND,
        experiment,
        measured("log_likelihood"),
        f"{method}, {bound}",
        f"{method}, ELBO",
        larger=True,
        group=group,
        variant=not mapped,
    )


def _bounds() -> list[Claim]:
    """Section 4: "more general bounds", of which one hopes that they are tighter."""
    return [
        _higher(method, bound, f"the {IN_WORDS[data]}", f"bounds-{bound.lower()}-{data}", "bounds", data)
        for method in _METHODS
        for bound in _NAMES
        for data in OF_BOUNDS
    ]


def _on_digits() -> list[Claim]:
    """Section 4 on images: the same rule; and, as variants, whether the mapping still does what it is for."""
    on = "zeros and ones, with one latent dimension"
    ambiguous = [
        Comparison(
            f"digits-{bound.lower()}-ambiguous",
            "Section 4",
            f"On {on}, trained on {_NAMES.get(bound, 'the ELBO')}, fewer samples are ambiguous with the mapping than "
            "without",
            WORDS,
            BEYOND,
            "bounds-01",
            measured("uncertain"),
            f"InteL-VAE, {bound}",
            f"VAE, {bound}",
            group=ON_DIGITS,
            variant=True,
        )
        for bound in BOUNDS
    ]
    higher = [
        _higher(method, bound, on, f"digits-{bound.lower()}", "bounds-01", ON_DIGITS)
        for method in _METHODS
        for bound in _NAMES
    ]
    return [*higher, *ambiguous]


def _outside(data: str) -> str:
    return "bridge" if data == "mixture" else "inside_hole"


def _flows() -> list[Claim]:
    comparison = partial(Comparison, where="Section 5", paper=WORDS, page=BEYOND, experiment="flow")
    return [
        Statement(
            "flow-equality",
            "Theorem 1, equation 4",
            "For a flow in the plane the KL divergence in Z, by quadrature of densities of z, is that in Y",
            "proof",
            BEYOND,
            None,
            theorem.violations,
            1e-6,
        ),
        *(
            comparison(
                id=f"flow-{data}" + "-vae" * (theirs == "VAE"),
                claim=f"On the {IN_WORDS[data]}, fewer samples of {words} lie "
                + ("between the clusters" if data == "mixture" else "inside a hole"),
                metric=measured(_outside(data)),
                ours=ours,
                theirs=theirs,
                group=data,
                variant=theirs == "VAE",
            )
            for ours, theirs, words in (
                ("InteL-VAE", FLOW.name, "the hand-made mapping than of a flow that is learned"),
                (FLOW.name, "VAE", "a flow that is learned than of no mapping"),
            )
            for data in TOYS
        ),
    ]


def _slopes() -> list[Claim]:
    """Section 2: without g the decoder has to be steep; as variants, of all that is between y and x."""
    return [
        Comparison(
            f"slope-{of}-{data}",
            "Section 2",
            f"On the {IN_WORDS[data]}, the VAE's decoder is steeper than the InteL-VAE's, {words} (99 % quantile of "
            "the largest singular value of the Jacobian over the prior)",
            WORDS,
            BEYOND,
            "smoothness",
            measured(f"slope_{of}"),
            "VAE",
            "InteL-VAE",
            larger=True,
            group=data,
            variant=of == "y",
        )
        for of, words in (("z", "both as functions of z"), ("y", "both as functions of y, with the mapping inside"))
        for data in TOYS
    ]


def _stability() -> list[Claim]:
    """On twenty seeds, and on the ten that were there at first; by log p(x); and than a Vamp-VAE's.

    The last of these against the VAE is the rule as it was before the runs.

    The paper says of "many of the baseline methods" that their training is less stable, and does not name them.
    """
    twenty = SEEDS_STABILITY["laptop"]
    than_the_vae = [
        Failures(
            f"stability-{seeds}" + "-likelihood" * by_likelihood,
            "Conclusion",
            "Training an InteL-VAE is as stable as training a VAE: no more runs fail, over five data sets and "
            f"{seeds} seeds",
            WORDS,
            BEYOND,
            "stability",
            "InteL-VAE",
            "VAE",
            seeds,
            by_likelihood,
            post_hoc=True,
            variant=seeds == THERE or by_likelihood,
        )
        for seeds, by_likelihood in ((twenty, False), (THERE, False), (twenty, True))
    ]
    claim = than_the_vae[0]
    text = f"{claim.claim}, or not significantly more"
    earlier = replace(claim, id=f"{claim.id}-partly", claim=text, more=PARTLY, variant=True, post_hoc=False)
    than_the_vamp_vae = [
        Failures(
            f"stability-{twenty}-vamp" + "-likelihood" * by_likelihood,
            "Reproducibility statement",
            "Training an InteL-VAE is as stable as training a Vamp-VAE: no more runs fail, over five data sets and "
            f"{twenty} seeds",
            WORDS,
            BEYOND,
            "stability",
            "InteL-VAE",
            VAMP.name,
            twenty,
            by_likelihood,
            post_hoc=True,
            variant=True,
        )
        for by_likelihood in (False, True)
    ]
    return [*than_the_vae, earlier, *than_the_vamp_vae]


CLAIMS: tuple[Claim, ...] = (*_bounds(), *_on_digits(), *_flows(), *_slopes(), *_stability())
