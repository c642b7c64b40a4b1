"""Metrics of a result that several chapters need, on results whose numbers are known."""

import dataclasses

import pytest
import torch
from drawn import result

from intelvae.metrics import codes
from intelvae.paper import measures
from intelvae.paper.config import Evaluation


def test_a_distance_is_of_the_largest_number_of_images_unless_told_otherwise():
    r = result(metrics={"frechet_2000": 2.0, "frechet_10000": 1.0, "clean_frechet_2000": 3.0, "minmax_frechet_9": 4.0})
    assert measures.frechet(r) == 1.0 and measures.frechet(r, number=min) == 2.0
    assert measures.clean_frechet(r) == 3.0 and measures.frechet(r, "minmax") == 4.0


def test_the_features_that_samples_were_judged_on_are_one_network():
    def judged(features):
        r = result()
        more = dataclasses.replace(r.measured[0], evaluation=Evaluation("samples", features))
        return dataclasses.replace(r, measured=[*r.measured, more])

    inception, other = judged("inception"), judged("efficientnet-lite0")
    assert measures.features_of([inception, inception]) == "inception"
    with pytest.raises(ValueError, match="judged on efficientnet-lite0 and inception features"):
        measures.features_of([inception, other])
    with pytest.raises(ValueError, match="judged on no features"):
        measures.features_of([result()])


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
