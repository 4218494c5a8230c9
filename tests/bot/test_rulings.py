"""The guard is told what the bot knows; what it said, who sent it all the same, and what became of it is kept and counted."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from bot import model, rulings
from bot.rulings import GIVEN_UP, Count
from bot.shop import guard_of
from bot.shopfile import ShopConfig
from bot.virtual import VirtualDriver
from replies import DataError
from replies.guard import Allowance, Guard
from replies.rules import OwnerRule

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
MINUTE, HOUR = 60, 3600
NIGHT = NINE + 14 * HOUR + 30 * MINUTE  # half past eleven in the evening
WARNED, BLOCKED, FINE = "微信也可以的", "您加我微信 abc88990", "好的，已经帮您登记"

numbers = count(1)


@pytest.fixture
def draft(driver):
    """Ask to send; the reply's state and what spoke against it."""

    def ask(text: str, *, identity: str = "r1", override: str = "", at: int = NINE, conversation: str = "c1"):
        base = {"shop": "demo", "key": f"d{next(numbers)}", "conversation": conversation, "at": at, "arrived": at}
        fact = model.Drafted(**base, id=identity, agent="小快", text=text, override=override)
        reply = driver.put(fact).reply
        return reply.state, msgspec.json.decode(reply.verdict)

    return ask


@pytest.fixture
def says(driver, said):
    """Something is heard."""

    def put(text: str, *, agent: bool = False, at: int = NINE, **more):
        driver.put(said(text, at=at, kind=model.AgentSaid if agent else model.BuyerSaid, **more))

    return put


def rules_of(verdict):
    return [finding["rule"] for finding in verdict["findings"]]


def kept(driver):
    """The record: (event, rule) of each row."""
    found = driver.engine.store.rulings("demo", 0, 1 << 60)
    return [(row.event, row.rule) for _, row in found]


def counted(driver, now=NINE):
    found = [row for _, row in driver.engine.store.rulings("demo", 0, 1 << 60)]
    return {one.rule: one for one in rulings.count(found, now)}


def test_an_answer_at_night_is_no_disturbance(draft, says):
    """Whoever answers a buyer who waits may do so at any hour, and go on with it; writing first at night is warned of."""
    says("在吗", at=NIGHT)
    assert draft("在的", at=NIGHT + 5)[0] == "queued"
    assert draft("您请说", identity="r2", at=NIGHT + 10)[0] == "queued"
    state, verdict = draft("有新款哦", identity="r3", at=NIGHT + 2 * HOUR)
    assert (state, rules_of(verdict)) == ("held", ["harass.night"])


def test_an_answer_to_the_days_question_may_come_at_night(draft, says):
    """A buyer who has waited since the morning is answered, however late."""
    says("什么时候发货", at=NINE)
    assert draft("明天发出", at=NIGHT)[0] == "queued"


def test_the_hour_is_the_shops(driver, draft, says):
    """Half past eleven in Shanghai is the afternoon in London."""
    says("在吗")
    says("在的", agent=True, at=NINE + 1)
    driver.engine.shops["demo"].zone = type(driver.engine.shops["demo"].zone)("Europe/London")
    assert draft("有新款哦", at=NIGHT)[0] == "queued"


def test_a_fifth_message_without_an_answer_is_warned_of(draft, says):
    """What the buyer leaves unanswered is counted, replies on their way too; his next message begins anew."""
    says("在吗")
    for number in range(4):
        assert draft(f"您好{number}", identity=f"r{number}", at=NINE + 10 + number)[0] == "queued"
    state, verdict = draft("还在吗亲", identity="r9", at=NINE + 20)
    assert (state, rules_of(verdict)) == ("held", ["harass.pushing"])
    says("刚才在忙", at=NINE + 30)
    assert draft("还在吗亲", identity="r10", at=NINE + 40)[0] == "queued"


def test_what_is_counted_outlives_a_restart(shop, tmp_path, said):
    """The same messages, with the program started anew between each two, give the same verdict."""
    file = tmp_path / "kuaihui.sqlite"
    facts = [said("在吗"), *(said(f"您好{n}", kind=model.AgentSaid, at=NINE + n) for n in range(1, 6))]
    heard: list[str] = []
    for fact in facts:
        driver = VirtualDriver({shop.id: shop}, lambda event: heard.append(event.type), file=file)
        driver.put(fact)
        driver.close()
    assert heard.count("violation.seen") == 1


