"""Encoders and decoders: the paper's multilayer perceptron and the convolutional networks behind its images.

An encoder maps `x` (B, *data_shape) to `q(y|x)`, an `Independent(Normal)` with event shape (D,). A decoder network
maps `z` (B, D) to a tensor (B, *data_shape) whose meaning a likelihood gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal
from torch.nn.functional import fold, linear

from intelvae.dtypes import at_least_float32
from intelvae.numbers import check_flag, whole_of, widths_of

LOG_VARIANCE_RANGE = (-10.0, 10.0)


class Steady(nn.Module):
    """Divides `n` features h (B, *) by n / 256 where they are more than 256, so that a wide head is no faster (ours).

    A step of Adam moves each weight by about the learning rate, and so a linear head's output by that much for each of
    its inputs. For means and variances the KL divergence holds against it; gates and flows can be lost in a few steps.

    >>> Steady(512)(torch.ones(2)), Steady(10)(torch.ones(2))
    (tensor([0.5000, 0.5000]), tensor([1., 1.]))
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        n = whole_of("n", n, ">= 1")
        self.scale = min(1.0, 256 / n)

    def forward(self, h: Tensor) -> Tensor:
        return self.scale * h


class GaussianEncoder(nn.Module):
    """`q(y|x) = N(mu(x), diag sigma^2(x))`: features, then one head for mu and one for log sigma^2.

    The log-variance is clamped to [-10, 10], which keeps the KL finite and is never reached by a healthy run.
    Parameters: `features`, a module (B, *data_shape) -> F; `mu` and `log_variance`, modules F -> (B, D).
    """

    def __init__(self, features: nn.Module, mu: nn.Module, log_variance: nn.Module) -> None:
        super().__init__()
        self.features, self.mu, self.log_variance = features, mu, log_variance

    def forward(self, x: Tensor) -> Distribution:
        return self.posterior(self.features(x))

    def posterior(self, h: Tensor) -> Distribution:
        """`q(y|x)` from the features h of x: what an encoder that needs the features for more than this builds on."""
        mu, log_variance = at_least_float32(self.mu(h)), at_least_float32(self.log_variance(h))
        sigma = (0.5 * log_variance.clamp(*LOG_VARIANCE_RANGE)).exp()
        return Independent(Normal(mu, sigma, validate_args=False), 1)


def mlp(data_shape: tuple[int, ...], latent_dim: int, hidden: tuple[int, ...] = (10, 10, 10)) -> tuple:
    """Appendix C.4's network for 2-D data: three hidden layers of ten ReLU units each way.

    Without any, `hidden=()`, all is linear. Raises `ValueError` for widths that are none.

    >>> encoder, decoder = mlp((2,), 3)
    >>> encoder(torch.zeros(5, 2)).mean.shape, decoder(torch.zeros(5, 3)).shape
    (torch.Size([5, 3]), torch.Size([5, 2]))
    """
    hidden = widths_of("hidden", hidden)

    def body(sizes: tuple[int, ...]) -> list[nn.Module]:
        return [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]

    n = math.prod(data_shape)
    forth = (n, *hidden)
    features = nn.Sequential(nn.Flatten(), *body(forth))
    encoder = GaussianEncoder(features, nn.Linear(forth[-1], latent_dim), nn.Linear(forth[-1], latent_dim))
    reverse = (latent_dim, *reversed(hidden))
    decoder = nn.Sequential(*body(reverse), nn.Linear(reverse[-1], n), nn.Unflatten(1, data_shape))
    return encoder, decoder


def _check_square(data_shape: tuple[int, ...], size: int, name: str) -> int:
    if len(data_shape) != 3 or data_shape[1:] != (size, size):
        raise ValueError(f"network {name!r} takes images of {size}x{size} pixels, not data of shape {data_shape}")
    return data_shape[0]


class _ToOne(nn.Conv2d):
    """A convolution of the whole map (B, C, H, W) to (B, O): one matrix product, faster than the general code.

    Channels come last in it, as they do in memory when training is in bfloat16, so that nothing is moved.
    """

    def forward(self, x: Tensor) -> Tensor:
        x, weight = x.permute(0, 2, 3, 1), self.weight.permute(0, 2, 3, 1)
        return linear(x.flatten(1), weight.flatten(1), self.bias)


