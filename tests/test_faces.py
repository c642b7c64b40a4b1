"""Likelihoods and networks of faces."""

import pytest
import torch

from intelvae import likelihoods, networks


@pytest.mark.parametrize("name", ["gaussian", "bernoulli", "laplace"])
def test_likelihoods_of_colour_images_are_those_of_their_channels(name):
    likelihood = likelihoods.create(name, (3, 4, 4))
    h, x = torch.randn(5, 3, 4, 4).double(), torch.rand(5, 3, 4, 4).double()
    together = likelihood(h).log_prob(x)
    apart = sum(likelihood(h[:, c : c + 1]).log_prob(x[:, c : c + 1]) for c in range(3))
    torch.testing.assert_close(together, apart)
    assert likelihood(h).mean.shape == (5, 3, 4, 4)


@pytest.mark.parametrize(("name", "maps"), [("faces", (256, 128)), ("faces-narrow", (128, 64))])
def test_table_c2_has_the_layers_it_says(name, maps):
    encoder, decoder = networks.create(name, (3, 64, 64), 16)
    x, z = torch.rand(2, 3, 64, 64), torch.randn(2, 16)
    sizes = [tuple(part(x).shape[1:]) for part in (encoder.features[:3], encoder.features[:6], encoder.features[:9])]
    assert sizes == [(64, 32, 32), (128, 16, 16), (256, 8, 8)]
    sizes = [tuple(part(z).shape[1:]) for part in (decoder[:4], decoder[:7], decoder[:10], decoder)]
    assert sizes == [(256, 8, 8), (maps[0], 16, 16), (maps[1], 32, 32), (3, 64, 64)]
