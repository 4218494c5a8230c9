"""What the library cannot answer is gathered by the words it is about; what scripts are used for is counted."""

from __future__ import annotations

import json
from collections import Counter

from click.testing import CliRunner

from bot.cli import main
from bot.gaps import gather, unanswered, uses


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
        for n, text in enumerate(["什么时候发货", "孔雀羽毛怎么染色", "孔雀羽毛染什么颜料"])
    ]
    log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    done = CliRunner().invoke(main, ["library", "gaps", str(log)])
    assert done.exit_code == 0, done.output
    assert "买家消息 3 条，没有合适话术的 2 条" in done.stdout
    assert "孔雀" in done.stdout


def test_stats_without_a_server_is_a_sentence(tmp_path):
    """A data folder where nothing ran yet: exit code 2 and what to do."""
    done = CliRunner().invoke(main, ["library", "stats", "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert "Traceback" not in done.output
