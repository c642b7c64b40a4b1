"""The paper's claims about clusters of digits (section 6.2, Tables 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable

from intelvae.paper.experiments.digits import PROPORTIONS as SHARES
from intelvae.paper.experiments.digits import TABLE1
from intelvae.paper.records import Record, RunConfig
from intelvae.paper.rules import DISTANCE, Claim, Comparison, Nearness, clean_frechet, frechet, measured

MULTI_MODALITY, ALL_DIGITS, PROPORTIONS = "05_multi_modality", "06_all_digits", "07_proportions"


def _imbalance(record: Record) -> float:
    return abs(record.metrics["ones"] - 0.5)


def _multi_modality() -> list[Claim]:
    paper = {
        "VAE": ("0.009 against 0.025", "0.005 against 0.012"),
        "GM-VAE": ("0.009 against 0.035", "0.005 against 0.019"),
        "MoG-VAE": ("0.009 against 0.045", "0.005 against 0.023"),
        "Vamp-VAE": ("0.009 against 0.024", "0.005 against 0.012"),
        "VAE + Sylvester": ("0.009 against 0.162", "0.005 against 0.075"),
    }
    claims: list[Claim] = []
    for network, likelihood in (
        ("mathieu", "gaussian"),
        ("authors", "gaussian"),
        ("mathieu-offset", "gaussian"),
        ("mathieu", "bernoulli"),
        ("authors", "bernoulli"),
    ):
        for against, (uncertain, ones) in paper.items():
            for name, number, metric, words in (
                (
                    "uncertain",
                    uncertain,
                    measured("uncertain"),
                    f"fewer samples of the InteL-VAE than of the {against} are ambiguous (confidence < 80 %; share)",
                ),
                (
                    "balance",
                    ones,
                    _imbalance,
                    f"the share of ones is nearer to one half among samples of the InteL-VAE than of the {against} "
                    "(distance from 0.5)",
                ),
            ):
                claims.append(
                    Comparison(
                        id=f"table2-{name}-{_short(against)}-{network}-{likelihood}",
                        where="Table 2",
                        claim=f"MNIST-01, D = 1, {network} network, {likelihood} likelihood: {words}",
                        paper=number,
                        page=MULTI_MODALITY,
                        experiment="multi-modality",
                        metric=metric,
                        select={"network": network, "likelihood": likelihood},
                        against=against,
                        variant=(network, likelihood) != ("mathieu", "gaussian"),
                    )
                )
    return claims


def _short(method: str) -> str:
    """A method's name as a part of an id: "gm", "vae-sylvester"."""
    return method.lower().replace(" + ", "-").removesuffix("-vae")


def _table1() -> list[Claim]:
    paper = {
        "VAE": "32.2 against 42.0 (FID)",
        "GM-VAE": "32.2 against 41.0 (FID)",
        "MoG-VAE": "32.2 against 41.2 (FID)",
        "Vamp-VAE": "32.2 against 38.8 (FID)",
        "VAE + Sylvester": "32.2 against 35.0 (FID)",
    }
    intel = TABLE1["intel"]
    measures: dict[str, tuple[Callable[[Record], float], str]] = {
        "": (frechet, f"{DISTANCE}, as many images as test images"),
        "clean-": (clean_frechet, "the same at the smaller number of images, without faint pixels"),
    }
    return [
        Comparison(
            id=f"table1-{pixels}{_short(against)}",
            where="Table 1",
            claim="MNIST, D = 50, K = 10 as 2 x 5: the InteL-VAE's samples are closer to the test images than "
            f"the {against}'s ({words})",
            paper=number,
            page=ALL_DIGITS,
            experiment="table1",
            metric=metric,
            against=against,
            ours={"mapping_options": RunConfig("mnist", "mathieu", 50, "gaussian", 1, **intel).mapping_options},
            variant=bool(pixels),
        )
        for pixels, (metric, words) in measures.items()
        for against, number in paper.items()
    ]


def _table3() -> list[Claim]:
    paper = {0.5: "0.47 ± 0.01", 0.4: "0.36 ± 0.10", 0.25: "0.25 ± 0.08", 0.2: "0.16 ± 0.11", 0.0: "0.02 ± 0.01"}
    readings = {"": ("proportions", ""), "-code": ("borders", " with the power c2 = 0.5 of the authors' code")}
    return [
        Nearness(
            id=f"table3-{share:g}{reading}",
            where="Table 3",
            claim=f"With a share {share:g} of zeros in the data, the InteL-VAE learns it{how}"
            + ("" if share else " (mass of the smaller side, since no sample is a zero)"),
            paper=paper[share],
            page=PROPORTIONS,
            experiment=experiment,
            metric=measured("learned_zeros" if share else "smallest_mass"),
            select={"repeats": repeats},
            target=share,
            tolerance=0.05,
            spread=0.11,  # the paper's largest
            variant=bool(reading),
        )
        for reading, (experiment, how) in readings.items()
        for share, repeats in SHARES.items()
    ]


CLAIMS: tuple[Claim, ...] = (*_multi_modality(), *_table1(), *_table3())
