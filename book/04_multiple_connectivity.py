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
# A VAE pushes a Gaussian, a blob without holes, through a continuous decoder. Where data have holes or separate parts,
# its samples fill the holes and bridge the gaps. So do a {term}`Vamp-VAE`'s, says the paper (section 6.1, Figures 4 and C.2
# of {cite}`miao2022intelvae`), but an InteL-VAE fits the data if it is told only *how many* holes there are.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import torch

from intelvae.mappings import Circle, Glue
from intelvae.paper import kinds, ledger, report, studies
from intelvae.paper.explorers import DecoderExplorer
from intelvae.paper.prose import Folded, Provenance, Table, badges, in_short, say
from intelvae.paper.studies.toys import analysis, cautions, compared, figures
from intelvae.paper.studies.toys.claims import BRIDGE_OF_DATA
from intelvae.paper.style import by_seed
from intelvae.testing import check_mapping

PAGE = "04_multiple_connectivity"

results, exact, one_prior, wide, readings, holes, holes_wide = (
    studies.results(name, profile, seeds, jobs=jobs, device=device)
    for name in (
        "connectivity", "notebooks", "notebooks-one-prior", "capacity", "readings",
        "holes", "holes-capacity",
    )
)  # fmt: skip
judged = results, exact, one_prior, holes, holes_wide
found = ledger.rows(profile, *judged, page=PAGE)
mean, with_notebooks = analysis.cited(results, wide), analysis.cited(exact, [])
log_p = compared.likelihoods(results, "circle")
less_likely = compared.below_vae(results, compared.LIKELIHOOD)
vaes_farther, intel_vaes_farther = (
    compared.raised(results, exact, compared.DISTANCES, method)
    for method in ("VAE", "InteL-VAE")
)
on_circle, of_notebooks = (analysis.emptied(of, "circle") for of in (results, exact))
rest = on_circle["others"] and f"; {on_circle['others']} inside"
by_text, by_notebooks = (
    analysis.comparisons(found, prefix) for prefix in ("", "notebooks-")
)
over_vamp = cautions.reproduced_over_vamp(found, exact)

