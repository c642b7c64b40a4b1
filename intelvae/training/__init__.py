"""Training: what is maximised, how, for how long, and `fit`, which does it, alone or for many models side by side.

settings      Objective, Optimiser, Schedule
checks        what training takes
surroundings  torch's global state: seeds, threads, dtype, deterministic algorithms
precision     in which a model trains fastest
history       what training saw
fitting       `fit` and `evaluate`
side_by_side  the same for many small models at once
"""

from intelvae.training import side_by_side
from intelvae.training.fitting import evaluate, fit
from intelvae.training.history import History, TrainingError
from intelvae.training.precision import PRECISIONS, fastest
from intelvae.training.settings import Objective, Optimiser, Schedule
from intelvae.training.surroundings import default_dtype, deterministic_algorithms, seeded, torch_threads

__all__ = [
    "PRECISIONS", "History", "Objective", "Optimiser", "Schedule", "TrainingError", "default_dtype",
    "deterministic_algorithms", "evaluate", "fastest", "fit", "seeded", "side_by_side", "torch_threads",
]  # fmt: skip
