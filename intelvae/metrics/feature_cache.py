"""Features of real images, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from intelvae.data import places
from intelvae.metrics import features
from intelvae.whole import whole

VARIABLE = places.CACHE_VARIABLE
_DAMAGED = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)


def folder() -> Path:
    """Where the features are kept: `places.cache("features")`."""
    return places.cache("features")


def path(extractor: str, images: UInt8[Tensor, "n c h w"]) -> Path:
    """The file of these images' features: its name depends on every pixel, on the weights and on the input's side."""
    known = features.get(extractor)
    digest = hashlib.sha256(repr((known.checksum, known.side, images.shape)).encode())
    digest.update(images.contiguous().numpy().tobytes())
    return folder() / f"{extractor}-{len(images)}-{digest.hexdigest()[:16]}.npz"


def real(extractor: str, images: UInt8[Tensor, "n c h w"], device: str = "cpu") -> Float[Tensor, "n d"]:
    """Features (N, d) of real images, bytes (N, C, H, W), from the cache or else by `features.extract`.

    A reader sees all of a file or none of it, and each carries a checksum (zip's CRC-32): one that is damaged or of
    another shape is computed again. Nothing is lost by deleting the folder. Where it cannot be written, the features
    are given back with a `RuntimeWarning`: a run that has trained for hours does not end for that. Raises what
    `features.extract` raises.
    """
    place = path(extractor, images)
    kept = _read(place)
    if kept is not None and kept.shape == (len(images), features.get(extractor).dimension):
        return kept
    parts = images.split(features.AT_ONCE)
    computed = torch.cat([features.extract(extractor, part / 255, device=device) for part in parts])
    try:
        with whole(place) as part, open(part, "wb") as stream:  # savez would lengthen another name than .npz
            np.savez(stream, features=computed.numpy())
    except OSError as error:
        warnings.warn(
            f"features of real images are not kept: {place.parent} cannot be written ({error.strerror or error}); make "
            f"room there, or set {VARIABLE} to another folder",
            RuntimeWarning,
            stacklevel=2,
        )
    return computed


def _read(place: Path) -> Tensor | None:
    try:
        with open(place, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return torch.from_numpy(archive["features"])
    except _DAMAGED:
        return None
