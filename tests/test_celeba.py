"""CelebA's layout read whole, reduced and damaged; the drawn stand-in; decoding once."""

import hashlib
import shutil
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from intelvae.data import DataError, celeba, decoded, files, places, standin
from intelvae.paper import datasets
from intelvae.paper.config import Training


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return standin.write(tmp_path_factory.mktemp("drawn"), 40)


@pytest.fixture
def root(drawn, tmp_path):
    """A copy of a small data set, to be damaged."""
    shutil.copytree(drawn, tmp_path / "root")
    return tmp_path / "root"


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


# Reading


def test_parts_attributes_and_images_are_those_of_the_lists(root):
    got = celeba.load(root=root)
    assert [len(part) for part in (got.train, got.valid, got.test)] == [32, 4, 4]
    assert got.train.shape[1:] == (3, 64, 64) and got.train.dtype == torch.uint8
    assert got.attributes == standin.ATTRIBUTES and got.train_attributes.shape == (32, len(standin.ATTRIBUTES))
    lines = (root / "celeba" / files.CELEBA_LISTS[0]).read_text(encoding="utf-8").splitlines()[2:]
    listed = [[word == "1" for word in line.split()[1:]] for line in lines]
    assert torch.cat([got.train_attributes, got.valid_attributes, got.test_attributes]).tolist() == listed
    for part, number in ((got.train, 1), (got.valid, 33), (got.test, 40)):
        path = root / "celeba" / "img_align_celeba" / f"{number:06}.jpg"
        image = torch.tensor(celeba.decode(path, 64, path))
        assert (part == image).all((1, 2, 3)).any()


def test_any_order_of_the_parts_keeps_images_and_attributes_together(root):
    straight = celeba.load(root=root)
    path = root / "celeba" / files.CELEBA_LISTS[1]
    lines = [line.split()[0] for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(f"{name} {i % 3}" for i, name in enumerate(lines)), encoding="utf-8")
    mixed = celeba.load(root=root)
    images = torch.cat([straight.train, straight.valid, straight.test])
    attributes = torch.cat([straight.train_attributes, straight.valid_attributes, straight.test_attributes])
    for i, part in enumerate((mixed.train, mixed.valid, mixed.test)):
        assert torch.equal(part, images[i::3])
    assert torch.equal(mixed.train_attributes, attributes[::3])
    assert torch.equal(mixed.test_attributes, attributes[2::3])


def test_both_names_of_the_folder_and_part_of_the_images_will_do(root):
    whole = celeba.load(root=root)
    folder, listed = root / "celeba", root / "celeba" / files.CELEBA_LISTS[0]
    (folder / "img_align_celeba").rename(folder / "img_celeba")
    lines = listed.read_text(encoding="utf-8").splitlines()
    listed.write_text("\n".join(["10", lines[1], *lines[2::4]]), encoding="utf-8")  # the list of parts still has all 40
    part = celeba.load(root=root)
    assert torch.equal(part.train, whole.train[::4]) and len(part.valid) == len(part.test) == 1
    assert "a part of it, 8 / 1 / 1 images" in part.source and str(root) not in part.source


def test_half_the_size_gives_the_same_faces(tmp_path):
    half, full = (
        celeba.load(root=standin.write(tmp_path / name, 40, reduced=reduced))
        for name, reduced in (("half", True), ("full", False))
    )
    difference = (half.train.int() - full.train.int()).abs().float()
    # drawn faces are all sharp edges, where a reduction to half and back loses most; a misplaced pixel gives 4 and more
    assert difference.mean() < 2.55  # 1 % of the range
    shifted = (half.train.roll(1, 3).int() - full.train.int()).abs().float()
    assert shifted.mean() > 2 * difference.mean()


