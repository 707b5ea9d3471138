"""Make AssemblyAI's transcript of an answer to a poll; the log keeps the answer itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stenolog.wire.aimlapi.envelope import MEMBERS, read_envelope
from stenolog.wire.aimlapi.mapped import Mapped
from stenolog.wire.aimlapi.results import result_of, speech_share
from stenolog.wire.aimlapi.times import whole_seconds
from stenolog.wire.assemblyai.transcript import completed_transcript

OWN = "aimlapi"  # the member with what AssemblyAI's transcript has no place for
SHARE_DIGITS = 4
UNKNOWN_FAMILY = "unknown-result"
UNKNOWN_SENTENCE = (
    "The result has a shape that is not known here: its text and words were found by rule, and "
    "`aimlapi` has all of it."
)
NO_RESULT_SENTENCE = "The provider says that the job is completed, and gives no result."


def members_of(
    answer: Mapping[str, Any], params: Mapping[str, object]
) -> tuple[str, Mapping[str, Any]]:
    """Return where in the answer AssemblyAI's own transcript is, and the members to add to it.

    For any other family the name is empty, and the members are the whole transcript.
    """
    envelope = read_envelope(answer)
    beside = {name: one for name, one in answer.items() if name not in MEMBERS}
    if envelope.payload is None:
        mapped = Mapped(family="text", fields={"text": None}, rest={}, duration_ms=None)
        return "", _transcript(mapped, params, beside)
    mapped = result_of(envelope.payload)
    if mapped.family == "transcript" and envelope.payload_name:
        return envelope.payload_name, {OWN: beside} if beside else {}
    if not envelope.payload_name:
        beside = {}
    return "", _transcript(mapped, params, beside)


def failed_members(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is told of an answer whose transcription has failed: all but a result."""
    envelope = read_envelope(answer)
    kept = {name: one for name, one in answer.items() if name != envelope.payload_name}
    if envelope.payload is None:
        return {OWN: kept}
    if not envelope.payload_name:
        kept = {}
    seconds = whole_seconds(result_of(envelope.payload).duration_ms)
    return {"audio_duration": seconds, OWN: kept}


def _transcript(
    mapped: Mapped, params: Mapping[str, object], beside: Mapping[str, Any]
) -> Mapping[str, Any]:
    duration = mapped.fields.get("audio_duration", whole_seconds(mapped.duration_ms))
    told: dict[str, Any] = {"language_code": params.get("language_code")}
    if mapped.family == "deepgram":
        told = {}  # English, unless something else was asked for
    told |= {name: one for name, one in mapped.fields.items() if name not in told or one}
    told["audio_duration"] = duration
    rest = {**mapped.rest, **beside}
    if rest:
        told[OWN] = rest
    ours: dict[str, Any] = {}
    share = speech_share(mapped)
    if share is not None:
        ours["audio"] = {"speech_share": round(share, SHARE_DIGITS), "source": "word-times"}
    if mapped.family == "unknown":
        ours["warnings"] = [{"code": UNKNOWN_FAMILY, "message": UNKNOWN_SENTENCE}]
        told["metadata"] = {"warnings": [{"message": UNKNOWN_SENTENCE}]}
    if ours:
        told["stenolog"] = ours
    return completed_transcript("", params, told)
