"""The rows of the pages on faces: Table 4, and Table B.1 with Figure B.3."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from intelvae.data import celeba
from intelvae.metrics.attributes import SIZES
from intelvae.metrics.features import STAND_IN
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.results import Result
from intelvae.paper.rows import INTEL, SPARSE_VAE, SYLVESTER, VAE, VAMP, Row, Run
from intelvae.paper.studies.profiles import of_images
from intelvae.paper.studies.seeds import Seeds, seeds_or_own

EPOCHS = {"smoke": 1, "laptop": 10, "paper": 50}  # of 32 steps, of 80, of 1,627
EPOCHS_LONGER = 125  # 10,000 steps at `laptop`
SMOKE_DIM, DIM = 32, 128  # a VAE's Hoyer score of 0.22 in Table 4 is that of Gaussian codes with 128 dimensions

PUBLISHED = 8059  # training faces of `laptop`'s published runs; a config does not say how many there were

SEEDS = {"smoke": 1, "laptop": 3, "paper": 10}
LOW_BETA = ", β = 0.1"  # the weight of the KL divergence in the replication's code for faces
AS_THE_CODE = "InteL-VAE, γ = 70, as the authors' code"

SUBMITTED = ("Sparse-VAE, α = 0.05", "InteL-VAE, γ = 50")  # rows of the submission that the published table lacks
LINEAR_HEAD = "VAE + Sylvester, linear head"
FLOW = {"variant": "orthogonal", "steps": 4, "vectors": 8}
FID, HOYER = "FID", "Hoyer"  # the columns of Table 4
HALF = 0.12  # of the difference of Hoyer scores between the InteL-VAE and the VAE in the paper, 0.46 - 0.22

MEASURED = (Evaluation("elbo"), Evaluation("samples", STAND_IN), Evaluation("codes"))
SHOWN = Evaluation("gallery")
ATTRIBUTES, LEVELS, TRAVERSALS = Evaluation("attributes"), Evaluation("levels"), Evaluation("level-traversals")


def _paper(fid: str, hoyer: str) -> dict[str, str]:
    return {FID: fid, HOYER: hoyer}


_SPARSE_VAES = {0.01: _paper("328 ± 10", "0.25"), 0.05: _paper("337 ± 9", "0.30"), 0.2: _paper("337 ± 8", "0.28")}
_INTEL_VAES = {
    30.0: _paper("64.9 ± 0.4", "0.25"),
    50.0: _paper("65.8 ± 0.5", "0.31"),
    70.0: _paper("68.0 ± 0.6", "0.46"),
}


def _sparse_vae(rate: float, name: str = "", **settings: Any) -> Row:
    model = {"model": "vsc", "model_options": {"alpha": rate}, **settings}
    return Row(f"Sparse-VAE, α = {rate:g}{name}", SPARSE_VAE, model, value=rate, paper=_SPARSE_VAES[rate])


TABLE_4 = (
    Row("VAE", VAE, paper=_paper("68.6 ± 1.1", "0.22")),
    # a pseudo-input that starts as one photograph would stay near it, and the model's samples near a reconstruction
    Row(
        "Vamp-VAE",
        VAMP,
        {"prior": "vamp", "prior_options": {"components": 100, "blend": 10}},
        paper=_paper("67.5 ± 1.1", "0.22"),
    ),
    # the network has 16,384 features, that of the flow's authors 256
    Row(
        "VAE + Sylvester",
        SYLVESTER,
        {"posterior": "sylvester", "posterior_options": {**FLOW, "hidden": 256}},
        paper=_paper("66.3 ± 0.4", "0.22"),
    ),
    *(_sparse_vae(rate) for rate in _SPARSE_VAES),
    *(_sparse_vae(rate, LOW_BETA, beta=0.1) for rate in _SPARSE_VAES),
    *(
        Row(f"InteL-VAE, γ = {gamma:g}", INTEL, {"mapping": "sparse", "gamma": gamma}, value=gamma, paper=paper)
        for gamma, paper in _INTEL_VAES.items()
    ),
    Row(
        AS_THE_CODE,
        INTEL,
        {"mapping": "sparse", "mapping_options": {"floor": 0.2}, "penalty": "codes", "gamma": 70.0},
        value=70.0,
    ),
    Row(LINEAR_HEAD, SYLVESTER, {"posterior": "sylvester", "posterior_options": FLOW}),
)
ONE_SEED = (AS_THE_CODE, LINEAR_HEAD, *(row.name for row in TABLE_4 if row.name.endswith(LOW_BETA)))
FIRST = ("VAE", *(f"InteL-VAE, γ = {gamma:g}" for gamma in _INTEL_VAES))  # the rows that matter most
AT_SMOKE = ("VAE", "Sparse-VAE, α = 0.2", "InteL-VAE, γ = 30", "InteL-VAE, γ = 70")
_NOT_LONGER = ("Sparse-VAE, α = 0.05", LINEAR_HEAD)
LONGER = tuple(row for row in TABLE_4 if not row.name.endswith(LOW_BETA) and row.name not in _NOT_LONGER)


def training(profile: str, row: Row, seed: int, epochs: int | None = None) -> Training:
    """A run of that row on faces: Table C.2's network, or at `smoke` a smaller one on 32x32; `EPOCHS` unless told."""
    smoke = profile == "smoke"
    settings: dict[str, Any] = {
        "network": "mathieu" if smoke else "faces",
        "latent_dim": SMOKE_DIM if smoke else DIM,
        "epochs": epochs or EPOCHS[profile],
        **of_images(profile),
        "whole": profile == "paper",
        **row.settings,
    }
    return Training(data=celeba.NAME, likelihood="gaussian", seed=seed, **settings)


