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
# # All ten digits
#
# On MNIST, a mapping that clusters the latent space gives better samples than a VAE, and than four ways to make the prior or
# the posterior richer, says the paper (section 6.2, Table 1 of {cite}`miao2022intelvae`). Its FIDs over ten runs are 32.2
# for the InteL-VAE, 35.0 for the next best method, and 42.0 for the VAE.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
extractor = None  # "inception" for FID, "classifier"; None for the stand-in
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
from functools import partial

import torch

from intelvae import mappings
from intelvae.data import images
from intelvae.metrics import classifier, features
from intelvae.paper import kinds, ledger, measures, report, statistics, studies, style
from intelvae.paper.prose import Folded, Provenance, Table, badges, in_short, say
from intelvae.paper.results import Results
from intelvae.paper.studies.digits import figures, slips, spread
from intelvae.paper.studies.digits.analysis import moved, real, table1
from intelvae.paper.studies.digits.claims import against, changes

PAGE = "06_all_digits"

load = partial(
    studies.results,
    profile=profile,
    seeds=seeds,
    features=extractor,
    jobs=jobs,
    device=device,
)
results = load("table1")
changed, binary = (load(name, beside=True) for name in ("slips", "table1-binary"))
alone = studies.results(
    "measure-of-table1", profile, jobs=jobs, device=device, beside=True
)
found = ledger.rows(profile, results, binary, page=PAGE)
run = results[0].run
network = features.of_data(run.features, "mnist")
name = features.distance_name(run.features)
digits = images.load("mnist", size=32, smoke=run.training.smoke_data)
short, faint = table1.in_short(results), table1.faint_pixels(results)
both = [against(found, measure) for measure in ("clean-", "classifier-")]
agreed = sum(both[0][other] == both[1][other] for other in both[0])
closer = {
    who: ", ".join(name for name, of in against(found).items() if of == verdict)
    or "no other method"
    for who, verdict in (("ours", kinds.REPRODUCED), ("theirs", kinds.OPPOSITE))
}

