"""A service without a reconciler, the deliveries around it, and a customer's receiver."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from stenolog.bootstrap.deliveries import Deliveries, open_deliveries
from stenolog.bootstrap.stores import Wrapping
from stenolog.clock import NowMs, now_ms
from stenolog.delivery.fan_out import FanOut
from stenolog.delivery.message import RedactedAudio
from stenolog.delivery.posted import Message
from stenolog.delivery.rules import Timing
from stenolog.delivery.schedule import Schedule
from stenolog.delivery.webhook import Webhook
from stenolog.log.event import Event
from stenolog.simulator.receiver import Delivery, Receiver
from stenolog.stores.files.directory import WORK
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.house.composed import Composed, composed
from tests.house.waiting import eventually
from tests.http.spoken import answer_of

LOOPBACK = ("127.0.0.1/32", "::1/128")
SOON_AGAIN = Schedule(
    waits_ms=(10,) * 9,
    timeout_ms=5_000,
    overloaded_ms_min=20,
    gone_ms_min=20,
    probe_ms_first=1,
    probe_ms_max=20,
)
SOON = Timing(attempts_max=10, timeout_ms=5_000, spacing_ms=1)


def to(url: str) -> Message:
    """A message to this address."""
    return Message(webhook=Webhook(url=url), body=b"{}", id="id-1")


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
    schedule: Schedule = SOON_AGAIN
    now_ms: NowMs = now_ms
    audio: RedactedAudio | None = None
    work: SqliteWork = field(init=False)
    wake: Callable[[], None] = field(init=False)

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[Deliveries]:
        """Run the deliveries, on the outbox that is in the directory."""
        async with self._opened() as deliveries:
            running = asyncio.create_task(deliveries.run())
            self.wake = deliveries.dispatcher.wake
            try:
                yield deliveries
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            assert running.cancelled(), running

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[FanOut]:
        """Open the outbox, with the fan-out where it was; nothing runs."""
        async with self._opened() as deliveries:
            yield deliveries.fan_out

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[Deliveries]:
        """Open the outbox as a start of the gateway does, which keeps it open while it runs."""
        async with contextlib.AsyncExitStack() as stack:
            self.work = await SqliteWork.open(self.directory / WORK, self.service.events.identity)
            stack.push_async_callback(self.work.close)
            deliveries = await open_deliveries(
                stack,
                self.service.settings.model_copy(
                    update={"allow_networks": tuple(map(ip_network, self.networks))}
                ),
                replace(self.service.stores, work=self.work),
                Wrapping(
                    delivery=lambda _: self.timing,
                    schedule=lambda _: self.schedule,
                    clock=self.now_ms,
                ),
                self.service.metrics,
                self.audio or self.service.audio,
                replace(self.service.edge.endpoints, now_ms=self.now_ms),
            )
            projector = self.service.projector
            projector.on_committed.append(deliveries.moved)
            projector.on_mended.append(deliveries.mended)
            stack.callback(projector.on_committed.remove, deliveries.moved)
            stack.callback(projector.on_mended.remove, deliveries.mended)
            yield deliveries

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
        events = await self.service.stream(transcription_id)
        return [event for event in events if event.type.startswith("delivery.")]

    async def ended(self, transcription_id: str) -> Mapping[str, Any]:
        """The one fact of how its delivery ended, with its type, once it is there."""

        async def known() -> bool:
            return bool(await self.facts(transcription_id))

        await eventually(known)
        (fact,) = await self.facts(transcription_id)
        assert (fact.sequence, fact.commitment) == (0, None)
        assert (fact.data["endpoint"], fact.data["round"]) == (None, 0)
        said = ("kind", "attempts", "status", "reason")
        return {"type": fact.type, **{name: fact.data[name] for name in said if name in fact.data}}

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

    def left_for_later(self) -> int:
        """Make what awaits the views due in ten minutes; return how many deliveries that are."""
        with contextlib.closing(sqlite3.connect(self.directory / WORK)) as file:
            done = file.execute(
                "UPDATE outbox SET due_at_ms = ? WHERE awaits_views", (self.now_ms() + 600_000,)
            )
            file.commit()
            return done.rowcount

    def due_at_once(self) -> None:
        """Make all deliveries due."""
        with contextlib.closing(sqlite3.connect(self.directory / WORK)) as file:
            file.execute("UPDATE outbox SET due_at_ms = 0")
            file.commit()

    def leased(self) -> int:
        """How many deliveries are under way."""
        file = f"{(self.directory / 'work.db').as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(file, uri=True)) as reader:
            return int(reader.execute("SELECT count(*) FROM outbox WHERE leased").fetchone()[0])


@contextlib.asynccontextmanager
async def house(directory: Path) -> AsyncIterator[House]:
    """Make a house whose fan-out has seen an empty log; the test opens the outbox."""
    receiver = Receiver()
    async with composed(directory) as service, receiver.serve() as url:
        await service.stores.work.close()
        yield House(service=service, receiver=receiver, url=url, directory=directory)
