"""No photograph of a face in the repository: every picture says where it comes from, and none is near a photograph."""

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

from intelvae import experiments, pages, plots, sheets
from intelvae.data import DataError, celeba, files

ROOT = Path(__file__).resolve().parent.parent
PICTURES = {"book/samples.png"}  # committed as files: the README's, of points in the plane
NOTEBOOKS = [ROOT / of / f"{page.stem}.ipynb" for of in ("book", "tests/notebooks") for page in pages.sources()]
ORIGINS = {"origin-drawn", "origin-generated", "origin-chart"}  # of cells: the stand-in, a model's samples, neither
KINDS = {"text/plain", "text/html", "image/png", "application/papermill.record/text/plain"}  # of outputs
# Code has to do with faces if one of these is in it, or what MODULES finds ...
FACES = {celeba.NAME} | {
    name for name in experiments.NAMES if any(c.data == celeba.NAME for c in experiments.grid(name, "smoke"))
}
MODULES = r"experiments\.NAMES|(experiments|tasks)(\.| import .*\b)faces\b"  # all experiments, or those on faces
# ... and may then import these and no other. Nothing here hands out the images a model learns from, but celeba.
IMPORTS = {
    "collections.Counter",
    "dataclasses",
    "intelvae.claims",
    "intelvae.data.celeba",
    "intelvae.experiments",
    "intelvae.mappings.Sparse",
    "intelvae.metrics.attributes",
    "intelvae.metrics.features",
    "intelvae.metrics.hoyer.by_chance",
    "intelvae.metrics.hoyer.hoyer",
    "intelvae.networks",
    "intelvae.plots",
    "intelvae.records.SEMANTICS",
    "intelvae.records.store_of",
    "intelvae.regularizers.sparsity",
    "intelvae.rules",
    "intelvae.runs",
    "intelvae.sheets",
    "intelvae.tasks.faces.POOL",
    "math",
    "myst_nb.glue",
    "numpy as np",
    "pandas as pd",
    "platform",
    "sklearn.linear_model.LogisticRegression",
    "torch",
}
DRAWN = "celeba.load(smoke=True)"  # all that such code may do with celeba
READS = r"celeba|tasks?|prepare|files|Image|decode|load\w*|open|(im)?read\w*|from_?file|memmap" + (
    r"|eval|exec|getattr|vars|globals|get_ipython|__\w+__"
)
# The share of a chart's pixels that have none of its 64 commonest colours: 0.04 at most here, and 0.59 where faces are.
MIXED = 0.1
NEAR = 0.03  # root mean square of pixels at 16x16; a JPEG of a photograph is at 0.01, another face at 0.1 and more
# The median over a set of images: reconstructions by a good model are nearer, and what belongs to no single photograph
# farther. Of all faces here the mean is at 0.090, those drawn along one principal direction at 0.085, along 8 at 0.115.
TYPICAL = 0.08
# As NEAR, for faces cut out of a figure, which has resampled them, and whose edges are known to half a pixel. 4,200
# photographs in rows of 9 and 12 are at 0.023 or nearer; on the pages generated faces at 0.068 or more, drawn at 0.099.
NEAR_IN_FIGURE = 0.045
NUDGES = (-0.5, 0, 0.5)
FORGERY = "from intelvae import tasks; tasks.create('celeba', size=64).data.test[:12]"


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
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields["config"]["data"] == celeba.NAME:
            found.append((path.name, list(packed_images(fields["artifacts"]))))
    return found


