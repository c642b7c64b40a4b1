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
# # Your own mapping, your own data
#
# How do you use a mapping on your own data, and how do you find out whether it helps? The other pages ask whether the paper
# is right; this page is for those who want to use its idea. The paper has no such section. How to rerun pages, write priors
# and train on a GPU is under [How to](howto.md).

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import pandas as pd
import torch

from intelvae.paper import kinds, ledger, studies
from intelvae.paper.prose import Table, badge, badges, in_short, listed, say
from intelvae.paper.studies import wines
from intelvae.testing import CHECKS

studies.check_parameters(profile=profile, seeds=seeds, device=device)
chosen = studies.seeds_or_own(seeds, 3 if profile == "smoke" else 10)
epochs = 12 if profile == "smoke" else 200
# In layers as small as these, threads wait for each other most of the time.
torch.set_num_threads(1)
# Small layers lose no time in float64, and results do not depend on how a processor rounds. Apple's GPUs have none.
torch.set_default_dtype(torch.float32 if device.startswith("mps") else torch.float64)

# %% tags=["hide-input"]
in_short("""
A mapping is an assumption about your data. Four steps lead to a test of whether it helps:

- **Choose** a mapping by what you know about the data, or **write** a PyTorch module of a few
  lines.
- **Test** the mapping with `check_mapping` before any training.
- **Train** a model with it on your own tensor.
- **Compare** it with the same model without a mapping, on several seeds, with a paired test.
""")

# %% [markdown]
# ## Choose a mapping
#
# Start from what you know about the data, not from what you would like to see. Each name in the table links to the page that
# measures what the mapping does. The last column has what we found there, as a claim with its verdict (of the published runs):

# %% tags=["hide-input"]
verdicts = {row["id"]: row["verdict"] for row in ledger.stored("laptop")}
of = {id: badge(verdict) for id, verdict in verdicts.items()}
shares = badges(verdicts[f"table3-{share}"] for share in ("0.4", "0.25", "0.2", "0"))
say(f"""
| You know that | Mapping | Latent dimensions | What to set | What we found |
|---|---|---|---|---|
| something goes round: an angle, a phase, a time of day | [`circle`](04_multiple_connectivity.ipynb) | 2 (a sphere: 3) | - | fewer samples than a VAE's in the hole: {of["fig4-circle-hole"]} |
| the data lie on a curve that crosses itself | [`glue`](04_multiple_connectivity.ipynb) | 2 | - | fewer samples than a VAE's in the holes of an infinity sign: {of["fig4-infinity-hole"]} |
| there are $K$ groups of about equal size with nothing between them | `clusters`, of [two](05_multi_modality.ipynb) or [ten](06_all_digits.ipynb) | 1 ($K = 2$) or more | `k`, or `factors`; `c1`, the width of the gap | fewer ambiguous zeros and ones than a VAE's: {of["table2-uncertain-vae-mathieu-gaussian"]} with the network of the paper's text, {of["table2-uncertain-vae-authors-gaussian"]} with the network of the authors' code; closer samples of ten digits: {of["table1-clean-vae"]} |
| there are two groups, and you do not know their shares | [`threshold`](07_proportions.ipynb) | 1 or more | `learnable` | it learns the share, for four shares: {shares} |
| each example needs few of many features | [`sparse`](08_sparsity.ipynb) | many | `gamma` of `training.Objective` | a random forest learns more from few labels than on a VAE's codes: {of["fig7-few-shot-vae"]}; than on codes of a VAE that has the penalty, ten times as heavy, and no mapping: {of["fig7-few-shot-lsp"]} |
| features build on each other, coarse to fine | [`hierarchy`](11_hierarchies.ipynb) | the levels' sum | the widths of the levels | every level of a code of Fashion-MNIST holds features: {of["figB2-held"]}; codes of faces predict attributes better than any VAE's from 50 labels: {of["tableB1-50-8059-faces"]} |
""")

# %%
from intelvae import mappings

three_groups = mappings.create("clusters", latent_dim=2, k=3)

