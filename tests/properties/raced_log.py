"""A log where somebody else is quicker, just before an append that expects a version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from stenolog.log.store import Append, Appended
from stenolog.stores.sqlite.log.store import SqliteLog

Quicker = Callable[[], Awaitable[None]]


class RacedLog(SqliteLog):
    """Lets something happen between what a caller has loaded and what it appends."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._quicker: Quicker | None = None
        self._in = 0

    @property
    def known_head(self) -> int:
        """The head, without waiting: nothing here has an unknown outcome."""
        return self._watch.head

    def race(self, nth: int, quicker: Quicker | None) -> None:
        """Before the nth append from now that expects a version, do this once; None: nothing."""
        self._in, self._quicker = nth, quicker

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        """Appends, after what is quicker."""
        expecting = any(append.expected is not None for append in appends)
        if expecting and self._quicker is not None:
            self._in -= 1
            if self._in == 0:
                quicker, self._quicker = self._quicker, None
                await quicker()
        return await super().append_all(appends)
