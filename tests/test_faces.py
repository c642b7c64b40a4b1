"""What models of faces are measured by, and how their images are kept."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from intelvae.paper.records import Record, RunConfig, Store
from intelvae.paper.tasks.faces import FacesTask

from intelvae import likelihoods, networks, training
from intelvae.data import DataError, files, standin
from intelvae.metrics import features, frechet, levels
from intelvae.paper import builder, runs, sheets, tasks

SMALL = RunConfig("celeba", "mathieu", 6, "gaussian", epochs=1, batch_size=50, smoke_data=True)


@pytest.fixture(scope="module")
def record() -> Record:
    pytest.importorskip("efficientnet_lite_pytorch")
    mapping = {"mapping": "hierarchy", "mapping_options": {"levels": 2}}
    return runs.run(dataclasses.replace(SMALL, **mapping))[0]


# The task


def test_a_run_on_faces_measures_samples_codes_and_attributes(record):
    judged = {"frechet", "kid", "kid_error", "precision", "recall", "density", "coverage"}
    labelled = {f"{name}_{n}" for name in ("accuracy", "balanced") for n in (50, 100, 500, 800)}
    names = {f"{name}_200" for name in judged} | labelled  # 100 faces for tests and 100 for validation
    names |= {"test_elbo", "test_kl", "majority", "wrap_frechet_200", "best_epoch", "train_faces", "real_frechet_200"}
    sparsity = ("hoyer_mean", "hoyer_sample", "hoyer_nonzero", "hoyer_used", "zero_codes", "active_per_image")
    names |= {*sparsity, "active_per_class", "active_overall", "effective_per_class", "left_off"}
    names |= {"kl_0", "kl_1"}  # of the two levels
    assert record.metrics.keys() == names
    assert record.metrics["kl_0"] + record.metrics["kl_1"] == pytest.approx(record.metrics["test_kl"], rel=1e-4)
    kept = record.artifacts["attributes"]
    assert len(kept["names"]) == len(kept["majority"]) == 13
    assert {name: list(kept[name]) for name in kept if name not in ("names", "majority")} == {
        "linear": ["50", "100", "500", "800"],
        "linear, codes as they are": ["50", "100", "500", "800"],
        "authors": ["50"],  # the other 50 of the test faces are held out
    }
    of_50 = kept["linear"]["50"]
    assert len(of_50["accuracy"]) == 1 and len(of_50["by_attribute"]) == len(of_50["balanced_by_attribute"]) == 13
    assert sum(of_50["balanced_by_attribute"]) / 13 == pytest.approx(record.metrics["balanced_50"], abs=2e-4)
    assert record.metrics["accuracy_50"] == pytest.approx(sum(of_50["accuracy"]))
    # the mean over draws of means over attributes, and the other way round, up to the record's four digits
    assert sum(of_50["by_attribute"]) / 13 == pytest.approx(record.metrics["accuracy_50"], abs=2e-4)


def test_a_record_says_what_it_was_trained_on_and_what_a_perfect_model_would_get(record):
    assert record.artifacts["data"] == "drawn faces, 800 / 100 / 100 images (train / valid / test), 32x32"
    assert record.metrics["train_faces"] == 800
    data = runs.task(SMALL).data
    train, held_out = (
        features.extract(features.STAND_IN, x / 255) for x in (data.train[:200], torch.cat([data.test, data.valid]))
    )
    expected = frechet.distance(frechet.fit(train), frechet.fit(held_out))
    assert record.metrics["real_frechet_200"] == pytest.approx(expected, rel=1e-4)  # float32
    assert record.metrics["real_frechet_200"] < record.metrics["frechet_200"]


def test_an_attribute_that_no_test_face_has_is_left_out_of_what_is_balanced():
    work = runs.task(SMALL)
    has = work.data.test_attributes.clone()
    has[:, 1] = False
    work = dataclasses.replace(work, data=dataclasses.replace(work.data, test_attributes=has))
    z = torch.randn(900, 4, generator=torch.Generator().manual_seed(0))
    found = work._attributes(z[800:], z[800:], z[:800])
    for of in (found["linear"]["50"], found["authors"]["50"]):
        assert of["balanced_by_attribute"][1] is None and None not in of["balanced_by_attribute"][2:]
    assert "NaN" not in json.dumps(found)


def test_images_of_a_record_are_samples_and_traversals_that_say_so(record):
    for name, count in (("images", 24), ("traversals", 2 * 2 * len(levels.VALUES))):
        assert record.artifacts[name]["origin"] == "generated"
        assert sheets.unpack(record.artifacts[name]).shape == (count, 3, 32, 32)
    assert [d // 3 for d in record.artifacts["dimensions"]] == [0, 1]
    again = Record.from_json(record.to_json())
    assert json.dumps(again.artifacts) == json.dumps(record.artifacts)


def test_a_sparse_vae_is_judged_on_both_kinds_of_samples():
    pytest.importorskip("efficientnet_lite_pytorch")
    found, model = runs.run(dataclasses.replace(SMALL, model="vsc", model_options={"alpha": 0.01}))
    assert found.metrics["dense_frechet_200"] != found.metrics["frechet_200"]
    y = model.prior().sample((1000,))
    assert (y == 0).float().mean() == pytest.approx(0.99, abs=0.006)  # four standard errors of 6,000 draws: 0.005
    assert 0 <= found.metrics["open_for_all"] <= found.metrics["open_for_some"] <= 6


def test_what_the_authors_code_measures_of_flows_and_without_a_clip():
    pytest.importorskip("efficientnet_lite_pytorch")
    flow = {"posterior": "sylvester", "posterior_options": {"vectors": 4}}
    metrics = runs.run(dataclasses.replace(SMALL, **flow))[0].metrics
    assert 0 < metrics["hoyer_base"] < 1 and metrics["hoyer_base"] != metrics["hoyer_sample"]
    assert metrics["wrap_frechet_200"] > metrics["frechet_200"]  # some means are below 0, and become white


def faces(n_test, n_valid, n_train=10):
    work = runs.task(SMALL)
    image, has = work.data.train[:1], work.data.train_attributes[:1]
    parts = {"train": n_train, "valid": n_valid, "test": n_test}
    changed = {name: image.expand(n, -1, -1, -1) for name, n in parts.items()}
    changed |= {f"{name}_attributes": has.expand(n, -1) for name, n in parts.items()}
    return FacesTask(dataclasses.replace(work.data, **changed), features.STAND_IN)


@pytest.mark.parametrize(
    ("test", "valid", "sizes"),
    [
        (1010, 931, (1900,)),  # the part of CelebA at laptop: validation faces help out
        (2000, 500, (2000,)),
        (19_962, 19_867, (2000, 10_000)),  # all of it
        (100, 100, (200,)),
    ],
)
def test_the_number_of_images_is_the_papers_or_as_many_hundreds_as_there_are(test, valid, sizes):
    work = faces(test, valid)
    assert work.sizes == sizes and len(work.real) == (test if test >= 2000 else test + valid)


def test_too_few_held_out_faces_are_refused_before_training(tmp_path, monkeypatch):
    assert faces(100, 1).sizes == (100,)
    work = faces(100, 100)
    assert len(work._attributes(*(torch.randn(n, 4) for n in (100, 100, 10)))["authors"]) == 1  # as page 12 needs
    with pytest.raises(DataError, match=r"at least 100 faces for tests.*drawn faces.* have 99"):
        faces(99, 500)
    monkeypatch.setenv(files.VARIABLE, str(standin.write(tmp_path / "part", 40)))
    endless = dataclasses.replace(SMALL, smoke_data=False, epochs=10**9)
    tasks._faces.cache_clear()
    with pytest.raises(training.TrainingError, match=r"1 of 1 runs failed: .*at least 100 faces for tests.* have 4"):
        runs.sweep([endless], Store(tmp_path / "runs"))


def test_faces_stay_mapped_from_their_file_all_through_training(monkeypatch):
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        pytest.skip("only Linux tells what is mapped from where")
    batches, seen = training._batches, []

    def watched(train, *rest):
        seen.append(train)
        return batches(train, *rest)

    monkeypatch.setattr(training, "_batches", watched)
    work = runs.task(SMALL)
    model = builder.build(SMALL, work.shape, work.train[:10])
    training.fit(model, work.train, work.valid[:10], training.Schedule(1, 10, 2), precision="bfloat16")
    (address,) = {train.data_ptr() for train in seen}
    assert address == work.train.data_ptr()  # no copy
    for line in maps.read_text(encoding="utf-8").splitlines():
        start, end = (int(word, 16) for word in line.split()[0].split("-"))
        if start <= address < end:
            assert line.endswith("images.u8")
            break
    else:
        pytest.fail("nothing is mapped there")


# Packing


@pytest.mark.parametrize("n", [1, 12, 13])
def test_sheets_keep_order_and_shape(n):
    shades = torch.linspace(0, 1, n)
    images = shades[:, None, None, None].expand(n, 3, 16, 16).clone()
    images[:, :, :4] = 0.0  # a black bar at the top
    back = sheets.unpack(sheets.pack(images, "drawn"))
    assert back.shape == (n, 3, 16, 16) and back.dtype == torch.uint8
    # 4 levels: rounding, and JPEG at a quality of 90 on blocks of one colour
    torch.testing.assert_close(back[:, :, 10:].float().mean((1, 2, 3)), 255 * shades, atol=4, rtol=0)
    assert back[:, :, :2].float().mean() < 8


# Likelihoods and networks


@pytest.mark.parametrize("name", ["gaussian", "bernoulli", "laplace"])
def test_likelihoods_of_colour_images_are_those_of_their_channels(name):
    likelihood = likelihoods.create(name, (3, 4, 4))
    h, x = torch.randn(5, 3, 4, 4).double(), torch.rand(5, 3, 4, 4).double()
    together = likelihood(h).log_prob(x)
    apart = sum(likelihood(h[:, c : c + 1]).log_prob(x[:, c : c + 1]) for c in range(3))
    torch.testing.assert_close(together, apart)
    assert likelihood(h).mean.shape == (5, 3, 4, 4)


@pytest.mark.parametrize(("name", "maps"), [("faces", (256, 128)), ("faces-narrow", (128, 64))])
def test_table_c2_has_the_layers_it_says(name, maps):
    encoder, decoder = networks.create(name, (3, 64, 64), 16)
    x, z = torch.rand(2, 3, 64, 64), torch.randn(2, 16)
    sizes = [tuple(part(x).shape[1:]) for part in (encoder.features[:3], encoder.features[:6], encoder.features[:9])]
    assert sizes == [(64, 32, 32), (128, 16, 16), (256, 8, 8)]
    sizes = [tuple(part(z).shape[1:]) for part in (decoder[:4], decoder[:7], decoder[:10], decoder)]
    assert sizes == [(256, 8, 8), (maps[0], 16, 16), (maps[1], 32, 32), (3, 64, 64)]
