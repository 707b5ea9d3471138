"""Write the file of an upload: frame by frame, then its name."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from stenolog.arrivals import Place
from stenolog.errors import PayloadTooLarge
from stenolog.stores.files.upload_frames import FRAME_BYTES, UploadFrames
from stenolog.stores.files.upload_room import Account, UploadRoom

FILE_MODE = 0o600


class FrameWriter:
    """Writes frames one after the other, as long as there is room on the disk."""

    def __init__(self, stream: BinaryIO, frames: UploadFrames, room: UploadRoom) -> None:
        """`room` is asked before each frame."""
        self._stream, self._frames, self._room = stream, frames, room
        self._number = 0

    def write(self, frame: bytes | bytearray | memoryview, *, last: bool) -> None:
        """Append a frame; this may wait for the disk.

        Raises:
            NoRoom: The disk would have less than the reserve.
        """
        self._room.refuse_full(len(frame))
        self._frames.write(self._stream, self._number, frame, last=last)
        self._number += 1


async def counted(chunks: AsyncIterator[bytes], account: Account) -> AsyncIterator[bytes]:
    """Pass the chunks on, and count them as the tenant's.

    Raises:
        PayloadTooLarge: The tenant would hold too much.
    """
    async for chunk in chunks:
        account.take(len(chunk))
        yield chunk


async def fill(
    writer: FrameWriter, place: Place, chunks: AsyncIterator[bytes], bytes_max: int
) -> int:
    """Write every frame; return the size in bytes.

    Raises:
        PayloadTooLarge: It is over `bytes_max`.
    """
    gathered = bytearray()
    size = 0
    async for chunk in place.chunks(chunks):
        size += len(chunk)
        if size > bytes_max:
            raise PayloadTooLarge(f"The file is over {bytes_max} bytes")
        gathered += chunk
        while len(gathered) > FRAME_BYTES:  # a full frame waits: it may be the last one
            frame, gathered = memoryview(gathered)[:FRAME_BYTES], gathered[FRAME_BYTES:]
            await asyncio.to_thread(writer.write, frame, last=False)
            place.written(len(frame))
    if gathered:
        await asyncio.to_thread(writer.write, gathered, last=True)
    return size


def create(part: Path, header: bytes) -> BinaryIO:
    """Make the file and write its header; only its owner may read it."""
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    stream = os.fdopen(descriptor, "wb", buffering=0)
    stream.write(header)
    return stream


def give_name(part: Path, path: Path) -> None:
    """Give a file that is on the disk its name; the name is on the disk afterwards."""
    part.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(directory)
