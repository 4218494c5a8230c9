"""What was learned can be seen, accepted and revoked, while a server runs or not."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from living import TEN, environment, two_shops

from bot.cli import main
from bot.relearn import relearn
from bot.store import DATABASE, SQLiteStore

ASKED = "你们家营业到啥点钟"
SCRIPT = "other.hours"


@pytest.fixture
def kuaihui(tmp_path, monkeypatch):
    """Runs `kuaihui library learned` on the two shops' config and the test's own database."""
    for name, secret in environment().items():
        monkeypatch.setenv(name, secret)

    def run(*arguments: str):
        given = ["library", "learned", "--config", str(tmp_path / "config.toml"), "--data", str(tmp_path), *arguments]
        return CliRunner().invoke(main, given)

    return run


@pytest.fixture
def picked(tmp_path):
    """A database in which an agent picked a script for a question, with a character that would steer a terminal."""
    two_shops(tmp_path)
    store = SQLiteStore(tmp_path / DATABASE)
    with store.transaction():
        store.credit("other", "c-1", SCRIPT, "picked", "小李", ASKED, TEN)
        store.credit("other", "c-1", SCRIPT, "picked", "小李", "\x1b[2J晚上几点锁门呀", TEN - 86_400)
        store.credit("demo", "c-1", SCRIPT, "picked", "小李", ASKED, TEN)
    store.close()


def code_of(said: str, text: str) -> str:
    """The code of the line that tells of a question."""
    return next(line.split()[0] for line in said.splitlines() if f"「{text}」" in line)


@pytest.mark.usefixtures("picked")
def test_it_is_listed_with_who_when_and_how_often(kuaihui):
    """Each shop has its own; a script that a shop does not have taught it nothing; nothing steers the terminal."""
    done = kuaihui()
    assert done.exit_code == 0, done.output
    assert "other（other）：学到的问法 2 条（待定 2）" in done.stdout
    assert re.search(
        rf"  [0-9a-f]{{8}} 待定 「{ASKED}」→ other.hours 营业时间，小李 选过，共 1 次，最近 2026-11-21\n", done.stdout
    )
    assert "最近 2026-11-20" in done.stdout
    assert "demo（demo）：学到的问法 0 条\n" in done.stdout
    assert "\x1b" not in done.stdout
    masked = kuaihui("--mask").stdout
    assert "小李" not in masked
    assert "客服1 选过" in masked
    assert kuaihui("--shop", "demo").stdout == "demo（demo）：学到的问法 0 条\n"


@pytest.mark.usefixtures("picked")
def test_the_curators_word_is_kept(kuaihui, tmp_path):
    """Yes makes a phrasing, no ends it for good; both are there the next time, and the latest word counts."""
    code = code_of(kuaihui().stdout, ASKED)
    assert f"{code} 店主采纳" in kuaihui("--accept", code).stdout
    assert f"{code} 店主采纳" in kuaihui().stdout
    assert f"{code} 已撤销" in kuaihui("--revoke", code).stdout
    shop = two_shops(tmp_path)["other"]
    store = SQLiteStore(tmp_path / DATABASE, readonly=True)
    relearn(shop, store)
    store.close()
    assert [lesson.curated for lesson in shop.lessons.listed() if lesson.text == ASKED] == [False]
    assert all(each.phrasing != ASKED for each in shop.suggest([ASKED], {}, at=TEN))


@pytest.mark.usefixtures("picked")
def test_all_or_nothing(kuaihui):
    """A code that is nobody's, or both accepted and revoked: exit 2, and nothing was judged."""
    before = kuaihui().stdout
    code = code_of(before, ASKED)
    for arguments, said in (
        (["--accept", code, "--accept", "00000000"], "00000000: 没有这个编号"),
        (["--accept", code, "--revoke", code], f"{code}: --accept 和 --revoke"),
    ):
        done = kuaihui(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
    assert kuaihui().stdout == before


def test_where_no_server_ran(kuaihui, tmp_path):
    """A sentence, not an empty list."""
    two_shops(tmp_path)
    done = kuaihui()
    assert done.exit_code == 2
    assert "no server has run there yet" in done.stderr
