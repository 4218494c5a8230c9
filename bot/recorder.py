"""I write down what was typed into a chat as a scene that plays again to the same end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import history, model, outward, rates, wire
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.engine import Outcome
    from bot.ports import Event
    from bot.shop import Shop
    from bot.virtual import VirtualDriver

# Of each event the fields by which a scene knows it again.
EXPECTED = ("conversation", "target", "stage", "reply_id", "verdict", "reason", "corrected", "lost")
COUNTED = ("population", "met", "waiting", "mean_s")


class _Step(NamedTuple):
    fields: dict[str, Any]
    expect: list[dict[str, Any]]


class Recorder:
    """Told step by step what was done at which instant and what came of it."""

    def __init__(self, shop: Shop, start: int) -> None:
        """`start`: the scene's beginning, unix seconds."""
        self._shop, self._start = shop, start
        self._steps: list[_Step] = []
        self._rates: dict[str, dict[str, Any]] = {}

    def step(self, at: int, fact: model.AnyFact | None, outcome: Outcome | None, heard: list[Event]) -> None:
        """`heard`: the events told since the step before; `fact` None: only time has passed."""
        fields: dict[str, Any] = {"at": at - self._start}
        if fact is not None:
            fields |= {"conversation": fact.conversation, **_deed(fact)}
        if isinstance(fact, model.BuyerSaid) and outcome is not None and outcome.conversation is not None:
            fields["offered"] = [one.script for one in outcome.conversation.offered]
        if isinstance(fact, model.Drafted) and outcome is not None and outcome.reply is not None:
            findings = msgspec.json.decode(outcome.reply.verdict)["findings"]
            fields |= {"state": outcome.reply.state, "rules": [finding["rule"] for finding in findings]}
        expect = [_expected(event) for event in heard if event.type != "suggestion.created"]
        self._steps.append(_Step(fields, expect))

    def finish(self, driver: VirtualDriver) -> None:
        """All is over and no alarm armed: count the rates as a scene does at its end."""
        lines = tuple(history.lines(driver.engine.store.facts_between(self._shop.id, 0, 1 << 60)))
        now = int(driver.clock.now())
        for target in self._shop.targets:
            shown = outward.rate(rates.rate(lines, target, self._shop.zone, now=now), self._shop)
            self._rates[target.name] = {key: shown[key] for key in COUNTED if shown.get(key) is not None}

    def write(self, file: Path, *, title: str) -> None:
        """The scene, as TOML. Raises DataError if the file cannot be written."""
        try:
            file.write_text("\n".join(self._text(title)) + "\n", encoding="utf-8")
        except OSError as error:
            raise DataError([f"{file}: cannot be written: {error.strerror}"]) from error

    def _text(self, title: str) -> Iterator[str]:
        shop = self._shop
        yield f"title = {_value(title)}"
        yield f"start = {_value(wire.iso(self._start, shop.zone))}"
        yield f"platform = {_value(shop.platform.id)}"
        yield f"timezone = {_value(shop.zone.name)}"
        yield f"library = {_value(shop.matcher.library.version)}"
        for step in self._steps:
            yield "\n[[steps]]"
            yield from (f"{key} = {_value(value)}" for key, value in step.fields.items())
            yield f"expect = {_value(step.expect)}"
        for name, counted in self._rates.items():
            yield f"\n[rates.{name}]"
            yield from (f"{key} = {_value(value)}" for key, value in counted.items())


def _deed(fact: model.AnyFact) -> dict[str, Any]:
    """What a step of a scene calls it."""
    match fact:
        case model.BuyerSaid():
            kind = {} if fact.kind == "text" else {"kind": fact.kind}
            return {"id": fact.id, "buyer": fact.text, "who": fact.buyer, **kind}
        case model.Drafted():
            override = {"override": fact.override} if fact.override else {}
            return {"id": fact.id, "reply": fact.text, "who": fact.agent, **override}
        case model.Delivered():
            return {"delivered": fact.id}
        case model.ContextChanged():
            return {"context": fact.context}
        case _:
            raise AssertionError(f"nothing that can be typed: {fact}")


def _expected(event: Event) -> dict[str, Any]:
    data = msgspec.json.decode(event.data)
    return {"type": event.type, **{key: data[key] for key in EXPECTED if data.get(key) is not None}}


def _value(value: object) -> str:
    """As TOML writes it: strings as in JSON, which TOML reads the same, but for DEL."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_value(key)} = {_value(one)}" for key, one in value.items()) + " }" if value else "{}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
