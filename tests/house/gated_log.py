"""A log that can refuse, lose its reply, or keep appends waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from stenolog.errors import OutcomeUnknown, StoreError, StoreUnavailable
from stenolog.log.appends import Together
from stenolog.log.event import SealedPayload
from stenolog.log.store import Append, Appended
from stenolog.log.tail import LogTail
from stenolog.stores.sqlite.log.store import SqliteLog

COMMITTING_S_MAX = 30


class GatedLog(SqliteLog):
    """A log that can refuse, lose its reply, err, or keep appends waiting, here or in the store."""

    refusing = False
    losing_replies = False
    mistaken = False  # raises what no store raises
    mistaken_payload = 0  # the position over whose payload it raises the same
    appends = 0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.passing = asyncio.Event()
        self.passing.set()
        self.committing = threading.Event()  # cleared: what is handed to the writer waits there
        self.committing.set()
        self.commits = 0

    def forget(self) -> None:
        """Everything is read from the file, as after a start."""
        self._tail = LogTail(self._watch.head)

    async def told_of_reads(self, told: Callable[[str], None]) -> None:
        """`told` is given each statement that is run on the file."""
        await self._reader.set_trace_callback(told)

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        self.appends += 1
        await self.passing.wait()
        if self.refusing:
            raise StoreUnavailable("log.db: injected: disk full")
        if self.mistaken:
            raise RuntimeError("injected: a mistake of ours")
        appended = await super().append_all(appends)
        if self.losing_replies:
            raise OutcomeUnknown("log.db: injected: reply lost")
        return appended

    async def payload(self, position: int) -> SealedPayload | None:
        if position == self.mistaken_payload:
            raise RuntimeError("injected: a mistake of ours")
        return await super().payload(position)

    def _commit(self, batch: Sequence[Together]) -> Sequence[Sequence[Appended] | StoreError]:
        self.commits += 1
        assert self.committing.wait(COMMITTING_S_MAX)
        return super()._commit(batch)
