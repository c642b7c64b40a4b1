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
# The tables of this book are made of hundreds of trainings. How long that takes decides how many seeds a table has, and
# so how much one can believe it. This page measures training against three marks: a plain PyTorch loop, the library
# [pythae](https://github.com/clementchadebec/benchmark_VAE), and what the processor can do at best. The paper makes no
# claim about speed; it gives the hardware, one GTX 1080 Ti, and no times.

# %% tags=["parameters"]
profile = "smoke"
seeds = None
device = "cpu"
jobs = 1

# %% tags=["hide-input"]
import dataclasses
import logging
import os
import platform
import statistics
import time
from functools import partial

# The profiler's library would write to the page, and the compiler where there is no GPU.
os.environ["KINETO_LOG_LEVEL"] = "99"
logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)

import joblib
import pandas as pd
import torch
from torch import nn
from torch.nn.functional import fold, linear

from intelvae import bounds, training
from intelvae.dtypes import as_float
from intelvae.paper import bench, bench_gpu, studies
from intelvae.paper.prose import glue
from intelvae.paper.studies.digits import analysis, grid

studies.check_profile(profile)
repeats = 1 if profile == "smoke" else bench.REPEATS
FIRST = next(iter(bench.CASES))

# %% [markdown]
# ## What makes it fast
#
# - **The data stay where they are used**, as bytes, and become floats a batch at a time. There are no workers and no
#   queues: a batch is an index into a tensor.
# - **bfloat16 where the processor has units for it.** Weights and optimiser stay in float32, and so do densities, the
#   validation and every metric.
# - **Nobody looks at a number before the epoch is over.** Each look at a loss waits for the device.
# - **A GPU replays a step instead of being told it.** See "On a GPU", below.
# - **Small models train together.** The paper's perceptron has some 500 weights; a step is overhead and no arithmetic.
#   Runs that differ in seed and data only become one batched model, member by member equal to its own run up to rounding.
# - **One thread a run.** Two runs of one thread each do more than one run of two.
# - **Threads that wait sleep.** OpenMP's spin, which is fast on an idle machine and ruinous on a busy one. `intelvae` lets
#   them spin for a moment only.
#
# ## How it is measured
#
# Each contender trains the same network on the same random images for the same number of steps. They take turns, round
# after round, within one process, so that another program on the machine slows all of them. A ratio belongs to one
# round; tables give the median and the range. "Plain loop" is what most people write: a `DataLoader`, float32, and
# `loss.item()` every step, on the same layers.

# %% tags=["hide-input", "nbval-ignore-output"]
if profile == "smoke":
    rows = bench.seeds_side_by_side(repeats, seeds=5, steps=50)
else:
    rows = list(bench.run(repeats))
table = pd.DataFrame(dataclasses.asdict(row) for row in rows)
threads = torch.get_num_threads()
print(
    f"profile {profile}; {repeats} rounds; {platform.machine()}, {joblib.cpu_count()} cores; torch {torch.__version__}"
)
print(
    "not measured: pythae is not installed"
    if "pythae" not in bench.PEERS
    else "pythae 0.1.2"
)

# %% tags=["hide-input", "nbval-ignore-output"]
fast = table[table.unit != "slope in logs"].set_index(["case", "peer"])
fast[["ratio", "low", "high"]].round(2).assign(unit=fast.unit)

# %% [markdown]
# "Four runs" is a sweep: ours are as many at once as there are cores, one thread each; theirs are one after the other on
# all cores. The last comparison of each, "ours, in turn on all cores", is between these two ways to use the machine.
#
# ## How cost grows
#
# The slope of log time against log size: 1 is linear, less is better than linear. The aim is no more than 1, for images
# and for seeds.

# %% tags=["hide-input"]
slopes = (
    table[table.unit == "slope in logs"]
    .set_index("peer")[["ratio", "low", "high"]]
    .round(2)
)
slopes.rename(columns={"ratio": "slope"}) if len(slopes) else print(
    "not measured at the profile smoke"
)

# %% [markdown]
# ## Where a step's time goes
#
# One step of the network of Mathieu et al. on 100 images, one thread, by kind of operation.

