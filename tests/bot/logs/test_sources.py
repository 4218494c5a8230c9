"""Folders and archives are walked in order; what would climb out, blow up or is locked is refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from bot import logs
from bot.logs import sources
from replies import DataError

LINE = b'{"conversation":"c","role":"buyer","text":"%b"}\n'


def archive(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def texts(zone, *paths) -> list[str]:
    with logs.read(paths, zone) as log:
        return [one.text for one in log]


def refusal(zone, path) -> str:
    with pytest.raises(DataError) as raised:
        texts(zone, path)
    return "\n".join(raised.value.problems)


def test_folders_and_archives(zone, tmp_path):
    """Files of a folder come by name, hidden ones not; an archive's members likewise, also inside a folder."""
    folder = tmp_path / "logs"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.jsonl").write_bytes(LINE % b"2")
    (folder / "a.jsonl").write_bytes(LINE % b"1")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "inner" / "c.zip").write_bytes(
        archive(("z.jsonl", LINE % b"4"), ("y.jsonl", LINE % b"3"), ("__MACOSX/z.jsonl", b"x"), ("d/", b""))
    )
    assert texts(zone, folder) == ["1", "2", "3", "4"]


def test_names_of_members_in_gbk(zone, tmp_path):
    """An archive made on Chinese Windows names its members in GBK without saying so; bad lines are told by that name."""
    path = tmp_path / "a.zip"
    data = archive(("abcd.jsonl", b"x\n"))
    name = "买家".encode("gbk")
    path.write_bytes(data.replace(b"abcd", name))
    assert f"{path}/买家.jsonl:1: " in refusal(zone, path)


@pytest.mark.parametrize("name", ["../a.jsonl", "/etc/a.jsonl", "a/../../b.jsonl", "..\\a.jsonl", "C:\\a.jsonl"])
def test_a_member_that_climbs_out(zone, tmp_path, name):
    """A name that leads out of the archive is refused, though nothing is ever unpacked to disk."""
    path = tmp_path / "a.zip"
    path.write_bytes(archive((name, LINE % b"1")))
    assert "指向压缩包之外" in refusal(zone, path)


def test_bombs(zone, tmp_path, monkeypatch):
    """What unpacks to far more than it is, too much in all, or too many files, is refused before it is unpacked."""
    path = tmp_path / "a.zip"
    path.write_bytes(archive(("a.jsonl", bytes(3_000_000))))
    assert "倍" in refusal(zone, path)
    path.write_bytes(archive(("a.jsonl", LINE % b"1"), ("b.jsonl", LINE % b"2")))
    monkeypatch.setattr(sources, "UNPACKED", 80)
    assert "解压后超过" in refusal(zone, path)
    monkeypatch.setattr(sources, "MEMBERS", 1)
    assert "最多 1 个" in refusal(zone, path)


def test_a_workbook_is_no_way_round(zone, tmp_path):
    """A workbook is an archive with the same bounds."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(archive(("xl/workbook.xml", b"<x/>"), ("xl/worksheets/sheet1.xml", bytes(3_000_000))))
    assert "倍" in refusal(zone, path)


def test_broken_and_locked_archives(zone, tmp_path):
    """A torn archive, one with a password, an empty one and one whose member is spoilt are each a sentence."""
    path = tmp_path / "a.zip"
    whole = archive(("a.jsonl", LINE % b"1" * 50), how=zipfile.ZIP_STORED)
    path.write_bytes(whole[:100])
    assert "不是完好的 zip 文件" in refusal(zone, path)
    path.write_bytes(whole.replace(LINE % b"1", LINE % b"2", 1))
    assert "读不了" in refusal(zone, path)
    path.write_bytes(archive())
    assert refusal(zone, path)
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(locked))
    assert "加了密码" in refusal(zone, path)


def test_files_that_have_to_be_held_are_bounded(zone, tmp_path, monkeypatch):
    """A file of a format that is held whole may have so many bytes; lines of ours have no such bound."""
    monkeypatch.setattr(logs.paper, "LARGEST", 200)
    (tmp_path / "a.txt").write_text("买家甲 2026-11-21 10:00:00\n在\n" * 20, encoding="utf-8")
    assert "请分成几个文件" in refusal(zone, tmp_path / "a.txt")
    (tmp_path / "a.jsonl").write_bytes(LINE % b"1" * 20)
    assert len(texts(zone, tmp_path / "a.jsonl")) == 20