def test_half_the_size_of_a_smooth_image_is_the_same_to_rounding(tmp_path):
    x, y = np.meshgrid(np.linspace(0, 1, 178), np.linspace(0, 1, 218))
    pixels = np.stack([255 * x, 255 * y, 127 + 100 * np.sin(6 * x + 4 * y)], -1).round().astype(np.uint8)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "full.jpg", quality=98, subsampling=0)
    image.reduce(2).save(tmp_path / "half.jpg", quality=98, subsampling=0)
    full, half = (celeba.decode(tmp_path / name, 64, tmp_path).astype(int) for name in ("full.jpg", "half.jpg"))
    difference = np.abs(full - half)
    assert difference.mean() < 1 and difference.max() <= 4  # rounding by JPEG, by the change of colours and back, twice
    # 148 of 178 columns are kept: the first ramp goes from 15/178 to 163/178 of its range, at the pixels' centres
    expected = 255 * (15 + 148 * (np.arange(64) + 0.5) / 64 - 0.5) / 177
    assert np.abs(full[0, 32] - expected).max() < 2


def test_what_is_mapped_is_not_written_back(root, cache):
    first = celeba.load(root=root)
    (path,) = cache.rglob("images.u8")
    before = path.read_bytes()
    first.train[0] = 0
    assert path.read_bytes() == before


# What can go wrong


def test_a_missing_image_is_named(root):
    celeba.load(root=root)
    path = root / "celeba" / "img_align_celeba" / "000017.jpg"
    path.unlink()
    with pytest.raises(DataError) as error:
        celeba.load(root=root)
    message = one_line(error)
    assert f"{path}: this image is not there, but list_attr_celeba.txt lists it" in message and "mmlab" in message


@pytest.mark.parametrize("number", [1, 17])
def test_a_truncated_image_is_named(root, number):
    path = root / "celeba" / "img_align_celeba" / f"{number:06}.jpg"
    path.write_bytes(path.read_bytes()[: 3 * path.stat().st_size // 4])
    with pytest.raises(DataError) as error:
        celeba.load(root=root)
    message = one_line(error)
    assert f"{path}: this image is damaged" in message and "truncated" in message


def test_an_image_that_is_no_aligned_face_is_refused(root):
    path = root / "celeba" / "img_align_celeba" / "000002.jpg"
    Image.new("RGB", (400, 300)).save(path)
    with pytest.raises(DataError, match="expected an aligned face, 178x218 or in proportion, found 400x300"):
        celeba.load(root=root)


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (0, lambda lines: ["41", *lines[1:]], "expected 41 faces, as its first line says, found '40'"),
        (0, lambda lines: lines[:-1], "expected 40 faces, as its first line says, found '39'"),
        (0, lambda lines: ["faces", *lines[1:]], "expected the number of faces in the first line"),
        (0, lambda lines: [], "expected the number of faces in the first line"),
        (0, lambda lines: ["²", *lines[1:]], "expected the number of faces in the first line"),
        (0, lambda lines: ["4" * 5_000, *lines[1:]], "faces, as its first line says, found '40'"),
        (0, lambda lines: [*lines[:-1], lines[2]], "expected one line for 000001.jpg, found '2'"),
        (0, lambda lines: [*lines[:5], lines[5] + " 1", *lines[6:]], "13 attributes in line 6, found '14'"),
        (0, lambda lines: [*lines[:5], lines[5].replace("-1", "-7"), *lines[6:]], "attributes 1 or -1, found '-7'"),
        (1, lambda lines: lines[:-1], "(train, valid, test) for 000040.jpg, found 'no such line'"),
        (1, lambda lines: [*lines[:-1], lines[-1][:-1] + "3"], "(train, valid, test) for 000040.jpg"),
        (1, lambda lines: [*lines, lines[0][:-1] + "1"], "expected one line for 000001.jpg, found '2'"),
        (1, lambda lines: [line[:-1] + "0" for line in lines], "among the 40 listed, found 'no valid'"),
    ],
)
def test_lists_that_are_wrong_are_named(root, file, change, expected):
    path = root / "celeba" / files.CELEBA_LISTS[file]
    path.write_text("\n".join(change(path.read_text(encoding="utf-8").splitlines())), encoding="utf-8")
    with pytest.raises(DataError) as error:
        celeba.load(root=root)
    assert expected in one_line(error) and str(path) in str(error.value)


@pytest.mark.parametrize("smoke", [True, False])
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/none"])
def test_a_cache_that_cannot_be_written_is_named(root, tmp_path, monkeypatch, place, smoke):
    (tmp_path / "file").touch()
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / place))
    with pytest.raises(DataError) as error:
        celeba.load(root=root, smoke=smoke)
    message = one_line(error)
    assert message.startswith(str(tmp_path / place)) and "cannot be written" in message
    assert "set INTELVAE_CACHE to another folder" in message


