"""Payloads are opened together as long as they take little memory."""

from __future__ import annotations

from collections.abc import Collection

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.run.histories import Box
from stenolog.projections.run.opening import PREPARED_BYTES_MAX, EventOpener
from tests.unit.projections.events import MemoryLog, OpenSealer


class Counted(MemoryLog):
    """A log that counts the payloads that were read together, and their bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.count = self.size = 0

    async def boxes(self, positions: Collection[int], *, bytes_max: int) -> dict[int, Box]:
        found = await super().boxes(positions, bytes_max=bytes_max)
        self.count += len(found)
        self.size += sum(len(one.box) for one in found.values())
        return found


async def prepared(payload: bytes, count: int) -> Counted:
    log = Counted()
    for number in range(count):
        log.complete(number, payload)
    opener = EventOpener(log, OpenSealer(log), PROJECTIONS, log)
    await opener.prepare(log.events, list(PROJECTIONS))
    return log


async def test_no_more_than_four_mebibytes_are_kept() -> None:
    log = await prepared(b"x" * PREPARED_BYTES_MAX, 2_000)
    assert (3 << 20) < log.size <= 4 << 20


async def test_short_ones_are_all_opened_together() -> None:
    assert (await prepared(b"{}", 2_000)).count == 2_000
