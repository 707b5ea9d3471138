"""Notice that `work.db` is older than what consumers have acknowledged in it: a mark beside it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import structlog

from stenolog.errors import CannotStart
from stenolog.log.format import LogIdentity
from stenolog.stores.files.directory import WORK_MARK, write_durably
from stenolog.stores.sqlite.work.consumers import SqliteConsumers

EVERY_SECONDS = 60.0
MARK = re.compile(r"([0-9]{1,18}) (\S{1,100}) (\S{1,100})\n", re.ASCII)

log = structlog.get_logger()


class WorkMark:
    """Writes down, a minute behind, how much was acknowledged in this epoch of this log.

    An older `work.db` has less. Its consumers would be told again what they have acknowledged, as
    if it were new: they are told that their place is lost instead.
    """

    def __init__(self, directory: Path, identity: LogIdentity, consumers: SqliteConsumers) -> None:
        self._file = directory / WORK_MARK
        self._named = f"{identity.log_id} {identity.epoch_name}"
        self._consumers = consumers
        self._written = -1

    async def compare(self) -> None:
        """Doubt the consumers' places if there was more.

        Raises:
            CannotStart: The mark cannot be written.
            StoreUnavailable: `work.db` cannot be read or written.
        """
        marked = await asyncio.to_thread(self._read)
        known = await self._consumers.known_changes()
        if marked > known and await self._consumers.doubt(marked):
            log.warning(
                "consumers.doubted",
                reason="work.db is older than what was acknowledged in it",
                advice="consumers are told with 409 until each is reset to where it goes on",
            )
        await self.write()

    async def run(self) -> None:
        """Keep the mark, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.write()
            except CannotStart as exc:
                log.warning(
                    "consumers.not_marked",
                    reason=str(exc),
                    advice="an older work.db would not be noticed; it is tried again in a minute",
                )

    async def write(self) -> None:
        """Write down how much there is now.

        Raises:
            CannotStart: The file cannot be written.
        """
        changes = self._consumers.changes
        if changes != self._written:
            await asyncio.to_thread(write_durably, self._file, f"{changes} {self._named}\n")
            self._written = changes

    async def close(self) -> None:
        """Write it down once more, if that can be."""
        with contextlib.suppress(CannotStart):
            await self.write()

    def _read(self) -> int:
        """Return what was marked for this log; 0: nothing that can be read."""
        try:
            found = MARK.fullmatch(self._file.read_text(encoding="ascii", errors="replace"))
        except OSError:
            return 0
        return int(found[1]) if found and f"{found[2]} {found[3]}" == self._named else 0
