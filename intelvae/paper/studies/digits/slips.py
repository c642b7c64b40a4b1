"""What the authors' code, or the text, does in another way than Tables 1 and 2 are meant: one thing at a time."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

from intelvae.paper.results import Result, Results
from intelvae.paper.rows import Row, Run, row
from intelvae.paper.studies.digits import grid
from intelvae.paper.studies.seeds import Seeds, seeds_or_own

CHANGED = ("VAE", "MoG-VAE", "Vamp-VAE", "VAE + Sylvester")  # the baselines that have slips, in both tables
SEEDS = {"smoke": 1, "laptop": 5, "paper": 10}  # of one slip at a time
SEEDS_BINARY = {"smoke": 1, "laptop": 3, "paper": 10}  # of all of Table 1 on binary images


class Slip(NamedTuple):
    """A row `after` that differs from the row `before` in one thing; its `code` tells what the authors' code does."""

    before: Row
    after: Row

    def among(self, *found: Results) -> tuple[list[Result], list[Result]]:
        """The results of the one row and of the other, in whichever of these experiments they are."""
        before, after = ([r for each in found for r in each.of(row.name, row.group)] for row in self)
        return before, after


def _slip(before: Row, who: str, what: str, *, code: str = "", **settings: Any) -> Slip:
    """That a row has other `settings`, `what` the code does; or what the text says, where `code` tells what it does."""
    name, changed = f"{who}: {what}", {**before.settings, **settings}
    return Slip(before, dataclasses.replace(before, name=name, settings=changed, paper={}, code=code or what))


def _of_the_baselines(mog: Row, vamp: Row, sylvester: Row) -> list[Slip]:
    prior, inputs = mog.settings["prior_options"], vamp.settings["prior_options"]
    flow = sylvester.settings["posterior_options"]
    free = "pseudo-inputs from N(0, I), not held to grey levels"
    return [
        _slip(mog, "MoG", "images from N(0, I)", prior_options=prior | {"legacy": ["samples"]}),
        _slip(vamp, "Vamp", "images from N(0, I)", prior_options=inputs | {"legacy": ["samples"]}),
        _slip(mog, "MoG", "components of variance e", prior_options=prior | {"scale": math.exp(0.5)}),
        _slip(vamp, "Vamp", free, prior_options=inputs | {"free": True}),
        _slip(sylvester, "Sylvester", "flow amortised on the mean", posterior_options=flow | {"on_mean": True}),
        _slip(sylvester, "Sylvester", "determinant mispaired", posterior_options=flow | {"mispaired": True}),
    ]


def _of_the_data(vae: Row, intel: Row, epochs: int) -> list[Slip]:
    both = (vae, "VAE"), (intel, "InteL-VAE")
    split, binary = "all training images, best epoch by the test set", "binary images, as the text says"
    return [
        *(_slip(row, who, split, split="code", patience=epochs) for row, who in both),
        *(_slip(row, who, binary, code="grey images", binary=True) for row, who in both),
    ]


def of_table1(profile: str) -> list[Slip]:
    """What is another way than that of the methods of Table 1."""
    vae, mog, vamp, sylvester = (row(grid.TABLE1, name) for name in CHANGED)
    intel = row(grid.TABLE1, "InteL-VAE, 2 x 5")
    prior, inputs = mog.settings["prior_options"], vamp.settings["prior_options"]
    clusters = intel.settings["mapping_options"]
    moving = clusters | {"c2": 0.5, "learnable": True}
    learned = _slip(intel, "InteL-VAE", "c2 = 0.5, borders learned", mapping_options=moving)
    forgotten = "learned borders forgotten when loaded"
    two = {"components": 2, "radius": 2.0, "scale": math.exp(0.5)}
    return [
        learned,
        _slip(learned.after, "InteL-VAE", forgotten, mapping_options=moving | {"forgets": True}),
        _slip(mog, "MoG", "entropy of q counted D times", prior_options=prior | {"legacy": ["entropy"]}),
        _slip(vamp, "Vamp", "entropy of q counted D times", prior_options=inputs | {"legacy": ["entropy"]}),
        *_of_the_baselines(mog, vamp, sylvester),
        _slip(mog, "MoG", "two components at ±2, of variance e", prior_options=two),
        _slip(intel, "InteL-VAE", "c1 = 1", mapping_options=clusters | {"c1": 1.0}),
        _slip(intel, "InteL-VAE", "2 x 2 instead of 2 x 5", mapping_options={"factors": (2, 2)}),
        _slip(vae, "VAE", "cross-entropy, sigmoid", likelihood="bernoulli"),
        _slip(intel, "InteL-VAE", "cross-entropy, sigmoid", likelihood="bernoulli"),
        _slip(vae, "VAE", "the authors' network", network="authors"),
        _slip(intel, "InteL-VAE", "the authors' network", network="authors"),
        *_of_the_data(vae, intel, grid.EPOCHS[profile]),
    ]


def table1(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 1's methods with one slip each; at `smoke` the first three."""
    chosen = of_table1(profile)[: 3 if profile == "smoke" else None]
    return [
        grid.all_digits(slip.after, profile, seed) for seed in seeds_or_own(seeds, SEEDS[profile]) for slip in chosen
    ]


BINARY = [
    dataclasses.replace(row, settings={**row.settings, "binary": True}) for row in grid.TABLE1 if row.paper
]  # the trainings of the VAE and of the InteL-VAE are those of slips


def table1_binary(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 1 on binary images, as Table C.1 has them; at `smoke` the first row and the last."""
    rows = [BINARY[0], BINARY[-1]] if profile == "smoke" else BINARY
    return [grid.all_digits(row, profile, seed) for seed in seeds_or_own(seeds, SEEDS_BINARY[profile]) for row in rows]


def of_table2(profile: str) -> list[Slip]:
    """What is another way than that of the methods of Table 2, on our choice of network (`grid.own_network`)."""
    network = grid.own_network(profile)
    rows, group = grid.table2(network), grid.of_reading(network)
    vae, mog, vamp, sylvester, intel = (row(rows, name, group) for name in (*CHANGED, "InteL-VAE"))
    learned = row(grid.gaps(profile), "the authors' code of October 2021", group)
    eight = sylvester.settings["posterior_options"] | {"vectors": 8, "unchecked": True}
    forgets = learned.settings["mapping_options"] | {"forgets": True}
    return [
        *_of_the_baselines(mog, vamp, sylvester),
        _slip(sylvester, "Sylvester", "eight vectors in one dimension", posterior_options=eight),
        _slip(learned, "InteL-VAE", "learned border forgotten when loaded", mapping_options=forgets),
        *_of_the_data(vae, intel, grid.EPOCHS_01[profile]),
    ]


def table2(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 2's methods with one slip each; at `smoke` the first two."""
    chosen = of_table2(profile)[: 2 if profile == "smoke" else None]
    return [
        grid.zeros_and_ones(slip.after, profile, seed)
        for seed in seeds_or_own(seeds, SEEDS[profile])
        for slip in chosen
    ]


EXPERIMENTS = {"slips": table1, "slips-01": table2, "table1-binary": table1_binary}
