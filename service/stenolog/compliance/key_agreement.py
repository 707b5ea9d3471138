"""Bring the keys to where the log is: erasures that they do not know of, keys that they lack.

`log.db` and `keys.db` are copied and restored apart. Older keys beside a newer log have keys that
were destroyed since, and lack those that were made since. What was erased is erased again; a key
that is missing though nobody erased its stream is lost, and never told as erased.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

import structlog

from stenolog.commands.transcription.state import Transcription
from stenolog.compliance.data_keys import WrappedKey
from stenolog.compliance.sealings import FORGETTING, KEYED, Sealings, Told
from stenolog.errors import RecordDamaged
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.events.uploads import UploadReleased
from stenolog.log.facts import forgetting_key
from stenolog.log.store import EventStore

POSITIONS_PER_STEP = 1_000
LOST_ADVICE = (
    "stop the service and restore the newest keys.db of this log before anything else is taken. "
    "Until then what these keys sealed is answered with 503, and can be deleted"
)
OLDER_ADVICE = "keys.db is older than log.db: restore the newest one if there is one"

log = structlog.get_logger()


class KeyMarks(Protocol):
    """Says up to where the keys follow the log; `stores/*/keys` keeps this promise.

    Every method raises `StoreUnavailable` when the keys cannot be read or written.
    """

    async def high_water(self) -> int:
        """Return the position up to which the log is carried out here; 0: nothing is known."""
        ...

    async def carried_out(self, position: int, lost: Collection[str] = ()) -> None:
        """Set this position, durably, and note these streams as those whose keys are lost."""
        ...

    async def lost_count(self) -> int:
        """Count the streams whose keys are lost and that are not erased since."""
        ...

    async def data_keys(self, key_ids: Collection[str]) -> Sequence[WrappedKey]:
        """Return those keys among these that are here."""
        ...

    async def data_keys_of(self, streams: Collection[str]) -> Sequence[WrappedKey]:
        """Return the keys that these streams have."""
        ...

    async def is_destroyed(self, stream: str) -> bool:
        """Tell whether the stream's key was destroyed."""
        ...


class Destroyer(Protocol):
    """Destroys keys; `compliance/vault` keeps this promise."""

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key; nothing is sealed for the stream from the call on."""
        ...


class KeyAgreement:
    """Compares the keys with the log, once at a start, before anything is served."""

    def __init__(
        self,
        events: EventStore,
        sealings: Sealings,
        keys: KeyMarks,
        destroyer: Destroyer,
        load: Callable[[str], Awaitable[Transcription]],
    ) -> None:
        """`load` folds a transcription."""
        self._events = events
        self._sealings = sealings
        self._keys = keys
        self._destroyer = destroyer
        self._load = load

    async def reach(self) -> int:
        """Carry out what the log says behind the keys' position; return how many are lost.

        Raises:
            StoreUnavailable: Log or keys cannot be read or written.
        """
        head, begun = await self._events.head(), await self._keys.high_water()
        if begun > head:
            log.error(
                "keys.newer_than_log",
                events=head,
                events_known=begun,
                advice="log.db lacks its last events: restore the newest log.db if there is one",
            )
            begun = 0  # what of this log was carried out, keys of another end of it cannot tell
        again = 0
        for after in range(begun, head, POSITIONS_PER_STEP):
            until = min(after + POSITIONS_PER_STEP, head)
            told = await self._sealings.told(after=after, until=until)
            forgotten = {one.stream for one in told if one.type in FORGETTING}
            again += await self._erased_again(forgotten)
            await self._keys.carried_out(until, await self._lost(told))
        lost = await self._keys.lost_count()
        if again:
            log.warning("keys.destroyed_again", streams=again, advice=OLDER_ADVICE)
        if lost:
            log.error("keys.lost", streams=lost, advice=LOST_ADVICE)
        return lost

    async def _erased_again(self, streams: Collection[str]) -> int:
        """Destroy the keys of these that are to be destroyed; count them."""
        found = {key.stream for key in await self._keys.data_keys_of(streams)}
        destroyed = 0
        for stream in sorted(found):
            if await self._is_to_go(stream):
                await self._destroyer.destroy(stream)
                destroyed += 1
        return destroyed

    async def _is_to_go(self, stream: str) -> bool:
        """Tell whether the log says that the key is destroyed, also where its records are damaged.

        The dedupe key of what says so is kept apart from the record.
        """
        damaged: RecordDamaged | None = None
        try:
            if stream.startswith(TRANSCRIPTION):
                state = await self._load(stream.removeprefix(TRANSCRIPTION))
                if state.erasing:
                    # A key that names a job is kept until that is gone: the reconciler sees to it.
                    return state.erased or not state.handle_sealed
            elif await self._is_released(stream):
                return True
        except RecordDamaged as exc:
            damaged = exc
        key = forgetting_key(stream)
        if key is not None and await self._events.position_of(key) is not None:
            return True
        if damaged is not None:
            log.error(
                "keys.not_compared",
                stream=stream,
                reason=str(damaged),
                advice="if it was erased, DELETE the transcription again",
            )
        return False

    async def _is_released(self, stream: str) -> bool:
        version = await self._events.version(stream)
        last = await self._events.read_stream(stream, after=max(version - 1, 0), limit=1)
        return bool(last) and last[0].type == UploadReleased.type

    async def _lost(self, told: Sequence[Told]) -> Collection[str]:
        """Return the streams of these whose key is not there, and should be."""
        wanted = {one.key_id: one.stream for one in told if one.key_id is not None}
        held = {key.key_id for key in await self._keys.data_keys(wanted)}
        missing = {stream for key_id, stream in wanted.items() if key_id not in held}
        files = {one.stream for one in told if one.type == KEYED}
        missing |= files - {key.stream for key in await self._keys.data_keys_of(files)}
        lost = set()
        for stream in missing:
            gone = await self._keys.is_destroyed(stream) or await self._sealings.is_forgotten(
                stream
            )
            if not gone:
                lost.add(stream)
        return lost
