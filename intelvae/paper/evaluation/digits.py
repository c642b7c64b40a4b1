"""What a model of the digits 0 and 1 is measured by: Tables 2 and 3, whose judge is a logistic classifier."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from intelvae import bounds, training
from intelvae.data import images
from intelvae.dtypes import as_float
from intelvae.metrics import clusters, neighbours
from intelvae.models import VAE
from intelvae.paper.datasets import Grey
from intelvae.paper.evaluation.images import as_bytes, means

GENERATED, AT_SMOKE = 10_000, 500
JUDGED, FEW = (500, 200), (50, 50)  # images whose log p(x) is estimated, and samples for each; few at `smoke`
ALONG = torch.linspace(-3, 3, 13)  # where the traversal decodes y_1
POINTS = 400  # codes of each digit that a figure shows


@torch.no_grad()
def zeros_and_ones(model: VAE, data: Grey) -> dict[str, float]:
    """Table 2's two shares over the generated images, strays, the test ELBO, and where each digit is encoded.

    With a mapping that learns its proportions also Table 3's: what it gives to the clusters that decode to zeros, and
    the mass of its smallest cluster.
    """
    classifier = _classifier(data.yardstick)
    real_train, real_test = (as_float(x) for x in (data.yardstick.train, data.yardstick.test))
    generated = means(model, AT_SMOKE if data.smoke else GENERATED)[0].clamp(0, 1)
    labels, q = data.data.test_labels, model.encode(as_float(data.test))
    terms = training.evaluate(model, data.test)
    judged = clusters.uncertainty_and_proportion(classifier, generated)
    real = clusters.uncertainty_and_proportion(classifier, real_test)
    side = _halves(model, q.mean)
    metrics = {
        "test_elbo": terms.elbo.mean().item(),
        "test_kl": terms.kl.mean().item(),
        "uncertain": judged["uncertain"],
        "ones": judged["ones"],
        "real_uncertain": real["uncertain"],
        "real_ones": real["ones"],
        "stray": neighbours.stray(generated, real_train, real_test),
        "separation": _separation([[int(((side == s) & (labels == c)).sum()) for s in (0, 1)] for c in (0, 1)]),
        "sigma": q.stddev[:, 0].median().item(),
    }
    return metrics | (_learned(model, classifier) if learns_proportions(model) else {})


def likelihood(model: VAE, data: Grey) -> dict[str, float]:
    """The mean log p(x) of the first test images, in nats an image, from many samples of q(y|x): itself a bound."""
    images, samples = FEW if data.smoke else JUDGED
    test = as_float(data.test[:images])
    return {"log_likelihood": bounds.log_likelihood(model, test, samples, chunk=10).mean().item()}


@torch.no_grad()
def traversal(model: VAE, data: Grey) -> dict[str, Tensor]:
    """What is decoded at y_1 from -3 to 3, all else 0, (13, 1, H, W)."""
    codes = model.encode(as_float(data.test[:1])).mean  # a GM-VAE's are wider than its prior
    y = codes.new_zeros(len(ALONG), codes.shape[1])
    y[:, 0] = ALONG
    return {"traversal": as_bytes(model.decode(y).mean)}


@torch.no_grad()
def latents(model: VAE, data: Grey) -> dict[str, Tensor]:
    """The first latent z_1 of g(mu) for the first test images of each digit, "zeros" and "ones", (400,) each."""
    z = model.mapping(model.encode(as_float(data.test)).mean)[:, 0]
    return {name: z[data.data.test_labels == c][:POINTS].float() for c, name in enumerate(("zeros", "ones"))}


def _halves(model: VAE, y: Tensor) -> Tensor:
    """For y (N, D) the cluster, 0 or 1, of a mapping that has two, else the side of y_1 = 0; (N,), long."""
    mapping: Any = model.mapping
    two = hasattr(mapping, "proportions") and len(mapping.proportions()) == 2
    return mapping.labels(y) if two else (y[:, 0] > 0).long()


def learns_proportions(model: VAE) -> bool:
    """Whether the mapping has clusters whose prior masses are learned."""
    return hasattr(model.mapping, "proportions") and any(p.requires_grad for p in model.mapping.parameters())


def _learned(model: VAE, classifier: Any) -> dict[str, float]:
    """The prior mass of the clusters most of whose samples are zeros to the classifier, and of the smallest cluster.

    The first is our reading of Table 3: the paper does not say how it tells which cluster is which digit.
    """
    mapping: Any = model.mapping
    y = model.prior().sample((2000,))
    zero = torch.from_numpy(clusters.predict(classifier, model.decode(y).mean) == 0)
    label, masses = mapping.labels(y), mapping.proportions()
    of_zeros = [k for k in range(len(masses)) if zero[label == k].float().mean() > 0.5]
    return {"learned_zeros": masses[of_zeros].sum().item(), "smallest_mass": masses.min().item()}


def _separation(split: list[list[int]]) -> float:
    """Share of test digits in their own digit's half of the latents, for the better of the two namings: 0.5 to 1.

    The halves are those of `_halves`.
    """
    total = sum(map(sum, split))
    return max(split[0][0] + split[1][1], split[0][1] + split[1][0]) / total


_classifiers: dict[tuple[Any, ...], Any] = {}


def _classifier(data: images.ImageData) -> Any:
    """The logistic classifier of these training images, fitted once a process."""
    key = (data.name, data.source, tuple(data.train.shape), int(data.train.sum()), torch.get_default_dtype())
    if key not in _classifiers:
        _classifiers[key] = clusters.fit_digit_classifier(as_float(data.train), data.train_labels)
    return _classifiers[key]
