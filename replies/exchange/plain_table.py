"""I read any table whose columns have names we know, and write one that Excel opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replies.exchange import columns
from replies.exchange.entry import Entry, Taken
from replies.exchange.table import records, to_csv
from replies.library import Valid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replies.exchange.table import Table
    from replies.library import Script

_SPLIT = {"phrasings": columns.lines, "keywords": columns.words, "stage": columns.words}


def recognises(head: Sequence[str]) -> bool:
    """Is this a row of heads that we know?"""
    return columns.heads(head)


def read(table: Table) -> Taken:
    """A script a row. Columns may stand in any order, and several times; unknown ones are named in a note."""
    taken = Taken()
    strange = [head for head in dict.fromkeys(table.head) if not columns.field_of(head) and not columns.ignored(head)]
    if strange:
        taken.notes.append(f"{table.name}: 没有用到的列：{'、'.join(strange)}")
    for place, cells in records(table, taken.refused):
        fields: dict[str, list[str]] = {}
        for head, under in cells.items():
            field = columns.field_of(head)
            if field:
                fields.setdefault(field, []).extend(cell for cell in under if cell)
        entry = _entry(place, fields, taken)
        if entry:
            taken.entries.append(entry)
    return taken


def _entry(place: str, given: dict[str, list[str]], taken: Taken) -> Entry | None:
    if not given.get("text"):
        taken.refused.append(f"{place}: 没有回复内容")
        return None
    fields: dict[str, Any] = {key: given[key][0] for key in ("id", "title", "shortcut") if given.get(key)}
    fields |= {"group": next(iter(given["group"]), "")} if "group" in given else {}
    fields["text"], *others = given["text"]
    if "alternatives" in given or others:
        fields["alternatives"] = (*others, *given.get("alternatives", ()))
    for key, split in _SPLIT.items():
        if key in given:
            name = "phrasings" if key == "keywords" else key
            said = [word for cell in given[key] for word in split(cell)]
            fields[name] = tuple(dict.fromkeys((*fields.get(name, ()), *said)))
    for key in ("platforms", "not_on"):
        if key in given:
            fields[key], unknown = columns.platforms("、".join(given[key]))
            if unknown:
                taken.refused.append(f"{place}: 不认识的平台：{'、'.join(unknown)}")
                return None
    if given.get("first") or given.get("last"):
        # A sheet shows a day with the time that it was typed at behind it.
        days = (next(iter(given.get(key, ())), "").partition(" ")[0] for key in ("first", "last"))
        fields["valid"] = Valid(*(day or None for day in days))
    return Entry(place, fields)


def write(scripts: Iterable[Script]) -> str:
    """All that a script holds, as CSV."""
    return to_csv(*cells(scripts))


def cells(scripts: Iterable[Script]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: phrasings one a line in their cell, alternatives in columns of their own."""
    listed = list(scripts)
    width = max((len(script.alternatives) for script in listed), default=0)
    others = [f"备选话术{number}" for number in range(1, width + 1)]
    head = [
        "编号",
        "标题",
        "问法",
        "快捷短语",
        *others,
        "分组",
        "快捷编码",
        "阶段",
        "平台",
        "不用于平台",
        "有效期起",
        "有效期止",
    ]
    return head, [_row(script, width) for script in listed]


def _row(script: Script, width: int) -> list[str]:
    valid = script.valid or Valid()
    return [
        script.id,
        script.title,
        "\n".join(script.phrasings),
        script.text or "",
        *script.alternatives,
        *[""] * (width - len(script.alternatives)),
        script.group,
        script.shortcut or "",
        *("、".join(names) for names in (script.stage, script.platforms, script.not_on)),
        valid.first or "",
        valid.last or "",
    ]
