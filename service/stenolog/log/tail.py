"""Keep the end of the log in memory, for readers that are close behind."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.log.event import Event

# DECISIONS 36: followers read the end of the log from here.
EVENTS_KEPT = 1_024  # at least, and at most twice as many; about a kilobyte each


class LogTail:
    """Holds the latest committed events, all of them after some position.

    Whatever it returns is what the log would return. It returns None when it does not hold
    everything that was asked for.
    """

    def __init__(self, head: int, *, kept: int = EVENTS_KEPT) -> None:
        """Begin empty after `head`; `kept` events at least are remembered."""
        self._kept = kept
        self._begin: int | None = head  # None: nobody can say where the log ends
        self._events: list[Event] = []
        self._streams: dict[str, list[Event]] = {}

    def extend(self, events: Sequence[Event], head: int) -> None:
        """Take up events that were committed; the log ends at `head` now."""
        if self._begin is None or self._begin + len(self._events) + len(events) != head:
            # Others were committed that nobody told us of: what is known no longer reaches the end.
            self.forget()
            self._begin = head - len(events)
        self._events += events
        self._index(events)
        if len(self._events) > 2 * self._kept:
            excess = len(self._events) - self._kept
            self._begin += excess
            self._events = self._events[excess:]
            self._streams = {}
            self._index(self._events)

    def forget(self) -> None:
        """Forget everything, until the next commit: there may be events nobody announced."""
        self._begin, self._events, self._streams = None, [], {}

    @property
    def is_forgotten(self) -> bool:
        """Whether nobody can say where the log ends, until the next commit."""
        return self._begin is None

    def read(self, after: int, limit: int) -> list[Event] | None:
        """Return at most `limit` events behind position `after`; None: some are not remembered."""
        if self._begin is None or after < self._begin:
            return None
        start = after - self._begin
        return self._events[start : start + limit]

    def read_stream(self, stream: str, after: int, limit: int) -> list[Event] | None:
        """Return the same for one stream, behind version `after`."""
        known = self._streams.get(stream)
        if not known or known[0].version > after + 1:
            return None
        start = after + 1 - known[0].version
        return known[start : start + limit]

    def _index(self, events: Sequence[Event]) -> None:
        for event in events:
            self._streams.setdefault(event.stream, []).append(event)
