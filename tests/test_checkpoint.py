"""A training that goes on from its checkpoint has the bits of one that was never stopped, or says why it cannot."""

import dataclasses
import os
import pickle
import re
import sys

import pytest
import torch
from safetensors.torch import save
from torch import nn

from intelvae import likelihoods, mappings, networks, priors, training
from intelvae.models import VAE
from intelvae.paper import builder, runs
from intelvae.paper.config import Training
from intelvae.training import Checkpoint, CheckpointError, Objective, Schedule, fingerprint

TOY = Training("circle", "mlp", 2, "learned-gaussian", epochs=4, steps_per_epoch=5, mapping="circle")
DIGITS = Training("mnist-01", "mathieu", 4, "gaussian", epochs=4, steps_per_epoch=2, batch_size=10, smoke_data=True)
CONFIGS = {
    "points": TOY,
    "another bound": dataclasses.replace(TOY, bound="iwae", bound_options={"samples": 3}),
    "images in bfloat16": dataclasses.replace(DIGITS, precision="bfloat16", clip=1.0),
    "pseudo-inputs": dataclasses.replace(DIGITS, prior="vamp", prior_options={"components": 5}, warmup=3),
    "penalties": dataclasses.replace(DIGITS, mapping="sparse", gamma=1.0, alpha=1.0, precision="float64", patience=2),
    "a flow": dataclasses.replace(DIGITS, posterior="sylvester", posterior_options={"vectors": 2}),
    "pseudo-inputs of codes": dataclasses.replace(DIGITS, model="vsc"),
    "an early stop": dataclasses.replace(TOY, epochs=30, patience=2, lr=0.05, beta=0.5, warmup=3),
}


class Stopped(Exception):
    """In place of a kill."""


def fit(config, checkpoint=None, epochs=None, spoilt=False, **more):
    """The history, what is left, and the epochs that were trained here; stopped after so many if `epochs` says so.

    `spoilt`: nothing that training moves begins as it did, so that all has to come from the checkpoint.
    """
    seen = []

    def on_epoch(epoch, history):
        if len(seen) == epochs:
            raise Stopped
        seen.append(epoch)

    with training.seeded(config.seed), training.default_dtype(runs.dtype(config)):
        data, model, order = runs.prepare(config)
        if spoilt:
            torch.manual_seed(99)
            order.manual_seed(99)
            norms = (module for module in model.modules() if isinstance(module, nn.modules.batchnorm._NormBase))
            trained = (p for p in model.parameters() if p.requires_grad)
            with torch.no_grad():
                for x in (*trained, *(x for norm in norms for x in norm.buffers())):
                    x.copy_(torch.zeros_like(x))
        settings = {"objective": config.objective, "optimiser": config.optimiser, "precision": config.precision}
        history = None
        try:
            history = training.fit(
                model, data.train, data.valid, config.schedule, generator=order, on_epoch=on_epoch,
                checkpoint=checkpoint, deterministic=True, **settings | more,
            )  # fmt: skip
        except Stopped:
            pass
        left = [*model.parameters(), *model.buffers(), order.get_state(), torch.random.get_rng_state()]
    return history, [x.detach().clone() for x in left], seen


def same(one, other):
    return one[0] == other[0] and all(map(torch.equal, one[1], other[1]))


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_training_that_is_stopped_after_every_epoch_is_the_one_that_never_was(kind, tmp_path):
    config, path = CONFIGS[kind], tmp_path / "new" / "checkpoint"
    whole = fit(config)
    count = len(whole[2])
    for epoch in range(count):
        stopped = fit(config, Checkpoint(path), 1, spoilt=bool(epoch))
        assert stopped[2] == [epoch]  # and none of those before
    last = fit(config, Checkpoint(path), spoilt=True)
    assert last[2] == [] and same(last, whole)
    assert [file.name for file in path.parent.iterdir()] == ["checkpoint"]
    if kind == "an early stop":
        assert 4 < count < config.epochs and whole[0].best_epoch == count - 3


def test_a_training_with_a_checkpoint_is_the_one_without(tmp_path):
    whole = fit(TOY)
    assert same(fit(TOY, Checkpoint(tmp_path / "a")), whole)
    assert same(fit(TOY, Checkpoint(tmp_path / "a", every=None)), whole)


def test_it_is_written_as_often_as_asked_for_and_goes_on_from_the_last_one(tmp_path):
    path, whole = tmp_path / "checkpoint", fit(TOY)
    assert fit(TOY, Checkpoint(path, every=2), epochs=1)[2] == [0] and not path.exists()
    assert fit(TOY, Checkpoint(path, every=2), epochs=3)[2] == [0, 1, 2]
    kept = path.read_bytes()
    only = fit(TOY, Checkpoint(path, every=None))
    assert only[2] == [2, 3] and same(only, whole) and path.read_bytes() == kept
    anew = fit(TOY, Checkpoint(path, resume=False))
    assert anew[2] == [0, 1, 2, 3] and same(anew, whole) and path.read_bytes() != kept


