"""Say in a sentence what an event of a transcription's stream means. Pure; no content is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from stenolog.errors import SchemaTooNew
from stenolog.log.catalogue import EVENT_TYPES, read_data
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.accesses import TranscriptRead
from stenolog.log.events.callbacks import CallbackReceived, CallbackUnmatched
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded
from stenolog.log.events.enrichments import TranscriptEnriched
from stenolog.log.events.submissions import (
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSearched,
    SubmissionSuperseded,
    SubmissionUnanswered,
)
from stenolog.log.events.transcriptions import (
    ErasureCompleted,
    ErasureRequested,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)
from stenolog.log.events.vocabulary import WakeReason

PROVIDERS = {"local": "the embedded engine", "assemblyai": "AssemblyAI", "aimlapi": "AIMLAPI"}
SURFACES = {"v2": "/v2", "v1-stt": "/v1/stt", "v1-audio": "/v1/audio", "native": "/api/v1"}
WOKEN: Mapping[WakeReason, str] = {
    "callback": "after the callback",
    "poll": "when the provider was asked",
    "silence": "because no callback had come",
    "start": "after a start of the gateway",
    "command": "because somebody asked for it",
}
FAILURES = {
    "provider": "the provider could not transcribe it",
    "refused": "the provider refused it",
    "deadline": "the provider did not finish in time",
    "lost": "the provider lost it",
    "unmet": "the result does not meet a condition of the request",
}
UNKNOWN = "an event of a type that this version does not know"

Data = TypeVar("Data", bound=EventData)


def sentence_of(event: Event) -> str:
    """Return what happened, without a full stop; of a type without words here, its description."""
    try:
        data = read_data(event.type, event.data)
    except SchemaTooNew:
        return UNKNOWN
    said = SENTENCES.get(event.type)
    if said is not None:
        return said(data)
    first = (EVENT_TYPES[event.type].__doc__ or event.type).partition("\n")[0]
    return first.rstrip(".")


def _requested(data: TranscriptionRequested) -> str:
    of = f", of {PROVIDERS[data.provider]}{f' ({data.region})' if data.region else ''}"
    others = ", else ".join(PROVIDERS[one.provider] for one in data.fallbacks)
    return f"requested over {SURFACES[data.surface]}{of}{f', else {others}' if others else ''}"


def _claimed(data: SubmissionClaimed) -> str:
    asked = PROVIDERS[data.provider] if data.provider else "the provider"
    return f"submission {data.submission}: {asked} is about to be asked"


def _accepted(data: SubmissionAccepted) -> str:
    job = f", job {data.provider_job}" if data.provider_job else ""
    how = "was found to have a job" if data.adopted else "was taken"
    return f"submission {data.submission} {how}{job}"


def _refused(data: SubmissionRefused) -> str:
    status = f", status {data.status}" if data.status else ""
    return f"submission {data.submission} made no job ({data.reason}{status})"


def _removed(data: SubmissionRemoved) -> str:
    which = "" if data.duplicate is None else f", its duplicate {data.duplicate}"
    return f"the job of submission {data.submission}{which} is gone at the provider ({data.known})"


def _called(data: CallbackReceived) -> str:
    return f"the provider called: {data.kind.replace('_', ' ')}, {data.body_bytes:,} bytes"


def _unmatched(data: CallbackUnmatched) -> str:
    return f"the callback of submission {data.submission} is not what was expected ({data.kind})"


def _enriched(data: TranscriptEnriched) -> str:
    made = [one.analysis for one in data.analyses if one.outcome == "found"]
    missing = [f"{one.analysis} ({one.outcome})" for one in data.analyses if one.outcome != "found"]
    parts = [", ".join(made)] if made else []
    parts += [f"not made: {', '.join(missing)}"] if missing else []
    return f"analysed here: {'; '.join(parts)}"


def _completed(data: TranscriptionCompleted | TranscriptionCompletedLate) -> str:
    length = "" if data.audio_ms is None else f" of {data.audio_ms / 1000:.1f} s"
    return f"the result was fetched {WOKEN[data.reason]}: {data.words:,} words{length}"


def _late(data: TranscriptionCompletedLate) -> str:
    return f"given up before, and now {_completed(data)}"


def _failed(data: TranscriptionFailed) -> str:
    return f"failed: {FAILURES[data.reason]}; found {WOKEN[data.wake]}"


def _delivered(data: DeliverySucceeded) -> str:
    tries = "" if data.attempts == 1 else f" at attempt {data.attempts}"
    return f"the customer's webhook took {_message(data.kind)}{tries}, status {data.status}"


def _undelivered(data: DeliveryFailed) -> str:
    status = "" if data.status is None else f", last status {data.status}"
    tries = f"{data.attempts} attempt{'' if data.attempts == 1 else 's'}"
    return (
        f"the customer's webhook did not get {_message(data.kind)} ({data.reason}; {tries}{status})"
    )


def _message(kind: str) -> str:
    return {"outcome": "the outcome", "redacted_audio": "the redacted audio"}.get(kind, kind)


def _erasing(data: ErasureRequested) -> str:
    return f"deleted over {SURFACES[data.surface]}: text, views and upload go now"


def _erased(data: ErasureCompleted) -> str:
    return f"erased here, and at the provider: {data.jobs} job{'' if data.jobs == 1 else 's'}"


def _read(data: TranscriptRead) -> str:
    return f"content was shown: {data.view.replace('-', ' ')}"


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    TranscriptionRequested.type: _requested,
    SubmissionClaimed.type: _claimed,
    SubmissionAccepted.type: _accepted,
    SubmissionRefused.type: _refused,
    SubmissionFailed.type: lambda data: (
        f"the job of submission {data.submission} ended in an error of the provider's own"
    ),
    SubmissionUnanswered.type: lambda data: (
        f"submission {data.submission} was answered by somebody else, status {data.status}"
    ),
    SubmissionAbandoned.type: lambda data: (
        f"submission {data.submission} has no job at the provider ({data.reason})"
    ),
    SubmissionSuperseded.type: lambda data: (
        f"another submission was quicker than {data.submission}, whose job is to be deleted"
    ),
    SubmissionSearched.type: lambda data: (
        f"the provider's list was searched for other jobs of submission {data.submission}"
    ),
    SubmissionRemoved.type: _removed,
    CallbackReceived.type: _called,
    CallbackUnmatched.type: _unmatched,
    TranscriptEnriched.type: _enriched,
    TranscriptionCompleted.type: _completed,
    TranscriptionCompletedLate.type: _late,
    TranscriptionFailed.type: _failed,
    DeliverySucceeded.type: _delivered,
    DeliveryFailed.type: _undelivered,
    ErasureRequested.type: _erasing,
    ErasureCompleted.type: _erased,
    TranscriptRead.type: _read,
}
