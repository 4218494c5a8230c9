"""I am one person's chats with several buyers: what is typed becomes facts, and what follows from them is told."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from bot import model, wire
from bot.room import Room
from replies import fill

HELP = """直接输入文字＝买家说（数字开头用 /b 文字）；1 2 3＝发送对应的话术；/e 2＝先改再发
/a 文字＝客服回复；/r＝照建议改写后发送；/y 理由＝被提醒后照发；/s 订单号=123＝补充信息
/n＝再来一位买家；/c＝会话列表；/c 2＝切换会话；/w 10m＝让时间过去（1h30m、45s）；/h＝帮助；/q＝退出"""
UNITS = {"h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
LONGEST_SKIP = 7 * 86_400  # seconds


class Chat(Room):
    """Interactive chats: does what is typed."""

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

    def _buyer(self, text: str) -> None:
        who = self._talks.setdefault(self._here, "小买")
        outcome = self._put(model.BuyerSaid(**self._fact(), id=f"m{self._count}", text=text, buyer=who))
        self._counts["asked"] += 1
        if outcome.conversation and not outcome.conversation.offered:
            self._hint("  （没有合适的话术）")
        _, second = self.shop.zone.local(self._now())
        if self.shop.targets and not any(target.window.holds(second) for target in self.shop.targets):
            self._hint("  （这个时刻不在考核时段，不计时）")

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
