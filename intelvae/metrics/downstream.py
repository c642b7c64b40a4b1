"""How well few labels do with a model's codes: Figures 7 and C.3, right, and more classifiers than theirs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intelvae.dtypes import at_least_float32
from intelvae.extras import extra
from intelvae.finite import of_finite
from intelvae.numbers import whole_of

SIZES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # the paper's; the authors' code leaves out 200
HELD_OUT = 2000  # codes that the authors' protocol tests on
NAMES = ("random forest", "logistic regression", "nearest neighbours")


@of_finite
@torch.no_grad()
def few_shot(
    codes: Float[Tensor, "n dim"],
    labels: Int64[Tensor, " n"],
    test: tuple[Float[Tensor, "m dim"], Int64[Tensor, " m"]] | None = None,
    *,
    generator: torch.Generator,
    sizes: Sequence[int] = SIZES,
    draws: int = 10,
    names: Sequence[str] = NAMES,
) -> dict[str, dict[int, list[float]]]:
    """Accuracies of classifiers that learn from n labelled codes, {classifier: {n: one a draw}}, from 0 to 1.

    A draw orders `codes` (N, D), representations of training images, at random and with the classes in turn
    (`in_turn`); its first n are learned from, so that a larger n holds the smaller ones. All of `test`, codes (M, D)
    and labels (M,) of test images, are judged. Without it this is the protocol in the authors' code: `codes` are those
    of the *test* images, the first n of a draw are learned from and its last 2,000 are judged, most of them left over
    when small classes have run out.

    The "random forest" is the paper's, with depth 4 at most, and the 50 trees of the authors' code; "logistic
    regression" has an L2 penalty with C = 1; "nearest neighbours" are five, weighted by inverse distance, so that with
    one example a class the nearest decides. All codes are divided by one number, the root mean square of `codes`, since
    a decoder can undo any scale and the penalty cannot; dimensions are not standardised each by itself, which would
    blow up those that a model does not use. Raises `ValueError` for an unknown classifier, shapes that do not go
    together, codes that are not finite, and n below the number of classes or above the number of codes there are.

    >>> codes = torch.arange(20.0)[:, None]
    >>> test = torch.tensor([[3.0], [16.0]]), torch.tensor([0, 1])
    >>> generator = torch.Generator().manual_seed(0)
    >>> few_shot(codes, (codes[:, 0] > 9.5).long(), test, generator=generator, sizes=[10], draws=2, names=NAMES[1:])
    {'logistic regression': {10: [1.0, 1.0]}, 'nearest neighbours': {10: [1.0, 1.0]}}
    """
    if unknown := set(names) - set(NAMES):
        raise ValueError(f"unknown classifier {min(unknown)!r}: choose one of {', '.join(NAMES)}")
    for given, of_them in ((codes, labels), *([test] if test else [])):
        if given.ndim != 2 or given.shape[1:] != codes.shape[1:] or of_them.shape != given.shape[:1]:
            raise ValueError(f"codes {tuple(given.shape)} and labels {tuple(of_them.shape)} do not go together")
    sizes = [whole_of("each of sizes", n, ">= 1") for n in sizes]
    draws = whole_of("draws", draws, ">= 1")
    classes, available = len(labels.unique()), len(codes) - (0 if test else HELD_OUT)
    if classes < 2 or not all(classes <= n <= available for n in sizes):
        raise ValueError(
            f"sizes {tuple(sizes)} must lie between the number of classes, {classes} (at least 2), and {available}"
        )
    codes = at_least_float32(codes)
    # first by a power of two, which changes no digit: the squares of large numbers are infinite, those of small ones 0
    power = 2.0 ** (int(codes.abs().max().frexp().exponent) - 1)
    codes = codes / power
    size = codes.square().mean().sqrt().clamp_min(torch.finfo(codes.dtype).tiny)
    codes, test = codes / size, (at_least_float32(test[0]) / power / size, test[1]) if test else None
    accuracies: dict[str, dict[int, list[float]]] = {name: {n: [] for n in sizes} for name in names}
    for _ in range(draws):
        order = in_turn(labels, generator)
        z, c = codes[order].numpy(), labels[order].numpy()
        judged = (test[0].numpy(), test[1].numpy()) if test else (z[-HELD_OUT:], c[-HELD_OUT:])
        for name in names:
            for n in sizes:
                accuracies[name][n].append(_accuracy(_classifier(name, n), z[:n], c[:n], *judged))
    return accuracies


def in_turn(labels: Int64[Tensor, " n"], generator: torch.Generator) -> Int64[Tensor, " n"]:
    """A random order of the examples, (N,) indices, in which the classes take turns until the smaller ones run out.

    >>> labels = torch.tensor([0, 0, 0, 1, 1])
    >>> labels[in_turn(labels, torch.Generator().manual_seed(0))]
    tensor([0, 1, 0, 1, 0])
    """
    shuffled = torch.randperm(len(labels), generator=generator)
    mine = labels[shuffled]
    turn = torch.empty_like(mine)  # how many of its class come before
    for c in mine.unique():
        members = mine == c
        turn[members] = torch.arange(int(members.sum()))
    return shuffled[torch.from_numpy(np.lexsort((mine.numpy(), turn.numpy())))]


def _classifier(name: str, n: int):
    """The classifier of that name, for n examples."""
    with extra("paper"):
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.neighbors import KNeighborsClassifier
    if name == "random forest":
        return RandomForestClassifier(50, max_depth=4, random_state=0)
    if name == "logistic regression":
        return LogisticRegression(C=1.0, max_iter=1000)
    return KNeighborsClassifier(min(5, n), weights="distance")


def _accuracy(classifier, z: np.ndarray, c: np.ndarray, test_z: np.ndarray, test_c: np.ndarray) -> float:
    return float((classifier.fit(z, c).predict(test_z) == test_c).mean())
