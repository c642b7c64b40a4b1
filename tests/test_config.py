"""Configs of trainings and evaluations: what is equal, what is in a key, and what is refused."""

import copy
import dataclasses
import math

import jaxtyping
import numpy as np
import pytest

from intelvae.paper import evaluation, runs
from intelvae.paper.config import MEASURES, Evaluation, Training

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")


IWAE = {"bound": "iwae", "bound_options": {"samples": 8}}


def test_the_key_sees_every_field():
    keys = {CONFIG.key}
    fields = dataclasses.fields(Training)
    for field in fields:
        other = copy.copy(CONFIG)
        object.__setattr__(other, field.name, "another value")  # past the checks, which allow no value for all fields
        keys.add(other.key)
    assert len(keys) == len(fields) + 1


def test_options_may_be_given_as_a_dict_in_any_order():
    one = dataclasses.replace(CONFIG, mapping_options={"a": [1, 2], "b": 3})
    other = dataclasses.replace(CONFIG, mapping_options={"b": 3, "a": (1, 2)})
    assert one == other and hash(one) == hash(other) and one.key == other.key


def test_options_may_be_given_as_pairs_in_any_order():
    pairs = dataclasses.replace(CONFIG, mapping_options=[("b", 3), ("a", (1, 2))])
    assert pairs == dataclasses.replace(CONFIG, mapping_options={"a": [1, 2], "b": 3})


def test_what_is_equal_has_one_key(unchecked):
    """Else one of the two would be trained, and the other looked for."""
    one = Training("mnist-01", "mathieu", 1, "gaussian", 1, binary=True, repeats=(1, 3), mapping="threshold",
                   mapping_options={"c1": 5, "learnable": True})  # fmt: skip
    for change in (
        {"mapping_options": {"c1": 5.0, "learnable": 1}},
        {"mapping_options": {"c1": np.float32(5), "learnable": np.bool_(True)}},
        {"binary": 1},
        {"binary": np.bool_(True)},
        {"repeats": (1.0, np.int64(3))},
        {"gamma": 0, "alpha": np.float64(0)},
    ):
        other = dataclasses.replace(one, **change)
        assert other == one and hash(other) == hash(one) and other.key == one.key
    bounded = dataclasses.replace(CONFIG, **IWAE)
    assert dataclasses.replace(bounded, bound_options={"samples": 8.0}).key == bounded.key != CONFIG.key
    assert dataclasses.replace(bounded, bound_options={"samples": 8.0}).objective == bounded.objective
    with pytest.raises(ValueError, match="binary must be True or False, not 'yes'"):
        dataclasses.replace(one, binary="yes")


