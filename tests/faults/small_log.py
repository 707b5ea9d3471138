"""A small log with everything in it, and ways to damage its files beneath SQLite's callers."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stenolog.clock import microseconds
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.tree_heads import FILE_NAME, read_heads
from stenolog.compliance.vault import Vault
from stenolog.compliance.verdict import Verdict
from stenolog.compliance.verify import verify
from stenolog.log.batch_state import Coordinates, OpenStream
from stenolog.log.canonical import leaf_hash
from stenolog.log.catalogue import EVENT_TYPES, read_data
from stenolog.log.event import NewEvent, event_from_bytes
from stenolog.log.events.logs import LogSealed
from stenolog.log.merkle import Frontier
from stenolog.log.open_work import NO_WORK
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.open_rows import write_open
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from tests import stream_maps
from tests.dedupe_keys import keyed
from tests.log_samples import BEGUN, OTHER_TENANT, TENANT, new_event, new_id
from tests.tree_heads import note_head

MASTER = MasterKey(b"m" * 32)
STREAMS = ("transcription-1", "upload-2", "transcription-3")
ERASED = "transcription-4"
TYPES = [name for name in EVENT_TYPES if name not in ("log.begun", "log.restored")]
COUNT = BEGUN + 2 * len(TYPES)
HEADS_AT = (BEGUN, 8, 16, COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallLog:
    """A data directory with `log.db`, `keys.db` and `tree-heads.log`, closed cleanly."""

    directory: Path

    @property
    def log(self) -> Path:
        return self.directory / "log.db"

    @property
    def keys(self) -> Path:
        return self.directory / "keys.db"

    @property
    def heads(self) -> Path:
        return self.directory / FILE_NAME

    def copied(self, directory: Path) -> SmallLog:
        """The same files elsewhere, to be damaged."""
        shutil.copytree(self.directory, directory)
        return SmallLog(directory=directory)

    def verify(
        self, master: MasterKey | None = MASTER, *, heads: bool = True, now_us: int | None = None
    ) -> Verdict:
        """As `log verify` does it."""
        read, unreadable = read_heads(self.heads) if heads else ([], 0)
        with contextlib.closing(SqliteRecords(self.log, self.keys)) as records:
            return verify(records, master, read, unreadable, now_us=now_us)

    async def make_keys(self) -> None:
        """A file of keys that has none."""
        log = await SqliteLog.open(self.log)
        await log.close()
        await (await SqliteKeys.open(self.keys, log.identity)).close()

    @contextlib.contextmanager
    def altered(self) -> Iterator[sqlite3.Connection]:
        """A connection that writes what it likes; `keys.db` is attached as `vault`."""
        connection = sqlite3.connect(self.log, isolation_level=None)
        with contextlib.closing(connection):
            connection.execute("ATTACH ? AS vault", (str(self.keys),))
            connection.execute("PRAGMA synchronous = OFF")
            yield connection

    def stored(self) -> list[bytes]:
        """The bytes of all events, in order."""
        with self.altered() as connection:
            return [
                row[0] for row in connection.execute("SELECT bytes FROM events ORDER BY position")
            ]


def rewritten(run: sqlite3.Connection, position: int, /, **fields: Any) -> None:
    """An old event says something else, and everything in the file agrees with it."""
    old = run.execute("SELECT bytes FROM events WHERE position = ?", (position,)).fetchone()[0]
    new = replace(event_from_bytes(old), **fields).to_bytes()
    assert new != old
    run.execute(
        "UPDATE events SET bytes = ?, leaf = ? WHERE position = ?", (new, leaf_hash(new), position)
    )
    tree_recomputed(run)


def tree_recomputed(run: sqlite3.Connection) -> None:
    """Tree, dedupe keys and ends are those of the stored events, whatever they are.

    Types that are not known are left to the test.
    """
    run.execute("DELETE FROM dedupe WHERE position NOT IN (SELECT position FROM events)")
    rows = run.execute("SELECT bytes FROM events ORDER BY position").fetchall()
    frontier, nodes = Frontier().grown(leaf_hash(row[0]) for row in rows)
    run.execute("DELETE FROM nodes")
    run.executemany(
        "INSERT INTO nodes VALUES (?, ?, ?)",
        [(n.place.level, n.place.number, n.hash) for n in nodes],
    )
    run.execute("DELETE FROM streams")
    run.execute(
        "INSERT INTO streams SELECT stream, position, max(version) FROM events GROUP BY stream"
    )
    run.execute("DELETE FROM tenants")
    run.execute(
        "INSERT INTO tenants SELECT tenant, max(sequence), position FROM events "
        "WHERE sequence GROUP BY tenant"
    )
    last_us = microseconds(json.loads(rows[-1][0])["time"]) if rows else 0
    run.execute(
        "UPDATE tree SET count = ?, frontier = ?, last_us = ?",
        (frontier.count, frontier.to_bytes(), last_us),
    )


def open_recomputed(run: sqlite3.Connection) -> None:
    """`open_transcriptions` is what the stored events say."""
    streams: dict[str, OpenStream] = {}
    for (stored,) in run.execute("SELECT bytes FROM events ORDER BY position").fetchall():
        event = event_from_bytes(stored)
        known = streams.get(event.stream)
        before = known.work if known and known.work.kept else NO_WORK
        streams[event.stream] = OpenStream(
            at=Coordinates(position=event.position, version=event.version),
            work=read_data(event.type, event.data).work_after(before),
        )
    run.execute("DELETE FROM open_transcriptions")
    write_open(run, streams)


def numbered(event_type: str, tenant: str, position: int) -> NewEvent:
    """An event of this type, which is not the same fact as another one of it."""
    event = new_event(event_type, tenant=tenant, causation_id=new_id())
    if event_type == "callback.received":
        return replace(event, data={**event.data, "submission": position})
    if event_type == "upload.used":
        return replace(event, data={"transcription": new_id()})
    if event_type == "transcription.requested":
        return replace(event, dedupe_key=f"idempotency:{position:064x}")
    return event


def payload_of(position: int) -> bytes:
    return (f'{{"secret":"payload {position}"}}' * (1 + position % 3)).encode()


async def build(directory: Path) -> SmallLog:
    """`log.begun`, then every type but a restore twice, over three streams; with tree heads."""
    small = SmallLog(directory=directory)
    log = await SqliteLog.open(small.log)
    keys = await SqliteKeys.open(small.keys, log.identity)
    vault = Vault(MASTER, keys, log.sealings)
    taken: set[str | None] = set()
    try:
        note_head(small.heads, await log.frontier(), log.identity)
        for position in range(BEGUN + 1, COUNT + 1):
            event_type = TYPES[position % len(TYPES)]
            stream = STREAMS[position % len(STREAMS)]
            if event_type.startswith("erasure."):
                stream = ERASED  # in another stream it would excuse missing keys
            if not await log.version(stream):
                event_type = "upload.stored"  # a stream must begin with one that opens it
            tenant = TENANT if position % 4 else OTHER_TENANT
            event = numbered(event_type, tenant, position)
            if keyed(stream, event).dedupe_key in taken:
                event = new_event("upload.stored", tenant=tenant)  # it would be taken but once
            if event.type == LogSealed.type:
                stored = [one.to_bytes() for one in await log.read()]
                seal = LogSealed(events=len(stored), root=stream_maps.root(stored))
                event = replace(event, data=seal.model_dump())
            event = keyed(stream, event)
            if event.dedupe_key:
                taken.add(event.dedupe_key)
            event_type = event.type
            if read_data(event_type, event.data).may_have_payload(True):
                sealed = await vault.seal(stream, event.id, payload_of(position))
                event = replace(event, payload=sealed)
            await log.append(stream, [event])
            if position in HEADS_AT:
                note_head(small.heads, await log.frontier(), log.identity)
    finally:
        await log.close()
        await keys.close()
    return small


def flips(raw: bytes, offsets: Sequence[int], bit: int = 1) -> Iterator[bytes]:
    """`raw` with one bit changed, at each of the offsets that it has."""
    for offset in sorted({offset % len(raw) for offset in offsets}):
        yield raw[:offset] + bytes([raw[offset] ^ bit]) + raw[offset + 1 :]
