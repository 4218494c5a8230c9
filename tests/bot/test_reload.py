"""Script files change while the server runs: what they say is suggested next, and what they say wrongly never is."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest
import requests
from living import TEN, TOKENS, environment, living, two_shops
from running import LONGEST, serving

from bot import fresh
from bot.store import DATABASE, SQLiteStore
from bot.web.keeper import Keeper
from bot.web.metrics import Metrics
from replies.learning import Lessons

HOURS = "几点有人上班"
NEW = """
[[scripts]]
id = "other.park"
title = "店里能停车吗"
phrasings = ["有停车位吗", "开车来停哪"]
text = "您好，店门口可以停车。"
"""


@pytest.fixture
def folder(tmp_path):
    """Where the shops' config and the library of one of them are."""
    made = tmp_path / "shops"
    made.mkdir()
    return made


@pytest.fixture
async def kept(folder, tmp_path):
    """A server whose shops were read just now, and who keeps them fresh."""
    shops = two_shops(folder)
    seen = {shop.paths: fresh.stamp(shop.paths) for shop in shops.values()}
    async with living(tmp_path, shops) as server:
        server.shops = shops
        server.metrics = Metrics(server.loop)
        server.keeper = Keeper(server.loop, shops, server.metrics, seen=seen)
        yield server


async def settle(server) -> None:
    """Two looks: the second sees that nobody writes any more."""
    await server.keeper.look()
    await server.keeper.look()


async def found(server, q: str) -> list[str]:
    return [one["script"] for one in (await server.api("GET", f"/scripts?q={quote(q)}", shop="other")).json["scripts"]]


async def offered(server, text: str, identity: str) -> list[str]:
    """What is suggested to a buyer who asks this in a conversation of his own."""
    data = {"id": identity, "conversation": identity, "role": "buyer", "text": text}
    (result,) = (await server.hear({"type": "message.created", "data": data}, shop="other")).json["results"]
    return [one["script"] for one in result["suggestions"]]


def figure(server, name: str) -> float:
    """Of the shop `other`, on the keeper's own page."""
    return server.metrics.registry.get_sample_value(name, {"shop": "other"})


async def test_a_changed_file_is_read(kept, folder):
    """A script that was added is suggested, one that was taken away is not; the other shop is left alone."""
    assert await offered(kept, "有停车位吗", "c-1") == []
    file = folder / "other.toml"
    before, demo = file.read_text(encoding="utf-8"), kept.shops["demo"].matcher
    file.write_text(before + NEW, encoding="utf-8")
    await kept.keeper.look()
    assert await offered(kept, "有停车位吗", "c-2") == [], "it may still be being written"
    await kept.keeper.look()
    assert await offered(kept, "有停车位吗", "c-3") == ["other.park"]
    assert await found(kept, "停车") == ["other.park"]
    assert kept.shops["demo"].matcher is demo
    file.write_text('group = "开店"\n' + NEW, encoding="utf-8")
    await settle(kept)
    assert "other.hours" not in await offered(kept, HOURS, "c-4")
    given = {"script": "other.hours", "action": "picked"}
    assert (await kept.api("POST", "/conversations/c-4/feedback", given, shop="other")).status == 422
    assert figure(kept, "kuaihui_library_reloads_total") == 2


async def test_a_broken_file_keeps_the_old_library(kept, folder, caplog):
    """What is wrong is logged, counted and told to who asks; the old scripts are suggested until it is mended."""
    file = folder / "other.toml"
    before = file.read_text(encoding="utf-8")
    version = (await kept.api("GET", "/scripts", shop="other")).json["library"]["version"]
    file.write_text(before + NEW.replace("title", "titel"), encoding="utf-8")
    await settle(kept)
    assert await offered(kept, HOURS, "c-1") == ["other.hours"]
    told = (await kept.api("GET", "/scripts", shop="other")).json["library"]
    assert told["version"] == version
    assert [problem.rpartition("other.park: ")[2] for problem in told["problems"]] == [
        "titel: unknown key",
        "title: is missing",
    ]
    assert figure(kept, "kuaihui_library_broken") == 2
    assert "the old one serves on" in caplog.text
    file.unlink()
    await settle(kept)
    assert await offered(kept, HOURS, "c-2") == ["other.hours"]
    assert figure(kept, "kuaihui_library_broken") == 1
    file.write_text(before, encoding="utf-8")
    await settle(kept)
    assert (await kept.api("GET", "/scripts", shop="other")).json["library"] == {"version": version, "problems": []}
    assert figure(kept, "kuaihui_library_broken") == 0


