"""NaN, infinity and nothing at all: every metric refuses them, and so does what takes numbers from a model."""

import importlib
import inspect
import pkgutil

import pytest
import torch

from intelvae import divergences, mappings, metrics, training
from intelvae.finite import check_finite
from intelvae.metrics import clusters, frechet, levels
from intelvae.paper import builder
from intelvae.paper.config import Training


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def model(**changes):
    config = {"data": "sparse", "network": "mlp", "latent_dim": 2, "likelihood": "gaussian", "epochs": 1} | changes
    with training.seeded(0):
        return builder.build(Training(**config), (2,), torch.zeros(10, 2))


POINTS, IMAGES, BYTES = normal(40, 2), normal(40, 1, 1, 2).sigmoid(), torch.zeros(40, 1, 1, 2, dtype=torch.uint8)
CODES, LABELS, HAS = normal(40, 3), torch.arange(40) % 2, (torch.arange(40) % 2 > 0)[:, None]
CLASSIFIER = clusters.fit_digit_classifier(IMAGES, LABELS)


def images_model():
    """A model of images (1, 1, 2) with a Gaussian posterior."""
    with training.seeded(0):
        return builder.build(Training("mnist", "mlp", 2, "gaussian", 1), (1, 1, 2), torch.zeros(10, 1, 1, 2))


def rng():
    return torch.Generator().manual_seed(0)


# what each public function of `metrics` is called with; None: it takes no floating numbers from a model
CALLS = {
    "attributes.linear": lambda: {
        "train": (CODES, HAS), "test": (CODES, HAS), "generator": rng(), "sizes": [10], "draws": 1
    },
    "attributes.authors": lambda: {
        "samples": (CODES, HAS), "generator": rng(), "sizes": [10], "held_out": 10, "draws": 1
    },
    "attributes.majority": None,
    "attributes.one_blas_thread": None,
    "classifier.accuracy": None,
    "classifier.check_shape": None,
    "classifier.fit": None,
    "classifier.from_bytes": None,
    "classifier.path": None,
    "classifier.to_bytes": None,
    "classifier.told": None,
    "clusters.fit_digit_classifier": lambda: {"images": IMAGES, "labels": LABELS},
    "clusters.uncertainty_and_proportion": lambda: {"classifier": CLASSIFIER, "images": IMAGES},
    "clusters.predict": lambda: {"classifier": CLASSIFIER, "images": IMAGES},
    "codes.encode": lambda: {"model": model(), "x": POINTS},
    "codes.behind": lambda: {"found": {"base": CODES, "slab": CODES, "gates": CODES.sigmoid()}},
    "codes.active": lambda: {"size": CODES.abs()},
    "codes.mean_size": lambda: {"codes": CODES, "labels": LABELS},
    "codes.sparsity": lambda: {"means": CODES, "samples": CODES, "labels": LABELS},
    "codes.overlap": lambda: {"by_class": CODES.abs()},
    "codes.traversals": lambda: {
        "model": images_model(), "x": IMAGES, "labels": LABELS, "classes": [0, 1], "dimensions": 2
    },
    "downstream.few_shot": lambda: {
        "codes": CODES, "labels": LABELS, "test": (CODES, LABELS), "generator": rng(), "sizes": [10], "draws": 1
    },
    "downstream.in_turn": None,
    "feature_cache.folder": None,
    "feature_cache.path": None,
    "feature_cache.real": None,
    "features.check_choice": None,
    "features.distance_name": None,
    "features.get": None,
    "features.of_data": None,
    "features.ready": None,
    "features.extract": lambda: {"extractor": "efficientnet-lite0", "images": IMAGES},
    "fidelity.fidelity_and_diversity": lambda: {"real": CODES, "generated": CODES + 1},
    "frechet.fit": lambda: {"features": CODES},
    "frechet.distance": lambda: {"p": frechet.fit(CODES), "q": frechet.fit(CODES + 1)},
    "hoyer.hoyer": lambda: {"z": CODES},
    "hoyer.by_chance": None,
    "kid.distance": lambda: {"real": CODES, "generated": CODES + 1, "blocks": 2},
    "levels.fit_classifier": lambda: {"images": IMAGES, "labels": LABELS},
    "levels.held": lambda: {"model": images_model(), "widths": [1, 1], "x": IMAGES},
    "levels.judge": lambda: {
        "model": images_model(), "widths": [1, 1], "classifier": levels.fit_classifier(IMAGES, LABELS),
        "train": (IMAGES, LABELS), "test": (IMAGES, LABELS), "generator": rng(), "drawn": 10,
    },
    "levels.traverse": lambda: {"model": images_model(), "y": POINTS, "widths": [1, 1]},
    "neighbours.nearest": lambda: {"images": IMAGES, "reference": IMAGES},
    "neighbours.stray": lambda: {"generated": IMAGES, "train": IMAGES, "test": IMAGES},
    "samples.as_shown": lambda: {"images": IMAGES},
    "samples.faint": lambda: {"images": IMAGES},
    "samples.judge": lambda: {"generated": IMAGES, "real": BYTES, "extractor": "efficientnet-lite0", "sizes": [20]},
    "slopes.slopes": lambda: {"f": torch.sin, "at": POINTS},
    "toy.sliced_wasserstein": lambda: {"a": POINTS, "b": POINTS + 1},
    "toy.off_support": lambda: {"name": "circle", "x": POINTS},
    "toy.inside_hole": lambda: {"name": "circle", "x": POINTS},
    "toy.bridge": lambda: {"x": POINTS},
}  # fmt: skip
NETWORKS = {"features.extract", "samples.judge"}  # their weights take seconds to load
OF_A_MODEL = ("codes.encode", "codes.traversals", "levels.held", "levels.judge", "levels.traverse")