# %% [markdown]
# ## Write your own
#
# A mapping is a PyTorch module from $y$ to $z$. As an example, take weather data that depend on the time of day, which goes
# round, and on another number, which does not. The representation should then be a cylinder,
# $z = (\cos\phi, \sin\phi, h)$. From three Gaussian latents $y$ this mapping makes it:
#
# $$ g(y) = \left( \frac{(y_1, y_2)}{\sqrt{y_1^2 + y_2^2 + \epsilon^2}},\; y_3 \right). $$
#
# The library has the circle already, so the cylinder needs few lines:

# %%
import torch
from torch import nn

from intelvae import mappings


class Cylinder(nn.Module):
    """The first two latents go round, the others stay: (..., D) -> (..., D), D >= 3."""

    def __init__(self):
        super().__init__()
        self.circle = mappings.Circle()

    def forward(self, y):
        return torch.cat([self.circle(y[..., :2]), y[..., 2:]], dim=-1)


# %% [markdown]
# A mapping may also change the number of dimensions from $D$ to $D'$: for example, an angle ($D = 1$) becomes a point in the
# plane ($D' = 2$). Then make the encoder for $D$ and the decoder for $D'$, by two calls of `networks.create`.
#
# ## Test it
#
# Test a mapping before you train with it, since it can ruin a run in ways that show up late. A gradient that is NaN at a
# single point, for example, stays in Adam's state for ever.
#
# `check_mapping` checks what training needs. If a check fails, it raises an error with one line that says what is wrong.
# The cylinder passes all checks:

# %%
from intelvae.testing import check_mapping

check_mapping(Cylinder, dim=3)


# %% [markdown]
# The formula without $\epsilon$, as one would first type it, fails at the origin:


# %%
class Naive(nn.Module):
    def forward(self, y):
        return y / y.norm(dim=-1, keepdim=True)


try:
    check_mapping(Naive, dim=2)
    refused = ""
except AssertionError as error:
    refused = str(error)
print(refused)

# %% [markdown]
# These are the checks:

# %% tags=["hide-input"]
Table(
    pd.DataFrame(
        {
            "check": check.__name__,
            "holds if": check.__doc__.splitlines()[0].replace("`", ""),
        }
        for check in CHECKS
    )
)

# %% [markdown]
# ## Your own data
#
# This section trains models on a table of data. Our example comes with scikit-learn: 178 wines from three grape varieties
# (cultivars), each with thirteen chemical measurements.
#
# We know that there are three groups. That nothing lies between them is an assumption. The mapping `clusters` with `k=3`
# builds this assumption into the model, and its constant $c_1$ sets how strongly.
#
# Keep examples for a test, standardise by the training examples alone, and make a tensor:

# %%
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

measured, cultivar = load_wine(return_X_y=True)
rest, test = train_test_split(
    np.arange(len(measured)), test_size=60, stratify=cultivar, random_state=0
)
train, valid = train_test_split(
    rest, test_size=18, stratify=cultivar[rest], random_state=0
)
x = (measured - measured[train].mean(0)) / measured[train].std(0)
x = torch.tensor(x, dtype=torch.get_default_dtype(), device=device)

# %% [markdown]
# A model consists of an encoder, a decoder, a prior and a mapping. The decoder's last module says what its output means, here
# the mean of a Gaussian. `training.fit` takes the model and tensors:

# %%
from intelvae import likelihoods, networks, training
from intelvae.models import VAE
from intelvae.training import Optimiser, Schedule


def untrained(seed, mapping, prior, latent_dim=2):
    torch.manual_seed(seed)
    encoder, network = networks.mlp((13,), latent_dim, hidden=(64, 64))
    decoder = nn.Sequential(network, likelihoods.Gaussian())
    return VAE(encoder, decoder, prior, mapping).to(device)


def fitted(seed, mapping, prior, latent_dim=2):
    model = untrained(seed, mapping, prior, latent_dim)
    order = torch.Generator().manual_seed(seed)
    schedule, adam = Schedule(epochs, batch_size=20), Optimiser(lr=2e-3)
    training.fit(model, x[train], x[valid], schedule, optimiser=adam, generator=order)
    return model


# %% [markdown]
# We compare four models. The VAE knows nothing about groups. Two InteL-VAEs have the mapping `clusters`, one with a small gap
# between the groups ($c_1 = 1$) and one with the paper's ($c_1 = 5$). The fourth model has what the paper argues against, a
# prior of three Gaussians and no mapping.

