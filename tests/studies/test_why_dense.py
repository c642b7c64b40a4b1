"""Why codes of faces stay dense: what the rules say of made-up results."""

import pytest
from drawn import result, results

from intelvae.paper.rows import INTEL
from intelvae.paper.studies.faces import grid, why_dense
from intelvae.paper.studies.sparsity.grid import ALL, FEW, at


def of(name, group, *above):
    """Results of that row, a seed each, with scores in use that are so far above chance."""
    metrics = ({"hoyer_used": score, "active_overall": 1.0} for score in above)  # by chance 0
    return [result(name, group, method=INTEL, seed=seed, metrics=each) for seed, each in enumerate(metrics)]


def by_steps(*few):
    """With the larger gamma, after few steps and, 0.8 above chance, after all; with the smaller one half of that."""
    return results(
        *of(at(INTEL, 30.0), FEW, *few), *of(at(INTEL, 30.0), ALL, *(0.8 for _ in few)),
        *of(at(INTEL, 10.0), FEW, *(0.4 for _ in few)), *of(at(INTEL, 10.0), ALL, *(0.8 for _ in few)),
    )  # fmt: skip


def test_few_steps_are_a_reason_where_less_than_half_of_the_sparsity_is_there_in_every_seed():
    assert why_dense.told_of_few_steps(by_steps(0.32, 0.16, 0.32)) == (
        "After 800 steps the InteL-VAE with $\\gamma = 30$ has 40, 20 and 40 % (by seed) of the score in use above "
        "chance that it has after all steps. Few steps alone leave such codes dense. With $\\gamma = 10$ it has "
        "50, 50 and 50 %."
    )
    assert "Few steps alone do not leave such codes dense." in why_dense.told_of_few_steps(by_steps(0.8, 0.5, 0.8))
    assert "Seeds disagree." in why_dense.told_of_few_steps(by_steps(0.32, 0.32, 0.8))
    assert why_dense.told_of_few_steps(results()) == "Not run at this profile."


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ((0.2, 0.3, 0.4), "is 0.20, 0.30 and 0.40 above chance (by seed). With so much weight codes do get sparse,"),
        ((0.1, 0.12, 0.0), "More weight alone does not make codes sparse."),
        ((0.1, 0.2), "Too few seeds to say more."),
        ((), "Not run at this profile."),
    ],
)
def test_a_light_penalty_is_the_reason_if_codes_get_sparse_with_more_weight_in_every_seed(above, said):
    found = [*of("InteL-VAE, γ = 70", "", 0.0, 0.0, 0.0), *of(grid.HEAVIEST.name, "", *above)]
    assert said in why_dense.told_of_weight(found)
