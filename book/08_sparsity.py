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
# # Sparsity
#
# **The claim** (section 6.3, Figures 7 and 8 of {cite}`miao2022intelvae`). Sparse codes, in which each image uses few of
# many dimensions, are easier to read and learn from, but VAEs that are made sparse draw worse samples. The InteL-VAE is
# said to escape this: on Fashion-MNIST a weight $\gamma$ makes its codes sparser, up to "extremely high levels", and for
# $\gamma < 3$ its samples are *better* than a VAE's. "DD", a VAE with a sparse mixture prior that its codes are drawn
# towards {cite}`mathieu2019dd`, pays in samples; the Sparse-VAE {cite}`tonolini2020vsc` is hardly sparse, though its
# samples are good; and few labels go farther with the InteL-VAE's codes. The paper calls this the state of the art. It
# shows curves and gives no numbers, so the numbers here have no counterpart.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
extractor = None  # "inception" for FID; None for the stand-in
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import math
from functools import partial

import torch
from myst_nb import glue

from intelvae import bounds, likelihoods, networks, priors, regularizers, training
from intelvae.mappings import Sparse
from intelvae.metrics import codes, features
from intelvae.metrics.hoyer import by_chance, hoyer
from intelvae.models import VAE
from intelvae.paper import ledger, measures, studies
from intelvae.paper.studies.sparsity import analysis, figures, grid, tables

PAGE = "08_sparsity"
load = partial(
    studies.results,
    profile=profile,
    seeds=seeds,
    features=extractor,
    jobs=jobs,
    device=device,
)

# %% [markdown]
# ## The idea
#
# Why would one image need few dimensions? A shoe has a heel, a coat has sleeves. A code with room for both wastes the
# heel on coats. So let the model switch dimensions off, image by image: multiply $y$ by the outputs of a small network,
# the *dimension selector* DS, which lie between 0 and 1,
#
# $$ z = g(y) = y \odot \mathrm{DS}(y). $$
#
# Nothing in this asks for sparsity, so a penalty does. Let $H(v)$ be the entropy of the shares $v / \lVert v \rVert_1$;
# its exponential is a number of dimensions. Equation 7 is, over the $M$ images of a batch,
#
# $$ L_{sp} = \frac1M \sum_i H(\mathrm{DS}(y_i)) - H\Big(\frac1M \sum_i \mathrm{DS}(y_i)\Big). $$
#
# The first term is small if every image uses few dimensions. Alone it would be content if all images used the same few;
# the second term is there so that different images use different ones.
#
# **The sign.** The paper maximises $\mathcal L_Y + \gamma L_{sp}$ and says that a larger $\gamma$ is sparser. Both cannot
# be: $L_{sp}$ has to go *down*. The authors' code adds $\gamma L_{sp}$ to the loss, which is right for $\gamma > 0$, and
# its script then passes negative ones. Here $\gamma \ge 0$ and the loss is
#
# $$ -\mathcal L_Y + \gamma L_{sp}. $$


# %%
def H(v):
    shares = v / v.sum(-1, keepdim=True)
    return -torch.xlogy(shares, shares).sum(-1)


def L_sp(gates):
    shares = gates / gates.sum(-1, keepdim=True)
    return H(gates).mean() - H(shares.mean(0))


def loss(model, x, gamma):
    terms = bounds.terms(model, x)
    return -terms.elbo.mean() + gamma * L_sp(model.mapping.gates(terms.y))


# %% [markdown]
# Rows are divided by their sum before the mean is taken, as in the code; the printed equation takes the mean of the rows
# as they are (the next page tries both). In this form $-L_{sp}$ is a Jensen-Shannon divergence, the mutual information
# between "which image" and "which dimension": between 0 and $\log D$.
#
# **A check against what is known.**

# %%
with training.seeded(0):
    few = torch.rand(20_000, 50) < 0.1
    same = torch.nn.functional.one_hot(torch.full((100,), 3), 50).float()
