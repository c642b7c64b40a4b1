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
# What do the models train with? Tables C.1 and C.2 of {cite}`miao2022intelvae` give the paper's settings, and leave some out.
# This page has them beside ours. It is for looking things up.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
from intelvae.paper import settings, studies
from intelvae.paper.config import SEMANTICS
from intelvae.paper.prose import Table, in_short, say

studies.check_profile(profile)  # the tables are of all of them
runs = settings.table_of_runs()

# %% tags=["hide-input"]
in_short("""
The tables below set the paper's settings beside those of each profile of this book.
Tables C.1 and C.2 leave out the number of epochs, the number of repeats (Tables 1, 3 and B.1 say
ten runs) and the likelihood, so these are our choices.

- **Profiles** say how much is run: `smoke` is a first look, `laptop` is what the published pages
  show, and `paper` has the paper's data and its ten runs.
- **Where the numbers come from.** Settings, repeats and numbers of parameters and runs are read
  from what the experiments run. Sizes of data sets and layers are typed by hand.
""")

# %% [markdown]
# ## Table C.1
#
# Each table below is a column of the paper's Table C.1, with the settings of each profile beside it. Sparsity on
# MNIST (Figure C.3) has the settings of Fashion-MNIST.

# %% tags=["hide-input"]
c1 = settings.table_c1()
for experiment, title in settings.COLUMNS_OF_C1.items():
    say(f"**{title}** (the experiment `{experiment}`)")
    display(Table(c1.loc[experiment].rename_axis("setting")))

# %% [markdown]
# Where the paper says "binary", the authors' code uses grey images, and so do we; `Training(binary=True)` trains on binary
# ones. At `laptop` and `paper`, networks on images compute in bfloat16 where the processor has units for it. Densities,
# validation and all metrics are in float32.
#
# ## The networks
#
# Six networks are in use. The name in the first column is the one that other pages use:
#
# | network | encoder | decoder |
# |---|---|---|
# | `mlp` (appendix C.4) | three hidden layers of 10, ReLU | the same |
# | `mathieu` (the one the text names) | 4x4 convolutions, stride 2, to 32, 64, 128 channels; 4x4 heads | mirrored |
# | `mathieu-offset` (ours, an ablation) | the same | one learned offset after the first layer, which has no bias |
# | `authors` (of the authors' code) | the same widths, batch norm throughout, biases; dense heads | dense to 7x7x128, then 64, 32, 1 |
# | `faces` (Table C.2) | 4x4 convolutions, stride 2, to 64, 128, 256 channels; dense heads | dense to 8x8x256, then 256, 128, 3 |
# | `faces-narrow` (of the authors' code) | the same | dense to 8x8x256, then 128, 64, 3 |
#
# With two latent dimensions they have these numbers of parameters:

# %% tags=["hide-input"]
Table(settings.table_c2())

# %% [markdown]
# ## How many runs
#
# The table has how many models each experiment trains. A training that two experiments share counts in both.

# %% tags=["hide-input"]
Table(runs)

# %% tags=["nbval-check-output", "remove-cell"]
for name, of in runs.iterrows():
    print(f"{name:<16} " + ", ".join(f"{p}: {count}" for p, count in of.items()))
print("semantics of training:", SEMANTICS)
