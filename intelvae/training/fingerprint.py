"""What tells one model, or one setting, from another besides trained weights: as text, the same in every process."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import CodeType, FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn

OF_EVERY_MODULE = frozenset(vars(nn.Module()))  # attributes that say nothing of a module's own constants
LETTERS = 16  # of a digest


def parts(model: nn.Module) -> dict[str, str]:
    """The class and the constants of every module, by its name; that of the model itself is "the model".

    >>> from intelvae.mappings import Sectors
    >>> parts(Sectors(3, c1=0.5))["the model"]
    'Sectors(num_clusters=3, c1=0.5, c2=0.2, delta=0.001)'
    """
    return {name or "the model": written(module) for name, module in model.named_modules()}


def fixed(model: nn.Module) -> dict[str, str]:
    """Digests of the buffers and of the parameters that are not trained, by name."""
    frozen = ((name, p) for name, p in model.named_parameters() if not p.requires_grad)
    return {name: digest(x) for name, x in (*frozen, *model.named_buffers())}


def digest(x: Tensor) -> str:
    """What shows that a number of x, its dtype or its shape is another one.

    >>> [digest(torch.tensor([1.0])) == digest(other) for other in (torch.ones(1), torch.ones(1, 1))]
    [True, False]
    """
    of = hashlib.sha256(f"{x.dtype} {tuple(x.shape)}".encode())
    of.update(x.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return of.hexdigest()[:LETTERS]


def written(value: Any, above: tuple[int, ...] = ()) -> str:
    """A setting as text: with the fields of a dataclass, the attributes of an object, and the code of a function.

    Where an object lies in memory does not count. `above` are the ids of what the value is inside of.

    >>> written(lambda y: 2 * y) == written(lambda y: 2 * y), written(lambda y: 2 * y) == written(lambda y: 3 * y)
    (True, False)
    """
    if id(value) in above:
        return "..."
    again = functools.partial(written, above=(*above, id(value)))
    if isinstance(value, Tensor):
        return f"tensor {digest(value)}"
    if isinstance(value, FunctionType):
        inside = [again(cell.cell_contents) for cell in value.__closure__ or ()]
        return f"{value.__qualname__} {_digest_of_code(value.__code__)} {again(value.__defaults__)} {inside}"
    if isinstance(value, MethodType):
        return f"{again(value.__self__)}.{value.__name__}"
    if isinstance(value, functools.partial):
        return f"partial({again(value.func)}, {again(value.args)}, {again(value.keywords)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{again(k)}: {again(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(again, value)) + ")"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(again, value))) + "}"
    if is_dataclass(value) and not isinstance(value, type):
        return _call(value, ((field.name, again(getattr(value, field.name))) for field in fields(value)))
    if isinstance(value, nn.Module) or type(value).__repr__ is object.__repr__:
        own = {name: of for name, of in getattr(value, "__dict__", {}).items() if name not in OF_EVERY_MODULE}
        return _call(value, ((name, again(of)) for name, of in own.items()))
    return nowhere(repr(value))


def nowhere(text: str) -> str:
    """The same without where objects lie in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _call(value: Any, named: Iterable[tuple[str, str]]) -> str:
    return f"{type(value).__qualname__}({', '.join(f'{name}={of}' for name, of in named)})"


def _digest_of_code(code: CodeType) -> str:
    constants = [_digest_of_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    told = repr((code.co_code, constants, code.co_names))
    return hashlib.sha256(told.encode()).hexdigest()[:LETTERS]
