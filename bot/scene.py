"""I play a whole conversation written as data, and say where it went otherwise than written."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from bot import history, model, outward, platforms, rates, strict, wire, zones
from bot.errors import WireError
from bot.virtual import VirtualDriver
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.deadline import Zone
    from bot.ports import Event
    from bot.shop import Shop


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `at`: seconds after the scene's start, or "HH:MM:SS" on its first day. At most one thing is done.

    `sent`: when it was sent, if it arrives late. `expect`: exactly the events told since the step before, each by the
    fields given; suggestions are compared apart: `suggest` is the script now offered first, "" for none.
    """

    at: int | str
    sent: int | str | None = None
    conversation: str = "c1"
    id: str = ""
    buyer: str | None = None
    agent: str | None = None
    robot: str | None = None
    system: str | None = None
    kind: model.Kind = "text"
    assisted: bool = False
    who: str = ""
    reply: str | None = None
    override: str = ""
    reply_id: str = ""
    recall: str = ""
    edit: str = ""
    text: str = ""
    close: bool = False
    delivered: str = ""
    failed: str = ""
    context: dict[str, str] = msgspec.field(default_factory=dict)
    expect: list[dict[str, Any]] | None = None
    suggest: str | None = None
    state: Literal["", "queued", "held"] = ""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A scene file. `targets`: only these of the platform's run; `rates`: what they must show at the end."""

    title: str
    start: str
    steps: tuple[Doing, ...]
    platform: str = "pinduoduo"
    timezone: str = "Asia/Shanghai"
    targets: list[str] | None = None
    stages: dict[str, list[int]] = msgspec.field(default_factory=dict)
    rates: dict[str, dict[str, float | int]] = msgspec.field(default_factory=dict)
    source: str = ""


class Shown(NamedTuple):
    """What happened, for who watches: the instant, the step that was done (None for time passing), the event."""

    at: int
    step: Doing | None
    event: Event | None


