"""I let one person play buyer and agent in the terminal, or play a scene file to its end."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from bot import model, wire
from bot.scene import Play, Scene, Shown
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from bot.ports import Clock, Event
    from bot.shop import Shop

HELP = """直接输入文字＝买家发言；/a 文字＝客服回复（先过检查）；1 2 3＝发送对应话术；/y 理由＝确认发送被提醒的回复
/w 10m＝快进（s 秒、m 分、h 时）；/s 物流单号=SF1＝补充信息；/h＝帮助；/q＝退出"""
UNITS = {"s": 1, "m": 60, "h": 3600}
LOOK = 0.2  # seconds between looks at the clock while nobody types

COLOURS = {
    "deadline.warning": "yellow",
    "deadline.missed": "bold red",
    "deadline.cleared": "green",
    "draft.held": "red",
    "violation.seen": "red",
    "message.send": "cyan",
}


def told(kind: str, data: dict[str, Any], stamp: str) -> Iterator[Text]:  # noqa: C901 - one case an event
    """One event as lines for the terminal; used by the simulator and by `kuaihui watch`."""
    head = Text(f"{stamp} ", style="dim")
    colour = COLOURS.get(kind, "white")
    match kind, data:
        case "suggestion.created", {"suggestions": [*suggestions]}:
            for number, found in enumerate(suggestions, 1):
                line = Text(f"  {number} ", style="bold blue")
                line.append(f"[{found['score']:.2f}] {found['title']}：{found['text'] or ''}")
                line.append(f"  {found['why']}", style="dim")
                if found["missing"]:
                    line.append(f"  待填写：{'、'.join(found['missing'])}", style="yellow")
                yield line
            if not suggestions:
                yield Text("  （没有合适的话术）", style="dim")
        case "deadline.warning", {"stage": stage, "due": str() as due, "target": target, "buyer": buyer}:
            yield head + Text(
                f"⏰ 买家 {buyer} 等待回复，{left(stage)}后超时（{target}，截止 {due[11:19]}）", style=colour
            )
        case "deadline.missed", {"target": target, "buyer": buyer}:
            yield head + Text(f"✗ 买家 {buyer} 已超时（{target}）", style=colour)
        case "deadline.cleared", {"target": target, "reason": reason}:
            words = {"answered": "已回复", "recalled": "买家已撤回"}.get(str(reason), str(reason))
            yield head + Text(f"✓ {words}（{target}）", style=colour)
        case (("draft.held" | "violation.seen"), {"findings": [*findings], "text": text}):
            word = "未发送" if kind == "draft.held" else "平台上已发出违规内容"
            yield head + Text(f"⛔ {word}：{text}", style=colour)
            for finding in findings:
                yield Text(f"    {finding['reason']}：「{finding['excerpt']}」 依据：{finding['source']}", style=colour)
            if data.get("rewrite"):
                yield Text(f"    建议改为：{data['rewrite']}", style="green")
        case "message.send", {"text": text}:
            yield head + Text(f"→ 发送：{text}", style=colour)
        case "message.failed", {"reason": reason}:
            yield head + Text(f"✗ 发送失败：{reason}", style="bold red")


def left(seconds: object) -> str:
    """A time left, as people say it."""
    number = int(str(seconds))
    minutes, rest = divmod(number, 60)
    return f"{minutes} 分钟" if minutes and not rest else f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"


def play(scene: Scene, shop: Shop, console: Console) -> list[str]:
    """Play a scene file, printing what happens; the sentences on what went otherwise."""
    console.print(Text(f"场景：{scene.title}", style="bold"))

    def watch(shown: Shown) -> None:
        stamp = wire.iso(shown.at, shop.zone)[11:19]
        if shown.step is not None:
            for role, word in (
                ("buyer", "买家"),
                ("agent", "客服"),
                ("robot", "机器人"),
                ("system", "系统"),
                ("reply", "客服草稿"),
            ):
                if (text := getattr(shown.step, role)) is not None:
                    console.print(Text(f"{stamp} {word}：{text or '［' + shown.step.kind + '］'}"))
        if shown.event is not None:
            for line in told(shown.event.type, msgspec.json.decode(shown.event.data), stamp):
                console.print(line)

    wrong = Play(scene, shop, watch).run()
    for problem in wrong:
        console.print(Text(f"与场景不符：{problem}", style="bold red"))
    console.print(Text("场景结束" if not wrong else f"场景结束，{len(wrong)} 处不符", style="bold"))
    return wrong


class Chat:
    """An interactive chat. Time runs with `clock`; alarms ring while nobody types."""

    def __init__(self, shop: Shop, clock: Clock, console: Console) -> None:
        """The store is in memory."""
        self.shop, self._clock, self._console = shop, clock, console
        self._driver = VirtualDriver({shop.id: shop}, self._hear)
        self._count = 0
        self._skipped = 0
        self._held: model.Drafted | None = None

    def run(self) -> None:
        """Until /q or the end of input."""
        self._console.print(Text(f"快回模拟 · {self.shop.name}（{self.shop.platform.name}）", style="bold"))
        self._console.print(Text(HELP, style="dim"))
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_read, args=(lines,), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=LOOK)
            except queue.Empty:
                self._driver.move_to(self._now())
                continue
            if line is None or line.strip() == "/q":
                break
            self._driver.move_to(self._now())
            self._obey(line.strip())
        self._driver.close()

    def _now(self) -> int:
        return int(self._clock.now()) + self._skipped

    def _obey(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        match command:
            case "":
                return
            case "/h":
                self._console.print(Text(HELP, style="dim"))
            case "/w":
                self._skip(rest.strip())
            case "/a":
                self._draft(rest)
            case "/y":
                self._confirm(rest.strip())
            case "/s":
                self._know(rest)
            case "1" | "2" | "3" if not rest:
                self._pick(int(command))
            case _:
                self._buyer(line)

    def _fact(self) -> dict[str, Any]:
        self._count += 1
        now = self._now()
        return {"shop": self.shop.id, "key": f"typed:{self._count}", "conversation": "c1", "at": now, "arrived": now}

    def _buyer(self, text: str) -> None:
        fact = model.BuyerSaid(**self._fact(), id=f"m{self._count}", text=text, buyer="买家")
        self._driver.put(fact)

    def _draft(self, text: str, override: str = "", identity: str = "") -> None:
        base = self._fact()
        fact = model.Drafted(**base, id=identity or f"r{self._count}", agent="客服", text=text, override=override)
        outcome = self._driver.put(fact)
        if outcome.reply is not None and outcome.reply.state == "queued":
            self._held = None
            self._driver.put(model.Delivered(**self._fact(), id=fact.id))
        else:
            self._held = fact
            self._console.print(Text("  提醒类可用 /y 理由 确认发送；拦截类请修改后重发", style="dim"))

    def _confirm(self, reason: str) -> None:
        if self._held is None or not reason:
            self._console.print(Text("  没有待确认的回复，或没有写理由", style="dim"))
            return
        self._draft(self._held.text, reason, self._held.id)

    def _pick(self, number: int) -> None:
        held = self._driver.engine.conversation(self.shop.id, "c1")
        if held is None or number > len(held.offered):
            self._console.print(Text("  没有这一条建议", style="dim"))
            return
        self._draft(held.offered[number - 1].text or "")

    def _skip(self, text: str) -> None:
        number, unit = text[:-1], text[-1:]
        if not number.isdecimal() or unit not in UNITS or len(number) > 6:
            self._console.print(Text("  写法：/w 30s、/w 10m、/w 2h", style="dim"))
            return
        self._skipped += int(number) * UNITS[unit]
        self._driver.move_to(self._now())
        self._console.print(Text(f"  现在是 {wire.iso(self._now(), self.shop.zone)[5:19]}", style="dim"))

    def _know(self, text: str) -> None:
        key, _, value = text.partition("=")
        if key.strip() and value.strip():
            fact = model.ContextChanged(**self._fact(), context={key.strip(): value.strip()})
            self._driver.put(fact)

    def _hear(self, event: Event) -> None:
        for line in told(event.type, msgspec.json.decode(event.data), wire.iso(event.at, self.shop.zone)[11:19]):
            self._console.print(line)


def _read(lines: queue.Queue[str | None]) -> None:
    for line in sys.stdin:
        lines.put(line.rstrip("\n"))
    lines.put(None)