def test_notes_of_the_caller_are_kept_along_and_put_back_in_place(tmp_path):
    def watched(notes):
        return Checkpoint(tmp_path / "a", notes=notes)

    x, model = torch.randn(40, 2), builder.build(TOY, (2,), torch.zeros(1, 2))
    notes = {"seen": []}
    checkpoint = watched(notes)
    schedule = Schedule(2, 10)
    training.fit(model, x, x, schedule, on_epoch=lambda e, _: notes["seen"].append(e), checkpoint=checkpoint)
    later = {"seen": ["not this"], "nor": "that"}
    training.fit(model, x, x, schedule, checkpoint=watched(later))
    assert later == {"seen": [0, 1]}
    with pytest.raises(ValueError, match="have to be JSON"):
        watched({"a tensor": x})


class Trap:
    """Whoever unpickles it ends the test."""

    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGES = {
    "empty": lambda content: b"",
    "a bit of it": lambda content: content[:5],
    "cut in the header": lambda content: content[:300],
    "cut in the tensors": lambda content: content[: len(content) * 2 // 3],
    "one byte short": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "a changed weight": lambda content: flipped(content, len(content) - 99),
    "a changed history": lambda content: flipped(content, re.search(rb'valid_elbo\\": \[-?\d', content).end() - 1),
    "another shape": lambda content: content.replace(b'"shape":[2]', b'"shape":[ ]', 1),
    "text": lambda content: b"hello",
    "a pickle": lambda content: pickle.dumps(Trap()),
    "weights": lambda content: save({"weights": torch.zeros(2)}),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The file of a training that was stopped after two epochs."""
    path = tmp_path_factory.mktemp("kept") / "checkpoint"
    fit(TOY, Checkpoint(path), epochs=2)
    return path.read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused_in_one_line_and_stays(damage, kept, tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(DAMAGES[damage](kept))
    before = path.read_bytes()
    assert before != kept
    with pytest.raises(CheckpointError, match=r"checkpoint is no whole checkpoint \(.*\): .*resume=False") as error:
        fit(TOY, Checkpoint(path))
    assert "\n" not in str(error.value) and path.read_bytes() == before
    assert same(fit(TOY, Checkpoint(path, resume=False)), fit(TOY))
    path.write_bytes(kept)
    assert fit(TOY, Checkpoint(path))[2] == [2, 3]


OTHERS = {
    "schedule": dataclasses.replace(TOY, epochs=5),
    "objective": dataclasses.replace(TOY, beta=2.0),
    "optimiser": dataclasses.replace(TOY, lr=0.5),
    "mapping": dataclasses.replace(TOY, mapping="identity"),  # which has no weights, and nor has the circle
    "data": dataclasses.replace(TOY, data="square"),
    "precision": dataclasses.replace(TOY, precision="float64"),
}


@pytest.mark.parametrize("setting", OTHERS)
def test_a_checkpoint_of_another_training_is_refused_and_stays(setting, kept, tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(kept)
    with pytest.raises(CheckpointError, match=rf"of another training \({setting}: .*\): .*resume=False"):
        fit(OTHERS[setting], Checkpoint(path), **({"precision": None} if setting == "precision" else {}))
    assert path.read_bytes() == kept


DRAWN = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))


def of_parts(path, likelihood=None, prior=None, mapping=None, penalty=None, epochs=2):
    """A small training whose model and objective differ in one constant at most."""
    with training.seeded(0):
        encoder, network = networks.mlp((2,), 2)
        decoder = nn.Sequential(network, likelihood or likelihoods.Gaussian())
        model = VAE(encoder, decoder, prior or priors.StandardNormal(2), mapping)
        objective = Objective() if penalty is None else Objective(gamma=1.0, penalty=penalty)
        schedule = Schedule(epochs, 10)
        return training.fit(model, DRAWN, DRAWN, schedule, objective=objective, checkpoint=Checkpoint(path))


class Axes(nn.Module):
    """A mapping of a reader: its constants are a tensor in a buffer, a function, and another object's attribute."""

    class Of:
        def __init__(self, power):
            self.power = power

    def __init__(self, length=2.0, power=1, shift=None):
        super().__init__()
        self.register_buffer("axes", torch.tensor([length, 1.0]))
        self.of, self.shift = self.Of(power), shift or (lambda y: y)

    def forward(self, y):
        return self.axes * self.shift(y) ** self.of.power


CONSTANTS = {  # what differs, the name that the message has for it, and the two
    "a mapping's constant": ("mapping", lambda c1: {"mapping": mappings.Sectors(3, c1=c1)}, (5.0, 0.1)),
    "a likelihood's": ("decoder.1", lambda s: {"likelihood": likelihoods.Gaussian(s)}, (1.0, 0.3)),
    "a buffer of the prior": ("prior.means", lambda r: {"prior": priors.ring(2, 2, r)}, (2.0, 5.0)),
    "a reader's buffer": ("mapping.axes", lambda a: {"mapping": Axes(length=a)}, (2.0, 3.0)),
    "an object's attribute": ("mapping", lambda p: {"mapping": Axes(power=p)}, (1, 3)),
    "a mapping's function": ("mapping", lambda s: {"mapping": Axes(shift=s)}, (lambda y: y + 1, lambda y: y + 2)),
    "a penalty": (
        "objective", lambda of: {"penalty": of}, (lambda g, y: y.square().mean(), lambda g, y: y.abs().mean()),
    ),
    "what a penalty closes over": (
        "objective", lambda k: {"penalty": lambda g, y: k * y.square().mean()}, (1.0, 2.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CONSTANTS)
def test_a_checkpoint_of_a_model_with_another_constant_is_refused(what, tmp_path):
    path, (name, made, (one, other)) = tmp_path / "checkpoint", CONSTANTS[what]
    of_parts(path, **made(one))
    kept = path.read_bytes()
    with pytest.raises(CheckpointError, match=rf"of another training \({name}: .*\): .*resume=False"):
        of_parts(path, **made(other))
    assert path.read_bytes() == kept
    of_parts(path, **made(one))  # made anew it is the same


def test_a_part_called_model_hides_nothing_of_the_model_itself():
    class Holder(nn.Module):
        def __init__(self, constant):
            super().__init__()
            self.constant, self.model = constant, nn.Identity()

    one, other = (fingerprint.parts(Holder(constant)) for constant in (1, 2))
    assert one != other and one["model"] == other["model"] == "Identity()"


def test_a_model_in_training_may_go_on_from_its_own_checkpoint(tmp_path):
    """Its statistics of batch norm are no longer those that it began with."""
    with training.seeded(0):
        encoder, network = networks.mlp((2,), 2)
        encoder.features.append(nn.BatchNorm1d(10))
        model = VAE(encoder, nn.Sequential(network, likelihoods.Gaussian()), priors.StandardNormal(2))
    checkpoint = Checkpoint(tmp_path / "checkpoint")

    def stop(epoch, history):
        if epoch == 1:
            raise Stopped

    with pytest.raises(Stopped):
        training.fit(model, DRAWN, DRAWN, Schedule(3, 10), on_epoch=stop, checkpoint=checkpoint)
    assert len(training.fit(model, DRAWN, DRAWN, Schedule(3, 10), checkpoint=checkpoint).valid_elbo) == 3


def test_what_else_a_training_is_of_has_to_be_the_same(tmp_path):
    def of(**told):
        return Checkpoint(tmp_path / "a", of=told)

    fit(TOY, of(seed=1, threads=(1, 2)), epochs=2)
    others = {"seed: 1 there, 2 here": {"seed": 2, "threads": [1, 2]}, "threads: .* None here": {"seed": 1}}
    for message, other in others.items():
        with pytest.raises(CheckpointError, match=message):
            fit(TOY, of(**other))
    assert fit(TOY, of(threads=[1, 2], seed=1))[2] == [2, 3]


def test_an_objective_is_the_same_in_every_process(tmp_path):
    """Where its function lies in memory does not count."""
    path = tmp_path / "checkpoint"

    def objective():
        def small(mapping, y):
            return y.square().mean()

        return Objective(gamma=0.1, penalty=small)

    fit(TOY, Checkpoint(path), epochs=2, objective=objective())
    assert fit(TOY, Checkpoint(path), objective=objective())[2] == [2, 3]


def test_one_that_cannot_be_written_is_said_once_and_training_goes_on(tmp_path, monkeypatch):
    path, replace, whole = tmp_path / "checkpoint", os.replace, fit(TOY)
    left = iter([True])

    def full(part, to):
        if not next(left, False):
            raise OSError(28, "No space left on device")
        replace(part, to)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.warns(UserWarning, match=r"goes on, but .*checkpoint cannot be written .*No space left") as told:
            assert same(fit(TOY, Checkpoint(path)), whole)
    assert len(told) == 1 and [file.name for file in tmp_path.iterdir()] == ["checkpoint"]
    rest = fit(TOY, Checkpoint(path))
    assert rest[2] == [1, 2, 3] and same(rest, whole)


def test_without_the_package_for_its_files_it_says_so_before_training(monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs safetensors.*: pip install 'intelvae\[features\]'"):
        Checkpoint("any")
