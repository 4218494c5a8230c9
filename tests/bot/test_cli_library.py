"""`kuaihui library import` and `export`: what is shown, what is written, and that a library is never harmed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import bring, cli_bring
from bot.cli import main
from replies import exchange, fill, library, policy
from replies.guard import Guard

HELD = """# Ours, by hand.
group = "发货"

# The one everybody asks for.
[[scripts]]
id = "ship.when"
title = "发货时间"
shortcut = "fh"
stage = ["waiting"]
phrasings = ["几时发"]
text = "今天发。"

# Another.
[[scripts]]
id = "ship.where"
title = "发货地"
shortcut = "fhd"
phrasings = ["哪里发"]
text = "从广州发。"
"""
NEW = "分组,快捷编码,标题,快捷短语\n退换,th,怎么退,签收后七天内可以申请。\n"
CHANGED = NEW + "发货,fh,发货时间,明天发。\n"
FORBIDDEN = NEW + "其他,wx,加微信,加我微信 abc12345 聊\n"


def kuaihui(*arguments: object):
    """Run a command in this process; anything but an orderly exit is raised."""
    done = CliRunner().invoke(main, [str(each) for each in arguments], prog_name="kuaihui")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def held(tmp_path):
    """A folder with a library written by hand."""
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "01-ship.toml").write_text(HELD, encoding="utf-8")
    return folder


@pytest.fixture
def table(tmp_path):
    """Writes a table and says where it is."""

    def write(text: str, codec: str = "utf-8") -> Path:
        path = tmp_path / "话术 表.csv"
        path.write_bytes(text.encode(codec))
        return path

    return write


def texts(folder: Path) -> dict[str, str]:
    """Every file under the folder with its text: what must not change where nothing may."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file()}


def test_new_scripts_come_in_a_file_of_their_own(held, table):
    """What is new is shown, with the encoding, and written beside what was there; a second time there is nothing to do."""
    done = kuaihui("library", "import", table(NEW, "gb18030"), "--into", held)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "编码 GB18030（没有 BOM" in done.stdout
    assert "+ code.th  怎么退（话术 表.csv 第 2 行）" in done.stdout
    assert sorted(texts(held)) == ["01-ship.toml", "import-话术-表.toml"]
    assert texts(held)["01-ship.toml"] == HELD
    script = library.load([held]).scripts[-1]
    assert (script.id, script.group, script.text) == ("code.th", "退换", "签收后七天内可以申请。")
    before = texts(held)
    again = kuaihui("library", "import", table(NEW), "--into", held)
    assert (again.exit_code, texts(held)) == (0, before)
    assert "没有要写入的" in again.stdout


def test_a_folder_that_is_not_there_is_made(tmp_path, table):
    """A first import makes the folder; a second file of the same name takes a new one and overwrites nothing."""
    folder = tmp_path / "a" / "b"
    assert kuaihui("library", "import", table(NEW), "--into", folder).exit_code == 0
    first = texts(folder)
    assert kuaihui("library", "import", table("标题,内容\n另一个,答\n"), "--into", folder).exit_code == 0
    assert sorted(texts(folder)) == ["import-话术-表-2.toml", "import-话术-表.toml"]
    assert first.items() <= texts(folder).items()


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_a_preview_writes_nothing(held, table, options, tmp_path):
    """--dry-run, and no --into, only show."""
    into = ["--into", held] if options else []
    done = kuaihui("library", "import", table(NEW), *into, *options)
    assert done.exit_code == 0
    assert "没有写入" in done.stdout
    assert texts(held) == {"01-ship.toml": HELD}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "话术 表.csv"]


def test_changes_are_shown_and_wait_for_update(held, table):
    """A script that is there already is changed only with --update, where it stands; the rest stays letter by letter."""
    done = kuaihui("library", "import", table(CHANGED), "--into", held)
    assert done.exit_code == 1
    assert "text - 今天发。" in done.stdout
    assert "text + 明天发。" in done.stdout
    assert "--update" in done.stdout
    assert texts(held) == {"01-ship.toml": HELD}
    done = kuaihui("library", "import", table(CHANGED), "--into", held, "--update")
    assert done.exit_code == 0
    assert texts(held)["01-ship.toml"] == HELD.replace("今天发。", "明天发。")
    assert [script.id for script in library.load([held]).scripts] == ["ship.when", "ship.where", "code.th"]


