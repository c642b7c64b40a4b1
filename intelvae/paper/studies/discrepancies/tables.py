"""What text, code and this book do in different ways in Tables 1 to 4 and B.1: one thing at a time."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial

from intelvae.paper.measures import clean_frechet, frechet
from intelvae.paper.results import Result
from intelvae.paper.rows import SPARSE_VAE, Row, row
from intelvae.paper.statistics import Metric, measured
from intelvae.paper.studies.digits import grid as digits
from intelvae.paper.studies.digits import slips
from intelvae.paper.studies.digits.claims import learned
from intelvae.paper.studies.discrepancies.parts import Chart, Discrepancy, Source
from intelvae.paper.studies.faces import attributes
from intelvae.paper.studies.faces import grid as faces

# by the words of a slip's row, after the method's
TOPIC_OF_SLIP = {
    "images from N(0, I)": "sampler",
    "components of variance e": "mixture",
    "two components at ±2, of variance e": "mixture",
    "pseudo-inputs from N(0, I), not held to grey levels": "pseudo-inputs",
    "flow amortised on the mean": "flow",
    "determinant mispaired": "flow",
    "eight vectors in one dimension": "flow",
    "entropy of q counted D times": "entropy",
    "c2 = 0.5, borders learned": "constants",
    "c1 = 1": "constants",
    "learned borders forgotten when loaded": "forgotten",
    "learned border forgotten when loaded": "forgotten",
    "2 x 2 instead of 2 x 5": "clusters",
    "cross-entropy, sigmoid": "likelihood",
    "the authors' network": "network",
    "all training images, best epoch by the test set": "split",
    "binary images, as the text says": "binary",
}
AS_IT_IS = partial(frechet, number=min)  # at the smaller number of images, as the other ways to take them are
STRETCHED, LOGITS, DENSE, WRAPPED = (
    partial(frechet, kind=kind, number=min) for kind in ("minmax", "logits", "dense", "wrap")
)
SCORE, OF_MEANS, SLAB, BASE = map(measured, ("hoyer_sample", "hoyer_mean", "hoyer_slab", "hoyer_base"))


def percent(paper: Row, other: Row, column: str) -> float:
    """By how much the paper's number of a row differs from that of another, in % of the latter."""
    a, b = (number(each, column) for each in (paper, other))
    return 100 * (a - b) / b


def number(row: Row, column: str) -> float:
    """The paper's mean in a column of a row.

    >>> number(digits.TABLE1[0], "FID")
    42.0
    """
    return float(row.paper[column].split(" ± ")[0])


def _slipped(found: list[slips.Slip], *experiments: str) -> Iterator[Discrepancy]:
    for slip in found:
        before, after = (Source(experiments, (each,)) for each in slip)
        _, words = slip.after.name.split(": ", 1)
        yield Discrepancy(TOPIC_OF_SLIP[words], words, before, after)


def measured_otherwise(topic: str, name: str, source: Source, before: Metric, after: Metric) -> Discrepancy:
    """The same models, measured in two ways."""
    return Discrepancy(topic, name, source, source, (before, after))


def _of_table1() -> Chart:
    def source(name: str) -> Source:
        return Source(("table1",), (row(digits.TABLE1, name),))

    vae, intel = source("VAE"), source("InteL-VAE, 2 x 5")
    slipped = {slip.after.name: Source(("slips",), (slip.after,)) for slip in slips.of_table1("laptop")}
    return Chart(
        key="table1",
        where="Table 1",
        measure="distance without faint pixels",
        unit="% of the VAE's",
        metric=clean_frechet,
        ours=intel,
        other=vae,
        paper=percent(intel.rows[0], vae.rows[0], "FID"),
        discrepancies=(
            *_slipped(slips.of_table1("laptop"), "table1", "slips"),
            *(
                Discrepancy(topic, f"{name} in one plane", intel, source(f"InteL-VAE, {name}"))
                for topic, name in (("clusters", "2 sectors"), ("sectors", "10 sectors"))
            ),
            *(measured_otherwise("stretch", "images stretched", each, AS_IT_IS, STRETCHED) for each in (vae, intel)),
            *(
                measured_otherwise(
                    "stretch", "cross-entropy, logits stretched", slipped[f"{who}: cross-entropy, sigmoid"],
                    AS_IT_IS, LOGITS,
                )
                for who in ("VAE", "InteL-VAE")
            ),
        ),
    )  # fmt: skip


