"""Refuse appends, or recognise those that are in the log already. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.errors import StoreError, StoreUnavailable, WrongExpectedVersion
from stenolog.log.appends import Together
from stenolog.log.batch_state import ADVICE, NOWHERE, BatchState, Coordinates
from stenolog.log.catalogue import EVENT_TYPES, is_public
from stenolog.log.store import Append, Appended


def answer_without_writing(together: Together, state: BatchState) -> Sequence[Appended] | None:
    """Answer appends that change nothing; None when all of them are to be accepted.

    Raises:
        WrongExpectedVersion: A stream is not where its append expects it.
        StoreUnavailable: What is known of a stream cannot be: the file is damaged.
        StoreError: Some of the ids are known, and not all.
    """
    events = [event for append in together for event in append.events]
    known = sum(event.id in state.ids for event in events)
    if known:
        if known != len(events):
            raise StoreError("an append repeats some of the ids of another, and not all")
        return [_known(append, state) for append in together]
    if any(event.dedupe_key in state.dedupe for event in events):
        return [_taken(append, state) for append in together]
    for append in together:
        at = state.streams.get(append.stream, NOWHERE)
        if append.events:
            _refuse_doubted(append, state)
        if append.expected is not None and append.expected != at.version:
            raise WrongExpectedVersion(
                f"the stream is at version {at.version}, not {append.expected}"
            )
        if append.events:
            _refuse_wrong_numbers(append, at, state)
    return None


def _refuse_doubted(append: Append, state: BatchState) -> None:
    """Refuse what would be built on less than the stream is.

    Raises:
        StoreUnavailable: It would.
    """
    reason = state.doubted.get(append.stream)
    if reason is None and append.expected is not None:
        reason = state.cut.get(append.stream)
    if reason is not None:
        raise StoreUnavailable(f"{reason}; {ADVICE}")


def _refuse_wrong_numbers(append: Append, at: Coordinates, state: BatchState) -> None:
    """Keep a wrong version or sequence out of the log: once it is hashed, nobody can mend it.

    Raises:
        StoreUnavailable: Events of the stream or the tenant cannot be found.
    """
    for event in append.events:
        if event.tenant in state.uncounted and is_public(event.type):
            raise StoreUnavailable(f"{state.uncounted[event.tenant]}; {ADVICE}")
    first = append.events[0].type
    if at == NOWHERE and not EVENT_TYPES[first].opens_stream:
        raise StoreUnavailable(
            f"no stream begins with {first}: its first events are lost; {ADVICE}"
        )


def _known(append: Append, state: BatchState) -> Appended:
    places = [state.ids[event.id] for event in append.events]
    at = state.streams.get(append.stream, NOWHERE)
    return Appended(
        positions=tuple(place.position for place in places),
        version=max((place.version for place in places), default=at.version),
        already_there=True,
    )


def _taken(append: Append, state: BatchState) -> Appended:
    keys = (event.dedupe_key for event in append.events)
    return Appended(
        positions=tuple(state.dedupe[key].position for key in keys if key in state.dedupe),
        version=state.streams.get(append.stream, NOWHERE).version,
        already_there=True,
    )
