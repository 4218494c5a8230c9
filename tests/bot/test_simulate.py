"""The simulator plays as a person would: picks by number, held drafts with reasons, time that can be made to pass."""

from __future__ import annotations

import contextlib
import re
import select
import sys
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO

import pytest
from click.testing import CliRunner
from running import LONGEST, environment

from bot import scenefile, told
from bot.buyers import Invented, Played, manner
from bot.chat import HELP, Chat
from bot.cli import main
from bot.clock import VirtualClock
from bot.recorder import Recorder
from bot.shop import trial
from replies import DataError, policy

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
SCENES = sorted((Path(__file__).parents[1] / "scenes").glob("*.toml"))
LIBRARY = """
group = "快递"
[[scripts]]
id = "courier"
title = "发什么快递"
phrasings = ["用哪家快递"]
text = "您好，本店发{courier}，单号{tracking_no}。"
[[scripts]]
id = "hours"
title = "几点上班"
phrasings = ["客服几点在线"]
text = "您好，客服九点到二十一点在线。"
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """Two scripts, one of them with blanks."""
    file = tmp_path_factory.mktemp("library") / "two.toml"
    file.write_text(LIBRARY, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def shop(library):
    """A 拼多多 shop with these two scripts."""
    return trial("pinduoduo", [library], "Asia/Shanghai")


class Player:
    """One at a chat: types, and reads what is printed."""

    def __init__(self, shop, start: int) -> None:
        self.clock = VirtualClock(start)
        self.lines: list[str] = []
        self.chat = Chat(shop, self.clock, lambda line: self.lines.append(line.plain))

    def type(self, *lines: str) -> str:
        """What is printed after these lines."""
        self.lines.clear()
        for line in lines:
            self.chat.obey(line)
        return "\n".join(self.lines)


@pytest.fixture
def player(shop):
    """At nine o'clock."""
    seated = Player(shop, NINE)
    yield seated
    seated.chat.close()


def test_digits_pick(player):
    """A digit sends the script of that number, and only while it is offered."""
    said = player.type("客服几点在线")
    assert "  1 几点上班 您好，客服九点到二十一点在线。" in said
    assert player.type("9") == "  现在没有这一条建议"
    assert player.type("1").splitlines()[0] == "09:00:00 → 发送：您好，客服九点到二十一点在线。"
    assert player.type("1") == "  现在没有这一条建议"


def test_blanks_are_filled_first(player):
    """A script with blanks is held, with what is missing; told by Chinese name or variable, it goes out filled."""
    said = player.type("用哪家快递")
    assert "待填写：快递公司、快递单号" in said
    said = player.type("1")
    assert "⛔ 未发送" in said
    assert "先补上：/s 快递公司=…" in said
    assert "待填写：快递单号" in player.type("/s 快递公司 = 顺丰")
    assert "待填写" not in player.type("/s tracking_no＝SF1024")
    assert "→ 发送：您好，本店发顺丰，单号SF1024。" in player.type("1")


def test_a_blocked_draft_says_why(player):
    """What a rule blocks is held with rule, place and a better wording; no reason helps it out."""
    player.type("在吗")
    said = player.type("/a 加我微信 abc88990")
    assert "⛔ 未发送：加我微信 abc88990" in said
    assert "拦截「" in said
    assert "依据：" in said
    assert "请改了再发" in said
    assert "⛔ 未发送" in player.type("/y 老客户")
    assert "→ 发送：您好" in player.type("/a 您好")
    assert player.type("/y 老客户") == "  没有等待确认的回复"


def a_warning() -> str:
    """A sentence that a rule of the packs warns of, and no other blocks."""
    return next(
        example
        for pack in policy.packs("pinduoduo")
        for rule in pack.rules
        for example in rule.warns
        if isinstance(example, str)
    )


def test_a_warned_draft_goes_out_with_a_reason(player):
    """What a rule warns of is held until it is confirmed with a reason."""
    text = a_warning()
    player.type("在吗")
    assert "提醒「" in player.type(f"/a {text}")
    assert player.lines[-1] == "  要照发：/y 理由"
    assert player.type("/y") == "  请写理由：/y 理由"
    assert f"→ 发送：{text}" in player.type("/y 已经核实")


