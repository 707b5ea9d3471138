"""Destroy the keys that a crash has left of uploads that never came to be.

An upload's key is on the disk before its file has its name, and its file before the log knows it.
A key with neither has sealed nothing that anybody was told of. A file that is lost is another
thing: the log knows its upload, and its key stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from stenolog.errors import StoreError
from stenolog.heartbeat import Heartbeat
from stenolog.log.events.uploads import UPLOAD

KEYS_PER_LOOK = 1_000

log = structlog.get_logger()


class Keys(Protocol):
    """Lists the streams that have keys; `stores/*/keys` keeps this promise."""

    async def streams_with_keys(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Return at most `limit` streams of a category behind `after` that have a key, in order."""
        ...


class Destroyer(Protocol):
    """Destroys keys; `compliance/vault` keeps this promise."""

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key."""
        ...


class Files(Protocol):
    """Knows which uploads have a file; `stores/files/uploads` keeps this promise."""

    async def without_file(self, uploads: Collection[str]) -> Sequence[str]:
        """Return those that have no file, and of which none is being written now."""
        ...


class Versions(Protocol):
    """The part of the log that is asked."""

    async def version(self, stream: str) -> int:
        """Return the stream's version, also where its records are damaged; 0: none is known."""
        ...


class LeftUploadKeys:
    """Looks through all keys of uploads, once."""

    def __init__(self, events: Versions, keys: Keys, destroyer: Destroyer, files: Files) -> None:
        self._events = events
        self._keys = keys
        self._destroyer = destroyer
        self._files = files

    async def clear(self, heartbeat: Heartbeat | None = None) -> int:
        """Destroy the keys of uploads of which there is neither file nor record; count them.

        What cannot be looked at now is left to the next start.
        """
        destroyed, after = 0, UPLOAD
        try:
            while streams := await self._keys.streams_with_keys(
                UPLOAD, after=after, limit=KEYS_PER_LOOK
            ):
                if heartbeat is not None:
                    heartbeat.beat()
                uploads = [stream.removeprefix(UPLOAD) for stream in streams]
                for upload in await self._files.without_file(uploads):
                    if not await self._events.version(UPLOAD + upload):
                        await self._destroyer.destroy(UPLOAD + upload)
                        destroyed += 1
                after = streams[-1]
        except StoreError as exc:
            log.warning(
                "uploads.keys_not_looked_through",
                reason=str(exc),
                advice="none is needed: the next start looks again",
            )
        if destroyed:
            log.info("uploads.left_keys_destroyed", keys=destroyed)
        return destroyed
