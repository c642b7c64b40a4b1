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
# # Hierarchies of faces
#
# **The claim** (appendix B, Table B.1 and Figure B.3 of {cite}`miao2022intelvae`). Codes of a hierarchical InteL-VAE are
# better features, above all where labels are few. From 50 labelled faces a linear classifier tells CelebA's 40 attributes
# with a mean accuracy of 0.817 from its codes, and with 0.722 to 0.791 from those of VAEs with 8 to 128 dimensions; from
# 10,000 with 0.857 against 0.819 to 0.855. A VAE's best dimension grows with the number of labels, and the InteL-VAE does
# without that choice.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
extractor = None  # "inception" for FID; None for the stand-in
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import math

import numpy as np
import pandas as pd
import torch
from myst_nb import glue
from sklearn.linear_model import LogisticRegression

from intelvae.metrics import attributes
from intelvae.paper import ledger, studies
from intelvae.paper.studies.faces import figures, hierarchies
from intelvae.paper.studies.hierarchy.figures import level_traversals

PAGE = "12_face_hierarchies"

# %% [markdown]
# ## The idea
#
# An attribute of a face, such as glasses or a smile, is a yes or no. Encode a few labelled faces, fit a logistic regression
# for each attribute to their codes $g(\mu(x))$, and see how often it is right on faces that neither model nor classifier
# has seen. Averaged over 40 attributes that is one number for each model and each number of labels.
#
# It is a number to be careful with. Most attributes are rare or common, so that always saying what most training faces have
# is right for {glue:text}`majority:.0f` % of the answers on this page. Two numbers therefore stand beside the accuracy:
# this **majority**, what one gets without looking at the face, and the **balanced accuracy**, the mean over faces with and
# without the attribute, which is 0.5 for all who do not look.


# %%
def accuracies(train, has, test, truth):
    z = (train - train.mean(0)) / train.std(0)
    judged = (test - train.mean(0)) / train.std(0)
    said = LogisticRegression().fit(z, has).predict(judged)
    balanced = (np.mean(said[truth]) + np.mean(~said[~truth])) / 2
    return np.mean(said == truth), balanced


# %% [markdown]
# **A check against what is known.** Let an attribute be the sign of one Gaussian number, and the code that number plus as
# much noise. Nobody can then be right more often than $1 - \arctan(1)/\pi = 3/4$. If the attribute is rare, one face in
# ten, and the code is noise, the accuracy is nine tenths all the same, and the balanced accuracy tells.

# %%
rng = np.random.default_rng(0)
z = rng.standard_normal((20_000, 8))
noisy, nothing = z + rng.standard_normal(z.shape), rng.standard_normal(z.shape)
common, rare = z[:, 0] > 0, z[:, 0] > 1.2816
train, test = slice(10_000), slice(10_000, None)
for title, codes, has in (
    ("half of the faces, noisy code", noisy, common),
    ("one in ten, no code", nothing, rare),
):
    right, balanced = accuracies(codes[train], has[train], codes[test], has[test])
    print(f"{title:<30} accuracy {right:.3f}, balanced {balanced:.3f}")
print(f"the most that can be had of the first: {1 - math.atan(1) / math.pi:.3f}")
codes, has = torch.from_numpy(noisy), torch.from_numpy(common)[:, None]
generator = torch.Generator().manual_seed(0)
library = attributes.linear(
    (codes[train], has[train]), (codes[test], has[test]),
    generator=generator, sizes=[10_000], draws=1,
)[10_000]  # fmt: skip
print(f"the library, the first case: {library.accuracy.item():.3f}")

# %% [markdown]
# ## The experiment
#
# VAEs with 8 to 128 dimensions and an InteL-VAE with 64 in four levels of 16, as in one of the code's settings; beside it
# ours with the residual mapping. Trained on 8,059 faces at `laptop` (the paper: 163,000), from CelebA's first 10,000 at half
# size and in parts of our own that share no person (the page on [faces](10_faces.ipynb)); on drawn ones, with 13 attributes
# and fewer dimensions, at `smoke`. Trainings of each model: {glue:text}`seeds`. Draws of labelled faces:
# {glue:text}`draws`, from {glue:text}`pool` training faces, the same ones for every model.

