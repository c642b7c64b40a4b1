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
# # Speed
#
# How fast does this library train, compared with code that most people would write? The tables of this book rest on
# hundreds of trainings, so speed decides how many seeds a table has, and how much one can believe it.
#
# The paper makes no claim about speed: it names one GTX 1080 Ti, and no times. So this page has aims of our own instead
# of verdicts.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import torch
from torch.nn.functional import conv2d

from intelvae.paper import bench_gpu, bench_steps, speed, studies
from intelvae.paper.prose import Folded, Provenance, Table, in_short, say
from intelvae.paper.studies.digits import analysis

studies.check_parameters(profile=profile, seeds=seeds, device=device, jobs=jobs)
found = speed.measured(profile)

# %% tags=["hide-input", "nbval-ignore-output"]
in_short(speed.answer(found))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "How many times as fast as each contender this library trains, on random images: the median over rounds and its range, on a logarithmic axis. To the right of the dotted line this library is faster; thick strokes are the aims.", "name": "fig-speed"}, "image": {"alt": "Marks with ranges, one for each kind of training and contender, beside a dotted line at one and a thick stroke at each aim."}}
figure = speed.ratios(found)

# %% tags=["hide-input", "nbval-ignore-output"]
display(Provenance(found))
Folded("All ratios", Table(speed.table(found)))

# %% [markdown]
# "Four runs" are a small sweep. This library trains as many runs at once as there are cores, with one thread each, while
# the contenders train one run after the other on all cores. "Ours, in turn on all cores" is this library used in the
# contenders' way, which compares the two ways to use a machine.
#
# ## How it is measured
#
# There are two contenders. The "plain loop" is what most people write: a `DataLoader`, float32, and `loss.item()` every
# step, on the same layers. The other is the library [pythae](https://github.com/clementchadebec/benchmark_VAE).
#
# All train the same network on the same random images for the same number of steps. They take turns, round after round,
# within one process, so that another program on the machine slows all of them. A ratio compares times of one round.
#
# ## Are the aims met?
#
# We set the aims before we measured. One run should be twice as fast as the plain loop and as pythae, a sweep of four
# runs three times as fast, and ten seeds of the 2-D experiment eight times as fast as one after the other. An aim is met
# if the median over rounds reaches it.

# %% tags=["hide-input", "nbval-ignore-output"]
Table(speed.judged(found))

# %% [markdown]
# The aims were set on a processor with matrix units (AMX), where a matrix product in bfloat16 is four times as fast as one
# in float32.

# %% tags=["hide-input", "nbval-ignore-output"]
rounds = found.rounds
say(speed.of_units(bench_steps.products(rounds)))

# %% [markdown]
# ## What makes it fast
#
# The library makes seven choices that a plain loop does not make:
#
# - **The data stay where they are used**, as bytes, and become floats a batch at a time. There are no workers and no
#   queues: a batch is an index into a tensor.
# - **bfloat16 where the processor has units for it.** Weights and optimiser stay in float32, and so do densities, the
#   validation and every metric.
# - **No number is read before the epoch is over.** Reading a loss means waiting for the device.
# - **A GPU replays a recorded step** ([below](#on-a-gpu)).
# - **Small models train together.** The paper's perceptron has some 500 weights, so that a step is nearly all overhead. Runs
#   that differ only in seed and data become one batched model. Each member equals its own run up to rounding.
# - **One thread for each run.** Two runs with one thread each do more than one run with two.
# - **Waiting threads sleep.** OpenMP lets them spin, which is fast on an idle machine and ruinous on a busy one. `intelvae`
#   lets them spin for a moment only.
#
# ## How cost grows
#
# Time should grow no faster than the number of images and the number of seeds. The measure is the slope of log time against
# log size: 1 is linear growth, and less is better.

# %% tags=["hide-input"]
say(speed.growth(found))
if len(slopes := speed.slopes(found)):
    display(Table(slopes))

# %% [markdown]
# ## Where a step's time goes
#
# How much faster could a step be? The table splits one step of the network of Mathieu et al., on 100 images and with one
# thread, by kind of operation:

# %% tags=["hide-input", "nbval-ignore-output"]
shares = bench_steps.shares(steps=1 if profile == "smoke" else bench_steps.STEPS)
Table(speed.parts(shares))

# %% tags=["hide-input", "nbval-ignore-output"]
say(f"""
{speed.left(shares)} So without units for bfloat16, no library can be much faster than a plain
loop when it trains one such network.
""")

# %% [markdown]
# ## What pays and what does not
#
# A layer can often be written in another way, with the same weights and the same result. Some of these rewritings pay. The
# encoder's heads, for example, are convolutions of a whole 4x4 map to one number for each channel, which is a matrix
# product:


# %%
def head(x, weight, bias):
    x, weight = (t.permute(0, 2, 3, 1).flatten(1) for t in (x, weight))
    return x @ weight.T + bias


# %% [markdown]
# **A check against what is known.** Torch's own convolution gives the same result:

# %%
generator = torch.Generator().manual_seed(0)
shapes = (100, 128, 4, 4), (50, 128, 4, 4), (50,)
x, weight, bias = (torch.randn(shape, generator=generator) for shape in shapes)
same = torch.allclose(
    head(x, weight, bias), conv2d(x, weight, bias).flatten(1), atol=1e-3
)
print("the same as torch's convolution:", same)

# %% [markdown]
# We tried two more. The decoder's last transposed convolution, to a single channel, can be a matrix product and a fold. A
# convolution of stride 2 can be a matrix product of unfolded patches. The table compares all three with torch's own layers,
# forward and backward:

# %% tags=["hide-input", "nbval-ignore-output"]
Table(speed.gains(bench_steps.rewritten(rounds)))

# %% [markdown]
# The library (`networks`) has the first two, a few lines each. They paid on the machine on which they were written, which
# need not be so everywhere.
#
# Two more things are said to make a whole step faster: Adam's update as one operation (`fused`), and `torch.compile`
# (without its first step, which compiles):

# %% tags=["hide-input", "nbval-ignore-output"]
some = [bench_steps.FUSED] if profile == "smoke" else bench_steps.VARIANTS
Table(speed.gains(bench_steps.variants(rounds, names=some)))

# %% [markdown]
# On a CPU the library uses neither. A ratio near 1, or below, is not worth the wait, nor the need for a compiler.
#
# Torch's convolutions are the largest part of a step. The speed of a matrix product is the limit for any rewriting of them.

# %% tags=["hide-input"]
say(speed.ceiling(found))

# %% [markdown]
# ## What bfloat16 costs
#
# Does the lower precision change results? We train two models in both precisions, seed by seed: the VAE of Table 1, for a
# few epochs on all of MNIST, and the InteL-VAE of Table 2 on zeros and ones (the network `mathieu-offset`).

# %% tags=["hide-input"]
precisions = studies.results(
    "precision", profile, seeds, jobs=jobs, device=device, beside=True
)
display(Provenance(precisions))
Table(analysis.by_precision(precisions))

# %% tags=["hide-input"]
say(analysis.told_by_precision(precisions))

# %% [markdown]
# In the table, the change is the mean over the seeds that both precisions have, and p is of a paired t-test.
#
# ## On a GPU
#
# On a GPU the time goes to launching kernels. A step of these networks is some hundred small ones; a GPU computes one in
# microseconds, and Python takes longer to launch it. Hence two defaults on CUDA (`training.fit`, `intelvae sweep --device
# cuda`):
#
# - **A step is captured once, as a CUDA graph, and replayed** with one launch. Data, order, step counter and losses stay
#   on the device, and the host looks once an epoch.
# - **Many runs take turns**, each with a stream and a random generator of its own. No run depends on its neighbours.
#
# A graph cannot hold a step that asks the host for a number. To find such steps one needs no GPU: it suffices to watch their
# operations. No model of this book has one, as the tests check. A model of your own that has one trains without a graph,
# and a warning names the operation:

# %%
from intelvae.training.steps import asks_the_host

y = torch.randn(100, 2)
print(asks_the_host(lambda: torch.where(y > 0, y, -y)))
print(asks_the_host(lambda: y[y > 0]))  # how many there are, only the GPU knows

# %% tags=["hide-input"]
on_gpu = bench_gpu.slots()
costs = bench_gpu.plan(bench_gpu.best(on_gpu))
total = costs.sum()
say(f"""
**How much there is to train.** The profile `paper` has {total["trainings"]:,.0f} trainings on
images, each counted once even if several experiments use it. They take
{total["million steps"]:,.0f} million steps and {total["PFLOP"]:,.0f} PFLOP (10¹⁵ operations).
Points in the plane are left out.
""")

# %% tags=["hide-input"]
Folded("By experiment", Table(costs.round(2)))

# %% [markdown]
# A script (`intelvae.paper.slot`) measures how fast a GPU trains them, in a quarter of an hour on a bare machine. It
# measures the GPU's top speeds and the steps per second of every way to train, checks that all ways train the same models,
# and then trains the runs that decide most.

# %% tags=["hide-input"]
if on_gpu:
    display(Folded("What GPUs did", Table(bench_gpu.told(on_gpu))))
else:
    say("No GPU has run the script yet.")

# %% tags=["nbval-check-output", "remove-cell"]
print(len(speed.AIMS), "aims,", len(bench_steps.rewritings()), "rewritings;", same)