def test_time_travel_rings(player):
    """Time that is skipped rings every alarm on its way, with what is left, and after the end what was missed."""
    player.type("在吗")
    assert player.chat.prompt() == "09:00:00 〔30秒应答率 剩 30 秒〕› "
    said = player.type("/w 31s")
    assert "09:00:31 ✗ 买家 小买 等待超时：30秒应答率" in said
    assert "现在是 11-21 09:00:31" in said
    said = player.type("/w 1m9s")
    assert "⏰ 买家 小买 在等回复：3分钟人工回复率 还剩 1 分 20 秒（截止 09:03:00）" in said
    assert player.chat.prompt() == "09:01:40 〔3分钟人工回复率 剩 1 分 20 秒〕› "
    said = player.type("/w 1h")
    for left in ("还剩 30 分", "还剩 10 分", "还剩 3 分"):
        assert f"1小时有效回复率 {left}" in said
    assert "✗ 买家 小买 等待超时：1小时有效回复率" in said
    assert "已超时" in player.chat.prompt()
    assert "✓ 买家 小买 已回复，但超时了：1小时有效回复率" in player.type("/a 您好，让您久等了")
    assert player.chat.prompt() == "10:01:40 › "


def test_alarms_ring_while_nobody_types(player):
    """When the clock itself moves on, what is due rings at the next look."""
    player.type("在吗")
    player.clock.move_to(NINE + 200)
    player.chat.tick()
    assert sum("✗" in line for line in player.lines) == 2


def test_outside_the_hours_nothing_runs(shop):
    """A message that the platform does not count starts no countdown, and that is said."""
    player = Player(shop, NINE - 6 * 3600)
    assert "不在考核时段" in player.type("在吗")
    assert player.chat.prompt() == "03:00:00 › "
    player.chat.close()


@pytest.mark.parametrize("line", ["/w", "/w x", "/w -5m", "/w 5", "/w 5d", "/w 0s", "/w 999999h", "/w ٣m", "/w 1m1h"])
def test_wrong_spans_are_explained(player, line):
    """A span that is none, or too long, moves no time and is explained."""
    assert player.type(line).startswith("  写法：/w")
    assert player.chat.prompt() == "09:00:00 › "


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", ""),
        ("   ", ""),
        ("/h", HELP),
        ("/x", "  没有这个写法：/x。/h 看帮助"),
        ("/a", "  没有这个写法：/a。/h 看帮助"),
        ("/s", "  写法：/s 订单号=123；名称是话术里的变量名，或它的中文名"),
        ("/s 没有=1", "  写法：/s 订单号=123；名称是话术里的变量名，或它的中文名"),
        ("/s 订单号=", "  写法：/s 订单号=123；名称是话术里的变量名，或它的中文名"),
        ("0", "  现在没有这一条建议"),
        ("/b 5", "  （没有合适的话术）"),
        ("12", "  （没有合适的话术）"),
    ],
)
def test_what_is_typed_is_understood_or_explained(player, line, said):
    """Help, unknown commands and empty lines; a digit can still be said by the buyer."""
    assert player.type(line) == said


def test_a_better_wording_is_a_key_away(player):
    """What is held with a better wording goes out as that with `r`; without one, `r` is a word of the buyer."""
    player.type("在吗")
    said = player.type("/a 加我微信 abc88990")
    better = said.partition("建议改为：")[2].splitlines()[0]
    assert "照建议发：r" in said
    assert f"→ 发送：{better}" in player.type("r")
    assert player.type("/r") == "  现在没有建议的改写"
    assert player.type("r") == "  （没有合适的话术）"


def test_a_suggestion_is_edited_first(player):
    """`/e 1` lays the script before the agent, `/e` what was held; other numbers are explained."""
    player.type("客服几点在线")
    player.type("/e 1")
    assert player.chat.prefill == "/a 您好，客服九点到二十一点在线。"
    player.chat.prefill = ""
    assert player.type("/e 7") == "  现在没有这一条建议"
    assert "写法：/e" in player.type("/e")
    player.type("/a 加我微信 abc88990")
    player.type("/e")
    assert player.chat.prefill.startswith("/a ")


def test_several_conversations_at_once(player):
    """`/n` begins one more, `/c` lists them with their clocks, `/c 1` goes back and shows what is offered there."""
    player.type("客服几点在线", "/n 小乙", "用哪家快递")
    assert "2/2 小乙 〔" in player.chat.prompt()
    assert player.type("/c").splitlines() == [
        "  1 小买 〔30秒应答率 剩 30 秒〕",
        "→ 2 小乙 〔30秒应答率 剩 30 秒〕",
    ]
    said = player.type("/c 1")
    assert "现在是会话 1：小买：客服几点在线" in said
    assert "  1 几点上班" in said
    assert "→ 发送：您好，客服九点到二十一点在线。" in player.type("1")
    assert player.type("/c 3") == player.type("/c x").replace("x", "3") == "  没有会话 3；/c 看列表"
    assert "会话 2 个，买家消息 2 条，给出话术 2 次，采用 1 次" in player.chat.summary()


