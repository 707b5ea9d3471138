"""What was known then of a one-hour transcript, in a log of a million events."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from infra.bench.figures import Figure, at_most, percentile
from infra.bench.seeding import opened_recorder
from infra.bench.transcripts import EVERY_FEATURE, answer, request_payload
from stenolog.bootstrap.identity import open_master_key
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.clock import microseconds, now_us, rfc3339
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.vault import Vault
from stenolog.config.settings import Settings
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.native.as_of import Past, PastPorts
from stenolog.edge.transcriptions.large_turns import LargeTurns
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event
from stenolog.log.events.submissions import SubmissionAccepted, SubmissionClaimed
from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionRequested
from stenolog.log.recorder import Cause, Fact, new_id
from stenolog.projections.past.history import PastReader
from stenolog.projections.past.listing import PastList
from stenolog.projections.past.moments import Moments
from stenolog.projections.views import no_wait
from stenolog.side_process import SideProcess
from stenolog.stores.files.directory import KEYS, LOG, VIEWS
from stenolog.stores.sqlite.file.connection import open_writer
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.nodes import insert_nodes
from stenolog.stores.sqlite.log.schema import LOG as LOG_SCHEMA
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.log.stored import stored_frontier
from stenolog.stores.sqlite.views.store import SqliteViews

EVENTS = 1_000_000
BATCH = 20_000
STEP_US = 1_000  # between two events
SECONDS_OF_AUDIO = 3_600.0
WORDS_PER_PAGE = 200
ROUNDS = 100
P99_MS_MAX = 300
SEED = 20_261_130

Row = tuple[int, str, str, int, str, int, str, bytes, bytes]


async def measure(place: Path) -> Sequence[Figure]:
    """Milliseconds for a page of words and for the whole text, of random moments given as times."""
    tenant = str(uuid.uuid4())
    transcription, words = await _seed(place, tenant)
    ended = await asyncio.to_thread(_fill, place / LOG)
    chance = random.Random(SEED)
    async with contextlib.AsyncExitStack() as stack:
        past, moments = await _past(stack, place)
        first = (await moments.at_position(10)).time
        began_us = microseconds(first)

        async def page() -> None:
            moment = await moments.at_time(rfc3339(chance.randint(began_us, ended)))
            after = chance.randrange(words - WORDS_PER_PAGE)
            found = await past.page(
                tenant, transcription, moment, "words", None, after, WORDS_PER_PAGE
            )
            assert len(found.items) == WORDS_PER_PAGE, found.reason

        async def detail() -> None:
            moment = await moments.at_time(rfc3339(chance.randint(began_us, ended)))
            assert b'"completed"' in await past.detail(tenant, transcription, moment)

        await page()  # starts the side process
        paged, whole = await _timed(page), await _timed(detail)
    return [
        _figure("as_of: a page of one hour's words, a million events, p99", paged),
        _figure("  status and text of it, p99", whole),
    ]


def _figure(name: str, took_ms: Sequence[float]) -> Figure:
    return Figure(
        name=name,
        value=percentile(took_ms, 0.99),
        unit="ms",
        wanted=at_most(P99_MS_MAX),
        detail={"p50": percentile(took_ms, 0.5), "max": max(took_ms)},
    )


async def _timed(ask: Callable[[], Awaitable[None]]) -> list[float]:
    took_ms = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - began) * 1_000)
    return took_ms


async def _seed(place: Path, tenant: str) -> tuple[str, int]:
    """Append one finished transcription of an hour; return its id and how many words it has."""
    one, body = new_id(), answer("hour", SECONDS_OF_AUDIO, EVERY_FEATURE)
    words = body.count(b'"speaker"') // 4  # at least: they stand in four lists
    facts = [
        Fact(
            data=TranscriptionRequested(
                provider="assemblyai", region="us", surface="v2", upload=None
            ),
            payload=request_payload(EVERY_FEATURE),
        ),
        Fact(data=SubmissionClaimed(submission=1, kid=1), payload=b"{}"),
        Fact(data=SubmissionAccepted(submission=1, provider_job="job-1", adopted=False)),
        Fact(
            data=TranscriptionCompleted(
                submission=1, reason="callback", audio_ms=3_600_000, words=words
            ),
            payload=body,
        ),
    ]
    async with opened_recorder(place) as (recorder, _):
        cause = Cause(tenant=tenant, actor=str(uuid.uuid4()), correlation_id=new_id())
        await recorder.record(stream_of(one), facts, cause)
    return one, words


async def _past(stack: contextlib.AsyncExitStack, place: Path) -> tuple[Past, Moments]:
    log = await SqliteLog.open(place / LOG)
    stack.push_async_callback(log.close)
    keys = await SqliteKeys.open(place / KEYS, log.identity)
    stack.push_async_callback(keys.close)
    master, _ = await open_master_key(Settings(data_dir=place), keys)
    vault = Vault(master, keys, log.sealings)
    views = await SqliteViews.open(place / VIEWS, vault, log.identity)
    stack.push_async_callback(views.close)
    side = SideProcess(), SideProcess()
    for one in side:
        stack.push_async_callback(one.close)
    reader = PastReader(log, vault, PROJECTIONS)
    moments = Moments(log, now_us)
    ports = PastPorts(
        moments=moments,
        reader=reader,
        lists=PastList(log, vault, log.histories, reader),
        projections=PROJECTIONS,
    )
    return Past(ports, LargeTurns(no_wait), RenderWorkers(views, side, no_wait)), moments


def _fill(path: Path) -> int:
    """Append events of others without their payloads; return the time of the last."""
    connection = open_writer(path, LOG_SCHEMA, None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        count, frontier, last_us = connection.execute(
            "SELECT count, frontier, last_us FROM tree"
        ).fetchone()
        tree = stored_frontier((count, frontier))
        while tree.count < EVENTS:
            rows = [
                _row(position, last_us + (position - count) * STEP_US)
                for position in range(tree.count + 1, min(tree.count + BATCH, EVENTS) + 1)
            ]
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
    return int(last_us + (EVENTS - count) * STEP_US)


def _row(position: int, at_us: int) -> Row:
    event = Event(
        position=position,
        id=f"{position:036d}",
        stream=f"transcription-{position // 6:032d}",
        version=position % 6 + 1,
        previous=0,
        sequence=0,
        type="callback.received",
        time=rfc3339(at_us),
        tenant="another",
        actor="another",
        correlation_id=f"{position:036d}",
        causation_id=None,
        data={"submission": 1, "kid": 1, "kind": "completed", "provider_job": None},
        commitment=None,
    )
    stored = event.to_bytes()
    named = (position, event.id, event.stream, event.version, event.tenant)
    return (*named, 0, event.type, stored, leaf_hash(stored))
