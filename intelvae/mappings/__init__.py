"""Mappings `g: y -> z`, the inductive biases: modules from latents (..., D) to representations (..., D').

Your own is any `nn.Module` with such a `forward`, continuous and (almost everywhere) differentiable.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from intelvae.mappings.circle import Circle
from intelvae.mappings.clusters import SectorProduct, Sectors, Threshold, clusters
from intelvae.mappings.coupling import Coupling
from intelvae.mappings.glue import Glue
from intelvae.mappings.hierarchy import Hierarchy
from intelvae.mappings.identity import Identity
from intelvae.mappings.sparse import Sparse
from intelvae.numbers import whole_of

__all__ = [
    "NAMES", "Circle", "Coupling", "Glue", "Hierarchy", "Identity", "SectorProduct", "Sectors", "Sparse", "Threshold",
    "create",
]  # fmt: skip

_KINDS: dict[str, Callable[..., nn.Module]] = {
    "identity": Identity,
    "circle": Circle,
    "glue": Glue,
    "clusters": clusters,
    "threshold": Threshold,
    "sparse": Sparse,
    "hierarchy": Hierarchy,
    "coupling": Coupling,
}
NAMES = tuple(_KINDS)
_CLUSTER_OPTIONS = ("k", "factors", "c1", "c2", "delta", "learnable")


def create(name: str, latent_dim: int, **options: Any) -> nn.Module:
    """The mapping called `name`, one of `NAMES`, for `latent_dim` dimensions.

    Raises `ValueError`, one line, for an unknown name or option and for a mapping that the latent dimension does not
    fit.

    >>> create("clusters", 2, k=3).num_clusters
    3
    """
    if name not in _KINDS:
        raise ValueError(f"unknown mapping {name!r}: choose one of {', '.join(NAMES)}")
    latent_dim = whole_of("latent_dim", latent_dim, ">= 1")
    kind = _KINDS[name]
    parameters = inspect.signature(kind).parameters
    named = [p.name for p in parameters.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    known = _CLUSTER_OPTIONS if name == "clusters" else [p for p in named if p != "latent_dim"]
    if unknown := options.keys() - set(known):
        allowed = ", ".join(known) if known else "none"
        raise ValueError(f"the mapping {name!r} has no option {sorted(unknown)[0]!r}: it takes {allowed}")
    if name in ("circle", "glue") and (latent_dim < 2 or (name == "glue" and latent_dim > 2)):
        raise ValueError(f"the mapping {name!r} does not fit {latent_dim} latent dimensions: it needs 2")
    return kind(latent_dim, **options) if "latent_dim" in named else kind(**options)
