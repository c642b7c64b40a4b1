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
# # Multi-modality on zeros and ones
#
# **The claim** (section 6.2, Figures 5 and 6, Table 2 of {cite}`miao2022intelvae`). Digits 0 and 1 are two separate
# clusters. A VAE with a single latent dimension must join them, so some of its samples are neither: 2.5 % are ambiguous
# to a classifier. An InteL-VAE whose mapping tears the Gaussian in two has 0.9 % such samples, and its share of ones,
# 49.5 %, is nearest to one half. The paper compares six methods; this page has four of them.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1
k = 3

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
import torch
from myst_nb import glue

from intelvae import claims, experiments, mappings, plots

PAGE = "05_multi_modality"

# %% [markdown]
# ## The idea
#
# Cut the plane of the first two latent dimensions into $K$ equal sectors. Push every point along the bisector $r(y)$ of
# its sector, by an amount that grows steeply with its distance $\mathrm{dis}(y)$ from the sector's border (equation 6):
#
# $$ g(y) = y + c_1\, \mathrm{dis}(y)^{c_2}\, r(y), \qquad c_1 = 5,\; c_2 = 0.2. $$
#
# Points on a border stay, so $g$ is continuous; all others leave it fast, so a gap opens. In one dimension with $K = 2$
# this is $g(y) = y + c_1 \operatorname{sign}(y) |y|^{c_2}$.


# %%
def split_in_one_dimension(y, c1=5.0, c2=0.2):
    return y + c1 * y.sign() * y.abs() ** c2


# %% [markdown]
# **A check against what is known.** Of a standard normal $y$, the share that ends within $|z| < 1$ follows from the
# formula alone: $|z| < 1$ needs $|y| < y^*$ with $y^* + 5 y^{*0.2} = 1$, a share of $2.7 \cdot 10^{-4}$. The gap is
# almost empty. The library replaces $\mathrm{dis}^{c_2}$ by $(\mathrm{dis} + \delta)^{c_2} - \delta^{c_2}$, because the
# slope at the border is otherwise infinite and one unlucky point would ruin the optimiser's state for ever; with the
# default $\delta = 10^{-3}$ the gap is narrower, and the second number says by how much.

