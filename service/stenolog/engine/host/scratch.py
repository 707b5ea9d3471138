"""Keep the engine's uploads and downloads in a folder, as long as somebody needs them."""

from __future__ import annotations

import errno
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from stenolog.engine.host.disk_room import FREE_BYTES_ALONE_MIN, LOOK_BYTES
from stenolog.engine.settings import UPLOADS_BYTES_MAX
from stenolog.errors import PayloadTooLarge

UPLOAD_ID_BYTES = 24  # an upload's URL is a capability: it cannot be guessed
UNUSED_MAX = 1_000  # uploads that no job holds; open jobs hold as many at most
UPLOAD_SECONDS_MIN = 600  # in which the job of an upload comes; its caller makes it at once
UPLOAD_SECONDS_KEPT = 24 * 3_600  # when no job ever used it; AssemblyAI keeps 24 to 48 hours


class ScratchFull(Exception):
    """The disk, or our part of it, has no space for an upload now; the message says which."""


def is_full(exc: OSError) -> bool:
    """Tell whether a file could not be written because a disk, or our part of it, is full."""
    return exc.errno in (errno.ENOSPC, errno.EDQUOT)


class Scratch:
    """Files under one folder, which belongs to this process alone and is emptied at start."""

    def __init__(
        self,
        folder: Path,
        *,
        free_bytes_min: int = FREE_BYTES_ALONE_MIN,
        uploads_bytes_max: int = UPLOADS_BYTES_MAX,
    ) -> None:
        """`free_bytes_min` is what uploads leave of the disk; `uploads_bytes_max` is for all."""
        self._folder = folder
        self._uploads_bytes_max = uploads_bytes_max
        self._sizes: dict[str, int] = {}  # of uploads, those on their way included
        self._free_bytes_min = free_bytes_min
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        self._uploads: dict[str, float] = {}
        self._users: dict[str, int] = {}

    async def upload(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> str:
        """Write a new upload and return its id; one that breaks off leaves nothing.

        Raises:
            PayloadTooLarge: It is over `bytes_max`.
            ScratchFull: It would leave too little of the disk, or uploads would have too much.
        """
        self._drop_old()
        upload_id = secrets.token_urlsafe(UPLOAD_ID_BYTES)
        counted = self._counted(upload_id, self._while_free(chunks))
        try:
            await _write(self._folder / f"upload-{upload_id}", counted, bytes_max)
        except BaseException as exc:
            self._sizes.pop(upload_id, None)
            if isinstance(exc, OSError) and is_full(exc):
                raise ScratchFull("the disk is full") from exc
            raise
        self._uploads[upload_id] = time.monotonic()
        return upload_id

    async def download(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> Path:
        """Return a new file with the chunks in it; the caller removes it.

        Raises:
            PayloadTooLarge: It is over `bytes_max`.
        """
        path = self._folder / f"download-{secrets.token_hex(UPLOAD_ID_BYTES)}"
        await _write(path, chunks, bytes_max)
        return path

    async def _while_free(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the chunks, and look at the disk at first and every `LOOK_BYTES`."""
        unseen = LOOK_BYTES
        async for chunk in chunks:
            unseen += len(chunk)
            if unseen >= LOOK_BYTES:
                if self.free_bytes() < self._free_bytes_min + LOOK_BYTES + len(chunk):
                    raise ScratchFull("too little of the disk would be left")
                unseen = 0
            yield chunk

    async def _counted(self, upload_id: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the chunks, and count them as long as all uploads have no more than they may."""
        async for chunk in chunks:
            self._make_room(len(chunk))
            self._sizes[upload_id] = self._sizes.get(upload_id, 0) + len(chunk)
            yield chunk

    def _make_room(self, size: int) -> None:
        """Drop uploads that no job came for, the oldest first, until `size` bytes more may come.

        Raises:
            ScratchFull: There are not enough.
        """
        waited = time.monotonic() - UPLOAD_SECONDS_MIN
        over = sum(self._sizes.values()) + size - self._uploads_bytes_max
        for upload_id, made_at in [*self._uploads.items()] if over > 0 else ():
            if over > 0 and upload_id not in self._users and made_at < waited:
                over -= self._sizes.get(upload_id, 0)
                self._drop(upload_id)
        if over > 0:
            raise ScratchFull(f"uploads may have {self._uploads_bytes_max} bytes together")

    def free_bytes(self) -> int:
        """Return how much the disk has left."""
        return shutil.disk_usage(self._folder).free

    def hold(self, upload_id: str) -> bool:
        """Keep the upload until it is released as often as held; tell whether it is there."""
        if upload_id not in self._uploads:
            return False
        self._users[upload_id] = self._users.get(upload_id, 0) + 1
        return True

    def upload_path(self, upload_id: str) -> Path:
        """Return the file of an upload that is held."""
        assert upload_id in self._uploads
        return self._folder / f"upload-{upload_id}"

    def release(self, upload_id: str) -> None:
        """Count one user less; remove the file with the last."""
        left = self._users.get(upload_id, 0) - 1
        if left > 0:
            self._users[upload_id] = left
        else:
            self._drop(upload_id)

    def remove(self) -> None:
        """Remove the whole folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _drop_old(self) -> None:
        aged = time.monotonic() - UPLOAD_SECONDS_KEPT
        idle = [upload_id for upload_id in self._uploads if upload_id not in self._users]
        surplus = len(idle) - UNUSED_MAX + 1
        for place, upload_id in enumerate(idle):
            if place < surplus or self._uploads[upload_id] < aged:
                self._drop(upload_id)

    def _drop(self, upload_id: str) -> None:
        self._users.pop(upload_id, None)
        self._sizes.pop(upload_id, None)
        if self._uploads.pop(upload_id, None) is not None:
            (self._folder / f"upload-{upload_id}").unlink(missing_ok=True)


async def _write(path: Path, chunks: AsyncIterator[bytes], bytes_max: int) -> None:
    written = 0
    try:
        # Writing a chunk to the page cache takes less than handing it to a thread would.
        with path.open("xb") as file:
            async for chunk in chunks:
                written += len(chunk)
                if written > bytes_max:
                    raise PayloadTooLarge(f"The file is over the limit of {bytes_max} bytes")
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - one unlink, on an error
        raise
