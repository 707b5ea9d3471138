"""Write changes of rows as statements on `views.db`, inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import fields

from stenolog.projections.documents import encode
from stenolog.projections.rows import (
    Change,
    Forget,
    Hold,
    PutStatus,
    PutView,
    Reason,
    StatusRow,
    TranscriptRow,
)
from stenolog.stores.sqlite.views.schema import PAD_BYTES

STATUS_COLUMNS = tuple(field.name for field in fields(StatusRow))

_INSERT_STATUS = (
    f"INSERT OR REPLACE INTO transcriptions (generation, {', '.join(STATUS_COLUMNS)}) "  # noqa: S608  column names are ours
    f"VALUES (?{', ?' * len(STATUS_COLUMNS)})"
)


def status_row(values: Sequence[object]) -> StatusRow:
    """Return the row whose columns, in the order of `STATUS_COLUMNS`, these are."""
    named = dict(zip(STATUS_COLUMNS, values, strict=True))
    named["erased"] = bool(named["erased"])
    return StatusRow(**named)  # type: ignore[arg-type]  # the STRICT table holds these types


def apply(
    run: sqlite3.Connection, generations: Mapping[str, int], changes: Sequence[Change]
) -> None:
    """Make the changes in the generations that these projections have; others are left out."""
    for change in changes:
        generation = generations.get(change.projection)
        if generation is None:
            continue
        match change:
            case PutStatus():
                _put_status(run, generation, change)
            case PutView():
                _put_view(run, generation, change)
            case Hold():
                _hold(run, generation, change)
            case Forget():
                _forget(run, generation, change)


def _put_status(run: sqlite3.Connection, generation: int, change: PutStatus) -> None:
    row = change.row
    run.execute(_INSERT_STATUS, (generation, *(getattr(row, name) for name in STATUS_COLUMNS)))
    if row.erased:
        # What the projection failed on is gone, so the next events are projected again.
        _let_go(run, generation, row.id)
        if change.request is None:
            run.execute(
                "DELETE FROM requests WHERE generation = ? AND id = ?", (generation, row.id)
            )
    if change.request is not None:
        run.execute(
            "INSERT OR REPLACE INTO requests (generation, id, body) VALUES (?, ?, ?)",
            (generation, row.id, change.request),
        )


def _let_go(run: sqlite3.Connection, generation: int, transcription: str) -> None:
    for table in ("failures", "views"):  # as `_hold` wrote them
        run.execute(
            f"DELETE FROM {table} WHERE generation = ? AND id = ?",  # noqa: S608  ours
            (generation, transcription),
        )


def _put_view(run: sqlite3.Connection, generation: int, change: PutView) -> None:
    key = (generation, change.transcription)
    items = sum(chunk.count for chunk in change.chunks)
    _put_reason(run, key, change.reason, items=items, beside=change.beside)
    _put_transcript(run, key, change.transcript)
    run.executemany(
        "INSERT INTO chunks (generation, id, first, count, speakers, bodies) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                *key,
                chunk.first,
                chunk.count,
                None if chunk.speakers is None else encode(chunk.speakers),
                chunk.bodies,
            )
            for chunk in change.chunks
        ],
    )


def _hold(run: sqlite3.Connection, generation: int, change: Hold) -> None:
    key = (generation, change.transcription)
    run.execute(
        "INSERT OR REPLACE INTO failures (generation, id, position, reason, for_now) "
        "VALUES (?, ?, ?, ?, ?)",
        (*key, change.position, change.reason, change.for_now),
    )
    if change.for_now:
        return
    _put_reason(run, key, "failed", items=0, beside=None)
    _put_transcript(run, key, change.transcript)


def _forget(run: sqlite3.Connection, generation: int, change: Forget) -> None:
    key = (generation, change.transcription)
    run.execute("DELETE FROM failures WHERE generation = ? AND id = ?", key)
    _put_reason(run, key, "erased", items=0, beside=None)
    _put_transcript(run, key, None)


def _put_reason(
    run: sqlite3.Connection,
    key: tuple[int, str],
    reason: Reason | None,
    *,
    items: int,
    beside: bytes | None,
) -> None:
    run.execute(
        "INSERT OR REPLACE INTO views (generation, id, reason, items, pad, beside) "
        "VALUES (?, ?, ?, ?, zeroblob(?), ?)",
        (*key, reason, items, 0 if beside is None else PAD_BYTES, beside),
    )
    run.execute("DELETE FROM chunks WHERE generation = ? AND id = ?", key)


def _put_transcript(
    run: sqlite3.Connection, key: tuple[int, str], transcript: TranscriptRow | None
) -> None:
    run.execute("DELETE FROM transcripts WHERE generation = ? AND id = ?", key)
    if transcript is None:
        return
    run.execute(
        "INSERT INTO transcripts (generation, id, text, confidence, language_code, words, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *key,
            transcript.text,
            transcript.confidence,
            transcript.language_code,
            transcript.words,
            transcript.body,
        ),
    )
