"""What a verdict holds, and that nothing gets out of the guard by breaking it."""

import sys
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replies import guard, guard_judge, policy
from replies.text import fold

ANY = guard.Guard(policy.packs("any"))
SHOP = guard.Guard(policy.packs("pinduoduo"))
LIVELY = "加微信vx❤🐧返现好评转账淘宝傻逼亻言扌口卫星1３❽一幺洞 .-。,\n“”您说不能jiaweixinhttp://.comＡ俼\u200b{}[]@"


def only(verdict):
    """The single finding of a verdict."""
    assert len(verdict.findings) == 1, verdict.findings
    return verdict.findings[0]


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("亲，您加我微\u200b信 abc_778 聊", "加我微\u200b信 abc_778 聊"),
        ("１号链接：ａｂｃｄ．ｔｏｐ 看看", "ａｂｃｄ．ｔｏｐ"),
        ("😀😀发到 a1b2@163.com 吧", "a1b2@163.com"),
        ("🧧好，五★好评返三元", "五★好评返三元"),
    ],
)
def test_a_span_counts_characters_of_what_was_written(text, piece):
    """Spans are code points of the original message, and the excerpt is exactly that piece."""
    finding = max(ANY.check([text]).findings, key=lambda f: f.span[1] - f.span[0])
    assert text[slice(*finding.span)] == finding.excerpt
    assert piece in finding.excerpt or finding.excerpt in piece


def test_findings_stand_in_order_and_the_verdict_is_the_strongest():
    """A warning and a block give a block; findings are ordered by span."""
    verdict = ANY.check(["全网最低价，加我微信 abc_778"])
    assert verdict.verdict == "block"
    assert [f.action for f in verdict.findings] == ["warn", "block"]
    assert [f.span for f in verdict.findings] == sorted(f.span for f in verdict.findings)


def test_a_finding_names_rule_reason_source_and_sureness():
    """What a person needs to judge a finding is in it."""
    finding = only(ANY.check(["我是平台小二"]))
    assert finding.rule == "impersonate"
    assert finding.category == "impersonation"
    assert "平台" in finding.reason
    assert "2.7" in finding.source
    assert "规则原文" in finding.source


@pytest.mark.parametrize(
    "text",
    [
        "这款有货的，加我微信 abc_778 给您发图",
        "明天发货哦，五星好评返您 5 元",
        "傻逼，爱退不退",
        "质量您放心，全网最低价",
        "拼夕夕搜店名更便宜",
        "把收到的验证码发我",
    ],
)
def test_a_rewrite_passes_the_guard(text):
    """The offered wording is allowed itself, and is not the message that was stopped."""
    verdict = ANY.check([text])
    assert verdict.rewrite
    assert verdict.rewrite != text
    assert ANY.check([verdict.rewrite]).verdict == "allow"


def test_a_rewrite_keeps_what_was_fine():
    """Clauses without an offence stay."""
    assert ANY.check(["明天就给您发货哦，五星好评返您 5 元"]).rewrite.startswith("明天就给您发货哦")


@pytest.mark.parametrize(
    "messages",
    [
        ["加", "我", "微", "信"],
        ["微信号", "abc_7788"],
        ["1380013", "8000", "打这个便宜"],
        ["五星好评", "截图", "返您五元"],
        ["蠢", "猪"],
    ],
)
def test_what_is_spread_over_messages_is_seen(messages):
    """The last message is stopped; the finding says that it began before, and spans from 0."""
    verdict = ANY.check(messages)
    assert verdict.verdict == "block"
    across = [finding for finding in verdict.findings if finding.across]
    assert across
    assert all(finding.span[0] == 0 for finding in across)
    assert all(finding.span[1] <= len(messages[-1]) for finding in across)


def test_what_was_said_before_does_not_stop_what_is_fine():
    """An earlier offence does not hold later harmless messages."""
    assert ANY.check(["加我微信 abc_7788", "您的包裹明天送到，请注意查收"]).verdict == "allow"


def test_only_the_last_ten_messages_matter():
    """What was said eleven messages ago is forgotten."""
    quiet = [f"第{n}步请看说明书" for n in "一二三四五六七八九"]
    assert ANY.check(["微", *quiet, "信 abc_7788"]).verdict == ANY.check(["信 abc_7788"]).verdict


