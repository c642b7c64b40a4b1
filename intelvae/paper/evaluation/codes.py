"""What the codes of a model of grey images are measured by: Figures 7, 8, C.3 and B.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from intelvae import regularizers
from intelvae.dtypes import as_float
from intelvae.mappings import Hierarchy
from intelvae.metrics import codes as of_codes
from intelvae.metrics import downstream
from intelvae.metrics import levels as of_levels
from intelvae.models import VAE
from intelvae.paper.config import BLOCKS
from intelvae.paper.datasets import Grey

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression  # which takes as long to import as torch

LABELS_SEED = 20220402  # of the labels that classifiers learn from: the same ones for every model
DRAWS, AT_SMOKE = 10, 1  # of these labels
FIGURE_8 = (1, 4, 7)  # trouser, coat and sneaker
NAMED = 5000  # training images that teach the names of classes to the classifier of `metrics.levels`
LEVELS_SEED = 20220401  # of the draws of a level: the same ones for every model


def draws(data: Grey) -> int:
    """How many draws of labels classifiers learn from."""
    return AT_SMOKE if data.smoke else DRAWS


def codes(model: VAE, data: Grey) -> dict[str, float]:
    """`codes.sparsity` of the test images, and accuracies of `downstream.few_shot`.

    "class_overlap" is the `codes.overlap` of the classes; a spike-and-slab posterior has what `codes.behind` tells too.

    Classifiers learn from codes g(mu) of n training images, for which "random_forest_n" is the mean over draws, and are
    tested on those of all test images. "authors_random_forest_n" is by the protocol of the authors' code, test images
    only, where there are enough of them. Then what `of_penalty` gives.
    """
    found = of_codes.encode(model, data.test)
    means, labels = found["mean"], data.data.test_labels
    learned_from = of_codes.encode(model, data.train)["mean"]
    metrics = of_codes.sparsity(means, found["sample"], labels) | of_codes.behind(found)
    metrics["class_overlap"] = of_codes.overlap(of_codes.mean_size(means, labels))
    metrics |= _accuracies(learned_from, data.data.train_labels, draws(data), test=(means, labels))
    authors = _accuracies(means, labels, draws(data), names=["random forest"])
    return metrics | {f"authors_{name}": value for name, value in authors.items()} | of_penalty(model, data.test)


def classes(model: VAE, data: Grey) -> dict[str, Tensor]:
    """The mean |z| of the test images of each class, "by_class" (10, D)."""
    by_class = of_codes.mean_size(of_codes.encode(model, data.test)["mean"], data.data.test_labels)
    return {"by_class": by_class.float()}


@torch.no_grad()
def of_penalty(model: VAE, x: Tensor, batch_size: int = 100) -> dict[str, float]:
    """What L_sp is in batches of training's size, and what lies behind it: means over batches of images x, bytes.

    "l_sp_codes" is that of |g(y)|, y one sample of q(y|x). With a mapping that has gates also "l_sp_gates", its second
    term as a number of dimensions, "gates_per_batch" (exp H of the batch's mean), and the share of gates above 1/2,
    "open_gates". The first term as a number is `gates_per_batch * exp(l_sp_gates)`.
    """
    found: dict[str, list[Tensor]] = {}
    for batch in x.split(batch_size):
        y = model.encode(as_float(batch)).sample()
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


def traversals(model: VAE, data: Grey) -> dict[str, Tensor]:
    """`codes.traversals` of test images of Figure 8's classes, in 16 grey levels."""
    found = of_codes.traversals(model, data.test, data.data.test_labels, FIGURE_8)
    return {
        "traversals": (found.images * 15).round().byte() * 17,
        "dimensions": torch.as_tensor(found.dimensions),
        "values": torch.as_tensor(found.values),
        "start": torch.as_tensor(found.start),
    }


def levels(model: VAE, data: Grey) -> dict[str, float]:
    """Figure B.2: the numbers of `levels.judge`.

    The levels are those of a hierarchical mapping. Without one they are five blocks of equal width, between which
    nothing tells: a control, for a latent dimension that divides by five.
    """
    train, test = (
        (as_float(images), labels)
        for images, labels in (
            (data.train[:NAMED], data.data.train_labels[:NAMED]),
            (data.test, data.data.test_labels),
        )
    )
    key = (data.data.name, data.data.source, torch.get_default_dtype())
    if key not in _classifiers:
        _classifiers[key] = of_levels.fit_classifier(*train)
    generator = torch.Generator().manual_seed(LEVELS_SEED)
    return of_levels.judge(model, widths(model), _classifiers[key], train, test, generator, 100 * draws(data))


@torch.no_grad()
def level_traversals(model: VAE, data: Grey) -> dict[str, Tensor]:
    """Along a dimension of each level, from three test images, in 16 grey levels: (levels, images, values, 1, H, W)."""
    y = model.encode(as_float(data.test[:3])).mean
    pictures, dimensions = of_levels.traverse(model, y, widths(model))
    by_level = (pictures * 15).round().byte().unflatten(0, (len(widths(model)), len(y), -1)) * 17
    return {"traversals": by_level, "dimensions": torch.as_tensor(dimensions)}


def widths(model: VAE) -> tuple[int, ...]:
    """How many dimensions each level has, or each block of a code without levels."""
    if isinstance(model.mapping, Hierarchy):
        return tuple(model.mapping.widths)
    (dim,) = model.prior().event_shape
    return (dim // BLOCKS,) * BLOCKS


_classifiers: dict[tuple[str, str, torch.dtype], LogisticRegression] = {}