# %%
results = studies.results(
    "table-b1", profile, seeds,
    features=extractor, jobs=jobs, device=device, every=True,
)  # fmt: skip

# %% tags=["hide-input"]
print(results.provenance())
print(studies.faces.analysis.source(results[0]))
for key, value in hierarchies.setting(results).items():
    glue(key, value, display=False)
pd.DataFrame(hierarchies.with_majority(results)).T

# %% [markdown]
# Mean accuracy over the attributes by the number of labelled faces, with the standard deviation over draws from
# {glue:text}`pool` faces; the last column, {glue:text}`last-column`. Who says what most of the training faces have, whatever
# the code, is right for {glue:text}`majority:.1f` %. The paper's numbers, on 163,000 faces and with another protocol, from 50
# to 10,000 labels:

# %% tags=["hide-input"]
pd.DataFrame(hierarchies.paper()).T

# %% [markdown]
# And balanced:

# %% tags=["hide-input"]
pd.DataFrame(hierarchies.table(results, "balanced")).T

# %% [markdown]
# Has training gone on for long enough? {glue:text}`epochs` epochs are {glue:text}`steps` steps here, and a single epoch over
# the paper's faces is {glue:text}`steps-of-paper:,`. Over the last two epochs the validation ELBO rose by
# {glue:text}`gained-least` to {glue:text}`gained-most`, with the hierarchical mappings by {glue:text}`gained-intel`, of
# {glue:text}`total:.0f` since the first epoch, mean over the models: what still rises is not trained to the end.

# %% tags=["hide-input", "origin-chart"] mystnb={"figure": {"caption": "Mean accuracy over attributes by the number of labelled faces, mean and standard deviation over draws, at laptop for one training of each model; the dashed line knows no codes. Trained on 8,059 faces at the profile laptop (the paper: 163,000), on 800 drawn ones at smoke.", "name": "fig-face-accuracy"}, "image": {"alt": "Rising curves of accuracy, one for each model, around a dashed horizontal line."}}
curves, majority = hierarchies.curves(results), hierarchies.majority_of(results)
figure = figures.accuracies(curves, majority, "mean accuracy")

# %% tags=["hide-input", "origin-chart"] mystnb={"figure": {"caption": "The same, balanced: 0.5 is the accuracy of who does not look. Trained on 8,059 faces at the profile laptop (the paper: 163,000), on 800 drawn ones at smoke.", "name": "fig-face-balanced"}, "image": {"alt": "Rising curves of balanced accuracy, one for each model, above a dashed line at one half."}}
curves = hierarchies.curves(results, "balanced")
figure = figures.accuracies(curves, 0.5, "mean balanced accuracy")

# %% [markdown]
# ### Figure B.3: attribute by attribute

# %% tags=["hide-input", "origin-chart"] mystnb={"figure": {"caption": "Accuracy for single attributes by the VAE's latent dimension (blue, dots), of the hierarchical InteL-VAE (dashed line) and of the majority (dotted line), mean over draws; last line: the same, balanced. The paper's dimensions 1, 2 and 4 are left out. Trained on 8,059 faces at the profile laptop (the paper: 163,000), on 800 drawn ones at smoke.", "name": "fig-face-attributes"}, "image": {"alt": "A grid of small plots, a column an attribute and a row a number of labelled faces."}}
lines = hierarchies.figure_b3(results)
figure = figures.by_attribute(lines, hierarchies.names_shown(results))
print("\n".join(hierarchies.counts(lines)))

