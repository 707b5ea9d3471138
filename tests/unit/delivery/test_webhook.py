"""Whom a request names, whether they can be called, and the mark of their lane."""

from __future__ import annotations

import json

import pytest

from stenolog.delivery.sender import is_sendable
from stenolog.delivery.webhook import Webhook, lane_of, webhook_of

URL = "https://customer.example/hook?job=1&x=%2F"


def payload(**params: object) -> bytes:
    return json.dumps({"params": {"audio_url": "https://a.example/1.mp3", **params}}).encode()


def named(name: str, value: str) -> Webhook:
    return Webhook(url=URL, header=(name, value))


def test_a_request_without_a_webhook_names_nobody() -> None:
    assert webhook_of(payload()) is None
    assert webhook_of(payload(webhook_url=None)) is None
    assert webhook_of(payload(webhook_url="")) is None
    assert webhook_of(b"[]") is None
    assert webhook_of(b'{"params": 1}') is None


def test_the_url_and_the_header_are_as_they_were_given() -> None:
    assert webhook_of(payload(webhook_url=URL)) == Webhook(url=URL)
    given = payload(
        webhook_url=URL, webhook_auth_header_name="X-Secret", webhook_auth_header_value="s3cret v"
    )
    assert webhook_of(given) == named("X-Secret", "s3cret v")


def test_a_header_without_its_other_half_is_none() -> None:
    given = payload(webhook_url=URL, webhook_auth_header_name="X-Secret")
    assert webhook_of(given) == Webhook(url=URL)


def test_a_payload_that_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        webhook_of(b"{")


def test_neither_url_nor_header_is_in_what_a_webhook_looks_like() -> None:
    assert repr(named("X-Secret", "s3cret")) == "Webhook()"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", "3"),
        ("content-type", "text/plain"),
        ("Transfer-Encoding", "chunked"),
        ("Host", "other.example"),
        ("Connection", "close"),
        ("HTTP2-Settings", "AAMAAABk"),
        ("Content-Range", "bytes 0-1/2"),
        ("X-Tab", "a\tb"),
        ("X-Split", "a\r\nX-More: b"),
        ("X Blank", "a"),
        ("X-Long", "v" * 4_097),
        ("X-" + "n" * 127, "v"),
        ("X-Snowman", "\N{SNOWMAN}"),
        ("", "v"),
    ],
)
def test_a_header_that_http_cannot_carry_or_that_frames_a_message_is_not_sendable(
    name: str, value: str
) -> None:
    assert not is_sendable(named(name, value))


def test_an_ordinary_header_is_sendable() -> None:
    assert is_sendable(named("Authorization", "Bearer abc def"))
    assert is_sendable(Webhook(url=URL))


def test_a_tenants_urls_of_one_host_and_port_share_a_lane_and_others_do_not() -> None:
    secret = b"k" * 32
    lane = lane_of(secret, "t-1", "https://customer.example/a")
    assert lane_of(secret, "t-1", "http://CUSTOMER.example.:443/b?c") == lane
    assert lane_of(secret, "t-2", "https://customer.example/a") != lane
    assert lane_of(secret, "t-1", "https://customer.example:8443/a") != lane
    assert lane_of(secret, "t-1", "https://other.example/a") != lane
    assert lane_of(b"o" * 32, "t-1", "https://customer.example/a") != lane
    assert "customer" not in lane
    assert lane_of(secret, "t-1", "http://[broken") == lane_of(secret, "t-1", "")
