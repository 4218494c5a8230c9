"""A platform is a file: what the contract names is there, with its source, and what is wrong in one is said."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import platforms
from bot.cli_replay import PLATFORMS
from replies import DataError, policy

# Of the contract: the reply targets of each platform.
TARGETS = {
    "any": [],
    "pinduoduo": ["effective_reply_1h", "human_reply_3min", "human_reply_30s"],
    "taobao": ["round_reply_3min", "round_mean"],
    "tmall": ["round_reply_3min", "round_mean"],
    "jd": ["first_reply_30s", "session_mean"],
    "douyin": ["session_reply_3min", "session_mean"],
    "kuaishou": ["human_reply_3min"],
    "xiaohongshu": ["session_reply_3min"],
}
# Of the contract: the seconds before `due` at which is warned unless a shop says otherwise.
STAGES = {3600: (1800, 600, 180), 180: (80, 30), 30: ()}


@pytest.mark.parametrize("name", ["", "Own", "五分钟", "own 5min", "own-5min", "own\n"])
def test_a_target_of_the_shops_own_has_a_plain_name(name):
    """Names are keys of configs and of answers: whatever else is refused, in one sentence."""
    with pytest.raises(DataError) as raised:
        platforms.load("any", {name: {"limit": 300}})
    assert raised.value.problems == [f"targets: {name!r} cannot be a target's name, which is of a-z, 0-9 and _ alone"]


def test_the_platforms_of_the_contract_have_files():
    """Each platform of the contract has a file, no other has, and the command line offers the same ones."""
    assert platforms.names() == PLATFORMS == sorted(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_targets_are_those_of_the_contract(name):
    """A platform's targets are named as in the contract, and warn at the stages promised there."""
    read = platforms.load(name)
    assert read.id == name
    assert [target.name for target in read.targets] == TARGETS[name]
    for target in read.targets:
        assert target.stages == (STAGES[target.limit] if target.mean is None else ())


@pytest.mark.parametrize("name", TARGETS)
def test_every_number_has_its_source(name):
    """Each target says what people call it, what a miss costs, where its numbers come from and how sure that is."""
    read = platforms.load(name)
    assert read.name
    for target in read.targets:
        assert all(text.strip() for text in (target.label, target.consequence, target.source, target.sure))
        assert "agent" in target.answers
        most = 1 if target.mean is None else target.mean.cap  # a share, or of a mean seconds
        assert target.pass_line is None or 0 < target.pass_line < most
        assert target.smallest >= 1


@pytest.mark.parametrize("name", TARGETS)
def test_packs_are_there(name):
    """A platform's rule packs can be read, the common one first, and its own domains are names of hosts."""
    read = platforms.load(name)
    assert read.packs[0] == "common"
    assert [pack.id for pack in policy.packs(name)] == list(read.packs)
    assert all("." in domain and domain == domain.lower().strip("./ ") for domain in read.domains)


def test_the_hours_of_pinduoduo():
    """拼多多 counts messages from 08:00:00 to 23:00:00, both in."""
    for target in platforms.load("pinduoduo").targets:
        window = target.window
        assert (window.start, window.end, window.end_included) == (8 * 3600, 23 * 3600, True)


def test_a_shop_changes_a_target():
    """A shop's changes replace what the file says of a target, and leave the others and the file itself alone."""
    before = platforms.load("pinduoduo")
    after = platforms.load("pinduoduo", {"human_reply_3min": {"pass_line": 0.9, "stages": [100]}})
    assert (after.targets[1].pass_line, after.targets[1].stages) == (0.9, (100,))
    assert msgspec.structs.replace(after.targets[1], pass_line=0.5, stages=(80, 30)) == before.targets[1]
    assert after.targets[0] == before.targets[0]
    assert platforms.load("pinduoduo") == before


def test_a_shop_adds_a_target_of_its_own():
    """A name that the platform has not is a target of the shop's own, which needs every required field."""
    own = {
        "label": "五分钟",
        "limit": 300,
        "window": {"from": "00:00:00", "to": "24:00:00", "to_included": False},
        "counted": "round",
        "answers": ["agent"],
        "consequence": "店铺自定",
        "source": "店铺自定",
        "sure": "own",
    }
    (target,) = platforms.load("any", {"own_5min": own}).targets
    assert (target.name, target.limit, target.window.end) == ("own_5min", 300, 86_400)
    with pytest.raises(DataError) as raised:
        platforms.load("any", {"own_5min": {"limit": 300}})
    assert "targets.own_5min.label: is missing" in raised.value.problems


