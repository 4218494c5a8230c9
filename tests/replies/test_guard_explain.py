"""Why a rule spoke, or nearly did: how the text was read, what stood there, and what excuses it."""

import msgspec
import pytest

from replies import guard, policy
from replies.guard_explain import explain
from replies.rules import OwnerRule

PACKS = policy.packs("pinduoduo")
SHOP = guard.Guard(PACKS, allow=guard.Allowance(products=("微信头像相框",)))


def why(text: str, rule: str, shop: guard.Guard = SHOP, **more) -> tuple[str, str]:
    """Why a rule did not speak, and the first words that say so."""
    (told,) = (one for one in explain(shop, text, **more).rules if one.rule == rule)
    return told.why, told.because[0] if told.because else ""


@pytest.mark.parametrize(
    ("text", "rule", "told"),
    [
        ("抱歉，平台规定不能加微信哦", "contact.account", ("refusal", "不能")),
        ("加V领的那款显瘦", "contact.account", ("shield", "加v领")),
        ("支持微信支付哦", "contact.mention", ("shield", "支持微信")),
        ("退货地址：某某路1号 售后部 13800138000", "contact.bare_phone", ("never", "退货")),
        ("微信头像相框有货", "contact.mention", ("shield", "微信头像")),
        ("您加我微信 abc88990", "contact.account", ("", "")),
        ("方便私下聊吗", "contact.phone", ("missing", "手机号")),
    ],
)
def test_each_rule_says_why(text, rule, told):
    """Refusals, words in other words, a purpose elsewhere in the text, a lacking condition; or that it speaks."""
    assert why(text, rule) == told


def test_what_the_shop_may_say_is_told_apart():
    """A product's name on the allow list is named as what excuses the rule."""
    shop = guard.Guard(PACKS, allow=guard.Allowance(brands=("最强大脑",)))
    assert why("最强大脑联名款有货", "claim.absolute", shop)[0] == "allowed"
    assert shop.check(["最强大脑联名款有货"]).verdict == "allow"


def test_the_hour_and_watching_are_told():
    """A rule of the hour speaks by the hour; one in watch mode speaks and holds nothing."""
    assert why("在吗亲", "harass.night", hour=23) == ("", "")
    owner = OwnerRule(id="mine", reason="看看。", words=("到付",), watch=True)
    assert why("可以到付", "mine", guard.Guard(PACKS, owner=(owner,))) == ("watch", "")


@pytest.mark.parametrize(
    "text",
    ["加 ① ③ ⑧ ０ 0 1 3 8 0 0 0 我", "薇❤亻言", "moc.elpmaxe 看看", "w e i x i n", "亲，好评返现5元", "é️‍", "您好"],
)
def test_every_view_leads_back(text):
    """Each character of each view has a span of the original, things quote the original, and what is found is quoted too."""
    told = explain(SHOP, text)
    assert {"plain", "tight"} <= {view.view for view in told.views}
    for view in told.views:
        assert len(view.spans) == len(view.read)
        assert all(0 <= start <= end <= len(text) for start, end in view.spans)
    for thing in told.things:
        assert text[slice(*thing.span)] == thing.excerpt
    for rule in told.rules:
        assert rule.label or rule.fired
        assert all(text[slice(*piece.span)] == piece.excerpt for piece in rule.found)
    assert msgspec.json.decode(msgspec.json.encode(told), type=type(told)) == told


def test_what_speaks_is_what_holds():
    """The examples of the rules: each rule that the guard names, the explanation names as speaking, and the other way round."""
    for rule in PACKS[0].rules:
        for text in (*rule.blocks, *rule.warns, *rule.passes):
            if isinstance(text, str):
                named = {finding.category for finding in SHOP.check([text]).findings}
                assert {told.category for told in explain(SHOP, text).rules if told.fired} == named, text


def test_what_cannot_be_read_is_told():
    """Of an empty text, and of half a character, the explanation says so and no more."""
    assert "guard.empty" in explain(SHOP, " ").problem
    broken = explain(SHOP, "a\ud800")
    assert "guard.unreadable" in broken.problem
    assert msgspec.json.encode(broken)


def test_what_did_not_speak_keeps_what_its_rule_asks():
    """A refusal seems harmless, but it is the refusal that excuses the rule: which would block, and says so."""
    told = {rule.rule: rule for rule in explain(SHOP, "抱歉，平台规定不能加薇❤").rules}["contact.account"]
    assert (told.fired, told.action, told.why) == (False, "block", "refusal")
