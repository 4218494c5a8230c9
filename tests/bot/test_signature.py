"""Who signs as Standard Webhooks 1.0.0 has it is believed, and nobody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bot import signature
from bot.errors import BadSignature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEXT_SECRET = "whsec_" + "YSBzZWNvbmQga2V5IG9mIHRoaXJ0eSBieXRlcw=="
NOW = 1_614_265_330
BODY = b'{"test": 2432232314}'


def headers(*, secret: str = SECRET, identity: str = "msg_1", stamp: int = NOW, body: bytes = BODY) -> dict[str, str]:
    """Made by the package that others sign with."""
    given = Webhook(secret).sign(identity, datetime.fromtimestamp(stamp, UTC), body.decode())
    return {"webhook-id": identity, "webhook-timestamp": str(stamp), "webhook-signature": given}


def verified(
    given: dict[str, str], *, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), now: float = NOW
) -> str:
    """The id of a request that is believed."""
    return signature.verify(given, body, [signature.secret(secret) for secret in secrets], [now])


def test_the_published_vector():
    """The example of the specification is signed with the very same letters."""
    key, identity = signature.secret(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek"
    made = signature.sign(key, identity, NOW, BODY)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    given = {"webhook-id": identity, "webhook-timestamp": str(NOW), "webhook-signature": made}
    assert verified(given) == identity


@given(body=st.text(st.characters(exclude_categories=["Cs"])), identity=st.from_regex(r"[!-~]{1,64}", fullmatch=True))
def test_what_the_package_signs_is_believed(body, identity):
    """Any text as body, any visible ASCII as id."""
    raw = body.encode()
    assert verified(headers(identity=identity, body=raw), body=raw) == identity


@given(body=st.text(st.characters(exclude_categories=["Cs"])), stamp=st.integers(1, 2**33))
def test_what_we_sign_the_package_believes(body, stamp):
    """Our signature is the package's own, letter by letter."""
    raw = body.encode()
    ours = signature.sign(signature.secret(SECRET), "evt_1", stamp, raw)
    assert ours == headers(identity="evt_1", stamp=stamp, body=raw)["webhook-signature"]


@given(at=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_one_changed_byte_is_noticed(at, flip):
    """The signature covers each byte of the body."""
    changed = bytearray(BODY)
    changed[at] ^= flip
    with pytest.raises(BadSignature):
        verified(headers(), body=bytes(changed))


def test_the_raw_bytes_are_signed():
    """Chinese letters and their escapes are the same JSON, but not the same bytes; nor is a newline at the end."""
    plain = json.dumps({"text": "什么时候发货"}, ensure_ascii=False).encode()
    escaped = json.dumps({"text": "什么时候发货"}).encode()
    assert json.loads(plain) == json.loads(escaped)
    assert verified(headers(body=plain), body=plain)
    assert verified(headers(body=escaped), body=escaped)
    for other in (escaped, plain + b"\n"):
        with pytest.raises(BadSignature):
            verified(headers(body=plain), body=other)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("empty", [True, False])
def test_each_header_is_needed(name, empty):
    """A request without one of the three headers, or with an empty one, is refused by that header's name."""
    given = headers()
    if empty:
        given[name] = ""
    else:
        del given[name]
    with pytest.raises(BadSignature, match=name):
        verified(given)


@pytest.mark.parametrize(
    "stamp", ["hello", "1614265330.5", "-1614265330", "１６１４２６５３３０", " 1614265330", "1" * 400]
)
def test_a_timestamp_is_a_whole_number(stamp):
    """What is not plain unix seconds is refused, however long."""
    with pytest.raises(BadSignature, match="webhook-timestamp"):
        verified(headers() | {"webhook-timestamp": stamp})


@pytest.mark.parametrize("fraction", [0.0, 0.999])
@pytest.mark.parametrize("off", [-300, 300])
def test_five_minutes_are_taken(off, fraction):
    """300 seconds old or early is in time, at any fraction of the present second."""
    assert verified(headers(stamp=NOW + off), now=NOW + fraction)


@pytest.mark.parametrize("off", [-301, 301])
def test_a_second_more_is_not(off):
    """301 seconds old or early is stale."""
    with pytest.raises(BadSignature, match="301 s off"):
        verified(headers(stamp=NOW + off))


def test_a_stamp_cannot_be_renewed():
    """The timestamp is signed: a stale request does not become fresh by a new header."""
    with pytest.raises(BadSignature, match="no signature fits"):
        verified(headers(stamp=NOW - 900) | {"webhook-timestamp": str(NOW)})


def test_an_id_cannot_be_changed():
    """The id is signed too."""
    with pytest.raises(BadSignature, match="no signature fits"):
        verified(headers() | {"webhook-id": "msg_2"})


def test_one_good_signature_among_others_is_enough():
    """Other versions and other keys' signatures do not matter beside one that fits."""
    good = headers()["webhook-signature"]
    other = headers(secret=NEXT_SECRET)["webhook-signature"]
    line = f"v1a,{good[3:]} v2,{good[3:]} v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {other} {good}"
    assert verified(headers() | {"webhook-signature": line})
    with pytest.raises(BadSignature):
        verified(headers() | {"webhook-signature": line.removesuffix(good)})


@pytest.mark.parametrize(
    "line", ["v1", "v1,", ",", " ", "v1a,x", "v1,\udcff", "v1,OA=", "V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3"]
)
def test_a_broken_signature_is_refused(line):
    """Half an entry, another version or bytes that are no text: refused, never an accident."""
    with pytest.raises(BadSignature):
        verified(headers() | {"webhook-signature": line})


@pytest.mark.parametrize("identity", ["\udcff", "msg\x00", "msg\r\nx"])
def test_an_id_is_readable(identity):
    """An id that no text can hold is refused before anything is computed from it."""
    with pytest.raises(BadSignature, match="webhook-id"):
        verified(headers() | {"webhook-id": identity})


def test_secrets_rotate():
    """While a shop holds two secrets, each is believed; a third is not."""
    both = (NEXT_SECRET, SECRET)
    assert verified(headers(), secrets=both)
    assert verified(headers(secret=NEXT_SECRET), secrets=both)
    with pytest.raises(BadSignature):
        verified(headers(), secrets=(NEXT_SECRET,))


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET, NEXT_SECRET.rstrip("="), NEXT_SECRET.removeprefix("whsec_")])
def test_a_secret_may_be_padded_or_not(secret):
    """With or without padding and prefix it is the same key that the package takes."""
    assert verified(headers(secret=secret), secrets=(secret,))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_====", "whsec_????", "whsec_c2hvcnQ=", "whsec_" + "QUJD" * 22])
def test_an_impossible_secret_is_refused(secret):
    """Empty, not base64, shorter than 24 bytes or longer than 64: no key is made of it."""
    with pytest.raises(ValueError, match=r"base64|bytes"):
        signature.secret(secret)
