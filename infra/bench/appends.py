"""Appends in process, against bare `executemany` into the same tables."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import statistics
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.bench.figures import Figure, at_least
from stenolog.log.event import NewEvent, SealedPayload
from stenolog.log.recorder import new_id
from stenolog.log.store import Append
from stenolog.stores.sqlite.file.connection import open_writer
from stenolog.stores.sqlite.log.schema import LOG
from stenolog.stores.sqlite.log.store import SqliteLog

BATCH = 64  # what our goal is set for
BATCHES = 100
ROUNDS = 5
STORED_BYTES, LEAF_BYTES = 520, 32  # of such an event
PAYLOAD_BYTES = 1_024
RATIO_MIN = 0.5
BEGUN = 1  # where `log.begun` stands
TENANT, ACTOR, CORRELATION = (str(uuid.uuid4()) for _ in range(3))
CALLED = {
    "submission": 1,
    "kid": 1,
    "kind": "completed",
    "provider_job": None,
    "body_bytes": PAYLOAD_BYTES,
}


async def measure(place: Path) -> Sequence[Figure]:
    """Events a second: one append of 64, 64 appends of one at the same time, and bare rows."""
    log = await SqliteLog.open(place / "log.db")
    bare = open_writer(place / "bare.db", LOG)
    whole: list[float] = []
    single: list[float] = []
    rows: list[float] = []
    try:
        for number in range(ROUNDS):
            whole.append(await _appended_whole(log))
            single.append(await _appended_singly(log))
            rows.append(_inserted(bare, BEGUN + number * BATCHES * BATCH))
    finally:
        await log.close()
        with contextlib.closing(bare):
            pass
    base = statistics.median(rows)
    detail = {"one_append_of_64": whole, "64_appends_of_one": single, "bare": rows}
    return [
        Figure(
            name="append, batches of 64 / bare executemany",
            value=statistics.median(whole) / base,
            wanted=at_least(RATIO_MIN),
            detail=detail,
        ),
        Figure(
            name="  64 callers with one event each / the same",
            value=statistics.median(single) / base,
        ),
        Figure(name="  bare rows, events a second", value=base),
    ]


def _events() -> list[list[NewEvent]]:
    return [[appended_event() for _ in range(BATCH)] for _ in range(BATCHES)]


def appended_event(
    event_type: str = "callback.received", data: Mapping[str, object] = CALLED
) -> NewEvent:
    """Return an event as a service appends it, with a payload of a kilobyte."""
    return NewEvent(
        id=new_id(),
        type=event_type,
        tenant=TENANT,
        actor=ACTOR,
        correlation_id=CORRELATION,
        causation_id=None,
        data=data,
        payload=SealedPayload(
            key_id=str(uuid.uuid4()), box=os.urandom(PAYLOAD_BYTES), commitment="0" * 64
        ),
        dedupe_key=new_id(),
    )


def new_stream() -> str:
    """Return the name of a stream that is not there yet."""
    return f"transcription-{new_id()}"


async def _begun(log: SqliteLog, count: int) -> list[str]:
    """Begin streams, as those are to which callbacks come; not measured."""
    requested = {"provider": "assemblyai", "region": "us", "surface": "v2", "upload": None}
    streams = [new_stream() for _ in range(count)]
    for at in range(0, count, BATCH):
        await log.append_all(
            [
                Append(stream=stream, events=[appended_event("transcription.requested", requested)])
                for stream in streams[at : at + BATCH]
            ]
        )
    return streams


async def _appended_whole(log: SqliteLog) -> float:
    batches = list(zip(await _begun(log, BATCHES), _events(), strict=True))
    began = time.perf_counter()
    for stream, events in batches:
        await log.append(stream, events)
    return BATCH * BATCHES / (time.perf_counter() - began)


async def _appended_singly(log: SqliteLog) -> float:
    streams = iter(await _begun(log, BATCHES * BATCH))
    batches = [[(next(streams), [event]) for event in events] for events in _events()]
    began = time.perf_counter()
    for batch in batches:
        await asyncio.gather(*(log.append(stream, events) for stream, events in batch))
    return BATCH * BATCHES / (time.perf_counter() - began)


def _inserted(connection: sqlite3.Connection, count: int) -> float:
    """The same rows as the log's, made beforehand: only SQLite works while the clock runs."""
    batches = []
    for events in _events():
        stream = new_stream()
        numbered = list(enumerate(events, start=count + 1))
        count += len(events)
        batches.append(
            (
                [
                    (
                        position,
                        event.id,
                        stream,
                        position,
                        event.tenant,
                        0,
                        event.type,
                        bytes(STORED_BYTES),
                        bytes(LEAF_BYTES),
                    )
                    for position, event in numbered
                ],
                [
                    (position, event.payload.key_id, event.payload.box)
                    for position, event in numbered
                    if event.payload
                ],
                [(event.dedupe_key, position) for position, event in numbered],
                count,
            )
        )
    began = time.perf_counter()
    for events_rows, payload_rows, dedupe_rows, head in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", events_rows)
        connection.executemany("INSERT INTO payloads VALUES (?, ?, ?)", payload_rows)
        connection.executemany("INSERT INTO dedupe VALUES (?, ?)", dedupe_rows)
        connection.execute("UPDATE tree SET count = ?", (head,))
        connection.execute("COMMIT")
    return BATCH * BATCHES / (time.perf_counter() - began)
