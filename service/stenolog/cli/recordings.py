"""Read a recording that is to be uploaded: a file, a pipe, or standard input."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import stat
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from stenolog.cli.left_behind import in_daemon
from stenolog.cli.words import one_line
from stenolog.errors import InvalidRequest

CHUNK_BYTES = 1 << 18
STDIN = "-"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
URL_STARTS = ("http://", "https://")
NAME_CHARS_MAX = 40
URL_NAME_CHARS_MAX = 200  # a file's name has 255 bytes at most
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
            yield self._chunks(_from_stdin()), None
            return
        file = Path(self._audio)
        try:
            found = await asyncio.to_thread(file.stat)
            self._size = found.st_size if stat.S_ISREG(found.st_mode) else None  # a pipe has none
            if self._size == 0:
                raise InvalidRequest(f"{file} is empty: there is nothing to transcribe")
            stream = await in_daemon(partial(file.open, "rb", buffering=0))  # a pipe waits here
        except OSError as exc:
            raise InvalidRequest(f"{file}: {exc.strerror}") from exc
        with stream:
            yield self._chunks(partial(os.read, stream.fileno())), self._size

    def how_far(self) -> str:
        """Say how much was sent: `34 % of 12.3 MB`; empty before anything was."""
        if not self.sent:
            return ""
        if self._size is None:
            return f"{self.sent / MB:,.1f} MB"
        return f"{100 * self.sent // self._size} % of {self._size / MB:,.1f} MB"

    async def _chunks(self, read: Callable[[int], bytes]) -> AsyncIterator[bytes]:
        left = self._size  # what was announced is sent, though the file may grow
        while left != 0:
            most = CHUNK_BYTES if left is None else min(left, CHUNK_BYTES)
            if not (chunk := await in_daemon(partial(read, most))):
                break
            yield chunk
            self.sent += len(chunk)
            left = None if left is None else left - len(chunk)
        if left:
            raise InvalidRequest(f"{self._audio} became shorter while it was read")


def _from_stdin() -> Callable[[int], bytes]:
    """Return what reads it: around the lock of Python's stream, where it is a file's."""
    try:
        return partial(os.read, sys.stdin.fileno())
    except OSError:  # whoever called us put something else in its place
        return sys.stdin.buffer.read


def is_url(audio: str) -> bool:
    """Tell a URL from the name of a file."""
    return audio.startswith(URL_STARTS)


def is_id(audio: str) -> bool:
    """Tell the id of a transcription from the name of a file."""
    return bool(ID.fullmatch(audio)) and not Path(audio).exists()


def name_of(audio: str) -> str:
    """Return what to call it in a line; a long name is cut."""
    return file_name_of(audio)[:NAME_CHARS_MAX]


def file_name_of(audio: str) -> str:
    """Return the name after which a result's file is called."""
    if audio == STDIN:
        return "stdin"
    if is_url(audio):
        parts = urlsplit(audio)
        return one_line(Path(parts.path).name or parts.netloc)[:URL_NAME_CHARS_MAX]
    return one_line(Path(audio).name)


def is_read_from(audio: str, place: Path) -> bool:
    """Tell whether `place` is the file that the recording is read from."""
    try:
        found = place.stat()
        read = os.fstat(sys.stdin.fileno()) if audio == STDIN else Path(audio).stat()
    except (OSError, ValueError):  # there is no such file
        return False
    return stat.S_ISREG(found.st_mode) and os.path.samestat(found, read)


def missing(audio: str) -> str:
    """Say why a file cannot be read; empty when it may be, or when it is none."""
    if audio == STDIN or is_url(audio) or is_id(audio):
        return ""
    try:
        with_mode = Path(audio).stat().st_mode
    except (OSError, ValueError) as exc:
        return f"{audio}: {getattr(exc, 'strerror', None) or 'no file can have this name'}"
    return f"{audio}: Is a directory" if stat.S_ISDIR(with_mode) else ""
