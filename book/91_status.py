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
# Where every claim of the paper stands, and what the numbers ran on and took.

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
Profile {profile}, {len(counted)} claims and {len(found) - len(counted)} variants.
{badges(row["verdict"] for row in counted)}
""")

# %% [markdown]
# ## Claims
#
# - *Reproduced* and *partly* are on the paper's side. *Opposite* is not, significantly so. *No difference found* says
#   that the runs cannot tell: "detectable" is the smallest difference, or deviation from a number that a rule names, that
#   as many seeds, scattered as these are, find in four cases of five.
# - The $p$ in brackets is corrected (Holm) for all claims in this table that count, that of a variant for all variants. On
#   its own page a claim is corrected for that page's claims only. Where this $p$ is above 0.05, a "reproduced" may be one of
#   the accidents that many tests bring.
# - A claim that several things hold at once has the verdict and the $p$ of the worst of them. Another claim may rest on the
#   same test, which the correction then counts twice: that is conservative.
# - Rules that were written after the runs are marked ([how the rules came about](rules.md)).
# - **Variants** count in nothing. They ask a claim again of a setting that is not the paper's or not the one its text
#   names, or by a rule that a better one has replaced.

# %% tags=["hide-input"]
ledger.Table(found)

# %% [markdown]
# How many claims of each page have which verdict:

# %% tags=["hide-input"]
table = pd.DataFrame(counted)
counts = table.groupby(["page", "verdict"]).size().unstack(fill_value=0)
Table(counts.reindex(columns=kinds.VERDICTS, fill_value=0))

# %% tags=["hide-input"]
say(ledger.summary(found))

# %% [markdown]
# ## Records
#
# "Hours" adds up the runs' own times, on one or two threads each. A commit is that of the library that trained
# a run. If its model was measured again later, that commit follows in brackets. A plus sign means uncommitted changes.

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
# A record also says how many threads torch used (0 where an older version did not). Another number of threads adds up
# sums in another order, as another processor does, and training amplifies the difference.
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
# The book's first page has the published verdicts, whatever profile it was built at.

# %% tags=["hide-input"]
published = ledger.count(stored)
for name, number in (published | report.answers(stored)).items():
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
