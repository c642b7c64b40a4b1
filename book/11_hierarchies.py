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
# # Hierarchies
#
# A mapping that computes each level of $z$ from the level above makes a VAE hierarchical, and is extremely easy to
# write, says the paper (appendix B of {cite}`miao2022intelvae`). Ladder VAEs {cite}`sonderby2016ladder` need networks
# and divergences of their own.
#
# The paper trains five levels on Fashion-MNIST. By eye, they go from the category at the top to details, such as a
# collar's shape, at the fourth level.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
extractor = None  # "inception" for FID; None for the stand-in
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import pandas as pd
import torch
from torch import nn

from intelvae import mappings
from intelvae.paper import ledger, report, studies
from intelvae.paper.prose import Provenance, Table, badges, in_short, say
from intelvae.paper.studies.hierarchy import analysis, figures
from intelvae.paper.studies.hierarchy.grid import ONE_LAYER, RESIDUAL

PAGE = "11_hierarchies"

results = studies.results(
    "hierarchy",
    profile,
    seeds,
    features=extractor,
    jobs=jobs,
    device=device,
    every=True,
)
found = ledger.rows(profile, results, page=PAGE)
cited = analysis.cited(results)

# %% tags=["hide-input"]
in_short(f"""
With the mapping of the authors' code, {cited["one-layer-off"]} levels (each run has five) are
*off*: their KL divergence is below {cited["held"]} nats, so they hold next to nothing.
{badges(row["verdict"] for row in found if not row["variant"])}

- The highest level of this mapping holds {cited["kl-first"]} nats, and no other more than
  {cited["kl-rest"]}. If only the highest level is on, the model is a VAE with ten dimensions.
- With our residual mapping, which loses no information, {cited["residual-off"]} levels are
  off. The highest level predicts the class of an image better than the lowest in
  {cited["residual-told"]} runs.
- The control is a VAE, cut into five blocks that have no order: {cited["VAE-off"]} blocks are
  off, and the first predicts the class better than the last in {cited["VAE-told"]} runs.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "What each level does, from the highest (0) to the lowest (4): how often a new draw of it changes the class of the decoded image, and how much its pixels; how many nats it holds; how well it predicts the class. With one layer, the mapping of the authors' code, every level below the highest holds next to nothing. Lines are means over runs, marks are runs; the VAE's levels are blocks. Fashion-MNIST; profile and seeds as below.", "name": "fig-hierarchy-levels"}, "image": {"alt": "Four panels of curves by level for the two mappings and the VAE."}}
figure = figures.level_numbers(results, figures.PANELS)

# %% tags=["hide-input"]
Provenance(results)

# %% [markdown]
# ## The idea
#
# A hierarchical mapping builds $z$ from top to bottom. Split $y$ into levels $y_0, \ldots, y_N$, all of them
# independent and Gaussian. Each level of $z$ is computed from the same level of $y$ and the level of $z$ above it:
#
# $$ z_0 = y_0, \qquad z_i = \mathrm{NN}_i(z_{i-1}, y_i), \qquad z = (z_0, \ldots, z_N). $$
#
# So the highest level, $y_0$, reaches every level of $z$, and the lowest, $y_N$, reaches only the last.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure B.1, drawn anew. Solid arrows show what is computed from what. The dashed arrow is the encoder: its q(y|x) is over all levels at once.", "name": "fig-hierarchy-graph"}, "image": {"alt": "A graph: each y points down to its z, each z to the next z and to x, and a dashed arrow leads from x back to y."}}
figure = figures.graphical_model()

# %% [markdown]
# The paper leaves $\mathrm{NN}_i$ and $z_0$ open. The authors' code has $z_0 = y_0$, and one linear layer with a ReLU
# for each other level:


# %%
class OneLayerEach(nn.Module):
    def __init__(self, levels, width):
        super().__init__()
        layers = (nn.Linear(2 * width, width) for _ in range(levels - 1))
        self.layers = nn.ModuleList(layers)
        self.width = width

    def forward(self, y):
        first, *rest = y.split(self.width, -1)
        z = [first]
        for own, layer in zip(rest, self.layers, strict=True):
            z.append(layer(torch.cat([z[-1], own], -1)).relu())
        return torch.cat(z, -1)


# %% [markdown]
# **A check against what is known.** A level of $z$ depends on its own level of $y$ and on those above, so the Jacobian
# $\partial z / \partial y$ must be block-triangular. We check this for the authors' mapping and for our *residual*
# mapping, $z_i = y_i + \mathrm{MLP}_i(z_{i-1})$, both untrained.

# %%
torch.manual_seed(0)
ours = OneLayerEach(5, 10)
authors = mappings.create("hierarchy", 50, levels=5)
for layer, network in zip(ours.layers, authors.networks, strict=True):
    network[0].load_state_dict(layer.state_dict())
residual = mappings.create("hierarchy", 50, levels=5, residual=True)
y = torch.randn(1000, 50)
lines = [f"the library's mapping is the class: {torch.equal(ours(y), authors(y))}"]
checked = {
    "one layer and a ReLU": analysis.jacobian(authors, y),
    "residual": analysis.jacobian(residual, y),
}
for title, of in checked.items():
    lines.append(
        f"{title:<20} above the diagonal {of.above:g}; "
        f"zeros in z {of.zeros:.2f}; volume kept: {of.volume_kept}"
    )
print(*lines, sep="\n")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Which level of z (rows) depends on which level of y (columns), in untrained mappings: mean absolute entries of the Jacobian over a thousand draws of y. Above the diagonal all are zero.", "name": "fig-hierarchy-jacobian"}, "image": {"alt": "Two grids of five by five squares, white above the diagonal and fading below it towards the lower left."}}
figure = figures.jacobians(checked)

# %% [markdown]
# The ReLU has a price. No level below the first is ever negative, and before training about half of their entries are
# zero. That loses information, so the inequality of [theorem 1](02_theorem1.ipynb) may be strict. The residual mapping
# loses nothing: it can be solved for $y$ level by level, and its Jacobian has determinant 1.
#
# ## The experiment
#
# Do the levels take on different tasks? We train both mappings on Fashion-MNIST: five levels of ten dimensions, squared
# errors, and Mathieu's network. The control is a VAE with as many dimensions, cut into five blocks of ten.
# First, the bounds (in nats) and the distance of samples:

# %% tags=["hide-input"]
Table(pd.DataFrame(analysis.table(results)))

# %% tags=["hide-input"]
say(f"""
The information that the ReLU loses {cited["loses"]}: the test ELBO is {cited["one-layer-elbo"]}
nats with one layer a level, and {cited["residual-elbo"]} with the residual mapping.
""")

# %% [markdown]
# **What does each level hold?** The paper shows pictures. Four numbers for each level replace a judgement by eye. They
# are the panels of the figure at the top.
#
# - *Class changed*: how often does the decoded image turn into another class if the level's $y_i$ is drawn anew? A
#   classifier of real images names the classes.
# - *Pixels changed*: by how much do the pixels change then (root mean square)?
# - *KL*: how many nats of the code are in this level?
# - *Class predicted*: how well can a classifier predict the class from this level's part of $g(\mu)$, ten numbers?
#
# The VAE's blocks have no order: their numbers differ by chance, and by how many dimensions happen to be used.
# The table has both ends of the hierarchy:

# %% tags=["hide-input"]
Table(pd.DataFrame(analysis.ends(results)))

# %% tags=["hide-input"]
say(f"""
The classes are not exact: the classifier classifies {cited["named"]} % of real test images
correctly, and decoded images are not real ones.
""")

# %% [markdown]
# **Is there a hierarchy?** Only if several levels are on. In a level that is off, the encoder's distribution is almost
# the prior, whatever the input, and the decoder has learned not to depend on it. Its part of $z$ can still predict
# the class a little, since it is computed from the level above.

# %% tags=["hide-input"]
say(f"""
With one layer a level, the highest level holds {cited["kl-first"]} nats (mean over runs). The
whole code of the VAE has {cited["whole"]}.

If the highest level is drawn anew, pixels change by {cited["pixels-first"]}; for no other
level do they change by more than {cited["pixels-rest"]}.

With the residual mapping more levels are on, but an order from categories to details is not to be
seen: the highest level predicts the class better than the lowest in {cited["residual-told"]} runs. For
the VAE's blocks, which have no order, it is {cited["VAE-told"]}.
""")

# %% [markdown]
# Where all levels but the highest are off, the hierarchy has collapsed. The lowest level then changes fewer classes
# only because it changes nothing. This says nothing about details.
#
# **Figure B.2.** What does each level draw? In each row we move one dimension of one level from $-3$ to $3$, the one
# that changes the picture most. The rest of $y$ stays as it was for a test image. Where a level is off, nothing moves
# in its row.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The mapping of the authors' code: traversals by level, highest first, Fashion-MNIST, first seed.", "name": "fig-hierarchy-traversals"}, "image": {"alt": "Five rows of pictures of clothes, each along one latent dimension."}}
figure = figures.level_traversals(results.first(ONE_LAYER)[0])

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The residual mapping: traversals by level, highest first, Fashion-MNIST, first seed.", "name": "fig-hierarchy-traversals-residual"}, "image": {"alt": "Five rows of pictures of clothes, each along one latent dimension."}}
figure = figures.level_traversals(results.first(RESIDUAL)[0])

# %% [markdown]
# Try it: choose one of three test images and a level, then move its dimension. First the mapping of the authors' code,
# then the residual one.

# %% tags=["hide-input"]
figures.level_explorer(results.first(ONE_LAYER)[0])

# %% tags=["hide-input"]
figures.level_explorer(results.first(RESIDUAL)[0])

# %% [markdown]
# ## Paper beside ours
#
# All three claims are about the mapping of the authors' code. The first two are that the highest level predicts the
# class better than the lowest, and that a new draw of it changes the class more often.
#
# - ***Reproduced***: the highest level's number is larger, with p < 0.05 in a t-test paired over at least three seeds.
# - ***Partly***: larger without significance, or the lowest level is off, since any level would win against it. The
#   variants drop this last condition.
# - **The second claim has an easy start.** $y_0$ enters $z$ unchanged and reaches every level, while $y_4$ enters
#   through one layer whose weights begin small.

# %% tags=["hide-input"]
say(f"""
- **The third claim** is that every level is on: the level that holds the least must hold more than
  {cited["held"]} nats, by a t-test over at least three seeds. This rule, and the condition on
  levels that are off, were written after the runs ([history](rules.md#hierarchies)).
""")

# %% tags=["hide-input"]
ledger.Table(found)

# %% tags=["hide-input"]
say(report.reasons(PAGE))

# %% [markdown]
# **Must the top level hold categories?** No. A hierarchy is a way in which information *may* flow, and nothing in the
# bound asks for categories at the top. The residual mapping has an inverse, and with a decoder that begins with that
# inverse the model is a VAE.
#
# ## What the paper leaves open, and what the authors' code does
#
# - **$\mathrm{NN}_i$, $z_0$ and the widths** of the five levels are not given. The script of the authors' code for 50
#   dimensions has five levels of ten.
# - **Which dimensions** Figure B.2 moves is not given either, nor whether it moves them in $y$ or in $z$. A step in
#   $y_i$ reaches all lower levels; a step in $z_i$, after the mapping, reaches only the decoder.
# - **1,024 pixels.** Mathieu's network takes images of 32x32; Table C.1 has 28x28. More pixels weigh more against the
#   KL divergence ([by how much](14_paper_and_code.ipynb)).
# - **What would not run.** The script's loop over latent dimensions chooses no widths for 128.
#
# ## Exercises
#
# 1. Change $z_0$ after the mapping, instead of $y_0$ before it. Which levels stay the same?
# 2. Put the levels in the other order before a decoder whose first layer is linear. Why can nothing change except by
#    chance?
# 3. Make a hierarchy of fifty levels of one dimension each, untrained. Does $y_0$ reach the last one?

# %% tags=["hide-cell", "solution"]
moved = y.clone()
moved[:, :10] += 1
behind = authors(y)
behind[:, :10] += 1
for what, z in (("y_0", authors(moved)), ("z_0", behind)):
    same = (z == authors(y)).all(0).view(5, 10).all(1)
    print(
        f"1. {what} moved, levels that stay the same:",
        same.nonzero().flatten().tolist(),
    )
first, other = nn.Linear(50, 20), nn.Linear(50, 20)
with torch.no_grad():
    other.weight.copy_(first.weight.view(20, 5, 10).flip(1).flatten(1))
    other.bias.copy_(first.bias)
    flipped = authors(y).view(-1, 5, 10).flip(1).flatten(1)
    equal = torch.allclose(first(authors(y)), other(flipped), atol=1e-5)
print("2. the layer with its columns in that order gives the same:", equal)
for title, residual in (("one layer and a ReLU", False), ("residual", True)):
    deep = mappings.create("hierarchy", 50, levels=50, residual=residual)
    reach = analysis.jacobian(deep, y[:100], levels=50).blocks[-1, 0].item()
    print(f"3. {title:<20} derivative below 1e-20: {reach < 1e-20}")

# %% tags=["nbval-check-output", "remove-cell"]
assert results.first(ONE_LAYER)[0].kept["traversals"].shape[-3:] == (1, 32, 32)
print(ledger.verdicts(found))
