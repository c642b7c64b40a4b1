"""What the authors' code does in another way: that it does that, and nothing else."""

import dataclasses

import pytest
import torch
from torch import nn

from intelvae import networks, training
from intelvae.flows import Step, SylvesterEncoder
from intelvae.metrics import features
from intelvae.paper import authors, builder
from intelvae.paper.records import RunConfig

LITE = features.STAND_IN
TOY = RunConfig("circle", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=2)


@pytest.fixture(autouse=True)
def _seed():
    with training.seeded(0):
        yield


def built(**settings):
    """The untrained model of `TOY` with these settings."""
    return builder.build(dataclasses.replace(TOY, **settings), (2,), torch.zeros(20, 2))


# Posteriors


def encoder(*names, vectors=3):
    """A Sylvester encoder of points in the plane into five dimensions, far from the identity, as after training."""
    made = authors.sylvester(*names)(networks.create("mlp", (2,), 5)[0], (2,), vectors=vectors)
    nn.init.normal_(made.head.weight)
    nn.init.normal_(made.head.bias)
    return made


def test_conditioned_on_the_mean_the_flow_is_blind_to_all_else():
    made, legacy = encoder(), encoder("on_mean")
    for m in (made, legacy):
        nn.init.zeros_(m.mu.weight)  # every x has the same mean
    x = torch.randn(2, 2)
    r1 = [m(x).steps[0].r1 for m in (made, legacy)]
    assert legacy.head.in_features == 5
    # equal but for the last bit: a processor takes the numbers eight at a time, and rounds the odd ones another way
    torch.testing.assert_close(r1[1][0], r1[1][1], rtol=1e-6, atol=1e-6)
    assert (r1[0][0] - r1[0][1]).abs().max() > 0.01


def test_more_vectors_than_dimensions_give_a_wrong_determinant():
    with pytest.raises(ValueError, match="do not fit into"):
        encoder(vectors=8)
    for vectors, wrong in ((3, False), (8, True)):
        made = encoder("unchecked", vectors=vectors).double()
        step = made(torch.randn(1, 2).double()).steps[0]
        step = Step(*(p[0] for p in step))
        z = torch.randn(5).double()
        exact = torch.linalg.slogdet(torch.func.jacrev(lambda z, s=step: s(z)[0])(z)).logabsdet
        # 30 iterations converge for 3 of 5 columns: rounding. Eight columns in five dimensions are far from orthonormal
        error = (step(z)[1] - exact).abs().item()
        assert error > 1e-3 if wrong else error < 1e-9


def test_mispaired_determinants_are_right_only_where_all_examples_share_their_diagonals():
    made, legacy = encoder(), encoder("mispaired")
    legacy.load_state_dict(made.state_dict())

    def both(x):
        densities = []
        for m in (made, legacy):
            torch.manual_seed(1)
            q = m(x)
            densities.append(q.log_prob(q.rsample()))
        return densities

    right, wrong = both(torch.randn(30, 2))
    assert (right - wrong).abs().mean() > 0.03  # nats, where rounding is 1e-5
    torch.testing.assert_close(*both(torch.ones(30, 2)), atol=1e-5, rtol=1e-5)  # rounding of float32
    step, z = made(torch.randn(2, 2)).steps[0], torch.zeros(2, 5)
    slope = 1 - (step.r2 @ (step.q.mT @ z[..., None]) + step.b[..., None]).tanh()[..., 0].square()
    diagonals = torch.einsum("bii->bi", step.r1) * torch.einsum("bii->bi", step.r2)
    expected = [sum((1 + slope[b] * diagonals[c]).log().sum() for c in (0, 1)) / 2 for b in (0, 1)]
    torch.testing.assert_close(authors.MispairedStep(*step)(z)[1], torch.stack(expected))


@pytest.mark.parametrize(
    "names", [(), ("on_mean",), ("mispaired", "unchecked"), tuple(authors.FLOWS)], ids=lambda names: "-".join(names)
)
def test_a_config_asks_for_some_of_them_at_once(names):
    options = {"vectors": 8 if "unchecked" in names else 2, **dict.fromkeys(names, True)}
    made = built(posterior="sylvester", posterior_options=options).encoder
    kinds = {name for name, kind in authors.FLOWS.items() if isinstance(made, kind)}
    assert isinstance(made, SylvesterEncoder) and kinds == set(names)
    q = made(torch.randn(7, 2))
    assert made.head.in_features == (2 if "on_mean" in names else 10)
    assert all(isinstance(step, authors.MispairedStep) == ("mispaired" in names) for step in q.steps)
    assert q.log_prob(q.rsample((3,))).shape == (3, 7) and q.mean.shape == q.variance.shape == (7, 2)


@pytest.mark.parametrize("name", authors.FLOWS)
def test_flow_options_that_do_not_fit_get_one_clear_line(name):
    with pytest.raises(ValueError, match=r"the posterior 'sylvester': .*radius"):
        built(posterior="sylvester", posterior_options={name: True, "radius": 1})