# %% tags=["hide-input", "nbval-ignore-output"]
case = bench.MATHIEU
model, images = case.model(), as_float(case.images()[: case.batch_size])
precision = training.fastest(model)
if precision == "bfloat16":
    model.to(memory_format=torch.channels_last)


def a_step(objective, optimiser):
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        loss = -objective(model, images).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


step = partial(a_step, bounds.elbo, torch.optim.Adam(model.parameters()))
step()
with training.torch_threads(1), torch.profiler.profile() as profiler:
    for _ in range(1 if profile == "smoke" else 10):
        step()


KINDS = {
    "convolutions, backward": ("convolution_backward",),
    "convolutions, forward": ("convolution",),
    "batch norm": ("batch_norm",),
    "matrix products, folds": ("aten::mm", "aten::addmm", "im2col", "col2im"),
    "activations": ("relu", "threshold", "clamp_min"),
    "copies and casts": ("copy", "aten::to", "contiguous", "clone"),
    "Adam": ("Adam", "lerp", "addcdiv", "addcmul", "sqrt", "aten::mul_", "aten::add_"),
}


def kind(name):
    found = (k for k, parts in KINDS.items() if any(part in name for part in parts))
    return next(found, "the rest")


shares = pd.Series(
    {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
)
shares = shares.groupby(kind).sum().sort_values(ascending=False)
(100 * shares / shares.sum()).round(0).astype(int).rename(
    "share of a step, %"
).to_frame()

# %% [markdown]
# Convolutions, matrix products and batch norm leave little. Without units for bfloat16 they leave so little that a step
# cannot be made much faster than the plain loop's, whose kernels are the same.
#
# ## What pays and what does not
#
# A layer can often be written in another way with the same weights and the same result. Three rewritings, each measured
# against torch's own layer, forward and backward, in the precision above:
#
# - a convolution of a whole 4x4 map to one number a channel (the encoder's heads) is **a matrix product**;
# - the decoder's last transposed convolution, to a single channel, is **a matrix product and a fold**;
# - a convolution of stride 2 is **a matrix product of unfolded patches**.


# %%
class Head(nn.Conv2d):
    def forward(self, x):
        x, weight = (t.permute(0, 2, 3, 1).flatten(1) for t in (x, self.weight))
        return linear(x, weight, self.bias)[..., None, None]


class Last(nn.ConvTranspose2d):
    def forward(self, x):
        b, c, h, w = x.shape
        patches = linear(
            x.permute(0, 2, 3, 1).reshape(b * h * w, c), self.weight.reshape(c, -1).T
        )
        return fold(
            patches.reshape(b, h * w, -1).transpose(1, 2),
            (2 * h, 2 * w),
            4,
            padding=1,
            stride=2,
        )


class Unfolded(nn.Conv2d):
    def forward(self, x):
        b, c, h, w = x.shape
        patches = (
            nn.functional.pad(x, (1, 1, 1, 1))
            .permute(0, 2, 3, 1)
            .unfold(1, 4, 2)
            .unfold(2, 4, 2)
        )
        return linear(
            patches.reshape(b, h // 2, w // 2, c * 16), self.weight.flatten(1)
        ).permute(0, 3, 1, 2)


# %% tags=["hide-input", "nbval-ignore-output"]
rewritings = {
    "head as a matrix product": (
        Head(128, 50, 4),
        nn.Conv2d(128, 50, 4),
        (100, 128, 4, 4),
    ),
    "last layer as product and fold": (
        Last(32, 1, 4, 2, 1, bias=False),
        nn.ConvTranspose2d(32, 1, 4, 2, 1, bias=False),
        (100, 32, 16, 16),
    ),
    "stride 2 as a product of patches": (
        Unfolded(32, 64, 4, 2, 1, bias=False),
        nn.Conv2d(32, 64, 4, 2, 1, bias=False),
        (100, 32, 16, 16),
    ),
}


def layer_step(layer, x, cotangent):
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        out = layer(x)
    out.backward(cotangent.to(out.dtype))


found = []
for name, (ours, plain, shape) in rewritings.items():
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    assert (ours(x) - plain(x)).abs().max() < 1e-4
    x = x.to(
        torch.bfloat16 if precision == "bfloat16" else torch.float32
    ).requires_grad_()
    cotangent = torch.randn_like(plain(x.float())).contiguous(
        memory_format=torch.channels_last
    )
    contenders = {
        key: (
            lambda layer=layer, x=x, c=cotangent: [
                layer_step(layer, x, c) for _ in range(10)
            ]
        )
        for key, layer in {"ours": ours, "torch": plain}.items()
    }
    with training.torch_threads(1):
        seconds = bench.measure(contenders, max(2, repeats))
    ratios = [b / a for a, b in zip(seconds["ours"], seconds["torch"], strict=True)]
    found.append(
        {
            "rewriting": name,
            "times as fast": sum(ratios) / len(ratios),
            "low": min(ratios),
            "high": max(ratios),
        }
    )
pd.DataFrame(found).set_index("rewriting").round(2)

# %% [markdown]
# The first two are in the library (`networks`), a few lines each: they paid where they were written, which is not so on every
# machine (a number below 1 above). Two more things are said to make a whole step faster:
# Adam's update as one operation (`fused`), and `torch.compile`, whose first step is not counted.

# %% tags=["hide-input", "nbval-ignore-output"]
variants = {
    "as it is": step,
    "fused Adam": partial(
        a_step, bounds.elbo, torch.optim.Adam(model.parameters(), fused=True)
    ),
}
if profile != "smoke":
    compiled = torch.compile(bounds.elbo)
    variants["torch.compile"] = partial(
        a_step, compiled, torch.optim.Adam(model.parameters())
    )
start = time.perf_counter()
with training.torch_threads(1):
    for variant in variants.values():
        variant()
    warm = time.perf_counter() - start
    seconds = bench.measure(
        {k: lambda v=v: [v() for _ in range(10)] for k, v in variants.items()},
        max(2, repeats),
    )
plain = seconds.pop("as it is")
ratios = {
    k: [a / b for a, b in zip(plain, of, strict=True)] for k, of in seconds.items()
}
print(f"the first step of all of them together: {warm:.0f} s")
pd.DataFrame(
    {
        k: {"times as fast": statistics.median(r), "low": min(r), "high": max(r)}
        for k, r in ratios.items()
    }
).T.round(2)

# %% [markdown]
# Neither is in the library: a ratio near 1, or below, does not pay for the wait, nor for a compiler that must be there.
# The largest part of a step is torch's convolutions. What share of the processor's own speed they reach is in the first table, under
# "matrix product": that is the limit for any rewriting of them.
#
# ## What bfloat16 costs
#
# The VAE of Table 1 for a few epochs on all of MNIST, and the InteL-VAE of Table 2 on zeros and ones (the network
# `mathieu-offset`), in both precisions, seed by seed. (At `smoke` float64 stands in for bfloat16, for which many
# processors have no units.)

# %% tags=["hide-input"]
results = studies.results("precision", profile, seeds, jobs=jobs, device=device)
print(results.provenance())
wide = analysis.by_precision(results)
wide

# %% tags=["hide-input"]
elbo = wide["validation ELBO"].loc["mnist"]
other = grid.COMPARED[profile][1]
glue("other", other, display=False)
glue("worst", f"{(elbo[other] - elbo['float32']).abs().max():.2f}", display=False)
glue("by-seed", f"{(elbo.max() - elbo.min()).max():.2f}", display=False)
for which, of in (("other", other), ("float32", "float32")):
    glue(
        f"ambiguous-{which}",
        f"{wide['ambiguous, %'].loc['mnist-01', of].mean():.2f}",
        display=False,
    )

# %% [markdown]
# On MNIST the validation ELBO of a run in {glue:text}`other` differs by at most {glue:text}`worst` nats from the same run's in float32;
# seeds of one precision differ by up to {glue:text}`by-seed`. On zeros and ones two runs with the same seed drift apart: the
# ambiguous share is {glue:text}`ambiguous-other` % in {glue:text}`other` and {glue:text}`ambiguous-float32` % in float32 on
# average, and so few seeds, which scatter as much, cannot tell whether that is chance.
#
# ## Verdict
#
# The paper has no claim to judge here. The project has aims, set before anything was measured: one run twice as fast as
# the plain loop and as pythae, a sweep of four runs three times, ten seeds of the 2-D experiment eight times. An aim is
# met if the median is at least as good.

# %% tags=["hide-input", "nbval-ignore-output"]
one, four = f"{FIRST}, one run", f"{FIRST}, four runs"
aims = {
    (case, peer): aim
    for case, aim in ((one, 2), (four, 3))
    for peer in ("plain loop", "pythae")
}
aims["2-D perceptron, 10 seeds", "one after the other"] = 8
measured = fast[["ratio", "low", "high"]].round(2)
judged = pd.DataFrame({"aim, times as fast": aims}).rename_axis(measured.index.names)
judged = judged.join(measured, how="inner").rename(columns={"ratio": "measured"})
judged["met"] = (judged["measured"] >= judged["aim, times as fast"]).map(
    {True: "yes", False: "no"}
)
glue("met", int((judged.met == "yes").sum()), display=False)
glue("aims", len(judged), display=False)
judged

# %% [markdown]
# {glue:text}`met` of these {glue:text}`aims` are met on this machine. The aims come from a processor with matrix units
# (AMX), where a bfloat16 product is four times as fast as a float32 one. On this machine:

# %% tags=["hide-input", "nbval-ignore-output"]
if precision == "bfloat16":
    products = {
        p: partial(bench.matrix_product, p, threads) for p in ("float32", "bfloat16")
    }
    gain = [
        a / b
        for a, b in zip(*bench.measure(products, max(2, repeats)).values(), strict=True)
    ]
    print(
        f"a bfloat16 product is {statistics.median(gain):.1f} times as fast as a float32 one"
    )
else:
    print("there are no units for bfloat16 products, and training is in float32")

# %% [markdown]
# ## On a GPU
#
# A step of these networks is some hundred small kernels. A GPU computes one in microseconds; Python takes longer to
# launch it. Two things follow, and both are the default on CUDA (`training.fit`, `intelvae sweep --device cuda`):
#
# - **A step is captured once, as a CUDA graph, and replayed** with one launch. Data, order, step counter and losses stay
#   on the device, and the host looks once an epoch.
# - **Many runs take turns**, each on a stream and with a random generator of its own. No run depends on its neighbours.
#
# A graph can hold no step that asks the host for a number. Which steps do can be told without a GPU, by watching their
# operations: of the models in this book none does (the tests go through all of them). One of your own that does trains
# without a graph, and a warning says which operation is to blame:

# %%
from intelvae.training.steps import asks_the_host

y = torch.randn(100, 2)
print(asks_the_host(lambda: torch.where(y > 0, y, -y)))
print(asks_the_host(lambda: y[y > 0]))  # how many there are, only the GPU knows

# %% [markdown]
# What training at the profile `paper` comes to, by experiment; each training is counted where it is first asked for.

# %% tags=["hide-input"]
measured_on = bench_gpu.slots()
costs = bench_gpu.plan(bench_gpu.best(measured_on))
total = costs.sum()
glue("steps", f"{total['million steps']:.0f}", display=False)
glue("trainings", f"{total['trainings']:,.0f}", display=False)
glue("pflop", f"{total['PFLOP']:.0f}", display=False)
costs.round(2)

# %% [markdown]
# {glue:text}`trainings` trainings, {glue:text}`steps` million steps and {glue:text}`pflop` PFLOP (10¹⁵ operations) in all.
# What a GPU makes of them is measured by a script for a quarter of an hour on a bare machine (`intelvae.paper.slot`): the
# ceilings, steps a second of every way to train, whether all ways train the same models, and then what decides most.

# %% tags=["hide-input"]
rows_of_slots = [
    {"slot": stage["slot"], "card": stage["card"], **row}
    for stage in measured_on
    for row in stage["rows"]
]
if rows_of_slots:
    shown = pd.DataFrame(rows_of_slots).set_index(["slot", "card", "what"])
else:
    shown = "not measured: no GPU has run the script yet"
shown

# %% tags=["nbval-check-output"]
print(len(rewritings), "rewritings give what torch's own layers give")
