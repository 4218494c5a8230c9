"""Each format is recognised and read as it is meant; a broken file of each is a sentence."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from bot import cli_logs, logs
from bot.logs import words

TEN = 1_795_226_400  # 2026-11-21 10:00:00 in Shanghai
HEAD = ("ID", "Session ID", "角色", "内容", "发送者", "类型", "创建时间")


def short(said: list[logs.Said]) -> list[tuple[str, str, int, str]]:
    """Role, text, seconds after ten and kind."""
    return [(one.role, one.text, (one.at or 0) - TEN, one.kind) for one in said]


def noted(zone, path, **options: object) -> str:
    """What is told of a file that is read."""
    with logs.read([path], zone, **options) as log:
        return "\n".join(log.notes)


def test_a_copied_chat(read):
    """Name lines, marks of reading, a recalled line, a robot's account, a picture, and a parcel's track that is quoted."""
    said = read("qianniu-heads.txt")
    assert short(said) == [
        ("buyer", "这款什么时候发货\n急用", 5, "text"),
        ("agent", "您好，今天下午发出", 30, "text"),
        ("system", "买家甲撤回了一条消息", 30, "text"),
        ("buyer", "[图片]", 60, "image"),
        ("robot", "请稍等", 62, "text"),
        ("agent", "物流是这样的：\n2026-11-20 08:00:00 已揽收", 120, "text"),
    ]
    assert {one.conversation for one in said} == {"买家甲"}
    assert [one.agent for one in said][1] == "某某旗舰店:客服一"
    assert len({one.id for one in said}) == len(said)


def test_a_copied_chat_with_times_in_brackets(read, refused):
    """Words may stand on the name line; a shop without an account's name has to be named."""
    assert "请用 --shop-name 指明" in refused("qianniu-brackets.txt")[0]
    said = read("qianniu-brackets.txt", shop=("某某旗舰店",))
    assert short(said) == [("buyer", "在吗", 0, "text"), ("agent", "在的\n第二行", 120, "text")]


def test_a_copied_chat_with_halves_of_days(read):
    """A day on a line of its own holds for the clocks of twelve hours under it, midnight at twelve."""
    said = read("qianniu-halves.txt")
    assert short(said) == [
        ("buyer", "能改地址吗", -59, "text"),
        ("agent", "可以的", 3 * 3600 + 123, "text"),
        ("buyer", "好", 14 * 3600 + 300, "text"),
    ]


def test_days_that_are_not_told_are_asked_for(read, refused):
    """A missing year and 昨天 need the day of the export, and are read with it; nothing is guessed."""
    found = refused("qianniu-no-year.txt")
    assert found[0].startswith("qianniu-no-year.txt:1: ")
    assert all("--exported" in problem for problem in found[:2])
    said = read("qianniu-no-year.txt", exported=date(2026, 11, 23))
    assert [second for _, _, second, _ in short(said)] == [12 * 3600 + 5, 37 * 3600 + 1800, 46 * 3600]


def test_a_chat_of_several_buyers_is_refused(refused):
    """To whom the shop spoke cannot be told where a file has two buyers; nor who the shop is of two that look like it."""
    two = "买家甲 2026-11-21 10:00:00\n在\n买家乙 2026-11-21 10:00:01\n在\n店:一 2026-11-21 10:00:02\n好\n"
    assert "有 2 位买家（买家甲、买家乙）" in refused("two.txt", two)[0]
    shops = "甲店:一 2026-11-21 10:00:00\n在\n乙店:一 2026-11-21 10:00:01\n在\n"
    assert "有 2 个像店铺的名字" in refused("shops.txt", shops)[0]


def test_minutes_alone(read):
    """Where a file begins with times without seconds or day, a name that speaks twice is one, and others are words."""
    text = "买家甲 10:00\n在吗\n快递 9:30\n店:一 10:01\n在\n买家甲 10:02\n好\n"
    said = read("minutes.txt", text, exported=date(2026, 11, 21))
    assert short(said) == [
        ("buyer", "在吗\n快递 9:30", 0, "text"),
        ("agent", "在", 60, "text"),
        ("buyer", "好", 120, "text"),
    ]


