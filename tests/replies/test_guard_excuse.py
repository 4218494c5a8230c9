"""What excuses a match, and what only looks like an excuse."""

import random
from pathlib import Path

import pytest

from replies import fill, guard, library, policy

SCRIPTS = Path(guard.__file__).parent / "scripts"
ANY = guard.Guard(policy.packs("any"))


def told(*messages):
    """The verdict and the rules behind it."""
    verdict = ANY.check(messages)
    return verdict.verdict, {finding.rule for finding in verdict.findings}


def test_a_quotation_excuses_though_the_buyer_is_spoken_to_outside_it():
    """The insult stands in the buyer's own words; 您 beside it does not make it ours."""
    assert told("您写的“店家是猪脑子”我们看到了，您消消气") == ("allow", set())


def test_a_quotation_does_not_excuse_an_insult_outside_it():
    """What is said about the quotation is still ours."""
    assert told("您说的“发货慢”我看到了，你就是个蠢猪") == ("block", {"insult.words"})


def test_quoting_one_word_of_an_invitation_does_not_excuse_it():
    """Rules that name no slots to be quoted want the whole match in the quotation."""
    assert told("您说的“微信”您加我 lulu_6677")[0] == "block"


def test_a_name_excuses_only_the_word_it_holds():
    """猪脑花 is a dish; that it is named does not allow the insult beside it."""
    assert told("猪脑花一份两百克") == ("allow", set())
    assert told("你是不是有病吧，买个垃圾袋问到现在") == ("block", {"insult.words"})


@pytest.mark.parametrize("text", ["换个薇xin吧，到那里接着谈布料", "换个薇 信 好了，那上面谈尺码"])
def test_a_disguised_name_of_an_app_says_what_it_is_for(text):
    """Written openly, the app would have to stand closer to the talk; nobody disguises a word he may say."""
    assert told(text)[0] == "block"


def test_putting_pieces_together_keeps_what_stands_between_the_clauses():
    """The text with 氵衮 made 滚 is read with its commas, or the word would not stand alone."""
    assert told("东西不卖了，氵衮") == ("block", {"insult.words"})
    readings = {reading.how: reading.text for reading in ANY.readings("东西不卖了，氵衮")}
    assert readings["parts"] == "东西不卖了，滚"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("请勿相信陌生电话。好评后返5元现金红包哦", "block"),
        ("密码不要告诉任何人。晒图给您返三块", "block"),
        ("凡是说好评后返5元现金的都是骗子，请勿相信", "allow"),
    ],
)
def test_a_warning_of_others_excuses_its_own_sentence_alone(text, verdict):
    """Who warns of swindlers in one sentence may not offer the same in the next."""
    assert told(text)[0] == verdict


def test_the_tail_of_an_orders_number_read_backwards_is_no_phone():
    """From behind the figures happen to begin like a mobile's; the run of figures goes on beside them."""
    said = "大件上楼以配送说明为准，有结果我告诉您。已为订单240309-402233834970071添加备注，仓库出库前会看到。"
    assert told(said) == ("allow", set())


def test_scripts_that_follow_each_other_are_hardly_ever_stopped():
    """The end of one harmless answer and the beginning of the next make no offence; mistakes are below one in two hundred."""
    examples = {name: variable.example for name, variable in fill.variables().items()}
    scripts = library.load([SCRIPTS]).scripts
    texts = [fill.fill(text, examples)[0] for one in scripts for text in (one.text, *one.alternatives) if text]
    chance = random.Random(7)  # noqa: S311 - repeatable
    pairs = [chance.choice(texts) + chance.choice(texts) for _ in range(600)]
    stopped = [(pair, told(pair)) for pair in pairs if told(pair)[0] == "block"]
    assert len(stopped) <= 3, stopped
