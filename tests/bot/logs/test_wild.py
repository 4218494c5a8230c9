"""Whatever a file holds, every reader reads it or says in sentences what is wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import logs
from bot.deadline import Zone
from bot.logs.said import Role
from replies import DataError

ZONE = Zone("Asia/Shanghai")
FIXTURES = sorted((Path(__file__).parent / "fixtures").iterdir())
LIGHT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
PIECES = st.sampled_from(
    [
        "买家甲",
        "店:一",
        "2026-11-21",
        "10:00:05",
        "昨天",
        "上午",
        "(",
        ")",
        "【",
        "】",
        "[",
        "]",
        ":",
        "：",
        "顾客",
        "已读",
        "\n",
        "\n",
        "\n",
        ",",
        ";",
        "\t",
        '"',
        "会话,角色,内容,时间\n",
        "买家",
        "客服",
        "【处理结果】：",
        "\ufeff",
        "\x00",
        "\u2028",
        "\x85",
        "{",
        "}",
        "撤回了一条消息",
        "——",
    ]
)
KEYS = st.sampled_from(
    [
        "user",
        "chats",
        "sender",
        "text",
        "date",
        "time",
        "msgs",
        "msg",
        "content",
        "direction",
        "from_id",
        "to_id",
        "ret",
        "payload",
        "messages",
        "message_type",
        "id",
        "conversation",
        "conversation_id",
        "created_at",
        "private",
        "sender",
        "event",
        "turns",
        "role",
        "imgUrl",
        "exportTime",
        "content_attributes",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.just("10:00:05"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


def holds(folder: Path, data: bytes, **options: object) -> None:
    """Read or refused, each refusal beginning with the file's name."""
    file = folder / "any"
    file.write_bytes(data)
    problems: list[str] | None = None
    try:
        with logs.read([file], ZONE, exported=date(2026, 11, 22), **options) as log:
            assert all(one.id and one.conversation and one.role in get_args(Role) for one in log)
    except DataError as error:
        problems = error.problems
    assert problems is None or (problems and all(said.startswith(str(file)) for said in problems)), problems


@pytest.mark.parametrize("form", [None, *logs.FORMATS])
@LIGHT
@given(st.binary(max_size=80))
def test_any_bytes(tmp_path, form, data):
    """Bytes of no meaning."""
    holds(tmp_path, data, form=form)


@pytest.mark.parametrize("form", [None, "csv", "kunkeji", "qianniu-text"])
@LIGHT
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_of_such_pieces(tmp_path, form, text):
    """Pieces of what copied chats and tables hold, in any order, skipped or not."""
    holds(tmp_path, text.encode(), form=form)
    holds(tmp_path, text.encode(), form=form, skip_bad=True)


@pytest.mark.parametrize("form", [None, "chatwoot", "qianniu-json", "taobao", "jsonl"])
@LIGHT
@given(VALUES)
def test_any_json(tmp_path, form, value):
    """Documents with the right names and the wrong things under them."""
    holds(tmp_path, json.dumps(value).encode(), form=form)


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.name)
@LIGHT
@given(st.data())
def test_spoilt_fixtures(tmp_path, file, data):
    """Files as they should be, cut or with bytes that are not theirs."""
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    holds(tmp_path, whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 8)) :])
