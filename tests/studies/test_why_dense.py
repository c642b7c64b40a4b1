"""Why codes of faces stay dense: what the rules say of made-up results."""

import numpy as np
import pytest
from drawn import result, results

from intelvae.paper.rows import INTEL
from intelvae.paper.statistics import detectable
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
        "After 800 steps on Fashion-MNIST, the InteL-VAE with $\\gamma = 10$ has 50, 10 and 40 % (by seed) of the "
        "sparsity that it has after all steps: less than half in 2 of 3 seeds. With $\\gamma = 30$ it has 40, 20 and "
        "40 %: by our rule, few steps are a reason at this weight."
    )
    for few, said in (
        ((0.8, 0.5, 0.8), "few steps are no reason at this weight."),
        ((0.32, 0.32, 0.8), "seeds disagree."),
        ((0.32, 0.32), "there are too few seeds to say."),
    ):
        assert f"by our rule, {said}" in why_dense.told_of_few_steps(by_steps(*few))
    assert why_dense.told_of_few_steps(results()) == "Not run at this profile."


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ((0.2, 0.3, 0.4), "codes do get sparse, after as many steps on the same faces."),
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
    assert scores(heavier(0.2, 0.3)) == "The sparsity is 0.20 and 0.30 with $\\gamma = 700$ (a number for each seed)."
    both = [*heavier(0.2, 0.3), *of(grid.HEAVY.name, "", 0.1)]
    assert scores(both).startswith("The sparsity is 0.20 and 0.30 with $\\gamma = 700$, and 0.10 with $\\gamma = 210$")
    assert scores(heavier()) == "Not run at this profile."


def test_the_conclusion_names_the_weight_and_more_steps_where_the_gamma_that_is_nearer_speaks_for_them():
    dense, sparse = heavier(0.1, 0.12, 0.0), heavier(0.2, 0.3, 0.4)
    assert why_dense.conclusion(sparse, by_steps(0.8, 0.8, 0.8), []) == (
        "**Too small a weight and too few steps are both possible reasons.**\n\n"
        "- With 10 times the paper's largest weight ($\\gamma = 700$) codes do get sparse, after as many steps on "
        "the same faces.\n"
        "- On Fashion-MNIST, $\\gamma = 10$ weighs 1.7 times as much per value of an image as $\\gamma = 70$ on faces. "
        "There, after 800 steps, codes have less than half of their final sparsity in 2 of 3 seeds. No model of faces "
        "has been trained for longer."
    )
    assert abs(why_dense.on_clothes(70.0) - SHOWN) < abs(why_dense.on_clothes(70.0) - STRONG)
    soon, late = (by_steps(0.8, 0.8, 0.8, shown=shown) for shown in ((0.8, 0.4, 0.7), (0.8, 0.3, 0.7)))
    assert why_dense.answer(dense, soon) == "Neither the weight nor the number of steps explains it."
    assert why_dense.answer(sparse, soon) == "Too small a weight is a possible reason."
    assert why_dense.answer(dense, late) == "Too few steps are a possible reason."
    assert why_dense.conclusion(dense, soon, sparse).endswith(" in 0 of 3 seeds.")
    assert why_dense.answer(sparse, results()) == "Not run at this profile."
    assert why_dense.conclusion(sparse, results(), []) == "Not run at this profile."
    assert why_dense.conclusion([], by_steps(0.8), []) == "Not run at this profile."


def distances(*ours, vae=(3000.0, 3100.0, 3200.0)):
    return [
        result(name, method=INTEL, seed=seed, metrics={"frechet_1900": distance, "test_elbo": 7000.0 - distance})
        for name, of_seeds in (("VAE", vae), (grid.HEAVIEST.name, ours))
        for seed, distance in enumerate(of_seeds)
    ]


def test_what_sparse_codes_cost_is_told_with_the_smallest_difference_that_so_few_seeds_detect():
    said = "With $\\gamma = 700$ the distance of samples from real faces is"
    open_ = why_dense.told_of_cost(distances(3100.0, 3050.0, 3400.0))
    errors = np.std([100.0, -50.0, 200.0], ddof=1) / 3**0.5
    assert open_ == (
        f"{said} 3,183 ± 189 (VAE: 3,100 ± 100). The difference is not significant (p = 0.37). But 3 seeds detect only "
        f"differences of {detectable(errors, 2.0):,.0f} or more, so a smaller cost is not excluded. The test ELBO is "
        "lower in 2 of 3 seeds, by 100 to 200 nats."
    )
    for sign, word in ((1, "larger"), (-1, "smaller")):
        sure = why_dense.told_of_cost(distances(*(3100.0 + 100 * i + sign * (1000 + i) for i in (-1, 0, 1))))
        assert f": significantly {word} (p = " in sure
    assert why_dense.told_of_cost(distances(4000.0, vae=(3000.0,))) == (
        f"{said} 4,000 (VAE: 3,000); so few seeds allow no test. The test ELBO is lower in 1 of 1 seeds, by 1,000 nats."
    )
    assert why_dense.told_of_cost(distances()) == "Not run at this profile."
