"""Distributions over the Gaussian latents `y`: what the KL term of the ELBO compares `q(y|x)` with.

A prior is a module without input whose output is a `torch.distributions.Distribution` with event shape `(D,)`.
It is a module so that its constants follow `.to(device)` and its parameters, if it has any, are trained. Densities are
in float32 at the least.
torch's own checks of arguments are off: they cost more than a small model's densities, and cannot run under `vmap`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, Normal

from intelvae.dtypes import as_float, at_least_float32
from intelvae.modes import evaluating
from intelvae.numbers import check_number, whole_of


def _normal(loc: Tensor, scale: Tensor) -> Normal:
    return Normal(at_least_float32(loc), at_least_float32(scale), validate_args=False)


class StandardNormal(nn.Module):
    """The prior `p(y) = N(0, I)` of the VAE and of every InteL-VAE (paper, section 4).

    Parameters: `dim`, the number D of latent dimensions.

    >>> StandardNormal(3)().log_prob(torch.zeros(3)).item()
    -2.756815...
    """

    loc: Tensor
    scale: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        dim = whole_of("dim", dim, ">= 1")
        self.register_buffer("loc", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def forward(self) -> Distribution:
        return Independent(_normal(self.loc, self.scale), 1)


def _mixture(weights: Tensor, components: Distribution) -> Distribution:
    choice = Categorical(at_least_float32(weights), validate_args=False)
    return MixtureSameFamily(choice, components, validate_args=False)


class Mixture(nn.Module):
    """A fixed mixture of isotropic Gaussians, `p(y) = mean_c N(m_c, s^2 I)`: the prior of the MoG-VAE.

    Parameters: `means` (C, D); `scale`, the standard deviation s of every component. Raises `ValueError` for means of
    another shape, and for s <= 0.

    >>> Mixture(torch.tensor([[-2.0], [2.0]]))().sample((5,)).shape
    torch.Size([5, 1])
    """

    means: Tensor
    scales: Tensor
    weights: Tensor

    def __init__(self, means: Tensor, scale: float = 1.0) -> None:
        super().__init__()
        if means.ndim != 2 or not means.numel():
            raise ValueError(f"means must have shape (components, dimensions), each >= 1, not {tuple(means.shape)}")
        check_number("the scale of a mixture", scale, "> 0")
        means = at_least_float32(means)  # in whole numbers a scale of 0.5 would be 0
        self.register_buffer("means", means)
        self.register_buffer("scales", torch.full_like(means, float(scale)))
        self.register_buffer("weights", torch.full((len(means),), 1 / len(means)))

    def forward(self) -> Distribution:
        return _mixture(self.weights, Independent(_normal(self.means, self.scales), 1))


class Sparse(nn.Module):
    """The sparse prior of Mathieu et al. (2019b): in every dimension `w N(0, s^2) + (1 - w) N(0, 1)`, independently.

    Parameters: `dim`, the number D of latent dimensions; `weight` w, the share of the time that a dimension is off;
    `scale` s, the standard deviation of one that is off. Theirs are 0.8 and 0.05. Raises `ValueError` unless
    0 < w < 1 and s > 0. Book: "Why a mapping and not a prior".

    >>> Sparse(2)().sample((5,)).shape
    torch.Size([5, 2])
    """

    scales: Tensor
    weights: Tensor

    def __init__(self, dim: int, weight: float = 0.8, scale: float = 0.05) -> None:
        super().__init__()
        dim = whole_of("dim", dim, ">= 1")
        check_number("the weight of a sparse prior", weight, "> 0 and < 1")
        check_number("the scale of a sparse prior", scale, "> 0")
        self.register_buffer("scales", torch.tensor([scale, 1.0]).expand(dim, 2).clone())
        self.register_buffer("weights", torch.tensor([weight, 1 - weight]).expand(dim, 2).clone())

    def forward(self) -> Distribution:
        return Independent(_mixture(self.weights, _normal(torch.zeros_like(self.scales), self.scales)), 1)


class _Projected(torch.autograd.Function):
    """`x.clamp(low, high)`, with the gradient of x, but for what would move a number farther outside the range.

    The gradient of torch's clamp is 0 at a border itself, and so a pixel that starts black would stay black for ever.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.range = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (x,), (low, high), (grad,) = ctx.saved_tensors, ctx.range, grads
        outwards = ((x <= low) & (grad > 0)) | ((x >= high) & (grad < 0))  # descent goes against the gradient
        return grad.masked_fill(outwards, 0), None, None


