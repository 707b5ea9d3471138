"""Read an answer in pieces, within a size and a deadline."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from math import inf

import anyio
import anyio.lowlevel
import httpx

from stenolog.egress.codings import Decompressor, decompressors
from stenolog.egress.failures import RequestTrace, httpcore_errors
from stenolog.errors import EgressFailed, PayloadTooLarge

PIECES_PER_TURN = 64  # some milliseconds, then others have the event loop
# A piece of a byte costs as much as one of thousands. Beyond so many they have eight on average:
# that is less than a packet of the slowest codec has.
PIECES_TINY_MAX = 10_000
PIECE_BYTES_MEAN_MIN = 8


class StreamedAnswer:
    """An answer whose body has not been read yet.

    Attributes:
        status: Its HTTP status, whatever it is.
        headers: Lower-case names; values of a repeated name are joined by a comma.
    """

    def __init__(
        self, response: httpx.Response, request_trace: RequestTrace, *, deadline: float
    ) -> None:
        """`deadline` is in the event loop's own seconds."""
        self.status = response.status_code
        self.headers: Mapping[str, str] = header_map(response)
        self._response = response
        self._request_trace = request_trace
        self._deadline = deadline

    @property
    def tls(self) -> Mapping[str, str] | None:
        """Protocol, cipher and the certificate's end; None: the connection is not encrypted."""
        stream = self._response.extensions.get("network_stream")
        connection = None if stream is None else stream.get_extra_info("ssl_object")
        if connection is None:
            return None
        cipher, certificate = connection.cipher(), connection.getpeercert() or {}
        return {
            "protocol": connection.version() or "",
            "cipher": cipher[0] if cipher else "",
            "certificate_until": certificate.get("notAfter", ""),
        }

    async def chunks(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        """Yield the body's pieces in order, once; no piece is empty.

        Raises:
            PayloadTooLarge: The body is, or says that it is, over `bytes_max`. What was yielded
                until then is at most `bytes_max`.
            EgressFailed: The body broke off or comes in crumbs, or the deadline came.
        """
        length = self.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > bytes_max:
            raise PayloadTooLarge(f"the answer is over {bytes_max} bytes")
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        pieces = aiter(self._response.stream)
        size = count = 0
        while chunk := await self._next(pieces):
            size += len(chunk)
            count += 1
            if size > bytes_max:
                raise PayloadTooLarge(f"the answer is over {bytes_max} bytes")
            if count > PIECES_TINY_MAX and size < count * PIECE_BYTES_MEAN_MIN:
                raise EgressFailed("the answer comes in chunks that are too small", sent=True)
            if count % PIECES_PER_TURN == 0:
                await anyio.lowlevel.checkpoint()
            yield chunk

    async def decoded_chunks(self, bytes_max: int) -> AsyncIterator[bytes]:
        """Yield the body's pieces in order, once, with gzip and deflate undone; no piece is empty.

        Raises:
            PayloadTooLarge: The body is over `bytes_max`, as it came or as it was undone. What was
                yielded until then is at most `bytes_max`.
            EgressFailed: As `chunks`, or the body is not coded as it says.
        """
        stages = decompressors(self.headers.get("content-encoding", ""), bytes_max)
        async for chunk in self.chunks(bytes_max):
            for piece in _through(stages, chunk):
                if piece:
                    yield piece
                if stages:  # a little may stand for much: others have their turn
                    await anyio.lowlevel.checkpoint()
        for stage in stages:
            stage.end()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes:
        """Return the next piece, empty at the end; the deadline bounds only this wait."""
        with httpcore_errors(self._request_trace):
            with anyio.fail_after(None if self._deadline == inf else self._remaining()):
                async for chunk in pieces:
                    if chunk:
                        return chunk
        return b""

    def _remaining(self) -> float:
        return max(0.0, self._deadline - anyio.current_time())


def _through(stages: Sequence[Decompressor], data: bytes) -> Iterator[bytes]:
    """Yield after each step of any stage what came out of the last one, mostly nothing."""
    if not stages or not data:
        yield data
        return
    for piece in stages[0].pieces(data):
        yield from _through(stages[1:], piece)


def header_map(response: httpx.Response) -> Mapping[str, str]:
    """Return an answer's headers with lower-case names."""
    return {name.lower(): value for name, value in response.headers.items()}
