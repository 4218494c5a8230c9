"""The guard against lines kept as data."""

import tomllib
from functools import cache
from pathlib import Path

import pytest

from replies import guard, policy

HERE = Path(__file__).parent / "guard"


@cache
def guarding(platform):
    """The guard of a platform, made once."""
    return guard.Guard(policy.packs(platform))


def lines():
    """(wanted, platform, messages) of every line in the data files."""
    for path in sorted(HERE.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf8"))
        if "cases" in table:
            continue  # the adversary's: measured as they are, not all of them held
        for wanted, groups in table.items():
            for group in groups:
                for messages in [[line] for line in group.get("lines", ())] + group.get("messages", []):
                    yield pytest.param(
                        wanted, group.get("platform", "any"), messages, id=f"{wanted} {' / '.join(messages)}"
                    )


@pytest.mark.parametrize(("wanted", "platform", "messages"), list(lines()))
def test_line_gets_its_verdict(wanted, platform, messages):
    """Each line of the data gets the verdict it stands under; `caught` is a warning or more."""
    verdict = guarding(platform).check(messages)
    told = f"{verdict.verdict}: {[(f.rule, f.excerpt) for f in verdict.findings]}"
    if wanted == "caught":
        assert verdict.verdict != "allow", told
    else:
        assert verdict.verdict == wanted, told
