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
# # What we learned
#
# This is our report on reproducing *On Incorporating Inductive Biases into VAEs* {cite}`miao2022intelvae`, in the order of
# the Machine Learning Reproducibility Challenge.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
from intelvae.paper import ledger, report, statements, studies
from intelvae.paper.prose import Folded, Table, badges, in_short, say

results = [studies.stored(name, profile) for name in studies.NAMES]
found = ledger.rows(profile, *results)
counts, work = ledger.count(found), report.work(results)
sides = report.count_by_side(found)

# %% tags=["hide-input"]
smoke = """
This copy was made at `smoke`, from a first look on small data: its verdicts mean nothing. The
published page has those of `laptop`.
"""
in_short(f"""
The framework does what the paper says; its benefits are reproduced only in part.

All {sum(counts[v] for v in report.LOOK)} claims together:
{badges(row["verdict"] for row in found if not row["variant"])}. Of those reproduced,
{counts["tested"]} rest on a statistical test; {counts["kept"]} of these remain significant if one
corrects for the number of tests. [Status](91_status.ipynb) lists every claim.

The claims test {len(statements.STATEMENTS)} statements of the paper. Our results support
{sides["for"]} of them, contradict {sides["against"]}, and leave {sides["open"]} open.

{smoke if profile == "smoke" else ""}
""")

# %% tags=["hide-input"]
say(f"""
Five questions have these answers in the published runs, with the verdicts on all claims behind
them:

{report.questions(found)}
""")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "How many claims of each table and figure of the paper have which verdict. Variants, which ask a claim again of another setting or by another rule, are left out.", "name": "fig-report-verdicts"}, "image": {"alt": "A horizontal bar for each table and figure, stacked by verdict with colours and hatching."}}
figure = report.verdicts(found)

# %% [markdown]
# ## Scope of reproducibility
#
# **What the paper promises.** An InteL-VAE is a VAE with a mapping $g$ between its Gaussian latent and the decoder. The
# mapping is to give the latents the structure that one wants: holes, clusters, sparsity, or levels. Samples are to get
# better, and training is to stay as simple as a VAE's.
#
# **What we tested.** Nearly every sentence of the paper about a table or a figure became one or more *claims*. Each claim
# has a rule that gives its verdict. A rule was written before its runs, or says that it was not ([history](rules.md)).
#
# **What a verdict means.** By most rules a claim is *reproduced* if the difference goes the paper's way with p < 0.05. It is
# *opposite* if it goes the other way with p < 0.05, or misses by far what the rule asks for.
#
# A difference that is not significant mostly counts as *partly* if it goes the paper's way, however small it is, and as *no
# difference found* if it goes the other way. So *partly* alone is no evidence for the paper.
#
# ## Methodology
#
# - **Code.** We wrote our own. Where the text and the authors' code differ, we follow the text, with few exceptions
#   ([the paper and its code](14_paper_and_code.ipynb)): images are grey, and the second term of the sparsity penalty is the
#   authors'. Where the text is silent we often follow the authors' code, as for the layers of a hierarchy.
# - **Data.** We use MNIST with the paper's split and Fashion-MNIST, both in grey and at 32x32; points in the plane; and 8,059
#   faces of CelebA ([Faces](10_faces.ipynb)).
# - **Hyperparameters.** They are those of the paper's Tables C.1 and C.2, but for the images (C.1 has binary ones, of 28x28
#   pixels) and for Table 3 (50 latent dimensions, where C.1 has 1 to 10). [Page 90](90_hyperparameters.ipynb) has our
#   choices where these tables are silent.
# - **Tests.** In runs with the same seed, all methods see the same data in the same order. So $t$-tests are paired by seed.
#   Tables of claims also have each $p$ corrected for the number of tests (Holm).

# %% tags=["hide-input", "nbval-ignore-output"]
say(f"""
- **Computation.** The trainings took {work["hours"]:.3g} hours in all (device: {work["devices"]}),
  the longest {work["longest"]:.1f} hours. [The plan](81_plan.ipynb) says how many have been run.
""")

# %% [markdown]
# ## Results that support the paper
#
# Each line is a statement of the paper in our words, followed by the verdicts on its claims; brackets say where a claim
# tests more than the paper says. A statement is supported if more than half of its claims are reproduced. Methods and
# terms are in the [glossary](glossary.md).

# %% tags=["hide-input"]
say(report.findings(found, "for"))

# %% [markdown]
# ## Results that contradict it
#
# Again each line says what the paper says. Our results contradict it: more than half of its claims are *opposite*.

# %% tags=["hide-input"]
say(report.findings(found, "against"))

# %% [markdown]
# ## Results that leave it open
#
# All other statements are open: their verdicts are mixed, or so few runs cannot tell.

# %% tags=["hide-input"]
say(f"""
:::{{dropdown}} The {sides["open"]} open statements
{report.findings(found, "open")}
:::
""")

