"""I open the encrypted callbacks of 企业微信: signature, AES-CBC and XML, as its documentation of the scheme has them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING
from xml.parsers import expat

import msgspec

from bot.errors import BadPayload, BadSignature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARK = "msg_signature"  # the parameter of the address that holds the signature
KEY_CHARACTERS, RANDOM, LENGTH, BLOCK, PADDED = 43, 16, 4, 16, 32


class Key(msgspec.Struct, frozen=True):
    """What the console of 企业微信 shows for one callback: Token, EncodingAESKey (decoded), and who receives it."""

    token: str
    aes: bytes
    receiver: str

    def __repr__(self) -> str:
        """Without secrets."""
        return "Key()"


def key(text: str) -> Key:
    """A secret is `Token EncodingAESKey CorpID`, apart by blanks or lines; ValueError says what is wrong with it."""
    try:
        import cryptography  # noqa: F401, PLC0415 - an optional part: only who has this callback needs it
    except ImportError as error:
        raise ValueError("needs the optional part: pip install 'kuaihui[wecom]'") from error
    parts = text.split()
    if len(parts) != 3:
        raise ValueError("must be Token, EncodingAESKey and CorpID, apart by blanks")
    token, written, receiver = parts
    try:
        aes = base64.b64decode(written + "=", validate=True) if len(written) == KEY_CHARACTERS else b""
    except (binascii.Error, ValueError):
        aes = b""
    if len(aes) != 32:
        raise ValueError(f"the EncodingAESKey has {KEY_CHARACTERS} letters and digits")
    return Key(token, aes, receiver)


def greeting(query: Mapping[str, str], keys: Sequence[Key]) -> bytes:
    """What must be answered when the console tries the address: the plain text of `echostr`. Raises BadSignature."""
    return _believed(query, query.get("echostr", ""), keys)


def opened(query: Mapping[str, str], body: bytes, keys: Sequence[Key]) -> bytes:
    """The plain callback as one JSON object of its fields. Raises BadSignature, and BadPayload for what is no XML."""
    plain = _believed(query, fields(body).get("Encrypt", ""), keys)
    return msgspec.json.encode(fields(plain))


def _believed(query: Mapping[str, str], sealed: str, keys: Sequence[Key]) -> bytes:
    sealed = "".join(sealed.split())
    given, stamp, nonce = (query.get(name, "") for name in (MARK, "timestamp", "nonce"))
    if not (given and stamp and nonce and sealed):
        raise BadSignature("msg_signature, timestamp, nonce and something encrypted are needed")
    seen = given.lower().encode("utf-8", "surrogatepass")
    for one in keys:
        content = "".join(sorted((one.token, stamp, nonce, sealed))).encode("utf-8", "surrogatepass")
        wanted = hashlib.sha1(content).hexdigest().encode()  # noqa: S324 - the scheme is theirs
        plain = _decrypted(one, sealed) if hmac.compare_digest(wanted, seen) else None
        if plain is not None:
            return plain
    raise BadSignature("msg_signature: fits none of the shop's secrets, or what is encrypted is for somebody else")


def _decrypted(one: Key, sealed: str) -> bytes | None:
    """The message in random(16) + length(4, big-endian) + message + receiver, padded to 32 bytes by PKCS #7.

    None for what is not that: two keys may share their token while they are changed.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - see key()

    try:
        data = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data or len(data) % BLOCK:
        return None
    decryptor = Cipher(algorithms.AES(one.aes), modes.CBC(one.aes[:BLOCK])).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    padding = plain[-1]
    length = int.from_bytes(plain[RANDOM : RANDOM + LENGTH], "big")
    end = RANDOM + LENGTH + length
    whole = 1 <= padding <= PADDED and plain.endswith(bytes([padding]) * padding)
    ours = whole and plain[end : len(plain) - padding] == one.receiver.encode()
    return plain[RANDOM + LENGTH : end] if ours else None


def fields(xml: bytes) -> dict[str, str]:
    """The elements inside the outermost one, by name, with their text. Raises BadPayload.

    A document type is refused: without one there are no entities to expand, neither long ones nor foreign files.
    """
    found: dict[str, str] = {}
    open_elements: list[str] = []

    def begin(name: str, _attributes: dict[str, str]) -> None:
        open_elements.append(name)
        if len(open_elements) == 2:
            found[name] = ""

    def text(data: str) -> None:
        if len(open_elements) == 2:
            found[open_elements[1]] += data

    def doctype(*_: object) -> None:
        raise BadPayload("the XML must not declare a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler = begin, text
    parser.EndElementHandler = lambda _name: open_elements.pop()
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(xml, True)  # noqa: FBT003 - expat's own: this is all of it
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadPayload(f"the body is not XML: {error}") from error
    return found