def test_across_is_not_written_when_it_is_false():
    """A finding inside one message does not carry the key."""
    import msgspec

    assert "across" not in msgspec.to_builtins(only(ANY.check(["滚"])))
    assert msgspec.to_builtins(ANY.check(["蠢", "猪"]).findings[0])["across"] is True


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "guard.empty"),
        (" \n\t", "guard.empty"),
        ("\u200b\u200d", "guard.empty"),
        ("好\ud800", "guard.unreadable"),
        ("拨 \u202e00000000831 有好价", "guard.unreadable"),
        ("好" * 100_001, "guard.too_long"),
    ],
)
def test_what_cannot_be_sent_is_held(text, rule):
    """Nothing, nothing visible, too much and what cannot be encoded is blocked."""
    verdict = ANY.check([text])
    assert verdict.verdict == "block"
    assert only(verdict).rule == rule


def test_no_messages_at_all_is_held():
    """An empty list is an empty message."""
    assert ANY.check([]).verdict == "block"


def test_a_picture_alone_may_be_sent():
    """A message of one picture character is not empty."""
    assert ANY.check(["😊"]).verdict == "allow"


def test_a_rule_that_raises_blocks_and_is_named(monkeypatch):
    """The guard fails closed: the message is held, the rule is told, nothing escapes."""
    real = guard_judge.matches

    def broken(way, reading):
        if way.rule.id == "contact.account":
            raise ZeroDivisionError
        return real(way, reading)

    monkeypatch.setattr(guard_judge, "matches", broken)
    finding = only(ANY.check(["加我微信"]))
    assert finding.rule == "guard.failed"
    assert "contact.account" in finding.reason
    assert ANY.check(["您好"]).verdict == "allow"


def test_the_shop_may_allow_its_own():
    """Own numbers, addresses, products, brands and sites are no offence; others still are."""
    allow = guard.Allowance(
        phones=("13800138000",),
        addresses=("人民路 8 号体验店",),
        products=("微信头像框",),
        brands=("最强大脑",),
        domains=("my-shop.com",),
    )
    shop = guard.Guard(policy.packs("any"), allow=allow)
    for text in [
        "售后请拨 13800138000",
        "地址是人民路8号体验店，欢迎来看",
        "最强大脑联名款有货",
        "说明书在 https://www.my-shop.com/a",
    ]:
        assert ANY.check([text]).verdict != "allow", text
        assert shop.check([text]).verdict == "allow", text
    assert shop.check(["打我 13900139000 便宜"]).verdict == "block"
    assert shop.check(["去 other-shop.com 看"]).verdict == "block"


def test_a_platform_knows_its_own_name_and_links():
    """One's own platform may be named and linked; another may not."""
    assert SHOP.check(["拼多多平台下单有保障 https://mobile.yangkeduo.com/a"]).verdict == "allow"
    assert SHOP.check(["去京东买更便宜"]).verdict == "block"
    assert guard.Guard(policy.packs("jd")).check(["去京东买更便宜"]).verdict == "allow"


def test_night_and_pushing_are_warned_of():
    """Writing first at night, and a fifth message without an answer, are warned of; answering is not."""
    assert only(ANY.check(["在吗亲"], hour=23)).rule == "harass.night"
    assert ANY.check(["在吗亲"], hour=8).verdict == "allow"
    assert only(ANY.check(["在吗亲"], unanswered=4)).rule == "harass.pushing"
    assert ANY.check(["在吗亲"], unanswered=3).verdict == "allow"


def test_a_buyers_own_number_may_be_read_back():
    """The phone a buyer gave is his: confirming it is no offence, however either wrote it; inviting by it still is."""
    his = ["电话１３８ 0013 8000，麻烦快点"]
    for text in ("收货电话是13800138000对吗", "好的，138-0013-8000 已备注"):
        assert SHOP.check([text]).verdict != "allow"
        assert SHOP.check([text], theirs=his).verdict == "allow", text
    assert SHOP.check(["我微信13800138000"], theirs=his).verdict == "block"
    assert SHOP.check(["打我 13900139000 便宜"], theirs=his).verdict == "block"


