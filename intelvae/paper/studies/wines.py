"""The wines of the page "Your own mapping, your own data": what was found of its models, as figures and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from torch import Tensor

from intelvae.paper.rows import BLUE, ORANGE
from intelvae.paper.statistics import LEVEL, Paired, mean_and_sd, paired, summary


def comparison(found: pd.DataFrame, real: Mapping[str, float]) -> Figure:
    """One mark a run, and mean and deviation over seeds: a panel a measure, a line a way to make a model.

    `found` has the ways as its index, a line a run, and a column a measure; of some measures there is a value of `real`
    examples, too (dashed).
    """
    ways = list(dict.fromkeys(found.index))
    figure, axes = plt.subplots(1, len(found.columns), figsize=(9, 2.4), sharey=True, layout="constrained")
    for axis, measure in zip(np.atleast_1d(axes), found, strict=True):
        for line, way in enumerate(ways):
            values = found.loc[[way], measure].tolist()
            mean, deviation = summary(values)
            axis.plot(values, [line] * len(values), "o", color=BLUE, ms=5, alpha=0.5)
            axis.errorbar(mean, line + 0.25, xerr=deviation, marker="|", ms=9, color="black", capsize=2)
        if measure in real:
            axis.axvline(real[measure], color="black", ls="--", lw=1)
        axis.set_yticks(range(len(ways)), ways)
        axis.set(xlabel=measure, ylim=(len(ways) - 0.5, -0.5))
    np.atleast_1d(axes)[0].set_ylabel("model")
    sns.despine(figure)
    return figure


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Means and deviations over runs, a line a way to make a model."""
    lines = {
        way: {measure: mean_and_sd(found.loc[[way], measure].tolist(), 2) for measure in found}
        for way in dict.fromkeys(found.index)
    }
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("model")


def _tests(found: pd.DataFrame, ours: str, theirs: str) -> list[Paired | None]:
    """For each measure, how the runs of two ways differ."""
    by_measure = ([dict(enumerate(found.loc[[name], each].tolist())) for name in (ours, theirs)] for each in found)
    return [paired(mine, other) for mine, other in by_measure]


def told_of_prior(found: pd.DataFrame, prior: str = "mixture prior", base: str = "VAE") -> str:
    """Whether a prior without a mapping does better than all other ways, with tests against a model with neither.

    The first two columns are log p(x) and the share of unsure samples; empty where there are too few seeds.
    """
    nats, unsure, *_ = _tests(found, prior, base)
    if nats is None or unsure is None or nats.p is None or unsure.p is None:
        return ""
    means = found.groupby(level=0).mean()
    most, surest = means.iloc[:, 0].idxmax(), means.iloc[:, 1].idxmin()
    best = (
        f"The {most} has the highest $\\log p(x)$ and the fewest unsure samples"
        if most == surest
        else f"The {most} has the highest $\\log p(x)$, the {surest} the fewest unsure samples"
    )
    return (
        f"**Did the prior help?** {best}. With the {prior}, compared with the {base}, $\\log p(x)$ changes by "
        f"{nats.difference:+.2f} nats ({_significant(nats.p)}), and the share of unsure samples by "
        f"{unsure.difference:+.1f} points ({_significant(unsure.p)})."
    )


def _significant(p: float) -> str:
    """A p-value, with a word where it is not significant.

    >>> _significant(0.014), _significant(0.3)
    ('p = 0.014', 'not significant, p = 0.3')
    """
    return f"{'' if p < LEVEL else 'not significant, '}p = {p:.2g}"


def conclusion(found: pd.DataFrame, real: float, base: str = "VAE", way: str = "clusters, c1 = 5") -> str:
    """Whether a mapping helped, compared with a model without one, over the runs of `found` (as in `comparison`).

    The columns are log p(x), the share of unsure samples and the adjusted Rand index; `real` is the share of unsure
    cases among real examples, which may lie between the groups that the mapping assumes.
    """
    nats, *others = _tests(found, way, base)
    if nats is None or nats.p is None:
        return "Did the mapping help? There are too few seeds to say."
    sure, test = nats.p < LEVEL, f"{abs(nats.difference):.2f} nats (p = {nats.p:.2g})"
    answer = (
        f"It did: the paper's gap gains {test}"
        if sure and nats.difference > 0
        else f"It did not. The paper's gap costs {test}"
        if sure
        else f"No significant difference in log p(x) is found: {nats.difference:+.2f} nats (p = {nats.p:.2g})"
    )
    better = [
        name
        for name, of, sign in zip(("samples", "clusters"), others, (-1, 1), strict=True)
        if of is not None and of.p is not None and of.p < LEVEL and sign * of.difference > 0
    ]
    rest = (
        f"significantly better are its {' and '.join(better)}"
        if better
        else "its samples and clusters are not significantly better"
    )
    said = f"**Did the mapping help?** {answer}; {rest}, by the same test."
    if real > 0:
        said += (
            f"\n\nThe assumption may be wrong for these data: the classifier is unsure of {real:.1f} % of the real "
            "test wines, too, and these may lie between the groups. Nothing else here shows that they do."
        )
    return said


def codes(by_way: Mapping[str, Tensor], groups: Sequence[int] | np.ndarray) -> Figure:
    """Codes (N, 2) of examples, a panel a way to make a model; marks and colours are three groups."""
    figure, axes = plt.subplots(2, 2, figsize=(6.5, 6), layout="constrained")
    for axis, (way, z) in zip(axes.flat, by_way.items(), strict=True):
        for group, (marker, colour) in enumerate(zip("os^", (ORANGE, BLUE, "black"), strict=True)):
            of = np.asarray(groups) == group
            axis.scatter(*z.detach().cpu().numpy()[of].T, s=9, marker=marker, color=colour, linewidths=0)
        axis.set(title=way, aspect="equal", adjustable="datalim", xlabel="$z_1$", ylabel="$z_2$")
    return figure
