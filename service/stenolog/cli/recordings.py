"""Read a recording that is to be uploaded: a file, a pipe, or standard input."""

from __future__ import annotations

import asyncio
import contextlib
import re
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from stenolog.cli.words import one_line
from stenolog.errors import InvalidRequest

CHUNK_BYTES = 1 << 18
STDIN = "-"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
URL_STARTS = ("http://", "https://")
NAME_CHARS_MAX = 40
MB = 1_000_000


class Recording:
    """What comes out of a file or standard input, once.

    Attributes:
        sent: Bytes that were handed on so far.
    """

    def __init__(self, audio: str) -> None:
        """`audio` is a path, or `-`."""
        self._audio = audio
        self._size: int | None = None
        self.sent = 0

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[AsyncIterator[bytes], int | None]]:
        """Yield the bytes in pieces, and how many they are; None: a pipe does not say it.

        Raises:
            InvalidRequest: It cannot be read, is empty, or becomes shorter meanwhile.
        """
        if self._audio == STDIN:
            yield self._chunks(sys.stdin.buffer), None
            return
        file = Path(self._audio)
        try:
            found = await asyncio.to_thread(file.stat)
            self._size = found.st_size if stat.S_ISREG(found.st_mode) else None  # a pipe has none
            if self._size == 0:
                raise InvalidRequest(f"{file} is empty: there is nothing to transcribe")
            stream = await asyncio.to_thread(file.open, "rb")
        except OSError as exc:
            raise InvalidRequest(f"{file}: {exc.strerror}") from exc
        with stream:
            yield self._chunks(stream), self._size

    def how_far(self) -> str:
        """Say how much was sent: `34 % of 12.3 MB`; empty before anything was."""
        if not self.sent:
            return ""
        if self._size is None:
            return f"{self.sent / MB:,.1f} MB"
        return f"{100 * self.sent // self._size} % of {self._size / MB:,.1f} MB"

    async def _chunks(self, stream: BinaryIO) -> AsyncIterator[bytes]:
        left = self._size  # what was announced is sent, though the file may grow
        while left != 0:
            most = CHUNK_BYTES if left is None else min(left, CHUNK_BYTES)
            if not (chunk := await asyncio.to_thread(stream.read, most)):
                break
            yield chunk
            self.sent += len(chunk)
            left = None if left is None else left - len(chunk)
        if left:
            raise InvalidRequest(f"{self._audio} became shorter while it was read")


def is_url(audio: str) -> bool:
    """Tell a URL from the name of a file."""
    return audio.startswith(URL_STARTS)


def is_id(audio: str) -> bool:
    """Tell the id of a transcription from the name of a file."""
    return bool(ID.fullmatch(audio)) and not Path(audio).exists()


def name_of(audio: str) -> str:
    """Return what to call it in a line, and its file without a suffix."""
    if audio == STDIN:
        return "stdin"
    if is_url(audio):
        parts = urlsplit(audio)
        return one_line(Path(parts.path).name or parts.netloc)[:NAME_CHARS_MAX]
    return one_line(Path(audio).name)[:NAME_CHARS_MAX]


def missing(audio: str) -> str:
    """Say why a file cannot be read; empty when it may be, or when it is none."""
    if audio == STDIN or is_url(audio) or is_id(audio):
        return ""
    try:
        with_mode = Path(audio).stat().st_mode
    except (OSError, ValueError) as exc:
        return f"{audio}: {getattr(exc, 'strerror', None) or 'no file can have this name'}"
    return f"{audio}: Is a directory" if stat.S_ISDIR(with_mode) else ""
