"""I read and write Chatwoot's canned responses: a JSON list of short codes with content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replies import DataError
from replies.exchange.entry import Entry, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.library import Script


class _Canned(msgspec.Struct, frozen=True):
    """One canned response; its other keys say nothing here."""

    short_code: str
    content: str


def read(text: str, name: str) -> Taken:
    """A script an object. DataError if the file is no list of objects."""
    taken = Taken()
    try:
        listed = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise DataError([f"{name}: 不是 JSON 列表：{error}"]) from error
    for number, raw in enumerate(listed, 1):
        place = f"{name} 第 {number} 条"
        try:
            canned = msgspec.json.decode(raw, type=_Canned)
        except msgspec.DecodeError as error:
            taken.refused.append(f"{place}: 不是一条话术：{error}")
            continue
        text_of = canned.content.strip()
        if not text_of or not canned.short_code.strip():
            taken.refused.append(f"{place}: 没有{'快捷编码（short_code）' if text_of else '回复内容（content）'}")
            continue
        taken.entries.append(Entry(place, {"text": text_of, "shortcut": canned.short_code.strip()}))
    return taken


def write(scripts: Iterable[Script]) -> str:
    """The list; a script without a shortcut goes by its id."""
    listed = [_Canned(script.shortcut or script.id, script.text or "") for script in scripts]
    return msgspec.json.format(msgspec.json.encode(listed), indent=2).decode() + "\n"
