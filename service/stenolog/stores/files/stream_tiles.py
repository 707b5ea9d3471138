"""Keep the nodes of the map of streams in a file: a start need not read the whole log for them.

It is compared with what the log commits to before it is believed, so nothing in it has to be
durable, and without it the nodes are made again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from stenolog.errors import StoreUnavailable
from stenolog.log.merkle import HASH_BYTES
from stenolog.stores.files.directory import FILE_MODE

FILE_NAME = "stream-map"
BYTES_MAX = 1 << 30  # of a log of eight billion events


class StreamTiles:
    """Keeps the promise of `compliance.stream_ends.KeptTiles`, in `DATA_DIR/stream-map`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    async def read(self) -> bytes:
        """Reads all of the file."""
        return await asyncio.to_thread(self._read)

    async def write(self, changed: Mapping[int, bytes]) -> None:
        """Writes in place; a crash leaves old nodes and new ones, which are then found out."""
        await asyncio.to_thread(self._write, changed)

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(BYTES_MAX)
        except OSError:
            return b""

    def _write(self, changed: Mapping[int, bytes]) -> None:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
            try:
                for number, node in changed.items():
                    os.pwrite(descriptor, node, number * HASH_BYTES)
            finally:
                os.close(descriptor)
        except OSError as exc:
            raise StoreUnavailable(f"{FILE_NAME}: {exc.strerror}") from exc
