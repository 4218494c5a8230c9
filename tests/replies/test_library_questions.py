"""The library that ships, asked questions it has never seen."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import replies
from replies import library, lint, meaning
from replies.match import Matcher

if TYPE_CHECKING:
    from replies.library import Library

QUESTIONS = tomllib.loads((Path(__file__).parent / "library_questions.toml").read_text(encoding="utf-8"))["questions"]
SCRIPTS = Path(replies.__file__).parent / "scripts"


@pytest.fixture(scope="module")
def shipped() -> Library:
    """The scripts that ship."""
    return library.load([SCRIPTS])


def found(matcher: Matcher) -> tuple[float, float, float, float]:
    """R@1, R@3, and the share of answerable and of unanswerable questions that show anything."""
    places, shown = [], {True: [], False: []}
    for question in QUESTIONS:
        ranking = matcher.rank([question["text"]])
        ids = [each.script for each in (*ranking.shown, *ranking.below)]
        shown[bool(question["script"])].append(bool(ranking.shown))
        if question["script"]:
            places.append(ids.index(question["script"]) if question["script"] in ids else 99)
    rates = [sum(each) / len(each) for each in (shown[True], shown[False])]
    return sum(at < 1 for at in places) / len(places), sum(at < 3 for at in places) / len(places), rates[0], rates[1]


def test_questions_find_their_script(shipped: Library) -> None:
    """Letters alone put the right script first for seven of ten held-out questions, and among three for nine of ten."""
    first, third, answered, disturbed = found(Matcher(shipped))
    assert first >= 0.7
    assert third >= 0.87
    assert answered >= 0.9
    assert disturbed <= 0.5


def test_meaning_finds_more(shipped: Library, tmp_path: Path) -> None:
    """With sentence vectors more of them are found, and less is shown for what has no answer."""
    vectors = meaning.load(tmp_path)
    if vectors is None:
        pytest.skip("the extra `semantic` is not installed")
    first, third, answered, disturbed = found(Matcher(shipped, vectors))
    assert first >= 0.77
    assert third >= 0.93
    assert answered >= 0.9
    assert disturbed <= 0.4


def test_shipped_scripts_have_no_error(shipped: Library) -> None:
    """No script that ships has an unknown variable, a taken shortcut or another script's phrasing."""
    assert [str(each) for each in lint.problems(shipped) if each.level == "error"] == []
