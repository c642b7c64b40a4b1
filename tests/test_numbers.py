"""Settings that are numbers: each has a range, and NaN, infinity and what lies outside get one clear line."""

import dataclasses
import importlib
import inspect
import math
import pkgutil
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from torch import nn

from intelvae import bounds, divergences, flows, likelihoods, mappings, networks, priors
from intelvae.data import celeba, images
from intelvae.mappings import SectorProduct, Sectors, clusters
from intelvae.metrics import (
    attributes,
    codes,
    downstream,
    features,
    fidelity,
    hoyer,
    kid,
    levels,
    neighbours,
    samples,
    toy,
)
from intelvae.metrics import clusters as digits
from intelvae.models import GMVAE, VAE, gmvae, vsc
from intelvae.numbers import check_number
from intelvae.paper.config import Training
from intelvae.training import Objective, Optimiser, Schedule, seeded

CONFIG = Training("circle", "mlp", 2, "gaussian", epochs=1)
NEVER = ("infinity", math.inf), ("minus infinity", -math.inf), ("NaN", math.nan)
ANY_SIGN = {"floor of LearnedGaussian", "start of LearnedGaussian"}  # of which -1 is a right value


def vae():
    encoder, network = networks.create("mlp", (2,), 2)
    return VAE(encoder, nn.Sequential(network, likelihoods.Gaussian()), priors.StandardNormal(2))


def encoder():
    return networks.create("mlp", (2,), 3)[0]


def spiky():
    return vsc.SpikeAndSlabEncoder(encoder(), nn.Linear(10, 3))


# what a constructor needs besides its numbers, and one value of each number without a default: by parameter, and what
# others need
USUAL = {"latent_dim": 8, "dim": 2, "n": 10, "shape": (2,), "data_shape": (2,), "encoder": encoder}
NEEDED = {
    Sectors: {"k": 3},
    SectorProduct: {"factors": (2, 3)},
    clusters: {"latent_dim": 2, "k": 2},
    priors.Mixture: {"means": torch.zeros(2, 2)},
    priors.ring: {},
    networks.create: {"name": "mlp"},
    flows.SylvesterEncoder: {"variant": "orthogonal", "vectors": 1, "steps": 1},
    gmvae.Components: {"context_dim": 2, "latent_dim": 2, "components": 2},
    GMVAE: {
        "decoder": nn.Identity,
        "components": lambda: gmvae.Components(1, 2, 2),
        "prior": lambda: priors.StandardNormal(1),
    },
    vsc.SpikeAndSlabEncoder: {"gate": lambda: nn.Linear(10, 3)},
    vsc.PseudoInputPrior: {"encoder": spiky, "start": torch.zeros(2, 2)},
    vsc.create: {"network": "mlp", "decoder": nn.Identity, "start": torch.zeros(2, 2)},
}
MODULES = ("mappings", "likelihoods", "priors", "flows", "networks", "models")
NO_SETTINGS = {"SpikeAndSlab", "SlabMixture", "Step", "Sylvester", "Backwards"}  # distributions, made by models


def is_number(parameter):
    """Whether the annotation is of a number, which bool is not."""
    return any(kind in str(parameter.annotation).replace("'", "").split(" | ") for kind in ("int", "float")) or (
        parameter.annotation in (int, float)
    )


def public(packages, kind):
    """What is public and of a kind in these packages and their modules."""
    for package in packages:
        module = importlib.import_module(f"intelvae.{package}")
        names = [m.name for m in pkgutil.iter_modules(module.__path__)] if hasattr(module, "__path__") else []
        for of in (module, *(importlib.import_module(f"{module.__name__}.{name}") for name in names)):
            for name, thing in inspect.getmembers(of, kind):
                if thing.__module__ == of.__name__ and not name.startswith("_"):
                    yield thing


def constructors():
    """Public classes and factories of the packages that have a parameter which is a number."""
    for thing in public(MODULES, inspect.isclass):
        if thing.__name__ not in NO_SETTINGS and any(map(is_number, inspect.signature(thing).parameters.values())):
            yield thing


