"""The classifiers whose features are a second opinion on samples: their weights, and what their distance tells."""

import hashlib

import pytest
import safetensors.torch
import torch
from torch.nn.functional import avg_pool2d

from intelvae.data import images
from intelvae.dtypes import as_float
from intelvae.metrics import classifier, features, frechet

NAMES = ("mnist", "fashion-mnist")
pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture(scope="module", params=NAMES)
def data(request):
    return images.load(request.param, smoke=True)


@pytest.fixture(scope="module")
def halves(data):
    """Two disjoint halves of the embedded images (400 each), all classes in both."""
    x = as_float(data.train)
    return x[:400], x[400:800]


def distance(data, a, b):
    extractor = features.of_data("classifier", data.name)
    p, q = (frechet.fit(features.extract(extractor, x)) for x in (a, b))
    return frechet.distance(p, q)


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_of_the_package_are_the_ones_that_are_known(name):
    content = classifier.path(name).read_bytes()
    assert hashlib.sha256(content).hexdigest().startswith(features.get(f"{name}-classifier").checksum)
    assert len(content) < 400_000  # both together well below 1 MB


def test_a_classifier_reads_its_data_set(data):
    """The embedded images come from the training files, so this is no test accuracy: the file has that."""
    model = classifier.from_bytes(classifier.path(data.name).read_bytes())
    x, labels = torch.cat([data.train, data.test]), torch.cat([data.train_labels, data.test_labels])
    least = {"mnist": 0.97, "fashion-mnist": 0.85}[data.name]
    assert classifier.accuracy(model, x, labels) > least
    assert classifier.accuracy(model, x, (labels + 1) % 10) < 1 - least  # labels count
    told = classifier.told(data.name)
    assert float(told["test_accuracy"]) > least and "55,000" in told["data"]


def test_features_are_not_cut_at_zero_and_of_one_size(data):
    """Over the training images their means are 0 and their variances 1; 800 of these are near that."""
    found = features.extract(features.of_data("classifier", data.name), as_float(data.train))
    assert found.shape == (800, classifier.DIMENSION) and (found < -0.5).any(0).all()
    assert found.mean(0).abs().max() < 0.5 and (found.std(0) - 1).abs().max() < 0.5


def test_the_distance_is_zero_from_itself_and_does_not_ask_for_order(data, halves):
    a, b = halves
    assert distance(data, a, a) == pytest.approx(0, abs=1e-5)  # float64 roots of float32 features of variance 1
    assert distance(data, a.flip(0), b) == pytest.approx(distance(data, a, b), rel=1e-5)


def test_the_distance_grows_with_noise_and_blur(data, halves):
    a, b = halves
    noise = torch.randn(b.shape, generator=torch.Generator().manual_seed(0))
    noisy = [distance(data, a, (b + level * noise).clamp(0, 1)) for level in (0.0, 0.2, 0.4, 0.8)]
    blurred = [distance(data, a, avg_pool2d(b, size, 1, size // 2)) for size in (1, 3, 5, 9)]
    for found in (noisy, blurred):
        assert found == sorted(found) and found[-1] > 3 * found[0]


def test_the_distance_sees_a_class_that_is_missing(data):
    """Fidelity is not all: images of nine classes, each a real one, are farther away than images of ten."""
    x, labels = as_float(data.train), data.train_labels
    some, others = x[:400], x[400:]
    without = others[labels[400:] != 3]
    assert distance(data, some, without) > 1.2 * distance(data, some, others[: len(without)])


def test_an_image_of_28_pixels_is_taken_as_the_same_of_32(data):
    """Models generate in either size; `images.load` rounds to bytes when it resizes."""
    larger = images.load(data.name, smoke=True, size=32)
    extractor = features.of_data("classifier", data.name)
    a, b = (features.extract(extractor, as_float(x.train[:100])) for x in (data, larger))
    assert (a - b).abs().max() < 0.1  # features have variance 1


@pytest.mark.parametrize("shape", [(1, 20, 20), (3, 28, 28), (1, 64, 64), (1, 28, 32)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="reads grey images of 28x28 or 32x32 pixels, and these have") as error:
        features.extract("mnist-classifier", torch.zeros(2, *shape))
    assert "\n" not in str(error.value)


def test_data_without_a_classifier_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="there is no classifier of celeba: choose one of inception, eff"):
        features.of_data("classifier", "celeba")
    with monkeypatch.context() as patch:  # a grey data set that somebody adds, and no classifier for it
        patch.delitem(features.EXTRACTORS, "fashion-mnist-classifier")
        with pytest.raises(ValueError, match="there is no classifier of fashion-mnist: choose one of inception, eff"):
            features.of_data("classifier", "fashion-mnist")
    with pytest.raises(ValueError, match="unknown features 'mnist-classifier': choose one of inception, eff"):
        features.of_data("mnist-classifier", "mnist")
    of = {name: features.of_data("classifier", name) for name in images.NAMES}
    assert of["mnist"] == of["mnist-01"] == "mnist-classifier" != of["fashion-mnist"]


def test_training_gives_the_same_weights_again_and_they_travel(data):
    x, labels = data.train[:200], data.train_labels[:200]
    before = torch.random.get_rng_state()
    model, again = (classifier.fit(x, labels, epochs=20) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    pairs = zip(model.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert classifier.accuracy(model, x, labels) > 0.7  # after forty steps; by chance 0.1
    back = classifier.from_bytes(classifier.to_bytes(model, data="a few"))
    a, b = (each(as_float(x[:50])).detach() for each in (model, back))
    assert (a - b).abs().max() < 0.05 * a.abs().max()  # half precision: eleven bits, through four layers


def test_what_are_no_weights_is_said_in_one_line():
    other = safetensors.torch.save({"head.bias": torch.zeros(3)})
    for content in (b"nothing", other):
        with pytest.raises(ValueError, match="no weights of a classifier") as error:
            classifier.from_bytes(content)
        assert "\n" not in str(error.value)


def test_settings_of_training_are_checked(data):
    with pytest.raises(ValueError, match="epochs must be a whole number >= 1"):
        classifier.fit(data.train[:200], data.train_labels[:200], epochs=0)
    with pytest.raises(ValueError, match="the number of images must be a whole number >= 100"):
        classifier.fit(data.train[:20], data.train_labels[:20])
