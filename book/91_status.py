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
# # Status
#
# This page lists every claim of the paper with its verdict, and every experiment with what it ran on and took. It is for
# looking things up; for reading there is [the report](15_what_we_learned.ipynb).

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import dataclasses
import platform

import pandas as pd

from intelvae.paper import kinds, ledger, report, runs, studies
from intelvae.paper.config import Evaluation
from intelvae.paper.dashboard import Dashboard
from intelvae.paper.prose import Table, badges, glue, in_short, say

found = ledger.stored(profile)
counted = [row for row in found if not row["variant"]]

# %% tags=["hide-input"]
in_short(f"""
At the profile `{profile}` there are {len(counted)} claims, with these verdicts:
{badges(row["verdict"] for row in counted)}

There are {len(found) - len(counted)} variants, too. They ask a claim again of another setting or by
another rule, and do not count.
""")

# %% [markdown]
# ## Claims
#
# How to read the table, column by column and mark by mark:
#
# - **Verdicts.** *Reproduced* is significantly on the paper's side by most rules, and *opposite* significantly against it.
#   *Partly* and *no difference found* are mostly not significant: the difference goes the paper's way, or the other. Neither
#   is evidence then. Each page states its rules, by the ids in small type.
# - **In the paper** is its number; "figure only" where it has a figure and no number, "in words" where it has neither.
# - **Compared with.** In "paired t against 0.12 (VAE)", 0.12 is the mean of the VAE, with which ours is compared by a $t$-test
#   on pairs with the same seed.
# - **Detectable** is the smallest difference that a test on this many seeds, scattered as these are, would detect with 80 %
#   power ($p < 0.05$). Where a rule names a number, it is the smallest deviation from that number.
# - **Holm.** The $p$ in brackets is corrected for all claims in this table that count (that of a variant for all variants),
#   while a claim's own page corrects for that page only. Where this $p$ is above 0.05, a "reproduced" may be one of the accidents
#   that many tests bring.
# - **Several tests in one claim.** A claim that several things hold at once has the verdict and the $p$ of the worst of them.
#   If another claim rests on the same test, the correction counts this test twice, which is conservative.
# - **Late rules.** Rules that were written after the runs are marked ([how the rules came about](rules.md)).
# - **Variants** do not count. They ask a claim again of a setting that is not the paper's or not the one its text names, or
#   by a rule that a better one has replaced.

# %% tags=["hide-input"]
ledger.Table(found)

# %% [markdown]
# The next table has how many claims of each page have which verdict:

# %% tags=["hide-input"]
table = pd.DataFrame(counted)
counts = table.groupby(["page", "verdict"]).size().unstack(fill_value=0)
Table(counts.reindex(columns=kinds.VERDICTS, fill_value=0))

# %% tags=["hide-input"]
say(ledger.summary(found))

# %% [markdown]
# ## Records
#
# What did the numbers run on, and what did they take? The table has a line for each experiment. "Hours" adds up the times of
# its runs, on one or two threads each.
#
# A commit is that of the library that trained a run; if the model was measured again
# later, that commit follows in brackets. A plus sign means uncommitted changes.

# %% tags=["hide-input", "nbval-ignore-output"]
say(f"""
This page was made with Python {platform.python_version()} on {platform.machine()}, at the
profile `{profile}`.
""")
records = [studies.stored(name, profile) for name in studies.NAMES]
Table(pd.DataFrame(map(studies.accounts, records)))

# %% [markdown]
# ## Threads
#
# Does the number of threads change a result? A record says how many torch used (0 if an older version did not note it).
# With another number of threads, as on another processor, sums are added up in another order, and training amplifies the
# difference.
#
# The table compares three short trainings of the first model of Table 2 on the embedded data: with one thread, with two
# (given two processors), and from another seed.

# %% tags=["hide-input", "nbval-ignore-output"]
config = studies.runs("multi-modality", "smoke", "0")[0].training
if profile != "smoke":
    config = dataclasses.replace(config, precision="float32", epochs=20)
other = dataclasses.replace(config, seed=1)
shown = {
    "test_elbo": "test ELBO, nats",
    "uncertain": "ambiguous",
    "ones": "ones",
    "stray": "strays",
}


def metrics(config, threads):
    _, model = runs.train(config, threads=threads)
    return runs.measure(config, Evaluation("zeros-and-ones"), model).metrics


asked = {"1 thread": (config, 1), "2 threads": (config, 2), "other seed": (other, 1)}
compared = pd.DataFrame({name: metrics(*of) for name, of in asked.items()}).loc[
    list(shown)
]
Table(compared.rename(shown).map("{:.4g}".format).rename_axis("metric"))

# %% tags=["hide-input", "nbval-ignore-output"]
stored = ledger.stored("laptop")
glue("dashboard", Dashboard(stored), display=False)

# %% [markdown]
# The book's first page cites the published verdicts, whatever profile the book was built at. They are these:

# %% tags=["hide-input"]
published = ledger.count(stored)
total = sum(published[verdict] for verdict in kinds.VERDICTS)
for name, number in (published | {"claims": total} | report.answers(stored)).items():
    glue(name.replace(" ", "-"), number, display=False)
first_look = "This copy of the book was built at `smoke`: its pages show a first look on small data, whose verdicts mean"
glue(
    "build",
    f"{first_look} nothing. The counts here are the published ones."
    if profile == "smoke"
    else "",
    display=False,
)
names = {"tested": "reproduced, with a test", "kept": "significant after correction"}
Table(pd.Series(published).rename(names).rename_axis("published").to_frame("claims"))

# %% tags=["nbval-check-output", "remove-cell"]
print(
    len(table),
    "claims and",
    len(found) - len(table),
    "variants on",
    table.page.nunique(),
    "pages",
)
