"""Metrics of a result that several chapters need, on results whose numbers are known."""

import dataclasses
import math

import pytest
import torch
from drawn import result

from intelvae.metrics import codes
from intelvae.metrics.features import STAND_IN
from intelvae.paper import measures
from intelvae.paper.config import Evaluation
from intelvae.paper.rows import SECOND


def test_a_distance_is_of_the_largest_number_of_images_unless_told_otherwise():
    r = result(metrics={"frechet_2000": 2.0, "frechet_10000": 1.0, "clean_frechet_2000": 3.0, "minmax_frechet_9": 4.0})
    assert measures.frechet(r) == 1.0 and measures.frechet(r, number=min) == 2.0
    assert measures.clean_frechet(r) == 3.0 and measures.frechet(r, "minmax") == 4.0


def test_the_features_that_samples_were_judged_on_are_one_network():
    def judged(features):
        r = result()
        judge = Evaluation("samples", features)
        more = [dataclasses.replace(r.measured[0], evaluation=each) for each in (judge, SECOND)]
        run = dataclasses.replace(r.run, evaluations=(*r.run.evaluations, judge), extras=(SECOND,))
        return dataclasses.replace(r, run=run, measured=[*r.measured, *more])

    inception, other = judged("inception"), judged("efficientnet-lite0")  # beside each a second opinion
    assert measures.features_of([inception, inception]) == "inception"
    with pytest.raises(ValueError, match="judged on efficientnet-lite0 and inception features"):
        measures.features_of([inception, other])
    with pytest.raises(ValueError, match="judged on no features"):
        measures.features_of([result()])


def test_a_second_opinion_on_samples_is_not_mixed_up_with_the_first():
    """Both evaluations call their metrics alike."""
    r = result()
    judges = Evaluation("samples", STAND_IN), SECOND
    values = [{"frechet_50": 4.0, "frechet_100": 3.0}, {"frechet_50": 2.0, "frechet_100": 1.0}]
    measured = [
        dataclasses.replace(r.measured[0], evaluation=each, metrics=metrics)
        for each, metrics in zip(judges, values, strict=True)
    ]

    def seen(run, *measured):
        return dataclasses.replace(r, run=run, measured=measured)

    run = dataclasses.replace(r.run, evaluations=judges[:1], extras=judges[1:])
    both = seen(run, *measured)
    assert both.metrics == values[0] | {"classifier_frechet_50": 2.0, "classifier_frechet_100": 1.0}
    assert (measures.frechet(both), measures.by_classifier(both)) == (3.0, 1.0)
    assert math.isnan(measures.by_classifier(seen(run, measured[0])))  # a published one, whose weights are not here
    chosen = seen(run.judged_on("classifier"), measured[1])
    assert measures.frechet(chosen) == measures.by_classifier(chosen) == 1.0
    assert chosen.metrics == values[1]


def test_gaussian_codes_are_at_chance_whatever_the_number_in_use():
    z = torch.randn(5000, 50, generator=torch.Generator().manual_seed(0))
    z[:, 20:] *= 1e-3
    r = result(metrics=codes.sparsity(z, z, torch.arange(5000) % 10))
    assert r.metrics["active_overall"] == 20
    assert measures.above_chance(r) == pytest.approx(0, abs=0.01)  # standard error 0.001
    assert measures.chance_in_use(result(metrics={"active_overall": 1.0})) == 0


def test_only_a_sparse_vae_has_gates_to_leave_out():
    assert measures.ungated(result(metrics={"hoyer_sample": 0.5})) == 0.5
    assert measures.ungated(result(metrics={"hoyer_sample": 0.5, "hoyer_slab": 0.2})) == 0.2


def test_the_share_of_faint_pixels_is_compared_over_all_runs_and_within_rows():
    """Within rows the metric rises with it; the row that has more faint pixels has smaller values."""

    def made(name, *pairs):
        return [result(name, seed=s, metrics={"faint": f, "x": x}) for s, (f, x) in enumerate(pairs)]

    found = [*made("VAE", (0.125, 11.0), (0.25, 12.0)), *made("other", (0.5, 1.0), (0.625, 2.0))]
    over_all, within = measures.beside_faint_pixels(found, lambda r: r.metrics["x"])
    assert over_all < 0 and within == pytest.approx(1)
