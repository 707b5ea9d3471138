"""The transcript as one piece: its text, and the `/v2` answer ready to be sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.log.catalogue import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from service.projections.documents import (
    ProjectionFailed,
    encode,
    number_or_none,
    object_or_empty,
    read_object,
    text_or_none,
)
from service.projections.items import OUTCOMES, milliseconds_or_none
from service.projections.projection import Erased, Fact, Unreadable
from service.projections.rows import PutView, StatusRow, TranscriptRow
from service.projections.transcriptions import UNKNOWN_SENTENCE, UNREADABLE_SENTENCE
from service.wire.transcript import failed_transcript

# Contract, gotcha 9: the Python SDK rejects a transcript whose `speech_model` is anything else.
LEGACY_SPEECH_MODELS = ("best", "nano", "slam-1", "universal")
SECRET_HEADER = "webhook_auth_header_value"  # noqa: S105  the field's name, not a secret
WEBHOOK_STATUS = "webhook_status_code"
# Every body ends with this, so that the one thing that is learned later is put in without reading
# what may be an hour of words.
BODY_END = b'"webhook_status_code":null}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The whole answer of a transcription that has come to its end."""

    name: str = "transcript"
    version: int = 2
    types: frozenset[str] | None = OUTCOMES
    opens: frozenset[str] = OUTCOMES

    def project(self, fact: Fact, current: StatusRow | None) -> PutView:
        """The transcript and its `/v2` body.

        Raises:
            ProjectionFailed: The provider's answer is unreadable.
        """
        match fact.content:
            case Erased():
                return PutView(
                    projection=self.name, transcription=fact.transcription, reason="erased"
                )
            case _ if isinstance(fact.data, TranscriptionFailed):
                return PutView(
                    projection=self.name,
                    transcription=fact.transcription,
                    reason="error",
                    transcript=_without_text(fact, _sentence(fact)),
                )
            case Unreadable(reason=reason):
                raise ProjectionFailed(reason)
            case None:
                raise ProjectionFailed("the payload is missing")
            case document:
                return PutView(
                    projection=self.name,
                    transcription=fact.transcription,
                    reason=None,
                    transcript=_with_text(fact, document),
                )

    def fallback(self, fact: Fact) -> TranscriptRow | None:
        """An answer in `error`: who polls for the transcript must come to an end."""
        if isinstance(fact.data, TranscriptionCompleted | TranscriptionCompletedLate):
            return _without_text(fact, UNREADABLE_SENTENCE)
        return None


def customer_body(
    transcription_id: str, params: Mapping[str, Any], provider_json: Mapping[str, Any]
) -> dict[str, Any]:
    """The provider's completed transcript as our customer sees it.

    Its id, addresses and webhook fields are the customer's own; neither our callback address nor
    our token can be in them. Everything else, unknown fields included, is the provider's.
    """
    body = dict(provider_json)
    body["id"] = transcription_id
    body["status"] = "completed"
    body["audio_url"] = params.get("audio_url") or ""
    body["webhook_url"] = params.get("webhook_url")
    body["webhook_auth_header_name"] = params.get("webhook_auth_header_name")
    body["webhook_auth"] = None not in (
        params.get("webhook_auth_header_name"),
        params.get(SECRET_HEADER),
    )
    if SECRET_HEADER in body:
        body[SECRET_HEADER] = None
    if body.get("speech_model") not in LEGACY_SPEECH_MODELS:
        body["speech_model"] = None
    duration = body.get("audio_duration")
    if isinstance(duration, float):
        # The SDK rejects a fraction of a second; upstream rounds up.
        body["audio_duration"] = math.ceil(duration)
    return _told_to_nobody(body)


def failed_body(
    transcription_id: str, params: Mapping[str, Any], error: str, answer: Mapping[str, Any]
) -> dict[str, Any]:
    """The `/v2` answer of a transcription that ended in `error`.

    `answer` is the provider's; the duration is all that it can know of a failed job.
    """
    duration = milliseconds_or_none(answer.get("audio_duration"))
    body = failed_transcript(transcription_id, params, error, audio_duration=duration)
    if body["audio_url"] is None:
        body["audio_url"] = ""
    return _told_to_nobody(body)


def with_webhook_status(body: bytes, status: int | None) -> bytes:
    """A stored `/v2` body with what the customer's webhook has answered since it was made."""
    if status is None:
        return body
    if body.endswith(BODY_END):
        return b"%b%d}" % (body[: -len(b"null}")], status)
    # Made by an earlier version of this projection, and shown until the new one has followed.
    return encode({**read_object(body), WEBHOOK_STATUS: status})


def _told_to_nobody(body: dict[str, Any]) -> dict[str, Any]:
    """The body with an empty `webhook_status_code` behind everything else: see `BODY_END`."""
    body.pop(WEBHOOK_STATUS, None)
    body[WEBHOOK_STATUS] = None
    return body


def _with_text(fact: Fact, document: Mapping[str, Any]) -> TranscriptRow:
    words = document.get("words")
    return TranscriptRow(
        text=text_or_none(document.get("text")),
        confidence=number_or_none(document.get("confidence")),
        language_code=text_or_none(document.get("language_code")),
        words=len(words) if isinstance(words, list) else 0,
        body=encode(customer_body(fact.transcription, fact.params, document)),
    )


def _without_text(fact: Fact, error: str) -> TranscriptRow:
    content = object_or_empty(fact.content)
    answer = object_or_empty(content.get("answer"))
    return TranscriptRow(
        text=None,
        confidence=None,
        language_code=None,
        words=0,
        body=encode(failed_body(fact.transcription, fact.params, error, answer)),
    )


def _sentence(fact: Fact) -> str:
    if isinstance(fact.content, Mapping):
        return text_or_none(fact.content.get("error")) or UNKNOWN_SENTENCE
    return UNKNOWN_SENTENCE
