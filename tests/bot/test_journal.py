"""The log is lines, of text or of JSON, whatever happens; and nobody's words stand in it."""

from __future__ import annotations

import json
import logging
import re

import pytest
from running import serving

from bot.web.journal import JSONLines


@pytest.mark.parametrize("message", ["fine", "two\nlines", "\x00\ud800", "%s"])
def test_a_record_is_one_line_of_json(message):
    """With what it says beside its message, and a traceback where there is one."""
    log = logging.getLogger("bot.test")
    try:
        raise ValueError("broken\nhere")
    except ValueError as error:
        given = (type(error), error, error.__traceback__)
        extra = {"action": "failed", "shop": "demo", "odd": object}
        record = log.makeRecord("bot.test", logging.ERROR, __file__, 1, message, (), given, extra=extra)
    try:
        line = JSONLines().format(record)
    except UnicodeEncodeError:
        pytest.fail("a lone surrogate is no reason to lose a line")
    assert "\n" not in line
    said = json.loads(line)
    assert (said["level"], said["logger"], said["action"], said["shop"]) == ("error", "bot.test", "failed", "demo")
    assert "ValueError: broken" in said["error"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", said["at"])


def test_a_server_writes_json_where_the_config_says_so(tmp_path):
    """Every line on stderr is an object, to the last one."""
    (tmp_path / "config.toml").write_text(
        '[server]\nlog = "json"\n[[shops]]\nid = "a"\nlibrary = ["a.toml"]\n'
        'webhook_secrets = ["env:SECRET"]\ntoken = "env:TOKEN"\n',
        encoding="utf-8",
    )
    script = 'group = "x"\n[[scripts]]\nid = "a.b"\ntitle = "x"\nphrasings = ["在吗在吗"]\ntext = "在的"\n'
    (tmp_path / "a.toml").write_text(script, encoding="utf-8")
    known = {"SECRET": "whsec_" + "QUJD" * 8, "TOKEN": "a-token-long-enough"}
    with serving("--config", str(tmp_path / "config.toml"), **known) as server:
        import socket

        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
            raw.sendall("悄悄话\r\n\r\n".encode())
            assert b" 400 " in raw.recv(100)
        code, said = server.stop()
    assert code == 0
    lines = [json.loads(line) for line in said.decode().splitlines()]
    assert [line["action"] for line in lines if line["message"] == "unreadable request"] == ["refused"]
    assert "悄悄话" not in said.decode()
