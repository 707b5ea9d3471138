"""Map answers of providers that do not speak AssemblyAI's JSON to the canonical transcript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stenolog.log.event_data import EventData
from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.documents import Document, encode, read_object
from stenolog.wire.aimlapi import transcripts as aimlapi


class Mapper(Protocol):
    """A vendor's way to AssemblyAI's transcript, in `wire`."""

    def members_of(
        self, answer: Mapping[str, Any], params: Mapping[str, object], /
    ) -> tuple[str, Mapping[str, Any]]:
        """Return where in a completed answer a transcript is, and what to add to it.

        An empty name: what is returned with it is the whole transcript.
        """
        ...

    def failed_members(self, answer: Mapping[str, Any], /) -> Mapping[str, Any]:
        """Return what is told of the answer of a job whose transcription has failed."""
        ...


MAPPERS: Mapping[str, Mapper] = {"aimlapi": aimlapi}


def canonical(
    provider: str | None,
    data: EventData | None,
    content: Document,
    params: Mapping[str, Any],
) -> Document:
    """Return the payload of an outcome with the canonical transcript in it.

    A provider that speaks AssemblyAI's JSON, or is not known any more, keeps its own bytes.

    Raises:
        ProjectionFailed: What an answer holds as a transcript is none.
    """
    mapper = None if provider is None else MAPPERS.get(provider)
    if mapper is None:
        return content
    match data:
        case TranscriptionCompleted() | TranscriptionCompletedLate():
            return completed_canonical(provider, content, params)
        case TranscriptionFailed() if isinstance(content.get("answer"), dict):
            told = mapper.failed_members(content["answer"])
            return read_object(encode({**content, "answer": told}))
        case _:
            return content


def completed_canonical(
    provider: str | None, answer: Document, params: Mapping[str, Any]
) -> Document:
    """Return the canonical transcript of a completed answer.

    Raises:
        ProjectionFailed: What the answer holds as a transcript is none.
    """
    mapper = None if provider is None else MAPPERS.get(provider)
    if mapper is None:
        return answer
    name, members = mapper.members_of(answer, params)
    if not name:
        return read_object(encode(members))
    inside = read_object(answer.written(name))
    if not members:
        return inside
    kept = [raw for _, raw in inside.members()]
    return read_object(b"{%b}" % b",".join([*kept, encode(members)[1:-1]]))
