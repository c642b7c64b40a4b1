"""Images in files: a sheet of all of them side by side, PNG if they are grey, JPEG if they have colours; figures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

ACROSS = 12  # images in a line of the sheet
QUALITY = 90
COLOURS = 256  # of a figure: all that a grey one has


def suffix(shape: Sequence[int]) -> str:
    """How the name of a file of images of that shape (..., C, H, W) ends."""
    return ".png" if shape[-3] == 1 else ".jpg"


def save(images: UInt8[Tensor, "*n c h w"], path: Path) -> None:
    """Writes images (..., C, H, W), C = 1 or 3, to `path`, in the format of `suffix`. JPEG loses a little."""
    c, h, w = images.shape[-3:]
    flat = images.reshape(-1, c, h, w)
    lines = -(-len(flat) // ACROSS)
    sheet = torch.zeros(lines * ACROSS, c, h, w, dtype=torch.uint8)
    sheet[: len(flat)] = flat
    tiles = sheet.unflatten(0, (lines, ACROSS)).permute(0, 3, 1, 4, 2)  # (lines, H, ACROSS, W, C)
    pixels = tiles.reshape(lines * h, ACROSS * w, c).numpy()
    if c == 1:
        Image.fromarray(pixels[..., 0]).save(path, "PNG", optimize=True)
    else:
        Image.fromarray(pixels).save(path, "JPEG", quality=QUALITY)


def load(path: Path, shape: Sequence[int]) -> UInt8[Tensor, "*n c h w"]:
    """The images of that shape (..., C, H, W) that `save` wrote.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "grey.png")
    >>> save(torch.full((2, 3, 1, 8, 8), 7, dtype=torch.uint8), path)
    >>> load(path, (2, 3, 1, 8, 8)).unique()
    tensor([7], dtype=torch.uint8)
    """
    *n, c, h, w = shape
    with Image.open(path) as image:
        pixels = torch.tensor(np.asarray(image)).reshape(-1, h, ACROSS, w, c)
    tiles = pixels.permute(0, 2, 4, 1, 3).flatten(0, 1)  # (lines * ACROSS, C, H, W)
    return tiles[: int(np.prod(n))].reshape(*n, c, h, w)


def smaller(png: bytes) -> bytes:
    """An opaque picture in the `COLOURS` that fit it best, as PNG: half the bytes, and no difference that one sees.

    >>> file = io.BytesIO()
    >>> Image.radial_gradient("L").convert("RGBA").save(file, "PNG")
    >>> with Image.open(io.BytesIO(smaller(file.getvalue()))) as image:
    ...     image.mode, image.convert("L").tobytes() == Image.radial_gradient("L").tobytes()
    ('P', True)
    """
    with Image.open(io.BytesIO(png)) as image:
        few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()
