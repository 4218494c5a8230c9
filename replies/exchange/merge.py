"""I say what an import would change, before anything is changed."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import msgspec

from replies import library as libraries
from replies import lint
from replies.exchange import blanks
from replies.library import Script, build
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from replies.exchange.entry import Entry, Taken
    from replies.library import Library

_CODE = re.compile(r"[a-z0-9_]+\Z")
LONGEST_TITLE = 30
_ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")


class Change(msgspec.Struct, frozen=True):
    """A script that the library has (`old`) and the file writes otherwise (`new`)."""

    old: Script
    new: Script

    def fields(self) -> list[str]:
        """The names of the fields that differ."""
        names = (field for field in self.old.__struct_fields__ if field != "source")
        return [name for name in names if getattr(self.old, name) != getattr(self.new, name)]


class Plan(msgspec.Struct):
    """What an import would do. `refused`: rows that cannot come in, with place and reason; `notes`: worth a look.

    `source` of each new script is its place in the file.
    """

    new: list[Script] = msgspec.field(default_factory=list)
    changed: list[Change] = msgspec.field(default_factory=list)
    same: list[Script] = msgspec.field(default_factory=list)
    refused: list[str] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)


class _Known:
    """The scripts of the library, by all that an entry may be known by."""

    def __init__(self, scripts: Iterable[Script]) -> None:
        self.ids = {script.id: script for script in scripts}
        self.codes = {script.shortcut.lower(): script for script in self.ids.values() if script.shortcut}
        self.words = {key: script for script in self.ids.values() for key in ((script.title, script.text), script.text)}

    def like(self, fields: dict[str, Any]) -> Script | None:
        """The script that an entry means: by id, else by shortcut, else by the id it would get, else word for word."""
        code = (fields.get("shortcut") or "").lower()
        found = self.ids.get(_identity(fields)) or (self.codes.get(code) if not fields.get("id") else None)
        return found or (None if fields.get("id") or code else self.words.get(_words(fields)))


def plan(
    library: Library,
    taken: Taken,
    *,
    forbidden: Callable[[str, str], Iterable[str]] | None = None,
    platforms: Sequence[str] = (),
) -> Plan:
    """What bringing `taken` into `library` means. Nothing of the library is taken away.

    `forbidden(text, platform)` is asked as in `lint.problems`, for new and changed scripts.
    """
    made = Plan(refused=list(taken.refused), notes=list(taken.notes))
    known = _Known(library.scripts)
    before: dict[str, Script] = {}
    for entry in taken.entries:
        old = known.like(entry.fields)
        script = _script(entry, old, made.notes)
        wrong = [*_wrong(script), *_repeats(script, before, known), *_forbidden(script, forbidden, platforms)]
        if script.id in before and _content(before[script.id]) == _content(script):
            made.notes.append(f"{script.source}: 与 {before[script.id].source}完全相同，只取一次")
        elif wrong:
            made.refused += [f"{script.source}: {reason}" for reason in wrong]
        elif old is None:
            made.new.append(script)
        elif _content(old) == _content(script):
            made.same.append(old)
        else:
            made.changed.append(Change(old, script))
        before.setdefault(script.id, script)
    made.notes += _advice(library, made)
    return made


def _identity(fields: dict[str, Any]) -> str:
    """The id an entry gets: its own, or one from its shortcut, else from its title: the same each time."""
    if fields.get("id"):
        return str(fields["id"])
    code = (fields.get("shortcut") or "").strip().lower()
    if _CODE.match(code):
        return f"code.{code}"
    said = f"code\n{code}" if code else f"title\n{fields.get('title') or fields['text']}"
    return f"title.{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _words(fields: dict[str, Any]) -> tuple[str, str | None] | str | None:
    """Title and text, or the text of an entry without a title: what makes two scripts without a name the same."""
    return (fields["title"], fields["text"]) if fields.get("title") else fields["text"]


def _short(text: str) -> str:
    """A title for an answer that has none: how it begins."""
    begins = re.split(r"[。！？!?\n]", text.strip(), maxsplit=1)[0].strip() or text.strip()
    return begins if len(begins) <= LONGEST_TITLE else begins[:LONGEST_TITLE] + "…"


def _script(entry: Entry, old: Script | None, notes: list[str]) -> Script:
    """The entry as a script: what it does not say stays as it was."""
    fields = dict(entry.fields)
    fields["id"] = old.id if old else _identity(fields)
    if "phrasings" in fields:
        dull = [text for text in fields["phrasings"] if not normalise(text)]
        notes += [f"{entry.place}: 问法「{text}」没有字，没有导入" for text in dull]
        fields["phrasings"] = tuple(text for text in fields["phrasings"] if normalise(text))
    if not old and not fields.get("title"):
        fields["title"] = next(iter(fields.get("phrasings", ())), "") or _short(fields["text"] or "")
    script = msgspec.structs.replace(old, **fields) if old else Script(**fields)
    script = msgspec.structs.replace(script, source=entry.place)
    return script if script.phrasings else msgspec.structs.replace(script, phrasings=(script.title,))


def _content(script: Script) -> Script:
    return msgspec.structs.replace(script, source="")


def _wrong(script: Script) -> Iterator[str]:
    """What the library would refuse, in the words of the one who imports."""
    if not script.text or not script.text.strip():
        yield "没有回复内容"
        return
    if not script.title.strip():
        yield "没有标题"
    elif not normalise(script.title) and script.phrasings == (script.title,):
        yield f"标题「{script.title[:20]}」没有字，又没有问法"
    if not _ID.match(script.id):
        yield f"编号 {script.id!r} 只能用小写字母、数字、下划线和点"
    try:
        written = msgspec.to_builtins(_content(script))
        msgspec.json.encode(written)
    except UnicodeEncodeError:
        yield "有不能编码的字符"
        return
    written = {key: value for key, value in written.items() if value is not None and key not in ("source", "id")}
    yield from (
        problem
        for problem in libraries.mistakes({**written, "id": "x"})
        if script.title.strip() and (normalise(script.title) or not problem.startswith("phrasings"))
    )


def _repeats(script: Script, before: dict[str, Script], known: _Known) -> Iterator[str]:
    """An id or a shortcut that an earlier row, or another script of the library, has already."""
    if script.id in before:
        by = f"快捷编码 {script.shortcut}" if script.shortcut else f"标题「{script.title[:20]}」"
        yield f"{by} 与 {before[script.id].source}重复，内容不同"
        return
    if not script.shortcut:
        return
    code = script.shortcut.lower()
    twin = next((each for each in before.values() if (each.shortcut or "").lower() == code), None)
    owner = known.codes.get(code)
    if twin:
        yield f"快捷编码 {script.shortcut} 与 {twin.source}重复"
    elif owner and owner.id != script.id:
        yield f"快捷编码 {script.shortcut} 已有话术 {owner.id} 在用（{owner.source}）"


def _forbidden(
    script: Script, forbidden: Callable[[str, str], Iterable[str]] | None, platforms: Sequence[str]
) -> Iterable[str]:
    """Why it may not be sent, each sentence once."""
    found = lint.objections(script, forbidden, platforms) if forbidden else ()
    return dict.fromkeys(sentence for _, sentence in found)


def _advice(library: Library, made: Plan) -> Iterator[str]:
    """Blanks that nothing fills, and what lint sees once the scripts stand in the library."""
    brought = [*made.new, *(change.new for change in made.changed)]
    for script in brought:
        for text in (script.text or "", *script.alternatives):
            if len(text) > lint.LONGEST:
                yield f"{script.source}: 回复有 {len(text)} 个字，超过 {lint.LONGEST} 字，买家难以读完"
            yield from (
                f"{script.source}: 变量 {{{name}}} 没有对应的变量，要客服自己填" for name in blanks.unknown(text)
            )
    replaced = {change.old.id: change.new for change in made.changed}
    after = [replaced.get(script.id, script) for script in library.scripts]
    names = {script.id for script in brought}
    for problem in lint.twins(build([*after, *made.new])):
        if problem.script in names:
            yield f"{problem.place}: 问法重复：{problem.message}"
