"""The library: what is read, and that every mistake is named at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from replies import DataError, library
from replies.library import Valid

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
group = "发货"

[[scripts]]
id = "shipping.when"
title = "什么时候发货"
shortcut = "fh"
stage = ["waiting"]
phrasings = ["多久能发出"]
text = "预计{ship_by}前发出。"
valid = {from = "11-01", to = "11-12"}
"""


def test_folder_of_toml(tmp_path: Path) -> None:
    """A folder of TOML files becomes scripts that know their group, their place and their fields."""
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    (script,) = library.load([tmp_path]).scripts
    assert (script.id, script.group, script.shortcut, script.stage) == ("shipping.when", "发货", "fh", ("waiting",))
    assert script.questions() == ("什么时候发货", "多久能发出")
    assert script.source == f"{tmp_path / 'a.toml'}:4"
    assert script.valid is not None
    assert script.valid.covers("2026-11-12")
    assert not script.valid.covers("2026-11-13")


def test_question_file(tmp_path: Path) -> None:
    """A .jsonl of questions is a library too: unknown keys are ignored, an answer may be null."""
    file = tmp_path / "faq.jsonl"
    file.write_text(
        '{"id":"a","question":"怎么退货","variants":["我要退"],"answer":null,"more":1}\n\n{"id":"b","question":"包邮吗"}\n',
        encoding="utf-8-sig",
    )
    first, second = library.load([file]).scripts
    assert (first.id, first.title, first.text, first.phrasings) == ("a", "怎么退货", None, ("我要退",))
    assert second.phrasings == ()


def test_every_mistake_at_once(tmp_path: Path) -> None:
    """A broken library is refused with file, line, script and field of every mistake of every file."""
    (tmp_path / "a.toml").write_text(
        'group = ""\nnote = 1\n[[scripts]]\nid = "Bad Id"\ntitle = 3\nphrasings = []\ntext = "x"\ncolour = "red"\n'
        '[[scripts]]\nid = "ok"\ntitle = "好"\nphrasings = ["？！"]\nvalid = {from = "13-01"}\nstage = ["sometime"]\n',
        encoding="utf-8",
    )
    (tmp_path / "b.toml").write_text("group = \n", encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"id":"x"}\n{"id":"y","question":" "}\nnot json\n', encoding="utf-8")
    (tmp_path / "d.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError) as refused:
        library.load([tmp_path, tmp_path / "none"])
    told = "\n".join(refused.value.problems)
    for part in (
        "a.toml: note: unknown key",
        "a.toml: group:",
        "a.toml:3: Bad Id: id:",
        "a.toml:3: Bad Id: title:",
        "a.toml:3: Bad Id: phrasings: needs at least one",
        "a.toml:3: Bad Id: colour: unknown key",
        "a.toml:9: ok: text: is missing",
        "a.toml:9: ok: phrasings: [0] says nothing",
        "a.toml:9: ok: valid: '13-01'",
        "a.toml:9: ok: stage:",
        "b.toml:",
        "c.jsonl:1:",
        "c.jsonl:2: question: is empty",
        "c.jsonl:3:",
        "d.toml: is not UTF-8",
        "none: does not exist",
    ):
        assert part in told, part


def test_ids_are_unique_over_all_files(tmp_path: Path) -> None:
    """Two scripts of one id are refused, and both places are named."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(DataError, match=r"b\.toml:4: shipping\.when: id is taken by .*a\.toml:4"):
        library.load([tmp_path])


def test_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    """A folder without scripts is refused: a shop that can say nothing was not meant."""
    with pytest.raises(DataError, match="holds no"):
        library.load([tmp_path])


def test_version_follows_content_not_layout(tmp_path: Path) -> None:
    """The version changes when a word changes, not when a comment does."""
    file = tmp_path / "a.toml"
    versions = []
    for text in (GOOD, "# a comment\n" + GOOD, GOOD.replace("多久", "几时")):
        file.write_text(text, encoding="utf-8")
        versions.append(library.load([file]).version)
    assert versions[0] == versions[1] != versions[2]


def test_valid_runs_over_new_year() -> None:
    """A yearly span may begin in December and end in January."""
    span = Valid(first="12-20", last="01-05")
    assert [span.covers(day) for day in ("2026-12-20", "2027-01-05", "2027-01-06", "2026-12-19")] == [
        True,
        True,
        False,
        False,
    ]


def test_valid_once() -> None:
    """A span with years holds once; an open end holds for ever."""
    assert Valid(first="2026-11-01").covers("2027-01-01")
    assert not Valid(last="2026-11-01").covers("2026-11-02")
