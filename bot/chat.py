"""I am one person's chats with several buyers: what is typed becomes facts, and what follows from them is told."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from bot import model, wire
from bot.talk import most_urgent
from bot.told import labels, left, told
from bot.virtual import VirtualDriver
from replies import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.buyers import Buyers, Coming
    from bot.engine import Outcome
    from bot.ports import Clock, Event
    from bot.recorder import Recorder
    from bot.shop import Shop

HELP = """直接输入文字＝买家说（数字开头用 /b 文字）；1 2 3＝发送对应的话术；/e 2＝先改再发
/a 文字＝客服回复；/r＝照建议改写后发送；/y 理由＝被提醒后照发；/s 订单号=123＝补充信息
/n＝再来一位买家；/c＝会话列表；/c 2＝切换会话；/w 10m＝让时间过去（1h30m、45s）；/h＝帮助；/q＝退出"""
UNITS = {"h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
LONGEST_SKIP = 7 * 86_400  # seconds
TALK = "c-1"
# What the closing line counts: its word, by the type of event.
COUNTED = {
    "message.sent": "发出回复",
    "draft.held": "拦下或提醒",
    "deadline.warning": "超时预警",
    "deadline.missed": "超时",
}


class Chat:
    """Interactive chats, their store in memory. Time runs with `clock`, and on by what is skipped.

    `prefill`: what the next line typed is to begin with, for who types to change it.
    """

    def __init__(
        self,
        shop: Shop,
        clock: Clock,
        say: Callable[[Text], None],
        *,
        buyers: Buyers | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`say` is given every line for the terminal. Everything happens on the thread that makes it.

        `buyers` come by themselves; `recorder` is told everything that is done and what came of it.
        """
        self.shop, self._clock, self._say = shop, clock, say
        self._named = labels()
        self._driver = VirtualDriver({shop.id: shop}, self._hear)
        self._buyers, self._recorder = buyers, recorder
        self._count = self._skipped = 0
        self._talks = {TALK: "小买"} if buyers is None else {}
        self._here = TALK
        self._held: dict[str, tuple[model.Drafted, str]] = {}  # of each conversation, with the better wording
        self._heard: list[Event] = []
        self._counts: Counter[str] = Counter()
        self.prefill = ""

    def close(self) -> None:
        """Let what is recorded be finished, and forget all of it."""
        if self._recorder is not None:
            self._say = lambda _line: None  # nobody was there when the rest rang
            self._driver.finish()
            self._recorder.finish(self._driver)
        self._driver.close()

    def tick(self) -> None:
        """Let buyers come whose time it is, and what has become due ring, each at its own time."""
        now = self._now()
        while self._buyers is not None and (at := self._buyers.next()) is not None and at <= now:
            self._comes(self._buyers.take())
        self._driver.move_to(now)
        if heard := self._taken():
            self._tell_recorder(now, None, None, heard)

    def prompt(self) -> str:
        """The time, which conversation, and how long the buyer's most urgent wait has left."""
        now = self._now()
        stamp = wire.iso(now, self.shop.zone)[11:19]
        place = list(self._talks).index(self._here) + 1 if self._here in self._talks else 0
        where = f"{place}/{len(self._talks)} {self._talks[self._here]} " if len(self._talks) > 1 and place else ""
        return f"{stamp} {where}{self._countdown(self._here, now)}› "

    def mood(self) -> str:
        """How the prompt looks: "late" after the most urgent wait of this buyer, "soon" after a stage, "calm"."""
        held = self._conversation(self._here)
        urgent = most_urgent(held) if held else None
        if urgent is None:
            return "calm"
        if self._now() > urgent.due:
            return "late"
        return "soon" if urgent.given or urgent.due - self._now() <= 30 else "calm"

    def summary(self) -> str:
        """What there was, in a line."""
        counts = [f"{word} {self._counts[kind]} 次" for kind, word in COUNTED.items() if self._counts[kind]]
        offered = f"给出话术 {self._counts['offered']} 次，采用 {self._counts['picked']} 次"
        return "，".join([f"本场：会话 {len(self._talks)} 个，买家消息 {self._counts['asked']} 条", offered, *counts])

    def obey(self, line: str) -> None:  # noqa: C901, PLR0912 - one case a command
        """Do what was typed."""
        self.tick()
        line = line.strip()
        command, _, rest = line.partition(" ")
        rest = rest.strip()
        match command:
            case "":
                return
            case "/h":
                self._hint(HELP)
            case "/w":
                self._skip(rest)
            case "/a" if rest:
                self._draft(rest)
            case "/e":
                self._edit(rest)
            case "/r":
                self._rewrite()
            case "/y":
                self._confirm(rest)
            case "/s":
                self._know(rest)
            case "/n":
                self._new(rest)
            case "/c":
                self._switch(rest)
            case "/b" if rest:
                self._buyer(rest)
            case "r" if not rest and self._held.get(self._here, (None, ""))[1]:
                self._rewrite()
            case _ if line.isascii() and line.isdecimal() and len(line) == 1:
                self._pick(int(line))
            case _ if line.startswith("/"):
                self._hint(f"  没有这个写法：{command}。/h 看帮助")
            case _:
                self._buyer(line)

    def _hint(self, words: str) -> None:
        self._say(Text(words, style="dim"))

    def _now(self) -> int:
        return int(self._clock.now()) + self._skipped

    def _conversation(self, identity: str) -> model.Conversation | None:
        return self._driver.engine.conversation(self.shop.id, identity)

    def _countdown(self, identity: str, now: int) -> str:
        held = self._conversation(identity)
        urgent = most_urgent(held) if held else None
        if urgent is None:
            return ""
        label = self._named.get(urgent.target, urgent.target)
        return f"〔{label} {'已超时' if now > urgent.due else '剩 ' + left(urgent.due - now)}〕"

    def _fact(self, *, at: int | None = None, talk: str = "") -> dict[str, Any]:
        self._count += 1
        now = self._now() if at is None else at
        place = {"conversation": talk or self._here, "at": now, "arrived": now}
        return {"shop": self.shop.id, "key": f"typed:{self._count}", **place}

    def _put(self, fact: model.AnyFact) -> Outcome:
        outcome = self._driver.put(fact)
        self._tell_recorder(fact.at, fact, outcome, self._taken())
        return outcome

    def _taken(self) -> list[Event]:
        heard, self._heard = self._heard, []
        return heard

    def _tell_recorder(self, at: int, fact: model.AnyFact | None, outcome: Outcome | None, heard: list[Event]) -> None:
        if self._recorder is not None:
            self._recorder.step(at, fact, outcome, heard)

    def _buyer(self, text: str) -> None:
        who = self._talks.setdefault(self._here, "小买")
        outcome = self._put(model.BuyerSaid(**self._fact(), id=f"m{self._count}", text=text, buyer=who))
        self._counts["asked"] += 1
        if outcome.conversation and not outcome.conversation.offered:
            self._hint("  （没有合适的话术）")
        _, second = self.shop.zone.local(self._now())
        if self.shop.targets and not any(target.window.holds(second) for target in self.shop.targets):
            self._hint("  （这个时刻不在考核时段，不计时）")

    def _comes(self, coming: Coming) -> None:
        """A buyer who comes by himself writes."""
        if not self._talks:
            self._here = coming.conversation
        self._talks.setdefault(coming.conversation, coming.buyer)
        stamp, place = wire.iso(coming.at, self.shop.zone)[11:19], list(self._talks).index(coming.conversation) + 1
        words = coming.text or f"［{coming.kind}］"
        self._say(Text.assemble((f"{stamp} ", "dim"), (f"［{place}］{coming.buyer}：", "bold magenta"), words))
        fact = self._fact(at=coming.at, talk=coming.conversation)
        self._counts["asked"] += 1
        outcome = self._put(
            model.BuyerSaid(**fact, id=f"m{self._count}", text=coming.text, kind=coming.kind, buyer=coming.buyer)
        )
        if coming.conversation != self._here and outcome.conversation and outcome.conversation.offered:
            self._hint(f"  有 {len(outcome.conversation.offered)} 条话术，/c {place} 切过去看")

    def _draft(self, text: str, *, override: str = "", identity: str = "") -> None:
        base = self._fact()
        fact = model.Drafted(**base, id=identity or f"r{self._count}", agent="我", text=text, override=override)
        reply = self._put(fact).reply
        if reply is not None and reply.state == "queued":
            self._held.pop(self._here, None)
            self._put(model.Delivered(**self._fact(), id=fact.id))
            if self._buyers is not None:
                self._buyers.answered(self._here, self._now())
            return
        verdict = msgspec.json.decode(reply.verdict) if reply is not None else {}
        self._held[self._here] = fact, verdict.get("rewrite") or ""
        self._advise(text, verdict)

    def _advise(self, text: str, verdict: dict[str, Any]) -> None:
        """What can be done about a reply that was held."""
        if missing := fill.blanks(text):
            known = fill.variables()
            first = known[missing[0]].label if missing[0] in known else missing[0]
            self._hint(f"  先补上：/s {first}=…")
            return
        if verdict.get("rewrite"):
            self._hint("  照建议发：r")
        if verdict.get("overridable"):
            self._hint("  要照发：/y 理由")
        else:
            self._hint("  请改了再发：/e 或 /a 文字")

    def _confirm(self, reason: str) -> None:
        held = self._held.get(self._here)
        if held is None:
            self._hint("  没有等待确认的回复")
        elif not reason:
            self._hint("  请写理由：/y 理由")
        else:
            self._draft(held[0].text, override=reason, identity=held[0].id)

    def _rewrite(self) -> None:
        held = self._held.get(self._here)
        if held is None or not held[1]:
            self._hint("  现在没有建议的改写")
        else:
            self._draft(held[1], identity=held[0].id)

    def _offered(self, number: int) -> str:
        """The text of a suggestion; "" after saying why there is none."""
        held = self._conversation(self._here)
        offered = held.offered if held else ()
        if not 1 <= number <= len(offered):
            self._hint("  现在没有这一条建议")
        elif not offered[number - 1].text:
            self._hint("  这一条没有答案文字")
        else:
            return offered[number - 1].text or ""
        return ""

    def _pick(self, number: int) -> None:
        if text := self._offered(number):
            self._counts["picked"] += 1
            self._draft(text)

    def _edit(self, number: str) -> None:
        """Lay a suggestion, or the reply that was held, before the agent to be changed."""
        held = self._held.get(self._here)
        if number:
            text = self._offered(int(number)) if number.isascii() and number.isdecimal() and len(number) == 1 else ""
        else:
            text = (held[1] or held[0].text) if held else ""
        if text:
            self.prefill = f"/a {text}"
            self._hint(f"  改好后回车发送：{self.prefill}")
        elif not number or not number.isdecimal():
            self._hint("  写法：/e 2 改第 2 条话术；/e 改被拦下的回复")

    def _new(self, name: str) -> None:
        """One buyer more, who is spoken for from here on."""
        number = len(self._talks) + 1
        self._here = f"c-{number}"
        self._talks[self._here] = name or f"买家{number}"
        self._hint(f"  现在是会话 {number}：{self._talks[self._here]}")

    def _switch(self, number: str) -> None:
        """List the conversations, or go to one of them and show what is offered there."""
        talks = list(self._talks)
        if not number:
            now = self._now()
            for place, identity in enumerate(talks, 1):
                mark = "→" if identity == self._here else " "
                self._hint(f"{mark} {place} {self._talks[identity]} {self._countdown(identity, now)}")
            return
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:6]) <= len(talks)):
            self._hint(f"  没有会话 {number}；/c 看列表")
            return
        self._here = talks[int(number) - 1]
        held = self._conversation(self._here)
        said = [message.text for message in held.messages if message.role == "buyer"] if held else []
        self._hint(f"  现在是会话 {number}：{self._talks[self._here]}{'：' + said[-1] if said else ''}")
        if held and held.offered:
            offer = {"suggestions": msgspec.to_builtins(held.offered), "buyer": self._talks[self._here]}
            self._show("suggestion.created", offer, self._now())

    def _skip(self, text: str) -> None:
        read = _SPAN.fullmatch(text)
        seconds = (
            sum(int(number or 0) * unit for number, unit in zip(read.groups(), UNITS.values(), strict=True))
            if read
            else 0
        )
        if not 0 < seconds <= LONGEST_SKIP:
            self._hint("  写法：/w 30s、/w 10m、/w 1h30m，最多 168h")
            return
        self._skipped += seconds
        self.tick()
        self._hint(f"  现在是 {wire.iso(self._now(), self.shop.zone)[5:19].replace('T', ' ')}")

    def _know(self, text: str) -> None:
        name, _, value = (part.strip() for part in text.replace("＝", "=").partition("="))
        known = next((one.name for one in fill.variables().values() if name in (one.name, one.label)), None)
        if known is None or not value:
            self._hint("  写法：/s 订单号=123；名称是话术里的变量名，或它的中文名")
            return
        self._put(model.ContextChanged(**self._fact(), context={known: value}))

    def _hear(self, event: Event) -> None:
        self._heard.append(event)
        data = msgspec.json.decode(event.data)
        offer = event.type == "suggestion.created"
        self._counts["offered" if offer else event.type] += not offer or bool(data["suggestions"])
        if not offer or event.conversation == self._here:
            self._show(event.type, data, event.at)

    def _show(self, kind: str, data: dict[str, Any], at: int) -> None:
        for line in told(kind, data, wire.iso(at, self.shop.zone)[11:19], self._named):
            self._say(line)
