"""Name all projections, and project one event with several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stenolog.commands.transcription.state import Transcription
from stenolog.errors import SchemaTooNew
from stenolog.log.catalogue import EVENT_TYPES, read_data
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    ErasureRequested,
    TranscriptionRequested,
)
from stenolog.projections.documents import Document, ProjectionFailed, read_object
from stenolog.projections.enrichments import Enrichment, enriched, without_claims
from stenolog.projections.of.items import COMPLETED
from stenolog.projections.of.lists import LISTS
from stenolog.projections.of.transcript import Transcript
from stenolog.projections.of.transcriptions import Transcriptions
from stenolog.projections.projection import (
    Content,
    Erased,
    Lost,
    Projection,
    ProjectionInput,
    Unreadable,
    params_of,
)
from stenolog.projections.redacted import redacted
from stenolog.projections.rows import Change, Forget, Hold, PutStatus, StatusRow
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.vendors import canonical

DAMAGED = "the payload is not what was sealed"


def all_projections(*transcripts: Transcript) -> Mapping[str, Projection]:
    """Return all projections by name; `transcripts` has one for each surface with a body."""
    projections: tuple[Projection, ...] = (Transcriptions(), *transcripts, *LISTS)
    return {one.name: one for one in projections}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEvent:
    """An event with its payloads as plain bytes; it can be sent to the worker process.

    Attributes:
        payload: The event's own; None when it has none or it was not needed.
        erased: There is one whose key was destroyed.
        lost: There is one whose key is lost.
        damaged: There is one that is not what was sealed.
        request: The payload of the transcription's first event; None when not needed.
        request_erased: The same as `erased`, for the request.
        provider: Who was asked to transcribe, of an outcome; None where nobody knows.
        enrichment: What was analysed here of the result; None where nothing was.
        state: The transcription after the event; None when not needed, or when its stream cannot
            be folded.
        unfolded: Why there is no state, where one is needed.
    """

    event: Event
    payload: bytes | None = None
    erased: bool = False
    lost: bool = False
    damaged: bool = False
    request: bytes | None = None
    request_erased: bool = False
    provider: str | None = None
    enrichment: Enrichment | None = None
    state: Transcription | None = None
    unfolded: str = ""

    @property
    def transcription(self) -> str:
        """The transcription's id."""
        return self.event.stream.removeprefix(TRANSCRIPTION)

    @property
    def size(self) -> int:
        """Bytes of plaintext in it."""
        found = self.enrichment.payload if self.enrichment else b""
        return len(self.payload or b"") + len(self.request or b"") + len(found)


def project(
    names: Iterable[str],
    opened: OpenedEvent,
    current: StatusRow | None,
    projections: Mapping[str, Projection],
) -> tuple[Change, ...]:
    """Project one event with the named `projections`, opening it once for all of them; pure.

    Raises:
        MemoryError: There was not enough; nothing is known against the event.
    """
    source = source_of(opened)
    changes: list[Change] = []
    for name in names:
        projection = projections[name]
        if not acts_on(projection, opened.event):
            continue
        if projection.types is not None and opened.event.type == ErasureRequested.type:
            changes.append(Forget(projection=name, transcription=opened.transcription))
            continue
        try:
            if isinstance(source, ProjectionFailed):
                raise source
            change = projection.project(source, current)
        except ProjectionFailed as exc:
            changes.append(_hold(projection, opened, source, str(exc)))
        except MemoryError:
            raise  # it says nothing of the event
        except Exception as exc:  # a mistake of ours may hold one transcription, never the others
            reason = f"{type(exc).__name__} in the projection"
            changes.append(_hold(projection, opened, source, reason))
        else:
            if change is not None:
                changes.append(change)
    return tuple(changes)


def acts_on(projection: Projection, event: Event) -> bool:
    """Tell whether the event changes anything in the projection's views."""
    if projection.types is None or event.type == ErasureRequested.type:
        return True
    return event.type in projection.types


def status_after(changes: Iterable[Change], before: StatusRow | None) -> StatusRow | None:
    """Return the transcription's row once these changes are made."""
    for change in changes:
        if isinstance(change, PutStatus):
            before = change.row
    return before


def _hold(
    projection: Projection,
    opened: OpenedEvent,
    source: ProjectionInput | ProjectionFailed,
    reason: str,
) -> Hold:
    transcript = None
    if not isinstance(source, ProjectionFailed):
        try:
            transcript = projection.fallback(source)
        except Exception as exc:  # the same mistake may be in both
            reason = f"{reason}; {type(exc).__name__} in its fallback"
    return Hold(
        projection=projection.name,
        transcription=opened.transcription,
        position=opened.event.position,
        reason=reason,
        transcript=transcript,
    )


def source_of(opened: OpenedEvent) -> ProjectionInput | ProjectionFailed:
    """Return what a projection gets of an event, or why it can get nothing; pure."""
    try:
        data = _data(opened.event)
    except SchemaTooNew as exc:
        return ProjectionFailed(str(exc))
    content = _content(opened.payload, erased=opened.erased, damaged=opened.damaged)
    if opened.lost:
        content = Lost()
    if opened.damaged and opened.event.type in COMPLETED:
        # Held: what a backup may bring back is never told as the provider's failure.
        return ProjectionFailed(DAMAGED)
    request = _content(opened.request, erased=opened.request_erased, damaged=False)
    if isinstance(data, TranscriptionRequested):
        request = content
    if isinstance(content, Document):
        try:
            asked = params_of(request, opened.provider)
            content = without_claims(canonical(opened.provider, data, content, asked))
            if opened.enrichment is not None:
                content = enriched(content, opened.enrichment)
            if opened.event.type in COMPLETED:
                content = redacted(content, asked)
        except ProjectionFailed as exc:
            content = Unreadable(reason=str(exc))
    said = None
    if isinstance(content, Document) and opened.event.type in COMPLETED:
        said = Conversation(content, params_of(request, opened.provider), provider=opened.provider)
    return ProjectionInput(
        event=opened.event,
        data=data,
        content=content,
        content_bytes=opened.payload,
        request=request,
        provider=opened.provider,
        conversation=said,
        state=opened.state,
        unfolded=opened.unfolded,
    )


def _data(event: Event) -> EventData | None:
    if event.type not in EVENT_TYPES:
        return None
    return read_data(event.type, event.data)


def _content(payload: bytes | None, *, erased: bool, damaged: bool) -> Content:
    if erased:
        return Erased()
    if damaged:
        return Unreadable(reason=DAMAGED)
    if payload is None:
        return None
    try:
        return read_object(payload)
    except ProjectionFailed as exc:
        return Unreadable(reason=str(exc))