def test_a_second_invitation_to_review_is_warned_of():
    """One invitation in a conversation is enough."""
    assert ANY.check(["麻烦您给个评价哦"]).verdict == "allow"
    assert ANY.check(["麻烦您给个评价哦", "不客气", "记得写个评价哦"]).verdict == "warn"


def test_what_is_said_is_explained():
    """An explanation names rule, view, what was read as what, and the excuse."""
    told = ANY.explain("抱歉，平台规定不能加薇❤")
    assert any(one.rule == "contact.account" and one.excuse == "refusal" for one in told)


def test_the_version_names_the_packs():
    """Whoever records a verdict can say which rules gave it."""
    assert SHOP.version.startswith("common@")
    assert "+pinduoduo@" in SHOP.version


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(LIVELY, max_size=40) | st.text(max_size=30), max_size=6))
def test_any_messages_get_a_verdict(messages):
    """Whatever is typed, there is a verdict, spans lie in the message, excerpts are pieces of it, nothing fails."""
    verdict = SHOP.check(messages)
    last = messages[-1] if messages else ""
    strongest = {finding.action for finding in verdict.findings}
    assert verdict.verdict == ("block" if "block" in strongest else "warn" if strongest else "allow")
    for finding in verdict.findings:
        assert finding.rule != "guard.failed", finding.reason
        start, end = finding.span
        assert 0 <= start <= end <= len(last)
        if finding.rule.startswith("guard."):
            continue
        assert finding.excerpt == last[start:end] or finding.across
    assert SHOP.check(messages) == verdict


@settings(max_examples=60, deadline=None)
@given(st.text("加我微信号码", min_size=1, max_size=6), st.sampled_from(["\u200b", "\ufe0f", "\u2060", "\u00ad"]))
def test_what_cannot_be_seen_changes_nothing(text, hidden):
    """Invisible characters between the others leave the verdict as it is."""
    woven = hidden.join(text)
    assert fold(woven) == fold(text)
    assert ANY.check([woven]).verdict == ANY.check([text]).verdict


@pytest.mark.parametrize(
    "piece",
    [
        "加微信",
        "不能加微信",
        "a@",
        "http://",
        "a.com ",
        "13800138000 打",
        "1-",
        "{",
        "“您说",
        "俼",
        "土及",
        "jia wei xin ",
        "w3",
        "信微",
        "\u200b加",
        "加\u0301",
        "妖三二零",
        "去京东",
        "验证码发我",
        "脑子",
        "1",
        "a",
        "好评返五元",
        "🐧",
        " 加 微",
        "啊微啊信",
        "(那)信",
        "“好”“评”连",
        "\n微",
        "一百三十",
        "one two",
        "w e ",
        "%e5%be",
        "&#24494;",
        "转账私下",
    ],
)
def test_the_longest_message_takes_work_that_grows_with_it(piece):
    """Four times the text takes about four times the calls, not sixteen; its time is measured in tests/benchmarks."""

    def calls(size):
        text = (piece * size)[:size]
        counted = count()

        def see(_frame, event, _what):
            if event in ("call", "c_call"):
                next(counted)

        SHOP.check([text])  # what is made once is made
        sys.setprofile(see)
        try:
            SHOP.check([text])
        finally:
            sys.setprofile(None)
        return next(counted)

    short, long = calls(3_000), calls(12_000)
    assert long < 6 * short + 2_000, (short, long)


def test_a_name_sent_in_pieces_is_one_name():
    """A message each for its letters and figures does not make them words of their own."""
    verdict = ANY.check(["加", "我", "v", "信", "momo", "_41", "92"])
    assert verdict.verdict == "block"
    assert {finding.rule for finding in verdict.findings} == {"contact.account"}


def test_scraps_are_remembered_beyond_the_last_messages():
    """A character a message does not push the number out of memory; whole messages do."""
    scraps = [*"13912233445", "打", "这", "个", "找", "我", "有", "底", "价"]
    assert guard.recent(["在吗", *scraps]) == ["在吗", *scraps]
    assert guard.recent(["很久以前说的话", *scraps]) == scraps
    assert len(guard.recent(["还有别的事吗亲"] * 30)) == guard.REMEMBERED
    assert ANY.check(scraps).verdict == "block"
