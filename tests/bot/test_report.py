"""The report of a replay is one file that cannot load or run anything, bounded in size, the same for the same log."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources

import msgspec
import pytest
from click.testing import CliRunner
from talks import HOSTILE, LIBRARY, lines, other_library, report

from bot.blame import CountedWait
from bot.cli import main
from bot.deadline import Zone
from bot.played import Ended
from bot.rates import Rate
from bot.report import changes, page, tables, talks
from bot.report.notes import CLIP, Marks, clip

SOURCES = (*page.SCRIPTS, "page.html")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> str:
    """The text of the page on a log with friends and foes."""
    return report(tmp_path_factory.mktemp("report"), lines()).read_text(encoding="utf-8")


def embedded(text: str, name: str):
    """What stands in the data element of that name."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def test_two_runs_are_equal_byte_for_byte(made, tmp_path):
    """Nothing of the page depends on when, where or how often it is made."""
    assert report(tmp_path, lines()).read_text(encoding="utf-8") == made


def test_what_buyers_say_stays_text(made):
    """No hostile word ends the data or opens an element; all of it is in the data as it was said."""
    assert made.count("<script>window.pwned") == made.count('onerror="window') == 0
    for sign in "<>&\u2028\u2029":
        for part in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', made, re.DOTALL):
            assert sign not in part
    said = {line.get("text") for talk in embedded(made, "data")["talks"] for line in talk["lines"]}
    assert set(HOSTILE) <= said