def test_a_part_is_refused_where_the_whole_is_asked_for(root):
    with pytest.raises(DataError) as error:
        celeba.load(root=root, whole=True)
    message = one_line(error)
    assert "expected all 202,599 faces of CelebA" in message and "found 40" in message and "mmlab" in message


def test_what_is_not_there_is_listed(tmp_path, monkeypatch):
    (tmp_path / "variable" / "celeba" / "img_align_celeba").mkdir(parents=True)
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "variable"))
    monkeypatch.setattr(places, "checkout", lambda: None)
    with pytest.raises(DataError) as error:
        celeba.load()
    message = one_line(error)
    assert f"{tmp_path / 'variable' / 'celeba'} (list_attr_celeba.txt, list_eval_partition.txt missing)" in message
    with pytest.raises(DataError, match="celeba cannot be fetched: get the aligned images"):
        files.fetch("celeba")


def test_the_status_has_celeba(root):
    rows = {row.dataset: row for row in files.status(root)}
    assert rows["celeba"].found and rows["celeba"].counts == "40 faces"
    shutil.rmtree(root / "celeba")
    assert not {row.dataset: row for row in files.status(root)}["celeba"].found


def test_a_size_below_one_is_refused():
    with pytest.raises(ValueError, match=r"size, .*, must be a whole number >= 1, not 0"):
        celeba.load(smoke=True, size=0)


# The real ones, where they are


def test_real_faces():
    try:
        files.locate_celeba()
    except DataError as error:
        pytest.skip(str(error))
    got = celeba.load(size=16)
    assert len(got.attributes) == 40 and len(got.train) > 8 * len(got.valid) > 0
    share = dict(zip(got.attributes, got.train_attributes.float().mean(0).tolist(), strict=True))
    assert 0.35 < share["Male"] < 0.5 and share["Bald"] < 0.05 and share["No_Beard"] > 0.75  # as in all of CelebA
    brightness = got.train.float().mean((0, 2, 3))  # skin: red before green before blue
    assert brightness[0] > brightness[1] > brightness[2] > 50


def test_the_published_parts_are_those_of_the_rule_that_is_published(capsys):
    """The code of data/README.md, from CelebA's list of persons, prints the list that it has the checksum of."""
    root = places.of_variable(files.VARIABLE)
    persons = root and root / "celeba" / "identity_CelebA.txt"
    if not persons or not persons.is_file():
        pytest.skip("CelebA's list of persons is not there")
    readme = (Path(__file__).parent.parent / "data" / "README.md").read_text(encoding="utf-8")
    code = textwrap.dedent(readme[readme.index("    import hashlib") : readme.index("prints that")])
    exec(code.replace('"identity_CelebA.txt"', repr(str(persons))), {})
    printed = capsys.readouterr().out
    assert hashlib.sha256(printed.encode()).hexdigest() in readme
    parts = [int(line.split()[1]) for line in printed.splitlines()]
    assert [parts.count(part) for part in range(3)] == [8059, 931, 1010]


# Decoding once


class Decoder:
    """Random rows, which counts what it was asked for, and may be interrupted."""

    def __init__(self, stop=None):
        self.asked, self.stop = [], stop

    def __call__(self, i):
        if i == self.stop:
            raise KeyboardInterrupt
        self.asked.append(i)
        return np.random.default_rng(i).integers(256, size=(2, 3)).astype(np.uint8)


N = 3_500
ROWS = np.stack([Decoder()(i) for i in range(N)])


def load(folder, decoder):
    return decoded.load(folder, N, (2, 3), decoder, "rows")


def test_decoding_happens_once(tmp_path):
    first, second = Decoder(), Decoder()
    assert np.array_equal(load(tmp_path / "new", first), ROWS) and len(first.asked) == N
    assert np.array_equal(load(tmp_path / "new", second), ROWS) and not second.asked


def test_what_was_interrupted_goes_on_where_it_was(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, Decoder(stop=2_500))
    rest = Decoder()
    assert np.array_equal(load(tmp_path, rest), ROWS)
    assert rest.asked == list(range(2_000, N))  # whole thousands are kept


