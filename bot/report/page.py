"""I write the page: its data, words, styles and scripts in one file that may load nothing and run nothing else."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from importlib import resources
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

LANGUAGES = ("zh", "en")
STYLES = ("vendor/uPlot.min.css", "page.css")
SCRIPTS = ("base.js", "tables.js", "plots.js", "talks.js", "changes.js", "main.js")
_PLOTTING = "vendor/uPlot.iife.min.js"
# What HTML or an old JavaScript could take for an end; in JSON these stand in strings alone, where an escape means the same.
_ESCAPES = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}


def render(data: dict[str, Any]) -> bytes:
    """The page with `data`, UTF-8; equal for equal data. Its policy lets only the scripts run that it is made with."""
    styles = "\n".join(map(_read, STYLES))
    scripts = [_read(_PLOTTING), "\n".join(map(_read, SCRIPTS))]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    said = words()
    text = environment.from_string(_read("page.html")).render(
        policy=_policy(styles, scripts),
        styles=Markup(styles),  # noqa: S704 - a file of this package
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - likewise
        notice=_read("vendor/uPlot.LICENSE"),
        words=said,
        words_json=embedded(said),
        data=embedded(data),
        compared=data["changes"] is not None,
    )
    return text.encode()


def words() -> dict[str, dict[str, str]]:
    """Everything that the page itself says, by name, in each of LANGUAGES."""
    table: dict[str, dict[str, str]] = tomllib.loads(_read("words.toml"))
    return table


def embedded(data: object) -> Markup:
    """As JSON that can stand within a script element, whatever it says."""
    return Markup(msgspec.json.encode(data).decode().translate(_ESCAPES))  # noqa: S704 - nothing is left that HTML reads


def _policy(styles: str, scripts: list[str]) -> str:
    allowed = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return resources.files("bot.report").joinpath(name).read_text(encoding="utf-8")
