"""What a run leaves, on disk and read back: whole or not at all, under its own name, and what is wrong with it."""

import dataclasses
import json
import os
from pathlib import Path
from unittest import mock

import pytest
import torch

from intelvae.data import DataError
from intelvae.models import VAE
from intelvae.paper import pictures, runs
from intelvae.paper.config import MEASURES, Evaluation, Training
from intelvae.paper.results import Measured, Trained
from intelvae.paper.store import CHECKOUT, Store, edition, store_of

CONFIG = Training("circle", "mlp", 2, "learned-gaussian", epochs=2, steps_per_epoch=20, mapping="circle")
OTHER = dataclasses.replace(CONFIG, seed=5)


@pytest.fixture(scope="module")
def done() -> tuple[Trained, VAE]:
    return runs.train(CONFIG)


def test_a_training_and_its_model_survive_the_store(done, tmp_path):
    store, (trained, model) = Store(tmp_path / "results"), done
    store.put_trained(trained, model)
    assert store.trained(CONFIG) == trained
    assert {p.name for p in store.folder(CONFIG).iterdir()} == {"training.json", "weights.safetensors"}
    again, x = runs.load(CONFIG, store), torch.ones(5, 2)
    assert torch.equal(again.represent(x), model.represent(x))


def test_a_vamp_prior_survives_the_store(tmp_path):
    config = dataclasses.replace(CONFIG, mapping="identity", prior="vamp", prior_options={"components": 5})
    trained, model = runs.train(config)
    Store(tmp_path).put_trained(trained, model)
    y = torch.zeros(1, 2)
    assert torch.equal(runs.load(config, Store(tmp_path)).prior().log_prob(y), model.prior().log_prob(y))


def test_an_evaluation_survives_the_store_with_its_pictures_and_arrays(tmp_path):
    generator = torch.Generator().manual_seed(0)
    grey = torch.randint(0, 256, (3, 7, 1, 8, 8), dtype=torch.uint8, generator=generator)
    kept = {"grey": grey, "points": torch.randn(40, 2, generator=generator), "which": torch.arange(3)}
    made = Measured(CONFIG.key, Evaluation("gallery"), {"a": 1.5, "b": float("nan")}, 0.5, "abc", "2026-11-28", kept)
    store = Store(tmp_path)
    store.put_measured(CONFIG, made)
    found = store.measured(CONFIG, Evaluation("gallery"))
    assert set(found.kept) == set(kept) and all(torch.equal(found.kept[name], kept[name]) for name in kept)
    assert found.metrics["a"] == 1.5 and found.metrics["b"] != found.metrics["b"]
    assert (found.commit, found.date, found.seconds) == (made.commit, made.date, made.seconds)
    assert store.measured(CONFIG, Evaluation("scatter")) is None


def test_colours_lose_a_little(tmp_path):
    ramp = torch.linspace(0, 255, 64).expand(5, 3, 64, 64).to(torch.uint8)
    pictures.save(ramp, path := tmp_path / f"x{pictures.suffix(ramp.shape)}")
    again = pictures.load(path, ramp.shape)
    assert path.suffix == ".jpg" and (again.int() - ramp.int()).abs().float().mean() < 3  # of 255; the quality is 90


def edited(trained, **changes):
    """The text of `trained` with other fields, None for one that is left out."""
    fields = json.loads(trained.to_json()) | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None})


