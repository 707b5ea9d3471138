"""Write to `search.db`, on the one thread that may."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import apsw

from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.search.entry import Change, Drop, Finding, Put
from stenolog.projections.search.folding import indexed_words
from stenolog.projections.search.index import IndexState
from stenolog.stores.search.connection import search_errors, truncate_wal
from stenolog.stores.search.matching import Labels, facets_of
from stenolog.stores.search.schema import FILE, PASSAGE_BITS
from stenolog.stores.search.separators import forget_words
from stenolog.stores.search.values import text_or_null, whole, whole_or_none

ALL_PASSAGES = (1 << PASSAGE_BITS) - 1
KEY_LETTERS = 4  # the first letters of a text: findings of the same count are listed by them

Words = tuple[int, str, str]  # a passage's id, what is said, its facets


def read_state(connection: apsw.Connection) -> IndexState:
    """Read how far the index is, in one statement."""
    (position, event_id, until, failures), *_ = connection.execute(
        "SELECT position, event_id, filled_until, (SELECT count(*) FROM failures) FROM checkpoint"
    ).fetchall()
    return IndexState(
        checkpoint=Checkpoint(position=whole(position), event_id=str(event_id)),
        filled_until=whole_or_none(until),
        failures=whole(failures),
    )


def failed(connection: apsw.Connection, limit: int) -> list[int]:
    """Return the positions of events that could not be indexed."""
    with search_errors():
        rows = connection.execute(
            "SELECT position FROM failures ORDER BY position LIMIT ?", (limit,)
        ).fetchall()
    return [whole(row[0]) for row in rows]


def is_untouched(connection: apsw.Connection) -> bool:
    """Tell whether nothing was written to the file since it was made."""
    state = read_state(connection)
    return state.filled_until is None and not state.checkpoint.position


def set_filled_until(connection: apsw.Connection, until: int) -> None:
    """Say up to where an empty index is to be filled."""
    with search_errors(), connection:
        connection.execute("UPDATE checkpoint SET filled_until = ?", (until,))


def advance(connection: apsw.Connection, changes: Sequence[Change], to: Checkpoint) -> None:
    """Make the changes and move the checkpoint, in one transaction.

    Raises:
        StoreUnavailable: Nothing was written, or it is not known.
    """
    removed = False
    with search_errors(), connection:
        for change in changes:
            match change:
                case Put():
                    _put_or_fail(connection, change)
                case Drop() if change.failed is None:
                    removed |= _remove(connection, change.transcription)
                case Drop():
                    _fail(connection, change.transcription, *change.failed)
        connection.execute(
            "UPDATE checkpoint SET position = ?, event_id = ?", (to.position, to.event_id)
        )
    if removed:  # by nobody before: an erasure that this process was not asked for
        truncate_wal(connection)


def erase(connection: apsw.Connection, transcription: str) -> None:
    """Remove the transcription from every page of the file, and of what stands beside it.

    Raises:
        StoreUnavailable: Something may be left; try again.
    """
    with search_errors(), connection:
        _remove(connection, transcription)
    # Also when nothing was there: an earlier try may have come no further.
    truncate_wal(connection)


def _fail(connection: apsw.Connection, transcription: str, position: int, reason: str) -> None:
    _remove(connection, transcription)
    connection.execute(
        "INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", (transcription, position, reason)
    )


def _put_or_fail(connection: apsw.Connection, entry: Put) -> None:
    """Put it; a value that SQLite cannot hold leaves out this transcription, never the others."""
    try:
        with connection:
            _put(connection, entry)
    except (TypeError, ValueError, OverflowError) as exc:
        reason = f"{type(exc).__name__} while it was indexed"
        _fail(connection, entry.transcription, entry.position, reason)


def _put(connection: apsw.Connection, entry: Put) -> None:
    _remove(connection, entry.transcription)
    if entry.position >= 1 << (63 - PASSAGE_BITS):
        raise StoreUnavailable(f"{FILE}: position {entry.position} is beyond what it can number")
    labels = Labels.of(entry.subject, entry.metadata)
    connection.execute(
        "INSERT INTO transcripts VALUES (?, ?, ?, ?, ?, ?)",
        (
            entry.position,
            entry.transcription,
            entry.tenant,
            entry.created_at,
            labels.subject,
            labels.metadata,
        ),
    )
    # The first passage has the greatest id: of one transcript it is shown first, as the newest.
    last = (entry.position << PASSAGE_BITS) + ALL_PASSAGES
    rows = [
        (last - number, one.text, one.start_ms, one.end_ms, one.speaker)
        for number, one in enumerate(entry.passages[:ALL_PASSAGES])
    ][::-1]
    connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", rows)
    connection.executemany(
        "INSERT INTO words (rowid, said, facets) VALUES (?, ?, ?)",
        [_words(row[0], row[1], row[4], entry.tenant, labels) for row in rows],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_finding_row(entry, one) for one in entry.findings],
    )


def _remove(connection: apsw.Connection, transcription: str) -> bool:
    """Delete its rows and its words, as they were indexed; return whether there were any."""
    connection.execute("DELETE FROM failures WHERE id = ?", (transcription,))
    found = connection.execute(
        "SELECT position, tenant, subject, metadata FROM transcripts WHERE id = ?", (transcription,)
    ).fetchall()
    for position, tenant, subject, metadata in found:
        first = whole(position) << PASSAGE_BITS
        among = (first, first + ALL_PASSAGES)
        labels = Labels(text_or_null(subject), str(metadata))
        words = [
            _words(whole(id_), str(text), text_or_null(voice), str(tenant), labels)
            for id_, text, voice in connection.execute(
                "SELECT id, text, speaker FROM passages WHERE id BETWEEN ? AND ?", among
            ).fetchall()
        ]
        connection.executemany(
            "INSERT INTO words (words, rowid, said, facets) VALUES ('delete', ?, ?, ?)", words
        )
        connection.execute("DELETE FROM passages WHERE id BETWEEN ? AND ?", among)
        connection.execute("DELETE FROM findings WHERE position = ?", (position,))
        connection.execute("DELETE FROM transcripts WHERE position = ?", (position,))
        _flush(connection)
        forget_words(connection, _each_word(words))
    return bool(found)


def _flush(connection: apsw.Connection) -> None:
    """Have FTS5 write what it holds in memory: the words must be gone before separators are."""
    connection.execute("INSERT INTO words (words) VALUES ('flush')")


def _words(id_: int, text: str, speaker: str | None, tenant: str, labels: Labels) -> Words:
    facets = " ".join(facets_of(tenant, labels, speaker))
    return id_, " ".join(indexed_words(text)), facets


def _each_word(rows: Iterable[Words]) -> Iterable[str]:
    for _, said, facets in rows:
        yield from said.split()
        yield from facets.split()


def _finding_row(entry: Put, one: Finding) -> tuple[str | int | float, ...]:
    folded = " ".join(indexed_words(one.text))
    return (
        entry.tenant,
        one.kind,
        one.label,
        folded,
        entry.position,
        one.speaker or "",
        one.text,
        key_of(one.label, folded),
        one.count,
        one.weight,
    )


def key_of(label: str, folded: str) -> int:
    """Return a number that tells findings apart, and orders them by the first letters."""
    letters = (folded or label).encode()[:KEY_LETTERS].ljust(KEY_LETTERS, b"\0")
    rest = hashlib.sha256(f"{label}\0{folded}".encode()).digest()[:4]
    return int.from_bytes(letters + rest, "big") >> 1
