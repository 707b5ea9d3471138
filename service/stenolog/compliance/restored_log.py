"""Append to a restored log what it must say: that it was restored, and what was erased since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged
from stenolog.log.actors import OPERATOR, SYSTEM_TENANT
from stenolog.log.event import NewEvent
from stenolog.log.event_data import EventData
from stenolog.log.events.api_keys import API_KEY, ApiKeyRevoked
from stenolog.log.events.logs import LOG, LogRestored
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.events.uploads import UPLOAD, ReleaseReason
from stenolog.log.facts import erasure_requested, revocation_key, upload_released
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import Fact, new_id
from stenolog.log.store import EVENTS_PER_APPEND_MAX, EVENTS_PER_READ_MAX, Append, EventStore

WHY_UNKNOWN: ReleaseReason = "erased"


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What was recorded.

    Attributes:
        erased: How many erasures the log did not know.
        revoked: The same, of API keys.
        released: The same, of uploads.
        gone: The streams whose keys are to be destroyed, also of those that the log knew, or that
            it never had.
    """

    erased: int = 0
    revoked: int = 0
    released: int = 0
    gone: list[str] = field(default_factory=list)


async def record_restore(
    events: EventStore, identity: LogIdentity, *, events_lost: int | None
) -> None:
    """Append `log.restored`: what comes after it is of this identity's epoch.

    Raises:
        StoreError: It was not written.
    """
    data = LogRestored(epoch=identity.epoch, events_lost=events_lost, restore=identity.restore)
    fact = Fact(data=data)
    await events.append_all([_append(events, LOG + identity.log_id, fact, SYSTEM_TENANT)])


async def record_deletions(
    events: EventStore,
    streams: Iterable[str],
    reasons: Mapping[str, ReleaseReason],
    tenants: Mapping[str, str],
) -> Recorded:
    """Append that these transcriptions are erased, API keys revoked and uploads released.

    The next start carries out the rest of each erasure. A key without which a job could not be
    deleted at its provider stays until that is done, as with every erasure.

    Args:
        events: The restored log.
        streams: Of all three kinds; what came after the backup is not in the log, and passed over.
        reasons: Why an upload was released, by its stream, where that is known.
        tenants: The tenant of each API key that the keys know, by its stream, also where the log
            cannot tell; that the log has the key, they do not say.

    Raises:
        StoreError: Not all were written; the same again goes on.
    """
    recorded, appends = Recorded(), list[Append]()
    for stream in sorted(streams):
        fact = _fact(stream, reasons)
        if fact is None:
            continue
        if not await _needs_its_key(events, stream):
            recorded.gone.append(stream)
        assert fact.dedupe_key is not None
        if await events.position_of(fact.dedupe_key) is not None:
            continue
        if not await events.version(stream):
            continue  # the keys were copied behind the log: it does not have all that they have
        tenant = tenants.get(stream) or await _tenant_of(events, stream)
        if tenant is None:
            continue
        recorded.erased += stream.startswith(TRANSCRIPTION)
        recorded.revoked += stream.startswith(API_KEY)
        recorded.released += stream.startswith(UPLOAD)
        appends.append(_append(events, stream, fact, tenant))
        if len(appends) == EVENTS_PER_APPEND_MAX:
            await events.append_all(appends)
            appends = []
    if appends:
        await events.append_all(appends)
    return recorded


def _fact(stream: str, reasons: Mapping[str, ReleaseReason]) -> Fact | None:
    if stream.startswith(TRANSCRIPTION):
        return erasure_requested(stream.removeprefix(TRANSCRIPTION), "native")
    if stream.startswith(UPLOAD):
        return upload_released(stream.removeprefix(UPLOAD), reasons.get(stream, WHY_UNKNOWN))
    if stream.startswith(API_KEY):
        key = revocation_key(stream.removeprefix(API_KEY))
        return Fact(data=ApiKeyRevoked(), dedupe_key=key)
    return None


async def _tenant_of(events: EventStore, stream: str) -> str | None:
    """Return whose it is; None: the log does not have it, or it cannot be told."""
    try:
        first = await events.read_stream(stream, limit=1)
    except RecordDamaged:
        return None  # the key goes all the same: nothing of it can be read
    return first[0].tenant if first else None


async def _needs_its_key(events: EventStore, stream: str) -> bool:
    """Tell whether a job at a provider can be named by a payload of the stream alone."""
    if not stream.startswith(TRANSCRIPTION):
        return False
    state = Transcription(id=stream.removeprefix(TRANSCRIPTION))
    try:
        while some := await events.read_stream(stream, after=state.version):
            for event in some:
                state = evolve(state, event)
            if len(some) < EVENTS_PER_READ_MAX:
                break
    except RecordDamaged:
        return False  # what was to be erased comes first
    return state.handle_sealed


def _append(events: EventStore, stream: str, fact: Fact, tenant: str) -> Append:
    data: EventData = fact.data
    event = NewEvent(
        id=events.event_id(),
        type=data.type,
        tenant=tenant,
        actor=OPERATOR,
        correlation_id=new_id(),
        causation_id=None,
        data=data.model_dump(),
        dedupe_key=fact.dedupe_key,
    )
    return Append(stream=stream, events=(event,))
