"""Secrets that are easy to guess or to read, and entrances for everybody, are named before the server is reached."""

from __future__ import annotations

import base64
import os
import secrets
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import run

from bot import weak

STRONG = {"SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), "TOKEN": secrets.token_urlsafe(24)}
SHOP = '[[shops]]\nid = "a"\nwebhook_secrets = ["env:SECRET"]\ntoken = "env:TOKEN"\n'


def found(folder, text: str, host: str = "192.0.2.1", **known: str) -> list[str]:
    """The warnings about a config."""
    file = folder / "config.toml"
    return [line.removeprefix(f"{file}: ") for line in weak.warnings(tomllib.loads(text), file, host, STRONG | known)]


@pytest.mark.parametrize(
    "token",
    ["a-token-long-enough", "aaaaaaaaaaaaaaaaaaaa", "abababababababababab", "MyShopPassword2024x", "1234567890123456"],
)
def test_what_is_easy_to_guess_is_named_where_others_come(tmp_path, token):
    """On an address that others reach it is a warning that does not show the secret; on this machine it is none."""
    (line,) = found(tmp_path, SHOP, TOKEN=token)
    assert line.startswith("shops[0].token: is easy to guess (")
    assert token not in line
    for host in weak.LOOPBACK:
        assert found(tmp_path, SHOP, host, TOKEN=token) == []


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=24, max_size=64))
def test_chance_is_never_more_than_the_truth(raw):
    """What a text seems to hold is at most eight bits a byte, and nothing where all are the same."""
    assert 0 <= weak.chance(raw) <= 8 * len(raw)
    assert weak.chance(raw[:1] * len(raw)) == 0


@pytest.mark.parametrize(
    "make", [lambda: secrets.token_urlsafe(24), lambda: secrets.token_hex(16), lambda: secrets.token_urlsafe(32)]
)
def test_what_a_machine_drew_is_strong(make):
    """Tokens as our own command and common tools make them are not warned of, but for words that chance has written."""
    drawn = [make() for _ in range(200)]
    assert sum(bool(weak.why(text)) for text in drawn) <= 2


def test_an_unsigned_entrance_is_named(tmp_path):
    """A hook that takes what anybody writes is one where others reach it."""
    text = SHOP + "[shops.adapters.generic]\nunsigned = true\n"
    (line,) = found(tmp_path, text)
    assert line.startswith("shops[0].adapters.generic.unsigned: ")
    assert found(tmp_path, text, "127.0.0.1") == []


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize(
    ("mode", "named"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o644, True)]
)
def test_a_secret_file_that_others_read_is_named(tmp_path, mode, named):
    """Wherever it is served."""
    (tmp_path / "t").write_text(STRONG["TOKEN"])
    (tmp_path / "t").chmod(mode)
    lines = found(tmp_path, SHOP.replace("env:TOKEN", "file:t"), "127.0.0.1")
    assert [("can be read by others" in line) for line in lines] == [True] * named


def test_check_says_so(tmp_path):
    """`check` exits 1 with each warning, and 0 where there is none; `serve` says the same as it starts."""
    file = tmp_path / "config.toml"
    file.write_text('[server]\nhost = "0.0.0.0"\n' + SHOP, encoding="utf-8")
    assert run("check", "--config", str(file), **STRONG).returncode == 0
    said = run("check", "--config", str(file), **STRONG | {"TOKEN": "password-password"})
    assert said.returncode == 1
    assert "警告" in said.stdout.decode()
    assert b"password-password" not in said.stdout