# %% [markdown]
# ## The main claims
#
# The table has one main claim for each table and figure of the paper. In "a against b", a and b are the two numbers of the
# column "compared"; its brackets say which way the first should differ.
#
# Not finding a difference is no proof that there is none. "Detectable" is the smallest difference that a test on
# this many runs would detect with 80 % power (p < 0.05). A dash under *p* means that the rule needs no test.
#
# The $p$ are not corrected here. A run is a training.

# %% tags=["hide-input"]
say(report.table(found))

# %% tags=["hide-input"]
Folded("The main claims in full", Table(report.claims_of(found)))

# %% [markdown]
# Two terms in the reasons below: *dimensions in use* are those that a model uses at all (mean $|z|$ at least a tenth of
# the largest). *Faint pixels* are grey values too small to see, which decide the
# distance of images if all pixels count ([why](06_all_digits.ipynb)).

# %% tags=["hide-input"]
say(report.reasons())

# %% [markdown]
# ## How it works, and whether to use it
#
# A mapping without parameters builds its structure in: every $z$, encoded or drawn from the prior, is $g(y)$. A learned one
# only allows it: gates need not close, and levels need not be used. The KL divergence [never grows](02_theorem1.ipynb).
#
# Whether samples get better, or shares are learned, is left to training. Where we found out what decides it, it was a choice
# outside the mapping's idea:
#
# - for [points in the plane](04_multiple_connectivity.ipynb), how large the decoder's variance is when training starts, and
#   whether the settings are the text's or the notebooks';
# - for [two digits](05_multi_modality.ipynb), the network, down to the bias of the decoder's first layer;
# - for [shares](07_proportions.ipynb), the exponent with which the borders of the mapping are learned.
#
# For [sparse codes](09_sparsity_in_detail.ipynb#floor-and-penalty-as-in-the-authors-code) we found no such choice: the
# text's gates and the authors' have nearly one trade-off between sparsity and samples.
#
# So compare a mapping with a VAE and with a prior that does the same job, all trained alike and over several seeds
# ([how](70_your_own.ipynb)).

# %% tags=["hide-input"]
say(report.uses())

# %% [markdown]
# ## What was easy
#
# - **The idea.** An InteL-VAE is a VAE with a function in front of its decoder: [a few lines](01_framework.ipynb).
# - **The theorem.** [Theorem 1](02_theorem1.ipynb) is clear, and quick to check in numbers.
# - **Points in the plane.** The data and the mappings are in the authors' notebooks, and [the models are
#   small](04_multiple_connectivity.ipynb).
# - **A mapping of one's own.** The framework takes [any function](70_your_own.ipynb), and one check fits all.
#
# ## What was hard
#
# - **Measuring samples.** We could not get the FID's weights, so another network stands in, and we leave [faint
#   pixels](06_all_digits.ipynb) out. The FID may still order the methods differently.
# - **Measuring sparsity.** The Hoyer score, the paper's measure, also counts dimensions that a model [does not
#   use](08_sparsity_measures.ipynb).
# - **Sharp mappings.** At the borders between clusters the slope of $g$ has no bound, and we had to [soften
#   it](05_multi_modality.ipynb).
# - **Baselines.** The paper gives hardly any settings for its six other methods, and each has traps of its own
#   ([digits](06_all_digits.ipynb), [sparsity](09_sparsity_in_detail.ipynb)). Our settings may not be their best.
# - **Two versions of the authors' code.** Both disagree with the text, and [with each other](14_paper_and_code.ipynb).
#
# ## What the paper should have said
#
# This checklist has what was left to us. [Page 14](14_paper_and_code.ipynb) shows what each choice changes, where we know.
#
# - **Models**: the likelihood of images and of points; the number of clusters $K$ in Table 1; whether the tables have the
#   gates and the penalty of the text or those of the code; the widths of the hierarchy, and the network of a level.
# - **Training**: $\beta$, and the values of $\gamma$ for every figure; the number of epochs, and what stops them; the settings
#   of every baseline.
# - **Measures**: which prior images are drawn from; how many images an FID has, and how their pixels are treated; whether the
#   score is of samples or of means; the numbers behind Figures 7 and C.3.
#
# ## Limits of this reproduction
#
# - **Few seeds.** On images there are mostly three. Many verdicts may be *no difference found* for that reason.
# - **Few faces and few steps.** Tables 4 and B.1 are tested [on 8,059 faces](10_faces.ipynb).
# - **A laptop's epochs.** On images we train for fewer epochs than the authors' code, and curves [still
#   rise](06_all_digits.ipynb).
# - **One network.** We use the text's. The authors' is tried for [Table 2](05_multi_modality.ipynb) and a few rows of Table
#   1.
# - **Not judged.** We have no rule for four statements: that digits are "crisper", that a VAE's ones all have the same slant,
#   that the official code of the Sparse-VAE diverges, and that mappings cause no computational issues.
#
# ## Communication with the authors
#
# There was none. What their text and their code leave open is open here.
#
# ## Exercises
#
# 1. Which three experiments would change most verdicts? Use the column "detectable".
# 2. Fill in the checklist for a paper of your own.

# %% tags=["nbval-check-output", "remove-cell"]
print(report.tallies(found))
