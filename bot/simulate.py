"""I let one person play buyer and agent in the terminal, or play a scene file to its end."""

from __future__ import annotations

import contextlib
import queue
import re
import sys
import threading
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from bot import model, wire
from bot.scene import Play, Shown
from bot.talk import most_urgent
from bot.told import hung, labels, left, told
from bot.virtual import VirtualDriver
from replies import fill

try:
    import readline  # input() edits lines with it: without, Chinese cannot be corrected while typing
except ImportError:  # not on Windows
    readline = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from bot.ports import Clock, Event
    from bot.scenefile import Doing, Scene
    from bot.shop import Shop

HELP = """直接输入文字＝买家说（数字开头用 /b 文字）；1 2 3＝发送对应的话术
/a 文字＝客服回复；/y 理由＝被提醒后照发；/s 订单号=123＝补充信息
/w 10m＝让时间过去（1h30m、45s）；/h＝帮助；/q＝退出"""
UNITS = {"h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
LONGEST_SKIP = 7 * 86_400  # seconds
LOOK = 0.2  # seconds between looks at the clock while nobody types
TALK = "c-1"
SIDES = (("buyer", "买家"), ("agent", "客服"), ("robot", "机器人"), ("system", "系统"), ("reply", "客服要发"))


def play(scene: Scene, shop: Shop, console: Console) -> list[str]:
    """Play a scene file, printing what happens; the sentences on what went otherwise."""
    named = labels()
    console.print(Text(f"场景：{scene.title}", style="bold"))

    def watch(shown: Shown) -> None:
        stamp = wire.iso(shown.at, shop.zone)[11:19]
        if shown.step is not None:
            for done in _done(shown.step):
                console.print(Text(f"{stamp} {done}"))
        if shown.event is not None:
            for line in told(shown.event.type, msgspec.json.decode(shown.event.data), stamp, named):
                console.print(hung(line) if console.is_terminal else line)

    wrong = Play(scene, shop, watch).run()
    for problem in wrong:
        console.print(Text(f"与场景不符：{problem}", style="bold red"))
    console.print(Text("场景结束" if not wrong else f"场景结束，{len(wrong)} 处不符", style="bold"))
    return wrong


def _done(step: Doing) -> Iterator[str]:
    """A step of a scene as lines."""
    if step.restart:
        yield "（服务器重启）"
    if step.jump:
        yield "（时钟一下子到了这里）"
    for side, word in SIDES:
        if (text := getattr(step, side)) is not None:
            yield f"{word}：{text or '［' + step.kind + '］'}"
    if step.assign:
        yield f"分配给客服 {step.assign}"
    if step.close:
        yield "会话关闭"


class Chat:
    """An interactive chat, its store in memory. Time runs with `clock`, and on by what is skipped."""

    def __init__(self, shop: Shop, clock: Clock, say: Callable[[Text], None]) -> None:
        """`say` is given every line for the terminal. Everything happens on the thread that makes it."""
        self.shop, self._clock, self._say = shop, clock, say
        self._named = labels()
        self._driver = VirtualDriver({shop.id: shop}, self._hear)
        self._count = 0
        self._skipped = 0
        self._held: model.Drafted | None = None

    def close(self) -> None:
        """Forget all of it."""
        self._driver.close()

    def tick(self) -> None:
        """Let what has become due ring."""
        self._driver.move_to(self._now())

    def prompt(self) -> str:
        """The time, and how long the buyer's most urgent wait has left."""
        now = self._now()
        held = self._driver.engine.conversation(self.shop.id, TALK)
        urgent = most_urgent(held) if held else None
        stamp = wire.iso(now, self.shop.zone)[11:19]
        if urgent is None:
            return f"{stamp} › "
        label = self._named.get(urgent.target, urgent.target)
        return f"{stamp} 〔{label} {'已超时' if now > urgent.due else '剩 ' + left(urgent.due - now)}〕› "

    def obey(self, line: str) -> None:
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
            case "/y":
                self._confirm(rest)
            case "/s":
                self._know(rest)
            case "/b" if rest:
                self._buyer(rest)
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

    def _fact(self) -> dict[str, Any]:
        self._count += 1
        now = self._now()
        return {"shop": self.shop.id, "key": f"typed:{self._count}", "conversation": TALK, "at": now, "arrived": now}

    def _buyer(self, text: str) -> None:
        outcome = self._driver.put(model.BuyerSaid(**self._fact(), id=f"m{self._count}", text=text, buyer="小买"))
        if outcome.conversation and not outcome.conversation.offered:
            self._hint("  （没有合适的话术）")
        _, second = self.shop.zone.local(self._now())
        if self.shop.targets and not any(target.window.holds(second) for target in self.shop.targets):
            self._hint("  （这个时刻不在考核时段，不计时）")

    def _draft(self, text: str, *, override: str = "", identity: str = "") -> None:
        base = self._fact()
        fact = model.Drafted(**base, id=identity or f"r{self._count}", agent="我", text=text, override=override)
        outcome = self._driver.put(fact)
        if outcome.reply is not None and outcome.reply.state == "queued":
            self._held = None
            self._driver.put(model.Delivered(**self._fact(), id=fact.id))
            return
        self._held = fact
        if missing := fill.blanks(text):
            known = fill.variables()
            first = known[missing[0]].label if missing[0] in known else missing[0]
            self._hint(f"  先补上：/s {first}=…")
        elif outcome.reply is not None and msgspec.json.decode(outcome.reply.verdict).get("overridable"):
            self._hint("  要照发：/y 理由")
        else:
            self._hint("  请改了再发：/a 文字")

    def _confirm(self, reason: str) -> None:
        if self._held is None:
            self._hint("  没有等待确认的回复")
        elif not reason:
            self._hint("  请写理由：/y 理由")
        else:
            self._draft(self._held.text, override=reason, identity=self._held.id)

    def _pick(self, number: int) -> None:
        held = self._driver.engine.conversation(self.shop.id, TALK)
        offered = held.offered if held else ()
        if not 1 <= number <= len(offered):
            self._hint("  现在没有这一条建议")
        elif not offered[number - 1].text:
            self._hint("  这一条没有答案文字")
        else:
            self._draft(offered[number - 1].text or "")

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
        self._driver.put(model.ContextChanged(**self._fact(), context={known: value}))

    def _hear(self, event: Event) -> None:
        stamp = wire.iso(event.at, self.shop.zone)[11:19]
        data = msgspec.json.decode(event.data)
        for line in told(event.type, data, stamp, self._named):
            self._say(line)


class Table:
    """Seats one person at a chat: this thread reads what is typed, another keeps the chat and its time.

    Reading stays on the main thread, so that Ctrl+C and Ctrl+D leave the terminal as it was.
    """

    def __init__(self, shop: Shop, clock: Clock, console: Console) -> None:
        """Lines come from stdin; with a prompt and line editing where that is a terminal."""
        self._shop, self._clock, self._console = shop, clock, console
        self._typing = sys.stdin is not None and sys.stdin.isatty() and console.is_terminal
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._prompts: queue.Queue[str | None] = queue.Queue()
        self._prompt = ""
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Until /q or the end of input."""
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        self._console.print(Text(f"快回模拟 · {self._shop.name}（{self._shop.platform.name}）", style="bold"))
        self._console.print(Text(HELP, style="dim"))
        chat = threading.Thread(target=self._chat, name="chat", daemon=True)
        chat.start()
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            while (prompt := self._prompts.get()) is not None:
                self._prompt = prompt
                line = self._read(prompt)
                self._prompt = ""
                if line.strip() == "/q":
                    break
                self._lines.put(line)
        if self._prompt and self._typing:
            self._console.print()  # after ^C or ^D the shell's prompt begins a line of its own
        self._prompt = ""
        self._lines.put(None)
        chat.join()
        if self._failure is not None:
            raise self._failure

    def _read(self, prompt: str) -> str:
        if self._typing:
            return input(prompt)
        if sys.stdin is None or not (line := sys.stdin.readline()):
            raise EOFError
        return line

    def _chat(self) -> None:
        try:
            self._serve(Chat(self._shop, self._clock, self._say))
        except BaseException as error:  # noqa: BLE001 - raised again on the main thread
            self._failure = error
        self._prompts.put(None)

    def _serve(self, chat: Chat) -> None:
        self._prompts.put(chat.prompt())
        while True:
            try:
                line = self._lines.get(timeout=LOOK)
            except queue.Empty:
                chat.tick()
                continue
            if line is None:
                break
            chat.obey(line)
            self._prompts.put(chat.prompt())
        chat.close()

    def _say(self, line: Text) -> None:
        """Print above what is being typed, and show that again."""
        if not (self._typing and self._prompt):
            self._console.print(hung(line) if self._console.is_terminal else line)
            return
        sys.stdout.write("\r\x1b[2K" if readline else "\n")
        self._console.print(hung(line))
        sys.stdout.write(self._prompt + _typed())
        sys.stdout.flush()


def _typed() -> str:
    """What stands on the line that is being typed, where that can be known."""
    return readline.get_line_buffer() if readline else ""
