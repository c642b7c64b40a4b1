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
# # Why a mapping and not a prior
#
# Why not simply choose a prior with the wanted structure? The paper (sections 2 and 3, Figures 2 and 3 of
# {cite}`miao2022intelvae`) makes two points. First, a VAE with a Gaussian prior joins what is apart: between two clusters
# its samples form a *bridge*. Second, a structured prior is no remedy. The Gaussian encoder cannot follow it, so codes match
# the prior neither one by one nor together. The codes of an InteL-VAE do match.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import torch

from intelvae import priors, training
from intelvae.metrics.hoyer import by_chance, hoyer
from intelvae.paper import kinds, ledger, report, studies
from intelvae.paper.datasets import Points
from intelvae.paper.prose import Folded, Provenance, Table, badge, in_short, say
from intelvae.paper.studies.toys import figures, matching
from intelvae.paper.style import by_seed

PAGE = "03_why"

bridge, results = (
    studies.results(name, profile, seeds, jobs=jobs, device=device)
    for name in ("bridge", "mismatch")
)
found = ledger.rows(profile, bridge, results, page=PAGE)
verdict = {row["id"]: row["verdict"] for row in found}
between = matching.bridges(bridge)
match = matching.matches(results)
counted = [row for row in found if not row["variant"]]
held = [row for row in counted if row["verdict"] == kinds.REPRODUCED]
in_sparsity, as_a_whole = (
    matching.compared(verdict[id], "better", "worse")
    for id in ("fig3-sparsity", "fig3-aggregate")
)
answer = matching.answer(results, verdict["fig3-sparsity"])
own_bridge = matching.compared(verdict["fig2-bridge-intel"], "smaller", "larger")
MATCHED = "VAE, sparse prior, w = 0.5"