NOT_RECORDS = {
    "empty": (lambda t: "", "no whole record .* move its folder away"),
    "cut": (lambda t: t.to_json()[:-50], "no whole record .* move its folder away"),
    "a list": (lambda t: "[]", "no whole record .* move its folder away"),
    "bytes of something else": (lambda t: b"\xff\xfe\x00", "no whole record .* move its folder away"),
    "curves of another kind": (lambda t: edited(t, curves={"train_elbo": 1}), "no whole record .'curves' .* move its"),
    "a field less": (lambda t: edited(t, curves=None), "no whole record .no 'curves'., so move its folder away"),
    "a field more": (lambda t: edited(t, cost=1), "another version of intelvae .the field 'cost'.: use that one"),
    "a setting more": (
        lambda t: edited(t, training=t.training.chosen | {"flow": 1}),
        "another version of intelvae .the field 'flow'.: use that one",
    ),
    "a text for seconds": (
        lambda t: edited(t, seconds="1"),
        "no whole record .'seconds' is not what it should be., so",
    ),
    "a flag for an epoch": (lambda t: edited(t, best_epoch=True), "no whole record .'best_epoch' is not what it"),
    "no version of torch": (lambda t: edited(t, versions={}), "no whole record .no version of torch., so move its"),
    "ten thousand brackets": (lambda t: "[" * 100_000, "no whole record .RecursionError: .*, so move its folder away"),
    "markup": (lambda t: edited(t, device="<script>alert(1)</script>"), "no whole record .it holds markup., so move"),
    "hidden markup": (
        lambda t: edited(t, source="#script>").replace("#", r"\u003c"),
        "no whole record .it holds markup., so move",
    ),
    "other semantics": (lambda t: edited(t, semantics=2), "another version of intelvae .semantics 2, here they are 1"),
    "another key": (lambda t: edited(t, key="0" * 16), "its config has the key .*, and it says 0000"),
    "another config": (lambda t: dataclasses.replace(t, training=OTHER).to_json(), "the record of another training"),
}


@pytest.mark.parametrize("case", NOT_RECORDS)
def test_a_file_that_is_not_the_record_is_named_and_nobody_is_told_to_delete_it(case, done, tmp_path):
    store, (make, message) = Store(tmp_path), NOT_RECORDS[case]
    path = store.folder(CONFIG) / "training.json"
    path.parent.mkdir()
    content = make(done[0])
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        store.trained(CONFIG)
    assert str(caught.value).startswith(str(path))
    assert "delete" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_in_the_place_of_a_record_is_named(tmp_path):
    path = Store(tmp_path).folder(CONFIG) / "training.json"
    path.mkdir(parents=True)
    with pytest.raises(ValueError, match=f"{path}: .*Is a directory"):
        Store(tmp_path).trained(CONFIG)


POINTS = Measured(CONFIG.key, Evaluation("points"), {"a": 1.0}, 0.5, "abc", "2026-11-28")
NOT_EVALUATIONS = {
    "empty": ("", "no whole record .* so move it away, and the same command measures"),
    "cut": (POINTS.to_json()[:-9], "no whole record .* so move it away, and the same command measures"),
    "a list": ("[]", "no whole record .* so move it away"),
    "no metrics": (POINTS.to_json().replace('{"a":1.0}', "null"), "no whole record .'metrics' .* so move it away"),
    "words for metrics": (POINTS.to_json().replace("1.0", '"x"'), "no whole record .'metrics' .* so move it away"),
    "a field less": (POINTS.to_json().replace('"date"', '"kept"'), "no whole record"),
    "a field more": (POINTS.to_json().replace('"date"', '"taste": 1,"date"'), "another version of intelvae .*'taste'"),
    "later semantics": (
        POINTS.to_json().replace('"points"', '"points","semantics":2'),
        "another version of intelvae .semantics 2 of 'points', here they are 1.: measure it anew with intelvae remeas",
    ),
    "a path for a picture": (
        POINTS.to_json().replace('"date"', '"kept":{"../x":[1,1,8,8]},"date"'),
        "no whole record .'../x' is no name of a file., so move it away",
    ),
    "markup": (POINTS.to_json().replace('"abc"', '"<img src=x>"'), "no whole record .it holds markup., so move it"),
    "of another training": (dataclasses.replace(POINTS, of=OTHER.key).to_json(), f"record of points of {OTHER.key}"),
    "of another evaluation": (
        dataclasses.replace(POINTS, evaluation=Evaluation("scatter")).to_json(),
        f"record of scatter of {CONFIG.key}",
    ),
}


@pytest.mark.parametrize("case", NOT_EVALUATIONS)
def test_a_file_that_is_not_the_evaluation_is_named_and_the_training_stays(case, tmp_path):
    store, (text, message) = Store(tmp_path), NOT_EVALUATIONS[case]
    path = store.folder(CONFIG) / "points.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        store.measured(CONFIG, Evaluation("points"))
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert "folder" not in str(caught.value)


def test_semantics_of_an_evaluation_are_kept_once_they_have_changed(monkeypatch):
    monkeypatch.setitem(MEASURES, "points", 2)
    text = POINTS.to_json()
    assert Measured.from_json(text, Path()) == POINTS
    monkeypatch.setitem(MEASURES, "points", 1)
    with pytest.raises(ValueError, match="semantics 2"):
        Measured.from_json(text, Path())


