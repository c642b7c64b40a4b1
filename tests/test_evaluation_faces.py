"""What models of faces are measured by, and what is kept of them."""

import dataclasses
from pathlib import Path

import pytest
import torch

from intelvae import priors, training
from intelvae.data import DataError, files, standin
from intelvae.metrics import features, frechet, levels
from intelvae.models import VAE
from intelvae.paper import builder, datasets, evaluation, pictures, runs, sweeps
from intelvae.paper import rows as looks
from intelvae.paper.config import Evaluation, Training
from intelvae.paper.datasets import Faces
from intelvae.paper.evaluation import faces
from intelvae.paper.rows import Row, Run
from intelvae.paper.store import Store
from intelvae.training import steps

SMALL = Training("celeba", "mathieu", 6, "gaussian", epochs=1, batch_size=50, smoke_data=True)
HIERARCHY = dataclasses.replace(SMALL, mapping="hierarchy", mapping_options={"levels": 2})
SAMPLES = Evaluation("samples", features.STAND_IN)


def evaluate(config, model, *names):
    """Metrics, and what is kept, of these evaluations of a model."""
    pytest.importorskip("efficientnet_lite_pytorch")
    found = [runs.measure(config, SAMPLES if name == "samples" else Evaluation(name), model) for name in names]
    metrics = {name: value for each in found for name, value in each.metrics.items()}
    return metrics, {name: value for each in found for name, value in each.kept.items()}


def trained(config):
    return runs.train(config)[1]


@pytest.fixture(scope="module")
def hierarchy() -> VAE:
    return trained(HIERARCHY)


def test_samples_are_judged_beside_what_a_perfect_model_would_get(hierarchy):
    metrics, kept = evaluate(HIERARCHY, hierarchy, "samples")
    judged = {"frechet", "kid", "kid_error", "precision", "recall", "density", "coverage"}
    # 100 faces for tests and 100 for validation
    assert metrics.keys() == {f"{name}_200" for name in (*judged, "wrap_frechet", "real_frechet")} and not kept
    data = datasets.of(SMALL).data
    assert data.source == "drawn faces, 800 / 100 / 100 images (train / valid / test), 32x32"
    train, held_out = (
        features.extract(features.STAND_IN, x / 255) for x in (data.train[:200], torch.cat([data.test, data.valid]))
    )
    expected = frechet.distance(frechet.fit(train), frechet.fit(held_out))
    assert metrics["real_frechet_200"] == pytest.approx(expected, rel=1e-4)  # float32
    assert metrics["real_frechet_200"] < metrics["frechet_200"]


def test_codes_and_levels_of_faces_are_measured(hierarchy):
    metrics, kept = evaluate(HIERARCHY, hierarchy, "elbo", "codes", "levels")
    sparsity = {"hoyer_mean", "hoyer_sample", "hoyer_nonzero", "hoyer_used", "zero_codes", "active_per_image"}
    sparsity |= {"active_per_class", "active_overall", "effective_per_class", "left_off"}
    assert metrics.keys() == {"test_elbo", "test_kl", "kl_0", "kl_1", *sparsity} and not kept
    assert metrics["kl_0"] + metrics["kl_1"] == pytest.approx(metrics["test_kl"], rel=1e-4)  # float32


def test_attributes_are_told_by_every_protocol(hierarchy):
    metrics, kept = evaluate(HIERARCHY, hierarchy, "attributes")
    of_each = {f"majority/{name}" for name in standin.ATTRIBUTES}
    scores = {f"{name}_{n}" for name in ("accuracy", "balanced") for n in (50, 100, 500, 800)}
    assert metrics.keys() == {"majority", *of_each, *scores}
    assert metrics["majority"] == pytest.approx(sum(metrics[name] for name in of_each) / 13)
    measures = ("accuracy", "balanced", "by_attribute", "balanced_by_attribute")
    assert list(kept) == [
        f"{protocol}/{n}/{measure}"
        for protocol, sizes in (
            ("linear", (50, 100, 500, 800)),
            ("linear, codes as they are", (50, 100, 500, 800)),
            ("authors", (50,)),  # the other 50 of the test faces are held out
        )
        for n in sizes
        for measure in measures
    ]
    accuracy, balanced, by_attribute, balanced_by = (kept[f"linear/50/{measure}"] for measure in measures)
    assert accuracy.shape == balanced.shape == (1,) and by_attribute.shape == balanced_by.shape == (13,)
    assert metrics["accuracy_50"] == pytest.approx(accuracy.mean().item())
    # the mean over draws of means over attributes, and the other way round
    assert by_attribute.mean().item() == pytest.approx(metrics["accuracy_50"])
    assert balanced_by.mean().item() == pytest.approx(metrics["balanced_50"])
    assert not torch.equal(accuracy, kept["linear, codes as they are/50/accuracy"])


