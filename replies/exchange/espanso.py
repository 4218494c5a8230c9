"""I read and write espanso's match files. What a match would run is never run: such a match stays out, and is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from replies import DataError
from replies.exchange.entry import Entry, Taken
from replies.exchange.html import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from replies.library import Script

_RUNS = ("shell", "script")
_VARIABLE = re.compile(r"\{\{\s*([^{}\s]{1,60}?)\s*\}\}")
_FIELD = re.compile(r"\[\[\s*([^\[\]\s]{1,60}?)\s*\]\]")
_CURSOR = "$|$"
_NESTED = 2  # variables inside variables that are put in
_CHOICES = 20  # wordings taken of one variable
_LARGEST = 10**18  # a trigger that is a number
_TEXTS = ("replace", "markdown", "html", "form")


def read(text: str, name: str) -> Taken:
    """A script a match: the first trigger is the shortcut, `search_terms` are phrasings.

    Variables of type `echo` are put in, each choice of `random` is a wording, the others become blanks. Matches that
    would run a program, or paste a picture, are left out and named in `notes`. DataError if it is no match file.
    """
    listed, variables = _opened(text, name)
    taken = Taken()
    for number, match in enumerate(listed, 1):
        place = f"{name} 第 {number} 条"
        if not isinstance(match, dict):
            taken.refused.append(f"{place}: 不是一条 match")
            continue
        reason = _take(match, variables, place, taken)
        if reason:
            taken.refused.append(f"{place}: {reason}")
    return taken


def _opened(text: str, name: str) -> tuple[list[object], dict[str, dict[str, Any]]]:
    """The matches of a file, and its variables by name."""
    try:
        read = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" 第 {mark.line + 1} 行" if mark else ""
        raise DataError([f"{name}{where}: 不是能读的 YAML：{error.problem}"]) from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise DataError([f"{name}: 不是能读的 YAML：{str(error)[:200]}"]) from error
    listed = read.get("matches") if isinstance(read, dict) else None
    if not isinstance(listed, list):
        raise DataError([f"{name}: 不是 espanso 的文件：要有 matches 列表"])
    return listed, _named(read.get("global_vars"))


def _named(variables: object) -> dict[str, dict[str, Any]]:
    listed = variables if isinstance(variables, list) else []
    return {one["name"]: one for one in listed if isinstance(one, dict) and isinstance(one.get("name"), str)}


def _take(match: dict[Any, Any], shared: Mapping[str, dict[str, Any]], place: str, taken: Taken) -> str:
    """One match as an entry or a note; the reason if it can be neither."""
    triggers = _words(match.get("triggers")) or _words(match.get("trigger"))
    called = f"（{triggers[0]}）" if triggers else ""
    kind = next((key for key in _TEXTS if isinstance(match.get(key), str)), None)
    if kind is None:
        if isinstance(match.get("image_path"), str):
            taken.notes.append(f"{place}{called}: 图片没有导入：{match['image_path']}")
            return ""
        return f"没有回复内容（{'、'.join(_TEXTS)}）"
    variables = {**shared, **_named(match.get("vars"))}
    said = plain_text(match[kind]) if kind == "html" else match[kind]
    said = _FIELD.sub(lambda field: "{" + field[1] + "}", said) if kind == "form" else said
    runs = _runs(said, variables)
    if runs:
        taken.notes.append(f"{place}{called}: 要运行 {'、'.join(runs)}，没有导入，也没有运行")
        return ""
    wordings = list(dict.fromkeys(wording.strip() for wording in _wordings(said.replace(_CURSOR, ""), variables)))
    if not wordings[0]:
        return "没有回复内容"
    fields: dict[str, Any] = {"text": wordings[0], "alternatives": tuple(wordings[1:])}
    shortcut = triggers[0].lstrip(":;/\\,.!#@ ") if triggers else ""
    fields |= {"shortcut": shortcut} if shortcut else {}
    title, asked = _words(match.get("label")), _words(match.get("search_terms"))
    fields |= {"title": title[0]} if title else {}
    fields |= {"phrasings": tuple(dict.fromkeys(asked))} if asked else {}
    if len(triggers) > 1:
        taken.notes.append(f"{place}{called}: 只取第一个触发词，没有取 {'、'.join(triggers[1:])}")
    if not triggers and match.get("regex"):
        taken.notes.append(f"{place}: 触发条件是正则表达式，没有快捷编码")
    taken.entries.append(Entry(place, fields))
    return ""


def _words(value: object) -> list[str]:
    """Strings, and numbers as they were written; YAML takes `123` for a number."""
    listed = value if isinstance(value, list) else [value]
    said = [str(one).strip() for one in listed if isinstance(one, str) or (type(one) is int and abs(one) < _LARGEST)]
    return [one for one in said if one]


def _runs(text: str, variables: Mapping[str, dict[str, Any]]) -> list[str]:
    """The variables of a text that would run something, also those that stand in others."""
    found: list[str] = []
    todo, seen = list(_VARIABLE.findall(text)), set[str]()
    while todo:
        name = todo.pop(0).partition(".")[0]
        if name in seen:
            continue
        seen.add(name)
        variable = variables.get(name, {})
        if variable.get("type") in _RUNS:
            found.append(f"{variable['type']} {name}")
        todo += [inner for one in _constants(variable) for inner in _VARIABLE.findall(one)]
        todo += _words(variable.get("depends_on"))
    return found


def _constants(variable: Mapping[str, Any]) -> list[str]:
    """What a variable may stand for, where its file says so."""
    given = variable.get("params")
    params: dict[Any, Any] = given if isinstance(given, dict) else {}
    key = {"echo": "echo", "random": "choices"}.get(str(variable.get("type")), "")
    return _words(params.get(key))[:_CHOICES]


def _wordings(text: str, variables: Mapping[str, dict[str, Any]], depth: int = 0) -> list[str]:
    """The text with constants put in: one wording, or one for each choice of its first random variable."""
    made = [text]
    for name in dict.fromkeys(_VARIABLE.findall(text)):
        constants = _constants(variables.get(name, {})) if depth < _NESTED else []
        said = [each for one in constants for each in _wordings(one, variables, depth + 1)][:_CHOICES]
        said = said or ["{" + name.rpartition(".")[2] + "}"]
        said = said if len(made) == 1 else said[:1]
        pattern = re.compile(r"\{\{\s*" + re.escape(name) + r"\s*\}\}")
        made = [_put(pattern, put, one) for one in made for put in said]
    return made


def _put(pattern: re.Pattern[str], put: str, text: str) -> str:
    return pattern.sub(lambda _: put, text)


def write(scripts: Iterable[Script]) -> str:
    """A match a script, called by its shortcut after a colon, or its id. Wordings beside the first are not carried."""
    matches = [
        {
            "trigger": f":{script.shortcut or script.id}",
            "label": script.title,
            "search_terms": list(script.phrasings),
            "replace": script.text or "",
        }
        for script in scripts
    ]
    written: str = yaml.safe_dump({"matches": matches}, allow_unicode=True, sort_keys=False, width=1000)
    return written