def test_several_changes_in_one_file(held, table):
    """Two scripts of one file are both replaced, and what stands around them is kept."""
    rows = "快捷编码,快捷短语\nfhd,从杭州发。\nfh,后天发。\n"
    assert kuaihui("library", "import", table(rows), "--into", held, "--update").exit_code == 0
    expected = HELD.replace("今天发。", "后天发。").replace("从广州发。", "从杭州发。")
    assert texts(held) == {"01-ship.toml": expected}


def test_skip_leaves_out_what_cannot_come_in(held, table):
    """With --skip the good rows come in, the others and the changes are named and left; the exit still says so."""
    done = kuaihui("library", "import", table(CHANGED + ",,,\n,,没有回复,\n"), "--into", held, "--skip")
    assert done.exit_code == 1
    assert "第 5 行: 没有回复内容" in done.stdout
    assert texts(held)["01-ship.toml"] == HELD
    assert "code.th" in texts(held)["import-话术-表.toml"]


def test_what_the_guard_stops_does_not_come_in(held, table):
    """A text that no platform allows stops the whole import, with row and reason."""
    done = kuaihui("library", "import", table(FORBIDDEN), "--into", held)
    assert done.exit_code == 1
    assert "话术 表.csv 第 3 行: 不能这样发：" in done.stdout
    assert texts(held) == {"01-ship.toml": HELD}


@pytest.mark.parametrize("at", [1, 2])
def test_a_failure_half_way_leaves_the_library_unchanged(held, table, monkeypatch, at):
    """The disk fails at the first or second file of an import: all files are as they were, and no scraps lie about."""
    really, done = Path.replace, []

    def fail(self, target):
        done.append(target)
        if len(done) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        return really(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    told = kuaihui("library", "import", table(CHANGED), "--into", held, "--update")
    assert told.exit_code == 2
    assert "话术库没有变" in told.stderr
    assert texts(held) == {"01-ship.toml": HELD}


def test_a_broken_library_is_left_alone(held, table):
    """Nothing is brought into a library that cannot be read: its mistakes are listed."""
    (held / "02.toml").write_text("no", encoding="utf-8")
    done = kuaihui("library", "import", table(NEW), "--into", held)
    assert (done.exit_code, done.stdout.count("已写入")) == (2, 0)
    assert "02.toml" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoding", "nosuch"], "没有 nosuch 这种编码"),
        (["--encoding", "utf-16"], "不是 utf-16"),
        (["--format", "zammad"], "表头"),
        (["--format", "nosuch"], "nosuch"),
        (["--platform", "moon"], "moon"),
    ],
)
def test_wrong_options_are_sentences(table, options, said):
    """Bad usage and files that cannot be read exit 2 with a sentence."""
    done = kuaihui("library", "import", table(NEW + "甲"), *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_export_and_import_is_the_same_library(held, tmp_path):
    """A library that is exported and imported into an empty folder has the same content, in each format of ours."""
    for ending in ("toml", "jsonl", "csv"):
        out, into = tmp_path / f"out.{ending}", tmp_path / ending
        assert kuaihui("library", "export", out, "--library", held).exit_code == 0
        assert kuaihui("library", "import", out, "--into", into).exit_code == 0
        assert library.load([into]).version == library.load([held]).version


def test_out_as_a_workbook_and_in_again(held, tmp_path):
    """The same through Excel, and a CSV says of what Excel would run."""
    pytest.importorskip("openpyxl", reason="writing workbooks needs the extra xlsx (openpyxl)")
    pytest.importorskip("python_calamine", reason="reading workbooks needs the extra xlsx (python-calamine)")
    path = held / "01-ship.toml"
    path.write_text(HELD.replace("从广州发。", "=HYPERLINK(1)"), encoding="utf-8")
    out, into = tmp_path / "out.xlsx", tmp_path / "into"
    done = kuaihui("library", "export", out, "--library", held)
    assert (done.exit_code, "编码 Excel" in done.stdout) == (0, True)
    assert kuaihui("library", "import", out, "--into", into).exit_code == 0
    assert library.load([into]).version == library.load([held]).version
    done = kuaihui("library", "export", tmp_path / "out.csv", "--library", held)
    assert "1 格以 = + - @ 开头" in done.stdout


def test_export_says_what_is_lost_and_overwrites_nothing(held, tmp_path):
    """Fields that a format has no place for are counted; a file that is there is kept unless --force."""
    out = tmp_path / "out.csv"
    done = kuaihui("library", "export", out, "--library", held, "--format", "fastgpt", "--encoding", "gb18030")
    assert "带不走 stage：1 条" in done.stdout
    before = out.read_bytes()
    assert before.decode("gb18030").startswith("q,a,indexes\r\n发货时间,今天发。,几时发\r\n")
    refused = kuaihui("library", "export", out, "--library", held)
    assert (refused.exit_code, out.read_bytes()) == (2, before)
    assert kuaihui("library", "export", out, "--library", held, "--force").exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert kuaihui("library", "export", tmp_path / "x.pdf", "--library", held).exit_code == 2
    assert kuaihui("library", "export", tmp_path / "x.csv", "--library", held, "--encoding", "ascii").exit_code == 2


def test_the_formats_offered_are_those_that_there_are():
    """The names the commands list are the readers and writers of the exchange."""
    assert tuple(cli_bring.READS) == exchange.READS
    assert tuple(cli_bring.WRITES) == exchange.WRITES


def test_a_script_written_inline_is_not_changed(tmp_path, table):
    """A library whose scripts have no heads cannot be changed block by block: that is said, and nothing is written."""
    inline = (
        'group = "发货"\nscripts = [{ id = "a", title = "甲", phrasings = ["问"], text = "答", shortcut = "fh" }]\n'
    )
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "a.toml").write_text(inline, encoding="utf-8")
    done = kuaihui("library", "import", table(CHANGED), "--into", folder, "--update")
    assert done.exit_code == 2
    assert "手工改" in done.stderr
    assert texts(folder) == {"a.toml": inline}


