"""Items in chunks."""

from __future__ import annotations

import json

import pytest

from stenolog.projections.documents import DEPTH_MAX, ProjectionFailed, encode, read_object
from stenolog.projections.of.items import in_chunks
from stenolog.projections.rows import CHUNK_BYTES, ITEMS_PER_CHUNK_MAX


def test_no_items_are_no_chunks() -> None:
    assert in_chunks(()) == ()


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_ordinals_are_dense_from_one(count: int) -> None:
    chunks = in_chunks([{"n": n} for n in range(count)])
    assert sum(chunk.count for chunk in chunks) == count
    assert all(chunk.count <= ITEMS_PER_CHUNK_MAX for chunk in chunks)
    expected = 1
    for chunk in chunks:
        assert chunk.first == expected
        assert len(chunk.bodies.split(b"\n")) == chunk.count
        expected += chunk.count


def test_a_large_item_closes_its_chunk() -> None:
    large = {"text": "x" * CHUNK_BYTES}
    assert [chunk.count for chunk in in_chunks([{}, large, large, {}])] == [2, 1, 1]


def test_line_breaks_in_a_text_do_not_break_an_item() -> None:
    [chunk] = in_chunks([{"text": "one\ntwo\r\u2028"}, {"text": "three"}])
    assert [json.loads(line)["text"] for line in chunk.bodies.split(b"\n")] == [
        "one\ntwo\r\u2028",
        "three",
    ]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b'"a"',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"\xff{}",
        b'{"a"}',
        b'{"a" 1}',
        b'{"a": 1 "b": 2}',
        b'{"a": 1,}',
        b"{1: 2}",
        b'{"a": 1} 2',
        b'{"a": ',
    ],
)
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(ProjectionFailed):
        read_object(payload)


def test_a_number_that_no_float_can_hold_is_not_known_and_not_lost() -> None:
    document = read_object(b' { "a" : 1e999 , "b":[2] , "a":-1e999} ')
    assert document == {"a": None, "b": [2]}
    assert list(document.members()) == [
        ("a", b'"a" : 1e999'),
        ("b", b'"b":[2]'),
        ("a", b'"a":-1e999'),
    ]
    assert document.written("a") == b"-1e999"
    with pytest.raises(KeyError):
        document.written("c")


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ProjectionFailed):
        read_object(b'{"a":' + b"[" * 200_000)


def test_a_number_with_more_digits_than_can_be_read_is_refused() -> None:
    with pytest.raises(ProjectionFailed):
        read_object(b'{"a": ' + b"9" * 5_000 + b"}")


@pytest.mark.parametrize("value", [{"a": 2**70}, {"a": "\ud800"}, {"a": [[1.5, None, True, "é"]]}])
def test_what_was_read_is_written_again(value: object) -> None:
    assert json.loads(encode(value)) == value
    assert b"\n" not in encode(value)


@pytest.mark.parametrize(("depth", "readable"), [(DEPTH_MAX, True), (DEPTH_MAX + 1, False)])
def test_the_deepest_that_is_read_can_be_written(depth: int, readable: bool) -> None:
    payload = b'{"a":' * (depth - 1) + b"[" + str(2**70).encode() + b"]" + b"}" * (depth - 1)
    if readable:
        assert encode(read_object(payload)) == payload
        return
    with pytest.raises(ProjectionFailed):
        read_object(payload)