def test_a_userscripts_export(read, refused):
    """The year is told by exportTime, over New Year too; pictures and the shop's robot are known."""
    said = read("qianniu-export.json")
    assert [(one.role, one.text, one.kind) for one in said] == [
        ("buyer", "你好", "text"),
        ("agent", "您好", "text"),
        ("buyer", "", "image"),
        ("robot", "收到图片", "text"),
    ]
    assert [one.at - said[0].at for one in said] == [0, 5, 62, 92]
    talk = {"user": "买家甲", "chats": [{"sender": "买家甲", "text": "x", "time": "noon"}, 5, {"text": "x"}]}
    found = refused("bad.json", json.dumps(talk))
    assert [problem.split(": ")[1] for problem in found[:3]] == ["chats[1]", "chats[2]", "chats[3]"]


def test_lanren(read, refused, book, zone, tmp_path):
    """A buyer's batches are one conversation, the shop's words go to the buyer of the session, silence is no message."""
    rows = [
        HEAD,
        (1, 11, "OTHER", "在吗", "买家甲", "TEXT", datetime(2026, 11, 21, 10, 0, 0)),  # noqa: DTZ001 - a sheet's
        (2, 11, "SELF", "在的", "客服一", "TEXT", "2026-11-21 10:00:05"),
        (3, 12, "OTHER", "a.jpg", "买家甲", "IMAGE", "2026-11-21 10:01:00"),
        (4, 12, "SYSTEM", "已转人工", "", "TEXT", "2026-11-21 10:01:01"),
        (5, 12, "SELF", "", "客服一", "NO_REPLY", "2026-11-21 10:01:02"),
        (6, 13, "OTHER", "你好", "买家乙", "TEXT", datetime(2026, 11, 22)),  # noqa: DTZ001
    ]
    said = read("全部消息.xlsx", book(*rows))
    assert short(said)[:4] == [
        ("buyer", "在吗", 0, "text"),
        ("agent", "在的", 5, "text"),
        ("buyer", "", 60, "image"),
        ("system", "已转人工", 61, "text"),
    ]
    assert [one.conversation for one in said] == ["买家甲"] * 4 + ["买家乙"]
    assert said[-1].at == TEN + 14 * 3600
    assert [one.id for one in said] == ["1", "2", "3", "4", "6"]
    assert "格式 lanren（表头是" in noted(zone, tmp_path / "全部消息.xlsx")
    found = refused("坏.xlsx", book(HEAD, (1, 1, "BOSS", "x", "y", "TEXT", ""), (2, 1, "OTHER", "x", "y", "TEXT", "z")))
    assert found[0] == "坏.xlsx:2: 不认识的角色「BOSS」"
    assert found[1].startswith("坏.xlsx:3: 「z」不是看得懂的时间")


def test_kunkeji(read):
    """A line is what a buyer said and what the tool replied, not a person; words may run over lines."""
    assert short(read("kunkeji.txt")) == [
        ("buyer", "多久能到", 0, "text"),
        ("robot", "三天左右", 0, "text"),
        ("buyer", "第一行\n第二行", 9, "text"),
        ("buyer", "[图片]", 60, "image"),
    ]


def test_taobao(read, refused):
    """Direction 0 is from from_id; who asked in vain is told why; without the two ids nobody knows who spoke."""
    assert short(read("taobao.json")) == [("buyer", "有货吗", 0, "text"), ("agent", "有的", 20, "text")]
    assert "30 天" in refused("refused.json", '{"ret":50000,"msgs":{}}')[0]
    assert "没有 from_id 和 to_id" in refused("nobody.json", '{"msgs":{"msg":[]}}')[0]
    both = '{"from_id":"cntaobao店:一","to_id":"cntaobao店:二","msgs":{"msg":[]}}'
    assert "没有买家" in refused("both.json", both)[0]


