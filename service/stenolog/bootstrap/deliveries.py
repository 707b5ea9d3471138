"""Put the deliveries to customers together: fan-out, dispatcher and their gauges."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from stenolog.bootstrap.endpoints import EndpointParts
from stenolog.bootstrap.pushing import Desk
from stenolog.bootstrap.stores import Stores, Wrapping
from stenolog.clock import NowMs
from stenolog.config.settings import Settings
from stenolog.delivery.delivering import Delivering
from stenolog.delivery.dispatcher import ATTEMPTS_AT_ONCE_MAX, Dispatcher
from stenolog.delivery.endpoint_message import EndpointMessages
from stenolog.delivery.endpoint_policy import EndpointPolicy
from stenolog.delivery.fan_out import FanOut
from stenolog.delivery.feeding import Feeding
from stenolog.delivery.message import Messages, RedactedAudio
from stenolog.delivery.outbox import Outbox
from stenolog.delivery.portions import Portions
from stenolog.delivery.readiness import ReadableOutcomes
from stenolog.delivery.resuming import Resuming
from stenolog.delivery.rules import Timing
from stenolog.delivery.schedule import Schedule
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Requests, lane_of
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.resolving import Resolver
from stenolog.telemetry import Metrics

LANES = b"stenolog outbox lanes"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Everything that calls customers' webhooks.

    Attributes:
        moved: To be told whenever the views have followed the log.
        desk: What the edge asks.
        mended: To be told of transcriptions that the views show again; None: of any.
        resolver: Looks receivers' names up; it counts what is in flight and what waits.
        run: Runs the loops until cancelled.
    """

    desk: Desk
    fan_out: FanOut
    dispatcher: Dispatcher
    outbox: Outbox
    moved: Callable[[int], None]
    mended: Callable[[str | None], None]
    resuming: Resuming
    feeding: Feeding
    resolver: Resolver
    metrics: Metrics
    now_ms: NowMs

    async def run(self) -> None:
        """Follow and deliver, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fan_out.subscription.run())
            group.create_task(self.dispatcher.run())
            group.create_task(self.resuming.run())
            group.create_task(self.feeding.run())

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
    egress = Egress(webhook_policy(settings), connections_max=ATTEMPTS_AT_ONCE_MAX)
    stack.push_async_callback(egress.aclose)
    timing, schedule = wrapping.delivery(Timing()), wrapping.schedule(Schedule())
    readable = ReadableOutcomes(stores.views)
    sending = _Sending(
        requests=Requests(stores.events, stores.vault),
        sender=Sender(egress, timeout_ms=timing.timeout_ms),
        messages=EndpointMessages(
            endpoints.registry,
            endpoints.decisions,
            readable,
            public_url=endpoints.public_url,
            timeout_ms=schedule.timeout_ms,
        ),
        timing=timing,
        schedule=schedule,
    )
    dispatcher = Dispatcher(
        stores.work,
        _delivering(sending, stores, metrics, audio, endpoints, readable),
        now_ms=wrapping.clock,
    )
    feeding = _feeding(stack, stores, endpoints, dispatcher)
    fan_out = FanOut(
        stores.events,
        sending.requests,
        stores.work,
        lane_of=partial(lane_of, stores.master.derive(LANES)),
        now_ms=wrapping.clock,
        added=dispatcher.wake,
        news=feeding.news,
    )
    resuming = Resuming(stores.work, dispatcher.wake, wrapping.clock)
    await fan_out.subscription.resume()

    def moved(position: int) -> None:
        readable.moved()
        resuming.reached(position)

    return Deliveries(
        desk=_desk(sending, stores, endpoints),
        fan_out=fan_out,
        dispatcher=dispatcher,
        outbox=stores.work,
        moved=moved,
        mended=resuming.mended,
        resuming=resuming,
        feeding=feeding,
        resolver=egress.resolver,
        metrics=metrics,
        now_ms=wrapping.clock,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sending:
    requests: Requests
    sender: Sender
    messages: EndpointMessages
    timing: Timing
    schedule: Schedule


def _delivering(
    sending: _Sending,
    stores: Stores,
    metrics: Metrics,
    audio: RedactedAudio,
    endpoints: EndpointParts,
    readable: ReadableOutcomes,
) -> Delivering:
    messages = Messages(
        sending.requests,
        readable,
        audio,
        endpoints.webhook_secrets,
        sending.messages,
        endpoints.now_ms,
    )
    policy = EndpointPolicy(
        endpoints.registry,
        endpoints.decisions,
        stores.work,
        schedule=sending.schedule,
        now_ms=endpoints.now_ms,
        jitter=partial(random.uniform, -1, 1),
    )
    return Delivering(
        endpoints.facts,
        sending.requests,
        stores.work,
        messages,
        sending.sender,
        policy,
        timing=sending.timing,
        metrics=metrics,
        now_ms=endpoints.now_ms,
    )


def _feeding(
    stack: contextlib.AsyncExitStack,
    stores: Stores,
    endpoints: EndpointParts,
    dispatcher: Dispatcher,
) -> Feeding:
    feeding = Feeding(
        endpoints.registry,
        stores.work,
        Portions(stores.events.public_events, stores.events),
        now_ms=endpoints.now_ms,
        added=dispatcher.wake,
    )
    endpoints.registry.on_changed.append(feeding.changed)
    stack.callback(endpoints.registry.on_changed.remove, feeding.changed)
    return feeding


def _desk(sending: _Sending, stores: Stores, endpoints: EndpointParts) -> Desk:
    return Desk(
        registry=endpoints.registry,
        rows=stores.work,
        outbox=stores.work,
        requests=sending.requests,
        messages=sending.messages,
        sender=sending.sender,
        store=stores.events,
        facts=endpoints.facts,
        public_url=endpoints.public_url,
        now_ms=endpoints.now_ms,
    )
