"""The implementations of each Protocol; a test that asks which one it has is wrong."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest

from stenolog.commands.api_keys import ApiKeys
from stenolog.compliance.data_keys import DataKeys
from stenolog.compliance.key_agreement import KeyMarks
from stenolog.compliance.subjects import SubjectRows
from stenolog.delivery.outbox import Outbox
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier, Place
from stenolog.log.open_page import OpenPage
from stenolog.log.store import EventStore
from stenolog.log.subtrees import Span
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.work.store import SqliteWork

Report = Callable[[int, int, float], None]


class ProvenStore(EventStore, Protocol):
    """An `EventStore` that shows its tree and which log it is, and can be closed early."""

    @property
    def identity(self) -> LogIdentity: ...

    async def frontier(self) -> Frontier: ...

    async def nodes(self, spans: Sequence[Span]) -> Mapping[Place, bytes]: ...

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage: ...

    async def close(self) -> None: ...


class Opener(Protocol):
    """Opens the store at a place, and again what was there before."""

    def __call__(
        self, path: Path, report: Report | None = None
    ) -> AbstractAsyncContextManager[ProvenStore]: ...


@contextlib.asynccontextmanager
async def sqlite(path: Path, report: Report | None = None) -> AsyncIterator[ProvenStore]:
    log = await SqliteLog.open(path / "log.db", report=report)
    try:
        yield log
    finally:
        await log.close()


@contextlib.asynccontextmanager
async def sqlite_forgetful(path: Path, report: Report | None = None) -> AsyncIterator[ProvenStore]:
    """Remembers one event or two: nearly all is read from the file, as what is long ago is."""
    log = await SqliteLog.open(path / "log.db", report=report, kept=1)
    try:
        yield log
    finally:
        await log.close()


BACKENDS: Mapping[str, Opener] = {"sqlite": sqlite, "sqlite_forgetful": sqlite_forgetful}


@pytest.fixture(params=BACKENDS)
def opened(request: pytest.FixtureRequest) -> Opener:
    return BACKENDS[request.param]


@pytest.fixture
async def store(opened: Opener, tmp_path: Path) -> AsyncIterator[ProvenStore]:
    async with opened(tmp_path) as log:
        yield log


class KeyStore(DataKeys, KeyMarks, SubjectRows, ApiKeys, Protocol):
    """Where keys, tenants and our own secrets are kept."""

    async def add_secret(self, purpose: str, number: int, box: bytes) -> bytes: ...

    async def secrets(self, purpose: str) -> dict[int, bytes]: ...


class KeyOpener(Protocol):
    """Opens the keys at a place, and again what was there before."""

    def __call__(self, path: Path) -> AbstractAsyncContextManager[KeyStore]: ...


@contextlib.asynccontextmanager
async def sqlite_keys(path: Path) -> AsyncIterator[KeyStore]:
    keys = await SqliteKeys.open(path / "keys.db")
    try:
        yield keys
    finally:
        await keys.close()


KEY_BACKENDS: Mapping[str, KeyOpener] = {"sqlite": sqlite_keys}


@pytest.fixture(params=KEY_BACKENDS)
def keys_opened(request: pytest.FixtureRequest) -> KeyOpener:
    return KEY_BACKENDS[request.param]


@pytest.fixture
async def keys(keys_opened: KeyOpener, tmp_path: Path) -> AsyncIterator[KeyStore]:
    async with keys_opened(tmp_path) as store:
        yield store


class OutboxOpener(Protocol):
    """Opens the outbox at a place, and again what was there before."""

    def __call__(self, path: Path) -> AbstractAsyncContextManager[Outbox]: ...


@contextlib.asynccontextmanager
async def sqlite_work(path: Path) -> AsyncIterator[Outbox]:
    work = await SqliteWork.open(path / "work.db")
    try:
        yield work
    finally:
        await work.close()


OUTBOX_BACKENDS: Mapping[str, OutboxOpener] = {"sqlite": sqlite_work}


@pytest.fixture(params=OUTBOX_BACKENDS)
def outbox_opened(request: pytest.FixtureRequest) -> OutboxOpener:
    return OUTBOX_BACKENDS[request.param]


@pytest.fixture
async def outbox(outbox_opened: OutboxOpener, tmp_path: Path) -> AsyncIterator[Outbox]:
    async with outbox_opened(tmp_path) as store:
        yield store
