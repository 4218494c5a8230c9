"""I read a table into a value whole, or list all that is wrong with it, each with its path."""

from __future__ import annotations

from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def read(table: object, kind: type[T], path: str, problems: list[str]) -> T | None:
    """`table` as `kind`; None after adding a sentence to `problems` for each unknown, missing or wrong key.

    Fields whose type is a Struct, or a list of them, are read the same way, so that their mistakes are named too.
    """
    before = len(problems)
    values = fields(table, kind, path, problems)
    return None if len(problems) > before else kind(**values)


def fields(table: object, kind: type[msgspec.Struct], path: str, problems: list[str]) -> dict[str, Any]:
    """What could be read of `table`, by field, with defaults for what is absent; mistakes go to `problems`.

    So the values of keys without a mistake can be looked at further, and all be said at once.
    """
    if not isinstance(table, dict):
        problems.append(f"{path}: must be a table")
        return {}
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems += [f"{_join(path, key)}: unknown key" for key in table if key not in known]
    values: dict[str, Any] = {}
    for key, field in known.items():
        if key in table:
            before = len(problems)
            value = _value(table[key], field.type, _join(path, key), problems)
            if len(problems) == before:
                values[field.name] = value
        elif field.required:
            problems.append(f"{_join(path, key)}: is missing")
        elif field.default_factory is not msgspec.NODEFAULT:
            values[field.name] = field.default_factory()
        else:
            values[field.name] = field.default
    return values


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _value(value: object, kind: Any, path: str, problems: list[str]) -> Any:  # noqa: ANN401 - a type's own type
    inner = _struct(kind)
    if inner is not None and get_origin(kind) is tuple:
        if not isinstance(value, list):
            problems.append(f"{path}: must be a list of tables, each under [[{path}]]")
            return None
        return tuple(read(entry, inner, f"{path}[{position}]", problems) for position, entry in enumerate(value))
    if inner is not None:
        return read(value, inner, path, problems)
    # Inside lists and tables each value is read apart: msgspec names no key of a dict.
    if isinstance(kind, UnionType):
        kind = next((part for part in get_args(kind) if get_origin(part) is type(value)), kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is dict and isinstance(value, dict):
        return {key: _value(entry, arguments[1], _join(path, key), problems) for key, entry in value.items()}
    if origin is list and isinstance(value, list):
        return [_value(entry, arguments[0], f"{path}[{at}]", problems) for at, entry in enumerate(value)]
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        problems.append(f"{path}: {error}")
        return None


def _struct(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401
    """The Struct that `kind` is, or is a tuple of, or is optionally."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    found = [_struct(part) for part in getattr(kind, "__args__", ())]
    return next((part for part in found if part is not None), None)
