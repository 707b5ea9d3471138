"""Read a form piece by piece (RFC 7578): its values are small, a file in it may be large."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from stenolog.errors import InvalidRequest, PayloadTooLarge

FORM = "multipart/form-data"
PARTS_MAX = 256
HEAD_BYTES_MAX = 8 << 10  # of one part
BOUNDARY_CHARS_MAX = 70  # RFC 2046, 5.1.1
AROUND_BYTES_MAX = 1 << 20  # before the first part, and behind the last
END = b"--"
LINE = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field of a form.

    Attributes:
        filename: None for what is no file.
        chunks: Its content, once; what is not taken of it is passed over.
    """

    name: str
    filename: str | None
    chunks: AsyncIterator[bytes]


def is_form_type(content_type: str) -> bool:
    """Tell whether a body of this media type is a form with parts."""
    return content_type.partition(";")[0].strip().lower() == FORM


def boundary_of(content_type: str) -> bytes:
    """Return what stands between the parts.

    Raises:
        InvalidRequest: The media type names none, or one that cannot be.
    """
    named = Message()
    named["content-type"] = content_type
    boundary = named.get_boundary() or ""
    if not 0 < len(boundary) <= BOUNDARY_CHARS_MAX or not boundary.isascii():
        raise InvalidRequest("The Content-Type of the form must name its boundary")
    return boundary.encode()


class FormReader:
    """Divides a body into its parts while it comes; of a file it holds one piece at a time."""

    def __init__(self, boundary: bytes, chunks: AsyncIterator[bytes]) -> None:
        self._delimiter = LINE + END + boundary
        self._chunks = chunks
        self._buffer = bytearray(LINE)  # so that the first boundary is as all others

    async def parts(self) -> AsyncIterator[Part]:
        """Yield the parts in order; each is read before the next.

        Raises:
            InvalidRequest: It is no form, has no end, or too many parts.
            Exception: Whatever the body raises.
        """
        await self._pass_over(self._content())
        for _ in range(PARTS_MAX + 1):
            if not await self._another():
                await self._pass_over(self._chunks)
                return
            name, filename = _named(await self._head())
            content = self._content()
            yield Part(name=name, filename=filename, chunks=content)
            async for _piece in content:
                pass
        raise InvalidRequest(f"The form has more than {PARTS_MAX} parts")

    async def _content(self) -> AsyncIterator[bytes]:
        """Yield what stands before the next delimiter, and take that too."""
        kept = len(self._delimiter) - 1  # it may have begun
        while True:
            at = self._buffer.find(self._delimiter)
            until = at if at >= 0 else max(0, len(self._buffer) - kept)
            piece = bytes(self._buffer[:until])
            del self._buffer[: until if at < 0 else at + len(self._delimiter)]
            if piece:
                yield piece
            if at >= 0:
                return
            await self._more()

    async def _another(self) -> bool:
        """Tell whether a part follows the delimiter, and take the rest of its line."""
        while (at := self._buffer.find(LINE)) < 0 and not self._buffer.startswith(END):
            if len(self._buffer) > HEAD_BYTES_MAX:
                raise InvalidRequest("The form cannot be read: a boundary is not on its own line")
            await self._more()
        if self._buffer.startswith(END):
            return False
        del self._buffer[:at]  # the line break is left: a part may have no headers
        return True

    async def _head(self) -> bytes:
        while (at := self._buffer.find(LINE + LINE)) < 0:
            if len(self._buffer) > HEAD_BYTES_MAX:
                raise InvalidRequest(f"A part's headers are over {HEAD_BYTES_MAX} bytes")
            await self._more()
        head = bytes(self._buffer[len(LINE) : at])
        del self._buffer[: at + len(LINE + LINE)]
        return head

    async def _more(self) -> None:
        piece = await anext(self._chunks, None)
        if piece is None:
            raise InvalidRequest("The form ends before its last boundary")
        self._buffer += piece

    async def _pass_over(self, chunks: AsyncIterator[bytes]) -> None:
        size = 0
        async for piece in chunks:
            size += len(piece)
            if size > AROUND_BYTES_MAX:
                raise PayloadTooLarge(
                    f"Around its parts the form has over {AROUND_BYTES_MAX} bytes"
                )


def _named(head: bytes) -> tuple[str, str | None]:
    """Return the name of a part, and its file's name.

    Raises:
        InvalidRequest: It has no name.
    """
    headers = BytesHeaderParser().parsebytes(head)
    name = headers.get_param("name", header="content-disposition")
    if not isinstance(name, str) or not name:
        raise InvalidRequest("A part of the form has no name")
    return name, headers.get_filename()
