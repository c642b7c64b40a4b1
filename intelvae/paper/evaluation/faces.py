"""What a model of faces is measured by: Tables 4 and B.1, Figure B.3. No photograph is kept, and no reconstruction."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from intelvae import priors, training
from intelvae.mappings import Hierarchy
from intelvae.metrics import attributes as of_attributes
from intelvae.metrics import codes as of_codes
from intelvae.metrics import feature_cache, frechet
from intelvae.metrics import levels as of_levels
from intelvae.metrics import samples as judges
from intelvae.models import VAE
from intelvae.paper import authors
from intelvae.paper.datasets import Faces
from intelvae.paper.evaluation.images import as_bytes, means

SHOWN = 12
BASES = 2  # of a level's traversals
POOL = 20_000  # training faces that the draws of labelled ones come from: twice the largest draw
AUTHORS_DRAWS = 3
PROTOCOLS = ("linear", "linear, codes as they are", "authors")
MAJORITY = "majority/"  # before the name of an attribute
AT_ONCE = 500  # faces that are generated together: what the decoder of Table C.2 has at 32x32 is 0.3 GB then


def samples(model: VAE, data: Faces, features: str, device: str) -> dict[str, float]:
    """How good samples are (`metrics.samples.judge`), at 2,000 and 10,000 faces or as many hundreds as there are.

    "real_frechet_n", for the largest n, is the distance of n training faces from as many of the real ones, what a
    perfect model would get. What the authors' code does in another way is beside it: "wrap_frechet_n" for the smallest
    n is of means that it cuts to bytes without a clip, and "dense_frechet_n" of a model with a prior of its own is of
    images from N(0, I) instead of that prior.
    """
    sizes, real = data.sizes, data.real
    drawn = _generate(model, sizes[-1])
    metrics = judges.judge(drawn, real, features, sizes=sizes, device=device)
    parts = (feature_cache.real(features, images[: sizes[-1]], device) for images in (data.train, real))
    metrics[f"real_frechet_{sizes[-1]}"] = frechet.distance(*map(frechet.fit, parts))
    small = sizes[:1]
    wrapped = judges.judge(authors.wrapped(drawn[: sizes[0]]), real, features, sizes=small, device=device)
    metrics[f"wrap_frechet_{sizes[0]}"] = wrapped[f"frechet_{sizes[0]}"]
    if not isinstance(model.prior, priors.StandardNormal):
        dense = judges.judge(_decode_normal(model, sizes[0]), real, features, sizes=small, device=device)
        metrics[f"dense_frechet_{sizes[0]}"] = dense[f"frechet_{sizes[0]}"]
    return metrics


def gallery(model: VAE, data: Faces) -> dict[str, Tensor]:
    """Generated faces, bytes (12, 3, H, W); of a model with a prior of its own also "dense_images", from N(0, I)."""
    kept = {"images": as_bytes(_generate(model, SHOWN))}
    if not isinstance(model.prior, priors.StandardNormal):
        kept["dense_images"] = as_bytes(_decode_normal(model, SHOWN))
    return kept


def _generate(model: VAE, n: int) -> Tensor:
    """The decoder's means for n draws of the model's prior, (n, 3, H, W)."""
    return torch.cat([means(model, min(AT_ONCE, n - start))[0] for start in range(0, n, AT_ONCE)])


@torch.no_grad()
def _decode_normal(model: VAE, n: int) -> Tensor:
    """The decoder's means for n draws of N(0, I) instead of the model's prior, (n, 3, H, W)."""
    y = torch.randn(n, *model.prior().event_shape)
    return torch.cat([model.decode(part).mean for part in y.split(AT_ONCE)])


def codes(model: VAE, data: Faces) -> dict[str, float]:
    """How sparse codes are: `metrics.codes.sparsity` over the test faces, with all of them as one class.

    "hoyer_mean" is the score of g(mu), the paper's "extracted features", "hoyer_sample" of one posterior sample through
    g, as in the authors' code. A flow or a spike-and-slab posterior has what `metrics.codes.behind` tells of it.
    """
    test = of_codes.encode(model, data.test)
    alike = torch.zeros(len(data.test), dtype=torch.long)
    return of_codes.sparsity(test["mean"], test["sample"], alike) | of_codes.behind(test)


def levels(model: VAE, data: Faces) -> dict[str, float]:
    """What each level of a hierarchical mapping holds, in nats (`metrics.levels.held`)."""
    return of_levels.held(model, _widths(model), data.test)


def level_traversals(model: VAE, data: Faces) -> dict[str, Tensor]:
    """Along a dimension of each level, from two draws of the prior: (levels, draws, values, 3, H, W)."""
    with training.seeded(0):  # the same draws for every model of one prior
        y = model.prior().sample((BASES,))
    pictures, dimensions = of_levels.traverse(model, y, _widths(model))
    by_level = as_bytes(pictures).unflatten(0, (len(_widths(model)), BASES, -1))
    return {"traversals": by_level, "dimensions": torch.as_tensor(dimensions)}


def _widths(model: VAE) -> tuple[int, ...]:
    if not isinstance(model.mapping, Hierarchy):
        raise ValueError(f"levels are those of a hierarchical mapping, and this one is {type(model.mapping).__name__}")
    return tuple(model.mapping.widths)


def attributes(model: VAE, data: Faces) -> dict[str, float | Tensor]:
    """How well codes tell the attributes of a face from n labelled ones.

    "accuracy_n" and "balanced_n" are means over attributes and draws (`attributes.linear`), "majority" the accuracy of
    a classifier that ignores the codes, and "majority/Bald" that for one of the attributes. Kept are, for each of
    `PROTOCOLS` and each n, such as "linear/50/accuracy": "accuracy" and "balanced", means over attributes, one a draw,
    and "by_attribute" and "balanced_by_attribute", means over draws in the order of the majorities, the latter NaN for
    an attribute that all test faces have, or none. A protocol's draws are the same for every model.
    """
    labelled_codes = of_codes.encode(model, data.train[:POOL])["mean"]
    test = of_codes.encode(model, data.test)
    of_train, of_test = data.data.train_attributes[:POOL], data.data.test_attributes
    sizes = list(dict.fromkeys(min(n, len(labelled_codes)) for n in of_attributes.SIZES))
    held_out = min(2000, len(of_test) // 2)
    few = [n for n in of_attributes.SIZES if n + held_out <= len(of_test)]
    linear, plain = (
        of_attributes.linear(
            (labelled_codes, of_train), (test["mean"], of_test),
            generator=_fixed(), sizes=sizes, draws=data.draws, standardise=standardise,
        )
        for standardise in (True, False)
    )  # fmt: skip
    authors = of_attributes.authors(
        (test["sample"], of_test),
        generator=_fixed(), sizes=few, held_out=held_out, draws=min(AUTHORS_DRAWS, data.draws),
    )  # fmt: skip
    majority = of_attributes.majority(data.data.train_attributes, of_test)
    kept: dict[str, Tensor] = {}
    for protocol, found in zip(PROTOCOLS, (linear, plain, authors), strict=True):
        for n, scores in found.items():
            kept |= {f"{protocol}/{n}/{name}": values.float() for name, values in _means(scores).items()}
    metrics = {
        f"{name}_{n}": kept[f"linear/{n}/{name}"].mean().item() for n in linear for name in ("accuracy", "balanced")
    }
    metrics |= {f"{MAJORITY}{name}": share for name, share in zip(data.data.attributes, majority.tolist(), strict=True)}
    return {**metrics, "majority": majority.mean().item(), **kept}


def _means(scores: Any) -> dict[str, Tensor]:
    return {
        "accuracy": scores.accuracy.mean(1),
        "balanced": scores.balanced.nanmean(1),
        "by_attribute": scores.accuracy.mean(0),
        "balanced_by_attribute": scores.balanced.nanmean(0),
    }


def _fixed() -> torch.Generator:
    return torch.Generator().manual_seed(0)
