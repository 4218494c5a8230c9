"""What a message seems to be as a whole: the table, the stretches it judges, and what rules make of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from replies import guard_impression as impression
from replies import guard_slots, policy
from replies.guard import Allowance, Guard
from replies.guard_disguise import tight
from replies.guard_explain import explain

LINES = Path(__file__).parents[2] / "tools" / "impressions"
SHOP = Guard(policy.packs("pinduoduo"))
QUIET = "您好，这款是纯棉的，三十度水洗就行，晾干不要暴晒。尺码按平时穿的拍，拿不准可以报身高体重给我。"


def test_every_kind_has_its_slot():
    """The table, the list of kinds it is fitted on, and the slots that rules may name are the same."""
    told = tomllib.loads((LINES / "kinds.toml").read_text(encoding="utf8"))
    grave, minor = tuple(told["grave"]), tuple(told["minor"])
    table = impression.table()
    assert table.kinds == (told["harmless"], *grave, *minor)
    assert table.grave == len(grave)
    assert tuple(f"seems_{kind}" for kind in grave) == guard_slots.SEEMS_GRAVE
    assert tuple(f"seems_{kind}" for kind in minor) == guard_slots.SEEMS_MINOR


def test_the_table_knows_the_lines_it_was_fitted_on():
    """Of every twentieth judged line 97 in a hundred come out on the side they belong to, so that the table is that of the lines."""
    harmless = impression.table().kinds[0]
    lines = [
        line for path in sorted(LINES.glob("*.tsv")) for line in path.read_text(encoding="utf8").split("\n") if line
    ]
    right = tried = 0
    for line in lines[::20]:
        kind, _, text = line.partition("\t")
        chars = tight(text.replace("\\n", ""))
        if len(chars) <= impression.LONGEST:
            tried += 1
            right += (impression.chances(chars)[harmless] > 0.5) == (kind == harmless)
    assert right > 0.97 * tried


@given(
    st.integers(1, 400),
    st.lists(st.integers(0, 450), max_size=12),
    st.lists(st.integers(0, 450), max_size=30),
)
def test_stretches_leave_nothing_out(size, sentences, clauses):
    """Whatever ends where, every character lies in a stretch, and none is longer than what may be judged together."""
    found = list(impression.stretches(size, impression.Ends(sorted(sentences), sorted(clauses))))
    assert all(0 <= start < end <= size and end - start <= impression.LONGEST for start, end in found)
    assert {at for start, end in found for at in range(start, end)} == set(range(size))


@given(st.text(max_size=80))
def test_any_text_has_its_chances(text):
    """Whatever is written, the chances of all kinds are one together."""
    chances = impression.chances(tight(text))
    assert abs(sum(chances.values()) - 1.0) < 1e-3


def test_what_is_said_in_other_words_is_found():
    """No word of these is watched for, and yet everybody knows what they mean."""
    for text, category in (
        ("同样的话要我说几遍，您自己往上翻翻吧", "cold_tone"),
        ("货还没到没关系，您先把收货点了", "confirm_first"),
        ("隔壁那几家卖的都是返修的旧机器", "disparage"),
    ):
        verdict = SHOP.check([text])
        assert verdict.verdict == "warn", text
        assert category in {finding.category for finding in verdict.findings}


def test_a_bad_sentence_in_a_long_message_is_told_where_it_stands():
    """Of a long text that sentence is quoted which offends, wherever it stands."""
    bad = "隔壁那几家卖的都是返修的旧机器"
    for text in (f"{bad}。{QUIET}{QUIET}", f"{QUIET}{bad}。{QUIET}", f"{QUIET}{QUIET}{bad}"):
        verdict = SHOP.check([text])
        assert verdict.verdict == "warn"
        for finding in verdict.findings:
            start, end = finding.span
            assert text.index(bad) <= start < end <= text.index(bad) + len(bad)


def test_harmless_as_a_whole_forbidden_words_are_only_warned_of():
    """A word that is blocked where it offends is warned of in a sentence that seems harmless, and the reason can be seen."""
    text = "这件T恤胸前印的是滚蛋两个字，图案不能改哦"
    assert SHOP.check(["滚蛋"]).verdict == "block"
    assert SHOP.check([text]).verdict == "warn"
    (told,) = (rule for rule in explain(SHOP, text).rules if rule.fired)
    assert (told.action, told.label) == ("warn", "整句看是正常的话")


def test_words_show_better_than_the_whole():
    """Where a rule's words say the same as the whole message, the finding quotes the words."""
    (finding,) = SHOP.check(["亲，五星好评截图返现5元"]).findings
    assert "亲" not in finding.excerpt


def test_messages_that_are_an_offence_only_together():
    """Neither half is stopped; the second is when the first was sent before."""
    first, second = "星星点满", "回头有惊喜给您打过去"
    assert SHOP.check([first]).verdict == "allow"
    assert SHOP.check([second]).verdict != "block"
    assert SHOP.check([first, second]).verdict == "block"


def test_an_offence_before_is_not_told_again():
    """What was wrong with an earlier message does not stop what is fine."""
    assert SHOP.check(["同样的话要我说几遍，您自己往上翻翻吧", "好的，这就给您改地址"]).verdict == "allow"


def test_the_explanation_says_what_the_whole_seems_to_be():
    """The slot and its disguise are told in words for people."""
    told = [rule for rule in explain(SHOP, "隔壁那几家卖的都是返修的旧机器").rules if rule.fired]
    assert any(piece.disguise == "整句印象" for rule in told for piece in rule.found)


def test_what_the_shop_may_say_is_its_own():
    """Its own number and address, which it has named, give nobody away, whatever the message seems to be."""
    own = Allowance(phones=("13911112222",), addresses=("海宁市皮革城南路88号",))
    mine = Guard(policy.packs("pinduoduo"), allow=own)
    for text in ("您打 13911112222 找我们维修部", "店就在海宁市皮革城南路88号三楼"):
        assert SHOP.check([text]).verdict == "warn"
        assert mine.check([text]).verdict == "allow"


def test_a_stretch_is_judged_once(monkeypatch):
    """However many words of a long harmless text are asked about, each of its sentences goes through the network once."""
    asked = []
    real = impression.chances
    monkeypatch.setattr(impression, "chances", lambda chars: asked.append(chars) or real(chars))
    size = 20 * len(tight(QUIET))
    ends = impression.Ends(range(0, size, 40), range(0, size, 8))
    whole = impression.Whole(tight(QUIET * 20), lambda: ends)
    assert all(whole.offence(at, at + 2) < 1 for at in range(0, size - 2, 3))
    assert len(asked) == len(list(impression.stretches(size, ends)))
