"""Callbacks: written as the service writes them, read whatever they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.wire.assemblyai.webhook import (
    CallbackClaim,
    callback_body,
    is_delivered,
    is_retried,
    read_callback,
    redacted_audio_body,
)


def test_the_body_has_two_keys_in_order_and_the_services_blanks() -> None:
    assert callback_body("abc", "completed") == b'{"transcript_id": "abc", "status": "completed"}'


@pytest.mark.parametrize("status", ["completed", "error"])
def test_what_is_written_is_read(status: str) -> None:
    claim = read_callback(callback_body("abc", status))
    assert (claim.kind, claim.job_id) == (status, "abc")


def test_redacted_audio_is_told_apart_by_the_missing_id() -> None:
    assert read_callback(redacted_audio_body("https://x/")) == CallbackClaim(kind="redacted_audio")


@pytest.mark.parametrize(
    ("body", "kind", "job_id"),
    [
        ({"transcript_id": "a", "status": "completed", "more": 1}, "completed", "a"),
        ({"transcript_id": "x" * 64, "status": "error"}, "error", "x" * 64),
        ({"transcript_id": "x" * 65, "status": "error"}, "error", None),
        ({"transcript_id": 7, "status": "completed"}, "completed", None),
        ({"transcript_id": "", "status": "completed"}, "completed", None),
        ({"transcript_id": "a", "status": "processing"}, "unreadable", "a"),
        ({"transcript_id": "a", "status": ["completed"]}, "unreadable", "a"),
        ({"transcript_id": "a"}, "unreadable", "a"),
        ({"transcript_id": "a", "status": "redacted_audio_ready"}, "unreadable", "a"),
        ({"status": "completed"}, "unreadable", None),
        ({"status": "redacted_audio_ready"}, "unreadable", None),
        ({"transcript_id": "\ud800", "status": "completed"}, "completed", None),
        ([], "unreadable", None),
        ("completed", "unreadable", None),
        (None, "unreadable", None),
    ],
)
def test_every_shape_has_a_kind(body: object, kind: str, job_id: str | None) -> None:
    claim = read_callback(json.dumps(body).encode())
    assert (claim.kind, claim.job_id) == (kind, job_id)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000]
)
def test_bytes_that_are_no_json_are_unreadable(body: bytes) -> None:
    assert read_callback(body) == CallbackClaim(kind="unreadable")


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    assert read_callback(body).kind in ("completed", "error", "redacted_audio", "unreadable")


def test_any_2xx_ends_a_delivery_and_a_4xx_ends_it_badly() -> None:
    assert [is_delivered(status) for status in (199, 200, 204, 299, 300)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    retried = [status for status in (None, 200, 302, 400, 404, 429, 500, 503) if is_retried(status)]
    assert retried == [None, 302, 500, 503]
