"""The page of how-tos: its code runs. What needs a package of others is skipped where that is not installed."""

import re
from pathlib import Path

import pytest
import torch

from intelvae import training

PAGE = (Path(__file__).resolve().parent.parent / "book" / "howto.md").read_text(encoding="utf-8")


def run(*headings):
    """What the code under these headings leaves, with one seed."""
    names = {}
    with training.seeded(0):
        for heading in headings:
            section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
            (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
            exec(code, names)
    return names


def test_a_prior_of_your_own_trains_as_the_next_answer_says():
    names = run("Use a prior of your own", "Train on a GPU")
    assert names["loss"].isfinite() and len(names["history"].train_elbo) == 2


def test_a_training_of_your_own_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("Long runs")
    assert len(names["history"].train_elbo) == 4 and (tmp_path / "my_model.checkpoint").is_file()
    monkeypatch.setattr(training.fitting, "Steps", lambda *_, **__: pytest.fail("it trains"))
    model, history = names["train"]()
    assert history == names["history"]  # it was there
    assert all(map(torch.equal, model.state_dict().values(), names["model"].state_dict().values()))


@pytest.mark.filterwarnings("ignore")  # of theirs
def test_a_mapping_is_within_a_model_of_pythae():
    pytest.importorskip("pythae")
    names = run("Put a mapping into a pythae model")
    names["loss"].backward()
    model, decoded = names["model"], []
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.encoder.parameters())
    model.decoder.decoder.register_forward_pre_hook(lambda _, z: decoded.append(z[0]))
    model({"data": torch.rand(100, 1, 28, 28)})
    torch.testing.assert_close(decoded[0].norm(dim=1), torch.ones(100))  # the circle has radius 1


@pytest.mark.filterwarnings("ignore")
def test_a_model_trains_in_lightning(tmp_path, monkeypatch):
    pytest.importorskip("lightning")
    monkeypatch.chdir(tmp_path)
    names = run("Train in PyTorch Lightning")
    assert names["trainer"].global_step == 20 and names["trainer"].callback_metrics["elbo"].isfinite()


def test_a_model_comes_back_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("Save and load a model as Hugging Face does")
    assert {path.name for path in (tmp_path / "my_model").iterdir()} == {"config.json", "model.safetensors"}
    x, saved = torch.randn(5, 2), names["build"](**names["config"])
    names["save"](saved, names["config"], tmp_path / "other")
    assert torch.equal(names["load"](tmp_path / "other").represent(x), saved.represent(x))


@pytest.mark.filterwarnings("ignore")
def test_hugging_faces_own_class_loads_that_folder(tmp_path, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.chdir(tmp_path)
    names = run("Save and load a model as Hugging Face does")

    class Shared(names["VAE"], hub.PyTorchModelHubMixin):
        def __init__(self, mapping, latent_dim, network, data_shape):
            parts = names["build"](mapping, latent_dim, network, data_shape)
            super().__init__(parts.encoder, parts.decoder, parts.prior, parts.mapping)

    there = Shared.from_pretrained(tmp_path / "my_model")
    assert there.state_dict().keys() == names["model"].state_dict().keys()
    assert all(torch.equal(x, names["model"].state_dict()[name]) for name, x in there.state_dict().items())