def test_chatwoot(read):
    """Messages of the interface, by the map of its webhooks: notes left out, deleted ones and activity of nobody."""
    assert short(read("chatwoot-messages.json")) == [
        ("buyer", "有货吗", 0, "text"),
        ("agent", "有的", 20, "text"),
        ("system", "已分配", 30, "text"),
        ("system", "", 40, "text"),
        ("robot", "自动问候", 50, "text"),
    ]
    talks = read("chatwoot-conversations.json")
    assert [(one.conversation, one.buyer, one.text) for one in talks] == [("10", "14", "在吗"), ("11", "15", "你好")]
    assert short(read("chatwoot-webhooks.jsonl")) == [
        ("buyer", "什么时候发货", 0, "text"),
        ("agent", "今天", 30, "text"),
    ]


def test_tables(read, refused, book):
    """A table under a title, with cells of several lines and times in three shapes; the same in Excel."""
    said = read("table.csv")
    assert short(said) == [
        ("buyer", "在吗，\n有货吗", 0, "text"),
        ("agent", "有的", 0, "text"),
        ("buyer", "", 90, "image"),
        ("robot", "请稍等", 92, "text"),
    ]
    assert said[0].context == {"order_id": "240309-402233834970071"}
    assert (said[1].agent, said[1].buyer, said[1].conversation) == ("客服一", "买家甲", "s-1")
    sheet = book(("会话", "角色", "内容", "时间"), (1, "买家", "在吗", datetime(2026, 11, 21, 10)))  # noqa: DTZ001
    assert short(read("table.xlsx", sheet)) == [("buyer", "在吗", 0, "text")]
    bad = "会话,角色,内容,时间\n1,老板,x,\n1,买家,y,noon\n1,买家,a,,b\n"
    assert [problem.partition(": ")[0] for problem in refused("bad.csv", bad)[:3]] == [
        "bad.csv:2",
        "bad.csv:3",
        "bad.csv:4",
    ]


def test_tables_without_a_column_of_roles(read, refused):
    """Who sent a row tells its role: an account, or the shop that was named; else the row is refused."""
    assert [role for role, *_ in short(read("senders.csv", shop=("某某旗舰店",)))] == ["buyer", "agent"]
    assert "「买家甲」是店铺还是买家" in refused("senders.csv")[0]


