"""Table 3: shares of zeros that a mapping learns."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from intelvae.paper.kinds import PARTLY, REPRODUCED, Nearness, near
from intelvae.paper.prose import listed
from intelvae.paper.results import Result, Results
from intelvae.paper.statistics import FEWEST, Metric, half_width, mean_and_sd, measured
from intelvae.paper.studies.digits import grid
from intelvae.paper.studies.digits.analysis import shares
from intelvae.paper.studies.digits.claims import CLAIMS, learned

ZEROS, LEARNED = "zeros in the data, %", "learned, %"


def percent(text: str) -> str:
    """A mean and a deviation of a share, in %.

    >>> percent("0.36 ± 0.10")
    '36 ± 10'
    """
    return " ± ".join(f"{100 * float(number):.0f}" for number in text.split(" ± "))


def zeros(result: Result) -> float:
    """The share of zeros in the data, in %."""
    return 100 * (result.row.value or 0.0)


def lines(results: Results) -> list[dict[str, Any]]:
    """A line for each share of zeros: what is learned, over seeds and seed by seed, and the paper's number."""
    shown: dict[str, Metric] = {
        LEARNED: learned,
        "zeros among samples, %": lambda r: 1 - r.metrics["ones"],
        "own side, %": measured("separation"),
    }
    found = []
    for row in results.rows:
        of = results.of(row.name)
        found.append(
            {ZEROS: zeros(of[0])}
            | {title: mean_and_sd([metric(r) for r in of], scale=100.0) for title, metric in shown.items()}
            | {
                "learned, by seed": shares.run_by_run(of, learned, 0),
                "paper: learned, %": percent(row.paper["learned"]) if row.paper else "",
            }
        )
    return found


def path(result: Result) -> np.ndarray | None:
    """The learned share of zeros (of the smaller side without any) after every epoch, in %; None where it is unclear.

    It is where both sides decode to zeros, or neither. (Masses after epochs have four digits.)
    """
    masses, last = 100 * np.array(result.curves["masses"]), 100 * learned(result)
    side = np.abs(masses[-1] - last).argmin()
    return masses[:, side] if abs(masses[-1, side] - last) < 0.1 else None


def by_power(results: Results, code: Results, more: Results) -> list[dict[str, Any]]:
    """A line for each share of zeros: what is learned, seed by seed, with the text's exponent and the authors'."""
    groups = [grid.of_power(power, longer) for longer in (False, True) for power in (grid.TEXT, grid.CODE)]
    return [
        {ZEROS: 100 * (row.value or 0.0)}
        | {
            f"{group}: {LEARNED}": shares.run_by_run(
                [r for of in (results, code, more) for r in of.of(row.name, group)], learned, 0
            )
            for group in groups
        }
        for row in grid.table3()
    ]


def same_seeds(results: Results, code: Results) -> str:
    """What both exponents learn of each share but a half, over the seeds that both have: a paragraph, "" without any.

    A half says nothing, since a border that never moves has it. A run in which no cluster draws mostly zeros counts as
    0 %: where the text's exponent alone has one, of a seed that the authors' has not been run with, a sentence says so.
    """
    told: list[str] = []
    lacking = ""
    seeds: set[int] = set()
    for row in grid.table3():
        text, other = ({r.seed: learned(r) for r in of.of(row.name)} for of in (results, code))
        both, share = text.keys() & other.keys(), 100 * (row.value or 0.0)
        if share == 50 or not both:
            continue
        first, second = (f"{100 * statistics.fmean(of[seed] for seed in both):.0f}" for of in (text, other))
        told.append(f"{first} and {second} % " + (f"for {share:g} % of zeros" if share else "without zeros"))
        seeds |= both
        failed = {seed for seed, value in text.items() if share and not value}
        if len(failed) == 1 and not failed & other.keys() and all(other.values()):
            lacking += (
                f" The run that learns 0 % of {share:g} has a seed that the authors' exponent has not been run with."
            )
    if not told:
        return ""
    return (
        f"**Over the same seeds** (seeds: {listed(map(str, sorted(seeds)))}) the exponents learn, the text's first, "
        f"{'; '.join(told)}.{lacking}"
    )


