"""Tell a transcription's life as a list of what happened: when, by whom, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stenolog.clock import microseconds, rfc3339
from stenolog.log.actors import DELIVERY, OPERATOR, PROVIDER, RECONCILER, SYSTEM
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.past.sentences import sentence_of

US_PER_MS = 1_000
OUTCOMES = (TranscriptionCompleted.type, TranscriptionCompletedLate.type, TranscriptionFailed.type)
# By the first word of a type; an outcome is what was fetched.
STEPS: Mapping[str, str] = {
    "submission": "claim",
    "callback": "callback",
    "delivery": "delivery",
    "erasure": "erasure",
    "hold": "hold",
    "retention": "retention",
    "transcript": "analysis",
}
ACTORS: Mapping[str, str] = {
    RECONCILER: "reconciler",
    PROVIDER: "provider",
    DELIVERY: "delivery",
    SYSTEM: "gateway",
    OPERATOR: "operator",
}
API_KEY = "api-key"  # whoever else acts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened.

    Attributes:
        step: What kind of thing: `request`, `claim`, `callback`, `fetch`, `view` and so on.
        said: A sentence without content of the transcript, and without a full stop.
        position: Of its event; None for what no event records.
        actor: Whose id it is: `api-key`, or one of our own loops.
        after_ms: How long after what led to it: the event that it names, or the one before.
        after: The position of that event; None for the first.
    """

    step: str
    time: str
    said: str
    position: int | None
    type: str | None
    actor: str
    actor_id: str | None
    after_ms: int | None
    after: int | None


def story_of(
    events: Sequence[Event], readable_us: Mapping[int, int], reads: Sequence[Event] = ()
) -> list[Step]:
    """Return the steps in order of time.

    `events` are those of one stream, from the first; `readable_us` says when events became
    readable in the views, by position, as far as anybody remembers. `reads` are of type
    `transcript.read`.
    """
    by_id = {event.id: event for event in events}
    steps: list[Step] = []
    before: Event | None = None
    for event in events:
        cause = by_id.get(event.causation_id or "") or before
        steps.append(_step(event, cause))
        if event.type in OUTCOMES and event.position in readable_us:
            steps.append(_readable(event, readable_us[event.position]))
        before = event
    steps += [replace(_step(one, None), step="read") for one in reads]
    return sorted(steps, key=lambda one: one.time)


def _step(event: Event, cause: Event | None) -> Step:
    return Step(
        step=_kind(event.type),
        time=event.time,
        said=sentence_of(event),
        position=event.position,
        type=event.type,
        actor=ACTORS.get(event.actor, API_KEY),
        actor_id=event.actor,
        after_ms=None if cause is None else _ms_between(cause.time, event.time),
        after=None if cause is None else cause.position,
    )


def _readable(outcome: Event, at_us: int) -> Step:
    time = max(rfc3339(at_us), outcome.time)
    return Step(
        step="view",
        time=time,
        said="readable in every view",
        position=None,
        type=None,
        actor=ACTORS[SYSTEM],
        actor_id=None,
        after_ms=_ms_between(outcome.time, time),
        after=outcome.position,
    )


def _kind(event_type: str) -> str:
    if event_type in OUTCOMES:
        return "fetch"
    return STEPS.get(event_type.partition(".")[0], "request")


def _ms_between(first: str, last: str) -> int:
    return (microseconds(last) - microseconds(first)) // US_PER_MS
