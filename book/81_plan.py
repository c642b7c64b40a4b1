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
# # What it costs, and how far it scales
#
# Suppose you want to run the whole reproduction at the paper's size, the profile `paper`. How long does it take,
# and how many machines are worth having? The paper does not say what its experiments cost, so there is no claim to judge.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
from intelvae.paper import plan, scheduling, studies
from intelvae.paper.prose import Folded, Provenance, Table, in_short, say

studies.check_parameters(profile=profile, seeds=seeds, device=device, jobs=jobs)
found = plan.measured(profile)

# %% tags=["hide-input", "nbval-ignore-output"]
in_short(plan.answer(found))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Hours until every training is done and measured, against the number of workers (one core each), both on logarithmic axes. Marks are at 1, 8 and 64 workers. Dotted lines are limits that no number of workers can beat: the longest run of a profile, and the scheduler, where it was measured.", "name": "fig-plan"}, "image": {"alt": "Two falling lines, one for each profile, that become level where they meet the dotted line of the longest run; the lines of the scheduler are far below."}}
figure = plan.times(found)

# %% tags=["hide-input", "nbval-ignore-output"]
display(Provenance(found))
Folded("On 1, 8 and 64 workers", Table(plan.on_workers(found)))

# %% [markdown]
# ## What each experiment costs
#
# Which experiments take the time? The record of a run, the file that it wrote, says how long it took.
#
# For a run without a record we estimate its time: the number of steps, times the median time of a step in the records
# most like it. These have the same network and, if possible, the same model, mapping and bound. The time to measure the
# trained model is estimated in the same way.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Hours of one core that each experiment takes, by profile. Filled bars are from records, hatched bars are estimated from steps. A training that several experiments share counts for the first of them.", "name": "fig-costs"}, "image": {"alt": "Two panels of horizontal bars, one for each profile, the longest experiment on top; for the profile paper nearly all is hatched."}}
figure = plan.experiments(found)

# %% tags=["hide-input", "nbval-ignore-output"]
Folded("All experiments", Table(plan.table(found)))

# %% tags=["hide-input"]
say(plan.faces(found))

# %% [markdown]
# ### How good are the estimates?
#
# The records can test the estimates. We estimate the time of each run that has a record from other records: those with
# another number of epochs or, if all records of a network have the same number, all its other records.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Hours that each training on images took, against the hours estimated from other records, by network. On the line the estimate is right; on the dotted lines a training took twice or half as long.", "name": "fig-told"}, "image": {"alt": "A cloud of marks along a diagonal line, most of them between two dotted lines at twice and half."}}
figure = plan.told(found)

# %% tags=["hide-input", "nbval-ignore-output"]
say(plan.spread(found))

# %% [markdown]
# Part of the spread comes from the machines: there were several, and other work slowed some of them down. Older records err
# in two directions. They do not say how many threads a run had, and with two it takes less time than on one core. They also
# count the time for measuring the model as training.
#
# ## Two workers instead of one
#
# Do two workers halve the time? We run the same trainings on the embedded images with one and with two workers, by joblib
# (which is what `--jobs` uses) and by dask. Every training is a task, and every worker has one thread. One and two
# workers take turns; the table has the median over rounds and its range:

# %% tags=["hide-input", "nbval-ignore-output"]
Table(plan.scaling(found))

# %% [markdown]
# Two workers can be twice as fast at most. Workers on one machine share its memory and its caches, and other programs may
# take a part of both cores.
#
# ## What a scheduler adds
#
# [On a cluster](cluster.md) a scheduler hands out the tasks, which takes time, too. We measure it with empty runs: their
# data do not exist, so a worker refuses each as soon as it looks at it. What is left is looking up, locking, sending and
# counting:

# %% tags=["hide-input", "nbval-ignore-output"]
say(plan.handing_out(found))

# %% [markdown]
# This holds for two workers. With many more, the scheduler needs longer to see which of them are there, which we have not
# measured.
#
# ## The model
#
# How does time fall with the number of workers? A sweep hands out its parts in a fixed order, and a worker that becomes free
# takes the next. This is *list scheduling*. With $n$ workers, $N$ parts that take $t_i$ each, and a time $s$ between two
# tasks, the whole takes
#
# $$T(n) \ge \max\Big(\tfrac1n \sum_i t_i,\ \max_i t_i,\ N s\Big).$$
#
# The first term falls with $n$; the other two do not. The time itself follows from going through the list:


# %%
def time_on(seconds, workers, apart):
    free = [0.0] * workers  # when each worker is free again
    for number, each in enumerate(seconds, start=1):
        start = max(min(free), number * apart)
        free[free.index(min(free))] = start + each
    return max(free)


# %% [markdown]
# **A check against what is known.** Equal parts take as many rounds as there are parts for each worker, rounded up. With
# one long part and many short ones, the long part decides. The library, which uses a heap, gives the same times:

# %%
print("ten equal parts on four workers:", time_on([1.0] * 10, 4, 0))
print("one long part and many short:", time_on([9.0] + [1.0] * 9, 4, 0))
seconds = found.seconds("paper")
same = time_on(seconds, 8, 0.01) == scheduling.time_on(seconds, 8, 0.01)
print("as in the library:", same)

# %% [markdown]
# We apply this to the parts of a sweep, in its order. A part is one task of the scheduler: a training on images, or up to 25
# small ones, which train side by side. The most informative parts come first, not the longest, so that a sweep may be
# stopped at any time.

# %% tags=["hide-input", "nbval-ignore-output"]
say(plan.limit(found))

# %% [markdown]
# The model assumes that all workers are as fast as those in the records, and that none is lost. It leaves out the time to
# copy data to machines, and the time that they wait in a queue.
#
# ## On GPUs
#
# One GPU trains up to 16 runs at once, so there a part is 16 runs. Their speed comes from a script that measures it in a
# quarter of an hour ([Speed](80_speed.ipynb)); none is assumed.

# %% tags=["hide-input", "nbval-ignore-output"]
if found.stages:
    display(Table(scheduling.at_once(found.stages).reset_index()))
    display(Table(scheduling.on_gpus(found.costs["paper"], found.stages)))
else:
    say("""
No GPU has been measured so far. On a machine with one,
`python -m intelvae.paper.slot run data/slots/NAME` measures it, and this page then shows the result.
""")

# %% tags=["nbval-check-output", "remove-cell"]
counts = {name: len(of) for name, of in found.costs.items()}
print(counts, len(seconds), "parts;", same)
