"""A list's cursor is of one log in one epoch, and no other's is taken for it."""

from __future__ import annotations

import pytest

from stenolog.edge.native.cursors import NO_CURSOR, NUMBER_MAX, STRANGE, Cursors
from stenolog.errors import InvalidRequest
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.log.recorder import new_id

OURS = Cursors(UNBOUND.restored(2, "one"))


@pytest.mark.parametrize("number", [0, 1, 4_711, NUMBER_MAX])
def test_a_number_comes_back_from_its_cursor(number: int) -> None:
    assert OURS.number(OURS.of_number(number)) == number
    assert len(OURS.of_number(number)) == 23


def test_an_id_comes_back_from_its_cursor() -> None:
    identifier = new_id()
    assert OURS.identifier(OURS.of_id(identifier)) == identifier
    assert len(OURS.of_id(identifier)) == 34


@pytest.mark.parametrize(
    "other",
    [
        UNBOUND,
        UNBOUND.restored(2, "another"),
        UNBOUND.restored(3, "one"),
        LogIdentity(log_id="another", epoch=2, restore="one"),
    ],
)
def test_a_cursor_of_another_log_or_epoch_is_refused_with_one_sentence(other: LogIdentity) -> None:
    theirs = Cursors(other)
    with pytest.raises(InvalidRequest, match=STRANGE):
        OURS.number(theirs.of_number(7))
    with pytest.raises(InvalidRequest, match=STRANGE):
        OURS.identifier(theirs.of_id(new_id()))


@pytest.mark.parametrize(
    "given", ["", "7", "x", "é" * 23, "=" * 23, "A" * 23, "A" * 64, "A" * 9_999]
)
def test_what_is_no_cursor_is_refused(given: str) -> None:
    for read in (OURS.number, OURS.identifier):
        with pytest.raises(InvalidRequest, match=NO_CURSOR):
            read(given)


def test_a_cursor_of_another_kind_of_list_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=NO_CURSOR):
        OURS.identifier(OURS.of_number(7))
    with pytest.raises(InvalidRequest, match=NO_CURSOR):
        OURS.number(OURS.of_id(new_id()))
