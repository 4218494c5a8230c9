"""I read 懒人客服's 自动回复 table: help text, a head, then keywords and replies with marks of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from replies.exchange import columns
from replies.exchange.entry import Entry, Taken
from replies.exchange.table import first, records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.exchange.table import Table

_FILE = re.compile(r"\[@\](.*?)\[/@\]", re.DOTALL)
_PATTERN = re.compile(r"[\\^$*+?()\[\]{}]|\.[*+?]")


def recognises(head: Sequence[str]) -> bool:
    """`匹配关键词` and `回复内容` with a column on how they match."""
    return {"匹配关键词", "回复内容"} <= set(head) and not {"模糊匹配", "支持正则"}.isdisjoint(head)


def read(table: Table) -> Taken:
    """A script a row: `|` divides phrasings, `[and]` joins what must both be there, `[or]` divides wordings.

    `[@]path[/@]` is a picture on the other program's disk: it is left out and named. `[~]` is noise. Rows whose
    keywords are regular expressions are refused: nobody writes like that.
    """
    taken = Taken()
    for place, cells in records(table, taken.refused):
        keywords, reply = first(cells, "匹配关键词"), first(cells, "回复内容")
        platforms, strange = columns.platforms(first(cells, "平台"))
        pictures = [path.strip() for path in _FILE.findall(reply)]
        if pictures:
            taken.notes.append(f"{place}: 图片和文件没有导入：{'、'.join(pictures)}")
        said = _FILE.sub("", reply).replace("[~]", "").split("[or]")
        wordings = list(dict.fromkeys(wording.strip() for wording in said if wording.strip()))
        phrasings = tuple(dict.fromkeys(_phrasing(word) for word in re.split(r"[|｜]", keywords) if _phrasing(word)))
        if not wordings:
            taken.refused.append(f"{place}: {'只有图片或文件，没有文字' if pictures else '没有回复内容'}")
        elif not phrasings:
            taken.refused.append(f"{place}: 没有匹配关键词")
        elif columns.said(first(cells, "支持正则")) and _PATTERN.search(" ".join(phrasings)):
            taken.refused.append(f"{place}: 关键词是正则表达式，当不了问法：{phrasings[0][:40]}")
        elif strange:
            taken.refused.append(f"{place}: 不认识的平台：{'、'.join(strange)}")
        else:
            fields = {"title": phrasings[0], "phrasings": phrasings, "text": wordings[0], "platforms": platforms}
            taken.entries.append(Entry(place, {**fields, "alternatives": tuple(wordings[1:])}))
    return taken


def _phrasing(keyword: str) -> str:
    """Words that must stand together, one after the other."""
    return " ".join(part.strip() for part in keyword.replace("[~]", "").split("[and]") if part.strip())