# %%
from intelvae.mappings import Identity, create
from intelvae.priors import Mixture, StandardNormal

corner = 2 * torch.pi * torch.arange(3) / 3
three = 2 * torch.stack([corner.cos(), corner.sin()], -1)
WAYS = {
    "VAE": lambda: (Identity(), StandardNormal(2)),
    "clusters, c1 = 1": lambda: (create("clusters", 2, k=3, c1=1.0), StandardNormal(2)),
    "clusters, c1 = 5": lambda: (create("clusters", 2, k=3), StandardNormal(2)),
    "mixture prior": lambda: (Identity(), Mixture(three)),
}
models = {
    (way, seed): fitted(seed, *make()) for way, make in WAYS.items() for seed in chosen
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The codes of all 178 wines in each of the four models, first seed. Marks and colours are cultivars, which no model has seen.", "name": "fig-wines"}, "image": {"alt": "Four scatter plots of codes in the plane, coloured by cultivar, one for each way of saying that there are three groups."}}
figure = wines.codes(
    {way: models[way, chosen[0]].represent(x) for way in WAYS}, cultivar
)

# %% [markdown]
# Save the weights as for any module. They include the mapping's own parameters, if it has any.

# %%
import tempfile

from safetensors.torch import load_file, save_file

way = "clusters, c1 = 5"
with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/wines.safetensors"
    save_file(models[way, chosen[0]].state_dict(), path)
    again = untrained(1234, *WAYS[way]())  # has other weights, until they are loaded
    again.load_state_dict(load_file(path, device=device))

# %% [markdown]
# ## Compare two models with a test
#
# Did the mapping help? Ask three questions about models of several seeds. The training loss answers none of them.
#
# **Does the model explain examples that it has not seen?** Estimate $\log p(x)$ of the test wines by importance sampling.
# An ELBO will not do: its gap to $\log p(x)$ may differ from mapping to mapping.
#
# A paired $t$-test over seeds tells whether a difference may be due to the seed. It says nothing about other wines: for
# that, repeat it with other splits. And correct $p$ if you make many comparisons. These are the differences from the VAE:

# %%
from scipy.stats import ttest_rel

from intelvae import bounds


def nats(model):
    torch.manual_seed(0)  # the same noise for every model
    return bounds.log_likelihood(model, x[test], samples=500).mean().item()


log_p = {way: [nats(models[way, seed]) for seed in chosen] for way in WAYS}
more = {way: np.mean(log_p[way]) - np.mean(log_p["VAE"]) for way in WAYS}
for way in list(WAYS)[1:]:
    line = f"{way:<16} {more[way]:+.2f} nats"
    if len(chosen) > 2:  # of fewer seeds a test says nothing
        line += f", p = {ttest_rel(log_p[way], log_p['VAE']).pvalue:.2g}"
    print(line)

# %% [markdown]
# **Are samples realistic?** Train a classifier on the real training wines, and count the samples of which it is unsure (less
# than 80 %). It is unsure of some real test wines, too, so compare with their share and not with zero.

# %%
from sklearn.linear_model import LogisticRegression

judge = LogisticRegression(max_iter=1000).fit(x[train].cpu(), cultivar[train])


def unsure(samples):
    return 100 * (judge.predict_proba(samples.cpu()).max(1) < 0.8).mean()


# %% [markdown]
# **Is the structure the one that you meant?** Cluster the codes by $k$-means, and compare the clusters with the cultivars. An
# adjusted Rand index of 1 means the same partition, and 0 an agreement by chance.

# %%
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score


def cultivars_found(model):
    codes = model.represent(x[test]).detach().cpu()
    groups = KMeans(3, n_init=10, random_state=0).fit_predict(codes)
    return adjusted_rand_score(cultivar[test], groups)


# %% tags=["hide-input"] mystnb={"figure": {"caption": "The answers to the three questions, by model: one mark for each seed, and mean and standard deviation over seeds (black). Higher is better on the left and on the right. In the middle, the dashed line is the share of unsure cases among real test wines.", "name": "fig-wines-compared"}, "image": {"alt": "Three panels with a line of marks for each of four models: log p(x), the share of unsure samples, and the adjusted Rand index."}}
looks = []
for (way, seed), model in models.items():
    torch.manual_seed(seed)
    looks.append(
        {
            "model": way,
            "log p(x), nats": log_p[way][chosen.index(seed)],
            "unsure samples, %": unsure(model.generate(2000).mean),
            "adjusted Rand index": cultivars_found(model),
        }
    )
looks = pd.DataFrame(looks).set_index("model")
figure = wines.comparison(looks, {"unsure samples, %": unsure(x[test])})

# %% tags=["hide-input"]
has = "the values of one seed"
if len(chosen) > 1:
    has = "means and standard deviations over seeds"
say(f"""
The table has {has}. All models are trained on this page, on
{len(train)} wines. The number of seeds is {len(chosen)} (profile `{profile}`).
""")
Table(wines.table(looks))

# %% tags=["hide-input"]
helped = [
    name
    for id, name in (
        ("fig4-circle-hole", "[the circle](04_multiple_connectivity.ipynb)"),
        (
            "table2-uncertain-vae-authors-gaussian",
            "[zeros and ones](05_multi_modality.ipynb), with the network of the authors' code",
        ),
    )
    if verdicts[id] == kinds.REPRODUCED
]
helps = (
    f"Elsewhere a mapping does help, with samples of {listed(helped)}.\n\n"
    if helped
    else ""
)
tests = "without tests, which need three seeds"
if len(chosen) > 2:
    tests = "with their tests"
say(f"""
{wines.conclusion(looks, unsure(x[test]))}

{wines.told_of_prior(looks)}

The differences from the VAE in $\\log p(x)$ are printed above, {tests}.

{helps}Proceed in this way with your own data: train the same model with and without the mapping,
on several seeds and splits, and test the difference.
""")

# %% [markdown]
# ## What tends to go wrong
#
# Four faults to look for, with their signs and remedies:
#
# - **Groups end up in the wrong sectors.** Whether they do depends on the seed: see the deviations of the index above. Train
#   several seeds, and plot the codes.
# - **Posterior collapse.** The sign is a KL divergence near 0 in `History.valid_kl`, which `training.fit`
#   returns. A likelihood with a smaller variance, or `warmup` of `training.Objective`, lets the first bits through:
#   [](04_multiple_connectivity.ipynb).
# - **A circle is wound twice, or folded.** Small steps cannot undo a fold, since it vanishes only if the loop is cut. Plot
#   `model.represent(x)`, and try other seeds. No page here shows such a case.
# - **The decoder draws the same grid wherever $z$ is near 0.** Its first layer has no bias. Give it one:
#   [](05_multi_modality.ipynb), "What decides it".
#
# ## Exercises
#
# 1. Rerun with two seeds of your own. Does the order of the models by $\log p(x)$ hold?
# 2. Put `Cylinder` into `fitted` with three latent dimensions. Do the codes go all the way round?
# 3. Take `k=2`. Which two cultivars share a sector, and what does it cost in nats?

# %% tags=["hide-cell", "solution"]
fresh = {
    way: np.mean([nats(fitted(seed, *make())) for seed in (100, 101)])
    for way, make in WAYS.items()
}
print("1.", " > ".join(sorted(fresh, key=fresh.get, reverse=True)))

wound = fitted(chosen[0], Cylinder(), StandardNormal(3), latent_dim=3)
middle = wound.represent(x[test])[:, :2].mean(0).norm().item()  # 0: all around
print(f"2. The mean of all directions has length {middle:.2f}: 1 is one direction.")

halves = create("clusters", 2, k=2)
model = fitted(chosen[0], halves, StandardNormal(2))
with torch.no_grad():
    sector = halves.labels(model.encode(x).mean).cpu().numpy()
for group in range(3):
    print(f"3. {sector[cultivar == group].mean():.0%} of cultivar {group} in sector 1")
gain = nats(model) - log_p["VAE"][0]
print(f"   {gain:+.2f} nats a wine compared with the VAE of that seed")

# %% tags=["nbval-check-output", "remove-cell"]
restored = torch.equal(
    again.represent(x), models["clusters, c1 = 5", chosen[0]].represent(x)
)
assert refused and restored
print(
    "the naive formula is refused, a restored model represents wines to the bit as before"
)