async def test_what_was_learned_stays(kept, folder):
    """Lessons and popularity come along, those of a script that is away wait for it, and none learned meanwhile is lost."""
    shop, file = kept.shops["other"], folder / "other.toml"
    before = file.read_text(encoding="utf-8")
    assert await offered(kept, HOURS, "c-1") == ["other.hours"]
    given = {"script": "other.hours", "action": "picked", "agent": "01"}
    await kept.api("POST", "/conversations/c-1/feedback", given, shop="other")
    (lesson,) = shop.lessons.listed()
    file.write_text('group = "开店"\n' + NEW, encoding="utf-8")
    await settle(kept)
    assert (shop.lessons.listed(), shop.lessons.away) == ((), (lesson,))
    file.write_text(before + NEW, encoding="utf-8")
    await settle(kept)
    assert shop.lessons.listed() == (lesson,)
    day = shop.zone.local(TEN)[0]
    assert shop.lessons.lean(day)("other.hours") > 0 == shop.lessons.lean(day)("other.park")


def test_lessons_learned_while_it_was_built(shops):
    """What was picked, or taken back, between the copy and the change is known afterwards."""
    old = Lessons(shops["other"].matcher)
    old.pick("周日开不开", "other.hours", agent="01")
    old.pick("夜里开不开", "other.hours", agent="01")
    known = old.known()
    made = Lessons(shops["other"].matcher, known.lessons, known.popularity)
    old.act("picked", "年三十开不开", "other.hours", agent="02", day=9)
    old.pick("周日开不开", "other.hours", agent="02")
    old.withdraw("夜里开不开", "other.hours", agent="01")
    made.catch_up(old)
    assert set(made.listed()) == set(old.listed())
    assert made.lean(9)("other.hours") == old.lean(9)("other.hours") > 0
    for lesson in old.listed():
        old.withdraw(lesson.text, lesson.script, agent="01")
        old.withdraw(lesson.text, lesson.script, agent="02")
    made.catch_up(old)
    assert made.listed() == ()


async def test_the_curators_word_is_heeded(kept, tmp_path):
    """What `kuaihui library learned` wrote beside the server changes what it suggests; each word once."""
    text = "营业到啥点钟"
    shop = kept.shops["other"]
    beside = SQLiteStore(tmp_path / DATABASE)
    for accepted, states in ((True, [True]), (False, [False])):
        with beside.transaction():
            beside.judge("other", text, "other.hours", TEN, accepted=accepted)
            beside.judge("other", text, "other.gone", TEN, accepted=accepted)
        await kept.keeper.look()
        assert [lesson.curated for lesson in shop.lessons.listed()] == states
        told = shop.suggest([text], {}, at=TEN)
        assert (bool(told) and told[0].phrasing == text) == accepted
    seen = shop.judged
    await kept.keeper.look()
    assert (seen, shop.judged) == (4, 4)
    beside.close()


async def test_it_looks_on_whatever_happens(kept, monkeypatch, caplog):
    """A look that fails is logged, and the next one is taken; the keeper ends with the loop."""
    looks: list[int] = []
    enough = asyncio.Event()

    async def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise RuntimeError("a disk that is not there")
        enough.set()

    monkeypatch.setattr(kept.keeper, "look", look)
    running = asyncio.create_task(kept.keeper.run(0.001))
    async with asyncio.timeout(5):
        await enough.wait()
        kept.loop.release()
        await running
    assert "could not be looked at" in caplog.text


def test_the_real_server_reads_what_changes(folder, tmp_path):
    """The program itself: a broken file is said on stderr and changes nothing, a mended one is served."""
    two_shops(folder)
    file, config = folder / "other.toml", folder / "config.toml"
    config.write_text("[server]\nreload = 0.05\n" + config.read_text(encoding="utf-8"), encoding="utf-8")
    before = file.read_text(encoding="utf-8")
    with serving("--config", str(config), "--data", str(tmp_path / "data"), **environment()) as server:

        def said(word: str) -> None:
            while word not in (line := server.process.stderr.readline().decode()):
                assert line, "the server ended"

        def library() -> dict[str, object]:
            given = {"Authorization": f"Bearer {TOKENS['other']}"}
            answer: dict[str, object] = requests.get(
                f"{server.url}/api/shops/other/scripts", headers=given, timeout=LONGEST
            ).json()
            return answer

        first = library()
        file.write_text(before + "[[scripts]]\n", encoding="utf-8")
        said("the old one serves on")
        assert library()["scripts"] == first["scripts"]
        assert library()["library"]["problems"]
        file.write_text(before + NEW, encoding="utf-8")
        said("a library was read again: 2 scripts")
        assert [one["script"] for one in library()["scripts"]] == ["other.hours", "other.park"]
