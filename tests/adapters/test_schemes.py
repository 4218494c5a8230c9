"""Who signs as a tool does is believed, and nobody else; every published or computed vector holds."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha1

import pytest
from living import SECRETS, TEN

from bot import adapters
from bot.adapters import schemes
from bot.adapters.entrance import Entrance
from bot.adapters.schemes import Request, Signature
from bot.errors import BadSignature, Forbidden

CW_BODY = '{"id":118,"content":"什么时候发货","message_type":"incoming","event":"message_created"}'.encode()
CW_STAMP = 1_767_225_600
CW_GOOD = "sha256=0b7b1f59251d97ca5d7fc1852107e0ad3f49848c2ba13af3393cccddefde9c80"
CW_BODY_ONLY = "sha256=a2c5a75b0f0327599ecc59eada583450284ae1c3426c9d96838c802e6876b5b8"
DY_BODY = b'{"event":"verify_webhook","content":{"challenge":12345}}'
DY_GOOD = "b6472363c044ad874b07c0315e64dd3f79cd1914"


def believed(
    tool: str | Signature,
    body: bytes,
    headers: dict[str, str],
    *,
    secrets: tuple[str, ...] = ("cw_test_secret",),
    now: float = CW_STAMP,
    query: dict[str, str] | None = None,
) -> schemes.Opened:
    """The request, if one of the secrets signed it."""
    how = adapters.load(tool).signature if isinstance(tool, str) else tool
    request = Request({key.lower(): value for key, value in headers.items()}, query or {}, body)
    return schemes.verify(how, request, [schemes.key(how, secret) for secret in secrets], [now])


def chatwoot(signature: str = CW_GOOD, stamp: object = CW_STAMP, **more: str) -> dict[str, str]:
    return {"X-Chatwoot-Timestamp": str(stamp), "X-Chatwoot-Signature": signature, **more}


def test_the_vector_of_chatwoot():
    """The signature over time and raw body is believed, and the delivery's id is handed on."""
    headers = chatwoot(**{"X-Chatwoot-Delivery": "5f1c"})
    assert believed("chatwoot", CW_BODY, headers) == schemes.Opened("5f1c", CW_BODY)


@pytest.mark.parametrize(
    "headers",
    [
        chatwoot(CW_BODY_ONLY),
        chatwoot(CW_GOOD.removeprefix("sha256=")),
        chatwoot(CW_GOOD[:-1] + "1"),
        chatwoot(""),
        chatwoot("sha256="),
        chatwoot("sha1=" + CW_GOOD[7:47]),
        chatwoot("sha256=\udcff\udcfe"),
        chatwoot(stamp="hello"),
        chatwoot(stamp=""),
        chatwoot(stamp="-1767225600"),
        chatwoot(stamp="1767225600.0"),
        chatwoot(stamp="１７６７２２５６００"),
        chatwoot(stamp="9" * 400),
        {"X-Chatwoot-Signature": CW_GOOD},
        {"X-Chatwoot-Timestamp": str(CW_STAMP)},
        {},
    ],
)
def test_what_chatwoot_would_not_send(headers):
    """The body alone signed, a cut or foreign signature, a time that is none, a header missing: refused."""
    with pytest.raises(BadSignature):
        believed("chatwoot", CW_BODY, headers)


@pytest.mark.parametrize("off", [-301, -300, 300, 301])
def test_the_tolerance(off):
    """300 seconds either way are taken, 301 are not; fractions of the present do not count."""
    for fraction in (0.0, 0.9):
        if abs(off) > 300:
            with pytest.raises(BadSignature, match="301 s off"):
                believed("chatwoot", CW_BODY, chatwoot(), now=CW_STAMP + off + fraction)
        else:
            believed("chatwoot", CW_BODY, chatwoot(), now=CW_STAMP + off + fraction)


def test_raw_bytes_are_signed():
    """The same JSON in other bytes is another body: escapes, a newline at the end, a changed word."""
    for body in (CW_BODY + b"\n", CW_BODY.decode().encode("unicode_escape"), CW_BODY.replace(b"118", b"119")):
        with pytest.raises(BadSignature):
            believed("chatwoot", body, chatwoot())


def test_any_secret_of_a_shop_may_sign():
    """While secrets are changed, both are believed."""
    for secrets in (("cw_test_secret", "another-one"), ("another-one", "cw_test_secret")):
        believed("chatwoot", CW_BODY, chatwoot(), secrets=secrets)
    with pytest.raises(BadSignature):
        believed("chatwoot", CW_BODY, chatwoot(), secrets=("another-one",))


def test_the_vector_of_douyin():
    """SHA-1 over secret and body, in either case of letters; over the body alone it is refused."""
    secrets = ("client_secret_test",)
    for given in (DY_GOOD, DY_GOOD.upper()):
        opened = believed("douyin", DY_BODY, {"X-Douyin-Signature": given, "Msg-Id": "m"}, secrets=secrets)
        assert opened.delivery == "m"
    for given in (sha1(DY_BODY).hexdigest(), DY_GOOD[:-2], ""):  # noqa: S324 - the tool signs so
        with pytest.raises(BadSignature):
            believed("douyin", DY_BODY, {"X-Douyin-Signature": given}, secrets=secrets)


