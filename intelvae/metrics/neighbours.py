"""How far generated images are from real ones, pixel by pixel: what a classifier that knows two digits cannot see."""

import torch
from torch import Tensor

from intelvae.dtypes import at_least_float32
from intelvae.finite import of_finite
from intelvae.metrics.distances import Distances
from intelvae.numbers import check_number, whole_of


@of_finite
def nearest(images: Tensor, reference: Tensor, chunk: int = 500) -> Tensor:
    """Euclidean distance (N,) from each of the images (N, *shape) to the nearest of the reference (M, *shape).

    In the images' precision, and float32 for bytes and half precision, which do not hold it. Raises `ValueError` where
    there are no images, and for images of different sizes.

    >>> nearest(torch.tensor([[0.0, 3.0]]), torch.tensor([[0.0, 0.0], [4.0, 0.0]]))
    tensor([3.])
    """
    chunk = whole_of("chunk", chunk, ">= 1")
    images, to = at_least_float32(images), Distances(at_least_float32(reference).flatten(1))
    return torch.cat([to(part).amin(1) for part in images.flatten(1).split(chunk)]).to(images.dtype)


@of_finite
def stray(generated: Tensor, train: Tensor, test: Tensor, quantile: float = 0.99) -> float:
    """Share of generated images farther from every training image than that quantile of the test images is.

    All are (·, *shape), in the same units. Real images score about `1 - quantile`. A decoder's means are smooth, so
    they lie nearer to some training image than a test image does, unless they look like none of them. Raises
    what `nearest` raises. Ours, not the paper's. Book: "Multi-modality on zeros and ones".

    >>> train = torch.eye(4)
    >>> stray(torch.tensor([[1.0, 0, 0, 0], [9.0, 9, 9, 9]]), train, train + 0.1)
    0.5
    """
    check_number("quantile", quantile, ">= 0 and <= 1")
    limit = nearest(test, train).quantile(quantile)
    return (nearest(generated, train) > limit).float().mean().item()
