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
# # Learned proportions
#
# **The claim** (section 6.2, Table 3 of {cite}`miao2022intelvae`). Clusters need not have equal shares, and one need not
# know the shares: if the borders of the clusters are parameters, an InteL-VAE learns them. With 50, 40, 25, 20 and 0 % of
# zeros among zeros and ones, the paper's learned shares are 47 ± 1, 36 ± 10, 25 ± 8, 16 ± 11 and 2 ± 1 %.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import pandas as pd
import torch
from myst_nb import glue
from torch.distributions import Normal

from intelvae import mappings
from intelvae.paper import ledger, studies
from intelvae.paper.studies.digits import figures
from intelvae.paper.studies.digits.analysis import table3

PAGE = "07_proportions"

# %% [markdown]
# ## The idea
#
# Move the border. In one dimension the mapping splits at a learned threshold $b$,
#
# $$ g(y) = y + c_1 \operatorname{sign}(y - b)\, \lvert y - b \rvert^{c_2}, $$
#
# and the two clusters have the prior's mass on either side, $\Phi(b)$ and $1 - \Phi(b)$. With $K$ sectors their widths are
# $2\pi \operatorname{softmax}(u)$. The gradient reaches $b$ mostly through points near the border, where $g$ changes most
# with it.


# %%
def split(y, b, c1=5.0, c2=0.2):
    return y + c1 * (y - b).sign() * (y - b).abs() ** c2


# %% [markdown]
# **A check against what is known.** The mass below the threshold is $\Phi(b)$, one half at $b = 0$ and one quarter at $b = -0.6745$:

# %%
threshold = mappings.create("threshold", 1, learnable=True)
y = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0))
for b in (0.0, -0.6745, -1.0):
    torch.nn.init.constant_(threshold.threshold, b)
    below = (threshold.labels(y) == 0).double().mean().item()
    mass = threshold.proportions()[0].item()
    exact = Normal(0.0, 1.0).cdf(torch.tensor(b)).item()
    far = (y - b).abs().squeeze() > 0.1
    same = (threshold(y)[far] - split(y, b)[far]).abs().max().item() < 1e-3
    print(
        f"b = {b:7.4f}: drawn {below:.3f}, the library {mass:.4f}, exact {exact:.4f}; as above: {same}"
    )

# %% [markdown]
# ## The experiment
#
# Zeros and ones of MNIST with 50 latent dimensions, the first of which is split. As in the authors' code the images of a
# class are repeated to change its share: 40 % zeros is every zero twice and every one three times. An epoch of repeated
# images is longer; at `smoke` and `laptop` every share is trained for as many *steps*, not epochs.
#
# Which cluster is which digit is up to the model, and the paper does not say how it matched them. We decode 2,000
# samples, let the classifier of Table 2 name each, and add up the learned masses of the clusters most of whose samples
# are zeros. The raw $\Phi(b)$ is not that: a model that swaps the sides has learned the same thing. Where the data have no
# zeros no cluster decodes to any, whatever has been learned; there we take the mass of the smaller side.

# %%
results = studies.results("proportions", profile, seeds, jobs=jobs, device=device)

# %% tags=["hide-input"]
print(results.provenance())
pd.DataFrame(table3.lines(results)).set_index("zeros in the data, %")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Learned against true share of zeros, one mark a run. On the dashed line the two are equal; the dotted line is where training starts.", "name": "fig-proportions"}, "image": {"alt": "Scatter plot of learned against true shares."}}
figure = figures.proportions(results)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The learned share of zeros by steps of training, one line a run, for each share in the data (dashed). First seeds in the darkest colour; runs in which not exactly one cluster decodes to zeros have no line.", "name": "fig-proportions-training"}, "image": {"alt": "One panel for each share: lines that leave one half for the dashed line, or do not."}}
figure = figures.paths(results)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Where the test digits are encoded: histograms of the split dimension of z by digit, first seed, from one half of zeros to none.", "name": "fig-proportions-latents"}, "image": {"alt": "Histograms by digit, one panel for each share of zeros."}}
first = results.first()
figure = figures.latent_histograms(first, titles=[r.row.name for r in first])

# %% [markdown]
# The share of zeros among *samples* is another matter than the learned border: a decoder can draw ones on both sides of
# it. Where "own side" is near 50 % the two digits share a side, and the border has nothing to learn from.
#
# ## Another slope, or more time?
#
# The authors' code has $c_2 = 0.5$ where the text says 0.2, and trains for 200 epochs. The smaller the power, the steeper $g$
# at the border: at 0.2 a point a hundredth away from it is moved by 2, at 0.5 by one half. Here is what the code's power
# learns in as many steps as above, and what both powers learn for a quarter of zeros in four times as many (at `smoke`
# twice; at `paper` all runs are as long as the code's).