def lacking(of):
    """The parameters without a default that have no value here."""
    parameters = inspect.signature(of).parameters.values()
    needed = {p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    return needed - {*USUAL, *NEEDED.get(of, {})}


def made(of, **changed):
    usual = {name: value for name, value in USUAL.items() if name in inspect.signature(of).parameters}
    needed = {name: value() if callable(value) else value for name, value in (usual | NEEDED.get(of, {})).items()}
    return of(**{**needed, **changed})


CONSTRUCTORS = dict.fromkeys([*NEEDED, *constructors()])


@pytest.mark.parametrize("of", CONSTRUCTORS)
def test_no_constructor_with_numbers_is_left_out(of):
    assert not lacking(of), f"add what {of.__qualname__} needs to NEEDED in tests/test_numbers.py: {lacking(of)}"


CASES = [
    (of, name)
    for of in CONSTRUCTORS
    for name, parameter in inspect.signature(of).parameters.items()
    if is_number(parameter) or (of is clusters and name == "k")
]


@pytest.mark.parametrize(("of", "name"), CASES, ids=[f"{name} of {of.__qualname__}" for of, name in CASES])
def test_numbers_of_constructors_have_a_range(of, name, unchecked):
    made(of)  # as it is, it will do
    wrong = dict(NEVER) | ({} if f"{name} of {of.__name__}" in ANY_SIGN else {"-1": -1})
    for value in wrong.values():
        with pytest.raises(ValueError, match=r"must be|needs") as caught:
            made(of, **{name: value})
        assert "\n" not in str(caught.value) and repr(value) in str(caught.value)


OF_TRAINING = [
    (of, f)
    for of in (Objective, Optimiser, Schedule)
    for f in dataclasses.fields(of)
    if f.type.startswith(("int", "float"))
]
SETTINGS = [f.name for _, f in OF_TRAINING] + ["latent_dim", "seed"]
OPTIONAL = ("steps_per_epoch", "patience", "clip")  # None: without


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_a_run_have_a_range_everywhere(name, unchecked):
    """The config of a run and the settings of `fit` refuse the same, with the same line."""
    makers = [lambda **setting: dataclasses.replace(CONFIG, **setting)]
    makers += [lambda of=of, **setting: of(**({"epochs": 1} if of is Schedule else {}) | setting)
               for of, f in OF_TRAINING if f.name == name]  # fmt: skip
    for make in makers:
        for value in (math.nan, math.inf, -1, -1.0, "3", True):
            with pytest.raises(ValueError, match=f"^{name} must be a (whole )?number >=? [01], not {value!r}$"):
                make(**{name: value})
        if name in OPTIONAL:
            make(**{name: None})
        else:
            with pytest.raises(ValueError, match=f"^{name} must be"):
                make(**{name: None})


def test_all_numbers_of_a_config_are_settings_with_a_range():
    of_config = {f.name for f in dataclasses.fields(Training) if f.type.startswith(("int", "float"))}
    assert of_config == set(SETTINGS)


Z, Y, PIXELS = torch.randn(40, 3), torch.arange(40) % 2, torch.rand(40, 1, 1, 2)
CODES = (Z, (Y > 0)[:, None])
GENERATOR = torch.Generator()


def rng():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("draws", lambda v: attributes.linear(CODES, CODES, generator=GENERATOR, sizes=[10], draws=v)),
        ("sizes", lambda v: attributes.linear(CODES, CODES, generator=GENERATOR, sizes=[v])),
        ("held_out", lambda v: attributes.authors(CODES, generator=GENERATOR, sizes=[10], held_out=v)),
        ("threshold", lambda v: digits.uncertainty_and_proportion(None, PIXELS, v)),
        ("batch_size", lambda v: codes.encode(vae(), Z[:, :2], v)),
        ("dimensions", lambda v: codes.traversals(vae(), Z[:, :2], Y, [0], dimensions=v)),
        ("steps", lambda v: codes.traversals(vae(), Z[:, :2], Y, [0], steps=v)),
        ("draws", lambda v: downstream.few_shot(Z, Y, (Z, Y), generator=GENERATOR, sizes=[10], draws=v)),
        ("sizes", lambda v: downstream.few_shot(Z, Y, (Z, Y), generator=GENERATOR, sizes=[v])),
        ("batch_size", lambda v: features.extract("efficientnet-lite0", PIXELS, batch_size=v)),
        ("k", lambda v: fidelity.fidelity_and_diversity(Z, Z, v)),
        ("dim", hoyer.by_chance),
        ("blocks", lambda v: kid.distance(Z, Z, v)),
        ("drawn", lambda v: levels.judge(vae(), [2], None, (PIXELS, Y), (PIXELS, Y), GENERATOR, v)),
        ("chunk", lambda v: neighbours.nearest(Z, Z, v)),
        ("quantile", lambda v: neighbours.stray(Z, Z, Z, v)),
        ("sizes", lambda v: samples.judge(PIXELS, PIXELS.byte(), "efficientnet-lite0", sizes=[v])),
        ("projections", lambda v: toy.sliced_wasserstein(Z, Z, projections=v)),
        ("tolerance", lambda v: toy.off_support("circle", Z[:, :2], v)),
        ("samples", lambda v: bounds.log_weights(vae(), Z[:, :2], v)),
        ("samples", lambda v: bounds.iwae(vae(), Z[:, :2], v)),
        ("samples", lambda v: bounds.Weighted(v)),
        ("alpha", lambda v: bounds.renyi(vae(), Z[:, :2], 2, v)),
        ("alpha", lambda v: bounds.Weighted(2, v)),
        ("samples", lambda v: bounds.log_likelihood(vae(), Z[:, :2], v)),
        ("chunk", lambda v: bounds.log_likelihood(vae(), Z[:, :2], 10, v)),
        ("size", lambda v: images.load("mnist", smoke=True, size=v)),
        ("size", lambda v: celeba.load(smoke=True, size=v)),
    ],
)
def test_numbers_of_functions_have_a_range(name, call, unchecked):
    for value in (math.nan, math.inf, -1):
        with pytest.raises(ValueError, match=rf"{name}.* must be a (whole )?number .*, not {value}"):
            call(value)


