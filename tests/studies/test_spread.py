"""The choice of Table 1's measure: the VAE alone, how much each measure spreads over seeds, and which one decides."""

import dataclasses
import math

import pytest
import torch
from drawn import result, results

from intelvae.data import images
from intelvae.metrics import samples
from intelvae.paper.rows import SECOND, VAE
from intelvae.paper.studies.digits import grid, spread

DATA = images.load("mnist", smoke=True)
KINDS = ("frechet", "clean_frechet", "kid", "classifier_frechet")


def ran(seed, **metrics):
    (run,) = spread.vae_alone("laptop", [seed])
    return dataclasses.replace(result(metrics=metrics), run=run)


def found(values, number=10_000, without=()):
    """Results whose metrics are these times 1 and 10, at two numbers of images, by seed."""
    of = [
        ran(
            s, **{f"{kind}_{n}": v * by for n, by in ((2000, 10), (number, 1)) for kind in KINDS if kind not in without}
        )
        for s, v in enumerate(values)
    ]
    return results(*of, experiment="measure-of-table1", profile="laptop")


def test_the_vae_of_table_1_with_seeds_that_the_table_has_not():
    for profile, count in (("smoke", 2), ("laptop", 5), ("paper", 5)):
        ours, table = spread.vae_alone(profile), grid.table1(profile)
        assert [run.training.seed for run in ours] == list(range(100, 100 + count))
        assert {run.row.method for run in ours} == {VAE} and all(SECOND in run.extras for run in ours)
        (of_table,) = {dataclasses.replace(r.training, seed=0) for r in table if r.row.name == "VAE"}
        assert {dataclasses.replace(run.training, seed=0) for run in ours} == {of_table}
        assert not {run.training for run in ours} & {run.training for run in table}


def test_the_spread_is_the_deviation_as_a_part_of_what_could_be_gained(monkeypatch):
    monkeypatch.setattr(spread.Measure, "of_real", lambda self, data, n: 20.0 if n == 2000 else 2.0)
    (first, *_) = spread.spreads(found([9.0, 11.0, 13.0]), DATA)
    assert (first["measure"], first["n"], first["real"]) == ("FD (EfficientNet-Lite0) with all pixels", 10_000, 2.0)
    assert first["spread"] == pytest.approx(100 * 2 / (11 - 2))
    # sqrt(2 / chi2) at 97.5 and 2.5 %, of two degrees of freedom: 0.52 and 6.28
    assert first["low"] / first["spread"] == pytest.approx(0.52, abs=0.01)
    assert first["high"] / first["spread"] == pytest.approx(6.28, abs=0.01)
    # two methods with ten seeds each: 18 degrees of freedom, of which 2.95 standard errors are found
    assert first["detectable"] == pytest.approx(2.95 * 2 * math.sqrt(2 / 10) / 9 * 100, rel=0.01)


def test_the_candidate_with_the_smallest_spread_decides_from_three_seeds_on(monkeypatch):
    real = {"clean_frechet": 0.0, "kid": 6.0, "classifier_frechet": -1000.0, "frechet": -9e9}
    monkeypatch.setattr(spread.Measure, "of_real", lambda self, data, n: real[self.metric])
    lines = spread.spreads(found([9.0, 10.0, 11.0]), DATA)
    ours, clean, kid = spread.candidates(lines)  # what is on all features is steadier here, and no candidate
    assert (ours["measure"], ours["n"]) == ("FD (classifier)", 10_000)
    assert (clean["measure"], clean["n"]) == ("FD (EfficientNet-Lite0) without faint pixels", 2_000) and kid[
        "real"
    ] == 6.0
    assert spread.told(lines).startswith(
        f"Of the candidates **FD (classifier)** at N = 10,000 has the smallest spread, {100 / 1010:.1f} %; "
        "FD (EfficientNet-Lite0) without faint pixels has 10.0 %; KID on the same features has 25.0 %. "
        "The intervals do not"
    )
    near = spread.spreads(found([9.0, 10.0, 11.0]), DATA)
    for line, value in zip(spread.candidates(near), (1.0, 1.1, 1.2), strict=True):
        line.update(spread=value, low=value / 2, high=value * 2)
    assert spread.told(near).endswith("Some of the intervals overlap.")
    without = spread.spreads(found([9.0, 10.0, 11.0], without=("classifier_frechet",)), DATA)
    assert len(without) == len(lines) - 2
    for few in (without, spread.spreads(found([9.0, 11.0]), DATA), spread.spreads(found([9.0]), DATA), []):
        assert spread.candidates(few) == [] and "No choice yet" in spread.told(few)
    shown = spread.lines(lines)
    assert shown["VAE"][0] == "10.0\xa0±\xa01.0"
    assert shown["measure (* candidate)"].str.endswith(" *").tolist() == [line["candidate"] for line in lines]
    assert sum(line["candidate"] for line in lines) == 3 and spread.lines([]).empty


def test_samples_that_are_judged_on_other_features_have_none_of_the_measures():
    for features in ("inception", "classifier"):
        others = [dataclasses.replace(r, run=r.run.judged_on(features)) for r in found([9.0, 10.0, 11.0])]
        assert spread.spreads(others, DATA) == []


@pytest.mark.usefixtures("projection")
def test_real_images_are_judged_as_generated_ones_are():
    """Training images in the place of generated ones, by the function that judges these."""
    train = DATA.train[torch.linspace(0, 799, 100).long()] / 255
    for measure in spread.MEASURES[:5]:
        pixels = "clean" if measure.clean else "clip"
        judged = samples.judge(train, DATA.test, measure.features, sizes=[100], pixels=pixels)
        name = measure.metric.removeprefix("clean_")
        assert measure.of_real(DATA, 100) == pytest.approx(judged[f"{name}_100"], rel=1e-4, abs=1e-6)
