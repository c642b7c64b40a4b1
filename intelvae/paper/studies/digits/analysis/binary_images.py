"""What page 06 says of Table 1 on binary images, which Table C.1 has: as far as methods have been run on them."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from intelvae.paper.kinds import NOT_TESTED, tally
from intelvae.paper.measures import clean_frechet
from intelvae.paper.prose import listed
from intelvae.paper.results import Results
from intelvae.paper.statistics import by_seed, paired
from intelvae.paper.studies.digits import grid
from intelvae.paper.studies.digits.analysis.table1 import (
    COUNTED,
    OURS,
    WITHOUT_FAINT,
    by_row,
    numbers,
    to_second_digit,
)


def lead(results: Results) -> str:
    """How far the InteL-VAE's distance is from the VAE's after training on binary images, and in the paper: a bullet.

    Over the seeds that both have, without faint pixels; empty without any.
    """
    ours, vae = (by_seed(results.of(name), clean_frechet) for name in (OURS, "VAE"))
    test = paired(ours, vae)
    if test is None:
        return ""
    fids = {row.name: float(row.paper["FID"].split(" ± ")[0]) for row in grid.TABLE1 if row.paper}
    here, paper = _beside(test.mean, test.other), _beside(fids[OURS], fids["VAE"])
    seeds = f"{test.n} seed" + "s" * (test.n > 1)
    return (
        f"- **On binary images**, as in Table C.1, the InteL-VAE's distance is {here} the VAE's ({seeds}). In the "
        f"paper its FID is {paper} the VAE's."
    )


def _beside(ours: float, other: float) -> str:
    return f"{abs(100 * (ours / other - 1)):.0f} % {'below' if ours < other else 'above'}"


def told(results: Results, verdicts: Mapping[str, str]) -> str:
    """What is known of Table 1 on binary images, with the verdicts of `claims.against`: two or three sentences."""
    clean = by_row(results, clean_frechet)
    if not {"VAE", OURS} <= clean.keys():
        return "**Not run yet** at this profile."
    at = f"{WITHOUT_FAINT}, N = {min(numbers(results)):,}"
    shown = {name: f"{name}: {to_second_digit(values)}" for name, values in clean.items()}
    lacking = [name for name in verdicts if name not in clean]
    rest = f"Not run on binary images yet: {listed(lacking)}." if lacking else "All six methods have been run."
    if set(verdicts.values()) == {NOT_TESTED}:
        least, most = (count(map(len, clean.values())) for count in (min, max))
        seeds = f"{least} to {most} seeds" if least < most else f"{least} seeds" if least > 1 else "one seed"
        methods = COUNTED[len(clean)] if len(clean) < len(COUNTED) else "all"
        return (
            f"**Not known yet**: only {seeds} of {methods} methods {'has' if most == 1 else 'have'} been run ({at}: "
            f"{'; '.join(sorted(shown.values()))}). {rest}"
        )
    order = "; ".join(shown[name] for name in sorted(clean, key=lambda name: fmean(clean[name])))
    judged = tally(verdicts.values())
    return f"The order, {at}, closest first: {order}. The verdicts on the InteL-VAE: {judged}. {rest}"