OF_WHOLE = [
    (of, name)
    for of, name in CASES
    if "int" in str(inspect.signature(of).parameters[name].annotation) or (of is clusters and name == "k")
]


@pytest.mark.parametrize(("of", "name"), OF_WHOLE, ids=[f"{name} of {of.__qualname__}" for of, name in OF_WHOLE])
def test_a_whole_number_may_come_as_a_float(of, name, unchecked):
    """As JSON and notebooks have it; torch takes none."""
    default = inspect.signature(of).parameters[name].default
    number = NEEDED.get(of, {}).get(name, USUAL.get(name, 2 if default in (None, inspect.Parameter.empty) else default))
    found = []
    for value in (number, float(number)):
        with seeded(0):
            found.append(made(of, **{name: value}))
    one, other = ((each if isinstance(each, tuple) else (each,)) for each in found)
    assert [str(m) for m in one] == [str(m) for m in other]
    for a, b in zip(one, other, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


OF_FLOATS = [case for case in CASES if "float" in str(inspect.signature(case[0]).parameters[case[1]].annotation)]


@pytest.mark.parametrize(("of", "name"), OF_FLOATS, ids=[f"{name} of {of.__qualname__}" for of, name in OF_FLOATS])
def test_a_number_may_be_a_whole_one(of, name, unchecked):
    """As -2 for -2.0, of which torch makes tensors that have no gradient, and as large as one likes."""
    for value in (-2, 0, 1, 2, 10**30):
        found = []
        for each in (float(value), value):
            with seeded(0), suppress(ValueError):
                found.append(made(of, **{name: each}))
        if found:  # else it is out of range
            one, other = ([m.state_dict() for m in (x if isinstance(x, tuple) else (x,))] for x in found)
            torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        (lambda v: attributes.linear(CODES, CODES, generator=rng(), sizes=[v], draws=1), 10),
        (lambda v: attributes.linear(CODES, CODES, generator=rng(), sizes=[10], draws=v), 2),
        (lambda v: attributes.authors(CODES, generator=rng(), sizes=[10], held_out=v, draws=1), 10),
        (lambda v: codes.encode(vae(), Z[:, :2], v)["mean"], 30),
        (lambda v: downstream.few_shot(Z, Y, (Z, Y), generator=rng(), sizes=[v], draws=v), 4),
        (lambda v: fidelity.fidelity_and_diversity(Z, Z + 1, v), 3),
        (hoyer.by_chance, 5),
        (lambda v: kid.distance(Z, Z + 1, v), 4),
        (lambda v: neighbours.nearest(Z, Z + 1, v), 7),
        (lambda v: toy.sliced_wasserstein(Z, Z + 1, projections=v, generator=rng()), 7),
        (lambda v: divergences.histogram_kl(Z, Z + 1, v), 3),
        (lambda v: bounds.log_weights(vae(), Z[:, :2], v), 3),
        (lambda v: bounds.iwae(vae(), Z[:, :2], v), 3),
        (lambda v: bounds.renyi(vae(), Z[:, :2], v, 0.5), 3),
        (lambda v: bounds.log_likelihood(vae(), Z[:, :2], v, 2), 3),
        (lambda v: bounds.log_likelihood(vae(), Z[:, :2], 3, v), 2),
        (bounds.Weighted, 3),
        (lambda v: images.load("mnist", smoke=True, size=v).test, 14),
        (lambda v: celeba.load(smoke=True, size=v).test[:1], 16),
        (lambda v: mappings.create("sparse", 3, hidden=(v, v))(Z), 4),
        (lambda v: mappings.create("hierarchy", 2 * v, levels=(v, v))(torch.ones(1, 4)), 2),
        (lambda v: mappings.create("clusters", 4, factors=(v, v)).proportions(), 3),
        (lambda v: networks.mlp((2,), 2, hidden=(v,))[0](Z[:, :2]).mean, 4),
        (lambda v: priors.create("vamp", 2, networks.mlp((2,), 2)[0], Z[:, :2], components=v, blend=v)().mean, 3),
    ],
)
def test_a_whole_number_of_a_function_may_come_as_a_float(call, number, unchecked):
    found = []
    for value in (number, float(number)):
        with seeded(0):
            found.append(call(value))
    assert str(found[0]) == str(found[1])


