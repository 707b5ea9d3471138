"""The transcript as one piece: its text, and the `/v2` answer ready to be sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.documents import (
    Document,
    ProjectionFailed,
    encode,
    number_or_none,
    read_object,
    rewritten,
    text_or_none,
)
from stenolog.projections.of.items import OUTCOMES
from stenolog.projections.of.transcriptions import UNKNOWN_SENTENCE, UNREADABLE_SENTENCE
from stenolog.projections.projection import SECRET_HEADER, Erased, Fact, Unreadable
from stenolog.projections.rows import PutView, StatusRow, TranscriptRow
from stenolog.wire.assemblyai.readable import MENDS
from stenolog.wire.assemblyai.transcript import failed_transcript

# DECISIONS 62: the Python SDK rejects a transcript whose `speech_model` is anything else.
LEGACY_SPEECH_MODELS = ("best", "nano", "slam-1", "universal")
WEBHOOK_STATUS = "webhook_status_code"
# Every body ends with this, so that the one thing that is learned later is put in without reading
# what may be an hour of words.
# DECISIONS 48: the edge puts the number in here, and parses nothing for it.
BODY_END = b'"webhook_status_code":null}'
NO_ANSWER = Document("")
# What our answer says of a failure, and not the provider's.
FAILED = frozenset({"status", "error", "text", "words", "utterances"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The whole answer of a transcription that has come to its end."""

    name: str = "transcript"
    version: int = 4
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
    transcription_id: str, params: Mapping[str, Any], provider_json: Document
) -> bytes:
    """The provider's completed transcript as our customer sees it: see `_of_customer`."""
    ours = {"status": "completed", **_of_customer(transcription_id, params, provider_json)}
    return _spliced({**_mended(provider_json), **ours}, provider_json)


def failed_body(
    transcription_id: str, params: Mapping[str, Any], error: str, answer: Document
) -> bytes:
    """The `/v2` answer of a transcription that ended in `error`: see `_of_customer`.

    `answer` is the provider's; whatever it says, nothing was said in the audio.
    """
    whole = failed_transcript(transcription_id, params, error)
    kept = {name for name in answer if name not in FAILED}
    ours = {name: value for name, value in whole.items() if name not in kept}
    ours |= _of_customer(transcription_id, params, answer)
    return _spliced({**_mended(answer), **ours}, answer)


def _of_customer(
    transcription_id: str, params: Mapping[str, Any], answer: Document
) -> dict[str, Any]:
    """What is our customer's own, or ours, in a provider's transcript.

    Neither our callback address nor our token can be in it. Everything else is the provider's,
    byte for byte, but for `_mended`.
    """
    ours: dict[str, Any] = {
        "id": transcription_id,
        "audio_url": params.get("audio_url") or "",
        "webhook_url": params.get("webhook_url"),
        "webhook_auth_header_name": params.get("webhook_auth_header_name"),
        "webhook_auth": None
        not in (params.get("webhook_auth_header_name"), params.get(SECRET_HEADER)),
    }
    if SECRET_HEADER in answer:
        ours[SECRET_HEADER] = None
    if answer.get("speech_model") not in LEGACY_SPEECH_MODELS:
        ours["speech_model"] = None
    duration = answer.get("audio_duration")
    if isinstance(duration, float):
        # The SDK rejects a fraction of a second; upstream rounds up.
        ours["audio_duration"] = math.ceil(duration)
    return ours


def _mended(answer: Document) -> dict[str, Any]:
    """The members that would make the official SDK reject the whole answer, as it reads them."""
    return {
        name: rewritten(answer.written(name), mend)
        for name, mend in MENDS.items()
        if name in answer and mend(answer[name]) is not answer[name]
    }


def with_webhook_status(body: bytes, status: int | None) -> bytes:
    """A stored `/v2` body with what the customer's webhook has answered since it was made."""
    if status is None:
        return body
    if body.endswith(BODY_END):
        return b"%b%d}" % (body[: -len(b"null}")], status)
    # Made by an earlier version of this projection, and shown until the new one has followed.
    return encode({**read_object(body), WEBHOOK_STATUS: status})


def _spliced(ours: Mapping[str, Any], theirs: Document) -> bytes:
    """An object with our members and those of theirs that have other names, as they were written.

    At its end an empty `webhook_status_code`: see `BODY_END`.
    """
    mine = [encode({name: value})[1:-1] for name, value in ours.items() if name != WEBHOOK_STATUS]
    kept = [raw for name, raw in theirs.members() if name not in ours and name != WEBHOOK_STATUS]
    return b"{%b,%b" % (b",".join([*mine, *kept]), BODY_END)


def _with_text(fact: Fact, document: Document) -> TranscriptRow:
    words = document.get("words")
    return TranscriptRow(
        text=text_or_none(document.get("text")),
        confidence=number_or_none(document.get("confidence")),
        language_code=text_or_none(document.get("language_code")),
        words=len(words) if isinstance(words, list) else 0,
        body=customer_body(fact.transcription, fact.params, document),
    )


def _without_text(fact: Fact, error: str) -> TranscriptRow:
    content, answer = fact.content, NO_ANSWER
    if isinstance(content, Document) and isinstance(content.get("answer"), dict):
        answer = read_object(content.written("answer"))
    return TranscriptRow(
        text=None,
        confidence=None,
        language_code=None,
        words=0,
        body=failed_body(fact.transcription, fact.params, error, answer),
    )


def _sentence(fact: Fact) -> str:
    if isinstance(fact.content, Mapping):
        return text_or_none(fact.content.get("error")) or UNKNOWN_SENTENCE
    return UNKNOWN_SENTENCE
