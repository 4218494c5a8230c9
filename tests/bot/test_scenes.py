"""Every scene in tests/scenes plays as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.scene import Play, load

SCENES = sorted((Path(__file__).parents[1] / "scenes").glob("*.toml"))


@pytest.mark.parametrize("file", SCENES, ids=lambda file: file.stem)
def test_scene(file, shop_on):
    """What a scene expects is what the engine tells, no more and no less."""
    scene = load(file)
    assert Play(scene, shop_on(scene.platform), lambda _shown: None).run() == []


def test_a_wrong_expectation_is_noticed(shop, tmp_path):
    """A scene that expects what does not happen says so."""
    file = tmp_path / "wrong.toml"
    file.write_text(
        'title = "x"\nstart = "2026-11-21T09:00:00+08:00"\n'
        'steps = [{ at = 0, buyer = "在吗" }, { at = 10, expect = [{ type = "deadline.missed" }], suggest = "no.such" }]\n'
        "[rates.effective_reply_1h]\npopulation = 7\n",
        encoding="utf-8",
    )
    wrong = Play(load(file), shop, lambda _shown: None).run()
    assert len(wrong) == 3
