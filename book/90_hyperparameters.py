# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Hyperparameters
#
# The paper's Tables C.1 and C.2 beside what each profile of this book uses. Settings, repeats, parameters and numbers of runs
# are read from the grids and networks that the experiments use; sizes of data sets and layers are typed here.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import dataclasses
from collections import Counter

import pandas as pd
from intelvae.paper.records import SEMANTICS

from intelvae import networks
from intelvae.paper import experiments

# %% [markdown]
# ## Table C.1

# %% tags=["hide-input"]
paper = {
    "connectivity": {
        "training examples": "unlimited",
        "input": "R^2",
        "latent dimensions": "2-10",
        "batch size": "10-500",
        "optimiser": "Adam",
        "learning rate": "1e-3",
        "epochs": "not given",
        "repeats": "not given",
        "likelihood": "not given",
    },
    "multi-modality": {
        "training examples": "10k",
        "input": "binary 28x28",
        "latent dimensions": "1-10",
        "batch size": "100",
        "optimiser": "Adam",
        "learning rate": "1e-3",
        "epochs": "not given",
        "repeats": "not given",
        "likelihood": "not given",
    },
    "sparsity": {
        "training examples": "55k",
        "input": "binary 28x28",
        "latent dimensions": "50",
        "batch size": "100",
        "optimiser": "Adam",
        "learning rate": "1e-3",
        "epochs": "not given",
        "repeats": "not given",
        "likelihood": "not given",
    },
    "table4": {
        "training examples": "163k",
        "input": "RGB 64x64",
        "latent dimensions": "1-128",
        "batch size": "100",
        "optimiser": "Adam",
        "learning rate": "1e-3",
        "epochs": "not given",
        "repeats": "not given",
        "likelihood": "not given",
    },
}
examples = {
    "multi-modality": {"smoke": "800 embedded", "laptop": "10,000", "paper": "10,000"},
    "sparsity": {"smoke": "800 embedded", "laptop": "55,000", "paper": "55,000"},
    "table4": {"smoke": "800 drawn", "laptop": "8,059", "paper": "162,770"},
}


def pixels(configs):
    sizes = dict.fromkeys(networks.IMAGE_SIZE[c.network] for c in configs)
    return ("RGB " if configs[0].data == "celeba" else "grey ") + " and ".join(f"{size}x{size}" for size in sizes)


def used(experiment, profile):
    configs = experiments.grid(experiment, profile)
    first = configs[0]
    repeats = Counter(dataclasses.replace(c, seed=0) for c in configs).values()
    image = experiment in examples
    return {
        "training examples": examples[experiment][profile] if image else "unlimited",
        "input": pixels(configs) if image else "R^2",
        "latent dimensions": str(first.latent_dim),
        "batch size": str(first.batch_size),
        "optimiser": "Adam",
        "learning rate": f"{first.lr:g}",
        "epochs": f"{first.epochs}" + (f" of {first.steps_per_epoch} steps" if first.steps_per_epoch else ""),
        "repeats": str(max(repeats)) if min(repeats) == max(repeats) else f"{min(repeats)} to {max(repeats)}",
        "likelihood": ", ".join(dict.fromkeys(c.likelihood for c in configs)),
    }


table = pd.concat(
    {
        experiment: pd.DataFrame(
            {"in the paper": rows} | {name: used(experiment, name) for name in experiments.PROFILES}
        )
        for experiment, rows in paper.items()
    }
)
table

# %% [markdown]
# Where the paper says "binary" the authors' code uses grey images, and so do we; `RunConfig(binary=True)` gives the other
# reading. Runs at `laptop` and `paper` on images use bfloat16 for the networks' arithmetic; densities, validation and
# all metrics are in float32.
#
# ## The networks
#
# | | encoder | decoder |
# |---|---|---|
# | `mlp` (appendix C.4) | three hidden layers of 10, ReLU | the same |
# | `mathieu` (the one the text names) | 4x4 convolutions, stride 2, to 32, 64, 128 channels; 4x4 heads | mirrored |
# | `mathieu-offset` (ours, an ablation) | the same | one learned offset after the first layer, which has no bias |
# | `authors` (the one in the code) | the same widths, batch norm throughout, biases; dense heads | dense to 7x7x128, then 64, 32, 1 |
# | `faces` (Table C.2) | 4x4 convolutions, stride 2, to 64, 128, 256 channels; dense heads | dense to 8x8x256, then 256, 128, 3 |
# | `faces-narrow` (the code's) | the same | dense to 8x8x256, then 128, 64, 3 |

# %% tags=["hide-input"]
shapes = {"mlp": (2,), **{name: (3 if size == 64 else 1, size, size) for name, size in networks.IMAGE_SIZE.items()}}
rows = []
for name, shape in shapes.items():
    encoder, decoder = networks.create(name, shape, 2)
    count = [sum(p.numel() for p in part.parameters()) for part in (encoder, decoder)]
    rows.append({"network": name, "data": "x".join(map(str, shape)), "encoder": count[0], "decoder": count[1]})
pd.DataFrame(rows).set_index("network")

# %% [markdown]
# Parameters with two latent dimensions.
#
# ## How many runs

# %% tags=["nbval-check-output"]
for name in experiments.NAMES:
    counts = ", ".join(f"{p}: {len(experiments.grid(name, p))}" for p in experiments.PROFILES)
    print(f"{name:<16} {counts}")
print("semantics of training:", SEMANTICS)
