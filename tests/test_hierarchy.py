"""The hierarchical mapping: which latent reaches which level, and what is lost on the way."""

import pytest
import torch

from intelvae import training
from intelvae.mappings import Hierarchy

WIDTHS = (2, 3, 1, 4)


def make(residual, widths=WIDTHS):
    with training.seeded(0):
        return Hierarchy(sum(widths), levels=widths, residual=residual, hidden=16).double()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("residual", [False, True])
def test_the_jacobian_is_block_triangular(residual):
    g = make(residual)
    jacobian = torch.func.vmap(torch.func.jacrev(g))(normal(200, sum(WIDTHS)))  # (200, D, D)
    for i, rows in enumerate(jacobian.split(WIDTHS, 1)):
        for j, block in enumerate(rows.split(WIDTHS, 2)):
            if j > i:
                assert (block == 0).all(), f"z_{i} depends on y_{j}"
            else:
                assert (block != 0).any(), f"z_{i} does not depend on y_{j}"


def test_the_first_level_stays_and_the_others_are_one_layer_of_what_is_above():
    g, y = make(residual=False), normal(50, sum(WIDTHS))
    z, y = g(y).split(WIDTHS, -1), y.split(WIDTHS, -1)
    assert torch.equal(z[0], y[0]) and all((part >= 0).all() for part in z[1:])
    layer = g.networks[1][0]
    by_hand = torch.cat([z[1], y[2]], -1) @ layer.weight.T + layer.bias
    torch.testing.assert_close(z[2], by_hand.clamp(min=0), rtol=1e-12, atol=1e-12)  # rounding


def test_a_relu_loses_latents_and_a_residual_network_none():
    y = normal(2000, sum(WIDTHS))
    lost = make(residual=False)(y).split(WIDTHS, -1)[1]
    assert (lost == 0).all(1).any()  # different y_1, the same z_1
    g = make(residual=True)
    z = g(y).split(WIDTHS, -1)
    back = [z[0], *(own - network(above) for own, above, network in zip(z[1:], z, g.networks, strict=False))]
    torch.testing.assert_close(torch.cat(back, -1), y, rtol=1e-12, atol=1e-12)  # rounding
    volumes = torch.linalg.slogdet(torch.func.vmap(torch.func.jacrev(g))(y[:50]))
    torch.testing.assert_close(volumes.logabsdet, torch.zeros(50).double(), rtol=0, atol=1e-10)  # rounding


def test_levels_are_a_number_or_widths():
    assert Hierarchy(64).widths == (16,) * 4 and Hierarchy(10, levels=[2, 8]).widths == (2, 8)
