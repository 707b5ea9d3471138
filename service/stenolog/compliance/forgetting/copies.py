"""Tell from a transcription's events which copies of its content there were. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription
from stenolog.log.event import Event
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded
from stenolog.log.events.submissions import RemovalProof, SubmissionRemoved
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    ErasureCompleted,
    ErasureRequested,
)

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Where content of a transcription was or is.

    Attributes:
        payloads: How many of its events have sealed content in the log.
        upload: The customer's file.
        jobs: Of each job at a provider, the engine's too, how it is known to be gone, and since
            when; `known` null: it is there, or nobody knows.
        deliveries: What a customer's webhook was told, and when: such copies are the customer's.
    """

    stream: str
    payloads: int
    upload: str | None
    jobs: Sequence[Json]
    deliveries: Sequence[Json]
    requested_at: str | None
    requested_position: int | None
    completed_at: str | None
    completed_position: int | None


def copies_in(events: Sequence[Event]) -> Copies:
    """Return what the events of one stream, from the first, say of copies."""
    state = Transcription(id=events[0].stream.removeprefix(TRANSCRIPTION))
    removed_at: dict[tuple[int, int | None], str] = {}
    deliveries: list[Json] = []
    requested = completed = None
    for event in events:
        state = evolve(state, event)
        if event.type == SubmissionRemoved.type:
            key = (event.data["submission"], event.data["duplicate"])
            removed_at[key] = event.time
        elif event.type in (DeliverySucceeded.type, DeliveryFailed.type):
            deliveries.append(_delivery(event))
        elif event.type == ErasureRequested.type:
            requested = requested or event
        elif event.type == ErasureCompleted.type:
            completed = event
    return Copies(
        stream=events[0].stream,
        payloads=sum(event.commitment is not None for event in events),
        upload=state.upload,
        jobs=_jobs(state, removed_at),
        deliveries=deliveries,
        requested_at=requested.time if requested else None,
        requested_position=requested.position if requested else None,
        completed_at=completed.time if completed else None,
        completed_position=completed.position if completed else None,
    )


def _delivery(event: Event) -> Json:
    return {
        "kind": event.data["kind"],
        "delivered": event.type == DeliverySucceeded.type,
        "attempts": event.data["attempts"],
        "status": event.data["status"],
        "ended_at": event.time,
    }


def _jobs(state: Transcription, removed_at: Mapping[tuple[int, int | None], str]) -> Sequence[Json]:
    own = [
        _job(state, one.number, one.provider_job, one.removal, removed_at.get((one.number, None)))
        for one in state.submissions
        if one.accepted_position
    ]
    duplicates = [
        _job(
            state,
            one.submission,
            one.provider_job,
            one.removal,
            removed_at.get((one.submission, one.number)),
        )
        for one in state.duplicates
    ]
    return [*own, *duplicates]


def _job(
    state: Transcription,
    submission: int,
    provider_job: str | None,
    known: RemovalProof | None,
    at: str | None,
) -> Json:
    provider, region = state.place_of(submission)
    return {
        "copy": "provider_job",
        "provider": provider,
        "region": region,
        "provider_job": provider_job,
        "gone": known is not None,
        "known": known,
        "at": at,
    }
