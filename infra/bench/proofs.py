"""Proofs from a log of a million events: what they take, and what the kept nodes take."""

from __future__ import annotations

import asyncio
import os
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from infra.bench.appends import BATCH as BATCH_EVENTS
from infra.bench.appends import appended_event, new_stream
from infra.bench.figures import Figure, at_most, percentile
from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.head_keeper import HeadKeeper
from stenolog.compliance.known_head import compared_head
from stenolog.compliance.proving import Prover, hashes_of
from stenolog.compliance.stream_seals import StreamSeals
from stenolog.compliance.tree_heads import FILE_NAME, TreeHead, write_head
from stenolog.encryption import KEY_BYTES, SigningKey
from stenolog.log.canonical import leaf_hash
from stenolog.log.merkle import Frontier
from stenolog.log.recorder import FactRecorder, NoSealer
from stenolog.log.store import Append
from stenolog.log.subtrees import Part
from stenolog.stores.files.stream_tiles import StreamTiles
from stenolog.stores.sqlite.file.connection import open_writer
from stenolog.stores.sqlite.log.nodes import insert_nodes
from stenolog.stores.sqlite.log.schema import LOG
from stenolog.stores.sqlite.log.store import SqliteLog

EVENTS = 1_000_000
STORED_BYTES = 520  # of an event, as in the part `appends`
BATCH = 20_000
PROOFS = 200
PROOF_MS_MAX = 10
SEED = 20_261_130
SEALED_EVENTS, EVENTS_PER_STREAM = 38_400, 6
SEALING_SHARE_MAX = 0.05
REQUESTED = {"provider": "assemblyai", "region": "us", "surface": "v2", "upload": None}

Row = tuple[int, str, str, int, str, int, str, bytes, bytes]


async def measure(place: Path) -> Sequence[Figure]:
    """Milliseconds for a proof, checked against the head; for the start's look; bytes of nodes."""
    path, heads = place / "log.db", place / FILE_NAME
    size = await asyncio.to_thread(_fill, path)
    log = await SqliteLog.open(path)
    try:
        first = await _head(log, size // 2 + 77)
        write_head(heads, first)
        began = time.perf_counter()
        assert (await compared_head(log, heads)).head == first
        start_ms = (time.perf_counter() - began) * 1_000
        keeper = HeadKeeper(log, heads, log.identity, first)
        await keeper.write()
        signer = HeadSigner(log.identity, SigningKey(os.urandom(KEY_BYTES)))
        prover = Prover(log, keeper, signer)
        chance = random.Random(SEED)
        including = [chance.randint(1, size) for _ in range(PROOFS)]
        continuing = [sorted(chance.sample(range(1, size + 1), 2)) for _ in range(PROOFS)]
        inclusion = await _timed(lambda n: prover.inclusion(including[n], size))
        older = await _timed(lambda n: prover.inclusion(continuing[n][0], continuing[n][1]))
        consistency = await _timed(lambda n: prover.consistency(*continuing[n]))
        sealing = await _sealing(log, keeper, place)
    finally:
        await log.close()
    return [
        _figure("proof of inclusion, a million events, p99", inclusion),
        _figure("  the same in an older tree, p99", older),
        _figure("proof of consistency, a million events, p99", consistency),
        Figure(name="  the start's look at the last head", value=start_ms, unit="ms"),
        *sealing,
    ]


async def _sealing(log: SqliteLog, keeper: HeadKeeper, place: Path) -> Sequence[Figure]:
    """What a seal takes of the time that its events took, in a log of a million."""
    seals = StreamSeals(log, log.ends, StreamTiles(place), FactRecorder(log, NoSealer()), keeper)
    began = time.perf_counter()
    await seals.seal()
    first_ms = (time.perf_counter() - began) * 1_000
    began = time.perf_counter()
    for _ in range(SEALED_EVENTS // (BATCH_EVENTS * EVENTS_PER_STREAM)):
        streams = [new_stream() for _ in range(BATCH_EVENTS)]
        for number in range(EVENTS_PER_STREAM):
            of = () if number else ("transcription.requested", REQUESTED)
            appends = [Append(stream=one, events=[appended_event(*of)]) for one in streams]
            await log.append_all(appends)
    appended_s = time.perf_counter() - began
    began = time.perf_counter()
    await seals.seal()
    sealed_s = time.perf_counter() - began
    return [
        Figure(
            name="sealing / appending, batches of 64, a million events before",
            value=sealed_s / appended_s,
            wanted=at_most(SEALING_SHARE_MAX),
            detail={"events": SEALED_EVENTS, "append_s": appended_s, "seal_s": sealed_s},
        ),
        Figure(name="  the first seal of a million events", value=first_ms, unit="ms"),
    ]


def _figure(name: str, took_ms: Sequence[float]) -> Figure:
    return Figure(
        name=name,
        value=percentile(took_ms, 0.99),
        unit="ms",
        wanted=at_most(PROOF_MS_MAX),
        detail={"p50": percentile(took_ms, 0.5), "max": max(took_ms)},
    )


async def _timed(prove: Callable[[int], Awaitable[object]]) -> list[float]:
    took_ms = []
    for number in range(PROOFS):
        began = time.perf_counter()
        await prove(number)
        took_ms.append((time.perf_counter() - began) * 1_000)
    return took_ms


async def _head(log: SqliteLog, size: int) -> TreeHead:
    (root,) = await hashes_of(log, [Part(0, size)])
    return TreeHead.of(log.identity, size=size, root=root.hex(), time="2026-11-30T12:00:00.000000Z")


def _fill(path: Path) -> int:
    """Make a log of so many rows, which are no events but have their size; return how many."""
    connection = open_writer(path, LOG, None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        (leaf,) = connection.execute("SELECT leaf FROM events").fetchone()
        tree = Frontier().extended([leaf])
        for rows in _batches(tree.count):
            tree, nodes = tree.grown(row[-1] for row in rows)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            insert_nodes(connection, nodes)
            connection.execute(
                "UPDATE tree SET count = ?, frontier = ?", (tree.count, tree.to_bytes())
            )
            connection.execute("COMMIT")
    finally:
        connection.close()
    return tree.count


def _batches(count: int) -> Iterator[list[Row]]:
    tenant = str(uuid.uuid4())
    for first in range(count + 1, EVENTS + 1, BATCH):
        rows: list[Row] = []
        for position in range(first, min(first + BATCH, EVENTS + 1)):
            stored = position.to_bytes(8, "big") * (STORED_BYTES // 8)
            stream = f"transcription-{position // 6:032d}"
            version = position % 6 + 1
            name, kind = f"{position:036d}", "callback.received"
            leaf = leaf_hash(stored)
            rows.append((position, name, stream, version, tenant, 0, kind, stored, leaf))
        yield rows