def test_a_log_without_times_is_not_judged_by_the_hour(driver, draft, says):
    """Where nothing is known about time, nothing is said about night."""
    driver.engine.shops["demo"].timed = False
    says("在吗")
    says("在的", agent=True, at=NINE + 1)
    assert draft("有新款哦", at=NIGHT)[0] == "queued"


def test_what_is_the_buyers_may_be_read_back(draft, says):
    """The number a buyer gave, or that stands on his order, is his own; another is not."""
    says("我的电话 13800138000", context={"phone": "13900139000"})
    assert draft("收货电话是13800138000对吗")[0] == "queued"
    assert draft("订单上的电话是13900139000对吗", identity="r2")[0] == "queued"
    assert draft("收货电话是13700137000对吗", identity="r3")[0] == "held"


def test_an_override_is_kept_with_who_when_why_and_what(driver, draft, says):
    """A warning confirmed with a reason is recorded beside what had held it, and counts as wrongly held."""
    says("用微信付款可以吗")
    assert draft(WARNED, at=NINE + 1)[1]["overridable"] is True
    assert draft(WARNED, override="买家问的是付款", at=NINE + 2)[0] == "queued"
    rows = [row for _, row in driver.engine.store.rulings("demo", 0, 1 << 60)]
    assert [row.event for row in rows] == ["held", "overridden"]
    last = rows[-1]
    assert (last.agent, last.at, last.reason) == ("小快", NINE + 2, "买家问的是付款")
    assert (last.rule, last.excerpt, last.text) == ("contact.mention", "微信", WARNED)
    assert last.digest == rulings.digest_of(WARNED)
    assert counted(driver)["contact.mention"] == Count("contact.mention", 1, 0, 1)


def test_a_block_is_overridden_only_where_the_owner_allows_it(driver, draft, says):
    """Without the owner's word no reason sends it; with it a reason does, and every rule that spoke must be allowed."""
    says("在吗")
    assert draft(BLOCKED)[1]["overridable"] is False
    assert draft(BLOCKED, override="老板说可以")[0] == "held"
    shop = driver.engine.shops["demo"]
    shop.overridable = frozenset({"contact.account"})
    assert draft(BLOCKED + "，好评返现5元", identity="r2")[1]["overridable"] is False
    assert draft(BLOCKED, identity="r3")[1]["overridable"] is True
    assert draft(BLOCKED, identity="r3", override="老板说可以")[0] == "queued"
    assert ("overridden", "contact.account") in kept(driver)


def test_what_was_rewritten_was_rightly_held(driver, draft, says):
    """Other words under the same id: right; held and never sent: right a day later; held a moment ago: open."""
    says("在吗")
    draft(BLOCKED)
    draft(FINE)
    assert ("rewritten", "contact.account") in kept(driver)
    draft(WARNED, identity="r2", at=NINE + 5)
    assert counted(driver)["contact.account"] == Count("contact.account", 1, 1, 0)
    assert counted(driver, NINE + HOUR)["contact.mention"].open == 1
    assert counted(driver, NINE + 5 + GIVEN_UP)["contact.mention"] == Count("contact.mention", 1, 1, 0)


def test_what_no_rule_minds_any_more_says_nothing(driver, draft, says):
    """The same words, sent once the buyer has written: the rule of pushing was neither right nor wrong."""
    says("在吗")
    for number in range(4):
        draft(f"您好{number}", identity=f"p{number}", at=NINE + 10 + number)
    draft("还在吗亲", at=NINE + 20)
    says("刚才在忙", at=NINE + 30)
    draft("还在吗亲", override="再问一次", at=NINE + 40)
    assert kept(driver) == [("held", "harass.pushing"), ("passed", "harass.pushing")]
    assert counted(driver, NINE + 2 * GIVEN_UP)["harass.pushing"].open == 1


def test_the_curators_last_word_stands(driver, says):
    """Right or wrong as marked, whatever became of it; the mark names who, when and why; there is no mark on nothing."""
    says("在吗")
    says(BLOCKED, agent=True, at=NINE + 1)
    store = driver.engine.store
    ((number, row), *_) = store.rulings("demo", 0, 1 << 60)
    assert row.event == "seen"
    assert counted(driver)[row.rule].open == 1
    for right in (False, True, False):
        with store.transaction():
            assert store.mark("demo", number, right=right, by="质检", at=NINE + 9, why="看错了")
        assert counted(driver)[row.rule][2:] == (int(right), int(not right))
    with store.transaction():
        assert not store.mark("demo", 10_000, right=True, by="", at=0, why="")
        assert not store.mark("other", number, right=True, by="", at=0, why="")