examples = {
    "all gates open": torch.ones(100, 50),
    "the same gate in every image": same,
    "its own gate for each of 50": torch.eye(50),
    "the same, all others at 0.2": torch.eye(50).clamp_min(0.2),
    "one in ten open, others 0.2": torch.where(few, 1.0, 0.2),
    "one in ten open, others 0.001": torch.where(few, 1.0, 0.001),
}
p, q = 1 / (1 + 49 * 0.2), 0.2 / (1 + 49 * 0.2)  # shares: the open gate, each other one
known = (
    0.0,
    0.0,
    -math.log(50),
    -p * math.log(p) - 49 * q * math.log(q) - math.log(50),
    None,
    None,
)
print(f"{'L_sp':<32} here  library  known")
for (title, v), exact in zip(examples.items(), known, strict=True):
    shown = "" if exact is None else f"{exact:7.3f}"
    print(
        f"{title:<29} {L_sp(v) + 0.0:7.3f}  {regularizers.sparsity(v) + 0.0:7.3f}  {shown}"
    )

# %% [markdown]
# (The last two depend on which gates the draw opens.) The fourth and fifth rows are a warning. A selector that cannot
# close its gates below 0.2, as the one in the code, has next to nothing to gain from the penalty.
#
# And without a penalty the loss is the VAE's:

# %%
with training.seeded(0):
    encoder, network = networks.create("mlp", (2,), 2)
    decoder = torch.nn.Sequential(network, likelihoods.Gaussian())
    model = VAE(encoder, decoder, priors.StandardNormal(2), Sparse(2))
    x = torch.randn(100, 2)
with training.seeded(1):
    without = loss(model, x, gamma=0.0)
with training.seeded(1):
    print(
        "with gamma = 0 it is the negative ELBO, to the bit:",
        bool(without == -bounds.elbo(model, x).mean()),
    )

# %% [markdown]
# ## How sparse is a code?
#
# The paper measures by the Hoyer score {cite}`hurley2009sparsity`. Every dimension is divided by its standard deviation over the data, then
#
# $$ \mathrm{Hoyer}(z) = \frac{\sqrt D - \lVert \hat z \rVert_1 / \lVert \hat z \rVert_2}{\sqrt D - 1}, \qquad
# \hat z_d = z_d / \sigma_d, $$
#
# averaged over the data: 1 if one dimension is active, 0 if all have the same size. Independent Gaussians have a score
# too, by chance:

# %%
with training.seeded(0):
    for D in (50, 128):
        print(f"Gaussian codes, D = {D:<3} {hoyer(torch.randn(20_000, D)).mean():.3f}")
    print(f"one-hot codes           {hoyer(torch.eye(50)).mean():.3f}")
    drawn = hoyer(priors.Sparse(50)().sample((20_000,))).mean()
    print(f"draws from DD's prior   {drawn:.3f}")

# %% [markdown]
# The paper's VAEs have 0.230 and, on CelebA with $D = 128$, 0.22: the values of Gaussian codes, that is, of chance. Its
# code measures *samples* $g(y)$, $y \sim q(y|x)$, while "the representation" in its text is $g(\mu(x))$. We give both.
# The last line is the score of codes that follow DD's prior; the rule for "extremely high" below asks for more.
#
# **What the score does not see.** Dividing by $\sigma_d$ is there so that a dimension which is off for *all* images does
# not count as sparsity. It has a side effect: a dimension that is nearly closed for all images counts as much as any
# other, also where nothing but noise is left in it. If that noise is uneven, the score calls it sparse; if it is even, as in
# the dimensions that a VAE does not use, it hides what sparsity the others have. Here are five dense dimensions, and 45
# a thousand times smaller that are off four times out of five:

