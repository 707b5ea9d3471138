"""Read the events of one transcription up to a moment, and open what they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.state import stream_of
from stenolog.errors import KeyLost, NotFound, StoreError
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import ErasureRequested
from stenolog.log.store import EVENTS_PER_READ_MAX, EventReads, Unsealer
from stenolog.projections.past.moments import Moment
from stenolog.projections.projection import Projection
from stenolog.projections.run.opening import EventOpener
from stenolog.projections.run.registry import OpenedEvent

EVENTS_MAX = 64_000  # of one transcription: weeks of a provider that refuses
BYTES_PER_WORD = 256  # of a result with its findings; in round figures
KEY_LOST = "The key of this content is missing: the operator must restore the newest keys.db"
NOT_YET_THERE = "There was no such transcription at this moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the log had of a transcription at a moment.

    Attributes:
        events: Of its stream up to the moment, from the first.
        erased_at: When its erasure was requested, also behind the moment; None: it was not. What
            is erased cannot be read of any moment.
    """

    moment: Moment
    events: Sequence[Event]
    erased_at: str | None

    @property
    def bytes_about(self) -> int:
        """About how many bytes its results have, told without reading them."""
        words = (event.data.get("words") for event in self.events)
        return sum(count for count in words if isinstance(count, int)) * BYTES_PER_WORD


class PastReader:
    """Reads what the log has, whatever the views have seen of it."""

    def __init__(
        self, log: EventReads, sealer: Unsealer, projections: Mapping[str, Projection]
    ) -> None:
        self._log = log
        self._sealer = sealer
        self._projections = projections

    async def at(self, moment: Moment, transcription_id: str) -> History:
        """Return the history of a transcription; whose it is has been checked.

        Raises:
            NotFound: It was requested later.
            RecordDamaged: A record of its stream is damaged or missing.
            StoreError: It has too many events.
            StoreUnavailable: It cannot be read now.
        """
        events = await self.stream(stream_of(transcription_id))
        known = [event for event in events if event.position <= moment.position]
        if not known:
            raise NotFound(NOT_YET_THERE)
        erasures = (event.time for event in events if event.type == ErasureRequested.type)
        return History(moment=moment, events=known, erased_at=next(erasures, None))

    async def opened(self, history: History, names: Collection[str]) -> list[OpenedEvent]:
        """Return the events as these projections need them, without states.

        Nothing of an erased transcription is opened, even while its key is there yet.

        Raises:
            KeyLost: Its key is not there, though nobody erased it.
            StoreUnavailable: The log or the keys cannot be read now.
        """
        # One for each call: it remembers requests, which no erasure would take from it.
        opener = EventOpener(self._log, self._sealer, self._projections)
        if history.erased_at is not None:
            opener.erase(history.events[0].stream)
        opened = [await opener.read(one, names, with_state=False) for one in history.events]
        if any(one.lost for one in opened):
            raise KeyLost(KEY_LOST)
        return opened

    async def stream(self, stream: str) -> list[Event]:
        """Return all events of a stream; raises as `at`."""
        found: list[Event] = []
        while True:
            after = found[-1].version if found else 0
            page = await self._log.read_stream(stream, after=after)
            found += page
            if len(page) < EVENTS_PER_READ_MAX:
                return found
            if len(found) >= EVENTS_MAX:
                raise StoreError(f"a stream has more than {EVENTS_MAX} events")
