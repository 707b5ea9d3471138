"""Describe as data how one job of AIMLAPI's behaves, on good days and on bad ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stenolog.simulator.assemblyai.behaviour import Fault
from stenolog.wire.aimlapi import errors

KEPT_MS = 3_600_000  # AIMLAPI: results are kept for an hour after their creation
Variant = Literal["pages", "older", "newer"]
"""Which of the published answers to a poll: without an id; with `generation_id`; with `output`."""


def refusal(status: int, message: object, **headers: str) -> Fault:
    """Return an answer in AIMLAPI's error shape; header names have `_` for `-`."""
    told = errors.error_body(
        status,
        message,
        path="/v1/stt",
        request_id="00000000-0000-4000-8000-000000000000",
        timestamp="2026-01-01T00:00:00.000Z",
    )
    return Fault(
        status=status,
        body=json.dumps(told).encode(),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


SERVER_ERROR = refusal(500, errors.INTERNAL_ERROR)
UNAVAILABLE = refusal(503, errors.SERVER_ERROR)
TIMED_OUT = refusal(504, errors.TIMEOUT)
NO_CREDITS = refusal(403, errors.NO_CREDITS)
UNAUTHENTICATED = refusal(401, errors.KEY_INVALID)


def too_many_requests(retry_after_s: int) -> Fault:
    """Return the service's 429, with when to come back."""
    return refusal(429, errors.TOO_MANY_REQUESTS, Retry_After=str(retry_after_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How one job goes.

    Attributes:
        waiting_ms: How long it has not begun; run_ms: from its creation to its end.
        never_ends: It stays at work.
        error: It fails with this sentence.
        waiting, active, completed, failed: Its status words; None: those that the documented
            clients of its model expect.
        variant: The form of the answers to its polls.
        create_status: What a create is answered with.
        create_faults: Answers to the first attempts to create it; no job exists after them.
        read_faults: Answers to the first attempts to read it.
        lost_reply: The job is made, and the connection is dropped instead of an answer.
        reply: What `lost_reply` puts in the place of the answer; None: the connection is dropped.
        expires_ms: How long after its creation it is forgotten, also while it runs.
        seconds: How long its audio is.
        result: What it brings, instead of a made-up conversation in the shape of its model, or of
            `result_model`.
    """

    waiting_ms: int = 20
    run_ms: int = 100
    never_ends: bool = False
    error: str | None = None
    waiting: str | None = None
    active: str | None = None
    completed: str = "completed"
    failed: str = "error"
    variant: Variant = "older"
    create_status: int = 201
    create_faults: tuple[Fault, ...] = ()
    read_faults: tuple[Fault, ...] = ()
    lost_reply: bool = False
    reply: Fault | None = None
    expires_ms: int = KEPT_MS
    seconds: float = 30.0
    result: Mapping[str, object] | None = None
    result_model: str | None = None
