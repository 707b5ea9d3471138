"""Compare each seal of the log with the events before it, while the log is recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from stenolog.compliance.records import Records
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.stream_seals import POSITIONS_PER_READ, TILES_PER_READ
from stenolog.errors import EvidenceError, StoreError, StoreUnavailable
from stenolog.log.event import Event
from stenolog.log.events.logs import LogSealed
from stenolog.log.stream_map import TILE, StreamMap, grouped


@dataclass(slots=True)
class CheckedSeals:
    """Grows the map of streams from one seal to the next; memory as `StreamMap` says.

    Attributes:
        count: How many seals were compared.
        unchecked: How many could not be: a damaged record may be of any stream.
    """

    count: int = 0
    unchecked: int = 0
    _streams: StreamMap = field(default_factory=StreamMap)

    def check(self, event: Event, records: Records, verified: VerifiedSoFar) -> None:
        """Check a `log.sealed`, all records before which were checked; pass over any other event.

        Raises:
            EvidenceError: It says another end of a stream than the events do.
            StoreUnavailable: The records cannot be read.
        """
        if event.type != LogSealed.type:
            return
        data = LogSealed.model_validate(event.data)
        if not self._streams.size <= data.events < event.position:
            raise EvidenceError(
                "the seal is over other events than those before it", event.position
            )
        if verified.unread:
            self.unchecked += 1
            return
        try:
            self._grow(data.events, records)
        except StoreUnavailable:
            raise
        except StoreError as exc:
            verified.findings.add(str(exc))
            self.unchecked += 1
            return
        if self._streams.root().hex() != data.root:
            raise EvidenceError(
                f"the seal does not say where streams end after {data.events} events",
                event.position,
            )
        self.count += 1

    def unread(self) -> Iterator[str]:
        """Yield what could not be checked; nothing when all seals were."""
        if self.unchecked:
            yield f"{self.unchecked} seals over events among which a record is damaged"

    def _grow(self, size: int, records: Records) -> None:
        begun: set[int] = set()
        for after in range(self._streams.size, size, POSITIONS_PER_READ):
            begun.update(records.streams.begun(after, min(after + POSITIONS_PER_READ, size)))
        for numbers in grouped(self._streams.stale(begun, size), TILES_PER_READ):
            after, until = numbers[0] * TILE, min((numbers[-1] + 1) * TILE, size)
            self._streams.put(numbers, size, records.streams.ends(after, until, size))
