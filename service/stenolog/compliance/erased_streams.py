"""Check that each payload without a key belongs to a stream whose erasure was requested.

`erasure.requested` stands later in the stream than the payloads that it erases. A missing key is
therefore noted first, and checked at the end of the log or before another error is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stenolog.compliance.records import Records, StoredRow
from stenolog.errors import EvidenceError, StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import event_from_bytes
from stenolog.log.events.transcriptions import ErasureRequested

MISSING = "the key of its payload is missing"


@dataclass(slots=True)
class ErasedStreams:
    """Notes which keys were missing, and which streams were seen to be erased.

    Attributes:
        payloads: How many could not be opened.
    """

    payloads: int = 0
    _missing: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def saw(self, stream: str, event_type: str) -> None:
        """Note an event that was found to be right."""
        if event_type == ErasureRequested.type:
            self._seen.add(stream)
            self._missing.pop(stream, None)

    def key_is_missing(self, row: StoredRow) -> None:
        """Note that the payload of this row cannot be opened."""
        self.payloads += 1
        if row.stream not in self._seen:
            self._missing.setdefault(row.stream, row.position)

    def settled(self) -> None:
        """Check that an erasure destroyed every missing key.

        Raises:
            EvidenceError: One is not; its position is the first such.
        """
        if self._missing:
            raise EvidenceError(MISSING, min(self._missing.values()))

    def first_wrong(self, found: EvidenceError, records: Records) -> EvidenceError:
        """`found`, or the missing key before it that no erasure behind it accounts for."""
        for stream, position in sorted(self._missing.items(), key=lambda item: item[1]):
            if position < found.position and not _erased_later(records, stream, found.position):
                return EvidenceError(MISSING, position)
        return found


def _erased_later(records: Records, stream: str, after: int) -> bool:
    """Tell whether a whole record of the stream's erasure stands at `after` or later."""
    try:
        row = records.erasure(stream, after)
        if row is None or row.leaf != leaf_hash(row.stored):
            return False
        event = event_from_bytes(row.stored)
    except (StoreError, ValueError, TypeError):
        return False
    return event.stream == stream and event.type == ErasureRequested.type
