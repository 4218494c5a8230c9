"""I read and write FastGPT's question tables: q, a, and any number of indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies.exchange import columns
from replies.exchange.entry import Entry, Taken
from replies.exchange.table import first, records, to_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replies.exchange.table import Table
    from replies.library import Script


def recognises(head: Sequence[str]) -> bool:
    """The first two columns are `q` and `a`."""
    return list(head[:2]) == ["q", "a"]


def read(table: Table) -> Taken:
    """A script a row; every column after the second holds other ways of asking."""
    taken = Taken()
    for place, cells in records(table, taken.refused):
        question, answer = first(cells, "q"), first(cells, "a")
        if not question or not answer:
            taken.refused.append(f"{place}: 没有{'回复内容（a）' if question else '问题（q）'}")
            continue
        others = [
            line for head in dict.fromkeys(table.head[2:]) for cell in cells[head] for line in columns.lines(cell)
        ]
        title, *asked = columns.lines(question)
        phrasings = tuple(dict.fromkeys((*asked, *others))) or (title,)
        taken.entries.append(Entry(place, {"title": title, "text": answer, "phrasings": phrasings}))
    return taken


def write(scripts: Iterable[Script]) -> str:
    """Question, answer and one column for each further phrasing."""
    listed = list(scripts)
    width = max((len(script.phrasings) for script in listed), default=1) or 1
    rows = [
        [script.title, script.text or "", *script.phrasings, *[""] * (width - len(script.phrasings))]
        for script in listed
    ]
    return to_csv(["q", "a", *["indexes"] * width], rows)
