"""Render the `/v2` answer of a transcription that has ended; a projection stores it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from stenolog.edge.assemblyai.sdk_transcript import TRANSCRIPT, readable
from stenolog.projections.canonical import BESIDE, ENRICHED, CanonicalTranscript
from stenolog.projections.documents import Document, encode, read_object, rewritten
from stenolog.projections.of.transcript import Transcript
from stenolog.projections.views import TRANSCRIPT_VIEW
from stenolog.wire.assemblyai.enums import LEGACY_SPEECH_MODELS
from stenolog.wire.assemblyai.parameters import WEBHOOK_PARAMETERS
from stenolog.wire.assemblyai.transcript import failed_transcript

WEBHOOK_URL, WEBHOOK_HEADER_NAME, WEBHOOK_HEADER_VALUE = WEBHOOK_PARAMETERS
WEBHOOK_STATUS = "webhook_status_code"
# Every body ends with this, so that the status, which is learned later, is put in without reading
# what may be an hour of words (DECISIONS 48).
BODY_END = b'"webhook_status_code":null}'
# What our answer says of a failure, and not the provider's.
FAILED = frozenset({"status", "error", "text", "words", "utterances"})


@dataclass(frozen=True, slots=True)
class V2Body:
    """Renders the provider's answer for our customer: see `_of_customer`."""

    def completed(
        self, transcription_id: str, params: Mapping[str, Any], answer: Document
    ) -> bytes:
        """Return the completed transcript."""
        ours = {"status": "completed", **_of_customer(transcription_id, params, answer)}
        made = CanonicalTranscript(answer).enriched
        if made:  # whose findings they are; the engine's own notes are no part of `/v2`
            ours[BESIDE] = {ENRICHED: made}
        return _spliced({**_mended(answer), **ours}, answer)

    def failed(
        self, transcription_id: str, params: Mapping[str, Any], error: str, answer: Document
    ) -> bytes:
        """Return the transcript in `error`, without words, whatever `answer` says."""
        whole = failed_transcript(transcription_id, params, error)
        kept = {name for name in answer if name not in FAILED}
        ours = {name: value for name, value in whole.items() if name not in kept}
        ours |= _of_customer(transcription_id, params, answer)
        return _spliced({**_mended(answer), **ours}, answer)


# The version is raised whenever the same answer gives other bytes.
V2_TRANSCRIPT = Transcript(name=TRANSCRIPT_VIEW, version=8, body=V2Body())


def with_webhook_status(body: bytes, status: int | None) -> bytes:
    """Return a stored body with what the customer's webhook has answered since it was made."""
    if status is None:
        return body
    if body.endswith(BODY_END):
        return b"".join((memoryview(body)[: -len(b"null}")], b"%d}" % status))
    # Made by an earlier version of this projection, and shown until the new one has followed.
    return encode({**read_object(body), WEBHOOK_STATUS: status})


def _of_customer(
    transcription_id: str, params: Mapping[str, Any], answer: Document
) -> dict[str, Any]:
    """Return the members that are our customer's own, or ours, in a provider's transcript.

    Neither our callback address nor our token can be in it. Everything else is the provider's,
    byte for byte, but for `_mended`.
    """
    ours: dict[str, Any] = {
        "id": transcription_id,
        "audio_url": params.get("audio_url") or "",
        WEBHOOK_URL: params.get(WEBHOOK_URL),
        WEBHOOK_HEADER_NAME: params.get(WEBHOOK_HEADER_NAME),
        "webhook_auth": None
        not in (params.get(WEBHOOK_HEADER_NAME), params.get(WEBHOOK_HEADER_VALUE)),
    }
    if WEBHOOK_HEADER_VALUE in answer:
        ours[WEBHOOK_HEADER_VALUE] = None
    if answer.get("speech_model") not in LEGACY_SPEECH_MODELS:
        # DECISIONS 62: the Python SDK rejects a transcript whose `speech_model` is anything else.
        ours["speech_model"] = None
    duration = answer.get("audio_duration")
    if isinstance(duration, float):
        # The SDK rejects a fraction of a second; upstream rounds up.
        ours["audio_duration"] = math.ceil(duration)
    return ours


def _mended(answer: Document) -> dict[str, Any]:
    """Return the members that would break the official SDK, replaced by what it can read."""
    return {
        name: rewritten(answer.written(name), partial(readable, name))
        for name in TRANSCRIPT
        if name in answer and readable(name, answer[name]) is not answer[name]
    }


def _spliced(ours: Mapping[str, Any], theirs: Document) -> bytes:
    """Return an object with our members, and those of theirs that have other names, as written.

    It ends with an empty `webhook_status_code`: see `BODY_END`.
    """
    mine = [encode({name: value})[1:-1] for name, value in ours.items() if name != WEBHOOK_STATUS]
    left_out = {*ours, WEBHOOK_STATUS, BESIDE}
    kept = [raw for name, raw in theirs.members() if name not in left_out]
    return b"{%b,%b" % (b",".join([*mine, *kept]), BODY_END)
