"""What else a run on images can measure of its model, by name: parts of an evaluation that a config asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from intelvae import regularizers, training
from intelvae.data.images import ImageData
from intelvae.mappings import Hierarchy
from intelvae.metrics import codes, downstream, levels
from intelvae.models import VAE
from intelvae.paper.records import BLOCKS

Measured = tuple[dict[str, float], dict[str, Tensor]]  # metrics, and what figures show; bytes are images

LABELS_SEED = 20220402  # of the labels that classifiers learn from: the same ones for every model
FIGURE_8 = (1, 4, 7)  # trouser, coat and sneaker
NAMED = 5000  # training images that teach the names of classes to the classifier of `metrics.levels`
LEVELS_SEED = 20220401  # of the draws of a level: the same ones for every model


def of_codes(model: VAE, data: ImageData, draws: int) -> Measured:
    """`codes.sparsity` of the test images, the mean |z| of every class, and accuracies of `downstream.few_shot`.

    "class_overlap" is the `codes.overlap` of the classes; a spike-and-slab posterior has what `codes.behind` tells too.

    Classifiers learn from codes g(mu) of n training images, for which "random_forest_n" is the mean over `draws`, and
    are tested on those of all test images. "authors_random_forest_n" is by the protocol of the authors' code, test
    images only, where there are enough of them. Then what `of_penalty` gives. Kept is "by_class" (10, D).
    """
    found = codes.encode(model, data.test)
    means, by_class = found["mean"], codes.mean_size(found["mean"], data.test_labels)
    learned_from = codes.encode(model, data.train)["mean"]
    metrics = codes.sparsity(means, found["sample"], data.test_labels) | codes.behind(found)
    metrics["class_overlap"] = codes.overlap(by_class)
    metrics |= _accuracies(learned_from, data.train_labels, draws, test=(means, data.test_labels))
    authors = _accuracies(means, data.test_labels, draws, names=["random forest"])
    metrics |= {f"authors_{name}": value for name, value in authors.items()} | of_penalty(model, data.test)
    return metrics, {"by_class": by_class}


@torch.no_grad()
def of_penalty(model: VAE, x: Tensor, batch_size: int = 100) -> dict[str, float]:
    """What L_sp is in batches of training's size, and what lies behind it: means over batches of images x, bytes.

    "l_sp_codes" is that of |g(y)|, y one sample of q(y|x). With a mapping that has gates also "l_sp_gates", its second
    term as a number of dimensions, "gates_per_batch" (exp H of the batch's mean), and the share of gates above 1/2,
    "open_gates". The first term as a number is `gates_per_batch * exp(l_sp_gates)`.
    """
    found: dict[str, list[Tensor]] = {}
    for batch in x.split(batch_size):
        y = model.encode(training.as_float(batch)).sample()
        of_batch = {"l_sp_codes": regularizers.sparsity(model.mapping(y).abs())}
        if hasattr(model.mapping, "gates"):
            gates = model.mapping.gates(y)  # type: ignore[operator]  # a mapping's own method
            of_batch |= {
                "l_sp_gates": regularizers.sparsity(gates),
                "gates_per_batch": regularizers.entropy(regularizers.shares(gates).mean(0)).exp(),
                "open_gates": (gates > 0.5).float().mean(),
            }
        for name, value in of_batch.items():
            found.setdefault(name, []).append(value)
    return {name: torch.stack(values).mean().item() for name, values in found.items()}


def _accuracies(z: Tensor, labels: Tensor, draws: int, **options: Any) -> dict[str, float]:
    available = len(z) - (0 if "test" in options else downstream.HELD_OUT)
    sizes = [n for n in downstream.SIZES if n <= available]
    if not sizes:
        return {}
    generator = torch.Generator().manual_seed(LABELS_SEED)
    found = downstream.few_shot(z, labels, generator=generator, sizes=sizes, draws=draws, **options)
    return {
        f"{name.replace(' ', '_')}_{n}": sum(each) / draws for name, by_n in found.items() for n, each in by_n.items()
    }


def of_traversals(model: VAE, data: ImageData, draws: int) -> Measured:
    """`codes.traversals` of test images of Figure 8's classes, in 16 grey levels: nothing is measured, all is kept."""
    found = codes.traversals(model, data.test, data.test_labels, FIGURE_8)
    return {}, {
        "traversals": (found.images * 15).round().byte() * 17,
        "traversal_dimensions": found.dimensions,
        "traversal_values": found.values,
        "traversal_start": found.start,
    }


def of_levels(model: VAE, data: ImageData, draws: int) -> Measured:
    """Figure B.2: the numbers of `levels.judge`, and traversals that start from three test images, in 16 grey levels.

    The levels are those of a hierarchical mapping. Without one they are five blocks of equal width, between which
    nothing tells: a control, for a latent dimension that divides by five. A config asks for these of no other model.
    """
    (dim,) = model.prior().event_shape
    blocks = (dim // BLOCKS,) * BLOCKS
    widths = model.mapping.widths if isinstance(model.mapping, Hierarchy) else blocks
    train, test = (
        (training.as_float(images), labels)
        for images, labels in ((data.train[:NAMED], data.train_labels[:NAMED]), (data.test, data.test_labels))
    )
    key = (data.name, data.source, torch.get_default_dtype())
    if key not in _classifiers:
        _classifiers[key] = levels.fit_classifier(*train)
    generator = torch.Generator().manual_seed(LEVELS_SEED)
    drawn = 100 * draws
    metrics = levels.judge(model, widths, _classifiers[key], train, test, generator, drawn)
    with torch.no_grad():
        y = model.encode(test[0][:3]).mean
    pictures, dimensions = levels.traverse(model, y, widths)
    by_level = (pictures * 15).round().byte().unflatten(0, (len(widths), len(y), -1)) * 17  # and image and value
    return metrics, {"traversals": by_level, "dimensions": torch.tensor(dimensions)}


_classifiers: dict[tuple[str, str, torch.dtype], LogisticRegression] = {}

BY_NAME: dict[str, Callable[[VAE, ImageData, int], Measured]] = {
    "codes": of_codes,
    "traversals": of_traversals,
    "levels": of_levels,
}