def test_equal_numbers_give_equal_configs(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users have no run-time types
    config = dataclasses.replace(CONFIG, seed=2, gamma=1.0, mapping_options={"eps": 0.5, "k": [3]})
    numpys = {"eps": np.float64(0.5), "k": [np.int64(3)]}
    same = dataclasses.replace(CONFIG, seed=np.int64(2), gamma=1, mapping_options=numpys)
    assert same == config and same.key == config.key
    for name, value in (("beta", math.nan), ("lr", "fast"), ("epochs", "3"), ("seed", 0.5)):
        with pytest.raises(ValueError, match=f"{name} must be a .*number .*not {value!r}"):
            dataclasses.replace(CONFIG, **{name: value})
    for name in ("latent_dim", "epochs", "batch_size", "steps_per_epoch"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number >= 1, not 0"):
            dataclasses.replace(CONFIG, **{name: 0})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior": "flow"}, "unknown prior 'flow': choose one of normal"),
        ({"split": "half"}, "unknown split 'half'"),
        ({"penalty": "l7"}, "unknown penalty 'l7'"),
        ({"prior_options": {"components": 5}}, "the prior 'normal' takes no options: .'components': 5"),
        ({"posterior_options": {"components": 5}}, "the posterior 'gaussian' takes no options"),
        ({"model_options": {"components": 5}}, "the model 'vae' takes no options"),
        ({"posterior": "sylvester", "prior": "vamp"}, "a Sylvester flow knows it at samples"),
        ({"model": "vsc"}, "the model 'vsc' takes no mapping"),
        ({"bound": "jackknife"}, "unknown bound 'jackknife'"),
        ({"bound": "iwae"}, "the bound 'iwae' takes the options samples"),
        ({"bound_options": {"samples": 8}}, "the bound 'elbo' takes the options none"),
        ({**IWAE, "beta": 2.0}, "maximised as it is: leave beta at 1"),
        ({**IWAE, "warmup": 2}, "leave warmup at 0"),
        ({**IWAE, "gamma": 1.0}, "leave gamma at 0"),
        ({**IWAE, "alpha": 1.0}, "leave alpha at 0"),
        ({**IWAE, "mapping": "identity", "model": "gm-vae"}, "the model 'gm-vae' has bounds of its own"),
    ],
)
def test_what_does_not_go_together_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(CONFIG, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": "moons"}, "unknown data 'moons'"),
        ({"mapping": "torus"}, "torus"),
        ({"mapping_options": {"radius": 1}}, "radius"),
        ({"network": "resnet"}, "unknown network"),
        ({"likelihood": "poisson"}, "unknown likelihood"),
        ({"mapping": "clusters", "mapping_options": {"k": 3}, "latent_dim": 1}, "3"),
    ],
)
def test_a_config_that_names_nothing_gets_one_clear_line_before_it_is_trained(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        runs.train(dataclasses.replace(CONFIG, **change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("prior", "options", "message"),
    [
        ("vamp", {}, "missing a required argument: 'components'"),
        ("vamp", {"components": 0}, "components must be a whole number >= 1, not 0"),
        ("vamp", {"components": 1001}, "cannot start 1001 pseudo-inputs from 1000 examples"),
        ("vamp", {"components": 101, "blend": 10}, "101 pseudo-inputs, each the mean of 10, from 1000 examples"),
        ("vamp", {"components": 5, "blend": 0}, "blend must be a whole number >= 1, not 0"),
        ("vamp", {"components": 5, "radius": 2.0}, "unexpected keyword argument 'radius'"),
        ("mog", {"weight": 0.5}, "unexpected keyword argument 'weight'"),
        ("mog", {"legacy": ["samples", "both"]}, "unexpected keyword argument 'both'"),
        ("sparse", {"components": 2}, "unexpected keyword argument 'components'"),
        ("sparse", {"legacy": ["samples"]}, "unexpected keyword argument 'legacy'"),
    ],
)
def test_a_prior_with_options_that_do_not_fit_is_refused(prior, options, message):
    with pytest.raises(ValueError, match=message):
        runs.train(dataclasses.replace(CONFIG, mapping="identity", prior=prior, prior_options=options))


GREY = Training("fashion-mnist", "mathieu", 50, "gaussian", 1)


@pytest.mark.parametrize(
    ("wanted", "config", "message"),
    [
        (Evaluation("codes"), CONFIG, "no evaluation 'codes' for circle: there are points, scatter"),
        (Evaluation("samples"), GREY, "needs the name of a network of features"),
        (Evaluation("codes", "inception"), GREY, "'codes' takes no features, and 'inception' is given"),
        (Evaluation("levels"), dataclasses.replace(GREY, prior="sparse"), "needs the prior N"),
        (Evaluation("levels"), dataclasses.replace(GREY, latent_dim=7), "7 latent dimensions .* 5 blocks"),
    ],
)
def test_an_evaluation_that_is_not_for_the_model_is_refused(wanted, config, message):
    with pytest.raises(ValueError, match=message) as caught:
        evaluation.check(wanted, config)
    assert "\n" not in str(caught.value)


def test_an_evaluation_that_is_unknown_is_refused():
    assert set(evaluation.KINDS) == set(MEASURES)  # which has their semantics
    with pytest.raises(ValueError, match="no evaluation 'beauty': choose one of points, scatter"):
        Evaluation("beauty")


def test_an_evaluation_on_unknown_features_is_refused():
    with pytest.raises(ValueError, match="unknown features 'vgg'"):
        Evaluation("samples", "vgg")


def test_a_training_says_in_a_line_what_is_trained():
    assert str(CONFIG) == "vae with mapping circle on circle (mlp, learned-gaussian, seed 0)"
    assert str(GREY) == "vae on fashion-mnist (mathieu, gaussian, seed 0)"
    sparse = dataclasses.replace(GREY, mapping="sparse", gamma=30.0, seed=2)
    assert str(sparse) == "vae with mapping sparse, gamma 30 on fashion-mnist (mathieu, gaussian, seed 2)"
