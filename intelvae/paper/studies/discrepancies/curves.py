"""What text, code and this book do in different ways in Figures 4, C.2, 7 and C.3: one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator

from intelvae.paper.measures import clean_frechet
from intelvae.paper.results import Result
from intelvae.paper.rows import DD, INTEL, SPARSE_VAE, VAE, Row, row
from intelvae.paper.studies.discrepancies.parts import Chart, Discrepancy, Source
from intelvae.paper.studies.discrepancies.tables import AS_IT_IS, OF_MEANS, SCORE, SLAB, STRETCHED, measured_otherwise
from intelvae.paper.studies.sparsity import grid as sparsity
from intelvae.paper.studies.toys import grid as toys


def in_the_hole(result: Result) -> float:
    """The share of samples inside a hole, of the mixture that between its clusters."""
    return result.metrics.get("inside_hole", result.metrics.get("bridge", float("nan")))


# Figures 4 and C.2


def _of_toys(experiment: str, method: str, reading: str = "") -> Source:
    """The rows of a method on all five data sets."""
    rows = [
        row(toys.three(data, group := toys.of_reading(reading, data) if reading else data), method, group)
        for data in toys.TOYS
    ]
    return Source((experiment,), tuple(rows))


def _of_figure4() -> Chart:
    fast, unwarmed, neither, half = toys.READINGS
    steps = (
        ("likelihood-2d", "no warm-up of the KL", ("readings", fast), ("readings", unwarmed)),
        ("likelihood-2d", "no small variance first either", ("readings", unwarmed), ("readings", neither)),
        ("likelihood-2d", "log-variance counted twice", ("readings", neither), ("readings", half)),
        ("notebooks", "the notebooks' settings but the two priors", ("connectivity", ""), ("notebooks-one-prior", "")),
        ("two-priors", "the notebooks' two priors", ("notebooks-one-prior", ""), ("notebooks", "")),
        ("notebooks", "the notebooks, all at once", ("connectivity", ""), ("notebooks", "")),
        ("capacity", "layers of 50 units", ("connectivity", ""), ("capacity", "")),
    )
    without = {"notebooks-one-prior"}  # the Vamp-VAE has one prior anyway
    return Chart(
        key="figure4",
        where="Figures 4 and C.2",
        measure="samples in a hole or on the bridge, mean over five data sets",
        unit="points",
        metric=in_the_hole,
        ours=_of_toys("connectivity", "InteL-VAE"),
        other=_of_toys("connectivity", "VAE"),
        relative=False,
        scale=100.0,
        digits=1,
        discrepancies=tuple(
            Discrepancy(topic, name, _of_toys(before[0], method, before[1]), _of_toys(after[0], method, after[1]))
            for topic, name, before, after in steps
            for method in ("VAE", "Vamp-VAE", "InteL-VAE")
            if method != "Vamp-VAE" or not {before[0], after[0]} & without
        ),
    )


# Figures 7 and C.3

TOPIC_OF_CHOICE = {
    "floor 0.05": "floor",
    sparsity.FLOOR_OF_THE_CODE: "floor",
    "penalty on |z|, as in the authors' code": "penalty",
    "second term as printed": "second-term",
    "beta = 0.3": "beta",
    "beta = 3": "beta",
    "absolute errors, as in the authors' code": "likelihood",
    "binary images, as in Table C.1": "binary",
}
FASHION, MNIST = "fashion-mnist", "mnist"
EXPERIMENT = {FASHION: "sparsity", MNIST: "sparsity-mnist"}


def _of_methods(data: str, name: str) -> Source:
    return Source((EXPERIMENT[data],), (row(sparsity.METHODS, name),))


def _short(name: str) -> str:
    """The name of a choice without what the topic says anyway.

    >>> _short("floor 0.2, as in the authors' code"), _short("beta = 3")
    ('floor 0.2', 'β = 3')
    """
    return name.split(", as in")[0].replace("beta", "β").replace("alpha", "α")


def _of_choices() -> Iterator[Discrepancy]:
    """What is tried on Fashion-MNIST."""
    rows = [*sparsity.MAPPING, *sparsity.ANY_VAE, *sparsity.OF_VSC, *sparsity.OF_DD]

    def change(topic: str, before: Row, after: Row, name: str) -> Discrepancy:
        first, last = (Source(("sparsity-choices",), (each,)) for each in (before, after))
        return Discrepancy(topic, name, first, last)

    for each in dict.fromkeys(rows):
        if each.name in TOPIC_OF_CHOICE:
            before = row(rows, sparsity.AS_IN_FIGURE_7, each.group)
            gamma = "" if each.value is None else f"γ = {each.value:g}, "
            yield change(TOPIC_OF_CHOICE[each.name], before, each, gamma + _short(each.name))
    for before, after in zip(sparsity.WEIGHTED[::2], sparsity.WEIGHTED[1::2], strict=True):
        first, last = (Source(("sparsity-weighted",), (each,)) for each in (before, after))
        gamma = "" if after.value is None else f"γ = {after.value:g}, "
        yield Discrepancy("pixels", f"{gamma}errors of 28x28 pixels", first, last)
    own, *others = sparsity.OF_VSC
    for each, topic in zip(others, ("replication", "published-vsc", "offset"), strict=True):
        yield change(topic, own, each, _short(each.name))
    ours, _, theirs, _ = sparsity.OF_DD
    yield change("units", ours, theirs, "absolute errors, α = 100")


def _as_coded(data: str) -> Iterator[Discrepancy]:
    for each in sparsity.AS_CODED[data]:
        if each.value is not None:
            after = Source(("sparsity-as-coded",), (each,))
            name = f"γ = {each.value:g}, floor 0.2, |z| penalised"
            yield Discrepancy("code-sparse", name, _of_methods(data, each.name), after)


def _scores(data: str) -> Iterator[Discrepancy]:
    """Of which codes the score is."""
    for method, value in ((INTEL, sparsity.SHOWN), (DD, sparsity.DD_ALPHA), (SPARSE_VAE, sparsity.VSC_ALPHA)):
        source = _of_methods(data, sparsity.at(method, value))
        varied = "γ" if method is INTEL else "α"
        yield measured_otherwise("score", f"{varied} = {value:g}, score of g(μ)", source, SCORE, OF_MEANS)
    yield measured_otherwise("score", f"α = {value:g}, score without gates", source, SCORE, SLAB)


def _stretched(data: str) -> Iterator[Discrepancy]:
    for name, gamma in (("VAE", ""), *((sparsity.at(INTEL, g), f"γ = {g:g}, ") for g in (1.0, sparsity.STRONG))):
        source = _of_methods(data, name)
        yield measured_otherwise("stretch", f"{gamma}images stretched", source, AS_IT_IS, STRETCHED)


def _is_of_codes(change: Discrepancy) -> bool:
    """Whether a choice could change the score: a VAE's is that of Gaussian codes, and images change no codes."""
    return change.method != VAE and sparsity.FROM_NORMAL not in {row.name for row in change.after.rows}


