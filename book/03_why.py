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
# Why not simply choose a prior with the wanted structure? The paper (section 3, Figures 2 and 3 of
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

from intelvae import priors, regularizers, training
from intelvae.mappings import Sparse
from intelvae.metrics.hoyer import by_chance, hoyer
from intelvae.paper import kinds, ledger, report, studies
from intelvae.paper.datasets import Points
from intelvae.paper.prose import Folded, Provenance, Table, badge, in_short, say
from intelvae.paper.studies.toys import analysis, figures
from intelvae.paper.style import by_seed

PAGE = "03_why"

bridge, results = (
    studies.results(name, profile, seeds, jobs=jobs, device=device)
    for name in ("bridge", "mismatch")
)
found = ledger.rows(profile, bridge, results, page=PAGE)
verdict = {row["id"]: row["verdict"] for row in found}
between = analysis.bridges(bridge)
counted = [row for row in found if not row["variant"]]
held = [row for row in counted if row["verdict"] == kinds.REPRODUCED]

# %% tags=["hide-input"]
in_short(f"""
Of the paper's {len(counted)} claims on this page, {len(held)} are reproduced. Each line below
is a claim, with our verdict on it.

- **A VAE's samples bridge two clusters, a Vamp-VAE's do not** {badge(verdict["fig2-bridge"])}.
  Between the clusters lie {between["VAE"]} % of the VAE's samples and
  {between["Vamp-VAE"]} % of the samples of the Vamp-VAE, whose prior is learned.
- **One by one, an InteL-VAE's codes match its prior on $z$ better than a VAE's codes match a
  sparse prior** {badge(verdict["fig3-sparsity"])}. Here we compare how sparse codes and prior
  are. The VAE's prior is as sparse as the data.
- **All together, they match better, too** {badge(verdict["fig3-aggregate"])}. Here we compare
  the distributions of all codes and of the prior.
- **Has the InteL-VAE less of a bridge than the VAE?** {badge(verdict["fig2-bridge-intel"])}
  {between["InteL-VAE"]} % of its samples lie between the clusters.
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
#
# We depart from the printed formula in two points ([](08_sparsity.ipynb) has the details):
#
# - The paper maximises the {term}`ELBO` *plus* $\gamma L_{sp}$. With $\gamma > 0$ that would make codes dense, so we subtract
#   the penalty.
# - An entropy needs shares that add up to 1, so we first divide each row of gates by its sum. We do so in the second term,
#   too, where the formula averages the rows as they are.
#
# In code:


# %%
def L_sp(gates):
    shares = gates / gates.sum(1, keepdim=True)
    row = -torch.xlogy(shares, shares).sum(1)
    mean = shares.mean(0)
    return row.mean() + torch.xlogy(mean, mean).sum()


# %% [markdown]
# **A check against what is known.** Penalty and score have known values in simple cases. With one gate open in each row, and
# every gate open equally often, $L_{sp}$ is $-\ln D$, its smallest value. With all gates alike it is 0.
#
# We measure sparsity by the {term}`Hoyer score`, which is 1 for codes with one active dimension and 0 for dimensions of
# equal size. The score of Gaussian codes is known, too: we call it the score *by chance*.

# %%
one_each, alike = L_sp(torch.eye(50)), L_sp(torch.ones(9, 50)).abs()
print(f"one gate each: {one_each:.3f}, all alike: {alike:.3f}")
gates = torch.rand(100, 50, generator=torch.Generator().manual_seed(0))
print(
    "as in the library:",
    bool((L_sp(gates) - regularizers.sparsity(gates)).abs() < 1e-5),
)
codes = torch.randn(20_000, 50, generator=torch.Generator().manual_seed(0))
gaussian = hoyer(codes).mean()
print(f"Hoyer score: Gaussian codes {gaussian:.4f}, by chance {by_chance(50):.4f}")
print(f"Hoyer score: one-hot codes {hoyer(torch.eye(50)).mean():.3f}")
with training.seeded(0):
    print(
        "gates between 0 and 1:",
        bool(((Sparse(50).gates(codes) - 0.5).abs() <= 0.5).all()),
    )
    drawn = priors.Sparse(50)().sample((20_000,))
print(f"Hoyer score of the sparse prior in 50 dimensions: {hoyer(drawn).mean():.2f}")

# %% [markdown]
# ## Figure 2: the bridge
#
# Which models put samples between two clusters? The data come from two Gaussians. We train three models: a VAE, a
# {term}`Vamp-VAE`, whose prior is a learned mixture, and an InteL-VAE, whose mapping is told that there are two clusters. The
# [next page](04_multiple_connectivity.ipynb) describes networks and training. Look for samples between the clusters:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 2 of the paper, for each seed whose samples are kept: 200 points of the data (black), and samples of trained models, decoder noise included.", "name": "fig-bridge"}, "image": {"alt": "Scatter plots: two clusters of data, and samples of a VAE, a Vamp-VAE and an InteL-VAE, a panel a seed; only the Vamp-VAE has no points between the clusters."}}
figure = figures.samples_by_seed(bridge)

# %% tags=["hide-input"]
Provenance(bridge)

# %% [markdown]
# ## Figure 3: the mismatch
#
# Do codes match the prior? The paper does not give its sparse data. In our data one coordinate, chosen at random, comes from
# $\mathcal N(0, 1)$, and the other from $\mathcal N(0, 0.05^2)$.
#
# We train four models: the VAE, two VAEs with the sparse prior ($w = 0.8$, and $w = 0.5$ as in the data), and the InteL-VAE
# with the sparse mapping. The figure at the top shows their codes.

# %% tags=["hide-input"]
display(Provenance(results))
say(f"The Hoyer score of the data is {hoyer(Points('sparse').test).mean():.2f}.")

# %% [markdown]
# Two measures say how well codes match $p(z)$, the model's own prior on $z$ (for the InteL-VAE, the distribution of $g(y)$
# for $y \sim \mathcal N(0, I)$):
#
# - The **aggregate mismatch** compares all codes together with draws of $p(z)$. It is their
#   {term}`sliced Wasserstein distance`, divided by the root mean square of the draws, so that models of different scales can
#   be compared.
# - The mean **Hoyer scores** of codes and of draws of $p(z)$ compare codes one by one. In a match the two scores are equal.
#
# The figure has the first measure, and the table below it has both. The table adds the distance of samples from the data
# ("samples to data"; smaller is better) and an estimate of $\log p(x)$.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Aggregate mismatch of codes and prior by method: one mark for each run, bars at the means. Zero is a perfect match.", "name": "fig-mismatch-seeds"}, "image": {"alt": "Dots by method; bars at the means."}}
figure = by_seed(results, "aggregate_mismatch", "aggregate mismatch")

# %% tags=["hide-input"]
Table(analysis.mismatches(results))

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
#   the first rule, too, and has a bridge of its own. The reference is now the Vamp-VAE, which has none.

# %% tags=["hide-input"]
ledger.Table(found)

# %% tags=["hide-input"]
say(report.reasons(PAGE))

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
# 1. With which $w$ is the sparse prior in two dimensions as sparse as the data, by the mean Hoyer score of its draws?
# 2. Rotate the data by 45 degrees. Are they still sparse?
# 3. Rerun this page with `seeds = [10, 11, 12]`. Do the verdicts stay?

# %% tags=["hide-cell", "solution"]
data = Points("sparse").test
weights = [w / 20 for w in range(8, 17)]
with training.seeded(0):
    scores = {w: hoyer(priors.Sparse(2, w)().sample((20_000,))).mean() for w in weights}
nearest = min(weights, key=lambda w: (scores[w] - hoyer(data).mean()).abs())
print(f"1. of {weights[0]:g} to {weights[-1]:g} the nearest is {nearest:g}")
turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=data.dtype) / 2**0.5
print(f"2. no: a Hoyer score of {hoyer(data @ turn).mean():.2f}")

# %% tags=["nbval-check-output", "remove-cell"]
print(ledger.verdicts(found))
