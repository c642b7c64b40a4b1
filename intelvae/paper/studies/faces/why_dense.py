"""Why codes of faces stay dense: too few steps (clothes can tell) or too light a penalty; what sparse ones cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from intelvae import networks
from intelvae.paper.measures import above_chance, frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.rows import INTEL
from intelvae.paper.rows import row as row_of
from intelvae.paper.statistics import FEWEST, LEVEL, by_seed, changed, measured, paired
from intelvae.paper.studies.faces.analysis import CITED_ROWS, Column, shown, table, yardstick
from intelvae.paper.studies.faces.grid import BY_WEIGHT, HALF, HEAVIEST, HEAVY, TABLE_4
from intelvae.paper.studies.sparsity.grid import ALL, FEW, FEW_STEPS, SHOWN, STRONG, at

SHARE = 0.5  # of the sparsity after all steps: fewer steps leave codes dense, by the rule, if less than that is there
LARGEST = row_of(TABLE_4, CITED_ROWS["gamma70"]).settings["gamma"]  # of the paper, on faces
TIMES = HEAVIEST.settings["gamma"] / LARGEST
VALUES = {"faces": 3 * networks.IMAGE_SIZE["faces"] ** 2, "clothes": networks.IMAGE_SIZE["mathieu"] ** 2}  # an image

ANSWERS = {  # by whether the weight may be too small, and the steps too few
    (True, True): "Too small a weight and too few steps are both possible reasons.",
    (True, False): "Too small a weight is a possible reason.",
    (False, True): "Too few steps are a possible reason.",
    (False, False): "Neither the weight nor the number of steps explains it.",
}


def in_every_seed(values: Sequence[float], above: float, yes: str, no: str) -> str:
    """What a rule on every seed comes to: `yes` if all values are above a border, `no` if none is.

    >>> three = [2.0, 2.0, 2.0], [1.0, 1.0, 1.0], [1.0, 2.0, 2.0]
    >>> [in_every_seed(values, 1.0, "yes", "no") for values in (*three, [2.0, 2.0])]
    ['yes', 'no', 'seeds disagree', 'there are too few seeds to say']
    """
    if len(values) < FEWEST:
        return "there are too few seeds to say"
    are_above = {value > above for value in values}
    return "seeds disagree" if len(are_above) > 1 else yes if are_above == {True} else no


def on_clothes(gamma: float) -> float:
    """The gamma that weighs as much on clothes, for each value of the reconstruction, as this one does on faces.

    >>> round(on_clothes(70.0), 2)
    5.83
    """
    return gamma * VALUES["clothes"] / VALUES["faces"]


def after_few_steps(results: Results, gamma: float) -> list[float]:
    """How much of the InteL-VAE's score in use above chance is there after few steps, of what is after all.

    A share for each seed that both have.
    """
    few, every = (by_seed(results.of(at(INTEL, gamma), group), above_chance) for group in (FEW, ALL))
    return [few[seed] / every[seed] for seed in sorted(few.keys() & every.keys())]


def told_of_few_steps(results: Results) -> str:
    """What few steps leave of the sparsity of clothes: with the gamma nearer to that of faces, then with the rule's.

    The rule is on the larger one alone.
    """
    strong, shown = (after_few_steps(results, gamma) for gamma in (STRONG, SHOWN))
    if not strong:
        return "Not run at this profile."
    verdict = in_every_seed(
        strong, SHARE, "few steps are no reason at this weight", "few steps are a reason at this weight"
    )
    shares = [listed(f"{100 * share:.0f}" for share in of) for of in (strong, shown)]
    return (
        f"After {FEW_STEPS} steps on Fashion-MNIST, the InteL-VAE with $\\gamma = {SHOWN:g}$ has {shares[1]} % (by "
        f"seed) of the sparsity that it has after all steps: less than half in {_too_little(shown)} of {len(shown)} "
        f"seeds. With $\\gamma = {STRONG:g}$ it has {shares[0]} %: by our rule, {verdict}."
    )


def _too_little(shares: Sequence[float]) -> int:
    return sum(share < SHARE for share in shares)


def told_of_weight(results: Sequence[Result]) -> str:
    """Whether codes of faces get sparse if the penalty weighs more, by the rule written before these runs."""
    scores = _above(results, HEAVIEST.name)
    if not scores:
        return "Not run at this profile."
    verdict = in_every_seed(
        scores, HALF, "codes do get sparse, after as many steps on the same faces", "codes do not get sparse either"
    )
    return f"With {TIMES:g} times the paper's largest weight ($\\gamma = {HEAVIEST.value:g}$) {verdict}."


def _above(results: Sequence[Result], name: str) -> list[float]:
    return [above_chance(r) for r in results if r.row.name == name]


def scores_by_weight(results: Sequence[Result]) -> str:
    """How sparse codes of faces are with each larger weight of which there are runs, a number a seed."""
    found = {row: scores for row in (HEAVIEST, HEAVY) if (scores := _above(results, row.name))}
    if not found:
        return "Not run at this profile."
    said = (f"{listed(f'{s:.2f}' for s in scores)} with $\\gamma = {row.value:g}$" for row, scores in found.items())
    return f"The sparsity is {', and '.join(said)} (a number for each seed)."


def answer(heavier: Sequence[Result], by_steps: Results) -> str:
    """Why codes stay dense, in a sentence: which of the two reasons these runs leave possible.

    The weight may be too small if a larger one gives sparse codes in every seed; the steps may be too few if, with the
    nearer gamma on clothes, less than half of the sparsity is there after as many in any seed.
    """
    scores, clothes = _above(heavier, HEAVIEST.name), after_few_steps(by_steps, SHOWN)
    if not scores or not clothes:
        return "Not run at this profile."
    light = in_every_seed(scores, HALF, "yes", "no") == "yes"
    return ANSWERS[light, bool(_too_little(clothes))]


def conclusion(heavier: Sequence[Result], by_steps: Results, longer: Sequence[Result]) -> str:
    """`answer`, and what it rests on: the larger weight, few steps on clothes, and what has not been run."""
    scores, clothes = _above(heavier, HEAVIEST.name), after_few_steps(by_steps, SHOWN)
    if not scores or not clothes:
        return "Not run at this profile."
    times = SHOWN / on_clothes(LARGEST)
    few = (
        f"On Fashion-MNIST, $\\gamma = {SHOWN:g}$ weighs {times:.1f} times as much per value of an image as $\\gamma = "
        f"{LARGEST:g}$ on faces. There, after {FEW_STEPS} steps, codes have less than half of their final sparsity in "
        f"{_too_little(clothes)} of {len(clothes)} seeds."
    )
    lacking = "" if longer else " No model of faces has been trained for longer."
    return f"**{answer(heavier, by_steps)}**\n\n- {told_of_weight(heavier)}\n- {few}{lacking}"


def told_of_cost(results: Sequence[Result]) -> str:
    """What sparse codes cost with the largest weight: in samples, with what so few seeds detect, and in the ELBO."""
    heaviest, vae = ([r for r in results if r.row.name == name] for name in (HEAVIEST.name, CITED_ROWS["vae"]))
    return _cost_in_samples(heaviest, vae) + _cost_in_nats(heaviest, vae)


def _cost_in_nats(heaviest: Sequence[Result], vae: Sequence[Result]) -> str:
    """In how many seeds the test ELBO is lower, and by how much; "" where it is in none."""
    of = changed(by_seed(vae, measured("test_elbo")), by_seed(heaviest, measured("test_elbo")))
    lower = [-each for each in of.by_seed if each < 0] if of else []
    if not of or not lower:
        return ""
    nats = " to ".join(dict.fromkeys(f"{choose(lower):,.0f}" for choose in (min, max)))
    return f" The test ELBO is lower in {len(lower)} of {len(of.by_seed)} seeds, by {nats} nats."


def _cost_in_samples(heaviest: Sequence[Result], vae: Sequence[Result]) -> str:
    test = paired(by_seed(heaviest, frechet), by_seed(vae, frechet))
    if test is None:
        return "Not run at this profile."
    ours, theirs = (shown(runs, frechet) for runs in (heaviest, vae))
    said = f"With $\\gamma = {HEAVIEST.value:g}$ the distance of samples from real faces is {ours} (VAE: {theirs})"
    if test.p is None or test.detectable is None:
        return f"{said}; so few seeds allow no test."
    if test.p < LEVEL:
        return f"{said}: significantly {'larger' if test.difference > 0 else 'smaller'} (p = {test.p:.2g})."
    return (
        f"{said}. The difference is not significant (p = {test.p:.2g}). But {test.n} seeds detect only differences of "
        f"{test.detectable:,.0f} or more, so a smaller cost is not excluded."
    )


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
