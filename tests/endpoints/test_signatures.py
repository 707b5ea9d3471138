"""Signatures against the specification's known answers, its own library, and `cryptography`."""

from __future__ import annotations

import base64
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from stenolog.encryption import SigningKey
from stenolog.endpoints.signatures import (
    SECRET_CHARS_MAX,
    Signing,
    public_text,
    read_secret,
    secret_text,
)
from stenolog.errors import InvalidRequest

# The vectors of libraries/javascript/src/webhook.test.ts in standard-webhooks, and of
# server/svix-server/src/worker.rs in svix-webhooks.
MESSAGE_ID, AT_S, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PRIVATE = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
KEY = SigningKey(base64.b64decode(PRIVATE)[:32])
OLD, NEW = b"o" * 32, b"n" * 32


def verified(secret: bytes, headers: dict[str, str], body: bytes = BODY) -> bool:
    """Whether the official library takes it."""
    try:
        Webhook(secret_text(secret)).verify(body, headers, json_parse=False)
    except WebhookVerificationError:
        return False
    return True


def test_both_signatures_are_the_known_ones() -> None:
    signing = Signing(secrets=[read_secret(SECRET)], key=KEY)
    assert signing.headers(MESSAGE_ID, AT_S, BODY) == [
        ("webhook-id", MESSAGE_ID),
        ("webhook-timestamp", str(AT_S)),
        ("webhook-signature", f"{V1} {V1A}"),
    ]
    assert public_text(KEY.public) == PUBLIC


def test_the_official_library_verifies_what_is_signed_and_nothing_else() -> None:
    headers = dict(Signing(secrets=[NEW]).headers("id-1", int(time.time()), BODY))
    assert verified(NEW, headers)
    assert not verified(OLD, headers)
    assert not verified(NEW, headers, BODY + b" ")
    assert not verified(NEW, {**headers, "webhook-id": "id-2"})
    later = str(int(headers["webhook-timestamp"]) + 1)
    assert not verified(NEW, {**headers, "webhook-timestamp": later})
    relabelled = headers["webhook-signature"].replace("v1,", "v1a,")
    assert not verified(NEW, {**headers, "webhook-signature": relabelled})


def test_while_a_secret_is_changed_receivers_verify_with_either() -> None:
    headers = dict(Signing(secrets=[NEW, OLD]).headers("id-1", int(time.time()), BODY))
    assert verified(NEW, headers)
    assert verified(OLD, headers)
    assert not verified(b"x" * 32, headers)


def test_cryptography_verifies_v1a() -> None:
    headers = dict(Signing(secrets=[NEW], key=KEY).headers("id-1", 5, b"\xff\x00 no text"))
    made = headers["webhook-signature"].partition("v1a,")[2]
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC.removeprefix("whpk_")))
    public.verify(base64.b64decode(made), b"id-1.5.\xff\x00 no text")
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(made), b"id-1.6.\xff\x00 no text")


@pytest.mark.parametrize("size", [24, 32, 64, 75])
def test_a_secret_that_is_brought_along_is_read(size: int) -> None:
    text = secret_text(b"\xfb" * size)
    assert read_secret(text) == read_secret(text.rstrip("=")) == b"\xfb" * size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        SECRET.removeprefix("whsec_"),
        secret_text(b"x" * 23),
        secret_text(b"x" * 76),
        secret_text(b"\xfb" * 32).replace("+", "-"),
        SECRET + "!",
        SECRET + " ",
        PUBLIC,
        "whsec_" + "A" * SECRET_CHARS_MAX,
    ],
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="must be whsec_"):
        read_secret(text)


def test_nothing_shows_a_secret() -> None:
    assert "nnnn" not in repr(Signing(secrets=[NEW], key=KEY))
