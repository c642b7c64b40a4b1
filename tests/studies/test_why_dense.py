"""Why codes of faces stay dense: what the rules say of made-up results."""

import pytest
from drawn import result, results

from intelvae.paper.rows import INTEL
from intelvae.paper.studies.faces import grid, why_dense
from intelvae.paper.studies.sparsity.grid import ALL, FEW, SHOWN, STRONG, at


def of(name, group, *above):
    """Results of that row, a seed each, with scores in use that are so far above chance."""
    metrics = ({"hoyer_used": score, "active_overall": 1.0} for score in above)  # by chance 0
    return [result(name, group, method=INTEL, seed=seed, metrics=each) for seed, each in enumerate(metrics)]


def by_steps(*few, shown=(0.4, 0.08, 0.32)):
    """With both gammas, the larger one first, after few steps and, 0.8 above chance, after all."""
    return results(
        *of(at(INTEL, 30.0), FEW, *few), *of(at(INTEL, 30.0), ALL, *(0.8 for _ in few)),
        *of(at(INTEL, 10.0), FEW, *shown), *of(at(INTEL, 10.0), ALL, *(0.8 for _ in shown)),
    )  # fmt: skip


def heavier(*above, name=grid.HEAVIEST.name):
    return [*of("InteL-VAE, γ = 70", "", 0.0, 0.0, 0.0), *of(name, "", *above)]


def test_few_steps_are_a_reason_where_less_than_half_of_the_sparsity_is_there_in_every_seed():
    assert why_dense.told_of_few_steps(by_steps(0.32, 0.16, 0.32)) == (
        "After 800 steps on Fashion-MNIST, the InteL-VAE with $\\gamma = 30$ has 40, 20 and 40 % (by seed) of the "
        "sparsity that it has after all steps. By our rule, few steps are a reason at this weight. "
        "With $\\gamma = 10$ it has 50, 10 and 40 %: less than half in 2 of 3 seeds."
    )
    for few, said in (
        ((0.8, 0.5, 0.8), "few steps are no reason at this weight."),
        ((0.32, 0.32, 0.8), "seeds disagree."),
        ((0.32, 0.32), "there are too few seeds to say."),
    ):
        assert f"By our rule, {said}" in why_dense.told_of_few_steps(by_steps(*few))
    assert why_dense.told_of_few_steps(results()) == "Not run at this profile."


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ((0.2, 0.3, 0.4), "codes do get sparse, after as few steps on as few faces."),
        ((0.1, 0.12, 0.0), "codes do not get sparse either."),
        ((0.1, 0.2), "there are too few seeds to say."),
    ],
)
def test_a_light_penalty_is_the_reason_if_codes_get_sparse_with_more_weight_in_every_seed(above, said):
    told = why_dense.told_of_weight(heavier(*above))
    assert told == f"With 10 times the paper's largest weight ($\\gamma = 700$) {said}"
    assert (why_dense.LARGEST, grid.HEAVIEST.value) == (70.0, 700.0)
    assert why_dense.told_of_weight(heavier()) == "Not run at this profile."


def test_scores_by_weight_are_of_the_weights_that_have_runs():
    scores = why_dense.scores_by_weight
    assert scores(heavier(0.2, 0.3)) == "Their sparsity is 0.20 and 0.30 with $\\gamma = 700$ (a number for each seed)."
    both = [*heavier(0.2, 0.3), *of(grid.HEAVY.name, "", 0.1)]
    assert scores(both).startswith(
        "Their sparsity is 0.20 and 0.30 with $\\gamma = 700$, and 0.10 with $\\gamma = 210$"
    )
    assert scores(heavier()) == "Not run at this profile."


def test_the_conclusion_names_the_weight_and_more_steps_where_the_gamma_that_is_nearer_speaks_for_them():
    dense, sparse = heavier(0.1, 0.12, 0.0), heavier(0.2, 0.3, 0.4)
    assert why_dense.conclusion(sparse, by_steps(0.8, 0.8, 0.8), []) == (
        "In so few steps $\\gamma = 70$ weighs too little against the reconstruction of a face; 10 times the weight "
        "gives sparse codes.\n\nMore steps might give sparse codes, too. On Fashion-MNIST, 800 steps leave less than "
        "half of the sparsity in 2 of 3 seeds with $\\gamma = 10$, which is nearer to 70 on faces by weight per value "
        "than 30 is. Longer runs on faces have not been made."
    )
    assert abs(why_dense.on_clothes(70.0) - SHOWN) < abs(why_dense.on_clothes(70.0) - STRONG)
    alone = why_dense.conclusion(dense, by_steps(0.8, 0.8, 0.8, shown=(0.8, 0.4, 0.7)), sparse)
    assert alone == "The weight alone is not the reason: 10 times as much gives no sparse codes either."
    assert why_dense.conclusion(sparse, results(), []) == "Not run at this profile."
    assert why_dense.conclusion([], by_steps(0.8), []) == "Not run at this profile."
