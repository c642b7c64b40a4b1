"""Two holes and more: points of the circle glued together."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intelvae.dtypes import computed_in_float32
from intelvae.mappings.circle import Circle
from intelvae.numbers import check_number, whole_of


class Glue(nn.Module):
    """The circle with points glued so that it has `holes` holes, for y (..., 2) (paper, equation 5 and Figure C.1).

    With `c = Circle()(y)`, two holes are `z = (c_1, c_2 (sqrt(4/3 - (1 - |c_1|)^2) - 1/sqrt(3)))`: (0, 1) and (0, -1)
    both go to the origin, and each of the two lobes has half of the prior's mass. The printed equation's
    parentheses are ambiguous; this reading, the authors' code's, is the one that glues.

    More than two holes are ours, since the paper only says "continue to glue": `z = (c_1, c_2 |sin(h (t + pi/2))|)`.
    The angle `t = arcsin(c_1)` is uniform under the prior, and the factor vanishes at h - 1 points inside its range,
    so the result is a chain of h lobes of equal mass.

    `scale` multiplies the result: 1 in the paper, 2 in the authors' code, to match the size of its data.
    Raises `ValueError` for holes < 2 (use `Circle` for one), eps < 1e-12, scale <= 0 or another latent dimension
    than 2.
    Book: "Multiple connectivity".

    >>> import torch
    >>> Glue()(torch.tensor([[0.0, 2.0], [0.0, -2.0]])).abs().max() < 1e-6
    tensor(True)
    """

    def __init__(self, holes: int = 2, eps: float = 1e-4, scale: float = 1.0) -> None:
        super().__init__()
        holes = whole_of("holes", holes, ">= 2")
        check_number("scale", scale, "> 0")
        self.holes, self.scale = holes, scale
        self.circle = Circle(eps)

    @computed_in_float32
    def forward(self, y: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 2"]:
        if y.shape[-1:] != (2,):
            raise ValueError(f"the mapping 'glue' needs 2 latent dimensions, not y of shape {tuple(y.shape)}")
        c1, c2 = self.circle(y).unbind(-1)
        if self.holes == 2:
            factor = (4 / 3 - (1 - c1.abs()).square()).sqrt() - 1 / math.sqrt(3)
        else:
            angle = torch.atan2(c1, (c2.square() + self.circle.eps**2).sqrt())  # arcsin(c_1), with a finite slope
            factor = (self.holes * (angle + math.pi / 2)).sin().abs()
        return self.scale * torch.stack([c1, c2 * factor], -1)