def test_only_its_own_scripts_may_run(made):
    """The policy forbids everything but the scripts and the style that stand in the file, each by its hash."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)">', made)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    for kind in ("script", "style"):
        written = re.findall(rf"<{kind}>(.*?)</{kind}>", made, re.DOTALL)
        hashes = [f"sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}" for one in written]
        assert hashes
        assert re.search(rf"{kind}-src (.*?);", policy)[1].split() == [f"'{one}'" for one in hashes]


def test_nothing_is_fetched_or_made_of_markup():
    """No source of the page names an address to load from, and no element is made of a string."""
    for name in (*SOURCES, *page.STYLES):
        text = resources.files("bot.report").joinpath(name).read_text(encoding="utf-8")
        banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(|XMLHttp|@import|url\(|https?://"
        assert re.findall(banned, text) == []


def test_every_word_has_both_languages():
    """Each name says something in Chinese and in English, with the same blanks."""
    for name, said in page.words().items():
        assert set(said) == set(page.LANGUAGES), name
        assert all(text.strip() for text in said.values()), name
        blanks = [sorted(re.findall(r"\{(\w+)\}", text)) for text in said.values()]
        assert blanks[0] == blanks[1], name
        assert re.search(r"[\u4e00-\u9fff]|^\W*\{", said["zh"]) or name == "other_language", name
        assert not re.search(r"[\u4e00-\u9fff]", said["en"]) or name == "other_language", name


def test_every_word_is_used_and_known():
    """The page asks for no name that the table lacks, and the table holds none that nobody asks for."""
    text = "\n".join(resources.files("bot.report").joinpath(name).read_text(encoding="utf-8") for name in SOURCES)
    whole = set(re.findall(r'"([a-z_]+)"|words\.([a-z_]+)|data-(?:t|rows|label)="([a-z_]+)', text))
    asked = {name for names in whole for name in names if name}
    begun = tuple(set(re.findall(r"`([a-z]+_)\$\{", text)) | {"head_"})
    known = set(page.words())
    calls = set(re.findall(r'\bt\("([a-z_]+)"', text)) | set(re.findall(r'data-(?:t|rows|label)="([a-z_]+)"', text))
    assert calls - known == set()
    assert {name for name in known if name not in asked and not name.startswith(begun)} == set()


def test_the_page_counts_what_the_summary_counts(tmp_path):
    """Figures of the page and of --json are the same, and each late wait and finding has its row."""
    out = tmp_path / "out.json"
    text = report(tmp_path, lines(), "--json", str(out)).read_text(encoding="utf-8")
    data, result = embedded(text, "data"), json.loads(out.read_text(encoding="utf-8"))
    assert data["suggest"] == result["suggest"]
    assert data["guard"] == {key: result["guard"][key] for key in data["guard"]}
    assert data["findings"]["total"] == len(result["guard"]["findings"]) == len(data["findings"]["rows"])
    assert data["late"]["total"] == sum(len(target["late"]) for target in result["deadline"]["targets"])
    assert data["meta"]["conversations"] == result["conversations"] == len(data["talks"])
    for target, told in zip(data["targets"], result["deadline"]["targets"], strict=True):
        assert [one[1] for one in target["days"]] == [one["rate"] for one in told["days"]]


def test_a_page_shows_what_another_library_changes(made, tmp_path):
    """Figures of both replays side by side, and each change with its conversation; without another there is no such part."""
    out = tmp_path / "out.json"
    text = report(tmp_path, lines(), "--compare", str(other_library(tmp_path)), "--json", str(out)).read_text("utf-8")
    found, result = embedded(text, "data")["changes"], json.loads(out.read_text(encoding="utf-8"))
    figures = {one["name"] or one["label"]: one for one in found["figures"]}
    assert figures["coverage"]["before"] == result["suggest"]["shown"] / result["suggest"]["asked"]
    assert figures["agreed"]["before"] == result["agreement"]["rate"]
    assert figures["guard"]["before"] == figures["guard"]["after"] == result["guard"]["block"]
    assert figures["1小时有效回复率"]["before"] == figures["1小时有效回复率"]["after"]
    reworded = [(one["conversation"], one["id"]) for one in result["compare"]["suggest"]["reworded"]]
    assert [(one["conversation"], one["id"]) for one in found["rows"] if one["kind"] == "reworded"] == reworded != []
    assert found["total"] == len(found["rows"])
    assert [found["rows"][0][side][6:9] for side in ("before", "after")] == ["四十八", "七十二"]
    assert found["versions"][0]["library"] == result["library"] != found["versions"][1]["library"]
    assert ("changes_table" in text.split("<script")[0], "changes_table" in made.split("<script")[0]) == (True, False)
    assert embedded(made, "data")["changes"] is None


def test_each_kind_of_change_has_words():
    """What another config finds otherwise, warns of otherwise and judges otherwise is told in a row each."""
    place = {"conversation": "c", "id": "m", "text": "嗯"}
    judged = {"score": 92.5, "level": "良好", "faults": [{"name": "没有问好"}, {"name": "没有问好"}]}
    found = {
        "suggest": {"gained": [{**place, "before": [], "after": ["gone"]}]},
        "guard": {"gained": [], "lost": [{**place, "before": ["r1", "r2"], "after": []}]},
        "deadline": [{**place, "id": "target start", "before": (1800, 600), "after": ()}],
        "inspection": [{"conversation": "c", "before": None, "after": judged}],
    }
    rows = {one["kind"]: (one["before"], one["after"]) for one in changes._rows(found, ())}
    assert rows == {
        "gained": ("", "gone"),
        "guard_lost": ("r1、r2", ""),
        "deadline": ("1800、600", ""),
        "inspection": ("", "92.5、没有问好"),
    }
    assert {f"change_{kind}" for kind in rows} < set(page.words())


def test_a_message_shows_what_the_bot_would_have_said(made):
    """Of one conversation: the clock and the offer for the question, the answer held, when the alarms rang."""
    talk = next(one for one in embedded(made, "data")["talks"] if one["id"] == "talk-00")
    asked, _, warned, answer = talk["lines"][:4]
    assert asked["offered"][0][0] == "ship"
    assert ["human_reply_30s", asked["at"] + 30] in asked["due"]
    assert (warned["alarm"], warned["target"]) == ("missed", "human_reply_30s")
    assert answer["verdict"] == "block"
    assert answer["findings"][0]["action"] == "block"
    assert answer["waited"] == answer["at"] - asked["at"] == 90
    assert answer["stood"] >= 1
    assert {"late", "block"} <= set(talk["tags"])


def test_an_answer_as_offered_is_said_to_be_the_same(made):
    """An agent who writes what was offered agrees with it."""
    talk = next(one for one in embedded(made, "data")["talks"] if one["id"] == "talk-01")
    answer = next(line for line in talk["lines"] if line.get("role") == "agent")
    assert (answer["used"], answer["alike"]) == ("ship", 100)


def test_masked_logs_make_masked_pages(tmp_path):
    """With --mask nothing of a phone number is left in the file."""
    said = [{"conversation": "c", "role": "buyer", "text": "我的电话是13812345678，什么时候发货"}]
    assert "13812345678" in report(tmp_path, said).read_text(encoding="utf-8")
    assert "13812345678" not in report(tmp_path, said, "--mask").read_text(encoding="utf-8")


@pytest.mark.parametrize("said", [[], [{"conversation": "c", "role": "agent", "text": "在的"}]])
def test_little_to_say_makes_a_page_all_the_same(tmp_path, said):
    """An empty log, and one in which nobody asks, are no reason to fail."""
    data = embedded(report(tmp_path, said).read_text(encoding="utf-8"), "data")
    assert data["meta"]["messages"] == len(said)


def test_a_page_that_cannot_be_written_is_said(tmp_path):
    """A folder that is not there gives a sentence and exit code 2."""
    (tmp_path / "library.toml").write_text(LIBRARY, encoding="utf-8")
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"conversation": "c", "role": "buyer", "text": "在吗"}), encoding="utf-8")
    out = tmp_path / "nowhere" / "report.html"
    done = CliRunner().invoke(
        main, ["replay", str(log), "--library", str(tmp_path / "library.toml"), "--report", str(out)]
    )
    assert done.exit_code == 2
    assert f"{out}: cannot be written" in done.stderr


def told(kept: talks.Talks, conversation: str, count: int, marks: dict[int, Marks] | None = None) -> None:
    """A conversation of so many lines, some of them marked."""
    for place in range(count):
        line = {"id": f"m{place}", "role": "buyer", "text": "在吗" * 10}
        kept.add(conversation, (marks or {}).get(place, Marks()), line)
    kept.ended(Ended(conversation, "b", (), {"score": None, "level": None, "faults": []}))


def test_of_many_conversations_the_page_shows_those_worth_seeing(monkeypatch):
    """Late, offending and missed ones come before the rest, of which a spread is shown; how many were left out is said."""
    monkeypatch.setattr(talks, "MOST_TALKS", 20)
    with_marks = {3: Marks(late=1), 55: Marks(block=1), 77: Marks(missed=99.0)}
    kept = talks.Talks()
    for number in range(100):
        told(kept, f"c{number}", 2, {1: with_marks[number]} if number in with_marks else None)
    shown = kept.chosen()
    kept.close()
    assert (len(shown.talks), shown.left_out) == (20, 80)
    names = [talk["id"] for talk in shown.talks]
    assert {"c3", "c55", "c77"} <= set(names)
    assert max(int(name[1:]) for name in names) >= 85
    assert names == sorted(names, key=lambda name: int(name[1:]))


def test_the_page_stays_small_whatever_the_log(monkeypatch):
    """The conversations shown together stay below a number of bytes."""
    monkeypatch.setattr(talks, "MOST_BYTES", 20_000)
    kept = talks.Talks()
    for number in range(200):
        told(kept, f"c{number}", 10)
    shown = kept.chosen()
    kept.close()
    assert 0 < len(msgspec.json.encode(shown.talks)) < 30_000
    assert len(shown.talks) + shown.left_out == 200


def test_of_a_very_long_conversation_the_marked_places_are_shown():
    """The lines around what was found stay, the beginning fills up, and each gap says how many lines it stands for."""
    kept = talks.Talks()
    told(kept, "c", 5000, {4000: Marks(block=1)})
    (talk,) = kept.chosen().talks
    kept.close()
    names = [line["id"] for line in talk["lines"] if "id" in line]
    assert len(names) == talks.MOST_LINES
    assert {"m0", "m3997", "m4000", "m4003"} <= set(names)
    assert len(names) + sum(line["gap"] for line in talk["lines"] if "gap" in line) == talk["count"] == 5000


def test_of_very_many_late_waits_the_longest_are_listed(monkeypatch):
    """A table that is too long keeps those without an answer and the latest, and says how many there are."""
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    waits = [CountedWait(f"b{n}", f"c{n}", n * 100, n * 100 + 60, n * 100 + 60 + n, "") for n in range(1, 10)]
    waits.append(CountedWait("never", "never", 5000, 5060, None, ""))
    late = tables._late([Rate("t", 10, 0, 0, 0.0, tuple(waits))], Zone("Asia/Shanghai"))
    assert late["total"] == 10
    assert [row["buyer"] for row in late["rows"]] == ["b8", "b9", "never"]
    assert late["rows"][0]["over"] == 8


def test_long_words_are_cut():
    """Nobody's message makes the page large by itself."""
    assert clip("长" * CLIP) == "长" * CLIP
    assert len(clip("长" * 100_000)) < CLIP + 5
    finding = dict.fromkeys(("text", "before", "excerpt"), "长" * 9000) | {"at": None, "action": "warn"}
    finding |= dict.fromkeys(("conversation", "id", "agent", "role", "rule", "reason"), "x")
    assert len(msgspec.json.encode(tables._findings([finding]))) < 3000