# %% tags=["hide-input"]
in_short(f"""
We cannot confirm it. Pixels too faint to see decide the distance of samples from test images.
Without them the InteL-VAE's samples are significantly closer than those of {closer["ours"]}, and
significantly farther than those of {closer["theirs"]}.
{badges(row["verdict"] for row in found if not row["variant"])}

- Over seeds of one method the standard deviation of the distance is
  {faint["clipped-spread"]:.0f} % of the mean, without faint pixels {faint["clean-spread"]:.0f} %.
- Without faint pixels the distance is {short["product"]} for the InteL-VAE, {short["vae"]} for
  the VAE, and {short["best"]} for the best method, the {short["best-name"]}.
- By a classifier's features, on three seeds, {agreed} of the {len(both[0])} verdicts on the InteL-VAE
  against another method are the same ([more](#too-faint-to-see)).
- The distance is no FID: another network stands in for Inception.
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Distance of samples from test images against the share of faint pixels, one mark a run. As it is (left) it grows with this share; without faint pixels (right) it hardly does. Both use the smaller number of images.", "name": "fig-all-digits-faint"}, "image": {"alt": "Two scatter plots of distance against the share of faint pixels, with a marker for each method."}}
figure = figures.faint_pixels(results, name)

# %% tags=["hide-input"]
Provenance(results)

# %% [markdown]
# ## The idea
#
# Ten digits, so ten clusters? Ten sectors in one plane are thin: points are rarely far from a border, and equation 6 moves
# them by that distance. The paper's remedy (appendix C.2) is to factorise, $K = 2 \cdot 5$, and to give each factor a
# plane of its own:
#
# $$ g(y) = \big( g_2(y_1, y_2),\; g_5(y_3, y_4),\; y_5, \ldots, y_D \big). $$
#
# The paper does not say which $K$ Table 1 has, and the released code has no script for it. Our main row is $2 \cdot 5$; we
# also run two sectors, the code's default, and ten sectors in one plane.

# %%
y = torch.randn(100_000, 4, generator=torch.Generator().manual_seed(0))
product = mappings.create("clusters", 4, factors=(2, 5))
one_plane = mappings.create("clusters", 2, k=10)


def describe(g, y):
    masses = g.labels(y).bincount(minlength=10) / len(y)
    moved = (g(y) - y).norm(dim=1).median()
    return f"masses {masses.min():.3f} to {masses.max():.3f}, moved by {moved:.2f}"


print("2 x 5 over two planes:", describe(product, y))
print("10 in one plane:      ", describe(one_plane, y[:, :2]))

# %% [markdown]
# Every cluster has a tenth of the mass in both, and the product moves points farther (medians).
#
# ## How samples are judged
#
# {term}`FID` is a distance between Inception's features of real and generated images. Where those weights cannot be had, as
# for the published page, EfficientNet-Lite0 stands in. Its distances rank models, but cannot be compared with the paper's.
# With the weights, this page's parameter `extractor = "inception"` gives the FID.
#
# **A check against what is known.** What would a model get that draws from the data's own distribution?

# %% tags=["hide-input"]
floor = real.distances(network, digits)
say(f"""
By {name}, {floor["count"]:,} training images are {floor["train"]:.1f} away from as many test
images. One half of the test images is {floor["halves"]:.1f} from the other.
""")

# %% [markdown]
# ## The experiment
#
# Six methods, the network of Mathieu et al., 50 latent dimensions, squared error, MNIST's 55,000 training images, batches of
# 100, Adam with 1e-3, no warm-up of the KL. Each method samples from its own prior. Images are the decoder's means, clipped
# to $[0, 1]$.
#
# The paper gives no settings of the baselines; these are ours:
#
# - **GM-VAE** {cite}`dilokthanakul2016gmvae`: ten components. The KL term of the component counts only above half a nat, its
#   authors' remedy against components that all become alike.
# - **MoG-VAE**: a fixed mixture of ten Gaussians on a ring, four standard deviations apart, as the code's two are.
# - **Vamp-VAE** {cite}`tomczak2018vamp`: 100 pseudo-inputs that start from training images; the code has 500.
# - **Sylvester flow** {cite}`vandenberg2018sylvester`: four orthogonal steps with eight vectors, and our optimiser instead of
#   its authors'.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples of each method, first seed; the last two rows are the InteL-VAE with 2 and with 10 sectors in one plane.", "name": "fig-all-digits"}, "image": {"alt": "Rows of generated digits for each method."}}
figure = style.image_rows(results.first(), columns=16, lines=1)

# %% [markdown]
# ## Too faint to see
#
# First the distance as it is, with nothing left out:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The distance by method, one mark a run, and that of training images (dashed).", "name": "fig-all-digits-seeds"}, "image": {"alt": "Dots by method above a dashed line."}}
figure = figures.distances(results, floor["train"], name)

# %% tags=["hide-input"]
Folded(
    f"{name} by number of images N, and the paper's FID", Table(table1.lines(results))
)

# %% [markdown]
# Ranks are of the means at the larger number of images. Their ranges hold 95 % of the ranks when seeds are drawn again with
# replacement; with so few seeds they are too narrow.

# %% tags=["hide-input"]
rising = table1.still_rising(results)
say(f"""
From seed to seed one method's distance can be quite another: {rising["worst-low"]:.0f} to
{rising["worst-high"]:.0f} for the {rising["worst-method"]}, whose test ELBOs lie within
{rising["worst-elbo"]:.1f} nats.
""")

# %% [markdown]
# Most of it is nothing one sees. The decoder ends in a linear layer, and where MNIST is black it leaves a little grey. A
# network that was trained on photographs notices.
#
# A measure of our own leaves it out ("clean"): before features are taken, every value below 16 of 255 becomes 0, in
# generated and in real images alike. "Faint" is the share of generated pixels that this changes.

# %% tags=["hide-input"]
say(f"""
Over all runs the rank correlation of the distance with the share of faint pixels is
{faint["clipped-correlation"]:.2f} as it is, and {faint["clean-correlation"]:.2f} without them
(within methods, each run against its method's mean, {faint["clipped-within"]:.2f} and
{faint["clean-within"]:.2f}).
""")
Folded(f"{name} without faint pixels", Table(table1.without_faint_pixels(results)))

# %% [markdown]
# ### Which measure can tell?
#
# A measure that moves from seed to seed of one method cannot tell two methods apart. To choose a better one we look at the
# VAE alone, with five seeds that the table does not have, by [a rule committed before](rules.md#all-ten-digits) any of
# these models was measured:
#
# > A measure's **spread** is its standard deviation over seeds of the VAE, in per cent of how much larger the VAE's mean
# > is than what as many real images get. Of the candidates, the one with the smallest spread decides Table 1 from the
# > next runs on.
#
# So the spread says how far another seed moves the VAE, in per cent of the way from the VAE to real images. We apply the
# measure to all seeds of the table, although the first three are older than the choice; a variant has the later ones alone.
#
# The candidates are the distance without faint pixels, KID, and {term}`FD (classifier)`, on features of a small network that
# has learned nothing but to read MNIST's training images.

# %% tags=["hide-input"]
spreads = spread.spreads(alone, digits)
told = classifier.told("mnist")
say(f"""
That classifier reads {100 * float(told["test_accuracy"]):.1f} % of MNIST's test images
correctly, after {told["epochs"]} epochs on the training images.

{spread.told(spreads)}
""")
display(Provenance(alone))
Folded("Spreads over the VAE's extra seeds", Table(spread.lines(spreads)))

# %% [markdown]
# The table's own seeds of the VAE decide nothing, but they say what to expect of the older measures:

# %% tags=["hide-input"]
Table(spread.lines(spread.spreads(results.of("VAE"), digits)))

# %% [markdown]
# In brackets are 95 % intervals, which assume normal values. The last column is the smallest difference between two methods,
# in the same per cent, that ten seeds of each (as at `paper`) would find in four cases of five.
#
# A small spread is not enough: a measure that never changes would have none. Unit tests check that the classifier's
# distance grows with noise, with blur and when a class is missing.
#
# ### Other measures, and the fit
#
# Definitions of these measures are in the [glossary](glossary.md).

# %% tags=["hide-input"]
Folded(
    "KID, precision, recall, density, coverage and ELBO", Table(table1.more(results))
)

# %% [markdown]
# **Long enough?** The validation ELBO should have flattened.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Validation ELBO by epoch, one line a run.", "name": "fig-all-digits-curves"}, "image": {"alt": "Curves that rise and flatten, one a run."}}
figure = style.curves(results)

# %% tags=["hide-input"]
say(f"""
In the second half of the {rising["epochs"]} epochs it rises by {rising["late-gain"]:.1f} nats on
average. The mean test ELBOs of VAE and InteL-VAE are {rising["elbo-vae-intel"]:.1f} apart, so
longer training could still change the order of the methods.
""")

# %% [markdown]
# ### A second opinion
#
# Do the distance without faint pixels and the classifier's agree on which method is better? The classifier judges only
# models that were trained after it was built.

# %% tags=["hide-input"]
if second := table1.second_opinion(results):
    say(f"""
On the {second["seeds"]} seeds that the classifier judges, its order is, from the closest on:
{second["order"]}. The order without faint pixels is: {second["clean-order"]}. Over these runs the
rank correlation of the two distances is {second["correlation"]:.2f}.

Where the verdicts on the InteL-VAE against another method differ (first without faint pixels on
all seeds, then by the classifier): {changes(*both)}.
""")
    display(Folded("Both distances", Table(table1.by_both(results))))
else:
    say("The classifier judges none of this profile's models.")

# %% [markdown]
# ## Paper beside ours
#
# The rule: against each other method the mean distance of the InteL-VAE with $2 \cdot 5$ clusters must be smaller, with
# $p < 0.05$ in a t-test paired by seed (*reproduced*); smaller without significance is *partly*; fewer than three seeds is
# *not tested*.
#
# The claims that count are by the distance without faint pixels, which has the smallest spread. The variants are by the
# distance as it is, which was the rule before the runs; by the seeds from 3 on alone, which ran when the measure had been
# chosen; and by "FD (classifier)", which is newer than the first three seeds ([history](rules.md#all-ten-digits)).

# %% tags=["hide-input"]
ledger.Table(found)

# %% tags=["hide-input"]
say(report.reasons(PAGE))

# %% [markdown]
# We first published three seeds of the table. The three others were added when the verdicts of the first were known.

# %% tags=["hide-input"]
three = Results("table1", profile, results.asked, [r for r in results if r.seed < 3])
early = ledger.rows(profile, three, page=PAGE)
say(f"""
By the seeds from 3 on alone, which ran when the measure had been chosen, these verdicts on the
InteL-VAE differ: {changes(against(found), against(found, "later-"))}.

With the first three seeds alone, then with all, these differ:
{changes(against(early), against(found))}.
""")

# %% tags=["hide-input"]
say(f"""
With faint pixels, the InteL-VAE's mean distance is below that of {short["below"]}, and above
that of {short["above"]}. Without them the order is, from the closest on: {short["order"]}.

**Does another number of clusters help?** Without faint pixels the distance is {short["two"]} with
two sectors, {short["ten"]} with ten in one plane, and {short["product"]} with $2 \\cdot 5$.

**Does the closest method also fit best?** The test ELBO of the {short["best-name"]} is
{short["best-elbo"]} nats, the VAE's {short["vae-elbo"]}, and the InteL-VAE's
{short["product-elbo"]}.
""")

# %% [markdown]
# These runs cannot rule out that FID itself, or many more epochs, would give another order.
#
# ## What the paper leaves open, and what the authors' code does
#
# - **$K$**, the number of epochs, the baselines' settings and the reconstruction term are not given. That it is the squared
#   error is an inference: one of the code's two versions has it for all images. The GM-VAE is missing from the code.
# - **1,024 pixels.** Mathieu's network takes images of 32x32, Table C.1 has 28x28. Summed squared errors weigh more against
#   the KL divergence then ([by how much](14_paper_and_code.ipynb)).
# - **2,100 images.** The code compares 2,100 generated images, each stretched to the full range of grey ("min-max" in the
#   first table), with the first 2,000 test images, which it does not stretch.

# %% tags=["hide-input"]
least = min(table1.numbers(results))
same, more = (
    real.with_surplus(network, digits, least, surplus) for surplus in (0, 100)
)
say(f"""
The hundred more change little. With training images instead of generated ones, the distance
is {more:.1f} with them and {same:.1f} without.
""")

# %% [markdown]
# Other deviations of the code change the models. Each is an option of a run, off by default (`intelvae.paper.authors`).
# Here they are one at a time (at `smoke` the first three only). The folded table has the number of seeds.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Distance without faint pixels with one deviation of the authors' code at a time (filled), and without it (hollow): means over the seeds that both have, on a logarithmic axis. Short vertical marks are the runs with it.", "name": "fig-all-digits-slips"}, "image": {"alt": "A line for each deviation, from a hollow to a filled circle; four of the baselines' go far to the right."}}
moves = moved.moved(
    slips.of_table1(profile), measures.clean_frechet, results, changed
)  # fmt: skip
figure = figures.changes(moves, f"{name}, without faint pixels", log=True)

# %% tags=["hide-input"]
display(Provenance(changed))
Folded(
    "All numbers, with 95 % intervals from three seeds on, and as it is (clipped)",
    Table(table1.slipped(results, changed)),
)

# %% tags=["hide-input"]
moves = table1.told(moves)
say(f"""
**Two slips harm the baselines.** An entropy that counts 50 times takes the MoG-VAE's distance
from {moves["mog-entropy"]}, and the Vamp-VAE's from {moves["vamp-entropy"]}. Images from
$\\mathcal N(0, I)$ instead of its own prior take the Vamp-VAE's from {moves["vamp-images"]}.

**The likelihood** is not given: cross-entropy takes the VAE's distance from
{moves["vae-likelihood"]}, and the InteL-VAE's from {moves["intel-likelihood"]}.
""")

# %% [markdown]
# :::{dropdown} What the names mean
# - **The code's network** works on 28x28 pixels; so do its test images.
# - **2 x 2** is what the code's product of clusters makes of any two factors.
# - **Forgotten** borders: the model was saved and loaded.
# - **Best epoch**: the code stops by the test FID; ours takes the best epoch by the test ELBO.
# :::
#
# With cross-entropy the code decodes with a sigmoid, but for the FID it stretches what the decoder gives *before* it:

# %% tags=["hide-input"]
print(table1.before_the_sigmoid(changed))

# %% [markdown]
# ### Binary images
#
# Table C.1 says that images are binary. The code never makes them so, and all numbers above are of grey ones. Here the
# table's six methods learn from black and white, with a threshold of one half. Samples are compared with the same grey test
# images.

# %% tags=["hide-input"]
say(f"""
{table1.told_on_binary_images(binary)}
The claims' rule, against the five others: {kinds.tally(against(found, how="binary-").values())}.
""")
if binary:
    display(Provenance(binary))
    display(Folded("All numbers", Table(table1.by_both(binary))))

# %% [markdown]
# ### Borders
#
# Learned borders move. In the code they are always learned:

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The prior's mass of each of the 2 x 5 clusters after every epoch, with learned borders and c2 = 0.5, one panel a seed. At first every cluster has a tenth (dashed).", "name": "fig-all-digits-borders"}, "image": {"alt": "Stacked areas of ten cluster masses by epoch."}}
if moving := changed.of("InteL-VAE: c2 = 0.5, borders learned"):
    figure = figures.masses(moving)

# %% [markdown]
# ## Exercises
#
# 1. What does the stretch do to each method's distance, and why?
# 2. A measure's spread is 15 %. How many seeds of each method find a difference of 10 % in four cases of five?
# 3. Give the factors the other order, `(5, 2)`. Should anything change?

# %% tags=["hide-cell", "solution"]
print("1. the darkest value becomes black, so that the rest of the ground turns grey:")
for row in results.rows:
    pairs = [
        (measures.frechet(r, "minmax", min), measures.frechet(r, number=min))
        for r in results.of(row.name)
    ]
    change = sum(stretched - clipped for stretched, clipped in pairs) / len(pairs)
    print(f"   {row.name:<22} {change:+.0f}")
n = round(2 * (2.8 * 15 / 10) ** 2)  # 2.8 standard errors, by the normal distribution
while statistics.detectable(15 * (2 / n) ** 0.5, 2.0 * n - 2) > 10:
    n += 1
print(f"2. {n} seeds")
swapped = mappings.create("clusters", 4, factors=(5, 2))
print(f"3. no: {describe(swapped, y)}")

# %% tags=["nbval-check-output", "remove-cell"]
assert floor["train"] < min(map(measures.frechet, results))
verdict = {row["id"]: row["verdict"] for row in found}
assert profile == "smoke" or verdict["table1-clean-vae"] == "no difference found"
assert profile == "smoke" or verdict["table1-clean-vamp"] == "opposite"  # closer
chosen = [line["measure"] for line in spread.candidates(spreads)][:1]
assert profile == "smoke" or chosen in (
    [],
    [spread.CHOSEN.name],
)  # what claims count by
print(ledger.verdicts(found))