def told_steps(profile: str) -> str:
    """For how long a share is trained at a profile, and how long the authors would train it: a clause."""
    if profile not in grid.STEPS_SHARES:
        return "as many epochs, as in the authors' code"
    repeats = {row.value: row.settings["repeats"] for row in grid.table3()}
    epochs = grid.epochs_of("paper", repeats[0.5], grid.STEPS_SHARES)
    quarter, none = (epochs * grid.steps_of("paper", repeats[share]) for share in (0.25, 0.0))
    return (
        f"equally many *steps*, {grid.STEPS_SHARES[profile]:,}. On Table C.1's images the authors' {epochs} epochs "
        f"would be {quarter:,} for 25 % of zeros, and {none:,} without zeros"
    )


def bounded(free: Results, code: Results, found: Results) -> list[dict[str, Any]]:
    """Without zeros: the mass of the smaller side, seed by seed, with a border without bounds and with the authors'."""
    return [
        {"c2": power}
        | {
            title: shares.run_by_run(
                [r for of in (free, code, found) for r in of.of("0 % zeros", grid.of_power(power, bounded=bounds))],
                learned,
                0,
                "(no run)",
            )
            for title, bounds in (("no bounds, %", False), ("between -4 and 4, %", True))
        }
        for power in (grid.TEXT, grid.CODE)
    ]


def without_and_with_bounds(
    free: Results, code: Results, found: Results, power: float = grid.TEXT
) -> tuple[list[Result], list[Result]]:
    """Results of an exponent without zeros: of a border without bounds and with them, over the seeds that both have."""
    usual, bounded = (
        {r.seed: r for of in (free, code, found) for r in of.of("0 % zeros", grid.of_power(power, bounded=bounds))}
        for bounds in (False, True)
    )
    seeds = sorted(usual.keys() & bounded.keys())
    return [usual[seed] for seed in seeds], [bounded[seed] for seed in seeds]


def told_bounded(free: Results, code: Results, found: Results) -> str:
    """What a bounded border changes without zeros, over the seeds that were run with it: a sentence an exponent."""
    texts = []
    for power in (grid.TEXT, grid.CODE):
        before, after = without_and_with_bounds(free, code, found, power)
        if after:
            texts.append(
                f"With $c_2 = {power}$ the smaller side keeps {shares.mean(after, learned, 0)} % with bounds and "
                f"{shares.mean(before, learned, 0)} % without "
                f"(means over {len(after)} seed{'s' * (len(after) > 1)})."
            )
    return " ".join(texts)


def in_short(free: Results, code: Results, found: Results) -> str:
    """What the box of page 07 says of a bounded border with each exponent that has runs; nothing without any."""
    of_power = {power: without_and_with_bounds(free, code, found, power)[1] for power in (grid.TEXT, grid.CODE)}
    kept = [f"{shares.mean(after, learned, 0)} % with $c_2 = {power}$" for power, after in of_power.items() if after]
    if not kept:
        return ""
    return (
        f" With a border bounded as in the authors' code it keeps {listed(kept)} "
        "([more](#another-exponent-or-more-time))."
    )


def told_nearer(free: Results, code: Results, found: Results) -> str:
    """Without zeros: that a bounded border gets nearer in as many steps, where it does with each exponent that was run.

    That its first steps are twice as long is how it is built (`authors.BoundedThreshold`).
    """
    pairs = [without_and_with_bounds(free, code, found, power) for power in (grid.TEXT, grid.CODE)]
    compared = [[statistics.fmean(map(learned, of)) for of in pair] for pair in pairs if pair[1]]
    if compared and all(after < before for before, after in compared):
        return " The bounded border, whose first steps are twice as long, gets nearer in as many steps."
    return ""


def told_without_zeros(free: Results, code: Results, found: Results) -> str:
    """What one would have to do to get the paper's picture without zeros, as far as these runs tell."""
    before, after = without_and_with_bounds(free, code, found)
    _, other = without_and_with_bounds(free, code, found, grid.CODE)
    if not after or sum(map(learned, after)) >= sum(map(learned, before)) / 2:
        return "Without zeros, we do not know"
    worse = bool(other) and statistics.fmean(map(learned, other)) > statistics.fmean(map(learned, after))
    keep = ", but keep the text's exponent" * worse
    return f"Without zeros, bound the border as their code does{keep}: that goes most of the way"


def learned_shares(results: Results, code: Results) -> dict[str, str]:
    """The mean learned share, "text-N" and "code-N" for N % of zeros; of 40 % those of the text in order, too.

    "text" is with the text's exponent, "code" with the one in the authors' code.
    """
    none = "(not run)"
    found = {
        f"{key}-{100 * (row.value or 0.0):g}": shares.mean(of.of(row.name), learned, 0, none)
        for key, of in (("text", results), ("code", code))
        for row in grid.table3()
    }
    in_order = sorted(results.of("40 % zeros"), key=learned)
    return found | {"text-40-seeds": shares.run_by_run(in_order, learned, 0, none)}