class _FromOne(nn.ConvTranspose2d):
    """A transposed convolution, without bias, of (B, C) to a map (B, O, H, W) of the kernel's size: see `_ToOne`."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        weight = self.weight.permute(2, 3, 1, 0)  # (H, W, O, C)
        return linear(x, weight.flatten(0, 2)).unflatten(1, weight.shape[:3]).permute(0, 3, 1, 2)


class _Doubling(nn.ConvTranspose2d):
    """A transposed convolution, 4x4 of stride 2 without bias, of (B, C, H, W) to (B, O, 2H, 2W) for a small O.

    One matrix product and a fold, faster than the general code: see `_ToOne`.
    """

    def __init__(self, a: int, b: int) -> None:
        super().__init__(a, b, 4, 2, 1, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        h, w = x.shape[2:]
        patches = linear(x.permute(0, 2, 3, 1), self.weight.flatten(1).T)  # (B, H, W, O * 16)
        return fold(patches.flatten(1, 2).transpose(1, 2), (2 * h, 2 * w), 4, padding=1, stride=2)


class _Offset(nn.Module):
    """Adds a learned tensor of `shape`, 0 at first."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.offset


def mathieu(data_shape: tuple[int, ...], latent_dim: int, offset: bool = False) -> tuple:
    """Mathieu et al.'s network on 32x32 images, the one the paper says it uses.

    Three 4x4 convolutions of stride 2 (32, 64, 128 channels, batch norm but for the first, leaky ReLU), two 4x4
    convolutions as heads; the decoder mirrors it. No biases but the heads'; weights start at N(0, 0.02^2).

    Without a bias the decoder's first layer sends z = 0 to a picture without structure, whatever it learns. `offset`
    (ours, the network "mathieu-offset") adds a learned 128x4x4 tensor there. Raises `ValueError` for another image
    size. Book: "Multi-modality on zeros and ones".

    >>> encoder, decoder = mathieu((1, 32, 32), 2)
    >>> encoder(torch.zeros(5, 1, 32, 32)).mean.shape, decoder(torch.zeros(5, 2)).shape
    (torch.Size([5, 2]), torch.Size([5, 1, 32, 32]))
    """
    channels = _check_square(data_shape, 32, "mathieu")
    check_flag("offset", offset)

    def down(a: int, b: int, norm: bool = True) -> list[nn.Module]:
        layers: list[nn.Module] = [nn.Conv2d(a, b, 4, 2, 1, bias=False)]
        return [*layers, *([nn.BatchNorm2d(b)] if norm else []), nn.LeakyReLU(0.2)]

    def up(a: int, b: int) -> list[nn.Module]:
        return [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]

    features = nn.Sequential(*down(channels, 32, norm=False), *down(32, 64), *down(64, 128))
    encoder = GaussianEncoder(features, _ToOne(128, latent_dim, 4), _ToOne(128, latent_dim, 4))
    decoder = nn.Sequential(
        _FromOne(latent_dim, 128, 4, bias=False),  # 1x1 -> 4x4
        *([_Offset(128, 4, 4)] if offset else []),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        *up(128, 64),
        *up(64, 32),
        _Doubling(32, channels),
    )
    for module in [*encoder.modules(), *decoder.modules()]:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
    return encoder, decoder


class _Crop(nn.Module):
    """Drops one row and column at the top left and two at the bottom right: TensorFlow's SAME for stride 1."""

    def forward(self, x: Tensor) -> Tensor:
        return x[..., 1:-2, 1:-2]


