"""What a data set asks of a model: its training data, and what a trained model is measured by."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Independent

from intelvae import bounds, face_task, training
from intelvae.data import DataError, celeba, images, toys
from intelvae.measures import BY_NAME as MEASURES
from intelvae.metrics import attributes, clusters, neighbours, samples, toy
from intelvae.metrics.features import STAND_IN
from intelvae.metrics.hoyer import hoyer
from intelvae.models import VAE

WITH_HOLES = ("circle", "square", "star", "infinity")
Metrics = dict[str, float]
Artifacts = dict[str, Any]

FEATURED = ("mnist", "fashion-mnist", celeba.NAME)  # data on which samples are judged on the features of a network
EXEMPLARS = 6  # points whose q(z|x) a figure shows
HELD_OUT_SEED = 20220401  # of the toy data a model is judged by: the same for every run, and never trained on


def pack(pixels: Tensor) -> dict[str, Any]:
    """Byte images (..., C, H, W) as text that JSON can hold; `unpack` is its inverse."""
    data = zlib.compress(pixels.to(torch.uint8).contiguous().numpy().tobytes(), 9)
    return {"shape": list(pixels.shape), "zlib": base64.b85encode(data).decode()}


def unpack(packed: dict[str, Any]) -> Tensor:
    """The byte images (..., C, H, W) behind `pack`'s text."""
    data = bytearray(zlib.decompress(base64.b85decode(packed["zlib"])))
    return torch.frombuffer(data, dtype=torch.uint8).reshape(packed["shape"])


def rounded(x: Tensor, digits: int = 3) -> list:
    """A tensor as nested lists of numbers short enough for a record."""
    return [rounded(row, digits) for row in x] if x.ndim > 1 else [round(v, digits) for v in x.tolist()]


