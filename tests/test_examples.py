"""What the examples for operators call is there, with the options that they give it."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import tomllib

import click
import pytest
from running import ROOT

from bot import cli
from bot.web import probes

UNIT = ROOT / "examples" / "kuaihui.service"
CONTAINER = ROOT / "examples" / "Containerfile"


def unit() -> dict[str, list[str]]:
    """What stands under [Service], each key with all its values."""
    read = configparser.RawConfigParser(strict=False, delimiters=("=",))
    read.optionxform = str
    read.read_string(UNIT.read_text(encoding="utf-8"))
    assert read.sections() == ["Unit", "Service", "Install"]
    lines = re.findall(r"^([A-Za-z]+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    return {key: [value for name, value in lines if name == key] for key, _ in lines}


def asks(words: list[str]) -> None:
    """Is this a command of ours with options that it has?"""
    command = cli.main.commands[words[0]]
    assert isinstance(command, click.Command)
    command.make_context(words[0], words[1:])  # raises for what does not exist


def test_the_unit_runs_our_commands():
    """Both commands of the unit exist, and their options too; it checks the config before it serves."""
    service = unit()
    (start,), (before,) = service["ExecStart"], service["ExecStartPre"]
    for line in (start, before):
        program, *words = shlex.split(line)
        assert program.endswith("/.venv/bin/kuaihui")
        asks(words)
    assert shlex.split(before)[1] == "check"
    assert service["KillSignal"] == ["SIGTERM"]
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


def test_the_unit_is_hardened():
    """It runs as nobody in particular, writes its own folder alone, and has no rights beyond."""
    service = unit()
    wanted = {"DynamicUser": "yes", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "UMask": "0077"}
    assert {key: service[key][0] for key in wanted} == wanted
    assert service["CapabilityBoundingSet"] == [""]
    (start,) = service["ExecStart"]
    assert f"/var/lib/{service['StateDirectory'][0]}" in start


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_knows_every_key(tmp_path):
    """The system finds no fault with the unit but that the program is not installed where it says."""
    copy = tmp_path / UNIT.name
    text = re.sub(r"/opt/kuaihui/\.venv/bin/kuaihui", shutil.which("true") or "", UNIT.read_text(encoding="utf-8"))
    copy.write_text(text, encoding="utf-8")
    said = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert not [line for line in said.stderr.splitlines() if "Unknown" in line or "Failed to parse" in line]


def test_the_container_runs_our_command():
    """It copies what the package is made of, asks a route that exists, and starts a command with options it has."""
    text = CONTAINER.read_text(encoding="utf-8")
    (start,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    asks(json.loads(start))
    assert json.loads(re.findall(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)[0]) == ["kuaihui"]
    (route,) = re.findall(r"127\.0\.0\.1:8787(/\w+)'", text)
    assert route in json.loads(probes.document())["paths"]
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert all(f"COPY {name} /src/{name}\n" in text for name in packages["packages"])
    assert re.search(r"^USER kuaihui$", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)$", text, re.MULTILINE) == ["python:3.12-slim"]