def table4(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 4: seven rows of the paper, two that only its submission has, and five more.

    These are the Sparse-VAE with the replication's weight of the KL divergence, the code's reading of the last row, and
    the flow with a linear head on all features.
    The order is one in which the runs may end at any time: the first seed of every row, then the other seeds of the
    rows that are `FIRST`, then the rest; the `FIRST` ones lead within a seed. Of the first seed images are kept.
    """
    order = []
    for row in TABLE_4:
        if profile == "smoke" and row.name not in AT_SMOKE:
            continue
        late = row.name not in FIRST
        for turn, seed in enumerate(seeds_or_own(seeds, 1 if row.name in ONE_SEED else SEEDS[profile])):
            run = Run(row, training(profile, row, seed), MEASURED, () if turn else (SHOWN,))
            order.append(((late and turn > 0, turn, late), run))
    return [run for _, run in sorted(order, key=itemgetter(0))]


def table4_longer(profile: str, seeds: Seeds = None) -> list[Run]:
    """The rows of Table 4 that are `LONGER`, with 10,000 steps at `laptop`.

    The other profiles have those of Table 4 itself: the fewest that there can be, or more than that.
    """
    if profile != "laptop":
        return [run for run in table4(profile, seeds) if run.row in LONGER]
    chosen = seeds_or_own(seeds, SEEDS[profile])
    return [Run(row, training(profile, row, seed, EPOCHS_LONGER), MEASURED) for seed in chosen for row in LONGER]


# Do gates close on so few faces if the penalty weighs more? Three and ten times the largest weight of the paper.
HEAVY, HEAVIEST = (
    Row(f"InteL-VAE, γ = {gamma:g}", INTEL, {"mapping": "sparse", "gamma": gamma}, value=gamma)
    for gamma in (210.0, 700.0)
)
BY_WEIGHT = (*(row for row in TABLE_4 if row.name in ("VAE", "InteL-VAE, γ = 70")), HEAVY, HEAVIEST)


def table4_heavier(profile: str, seeds: Seeds = None) -> list[Run]:
    """The VAE, the paper's largest gamma, and three and ten times as much; at `smoke` without the former."""
    chosen = seeds_or_own(seeds, SEEDS[profile])
    rows = [row for row in BY_WEIGHT if profile != "smoke" or row is not HEAVY]
    return [Run(row, training(profile, row, seed), MEASURED) for seed in chosen for row in rows]


INTEL_VAE, RESIDUAL = "InteL-VAE", "InteL-VAE, residual"  # the rows of Table B.1 with a hierarchy
LEVEL_COUNT = 4


def _of_table_b1(dim: int, scores: str = "", name: str = "VAE", **settings: Any) -> Row:
    """A row with that many dimensions and these accuracies in the paper, from 50 to 10,000 labelled faces."""
    paper = dict(zip([f"{n:,}" for n in SIZES], scores.split(), strict=True)) if scores else {}
    method = VAE if name == "VAE" else INTEL
    return Row(name, method, {"latent_dim": dim, **settings}, f"D = {dim}", float(dim), paper)


def _hierarchies(dim: int, scores: str = "") -> list[Row]:
    """The layers of the authors' code, and our residual networks."""
    options = {"levels": LEVEL_COUNT}
    return [
        _of_table_b1(dim, scores, INTEL_VAE, mapping="hierarchy", mapping_options=options),
        _of_table_b1(dim, "", RESIDUAL, mapping="hierarchy", mapping_options={**options, "residual": True}),
    ]


TABLE_B1 = (
    _of_table_b1(8, "0.791 0.799 0.814 0.815 0.819 0.819"),
    _of_table_b1(16, "0.788 0.801 0.820 0.824 0.829 0.831"),
    _of_table_b1(32, "0.769 0.795 0.825 0.832 0.842 0.846"),
    _of_table_b1(64, "0.767 0.794 0.826 0.832 0.849 0.855"),
    _of_table_b1(128, "0.722 0.765 0.817 0.825 0.830 0.852"),
    *_hierarchies(64, "0.817 0.824 0.841 0.846 0.854 0.857"),
)
# the text of appendix B has these dimensions of the VAE, and as many as its largest for the InteL-VAE
TABLE_B1_IN_TEXT = (
    *(_of_table_b1(dim) for dim in (1, 2, 4)),
    *(row for row in TABLE_B1 if row.name == "VAE"),
    _hierarchies(128)[0],
)
TABLE_B1_AT_SMOKE = (*(row for row in TABLE_B1 if row.name == "VAE" and row.value in (8, 32)), *_hierarchies(16))


def table_b1(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table B.1: VAEs of several latent dimensions, the hierarchical InteL-VAE, and one with our invertible mapping.

    Levels are measured of the former InteL-VAE, and traversals of its first seed.
    """
    chosen = seeds_or_own(seeds, SEEDS[profile])

    def extras(row: Row, seed: int) -> tuple[Evaluation, ...]:
        of_levels = (LEVELS, TRAVERSALS) if seed == chosen[0] else (LEVELS,)
        return of_levels if row.name == INTEL_VAE else ()

    rows = TABLE_B1_AT_SMOKE if profile == "smoke" else TABLE_B1
    wanted = (*MEASURED, ATTRIBUTES)
    return [Run(row, training(profile, row, seed), wanted, extras(row, seed)) for seed in chosen for row in rows]


def table_b1_in_text(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table B.1 with the dimensions of the text instead of the table's. At `smoke` they are the table's."""
    rows = [row for row in TABLE_B1_AT_SMOKE if row.name != RESIDUAL] if profile == "smoke" else TABLE_B1_IN_TEXT
    wanted = (*MEASURED, ATTRIBUTES)
    chosen = seeds_or_own(seeds, SEEDS[profile])
    return [Run(row, training(profile, row, seed), wanted) for seed in chosen for row in rows]


def best_in_paper(n: int) -> list[Row]:
    """The VAEs of Table B.1 that do best there from n labelled faces.

    >>> [row.group for row in best_in_paper(1000)]
    ['D = 32', 'D = 64']
    """
    vaes, column = [row for row in TABLE_B1 if row.name == "VAE" and row.paper], f"{n:,}"
    best = max(row.paper[column] for row in vaes)
    return [row for row in vaes if row.paper[column] == best]


def label(row: Row) -> str:
    """How tables and figures call a row of Table B.1, of which the dimension is the group.

    >>> [label(row) for row in TABLE_B1[-3:]]
    ['VAE, D = 128', 'InteL-VAE, D = 64', 'InteL-VAE, D = 64, residual']
    """
    name, *more = row.name.split(", ")
    return ", ".join([name, row.group, *more])


def check_same_faces(results: Sequence[Result]) -> None:
    """Raises `ValueError`, one line, if those of the results that are of "celeba" have learned from different faces.

    A config says "celeba", and not which part of it was there, so that its key cannot tell.
    """
    of = {(r.trained.source, r.trained.examples) for r in results if r.training.data == celeba.NAME}
    if len(of) > 1:
        found = " and ".join(sorted(f"{source}, learned from {examples:,}" for source, examples in of))
        raise ValueError(
            f"these results are of different faces ({found}), which nothing compares: keep the runs on each in a "
            "folder of their own, by INTELVAE_RUNS, and move those in the wrong one away"
        )


EXPERIMENTS = {
    "table4": table4,
    "table4-longer": table4_longer,
    "table4-heavier": table4_heavier,
    "table-b1": table_b1,
    "table-b1-in-text": table_b1_in_text,
}
