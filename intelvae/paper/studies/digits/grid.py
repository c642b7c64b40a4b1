"""The rows of the pages on clusters of digits: Tables 1 to 3, and Figure 6."""

from __future__ import annotations

from collections.abc import Sequence

from intelvae.metrics.features import STAND_IN
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.rows import GM_VAE, INTEL, MOG, SYLVESTER, VAE, VAMP, Row, Run, row
from intelvae.paper.studies.profiles import of_images, second_opinion
from intelvae.paper.studies.seeds import Seeds, seeds_or_own

SEEDS_01, EPOCHS_01 = {"smoke": 1, "laptop": 5, "paper": 10}, {"smoke": 1, "laptop": 30, "paper": 60}  # Table 2
SEEDS, EPOCHS = {"smoke": 1, "laptop": 6, "paper": 10}, {"smoke": 1, "laptop": 10, "paper": 60}  # Table 1


# Table 2


def of_reading(network: str, likelihood: str = "gaussian") -> str:
    """The group of the rows of Table 2 on one network with one likelihood."""
    return f"{network}, {likelihood}"


# The first is the one that the claims are about. "mathieu-offset" is our own network, an ablation.
READINGS = (
    ("mathieu", "gaussian"),
    ("authors", "gaussian"),
    ("mathieu-offset", "gaussian"),
    ("mathieu", "bernoulli"),
    ("authors", "bernoulli"),
)
MAIN = of_reading(*READINGS[0])


def table2(network: str, likelihood: str = "gaussian") -> list[Row]:
    """The rows of Table 2 on one network with one likelihood; the paper's numbers, in %, are the same for all."""
    settings, group = {"network": network, "likelihood": likelihood}, of_reading(network, likelihood)
    return [
        Row("VAE", VAE, settings, group, paper={"ambiguous": "2.5", "ones": "48.8"}),
        Row(
            "GM-VAE",
            GM_VAE,
            {**settings, "model": "gm-vae", "model_options": {"components": 2, "context_dim": 2, "free_nats": 0.5}},
            group,
            paper={"ambiguous": "3.5", "ones": "48.1"},
        ),
        Row(
            "MoG-VAE",
            MOG,
            {**settings, "prior": "mog", "prior_options": {"components": 2, "radius": 2.0, "scale": 1.0}},
            group,
            paper={"ambiguous": "4.5", "ones": "47.7"},
        ),
        Row(
            "Vamp-VAE",
            VAMP,
            {**settings, "prior": "vamp", "prior_options": {"components": 50}},
            group,
            paper={"ambiguous": "2.4", "ones": "48.8"},
        ),
        Row(
            "VAE + Sylvester",
            SYLVESTER,
            {
                **settings,
                "posterior": "sylvester",
                "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 1},
            },
            group,
            paper={"ambiguous": "16.2", "ones": "42.5"},
        ),
        Row(
            "InteL-VAE",
            INTEL,
            {**settings, "mapping": "clusters", "mapping_options": {"k": 2}},
            group,
            paper={"ambiguous": "0.9", "ones": "49.5"},
        ),
    ]


def zeros_and_ones(row: Row, profile: str, seed: int, shown: Sequence[str] = ()) -> Run:
    """A run of Table 2, or beside it, and what is `shown` of it."""
    settings = {"data": "mnist-01", "latent_dim": 1, "epochs": EPOCHS_01[profile], **of_images(profile)}
    training = Training(seed=seed, **{**settings, **row.settings})
    return Run(row, training, (Evaluation("zeros-and-ones"),), tuple(map(Evaluation, shown)))


def _shown(row: Row, first: bool) -> list[str]:
    """What the page shows of a run of Table 2, of the `first` seed or another."""
    main, network = row.group == MAIN, row.settings["network"]
    asked = {
        "gallery": main and first,
        "traversal": first and row.group == of_reading(network),
        "latents": main and (first or row.method == INTEL),
    }
    return [name for name, wanted in asked.items() if wanted]