# %%
with training.seeded(0):
    z = torch.randn(10_000, 50)
    z[:, 5:] *= 1e-3 * (torch.rand(10_000, 45) < 0.2)
    print(f"all 50 dimensions     {hoyer(z).mean():.3f}")
    print(f"the five in use       {hoyer(z[:, :5]).mean():.3f}")
    print(f"five Gaussians        {hoyer(torch.randn(10_000, 5)).mean():.3f}")

# %% [markdown]
# A decoder of these codes sees five dense dimensions. So besides the score we report
#
# - the score of the **dimensions in use** alone, those whose mean $|z|$ over all images is at least a tenth of the
#   largest, how many they are, and the score that as many Gaussians have by **chance**: what is above it is sparsity image
#   by image;
# - how many dimensions are **active** in one image, or in the mean over a class: at least a tenth of the largest there.
#   The threshold is ours, the paper has none; relative to the largest, because a decoder can undo any scale of all of
#   them (it could also undo one for each dimension, which these numbers do not allow for);
# - what share of the dimensions in use an image **leaves off**, that is, has not active, and how much the active dimensions
#   of two classes **overlap** (those in both over those in either, mean over pairs of classes);
# - the share of codes that are **all zero**: those of the Sparse-VAE with no dimension on, and those of a selector that
#   has closed every gate. The score counts such a code as 1.
#
# None of these is enough alone. The share left off, for one, sees scales, which the score does not: dense Gaussian codes
# leave off more if their dimensions have different sizes.

# %%
with training.seeded(0):
    z = torch.randn(10_000, 24)
for title, size in (
    ("24 of one size", torch.ones(24)),
    ("from 1 down to 0.12", torch.logspace(0, -0.92, 24)),
):
    sizes = codes.sparsity(z * size, z * size, torch.zeros(10_000, dtype=torch.long))
    print(
        f"{title:<20} left off {sizes['left_off']:.0%}, score in use {sizes['hoyer_used']:.3f}"
    )
print(f"by chance            score {by_chance(24):.3f}")

# %% [markdown]
# ## The experiment
#
# Fashion-MNIST in grey (55,000 images to train on; at `smoke` the 800 that come with the book), 50 latent dimensions, the
# network of Mathieu et al., Adam with 1e-3, squared error, constant $\gamma$; batches and epochs are below, where the records
# are. Every method samples from its own prior. Beside the InteL-VAE with $\gamma$ from 0 to 100:
#
# - the **VAE**;
# - **DD**: the sparse mixture prior of [](03_why.ipynb), and $\alpha$ times an MMD that
#   draws the codes of a batch towards it (maximum mean discrepancy, a distance of two samples). Like $\gamma$, $\alpha$ is
#   in nats of the likelihood. Its authors take $\alpha = 100$ with absolute errors divided by 0.1, which are many times the
#   nats of our squared ones; $\alpha = 3$ is our guess at the same weight. Their own setting is on the next page;
# - the **Sparse-VAE**: each dimension is exactly 0 with a probability that the encoder chooses; the prior is
#   $\mathcal N(0, 1)$ with probability $\alpha$, else 0. This is its first version, which the paper's numbers come from.
#   Its codes here are exact samples, with true zeros, and means. Its gates start at 1/2, which is ours. And it is at a
#   disadvantage: most draws of its prior with $\alpha = 0.01$ are all zero, and the decoder that all methods have here, whose
#   first layer has no offset, turns these into one image without a shape. The next page tries an offset;
# - the **VAE with $L_{sp}$** on $|y|$ (the paper's ablation, see the next page) and, ours, the **VAE with L1** on $y$.

# %%
results = load("sparsity")

# %% tags=["hide-input"]
print(results.provenance())
name = features.distance_name(measures.features_of(results))
glue("epochs", results[0].training.epochs, display=False)
glue("batch", results[0].training.batch_size, display=False)

