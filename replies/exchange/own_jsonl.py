"""I read and write question files: one JSON object a line, with more keys than the library itself asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from replies.exchange.entry import Entry, Taken
from replies.library import Valid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.library import Script


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line; a key that is absent says nothing."""

    id: str
    question: str
    answer: str | None = None
    variants: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    alternatives: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    group: str | msgspec.UnsetType = msgspec.UNSET
    shortcut: str | msgspec.UnsetType | None = msgspec.UNSET
    stage: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    platforms: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    not_on: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    valid: Valid | msgspec.UnsetType | None = msgspec.UNSET


_line = msgspec.json.Decoder(_Line)
_RENAMED = {"question": "title", "answer": "text", "variants": "phrasings"}


def read(text: str, name: str) -> Taken:
    """The scripts of a question file; lines that are none are refused by number."""
    taken = Taken()
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw.strip():
            continue
        place = f"{name} 第 {number} 行"
        try:
            line = _line.decode(raw)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            taken.refused.append(f"{place}: 不是一条话术：{error}")
            continue
        fields: dict[str, Any] = {}
        for field in line.__struct_fields__:
            value = getattr(line, field)
            if value is not msgspec.UNSET:
                fields[_RENAMED.get(field, field)] = value
        taken.entries.append(Entry(place, fields))
    return taken


def write(scripts: Iterable[Script]) -> str:
    """A line a script, in order; what a script does not have is left out."""
    lines = [msgspec.json.encode(_of(script)).decode() for script in scripts]
    return "".join(f"{line}\n" for line in lines)


def _of(script: Script) -> _Line:
    names = ("alternatives", "group", "shortcut", "stage", "platforms", "not_on", "valid")
    held = {name: getattr(script, name) for name in names if getattr(script, name)}
    return _Line(id=script.id, question=script.title, answer=script.text, variants=script.phrasings, **held)
