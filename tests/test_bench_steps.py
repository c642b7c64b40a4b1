"""Steps taken apart: what is rewritten computes the same, shares add up, and variants are what they say; no times."""

import pytest
import torch

from intelvae import training
from intelvae.paper import bench, bench_steps

PERCEPTRON = bench.Case("mlp", (2,), 2, steps=1, batch_size=4)


def test_shares_of_a_step_add_up_and_most_of_it_has_a_kind():
    shares = bench_steps.shares(steps=1)
    assert sum(shares.values()) == pytest.approx(100)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert shares.keys() == {*bench_steps.KINDS, bench_steps.REST}


@pytest.mark.parametrize("name", bench_steps.rewritings())
def test_a_rewriting_computes_what_torchs_layer_does_and_the_same_gradients(name):
    rewriting = bench_steps.rewritings(batch_size=3)[name]
    layer = rewriting.layer.double()
    x = torch.randn(rewriting.shape, dtype=torch.float64, requires_grad=True)
    inputs = [x, *layer.parameters()]
    assert type(layer).forward is not rewriting.original.__func__
    found = []
    for forward in (layer, rewriting.original):
        out = forward(x)
        weights = torch.arange(out.numel(), dtype=torch.float64) / out.numel()
        found.append([out.flatten(), *torch.autograd.grad(out.flatten() @ weights, inputs)])
    for ours, torchs in zip(*found, strict=True):
        torch.testing.assert_close(ours, torchs)  # sums in another order: the 1e-7 of float64 is ample


def test_the_rewritings_are_those_of_the_network_but_for_the_one_that_does_not_pay():
    kinds = [type(rewriting.layer).__module__ for rewriting in bench_steps.rewritings(1).values()]
    assert kinds == ["intelvae.networks", "intelvae.networks", "intelvae.paper.bench_steps"]


def test_every_rewriting_is_measured_in_rounds_that_have_a_range():
    rows = bench_steps.rewritten(1, batch_size=1)
    assert [row.case for row in rows] == [*bench_steps.rewritings(1)]
    assert {(row.peer, row.unit) for row in rows} == {("torch's own", bench.FASTER)}


def test_variants_train_and_are_held_against_the_step_as_it_is(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda bound: bound)  # which takes longer than all the rest
    rows = bench_steps.variants(1, PERCEPTRON)
    assert [(row.case, row.peer) for row in rows] == [(name, "as it is") for name in bench_steps.VARIANTS]


def test_a_machine_without_a_compiler_has_one_variant_less(monkeypatch):
    def broken(bound):
        def fail(*_):
            raise RuntimeError("no compiler")

        return fail

    monkeypatch.setattr(torch, "compile", broken)
    (row,) = bench_steps.variants(1, PERCEPTRON)
    assert row.case == bench_steps.FUSED


def test_a_step_changes_all_weights():
    tried = bench_steps.Stepping(PERCEPTRON)
    before = [p.detach().clone() for p in tried.model.parameters()]
    tried.step(bench_steps.bounds.elbo, tried.adam(fused=True))
    # a unit of the perceptron that is off for all four points has no gradient
    assert sum(not torch.equal(a, b) for a, b in zip(before, tried.model.parameters(), strict=True)) > len(before) / 2


@pytest.mark.parametrize("pays", [True, False])
def test_products_are_compared_only_where_training_is_in_bfloat16(pays, monkeypatch):
    monkeypatch.setattr(training.precision, "_bfloat16_pays", lambda device: pays)
    monkeypatch.setattr(bench, "PEAK_SIZE", 16)
    assert [row.peer for row in bench_steps.products(1)] == ["float32"] * pays


@pytest.mark.parametrize("pays", [True, False])
def test_a_step_is_in_the_precision_in_which_the_network_trains(pays, monkeypatch):
    monkeypatch.setattr(training.precision, "_bfloat16_pays", lambda device: pays)
    tried = bench_steps.Stepping(bench.Case("mathieu", (1, 32, 32), 2, steps=1, batch_size=1))
    seen = []
    tried.model.encoder.features[0].register_forward_hook(lambda *args: seen.append(args[-1].dtype))
    tried.step(bench_steps.bounds.elbo, tried.adam())
    assert seen == [torch.bfloat16 if pays else torch.float32]