def public():
    """The public functions of the package, by name."""
    for module in pkgutil.iter_modules(metrics.__path__):
        found = importlib.import_module(f"intelvae.metrics.{module.name}")
        for name, of in inspect.getmembers(found, inspect.isfunction):
            if not name.startswith("_") and of.__module__ == found.__name__:
                yield f"{module.name}.{name}", of


FUNCTIONS = dict(public())


def spoilt(value, bad):
    """Copies of `value`, in each of which one of the floating tensors has one number that is `bad`."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        copy = value.clone(memory_format=torch.contiguous_format)
        copy.view(-1)[-1] = bad
        yield copy
    elif isinstance(value, frechet.Gaussian):
        yield from (frechet.Gaussian(mean, value.factor, value.n) for mean in spoilt(value.mean, bad))
        yield from (frechet.Gaussian(value.mean, factor, value.n) for factor in spoilt(value.factor, bad))
    elif isinstance(value, dict):
        yield from ({**value, name: copy} for name, part in value.items() for copy in spoilt(part, bad))
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from ((*value[:i], copy, *value[i + 1 :]) for copy in spoilt(part, bad))


def test_no_public_function_is_left_out():
    assert set(CALLS) == set(FUNCTIONS)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call])
def test_no_metric_takes_numbers_that_are_not_finite(name, bad):
    arguments = CALLS[name]()
    if name not in NETWORKS and bad is torch.inf:
        FUNCTIONS[name](**arguments)  # as they are, they will do
        arguments = CALLS[name]()
    seen = 0
    for argument, value in arguments.items():
        for copy in spoilt(value, bad):
            seen += 1
            with pytest.raises(
                ValueError, match=rf"^1 numbers of {argument} are not finite: has the model diverged\?$"
            ):
                FUNCTIONS[name](**{**arguments, argument: copy})
    assert seen


def emptied(value):
    """Copies of `value`, in each of which one of the tensors, of floats, whole numbers or flags, has no rows."""
    if isinstance(value, torch.Tensor):
        yield value[:0]
    elif isinstance(value, dict):
        yield from ({**value, name: copy} for name, part in value.items() for copy in emptied(part))
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from ((*value[:i], copy, *value[i + 1 :]) for copy in emptied(part))


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call and name != "frechet.distance"])
def test_no_metric_is_of_nothing(name):
    arguments = CALLS[name]()
    for argument, value in arguments.items():
        for copy in emptied(value):
            with pytest.raises(ValueError, match=rf"^{argument} of shape \(0,.*\) has no numbers") as caught:
                FUNCTIONS[name](**{**arguments, argument: copy})
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize("name", OF_A_MODEL)
def test_what_a_diverged_model_gives_is_looked_at(name, bad):
    for part in ("encoder", "decoder"):
        arguments = CALLS[name]()
        if part == "decoder" and name in ("codes.encode", "levels.held"):
            continue
        if part == "encoder" and name == "levels.traverse":
            continue
        layers = [m for m in getattr(arguments["model"], part).modules() if isinstance(m, torch.nn.Linear)]
        layers[-1].bias.data.fill_(bad)
        if part == "encoder":
            arguments["model"].encoder.mu.bias.data.fill_(bad)
        with pytest.raises(ValueError, match="not finite: has the model diverged"):
            FUNCTIONS[name](**arguments)


@pytest.mark.parametrize(
    ("mapping", "dim", "options"),
    [("clusters", 1, {"k": 2}), ("clusters", 2, {"k": 3}), ("clusters", 4, {"factors": (2, 3)})],
)
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_code_that_is_not_finite_has_no_cluster(mapping, dim, options, bad):
    g, y = mappings.create(mapping, dim, **options), normal(5, dim)
    assert g.labels(y).shape == (5,)
    y[2, 0] = bad
    with pytest.raises(ValueError, match="1 numbers of y are not finite"):
        g.labels(y)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_no_histogram_of_what_is_not_finite(bad):
    for argument in ("a", "b"):
        samples = {"a": normal(20, 2), "b": normal(20, 2, seed=1)}
        samples[argument][3, 1] = bad
        with pytest.raises(ValueError, match=f"1 numbers of {argument} are not finite"):
            divergences.histogram_kl(**samples, bins=4)


def test_what_is_no_floating_tensor_is_let_through():
    check_finite("x", (None, "nan", 3, BYTES, LABELS, {"a": [IMAGES]}))
    with pytest.raises(ValueError, match=r"^2 numbers of x are"):
        check_finite("x", {"a": [torch.tensor([torch.nan, 1.0])], "b": torch.tensor(torch.inf)})
