"""Answer /api/v1/consumers: named readers of the event feed, whose places are kept here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.clock import NowMs, rfc3339
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.content_reads import reader_of
from stenolog.edge.http.resource import authorization_of
from stenolog.edge.native.consumer_bodies import (
    acknowledging,
    claiming,
    putting,
    releasing,
    resetting,
)
from stenolog.edge.native.feed_query import wait_ms_of
from stenolog.edge.native.paging import limit_of, page_answer, refuse_if
from stenolog.edge.native.told_events import INCLUDE, ToldEvents, include_of
from stenolog.errors import InvalidRequest, NotFound
from stenolog.feed.consumers.books import Consumer, ConsumerBooks
from stenolog.feed.consumers.consuming import Consuming
from stenolog.feed.consumers.lagging import Lags
from stenolog.feed.consumers.standing import UNKNOWN, Standing
from stenolog.feed.types import PREFIX

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAMED = "must be 1 to 64 letters, digits, '.', '_' and '-', and begin with a letter or a digit"
LIST_QUERY, UNREAD_QUERY = ("limit", "after"), ("limit", "wait_ms", INCLUDE)


class NamedConsumers:
    """Makes, shows and moves consumers, and tells them what they have not acknowledged."""

    def __init__(
        self,
        standing: Standing,
        consuming: Consuming,
        books: ConsumerBooks,
        lags: Lags,
        caller_of: Callable[[str | None], Awaitable[ApiKey]],
        now_ms: NowMs,
        told: ToldEvents,
    ) -> None:
        self._standing = standing
        self._consuming = consuming
        self._books = books
        self._lags = lags
        self._caller_of = caller_of
        self._now_ms = now_ms
        self._told = told

    async def put(self, request: Request, caller: ApiKey) -> Response:
        """Answer 201 with a new consumer, 200 with one that is there; its place does not move."""
        name = request.path_params["consumer"]
        if not NAME.fullmatch(name):
            raise InvalidRequest(f"name {NAMED}", [("name", NAMED)])
        asked = await putting(request)
        begin_at = await self._standing.position_of(asked.start)
        made = await self._books.put(
            caller.tenant, name, asked.types, begin_at=begin_at, now_ms=self._now_ms()
        )
        return await self._shown(caller, name, status=201 if made else 200)

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with where it stands, and how far behind that is."""
        return await self._shown(caller, request.path_params["consumer"])

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, by name."""
        wrong: list[tuple[str, str]] = []
        limit = limit_of(request.query_params, wrong)
        after = request.query_params.get("after") or ""
        if after and not NAME.fullmatch(after):
            wrong.append(("after", "must be the `next` of an earlier page"))
        refuse_if(wrong)
        found = await self._books.found(caller.tenant, after=after, limit=limit + 1)
        shown = [orjson.dumps(await self._described(one)) for one in found[:limit]]
        return page_answer(shown, found[limit - 1].name if len(found) > limit else None)

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """Forget it; what its workers hold is theirs no more."""
        if not await self._books.remove(caller.tenant, request.path_params["consumer"]):
            raise NotFound(UNKNOWN)
        return Response(status_code=204)

    async def unread(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the oldest events that are not acknowledged, without a lease on them."""
        wrong: list[tuple[str, str]] = []
        limit = limit_of(request.query_params, wrong)
        wait_ms = wait_ms_of(request.query_params, wrong)
        payloads = include_of(request.query_params, caller, wrong)
        refuse_if(wrong)
        reader = reader_of(request, caller) if payloads else None
        page = await self._consuming.unread(
            caller.tenant, request.path_params["consumer"], limit, wait_ms, self._allowed(request)
        )
        place = {"after": page.position, "epoch": self._standing.epoch, "more": page.more}
        told = [replace(one, attempt=0) for one in page.told]
        written = await self._told.written(told, reader=reader)
        return page_answer(written, None, around=orjson.dumps(place))

    async def claim(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a batch that is this worker's alone until the lease ends."""
        wrong: list[tuple[str, str]] = []
        payloads = include_of(request.query_params, caller, wrong)
        refuse_if(wrong)
        reader = reader_of(request, caller) if payloads else None
        wish = await claiming(request)
        batch = await self._consuming.claim(
            caller.tenant, request.path_params["consumer"], wish, self._allowed(request)
        )
        written = await self._told.written(batch.told, reader=reader)
        answer = {
            "lease": batch.lease if batch.told else None,
            "until": rfc3339(batch.until_ms * 1000) if batch.told else None,
            "epoch": self._standing.epoch,
            "items": [orjson.Fragment(one) for one in written],
        }
        return Response(orjson.dumps(answer), media_type="application/json")

    async def acknowledge(self, request: Request, caller: ApiKey) -> Response:
        """Write down that it is done: what a lease holds, or everything up to a position."""
        asked, name = await acknowledging(request), request.path_params["consumer"]
        if asked.position is not None:
            await self._standing.check(asked.position, asked.epoch)
        if asked.lease is None:
            assert asked.position is not None
            await self._consuming.acknowledge(caller.tenant, name, asked.position)
            return await self._shown(caller, name)
        count = await self._consuming.acknowledge_lease(
            caller.tenant, name, asked.lease, asked.position
        )
        return Response(orjson.dumps({"acknowledged": count}), media_type="application/json")

    async def release(self, request: Request, caller: ApiKey) -> Response:
        """Give back what a lease holds."""
        asked = await releasing(request)
        count = await self._consuming.release(
            caller.tenant, request.path_params["consumer"], asked.lease, asked.retry_in_ms
        )
        return Response(orjson.dumps({"released": count}), media_type="application/json")

    async def reset(self, request: Request, caller: ApiKey) -> Response:
        """Go on from another place; all leases end."""
        place, name = await resetting(request), request.path_params["consumer"]
        to = await self._standing.position_of(place)
        await self._consuming.reset(caller.tenant, name, to)
        return await self._shown(caller, name)

    def _allowed(self, request: Request) -> Callable[[], Awaitable[object]]:
        return lambda: self._caller_of(authorization_of(request))

    async def _shown(self, caller: ApiKey, name: str, *, status: int = 200) -> Response:
        consumer = await self._standing.consumer(caller.tenant, name)
        shown = orjson.dumps(await self._described(consumer))
        return Response(shown, status_code=status, media_type="application/json")

    async def _described(self, consumer: Consumer) -> dict[str, object]:
        lost = await self._standing.lost_place(consumer)
        lag = None if lost is not None else await self._lags.of(consumer)
        types = None if consumer.types is None else sorted(PREFIX + one for one in consumer.types)
        return {
            "name": consumer.name,
            "types": types,
            "acknowledged": consumer.acknowledged,
            "epoch": consumer.epoch,
            "open": consumer.open,
            "lag_events": None if lag is None else lag.events,
            "lag_is_more": None if lag is None else lag.is_more,
            "oldest_at": None if lag is None else lag.oldest_at,
            "oldest_age_ms": None if lag is None else lag.oldest_age_ms,
            "created_at": rfc3339(consumer.created_at_ms * 1000),
            "place": "known" if lost is None else "lost",
            "go_on_from": None if lost is None else lost.go_on_from,
        }
