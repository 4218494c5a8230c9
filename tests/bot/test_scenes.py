"""Every scene in tests/scenes plays as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import platforms
from bot.scene import Play
from bot.scenefile import load

SCENES = sorted((Path(__file__).parents[1] / "scenes").glob("*.toml"))


@pytest.mark.parametrize("file", SCENES, ids=lambda file: file.stem)
def test_scene(file, shop_on):
    """What a scene expects is what the engine tells, no more and no less."""
    scene = load(file)
    assert Play(scene, shop_on(scene.platform), lambda _shown: None).run() == []


def test_every_case_has_a_scene():
    """The cases of tests/scenes/README.md and those that scenes say they cover are the same; none is forgotten."""
    page = SCENES[0].with_name("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| .+ \|$", page, re.MULTILINE)
    cases = [row for row in rows if row not in ("case", "---")]
    assert len(cases) == len(set(cases)) > 35
    assert {case for file in SCENES for case in load(file).covers} == set(cases)


def test_every_platform_and_target_has_a_scene():
    """Each target that a platform's file has is shown by a scene of that platform."""
    for platform in platforms.names():
        scenes = [scene for scene in map(load, SCENES) if scene.platform == platform]
        shown = {name for scene in scenes for name in scene.rates}
        known = {target.name for target in platforms.load(platform).targets}
        assert known <= shown, f"{platform}: {known - shown}"


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
