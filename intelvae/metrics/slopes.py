"""How steep a function is: the size of its Jacobian, point by point."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from intelvae.dtypes import at_least_float32
from intelvae.finite import check_finite, of_finite


@of_finite
def slopes(f: Callable[[Tensor], Tensor], at: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """The largest singular value of the Jacobian of f at each of the points `at` (N, D), (N,).

    f maps (N, D) to (N, F), a row at a time, under `torch.no_grad` too; a constant has the slope 0. The largest of all
    slopes is the Lipschitz constant of f; that of N points is a lower bound on it. Raises `ValueError` for points or
    values of f that are not finite. Book: "Beyond the ELBO".

    >>> slopes(lambda x: torch.stack([3 * x[:, 0], x[:, 1]], 1), torch.zeros(2, 2))
    tensor([3., 3.])
    """
    x = at.detach().clone().requires_grad_()
    with torch.enable_grad():
        values = f(x) + (0 * x).sum()  # what does not depend on x has a gradient too: 0
        check_finite("f(at)", values)
        rows = [torch.autograd.grad(column.sum(), x, retain_graph=True)[0] for column in values.unbind(1)]
    return torch.linalg.svdvals(at_least_float32(torch.stack(rows, 1)))[:, 0]
