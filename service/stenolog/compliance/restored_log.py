"""Append to a restored log what it must say: that it was restored, and what was erased since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import OutcomeUnknown, RecordDamaged, StoreError
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
RECORDS_LOOKED_AT_MAX = 1_000  # of a damaged stream, for one that says whose it is


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What was recorded.

    Attributes:
        erased: How many erasures the log did not know.
        revoked: The same, of API keys.
        released: The same, of uploads.
        gone: The streams whose keys are to be destroyed, also of those that the log knew, or that
            it never had.
        unrecorded: Those that the log has and takes nothing more for, because records of theirs are
            damaged. Their keys are among `gone`; of their jobs at a provider nobody knows.
    """

    erased: int = 0
    revoked: int = 0
    released: int = 0
    gone: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)

    def add(self, other: Recorded) -> None:
        """Add what was recorded with another page, but for `gone`."""
        self.erased += other.erased
        self.revoked += other.revoked
        self.released += other.released
        self.unrecorded += other.unrecorded

    def count(self, append: Append) -> None:
        """Count what this append has recorded."""
        self.erased += append.stream.startswith(TRANSCRIPTION)
        self.revoked += append.stream.startswith(API_KEY)
        self.released += append.stream.startswith(UPLOAD)


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
        tenants: The tenants of streams, as the keys or a newer log know them, also where the log
            cannot tell; that the log has the stream, they do not say.

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
            recorded.unrecorded.append(stream)
            continue
        appends.append(_append(events, stream, fact, tenant))
        if len(appends) == EVENTS_PER_APPEND_MAX:
            await _record(events, appends, recorded)
            appends = []
    if appends:
        await _record(events, appends, recorded)
    return recorded


async def _record(events: EventStore, appends: Sequence[Append], recorded: Recorded) -> None:
    """Append all of these, or, where one is refused, each that is not."""
    try:
        await events.append_all(appends)
    except OutcomeUnknown:
        raise
    except StoreError:
        if len(appends) == 1 and await _is_damaged(events, appends[0].stream):
            recorded.unrecorded.append(appends[0].stream)
            return
        if len(appends) == 1:
            raise
        for append in appends:
            await _record(events, [append], recorded)
        return
    for append in appends:
        recorded.count(append)


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
    """Return whose it is, as the first of its records says that can be read; None: none can."""
    for after in range(min(await events.version(stream), RECORDS_LOOKED_AT_MAX)):
        try:
            found = await events.read_stream(stream, after=after, limit=1)
        except RecordDamaged:
            continue
        if found:
            return found[0].tenant
    return None


async def _is_damaged(events: EventStore, stream: str) -> bool:
    """Tell whether a record of the stream is damaged, so that it takes no event any more."""
    version = 0
    try:
        while some := await events.read_stream(stream, after=version):
            version += len(some)
    except RecordDamaged:
        return True
    return False


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
