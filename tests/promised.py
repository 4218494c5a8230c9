"""I hold a server's answers against its own OpenAPI document: nothing it does not promise, nothing more."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from bot.web.probes import document

if TYPE_CHECKING:
    from living import Answer

DOCUMENT = json.loads(document())
_PATHS = {template: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))) for template in DOCUMENT["paths"]}
_VALIDATORS: dict[tuple[str, bool], jsonschema_rs.Validator] = {}


def template_of(path: str) -> str | None:
    """The path of the document that a path on the wire is one of."""
    plain = path.partition("?")[0]
    return next((template for template, pattern in _PATHS.items() if pattern.fullmatch(plain)), None)


def promised(method: str, path: str, answer: Answer) -> None:
    """Is this answer one that the document promises, and does it hold nothing that the document is silent of?"""
    operation = DOCUMENT["paths"].get(template_of(path) or "", {}).get(method.lower())
    if operation is None:
        assert answer.status in (404, 405), f"{method} {path}: {answer.status}"
        assert answer.status == 404 or answer.headers["Allow"]
        if method != "HEAD":
            fits(answer.json, "Error")
        return
    place = operation["responses"].get(str(answer.status))
    assert place is not None, f"{method} {path}: {answer.status} is not documented: {answer.body[:300]!r}"
    if "$ref" in place:
        place = DOCUMENT["components"]["responses"][place["$ref"].rpartition("/")[2]]
    for name, header in place.get("headers", {}).items():
        assert name in answer.headers, f"{method} {path}: {answer.status} without {name}"
        jsonschema_rs.validate(header["schema"], answer.headers[name])
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in place["content"], f"{method} {path}: {kind} is not documented"
    if kind == "application/json":
        schema = place["content"][kind]["schema"]
        if "$ref" in schema:
            fits(answer.json, schema["$ref"].rpartition("/")[2])
        else:
            jsonschema_rs.validate(schema, answer.json)


def fits(value: object, name: str, *, sealed: bool = True) -> None:
    """Is the value one of the schema of that name? `sealed`: without a property that the schema does not name."""
    if (name, sealed) not in _VALIDATORS:
        schemas = DOCUMENT["components"]["schemas"]
        _VALIDATORS[name, sealed] = jsonschema_rs.Draft202012Validator(
            {"components": {"schemas": _seal(schemas) if sealed else schemas}, "$ref": f"#/components/schemas/{name}"},
            validate_formats=True,
        )
    _VALIDATORS[name, sealed].validate(value)


def _seal(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_seal(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    sealed = {key: _seal(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
        sealed["unevaluatedProperties"] = False
    return sealed
