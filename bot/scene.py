"""I play a whole conversation written as data, and say where it went otherwise than written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import history, model, outward, platforms, rates, wire, zones
from bot.scenefile import Doing, instant
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.ports import Event, Reply
    from bot.scenefile import Scene
    from bot.shop import Shop


class Shown(NamedTuple):
    """What happened, for who watches: the instant, the step that was done (None for time passing), the event."""

    at: int
    step: Doing | None
    event: Event | None


class Play:
    """One scene on one shop; `watch` is told everything as it happens."""

    def __init__(self, scene: Scene, shop: Shop, watch: Callable[[Shown], None]) -> None:
        """`scene` as `load` gives it. The shop takes over the scene's targets and stages."""
        self.scene, self.shop, self._watch = scene, shop, watch
        shop.zone = zones.find(scene.timezone, "timezone")
        if scene.changes:
            shop.targets = platforms.load(scene.platform, scene.changes).targets
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
        at = instant(step.at, self.start, self.shop.zone)
        if step.restart:
            self._watch(Shown(at, Doing(at=at, restart=True), None))
            self._driver.restart()
        if step.jump:
            self._watch(Shown(at, Doing(at=at, jump=True), None))
            self._driver.jump(at)
        fact = self._fact(step, number, at)
        if fact is None:
            self._driver.move_to(at)
            conversation, reply = None, None
        else:
            self._driver.move_to(at, including=False)
            self._watch(Shown(at, msgspec.structs.replace(step, restart=False, jump=False), None))
            outcome = self._driver.put(fact)
            conversation, reply = outcome.conversation, outcome.reply
        heard, self._heard = self._heard, []
        if step.expect is not None:
            yield from _compare(step.expect, heard)
        held = conversation or self._driver.engine.conversation(self.shop.id, step.conversation)
        yield from _offers(step, held)
        yield from _verdict(step, reply)

    def _fact(self, step: Doing, number: int, at: int) -> model.AnyFact | None:  # noqa: C901, PLR0912 - one case a deed
        sent = at if step.sent is None else min(instant(step.sent, self.start, self.shop.zone), at)
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
            case Doing(assign=str() as agent) if agent:
                return model.Assigned(**once, agent=agent)
            case Doing(close=True):
                return model.Closed(**once)
            case Doing(delivered=str() as other) if other:
                return model.Delivered(**once, id=other)
            case Doing(failed=str() as other) if other:
                return model.SendFailed(**once, id=other, reason="not delivered")
            case Doing(context=context) if context:
                return model.ContextChanged(**once, context=context)
            case _:
                return None

    def _rates(self) -> Iterator[str]:
        store = self._driver.engine.store
        lines = tuple(history.lines(store.facts_between(self.shop.id, 0, 1 << 60)))
        now = int(self._driver.clock.now())
        for target in self.shop.targets:
            shown = outward.rate(rates.rate(lines, target, self.shop.zone, now=now), self.shop)
            for key, wanted in self.scene.rates.get(target.name, {}).items():
                if not _fits(wanted, shown.get(key)):
                    yield f"rates: {target.name}.{key} is {shown.get(key)}, not {wanted}"


def _offers(step: Doing, held: model.Conversation | None) -> Iterator[str]:
    shown = [one.script for one in held.offered] if held else []
    first = shown[0] if shown else ""
    if step.suggest is not None and first != step.suggest:
        yield f"offered {first or 'nothing'!r}, not {step.suggest or 'nothing'!r}"
    if step.offered is not None and shown != step.offered:
        yield f"offered {shown}, not {step.offered}"


def _verdict(step: Doing, reply: Reply | None) -> Iterator[str]:
    if step.state and (reply is None or reply.state != step.state):
        yield f"the reply is {reply.state if reply else 'unknown'}, not {step.state}"
    if step.rules is not None:
        findings = msgspec.json.decode(reply.verdict)["findings"] if reply else []
        if (spoke := [finding["rule"] for finding in findings]) != step.rules:
            yield f"the rules {spoke} speak about the reply, not {step.rules}"


def _fits(wanted: Any, shown: Any) -> bool:  # noqa: ANN401 - whatever a rate may hold
    """Equal; of an object (or of each in a list) only the fields that are given."""
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return all(_fits(value, shown.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) == len(shown) and all(map(_fits, wanted, shown))
    return bool(wanted == shown)


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
