"""The data of a training: what a model learns from, stops by and is tested on, and what is refused."""

import dataclasses

import pytest
import torch

from intelvae.data import celeba, images
from intelvae.paper import datasets
from intelvae.paper.config import Training
from intelvae.paper.datasets import Points
from intelvae.paper.studies.digits.grid import table3

DIGITS = Training("mnist-01", "authors", 2, "gaussian", epochs=1, smoke_data=True)


def of(data, **settings):
    return datasets.of(dataclasses.replace(DIGITS, data=data, **settings))


@pytest.mark.parametrize("row", table3(), ids=lambda row: row.name)
def test_repeats_give_the_share_of_zeros(row):
    plain, work = (of("mnist-01", repeats=r) for r in ((1, 1), row.settings["repeats"]))
    zeros = plain.train[plain.data.train_labels == 0]
    count = sum(int((work.train == image).all((1, 2, 3)).sum()) for image in zeros.unique(dim=0))
    share = count / len(work.train)  # the sample has as many zeros as ones, up to a few
    assert share == pytest.approx(row.value, abs=0.01)
    assert torch.equal(work.valid, plain.valid) and torch.equal(work.data.test, plain.data.test)


@pytest.mark.parametrize("name", images.NAMES)
def test_models_learn_from_training_images_and_stop_by_those_of_validation(name):
    work = of(name)
    assert torch.equal(work.train, work.data.train) and torch.equal(work.valid, work.data.valid)
    assert torch.equal(work.test, work.data.test) and work.examples == len(work.train)


@pytest.mark.parametrize(("test", "sizes"), [(10_000, (2000, 10_000)), (1980, (1900,)), (300, (300,)), (100, (100,))])
def test_samples_are_compared_with_as_many_images_as_there_are(test, sizes):
    data = of("mnist")
    pixels, labels = data.yardstick.test[:1].expand(test, -1, -1, -1), data.yardstick.test_labels[:1].expand(test)
    yardstick = dataclasses.replace(data.yardstick, test=pixels, test_labels=labels)
    assert dataclasses.replace(data, yardstick=yardstick).sizes == sizes
    assert data.sizes == (100,)  # at smoke


def test_no_point_of_a_toy_is_for_both_validation_and_test():
    work = Points("circle")
    assert not (work.valid[:, None] == work.test).all(-1).any()


@pytest.mark.parametrize("changed", [{"binary": True}, {"split": "code"}])
def test_models_of_other_images_are_held_against_the_same_ones(changed):
    plain, other = of("mnist-01"), of("mnist-01", **changed)
    assert not torch.equal(plain.train, other.train) and other.yardstick is plain.yardstick is plain.data


def test_unknown_data_are_told_the_known_ones():
    with pytest.raises(ValueError, match="unknown data 'svhn': choose one of circle"):
        of("svhn")


GIVEN = {"binary": True, "split": "code", "whole": True, "repeats": (1, 3)}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (d, name)
        for d in ("circle", "mnist-01", "mnist", celeba.NAME)
        for name in GIVEN
        if d not in datasets.TAKEN_BY[name]
    ],
)
def test_a_setting_of_other_data_is_refused(data, name):
    """Before any data are read: a result would say of it that it was done."""
    with pytest.raises(ValueError, match=f"^{name} is not for {data}: it is for "):
        of(data, **{name: GIVEN[name]})


def test_every_setting_of_some_data_only_is_tried():
    assert GIVEN.keys() == datasets.TAKEN_BY.keys()


@pytest.mark.parametrize("repeats", [(3,), (1, 1, 5), (0, 0), (-1, 2)])
def test_repeats_are_one_for_each_digit(repeats):
    with pytest.raises(ValueError, match="repeats are how often zeros and ones"):
        of("mnist-01", repeats=repeats)
