"""What a model of grey images is measured by: Tables 1 to 3, and what a config asks for besides (`measures`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Independent

from intelvae import training
from intelvae.data import images
from intelvae.metrics import clusters, neighbours, samples
from intelvae.models import VAE
from intelvae.paper.tasks.artifacts import Artifacts, Metrics, pack, rounded
from intelvae.paper.tasks.measures import BY_NAME as MEASURES


@dataclass(frozen=True)
class _Images:
    """Images, of which a model learns, how many it generates to be judged by, and what they are held against.

    The `yardstick` is the same for all models of a table: grey images in the paper's split.
    """

    data: images.ImageData
    generated: int
    yardstick: images.ImageData

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, (1, size, size)."""
        return tuple(self.data.train.shape[1:])

    @property
    def train(self) -> Tensor:
        """Training images (N, 1, size, size), bytes."""
        return self.data.train

    @property
    def valid(self) -> Tensor:
        """Validation images (M, 1, size, size), bytes."""
        return self.data.valid

    def means(self, model: VAE) -> tuple[Tensor, Tensor | None]:
        """The decoder's means for draws of the model's prior, (generated, 1, size, size), and a Bernoulli's logits."""
        with torch.no_grad():
            drawn = [model.generate(part) for part in _parts(self.generated)]
        logits = [
            d.base_dist.logits for d in drawn if isinstance(d, Independent) and isinstance(d.base_dist, Bernoulli)
        ]
        return torch.cat([d.mean for d in drawn]), torch.cat(logits) if logits else None


def _parts(n: int, size: int = 1000) -> list[int]:
    return [min(size, n - start) for start in range(0, n, size)]


@dataclass(frozen=True)
class AllDigitsTask(_Images):
    """All classes of MNIST or Fashion-MNIST; samples are judged on the features of a network (paper, Table 1).

    `measures`: names of `MEASURES`, what else to look at; `draws`: of the labels that few-shot classifiers get;
    `device`: where features are computed.
    """

    features: str
    sizes: tuple[int, ...]
    shown: int = 50
    measures: tuple[str, ...] = ()
    draws: int = 10
    device: str = "cpu"

    def evaluate(self, model: VAE) -> tuple[Metrics, Artifacts]:
        """The test ELBO; Frechet and kernel distance, precision, recall, density and coverage at every size.

        Names are those of `metrics.samples.judge`. They are for means clipped to [0, 1]; for the smallest size,
        "minmax_frechet_N" stretches each image as the authors' code does, and "clean_frechet_N" has no faint pixels,
        of which "faint" is the share. With a Bernoulli decoder also "logits_frechet_N", of logits in the place of
        means, which that code stretches. Then what the `measures` add.
        """
        means, logits = self.means(model)
        real, small = self.yardstick.test, self.sizes[:1]
        terms = training.evaluate(model, self.data.test)
        metrics: Metrics = {"test_elbo": terms.elbo.mean().item(), "test_kl": terms.kl.mean().item()}
        metrics |= samples.judge(means, real, self.features, sizes=self.sizes, device=self.device)
        others = [("minmax", means, "minmax"), ("clean", means, "clean")]
        if logits is not None:
            others.append(("logits", logits, "minmax"))
        for name, values, pixels in others:
            other = samples.judge(values, real, self.features, sizes=small, pixels=pixels, device=self.device)
            metrics[f"{name}_frechet_{small[0]}"] = other[f"frechet_{small[0]}"]
        metrics["faint"] = samples.faint(means)
        artifacts: Artifacts = {"images": pack((means[: self.shown].clamp(0, 1) * 255).round().byte())}
        for name in self.measures:
            more, kept = MEASURES[name](model, self.data, self.draws)
            metrics |= more
            artifacts |= {n: pack(v) if v.dtype == torch.uint8 else rounded(v) for n, v in kept.items()}
        return metrics, artifacts


@dataclass(frozen=True)
class DigitsTask(_Images):
    """The digits 0 and 1 of MNIST, whose samples a logistic classifier judges (paper, Tables 2 and 3).

    `repeats`: how often every zero and every one occurs in the training data.
    """

    repeats: Sequence[int] = (1, 1)
    shown: int = 36

    @property
    def train(self) -> Tensor:
        """Training images (N, 1, size, size), bytes."""
        if tuple(self.repeats) == (1, 1):
            return self.data.train
        by_class = [self.data.train[self.data.train_labels == c].repeat(n, 1, 1, 1) for c, n in enumerate(self.repeats)]
        return torch.cat(by_class)

    def evaluate(self, model: VAE) -> tuple[Metrics, Artifacts]:
        """Table 2's two shares over the generated images, strays, the test ELBO, and where each digit is encoded.

        With a mapping that learns its proportions also Table 3's: what it gives to the clusters that decode to zeros,
        and the mass of its smallest cluster.
        """
        classifier = _classifier(self.yardstick)
        real_train, real_test = (training.as_float(x) for x in (self.yardstick.train, self.yardstick.test))
        means = self.means(model)[0].clamp(0, 1)
        with torch.no_grad():
            test, labels = training.as_float(self.data.test), self.data.test_labels
            q = model.encode(test)
            y, z = q.mean, model.mapping(q.mean)
            along = torch.zeros(13, y.shape[1])
            along[:, 0] = torch.linspace(-3, 3, 13)
            traversal = model.decode(along).mean.clamp(0, 1)
        terms = training.evaluate(model, self.data.test)
        judged = clusters.uncertainty_and_proportion(classifier, means)
        real = clusters.uncertainty_and_proportion(classifier, real_test)
        side = _halves(model, y)
        split = [[int(((side == s) & (labels == c)).sum()) for s in (0, 1)] for c in (0, 1)]
        metrics = {
            "test_elbo": terms.elbo.mean().item(),
            "test_kl": terms.kl.mean().item(),
            "uncertain": judged["uncertain"],
            "ones": judged["ones"],
            "real_uncertain": real["uncertain"],
            "real_ones": real["ones"],
            "stray": neighbours.stray(means, real_train, real_test),
            "separation": _separation(split),
            "sigma": q.stddev[:, 0].median().item(),
        }
        if learns_proportions(model):
            metrics |= _learned(model, classifier)
        artifacts = {
            "images": pack((means[: self.shown] * 255).round().byte()),
            "traversal": pack((traversal * 255).round().byte()),  # decoded at y_1 from -3 to 3 in steps of 0.5
            "mu": [rounded(y[labels == c, 0][:400]) for c in (0, 1)],
            "z": [rounded(z[labels == c, 0][:400]) for c in (0, 1)],
            "split": split,
        }
        return metrics, artifacts


def _halves(model: VAE, y: Tensor) -> Tensor:
    """For y (N, D) the cluster, 0 or 1, of a mapping that has two, else the side of y_1 = 0; (N,), long."""
    mapping: Any = model.mapping
    two = hasattr(mapping, "proportions") and len(mapping.proportions()) == 2
    return mapping.labels(y) if two else (y[:, 0] > 0).long()


def learns_proportions(model: VAE) -> bool:
    """Whether the mapping has clusters whose prior masses are learned."""
    return hasattr(model.mapping, "proportions") and any(p.requires_grad for p in model.mapping.parameters())


@torch.no_grad()
def _learned(model: VAE, classifier: Any) -> Metrics:
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
        _classifiers[key] = clusters.fit_digit_classifier(training.as_float(data.train), data.train_labels)
    return _classifiers[key]