def flags():
    """The flags of constructors and of functions that load or measure."""
    for thing in public(("data", "metrics", *MODULES, "paper.authors", "training"), callable):
        if not (inspect.isclass(thing) and issubclass(thing, Exception)):
            for parameter in inspect.signature(thing).parameters.values():
                of_ours = parameter.name == "graphs"  # which the library alone sets
                if parameter.annotation in (bool, "bool") and parameter.default is not parameter.empty and not of_ours:
                    yield thing, parameter.name


FLAGS = dict.fromkeys(flags())
OF_FLAGS = {  # what else is needed, where a value of its own will do
    "load": {"name": "mnist", "smoke": True},
    "mathieu": {"data_shape": (1, 32, 32)},
    "linear": {"train": CODES, "test": CODES, "generator": GENERATOR, "sizes": [10], "draws": 1},
    "Legacy": {"prior": priors.ring(2)},
    "ForgetfulSectors": {"k": 3},
    "write": {"root": Path("nowhere")},
    "Checkpoint": {"path": "nowhere"},
    "fit": {
        "model": VAE(nn.Identity(), nn.Identity(), nn.Identity()),
        "train": CODES,
        "valid": CODES,
        "schedule": None,
    },
}


@pytest.mark.parametrize(("of", "name"), FLAGS, ids=[f"{name} of {of.__module__}.{of.__name__}" for of, name in FLAGS])
def test_a_flag_is_true_or_false(of, name, unchecked):
    known = inspect.signature(of).parameters
    needed = {k: v for k, v in OF_FLAGS.get(of.__name__, {}).items() if k in known}
    for value in ("no", "", None, 2, [True]):
        with pytest.raises(ValueError, match=rf"^{name} must be True or False, not ") as caught:
            made(of, **{**needed, name: value})
        assert "\n" not in str(caught.value)
    assert not Path("nowhere").exists()


def test_keys_are_what_they_were():
    assert Training("mnist", "mathieu", 50, "gaussian", 10).key == "1cf4eef8a79671f7"


def test_a_number_is_a_number():
    for value in (True, "1", None, math.nan, math.inf, 1.5):
        with pytest.raises(ValueError, match=r"^n must be a whole number > 0 and < 3, not "):
            check_number("n", value, "> 0 and < 3", whole=True)
    check_number("n", 2.0, "> 0 and < 3", whole=True)
