"""Keep what is owed to each transcription in `log.db`, in the transaction that appends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

import aiosqlite

from stenolog.log.batch_state import Coordinates, OpenStream
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.open_page import OPEN_PER_PAGE_MAX, OpenPage
from stenolog.log.open_work import OpenWork
from stenolog.stores.sqlite.file.connection import read_rows

_PAGE = (
    "SELECT t.count, (SELECT id FROM events WHERE position = t.count), o.stream, o.urgent "
    "FROM tree t LEFT JOIN (SELECT stream, urgent FROM open_transcriptions "
    "WHERE open AND stream > ?1 AND stream < ?2 ORDER BY stream LIMIT ?3) o ORDER BY o.stream"
)
_BEHIND_TRANSCRIPTIONS = "transcription."  # the first name behind all that begin with the prefix
_READ = (
    "SELECT stream, position, version, outcome_owed, urgent, CAST(unsettled AS BLOB), "
    "CAST(jobless AS BLOB) FROM open_transcriptions "
    "WHERE stream IN (SELECT value FROM json_each(?))"
)


async def read_open_page(reader: aiosqlite.Connection, after: str, limit: int) -> OpenPage:
    """Return at most `limit` ids greater than `after`, in order, as of the log's last event.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    assert 1 <= limit <= OPEN_PER_PAGE_MAX
    rows = await read_rows(
        reader, "log.db", _PAGE, TRANSCRIPTION + after, _BEHIND_TRANSCRIPTIONS, limit
    )
    ids = {row[2]: str(row[2]).removeprefix(TRANSCRIPTION) for row in rows if row[2]}
    return OpenPage(
        ids=tuple(ids.values()),
        checkpoint=Checkpoint(position=rows[0][0], event_id=rows[0][1] or ""),
        urgent=frozenset(ids[row[2]] for row in rows if row[3]),
    )


def read_open(connection: sqlite3.Connection, streams: str) -> dict[str, OpenStream | None]:
    """Return the rows of those of these streams (a JSON array) that have one.

    None stands for a row that is damaged.
    """
    return {row[0]: _open_stream(*row[1:]) for row in connection.execute(_READ, (streams,))}


def write_open(connection: sqlite3.Connection, changed: Mapping[str, OpenStream]) -> None:
    """Bring the rows of these streams to what is owed to them now; none where nothing is."""
    connection.executemany(
        "DELETE FROM open_transcriptions WHERE stream = ?",
        [(stream,) for stream, one in changed.items() if not one.work.kept],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO open_transcriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                stream,
                one.at.position,
                one.at.version,
                one.work.open,
                one.work.outcome_owed,
                one.work.urgent,
                _text(one.work.unsettled),
                _text(one.work.jobless),
            )
            for stream, one in changed.items()
            if one.work.kept
        ],
    )


def _open_stream(
    position: object,
    version: object,
    outcome_owed: object,
    urgent: object,
    unsettled: bytes,
    jobless: bytes,
) -> OpenStream | None:
    try:
        return OpenStream(
            at=Coordinates(position=_integer(position), version=_integer(version)),
            work=OpenWork(
                outcome_owed=bool(_integer(outcome_owed)),
                urgent=bool(_integer(urgent)),
                unsettled=_numbers(unsettled),
                jobless=_numbers(jobless),
            ),
        )
    except ValueError:
        return None


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError("it is no integer")
    return value


def _numbers(stored: bytes) -> frozenset[int]:
    return frozenset(int(number) for number in stored.split(b",") if number)


def _text(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
