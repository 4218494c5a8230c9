"""I read and write our own script files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from replies import DataError
from replies import library as libraries
from replies.exchange.entry import Entry, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.library import Script

_HEAD = "# {said}\n\ngroup = {group}\n"


def read(text: str, name: str) -> Taken:
    """The scripts of a TOML file."""
    taken = Taken()
    for script in libraries.read_toml(text, name, taken.refused):
        fields = {field: getattr(script, field) for field in script.__struct_fields__ if field != "source"}
        taken.entries.append(Entry(script.source, fields))
    return taken


def write(scripts: Iterable[Script], said: str = "由 kuaihui library export 写成。") -> str:
    """A file with all scripts, in order, each with its group; `said` is its first line. DataError for one without answer."""
    listed = list(scripts)
    silent = [
        f"{script.source or script.id}: {script.id}: 没有回复内容，TOML 话术必须有"
        for script in listed
        if not script.text
    ]
    if silent:
        raise DataError(silent)
    group = next((script.group for script in listed if script.group.strip()), "导入")
    return "\n".join([_HEAD.format(said=said, group=quoted(group)), *(block(script, group) for script in listed)])


def block(script: Script, group: str) -> str:
    """One `[[scripts]]` table, in a file whose group is `group`."""
    lines = ["[[scripts]]", f"id = {quoted(script.id)}", f"title = {quoted(script.title)}"]
    if script.group != group:
        lines.append(f"group = {quoted(script.group)}")
    if script.shortcut is not None:
        lines.append(f"shortcut = {quoted(script.shortcut)}")
    listed = {key: getattr(script, key) for key in ("stage", "platforms", "not_on")}
    lines += [f"{key} = {_listed(names)}" for key, names in listed.items() if names]
    if script.valid:
        days = msgspec.to_builtins(script.valid)
        lines.append(f"valid = {{ {', '.join(f'{key} = {quoted(day)}' for key, day in days.items() if day)} }}")
    lines += [f"phrasings = {_listed(script.phrasings)}", f"text = {quoted(script.text or '')}"]
    if script.alternatives:
        lines.append(f"alternatives = {_listed(script.alternatives)}")
    return "\n".join([*lines, ""])


def quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's; line separators would upset whoever counts lines."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(char):04X}" if char in "\x7f\x85\u2028\u2029" else char for char in written)


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"
