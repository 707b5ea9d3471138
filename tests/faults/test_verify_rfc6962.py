"""Heads, root and nodes in the files are those of RFC 6962's own recursion over the raw bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests import rfc6962
from tests.faults.small_log import HEADS_AT, SmallLog
from tests.faults.test_verify_nodes import EVENTS, filled


def raw(small: SmallLog, statement: str) -> Sequence[tuple[bytes, ...]]:
    with closing(sqlite3.connect(small.log)) as connection:
        return connection.execute(statement).fetchall()


def events_of(small: SmallLog) -> list[bytes]:
    return [row[0] for row in raw(small, "SELECT bytes FROM events ORDER BY position")]


def test_each_line_of_the_heads_is_the_root_of_so_many_events(small: SmallLog) -> None:
    events = events_of(small)
    heads = [line.split() for line in small.heads.read_text().splitlines()]
    assert [int(size) for size, *_ in heads] == list(HEADS_AT)
    for size, root, *_ in heads:
        assert root == rfc6962.tree_hash(events[: int(size)]).hex()
    assert small.verify().root == heads[-1][1]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    return filled(tmp_path_factory.mktemp("long"))


def test_each_node_is_the_root_of_the_events_under_it(long: SmallLog, tmp_path: Path) -> None:
    events = events_of(long)
    assert len(events) == EVENTS
    nodes = raw(long, "SELECT level, number, hash FROM nodes ORDER BY level, number")
    assert len(nodes) == len(events) // 256 > 1
    for level, number, node in nodes:
        under = events[int(number) << int(level) : (int(number) + 1) << int(level)]
        assert node == rfc6962.tree_hash(under)
    leaves = raw(long, "SELECT leaf FROM events ORDER BY position")
    assert [row[0] for row in leaves] == [rfc6962.leaf_of(event) for event in events]
    assert long.copied(tmp_path / "copy").verify(None).root == rfc6962.tree_hash(events).hex()
