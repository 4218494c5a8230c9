"""What the library cannot answer is gathered by the words it is about; what scripts are used for is counted."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from click.testing import CliRunner
from living import environment, two_shops

from bot.cli import main
from bot.clock import SystemClock, VirtualClock
from bot.engine import Engine
from bot.gaps import Gap, gather, nearest, sort, unanswered, uses
from bot.model import BuyerSaid
from bot.store import DATABASE, SQLiteStore


def test_questions_about_one_thing_are_one_gap():
    """Each question goes where most go, and the most asked stands first."""
    asked = Counter({"发票能重开吗": 3, "发票抬头错了": 2, "色差大不大": 1, "有色差怎么办": 1, "嗯嗯哈": 1})
    found = gather(asked)
    assert [(gap.word, gap.asked) for gap in found] == [("发票", 5), ("色差", 2)]
    assert found[0].examples == ("发票能重开吗", "发票抬头错了")


def test_only_what_stays_silent_is_a_gap(shop):
    """A message that today's library answers is none, nor is a greeting of one character."""
    missed = unanswered(shop.matcher, ["什么时候发货", "嗯", "量子纠缠能退相干吗", "量子纠缠能退相干吗"])
    assert missed == Counter({"量子纠缠能退相干吗": 2})


def test_every_script_is_counted(shop):
    """Picks, edits and what was ignored stand apart; a script nobody used has no last day."""
    scripts = shop.matcher.library.scripts[:2]
    first, second = uses(scripts, [(scripts[0].id, "picked", 5), (scripts[0].id, "ignored", 9)])
    assert (first.picked, first.ignored, first.last) == (1, 1, 5)
    assert (second.picked, second.last) == (0, None)


def test_gaps_of_a_log(tmp_path):
    """The command reads a log and says how much of it had no answer."""
    log = tmp_path / "log.jsonl"
    lines = [
        {"id": str(n), "conversation": "c", "role": "buyer", "text": text}
        for n, text in enumerate(["什么时候发货", "孔雀会唱歌吗", "孔雀蛋几天孵出来"])
    ]
    log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    done = CliRunner().invoke(main, ["library", "gaps", str(log)])
    assert done.exit_code == 0, done.output
    assert "买家消息 3 条，没有合适话术的 2 条" in done.stdout
    assert "  孔雀 2 次：孔雀会唱歌吗 ／ 孔雀蛋几天孵出来\n" in done.stdout
    assert done.stdout.count("最接近的话术：") + done.stdout.count("没有接近的话术") == 1


def test_one_question_asked_often_is_a_gap():
    """The very same words again and again, with nothing in common with others; once is none."""
    found = gather(Counter({"能刻字吗": 9, "有色差怎么办": 2, "嗯嗯哈哈": 1, "孔雀好养吗": 1}))
    assert [gap.asked for gap in found] == [9, 2]
    assert found[0].examples == ("能刻字吗",)


def test_what_is_no_gap_yet_is_named(tmp_path):
    """Questions that nobody else asked, or that have no telling word, stand below the gaps, most asked first."""
    gaps, rest = sort(Counter({"能刻字吗": 9, "嗯嗯哈哈": 3, "孔雀好养吗": 1}))
    assert [gap.asked for gap in gaps] == [9]
    assert rest == ["嗯嗯哈哈", "孔雀好养吗"]
    log = tmp_path / "log.jsonl"
    words = ("孔雀会唱歌吗", "几点有人上班")
    lines = ({"id": text, "conversation": text, "role": "buyer", "text": text} for text in words)
    log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    done = CliRunner().invoke(main, ["library", "gaps", str(log)])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("，归为 0 类\n  没有归类的：孔雀会唱歌吗\n")


def test_a_word_of_all_questions_is_a_gap_where_there_are_few():
    """Three questions about one thing are not about nothing."""
    found = gather(Counter({"发票能重开吗": 1, "发票抬头错了": 1, "发票寄哪里": 1}))
    assert [(gap.word, gap.asked) for gap in found] == [("发票", 3)]


def test_the_nearest_script_is_named(shop):
    """Of the question asked most; none where the library has nothing like it."""
    near = nearest(shop.matcher, Gap("发货", 2, ("发货的量子纠缠怎么退相干", "什么时候发货")))
    assert near is not None
    assert near.script in {script.id for script in shop.matcher.library.scripts}
    assert nearest(shop.matcher, Gap("龘", 2, ("龘龘靐靐",))) is None


