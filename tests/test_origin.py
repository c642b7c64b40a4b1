"""No photograph of a face in the repository: every picture says where it comes from, and none is near a photograph."""

import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
import torch
from torch.nn.functional import avg_pool2d

from intelvae import book, face_experiments, sheets
from intelvae.data import DataError, celeba, files

ROOT = Path(__file__).resolve().parent.parent
PICTURES = {"book/samples.png"}  # committed as files: the README's, of points in the plane
ORIGINS = {"origin-drawn", "origin-generated", "origin-chart"}  # of cells: the stand-in, a model's samples, neither
ABOUT_FACES = [
    page for page in book.pages() if re.search("celeba|table-b1", page.read_text()) and page.stem < "90"
]  # in code
NEAR = 0.03  # root mean square of pixels at 16x16; a JPEG of a photograph is at 0.01, another face at 0.1 and more
# The median over a set of images: reconstructions by a good model are nearer, and what belongs to no single photograph
# farther. Of all faces here the mean is at 0.090, those drawn along one principal direction at 0.085, along 8 at 0.115.
TYPICAL = 0.08


def packed_images(value):
    """Every packed set of images inside a record's artifacts."""
    if isinstance(value, dict):
        if "jpeg" in value or "zlib" in value:
            yield value
        else:
            for part in value.values():
                yield from packed_images(part)


def of_faces():
    found = []
    for path in sorted((ROOT / "data" / "runs").glob("*.json")):
        fields = json.loads(path.read_text())
        if fields["config"]["data"] == celeba.NAME:
            found.append((path.name, list(packed_images(fields["artifacts"]))))
    return found


def small(images):
    return torch.cat([avg_pool2d(x.float() / 255, x.shape[-1] // 16).flatten(1) for x in images.split(1000)])


def distance_to_nearest(images, photographs):
    """Root mean square difference (N,) of colour images, bytes (N, 3, H, W), from the nearest photograph."""
    return rms_to_nearest(small(images), small(photographs))


def rms_to_nearest(a, b):
    return torch.cdist(a, b).amin(1) / a.shape[1] ** 0.5


def principal(x, count=40):
    """The mean of x (N, D) and its first principal directions (count, D): what a linear model reconstructs from."""
    values, vectors = torch.linalg.eigh(x.T.cov())
    return x.mean(0), vectors[:, values.argsort(descending=True)[:count]].T


def test_no_picture_is_committed_as_a_file_but_the_known_ones():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    kinds = re.compile(r"\.(jpe?g|png|gif|webp|bmp|tiff?|npy|npz|u8|safetensors|pt|pth)$", re.IGNORECASE)
    assert {name for name in listed.stdout.splitlines() if kinds.search(name)} <= PICTURES


@pytest.mark.parametrize("folder", ["book", "tests/notebooks"])
@pytest.mark.parametrize("page", ABOUT_FACES, ids=lambda page: page.stem)
def test_every_picture_on_a_page_about_faces_declares_its_origin(page, folder):
    path = ROOT / folder / f"{page.stem}.ipynb"
    if not path.is_file():
        pytest.skip("not published yet")
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            kinds = set(output.get("data", {}))
            markup = "".join(output.get("data", {}).get("text/html", ""))
            if any(kind.startswith("image/") for kind in kinds) or "data:image" in markup or "<img" in markup:
                assert len(ORIGINS & set(cell.metadata.get("tags", []))) == 1, cell.source[:200]
                assert "image/jpeg" not in kinds


def test_pages_about_faces_show_images_from_records_or_the_stand_in_only():
    assert {"10_faces", "12_face_hierarchies"} <= {page.stem for page in ABOUT_FACES}
    for page in ABOUT_FACES:
        for source in re.findall(r"celeba\.load\((.*?)\)", page.read_text()):
            assert "smoke=True" in source, f"{page.name} loads photographs"
        assert "runs.task" not in page.read_text(), f"{page.name} may show what a task is trained on"


def test_every_record_of_faces_says_that_its_images_are_generated():
    for name, sets in of_faces():
        assert sets and all("jpeg" in of and of["origin"] == "generated" for of in sets), name


def test_only_what_is_generated_or_drawn_can_be_packed():
    with pytest.raises(ValueError, match="generated or drawn, not 'photograph'"):
        sheets.pack(torch.zeros(1, 3, 8, 8), "photograph")


def test_a_photograph_in_a_record_would_be_noticed():
    faces = celeba.load(smoke=True)  # in the place of photographs
    kept = sheets.unpack(sheets.pack(faces.test[:20] / 255, "drawn"))
    assert (distance_to_nearest(kept, torch.cat([faces.train, faces.test])) < NEAR).all()
    assert (distance_to_nearest(kept, faces.train) > NEAR).all()  # others of the same kind are not taken for them


@pytest.fixture(scope="module")
def photographs():
    try:
        files.locate_celeba()
    except DataError as error:
        pytest.skip(str(error))
    data = celeba.load()
    return torch.cat([data.train, data.valid, data.test])


def test_no_image_in_a_record_is_a_photograph_and_no_set_is_of_reconstructions(photographs):
    for name, sets in of_faces():
        for of in sets:
            distances = distance_to_nearest(sheets.unpack(of), photographs)
            assert (distances > NEAR).all() and distances.median() > TYPICAL, name


def test_photographs_and_reconstructions_of_them_would_be_noticed(photographs):
    some = photographs[-100:]
    assert (distance_to_nearest(some, photographs) < NEAR).all()
    pixels, (mean, directions) = small(photographs), principal(small(photographs))
    projected = mean + (small(some) - mean) @ directions.T @ directions
    assert rms_to_nearest(projected, pixels).median() < TYPICAL


def test_means_of_ten_photographs_pass_for_none(photographs):
    count = face_experiments.TABLE4["Vamp-VAE"]["prior_options"]["blend"]
    some = photographs[torch.randperm(len(photographs), generator=torch.Generator().manual_seed(0))[: 24 * count]]
    blended = small(some).unflatten(0, (24, count)).mean(1)
    distances = rms_to_nearest(blended, small(photographs))
    assert (distances > NEAR).all() and distances.median() > TYPICAL