def invented(library, seed: int) -> list[str]:
    """What is seen of five buyers in ten minutes whom nobody answers, but the first with his first script."""
    lines: list[str] = []
    shop = trial("pinduoduo", [library], "Asia/Shanghai")  # the others have taught theirs
    buyers = Invented(["客服几点在线", "用哪家快递"], number=5, rate=2, seed=seed, start=NINE)
    chat = Chat(shop, VirtualClock(NINE), lambda line: lines.append(line.plain), buyers=buyers)
    for line in ("/w 4m", "1", "/w 6m"):
        chat.obey(line)
    chat.close()
    return lines


def test_invented_buyers_come_by_themselves(library):
    """They ask what is in the library, nudge when nobody answers, go on when answered; the seed says all of it."""
    lines = invented(library, 1)
    said = [line for line in lines if "］买家" in line]
    assert {line.partition("］")[2].partition("：")[0] for line in said} == {f"买家{number}" for number in range(1, 6)}
    nudges = manner().nudges
    assert sum(line.endswith(nudges) for line in said) >= 3
    assert any("/c 2 切过去看" in line for line in lines)
    assert any("→ 发送" in line for line in lines)
    assert lines == invented(library, 1) != invented(library, 2)


def test_the_buyers_of_a_scene_come_by_themselves(shop):
    """They write at their own times and say what is written; the agent is the one who types."""
    scene = scenefile.load(SCENES[0].with_name("one-buyer-two-conversations.toml"))
    lines: list[str] = []
    chat = Chat(shop, VirtualClock(NINE), lambda line: lines.append(line.plain), buyers=Played(scene, NINE))
    chat.obey("/w 168h")
    chat.close()
    written = [step.buyer for step in scene.steps if step.buyer is not None]
    said = [line for line in lines if re.match(r"\d\d:\d\d:\d\d ［\d］", line)]
    assert len(said) == len(written)
    assert all(line.endswith(text) for line, text in zip(said, written, strict=True))


TYPED = (
    "用哪家快递",
    "1",
    "/s 快递公司=顺丰",
    "/w 40s",
    "/s 快递单号=SF1024",
    "1",
    "/n",
    '在吗\x7f \\ "引号"',
    "/a 加我微信 abc88990",
    "r",
    f"/a {a_warning()}",
    "/y 已经核实",
    "/c 1",
    "/w 5s",
    "客服几点在线",
    "/w 2h",
    "/a 您好，让您久等了",
)


@pytest.mark.parametrize("by_themselves", [False, True], ids=["typed", "invented"])
def test_what_was_typed_is_recorded(library, tmp_path, by_themselves):
    """A recorded chat is a scene that plays again as it went, with every offer, warning, verdict and rate in it."""
    shop = trial("pinduoduo", [library], "Asia/Shanghai")
    recorder = Recorder(shop, NINE)
    buyers = Invented(["客服几点在线"], number=3, rate=1, seed=3, start=NINE) if by_themselves else None
    chat = Chat(shop, VirtualClock(NINE), lambda _line: None, buyers=buyers, recorder=recorder)
    for line in ("/w 5m", *TYPED):
        chat.obey(line)
    chat.close()
    file = tmp_path / "recorded.toml"
    recorder.write(file, title="录下的")
    done = simulate("--scene", str(file), "--library", str(library))
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "场景结束"), done.stdout
    steps = scenefile.load(file).steps
    assert {event["type"] for step in steps for event in step.expect} >= {
        "draft.held",
        "message.send",
        "message.sent",
        "deadline.warning",
        "deadline.missed",
        "deadline.cleared",
    }
    assert any(step.offered and len(step.offered) <= 2 for step in steps)
    assert any(step.rules for step in steps)
    assert simulate("--scene", str(file)).exit_code == 1


