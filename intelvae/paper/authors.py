"""What the authors' code does in another way than the paper or the textbooks, each to take the place of a part.

The library reads like the papers that it comes from, and knows nothing of these. Options of a config ask for them by
name (`config.Training`), and what builds, trains and measures a run puts them in; all are off unless asked for. In
brackets is the file of the code of October 2021 (github.com/NingMiao/InteL-VAE). Two are not of that code, and say so:
`DensePrior` and `sparsity_as_printed`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal, register_kl
from torch.types import _size

from intelvae.data import images
from intelvae.dtypes import at_least_float32
from intelvae.finite import of_finite
from intelvae.flows import Step, Sylvester, SylvesterEncoder
from intelvae.mappings import SectorProduct, Sectors, Threshold
from intelvae.metrics import feature_cache, features, frechet, samples
from intelvae.models.vsc import SpikeAndSlab, SpikeAndSlabPrior
from intelvae.numbers import check_number
from intelvae.priors import StandardNormal, Vamp
from intelvae.regularizers import entropy, presence

# Mappings: the option `forgets` of "clusters" and "threshold"


class ForgetfulThreshold(Threshold):
    """A threshold that is 0 in evaluation mode, whatever has been learned (clustered.py).

    In the code a learned threshold is not among the weights that are saved, so that a model which is loaded to be
    judged has the first one again. Here the weights keep it. Parameters as in `Threshold`.
    """

    def border(self) -> Float[Tensor, ""]:
        """The threshold b in training, and 0 in evaluation mode, ()."""
        return super().border() if self.training else torch.zeros_like(self.threshold)


class ForgetfulSectors(Sectors):
    """Sectors that are of equal width in evaluation mode: `ForgetfulThreshold` for more clusters than the code has."""

    def logits(self) -> Float[Tensor, " k"]:
        """The u of the widths in training, and 0 in evaluation mode, (K,)."""
        return super().logits() if self.training else torch.zeros_like(self.u)


def forgetful(mapping: nn.Module) -> nn.Module:
    """The cluster `mapping` with the same weights, and with borders that are the first ones again in evaluation mode.

    A `SectorProduct` is changed in place. Raises `ValueError` for a mapping without borders.

    >>> forgetful(Threshold(learnable=True)).eval().proportions()
    tensor([0.5000, 0.5000])
    """
    if isinstance(mapping, SectorProduct):
        mapping.planes = nn.ModuleList(forgetful(plane) for plane in mapping.planes)
        return mapping
    made: nn.Module
    if isinstance(mapping, Threshold):
        made = ForgetfulThreshold(mapping.c1, mapping.c2, mapping.delta, mapping.threshold.requires_grad)
    elif isinstance(mapping, Sectors):
        constants = mapping.c1, mapping.c2, mapping.delta
        made = ForgetfulSectors(mapping.num_clusters, *constants, mapping.u.requires_grad)
    else:
        raise ValueError(f"a mapping forgets the borders of its clusters, and {type(mapping).__name__} has none")
    made.load_state_dict(mapping.state_dict())
    return made


# Priors: "wide", the option `legacy` of "mog" and "vamp", `free` of "vamp" and `dense_samples` of the Sparse-VAE


class Legacy(nn.Module):
    """A mixture `prior`, MoG or Vamp, with one or both of what the code does to it.

    `entropy` (experiment.py): in the KL divergence, by one sample of its own, the term `-sum_i log sigma_i` of
    `log q(y|x)` counts D times, so that a wide posterior is rewarded D times. It changes nothing for D = 1. It is not
    in importance weights. `samples` (experiment.py): the images that are judged are decoded from y ~ N(0, I) in
    the place of samples of the prior.

    >>> from intelvae.priors import ring
    >>> Legacy(ring(1, radius=50.0), samples=True)().sample((100,)).abs().max() < 10
    tensor(True)
    """

    def __init__(self, prior: nn.Module, *, entropy: bool = False, samples: bool = False) -> None:
        super().__init__()
        self.prior, self.entropy, self.samples = prior, entropy, samples

    def forward(self) -> Distribution:
        return _LegacyMixture(self.prior(), self.entropy, self.samples)


class _LegacyMixture(Distribution):
    """The mixture p of a `Legacy` prior: its density, and its samples unless those come from N(0, I)."""

    def __init__(self, p: Distribution, miscounted: bool, missampled: bool) -> None:
        super().__init__(p.batch_shape, p.event_shape, validate_args=False)
        self.p, self.miscounted, self.missampled = p, miscounted, missampled

    def expand(self, batch_shape: _size, _instance: Distribution | None = None) -> Distribution:
        return _LegacyMixture(self.p.expand(batch_shape), self.miscounted, self.missampled)

    def log_prob(self, value: Tensor) -> Tensor:
        return self.p.log_prob(value)

    def sample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008  # torch's own default, immutable
        y = self.p.sample(sample_shape)
        return torch.randn_like(y) if self.missampled else y


@register_kl(Independent, _LegacyMixture)
def _legacy_kl(q: Independent, p: _LegacyMixture) -> Tensor:
    if not p.miscounted:
        raise NotImplementedError("as for any mixture, there is no closed form")
    y = q.rsample()
    excess = (q.event_shape[0] - 1) * q.stddev.log().sum(-1)
    return q.log_prob(y) - excess - p.log_prob(y)


def free_vamp(encoder: nn.Module, data_shape: Sequence[int], components: int) -> Vamp:
    """A VampPrior whose pseudo-inputs start from N(0, I) and are not held to the data's range (experiment.py).

    Those of the textbook look like data, and stay within its range. Parameters: the model's `encoder`; `data_shape` of
    one x; the number of `components`. Draws from torch's global generator. Raises `ValueError` for components < 1.

    >>> from intelvae import networks
    >>> free_vamp(networks.create("mlp", (2,), 3)[0], (2,), 5)().sample().shape
    torch.Size([3])
    """
    check_number("the number of pseudo-inputs", components, ">= 1", whole=True)
    return Vamp(encoder, torch.randn(components, *data_shape), None)


class WidePrior(StandardNormal):
    """A prior that is N(0, e I) in the KL divergence, and N(0, I) where samples are drawn (the notebooks on points).

    The notebooks give a Gaussian of log-variance 1, which may be a slip for variance 1. Parameters and errors as in
    `StandardNormal`.

    >>> round(WidePrior(2)().log_prob(torch.zeros(2)).item(), 4)  # -log(2 pi e)
    -2.8379
    """

    def forward(self) -> Distribution:
        return _Wide(Normal(self.loc, self.scale * math.exp(0.5), validate_args=False), 1, validate_args=False)


class _FromNormal(Distribution):
    """A distribution whose samples are those of N(0, I)."""

    def sample(self, sample_shape: _size = torch.Size()) -> Tensor:  # noqa: B008  # torch's own default, immutable
        return torch.randn(self._extended_shape(sample_shape), dtype=self.mean.dtype, device=self.mean.device)


class _Wide(_FromNormal, Independent):
    """A Gaussian like that."""


PRIORS: dict[str, Callable[[int], nn.Module]] = {"wide": WidePrior}


class DensePrior(SpikeAndSlabPrior):
    """A spike-and-slab prior whose samples are those of N(0, I); its density and its KL divergence stay as they are.

    The public replication of the Sparse-VAE (Alfo5123/Variational-Sparse-Coding) draws its images so, not the
    InteL-VAE code, which has no Sparse-VAE. The decoder has then hardly seen such codes. Parameters and errors as
    in `SpikeAndSlabPrior`.

    >>> DensePrior(3, alpha=0.01)().sample((100,)).eq(0).sum()
    tensor(0)
    """

    def forward(self) -> SpikeAndSlab:
        p = super().forward()
        return _Dense(p.gates, p.mu, p.sigma)


class _Dense(_FromNormal, SpikeAndSlab):
    """A spike-and-slab distribution like that."""


# Posteriors: the options `on_mean`, `mispaired` and `unchecked` of "sylvester"


class OnMean(SylvesterEncoder):
    """Sylvester steps whose parameters are computed from the mean of the Gaussian (experiment_flow.py).

    The head sees D numbers in the place of the encoder's features, and what they do not tell of x the flow cannot know.
    """

    def _seen(self, h: Tensor, base: Distribution) -> Tensor:
        return base.mean


class MispairedStep(Step):
    """A `Step`, of parameters with one batch dimension B, with another determinant (experiment_flow.py).

    A missing squeeze meets every example's `tanh'` with the diagonals of all B examples, and the mean over those
    counts.
    """

    def log_det(self, slope: Tensor, diagonals: Tensor) -> Tensor:
        """The log-determinants (..., B) of slopes (..., B, M) and diagonals (B, M)."""
        return torch.log1p(slope.unsqueeze(-2) * diagonals).sum(-1).mean(-1)


class Mispaired(SylvesterEncoder):
    """Sylvester steps that are `MispairedStep`s: the density is wrong, and so are all bounds.

    It is right only for a batch whose examples all have the same diagonals.
    """

    def forward(self, x: Tensor) -> Sylvester:
        q = super().forward(x)
        return Sylvester(q.base, [MispairedStep(*step) for step in q.steps])


class Unchecked(SylvesterEncoder):
    """Sylvester steps with 30 iterations for Q, whatever they give (experiment_flow.py).

    It is of the variant "orthogonal", and takes more vectors than dimensions, eight in the code also where D = 1. They
    cannot be orthonormal, and then the determinant is wrong, too.
    """

    def _check_fit(self, vectors: int, dim: int) -> None:
        """More vectors than dimensions will do."""

    def _basis(self, raw: Tensor) -> Tensor:
        if self.variant != "orthogonal":
            return super()._basis(raw)
        a = raw.unflatten(-1, self.basis_shape)
        q = a / torch.linalg.matrix_norm(a, keepdim=True)
        identity = torch.eye(a.shape[-1], dtype=a.dtype, device=a.device)
        for _ in range(30):
            error = identity - q.mT @ q  # first, as in `orthonormal`: the order tells in the last bit of a gradient
            q = q + 0.5 * q @ error
        return q


FLOWS: dict[str, type[SylvesterEncoder]] = {"on_mean": OnMean, "mispaired": Mispaired, "unchecked": Unchecked}


def sylvester(*names: str) -> type[SylvesterEncoder]:
    """The `SylvesterEncoder` that is all of these `FLOWS` at once; the library's own for none.

    >>> sylvester(), sylvester("on_mean")
    (<class 'intelvae.flows.SylvesterEncoder'>, <class 'intelvae.paper.authors.OnMean'>)
    """
    first, *others = [FLOWS[name] for name in names] or [SylvesterEncoder]
    return type("SylvesterEncoder", (first, *others), {}) if others else first


# Penalties: "gates-raw"


def sparsity_as_printed(v: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`mean_i H(v_i) - H(mean_i v_i)` for a batch v (B, D) >= 0: equation 7 to the letter, in nats (sparse.py).

    It is the paper's, where the code, and `regularizers.sparsity` with it, divides each row by its sum before the mean.
    As printed large rows count more in the second term, and the difference may be above 0. Rows of zeros, and rows that
    fade out, are as there.

    >>> round(sparsity_as_printed(torch.eye(50)).item(), 3)  # rows of one size: no difference
    -3.912
    """
    v = at_least_float32(v)
    of_each, alive = entropy(v).sum(), presence(v).sum()
    return of_each / alive.clamp_min(1) - alive.clamp_max(1) * entropy(v.mean(0))


def gates_as_printed(mapping: nn.Module, y: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """`sparsity_as_printed` of the gates of a `mapping` at y (B, D), a penalty for `training.Objective`.

    Raises `ValueError` for a mapping without gates.
    """
    if not hasattr(mapping, "gates"):
        raise ValueError(f"'gates-raw' penalises the gates of a mapping, and {type(mapping).__name__} has none")
    return sparsity_as_printed(mapping.gates(y))  # type: ignore[operator]  # a mapping's own method


PENALTIES: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {"gates-raw": gates_as_printed}


# Data: the split "code"


def load(
    name: str, *, root: str | Path | None = None, size: int = images.SIDE, binary: bool = False, smoke: bool = False
) -> images.ImageData:
    """`data.images.load`, split as in the code, without validation (dataset_utils.py).

    All training images (60,000, or the 12,665 zeros and ones), all test images (10,000, or 2,115), and these again in
    the place of validation. Early stopping then chooses by the test images. Parameters and errors as there.

    >>> data = load("mnist-01", smoke=True)
    >>> len(data.train), torch.equal(data.valid, data.test)
    (900, True)
    """
    whole = "mnist" if name == "mnist-01" and not smoke else name  # the paper's MNIST-01 leaves some of them out
    data = images.load(whole, root=root, size=size, binary=binary, smoke=smoke)
    train, labels = torch.cat([data.train, data.valid]), torch.cat([data.train_labels, data.valid_labels])
    test, test_labels = data.test, data.test_labels
    if name == "mnist-01":
        train, labels = train[labels < 2], labels[labels < 2]
        test, test_labels = test[test_labels < 2], test_labels[test_labels < 2]
    counts = f"{len(train):,} / {len(test):,} / {len(test):,} images (train / test again / test)"
    source = f"{name}, {counts} of: {data.source}"
    return images.ImageData(train, test, test, labels, test_labels, test_labels, source, name)


SPLITS: dict[str, Callable[..., images.ImageData]] = {"paper": images.load, "code": load}


# Generated images


@of_finite
def wrapped(generated: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """A decoder's means (N, C, H, W) of faces as the code makes them bytes, in steps of 1/255 (experiment.py).

    They are multiplied by 255 and cut to whole bytes without a clip, so that what lies outside [0, 1] comes round from
    the other end. Raises `ValueError` for numbers that are not finite.

    >>> wrapped(torch.tensor([-0.1, 0.5, 1.1]).reshape(1, 1, 1, 3)).flatten() * 255
    tensor([231., 127.,  24.])
    """
    return (generated * 255).long().remainder(256) / 255


@of_finite
def frechet_with_surplus(
    generated: Float[Tensor, "m c h w"],
    real: UInt8[Tensor, "n c h w"],
    extractor: str,
    *,
    size: int = samples.PAPER_N,
    surplus: int = 100,
    device: str = "cpu",
) -> float:
    """The Fréchet distance of the first `size` and `surplus` more generated images from the first `size` real ones.

    The code sets 2,100 generated images against 2,000 (inteL_VAE.py). Without a surplus it is
    "frechet_N" of `metrics.samples.judge`, which has the other parameters. Raises `ValueError` for fewer images than
    that, and what `features.extract` raises.
    """
    check_number("size", size, ">= 2", whole=True)
    check_number("surplus", surplus, ">= 0", whole=True)
    if len(real) < size or len(generated) < size + surplus:
        raise ValueError(
            f"{len(real)} real and {len(generated)} generated images are fewer than the {size} asked for and {surplus} "
            "more"
        )
    theirs = feature_cache.real(extractor, real[:size], device)
    ours = features.extract(extractor, samples.as_shown(generated[: size + surplus]), device=device)
    return frechet.distance(frechet.fit(theirs), frechet.fit(ours))
