"""Put public events into the outbox for each endpoint, as far as it has room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.endpoint_rows import EndpointRow, EndpointRows, Feed
from stenolog.delivery.outbox import Pending
from stenolog.delivery.portions import Portion, Portions
from stenolog.endpoints.registry import Endpoints
from stenolog.endpoints.state import Endpoint
from stenolog.errors import RecordDamaged, StoreError
from stenolog.repeated import Repeated

AT_ONCE_MAX = 16  # endpoints that are fed side by side: their writes share commits
PORTIONS_PER_TURN = 8  # of one endpoint, then others have their turn
ENDPOINTS_PER_WRITE = 100
POSITIONS_UNSAVED_MAX = 1_000  # of events that an endpoint does not want, read again after a crash
RETRY_MS = 1_000  # what is full, or failed, is looked at again

log = structlog.get_logger()


class Feeding:
    """Follows the log once for each endpoint, from a place of its own that is kept with its rows.

    So an endpoint that is down, or was made to begin long ago, holds up no other, and fills
    nothing but its own share. Whoever follows the log says whose news there are.
    """

    def __init__(
        self,
        registry: Endpoints,
        rows: EndpointRows,
        portions: Portions,
        *,
        now_ms: NowMs,
        added: Callable[[], None],
    ) -> None:
        """`added` hears that rows were added, or fell due."""
        self._registry = registry
        self._rows = rows
        self._portions = portions
        self._now_ms = now_ms
        self._added = added
        self._feeds: dict[str, dict[int, Feed]] = {}
        self._rounds: dict[str, int] = {}  # the newest of each that was ever fed
        self._unsure = True
        self._hungry: set[str] = set()
        self._changed: dict[str, Endpoint] = {}
        self._again: set[str] = set()
        self._stirred = asyncio.Event()
        self._repeated = Repeated()

    def news(self, tenants: Iterable[str]) -> None:
        """Note that the log has public events of these tenants; costs nothing repeated."""
        told = frozenset(tenants)
        if told:
            self._hungry.update(one.id for one in self._registry.all() if one.tenant in told)
        if self._hungry:
            self._stirred.set()

    def changed(self, endpoint: Endpoint) -> None:
        """Note that an endpoint is not what it was."""
        self._changed[endpoint.id] = endpoint
        self._stirred.set()

    async def run(self) -> NoReturn:
        """Feed whoever may be hungry, until cancelled."""
        begun = False
        while True:
            wait_ms: int | None = None
            self._stirred.clear()
            try:
                if not begun:
                    await self._begin()
                    begun = True
                if self._unsure:
                    await self._read_feeds()
                await self._registry.settle()
                await self._take_changes()
                await self._round()
                wait_ms = RETRY_MS if self._again else None
            except StoreError as exc:
                if self._repeated.times("failed"):
                    log.warning("feeding.interrupted", reason=str(exc), retry_in_ms=RETRY_MS)
                wait_ms = RETRY_MS
            with suppress(TimeoutError):
                async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
                    await self._stirred.wait()

    async def _begin(self) -> None:
        """Bring the rows in line with the endpoints that the log has."""
        endpoints = self._registry.all()
        for first in range(0, len(endpoints), ENDPOINTS_PER_WRITE):
            part = endpoints[first : first + ENDPOINTS_PER_WRITE]
            await self._rows.keep_endpoints([_row(one, renewed=False) for one in part])
            self._rounds.update({one.id: len(one.rounds) for one in part})

    async def _read_feeds(self) -> None:
        """Read where each stands: at a start, and after a write that may have been made."""
        found = await self._rows.feeds()
        self._feeds.clear()
        for feed in found:
            if self._registry.is_unreadable(feed.endpoint):
                continue  # it goes on where it stood, once it can be read
            if self._registry.get(feed.endpoint) is None:
                await self._rows.drop_endpoint(feed.endpoint)
            else:
                self._feeds.setdefault(feed.endpoint, {})[feed.round] = feed
        self._hungry.update(self._feeds)
        self._unsure = False

    async def _take_changes(self) -> None:
        while self._changed:
            endpoint_id, endpoint = next(iter(self._changed.items()))
            if endpoint.deleted:
                await self._rows.drop_endpoint(endpoint_id)
                self._feeds.pop(endpoint_id, None)
                self._rounds.pop(endpoint_id, None)
            else:
                row = _row(endpoint, renewed=True)
                await self._rows.keep_endpoints([row])
                known = self._feeds.setdefault(endpoint_id, {})
                newest = self._rounds.get(endpoint_id, -1)  # those before may be done
                known.update({one.round: one for one in row.feeds if one.round > newest})
                self._rounds[endpoint_id] = len(endpoint.rounds)
                self._hungry.add(endpoint_id)
            self._added()
            if self._changed.get(endpoint_id) is endpoint:
                del self._changed[endpoint_id]

    async def _round(self) -> None:
        hungry = list(self._hungry | self._again)
        self._hungry.clear()
        self._again.clear()
        for first in range(0, len(hungry), AT_ONCE_MAX):
            part = hungry[first : first + AT_ONCE_MAX]
            try:
                async with asyncio.TaskGroup() as group:
                    for endpoint_id in part:
                        group.create_task(self._fed(endpoint_id))
            finally:
                self._added()

    async def _fed(self, endpoint_id: str) -> None:
        endpoint = self._registry.get(endpoint_id)
        if endpoint is None or endpoint.disabled is not None:
            return  # it goes on where it stood, once it is enabled
        try:
            for feed in list(self._feeds.get(endpoint_id, {}).values()):
                if not await self._fed_of(endpoint, feed):
                    self._again.add(endpoint_id)
        except RecordDamaged as exc:
            # Nothing is passed over: whoever finds a gap in `previous` would not know why.
            self._again.add(endpoint_id)
            if self._repeated.times(("damaged", endpoint_id)):
                log.error("feeding.stopped", endpoint_id=endpoint_id, reason=str(exc))
        except StoreError as exc:
            self._again.add(endpoint_id)
            self._unsure = True
            if self._repeated.times("failed"):
                log.warning("feeding.interrupted", reason=str(exc), retry_in_ms=RETRY_MS)

    async def _fed_of(self, endpoint: Endpoint, feed: Feed) -> bool:
        """Feed one round; tell whether it has all that there is."""
        for _ in range(PORTIONS_PER_TURN):
            portion = await self._portions.next(endpoint, feed)
            moved = await self._put(endpoint, feed, portion)
            if moved is None:
                return False
            if not portion.more:
                return True
            feed = moved
        return False

    async def _put(self, endpoint: Endpoint, feed: Feed, portion: Portion) -> Feed | None:
        """Write rows and place, and return how far the feed is; None: there is no room."""
        passed = portion.to - feed.position
        if not (portion.told or portion.done) and passed < POSITIONS_UNSAVED_MAX:
            return feed
        now_ms = self._now_ms()
        pending = [
            Pending(
                position=event.position,
                stream=event.stream,
                tenant=endpoint.tenant,
                lane=endpoint.id,
                created_at_ms=now_ms,
                kind="event",
                endpoint=endpoint.id,
                round=feed.round,
                previous=previous,
                ordered=endpoint.settings.ordering == "transcript",
            )
            for event, previous in portion.told
        ]
        if not await self._rows.feed(pending, feed=feed, to=portion.to, done=portion.done):
            return None
        moved = Feed(endpoint=feed.endpoint, round=feed.round, position=portion.to)
        kept = self._feeds.get(endpoint.id, {})
        if portion.done:
            kept.pop(feed.round, None)
        else:
            kept[feed.round] = moved
        return moved


def _row(endpoint: Endpoint, *, renewed: bool) -> EndpointRow:
    rate = endpoint.settings.rate_per_second
    live = Feed(endpoint=endpoint.id, round=0, position=endpoint.start)
    asked = [
        Feed(endpoint=endpoint.id, round=one.number, position=one.after if one.replay else 0)
        for one in endpoint.rounds
    ]
    return EndpointRow(
        endpoint=endpoint.id,
        pace_ms=0 if rate is None else pace_ms_of(rate),
        pushes=endpoint.disabled is None,
        feeds=[live, *asked],
        renewed=renewed,
    )


def pace_ms_of(rate_per_second: int) -> int:
    """Return how far apart messages are, in whole milliseconds: never more than the rate."""
    return -(-1_000 // rate_per_second)