# %% [markdown]
# Each model is trained for {glue:text}`epochs` epochs in batches of {glue:text}`batch`. Numbers are means over the seeds that a setting has (the last column
# of tables); tests, and the changes below, are over seeds that both sides have.

# %% [markdown]
# ### Figure 7, left: samples against sparsity

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 7, left, redrawn: distance of the samples from the test images (the larger N of the table below; logarithmic, lower is better) against the Hoyer score of sampled codes. Bars are standard deviations over seeds (none where there is one), dashed lines the VAE. The VAE with L1 or L_sp has no part in the paper's figure.", "name": "fig-sparsity"}, "image": {"alt": "One line a method in the plane of Hoyer score and distance, with the values of gamma or alpha beside its points."}}
figure = figures.trade_off(results, name)

# %% tags=["hide-input"]
tables.quality(results)

# %% [markdown]
# The distance by the number of images, the larger with its standard deviation; the same at the smaller number for images
# stretched to the full range of grey, as in the authors' code ("min-max"), and for images without pixels too faint to see
# ("clean", ours: the page on [all ten digits](06_all_digits.ipynb) says why); {term}`precision` and {term}`recall` at the larger; nats.
# And some of the samples themselves:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples of the first seed's models, means of the decoder; the number is γ or α.", "name": "fig-sparsity-samples"}, "image": {"alt": "Rows of generated clothes, one row a model."}}
figure = figures.samples(results)

# %% [markdown]
# The distance is on stand-in features (the page on [all ten digits](06_all_digits.ipynb) says why); it ranks models here
# and cannot be set beside the paper's FID.
#
# **Where does the paper's curve put a user?** As far right as costs nothing; let us call that the *seat*. Here is what every $\gamma$ changes against the
# VAE, over the seeds that both have, with the 95 % interval of the mean where there are three.

# %% tags=["hide-input"]
tables.changes(results)

# %% tags=["hide-input"]
for key, text in analysis.seats(results).items():
    glue(key, text, display=False)

# %% [markdown]
# The VAE has a distance of {glue:text}`vae-distance` and a score of {glue:text}`vae-hoyer`. Of the values of $\gamma$
# here, those whose mean distance is not above that: {glue:text}`no-cost`. The sparsest of them: {glue:text}`seat`, with
# a distance of {glue:text}`seat-distance` and a score of {glue:text}`seat-hoyer`. (Where an interval above includes 0, these
# seeds cannot tell: the next value, {glue:text}`after`, has {glue:text}`after-distance`.) At the far end, $\gamma =$
# {glue:text}`last`, it is {glue:text}`last-distance` and {glue:text}`last-hoyer`. The point $\gamma = 0$ tells the
# mapping from the penalty: a selector that nothing asks to select has a distance of {glue:text}`zero-distance` and a
# score of {glue:text}`zero-hoyer`. But is a code with that score sparse?
#
# ### What is sparse in it
#
# The scores of both kinds of codes, and what lies behind them.

# %% tags=["hide-input"]
tables.sparsity(results)

# %% [markdown]
# "Exp H" is the number of dimensions of a class that its entropy stands for, without a threshold. Where the score in the
# dimensions in use is the one by chance, all images use the same dimensions: then the model is a VAE with fewer of them,
# whatever its score over all fifty. This is what the second term of $L_{sp}$ is there to prevent, by the paper's own words.
# Sparsity in its sense is few active dimensions per image *out of more in use*. Here is Figure 7 once more, with what the
# score in use has above chance in the score's place:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Distance of the samples from the test images against the Hoyer score in the dimensions in use, less that of as many Gaussian dimensions; otherwise as in Figure 7.", "name": "fig-in-use"}, "image": {"alt": "One line a method in the plane of score above chance and distance, with the values of gamma or alpha beside its points."}}
label = "Hoyer score in use, above chance"
figure = figures.trade_off(results, name, measures.above_chance, label)

