"""The packs, and what is refused in one."""

import shutil

import pytest

from replies import DataError, policy

RULE = """
[[rules]]
id = "mine.word"
category = "own"
action = "block"
reason = "店里不说这个。"
source = "店规"
sure = "inferred"
when = ["{when}"]
blocks = ["{blocks}"]
passes = ["您好"]
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of the packs that may be spoiled."""
    shutil.copytree(policy.FOLDER, tmp_path / "policies")
    return tmp_path / "policies"


@pytest.mark.parametrize("platform", policy.PLATFORMS)
def test_every_pack_proves_itself(platform):
    """Each platform has the common pack first, then its own, and all examples come out as they say."""
    found = policy.packs(platform, afresh=True)
    assert found[0].id == "common"
    assert [pack.id for pack in found[1:]] == ([] if platform == "any" else [platform])


def test_the_platforms_are_the_files_and_any():
    """The platforms of the contract have packs."""
    assert set(policy.PLATFORMS) == {"pinduoduo", "taobao", "tmall", "jd", "douyin", "kuaishou", "xiaohongshu", "any"}


def test_a_platform_without_a_pack_gets_the_common_one():
    """An unknown platform is guarded by what holds everywhere."""
    assert [pack.id for pack in policy.packs("elsewhere")] == ["common"]


def test_every_rule_says_in_chinese_why_and_where_from():
    """Reason, source and the sureness of the source are there for each rule; blocks name a penalty or are our own."""
    for platform in policy.PLATFORMS:
        for pack in policy.packs(platform):
            for rule in pack.rules:
                assert any("一" <= char <= "鿿" for char in rule.reason), rule.id
                assert rule.source, rule.id
                if not rule.id.startswith("harass."):  # they speak of the hour, not of words
                    assert rule.passes, rule.id
                    assert rule.blocks or rule.warns, rule.id


def test_the_version_changes_with_the_bytes(folder):
    """A changed rule or word is a new version; unchanged files keep theirs."""
    before = policy.packs("any", folder)[0].version
    assert policy.packs("any", folder)[0].version == before == policy.packs("any")[0].version
    words = folder / "terms" / "groups.toml"
    words.write_text(words.read_text(encoding="utf8") + "\n# changed\n", encoding="utf8")
    assert policy.packs("any", folder)[0].version != before


@pytest.mark.parametrize(
    ("when", "blocks", "told"),
    [
        ("nosuchslot", "随便", "unknown slot 'nosuchslot'"),
        ("insult &", "随便", "cannot read"),
        ("insult", "您好呀", "should block, fired: nothing"),
    ],
)
def test_a_mistake_in_a_rule_is_named(folder, when, blocks, told):
    """Unknown slots, unreadable alternatives and examples that do not hold are told with file and rule."""
    (folder / "pinduoduo.toml").write_text(RULE.format(when=when, blocks=blocks), encoding="utf8")
    with pytest.raises(DataError) as refused:
        policy.packs("pinduoduo", folder)
    assert any(
        "pinduoduo.toml" in problem and "mine.word" in problem and told in problem for problem in refused.value.problems
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[rules]\n", "pinduoduo.toml"),
        ("[[rules]]\nid = 'x'\n", "category"),
        ("colour = 1\n", "unknown key 'colour'"),
        (RULE.format(when="insult", blocks="滚").replace("mine.word", "insult.words"), "already used in common.toml"),
        ("own = ['at_nowhere']\n", "there is no term 'at_nowhere'"),
    ],
)
def test_a_broken_pack_is_refused_with_its_place(folder, text, told):
    """Bad TOML, missing fields, unknown keys and ids used twice are named."""
    (folder / "pinduoduo.toml").write_text(text, encoding="utf8")
    with pytest.raises(DataError) as refused:
        policy.packs("pinduoduo", folder)
    assert any(told in problem for problem in refused.value.problems), refused.value.problems


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[terms.x]\nwords = ['…']\n", "is nothing when folded"),
        ("[terms.x]\nwords = ['加我']\nnot = ['加-我']\n", "hides the word itself"),
        ("[terms.insult]\nwords = ['x']\n", "defined twice"),
        ("[terms.x]\nword = ['x']\n", "word"),
        ("[groups]\nx = ['nobody']\n", "no term 'nobody'"),
    ],
)
def test_a_broken_word_list_is_refused_with_its_place(folder, text, told):
    """Words that fold to nothing, shields that hide their word, doubles and unknown keys are named."""
    (folder / "terms" / "zz.toml").write_text(text, encoding="utf8")
    with pytest.raises(DataError) as refused:
        policy.packs("any", folder)
    assert any(told in problem for problem in refused.value.problems), refused.value.problems


def test_missing_folder_is_a_data_error(tmp_path):
    """No packs at all is told, not a traceback."""
    with pytest.raises(DataError):
        policy.packs("any", tmp_path / "nothing")
