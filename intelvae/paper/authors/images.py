"""Images in the authors' code: the split "code" of the data, and what is done to generated images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from intelvae.data import images
from intelvae.finite import of_finite
from intelvae.metrics import feature_cache, features, frechet, samples
from intelvae.numbers import whole_of


def load(
    name: str, *, root: str | Path | None = None, size: int = images.SIDE, binary: bool = False, smoke: bool = False
) -> images.ImageData:
    """`data.images.load`, split as in the code, without validation (dataset_utils.py).

    All training images (60,000, or the 12,665 zeros and ones), all test images (10,000, or 2,115), and these again in
    the place of validation. Early stopping then chooses by the test images. Parameters and errors as there.

    >>> data = load("mnist-01", smoke=True)
    >>> len(data.train), torch.equal(data.valid, data.test)
    (900, True)
    """
    whole = "mnist" if name == "mnist-01" and not smoke else name  # the paper's MNIST-01 leaves some of them out
    data = images.load(whole, root=root, size=size, binary=binary, smoke=smoke)
    train, labels = torch.cat([data.train, data.valid]), torch.cat([data.train_labels, data.valid_labels])
    test, test_labels = data.test, data.test_labels
    if name == "mnist-01":
        train, labels = train[labels < 2], labels[labels < 2]
        test, test_labels = test[test_labels < 2], test_labels[test_labels < 2]
    counts = f"{len(train):,} / {len(test):,} / {len(test):,} images (train / test again / test)"
    source = f"{name}, {counts} of: {data.source}"
    return images.ImageData(train, test, test, labels, test_labels, test_labels, source, name)


SPLITS: dict[str, Callable[..., images.ImageData]] = {"paper": images.load, "code": load}


@of_finite
def wrapped(generated: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """A decoder's means (N, C, H, W) of faces as the code makes them bytes, in steps of 1/255 (experiment.py).

    They are multiplied by 255 and cut to whole bytes without a clip, so that what lies outside [0, 1] comes round from
    the other end. Raises `ValueError` for numbers that are not finite.

    >>> wrapped(torch.tensor([-0.1, 0.5, 1.1]).reshape(1, 1, 1, 3)).flatten() * 255
    tensor([231., 127.,  24.])
    """
    return (generated * 255).long().remainder(256) / 255


@of_finite
def frechet_with_surplus(
    generated: Float[Tensor, "m c h w"],
    real: UInt8[Tensor, "n c h w"],
    extractor: str,
    *,
    size: int = samples.AUTHORS_N,
    surplus: int = 100,
    device: str = "cpu",
) -> float:
    """The Fréchet distance of the first `size` and `surplus` more generated images from the first `size` real ones.

    The code sets 2,100 generated images against 2,000 (inteL_VAE.py). Without a surplus it is
    "frechet_N" of `metrics.samples.judge`, which has the other parameters. Raises `ValueError` for fewer images than
    that, and what `features.extract` raises.
    """
    size = whole_of("size", size, ">= 2")
    surplus = whole_of("surplus", surplus, ">= 0")
    if len(real) < size or len(generated) < size + surplus:
        raise ValueError(
            f"{len(real)} real and {len(generated)} generated images are fewer than the {size} asked for and {surplus} "
            "more"
        )
    theirs = feature_cache.real(extractor, real[:size], device)
    ours = features.extract(extractor, samples.as_shown(generated[: size + surplus]), device=device)
    return frechet.distance(frechet.fit(theirs), frechet.fit(ours))