def test_names_in_a_body_are_not_expanded():
    """A body that holds "{secret}" is hashed as it is: nobody learns a signature by writing one."""
    body = b'{"text":"{secret}{body}{timestamp}"}'
    given = sha1(b"client_secret_test" + body).hexdigest()  # noqa: S324 - the tool signs so
    believed("douyin", body, {"X-Douyin-Signature": given}, secrets=("client_secret_test",))


def test_base64_and_milliseconds():
    """A signature may be base64 and a time in milliseconds, as a map says."""
    how = Signature(
        scheme="hmac",
        hash="sha512",
        header="X-Sign",
        encoding="base64",
        content="{timestamp}\n{body}",
        timestamp="X-At",
        unit="ms",
    )
    made = base64.b64encode(hmac.digest(b"a-long-secret", f"{TEN}000\n{{}}".encode(), "sha512")).decode()
    headers = {"x-sign": made, "X-AT": f"{TEN}000"}
    believed(how, b"{}", headers, secrets=("a-long-secret",), now=TEN + 300)
    with pytest.raises(BadSignature):
        believed(how, b"{}", headers, secrets=("a-long-secret",), now=TEN + 301)


def test_a_token_in_header_or_address():
    """A token is compared whole, with its prefix, where the map says it stands."""
    bearer = Signature(scheme="token", header="Authorization", prefix="Bearer ")
    believed(bearer, b"{}", {"Authorization": "Bearer a-long-secret"}, secrets=("a-long-secret",))
    address = Signature(scheme="token", query="token")
    believed(address, b"{}", {}, secrets=("a-long-secret",), query={"token": "a-long-secret"})
    for headers, query in (({"Authorization": "a-long-secret"}, {}), ({}, {"token": "A-long-secret"}), ({}, {})):
        for how in (bearer, address):
            with pytest.raises(BadSignature):
                believed(how, b"{}", headers, secrets=("a-long-secret",), query=query)


def test_a_short_secret_is_no_secret():
    """A secret that could be guessed is refused when the config is read."""
    with pytest.raises(ValueError, match="at least 8"):
        schemes.key(Signature(scheme="token", header="X"), "1234567")


def entrance(*, unsigned: bool, secrets: tuple[str, ...] = ()) -> Entrance:
    how = adapters.load("chatwoot")
    return Entrance(how, tuple(schemes.key(how.signature, one) for one in secrets), unsigned)


def test_unsigned_is_a_setting():
    """Without a signature a request is taken only if the shop says so; a wrong signature never, where there is a secret."""
    bare, signed = Request({}, {}, CW_BODY), Request({key.lower(): one for key, one in chatwoot().items()}, {}, CW_BODY)
    wrong = Request({key.lower(): one for key, one in chatwoot(CW_BODY_ONLY).items()}, {}, CW_BODY)
    both = entrance(unsigned=True, secrets=("cw_test_secret",))
    assert both.open(bare, [CW_STAMP]).body == both.open(signed, [CW_STAMP]).body == CW_BODY
    assert entrance(unsigned=True).open(wrong, [CW_STAMP]).body == CW_BODY
    for one, request in ((both, wrong), (entrance(unsigned=False, secrets=("cw_test_secret",)), bare)):
        with pytest.raises(BadSignature):
            one.open(request, [CW_STAMP])


def test_no_web_page_writes_unsigned():
    """A page that an agent opens cannot make her browser write to the shop: browsers say where they come from."""
    request = Request({"origin": "https://elsewhere.example"}, {}, CW_BODY)
    with pytest.raises(Forbidden):
        entrance(unsigned=True).open(request, [CW_STAMP])


def test_without_a_delivery_id_bytes_tell():
    """The same bytes within a minute are the same delivery, other bytes or much later another; ids go before."""
    one = entrance(unsigned=True)

    def named(body: bytes, at: int, delivery: str = "") -> str:
        return one.read(schemes.Opened(delivery, body), {}, charset="", at=at)[0]

    again = b'{"event":"conversation_typing_on"}'
    assert named(again, TEN) == named(again, TEN + 5) != named(again, TEN + 600)
    assert named(again, TEN) != named(again + b" ", TEN)
    assert named(again, TEN, "d-1") == "d-1"
    assert named(again, TEN, "\udcff") == named(again, TEN, "x" * 300) == named(again, TEN)


def test_secrets_do_not_print():
    """What holds a secret does not show it."""
    one = entrance(unsigned=False, secrets=("cw_test_secret",))
    assert "cw_test" not in repr(one)
    assert SECRETS["demo"] not in repr(adapters.load("generic"))
