"""What the rows of tables and figures are made of: a method and how it looks, a row, and a run that a row asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from intelvae.metrics.features import CLASSIFIER
from intelvae.paper.config import Evaluation, Training

# a palette for the colour-blind, close to Okabe and Ito's: seaborn's "colorblind"
BLUE, AMBER, GREEN, ORANGE = "#0173b2", "#de8f05", "#029e73", "#d55e00"
PINK, GREY, SKY = "#cc78bc", "#949494", "#56b4e9"


@dataclass(frozen=True)
class Method:
    """A method of the paper or ours: its name in tables, and its look in every figure (`dashes`: lengths and gaps)."""

    name: str
    color: str
    marker: str
    dashes: tuple[int, ...] = ()


VAE = Method("VAE", BLUE, "o")
INTEL = Method("InteL-VAE", ORANGE, "s", (6, 2, 1, 2))
VAMP = Method("Vamp-VAE", GREEN, "^", (4, 2))
MOG = Method("MoG-VAE", PINK, "D", (1, 2))
GM_VAE = Method("GM-VAE", AMBER, "P", (3, 1, 1, 1))
SYLVESTER = Method("VAE + Sylvester", SKY, "X", (1, 1))
SPARSE_PRIOR = Method("VAE, sparse prior", SKY, "v", (5, 1))
MATCHED_PRIOR = Method("VAE, sparse prior, w = 0.5", GREEN, "^", (5, 5))
FLOW = Method("InteL-VAE, flow", PINK, "D", (1, 2))
DD = Method("DD", GREEN, "^", (4, 2))
SPARSE_VAE = Method("Sparse-VAE", PINK, "D", (1, 2))
VAE_L_SP = Method("VAE + L_sp", SKY, "v", (5, 1))
VAE_L1 = Method("VAE + L1", GREY, "*", (1, 1))


@dataclass(frozen=True)
class Row:
    """A row of a table or a point of a figure, declared once: claims, figures and pages call it by its name.

    `group` tells apart rows of one name, such as the panels of a figure; `settings` are those of `Training` in which
    the row differs from the others of its grid; `value` is what a family of rows of one method varies, such as gamma;
    `paper` has the paper's numbers, by column, and `code` what the authors' code does otherwise.
    """

    name: str
    method: Method
    settings: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""
    value: float | None = None
    paper: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    def __hash__(self) -> int:
        return hash((self.group, self.name))


# What also judges the samples of grey images. The names of its metrics begin with "classifier_" (`Result.metrics`).
SECOND = Evaluation("samples", CLASSIFIER)


@dataclass(frozen=True)
class Run:
    """What a row asks for under one seed: a training, and what is to be measured of it.

    `extras`, pictures and the second opinion on samples (`SECOND`), are left out where the training is published and
    its weights are not here.
    """

    row: Row
    training: Training
    evaluations: tuple[Evaluation, ...]
    extras: tuple[Evaluation, ...] = ()

    @property
    def features(self) -> str:
        """What samples are judged on (`metrics.features.CHOICES`), "" where none are; not a second opinion's."""
        return next((e.features for e in self.evaluations if e.features), "")

    def judged_on(self, features: str) -> Run:
        """The same with samples judged on other features (`metrics.features.CHOICES`); a second opinion stays."""
        evaluations = tuple(dataclasses.replace(e, features=features) if e.features else e for e in self.evaluations)
        return dataclasses.replace(self, evaluations=evaluations)


def row(rows: Iterable[Row], name: str, group: str = "") -> Row:
    """The row of that name and group. Raises `ValueError`, one line, where there is none."""
    rows = list(rows)
    for each in rows:
        if (each.name, each.group) == (name, group):
            return each
    there = ", ".join(each.name for each in rows)
    raise ValueError(f"no row {name!r}" + f" of {group!r}" * bool(group) + f": there are {there}")