# %%
y = torch.randn(2_000_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
exact = (split_in_one_dimension(y).abs() < 1).double().mean().item()
safe = (mappings.create("clusters", 1, k=2)(y).abs() < 1).double().mean().item()
print(f"share within |z| < 1: {exact:.5f} by the formula, {safe:.5f} with delta = 1e-3")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 5 of the paper, computed: a Gaussian before and after the mapping with k sectors, and a circle carried along.", "name": "fig-sectors"}, "image": {"alt": "Two scatter plots: a round cloud cut into sectors, and the same points as separate clusters."}}
cloud = torch.randn(3000, 2, generator=torch.Generator().manual_seed(1))
angle = torch.linspace(0, 2 * torch.pi, 2001)
ring = 1.5 * torch.stack([angle.cos(), angle.sin()], -1)
sectors = mappings.create("clusters", 2, k=k)
figure, axes = plt.subplots(1, 2, figsize=(6.5, 3.2), layout="constrained")
for axis, points, curve, title in (
    (axes[0], cloud, ring, "$y$"),
    (axes[1], sectors(cloud), sectors(ring), "$z = g(y)$"),
):
    axis.scatter(*points.T, c=sectors.labels(cloud), s=3, cmap="cividis", linewidths=0)
    axis.plot(*curve.T, color=plots.ORANGE, lw=1.2)
    axis.set(title=title, aspect="equal", xticks=[], yticks=[])

# %% [markdown]
# ## The experiment
#
# MNIST-01 has 5,000 zeros and 5,000 ones to train on, 500 each to validate, and 980 zeros and 1,000 ones to test. The
# latent space has one dimension. The paper leaves two choices open that turn out to matter:
#
# - **The network.** The text names that of {cite}`mathieu2019dd`, on images of 32x32 pixels; the authors' code has
#   another, on 28x28. We run both.
# - **The reconstruction term.** We run the squared error (a Gaussian with variance 1/2), which fits the paper's numbers
#   best, and the Bernoulli likelihood.
#
# Each method samples from its own prior. A logistic classifier, trained on the same images, judges 10,000 decoded
# means clipped to $[0, 1]$: a sample is ambiguous if the classifier's confidence is below 80 %.

# %%
records = experiments.records("multi-modality", profile, seeds, jobs=jobs, device=device)

# %% tags=["hide-input"]
main = [r for r in records if r.config.network == "mathieu" and r.config.likelihood == "gaussian"]
first = [r for r in main if r.config.seed == main[0].config.seed]
print(plots.provenance(records, profile))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 6 of the paper, with all four methods: generated digits, first seed, the network of Mathieu et al., squared error.", "name": "fig-digits"}, "image": {"alt": "Rows of generated zeros and ones for each method."}}
figure = plots.image_rows(first)

# %% [markdown]
# Has training gone on for long enough? The validation ELBO should have flattened.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Validation ELBO by epoch, one line a run (network of Mathieu et al., squared error).", "name": "fig-digits-curves"}, "image": {"alt": "Validation curves that rise and flatten."}}
figure = plots.curves(main)

# %% [markdown]
# ### Table 2

# %% tags=["hide-input"]
frame = pd.DataFrame(
    [
        {
            "network": r.config.network,
            "likelihood": r.config.likelihood,
            "method": r.config.method,
            "seed": r.config.seed,
            "ambiguous, %": 100 * r.metrics["uncertain"],
            "ones, %": 100 * r.metrics["ones"],
            "own side, %": 100 * r.metrics["separation"],
            "test ELBO": r.metrics["test_elbo"],
        }
        for r in records
    ]
)
keys = ["network", "likelihood", "method"]
grouped = frame.groupby(keys, sort=False)
table = grouped[["ambiguous, %", "ones, %", "own side, %", "test ELBO"]].agg(
    lambda v: f"{v.mean():.1f}" + (f" ± {v.std():.1f}" if len(v) > 1 else "")
)
table["seeds"] = grouped["seed"].nunique()
paper = {"VAE": "2.5 / 48.8", "MoG-VAE": "4.5 / 47.7", "Vamp-VAE": "2.4 / 48.8", "InteL-VAE": "0.9 / 49.5"}
table["paper: ambiguous / ones"] = [paper[method] for *_, method in table.index]
table

# %% [markdown]
# "Own side" is the share of test digits encoded on their own digit's side of $y = 0$. It is the key to the rest: the
# mapping opens a gap at $y = 0$, and whether the gap helps depends on whether training puts the two digits on two sides
# of it. On real test images the classifier is unsure about {glue:text}`real_uncertain:.1f` %.

# %% tags=["hide-input"]
glue("real_uncertain", 100 * records[0].metrics["real_uncertain"], display=False)

# %% [markdown]
# ### Seed by seed
#
# A mean hides what decides it, so here is every run.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Share of ambiguous samples, one mark a seed, by network (squared error).", "name": "fig-digits-seeds"}, "image": {"alt": "Dots by network and method."}}
squared = [r for r in records if r.config.likelihood == "gaussian"]
figure = plots.by_seed(squared, "uncertain", "share of ambiguous samples", group="network")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Where the InteL-VAE puts the test digits: histograms of z by digit, one panel a seed.", "name": "fig-digits-latents"}, "image": {"alt": "Histograms of the latent by digit and seed."}}
figure = plots.latent_histograms([r for r in main if r.config.method == "InteL-VAE"])

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The same for all four methods, first seed.", "name": "fig-digits-latents-methods"}, "image": {"alt": "Histograms of the latent by digit and method."}}
figure = plots.latent_histograms(first)

# %% tags=["hide-input"]
intel = frame[frame.method == "InteL-VAE"]
intel.drop(columns="method").set_index(["network", "likelihood", "seed"]).round(1)

# %% [markdown]
# ## Paper beside ours
#
# The rule, fixed before the runs: against each other method the InteL-VAE's mean must be smaller (of the ambiguous
# share; of the distance between the share of ones and one half) with $p < 0.05$ in a t-test paired by seed
# (*reproduced*); smaller without significance is *partly*; fewer than three seeds is *not tested*.

# %% tags=["hide-input"]
found = claims.rows(records, profile, page=PAGE)
pd.DataFrame(found)[["verdict", "claim", "paper", "ours", "sd", "n", "p"]].round(4)

# %% [markdown]
# ## What the paper leaves open, and what the authors' code does
#
# - The code's image runs use $c_2 = 0.5$ and a threshold that is always learned, or $c_1 = 1$ with a fixed one in an
#   earlier version: three gaps of very different width. This page uses the paper's constants.
# - The code's MoG and Vamp models draw their samples from $\mathcal N(0, I)$ instead of their own prior, and count the
#   entropy of $q$ $D$ times (harmless here, where $D = 1$). Ours sample from their own prior.
# - The classifier of Table 2 is not in the code. Ours is an L2-regularised logistic regression on pixels.
#
# ## Exercises
#
# 1. Rerun with `k = 5` and look at the second figure.
# 2. Take a run in which both digits share a side. What does its decoder draw at $y$ just left and right of zero?
# 3. Replace $c_2 = 0.2$ by $0.5$ in `experiments.DIGIT_METHODS`. Does the share on the own side change?

# %% tags=["nbval-check-output"]
print(claims.verdicts(found))
