"""Filling blanks: what is known goes in, what is not stays visible."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from replies import fill


def test_filled_and_missing() -> None:
    """Known blanks are filled; an unknown or empty one stays as {name} and is named once."""
    text, missing = fill.fill(
        "订单{order_id}由{courier}送出，{courier}单号{tracking}。", {"order_id": "7", "courier": " "}
    )
    assert text == "订单7由{courier}送出，{courier}单号{tracking}。"
    assert missing == ("courier", "tracking")


def test_label_and_doubled_braces_are_blanks() -> None:
    """A blank may be written by its Chinese label or with doubled braces, and is still one variable."""
    label = fill.variables()["order_id"].label
    text, missing = fill.fill(f"{{{{order_id}}}} {{{label}}}", {})
    assert (text, missing) == ("{order_id} {order_id}", ("order_id",))
    assert fill.fill(f"{{{{order_id}}}} {{{label}}}", {"order_id": "7"}) == ("7 7", ())


def test_variables_are_described() -> None:
    """Every variable has a label and an example, and labels are not shared."""
    listed = fill.variables().values()
    assert all(each.label and each.example for each in listed)
    assert len({each.label for each in listed}) == len(listed)


@given(st.text(), st.dictionaries(st.sampled_from(["order_id", "courier"]), st.text()))
def test_nothing_is_guessed(value: str, context: dict[str, str]) -> None:
    """A value goes in as it is, even if it looks like a blank; missing names exactly what the context lacks."""
    text, missing = fill.fill("{order_id}|{courier}", context)
    assert set(missing) == {name for name in ("order_id", "courier") if not context.get(name, "").strip()}
    if "order_id" not in missing:
        assert text.startswith(context["order_id"].strip())
    assert fill.fill(value.replace("{", ""), context) == (value.replace("{", ""), ())
