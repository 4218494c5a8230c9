"""I rewrite other tools' blanks as ours, and name those that we have nothing for."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from replies import fill

# {x} {{x}} #{x} ${x} %{x}: certainly a blank. 【x】 [x] <x> %x% #x#: one only where x is a name that we know.
_SURE = re.compile(r"[#$%]?\{\{?\s*([^{}\n]{1,60}?)\s*\}?\}")
_MAYBE = re.compile(r"【([^【】\n]{1,20})】|\[([^\[\]\n]{1,20})\]|<([^<>\n]{1,20})>|%([^%\s]{1,20})%|#([^#\s]{1,20})#")


@cache
def _known() -> dict[str, str]:
    """Foreign name, in small letters -> our name."""
    raw = resources.files("replies").joinpath("exchange/variables.toml").read_text(encoding="utf-8")
    ours = fill.variables()
    named = {alias.lower(): name for name, aliases in tomllib.loads(raw)["names"].items() for alias in aliases}
    return {**named, **{variable.label: name for name, variable in ours.items()}, **{name: name for name in ours}}


def translate(text: str) -> str:
    """`text` with the blanks that are known written as `{name}`; the others stay as they are."""

    def put(blank: re.Match[str]) -> str:
        name = _known().get((blank[blank.lastindex or 1]).strip().lower())
        return "{" + name + "}" if name else blank[0]

    if not re.search(r"[{【\[<%#]", text):
        return text
    return _MAYBE.sub(put, _SURE.sub(put, text))


def unknown(text: str) -> tuple[str, ...]:
    """The blanks of `text` that no conversation can fill, in order, each once."""
    found = dict.fromkeys(blank[1] for blank in _SURE.finditer(text))
    return tuple(name for name in found if name not in fill.variables() and name.lower() not in _known())
