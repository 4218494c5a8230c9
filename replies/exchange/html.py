"""I read the HTML of other tools' replies as plain text."""

from __future__ import annotations

import html
import re

_BREAK = re.compile(r"<br\s*/?>|</(?:div|p|li)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def plain_text(content: str) -> str:
    """Breaks become lines, other tags nothing."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", content))).strip()
