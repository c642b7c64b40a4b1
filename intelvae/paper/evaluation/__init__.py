"""What can be measured of a trained model, or shown of it, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from torch import Tensor

from intelvae.data import celeba, toys
from intelvae.data import images as grey
from intelvae.metrics import features
from intelvae.models import VAE
from intelvae.paper import datasets
from intelvae.paper.config import BLOCKS, Evaluation, Training
from intelvae.paper.evaluation import codes, digits, faces, images, points

__all__ = ["KINDS", "check", "measure", "ready"]

POINTS, DIGITS, FACES = toys.NAMES, ("mnist-01",), (celeba.NAME,)
GREY = tuple(name for name in grey.NAMES if name not in DIGITS)

# (model, data) or (model, data, features, device) -> metrics, which are numbers, and what is kept to be shown, tensors
Measure = Callable[..., Mapping[str, float | Tensor]]


def _by_data(*parts: tuple[tuple[str, ...], Measure]) -> dict[str, Measure]:
    return {name: measure for names, measure in parts for name in names}


KINDS: dict[str, dict[str, Measure]] = {  # by name and by data
    "points": _by_data((POINTS, points.points)),
    "scatter": _by_data((POINTS, points.scatter)),
    "encoded": _by_data((POINTS, points.encoded)),
    "decoder": _by_data((POINTS, points.decoder)),
    "smoothness": _by_data((POINTS, points.smoothness)),
    "looseness": _by_data((POINTS, points.looseness)),
    "zeros-and-ones": _by_data((DIGITS, digits.zeros_and_ones)),
    "likelihood": _by_data((DIGITS, digits.likelihood)),
    "traversal": _by_data((DIGITS, digits.traversal)),
    "latents": _by_data((DIGITS, digits.latents)),
    "elbo": _by_data((GREY, images.elbo), (FACES, images.elbo)),
    "samples": _by_data((GREY, images.samples), (FACES, faces.samples)),
    "gallery": _by_data((DIGITS, images.gallery), (GREY, images.gallery), (FACES, faces.gallery)),
    "codes": _by_data((GREY, codes.codes), (FACES, faces.codes)),
    "classes": _by_data((GREY, codes.classes)),
    "traversals": _by_data((GREY, codes.traversals)),
    "levels": _by_data((GREY, codes.levels), (FACES, faces.levels)),
    "level-traversals": _by_data((GREY, codes.level_traversals), (FACES, faces.level_traversals)),
    "attributes": _by_data((FACES, faces.attributes)),
}


def _takes_features(evaluation: Evaluation, training: Training) -> bool:
    """Whether that evaluation of such a model judges it on a network's features."""
    return "features" in inspect.signature(KINDS[evaluation.name][training.data]).parameters


def check(evaluation: Evaluation, training: Training) -> None:
    """Raises `ValueError`, one line, for an evaluation that is unknown or not for a model of that training."""
    known = [name for name, by_data in KINDS.items() if training.data in by_data]
    if evaluation.name not in known:
        raise ValueError(f"no evaluation {evaluation.name!r} for {training.data}: there are {', '.join(known)}")
    if _takes_features(evaluation, training) != bool(evaluation.features):
        raise ValueError(
            f"the evaluation {evaluation.name!r} needs the name of a network of features"
            if not evaluation.features
            else f"the evaluation {evaluation.name!r} takes no features, and {evaluation.features!r} is given"
        )
    if evaluation.features:
        features.of_data(evaluation.features, training.data)  # raises where there is no classifier
    if evaluation.name in ("levels", "level-traversals"):
        if (training.prior, training.posterior, training.model) != ("normal", "gaussian", "vae"):
            raise ValueError(f"the evaluation {evaluation.name!r} needs the prior N(0, I) and a Gaussian posterior")
        if training.mapping != "hierarchy" and training.data in FACES:
            raise ValueError(f"the evaluation {evaluation.name!r} of faces needs the mapping 'hierarchy'")
        if training.mapping != "hierarchy" and training.latent_dim % BLOCKS:
            raise ValueError(
                f"the evaluation {evaluation.name!r}: {training.latent_dim} latent dimensions without a hierarchy "
                f"cannot be cut into {BLOCKS} blocks of equal width"
            )


def ready(evaluation: Evaluation, training: Training, device: str) -> None:
    """Raises what `check` raises, and `data.DataError` for weights of features that are not there."""
    check(evaluation, training)
    if evaluation.features:
        features.ready(features.of_data(evaluation.features, training.data), device)


def measure(
    evaluation: Evaluation, model: VAE, training: Training, data: datasets.Data, device: str = "cpu"
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """The metrics of a model on the CPU, and what is kept to be shown; features are computed on `device`."""
    more = (features.of_data(evaluation.features, training.data), device) if evaluation.features else ()
    found = KINDS[evaluation.name][training.data](model, data, *more)
    kept = {name: value for name, value in found.items() if isinstance(value, Tensor)}
    return {name: float(value) for name, value in found.items() if name not in kept}, kept