# %% tags=["hide-input"]
code, longer = (
    studies.results(name, profile, seeds, jobs=jobs, device=device, beside=True)
    for name in ("borders", "borders-longer")
)
print(code.provenance(), longer.provenance(), sep="\n")
rows = table3.by_power(results, code, longer)
pd.DataFrame(rows).set_index("zeros in the data, %")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "A quarter of zeros for longer: the learned share by steps of training with the power of the text (solid) and that of the code (dotted), first seed; the dashed line is the share in the data.", "name": "fig-proportions-longer"}, "image": {"alt": "Two lines, one for each power, that start at one half, and a dashed line at a quarter."}}
if longer:
    figure = figures.longer(longer)

# %% tags=["hide-input"]
for name, value in table3.quarter_for_longer(longer).items():
    glue(name, value, display=False)

# %% [markdown]
# In the longer runs the learned share of a quarter is, after as many steps as above and at the end,
# {glue:text}`quarter-0.2-usual` and {glue:text}`quarter-0.2-end` % with the power of the text, and
# {glue:text}`quarter-0.5-usual` and {glue:text}`quarter-0.5-end` % with that of the code. One seed each, so this shows how
# fast a border moves more than where it ends.
#
# ## Paper beside ours
#
# The rule, fixed before the runs: over at least three seeds the mean of the learned share is at most 5 points from the true
# one, and its standard deviation at most 11, the paper's largest (*reproduced*), or both at most twice that (*partly*).
# The number of steps was not fixed before: a first sweep, of 20 epochs for every share, was given up unfinished, because
# borders were still moving, and for a rare digit had too few steps to arrive. The rule stayed as it was. That it is asked
# of the code's power, too, as a variant, was decided when the longer runs were known and the others with that power were not.
#
# By this rule the paper's own five rows all pass. But a border that never moves passes, too, for one half of zeros, which
# is therefore a variant now, and is *partly* right for 40 %: what tells whether borders are learned are the other three rows.

# %% tags=["hide-input"]
found = ledger.rows(profile, results, code, page=PAGE)
ledger.Table(found)

# %% tags=["hide-input"]
for name, value in table3.learned_shares(results, code).items():
    glue(name, value, display=False)

# %% [markdown]
# In short: for 50, 40, 25 and 20 % of zeros the learned shares are, on average, {glue:text}`text-50`,
# {glue:text}`text-40`, {glue:text}`text-25` and {glue:text}`text-20` % with the power that the text gives, and
# {glue:text}`code-50`, {glue:text}`code-40`, {glue:text}`code-25` and {glue:text}`code-20` % with that of the code. Where there
# are no zeros the smaller side keeps {glue:text}`text-0` % and {glue:text}`code-0` % of the mass; the paper's keeps 2 %. There
# both sides draw ones. Whether the border then has little to gain, or only needs longer (see the rightmost panel of the
# training paths), these runs do not tell.
#
# A mean hides runs in which no cluster decodes mostly to zeros, which count as 0 %. By seed the learned shares for 40 %, in
# order, are {glue:text}`text-40-seeds` %.
#
# ## What the paper leaves open, and what the authors' code does
#
# - **Matching**, see above. A learned share of 2 % where there are no zeros shows that the paper matched somehow: an
#   unmatched $\Phi(b)$ would be 98 % in half of the runs.
# - **The power** $c_2$ and the number of steps, see above.
# - In the code $b = 8\,\mathrm{sigmoid}(\beta) - 4$, which bounds it, and $\beta$ is learned: at first a step of the
#   optimiser moves $b$ twice as far as in ours, where $b$ itself is learned, without bounds.
# - Squared errors are summed over 32x32 pixels, as Mathieu's network has them, and not over the 28x28 of Table C.1
#   ([more](14_paper_and_code.ipynb)).
# - In the code the threshold is a parameter in *every* clustered run, also where the paper's text says it is fixed, and
#   is reset to zero when a model is loaded. The option `forgets` of a run's mapping does that
#   (`intelvae.paper.authors.forgetful`).
#
# ## Exercises
#
# 1. Start the threshold at $b = -2$. Does training find its way back?
# 2. The standard deviations of the paper's middle rows are near 10 points. What would runs that fail now and then give?
# 3. Start the threshold where it ends up in a long run. Does it stay there?

# %% tags=["nbval-check-output", "hide-cell"]
print(ledger.verdicts(found))
