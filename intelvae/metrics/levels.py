"""What the levels of a hierarchical model hold: Figure B.2, and numbers for what the paper says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from intelvae.dtypes import as_float, at_least_float32
from intelvae.extras import extra
from intelvae.finite import check_finite, of_finite
from intelvae.metrics import downstream
from intelvae.metrics.attributes import one_blas_thread
from intelvae.models import VAE
from intelvae.numbers import check_number, whole_of, widths_of
from intelvae.priors import StandardNormal

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

DRAWN = 1000  # images whose levels are drawn anew
LABELLED = 1000  # codes of a level that a classifier learns from
VALUES = tuple(-3 + 0.75 * i for i in range(9))  # of the traversed dimension
Labelled = tuple[Float[Tensor, "_ c h w"], Int64[Tensor, " _"]]  # as many of one as of the other


@of_finite
@one_blas_thread()
def fit_classifier(images: Float[Tensor, "n c h w"], labels: Int64[Tensor, " n"]) -> LogisticRegression:
    """A logistic classifier of pixels in [0, 1], which names what a decoder draws; L2 with C = 0.1."""
    with extra("paper"):
        from sklearn.linear_model import LogisticRegression
    pixels = at_least_float32(images.detach()).flatten(1).numpy()
    return LogisticRegression(C=0.1, max_iter=1000).fit(pixels, labels.numpy())


@of_finite
@torch.no_grad()
def held(model: VAE, widths: Sequence[int], x: Float[Tensor, "n c h w"] | UInt8[Tensor, "n c h w"]) -> dict[str, float]:
    """ "kl_i" for each level i of y, of the `widths` given: its part of the KL divergence, in nats, mean over images x.

    Nothing for a model whose KL divergence is not a sum over dimensions: one with another posterior than a Gaussian,
    or another prior than N(0, I). Raises `ValueError` for widths that do not add up to the dimension of y.
    """
    parts = []
    for part in x.split(1000):
        q = model.encode(as_float(part))
        if not (isinstance(q, Independent) and isinstance(model.prior, StandardNormal)):
            return {}
        parts.append(kl_divergence(q.base_dist, Normal(0.0, 1.0)))
    kl = torch.cat(parts).mean(0)  # (D,)
    check_finite("the model's KL divergence", kl)
    return {f"kl_{i}": of.sum().item() for i, of in enumerate(kl.split(_adding_up(widths, len(kl))))}


@of_finite
@torch.no_grad()
def judge(
    model: VAE,
    widths: Sequence[int],
    classifier: LogisticRegression,
    train: Labelled,
    test: Labelled,
    generator: torch.Generator,
    drawn: int = DRAWN,
) -> dict[str, float]:
    """Four numbers for each level i = 0, 1, ... of y, of the `widths` given, the highest first.

    "change_i": the share of images whose class, as the `classifier` names it, becomes another when the level's y is
    drawn anew from N(0, I) and all else stays; the images are decoded from `drawn` draws of the prior. "pixels_i": by
    how much the decoded pixels change then (root mean square). "kl_i": what it `held` of the images of `test`, in nats.
    "accuracy_i": how well its part of g(mu) tells the class, by logistic regression on 1,000 images of `train` (fewer
    if there are fewer). One number is for all levels: "classifier_accuracy", the share of `test` that the `classifier`
    names right, by which "change_i" is to be trusted. `train` and `test` are images (N, C, H, W) in [0, 1] and labels;
    the posterior is Gaussian and the prior N(0, I). Raises what `held` raises. Book: "Hierarchies".
    """
    drawn = whole_of("drawn", drawn, ">= 1")
    kl = held(model, widths, test[0])
    y, anew = (torch.randn(drawn, sum(widths), generator=generator) for _ in range(2))
    before = _decoded(model, y)
    named = classifier.predict(before.flatten(1).numpy())
    codes, test_codes = (
        torch.cat([model.represent(part) for part in images.split(1000)]) for images in (train[0], test[0])
    )
    right = classifier.predict(test[0].flatten(1).numpy()) == test[1].numpy()
    found = {"classifier_accuracy": float(right.mean())} | kl
    start = 0
    for i, width in enumerate(widths):
        own = slice(start, start + width)
        other = y.clone()
        other[:, own] = anew[:, own]
        after = _decoded(model, other)
        accuracy = downstream.few_shot(
            codes[:, own],
            train[1],
            (test_codes[:, own], test[1]),
            generator=torch.Generator().manual_seed(0),  # the same images for every level
            sizes=[min(LABELLED, len(codes))],
            draws=1,
            names=["logistic regression"],
        )["logistic regression"]
        found |= {
            f"change_{i}": float((classifier.predict(after.flatten(1).numpy()) != named).mean()),
            f"pixels_{i}": (after - before).square().mean().sqrt().item(),
            f"accuracy_{i}": next(iter(accuracy.values()))[0],
        }
        start += width
    return found


@of_finite
@torch.no_grad()
def traverse(
    model: VAE, y: Float[Tensor, "b dim"], widths: Sequence[int], values: Sequence[float] = VALUES
) -> tuple[Float[Tensor, "images c h w"], list[int]]:
    """Decoded images along one dimension of each level, and which one: the one that changes the images most.

    For each level, each row of y and each of the `values`, in that order, what is decoded when the dimension has this
    value and all others stay: (levels * B * values, C, H, W), in [0, 1]. The dimension is the one between whose values
    -2 and 2 the pixels differ most, mean over the rows. Raises `ValueError` for widths that do not add up to the
    dimension of y, and for a value that is no number.
    """
    widths = _adding_up(widths, y.shape[1])
    for value in values:
        check_number("each of values", value)

    def decode(dimension: int, value: float) -> Tensor:
        moved = y.clone()
        moved[:, dimension] = value
        return _decoded(model, moved)

    images, chosen, start = [], [], 0
    for width in widths:
        effect = [(decode(d, 2.0) - decode(d, -2.0)).square().mean().item() for d in range(start, start + width)]
        chosen.append(start + effect.index(max(effect)))
        images.append(torch.stack([decode(chosen[-1], value) for value in values], 1).flatten(0, 1))
        start += width
    return torch.cat(images), chosen


def _adding_up(widths: Sequence[int], dim: int) -> tuple[int, ...]:
    widths = widths_of("widths", widths)
    if sum(widths) != dim:
        raise ValueError(f"the widths {widths} of the levels add up to {sum(widths)}, not to {dim}, the dimension of y")
    return widths


def _decoded(model: VAE, y: Tensor) -> Tensor:
    """The images of y, in [0, 1]: checked before infinity becomes 1."""
    images = model.decode(y).mean
    check_finite("the model's images", images)
    return images.clamp(0, 1)