# %% [markdown]
# ### Does the protocol decide?
#
# The authors' code does not do what the text says. It trains a perceptron with ten hidden units on one posterior *sample*
# of each of n *test* faces, watches its accuracy on the last faces of the same set, and reports the best epoch on those,
# which is optimistic. And codes may be standardised, as here, or taken as they are, which leaves unused dimensions small.
# All three, where all have a number. Draws by the code's protocol are {glue:text}`code-draws`; records do not say whether
# they are of the same faces for every model (in early ones they were not), so that no test pairs them.

# %% tags=["hide-input"]
pd.DataFrame(hierarchies.protocols(results)).T

# %% tags=["hide-input"]
for key, value in hierarchies.leads(results).items():
    glue(key, value, display=False)

# %% [markdown]
# From {glue:text}`common` labelled faces the InteL-VAE's lead over the best VAE, in points of accuracy, is
# {glue:text}`lead-linear` in the first column and {glue:text}`lead-code` by the code's protocol: the sign of the lead differs
# for {glue:text}`flips` of {glue:text}`of-common` numbers of labels. The tests of the leads by the code's protocol, among the
# variants below, give $p =$ {glue:text}`code-p`; a large $p$ shows nobody ahead. Balanced these leads are
# {glue:text}`lead-fair`.

# %% [markdown]
# ### What the levels draw

# %% tags=["hide-input", "origin-generated"] mystnb={"figure": {"caption": "Samples of the hierarchical InteL-VAE along one dimension of each level, highest first, from a draw of the prior. Trained on 8,059 faces at the profile laptop (the paper: 163,000), on 800 drawn ones at smoke.", "name": "fig-face-levels"}, "image": {"alt": "Four rows of generated faces, each along one latent dimension."}}
figure = level_traversals(results.first("InteL-VAE")[0])

# %% [markdown]
# %% tags=["hide-input"]
glue("held", hierarchies.held(results), display=False)

# %% [markdown]
# A level may be off, as the page on [hierarchies](11_hierarchies.ipynb) shows. How much of the code the levels hold, highest
# first: {glue:text}`held`.
#
# ## Paper beside ours
#
# The rules, fixed before the runs. For each number of labelled faces, the InteL-VAE's mean accuracy (the mapping of the
# authors' code) must be larger than that of every VAE. Up to 1,000, where the paper claims significance, a t-test against
# the best of them must also give $p < 0.05$ (*reproduced*); larger without it is *partly*. Paired are the draws or, from
# three trainings of all on (as at `paper`), the trainings' means over draws. Draws share one training of each model: a
# small p says that these codes are better, not that such models are. They share faces, too: two draws of
# {glue:text}`largest` have about {glue:text}`overlap:.0f` % of theirs in common, and all draws are judged on the same test
# faces. So p speaks of these draws and test faces only, and understates what other faces would change. All faces there are, the last number at `laptop`, can
# be drawn in one way only, and a comparison of one draw is *not tested*. The best latent dimension of the VAE must never fall
# as labels are added, and rise from the first to the last column (*reproduced*), or only rise (*partly*); it is judged from
# three trainings of each VAE on, and *not tested* before, since one training more or less could move it.
#
# Of Figure B.3 the paper says that the InteL-VAE achieves "comparable or even better results compared with vanilla-VAE
# with all latent dimensions". The rule for it was written when the first seed's figure was known: for nine attributes of
# ten the InteL-VAE is at most one point of accuracy below the best VAE.
#
# Added when the first seed had been seen at `laptop`: a rule for the sentence that the accuracy is "quite robust, even as
# the number of data points gets dramatically low", which counts: from the most labels to 50 the InteL-VAE must lose less than
# the VAE of as many dimensions, by the same test. Variants, which do not count: the code's protocol, with
# Welch's test in the place of a paired one. And two details, which change no verdict of that seed: models are compared over
# the seeds that all have, and all faces there are count as one draw even if their scores differ by rounding.

# %% tags=["hide-input"]
found = ledger.rows(profile, results, page=PAGE)
ledger.Table(found)

# %% tags=["hide-input"]
for key, value in hierarchies.in_short(results, found).items():
    glue(key, value, display=False)
