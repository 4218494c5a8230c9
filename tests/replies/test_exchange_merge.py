"""What an import would do: ids that stay, changes that are named, twins, forbidden texts; and out and in again is the same."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies import exchange
from replies.exchange.entry import Entry, Taken
from replies.exchange.merge import Plan, plan
from replies.library import Library, Script, Valid, build
from replies.text import normalise

SHIP = Script(
    id="ship.when", title="发货时间", text="今天发。", phrasings=("几时发",), shortcut="fh", source="a.toml:3"
)


def planned(data: str, *held: Script, name: str = "表.csv", **options: object) -> Plan:
    """The plan of bringing a file into a library that holds these scripts."""
    return plan(build(held), exchange.read(data.encode(), name).taken, **options)  # type: ignore[arg-type]


def test_ids_are_the_same_each_time():
    """An id comes from the shortcut, else from the title, and not from the row or the answer."""
    first = planned("快捷编码,标题,内容\nFH,甲,一\n发,乙,二\n,丙,三\n,,没有标题的话。第二句\n").new
    again = planned("快捷编码,标题,内容\n,丙,三改\n发,乙改,二\nfh,甲,一\n,,没有标题的话。第二句\n").new
    assert [script.id for script in first] == [again[at].id for at in (2, 1, 0, 3)]
    assert first[0].id == "code.fh"
    assert first[3].title == "没有标题的话"
    assert all(script.phrasings == (script.title,) for script in first)


def test_what_is_there_already():
    """A script is known by its shortcut; what the file does not say stays; the same again is no change."""
    found = planned("快捷编码,内容\nfh,明天发。\n", SHIP)
    assert (found.new, found.same, found.refused) == ([], [], [])
    (change,) = found.changed
    assert (change.old, change.fields()) == (SHIP, ["text"])
    assert change.new.phrasings == SHIP.phrasings
    assert planned("快捷编码,内容\nfh,今天发。\n", SHIP).same == [SHIP]
    assert planned("标题,内容\n发货时间,今天发。\n", SHIP).same == [SHIP]


def test_duplicate_codes():
    """A code that stands twice refuses the later row, naming both; the very same row twice is taken once and told."""
    found = planned("快捷编码,标题,内容\nfh,甲,一\nFH,乙,二\nfh,甲,一\n")
    assert [script.title for script in found.new] == ["甲"]
    assert found.refused == ["表.csv 第 3 行: 快捷编码 FH 与 表.csv 第 2 行重复，内容不同"]
    assert found.notes == ["表.csv 第 4 行: 与 表.csv 第 2 行完全相同，只取一次"]
    taken = planned("编号,快捷编码,标题,内容\nother,fh,甲,一\n", SHIP)
    assert taken.refused == ["表.csv 第 2 行: 快捷编码 fh 已有话术 ship.when 在用（a.toml:3）"]


def test_forbidden_texts_are_refused_where_they_are_offered():
    """Every wording is asked for each platform the row is for; each reason is told once, with the platforms."""

    def forbidden(text: str, platform: str) -> list[str]:
        return ["不行"] if "坏" in text and platform != "jd" else []

    rows = "标题,内容,备选,平台\n甲,坏,坏坏,\n乙,好,坏,京东\n丙,好,好,\n"
    found = planned(rows, forbidden=forbidden, platforms=("jd", "taobao", "tmall"))
    assert found.refused == ["表.csv 第 2 行: 不能这样发：不行（taobao、tmall）"]
    assert [script.title for script in found.new] == ["乙", "丙"]


def test_worth_a_look():
    """Twins of the library's phrasings, blanks nobody fills and answers nobody reads are told, and come in."""
    found = planned(f"标题,问法,内容\n甲,几时发,{{nosuch}}你好\n乙,乙问,{'长' * 12_000}\n丙,丙问\\n？,好\n", SHIP)
    assert len(found.new) == 3
    assert "也是 ship.when 的问法" in "".join(found.notes)
    assert "{nosuch}" in "".join(found.notes)
    assert "12000 个字" in "".join(found.notes)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "大写", "title": "甲", "text": "答"},
        {"id": "a", "title": " ", "text": "答"},
        {"id": "a", "title": "？", "text": "答"},
        {"id": "a", "title": "甲", "text": None},
        {"id": "a", "title": "甲", "text": "答", "stage": ("never",)},
        {"id": "a", "title": "甲", "text": "答", "valid": Valid(first="soon")},
        {"id": "a", "title": "甲\ud800", "text": "答"},
    ],
)
def test_what_the_library_would_not_read_is_refused(fields):
    """A script that could not be read back is refused with its place, not written."""
    found = plan(build([]), Taken([Entry("x 第 2 行", fields)]))
    assert found.new == []
    assert found.refused
    assert all(reason.startswith("x 第 2 行: ") for reason in found.refused)


LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn"), exclude_characters="{}[]【】<>%#$|｜"
)
SAID = st.text(LETTERS, min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(normalise)
TEXT = st.lists(SAID, min_size=1, max_size=3).map("\n".join)
SCRIPT = st.builds(
    Script,
    id=st.from_regex(r"[a-z0-9_]{1,6}(\.[a-z0-9_]{1,6})?", fullmatch=True),
    title=SAID,
    text=TEXT,
    phrasings=st.lists(SAID, min_size=1, max_size=3, unique=True).map(tuple),
    alternatives=st.lists(TEXT, max_size=2).map(tuple),
    group=st.just("") | SAID,
    shortcut=st.none() | SAID,
    stage=st.sampled_from([(), ("waiting",), ("before_order", "received")]),
    platforms=st.sampled_from([(), ("jd",), ("taobao", "tmall")]),
    not_on=st.sampled_from([(), ("pinduoduo",)]),
    valid=st.sampled_from([None, Valid(first="11-01", last="11-12"), Valid(last="2027-01-31")]),
)
LIBRARIES = st.lists(
    SCRIPT, min_size=1, max_size=4, unique_by=(lambda each: each.id, lambda each: (each.shortcut or each.id).lower())
).map(build)


def bare(scripts: list[Script] | tuple[Script, ...]) -> list[Script]:
    """The scripts without their places."""
    return [msgspec.structs.replace(script, source="") for script in scripts]


@pytest.mark.parametrize("form", ["toml", "jsonl", "csv"])
@given(library=LIBRARIES)
def test_out_and_in_again_is_the_same_library(form, library: Library):
    """What is written in a format that carries all comes in as it was, and into the library itself as no change."""
    data = exchange.write(library.scripts, form).encode()
    taken = exchange.read(data, f"out.{form}").taken
    fresh = plan(build([]), taken)
    assert fresh.refused == []
    assert bare(fresh.new) == bare(library.scripts)
    again = plan(library, taken)
    assert (again.new, again.changed, len(again.same)) == ([], [], len(library.scripts))
    assert exchange.lost(library.scripts, form) == {}


@pytest.mark.parametrize("form", ["fastgpt", "livehelperchat", "zammad", "chatwoot", "espanso"])
def test_what_a_format_does_not_carry_is_named(form):
    """Answers come back from every other tool's format too, and what does not is counted by field."""
    script = msgspec.structs.replace(SHIP, alternatives=("甲", "乙"), valid=Valid(last="12-31"), group="发货")
    lost = exchange.lost([script], form)
    assert "text" not in lost
    assert lost["valid"] == 1
    back = exchange.read(exchange.write([script], form).encode(), "out", form=form).taken
    assert (back.refused, back.entries[0].fields["text"]) == ([], "今天发。")


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    st.sampled_from(["x.csv", "x.jsonl", "x.json", "x.toml", "x.yml"]),
)
def test_nothing_in_a_file_is_a_crash(data, name):
    """Whatever stands in a file, it is read, or refused in sentences."""
    with contextlib.suppress(exchange.DataError):
        found = plan(build([SHIP]), exchange.read(data, name).taken)
        assert all(isinstance(reason, str) for reason in found.refused)
