"""How well a model's codes tell which attributes a face has: Table B.1 and Figure B.3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Real
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from intelvae.extras import extra
from intelvae.finite import of_finite
from intelvae.numbers import check_flag, whole_of

SIZES = (50, 100, 500, 1000, 5000, 10_000)  # the paper's
DRAWS = 10
HIDDEN, PATIENCE, EPOCHS = 10, 20, 200  # of the authors' perceptron; the last is ours, a bound


class Scores(NamedTuple):
    """Shares of test codes that are told right, each (draws, K), from 0 to 1.

    `balanced` is the mean over faces with the attribute and faces without, so that who always says the same has 0.5;
    NaN where the test codes have only one of the two.
    """

    accuracy: Float[Tensor, "draws k"]
    balanced: Float[Tensor, "draws k"]


Labelled = tuple[Float[Tensor, "_ dim"], Real[Tensor, "_ k"] | Bool[Tensor, "_ k"]]  # as many of one as of the other


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Products of matrices take one thread inside: small problems lose by two threads, most beside other runs."""
    with extra("paper"):
        from threadpoolctl import threadpool_limits
    with threadpool_limits(limits=1, user_api="blas"):
        yield


@of_finite
@one_blas_thread()
def linear(
    train: Labelled,
    test: Labelled,
    *,
    generator: torch.Generator,
    sizes: Sequence[int] = SIZES,
    draws: int = DRAWS,
    standardise: bool = True,
) -> dict[int, Scores]:
    """Logistic regression of every attribute on n labelled codes: {n: the scores of each draw}.

    `train` and `test` are representations (N, D) and what their faces have (N, K), True and False or 1 and 0. A draw
    orders `train` at random; its first n are learned from, so that a larger n holds the smaller ones, and all of `test`
    is judged. All of `train` is the same draw every time, and is fitted once. The penalty is L2 with C = 1, on codes
    that are brought to mean 0 and deviation 1 by the n codes; without `standardise` they are taken as they are, and
    dimensions that a model hardly uses stay small. An attribute that all n have, or none, is predicted so. Raises
    `ValueError` for shapes that do not go together, codes that are not finite, attributes of other numbers, and n below
    2 or above the number of codes there are. Book: "Hierarchies of faces".

    >>> z = torch.arange(20.0)[:, None]
    >>> g = torch.Generator().manual_seed(0)
    >>> linear((z, z > 9.5), (z, z > 9.5), generator=g, sizes=[20], draws=1)[20].accuracy
    tensor([[1.]])
    """
    sizes, draws = _checked(train, test, sizes, draws)
    train, test = _read(train), _read(test)
    check_flag("standardise", standardise)
    found: dict[int, list[tuple[Tensor, Tensor]]] = {n: [] for n in sizes}
    for _ in range(draws):
        order = torch.randperm(len(train[0]), generator=generator)
        for n in sizes:
            if n == len(order) and found[n]:
                found[n].append(found[n][0])
                continue
            z, judged = train[0][order[:n]].double(), test[0].double()
            if standardise:
                mean, deviation = z.mean(0), z.std(0, correction=0)
                deviation = torch.where(deviation > 0, deviation, 1.0)
                z, judged = (z - mean) / deviation, (judged - mean) / deviation
            said = [_predict(z.numpy(), has.numpy(), judged.numpy()) for has in train[1][order[:n]].T]
            found[n].append(_scores(torch.from_numpy(np.stack(said, 1)), test[1]))
    return {n: Scores(*map(torch.stack, zip(*of, strict=True))) for n, of in found.items()}


@of_finite
def authors(
    samples: Labelled, *, generator: torch.Generator, sizes: Sequence[int], held_out: int, draws: int = DRAWS
) -> dict[int, Scores]:
    """The protocol in the authors' code: a perceptron on posterior samples of the *test* images.

    For each attribute one with ten hidden ReLU units, trained with Adam (1e-3, batches of 100, both our reading) on the
    first n of a random order of `samples`, codes (N, D) and what their faces have (N, K), until 20 epochs have brought
    nothing better on its last `held_out`. What is reported is the best epoch's accuracy on those same codes, and the
    balanced accuracy of that epoch: an optimistic choice. All orders are drawn before any training, so that equal
    generators give all models the same faces. Raises what `linear` raises.

    >>> z = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    >>> g = torch.Generator().manual_seed(0)
    >>> authors((z, z > 0), generator=g, sizes=[100], held_out=100, draws=1)[100].accuracy.shape
    torch.Size([1, 2])
    """
    held_out = whole_of("held_out", held_out, ">= 1")
    sizes, draws = _checked((samples[0][held_out:], samples[1][held_out:]), samples, sizes, draws)
    samples = _read(samples)
    found: dict[int, list[tuple[Tensor, Tensor]]] = {n: [] for n in sizes}
    for order in [torch.randperm(len(samples[0]), generator=generator) for _ in range(draws)]:
        z, has = samples[0][order].to(torch.get_default_dtype()), samples[1][order]
        for n in sizes:
            found[n].append(_perceptrons((z[:n], has[:n]), (z[-held_out:], has[-held_out:]), generator))
    return {n: Scores(*map(torch.stack, zip(*of, strict=True))) for n, of in found.items()}


