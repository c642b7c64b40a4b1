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
# # Multiple connectivity
#
# **The claim** (section 6.1, Figures 4 and C.2 of {cite}`miao2022intelvae`). A VAE pushes a Gaussian, a blob without
# holes, through a continuous decoder. Data with holes or with separate parts are out of its reach in practice: its
# samples fill the holes and bridge the gaps. A Vamp-VAE does the same. An InteL-VAE that is told only *how many* holes
# there are fits the data. The paper shows pictures of 200 samples and gives no number. We repeat the pictures and add
# the numbers, over several seeds, with a test.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import torch
from myst_nb import glue
from scipy.optimize import brentq

from intelvae import mappings
from intelvae.mappings import Circle, Glue
from intelvae.paper import kinds, ledger, studies
from intelvae.paper.rows import ORANGE
from intelvae.paper.studies.toys import analysis, figures
from intelvae.paper.studies.toys.claims import BRIDGE_OF_DATA
from intelvae.paper.style import by_seed

PAGE = "04_multiple_connectivity"

# %% [markdown]
# ## The idea
#
# Put the holes into the latent space by hand and let the decoder do the rest. One hole is a projection to the circle,
#
# $$ g_1(y) = \frac{y}{\lVert y \rVert_2 + \epsilon}, $$
#
# which turns $\mathcal N(0, I)$ into a uniform distribution on $S^1$. A second hole comes from gluing the points
# $(0, 1)$ and $(0, -1)$ of that circle together (equation 5 of the paper, whose printed parentheses are ambiguous; this
# is the reading that does glue). With $c = g_1(y)$,
#
# $$ g_2(y) = \Big( c_1,\; c_2 \big( \sqrt{4/3 - (1 - |c_1|)^2} - 1/\sqrt{3} \big) \Big). $$
#
# Clusters are the third kind of topology: there the mapping tears a Gaussian in two (see the page on multi-modality).
# The whole of the two formulas is two lines; the library's versions only add a smooth square root, so that the gradient
# exists at the origin.


# %%
def one_hole(y):
    return y / (y.norm(dim=-1, keepdim=True) + 1e-7)


def two_holes(y):
    c1, c2 = one_hole(y).unbind(-1)
    return torch.stack([c1, c2 * ((4 / 3 - (1 - c1.abs()) ** 2).sqrt() - 3**-0.5)], -1)


# %% [markdown]
# **A check against what is known.** The factor that multiplies $c_2$ is $0$ at $c_1 = 0$, which is the gluing, and
# $1/\sqrt 3$ at $|c_1| = 1$. The library's mappings agree with the formulas away from the origin.