def _pair(data: str, where: str) -> tuple[Chart, Chart]:
    """The charts of samples and of sparsity on one data set."""
    choices = tuple(_of_choices()) if data == FASHION else ()
    key = where.lower().replace(" ", "")
    return (
        Chart(
            key=f"{key}-distance",
            where=f"{where}, samples",
            measure="distance, without faint pixels",
            unit="% of the VAE's",
            metric=clean_frechet,
            ours=_of_methods(data, sparsity.at(INTEL, 1.0)),  # below the 3 of the text
            other=_of_methods(data, VAE.name),
            discrepancies=(*choices, *_as_coded(data), *_stretched(data)),
        ),
        Chart(
            key=f"{key}-score",
            where=f"{where}, sparsity",
            measure="Hoyer score",
            unit="",
            metric=SCORE,
            ours=_of_methods(data, sparsity.at(INTEL, sparsity.STRONG)),
            other=_of_methods(data, VAE.name),
            relative=False,
            digits=2,
            smaller=False,
            discrepancies=(*(each for each in choices if _is_of_codes(each)), *_as_coded(data), *_scores(data)),
        ),
    )


def charts() -> tuple[Chart, ...]:
    """Those of Figures 4, 7 and C.3."""
    return _of_figure4(), *_pair(FASHION, "Figure 7"), *_pair(MNIST, "Figure C.3")
