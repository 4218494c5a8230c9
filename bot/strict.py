"""I read a table into a value whole, or list all that is wrong with it, each with its path."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def read(table: object, kind: type[T], path: str, problems: list[str]) -> T | None:
    """`table` as `kind`; None after adding a sentence to `problems` for each unknown, missing or wrong key.

    Fields whose type is a Struct, or a list of them, are read the same way, so that their mistakes are named too.
    """
    if not isinstance(table, dict):
        problems.append(f"{path}: must be a table")
        return None
    before = len(problems)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    problems += [f"{_join(path, key)}: unknown key" for key in table if key not in fields]
    for key, field in fields.items():
        if key in table:
            values[field.name] = _value(table[key], field.type, _join(path, key), problems)
        elif field.required:
            problems.append(f"{_join(path, key)}: is missing")
    return None if len(problems) > before else kind(**values)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _value(value: object, kind: Any, path: str, problems: list[str]) -> Any:  # noqa: ANN401 - a type's own type
    inner = _struct(kind)
    if inner is not None and isinstance(value, list):
        return tuple(read(entry, inner, f"{path}[{position}]", problems) for position, entry in enumerate(value))
    if inner is not None:
        return read(value, inner, path, problems)
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
