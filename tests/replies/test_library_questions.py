"""The library that ships, asked questions it has never seen."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import replies
from replies import library, lint, meaning
from replies.match import Matcher

if TYPE_CHECKING:
    from replies.library import Library

HERE = Path(__file__).parent
QUESTIONS = tomllib.loads((HERE / "library_questions.toml").read_text(encoding="utf-8"))["questions"]
FRESH = tomllib.loads((HERE / "library_questions_fresh.toml").read_text(encoding="utf-8"))["questions"]
SCRIPTS = Path(replies.__file__).parent / "scripts"


@pytest.fixture(scope="module")
def shipped() -> Library:
    """The scripts that ship."""
    return library.load([SCRIPTS])


def found(matcher: Matcher, questions: list[dict[str, str]]) -> tuple[float, float, float, float]:
    """R@1, R@3, and the share of answerable and of unanswerable questions that show anything."""
    places, shown = [], {True: [], False: []}
    for question in questions:
        ranking = matcher.rank(question["text"].split("\n"))
        shown[bool(question["script"])].append(bool(ranking.shown))
        if question["script"]:
            ids = [each.script for each in (*ranking.shown, *ranking.below)]
            places.append(ids.index(question["script"]) if question["script"] in ids else 99)
    rates = [sum(each) / len(each) for each in (shown[True], shown[False])]
    return sum(at < 1 for at in places) / len(places), sum(at < 3 for at in places) / len(places), rates[0], rates[1]


def test_questions_find_their_script(shipped: Library) -> None:
    """Letters alone put the right script first for seven of ten questions of its author, and among three for nine."""
    first, third, answered, disturbed = found(Matcher(shipped), QUESTIONS)
    assert first >= 0.7
    assert third >= 0.87
    assert answered >= 0.8
    assert disturbed <= 0.35


def test_meaning_finds_more(shipped: Library, tmp_path: Path) -> None:
    """With sentence vectors more of them are found, and less is shown for what has no answer."""
    vectors = meaning.load(tmp_path)
    if vectors is None:
        pytest.skip("the extra `semantic` is not installed")
    first, third, answered, disturbed = found(Matcher(shipped, vectors), QUESTIONS)
    assert first >= 0.77
    assert third >= 0.93
    assert answered >= 0.85
    assert disturbed <= 0.35


def test_a_second_hand_is_answered(shipped: Library) -> None:
    """Questions by someone who never saw the phrasings, and that no weight was fitted to, find their script too."""
    first, third, answered, disturbed = found(Matcher(shipped), FRESH)
    assert first >= 0.85
    assert third >= 0.94
    assert answered >= 0.9
    assert disturbed <= 0.38


def test_every_script_is_asked_for_by_a_second_hand(shipped: Library) -> None:
    """The fresh questions cover the library, and none asks for a script that is gone."""
    asked = {question["script"] for question in FRESH if question["script"]}
    assert asked == {script.id for script in shipped.scripts}


@pytest.mark.parametrize(
    "asked", ["能退吗", "可以退吗", "能不能退", "不合适能退吗", "不喜欢可以退吗", "能退货吗", "能退不"]
)
def test_a_bare_question_whether_it_can_go_back(shipped: Library, asked: str) -> None:
    """Who asks without more whether he can return is told of the seven days before any exception."""
    assert Matcher(shipped).rank([asked]).shown[0].script == "returns.seven_days"


def test_own_questions_ask_for_scripts_that_exist(shipped: Library) -> None:
    """A script that was merged or renamed takes its questions along."""
    ids = {script.id for script in shipped.scripts}
    assert [question for question in QUESTIONS if question["script"] not in ids | {""}] == []


def test_fresh_questions_are_never_fitted() -> None:
    """The fitting tool refuses the file that is for measuring."""
    pytest.importorskip("numpy")
    root = HERE.parents[1]
    pair = f"{SCRIPTS}={HERE / 'library_questions_fresh.toml'}"
    ran = subprocess.run(
        [sys.executable, root / "tools" / "fit_weights.py", pair], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "measuring only" in ran.stderr


def test_no_fresh_question_is_a_phrasing(shipped: Library) -> None:
    """No one has copied a fresh question into the library: that would make its figures worthless."""
    held = {text for script in shipped.scripts for text in script.questions()}
    assert [question["text"] for question in FRESH if question["text"] in held] == []


def test_shipped_scripts_have_no_error(shipped: Library) -> None:
    """No script that ships has an unknown variable, a taken shortcut or another script's phrasing."""
    assert [str(each) for each in lint.problems(shipped) if each.level == "error"] == []
