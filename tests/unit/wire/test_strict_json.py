"""JSON of strangers: how many values it may have, and how large a number may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.errors import InvalidRequest
from stenolog.wire.strict_json import NODES_MAX, NUMBER_CHARS_MAX, parse_object

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8"))
    | st.text(st.sampled_from('\\",:[]{} '))
)


def nodes_of(value: Any) -> int:
    """Values and names, counted one by one."""
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(nodes_of, value.values()))
    return 1 + sum(map(nodes_of, value)) if isinstance(value, list) else 1


def spelled(value: Any, indent: int | None, ascii_only: bool) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()


@given(
    st.recursive(LEAVES, lambda one: st.lists(one) | st.dictionaries(LEAVES.map(str), one)),
    st.sampled_from([None, 0, 3]),
    st.booleans(),
)
def test_as_many_values_and_names_are_read_as_the_limit_says_and_not_one_more(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    room = NODES_MAX - nodes_of({"value": value, "more": []})
    full = {"value": value, "more": ["x"] * room}
    assert parse_object(spelled(full, indent, ascii_only)) == full
    with pytest.raises(InvalidRequest, match="holds too much: 20000 values and names"):
        parse_object(spelled({**full, "more": ["x"] * (room + 1)}, indent, ascii_only))


@pytest.mark.parametrize(
    "request_of_all",
    [
        {"keyterms_prompt": ["six words are in this term"] * 1_000, "word_boost": ["a"] * 1_000},
        {"custom_spelling": [{"from": ["a", "b", "c", "d"], "to": "e"}] * 1_000},
        {"x": {str(n): n for n in range(9_000)}},
    ],
)
def test_what_real_requests_have_is_far_from_the_limit(request_of_all: dict[str, Any]) -> None:
    assert parse_object(json.dumps(request_of_all).encode()) == request_of_all


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_stays_whole_up_to_what_a_double_can_hold(sign: str) -> None:
    digits = sign + "9" * (NUMBER_CHARS_MAX - len(sign))
    assert parse_object(b'{"x": %b}' % digits.encode()) == {"x": int(digits)}
    for literal in (digits + "9", digits[:-9] + "." + "9" * 9):
        with pytest.raises(InvalidRequest, match="a number that is too large"):
            parse_object(b'{"x": [%b]}' % literal.encode())
