"""Find out from the log which transcriptions still need an upload.

Each use stands in the upload's own stream, appended together with the request that it is of. A
transcription that is erased, or had its outcome long enough ago, never needs the file again: its
outcome ends all submissions, so the file is sent to a provider before it, and never after. A legal
hold keeps the file of a transcription that had its outcome.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs, microseconds
from stenolog.commands.erasing import holds_in_force
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.uploads import UPLOAD, UploadReleased, UploadUsed
from stenolog.log.facts import erasure_key, use_key
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

USES_AT_FIRST = 16  # of an upload with many users, mostly one of the first still needs it
NO_POSITION = 0  # no event has it
UPLOADS_REMEMBERED_MAX = 4_096  # some 300 bytes each; what was forgotten is read again


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What the log says of one upload, up to `version` of its stream.

    Attributes:
        version: 0: the log does not know it.
        last: The last of its events that can be read.
        used: Whether any transcription ever used it.
        outlived: Whether one of these is not erased, and had its outcome long enough ago.
        needed: Whether one needs it still; then nothing behind its use was looked at.
        released: Whether nobody uses it ever again.
        gone: That nothing stands where it was stored; what else stood there nobody knows.
    """

    version: int = 0
    last: Event | None = None
    used: bool = False
    outlived: bool = False
    needed: bool = False
    released: bool = False
    gone: RecordDamaged | None = None


class Transcriptions(Protocol):
    """Loads transcriptions from the log; `commands/handler` keeps this promise."""

    async def load(self, transcription_id: str) -> Transcription:
        """Return the transcription as it stands.

        Raises:
            StoreError: It cannot be read.
        """
        ...


class UploadUsers:
    """Looks through the uses of an upload, up to the first that still holds."""

    def __init__(
        self,
        events: EventStore,
        transcriptions: Transcriptions,
        retention_ms: int | None,
        now_ms: NowMs,
    ) -> None:
        """`retention_ms`: how long after its outcome a transcription needs it; None: for ever."""
        self._events = events
        self._transcriptions = transcriptions
        self._retention_ms = retention_ms
        self._now_ms = now_ms
        # Up to where all uses are erased: none of these comes to hold again, so it is not read
        # again. A legal hold can still be placed on one that only had its outcome.
        self._passed: BoundedMemory[str, Uses] = BoundedMemory(UPLOADS_REMEMBERED_MAX)

    async def look(self, upload: str, *, erased: str = "") -> Uses:
        """Tell whether an upload is needed, by what is committed.

        `erased` is a transcription that used it and is to be erased: its use need not be readable.

        Raises:
            RecordDamaged: A use cannot be read, so nobody knows whose it is; or nothing of the
                upload is there, though the log knows that something was.
            StoreUnavailable: The log cannot be read now.
        """
        uses = self._passed.get(upload) or Uses()
        async for found in self._behind(UPLOAD + upload, uses.version):
            passed = await self._passed_over(found, uses, erased)
            if passed is None:
                return replace(uses, used=True, needed=True)
            uses = passed
            if not uses.outlived:
                self._passed.put(upload, uses)
        if uses.gone is not None and uses.last is None and not erased:
            raise uses.gone  # that it was never used, only a record of it could say
        return uses

    async def _behind(self, stream: str, version: int) -> AsyncIterator[Event | RecordDamaged]:
        """Read the stream behind a version, record by record where one of them is damaged."""
        limit = USES_AT_FIRST
        while True:
            page = await self._page(stream, version, limit)
            for found in page:
                yield found
            version += len(page)
            if len(page) < limit:
                return
            limit = EVENTS_PER_READ_MAX

    async def _page(self, stream: str, version: int, limit: int) -> list[Event | RecordDamaged]:
        with suppress(RecordDamaged):
            return [*await self._events.read_stream(stream, after=version, limit=limit)]
        page: list[Event | RecordDamaged] = []
        end = min(await self._events.version(stream), version + limit + 1)
        for after in range(version, end):
            try:
                page += await self._events.read_stream(stream, after=after, limit=1)
            except RecordDamaged as exc:
                page.append(exc)
        return [_placed(*two) for two in zip(page, [*page[1:], None], strict=True)][:limit]

    async def _passed_over(
        self, found: Event | RecordDamaged, uses: Uses, erased: str
    ) -> Uses | None:
        """Return what is known behind a record; None: it is a use that still holds."""
        behind = replace(uses, version=uses.version + 1)
        if isinstance(found, RecordDamaged):
            if uses.version == 0:
                # Where it was stored: that names no user.
                return replace(behind, gone=found if found.gone else None)
            if erased and await self._events.position_of(use_key(erased)) == found.position:
                return replace(behind, used=True)
            raise found
        behind = replace(behind, last=found)
        if found.type == UploadReleased.type:
            return replace(behind, released=True)
        if found.type != UploadUsed.type:
            return behind
        user = str(found.data["transcription"])
        if await self._events.position_of(erasure_key(user)) is not None:
            return replace(behind, used=True)
        if await self._is_outlived(user):
            return replace(behind, used=True, outlived=True)
        return None

    async def _is_outlived(self, transcription_id: str) -> bool:
        if self._retention_ms is None:
            return False
        try:
            state = await self._transcriptions.load(transcription_id)
        except RecordDamaged:
            return False  # whether it has an outcome cannot be told: it may need the file
        if not state.terminal or state.ended_at is None:
            return False
        # The log's clock and ours may differ: what is kept for no time asks neither.
        ago_ms = self._now_ms() - microseconds(state.ended_at) // 1000
        if self._retention_ms and ago_ms < self._retention_ms:
            return False
        return not await holds_in_force(self._events, state)


def _placed(
    found: Event | RecordDamaged, following: Event | RecordDamaged | None
) -> Event | RecordDamaged:
    """Return what was found; of missing records in a row only the last has a known position."""
    if (
        isinstance(found, RecordDamaged)
        and isinstance(following, RecordDamaged)
        and found.position == following.position
    ):
        return RecordDamaged(str(found), position=NO_POSITION, stream=found.stream)
    return found