def multi_modality(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 2 and Figure 6: MNIST-01 with one latent dimension, by network, squared error and Bernoulli.

    The Bernoulli reading has three seeds at `laptop`, and none at `smoke` or for our own network. At `smoke` only the
    network "mathieu" runs.
    """
    chosen = seeds_or_own(seeds, SEEDS_01[profile])
    few = chosen[:3] if profile == "laptop" else chosen
    return [
        zeros_and_ones(row, profile, seed, _shown(row, seed == chosen[0]))
        for network, likelihood in (READINGS[:1] if profile == "smoke" else READINGS)
        for seed in (few if likelihood == "bernoulli" else chosen)
        for row in table2(network, likelihood)
    ]


def own_network(profile: str) -> str:
    """The network on which a page varies one thing of Table 2 at a time: the authors' own, at `smoke` Mathieu's."""
    return "mathieu" if profile == "smoke" else "authors"


def gaps(profile: str) -> list[Row]:
    """The InteL-VAE of Table 2 with the mapping of the text, and with the two that the authors' code has had."""
    network = own_network(profile)
    settings = {"network": network, "likelihood": "gaussian", "mapping": "clusters"}
    return [
        Row(name, INTEL, {**settings, "mapping_options": {"k": 2, **options}}, of_reading(network), code=code)
        for name, options, code in (
            ("the paper's constants, the library's smoothing", {}, ""),
            ("the authors' code of October 2021", {"c2": 0.5, "learnable": True}, "c2 = 0.5, border learned"),
            ("the authors' code of June 2021", {"c1": 1.0}, "c1 = 1"),
        )
    ]


def gap(profile: str, seeds: Seeds = None) -> list[Run]:
    """The InteL-VAE of Table 2 with three mappings (`gaps`), three seeds."""
    chosen = seeds_or_own(seeds, min(3, SEEDS_01[profile]))
    return [zeros_and_ones(row, profile, seed) for row in gaps(profile) for seed in chosen]


# Table 1. Components of the fixed mixture, of variance 1, lie on a ring, 4 from their neighbours, as the two of the
# authors do (of variance e). The paper does not give the number of clusters.

TABLE1 = [
    Row("VAE", VAE, paper={"FID": "42.0 ± 1.1"}),
    Row(
        "GM-VAE",
        GM_VAE,
        {"model": "gm-vae", "model_options": {"components": 10, "context_dim": 10, "free_nats": 0.5}},
        paper={"FID": "41.0 ± 4.7"},
    ),
    Row(
        "MoG-VAE",
        MOG,
        {"prior": "mog", "prior_options": {"components": 10, "radius": 6.47, "scale": 1.0}},
        paper={"FID": "41.2 ± 3.3"},
    ),
    Row("Vamp-VAE", VAMP, {"prior": "vamp", "prior_options": {"components": 100}}, paper={"FID": "38.8 ± 2.4"}),
    Row(
        "VAE + Sylvester",
        SYLVESTER,
        {"posterior": "sylvester", "posterior_options": {"variant": "orthogonal", "steps": 4, "vectors": 8}},
        paper={"FID": "35.0 ± 0.9"},
    ),
    Row(
        "InteL-VAE, 2 x 5",
        INTEL,
        {"mapping": "clusters", "mapping_options": {"factors": (2, 5)}},
        paper={"FID": "32.2 ± 1.5"},
    ),
    Row("InteL-VAE, 2 sectors", INTEL, {"mapping": "clusters", "mapping_options": {"k": 2}}),
    Row("InteL-VAE, 10 sectors", INTEL, {"mapping": "clusters", "mapping_options": {"k": 10}}),
]


def all_digits(row: Row, profile: str, seed: int, shown: Sequence[str] = ()) -> Run:
    """A run of Table 1, or beside it, and what is `shown` of it."""
    settings = {
        "data": "mnist",
        "network": "mathieu",
        "latent_dim": 50,
        "likelihood": "gaussian",
        "epochs": EPOCHS[profile],
        **of_images(profile),
    }
    training = Training(seed=seed, **{**settings, **row.settings})
    judged = Evaluation("elbo"), Evaluation("samples", STAND_IN)
    return Run(row, training, judged, (*second_opinion(profile), *map(Evaluation, shown)))


def table1(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 1: all digits of MNIST with 50 latent dimensions."""
    chosen = seeds_or_own(seeds, SEEDS[profile])
    return [
        all_digits(row, profile, seed, ["gallery"] if seed == chosen[0] else []) for seed in chosen for row in TABLE1
    ]


# Table 3, in groups by the power c2 of the mapping: that of the text, which the mapping has unless told otherwise, and
# that of the authors' code

TEXT, CODE = 0.2, 0.5
SEEDS_SHARES = {"smoke": 1, "laptop": 5, "paper": 10}
# Steps, and not epochs, are the same for all shares: an epoch of 25,000 repeated images has five times those of 5,000.
# At `paper` the 200 epochs of the authors' script.
STEPS_SHARES = {"smoke": 10, "laptop": 10_000}
LONGER = {"smoke": 20, "laptop": 40_000}


def of_power(power: float, longer: bool = False, bounded: bool = False) -> str:
    """The group of the rows of Table 3 with this power, trained as all others or for longer, the border `bounded`."""
    return f"c2 = {power}" + ", longer" * longer + ", bounded border" * bounded


def table3(power: float = TEXT, longer: bool = False, bounded: bool = False) -> list[Row]:
    """The rows of Table 3, whose value is the share of zeros, with a power of the mapping.

    `bounded`: with the border of the authors' code (`authors.BoundedThreshold`).
    """
    options = {"learnable": True} | ({} if power == TEXT else {"c2": power}) | ({"bounded": True} if bounded else {})
    return [
        Row(
            f"{100 * share:g} % zeros",
            INTEL,
            {"repeats": repeats, "mapping": "threshold", "mapping_options": options},
            of_power(power, longer, bounded),
            share,
            {"learned": paper},
        )
        for share, repeats, paper in (
            (0.5, (1, 1), "0.47 ± 0.01"),
            (0.4, (2, 3), "0.36 ± 0.10"),
            (0.25, (1, 3), "0.25 ± 0.08"),
            (0.2, (1, 4), "0.16 ± 0.11"),
            (0.0, (0, 1), "0.02 ± 0.01"),
        )
    ]


def _quarter(power: float, longer: bool = False) -> Row:
    """The row of Table 3 with a quarter of zeros."""
    return row(table3(power, longer), "25 % zeros", of_power(power, longer))


def steps_of(profile: str, repeats: Sequence[int]) -> int:
    """The steps that an epoch has if each class is repeated so often: of 100 images, at `smoke` what is set."""
    return of_images(profile).get("steps_per_epoch", 50 * sum(repeats))


def epochs_of(profile: str, repeats: Sequence[int], steps: dict[str, int]) -> int:
    """The epochs that take so many steps at a profile, if each class is repeated so often."""
    return steps[profile] // steps_of(profile, repeats) if profile in steps else 200


def _shares(row: Row, profile: str, seed: int, steps: dict[str, int], shown: Sequence[str] = ()) -> Run:
    """A run of Table 3, or beside it, for so many steps, and what is `shown` of it."""
    training = Training(
        data="mnist-01",
        network="mathieu",
        latent_dim=50,
        likelihood="gaussian",
        epochs=epochs_of(profile, row.settings["repeats"], steps),
        seed=seed,
        **of_images(profile),
        **row.settings,
    )
    return Run(row, training, (Evaluation("zeros-and-ones"),), tuple(map(Evaluation, shown)))


def proportions(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 3: the share of zeros in MNIST-01, by repeating its images, and a mapping that learns its threshold."""
    chosen = seeds_or_own(seeds, SEEDS_SHARES[profile])
    return [
        _shares(row, profile, seed, STEPS_SHARES, ["latents"] if seed == chosen[0] else [])
        for seed in chosen
        for row in table3()
    ]


def borders(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 3 with the power c2 of the authors' code, three seeds (ten at `paper`); at `smoke` a quarter of zeros."""
    return [
        _shares(row, profile, seed, STEPS_SHARES)
        for seed in seeds_or_own(seeds, {"smoke": 1, "laptop": 3, "paper": 10}[profile])
        for row in ([_quarter(CODE)] if profile == "smoke" else table3(CODE))
    ]


def borders_longer(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 3's quarter of zeros for longer with the power of the text and that of the code, one seed.

    At `paper` no longer than all others are, as long as the authors'.
    """
    quarters = [_quarter(power, longer=True) for power in (TEXT, CODE)]
    return [_shares(row, profile, seed, LONGER) for seed in seeds_or_own(seeds, 1) for row in quarters]


def borders_bounded(profile: str, seeds: Seeds = None) -> list[Run]:
    """Table 3 without zeros, with the bounded border of the authors' code and both powers, three seeds, ten at `paper`.

    At `smoke` the power of the text only.
    """
    powers = (TEXT,) if profile == "smoke" else (TEXT, CODE)
    rows = [row(table3(power, bounded=True), "0 % zeros", of_power(power, bounded=True)) for power in powers]
    chosen = seeds_or_own(seeds, {"smoke": 1, "laptop": 3, "paper": 10}[profile])
    return [_shares(each, profile, seed, STEPS_SHARES) for seed in chosen for each in rows]


# What bfloat16 changes (ours). Many processors have no units for it and take minutes for what is a second in others.

COMPARED = {
    "smoke": ("float32", "float64"),
    "laptop": ("float32", "bfloat16"),
    "paper": ("float32", "bfloat16"),
}


def precision(profile: str, seeds: Seeds = None) -> list[Run]:
    """The VAE of Table 1 and the InteL-VAE of Table 2 in the precisions `COMPARED`, which are groups, three seeds."""
    chosen, epochs = seeds_or_own(seeds, min(3, SEEDS[profile])), 1 if profile == "smoke" else 5
    intel = row(table2("mathieu-offset"), "InteL-VAE", of_reading("mathieu-offset"))
    runs = []
    for name in COMPARED[profile]:
        vae_in = Row("VAE", VAE, {"epochs": epochs, "precision": name}, name)
        intel_in = Row("InteL-VAE", INTEL, {**intel.settings, "precision": name}, name)
        for seed in chosen:
            runs += [all_digits(vae_in, profile, seed), zeros_and_ones(intel_in, profile, seed)]
    return runs


EXPERIMENTS = {"multi-modality": multi_modality, "gap": gap, "table1": table1}
OF_SHARES = {
    "proportions": proportions,
    "borders": borders,
    "borders-longer": borders_longer,
    "borders-bounded": borders_bounded,
}
OF_PRECISION = {"precision": precision}
