"""What the codes of a data set are like: how sparse, which dimensions a class uses, what is drawn along one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intelvae.dtypes import as_float
from intelvae.finite import check_finite, of_finite
from intelvae.flows import Sylvester
from intelvae.metrics.hoyer import hoyer
from intelvae.models import VAE
from intelvae.models.vsc import SpikeAndSlab
from intelvae.numbers import whole_of
from intelvae.regularizers import entropy

ACTIVE = 0.1  # ours: the paper counts active dimensions and does not say which those are
TAIL = 0.995  # a traversal reaches as far as this share of all codes


@of_finite
@torch.no_grad()
def encode(model: VAE, x: Tensor, batch_size: int = 500) -> dict[str, Tensor]:
    """Codes of x (N, *data_shape), each (N, D): "mean" g(mu), and "sample" g(y), y one exact sample of q(y|x).

    The first are the paper's "extracted features", the second what the authors' code measures sparsity by. A posterior
    with a flow has "base" too, a sample from before it; a spike-and-slab "slab", a sample without its gates, and the
    "gates".
    """
    batch_size = whole_of("batch_size", batch_size, ">= 1")
    parts = []
    for batch in x.split(batch_size):
        q = model.encode(as_float(batch))
        drawn = q.base if isinstance(q, Sylvester) else q.slab if isinstance(q, SpikeAndSlab) else q
        check_finite("the model's posterior", (drawn.mean, drawn.stddev))  # torch draws from no other, and says less
        part = {"mean": model.mapping(q.mean), "sample": model.mapping(q.sample())}
        if isinstance(q, Sylvester):
            part["base"] = q.base.sample()
        if isinstance(q, SpikeAndSlab):
            part |= {"slab": q.slab.sample(), "gates": q.gates}
        parts.append(part)
    codes = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    check_finite("the model's codes", codes)
    return codes


@of_finite
def behind(found: dict[str, Tensor]) -> dict[str, float]:
    """What lies behind the codes `encode` of a flow or of a spike-and-slab posterior; nothing for others.

    "hoyer_base" is the Hoyer score of samples before the flow, "hoyer_slab" of samples without their gates. "mean_gate"
    is the mean probability that a dimension is on; "open_for_some" and "open_for_all" are the numbers of dimensions for
    which it is above one half for one x at least, and for all.
    """
    metrics = {f"hoyer_{name}": hoyer(found[name]).mean().item() for name in ("base", "slab") if name in found}
    if "gates" in found:
        on = found["gates"] > 0.5
        metrics["mean_gate"] = found["gates"].mean().item()
        metrics |= {"open_for_some": float(on.any(0).sum()), "open_for_all": float(on.all(0).sum())}
    return metrics


@of_finite
def active(size: Float[Tensor, "*batch dim"]) -> Int64[Tensor, "*batch"]:
    """How many dimensions of each row of magnitudes (..., D) are at least a tenth of the row's largest.

    Relative to the largest, because a decoder can undo any scale. 0 for a row of zeros.

    >>> active(torch.tensor([[5.0, 0.4, 0.6], [0.0, 0.0, 0.0]]))
    tensor([2, 0])
    """
    return _is_active(size).sum(-1)


def _is_active(size: Tensor) -> Tensor:
    return (size >= ACTIVE * size.amax(-1, keepdim=True)) & (size > 0)


@of_finite
def mean_size(codes: Float[Tensor, "n dim"], labels: Int64[Tensor, " n"]) -> Float[Tensor, "classes dim"]:
    """The mean of |z| in every class, in the order of the labels: what Figure 8 shows, (C, D).

    >>> mean_size(torch.tensor([[1.0, 0.0], [-3.0, 0.0], [0.0, 4.0]]), torch.tensor([0, 0, 1]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return torch.stack([codes[labels == c].abs().mean(0) for c in labels.unique()])


@of_finite
def sparsity(
    means: Float[Tensor, "n dim"], samples: Float[Tensor, "n dim"], labels: Int64[Tensor, " n"]
) -> dict[str, float]:
    """Sparsity of codes (N, D), `encode`'s two kinds, of images with these labels (N,).

    "hoyer_mean" and "hoyer_sample": the mean score of g(mu) and of g(y). A code of zeros only counts as 1 in these;
    "zero_codes" is the share of such samples, "hoyer_nonzero" the mean score of the others (1 without any).
    "hoyer_used" is that of g(y) in the dimensions of "active_overall" alone: the score divides every dimension by its
    deviation, so one that is almost closed and says nothing counts as much as any other (0 if only one is left).
    Of g(mu), the mean number of `active` dimensions "active_per_image", "active_per_class" (of a class's mean |z|) and
    "active_overall" (of all images' mean |z|, the ones in use), and "effective_per_class", exp H of the shares of a
    class's mean |z|: a number of dimensions without a threshold. "left_off" is the share of the dimensions in use that
    are not active in an image (against its largest in these), mean over images; 0 where none is in use.
    """
    scores, dead = hoyer(samples), ~samples.any(1)
    by_class, overall = mean_size(means, labels), means.abs().mean(0)
    in_use = _is_active(overall)
    used = samples[:, in_use]
    left_off = 1 - active(means[:, in_use].abs()).double() / in_use.sum() if in_use.any() else torch.zeros(1)
    return {
        "hoyer_mean": hoyer(means).mean().item(),
        "hoyer_sample": scores.mean().item(),
        "hoyer_nonzero": 1.0 if dead.all() else scores[~dead].mean().item(),
        "hoyer_used": hoyer(used).mean().item() if used.shape[1] > 1 else 0.0,
        "zero_codes": dead.double().mean().item(),
        "active_per_image": active(means.abs()).double().mean().item(),
        "active_per_class": active(by_class).double().mean().item(),
        "active_overall": float(in_use.sum()),
        "left_off": left_off.mean().item(),
        "effective_per_class": entropy(by_class).exp().mean().item(),
    }


@of_finite
def overlap(by_class: Float[Tensor, "classes dim"]) -> float:
    """How much two classes' `active` dimensions have in common, given every class's `mean_size` (C, D), C > 1.

    The mean over all pairs of classes of the number of dimensions active in both, over that of dimensions active in
    either (the Jaccard index): 1 if all classes have the same ones, 0 if no two share any. Raises `ValueError` for one
    class.

    >>> overlap(torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    0.3333333333333333
    """
    if len(by_class) < 2:
        raise ValueError(f"the overlap compares classes: it needs at least 2, not {len(by_class)}")
    on = _is_active(by_class).double()
    both, number = on @ on.T, on.sum(1)
    either = number + number[:, None] - both
    first, second = torch.triu_indices(len(on), len(on), 1)
    return (both / either.clamp_min(1))[first, second].mean().item()


class Traversals(NamedTuple):
    """Images decoded along single dimensions, and where.

    `images` (G, K, V, *data_shape), decoder's means in [0, 1], for G starting points, K dimensions of each and V values
    of a dimension; `dimensions` (G, K), counted from 0; `values` (G, K, V); `start` (G, K), the values that the
    starting points have there.
    """

    images: Tensor
    dimensions: Tensor
    values: Tensor
    start: Tensor


@of_finite
@torch.no_grad()
def traversals(
    model: VAE,
    x: Tensor,
    labels: Int64[Tensor, " n"],
    classes: Sequence[int],
    *,
    dimensions: int = 5,
    steps: int = 9,
) -> Traversals:
    """Figure 8, bottom: for the first image of each class, what is decoded when one dimension of g(mu) is changed.

    The dimensions are those in which the class's mean |z| is largest, in this order. `steps` values are spread evenly
    over [-a, a], a the size that 99.5 % of all codes stay below in that dimension. Raises `ValueError` for a class that
    none of the images has.
    """
    dimensions, steps = whole_of("dimensions", dimensions, ">= 1"), whole_of("steps", steps, ">= 1")
    index = {int(c): i for i, c in enumerate(labels.unique())}
    if absent := set(classes) - set(index):
        raise ValueError(f"no image is of the class {min(absent)}: choose from {', '.join(map(str, index))}")
    codes = encode(model, x)["mean"]
    by_class, reach = mean_size(codes, labels), codes.abs().quantile(TAIL, dim=0)
    chosen = torch.stack([by_class[index[c]].argsort(descending=True)[:dimensions] for c in classes])  # (G, K)
    start = torch.stack([codes[labels == c][0] for c in classes])  # (G, D)
    values = reach[chosen].unsqueeze(-1) * torch.linspace(-1, 1, steps)  # (G, K, V)
    z = start[:, None, None, :].expand(*values.shape, -1).clone()
    z.scatter_(-1, chosen[:, :, None, None].expand(*values.shape, 1), values.unsqueeze(-1))
    images = model.decoder(z.flatten(0, 2)).mean
    check_finite("the model's images", images)  # before infinity becomes 1
    return Traversals(images.clamp(0, 1).unflatten(0, values.shape), chosen, values, start.gather(1, chosen))