def test_a_chat_is_recorded_from_the_terminal(library, tmp_path):
    """`--record` writes the file at the end of the chat; one that cannot be written is said before it begins."""
    file = tmp_path / "recorded.toml"
    done = simulate("--library", str(library), "--record", str(file), given="客服几点在线\n1\n/q\n")
    assert (done.exit_code, "本场：会话 1 个" in done.stdout) == (0, True)
    assert [step.delivered for step in scenefile.load(file).steps] == ["", "", "r2"]
    assert simulate("--scene", str(file), "--library", str(library)).exit_code == 0
    done = simulate("--record", str(tmp_path / "none" / "x.toml"))
    assert (done.exit_code, "cannot be written" in done.stderr, done.stdout) == (2, True, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--scene", str(SCENES[0]), "--invent", "3"),
        ("--scene", str(SCENES[0]), "--record", "x"),
        ("--buyers", str(SCENES[0]), "--rate", "3"),
    ],
)
def test_options_that_would_be_ignored_are_refused(arguments):
    """What cannot be meant together is bad usage."""
    done = simulate(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "exclude each other" in done.stderr


def simulate(*arguments: str, given: str | bytes = ""):
    """Run the command with this on stdin."""
    done = CliRunner().invoke(main, ["simulate", *arguments], input=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_lines_may_come_through_a_pipe(library):
    """With stdin from a pipe each line is obeyed in order until /q or the end, without a prompt; exit 0."""
    given = "客服几点在线\n1\n/w 2m\n/q\n/a 这句不会发\n"
    done = simulate("--library", str(library), "--start", "2026-11-21T09:00:00+08:00", given=given)
    assert done.exit_code == 0
    assert done.stdout.startswith("快回模拟 · 演示店铺（拼多多）\n")
    assert "→ 发送：您好，客服九点到二十一点在线。" in done.stdout
    assert "现在是 11-21 09:02:0" in done.stdout
    assert "这句不会发" not in done.stdout
    assert "›" not in done.stdout
    done = simulate("--library", str(library), "--shop", "小店", "--platform", "any", given="客服几点在线")
    assert (done.exit_code, "  1 几点上班" in done.stdout) == (0, True)
    assert done.stdout.startswith("快回模拟 · 小店（通用）\n")


def test_what_is_not_utf8_is_no_end(library):
    """Bytes that are not UTF-8 are read as well as they can be."""
    assert simulate("--library", str(library), given=b"\xff\xfe\n/q\n").exit_code == 0


# Runs a program on a terminal of its own, so that Ctrl+C is the terminal's; what is typed comes through a pipe.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def read_until(pipe: IO[bytes], words: str) -> str:
    """What the terminal shows, up to these words."""
    shown = b""
    while words not in shown.decode(errors="replace"):
        ready, _, _ = select.select([pipe], [], [], LONGEST)
        more = pipe.read(4096) if ready else b""
        assert more, f"the terminal shows no {words!r} but {shown.decode(errors='replace')!r}"
        shown += more
    return shown.decode(errors="replace")


def leave(process: Popen[bytes], key: bytes) -> int:
    """Press until it is heard: Ctrl+C in the instant between prompt and waiting is not, in any Python program."""
    for _ in range(LONGEST):
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(key)
        with contextlib.suppress(TimeoutExpired):
            return process.wait(timeout=1)
    process.kill()
    return -1


@pytest.mark.parametrize("leaving", ["/q\r", "\x04", "\x03"], ids=["/q", "ctrl-d", "ctrl-c"])
def test_a_terminal_has_a_prompt(library, leaving):
    """On a terminal there is a prompt with the countdown; /q, Ctrl+D and Ctrl+C leave with exit 0 and no traceback."""
    typed = [sys.executable, "-m", "bot", "simulate", "--library", str(library), "--start", "2026-11-21T09:00:00+08:00"]
    with Popen(
        [sys.executable, "-c", ON_A_TERMINAL, *typed],
        stdin=PIPE,
        stdout=PIPE,
        env=environment(TERM="xterm"),
        bufsize=0,
    ) as process:
        read_until(process.stdout, "› ")
        process.stdin.write("在吗\r".encode())
        read_until(process.stdout, "秒〕› ")
        assert leave(process, leaving.encode()) == 0
        assert "Traceback" not in process.stdout.read().decode(errors="replace")


@pytest.mark.parametrize("file", SCENES[:2], ids=lambda file: file.stem)
def test_a_scene_is_played(file):
    """A scene is printed as it happens; when all goes as written the exit code is 0."""
    done = simulate("--scene", str(file))
    assert done.exit_code == 0
    title = scenefile.load(file).title
    assert done.stdout.startswith(f"场景：{title}\n")
    assert done.stdout.endswith("场景结束\n")


def test_a_scene_gone_otherwise(tmp_path):
    """What goes otherwise than written is said, and the exit code is 1."""
    file = tmp_path / "scene.toml"
    file.write_text(
        'title = "x"\nstart = "2026-11-21T09:00:00+08:00"\n[[steps]]\nat = "09:00:05"\nbuyer = ""\nkind = "image"\n'
        '[[steps]]\nat = 60\nexpect = [{ type = "deadline.warning" }]\n',
        encoding="utf-8",
    )
    done = simulate("--scene", str(file))
    assert done.exit_code == 1
    assert "09:00:05 买家：［image］" in done.stdout
    assert "与场景不符：step 2: expected" in done.stdout
    assert done.stdout.endswith("场景结束，1 处不符\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("steps = 5", "steps: must be a list of tables, each under [[steps]]"),
        ("steps = []\nextra = 1", "extra: unknown key"),
        ('steps = []\nplatform = "nowhere"', "platform: 'nowhere' is not one of"),
        ('steps = []\ntimezone = "Mars/Base"', "timezone: 'Mars/Base' is not a time zone name"),
        ('steps = []\ntargets = ["none"]', "targets: pinduoduo has no target 'none'"),
        ("steps = []\nchanges = { nothing = { limit = 5 } }", "targets.nothing.label: is missing"),
        ("steps = []\nchanges = { human_reply_3min = { limt = 5 } }", "targets.human_reply_3min.limt: unknown key"),
        ("steps = []\nstages = { human_reply_3min = [500] }", "stages.human_reply_3min: "),
        ("steps = []\nrates = { none = { met = 1 } }", "rates: pinduoduo has no target 'none'"),
        ('steps = [{ at = "noon" }]', "steps[0].at: 'noon' is neither seconds after the start"),
        ('steps = [{ at = 0 }, { at = 1, sent = "25:00:00" }]', "steps[1].sent: '25:00:00' is neither"),
        ("steps = [{ at = 1.5 }]", "steps[0].at: Expected `int | str`, got `float`"),
        ('steps = [{ at = 0, kind = "song" }]', "steps[0].kind: Invalid enum value 'song'"),
        ("steps = [", "Invalid value"),
    ],
)
def test_a_wrong_scene_is_a_sentence(tmp_path, text, sentence):
    """A scene that cannot be played is refused with its file and key before anything is played; exit 2."""
    file = tmp_path / "scene.toml"
    file.write_text(f'title = "x"\nstart = "2026-11-21T09:00:00+08:00"\n{text}\n', encoding="utf-8")
    with pytest.raises(DataError) as raised:
        scenefile.load(file)
    assert raised.value.problems[0].startswith(f"{file}: {sentence}")
    done = simulate("--scene", str(file))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}: {sentence}")