def majority(
    train: Real[Tensor, "n k"] | Bool[Tensor, "n k"], test: Real[Tensor, "m k"] | Bool[Tensor, "m k"]
) -> Float[Tensor, " k"]:
    """The accuracy on `test` of who always says what most of `train` have: the trivial baseline, (K,).

    Both are True and False or 1 and 0; raises `ValueError` for others.

    >>> majority(torch.tensor([[True], [True], [False]]), torch.tensor([[True], [False]]))
    tensor([0.5000])
    """
    return (_flags(test) == (_flags(train).float().mean(0) > 0.5)).float().mean(0)


def _checked(train: Labelled, test: Labelled, sizes: Sequence[int], draws: int) -> tuple[list[int], int]:
    widths = train[0].shape[1:], train[1].shape[1:]
    for codes, has in (train, test):
        if codes.ndim != 2 or has.ndim != 2 or len(codes) != len(has) or (codes.shape[1:], has.shape[1:]) != widths:
            raise ValueError(f"codes {tuple(codes.shape)} and attributes {tuple(has.shape)} do not go together")
    sizes, draws = [whole_of("each of sizes", n, ">= 2") for n in sizes], whole_of("draws", draws, ">= 1")
    if max(sizes, default=0) > len(train[0]):
        raise ValueError(f"sizes {tuple(sizes)} must lie between 2 and {len(train[0])}, the number of codes")
    return sizes, draws


def _read(labelled: Labelled) -> Labelled:
    """Codes as numbers alone, without the model that they come from, and attributes as flags."""
    return labelled[0].detach(), _flags(labelled[1])


def _flags(has: Tensor) -> Tensor:
    wrong = has[(has != 0) & (has != 1)]
    if len(wrong):
        raise ValueError(f"attributes are True and False or 1 and 0, not {wrong[0].item()}")
    return has.bool()


def _predict(z: NDArray, has: NDArray, judged: NDArray) -> NDArray[np.bool_]:
    if has.all() or not has.any():
        return np.full(len(judged), has[0])
    with extra("paper"):
        from sklearn.linear_model import LogisticRegression
    return LogisticRegression(C=1.0, solver="newton-cholesky").fit(z, has).predict(judged)


def _scores(said: Bool[Tensor, "m k"], has: Bool[Tensor, "m k"]) -> tuple[Tensor, Tensor]:
    right = (said == has).float()
    with_it, without = has.float(), (~has).float()
    balanced = 0.5 * ((right * with_it).sum(0) / with_it.sum(0) + (right * without).sum(0) / without.sum(0))
    return right.mean(0), balanced


def _perceptrons(train: Labelled, test: Labelled, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The best accuracy (K,) and its balanced accuracy (K,) of K perceptrons that are trained side by side."""
    (z, has), (judged, truth) = train, test
    (n, dim), k = z.shape, has.shape[1]

    def uniform(fan_in: int, *shape: int) -> nn.Parameter:  # torch's own start of a linear layer
        return nn.Parameter((2 * torch.rand(shape, generator=generator) - 1) / fan_in**0.5)

    first, offset = uniform(dim, k, dim, HIDDEN), uniform(dim, k, 1, HIDDEN)
    second, last = uniform(HIDDEN, k, HIDDEN, 1), uniform(HIDDEN, k, 1, 1)

    def logits(x: Tensor) -> Tensor:  # (n, D) -> (n, K)
        return ((x @ first + offset).relu() @ second + last).squeeze(-1).T

    optimiser = torch.optim.Adam([first, offset, second, last], lr=1e-3)
    best, balanced, waited = torch.full((k,), -1.0), torch.zeros(k), torch.zeros(k)  # any first epoch is better
    for _ in range(EPOCHS):
        for batch in torch.randperm(n, generator=generator).split(100):
            # a sum over attributes: each perceptron gets the gradient of its own mean loss
            loss = binary_cross_entropy_with_logits(logits(z[batch]), has[batch].to(z.dtype), reduction="none")
            optimiser.zero_grad(set_to_none=True)
            loss.mean(0).sum().backward()
            optimiser.step()
        with torch.no_grad():
            accuracy, fair = _scores(logits(judged) > 0, truth)
        better = (accuracy > best) & (waited < PATIENCE)
        best, balanced = torch.where(better, accuracy, best), torch.where(better, fair, balanced)
        waited = torch.where(better, 0.0, waited + 1)
        if (waited >= PATIENCE).all():
            break
    return best, balanced
