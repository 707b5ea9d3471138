"""Describe as data how one job behaves, on good days and on bad ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stenolog.simulator.assemblyai import vocabulary
from stenolog.wire.assemblyai import sentences

JOB_ID = b"{job_id}"
HANG_MS = 60_000  # longer than any client of ours waits

Operation = Literal["upload", "list", "delete", "redacted_audio"]
"""Requests that no behaviour speaks of, because they have no job or are asked for after its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A wrong answer to one request, which has no other effect.

    Attributes:
        status: The HTTP status.
        body: The bytes; content_type: what they claim to be.
        headers: More headers.
        drop: Close the connection without an answer.
        wait_ms: Before any of this.
    """

    status: int = 500
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    wait_ms: int = 0


def refusal(status: int, sentence: str, **headers: str) -> Fault:
    """Return an answer `{"error": sentence}`; header names have `_` for `-`."""
    return Fault(
        status=status,
        body=json.dumps({"error": sentence}).encode(),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


SERVER_ERROR = refusal(500, sentences.INTERNAL_ERROR)
BAD_GATEWAY = Fault(status=502, body=b"bad gateway", content_type="text/plain")
UNAVAILABLE = refusal(503, sentences.SERVICE_UNAVAILABLE)
UNAVAILABLE_PAGE = Fault(
    status=503, body=sentences.SERVICE_UNAVAILABLE.encode(), content_type="text/plain"
)
TOO_LARGE_PAGE = Fault(
    status=413, body=b"<html>413 Request Entity Too Large</html>", content_type="text/html"
)
UNAUTHENTICATED = refusal(401, sentences.UNAUTHENTICATED)
MALFORMED = Fault(status=200, body=b'{"id": "cut off')
WEB_PAGE = Fault(status=200, body=b"<html>maintenance</html>", content_type="text/html")
UPLOAD_FAILED = Fault(status=422, body=sentences.UPLOAD_FAILED.encode(), content_type="text/plain")
LIMIT_AS_403 = refusal(403, vocabulary.LIMIT_AS_403)
UNKNOWN_JOB = refusal(400, sentences.TRANSCRIPT_NOT_FOUND)
BALANCE_NEGATIVE = refusal(400, sentences.BALANCE_NEGATIVE)
OTHER_JOB = Fault(
    status=200,
    body=b'{"id": "00000000-0000-4000-8000-000000000000", "status": "completed", '
    b'"audio_url": "https://other.example/audio.mp3", "text": "Somebody else said this."}',
)
DROPPED = Fault(drop=True)
HANGING = Fault(drop=True, wait_ms=HANG_MS)


def too_many_requests(retry_after_s: int) -> Fault:
    """Return the service's 429, with when to come back."""
    return refusal(429, sentences.TOO_MANY_REQUESTS, Retry_After=str(retry_after_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback to the job's `webhook_url`.

    Attributes:
        after_ms: How long after the job's end, or after its creation with `since="creation"`.
        status: What it says; None for the truth.
        kind: `redacted_audio` is the second callback of a job that redacts audio.
        body: These bytes instead of a right body.
        retried: Whether the service's rules of redelivery apply.
        times: How many of the same are sent at once.
    """

    after_ms: int = 0
    since: Literal["end", "creation"] = "end"
    status: str | None = None
    kind: Literal["transcript", "redacted_audio"] = "transcript"
    body: bytes | None = None
    retried: bool = True
    times: int = 1


LYING = Callback(since="creation", status="completed", retried=False)
MISSING: tuple[Callback, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How one job goes.

    Attributes:
        queued_ms: How long it is `queued`; run_ms: from its creation to its end.
        never_ends: It stays `processing`, and no callback that waits for its end is sent.
        error: It fails with this sentence.
        models_retired: Every model that its create names is refused, as one that is no more.
        create_faults: Answers to the first attempts to create it; no job exists after them.
        read_faults: Answers to the first attempts to read it.
        lost_reply: The job is made, and the connection is dropped instead of an answer.
        reply: What `lost_reply` puts in the place of the answer; None: the connection is dropped.
        jobs: How many one create makes; the answer is about the first.
        odd_status: Its status in every answer about it, in the place of the right one.
        held_reply_ms: The job is made and goes its way; the answer waits so long, or until
            `Simulator.release`.
        listed_after_ms: How long after its creation lists begin to show it.
        callbacks: What is sent. None: one right callback at the end, and after it the one for
            redacted audio when that was asked for.
        expires_ms: How long after its end it is forgotten; None for never.
        throttled: It waits for its turn while it is queued, and says so.
        seconds: How long its audio is.
        result: Fields of the finished transcript, instead of a made-up conversation.
        warning: What its `metadata` warns about, such as another model in place of the wanted one.
        answer: The bytes that every GET of the finished job is answered with, whatever they are;
            `JOB_ID` in them stands for the job's id.
        content_type: What the answer to a GET claims to be.
        compressed: Answers to a GET are packed with gzip, whatever was asked for.
        redacted_after_ms: How long after its end its redacted audio is ready.
    """

    queued_ms: int = 20
    run_ms: int = 100
    never_ends: bool = False
    error: str | None = None
    models_retired: bool = False
    create_faults: tuple[Fault, ...] = ()
    read_faults: tuple[Fault, ...] = ()
    lost_reply: bool = False
    reply: Fault | None = None
    jobs: int = 1
    odd_status: str | None = None
    held_reply_ms: int = 0
    listed_after_ms: int = 0
    callbacks: tuple[Callback, ...] | None = None
    expires_ms: int | None = None
    throttled: bool = False
    seconds: float = 30.0
    result: Mapping[str, object] | None = None
    warning: str | None = None
    answer: bytes | None = None
    content_type: str = "application/json"
    compressed: bool = False
    redacted_after_ms: int = 0
