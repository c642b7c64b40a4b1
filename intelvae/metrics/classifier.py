"""A small classifier of grey images, one for each data set, whose features are a second opinion on samples.

The stand-in for Inception has learned from photographs, and sees what no reader of a digit would. This network has
learned to read the data set itself, and little else.
"""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from intelvae.data import images
from intelvae.dtypes import as_float
from intelvae.extras import extra
from intelvae.numbers import check_number, whole_of
from intelvae.training import seeded

DIMENSION = 64
SIDE = 32  # that of the networks of Mathieu et al., in which most models here generate
SIDES = (images.SIDE, SIDE)
EPOCHS, BATCH_SIZE, RATE = 3, 100, 3e-3


class Classifier(nn.Module):
    """Three convolutions (16, 32, 64 channels, stride 2), 64 features, and the logits of ten classes.

    The features are a linear embedding, before its ReLU: a Fréchet distance takes them for Gaussian, which numbers that
    a ReLU has cut at 0 are not. Over the training images each has mean 0 and variance 1 (batch normalisation without
    scale and offset), so that none counts for more than another.

    >>> Classifier()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels, wider in ((1, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(channels, wider, 3, 2, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
        self.embed = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(64 * 4 * 4, DIMENSION, bias=False), nn.BatchNorm1d(DIMENSION, affine=False)
        )
        self.head = nn.Linear(DIMENSION, 10)

    def features(self, x: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 64"]:
        """Features (N, 64) of images (N, 1, H, W) in [0, 1] of 28 x 28 or 32 x 32 pixels, the former resized.

        Raises `ValueError` for images of another shape.
        """
        check_shape(x)
        if x.shape[-1] != SIDE:  # as `images.load` resizes
            x = interpolate(x, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        return self.embed(x)

    def forward(self, x: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 10"]:
        """The logits of ten classes."""
        return self.head(self.features(x).relu())


def check_shape(x: Tensor) -> None:
    """Raises `ValueError`, one line, for images (N, C, H, W) that are not grey or neither 28 x 28 nor 32 x 32 pixels.

    >>> check_shape(torch.zeros(1, 3, 64, 64))
    Traceback (most recent call last):
    ...
    ValueError: a classifier reads grey images of 28x28 or 32x32 pixels, and these have 3 channels of 64x64
    """
    if x.ndim != 4 or x.shape[1] != 1 or x.shape[2] != x.shape[3] or x.shape[3] not in SIDES:
        sides = " or ".join(f"{side}x{side}" for side in SIDES)
        shape = f"{x.shape[1]} channels of {x.shape[2]}x{x.shape[3]}" if x.ndim == 4 else f"the shape {tuple(x.shape)}"
        raise ValueError(f"a classifier reads grey images of {sides} pixels, and these have {shape}")


def fit(
    train: UInt8[Tensor, "n 1 h w"], labels: Int64[Tensor, " n"], *, epochs: int = EPOCHS, seed: int = 0
) -> Classifier:
    """A classifier that has learned from images, bytes (N, 1, H, W), and labels: Adam, its rate up and down once.

    Raises `ValueError` for epochs < 1, for fewer images than a batch, and for images of another shape.
    """
    epochs = whole_of("epochs", epochs, ">= 1")
    check_number("the number of images", len(train), f">= {BATCH_SIZE}", whole=True)
    with seeded(seed):
        model = Classifier().train()
        optimiser = torch.optim.Adam(model.parameters())
        steps = len(train) // BATCH_SIZE
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, epochs=epochs, steps_per_epoch=steps)
        for _ in range(epochs):
            for batch in torch.randperm(len(train))[: steps * BATCH_SIZE].split(BATCH_SIZE):
                optimiser.zero_grad()
                cross_entropy(model(as_float(train[batch])), labels[batch]).backward()
                optimiser.step()
                schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model: Classifier, x: UInt8[Tensor, "n 1 h w"], labels: Int64[Tensor, " n"]) -> float:
    """The share of images, bytes (N, 1, H, W), that the classifier reads as labelled."""
    found = torch.cat([model(as_float(part)).argmax(1) for part in x.split(1000)])
    return (found == labels).double().mean().item()


def path(data: str) -> Path:
    """Where the weights of the classifier of that data set are, in the package.

    >>> path("mnist").name
    'mnist.safetensors'
    """
    return Path(__file__).resolve().parent / "weights" / f"{data}.safetensors"


def told(data: str) -> dict[str, str]:
    """What the file of the classifier of that data set tells of it: "data", "epochs", "torch", and its accuracies.

    >>> sorted(told("mnist"))
    ['data', 'epochs', 'test_accuracy', 'torch', 'valid_accuracy']
    """
    with extra("features"):
        from safetensors import safe_open
    with safe_open(path(data), "pt") as file:
        return dict(file.metadata())


def to_bytes(model: Classifier, **told: str) -> bytes:
    """The weights in half precision, as a safetensors file holds them, and what is `told` of them."""
    with extra("features"):
        import safetensors.torch
    state = {name: x.half() if x.is_floating_point() else x for name, x in model.state_dict().items()}
    return safetensors.torch.save(state, told)


def from_bytes(content: bytes) -> Classifier:
    """The inverse of `to_bytes`, in float32. Raises `ValueError`, one line, for what are no weights of a classifier."""
    with extra("features"):
        import safetensors.torch
        from safetensors import SafetensorError
    model = Classifier()
    try:
        model.load_state_dict(safetensors.torch.load(content))
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"these are no weights of a classifier ({' '.join(str(error).split())})") from error
    return model.eval()