class Vamp(nn.Module):
    """The VampPrior `p(y) = 1/C sum_c q(y|u_c)` over learned pseudo-inputs `u_c` (Tomczak & Welling, 2018).

    The pseudo-inputs are projected onto `data_range`, instead of the authors' hard tanh, which holds a pixel at
    the border for ever. They pass through the encoder in evaluation mode, so that they neither share nor shift the
    statistics of the data; after it, every module of the encoder is in the mode that it was in.

    Parameters: `encoder`, the model's own; `start` (C, *data_shape), the pseudo-inputs to begin with (drawn from the
    training data, say); `data_range`, or None for unbounded data. The encoder is shared, not owned: its parameters
    belong to the model. Raises `ValueError` for a start without pseudo-inputs.
    """

    def __init__(self, encoder: nn.Module, start: Tensor, data_range: tuple[float, float] | None = (0.0, 1.0)) -> None:
        super().__init__()
        if start.ndim < 2 or not len(start):
            raise ValueError(f"start must have shape (components, *data_shape), not {tuple(start.shape)}")
        self.inputs = nn.Parameter(start.clone() if start.is_floating_point() else start.to(torch.get_default_dtype()))
        self.data_range = data_range
        self._encoder = (encoder,)  # in a tuple, so that torch does not register the encoder's parameters twice

    def pseudo_inputs(self) -> Tensor:
        """The pseudo-inputs `u_c`, (C, *data_shape), within the data's range."""
        return self.inputs if self.data_range is None else _Projected.apply(self.inputs, *self.data_range)

    def components(self) -> Distribution:
        """The posteriors `q(y|u_c)`, one distribution with batch shape (C,)."""
        (encoder,) = self._encoder
        with evaluating(encoder):
            return encoder(self.pseudo_inputs())

    def forward(self) -> Distribution:
        components = self.components()
        weights = components.mean.new_ones(len(self.inputs))
        return _mixture(weights, components)


def vamp(encoder: nn.Module, examples: Tensor, *, components: int, blend: int = 1) -> Vamp:
    """A VampPrior whose pseudo-inputs start as the first of the examples, or as means of `blend` of them each.

    Parameters: `encoder`, the model's own; `examples` (N, *data_shape) of the data, images as bytes; `components`, the
    number of pseudo-inputs. Those of images stay within [0, 1]. Raises `ValueError` where there are too few examples.
    """
    components, blend = whole_of("components", components, ">= 1"), whole_of("blend", blend, ">= 1")
    count = components * blend
    if count > len(examples):
        of = f", each the mean of {blend}," if blend != 1 else ""
        raise ValueError(f"the prior 'vamp' cannot start {components} pseudo-inputs{of} from {len(examples)} examples")
    start = as_float(examples[:count]).unflatten(0, (components, blend)).mean(1)
    return Vamp(encoder, start, (0.0, 1.0) if len(start.shape) == 4 else None)


def ring(dim: int, components: int = 2, radius: float = 2.0, scale: float = 1.0) -> Mixture:
    """A mixture with equal components evenly spread on a circle in the first two dimensions; on ±radius for two.

    Two or four components at ±2 are the ones in the authors' code. It gives them log-variance 1, which is a `scale` of
    sqrt(e), and that may be a slip for variance 1, the default here. Raises `ValueError` where more
    than two components meet one dimension.

    >>> ring(1).means.flatten()
    tensor([ 2., -2.])
    """
    dim, components = whole_of("dim", dim, ">= 1"), whole_of("components", components, ">= 1")
    check_number("radius", radius, ">= 0")
    if components > 2 and dim < 2:
        raise ValueError(f"{components} components on a circle need at least 2 latent dimensions, not {dim}")
    angle = 2 * torch.pi * torch.arange(components) / components
    means = torch.zeros(components, dim)
    means[:, 0] = float(radius) * angle.cos()
    if dim > 1:
        means[:, 1] = float(radius) * angle.sin()
    return Mixture(means, scale)


_KINDS: dict[str, Callable[..., nn.Module]] = {"normal": StandardNormal, "mog": ring, "vamp": vamp, "sparse": Sparse}
NAMES = tuple(_KINDS)


def create(
    name: str, latent_dim: int, encoder: nn.Module | None = None, examples: Tensor | None = None, **options: Any
) -> nn.Module:
    """The prior called `name`, one of `NAMES`, for `latent_dim` dimensions.

    One that is made of the model's own `encoder`, or of `examples` (N, *data_shape) of the data, has a parameter of
    that name. Raises `ValueError`, one line, for an unknown name and for an option that is unknown or missing.

    >>> create("mog", 1, components=2)().sample((3,)).shape
    torch.Size([3, 1])
    """
    if name not in _KINDS:
        raise ValueError(f"unknown prior {name!r}: choose one of {', '.join(NAMES)}")
    signature = inspect.signature(_KINDS[name])
    given = {"dim": latent_dim, "encoder": encoder, "examples": examples}
    parts = {part: value for part, value in given.items() if part in signature.parameters and value is not None}
    try:
        signature.bind(**parts, **options)
    except TypeError as error:
        raise ValueError(f"the prior {name!r}: {error}") from error
    return _KINDS[name](**parts, **options)
