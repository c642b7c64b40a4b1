"""What a classifier of attributes decides on page 12: who leads by our protocol, by the authors', and if balanced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from intelvae.metrics.attributes import SIZES
from intelvae.paper.kinds import OPPOSITE, REPRODUCED
from intelvae.paper.prose import listed
from intelvae.paper.results import Result
from intelvae.paper.studies.faces import attributes
from intelvae.paper.studies.faces.attributes import AUTHORS, LINEAR, PLAIN
from intelvae.paper.studies.faces.grid import PUBLISHED, best_in_paper
from intelvae.paper.studies.faces.hierarchies import best, by_number, leads, models, of_vaes, shown

PROTOCOLS = {
    "linear, standardised": ("accuracy", LINEAR),
    "linear, not standardised": ("accuracy", PLAIN),
    "the authors' protocol": ("accuracy", AUTHORS),
    "the authors' protocol, balanced": ("balanced", AUTHORS),
}


def table(results: Sequence[Result]) -> dict[tuple[str, str], dict[str, str]]:
    """What each of `PROTOCOLS` gives each model, for the numbers of labelled faces that the authors' code has."""
    return {
        (f"{n:,} labelled", name.replace(" ", "\xa0").replace(",\xa0", ", ")): {
            title: shown(by_number(of, *how)[n]) for title, how in PROTOCOLS.items()
        }
        for n in attributes.sizes(results[0], AUTHORS)
        for name, of in models(results).items()
    }


def by_labels(results: Sequence[Result]) -> list[dict[str, Any]]:
    """A line a number of labelled faces: the VAE's best dimension, the paper's, the InteL-VAE's lead by protocol."""
    of = {
        "lead": leads(results, *PROTOCOLS["linear, standardised"]),
        "lead, the authors' protocol": leads(results, *PROTOCOLS["the authors' protocol"]),
        "lead, the authors' protocol, balanced": leads(results, *PROTOCOLS["the authors' protocol, balanced"]),
    }
    theirs = of_vaes(results)
    lines = []
    for n, paper in zip(of["lead"], SIZES, strict=False):
        numbers = {title: f"{by_n[n]:+.1f}" if n in by_n else "" for title, by_n in of.items()}
        in_paper = " or ".join(f"{each.value:g}" for each in best_in_paper(paper))
        lines.append({"labelled faces": f"{n:,}", "VAE's best D": best(theirs, n), "in the paper": in_paper, **numbers})
    return lines


def authors_draws(results: Sequence[Result]) -> int:
    """How many draws of labelled faces the authors' protocol has."""
    return len(next(iter(by_number(results[:1], protocol=AUTHORS).values())))


def told_of_protocol(results: Sequence[Result], judged: Sequence[Mapping[str, Any]]) -> str:
    """Whether the authors' protocol changes who is ahead, and by how much, with the verdicts of the page on it."""
    first, code = (leads(results, *PROTOCOLS[title]) for title in ("linear, standardised", "the authors' protocol"))
    turned = [n for n, lead in code.items() if first[n] * lead < 0]
    if not turned:
        return f"No: whoever is ahead by our protocol is ahead by the authors', for {listed(map(str, code))} labels."
    changes = listed(f"from {first[n]:+.1f} to {code[n]:+.1f}" for n in turned)
    return (
        f"With the authors' classifier the InteL-VAE's lead over the best VAE changes its sign for "
        f"{listed(map(str, turned))} labels, {changes} points (minus: behind). {_how_sure(turned, judged)}"
    )


def told_of_balance(results: Sequence[Result]) -> str:
    """That by balanced accuracy the InteL-VAE is behind with the authors' protocol, where it is; nothing elsewhere."""
    of = leads(results, *PROTOCOLS["the authors' protocol, balanced"])
    if not of or max(of.values()) >= 0:
        return ""
    points = listed(f"{lead:+.1f}" for lead in of.values())
    return (
        f"In *balanced* accuracy it stays behind the best VAE with this classifier ({points} points from "
        f"{listed(map(str, of))} labels): its higher accuracy comes from giving the more common value more often."
    )


def _how_sure(turned: Sequence[int], judged: Sequence[Mapping[str, Any]]) -> str:
    """For how many of these numbers of labels the lead is significant, by the authors' protocol and by ours."""
    verdicts = {row["id"]: row["verdict"] for row in judged}
    ours, theirs = (
        sum(verdicts[f"tableB1-{n}{kind}-{PUBLISHED}-faces"] in (REPRODUCED, OPPOSITE) for n in turned)
        for kind in ("", "-code")
    )
    if theirs:
        return f"{theirs} of {len(turned)} of the new leads {'are' if theirs > 1 else 'is'} significant."
    linear = f"; with the linear classifier {ours} of {len(turned)} {'are' if ours > 1 else 'is'}" * bool(ours)
    return f"None of the new leads is significant{linear}. So the authors' classifier does not show who is ahead."
