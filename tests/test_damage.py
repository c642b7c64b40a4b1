"""Files of data, damaged in twenty ways: what is read is right, or there is one line that says what to do."""

import io

import numpy as np
import pytest
from PIL import Image

from intelvae.data import DataError, celeba, idx, standin


def damages(content):
    """Twenty damaged copies, by name."""
    n, rng = len(content), np.random.default_rng(0)
    found = {f"cut after {share} %": content[: n * share // 100] for share in (0, 1, 10, 50, 90, 99)}
    found |= {"the last byte gone": content[:-1], "the first byte gone": content[1:], "twice": content * 2}
    found |= {"more at the end": content + b"\0", "more before": b"\0" + content, "backwards": content[::-1]}
    for share in (0, 25, 75):
        at = n * share // 100
        found[f"zeros from {share} %"] = content[:at] + bytes(min(40, n - at)) + content[at + 40 :]
    for i in range(3):
        at = int(rng.integers(n))
        found[f"a bit turned, {i}"] = content[:at] + bytes([content[at] ^ 1 << i]) + content[at + 1 :]
    return found | {"noise": rng.bytes(n), "a web page": b"<!DOCTYPE html><html><body>404</body></html>"}


def jpeg():
    stream = io.BytesIO()
    standin.draw(dict.fromkeys(standin.ATTRIBUTES, False), np.random.default_rng(0)).save(stream, "JPEG")
    return stream.getvalue()


VALUES = np.random.default_rng(1).integers(256, size=(40, 7)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_idx_file_damaged_in_twenty_ways_is_refused_or_right(suffix, tmp_path):
    path = tmp_path / f"images{suffix}"
    idx.write(path, VALUES)
    ways, refused = damages(path.read_bytes()), []
    assert len(ways) == 20
    for name, content in ways.items():
        path.write_bytes(content)
        try:
            found = idx.read(path, (None, 7), "intelvae data fetch mnist", idx.sha256(VALUES))
        except DataError as error:
            assert "\n" not in str(error) and "`intelvae data fetch mnist`" in str(error), name
            refused.append(name)
        else:
            assert np.array_equal(found, VALUES), name
    assert len(refused) == 20 if not suffix else len(refused) >= 18  # a gzip stream has bytes that say nothing


def test_a_photograph_damaged_in_twenty_ways_is_refused_or_a_face(tmp_path):
    """No checksum is known of photographs, so that a pixel that has changed is not noticed."""
    path, refused = tmp_path / "000001.jpg", []
    for name, content in damages(jpeg()).items():
        path.write_bytes(content)
        try:
            assert celeba.decode(path, 64, tmp_path / "list").shape == (3, 64, 64), name
        except DataError as error:
            assert "\n" not in str(error) and str(path) in str(error) and "mmlab" in str(error), name
            refused.append(name)
    assert {"cut after 50 %", "the first byte gone", "backwards", "noise", "a web page"} <= set(refused)


def sized(content, width, height):
    """The JPEG with another size in its header."""
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + content[at + 4 :]


def postscript():
    stream = io.BytesIO()
    Image.new("RGB", (178, 218)).save(stream, "EPS")  # which Pillow would hand to Ghostscript
    return stream.getvalue()


@pytest.mark.parametrize("content", [sized(jpeg(), 53_000, 64_910), postscript()], ids=["3 gigapixels", "a program"])
def test_a_photograph_that_is_none_is_refused_before_it_is_decoded(content, tmp_path):
    path = tmp_path / "000001.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"000001.jpg: this image is damaged \(.*mmlab") as error:
        celeba.decode(path, 64, tmp_path / "list")
    assert "\n" not in str(error.value)
