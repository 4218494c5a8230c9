"""I read and write Live Helper Chat's canned messages, which it takes only with its columns in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replies import fill
from replies.exchange import columns
from replies.exchange.entry import Entry, Taken
from replies.exchange.table import first, records, to_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replies.exchange.table import Table
    from replies.library import Script

COLUMNS = (  # noqa: SIM905 - to be compared with its documentation at a glance
    "id,title,explain,msg,fallback_msg,position,delay,department_id,user_id,auto_send,attr_int_1,attr_int_2,attr_int_3,"
    "languages,additional_data,html_snippet,unique_id,created_at,updated_at,active_from,active_to,repetitiveness,"
    "days_activity,disabled,delete_on_exp,activate_responder,subject,tags_plain,department_ids_front"
).split(",")

_ZEROS = (
    "position",
    "delay",
    "department_id",
    "user_id",
    "auto_send",
    "attr_int_1",
    "attr_int_2",
    "attr_int_3",
    "active_from",
    "active_to",
    "repetitiveness",
    "disabled",
    "delete_on_exp",
)


def recognises(head: Sequence[str]) -> bool:
    """Its own columns, in any order."""
    return {"title", "msg", "unique_id"} <= set(head)


def read(table: Table) -> Taken:
    """A script a row: tags are what an agent types, so the first is the shortcut; the fallback is another wording."""
    taken = Taken()
    for place, cells in records(table, taken.refused):
        text, fallback = first(cells, "msg"), first(cells, "fallback_msg")
        if columns.said(first(cells, "disabled")):
            taken.notes.append(f"{place}: 已停用，没有导入")
            continue
        if not text:
            taken.refused.append(f"{place}: 没有回复内容（msg）")
            continue
        if any(first(cells, key) not in ("", "0") for key in ("active_from", "active_to")):
            taken.notes.append(f"{place}: 启用时间没有导入")
        fields: dict[str, Any] = {"text": text, "alternatives": (fallback,) if fallback else ()}
        fields |= {"title": first(cells, "title")} if first(cells, "title") else {}
        tags = columns.words(first(cells, "tags_plain"))
        fields |= {"shortcut": tags[0].lstrip("#")} if tags else {}
        fields |= {"id": first(cells, "unique_id")} if first(cells, "unique_id") else {}
        taken.entries.append(Entry(place, fields))
    return taken


def write(scripts: Iterable[Script]) -> str:
    """All columns in the order it asks for; `unique_id` is our id, by which it updates what it has."""
    return to_csv(COLUMNS, (_row(script) for script in scripts))


def _row(script: Script) -> list[str]:
    given = dict.fromkeys(_ZEROS, "0") | {
        "title": script.title,
        "msg": script.text or "",
        "fallback_msg": next((text for text in script.alternatives if not fill.blanks(text)), ""),
        "unique_id": script.id,
        "tags_plain": script.shortcut or "",
    }
    return [given.get(column, "") for column in COLUMNS]
