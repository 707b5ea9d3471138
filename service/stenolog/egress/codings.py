"""Undoes the content codings of an answer: what was compressed although nothing was asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from stenolog.errors import EgressFailed, PayloadTooLarge

CODINGS_MAX = 2  # one upon another; nobody means more
PIECE_BYTES = 64 << 10  # what is undone at a time, however much it would be
# Of one coding. Each costs as much as thousands of bytes do, and twenty bytes can stand for one
# that is empty.
MEMBERS_MAX = 1_000
UNDONE = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
# Compressions that nobody asked for, and that are not undone.
NOT_UNDONE = frozenset({"br", "compress", "dcb", "dcz", "x-compress", "zstd"})
GZIP_WINDOW, ZLIB_WINDOW, RAW_WINDOW = 31, 15, -15  # as `zlib.decompressobj` wants them
GZIP_FIRST = b"\x1f"  # RFC 1952, 2.3.1
ZLIB_METHOD = 8  # RFC 1950: in the low half of the first byte


def coding_not_undone(content_encoding: str) -> str | None:
    """Return the name of a compression in `Content-Encoding` that is not undone; None: none."""
    return next((name for name in _names(content_encoding) if name in NOT_UNDONE), None)


def decompressors(content_encoding: str, bytes_max: int) -> list[Decompressor]:
    """Return what undoes the codings, in the order of undoing; empty when there is nothing to undo.

    Each of them undoes at most `bytes_max`, also what is coded once more.

    Names that are no compression, such as `utf-8` or `aws-chunked`, are set by mistake and say
    nothing about the bytes.

    Raises:
        EgressFailed: There are more than `CODINGS_MAX`.
    """
    found = [UNDONE[name] for name in _names(content_encoding) if name in UNDONE]
    if len(found) > CODINGS_MAX:
        raise EgressFailed(f"the answer has over {CODINGS_MAX} content codings", sent=True)
    return [Decompressor(name, bytes_max) for name in reversed(found)]


class Decompressor:
    """Undoes one coding, in pieces of at most `PIECE_BYTES` and at most `bytes_max` in all."""

    def __init__(self, coding: str, bytes_max: int) -> None:
        self._coding = coding
        self._bytes_max = bytes_max
        self._undone = 0
        self._members = 0
        self._inner: zlib._Decompress | None = None
        self._ended_once = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` stands for, one step at a time; a step may bring nothing.

        A step takes a bounded time: whoever reads may let others have their turn after each.

        Raises:
            EgressFailed: It is not what the answer's header says, or has over `MEMBERS_MAX`.
            PayloadTooLarge: It stands for more than `bytes_max`.
        """
        while True:
            if self._inner is None:
                if not self._begins(data):
                    return
                self._inner = self._opened(data)
            try:
                piece = self._inner.decompress(data, PIECE_BYTES)
            except zlib.error as exc:
                raise EgressFailed(f"the body is not {self._coding}", sent=True) from exc
            self._undone += len(piece)
            if self._undone > self._bytes_max:
                raise PayloadTooLarge(f"the answer is over {self._bytes_max} bytes")
            yield piece
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data, self._inner, self._ended_once = self._inner.unused_data, None, True
            elif not data and len(piece) < PIECE_BYTES:
                return  # a full piece may have left more inside

    def end(self) -> None:
        """Return when all was undone.

        Raises:
            EgressFailed: The body ended before the coding did.
        """
        if self._inner is not None:
            raise EgressFailed(f"the body ended within its {self._coding}", sent=True)

    def _begins(self, data: bytes) -> bool:
        """Tell whether another member begins (RFC 1952, 2.2); what else follows is none."""
        if not self._ended_once:
            return bool(data)
        return self._coding == "gzip" and data[:1] == GZIP_FIRST

    def _opened(self, data: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > MEMBERS_MAX:
            raise EgressFailed(f"the body has over {MEMBERS_MAX} {self._coding} members", sent=True)
        if self._coding == "gzip":
            return zlib.decompressobj(GZIP_WINDOW)
        # RFC 9110, 8.4.1.2: some servers leave the zlib frame out.
        framed = data[0] & 0x0F == ZLIB_METHOD
        return zlib.decompressobj(ZLIB_WINDOW if framed else RAW_WINDOW)


def _names(content_encoding: str) -> list[str]:
    return [name.strip().lower() for name in content_encoding.split(",")]
