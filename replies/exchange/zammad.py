"""I read and write Zammad's text modules."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from replies.exchange import columns
from replies.exchange.entry import Entry, Taken
from replies.exchange.html import plain_text
from replies.exchange.table import first, records, to_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replies.exchange.table import Table
    from replies.library import Script

_COLUMNS = ("id", "name", "keywords", "content", "note", "active", "groups")
_OURS = "kuaihui:"
_CODE = re.compile(r"[A-Za-z0-9_]+\Z")


def recognises(head: Sequence[str]) -> bool:
    """Its own columns, in any order."""
    return {"name", "keywords", "content", "active"} <= set(head)


def read(table: Table) -> Taken:
    """A script a row. The first keyword, if it is one word of ascii, is the shortcut; the others are phrasings.

    Content is HTML and becomes text. Rows that are not active are left out.
    """
    taken = Taken()
    for place, cells in records(table, taken.refused):
        text = plain_text(first(cells, "content"))
        if first(cells, "active") and columns.said(first(cells, "active")) is False:
            taken.notes.append(f"{place}: 已停用，没有导入")
            continue
        if not text:
            taken.refused.append(f"{place}: 没有回复内容（content）")
            continue
        shortcut, asked = _keywords(first(cells, "keywords"))
        fields: dict[str, Any] = {"text": text}
        fields |= {"title": first(cells, "name")} if first(cells, "name") else {}
        fields |= {"shortcut": shortcut} if shortcut else {}
        fields |= {"phrasings": asked} if asked else {}
        fields |= {"group": first(cells, "groups")} if "groups" in cells else {}
        note, number = first(cells, "note"), first(cells, "id")
        if note.startswith(_OURS):
            fields["id"] = note.removeprefix(_OURS)
        elif number:
            fields["id"] = f"zammad.{number}"
        taken.entries.append(Entry(place, fields))
    return taken


def _keywords(cell: str) -> tuple[str, tuple[str, ...]]:
    words = columns.words(cell)
    if words and _CODE.match(words[0]):
        return words[0], tuple(words[1:])
    return "", tuple(words)


def write(scripts: Iterable[Script]) -> str:
    """Our id stands in the note, so that what comes back is known."""
    return to_csv(_COLUMNS, (_row(script) for script in scripts))


def _row(script: Script) -> list[str]:
    keywords = ", ".join([*([script.shortcut] if script.shortcut else []), *script.phrasings])
    content = html.escape(script.text or "", quote=False).replace("\n", "<br>")
    return ["", script.title, keywords, content, _OURS + script.id, "true", script.group]