def test_columns_of_ones_own(read, refused, tmp_path):
    """A file says how one's own table heads its columns and names its roles; a field that there is not is refused."""
    table = "编号;谁;说了什么;内容\n1;甲方;在吗;备注\n"
    own = tmp_path / "own.toml"
    own.write_text(
        '[columns]\nconversation=["编号"]\nrole=["谁"]\ntext=["说了什么"]\n[roles]\nbuyer=["甲方"]\n', "utf-8"
    )
    assert [(one.role, one.text) for one in read("own.csv", table, columns=own)] == [("buyer", "在吗")]
    own.write_text('[columns]\nmood=["心情"]\n[roles]\nboss=["老板"]\n', "utf-8")
    found = refused("own.csv", table, columns=own)
    assert [problem.partition(": is none of")[0] for problem in found] == [
        "own.toml: columns.mood",
        "own.toml: roles.boss",
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("name", ["qianniu-heads.txt", "table.csv", "messages.jsonl", "qianniu-export.json"])
def test_encodings_make_no_difference(read, name, codec):
    """A log in any of these encodings is the same log."""
    text = (Path(__file__).parent / "fixtures" / name).read_text(encoding="utf-8")
    told = [(one.role, one.text, one.at) for one in read(name)]
    assert [(one.role, one.text, one.at) for one in read(f"again-{name}", text.encode(codec))] == told


def test_the_encoding_and_the_reason_are_said(zone, tmp_path):
    """What a file was read as, why and in which encoding is told; both can be forced."""
    path = tmp_path / "a.txt"
    path.write_bytes("买家甲 2026-11-21 10:00:00\n在\n店:一 2026-11-21 10:00:02\n好\n".encode("gb18030"))
    assert "格式 qianniu-text（第 1 行是名字和时间），编码 GB18030（没有 BOM" in noted(zone, path)
    forced = noted(zone, path, form="qianniu-text", encoding="gbk")
    assert forced.endswith("格式 qianniu-text（由 --format 指定），编码 gbk（由 --encoding 指定）")


BROKEN = {
    "chatwoot": ['{"payload":[{"message_type":0,"content":"x"', '{"payload":[{"message_type":9,"content":5}]}', "[1]"],
    "csv": ["甲,乙\n1,2\n", '会话,角色,内容\n1,买家,"x\n', ""],
    "jsonl": ["{", "[" * 50_000, '{"turns":5,"id":1}', "hello"],
    "kunkeji": ["hello", "【x】[noon]顾客y: z", "\n\nhello\n"],
    "lanren": ["ID,Session ID\n1,2\n", "x"],
    "qianniu-json": [
        '{"user":"x","chats":5}',
        '{"user":"x","chats":[5]}',
        "{",
        '{"user":"x","chats":[{"sender":"x"}]}',
    ],
    "qianniu-text": ["hello", "买家 2026-13-41 10:00:00\nx\n店:一 2026-01-01 25:00:00\ny\n", "\x00"],
    "taobao": ["[" * 50_000, '{"msgs":{"msg":[{}]},"from_id":"a:b","to_id":"c"}', '{"ret":40000}', "nothing"],
}


@pytest.mark.parametrize(("form", "data"), [(form, data) for form, files in BROKEN.items() for data in files if data])
def test_a_broken_file_is_a_sentence(refused, form, data):
    """What is wrong with a file of each format is told by the file's name, and nothing is read."""
    for problem in refused("broken", data, form=form):
        assert problem.startswith("broken")
        assert len(problem) > len("broken: ")


def test_a_file_of_no_format_is_refused(refused):
    """What is nothing known is not guessed: the formats are named."""
    (problem,) = refused("notes.txt", "明天开会\n下午三点\n")
    assert problem.startswith("notes.txt: 看不出是什么格式的记录")
    assert all(form in problem for form in logs.FORMATS)


def test_skipping_bad_lines(refused, zone, tmp_path):
    """Bad lines are skipped only when asked for, and told; a file that cannot be read at all is never skipped."""
    data = '{"conversation":"c","role":"buyer","text":"在"}\nx\n{"conversation":"c","role":"boss"}\n'
    assert len(refused("log.jsonl", data)) == 2
    (tmp_path / "log.jsonl").write_text(data, encoding="utf-8")
    with logs.read([tmp_path / "log.jsonl"], zone, skip_bad=True) as log:
        assert [one.text for one in log] == ["在"]
        assert [problem.rpartition("/")[2].partition(": ")[0] for problem in log.skipped] == [
            "log.jsonl:2",
            "log.jsonl:3",
        ]
    assert refused("notes.txt", "hello\n", skip_bad=True)


def test_messages_without_a_time_are_skipped_as_bad(zone, tmp_path):
    """Where most have a time, one without is left out when asked for, and not counted."""
    line = '{"conversation":"c","role":"buyer","text":"%d"%s}\n'
    timed = [line % (number, f',"at":{TEN + number}') for number in (2, 1)]
    (tmp_path / "log.jsonl").write_text("".join((timed[0], line % (9, ""), timed[1])), encoding="utf-8")
    with logs.read([tmp_path / "log.jsonl"], zone, skip_bad=True) as log:
        assert [one.text for one in log] == ["1", "2"]
        assert len(log) == 2
        assert "has no time" in log.skipped[0]


def test_overlapping_exports_are_one_log(zone, tmp_path):
    """The same message in two exports has one id; two of the same words in one second have two."""
    chats = [{"sender": "甲", "text": "在", "date": "2026-11-21", "time": "10:00:00"}] * 2
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(json.dumps({"user": "甲", "chats": chats}), encoding="utf-8")
    with logs.read([tmp_path / "one.json", tmp_path / "two.json"], zone) as log:
        ids = [one.id for one in log]
    assert (len(ids), len(set(ids))) == (4, 2)


def test_the_formats_offered_are_those_that_there_are():
    """The names that the commands list are the readers', and every kind of mark is data that is checked."""
    assert tuple(cli_logs.FORMATS) == logs.FORMATS
    assert words.words().kunkeji.reply == "robot"
