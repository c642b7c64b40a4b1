"""What the authors' code does in another way than the paper or the textbooks, each to take the place of a part.

The library reads like the papers that it comes from, and knows nothing of these. Options of a config ask for them by
name (`config.Training`), and what builds, trains and measures a run puts them in; all are off unless asked for. In
brackets is the file of the code of October 2021 (github.com/NingMiao/InteL-VAE). Two are not of that code, and say so:
`DensePrior` and `sparsity_as_printed`.
"""

from intelvae.paper.authors.flows import FLOWS, Mispaired, MispairedStep, OnMean, Unchecked, sylvester
from intelvae.paper.authors.images import SPLITS, frechet_with_surplus, load, wrapped
from intelvae.paper.authors.mappings import (
    BoundedThreshold,
    ForgetfulSectors,
    ForgetfulThreshold,
    bounded,
    forgetful,
)
from intelvae.paper.authors.penalties import PENALTIES, gates_as_printed, sparsity_as_printed
from intelvae.paper.authors.priors import PRIORS, DensePrior, Legacy, WidePrior, free_vamp

__all__ = [
    "FLOWS", "PENALTIES", "PRIORS", "SPLITS", "BoundedThreshold", "DensePrior", "ForgetfulSectors",
    "ForgetfulThreshold", "Legacy", "Mispaired", "MispairedStep", "OnMean", "Unchecked", "WidePrior", "bounded",
    "forgetful", "frechet_with_surplus", "free_vamp", "gates_as_printed", "load", "sparsity_as_printed", "sylvester",
    "wrapped",
]  # fmt: skip