# %% tags=["hide-input"]
in_short(f"""
{answer}

- **A VAE's samples bridge two clusters** {badge(verdict["fig2-bridge"])}: {between["VAE"]} % lie
  between them, and {between["Vamp-VAE"]} % of a Vamp-VAE's samples.
- **In sparsity, an InteL-VAE's codes match its prior on $z$ {in_sparsity} than a VAE's codes
  match a sparse prior** {badge(verdict["fig3-sparsity"])}: codes and prior are
  {match["gap-InteL-VAE"]} apart by a score from 0 to 1, the VAE's {match[f"gap-{MATCHED}"]}.
- **As a whole, they match {as_a_whole}** {badge(verdict["fig3-aggregate"])}: the distance of all
  codes from the prior is {match["mismatch-InteL-VAE"]}, the VAE's {match[f"mismatch-{MATCHED}"]}.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 3 of the paper, with the plain VAE added: draws from each model's prior on z, p(z) (blue crosses), codes of all data, q(z) (orange), and codes of six single examples, q(z|x) (black). Where codes match the prior, crosses and orange points cover each other. First seed.", "name": "fig-mismatch"}, "image": {"alt": "Scatter plots of codes and priors in the plane, one for each model."}}
figure = figures.mismatch(results.first())

# %% [markdown]
# ## The idea
#
# **The bridge.** A decoder is continuous, and a Gaussian has no gaps, so the decoder's image of it has no gaps either. To
# reach two clusters, the decoder has to be steep between them. The prior's mass in the steep part becomes samples between
# the clusters.
#
# **The mismatch.** Take sparse data in the plane: of two coordinates one is large and the other nearly zero. The sparse
# prior of {cite}`mathieu2019dd` describes such data by a mixture of a narrow and a wide Gaussian, in every dimension:
#
# $$ p(z_d) = w\, \mathcal N(z_d; 0, s^2) + (1 - w)\, \mathcal N(z_d; 0, 1), \qquad w = 0.8,\; s = 0.05. $$
#
# Here $w$ is the probability that a dimension is off, that is, nearly zero. The value 0.8 is meant for images. In our data
# one coordinate of two is off, so we also run $w = 0.5$.
#
# The encoder $q(z|x)$ is a Gaussian with independent dimensions. Nothing forces it to use the prior as it is meant: the KL
# divergence only asks for codes where the prior has mass.
#
# **The mapping.** An InteL-VAE keeps $\mathcal N(0, I)$ for $y$ and multiplies $y$ by a *dimension selector* DS, a small
# network whose outputs, the *gates*, lie in $[0, 1]$ (section 6.3):
#
# $$ z = g(y) = y \odot \mathrm{DS}(y). $$
#
# Sparsity comes from a penalty on the gates, $\gamma L_{sp}$. With $M$ examples in a batch, and $H$ for the entropy of a
# vector's shares (equation 7),
#
# $$ L_{sp} = \frac1M \sum_i H(\mathrm{DS}(y_i)) - H\Big(\frac1M \sum_i \mathrm{DS}(y_i)\Big). $$
#
# The first term is small if every code uses few dimensions; the second is large if different codes use different ones.
# The [page on sparsity](08_sparsity.ipynb) has this penalty in code, checks it, and says where the library departs from the
# printed formula.
#
# **The sparse prior in code.** Each dimension is switched off independently of the other:


# %%
def sparse_prior(draws, w=0.5, s=0.05):
    off = torch.rand(draws, 2) < w
    return torch.where(off, s, 1.0) * torch.randn(draws, 2), off


# %% [markdown]
# **A check against what is known.** We measure sparsity by the {term}`Hoyer score`, which is 1 for codes with one active
# dimension and 0 for dimensions of equal size. For Gaussian codes it is known: we call it the score *by chance*.
#
# So draws of the sparse prior should score by chance where both dimensions are on or both off, and as our data do where one
# is off:

# %%
data = Points("sparse").test
with training.seeded(0):
    z, off = sparse_prior(20_000)
    drawn = priors.Sparse(2, 0.5)().sample((20_000,))
one_off = off.sum(1) == 1
scores = hoyer(z)
print(f"Gaussian in two dimensions: by chance {by_chance(2):.2f}")
print(f"both on or off: {scores[~one_off].mean():.2f}")
print(f"one is off:     {scores[one_off].mean():.2f}, data {hoyer(data).mean():.2f}")
print(f"all draws:      {scores.mean():.2f}, the library's {hoyer(drawn).mean():.2f}")
print(f"one is off in {100 * one_off.float().mean():.0f} % of draws")

# %% [markdown]
# ## Figure 2: the bridge
#
# Which models put samples between two clusters? The data come from two Gaussians. The paper's figure has the data and a VAE.
#
# We add a {term}`Vamp-VAE`, whose prior is a learned mixture, as our reference for "no bridge". The paper makes no such
# claim about it: elsewhere it says that the Vamp-VAE "behaves similarly to a vanilla VAE" (Figure 4). We also add an
# InteL-VAE, whose mapping is told that there are two clusters.
#
# The [next page](04_multiple_connectivity.ipynb) describes networks and training. Look for samples between the clusters:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 2 of the paper, for each seed whose samples are kept: 200 points of the data (black), and samples of trained models, decoder noise included.", "name": "fig-bridge"}, "image": {"alt": "Scatter plots: two clusters of data, and samples of a VAE, a Vamp-VAE and an InteL-VAE, one panel for each seed; only the Vamp-VAE has no points between the clusters."}}
figure = figures.samples_by_seed(bridge)

# %% tags=["hide-input"]
Provenance(bridge)

# %% [markdown]
# ## Figure 3: the mismatch
#
# Do codes match the prior? The paper does not give its sparse data. In our data one coordinate, chosen at random, comes from
# $\mathcal N(0, 1)$, and the other from $\mathcal N(0, 0.05^2)$.
#
# We train four models: the VAE, two VAEs with the sparse prior ($w = 0.8$, and $w = 0.5$, the data's share of near-zeros), and
# the InteL-VAE with the sparse mapping. The figure at the top shows their codes.

# %% tags=["hide-input"]
Provenance(results)

# %% [markdown]
# Two measures say how well codes match $p(z)$, the model's own prior on $z$ (for the InteL-VAE, the distribution of $g(y)$
# for $y \sim \mathcal N(0, I)$):
#
# - The **aggregate mismatch** compares all codes together with draws of $p(z)$. It is their
#   {term}`sliced Wasserstein distance`, divided by the root mean square of the draws, so that models of different scales can
#   be compared.
# - The **Hoyer score** is computed for each code and then averaged, and likewise for draws of $p(z)$. In a match the two means
#   are equal. This is our stand-in for a match "one by one".
#
# The figure has the first measure, and the table below it has both. The table adds the distance of samples from the data
# ("samples to data"; smaller is better) and an estimate of $\log p(x)$.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Aggregate mismatch of codes and prior by method: one mark for each run, bars at the means. Zero is a perfect match.", "name": "fig-mismatch-seeds"}, "image": {"alt": "Dots by method; bars at the means."}}
figure = by_seed(results, "aggregate_mismatch", "aggregate mismatch")

# %% tags=["hide-input"]
Table(matching.mismatches(results))

# %% tags=["hide-input"]
best = match["best"]
whose = "plain VAE, whose prior is Gaussian" if best == "VAE" else best
one_run = matching.one_far_off(results, MATCHED)
say(f"""
- **In sparsity,** the InteL-VAE's codes match its prior {in_sparsity} than the VAE's: they score
  {match["codes-InteL-VAE"]}, and the prior {match["prior-InteL-VAE"]}.
- **The VAE's codes** are {match[f"sparser-{MATCHED}"]} than its sparse prior ($w = 0.5$). They score
  {match[f"codes-{MATCHED}"]}, and the prior {match[f"prior-{MATCHED}"]}.
- **As a whole,** the InteL-VAE's codes match {as_a_whole} than this VAE's.{one_run}
- **The smallest mismatch,** {match[f"mismatch-{best}"]}, is that of the {whose}.
- **Samples and likelihood.** The plain VAE's samples are {match["samples-VAE"]} from the data, and
  the InteL-VAE's {match["samples-InteL-VAE"]}; $\\log p(x)$ is {match["nats-VAE"]} and
  {match["nats-InteL-VAE"]} nats. No rule tests these columns.
- **A share of near-zeros is not yet sparsity.** This prior has the data's share, but its two
  dimensions switch off independently. So its draws score {match[f"prior-{MATCHED}"]}, and the data
  {hoyer(data).mean():.2f}.
""")

# %% [markdown]
# ## Paper beside ours
#
# The paper's evidence is two pictures, so the rules are ours. They were written before the published runs, except for two
# rules on the bridge: the one that counts, and the variant against the InteL-VAE. *Variants* count in no total. Here they
# are earlier rules ([history of rules](rules.md#why-a-mapping-and-not-a-prior)):
#
# - The claims on codes were first about $w = 0.8$, which asks for more zeros than the data have. The verdict depends on $w$.
#   The claims that count are now about $w = 0.5$.
# - The first two rules for the bridge compared the VAE with the data, and then with the InteL-VAE. But the InteL-VAE passes
#   the first rule, too, and has a bridge of its own. The reference is now the Vamp-VAE, which keeps the clusters apart here.

# %% tags=["hide-input"]
ledger.Table(found)

# %% tags=["hide-input"]
say(f"""
Of the paper's {len(counted)} claims, {len(held)} are reproduced. Two remarks on the bridge:

- **The comparison with a Vamp-VAE is ours.** The paper shows a VAE alone.
- **The InteL-VAE's own bridge is {own_bridge}** {badge(verdict["fig2-bridge-intel"])} (a variant):
  {between["InteL-VAE"]} % of its samples, {between["VAE"]} % of the VAE's.

{report.reasons(PAGE)}
""")

# %% tags=["hide-input"]
Folded("The rules, and the claims that each decides", ledger.Rules(PAGE))

# %% [markdown]
# ## What the paper leaves open
#
# - **Data, prior and mapping of Figure 3.** The paper gives none of them, and the authors' code has no such experiment. Our
#   prior is the one that the paper compares with later; our mapping is the paper's own, of section 6.3.
# - **The value of $\gamma$.** We use 1. We tried 0.3, 1 and 3 on seeds 100 and 101; with 1, draws of $p(z)$ have the Hoyer
#   score nearest to the data's. No records of these trials are kept.
# - **What is penalised.** The text applies $L_{sp}$ to $\mathrm{DS}(y)$, the authors' code to $|z|$. The text has gates in
#   $[0, 1]$, the authors' code in $[0.2, 1]$. Both differences matter more in many dimensions, as the
#   [page on sparsity](08_sparsity.ipynb) shows.
#
# ## Exercises
#
# 1. With which $w$ are draws of the sparse prior in two dimensions sparsest, by their mean Hoyer score? Are they as sparse as
#    the data?
# 2. Rotate the data by 45 degrees. Are they still sparse?
# 3. Rerun this page with `seeds = [10, 11, 12]`. Do the verdicts stay?

# %% tags=["hide-cell", "solution"]
weights = [w / 20 for w in range(1, 20)]
with training.seeded(0):
    of = {w: hoyer(sparse_prior(20_000, w)[0]).mean() for w in weights}
top = max(weights, key=of.__getitem__)
print(f"1. w = {top:g}: they score {of[top]:.2f}, the data {hoyer(data).mean():.2f}")
turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=data.dtype) / 2**0.5
print(f"2. no: a Hoyer score of {hoyer(data @ turn).mean():.2f}")

# %% tags=["nbval-check-output", "remove-cell"]
print(ledger.verdicts(found))