# %% [markdown]
# The selector tells the same without codes. How many gates does an image open, and how many do all images of a batch open
# together (exponentials of the two entropies in $L_{sp}$)? If the two are alike, the gates do not look at the image.

# %% tags=["hide-input"]
tables.gates(results)

# %% [markdown]
# **So where should a user sit?** In the dimensions in use the VAE has a score of {glue:text}`vae-used`, and
# {glue:text}`vae-chance` would be chance; the seat above, $\gamma =$ {glue:text}`seat`, has {glue:text}`seat-used`, and chance is
# {glue:text}`seat-chance`. Let us call a code sparse image by image if its score in use is at least twice the one by chance
# (our line, drawn after the first seeds). The smallest such $\gamma$ is {glue:text}`sparse`: {glue:text}`sparse-used` where chance
# is {glue:text}`sparse-chance`, {glue:text}`sparse-in-use` dimensions in use of which an image leaves off
# {glue:text}`sparse-left-off` %, an overlap of the classes of {glue:text}`sparse-overlap` (the VAE's is {glue:text}`vae-overlap`),
# and a distance of {glue:text}`sparse-distance`. That is what the InteL-VAE's samples cost where its codes are sparse. Of all
# settings on this page that are, the one with the nearest samples is "{glue:text}`nearest`" at {glue:text}`nearest-distance`, and
# of the other methods' "{glue:text}`other`" at {glue:text}`other-distance`. (All-zero codes count as sparse here:
# {glue:text}`nearest-zero` and {glue:text}`other-zero` % of the codes of these two.)
#
# ### Figure 7, right: few labels
#
# Take the codes $g(\mu(x))$ of a few labelled training images, the classes in turn, learn from them, and test on the
# codes of all test images. The paper's classifier is a random forest of depth 4, which splits along single dimensions
# and may flatter codes that are sparse along the axes; it does not see how large a dimension is. Logistic regression and
# nearest neighbours, beside it, do: what lies in small dimensions is all but lost to them. So a method may gain with one
# and lose with the others without holding more or less about the classes. The InteL-VAE has the $\gamma$ of Figure 8, the
# Sparse-VAE the $\alpha$ of its authors and DD the one that comes nearest to its authors'. Ours are the VAEs with a penalty
# and no mapping, each with the largest weight here.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 7, right, redrawn, and two more classifiers: accuracy on the test images by the number of labelled training images; means and standard deviations over seeds, each the mean over draws of the labels.", "name": "fig-few-shot"}, "image": {"alt": "Three panels, one a classifier, of accuracy growing with the number of labels; a line for each method."}}
figure = figures.few_shot(analysis.compared_on_labels(results))

# %% tags=["hide-input"]
tables.accuracies(results)

# %% [markdown]
# Accuracy in per cent by classifier and number of labels. "The code's" is the forest by the authors' protocol, which
# learns from codes of *test* images and is tested on their last 2,000 (not at `smoke`, where there are too few).
#
# ### Figure 8: what the dimensions do
#
# Above, the paper shows the mean $|z_d|$ of three classes: few bars, and different ones in each. Below, it changes one
# dimension at a time and finds the separation of trousers, the length of coats and the style of shoes. It does not say
# at which $\gamma$; we take {glue:text}`shown`, the smallest in the authors' script for classifiers.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 8, top, redrawn, beside the VAE: mean |z| over a class of test images by dimension, first seed. Orange bars are at least a tenth of the largest.", "name": "fig-classes"}, "image": {"alt": "Bars by latent dimension for trousers, coats and sneakers, VAE on the left and InteL-VAE on the right."}}
glue("shown", f"{grid.SHOWN:g}", display=False)
figure = figures.class_profiles(results.first("VAE") + results.first(grid.FIGURE_8))

# %% tags=["hide-input"]
for key, text in analysis.few_active(results).items():
    glue(key, text, display=False)

