"""A presigned URL that is over is called so, with the time when it says one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stenolog.engine.host.presigned import expires_at, expiry_sentence

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
HOST = "https://store.example/call.mp3?"
S3 = HOST + "X-Amz-Date=20261130T090000Z&X-Amz-Expires=900&X-Amz-Signature=a"
URLS = {
    "S3": S3,
    "Google": HOST + "X-Goog-Date=20261130T090000Z&X-Goog-Expires=900&X-Goog-Signature=a",
    "OSS": HOST + "x-oss-date=20261130T090000Z&x-oss-expires=900&x-oss-signature=a",
    "S3 version 2": HOST + f"AWSAccessKeyId=a&Expires={int(AT.timestamp())}&Signature=b%2F",
    "CloudFront": HOST + f"Expires={int(AT.timestamp())}&Signature=b&Key-Pair-Id=c",
    "Azure": HOST + "sv=2024-11-04&se=2026-11-30T09%3A15%3A00Z&sr=b&sp=r&sig=a%3D",
    "Azure, a day": HOST + "se=2026-11-30&sig=a",
}
BODIES = [
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
    b"<Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message></Error>",
    b"<AuthenticationErrorDetail>Signature not valid in the specified time frame: Start",
]


@pytest.mark.parametrize("store", URLS)
def test_the_end_is_read_from_the_query(store: str) -> None:
    ended = expires_at(URLS[store])
    assert ended == (AT if store != "Azure, a day" else datetime(2026, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "Expires=1764494100",
        "se=2026-11-30",
        "X-Amz-Date=20261130T090000Z",
        "X-Amz-Date=yesterday&X-Amz-Expires=900",
        "X-Amz-Date=20261130T090000Z&X-Amz-Expires=soon",
        "X-Amz-Date=20261130T090000Z&X-Amz-Expires=-1",
        "Signature=a&Expires=99999999999999999999",
        "Signature=a&Expires=",
        "sig=a&se=never",
        "sig=a&se=0001-01-01T00:00:00%2B14:00",
        "X-Amz-Date=00010101T000000%2B2359&X-Amz-Expires=1",
        "&".join(f"a{number}=b" for number in range(100)) + "&sig=a&se=2026-11-30",
    ],
)
def test_a_query_that_says_nothing_readable_is_none(query: str) -> None:
    assert expires_at(HOST + query) is None


def test_the_refusal_names_the_end_once_it_has_passed() -> None:
    assert expiry_sentence(S3, b"", AT).startswith(". The URL expired at 2026-11-30T09:15:00Z;")
    assert expiry_sentence(S3, b"", AT.replace(minute=14)) == ""
    assert expiry_sentence(HOST, b"<Code>AccessDenied</Code>", AT) == ""


@pytest.mark.parametrize("body", BODIES)
def test_what_the_store_says_is_believed_when_the_query_says_nothing(body: bytes) -> None:
    assert expiry_sentence(HOST, body, AT).startswith(". The URL has expired;")
