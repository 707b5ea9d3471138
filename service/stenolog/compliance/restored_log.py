"""Append to a restored log what it must say: that it was restored, and what was erased since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.errors import RecordDamaged
from stenolog.log.actors import OPERATOR, SYSTEM_TENANT
from stenolog.log.event import NewEvent
from stenolog.log.event_data import EventData
from stenolog.log.events.api_keys import API_KEY, ApiKeyRevoked
from stenolog.log.events.logs import LOG, LogRestored
from stenolog.log.facts import erasure_requested, revocation_key
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import new_id
from stenolog.log.store import EVENTS_PER_READ_MAX, Append, EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was recorded.

    Attributes:
        recorded: How many erasures the log did not know.
        keys: The streams whose keys are to be destroyed, also of those that it knew.
    """

    recorded: int
    keys: Sequence[str]


async def record_restore(
    events: EventStore, identity: LogIdentity, *, events_lost: int | None
) -> None:
    """Append `log.restored`: what comes after it is of this identity's epoch.

    Raises:
        StoreError: It was not written.
    """
    data = LogRestored(epoch=identity.epoch, events_lost=events_lost, restore=identity.restore)
    await events.append_all([_append(LOG + identity.log_id, data, SYSTEM_TENANT)])


async def record_erasures(events: EventStore, transcriptions: Iterable[str]) -> Erased:
    """Append `erasure.requested` for each transcription that this log has.

    The next start carries out the rest of each erasure. A key without which a job could not be
    deleted at its provider stays until that is done, as with every erasure.

    Raises:
        StoreError: Not all were written; the same again goes on.
    """
    recorded, keys = 0, []
    for identifier in sorted(transcriptions):
        first = await events.read_stream(stream_of(identifier), limit=1)
        if not first:
            continue  # it came after the backup
        fact = erasure_requested(identifier, "native")
        append = _append(stream_of(identifier), fact.data, first[0].tenant, fact.dedupe_key)
        appended = (await events.append_all([append]))[0]
        recorded += not appended.already_there
        if not await _handle_sealed(events, identifier):
            keys.append(stream_of(identifier))
    return Erased(recorded=recorded, keys=keys)


async def record_revocations(events: EventStore, tenants: Mapping[str, str]) -> None:
    """Append `api_key.revoked` for each of these API keys, of these tenants.

    Raises:
        StoreError: Not all were written.
    """
    for key_id, tenant in sorted(tenants.items()):
        revoked = _append(API_KEY + key_id, ApiKeyRevoked(), tenant, revocation_key(key_id))
        await events.append_all([revoked])


async def _handle_sealed(events: EventStore, identifier: str) -> bool:
    """Tell whether a job at a provider can be named by its payload alone."""
    state = Transcription(id=identifier)
    try:
        while some := await events.read_stream(state.stream, after=state.version):
            for event in some:
                state = evolve(state, event)
            if len(some) < EVENTS_PER_READ_MAX:
                break
    except RecordDamaged:
        return False  # what was to be erased comes first
    return state.handle_sealed


def _append(stream: str, data: EventData, tenant: str, dedupe_key: str | None = None) -> Append:
    event = NewEvent(
        id=new_id(),
        type=data.type,
        tenant=tenant,
        actor=OPERATOR,
        correlation_id=new_id(),
        causation_id=None,
        data=data.model_dump(),
        dedupe_key=dedupe_key,
    )
    return Append(stream=stream, events=(event,))