# %%
y = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
poles = torch.tensor([[0.0, 2.0], [0.0, -2.0]])
print("both poles map to the origin:", bool((Glue(holes=2)(poles).abs() < 1e-3).all()))
print(
    "largest difference, circle:",
    f"{(Circle()(y) - one_hole(y)).abs().max():.1e} < 1e-2",
)
print(
    "largest difference, glue:  ",
    f"{(Glue(holes=2)(y) - two_holes(y)).abs().max():.1e} < 1e-2",
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure C.1 of the paper, computed: the circle, with the two points that are to be glued (squares); half way; the two-hole mapping; and, ours, the chain of four holes. The prior's mass is equal in all lobes. Shades of one point are the same in all panels.", "name": "fig-gluing"}, "image": {"alt": "A circle, a pinched circle, a figure eight, and a chain of four lobes."}}
angle = torch.linspace(0, 2 * torch.pi, 400)
ring = torch.stack([angle.cos(), angle.sin()], -1)
half_way = (Circle()(ring) + Glue(holes=2)(ring)) / 2
panels = {
    "h = 1": Circle()(ring),
    "half way": half_way,
    "h = 2": Glue(holes=2)(ring),
    "h = 4 (ours)": Glue(holes=4)(ring),
}
figure, axes = plt.subplots(1, 4, figsize=(8, 2.3), layout="constrained")
for axis, (title, z) in zip(axes, panels.items(), strict=True):
    axis.scatter(*z.T, c=ring[:, 1], s=6, cmap="cividis", linewidths=0)
    if title != "h = 4 (ours)":
        axis.plot(*z[[100, 300]].T, "s", color=ORANGE, mec="black")
    axis.set(
        title=title,
        xlim=(-1.2, 1.2),
        ylim=(-1.2, 1.2),
        aspect="equal",
        xticks=[],
        yticks=[],
    )

# %% [markdown]
# ## The experiment
#
# Five distributions in the plane (circle, square, star, infinity sign, two Gaussians), three models. Encoder and
# decoder are the paper's perceptrons with three hidden layers of ten units; the latent space has two dimensions; every
# batch is fresh. The InteL-VAE gets the circle mapping for circle, square and star, the two-hole mapping for the infinity
# sign and a two-sector mapping for the mixture.
#
# The paper does not name the likelihood. We learn one variance for each coordinate, as the authors' notebooks do, with a
# floor (a standard deviation of 0.05), because data on a curve would otherwise drive it to zero. That alone is not
# enough: from a variance as large as the data's, methods often stay at the trivial solution, where the code says nothing
# and the decoder is one wide Gaussian. So the variance starts small, and the weight of the KL divergence rises from 0
# to 1 over the first quarter of training. The section "Which likelihood" below has the alternatives.

# %%
results = studies.results("connectivity", profile, seeds, jobs=jobs, device=device)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figures 4 and C.2 of the paper, redrawn: data (black) and 200 samples of each trained model, decoder noise included, in the paper's axes, which grow where samples lie outside. First seed.", "name": "fig-connectivity"}, "image": {"alt": "A grid of scatter plots, one row a data set, one column a method."}}
figure = figures.sample_grid(results.first())

# %% tags=["hide-input"]
print(results.provenance())
glue("bridge-of-data", f"{100 * BRIDGE_OF_DATA:.2f}", display=False)

# %% [markdown]
# Pictures of one seed persuade; numbers over seeds decide. Four of them:
#
# - the **sliced Wasserstein distance** between 2,000 samples and 2,000 held-out points {cite}`bonneel2015sliced`. Two such
#   sets from one distribution are not at zero; the table's last column has the mean distance of fresh data;
# - the share of samples **off the support**, more than 0.3 away from it (the shapes have radius 2; for the mixture, more
#   than 1.2 from a centre, four standard deviations);
# - the share **inside a hole**, enclosed by the curve and clear of it;
# - for the mixture, the share on the **bridge**, $|x_1| < 1$, where the data have {glue:text}`bridge-of-data` %.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Sliced Wasserstein distance to held-out data, one mark a seed, bars at the means. Smaller is better.", "name": "fig-connectivity-sw"}, "image": {"alt": "Dots by data set and method; the bars show means over seeds."}}
figure = by_seed(results, "sliced_wasserstein", "sliced Wasserstein distance")

# %% tags=["hide-input"]
for data in ("circle", "square"):
    for name, share in analysis.worst_hole(results, data).items():
        glue(f"{name}-{data}", share, display=False)
analysis.connectivity(results)

# %% [markdown]
# A mean hides a failure. Half of the InteL-VAE's runs on the circle have at most {glue:text}`median-circle` % of their samples
# in the hole, and the worst has {glue:text}`worst-circle` %; on the square these are {glue:text}`median-square` and
# {glue:text}`worst-square` %.

# %% [markdown]
# ## Which likelihood
#
# The authors' notebooks differ from a Gaussian likelihood in one respect: for two-dimensional data they count the
# log-variance twice. With squared errors $e_d^2$ their loss is
#
# $$ \sum_d \Big( \frac{e_d^2}{2 \sigma_d^2} + \log \sigma_d^2 \Big) + \mathrm{KL}. $$
#
# Put $s_d^2 = 2 \sigma_d^2$, and up to a constant this is $2 \sum_d (e_d^2 / (2 s_d^2) + \tfrac12 \log s_d^2) + \mathrm{KL}$: twice
# the proper loss with the KL divergence at half its weight, $\beta = 1/2$. That is no detail: at $\beta = 1$ training often
# does not leave the trivial solution, at $\beta = 1/2$ it does.

# %%
error, sigma = torch.rand(5, 2).square() * 9, torch.rand(5, 2) + 0.1
notebooks = (error / (2 * sigma**2) + torch.log(sigma**2)).sum(1)
s = 2**0.5 * sigma
proper = (error / (2 * s**2) + torch.log(s)).sum(1)
print("a constant, 2 log 2:", *[f"{v:.3f}" for v in 2 * proper - notebooks])

# %% tags=["hide-input"]
readings = studies.results("readings", profile, seeds, jobs=jobs, device=device)
analysis.readings(readings)

# %% [markdown]
# Means over the five data sets, up to three seeds each. A KL divergence of 0 is the trivial solution. The reading that
# the rest of the page uses is the first. It was chosen for its ELBO on seeds that the page does not show (100 to 102),
# not for what it does to the comparison. Over the five data sets, none of the four gives the InteL-VAE a higher ELBO than
# the VAE.
#
# ## The notebooks, exactly
#
# The authors' notebooks differ from the text in more than the likelihood. They take batches of ten points, two hidden
# layers in place of three, a two-hole mapping times 2, and pseudo-inputs that start anywhere. And they have two priors:
# the KL divergence is taken to $\mathcal N(0, e I)$ (a log-variance of 1), and samples are drawn from $\mathcal N(0, I)$.
# Here all of that is done at once.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The same with all settings of the authors' notebooks: data (black) and 200 samples of each trained model. First seed.", "name": "fig-notebooks"}, "image": {"alt": "A grid of scatter plots, one row a data set, one column a method."}}
exact = studies.results("notebooks", profile, seeds, jobs=jobs, device=device)
figure = figures.sample_grid(exact.first("VAE") + exact.first("InteL-VAE"))

# %% tags=["hide-input"]
print(exact.provenance())

# %% [markdown]
# In the paper's figure the VAE fills the holes, and the InteL-VAE draws the curves. The first is so here. The second is
# not: the InteL-VAE's samples are noisy, only closer to the data than the VAE's. Which setting makes the difference?
#
# With two priors, samples reach only the middle of the space that the decoder has learned from, and the middle is where
# the hole is. The circle and the two-hole mapping keep the direction of $y$ and drop its size, so that they do not notice
# (our explanation). The test is to change that setting alone: the notebooks once more, with samples from the prior that
# training used, $\mathcal N(0, I)$.

# %% tags=["hide-input"]
one_prior = studies.results(
    "notebooks-one-prior", profile, seeds, jobs=jobs, device=device
)
print(one_prior.provenance())
analysis.priors(results, exact, one_prior)

# %% tags=["hide-input"]
tried = ledger.rows(profile, results, exact, one_prior, page=PAGE)
for key, prefix in (
    ("text", ""),
    ("exact", "notebooks-"),
    ("one-prior", "notebooks-one-prior-"),
):
    for what, number in analysis.closer(tried, prefix).items():
        glue(f"{key}-{what}", number, display=False)

# %% [markdown]
# That the InteL-VAE's samples are closer to the data than the VAE's is reproduced for {glue:text}`exact-reproduced` of
# {glue:text}`exact-of` data sets with the notebooks' settings, for {glue:text}`one-prior-reproduced` with these and one
# prior, and for {glue:text}`text-reproduced` with the settings of the text.
#
# ## What decides it
#
# **The size of the network.** The paper's perceptrons have layers of ten units. A decoder that small can bend a circle
# into a square; a star has ten corners and the infinity sign crosses itself. The KL divergence tells whether a model has
# found the curve: a code that says where on the curve a point lies costs several nats. Here is the same experiment
# with layers of 50 units (ours) beside the paper's, over the seeds that both have.

# %% tags=["hide-input"]
wide = studies.results("capacity", profile, seeds, jobs=jobs, device=device)
print(f"seeds of both: {', '.join(map(str, analysis.seeds_of_both(results, wide)))}")
analysis.capacity(results, wide)

# %% tags=["hide-input"]
for name, value in analysis.cited(results, wide).items():
    glue(name, value, display=False)

# %% [markdown]
# On the infinity sign the InteL-VAE's KL divergence is {glue:text}`kl-infinity-InteL-VAE-10` nats with ten units and
# {glue:text}`kl-infinity-InteL-VAE-50` with 50 (the VAE's: {glue:text}`kl-infinity-VAE-10` and
# {glue:text}`kl-infinity-VAE-50`). The mapping leaves the decoder one dimension to work with where the VAE has two, with
# which a small decoder may do less (our explanation). With 50 units {glue:text}`hole-infinity-InteL-VAE-50` % of its samples on the
# infinity sign are inside a hole instead of {glue:text}`hole-infinity-InteL-VAE-10` %. The VAE gains as well: it has
# {glue:text}`hole-infinity-VAE-50` % there, and on the circle {glue:text}`hole-circle-VAE-50` %, the InteL-VAE
# {glue:text}`hole-circle-InteL-VAE-50` %.
#
# **What a tear is worth.** For the mixture, $g$ pushes the two halves of the Gaussian apart, but $\lvert y \rvert^{0.2}$ is
# steep only next to zero: points with $\lvert y \rvert$ below {glue:text}`half` come out less than half as far as the mean.
# A decoder that is linear, which is all it takes to put two clusters in their places, therefore leaves a bridge:

# %%
y = torch.randn(1_000_000, 2, generator=torch.Generator().manual_seed(0))
torn = mappings.create("clusters", 2, k=2)(y)[:, 1]
linear = 2 * torn / torn.abs().mean()  # the data's clusters are centred at -2 and 2
half = brentq(lambda y: y + 5 * y**0.2 - torn.abs().mean().item() / 2, 0, 1)
glue("half", round(half, 3), display=False)
glue(
    "linear-bridge",
    f"{100 * (linear.abs() < 1).float().mean().item():.1f}",
    display=False,
)

# %% [markdown]
# {glue:text}`linear-bridge` % of the samples of such a decoder lie in $|x_1| < 1$ before any noise is added. Trained, the
# InteL-VAE has {glue:text}`hole-mixture-InteL-VAE-all` % there, the VAE {glue:text}`hole-mixture-VAE-all` %. To empty the
# gap the decoder would have to become flat on either side, and with clusters that have a spread of their own it pays to
# stay near a linear one (our explanation, which no experiment here tests).
#
# **The prior.** The paper's Figure C.2 shows a Vamp-VAE that does no better than the VAE. Ours, with 30 pseudo-inputs,
# has the fewest samples inside holes: on the star {glue:text}`hole-star-Vamp-VAE-all` %, where the VAE has
# {glue:text}`hole-star-VAE-all` % and the InteL-VAE {glue:text}`hole-star-InteL-VAE-all` %. Thirty narrow Gaussians along a
# curve are a good prior for a curve. What it gets wrong may be how much of the data belongs to each (no cell measures it):
# on the mixture it has the largest sliced Wasserstein distance, {glue:text}`sw-mixture-Vamp-VAE-all`.
#
# ## Paper beside ours
#
# The paper's claim is one of pictures, so the rule is ours, and was fixed before the runs: for each data set, the
# InteL-VAE's mean must be smaller than the other method's and a paired t-test over seeds must give $p < 0.05$
# (*reproduced*); smaller without significance is *partly*; larger is *opposite* if $p < 0.05$, else *no difference found*;
# fewer than three seeds is *not tested*. For the notebooks' settings (variants) the same rule was fixed before their
# runs. That the Vamp-VAE behaves like a VAE became a claim when all runs of the paper's settings were known.

# %% tags=["hide-input"]
found = ledger.rows(profile, results, exact, one_prior, page=PAGE)


def of(rows, verdict):
    return sum(row["verdict"] == verdict for row in rows)


paper = [row for row in found if not row["variant"]]
notebook = [row for row in found if row["id"].startswith("notebooks-fig")]
for name, rows in (("connectivity", paper), ("notebooks", notebook)):
    glue(f"{name}_claims", len(rows), display=False)
    glue(f"{name}_reproduced", of(rows, kinds.REPRODUCED), display=False)
    glue(f"{name}_opposite", of(rows, kinds.OPPOSITE), display=False)
glue("connectivity_kept", ledger.kept(paper) or "none", display=False)
ledger.Table(found)

# %% [markdown]
# Of {glue:text}`connectivity_claims` claims, {glue:text}`connectivity_reproduced` are reproduced and
# {glue:text}`connectivity_opposite` are contradicted by these rules, which do not correct for the number of tests. After
# Holm's correction ([](glossary.md)) {glue:text}`connectivity_kept` of the reproduced has $p < 0.05$. With the notebooks'
# settings {glue:text}`notebooks_reproduced` of {glue:text}`notebooks_claims` are reproduced and
# {glue:text}`notebooks_opposite` contradicted.
#
# ## What the paper leaves open
#
# - **How many steps, which batch size, which likelihood.** Table C.1 says "10 to 500" for the batch; we use 100 and
#   20,000 steps at the published profile, the number of steps in the authors' notebooks.
# - **The prior's variance.** The notebooks train against a Gaussian of variance $e$ and sample from one of variance 1.
#   Ours has one prior.
# - **The glue map's scale, the networks' depth.** The notebooks double the two-hole map (`Glue(scale=2)`) and have two hidden
#   layers. Ours are the text's: no factor, three layers.
# - **More than two holes.** "Continue to glue points together" has no formula. `Glue(holes=h)` for $h > 2$ is our own
#   chain of lobes.
#
# ## Exercises
#
# 1. Rerun this page with `seeds = [10, 11, 12]`. Do the verdicts stay?
# 2. Give the infinity sign the one-hole mapping. Which number gets worse, and which does not?
# 3. Write a mapping to a torus in four dimensions, and data to go with it.

# %% tags=["nbval-check-output", "hide-cell"]
print(ledger.verdicts(found))
