"""I let one person play buyer and agent in the terminal, or play a scene file to its end."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from io import TextIOWrapper
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from rich.cells import cell_len
from rich.text import Text

from bot import wire
from bot.chat import HELP, Chat
from bot.scene import Play, Shown
from bot.told import hung, labels, told

try:
    import readline  # input() edits lines with it: without, Chinese cannot be corrected while typing
except ImportError:  # not on Windows
    readline = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from bot.buyers import Buyers
    from bot.ports import Clock
    from bot.recorder import Recorder
    from bot.scenefile import Doing, Scene
    from bot.shop import Shop

PROMPTS = {"calm": "", "soon": "1;33", "late": "1;31"}  # colours, as terminals number them
LOOK = 0.2  # seconds between looks at the clock while nobody types
SIDES = (("buyer", "买家"), ("agent", "客服"), ("robot", "机器人"), ("system", "系统"), ("reply", "客服要发"))


def play(scene: Scene, shop: Shop, console: Console) -> list[str]:
    """Play a scene file, printing what happens; the sentences on what went otherwise."""
    named = labels()
    console.print(Text(f"场景：{scene.title}", style="bold"))
    if scene.library and scene.library != shop.matcher.library.version:
        console.print(Text("（录制时用的是另一个话术库，建议可能不同）", style="yellow"))

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


class Line(NamedTuple):
    """What stands before and on the line that is to be typed. `mood`: see Chat.mood."""

    prompt: str
    prefill: str = ""
    mood: str = "calm"


class Table:
    """Seats one person at a chat: this thread reads what is typed, another keeps the chat and its time.

    Reading stays on the main thread, so that Ctrl+C and Ctrl+D leave the terminal as it was.
    """

    def __init__(
        self,
        shop: Shop,
        clock: Clock,
        console: Console,
        *,
        buyers: Buyers | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Lines come from stdin; with a prompt and line editing where that is a terminal."""
        self._shop, self._clock, self._console = shop, clock, console
        self._buyers, self._recorder = buyers, recorder
        self._typing = sys.stdin is not None and sys.stdin.isatty() and console.is_terminal
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._prompts: queue.Queue[Line | None] = queue.Queue()
        self._prompt = ""
        self._width = 0
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
            while (line := self._prompts.get()) is not None:
                self._width = cell_len(line.prompt)
                self._prompt = self._painted(line)
                typed = self._read(self._prompt, line.prefill)
                self._prompt = ""
                if typed.strip() == "/q":
                    break
                self._lines.put(typed)
        if self._prompt and self._typing:
            self._console.print()  # after ^C or ^D the shell's prompt begins a line of its own
        self._prompt = ""
        self._lines.put(None)
        with contextlib.suppress(KeyboardInterrupt):  # pressed twice
            chat.join()
        if self._failure is not None:
            raise self._failure

    def _painted(self, line: Line) -> str:
        """The prompt in its colour, as readline wants it: what takes no room stands between two marks."""
        colour = PROMPTS[line.mood]
        if not (self._typing and readline and colour and self._console.color_system):
            return line.prompt
        return f"\x01\x1b[{colour}m\x02{line.prompt}\x01\x1b[0m\x02"

    def _read(self, prompt: str, prefill: str) -> str:
        if not self._typing:
            if sys.stdin is None or not (line := sys.stdin.readline()):
                raise EOFError
            return line
        if readline and prefill:
            readline.set_startup_hook(lambda: readline.insert_text(prefill))
        try:
            return input(prompt)
        finally:
            if readline:
                readline.set_startup_hook()

    def _chat(self) -> None:
        try:
            self._serve(Chat(self._shop, self._clock, self._say, buyers=self._buyers, recorder=self._recorder))
        except BaseException as error:  # noqa: BLE001 - raised again on the main thread
            self._failure = error
        self._prompts.put(None)

    def _serve(self, chat: Chat) -> None:
        chat.tick()
        self._prompts.put(_asked(chat))
        while True:
            try:
                line = self._lines.get(timeout=LOOK)
            except queue.Empty:
                chat.tick()
                self._count_down(chat)
                continue
            if line is None:
                break
            chat.obey(line)
            self._prompts.put(_asked(chat))
        self._say(Text(chat.summary(), style="bold"))
        chat.close()

    def _count_down(self, chat: Chat) -> None:
        """Show the time that has passed, while nothing is typed that would be disturbed."""
        if not (self._typing and readline and self._prompt) or _typed():
            return
        line = _asked(chat)
        room = max(0, self._width - cell_len(line.prompt))  # the typing goes on where the first prompt ended
        painted = self._painted(line._replace(prompt=line.prompt[:-2] + " " * room + line.prompt[-2:]))
        if painted != self._prompt and cell_len(line.prompt) <= self._width:
            self._prompt = painted
            sys.stdout.write("\r\x1b[2K" + _bare(painted))
            sys.stdout.flush()

    def _say(self, line: Text) -> None:
        """Print above what is being typed, and show that again."""
        if not (self._typing and self._prompt):
            self._console.print(hung(line) if self._console.is_terminal else line)
            return
        sys.stdout.write("\r\x1b[2K" if readline else "\n")
        self._console.print(hung(line))
        sys.stdout.write(_bare(self._prompt) + _typed())
        sys.stdout.flush()


def _asked(chat: Chat) -> Line:
    """The line to be typed next."""
    prefill, chat.prefill = chat.prefill, ""
    return Line(chat.prompt(), prefill, chat.mood())


def _bare(prompt: str) -> str:
    """The prompt without readline's own marks."""
    return prompt.replace("\x01", "").replace("\x02", "")


def _typed() -> str:
    """What stands on the line that is being typed, where that can be known."""
    return readline.get_line_buffer() if readline else ""