def _of_table2(profile: str) -> Chart:
    network = digits.own_network(profile)
    rows, group = digits.table2(network), digits.of_reading(network)
    experiments = ("multi-modality", "gap", "slips-01")

    def source(name: str, network: str = network, likelihood: str = "gaussian") -> Source:
        rows = digits.table2(network, likelihood)
        return Source(("multi-modality",), (row(rows, name, digits.of_reading(network, likelihood)),))

    gaps = [Source(("gap",), (each,)) for each in digits.gaps(profile)]
    others = ("c2 = 0.5, border learned", "c1 = 1")
    ours, theirs = (number(row(rows, name, group), "ambiguous") for name in ("InteL-VAE", "VAE"))
    return Chart(
        key="table2",
        where="Table 2",
        measure="ambiguous samples",
        unit="points",
        metric=measured("uncertain"),
        ours=source("InteL-VAE"),
        other=source("VAE"),
        paper=ours - theirs,
        relative=False,
        scale=100.0,
        digits=1,
        discrepancies=(
            *_slipped(slips.of_table2(profile), *experiments),
            *(Discrepancy("constants", what, gaps[0], after) for what, after in zip(others, gaps[1:], strict=True)),
            *(
                Discrepancy(
                    "network", "the authors' network", source(each.name, "mathieu"), source(each.name, "authors")
                )
                for each in rows
            ),
            *(
                Discrepancy(
                    "likelihood", "cross-entropy",
                    source(each.name, "authors"), source(each.name, "authors", "bernoulli"),
                )
                for each in rows
            ),
        ),
    )  # fmt: skip


def from_the_true_share(result: Result) -> float:
    """How far the learned share of zeros of a row of Table 3 is from the one in the data."""
    return abs(learned(result) - (result.row.value or 0.0))


def _of_table3() -> Chart:
    def source(experiment: str, name: str, power: float, longer: bool = False, bounded: bool = False) -> Source:
        group = digits.of_power(power, longer, bounded)
        return Source((experiment,), (row(digits.table3(power, longer, bounded), name, group),))

    free = {digits.TEXT: "proportions", digits.CODE: "borders"}
    of_powers = [(power, f"c2 = {power}") for power in free]
    return Chart(
        key="table3",
        where="Table 3",
        measure="distance of the learned share of zeros from the true one",
        unit="points",
        metric=from_the_true_share,
        relative=False,
        scale=100.0,
        digits=1,
        discrepancies=(
            *(
                Discrepancy("constants", f"{each.name}, c2 = {digits.CODE}",
                            source("proportions", each.name, digits.TEXT), source("borders", each.name, digits.CODE))
                for each in digits.table3()
            ),
            *(
                Discrepancy("threshold", f"0 % zeros, {name}, bounded border",
                            source(free[power], "0 % zeros", power),
                            source("borders-bounded", "0 % zeros", power, bounded=True))
                for power, name in of_powers
            ),
            *(
                Discrepancy("length", f"25 % zeros, {name}, four times as long",
                            source(free[power], "25 % zeros", power),
                            source("borders-longer", "25 % zeros", power, longer=True))
                for power, name in of_powers
            ),
        ),
    )  # fmt: skip


def _of_faces(name: str) -> Source:
    return Source(("table4",), (row(faces.TABLE_4, name),))


def _of_sparse_vaes(low: bool) -> list[tuple[Source, str]]:
    """The Sparse-VAEs of Table 4 with full or low weight on the KL divergence, and the rate of each."""
    names = [each.name for each in faces.TABLE_4 if each.method == SPARSE_VAE]
    of = [name for name in names if name.endswith(faces.LOW_BETA) == low]
    return [(_of_faces(name), name.removesuffix(faces.LOW_BETA).removeprefix("Sparse-VAE, ")) for name in of]


def _table4_distance() -> Chart:
    vae, intel = _of_faces("VAE"), _of_faces("InteL-VAE, γ = 30")
    linear, layer = _of_faces(faces.LINEAR_HEAD), _of_faces("VAE + Sylvester")
    full, low = _of_sparse_vaes(low=False), _of_sparse_vaes(low=True)
    clipped = [vae, *(_of_faces(f"InteL-VAE, γ = {gamma}") for gamma in (30, 70)), _of_faces("Vamp-VAE")]
    return Chart(
        key="table4-distance",
        where="Table 4, samples",
        measure="distance",
        unit="% of the VAE's",
        metric=frechet,
        ours=intel,
        other=vae,
        paper=percent(intel.rows[0], vae.rows[0], faces.FID),
        discrepancies=(
            Discrepancy("code-sparse", "γ = 70, floor 0.2, |z| penalised", _of_faces("InteL-VAE, γ = 70"),
                        _of_faces(faces.AS_THE_CODE)),
            measured_otherwise("sampler", "images from N(0, I)", _of_faces("Vamp-VAE"), AS_IT_IS, DENSE),
            *(measured_otherwise("replication", f"{rate}, images from N(0, I)", of, AS_IT_IS, DENSE)
              for of, rate in full),
            *(Discrepancy("replication", f"{rate}, β = 0.1", of, after)
              for (of, rate), (after, _) in zip(full, low, strict=True)),
            Discrepancy("flow-head", "a layer of 256 units before the head", linear, layer),
            *(measured_otherwise("wrap", _with_gamma(of, "values not clipped"), of, AS_IT_IS, WRAPPED)
              for of in clipped),
        ),
    )  # fmt: skip


