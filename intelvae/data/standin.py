"""Drawn faces in CelebA's layout, for the smoke profile and the tests: no photograph may be passed on.

What is drawn is what some of CelebA's attributes name, over a background, a skin tone, a width and a place of the face
that no attribute names. Ours; a model of these faces says nothing about faces.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from intelvae.data import files, places
from intelvae.extras import extra
from intelvae.numbers import check_flag
from intelvae.whole import remove_left

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

WIDTH, HEIGHT = 178, 218
# how often each is drawn, where the others allow it: nobody with a hat has bangs, nobody bald has either
SHARES = {
    "Bald": 0.1,
    "Bangs": 0.35,
    "Black_Hair": 0.3,
    "Blond_Hair": 0.25,
    "Brown_Hair": 0.25,
    "Gray_Hair": 0.2,
    "Eyeglasses": 0.25,
    "Mouth_Slightly_Open": 0.4,
    "Mustache": 0.2,
    "Pale_Skin": 0.2,
    "Smiling": 0.5,
    "Wearing_Hat": 0.2,
    "Wearing_Lipstick": 0.4,
}
ATTRIBUTES = tuple(SHARES)
HAIR = {
    "Black_Hair": (30, 25, 25),
    "Blond_Hair": (222, 188, 112),
    "Brown_Hair": (105, 66, 38),
    "Gray_Hair": (165, 165, 168),
}
DARK, LIGHT, PALE = np.array([110, 72, 50]), np.array([224, 172, 138]), np.array([250, 226, 214])
Colour = tuple[int, int, int]
Pixels = float | int


def write(root: Path | None = None, count: int = 1_000, reduced: bool = True) -> Path:
    """Write `count` drawn faces in CelebA's layout and return the root, whose folder `celeba/` they are in.

    Images are 89 x 109 (half of CelebA's size), or 178 x 218 unless `reduced`. Eight of ten faces are for training, one
    for validation and one for tests. Without a `root` they go to the cache, once: what is there is left alone. The same
    faces everywhere; their files may differ by the JPEG library.

    >>> files.locate_celeba(write())[0].name
    'img_align_celeba'
    """
    check_flag("reduced", reduced)
    if root is None:
        own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]  # other drawings, another folder
        root = places.cache(files.CELEBA) / f"standin-{own}"
    place = root / files.CELEBA
    if place.is_dir():
        return root
    root.mkdir(parents=True, exist_ok=True)
    remove_left(root, "*.part")
    with tempfile.TemporaryDirectory(dir=root, suffix=".part") as part:
        _write(Path(part) / files.CELEBA, count, reduced)
        try:
            (Path(part) / files.CELEBA).rename(place)
        except OSError:
            if not place.is_dir():  # else another process was faster
                raise
    return root


def _write(folder: Path, count: int, reduced: bool) -> None:
    images = folder / files.CELEBA_IMAGES[0]
    images.mkdir(parents=True)
    attributes, parts = [], []
    for i in range(count):
        rng = np.random.default_rng(i)
        has = _attributes(rng)
        face = draw(has, rng)
        name = f"{i + 1:06}.jpg"
        (face.reduce(2) if reduced else face).save(images / name, quality=95)
        attributes.append(name + "".join(f" {1 if has[a] else -1:2}" for a in ATTRIBUTES))
        parts.append(f"{name} {max(0, 10 * i // count - 7)}")
    text = [str(count), " ".join(ATTRIBUTES), *attributes]
    for name, lines in zip(files.CELEBA_LISTS, (text, parts), strict=True):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _attributes(rng: np.random.Generator) -> dict[str, bool]:
    has = {name: bool(rng.random() < share) for name, share in SHARES.items()}
    shares = np.array([SHARES[name] for name in HAIR])
    colour = list(HAIR)[rng.choice(len(HAIR), p=shares / shares.sum())]
    has |= {name: name == colour and not has["Bald"] for name in HAIR}
    has["Wearing_Hat"] &= not has["Bald"]
    has["Bangs"] &= not has["Bald"] and not has["Wearing_Hat"]
    has["Wearing_Lipstick"] &= not has["Mustache"]
    return has


def draw(has: dict[str, bool], rng: np.random.Generator) -> Image.Image:
    """Draw a face of 178 x 218 pixels with these attributes; `rng` decides what no attribute names."""
    with extra("paper"):
        from PIL import ImageDraw
    image = _background(rng)
    pen = ImageDraw.Draw(image)
    tone = rng.random()
    skin = _colour(PALE - 6 * tone if has["Pale_Skin"] else DARK + tone * (LIGHT - DARK))
    shade = _colour(0.8 * np.array(skin))
    x, y = WIDTH / 2 + rng.uniform(-5, 5), 116 + rng.uniform(-4, 4)  # the middle of the face
    w, h = rng.uniform(38, 46), rng.uniform(52, 58)  # half its width and height
    hair = next((HAIR[name] for name in HAIR if has[name]), None)

    def oval(dx: Pixels, dy: Pixels, rx: Pixels, ry: Pixels, fill: Colour) -> None:
        pen.ellipse((x + dx - rx, y + dy - ry, x + dx + rx, y + dy + ry), fill=fill)

    def box(dx: Pixels, dy: Pixels, rx: Pixels, ry: Pixels, fill: Colour) -> None:
        pen.rectangle((x + dx - rx, y + dy - ry, x + dx + rx, y + dy + ry), fill=fill)

    if hair:
        oval(0, -12, w + 14, h + 4, hair)
        if rng.random() < 0.5:
            box(0, 25, w + 14, 40, hair)  # long hair
    oval(0, h + 52, 78, 42, _random_colour(rng))  # shoulders
    box(0, h + 4, 17, 16, shade)
    oval(0, 0, w, h, skin)
    if has["Bangs"] and hair:
        pen.chord((x - w, y - h, x + w, y + h * 0.45), 180, 360, fill=hair)
    for side in (-1, 1):
        oval(side * 17, -10, 8, 5, (245, 245, 245))
        oval(side * 17, -10, 4, 4, (40, 30, 30))
        box(side * 17, -22, 9, 1.5, hair or shade)
        if has["Eyeglasses"]:
            pen.ellipse((x + side * 17 - 14, y - 22, x + side * 17 + 14, y + 3), outline=(20, 20, 20), width=4)
    if has["Eyeglasses"]:
        box(0, -10, 4, 1.5, (20, 20, 20))
    box(0, 6, 3, 9, shade)
    _mouth(pen, x, y + 30, has, shade)
    if has["Mustache"]:
        box(0, 21, 16, 3.5, hair or (60, 45, 40))
    if has["Wearing_Hat"]:
        hat = _random_colour(rng)
        box(0, -h - 14, w, 18, hat)
        box(0, -h + 6, w + 18, 5, hat)
    return image


def _mouth(pen: ImageDraw.ImageDraw, x: Pixels, y: Pixels, has: dict[str, bool], shade: Colour) -> None:
    lips = (190, 30, 60) if has["Wearing_Lipstick"] else shade
    depth = 9 if has["Smiling"] else 3
    if has["Mouth_Slightly_Open"]:
        pen.chord((x - 15, y - depth, x + 15, y + depth + 4), 0, 180, fill=(90, 20, 25), outline=lips, width=2)
    elif has["Smiling"]:
        pen.arc((x - 16, y - depth, x + 16, y + depth), 10, 170, fill=lips, width=4)
    else:
        pen.line((x - 14, y + 2, x + 14, y + 2), fill=lips, width=4)


def _background(rng: np.random.Generator) -> Image.Image:
    """From one random colour at the top to another at the bottom."""
    with extra("paper"):
        from PIL import Image
    top, bottom = rng.integers(60, 250, size=(2, 3))
    share = np.linspace(0, 1, HEIGHT)[:, None]
    column = top + share * (bottom - top)  # (HEIGHT, 3)
    return Image.fromarray(np.repeat(column[:, None], WIDTH, axis=1).astype(np.uint8))


def _random_colour(rng: np.random.Generator) -> Colour:
    return _colour(rng.integers(20, 230, size=3))


def _colour(values: np.ndarray) -> Colour:
    r, g, b = (int(v) for v in values)
    return r, g, b
