"""No photograph of a face in the repository: no picture in it, of a result or a page, is near a photograph."""

import ast
import base64
import io
import json
import re
import subprocess
from functools import cache
from itertools import chain
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch.nn.functional import avg_pool2d

from intelvae.data import DataError, celeba, files
from intelvae.paper import pages, pictures, style
from intelvae.paper.results import Trained
from intelvae.paper.store import Store

ROOT = Path(__file__).resolve().parent.parent
PICTURES = {"book/samples.png"}  # committed as files beside results: the README's, of points in the plane
NOTEBOOKS = [ROOT / of / f"{page.stem}.ipynb" for of in ("book", "tests/notebooks") for page in pages.sources()]
NEAR = 0.03  # root mean square of pixels at 16x16; a JPEG of a photograph is at 0.01, another face at 0.1 and more
# The median over a set of images: reconstructions by a good model are nearer, and what belongs to no single photograph
# farther. Of all faces here the mean is at 0.090, those drawn along one principal direction at 0.085, along 8 at 0.115.
TYPICAL = 0.08
# As NEAR, for faces cut out of a figure, which has resampled them, and whose edges are known to half a pixel. 4,200
# photographs in rows of 9 and 12 are at 0.023 or nearer; on the pages generated faces at 0.068 or more, drawn at 0.099.
NEAR_IN_FIGURE = 0.045
NUDGES = (-0.5, 0, 0.5)


def of_faces():
    """The images in results of faces, bytes (N, 3, H, W), by the name of their file."""
    store = Store(ROOT / "data" / "results")
    for path in sorted(store.root.glob("*/training.json")):
        training = Trained.from_json(path.read_text(encoding="utf-8")).training
        if training.data == celeba.NAME:
            for of in path.parent.glob("*.json"):
                kept = json.loads(of.read_text(encoding="utf-8")).get("kept", {})
                for name, shape in kept.items():
                    if shape != "array":
                        (file,) = path.parent.glob(f"{of.stem}.{name}.*g")
                        yield file, pictures.load(file, shape).reshape(-1, *shape[-3:])


