"""Remove a customer's file when the last transcription that used it has been erased.

A file that no transcription uses is removed after its retention. A file that no event names,
because a crash came between file and event, is removed `ORPHAN_MS` after it was written.
`upload.released` is appended first, then the key is destroyed, then the file is removed; what a
crash leaves undone is done by the next sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.errors import RecordDamaged, StoreError
from stenolog.log.actors import RECONCILER
from stenolog.log.events.uploads import UPLOAD, ReleaseReason, UploadReleased
from stenolog.log.facts import upload_released
from stenolog.log.recorder import Cause, FactRecorder
from stenolog.log.store import EventStore

FILES_PER_SWEEP_MAX = 1_000  # the next sweep goes on behind them
FAILURES_PER_SWEEP_MAX = 8  # each may take the two seconds that views are waited for
# DECISIONS 59: a crash left the file.
ORPHAN_MS = 3_600_000  # between a file and its event are seconds; an hour is never wrong
LOOK_AT_FILES = "look at the owner of DATA_DIR/uploads and the disk; the next sweep tries again"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An upload on the disk; `written_ms` is when it was written, in ms since the epoch."""

    upload: str
    written_ms: int


class Files(Protocol):
    """Lists and removes files; `stores/files/uploads` keeps this promise."""

    async def stored(self, *, after: str, limit: int) -> Sequence[StoredFile]:
        """Return at most `limit` files with ids greater than `after`, in order of id."""
        ...

    async def discard(self, upload_id: str) -> None:
        """Remove the file; do nothing when there is none."""
        ...


class Keys(Protocol):
    """Destroys keys; `compliance/vault` keeps this promise."""

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key."""
        ...


class Users(Protocol):
    """Counts the transcriptions that need an upload, as the views tell."""

    async def users_of(self, upload: str, *, as_of: int) -> int:
        """Transcriptions that use it and are not erased, at the log's position `as_of` or later.

        Raises:
            StoreUnavailable: It is not known yet.
        """
        ...


class UploadLifetime:
    """Removes uploads that no transcription needs."""

    def __init__(
        self,
        *,
        events: EventStore,
        facts: FactRecorder,
        keys: Keys,
        files: Files,
        users: Users,
        retention_ms: int,
        now_ms: NowMs,
    ) -> None:
        self._events = events
        self._facts = facts
        self._keys = keys
        self._files = files
        self._users = users
        self._retention_ms = retention_ms
        self._now_ms = now_ms
        self._swept = ""

    @property
    def in_mid_round(self) -> bool:
        """Whether there may be files behind those that the last sweep looked at."""
        return bool(self._swept)

    async def release_unused(self, upload: str, *, as_of: int) -> None:
        """Remove the upload, unless a transcription that is not erased used it.

        Raises:
            StoreUnavailable: It may still be there; try again.
        """
        if await self._users.users_of(upload, as_of=as_of) == 0:
            await self._release(upload, "erased")

    async def sweep(self) -> int:
        """Look at the next thousand files, and return how many were removed.

        A file that cannot be looked at or removed now is left to the next round. After eight of
        these the sweep ends, and the next one goes on behind them.

        Raises:
            StoreError: The files cannot be listed.
        """
        files = await self._files.stored(after=self._swept, limit=FILES_PER_SWEEP_MAX)
        looked_at = removed = 0
        failures: list[StoreError] = []
        for file in files:
            if len(failures) == FAILURES_PER_SWEEP_MAX:
                break
            looked_at += 1
            try:
                removed += await self._removed(file)
            except StoreError as exc:
                failures.append(exc)
        at_end = looked_at == len(files) < FILES_PER_SWEEP_MAX
        self._swept = "" if at_end else files[looked_at - 1].upload
        if failures:
            log.warning(
                "uploads.not_swept",
                files=len(failures),
                reason=str(failures[0]),
                advice=LOOK_AT_FILES,
            )
        return removed

    async def _removed(self, file: StoredFile) -> bool:
        """Remove the file if it is due; tell whether it was."""
        if not await self._is_due(file.upload, self._now_ms() - file.written_ms):
            return False
        await self._release(file.upload, "unused")
        return True

    async def _is_due(self, upload: str, age_ms: int) -> bool:
        if age_ms < min(self._retention_ms, ORPHAN_MS):
            return False
        try:
            events = await self._events.read_stream(UPLOAD + upload)
        except RecordDamaged:
            pass  # it is known to the log, and no more can be told: its retention holds
        else:
            if not events:
                return age_ms >= ORPHAN_MS
            if any(event.type == UploadReleased.type for event in events):
                return True
        if age_ms < self._retention_ms:
            return False
        head = await self._events.head()
        return await self._users.users_of(upload, as_of=head) == 0

    async def _release(self, upload: str, reason: ReleaseReason) -> None:
        """Append `upload.released` if the stream can be read; remove key and file in any case."""
        stream = UPLOAD + upload
        try:
            first = await self._events.read_stream(stream, limit=1)
        except RecordDamaged as exc:
            log.error("upload.record_damaged", upload_id=upload, reason=str(exc))
            first = []
        if first:
            cause = Cause(
                tenant=first[0].tenant,
                actor=RECONCILER,
                correlation_id=first[0].correlation_id,
                causation_id=first[0].id,
            )
            await self._facts.record(stream, [upload_released(upload, reason)], cause)
        await self._keys.destroy(stream)
        await self._files.discard(upload)
        log.info("upload.removed", upload_id=upload, reason=reason)


async def sweep_once(lifetime: UploadLifetime) -> None:
    """Sweep once; leave to the next sweep what cannot be done now."""
    try:
        await lifetime.sweep()
    except StoreError as exc:
        log.warning("uploads.not_swept", reason=str(exc), advice=LOOK_AT_FILES)
