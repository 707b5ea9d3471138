"""Events to append: one of every type, and as many as a test needs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.clock import now_ms
from stenolog.log.catalogue import EVENT_TYPES
from stenolog.log.event import NewEvent, SealedPayload, uuid7

TENANT = "6f1c2a4e-0d3b-4c55-9a86-1f2e3d4c5b6a"
OTHER_TENANT = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d"
ACTOR = "0b1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e"
CORRELATION = "018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0a"
UPLOAD_ID = "018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0b"

LOG_ID = "7d444840-9dc0-4d1e-b3f5-0c1d2e3f4a5b"
RESTORE = "3d6f0f0e-1b2c-4d5e-8f90-a1b2c3d4e5f6"
BEGUN = 1
"""Where `log.begun` stands: before everything that a test appends."""

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "transcription.requested": {
        "provider": "assemblyai",
        "region": "eu",
        "surface": "v2",
        "upload": UPLOAD_ID,
        "fallbacks": [{"provider": "local", "region": None}],
    },
    "transcription.completed": {
        "submission": 1,
        "reason": "callback",
        "audio_ms": 281_000,
        "words": 742,
        "enriched": False,
        "provider": "local",
    },
    "transcription.completed_late": {
        "submission": 1,
        "reason": "callback",
        "audio_ms": 281_000,
        "words": 742,
        "enriched": False,
        "provider": None,
    },
    "transcript.enriched": {
        "submission": 1,
        "analyses": [
            {
                "analysis": "sentiment_analysis",
                "method": "vader",
                "version": 1,
                "outcome": "found",
            }
        ],
    },
    "transcription.failed": {
        "submission": 2,
        "reason": "provider",
        "wake": "silence",
        "provider": None,
    },
    "submission.claimed": {"submission": 1, "kid": 3, "provider": "local"},
    "submission.accepted": {"submission": 1, "provider_job": "6k_Az-9", "adopted": False},
    "submission.refused": {
        "submission": 1,
        "status": 429,
        "reason": "throttled",
        "retry_in_ms": 30_000,
    },
    "submission.failed": {"submission": 1, "kind": "server-error", "wake": "callback"},
    "submission.unanswered": {
        "submission": 1,
        "status": 413,
        "request_bytes": 2_097_152,
        "answer_bytes": 183,
    },
    "submission.duplicated": {"submission": 1, "duplicate": 1, "provider_job": "6k_Az-10"},
    "submission.searched": {"submission": 1},
    "submission.abandoned": {"submission": 1, "reason": "not-listed"},
    "submission.delayed": {"submission": 1},
    "submission.superseded": {"submission": 1},
    "submission.removed": {"submission": 1, "duplicate": None, "known": "deleted"},
    "callback.received": {
        "submission": 1,
        "kid": 3,
        "kind": "completed",
        "provider_job": None,
        "body_bytes": 87,
    },
    "callback.unmatched": {"submission": 1, "kind": "told-failed", "status": 502},
    "upload.stored": {"bytes": 1_048_576},
    "upload.used": {"transcription": UPLOAD_ID},
    "delivery.succeeded": {
        "kind": "event",
        "attempts": 2,
        "status": 204,
        "endpoint": UPLOAD_ID,
        "position": 17,
        "round": 1,
    },
    "delivery.failed": {
        "kind": "outcome",
        "attempts": 10,
        "status": None,
        "reason": "exhausted",
        "endpoint": None,
        "position": 17,
        "round": 0,
    },
    "delivery.resend_requested": {"kind": "outcome", "position": 17, "round": 1},
    "endpoint.created": {"ordering": "transcript", "rate_per_second": 20, "start": 17},
    "endpoint.changed": {"ordering": "none", "rate_per_second": None},
    "endpoint.disabled": {"reason": "failing"},
    "endpoint.enabled": {},
    "endpoint.warned": {"stage": 1, "failing_ms": 216_000_000},
    "endpoint.replay_requested": {"number": 1, "after": 3, "until": 17},
    "endpoint.recovery_requested": {"number": 2, "since_ms": 1_796_083_200_000, "until": 9},
    "endpoint.deleted": {},
    "upload.released": {"reason": "unused"},
    "erasure.requested": {"surface": "v2", "erasure": None},
    "erasure.ordered": {"scope": "subject", "transcripts": 1, "more": False},
    "erasure.listed": {"transcriptions": [UPLOAD_ID]},
    "erasure.performed": {"erased": [UPLOAD_ID], "held": [], "missing": []},
    "erasure.ended": {"transcripts": 1, "held": 0, "missing": 0},
    "hold.placed": {"transcription": UPLOAD_ID},
    "hold.extended": {"transcripts": 3, "erased": 1},
    "hold.released": {},
    "hold.applied": {"hold": UPLOAD_ID},
    "retention.assigned": {"days": 30},
    "erasure.completed": {"jobs": 1, "deleted": 1, "unknown": 0, "expired": 0, "ended": 0},
    "log.begun": {"log": LOG_ID, "format": 1},
    "log.restored": {
        "epoch": 2,
        "events_lost": 17,
        "restore": RESTORE,
    },
    "clock.jumped": {"off_ms": -7_200_000, "reason": "agreed"},
    "damage.accepted": {"position": 12, "reason": "disk"},
    "sweep.completed": {"before": 12},
    "log.sealed": {"events": 12, "root": "ab" * 32},
    "api_key.created": {
        "scopes": ["transcripts:write", "ops:read"],
        "region": "eu",
        "provider": "local",
    },
    "api_key.revoked": {},
    "signing_secret.made": {"number": 2, "overlap_ms": 86_400_000, "asymmetric": True},
    "signing_secret.removed": {},
    "transcript.read": {"transcript": UPLOAD_ID, "view": "words", "minute": 29_928_480},
}

# Both may open a stream, and neither has to.
PUBLIC = "transcription.requested"
PRIVATE = "upload.stored"


NOBODYS = SealedPayload(key_id=UPLOAD_ID, box=b"\x01sealed", commitment="ab" * 32)
"""A payload whose key nobody has."""


def new_id() -> str:
    """An event's id, never given before."""
    return uuid7(now_ms(), os.urandom(10))


def new_event(
    event_type: str = PRIVATE,
    *,
    id: str | None = None,
    tenant: str = TENANT,
    payload: SealedPayload | None = None,
    dedupe_key: str | None = None,
    causation_id: str | None = None,
) -> NewEvent:
    """An event of this type, with the example's data, and with a payload where it must have one."""
    if payload is None and EVENT_TYPES[event_type].payload_rule() == "always":
        payload = NOBODYS
    return NewEvent(
        id=id or new_id(),
        type=event_type,
        tenant=tenant,
        actor=ACTOR,
        correlation_id=CORRELATION,
        causation_id=causation_id,
        data=EXAMPLES[event_type],
        payload=payload,
        dedupe_key=dedupe_key,
    )


def several(count: int, event_type: str = PRIVATE) -> Sequence[NewEvent]:
    """`count` different events."""
    return [new_event(event_type) for _ in range(count)]
