"""The precision of a run: the machine's own choice, or float64 where results must not depend on how it rounds."""

import dataclasses
import math
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from intelvae import training
from intelvae.dtypes import as_float
from intelvae.paper import bench, runs, studies
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.store import Store, edition

TOY = Training("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")
WIDE = dataclasses.replace(TOY, precision="float64")


def test_a_precision_that_a_config_does_not_name_is_no_part_of_its_key():
    keys = {dataclasses.replace(TOY, precision=p).key for p in (None, *training.PRECISIONS)}
    assert len(keys) == 1 + len(training.PRECISIONS) and TOY.key in keys
    assert runs.train(TOY)[0].precision == "float32"  # which the record says


@pytest.mark.parametrize("name", studies.NAMES)
def test_only_what_is_compared_by_precision_names_one_of_a_machine(name):
    of = {profile: {run.training.precision for run in studies.runs(name, profile)} for profile in studies.PROFILES}
    compares = name == "precision"
    assert of["laptop"] == of["paper"] == ({"float32", "bfloat16"} if compares else {None})
    assert of["smoke"] == ({"float32", "float64"} if compares else {"float64"})


def test_a_run_in_float64_is_so_in_all_its_parts_and_leaves_the_default_alone(tmp_path):
    trained, model = runs.train(WIDE)
    assert trained.precision == "float64" and torch.get_default_dtype() == torch.float32
    assert {p.dtype for p in (*model.parameters(), *model.buffers())} == {torch.float64}
    store = Store(tmp_path)
    store.put_trained(trained, model)
    loaded = runs.load(WIDE, store)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))
    first, again = (runs.measure(WIDE, Evaluation("points"), of).metrics for of in (model, loaded))
    assert again == first


def test_float64_gives_one_result_whatever_the_order_of_sums():
    """Runs side by side add up in another order than runs alone, and steps amplify the last digit a thousand times."""
    config = dataclasses.replace(WIDE, epochs=3, steps_per_epoch=100)
    _, alone = runs.train(config)
    _, together = runs.train_together([config, dataclasses.replace(config, seed=1)])[0]
    alone, together = (runs.measure(config, Evaluation("points"), model).metrics for model in (alone, together))
    for name in ("test_elbo", "sliced_wasserstein", "log_likelihood"):
        assert together[name] == pytest.approx(alone[name], rel=1e-9)


def test_the_precision_of_a_model_and_of_its_training_go_together():
    model = bench.Case("mlp", (2,), 2, 1).model()
    x = torch.zeros(10, 2)
    with pytest.raises(ValueError, match="a model in float32 cannot be trained in float64"):
        training.fit(model, x, x, training.Schedule(1, 5), precision="float64")
    for name in ("float32", "bfloat16"):
        with pytest.raises(ValueError, match=f"a model in float64 cannot be trained in {name}"):
            training.fit(model.double(), x.double(), x.double(), training.Schedule(1, 5), precision=name)
    history = training.fit(model.double(), x.double(), x.double(), training.Schedule(1, 5))
    assert math.isfinite(history.valid_elbo[0])


def test_images_are_of_the_default_dtype():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    with training.default_dtype(torch.float64):
        assert torch.equal(as_float(pixels), torch.tensor([0, 0.2, 1], dtype=torch.float64))
    assert torch.equal(as_float(pixels), torch.tensor([0, 0.2, 1]))


def elsewhere(code, **environment):
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.strip()


def test_a_processor_that_may_not_use_bfloat16_trains_in_float32():
    """What oneDNN may use counts, not what the processor's name promises."""
    code = (
        "from intelvae.training import fastest; from intelvae.paper import bench; print(fastest(bench.MATHIEU.model()))"
    )
    assert elsewhere(code, ONEDNN_MAX_CPU_ISA="AVX2") == "float32"


def test_small_layers_are_trained_in_float32_whatever_the_processor(monkeypatch):
    monkeypatch.setattr(training.precision, "_bfloat16_pays", lambda device: True)
    assert training.fastest(nn.Linear(2, 2)) == "float32"
    assert training.fastest(nn.Conv2d(1, 1, 2)) == "bfloat16"
    assert training.fastest(nn.Conv2d(1, 1, 2).double()) == "float64"


def test_records_of_smoke_are_of_one_way_to_round(monkeypatch):
    found = set()
    for isa in ("default", "avx2"):
        monkeypatch.setenv("ATEN_CPU_CAPABILITY", isa)
        edition.cache_clear()
        found.add(edition())
    edition.cache_clear()
    assert [len(name) for name in found] == [10, 10]