# %% [markdown]
# Over the ten classes {glue:text}`active-shown` of 50 dimensions are active on average, {glue:text}`active-vae` in the VAE.
# The fewest of all $\gamma$ are {glue:text}`active-fewest`, at $\gamma =$ {glue:text}`fewest`. The paper has fewer than
# 5. The number depends on what "active" is: a tenth of a class's largest is our choice. In per cent of the 50, for other
# choices, with the VAE beside it:

# %% tags=["hide-input"]
tables.active(results)

# %% [markdown]
# A traversal starts at the code $g(\mu(x))$ of the first test image of a class, sets one dimension to values from $-a$ to
# $a$, where $a$ is the size that 99.5 % of all codes stay below there, and leaves the others as they are.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 8, bottom, redrawn: what the decoder draws when one dimension of an InteL-VAE's code is changed, for the two largest dimensions of each class. First seed.", "name": "fig-traversals"}, "image": {"alt": "Rows of decoded trousers, coats and sneakers that change from left to right."}}
(result,) = results.first(grid.FIGURE_8)
figure = figures.traversals(result)

# %% [markdown]
# The same to move through, with more dimensions: choose a class, one of its five largest dimensions, and a value. (Where
# scripts do not run, all images are there at once, a row for each dimension.)

# %% tags=["hide-input"]
figures.explorer(result)

# %% [markdown]
# ## Paper beside ours
#
# The rules were written before the published runs, but not blind: short trials with seed 100, which is not published
# (up to 1,000 steps on 20,000 images), had shown Hoyer scores and active dimensions, though no distances and no
# accuracies. Still before the published runs, DD's $\alpha$ went from 100 to 3 because of its units, and comparisons with
# the Sparse-VAE's means, and with $\alpha = 0.2$, became variants, which do not count. Variants were also added when the
# first seed had been seen: those on the dimensions in use and left off at $\gamma = 1$ and 10, DD at $\alpha = 10$, where
# it was sparsest, and the Sparse-VAE without its gates; so was the run with $\gamma = 100$, which enters the first rule.
# When two seeds and most of the third had been seen, there came the rule on the Sparse-VAE's samples and the variants
# against VAEs with a penalty; and the runs with $\gamma = 100$ were done anew, because of a mistake of ours: $L_{sp}$ did not
# divide out how small a row of gates is below a sum of $10^{-8}$, and so paid for closing all of them. So
# two things that count are younger than the first seed: $\gamma = 100$ in the rank correlation, and the rule on the samples
# of the Sparse-VAE with $\alpha = 0.01$. No other rule that counts has changed since.
#
# A review of all rules then found some that decide something else than the paper claims, and claims that had none. Those
# that it added are marked: DD's score falls from its peak, which is at $\alpha = 10$ here; the Sparse-VAE's samples are held
# against the VAE's; sparser codes and closer samples are asked of one model; and what the text says of the KL divergence,
# of many labels and of dimensions that classes share. What they replace stays, as variants.

# %% tags=["hide-input"]
of_page = [claim for claim in ledger.CLAIMS if claim.page == PAGE]
for rule in dict.fromkeys(claim.rule for claim in of_page):
    print(", ".join(claim.id for claim in of_page if claim.rule == rule))
    print(f"    {rule}")

# %% tags=["hide-input"]
coded = load("sparsity-as-coded", beside=True)
found = ledger.rows(profile, results, coded, page=PAGE)
ledger.Table(found)

# %% tags=["hide-input"]
for key, text in analysis.in_short(results).items():
    glue(key, text, display=False)

