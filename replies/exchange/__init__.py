"""I bring a shop's library in from the formats it is held in, and out again; one file a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replies import DataError
from replies.exchange import (
    blanks,
    chatwoot,
    encoding,
    espanso,
    fastgpt,
    lanren,
    livehelperchat,
    own_jsonl,
    own_toml,
    plain_table,
    table,
    workbook,
    zammad,
)
from replies.exchange.entry import Entry, Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from replies.library import Script

_WHOLE: dict[str, Callable[[str, str], Taken]] = {
    "toml": own_toml.read,
    "jsonl": own_jsonl.read,
    "chatwoot": chatwoot.read,
    "espanso": espanso.read,
}
# The one that asks most of a head comes first.
_TABLES: dict[str, tuple[Callable[[Sequence[str]], bool], Callable[[table.Table], Taken]]] = {
    "livehelperchat": (livehelperchat.recognises, livehelperchat.read),
    "zammad": (zammad.recognises, zammad.read),
    "fastgpt": (fastgpt.recognises, fastgpt.read),
    "lanren": (lanren.recognises, lanren.read),
    "csv": (plain_table.recognises, plain_table.read),
}
_WRITES: dict[str, Callable[[Sequence[Script]], str | bytes]] = {
    "toml": own_toml.write,
    "jsonl": own_jsonl.write,
    "csv": plain_table.write,
    "xlsx": workbook.write,
    "fastgpt": fastgpt.write,
    "livehelperchat": livehelperchat.write,
    "zammad": zammad.write,
    "chatwoot": chatwoot.write,
    "espanso": espanso.write,
}
_ENDINGS = {
    "toml": "toml",
    "jsonl": "jsonl",
    "json": "chatwoot",
    "csv": "csv",
    "xlsx": "xlsx",
    "yml": "espanso",
    "yaml": "espanso",
}
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # workbooks of today and of old
_OURS = ("toml", "jsonl")


class Reading(msgspec.Struct, frozen=True):
    """What a file holds, the format it was read as, and its encoding in words."""

    taken: Taken
    format: str
    encoding: str


def read(data: bytes, name: str, *, form: str | None = None, codec: str | None = None) -> Reading:
    """The scripts in `data`, a file called `name`; `form` and `codec` force format and encoding.

    Without `form` the beginning, the name's ending and a table's head decide. Blanks of other tools become ours.
    DataError where the file as a whole cannot be read; single rows stand in `refused`.
    """
    if data.startswith(_BOOKS):
        held, said = table.from_xlsx(data, name, _heads(form)), "Excel"
        return _tabled(held, form, said)
    text, said = encoding.decode(data, name, codec)
    ending = _ENDINGS.get(name.lower().rpartition(".")[2], "csv")
    form = form or (ending if ending in _WHOLE else None)
    if form in _WHOLE:
        taken = _WHOLE[form](text, name)
        return Reading(taken if form in _OURS else _translated(taken), form, said)
    try:
        return _tabled(table.from_csv(text, name, _heads(form)), form, said)
    except DataError as error:
        raise DataError([*error.problems, f"{name}: 编码按 {said} 读"]) from error


def _heads(form: str | None) -> Callable[[Sequence[str]], bool]:
    readers = [_TABLES[form]] if form in _TABLES else list(_TABLES.values())
    return lambda cells: any(recognises(cells) for recognises, _ in readers)


def _tabled(held: table.Table, form: str | None, said: str) -> Reading:
    if form in _WHOLE:
        raise DataError([f"{held.name}: 是表格，不是 {form}"])
    form = form or next(name for name, (recognises, _) in _TABLES.items() if recognises(held.head))
    return Reading(_translated(_TABLES[form][1](held)), form, said)


def _translated(taken: Taken) -> Taken:
    def ours(entry: Entry) -> Entry:
        fields = dict(entry.fields)
        fields["text"] = blanks.translate(fields["text"])
        if "alternatives" in fields:
            fields["alternatives"] = tuple(map(blanks.translate, fields["alternatives"]))
        return Entry(entry.place, fields)

    return Taken([ours(entry) for entry in taken.entries], taken.refused, taken.notes)


def form_for(name: str) -> str | None:
    """The format that a file's ending stands for when it is written."""
    return _ENDINGS.get(name.lower().rpartition(".")[2])


def write(scripts: Sequence[Script], form: str) -> str | bytes:
    """All scripts as a file of that format (one of WRITES), bytes where it is no text. DataError where one cannot stand in it."""
    return _WRITES[form](scripts)


def lost(scripts: Iterable[Script], form: str) -> dict[str, int]:
    """How many scripts have something in a field that the format does not carry, by field."""
    listed = [script for script in scripts if script.text]
    written = write(listed, form)
    data = written.encode() if isinstance(written, str) else written
    taken = read(data, "out", form="csv" if form == "xlsx" else form).taken
    found: dict[str, int] = {}
    for script, entry in zip(listed, taken.entries, strict=False):
        for field in script.__struct_fields__:
            value = getattr(script, field)
            if field != "source" and value and entry.fields.get(field) != value:
                found[field] = found.get(field, 0) + 1
    return found


formulas = workbook.formulas
READS = (*_WHOLE, *_TABLES)
WRITES = tuple(_WRITES)