def load(file: Path) -> Scene:
    """Read a scene; raises DataError with every mistake, naming the file and the key."""
    problems: list[str] = []
    try:
        read = strict.read(tomllib.loads(file.read_text(encoding="utf-8-sig")), Scene, "", problems)
    except OSError as error:
        raise DataError([f"{file}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError([f"{file}: {error}"]) from error
    problems += _mistakes(read) if read is not None else []
    if read is None or problems:
        raise DataError([f"{file}: {problem}" for problem in problems])
    return read


def _mistakes(scene: Scene) -> Iterator[str]:
    """What the types of a scene do not say: platform, targets, stages and times that are none."""
    if scene.platform not in platforms.names():
        yield f"platform: {scene.platform!r} is not one of {', '.join(platforms.names())}"
    else:
        targets = {target.name: target.limit for target in platforms.load(scene.platform).targets}
        named = {"targets": scene.targets or [], "stages": scene.stages, "rates": scene.rates}
        for key, names in named.items():
            yield from (f"{key}: {scene.platform} has no target {name!r}" for name in names if name not in targets)
        for name, stages in scene.stages.items():
            wrong = platforms.stage_mistakes(tuple(stages), targets[name]) if name in targets else []
            yield from (f"stages.{name}: {mistake}" for mistake in wrong)
    try:
        start = zones.instant(scene.start, "start", zone := zones.find(scene.timezone, "timezone"))
    except (WireError, DataError) as error:
        yield str(error)
        return
    for position, step in enumerate(scene.steps):
        for key, at in (("at", step.at), ("sent", step.sent)):
            try:
                _instant(at, start, zone)
            except WireError:
                yield f'steps[{position}].{key}: {at!r} is neither seconds after the start nor "HH:MM:SS"'


def _instant(at: int | str | None, start: int, zone: Zone) -> int:
    """Unix seconds of a step's time. Raises WireError."""
    if at is None or isinstance(at, int):
        return start + (at or 0)
    return wire.instant(wire.iso(start, zone)[:11] + at, "at", zone)


class Play:
    """One scene on one shop; `watch` is told everything as it happens."""

    def __init__(self, scene: Scene, shop: Shop, watch: Callable[[Shown], None]) -> None:
        """`scene` as `load` gives it. The shop takes over the scene's targets and stages."""
        self.scene, self.shop, self._watch = scene, shop, watch
        shop.set_stages({target: tuple(stages) for target, stages in scene.stages.items()})
        if scene.targets is not None:
            shop.targets = tuple(target for target in shop.targets if target.name in scene.targets)
        self._driver = VirtualDriver({shop.id: shop}, self._hear)
        self.start = wire.instant(scene.start, "start", shop.zone)
        self._heard: list[Event] = []

    def run(self) -> list[str]:
        """Play to the end, and on until no alarm is armed; one sentence for each thing that was otherwise."""
        wrong: list[str] = []
        try:
            for number, step in enumerate(self.scene.steps, 1):
                wrong += [f"step {number}: {problem}" for problem in self._step(step, number)]
            self._driver.finish()
            wrong += self._rates()
        finally:
            self._driver.close()
        return wrong

    def _hear(self, event: Event) -> None:
        self._heard.append(event)
        self._watch(Shown(event.at, None, event))

    def _step(self, step: Doing, number: int) -> Iterator[str]:
        at = _instant(step.at, self.start, self.shop.zone)
        fact = self._fact(step, number, at)
        if fact is None:
            self._driver.move_to(at)
            conversation, reply = None, None
        else:
            self._driver.move_to(at, including=False)
            self._watch(Shown(at, step, None))
            outcome = self._driver.put(fact)
            conversation, reply = outcome.conversation, outcome.reply
        heard, self._heard = self._heard, []
        if step.expect is not None:
            yield from _compare(step.expect, heard)
        if step.suggest is not None:
            held = conversation or self._driver.engine.conversation(self.shop.id, step.conversation)
            first = held.offered[0].script if held and held.offered else ""
            if first != step.suggest:
                yield f"offered {first or 'nothing'!r}, not {step.suggest or 'nothing'!r}"
        if step.state and (reply is None or reply.state != step.state):
            yield f"the reply is {reply.state if reply else 'unknown'}, not {step.state}"

    def _fact(self, step: Doing, number: int, at: int) -> model.AnyFact | None:  # noqa: C901 - one case a deed
        sent = at if step.sent is None else min(_instant(step.sent, self.start, self.shop.zone), at)
        identity = step.id or f"m{number}"
        base: dict[str, Any] = {"shop": self.shop.id, "conversation": step.conversation, "at": sent, "arrived": at}
        said = {**base, "key": f"message.created:{identity}", "id": identity, "kind": step.kind}
        once = {**base, "key": f"step:{number}"}
        match step:
            case Doing(buyer=str() as text):
                return model.BuyerSaid(**said, text=text, buyer=step.who, context=step.context)
            case Doing(agent=str() as text):
                return model.AgentSaid(**said, text=text, agent=step.who, reply_id=step.reply_id)
            case Doing(robot=str() as text):
                return model.RobotSaid(**said, text=text, assisted=step.assisted)
            case Doing(system=str() as text):
                return model.SystemSaid(**said, text=text)
            case Doing(reply=str() as text):
                return model.Drafted(**once, id=identity, agent=step.who, text=text, override=step.override)
            case Doing(recall=str() as other) if other:
                return model.Recalled(**once, id=other)
            case Doing(edit=str() as other) if other:
                return model.Edited(**once, id=other, text=step.text)
            case Doing(close=True):
                return model.Closed(**once)
            case Doing(delivered=str() as other) if other:
                return model.Delivered(**once, id=other)
            case Doing(failed=str() as other) if other:
                return model.SendFailed(**once, id=other, reason="not delivered")
            case _:
                return None

    def _rates(self) -> Iterator[str]:
        store = self._driver.engine.store
        lines = tuple(history.lines(store.facts_between(self.shop.id, 0, 1 << 60)))
        now = int(self._driver.clock.now())
        for target in self.shop.targets:
            shown = outward.rate(rates.rate(lines, target, self.shop.zone, now=now), self.shop)
            for key, wanted in self.scene.rates.get(target.name, {}).items():
                if shown.get(key) != wanted:
                    yield f"rates: {target.name}.{key} is {shown.get(key)}, not {wanted}"


def _compare(wanted: list[dict[str, Any]], heard: list[Event]) -> Iterator[str]:
    told = [
        {"type": event.type, **msgspec.json.decode(event.data)} for event in heard if event.type != "suggestion.created"
    ]
    if len(told) != len(wanted) or any(
        told_one.get(key) != value
        for told_one, wanted_one in zip(told, wanted, strict=True)
        for key, value in wanted_one.items()
    ):
        keys = sorted({"type", "target", "stage", *(key for one in wanted for key in one)})
        yield f"expected {wanted}, told {[{key: one[key] for key in keys if key in one} for one in told]}"
