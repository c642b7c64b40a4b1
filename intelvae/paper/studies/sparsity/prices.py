"""What sparse codes cost in samples with choices that concern every VAE, for pages 08 and 09: texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.studies.sparsity.analysis import DISTANCE, is_sparse
from intelvae.paper.studies.sparsity.choices import OF_ANY_VAE
from intelvae.paper.studies.sparsity.grid import SHOWN, at
from intelvae.paper.studies.sparsity.tables import CHANCE, IN_USE, by_row, shared


class Price(NamedTuple):
    """What codes with `SHOWN` cost in samples: a choice, and results of the VAE and the InteL-VAE of the same seeds."""

    choice: str
    vae: list[Result]
    ours: list[Result]

    @property
    def times(self) -> float:
        """The InteL-VAE's distance in units of the VAE's."""
        return DISTANCE.mean(self.ours) / DISTANCE.mean(self.vae)


def prices(others: Results) -> tuple[list[Price], list[Price]]:
    """The price with every choice of `OF_ANY_VAE` that has runs of both, and of these where sparse codes cost less.

    That is less than as in Figure 7; codes are sparse if they are so image by image (our line).
    """
    found = []
    for title, words in OF_ANY_VAE.values():
        vae, ours = others.of(title, "VAE"), others.of(title, at(INTEL, SHOWN))
        both = shared([vae, ours]) if vae and ours else set()
        if both:
            found.append(Price(words, *([r for r in of if r.seed in both] for of in (vae, ours))))
    usual = next((price.times for price in found if price.choice == OF_ANY_VAE["shown"][1]), 0.0)
    return found, [price for price in found if price.times < usual and is_sparse(price.ours)]


def told_prices(others: Results) -> str:
    """A paragraph and a table of all `prices`, for page 09; "" without any."""
    found, less = prices(others)
    if not found:
        return ""
    title = "Sparse codes cost less with some of these choices" if less else "What sparse codes cost"
    lines = "\n".join(
        f"| {of.choice} | {IN_USE.text(of.ours)} ({CHANCE.text(of.ours)}) | {DISTANCE.text(of.ours)} | "
        f"{DISTANCE.text(of.vae)} | {len(of.ours)} |"
        for of in found
    )
    return (
        f"**{title}.** Samples with $\\gamma = {SHOWN:g}$ (where the score is lower, codes are less sparse, too):\n\n"
        "| | score in use (by chance) | distance | VAE's distance | seeds |\n|---|---|---|---|---|\n" + lines
    )


def told_cheaper(others: Results) -> str:
    """With which choices sparse codes cost less than as in Figure 7, for page 08 to go on with; "" with none."""
    _, less = prices(others)
    first = [f"{of.choice} ({'seeds: ' * (not i)}{len(of.ours)})" for i, of in enumerate(less)]
    where = "[details](09_sparsity_in_detail.ipynb#what-concerns-every-vae)"
    return f" At $\\gamma = {SHOWN:g}$ it is smaller with {_either(first)} ({where})." if less else ""


def told_nearer(results: Results, others: Results) -> str:
    """That page 09 has settings with sparse codes and nearer samples than all of Figure 7: a clause, "" without any."""
    nearest = min((DISTANCE.mean(of) for of in by_row(results).values() if is_sparse(of)), default=0.0)
    counts = sorted({len(of) for of in by_row(others).values() if is_sparse(of) and DISTANCE.mean(of) < nearest})
    if not counts:
        return ""
    seeds = f"{_either(map(str, counts))} seed{'s' * (counts[-1] > 1)}"
    return f"; some of the [details](09_sparsity_in_detail.ipynb) have nearer ones, on {seeds}"


def _either(names: Iterable[str]) -> str:
    """As `listed`, with "or"."""
    return " or ".join(listed(names).rsplit(" and ", 1))