def _with_gamma(source: Source, what: str) -> str:
    value = source.rows[0].value
    return what if value is None else f"γ = {value:g}, {what}"


def _table4_score() -> Chart:
    vae, intel = _of_faces("VAE"), _of_faces("InteL-VAE, γ = 70")
    full, sylvester = _of_sparse_vaes(low=False), _of_faces("VAE + Sylvester")
    of_gamma = [_of_faces(f"InteL-VAE, γ = {gamma}") for gamma in (30, 50, 70)]
    return Chart(
        key="table4-score",
        where="Table 4, sparsity",
        measure="Hoyer score",
        unit="",
        metric=SCORE,
        ours=intel,
        other=vae,
        paper=number(intel.rows[0], faces.HOYER) - number(vae.rows[0], faces.HOYER),
        relative=False,
        digits=2,
        smaller=False,
        discrepancies=(
            Discrepancy("code-sparse", "γ = 70, floor 0.2, |z| penalised", intel, _of_faces(faces.AS_THE_CODE)),
            *(measured_otherwise("score", f"{rate}, score of g(μ)", of, SCORE, OF_MEANS) for of, rate in full),
            *(measured_otherwise("score", f"{rate}, score without gates", of, SCORE, SLAB) for of, rate in full),
            *(measured_otherwise("score", _with_gamma(of, "score of g(μ)"), of, SCORE, OF_MEANS) for of in of_gamma),
            measured_otherwise("flow", "score of codes before the flow", sylvester, SCORE, BASE),
        ),
    )


FEW = min(attributes.SIZES)  # labelled faces


def right(protocol: str) -> Metric:
    """The accuracy from the fewest labelled faces, mean over their draws, by a protocol."""
    scores = attributes.labelled(FEW, protocol=protocol)
    return lambda result: statistics.fmean(scores(result))


def _of_table_b1() -> Chart:
    def source(experiment: str, rows: tuple[Row, ...], name: str, dim: int) -> Source:
        return Source((experiment,), (row(rows, name, f"D = {dim}"),))

    def in_table(name: str, dim: int = 64) -> Source:
        return source("table-b1", faces.TABLE_B1, name, dim)

    vae, intel = in_table("VAE", 8), in_table(faces.INTEL_VAE)  # the best VAE from so few, here and in the paper
    ours, code = right(attributes.LINEAR), right(attributes.AUTHORS)
    return Chart(
        key="tableb1",
        where="Table B.1",
        measure=f"accuracy from {FEW} labelled faces",
        unit="points",
        metric=ours,
        ours=intel,
        other=vae,
        paper=100 * (number(intel.rows[0], f"{FEW}") - number(vae.rows[0], f"{FEW}")),
        relative=False,
        scale=100.0,
        digits=1,
        smaller=False,
        discrepancies=(
            *(
                measured_otherwise("attributes", f"{each.group}, the authors' classifier",
                                   Source(("table-b1",), (each,)), ours, code)
                for each in faces.TABLE_B1 if each.name != faces.RESIDUAL
            ),
            Discrepancy("dimensions", "D = 128, as in the text", intel,
                        source("table-b1-in-text", faces.TABLE_B1_IN_TEXT, faces.INTEL_VAE, 128)),
            Discrepancy("levels", "D = 64, residual networks", intel, in_table(faces.RESIDUAL)),
        ),
    )  # fmt: skip


def charts(profile: str) -> tuple[Chart, ...]:
    """Those of Tables 1 to 4 and B.1 at a profile, which decides the network on which Table 2 is varied."""
    return (
        _of_table1(),
        _of_table2(profile),
        _of_table3(),
        _table4_distance(),
        _table4_score(),
        _of_table_b1(),
    )
