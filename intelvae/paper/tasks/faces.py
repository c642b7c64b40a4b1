"""What a model of faces is measured by: Table 4, Table B.1 and Figure B.3."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from intelvae import priors, training
from intelvae.data import DataError, celeba
from intelvae.mappings import Hierarchy
from intelvae.metrics import attributes, codes, feature_cache, frechet, levels, samples
from intelvae.models import VAE
from intelvae.paper import authors, sheets

FEWEST = 100  # test faces: samples are compared by the hundred; the code's protocol learns from 50, holds back 50
SHOWN = 24  # generated images in a record
BASES = 2  # of a level's traversals
POOL = 20_000  # training faces that the draws of labelled ones come from: twice the largest draw
PROTOCOLS = ("linear", "linear, codes as they are", "authors")


@dataclass(frozen=True)
class FacesTask:
    """Faces of CelebA, or drawn ones, whose samples are judged on the features of a network.

    Records hold generated images only: no photograph, and no reconstruction of one. `draws`: of labelled faces;
    `device`: where features are computed. Raises `data.DataError` for fewer than 100 test faces, with which the
    protocols of `evaluate` are not possible.
    """

    data: celeba.FaceData
    features: str
    draws: int = attributes.DRAWS
    device: str = "cpu"

    def __post_init__(self) -> None:
        if len(self.data.test) < FEWEST:
            raise DataError(
                f"models of faces need at least {FEWEST} faces for tests (list_eval_partition.txt), and the data here "
                f"({self.data.source}) have {len(self.data.test)}"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, (3, size, size)."""
        return tuple(self.data.train.shape[1:])

    @property
    def train(self) -> Tensor:
        """Training images (N, 3, size, size), bytes, mapped from a file."""
        return self.data.train

    @property
    def valid(self) -> Tensor:
        """Validation images (M, 3, size, size), bytes."""
        return self.data.valid

    @cached_property
    def real(self) -> Tensor:
        """The faces that samples are judged by, (N, 3, size, size): those for tests.

        Where they are fewer than the paper's 2,000, also those for validation: no run on faces stops early by them.
        """
        test = self.data.test
        return test if len(test) >= samples.PAPER_N else torch.cat([test, self.data.valid])

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of images that are compared: 2,000 and 10,000, or as many hundreds as there are."""
        n = len(self.real)
        return tuple(size for size in (samples.PAPER_N, samples.FULL_N) if size <= n) or (n - n % 100,)

    def evaluate(self, model: VAE) -> tuple[dict[str, float], dict[str, Any]]:
        """How good samples are (`metrics.samples.judge`), how sparse codes are, how well they tell attributes.

        "real_frechet_n", for the largest n, is the distance of n training faces from as many of the `real` ones, what a
        perfect model would get; the artifact "data" says which faces these are, "train_faces" how many it learned from.

        Sparsity is that of `metrics.codes.sparsity` over the test faces, with all of them as one class: "hoyer_mean" is
        the score of g(mu), the paper's representation, "hoyer_sample" of one posterior sample through g, as in the
        authors' code. "accuracy_n" and "balanced_n" are means over attributes and draws for n labelled faces
        (`attributes.linear`), "majority" the accuracy of who ignores the codes. A hierarchical mapping has what each
        level of it `levels.held`, too, and traversals, whose artifact "dimensions" says which ones.

        What the authors' code does in another way is beside it: "wrap_frechet_n" for the smallest n is of means that it
        cuts to bytes without a clip, "dense_frechet_n" of a model with a prior of its own is of images from N(0, I) in
        the place of that prior, and a flow or a spike-and-slab posterior has what `metrics.codes.behind` tells of it.
        """
        sizes, real = self.sizes, self.real
        means = _generate(model, sizes[-1])
        terms = training.evaluate(model, self.data.test)
        metrics = {"test_elbo": terms.elbo.mean().item(), "test_kl": terms.kl.mean().item()}
        metrics["train_faces"] = len(self.train)
        metrics |= samples.judge(means, real, self.features, sizes=sizes, device=self.device)
        metrics[f"real_frechet_{sizes[-1]}"] = self._floor(sizes[-1])
        artifacts: dict[str, Any] = {"data": self.data.source, "images": sheets.pack(means[:SHOWN], "generated")}
        wrapped = authors.wrapped(means[: sizes[0]])
        judged = samples.judge(wrapped, real, self.features, sizes=sizes[:1], device=self.device)
        metrics[f"wrap_frechet_{sizes[0]}"] = judged[f"frechet_{sizes[0]}"]
        if not isinstance(model.prior, priors.StandardNormal):
            dense = _decode_normal(model, sizes[0])
            judged = samples.judge(dense, real, self.features, sizes=sizes[:1], device=self.device)
            metrics[f"dense_frechet_{sizes[0]}"] = judged[f"frechet_{sizes[0]}"]
            artifacts["dense_images"] = sheets.pack(dense[:SHOWN], "generated")
        if isinstance(model.mapping, Hierarchy):
            metrics |= levels.held(model, model.mapping.widths, self.data.test)
            pictures, artifacts["dimensions"] = levels.traverse(model, _bases(model), model.mapping.widths)
            artifacts["traversals"] = sheets.pack(pictures, "generated")
        test = codes.encode(model, self.data.test)
        alike = torch.zeros(len(self.data.test), dtype=torch.long)  # faces have no classes
        metrics |= codes.sparsity(test["mean"], test["sample"], alike) | codes.behind(test)
        train = codes.encode(model, self.data.train[:POOL])
        artifacts["attributes"] = self._attributes(test["mean"], test["sample"], train["mean"])
        for n, found in artifacts["attributes"]["linear"].items():
            for name in ("accuracy", "balanced"):
                metrics[f"{name}_{n}"] = sum(found[name]) / len(found[name])
        metrics["majority"] = sum(artifacts["attributes"]["majority"]) / len(self.data.attributes)
        return metrics, artifacts

    def _floor(self, n: int) -> float:
        """The Frechet distance of n training faces from n of the `real` ones."""
        parts = (feature_cache.real(self.features, images[:n], self.device) for images in (self.train, self.real))
        return frechet.distance(*map(frechet.fit, parts))

    def _attributes(self, codes: Tensor, drawn: Tensor, train: Tensor) -> dict[str, Any]:
        """What `PROTOCOLS` give for each number n of labelled faces; a protocol's draws are the same for every model.

        In early records, whose "authors" did not draw all orders first, that is not so from its second draw on.
        "accuracy" and "balanced" are means over attributes, one a draw. "by_attribute" and "balanced_by_attribute" are
        means over draws, the latter None for an attribute that all test faces have, or none.
        """
        data = self.data
        labelled, test = (train, data.train_attributes[:POOL]), (codes, data.test_attributes)
        sizes = list(dict.fromkeys(min(n, len(train)) for n in attributes.SIZES))
        held_out = min(2000, len(codes) // 2)
        few = [n for n in attributes.SIZES if n + held_out <= len(codes)]
        linear, plain = (
            attributes.linear(labelled, test, generator=_fixed(), sizes=sizes, draws=self.draws, standardise=s)
            for s in (True, False)
        )
        own = attributes.authors(
            (drawn, data.test_attributes), generator=_fixed(), sizes=few, held_out=held_out, draws=min(3, self.draws)
        )
        found: dict[str, Any] = {
            protocol: {
                str(n): {
                    "accuracy": _rounded(scores.accuracy.mean(1)),
                    "balanced": _rounded(scores.balanced.nanmean(1)),
                    "by_attribute": _rounded(scores.accuracy.mean(0)),
                    "balanced_by_attribute": [
                        None if math.isnan(v) else v for v in _rounded(scores.balanced.nanmean(0))
                    ],
                }
                for n, scores in of.items()
            }
            for protocol, of in zip(PROTOCOLS, (linear, plain, own), strict=True)
        }
        majority = attributes.majority(data.train_attributes, data.test_attributes)
        return found | {"names": list(data.attributes), "majority": _rounded(majority)}


def _fixed() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _bases(model: VAE) -> Tensor:
    """The y (BASES, D) that traversals start from, draws of the model's own prior: the same for every equal one."""
    with training.seeded(0):
        return model.prior().sample((BASES,))


def _rounded(values: Tensor) -> list[float]:
    return [round(v, 4) for v in values.tolist()]


@torch.no_grad()
def _generate(model: VAE, n: int) -> Tensor:
    """The decoder's means for n draws of the model's prior, (n, 3, size, size)."""
    return torch.cat([model.generate(min(500, n - start)).mean for start in range(0, n, 500)])


@torch.no_grad()
def _decode_normal(model: VAE, n: int) -> Tensor:
    """The decoder's means for n draws of N(0, I) in the place of the model's prior, (n, 3, size, size)."""
    y = torch.randn(n, *model.prior().event_shape)
    return torch.cat([model.decode(part).mean for part in y.split(500)])
