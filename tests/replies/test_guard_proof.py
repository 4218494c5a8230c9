"""What was proved with these packs and this code is not proved again; anything else is."""

import ast
import shutil
from pathlib import Path

import pytest

from replies import DataError, guard_proof, policy
from replies.text import WORDS


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A list of proofs of our own, that names the common pack alone."""
    proof = tmp_path / "proved.tsv"
    proof.write_text(f"any\t{guard_proof.key(policy.packs('any'))}\n", encoding="utf8")
    monkeypatch.setattr(guard_proof, "PROOF", proof)
    guard_proof._proved.cache_clear()
    yield proof
    guard_proof._proved.cache_clear()


@pytest.fixture
def proving(monkeypatch):
    """The ids of the packs that are proved from now on."""
    seen = []
    monkeypatch.setattr(policy, "prove", lambda packs: seen.append(packs[-1].id) or [])
    return seen


@pytest.mark.usefixtures("listed")
def test_a_listed_pack_is_not_proved_again(proving):
    """The common pack is listed and taken as proved, that of a platform is not; asked afresh, both are proved."""
    policy.packs("jd")
    assert proving == ["jd"]
    policy.packs("jd", afresh=True)
    assert proving == ["jd", "common", "jd"]


@pytest.mark.parametrize("text", ["", "any\n", "any\tfffe\n", "\udcff"])
def test_an_old_or_broken_list_proves_nothing(listed, proving, text):
    """A list without the key, or one that cannot be read, leaves every pack to be proved."""
    listed.write_bytes(text.encode(errors="surrogateescape"))
    policy.packs("any")
    assert proving == ["common"]


def test_a_missing_list_proves_nothing(listed, proving):
    """Without a list every pack is proved."""
    listed.unlink()
    policy.packs("any")
    assert proving == ["common"]


@pytest.mark.usefixtures("listed")
def test_a_changed_pack_is_proved(tmp_path):
    """A rule whose example does not hold is refused, though the packs it was added to are listed."""
    folder = tmp_path / "policies"
    shutil.copytree(policy.FOLDER, folder)
    common = folder / "common.toml"
    text = common.read_text(encoding="utf8")
    first = text.index("passes = [") + len("passes = [")
    common.write_text(f'{text[:first]}"加我微信 abc88990", {text[first:]}', encoding="utf8")
    with pytest.raises(DataError):
        policy.packs("any", folder)


def test_the_key_covers_all_that_decides():
    """Every module the guard imports, and every file of words those name, is part of the key."""
    covered = set(guard_proof.code())
    home = Path(guard_proof.__file__).parent
    words = {path.name for path in WORDS.iterdir()}
    todo, seen = [home / "policy.py"], set()
    while todo:
        path = todo.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("replies"):
                inner = (node.module or "").replace("replies", "", 1).strip(".")
                todo += [home / f"{inner or alias.name}.py" for alias in node.names]
            elif isinstance(node, ast.Constant) and node.value in words:
                seen.add(WORDS / node.value)
    assert len(seen) > 20
    assert seen <= covered
