"""Declare a projection, and what it gets for each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stenolog.commands.transcription.state import Transcription
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.request_payload import request_in
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.documents import Document
from stenolog.projections.rows import Change, StatusRow, TranscriptRow
from stenolog.projections.shaped.conversation import Conversation

# A customer's own secret: no view holds it. Who needs it opens the log's payload.
SECRET_HEADER = "webhook_auth_header_value"  # noqa: S105  the field's name, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A payload that exists and cannot be parsed; `reason` holds none of its content."""

    reason: str


@dataclass(frozen=True, slots=True)
class Erased:
    """A payload whose key was destroyed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A payload whose key is lost, though nobody erased it."""


Content = Document | Unreadable | Erased | Lost | None
"""A payload: its JSON object, why there is none to see, or None when the event has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionInput:
    """One event of a transcription's stream, and all that projections may know of it.

    Attributes:
        data: None when this version does not know the type of event.
        content: The event's own payload.
        content_bytes: The same as it stands in the log.
        request: The payload of the transcription's first event; only with its last.
        provider: Who was asked to transcribe, of an outcome; None where nobody knows.
        conversation: A completed transcript, for those that shape it; made once for all of them.
        state: The transcription after this event; None where its stream cannot be folded.
        unfolded: Why it cannot, without content.
    """

    event: Event
    data: EventData | None
    content: Content
    content_bytes: bytes | None
    request: Content
    provider: str | None = None
    conversation: Conversation | None = None
    state: Transcription | None = None
    unfolded: str = ""

    @property
    def transcription(self) -> str:
        """The transcription's id."""
        return self.event.stream.removeprefix(TRANSCRIPTION)

    @property
    def params(self) -> Mapping[str, Any]:
        """The customer's `/v2` request; empty when it cannot be known any more."""
        return params_of(self.request, self.provider)


def params_of(request: Content, provider: str | None = None) -> Mapping[str, Any]:
    """Return the customer's `/v2` request inside the payload of `transcription.requested`.

    It is the one in which this provider is asked, or, without a name, whoever is asked first.
    """
    return request_in(request).asked_of(provider)


class Projection(Protocol):
    """A pure function from an event to changes of rows; no clock, no I/O.

    The same events give the same rows whenever they are projected, so a view can be dropped and
    built again.
    """

    @property
    def name(self) -> str:
        """As in `stenolog projections rebuild NAME`."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever the same events give other rows; the views are then built again."""
        ...

    @property
    def types(self) -> frozenset[str] | None:
        """The types of event that it acts on; None: every event of a transcription."""
        ...

    @property
    def opens(self) -> frozenset[str]:
        """The types whose payload it needs; they are opened for nobody else."""
        ...

    def project(self, source: ProjectionInput, current: StatusRow | None) -> Change | None:
        """Return what changes; `current` is the transcription's row before this event.

        Raises:
            ProjectionFailed: The event cannot be digested.
        """
        ...

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        """Return what can be shown all the same once `project` has failed."""
        ...
