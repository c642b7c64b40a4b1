"""What an evaluation gives, and tensors as a record can hold them: images as text, numbers with few digits."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import torch
from torch import Tensor

Metrics = dict[str, float]
Artifacts = dict[str, Any]


def pack(pixels: Tensor) -> dict[str, Any]:
    """Byte images (..., C, H, W) as text that JSON can hold; `unpack` is its inverse."""
    data = zlib.compress(pixels.to(torch.uint8).contiguous().numpy().tobytes(), 9)
    return {"shape": list(pixels.shape), "zlib": base64.b85encode(data).decode()}


def unpack(packed: dict[str, Any]) -> Tensor:
    """The byte images (..., C, H, W) behind `pack`'s text."""
    data = bytearray(zlib.decompress(base64.b85decode(packed["zlib"])))
    return torch.frombuffer(data, dtype=torch.uint8).reshape(packed["shape"])


def rounded(x: Tensor, digits: int = 3) -> list:
    """A tensor as nested lists of numbers short enough for a record."""
    return [rounded(row, digits) for row in x] if x.ndim > 1 else [round(v, digits) for v in x.tolist()]