def small(images):
    return torch.cat([avg_pool2d(x.float() / 255, x.shape[-1] // 16).flatten(1) for x in images.split(1000)])


def rms_to_nearest(a, b):
    return torch.cdist(a, b).amin(1) / a.shape[1] ** 0.5


def principal(x, count=40):
    """The mean of x (N, D) and its first principal directions (count, D): what a linear model reconstructs from."""
    values, vectors = torch.linalg.eigh(x.T.cov())
    return x.mean(0), vectors[:, values.argsort(descending=True)[:count]].T


def pictures_of(cell):
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            yield Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")


def rows(picture):
    """Of each object in a figure but letters: (left, top, side) of squares in a row with a black frame, or nothing."""
    pixels = np.asarray(picture)
    objects, _ = ndimage.label(ndimage.binary_fill_holes((pixels < 200).any(2)))
    for y, x in ndimage.find_objects(objects):
        height, width = y.stop - y.start - 1, x.stop - x.start - 1  # between the middles of the frame's lines
        if min(height, width) >= 16:
            frame = [pixels[y, x][edge] for edge in (0, -1, np.s_[:, 0], np.s_[:, -1])]
            count = round(width / height) or 1
            side, middle = width / count, (y.start + y.stop - 1) / 2
            # in longer rows an error of a pixel in the height would be one in the count
            fits = np.concatenate(frame).max() < 50 and abs(side - height) < 1 and count <= pictures.ACROSS
            # matplotlib moves the frame to whole pixels and not what is in it, which is half a pixel to the upper left
            yield [(x.start - 0.5 + i * side, middle - side / 2, side) for i in range(count)] if fits else []


def distance_in_figure(picture, photographs):
    """As `rms_to_nearest`, of the squares (N,) in the `rows` of a figure from `small` photographs.

    Each square is cut out at nine places, half a pixel apart, and the nearest counts. Its edges, frame and all, do not.
    """
    squares = [(x + dx, y + dy, side) for x, y, side in chain(*rows(picture)) for dx in NUDGES for dy in NUDGES]
    if not squares:
        return torch.zeros(0)
    boxes = ((x, y, x + side, y + side) for x, y, side in squares)
    tiles = np.stack([picture.resize((16, 16), Image.Resampling.HAMMING, box) for box in boxes])
    both = small(torch.from_numpy(tiles).permute(0, 3, 1, 2)), photographs
    inner = (pixels.unflatten(1, (3, 16, 16))[:, :, 1:-1, 1:-1].flatten(1) for pixels in both)
    return rms_to_nearest(*inner).unflatten(0, (-1, len(NUDGES) ** 2)).amin(1)


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def forge(path, figure):
    """The one cell of a notebook, whose output is the figure as a kernel writes it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    plt.close(figure)
    picture = {"image/png": base64.b64encode(file.getvalue()).decode()}
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", picture)])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return read(path).cells[0]


def test_no_picture_is_committed_as_a_file_but_the_known_ones():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, encoding="utf-8")
    if listed.returncode:
        pytest.skip("not a git checkout")
    kinds = re.compile(r"\.(jpe?g|png|gif|webp|bmp|tiff?|npy|npz|u8|safetensors|pt|pth|gz)$", re.IGNORECASE)
    found = {name for name in listed.stdout.splitlines() if kinds.search(name)}
    compared = r"data/results/\w{16}/[\w.-]+\.(png|jpg|arrays\.gz)"  # below
    of_digits = r"intelvae/data/samples/(fashion-)?mnist-(images-idx3|labels-idx1)-ubyte\.gz"
    weights = r"intelvae/metrics/weights/(fashion-)?mnist\.safetensors"  # of networks that have seen these two only
    assert {name for name in found if not re.fullmatch(f"{compared}|{of_digits}|{weights}", name)} <= PICTURES


@pytest.mark.parametrize("page", pages.sources(), ids=lambda page: page.stem)
def test_a_page_takes_faces_from_the_stand_in_only(page):
    """A lint, for what would show photographs by mistake; what is shown all the same is compared below."""
    tree = ast.parse(page.read_text(encoding="utf-8"))
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    loads = {text for text in used if re.match(r"celeba\.|.*\bimg_align_celeba\b", text)}
    assert loads <= {"celeba.load(smoke=True)"}
    assert "datasets.of" not in {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_pictures_of_a_page_are_outputs(path):
    """Since those are what is compared with photographs."""
    for cell in read(path).cells:
        assert not cell.get("attachments") and not re.search(r"<img|data:image", cell.source)
        if "10_faces" in path.stem or "face" in path.stem:
            html = "".join(o.data.get("text/html", "") for o in cell.get("outputs", []) if "data" in o)
            assert not re.search(r"<(img|svg|canvas)|data:image", html)


def test_a_photograph_in_a_result_would_be_noticed(tmp_path):
    faces = celeba.load(smoke=True)  # in the place of photographs
    pictures.save(faces.test[:20], path := tmp_path / "x.jpg")
    kept = small(pictures.load(path, (20, 3, *faces.test.shape[2:])))
    others = small(faces.train)
    assert (rms_to_nearest(kept, torch.cat([others, small(faces.test)])) < NEAR).all()
    assert (rms_to_nearest(kept, others) > NEAR).all()  # others of the same kind are not taken for them


@pytest.fixture(scope="module")
def photographs():
    """Bytes (N, 3, 64, 64)."""
    try:
        files.locate_celeba()
    except DataError as error:
        pytest.skip(str(error))
    data = celeba.load()
    return torch.cat([data.train, data.valid, data.test])


@pytest.fixture(scope="module")
def pixels(photographs):
    return small(photographs)


def test_no_image_in_a_result_is_a_photograph_and_no_set_is_of_reconstructions(pixels):
    found = list(of_faces())
    assert len(found) > 10
    for name, images in found:
        distances = rms_to_nearest(small(images), pixels)
        assert (distances > NEAR).all() and distances.median() > TYPICAL, name


def test_photographs_and_reconstructions_of_them_would_be_noticed(pixels):
    some, (mean, directions) = pixels[-100:], principal(pixels)
    assert (rms_to_nearest(some, pixels) < NEAR).all()
    projected = mean + (some - mean) @ directions.T @ directions
    assert rms_to_nearest(projected, pixels).median() < TYPICAL


def test_means_of_ten_photographs_pass_for_none(pixels):
    count = 10  # of `blend` in Table 4
    some = pixels[torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))[: 24 * count]]
    distances = rms_to_nearest(some.unflatten(0, (24, count)).mean(1), pixels)
    assert (distances > NEAR).all() and distances.median() > TYPICAL


def test_no_picture_in_a_notebook_shows_a_photograph(pixels):
    compared = 0
    for path in NOTEBOOKS:
        for picture in chain(*map(pictures_of, read(path).cells)):
            distances = distance_in_figure(picture, pixels)
            assert (distances > NEAR_IN_FIGURE).all(), path
            compared += len(distances)
    assert compared


@pytest.mark.parametrize("across", [9, 12])
@pytest.mark.parametrize("kind", ["drawn", "photographs"])
def test_a_forged_notebook_is_found(kind, across, request, tmp_path):
    """With drawn faces in the place of photographs too, which are always there."""
    faces = celeba.load(smoke=True).train if kind == "drawn" else request.getfixturevalue("photographs")
    shown = {"VAE": faces[:across], "InteL-VAE": faces[across : 2 * across]}
    (picture,) = pictures_of(forge(tmp_path / "forged.ipynb", style.strips(shown)))
    known = small(faces)
    distances, others = (distance_in_figure(picture, of) for of in (known, known[2 * across :]))
    assert len(distances) == 2 * across and (distances < NEAR_IN_FIGURE).all()
    assert others.median() > NEAR_IN_FIGURE  # others of the same kind are not taken for them
