"""The encrypted callbacks of 企业微信 open with the right key alone; the published example does."""

from __future__ import annotations

import base64
from hashlib import sha1

import pytest
from living import TEN

from bot.adapters import wecom
from bot.errors import BadPayload, BadSignature

from .conftest import AES_KEY, FIXTURES

pytest.importorskip("cryptography", reason="the optional part `wecom` is not installed")

TOKEN, CORP = "QDG6eK", "wx5823bf96d3bd56c7"
PUBLISHED = f"{TOKEN} jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C {CORP}"
ECHO = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
    "echostr": "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
}
OURS = wecom.key(f"{TOKEN} {AES_KEY} wwexample0001")


def sealed(
    message: bytes, *, receiver: str = "wwexample0001", stamp: int = TEN, key: wecom.Key = OURS
) -> tuple[dict[str, str], bytes]:
    """The address's parameters and the body of a callback, made as the documentation says."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    plain = b"0123456789abcdef" + len(message).to_bytes(4, "big") + message + receiver.encode()
    padding = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key.aes), modes.CBC(key.aes[:16])).encryptor()
    encrypted = base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()
    query = {"timestamp": str(stamp), "nonce": "n-1"}
    content = "".join(sorted((key.token, query["timestamp"], query["nonce"], encrypted)))
    query["msg_signature"] = sha1(content.encode()).hexdigest()  # noqa: S324 - the tool signs so
    body = f"<xml><ToUserName><![CDATA[ww]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return query, body.encode()


def test_the_published_example():
    """The address check of the documentation opens to its number."""
    assert wecom.greeting(ECHO, [OURS, wecom.key(PUBLISHED)]) == b"1616140317555161061"


def test_a_callback_opens_to_its_fields():
    """What was sealed for us is read, whatever its length, Chinese included."""
    event = (FIXTURES / "wecom_callback" / "event.xml").read_bytes()
    for length in (0, 1, 15, 16, 31, 32, 200):
        query, body = sealed(event.replace(b"ENCexample", "令牌".encode() * length))
        told = wecom.opened(query, body, [OURS])
        assert b'"Event":"kf_msg_or_event"' in told
        assert f'"Token":"{"令牌" * length}"'.encode() in told


def test_what_is_not_for_us():
    """Another receiver, another key, a changed letter, a parameter missing: refused."""
    event = b"<xml><Event>e</Event></xml>"
    query, body = sealed(event)
    other = wecom.key(PUBLISHED)
    for wrong, with_body, keys in [
        (query, body, [other]),
        (query, body, []),
        (query | {"nonce": "n-2"}, body, [OURS]),
        (query | {"msg_signature": "\udcff"}, body, [OURS]),
        ({"msg_signature": query["msg_signature"]}, body, [OURS]),
        (query, b"<xml></xml>", [OURS]),
        (*sealed(event, receiver="wwother0000001"), [OURS]),
        (*sealed(event, key=wecom.Key(OURS.token, other.aes, OURS.receiver)), [OURS]),
    ]:
        with pytest.raises(BadSignature):
            wecom.opened(wrong, with_body, keys)


@pytest.mark.parametrize("encrypted", ["####", "QUJD", "", "QUJDREVGR0hJSktMTU5PUA=="])
def test_signed_nonsense(encrypted):
    """What is signed well and is no base64, no whole blocks or no message is refused, not crashed over."""
    query = {"timestamp": "1", "nonce": "2"}
    content = "".join(sorted((OURS.token, "1", "2", encrypted)))
    query["msg_signature"] = sha1(content.encode()).hexdigest()  # noqa: S324 - the tool signs so
    with pytest.raises(BadSignature):
        wecom.opened(query, f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode(), [OURS])


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
FOREIGN = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><Encrypt>&a;</Encrypt></xml>'


@pytest.mark.parametrize(
    "body", [BOMB, FOREIGN, b"", b"{}", b"<xml>", b"\xff", b"<a/><b/>", b'<?xml version="1.0" encoding="x"?><a/>']
)
def test_xml_is_read_without_entities(body):
    """A document type, and what is no XML, is refused before anything is expanded or fetched."""
    with pytest.raises(BadPayload):
        wecom.fields(body)


def test_only_the_fields_of_the_outermost_element():
    """Elements inside others do not pretend to be fields."""
    assert wecom.fields(b"<xml><A>1</A><B><A>2</A>3</B></xml>") == {"A": "1", "B": "3"}


@pytest.mark.parametrize("text", ["", TOKEN, f"{TOKEN} short corp", f"{TOKEN} {'!' * 43} corp", f"{TOKEN} {AES_KEY}"])
def test_a_key_is_three_parts(text):
    """Token, EncodingAESKey of 43 letters and digits, CorpID; anything else is said when the config is read."""
    with pytest.raises(ValueError, match=r"apart by blanks|43 letters"):
        wecom.key(text)


def test_keys_do_not_print():
    """What holds the key does not show it."""
    assert TOKEN not in repr(OURS)
