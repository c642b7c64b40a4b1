"""Colour images as text that a record can hold: one JPEG of all of them side by side."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

ORIGINS = ("generated", "drawn")
ACROSS = 12  # images in a line of the sheet
QUALITY = 90


def pack(images: Float[Tensor, "n 3 h w"], origin: str) -> dict[str, Any]:
    """Images (N, 3, H, W) in [0, 1], clipped, with where they come from; `unpack` gives them back, up to JPEG's loss.

    `origin` is "generated", a model's samples, or "drawn" (`data.standin`): no photograph of a person is ever packed,
    and no reconstruction of one. Raises `ValueError` for another origin.

    >>> sorted(pack(torch.zeros(2, 3, 8, 8), "generated"))
    ['jpeg', 'origin', 'shape']
    """
    if origin not in ORIGINS:
        raise ValueError(f"colour images are kept if they are {' or '.join(ORIGINS)}, not {origin!r}")
    n, _, h, w = images.shape
    lines = -(-n // ACROSS)
    sheet = torch.zeros(lines * ACROSS, 3, h, w)
    sheet[:n] = images.clamp(0, 1)
    tiles = sheet.unflatten(0, (lines, ACROSS)).permute(0, 3, 1, 4, 2)  # (lines, H, ACROSS, W, 3)
    pixels = (tiles.reshape(lines * h, ACROSS * w, 3) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    return {"origin": origin, "shape": [n, 3, h, w], "jpeg": base64.b85encode(file.getvalue()).decode()}


def unpack(packed: dict[str, Any]) -> UInt8[Tensor, "n 3 h w"]:
    """The images behind `pack`'s text, as bytes.

    >>> unpack(pack(torch.ones(2, 3, 8, 8), "generated")).float().mean()
    tensor(255.)
    """
    n, _, h, w = packed["shape"]
    with Image.open(io.BytesIO(base64.b85decode(packed["jpeg"]))) as image:
        pixels = torch.tensor(np.asarray(image))
    tiles = pixels.reshape(-1, h, ACROSS, w, 3).permute(0, 2, 4, 1, 3)  # (lines, ACROSS, 3, H, W)
    return tiles.flatten(0, 1)[:n]
