"""What real images get where generated ones are judged: the distances that no model is expected to go below."""

from __future__ import annotations

import torch
from torch import Tensor

from intelvae.data.images import ImageData
from intelvae.metrics import feature_cache, frechet
from intelvae.paper import authors


def _spread_over_the_file(images: Tensor, count: int) -> Tensor:
    return images[torch.linspace(0, len(images) - 1, count).long()]


def distances(extractor: str, data: ImageData) -> dict[str, int | float]:
    """Fréchet distances of real images: "train", of `count` training images from as many test images.

    "halves" is that of every second test image from the others.
    """
    count = min(len(data.test), len(data.train))
    sets = [_spread_over_the_file(data.train, count), data.test[:count]]
    sets += [data.test[i : 2 * (count // 2) : 2] for i in (0, 1)]
    train, test, *halves = (frechet.fit(feature_cache.real(extractor, images)) for images in sets)
    return {"count": count, "train": frechet.distance(train, test), "halves": frechet.distance(*halves)}


def with_surplus(extractor: str, data: ImageData, size: int, surplus: int) -> float:
    """The distance of `size` and `surplus` more training images from `size` test images, as the code compares them."""
    train = _spread_over_the_file(data.train, size + 100)[: size + surplus] / 255
    return authors.frechet_with_surplus(train, data.test, extractor, size=size, surplus=surplus)
