"""All projections by name, and projecting one event with several of them."""

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
from stenolog.projections.documents import ProjectionFailed, read_object
from stenolog.projections.of.lists import LISTS
from stenolog.projections.of.transcript import Transcript
from stenolog.projections.of.transcriptions import Transcriptions
from stenolog.projections.projection import Content, Erased, Fact, Projection, Unreadable
from stenolog.projections.rows import Change, Forget, Hold, PutStatus, StatusRow


def all_projections(*transcripts: Transcript) -> Mapping[str, Projection]:
    """Every projection by its name; `transcripts` has one for each surface that stores a body."""
    projections: tuple[Projection, ...] = (Transcriptions(), *transcripts, *LISTS)
    return {one.name: one for one in projections}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An event with its payloads as plain bytes: what travels to the worker process.

    Attributes:
        payload: The event's own; None when it has none or it was not needed.
        erased: There is one whose key is gone.
        damaged: There is one that is not what was sealed.
        request: The payload of the transcription's first event; None when not needed.
        request_erased: The same as `erased`, for the request.
        state: The transcription after the event; None when not needed, or when its stream cannot
            be folded.
        unfolded: Why there is no state, where one is needed.
    """

    event: Event
    payload: bytes | None = None
    erased: bool = False
    damaged: bool = False
    request: bytes | None = None
    request_erased: bool = False
    state: Transcription | None = None
    unfolded: str = ""

    @property
    def transcription(self) -> str:
        """The transcription's id."""
        return self.event.stream.removeprefix(TRANSCRIPTION)

    @property
    def size(self) -> int:
        """Bytes of plaintext in it."""
        return len(self.payload or b"") + len(self.request or b"")


def project(
    names: Iterable[str],
    reading: Reading,
    current: StatusRow | None,
    projections: Mapping[str, Projection],
) -> tuple[Change, ...]:
    """Project one event with the named `projections`, reading it once for all of them; pure."""
    fact = _fact(reading)
    changes: list[Change] = []
    for name in names:
        projection = projections[name]
        if projection.types is not None and reading.event.type == ErasureRequested.type:
            changes.append(Forget(projection=name, transcription=reading.transcription))
            continue
        if projection.types is not None and reading.event.type not in projection.types:
            continue
        try:
            if isinstance(fact, ProjectionFailed):
                raise fact
            change = projection.project(fact, current)
        except ProjectionFailed as exc:
            changes.append(_hold(projection, reading, fact, str(exc)))
        except Exception as exc:  # a mistake of ours may hold one transcription, never the others
            reason = f"{type(exc).__name__} in the projection"
            changes.append(_hold(projection, reading, fact, reason))
        else:
            if change is not None:
                changes.append(change)
    return tuple(changes)


def status_after(changes: Iterable[Change], before: StatusRow | None) -> StatusRow | None:
    """The transcription's row once these changes are made."""
    for change in changes:
        if isinstance(change, PutStatus):
            before = change.row
    return before


def _hold(
    projection: Projection, reading: Reading, fact: Fact | ProjectionFailed, reason: str
) -> Hold:
    transcript = None
    if not isinstance(fact, ProjectionFailed):
        try:
            transcript = projection.fallback(fact)
        except Exception as exc:  # the same mistake may be in both
            reason = f"{reason}; {type(exc).__name__} in its fallback"
    return Hold(
        projection=projection.name,
        transcription=reading.transcription,
        position=reading.event.position,
        reason=reason,
        transcript=transcript,
    )


def _fact(reading: Reading) -> Fact | ProjectionFailed:
    try:
        data = _data(reading.event)
    except SchemaTooNew as exc:
        return ProjectionFailed(str(exc))
    content = _content(reading.payload, erased=reading.erased, damaged=reading.damaged)
    request = _content(reading.request, erased=reading.request_erased, damaged=False)
    if isinstance(data, TranscriptionRequested):
        request = content
    return Fact(
        event=reading.event,
        data=data,
        content=content,
        content_bytes=reading.payload,
        request=request,
        state=reading.state,
        unfolded=reading.unfolded,
    )


def _data(event: Event) -> EventData | None:
    if event.type not in EVENT_TYPES:
        return None
    return read_data(event.type, event.data)


def _content(payload: bytes | None, *, erased: bool, damaged: bool) -> Content:
    if erased:
        return Erased()
    if damaged:
        return Unreadable(reason="the payload is not what was sealed")
    if payload is None:
        return None
    try:
        return read_object(payload)
    except ProjectionFailed as exc:
        return Unreadable(reason=str(exc))
