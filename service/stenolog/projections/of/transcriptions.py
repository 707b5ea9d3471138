"""Project status and times of every transcription, from its state and its payloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stenolog.log.events.request_payload import request_in
from stenolog.log.events.submissions import (
    SubmissionAccepted,
)
from stenolog.log.events.transcriptions import (
    ErasureRequested,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)
from stenolog.projections.documents import ProjectionFailed, encode, text_or_none
from stenolog.projections.of.status import (
    UNREADABLE_SENTENCE,
    PayloadDetails,
    details_in,
    details_of,
    row_of,
)
from stenolog.projections.projection import (
    SECRET_HEADER,
    Erased,
    ProjectionInput,
    Unreadable,
    params_of,
)
from stenolog.projections.rows import NO_NAMES, PutStatus, StatusRow, TranscriptRow
from stenolog.projections.views import TRANSCRIPTIONS_VIEW

NO_REQUEST = "the stream does not begin with a request"
UNKNOWN_SENTENCE = "The reason of the failure is not known any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcriptions:
    """Accepts any payload: whatever it holds, a transcription has a status."""

    name: str = TRANSCRIPTIONS_VIEW
    version: int = 7
    types: frozenset[str] | None = None
    opens: frozenset[str] = frozenset(
        {
            TranscriptionRequested.type,
            SubmissionAccepted.type,
            TranscriptionCompleted.type,
            TranscriptionCompletedLate.type,
            TranscriptionFailed.type,
        }
    )

    def project(self, source: ProjectionInput, current: StatusRow | None) -> PutStatus:
        """Return the transcription's row after this event.

        Raises:
            ProjectionFailed: The stream does not begin with a request, or cannot be folded.
        """
        state = source.state
        if state is None:
            row = _of_damaged_stream(source, current)
            return PutStatus(projection=self.name, row=row, request=None)
        if not state.request_position:
            raise ProjectionFailed(NO_REQUEST)
        details = PayloadDetails() if current is None else details_of(current, state)
        row = row_of(state, _details(details, source), position=source.event.position)
        first = isinstance(source.data, TranscriptionRequested)
        request = _without_secret(source) if first else None
        return PutStatus(projection=self.name, row=row, request=request)

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        """Return None: the row has nothing to show instead."""
        return None


def _of_damaged_stream(source: ProjectionInput, current: StatusRow | None) -> StatusRow:
    """Go on from the row that was made when the stream could be read: for an erasure alone.

    What can be read must be erasable; everything else is held, and shows what it showed.
    """
    if current is None:
        raise ProjectionFailed(source.unfolded or NO_REQUEST)
    row = replace(current, version=source.event.version, position=source.event.position)
    match source.data:
        case ErasureRequested():
            return replace(
                row,
                status="completed",
                erased=True,
                error=None,
                audio_url="",
                subject=None,
                metadata=None,
                webhook_address="",
                unknown=NO_NAMES,
                provider_job=None,
                completed_at=row.completed_at or source.event.time,
            )
        case _ if row.erased:
            return row
        case _:
            raise ProjectionFailed(source.unfolded)


def _without_secret(source: ProjectionInput) -> bytes | None:
    """Return the request's payload, with `true` in the place of the value of the webhook's header.

    An answer says whether there is one, and nobody may read from a view what it is.
    """
    if not isinstance(source.content, Mapping):
        return None
    params = params_of(source.content)
    if params.get(SECRET_HEADER) is None:
        return source.content_bytes
    return encode({**source.content, "params": {**params, SECRET_HEADER: True}})


def _details(details: PayloadDetails, source: ProjectionInput) -> PayloadDetails:
    """Return what is known from payloads once this event's own is read."""
    content = source.content
    read = content if isinstance(content, Mapping) else {}
    match source.data:
        case TranscriptionRequested():
            return replace(details_in(request_in(content)), erased=isinstance(content, Erased))
        case SubmissionAccepted(provider_job=None, submission=number) if (
            source.state is not None and number == source.state.shown and not source.state.terminal
        ):
            return replace(details, sealed_job=text_or_none(read.get("provider_job")))
        case TranscriptionFailed():
            return replace(details, error=text_or_none(read.get("error")) or UNKNOWN_SENTENCE)
        case TranscriptionCompleted() | TranscriptionCompletedLate():
            # The other views fail on it, and no reader may see `completed` without a transcript.
            unreadable = content is None or isinstance(content, Unreadable)
            error = UNREADABLE_SENTENCE if unreadable else None
            return replace(details, error=error, unreadable=unreadable)
        case _:
            return details
