"""One hole: the projection to the unit sphere."""

from jaxtyping import Float
from torch import Tensor, nn

from intelvae.dtypes import LEAST_EPS, computed_in_float32
from intelvae.numbers import check_number


class Circle(nn.Module):
    """`g(y) = y / sqrt(|y|^2 + eps^2)`, for y (..., D): onto the unit circle for D = 2, the sphere for D > 2.

    The paper writes `y / (|y| + eps)` (section 6.1). Differentiating the root of |y|^2 gives 0/0 at the origin, and the
    slope there, 1/eps, is 1e7 with the code's eps. This form is smooth everywhere, has slope at most 1/eps, and differs
    from the paper's by O(eps / |y|). A standard normal y gives a uniform direction. Raises `ValueError` for D < 2 and
    for eps < 1e-12, with which float32 gives NaN at the origin.
    Book: "The framework", "Multiple connectivity".

    >>> import torch
    >>> Circle()(torch.tensor([3.0, 4.0]))
    tensor([0.6000, 0.8000])
    """

    def __init__(self, eps: float = 1e-4) -> None:
        super().__init__()
        check_number("eps", eps, f">= {LEAST_EPS}")  # it keeps the mapping continuous at the origin
        self.eps = eps

    @computed_in_float32
    def forward(self, y: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        if y.ndim == 0 or y.shape[-1] < 2:
            raise ValueError(f"the mapping 'circle' needs y of shape (..., D) with D >= 2, not {tuple(y.shape)}")
        return y * (y.square().sum(-1, keepdim=True) + self.eps**2).rsqrt()