def test_what_is_damaged_is_decoded_again(tmp_path):
    load(tmp_path, Decoder())
    path = tmp_path / "images.u8"
    content = bytearray(path.read_bytes())
    content[6 * 1_500] ^= 1
    path.write_bytes(content)
    again = Decoder()
    assert np.array_equal(load(tmp_path, again), ROWS) and again.asked == list(range(1_000, 2_000))
    path.write_bytes(content[:-1])
    again = Decoder()
    assert np.array_equal(load(tmp_path, again), ROWS) and len(again.asked) == N


def test_a_line_cut_short_vouches_for_nothing(tmp_path):
    load(tmp_path, Decoder())
    journal = tmp_path / "checksums.txt"
    journal.write_text(journal.read_text(encoding="utf-8")[:-3], encoding="utf-8")
    again = Decoder()
    assert np.array_equal(load(tmp_path, again), ROWS) and again.asked == list(range(3_000, N))
    starts = [line.split() for line in journal.read_text(encoding="utf-8").splitlines()]
    assert ["0", str(zlib.crc32(ROWS[:1_000].tobytes()))] in starts


@pytest.mark.parametrize("damage", [b"\xff", "²".encode()])
def test_a_damaged_line_vouches_for_nothing(tmp_path, damage):
    load(tmp_path, Decoder())
    journal = tmp_path / "checksums.txt"
    journal.write_bytes(journal.read_bytes().replace(b"\n1000 ", b"\n" + damage + b" "))
    again, after = Decoder(), Decoder()
    assert np.array_equal(load(tmp_path, again), ROWS) and again.asked == list(range(1_000, 2_000))
    assert np.array_equal(load(tmp_path, after), ROWS) and not after.asked


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file here is always full")
def test_a_full_disk_is_one_line(tmp_path):
    (tmp_path / "checksums.txt").symlink_to("/dev/full")
    with pytest.raises(DataError) as error:
        load(tmp_path, Decoder())
    assert one_line(error).startswith(f"{tmp_path} cannot be written (No space left on device): make room there")


def test_what_decoding_raises_is_not_blamed_on_the_cache(tmp_path):
    def broken(i):
        raise OSError("no such image")

    with pytest.raises(OSError, match="no such image"):
        load(tmp_path, broken)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says how much memory is a process's own")
