"""Keep customers' files in `DATA_DIR/uploads`, encrypted in frames under a key of their own.

The key is derived from the data key of the stream `upload-<id>`, so destroying that data key makes
the file unreadable.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from stenolog.arrivals import Arrivals
from stenolog.compliance.data_keys import DataKey, NewKey
from stenolog.compliance.upload_lifetime import StoredFile
from stenolog.errors import PayloadDamaged, StoreUnavailable
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.stores.files.upload_frames import SEALED_FRAME_BYTES, UploadFrames, plain_size
from stenolog.stores.files.upload_header import header_at, header_of, is_of_another_log
from stenolog.stores.files.upload_listing import stored_in
from stenolog.stores.files.upload_room import UploadRoom
from stenolog.stores.files.upload_writing import FrameWriter, counted, create, fill, give_name

PART = ".part"


class UploadKeys(Protocol):
    """Gives data keys; `compliance/vault` keeps this promise."""

    def new_key(self, stream: str) -> NewKey:
        """Return a key for a stream that has none, in no file yet."""
        ...

    async def keep(self, new: NewKey) -> None:
        """Store the key durably.

        Raises:
            StoreUnavailable: It could not be made durable.
        """
        ...

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key.

        Raises:
            StoreUnavailable: It may still be there.
        """
        ...

    async def key_of(self, stream: str) -> DataKey:
        """Return the stream's data key.

        Raises:
            KeyMissing: It was destroyed.
            StoreUnavailable: It cannot be read.
        """
        ...


class UploadStore:
    """Keeps the promises of the edge's and the reconciler's `Uploads`, and of `Files`.

    Attributes:
        memory: Bounds what all uploads together keep in memory.
        room: Bounds what they have on the disk.
    """

    def __init__(
        self,
        directory: Path,
        keys: UploadKeys,
        log: LogIdentity = UNBOUND,
        *,
        memory: Arrivals | None = None,
        room: UploadRoom | None = None,
    ) -> None:
        """The directory exists; what interrupted uploads left in it is removed.

        Files of another log than `log` are left as they are, and are not to be read.
        """
        self.memory = memory or Arrivals()
        self.room = room or UploadRoom(directory)
        self._directory = directory
        self._keys = keys
        self._header = header_of(log.log_id)
        self._coming: set[str] = set()
        with _disk_errors():
            for part in directory.glob(f"*{PART}"):
                part.unlink(missing_ok=True)

    async def store(
        self,
        upload_id: str,
        chunks: AsyncIterator[bytes],
        *,
        bytes_max: int,
        tenant: str | None = None,
        declared_bytes: int = 0,
    ) -> int:
        """Bytes, key, rename, directory: each is on the disk before the file has its name.

        The key is stored once all bytes are on the disk: who breaks off leaves none.
        """
        path = self._path(upload_id)
        new = self._keys.new_key(UPLOAD + upload_id)
        frames = UploadFrames(new.key.secret, self._header)
        part = path.with_name(path.name + PART)
        self._coming.add(upload_id)
        try:
            with _disk_errors():
                async with (
                    self.room.account(tenant, declared_bytes) as account,
                    self.memory.place() as place,
                ):
                    stream = await asyncio.to_thread(create, part, self._header)
                    try:
                        writer = FrameWriter(stream, frames, self.room)
                        size = await fill(writer, place, counted(chunks, account), bytes_max)
                        if size:
                            await asyncio.to_thread(os.fsync, stream.fileno())
                            await self._named(part, path, new)
                            account.keep(upload_id)
                    finally:
                        stream.close()
            return size
        finally:
            self._coming.discard(upload_id)
            part.unlink(missing_ok=True)

    async def _named(self, part: Path, path: Path, new: NewKey) -> None:
        """Keep the key and give the file its name; without its name it leaves no key, either."""
        await self._keys.keep(new)
        try:
            await asyncio.to_thread(give_name, part, path)
        except OSError:
            with contextlib.suppress(StoreUnavailable):
                await self._keys.destroy(new.wrapped.stream)
            raise

    async def exists(self, upload_id: str) -> bool:
        """Reads how the file begins: one that is damaged there, or another log's, is none."""
        return await self._header_of(upload_id) == self._header

    async def is_of_another_log(self, upload_id: str) -> bool:
        """Reads how the file begins."""
        return is_of_another_log(await self._header_of(upload_id), self._header)

    async def discard(self, upload_id: str) -> None:
        """Repeating changes nothing."""
        with _disk_errors():
            await asyncio.to_thread(self._path(upload_id).unlink, missing_ok=True)
        self.room.released(upload_id)

    async def without_file(self, uploads: Collection[str]) -> Sequence[str]:
        """One that is written in the meantime has its file before it stops coming."""
        waiting = [upload for upload in uploads if upload not in self._coming]

        def missing() -> list[str]:
            return [upload for upload in waiting if not self._path(upload).exists()]

        with _disk_errors():
            return await asyncio.to_thread(missing)

    async def stored(self, *, after: str, limit: int) -> Sequence[StoredFile]:
        """Reads the directory once; files that are being written are not in it."""
        with _disk_errors():
            return await asyncio.to_thread(stored_in, self._directory, after, limit)

    async def open(self, upload_id: str) -> tuple[int, AsyncIterator[bytes]] | None:
        """Open it; each piece is decrypted when it is asked for."""
        path = self._path(upload_id)
        with _disk_errors():
            try:
                stored = (await asyncio.to_thread(path.stat)).st_size
            except FileNotFoundError:
                return None
        size = plain_size(stored)
        return size, self._read(upload_id, path)

    async def _read(self, upload_id: str, path: Path) -> AsyncIterator[bytes]:
        key = await self._keys.key_of(UPLOAD + upload_id)
        frames = UploadFrames(key.secret, self._header)
        with _disk_errors():
            stream = await asyncio.to_thread(path.open, "rb")
            try:
                if await asyncio.to_thread(stream.read, len(self._header)) != self._header:
                    raise PayloadDamaged("an upload does not begin as one of this log")
                number, sealed = 0, await asyncio.to_thread(stream.read, SEALED_FRAME_BYTES)
                while True:
                    following = await asyncio.to_thread(stream.read, SEALED_FRAME_BYTES)
                    yield await asyncio.to_thread(frames.open, number, sealed, last=not following)
                    if not following:
                        return
                    number, sealed = number + 1, following
            finally:
                stream.close()

    async def _header_of(self, upload_id: str) -> bytes:
        with _disk_errors():
            return await asyncio.to_thread(header_at, self._path(upload_id))

    def _path(self, upload_id: str) -> Path:
        # Only an id becomes a file's name, whatever a caller was told.
        return self._directory / str(uuid.UUID(upload_id))


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn the operating system's errors about the disk into ours."""
    try:
        yield
    except OSError as exc:
        if isinstance(exc, TimeoutError | ConnectionError):
            raise  # the sender's, not the disk's
        raise StoreUnavailable(f"uploads: {exc.strerror or type(exc).__name__}") from exc