LIBRARY = """
group = "开店"
""" + "".join(
    f"""
[[scripts]]
id = "other.{name}"
title = "{title}"
phrasings = ["{title}呢"]
text = "您好。"
{more}
"""
    for name, title, more in (
        ("hours", "几点有人上班", ""),
        ("sale", "开业活动有吗", 'valid = { to = "2025-12-31" }'),
        ("park", "店里能停车吗", ""),
        ("gift", "能刻字送人吗", ""),
        ("never", "收不收现金", ""),
        ("old", "有没有纸质目录", ""),
    )
)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The folder of two shops where a server ran: `other` has a library of its own, and was used."""
    for name, secret in environment().items():
        monkeypatch.setenv(name, secret)
    shops = two_shops(tmp_path)
    (tmp_path / "other.toml").write_text(LIBRARY, encoding="utf-8")
    now = int(SystemClock().now())
    store = SQLiteStore(tmp_path / DATABASE)
    used = [("hours", "picked", 1)] * 5 + [("sale", "picked", 1)] * 4 + [("park", "edited", 1)] * 3
    used += [("gift", "ignored", 1)] * 3 + [("gift", "picked", 1), ("old", "picked", 90), ("old", "ignored", 0)]
    with store.transaction():
        for script, action, days in used:
            store.credit("other", "c-1", f"other.{script}", action, "01", "", now - days * 86_400)
        # Two agents taught it: no gap any more.
        for agent in ("01", "02"):
            store.credit("other", "c-2", "other.gift", "picked", agent, "外星人能寄存龙蛋不", now)
    engine = Engine(store, shops, VirtualClock(now))
    for number, text in enumerate(["孔雀羽毛怎么染色"] * 3 + ["外星人能寄存龙蛋不", "几点有人上班"]):
        base = {"shop": "other", "conversation": f"g{number}", "at": now - 60, "arrived": now - 60}
        engine.apply([BuyerSaid(**base, key=f"message.created:g{number}", id=f"g{number}", text=text)])
    store.close()
    return tmp_path


ASKING = BuyerSaid(shop="other", key="k", conversation="c", at=1, arrived=1, id="m", text="孔雀羽毛染色回电13800138000")


def kuaihui(data, *arguments):
    given = ["library", *arguments, "--config", str(data / "config.toml"), "--data", str(data), "--shop", "other"]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_gaps_of_a_server(data):
    """What it heard and today's library does not answer, most often asked first; what it learned is answered."""
    said = kuaihui(data, "gaps")
    assert "没有合适话术的 3 条，归为 1 类" in said
    assert "3 次：孔雀羽毛怎么染色" in said


def test_gaps_of_a_server_can_be_masked(data, monkeypatch):
    """A phone number that a buyer wrote leaves as a stand-in."""
    monkeypatch.setattr(SQLiteStore, "facts_between", lambda *_: iter([ASKING]))
    assert "13800138000" in kuaihui(data, "gaps")
    masked = kuaihui(data, "gaps", "--mask")
    assert "13800138000" not in masked
    assert "孔雀羽毛染色回电16000000001" in masked


def test_stats_of_a_server(data):
    """Uses and edits; what is popular is still named when it has run out, or is never sent as it stands."""
    said = kuaihui(data, "stats").splitlines()
    assert said[0] == "other（other）：话术 6 条，用过 5，从未用过 1，60 天未用 1"
    assert said[1] == "  other.hours 几点有人上班：采用 5，改后用 0，忽略 0，撤回 0"
    assert "  已过期 other.sale 开业活动有吗" in said
    assert "  常被改动 other.park 店里能停车吗：3 次改后才用" in said
    assert "  久未使用 other.old 有没有纸质目录" in said, "being shown and ignored is no use"
    assert "  从未使用 other.never 收不收现金" in said
    assert not any(line.startswith(("  已过期 other.hours", "  常被改动 other.hours")) for line in said)


def test_strays_are_named(tmp_path):
    """`lint --strays` names a phrasing that would lead elsewhere; without it lint says nothing of that."""
    head = 'group = "组"\n'
    scripts = [("a", "什么时候发货", ["多久发货呀", "能开发票吗"]), ("b", "可以开发票吗", ["开发票可以吗", "要开发票"])]
    text = head + "".join(
        f'[[scripts]]\nid = "{name}"\ntitle = "{title}"\nphrasings = {json.dumps(said, ensure_ascii=False)}\ntext = "好"\n'
        for name, title, said in scripts
    )
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    plain = CliRunner().invoke(main, ["library", "lint", str(tmp_path)])
    whole = CliRunner().invoke(main, ["library", "lint", str(tmp_path), "--strays"])
    assert (plain.exit_code, whole.exit_code) == (0, 0)
    assert "会先找到" not in plain.stdout
    assert "「能开发票吗」会先找到 b" in whole.stdout


def test_stats_without_a_server_is_a_sentence(tmp_path):
    """A data folder where nothing ran yet: exit code 2 and what to do."""
    done = CliRunner().invoke(main, ["library", "stats", "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert "Traceback" not in done.output