# %% tags=["hide-input"]
in_short(f"""
With the text's settings, and ours where it is silent (the *main settings*), most InteL-VAEs leave
the holes of circle and square empty. On the star, the infinity sign and the two Gaussians the InteL-VAE is no better
than the VAE, or worse. Its $\\log p(x)$ is lower than the VAE's on {less_likely} data sets.
{badges(row["verdict"] for row in found if not row["variant"])}

- **Circle.** In {on_circle["of"]} InteL-VAEs the hole is empty (at most {analysis.EMPTY:g} % of the
  samples are inside){rest}. VAEs have {mean["astray-circle-VAE-all"]} % inside on average.
- **The authors' notebooks.** With their settings {by_notebooks.count(kinds.REPRODUCED)} of
  {len(by_notebooks)} comparisons are reproduced{over_vamp["box"]}, instead of
  {by_text.count(kinds.REPRODUCED)}. But the VAE's samples are then worse on {vaes_farther} data sets.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figures 4 and C.2 of the paper, redrawn: data (black) and 200 samples of each trained model (first seed), with the decoder's noise. The axes are those of the authors' notebooks, and wider where samples lie outside.", "name": "fig-connectivity"}, "image": {"alt": "A grid of scatter plots: a row for each data set, a column for the data and for each method."}}
figure = figures.sample_grid(results.first())

# %% tags=["hide-input"]
Provenance(results)

# %% [markdown]
# ## The idea
#
# An InteL-VAE sends the Gaussian latent $y$ through a mapping and decodes $z = g(y)$. So the holes can be put into the
# latent space by hand, and the decoder only has to bend them into shape. For one hole, $g$ projects onto the circle,
#
# $$ g_1(y) = \frac{y}{\lVert y \rVert_2 + \epsilon}, $$
#
# which turns $\mathcal N(0, I)$ into a uniform distribution on $S^1$. For two holes, the points $(0, 1)$ and $(0, -1)$
# of that circle are glued together. With $c = g_1(y)$,
#
# $$ g_2(y) = \Big( c_1,\; c_2 \big( \sqrt{4/3 - (1 - |c_1|)^2} - 1/\sqrt{3} \big) \Big). $$
#
# The parentheses of the paper's equation 5 are ambiguous; with this reading the two points do meet. For clusters, another
# mapping tears the Gaussian in two ([next page](05_multi_modality.ipynb)).


# %%
def one_hole(y):
    return y / (y.norm(dim=-1, keepdim=True) + 1e-7)


def two_holes(y):
    c1, c2 = one_hole(y).unbind(-1)
    factor = (4 / 3 - (1 - c1.abs()) ** 2).sqrt() - 3**-0.5
    return torch.stack([c1, c2 * factor], -1)


# %% [markdown]
# **A check against what is known.** At $c_1 = 0$ the factor of $c_2$ is $0$, so both points end at the origin. The
# library's mappings differ from these formulas only near the origin, where a smooth square root gives them a gradient.

# %%
y = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
poles = torch.tensor([[0.0, 2.0], [0.0, -2.0]])
print("poles map to the origin:", bool((Glue()(poles).abs() < 1e-3).all()))
for name, ours, formula in (
    ("circle", Circle(), one_hole),
    ("glue", Glue(holes=2), two_holes),
):
    print(f"{name}: at most {(ours(y) - formula(y)).abs().max():.1e} apart")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure C.1 of the paper, computed. From left to right: the circle, with the two points to be glued (squares); half way; the two-hole mapping; and a chain of four holes, which is ours. Each lobe has the same mass under the prior. A point has the same shade in all panels.", "name": "fig-gluing"}, "image": {"alt": "A circle, a pinched circle, a figure eight, and a chain of four lobes."}}
figure = figures.gluing()

# %% [markdown]
# ## The experiment
#
# Do the samples stay out of the holes, and off the bridge between two clusters? We train three models on five distributions
# in the plane. Encoder and decoder are the paper's perceptrons with three hidden layers of ten units, the latent space has
# two dimensions, and every batch is fresh.
#
# Where the text is silent, the settings are ours: the decoder is a Gaussian with one learned variance for each coordinate,
# which starts small, and the weight of the KL divergence rises from 0 to 1 in the first quarter of training (the warm-up).
# [They matter](#which-likelihood). The text's settings and these are the **main settings** of this page.
#
# The InteL-VAE has the circle mapping for circle, square and star, the two-hole mapping for the infinity sign, and a
# mapping that makes two clusters for the mixture of two Gaussians.
#
# The paper shows pictures and gives no numbers. We measure:
#
# - the share of samples **astray**: in a hole and clear of the curve or, for the mixture, on the bridge;
# - the {term}`sliced Wasserstein distance` between 2,000 samples and held-out data (even fresh data score above zero, since
#   samples are finite);
# - the share **off the support**, more than 0.3 away from the shape, whose radius is 2; for the mixture, more than four
#   standard deviations from the nearer centre.

# %% tags=["hide-input"]
say(f"""
The bridge is the strip $|x_1| < 1$, which holds {100 * BRIDGE_OF_DATA:.2f} % of the data. The first
figure shows the samples astray, the second the distance.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Share of samples astray, in a hole or on the bridge. Each mark is a seed, each bar a mean over seeds. Smaller is better.", "name": "fig-connectivity-astray"}, "image": {"alt": "Dots by data set and method; the bars show means over seeds."}}
figure = figures.side_by_side({"": results}, analysis.astray, "astray, %")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Sliced Wasserstein distance between samples and held-out data. Each mark is a seed, each bar a mean over seeds. Smaller is better.", "name": "fig-connectivity-sw"}, "image": {"alt": "Dots by data set and method; the bars show means over seeds."}}
figure = by_seed(results, "sliced_wasserstein", "sliced Wasserstein distance")

# %% tags=["hide-input"]
circle, square = (analysis.worst_hole(results, data) for data in ("circle", "square"))
farthest = compared.farthest_with_empty_hole(results, "square")
uneven = (
    farthest
    and f""" One InteL-VAE on the square has an empty hole and
{farthest["off"]} % of its samples off the support, but the distance {farthest["distance"]}; the
VAEs' mean is {mean["sw-square-VAE-all"]}."""
)
where_empty = f"""
Where the hole is empty, the InteL-VAE's median is still {log_p["empty"]}. One reason may be that
its decoder places points less precisely: its mean reconstruction term in the ELBO is below the
VAE's on {compared.below_vae(results, compared.reconstruction)} data sets, too. And a VAE loses little
by its samples in the hole: if they lay on the curve, its $\\log p(x)$ would rise by about
{log_p["cost"]} nats.
"""
say(f"""
Means hide single runs that fail. On the circle, half of the InteL-VAE's runs have at most
{circle["median"]} % of their samples in the hole, but the worst has {circle["worst"]} %.

On the square, half of the runs have at most {square["median"]} %, and the worst has {square["worst"]} %.

Distance and holes can disagree, since the distance also depends on how samples are shared out
along the shape.{uneven or ""}

**Likelihood.** The InteL-VAE's mean $\\log p(x)$ is below the VAE's on {less_likely} data sets. On
the circle it is {log_p["InteL-VAE"]} nats, and the VAE's is {log_p["VAE"]}.
{where_empty if log_p["empty"] != analysis.NO_RUN else ""}""")
Folded(
    "All numbers: means ± standard deviations over seeds",
    Table(analysis.connectivity(results)),
)

# %% [markdown]
# **Models to move.** Drag the dot of $y$, in the first panel, from top to bottom through the middle, by mouse, finger or
# arrow keys. The VAE's decoded point crosses the circle's hole; the InteL-VAE's jumps to the other side. The seed is in no
# claim. (Where scripts do not run, the VAE on the circle is shown.)

# %% tags=["hide-input"]
to_move = studies.results("connectivity-to-move", profile, jobs=jobs, device=device)
display(Provenance(to_move))
DecoderExplorer(to_move)

# %% [markdown]
# ## What decides it
#
# Why does the mapping help on some shapes only? We look at the network, the tear, and the prior. Where a sentence says
# *may*, it is our explanation; no experiment tests it.
#
# **The size of the network.** A decoder with layers of ten units can bend a circle into a square. A star has ten corners,
# and the infinity sign crosses itself. Here we add layers of 50 units (ours), over the seeds that both sizes have.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Share of samples astray with layers of ten units (the paper's) and of 50, over the seeds that both sizes have. Each mark is a seed, each bar a mean.", "name": "fig-connectivity-units"}, "image": {"alt": "Two panels of dots by data set and method; on the infinity sign the InteL-VAE's are far lower with 50 units."}}
units = analysis.by_units(results, wide)
figure = figures.side_by_side(units, analysis.astray, "astray, %")
lowered = {
    method: compared.raised(*reversed(units.values()), analysis.astray, method)
    for method in ("VAE", "InteL-VAE")
}

# %% tags=["hide-input"]
say(f"""
On the infinity sign the larger network lowers the InteL-VAE's share of samples astray from
{mean["astray-infinity-InteL-VAE-10"]} to {mean["astray-infinity-InteL-VAE-50"]} %. The VAE gains
as well, and has {mean["astray-infinity-VAE-50"]} % there.

On the circle the InteL-VAE stays ahead: with the larger network it has
{mean["astray-circle-InteL-VAE-50"]} %, and the VAE {mean["astray-circle-VAE-50"]} %.

Larger layers lower the VAE's share on {lowered["VAE"]} data sets, and the InteL-VAE's on
{lowered["InteL-VAE"]}. They bring the InteL-VAE from behind the VAE to ahead of it on
{compared.comes_below_vae(*units.values(), analysis.astray)}.
{compared.not_the_whole_reason(*units.values(), analysis.astray)}
""")

# %% [markdown]
# **How much codes say.** A mapping shapes samples only if the decoder uses the code. To say where on a curve a point lies, a
# code needs several nats. At 0 nats a model has {term}`collapsed <collapse>`.

# %% tags=["hide-input"]
say(f"""
The InteL-VAE's mean KL divergence is {mean["kl-circle-InteL-VAE-all"]} nats on the circle,
{mean["kl-star-InteL-VAE-all"]} on the star and {mean["kl-infinity-InteL-VAE-all"]} on the infinity
sign. There it is {mean["kl-infinity-InteL-VAE-50"]} with the larger network, and the VAE's is
{mean["kl-infinity-VAE-10"]} with the small one already.{cautions.fail_with_least(results)}

The mapping leaves the decoder one dimension instead of two. A small decoder may do less with one.
""")
display(Provenance(wide))
shown = dict([analysis.KL, analysis.DISTANCE, analysis.ASTRAY])
Folded(
    "All numbers: means ± standard deviations over the seeds that both sizes have",
    Table(analysis.side_by_side(units, shown)),
)

# %% [markdown]
# **The sharpness of the tear.** On the mixture, the mapping moves $y$ away from zero by a multiple of $\lvert y \rvert^{0.2}$
# ([next page](05_multi_modality.ipynb)), which is steep only next to zero. A linear decoder is enough to put two clusters
# in their places, but it leaves a bridge:

# %% tags=["hide-input"]
tear = analysis.tear()
say(f"""
{tear["bridge"]:.1f} % of the samples of a linear decoder lie in $|x_1| < 1$, even before noise is
added. They come from points with $|y|$ below {tear["half"]:.3f}.

After training, the InteL-VAE has {mean["astray-mixture-InteL-VAE-all"]} % of its samples there, and
the VAE {mean["astray-mixture-VAE-all"]} %.
""")

# %% [markdown]
# To empty the gap, the decoder would have to become flat on either side. But each cluster has a spread of its own, so it
# may pay to stay nearly linear.

# %% tags=["hide-input"]
say(f"""
**The prior.** Our Vamp-VAE has the fewest samples astray. On the star it has
{mean["astray-star-Vamp-VAE-all"]} %, the VAE {mean["astray-star-VAE-all"]} % and the InteL-VAE
{mean["astray-star-InteL-VAE-all"]} %. Its prior is a mixture of thirty narrow Gaussians, which may suit
data along a curve. On the mixture, though, the Vamp-VAE has the largest sliced Wasserstein
distance, {mean["sw-mixture-Vamp-VAE-all"]}. It may give the clusters wrong shares, which we did not
measure.

**In sum,** larger layers leave fewer samples astray where many were, a tear that is steep only next
to zero leaves a bridge, and the Vamp-VAE's learned prior leaves fewer samples astray than a mapping
that is told the number of holes or clusters.
""")

# %% [markdown]
# ## Paper beside ours
#
# Most claims compare the InteL-VAE's mean on one data set with another method's, in a paired t-test over seeds. A smaller
# mean is *reproduced* if $p < 0.05$, else *partly*. A larger mean is *opposite* if $p < 0.05$, else *no difference found*.
# With fewer than three seeds it is *not tested*.
#
# This rule was fixed before the runs. The rule for "the Vamp-VAE behaves like a VAE" was not ([how the rules came
# about](rules.md#multiple-connectivity)).
#
# Verdicts do not correct for the number of tests. The last column also gives $p$ after {term}`Holm correction`, and the
# {term}`detectable difference`.

# %% tags=["hide-input"]
ledger.Table(found)

# %% tags=["hide-input"]
say(report.reasons(PAGE))

# %% tags=["hide-input"]
counts = ledger.count(found)
say(f"""
Behind these verdicts:

- **Infinity sign.** {mean["astray-infinity-InteL-VAE-all"]} % of the InteL-VAE's samples lie in the
  holes, and {mean["astray-infinity-VAE-all"]} % of the VAE's.{cautions.hardly_tested(results)}
- **Vamp-VAE.** It has the fewest samples in the holes ({mean["astray-circle-Vamp-VAE-all"]} % in the
  circle); the paper says that it behaves like a VAE.{analysis.opposite_about_vamp(found)}

After Holm's correction, $p < 0.05$ holds for {counts["kept"] or "none"} of the
{counts["reproduced"]} reproduced claims.
""")

# %% [markdown]
# ## More holes
#
# Does gluing work for more than two holes? One can "continue to glue points together", says the paper, which shows no more
# than two. We try three and four: the data are diamonds in a row, and the mapping glues a chain with as many round lobes.
#
# Settings and rules are those above. The claims count as variants, with [rules fixed before the
# runs](rules.md#multiple-connectivity).

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Three and four holes: data (black) and 200 samples of each trained model, with layers of ten units. First seed.", "name": "fig-more-holes"}, "image": {"alt": "A grid of scatter plots: a row for each data set, a column for the data and for each method."}}
figure = figures.sample_grid(holes.first())

# %% tags=["hide-input"]
of_ten, of_fifty = (
    badges(
        row["verdict"]
        for row in found
        if row["id"].startswith("holes-") and row["id"].endswith("-50") == fifty
    )
    for fifty in (False, True)
)
inside, nats = (
    of(holes, holes_wide) for of in (analysis.cited, analysis.farthest_nats)
)
say(f"""
With three holes and layers of ten units, {inside["astray-diamonds-3-InteL-VAE-all"]} % of the
InteL-VAE's samples are in the holes, and {inside["astray-diamonds-3-VAE-all"]} % of the VAE's. The
verdicts on three and four holes are {of_ten} with layers of ten units, and {of_fifty} with layers
of 50.

In all {nats["settings"]} settings the InteL-VAE's mean KL divergence is at most
{nats["InteL-VAE"]} nats, the VAE's at least {nats["VAE"]}. Where it is near 0, the model has
collapsed, so the run cannot show what gluing would do. The table has the means and standard
deviations:
""")
display(Provenance(holes, holes_wide))
Table(analysis.side_by_side(analysis.by_units(holes, holes_wide), shown))

# %% [markdown]
# ## Which likelihood
#
# The paper does not name the likelihood, but much depends on it. We learn the variances, as the authors' notebooks do. They
# have a floor, because data on a curve would otherwise drive them to zero.
#
# If the variance starts as large as the data's, models often collapse: the decoder becomes one wide Gaussian. The small
# start and the warm-up are meant to prevent that.
#
# The notebooks count the log-variance twice. With squared errors $e_d^2$, their loss is
#
# $$ \sum_d \Big( \frac{e_d^2}{2 \sigma_d^2} + \log \sigma_d^2 \Big) + \mathrm{KL}. $$
#
# With $s_d^2 = 2 \sigma_d^2$ this is, up to a constant, twice the proper loss with the KL divergence at half its weight,
# $\beta = 1/2$: $2 \sum_d (e_d^2 / (2 s_d^2) + \tfrac12 \log s_d^2) + \mathrm{KL}$.

# %%
error, sigma = torch.rand(5, 2).square() * 9, torch.rand(5, 2) + 0.1
notebooks = (error / (2 * sigma**2) + torch.log(sigma**2)).sum(1)
s = 2**0.5 * sigma
proper = (error / (2 * s**2) + torch.log(s)).sum(1)
print("a constant, 2 log 2:", *[f"{v:.3f}" for v in 2 * proper - notebooks])

# %% [markdown]
# Where the variance starts large and the KL divergence is not warmed up ("neither" in the figure), most runs with $\beta = 1$
# collapse. With $\beta = 1/2$ none does, but the InteL-VAE's codes often say less than a VAE's:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "KL divergence and ELBO on validation data under four readings of the likelihood: a small variance first and a warm-up of the KL, as in the main settings; only the small variance; neither; and neither at β = 1/2. Each mark is a run (five data sets, up to three seeds each), each bar a mean over all runs. A model with a KL divergence of 0 has collapsed.", "name": "fig-connectivity-readings"}, "image": {"alt": "Two panels of dots by reading and method; with the reading called neither, most KL divergences are zero."}}
figure = figures.readings(readings)

# %% tags=["hide-input"]
display(Provenance(readings))
Folded(
    "All numbers: means over data sets (in a hole: over those with holes) and seeds",
    Table(analysis.readings(readings)),
)

# %% tags=["hide-input"]
inside_holes = analysis.in_holes(readings, "neither")
say(f"""
The main settings have the first reading, chosen
[by its ELBO on other seeds](rules.md#multiple-connectivity). The InteL-VAE's mean ELBO is
below the VAE's in {analysis.in_how_many_readings(readings)} readings.

With the reading "neither", {inside_holes["VAE"]} % of the VAE's samples lie in the holes,
{inside_holes["Vamp-VAE"]} % of the Vamp-VAE's, and {inside_holes["InteL-VAE"]} % of the InteL-VAE's.
""")

# %% [markdown]
# ## The notebooks, exactly
#
# Do the authors' own settings give the paper's figure? Their notebooks differ from the main settings in more than the
# likelihood: batches of ten points (the text allows 10 to 500), two hidden layers where the text has three, a two-hole
# mapping times 2, and pseudo-inputs of the Vamp-VAE that start at random.
#
# In the Vamp-VAE's loss the notebooks also count the log-variance of $q(y|x)$ twice. This rewards a wide posterior without
# limit, so its codes come to say little.
#
# They also have two priors. In training, the KL divergence is taken to $\mathcal N(0, e I)$ (a log-variance of 1), but samples
# are drawn from $\mathcal N(0, I)$. Here we do all of that at once.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples with all settings of the authors' notebooks: data (black) and 200 samples of each trained model. First seed.", "name": "fig-notebooks"}, "image": {"alt": "A grid of scatter plots: a row for each data set, a column for the data and for each method."}}
figure = figures.sample_grid(exact.first("VAE") + exact.first("InteL-VAE"))

# %% [markdown]
# In the paper's figure the VAE fills the holes, and the InteL-VAE draws the curves. Here the VAE fills them, too. Whether
# the InteL-VAE draws the curves depends on the seed.

# %% tags=["hide-input"]
say(f"""
On the circle, {of_notebooks["of"]} InteL-VAEs leave the hole empty, with at most
{analysis.EMPTY:g} % of the samples inside. The first seed, in the figure, has
{of_notebooks["first"]} %. On the infinity sign, {analysis.emptied(exact, "infinity")["of"]} have
empty holes.

In the other runs codes say less about the data. On the circle their median KL divergence is
{of_notebooks["kl-others"]} nats; in runs with an empty hole it is {of_notebooks["kl"]} nats.
""")

# %% [markdown]
# **Two priors.** Samples then come only from the middle of the latent space that the decoder has learned from, and the middle
# decodes into the hole. The circle and the two-hole mapping drop the size of $y$, so this may not affect them. To test it,
# we change this setting alone: the notebooks with $\mathcal N(0, I)$ in training, too.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Share of samples astray with the main settings, with the notebooks', and with the notebooks' and one prior. Each mark is a seed, each bar a mean.", "name": "fig-connectivity-priors"}, "image": {"alt": "Three panels of dots by data set and method; the VAE's are highest in the middle one."}}
settings = analysis.by_setting(results, exact, one_prior)
figure = figures.side_by_side(settings, analysis.astray, "astray, %")

# %% tags=["hide-input"]
say(f"""
{cautions.two_priors(exact, one_prior)}

Most runs are of two kinds, which a mean over seeds hides. So the table counts the InteL-VAEs whose
holes are empty; in brackets is the share of samples that the others have inside:
""")
Table(analysis.kinds_of_runs(settings))

# %% tags=["hide-input"]
text, both, one = (
    analysis.closer(found, prefix)
    for prefix in ("", "notebooks-", "notebooks-one-prior-")
)
say(f"""
The InteL-VAE's samples are significantly closer to the data than the VAE's on
{both["reproduced"]} of the data sets with the notebooks' settings, on {one["reproduced"]} with
these and one prior, and on {text["reproduced"]} with the main settings. By the rules of the
{len(by_text)} comparisons with VAE and Vamp-VAE, the verdicts with the notebooks' settings are:
{badges(by_notebooks)}.{over_vamp["text"]}

But samples get worse. With the notebooks' settings the VAE's mean distance
is larger than with the main ones on {vaes_farther} data sets (circle:
{with_notebooks["sw-circle-VAE-all"]} instead of {mean["sw-circle-VAE-all"]}), the InteL-VAE's on
{intel_vaes_farther} ({with_notebooks["sw-circle-InteL-VAE-all"]} instead of
{mean["sw-circle-InteL-VAE-all"]}).

The VAE's distance grows by more than the InteL-VAE's on
{compared.harmed_more(results, exact, compared.DISTANCES)} data sets, and its share of samples
astray on {compared.harmed_more(results, exact, analysis.astray)}. The two priors explain part of
that: compared with one prior, they raise the VAE's distance by more on
{compared.harmed_more(one_prior, exact, compared.DISTANCES)}.
""")
display(Provenance(exact, one_prior))
shown = dict([analysis.DISTANCE, analysis.ASTRAY])
Folded(
    "All numbers: means ± standard deviations over seeds",
    Table(analysis.side_by_side(settings, shown)),
)

# %% [markdown]
# ## What the paper leaves open
#
# - **Likelihood, steps, batch size.** Table C.1 says 10 to 500 for the batch; we take 100. At the published profile we take
#   as many steps as the notebooks, 20,000.
# - **The prior's variance, the glue map's scale, the networks' depth.** The notebooks differ from the text (above); we
#   follow the text.
# - **More than two holes.** The paper gives no formula for "continue to glue points together". `Glue(holes=h)` for $h > 2$ is
#   our own chain of lobes, tried on data of our own. We tried no other way to glue.
#
# ## Exercises
#
# 1. What share of a linear decoder's samples is on the bridge with the powers 0.1 and 0.5 instead of 0.2?
# 2. Show that the prior's mass is equal in all lobes of `Glue(holes=4)`.
# 3. Write a mapping to a torus in four dimensions, check it, and make data to go with it.

# %% tags=["hide-cell", "solution"]
bridges = [f"{analysis.tear(c2)['bridge']:.1f} %" for c2 in (0.1, 0.5)]
print(f"1. {' and '.join(bridges)}: the steeper at zero, the narrower")
y = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(0))
angle = (
    Glue(holes=4)(y)[:, 0].clamp(-1, 1).asin()
)  # lobes meet where 4 t is one of pi's
lobes = (4 * (angle / torch.pi + 0.5)).long().clamp(0, 3).bincount() / len(y)
print("2. the masses are", *(f"{mass:.3f}" for mass in lobes))


class Torus(torch.nn.Module):
    def forward(self, y):
        return torch.cat([Circle()(y[..., :2]), Circle()(y[..., 2:])], -1)


check_mapping(Torus, 4)
a, b, c, d = Torus()(torch.randn(1000, 4)).unbind(1)  # two angles
tube = 2 + 0.5 * c
data = torch.stack([tube * a, tube * b, 0.5 * d], 1)
radius = (data[:, :2].norm(dim=1) - 2).square() + data[:, 2].square()
print(f"3. all points are {radius.sqrt().mean():.2f} from the circle of radius 2")

# %% tags=["nbval-check-output", "remove-cell"]
print(ledger.verdicts(found))
