"""Checkpoints: the whole state of a training at the end of an epoch, in a file that the same training goes on from."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import intelvae
from intelvae.extras import extra
from intelvae.models import VAE
from intelvae.numbers import check_flag, check_number
from intelvae.training import fingerprint
from intelvae.training.checks import Sampler
from intelvae.training.history import History
from intelvae.training.settings import Objective, Optimiser, Schedule
from intelvae.training.surroundings import global_generator
from intelvae.whole import whole

SHOWN = 80  # letters of two settings that differ, at the most, in a message


class CheckpointError(ValueError):
    """A checkpoint that training cannot go on from: damaged, or of another training; `why` says which, in one line."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: give another path, or resume=False to begin anew and replace it")
        self.why = why


@dataclass
class Checkpoint:
    """Where `fit` keeps a training that is under way, so that the same call goes on from there, to the same bits.

    Parameters: `path`, a file that is written whole `every` so many epochs (None: never, what is there is only gone on
    from); `resume`, False to begin anew and replace it; `of`, what else the training is of, such as its data and its
    seed, as names with values of JSON; `notes`, the caller's own, as JSON: kept along, and put back in place.

    A file that is of other settings, another model (other modules, constants or buffers) or another `of`, or that is
    damaged, is refused (`CheckpointError`) and stays. One that cannot be written is no reason to stop: a warning says
    so once. Raises `ValueError` for settings that are none, `ModuleNotFoundError` without the package safetensors.

    >>> Checkpoint("model.checkpoint", every=0)
    Traceback (most recent call last):
    ...
    ValueError: every must be a whole number >= 1, not 0
    """

    path: Path | str
    every: int | None = 1
    resume: bool = True
    of: Mapping[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    _warned: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        check_flag("resume", self.resume)
        if self.every is not None:
            check_number("every", self.every, ">= 1", whole=True)
        try:
            json.dumps([self.of, self.notes])
        except (TypeError, ValueError) as error:
            raise ValueError(f"what a checkpoint is of and its notes have to be JSON: {error}") from error
        with extra("features"):
            import safetensors.torch  # noqa: F401  # missed now, not after an epoch


@dataclass(frozen=True)
class State:
    """All that the rest of a training depends on: `history`, and `tensors` by group and name.

    These are the "weights" and buffers, Adam's ("adam"), the "best" weights so far where there is patience, and the
    states of the two "generators".
    """

    history: History
    tensors: Mapping[str, Mapping[str, Tensor]]

    @classmethod
    def of(
        cls,
        model: nn.Module,
        adam: torch.optim.Optimizer,
        history: History,
        best: Mapping[str, Tensor] | None,
        order: torch.Generator,
    ) -> State:
        """The state that there is now; `order` is the generator of the data."""
        moments = {f"{i}/{name}": x for i, its in adam.state_dict()["state"].items() for name, x in its.items()}
        generators = {"order": order.get_state(), "noise": _noise(model).get_state()}
        groups = {"weights": _weights(model), "adam": moments, "best": best or {}, "generators": generators}
        return cls(history, groups)

    @torch.no_grad()
    def put_back(self, model: nn.Module, order: torch.Generator) -> None:
        """Gives the model its weights and buffers again, and the generators their states."""
        for name, x in _weights(model).items():
            x.copy_(self.tensors["weights"][name])
        order.set_state(self.tensors["generators"]["order"])
        _noise(model).set_state(self.tensors["generators"]["noise"])

    def put_back_moments(self, adam: torch.optim.Optimizer) -> None:
        """Gives Adam its moments again, in memory as its parameters are: in another order steps may round otherwise."""
        parameters = [p for group in adam.param_groups for p in group["params"]]
        state: dict[int, dict[str, Tensor]] = defaultdict(dict)
        for key, x in self.tensors["adam"].items():
            number, _, name = key.partition("/")
            p = parameters[int(number)]
            state[int(number)][name] = x if name == "step" else torch.empty_like(p).copy_(x)
        adam.load_state_dict(adam.state_dict() | {"state": dict(state)})

    @classmethod
    def load(cls, checkpoint: Checkpoint, settings: Mapping[str, Mapping[str, str]]) -> State | None:
        """The state that is kept of the training with these settings (`settings_of`); None if there is no file.

        Puts its notes back. Raises `CheckpointError` for a file that is damaged or of another training.
        """
        from safetensors import SafetensorError, safe_open

        path = Path(checkpoint.path)
        if not checkpoint.resume or not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                told = file.metadata() or {}
                kept = {name: file.get_tensor(name).clone() for name in file.keys()}
            if told.pop("digest", None) != _digest(told, kept):
                raise ValueError("its bytes are not those that were written")
            of, history, notes = (json.loads(told[name]) for name in ("of", "history", "notes"))
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise CheckpointError(f"{path} is no whole checkpoint ({' '.join(str(error).split())})") from error
        moved = {name for name, its in of.get("fixed", {}).items() if its != _digest_of(kept, name)}
        _check(path, of, _all(checkpoint, settings), moved)
        checkpoint.notes.clear()
        checkpoint.notes.update(notes)
        tensors: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for key, x in kept.items():
            group, _, name = key.partition("/")
            tensors[group][name] = x
        return cls(History(**history), tensors)

    def keep(self, checkpoint: Checkpoint, settings: Mapping[str, Mapping[str, str]]) -> None:
        """Writes it, and the notes, as of the training with these settings; until all is written the file stays."""
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        tensors = {
            f"{group}/{name}": x.detach().to("cpu", copy=True).contiguous()  # which may share memory
            for group, named in self.tensors.items()
            for name, x in named.items()
        }
        parts = {"of": _all(checkpoint, settings), "history": asdict(self.history), "notes": checkpoint.notes}
        told = {name: json.dumps(part) for name, part in parts.items()}
        try:
            with whole(Path(checkpoint.path)) as part:
                save_file(tensors, part, told | {"digest": _digest(told, tensors)})
        except (OSError, SafetensorError) as error:
            if not checkpoint._warned:
                checkpoint._warned = True
                why = " ".join(str(error).split())
                warnings.warn(
                    f"training goes on, but {checkpoint.path} cannot be written ({why}): make room", stacklevel=2
                )


def settings_of(
    model: VAE, data: Sequence[Tensor | Sampler], precision: str, *settings: Schedule | Objective | Optimiser
) -> dict[str, dict[str, str]]:
    """What a training is of, as text: the same for the same call, whatever process it is in.

    These are its "settings", and the "parts" and "fixed" tensors of its model as it begins (`fingerprint`).
    """
    told = {type(each).__name__.lower(): fingerprint.written(each) for each in settings} | {
        "intelvae": intelvae.__version__,
        "precision": precision,
        "device": next(model.parameters()).device.type,
        "data": fingerprint.nowhere(str([x if callable(x) else (tuple(x.shape), x.dtype) for x in data])),
        "weights": str([(name, tuple(x.shape), x.dtype) for name, x in _weights(model).items()]),
    }
    return {"settings": told, "parts": fingerprint.parts(model), "fixed": fingerprint.fixed(model)}


def _all(checkpoint: Checkpoint, settings: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What the file has to be of, as it is read back."""
    return json.loads(json.dumps({**settings, "of": checkpoint.of}))


def _digest_of(kept: Mapping[str, Tensor], name: str) -> str | None:
    x = kept.get(f"weights/{name}")
    return None if x is None else fingerprint.digest(x)


def _check(path: Path, there: dict[str, Any], here: dict[str, Any], moved: Collection[str]) -> None:
    """Raises `CheckpointError` for a checkpoint of something else than what is trained here.

    Tensors that training has `moved`, such as the statistics of batch norm, may begin as something else.
    """
    for kind, its in here.items():
        for name in its | there.get(kind, {}):
            if kind == "fixed" and name in moved:
                continue
            if (theirs := there.get(kind, {}).get(name)) != (ours := its.get(name)):
                told = f"{theirs} there, {ours} here"
                told = told if len(told) < SHOWN else "another one"
                raise CheckpointError(f"{path} is the checkpoint of another training ({name}: {told})")


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """The parameters and all buffers, also those that are not in a `state_dict`, as they lie in the model."""
    return {name: x.detach() for name, x in (*model.named_parameters(), *model.named_buffers())}


def _noise(model: nn.Module) -> torch.Generator:
    return global_generator(next(model.parameters()).device)


def _digest(told: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    """What shows that a byte has changed."""
    parts = {"told": dict(told), "tensors": {name: fingerprint.digest(x) for name, x in tensors.items()}}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
