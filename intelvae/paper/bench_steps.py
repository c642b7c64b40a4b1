"""Where the time of a training step goes, what makes it faster, and what a benchmark comes to: tables and a figure.

Book: "Speed".
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from intelvae import bounds, training
from intelvae.dtypes import as_float
from intelvae.paper import bench
from intelvae.paper.bench import Case, Row
from intelvae.paper.style import MARKERS, SHADES, legend_outside

ONE, FOUR = (f"{next(iter(bench.CASES))}, {runs}" for runs in ("one run", "four runs"))
SEEDS = "2-D perceptron, 10 seeds"
# Times as fast, by case and peer, set before anything was measured
AIMS = {
    (ONE, "plain loop"): 2,
    (ONE, "pythae"): 2,
    (FOUR, "plain loop"): 3,
    (FOUR, "pythae"): 3,
    (SEEDS, "one after the other"): 8,
}
TIMES, SLOPE = "times as fast", "slope in logs"
TICKS = (0.5, 1, 2, 3, 5, 10)


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """All that is measured against something: the median over rounds, the range, and what it is a ratio of."""
    lines = [
        {"case": row.case, "against": row.peer, "ratio": f"{row.ratio:.2f}", "range": _range(row), "which is": row.unit}
        for row in rows
        if row.unit != SLOPE
    ]
    return pd.DataFrame(lines)


def slopes(rows: Sequence[Row]) -> pd.DataFrame:
    """How time grows: the slope of log time against log size, the median over rounds and the range; a line a size."""
    lines = [
        {"what grows": row.peer, "slope": f"{row.ratio:.2f}", "range": _range(row)} for row in rows if row.unit == SLOPE
    ]
    return pd.DataFrame(lines, columns=["what grows", "slope", "range"])


def _range(row: Row) -> str:
    return f"{row.low:.2f} to {row.high:.2f}"


def words(rows: Sequence[Row], case: str, peer: str) -> str:
    """The median of that row, as a page cites it."""
    return next((f"{row.ratio:.1f}" for row in rows if (row.case, row.peer) == (case, peer)), "(not measured)")


def judged(rows: Sequence[Row]) -> pd.DataFrame:
    """Those of the rows that have an aim, with it, and whether the median meets it."""
    lines = [
        {"case": row.case, "against": row.peer, "aim": aim, "measured": f"{row.ratio:.2f}"}
        | {"met": "yes" if row.ratio >= aim else "no"}
        for row in rows
        if (aim := AIMS.get((row.case, row.peer))) is not None
    ]
    return pd.DataFrame(lines, columns=["case", "against", "aim", "measured", "met"])


def ratios(rows: Sequence[Row]) -> Figure:
    """How many times as fast training is, a line a case, with the range over rounds; open diamonds are aims."""
    shown = [row for row in rows if row.unit == TIMES]
    cases, peers = (list(dict.fromkeys(getattr(row, of) for row in shown)) for of in ("case", "peer"))
    figure, axis = plt.subplots(figsize=(7, 1.2 + 0.5 * len(cases)), layout="constrained")
    axis.axvline(1, color="black", ls="--", lw=1)
    for i, (peer, marker, shade) in enumerate(zip(peers, MARKERS, SHADES, strict=False)):
        of = [row for row in shown if row.peer == peer]
        places = [cases.index(row.case) + 0.18 * (i - (len(peers) - 1) / 2) for row in of]
        medians = [row.ratio for row in of]
        reach = [[row.ratio - row.low for row in of], [row.high - row.ratio for row in of]]
        axis.errorbar(
            medians, places, xerr=reach, fmt=marker, color=shade, ms=5, lw=1, capsize=2, label=f"against {peer}"
        )
        aimed = [(AIMS[row.case, peer], at) for row, at in zip(of, places, strict=True) if (row.case, peer) in AIMS]
        if aimed:
            axis.plot(*zip(*aimed, strict=True), "D", mfc="none", mec="black", ms=7)
    axis.set_yticks(range(len(cases)), [case.replace(", ", "\n", 1) for case in cases], fontsize=8)
    axis.set_xscale("log")
    axis.set_xticks(TICKS, map(str, TICKS))
    axis.set(xlabel=TIMES, ylim=(len(cases) - 0.5, -0.5))
    axis.minorticks_off()
    legend_outside(figure, axis, ncols=2, fontsize=8)
    sns.despine(figure)
    return figure


def precision_of(case: Case) -> str:
    """The precision in which `training.fit` would train the case here."""
    return training.fastest(case.model())


def step_of(case: Case, *, fused: bool = False, compiled: bool = False) -> Callable[[], None]:
    """What takes one training step of a case, in the precision of `precision_of`; one has been taken already."""
    model, images, precision = case.model(), as_float(case.images()[: case.batch_size]), precision_of(case)
    if precision == "bfloat16":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as `training.fit` does
    optimiser = torch.optim.Adam(model.parameters(), fused=fused)
    bound = torch.compile(bounds.elbo) if compiled else bounds.elbo

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss = -bound(model, images).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    with training.torch_threads(1):
        step()
    return step


KINDS = {
    "convolutions, backward": ("convolution_backward",),
    "convolutions, forward": ("convolution",),
    "batch norm": ("batch_norm",),
    "matrix products, folds": ("aten::mm", "aten::addmm", "im2col", "col2im"),
    "activations": ("relu", "threshold", "clamp_min"),
    "copies and casts": ("copy", "aten::to", "contiguous", "clone"),
    "Adam": ("Adam", "lerp", "addcdiv", "addcmul", "sqrt", "aten::mul_", "aten::add_"),
}


def kind(name: str) -> str:
    """The kind of operation, a name of `KINDS`, that the profiler's `name` stands for.

    >>> kind("aten::convolution_backward"), kind("aten::convolution"), kind("aten::randn")
    ('convolutions, backward', 'convolutions, forward', 'the rest')
    """
    return next((k for k, parts in KINDS.items() if any(part in name for part in parts)), "the rest")


def by_operation(step: Callable[[], None], count: int) -> pd.DataFrame:
    """The shares of the time of `count` steps, one thread, in %, by kind of operation."""
    with training.torch_threads(1), torch.profiler.profile() as profiler:
        for _ in range(count):
            step()
    spent = pd.Series({event.key: event.self_cpu_time_total for event in profiler.key_averages()})
    of = spent.groupby(kind).sum().sort_values(ascending=False)
    return (
        (100 * of / of.sum()).round(0).astype(int).rename("share of a step, %").rename_axis("operations").reset_index()
    )


def rewritten(
    layers: Mapping[str, tuple[nn.Module, nn.Module, tuple[int, ...]]], precision: str, rounds: int
) -> pd.DataFrame:
    """How many times as fast rewritten layers are as torch's own, on inputs of a shape, one thread: a line a layer.

    Raises `ValueError` where the two give different results for the same weights.
    """
    lines = []
    for name, (ours, plain, shape) in layers.items():
        plain.load_state_dict(ours.state_dict())
        x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
        if (ours(x) - plain(x)).abs().max() >= 1e-4:
            raise ValueError(f"{name}: other results than torch's layer")
        cotangent = torch.randn_like(plain(x)).contiguous(memory_format=torch.channels_last)
        x = x.to(getattr(torch, precision)).requires_grad_()
        contenders = {
            key: partial(_ten_times, layer, x, cotangent, precision)
            for key, layer in (("ours", ours), ("torch", plain))
        }
        with training.torch_threads(1):
            seconds = bench.measure(contenders, rounds)
        lines.append({"rewriting": name} | _times(seconds["torch"], seconds["ours"]))
    return pd.DataFrame(lines)


def _ten_times(layer: nn.Module, x: Tensor, cotangent: Tensor, precision: str) -> None:
    for _ in range(10):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            out = layer(x)
        out.backward(cotangent.to(out.dtype))


def changed(steps: Mapping[str, Callable[[], None]], plain: Callable[[], None], rounds: int) -> pd.DataFrame:
    """How many times as fast each of `steps` is as the `plain` one, one thread: a line a step."""

    def ten(step: Callable[[], None]) -> None:
        for _ in range(10):
            step()

    with training.torch_threads(1):
        seconds = bench.measure(
            {"": partial(ten, plain)} | {k: partial(ten, step) for k, step in steps.items()}, rounds
        )
    return pd.DataFrame([{"step": name} | _times(seconds[""], seconds[name]) for name in steps])


def gain_of_bfloat16(threads: int, rounds: int) -> float:
    """How many times as fast a bfloat16 product of matrices is as a float32 one, the median over rounds."""
    products = {p: partial(bench.matrix_product, p, threads) for p in ("float32", "bfloat16")}
    seconds = bench.measure(products, rounds)
    return statistics.median(a / b for a, b in zip(seconds["float32"], seconds["bfloat16"], strict=True))


def _times(plain: Sequence[float], ours: Sequence[float]) -> dict[str, str]:
    of = sorted(a / b for a, b in zip(plain, ours, strict=True))
    return {TIMES: f"{statistics.median(of):.2f}", "range": f"{of[0]:.2f} to {of[-1]:.2f}"}