def test_an_attribute_that_no_test_face_has_is_left_out_of_what_is_balanced():
    data = datasets.of(SMALL)
    has = data.data.test_attributes.clone()
    has[:, 1] = False
    changed = dataclasses.replace(data, data=dataclasses.replace(data.data, test_attributes=has))
    model = untrained(SMALL)
    with training.seeded(0):
        found = faces.attributes(model, changed)
    for protocol in ("linear", "authors"):
        balanced = found[f"{protocol}/50/balanced_by_attribute"]
        assert balanced.isnan().nonzero().flatten().tolist() == [1]
        assert found[f"{protocol}/50/balanced"].isfinite().all()
        assert not found[f"{protocol}/50/by_attribute"].isnan().any()


def untrained(config):
    with training.seeded(config.seed):
        return runs.prepare(config)[1].eval()


def test_draws_of_labelled_faces_are_the_same_for_every_model():
    """So are their results, then, for equal codes: whatever a model has drawn before."""
    data, model = datasets.of(SMALL), untrained(SMALL)
    few = {"train": data.train[:60], "train_attributes": data.data.train_attributes[:60]}
    data = dataclasses.replace(data, data=dataclasses.replace(data.data, **few), draws=2)
    one, other = (faces.attributes(model, data) for _ in range(2))
    assert one.keys() == other.keys() and one["linear/50/accuracy"].unique().shape == (2,)
    for name in (name for name in one if name.startswith("linear")):  # the authors' protocol takes samples
        assert torch.equal(one[name], other[name]), name


