"""Why codes of faces stay dense: too few steps, which clothes can tell, or too light a penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from intelvae.paper.measures import above_chance, frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.statistics import FEWEST, by_seed
from intelvae.paper.studies.faces.analysis import Column, table, yardstick
from intelvae.paper.studies.faces.grid import BY_WEIGHT, HALF, HEAVIEST
from intelvae.paper.studies.sparsity.grid import ALL, FEW, FEW_STEPS, SHOWN, STRONG, at

SHARE = 0.5  # of the sparsity after all steps: fewer steps leave codes dense, by the rule, if less than that is there


def in_every_seed(values: Sequence[float], above: float, yes: str, no: str) -> str:
    """What a rule on every seed comes to: `yes` if all values are above a border, `no` if none is.

    >>> three = [2.0, 2.0, 2.0], [1.0, 1.0, 1.0], [1.0, 2.0, 2.0]
    >>> [in_every_seed(values, 1.0, "yes", "no") for values in (*three, [2.0, 2.0])]
    ['yes', 'no', 'Seeds disagree', 'Too few seeds to say more']
    """
    if len(values) < FEWEST:
        return "Too few seeds to say more"
    are_above = {value > above for value in values}
    return "Seeds disagree" if len(are_above) > 1 else yes if are_above == {True} else no


def after_few_steps(results: Results, gamma: float) -> list[float]:
    """How much of the InteL-VAE's score in use above chance is there after few steps, of what is after all.

    A share for each seed that both have.
    """
    few, every = (by_seed(results.of(at(INTEL, gamma), group), above_chance) for group in (FEW, ALL))
    return [few[seed] / every[seed] for seed in sorted(few.keys() & every.keys())]


def told_of_few_steps(results: Results) -> str:
    """Whether few steps alone leave codes of clothes dense, by the rule that was written before these runs.

    It is on the larger gamma; the smaller one's shares stand beside it.
    """
    strong, shown = ([100 * share for share in after_few_steps(results, gamma)] for gamma in (STRONG, SHOWN))
    if not strong:
        return "Not run at this profile."
    verdict = in_every_seed(
        strong, 100 * SHARE, "Few steps alone do not leave such codes dense", "Few steps alone leave such codes dense"
    )
    shares = [listed(f"{share:.0f}" for share in of) for of in (strong, shown)]
    return (
        f"After {FEW_STEPS} steps the InteL-VAE with $\\gamma = {STRONG:g}$ has {shares[0]} % (by seed) of the score "
        f"in use above chance that it has after all steps. {verdict}. With $\\gamma = {SHOWN:g}$ it has {shares[1]} %."
    )


def told_of_weight(results: Sequence[Result]) -> str:
    """Whether codes of faces get sparse if the penalty weighs more, by the rule written before these runs."""
    scores = [above_chance(r) for r in results if r.row.name == HEAVIEST.name]
    if not scores:
        return "Not run at this profile."
    verdict = in_every_seed(
        scores,
        HALF,
        "With so much weight codes do get sparse, after as few faces and steps",
        "More weight alone does not make codes sparse",
    )
    of_seeds = listed(f"{score:.2f}" for score in scores)
    return f"With $\\gamma = {HEAVIEST.value:g}$ the score in use is {of_seeds} above chance (by seed). {verdict}."


def heavier(results: Sequence[Result]) -> list[dict[str, Any]]:
    """What a heavier penalty changes in samples and codes: a line a row of `BY_WEIGHT`."""
    if not results:
        return []
    by = yardstick(results)
    of = {row.name: runs for row in BY_WEIGHT if (runs := [r for r in results if r.row.name == row.name])}
    columns: dict[str, Column] = {
        f"{by.name}, N = {by.most:,}": frechet,
        "Hoyer score of g(y)": "hoyer_sample",
        "dimensions in use": "active_overall",
        "score in these, above chance": above_chance,
        "test ELBO": "test_elbo",
    }
    return [line | {"seeds": len(of[line["method"]])} for line in table(of, columns)]