def test_times_are_said_as_people_say_them():
    """Seconds become hours, minutes and seconds; none at all is 0 秒."""
    spans = [told.left(seconds) for seconds in (0, 1, 60, 61, 3600, 5400, 86_399)]
    assert spans == ["0 秒", "1 秒", "1 分", "1 分 1 秒", "1 小时", "1 小时 30 分", "23 小时 59 分 59 秒"]


def test_every_target_has_a_label():
    """Each reply target is called by its platform's own name."""
    labels = told.labels()
    assert labels["effective_reply_1h"] == "1小时有效回复率"
    assert told.label("order_id") == "订单号"
    assert told.label("no_such") == "no_such"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"reason": "answered", "answered": "2026-11-21T09:59:00+08:00"}, "✓ 买家 b 已回复：名"),
        ({"reason": "answered", "answered": "2026-11-21T10:00:01+08:00"}, "✓ 买家 b 已回复，但超时了：名"),
        ({"reason": "answered", "answered": "2026-11-21T09:00:00+08:00", "corrected": True}, "其实没有超时：名"),
        ({"reason": "recalled"}, "✓ 买家 b 已撤回消息：名"),
    ],
)
def test_the_end_of_a_wait_is_said(data, words):
    """Answered, answered late, answered in time after all, withdrawn: four different endings."""
    event = {"target": "t", "buyer": "b", "due": "2026-11-21T10:00:00+08:00", **data}
    (line,) = told.told("deadline.cleared", event, "10:00:01", {"t": "名"})
    assert words in line.plain


def test_events_that_say_nothing_to_people_are_not_shown():
    """A suggestion taken back, a delivery and kinds of later versions print nothing."""
    for kind, data in (("suggestion.created", {"suggestions": [], "buyer": "b"}), ("message.sent", {}), ("new", {})):
        assert list(told.told(kind, data, "10:00:00", {})) == []
