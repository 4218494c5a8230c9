"""Lint: what a curator should know before a buyer does."""

from __future__ import annotations

from replies import lint
from replies.library import Script, Valid, build

MANY = ("多久能发出", "今天能寄出来吗", "几号发", "现在下单哪天发", "还没发吗", "怎么还不发")


def told(*scripts: Script, **options: object) -> list[tuple[str, str, str]]:
    """Level, script and field of every problem found."""
    return [(each.level, each.script, each.field) for each in lint.problems(build(scripts), **options)]  # type: ignore[arg-type]


def test_a_good_script_has_no_problem() -> None:
    """Enough phrasings, known blanks, no twin: nothing to say."""
    assert told(Script(id="ship", title="什么时候发货", text="{ship_by}前发出。", phrasings=MANY)) == []


def test_unknown_variable() -> None:
    """A blank that no conversation can fill is an error."""
    assert ("error", "a", "text") in told(Script(id="a", title="题", text="{nosuch}", phrasings=MANY))


def test_twins() -> None:
    """The same phrasing in two scripts is an error at the later one; the same meaning, and twins within one, are advice."""
    first = Script(id="a", title="什么时候发货", text="一", phrasings=MANY)
    same = Script(
        id="b", title="题", text="二", phrasings=("多久能发出呀", *("问法甲", "乙说法", "丙怎讲", "丁如此", "戊那般"))
    )
    near = Script(id="c", title="何时发货", text="三", phrasings=("啥时候发货", "己说", "庚讲", "辛问", "壬答", "癸论"))
    found = told(first, same, near)
    assert ("error", "b", "phrasings") in found
    assert found.count(("advice", "c", "phrasings")) == 1
    assert not [each for each in found if each[1] == "a"]
    twin = Script(id="d", title="题", text="四", phrasings=("啥时候到货", "什么时候到货", *MANY))
    assert told(twin) == [("advice", "d", "phrasings")]


def test_shortcut_taken_twice() -> None:
    """Both holders of one shortcut are named."""
    pair = [Script(id=name, title=name, text="x", phrasings=(f"{name}问", *MANY), shortcut="fh") for name in ("a", "b")]
    assert [each for each in told(*pair) if each[2] == "shortcut"] == [
        ("error", "a", "shortcut"),
        ("error", "b", "shortcut"),
    ]


def test_too_few_too_long_too_late() -> None:
    """Few phrasings, an answer nobody reads to the end, and a season long past are worth a look."""
    script = Script(id="a", title="题", text="长" * 501, phrasings=("一问",), valid=Valid(last="2026-01-01"))
    assert told(script, day="2026-02-01") == [
        ("advice", "a", "text"),
        ("advice", "a", "phrasings"),
        ("advice", "a", "valid"),
    ]
    assert ("advice", "a", "valid") not in told(script)


def test_forbidden_asks_for_every_wording_where_it_is_offered() -> None:
    """Each wording is checked on each platform the script is offered on, and the reason is passed on."""
    asked = []

    def forbidden(text: str, platform: str) -> list[str]:
        asked.append((text, platform))
        return ["不行"] if text == "乙" else []

    script = Script(id="a", title="题", text="甲", alternatives=("乙",), phrasings=MANY, not_on=("jd",))
    problems = lint.problems(build([script]), forbidden=forbidden, platforms=("jd", "taobao"))
    assert asked == [("甲", "taobao"), ("乙", "taobao")]
    assert [each.field for each in problems] == ["alternatives[0]"]
    assert "不行" in str(problems[0])


def test_a_reason_is_said_once_with_all_platforms() -> None:
    """A wording that no platform lets through is one line that names them, not one line each."""
    script = Script(id="a", title="题", text="甲", phrasings=MANY)
    problems = lint.problems(build([script]), forbidden=lambda *_: ["不行"], platforms=("jd", "taobao"))
    assert [each.message for each in problems] == ["不能这样发：不行（jd、taobao）"]


def test_stray_phrasing_is_named() -> None:
    """A phrasing that another script would surely answer first is worth a look; one that fits its own is not."""
    ship = Script(id="ship", title="什么时候发货", text="一", phrasings=MANY)
    back = Script(id="back", title="怎么退货", text="二", phrasings=("我要退货", "想退掉", "现在下单几号发出"))
    found = lint.strays(build([ship, back]))
    (stray,) = [each for each in found if each.script == "back"]
    assert "「现在下单几号发出」会先找到 ship" in stray.message
