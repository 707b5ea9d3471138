"""How far bytes may be given to the parser: never beyond where a message may end."""

from __future__ import annotations

import re

CHUNKS_FREE = 4_096  # in a body, of any size; then their data has so many bytes on average:
CHUNK_BYTES_MIN = 32
END = b"\r\n\r\n"  # of every head, and of every chunked body with its trailers
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]+)(?:;[^\n]*)?\r\n")  # of a chunk: RFC 9112, 7.1


class Pieces:
    """Cuts what was read into pieces, by what the parser said of those before.

    Attributes:
        body_left: Of a body with a length, to be parsed yet; None while there is no such body.
        kept_bytes: Taken by the parser since it last handed something on whole.
        chunks: In the present body, as far as their sizes were read.
        chunks_bytes: Of their data, handed on.
    """

    def __init__(self, head_bytes_max: int) -> None:
        self.body_left: int | None = None
        self.kept_bytes = 0
        self.chunks = self.chunks_bytes = 0
        self._head_bytes_max = head_bytes_max
        self._tail = b""  # the last bytes taken, as far as they may be half of an `END`
        self._before = b""  # the byte before the present piece, as far as it is known
        self._chunk_got: int | None = None  # of the data of a chunk, while it is read
        self._chunk_left = 0  # of the same, as far as that is known: no message ends there

    def size(self, data: bytes, start: int) -> int:
        """Return how many bytes of `data` make the next piece, from `start`; one at least."""
        came = len(data) - start
        self._before = self._tail[-1:]
        if self.body_left is not None:
            size = min(came, self.body_left)
            self.body_left -= size
            return size
        if self._chunk_left:
            size = min(came, self._chunk_left)
            self._chunk_left -= size
            return size
        first = data[start : start + len(END) - 1]
        across = (self._tail + first).find(END) if self._tail else -1
        if across >= 0:
            size = across + len(END) - len(self._tail)
        else:
            found = data.find(END, start)
            size = came if found < 0 else found - start + len(END)
        size = min(size, self._head_bytes_max - self.kept_bytes)
        self.kept_bytes += size
        end = start + size
        self._tail = (self._tail + data[max(start, end - len(END)) : end])[1 - len(END) :]
        return size

    def parsed(self, piece: bytes) -> None:
        """The parser has had this piece.

        Where it shows the size of the chunk that it ends in, no end is looked for in the chunk's
        data. The parser has judged the size, and were it misread here, would refuse the message,
        because it would meet the end within a piece.
        """
        if self._chunk_got is None or self._chunk_left:
            return
        read = self._before + piece
        line_end = len(read) - self._chunk_got
        newline = read.rfind(b"\n", 0, line_end - 1) if line_end > 1 else -1
        line = SIZE_LINE.fullmatch(read, newline + 1, line_end) if newline >= 0 else None
        if line is not None:
            self._chunk_left = max(0, int(line[1], 16) - self._chunk_got)
            self._tail = b"" if self._chunk_left else self._tail

    def body(self, size: int) -> None:
        """So much of the body was handed on."""
        self.kept_bytes = 0
        if self._chunk_got is not None:
            self._chunk_got += size
            self.chunks_bytes += size

    def chunk(self, *, begins: bool) -> None:
        """A chunk begins or ends: its size was read, or the last of its data."""
        self._chunk_got = 0 if begins else None
        self._chunk_left = 0
        self.chunks += begins

    @property
    def has_tiny_chunks(self) -> bool:
        """Whether there were many with little in them, each of which takes its time."""
        before = self.chunks - 1  # of the present one nothing was handed on
        return before >= CHUNKS_FREE and self.chunks_bytes < before * CHUNK_BYTES_MIN

    def end(self) -> None:
        """A message has ended."""
        self.body_left = None
        self.kept_bytes = 0
        self.chunks = self.chunks_bytes = 0
        self._tail = b""
        self.chunk(begins=False)