def authors(data_shape: tuple[int, ...], latent_dim: int) -> tuple:
    """The network in the authors' code, on 28x28 images (Keras).

    Batch norm after every layer (Keras' momentum 0.99 and eps 1e-3), biases, Glorot-uniform weights, TensorFlow's
    asymmetric SAME padding where a size is odd. Raises `ValueError` for another image size.

    >>> encoder, decoder = authors((1, 28, 28), 2)
    >>> encoder(torch.zeros(5, 1, 28, 28)).mean.shape, decoder(torch.zeros(5, 2)).shape
    (torch.Size([5, 2]), torch.Size([5, 1, 28, 28]))
    """
    channels = _check_square(data_shape, 28, "authors")

    def norm(width: int) -> nn.Module:
        return nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)

    def down(a: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, b, 4, 2, 1), norm(b), nn.LeakyReLU(0.2)]

    features = nn.Sequential(
        *down(channels, 32),
        *down(32, 64),
        nn.ZeroPad2d((1, 2, 1, 2)),  # 7x7 -> 4x4
        nn.Conv2d(64, 128, 4, 2),
        norm(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
    )
    encoder = GaussianEncoder(features, nn.Linear(2048, latent_dim), nn.Linear(2048, latent_dim))
    decoder = nn.Sequential(
        nn.Linear(latent_dim, 7 * 7 * 128),
        nn.ReLU(),
        nn.Unflatten(1, (128, 7, 7)),
        norm(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1),
        norm(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        norm(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, channels, 4, 1),
        _Crop(),  # 31x31 -> 28x28
    )
    for module in [*encoder.modules(), *decoder.modules()]:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    return encoder, decoder


def faces(data_shape: tuple[int, ...], latent_dim: int, widths: tuple[int, int] = (256, 128)) -> tuple:
    """Table C.2's network for CelebA, on 64x64 images of any number of channels.

    Three 4x4 convolutions of stride 2 (64, 128, 256 channels, batch norm, leaky ReLU) and dense heads; the decoder goes
    from a dense layer, read as 256 maps of 8x8, through transposed convolutions to `widths` channels and to the image.
    The authors' code (`widths` 128 and 64, the network "faces-narrow") halves these two. The table says neither the
    leaky ReLU's slope, 0.2 as in the code, nor how weights start, as torch does here; layers before a batch norm have
    no bias. Raises `ValueError` for another image size. Book: "Faces".

    >>> encoder, decoder = faces((3, 64, 64), 2)
    >>> encoder(torch.zeros(5, 3, 64, 64)).mean.shape, decoder(torch.zeros(5, 2)).shape
    (torch.Size([5, 2]), torch.Size([5, 3, 64, 64]))
    """
    channels = _check_square(data_shape, 64, "faces")
    first, second = (whole_of("each of widths", width, ">= 1") for width in widths)

    def down(a: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]

    def up(a: int, b: int) -> list[nn.Module]:
        return [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]

    features = nn.Sequential(*down(channels, 64), *down(64, 128), *down(128, 256), nn.Flatten())
    encoder = GaussianEncoder(features, nn.Linear(256 * 64, latent_dim), nn.Linear(256 * 64, latent_dim))
    decoder = nn.Sequential(
        nn.Linear(latent_dim, 256 * 64, bias=False),
        nn.Unflatten(1, (256, 8, 8)),
        nn.BatchNorm2d(256),
        nn.ReLU(),
        *up(256, first),
        *up(first, second),
        nn.ConvTranspose2d(second, channels, 4, 2, 1),
    )
    return encoder, decoder


_KINDS: dict[str, Callable[..., tuple]] = {
    "mlp": mlp,
    "mlp-50": partial(mlp, hidden=(50, 50, 50)),
    "mlp-2": partial(mlp, hidden=(10, 10)),
    "mathieu": mathieu,
    "mathieu-offset": partial(mathieu, offset=True),
    "authors": authors,
    "faces": faces,
    "faces-narrow": partial(faces, widths=(128, 64)),
}
NAMES = tuple(_KINDS)
SMALL = ("mlp", "mlp-50", "mlp-2")  # so small that overhead outweighs arithmetic
IMAGE_SIZE = {"mathieu": 32, "mathieu-offset": 32, "authors": 28, "faces": 64, "faces-narrow": 64}


def create(name: str, data_shape: tuple[int, ...], latent_dim: int) -> tuple[nn.Module, nn.Module]:
    """The pair (encoder, decoder network) called `name`, one of `NAMES`. Raises `ValueError` for another name."""
    latent_dim = whole_of("latent_dim", latent_dim, ">= 1")
    if name not in _KINDS:
        raise ValueError(f"unknown network {name!r}: choose one of {', '.join(NAMES)}")
    return _KINDS[name](data_shape, latent_dim)