def test_memory_does_not_grow_with_the_number_of_faces(tmp_path, cache):
    """50,000 black faces, in a file of holes: 600 MB that take no room on the disk."""
    folder, names = tmp_path / "celeba", [f"{i:06}.jpg" for i in range(50_000)]
    (folder / "img_align_celeba").mkdir(parents=True)
    for name in names:
        (folder / "img_align_celeba" / name).touch()
    attributes = " ".join(f"attribute_{i}" for i in range(40))  # as many as CelebA has
    lines = ["50000", attributes, *(name + " -1" * 40 for name in names)]
    (folder / files.CELEBA_LISTS[0]).write_text("\n".join(lines), encoding="utf-8")
    (folder / files.CELEBA_LISTS[1]).write_text(
        "\n".join(f"{name} {i // 20_000}" for i, name in enumerate(names)), encoding="utf-8"
    )
    with pytest.raises(DataError, match="this image is damaged"):
        celeba.load(root=tmp_path)  # leaves the file at its full length
    (path,) = cache.rglob("images.u8")
    black = zlib.crc32(bytes(decoded.CHUNK * 3 * 64 * 64))
    path.with_name("checksums.txt").write_text(
        "".join(f"{i} {black}\n" for i in range(0, len(names), decoded.CHUNK)), encoding="utf-8"
    )
    code = f"""
import torch
from intelvae.data import celeba

def kilobytes(kind):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(kind + ":"))

own, whole = kilobytes("RssAnon"), kilobytes("VmRSS")
faces = celeba.load(root={str(tmp_path)!r})
peak = kilobytes("VmHWM")  # before a page of the map was looked at: those count in it, though they can be taken back
for order in torch.randperm(len(faces.train)).split(64):
    assert not faces.train[order].any()
print(peak - whole, kilobytes("RssAnon") - own)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8")
    # 1,000 faces are 12 MB, both lists as lines of Python some 40 MB, the attributes as words of Python 200 MB
    assert all(int(grown) < 100_000 for grown in ran.stdout.split()), ran.stdout


# What is kept is of the files that are there


def images_of(got):
    return torch.cat([got.train, got.valid, got.test])


@pytest.mark.parametrize("number", [1, 2, 40])
def test_another_photograph_in_the_place_of_any_is_decoded(root, number):
    folder = root / "celeba" / "img_align_celeba"
    path, other = folder / f"{number:06}.jpg", (folder / "000005.jpg").read_bytes()
    size = max(path.stat().st_size, len(other))
    path.write_bytes(path.read_bytes().ljust(size, b"\0"))  # what follows a picture's end is not looked at
    before, state = images_of(celeba.load(root=root)), celeba.state(root=root)
    assert celeba.state(root=root) == state
    path.write_bytes(other.ljust(size, b"\0"))  # as many bytes
    got = images_of(celeba.load(root=root))
    assert celeba.state(root=root) != state
    changed = (got != before).flatten(1).any(1).nonzero().flatten().tolist()
    assert changed == [number - 1] and torch.equal(got[number - 1], before[4])


@pytest.mark.parametrize("file", files.CELEBA_LISTS)
def test_another_list_is_read(root, file):
    state, path = celeba.state(root=root), root / "celeba" / file
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert celeba.state(root=root) != state


def test_drawn_faces_are_drawn_and_decoded_once(cache):
    states = [celeba.state(smoke=True)]
    first = celeba.load(smoke=True, size=8)
    times = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
    states.append(celeba.state(smoke=True))
    assert torch.equal(celeba.load(smoke=True, size=8).train, first.train) and len(set(states)) == 1
    assert times == {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}


def test_a_training_has_the_faces_that_are_there_now(root, tmp_path, monkeypatch):
    """Other faces in the same process: another folder in the variable, or another photograph."""
    other = standin.write(tmp_path / "other", 50)
    monkeypatch.setattr(datasets, "FEWEST", 1)
    config = Training("celeba", "mathieu", 2, "gaussian", 1)
    found = []
    for place in (root, other, root):
        monkeypatch.setenv(files.VARIABLE, str(place))
        found.append(datasets.of(config).data)
    assert [len(of.train) for of in found] == [32, 40, 32] and found[0] is found[2]
    path = root / "celeba" / "img_align_celeba" / "000002.jpg"
    path.write_bytes(path.with_name("000005.jpg").read_bytes())
    replaced = datasets.of(config).data
    assert torch.equal(replaced.train[1], found[0].train[4]) and not torch.equal(found[0].train[1], found[0].train[4])


# The stand-in


def test_drawn_faces_are_the_same_twice(tmp_path):
    one, other = (celeba.load(root=standin.write(tmp_path / name, 40)) for name in "ab")
    assert torch.equal(one.train, other.train) and torch.equal(one.train_attributes, other.train_attributes)


def test_smoke_is_drawn_has_enough_of_everything_and_needs_no_data(tmp_path, monkeypatch):
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "nothing"))
    got = celeba.load(smoke=True, root=tmp_path, size=8)
    assert [len(part) for part in (got.train, got.valid, got.test)] == [800, 100, 100]
    assert got.source == "drawn faces, 800 / 100 / 100 images (train / valid / test), 8x8"
    for part in (got.train_attributes, got.test_attributes):
        assert (part.float().mean(0) >= 0.05).all() and (part.float().mean(0) <= 0.6).all()
    assert len(got.train.unique(dim=0)) == 800


def test_every_attribute_can_be_seen(tmp_path):
    rng = np.random.default_rng
    plain = dict.fromkeys(standin.ATTRIBUTES, False)
    for name in standin.ATTRIBUTES:
        plain["Black_Hair"] = name in ("Bald", "Bangs", "Mustache")  # what is lost, and what has the hair's colour
        has = {**plain, "Black_Hair": False} if name == "Bald" else {**plain, name: True}
        without, has = standin.draw(plain, rng(3)), standin.draw(has, rng(3))
        assert np.abs(np.asarray(without, int) - np.asarray(has, int)).mean() > 0.05, name  # a mouth is small
