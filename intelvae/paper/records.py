"""Records <-> JSON text: what is read back has the fields and types of its dataclass, and no text that is markup."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any, ClassVar

_TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "bool": bool}


class Record:
    """What all kinds of records are; `REMEDY` says what to do with one that is not whole."""

    REMEDY: ClassVar[str]


def fields(record: Any) -> dict[str, Any]:
    """The fields that are not at their default, and not kept apart."""
    return {
        f.name: value for f in dataclasses.fields(record) if f.repr and (value := getattr(record, f.name)) != f.default
    }


def lines(fields: dict[str, Any]) -> str:
    """JSON text with one line for each field."""
    each = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in fields.items())
    return "{\n" + ",\n".join(each) + "\n}\n"


def of_another_version(what: str) -> str:
    """What is wrong with a record of another version, and what to do."""
    return f"it is of another version of intelvae ({what}): use that one, or another INTELVAE_RUNS"


def not_whole(kind: type[Record], why: str) -> ValueError:
    """What is wrong with a damaged record, and what to do."""
    return ValueError(f"it is no whole record ({why}), so {kind.REMEDY}")


def check(kind: type[Record], name: str, value: Any, of: Any) -> None:
    """Raises `ValueError`, one line, unless the field of that name is a mapping with values of type `of`."""
    if not isinstance(value, Mapping) or not all(_is(each, of) for each in value.values()):
        raise not_whole(kind, f"{name!r} is not what it should be")


def _is(value: Any, of: Any) -> bool:
    return isinstance(value, of) and (of is bool or not isinstance(value, bool))


def read(kind: type[Record], text: str, *more: str) -> dict[str, Any]:
    """The fields of a record of that kind, of which `more` are not in its dataclass.

    Raises `ValueError`, one line, if these are not they, one is not of its type, or one holds markup: records come from
    other machines, too, and are shown on pages.
    """
    own = dataclasses.fields(kind)  # type: ignore[arg-type]  # of which a kind is a dataclass
    needed = {f.name for f in own if f.default is MISSING and f.default_factory is MISSING} | set(more)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise not_whole(kind, f"{type(error).__name__}: {error}") from error
    if not isinstance(found, dict):
        raise not_whole(kind, f"a {type(found).__name__} instead of fields")
    if unknown := found.keys() - {f.name for f in own} - set(more):
        raise ValueError(of_another_version(f"the field {min(unknown)!r}"))
    if missing := needed - found.keys():
        raise not_whole(kind, f"no {min(missing)!r}")
    for f in own:
        if f.name in found and not _is(found[f.name], _TYPES.get(str(f.type), object)):
            raise not_whole(kind, f"{f.name!r} is not what it should be")
    if "<" in json.dumps(found):
        raise not_whole(kind, "it holds markup")
    return found


def made(record: type[Record], part: type, fields: Any) -> Any:
    """`part(**fields)` of a record of that kind, with one line for fields that do not make one."""
    if not isinstance(fields, dict):
        raise not_whole(record, f"a {type(fields).__name__} instead of fields")
    if unknown := fields.keys() - {f.name for f in dataclasses.fields(part)}:
        raise ValueError(of_another_version(f"the field {min(unknown)!r}"))
    try:
        return part(**fields)
    except TypeError as error:
        raise not_whole(record, str(error)) from error
