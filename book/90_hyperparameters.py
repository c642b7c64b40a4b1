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
from intelvae.paper import settings, studies
from intelvae.paper.config import SEMANTICS

studies.check_profile(profile)  # the tables are of all of them

# %% [markdown]
# ## Table C.1

# %% tags=["hide-input"]
settings.table_c1()

# %% [markdown]
# Where the paper says "binary" the authors' code uses grey images, and so do we; `Training(binary=True)` gives the other
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
settings.table_c2()

# %% [markdown]
# Parameters with two latent dimensions.
#
# ## How many runs

# %% tags=["nbval-check-output"]
for name in studies.NAMES:
    runs = {p: settings.number_of_runs(name, p) for p in studies.PROFILES}
    print(f"{name:<16} " + ", ".join(f"{p}: {count}" for p, count in runs.items()))
print("semantics of training:", SEMANTICS)