# %% [markdown]
# In short: the Hoyer score goes from {glue:text}`zero-hoyer` without the penalty to {glue:text}`shown-score` at
# $\gamma =$ {glue:text}`shown`, where a VAE has {glue:text}`vae-score`. The sparsest setting whose mean distance is not above
# the VAE's, $\gamma =$ {glue:text}`seat`, has {glue:text}`seat-hoyer`; but in the dimensions in use it has
# {glue:text}`seat-used`, with {glue:text}`seat-chance` by chance. From $\gamma =$ {glue:text}`sparse` on codes are sparse image by
# image, {glue:text}`sparse-used` against {glue:text}`sparse-chance`, at a distance of {glue:text}`sparse-distance` against
# {glue:text}`vae-distance`. From {glue:text}`n-labels` labels a forest of depth 4 is right for
# {glue:text}`shown-random_forest` % of the test images with the codes of $\gamma =$ {glue:text}`shown` and for
# {glue:text}`vae-random_forest` % with the VAE's; logistic regression for {glue:text}`shown-logistic_regression` and
# {glue:text}`vae-logistic_regression` %. The forest's gain needs no mapping: with $L_{sp}$ on a VAE's codes
# ($\gamma =$ {glue:text}`lsp-gamma`) it is right for {glue:text}`lsp-forest` % at a distance of {glue:text}`lsp-distance`, with L1
# ($\gamma =$ {glue:text}`l1-gamma`) for {glue:text}`l1-forest` % at {glue:text}`l1-distance`. The Sparse-VAE's samples, which
# the paper calls good, are at a distance of {glue:text}`vsc-distance` with its authors' $\alpha$, DD's at
# {glue:text}`dd-distance`; the next page looks for reasons.
#
# ## What the paper leaves open, and what the authors' code does
#
# - **The range of the selector.** $[0, 1]$ in the text, $[0.2, 1]$ in the code; **what is penalised**, DS(y) in the text
#   and $|z|$ in the code; **the mean in the second term**; **$\beta$**, 1, 3 and 0.3 in the script and not in the text. The
#   [next page](09_sparsity_in_detail.ipynb) tries each.
# - **The likelihood** is not given. The script for this figure has absolute errors, the first version of the code
#   squared ones. "Binary" images in Table C.1 are grey in the code. The next page has both.
# - **The settings of DD and the Sparse-VAE** are not given, and neither is in the code. The paper's Sparse-VAE is a public
#   replication's, whose images come from $\mathcal N(0, I)$ and not from the model's prior; the next page shows what that
#   does.
# - **Which $\gamma$** Figures 7 (right) and 8 have. The authors' script for classifiers has $\beta = 3$ only, ours has 1.
# - **The units of $\gamma$.** It weighs $L_{sp}$ against nats of the likelihood, which the script's absolute errors have
#   more of than squared ones (the next page has both). So its $\gamma < 3$ may be a smaller range here; the claim is tested
#   as it is printed.
# - **1,024 pixels.** Mathieu's network takes images of 32x32, Table C.1 has 28x28. More pixels weigh more against the KL
#   divergence and against $\gamma$ ([by how much](14_paper_and_code.ipynb)).
# - **The optimiser.** DD is trained with that of all others, Adam with 1e-3, and not with its authors'.
# - **The Sparse-VAE's score.** Ours has a high one on samples: gates are drawn anew for each code, also in dimensions that
#   say nothing, and all-zero codes count as 1. The paper has a score hardly above a VAE's and, by the official code, a
#   higher one. A variant leaves the gates out, as on the page on [faces](10_faces.ipynb).
# - **When training ends.** The script has 40 epochs without evaluation, its classifiers use the model after epoch 30. Here
#   it ends after {glue:text}`epochs`, and the order of methods may depend on that.
#
# ## Exercises
#
# 1. Which of the methods have a higher Hoyer score than the VAE only because of dimensions they do not use?
# 2. Give the selector `hidden=(50, 50)` in the place of two layers of ten units. Do more dimensions come into use?
# 3. Standardise the codes before the classifiers. Which method gains, and why is it not done here?
# 4. In the figure with sliders, which dimensions of the coat do nothing to it? What is their mean $|z|$?

# %% tags=["nbval-check-output", "hide-cell"]
print(ledger.verdicts(found))
