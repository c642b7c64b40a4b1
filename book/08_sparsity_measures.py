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
# # What the Hoyer score measures
#
# The paper measures sparsity by one number, the Hoyer score {cite}`hurley2009sparsity`: the axis of Figures 7 and C.3 and a
# column of Table 4 of {cite}`miao2022intelvae`. What does it see, and what does it miss? We look at the runs of
# the page on [sparse codes](08_sparsity.ipynb), which judges the claims.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
extractor = None  # "inception" for FID; None for the stand-in
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import math

import torch

from intelvae import priors, training
from intelvae.metrics import codes, features
from intelvae.metrics.hoyer import by_chance
from intelvae.metrics.hoyer import hoyer as of_library
from intelvae.paper import ledger, measures, studies
from intelvae.paper.prose import Folded, Provenance, Table, badge, in_short, say
from intelvae.paper.studies.sparsity import analysis, figures, tables

results = studies.results(
    "sparsity", profile, seeds, features=extractor, jobs=jobs, device=device
)
name = f"{features.distance_name(measures.features_of(results))} without faint pixels"
found = ledger.rows(profile, results, page="08_sparsity")
verdict = {row["id"]: badge(row["verdict"]) for row in found}
curve = analysis.break_even(results)

# %% tags=["hide-input"]
in_short(f"""
Part of a high score can be noise in dimensions that are hardly used. So we also take the score
in the *dimensions in use*, whose mean $|z|$ is at least a tenth of the largest, and compare it
with *chance*, the score of Gaussian codes of as many dimensions.

- A VAE's score, {curve["vae-hoyer"]}, is chance: Gaussian codes of 50 dimensions have
  {by_chance(50):.3f}.
- At $\\gamma = {curve["even"]}$, the sparsest whose samples are
  [no worse than the VAE's](08_sparsity.ipynb), the score is {curve["even-hoyer"]}. In the
  dimensions in use it is {curve["even-used"]}, where {curve["even-chance"]} is chance.
- At $\\gamma = {curve["sparse"]}$ the score is {curve["sparse-hoyer"]}. In the dimensions in use
  it is {curve["sparse-used"]}, where {curve["sparse-chance"]} is chance.
- Codes get sparser with $\\gamma$: {verdict["fig7-sparsity-grows"]} by the score,
  {verdict["fig7-sparsity-grows-in-use"]} by the score in use, and
  {verdict["fig7-sparsity-grows-unused"]} by the share of the dimensions in use that are off in an
  image.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 7, left, with the chance score subtracted: distance of the samples from the test images without faint pixels (logarithmic), against the Hoyer score in the dimensions in use, less the score of as many Gaussian dimensions. Means and standard deviations over seeds; dashed lines are the VAE.", "name": "fig-in-use"}, "image": {"alt": "One line for each method in the plane of score above chance and distance, with the values of gamma or alpha beside its points."}}
label = "Hoyer score in use, above chance"
figure = figures.trade_off(results, name, measures.above_chance, label)

# %% tags=["hide-input"]
Provenance(results)

# %% [markdown]
# ## The score
#
# The Hoyer score says how unequal in size a code's dimensions are. Every dimension is divided by its standard deviation over
# the data, and then
#
# $$ \mathrm{Hoyer}(z) = \frac{\sqrt D - \lVert \hat z \rVert_1 / \lVert \hat z \rVert_2}{\sqrt D - 1}, \qquad
# \hat z_d = z_d / \sigma_d, $$
#
# averaged over the data: 1 if one dimension is active, 0 if all have the same size.


# %%
def hoyer(z):
    scaled, root = z / z.std(0, correction=0), math.sqrt(z.shape[1])
    return (root - scaled.norm(p=1, dim=1) / scaled.norm(dim=1)) / (root - 1)


# %% [markdown]
# **A check against what is known.** One-hot codes have 1. Codes of independent Gaussian dimensions have a known score, too,
# the score *by chance*. Here is the score as above, as in the library, and as known:

# %%
with training.seeded(0):
    for D in (50, 128):
        z = torch.randn(20_000, D)
        both = (f"{score(z).mean():.3f}" for score in (hoyer, of_library))
        print(f"Gaussian codes, D = {D:<3} ", *both, f"known {by_chance(D):.3f}")
    drawn = priors.Sparse(50)().sample((20_000,))
    for title, z in ("one-hot codes", torch.eye(50)), ("draws from DD's prior", drawn):
        both = (f"{score(z).mean():.3f}" for score in (hoyer, of_library))
        print(f"{title:<23} ", *both)

# %% [markdown]
# The paper's VAEs have 0.230 on MNIST, which is chance for $D = 50$, and 0.22 on CelebA, which is chance for $D = 128$ (the
# paper [does not name](10_faces.ipynb) that $D$). The last line is the score of codes that follow DD's sparse prior; the rule for "extremely high" asks for more.
#
# **Of which codes?** The authors' code measures *samples* $g(y)$, $y \sim q(y|x)$, while the "extracted
# features" of the paper's text are $g(\mu(x))$. Tables here have both.
#
# ## What the score does not see
#
# The score can take noise for sparsity, because it divides by $\sigma_d$. That is meant to keep a dimension that is off for
# *all* images from counting as sparsity. But a dimension that is nearly closed for all images now counts as much as any
# other, even if only noise is left in it.
#
# If that noise is uneven, the score calls it sparse. If it is even, as in the dimensions that a VAE does not use, it hides
# the sparsity of the others. Here are five dense dimensions, and 45 a thousand times smaller that are off four times out of
# five:

# %%
with training.seeded(0):
    z = torch.randn(10_000, 50)
    z[:, 5:] *= 1e-3 * (torch.rand(10_000, 45) < 0.2)
print(f"all 50 dimensions  {hoyer(z).mean():.3f}")
print(f"the five in use    {hoyer(z[:, :5]).mean():.3f}")
print(f"five by chance     {by_chance(5):.3f}")

# %% [markdown]
# A decoder of these codes sees five dense dimensions, yet the score over all 50 is high. So we report more than the score:
#
# | measure | what it is | what it does not see |
# |---|---|---|
# | score in use | the score of the **dimensions in use** alone, whose mean size over all images is at least a tenth of the largest | whether some of them are small for all images |
# | by chance | the score of Gaussian codes of as many dimensions; the farther the score in use is above it, the sparser codes are image by image | the codes: it depends on the number of dimensions alone |
# | active | how many dimensions are at least a tenth of the largest, in an image or in the mean over a class | what lies in small dimensions |
# | exp H | how many dimensions a class uses by the entropy of their sizes, without a threshold | what lies in small dimensions |
# | left off | the share of the dimensions in use that are not active in an image | whether this is sparsity: unequal sizes alone can produce it |
# | overlap | dimensions active in both of two classes, as a share of those active in either; mean over pairs | how differently the two classes use a dimension that they share |
# | all zero | the share of codes without any active dimension, which the score counts as 1; "score of the others" leaves them out | how sparse all other codes are |
#
# The threshold is ours; the paper has none. It is relative to the largest because a decoder can undo any scale of all
# dimensions. It could also undo one scale for each, but these measures count such a scale as a difference.
#
# None of these is enough alone. The share left off, for one, sees scales, and the score does not. Dense Gaussian codes
# leave off more if their dimensions have different sizes:

# %%
with training.seeded(0):
    z, labels = torch.randn(10_000, 24), torch.zeros(10_000, dtype=torch.long)
for title, size in (
    ("24 of one size", torch.ones(24)),
    ("from 1 down to 0.12", torch.logspace(0, -0.92, 24)),
):
    of = codes.sparsity(z * size, z * size, labels)
    print(f"{title:<20} left off {of['left_off']:.0%}, score {of['hoyer_used']:.3f}")
print(f"by chance                          {by_chance(24):.3f}")

# %% [markdown]
# ## The codes of Figure 7
#
# Which models are sparse image by image? In the figure at the top, the farther right of 0 a model lies, the sparser its codes
# are image by image. At 0 all images use the same dimensions: the model is a VAE with fewer of them, whatever its score over
# all fifty. The second term of $L_{sp}$ is there to prevent this, by the paper's own words.

# %% tags=["hide-input"]
say(f"""
We call codes sparse image by image if their score in use is at least twice the score by chance
([our line](08_sparsity.ipynb)). The InteL-VAE reaches it at $\\gamma =$ {curve["all-sparse"]}, and
not at $\\gamma =$ {curve["not-sparse"]}.
""")

# %% tags=["hide-input"]
scores, dimensions = tables.sparsity(results)
Folded("All measures of all methods", Table(scores), Table(dimensions))

# %% [markdown]
# **Do the gates look at the image?** How many gates does an image open, and how many do all images of a batch open
# together (exponentials of the two entropies in $L_{sp}$)? Where the two are alike, the gates do not look at the image.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Gates that the InteL-VAE opens in one image, and in all images of a batch together, by γ: exponentials of the two entropies in L_sp. Means and standard deviations over seeds.", "name": "fig-gates"}, "image": {"alt": "Two lines over gamma that begin together and move apart."}}
figure = figures.gates(results)

# %% tags=["hide-input"]
Folded("The gates in numbers", Table(tables.gates(results)))

# %% tags=["hide-input"]
say(f"""
{analysis.told_gates(results)}

With $\\gamma = {curve["sparse"]}$ an image leaves off {curve["sparse-left-off"]} % of
{curve["sparse-in-use"]} dimensions in use; with a VAE it is {curve["vae-left-off"]} %.
""")

# %% [markdown]
# ## Exercises
#
# 1. Which settings have a score above the VAE's, but hardly more than chance in the dimensions in use?
# 2. Shrink one of two dense dimensions to a twentieth. Which measures change?
# 3. Open every gate with probability 0.1, whatever the image is. What is the score, and is the code good for anything?

# %% tags=["hide-cell", "solution"]
vae = tables.SCORE.mean(results.of("VAE"))
for row, of in tables.by_row(results).items():
    score, above = tables.SCORE.mean(of), measures.above_chance
    if score > vae + 0.05 and max(map(above, of)) < 0.1:
        print(f"1. {analysis.in_words(row)}: {score:.3f}")
with training.seeded(0):
    z, is_open = torch.randn(10_000, 2), torch.rand(10_000, 50) < 0.1
    blind = torch.randn(10_000, 50) * is_open
labels = torch.zeros(10_000, dtype=torch.long)
for title, of in (("as it is", z), ("shrunk", z * torch.tensor([1.0, 0.05]))):
    measured = codes.sparsity(of, of, labels)
    print(f"2. {title:<9}", {k: round(v, 2) for k, v in measured.items() if v})
print(
    f"3. {of_library(blind).mean():.3f}: sparse, but which gates are open says nothing"
)

# %% tags=["nbval-check-output", "remove-cell"]
print(scores.to_string(), dimensions.to_string(), sep="\n")
