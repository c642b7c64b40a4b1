"""Generated images against real ones: what Tables 1 and 4 and Figure 7 are measured by, and how."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from intelvae.finite import of_finite
from intelvae.metrics import feature_cache, features, fidelity, frechet, kid
from intelvae.numbers import whole_of

AUTHORS_N, FULL_N = 2_000, 10_000  # the number of test images in the authors' code, and all of MNIST's test set
PIXELS = ("clip", "minmax", "clean")
FEWEST = 20  # images: two in each of the ten blocks of `kid.distance`
FAINT = 16  # of 255: grey values below it are too faint to see, but not for a network that knows only pure black


@of_finite
def as_shown(images: Float[Tensor, "n c h w"], pixels: str = "clip") -> Float[Tensor, "n c h w"]:
    """A decoder's means (N, C, H, W) as an image file holds them: in [0, 1], in steps of 1/255.

    "clip": values below 0 become 0 and those above 1 become 1. "minmax": each image is stretched so that its smallest
    value is 0 and its largest 1, as the authors' code does for grey images, which puts pure black and white into every
    one; an image of one value is black. "clean" (ours): as "clip", then every value below `FAINT` / 255 is 0. Raises
    `ValueError` for another `pixels`.

    >>> as_shown(torch.tensor([0.2, 0.6, 1.2]).reshape(1, 1, 1, 3), "minmax").flatten()
    tensor([0.0000, 0.4000, 1.0000])
    """
    if pixels not in PIXELS:
        raise ValueError(f"unknown pixels {pixels!r}: choose one of {', '.join(PIXELS)}")
    if pixels == "minmax":
        low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
        images = (images - low) / (high - low).clamp(min=torch.finfo(images.dtype).tiny)
    shown = (images.clamp(0, 1) * 255).round()
    return (shown.where(shown >= FAINT, 0.0) if pixels == "clean" else shown) / 255


@of_finite
def faint(images: Float[Tensor, "n c h w"]) -> float:
    """The share of pixels that "clean" sets to 0 and "clip" does not."""
    shown = as_shown(images) * 255
    return ((shown > 0.5) & (shown < FAINT - 0.5)).double().mean().item()


@of_finite
def judge(
    generated: Float[Tensor, "m c h w"],
    real: UInt8[Tensor, "n c h w"],
    extractor: str,
    *,
    sizes: Sequence[int] = (AUTHORS_N, FULL_N),
    pixels: str = "clip",
    device: str = "cpu",
) -> dict[str, float]:
    """Every metric of generated images (M, C, H, W), a decoder's output, against real ones (N, C, H, W), bytes.

    For each size n the first n of both, which for real images are the first of the file. Names end in the size:
    "frechet_2000" (`features.distance_name` says what a table may call it), "kid_2000" and "kid_error_2000" (its
    standard error), "precision_2000", "recall_2000", "density_2000", "coverage_2000". With `pixels` "clean" the real
    images are cleaned, too. Their features come from `feature_cache`. Raises `ValueError` for no sizes, a size below
    the 20 that the kernel distance needs, fewer images than the largest size, and what `as_shown` and
    `features.extract` raise.
    """
    sizes = [whole_of("each of sizes", n, f">= {FEWEST}") for n in sizes]
    if not sizes:
        raise ValueError("sizes is empty: name at least one number of images")
    largest = max(sizes)
    if min(len(real), len(generated)) < largest:
        raise ValueError(
            f"{len(real)} real and {len(generated)} generated images are fewer than the {largest} asked for"
        )
    parts = generated[:largest].split(features.AT_ONCE)  # copies of all of them could fill the memory
    ours = torch.cat([features.extract(extractor, as_shown(part, pixels), device=device) for part in parts])
    real = real.where(real >= FAINT, 0) if pixels == "clean" else real
    theirs = feature_cache.real(extractor, real[:largest], device)
    metrics: dict[str, float] = {}
    for n in sizes:
        a, b = theirs[:n], ours[:n]
        kernel, error = kid.distance(a, b)
        found = {"frechet": frechet.distance(frechet.fit(a), frechet.fit(b)), "kid": kernel, "kid_error": error}
        found |= fidelity.fidelity_and_diversity(a, b)
        metrics |= {f"{name}_{n}": value for name, value in found.items()}
    return metrics
