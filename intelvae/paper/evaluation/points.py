"""What a model of points in the plane is measured by: Figures 2 to 4 and C.2."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from intelvae import bounds, training
from intelvae.metrics import toy
from intelvae.metrics.hoyer import hoyer
from intelvae.metrics.slopes import slopes
from intelvae.models import VAE
from intelvae.paper.datasets import HELD_OUT, HELD_OUT_SEED, Points

WITH_HOLES = ("circle", "square", "star", "infinity", "diamonds-3", "diamonds-4")
SHOWN = 200
JUDGED = 500  # points that log p(x) and bounds are estimated on
SAMPLES, BLOCKS = 8, 63  # of a bound, and how many such bounds there are
EXEMPLARS = 6  # points whose q(z|x) a figure shows


@torch.no_grad()
def points(model: VAE, data: Points) -> dict[str, float]:
    """The test ELBO and likelihood, and distances of generated points to the data.

    Samples include the decoder's noise, as in the paper's figures; the `mean_` metrics leave it out. For the sparse
    data also how well the codes z match the model's own p(z): the distance of all codes from it, over its size, and
    the mean Hoyer scores of both.
    """
    test = data.test
    generated = model.generate(HELD_OUT)
    samples, means = generated.sample(), generated.mean
    z = model.mapping(model.encode(test).sample())
    metrics = {"test_elbo": training.evaluate(model, test).elbo.mean().item()}
    metrics["log_likelihood"] = bounds.log_likelihood(model, test[:JUDGED], 500).mean().item()
    for prefix, drawn in (("", samples), ("mean_", means)):
        metrics[prefix + "sliced_wasserstein"] = toy.sliced_wasserstein(drawn, test, generator=_projections())
        metrics[prefix + "off_support"] = toy.off_support(data.name, drawn, tolerance=0.3)
        if data.name in WITH_HOLES:
            metrics[prefix + "inside_hole"] = toy.inside_hole(data.name, drawn)
        if data.name == "mixture":
            metrics[prefix + "bridge"] = toy.bridge(drawn)
    if data.name == "sparse":
        prior_z = model.mapping(model.prior().sample((HELD_OUT,)))
        size = prior_z.square().mean().sqrt().item()
        metrics["aggregate_mismatch"] = toy.sliced_wasserstein(z, prior_z, generator=_projections()) / size
        metrics["prior_hoyer"], metrics["posterior_hoyer"] = hoyer(prior_z).mean().item(), hoyer(z).mean().item()
    return metrics


def _projections() -> torch.Generator:
    return torch.Generator().manual_seed(HELD_OUT_SEED)


@torch.no_grad()
def scatter(model: VAE, data: Points) -> dict[str, Tensor]:
    """The samples that figures show, decoder noise included, (200, 2)."""
    return {"samples": _short(model.generate(SHOWN).sample())}


@torch.no_grad()
def encoded(model: VAE, data: Points) -> dict[str, Tensor]:
    """Of 200 test points q(y|x), "mu" and "sigma", and a draw of it in Y and in Z, (200, 2) each.

    For the sparse data also draws of p(z), and of q(z|x) of six test points, (6, 40, 2).
    """
    test = data.test
    q = model.encode(test[:SHOWN])
    y = q.sample()
    kept = {"mu": q.mean, "sigma": q.stddev, "y": y, "z": model.mapping(y)}
    if data.name == "sparse":
        kept["prior_z"] = model.mapping(model.prior().sample((SHOWN,)))
        kept["exemplars"] = model.mapping(model.encode(test[:EXEMPLARS]).sample((40,))).transpose(0, 1)
    return {name: _short(places) for name, places in kept.items()}


@torch.no_grad()
def decoder(model: VAE, data: Points) -> dict[str, Tensor]:
    """The decoder's numbers: of each layer "layer_0", ... the weights with the bias last, (out, in + 1).

    And "stddev" of p(x|z), (2,), which is the same for all z. Between two layers is a ReLU.
    """
    layers = [layer for layer in model.decoder.modules() if isinstance(layer, nn.Linear)]
    kept = {f"layer_{i}": torch.cat([of.weight, of.bias[:, None]], 1).float() for i, of in enumerate(layers)}
    return kept | {"stddev": model.generate(1).stddev[0].float()}


def smoothness(model: VAE, data: Points) -> dict[str, float]:
    """How steep the decoder's mean is: the largest singular value of its Jacobian, at 2,000 draws of the prior.

    "slope_z" is that of the decoder as a function of z, "slope_y" with the mapping inside it, as a function of y; of
    each the 99 % quantile, and the maximum ("..._max"), a lower bound on its Lipschitz constant. "size_z" is the root
    mean square of z: a decoder of z twice as large may be half as steep.
    """
    with torch.no_grad():
        y = model.prior().sample((HELD_OUT,))
        z = model.mapping(y)
    metrics = {"size_z": z.square().mean().sqrt().item()}
    found = {"z": slopes(lambda v: model.decoder(v).mean, z), "y": slopes(lambda v: model.decode(v).mean, y)}
    for name, steepest in found.items():
        metrics[f"slope_{name}"] = steepest.quantile(0.99).item()
        metrics[f"slope_{name}_max"] = steepest.max().item()
    return metrics


@torch.no_grad()
def looseness(model: VAE, data: Points) -> dict[str, float]:
    """How far bounds with eight samples are below log p(x), estimated with all 504, in nats: means over 500 points.

    "loose_elbo", "loose_renyi" (alpha = 1/2) and "loose_iwae" come from the same draws, in blocks of eight.
    """
    log_w = bounds.log_weights(model, data.test[:JUDGED], SAMPLES * BLOCKS)
    evidence = (log_w.logsumexp(0) - math.log(len(log_w))).mean()
    blocks = log_w.unflatten(0, (BLOCKS, SAMPLES)).transpose(0, 1)  # (8, 63, 500)
    found = {name: bounds.renyi_of(blocks, alpha) for name, alpha in (("elbo", 1.0), ("renyi", 0.5), ("iwae", 0.0))}
    return {f"loose_{name}": (evidence - value.mean()).item() for name, value in found.items()}


def _short(places: Tensor) -> Tensor:
    """To three digits, more than a figure shows."""
    return places.float().round(decimals=3)
