"""Training: what is maximised, how, for how long, and `fit`, which does it, alone or for many models side by side.

settings      Objective, Optimiser, Schedule
checks        what training takes
surroundings  torch's global state: seeds, threads, dtype, deterministic algorithms
precision     in which a model trains fastest
history       what training saw
fingerprint   what tells one model or setting from another
checkpoint    the state of a training, in a file that it goes on from
steps         one step after the other, on a GPU as a graph
fitting       `fit` and `evaluate`
concurrent    many runs on one GPU
side_by_side  many small models as one
"""

from intelvae.training import concurrent, side_by_side
from intelvae.training.checkpoint import Checkpoint, CheckpointError
from intelvae.training.fitting import evaluate, fit, in_stages
from intelvae.training.history import History, TrainingError
from intelvae.training.precision import PRECISIONS, fastest
from intelvae.training.settings import Objective, Optimiser, Schedule
from intelvae.training.surroundings import default_dtype, deterministic_algorithms, seeded, torch_threads

__all__ = [
    "PRECISIONS", "Checkpoint", "CheckpointError", "History", "Objective", "Optimiser", "Schedule", "TrainingError",
    "concurrent", "default_dtype", "deterministic_algorithms", "evaluate", "fastest", "fit", "in_stages", "seeded",
    "side_by_side", "torch_threads",
]  # fmt: skip