@dataclass(frozen=True)
class ToyTask:
    """Points in the plane, fresh in every batch (`intelvae.data.toys`)."""

    name: str
    held_out: int = 2000
    shown: int = 200

    shape = (2,)

    def train(self, n: int, generator: torch.Generator) -> Tensor:
        """A fresh batch (n, 2)."""
        return toys.sample(self.name, n, generator)

    @property
    def valid(self) -> Tensor:
        """Held-out points (2000, 2), other than the ones `evaluate` uses."""
        return toys.sample(self.name, self.held_out, torch.Generator().manual_seed(HELD_OUT_SEED + 1))

    @property
    def test(self) -> Tensor:
        """The points (2000, 2) that every model is judged by."""
        return toys.sample(self.name, self.held_out, torch.Generator().manual_seed(HELD_OUT_SEED))

    def evaluate(self, model: VAE) -> tuple[Metrics, Artifacts]:
        """Distances of generated points to the data, and the points and codes that the figures show.

        Samples include the decoder's noise, as in the paper's figures; the `mean_` metrics leave it out. For the sparse
        data also how well the codes z match the model's own p(z): the distance of all codes from it, over its size, and
        the mean Hoyer scores of both.
        """
        test = self.test
        with torch.no_grad():
            generated = model.generate(self.held_out)
            samples, means = generated.sample(), generated.mean
            q = model.encode(test)
            y = q.sample()
            z = model.mapping(y)
        metrics: Metrics = {"test_elbo": training.evaluate(model, test).elbo.mean().item()}
        metrics["log_likelihood"] = bounds.log_likelihood(model, test[:500], 500).mean().item()
        for prefix, points in (("", samples), ("mean_", means)):
            projections = torch.Generator().manual_seed(HELD_OUT_SEED)
            metrics[prefix + "sliced_wasserstein"] = toy.sliced_wasserstein(points, test, generator=projections)
            metrics[prefix + "off_support"] = toy.off_support(self.name, points, tolerance=0.3)
            if self.name in WITH_HOLES:
                metrics[prefix + "inside_hole"] = toy.inside_hole(self.name, points)
            if self.name == "mixture":
                metrics[prefix + "bridge"] = toy.bridge(points)
        show = self.shown
        artifacts = {
            "samples": rounded(samples[:show]),
            "mu": rounded(q.mean[:show]),
            "sigma": rounded(q.stddev[:show], 4),
            "y": rounded(y[:show]),
            "z": rounded(z[:show]),
        }
        if self.name == "sparse":
            with torch.no_grad():
                prior_z = model.mapping(model.prior().sample((self.held_out,)))
                exemplars = model.mapping(model.encode(test[:EXEMPLARS]).sample((40,))).transpose(0, 1)
            projections, size = torch.Generator().manual_seed(HELD_OUT_SEED), prior_z.square().mean().sqrt().item()
            metrics["aggregate_mismatch"] = toy.sliced_wasserstein(z, prior_z, generator=projections) / size
            metrics["prior_hoyer"], metrics["posterior_hoyer"] = hoyer(prior_z).mean().item(), hoyer(z).mean().item()
            artifacts |= {"prior_z": rounded(prior_z[:show]), "exemplars": rounded(exemplars)}
        return metrics, artifacts


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

    `measures`: names of `MEASURES`, what else to look at; `draws`: of the labels that few-shot classifiers get.
    """

    features: str
    sizes: tuple[int, ...]
    shown: int = 50
    measures: tuple[str, ...] = ()
    draws: int = 10

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
        metrics |= samples.judge(means, real, self.features, sizes=self.sizes)
        others = [("minmax", means, "minmax"), ("clean", means, "clean")]
        if logits is not None:
            others.append(("logits", logits, "minmax"))
        for name, values, pixels in others:
            other = samples.judge(values, real, self.features, sizes=small, pixels=pixels)
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


@cache
def _load(name: str, size: int, binary: bool, split: str, smoke: bool) -> images.ImageData:
    return images.load(name, size=size, binary=binary, split=split, smoke=smoke)


@cache
def _faces(size: int, smoke: bool, whole: bool) -> celeba.FaceData:
    return celeba.load(size=size, smoke=smoke, whole=whole)


_classifiers: dict[tuple, Any] = {}


def _classifier(data: images.ImageData) -> Any:
    """The logistic classifier of these training images, fitted once a process."""
    key = (data.name, data.source, tuple(data.train.shape), int(data.train.sum()))
    if key not in _classifiers:
        _classifiers[key] = clusters.fit_digit_classifier(training.as_float(data.train), data.train_labels)
    return _classifiers[key]


def create(
    name: str,
    *,
    size: int,
    binary: bool = False,
    split: str = "paper",
    smoke: bool = False,
    whole: bool = False,
    repeats: Sequence[int] = (1, 1),
    features: str = STAND_IN,
    measures: Sequence[str] = (),
) -> Task:
    """The task called `name`: a toy of `toys.NAMES`, "mnist-01", "mnist", "fashion-mnist" or "celeba".

    `binary` and `split` (those of `images.load`) are for grey images, `repeats` is for mnist-01, `whole` for celeba
    (`celeba.load`); `measures`, names of `MEASURES`, for mnist and fashion-mnist; `features`, a name of
    `metrics.features`, for these two and celeba. Raises `ValueError` for another name, for measures that are unknown or
    not for these data, and for binary faces or another split of them; `data.DataError` for data that are not there and
    for too few faces.
    """
    known = MEASURES if name in images.NAMES and name != "mnist-01" else ()
    if unknown := set(measures) - set(known):
        raise ValueError(f"no measure {min(unknown)!r} for {name}: there are {', '.join(known) or 'none'}")
    if name in toys.NAMES:
        return ToyTask(name)
    if name in images.NAMES:
        data, yardstick = (_load(name, size, *kind, smoke) for kind in ((binary, split), (False, "paper")))
    if name == "mnist-01":
        return DigitsTask(data, 1000 if smoke else 10_000, yardstick, repeats)
    if name in images.NAMES:
        sizes = (100,) if smoke else (samples.PAPER_N, samples.FULL_N)
        shown, draws = 12 if measures else 50, 1 if smoke else 10
        return AllDigitsTask(data, sizes[-1], yardstick, features, sizes, shown, tuple(measures), draws)
    if name == celeba.NAME:
        if binary:
            raise ValueError("faces are in colour: binary=True is for grey images")
        if split != "paper":
            raise ValueError(f"faces have a split of their own: split={split!r} is for grey images")
        return face_task.FacesTask(_faces(size, smoke, whole), features, 2 if smoke else attributes.DRAWS)
    raise ValueError(f"unknown data {name!r}: choose one of {', '.join((*toys.NAMES, *images.NAMES, celeba.NAME))}")


def check_source(work: Task, known: str | None) -> None:
    """Raises `data.DataError`, one line, if the faces here are not those that records are `known` to be of.

    Other data are the same everywhere, and None is known of them.
    """
    if known is not None and isinstance(work, face_task.FacesTask) and work.data.source != known:
        raise DataError(
            f"the faces here ({work.data.source}) are not those of the records that are there ({known}), and nothing "
            "compares the two: set INTELVAE_RUNS to another folder, or INTELVAE_DATA to those faces"
        )


Task = ToyTask | DigitsTask | AllDigitsTask | face_task.FacesTask
