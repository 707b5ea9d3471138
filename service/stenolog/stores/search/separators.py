"""Remove deleted words from what FTS5 keeps to find its pages by.

With `secure-delete` FTS5 removes a word from the page that has it. To find pages it keeps, for each
of them, the beginning of the word that the page began with when it was written (`words_idx`); that
stays when the word is removed, often whole. It is replaced here by the word with which the page
begins now: all that FTS5 needs is a text behind the last word of the page before, and not behind
the first one of this page (SQLite source, fts5_index.c, "fts5WriteBtreeTerm").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import apsw

from stenolog.stores.search.values import whole

WORDS_AT_ONCE = 2_000  # their beginnings are kept in memory, some MB
SEGMENT_SHIFT = 37  # fts5_index.c: a page's id is made of its segment, and of its own number
TERM_INDEX = b"0"  # the first byte of a term; tables with prefix indexes have others

_SEGMENTS = """
WITH RECURSIVE segments(id) AS (
    SELECT min(segid) FROM words_idx
    UNION ALL
    SELECT (SELECT min(segid) FROM words_idx WHERE segid > id) FROM segments WHERE id IS NOT NULL
)
SELECT i.segid, i.term, i.pgno FROM segments AS s
CROSS JOIN temp.beginnings AS b
CROSS JOIN words_idx AS i ON i.segid = s.id AND i.term = b.term
WHERE s.id IS NOT NULL
"""


def forget_words(connection: apsw.Connection, words: Iterable[str]) -> None:
    """Leave none of these words, which were removed in this transaction, in any separator."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS beginnings (term BLOB PRIMARY KEY)")
    gone = list(set(words))
    for first in range(0, len(gone), WORDS_AT_ONCE):
        _forget(connection, gone[first : first + WORDS_AT_ONCE])


def _forget(connection: apsw.Connection, words: Sequence[str]) -> None:
    connection.execute("DELETE FROM temp.beginnings")
    connection.executemany(
        "INSERT OR IGNORE INTO temp.beginnings VALUES (?)",
        ((one,) for word in words for one in _beginnings(word)),
    )
    for segment, term, page in connection.execute(_SEGMENTS).fetchall():
        blocks = connection.execute(
            "SELECT block FROM words_data WHERE id = ?",
            ((whole(segment) << SEGMENT_SHIFT) + (whole(page) >> 1),),
        ).fetchall()
        first = first_term(_block(blocks[0][0])) if blocks else None
        if first is not None and first != term:
            connection.execute(
                "UPDATE words_idx SET term = ? WHERE segid = ? AND term = ?", (first, segment, term)
            )
    connection.execute("DELETE FROM temp.beginnings")


def _block(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


def _beginnings(word: str) -> Iterator[bytes]:
    whole = word.encode()
    for length in range(1, len(whole) + 1):
        yield TERM_INDEX + whole[:length]


def first_term(leaf: bytes) -> bytes | None:
    """Return the first term on a page of FTS5's; None where no term begins.

    Source: fts5_index.c, "Segment leaf data records": bytes 2 and 3 say where the page's own index
    begins, whose first number is where the first term stands: its length, and itself.
    """
    index = int.from_bytes(leaf[2:4], "big")
    if index >= len(leaf):
        return None
    at, _ = _number(leaf, index)
    length, begin = _number(leaf, at)
    return leaf[begin : begin + length]


def _number(leaf: bytes, at: int) -> tuple[int, int]:
    """Return the number that is written from there on, and where it ends."""
    number = 0
    while True:
        number = (number << 7) | (leaf[at] & 0x7F)
        at += 1
        if leaf[at - 1] < 0x80:
            return number, at
