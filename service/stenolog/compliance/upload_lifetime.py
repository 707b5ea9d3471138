"""Remove a customer's file when no transcription needs it any more.

It is needed until the last transcription that used it is erased or, with a retention, so long after
its outcome. A file that none used is removed after a while, and one that no event names, because a
crash came between file and event, `ORPHAN_MS` after it was written.
`upload.released` is appended first, at the version of the upload's stream that was looked at: a
request that uses the file meanwhile wins. Then the key is destroyed, then the file is removed; what
a crash leaves undone is done by the next sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.compliance.upload_users import UploadUsers, Uses
from stenolog.errors import StoreError, StoreUnavailable, WrongExpectedVersion
from stenolog.log.actors import RECONCILER
from stenolog.log.events.uploads import UPLOAD, ReleaseReason
from stenolog.log.facts import upload_released
from stenolog.log.recorder import Cause, FactRecorder

FILES_PER_SWEEP_MAX = 1_000  # the next sweep goes on behind them
FAILURES_PER_SWEEP_MAX = 8  # each may take as long as a store may take to fail
RELEASE_TRIES_MAX = 4  # each fails only when a request has used the file meanwhile
UNUSED_MS = 86_400_000  # a file that none used, where no other time is set
# DECISIONS 59: a crash left the file.
ORPHAN_MS = 3_600_000  # between a file and its event are seconds; an hour is never wrong
LOOK_AT_FILES = "look at the owner of DATA_DIR/uploads and the disk; the next sweep tries again"
MOVE_TO_THEIR_LOG = "they are left alone: move them to the data directory of the log they are of"

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

    async def is_of_another_log(self, upload_id: str) -> bool:
        """Tell whether the file says that it belongs to another log."""
        ...

    async def discard(self, upload_id: str) -> None:
        """Remove the file; do nothing when there is none."""
        ...


class Keys(Protocol):
    """Destroys keys; `compliance/vault` keeps this promise."""

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key."""
        ...


class UploadLifetime:
    """Removes uploads that no transcription needs."""

    def __init__(
        self,
        *,
        facts: FactRecorder,
        keys: Keys,
        files: Files,
        users: UploadUsers,
        retention_ms: int | None,
        now_ms: NowMs,
    ) -> None:
        """`retention_ms` is also how long a file is kept that none used; None or 0: a day."""
        self._facts = facts
        self._keys = keys
        self._files = files
        self._users = users
        self._unused_ms = retention_ms or UNUSED_MS
        self._young_ms = min(ORPHAN_MS, UNUSED_MS if retention_ms is None else retention_ms)
        self._now_ms = now_ms
        self._swept = ""
        self._others: set[str] = set()

    @property
    def in_mid_round(self) -> bool:
        """Whether there may be files behind those that the last sweep looked at."""
        return bool(self._swept)

    async def release_unneeded(self, upload: str, *, erased: str = "") -> None:
        """Remove the upload, unless a transcription needs it.

        `erased` is a transcription that used it and is to be erased, if that is why it may go.

        Raises:
            RecordDamaged: It cannot be told who needs it.
            StoreUnavailable: It may still be there; try again.
        """
        await self._release_if(upload, _why_unneeded, erased)

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
        self._others.clear()
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
        if self._others:
            log.warning("uploads.of_another_log", files=len(self._others), advice=MOVE_TO_THEIR_LOG)
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
        age_ms = self._now_ms() - file.written_ms
        if age_ms < self._young_ms:
            return False

        def why(uses: Uses) -> ReleaseReason | None:
            if uses.used or uses.released:
                return _why_unneeded(uses)
            return "unused" if age_ms >= (self._unused_ms if uses.version else ORPHAN_MS) else None

        return await self._release_if(file.upload, why)

    async def _release_if(
        self, upload: str, why: Callable[[Uses], ReleaseReason | None], erased: str = ""
    ) -> bool:
        """Release the upload for the reason that `why` finds in its uses; tell whether it did."""
        for _ in range(RELEASE_TRIES_MAX):
            uses = await self._users.look(upload, erased=erased)
            reason = why(uses)
            if reason is None:
                return False
            if not uses.version and await self._files.is_of_another_log(upload):
                self._others.add(upload)
                return False
            try:
                await self._release(upload, uses, reason)
            except WrongExpectedVersion:
                continue  # it was used since
            return True
        raise StoreUnavailable("an upload is used whenever it is looked at")

    async def _release(self, upload: str, uses: Uses, reason: ReleaseReason) -> None:
        """Append `upload.released` if any of its events can be read; remove key and file."""
        stream, last = UPLOAD + upload, uses.last
        if last is not None and not uses.released:
            cause = Cause(
                tenant=last.tenant,
                actor=RECONCILER,
                correlation_id=last.correlation_id,
                causation_id=last.id,
            )
            released = [upload_released(upload, reason)]
            await self._facts.record(stream, released, cause, expected=uses.version)
        elif uses.version and last is None:
            log.error("upload.record_damaged", upload_id=upload, advice="run `stenolog log verify`")
        await self._keys.destroy(stream)
        await self._files.discard(upload)
        log.info("upload.removed", upload_id=upload, reason=reason)


def _why_unneeded(uses: Uses) -> ReleaseReason | None:
    if uses.needed:
        return None
    return "retention" if uses.outlived else "erased"


async def sweep_once(lifetime: UploadLifetime) -> None:
    """Sweep once; leave to the next sweep what cannot be done now."""
    try:
        await lifetime.sweep()
    except StoreError as exc:
        log.warning("uploads.not_swept", reason=str(exc), advice=LOOK_AT_FILES)
