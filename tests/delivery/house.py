"""A gateway without a reconciler, the deliveries around it, and a customer's receiver."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from stenolog.clock import NowMs, now_ms
from stenolog.commands.transcription.state import stream_of
from stenolog.delivery.delivering import Delivering
from stenolog.delivery.dispatcher import Dispatcher
from stenolog.delivery.fan_out import FanOut
from stenolog.delivery.message import Messages, RedactedAudio
from stenolog.delivery.readiness import ReadableOutcomes
from stenolog.delivery.rules import Timing
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Requests, lane_of
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.log.event import Event
from stenolog.simulator.receiver import Delivery, Receiver
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.http.composed import Composed, composed
from tests.http.spoken import answer_of

DEADLINE_S = 10.0
LOOPBACK = ("127.0.0.1/32", "::1/128")
SOON = Timing(attempts_max=10, timeout_ms=5_000, spacing_ms=1)


async def until(holds: Callable[[], bool]) -> None:
    """Return once it holds; fails after the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():  # noqa: ASYNC110 - a condition of threads and servers, not of this loop
            await asyncio.sleep(0.002)


async def eventually(asked: Callable[[], Awaitable[bool]]) -> None:
    """The same for a question that has to be awaited."""
    deadline = time.monotonic() + DEADLINE_S
    while not await asked():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.002)


@dataclass(kw_only=True)
class House:
    """Everything that a test of deliveries needs.

    Attributes:
        networks: What customers' URLs may reach.
        audio: Where redacted audio is; None: where the service has it.
    """

    service: Composed
    receiver: Receiver
    url: str
    directory: Path
    networks: tuple[str, ...] = LOOPBACK
    timing: Timing = SOON
    now_ms: NowMs = now_ms
    audio: RedactedAudio | None = None
    work: SqliteWork = field(init=False)
    _requests: Requests = field(init=False)
    _wake: Callable[[], None] = field(init=False, default=lambda: None)

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Fan-out and dispatcher run, on the outbox that is in the directory."""
        async with self.following() as fan_out:
            egress = Egress(AddressPolicy.of(networks=self.networks))
            delivering = Delivering(
                self.service.facts,
                self._requests,
                self.work,
                Messages(
                    self._requests,
                    ReadableOutcomes(self.service.views),
                    self.audio or self.service.audio,
                    self.now_ms,
                ),
                Sender(egress, timeout_ms=self.timing.timeout_ms),
                timing=self.timing,
                metrics=self.service.metrics,
                now_ms=self.now_ms,
            )
            dispatcher = Dispatcher(self.work, delivering, now_ms=self.now_ms)
            self._wake = dispatcher.wake
            loops = [
                asyncio.create_task(fan_out.subscription.run()),
                asyncio.create_task(dispatcher.run()),
            ]
            try:
                yield
            finally:
                for loop in loops:
                    loop.cancel()
                ended = await asyncio.gather(*loops, return_exceptions=True)
                await egress.aclose()
            assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[FanOut]:
        """The outbox is open, and the fan-out is where it was; nothing runs."""
        self.work = await SqliteWork.open(self.directory / "work.db")
        self._wake = lambda: None
        self._requests = Requests(self.service.events, self.service.vault)
        fan_out = FanOut(
            self.service.events,
            self._requests,
            self.work,
            lane_of=partial(lane_of, b"l" * 32),
            now_ms=now_ms,
            added=self._added,
        )
        try:
            await fan_out.subscription.resume()
            yield fan_out
        finally:
            await self.work.close()

    def _added(self) -> None:
        self._wake()

    async def requested(self, path: str = "/hook", base: str | None = None, **params: Any) -> str:
        """A transcription whose outcome is to be told to the receiver; its provider has the job."""
        transcription_id, _ = await self.service.submitted(
            webhook_url=(base or self.url) + path, **params
        )
        return transcription_id

    async def done(self, path: str = "/hook", base: str | None = None, **params: Any) -> str:
        """The same, and completed."""
        transcription_id = await self.requested(path, base, **params)
        await self.service.complete(transcription_id, answer_of())
        return transcription_id

    async def facts(self, transcription_id: str) -> list[Event]:
        """What the log says of its delivery."""
        events = await self.service.events.read_stream(stream_of(transcription_id))
        return [event for event in events if event.type.startswith("delivery.")]

    async def ended(self, transcription_id: str) -> Mapping[str, Any]:
        """The one fact of how its delivery ended, with its type, once it is there."""

        async def known() -> bool:
            return bool(await self.facts(transcription_id))

        await eventually(known)
        (fact,) = await self.facts(transcription_id)
        assert (fact.sequence, fact.commitment) == (0, None)
        return {"type": fact.type, **fact.data}

    async def settled(self) -> None:
        """Nothing is owed any more."""

        async def nothing() -> bool:
            return (await self.work.backlog(0)).deliveries == 0

        await eventually(nothing)

    async def shown(self, transcription_id: str) -> Mapping[str, Any]:
        """The `/v2` answer as of now, with everything projected."""
        await self.service.projected()
        answer = await self.service.client.get(f"/v2/transcript/{transcription_id}")
        assert answer.status_code == 200
        body = answer.json()
        assert isinstance(body, dict)
        return body

    def got(self, path: str = "/hook") -> list[Delivery]:
        """What came in there, in order."""
        return [one for one in self.receiver.deliveries if one.path == path]

    def told(self, path: str = "/hook") -> list[str]:
        """Of which transcriptions, in order."""
        return [json.loads(one.body)["transcript_id"] for one in self.got(path)]

    def leased(self) -> int:
        """How many deliveries are under way."""
        file = f"{(self.directory / 'work.db').as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(file, uri=True)) as reader:
            return int(reader.execute("SELECT count(*) FROM outbox WHERE leased").fetchone()[0])


@contextlib.asynccontextmanager
async def house(directory: Path) -> AsyncIterator[House]:
    """A house whose fan-out has seen an empty log."""
    receiver = Receiver()
    async with composed(directory) as service, receiver.serve() as url:
        made = House(service=service, receiver=receiver, url=url, directory=directory)
        async with made.following():
            pass
        yield made