@pytest.mark.parametrize("name", ["points", "grey"])
def test_what_was_kept_and_is_gone_or_damaged_is_noticed(name, tmp_path, unchecked):
    kept = {"grey": torch.zeros(3, 1, 8, 8, dtype=torch.uint8), "points": torch.ones(4, 2)}
    store, wanted = Store(tmp_path), Evaluation("gallery")
    store.put_measured(CONFIG, Measured(CONFIG.key, wanted, {}, 0.5, "abc", "2026-11-28", kept))
    file = {"points": "gallery.arrays.gz", "grey": "gallery.grey.png"}[name]
    path = store.folder(CONFIG) / file
    for content in (path.read_bytes()[:30], b"something else", b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"{file} is damaged .*: move gallery.json beside it away") as caught:
            store.measured(CONFIG, wanted).kept[name]
        assert "\n" not in str(caught.value)
    path.unlink()
    assert store.measured(CONFIG, wanted) is None  # so that a sweep makes it again


def test_a_write_that_fails_leaves_nothing_and_says_what_to_do(done, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    measured = Measured(CONFIG.key, Evaluation("scatter"), {"a": 1.0}, 0.5, "abc", "", {"points": torch.ones(2, 2)})
    monkeypatch.setattr(os, "replace", full_disk)
    for write in (lambda s: s.put_trained(*done), lambda s: s.put_measured(CONFIG, measured)):
        with pytest.raises(OSError, match=r"No space.*make room, or set INTELVAE_RUNS"):
            write(Store(tmp_path))
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_results_have_a_place_outside_a_checkout_too(monkeypatch, tmp_path):
    monkeypatch.delenv("INTELVAE_RUNS", raising=False)
    assert store_of("laptop").root == CHECKOUT / "data" / "results"
    monkeypatch.setattr("intelvae.data.places.checkout", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_of("laptop").root == tmp_path / ".local" / "share" / "intelvae" / "results"


def test_results_need_a_home_directory_only_outside_a_checkout_and_without_a_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", mock.Mock(side_effect=KeyError))
    monkeypatch.delenv("INTELVAE_RUNS", raising=False)
    assert store_of("laptop").root == CHECKOUT / "data" / "results"
    monkeypatch.setattr("intelvae.data.places.checkout", lambda: None)
    with pytest.raises(DataError, match=r"^~/.local/share/intelvae/results: .* set INTELVAE_RUNS to a full path$"):
        store_of("smoke")
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    assert store_of("smoke").root == tmp_path


def test_where_the_results_are(monkeypatch, tmp_path):
    monkeypatch.delenv("INTELVAE_RUNS", raising=False)
    assert store_of("laptop").root == CHECKOUT / "data" / "results"
    assert store_of("smoke").root == CHECKOUT / "_build" / "results" / edition()  # of the code that there is
    monkeypatch.chdir(tmp_path)  # as a notebook's kernel, which runs in the notebook's folder
    for text, folder in (("mine", CHECKOUT / "mine"), ("~/mine", Path.home() / "mine"), (str(tmp_path), tmp_path)):
        monkeypatch.setenv("INTELVAE_RUNS", text)
        assert store_of("smoke").root == store_of("laptop").root == folder


def test_every_published_training_is_found_under_its_key(published):
    trainings = [path for path in published if path.name == "training.json"]
    assert len(trainings) > 700
    for path in trainings:
        assert Trained.from_json(path.read_text(encoding="utf-8")).training.key == path.parent.name


def test_every_published_evaluation_is_of_its_training_and_has_what_it_kept(published):
    for path in published:
        if path.suffix == ".json" and path.name != "training.json":
            measured = Measured.from_json(path.read_text(encoding="utf-8"), path.parent)
            assert (measured.of, f"{measured.evaluation.key}.json") == (path.parent.name, path.name)
            assert measured.whole, path


def test_published_results_are_small_and_have_no_weights(published):
    assert sum(path.stat().st_size for path in published) < 10e6  # what all of `paper` may come to in git
    assert {path.suffix for path in published} == {".json", ".png", ".jpg", ".gz"}
