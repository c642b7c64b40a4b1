"""Table 2's two numbers: how many generated digits are ambiguous, and how many are ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from intelvae.dtypes import at_least_float32
from intelvae.extras import extra
from intelvae.finite import of_finite
from intelvae.numbers import check_number

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


@of_finite
def fit_digit_classifier(images: Tensor, labels: Tensor) -> LogisticRegression:
    """A logistic classifier of images (N, C, H, W) in [0, 1] with labels (N,), zeros and ones.

    The paper says "a logistic classifier"; penalty and inputs are our choice: pixels as they are, L2 with C = 1.
    Raises `ValueError` unless both labels, 0 and 1, occur. Book: "Multi-modality on zeros and ones".

    >>> import torch
    >>> fit_digit_classifier(torch.eye(2).reshape(2, 1, 1, 2), torch.tensor([0, 1])).n_features_in_
    2
    """
    if set(labels.unique().tolist()) != {0, 1}:
        raise ValueError(f"the classifier is for the labels 0 and 1, not {labels.unique().tolist()}")
    with extra("paper"):
        from sklearn.linear_model import LogisticRegression
    return LogisticRegression(C=1.0, max_iter=1000).fit(_pixels(images), labels.numpy())


@of_finite
def uncertainty_and_proportion(
    classifier: LogisticRegression, images: Tensor, threshold: float = 0.8
) -> dict[str, float]:
    """Shares of images (N, C, H, W) that are `uncertain` (confidence below `threshold`) and taken for `ones`.

    The confidence is the larger of the classifier's two probabilities, so 0.5 to 1. Images are clipped to [0, 1]
    first, as the training images are. Source: paper, caption of Table 2. Book: "Multi-modality on zeros and ones".

    >>> import torch
    >>> images = torch.eye(2).reshape(2, 1, 1, 2)
    >>> uncertainty_and_proportion(fit_digit_classifier(images, torch.tensor([0, 1])), images)
    {'uncertain': 1.0, 'ones': 0.5}
    """
    check_number("threshold", threshold, ">= 0 and <= 1")
    probability = classifier.predict_proba(_pixels(images))
    return {
        "uncertain": float((probability.max(1) < threshold).mean()),
        "ones": float((probability[:, 1] > 0.5).mean()),
    }


@of_finite
def predict(classifier: LogisticRegression, images: Tensor) -> np.ndarray:
    """The digit, 0 or 1, that the classifier takes each image (N, C, H, W) for, clipped to [0, 1] first: (N,)."""
    return classifier.predict(_pixels(images))


def _pixels(images: Tensor) -> np.ndarray:
    return at_least_float32(images.detach()).clamp(0, 1).flatten(1).numpy()