def test_the_line_of_a_mean_is_seconds():
    """A mean is judged by seconds, which no share is."""
    (changed,) = [each for each in platforms.load("jd", {"session_mean": {"pass_line": 20}}).targets if each.mean]
    assert changed.pass_line == 20
    with pytest.raises(DataError, match="of a mean is a number of seconds"):
        platforms.load("jd", {"session_mean": {"pass_line": -1}})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"limt": 5}, "targets.human_reply_3min.limt: unknown key"),
        ({"limit": "5"}, "targets.human_reply_3min.limit: Expected `int`, got `str`"),
        ({"limit": 0}, "targets.human_reply_3min: needs either a limit above 0 or a mean"),
        ({"limit": 60}, "targets.human_reply_3min.stages"),
        ({"stages": [30, 80]}, "targets.human_reply_3min.stages"),
        ({"counted": "weekly"}, "targets.human_reply_3min.counted: Invalid enum value 'weekly'"),
        ({"window": {"from": "9:00", "to": "23:00:00", "to_included": True}}, "targets.human_reply_3min.window: needs"),
        ({"window": {"from": "23:00:00", "to": "08:00:00", "to_included": True}}, "targets.human_reply_3min.window"),
        ({"window": {"from": "08:00:00"}}, "targets.human_reply_3min.window.to: is missing"),
        ({"name": "other"}, "targets.human_reply_3min.name: a target is called"),
        ({"answers": []}, "targets.human_reply_3min.answers: somebody"),
        ({"starts": []}, "targets.human_reply_3min.starts: some kind"),
        ({"pass_line": 80}, "targets.human_reply_3min.pass_line: is a share"),
        ({"pass_line": float("nan")}, "targets.human_reply_3min.pass_line: is a share"),
        ({"smallest": 0}, "targets.human_reply_3min.smallest: must be at least 1"),
    ],
)
def test_a_wrong_change_is_named(change, sentence):
    """What is wrong with a shop's change is said by its path."""
    with pytest.raises(DataError) as raised:
        platforms.load("pinduoduo", {"human_reply_3min": change})
    assert any(problem.startswith(sentence) for problem in raised.value.problems), raised.value.problems


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """Platform files may be written in a folder of the test's own."""
    monkeypatch.setattr(platforms, "_folder", lambda: tmp_path)
    platforms._table.cache_clear()
    yield tmp_path
    platforms._table.cache_clear()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id = ", "Invalid value"),
        ('id = "x"\nname = "x"\npacks = []\n', "domains: is missing"),
        ('id = "x"\nname = 5\npacks = "x"\ndomains = []\n', "name: Expected `str`, got `int`"),
        (
            'id = "x"\nname = "x"\npacks = []\ndomains = []\n[targets]\nname = "t"\n',
            "targets: must be a list of tables",
        ),
        ('id = "x"\nname = "x"\npacks = []\ndomains = []\n[[targets]]\nname = "t"\n', "targets[0].label: is missing"),
    ],
)
def test_a_broken_file_is_named(broken, text, sentence):
    """What is wrong with a platform's file is said with the file and the key."""
    (broken / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        platforms.load("x")
    assert all(problem.startswith("bot/platforms/x.toml: ") for problem in raised.value.problems)
    assert any(problem.startswith(f"bot/platforms/x.toml: {sentence}") for problem in raised.value.problems)


@given(st.integers(0, 86_400))
def test_times_of_day_are_read_back(second):
    """Every second of a day, and its end, is read from its own writing."""
    text = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    assert platforms.second_of_day(text) == second


@pytest.mark.parametrize(
    "text", ["", "8:00:00", "08:00", "08:60:00", "08:00:60", "24:00:01", "٠٨:00:00", "08:00:00 ", "-1:00:00"]
)
def test_what_is_no_time_of_day(text):
    """Anything else is no time of day."""
    assert platforms.second_of_day(text) is None


@pytest.mark.parametrize(
    ("given", "seconds"), [((1800, 600), (1800, 600)), ((0.5, 600, 0.05), (1800, 600, 180)), ((0.001,), (4,)), ((), ())]
)
def test_fractions_are_of_the_limit(given, seconds):
    """0.5 is half of the limit, in whole seconds; seconds and fractions mix, longest first."""
    assert platforms.leads(given, 3600) == seconds
    assert platforms.stage_mistakes(given, 3600) == []


@pytest.mark.parametrize("given", [(1.5,), (0.0,), (-0.5,), (float("nan"),), (0.05, 600), (0.5, 1800), (0.00001,)])
def test_what_is_no_fraction(given):
    """Fractions lie between 0 and 1, and what they come to is ordered and inside like any stage."""
    assert len(platforms.stage_mistakes(given, 3600)) == 1


@given(st.lists(st.integers(-5, 200), max_size=4))
def test_stages_are_ordered_and_inside(stages):
    """Stages are right exactly when each lies between 0 and the limit and they fall."""
    right = all(0 < stage < 180 for stage in stages) and stages == sorted(set(stages), reverse=True)
    assert (platforms.stage_mistakes(tuple(stages), 180) == []) == right
