"""Declare the event of a provider's callback."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import Count, EventData, ProviderJob, SubmissionNumber

CallbackKind = Literal["completed", "error", "redacted_audio", "unreadable", "oversized"]


class CallbackReceived(EventData):
    """The provider called; this is a hint, and is checked with the provider."""

    type = "callback.received"
    public = False
    payload = "a JSON object: `body` in base64, `headers`; only `headers` when oversized"

    submission: SubmissionNumber
    kid: Count
    kind: CallbackKind
    provider_job: ProviderJob | None
    body_bytes: Count
