"""A form is divided into its parts while it comes, however it is cut into pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stenolog.edge.http.forms import (
    AROUND_BYTES_MAX,
    HEAD_BYTES_MAX,
    PARTS_MAX,
    FormReader,
    boundary_of,
    is_form_type,
)
from stenolog.errors import InvalidRequest, PayloadTooLarge

FILE = bytes(range(256)) * 40 + b"\r\n--ed-not\r\n--edg"
FORM = (
    b'before\r\n--edge\r\nContent-Disposition: form-data; name="model"\r\n\r\n#g1_whisper-large\r\n'
    b'--edge  \r\nContent-Disposition: form-data; name="audio"; filename="a b.mp3"\r\n'
    b"Content-Type: audio/mpeg\r\n\r\n" + FILE + b"\r\n"
    b'--edge\r\ncontent-disposition: form-data; name="empty"\r\n\r\n\r\n--edge--\r\nbehind'
)
Parts = list[tuple[str, str | None, bytes]]


async def cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def read(body: bytes, size: int = 4_096, boundary: bytes = b"edge") -> Parts:
    return [
        (part.name, part.filename, b"".join([piece async for piece in part.chunks]))
        async for part in FormReader(boundary, cut(body, size)).parts()
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4_096, 1 << 20])
async def test_it_is_the_same_in_pieces_of_any_size(size: int) -> None:
    assert await read(FORM, size) == [
        ("model", None, b"#g1_whisper-large"),
        ("audio", "a b.mp3", FILE),
        ("empty", None, b""),
    ]


async def test_what_is_not_taken_of_a_part_is_passed_over() -> None:
    names = [part.name async for part in FormReader(b"edge", cut(FORM, 100)).parts()]
    assert names == ["model", "audio", "empty"]


def part(name: str, content: bytes = b"") -> bytes:
    return b'--edge\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (
        name.encode(),
        content,
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "ends before its last boundary"),
        (b'{"model": "nova-3"}', "ends before its last boundary"),
        (part("a"), "ends before its last boundary"),
        (b"--edge\r\n\r\ncontent\r\n--edge--", "has no name"),
        (b"--edge\r\nContent-Disposition: form-data\r\n\r\n\r\n--edge--", "has no name"),
        (b"--edge\r\nX: " + b"x" * 2 * HEAD_BYTES_MAX + b"\r\n\r\n", "headers are over"),
        (b"--edge" + b" " * 2 * HEAD_BYTES_MAX, "is not on its own line"),
        (part("a") * (PARTS_MAX + 1) + b"--edge--", "more than"),
    ],
)
async def test_what_is_no_whole_form_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        await read(body)


@pytest.mark.parametrize("body", [b"x", b"--edge--\r\n"])
async def test_what_stands_around_the_parts_is_bounded(body: bytes) -> None:
    with pytest.raises(PayloadTooLarge):
        await read(body + b"x" * (AROUND_BYTES_MAX + 9_000))


async def test_as_many_parts_as_there_may_be_are_read() -> None:
    assert len(await read(part("a") * PARTS_MAX + b"--edge--\r\n")) == PARTS_MAX


def test_the_media_type_tells_a_form_and_its_boundary() -> None:
    kind = 'Multipart/Form-Data; charset=utf-8; boundary="a b"'
    assert is_form_type(kind)
    assert boundary_of(kind) == b"a b"
    assert not is_form_type("application/json")
    for wrong in ("multipart/form-data", f"multipart/form-data; boundary={'x' * 71}"):
        with pytest.raises(InvalidRequest):
            boundary_of(wrong)
