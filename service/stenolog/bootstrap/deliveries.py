"""Put the deliveries to customers together: fan-out, dispatcher and their gauges."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from stenolog.bootstrap.endpoints import EndpointParts
from stenolog.bootstrap.stores import Stores, Wrapping
from stenolog.clock import NowMs
from stenolog.config.settings import Settings
from stenolog.delivery.delivering import Delivering
from stenolog.delivery.dispatcher import ATTEMPTS_AT_ONCE_MAX, Dispatcher
from stenolog.delivery.fan_out import FanOut
from stenolog.delivery.message import Messages, RedactedAudio
from stenolog.delivery.outbox import Outbox
from stenolog.delivery.readiness import ReadableOutcomes
from stenolog.delivery.resuming import Resuming
from stenolog.delivery.rules import Timing
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Requests, lane_of
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.resolving import Resolver
from stenolog.log.recorder import FactRecorder
from stenolog.telemetry import Metrics

LANES = b"stenolog outbox lanes"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Everything that calls customers' webhooks.

    Attributes:
        moved: To be told whenever the views have followed the log.
        mended: To be told of transcriptions that the views show again; None: of any.
        resolver: Looks receivers' names up; it counts what is in flight and what waits.
        run: Runs the loops until cancelled.
    """

    fan_out: FanOut
    dispatcher: Dispatcher
    outbox: Outbox
    moved: Callable[[int], None]
    mended: Callable[[str | None], None]
    resuming: Resuming
    resolver: Resolver
    metrics: Metrics
    now_ms: NowMs

    async def run(self) -> None:
        """Follow and deliver, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fan_out.subscription.run())
            group.create_task(self.dispatcher.run())
            group.create_task(self.resuming.run())

    async def measure(self) -> None:
        """Set the gauges of fan-out and outbox.

        Raises:
            StoreUnavailable: The log or the outbox cannot be read.
        """
        lag = await self.fan_out.lag()
        self.metrics.fan_out_lag(lag.events, lag.age_ms)
        at_ms = self.now_ms()
        backlog = await self.outbox.backlog(at_ms)
        self.metrics.outbox(
            backlog.deliveries,
            backlog.due,
            oldest_ms=_age_ms(backlog.oldest_at_ms, at_ms),
            ours_ms=_age_ms(backlog.ours_at_ms, at_ms),
        )


def _age_ms(since_ms: int | None, at_ms: int) -> int:
    return 0 if since_ms is None else max(0, at_ms - since_ms)


def webhook_policy(settings: Settings) -> AddressPolicy:
    """Return which addresses customers' webhooks may be at."""
    return AddressPolicy.of(networks=[str(network) for network in settings.allow_networks])


async def open_deliveries(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    stores: Stores,
    facts: FactRecorder,
    wrapping: Wrapping,
    metrics: Metrics,
    audio: RedactedAudio,
    endpoints: EndpointParts,
) -> Deliveries:
    """Deliveries that go on where they were; what ends from now on is told.

    `audio` says where redacted audio is, `endpoints` with what messages are signed.

    Raises:
        StoreUnavailable: A store cannot be read or written.
    """
    egress = Egress(
        webhook_policy(settings),
        connections_max=ATTEMPTS_AT_ONCE_MAX,
    )
    stack.push_async_callback(egress.aclose)
    timing, now_ms = wrapping.delivery(Timing()), wrapping.clock
    requests = Requests(stores.events, stores.vault)
    readable = ReadableOutcomes(stores.views)
    delivering = Delivering(
        facts,
        requests,
        stores.work,
        Messages(requests, readable, audio, endpoints.webhook_secrets, now_ms),
        Sender(egress, timeout_ms=timing.timeout_ms),
        timing=timing,
        metrics=metrics,
        now_ms=now_ms,
    )
    dispatcher = Dispatcher(stores.work, delivering, now_ms=now_ms)
    fan_out = FanOut(
        stores.events,
        requests,
        stores.work,
        lane_of=partial(lane_of, stores.master.derive(LANES)),
        now_ms=now_ms,
        added=dispatcher.wake,
    )
    resuming = Resuming(stores.work, dispatcher.wake, now_ms)
    await fan_out.subscription.resume()

    def moved(position: int) -> None:
        readable.moved()
        resuming.reached(position)

    return Deliveries(
        fan_out=fan_out,
        dispatcher=dispatcher,
        outbox=stores.work,
        moved=moved,
        mended=resuming.mended,
        resuming=resuming,
        resolver=egress.resolver,
        metrics=metrics,
        now_ms=now_ms,
    )
