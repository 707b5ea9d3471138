"""What verification remembers of streams is the same, however few of them are in memory."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from stenolog.compliance.scratch import KnownHead, StreamSoFar
from stenolog.compliance.tree_heads import TreeHead
from stenolog.log.format import UNBOUND
from stenolog.log.open_work import NO_WORK
from stenolog.stores.sqlite.checks.scratch import SqliteScratch

OWED = replace(
    NO_WORK, outcome_owed=True, urgent=True, unsettled=frozenset({0, 12}), jobless=frozenset({3})
)
STREAMS = 40


def changed(one: StreamSoFar, number: int, turn: int) -> None:
    one.version, one.position = turn, turn * STREAMS + number
    one.work = OWED if (number + turn) % 3 else NO_WORK
    one.requested = number % 4 == 0
    one.completed = one.position if number % 8 == 0 else 0
    one.missing = one.missing or (one.position if number % 5 == 0 else 0)


@pytest.mark.parametrize("in_memory", [1, 2, 7, 1_000])
def test_streams_are_what_they_were_left_as(in_memory: int) -> None:
    wanted = {f"stream-{number:02}": StreamSoFar() for number in range(STREAMS)}
    with closing(SqliteScratch(in_memory)) as scratch:
        for turn in range(1, 5):
            for number, (name, one) in enumerate(wanted.items()):
                assert scratch.stream(name) == one
                changed(scratch.stream(name), number, turn)
                changed(one, number, turn)
        assert list(scratch.owed()) == [
            (name, one) for name, one in wanted.items() if one.work.kept
        ]
        assert list(scratch.without_key()) == sorted(
            (
                (name, one.missing)
                for name, one in wanted.items()
                if one.missing and not one.requested
            ),
            key=lambda found: found[1],
        )
        assert dict(scratch.erased()) == {
            name: one.completed for name, one in wanted.items() if one.completed
        }


def test_tree_heads_come_by_size_and_then_as_they_came() -> None:
    head = TreeHead.of(UNBOUND, size=0, root="00" * 32, time="then")
    known = [
        KnownHead(head=replace(head, size=size, time=str(at)), elsewhere=bool(at % 2))
        for at, size in enumerate((9, 2, 9, 0, 2))
    ]
    with closing(SqliteScratch()) as scratch:
        for one in known:
            scratch.add_head(one)
        assert [one.head.time for one in scratch.heads()] == ["3", "1", "4", "0", "2"]
        assert list(scratch.heads()) == sorted(known, key=lambda one: one.head.size)