def test_what_is_kept_to_be_shown_is_drawn_by_the_model(hierarchy):
    metrics, kept = evaluate(HIERARCHY, hierarchy, "gallery", "level-traversals")
    assert not metrics and kept.keys() == {"images", "traversals", "dimensions"}
    assert kept["images"].shape == (12, 3, 32, 32) and kept["images"].dtype == torch.uint8
    assert kept["traversals"].shape == (2, 2, len(levels.VALUES), 3, 32, 32)
    assert kept["traversals"].dtype == torch.uint8
    assert [d // 3 for d in kept["dimensions"].tolist()] == [0, 1]
    middle = kept["traversals"][0, :, len(levels.VALUES) // 2]
    assert not torch.equal(middle[0], middle[1])  # two draws of the prior
    # each image of a line is another
    assert len(kept["traversals"][0, 0].flatten(1).unique(dim=0)) == len(levels.VALUES)


def test_a_sparse_vae_is_judged_on_both_kinds_of_samples():
    config = dataclasses.replace(SMALL, model="vsc", model_options={"alpha": 0.01})
    metrics, kept = evaluate(config, model := trained(config), "samples", "codes", "gallery")
    assert metrics["dense_frechet_200"] != metrics["frechet_200"]
    y = model.prior().sample((1000,))
    assert (y == 0).float().mean() == pytest.approx(0.99, abs=0.006)  # four standard errors of 6,000 draws: 0.005
    assert 0 <= metrics["open_for_all"] <= metrics["open_for_some"] <= 6
    assert kept["dense_images"].shape == kept["images"].shape
    # nearly every draw of the prior is zero, so that images are the same; those from N(0, I) are not
    assert len(kept["dense_images"].flatten(1).unique(dim=0)) == 12 > len(kept["images"].flatten(1).unique(dim=0))


def test_what_the_authors_code_measures_of_flows_and_without_a_clip():
    config = dataclasses.replace(SMALL, posterior="sylvester", posterior_options={"vectors": 4})
    metrics, _ = evaluate(config, trained(config), "samples", "codes")
    assert 0 < metrics["hoyer_base"] < 1 and metrics["hoyer_base"] != metrics["hoyer_sample"]
    assert metrics["wrap_frechet_200"] > metrics["frechet_200"]  # some means are below 0, and become white


def test_levels_of_faces_need_a_hierarchy_before_anything_is_trained():
    for name in ("levels", "level-traversals"):
        evaluation.check(Evaluation(name), HIERARCHY)
        with pytest.raises(ValueError, match=f"the evaluation '{name}' of faces needs the mapping 'hierarchy'"):
            evaluation.check(Evaluation(name), dataclasses.replace(SMALL, latent_dim=10))
    with pytest.raises(ValueError, match="levels are those of a hierarchical mapping"):
        faces.levels(untrained(SMALL), datasets.of(SMALL))


def test_traversals_start_from_the_same_draws_of_the_models_own_prior(hierarchy, monkeypatch):
    seen = []
    nothing = torch.zeros(4, 3, 8, 8), [0, 1]
    monkeypatch.setattr(levels, "traverse", lambda model, y, widths: seen.append(y) or nothing)
    state = torch.random.get_rng_state()
    far = priors.Mixture(torch.full((1, 6), 9.0))  # six deviations from N(0, I)
    for prior in (hierarchy.prior, hierarchy.prior, far):
        faces.level_traversals(VAE(hierarchy.encoder, hierarchy.decoder, prior, hierarchy.mapping), datasets.of(SMALL))
    assert torch.equal(seen[0], seen[1]) and seen[0].shape == (2, 6) and seen[2].mean() > 6
    assert torch.equal(state, torch.random.get_rng_state())


# The data


def part(n_test, n_valid, n_train=10):
    data = datasets.of(SMALL).data
    image, has = data.train[:1], data.train_attributes[:1]
    parts = {"train": n_train, "valid": n_valid, "test": n_test}
    changed = {name: image.expand(n, -1, -1, -1) for name, n in parts.items()}
    changed |= {f"{name}_attributes": has.expand(n, -1) for name, n in parts.items()}
    return Faces(dataclasses.replace(data, **changed))


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
    data = part(test, valid)
    assert data.sizes == sizes and len(data.real) == (test if test >= 2000 else test + valid)
    assert data.examples == 10 and data.shape == (3, 32, 32)


def test_too_few_held_out_faces_are_refused_before_training(tmp_path, monkeypatch):
    assert part(100, 1).sizes == (100,)
    found = faces.attributes(untrained(SMALL), part(100, 100, 50))
    assert "authors/50/accuracy" in found and "authors/100/accuracy" not in found  # as page 12 needs
    with pytest.raises(DataError, match=r"at least 100 faces for tests.*drawn faces.* have 99"):
        part(99, 500)
    monkeypatch.setenv(files.VARIABLE, str(standin.write(tmp_path / "part", 40)))
    endless = dataclasses.replace(SMALL, smoke_data=False, epochs=10**9)
    run = Run(Row("any", looks.VAE), endless, (Evaluation("elbo"),))
    datasets._faces.cache_clear()
    with pytest.raises(training.TrainingError, match=r"1 of 1 runs failed: .*at least 100 faces for tests.* have 4"):
        sweeps.sweep([run], Store(tmp_path / "results"))


def test_faces_stay_mapped_from_their_file_all_through_training(monkeypatch):
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        pytest.skip("only Linux tells what is mapped from where")
    take, seen = steps.Steps.take, []

    def watched(self, count):
        seen.append(self.data)
        return take(self, count)

    monkeypatch.setattr(steps.Steps, "take", watched)
    data = datasets.of(SMALL)
    model = builder.build(SMALL, data.shape, data.train[:10])
    training.fit(model, data.train, data.valid[:10], training.Schedule(1, 10, 2), precision="bfloat16")
    (address,) = {train.data_ptr() for train in seen}
    assert address == data.train.data_ptr()  # no copy
    for line in maps.read_text(encoding="utf-8").splitlines():
        start, end = (int(word, 16) for word in line.split()[0].split("-"))
        if start <= address < end:
            assert line.endswith("images.u8")
            break
    else:
        pytest.fail("nothing is mapped there")


@pytest.mark.parametrize("n", [1, 12, 13])
def test_generated_faces_come_back_in_their_order(n, tmp_path):
    shades = torch.linspace(0, 1, n)
    images = shades[:, None, None, None].expand(n, 3, 16, 16).clone()
    images[:, :, :4] = 0.0  # a black bar at the top
    pictures.save((images * 255).byte(), path := tmp_path / "sheet.jpg")
    back = pictures.load(path, images.shape)
    assert back.shape == (n, 3, 16, 16) and back.dtype == torch.uint8
    # 4 levels: rounding, and JPEG at a quality of 90 on blocks of one colour
    torch.testing.assert_close(back[:, :, 10:].float().mean((1, 2, 3)), 255 * shades, atol=4, rtol=0)
    assert back[:, :, :2].float().mean() < 8