def test_what_only_watches_holds_nothing_and_is_kept(driver, draft, says, told):
    """A rule in watch mode: the reply goes, no event speaks of it, the record does."""
    shop = driver.engine.shops["demo"]
    rule = OwnerRule(id="mine.watch", reason="看看有多少。", words=("到付",), watch=True)
    shop.guard = Guard(shop.guard.packs, owner=(rule,))
    says("怎么付款")
    assert draft("可以到付")[0] == "queued"
    says("可以到付的", agent=True, at=NINE + 5)
    assert kept(driver) == [("watched", "mine.watch")] * 2
    assert {event.type for event in told} <= {"suggestion.created", "message.send"}


def test_edits_are_checked_again(driver, draft, says, said, told):
    """On the platform: of an approved reply, of a message seen, of one that comes after its edit, of a robot's."""
    says("在吗")
    draft(FINE)
    says("您加我微信 abc88990，登记好了", agent=True, reply_id="r1", at=NINE + 5, id="echo")
    says("您稍等", agent=True, at=NINE + 6, id="m-1")
    driver.put(said("稍等", kind=model.RobotSaid, id="m-2", at=NINE + 7))
    edits = [("m-1", BLOCKED), ("m-2", BLOCKED), ("m-3", BLOCKED)]
    for at, (identity, text) in enumerate(edits, NINE + 10):
        base = {"shop": "demo", "key": f"e{identity}", "conversation": "c1", "at": at, "arrived": at}
        driver.put(model.Edited(**base, id=identity, text=text))
    says("您慢慢看", agent=True, at=NINE + 8, id="m-3", arrived=NINE + 20)
    seen = [msgspec.json.decode(event.data)["id"] for event in told if event.type == "violation.seen"]
    assert seen == ["echo", "m-1", "m-2", "m-3"]


def test_an_echo_that_reads_the_same_is_not_judged_again(driver, draft, says, told):
    """What was sent in spite of a warning is no violation when the platform shows it, blanks aside."""
    says("用微信付款可以吗")
    draft(WARNED)
    draft(WARNED, override="买家问的是付款")
    says(f" {WARNED}\n", agent=True, reply_id="r1", at=NINE + 5)
    assert "violation.seen" not in {event.type for event in told}
    assert [event for event, _ in kept(driver)] == ["held", "overridden"]


def configured(**more) -> ShopConfig:
    """A shop's config with defaults."""
    fields = {"stages": {}, "targets": {}, "bars": None, "allow": Allowance(), "keys": (), "token": ""}
    place = {
        "id": "s",
        "name": "s",
        "platform": "pinduoduo",
        "library": (),
        "callback_url": "",
        "timezone": "Asia/Shanghai",
    }
    return ShopConfig(**place, **fields, **more)


@pytest.mark.parametrize(
    ("text", "allowed", "told"),
    [
        ("", ("contact.acount",), "there is no rule 'contact.acount' for pinduoduo"),
        ("", ("guard.empty",), "there is no rule 'guard.empty'"),
        ("", ("unfilled",), "'unfilled' may never be overridden"),
        ("id = 'contact.account'\nreason = 'x'\nwords = ['到付']", (), "contact.account: the id is that of a rule"),
        ("id = 'mine'\nreason = 'x'\nslots = ['phones']", (), "mine: unknown slot 'phones'"),
        ("id = 'mine'\nreason = 'x'\npatterns = ['(a+)+']", (), "mine: pattern '(a+)+': repeats"),
    ],
)
def test_a_shops_rules_are_accepted_whole_or_refused(tmp_path, text, allowed, told):
    """Unknown rules, those that nobody may override, ids that are taken and patterns that run away are named."""
    file = tmp_path / "mine.toml"
    file.write_text(f"[[rules]]\n{text}\n" if text else "", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        guard_of(configured(rules=(file,), allow_override=allowed))
    assert told in "\n".join(refused.value.problems)


def test_an_owners_rule_may_be_overridden_if_allowed(tmp_path):
    """The owner's own rule can stand in allow_override, and holds until then."""
    file = tmp_path / "mine.txt"
    file.write_text("到付\n", encoding="utf-8")
    guard = guard_of(configured(rules=(file,), allow_override=("owner.mine",)))
    assert guard.check(["可以到付"]).verdict == "block"