class Learned(NamedTuple):
    """What is learned of a share of zeros, all in %: that share, the mean, and what the farthest seed has.

    `power` names the mapping's. `interval` is the mean's 95 % interval, None with fewer than three seeds.
    """

    power: str
    zeros: float
    mean: float
    farthest: float
    interval: tuple[float, float] | None

    @property
    def missed(self) -> bool:
        """Whether the interval leaves the share in the data out."""
        return self.interval is not None and not self.interval[0] <= self.zeros <= self.interval[1]


def nearness(*found: Results) -> list[Learned]:
    """What is learned of each row of Table 3 that has runs."""
    of_rows = [(row, [100 * learned(r) for r in of.of(row.name, row.group)]) for of in found for row in of.rows]
    lines = []
    for row, of in of_rows:
        share, mean, half = 100 * (row.value or 0.0), statistics.fmean(of), half_width(of)
        farthest = max(of, key=lambda x: abs(x - share))
        lines.append(Learned(row.group, share, mean, farthest, None if half is None else (mean - half, mean + half)))
    return lines


def told_nearness(found: Sequence[Learned]) -> list[dict[str, str]]:
    """`nearness` for readers, a line each; the interval is empty where there is none."""
    return [
        {
            "exponent": of.power,
            ZEROS: f"{of.zeros:g}",
            LEARNED: f"{of.mean:.1f}",
            "95 % interval": "" if of.interval is None else "{:.1f} to {:.1f}".format(*of.interval),
            "farthest seed, %": f"{of.farthest:.1f}",
        }
        for of in found
    ]


def missed(found: Sequence[Learned]) -> str:
    """The shares of zeros that their intervals leave out, in words."""
    return ", ".join(f"{of.zeros:g} % ({of.power})" for of in found if of.missed) or "none"


def verdicts(found: Sequence[Mapping[str, Any]], power: float = grid.TEXT) -> str:
    """The verdicts of those of `ledger.rows` on Table 3 with a power, by share of zeros, as a text."""
    of, end = {row["id"]: row["verdict"] for row in found}, "" if power == grid.TEXT else "-code"
    return ", ".join(f"{of[f'table3-{row.value:g}{end}']} ({100 * (row.value or 0.0):g} %)" for row in grid.table3())


def cautions(found: Sequence[Mapping[str, Any]], learned_of: Sequence[Learned]) -> list[str]:
    """What verdicts with the text's exponent hide, of claims that count (lines of `ledger.rows`, and `nearness`).

    That a share counts as reproduced which its interval leaves out, and what a border that never moves would get, too.
    """
    of, texts = {row["id"]: row["verdict"] for row in found}, []
    for claim in CLAIMS:
        if not isinstance(claim, Nearness) or claim.variant or claim.experiment != "proportions":
            continue
        verdict, share = of[claim.id], 100 * claim.target
        still = near([0.5] * FEWEST, claim.target, claim.tolerance, "", spread=claim.spread).verdict
        for line in learned_of:
            if line.power == claim.group and line.zeros == share and line.missed and verdict == REPRODUCED:
                assert line.interval is not None
                low, high = line.interval
                texts.append(
                    f"{share:g} % is *{verdict}* by the tolerance of {100 * claim.tolerance:g} points alone: the 95 % "
                    f"interval of the mean, {low:.1f} to {high:.1f} %, excludes it."
                )
        if verdict == still and still in (REPRODUCED, PARTLY):
            texts.append(f"For {share:g} %, a border that never moved would be *{verdict}*, too.")
    return texts


def quarter_for_longer(longer: Results) -> dict[str, str]:
    """The learned share of a quarter, in %, after as many steps as usual and at the end, by power."""
    (repeats,) = (row.settings["repeats"] for row in grid.table3() if row.value == 0.25)
    usual = grid.epochs_of(longer.profile, repeats, grid.STEPS_SHARES)
    found = {}
    for power in (grid.TEXT, grid.CODE):
        of = next((path(r) for r in longer.of(group=grid.of_power(power, longer=True))), None)
        for key, epoch in (("usual", usual - 1), ("end", -1)):
            found[f"quarter-{power}-{key}"] = "(none)" if of is None else f"{of[epoch]:.0f}"
    return found
