"""The report as people use it: read, sorted, filtered, leafed through, printed, in two languages, by keyboard."""

from __future__ import annotations

import json

import pytest
from talks import HOSTILE, lines, other_library, report


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The report on a log with friends and foes."""
    return report(tmp_path_factory.mktemp("report"), lines())


def rows(page, table: str, column: int) -> list[str]:
    """What stands in a column of a table."""
    return page.locator(f"#{table} tbody td:nth-child({column})").all_inner_texts()


def test_it_opens_from_the_disk(see, file):
    """Every section has something to say, and the plots are drawn."""
    page = see(file)
    assert page.title() == "快回 · 回放报告"
    assert page.locator("#cards .card").count() >= 9
    assert page.locator("canvas").count() >= 5
    for name in ("late_table", "rules_table", "findings_table", "scripts_table", "inspection_table", "agents_table"):
        assert page.locator(f"#{name} tbody tr").count() > 0
    assert page.locator("#talk .said").count() > 0


def test_what_another_library_changes_is_read(see, tmp_path_factory):
    """Both replays stand side by side, and each change leads to its conversation."""
    folder = tmp_path_factory.mktemp("compared")
    page = see(report(folder, lines(), "--compare", str(other_library(folder))))
    assert "建议覆盖率" in rows(page, "figures_table", 1)
    assert "%" in rows(page, "figures_table", 2)[0]
    assert rows(page, "changes_table", 1)[0] == "建议文字改变"
    assert "→" in page.locator("#changes_versions").inner_text()
    page.locator("#changes_table tbody a").first.click()
    assert page.locator("#talk .said").count() > 0
    page.locator("#language").click()
    assert rows(page, "changes_table", 1)[0] == "other words"


def test_hostile_words_do_nothing(see, file):
    """They are shown as they were written, and nothing of them runs."""
    page = see(file)
    for words in HOSTILE:
        page.locator("#talk_tools input").fill(words.replace("\u2028", "").replace("\u2029", "").replace("\u0000", ""))
    page.locator("#talk_tools input").fill("window.pwned")
    for at in range(page.locator("#talk_list button").count()):
        page.locator("#talk_list button").nth(at).click()
        assert "pwned" in page.locator("#talk .text").first.inner_text()
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, svg, iframe").count() == 0


def test_the_language_is_switched(see, file):
    """A press of the button, and everything the page says of itself is English; another, and it is Chinese again."""
    page = see(file)
    before = page.locator("main").inner_text()
    page.locator("#language").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").inner_text() == "Kuaihui · replay report"
    assert page.locator("#late_table th").first.inner_text().startswith("Target")
    page.locator("#language").click()
    assert page.locator("main").inner_text() == before


def test_a_table_sorts(see, file):
    """A press on a head sorts by it, another turns the order round, and the head says so; empty cells stay last."""
    page = see(file)
    head = page.locator("#scripts_table thead button").nth(2)
    head.focus()
    page.keyboard.press("Enter")
    assert page.locator("#scripts_table th").nth(2).get_attribute("aria-sort") == "descending"
    down = [int(one) for one in rows(page, "scripts_table", 3)]
    assert down == sorted(down, reverse=True)
    page.keyboard.press("Enter")
    assert page.locator("#scripts_table th").nth(2).get_attribute("aria-sort") == "ascending"
    assert [int(one) for one in rows(page, "scripts_table", 3)] == sorted(down)


def test_a_table_filters(see, file):
    """Typed words and a picked value leave only the rows that hold them, and the number of rows is said."""
    page = see(file)
    page.locator("#late_table select").first.select_option("3分钟人工回复率")
    assert set(rows(page, "late_table", 1)) == {"3分钟人工回复率"}
    page.locator("#late_table input").fill("买家05")
    assert set(rows(page, "late_table", 3)) == {"买家05"}
    page.locator("#late_table input").fill("nothing of the kind")
    assert page.locator("#late_table tbody").inner_text() == "没有"
    assert "0 / 0" in page.locator("#late_table .count").inner_text()


def test_a_conversation_is_read(see, file):
    """From a late wait to its conversation: the offer, what was held with the place marked, the clocks and the alarms."""
    page = see(file)
    page.locator("#late_table input").fill("talk-00")
    page.locator("#late_table tbody a").first.click()
    talk = page.locator("#talk")
    assert talk.locator("h3").inner_text() == "talk-00"
    assert talk.locator(".note.offered").first.inner_text().startswith("会给出")
    assert talk.locator("mark.block").count() > 0
    assert "会拦下" in talk.inner_text()
    assert "30秒应答率 已过时限" in talk.inner_text()
    assert "前要回复" in talk.inner_text()
    page.get_by_role("button", name="下一个").click()
    assert talk.locator("h3").inner_text() != "talk-00"


def test_conversations_are_leafed_through_by_keyboard(see, file):
    """Arrows go through the list, Enter opens, one tab leads out of it; the buttons beside keep the focus."""
    page = see(file)
    page.locator("#talk_list button").nth(4).click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chosen = page.locator("#talk_list button").nth(5)
    assert chosen.get_attribute("aria-current") == "true"
    assert page.locator("#talk h3").inner_text() == chosen.locator(".name").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#talk') !== null")
    page.locator("#talk [data-step=next]").press("Enter")
    assert page.locator("#talk h3").inner_text() == page.locator("#talk_list .name").nth(6).inner_text()
    assert page.evaluate("document.activeElement.dataset.step") == "next"


def test_a_conversation_has_an_address(see, file):
    """A page opened with a conversation's address shows it."""
    page = see(file, anchor="#talk=talk-07")
    assert page.locator("#talk h3").inner_text() == "talk-07"


def test_it_prints(see, file, tmp_path):
    """Paper gets every section; what can only be pressed is left out."""
    page = see(file)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#language").is_visible()
    assert page.locator("#overview").is_visible()
    page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_nothing_is_wider_than_a_phone(see, file):
    """At 360 px the page does not scroll sideways."""
    page = see(file, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_can_be_used_by_everybody(see, file, axe, width, dark):
    """axe-core finds no serious or critical fault."""
    page = see(file, width=width, dark=dark)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    page.evaluate(axe)
    found = json.loads(page.evaluate("axe.run().then(found => JSON.stringify(found.violations))"))
    told = [
        (one["impact"], one["id"], one["nodes"][0]["html"][:200], one["nodes"][0].get("failureSummary"))
        for one in found
    ]
    assert [one for one in told if one[0] in ("serious", "critical")] == []
