"""I say what is wrong with an address to which something is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRINTABLE = re.compile(r"[!-~]+")  # what may stand in an address: names in other letters are written as xn--
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def mistakes(name: str, url: str) -> Iterator[str]:
    """A sentence that begins with `name`, if nothing could be sent there: no such port, no host, another scheme."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:  # a port that is no number or too large, or an address in brackets that is none
        yield f"{name}: must be an http or https address with a host and a port up to 65535"
        return
    if parts.scheme not in ("http", "https") or not host or port == 0 or not _PRINTABLE.fullmatch(url):
        yield f"{name}: must be an http or https address"
    elif ":" not in host and not _is_name(host):
        yield f"{name}: {host[:80]!r} is no name of a host"
    elif parts.username or parts.password:
        yield f"{name}: must not hold a user or password"
    elif parts.fragment:
        yield f"{name}: must not hold a #, which is never sent"


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