def test_a_library_of_question_lines_is_seen(tmp_path, table):
    """Scripts of a .jsonl in the folder count as there; changing them is left to people."""
    folder = tmp_path / "ours"
    folder.mkdir()
    line = '{"id":"code.th","question":"怎么退","answer":"旧","variants":["怎么退"]}\n'
    (folder / "a.jsonl").write_text(line, encoding="utf-8")
    assert kuaihui("library", "import", table(NEW), "--into", folder).exit_code == 1
    done = kuaihui("library", "import", table(NEW), "--into", folder, "--update")
    assert (done.exit_code, texts(folder)) == (2, {"a.jsonl": line})
    assert "手工改" in done.stderr


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    """What the system says about a file is passed on."""
    with pytest.raises(exchange.DataError, match="读不了"):
        bring.read_bytes(tmp_path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "标题,内容\n发货,您好，{{nosuch}} 今天发出。\n"),
        ("b.csv", "id,name,keywords,content,note,active,groups\n1,发货,fh,您好 #{ticket.number} 今天发出。,,true,\n"),
        (
            "c.yml",
            'matches: [{trigger: ":fh", replace: "您好，{{today}} 前发出。", vars: [{name: today, type: date}]}]\n',
        ),
        ("d.yml", 'matches: [{trigger: ":fh", form: "您好，[[no]] 今天发出。"}]\n'),
        ("e.json", '[{"short_code": "fh", "content": "您好 {{contact.nosuch}}，今天发出。"}]'),
        (
            "f.csv",
            "匹配关键词,回复内容,平台,模糊匹配,支持正则\n几时发,您好，{order_id} 今天发出。[or]您好，{nosuch} 今天发出。,,是,否\n",
        ),
    ],
)
def test_a_blank_of_another_tool_never_reaches_a_buyer(name, data, tmp_path):
    """What came in with a blank is offered with the blank named, and a reply that still holds one is not sent."""
    file, into = tmp_path / name, tmp_path / "into"
    file.write_text(data, encoding="utf-8")
    done = kuaihui("library", "import", file, "--into", into)
    assert done.exit_code in (0, 1), done.output
    if done.exit_code:  # refused for it: nothing came in at all
        assert "不能这样发" in done.stdout
        assert not into.exists()
        return
    (script,) = library.load([into]).scripts
    guard = Guard(policy.packs("any"))
    for wording in (script.text, *script.alternatives):
        text, missing = fill.fill(wording, {})
        assert missing
        assert guard.check([text]).verdict != "allow", text
        assert "[or]" not in text