def small(images):
    return torch.cat([avg_pool2d(x.float() / 255, x.shape[-1] // 16).flatten(1) for x in images.split(1000)])


def rms_to_nearest(a, b):
    return torch.cdist(a, b).amin(1) / a.shape[1] ** 0.5


def principal(x, count=40):
    """The mean of x (N, D) and its first principal directions (count, D): what a linear model reconstructs from."""
    values, vectors = torch.linalg.eigh(x.T.cov())
    return x.mean(0), vectors[:, values.argsort(descending=True)[:count]].T


def code(notebook):
    return ast.parse("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code"))


def words(tree, strings=True):
    """Names and attributes in code and, if asked for, what it imports and the words of its strings."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word):
                found.add(word)
            case ast.Constant(value=str(text)) | ast.alias(name=text) | ast.ImportFrom(module=str(text)) if strings:
                found |= set(re.findall(r"[\w-]+", text))
    return found


def about_faces(tree):
    return bool(words(tree) & FACES or re.search(MODULES, ast.unparse(tree)))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{'.' * node.level}{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (module + ast.unparse(name) for name in node.names)


def faults_of_code(tree):
    """How code that has to do with faces could come by photographs; none for other code."""
    if not about_faces(tree):
        return set()
    others = words(ast.parse(ast.unparse(tree).replace(DRAWN, "drawn")), strings=False)
    return set(imported(tree)) - IMPORTS | {word for word in others if re.fullmatch(READS, word)}


def pictures(cell):
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            yield Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")


def fault_of_outputs(cell):
    """What keeps the pictures of a cell about faces from being what the cell declares; "" if nothing does."""
    outputs = [output.data for output in cell.get("outputs", []) if "data" in output]
    markup = cell.source + "".join(data.get("text/html", "") for data in outputs)
    if cell.get("attachments") or re.search("<(img|svg|canvas)|data:image", markup):
        return "a picture that is not an output"
    if other := {kind for data in outputs for kind in data} - KINDS:
        return f"an output of another kind: {other}"
    for picture in pictures(cell):
        origin = ORIGINS & set(cell.metadata.get("tags", []))
        if len(origin) != 1:
            return "a picture without an origin, or with two"
        counts, squares = sorted(count for count, _ in picture.getcolors(2**24)), list(rows(picture))
        if origin == {"origin-chart"} and sum(counts[:-64]) > MIXED * sum(counts):
            return "a chart that is no chart"
        if origin != {"origin-chart"} and not (squares and all(squares)):
            return "faces that cannot be compared with photographs: not all are in rows with a black frame"
    return ""


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
            fits = np.concatenate(frame).max() < 50 and abs(side - height) < 1 and count <= sheets.ACROSS
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


def forge(path, source, figure, *tags):
    """A notebook of one cell, whose output is the figure as a kernel writes it; returns that cell."""
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    plt.close(figure)
    picture = {"image/png": base64.b64encode(file.getvalue()).decode()}
    output = nbformat.v4.new_output("display_data", picture)
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [*tags]}, outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return read(path).cells[0]


def test_no_picture_is_committed_as_a_file_but_the_known_ones():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, encoding="utf-8")
    if listed.returncode:
        pytest.skip("not a git checkout")
    kinds = re.compile(r"\.(jpe?g|png|gif|webp|bmp|tiff?|npy|npz|u8|safetensors|pt|pth)$", re.IGNORECASE)
    assert {name for name in listed.stdout.splitlines() if kinds.search(name)} <= PICTURES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_notebook_about_faces_can_read_no_photograph_and_declares_its_pictures(path):
    tree = code(read(path))
    assert faults_of_code(tree) == set()
    if about_faces(tree):
        assert {i: fault for i, cell in enumerate(read(path).cells) if (fault := fault_of_outputs(cell))} == {}


def test_the_pages_with_faces_are_known_by_their_code():
    assert {"10_faces", "12_face_hierarchies"} <= {path.stem for path in NOTEBOOKS if about_faces(code(read(path)))}


@pytest.mark.parametrize(
    "source",
    [
        FORGERY,
        "import intelvae.tasks as t; t.create('celeba')",
        "from intelvae import experiments, runs; runs.task(experiments.grid('table4', 'laptop')[0])",
        "from intelvae import experiments, plots; plots.faces.tasks.create(experiments.NAMES[0])",
        "from intelvae.tasks import digits, faces; import safetensors",
        "from intelvae.data import celeba; celeba.load().test",
        "from intelvae.data import celeba; celeba.load(smoke=False).test",
        "from intelvae.data import celeba as drawn; drawn.load(smoke=True)",
        "from intelvae.data.celeba import load; load()",
        "from PIL import Image; Image.open('celeba/img_align_celeba/000001.jpg')",
        "import numpy as np; np.load('celeba.npy')",
    ],
)
def test_code_that_could_show_photographs_is_noticed(source):
    assert faults_of_code(ast.parse(source))


def test_a_picture_of_faces_that_is_not_what_it_declares_is_noticed(tmp_path):
    faces = celeba.load(smoke=True).test[:24]

    def fault(figure, *tags):
        return fault_of_outputs(forge(tmp_path / f"{len(list(tmp_path.iterdir()))}.ipynb", "", figure, *tags))

    assert fault(plots.faces.rows_of_faces({"faces": faces[:12]}), "origin-drawn") == ""
    assert "without an origin" in fault(plots.faces.rows_of_faces({"faces": faces[:12]}))
    assert "no chart" in fault(plots.faces.rows_of_faces({"faces": faces[:12]}), "origin-chart")
    assert "cannot be compared" in fault(plots.faces.rows_of_faces({"faces": faces}), "origin-drawn")  # 24 in a row
    figure, axis = plt.subplots()
    axis.imshow(faces[0].permute(1, 2, 0).numpy())  # in a frame with ticks
    assert "cannot be compared" in fault(figure, "origin-drawn")


def test_every_record_of_faces_says_that_its_images_are_generated():
    for name, sets in of_faces():
        assert sets and all("jpeg" in of and of["origin"] == "generated" for of in sets), name


def test_only_what_is_generated_or_drawn_can_be_packed():
    with pytest.raises(ValueError, match="generated or drawn, not 'photograph'"):
        sheets.pack(torch.zeros(1, 3, 8, 8), "photograph")


def test_a_photograph_in_a_record_would_be_noticed():
    faces = celeba.load(smoke=True)  # in the place of photographs
    kept = small(sheets.unpack(sheets.pack(faces.test[:20] / 255, "drawn")))
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


def test_no_image_in_a_record_is_a_photograph_and_no_set_is_of_reconstructions(pixels):
    for name, sets in of_faces():
        for of in sets:
            distances = rms_to_nearest(small(sheets.unpack(of)), pixels)
            assert (distances > NEAR).all() and distances.median() > TYPICAL, name


def test_photographs_and_reconstructions_of_them_would_be_noticed(pixels):
    some, (mean, directions) = pixels[-100:], principal(pixels)
    assert (rms_to_nearest(some, pixels) < NEAR).all()
    projected = mean + (some - mean) @ directions.T @ directions
    assert rms_to_nearest(projected, pixels).median() < TYPICAL


def test_means_of_ten_photographs_pass_for_none(pixels):
    count = experiments.faces.TABLE4["Vamp-VAE"]["prior_options"]["blend"]
    some = pixels[torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))[: 24 * count]]
    distances = rms_to_nearest(some.unflatten(0, (24, count)).mean(1), pixels)
    assert (distances > NEAR).all() and distances.median() > TYPICAL


def test_no_picture_in_a_notebook_shows_a_photograph(pixels):
    compared = 0
    for path in NOTEBOOKS:
        for picture in chain(*map(pictures, read(path).cells)):
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
    cell = forge(tmp_path / "forged.ipynb", FORGERY, plots.faces.rows_of_faces(shown), "origin-generated")
    assert "intelvae.tasks" in faults_of_code(ast.parse(cell.source))
    (picture,) = pictures(cell)
    known = small(faces)
    distances, others = (distance_in_figure(picture, of) for of in (known, known[2 * across :]))
    assert len(distances) == 2 * across and (distances < NEAR_IN_FIGURE).all()
    assert others.median() > NEAR_IN_FIGURE  # others of the same kind are not taken for them