glue("profile", profile, display=False)

# %% [markdown]
# In short, at the profile {glue:text}`profile` (at `smoke` faces are drawn), means over draws: from {glue:text}`few-n` labelled
# faces the codes of the InteL-VAE are right for {glue:text}`few-ours:.1f` ± {glue:text}`few-ours-sd:.1f` %, those of the VAE
# that is best at it, $D =$ {glue:text}`few-best`, for {glue:text}`few-theirs:.1f` ± {glue:text}`few-theirs-sd:.1f` %, and the
# majority, without a code, for {glue:text}`majority:.1f` %. Balanced it is {glue:text}`few-ours-balanced:.1f` %,
# {glue:text}`few-theirs-balanced:.1f` % (the best of any VAE: {glue:text}`few-most-balanced:.1f` %) and 50 %. From
# {glue:text}`all-n` faces the codes of the InteL-VAE are right for {glue:text}`all-ours:.1f` %, those of the VAE with
# $D =$ {glue:text}`all-best` for {glue:text}`all-theirs:.1f` %; balanced, {glue:text}`all-ours-balanced:.1f` and
# {glue:text}`all-theirs-balanced:.1f` % (the best: {glue:text}`all-most-balanced:.1f` %). From {glue:text}`all-n` faces down to
# {glue:text}`few-n` the InteL-VAE loses {glue:text}`fall` points of accuracy (the paper: {glue:text}`paper-fall`), and VAEs with
# {glue:text}`dims` dimensions {glue:text}`falls` (the paper, with 8 to 128: {glue:text}`paper-falls`).
#
# Over all columns, the InteL-VAE is behind the best VAE for {glue:text}`behind` numbers of labels. The VAE's best dimension
# is, from the fewest to the most, {glue:text}`best-dims` (the paper: {glue:text}`best-dims-paper`), from one training of each
# at `laptop`.
#
# ## What the paper leaves open, and what the authors' code does
#
# - **The number of faces**: 163,000 in the paper, 8,059 at `laptop`, where the largest draw is all of them, not 10,000.
# - **Which hierarchy.** The text says 128 dimensions, the table 64, and the code has several splits for both. Ours is four
#   levels of 16. The code's script loops over dimensions from 128 down to 2 without choosing a split for 128, and trains no
#   VAE beside them; the later script reads models of 32 dimensions and fewer.
# - **The network** is that of the page on [faces](10_faces.ipynb), its "Dense & BN" normalised for each channel.
# - **The classifier** is linear in the text and a perceptron with ten hidden units in the code, a linear one standing beside
#   it in a comment. It learns from the first faces of CelebA's test set and is judged on the last 2,000, stops when these
#   stop getting better, and its best epoch counts; Adam goes on from one number of faces to the next without being reset.
#   The protocol above ("the code's") has all of that but Adam's, and holds back half of the test faces where they are fewer
#   than 4,000. The linear classifier's penalty matters most where labels are few: an accuracy below the majority may be that
#   of a classifier which trusts its 50 faces too much. Ours has the library's default, C = 1, for every model. Codes are
#   standardised, which makes noise in dimensions that a VAE does not use as large as what is in the others; variants of the
#   claims take codes as they are.
# - **The baseline.** The paper has none. Its VAEs are right for {glue:text}`paper-worst:.1f` to {glue:text}`paper-best:.1f` %
#   from 50 labels, and the majority of the faces here for {glue:text}`majority:.1f` % (at `smoke` that of drawn ones).
#
# ## Exercises
#
# 1. Give the classifier C = 0.01. What becomes of the first column, and of the differences in it?
# 2. Which attributes does no model tell better than the majority? Are they rare, or small in the picture?
# 3. Take the codes of the highest level alone. For which attributes are they enough?

# %% tags=["nbval-check-output", "hide-cell"]
assert abs(library.accuracy.item() - 0.75) < 0.02
print(ledger.verdicts(found))
